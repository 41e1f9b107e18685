package sandbox

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func (f *fixture) offerAct(o *offer, action, body string, want int) map[string]any {
	f.t.Helper()
	return f.control("POST", "/offers/"+itoa(o.id)+"/actions/"+action, body, want)
}

func (f *fixture) offerDetail(o *offer) map[string]any {
	f.t.Helper()
	return f.call(detailAPI, map[string]string{"offerDetailParam": fmt.Sprintf(`{"offerId":%d,"country":"en"}`, o.id)})
}

// Product messages come for followed products only, and tell of something that really happened.
func TestProductMessages(t *testing.T) {
	h := newHook(t)
	dir := t.TempDir()
	f := start(t, Options{Subscribers: []string{h.URL}, Dir: dir})
	o, k := f.pickOffer(func(o *offer) bool {
		return o.traits&^(dropship) == curated|dropship || o.traits == curated && o.quoteType == 1
	})
	f.offerAct(o, "audit", "", 200)
	f.call(followAPI, map[string]string{"offerId": itoa(o.id)})
	n := 0
	last := func(more int) []map[string]any {
		n += more
		h.wait(t, n)
		require.Len(t, h.messages(), n)
		return h.messages()[n-more:]
	}
	const view = "PRODUCT_RELATION_VIEW_PRODUCT_"

	f.offerAct(o, "delist", "", 200)
	got := last(2)
	assert.Equal(t, view+"EXPIRE", got[0]["type"])
	assert.Equal(t, map[string]any{
		"productIds": itoa(o.id), "memberId": f.srv.cat.Load().seller(o.seller).memberID, "status": "RELATION_VIEW_PRODUCT_EXPIRE", "msgSendTime": plainTime(newClock().now()),
	}, got[0]["data"])
	assert.Equal(t, view+"CHANGE", got[1]["type"])
	assert.Equal(t, "member_expired", at(t, got[1], "data", "action"))
	assert.Equal(t, "expired", at(t, f.offerDetail(o), "result", "result", "status"))

	f.offerAct(o, "relist", "", 200)
	assert.Equal(t, view+"REPOST", last(2)[0]["type"])
	assert.Equal(t, "published", at(t, f.offerDetail(o), "result", "result", "status"))

	f.offerAct(o, "price", `{"priceFen":123456}`, 200)
	more := 3
	if o.traits&dropship != 0 {
		more++
	}
	got = last(more)
	assert.Equal(t, view+"NEW_OR_MODIFY", got[0]["type"])
	assert.Equal(t, "PRODUCT_PFT_OFFER_PRICE_MODIFY", got[more-1]["type"])
	assert.Equal(t, "1234.56", at(t, f.offerDetail(o), "result", "result", "productSaleInfo", "priceRangeList", 0, "price"))
	assert.Equal(t, "123456", fmt.Sprint(f.control("GET", "/offers/"+itoa(o.id), "", 200)["priceFen"]))

	before := f.srv.left(k)
	f.offerAct(o, "stock", `{"skuId":"`+itoa(k.id)+`","by":-7}`, 200)
	got = last(1)
	change := at(t, got[0], "data", "OfferInventoryChangeList", 0).(map[string]any)
	assert.Equal(t, "PRODUCT_PRODUCT_INVENTORY_CHANGE", got[0]["type"])
	assert.Equal(t, []string{itoa(k.id), itoa(before - 7), "-7"}, []string{fmt.Sprint(change["skuId"]), fmt.Sprint(change["skuOnSale"]), fmt.Sprint(change["quantity"])})
	assert.IsType(t, "", change["bizTime"])

	f.offerAct(o, "curated-quit", "", 200)
	assert.Equal(t, "PRODUCT_PFT_OFFER_QUIT", last(1)[0]["type"])
	f.offerAct(o, "curated-quit", "", 409)
	f.offerAct(o, "distribute", "", 200)
	assert.Equal(t, map[string]any{"offerId": itoa(o.id), "userInfo": newBuyer(DemoKey).memberID, "action": "distribution"}, last(1)[0]["data"])
	f.offerAct(o, "modify", "", 200)
	assert.Equal(t, view+"NEW_OR_MODIFY", last(2)[0]["type"])

	f.offerAct(o, "delete", "", 200)
	assert.Equal(t, view+"DELETE", last(2)[0]["type"])
	assert.Equal(t, false, at(t, f.offerDetail(o), "result", "success"))
	f.offerAct(o, "relist", "", 409)

	for action, body := range map[string]string{"price": `{}`, "stock": `{"by":-99999999999}`, "nonsense": ``, "distribute": `{"app":"nobody"}`} {
		want := 400
		if action == "nonsense" || action == "distribute" {
			want = 404
		}
		f.offerAct(o, action, body, want)
	}
	f.offerAct(&offer{id: 1}, "delist", "", 404)

	g := start(t, Options{Dir: dir}) // and it is all still so after a restart
	now := g.srv.cat.Load().find(o.id)
	assert.Equal(t, int64(123456), now.price)
	assert.Equal(t, delisted, now.traits&(delisted|curated))
	assert.Equal(t, false, at(t, g.offerDetail(o), "result", "success"))
}

// Buying a followed product tells of its stock, and search follows what happened to an offer.
func TestTradeAndSearchSeeTheOffer(t *testing.T) {
	h := newHook(t)
	f := start(t, Options{Subscribers: []string{h.URL}})
	o, k := f.pickOffer(plainOffer)
	f.call(followAPI, map[string]string{"offerId": itoa(o.id)})
	before := f.srv.left(k)
	f.create("S")
	h.wait(t, 2)
	for _, m := range h.messages() {
		if m["type"] == "PRODUCT_PRODUCT_INVENTORY_CHANGE" {
			assert.Equal(t, itoa(before-5), fmt.Sprint(at(t, m, "data", "OfferInventoryChangeList", 0, "skuOnSale")))
		}
	}
	assert.ElementsMatch(t, []string{"PRODUCT_PRODUCT_INVENTORY_CHANGE", "BUYER_MAKE"}, h.topics())

	found := func() bool {
		for page := 1; ; page++ {
			data := at(t, f.search(obj{"keyword": o.title("zh"), "beginPage": page, "pageSize": 50}), "result", "data").([]any)
			for _, d := range data {
				if fmt.Sprint(at(t, d, "offerId")) == itoa(o.id) {
					return true
				}
			}
			if len(data) < 50 {
				return false
			}
		}
	}
	assert.True(t, found())
	f.offerAct(o, "delist", "", 200)
	assert.False(t, found())
	f.offerAct(o, "relist", "", 200)
	assert.True(t, found())
}
