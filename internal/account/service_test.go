package account

import (
	"encoding/json"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"gorm.io/gorm"

	"entrepot/api"
	"entrepot/internal/auth"
	"entrepot/internal/database"
	"entrepot/internal/errs"
	"entrepot/internal/i18n"
	"entrepot/internal/jobs"
	"entrepot/internal/site"
	"entrepot/internal/web"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type fixture struct {
	*Service
	t     testing.TB
	db    *database.DB
	queue *jobs.Queue
	auth  *auth.Service
	sites *site.Registry
	site  *site.Site
	at    time.Time
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	f := &fixture{t: t, db: database.OpenTest(t), at: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}
	now := func() time.Time { return f.at }
	var err error
	f.queue, err = jobs.New(jobs.Options{DB: f.db})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, f.queue.Close()) })
	f.auth, err = auth.New(auth.Options{DB: f.db, Secret: []byte("0123456789abcdef0123456789abcdef"), Now: now})
	require.NoError(t, err)
	f.sites, err = site.New(map[string]string{"key-jp": "japan", "key-kr": "korea"})
	require.NoError(t, err)
	f.site, _ = f.sites.ByCode("japan")
	f.Service = New(Options{DB: f.db, Jobs: f.queue, Auth: f.auth, Sites: f.sites, Now: now})
	return f
}

func (f *fixture) jobRows() []jobs.Row {
	f.t.Helper()
	rows, err := f.queue.List(f.t.Context(), jobs.Filter{})
	require.NoError(f.t, err)
	return rows
}

func (f *fixture) signUp(change func(*Signup)) (memberRow, error) {
	f.t.Helper()
	m, _, err := f.SignUp(f.t.Context(), f.site, good(change))
	return m, err
}

func TestSignUp(t *testing.T) {
	f := newFixture(t)
	m, tokens, err := f.SignUp(t.Context(), f.site, good(func(in *Signup) {
		in.LoginName, in.Mobile, in.MobileArea, in.Language = "Hanako", "090-1234-5678", "JP", "ja"
	}))
	require.NoError(t, err)
	assert.NotEmpty(t, tokens.AccessToken)
	row, err := f.Member(t.Context(), m.ID)
	require.NoError(t, err)
	assert.Equal(t, []string{"japan", strconv.FormatInt(m.ID, 10), "Hanako", "hanako", "hanako@example.com", "9012345678", "JP", "ja", "203.0.113.7", pending},
		[]string{row.Site, row.OutMemberID, row.LoginName, row.LoginKey, text(row.Email), text(row.Mobile), text(row.MobileArea), row.Language, row.IP, row.Registration})
	assert.NotContains(t, row.PasswordHash, "a long password")
	assert.True(t, strings.HasPrefix(row.PasswordHash, "$argon2id$"))

	// The wish to register the member stands beside it, and says no more than who.
	rows := f.jobRows()
	require.Len(t, rows, 1)
	assert.Equal(t, []string{JobPushRegistration, "member:" + row.OutMemberID}, []string{rows[0].Kind, rows[0].Aggregate})
	var r Registration
	require.NoError(t, json.Unmarshal(rows[0].Payload, &r))
	assert.Equal(t, Registration{Site: "japan", MemberID: m.ID, At: f.at}, r)
	for _, private := range []string{"hanako", "Hanako", "9012345678", "203.0.113.7"} {
		assert.NotContains(t, string(rows[0].Payload), private)
	}

	a, err := f.Announcement(t.Context(), m.ID)
	require.NoError(t, err)
	assert.Equal(t, Announced{Site: "japan", Country: "japan", OutMemberID: row.OutMemberID, LoginName: "Hanako", Email: "hanako@example.com", Mobile: "9012345678", MobileArea: "JP", IP: "203.0.113.7"}, a)
}

func TestSignUpAllOrNothing(t *testing.T) {
	f := newFixture(t)
	require.NoError(t, f.db.InTx(t.Context(), func(tx *gorm.DB) error { return tx.Exec("DROP TABLE jobs").Error }))
	_, err := f.signUp(nil)
	require.Error(t, err)
	var n int64
	require.NoError(t, f.db.Read(t.Context()).Model(&memberRow{}).Count(&n).Error)
	assert.Zero(t, n)
}

func TestSignUpRefusals(t *testing.T) {
	f := newFixture(t)
	_, err := f.signUp(nil)
	require.NoError(t, err)
	for _, tt := range []struct {
		name   string
		change func(*Signup)
		want   string
	}{
		{"taken", nil, "/loginName account.login_taken"},
		{"taken in other letters", func(in *Signup) { in.LoginName = "HaNaKo" }, "/loginName account.login_taken"},
		{"taken with blanks", func(in *Signup) { in.LoginName = " hanako " }, "/loginName account.login_taken"},
		{"password too short", func(in *Signup) { in.LoginName, in.Password = "other", "seven77" }, "/password field.min_length"},
		{"bad field", func(in *Signup) { in.LoginName = "x" }, "/loginName account.login_invalid"},
	} {
		_, err := f.signUp(tt.change)
		assert.Equal(t, []string{tt.want}, fields(err), tt.name)
	}
	assert.Len(t, f.jobRows(), 1)
	korea, _ := f.sites.ByCode("korea")
	_, _, err = f.SignUp(t.Context(), korea, good(nil))
	assert.NoError(t, err, "names are per site")
}

func TestSignUpAtTheSameTime(t *testing.T) {
	f := newFixture(t)
	var wg sync.WaitGroup
	taken := make(chan bool, 4)
	for _, login := range []string{"hanako", "Hanako", "HANAKO", "hanakO"} {
		wg.Go(func() {
			_, _, err := f.SignUp(t.Context(), f.site, good(func(in *Signup) { in.LoginName = login }))
			if err != nil {
				assert.True(t, errs.Is(err, "account.login_taken"), "%v", err)
				taken <- true
			}
		})
	}
	wg.Wait()
	assert.Len(t, taken, 3)
	assert.Len(t, f.jobRows(), 1)
}

func TestSignIn(t *testing.T) {
	f := newFixture(t)
	_, err := f.signUp(nil)
	require.NoError(t, err)
	for _, login := range []string{"hanako", "HANAKO", " hanako "} {
		tokens, err := f.SignIn(t.Context(), f.site, login, "a long password", "")
		require.NoError(t, err, login)
		assert.NotEmpty(t, tokens.RefreshToken)
	}
	// An unknown name and a wrong password cannot be told apart.
	_, wrong := f.SignIn(t.Context(), f.site, "hanako", "another password", "")
	_, unknown := f.SignIn(t.Context(), f.site, "nobody", "a long password", "")
	assert.True(t, errs.Is(wrong, "auth.credentials"))
	assert.Equal(t, wrong, unknown)
	korea, _ := f.sites.ByCode("korea")
	_, elsewhere := f.SignIn(t.Context(), korea, "hanako", "a long password", "")
	assert.Equal(t, wrong, elsewhere, "a member of another site is unknown")
}

func TestSignInLimitsGuessing(t *testing.T) {
	f := newFixture(t)
	var last error
	for range auth.DefaultAttempts.PerLogin + 1 {
		_, last = f.SignIn(t.Context(), f.site, "hanako", "x", "") // too short to be hashed: cheap
	}
	assert.True(t, errs.Is(last, "auth.too_many_attempts"), "%v", last)
	assert.Positive(t, errs.From(last).RetryAfter)
}

func TestRegistrationStates(t *testing.T) {
	f := newFixture(t)
	m, err := f.signUp(nil)
	require.NoError(t, err)
	require.NoError(t, f.RegistrationFailed(t.Context(), m.ID, strings.Repeat("長", 300)))
	row, err := f.Member(t.Context(), m.ID)
	require.NoError(t, err)
	assert.Equal(t, failed, row.Registration)
	assert.Equal(t, strings.Repeat("長", 166), row.RegistrationMessage, "cut between characters")
	assert.Nil(t, row.RegisteredAt)

	require.NoError(t, f.Registered(t.Context(), m.ID))
	row, err = f.Member(t.Context(), m.ID)
	require.NoError(t, err)
	assert.Equal(t, registered, row.Registration)
	assert.Empty(t, row.RegistrationMessage)
	require.NotNil(t, row.RegisteredAt)

	require.NoError(t, f.RegistrationFailed(t.Context(), m.ID, "late answer"))
	again, err := f.Member(t.Context(), m.ID)
	require.NoError(t, err)
	assert.Equal(t, row, again, "a registered member stays registered")
}

func TestAnnouncementOfNobody(t *testing.T) {
	f := newFixture(t)
	_, err := f.Announcement(t.Context(), 5)
	require.ErrorIs(t, err, database.ErrNotFound)
	m, err := f.signUp(nil)
	require.NoError(t, err)
	require.NoError(t, f.db.InTx(t.Context(), func(tx *gorm.DB) error {
		return tx.Model(&memberRow{}).Where("id = ?", m.ID).UpdateColumn("site", "atlantis").Error
	}))
	_, err = f.Announcement(t.Context(), m.ID)
	assert.Equal(t, errs.Internal, errs.CodeOf(err), "a site that is gone")
}

// The routes, and what the answers show of a person.
func TestAccountOverHTTP(t *testing.T) {
	f := newFixture(t)
	bundle, err := i18n.New()
	require.NoError(t, err)
	srv, err := web.New(web.Options{Bundle: bundle, Sites: f.sites, Spec: api.Spec, Authenticate: f.auth.Authenticators()})
	require.NoError(t, err)
	require.NoError(t, f.Routes(srv))
	do := func(method, path, token, body string, status int, v any) {
		t.Helper()
		req := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
		req.Header.Set("X-Site-Key", "key-jp")
		if body != "" {
			req.Header.Set("Content-Type", "application/json")
		}
		if token != "" {
			req.Header.Set("Authorization", "Bearer "+token)
		}
		w := httptest.NewRecorder()
		srv.Engine.ServeHTTP(w, req)
		require.Equal(t, status, w.Code, w.Body.String())
		if v != nil {
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), v))
		}
	}
	var made struct {
		Member Member
		Tokens Tokens
	}
	do("POST", "/v1/accounts", "", `{"loginName":"hanako","password":"a long password","email":"hanako@example.com","mobile":"09012345678","mobileArea":"JP","language":"ja"}`, 201, &made)
	assert.Equal(t, []string{"h***@example.com", "******5678", "hanako"}, []string{*made.Member.Email, *made.Member.Mobile, made.Member.LoginName})
	assert.EqualValues(t, pending, made.Member.Registration.State)
	var me Member
	do("GET", "/v1/me", made.Tokens.AccessToken, "", 200, &me)
	assert.Equal(t, made.Member, me)
	var tokens Tokens
	do("POST", "/v1/sessions", "", `{"loginName":"hanako","password":"a long password"}`, 201, &tokens)
	do("POST", "/v1/sessions/refresh", "", `{"refreshToken":"`+tokens.RefreshToken+`"}`, 200, &tokens)
	do("DELETE", "/v1/sessions/current", tokens.AccessToken, "", 204, nil)
	do("GET", "/v1/me", tokens.AccessToken, "", 401, nil)
	do("POST", "/v1/sessions", "", `{"loginName":"hanako","password":"wrong password"}`, 401, nil)
	do("POST", "/v1/sessions/refresh", "", `{"refreshToken":"nonsense"}`, 401, nil)
	do("POST", "/v1/accounts", "", `{"loginName":"hanako","password":"a long password","email":"h@example.com"}`, 409, nil)
	row, err := f.Member(t.Context(), mustID(t, made.Member.Id))
	require.NoError(t, err)
	assert.Equal(t, "192.0.2.1", row.IP, "the client's own address")
}

func mustID(t *testing.T, s string) int64 {
	t.Helper()
	id, err := web.ParseID(s)
	require.NoError(t, err)
	return id
}
