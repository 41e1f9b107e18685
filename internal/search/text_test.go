package search

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"entrepot/internal/alibaba"
	"entrepot/internal/auth"
	"entrepot/internal/errs"
	"entrepot/internal/sandbox"
)

var asOf = time.Date(2026, 9, 25, 1, 2, 3, 0, time.UTC)

// scripted is the service in front of a gateway whose answers the test writes; sent is what it was asked last.
func scripted(t *testing.T, profile string) (f *fixture, answer *atomic.Pointer[string], sent *atomic.Pointer[string]) {
	t.Helper()
	answer, sent = new(atomic.Pointer[string]), new(atomic.Pointer[string])
	ts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arg := r.FormValue("offerQueryParam") + r.FormValue("offerDetailParam")
		sent.Store(&arg)
		_, _ = w.Write([]byte(*answer.Load()))
	}))
	t.Cleanup(ts.Close)
	f = withGateway(t, &clock{t: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}, ts.URL)
	client, err := alibaba.New(alibaba.Options{
		BaseURL: ts.URL + "/openapi", AppKey: sandbox.DemoKey, AppSecret: sandbox.DemoSecret, AccessToken: sandbox.DemoToken, Profile: profile,
	})
	require.NoError(t, err)
	t.Cleanup(client.Close)
	f.client = client
	return f, answer, sent
}

// A translation that 1688 leaves out today is remembered from yesterday, per language and original, and said to be.
func TestTranslationsAreRemembered(t *testing.T) {
	f, answer, _ := scripted(t, "")
	say := func(subject, trans string) Product {
		f.Invalidate(7)
		body := `{"result":{"success":true,"result":{"offerId":7,"subject":"` + subject + `","subjectTrans":` + trans + `,"productAttribute":[{"attributeId":1,"attributeName":"颜色","attributeNameTrans":` + trans + `,"value":"M","valueTrans":null}],
			"productSaleInfo":{"unitInfo":{"unit":"个","transUnit":` + trans + `}}}}}`
		answer.Store(&body)
		p, err := f.product(7)
		require.NoError(t, err)
		return p
	}
	src := func(p Product) []TextSource {
		return []TextSource{*p.Subject.Source, *p.Attributes[0].Name.Source, *p.Attributes[0].Value.Source, *p.UnitText.Source}
	}
	assert.Equal(t, []TextSource{"none", "none", "none", "none"}, src(say("包", "null")))
	assert.Equal(t, []TextSource{"upstream", "upstream", "none", "upstream"}, src(say("包", `"バッグ"`)))
	again := say("包", `""`)
	assert.Equal(t, []TextSource{"cache", "cache", "none", "cache"}, src(again))
	assert.Equal(t, []string{"バッグ", "ja", "包", "zh"}, []string{again.Subject.Text, again.Subject.Lang, again.Subject.Original, again.Subject.OriginalLang})
	assert.Equal(t, []TextSource{"none", "cache", "none", "cache"}, src(say("双肩包", "null")), "another original")
	assert.Equal(t, "カバン", say("包", `"カバン"`).Subject.Text, "today's words win")
	assert.Equal(t, "カバン", say("包", `null`).Subject.Text)
	c, err := f.Product(t.Context(), f.site, "en", 7)
	english, err := decoded[Product](t, c, err)
	require.NoError(t, err)
	assert.Equal(t, TextSourceNone, *english.Subject.Source, "another language")
}

func TestTranslationsAreBounded(t *testing.T) {
	m := newTranslations()
	t.Cleanup(m.close)
	long := strings.Repeat("長", 1000)
	for i := range 20_000 {
		m.learn("ja", number64(int64(i)), long)
	}
	m.words.CleanUp()
	assert.LessOrEqual(t, m.words.WeightedSize(), uint64(translationBytes))
	assert.Positive(t, m.words.EstimatedSize())
}

func TestUntranslated(t *testing.T) {
	for _, tt := range []struct {
		lang, original, translated string
		want                       TextSource
	}{
		{"en", "包", "包", TextSourceNone}, {"ko", "黑色XL", "黑色XL", TextSourceNone}, {"en", "XL", "XL", TextSourceUpstream}, {"ja", "福建", "福建", TextSourceUpstream},
		{"en", "包", " ", TextSourceNone}, {"zh", "包", "bag", TextSourceNone}, {"vi", "包", "túi", TextSourceUpstream},
	} {
		assert.Equal(t, tt.want, *TextOf(tt.lang, tt.original, tt.translated).Source, "%+v", tt)
	}
}

// The member's name goes with the call that the request causes, and is no part of what is remembered.
func TestTheBuyerGoesAlong(t *testing.T) {
	f, answer, sent := scripted(t, "")
	ctx := auth.WithMember(t.Context(), auth.MemberCaller{ID: 5, OutMemberID: "m-5"})
	page := `{"result":{"success":true,"result":{"totalRecords":1,"data":[{"offerId":7,"subject":"包","priceInfo":{"price":"1"}}]}}}`
	answer.Store(&page)
	first, err := f.Search(ctx, f.site, "ja", bags)
	require.NoError(t, err)
	assert.Contains(t, *sent.Load(), `"outMemberId":"m-5"`)
	second, err := f.Search(t.Context(), f.site, "ja", bags)
	require.NoError(t, err)
	assert.Equal(t, first.Body, second.Body, "shared")
	detail := `{"result":{"success":true,"result":{"offerId":7,"subject":"包"}}}`
	answer.Store(&detail)
	_, err = f.Product(ctx, f.site, "ja", 7)
	require.NoError(t, err)
	assert.Contains(t, *sent.Load(), `"outMemberId":"m-5"`)
	f.Invalidate(7)
	_, err = f.Product(t.Context(), f.site, "ja", 7)
	require.NoError(t, err)
	assert.NotContains(t, *sent.Load(), "outMemberId", "a guest has no name")
}

// The old profile: its own names both ways, and every field of its documents in our answer.
func TestNationalSiteProfile(t *testing.T) {
	f, answer, sent := scripted(t, alibaba.ProfileNationalSite)
	page := `{"success":true,"code":"S0000","message":"success","data":{"totalRecords":"41","totalPage":"3","pageSize":"20","currentPage":"1","searchOfferModelList":[
		{"imageUrl":"http://cbu01.alicdn.com/img/ibank/y.jpg","subject":"帆布包","priceInfo":{"price":"3.5","jxhyPrice":2.95},"offerId":"612345678901","isJxhy":"true"}]},"result":true}`
	answer.Store(&page)
	got, err := f.search(Query{Keyword: "バッグ", CategoryID: 9, Filter: "shipInToday,isOnePsale", Sort: "monthSold:desc", PriceStart: "1", PriceEnd: "9.5", Page: 1, PageSize: 20})
	require.NoError(t, err)
	assert.JSONEq(t, `{"keyword":"バッグ","beginPage":1,"pageSize":20,"country":"japan","categoryId":9,"filter":"isOnePsale,shipInToday","sort":"{\"monthSoldOut\":\"desc\"}","priceStart":"1.00","priceEnd":"9.50"}`, *sent.Load())
	assert.Equal(t, []int{41, 3}, []int{got.TotalRecords, got.TotalPage})
	require.Len(t, got.Items, 1)
	hit := got.Items[0]
	assert.Equal(t, []any{"612345678901", "帆布包", "https://cbu01.alicdn.com/img/ibank/y.jpg", int64(350), int64(295), true},
		[]any{hit.OfferId, hit.Subject.Text, hit.ImageUrl, hit.Price.Original.Amount, hit.JxhyPrice.Original.Amount, hit.IsJxhy})
	assert.Nil(t, hit.MonthSold, "what was not said is not made up")
	assert.Nil(t, hit.IsOnePsale)
	assert.Nil(t, hit.CreatedAt)

	detail := `{"success":true,"code":"S0000","data":{"offerId":"612345678901","subject":"帆布包","subjectTrans":"帆布バッグ"},"result":true}`
	answer.Store(&detail)
	_, err = f.product(612345678901)
	require.NoError(t, err)
	assert.JSONEq(t, `{"offerId":612345678901,"country":"japan"}`, *sent.Load())
	f.Invalidate(612345678901)
	answer.Store(&page)
	got, err = f.search(bags)
	require.NoError(t, err)
	assert.Equal(t, []any{"帆布バッグ", TextSourceCache}, []any{got.Items[0].Subject.Text, *got.Items[0].Subject.Source}, "known from the product's page")
}

// What the site must not show: a product of a blocked category, shop or word answers 451 with a pointer, for ordering too.
func TestBlockedProducts(t *testing.T) {
	raw := []byte(`{"result":{"success":true,"result":{"offerId":7,"subject":"香烟盒","subjectTrans":"tobacco box","sellerOpenId":"S1","topCategoryId":1,"secondCategoryId":2,"thirdCategoryId":3,"categoryId":3}}}`)
	for name, b := range map[string]*blocklist{
		"offer": newBlocklist([]blockRow{{Kind: blockOffer, Value: "7", ValueKey: "7"}}, nil), "seller": newBlocklist([]blockRow{{Kind: blockSeller, Value: "S1", ValueKey: "S1"}}, nil),
		"category": newBlocklist([]blockRow{{Kind: blockCategory, Value: "2", ValueKey: "2"}}, nil), "word": newBlocklist([]blockRow{{Kind: blockWord, Value: "tobacco", ValueKey: "tobacco"}}, nil),
	} {
		f := recorded(t, raw)
		p, err := f.client.ProductDetail(t.Context(), alibaba.DetailQuery{OfferID: 7})
		require.NoError(t, err)
		v, err := f.viewer(f.site, "en")
		require.NoError(t, err)
		v.blocks = b
		_, err = v.product(p)
		require.Equal(t, errs.Blocked, errs.CodeOf(err), name)
		assert.Equal(t, "/path/offerId", errs.From(err).Fields[0].Pointer)
		v.blocks = newBlocklist([]blockRow{{Kind: blockOffer, Value: "8", ValueKey: "8"}}, nil)
		_, err = v.product(p)
		require.NoError(t, err, name)
	}
}

func TestSizesInKilograms(t *testing.T) {
	f := recorded(t, []byte(`{"result":{"success":true,"result":{"offerId":7,"productShippingInfo":{"weight":0.35,"width":"10.50","height":1.0E-1,"length":"-3",
		"skuShippingInfoList":[{"skuId":1,"specId":"a","weight":350,"width":12},{"skuId":"2","weight":"12.5"},{"skuId":3,"weight":"1e99"},{"skuId":4,"weight":0}],
		"skuShippingDetails":[{"skuId":"1","weight":0.4,"height":3},{"skuId":"5","weight":"1.20"},{"skuId":"x","weight":9}]}}}}`))
	p, err := f.product(7)
	require.NoError(t, err)
	assert.Equal(t, &Size{WeightKg: ptr("0.35"), WidthCm: ptr("10.5"), HeightCm: ptr("0.1")}, p.Size)
	assert.Equal(t, &[]Size{
		{SkuId: ptr("1"), SpecId: ptr("a"), WeightKg: ptr("0.35"), WidthCm: ptr("12"), HeightCm: ptr("3")}, {SkuId: ptr("2"), WeightKg: ptr("0.0125")},
		{SkuId: ptr("5"), WeightKg: ptr("1.2")},
	}, p.SkuSizes)
}

func TestTimes(t *testing.T) {
	for in, want := range map[string]string{
		`"2024-01-02 03:04:05"`: "2024-01-01T19:04:05Z", `"20240102030405678+0800"`: "2024-01-01T19:04:05.678Z", `1704135845678`: "2024-01-01T19:04:05.678Z",
		`"0000-01-01 00:00:00"`: "", `"0000-00-00 00:00:00"`: "", `null`: "", `"yesterday"`: "", `"9999-12-31 23:59:59"`: "",
	} {
		f := recorded(t, []byte(`{"result":{"success":true,"result":{"offerId":7,"createDate":`+in+`}}}`))
		p, err := f.product(7)
		require.NoError(t, err, in)
		if want == "" {
			assert.Nil(t, p.CreatedAt, in)
			continue
		}
		assert.Equal(t, want, p.CreatedAt.Format(time.RFC3339Nano), in)
	}
}

func TestLinks(t *testing.T) {
	for in, want := range map[string]string{
		"http://cbu01.alicdn.com/a b.jpg": "https://cbu01.alicdn.com/a%20b.jpg", "//cbu01.alicdn.com/1.jpg": "https://cbu01.alicdn.com/1.jpg",
		"HTTP://CBU01.alicdn.com:80/1.jpg": "https://cbu01.alicdn.com/1.jpg", "https://cbu01.alicdn.com:443/1.jpg?x=1&y=2": "https://cbu01.alicdn.com/1.jpg?x=1&y=2",
		"https://cbu01.alicdn.com/img/%E4%B8%AD%2F1.jpg": "https://cbu01.alicdn.com/img/%E4%B8%AD%2F1.jpg", " https://a.example/1.jpg\n": "https://a.example/1.jpg",
		"javascript:alert(1)": "", "data:image/png;base64,AA": "", "img/1.jpg": "", "/img/1.jpg": "", "https://u:p@a.example/1.jpg": "", "https://a.example:8443/1.jpg": "",
		"http://a.example:443/1.jpg": "", "ftp://a.example/1.jpg": "", "https://10.0.0.1/1.jpg": "", "https://2130706433/": "", "https://0x7f.0.0.1/": "", "https://printer/1.jpg": "",
		"https://a.local/1.jpg": "", "https://[fe80::1]/1.jpg": "", "https:\\\\a.example\\1.jpg": "", "https://a.example/\x00": "", "https://" + strings.Repeat("a", 3000) + ".example/": "",
		"https://ａ.example/1.jpg": "", "http://127.0.0.1.nip.io/": "https://127.0.0.1.nip.io/", "//127.0.0.1/x": "",
	} {
		assert.Equal(t, want, httpsURL(in), in)
	}
	assert.Empty(t, publicURL("http://127.0.0.1:8688/img/1.png"), "not in what sellers write")
	assert.Equal(t, "http://127.0.0.1:8688/img/1.png", httpsURL("http://127.0.0.1:8688/img/1.png"), "the simulated 1688")
}
