package search

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"entrepot/internal/alibaba"
	"entrepot/internal/auth"
	"entrepot/internal/database"
	"entrepot/internal/errs"
	"entrepot/internal/i18n"
	"entrepot/internal/money"
	"entrepot/internal/site"
	"entrepot/internal/web"

	"github.com/maypok86/otter/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/singleflight"
)

// How long answers count as fresh, how long an old one may stand in while 1688 is away, and how much is kept.
const (
	freshFor  = time.Minute
	staleFor  = 24 * time.Hour
	cacheSize = 64 << 20
)

// Options is what a Service needs.
type Options struct {
	Client *alibaba.Client
	Rates  *money.Book
	DB     *database.DB          // what staff decided; nil: nothing is blocked, no configuration of a site's own
	Redis  redis.UniversalClient // shared by all processes: word of staff's changes, what is followed; nil: they poll, each remembers for itself
	Auth   *auth.Service
	Idem   *web.Idempotency
	Sites  *site.Registry
	Bundle *i18n.Bundle
	// ImageHosts may be named by imageAddress, exactly; nil: DefaultImageHosts.
	ImageHosts []string
	// ImageOrigin is the embedded sandbox, whose own pictures imageAddress may name too; "" = none.
	ImageOrigin string
	Now         func() time.Time
	Logger      *slog.Logger
	// Away, when set, tells without asking 1688 that a method would be refused now, and when to ask again.
	Away func(api string) (retryAfter time.Duration, away bool)

	Warehouse Destination           // where sellers ship to, for freight estimates; zero: callers must say
	Fresh     time.Duration         // of answers that show prices; default one minute
	Stale     time.Duration         // how long an old answer may stand in; default a day
	CacheSize int64                 // bytes of answers kept in this process; default 64 MiB
	Pause     time.Duration         // after failures, before 1688 is asked the same again; 0 = none
	Shared    redis.UniversalClient // second tier, for all processes; nil = none
	Namespace string                // of the keys there, one for each installation
	Metrics   prometheus.Registerer // nil = none
}

// Service answers catalogue questions of shoppers.
type Service struct {
	client *alibaba.Client
	rates  *money.Book
	now    func() time.Time
	log    *slog.Logger
	staff
	words     *translations
	watch     *priceWatch
	homes     *homes
	pictures  *pictureDesk
	denied    denied
	follower  *follower
	warehouse Destination
	unread    atomic.Int64 // prices of 1688's that could not be read

	stock
	fresh, stale, pause time.Duration
	failures            *otter.Cache[cacheKey, *errs.Error]
	flight              singleflight.Group
	slots               chan struct{} // of loads in the background
	tier                *tier         // nil without Redis
	meters              meters
	away                func(api string) (time.Duration, bool) // never nil

	closing context.Context //nolint:containedctx // ends what the Service runs by itself
	close   context.CancelFunc
	closeMu sync.Mutex
	running sync.WaitGroup
}

// New makes a Service with empty caches.
func New(o Options) *Service {
	s := &Service{client: o.Client, rates: o.Rates, now: o.Now, log: o.Logger, pause: o.Pause, slots: make(chan struct{}, refreshes)}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.away = o.Away; s.away == nil {
		s.away = func(string) (time.Duration, bool) { return 0, false }
	}
	if s.rates == nil {
		s.rates = money.NewBook(money.Rates{}, s.now)
	}
	o.Now, o.Rates, o.Logger = s.now, s.rates, s.log
	s.staff, s.words, s.watch, s.homes, s.pictures = newStaff(o), newTranslations(), newPriceWatch(), newHomes(), newPictures(o)
	s.denied, s.follower, s.warehouse = newDenied(), newFollower(o), o.Warehouse
	s.fresh, s.stale = cmp.Or(o.Fresh, freshFor), cmp.Or(o.Stale, staleFor)
	s.closing, s.close = context.WithCancel(context.Background())
	s.failures = otter.Must(&otter.Options[cacheKey, *errs.Error]{
		MaximumSize: 10_000, ExpiryCalculator: otter.ExpiryWriting[cacheKey, *errs.Error](max(s.pause, time.Millisecond)),
	})
	s.open(cmp.Or(o.CacheSize, cacheSize), s.stale, func() { s.meters.evicted.Inc() })
	if o.Shared != nil {
		s.tier = newTier(s, o.Shared, o.Namespace)
	}
	s.metrics(o.Metrics)
	s.tier.start(s)
	return s
}

// Close ends what runs in the background, loads included. Nobody may ask afterwards.
func (s *Service) Close() error {
	s.follower.close()
	s.closeMu.Lock()
	s.close()
	s.closeMu.Unlock()
	s.running.Wait()
	s.stock.close()
	s.words.close()
	s.watch.close()
	s.homes.close()
	s.pictures.close()
	s.failures.StopAllGoroutines()
	return s.tier.close()
}

// Invalidate makes everything known about the offers untrue, here and in the other processes (product and stock messages
// of 1688): products and the pages that show them are asked again before they are shown.
func (s *Service) Invalidate(offerIDs ...int64) {
	if len(offerIDs) == 0 {
		return
	}
	s.watch.forget(offerIDs)
	s.change(offerIDs)
	s.meters.own.Add(float64(len(offerIDs)))
	s.tier.tell(offerIDs)
}

// Search answers one page of hits as final bytes. Errors: invalid with pointers, unavailable when 1688 is away and
// nothing is remembered.
func (s *Service) Search(ctx context.Context, st *site.Site, lang string, q Query) (*web.Cached, error) {
	q, err := s.normalise(st, q)
	if err != nil {
		return nil, err
	}
	return s.searchFor(ctx, st, lang, askedSearch{Query: q, key: q.key()})
}

// searchFor is Search for a query that is in its one spelling already.
func (s *Service) searchFor(ctx context.Context, st *site.Site, lang string, q askedSearch) (*web.Cached, error) {
	who := buyer(ctx)
	return s.ask(ctx, question{&kindSearch, st, lang, q.key}, func(ctx context.Context) (any, []int64, error) {
		return s.loadSearch(withBuyer(ctx, who), st, lang, q.Query)
	})
}

func (q Query) key() string {
	return strconv.Itoa(q.Page) + "|" + strconv.Itoa(q.PageSize) + "|" + strconv.FormatInt(q.CategoryID, 10) + "|" + q.Filter + "|" + q.Sort +
		"|" + q.PriceStart + "|" + q.PriceEnd + "|" + q.Keyword
}

// ProductFor is Product with the unit prices for a quantity.
func (s *Service) ProductFor(ctx context.Context, st *site.Site, lang string, offerID, quantity int64) (*web.Cached, error) {
	c, err := s.Product(ctx, st, lang, offerID)
	if err != nil {
		return nil, err
	}
	return withUnitPrices(c, quantity)
}

// Product answers one offer as final bytes. Errors: not_found, blocked when the site must not show it, upstream when none of
// its prices can be read, unavailable.
func (s *Service) Product(ctx context.Context, st *site.Site, lang string, offerID int64) (*web.Cached, error) {
	who := buyer(ctx)
	return s.ask(ctx, question{&kindProduct, st, lang, strconv.FormatInt(offerID, 10)}, func(ctx context.Context) (any, []int64, error) {
		p, err := s.detail(withBuyer(ctx, who), st, lang, offerID)
		if err != nil {
			return nil, []int64{offerID}, atOffer(err)
		}
		v, err := s.viewer(st, s.TranslatedInto(st, lang))
		if err != nil {
			return nil, nil, err
		}
		view, err := v.product(p)
		return view, []int64{offerID}, err
	})
}

// atOffer adds to "there is none" where the offer was named in the path.
func atOffer(err error) error {
	if errs.CodeOf(err) == errs.NotFound {
		return errs.New(errs.NotFound, "product.not_found").At("/path/offerId", "product.not_found").Because(err)
	}
	return err
}

// Offer reads what ordering needs of a product, at most freshFor old. 1688's own preview has the last word on prices.
// Errors: not_found, blocked when the site must not sell it, unavailable.
func (s *Service) Offer(ctx context.Context, st *site.Site, lang string, offerID int64) (*Offer, error) {
	o, err := s.offer(ctx, st, lang, offerID)
	if err == nil {
		s.follower.ordered(offerID)
	}
	return o, err
}

func (s *Service) offer(ctx context.Context, st *site.Site, lang string, offerID int64) (*Offer, error) {
	if s.blocks(st).offer(offerID) {
		return nil, blocked("")
	}
	key := offerKey{st.Code, lang, offerID}
	if e, ok := s.offers.GetIfPresent(key); ok && s.now().Sub(e.loaded) < freshFor && s.changes.since(e.number, []int64{offerID}) == 0 &&
		e.number >= s.changes.gap.Load() {
		return s.allowed(st, e.offer)
	}
	base := web.Context(ctx)
	ch := s.flight.DoChan("offer\x00"+st.Code+"\x00"+lang+"\x00"+strconv.FormatInt(offerID, 10), func() (any, error) {
		return s.loadOffer(base, st, key)
	})
	select {
	case r := <-ch:
		if r.Err != nil {
			return nil, r.Err
		}
		return s.allowed(st, r.Val.(*Offer))
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// allowed is o unless the site must not sell it.
func (s *Service) allowed(st *site.Site, o *Offer) (*Offer, error) {
	if b := s.blocks(st); b.offer(o.ID) || b.category(o.Categories...) || b.seller(o.SellerOpenID) || b.text(o.Subject, o.SubjectTrans) {
		return nil, blocked("")
	}
	return o, nil
}

func (s *Service) loadOffer(base context.Context, st *site.Site, key offerKey) (*Offer, error) {
	if !s.enter() {
		return nil, unavailable(context.Canceled)
	}
	defer s.running.Done()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(base), loadLimit)
	defer cancel()
	defer context.AfterFunc(s.closing, cancel)()
	e := &offerEntry{number: s.changes.number.Load(), loaded: s.now()}
	p, err := s.detail(reading(ctx, &e.number), st, key.lang, key.id)
	if err != nil {
		return nil, err
	}
	e.offer = offerOf(p, s.TranslatedInto(st, key.lang), s.now())
	s.offers.Set(key, e)
	return s.allowed(st, e.offer)
}

func (s *Service) detail(ctx context.Context, st *site.Site, lang string, offerID int64) (*alibaba.Product, error) {
	p, err := s.client.ProductDetail(ctx, alibaba.DetailQuery{
		OfferID: alibaba.ID(offerID), Country: lang, CountryName: st.CountryName, OutMemberID: buyerOf(ctx),
	})
	if alibaba.ClassOf(err) == alibaba.Rejected {
		return nil, errs.New(errs.NotFound, "product.not_found").Because(err)
	}
	if err != nil {
		return nil, FromUpstream(err)
	}
	if p.OfferID == 0 {
		return nil, errs.New(errs.NotFound, "product.not_found")
	}
	s.follower.loaded(offerID)
	if s.watch.detailed(offerID, allPrices(p)) {
		s.outdate(ctx, offerID) // lists still show another price
	}
	s.learn(st, string(p.SellerOpenID), int64(p.OfferID))
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
		after := 5 * time.Second
		if e.RetryAfter > 0 {
			after = e.RetryAfter
		}
		return errs.New(errs.Unavailable, "upstream.unavailable").After(after).Because(err)
	}
}

func (s *Service) loadSearch(ctx context.Context, st *site.Site, lang string, q Query) (any, []int64, error) {
	if s.blocks(st).text(q.Keyword) {
		return nil, nil, blocked("/query/keyword")
	}
	if s.blocks(st).category(q.CategoryID) {
		return nil, nil, blocked("/query/categoryId")
	}
	if beyondReach(q.Page, q.PageSize) {
		return SearchPage{Items: []Hit{}, CurrentPage: q.Page, PageSize: q.PageSize}, nil, nil
	}
	page, err := s.client.KeywordQuery(ctx, alibaba.KeywordQuery{
		Keyword: q.Keyword, BeginPage: q.Page, PageSize: q.PageSize, Country: lang, CountryName: st.CountryName, CategoryID: q.CategoryID,
		Filter: q.Filter, Sort: q.Sort, PriceStart: q.PriceStart, PriceEnd: q.PriceEnd, OutMemberID: buyerOf(ctx),
	})
	if err != nil {
		return nil, nil, FromUpstream(err)
	}
	v, err := s.viewer(st, s.TranslatedInto(st, lang))
	if err != nil {
		return nil, nil, err
	}
	view, offers := v.page(q, page)
	return view, offers, nil
}

func (s *Service) quoter(st *site.Site) (money.Quoter, error) {
	rate, err := s.rates.Rate(st.Currency.Code)
	if err != nil {
		return money.Quoter{}, errs.New(errs.Unavailable, "rate.missing").After(time.Minute).Because(err)
	}
	return money.Quoter{Rate: rate, Currency: st.Currency, Locale: st.Locale, FX: rate.FX(st.Currency)}, nil
}
