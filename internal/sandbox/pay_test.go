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
	alipayAPI   = "com.alibaba.trade/alibaba.alipay.url.get"
	crossPayAPI = "com.alibaba.trade/alibaba.crossBorderPay.url.get"
	creditAPI   = "com.alibaba.trade/alibaba.creditPay.url.get"
	groupPayAPI = "com.alibaba.trade/alibaba.trade.grouppay.url.get"
	payWayAPI   = "com.alibaba.trade/alibaba.trade.payWay.query"
	periodAPI   = "com.alibaba.trade/alibaba.accountPeriod.list.buyerView"
	analysisAPI = "com.alibaba.trade/trade.orderpay.analysis"
	openPayAPI  = "com.alibaba.trade/alibaba.trade.pay.protocolPay.isopen"
)

func idList(ids ...string) string { return "[" + strings.Join(ids, ",") + "]" }

// manyIDs makes n numbers no order has.
func manyIDs(n int) string {
	var ids []string
	for i := range n {
		ids = append(ids, itoa(int64(i+1)))
	}
	return idList(ids...)
}

func TestPayLinksSayWhatIsDocumented(t *testing.T) {
	f := start(t, Options{})
	id := f.createFor("D", crossFit)
	for _, api := range []string{alipayAPI, crossPayAPI, creditAPI} {
		_, name, _ := strings.Cut(api, "/")
		assertDocumented(t, name, f.call(api, map[string]string{"orderIdList": idList(id)}))
		bad := f.call(api, map[string]string{"orderIdList": "[5]"})
		assertDocumented(t, name, bad)
		assert.Nil(t, bad["payUrl"])
		assert.NotNil(t, bad["errorCode"])
	}
	assertDocumented(t, "alibaba.trade.grouppay.url.get", f.call(groupPayAPI, map[string]string{"orderIds": idList(id)}))
	assertDocumented(t, "alibaba.trade.payWay.query", f.call(payWayAPI, map[string]string{"orderId": id}))
	assertDocumented(t, "alibaba.accountPeriod.list.buyerView", f.call(periodAPI, nil))
	assertDocumented(t, "trade.orderpay.analysis", f.call(analysisAPI, map[string]string{"orderIds": idList(id), "payChannel": "alipay"}))
	assertDocumented(t, "alibaba.trade.pay.protocolPay.isopen", f.call(openPayAPI, nil), "result.result") // a list where the book says object
	assertDocumented(t, "alibaba.trade.pay.protocolPay.preparePay", f.call(payAPI, map[string]string{"tradeWithholdPreparePayParam": `{"orderId":` + id + `}`}))
}

func TestPayLinkSuccessIsTextOrNot(t *testing.T) {
	f := start(t, Options{})
	id := f.createFor("D", crossFit)
	assert.Equal(t, true, f.call(alipayAPI, map[string]string{"orderIdList": idList(id)})["success"])
	for _, api := range []string{crossPayAPI, creditAPI} {
		assert.Equal(t, "true", f.call(api, map[string]string{"orderIdList": idList(id)})["success"], api)
		assert.Equal(t, "false", f.call(api, map[string]string{"orderIdList": "[1]"})["success"], api)
	}
	assert.Equal(t, "true", f.call(payWayAPI, map[string]string{"orderId": id})["success"])
	assert.Equal(t, "false", f.call(payWayAPI, map[string]string{"orderId": "1"})["success"])
	bad := f.call(alipayAPI, map[string]string{"orderIdList": "[1]"})
	assert.Equal(t, false, bad["success"])
	assert.Contains(t, bad, "erroMsg", "misspelt")
	assert.NotContains(t, bad, "errorMsg")
}

func TestPayLinkLimits(t *testing.T) {
	f := start(t, Options{})
	id := f.createFor("L", crossFit)
	for _, tt := range []struct {
		api, arg string
		most     int
	}{{alipayAPI, "orderIdList", 100}, {crossPayAPI, "orderIdList", 30}, {creditAPI, "orderIdList", 30}} {
		within := strings.Replace(manyIDs(tt.most), "[1,", "["+id+",", 1)
		assert.NotNil(t, f.call(tt.api, map[string]string{tt.arg: within})["payUrl"], "%s takes %d", tt.api, tt.most)
		assert.Equal(t, "400_1", f.call(tt.api, map[string]string{tt.arg: manyIDs(tt.most + 1)})["errorCode"], "%s refuses %d", tt.api, tt.most+1)
		twice := strings.Replace(manyIDs(tt.most), "]", ",2]", 1)
		assert.NotEqual(t, "400_1", f.call(tt.api, map[string]string{tt.arg: twice})["errorCode"], "the same order twice is one")
	}
	o, k := f.pickOffer(crossFit)
	a := f.call("com.alibaba.trade/alibaba.trade.createCrossOrder", map[string]string{
		"flow": "general", "preSelectPayChannel": "kjpayV2", "addressParam": testAddress, "cargoParamList": "[" + cargo(o, k, 5) + "]",
	})
	cross := at(t, a, "result", "orderId").(string)
	link := f.call(alipayAPI, map[string]string{"orderIdList": idList(cross)})["payUrl"]
	assert.Contains(t, link, "channel=kjpayV2")
	list := strings.Replace(manyIDs(31), "[1,", "["+cross+",", 1)
	assert.Equal(t, "400_1", f.call(alipayAPI, map[string]string{"orderIdList": list})["errorCode"], "30 if paid by cross-border pay")
}

func TestPayLinkPartialSuccess(t *testing.T) {
	f := start(t, Options{})
	good, paid, closed := f.create("1"), f.create("2"), f.create("3")
	f.act(paid, "pay", "")
	f.act(closed, "close-by-ops", "")
	a := f.call(alipayAPI, map[string]string{"orderIdList": idList(good, paid, "7", `"`+closed+`"`)})
	assert.Equal(t, true, a["success"], "partial")
	assert.Equal(t, []any{json.Number(paid), json.Number("7"), json.Number(closed)}, a["payFailureOrderList"])
	assert.Contains(t, a["payUrl"], "?orderId="+good+"&")
	a = f.call(alipayAPI, map[string]string{"orderIdList": idList(paid, closed)})
	assert.Equal(t, false, a["success"])
	assert.Len(t, a["payFailureOrderList"], 2)
	g := f.call(groupPayAPI, map[string]string{"orderIds": idList(good, paid)})
	assert.Equal(t, false, at(t, g, "results", "success"), "the combined cashier takes all or nothing")
	assert.Contains(t, at(t, g, "results", "errorInfo"), paid)
	assert.Equal(t, "400_1", at(t, f.call(groupPayAPI, map[string]string{"orderIds": idList(good), "payPlatformType": "TV"}), "results", "errorCode"))
}

func TestLimitedChannelsLeaveOrdersOut(t *testing.T) {
	f := start(t, Options{})
	a, b := f.createFor("1", crossFit), f.createFor("2", crossFit)
	home := f.createFor("3", func(o *offer) bool {
		return plainOffer(o) && o.homeOnly()
	})
	total := at(t, f.control("GET", "/orders/"+a, "", 200), "totalFen").(json.Number).String()
	f.control("POST", "/funds", `{"creditFen":`+total+`}`, 200)
	r := f.call(creditAPI, map[string]string{"orderIdList": idList(a, b)})
	assert.Equal(t, "true", r["success"])
	assert.Equal(t, []any{json.Number(b)}, r["cantPayOrderList"], "the limit holds one")
	f.control("POST", "/funds", `{"creditFen":0}`, 200)
	r = f.call(creditAPI, map[string]string{"orderIdList": idList(a, b)})
	assert.Equal(t, []any{"false", payNoBalance}, []any{r["success"], r["errorCode"]})
	assert.Len(t, r["cantPayOrderList"], 2)
	r = f.call(crossPayAPI, map[string]string{"orderIdList": idList(home, a)})
	assert.Equal(t, []any{json.Number(home)}, r["cantPayOrderList"], "not every offer can be paid across the border")
	f.control("POST", "/funds", `{"frozen":true}`, 200)
	assert.Equal(t, payFrozen, f.call(crossPayAPI, map[string]string{"orderIdList": idList(a)})["errorCode"])

	codes := func(id string) (out []string) {
		for _, ch := range at(t, f.call(payWayAPI, map[string]string{"orderId": id}), "resultList", "channels").([]any) {
			out = append(out, at(t, ch, "code").(json.Number).String())
		}
		return out
	}
	f.control("POST", "/funds", `{"frozen":false,"creditFen":100000000000}`, 200)
	assert.Equal(t, []string{"1", "3", "16", "20"}, codes(a))
	assert.Equal(t, []string{"1", "3"}, codes(home))
	f.control("POST", "/funds", `{"creditFen":0}`, 200)
	assert.Equal(t, []string{"1"}, codes(home))
}

func TestInvitationOrdersAndStockStopLinks(t *testing.T) {
	f := start(t, Options{})
	a, b := f.create("1"), f.create("2")
	f.act(a, "invite", "")
	assert.Equal(t, true, at(t, f.view(a), "result", "baseInfo", "sellerOrder"))
	r := f.call(alipayAPI, map[string]string{"orderIdList": idList(a, b)})
	assert.Equal(t, "Batch pay : not surport MANUAL-TRADE!", r["erroMsg"])
	assert.NotNil(t, f.call(alipayAPI, map[string]string{"orderIdList": idList(a)})["payUrl"], "alone it can be paid")
	f.control("POST", "/faults", `{"api":"alibaba.alipay.url.get","kind":"stock_out","count":1}`, 200)
	r = f.call(alipayAPI, map[string]string{"orderIdList": idList(b)})
	assert.Contains(t, r["erroMsg"], "Failed to operate on stock: PRODUCT_TRADE_STAT_ERROR")
	assert.Contains(t, r["erroMsg"], "inventoryErrorIds")

	n, err := json.Number(b).Int64()
	require.NoError(t, err)
	f.srv.mu.Lock()
	o := f.srv.orders[n]
	o.Lines[0].Untaken = true
	_, k := f.srv.skuOf(&o.Lines[0])
	had := f.srv.left(k)
	f.srv.moveStock(k, -had)
	f.srv.mu.Unlock()
	r = f.call(alipayAPI, map[string]string{"orderIdList": idList(a)})
	assert.Equal(t, true, r["success"])
	f.act(a, "pay", "")
	r = f.call(alipayAPI, map[string]string{"orderIdList": idList(b)})
	assert.Equal(t, "Failed to operate on stock: PRODUCT_TRADE_STAT_ERROR, inventoryErrorIds: ["+itoa(o.Lines[0].Offer)+"]", r["erroMsg"])
	assert.Equal(t, []any{json.Number(b)}, r["payFailureOrderList"])
}

func TestPayWayUnitsAndErrors(t *testing.T) {
	f := start(t, Options{})
	id := f.create("W")
	r := at(t, f.call(payWayAPI, map[string]string{"orderId": id}), "resultList")
	assert.Equal(t, at(t, f.control("GET", "/orders/"+id, "", 200), "totalFen"), at(t, r, "payFee"), "fen")
	assert.Equal(t, "2026-03-01 22:03:04", at(t, r, "timeout"), "plain China time, twelve hours after 10:03")
	assert.Equal(t, id, at(t, r, "orderId"))
	assert.Equal(t, "支付宝", at(t, r, "channels", 0, "name"))
	assert.Equal(t, "500_2", f.call(payWayAPI, map[string]string{"orderId": "1"})["errorCode"])
	f.act(id, "pay", "")
	assert.Equal(t, "ORDER_STATUS_ERROR", f.call(payWayAPI, map[string]string{"orderId": id})["errorCode"])
}

func TestCreditTerms(t *testing.T) {
	f := start(t, Options{Offers: 2000})
	page := func(p map[string]string) []any {
		return at(t, f.call(periodAPI, p), "resultList", "accountPeriodList").([]any)
	}
	total := at(t, f.call(periodAPI, nil), "resultList", "totalCount")
	require.Equal(t, "19", total, "text")
	first, second := page(nil), page(map[string]string{"pageIndex": "2"})
	assert.Equal(t, []int{10, 9}, []int{len(first), len(second)}, "ten per page")
	assert.NotEqual(t, first[0], second[0])
	assert.Empty(t, page(map[string]string{"pageIndex": "3"}))
	login := at(t, second[1], "sellerLoginId").(string)
	assert.Equal(t, second[1:2], page(map[string]string{"sellerLoginId": login}))
	assert.Empty(t, page(map[string]string{"sellerLoginId": "nobody"}))
	for _, bad := range []string{"0", "-1", "x", "99999999999999999999"} {
		assert.Equal(t, false, f.call(periodAPI, map[string]string{"pageIndex": bad})["success"], bad)
	}
}

func TestPasswordFreePay(t *testing.T) {
	f := start(t, Options{})
	pay := func(body string) map[string]any {
		return at(t, f.call(payAPI, map[string]string{"tradeWithholdPreparePayParam": body}), "result").(map[string]any)
	}
	id := f.create("1")
	f.control("POST", "/funds", `{"alipaySigned":false}`, 200)
	assert.Equal(t, false, at(t, f.call(openPayAPI, nil), "result", "result", 1, "signedStatus"))
	assert.Equal(t, "PROTOCOL_NOT_SIGNED", pay(`{"orderId":` + id + `}`)["code"])
	f.control("POST", "/funds", `{"shegouSigned":true}`, 200)
	assert.Equal(t, true, at(t, f.call(openPayAPI, nil), "result", "result", 0, "signedStatus"))
	assert.Equal(t, "PROTOCOL_NOT_SIGNED", pay(`{"orderId":` + id + `,"payChannel":"alipay"}`)["code"])
	r := pay(`{"orderId":` + id + `,"opRequestId":"r1"}`)
	assert.Equal(t, map[string]any{"payChannel": "shegou", "paySuccess": true}, r["result"], "credit pay first")
	assert.Equal(t, r["result"], pay(`{"orderId":` + id + `,"opRequestId":"r1"}`)["result"], "the same request again tells how it ended")
	assert.Equal(t, "ORDER_STATUS_ERROR", pay(`{"orderId":` + id + `,"opRequestId":"r2"}`)["code"])
	assert.Len(t, f.messagesOf("ORDER_PAY"), 1)

	id = f.create("2")
	f.control("POST", "/funds", `{"alipaySigned":true,"creditFen":1}`, 200)
	r = pay(`{"orderId":` + id + `}`)
	assert.Equal(t, "alipay", at(t, r, "result", "payChannel"), "then Alipay")
	id = f.create("3")
	f.control("POST", "/funds", `{"balanceFen":1}`, 200)
	for range 3 {
		r = pay(`{"orderId":` + id + `,"payChannel":"ALIPAY"}`)
		assert.Equal(t, []any{true, payNoBalance, false}, []any{r["success"], r["message"], at(t, r, "result", "paySuccess")})
	}
	f.control("POST", "/funds", `{"balanceFen":100000000000}`, 200)
	assert.Equal(t, "PAY_TIMES_LIMIT", pay(`{"orderId":` + id + `}`)["code"])
	link := f.link("alibaba.alipay.url.get", id)
	_, check, _ := f.open(link)
	_, page := f.press(link, map[string][]string{"check": {check}, "do": {"pay"}})
	assert.Contains(t, page, "已付款", "the cashier has no such limit")
}

func TestPayAnalysis(t *testing.T) {
	f := start(t, Options{})
	id := f.create("1")
	ask := func(ids, channel string) map[string]any {
		return at(t, f.call(analysisAPI, map[string]string{"orderIds": ids, "payChannel": channel}), "result").(map[string]any)
	}
	r := ask(idList(id), "shegou")
	assert.Equal(t, true, at(t, r, "result", "canPay"))
	assert.Equal(t, at(t, f.control("GET", "/orders/"+id, "", 200), "totalFen"), at(t, r, "result", "payAmount"))
	f.control("POST", "/funds", `{"creditFen":1}`, 200)
	r = ask(idList(id, "5"), "shegou")
	assert.Equal(t, false, at(t, r, "result", "canPay"))
	assert.Equal(t, payNoBalance, at(t, r, "result", "orderAnalysisList", 0, "reasonCode"))
	assert.Equal(t, payIllegal, at(t, r, "result", "orderAnalysisList", 1, "reasonCode"))
	assert.Equal(t, "400_1", ask(idList(id), "cash")["code"])
}

// hostile values for JSON arguments.
var hostileJSON = []string{
	"", " ", "null", "{}", "[]", "[null]", "[{}]", "[[]]", `[""]`, `["x"]`, "[1.5]", "[1e3]", "[99999999999999999999]", "[-1]", `"1"`, "1", "true", "[", "{", `{"orderId":`,
	`{"orderId":{}}`, `{"orderId":[1]}`, `{"orderId":"\u0000"}`, `{"payAmount":"x","orderId":1}`, `{"account":1,"business":2}`, `{"account":{},"business":[]}`, `[" :"]`, `["a:b",1]`,
	"[" + strings.Repeat("[", 5000), strings.Repeat(`{"a":`, 5000), "[\"" + strings.Repeat("字", 5000) + "\"]", "\xff\xfe", "[1,2,3,]",
}

func TestHostilePaymentAndAccountArguments(t *testing.T) {
	f := start(t, Options{})
	id := f.create("H")
	for _, tt := range []struct{ api, arg, more string }{
		{alipayAPI, "orderIdList", ""}, {crossPayAPI, "orderIdList", ""}, {creditAPI, "orderIdList", ""}, {groupPayAPI, "orderIds", ""}, {analysisAPI, "orderIds", "payChannel=alipay"},
		{payAPI, "tradeWithholdPreparePayParam", ""}, {payWayAPI, "orderId", ""}, {parcelAPI, "orderId", "webSite=1688"}, {traceAPI, "orderId", "webSite=1688"},
		{urgeAPI, "orderId", ""}, {insuranceAPI, "orderId", "type=givenByPlatform"}, {outOrderAPI, "shipmentId", ""}, {mailNoAPI, "outOrderId", ""},
		{businessAPI, "accountPerformance", ""}, {subAddAPI, "subUserIdentityList", ""}, {subCancelAPI, "subUserIdentityList", ""}, {subListAPI, "subUserIdentityList", ""},
		{decryptAPI, "openUid", "_aop_timestamp=1"}, {encryptAPI, "loginId", "_aop_timestamp=1"}, {chatAPI, "toOpenUid", ""}, {crossBasicAPI, "domain", ""}, {registerAPI, "countryAccount", ""},
	} {
		for _, v := range hostileJSON {
			params := map[string]string{tt.arg: v}
			if k, val, ok := strings.Cut(tt.more, "="); ok {
				params[k] = val
			}
			status, body := f.raw(tt.api, params)
			if v == "" {
				assert.Equal(t, 400, status, "%s %q", tt.api, v)
				continue
			}
			require.Less(t, status, 500, "%s %q: %s", tt.api, v, body)
			require.True(t, json.Valid(body), "%s %q: %s", tt.api, v, body)
		}
	}
	assert.Equal(t, waitPay, f.status(id))
}

func FuzzPaymentArguments(f *testing.F) {
	for _, v := range hostileJSON {
		f.Add(v, v)
	}
	f.Add(`{"orderId":1,"payAmount":"1","opRequestId":5}`, `[1,"2"]`)
	srv, err := New(Options{Offers: 50})
	require.NoError(f, err)
	c := &call{app: srv.apps[DemoKey], base: "http://x"}
	f.Fuzz(func(t *testing.T, object, list string) {
		srv.mu.Lock()
		defer srv.mu.Unlock()
		for _, g := range [][]api{payAPIs(), logisticsAPIs(), accountAPIs(), identityAPIs()} {
			for i := range g {
				a := &g[i]
				c.api, c.answer, c.note = a, nil, nil
				c.args = map[string][]string{
					"tradeWithholdPreparePayParam": {object}, "accountPerformance": {object}, "countryAccount": {object}, "orderIdList": {list}, "orderIds": {list},
					"subUserIdentityList": {list}, "payChannel": {"alipay"}, "orderId": {list}, "type": {"givenByPlatform"}, "openUid": {object}, "loginId": {object}, "domain": {list},
					"_aop_timestamp": {"1"}, "shipmentId": {list}, "outOrderId": {object}, "toOpenUid": {object}, "pageIndex": {list}, "sellerLoginId": {object}, "fields": {list},
				}
				p, ref := a.handle(srv, c)
				var answer any
				switch {
				case c.answer != nil:
					answer = c.answer
				case ref != nil:
					answer = a.envelope.bad(ref)
				default:
					answer = a.envelope.good(p)
				}
				if !json.Valid(marshal(answer)) {
					t.Fatal(fmt.Sprint(a.name, answer))
				}
			}
		}
		srv.dirty = entry{}
	})
}

func FuzzCashierLink(f *testing.F) {
	for _, q := range []string{"", "orderId=1;2&channel=alipay&expires=1&sign=0", "orderId=;;;", "orderId=1%3B2&expires=9223372036854775807", "%", ";=&;", "orderId=1&orderId=2"} {
		f.Add(q)
	}
	srv, err := New(Options{Offers: 50})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, query string) {
		ticket, bad := readTicket(query)
		if bad != nil {
			return
		}
		srv.mu.Lock()
		defer srv.mu.Unlock()
		if _, bad := srv.ticketOrders(ticket); bad == nil {
			t.Fatal("nobody signed this: " + query)
		}
	})
}
