package sandbox

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// link asks for a pay link of the orders.
func (f *fixture) link(api string, ids ...string) string {
	f.t.Helper()
	a := f.call("com.alibaba.trade/"+api, map[string]string{"orderIdList": "[" + strings.Join(ids, ",") + "]"})
	u, _ := a["payUrl"].(string)
	require.NotEmpty(f.t, u, a)
	return u
}

// open reads a cashier page and finds the form's check value, if there is a form.
func (f *fixture) open(link string) (status int, check, page string) {
	f.t.Helper()
	res, err := http.Get(link)
	require.NoError(f.t, err)
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	require.NoError(f.t, err)
	if m := regexp.MustCompile(`name="check" value="([^"]+)"`).FindSubmatch(body); m != nil {
		check = html.UnescapeString(string(m[1]))
	}
	return res.StatusCode, check, string(body)
}

// crossFit is a plain offer that cross-border pay takes.
func crossFit(o *offer) bool { return plainOffer(o) && !o.homeOnly() }

// createFor places an order for five pieces of the first offer that fits.
func (f *fixture) createFor(out string, ok func(*offer) bool) string {
	f.t.Helper()
	o, k := f.pickOffer(ok)
	a := f.call("com.alibaba.trade/alibaba.trade.createCrossOrder", map[string]string{
		"flow": "general", "outOrderId": out, "addressParam": testAddress, "cargoParamList": "[" + cargo(o, k, 5*max(o.moq, 1)) + "]",
	})
	id, _ := at(f.t, a, "result", "orderId").(string)
	require.NotEmpty(f.t, id, a)
	return id
}

func styleHash(page string) string {
	_, rest, _ := strings.Cut(page, "<style>")
	style, _, _ := strings.Cut(rest, "</style>")
	sum := sha256.Sum256([]byte(style))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

func (f *fixture) press(link string, form url.Values) (int, string) {
	f.t.Helper()
	res, err := http.PostForm(link, form)
	require.NoError(f.t, err)
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	require.NoError(f.t, err)
	return res.StatusCode, string(body)
}

func (f *fixture) status(id string) any {
	f.t.Helper()
	return at(f.t, f.control("GET", "/orders/"+id, "", 200), "status")
}

func (f *fixture) messagesOf(topic string) []any {
	f.t.Helper()
	var out []any
	for _, m := range at(f.t, f.control("GET", "/messages?limit=1000", "", 200), "messages").([]any) {
		if strings.HasSuffix(at(f.t, m, "topic").(string), topic) {
			out = append(out, m)
		}
	}
	return out
}

func TestCashierPaysOneOrder(t *testing.T) {
	f := start(t, Options{})
	id := f.create("ONE")
	link := f.link("alibaba.alipay.url.get", id)
	assert.True(t, strings.HasPrefix(link, f.url+"/cashier/"), link)
	assert.Contains(t, link, "?orderId="+id+"&")
	for range 2 { // looking changes nothing
		status, check, page := f.open(link)
		assert.Equal(t, 200, status)
		assert.NotEmpty(t, check)
		assert.Contains(t, page, id)
		assert.Contains(t, page, "付款 Pay")
		assert.Equal(t, waitPay, f.status(id))
	}
	_, check, _ := f.open(link)
	status, page := f.press(link, url.Values{"check": {check}, "do": {"pay"}})
	assert.Equal(t, 200, status)
	assert.Contains(t, page, "已付款 paid")
	assert.NotContains(t, page, "<form", "nothing is left to pay")
	assert.Equal(t, waitSend, f.status(id))
	status, page = f.press(link, url.Values{"check": {check}, "do": {"pay"}})
	assert.Equal(t, 200, status, "a second click is told, not refused")
	assert.Contains(t, page, "已付款 paid")
	assert.Len(t, f.messagesOf("ORDER_PAY"), 1)
	assert.Empty(t, f.messagesOf("ORDER_BATCH_PAY"), "one order is no batch")
	assert.Equal(t, []any{"alipay"}, at(t, f.view(id), "result", "baseInfo", "payChannelCodeList"))
}

// Two tabs, ten clicks each, at once: every order is paid once, out of one account.
func TestCashierNeverPaysTwice(t *testing.T) {
	f := start(t, Options{})
	a, b := f.create("A"), f.create("B")
	total := at(t, f.control("GET", "/orders/"+a, "", 200), "totalFen").(json.Number)
	want, err := total.Int64()
	require.NoError(t, err)
	link := f.link("alibaba.alipay.url.get", a, b)
	_, check, _ := f.open(link)
	before := f.srv.funds.Balance
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			res, err := http.PostForm(link, url.Values{"check": {check}, "do": {"pay"}})
			if assert.NoError(t, err) {
				assert.Equal(t, 200, res.StatusCode)
				_ = res.Body.Close()
			}
		})
	}
	wg.Wait()
	assert.Len(t, f.messagesOf("ORDER_PAY"), 2)
	assert.Len(t, f.messagesOf("ORDER_BATCH_PAY"), 1)
	now := at(t, f.control("GET", "/funds", "", 200), "balanceFen").(json.Number)
	assert.Equal(t, itoa(before-2*want), now.String())
}

// The page for people gets links without asking the gateway.
func TestCashierLinksOfTheControlAPI(t *testing.T) {
	f := start(t, Options{})
	id := f.createFor("P", crossFit)
	links := at(t, f.control("GET", "/orders/"+id, "", 200), "cashier").([]any)
	var channels []any
	for _, l := range links {
		channels = append(channels, at(t, l, "channel"))
		status, _, page := f.open(f.url + at(t, l, "path").(string))
		assert.Equal(t, 200, status)
		assert.Contains(t, page, "付款 Pay")
	}
	assert.Equal(t, []any{byAlipay, byCross, byCredit}, channels)
	f.act(id, "pay", "")
	assert.Empty(t, at(t, f.control("GET", "/orders/"+id, "", 200), "cashier"))
}

func TestBatchPayTellsEveryOutcome(t *testing.T) {
	h := newHook(t)
	f := start(t, Options{Subscribers: []string{h.URL}})
	var ids []string
	for _, out := range []string{"1", "2", "3"} {
		ids = append(ids, f.create(out))
	}
	total := at(t, f.control("GET", "/orders/"+ids[0], "", 200), "totalFen").(json.Number).String()
	f.control("POST", "/funds", `{"balanceFen":`+total+`}`, 200)
	link := f.link("alibaba.alipay.url.get", ids...)
	assert.Contains(t, link, "?orderId="+strings.Join(ids, ";")+"&")
	_, check, page := f.open(link)
	assert.Contains(t, page, "支付宝收银台", "several orders go to Alipay's own cashier")
	pay := func() string {
		_, page := f.press(link, url.Values{"check": {check}, "do": {"pay"}})
		return page
	}
	outcome := func(n int) map[string]any {
		all := f.messagesOf("ORDER_BATCH_PAY")
		require.Len(t, all, n)
		out := map[string]any{}
		data := at(t, all[len(all)-1], "data").(map[string]any)
		assert.Equal(t, []string{"batchPay"}, keys(data))
		for _, row := range data["batchPay"].([]any) {
			assert.ElementsMatch(t, []string{"orderId", "status"}, keys(row.(map[string]any)))
			out[at(t, row, "orderId").(string)] = at(t, row, "status")
		}
		return out
	}
	assert.Contains(t, pay(), "balance too small")
	assert.Equal(t, map[string]any{ids[0]: payDone, ids[1]: payNoBalance, ids[2]: payNoBalance}, outcome(1))
	assert.Equal(t, waitSend, f.status(ids[0]))
	assert.Equal(t, waitPay, f.status(ids[1]))
	f.control("POST", "/funds", `{"frozen":true}`, 200)
	pay()
	assert.Equal(t, map[string]any{ids[1]: payFrozen, ids[2]: payFrozen}, outcome(2), "what is paid is not in it again")
	f.control("POST", "/funds", `{"missing":true}`, 200)
	pay()
	assert.Equal(t, map[string]any{ids[1]: payNoAccount, ids[2]: payNoAccount}, outcome(3))
	f.press(link, url.Values{"check": {check}, "do": {"refuse"}, "reason": {payIllegal}})
	assert.Equal(t, map[string]any{ids[1]: payIllegal, ids[2]: payIllegal}, outcome(4))
	f.act(ids[1], "close-by-ops", "")
	f.control("POST", "/funds", `{"missing":false,"frozen":false,"balanceFen":100000000000}`, 200)
	page = pay()
	assert.Equal(t, map[string]any{ids[2]: payDone}, outcome(5))
	assert.Contains(t, page, "closed, not paid")
	h.wait(t, 3+1+5+1+1)
	for _, m := range h.messages() {
		if m["type"] == "ORDER_BATCH_PAY" {
			assert.NotContains(t, m, "bizKey", "a batch has no order of its own")
		}
	}
	assert.Zero(t, h.bad)
}

func TestForgedAndExpiredLinks(t *testing.T) {
	f := start(t, Options{})
	id, other := f.create("A"), f.create("B")
	link := f.link("alibaba.alipay.url.get", id)
	_, check, _ := f.open(link)
	swap := func(old, replacement string) string { return strings.Replace(link, old, replacement, 1) }
	for name, forged := range map[string]string{
		"another order": swap(id, other), "more orders": swap(id, id+";"+other), "another channel": swap("channel=alipay", "channel=shegou"),
		"longer life": swap("expires=", "expires=9"), "no signature": link[:strings.Index(link, "&sign=")], "half a signature": link[:len(link)-2],
		"no query": link[:strings.Index(link, "?")], "no order": swap(id, "5"), "words": swap(id, "x;y"), "bad escape": link + "&x=%zz",
		"platform": link + "&payPlatformType=PC", "long": link + "&x=" + strings.Repeat("1", 9000),
	} {
		status, _, page := f.open(forged)
		assert.Equal(t, 403, status, name)
		assert.NotContains(t, page, id, name)
		status, _ = f.press(forged, url.Values{"check": {check}, "do": {"pay"}})
		assert.Equal(t, 403, status, name)
	}
	for name, form := range map[string]url.Values{
		"no check": {"do": {"pay"}}, "wrong check": {"check": {check + "0"}, "do": {"pay"}}, "the link's signature": {"check": {link[strings.Index(link, "&sign=")+6:]}, "do": {"pay"}},
	} {
		status, _ := f.press(link, form)
		assert.Equal(t, 403, status, name)
	}
	for name, form := range map[string]url.Values{
		"nothing to do": {"check": {check}}, "something else": {"check": {check}, "do": {"steal"}}, "no reason": {"check": {check}, "do": {"refuse"}},
		"own reason": {"check": {check}, "do": {"refuse"}, "reason": {"because"}}, "large": {"do": {"pay"}, "x": {strings.Repeat("1", 1<<15)}},
	} {
		status, _ := f.press(link, form)
		assert.Equal(t, 400, status, name)
	}
	req, err := http.NewRequest(http.MethodDelete, link, nil)
	require.NoError(t, err)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	_ = res.Body.Close()
	assert.Equal(t, 405, res.StatusCode)
	assert.Equal(t, waitPay, f.status(id))

	escaped := strings.ReplaceAll(f.link("alibaba.alipay.url.get", id, other), ";", "%3B")
	status, _, _ := f.open(escaped)
	assert.Equal(t, 200, status, "some clients escape the semicolon")
	f.control("POST", "/clock", `{"advance":43201}`, 200)
	status, _, _ = f.open(link)
	assert.Equal(t, 410, status)
	status, _ = f.press(link, url.Values{"check": {check}, "do": {"pay"}})
	assert.Equal(t, 410, status)
}

// A link of one life of the sandbox opens nothing in the next.
func TestResetEndsLinks(t *testing.T) {
	clk := newClock()
	f := start(t, Options{Now: clk.now})
	id := f.create("A")
	link := f.link("alibaba.alipay.url.get", id)
	f.control("POST", "/reset", "{}", 200)
	status, _, _ := f.open(link)
	assert.Equal(t, 403, status)
	clk.mu.Lock()
	clk.t = clk.t.Add(1)
	clk.mu.Unlock()
	require.Equal(t, id, f.create("A"), "the same number again")
	status, _, _ = f.open(link)
	assert.Equal(t, 403, status)
}

func TestCashierPageIsSafe(t *testing.T) {
	f := start(t, Options{})
	evil := `"><script>alert(1)</script>`
	id := f.create(evil)
	link := f.link("alibaba.alipay.url.get", id)
	res, err := http.Get(link)
	require.NoError(t, err)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	_ = res.Body.Close()
	page := string(body)
	assert.NotContains(t, page, "<script")
	assert.Contains(t, page, html.EscapeString("<script>alert(1)"))
	assert.Contains(t, page, `name="viewport"`)
	assert.NotRegexp(t, `(?i)(src|href|action)=|url\(|@import|https?://`, page, "nothing is loaded from anywhere")
	assert.Equal(t, "no-store", res.Header.Get("Cache-Control"))
	assert.Equal(t, "no-referrer", res.Header.Get("Referrer-Policy"))
	policy := res.Header.Get("Content-Security-Policy")
	assert.Contains(t, policy, "default-src 'none'")
	assert.Contains(t, policy, "frame-ancestors 'none'")
	assert.Contains(t, policy, styleHash(page), "the policy names the page's own style")
}

func TestChannelsOfTheCashier(t *testing.T) {
	f := start(t, Options{})
	for api, channel := range map[string]string{"alibaba.crossBorderPay.url.get": byCross, "alibaba.creditPay.url.get": byCredit} {
		id := f.createFor(api, crossFit)
		link := f.link(api, id)
		_, check, page := f.open(link)
		assert.Contains(t, page, channelNames[channel])
		f.press(link, url.Values{"check": {check}, "do": {"pay"}})
		assert.Equal(t, []any{channel}, at(t, f.view(id), "result", "baseInfo", "payChannelCodeList"))
		assert.Equal(t, []any{channelNames[channel]}, at(t, f.view(id), "result", "baseInfo", "payChannelList"))
	}
	a, b := f.create("G1"), f.create("G2")
	total := at(t, f.control("GET", "/orders/"+a, "", 200), "totalFen").(json.Number)
	n, err := total.Int64()
	require.NoError(t, err)
	f.control("POST", "/funds", `{"balanceFen":`+itoa(n+1)+`,"creditFen":`+itoa(n)+`}`, 200)
	g := f.call("com.alibaba.trade/alibaba.trade.grouppay.url.get", map[string]string{"orderIds": "[" + a + "," + b + "]", "payPlatformType": "WIRELESS"})
	link := at(t, g, "results", "payUrl").(string)
	_, check, _ := f.open(link)
	f.press(link, url.Values{"check": {check}, "do": {"pay"}})
	assert.Equal(t, waitSend, f.status(a))
	assert.Equal(t, waitSend, f.status(b), "the balance first, credit for the rest")
	left := f.control("GET", "/funds", "", 200)
	assert.Equal(t, []any{json.Number("0"), json.Number("1")}, []any{left["balanceFen"], left["creditFen"]})
}

func TestFundsSurviveRestart(t *testing.T) {
	dir := t.TempDir()
	var id, link, old string
	var kept funds
	t.Run("before", func(t *testing.T) {
		f := start(t, Options{Dir: dir})
		f.control("POST", "/funds", `{"balanceFen":5,"creditFen":7,"shegouSigned":true,"alipaySigned":false}`, 200)
		f.control("POST", "/funds", `{"balanceFen":-5}`, 400)
		f.control("POST", "/funds", `{"balance":5}`, 400)
		id, old, kept = f.create("A"), f.url, f.srv.funds
		link = f.link("alibaba.alipay.url.get", id)
	})
	assert.Equal(t, funds{Balance: 5, Credit: 7, Shegou: true}, kept)
	f := start(t, Options{Dir: dir})
	assert.Equal(t, kept, f.srv.funds)
	status, _, page := f.open(strings.Replace(link, old, f.url, 1))
	assert.Equal(t, 200, status, "a link outlives a restart")
	assert.Contains(t, page, id)
}

// A link pays one stage of a staged order: pressed again it does not pay the next.
func TestCashierPaysOneStage(t *testing.T) {
	f := start(t, Options{Offers: 2000})
	o, k := f.pickOffer(func(o *offer) bool { return o.traits == staged && o.quoteType == 1 })
	a := f.call("com.alibaba.trade/alibaba.trade.createCrossOrder", map[string]string{
		"flow": "general", "tradeType": "37staged", "addressParam": testAddress, "cargoParamList": "[" + cargo(o, k, 5*max(o.moq, 1)) + "]",
	})
	id, _ := at(t, a, "result", "orderId").(string)
	require.NotEmpty(t, id, a)
	n, err := json.Number(id).Int64()
	require.NoError(t, err)
	first := f.srv.orders[n].Steps[0].fee()
	fee := func() string {
		return at(t, f.call(payWayAPI, map[string]string{"orderId": id}), "resultList", "payFee").(json.Number).String()
	}
	assert.Equal(t, itoa(first), fee())
	link := f.link("alibaba.alipay.url.get", id)
	_, check, page := f.open(link)
	assert.Contains(t, page, yuanText(first))
	for range 2 {
		_, page = f.press(link, url.Values{"check": {check}, "do": {"pay"}})
		assert.Contains(t, page, "已付款")
		assert.NotContains(t, page, "<form")
	}
	assert.Equal(t, plenty-first, f.srv.funds.Balance)
	assert.Empty(t, f.messagesOf("ORDER_STEP_PAY"))
	assert.NotEqual(t, itoa(first), fee())
	link = f.link("alibaba.alipay.url.get", id)
	forged, _ := f.press(strings.Replace(link, "stage=2", "stage=1", 1), url.Values{"check": {check}, "do": {"pay"}})
	assert.Equal(t, 403, forged)
	_, check, _ = f.open(link)
	f.press(link, url.Values{"check": {check}, "do": {"pay"}})
	assert.Len(t, f.messagesOf("ORDER_STEP_PAY"), 1)
	total := at(t, f.control("GET", "/orders/"+id, "", 200), "totalFen").(json.Number).String()
	assert.Equal(t, total, itoa(plenty-f.srv.funds.Balance))
}
