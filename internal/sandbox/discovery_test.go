package sandbox

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	shopAPI       = "com.alibaba.fenxiao.crossborder/product.search.querySellerOfferList"
	recommendAPI  = "com.alibaba.fenxiao.crossborder/product.search.offerRecommend"
	relatedAPI    = "com.alibaba.fenxiao.crossborder/product.related.recommend"
	topWordAPI    = "com.alibaba.fenxiao.crossborder/product.search.topKeyword"
	navigationAPI = "com.alibaba.fenxiao.crossborder/product.search.keywordSNQuery"
	topListAPI    = "com.alibaba.fenxiao.crossborder/product.topList.query"
	categoryAPI   = "com.alibaba.fenxiao.crossborder/category.translation.getById"
	categoriesAPI = "com.alibaba.fenxiao.crossborder/category.translation.getByKeyword"
	freightAPI    = "com.alibaba.fenxiao.crossborder/product.freight.estimate"
)

func (f *fixture) payload(api string, args map[string]string) any {
	f.t.Helper()
	a := f.call(api, args)
	require.Equal(f.t, true, at(f.t, a, "result", "success"), "%v", a)
	return at(f.t, a, "result", "result")
}

func offerIDs(t *testing.T, list any) []string {
	t.Helper()
	var out []string
	for _, o := range list.([]any) {
		out = append(out, at(t, o, "offerId").(json.Number).String())
	}
	return out
}

func TestShopSearch(t *testing.T) {
	f := start(t, Options{})
	cat := f.srv.cat.Load()
	shop, want := 3, map[string]bool{}
	for i := range cat.offers {
		if o := &cat.offers[i]; o.seller == shop && o.traits&delisted == 0 {
			want[itoa(o.id)] = true
		}
	}
	require.Greater(t, len(want), 5)
	open := cat.seller(shop).openID
	got := map[string]bool{}
	for page := 1; page <= (len(want)+4)/5; page++ {
		a := f.call(shopAPI, map[string]string{"offerQueryParam": fmt.Sprintf(`{"beginPage":%d,"pageSize":5,"country":"japan","sellerOpenId":%q,"sort":"{\"price\":\"asc\"}"}`, page, open)})
		assertDocumented(t, "product.search.querySellerOfferList", a, "result.result.data[].priceInfo.", "result.result.data[].isOnePsale") // or onePsale
		assert.EqualValues(t, len(want), fen(t, at(t, a, "result", "result", "totalRecords")))
		for _, id := range offerIDs(t, at(t, a, "result", "result", "data")) {
			assert.False(t, got[id], "a page repeats %s", id)
			got[id] = true
		}
		assert.Equal(t, cat.find(mustInt(t, offerIDs(t, at(t, a, "result", "result", "data"))[0])).title("ja"), at(t, a, "result", "result", "data", 0, "subjectTrans"), "a country name does here")
	}
	assert.Equal(t, want, got)
	one := cat.find(mustInt(t, firstKey(got)))
	a := f.payload(shopAPI, map[string]string{"offerQueryParam": fmt.Sprintf(`{"keyword":%q,"beginPage":1,"pageSize":50,"country":"ja","sellerOpenId":%q}`, words().nouns[one.noun].in("zh"), open)})
	ids := offerIDs(t, at(t, a, "data"))
	assert.Contains(t, ids, itoa(one.id))
	for _, id := range ids {
		assert.True(t, want[id], "words stay inside the shop")
	}
}

func firstKey(m map[string]bool) string {
	first := ""
	for k := range m {
		if first == "" || k < first {
			first = k
		}
	}
	return first
}

func mustInt(t *testing.T, s string) int64 {
	t.Helper()
	n, ok := num(s).int()
	require.True(t, ok, s)
	return n
}

// "For you": the same member sees the same list, another one another, pages do not overlap and all of them together are everything on sale.
func TestOfferRecommend(t *testing.T) {
	f := start(t, Options{Offers: 120})
	page := func(member string, n, size int) []string {
		a := f.call(recommendAPI, map[string]string{"recommendOfferParam": fmt.Sprintf(`{"beginPage":%d,"pageSize":"%d","country":"en","outMemberId":%q}`, n, size, member)})
		if n == 1 {
			assertDocumented(t, "product.search.offerRecommend", a)
			assert.NotEmpty(t, at(t, a, "result", "result", 0, "priceInfo", "class"), "Java leaks through")
			assert.NotContains(t, at(t, a, "result", "result", 0), "isOnePsale")
		}
		return offerIDs(t, at(t, a, "result", "result"))
	}
	a := page("dferg0001", 1, 20)
	assert.Len(t, a, 20)
	assert.Equal(t, a, page("dferg0001", 1, 20))
	assert.NotEqual(t, a, page("dferg0002", 1, 20))
	seen := map[string]bool{}
	for n := 1; ; n++ {
		got := page("dferg0001", n, 50)
		if len(got) == 0 {
			break
		}
		for _, id := range got {
			assert.False(t, seen[id], id)
			seen[id] = true
		}
	}
	onSale := 0
	for i := range f.srv.cat.Load().offers {
		if f.srv.cat.Load().offers[i].traits&(delisted|outOfStock) == 0 {
			onSale++
		}
	}
	assert.Len(t, seen, onSale)
}

func TestRelatedRecommend(t *testing.T) {
	f := start(t, Options{Offers: 2000})
	o, _ := f.pickOffer(plainOffer)
	ask := func(page, size int) []string {
		a := f.call(relatedAPI, map[string]string{"relatedQueryParams": fmt.Sprintf(`{"offerId":%d,"pageNo":%d,"pageSize":%d,"language":"en"}`, o.id, page, size)})
		if page == 1 {
			assertDocumented(t, "product.related.recommend", a)
			near := f.srv.cat.Load().find(mustInt(t, at(t, a, "result", "result", 0, "offerId").(json.Number).String()))
			assert.Equal(t, o.noun, near.noun, "the same kind first")
			assert.Equal(t, json.Number(itoa(int64(near.monthSold)*3)), at(t, a, "result", "result", 0, "monthSold"), "90 days here")
		}
		return offerIDs(t, at(t, a, "result", "result"))
	}
	a := ask(1, 10)
	assert.Len(t, a, 10)
	assert.NotContains(t, a, itoa(o.id))
	assert.Equal(t, a[:5], ask(1, 5))
	assert.Equal(t, a[5:], ask(2, 5))
	assert.Empty(t, ask(2000, 10))
}

func TestTopKeyword(t *testing.T) {
	f := start(t, Options{})
	for _, node := range []int64{0, categories().roots[0], categories().all[len(categories().all)-1].id} {
		a := f.call(topWordAPI, map[string]string{"topSeKeywordParam": fmt.Sprintf(`{"country":"en","sourceId":"%d","hotKeywordType":"cate"}`, node)})
		assertDocumented(t, "product.search.topKeyword", a)
		for _, w := range at(t, a, "result", "result").([]any) {
			hits := f.payload(keywordAPI, map[string]string{"offerQueryParam": string(marshal(obj{"keyword": at(t, w, "seKeyword"), "beginPage": 1, "pageSize": 1, "country": "en"}))})
			assert.NotEqual(t, json.Number("0"), at(t, hits, "totalRecords"), "%v finds nothing", w)
		}
	}
	assert.Empty(t, f.payload(topWordAPI, map[string]string{"topSeKeywordParam": `{"country":"en","sourceId":"77","hotKeywordType":"cate"}`}))
}

// Navigation ids narrow the search they were offered for, and two of them narrow it further.
func TestSearchNavigation(t *testing.T) {
	f := start(t, Options{Offers: 2000})
	noun := words().nouns[6]
	a := f.call(navigationAPI, map[string]string{"snParams": string(marshal(obj{"keyword": noun.in("en"), "language": "en_US", "region": "US", "currency": "USD"}))})
	assertDocumented(t, "product.search.keywordSNQuery", a)
	assert.NotContains(t, at(t, a, "result"), "code", "retCode here")
	count := func(snID string) int64 {
		q := obj{"keyword": noun.in("zh"), "beginPage": 1, "pageSize": 50, "country": "en", "snId": snID}
		return fen(t, at(t, f.payload(keywordAPI, map[string]string{"offerQueryParam": string(marshal(q))}), "totalRecords"))
	}
	all, sum := count(""), int64(0)
	groups := at(t, a, "result", "result").([]any)
	require.Greater(t, len(groups), 2)
	var ids []string
	for i, g := range groups {
		for _, child := range at(t, g, "children").([]any) {
			id := at(t, child, "id").(string)
			assert.True(t, strings.HasPrefix(id, at(t, g, "id").(string)+":"), id)
			n := count(id)
			assert.True(t, n > 0 && n < all, "%s: %d of %d", id, n, all)
			if i == 1 { // an attribute with one value per product
				sum += n
			}
			ids = append(ids, id)
		}
	}
	assert.Equal(t, all, sum, "the values of one attribute share out all hits")
	assert.Less(t, count(ids[0]+","+ids[len(ids)-1]), count(ids[0]))
	for _, unknown := range []string{"1:1", "973", ":", "973:x", "973:99999999999999999999", ids[0] + ",x"} {
		assert.Zero(t, count(unknown), unknown)
	}
}

func TestTopList(t *testing.T) {
	f := start(t, Options{Offers: 2000})
	cat, root := f.srv.cat.Load(), categories().roots[0]
	for kind, better := range map[string]func(a, b *offer) bool{
		"hot":       func(a, b *offer) bool { return a.monthSold >= b.monthSold },
		"goodPrice": func(a, b *offer) bool { return a.price <= b.price },
		"complex":   func(_, _ *offer) bool { return true },
	} {
		a := f.call(topListAPI, map[string]string{"rankQueryParams": fmt.Sprintf(`{"rankId":"%d","rankType":%q,"limit":20,"language":"en"}`, root, kind)})
		assertDocumented(t, "product.topList.query", a)
		list := at(t, a, "result", "result", "rankProductModels").([]any)
		require.Len(t, list, 20)
		var before *offer
		for _, i := range list {
			o := cat.find(mustInt(t, at(t, i, "itemId").(json.Number).String()))
			assert.Equal(t, root, o.categories()[0])
			assert.True(t, before == nil || better(before, o), kind)
			before = o
		}
	}
}

func TestCategoryByID(t *testing.T) {
	f := start(t, Options{Offers: 20})
	seen, language := map[string]bool{}, "ja"
	var walk func(id, parent string, level int)
	walk = func(id, parent string, level int) {
		a := f.call(categoryAPI, map[string]string{"language": language, "categoryId": id, "parentCateId": parent, "outMemberId": "m1"})
		except := []string{}
		if level == 3 {
			except = append(except, "result.result.children[]")
		}
		assertDocumented(t, "category.translation.getById", a, except...)
		c := at(t, a, "result", "result")
		assert.Equal(t, fmt.Sprint(level), at(t, c, "level"))
		assert.Equal(t, parent, at(t, c, "parentCateId"), "text at the top")
		assert.Equal(t, fmt.Sprint(level == 3), at(t, c, "leaf"), "text at the top")
		assert.Equal(t, language, at(t, c, "language"))
		assert.NotEmpty(t, at(t, c, "translatedName"))
		assert.False(t, seen[id], "twice in the tree")
		seen[id] = true
		if level == 3 {
			assert.Nil(t, at(t, c, "children"))
			return
		}
		children := at(t, c, "children").([]any)
		for i, child := range children {
			if level == 1 && i > 1 { // two branches of each are enough for one test
				break
			}
			assert.Equal(t, json.Number(id), at(t, child, "parentCateId"), "a number below")
			assert.Equal(t, level == 2, at(t, child, "leaf"), "a boolean below")
			walk(at(t, child, "categoryId").(json.Number).String(), id, level+1)
		}
	}
	walk("0", "0", 0)
	assert.Greater(t, len(seen), 20)
	names := map[string]bool{}
	for _, lang := range langs {
		names[f.payload(categoryAPI, map[string]string{"language": lang, "categoryId": "0"}).(map[string]any)["translatedName"].(string)] = true
	}
	assert.GreaterOrEqual(t, len(names), 8, "Malay and Indonesian may agree")
}

func TestCategoryByName(t *testing.T) {
	f := start(t, Options{Offers: 20})
	leaf := categories().all[len(categories().all)-1]
	for _, lang := range []string{"ja", "en", "vi"} {
		for _, name := range []string{leaf.in("zh"), leaf.in(lang), strings.ToUpper(leaf.in(lang))} {
			a := f.call(categoriesAPI, map[string]string{"language": lang, "cateName": name})
			assertDocumented(t, "category.translation.getByKeyword", a)
			found := false
			for _, c := range at(t, a, "result", "result").([]any) {
				assert.NotContains(t, c, "children")
				found = found || at(t, c, "categoryId") == json.Number(itoa(leaf.id))
			}
			assert.True(t, found, "%s in %s", name, lang)
		}
	}
	assert.Empty(t, f.payload(categoriesAPI, map[string]string{"language": "ja", "cateName": "xyzzy"}))
	assert.Empty(t, f.payload(categoriesAPI, map[string]string{"language": "ja", "cateName": "   !"}))
}

func TestFreightEstimate(t *testing.T) {
	f := start(t, Options{})
	ask := func(o *offer, to string, n int64) any {
		sku := fmt.Sprintf(`[{"skuId":"%d","number":%d}]`, f.srv.cat.Load().skus(o)[0].id, n)
		a := f.call(freightAPI, map[string]string{"productFreightQueryParamsNew": fmt.Sprintf(
			`{"offerId":%d,"toProvinceCode":"%s0000","toCityCode":"%s0100","toCountryCode":"%s0108","totalNum":%d,"logisticsSkuNumModels":%s}`, o.id, to, to, to, n, sku)})
		assertDocumented(t, "product.freight.estimate", a)
		return at(t, a, "result", "result")
	}
	price := func(v any) int64 {
		n, ok := parseYuan(at(t, v, "freight").(string))
		require.True(t, ok)
		return n
	}
	many, _ := f.pickOffer(plainOffer)
	single, _ := f.pickOffer(func(o *offer) bool { return o.traits&singleSpec != 0 })
	assert.Equal(t, json.Number("2"), at(t, ask(many, "33", 1), "sizeValueType"))
	assert.Nil(t, at(t, ask(single, "33", 1), "productFreightSkuInfoModels"))
	assert.Equal(t, json.Number("1"), at(t, ask(single, "33", 1), "sizeValueType"))
	for _, o := range []*offer{many, single} {
		assert.Less(t, price(ask(o, "33", 1)), price(ask(o, "65", 1)), "Xinjiang is dearer than anything near")
		assert.Less(t, price(ask(o, "65", 1)), price(ask(o, "81", 1)))
		assert.Less(t, price(ask(o, "65", 1)), price(ask(o, "65", 50)))
		q := f.srv.cat.Load().seller(o.seller).freight("650000", o.grams()*50, 50, 0)
		assert.Equal(t, q.fee, price(ask(o, "65", 50)), "the tariff preview uses")
	}
	free := false
	cat := f.srv.cat.Load()
	for i := 0; i < 60 && !free; i++ {
		if o := &cat.offers[i]; o.traits&(delisted|zeroPriceSKU) == 0 && cat.seller(o.seller).freeOver > 0 {
			v := ask(o, "33", 5000)
			free = at(t, v, "freePostage") == true
			assert.Equal(t, free, price(v) == 0)
		}
	}
	assert.True(t, free, "somebody sends for nothing")
}

// discoveryCalls are good calls of every API of this group; the tests below break them.
func discoveryCalls(f *fixture) map[string]map[string]string {
	cat := f.srv.cat.Load()
	o, _ := f.pickOffer(plainOffer)
	root := itoa(categories().roots[0])
	return map[string]map[string]string{
		shopAPI:       {"offerQueryParam": `{"keyword":"","beginPage":1,"pageSize":5,"sellerOpenId":"` + cat.seller(o.seller).openID + `","country":"japan"}`},
		recommendAPI:  {"recommendOfferParam": `{"beginPage":1,"pageSize":5,"country":"en","outMemberId":"m"}`},
		relatedAPI:    {"relatedQueryParams": `{"offerId":` + itoa(o.id) + `,"pageNo":1,"pageSize":5,"language":"en"}`},
		topWordAPI:    {"topSeKeywordParam": `{"country":"en","sourceId":"` + root + `","hotKeywordType":"cate"}`},
		navigationAPI: {"snParams": `{"keyword":"dress","language":"en_US","region":"US","currency":"USD"}`},
		topListAPI:    {"rankQueryParams": `{"rankId":"` + root + `","rankType":"hot","limit":5,"language":"en"}`},
		freightAPI: {"productFreightQueryParamsNew": `{"offerId":` + itoa(o.id) + `,"toProvinceCode":"330000","toCityCode":"330100","toCountryCode":"330108","totalNum":3,` +
			`"logisticsSkuNumModels":[{"skuId":"` + itoa(cat.skus(o)[0].id) + `","number":3}]}`},
		categoryAPI:   {"language": "ja", "categoryId": root},
		categoriesAPI: {"language": "ja", "cateName": "裙"},
	}
}

// Without its top-level argument an API is refused by the gateway; without an inner one by itself.
func TestDiscoveryRequires(t *testing.T) {
	f := start(t, Options{Offers: 120})
	for api, args := range discoveryCalls(f) {
		f.payload(api, args)
		for name, value := range args {
			rest := map[string]string{}
			for k, v := range args {
				if k != name {
					rest[k] = v
				}
			}
			status, body := f.raw(api, rest)
			assert.Equal(t, 400, status, api)
			assert.Equal(t, "gw.ParamMissing", decode(t, body)["error_code"], api)
			var inner map[string]any
			if json.Unmarshal([]byte(value), &inner) != nil {
				continue
			}
			for field := range inner {
				if field == "keyword" && api == shopAPI {
					continue // optional
				}
				less := decode(t, []byte(value))
				delete(less, field)
				a := f.call(api, map[string]string{name: string(marshal(less))})
				assert.Equal(t, false, at(t, a, "result", "success"), "%s without %s", api, field)
			}
		}
	}
}

var hostileValues = []string{
	`null`, `0`, `-1`, `1e400`, `99999999999999999999`, `"99999999999999999999"`, `1.5`, `""`, `" "`, `"\u0000"`, `"` + "\u202e" + `💥"`, `true`, `[]`, `{}`, `[[[]]]`, `{"a":null}`, `"' OR 1=1"`,
}

// Whatever a field holds, the answer is a success or a refusal in the API's envelope, never a 5xx.
func TestDiscoveryHostileJSON(t *testing.T) {
	f := start(t, Options{Offers: 120})
	deep := strings.Repeat("[", 9000) + strings.Repeat("]", 9000)
	for api, args := range discoveryCalls(f) {
		for name, value := range args {
			var inner map[string]any
			if json.Unmarshal([]byte(value), &inner) != nil {
				for _, v := range hostileValues {
					f.hostile(api, args, name, v)
				}
				continue
			}
			for _, v := range append(hostileValues, deep, "{", `{"a":`+deep+`}`) {
				f.hostile(api, args, name, v)
			}
			for field := range inner {
				for _, v := range hostileValues {
					broken := decode(t, []byte(value))
					broken[field] = json.RawMessage(v)
					f.hostile(api, args, name, string(marshalLoose(broken)))
				}
			}
		}
	}
}

// marshalLoose writes objects with raw members that are not always valid JSON.
func marshalLoose(m map[string]any) []byte {
	var b strings.Builder
	b.WriteString("{")
	for k, v := range m {
		if b.Len() > 1 {
			b.WriteString(",")
		}
		raw, ok := v.(json.RawMessage)
		if !ok {
			raw = marshal(v)
		}
		fmt.Fprintf(&b, "%q:%s", k, raw)
	}
	return []byte(b.String() + "}")
}

func (f *fixture) hostile(api string, args map[string]string, name, value string) {
	f.t.Helper()
	broken := map[string]string{}
	for k, v := range args {
		broken[k] = v
	}
	broken[name] = value
	status, body := f.raw(api, broken)
	require.True(f.t, status == 200 || status == 400, "%s %s: %d %s", api, value, status, body)
	require.True(f.t, json.Valid(body), "%s %s: %s", api, value, body)
}

// FuzzDiscoveryJSON feeds the JSON arguments of this group to their handlers.
func FuzzDiscoveryJSON(fz *testing.F) {
	srv, err := New(Options{Offers: 60})
	require.NoError(fz, err)
	f := &fixture{t: fz, srv: srv}
	var handlers []*api
	var names []string
	for path, args := range discoveryCalls(f) {
		for name, value := range args {
			if strings.HasPrefix(value, "{") {
				handlers, names = append(handlers, srv.apis[path]), append(names, name)
				fz.Add(value)
			}
		}
	}
	for _, v := range hostileValues {
		fz.Add(v)
	}
	fz.Fuzz(func(t *testing.T, value string) {
		for i, a := range handlers {
			c := &call{api: a, app: srv.apps[DemoKey], args: map[string][]string{names[i]: {value}}, base: "http://x"}
			if payload, ref := a.handle(srv, c); ref == nil {
				marshal(a.envelope.good(payload))
			} else {
				marshal(a.envelope.bad(ref))
			}
			siteBody(a.name, []byte(value))
		}
	})
}
