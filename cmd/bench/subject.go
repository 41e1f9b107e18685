package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"entrepot/internal/app"
	"entrepot/internal/sandbox"

	_ "github.com/glebarez/go-sqlite"
	"github.com/go-sql-driver/mysql"
)

const (
	secret        = "bench-token-secret-of-thirty-two-bytes!"
	paymentSecret = "whsec_YmVuY2gtcGF5bWVudC1zZWNyZXQtMTIzNDU2"
)

// subject is the program under test, started as main starts it, beside a simulated 1688 of its own.
type subject struct {
	addr    string // of the API
	url     string
	driver  string // of database/sql
	dsn     string
	env     map[string]string
	log     io.Writer // the program's
	stops   []func()
	arrived chan arrival
}

// arrival is the moment 1688 was told about an order.
type arrival struct {
	body string
	at   time.Time
}

// begin starts the program on SQLite and embedded Redis, or on MariaDB and real Redis with API and worker side by side.
func begin(ctx context.Context, s settings, server bool, work bool) (*subject, error) {
	dir, err := os.MkdirTemp("", "entrepot-bench")
	if err != nil {
		return nil, err
	}
	sub := &subject{arrived: make(chan arrival, 100_000), log: os.Stderr}
	sub.stops = append(sub.stops, func() { _ = os.RemoveAll(dir) })
	upstream, err := sub.startSandbox(ctx)
	if err != nil {
		return sub, err
	}
	return sub, sub.begin(ctx, s, dir, upstream, server, work)
}

// beginReading starts the API as P1 and its like want it: logging each request, on SQLite and embedded Redis, in front of
// the given 1688.
func beginReading(ctx context.Context, s settings, upstream string) (*subject, error) {
	dir, err := os.MkdirTemp("", "entrepot-bench")
	if err != nil {
		return nil, err
	}
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	sub := &subject{log: null}
	sub.stops = append(sub.stops, func() { _ = os.RemoveAll(dir); _ = null.Close() })
	if upstream == "" {
		if upstream, err = sub.startSandbox(ctx); err != nil {
			return sub, err
		}
	}
	return sub, sub.begin(ctx, s, dir, upstream, false, false)
}

func (sub *subject) begin(ctx context.Context, s settings, dir, upstream string, server, work bool) error {
	sub.env = map[string]string{
		"ENTREPOT_HTTP_ADDR": "127.0.0.1:0", "ENTREPOT_DATA_DIR": dir, "ENTREPOT_LOG_LEVEL": sub.logLevel(), "ENTREPOT_TOKEN_SECRET": secret,
		"ENTREPOT_PAYMENT_WEBHOOK_SECRET": paymentSecret, "ENTREPOT_FIRST_STAFF_PASSWORD": "a bench password", "ENTREPOT_RATE_LIMIT": "1000000",
		"ENTREPOT_ALIBABA_URL": upstream + "/openapi", "ENTREPOT_ALIBABA_APP_KEY": sandbox.DemoKey, "ENTREPOT_ALIBABA_APP_SECRET": sandbox.DemoSecret,
		"ENTREPOT_ALIBABA_ACCESS_TOKEN": sandbox.DemoToken, "ENTREPOT_ALIBABA_RATE": "0", "ENTREPOT_WORKERS": "64",
	}
	sub.driver, sub.dsn = "sqlite", "file:"+dir+"/entrepot.db?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate"
	if server {
		if err := sub.useServers(ctx, s); err != nil {
			return err
		}
	}
	a, err := sub.start(ctx, app.API)
	if err != nil {
		return err
	}
	sub.url, sub.addr = a.URL(), strings.TrimPrefix(a.URL(), "http://")
	if server && work {
		_, err = sub.start(ctx, app.Worker)
	}
	return err
}

// logLevel keeps a terminal readable; a log that goes nowhere is written in full, as in production.
func (sub *subject) logLevel() string {
	if sub.log == io.Writer(os.Stderr) {
		return "error"
	}
	return "info"
}

func (sub *subject) startSandbox(ctx context.Context) (string, error) {
	sb, err := sandbox.New(sandbox.Options{})
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { defer close(done); _ = sb.Run(ctx, nil) }()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "trade.cross.orderSync") {
			at := time.Now()
			body, _ := io.ReadAll(r.Body) // an unreadable request fails in the sandbox
			r.Body = io.NopCloser(strings.NewReader(string(body)))
			select {
			case sub.arrived <- arrival{string(body), at}:
			default:
			}
		}
		sb.Handler().ServeHTTP(w, r)
	}))
	sub.stops = append(sub.stops, func() { srv.Close(); cancel(); <-done; _ = sb.Close() })
	return srv.URL, nil
}

// useServers makes a fresh database on MariaDB and points at Redis.
func (sub *subject) useServers(ctx context.Context, s settings) error {
	cfg, err := mysql.ParseDSN(s.mysql)
	if err != nil {
		return err
	}
	admin, err := sql.Open("mysql", s.mysql)
	if err != nil {
		return err
	}
	var raw [6]byte
	_, _ = rand.Read(raw[:])
	name := "entrepot_bench_" + hex.EncodeToString(raw[:])
	if _, err := admin.ExecContext(ctx, "CREATE DATABASE "+name+" CHARACTER SET utf8mb4"); err != nil {
		return err
	}
	sub.stops = append([]func(){func() { _, _ = admin.Exec("DROP DATABASE " + name); _ = admin.Close() }}, sub.stops...)
	cfg.DBName, cfg.InterpolateParams, cfg.ParseTime, cfg.ClientFoundRows = name, true, true, true
	sub.driver, sub.dsn = "mysql", cfg.FormatDSN()
	sub.env["ENTREPOT_DATABASE_DSN"], sub.env["ENTREPOT_REDIS_URL"], sub.env["ENTREPOT_QUEUE"] = cfg.FormatDSN(), s.redis, name
	return nil
}

func (sub *subject) start(ctx context.Context, role app.Role) (*app.App, error) {
	cfg, err := app.Load(func(name string) string { return sub.env[name] })
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	a, err := app.New(ctx, cfg, role, sub.log)
	if err != nil {
		cancel()
		return nil, err
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := a.Run(ctx); err != nil {
			fmt.Fprintln(os.Stderr, "bench: the program stopped:", err)
		}
	}()
	sub.stops = append(sub.stops, func() { cancel(); <-done; _ = a.Close() })
	select {
	case <-a.Ready():
		return a, nil
	case <-done:
		return nil, fmt.Errorf("the program did not start")
	}
}

// end stops everything in reverse order.
func (sub *subject) end() {
	for i := len(sub.stops) - 1; i >= 0; i-- {
		sub.stops[i]()
	}
}

func listen(ctx context.Context) (net.Listener, error) {
	var lc net.ListenConfig
	return lc.Listen(ctx, "tcp", "127.0.0.1:0")
}
