package search

import (
	"bytes"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"entrepot/internal/errs"
	"entrepot/internal/web"

	"github.com/maypok86/otter/v2"
)

// cacheKey names one answer in this process. Its fields are compared as they are, so that a look-up builds no text.
type cacheKey struct {
	kind    *kind
	site    string
	version siteVersion
	lang    string
	key     string
}

// String is the key for flights and, hashed, for Redis.
func (k cacheKey) String() string {
	return strings.Join([]string{k.kind.name, k.site, k.version.decided, k.version.rate, k.lang, k.key}, "\x00")
}

// entry is a final answer, encoded and compressed once, or the knowledge that there is none. Only what is atomic or
// guarded changes after it is made.
type entry struct {
	refusal *errs.Error // there is no such thing; else nil
	offers  []int64     // shown in the answer
	refs    []ref       // its places in the index, one for each offer
	loaded  time.Time   // when 1688 was asked, by the Service's clock
	number  uint64      // the newest change that was known then, see changes

	dirty    atomic.Uint64 // number of the change that made it untrue; 0 = none
	answer   atomic.Pointer[web.Cached]
	aged     atomic.Bool  // answer says stale: true
	aging    sync.Mutex   // guards the making of that answer
	waitedOn atomic.Int64 // when somebody began to wait for its successor (Unix ns); 0 = nobody does
	tryAgain atomic.Int64 // no refresh before (Unix ns)
}

// What an entry holds besides its bytes, measured as heap growth of a full cache.
const (
	entryCost = 1400 // struct, headers, node and table of the cache
	offerCost = 120  // number, place in the index and its table
)

func weigh(k cacheKey, e *entry) uint32 {
	n := entryCost + len(k.key) + offerCost*len(e.offers)
	if c := e.answer.Load(); c != nil {
		n += cap(c.Body) + cap(c.Gzip)
	}
	return uint32(min(n, math.MaxUint32))
}

// stock is the local tier: entries, bounded by weight, and an index from offers to the entries that show them.
type stock struct {
	entries *otter.Cache[cacheKey, *entry]
	offers  *otter.Cache[offerKey, *offerEntry]
	index   index
	changes changes
}

type offerKey struct {
	site, lang string
	id         int64
}

type offerEntry struct {
	offer  *Offer
	loaded time.Time
	number uint64
}

// open makes empty caches of at most size bytes, a quarter of them for what ordering reads.
func (s *stock) open(size int64, stale time.Duration, evicted func()) {
	s.index.open()
	s.entries = otter.Must(&otter.Options[cacheKey, *entry]{
		MaximumWeight: uint64(size - size/4), Weigher: weigh, ExpiryCalculator: otter.ExpiryWriting[cacheKey, *entry](stale),
		OnAtomicDeletion: func(d otter.DeletionEvent[cacheKey, *entry]) {
			s.index.remove(d.Value)
			if d.Cause == otter.CauseOverflow {
				evicted()
			}
		},
	})
	s.offers = otter.Must(&otter.Options[offerKey, *offerEntry]{
		MaximumWeight: uint64(size / 4), ExpiryCalculator: otter.ExpiryWriting[offerKey, *offerEntry](freshFor),
		Weigher: func(_ offerKey, e *offerEntry) uint32 { return e.offer.weight() },
	})
}

func (s *stock) close() {
	s.entries.StopAllGoroutines()
	s.offers.StopAllGoroutines()
}

// put keeps e. The order matters: first the index, then the look at what changed meanwhile, so that a change at any
// moment is either seen here or finds e in the index.
func (s *stock) put(k cacheKey, e *entry) {
	s.index.add(e)
	if n := s.changes.since(e.number, e.offers); n != 0 {
		e.dirty.CompareAndSwap(0, n)
	}
	s.entries.Set(k, e)
}

// change notes that something about the offers is different now, and answers the number of the change.
func (s *stock) change(offers []int64) uint64 {
	n := s.changes.add(offers)
	for _, id := range offers {
		s.index.each(id, func(e *entry) { e.dirty.CompareAndSwap(0, n) })
	}
	return n
}

// weight is about what an Offer holds in memory.
func (o *Offer) weight() uint32 {
	n := 400 + len(o.Subject) + len(o.SubjectTrans) + len(o.ImageURL) + len(o.SellerOpenID) + len(o.SellerName)
	for _, sku := range o.SKUs {
		n += 80 + len(sku.SpecID) + len(sku.Name) + len(sku.ImageURL)
	}
	return uint32(min(n, math.MaxUint32))
}

// The two marks that change when an answer gets old. Quotes inside JSON texts are escaped, so neither can be part of one.
var (
	freshMark, staleMark       = []byte(`"stale":false`), []byte(`"stale":true`)
	upstreamSource, keptSource = []byte(`"source":"upstream"`), []byte(`"source":"cache"`)
)

// asStale is the answer marked as older than usual, its translations as kept by us. It is made once and takes the place
// of the fresh bytes: an entry never becomes fresh again.
func (e *entry) asStale(k cacheKey) *web.Cached {
	if e.aged.Load() {
		return e.answer.Load()
	}
	e.aging.Lock()
	defer e.aging.Unlock()
	if !e.aged.Load() {
		e.answer.Store(web.NewCached(staleBody(k.kind, e.answer.Load().Body), k.lang, web.CacheRules{}))
		e.aged.Store(true)
	}
	return e.answer.Load()
}

func staleBody(k *kind, body []byte) []byte {
	switch {
	case bytes.Contains(body, freshMark):
		body = bytes.ReplaceAll(body, freshMark, staleMark)
	case bytes.Contains(body, staleMark): // made from an old answer
	case len(body) > 2 && body[0] == '{':
		body = append([]byte(`{"stale":true,`), body[1:]...)
	}
	if k != &kindFilters { // there the source says whose configuration it is
		body = bytes.ReplaceAll(body, upstreamSource, keptSource)
	}
	return body
}
