package sandbox

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	businessAPI   = "com.alibaba.fenxiao.crossborder/account.business.save"
	basicAPI      = "com.alibaba.account/alibaba.account.basic"
	crossBasicAPI = "com.alibaba.account/alibaba.account.agent.crossBasic"
	subsAPI       = "com.alibaba.account/alibaba.subAccount.list"
	subAddAPI     = "system.oauth2/subaccount.auth.add"
	subCancelAPI  = "system.oauth2/subaccount.auth.cancel"
	subListAPI    = "system.oauth2/subaccount.auth.list"
	decryptAPI    = "com.alibaba.account/wangwangnick.openuid.decrypt"
	encryptAPI    = "com.alibaba.account/loginid.openuid.encrypt"
	chatAPI       = "com.alibaba.account/account.wangwangUrl.get"
)

func TestAccountsSayWhatIsDocumented(t *testing.T) {
	f := start(t, Options{})
	sel := f.srv.cat.Load().seller(3)
	stamped := func(k, v string) map[string]string { return map[string]string{k: v, "_aop_timestamp": "1772330584005"} }
	main := "buyer" + DemoKey
	assertDocumented(t, "account.business.save", f.call(businessAPI, map[string]string{"accountPerformance": `{"account":"` + main + `","business":"jk"}`}))
	assertDocumented(t, "alibaba.account.basic", f.call(basicAPI, nil))
	assertDocumented(t, "alibaba.account.agent.crossBasic", f.call(crossBasicAPI, map[string]string{"loginId": sel.login}))
	assertDocumented(t, "alibaba.subAccount.list", f.call(subsAPI, nil))
	for _, api := range []string{subAddAPI, subListAPI, subCancelAPI} {
		_, name, _ := strings.Cut(api, "/")
		assertDocumented(t, name, f.call(api, map[string]string{"subUserIdentityList": `["` + main + `:ops"]`}))
	}
	assertDocumented(t, "wangwangnick.openuid.decrypt", f.call(decryptAPI, stamped("openUid", sel.openID)))
	assertDocumented(t, "loginid.openuid.encrypt", f.call(encryptAPI, stamped("loginId", sel.login)))
	chat := f.call(chatAPI, map[string]string{"toOpenUid": sel.openID})
	assertDocumented(t, "account.wangwangUrl.get", chat)
	assert.Subset(t, keys(at(t, chat, "result").(map[string]any)), []string{"retCodes", "subCode", "subMessage"})
	assertDocumented(t, "account.user.register", f.call(registerAPI, map[string]string{"countryAccount": member("d", nil)}))
}

func TestWhoIsAuthorised(t *testing.T) {
	f := start(t, Options{})
	r := at(t, f.call(basicAPI, nil), "result")
	buyer := f.srv.apps[DemoKey].buyer
	assert.Equal(t, []any{buyer.login, json.Number(itoa(buyer.userID))}, []any{at(t, r, "loginId"), at(t, r, "userId")})
	status, _ := f.raw(basicAPI, map[string]string{"access_token": "wrong"})
	assert.Equal(t, 401, status)
	sel := f.srv.cat.Load().seller(3)
	for _, q := range []map[string]string{{"loginId": sel.login}, {"loginId": sel.memberID}, {"domain": sel.domain()}} {
		assert.Equal(t, sel.company, at(t, f.call(crossBasicAPI, q), "result", "companyName"), q)
	}
	for _, q := range []map[string]string{{"loginId": "shop9999"}, {"loginId": "x"}, {"domain": "x.1688.com"}, {"loginId": "shop3"}} {
		assert.Equal(t, "MEMBER_NOT_EXIST", f.call(crossBasicAPI, q)["errorCode"], q)
	}
	status, _ = f.raw(crossBasicAPI, nil)
	assert.Equal(t, 400, status)
}

func TestSubAccountAuthorisationsSurviveRestart(t *testing.T) {
	dir := t.TempDir()
	list := `["buyer` + DemoKey + `:ops","buyer` + DemoKey + `:depot"]`
	states := func(f *fixture) (out []any) {
		for _, row := range at(f.t, f.call(subListAPI, map[string]string{"subUserIdentityList": list}), "result", "returnValue").([]any) {
			out = append(out, at(f.t, row, "authorized"))
		}
		return out
	}
	t.Run("before", func(t *testing.T) {
		f := start(t, Options{Dir: dir})
		assert.Equal(t, []any{false, false}, states(f))
		assert.Equal(t, true, at(t, f.call(subAddAPI, map[string]string{"subUserIdentityList": list, "access_token": ""}), "result", "returnValue"), "no token needed")
		assert.Equal(t, []any{true, true}, states(f))
		f.call(subCancelAPI, map[string]string{"subUserIdentityList": `["buyer` + DemoKey + `:ops"]`})
		f.call(businessAPI, map[string]string{"accountPerformance": `{"account":"buyer` + DemoKey + `:ops","business":"sea"}`})
		f.control("POST", "/identity", `{"refuseKnownMember":true}`, 200)
	})
	f := start(t, Options{Dir: dir})
	assert.Equal(t, []any{false, true}, states(f))
	assert.Equal(t, map[string]string{"buyer" + DemoKey + ":ops": "sea"}, f.srv.businesses)
	assert.Equal(t, true, f.control("GET", "/identity", "", 200)["refuseKnownMember"])
	for _, bad := range []string{`["a"]`, `["a:b"]`, `[]`, `["buyer` + DemoKey + `:nobody"]`} {
		assert.Equal(t, false, at(t, f.call(subAddAPI, map[string]string{"subUserIdentityList": bad}), "result", "success"), bad)
	}
	assert.Equal(t, []any{false, true}, states(f))
}

func TestBusinessLines(t *testing.T) {
	f := start(t, Options{})
	save := func(account, line string) any {
		return at(t, f.call(businessAPI, map[string]string{"accountPerformance": fmt.Sprintf(`{"account":%q,"business":%q}`, account, line)}), "result", "saveResult")
	}
	for _, line := range []string{"sea", "sa", "jk", "hmt", "me", "na", "la", "we", "ru", "af"} {
		assert.Equal(t, true, save("buyer"+DemoKey, line))
	}
	assert.Equal(t, false, save("buyer"+DemoKey, "eu"))
	assert.Equal(t, false, save("somebody", "jk"))
}

func TestIdentitiesAreRiskControlled(t *testing.T) {
	f := start(t, Options{})
	sel := f.srv.cat.Load().seller(2)
	ask := func(uid string) map[string]any {
		return f.call(decryptAPI, map[string]string{"openUid": uid, "_aop_timestamp": "1772330584005"})
	}
	for _, api := range []string{decryptAPI, encryptAPI} {
		status, body := f.raw(api, map[string]string{"openUid": sel.openID, "loginId": sel.login})
		assert.Equal(t, 400, status)
		assert.Equal(t, "gw.ParamMissing", decode(t, body)["error_code"], "_aop_timestamp is required")
	}
	assert.Equal(t, map[string]any{"wangwangNick": sel.login}, ask(sel.openID))
	assert.Equal(t, "OPENUID_INVALID", ask(sel.login)["errorCode"], "a login is no openUid")
	assert.Equal(t, "RISK_CONTROL", ask(sel.openID + "," + sel.openID)["errorCode"], "no batch")
	assert.Equal(t, map[string]any{"openUid": sel.openID}, f.call(encryptAPI, map[string]string{"loginId": sel.login, "_aop_timestamp": "1"}))
	assert.Equal(t, "400_1", f.call(encryptAPI, map[string]string{"loginId": sel.login, "_aop_timestamp": "today"})["errorCode"])
	f.control("POST", "/clock", `{"advance":60}`, 200)
	for range unmaskLimit {
		assert.NotContains(t, ask(sel.openID), "errorCode")
	}
	assert.Equal(t, "RISK_CONTROL", ask(sel.openID)["errorCode"])
	f.control("POST", "/clock", `{"advance":60}`, 200)
	assert.NotContains(t, ask(sel.openID), "errorCode")
	me := f.srv.apps[DemoKey].buyer
	assert.Equal(t, map[string]any{"wangwangNick": me.login}, ask(me.openUID()))
}

func TestChatLinkOpensHere(t *testing.T) {
	f := start(t, Options{})
	sel := f.srv.cat.Load().seller(1)
	link := at(t, f.call(chatAPI, map[string]string{"toOpenUid": sel.openID}), "result", "result").(string)
	for target, want := range map[string]int{link: 200, f.url + "/chat/nobody": 404, f.url + "/chat/%3Cscript%3E": 404} {
		res, err := http.Get(target)
		require.NoError(t, err)
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		_ = res.Body.Close()
		assert.Equal(t, want, res.StatusCode, target)
		assert.NotContains(t, string(body), "<")
	}
	assert.Equal(t, false, at(t, f.call(chatAPI, map[string]string{"toOpenUid": "nobody"}), "result", "success"))
}

func member(id string, change map[string]any) string {
	m := map[string]any{"country": "japan", "site": "sniff", "outLoginId": "login", "outMemberId": id, "email": "a@example.com", "mobile": "18899993333", "mobileArea": "JP", "ip": "11.11.11.11"}
	for k, v := range change {
		if m[k] = v; v == nil {
			delete(m, k)
		}
	}
	return string(marshal(m))
}

func TestRegisterReview(t *testing.T) {
	f := start(t, Options{})
	for name, tt := range map[string]struct {
		change map[string]any
		ok     bool
	}{
		"plain": {nil, true}, "country as shouted": {map[string]any{"country": "JAPAN"}, false}, "site with blank": {map[string]any{"site": "a b"}, false},
		"site of 16": {map[string]any{"site": strings.Repeat("a", 16)}, true}, "site of 17": {map[string]any{"site": strings.Repeat("a", 17)}, false},
		"login of 60": {map[string]any{"outLoginId": strings.Repeat("字", 60)}, true}, "login of 61": {map[string]any{"outLoginId": strings.Repeat("字", 61)}, false},
		"seed login of 32": {map[string]any{"outLoginId": nil, "outLoginName": strings.Repeat("x", 32)}, true}, "seed login of 33": {map[string]any{"outLoginId": nil, "outLoginName": strings.Repeat("x", 33)}, false},
		"id of 60": {map[string]any{"outMemberId": strings.Repeat("1", 60)}, true}, "id of 61": {map[string]any{"outMemberId": strings.Repeat("1", 61)}, false},
		"seed id of 64": {map[string]any{"outLoginId": nil, "outLoginName": "x", "outMemberId": strings.Repeat("1", 64)}, true},
		"no mail":       {map[string]any{"email": nil}, true}, "no mobile": {map[string]any{"mobile": nil, "mobileArea": nil}, true}, "neither": {map[string]any{"email": nil, "mobile": nil}, false},
		"named mail": {map[string]any{"email": "A <a@example.com>"}, false}, "long mail": {map[string]any{"email": strings.Repeat("a", 60) + "@example.com"}, false}, "no area": {map[string]any{"mobileArea": nil}, false},
		"area of three": {map[string]any{"mobileArea": "JPN"}, false}, "no ip": {map[string]any{"ip": nil}, false}, "words as ip": {map[string]any{"ip": "home"}, false},
		"number as id": {map[string]any{"outMemberId": 12345}, true},
	} {
		r := at(t, f.call(registerAPI, map[string]string{"countryAccount": member("m-"+strings.ReplaceAll(name, " ", "-"), tt.change)}), "result")
		assert.Equal(t, tt.ok, at(t, r, "success"), name)
		assert.Equal(t, tt.ok, at(t, r, "result"), name)
		assert.NotEmpty(t, at(t, r, "message"), name)
	}
}

func TestRegisterAgain(t *testing.T) {
	f := start(t, Options{})
	reg := func() map[string]any {
		return f.call(registerAPI, map[string]string{"countryAccount": member("again", nil)})
	}
	assert.Equal(t, "success", at(t, reg(), "result", "message"))
	r := reg()
	assert.Equal(t, []any{true, true, "member exists"}, []any{at(t, r, "result", "success"), at(t, r, "result", "result"), at(t, r, "result", "message")})
	f.control("POST", "/identity", `{"flatRegister":true}`, 200)
	assert.Equal(t, true, reg()["result"], "flat, as one official sample")
	f.control("POST", "/identity", `{"flatRegister":false,"refuseKnownMember":true}`, 200)
	r = reg()
	assert.Equal(t, []any{false, "MEMBER_EXIST"}, []any{at(t, r, "result", "success"), at(t, r, "result", "code")})
}
