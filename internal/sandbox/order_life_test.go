package sandbox

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	receiptAPI  = "com.alibaba.trade/trade.receivegoods.confirm"
	memoAPI     = "com.alibaba.trade/alibaba.order.memoAdd"
	feedbackAPI = "com.alibaba.trade/alibaba.trade.addFeedback"
	deleteAPI   = "com.alibaba.trade/trade.order.buyerdelete"
	changeAPI   = "com.alibaba.trade/order.receiveAddress.buyerUpdate"
)

// placed orders something and returns the order itself.
func (f *fixture) placed(fits func(*offer) bool, quantity int64, more map[string]string) *order {
	f.t.Helper()
	o, k := f.pickOffer(fits)
	args := map[string]string{"flow": "general", "addressParam": testAddress, "cargoParamList": "[" + cargo(o, k, quantity) + "]"}
	for name, v := range more {
		args[name] = v
	}
	id, _ := at(f.t, f.call(createAPI, args), "result", "orderId").(string)
	n, _ := num(id).int()
	require.NotNil(f.t, f.srv.orders[n])
	return f.srv.orders[n]
}

func TestStockTakenAtPayment(t *testing.T) {
	f := start(t, Options{Offers: 2000})
	fits := func(o *offer) bool { return o.traits&^dropship == stockAtPay }
	a, b := f.placed(fits, 60, nil), f.placed(fits, 60, nil)
	_, k := f.srv.skuOf(&a.Lines[0])
	assert.Equal(t, k.stock, f.srv.left(k), "ordering takes nothing")
	f.srv.mu.Lock()
	f.srv.stock[k.id] = 100
	f.srv.mu.Unlock()
	f.act(itoa(a.ID), "pay", "")
	assert.Equal(t, int64(40), f.srv.left(k))
	f.srv.mu.Lock()
	err := f.srv.pay(b, "alipay")
	f.srv.mu.Unlock()
	var short stockError
	require.ErrorAs(t, err, &short)
	assert.Equal(t, []int64{b.Lines[0].Offer}, short.offers)
	assert.Contains(t, err.Error(), "PRODUCT_TRADE_STAT_ERROR")
	assert.Equal(t, waitPay, b.Status)
	f.act(itoa(b.ID), "close-by-ops", "")
	assert.Equal(t, int64(40), f.srv.left(k), "what was never taken does not come back")
}

func TestStagedOrder(t *testing.T) {
	h := newHook(t)
	f := start(t, Options{Offers: 2000, Subscribers: []string{h.URL}})
	fits := func(o *offer) bool { return o.traits&^dropship == staged }
	o := f.placed(fits, 60, map[string]string{"tradeType": "37staged"})
	id, total := itoa(o.ID), o.total()
	assert.Less(t, o.owed(), total)
	f.act(id, "pay", "")
	assert.Equal(t, waitSend, o.Status)
	f.control("POST", "/orders/"+id+"/actions/ship", "", 409)
	steps := at(t, f.view(id), "result", "baseInfo", "newStepOrderList")
	assert.Equal(t, json.Number("2"), at(t, steps, 0, "payStatus"))
	assert.Equal(t, json.Number("1"), at(t, steps, 1, "payStatus"))
	f.act(id, "pay", "")
	assert.Equal(t, total, o.paidFen())
	f.act(id, "ship", "")
	h.wait(t, 4)
	assert.Equal(t, []string{"BUYER_MAKE", "ORDER_PAY", "ORDER_STEP_PAY", "ANNOUNCE_SENDGOODS"}, h.topics()[:4])
	left := f.placed(fits, 60, map[string]string{"tradeType": "37staged"})
	f.act(itoa(left.ID), "pay", "")
	f.control("POST", "/clock", `{"advance":700000}`, 200)
	assert.Equal(t, terminated, at(t, f.view(itoa(left.ID)), "result", "baseInfo", "status"), "the last stage was not paid in time")
}

func TestAccountPeriodNeedsNoMoney(t *testing.T) {
	f := start(t, Options{Offers: 2000})
	o, k := f.pickOffer(func(o *offer) bool { return grantsTerms(o.seller) && o.traits&^(dropship|mixedBatch) == 0 })
	a := f.call(createAPI, map[string]string{"flow": "general", "addressParam": testAddress, "tradeType": "period", "cargoParamList": "[" + cargo(o, k, 60) + "]"})
	assertDocumented(t, "alibaba.trade.createCrossOrder", a)
	assert.NotNil(t, at(t, a, "result", "accountPeriod", "tapType"))
	v := f.view(at(t, a, "result", "orderId").(string))
	assert.Equal(t, waitSend, at(t, v, "result", "baseInfo", "status"))
	assert.Equal(t, "12", at(t, v, "result", "tradeTerms", 0, "payStatus"))
	assert.Equal(t, "7", at(t, v, "result", "tradeTerms", 0, "payWay"))
}

func TestPartialReceiptAndLinePrices(t *testing.T) {
	f := start(t, Options{})
	o, k := f.pickOffer(func(o *offer) bool { return plainOffer(o) && o.moq == 1 })
	skus := f.srv.cat.Load().skus(o)
	line := "[" + cargo(o, k, 5) + "," + cargo(o, &skus[(skuIndex(f, o, k)+1)%len(skus)], 3) + "," + cargo(o, k, 2) + "]"
	a := f.call(createAPI, map[string]string{"flow": "general", "addressParam": testAddress, "cargoParamList": line})
	id := at(t, a, "result", "orderId").(string)
	n, _ := num(id).int()
	got := f.srv.orders[n]
	sub := func(i int) string { return itoa(got.Lines[i].SubID) }
	f.act(id, "close-line", `{"lines":[{"subItemId":"`+sub(2)+`"}]}`)
	f.act(id, "modify-price", `{"lines":[{"subItemId":"`+sub(0)+`","discountFen":-7}]}`)
	assert.Equal(t, got.Lines[0].Unit*5-7+got.Lines[1].Amount, got.Goods)
	v := f.view(id)
	assert.Equal(t, json.Number("-7"), at(t, v, "result", "productItems", 0, "entryDiscount"))
	assert.Equal(t, cancelled, at(t, v, "result", "productItems", 2, "status"))
	assert.Equal(t, json.Number("8"), at(t, v, "result", "productItems", 0, "logisticsStatus"), "no logistics record yet")
	f.act(id, "pay", "")
	confirm := func(subs string) any {
		return at(t, f.call(receiptAPI, map[string]string{"orderId": id, "orderEntryIds": subs}), "result", "errorCode")
	}
	assert.Equal(t, "ORDER_STATUS_ERROR", confirm("["+sub(0)+"]"))
	f.act(id, "ship", `{"kind":2}`)
	assert.Equal(t, "500_2", f.call(parcelAPI, map[string]string{"webSite": "1688", "orderId": id})["errorCode"], "nobody carries it")
	assert.Equal(t, noWaybill, at(t, f.view(id), "result", "nativeLogistics", "logisticsItems", 0, "logisticsBillNo"))
	assert.Equal(t, "400_1", confirm("[1]"))
	assert.Nil(t, confirm("["+sub(0)+"]"))
	v = f.view(id)
	assert.Equal(t, confirmed, at(t, v, "result", "baseInfo", "status"))
	assert.Equal(t, waitReceive, at(t, v, "result", "productItems", 1, "status"), "the other line is still on its way")
	assert.Nil(t, confirm("["+sub(1)+"]"))
	assert.Equal(t, "ORDER_STATUS_ERROR", confirm("["+sub(1)+"]"))
}

func TestTravellingParcels(t *testing.T) {
	f := start(t, Options{})
	id := f.create("T")
	f.act(id, "pay", "")
	f.act(id, "ship", `{"travel":true}`)
	f.control("POST", "/clock", `{"advance":864000}`, 200)
	p := f.srv.orders[f.srv.orderIDs[0]].Parcels[0]
	assert.Equal(t, "SIGN", p.Node)
	for i := 1; i < len(p.Steps); i++ {
		assert.GreaterOrEqual(t, p.Steps[i].At.Sub(p.Steps[i-1].At), 2*time.Hour)
	}
}

func TestNotesOfAnOrder(t *testing.T) {
	f := start(t, Options{})
	id := f.create("N")
	memo := func(text, icon string) any {
		return f.call(memoAPI, map[string]string{"orderId": id, "memo": text, "remarkIcon": icon})["success"]
	}
	assert.Equal(t, true, memo("first", "1"))
	assert.Equal(t, true, memo("second", "4"))
	assert.Equal(t, false, memo("x", "5"))
	assert.Equal(t, false, memo(strings.Repeat("长", 501), "1"))
	feedback := func(text string) any {
		return f.call(feedbackAPI, map[string]string{"tradeFeedbackParam": fmt.Sprintf(`{"orderId":%q,"feedback":%q}`, id, text)})["success"]
	}
	assert.Equal(t, true, feedback(strings.Repeat("长", 250)))
	assert.Equal(t, false, feedback(strings.Repeat("长", 251)), "500 in all")
	b := at(t, f.view(id), "result", "baseInfo")
	assert.Equal(t, "second", at(t, b, "buyerMemo"))
	assert.Equal(t, "4", at(t, b, "buyerRemarkIcon"))
	assert.Len(t, []rune(at(t, b, "buyerFeedback").(string)), 250)
	plain := at(t, f.call(listAPI, nil), "result", 0, "baseInfo")
	assert.Nil(t, at(t, plain, "buyerMemo"))
	assert.Nil(t, at(t, plain, "receiverInfo", "toMobile"))
	full := at(t, f.call(listAPI, map[string]string{"needMemoInfo": "true", "needBuyerAddressAndPhone": "true"}), "result", 0, "baseInfo")
	assert.Equal(t, "second", at(t, full, "buyerMemo"))
	assert.Equal(t, "13800000000", at(t, full, "receiverInfo", "toMobile"))

	del := func() any { return at(t, f.call(deleteAPI, map[string]string{"orderId": id}), "result", "success") }
	assert.Equal(t, false, del())
	f.act(id, "close-by-ops", "")
	assert.Equal(t, true, del())
	assert.Equal(t, json.Number("0"), f.call(listAPI, nil)["totalRecord"])
	assert.Equal(t, id, at(t, f.view(id), "result", "baseInfo", "idOfStr"), "hidden, not gone")
}

func TestAddressChange(t *testing.T) {
	f := start(t, Options{})
	id := f.create("A")
	change := func(address string) map[string]any {
		return at(t, f.call(changeAPI, map[string]string{"param": `{"orderId":` + id + `,"receiveAddress":` + address + `}`}), "result").(map[string]any)
	}
	assert.Equal(t, true, change(strings.Replace(testAddress, "路1号", "路2号", 1))["result"])
	assert.Equal(t, "路2号", at(t, f.view(id), "result", "nativeLogistics", "address"))
	assert.Equal(t, false, change(`{"fullName":"A","mobile":"1","address":"x","areaCode":"650102"}`)["result"], "remote: the seller decides")
	assert.Equal(t, false, change(`{"fullName":"A"}`)["success"])
	f.act(id, "pay", "")
	f.act(id, "part-ship", "")
	assert.Equal(t, "ORDER_STATUS_ERROR", change(testAddress)["code"])
}

func TestAddressParsers(t *testing.T) {
	f := start(t, Options{})
	for text, want := range map[string][2]string{
		"浙江省 杭州市 滨江区网商路699号": {"330108", "网商路699号"}, "浙江杭州滨江区x": {"330108", "x"}, "杭州市西湖区y": {"330106", "y"},
		"广东省深圳市z": {"440300", "z"}, "新疆乌鲁木齐市天山区w": {"650102", "w"}, "香港特别行政区": {"810000", ""},
	} {
		a := f.call("com.alibaba.trade/alibaba.trade.addresscode.parse", map[string]string{"addressInfo": text})
		assert.Equal(t, want[0], at(t, a, "result", "addressCode"), text)
		assert.Equal(t, want[1], at(t, a, "result", "address"), text)
	}
	assert.Equal(t, "500_1", f.call("com.alibaba.trade/alibaba.trade.addresscode.parse", map[string]string{"addressInfo": "nowhere"})["errorCode"])
	over := f.call("com.alibaba.trade/trade.address.parseText", map[string]string{"param": `{"country":"Japan","province":"Tokyo","city":" Minato "}`})
	assert.Equal(t, "JP", at(t, over, "result", "data", "countryCode"))
	assert.Equal(t, "Minato", at(t, over, "result", "data", "city"))
	assert.Equal(t, false, at(t, f.call("com.alibaba.trade/trade.address.parseText", map[string]string{"param": `{"country":"Atlantis"}`}), "result", "success"))
	for i := range 6 {
		sel := f.srv.cat.Load().seller(i)
		a := f.call("com.alibaba.trade/alibaba.trade.OpQueryMarketingMixConfig", map[string]string{"sellerMemberId": sel.memberID})
		assert.Equal(t, sel.mix, at(t, a, "result", "generalHunpi"))
	}
}

func TestForeignOrders(t *testing.T) {
	f := start(t, Options{})
	id := f.create("F")
	n, _ := num(id).int()
	f.srv.mu.Lock()
	f.srv.orders[n].Buyer = "b2b-somebody"
	f.srv.mu.Unlock()
	assert.Equal(t, "400_3", f.call(cancelAPI, map[string]string{"webSite": "1688", "tradeID": id, "cancelReason": "other"})["errorCode"])
	assert.Equal(t, "ORDER_NOT_EXIST", f.call(cancelAPI, map[string]string{"webSite": "1688", "tradeID": "1", "cancelReason": "other"})["errorCode"])
	assert.Equal(t, "false", f.view(id)["success"])
}

// Coupons, stages, notes and closed lines live through a restart, and so do their timers.
func TestTradeSurvivesRestart(t *testing.T) {
	dir, clk := t.TempDir(), newClock()
	f := start(t, Options{Dir: dir, Offers: 2000, Now: clk.now})
	fits := func(o *offer) bool { return o.traits&^dropship == staged }
	o := f.placed(fits, 60, map[string]string{"tradeType": "37staged", "outOrderId": "S"})
	f.act(itoa(o.ID), "pay", "")
	f.call(claimAPI, map[string]string{"offerIds": "[" + itoa(o.Lines[0].Offer) + "]"})
	f.call(memoAPI, map[string]string{"orderId": itoa(o.ID), "memo": "m", "remarkIcon": "2"})
	again, err := New(Options{Dir: dir, Offers: 2000, Now: clk.now})
	require.NoError(t, err)
	defer func() { assert.NoError(t, again.Close()) }()
	got := again.orders[o.ID]
	require.NotNil(t, got)
	assert.JSONEq(t, string(marshal(o)), string(marshal(got)))
	assert.Equal(t, f.srv.couponCount, again.couponCount)
	assert.Same(t, got, again.newest)
	again.mu.Lock()
	defer again.mu.Unlock()
	clk.mu.Lock()
	clk.t = clk.t.Add(8 * 24 * time.Hour)
	clk.mu.Unlock()
	again.tick()
	assert.Equal(t, terminated, again.orders[o.ID].Status)
}
