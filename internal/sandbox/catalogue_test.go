package sandbox

import (
	"encoding/json"
	"fmt"
	"image/jpeg"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const searchAPI = "com.alibaba.fenxiao.crossborder/product.search.keywordQuery"

func (f *fixture) search(q obj) map[string]any {
	f.t.Helper()
	for k, v := range (obj{"keyword": "", "beginPage": 1, "pageSize": 20, "country": "ja"}) {
		if _, ok := q[k]; !ok {
			q[k] = v
		}
	}
	a := f.call(searchAPI, map[string]string{"offerQueryParam": string(marshal(q))})
	return at(f.t, a, "result").(map[string]any)
}

func hitsOf(t *testing.T, result map[string]any) []map[string]any {
	t.Helper()
	var out []map[string]any
	for _, h := range at(t, result, "result", "data").([]any) {
		out = append(out, h.(map[string]any))
	}
	return out
}

// fullSize is the default catalogue, built once for the tests that only read it.
var fullSize = sync.OnceValue(func() *catalogue { return newCatalogue(1688, 20_000) })

func TestSearchInEachLanguage(t *testing.T) {
	c := fullSize()
	for _, q := range []struct{ country, keyword, title, translated string }{
		{"zh", "连衣裙", "连衣裙", "连衣裙"},
		{"zh", "韩版连衣裙", "连衣裙", "韩版"},
		{"zh", "夏季女装", "夏季", "女"},
		{"zh", "裤子", "裤", "裤"},
		{"zh", "耳机", "耳机", "耳机"},
		{"ja", "スマホケース", "手机壳", "スマホケース"},
		{"ja", "コットン Tシャツ", "纯棉", "Tシャツ"},
		{"ja", "コットンTシャツ", "T恤", "Tシャツ"},
		{"ja", "Ｔシャツ", "T恤", "Tシャツ"}, // full width
		{"japan", "傘", "雨伞", "傘"},
		{"en", "Dresses for summer", "夏季", "dress"},
		{"en", "phone case", "手机壳", "phone case"},
		{"en", "backp", "双肩包", "backpack"},
		{"en", "wireless headphones", "头戴式耳机", "headphones"},
		{"en", "women's shoes", "女", "for women"},
		{"ko", "원피스", "连衣裙", "원피스"},
		{"ko", "무선이어폰", "蓝牙耳机", "무선 이어폰"},  // without the space
		{"korea", "블루투스원피스", "连衣裙", "원피스"}, // no such thing: the product before the rest
		{"vi", "áo thun", "T恤", "áo thun"},
		{"vi", "ao thun", "T恤", "áo thun"}, // typed without accents
		{"vietnam", "cặp sách", "书包", "cặp sách"},
		{"ms", "beg galas belakang", "双肩包", "beg galas belakang"},
		{"malaysia", "payung", "雨伞", "payung"},
		{"th", "เสื้อยืด", "T恤", "เสื้อยืด"},
		{"thailand", "เสื้อยืดผ้าฝ้าย", "T恤", "ผ้าฝ้าย"},
		{"id", "ransel", "双肩包", "ransel"},
		{"id", "tas wanita", "女", "wanita"},
		{"ru", "платье", "连衣裙", "платье"},
		{"ru", "платья для женщин", "裙", "платье"},
		{"ru", "кроссовок", "运动鞋", "кроссовки"}, // other cases find the word too
		{"russia", "беспроводные наушники", "蓝牙耳机", "беспроводные наушники"},
		{"ja", "backpack", "双肩包", "リュック"}, // words of another language
		{"fr", "雨伞", "雨伞", "umbrella"},    // unknown language: English titles
	} {
		t.Run(q.country+" "+q.keyword, func(t *testing.T) {
			ids, n, ref := c.page(&offerQuery{Keyword: q.keyword, Country: q.country}, 0, 5)
			require.Nil(t, ref)
			require.NotEmpty(t, ids)
			assert.Less(t, n, 2500, "a word finds what it means, not everything")
			for _, i := range ids {
				assert.Contains(t, c.offers[i].title("zh"), q.title)
				assert.Contains(t, strings.ToLower(c.offers[i].title(language(q.country))), strings.ToLower(q.translated))
			}
		})
	}
	for _, nonsense := range []string{"qwertyuiop", "!!!", "龘龘", "and the", "ъъъъ"} {
		assert.Empty(t, c.hits(nonsense), nonsense)
	}
}

func TestSearchHitShape(t *testing.T) {
	f := start(t, Options{})
	r := f.search(obj{"keyword": "スマホケース", "pageSize": 3})
	assert.Equal(t, true, r["success"])
	assert.Equal(t, "200", r["code"])
	page := at(t, r, "result").(map[string]any)
	assert.ElementsMatch(t, []string{"totalRecords", "totalPage", "pageSize", "currentPage", "data"}, keys(page))
	h := hitsOf(t, r)[0]
	for _, k := range []string{"offerId", "subject", "subjectTrans", "imageUrl", "isJxhy", "priceInfo", "repurchaseRate", "monthSold", "traceInfo", "sellerIdentities",
		"topCategoryId", "thirdCategoryId", "createDate", "minOrderQuantity", "sellerDataInfo", "promotionURL", "invoiceInfo", "productSimpleShippingInfo"} {
		assert.Contains(t, h, k)
	}
	assert.Len(t, h["offerId"].(json.Number).String(), 12)
	assert.Regexp(t, `^\d+\.\d\d$`, at(t, h, "priceInfo", "price"), "yuan as text")
	assert.Regexp(t, `^\d+%$`, h["repurchaseRate"])

	res, err := http.Get(h["imageUrl"].(string))
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	img, err := jpeg.Decode(res.Body)
	require.NoError(t, err)
	assert.Equal(t, pictureSize, img.Bounds().Dx())
}

func keys(m map[string]any) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	return out
}

func TestSearchFiltersSortsAndPages(t *testing.T) {
	f := start(t, Options{})
	price := func(h map[string]any) int64 {
		v, ok := parseYuan(at(t, h, "priceInfo", "price").(string))
		require.True(t, ok)
		return v
	}
	t.Run("price bounds and order", func(t *testing.T) {
		hits := hitsOf(t, f.search(obj{"keyword": "バッグ", "priceStart": "10", "priceEnd": "60.5", "sort": `{"price":"asc"}`, "pageSize": 50}))
		require.Greater(t, len(hits), 3)
		assert.True(t, slices.IsSortedFunc(hits, func(a, b map[string]any) int { return int(price(a) - price(b)) }))
		assert.GreaterOrEqual(t, price(hits[0]), int64(1000))
		assert.LessOrEqual(t, price(hits[len(hits)-1]), int64(6050))
	})
	t.Run("sales downwards", func(t *testing.T) {
		hits := hitsOf(t, f.search(obj{"keyword": "靴", "sort": `{"monthSold":"desc"}`}))
		require.Greater(t, len(hits), 3)
		sold := func(h map[string]any) int64 { n, _ := h["monthSold"].(json.Number).Int64(); return n }
		assert.True(t, slices.IsSortedFunc(hits, func(a, b map[string]any) int { return int(sold(b) - sold(a)) }))
	})
	t.Run("filter", func(t *testing.T) {
		hits := hitsOf(t, f.search(obj{"keyword": "レディース服", "filter": "isOnePsale,shipIn24Hours"}))
		require.NotEmpty(t, hits)
		for _, h := range hits {
			assert.Equal(t, "shipIn24Hours", at(t, h, "productSimpleShippingInfo", "shippingTimeGuarantee"))
			assert.True(t, h["isOnePsale"] == true || h["onePsale"] == true)
		}
	})
	t.Run("category without keyword", func(t *testing.T) {
		cat := hitsOf(t, f.search(obj{"keyword": "傘"}))[0]["secondCategoryId"]
		for _, h := range hitsOf(t, f.search(obj{"keyword": "", "categoryId": cat})) {
			assert.Equal(t, cat, h["secondCategoryId"])
		}
	})
	t.Run("pages do not overlap and end", func(t *testing.T) {
		seen := map[any]bool{}
		for page := 1; ; page++ {
			r := f.search(obj{"keyword": "コットン", "pageSize": 7, "beginPage": page})
			hits := hitsOf(t, r)
			if len(hits) == 0 {
				assert.Equal(t, at(t, r, "result", "totalRecords"), json.Number(fmt.Sprint(len(seen))))
				break
			}
			for _, h := range hits {
				assert.False(t, seen[h["offerId"]])
				seen[h["offerId"]] = true
			}
		}
	})
	for name, q := range map[string]obj{
		"page 0": {"keyword": "傘", "beginPage": 0}, "page size": {"keyword": "傘", "pageSize": 51}, "nothing asked": {"keyword": ""},
		"sort": {"keyword": "傘", "sort": "price"}, "price": {"keyword": "傘", "priceStart": "x"}, "sort key": {"keyword": "傘", "sort": `{"size":"asc"}`},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, false, f.search(q)["success"]) })
	}
}

func (f *fixture) detail(offer int64, country string) map[string]any {
	f.t.Helper()
	a := f.call("com.alibaba.fenxiao.crossborder/product.search.queryProductDetail",
		map[string]string{"offerDetailParam": fmt.Sprintf(`{"offerId":%d,"country":%q}`, offer, country)})
	return at(f.t, a, "result").(map[string]any)
}

func TestDetailShapes(t *testing.T) {
	f := start(t, Options{})
	detailOf := func(t *testing.T, ok func(*offer) bool) map[string]any {
		t.Helper()
		c := f.srv.cat.Load()
		for i := range c.offers {
			if ok(&c.offers[i]) {
				return at(t, f.detail(c.offers[i].id, "ja"), "result").(map[string]any)
			}
		}
		require.Fail(t, "none")
		return nil
	}
	t.Run("price per SKU", func(t *testing.T) {
		d := detailOf(t, plainOffer)
		for _, k := range []string{"offerId", "subject", "subjectTrans", "description", "productImage", "productAttribute", "productSaleInfo", "productShippingInfo",
			"sellerOpenId", "minOrderQuantity", "status", "tagInfoList", "sellerMixSetting", "sellerDataInfo", "soldOut", "tradeScore", "createDate", "promotionUrl", "companyName"} {
			assert.Contains(t, d, k)
		}
		assert.Equal(t, "published", d["status"])
		assert.Nil(t, d["batchNumber"])
		assert.IsType(t, "", d["isSelect"], "text here, a boolean in search")
		k := at(t, d, "productSkuInfos", 0).(map[string]any)
		assert.Regexp(t, `^[0-9a-f]{32}$`, k["specId"])
		assert.Regexp(t, `^\d{13}$`, k["skuId"].(json.Number).String())
		assert.Regexp(t, `^\d+\.\d\d$`, k["price"])
		assert.NotEqual(t, at(t, k, "skuAttributes", 0, "value"), at(t, k, "skuAttributes", 0, "valueTrans"))
		assert.Equal(t, json.Number("1"), at(t, d, "productSaleInfo", "quoteType"))
	})
	t.Run("single spec", func(t *testing.T) {
		d := detailOf(t, func(o *offer) bool { return o.traits == singleSpec })
		assert.NotContains(t, d, "productSkuInfos")
		assert.Equal(t, json.Number("0"), at(t, d, "productSaleInfo", "quoteType"))
		assert.Len(t, at(t, d, "productSaleInfo", "priceRangeList"), 3)
	})
	t.Run("tiers with SKUs", func(t *testing.T) {
		d := detailOf(t, func(o *offer) bool { return o.quoteType == 2 })
		assert.NotContains(t, at(t, d, "productSkuInfos", 0), "price")
	})
	t.Run("lots, mixing, delisted, sold out", func(t *testing.T) {
		assert.Equal(t, json.Number("6"), detailOf(t, func(o *offer) bool { return o.traits&batched != 0 })["batchNumber"])
		assert.Equal(t, true, at(t, detailOf(t, func(o *offer) bool { return o.traits&mixedBatch != 0 }), "sellerMixSetting", "generalHunpi"))
		assert.Equal(t, "expired", detailOf(t, func(o *offer) bool { return o.traits&delisted != 0 })["status"])
		assert.Equal(t, json.Number("0"), at(t, detailOf(t, func(o *offer) bool { return o.traits&outOfStock != 0 }), "productSaleInfo", "amountOnSale"))
	})
	assert.Equal(t, false, f.detail(1, "ja")["success"])
}

func TestEveryTraitOccursInTheDefaultCatalogue(t *testing.T) {
	f := start(t, Options{})
	for _, name := range traitNames {
		total, err := at(t, f.control("GET", "/offers?trait="+name, "", 200), "total").(json.Number).Int64()
		require.NoError(t, err)
		assert.GreaterOrEqual(t, total, int64(2), name)
	}
	found := at(t, f.control("GET", "/offers?keyword=%E3%82%B9%E3%83%9E%E3%83%9B%E3%82%B1%E3%83%BC%E3%82%B9&limit=1", "", 200), "offers", 0)
	assert.Contains(t, at(t, found, "titles", "ja"), "スマホケース")
	assert.IsType(t, "", at(t, found, "skus", 0, "skuId"), "ids are text")
}

func TestCatalogueFollowsItsSeed(t *testing.T) {
	view := func(c *catalogue, n int) string {
		var b strings.Builder
		for i := range c.offers[:n] {
			o := &c.offers[i]
			fmt.Fprintln(&b, o.id, o.title("ko"), o.price, o.moq, c.skus(o), c.seller(o.seller))
		}
		return b.String()
	}
	a := view(newCatalogue(5, 300), 300)
	assert.Equal(t, a, view(newCatalogue(5, 300), 300))
	assert.Equal(t, a, view(newCatalogue(5, 900), 300), "a larger catalogue begins with the smaller one")
	assert.NotEqual(t, a, view(newCatalogue(6, 300), 300))
}

func TestIDsAreUniqueAndPricesPositive(t *testing.T) {
	c := newCatalogue(7, 5000)
	for i := range c.offers {
		if c.find(c.offers[i].id) != &c.offers[i] || c.find(c.offers[i].id+1) != nil {
			t.Fatalf("offer %d is not found by its id", i)
		}
	}
	assert.Nil(t, c.find(0))
	assert.Nil(t, c.find(1<<62))
	skus, specs, n := map[int64]bool{}, map[string]bool{}, 0
	for i := range c.offers {
		o := &c.offers[i]
		if o.price <= 0 || o.moq <= 0 {
			t.Fatalf("offer %d costs %d from %d pieces", o.id, o.price, o.moq)
		}
		for _, k := range c.skus(o) {
			n++
			skus[k.id], specs[k.spec+itoa(k.id)] = true, true
			if o.traits&singleSpec == 0 && len(k.spec) != 32 {
				t.Fatalf("spec %q", k.spec)
			}
		}
	}
	assert.Len(t, skus, n)
	assert.Len(t, specs, n)
}

func FuzzKeyword(f *testing.F) {
	c := newCatalogue(1688, 400)
	for _, s := range []string{"", "スマホケース", "áo thun", "เสื้อ", "\xff", "a b c d e f g h"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, i := range c.hits(s) {
			if c.offers[i].traits&delisted != 0 {
				t.Fatal("a delisted offer was found")
			}
		}
	})
}
