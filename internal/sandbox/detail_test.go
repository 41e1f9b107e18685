package sandbox

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func detailOf(t *testing.T, f *fixture, extra string, ok func(*offer) bool) map[string]any {
	t.Helper()
	c := f.srv.cat.Load()
	for i := range c.offers {
		if o := &c.offers[i]; ok(o) {
			a := f.call("com.alibaba.fenxiao.crossborder/product.search.queryProductDetail", map[string]string{"offerDetailParam": fmt.Sprintf(`{"offerId":%d,"country":"ru"%s}`, o.id, extra)})
			return at(t, a, "result", "result").(map[string]any)
		}
	}
	require.Fail(t, "no such offer")
	return nil
}

func TestDetailTraits(t *testing.T) {
	f := start(t, Options{Offers: 2000})
	has := func(want, not trait) func(*offer) bool {
		return func(o *offer) bool { return o.traits&want == want && o.traits&not == 0 }
	}
	three := detailOf(t, f, "", has(threeDims, zeroPriceSKU|tiered|singleSpec))
	assert.Len(t, at(t, three, "productSkuInfos", 0, "skuAttributes"), 3-btoi(len(sizeless(f, three)) == 0))
	pack := at(t, three, "productSkuInfos", 2, "skuAttributes").([]any)
	assert.Equal(t, "набор из 3 шт.", at(t, pack[len(pack)-1], "valueTrans"))
	assert.Greater(t, fenOf(t, at(t, three, "productSkuInfos", 2, "price")), 2*fenOf(t, at(t, three, "productSkuInfos", 0, "price")))

	yx := detailOf(t, f, "", has(curated, singleSpec))
	assert.Equal(t, true, yx["isJxhy"])
	assert.Contains(t, yx["tagInfoList"], map[string]any{"key": "1688_yx", "value": true})
	assert.Contains(t, yx["offerIdentities"], "yx")
	assert.NotNil(t, at(t, yx, "productSkuInfos", 0, "pfJxhyPrice"))

	promo := detailOf(t, f, "", has(promoted, singleSpec))
	assert.Equal(t, "plus", at(t, promo, "promotionModel", "promotionType"))
	assert.NotNil(t, at(t, promo, "productSkuInfos", 0, "promotionPrice"))
	assert.NotEmpty(t, at(t, detailOf(t, f, "", has(channelPriced, 0)), "channelPrice", "channelSkuPriceList"))
	assert.NotEmpty(t, at(t, detailOf(t, f, "", has(certified, 0)), "certificateList", 0, "certificateCode"))
	assert.Contains(t, detailOf(t, f, "", has(filmed, 0))["mainVideo"], ".mp4")
	assert.Nil(t, detailOf(t, f, "", has(0, filmed))["mainVideo"])
	bare := detailOf(t, f, "", has(sparse, 0))
	for _, field := range []string{"categoryName", "sellerDataInfo", "tradeScore", "sellingPoint", "productCargoNumber"} {
		assert.Contains(t, bare, field)
		assert.Nil(t, bare[field], field)
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// sizeless gives the sizes of a product's kind, so that a test knows how many dimensions to expect.
func sizeless(f *fixture, d map[string]any) []string {
	id, _ := d["offerId"].(json.Number).Int64()
	return sizeSets[words().nouns[f.srv.cat.Load().find(id).noun].sizes]
}

func fenOf(t *testing.T, v any) int64 {
	t.Helper()
	n, ok := parseYuan(v.(string))
	require.True(t, ok)
	return n
}

func TestDelistedStatusesVary(t *testing.T) {
	c := fullSize()
	seen := map[string]bool{}
	for i := range c.offers {
		seen[c.offers[i].status()] = true
	}
	assert.Len(t, seen, len(offStatuses)+1)
}

func TestForeignCurrency(t *testing.T) {
	f := start(t, Options{})
	plain := func(o *offer) bool { return plainOffer(o) && o.traits&(promoted|sparse) == promoted }
	assert.NotContains(t, at(t, detailOf(t, f, "", plain), "productSkuInfos", 0), "foreignCurrencyPrice")
	for code, want := range map[string]string{"HKD": "10.9", "usd": "1.4", "JPY": "208", "KRW": "1950", "VND": "36000", "MYR": "6.1", "THB": "47.5", "SGD": "1.85", "EUR": "1.28"} {
		k := at(t, detailOf(t, f, `,"currency":"`+code+`"`, plain), "productSkuInfos", 0).(map[string]any)
		r, ok := rateOf(code)
		require.True(t, ok)
		assert.Equal(t, want, string(marshal(r.of(1000))), "ten yuan in "+code)
		for field, base := range map[string]string{"foreignCurrencyPrice": "price", "foreignCurrencyPromotionPrice": "promotionPrice", "foreignCurrencyRetailPrice": "retailPrice"} {
			assert.Equal(t, string(marshal(r.of(fenOf(t, k[base])))), k[field].(json.Number).String(), field)
		}
	}
	o, _ := f.pickOffer(plainOffer)
	a := f.call("com.alibaba.fenxiao.crossborder/product.search.queryProductDetail", map[string]string{"offerDetailParam": fmt.Sprintf(`{"offerId":%d,"country":"ja","currency":"XYZ"}`, o.id)})
	assert.Equal(t, false, at(t, a, "result", "success"))
}

func TestOfferListPages(t *testing.T) {
	f := start(t, Options{})
	first := f.control("GET", "/offers?trait=curated&limit=3", "", 200)
	second := f.control("GET", "/offers?trait=curated&limit=2&offset=2", "", 200)
	assert.Equal(t, first["total"], second["total"])
	assert.Equal(t, at(t, first, "offers", 2, "offerId"), at(t, second, "offers", 0, "offerId"))
	f.control("GET", "/offers?trait=nonsense", "", 400)
}
