package search

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"entrepot/internal/errs"
)

// What 1688 answered, and what the shopper gets of it: prices by variant, by quantity without variants, and by quantity
// with variants; numbers as text and text as numbers; things missing.
func TestProductGolden(t *testing.T) {
	for _, name := range []string{"quote0", "quote1", "quote2"} {
		t.Run(name, func(t *testing.T) {
			raw, err := os.ReadFile("testdata/" + name + ".json")
			require.NoError(t, err)
			c, err := recorded(t, raw).fromJapan(1)
			require.NoError(t, err)
			var pretty bytes.Buffer
			require.NoError(t, json.Indent(&pretty, c, "", "  "))
			golden := "testdata/" + name + ".golden.json"
			if *update {
				require.NoError(t, os.WriteFile(golden, append(pretty.Bytes(), '\n'), 0o600))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			assert.Equal(t, string(want), pretty.String()+"\n")
		})
	}
}

// The documents' own samples and the old profile's, as shoppers of four countries see them.
func TestCatalogueGolden(t *testing.T) {
	for name, country := range map[string]struct{ site, lang string }{
		"detail": {"japan", "ja"}, "detail_vi": {"vietnam", "vi"}, "detail_en": {"malaysia", "en"}, "detail_ko": {"korea", "ko"}, "seed_detail": {"japan", "ja"},
		"search": {"japan", "ja"}, "search_vi": {"vietnam", "vi"}, "search_en": {"malaysia", "en"}, "search_ko": {"korea", "ko"}, "seed_search": {"korea", "ko"},
		"nulls_detail": {"japan", "ja"}, "nulls_search": {"japan", "ja"},
	} {
		t.Run(name, func(t *testing.T) {
			sample := strings.TrimSuffix(name, "_"+country.lang)
			raw, err := os.ReadFile("testdata/" + sample + ".json")
			require.NoError(t, err)
			f := recorded(t, raw)
			st, ok := f.sites.ByCode(country.site)
			require.True(t, ok)
			c, err := f.ProductFor(t.Context(), st, country.lang, 1, 60)
			if strings.Contains(name, "search") {
				c, err = f.Search(t.Context(), st, country.lang, bags)
			}
			require.NoError(t, err)
			var pretty bytes.Buffer
			require.NoError(t, json.Indent(&pretty, c.Body, "", "  "))
			golden := "testdata/" + name + ".golden.json"
			if *update {
				require.NoError(t, os.WriteFile(golden, append(pretty.Bytes(), '\n'), 0o600))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			assert.Equal(t, string(want), pretty.String()+"\n")
		})
	}
}

func (f *fixture) fromJapan(id int64) ([]byte, error) {
	c, err := f.Product(f.t.Context(), f.site, "ja", id)
	if err != nil {
		return nil, err
	}
	return c.Body, nil
}

// The same answer as ordering reads it.
func TestOfferOf(t *testing.T) {
	raw, err := os.ReadFile("testdata/quote1.json")
	require.NoError(t, err)
	f := recorded(t, raw)
	o, err := f.Offer(t.Context(), f.site, "ja", 1)
	require.NoError(t, err)
	assert.Equal(t, &Offer{
		ID: 6790000000000000001, Subject: "帆布托特包", SubjectTrans: "キャンバストートバッグ", Lang: "ja", ImageURL: "https://cbu01.example/1.jpg", SellerOpenID: "BBB0001",
		SellerName: "义乌某厂", MinOrder: 2, Available: true, Stock: 12, Categories: []int64{1031910},
		QuoteType: 1, Tiers: []Tier{{Start: 2, Price: 3600}}, PricedAt: f.clock.now(), SKUs: []OfferSKU{
			{SkuID: 4707000010007, SpecID: "c7b35694eb1c250b55c949040dfbaca8", Name: "黒 / フリー", Stock: 12, ImageURL: "https://cbu01.example/b.jpg", Price: 3600, Promotion: 3050},
			{SkuID: 4707000010008, SpecID: "00000000000000000000000000000002", Price: 3610},
		},
	}, o)
}

func TestUnusableAnswers(t *testing.T) {
	for name, tt := range map[string]struct {
		answer string
		code   errs.Code
	}{
		"a price that is none": {`{"result":{"success":true,"result":{"offerId":1,"productSaleInfo":{"priceRangeList":[{"startQuantity":1,"price":"cheap"}]}}}}`, errs.Upstream},
		"a variant's price":    {`{"result":{"success":true,"result":{"offerId":1,"productSkuInfos":[{"skuId":1,"price":"1e3"}]}}}`, errs.Upstream},
		"no product":           {`{"result":{"success":true,"result":{}}}`, errs.NotFound},
		"a refusal":            {`{"result":{"success":false,"code":"OFFER_NOT_EXIST","message":"x"}}`, errs.NotFound},
		"no JSON":              {`<html>busy</html>`, errs.Unavailable},
	} {
		_, err := recorded(t, []byte(tt.answer)).product(1)
		assert.Equal(t, tt.code, errs.CodeOf(err), "%s: %v", name, err)
	}
}

func TestHitsWithoutPriceOrNumberAreLeftOut(t *testing.T) {
	f := recorded(t, []byte(`{"result":{"success":true,"code":"200","result":{"totalRecords":"4","totalPage":1,"data":[
		{"offerId":1,"subject":"一","subjectTrans":"1","imageUrl":"http://x.example/1.jpg","priceInfo":{"price":"36"},"monthSold":"5","minOrderQuantity":0,"thirdCategoryId":9,"sellerIdentities":["tp_member"]},
		{"offerId":2,"subject":"二","priceInfo":{}},
		{"offerId":0,"subject":"三","priceInfo":{"price":"1"}},
		{"offerId":4,"subject":"四","priceInfo":{"price":null,"consignPrice":2.5,"promotionPrice":"2"},"isOnePsale":"true"}]}}}`))
	page, err := f.search(bags)
	require.NoError(t, err)
	assert.Equal(t, 4, page.TotalRecords)
	require.Len(t, page.Items, 2)
	one, four := page.Items[0], page.Items[1]
	assert.Equal(t, "1", one.OfferId)
	assert.EqualValues(t, 774, one.Price.Local.Amount, "36 yuan at 21.50")
	assert.Equal(t, "https://x.example/1.jpg", one.ImageUrl)
	assert.Equal(t, []any{1, 5, "9", []string{"tp_member"}}, []any{one.MinOrderQuantity, *one.MonthSold, *one.CategoryId, *one.SellerIdentities})
	assert.Equal(t, "4", four.OfferId)
	assert.EqualValues(t, 250, four.Price.Original.Amount, "the nearest price there is")
	assert.True(t, *four.IsOnePsale)
	assert.Equal(t, "四", four.Subject.Text, "no translation: the original, and its language")
	assert.Equal(t, "zh", four.Subject.Lang)
}

func TestTextOf(t *testing.T) {
	got := TextOf("ja", "包", "バッグ")
	assert.Equal(t, []string{"バッグ", "ja", "包", "zh", string(TextSourceUpstream)}, []string{got.Text, got.Lang, got.Original, got.OriginalLang, string(*got.Source)})
	for _, lang := range []string{"ja", "zh"} {
		translated := ""
		if lang == "zh" {
			translated = "bag"
		}
		got = TextOf(lang, "包", translated)
		assert.Equal(t, []string{"包", "zh", string(TextSourceNone)}, []string{got.Text, got.Lang, string(*got.Source)})
	}
}

// Sellers write HTML. What is shown is words; what was code is gone.
func TestPlainText(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"", ""},
		{" plain words ", "plain words"},
		{"<p>one</p><p>two</p>", "one two"},
		{"a &amp; b &lt; c", "a & b < c"},
		{"<b>un</b>closed <i>tags", "un closed tags"},
		{`<img src=x onerror=alert(1)>words`, "words"},
		{`<script>alert(1)</script>words`, "words"},
		{`<SCRIPT SRC=//evil.example></SCRIPT>words`, "words"},
		{`<script/>alert(1)</script>words`, "words"},
		{`<script>alert(1)//</scr</script>ipt>words`, "ipt>words"},
		{`<style>p{background:url(javascript:1)}</style>words`, "words"},
		{`<noscript><img src=x onerror=alert(1)></noscript>words`, "words"},
		{`<iframe srcdoc="<script>1</script>"><b>x</b></iframe>words`, "words"},
		{`<textarea><script>1</script></textarea>words`, "words"},
		{`<title></title><img onerror=alert(1) src=x>words`, "words"},
		{`<svg onload=alert(1)><a href="javascript:alert(1)">link</a></svg>`, "link"},
		{`<!-- <script>alert(1)</script> -->words<!doctype html><?php x ?>`, "words"},
		{"<div\nonclick=alert(1)\n>words</div>", "words"},
		{"<script>never closed", ""},
		{`<a href="x">broken <a <b>words`, "broken words"},
	} {
		assert.Equal(t, tt.want, plainText(tt.in), tt.in)
	}
}

func TestPlainTextIsBounded(t *testing.T) {
	for _, in := range []string{strings.Repeat("長", 3*maxDescription), "<p>" + strings.Repeat("長", 3*maxDescription), strings.Repeat("<p>長い</p>", 2*maxDescription), strings.Repeat("\U0001F45C", 3*maxDescription)} {
		got := plainText(in)
		assert.Equal(t, maxDescription, utf8.RuneCountInString(got))
		assert.True(t, utf8.ValidString(got))
	}
}

// Words that look like markup once they are decoded leave no bracket on the wire either.
func TestDescriptionsOnTheWire(t *testing.T) {
	f := recorded(t, []byte(`{"result":{"success":true,"result":{"offerId":1,"descriptionTrans":"&lt;script&gt;alert(1)&lt;/script&gt;<b>x</b>"}}}`))
	body, err := f.fromJapan(1)
	require.NoError(t, err)
	assert.NotContains(t, string(body), "<")
	assert.Contains(t, string(body), `alert(1)`)
}

// A link that is given as it is must be one that taking it apart would not change.
func TestPlainLinksAreThoseThatStay(t *testing.T) {
	links := []string{
		"https://a.example.com/img/ibank/O1CN_2-x.jpg", "https://a.example.com", "https://a.example.com/", "https://a.example.com//b/../c.jpg", "https://a.example.com./b",
		"https://A.example.com/b", "https://a.example.com:443/b", "https://a.example.com/b?c=d", "https://a.example.com/b#c", "https://a.example.com/b%2Fc", "https://a.example.com/毛",
		"https://a.example.com/b c", "https://a.example.com/b\\c", "https://u:p@a.example.com/b", "https://localhost/b", "https://127.0.0.1/b", "https://a.0x7f/b", "https:///b",
		"http://a.example.com/b", "//a.example.com/b", " https://a.example.com/b", "https://a..com/b", "https://a.local/b", "https://a.example.com/" + strings.Repeat("b", maxURL), "",
	}
	plain := 0
	for _, link := range links {
		if !isPlain(link) {
			continue
		}
		plain++
		u := parseURL(link)
		require.NotNil(t, u, link)
		assert.Equal(t, link, upgrade(u))
	}
	assert.Equal(t, 5, plain)
}
