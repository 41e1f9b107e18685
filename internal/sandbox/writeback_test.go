package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	orderSyncAPI = "com.alibaba.fenxiao.crossborder/trade.cross.orderSync"
	relationAPI  = "com.alibaba.fenxiao.crossborder/order.relation.write"
	logisticsAPI = "com.alibaba.fenxiao.crossborder/trade.cross.logisticsOrderSync"
	registerAPI  = "com.alibaba.fenxiao.crossborder/account.user.register"
)

func orderParam(id, status string) string {
	return fmt.Sprintf(`{"orderId":%q,"outMemberId":"m1","status":%q,"createTime":"2026-03-01 10:00:00","payTime":"2026-03-01 10:01:00","paidFee":200,"refundStatus":"0",`+
		`"subOrderParamList":[{"orderId":"%s-1","productId":"1","productName":"x","skuId":"2","skuName":"y","buyAmount":1,"paidFee":200,"refundStatus":"0"}]}`, id, status, id)
}

func TestWriteBackInTheGatewaysWords(t *testing.T) {
	f := start(t, Options{})
	id := f.create("W")
	sub := at(t, f.view(id), "result", "productItems", 0, "subItemIDString").(string)
	good := func(a map[string]any) {
		t.Helper()
		assert.Equal(t, map[string]any{"result": map[string]any{"success": true, "code": "S0000", "message": "success"}}, a, "family A without payload")
	}
	good(f.call(orderSyncAPI, map[string]string{"orderParam": orderParam("E1", "payed")}))
	good(f.call(relationAPI, map[string]string{"orderRelationParam": fmt.Sprintf(`{"orderId":"E1-1","parentOrderId":"E1","purchaseOrderId":%s,"purchaseParentOrderId":%s}`, sub, id)}))
	good(f.call(orderSyncAPI, map[string]string{"orderParam": orderParam("E1", "success")}))
	parcel := `{"orderId":"E1","logisticsId":"N1","logisticsStatus":%q,"createTime":"2026-03-02 10:00:00","signTime":%q,"province":"東京都","city":"x","area":"y","address":"z"}`
	good(f.call(logisticsAPI, map[string]string{"orderLogisticsParam": fmt.Sprintf(parcel, "send", "")}))
	good(f.call(logisticsAPI, map[string]string{"orderLogisticsParam": fmt.Sprintf(parcel, "sign", "2026-03-05 10:00:00")}))

	p := f.control("GET", "/pushes", "", 200)
	assert.Equal(t, json.Number("5"), p["total"])
	var order []string
	for _, i := range at(t, p, "items").([]any) {
		order = append(order, at(t, i, "kind").(string))
	}
	assert.Equal(t, []string{"order", "relation", "order", "logistics", "logistics"}, order)
	assert.Equal(t, json.Number("2"), at(t, p, "keys", "order", "E1", "count"))
	assert.Equal(t, "success", at(t, p, "keys", "order", "E1", "latest", "status"))
	assert.Equal(t, "sign", at(t, p, "keys", "logistics", "E1:N1", "latest", "status"))
	assert.Contains(t, at(t, p, "keys", "relation"), "E1-1:"+sub)
	assert.Equal(t, json.Number("2"), p["warnings"], "only the invented product, twice")
	assert.Equal(t, json.Number("2"), at(t, p, "counts", "logistics", "total"))
	assert.Equal(t, json.Number("1"), at(t, p, "counts", "logistics", "keys"))

	assert.Len(t, at(t, f.control("GET", "/pushes?after=1&limit=2", "", 200), "items"), 2)
	assert.Len(t, at(t, f.control("GET", "/pushes?kind=order&key=E1", "", 200), "items"), 2)
	assert.Equal(t, json.Number("5"), at(t, f.control("GET", "/pushes?limit=1", "", 200), "items", 0, "seq"))
}

func before(s, sep string) string {
	head, _, _ := strings.Cut(s, sep)
	return head
}

func TestWriteBackRefusals(t *testing.T) {
	f := start(t, Options{})
	id := f.create("W")
	ok := orderParam("E1", "payed")
	for name, c := range map[string]struct{ api, arg, body string }{
		"status":          {orderSyncAPI, "orderParam", orderParam("E1", "paid")},
		"no order id":     {orderSyncAPI, "orderParam", orderParam("", "payed")},
		"no member":       {orderSyncAPI, "orderParam", strings.Replace(ok, `"m1"`, `""`, 1)},
		"time":            {orderSyncAPI, "orderParam", strings.Replace(ok, "2026-03-01 10:00:00", "2026-03-01T10:00:00Z", 1)},
		"fee":             {orderSyncAPI, "orderParam", strings.Replace(ok, `"paidFee":200`, `"paidFee":"2.00"`, 1)},
		"refund":          {orderSyncAPI, "orderParam", strings.Replace(ok, `"refundStatus":"0"`, `"refundStatus":"none"`, 1)},
		"sub amount":      {orderSyncAPI, "orderParam", strings.Replace(ok, `"buyAmount":1`, `"buyAmount":0`, 1)},
		"no product":      {orderSyncAPI, "orderParam", before(ok, `,"subOrder`) + "}"},
		"not JSON":        {orderSyncAPI, "orderParam", "{"},
		"unknown order":   {relationAPI, "orderRelationParam", `{"orderId":"a","parentOrderId":"b","purchaseOrderId":1,"purchaseParentOrderId":2}`},
		"unknown line":    {relationAPI, "orderRelationParam", `{"orderId":"a","parentOrderId":"b","purchaseOrderId":1,"purchaseParentOrderId":` + id + `}`},
		"half a relation": {relationAPI, "orderRelationParam", `{"orderId":"a","purchaseOrderId":1,"purchaseParentOrderId":` + id + `}`},
		"parcel status":   {logisticsAPI, "orderLogisticsParam", `{"orderId":"a","logisticsId":"b","logisticsStatus":"sent"}`},
		"no address":      {logisticsAPI, "orderLogisticsParam", `{"orderId":"a","logisticsId":"b","logisticsStatus":"send","createTime":"2026-03-02 10:00:00"}`},
		"signed, no time": {logisticsAPI, "orderLogisticsParam", `{"orderId":"a","logisticsId":"b","logisticsStatus":"sign","createTime":"2026-03-02 10:00:00","province":"p","city":"c","area":"a","address":"x"}`},
	} {
		t.Run(name, func(t *testing.T) {
			a := f.call(c.api, map[string]string{c.arg: c.body})
			assert.Equal(t, false, at(t, a, "result", "success"))
			assert.NotEmpty(t, at(t, a, "result", "message"))
		})
	}
	for _, i := range at(t, f.control("GET", "/pushes", "", 200), "items").([]any) {
		assert.Equal(t, false, at(t, i, "accepted"))
	}
}

func TestWriteBackWarnings(t *testing.T) {
	f := start(t, Options{})
	f.call(orderSyncAPI, map[string]string{"orderParam": orderParam("E1", "success")})
	f.call(orderSyncAPI, map[string]string{"orderParam": orderParam("E1", "payed")})
	f.call(logisticsAPI, map[string]string{"orderLogisticsParam": `{"orderId":"E9","logisticsId":"b","logisticsStatus":"send","createTime":"2026-03-02 10:00:00","province":"p","city":"c","area":"a","address":"x"}`})
	items := at(t, f.control("GET", "/pushes", "", 200), "items").([]any)
	assert.Contains(t, at(t, items[0], "warnings"), "first_push_is_not_payed")
	assert.Contains(t, at(t, items[1], "warnings"), "status_went_back")
	assert.Contains(t, at(t, items[2], "warnings"), "order_not_pushed_yet")
}

func TestWriteBackInTheSeedsWords(t *testing.T) {
	f := start(t, Options{})
	id := f.create("W")
	sub := at(t, f.view(id), "result", "productItems", 0, "subItemIDString").(string)
	want := map[string]any{"success": true, "code": "S0000", "message": "success", "data": true, "result": true}
	for _, c := range []struct{ api, arg, body string }{
		{orderSyncAPI, "orderParam", `{"orderId":11,"createTime":"2026-03-01 10:00:00","payTime":"2026-03-01 10:00:00","payStatus":"payed","outUserId":"m","offerId":1,"skuId":2,"buyAmount":1,"paidFee":5,"contry":"japan",` +
			`"subOrderList":[{"orderId":12,"offerId":1,"skuId":2,"buyAmount":1,"paidFee":5}]}`},
		{relationAPI, "nationalOrderRelationParamList", fmt.Sprintf(`[{"nationalSubOrderId":12,"nationalOrderId":11,"cbuSubOrderId":%s,"cbuOrderId":%s}]`, sub, id)},
		{orderSyncAPI, "orderStatusSyncParam", `{"orderId":11,"payStatus":"success","endTime":"2026-03-09 10:00:00","refundStatus":0,"subOrderStatusSyncParamList":[{"orderId":12,"payStatus":"success"}]}`},
		{logisticsAPI, "logisticsOrderParam", `{"logisticsOrderId":11,"logisticsId":"N","createTime":"2026-03-03 10:00:00","logisticsStatus":"send","contry":"japan"}`},
	} {
		assert.Equal(t, want, f.call(c.api, map[string]string{c.arg: c.body}), c.arg)
	}
	p := f.control("GET", "/pushes", "", 200)
	assert.Equal(t, "success", at(t, p, "keys", "order", "11", "latest", "status"))
	assert.Contains(t, at(t, p, "keys", "relation"), "12:"+sub)
	bad := f.call(relationAPI, map[string]string{"nationalOrderRelationParamList": `[{"nationalSubOrderId":12,"nationalOrderId":11,"cbuSubOrderId":1,"cbuOrderId":2}]`})
	assert.Equal(t, false, bad["success"])
	assert.Equal(t, false, bad["data"])
}

func TestRegister(t *testing.T) {
	f := start(t, Options{})
	const ok = `{"country":"japan","site":"japan","outLoginId":"hana","outMemberId":"m1","email":"a@example.com","mobile":"","mobileArea":"","ip":"203.0.113.7"}`
	register := func(body string) map[string]any {
		return f.call(registerAPI, map[string]string{"countryAccount": body})
	}
	assert.Equal(t, map[string]any{"result": map[string]any{"success": true, "code": "S0000", "message": "success", "result": true}}, register(ok))
	again := register(ok)
	assert.Equal(t, true, at(t, again, "result", "result"), "registering twice is no failure")
	assert.Equal(t, "member exists", at(t, again, "result", "message"))
	for name, swap := range map[string][2]string{
		"country": {`"japan","site"`, `"Japan","site"`}, "site": {`"site":"japan"`, `"site":"a-site-name-too-long"`}, "login": {`"hana"`, `""`},
		"member": {`"m1"`, `"` + strings.Repeat("m", 61) + `"`}, "mail": {"a@example.com", "nope"}, "neither": {"a@example.com", ""},
		"area": {`"mobile":""`, `"mobile":"0312345678"`}, "ip": {"203.0.113.7", "localhost"},
	} {
		t.Run(name, func(t *testing.T) {
			body := strings.Replace(ok, swap[0], swap[1], 1)
			require.NotEqual(t, ok, body)
			assert.Equal(t, false, at(t, register(body), "result", "success"))
		})
	}
	phone := strings.NewReplacer(`"a@example.com"`, `""`, `"mobile":"","mobileArea":""`, `"mobile":"0312345678","mobileArea":"JP"`).Replace(ok)
	assert.Equal(t, true, at(t, register(phone), "result", "success"))
	assert.Equal(t, json.Number("1"), f.control("GET", "/state", "", 200)["members"])
	assert.Equal(t, json.Number("11"), at(t, f.control("GET", "/pushes?kind=registration", "", 200), "counts", "registration", "total"))
}

// The server side of one order sync, without the network: the figure the benchmarks of others stand on.
func BenchmarkOrderSync(b *testing.B) {
	s, err := New(Options{Dir: b.TempDir()})
	require.NoError(b, err)
	defer func() { _ = s.Close() }()
	f := &fixture{t: b, srv: s}
	var n int
	for b.Loop() {
		n++
		target, form := f.form(orderSyncAPI, map[string]string{"orderParam": orderParam(fmt.Sprint("E", n), "payed")})
		r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		if w.Code != 200 {
			b.Fatal(w.Body)
		}
	}
}

func BenchmarkHotSearch(b *testing.B) {
	s, err := New(Options{Offers: 20_000})
	require.NoError(b, err)
	f := &fixture{t: b, srv: s}
	target, form := f.form(searchAPI, map[string]string{"offerQueryParam": `{"keyword":"コットン","beginPage":1,"pageSize":20,"country":"ja"}`})
	body := form.Encode()
	for b.Loop() {
		r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		s.Handler().ServeHTTP(httptest.NewRecorder(), r)
	}
}
