package search

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"entrepot/api"
	"entrepot/internal/alibaba"
	"entrepot/internal/auth"
	"entrepot/internal/database"
	"entrepot/internal/i18n"
	"entrepot/internal/money"
	"entrepot/internal/sandbox"
	"entrepot/internal/site"
	"entrepot/internal/web"
)

// desk is the service with everything behind it, over HTTP, with staff of every role.
type desk struct {
	*fixture
	db    *database.DB
	auth  *auth.Service
	http  *httptest.Server
	token map[auth.Role]string

	hiring sync.Mutex
}

type reply struct {
	status int
	header http.Header
	body   []byte
}

// newDesk starts a desk on the engine the environment names, in front of the simulated 1688.
func newDesk(t *testing.T) *desk {
	t.Helper()
	f := newFixture(t)
	return openDesk(t, f, database.OpenTest(t))
}

func openDesk(t *testing.T, f *fixture, db *database.DB) *desk {
	t.Helper()
	d := &desk{fixture: f, db: db, token: map[auth.Role]string{}}
	bundle, err := i18n.New()
	require.NoError(t, err)
	d.sites, err = site.New(map[string]string{"key-jp": "japan", "key-kr": "korea"})
	require.NoError(t, err)
	d.site, _ = d.sites.ByCode("japan")
	d.auth, err = auth.New(auth.Options{DB: db, Secret: []byte(strings.Repeat("s", 32)), Now: f.clock.now})
	require.NoError(t, err)
	require.NoError(t, d.Close()) // the fixture's own, without a database
	d.Service = d.process()
	srv, err := web.New(web.Options{Bundle: bundle, Sites: d.sites, Spec: api.Spec, Authenticate: d.auth.Authenticators()})
	require.NoError(t, err)
	require.NoError(t, d.Routes(srv))
	d.http = httptest.NewServer(srv.Engine)
	t.Cleanup(d.http.Close)
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	return d
}

// process is another Service on the same database, as a second process would have.
func (d *desk) process() *Service {
	d.t.Helper()
	bundle, err := i18n.New()
	require.NoError(d.t, err)
	client, err := alibaba.New(alibaba.Options{BaseURL: d.url + "/openapi", AppKey: sandbox.DemoKey, AppSecret: sandbox.DemoSecret, AccessToken: sandbox.DemoToken})
	require.NoError(d.t, err)
	d.t.Cleanup(client.Close)
	s := New(Options{
		Client: client, Rates: money.NewBook(money.DefaultRates(d.clock.now()), d.clock.now), DB: d.db, Auth: d.auth,
		Idem: web.NewIdempotency(d.db, d.clock.now), Sites: d.sites, Bundle: bundle, Now: d.clock.now, Logger: slog.New(slog.DiscardHandler),
	})
	d.t.Cleanup(func() { assert.NoError(d.t, s.Close()) })
	require.NoError(d.t, s.Refresh(d.t.Context()))
	return s
}

// watched lets a Service keep up by itself until the test ends.
func watched(t *testing.T, s *Service) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Watch(ctx) }()
	t.Cleanup(func() { stop(); <-done })
}

func (d *desk) hire(role auth.Role) {
	d.t.Helper()
	_, err := d.auth.CreateStaff(d.t.Context(), string(role), "a long enough password", role)
	require.NoError(d.t, err)
	tokens, err := d.auth.StaffSignIn(d.t.Context(), string(role), "a long enough password")
	require.NoError(d.t, err)
	d.token[role] = tokens.AccessToken
}

// call sends a request; head is pairs of header names and values.
func (d *desk) call(method, path, body string, head ...string) reply {
	d.t.Helper()
	req, err := http.NewRequestWithContext(d.t.Context(), method, d.http.URL+path, strings.NewReader(body))
	require.NoError(d.t, err)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(head); i += 2 {
		req.Header.Set(head[i], head[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(d.t, err)
	defer func() { _ = res.Body.Close() }()
	out, err := io.ReadAll(res.Body)
	require.NoError(d.t, err)
	return reply{res.StatusCode, res.Header, out}
}

func (d *desk) as(role auth.Role, method, path, body string, head ...string) reply {
	d.t.Helper()
	d.hiring.Lock()
	if d.token[role] == "" {
		d.hire(role)
	}
	d.hiring.Unlock()
	return d.call(method, path, body, append(head, "Authorization", "Bearer "+d.token[role])...)
}

// shop asks as a shopper of Japan.
func (d *desk) shop(path string, head ...string) reply {
	d.t.Helper()
	return d.call("GET", path, "", append([]string{"X-Site-Key", "key-jp", "Accept-Language", "ja"}, head...)...)
}

func (r reply) into(t testing.TB, v any) reply {
	t.Helper()
	require.NoError(t, json.Unmarshal(r.body, v), string(r.body))
	return r
}

// is checks the status and, for problems, code and pointers.
func (r reply) is(t testing.TB, status int, want ...string) reply {
	t.Helper()
	require.Equal(t, status, r.status, string(r.body))
	if len(want) == 0 {
		return r
	}
	var p struct {
		Code   string
		Errors []struct{ Pointer, Code string }
	}
	r.into(t, &p)
	assert.Equal(t, want[0], p.Code, string(r.body))
	var got []string
	for _, e := range p.Errors {
		got = append(got, e.Pointer)
	}
	if len(want) > 1 {
		assert.Equal(t, want[1:], got, string(r.body))
	}
	return r
}

type auditEntry struct {
	ActorName, Action, ObjectKind, Site, Reason, BeforeJSON, AfterJSON string
}

// audit is what was recorded beside sign-ins and hiring.
func (d *desk) audit() []auditEntry {
	d.t.Helper()
	var rows []auditEntry
	require.NoError(d.t, d.db.Read(d.t.Context()).Table("audit").Where("action NOT LIKE 'staff.%'").Order("id").Find(&rows).Error)
	rowsBroken, at, err := d.auth.VerifyAudit(d.t.Context())
	require.NoError(d.t, err)
	require.Zero(d.t, at, rowsBroken)
	return rows
}

func (d *desk) count(table string) (n int64) {
	d.t.Helper()
	require.NoError(d.t, d.db.Read(d.t.Context()).Table(table).Count(&n).Error)
	return n
}

// onBothEngines runs a test on SQLite and, where a server is given, on MySQL.
func onBothEngines(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	if os.Getenv(database.TestDSNVar) != "" {
		t.Run("mysql", test)
	}
	t.Run("sqlite", func(t *testing.T) {
		t.Setenv(database.TestDSNVar, "")
		test(t)
	})
}

const soon, often = alive, 20 * time.Millisecond
