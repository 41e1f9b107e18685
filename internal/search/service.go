package search

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync/atomic"
	"time"

	"entrepot/internal/alibaba"
	"entrepot/internal/errs"
	"entrepot/internal/money"
	"entrepot/internal/site"
	"entrepot/internal/web"

	"github.com/maypok86/otter/v2"
	"golang.org/x/sync/singleflight"
)

// How long answers count as fresh, and how long an old one may stand in while 1688 is away.
const (
	freshFor  = time.Minute
	staleFor  = time.Hour
	missFor   = 10 * time.Second // a product that does not exist
	cacheSize = 64 << 20         // bytes of encoded answers
	loadLimit = 20 * time.Second // one load, which serves everybody who waits for it
)

// fresh tells clients how long they may keep an answer.
var fresh = web.CacheRules{MaxAge: freshFor, StaleWhileRevalidate: freshFor, StaleIfError: staleFor}

// Options is what a Service needs.
type Options struct {
	Client *alibaba.Client
	Rates  money.Rates
	Now    func() time.Time
	Logger *slog.Logger
}

// Service answers catalogue questions of shoppers.
type Service struct {
	client *alibaba.Client
	rates  money.Rates
	now    func() time.Time
	log    *slog.Logger
	bytes  *otter.Cache[string, *entry]
	offers *otter.Cache[string, *offerEntry]
	flight singleflight.Group
	epoch  atomic.Int64 // raised by Invalidate, so that a load that began before does not bring the old answer back
}

// entry is a final answer: encoded and compressed once, kept with its ETag.
type entry struct {
	cached  *web.Cached
	loaded  time.Time
	missing bool
	offers  []int64
}

type offerEntry struct {
	offer  *Offer
	loaded time.Time
}

// New makes a Service with empty caches.
func New(o Options) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Service{
		client: o.Client, rates: o.Rates, now: o.Now, log: o.Logger,
		bytes: otter.Must(&otter.Options[string, *entry]{
			MaximumWeight: cacheSize,
			Weigher: func(k string, e *entry) uint32 {
				return uint32(len(k) + len(e.cached.Body) + len(e.cached.Gzip) + 200)
			},
			ExpiryCalculator: otter.ExpiryWriting[string, *entry](staleFor),
		}),
		offers: otter.Must(&otter.Options[string, *offerEntry]{
			MaximumSize: 10_000, ExpiryCalculator: otter.ExpiryWriting[string, *offerEntry](staleFor),
		}),
	}
}

// Close ends the caches' own goroutines. Nobody may ask afterwards.
func (s *Service) Close() error {
	s.bytes.StopAllGoroutines()
	s.offers.StopAllGoroutines()
	return nil
}

// Search answers one page of hits as final bytes. Errors: invalid with pointers, unavailable when 1688 is away and
// nothing is remembered.
func (s *Service) Search(ctx context.Context, st *site.Site, lang string, q Query) (*web.Cached, error) {
	q, err := q.normalise()
	if err != nil {
		return nil, err
	}
	return s.answer(ctx, "s|"+st.Code+"|"+lang+"|"+q.key(), lang, func(ctx context.Context) (any, []int64, error) {
		return s.loadSearch(ctx, st, lang, q)
	})
}

func (q Query) key() string {
	return strconv.Itoa(q.Page) + "|" + strconv.Itoa(q.PageSize) + "|" + strconv.FormatInt(q.CategoryID, 10) + "|" + q.Filter + "|" + q.Sort +
		"|" + q.PriceStart + "|" + q.PriceEnd + "|" + q.Keyword
}

// Product answers one offer as final bytes. Errors: not_found, unavailable.
func (s *Service) Product(ctx context.Context, st *site.Site, lang string, offerID int64) (*web.Cached, error) {
	return s.answer(ctx, productKey(st, lang, offerID), lang, func(ctx context.Context) (any, []int64, error) {
		p, err := s.detail(ctx, st, lang, offerID)
		if err != nil {
			return nil, []int64{offerID}, err
		}
		view, err := s.productView(st, lang, p)
		return view, []int64{offerID}, err
	})
}

func productKey(st *site.Site, lang string, offerID int64) string {
	return "p|" + st.Code + "|" + lang + "|" + strconv.FormatInt(offerID, 10)
}

// answer gives the bytes for key: from the cache while fresh, else from one shared load; when 1688 is away an old
// answer stands in, marked stale.
func (s *Service) answer(ctx context.Context, key, lang string, load func(context.Context) (any, []int64, error)) (*web.Cached, error) {
	old, ok := s.bytes.GetIfPresent(key)
	if ok && s.isFresh(old) {
		if old.missing {
			return nil, errs.New(errs.NotFound, "product.not_found")
		}
		return old.cached, nil
	}
	ch := s.flight.DoChan(key, func() (any, error) {
		// The load serves everybody who waits, so the first caller's hang-up must not end it.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(web.Context(ctx)), loadLimit)
		defer cancel()
		return s.load(ctx, key, lang, load)
	})
	select {
	case r := <-ch:
		if r.Err == nil {
			return r.Val.(*entry).cached, nil
		}
		if ok && !old.missing && errs.CodeOf(r.Err) == errs.Unavailable {
			return asStale(old.cached, lang)
		}
		return nil, r.Err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (s *Service) isFresh(e *entry) bool {
	limit := freshFor
	if e.missing {
		limit = missFor
	}
	return s.now().Sub(e.loaded) < limit
}

func (s *Service) load(ctx context.Context, key, lang string, load func(context.Context) (any, []int64, error)) (*entry, error) {
	epoch := s.epoch.Load()
	view, offers, err := load(ctx)
	if errs.Is(err, "product.not_found") && s.epoch.Load() == epoch {
		s.bytes.Set(key, &entry{cached: &web.Cached{}, loaded: s.now(), missing: true, offers: offers})
	}
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(view)
	if err != nil {
		return nil, err
	}
	e := &entry{cached: web.NewCached(body, lang, fresh), loaded: s.now(), offers: offers}
	if s.epoch.Load() == epoch {
		s.bytes.Set(key, e)
	}
	return e, nil
}

// asStale re-encodes an old answer with stale: true. Rare, so the cost does not matter.
func asStale(c *web.Cached, lang string) (*web.Cached, error) {
	var m map[string]json.RawMessage
	if err := json.Unmarshal(c.Body, &m); err != nil {
		return nil, err
	}
	m["stale"] = json.RawMessage("true")
	body, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	return web.NewCached(body, lang, web.CacheRules{}), nil
}

// Offer reads what ordering needs of a product, at most freshFor old. 1688's own preview has the last word on prices.
func (s *Service) Offer(ctx context.Context, st *site.Site, lang string, offerID int64) (*Offer, error) {
	key := productKey(st, lang, offerID)
	if e, ok := s.offers.GetIfPresent(key); ok && s.now().Sub(e.loaded) < freshFor {
		return e.offer, nil
	}
	ch := s.flight.DoChan("o|"+key, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), loadLimit)
		defer cancel()
		epoch := s.epoch.Load()
		p, err := s.detail(ctx, st, lang, offerID)
		if err != nil {
			return nil, err
		}
		o := offerOf(p, lang)
		if s.epoch.Load() == epoch {
			s.offers.Set(key, &offerEntry{offer: o, loaded: s.now()})
		}
		return o, nil
	})
	select {
	case r := <-ch:
		o, _ := r.Val.(*Offer) // nil beside an error
		return o, r.Err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Invalidate forgets everything known about the offers (product and stock messages of 1688). Search pages that show
// them go too.
func (s *Service) Invalidate(offerIDs ...int64) {
	s.epoch.Add(1)
	gone := map[int64]bool{}
	for _, id := range offerIDs {
		gone[id] = true
	}
	for key, e := range s.bytes.All() {
		for _, id := range e.offers {
			if gone[id] {
				s.bytes.Invalidate(key)
				break
			}
		}
	}
	for key, e := range s.offers.All() {
		if gone[e.offer.ID] {
			s.offers.Invalidate(key)
		}
	}
}

func (s *Service) detail(ctx context.Context, st *site.Site, lang string, offerID int64) (*alibaba.Product, error) {
	p, err := s.client.ProductDetail(ctx, alibaba.DetailQuery{OfferID: alibaba.ID(offerID), Country: lang, CountryName: st.CountryName})
	if alibaba.ClassOf(err) == alibaba.Rejected {
		return nil, errs.New(errs.NotFound, "product.not_found").Because(err)
	}
	if err != nil {
		return nil, FromUpstream(err)
	}
	if p.OfferID == 0 {
		return nil, errs.New(errs.NotFound, "product.not_found")
	}
	return p, nil
}

// FromUpstream translates a failed read of 1688 for callers of our API: 503 with Retry-After, never a 500.
func FromUpstream(err error) error {
	var e *alibaba.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Class {
	case alibaba.Quota:
		return errs.New(errs.Unavailable, "upstream.quota").After(e.RetryAfter).Because(err)
	case alibaba.Rejected:
		return errs.New(errs.Rule, "upstream.refused").Because(err)
	default:
		return errs.New(errs.Unavailable, "upstream.unavailable").After(5 * time.Second).Because(err)
	}
}

func (s *Service) loadSearch(ctx context.Context, st *site.Site, lang string, q Query) (any, []int64, error) {
	if (q.Page-1)*q.PageSize >= maxHits { // beyond what 1688 ever shows
		return SearchPage{Items: []Hit{}, CurrentPage: q.Page, PageSize: q.PageSize}, nil, nil
	}
	page, err := s.client.KeywordQuery(ctx, alibaba.KeywordQuery{
		Keyword: q.Keyword, BeginPage: q.Page, PageSize: q.PageSize, Country: lang, CountryName: st.CountryName, CategoryID: q.CategoryID,
		Filter: q.Filter, Sort: q.Sort, PriceStart: q.PriceStart, PriceEnd: q.PriceEnd,
	})
	if err != nil {
		return nil, nil, FromUpstream(err)
	}
	quoter, err := s.quoter(st)
	if err != nil {
		return nil, nil, err
	}
	return s.pageView(quoter, lang, q, page)
}

func (s *Service) quoter(st *site.Site) (money.Quoter, error) {
	rate, err := s.rates.Rate(st.Currency.Code)
	if err != nil {
		return money.Quoter{}, fmt.Errorf("search: %w", err)
	}
	return money.Quoter{Rate: rate, Currency: st.Currency, Locale: st.Locale}, nil
}
