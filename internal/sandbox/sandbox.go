// Package sandbox is 1688 for people without credentials: catalogue, orders, parcels, messages, clock and faults behind the gateway's own HTTP surface.
// On purpose it imports nothing of ours and shares no type and no signing code with the client, so that one mistake cannot hide in both.
//
// Where things are, in the order a call meets them:
//
//   - gateway, form, signature, oauth, app, limit: what the gateway checks before an API runs; registry: all APIs; profile: the national-site dialect
//   - *_api: what APIs read and answer, one file per group of the documentation; json, values: how things are written
//   - catalogue, words*, lexicon, title, sku, seller, category: goods; dictionary, search, filter, facet, hit: finding them by words
//   - design, shapes*, motif, paint, canvas, picture: drawing them; photo, segment, sights, viewer, match, image_*: finding them by picture
//   - cart, quote, freight, coupon, order*, stage, travel, parcel*, global: trade; fund, cashier: money; refund*, arbitration, voucher: after-sales
//   - message, topic, lane, failed_store: what 1688 says; writeback_api: what it is told
//   - state, journal, timers, clock, transcript: what is kept, and when things happen by themselves
//   - fault*, bend, chaos: misbehaviour; control*, page: the control API and the page for people
package sandbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// The demo application every sandbox knows unless Options.Apps says otherwise. They protect nothing and are printed at start.
const (
	DemoKey    = "8816880"
	DemoSecret = "sandbox-demo-secret"                  //nolint:gosec // made up and printed
	DemoToken  = "5e1c0de0-1688-4688-8688-0000000d3e30" //nolint:gosec // made up and printed
)

// Options configures a Server. The zero value is a usable, memory-only sandbox.
type Options struct {
	Addr        string           // listen address used for BaseURL until Run has a listener; default 127.0.0.1:8688
	PublicURL   string           // base of picture URLs; "" = whatever host the caller used
	Seed        int64            // catalogue and id seed; default 1688
	Offers      int              // size of the catalogue; default 20,000
	Apps        []App            // default: the demo app
	Subscribers []string         // callback URLs that get every message
	DataAsText  bool             // messages carry data as JSON text instead of an object
	Dir         string           // folder of the journal; "" = memory only
	Now         func() time.Time // default time.Now; /sandbox/v1/clock shifts it
	Logger      *slog.Logger     // default: discard
	RetryDelays []time.Duration  // wait before each try of a message; default 0s, 2s, 5s (three tries)
	Chaos       int              // level of the random mode, 0 (off) to 10
	ChaosSeed   int64            // of the random mode; 0 = any, printed in the banner
	Warm        bool             // Run builds the index of the picture search beforehand, a little at a time; else the first picture does
	AutoAdvance time.Duration    // > 0: paid orders take one step of their life (ship, accept, ... success) each AutoAdvance
}

// Server is the simulated 1688. Its handler works without Run; messages leave only while Run is running.
type Server struct {
	opt  Options
	log  *slog.Logger
	apis map[string]*api
	mux  http.Handler

	base     atomic.Pointer[string]
	cat      atomic.Pointer[catalogue]
	drawn    byteCache              // finished pictures
	eyes     atomic.Pointer[sights] // image index
	ranked   seenCache              // what picture searches found
	stopped  chan struct{}          // closed by Close and when Run ends: frees calls held by a timeout fault
	stopOnce sync.Once

	mu sync.Mutex // guards everything below
	*state
	apps    map[string]*app
	appKeys []string // of apps, in order
	ticker  chan struct{}
	lanes   []*lane
	added   chan struct{} // tells Run of new lanes
	format  messageFormat
	running bool
	wg      sync.WaitGroup
	client  *http.Client
}

// New builds the catalogue, replays the journal of Options.Dir if there is one, and returns a server that is not yet listening.
func New(opt Options) (*Server, error) {
	opt = opt.withDefaults()
	s := &Server{
		opt: opt, log: opt.Logger, stopped: make(chan struct{}), added: make(chan struct{}, 1), ticker: make(chan struct{}, 1),
		client: &http.Client{Timeout: 10 * time.Second},
	}
	if err := s.setApps(); err != nil {
		return nil, err
	}
	s.setBase("http://" + opt.Addr)
	s.apis = registry()
	s.format.DataAsText = opt.DataAsText
	if err := s.load(); err != nil {
		return nil, err
	}
	s.SetSubscribers(opt.Subscribers...)
	s.requeue()
	s.mux = s.routes()
	return s, nil
}

func (o Options) withDefaults() Options {
	if o.Addr == "" {
		o.Addr = "127.0.0.1:8688"
	}
	if o.Seed == 0 {
		o.Seed = 1688
	}
	if o.Offers <= 0 {
		o.Offers = 20_000
	}
	if len(o.Apps) == 0 {
		o.Apps = []App{{Key: DemoKey, Secret: DemoSecret, Token: DemoToken}}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Chaos > 0 {
		o.ChaosSeed = newChaos(o.Chaos, o.ChaosSeed).Seed
	}
	if len(o.RetryDelays) == 0 {
		o.RetryDelays = []time.Duration{0, 2 * time.Second, 5 * time.Second}
	}
	return o
}

// Handler serves the gateway, OAuth, pictures and the control API.
func (s *Server) Handler() http.Handler { return s.mux }

// BaseURL is where this sandbox can be reached, without a trailing slash: the listener's address once Run has one, Options.Addr before.
func (s *Server) BaseURL() string { return *s.base.Load() }

func (s *Server) setBase(u string) { s.base.Store(&u) }

// Run serves on ln (nil = somebody else serves Handler) and delivers messages until ctx ends; then it stops both and returns nil.
// It may be called once.
func (s *Server) Run(ctx context.Context, ln net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.mu.Lock()
	if s.running {
		s.mu.Unlock()
		return errors.New("sandbox: already running")
	}
	s.running = true
	s.mu.Unlock()
	s.wg.Go(func() { s.deliverAll(ctx) })
	s.wg.Go(func() { s.tickLoop(ctx) })
	if s.opt.Warm {
		s.sights()
	}
	err := s.serve(ctx, ln)
	cancel()
	s.stopOnce.Do(func() { close(s.stopped) })
	s.wg.Wait()
	s.client.CloseIdleConnections()
	return err
}

func (s *Server) serve(ctx context.Context, ln net.Listener) error {
	if ln == nil {
		<-ctx.Done()
		return nil
	}
	s.setBase("http://" + ln.Addr().String())
	srv := &http.Server{Handler: s.mux, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(ln) }()
	select {
	case err := <-done:
		return fmt.Errorf("sandbox: serve: %w", err)
	case <-ctx.Done():
	}
	s.stopOnce.Do(func() { close(s.stopped) })
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	if err := srv.Shutdown(stop); err != nil {
		_ = srv.Close() // a held connection must not keep the process alive
	}
	if err := <-done; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("sandbox: serve: %w", err)
	}
	return nil
}

// Close releases the journal. Call it after Run has returned.
func (s *Server) Close() error {
	s.stopOnce.Do(func() { close(s.stopped) })
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.journal.close()
}
