package sandbox

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func findAll(t *testing.T, c *catalogue, q offerQuery) ([]int32, int) {
	t.Helper()
	ids, n, ref := c.page(&q, 0, len(c.offers))
	require.Nil(t, ref)
	return ids, n
}

func TestEveryChoiceKeyFilters(t *testing.T) {
	c := fullSize()
	all, total := findAll(t, c, offerQuery{Keyword: "包"})
	require.Len(t, all, total)
	assert.Len(t, choiceKeys, 38, "the fact book's 28 keys and ten regional lines")
	for _, key := range choiceKeys {
		ids, n := findAll(t, c, offerQuery{Keyword: "包", Filter: text(key)})
		assert.Positive(t, n, "%s leaves nothing", key)
		assert.Less(t, n, total, "%s filters nothing", key)
		for _, i := range ids {
			assert.True(t, c.offers[i].has(key))
		}
	}
	_, n := findAll(t, c, offerQuery{Keyword: "包", Filter: "noSuchKey, "})
	assert.Equal(t, total, n, "unknown keys are ignored")
	count := func(filter text) int { _, n := findAll(t, c, offerQuery{Keyword: "包", Filter: filter}); return n }
	assert.Equal(t, count("totalEpScoreLv1")+count("totalEpScoreLv3"), count("totalEpScoreLv1,totalEpScoreLv3"), "alternatives of one group")
	assert.Less(t, count("totalEpScoreLv1,isOnePsale"), min(count("totalEpScoreLv1"), count("isOnePsale")), "groups must all fit")
	assert.Greater(t, count("JPFL,KRFL"), count("JPFL"))
}

func TestFiltersAgreeWithWhatHitsShow(t *testing.T) {
	c := fullSize()
	rate := func(v any) int64 { n, _, _ := strings.Cut(v.(string), "%"); r, _ := num(n).int(); return r }
	for key, holds := range map[string]func(h obj) bool{
		"getRate24HLv3": func(h obj) bool { return rate(h["productSimpleShippingInfo"].(obj)["pickupWithin24hRate30d"]) >= 99 },
		"getRate48HLv1": func(h obj) bool { return rate(h["productSimpleShippingInfo"].(obj)["perfectFulfillmentRate30d"]) < 95 },
		"shipIn48Hours": func(h obj) bool {
			return h["productSimpleShippingInfo"].(obj)["shippingTimeGuarantee"] == "shipIn48Hours"
		},
		"1688Selection": func(h obj) bool { return h["isJxhy"] == true && h["priceInfo"].(obj)["pfJxhyPrice"] != nil },
		"isOnePsale": func(h obj) bool {
			return (h["isOnePsale"] == true || h["onePsale"] == true) && h["priceInfo"].(obj)["consignPrice"] != nil
		},
		"new7": func(h obj) bool { return h["createDate"].(string) >= "2025-12-25" },
		"qrr0": func(h obj) bool { return h["productSimpleShippingInfo"].(obj)["qualityReturnRate30d"] == "" },
	} {
		ids, _, _ := c.page(&offerQuery{Keyword: "女装", Filter: text(key)}, 0, 40)
		require.NotEmpty(t, ids)
		for _, i := range ids {
			assert.True(t, holds(c.hit(&c.offers[i], "en", "")), key)
		}
	}
}

func TestSearchNarrowing(t *testing.T) {
	c := fullSize()
	bags, clothes := topCategoryID(5), topCategoryID(0)
	_, nBags := findAll(t, c, offerQuery{Category: num(itoa(bags))})
	_, nClothes := findAll(t, c, offerQuery{Category: num(itoa(clothes))})
	_, both := findAll(t, c, offerQuery{Category: num(itoa(bags)), Categories: text(itoa(clothes) + ", " + itoa(bags))})
	assert.Equal(t, nBags+nClothes, both, "categoryIdList is a union")
	_, none := findAll(t, c, offerQuery{Category: "5"})
	assert.Zero(t, none)
	for _, level := range []int64{bags, secondCategoryID(20), thirdCategoryID(100)} {
		ids, _ := findAll(t, c, offerQuery{Categories: text(itoa(level))})
		require.NotEmpty(t, ids)
		for _, i := range ids {
			three := c.offers[i].categories()
			assert.Contains(t, three[:], level)
		}
	}
	sub := 0
	for i := range collections {
		_, n := findAll(t, c, offerQuery{Collection: text(itoa(firstCollection + int64(i)))})
		sub += n
	}
	_, everything := findAll(t, c, offerQuery{})
	assert.Equal(t, everything, sub, "every product is in one assortment")
	_, japan := findAll(t, c, offerQuery{Keyword: "包", Region: "JP"})
	_, korea := findAll(t, c, offerQuery{Keyword: "包", Region: "kr"})
	_, bag := findAll(t, c, offerQuery{Keyword: "包"})
	assert.NotEqual(t, japan, korea)
	assert.Less(t, japan, bag)
	ids, red := findAll(t, c, offerQuery{Keyword: "dress", SnID: "3216:28303"})
	assert.Positive(t, red)
	for _, i := range ids {
		assert.Contains(t, c.offers[i].colours(), 2)
	}
	_, zh := findAll(t, c, offerQuery{Keyword: "dress", Translate: "true"})
	assert.Zero(t, zh, "the words are said to be Chinese")
	_, zh = findAll(t, c, offerQuery{Keyword: "连衣裙", Translate: "true", Country: "en"})
	assert.Positive(t, zh)
}

func TestSalesWindows(t *testing.T) {
	c := fullSize()
	ask := func(windows string) ([]int32, *refusal) {
		var q offerQuery
		require.NoError(t, json.Unmarshal([]byte(`{"keyword":"包","saleFilterList":`+windows+`}`), &q))
		ids, _, ref := c.page(&q, 0, len(c.offers))
		return ids, ref
	}
	ids, ref := ask(`[{"saleType":"sales7","saleStart":"100","saleEnd":"500"},{"saleType":"totalSales","saleStart":5000}]`)
	require.Nil(t, ref)
	require.NotEmpty(t, ids)
	for _, i := range ids {
		sold := int64(c.offers[i].monthSold)
		assert.True(t, sold/4 >= 100 && sold/4 <= 500 && sold*9 >= 5000, sold)
	}
	for _, bad := range []string{`[{"saleType":"sales9"}]`, `[{"saleType":"sales7","saleStart":"many"}]`} {
		_, ref := ask(bad)
		assert.NotNil(t, ref, bad)
	}
}

func TestSortsOverTheWholeResult(t *testing.T) {
	c := fullSize()
	value := map[string]func(*offer) int64{
		"price": func(o *offer) int64 { return o.price }, "onePPrice": func(o *offer) int64 { return o.price }, "monthSold": func(o *offer) int64 { return int64(o.monthSold) },
		"monthSoldOut": func(o *offer) int64 { return int64(o.monthSold) }, "rePurchaseRate": func(o *offer) int64 { return int64(o.repurchase) },
	}
	plain, _ := findAll(t, c, offerQuery{Keyword: "靴", Country: "ja"})
	for key, of := range value {
		for _, direction := range []string{"asc", "desc"} {
			sort := jsonText(`{"` + key + `":"` + direction + `"}`)
			ids, _ := findAll(t, c, offerQuery{Keyword: "靴", Country: "ja", Sort: sort})
			assert.ElementsMatch(t, plain, ids)
			assert.True(t, slices.IsSortedFunc(ids, func(a, b int32) int {
				if direction == "desc" {
					a, b = b, a
				}
				return int(of(&c.offers[a]) - of(&c.offers[b]))
			}), sort)
			page, _, _ := c.page(&offerQuery{Keyword: "靴", Country: "ja", Sort: sort}, 40, 60)
			assert.Equal(t, ids[40:60], page, "pages are cut from the same order")
			mine := slices.Clone(plain)
			require.Nil(t, c.order(mine, sort))
			assert.Equal(t, of(&c.offers[ids[0]]), of(&c.offers[mine[0]]))
		}
	}
}

func TestRanking(t *testing.T) {
	c := fullSize()
	ids, _ := findAll(t, c, offerQuery{Keyword: "dress", Country: "en"})
	first := slices.IndexFunc(ids, func(i int32) bool { return words().nouns[c.offers[i].noun].word[english] != "dress" })
	require.Positive(t, first)
	for _, i := range ids[first:] {
		assert.NotEqual(t, "dress", words().nouns[c.offers[i].noun].word[english], "the product itself comes before longer names")
	}
	assert.True(t, slices.IsSortedFunc(ids[:first], func(a, b int32) int { return int(c.offers[b].monthSold - c.offers[a].monthSold) }), "equals by sales")
	glass, _ := findAll(t, c, offerQuery{Keyword: "glass mug", Country: "en"})
	for _, i := range glass {
		assert.Equal(t, "玻璃", words().materials[c.offers[i].material][0], "all words must fit")
	}
	some, n := findAll(t, c, offerQuery{Keyword: "cashmere suitcase", Country: "en"})
	require.Greater(t, n, 100, "nothing is both, so either")
	assert.Equal(t, "suitcase", words().nouns[c.offers[some[0]].noun].word[english], "the product before the material")
	for _, i := range slices.Concat(ids, some) {
		assert.Zero(t, c.offers[i].traits&delisted)
	}
}

func TestPagesEndAtTwoThousand(t *testing.T) {
	f := start(t, Options{Offers: 20_000})
	q := obj{"keyword": "", "categoryIdList": itoa(topCategoryID(0)) + "," + itoa(topCategoryID(3)) + "," + itoa(topCategoryID(7)), "pageSize": 50}
	seen := map[any]bool{}
	for _, page := range []int{1, 2, 39, 40} {
		q["beginPage"] = page
		r := f.search(q)
		assert.Equal(t, json.Number("2000"), at(t, r, "result", "totalRecords"))
		assert.Equal(t, json.Number("40"), at(t, r, "result", "totalPage"))
		for _, h := range hitsOf(t, r) {
			seen[h["offerId"]] = true
		}
	}
	assert.Len(t, seen, 200)
	for _, page := range []any{41, 1 << 40, "9223372036854775807"} {
		q["beginPage"] = page
		assert.Empty(t, hitsOf(t, f.search(q)), page)
	}
	q["pageSize"], q["beginPage"] = 30, 67 // the last page is cut off
	assert.Len(t, hitsOf(t, f.search(q)), 20)
}

// The hand-written JSON of a hit must be what its fields say, in any language and with any picture host.
func TestHitIsJSON(t *testing.T) {
	c := newCatalogue(3, 120)
	for i := range c.offers {
		for _, lang := range langs {
			h := c.hit(&c.offers[i], lang, "http://a\"b\\c\n\x01\xff")
			assert.Equal(t, c.offers[i].title(lang), h["subjectTrans"])
			assert.NotContains(t, h["subjectTrans"], "  ")
		}
	}
	o := &c.offers[0]
	assert.Equal(t, plainTime(o.created()), c.hit(o, "en", "")["createDate"])
}

func TestChangedOfferIsFoundAsItIs(t *testing.T) {
	f := start(t, Options{})
	o, _ := f.pickOffer(plainOffer)
	word := words().nouns[o.noun].word[0]
	found := func() bool {
		for _, h := range hitsOf(t, f.search(obj{"keyword": word, "country": "zh", "pageSize": 50, "sort": `{"price":"asc"}`})) {
			if h["offerId"] == json.Number(itoa(o.id)) {
				return true
			}
		}
		return false
	}
	require.True(t, found())
	f.control("POST", "/offers/"+itoa(o.id)+"/actions/delist", "", 200)
	assert.False(t, found())
	assert.Equal(t, "expired", at(t, f.detail(o.id, "ja"), "result", "status"))
	f.control("POST", "/offers/"+itoa(o.id)+"/actions/relist", "", 200)
	assert.True(t, found())
}

func FuzzOfferQuery(f *testing.F) {
	s, err := New(Options{Offers: 400})
	require.NoError(f, err)
	for _, seed := range []string{
		`{"keyword":"饼干","beginPage":1,"pageSize":20,"country":"ja","sort":"{\"price\":\"asc\"}"}`, `{"offerId":554456348334,"country":"ja","currency":"HKD"}`,
		`{"keyword":null,"beginPage":"1","pageSize":1e9,"country":[],"saleFilterList":[{"saleType":"sales7","saleStart":-1}]}`, `[]`, `null`, `{"sort":{"price":"asc"}}`,
		`{"keyword":"\ud800 เสื้อ ﾃﾞﾆﾑ","beginPage":"9223372036854775807","pageSize":50,"country":"xx_YY","snId":"973:28105,:","productCollectionId":"x","regionOpp":"JP","keywordTranslate":true}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, arg string) {
		for _, a := range catalogueAPIs() {
			c := &call{api: &a, args: map[string][]string{a.required[0]: {arg}}, base: "http://x"}
			payload, ref := a.handle(s, c)
			if ref != nil && ref.code == "" {
				t.Fatal("a refusal without a code")
			}
			if c.raw != nil && !json.Valid(c.raw) {
				t.Fatalf("no JSON: %s", c.raw)
			}
			_ = marshal(payload)
		}
	})
}
