package sandbox

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSignatureVectors(t *testing.T) {
	const cross = "com.alibaba.fenxiao.crossborder/product.search.keywordQuery"
	for _, v := range []struct {
		name, path string
		params     url.Values
		want       string
	}{
		{"V1", "param2/1/system/currentTime/1000000", url.Values{"b": {"2"}, "a": {"1"}}, "33E54F4F7B989E3E0E912D3FBD2F1A03CA7CCE88"},
		{"V2", "param2/1/" + cross + "/1000000", url.Values{
			"access_token": {"f14da3b8-b0b1-4f73-a5de-9bed637e0188"}, "_aop_timestamp": {"1767225600000"},
			"offerQueryParam": {`{"keyword":"饼干","beginPage":1,"pageSize":20,"country":"ja","sort":"{\"price\":\"asc\"}"}`},
		}, "6464B871E7F39C3C0E11C8C3B235024912445080"},
		{"V3", "param2/1/com.alibaba.trade/alibaba.trade.cancel/1000000", url.Values{
			"webSite": {"1688"}, "tradeID": {"58218860983545941"}, "cancelReason": {"buyerCancel"}, "remark": {"a b+c&d=e"}, "access_token": {"token-1"},
		}, "1E57C5F89795B8B691AABF1B8BD88C3EBA4707A7"},
		{"V4", "param2/1/system/currentTime/1000000", url.Values{"a": {"bc"}, "ab": {"a"}}, "34045015B95AE0151DC851B854C7355CF50F160D"},
		{"V5", "param2/1/com.alibaba.trade/alibaba.alipay.url.get/1000000", url.Values{
			"orderIdList": {"[154051432607498520,151923545459498520]"}, "access_token": {"token-1"},
		}, "5957D42BF840BE045E201B74B0A0AF0D7686616F"},
		{"P1", "", url.Values{"message": {`{"bizKey":"167539019420540000","data":{"buyerMemberId":"b2b-665170100","orderId":167539019420540000,"currentStatus":"waitsellersend",` +
			`"sellerMemberId":"b2b-1676547900b7bb3","msgSendTime":"2018-05-30 19:34:27"},"gmtBorn":1586227869437,"msgId":7565094247,"type":"ORDER_BUYER_VIEW_ORDER_PAY","userInfo":"b2b-665170100"}`}},
			"D64BEFDC2788709B413F98B18B44180F9E60297E"},
	} {
		t.Run(v.name, func(t *testing.T) {
			v.params.Set("_aop_signature", "never part of itself")
			assert.Equal(t, v.want, signature("test123", v.path, v.params))
		})
	}
}

// Each case breaks one check and everything behind it, so the answer shows which check comes first.
func TestChecksComeInTheGatewaysOrder(t *testing.T) {
	f := start(t, Options{Apps: []App{{Key: DemoKey, Secret: DemoSecret, Token: DemoToken}}})
	const api = "com.alibaba.fenxiao.crossborder/product.search.keywordQuery"
	send := func(path string, params map[string]string, secret string) (int, map[string]any) {
		form := url.Values{}
		for k, v := range params {
			form.Set(k, v)
		}
		if secret != "" {
			form.Set("_aop_signature", sign(secret, path, params))
		}
		res, err := http.PostForm(f.url+"/openapi/"+path, form)
		require.NoError(t, err)
		defer func() { _ = res.Body.Close() }()
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		return res.StatusCode, decode(t, body)
	}
	token := map[string]string{"access_token": DemoToken}
	for _, c := range []struct {
		name, path string
		params     map[string]string
		secret     string
		status     int
		code       string
	}{
		{"unknown api, unknown key", "param2/1/com.alibaba.trade/no.such.api/0", nil, "", 400, "gw.APIUnsupported"},
		{"unknown version", "param2/2/" + api + "/" + DemoKey, nil, "", 400, "gw.APIUnsupported"},
		{"no key", "param2/1/" + api, nil, "", 400, "gw.AppKeyMissing"},
		{"unknown key, no signature", "param2/1/" + api + "/0", nil, "", 400, "gw.AppKeyNotFound"},
		{"no signature, no token", "param2/1/" + api + "/" + DemoKey, nil, "", 400, "gw.SignatureMissing"},
		{"wrong secret, no token", "param2/1/" + api + "/" + DemoKey, nil, "wrong", 400, "gw.SignatureInvalid"},
		{"no token, no arguments", "param2/1/" + api + "/" + DemoKey, nil, DemoSecret, 401, "401"},
		{"wrong token", "param2/1/" + api + "/" + DemoKey, map[string]string{"access_token": "x"}, DemoSecret, 401, "401"},
		{"no arguments", "param2/1/" + api + "/" + DemoKey, token, DemoSecret, 400, "gw.ParamMissing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, body := send(c.path, c.params, c.secret)
			assert.Equal(t, c.status, status)
			assert.Equal(t, c.code, body["error_code"])
			assert.NotEmpty(t, body["error_message"])
			assert.NotEmpty(t, body["request_id"])
			assert.NotContains(t, body, "result")
		})
	}
	t.Run("acl before arguments", func(t *testing.T) {
		f.control("POST", "/faults", `{"api":"product.search.keywordQuery","kind":"acl","count":1}`, 200)
		_, body := send("param2/1/"+api+"/"+DemoKey, token, DemoSecret)
		assert.Equal(t, "gw.APIACLDecline", body["error_code"])
	})
	t.Run("counted", func(t *testing.T) {
		assert.Contains(t, at(t, f.control("GET", "/counters", "", 200), "gatewayErrors"), "gw.SignatureInvalid")
	})
}

func TestParametersFromAnywhere(t *testing.T) {
	f := start(t, Options{})
	target, form := f.form("system/currentTime", map[string]string{"a": "1 +&=ä", "b": "[2]"})
	check := func(res *http.Response, err error) {
		t.Helper()
		require.NoError(t, err)
		defer func() { _ = res.Body.Close() }()
		body, _ := io.ReadAll(res.Body)
		assert.JSONEq(t, `{"result":"20260301100304005+0800"}`, string(body))
	}
	check(http.Get(target + "?" + form.Encode()))
	check(http.PostForm(target, form))
	query := url.Values{"_aop_signature": form["_aop_signature"], "access_token": form["access_token"]}
	check(http.PostForm(target+"?"+query.Encode(), url.Values{"a": form["a"], "b": form["b"]}))

	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	require.NoError(t, w.WriteField("a", form.Get("a")))
	require.NoError(t, w.WriteField("b", form.Get("b")))
	part, err := w.CreateFormFile("image", "x.png") // unsigned
	require.NoError(t, err)
	_, _ = io.WriteString(part, "bytes")
	require.NoError(t, w.Close())
	check(http.Post(target+"?"+query.Encode(), w.FormDataContentType(), &b))
}

func TestOAuth(t *testing.T) {
	clk := newClock()
	f := start(t, Options{Now: clk.now})
	ask := func(v url.Values) (int, map[string]any) {
		v.Set("client_id", DemoKey)
		if !v.Has("client_secret") {
			v.Set("client_secret", DemoSecret)
		}
		res, err := http.PostForm(f.url+"/openapi/http/1/system.oauth2/getToken/"+DemoKey, v)
		require.NoError(t, err)
		defer func() { _ = res.Body.Close() }()
		body, _ := io.ReadAll(res.Body)
		return res.StatusCode, decode(t, body)
	}
	status, got := ask(url.Values{"grant_type": {"authorization_code"}, "code": {AuthCode(DemoKey)}})
	require.Equal(t, 200, status, got)
	assert.Equal(t, "36000", got["expires_in"], "text, not a number")
	refresh := got["refresh_token"].(string)
	status, _ = ask(url.Values{"grant_type": {"authorization_code"}, "code": {AuthCode(DemoKey)}})
	assert.Equal(t, 400, status, "a code works once")
	status, _ = ask(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}, "client_secret": {"wrong"}})
	assert.Equal(t, 401, status)
	status, again := ask(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}})
	require.Equal(t, 200, status)
	assert.NotContains(t, again, "refresh_token")

	use := func(token string) int {
		path := "param2/1/com.alibaba.trade/alibaba.trade.getBuyerOrderList/" + DemoKey
		p := map[string]string{"access_token": token}
		res, err := http.PostForm(f.url+"/openapi/"+path, url.Values{"access_token": {token}, "_aop_signature": {sign(DemoSecret, path, p)}})
		require.NoError(t, err)
		_ = res.Body.Close()
		return res.StatusCode
	}
	assert.Equal(t, 200, use(got["access_token"].(string)), "older tokens survive a refresh")
	assert.Equal(t, 200, use(again["access_token"].(string)))
	f.control("POST", "/clock", `{"advance":36001}`, 200)
	assert.Equal(t, 401, use(again["access_token"].(string)))
	assert.Equal(t, 200, use(DemoToken), "the permanent token does not expire")
}

func TestFaults(t *testing.T) {
	f := start(t, Options{})
	create := func() (int, string, error) {
		o, k := f.pickOffer(plainOffer)
		target, form := f.form("com.alibaba.trade/alibaba.trade.createCrossOrder", map[string]string{
			"flow": "general", "outOrderId": "F", "addressParam": testAddress, "cargoParamList": "[" + cargo(o, k, 5) + "]",
		})
		res, err := http.PostForm(target, form)
		if err != nil {
			return 0, "", err
		}
		defer func() { _ = res.Body.Close() }()
		body, err := io.ReadAll(res.Body)
		return res.StatusCode, string(body), err
	}
	for _, c := range []struct {
		kind   string
		status int    // 0 = the connection breaks
		body   string // part of it
		made   int
	}{
		{"timeout_before", 0, "", 0},
		{"timeout_after", 0, "", 1},
		{"reset", 0, "", 0},
		{"reset_after", 0, "", 1},
		{"http_500", 500, "500", 0},
		{"http_500_after", 500, "500", 1},
		{"garbage", 200, "<html>", 1},
		{"truncated", 0, "", 1},
		{"quota", 400, "gw.QosAppFrequencyLimit", 0},
		{"unauthorized", 401, `"error_code":"401"`, 0},
		{"acl", 400, "gw.APIACLDecline", 0},
		{"latency", 200, `"success":true`, 1},
		{"split_order", 200, `"orderAmmount"`, 2},
		{"success_false_with_order", 200, `"success":false`, 1},
	} {
		t.Run(c.kind, func(t *testing.T) {
			before := len(f.orders("F"))
			f.control("POST", "/faults", `{"api":"createCrossOrder","kind":"`+c.kind+`","count":1,"delayMs":20}`, 200)
			status, body, err := create()
			if c.status == 0 {
				require.Error(t, err)
			} else {
				require.NoError(t, err)
				assert.Equal(t, c.status, status)
				assert.Contains(t, body, c.body)
			}
			assert.Len(t, f.orders("F"), before+c.made)
			status, _, err = create()
			require.NoError(t, err)
			assert.Equal(t, 200, status, "a fault with count 1 strikes once")
		})
	}
	f.control("POST", "/faults", `{"api":"*","kind":"nonsense"}`, 400)
	f.control("POST", "/faults", `{"api":"*","kind":"lose"}`, 400)
	assert.Len(t, at(t, f.control("GET", "/faults", "", 200), "faults"), 14)
	f.control("DELETE", "/faults?id=1", "", 200)
	f.control("DELETE", "/faults", "", 200)
	assert.Empty(t, at(t, f.control("GET", "/faults", "", 200), "faults"))
}

func (f *fixture) orders(out string) []any {
	f.t.Helper()
	return at(f.t, f.control("GET", "/orders?outOrderId="+out+"&limit=1000", "", 200), "orders").([]any)
}

func TestParseApps(t *testing.T) {
	apps, err := ParseApps(" a:b:c , d:e , f:g::national-site")
	require.NoError(t, err)
	assert.Equal(t, []App{{Key: "a", Secret: "b", Token: "c"}, {Key: "d", Secret: "e"}, {Key: "f", Secret: "g", Profile: ProfileNationalSite}}, apps)
	for _, bad := range []string{"a", ":b:c", "a::c", "a:b:c:d", "a:b:c:national-site:x"} {
		_, err := ParseApps(bad)
		assert.Error(t, err, bad)
	}
	_, err = New(Options{Apps: []App{{Key: "a", Secret: "b", Token: "c"}, {Key: "a", Secret: "x", Token: "y"}}})
	assert.Error(t, err)
}

func TestSingleUserAppNeedsNoToken(t *testing.T) {
	f := start(t, Options{Apps: []App{{Key: DemoKey, Secret: DemoSecret}}})
	path := "param2/1/com.alibaba.trade/alibaba.trade.getBuyerOrderList/" + DemoKey
	res, err := http.Post(f.url+"/openapi/"+path, "application/x-www-form-urlencoded", strings.NewReader("_aop_signature="+sign(DemoSecret, path, nil)))
	require.NoError(t, err)
	_ = res.Body.Close()
	assert.Equal(t, 200, res.StatusCode)
}

func TestFromEnv(t *testing.T) {
	env := map[string]string{
		"ENTREPOT_SANDBOX_ADDR": "127.0.0.1:1", "ENTREPOT_SANDBOX_SEED": "7", "ENTREPOT_SANDBOX_OFFERS": "9", "ENTREPOT_SANDBOX_APPS": "k:s:t",
		"ENTREPOT_SANDBOX_CALLBACKS": "http://a, http://b", "ENTREPOT_SANDBOX_AUTO_ADVANCE": "2s",
	}
	o, err := FromEnv(func(k string) string { return env[k] })
	require.NoError(t, err)
	assert.Equal(t, []string{"http://a", "http://b"}, o.Subscribers)
	assert.Equal(t, int64(7), o.Seed)
	assert.Equal(t, []App{{Key: "k", Secret: "s", Token: "t"}}, o.Apps)
	s, err := New(o)
	require.NoError(t, err)
	defer func() { _ = s.Close() }()
	assert.Contains(t, s.Banner("127.0.0.1:1"), "secret s")
	for k := range map[string]bool{"ENTREPOT_SANDBOX_SEED": true, "ENTREPOT_SANDBOX_OFFERS": true, "ENTREPOT_SANDBOX_APPS": true, "ENTREPOT_SANDBOX_AUTO_ADVANCE": true} {
		_, err := FromEnv(func(name string) string {
			if name == k {
				return "x"
			}
			return ""
		})
		assert.ErrorContains(t, err, k)
	}
}
