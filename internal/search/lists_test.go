package search

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"entrepot/api"
	"entrepot/internal/alibaba"
	"entrepot/internal/auth"
	"entrepot/internal/database"
	"entrepot/internal/errs"
	"entrepot/internal/i18n"
	"entrepot/internal/money"
	"entrepot/internal/sandbox"
	"entrepot/internal/site"
	"entrepot/internal/web"
)

const (
	shopAPI     = "product.search.querySellerOfferList"
	relatedAPI  = "product.related.recommend"
	forYouAPI   = "product.search.offerRecommend"
	hotAPI      = "product.search.topKeyword"
	rankingAPI  = "product.topList.query"
	categoryAPI = "category.translation.getById"
	freightAPI  = "product.freight.estimate"
	followAPI   = "product.kjdistribute.addRelation"
)

// shopfront is the service behind the real contract.
type shopfront struct {
	*fixture
	srv *web.Server
	key string // site key
	// of the next requests
	lang, token string
}

// newShopfront puts a service that speaks a profile in front of f's 1688, and the HTTP edge in front of that. Nobody can
// sign in unless members are given.
func newShopfront(t testing.TB, f *fixture, profile string, members ...*auth.Service) *shopfront {
	t.Helper()
	client, err := alibaba.New(alibaba.Options{
		BaseURL: f.url + "/openapi", AppKey: sandbox.DemoKey, AppSecret: sandbox.DemoSecret, AccessToken: sandbox.DemoToken, Profile: profile,
	})
	require.NoError(t, err)
	t.Cleanup(client.Close)
	g := *f
	g.sites, err = site.New(map[string]string{"key-jp": "japan", "key-kr": "korea", "key-my": "malaysia"})
	require.NoError(t, err)
	g.Service = New(Options{
		Client: client, Rates: money.NewBook(money.DefaultRates(f.clock.now()), f.clock.now), Now: f.clock.now,
		Warehouse: Destination{"330000", "330200", "330206"},
	})
	t.Cleanup(func() { assert.NoError(t, g.Service.Close()) })
	bundle, err := i18n.New()
	require.NoError(t, err)
	refuse := func(*gin.Context) error { return errs.New(errs.Unauthenticated, "auth.required") }
	authenticate := map[string]func(*gin.Context) error{"memberToken": refuse, "staffToken": refuse}
	if len(members) > 0 {
		authenticate = members[0].Authenticators()
	}
	e := &shopfront{fixture: &g, key: "key-jp", lang: "ja"}
	e.srv, err = web.New(web.Options{Bundle: bundle, Sites: g.sites, Spec: api.Spec, Authenticate: authenticate})
	require.NoError(t, err)
	require.NoError(t, g.Routes(e.srv))
	return e
}

// do calls an operation and decodes its answer.
func (e *shopfront) do(status int, method, path, body string, into any) *httptest.ResponseRecorder {
	e.t.Helper()
	req := httptest.NewRequestWithContext(e.t.Context(), method, path, strings.NewReader(body))
	if body == "" {
		req = httptest.NewRequestWithContext(e.t.Context(), method, path, nil)
	} else {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("X-Site-Key", e.key)
	req.Header.Set("Accept-Language", e.lang)
	if e.token != "" {
		req.Header.Set("Authorization", "Bearer "+e.token)
	}
	w := httptest.NewRecorder()
	e.srv.Engine.ServeHTTP(w, req)
	require.Equal(e.t, status, w.Code, "%s %s: %s", method, path, w.Body)
	if into != nil {
		require.NoError(e.t, json.Unmarshal(w.Body.Bytes(), into), w.Body.String())
	}
	return w
}

func (e *shopfront) get(status int, path string, into any) *httptest.ResponseRecorder {
	e.t.Helper()
	return e.do(status, http.MethodGet, path, "", into)
}

// problem is what a refusal says: its code and where.
func (e *shopfront) problem(status int, method, path, body string) (code string, pointers []string) {
	e.t.Helper()
	var p struct {
		Code   string
		Errors []struct{ Pointer string }
	}
	e.do(status, method, path, body, &p)
	for _, f := range p.Errors {
		pointers = append(pointers, f.Pointer)
	}
	return p.Code, pointers
}

// as speaks for a site in a language.
func (e *shopfront) as(key, lang string) *shopfront {
	other := *e
	other.key, other.lang = key, lang
	return &other
}

// simulated is one offer as the simulated 1688 shows it to people.
type simulated struct {
	OfferID      string
	Titles       map[string]string
	PriceFen     int64
	SellerOpenID string
	QuoteType    int
	Traits       []string
	SKUs         []struct{ SkuID, SpecID string }
}

func (f *fixture) offersOf(query string) []simulated {
	f.t.Helper()
	var v struct{ Offers []simulated }
	f.control("GET", "/offers?"+query, "", &v)
	require.NotEmpty(f.t, v.Offers)
	return v.Offers
}

func (f *fixture) simulated(id string) (o simulated) {
	f.t.Helper()
	f.control("GET", "/offers/"+id, "", &o)
	return o
}

// plain is an offer with variants and nothing special about it.
func (f *fixture) plain() simulated {
	f.t.Helper()
	for _, o := range f.offersOf("limit=50") {
		if len(o.SKUs) > 1 && len(o.Traits) == 0 {
			return o
		}
	}
	require.FailNow(f.t, "no plain offer")
	return simulated{}
}

// block puts entries on the site's list: kind, value, kind, value.
func (e *shopfront) block(entries ...string) {
	var rows []blockRow
	for i := 0; i+1 < len(entries); i += 2 {
		rows = append(rows, blockRow{Kind: entries[i], ValueKey: entries[i+1]})
	}
	e.settings.Store(&settings{sites: map[string]*siteSettings{"japan": {version: fmt.Sprint(entries), blocks: newBlocklist(rows, nil)}}})
}

// places are the sites and languages that endpoints are tried in.
var places = []struct{ key, lang string }{{"key-jp", "ja"}, {"key-jp", "en"}, {"key-kr", "ko"}}

func everywhere(t *testing.T, test func(t *testing.T, e *shopfront)) {
	t.Helper()
	for _, profile := range []string{alibaba.ProfileCrossborder, alibaba.ProfileNationalSite} {
		e := newShopfront(t, newFixture(t), profile)
		for _, p := range places {
			t.Run(profile+"/"+p.lang, func(t *testing.T) { test(t, e.as(p.key, p.lang)) })
		}
	}
}

// checkHit compares a hit with the offer in the simulated 1688.
func (e *shopfront) checkHit(t *testing.T, h Hit, lang string) simulated {
	t.Helper()
	o := e.simulated(h.OfferId)
	assert.Equal(t, Text{Text: o.Titles[lang], Lang: lang, Original: o.Titles["zh"], OriginalLang: "zh", Source: ptr(TextSourceUpstream)}, h.Subject)
	assert.Equal(t, o.PriceFen, h.Price.Original.Amount)
	assert.Equal(t, "CNY", h.Price.Original.Currency)
	assert.Equal(t, map[string]string{"key-jp": "JPY", "key-kr": "KRW"}[e.key], h.Price.Local.Currency)
	assert.NotEmpty(t, h.ImageUrl)
	return o
}

func TestShop(t *testing.T) {
	everywhere(t, func(t *testing.T, e *shopfront) {
		shop := e.plain().SellerOpenID
		lang := map[string]string{"key-jp": "ja", "key-kr": "ko"}[e.key] // 1688 translates for the country here
		var page SearchPage
		e.get(200, "/v1/shops/"+shop+"/products?pageSize=3&sort=price:asc", &page)
		require.Len(t, page.Items, 3)
		assert.Positive(t, page.TotalRecords)
		for i, h := range page.Items {
			assert.Equal(t, shop, e.checkHit(t, h, lang).SellerOpenID)
			if i > 0 {
				assert.LessOrEqual(t, page.Items[i-1].Price.Original.Amount, h.Price.Original.Amount)
			}
		}
		var next SearchPage
		e.get(200, "/v1/shops/"+shop+"/products?pageSize=3&sort=price:asc&beginPage=2", &next)
		require.NotEmpty(t, next.Items)
		assert.NotEqual(t, page.Items[0].OfferId, next.Items[0].OfferId)
		e.get(200, "/v1/shops/"+shop+"/products?beginPage=2000", &next)
		assert.Empty(t, next.Items)
		code, at := e.problem(404, "GET", "/v1/shops/nobodyS0/products", "")
		assert.Equal(t, "SHOP_NOT_FOUND", code)
		assert.Equal(t, []string{"/path/sellerOpenId"}, at)
	})
}

func TestRelated(t *testing.T) {
	everywhere(t, func(t *testing.T, e *shopfront) {
		id := e.plain().OfferID
		var list, more ProductList
		w := e.get(200, "/v1/products/"+id+"/related?pageSize=4", &list)
		assert.Equal(t, e.lang, w.Header().Get("Content-Language"))
		require.Len(t, list.Items, 4)
		for _, h := range list.Items {
			e.checkHit(t, h, e.lang)
			assert.NotNil(t, h.CategoryId)
		}
		e.get(200, "/v1/products/"+id+"/related?pageSize=4&beginPage=2", &more)
		assert.NotEqual(t, list.Items, more.Items)
		e.get(200, "/v1/products/"+id+"/related?beginPage=2000", &more)
		assert.Empty(t, more.Items)
		code, at := e.problem(404, "GET", "/v1/products/999/related", "")
		assert.Equal(t, "PRODUCT_NOT_FOUND", code)
		assert.Equal(t, []string{"/path/offerId"}, at)
	})
}

// A member has a list of his own, everybody else one for the site, and a client that kept one must not show it to another.
func TestRecommendations(t *testing.T) {
	f := newFixture(t)
	members, err := auth.New(auth.Options{DB: database.OpenTest(t), Secret: []byte(strings.Repeat("s", 32))})
	require.NoError(t, err)
	e := newShopfront(t, f, alibaba.ProfileCrossborder, members)
	ask := func(outMember, lang string) ([]Hit, http.Header) {
		t.Helper()
		own := e.as("key-jp", lang)
		if outMember != "" {
			tokens, err := members.IssueMember(t.Context(), "japan", 42, outMember, "ja")
			require.NoError(t, err)
			own.token = tokens.AccessToken
		}
		var list ProductList
		w := own.get(200, "/v1/recommendations?pageSize=5", &list)
		require.Len(t, list.Items, 5)
		e.checkHit(t, list.Items[0], lang)
		return list.Items, w.Header()
	}
	hanako, header := ask("hanako", "ja")
	assert.Contains(t, header.Get("Vary"), "Authorization")
	taro, _ := ask("taro", "ja")
	anyone, _ := ask("", "ja")
	again, _ := ask("hanako", "ja")
	assert.Equal(t, hanako, again)
	assert.NotEqual(t, hanako, taro)
	assert.NotEqual(t, hanako, anyone)
	assert.Equal(t, 3, f.calls(forYouAPI))
	named, _ := ask(visitor(e.site), "ja")
	assert.Equal(t, anyone, named, "the made-up visitor")
	assert.Equal(t, 4, f.calls(forYouAPI), "but not by sharing")
	_, _ = ask("", "en")
	var list ProductList
	e.get(200, "/v1/recommendations?beginPage=2000&pageSize=50", &list)
	assert.Empty(t, list.Items)
}

func TestHotKeywords(t *testing.T) {
	everywhere(t, func(t *testing.T, e *shopfront) {
		var words HotKeywords
		e.get(200, "/v1/keywords/hot?categoryId=1001", &words)
		require.NotEmpty(t, words.Items)
		for _, w := range words.Items {
			assert.Equal(t, w.Keyword, w.Text.Original, "searched in Chinese, shown translated")
			assert.Equal(t, e.lang, w.Text.Lang)
			assert.NotEqual(t, w.Keyword, w.Text.Text)
		}
	})
}

// 1688 ranks without prices; what is shown is the price of the detail, which is the price of search.
func TestRankings(t *testing.T) {
	everywhere(t, func(t *testing.T, e *shopfront) {
		for _, kind := range []string{"hot", "complex", "goodPrice"} {
			var list ProductList
			e.get(200, "/v1/rankings?categoryId=1001&limit=6&type="+kind, &list)
			require.Len(t, list.Items, 6)
			for i, h := range list.Items {
				o := e.checkHit(t, h, e.lang)
				assert.NotNil(t, h.CategoryId)
				if kind == "goodPrice" && i > 0 {
					assert.LessOrEqual(t, list.Items[i-1].Price.Original.Amount, o.PriceFen)
				}
			}
		}
		before := e.calls(rankingAPI)
		e.get(200, "/v1/rankings?categoryId=1001&limit=6", nil)
		assert.Equal(t, before, e.calls(rankingAPI), "hot is the default, and kept")
		code, at := e.problem(404, "GET", "/v1/rankings?categoryId=77", "")
		assert.Equal(t, "CATEGORY_NOT_FOUND", code)
		assert.Equal(t, []string{"/query/categoryId"}, at)
	})
}

// A product that is gone is not ranked; a detail that cannot be read now fails the ranking.
func TestRankingsWithoutDetails(t *testing.T) {
	e := newShopfront(t, newFixture(t), "")
	var list ProductList
	e.get(200, "/v1/rankings?categoryId=1001&limit=3", &list)
	require.Len(t, list.Items, 3)
	e.fault(detailAPI, "http_500")
	w := e.get(503, "/v1/rankings?categoryId=1001&limit=4", nil)
	assert.NotEmpty(t, w.Header().Get("Retry-After"))
	e.calm()
	e.get(200, "/v1/rankings?categoryId=1001&limit=4", &list)
	assert.Len(t, list.Items, 4)
	assert.Equal(t, alibaba.Yuan("2.5"), lowestPrice(&alibaba.Product{SaleInfo: alibaba.SaleInfo{PriceRanges: []alibaba.PriceRange{{StartQuantity: 9, Price: "1"}, {StartQuantity: 2, Price: "2.5"}, {Price: "junk"}}}}))
	assert.Equal(t, alibaba.Yuan("3"), lowestPrice(&alibaba.Product{SKUs: []alibaba.SKU{{Price: "10"}, {Price: "3"}, {}}}))
	assert.Empty(t, lowestPrice(&alibaba.Product{}))
}

// What a site does not do, and what 1688 does not give, is not there: no 5xx, and the site says so.
func TestFeatures(t *testing.T) {
	e := newShopfront(t, newFixture(t), "")
	paths := map[string]string{
		site.FeatureRelated: "/v1/products/" + e.plain().OfferID + "/related", site.FeatureRecommendations: "/v1/recommendations",
		site.FeatureHotKeywords: "/v1/keywords/hot?categoryId=1001", site.FeatureRankings: "/v1/rankings?categoryId=1001",
		site.FeatureShops: "/v1/shops/" + e.plain().SellerOpenID + "/products",
	}
	apis := map[string]string{
		site.FeatureRelated: relatedAPI, site.FeatureRecommendations: forYouAPI, site.FeatureHotKeywords: hotAPI, site.FeatureRankings: rankingAPI, site.FeatureShops: shopAPI,
	}
	shown := func() []string {
		var st Site
		e.get(200, "/v1/site", &st)
		return *st.Features
	}
	assert.Equal(t, site.Features, shown())
	for feature, path := range paths {
		e.fault(apis[feature], "acl")
		before := e.calls(apis[feature])
		for range 3 {
			code, _ := e.problem(404, "GET", path, "")
			assert.Equal(t, "FEATURE_UNAVAILABLE", code, feature)
		}
		assert.Equal(t, before+1, e.calls(apis[feature]), "asked once")
		assert.NotContains(t, shown(), feature)
		assert.Len(t, shown(), 4)
		e.calm()
		e.problem(404, "GET", path, "")
		e.clock.advance(deniedFor)
		e.get(200, path, nil)
		assert.Equal(t, site.Features, shown())
	}
	without := *e.site
	without.Without = []string{site.FeatureRankings, site.FeatureShops}
	assert.Equal(t, []string{"related", "recommendations", "hotKeywords"}, e.features(&without))
	calls := e.calls(rankingAPI)
	_, err := e.Ranking(t.Context(), &without, "ja", 1001, "hot", 5)
	assert.True(t, errs.Is(err, "feature.unavailable"), "%v", err)
	_, err = e.Shop(t.Context(), &without, "ja", "x", "", Query{Page: 1, PageSize: 5})
	assert.True(t, errs.Is(err, "feature.unavailable"), "%v", err)
	assert.Equal(t, calls, e.calls(rankingAPI))
}

func TestFeatureWithoutItsAPI(t *testing.T) {
	f := recorded(t, []byte(`{"error_code":"gw.APIUnsupported","error_message":"API is not supported"}`))
	_, err := f.HotKeywords(t.Context(), f.site, "ja", 5)
	assert.True(t, errs.Is(err, "feature.unavailable"), "%v", err)
	assert.NotContains(t, f.features(f.site), site.FeatureHotKeywords)
	f.clock.advance(deniedFor - time.Millisecond)
	assert.NotContains(t, f.features(f.site), site.FeatureHotKeywords)
	f.clock.advance(time.Millisecond)
	assert.Contains(t, f.features(f.site), site.FeatureHotKeywords)
}

// While 1688 is away: what is known stands in, what is not is 503 with Retry-After, and nothing else.
func TestListsWhile1688IsDown(t *testing.T) {
	e := newShopfront(t, newFixture(t), "")
	o := e.plain()
	paths := []string{
		"/v1/products/" + o.OfferID + "/related", "/v1/recommendations", "/v1/keywords/hot?categoryId=1001", "/v1/rankings?categoryId=1001&limit=2",
		"/v1/shops/" + o.SellerOpenID + "/products", "/v1/categories", "/v1/categories/1001",
	}
	freight := fmt.Sprintf(`{"items":[{"skuId":%q,"quantity":1}]}`, o.SKUs[0].SkuID)
	for _, kind := range []string{"http_500", "quota", "unauthorized", "garbage"} {
		e.fault("*", kind)
		for _, path := range paths {
			w := e.get(503, path, nil)
			assert.NotEmpty(t, w.Header().Get("Retry-After"), "%s %s", kind, path)
		}
		w := e.do(503, "POST", "/v1/products/"+o.OfferID+"/freight", freight, nil)
		assert.NotEmpty(t, w.Header().Get("Retry-After"), kind)
		e.calm()
	}
	var stale struct{ Stale bool }
	for _, path := range paths {
		e.get(200, path, nil)
	}
	e.fault("*", "http_500")
	e.clock.advance(59 * time.Minute)
	for _, path := range paths {
		e.get(200, path, &stale)
	}
}

func TestListsBlocked(t *testing.T) {
	e := newShopfront(t, newFixture(t), "")
	o := e.plain()
	var list, less ProductList
	related := "/v1/products/" + o.OfferID + "/related"
	e.get(200, related, &list)
	e.block(blockOffer, list.Items[0].OfferId)
	e.get(200, related, &less)
	assert.Equal(t, list.Items[1:], less.Items)
	e.block(blockWord, fold(list.Items[1].Subject.Text))
	e.get(200, related, &less)
	for _, h := range less.Items {
		assert.NotEqual(t, list.Items[1].Subject.Text, h.Subject.Text)
	}
	assert.Less(t, len(less.Items), len(list.Items))

	var ranking ProductList
	e.get(200, "/v1/rankings?categoryId=1001&limit=5", &ranking)
	e.block(blockCategory, *ranking.Items[0].CategoryId)
	e.get(200, "/v1/rankings?categoryId=1001&limit=5", &less)
	assert.Less(t, len(less.Items), 5, "by the categories of the detail")

	var words, fewer HotKeywords
	e.get(200, "/v1/keywords/hot?categoryId=1001", &words)
	e.block(blockWord, fold(words.Items[0].Text.Text))
	e.get(200, "/v1/keywords/hot?categoryId=1001", &fewer)
	assert.Less(t, len(fewer.Items), len(words.Items))
	assert.NotContains(t, fewer.Items, words.Items[0])

	e.block(blockSeller, o.SellerOpenID, blockCategory, "1001", blockOffer, o.OfferID, blockWord, "weapon")
	calls := e.all()
	for path, pointer := range map[string]string{
		"/v1/shops/" + o.SellerOpenID + "/products": "/path/sellerOpenId", "/v1/shops/x/products?categoryId=1001": "/query/categoryId",
		"/v1/shops/x/products?keyword=a%20weapon": "/query/keyword", related: "/path/offerId", "/v1/keywords/hot?categoryId=1001": "/query/categoryId",
		"/v1/rankings?categoryId=1001": "/query/categoryId", "/v1/categories?parentId=1001": "/query/parentId", "/v1/categories/1001": "/path/categoryId",
	} {
		code, at := e.problem(451, "GET", path, "")
		assert.Equal(t, "CATALOGUE_BLOCKED", code, path)
		assert.Equal(t, []string{pointer}, at, path)
	}
	code, _ := e.problem(451, "POST", "/v1/products/"+o.OfferID+"/freight", `{"items":[{"quantity":1}]}`)
	assert.Equal(t, "CATALOGUE_BLOCKED", code)
	assert.Equal(t, calls, e.all())
}

// Every bad parameter is a 4xx that names it, and none of them reaches 1688.
func TestListsRefuseBadParameters(t *testing.T) {
	e := newShopfront(t, newFixture(t), "")
	before := e.all()
	for path, pointer := range map[string]string{
		"/v1/shops/a%20b/products": "/path/sellerOpenId", "/v1/shops/" + strings.Repeat("a", 101) + "/products": "/path/sellerOpenId",
		"/v1/shops/%E5%BA%97/products": "/path/sellerOpenId", "/v1/shops/a%00b/products": "/path/sellerOpenId", "/v1/shops/a%27b/products": "/path/sellerOpenId",
		"/v1/shops/a/products?beginPage=0": "/query/beginPage", "/v1/shops/a/products?beginPage=2001": "/query/beginPage", "/v1/shops/a/products?beginPage=1e2": "/query/beginPage",
		"/v1/shops/a/products?pageSize=51": "/query/pageSize", "/v1/shops/a/products?pageSize=-1": "/query/pageSize", "/v1/shops/a/products?sort=up": "/query/sort",
		"/v1/shops/a/products?filter=cheap": "/query/filter", "/v1/shops/a/products?priceStart=9&priceEnd=1": "/query/priceEnd", "/v1/shops/a/products?priceStart=1e3": "/query/priceStart",
		"/v1/shops/a/products?categoryId=9223372036854775808": "/query/categoryId", "/v1/shops/a/products?keyword=" + strings.Repeat("x", 201): "/query/keyword",
		"/v1/products/0/related": "/path/offerId", "/v1/products/99999999999999999999/related": "/path/offerId", "/v1/products/abc/related": "/path/offerId",
		"/v1/products/1/related?pageSize=11": "/query/pageSize", "/v1/products/1/related?pageSize=": "/query/pageSize", "/v1/products/1/related?beginPage=x": "/query/beginPage",
		"/v1/recommendations?pageSize=51": "/query/pageSize", "/v1/recommendations?beginPage=99999999999999999999": "/query/beginPage",
		"/v1/keywords/hot": "/query/categoryId", "/v1/keywords/hot?categoryId=0": "/query/categoryId", "/v1/keywords/hot?categoryId=9223372036854775807": "/query/categoryId",
		"/v1/keywords/hot?categoryId=1&categoryId=2": "/query/categoryId",
		"/v1/rankings": "/query/categoryId", "/v1/rankings?categoryId=1&type=best": "/query/type", "/v1/rankings?categoryId=1&limit=21": "/query/limit",
		"/v1/rankings?categoryId=1&limit=0": "/query/limit", "/v1/rankings?categoryId=-1": "/query/categoryId",
		"/v1/categories?parentId=9223372036854775808": "/query/parentId", "/v1/categories?parentId=01": "/query/parentId", "/v1/categories?parentId=abc": "/query/parentId",
		"/v1/categories?parentId=": "/query/parentId", "/v1/categories/0": "/path/categoryId", "/v1/categories/9999999999999999999": "/path/categoryId", "/v1/categories/x": "/path/categoryId",
	} {
		_, at := e.problem(400, "GET", path, "")
		assert.Equal(t, []string{pointer}, at, path)
	}
	for body, pointer := range map[string]string{
		`{}`: "/items", `{"items":[]}`: "/items", `{"items":null}`: "/items", `{"items":[{}]}`: "/items/0/quantity", `{"items":[{"quantity":0}]}`: "/items/0/quantity",
		`{"items":[{"quantity":1000001}]}`: "/items/0/quantity", `{"items":[{"quantity":1.5}]}`: "/items/0/quantity", `{"items":[{"quantity":"1"}]}`: "/items/0/quantity",
		`{"items":[{"quantity":1,"skuId":"x"}]}`: "/items/0/skuId", `{"items":[{"quantity":1,"skuId":9223372036854775808}]}`: "/items/0/skuId",
		`{"items":[{"quantity":1,"skuId":"9999999999999999999"}]}`: "/items/0/skuId",
		`{"items":[{"quantity":1,"skuId":-1}]}`:                    "/items/0/skuId", `{"items":[{"quantity":1}],"more":1}`: "/more", `{"items":[{"quantity":1}],"destination":{}}`: "/destination/provinceCode",
		`{"items":[{"quantity":1}],"destination":{"provinceCode":"33","cityCode":"330100","districtCode":"330108"}}`:     "/destination/provinceCode",
		`{"items":[{"quantity":1}],"destination":{"provinceCode":"330100","cityCode":"330100","districtCode":"330108"}}`: "/destination/provinceCode",
		`{"items":[{"quantity":1}],"destination":{"provinceCode":"330000","cityCode":"440100","districtCode":"330108"}}`: "/destination/cityCode",
		`{"items":[` + strings.Repeat(`{"quantity":1},`, 50) + `{"quantity":1}]}`:                                        "/items",
	} {
		_, at := e.problem(400, "POST", "/v1/products/1/freight", body)
		assert.Contains(t, at, pointer, body)
	}
	for _, body := range []string{`[`, `null`, `"x"`, `{"items":[{"quantity":1}]}{}`, `{"items":[{"quantity":1}],"items":[]}`} {
		e.do(400, "POST", "/v1/products/1/freight", body, nil)
	}
	e.do(400, "POST", "/v1/products/9223372036854775808/freight", `{"items":[{"quantity":1}]}`, nil)
	assert.Equal(t, before, e.all(), "1688 was not asked")
}

// all is how often 1688 was asked anything.
func (f *fixture) all() (n int) {
	f.t.Helper()
	var v struct {
		Calls map[string]struct{ Received int }
	}
	f.control("GET", "/counters", "", &v)
	for _, c := range v.Calls {
		n += c.Received
	}
	return n
}

// Answers whose types drift are read, and never become a 5xx other than "1688 cannot be used now".
func TestListsDrift(t *testing.T) {
	drifting := `{"result":{"success":"true","code":null,"result":[{"class":"x","offerId":"7","subject":5,"subjectTrans":null,"imageUrl":"http://cbu01.alicdn.com/x.jpg",
		"priceInfo":{"class":"y","price":1.5},"onePsale":"true","monthSold":"12","sellerIdentities":null,"topCategoryId":"3"},{"offerId":8,"subject":"no price"},null,"text",
		{"offerId":"broken","priceInfo":{"price":"1"}}]}}`
	f := recorded(t, []byte(drifting))
	for name, ask := range map[string]func() (*web.Cached, error){
		"related":         func() (*web.Cached, error) { return f.Related(t.Context(), f.site, "ja", 7, 1, 10) },
		"recommendations": func() (*web.Cached, error) { return f.Recommended(t.Context(), f.site, "ja", "m", 1, 10) },
	} {
		c, err := ask()
		list, err := decoded[ProductList](t, c, err)
		require.NoError(t, err, name)
		require.Len(t, list.Items, 1, name)
		h := list.Items[0]
		assert.Equal(t, []any{"7", "5", "https://cbu01.alicdn.com/x.jpg", int64(150), true, 12}, []any{h.OfferId, h.Subject.Text, h.ImageUrl, h.Price.Original.Amount, *h.IsOnePsale, *h.MonthSold})
		assert.Equal(t, TextSourceNone, *h.Subject.Source)
	}
	for _, answer := range []string{`{"result":{"success":true,"result":null}}`, `{"result":{"success":true,"code":"S0000","result":[]}}`, `{"result":{"success":true,"result":{}}}`} {
		f := recorded(t, []byte(answer))
		c, err := f.Related(t.Context(), f.site, "ja", 7, 1, 10)
		list, err := decoded[ProductList](t, c, err)
		require.NoError(t, err, answer)
		assert.Empty(t, list.Items)
		assert.NotNil(t, list.Items)
		c, err = f.Ranking(t.Context(), f.site, "ja", 7, "hot", 10)
		_, err = decoded[ProductList](t, c, err)
		require.NoError(t, err, answer)
		c, err = f.HotKeywords(t.Context(), f.site, "ja", 7)
		words, err := decoded[HotKeywords](t, c, err)
		require.NoError(t, err, answer)
		assert.NotNil(t, words.Items)
	}
	f = recorded(t, []byte(`{"result":{"success":false,"code":"BIZ_ERROR","message":"not today"}}`))
	_, err := f.Related(t.Context(), f.site, "ja", 7, 1, 10)
	assert.True(t, errs.Is(err, "upstream.refused"), "%v", err)
	assert.Equal(t, errs.Rule, errs.CodeOf(err))
	f = recorded(t, []byte(`{"result":{"success":true,"result":[{"seKeyword":"包","seKeywordTranslation":"bag"},{"seKeyword":"包","seKeywordTranslation":"bags"},{"seKeyword":""},{"seKeyword":"帽","seKeywordTranslation":null}]}}`))
	c, err := f.HotKeywords(t.Context(), f.site, "en", 7)
	words, err := decoded[HotKeywords](t, c, err)
	require.NoError(t, err)
	require.Len(t, words.Items, 2)
	assert.Equal(t, Text{Text: "帽", Lang: "zh", Original: "帽", OriginalLang: "zh", Source: ptr(TextSourceNone)}, words.Items[1].Text)
}
