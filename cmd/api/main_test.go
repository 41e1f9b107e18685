package main

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"entrepot/internal/app"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// output is read while run writes it.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

// String implements fmt.Stringer.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// embedded is what a person has who types `make run`: nothing but free ports and a folder.
func embedded(t *testing.T) func(string) string {
	env := map[string]string{"ENTREPOT_HTTP_ADDR": "127.0.0.1:0", "ENTREPOT_SANDBOX_ADDR": "127.0.0.1:0", "ENTREPOT_DATA_DIR": t.TempDir(), "ENTREPOT_LOG_LEVEL": "error"}
	return func(name string) string { return env[name] }
}

// started runs the command until its banner is out and returns the address in it.
func started(ctx context.Context, t *testing.T, getenv func(string) string) (url string, banner *output, done chan error) {
	t.Helper()
	banner, done = &output{}, make(chan error, 1)
	go func() { done <- run(ctx, getenv, banner) }()
	address := regexp.MustCompile(`is ready: (http://\S+)`)
	require.Eventually(t, func() bool {
		select {
		case err := <-done:
			require.NoError(t, err)
			require.Fail(t, "the command ended")
		default:
		}
		if m := address.FindStringSubmatch(banner.String()); m != nil {
			url = m[1]
		}
		return url != ""
	}, 20*time.Second, 5*time.Millisecond)
	return url, banner, done
}

func ended(t *testing.T, done chan error) {
	t.Helper()
	select {
	case err := <-done:
		assert.NoError(t, err)
	case <-time.After(20 * time.Second):
		require.Fail(t, "the command did not end")
	}
}

func TestRunServesAndDrains(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	url, banner, done := started(ctx, t, embedded(t))

	resp, err := http.Get(url + "/readyz")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, http.StatusOK, resp.StatusCode)
	for _, part := range []string{"SQLite", "in-process Redis", "simulator", "login admin, password", "first-run", "X-Site-Key: demo-japan", "/v1/orders/preview", "Idempotency-Key"} {
		assert.Contains(t, banner.String(), part)
	}
	cancel()
	ended(t, done)
	_, err = http.Get(url + "/livez")
	assert.Error(t, err, "nobody listens any more")
}

// The signal a supervisor sends ends the command the same way.
func TestRunEndsWithSIGTERM(t *testing.T) {
	ctx, stop := untilSignal()
	defer stop()
	_, _, done := started(ctx, t, embedded(t))
	require.NoError(t, syscall.Kill(os.Getpid(), syscall.SIGTERM))
	ended(t, done)
}

// The password is printed once; a second start on the same data knows it.
func TestRunAgainOnTheSameData(t *testing.T) {
	getenv := embedded(t)
	for i, want := range []bool{true, false} {
		ctx, cancel := context.WithCancel(t.Context())
		_, banner, done := started(ctx, t, getenv)
		assert.Equal(t, want, strings.Contains(banner.String(), "password "), "start %d", i+1)
		cancel()
		ended(t, done)
	}
}

// Production with nothing set refuses to start and names everything that is missing.
func TestProductionNamesWhatIsMissing(t *testing.T) {
	err := run(t.Context(), func(name string) string {
		return map[string]string{"ENTREPOT_ENV": "production"}[name]
	}, &output{})
	require.Error(t, err)
	for _, name := range []string{
		"ENTREPOT_DATABASE_DSN", "ENTREPOT_REDIS_URL", "ENTREPOT_ALIBABA_URL", "ENTREPOT_TOKEN_SECRET", "ENTREPOT_PAYMENT_WEBHOOK_SECRET",
		"ENTREPOT_SITE_KEYS", "ENTREPOT_RATES", "ENTREPOT_WAREHOUSE_ADDRESS_ID",
	} {
		assert.ErrorContains(t, err, name)
	}
}

// Production refuses what is public, and never says what a secret is.
func TestProductionRefusesDefaults(t *testing.T) {
	development, err := app.Load(func(string) string { return "" })
	require.NoError(t, err)
	env := map[string]string{
		"ENTREPOT_ENV": "production", "ENTREPOT_DATABASE_DSN": "user:database-password@tcp(db:3306)/entrepot", "ENTREPOT_REDIS_URL": "redis://:redis-password@redis:6379/0",
		"ENTREPOT_ALIBABA_URL": "http://127.0.0.1:8688/openapi", "ENTREPOT_ALIBABA_APP_KEY": development.Alibaba.AppKey,
		"ENTREPOT_ALIBABA_APP_SECRET": development.Alibaba.AppSecret, "ENTREPOT_ALIBABA_ACCESS_TOKEN": development.Alibaba.AccessToken,
		"ENTREPOT_TOKEN_SECRET": development.TokenSecret, "ENTREPOT_PAYMENT_WEBHOOK_SECRET": development.PaymentSecret,
		"ENTREPOT_SITE_KEYS": "demo-japan:japan", "ENTREPOT_RATES": "JPY:21.5", "ENTREPOT_WAREHOUSE_ADDRESS_ID": "1",
	}
	err = run(t.Context(), func(name string) string { return env[name] }, &output{})
	require.Error(t, err)
	for _, name := range []string{
		"ENTREPOT_ALIBABA_URL", "ENTREPOT_ALIBABA_APP_SECRET", "ENTREPOT_ALIBABA_ACCESS_TOKEN", "ENTREPOT_TOKEN_SECRET", "ENTREPOT_PAYMENT_WEBHOOK_SECRET", "ENTREPOT_SITE_KEYS",
	} {
		assert.ErrorContains(t, err, name)
	}
	cfg := development
	cfg.Database, cfg.RedisURL = env["ENTREPOT_DATABASE_DSN"], env["ENTREPOT_REDIS_URL"]
	for _, secret := range []string{"database-password", "redis-password", development.Alibaba.AppSecret, development.Alibaba.AccessToken, development.TokenSecret, development.PaymentSecret} {
		require.NotEmpty(t, secret)
		assert.NotContains(t, err.Error(), secret)
		assert.NotContains(t, cfg.String(), secret)
	}
}

// A setting that makes no sense is named, not its value.
func TestRunNamesWrongSettings(t *testing.T) {
	for name, value := range map[string]string{
		"ENTREPOT_ENV": "staging", "ENTREPOT_HTTP_ADDR": "nonsense", "ENTREPOT_REDIS_URL": "http://redis-password@x", "ENTREPOT_ALIBABA_URL": "://",
		"ENTREPOT_ALIBABA_PROFILE": "other", "ENTREPOT_ORDER_TRIGGER": "never", "ENTREPOT_ALIBABA_PAY": "cash", "ENTREPOT_TOKEN_SECRET": "short-secret",
		"ENTREPOT_SITE_KEYS": "pk:atlantis", "ENTREPOT_RATES": "JPY:much", "ENTREPOT_PAYMENT_WEBHOOK_SECRET": "whsec_!", "ENTREPOT_CONFIG": "/nowhere/entrepot.yaml",
		"ENTREPOT_SANDBOX_APPS": "half",
	} {
		base := embedded(t)
		err := run(t.Context(), func(asked string) string {
			if asked == name {
				return value
			}
			return base(asked)
		}, &output{})
		require.ErrorContains(t, err, name)
		if strings.Contains(value, "secret") || strings.Contains(value, "password") {
			assert.NotContains(t, err.Error(), value)
		}
	}
}
