package web

import (
	"hash/maphash"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"golang.org/x/time/rate"

	"entrepot/internal/errs"
)

// Limits are token buckets per second with a burst, in this process. A zero rate is off.
type Limits struct {
	SitePerSecond   float64 // per site key and client address (IPv6: the /64)
	SiteBurst       int
	MemberPerSecond float64 // per member or staff
	MemberBurst     int
}

// DefaultLimits are generous: a carrier's NAT hides many shoppers behind one address.
var DefaultLimits = Limits{SitePerSecond: 200, SiteBurst: 400, MemberPerSecond: 50, MemberBurst: 100}

type clientKey struct {
	site string
	ip   netip.Addr
}

const (
	limiterShards = 32
	shardKeys     = 2048 // 32 x 2048 keys is about 10 MB at worst
)

// Limiter is a token bucket per key with a bounded number of keys: when full, one that has been quiet long makes room.
type Limiter[K comparable] struct {
	rate   rate.Limit
	burst  int
	seed   maphash.Seed
	shards []limiterShard[K]
}

type limiterShard[K comparable] struct {
	mu   sync.Mutex
	keys map[K]*bucket
}

type bucket struct {
	lim  *rate.Limiter
	seen time.Time
}

// NewLimiter allows perSecond on average and burst at once per key; perSecond <= 0 allows everything.
func NewLimiter[K comparable](perSecond float64, burst int) *Limiter[K] {
	l := &Limiter[K]{rate: rate.Limit(perSecond), burst: max(burst, 1), seed: maphash.MakeSeed()}
	if perSecond > 0 {
		l.shards = make([]limiterShard[K], limiterShards)
	}
	return l
}

// Allow takes one token of the key at now. When there is none it says how long until there is.
func (l *Limiter[K]) Allow(key K, now time.Time) (wait time.Duration, ok bool) {
	if l.shards == nil {
		return 0, true
	}
	s := &l.shards[maphash.Comparable(l.seed, key)%limiterShards]
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.keys[key]
	if b == nil {
		b = &bucket{lim: rate.NewLimiter(l.rate, l.burst)}
		s.add(key, b)
	}
	b.seen = now
	if b.lim.AllowN(now, 1) {
		return 0, true
	}
	r := b.lim.ReserveN(now, 1)
	wait = r.DelayFrom(now)
	r.CancelAt(now)
	return wait, false
}

// Return gives a token of the key back: what it was taken for turned out not to count.
func (l *Limiter[K]) Return(key K, now time.Time) {
	if l.shards == nil {
		return
	}
	s := &l.shards[maphash.Comparable(l.seed, key)%limiterShards]
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.keys[key]; b != nil {
		b.lim.AllowN(now, -1) // a negative take is a give; the next take trims what is over the burst
	}
}

func (s *limiterShard[K]) add(key K, b *bucket) {
	if s.keys == nil {
		s.keys = map[K]*bucket{}
	}
	if len(s.keys) >= shardKeys {
		var oldest K
		var seen time.Time
		n := 0
		for k, v := range s.keys { // map order is random: a sample of 8 is good enough
			if n == 0 || v.seen.Before(seen) {
				oldest, seen = k, v.seen
			}
			if n++; n == 8 {
				break
			}
		}
		delete(s.keys, oldest)
	}
	s.keys[key] = b
}

// limitSite counts the request of one client at a site, before anything is spent on its token. Operations without a
// site key (probes, callbacks, staff) are not counted.
func (s *Server) limitSite(c *gin.Context, r *request) error {
	if s.bySite.shards == nil {
		return nil
	}
	ip := r.ip
	if ip.Is6() {
		p, _ := ip.Prefix(64) // a 128-bit address always has one
		ip = p.Addr()
	}
	if wait, ok := s.bySite.Allow(clientKey{r.site.Code, ip}, r.started); !ok {
		return refuse(c, s.opts.Limits.SitePerSecond, s.opts.Limits.SiteBurst, wait)
	}
	return nil
}

// limitCaller counts the request of a verified caller.
func (s *Server) limitCaller(c *gin.Context, r *request) error {
	if r.caller.Kind == "" || s.byCall.shards == nil {
		return nil
	}
	if wait, ok := s.byCall.Allow(Caller{Kind: r.caller.Kind, ID: r.caller.ID}, r.started); !ok {
		return refuse(c, s.opts.Limits.MemberPerSecond, s.opts.Limits.MemberBurst, wait)
	}
	return nil
}

// refuse names the policy only to those who hit it: formatting it costs more than the check.
func refuse(c *gin.Context, perSecond float64, burst int, wait time.Duration) error {
	h := c.Writer.Header()
	seconds := strconv.Itoa(int(wait/time.Second) + 1)
	h.Set("RateLimit-Policy", `"default";q=`+strconv.Itoa(burst)+";w="+strconv.Itoa(int(float64(burst)/perSecond)+1))
	h.Set("RateLimit", `"default";r=0;t=`+seconds)
	return errs.New(errs.RateLimited, "rate.limited").After(max(wait, time.Second))
}
