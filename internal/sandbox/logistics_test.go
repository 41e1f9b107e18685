package sandbox

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	carriersAPI  = "com.alibaba.logistics/alibaba.logistics.OpQueryLogisticCompanyList"
	urgeAPI      = "com.alibaba.logistics/logistics.delivery.urge"
	insuranceAPI = "com.alibaba.trade/shipping.insurance.get"
	outOrderAPI  = "com.alibaba.fenxiao.crossborder/logistics.order.getOutOrderId"
	mailNoAPI    = "com.alibaba.fenxiao.crossborder/bigcustomer.mailNo.query"
)

func (f *fixture) parcels(id string, fields ...string) []any {
	f.t.Helper()
	p := map[string]string{"webSite": "1688", "orderId": id}
	if len(fields) > 0 {
		p["fields"] = strings.Join(fields, ",")
	}
	return at(f.t, f.call(parcelAPI, p), "result").([]any)
}

func (f *fixture) trace(id string) map[string]any {
	f.t.Helper()
	return f.call(traceAPI, map[string]string{"webSite": "1688", "orderId": id})
}

func (f *fixture) shipped(out string) string {
	f.t.Helper()
	id := f.create(out)
	f.act(id, "pay", "")
	f.act(id, "ship", "")
	return id
}

func TestLogisticsSayWhatIsDocumented(t *testing.T) {
	f := start(t, Options{})
	id := f.shipped("D")
	f.act(id, "global-ship", "")
	assertDocumented(t, "alibaba.trade.getLogisticsInfos.buyerView", f.call(parcelAPI, map[string]string{"webSite": "1688", "orderId": id}))
	trace := f.trace(id)
	assertDocumented(t, "alibaba.trade.getLogisticsTraceInfo.buyerView", trace)
	assert.ElementsMatch(t, []string{
		"buyerUserId", "carrierPartnerCode", "outTraceNodeCode", "opCode", "nodeActionTime", "nodeDetail", "stageType", "traceNode", "traceException",
	}, keys(at(t, trace, "crossPackageFulfillmentDTO", 0, "crossPackageTraceDTOList", 0).(map[string]any)))
	for _, api := range []string{carriersAPI, carriersAPI + ".offline"} {
		a := f.call(api, nil)
		assertDocumented(t, "alibaba.logistics.OpQueryLogisticCompanyList", a)
		assert.Contains(t, a, "extErrorMessage")
		assert.Greater(t, len(a["result"].([]any)), 5)
	}
	bill := at(t, f.parcels(id)[0], "logisticsBillNo").(string)
	assertDocumented(t, "logistics.order.getOutOrderId", f.call(outOrderAPI, map[string]string{"shipmentId": bill}))
	assertDocumented(t, "bigcustomer.mailNo.query", f.call(mailNoAPI, map[string]string{"outOrderId": "D"}))
	assertDocumented(t, "shipping.insurance.get", f.call(insuranceAPI, map[string]string{"orderId": id, "type": "givenByMerchant"}))
}

func TestFieldsOfParcels(t *testing.T) {
	f := start(t, Options{})
	id := f.shipped("F")
	all := f.parcels(id)[0].(map[string]any)
	for name, tt := range map[string]struct{ fields, want []string }{
		"company": {[]string{"company.name"}, []string{"logisticsCompanyName", "logisticsCompanyNo", "logisticsCompanyId"}}, "as the sample writes": {[]string{"company", "name"}, []string{"logisticsCompanyName"}},
		"sender": {[]string{"sender"}, []string{"sender"}}, "receiver": {[]string{" receiver "}, []string{"receiver"}}, "goods": {[]string{"sendgood"}, []string{"sendGoods", "logisticsOrderGoods", "logisticsOrderSendGood"}},
	} {
		p := f.parcels(id, tt.fields...)[0].(map[string]any)
		assert.Equal(t, all["logisticsId"], p["logisticsId"])
		for part, fields := range partFields {
			for _, k := range fields {
				asked := name == part || strings.HasPrefix(name, "as the") && part == "company" || name == "goods" && part == "sendgood"
				assert.Equal(t, asked, p[k] != nil, "%s: %s", name, k)
			}
		}
		for _, k := range tt.want {
			assert.Equal(t, all[k], p[k])
		}
	}
	assert.Equal(t, all, f.parcels(id, "unknown")[0])
}

func TestPartsOfAnOrderInParcels(t *testing.T) {
	f := start(t, Options{})
	id := f.create("P")
	f.act(id, "pay", "")
	f.act(id, "part-ship", "")
	f.act(id, "ship", "")
	ps := f.parcels(id)
	require.Len(t, ps, 2)
	assert.Equal(t, []any{json.Number("2"), json.Number("3")}, []any{at(t, ps[0], "sendGoods", 0, "quantity"), at(t, ps[1], "sendGoods", 0, "quantity")}, "five pieces in two parcels")
	assert.Equal(t, json.Number(id), at(t, ps[0], "logisticsOrderGoods", 0, "tradeOrderId"))
	model := at(t, f.call(mailNoAPI, map[string]string{"outOrderId": "P"}), "result", "model", id)
	assert.Equal(t, []any{at(t, ps[0], "logisticsBillNo"), at(t, ps[1], "logisticsBillNo")}, model)
	f.act(id, "sign", `{"parcel":"`+at(t, ps[0], "logisticsId").(string)+`"}`)
	assert.Equal(t, []any{"SIGN", "WAITACCEPT"}, []any{at(t, f.parcels(id)[0], "status"), at(t, f.parcels(id)[1], "status")})
}

// Every status of the fact book, and no way back.
func TestParcelStatuses(t *testing.T) {
	f := start(t, Options{})
	id := f.shipped("S")
	last := func() any { ps := f.parcels(id); return at(t, ps[len(ps)-1], "status") }
	assert.Equal(t, "WAITACCEPT", last())
	f.act(id, "no-get", "")
	assert.Equal(t, "NOGET", last())
	f.act(id, "parcel-cancel", "")
	ps := f.parcels(id)
	require.Len(t, ps, 2, "the goods left again")
	assert.Equal(t, []any{"CANCEL", "WAITACCEPT"}, []any{at(t, ps[0], "status"), at(t, ps[1], "status")})
	assert.NotEqual(t, at(t, ps[0], "logisticsBillNo"), at(t, ps[1], "logisticsBillNo"))
	assert.Equal(t, at(t, ps[0], "sendGoods"), at(t, ps[1], "sendGoods"))
	for _, step := range []struct{ action, status string }{
		{"accept", "ACCEPT"}, {"transport", "TRANSPORT"}, {"accept", "TRANSPORT"}, {"deliver", "TRANSPORT"}, {"fail", "UNSIGN"}, {"deliver", "TRANSPORT"}, {"agent-sign", "TRANSPORT"},
		{"sign", "SIGN"}, {"fail", "SIGN"}, {"accept", "SIGN"},
	} {
		f.act(id, step.action, "")
		assert.Equal(t, step.status, last(), step.action)
	}
	f.control("POST", "/orders/"+id+"/actions/no-get", "", 409)
	f.control("POST", "/orders/"+id+"/actions/parcel-cancel", "", 409)
	f.control("POST", "/orders/"+id+"/actions/no-get", `{"parcel":"LP0"}`, 404)
	assert.Equal(t, "CANCEL", at(t, f.parcels(id)[0], "status"), "a cancelled parcel stays where it is")
	var nodes []string
	for _, m := range f.messagesOf("LOGISTICS_BUYER_VIEW_TRACE") {
		nodes = append(nodes, at(t, m, "data", "OrderLogisticsTracingModel", "statusChanged").(string))
	}
	assert.Equal(t, []string{"CONSIGN", "CONSIGN", "ACCEPT", "TRANSPORT", "DELIVERING", "FAILED", "AGENT_SIGN", "SIGN"}, nodes, "each node once, none for NOGET and CANCEL")
}

func TestTraceErrors(t *testing.T) {
	f := start(t, Options{})
	id := f.create("T")
	assert.Equal(t, "404", f.trace(id)["errorCode"])
	assert.Equal(t, "order.nopermission.buyer", f.trace("1")["errorCode"])
	assert.Equal(t, "500_2", f.call(parcelAPI, map[string]string{"webSite": "1688", "orderId": id})["errorCode"])
	f.act(id, "pay", "")
	f.act(id, "ship", "")
	assert.Nil(t, f.trace(id)["errorCode"])
	assert.Equal(t, "404", f.call(traceAPI, map[string]string{"webSite": "1688", "orderId": id, "logisticsId": "AL1"})["errorCode"])
	f.control("POST", "/clock", `{"advance":31622400}`, 200)
	assert.Equal(t, "order.createtime.history", f.trace(id)["errorCode"])
}

func TestParcelsMoveWithTheClock(t *testing.T) {
	dir := t.TempDir()
	var id string
	t.Run("before", func(t *testing.T) {
		f := start(t, Options{Dir: dir})
		id = f.shipped("C")
		f.control("POST", "/clock", `{"advance":86400}`, 200)
		assert.Equal(t, "WAITACCEPT", at(t, f.parcels(id)[0], "status"), "nothing moves by itself unless told")
		f.control("POST", "/carriers", `{"stepSeconds":100000}`, 200)
		f.control("POST", "/carriers", `{"stepSeconds":-1}`, 400)
		f.control("POST", "/clock", `{"advance":13599}`, 200)
		assert.Equal(t, "WAITACCEPT", at(t, f.parcels(id)[0], "status"))
		f.control("POST", "/clock", `{"advance":1}`, 200)
		assert.Equal(t, "ACCEPT", at(t, f.parcels(id)[0], "status"))
	})
	f := start(t, Options{Dir: dir})
	assert.Equal(t, json.Number("100000"), f.control("GET", "/carriers", "", 200)["stepSeconds"])
	f.control("POST", "/clock", `{"advance":300000}`, 200)
	steps := at(t, f.trace(id), "logisticsTrace", 0, "logisticsSteps").([]any)
	var times []any
	for _, st := range steps {
		times = append(times, at(t, st, "acceptTime"))
	}
	assert.Equal(t, []any{"2026-03-01 10:03:04", "2026-03-02 13:49:44", "2026-03-03 17:36:24", "2026-03-04 21:23:04", "2026-03-06 01:09:44"}, times, "a jump leaves the times of the way")
	assert.Equal(t, "SIGN", at(t, f.parcels(id)[0], "status"))
}

func TestOrderLogsItemsAsOneObject(t *testing.T) {
	f := start(t, Options{})
	f.control("POST", "/carriers", `{"singleLogItem":true}`, 200)
	id := f.shipped("O")
	m := f.messagesOf("LOGISTICS_BUYER_VIEW_TRACE")[0]
	assert.Equal(t, json.Number(id), at(t, m, "data", "OrderLogisticsTracingModel", "orderLogsItems", "orderId"))
	f.act(id, "change-mail-no", "")
	m = f.messagesOf("LOGISTICS_MAIL_NO_CHANGE")[0]
	assert.Equal(t, json.Number(id), at(t, m, "data", "MailNoChangeModel", "orderLogsItems", "orderId"))
}

func TestCrossBorderParcel(t *testing.T) {
	dir := t.TempDir()
	var a, b string
	t.Run("before", func(t *testing.T) {
		f := start(t, Options{Dir: dir})
		a, b = f.shipped("A"), f.shipped("B")
		unshipped := f.create("C")
		assert.Nil(t, f.trace(a)["crossPackageFulfillmentDTO"])
		f.control("POST", "/orders/"+a+"/actions/global-move", "", 409)
		f.control("POST", "/orders/"+a+"/actions/global-ship", `{"orders":["1"]}`, 404)
		f.control("POST", "/orders/"+a+"/actions/global-ship", `{"orders":["`+unshipped+`"]}`, 409)
		f.act(a, "global-ship", `{"orders":["`+b+`"]}`)
		f.control("POST", "/orders/"+b+"/actions/global-ship", "", 409)
		m := f.messagesOf("LOGISTICS_GLOBAL_1688_PACKAGE_CHANGE")[0]
		data := at(t, m, "data").(map[string]any)
		assert.ElementsMatch(t, []string{
			"packageId", "buyerUserId", "stageType", "mailNo", "carrierPartnerCode", "transportStatus", "warehouseStatus", "actionTime", "tradeOrderIds",
		}, keys(data))
		assert.Equal(t, []any{json.Number(a), json.Number(b)}, data["tradeOrderIds"])
		assert.IsType(t, json.Number(""), data["packageId"])
		assert.Equal(t, json.Number("1772330584005"), data["actionTime"], "epoch ms")
		f.act(b, "global-move", `{"reason":"海关查验"}`)
	})
	f := start(t, Options{Dir: dir})
	for range len(globalStages) - 1 {
		f.act(b, "global-move", "")
	}
	f.control("POST", "/orders/"+b+"/actions/global-move", "", 409)
	told := f.messagesOf("LOGISTICS_GLOBAL_1688_PACKAGE_CHANGE")
	require.Len(t, told, len(globalStages)+1)
	data := at(t, told[len(told)-1], "data")
	assert.Equal(t, []any{json.Number("900"), json.Number("900100")}, []any{at(t, data, "transportStatus"), at(t, data, "warehouseStatus")})
	dto := at(t, f.trace(a), "crossPackageFulfillmentDTO", 0)
	assert.Equal(t, a, at(t, dto, "orderId"))
	steps := at(t, dto, "crossPackageTraceDTOList").([]any)
	assert.Len(t, steps, len(globalStages)+1)
	assert.Equal(t, "海关查验", at(t, steps[1], "traceException", "exceptionDesc"))
	assert.Nil(t, at(t, steps[2], "traceException"))
	found := f.call(outOrderAPI, map[string]string{"shipmentId": at(t, dto, "crossMailNo").(string)})
	assert.Equal(t, []any{"A", "B"}, at(t, found, "result", "model", "outOrderIds"))
}

func TestUrgeOnceADay(t *testing.T) {
	f := start(t, Options{})
	id := f.create("U")
	urge := func() any {
		r := at(t, f.call(urgeAPI, map[string]string{"orderId": id}), "result")
		if at(t, r, "success") == true {
			return at(t, r, "result")
		}
		return at(t, r, "code")
	}
	assert.Equal(t, "ORDER_STATUS_ERROR", urge())
	f.act(id, "pay", "")
	before := at(t, f.view(id), "result", "baseInfo", "modifyTime")
	assert.Equal(t, true, urge())
	assert.Equal(t, before, at(t, f.view(id), "result", "baseInfo", "modifyTime"))
	assert.Equal(t, "URGE_LIMIT", urge())
	f.control("POST", "/clock", `{"advance":86399}`, 200)
	assert.Equal(t, "URGE_LIMIT", urge())
	f.control("POST", "/clock", `{"advance":1}`, 200)
	assert.Equal(t, true, urge())
	f.act(id, "ship", "")
	assert.Equal(t, "ORDER_STATUS_ERROR", urge())
}

func TestFindingOrdersByNumbers(t *testing.T) {
	f := start(t, Options{})
	id := f.shipped("X")
	p := f.parcels(id)[0]
	for _, q := range []map[string]string{{"shipmentId": at(t, p, "logisticsBillNo").(string)}, {"noMainPartCode": at(t, p, "logisticsId").(string)}} {
		assert.Equal(t, []any{"X"}, at(t, f.call(outOrderAPI, q), "result", "model", "outOrderIds"))
	}
	miss := f.call(outOrderAPI, map[string]string{"shipmentId": "nothing"})
	assert.Equal(t, false, at(t, miss, "result", "success"))
	assert.Equal(t, false, at(t, f.call(mailNoAPI, map[string]string{"outOrderId": "nothing"}), "result", "success"))
	assert.Equal(t, map[string]any{f.create("Y"): []any{}}, at(t, f.call(mailNoAPI, map[string]string{"outOrderId": "Y"}), "result", "model"), "no parcel yet")
	status, body := f.raw(outOrderAPI, nil)
	assert.Equal(t, 400, status)
	assert.Contains(t, string(body), "gw.ParamMissing")
}

func TestEncryptedReceiver(t *testing.T) {
	f := start(t, Options{})
	o, k := f.pickOffer(plainOffer)
	a := f.call("com.alibaba.trade/alibaba.trade.createCrossOrder", map[string]string{
		"flow": "general", "encryptOutOrderInfo": `{"x":1}`, "cargoParamList": "[" + cargo(o, k, 5) + "]",
		"addressParam": `{"fullName":"王小明","mobile":"13800001111","address":"某路1号","districtCode":"310107"}`,
	})
	id := at(t, a, "result", "orderId").(string)
	f.act(id, "pay", "")
	f.act(id, "ship", "")
	r := at(t, f.parcels(id)[0], "receiver")
	assert.Equal(t, []any{"王**", "138********"}, []any{at(t, r, "receiverName"), at(t, r, "receiverMobile")})
	assert.NotNil(t, at(t, r, "encrypt"))
	assert.Equal(t, []any{"310000", "310100", "310107"}, []any{at(t, r, "receiverProvinceCode"), at(t, r, "receiverCityCode"), at(t, r, "receiverCountyCode")})
	assert.Nil(t, at(t, f.parcels(f.shipped("plain"))[0], "receiver", "encrypt"))
}
