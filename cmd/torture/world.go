package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	rnd "math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/redis/go-redis/v9"
)

const (
	readyWithin = 60 * time.Second
	staffName   = "admin"
)

// world is an installation of processes: ours, which are killed, and a simulated 1688, which is not.
type world struct {
	dir, bin       string
	url, sandbox   string
	env            map[string]string
	secret         []byte // of payment callbacks
	password       string // of the first staff member
	http           *http.Client
	stops          []func()
	killed         atomic.Int64
	mu             sync.Mutex
	procs          map[string]*process
	staffToken     string
	staffTokenFrom time.Time
}

type process struct {
	name string
	cmd  *exec.Cmd
	done chan struct{}
}

func newWorld(ctx context.Context, s settings) (*world, error) {
	dir, err := os.MkdirTemp("", "entrepot-torture")
	if err != nil {
		return nil, err
	}
	w := &world{dir: dir, bin: s.bin, procs: map[string]*process{}, secret: random(32), password: "p-" + hex.EncodeToString(random(12)),
		http: &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 256}}}
	if s.keep {
		fmt.Println("# data and logs in", dir)
	} else {
		w.stops = append(w.stops, func() { _ = os.RemoveAll(dir) })
	}
	if err := w.settings(ctx, s); err != nil {
		return w, err
	}
	names := []string{"entrepot-sandbox", "entrepot-api"}
	if s.engine == "servers" {
		names = append(names, "entrepot-worker")
	}
	for _, name := range names {
		if err := w.start(name); err != nil {
			return w, err
		}
	}
	return w, w.ready(ctx)
}

func (w *world) settings(ctx context.Context, s settings) error {
	api, box := freeAddr(ctx), freeAddr(ctx)
	w.url, w.sandbox = "http://"+api, "http://"+box+"/sandbox/v1"
	key, secret, token := "7300001", hex.EncodeToString(random(16)), hex.EncodeToString(random(16))
	w.env = map[string]string{
		"ENTREPOT_ENV": "development", "ENTREPOT_HTTP_ADDR": api, "ENTREPOT_DATA_DIR": filepath.Join(w.dir, "data"), "ENTREPOT_LOG_LEVEL": "warn",
		"ENTREPOT_TOKEN_SECRET": hex.EncodeToString(random(32)), "ENTREPOT_PAYMENT_WEBHOOK_SECRET": "whsec_" + base64.StdEncoding.EncodeToString(w.secret),
		"ENTREPOT_FIRST_STAFF_PASSWORD": w.password, "ENTREPOT_RATE_LIMIT": "1000000", "ENTREPOT_WORKERS": "64", "ENTREPOT_SWEEP_INTERVAL": "10s",
		"ENTREPOT_PURCHASE_SETTLE": "2s", "ENTREPOT_ALIBABA_URL": "http://" + box + "/openapi", "ENTREPOT_ALIBABA_APP_KEY": key,
		"ENTREPOT_ALIBABA_APP_SECRET": secret, "ENTREPOT_ALIBABA_ACCESS_TOKEN": token, "ENTREPOT_ALIBABA_RATE": "0", "ENTREPOT_ALIBABA_TIMEOUT": "1500ms",
		"ENTREPOT_SANDBOX_ADDR": box, "ENTREPOT_SANDBOX_APPS": key + ":" + secret + ":" + token,
		"ENTREPOT_SANDBOX_CALLBACKS": w.url + "/callbacks/1688", "ENTREPOT_SANDBOX_OFFERS": "2000",
	}
	if s.engine != "servers" {
		return nil
	}
	return w.servers(ctx, s)
}

// servers makes a fresh database on the MySQL server and empties the Redis database it was given.
func (w *world) servers(ctx context.Context, s settings) error {
	if s.mysql == "" || s.redis == "" {
		return errors.New("-engine servers needs ENTREPOT_TEST_MYSQL_DSN and ENTREPOT_TEST_REDIS_URL")
	}
	cfg, err := mysql.ParseDSN(s.mysql)
	if err != nil {
		return err
	}
	admin, err := sql.Open("mysql", s.mysql)
	if err != nil {
		return err
	}
	name := "entrepot_torture_" + hex.EncodeToString(random(6))
	if _, err := admin.ExecContext(ctx, "CREATE DATABASE "+name+" CHARACTER SET utf8mb4"); err != nil {
		return err
	}
	w.stops = append(w.stops, func() { _, _ = admin.Exec("DROP DATABASE " + name); _ = admin.Close() })
	o, err := redis.ParseURL(s.redis)
	if err != nil {
		return err
	}
	client := redis.NewClient(o)
	defer func() { _ = client.Close() }()
	if n, err := client.DBSize(ctx).Result(); err != nil || n > 0 {
		return errors.Join(err, fmt.Errorf("the Redis database holds %d keys: give one that is empty", n))
	}
	w.stops = append(w.stops, func() {
		c := redis.NewClient(o)
		_ = c.FlushDB(context.Background()).Err()
		_ = c.Close()
	})
	cfg.DBName = name
	w.env["ENTREPOT_DATABASE_DSN"], w.env["ENTREPOT_REDIS_URL"], w.env["ENTREPOT_QUEUE"] = cfg.FormatDSN(), s.redis, name
	return nil
}

func (w *world) start(name string) error {
	log, err := os.OpenFile(filepath.Join(w.dir, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	cmd := exec.Command(filepath.Join(w.bin, name)) //nolint:gosec,noctx // our own binaries; they outlive no run, see end
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}
	for k, v := range w.env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return err
	}
	p := &process{name, cmd, make(chan struct{})}
	go func() { _ = cmd.Wait(); _ = log.Close(); close(p.done) }() // killed processes end with an error, on purpose
	w.mu.Lock()
	w.procs[name] = p
	w.mu.Unlock()
	return nil
}

// kill ends a random process of ours again and again, some time apart, and starts it anew, at times after a pause.
func (w *world) kill(ctx context.Context, s settings, progress func() int, give func(error)) {
	dice := rnd.New(rnd.NewPCG(s.seed, 1<<40))
	for n := range s.kills {
		due := (n + 1) * s.orders / (s.kills + 1)
		for progress() < due {
			if !pause(ctx, 20*time.Millisecond) {
				return
			}
		}
		name := "entrepot-api"
		if s.engine == "servers" && dice.IntN(2) == 0 {
			name = "entrepot-worker"
		}
		w.mu.Lock()
		p := w.procs[name]
		w.mu.Unlock()
		_ = p.cmd.Process.Kill() // it may have died by itself, which the next line notices too
		<-p.done
		w.killed.Add(1)
		if dice.IntN(10) == 0 {
			pause(ctx, time.Duration(dice.IntN(3000))*time.Millisecond)
		}
		if err := w.start(name); err != nil {
			give(err)
			return
		}
		if err := w.ready(ctx); err != nil {
			give(err)
			return
		}
	}
}

func (w *world) ready(ctx context.Context) error {
	for until := time.Now().Add(readyWithin); time.Now().Before(until); {
		if status, _, err := w.send(ctx, http.MethodGet, w.url+"/readyz", nil, nil); err == nil && status == http.StatusOK {
			return nil
		}
		if !pause(ctx, 20*time.Millisecond) {
			return context.Cause(ctx)
		}
	}
	return fmt.Errorf("not ready within %s; logs in %s", readyWithin, w.dir)
}

// end stops every process and removes what was made.
func (w *world) end() {
	w.mu.Lock()
	procs := w.procs
	w.mu.Unlock()
	for _, p := range procs {
		_ = p.cmd.Process.Kill()
		<-p.done
	}
	for _, stop := range w.stops {
		stop()
	}
}

// pause waits; false when the run is over.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}

func freeAddr(ctx context.Context) string {
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return ""
	}
	defer func() { _ = ln.Close() }()
	return ln.Addr().String()
}

// send is one HTTP exchange.
func (w *world) send(ctx context.Context, method, url string, head map[string]string, body []byte) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for k, v := range head {
		req.Header.Set(k, v)
	}
	res, err := w.http.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = res.Body.Close() }()
	var out bytes.Buffer
	_, err = out.ReadFrom(res.Body)
	return res.StatusCode, out.Bytes(), err
}
