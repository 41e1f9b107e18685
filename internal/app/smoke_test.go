package app_test

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"entrepot/internal/database"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	smokeReady = 30 * time.Second // a cold machine migrates a fresh database within this
	smokeStory = 2 * time.Minute
	smokeDrain = 20 * time.Second   // promise R12 is 15 s
	smokeMark  = "entrepot:apptest" // the mark by which apptest takes an empty Redis database: the two leave each other alone
)

// TestSmoke plays the story on the binaries that are shipped, as an operator would run them. Make smoke builds them and
// names their folder; the suites of this package prove the same inside one process.
func TestSmoke(t *testing.T) {
	bin := os.Getenv("ENTREPOT_SMOKE_BIN")
	if bin == "" {
		t.Skip("make smoke builds the binaries and runs this")
	}
	t.Run("one process, everything embedded", func(t *testing.T) {
		s := smoke{bin: bin, env: map[string]string{
			"ENTREPOT_HTTP_ADDR": smokeAddr(t), "ENTREPOT_SANDBOX_ADDR": smokeAddr(t), "ENTREPOT_DATA_DIR": t.TempDir(),
		}}
		api := s.start(t, "entrepot-api")
		s.ready(t, api)
		s.demo(t, api)
		api.stop(t)
	})
	t.Run("api, worker and sandbox apart on MySQL and Redis", func(t *testing.T) {
		if os.Getenv(database.TestDSNVar) == "" || os.Getenv("ENTREPOT_TEST_REDIS_URL") == "" {
			t.Skipf("needs %s and ENTREPOT_TEST_REDIS_URL", database.TestDSNVar)
		}
		s := smoke{bin: bin, env: smokeApart(t)}
		s.command(t, "migrate")
		one := s.start(t, "entrepot-sandbox")
		api, worker := s.start(t, "entrepot-api"), s.start(t, "entrepot-worker")
		s.ready(t, one, api, worker)
		s.demo(t, one, api, worker)
		worker.stop(t)
		api.stop(t)
		one.stop(t)
	})
}

// smokeApart is the environment of three processes with nothing embedded: each server fresh and gone after the test.
func smokeApart(t *testing.T) map[string]string {
	addr, sandbox := smokeAddr(t), smokeAddr(t)
	return map[string]string{
		"ENTREPOT_ENV": "development", "ENTREPOT_HTTP_ADDR": addr, "ENTREPOT_DATA_DIR": t.TempDir(),
		"ENTREPOT_DATABASE_DSN": database.TestOptions(t).DSN, "ENTREPOT_REDIS_URL": smokeRedis(t),
		"ENTREPOT_ALIBABA_URL": "http://" + sandbox + "/openapi", "ENTREPOT_ALIBABA_APP_KEY": "7000001",
		"ENTREPOT_ALIBABA_APP_SECRET": "smoke-app-secret", "ENTREPOT_ALIBABA_ACCESS_TOKEN": "smoke-access-token",
		"ENTREPOT_ALIBABA_RATE": "1000", "ENTREPOT_FIRST_STAFF_PASSWORD": "a smoke test's password 1",
		"ENTREPOT_SANDBOX_ADDR": sandbox, "ENTREPOT_SANDBOX_APPS": "7000001:smoke-app-secret:smoke-access-token",
		"ENTREPOT_SANDBOX_CALLBACKS": "http://" + addr + "/callbacks/1688",
	}
}

// smokeAddr is a loopback address that was free a moment ago.
func smokeAddr(t *testing.T) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, ln.Close())
	return ln.Addr().String()
}

// smokeRedis is an empty database of the test server other than the one the suites use, emptied again afterwards.
func smokeRedis(t *testing.T) string {
	raw := os.Getenv("ENTREPOT_TEST_REDIS_URL")
	o, err := redis.ParseURL(raw)
	require.NoError(t, err)
	u, err := url.Parse(raw)
	require.NoError(t, err)
	for db := 15; db > 0; db-- {
		if db == o.DB {
			continue
		}
		own := *o
		own.DB = db
		client := redis.NewClient(&own)
		mine, err := client.SetNX(t.Context(), smokeMark, "1", 10*time.Minute).Result()
		require.NoError(t, err)
		keys, err := client.DBSize(t.Context()).Result()
		require.NoError(t, err)
		if mine && keys == 1 {
			t.Cleanup(func() {
				ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
				defer cancel()
				assert.NoError(t, client.FlushDB(ctx).Err())
				assert.NoError(t, client.Close())
			})
			u.Path = "/" + strconv.Itoa(db)
			return u.String()
		}
		if mine {
			require.NoError(t, client.Del(t.Context(), smokeMark).Err())
		}
		require.NoError(t, client.Close())
	}
	require.Fail(t, "no empty Redis database between 1 and 15")
	return ""
}

// smoke is one installation: where its binaries are and the environment they share.
type smoke struct {
	bin string
	env map[string]string
}

func (s smoke) cmd(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(s.bin, name), args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}
	for k, v := range s.env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	return cmd
}

// process is a running server and all it printed.
type process struct {
	name string
	cmd  *exec.Cmd
	out  smokeOutput
	done chan error
}

// smokeOutput collects what a process prints while it runs.
type smokeOutput struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *smokeOutput) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *smokeOutput) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

func (s smoke) start(t *testing.T, name string) *process {
	t.Helper()
	p := &process{name: name, cmd: s.cmd(context.WithoutCancel(t.Context()), name), done: make(chan error, 1)}
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.out
	require.NoError(t, p.cmd.Start())
	go func() { p.done <- p.cmd.Wait() }()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // after a failure only; a stopped process is gone
		if t.Failed() {
			t.Logf("%s printed:\n%s", name, p.out.String())
		}
	})
	return p
}

// ready waits for /readyz and fails at once when a process ends instead.
func (s smoke) ready(t *testing.T, procs ...*process) {
	t.Helper()
	url := "http://" + s.env["ENTREPOT_HTTP_ADDR"] + "/readyz"
	deadline := time.NewTimer(smokeReady)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		for _, p := range procs {
			p.alive(t)
		}
		if res, err := http.Get(url); err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			require.Fail(t, "not ready in time")
		}
	}
}

func (p *process) alive(t *testing.T) {
	t.Helper()
	select {
	case err := <-p.done:
		require.Failf(t, "process ended", "%s: %v", p.name, err)
	default:
	}
}

// demo plays the story and leaves its transcript in the test's log. Exit 0 says that every push was acknowledged.
func (s smoke) demo(t *testing.T, procs ...*process) {
	t.Helper()
	out := s.command(t, "demo", "--url", "http://"+s.env["ENTREPOT_HTTP_ADDR"])
	assert.NotEmpty(t, out)
	for _, p := range procs {
		p.alive(t)
		assert.NotContains(t, p.out.String(), "panic:")
	}
}

// command runs the operator's command to its end and returns what it printed.
func (s smoke) command(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), smokeStory)
	defer cancel()
	out, err := s.cmd(ctx, "entrepot", args...).CombinedOutput()
	t.Logf("entrepot %s:\n%s", strings.Join(args, " "), out)
	require.NoError(t, err, "entrepot %s", args[0])
	return string(out)
}

// stop asks the process to end and wants exit 0 within the drain limit.
func (p *process) stop(t *testing.T) {
	t.Helper()
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	select {
	case err := <-p.done:
		assert.NoError(t, err, "%s after SIGTERM", p.name)
	case <-time.After(smokeDrain):
		require.Failf(t, "did not stop", "%s ignored SIGTERM for %s", p.name, smokeDrain)
	}
}
