// Package app is the composition root: it builds everything from Config, runs it and stops it.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"sync/atomic"
	"time"

	"entrepot/api"
	"entrepot/internal/account"
	"entrepot/internal/alibaba"
	"entrepot/internal/auth"
	"entrepot/internal/database"
	"entrepot/internal/i18n"
	"entrepot/internal/jobs"
	"entrepot/internal/money"
	"entrepot/internal/order"
	"entrepot/internal/pay"
	"entrepot/internal/sandbox"
	"entrepot/internal/search"
	"entrepot/internal/site"
	relay "entrepot/internal/sync"
	"entrepot/internal/web"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"
)

// version is set by the build (-ldflags -X).
var version = "dev"

// jobAttempts is how often a job may fail before it is given up: with pauses of up to five minutes that is about three
// days, so that no outage of 1688 ends in lost work. Pushes are given up earlier, into the ledger (see the sync package).
const jobAttempts = 1000

// outagePause is how long a failed read of the catalogue is not tried again.
const outagePause = 500 * time.Millisecond

// gcPercent lets the heap grow further between collections than Go's default: ours is small (some 15 MB live), so the default
// collects it many times a second under load, for a tenth of the CPU. GOGC overrides it.
const gcPercent = 400

// Role is which side of the program a process is.
type Role int

// The roles. An API process also works when Redis is embedded, because nobody else could.
const (
	API Role = iota
	Worker
)

// App is the running program: one process's parts and how they stop.
type App struct {
	cfg     Config
	role    Role
	log     *slog.Logger
	lines   io.Writer // the log's writer when it holds JSON lines, else nil
	db      *database.DB
	queue   *jobs.Queue
	client  *alibaba.Client
	sandbox *sandbox.Server
	auth    *auth.Service
	orders  *order.Service
	relay   *relay.Service
	finder  *search.Service
	guard   *upstream
	idem    *web.Idempotency
	web     *web.Server
	metrics *prometheus.Registry

	http, sandboxLn, metricsLn net.Listener
	closers                    []func() error

	prepared  atomic.Bool // the schema is there
	ready     chan struct{}
	firstRun  auth.FirstRun
	lastCheck atomic.Pointer[upstreamCheck]
}

// New opens and connects everything in order, without waiting for servers that are away: a process that starts before its
// database is alive but not ready. Listeners are open when New returns.
func New(ctx context.Context, cfg Config, role Role, logs io.Writer) (a *App, err error) {
	a = &App{cfg: cfg, role: role, metrics: prometheus.NewRegistry(), ready: make(chan struct{})}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
		}
	}()
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	a.metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	a.openLog(logs)
	if err := a.listen(ctx); err != nil {
		return a, err
	}
	if err := a.openSandbox(ctx); err != nil {
		return a, err
	}
	if a.db, err = database.Open(ctx, database.Options{DSN: cfg.Database, Dir: cfg.DataDir}); err != nil {
		return a, fmt.Errorf("ENTREPOT_DATABASE_DSN: %w", err)
	}
	a.closers = append(a.closers, a.db.Close)
	if a.queue, err = jobs.New(jobs.Options{
		DB: a.db, Redis: cfg.RedisURL, Queue: cfg.Queue, Logger: a.log, RelayOnly: role == API && cfg.RedisURL != "", Workers: cfg.Workers, MaxAttempts: jobAttempts,
		Lease: cfg.JobLease, Observe: a.jobMetrics(),
	}); err != nil {
		return a, fmt.Errorf("ENTREPOT_REDIS_URL: %w", err)
	}
	a.closers = append(a.closers, a.queue.Close)
	if err := a.build(); err != nil {
		return a, err
	}
	if cfg.Database == "" { // a local file is ready at once
		err = a.prepare(ctx)
	}
	return a, err
}

func (a *App) listen(ctx context.Context) (err error) {
	var lc net.ListenConfig
	if a.role == API {
		if a.http, err = lc.Listen(ctx, "tcp", a.cfg.HTTPAddr); err != nil {
			return fmt.Errorf("ENTREPOT_HTTP_ADDR: %w", err)
		}
		a.closers = append(a.closers, closeListener(a.http))
	}
	if a.cfg.MetricsAddr != "" {
		if a.metricsLn, err = lc.Listen(ctx, "tcp", a.cfg.MetricsAddr); err != nil {
			return fmt.Errorf("ENTREPOT_METRICS_ADDR: %w", err)
		}
		a.closers = append(a.closers, closeListener(a.metricsLn))
	}
	return nil
}

// closeListener: a server that ran has closed its listener already.
func closeListener(l net.Listener) func() error {
	return func() error {
		if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	}
}

// openSandbox starts the embedded simulated 1688 when no address of 1688 is given.
func (a *App) openSandbox(ctx context.Context) error {
	if a.cfg.Alibaba.URL != "" {
		return nil
	}
	if a.role == Worker {
		return errors.New("ENTREPOT_ALIBABA_URL: a worker needs the address of 1688 or of a sandbox")
	}
	apps, err := sandbox.ParseApps(a.cfg.Sandbox.Apps)
	if err != nil {
		return fmt.Errorf("ENTREPOT_SANDBOX_APPS: %w", err)
	}
	var lc net.ListenConfig
	if a.sandboxLn, err = lc.Listen(ctx, "tcp", a.cfg.Sandbox.Addr); err != nil {
		return fmt.Errorf("ENTREPOT_SANDBOX_ADDR: %w", err)
	}
	a.closers = append(a.closers, closeListener(a.sandboxLn))
	a.sandbox, err = sandbox.New(sandbox.Options{
		Addr: a.sandboxLn.Addr().String(), Seed: a.cfg.Sandbox.Seed, Offers: a.cfg.Sandbox.Offers, Apps: apps, Dir: a.cfg.DataDir,
		Subscribers: []string{a.URL() + "/callbacks/1688"}, Logger: a.log, Warm: true,
	})
	if err != nil {
		return err
	}
	a.closers = append(a.closers, a.sandbox.Close)
	a.cfg.Alibaba.URL = "http://" + a.sandboxLn.Addr().String() + "/openapi"
	return nil
}

// URL is where this process answers, as seen from this machine.
func (a *App) URL() string {
	if a.http == nil {
		return ""
	}
	addr, _ := a.http.Addr().(*net.TCPAddr)
	host := "127.0.0.1"
	if addr.IP != nil && !addr.IP.IsUnspecified() {
		host = addr.IP.String()
	}
	return "http://" + net.JoinHostPort(host, fmt.Sprint(addr.Port))
}

// SandboxURL is where the embedded simulated 1688 answers; "" without one.
func (a *App) SandboxURL() string {
	if a.sandboxLn == nil {
		return ""
	}
	return "http://" + a.sandboxLn.Addr().String()
}

// Redis is this process's connection to Redis, embedded or not. It holds nothing that must not be lost.
func (a *App) Redis() redis.UniversalClient { return a.queue.Client() }

// sharedCache is the Redis other processes use, too. An embedded one is this process's memory: nothing to share.
func (a *App) sharedCache() redis.UniversalClient {
	if a.queue.Embedded() {
		return nil
	}
	return a.Redis()
}

// build makes the services, each with its part of the configuration, and ties jobs and routes to them.
func (a *App) build() error {
	cfg := a.cfg
	bundle, err := i18n.New()
	if err != nil {
		return err
	}
	sites, err := site.New(cfg.SiteKeys)
	if err != nil {
		return fmt.Errorf("ENTREPOT_SITE_KEYS: %w", err)
	}
	configured, err := cfg.rates()
	if err != nil {
		return err
	}
	rates := money.NewBook(configured, nil)
	a.openGuard()
	if a.client, err = alibaba.New(alibaba.Options{
		BaseURL: cfg.Alibaba.URL, AppKey: cfg.Alibaba.AppKey, AppSecret: cfg.Alibaba.AppSecret, AccessToken: cfg.Alibaba.AccessToken,
		RefreshToken: cfg.Alibaba.RefreshToken, Profile: cfg.Alibaba.Profile, Timeout: cfg.Alibaba.Timeout,
		ShopperTimeout: cfg.Alibaba.ShopperTimeout, Guard: a.guard.Guard,
	}); err != nil {
		return fmt.Errorf("ENTREPOT_ALIBABA_*: %w", err)
	}
	a.closers = append(a.closers, func() error { a.client.Close(); return nil })
	if a.auth, err = auth.New(auth.Options{DB: a.db, Secret: []byte(cfg.TokenSecret)}); err != nil {
		return fmt.Errorf("ENTREPOT_TOKEN_SECRET: %w", err)
	}
	a.idem = web.NewIdempotency(a.db, nil)
	finder := search.New(search.Options{
		Client: a.client, Rates: rates, DB: a.db, Redis: a.queue.Client(), Auth: a.auth, Idem: a.idem, Sites: sites, Bundle: bundle, Logger: a.log,
		ImageHosts: cfg.ImageHosts, ImageOrigin: a.SandboxURL(),
		Away:      a.guard.Away,
		Warehouse: cfg.Order.destination(),
		Fresh:     cfg.Catalogue.Fresh, Stale: cfg.Catalogue.Stale, CacheSize: int64(cfg.Catalogue.CacheMB) << 20, Pause: outagePause,
		Shared: a.sharedCache(), Namespace: cfg.Queue, Metrics: a.metrics,
	})
	a.finder = finder
	a.metrics.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "entrepot_catalogue_unread_prices_total", Help: "Prices of 1688 that could not be read and were left out.",
	}, func() float64 { return float64(finder.UnreadPrices()) }))
	a.closers = append(a.closers, finder.Close)
	accounts := account.New(account.Options{
		DB: a.db, Jobs: a.queue, Auth: a.auth, Sites: sites,
		MergeCart: func(ctx context.Context, site string, memberID int64, token string) error {
			return a.orders.MergeCart(ctx, site, memberID, token)
		},
	})
	a.orders = order.New(order.Options{
		DB: a.db, Jobs: a.queue, Idem: a.idem, Client: a.client, Search: finder, Auth: a.auth, Sites: sites, Rates: rates, Bundle: bundle,
		Rules: cfg.rules(), Secret: []byte(cfg.TokenSecret), Logger: a.log,
	})
	payments, err := pay.New(pay.Options{
		DB: a.db, Jobs: a.queue, Orders: a.orders, Client: a.client, Secrets: []string{cfg.PaymentSecret},
		Automatic: cfg.Order.PayMode == "auto", Logger: a.log,
	})
	if err != nil {
		return errors.New("ENTREPOT_PAYMENT_WEBHOOK_SECRET: is not a Standard Webhooks secret (whsec_ and base64)")
	}
	a.relay = relay.New(relay.Options{
		DB: a.db, Jobs: a.queue, Client: a.client, Accounts: accounts, Orders: a.orders, Search: finder, Auth: a.auth, Bundle: bundle,
		Secrets: nonEmpty(cfg.Alibaba.AppSecret, cfg.Alibaba.AppSecret2), Sweep: cfg.SweepInterval, Logger: a.log,
	})
	a.orders.Register(a.queue)
	payments.Register(a.queue)
	a.relay.Register(a.queue)
	if a.role != API {
		return nil
	}
	return a.routes(bundle, sites, finder.Routes, accounts.Routes, a.orders.Routes, payments.Routes, a.relay.Routes)
}

func (a *App) routes(bundle *i18n.Bundle, sites *site.Registry, features ...func(*web.Server) error) (err error) {
	limits := web.Limits{}
	if n := a.cfg.RateLimit; n > 0 {
		limits = web.Limits{SitePerSecond: float64(n), SiteBurst: 2 * n, MemberPerSecond: float64(n), MemberBurst: 2 * n}
	}
	a.web, err = web.New(web.Options{
		Logger: a.log, Lines: a.lines, Bundle: bundle, Sites: sites, Spec: api.Spec, Registry: a.metrics, TrustedProxies: a.cfg.TrustedProxies,
		PublicMetrics: a.cfg.MetricsAddr == "" && a.cfg.Env != production, Limits: limits,
		Authenticate: a.auth.Authenticators(), Ready: a.readiness,
	})
	if err != nil {
		return err
	}
	a.auth.AdminRoutes(a.web.Engine)
	for _, register := range features {
		if err := register(a.web); err != nil {
			return err
		}
	}
	return a.web.Check()
}

func (c Config) rules() order.Rules {
	return order.Rules{
		Trigger: c.Order.Trigger, PayWithin: c.Order.PayWithin,
		Settle: c.Order.Settle, CallTimeout: c.Alibaba.Timeout, Warehouse: c.Order.Warehouse,
		Tolerance: c.Order.TolerancePercent, QuoteAge: c.Order.QuoteAge, ApproveWithin: c.Order.ApproveWithin, Buying: c.Order.Buying,
	}
}

func (c Config) rates() (money.Rates, error) {
	if len(c.Rates) == 0 {
		return money.DefaultRates(time.Now()), nil
	}
	var list []money.Rate
	for quote, value := range c.Rates {
		r, err := money.NewRate(quote, value, time.Now(), "manual")
		if err != nil {
			return money.Rates{}, fmt.Errorf("ENTREPOT_RATES: %s: %w", quote, err)
		}
		list = append(list, r)
	}
	return money.NewRates(list...)
}

// Run serves and works until ctx ends, then drains. It returns nil after a clean stop.
func (a *App) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	if a.sandbox != nil {
		g.Go(func() error { return a.sandbox.Run(ctx, a.sandboxLn) })
	}
	if a.http != nil {
		g.Go(func() error { return web.Serve(ctx, a.http, a.gate(a.web.Engine), a.log, 0) })
	}
	if a.metricsLn != nil {
		mux := http.NewServeMux()
		mux.Handle("GET /metrics", a.metricsHandler())
		g.Go(func() error { return web.Serve(ctx, a.metricsLn, mux, a.log, time.Second) })
	}
	g.Go(func() error {
		if err := a.waitPrepared(ctx); err != nil {
			return nil //nolint:nilerr // asked to stop before the database came up: a clean stop
		}
		close(a.ready)
		return a.work(ctx)
	})
	return g.Wait()
}

// work is what needs the schema: the relay, the tasks and the periodic chores.
func (a *App) work(ctx context.Context) error {
	g, ctx := errgroup.WithContext(alibaba.Background(ctx)) // shoppers come first at 1688
	g.Go(func() error { return a.queue.Run(ctx) })
	g.Go(func() error { return a.finder.Watch(ctx) })
	if a.role == Worker || a.queue.Embedded() {
		g.Go(func() error { return a.relay.Run(ctx) })
		g.Go(func() error { return a.purge(ctx) })
	}
	return g.Wait()
}

// Ready is closed when the schema is there and work has begun.
func (a *App) Ready() <-chan struct{} { return a.ready }

// Close undoes New in reverse order.
func (a *App) Close() error {
	var errs []error
	for i := len(a.closers) - 1; i >= 0; i-- {
		errs = append(errs, a.closers[i]())
	}
	a.closers = nil
	return errors.Join(errs...)
}

func nonEmpty(list ...string) (out []string) {
	for _, s := range list {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}
