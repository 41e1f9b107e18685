package sandbox

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	cursorAPI  = "cn.alibaba.open/push.cursor.messageList"
	queryAPI   = "cn.alibaba.open/push.query.messageList"
	confirmAPI = "cn.alibaba.open/push.message.confirm"
)

func (f *fixture) emitted(topic string, n int) {
	f.t.Helper()
	for i := range n {
		f.control("POST", "/messages", fmt.Sprintf(`{"action":"emit","topic":%q,"bizKey":"k%d","data":{"n":%d}}`, topic, i, i), 200)
	}
}

func TestFailedStore(t *testing.T) {
	clk := newClock()
	f := start(t, Options{Now: clk.now}) // nobody to send to: everything fails at once
	f.emitted("ORDER_BUYER_VIEW_ORDER_PAY", 25)
	f.control("POST", "/clock", `{"advance":3600}`, 200)
	f.emitted("PRODUCT_PFT_OFFER_QUIT", 3)

	page := f.call(queryAPI, map[string]string{"page": "2", "pageSize": "20"})
	assert.Len(t, at(t, page, "pushMessagePage", "datas"), 8)
	assert.Equal(t, "28", fmt.Sprint(at(t, page, "pushMessagePage", "totalCount")))
	m := at(t, page, "pushMessagePage", "datas", 7).(map[string]any)
	assert.Equal(t, "PRODUCT_PFT_OFFER_QUIT", m["type"])
	assert.Equal(t, newBuyer(DemoKey).memberID, m["userInfo"])
	assert.Equal(t, map[string]any{"n": m["data"].(map[string]any)["n"]}, m["data"])
	assert.Equal(t, DemoKey, m["appKey"])

	total := func(params map[string]string) string {
		return fmt.Sprint(at(t, f.call(queryAPI, params), "pushMessagePage", "totalCount"))
	}
	assert.Equal(t, "3", total(map[string]string{"type": "PRODUCT_PFT_OFFER_QUIT"}))
	assert.Equal(t, "0", total(map[string]string{"userInfo": "b2b-someone"}))
	assert.Equal(t, "3", total(map[string]string{"createStartTime": stamp(clk.now().Add(time.Minute)).(string)}))
	assert.Equal(t, "25", total(map[string]string{"createEndTime": stamp(clk.now().Add(time.Minute)).(string)}))

	id := fmt.Sprint(m["msgId"])
	assert.Equal(t, true, f.call(confirmAPI, map[string]string{"msgIdList": "[" + id + ",1]"})["isSuccess"])
	assert.Equal(t, "27", total(nil))
	read := func(params map[string]string) int {
		return len(at(t, f.call(cursorAPI, params), "pushMessageList").([]any))
	}
	assert.Equal(t, 20, read(nil))
	assert.Equal(t, 7, read(map[string]string{"quantity": "200"}), "each read confirms")
	assert.Equal(t, 0, read(nil))

	for api, params := range map[string]map[string]string{
		cursorAPI: {"quantity": "19"}, queryAPI: {"pageSize": "201"}, confirmAPI: {"msgIdList": `{"a":1}`},
	} {
		assert.Equal(t, "PARAM_ILLEGAL", f.call(api, params)["errorCode"], api)
	}
	assert.Equal(t, "PARAM_ILLEGAL", f.call(queryAPI, map[string]string{"createStartTime": "yesterday"})["errorCode"])

	f.emitted("X", 1)
	f.control("POST", "/clock", `{"advance":604801}`, 200)
	assert.Equal(t, "0", total(nil), "kept seven days")
}

func TestFailedStoreSurvivesARestart(t *testing.T) {
	dir := t.TempDir()
	t.Run("first life", func(t *testing.T) {
		f := start(t, Options{Dir: dir})
		f.emitted("X", 22)
		f.call(cursorAPI, nil)
	})
	f := start(t, Options{Dir: dir})
	assert.Len(t, at(t, f.call(cursorAPI, nil), "pushMessageList"), 2)
}

// An app's messages go to its own callbacks and to those who get everything, and to nobody else.
func TestMessagesGoToTheirApp(t *testing.T) {
	all, own, other := newHook(t), newHook(t), newHook(t)
	f := start(t, Options{Subscribers: []string{all.URL}, Apps: []App{
		{Key: DemoKey, Secret: DemoSecret, Token: DemoToken, Callbacks: []string{own.URL, all.URL}}, {Key: "2", Secret: "s"},
	}})
	f.control("POST", "/apps", `{"key":"2","secret":"`+DemoSecret+`","callbacks":["`+other.URL+`"]}`, 200)
	f.create("1")
	all.wait(t, 1)
	own.wait(t, 1)
	f.control("POST", "/messages", `{"action":"emit","app":"2","topic":"T","data":{}}`, 200)
	all.wait(t, 2)
	other.wait(t, 1)
	assert.Len(t, own.messages(), 1)
	assert.Len(t, other.messages(), 1)
	assert.Equal(t, newBuyer("2").memberID, other.messages()[0]["userInfo"])
	f.control("POST", "/messages", `{"action":"emit","app":"3","topic":"T","data":{}}`, 404)
}

func TestMessageFormats(t *testing.T) {
	h := newHook(t)
	f := start(t, Options{Subscribers: []string{h.URL}})
	f.control("POST", "/messages", `{"action":"format","idAs":"text","extraInfo":true}`, 200)
	f.emitted("T", 1)
	h.wait(t, 1)
	m := h.messages()[0]
	assert.IsType(t, "", m["msgId"])
	assert.IsType(t, "", m["gmtBorn"])
	assert.Contains(t, m, "extraInfo")
	assert.Equal(t, "k0", m["bizKey"])
	f.control("POST", "/messages", `{"action":"format","idAs":"number","extraInfo":false,"times":"blank"}`, 200)
	f.control("POST", "/messages", `{"action":"format","idAs":"roman"}`, 400)
	id := f.create("1")
	f.act(id, "pay", "")
	f.act(id, "ship", "")
	h.wait(t, 5)
	for _, m := range h.messages() {
		if m["type"] == "LOGISTICS_BUYER_VIEW_TRACE" {
			model := at(t, m, "data", "OrderLogisticsTracingModel").(map[string]any)
			assert.Empty(t, model["changeTime"])
			assert.Equal(t, id, fmt.Sprint(at(t, model, "orderLogsItems", 0, "orderId")))
			return
		}
	}
	require.Fail(t, "no trace message")
}

func TestBentMessages(t *testing.T) {
	h := newHook(t)
	f := start(t, Options{Subscribers: []string{h.URL}})
	for i, kind := range []string{"corrupt", "corrupt_body", "truncate_body"} {
		f.control("POST", "/faults", `{"kind":"`+kind+`","count":1}`, 200)
		f.emitted(kind, 1)
		f.eventually(kind, func() bool { h.mu.Lock(); defer h.mu.Unlock(); return h.bad == 3*(i+1) })
	}
	f.control("POST", "/faults", `{"kind":"malformed","count":1}`, 200)
	f.emitted("malformed", 1)
	f.eventually("well signed", func() bool { h.mu.Lock(); defer h.mu.Unlock(); return h.seen == 10 && h.bad == 9 })
	assert.Empty(t, h.messages(), "and not readable")

	f.control("DELETE", "/faults", "", 200)
	f.control("POST", "/faults", `{"kind":"stale","topic":"B","count":1,"delayMs":1}`, 200)
	f.emitted("A", 1)
	f.emitted("B", 1)
	h.wait(t, 3)
	assert.ElementsMatch(t, []string{"A", "B", "A"}, h.topics(), "on a busy machine the old one may overtake")
	old := map[any]bool{}
	for i, topic := range h.topics() {
		if topic == "A" {
			old[h.messages()[i]["msgId"]] = true
		}
	}
	assert.Len(t, old, 1, "A again, not another one")
}

// Faults can be narrowed to one order, by either of its names, or to one offer.
func TestFaultsAboutOneThing(t *testing.T) {
	h := newHook(t)
	f := start(t, Options{Subscribers: []string{h.URL}})
	a, b := f.create("OUT-1"), f.create("OUT-2")
	f.control("POST", "/faults", `{"api":"*","kind":"http_503","outOrderId":"OUT-2"}`, 200)
	f.control("POST", "/faults", `{"kind":"lose","orderId":"`+a+`"}`, 200)
	view := func(id string) int {
		status, _ := f.raw("com.alibaba.trade/alibaba.trade.get.buyerView", map[string]string{"webSite": "1688", "orderId": id})
		return status
	}
	assert.Equal(t, 200, view(a))
	assert.Equal(t, 503, view(b))
	h.wait(t, 2)
	f.act(a, "pay", "")
	f.act(b, "pay", "")
	h.wait(t, 3)
	assert.Equal(t, b, fmt.Sprint(at(t, h.messages()[2], "data", "orderId")))

	o, _ := f.pickOffer(plainOffer)
	f.control("POST", "/faults", `{"api":"queryProductDetail","kind":"http_500","offerId":`+itoa(o.id)+`}`, 200)
	detail := func(id int64) int {
		status, _ := f.raw("com.alibaba.fenxiao.crossborder/product.search.queryProductDetail", map[string]string{
			"offerDetailParam": fmt.Sprintf(`{"offerId": %d, "country":"en"}`, id),
		})
		return status
	}
	assert.Equal(t, 500, detail(o.id))
	assert.Equal(t, 200, detail(o.id+1))
}

func TestNames(t *testing.T) {
	for text, want := range map[string]bool{
		"12": true, `{"a":12}`: true, "[1,12,3]": true, "112": false, "123": false, "x12": false, "12-3": false, "112,12": true, "": false, "ä12": false,
	} {
		assert.Equal(t, want, names(text, "12"), text)
	}
	assert.Equal(t, url.Values{"a": {"1"}}, func() url.Values { f := form{args: url.Values{}}; _ = f.addPairs("a=1&a=2&&"); return f.args }())
}
