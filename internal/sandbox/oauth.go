package sandbox

import (
	"fmt"
	"net/http"
	"time"
)

// issuedToken is an access token given out by the OAuth endpoint. Unlike App.Token it expires.
type issuedToken struct {
	Access  string    `json:"access"`
	App     string    `json:"app"`
	Expires time.Time `json:"expires"`
}

const (
	tokenLife   = 36000 * time.Second
	refreshLife = 180 * 24 * time.Hour
)

// refreshToken of an app is fixed: asking again does not kill the older ones, and this one never ends.
func refreshToken(a *app) string { return "refresh-" + a.Key }

// AuthCode is what the authorisation page would have handed out for an app: the authorization_code grant accepts it.
func AuthCode(key string) string { return "code-" + key }

// tokenOK tells whether the token is this app's and still good.
func (s *Server) tokenOK(a *app, token string) bool {
	if a.Token == "" && token == "" {
		return true // single-user app
	}
	if token == a.Token && token != "" {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.tokens[token]
	return ok && t.App == a.Key && s.now().Before(t.Expires)
}

// oauth is the unsigned token endpoint: authorization_code and refresh_token grants.
func (s *Server) oauth(w http.ResponseWriter, r *http.Request) {
	deny := func(status int, code, text string) {
		reply(w, status, marshal(obj{"error": code, "error_description": text}))
	}
	if err := parseForm(w, r); err != nil {
		deny(http.StatusBadRequest, "invalid_request", "form cannot be read")
		return
	}
	a := s.apps[r.PathValue("key")]
	if a == nil || r.Form.Get("client_id") != a.Key || r.Form.Get("client_secret") != a.Secret {
		deny(http.StatusUnauthorized, "invalid_client", "unknown client_id or wrong client_secret")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.commit()
	answer := obj{}
	switch grant := r.Form.Get("grant_type"); grant {
	case "refresh_token":
		if got := r.Form.Get("refresh_token"); got != refreshToken(a) {
			deny(http.StatusBadRequest, "invalid_grant", "refresh_token is not valid")
			return
		}
	case "authorization_code":
		code := r.Form.Get("code")
		if code != AuthCode(a.Key) || s.usedCodes[code] {
			deny(http.StatusBadRequest, "invalid_grant", "code is not valid or was used before")
			return
		}
		s.usedCodes[code] = true
		s.dirty.Code = code
		answer["refresh_token"] = refreshToken(a)
		answer["refresh_token_timeout"] = stamp(s.now().Add(refreshLife))
	default:
		deny(http.StatusBadRequest, "unsupported_grant_type", "grant_type must be authorization_code or refresh_token")
		return
	}
	t := s.issue(a)
	answer["access_token"] = t.Access
	answer["expires_in"] = fmt.Sprint(int(tokenLife.Seconds())) // text, as the platform writes it
	answer["resource_owner"], answer["memberId"] = a.buyer.login, a.buyer.memberID
	answer["uid"], answer["aliId"] = itoa(a.buyer.userID), itoa(a.buyer.userID)
	reply(w, http.StatusOK, marshal(answer))
}

// issue makes a new access token. The caller holds mu.
func (s *Server) issue(a *app) issuedToken {
	h := mix(uint64(s.seed) ^ uint64(len(s.tokens)+1)<<32)
	k := mix(h)
	t := issuedToken{
		Access: fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", h>>32, h>>16&0xffff, h&0xfff, k>>52, k&0xffffffffffff),
		App:    a.Key, Expires: s.now().Add(tokenLife),
	}
	s.tokens[t.Access] = t
	s.dirty.Token = &t
	s.addLine(obj{"token": a.Key})
	return t
}
