package app_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"entrepot/internal/apptest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// ordered is a story with an order that waits for its payment.
func ordered(t *testing.T, opts ...apptest.Option) *apptest.Story {
	t.Helper()
	y := apptest.Start(t, opts...).NewStory(t, 1)
	y.Play(t, y.Steps()[:3]...)
	return y
}

func payments(t *testing.T, y *apptest.Story) int {
	return y.Count(t, "SELECT COUNT(*) FROM payments")
}

// Payments that nobody signed, or long ago, are refused and leave no trace.
func TestPaymentsRefused(t *testing.T) {
	y := ordered(t)
	good := apptest.Payment{Order: y.OrderID, Ref: "p1", Amount: y.Total, Currency: y.Currency}
	for name, change := range map[string]func(p *apptest.Payment){
		"another secret": func(p *apptest.Payment) { p.Secret = "whsec_c29tZWJvZHkgZWxzZSdzIHNlY3JldA==" },
		"6 minutes old":  func(p *apptest.Payment) { p.At = time.Now().Add(-6 * time.Minute) },
		"6 minutes new":  func(p *apptest.Payment) { p.At = time.Now().Add(6 * time.Minute) },
	} {
		p := good
		change(&p)
		a, err := y.Pay(t, p)
		require.NoError(t, err)
		assert.Equal(t, http.StatusUnauthorized, a.Status, name)
		assert.Equal(t, "PAYMENT_SIGNATURE", a.Problem(t).Code, name)
	}
	body := map[string]any{"type": "payment.succeeded", "data": map[string]any{"orderId": y.OrderID, "paymentId": "p1", "amount": y.Total, "currency": y.Currency}}
	for name, with := range map[string]apptest.With{
		"no headers": {}, "no signature": {"webhook-id": "m", "webhook-timestamp": strconv.FormatInt(time.Now().Unix(), 10)},
		"made up": {"webhook-id": "m", "webhook-timestamp": strconv.FormatInt(time.Now().Unix(), 10), "webhook-signature": "v1,AAAA"},
		"no time": {"webhook-id": "m", "webhook-timestamp": "soon", "webhook-signature": "v1,AAAA"},
	} {
		a := y.Anyone().Post(t, http.StatusUnauthorized, "/callbacks/payments", body, with)
		assert.Equal(t, "PAYMENT_SIGNATURE", a.Problem(t).Code, name)
	}
	// The signature is looked at before the body: who may not speak learns nothing about the contract.
	y.Anyone().Post(t, http.StatusUnauthorized, "/callbacks/payments", "{", apptest.With{})
	assert.Zero(t, payments(t, y))
	y.Status(t, "awaiting_payment")
	assert.Zero(t, y.Count(t, "SELECT COUNT(*) FROM jobs WHERE kind IN ('push.order', 'order.purchase')"))
}

// Signed payments that make no sense are refused with the place that is wrong.
func TestPaymentsThatMakeNoSense(t *testing.T) {
	y := ordered(t)
	data := func(change func(m map[string]any)) []byte {
		return apptest.Bend(map[string]any{"type": "payment.succeeded", "data": map[string]any{
			"orderId": y.OrderID, "paymentId": "p1", "amount": y.Total, "currency": y.Currency}},
			func(m map[string]any) { change(m["data"].(map[string]any)) })
	}
	for _, tt := range []struct {
		name    string
		body    []byte
		status  int
		pointer string
	}{
		{"unknown order", data(func(m map[string]any) { m["orderId"] = "4611686018427387904" }), 404, "/data/orderId"},
		{"amount 0", data(func(m map[string]any) { m["amount"] = 0 }), 400, "/data/amount"},
		{"amount -1", data(func(m map[string]any) { m["amount"] = -1 }), 400, "/data/amount"},
		{"amount 1.5", data(func(m map[string]any) { m["amount"] = 1.5 }), 400, "/data/amount"},
		{"amount text", data(func(m map[string]any) { m["amount"] = "1" }), 400, "/data/amount"},
		{"unknown field", data(func(m map[string]any) { m["status"] = "paid" }), 400, "/data/status"},
		{"no reference", data(func(m map[string]any) { m["paymentId"] = "" }), 400, "/data/paymentId"},
		{"no currency", data(func(m map[string]any) { delete(m, "currency") }), 400, "/data/currency"},
		{"other event", []byte(`{"type":"payment.failed","data":{}}`), 400, "/type"},
		{"no JSON", []byte("{"), 400, ""},
	} {
		a, err := y.PayRaw(t, apptest.Payment{WebhookID: "m-" + strconv.Itoa(len(tt.name)), At: time.Now(), Secret: apptest.PaymentSecret}, tt.body)
		require.NoError(t, err)
		require.Equal(t, tt.status, a.Status, "%s: %s", tt.name, a.Body)
		if tt.pointer != "" {
			assert.Contains(t, a.Problem(t).Pointers(), tt.pointer, tt.name)
		}
	}
	assert.Zero(t, payments(t, y))
}

// A payment is recorded once, however often and however fast it is reported.
func TestPaymentRepeated(t *testing.T) {
	y := ordered(t)
	p := apptest.Payment{Order: y.OrderID, Ref: "p1", Amount: y.Total, Currency: y.Currency, WebhookID: "m1"}
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			p := p
			if i%2 == 1 {
				p.WebhookID = "m1-" + strconv.Itoa(i) // the provider sends the same payment anew
			}
			a, err := y.Pay(t, p)
			assert.NoError(t, err)
			assert.Equal(t, http.StatusOK, a.Status, "%s", a.Body)
			assert.Contains(t, string(a.Body), `"accepted"`)
		})
	}
	all.Wait()
	assert.Equal(t, 1, payments(t, y))
	steps := y.Steps()
	steps[3].Act = nil // has just happened
	y.Play(t, steps[3:]...)
	y.Verify(t)

	// Another payment of the same order is money that came twice: kept, and shown to staff.
	p.Ref, p.WebhookID = "p2", "m2"
	a, err := y.Pay(t, p)
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, a.Status)
	assert.Equal(t, "paid_twice", y.Seen(t).Attention)
	assert.Equal(t, 2, payments(t, y))
}

// A wrong amount or currency is kept as what it is, shown to staff, and buys nothing.
func TestPaymentMismatch(t *testing.T) {
	for name, change := range map[string]func(p *apptest.Payment){
		"too little": func(p *apptest.Payment) { p.Amount-- }, "too much": func(p *apptest.Payment) { p.Amount++ },
		"other currency": func(p *apptest.Payment) { p.Currency = "USD" },
	} {
		t.Run(name, func(t *testing.T) {
			y := ordered(t)
			p := apptest.Payment{Order: y.OrderID, Ref: "p1", Amount: y.Total, Currency: y.Currency}
			change(&p)
			a, err := y.Pay(t, p)
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, a.Status, "%s", a.Body)
			assert.Contains(t, string(a.Body), `"mismatch"`)
			v := y.Seen(t)
			assert.Equal(t, "payment_mismatch", v.Attention)
			assert.Equal(t, "attention", v.Order.StatusGroup)
			assert.Equal(t, "awaiting_payment", v.Order.Status)
			assert.Empty(t, v.Purchases)
			assert.Empty(t, y.Sandbox.Orders(t, ""))
			assert.Equal(t, 1, payments(t, y))
			// The same reference for another order is no payment of that order.
			var o struct{ ID string }
			body := apptest.OrderBody(y.Preview(t, y.Shopper, y.Items...).PreviewToken)
			y.Shopper.Post(t, http.StatusCreated, "/v1/orders", body, apptest.Idem("second")).Decode(t, &o)
			p.Order = o.ID
			a, err = y.Pay(t, p)
			require.NoError(t, err)
			assert.Equal(t, http.StatusConflict, a.Status)
			assert.Equal(t, "PAYMENT_DUPLICATE", a.Problem(t).Code)
		})
	}
}

func inbox(t *testing.T, s *apptest.Stack) int { return s.Count(t, "SELECT COUNT(*) FROM inbox") }

// messageOf is a message of 1688 as text.
func messageOf(id int64, topic, data string) string {
	return `{"msgId":` + strconv.FormatInt(id, 10) + `,"gmtBorn":` + strconv.FormatInt(time.Now().UnixMilli(), 10) +
		`,"type":"` + topic + `","userInfo":"b2b-1","data":` + data + `}`
}

// Messages that 1688 did not sign are refused and leave no trace.
func TestMessagesRefused(t *testing.T) {
	s := apptest.Start(t)
	m := messageOf(1, "ORDER_BUYER_VIEW_ORDER_PAY", `{"orderId":1}`)
	for name, a := range map[string]apptest.Answer{
		"another secret": s.Message(t, m, "somebody else's"),
		"no signature":   s.Form(t, url.Values{"message": {m}}),
		"made up":        s.Form(t, url.Values{"message": {m}, "_aop_signature": {"00"}}),
		"not hex":        s.Form(t, url.Values{"message": {m}, "_aop_signature": {"ZZ"}}),
		"two signatures": s.Form(t, url.Values{"message": {m}, "_aop_signature": {"00", "11"}}),
		"nothing":        s.Form(t, url.Values{}),
	} {
		assert.Equal(t, http.StatusUnauthorized, a.Status, name)
		assert.Equal(t, "CALLBACK_SIGNATURE", a.Problem(t).Code, name)
	}
	// Signed, but nothing to read.
	for name, text := range map[string]string{"empty": "", "no JSON": "{", "a list": "[]", "no id": `{"type":"X","data":{}}`, "no topic": `{"msgId":1,"data":{}}`} {
		a := s.Message(t, text, "")
		assert.Equal(t, http.StatusBadRequest, a.Status, name)
		assert.Equal(t, "CALLBACK_MALFORMED", a.Problem(t).Code, name)
	}
	assert.Zero(t, inbox(t, s))
	assert.Zero(t, s.Count(t, "SELECT COUNT(*) FROM jobs WHERE kind = 'message.apply'"))
}

// message is a stored message as staff see it.
type message struct{ MsgID, Topic, State, Reason string }

func stored(t testing.TB, staff *apptest.Client) map[string]message {
	t.Helper()
	var v struct{ Items []message }
	staff.Get(t, http.StatusOK, "/admin/v1/messages?limit=100").Decode(t, &v)
	out := map[string]message{}
	for _, m := range v.Items {
		out[m.MsgID] = m
	}
	return out
}

// What we cannot use is stored, ignored with a reason and acknowledged; a repetition is one row.
func TestMessagesStored(t *testing.T) {
	s := apptest.Start(t)
	staff := s.Staff(t)
	unknown := messageOf(11, "SOMETHING_NEW_OF_1688", `{"orderId":1}`)
	for range 3 {
		assert.Equal(t, http.StatusOK, s.Message(t, unknown, "").Status)
	}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			assert.Equal(t, http.StatusOK, s.Message(t, messageOf(12, "ANOTHER_TOPIC", `"text"`), "").Status)
		})
	}
	all.Wait()
	// Odd shapes of a known topic: text ids beyond float64, a body as text, no body at all.
	for id, data := range map[int64]string{13: `{"orderId":"9007199254740993"}`, 14: `"{\"orderId\":3026472600043168001}"`, 15: `null`, 16: `[]`, 17: `{"orderId":{}}`} {
		assert.Equal(t, http.StatusOK, s.Message(t, messageOf(id, "ORDER_BUYER_VIEW_ORDER_PAY", data), "").Status, data)
	}
	old := strings.Replace(messageOf(18, "OLD_TOPIC", `{}`), `"gmtBorn":`, `"gmtBorn":1,"was":`, 1)
	assert.Equal(t, http.StatusOK, s.Message(t, old, "").Status)

	apptest.Eventually(t, "messages to be looked at", func() (bool, string) {
		have := stored(t, staff)
		b, _ := json.Marshal(have)
		return len(have) == 8 && have["11"].State == "ignored" && have["12"].State == "ignored" && have["15"].State != "received" && have["18"].State == "ignored", string(b)
	})
	have := stored(t, staff)
	assert.Equal(t, "unknown topic", have["11"].Reason)
	assert.NotEmpty(t, have["15"].Reason)
	assert.Equal(t, 8, inbox(t, s))
}

// However the messages of 1688 arrive, the story ends in the same state.
func TestMessagesLostDoubledShuffled(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fault apptest.Fault
	}{
		{"every message twice", apptest.Fault{Kind: "duplicate"}},
		{"shuffled in fours", apptest.Fault{Kind: "shuffle", Count: 4, DelayMS: 400}},
		{"late", apptest.Fault{Kind: "delay", DelayMS: 300}},
		{"every message lost", apptest.Fault{Kind: "lose"}},
		{"every signature wrong", apptest.Fault{Kind: "corrupt"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			y := apptest.Start(t).NewStory(t, 2)
			y.Sandbox.Break(t, tt.fault)
			y.Play(t, y.Steps()...)
			y.Verify(t)
			assert.Positive(t, y.Sandbox.Struck(t, tt.fault.Kind))
			if tt.fault.Kind == "corrupt" || tt.fault.Kind == "lose" {
				assert.Zero(t, inbox(t, y.Stack), "nothing was received, so nothing is stored")
				return
			}
			y.Sandbox.Mend(t)
			y.Sandbox.Post(t, "/messages", map[string]any{"action": "shuffle"}) // all of them once more, in any order
			y.Sandbox.Delivered(t)
			y.Verify(t)
			assert.Equal(t, len(y.Sandbox.Messages(t)), inbox(t, y.Stack), "one row per message")
			assert.Zero(t, y.Count(t, "SELECT COUNT(*) FROM inbox WHERE state = 'failed'"))
		})
	}
}

// Both ways a body may arrive end in the same state.
func TestMessagesWithDataAsText(t *testing.T) {
	y := apptest.Start(t).NewStory(t, 1)
	y.Sandbox.Post(t, "/messages", map[string]any{"action": "format", "dataAs": "text"})
	y.Play(t, y.Steps()...)
	y.Verify(t)
	assert.Zero(t, y.Count(t, "SELECT COUNT(*) FROM inbox WHERE state IN ('failed', 'ignored')"))
}

// Without credentials every route answers a documented refusal to whatever is thrown at it.
func TestHostileRequestsToEveryRoute(t *testing.T) {
	s := apptest.Start(t)
	bodies := []struct {
		name, contentType string
		body              []byte
	}{
		{"nothing", "", nil},
		{"empty object", "application/json", []byte(`{}`)},
		{"null", "application/json", []byte(`null`)},
		{"list", "application/json", []byte(`[]`)},
		{"number", "application/json", []byte(`1e400`)},
		{"cut off", "application/json", []byte(`{"a":`)},
		{"two values", "application/json", []byte(`{}{}`)},
		{"duplicate keys", "application/json", []byte(`{"loginName":"a","loginName":"b"}`)},
		{"wrong types", "application/json", []byte(`{"loginName":{},"password":[],"items":1,"token":true,"type":0,"data":"x","refreshToken":1}`)},
		{"deep", "application/json", bytes.Repeat([]byte("["), 50_000)},
		{"wide", "application/json", []byte("[" + strings.Repeat("0,", 50_000) + "0]")},
		{"invalid UTF-8", "application/json", []byte("{\"loginName\":\"\xff\xfe\"}")},
		{"NUL", "application/json", []byte(`{"loginName":"a\u0000b","password":"12345678"}`)},
		{"huge text", "application/json", []byte(`{"loginName":"` + strings.Repeat("x", 900_000) + `"}`)},
		{"over 1 MiB", "application/json", bytes.Repeat([]byte(" "), 1<<20+1)},
		{"form", "application/x-www-form-urlencoded", []byte("message=%7B%7D&_aop_signature=00&%zz=%")},
		{"multipart", "multipart/form-data; boundary=x", []byte("--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n--x--")},
		{"XML", "application/xml", []byte(`<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>`)},
		{"content type of junk", "application/json; charset", []byte(`{}`)},
		{"SQL", "application/json", []byte(`{"loginName":"' OR 1=1 --","password":"'; DROP TABLE staff; --"}`)},
	}
	paths := func(op apptest.Operation) []string {
		list := []string{op.Path}
		if strings.Contains(op.Path, "/1") {
			for _, id := range []string{"0", "-1", "1.5", "1e3", "99999999999999999999", "..%2f..%2fetc%2fpasswd", "%00", "%F0%9F%92%A9", "1%20OR%201=1", strings.Repeat("9", 3000)} {
				list = append(list, strings.Replace(op.Path, "/1", "/"+id, 1))
			}
		}
		return append(list, op.Path+"?limit=-1&cursor=x&pageSize=99999999999999999999&keyword=%00&sort=%27", op.Path+"?limit=1&limit=2", op.Path+"?%zz")
	}
	public := map[string]bool{"livez": true, "readyz": true, "metrics": true, "openapi": true, "docs": true}
	keyOnly := map[string]bool{"getSite": true, "getFilters": true, "listCategories": true, "getCart": true, "emptyCart": true} // need nothing but a site key
	tried := 0
	for _, op := range s.Operations() {
		try := func(what, path string, body any, with apptest.With) {
			tried++
			a, err := s.Anyone().Try(t, op.Method, path, body, with)
			require.NoError(t, err, "%s with %s", op.ID, what)
			if public[op.ID] && a.Status < 400 {
				return
			}
			assert.GreaterOrEqual(t, a.Status, 400, "%s with %s", op.ID, what)
			assert.Less(t, a.Status, 500, "%s with %s: %s", op.ID, what, a.Body)
		}
		for _, path := range paths(op) {
			try(path, path, nil, nil)
		}
		for _, b := range bodies {
			try(b.name, op.Path, b.body, apptest.With{"Content-Type": b.contentType})
		}
		for _, with := range []apptest.With{
			{"X-Site-Key": strings.Repeat("k", 8000)}, {"X-Site-Key": "demo-japan", "Authorization": "Bearer " + strings.Repeat("a.", 4000)},
			{"Accept-Language": strings.Repeat("ja,", 2000)}, {"X-Request-Id": strings.Repeat("r", 9000)}, {"X-HTTP-Method-Override": "DELETE"},
			{"Cookie": strings.Repeat("a=b;", 2000)}, {"Idempotency-Key": strings.Repeat("i", 5000)}, {"X-Forwarded-For": "not, an, address"},
		} {
			if public[op.ID] || keyOnly[op.ID] && with["X-Site-Key"] == "demo-japan" {
				continue
			}
			try("headers", op.Path, nil, with)
		}
	}
	for _, method := range []string{"PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"} {
		a, err := s.Anyone().Try(t, method, "/v1/orders", nil)
		require.NoError(t, err)
		assert.Equal(t, http.StatusMethodNotAllowed, a.Status, method)
	}
	for _, path := range []string{"/", "/v1", "/v1/", "/v1/orders/", "//v1/orders", "/admin", "/v1/orders/1/2/3", "/.env", "/debug/pprof/"} {
		s.Anyone().Get(t, http.StatusNotFound, path)
	}
	t.Logf("%d requests", tried)
	for _, table := range []string{"members", "orders", "payments", "inbox", "idempotency", "jobs"} {
		assert.Zero(t, s.Count(t, "SELECT COUNT(*) FROM "+table), table)
	}
	assert.NotContains(t, s.Logs(), "panic")
}
