package auth

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/alexedwards/argon2id"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"
	"gorm.io/gorm"

	"entrepot/internal/database"
	"entrepot/internal/errs"
)

func TestEnsureFirstStaff(t *testing.T) {
	f := newFixture(t)
	first, err := f.EnsureFirstStaff(t.Context(), "")
	require.NoError(t, err)
	assert.Equal(t, "admin", first.Login)
	assert.GreaterOrEqual(t, len(first.Password), 20)
	assert.NotEmpty(t, first.Token)
	again, err := f.EnsureFirstStaff(t.Context(), "")
	require.NoError(t, err)
	assert.Empty(t, again.Password, "only shown when made")
	assert.NotEqual(t, first.Token, again.Token, "a new link each start until somebody signs in")
	_, err = f.FirstRunSignIn(t.Context(), first.Token)
	require.True(t, errs.Is(err, "auth.first_run_invalid"), "the old link is dead")

	got, err := f.FirstRunSignIn(t.Context(), again.Token)
	require.NoError(t, err)
	assert.Equal(t, Admin, got.Staff.Role)
	_, err = f.FirstRunSignIn(t.Context(), again.Token)
	require.True(t, errs.Is(err, "auth.first_run_invalid"), "one use")
	later, err := f.EnsureFirstStaff(t.Context(), "")
	require.NoError(t, err)
	assert.Equal(t, FirstRun{Login: "admin"}, later)
	_, err = f.StaffSignIn(t.Context(), "Admin ", first.Password)
	require.NoError(t, err)
}

func TestFirstStaffPassword(t *testing.T) {
	f := newFixture(t)
	_, err := f.EnsureFirstStaff(t.Context(), "short")
	require.Equal(t, errs.Invalid, errs.CodeOf(err))
	run, err := f.EnsureFirstStaff(t.Context(), "given by the operator")
	require.NoError(t, err)
	assert.Empty(t, run.Password)
	_, err = f.StaffSignIn(t.Context(), "admin", "given by the operator")
	require.NoError(t, err)
	_, err = f.FirstRunSignIn(t.Context(), run.Token)
	require.True(t, errs.Is(err, "auth.first_run_invalid"), "signing in by password ends the link")
	var stored []string
	require.NoError(t, f.db.Read(t.Context()).Table("staff").Pluck("password_hash", &stored).Error)
	require.Len(t, stored, 1)
	assert.True(t, strings.HasPrefix(stored[0], "$argon2id$v=19$m=19456,t=2,p=1$"), stored[0])
}

func TestFirstRunExpires(t *testing.T) {
	f := newFixture(t)
	run, err := f.EnsureFirstStaff(t.Context(), "")
	require.NoError(t, err)
	f.advance(FirstRunTTL)
	_, err = f.FirstRunSignIn(t.Context(), run.Token)
	require.True(t, errs.Is(err, "auth.first_run_invalid"))
}

func TestFirstRunTokenWorksOnceInParallel(t *testing.T) {
	f := newFixture(t)
	run, err := f.EnsureFirstStaff(t.Context(), "")
	require.NoError(t, err)
	var wg sync.WaitGroup
	var mu sync.Mutex
	won := 0
	for range 8 {
		wg.Go(func() {
			if _, err := f.FirstRunSignIn(t.Context(), run.Token); err == nil {
				mu.Lock()
				won++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	assert.Equal(t, 1, won)
}

func TestEnsureFirstStaffInParallel(t *testing.T) {
	f := newFixture(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			_, err := f.EnsureFirstStaff(t.Context(), "given by the operator")
			assert.NoError(t, err)
		})
	}
	wg.Wait()
	var n int64
	require.NoError(t, f.db.Read(t.Context()).Table("staff").Count(&n).Error)
	assert.EqualValues(t, 1, n)
}

func TestStaffOverHTTP(t *testing.T) {
	f := newFixture(t).serve()
	_, err := f.EnsureFirstStaff(t.Context(), "given by the operator")
	require.NoError(t, err)
	w := f.do("POST", "/admin/v1/sessions", `{"loginName":"admin","password":"given by the operator"}`)
	require.Equal(t, 201, w.Code, w.Body.String())
	var s StaffSession
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &s))
	assert.Equal(t, "admin", s.Role)
	assert.Equal(t, 8*3600, s.ExpiresIn)
	bearer := []string{"Authorization", "Bearer " + s.AccessToken}
	w = f.do("GET", "/admin/v1/audit?limit=1", "", bearer...)
	require.Equal(t, 200, w.Code, w.Body.String())
	var list AuditList
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &list))
	require.Len(t, list.Items, 1)
	assert.Equal(t, "staff.signed_in", list.Items[0].Action)
	assert.Equal(t, "admin", list.Items[0].ActorName)
	assert.NotNil(t, list.Items[0].RequestId)
	assert.Nil(t, list.NextCursor)

	assert.Equal(t, "Unauthorized AUTH_REQUIRED", code(f.do("GET", "/admin/v1/audit", "")))
	assert.Equal(t, "Unauthorized AUTH_TOKEN_INVALID", f.me(s.AccessToken), "staff are no members")
	assert.Equal(t, "Bad Request CURSOR_INVALID", code(f.do("GET", "/admin/v1/audit?cursor=zzz", "", bearer...)))
	require.Equal(t, 204, f.do("DELETE", "/admin/v1/sessions/current", "", bearer...).Code)
	assert.Equal(t, "Unauthorized AUTH_TOKEN_INVALID", code(f.do("GET", "/admin/v1/audit", "", bearer...)))
	for _, body := range []string{`{"loginName":"admin","password":"wrong wrong"}`, `{"loginName":"nobody","password":"wrong wrong"}`} {
		assert.Equal(t, "Unauthorized AUTH_CREDENTIALS", code(f.do("POST", "/admin/v1/sessions", body)))
	}
	assert.Equal(t, "Unauthorized AUTH_FIRST_RUN_INVALID",
		code(f.do("POST", "/admin/v1/sessions/first-run", `{"token":"x"}`)))
	assert.Equal(t, "Bad Request REQUEST_INVALID", code(f.do("POST", "/admin/v1/sessions", `{"loginName":"admin"}`)))
}

func TestFirstRunOverHTTP(t *testing.T) {
	f := newFixture(t).serve()
	run, err := f.EnsureFirstStaff(t.Context(), "")
	require.NoError(t, err)
	w := f.do("POST", "/admin/v1/sessions/first-run", fmt.Sprintf(`{"token":%q}`, run.Token))
	require.Equal(t, 201, w.Code, w.Body.String())
}

func TestStaffRolesAndDisabling(t *testing.T) {
	f := newFixture(t).serve()
	_, err := f.CreateStaff(t.Context(), "Sue", "long enough", Support)
	require.NoError(t, err)
	_, err = f.CreateStaff(t.Context(), "sue", "long enough", Support)
	require.ErrorIs(t, err, database.ErrDuplicate)
	_, err = f.CreateStaff(t.Context(), "", "long enough", Support)
	require.Equal(t, errs.Invalid, errs.CodeOf(err))
	_, err = f.CreateStaff(t.Context(), "bob", "short", Support)
	require.Equal(t, errs.Invalid, errs.CodeOf(err))
	s, err := f.StaffSignIn(t.Context(), "SUE", "long enough")
	require.NoError(t, err)
	audit := func() string {
		return code(f.do("GET", "/admin/v1/audit", "", "Authorization", "Bearer "+s.AccessToken))
	}
	set := func(column string, value any) {
		require.NoError(t, f.db.InTx(t.Context(), func(tx *gorm.DB) error {
			return tx.Table("staff").Where("login_name = ?", "sue").Update(column, value).Error
		}))
	}
	assert.Equal(t, "Forbidden AUTH_FORBIDDEN", audit())
	set("role", "auditor")
	assert.Equal(t, "OK", audit(), "a new role counts at once")
	set("disabled_at", f.clock())
	assert.Equal(t, "Unauthorized AUTH_TOKEN_INVALID", audit())
	_, err = f.StaffSignIn(t.Context(), "sue", "long enough")
	require.True(t, errs.Is(err, "auth.credentials"))
}

func TestStaffTokenExpires(t *testing.T) {
	f := newFixture(t).serve()
	_, err := f.CreateStaff(t.Context(), "sue", "long enough", Auditor)
	require.NoError(t, err)
	s, err := f.StaffSignIn(t.Context(), "sue", "long enough")
	require.NoError(t, err)
	f.advance(StaffAccessTTL)
	assert.Equal(t, "Unauthorized AUTH_TOKEN_EXPIRED",
		code(f.do("GET", "/admin/v1/audit", "", "Authorization", "Bearer "+s.AccessToken)))
}

func TestAttemptsAreLimited(t *testing.T) {
	f := newFixture(t).serve()
	_, err := f.CreateStaff(t.Context(), "sue", "long enough", Support)
	require.NoError(t, err)
	try := func(login, password string) string {
		return code(f.do("POST", "/admin/v1/sessions", fmt.Sprintf(`{"loginName":%q,"password":%q}`, login, password)))
	}
	for range 30 {
		require.Equal(t, "Created", try("sue", "long enough"), "successes do not count")
	}
	for range DefaultAttempts.PerLogin {
		require.Equal(t, "Unauthorized AUTH_CREDENTIALS", try("sue", "guess"))
	}
	w := f.do("POST", "/admin/v1/sessions", `{"loginName":"SUE","password":"long enough"}`)
	assert.Equal(t, "Too Many Requests AUTH_TOO_MANY_ATTEMPTS", code(w))
	assert.NotEmpty(t, w.Header().Get("Retry-After"))
	assert.Equal(t, "Unauthorized AUTH_CREDENTIALS", try("bob", "guess"), "other accounts are open")
	f.advance(DefaultAttempts.LoginRecovers)
	assert.Equal(t, "Created", try("sue", "long enough"))
	seen := []string{}
	for i := range DefaultAttempts.PerSource + 5 {
		seen = append(seen, try(fmt.Sprintf("user%d", i), "guess"))
	}
	assert.True(t, slices.Contains(seen, "Too Many Requests AUTH_TOO_MANY_ATTEMPTS"), "one source, many names")
}

func TestPasswords(t *testing.T) {
	f := newFixture(t)
	hash, err := f.HashPassword(t.Context(), "mật khẩu dài") // NFC
	require.NoError(t, err)
	for password, want := range map[string]bool{
		"mật khẩu dài":                  true,
		norm.NFD.String("mật khẩu dài"): true,
		"mat khau dai":                  false, "": false, strings.Repeat("x", 5000): false,
	} {
		ok, err := f.VerifyPassword(t.Context(), hash, password)
		require.NoError(t, err)
		assert.Equal(t, want, ok, password)
	}
	_, err = f.VerifyPassword(t.Context(), "not a hash", "long enough")
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "not a hash")
	for password, key := range map[string]string{
		"1234567": "field.min_length", strings.Repeat("é", 129): "field.max_length", strings.Repeat("x", 1<<20): "field.max_length",
	} {
		err := CheckPassword("/password", password)
		require.Error(t, err)
		assert.Equal(t, key, errs.From(err).Fields[0].Key)
	}
	require.NoError(t, CheckPassword("", strings.Repeat("é", 128)))
	require.NoError(t, CheckPassword("", "ééééüüüü"))
}

// TestUnknownNameTakesAsLong: a login that does not exist costs what one that does costs, a turn and a hash as expensive.
func TestUnknownNameTakesAsLong(t *testing.T) {
	f := newFixture(t)
	known, err := f.HashPassword(t.Context(), "long enough")
	require.NoError(t, err)
	want, _, _, err := argon2id.DecodeHash(known)
	require.NoError(t, err)
	got, _, _, err := argon2id.DecodeHash(unknownHash)
	require.NoError(t, err)
	assert.Equal(t, want, got)
	ctx, cancel := contextWithCancel(t)
	cancel()
	for range cap(f.hasher.slots) {
		require.NoError(t, f.hasher.enter(t.Context()))
	}
	for _, h := range []string{known, ""} {
		_, err := f.VerifyPassword(ctx, h, "wrong guess")
		require.ErrorIs(t, err, context.Canceled, "there was no turn to hash in")
	}
	for range cap(f.hasher.slots) {
		f.hasher.leave()
	}
	for _, h := range []string{known, ""} {
		ok, err := f.VerifyPassword(t.Context(), h, "wrong guess")
		require.NoError(t, err)
		assert.False(t, ok)
	}
}

func TestHashesWaitTheirTurn(t *testing.T) {
	f := newFixture(t)
	for range cap(f.hasher.slots) {
		require.NoError(t, f.hasher.enter(t.Context()))
	}
	ctx, cancel := contextWithCancel(t)
	cancel()
	_, err := f.HashPassword(ctx, "long enough")
	require.ErrorIs(t, err, ctx.Err())
	_, err = f.VerifyPassword(ctx, "", "long enough")
	require.ErrorIs(t, err, ctx.Err())
	for range cap(f.hasher.slots) {
		f.hasher.leave()
	}
	_, err = f.HashPassword(t.Context(), "long enough")
	require.NoError(t, err)
}
