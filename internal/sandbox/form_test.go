package sandbox

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// vectorFixture is a sandbox that knows the application of the published signature vectors.
func vectorFixture(t testing.TB) *fixture {
	f := start(t, Options{})
	f.control("POST", "/apps", `{"key":"1000000","secret":"test123","token":"token-1"}`, 200)
	return f
}

func (f *fixture) send(method, path, kind, body string) (int, map[string]any) {
	f.t.Helper()
	req, err := http.NewRequest(method, f.url+path, strings.NewReader(body))
	require.NoError(f.t, err)
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(f.t, err)
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	require.NoError(f.t, err)
	return res.StatusCode, decode(f.t, raw)
}

// The published vectors, sent as a client would send them. What comes after the signature check shows that it was passed.
func TestVectorsOverTheWire(t *testing.T) {
	f := vectorFixture(t)
	v2 := `{"keyword":"饼干","beginPage":1,"pageSize":20,"country":"ja","sort":"{\"price\":\"asc\"}"}`
	for _, v := range []struct {
		name, path, sign string
		params           url.Values
		code             any // error_code, nil = none
	}{
		{"V1", "param2/1/system/currentTime/1000000", "33E54F4F7B989E3E0E912D3FBD2F1A03CA7CCE88", url.Values{"b": {"2"}, "a": {"1"}}, nil},
		{"V2", "param2/1/com.alibaba.fenxiao.crossborder/product.search.keywordQuery/1000000", "6464B871E7F39C3C0E11C8C3B235024912445080", url.Values{
			"access_token": {"f14da3b8-b0b1-4f73-a5de-9bed637e0188"}, "_aop_timestamp": {"1767225600000"}, "offerQueryParam": {v2},
		}, "401"},
		{"V3", "param2/1/com.alibaba.trade/alibaba.trade.cancel/1000000", "1E57C5F89795B8B691AABF1B8BD88C3EBA4707A7", url.Values{
			"webSite": {"1688"}, "tradeID": {"58218860983545941"}, "cancelReason": {"buyerCancel"}, "remark": {"a b+c&d=e"}, "access_token": {"token-1"},
		}, nil},
		{"V4", "param2/1/system/currentTime/1000000", "34045015B95AE0151DC851B854C7355CF50F160D", url.Values{"a": {"bc"}, "ab": {"a"}}, nil},
		{"V5", "param2/1/com.alibaba.trade/alibaba.alipay.url.get/1000000", "5957D42BF840BE045E201B74B0A0AF0D7686616F", url.Values{
			"orderIdList": {"[154051432607498520,151923545459498520]"}, "access_token": {"token-1"},
		}, nil},
	} {
		t.Run(v.name, func(t *testing.T) {
			v.params.Set(signatureField, v.sign)
			_, body := f.send("POST", "/openapi/"+v.path, "application/x-www-form-urlencoded", v.params.Encode())
			assert.Equal(t, v.code, body["error_code"])
			v.params.Set(signatureField, v.sign[:39]+"Z")
			_, body = f.send("POST", "/openapi/"+v.path, "application/x-www-form-urlencoded", v.params.Encode())
			assert.Equal(t, "gw.SignatureInvalid", body["error_code"])
		})
	}
}

// What sloppy clients send and the gateway takes.
func TestSloppyEncodings(t *testing.T) {
	f := start(t, Options{})
	const path = "param2/1/system/currentTime/" + DemoKey
	sig := func(p map[string]string) string { return "&_aop_signature=" + sign(DemoSecret, path, p) }
	everyByte := func(s string) string {
		var b strings.Builder
		for i := range len(s) {
			fmt.Fprintf(&b, "%%%02x", s[i])
		}
		return b.String()
	}
	text := "a b=c/饼+干"
	gbk, err := simplifiedchinese.GBK.NewEncoder().String("饼干")
	require.NoError(t, err)
	const form = "application/x-www-form-urlencoded"
	for name, c := range map[string]struct{ path, method, kind, query, body string }{
		"space as plus":          {kind: form, body: "a=x+y" + sig(map[string]string{"a": "x y"})},
		"space as %20":           {kind: form, body: "a=x%20y" + sig(map[string]string{"a": "x y"})},
		"a bare space":           {kind: form, body: "a=x y" + sig(map[string]string{"a": "x y"})},
		"bare unicode and =":     {kind: form, body: "a=饼=干;" + sig(map[string]string{"a": "饼=干;"})},
		"every byte, lower hex":  {kind: form, body: "a=" + everyByte(text) + sig(map[string]string{"a": text})},
		"invalid % sequences":    {kind: form, body: "a=100%&b=%zz%4&c=%%41" + sig(map[string]string{"a": "100%", "b": "%zz%4", "c": "%A"})},
		"encoded name":           {kind: form, body: "%61=1" + sig(map[string]string{"a": "1"})},
		"empty values":           {kind: form, body: "a=&b&c=1" + sig(map[string]string{"a": "", "b": "", "c": "1"})},
		"JSON with spaces":       {kind: form, body: "a=" + url.QueryEscape(`{ "x" : [ 1 , "é" ] }`) + sig(map[string]string{"a": `{ "x" : [ 1 , "é" ] }`})},
		"base64":                 {kind: form, body: "a=" + url.QueryEscape("/9j/4AAQ+Sk==") + sig(map[string]string{"a": "/9j/4AAQ+Sk=="})},
		"base64, = unencoded":    {kind: form, body: "a=/9j/4AAQ%2BSk==" + sig(map[string]string{"a": "/9j/4AAQ+Sk=="})},
		"no content type":        {body: "a=1" + sig(map[string]string{"a": "1"})},
		"odd content type":       {kind: "text/;;plain", body: "a=1" + sig(map[string]string{"a": "1"})},
		"charset":                {kind: form + "; charset=UTF-8", body: "a=饼" + sig(map[string]string{"a": "饼"})},
		"GBK declared and sent":  {kind: form + ";charset=GBK", body: "a=" + url.QueryEscape(gbk) + sig(map[string]string{"a": gbk})},
		"GBK declared, not sent": {kind: form + ";charset=GBK", body: "a=饼" + sig(map[string]string{"a": "饼"})},
		"query wins":             {kind: form, query: "a=1", body: "a=2&b=3" + sig(map[string]string{"a": "1", "b": "3"})},
		"first wins":             {kind: form, body: "a=1&a=2" + sig(map[string]string{"a": "1"})},
		"trailing slash":         {path: "/openapi/" + path + "/", kind: form, body: "a=1" + sig(map[string]string{"a": "1"})},
		"signed with the slash":  {path: "/openapi/" + path + "/", kind: form, body: "a=1&_aop_signature=" + sign(DemoSecret, path+"/", map[string]string{"a": "1"})},
		"/api/":                  {path: "/api/" + path, kind: form, body: "a=1" + sig(map[string]string{"a": "1"})},
		"lower-case signature":   {kind: form, body: "a=1" + strings.ToLower(sig(map[string]string{"a": "1"}))},
		"GET":                    {method: "GET", query: "a=%e9%a5%bc+1" + sig(map[string]string{"a": "饼 1"})},
		"PUT":                    {method: "PUT", kind: form, body: "a=1" + sig(map[string]string{"a": "1"})},
		"dates and timestamp": {kind: form, body: "_aop_timestamp=1767225600000&_aop_datePattern=yyyyMMddHHmmssSSSZ" +
			sig(map[string]string{"_aop_timestamp": "1767225600000", "_aop_datePattern": "yyyyMMddHHmmssSSSZ"})},
		"stray ampersands and a line end": {kind: form, body: "&&a=1&" + sig(map[string]string{"a": "1"}) + "\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			target := or(c.path, "/openapi/"+path)
			if c.query != "" {
				target += "?" + c.query
			}
			status, body := f.send(or(c.method, "POST"), target, c.kind, c.body)
			assert.Equal(t, 200, status, body)
			assert.Contains(t, body, "result")
		})
	}
}

func TestGBKReachesTheAPI(t *testing.T) {
	gbk, err := simplifiedchinese.GBK.NewEncoder().String(`{"a":"饼干"}`)
	require.NoError(t, err)
	r := httptest.NewRequest("POST", "/", strings.NewReader("p="+url.QueryEscape(gbk)+"&q=ok"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=gbk")
	f, err := readForm(httptest.NewRecorder(), r)
	require.NoError(t, err)
	assert.Equal(t, gbk, f.args.Get("p"), "signed as it came")
	assert.Equal(t, `{"a":"饼干"}`, f.decoded().Get("p"))
}

func TestChunkedAndExpect(t *testing.T) {
	f := start(t, Options{})
	target, form := f.form("system/currentTime", map[string]string{"a": "1"})
	req, err := http.NewRequest("POST", target, io.MultiReader(strings.NewReader(form.Encode()))) // unknown length: chunked
	require.NoError(t, err)
	req.Header.Set("Expect", "100-continue")
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	_ = res.Body.Close()
	assert.Equal(t, 200, res.StatusCode)
}

func TestMultipart(t *testing.T) {
	f := start(t, Options{})
	const path = "param2/1/system/currentTime/" + DemoKey
	send := func(field string) (int, map[string]any) {
		var b bytes.Buffer
		w := multipart.NewWriter(&b)
		require.NoError(t, w.WriteField("a", field))
		part, err := w.CreateFormFile("image", "x.png")
		require.NoError(t, err)
		_, _ = part.Write([]byte{0, 1, 2, '&', '='})
		require.NoError(t, w.WriteField("_aop_signature", sign(DemoSecret, path, map[string]string{"a": "1 +%41", "t": "q"})))
		require.NoError(t, w.Close())
		return f.send("POST", "/openapi/"+path+"?t=q", w.FormDataContentType(), b.String())
	}
	status, body := send("1 +%41")
	assert.Equal(t, 200, status, body)
	status, _ = send("1 +A")
	assert.Equal(t, 400, status, "fields of a multipart body are signed, and not percent-decoded")
	for name, bad := range map[string][2]string{
		"no boundary": {"multipart/form-data", "x"}, "wrong boundary": {"multipart/form-data; boundary=a", "--b\r\n\r\nx"}, "cut": {"multipart/form-data; boundary=a", "--a\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n1"},
	} {
		status, body := f.send("POST", "/openapi/"+path, bad[0], bad[1])
		assert.Equal(t, 400, status, name)
		assert.Contains(t, []any{"gw.RequestInvalid", "gw.SignatureMissing"}, body["error_code"], name)
	}
}

func TestLimitsOfTheForm(t *testing.T) {
	f := start(t, Options{})
	const path = "/openapi/param2/1/system/currentTime/" + DemoKey
	status, body := f.send("POST", path, "", "a="+strings.Repeat("x", maxBody))
	assert.Equal(t, 413, status)
	assert.Equal(t, "gw.RequestTooLarge", body["error_code"])
	var b strings.Builder
	for i := range maxParams + 1 {
		fmt.Fprintf(&b, "p%d=1&", i)
	}
	status, body = f.send("POST", path, "", b.String())
	assert.Equal(t, 400, status)
	assert.Equal(t, "gw.RequestInvalid", body["error_code"])
}

// Each byte of a signed request, flipped on its own, is noticed.
func TestOneFlippedByte(t *testing.T) {
	f := start(t, Options{})
	const api = "com.alibaba.trade/alibaba.trade.getBuyerOrderList"
	_, form := f.form(api, map[string]string{"pageSize": "20", "buyerMemberId": "b2b 1+2/ü"})
	body, path := form.Encode(), "param2/1/"+api+"/"+DemoKey
	status, _ := f.send("POST", "/openapi/"+path, "application/x-www-form-urlencoded", body)
	require.Equal(t, 200, status)
	flip := func(s string, i int) string { return s[:i] + string(rune(s[i]^1)) + s[i+1:] }
	server := f.srv.Handler()
	ask := func(path, body string) any {
		r := httptest.NewRequest("POST", "/", strings.NewReader(body))
		r.URL.Path = "/openapi/" + path
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		server.ServeHTTP(w, r)
		return decode(t, w.Body.Bytes())["error_code"]
	}
	for i := range body {
		want := "gw.SignatureInvalid"
		if from := strings.Index(body, signatureField); i >= from && i <= from+len(signatureField) {
			want = "gw.SignatureMissing" // its name or its equals sign
		} else if from > 0 && i == from-1 {
			want = "gw.SignatureMissing" // the ampersand before it
		}
		assert.Equal(t, want, ask(path, flip(body, i)), "byte %d of %s", i, body)
	}
	for i := range path {
		want := "gw.APIUnsupported"
		if i >= len(path)-len(DemoKey) {
			want = "gw.AppKeyNotFound"
		} else if i == len(path)-len(DemoKey)-1 {
			want = "gw.APIUnsupported" // the key has become part of the name
		}
		assert.Equal(t, want, ask(flip(path, i), body), "byte %d of %s", i, path)
	}
}

func FuzzForm(f *testing.F) {
	f.Add("a=1&b=%41+%zz", "application/x-www-form-urlencoded;charset=gbk", "%e4%b8&c")
	f.Add("", "multipart/form-data; boundary=a", "--a\r\nContent-Disposition: form-data; name=\"x\"; filename=\"\"\r\n\r\n1\r\n--a--")
	f.Fuzz(func(t *testing.T, query, kind, body string) {
		r := httptest.NewRequest("POST", "/", strings.NewReader(body))
		r.URL.RawQuery = query
		r.Header.Set("Content-Type", kind)
		got, err := readForm(httptest.NewRecorder(), r)
		if err != nil {
			return
		}
		for name, v := range got.args {
			require.Len(t, v, 1, name)
		}
		// what can be decoded strictly is decoded the same way
		if want, err := url.ParseQuery(query); err == nil && !strings.Contains(query, ";") {
			for name, v := range want {
				require.Equal(t, v[0], got.args.Get(name))
			}
		}
		got.decoded()
	})
}

func FuzzSignature(f *testing.F) {
	f.Add("secret", "param2/1/system/currentTime/1", "a", "bc", "ab", "a", "33E5")
	f.Fuzz(func(t *testing.T, secret, path, k1, v1, k2, v2, got string) {
		args := map[string]string{k1: v1, k2: v2}
		delete(args, signatureField)
		form := form{args: url.Values{}}
		for k, v := range args {
			form.args[k] = []string{v}
		}
		want := sign(secret, path, args)
		require.Equal(t, want, signature(secret, path, form.args))
		form.args.Set(signatureField, got)
		require.Equal(t, strings.EqualFold(got, want), form.signed(secret, path) || !isASCII(got) && strings.EqualFold(got, want))
		form.args.Set(signatureField, want)
		require.True(t, form.signed(secret, path))
	})
}

func isASCII(s string) bool { return strings.IndexFunc(s, func(r rune) bool { return r > 127 }) < 0 }

// Whatever comes in, the gateway answers below 500 and does not panic.
func FuzzGateway(f *testing.F) {
	srv, err := New(Options{Offers: 40, Now: newClock().now})
	require.NoError(f, err)
	f.Cleanup(func() { _ = srv.Close() })
	names := []string{}
	for name := range srv.apis {
		names = append(names, name)
	}
	f.Add("POST", "/openapi/param2/1/system/currentTime/"+DemoKey, "", "application/x-www-form-urlencoded", "a=1", uint16(0))
	f.Add("GET", "/openapi/http/1/system.oauth2/getToken/"+DemoKey, "client_id=%", "", "", uint16(1))
	f.Add("POST", "", "", "", `offerQueryParam={"keyword":"a","beginPage":-1,"pageSize":1e9,"country":null}`, uint16(2))
	f.Add("POST", "", "", "", `cargoParamList=[{"offerId":"x","quantity":9e99}]&addressParam={}&flow=general`, uint16(3))
	f.Add("POST", "", "", "", `orderId=9223372036854775807&webSite=1688&orderIdList=[[[[]]]]`, uint16(4))
	f.Fuzz(func(t *testing.T, method, path, query, kind, body string, which uint16) {
		r := httptest.NewRequest("POST", "/", strings.NewReader(body))
		r.Method, r.URL.RawQuery = method, query
		r.URL.Path = path
		if path == "" || path[0] != '/' { // a well-signed call of some API instead
			api := "param2/1/" + names[int(which)%len(names)] + "/" + DemoKey
			args := form{args: url.Values{"access_token": {DemoToken}}}
			if args.addPairs(body) != nil {
				return
			}
			delete(args.args, signatureField)
			args.args.Set(signatureField, signature(DemoSecret, api, args.args))
			r = httptest.NewRequest("POST", "/openapi/"+api, strings.NewReader(args.args.Encode()))
		}
		r.Header.Set("Content-Type", kind)
		w := httptest.NewRecorder()
		srv.Handler().ServeHTTP(w, r)
		require.Less(t, w.Code, 500, w.Body.String())
	})
}
