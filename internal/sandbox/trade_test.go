package sandbox

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	previewAPI = "com.alibaba.trade/alibaba.createOrder.preview"
	createAPI  = "com.alibaba.trade/alibaba.trade.createCrossOrder"
	viewAPI    = "com.alibaba.trade/alibaba.trade.get.buyerView"
	listAPI    = "com.alibaba.trade/alibaba.trade.getBuyerOrderList"
	cancelAPI  = "com.alibaba.trade/alibaba.trade.cancel"
	payAPI     = "com.alibaba.trade/alibaba.trade.pay.protocolPay.preparePay"
	parcelAPI  = "com.alibaba.logistics/alibaba.trade.getLogisticsInfos.buyerView"
	traceAPI   = "com.alibaba.logistics/alibaba.trade.getLogisticsTraceInfo.buyerView"
)

func (f *fixture) view(id string) map[string]any {
	f.t.Helper()
	return f.call(viewAPI, map[string]string{"webSite": "1688", "orderId": id})
}

func (f *fixture) act(id, action, body string) map[string]any {
	f.t.Helper()
	return f.control("POST", "/orders/"+id+"/actions/"+action, body, 200)
}

func TestPreviewShapeAndUnits(t *testing.T) {
	f := start(t, Options{})
	o, k := f.pickOffer(plainOffer)
	a := f.call(previewAPI, map[string]string{"addressParam": testAddress, "cargoParamList": "[" + cargo(o, k, 5) + "]"})
	assert.Equal(t, true, a["success"])
	p := at(t, a, "orderPreviewResuslt", 0)
	goods, freight := fen(t, at(t, p, "sumPaymentNoCarriage")), fen(t, at(t, p, "sumCarriage"))
	assert.Equal(t, o.unitPrice(k, 5)*5, goods)
	assert.Equal(t, goods+freight, fen(t, at(t, p, "sumPayment")))
	assert.Equal(t, "general", at(t, p, "flowFlag"))
	assert.Contains(t, at(t, p, "tradeModeNameList"), "fxassure")
	line := at(t, p, "cargoList", 0)
	assert.Equal(t, goods, yuanNumber(t, at(t, line, "amount")), "yuan here, fen above")
	assert.Equal(t, k.spec, at(t, line, "specId"))
}

func fen(t *testing.T, v any) int64 {
	t.Helper()
	n, err := v.(json.Number).Int64()
	require.NoError(t, err)
	return n
}

// yuanNumber reads a JSON number in yuan as fen, exactly.
func yuanNumber(t *testing.T, v any) int64 {
	t.Helper()
	r, ok := new(big.Rat).SetString(v.(json.Number).String())
	require.True(t, ok)
	r.Mul(r, big.NewRat(100, 1))
	require.True(t, r.IsInt(), "%v has part of a fen", v)
	return r.Num().Int64()
}

func TestPreviewRefusals(t *testing.T) {
	f := start(t, Options{})
	plain, pk := f.pickOffer(plainOffer)
	other, ok := f.pickOffer(func(o *offer) bool { return plainOffer(o) && o.seller != plain.seller })
	lot, lk := f.pickOffer(func(o *offer) bool { return o.traits&batched != 0 && o.traits&(mixedBatch|singleSpec) == 0 })
	moq, mk := f.pickOffer(func(o *offer) bool { return plainOffer(o) && o.moq > 1 })
	mixed, xk := f.pickOffer(func(o *offer) bool { return o.traits&^dropship == mixedBatch && o.price < 3000 })
	spec := func(o *offer, s string, q any) string {
		return string(marshal(obj{"offerId": o.id, "specId": s, "quantity": q}))
	}
	many := strings.Repeat(cargo(plain, pk, 1)+",", 50) + cargo(plain, pk, 1)
	find := func(tr trait) *offer {
		c := f.srv.cat.Load()
		for i := range c.offers {
			if c.offers[i].traits&tr != 0 && c.offers[i].traits&(singleSpec|mixedBatch|delisted|batched) == tr&(singleSpec|mixedBatch|delisted|batched) {
				return &c.offers[i]
			}
		}
		return nil
	}
	zero := find(zeroPriceSKU)
	gone, sold := find(delisted), find(outOfStock)
	choice, ck := f.pickOffer(func(o *offer) bool { return o.traits == curated })
	for _, c := range []struct{ name, flow, cargo, code string }{
		{"unknown offer", "", spec(&offer{id: 5}, "x", 1), "500_001"},
		{"delisted", "", cargo(gone, &f.srv.cat.Load().skus(gone)[0], 50), "500_001"},
		{"two sellers", "", cargo(plain, pk, 5) + "," + cargo(other, ok, 5), "500_002"},
		{"no spec", "", spec(plain, "", 5), "500_002"},
		{"51 lines", "", many, "500_002"},
		{"foreign spec", "", spec(plain, strings.Repeat("0", 32), 5), "500_003"},
		{"stock", "", cargo(sold, &f.srv.cat.Load().skus(sold)[0], 60), "500_004"},
		{"stock over two lines", "", cargo(plain, pk, pk.stock) + "," + cargo(plain, pk, 1), "500_004"},
		{"zero", "", cargo(plain, pk, 0), "500_005"},
		{"negative", "", cargo(plain, pk, -1), "500_005"},
		{"half a piece", "", spec(plain, pk.spec, 1.5), "500_005"},
		{"1e18", "", spec(plain, pk.spec, json.Number("1e18")), "500_005"},
		{"under the minimum", "", cargo(moq, mk, moq.moq-1), "500_005"},
		{"mixed batch", "", cargo(mixed, xk, 1), "500_006"},
		{"consignment", "saleproxy", cargo(plain, pk, 5), "500_007"},
		{"price 0", "", cargo(zero, &f.srv.cat.Load().skus(zero)[0], 50), "500_008"},
		{"broken lot", "", cargo(lot, lk, 7), "500_009"},
		{"curated wholesale", "boutiquepifa", cargo(choice, ck, 2), "500_009"},
		{"curated dropship", "boutiquefenxiao", cargo(choice, ck, 2), "500_009"},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := map[string]string{"flow": c.flow, "addressParam": testAddress, "cargoParamList": "[" + c.cargo + "]"}
			a := f.call(previewAPI, args)
			assert.Equal(t, false, a["success"])
			assert.Equal(t, c.code, a["errorCode"])
			assert.NotEmpty(t, a["errorMsg"])
			if args["flow"] == "" {
				args["flow"] = "general"
			}
			a = f.call(createAPI, args)
			assert.Equal(t, false, a["success"])
			assert.Equal(t, c.code, a["code"], "create refuses what preview refuses")
		})
	}
	a := f.call(previewAPI, map[string]string{"addressParam": `{"fullName":"x"}`, "cargoParamList": "[" + cargo(plain, pk, 5) + "]"})
	assert.Equal(t, "400", a["errorCode"])
	assert.Empty(t, f.srv.orders)
}

func TestTradesThatNeedTheWebPage(t *testing.T) {
	f := start(t, Options{})
	o, k := f.pickOffer(func(o *offer) bool { return o.traits&noAPIOrder != 0 && o.traits&(mixedBatch|delisted) == 0 })
	args := map[string]string{"flow": "general", "addressParam": testAddress, "cargoParamList": "[" + cargo(o, k, 60) + "]"}
	assert.Empty(t, at(t, f.call(previewAPI, args), "orderPreviewResuslt", 0, "tradeModeNameList"))
	assert.Contains(t, f.call(createAPI, args)["message"], "not support tradeType:[")
	o, k = f.pickOffer(plainOffer)
	args["cargoParamList"], args["tradeType"] = "["+cargo(o, k, 5)+"]", "nonsense"
	assert.Contains(t, f.call(createAPI, args)["message"], "not support tradeType:[nonsense]")
}

func TestTierPricesAndSingleSpec(t *testing.T) {
	f := start(t, Options{})
	o, k := f.pickOffer(func(o *offer) bool { return o.traits == singleSpec && o.moq*500 < 2000 })
	for quantity, want := range map[int64]int64{o.moq: o.price, o.moq * 50: o.price * 95 / 100, o.moq * 500: o.price * 88 / 100} {
		a := f.call(previewAPI, map[string]string{"addressParam": testAddress, "cargoParamList": "[" + cargo(o, k, quantity) + "]"})
		line := at(t, a, "orderPreviewResuslt", 0, "cargoList", 0)
		assert.Equal(t, want, yuanNumber(t, at(t, line, "finalUnitPrice")), quantity)
		assert.Nil(t, at(t, line, "skuId"))
	}
}

func TestCreateIsNotIdempotent(t *testing.T) {
	f := start(t, Options{})
	o, k := f.pickOffer(plainOffer)
	a, b := f.create("OUT-1"), f.create("OUT-1")
	assert.NotEqual(t, a, b)
	assert.Len(t, a, 19)
	n, err := strconv.ParseInt(a, 10, 64)
	require.NoError(t, err)
	assert.NotEqual(t, n, int64(float64(n)), "the id does not survive a float64")
	assert.Len(t, f.orders("OUT-1"), 2)
	assert.Equal(t, json.Number("2"), at(t, f.control("GET", "/counters?outOrderId=OUT-1", "", 200), "creates", "OUT-1"))
	assert.Equal(t, k.stock-10, f.srv.left(&f.srv.cat.Load().skus(o)[skuIndex(f, o, k)]), "stock moved twice")
	byOut := f.call(listAPI, map[string]string{"outOrderId": "OUT-1"})
	assert.Equal(t, json.Number("2"), byOut["totalRecord"])
	assert.Equal(t, b, at(t, byOut, "result", 0, "baseInfo", "idOfStr"), "newest first")
}

func skuIndex(f *fixture, o *offer, k *sku) int {
	for i, s := range f.srv.cat.Load().skus(o) {
		if s.id == k.id {
			return i
		}
	}
	return -1
}

// The whole life, told to a subscriber that verifies every signature, and read back at each station.
func TestLifeOfAnOrder(t *testing.T) {
	h := newHook(t)
	clk := newClock()
	f := start(t, Options{Subscribers: []string{h.URL}, Now: clk.now})
	id := f.create("LIFE")
	status := func() any { return at(t, f.view(id), "result", "baseInfo", "status") }
	assert.Equal(t, waitPay, status())
	f.act(id, "modify-price", `{"discountFen":-100}`)
	total := at(t, f.control("GET", "/orders/LIFE", "", 200), "totalFen").(json.Number)
	pay := f.call(payAPI, map[string]string{"tradeWithholdPreparePayParam": fmt.Sprintf(`{"orderId":%s,"payAmount":%s}`, id, total)})
	assert.Equal(t, true, at(t, pay, "result", "result", "paySuccess"))
	assert.Equal(t, waitSend, status())
	assert.Equal(t, "500_2", f.call(parcelAPI, map[string]string{"webSite": "1688", "orderId": id})["errorCode"])
	assert.Equal(t, "404", f.call(traceAPI, map[string]string{"webSite": "1688", "orderId": id})["errorCode"])
	f.act(id, "part-ship", `{"carrier":"ZTO"}`)
	assert.Equal(t, waitSend, status())
	assert.Equal(t, json.Number("5"), at(t, f.view(id), "result", "productItems", 0, "logisticsStatus"))
	f.act(id, "ship", "")
	assert.Equal(t, waitReceive, status())
	f.act(id, "change-mail-no", `{"billNo":"NEW-1"}`)
	for _, a := range []string{"accept", "transport", "deliver", "sign", "sign", "confirm", "success"} {
		f.act(id, a, "")
	}
	assert.Equal(t, success, status())
	want := []string{"BUYER_MAKE", "ORDER_PRICE_MODIFY", "ORDER_PAY", "PART_PART_SENDGOODS", "LOGISTICS_BUYER_VIEW_TRACE", "ANNOUNCE_SENDGOODS",
		"LOGISTICS_BUYER_VIEW_TRACE", "LOGISTICS_MAIL_NO_CHANGE"}
	for range 8 { // four nodes of two parcels; a node is told once
		want = append(want, "LOGISTICS_BUYER_VIEW_TRACE")
	}
	want = append(want, "ORDER_COMFIRM_RECEIVEGOODS", "ORDER_SUCCESS")
	h.wait(t, len(want))
	assert.Equal(t, want, h.topics())
	checkBodies(t, h.messages(), id)

	parcels := f.call(parcelAPI, map[string]string{"webSite": "1688", "orderId": id})
	assert.Equal(t, true, parcels["success"])
	assert.Equal(t, "SIGN", at(t, parcels, "result", 1, "status"))
	assert.Equal(t, "NEW-1", at(t, parcels, "result", 1, "logisticsBillNo"))
	trace := f.call(traceAPI, map[string]string{"webSite": "1688", "orderId": id, "logisticsId": at(t, parcels, "result", 0, "logisticsId").(string)})
	assert.Len(t, at(t, trace, "logisticsTrace"), 1)
	assert.Len(t, at(t, trace, "logisticsTrace", 0, "logisticsSteps"), 5)
	assert.Regexp(t, `^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$`, at(t, trace, "logisticsTrace", 0, "logisticsSteps", 0, "acceptTime"))
}

func checkBodies(t *testing.T, msgs []map[string]any, id string) {
	t.Helper()
	seen := map[string]bool{}
	for _, m := range msgs {
		assert.Equal(t, id, m["bizKey"])
		assert.False(t, seen[m["msgId"].(json.Number).String()])
		seen[m["msgId"].(json.Number).String()] = true
		data := m["data"].(map[string]any)
		switch topic := m["type"].(string); {
		case strings.HasPrefix(topic, "ORDER_"):
			assert.ElementsMatch(t, []string{"orderId", "currentStatus", "msgSendTime", "buyerMemberId", "sellerMemberId"}, keys(data))
			assert.Equal(t, json.Number(id), data["orderId"])
			assert.Equal(t, m["userInfo"], data["buyerMemberId"])
			if strings.HasSuffix(topic, "COMFIRM_RECEIVEGOODS") {
				assert.Equal(t, "confirm_goods_and_has_subsidy", data["currentStatus"])
			}
		case topic == "LOGISTICS_BUYER_VIEW_TRACE":
			in := data["OrderLogisticsTracingModel"].(map[string]any)
			assert.ElementsMatch(t, []string{"logisticsId", "cpCode", "mailNo", "statusChanged", "changeTime", "orderLogsItems"}, keys(in))
			assert.Equal(t, json.Number(id), at(t, in, "orderLogsItems", 0, "orderId"))
		default:
			in := data["MailNoChangeModel"].(map[string]any)
			assert.ElementsMatch(t, []string{"logisticsId", "oldCpCode", "newCpCode", "oldMailNo", "newMailNo", "eventTime", "orderLogsItems"}, keys(in))
		}
	}
}

func TestBuyerViewShapeAndUnits(t *testing.T) {
	f := start(t, Options{})
	id := f.create("VIEW")
	f.act(id, "modify-price", `{"discountFen":-101,"freightFen":333}`)
	a := f.view(id)
	assert.Equal(t, "true", a["success"], "text")
	b := at(t, a, "result", "baseInfo").(map[string]any)
	assert.Equal(t, json.Number(id), b["id"])
	assert.Equal(t, id, b["idOfStr"])
	assert.Equal(t, json.Number("-101"), b["discount"], "fen")
	assert.Equal(t, json.Number("3.33"), b["shippingFee"], "yuan")
	assert.Equal(t, "20260301100304005+0800", b["createTime"])
	assert.Contains(t, b, "refundStatus")
	assert.Nil(t, b["payTime"])
	assert.Equal(t, "VIEW", b["outOrderId"])
	item := at(t, a, "result", "productItems", 0).(map[string]any)
	assert.Equal(t, yuanNumber(t, b["totalAmount"]), yuanNumber(t, item["itemAmount"])+333, "total = items + freight")
	assert.Equal(t, item["subItemIDString"], item["subItemID"].(json.Number).String())
	assert.NotEqual(t, id, item["subItemIDString"])
	assert.Contains(t, at(t, a, "result", "tradeTerms", 0), "phasAmount")
	assert.Equal(t, "false", f.view("123")["success"])
	byOut := f.call(viewAPI, map[string]string{"webSite": "1688", "outOrderId": "VIEW"})
	assert.Equal(t, id, at(t, byOut, "result", "baseInfo", "idOfStr"))
}

func TestOrderListWindowsAndPages(t *testing.T) {
	clk := newClock()
	f := start(t, Options{Now: clk.now})
	var ids []string
	for i := range 5 {
		ids = append(ids, f.create(fmt.Sprint("L", i)))
		f.control("POST", "/clock", `{"advance":60}`, 200)
	}
	f.act(ids[0], "pay", "")
	list := func(p map[string]string) []string {
		t.Helper()
		a := f.call(listAPI, p)
		assert.NotContains(t, a, "success")
		var out []string
		for _, o := range at(t, a, "result").([]any) {
			out = append(out, at(t, o, "baseInfo", "idOfStr").(string))
			assert.NotContains(t, o, "nativeLogistics")
		}
		return out
	}
	at0 := clk.now()
	stampOf := func(d time.Duration) string { return stamp(at0.Add(d)).(string) }
	assert.Equal(t, []string{ids[4], ids[3]}, list(map[string]string{"pageSize": "2"}))
	assert.Equal(t, []string{ids[0]}, list(map[string]string{"pageSize": "2", "page": "3"}))
	assert.Equal(t, []string{ids[0]}, list(map[string]string{"orderStatus": waitSend}))
	assert.Equal(t, []string{ids[2], ids[1]}, list(map[string]string{"createStartTime": stampOf(time.Minute), "createEndTime": stampOf(2 * time.Minute)}))
	assert.Equal(t, []string{ids[0]}, list(map[string]string{"modifyStartTime": stampOf(290 * time.Second)}))
	assert.Equal(t, []string{ids[3], ids[1]}, list(map[string]string{"orderIds": "[" + ids[1] + "," + ids[3] + "]"}))
	assert.Empty(t, list(map[string]string{"isHis": "true"}))
	assert.Equal(t, false, f.call(listAPI, map[string]string{"modifyStartTime": "yesterday"})["success"])
}

func TestCancelRules(t *testing.T) {
	h := newHook(t)
	f := start(t, Options{Subscribers: []string{h.URL}})
	o, k := f.pickOffer(plainOffer)
	id := f.create("C")
	cancel := func() any {
		return f.call(cancelAPI, map[string]string{"webSite": "1688", "tradeID": id, "cancelReason": "buyerCancel"})["errorCode"]
	}
	assert.Equal(t, "CLOSE_ORDER_TOO_FAST", cancel())
	f.control("POST", "/clock", `{"advance":11}`, 200)
	assert.Nil(t, cancel())
	assert.Equal(t, "ORDER_STATUS_ERROR", cancel())
	assert.Equal(t, k.stock, f.srv.left(&f.srv.cat.Load().skus(o)[skuIndex(f, o, k)]), "stock came back")
	h.wait(t, 2)
	assert.Equal(t, []string{"BUYER_MAKE", "ORDER_BUYER_CLOSE"}, h.topics())
	assert.Equal(t, "CLOSE_TRADE_BY_BUYER", at(t, f.view(id), "result", "baseInfo", "closeOperateType"))
}

func TestTimeMovesOrders(t *testing.T) {
	h := newHook(t)
	f := start(t, Options{Subscribers: []string{h.URL}})
	unpaid, shipped := f.create("A"), f.create("B")
	f.act(shipped, "pay", "")
	f.act(shipped, "ship", "")
	f.control("POST", "/clock", `{"advance":43201}`, 200)
	assert.Equal(t, "BUYER_NO_PAY", at(t, f.view(unpaid), "result", "baseInfo", "closeReason"))
	f.control("POST", "/clock", `{"advance":864000}`, 200)
	assert.Equal(t, success, at(t, f.view(shipped), "result", "baseInfo", "status"))
	h.wait(t, 7)
	assert.Contains(t, h.topics(), "ORDER_BOPS_CLOSE")
	f.control("POST", "/clock", `{"set":"2027-01-01T00:00:00Z"}`, 200)
	assert.Equal(t, "2027-01-01T00:00:00Z", f.control("GET", "/clock", "", 200)["now"])
	f.control("POST", "/clock", `{}`, 400)
}

func TestAutoAdvanceWalksToTheEnd(t *testing.T) {
	h := newHook(t)
	f := start(t, Options{Subscribers: []string{h.URL}, AutoAdvance: 10 * time.Millisecond, Now: time.Now})
	id := f.create("AUTO")
	f.act(id, "pay", "")
	h.wait(t, 9)
	assert.Equal(t, []string{"BUYER_MAKE", "ORDER_PAY", "ANNOUNCE_SENDGOODS"}, h.topics()[:3])
	assert.Equal(t, "ORDER_SUCCESS", h.topics()[8])
}

func TestClosesAndIllegalMoves(t *testing.T) {
	f := start(t, Options{})
	a, b := f.create("A"), f.create("B")
	f.control("POST", "/orders/"+a+"/actions/ship", "", 409)
	f.control("POST", "/orders/"+a+"/actions/sign", "", 409)
	f.control("POST", "/orders/"+a+"/actions/dance", "", 404)
	f.control("POST", "/orders/9/actions/pay", "", 404)
	f.control("POST", "/orders/"+a+"/actions/pay", `{"unknown":1}`, 400)
	f.control("POST", "/orders/"+a+"/actions/modify-price", `{"totalFen":-1}`, 400)
	f.act(a, "close-by-ops", "")
	f.act(b, "pay", "")
	f.control("POST", "/orders/"+b+"/actions/close-by-ops", "", 409)
	f.act(b, "close-by-seller", `{"reason":"other"}`)
	assert.Equal(t, cancelled, at(t, f.view(b), "result", "baseInfo", "status"))
	f.control("POST", "/orders/"+b+"/actions/pay", "", 409)
}

func TestPreparePayRules(t *testing.T) {
	f := start(t, Options{})
	pay := func(body string) any {
		a := f.call(payAPI, map[string]string{"tradeWithholdPreparePayParam": body})
		if at(t, a, "result", "success") == true {
			return at(t, a, "result", "result", "paySuccess")
		}
		return at(t, a, "result", "code")
	}
	id := f.create("P")
	assert.Equal(t, "ORDER_NOT_EXIST", pay(`{"orderId":1}`))
	assert.Equal(t, "PAY_AMOUNT_ERROR", pay(`{"orderId":`+id+`,"payAmount":1}`))
	f.control("POST", "/faults", `{"api":"preparePay","kind":"pay_false","count":3}`, 200)
	for range 3 {
		assert.Equal(t, false, pay(`{"orderId":`+id+`}`))
	}
	assert.Equal(t, "PAY_TIMES_LIMIT", pay(`{"orderId":`+id+`}`))
	id = f.create("Q")
	f.control("POST", "/faults", `{"api":"preparePay","kind":"pay_false_but_paid","count":1}`, 200)
	assert.Equal(t, false, pay(`{"orderId":"`+id+`"}`), "it lies")
	assert.Equal(t, waitSend, at(t, f.view(id), "result", "baseInfo", "status"))
	assert.Equal(t, "ORDER_STATUS_ERROR", pay(`{"orderId":`+id+`}`))
	open := f.call("com.alibaba.trade/alibaba.trade.pay.protocolPay.isopen", nil)
	assert.Equal(t, true, at(t, open, "result", "result", 1, "signedStatus"))
}
