package sandbox

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

func identityAPIs() []api {
	subs, stamped := []string{"subUserIdentityList"}, "_aop_timestamp"
	return []api{
		{ns: nsOAuth, name: "subaccount.auth.add", open: true, required: subs, lock: true, envelope: envReturn(), handle: (*Server).subAuthAdd},
		{ns: nsOAuth, name: "subaccount.auth.cancel", open: true, required: subs, lock: true, envelope: envReturn(), handle: (*Server).subAuthCancel},
		{ns: nsOAuth, name: "subaccount.auth.list", required: subs, lock: true, envelope: envReturn(), handle: (*Server).subAuthList},
		{
			ns: nsAccount, name: "wangwangnick.openuid.decrypt", required: []string{"openUid", stamped}, lock: true,
			envelope: envFlat("errorCode", "errorMessage"), handle: (*Server).nickOf,
		},
		{
			ns: nsAccount, name: "loginid.openuid.encrypt", required: []string{"loginId", stamped}, lock: true,
			envelope: envFlat("errorCode", "errorMessage"), handle: (*Server).openUIDOf,
		},
		{ns: nsAccount, name: "account.wangwangUrl.get", required: []string{"toOpenUid"}, lock: true, envelope: envChat(), handle: (*Server).chatURL},
	}
}

// envReturn is {"result":{errorCode,errorMessage,returnValue,success}}.
func envReturn() envelope {
	return envelope{
		good: func(p any) any {
			return obj{"result": obj{"success": true, "returnValue": p, "errorCode": nil, "errorMessage": nil}}
		},
		bad: func(r *refusal) any {
			return obj{"result": obj{"success": false, "returnValue": nil, "errorCode": r.code, "errorMessage": r.message}}
		},
	}
}

// envChat is family A with three more fields.
func envChat() envelope {
	wrap := func(ok bool, code, message string, p any) any {
		return obj{"result": obj{"success": ok, "code": code, "message": message, "result": p, "retCodes": nil, "subCode": nil, "subMessage": nil}}
	}
	return envelope{
		good: func(p any) any { return wrap(true, "S0000", "success", p) },
		bad:  func(r *refusal) any { return wrap(false, r.code, r.message, nil) },
	}
}

// identityState is the part of the state that accounts and sub-accounts keep.
type identityState struct {
	identityRules identityRules
	subAuths      map[string]time.Time   // sub-account -> authorised since
	businesses    map[string]string      // account -> business line
	unmasked      map[string][]time.Time // app key -> its latest questions about identities; forgotten at a restart
}

// identityRules are switches for what the platform does not document.
type identityRules struct {
	RefuseKnown bool `json:"refuseKnownMember"` // registering a member again fails
	Flat        bool `json:"flatRegister"`      // account.user.register answers flat, as one official sample does
}

func newIdentityState() identityState {
	return identityState{subAuths: map[string]time.Time{}, businesses: map[string]string{}, unmasked: map[string][]time.Time{}}
}

// identityEntry is the journal's part of it. A zero time takes an authorisation back.
type identityEntry struct {
	IdentityRules *identityRules       `json:"identityRules,omitempty"`
	SubAuths      map[string]time.Time `json:"subAuths,omitempty"`
	Businesses    map[string]string    `json:"businesses,omitempty"`
}

func (s *Server) saveIdentities(put func(entry)) {
	r := s.identityRules
	put(entry{identityEntry: identityEntry{IdentityRules: &r, SubAuths: s.subAuths, Businesses: s.businesses}})
}

func (s *Server) replayIdentities(e *identityEntry) {
	if e.IdentityRules != nil {
		s.identityRules = *e.IdentityRules
	}
	maps.Copy(s.subAuths, e.SubAuths)
	maps.DeleteFunc(s.subAuths, func(_ string, since time.Time) bool { return since.IsZero() })
	maps.Copy(s.businesses, e.Businesses)
}

func (s *Server) showIdentity(*http.Request, []byte) (any, error) { return s.identityRules, nil }

func (s *Server) postIdentity(_ *http.Request, body []byte) (any, error) {
	r := s.identityRules
	if err := read(body, &r); err != nil {
		return nil, err
	}
	s.identityRules = r
	s.dirty.IdentityRules = &r
	return r, nil
}

// subNames are the sub-accounts every buyer has.
var subNames = []string{"ops", "finance", "depot"}

func (b *buyer) subs() []string {
	var out []string
	for _, n := range subNames {
		out = append(out, b.login+":"+n)
	}
	return out
}

func (b *buyer) openUID() string { return fmt.Sprintf("BBB%016xB", mix(uint64(b.userID))) }

// maxSubs is how many names one call may hold.
const maxSubs = 100

// subList reads the names and wants every one to be a sub-account of the app's buyer.
func (c *call) subList() ([]string, *refusal) {
	var list []string
	if ref := c.decode("subUserIdentityList", &list); ref != nil {
		return nil, ref
	}
	if len(list) == 0 || len(list) > maxSubs {
		return nil, refuse("400_1", fmt.Sprintf("subUserIdentityList holds 1 to %d names", maxSubs))
	}
	known := c.app.buyer.subs()
	for _, name := range list {
		if !strings.Contains(name, ":") {
			return nil, refuse("400_1", "a sub-account is named main:sub")
		}
		if !slices.Contains(known, name) {
			return nil, refuse("SUB_ACCOUNT_NOT_EXIST", "not a sub-account of the authorised buyer")
		}
	}
	return list, nil
}

func (s *Server) subAuthAdd(c *call) (any, *refusal) { return s.subAuthSet(c, s.now().UTC()) }

func (s *Server) subAuthCancel(c *call) (any, *refusal) { return s.subAuthSet(c, time.Time{}) }

// subAuthSet authorises the sub-accounts, or takes that back; doing it again changes nothing.
func (s *Server) subAuthSet(c *call, since time.Time) (any, *refusal) {
	list, ref := c.subList()
	if ref != nil {
		return nil, ref
	}
	changed := map[string]time.Time{}
	for _, name := range list {
		if s.subAuths[name].IsZero() != since.IsZero() {
			changed[name] = since
		}
	}
	if len(changed) > 0 {
		s.dirty.SubAuths = changed
		s.replayIdentities(&identityEntry{SubAuths: changed})
	}
	return true, nil
}

// subAuthList tells of each name whether it is authorised; the row's fields are our guess.
func (s *Server) subAuthList(c *call) (any, *refusal) {
	list, ref := c.subList()
	if ref != nil {
		return nil, ref
	}
	rows := []obj{}
	for _, name := range list {
		since, ok := s.subAuths[name]
		rows = append(rows, obj{"subUserIdentity": name, "mainUserIdentity": c.app.buyer.login, "authorized": ok, "gmtCreate": stamp(since)})
	}
	return rows, nil
}

// unmaskLimit questions per unmaskWindow pass for a person clicking; more looks like a machine.
const (
	unmaskLimit  = 10
	unmaskWindow = time.Minute
)

// atRisk is the risk control of the APIs that translate identities: one name, asked for by a person.
func (s *Server) atRisk(c *call, name string) *refusal {
	if _, ok := num(c.args.Get("_aop_timestamp")).int(); !ok {
		return refuse("400_1", "_aop_timestamp is not in milliseconds")
	}
	if strings.ContainsAny(name, ",;[]{}| \t\r\n") {
		return refuse("RISK_CONTROL", "one identity per call")
	}
	now := s.now()
	recent := slices.DeleteFunc(s.unmasked[c.app.Key], func(t time.Time) bool { return now.Sub(t) >= unmaskWindow || t.After(now) })
	if len(recent) >= unmaskLimit {
		s.unmasked[c.app.Key] = recent
		return refuse("RISK_CONTROL", "too many identities asked for: a person clicks more slowly")
	}
	s.unmasked[c.app.Key] = append(recent, now)
	return nil
}

var errNobody = errors.New("no such account")

// whois finds a login and openUid by either.
func (s *Server) whois(name string) (login, openUID string, err error) {
	if sel, ok := s.cat.Load().sellerNamed(name); ok {
		return sel.login, sel.openID, nil
	}
	for _, a := range s.apps {
		if b := &a.buyer; name == b.login || name == b.openUID() {
			return b.login, b.openUID(), nil
		}
	}
	return "", "", errNobody
}

func (s *Server) nickOf(c *call) (any, *refusal) {
	uid := c.args.Get("openUid")
	if ref := s.atRisk(c, uid); ref != nil {
		return nil, ref
	}
	login, openUID, err := s.whois(uid)
	if err != nil || openUID != uid {
		return nil, refuse("OPENUID_INVALID", "openUid is unknown")
	}
	return obj{"wangwangNick": login}, nil
}

func (s *Server) openUIDOf(c *call) (any, *refusal) {
	id := c.args.Get("loginId")
	if ref := s.atRisk(c, id); ref != nil {
		return nil, ref
	}
	login, openUID, err := s.whois(id)
	if err != nil || login != id {
		return nil, refuse("LOGINID_INVALID", "loginId is unknown")
	}
	return obj{"openUid": openUID}, nil
}

// chatURL points at a page of this sandbox, where the real one opens the chat program.
func (s *Server) chatURL(c *call) (any, *refusal) {
	uid := c.args.Get("toOpenUid")
	if _, openUID, err := s.whois(uid); err != nil || openUID != uid {
		return nil, refuse("OPENUID_INVALID", "toOpenUid is unknown")
	}
	return c.base + "/chat/" + uid, nil
}

// showChat is the end of a chat link: plain text, there is nobody to talk to.
func (s *Server) showChat(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	login, _, err := s.whois(r.PathValue("id"))
	s.mu.Unlock()
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if err != nil {
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte("没有这个账号 no such account\n"))
		return
	}
	_, _ = w.Write([]byte("模拟聊天 simulated chat with " + login + "\n")) //nolint:gosec // plain text, and a name of ours
}
