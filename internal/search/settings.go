package search

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"entrepot/internal/auth"
	"entrepot/internal/errs"
	"entrepot/internal/i18n"
	"entrepot/internal/site"
	"entrepot/internal/web"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"
)

// Staff's changes are looked for this often; the poke of another process comes sooner.
const (
	pollEvery  = time.Second
	loadWithin = 10 * time.Second
	pokes      = "entrepot:catalogue-settings" // Redis channel
)

// staff is the part of Service that knows what staff decided.
type staff struct {
	store  store
	redis  redis.UniversalClient
	auth   *auth.Service
	idem   *web.Idempotency
	sites  *site.Registry
	bundle *i18n.Bundle

	settings atomic.Pointer[settings]
	loading  sync.Mutex
	served   *servedFilters // what 1688 serves
	learned  chan learned   // offers met whose seller is blocked
}

// settings is everything staff decided, as of one moment. It never changes.
type settings struct {
	sites map[string]*siteSettings
	rates int64 // version of the exchange rates
}

// siteSettings is what staff decided about one site.
type siteSettings struct {
	number  int64 // as stored
	version string
	blocks  *blocklist
	filters *ownFilters // nil = none of the site's own
}

var untouched = &siteSettings{version: "0"}

func newStaff(o Options) staff {
	return staff{
		store: store{o.DB}, redis: o.Redis, auth: o.Auth, idem: o.Idem, sites: o.Sites, bundle: o.Bundle,
		served: &servedFilters{}, learned: make(chan learned, 256),
	}
}

func (s *Service) of(st *site.Site) *siteSettings {
	if all := s.settings.Load(); all != nil {
		if found := all.sites[st.Code]; found != nil {
			return found
		}
	}
	return untouched
}

// version names everything staff can change about a site's answers, the exchange rate among it: answers are kept under it,
// so that one made under an older list or rate is never served. It is the same in every process.
func (s *Service) version(st *site.Site) siteVersion {
	return siteVersion{s.of(st).version, s.rates.Version(st.Currency.Code)}
}

type siteVersion struct{ decided, rate string }

// Refresh reads what staff changed since the last time. A failure leaves everything as it was.
func (s *Service) Refresh(ctx context.Context) error {
	if s.store.db == nil {
		return nil
	}
	s.loading.Lock()
	defer s.loading.Unlock()
	ctx, cancel := context.WithTimeout(ctx, loadWithin)
	defer cancel()
	rows, err := s.store.settings(ctx) // first: what is read after it is at least as new
	if err != nil {
		return err
	}
	old := s.settings.Load()
	if old == nil {
		old = &settings{}
	}
	next := &settings{sites: make(map[string]*siteSettings, len(rows)), rates: old.rates}
	for _, row := range rows {
		if row.Site == everySite {
			if err := s.loadRates(ctx, row, old); err != nil {
				return err
			}
			next.rates = row.Version
			continue
		}
		have := old.sites[row.Site]
		if have == nil || have.number != row.Version {
			if have, err = s.loadSite(ctx, row); err != nil {
				return err
			}
		}
		next.sites[row.Site] = have
	}
	s.settings.Store(next)
	return nil
}

func (s *Service) loadSite(ctx context.Context, row settingRow) (*siteSettings, error) {
	entries, err := s.store.blocksOf(ctx, row.Site)
	if err != nil {
		return nil, err
	}
	reach, err := s.store.reachOf(ctx, row.Site)
	if err != nil {
		return nil, err
	}
	own, err := s.store.ownFilters(ctx, row)
	if err != nil {
		return nil, err
	}
	return &siteSettings{
		number: row.Version, version: strconv.FormatInt(row.Version, 36), blocks: newBlocklist(entries, reach), filters: own,
	}, nil
}

func (s *Service) loadRates(ctx context.Context, row settingRow, old *settings) error {
	if row.Version == old.rates {
		return nil
	}
	rows, err := s.store.liveRates(ctx, s.now())
	if err != nil {
		return err
	}
	list, err := dated(rows)
	if err != nil {
		return err
	}
	s.rates.Replace(list)
	return nil
}

// changed makes a change of staff count: here before the answer goes out, elsewhere by a poke. The change is durable already,
// so a failure is no failure of the request: the next poll finds it.
func (s *Service) changed(ctx context.Context) {
	ctx = context.WithoutCancel(ctx)
	if err := s.Refresh(ctx); err != nil {
		s.log.WarnContext(ctx, "catalogue settings", "error", err)
	}
	if s.redis != nil {
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		_ = s.redis.Publish(ctx, pokes, "").Err() // others poll
	}
}

// Watch keeps up with what staff change in other processes, and finds out what blocks reach, until ctx ends.
func (s *Service) Watch(ctx context.Context) error {
	if s.store.db == nil {
		return nil
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { s.poll(ctx); return nil })
	g.Go(func() error { s.follow(ctx); return nil })
	return g.Wait()
}

func (s *Service) poll(ctx context.Context) {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	var poked <-chan *redis.Message
	if s.redis != nil {
		sub := s.redis.Subscribe(ctx, pokes)
		defer func() { _ = sub.Close() }()
		poked = sub.Channel()
	}
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case _, ok := <-poked:
			if !ok {
				poked = nil
			}
		}
		err := s.Refresh(ctx)
		if err != nil && !failing && ctx.Err() == nil { // once for each outage
			s.log.WarnContext(ctx, "catalogue settings: going on with the last ones", "error", err)
		}
		failing = err != nil
	}
}

// siteOf finds a site by its code; pointer is where the caller named it.
func (s *Service) siteOf(code, pointer string) (*site.Site, error) {
	if st, ok := s.sites.ByCode(code); ok {
		return st, nil
	}
	return nil, errs.New(errs.Invalid, "request.invalid").At(pointer, "site.unknown")
}
