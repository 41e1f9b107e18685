package sandbox

import (
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// code calls an API and returns error_code, "" if there is none.
func (f *fixture) code(api string, params map[string]string) any {
	f.t.Helper()
	_, body := f.raw(api, params)
	return decode(f.t, body)["error_code"]
}

func TestFrequencyLimits(t *testing.T) {
	clk := newClock()
	f := start(t, Options{Now: clk.now, Apps: []App{{
		Key: DemoKey, Secret: DemoSecret, Token: DemoToken, Rate: 10, Burst: 3, Limits: []Limit{{API: "getBuyerOrderList", Rate: 1}},
	}}})
	pass := func(d time.Duration) {
		clk.mu.Lock()
		clk.t = clk.t.Add(d)
		clk.mu.Unlock()
	}
	for range 3 {
		assert.Nil(t, f.code("system/currentTime", nil))
	}
	assert.Equal(t, "gw.QosAppFrequencyLimit", f.code("system/currentTime", nil))
	f.control("POST", "/clock", `{"advance":3600}`, 200)
	assert.Equal(t, "gw.QosAppFrequencyLimit", f.code("system/currentTime", nil), "the limit does not follow the sandbox clock")
	pass(100 * time.Millisecond)
	assert.Nil(t, f.code("system/currentTime", nil))
	pass(time.Second)
	assert.Nil(t, f.code(listAPI, nil))
	assert.Equal(t, "gw.QosRequestLimit", f.code(listAPI, nil))
	assert.Nil(t, f.code("system/currentTime", nil))
}

func TestAccessList(t *testing.T) {
	f := start(t, Options{Apps: []App{{
		Key: DemoKey, Secret: DemoSecret, Token: DemoToken, Allow: []string{"com.alibaba.trade", "cn.alibaba.open:push.*"}, Deny: []string{"get.buyerView"},
	}}})
	assert.Nil(t, f.code("system/currentTime", nil), "needs no permission")
	assert.Nil(t, f.code(listAPI, nil))
	assert.Nil(t, f.code(cursorAPI, nil))
	assert.Equal(t, "gw.APIACLDecline", f.code("com.alibaba.trade/alibaba.trade.get.buyerView", nil))
	assert.Equal(t, "gw.APIACLDecline", f.code(searchAPI, nil), "before the arguments")
}

func TestAppsOfTheControlAPI(t *testing.T) {
	dir := t.TempDir()
	t.Run("first life", func(t *testing.T) {
		f := start(t, Options{Dir: dir})
		f.control("POST", "/apps", `{"key":"1000000","secret":"test123","token":"t","rate":5}`, 200)
		for _, bad := range []string{`{}`, `{"key":"a/b","secret":"s"}`, `{"key":"a","secret":"s","rate":-1}`, `{"key":"a","secret":"s","profile":"x"}`,
			`{"key":"a","secret":"s","callbacks":["nowhere"]}`, `{"key":"a","secret":"s","limits":[{"api":"x"}]}`, `[]`} {
			f.control("POST", "/apps", bad, 400)
		}
	})
	f := start(t, Options{Dir: dir})
	assert.Len(t, f.srv.Apps(), 2, "journaled")
	assert.Equal(t, "test123", at(t, f.control("GET", "/apps", "", 200), "apps", 1, "app", "secret"))
	f.control("POST", "/reset", "", 200)
	assert.Len(t, f.srv.Apps(), 1, "a reset forgets them")
}

func TestAppsFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "apps.json")
	require.NoError(t, os.WriteFile(file, []byte(`[{"key":"1","secret":"s","burst":2,"rate":0.5,"redirectUri":"https://a.example/back"}]`), 0o600))
	o, err := FromEnv(func(name string) string {
		return map[string]string{"ENTREPOT_SANDBOX_APPS": "2:x", "ENTREPOT_SANDBOX_APPS_FILE": file, "ENTREPOT_SANDBOX_CHAOS": "2:77"}[name]
	})
	require.NoError(t, err)
	assert.Equal(t, []App{{Key: "2", Secret: "x"}, {Key: "1", Secret: "s", Burst: 2, Rate: 0.5, RedirectURI: "https://a.example/back"}}, o.Apps)
	assert.Equal(t, []int64{2, 77}, []int64{int64(o.Chaos), o.ChaosSeed})
	for name, value := range map[string]string{"ENTREPOT_SANDBOX_APPS_FILE": "/nowhere", "ENTREPOT_SANDBOX_CHAOS": "11"} {
		_, err := FromEnv(func(n string) string {
			if n == name {
				return value
			}
			return ""
		})
		assert.ErrorContains(t, err, name)
	}
}

func TestAuthorisePage(t *testing.T) {
	f := start(t, Options{Apps: []App{{Key: DemoKey, Secret: DemoSecret, Token: DemoToken, RedirectURI: "https://a.example/registered"}}})
	get := func(query string) (int, string) {
		res, err := http.Get(f.url + "/oauth/authorize?" + query)
		require.NoError(t, err)
		defer func() { _ = res.Body.Close() }()
		body, _ := io.ReadAll(res.Body)
		return res.StatusCode, string(body)
	}
	good := url.Values{"client_id": {DemoKey}, "site": {"1688"}, "redirect_uri": {"https://a.example/back?x=1"}, "state": {`"><b>`}}
	status, body := get(good.Encode())
	assert.Equal(t, 200, status)
	assert.Contains(t, body, ">Allow<")
	assert.NotContains(t, body, "<b>\"")
	for _, c := range []struct{ drop, set, want string }{
		{drop: "redirect_uri", want: "missing parameter"}, {drop: "client_id", want: "missing parameter"},
		{drop: "redirect_uri", set: "https://b.example/back", want: "illegal request"}, {drop: "redirect_uri", set: "javascript:alert(1)", want: "illegal request"},
		{drop: "site", set: "taobao", want: "illegal request"}, {drop: "client_id", set: "1", want: "illegal request"},
	} {
		q := url.Values{}
		for k, v := range good {
			q[k] = v
		}
		q.Del(c.drop)
		if c.set != "" {
			q.Set(c.drop, c.set)
		}
		status, body := get(q.Encode())
		assert.Equal(t, 400, status, c)
		assert.Contains(t, body, c.want, c)
	}
	back := f.allow(good, "allow")
	assert.Equal(t, "a.example/back", back.Host+back.Path)
	assert.Equal(t, `"><b>`, back.Query().Get("state"))
	assert.Equal(t, "1", back.Query().Get("x"))
	assert.NotEmpty(t, back.Query().Get("code"))
	assert.Equal(t, "access_denied", f.allow(good, "refuse").Query().Get("error"))
}

// allow presses a button of the authorisation page and returns where it leads.
func (f *fixture) allow(form url.Values, answer string) *url.URL {
	f.t.Helper()
	form = url.Values{"client_id": form["client_id"], "site": {"1688"}, "redirect_uri": form["redirect_uri"], "state": form["state"], "answer": {answer}}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.PostForm(f.url+"/oauth/authorize", form)
	require.NoError(f.t, err)
	_ = res.Body.Close()
	require.Equal(f.t, http.StatusFound, res.StatusCode)
	to, err := url.Parse(res.Header.Get("Location"))
	require.NoError(f.t, err)
	return to
}

func TestTokensOverTime(t *testing.T) {
	dir := t.TempDir()
	f := start(t, Options{Dir: dir})
	ask := func(v url.Values) (int, map[string]any) {
		v.Set("client_id", DemoKey)
		v.Set("client_secret", DemoSecret)
		return f.send("POST", "/openapi/http/1/system.oauth2/getToken/"+DemoKey, "application/x-www-form-urlencoded", v.Encode())
	}
	page := url.Values{"client_id": {DemoKey}, "redirect_uri": {"http://a.example/"}}
	code := func() string { return f.allow(page, "allow").Query().Get("code") }
	exchange := func(code string) (int, map[string]any) {
		return ask(url.Values{"grant_type": {"authorization_code"}, "need_refresh_token": {"true"}, "redirect_uri": {"http://a.example/"}, "code": {code}})
	}
	once := code()
	status, got := exchange(once)
	require.Equal(t, 200, status, got)
	status, _ = exchange(once)
	assert.Equal(t, 400, status, "a code works once")
	late := code()
	f.control("POST", "/clock", `{"advance":121}`, 200)
	status, _ = exchange(late)
	assert.Equal(t, 400, status, "and for two minutes")

	renew := func(token string) (int, map[string]any) {
		return ask(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}})
	}
	refresh := got["refresh_token"].(string)
	access := got["access_token"].(string)
	assert.Nil(t, f.code(listAPI, map[string]string{"access_token": access}))
	status, _ = renew(access)
	assert.Equal(t, 400, status, "an access token is no refresh token")
	assert.Equal(t, "401", f.code(listAPI, map[string]string{"access_token": refresh}))
	// the signed form, with the spelling of the old SDK
	signed := f.call("system.oauth2/getToken", map[string]string{
		"grant_type": "refresh_token", "client_id": DemoKey, "client_secret": DemoSecret, "refreshToken": refresh, "redirect_uri": "default",
	})
	assert.Nil(t, f.code(listAPI, map[string]string{"access_token": signed["access_token"].(string)}))
	assert.Equal(t, "invalid_client", f.call("system.oauth2/getToken", map[string]string{"client_id": DemoKey})["error"])

	f.control("POST", "/clock", `{"advance":14000000}`, 200) // 162 days
	assert.Equal(t, "401", f.code(listAPI, map[string]string{"access_token": access}))
	v := url.Values{"client_id": {DemoKey}, "client_secret": {DemoSecret}, "refresh_token": {refresh}}
	status, longer := f.send("POST", "/openapi/http/1/system.oauth2/postponeToken/"+DemoKey, "", v.Encode())
	require.Equal(t, 200, status, longer)
	f.control("POST", "/clock", `{"advance":2000000}`, 200)
	status, _ = renew(refresh)
	assert.Equal(t, 400, status, "half a year is over")
	status, last := renew(longer["refresh_token"].(string))
	assert.Equal(t, 200, status)

	g := start(t, Options{Dir: dir}) // tokens survive a restart
	assert.Nil(t, g.code(listAPI, map[string]string{"access_token": last["access_token"].(string)}))
}
