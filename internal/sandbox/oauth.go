package sandbox

import (
	"fmt"
	"net/http"
	"net/url"
	"time"
)

const (
	tokenLife   = 36000 * time.Second
	refreshLife = 180 * 24 * time.Hour
	codeLife    = 2 * time.Minute
)

// grant is something the platform handed out to an app and honours until it expires: an access token, a refresh token or a code.
type grant struct {
	Kind    string    `json:"kind"` // access, refresh, code
	Text    string    `json:"text"`
	App     string    `json:"app"`
	Expires time.Time `json:"expires"`
	Used    bool      `json:"used,omitempty"`
}

// AuthCode is a code that is always good, once, for an app: the authorization_code grant accepts it without the authorisation page.
func AuthCode(key string) string { return "code-" + key }

// tokenOK tells whether the token is this app's and still good. The caller holds mu.
func (s *Server) tokenOK(a *app, token string) bool {
	if a.Token == "" && token == "" {
		return true // single-user app
	}
	if token == a.Token && token != "" {
		return true
	}
	return s.granted("access", a, token) != nil
}

// granted finds what was handed out to the app and is still good. The caller holds mu.
func (s *Server) granted(kind string, a *app, text string) *grant {
	g := s.grants[text]
	if g == nil || g.Kind != kind || g.App != a.Key || g.Used || !s.now().Before(g.Expires) {
		return nil
	}
	return g
}

// hand makes a new grant. The caller holds mu.
func (s *Server) hand(kind string, a *app, life time.Duration) *grant {
	s.handed++
	h := mix(uint64(s.seed)<<8 ^ uint64(s.handed)<<32 ^ uint64(len(kind)))
	k := mix(h)
	g := &grant{
		Kind: kind, App: a.Key, Expires: s.now().Add(life),
		Text: fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", h>>32, h>>16&0xffff, h&0xfff, k>>52, k&0xffffffffffff),
	}
	s.keepGrant(g)
	s.dirty.Grants = append(s.dirty.Grants, g)
	s.addLine(obj{"granted": kind, "app": a.Key})
	return g
}

func (s *Server) keepGrant(g *grant) {
	s.grants[g.Text] = g
	s.handed = max(s.handed, len(s.grants))
}

// oauthError is a refusal of the token endpoint.
type oauthError struct {
	status     int
	code, text string
}

func (e *oauthError) body() obj { return obj{"error": e.code, "error_description": e.text} }

// tokenEndpoint is the unsigned form of getToken and postponeToken; false = no such endpoint.
func (s *Server) tokenEndpoint(w http.ResponseWriter, r *http.Request, name, key string) bool {
	if name != "getToken" && name != "postponeToken" {
		return false
	}
	f, err := readForm(w, r)
	if err != nil {
		reply(w, http.StatusBadRequest, marshal((&oauthError{code: "invalid_request", text: err.Error()}).body()))
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &call{app: s.apps[key]}
	s.begin(c)
	answer, oe := s.tokens(c.app, name, f.args)
	if oe != nil {
		s.addLine(obj{"oauth": name, "app": key, "outcome": oe.code})
		reply(w, oe.status, marshal(oe.body()))
		return true
	}
	s.commit()
	reply(w, http.StatusOK, marshal(answer))
	return true
}

// tokenAPIs is the signed form of the same two.
func tokenAPIs() []api {
	run := func(name string) func(*Server, *call) (any, *refusal) {
		return func(s *Server, c *call) (any, *refusal) {
			answer, oe := s.tokens(c.app, name, c.args)
			if oe != nil {
				c.answer = oe.body()
				return nil, refuse(oe.code, oe.text)
			}
			return answer, nil
		}
	}
	e := envFlat("error", "error_description")
	return []api{
		{ns: nsOAuth, name: "getToken", open: true, lock: true, envelope: e, handle: run("getToken")},
		{ns: nsOAuth, name: "postponeToken", open: true, lock: true, envelope: e, handle: run("postponeToken")},
	}
}

// tokens answers getToken and postponeToken. The caller holds mu.
func (s *Server) tokens(a *app, name string, args url.Values) (obj, *oauthError) {
	if a == nil || args.Get("client_id") != a.Key || args.Get("client_secret") != a.Secret {
		return nil, &oauthError{http.StatusUnauthorized, "invalid_client", "unknown client_id or wrong client_secret"}
	}
	fresh := or(args.Get("refresh_token"), args.Get("refreshToken"))
	answer := obj{}
	kind := args.Get("grant_type")
	if name == "postponeToken" {
		kind = name
	}
	switch kind {
	case "refresh_token", "postponeToken":
		if s.granted("refresh", a, fresh) == nil {
			return nil, &oauthError{http.StatusBadRequest, "invalid_grant", "refresh_token is not valid or has expired"}
		}
	case "authorization_code":
		if !s.useCode(a, args.Get("code")) {
			return nil, &oauthError{http.StatusBadRequest, "invalid_grant", "code is not valid, was used before or has expired"}
		}
	default:
		return nil, &oauthError{http.StatusBadRequest, "unsupported_grant_type", "grant_type must be authorization_code or refresh_token"}
	}
	if kind == "postponeToken" || kind == "authorization_code" && args.Get("need_refresh_token") != "false" {
		g := s.hand("refresh", a, refreshLife) // the older ones live on
		answer["refresh_token"], answer["refresh_token_timeout"] = g.Text, stamp(g.Expires)
	}
	t := s.hand("access", a, tokenLife)
	answer["access_token"] = t.Text
	answer["expires_in"] = fmt.Sprint(int(tokenLife.Seconds())) // text, as the platform writes it
	answer["resource_owner"], answer["memberId"] = a.buyer.login, a.buyer.memberID
	answer["uid"], answer["aliId"] = itoa(a.buyer.userID), itoa(a.buyer.userID)
	return answer, nil
}

// useCode spends a code: one of the authorisation page, or the always good one. The caller holds mu.
func (s *Server) useCode(a *app, code string) bool {
	g := s.granted("code", a, code)
	if g == nil {
		if code != AuthCode(a.Key) || s.grants[code] != nil {
			return false
		}
		g = &grant{Kind: "code", Text: code, App: a.Key}
		s.keepGrant(g)
	}
	g.Used = true
	s.dirty.Grants = append(s.dirty.Grants, g)
	return true
}
