package sandbox

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestServerErrorsBeforeAndAfter(t *testing.T) {
	f := start(t, Options{})
	o, k := f.pickOffer(plainOffer)
	for _, status := range []int{500, 502, 503, 504} {
		for i, after := range []string{"", "_after"} {
			out := fmt.Sprintf("E%d%s", status, after)
			f.control("POST", "/faults", fmt.Sprintf(`{"api":"createCrossOrder","kind":"http_%d%s","count":1}`, status, after), 200)
			got, _ := f.raw("com.alibaba.trade/alibaba.trade.createCrossOrder", map[string]string{
				"flow": "general", "outOrderId": out, "addressParam": testAddress, "cargoParamList": "[" + cargo(o, k, 5) + "]",
			})
			assert.Equal(t, status, got)
			assert.Len(t, f.orders(out), i, out)
		}
	}
}

// A caller that gives up is the end of a silent call, with or without headers.
func TestHalfOpen(t *testing.T) {
	f := start(t, Options{})
	for kind, headers := range map[string]bool{"silent": false, "silent_after": false, "half_open": true} {
		f.control("POST", "/faults", `{"api":"*","kind":"`+kind+`","count":1}`, 200)
		target, form := f.form("system/currentTime", nil)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		req, err := http.NewRequestWithContext(ctx, "POST", target, strings.NewReader(form.Encode()))
		require.NoError(t, err)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		res, err := http.DefaultClient.Do(req)
		assert.Equal(t, headers, err == nil, kind)
		if err == nil {
			_, err = io.ReadAll(res.Body)
			assert.Error(t, err, kind)
			_ = res.Body.Close()
		}
		cancel()
	}
}

func TestBend(t *testing.T) {
	const a = `{"result":{"code":"200","message":"ok","result":{"offerId":610000000001,"orderId":"610000000001","n":12345678901},"success":true}}`
	const b = `{"result":{"idOfStr":"4000000000000000001"},"success":true}`
	const c = `{"orderList":[{"id":4000000000000000001}],"success":true}`
	for _, v := range []struct{ kind, in, want string }{
		{"wrong_envelope", a, `{"code":"200","message":"ok","result":{"offerId":610000000001,"orderId":"610000000001","n":12345678901},"success":true}`},
		{"wrong_envelope", b, `{"result":{"success":true,"code":"200","message":"ok","result":{"idOfStr":"4000000000000000001"}}}`},
		{"no_result", a, `{"success":true}`},
		{"no_result", b, `{"success":true}`},
		{"null_payload", a, `{"result":{"code":"200","message":"ok","result":null,"success":true}}`},
		{"null_payload", b, `{"result":null,"success":true}`},
		{"null_payload", c, `{"orderList":null,"success":true}`},
		{"ids_text", a, `{"result":{"code":"200","message":"ok","result":{"offerId":"610000000001","orderId":"610000000001","n":12345678901},"success":true}}`},
		{"ids_text", c, `{"orderList":[{"id":"4000000000000000001"}],"success":true}`},
		{"ids_number", a, `{"result":{"code":"200","message":"ok","result":{"offerId":610000000001,"orderId":610000000001,"n":12345678901},"success":true}}`},
		{"ids_number", b, `{"result":{"idOfStr":4000000000000000001},"success":true}`},
		{"no_result", `[1]`, `[1]`},
	} {
		assert.Equal(t, decodeAny(t, v.want), decodeAny(t, string(bend(v.kind, []byte(v.in)))), v)
	}
}

func decodeAny(t *testing.T, text string) any { return decode(t, []byte(`{"v":`+text+`}`))["v"] }

func TestFaultKindsAreListed(t *testing.T) {
	f := start(t, Options{})
	kinds := at(t, f.control("GET", "/faults/kinds", "", 200), "kinds").([]any)
	assert.Len(t, kinds, len(faultKinds))
	seen := map[any]bool{}
	for _, k := range kinds {
		k := k.(map[string]any)
		assert.False(t, seen[k["kind"]], k)
		seen[k["kind"]] = true
		assert.NotEmpty(t, k["text"])
		field := map[any]string{"api": "api", "message": "topic"}[k["side"]]
		f.control("POST", "/faults", fmt.Sprintf(`{%q:"*","kind":%q}`, field, k["kind"]), 200)
	}
	f.control("POST", "/faults", `{"api":"*","topic":"*","kind":"latency"}`, 400)
	f.control("POST", "/faults", `{"api":"*","kind":"latency","delayMs":99999999999}`, 400)
}

// The random mode does the same to the same calls when it is given the same seed, and something else with another.
func TestRandomModeRepeats(t *testing.T) {
	play := func(seed int) string {
		f := start(t, Options{Subscribers: []string{"http://127.0.0.1:1"}})
		got := f.control("POST", "/random", fmt.Sprintf(`{"level":10,"seed":%d,"delayMs":1}`, seed), 200)
		require.Equal(t, fmt.Sprint(seed), fmt.Sprint(got["seed"]))
		for i := range 60 {
			target, form := f.form("system/currentTime", map[string]string{"i": fmt.Sprint(i)})
			if res, err := http.PostForm(target, form); err == nil {
				_ = res.Body.Close()
			}
			f.control("POST", "/messages", `{"action":"emit","topic":"T","bizKey":"k","data":{}}`, 200)
		}
		struck, _ := f.control("GET", "/random", "", 200)["struck"].(interface{ Int64() (int64, error) }).Int64()
		assert.Greater(t, struck, int64(5))
		f.control("POST", "/random", `{"level":0}`, 200)
		return f.transcript()
	}
	one := play(7)
	assert.Equal(t, one, play(7))
	assert.NotEqual(t, one, play(8))
	f := start(t, Options{Chaos: 1})
	assert.NotZero(t, f.srv.opt.ChaosSeed)
	assert.Contains(t, f.srv.Banner("x"), fmt.Sprintf("ENTREPOT_SANDBOX_CHAOS=1:%d", f.srv.opt.ChaosSeed))
	for _, bad := range []string{`{"level":11}`, `{"level":1,"kinds":["x"]}`, `{"level":1,"delayMs":-1}`} {
		f.control("POST", "/random", bad, 400)
	}
}

func (f *fixture) transcript() string {
	f.t.Helper()
	res, err := http.Get(f.url + "/sandbox/v1/transcript")
	require.NoError(f.t, err)
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	require.NoError(f.t, err)
	return string(body)
}

// Messages, faults and a moving clock leave the same transcript behind.
func TestTranscriptWithEverything(t *testing.T) {
	play := func() string {
		f := start(t, Options{Subscribers: []string{"http://127.0.0.1:1"}})
		f.control("POST", "/faults", `{"kind":"duplicate","probability":0.4}`, 200)
		f.control("POST", "/faults", `{"api":"*","kind":"quota","probability":0.2}`, 200)
		f.control("POST", "/clock", `{"freeze":true}`, 200)
		for i := range 5 {
			_, body := f.raw("com.alibaba.trade/alibaba.trade.getBuyerOrderList", map[string]string{"page": fmt.Sprint(i)})
			_ = body
			f.control("POST", "/orders", `{}`, 200)
			f.control("POST", "/clock", `{"advance":20000}`, 200)
		}
		return f.transcript()
	}
	one := play()
	assert.Equal(t, one, play())
	assert.Contains(t, one, `"fault":"duplicate"`)
	assert.Contains(t, one, "ORDER_BOPS_CLOSE")
}

func TestTranscriptIsBounded(t *testing.T) {
	s, err := New(Options{Offers: 10})
	require.NoError(t, err)
	defer func() { _ = s.Close() }()
	long := strings.Repeat("x", 900)
	for range 80_000 {
		s.recordMessage(&message{Topic: "T", Key: long}, "")
	}
	assert.LessOrEqual(t, len(s.transcript.blocks), maxBlocks)
	assert.Positive(t, s.transcript.dropped)
	lines := strings.Split(strings.TrimSpace(string(s.transcript.bytes())), "\n")
	assert.Len(t, lines, 80_000-s.transcript.dropped)
	assert.Equal(t, "80000", fmt.Sprint(decode(t, []byte(lines[len(lines)-1]))["n"]))
}
