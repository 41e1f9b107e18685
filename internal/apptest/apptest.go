// Package apptest starts the whole program for tests; imported by _test files only.
//
// What it starts is what the commands start: app.Load, app.New and Run, in this process or, for tests that kill, in
// children of the test binary. The simulated 1688 runs in the test's process unless a test wants it embedded, so it
// survives whatever happens to the program. Engines follow the environment as everywhere: ENTREPOT_TEST_MYSQL_DSN and
// ENTREPOT_TEST_REDIS_URL; with a real Redis api and worker run apart.
package apptest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"entrepot/internal/app"
	"entrepot/internal/database"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

// RedisVar names the environment variable with the URL of a real Redis for tests.
const RedisVar = "ENTREPOT_TEST_REDIS_URL"

// Patience is how long tests wait for what happens in the background; far beyond what it takes.
const Patience = 60 * time.Second

// pause is how often waiting tests look.
const pause = 25 * time.Millisecond

// StaffPassword is the first staff member's.
const StaffPassword = "a staff password for tests"

// PaymentSecret signs payment callbacks.
const PaymentSecret = "whsec_dGVzdHMtc2lnbi1wYXltZW50cy13aXRoLXRoaXM="

// Stack is a running installation: the program, its database and Redis, and the simulated 1688.
type Stack struct {
	URL     string // of the API
	Sandbox *Sandbox
	Gate    *Gate  // in front of 1688; nil without Gated
	Engines string // what runs underneath, for logs

	t        testing.TB
	env      map[string]string
	db       database.Options
	own      *redis.Client // the test's own Redis database; nil when Redis is embedded
	children bool
	away     bool // 1688 may be unreachable
	procs    []process
	contract *contract
	handle   *database.DB
	logs     *buffer
}

// process is one running program: in this process or a child.
type process interface {
	stop(t testing.TB)
	kill() error
}

// Option changes what Start starts.
type Option func(*Stack)

// Env sets a configuration variable.
func Env(name, value string) Option { return func(s *Stack) { s.env[name] = value } }

// Embedded puts the simulated 1688 into the API process, as `make run` does.
func Embedded() Option { return func(s *Stack) { s.Sandbox = nil } }

// Unreachable is for tests that take 1688 away: 503 with Retry-After is then a good answer.
func Unreachable() Option { return func(s *Stack) { s.away = true } }

// Children runs the program in child processes, so that Kill can end them as kill -9 does.
func Children() Option { return func(s *Stack) { s.children = true } }

// Start starts an installation and stops it with the test.
func Start(t testing.TB, opts ...Option) *Stack {
	t.Helper()
	addr := freeAddr(t)
	s := &Stack{URL: "http://" + addr, t: t, logs: &buffer{}, Sandbox: newSandbox(), env: map[string]string{
		"ENTREPOT_HTTP_ADDR": addr, "ENTREPOT_DATA_DIR": t.TempDir(), "ENTREPOT_FIRST_STAFF_PASSWORD": StaffPassword,
		"ENTREPOT_PAYMENT_WEBHOOK_SECRET": PaymentSecret, "ENTREPOT_ALIBABA_TIMEOUT": "2s", "ENTREPOT_PURCHASE_SETTLE": "300ms",
		"ENTREPOT_SWEEP_INTERVAL": "300ms", "ENTREPOT_JOB_LEASE": "1500ms", "ENTREPOT_RATE_LIMIT": "0",
	}}
	for _, o := range opts {
		o(s)
	}
	s.db = database.TestOptions(t)
	s.env["ENTREPOT_DATABASE_DSN"] = s.db.DSN
	engines := []string{"MySQL", "real Redis, api and worker apart", "1688 apart"}
	if s.db.DSN == "" {
		engines[0] = "SQLite"
		s.db.Dir = s.env["ENTREPOT_DATA_DIR"]
	}
	if os.Getenv(RedisVar) == "" || s.Sandbox == nil { // a worker cannot share an embedded 1688
		engines[1] = "embedded Redis"
	} else {
		s.own, s.env["ENTREPOT_REDIS_URL"] = ownRedis(t)
	}
	if s.Sandbox == nil {
		engines[2] = "1688 embedded"
		sandboxAddr := freeAddr(t)
		s.env["ENTREPOT_SANDBOX_ADDR"] = sandboxAddr
		s.Sandbox = &Sandbox{URL: "http://" + sandboxAddr}
	} else {
		s.Sandbox.start(t, s.URL+"/callbacks/1688")
		if s.Gate != nil {
			s.Gate.start(t, strings.TrimPrefix(s.Sandbox.URL, "http://"))
			s.env["ENTREPOT_ALIBABA_URL"] = "http://" + s.Gate.addr + "/openapi"
		}
		for name, value := range s.Sandbox.settings() {
			if s.env[name] == "" {
				s.env[name] = value
			}
		}
	}
	s.Engines = strings.Join(engines, ", ")
	t.Log("runs on " + s.Engines)
	s.contract = newContract(t, s.URL)
	s.contract.away = s.away
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("what the program complained of:\n%s", s.logs.trouble())
		}
	})
	t.Cleanup(s.Stop)
	s.Up()
	return s
}

// Up starts what Stop or Kill has ended, on the same data and address.
func (s *Stack) Up() {
	s.t.Helper()
	require.Empty(s.t, s.procs)
	roles := []app.Role{app.API}
	if s.own != nil {
		roles = append(roles, app.Worker)
	}
	for _, role := range roles {
		if s.children {
			s.procs = append(s.procs, startChild(s.t, role, s.env, s.logs))
		} else {
			s.procs = append(s.procs, startInside(s.t, role, s.env, s.logs))
		}
	}
	s.ready()
}

// Stop ends the program as SIGTERM does and wants a clean end.
func (s *Stack) Stop() {
	for i := len(s.procs) - 1; i >= 0; i-- {
		s.procs[i].stop(s.t)
	}
	s.procs = nil
	s.contract.client.CloseIdleConnections()
}

// Kill ends the program's processes as kill -9 does. It needs Children.
func (s *Stack) Kill(t testing.TB) {
	t.Helper()
	require.NoError(t, <-s.KillAfter(0))
}

// KillAfter kills after a while, whatever is going on then; receive once before Up.
func (s *Stack) KillAfter(d time.Duration) <-chan error {
	dead, procs := make(chan error, 1), s.procs
	s.procs = nil
	time.AfterFunc(d, func() {
		var all []error
		for _, p := range procs {
			all = append(all, p.kill())
		}
		s.contract.client.CloseIdleConnections()
		dead <- errors.Join(all...)
	})
	return dead
}

// ready waits until the API answers that it is.
func (s *Stack) ready() {
	s.t.Helper()
	require.Eventually(s.t, func() bool {
		resp, err := s.contract.client.Get(s.URL + "/readyz")
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return resp.StatusCode == 200
	}, Patience, 5*time.Millisecond, "the API must become ready")
}

// Logs is what the program has logged so far.
func (s *Stack) Logs() string { return s.logs.String() }

// ForgetRedis empties Redis as FLUSHALL does.
func (s *Stack) ForgetRedis(t testing.TB) {
	t.Helper()
	if s.own != nil { // only our own database, and in one step, so that nobody takes it for a free one
		_, err := s.own.TxPipelined(t.Context(), func(p redis.Pipeliner) error {
			p.FlushDB(t.Context())
			p.Set(t.Context(), ownMark, "1", ownFor)
			return nil
		})
		require.NoError(t, err)
		return
	}
	inside, ok := s.procs[0].(*inside)
	require.True(t, ok, "an embedded Redis can be emptied only inside this process")
	require.NoError(t, inside.app.Redis().FlushAll(t.Context()).Err())
}

// Banner is what the API prints at start.
func (s *Stack) Banner(t testing.TB) string {
	t.Helper()
	api, ok := s.procs[0].(*inside)
	require.True(t, ok, "a child's banner is not kept")
	var b strings.Builder
	api.app.Banner(&b)
	return b.String()
}

// Count reads one number from the database.
func (s *Stack) Count(t testing.TB, query string, args ...any) (n int) {
	t.Helper()
	if s.handle == nil {
		s.handle = database.OpenTestAt(s.t, s.db)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	require.NoError(t, s.handle.Read(ctx).Raw(query, args...).Scan(&n).Error)
	return n
}

// Eventually waits for ok; its text says how things stood when it gave up.
func Eventually(t testing.TB, what string, look func() (ok bool, state string)) {
	t.Helper()
	var last string
	deadline, tick := time.NewTimer(Patience), time.NewTicker(pause)
	defer deadline.Stop()
	defer tick.Stop()
	for {
		ok, state := look()
		if ok {
			return
		}
		last = state
		select {
		case <-tick.C:
		case <-deadline.C:
			require.Failf(t, "waited too long for "+what, "at last: %s", last)
		case <-t.Context().Done():
			require.Failf(t, "the test ended while waiting for "+what, "at last: %s", last)
		}
	}
}

// taken holds the ports given out in this process.
var taken sync.Map

// freeAddr is a loopback address that is free and stays so until the program, started again and again, listens on it. Its
// port lies below those that systems give to outgoing connections, which would take a port between two starts.
func freeAddr(t testing.TB) string {
	t.Helper()
	for range 1000 {
		addr := fmt.Sprintf("127.0.0.1:%d", 20_000+rand.IntN(12_000))
		if _, twice := taken.LoadOrStore(addr, true); twice {
			continue
		}
		if ln, err := net.Listen("tcp", addr); err == nil {
			require.NoError(t, ln.Close())
			return addr
		}
	}
	require.Fail(t, "no free port")
	return ""
}

// unique makes names that no other test of this run uses.
func unique(prefix string) string { return fmt.Sprintf("%s-%x", prefix, time.Now().UnixNano()) }
