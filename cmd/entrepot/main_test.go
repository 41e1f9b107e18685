package main

import (
	"bytes"
	"context"
	"encoding/json"
	"entrepot/internal/app"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"entrepot/internal/database"
	"entrepot/internal/sandbox"
)

// result is what a run of the command leaves.
type result struct {
	code           int
	stdout, stderr string
}

// entrepot runs the command with variables, in a data folder of its own.
func entrepot(t *testing.T, vars map[string]string, args ...string) result {
	t.Helper()
	dir := t.TempDir()
	var out, bad bytes.Buffer
	getenv := func(name string) string {
		if v, ok := vars[name]; ok {
			return v
		}
		if name == "ENTREPOT_DATA_DIR" {
			return dir
		}
		return ""
	}
	code := run(t.Context(), env{getenv, &out, &bad}, args)
	return result{code, out.String(), bad.String()}
}

// closedAddr is an address where nobody listens.
func closedAddr(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, ln.Close())
	return ln.Addr().String()
}

func startSandbox(t *testing.T) string {
	t.Helper()
	srv, err := sandbox.New(sandbox.Options{})
	require.NoError(t, err)
	ts := httptest.NewServer(srv.Handler())
	t.Cleanup(func() {
		assert.NoError(t, srv.Close())
		ts.Close()
	})
	return ts.URL + "/openapi"
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{nil, {"help"}, {"-h"}, {"--help"}} {
		got := entrepot(t, nil, args...)
		assert.Zero(t, got.code)
		assert.Empty(t, got.stderr)
		for _, c := range commands {
			assert.Contains(t, got.stdout, c.name)
			assert.Contains(t, got.stdout, c.help)
		}
	}
}

func TestUnknownCommand(t *testing.T) {
	got := entrepot(t, nil, "frobnicate", "doctor")
	assert.Equal(t, 2, got.code)
	assert.Empty(t, got.stdout)
	assert.Contains(t, got.stderr, `unknown command "frobnicate"`)
	assert.Contains(t, got.stderr, "usage:")
}

func TestFlags(t *testing.T) {
	for _, c := range commands {
		got := entrepot(t, nil, c.name, "-h")
		assert.Zero(t, got.code, "%s -h is no failure: %s", c.name, got.stderr)
		assert.Contains(t, got.stderr, "Usage of "+c.name)
		assert.NotContains(t, got.stderr, "help requested")
		got = entrepot(t, nil, c.name, "-nonsense")
		assert.Equal(t, 1, got.code, c.name)
	}
}

func TestMigrate(t *testing.T) {
	vars := map[string]string{"ENTREPOT_DATA_DIR": t.TempDir()}
	for range 2 {
		got := entrepot(t, vars, "migrate")
		assert.Zero(t, got.code, got.stderr)
		assert.Regexp(t, `^sqlite schema is at version (\d+) of (\d+)\n$`, got.stdout)
	}
	got := entrepot(t, map[string]string{"ENTREPOT_HTTP_ADDR": "nowhere"}, "migrate")
	assert.Equal(t, 1, got.code)
	assert.Contains(t, got.stderr, "ENTREPOT_HTTP_ADDR")
}

func TestDoctorAgainstClosedPorts(t *testing.T) {
	addr := closedAddr(t)
	vars := map[string]string{
		"ENTREPOT_HTTP_ADDR":    addr,
		"ENTREPOT_DATABASE_DSN": "user:verysecret@tcp(" + addr + ")/entrepot", "ENTREPOT_REDIS_URL": "redis://:verysecret@" + addr + "/0",
		"ENTREPOT_ALIBABA_URL": "http://" + addr + "/openapi", "ENTREPOT_ALIBABA_APP_KEY": "1", "ENTREPOT_ALIBABA_APP_SECRET": "verysecret", "ENTREPOT_ALIBABA_ACCESS_TOKEN": "verysecret",
	}
	got := entrepot(t, vars, "doctor")
	assert.Equal(t, 1, got.code)
	assert.Contains(t, got.stderr, "3 problem(s)")
	lines := strings.Split(strings.TrimSpace(got.stdout), "\n")
	require.Len(t, lines, 4)
	for i, want := range []string{`^config +ok `, `^database +problem +not reachable`, `^redis +problem +not reachable`, `^1688 +problem +not reachable`} {
		assert.Regexp(t, want, lines[i])
	}
	assert.NotContains(t, got.stdout+got.stderr, "verysecret")
}

func TestDoctorOfTheEmbeddedMode(t *testing.T) {
	vars := map[string]string{"ENTREPOT_SANDBOX_ADDR": closedAddr(t), "ENTREPOT_HTTP_ADDR": closedAddr(t)}
	got := entrepot(t, vars, "doctor", "-json")
	assert.Zero(t, got.code, got.stderr)
	var findings []app.Finding
	require.NoError(t, json.Unmarshal([]byte(got.stdout), &findings))
	var states []string
	for _, f := range findings {
		states = append(states, f.Part+" "+f.State)
	}
	assert.Equal(t, []string{"config ok", "database embedded", "redis embedded", "1688 embedded"}, states)
	assert.Contains(t, findings[3].Detail, "not running")
}

func TestDoctorAgainst1688(t *testing.T) {
	url := startSandbox(t)
	vars := func(secret string) map[string]string {
		return map[string]string{"ENTREPOT_ALIBABA_URL": url, "ENTREPOT_ALIBABA_APP_KEY": sandbox.DemoKey, "ENTREPOT_ALIBABA_APP_SECRET": secret, "ENTREPOT_ALIBABA_ACCESS_TOKEN": sandbox.DemoToken}
	}
	got := entrepot(t, vars(sandbox.DemoSecret), "doctor")
	assert.Zero(t, got.code, got.stderr)
	assert.Regexp(t, `1688 +ok +answers in .*, signature accepted, clock differs by 0s`, got.stdout)
	got = entrepot(t, vars("another-secret"), "doctor")
	assert.Equal(t, 1, got.code)
	assert.Regexp(t, `1688 +problem +reachable, but key, secret or token is refused: gw.SignatureInvalid`, got.stdout)
	assert.NotContains(t, got.stdout, "another-secret")
}

// Only the running API knows what it keeps back; doctor repeats it.
func TestDoctorOfARunningAPI(t *testing.T) {
	var answer atomic.Value
	answer.Store(`{"status":"ok"}`)
	ts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "/readyz", r.URL.Path)
		_, _ = fmt.Fprint(w, answer.Load())
	}))
	t.Cleanup(ts.Close)
	vars := map[string]string{"ENTREPOT_SANDBOX_ADDR": closedAddr(t), "ENTREPOT_HTTP_ADDR": strings.TrimPrefix(ts.URL, "http://")}
	got := entrepot(t, vars, "doctor")
	assert.Zero(t, got.code, got.stderr)
	assert.Regexp(t, `api +ok +ok`, got.stdout)
	answer.Store(`{"status":"degraded","reasons":[{"part":"1688","reason":"fails, calls are kept back: product.search.keywordQuery"}]}`)
	got = entrepot(t, vars, "doctor")
	assert.Equal(t, 1, got.code)
	assert.Regexp(t, `api +problem +degraded; 1688 fails, calls are kept back: product.search.keywordQuery`, got.stdout)
	answer.Store("<html>")
	assert.NotRegexp(t, `(?m)^api `, entrepot(t, vars, "doctor").stdout, "somebody else's server")
}

func TestDoctorOfABrokenConfiguration(t *testing.T) {
	got := entrepot(t, map[string]string{"ENTREPOT_ENV": "production"}, "doctor")
	assert.Equal(t, 1, got.code)
	for _, name := range []string{"ENTREPOT_DATABASE_DSN", "ENTREPOT_REDIS_URL", "ENTREPOT_ALIBABA_URL", "ENTREPOT_TOKEN_SECRET"} {
		assert.Regexp(t, `config +problem +`+name, got.stdout)
	}
}

func TestDoctorOfAServerDatabase(t *testing.T) {
	o := database.TestOptions(t)
	if o.DSN == "" {
		t.Skipf("needs %s", database.TestDSNVar)
	}
	vars := map[string]string{"ENTREPOT_DATABASE_DSN": o.DSN}
	got := entrepot(t, vars, "doctor")
	assert.Equal(t, 1, got.code)
	assert.Contains(t, got.stdout, "run entrepot migrate")
	got = entrepot(t, vars, "migrate")
	assert.Zero(t, got.code, got.stderr)
	got = entrepot(t, vars, "doctor")
	assert.Zero(t, got.code, got.stdout)
}

func TestDemoWithoutAServer(t *testing.T) {
	addr := closedAddr(t)
	got := entrepot(t, nil, "demo", "-url", "http://"+addr, "-sandbox", "http://"+addr)
	assert.Equal(t, 1, got.code)
	assert.Contains(t, got.stdout, "[ 1/14] The site")
	assert.Contains(t, got.stdout, "is the server running?")
	assert.Contains(t, got.stdout, "connection refused")
	assert.Contains(t, got.stderr, "did not come to its end")
	assert.NotContains(t, got.stdout, "\x1b[", "no colours outside a terminal")
	assert.Contains(t, entrepot(t, nil, "demo", "-url", "http://"+addr, "-color", "always").stdout, "\x1b[")
}

func TestDemoAgainstAForeignServer(t *testing.T) {
	ts := httptest.NewServer(http.NotFoundHandler())
	defer ts.Close()
	got := entrepot(t, nil, "demo", "-url", ts.URL)
	assert.Equal(t, 1, got.code)
	assert.Contains(t, got.stdout, "GET /v1/site: HTTP 404")
}

func TestTrigger(t *testing.T) {
	const secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=" //nolint:gosec // made up
	wh, err := standardwebhooks.NewWebhook(secret)
	require.NoError(t, err)
	status := http.StatusOK
	var sent struct {
		Type string
		Data struct {
			OrderID, PaymentID, Currency string
			Amount                       int64
		}
	}
	ts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body bytes.Buffer
		_, _ = body.ReadFrom(r.Body)
		assert.Equal(t, "/callbacks/payments", r.URL.Path)
		assert.NoError(t, wh.Verify(body.Bytes(), r.Header))
		assert.NoError(t, json.Unmarshal(body.Bytes(), &sent))
		w.WriteHeader(status)
		_, _ = w.Write([]byte(`{"state":"accepted"}`))
	}))
	defer ts.Close()
	vars := map[string]string{"ENTREPOT_PAYMENT_WEBHOOK_SECRET": secret}
	got := entrepot(t, vars, "trigger", "-url", ts.URL, "-order", "17", "-amount", "980")
	assert.Zero(t, got.code, got.stderr)
	assert.Contains(t, got.stdout, "accepted")
	assert.Equal(t, []any{"payment.succeeded", "17", "JPY", int64(980)}, []any{sent.Type, sent.Data.OrderID, sent.Data.Currency, sent.Data.Amount})

	status = http.StatusConflict
	got = entrepot(t, vars, "trigger", "-url", ts.URL, "-order", "17", "-amount", "980")
	assert.Equal(t, 1, got.code)
	assert.Contains(t, got.stderr, "HTTP 409")
	assert.Contains(t, entrepot(t, vars, "trigger", "payment").stderr, "needs -order and -amount")
	bad := map[string]string{"ENTREPOT_PAYMENT_WEBHOOK_SECRET": "whsec_%%%"}
	got = entrepot(t, bad, "trigger", "-url", ts.URL, "-order", "17", "-amount", "980")
	assert.Contains(t, got.stderr, "ENTREPOT_PAYMENT_WEBHOOK_SECRET")
	assert.NotContains(t, got.stderr, "%%%")
}

func TestWait(t *testing.T) {
	var out bytes.Buffer
	p := newPrinter(&out, "never")
	looks := 0
	require.NoError(t, p.wait(t.Context(), time.Minute, "the thing", func() (bool, string, error) {
		looks++
		return looks == 3, "seen", nil
	}))
	assert.Equal(t, 1, strings.Count(out.String(), "the thing: seen"), "shown when it changes")
	err := p.wait(t.Context(), 0, "the thing", func() (bool, string, error) { return false, "seen", nil })
	assert.EqualError(t, err, "waited 0s for the thing")
	broken := errors.New("broken")
	assert.Equal(t, broken, p.wait(t.Context(), time.Minute, "it", func() (bool, string, error) { return false, "", broken }))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	assert.ErrorIs(t, p.wait(ctx, time.Minute, "it", func() (bool, string, error) { return false, "", nil }), context.Canceled)
}
