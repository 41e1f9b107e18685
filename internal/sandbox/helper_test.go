package sandbox

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fixture is a running sandbox and a caller that signs by itself.
type fixture struct {
	t   testing.TB
	srv *Server
	url string
}

// clock is a settable time for tests.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func newClock() *clock { return &clock{t: time.Date(2026, 3, 1, 2, 3, 4, 5_000_000, time.UTC)} }

func start(t testing.TB, opt Options) *fixture {
	t.Helper()
	if opt.Now == nil {
		opt.Now = newClock().now
	}
	if opt.Offers == 0 {
		opt.Offers = 400
	}
	if opt.RetryDelays == nil {
		opt.RetryDelays = []time.Duration{0, time.Millisecond, time.Millisecond}
	}
	srv, err := New(opt)
	require.NoError(t, err)
	ts := httptest.NewServer(srv.Handler())
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- srv.Run(ctx, nil) }()
	t.Cleanup(func() {
		cancel()
		assert.NoError(t, <-done)
		ts.Close()
		assert.NoError(t, srv.Close())
	})
	return &fixture{t: t, srv: srv, url: ts.URL}
}

// sign is written again here, so that a mistake in the package cannot confirm itself.
func sign(secret, path string, params map[string]string) string {
	var parts []string
	for k, v := range params {
		if k != "_aop_signature" {
			parts = append(parts, k+v)
		}
	}
	sort.Strings(parts)
	mac := hmac.New(sha1.New, []byte(secret))
	_, _ = io.WriteString(mac, path+strings.Join(parts, ""))
	return strings.ToUpper(hex.EncodeToString(mac.Sum(nil)))
}

func (f *fixture) form(api string, params map[string]string) (string, url.Values) {
	path := "param2/1/" + api + "/" + DemoKey
	all := map[string]string{"access_token": DemoToken}
	for k, v := range params {
		all[k] = v
	}
	form := url.Values{"_aop_signature": {sign(DemoSecret, path, all)}}
	for k, v := range all {
		form.Set(k, v)
	}
	return f.url + "/openapi/" + path, form
}

func (f *fixture) raw(api string, params map[string]string) (int, []byte) {
	f.t.Helper()
	target, form := f.form(api, params)
	res, err := http.PostForm(target, form)
	require.NoError(f.t, err)
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	require.NoError(f.t, err)
	return res.StatusCode, body
}

// call posts and decodes; numbers stay json.Number so that ids keep their digits.
func (f *fixture) call(api string, params map[string]string) map[string]any {
	f.t.Helper()
	status, body := f.raw(api, params)
	require.Equal(f.t, 200, status, string(body))
	return decode(f.t, body)
}

func decode(t testing.TB, body []byte) map[string]any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var m map[string]any
	require.NoError(t, d.Decode(&m), string(body))
	return m
}

// control calls /sandbox/v1 and expects the status.
func (f *fixture) control(method, path, body string, want int) map[string]any {
	f.t.Helper()
	req, err := http.NewRequest(method, f.url+"/sandbox/v1"+path, strings.NewReader(body))
	require.NoError(f.t, err)
	res, err := http.DefaultClient.Do(req)
	require.NoError(f.t, err)
	defer func() { _ = res.Body.Close() }()
	out, err := io.ReadAll(res.Body)
	require.NoError(f.t, err)
	require.Equal(f.t, want, res.StatusCode, string(out))
	return decode(f.t, out)
}

// at walks maps and lists: at(m, "result", "data", 0, "offerId").
func at(t testing.TB, v any, path ...any) any {
	t.Helper()
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, ok := v.(map[string]any)
			require.True(t, ok, "%v in %v", p, v)
			v = m[p]
		case int:
			l, ok := v.([]any)
			require.True(t, ok && p < len(l), "%v in %v", p, v)
			v = l[p]
		}
	}
	return v
}

const testAddress = `{"fullName":"Test","mobile":"13800000000","provinceText":"浙江省","cityText":"杭州市","areaText":"滨江区","address":"路1号"}`

// pickOffer finds an ordinary offer with a stocked SKU that fits.
func (f *fixture) pickOffer(ok func(*offer) bool) (*offer, *sku) {
	f.t.Helper()
	c := f.srv.cat.Load()
	for i := range c.offers {
		o := &c.offers[i]
		if !ok(o) {
			continue
		}
		skus := c.skus(o)
		for k := range skus {
			if skus[k].stock > 100 {
				return o, &skus[k]
			}
		}
	}
	require.Fail(f.t, "no such offer")
	return nil, nil
}

// harmless traits change what an offer shows, not how it is bought.
const harmless = dropship | patent | promoted | channelPriced | certified | filmed | translatedPic | sparse

func plainOffer(o *offer) bool { return o.traits&^harmless == 0 && o.quoteType == 1 }

func cargo(o *offer, k *sku, quantity int64) string {
	return string(marshal(obj{"offerId": o.id, "specId": k.spec, "quantity": quantity}))
}

// create places an order for five pieces of a plain offer and returns its number.
func (f *fixture) create(out string) string {
	f.t.Helper()
	o, k := f.pickOffer(plainOffer)
	a := f.call("com.alibaba.trade/alibaba.trade.createCrossOrder", map[string]string{
		"flow": "general", "outOrderId": out, "addressParam": testAddress, "cargoParamList": "[" + cargo(o, k, 5) + "]",
	})
	id, _ := at(f.t, a, "result", "orderId").(string)
	require.NotEmpty(f.t, id, a)
	return id
}

// hook is a subscriber that verifies signatures and answers what it is told to.
type hook struct {
	*httptest.Server
	mu     sync.Mutex
	got    []map[string]any
	bad    int
	answer func(n int) int
	seen   int
}

func newHook(t testing.TB) *hook {
	h := &hook{}
	h.Server = httptest.NewServer(h)
	t.Cleanup(h.Close)
	return h
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seen++
	text := r.PostFormValue("message")
	if r.PostFormValue("_aop_signature") != sign(DemoSecret, "", map[string]string{"message": text}) {
		h.bad++
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if h.answer != nil {
		if status := h.answer(h.seen); status != 200 {
			w.WriteHeader(status)
			return
		}
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var m map[string]any
	if d.Decode(&m) == nil {
		h.got = append(h.got, m)
	}
}

func (h *hook) messages() []map[string]any {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]map[string]any(nil), h.got...)
}

func (h *hook) topics() []string {
	var out []string
	for _, m := range h.messages() {
		out = append(out, strings.TrimPrefix(m["type"].(string), "ORDER_BUYER_VIEW_"))
	}
	return out
}

func (h *hook) wait(t testing.TB, n int) {
	t.Helper()
	require.Eventually(t, func() bool { return len(h.messages()) >= n }, time.Minute, 5*time.Millisecond, "topics: %v", h.topics())
}
