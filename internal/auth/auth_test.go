package auth

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"entrepot/api"
	"entrepot/internal/database"
	"entrepot/internal/errs"
	"entrepot/internal/i18n"
	"entrepot/internal/site"
	"entrepot/internal/web"
)

const (
	memberID = int64(4242)
	outID    = "out-4242"
)

var testSecret = []byte("0123456789abcdef0123456789abcdef")

type fixture struct {
	*Service
	t   testing.TB
	db  *database.DB
	mu  sync.Mutex
	at  time.Time
	web *web.Server
}

func (f *fixture) clock() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.at
}

func (f *fixture) advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at = f.at.Add(d)
}

func newFixture(t testing.TB) *fixture {
	f := &fixture{t: t, db: database.OpenTest(t), at: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}
	var err error
	f.Service, err = New(Options{DB: f.db, Secret: testSecret, Now: f.clock})
	require.NoError(t, err)
	require.NoError(t, f.db.InTx(t.Context(), func(tx *gorm.DB) error {
		return tx.Table("members").Create(map[string]any{
			"id": memberID, "site": "japan", "out_member_id": outID, "login_name": "x", "login_key": "x",
			"password_hash": "", "language": "ko", "registration": "pending", "registration_message": "", "ip": "",
			"created_at": f.at, "updated_at": f.at,
		}).Error
	}))
	return f
}

// serve puts the service behind the real edge and contract, with the member operations answered by echoes.
func (f *fixture) serve() *fixture {
	bundle, err := i18n.New()
	require.NoError(f.t, err)
	sites, err := site.New(map[string]string{"key-jp": "japan", "key-vn": "vietnam"})
	require.NoError(f.t, err)
	f.web, err = web.New(web.Options{Bundle: bundle, Sites: sites, Spec: api.Spec, Authenticate: f.Authenticators()})
	require.NoError(f.t, err)
	f.AdminRoutes(f.web.Engine)
	f.web.Engine.GET("/v1/me", func(c *gin.Context) {
		m, err := RequireMember(web.Context(c))
		if err != nil {
			web.Render(c, err)
			return
		}
		c.JSON(200, m)
	})
	f.web.Engine.DELETE("/v1/sessions/current", func(c *gin.Context) {
		if err := f.SignOut(web.Context(c)); err != nil {
			web.Render(c, err)
			return
		}
		c.Status(204)
	})
	return f
}

func (f *fixture) do(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	req := httptest.NewRequestWithContext(f.t.Context(), method, path, strings.NewReader(body))
	if body == "" {
		req = httptest.NewRequestWithContext(f.t.Context(), method, path, nil)
	} else {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	f.web.Engine.ServeHTTP(w, req)
	return w
}

// code is "200" or "401 AUTH_REQUIRED".
func code(w *httptest.ResponseRecorder) string {
	var p struct {
		Code string `json:"code"`
	}
	_ = json.Unmarshal(w.Body.Bytes(), &p)
	return strings.TrimSpace(http.StatusText(w.Code) + " " + p.Code)
}

func (f *fixture) me(token string, site ...string) string {
	key := "key-jp"
	if len(site) > 0 {
		key = site[0]
	}
	return code(f.do("GET", "/v1/me", "", "X-Site-Key", key, "Authorization", "Bearer "+token))
}

func (f *fixture) issue() Tokens {
	t, err := f.IssueMember(f.t.Context(), "japan", memberID, outID, "ko")
	require.NoError(f.t, err)
	return t
}

func TestMemberToken(t *testing.T) {
	f := newFixture(t).serve()
	tokens := f.issue()
	assert.Equal(t, 900, tokens.ExpiresIn)
	assert.Equal(t, "Bearer", tokens.TokenType)
	w := f.do("GET", "/v1/me", "", "X-Site-Key", "key-jp", "Authorization", "bearer "+tokens.AccessToken)
	require.Equal(t, 200, w.Code, w.Body.String())
	var m MemberCaller
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &m))
	assert.Equal(t, MemberCaller{ID: memberID, Site: "japan", OutMemberID: outID, Language: "ko", SessionID: tokens.SessionID}, m)
	assert.Equal(t, "ko", w.Header().Get("Content-Language"), "the account's preference")

	assert.Equal(t, "Unauthorized AUTH_TOKEN_INVALID", f.me(tokens.AccessToken, "key-vn"), "token of another site")
	assert.Equal(t, "Unauthorized AUTH_REQUIRED", code(f.do("GET", "/v1/me", "", "X-Site-Key", "key-jp")))
	f.advance(MemberAccessTTL - time.Second)
	assert.Equal(t, "OK", f.me(tokens.AccessToken))
	f.advance(time.Second)
	assert.Equal(t, "Unauthorized AUTH_TOKEN_EXPIRED", f.me(tokens.AccessToken))
}

func TestForgedTokens(t *testing.T) {
	f := newFixture(t).serve()
	tokens := f.issue()
	good, _, err := jwt.NewParser().ParseUnverified(tokens.AccessToken, &claims{})
	require.NoError(t, err)
	forge := func(change func(h map[string]any, c *claims), method jwt.SigningMethod, key any) string {
		c := *good.Claims.(*claims)
		tok := jwt.NewWithClaims(method, &c)
		tok.Header["typ"] = tokenType
		change(tok.Header, &c)
		text, err := tok.SignedString(key)
		require.NoError(t, err)
		return text
	}
	same := func(map[string]any, *claims) {}
	key := f.Service.member.key
	require.Equal(t, "OK", f.me(forge(same, jwt.SigningMethodHS256, key)), "the forger works")
	parts := strings.Split(tokens.AccessToken, ".")
	for name, token := range map[string]string{
		"alg none":      forge(same, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType),
		"HS512":         forge(same, jwt.SigningMethodHS512, key),
		"root secret":   forge(same, jwt.SigningMethodHS256, testSecret),
		"staff key":     forge(same, jwt.SigningMethodHS256, f.Service.staff.key),
		"typ JWT":       forge(func(h map[string]any, _ *claims) { h["typ"] = "JWT" }, jwt.SigningMethodHS256, key),
		"no typ":        forge(func(h map[string]any, _ *claims) { delete(h, "typ") }, jwt.SigningMethodHS256, key),
		"aud":           forge(func(_ map[string]any, c *claims) { c.Audience = jwt.ClaimStrings{"entrepot-staff"} }, jwt.SigningMethodHS256, key),
		"no aud":        forge(func(_ map[string]any, c *claims) { c.Audience = nil }, jwt.SigningMethodHS256, key),
		"iss":           forge(func(_ map[string]any, c *claims) { c.Issuer = "x" }, jwt.SigningMethodHS256, key),
		"no exp":        forge(func(_ map[string]any, c *claims) { c.ExpiresAt = nil }, jwt.SigningMethodHS256, key),
		"other member":  forge(func(_ map[string]any, c *claims) { c.Subject = "1" }, jwt.SigningMethodHS256, key),
		"odd subject":   forge(func(_ map[string]any, c *claims) { c.Subject = "x" }, jwt.SigningMethodHS256, key),
		"other session": forge(func(_ map[string]any, c *claims) { c.Session = "1" }, jwt.SigningMethodHS256, key),
		"no session":    forge(func(_ map[string]any, c *claims) { c.Session = "" }, jwt.SigningMethodHS256, key),
		"tampered":      parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"1"}`)) + "." + parts[2],
		"no signature":  parts[0] + "." + parts[1] + ".",
		"garbage":       "a.b.c", "blank": " ", "huge": strings.Repeat("A", 100_000), "refresh token": tokens.RefreshToken,
	} {
		assert.Equal(t, "Unauthorized AUTH_TOKEN_INVALID", f.me(token), name)
	}
	for _, h := range []string{"Basic abc", "Bearer", "Token " + tokens.AccessToken, tokens.AccessToken} {
		assert.Equal(t, "Unauthorized AUTH_TOKEN_INVALID", code(f.do("GET", "/v1/me", "", "X-Site-Key", "key-jp", "Authorization", h)), h)
	}
	assert.Equal(t, "Unauthorized AUTH_TOKEN_INVALID", code(f.do("GET", "/v1/me", "", "X-Site-Key", "key-jp",
		"Authorization", "Bearer "+tokens.AccessToken, "Authorization", "Bearer x")))
	assert.Equal(t, "Unauthorized AUTH_TOKEN_INVALID",
		code(f.do("GET", "/admin/v1/audit", "", "Authorization", "Bearer "+tokens.AccessToken)), "a member is no staff")
}

func TestRefreshRotates(t *testing.T) {
	f := newFixture(t).serve()
	first := f.issue()
	f.advance(time.Hour)
	second, err := f.Refresh(t.Context(), "japan", first.RefreshToken)
	require.NoError(t, err)
	assert.NotEqual(t, first.RefreshToken, second.RefreshToken)
	assert.Equal(t, "OK", f.me(second.AccessToken))
	third, err := f.Refresh(t.Context(), "japan", second.RefreshToken)
	require.NoError(t, err)
	assert.Equal(t, "OK", f.me(second.AccessToken), "a rotated session's access token lives on")

	_, err = f.Refresh(t.Context(), "japan", first.RefreshToken)
	require.True(t, errs.Is(err, "auth.refresh_invalid"))
	for _, token := range []string{second.AccessToken, third.AccessToken} {
		assert.Equal(t, "Unauthorized AUTH_TOKEN_INVALID", f.me(token), "reuse revokes the family at once")
	}
	_, err = f.Refresh(t.Context(), "japan", third.RefreshToken)
	require.True(t, errs.Is(err, "auth.refresh_invalid"))
}

func TestRefreshRefusals(t *testing.T) {
	f := newFixture(t)
	tokens := f.issue()
	for name, try := range map[string][2]string{
		"unknown": {"japan", "nope"}, "other site": {"vietnam", tokens.RefreshToken}, "empty": {"japan", ""},
		"long": {"japan", strings.Repeat("x", 300)}, "access token": {"japan", tokens.AccessToken},
	} {
		_, err := f.Refresh(t.Context(), try[0], try[1])
		assert.True(t, errs.Is(err, "auth.refresh_invalid"), name)
	}
	_, err := f.Refresh(t.Context(), "japan", tokens.RefreshToken)
	require.NoError(t, err, "the refusals changed nothing")
	late := f.issue()
	f.advance(MemberRefreshTTL)
	_, err = f.Refresh(t.Context(), "japan", late.RefreshToken)
	require.True(t, errs.Is(err, "auth.refresh_invalid"))
	gone, err := f.IssueMember(t.Context(), "japan", 99, "deleted", "")
	require.NoError(t, err)
	_, err = f.Refresh(t.Context(), "japan", gone.RefreshToken)
	require.True(t, errs.Is(err, "auth.refresh_invalid"), "a deleted member")
}

func TestRefreshRace(t *testing.T) {
	f := newFixture(t)
	tokens := f.issue()
	var wg sync.WaitGroup
	var mu sync.Mutex
	var won []Tokens
	for range 8 {
		wg.Go(func() {
			got, err := f.Refresh(t.Context(), "japan", tokens.RefreshToken)
			if err != nil {
				assert.True(t, errs.Is(err, "auth.refresh_invalid"), err)
				return
			}
			mu.Lock()
			won = append(won, got)
			mu.Unlock()
		})
	}
	wg.Wait()
	require.Len(t, won, 1)
	_, err := f.Refresh(t.Context(), "japan", won[0].RefreshToken)
	require.True(t, errs.Is(err, "auth.refresh_invalid"), "the losers' reuse revoked the family")
}

func TestSignOut(t *testing.T) {
	f := newFixture(t).serve()
	a, b := f.issue(), f.issue()
	require.Equal(t, "OK", f.me(a.AccessToken))
	w := f.do("DELETE", "/v1/sessions/current", "", "X-Site-Key", "key-jp", "Authorization", "Bearer "+a.AccessToken)
	require.Equal(t, 204, w.Code, w.Body.String())
	assert.Equal(t, "Unauthorized AUTH_TOKEN_INVALID", f.me(a.AccessToken))
	_, err := f.Refresh(t.Context(), "japan", a.RefreshToken)
	require.True(t, errs.Is(err, "auth.refresh_invalid"))
	assert.Equal(t, "OK", f.me(b.AccessToken), "another device stays signed in")
	require.NoError(t, f.RevokeMember(t.Context(), memberID))
	assert.Equal(t, "Unauthorized AUTH_TOKEN_INVALID", f.me(b.AccessToken))
	require.True(t, errs.Is(f.SignOut(t.Context()), "auth.required"))
	require.NoError(t, f.SignOut(WithMember(t.Context(), MemberCaller{SessionID: 1})), "purged already")
}

func TestIssueInATransactionThatFails(t *testing.T) {
	f := newFixture(t).serve()
	var tokens Tokens
	err := f.db.InTx(t.Context(), func(tx *gorm.DB) error {
		var err error
		tokens, err = f.IssueMemberTx(t.Context(), tx, "japan", memberID, outID, "")
		require.NoError(t, err)
		return errs.New(errs.Conflict, "account.exists")
	})
	require.Error(t, err)
	assert.Equal(t, "Unauthorized AUTH_TOKEN_INVALID", f.me(tokens.AccessToken))
}

func TestPurgeSessions(t *testing.T) {
	f := newFixture(t)
	f.issue()
	n, err := f.PurgeSessions(t.Context(), 10)
	require.NoError(t, err)
	assert.Zero(t, n)
	f.advance(MemberRefreshTTL)
	f.issue()
	n, err = f.PurgeSessions(t.Context(), 10)
	require.NoError(t, err)
	assert.EqualValues(t, 1, n)
}

// TestLiveSessionsNeverHideARevocation: whatever was read before a revocation must not be remembered after it.
func TestLiveSessionsNeverHideARevocation(t *testing.T) {
	l := liveSessions{on: true}
	one := sessionOf{session: 1, subject: 2}
	epoch, known := l.look(one)
	require.False(t, known)
	l.forget() // the revocation happens between the read and the note
	l.remember(one, epoch)
	_, known = l.look(one)
	assert.False(t, known)
	epoch, _ = l.look(one)
	l.remember(one, epoch)
	_, known = l.look(one)
	assert.True(t, known)
	for i := range int64(maxLive + 10) {
		l.remember(sessionOf{session: i}, epoch)
	}
	assert.LessOrEqual(t, len(l.seen), maxLive)
	off := liveSessions{}
	off.remember(one, 0)
	_, known = off.look(one)
	assert.False(t, known)
}

func TestOptions(t *testing.T) {
	_, err := New(Options{Secret: testSecret})
	require.Error(t, err)
	_, err = New(Options{DB: database.OpenTest(t), Secret: []byte("short")})
	require.ErrorContains(t, err, "32 bytes")
	assert.NotContains(t, err.Error(), "short ")
}

func TestNobodyInContext(t *testing.T) {
	_, ok := Member(t.Context())
	assert.False(t, ok)
	_, ok = Staff(t.Context())
	assert.False(t, ok)
	_, err := RequireMember(t.Context())
	require.True(t, errs.Is(err, "auth.required"))
	_, err = RequireRole(t.Context(), Admin)
	require.True(t, errs.Is(err, "auth.required"))
}

func TestRequireRole(t *testing.T) {
	as := func(r Role) context.Context { return WithStaff(t.Context(), StaffCaller{Role: r}) }
	for _, r := range Roles {
		_, err := RequireRole(as(r), Finance, Ops)
		if r == Finance || r == Ops || r == Admin {
			assert.NoError(t, err, r)
		} else {
			assert.Equal(t, errs.Forbidden, errs.CodeOf(err), r)
		}
	}
}
