package search

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
)

// Limits of the second tier. Redis is only asked on the way to 1688, and never waited for much longer than it needs.
const (
	lookLimit  = 30 * time.Millisecond  // one look; after the first that takes longer, Redis is left alone for a while
	keepLimit  = 500 * time.Millisecond // writing, which nobody waits for
	leaseFor   = 600 * time.Millisecond // a process that died holds up the others no longer
	leaseWait  = 5 * time.Second        // a process that is only slow neither
	markerFor  = 15 * time.Minute       // how long Redis remembers which offers changed
	firstKept  = time.Hour              // an answer asked for once; those asked for again are kept as long as they may stand in
	largest    = 1 << 20                // bytes of one value
	writes     = 64                     // at once
	tierFormat = "1"                    // part of every key: another format never meets this one
)

// tier is the second tier of the cache: answers in Redis, so that another process or the next start finds them, leases,
// so that one process at a time asks 1688, and the news of changed offers. Everything in it may vanish at any time.
type tier struct {
	rdb    redis.UniversalClient
	own    bool // rdb is ours to close
	prefix string
	log    *slog.Logger
	id     string        // of this process
	wait   time.Duration // lookLimit; tests have more
	busy   chan struct{} // writes under way
	down   atomic.Bool
	failed chan struct{} // wakes the one who waits for Redis to come back
	outbox outbox
}

func newTier(s *Service, shared redis.UniversalClient, namespace string) *tier {
	if namespace == "" {
		namespace = "entrepot"
	}
	rdb, own := hurried(shared)
	t := &tier{
		rdb: rdb, own: own, prefix: namespace + ":catalogue:" + tierFormat, log: s.log, id: uuid.NewString(), wait: lookLimit,
		busy: make(chan struct{}, writes), failed: make(chan struct{}, 1),
	}
	t.outbox.open()
	return t
}

// hurried is a client for the same Redis that gives up early: the shared one is patient, for the queue.
func hurried(shared redis.UniversalClient) (rdb redis.UniversalClient, own bool) {
	switch c := shared.(type) {
	case *redis.Client:
		o := *c.Options()
		o.MaxRetries, o.DialerRetries, o.PoolSize, o.MinIdleConns, o.ContextTimeoutEnabled = -1, 1, 16, 1, true
		o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = keepLimit, keepLimit, keepLimit, keepLimit
		return redis.NewClient(&o), true
	case *redis.ClusterClient:
		o := *c.Options()
		o.MaxRetries, o.MaxRedirects, o.PoolSize, o.ContextTimeoutEnabled = -1, 2, 16, true
		o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = keepLimit, keepLimit, keepLimit, keepLimit
		return redis.NewClusterClient(&o), true
	}
	return shared, false
}

// ready reports whether Redis is worth asking. A nil tier never is.
func (t *tier) ready() bool { return t != nil && !t.down.Load() }

func (t *tier) close() error {
	if t == nil || !t.own {
		return nil
	}
	return t.rdb.Close()
}

// saw leaves Redis alone for a while when it could not be reached. What it refuses by itself (a wrong type, no memory)
// is only that command's failure.
func (t *tier) saw(ctx context.Context, err error) {
	var refused redis.Error
	if err == nil || errors.As(err, &refused) || errors.Is(ctx.Err(), context.Canceled) {
		return
	}
	if t.down.CompareAndSwap(false, true) {
		t.log.Warn("search: redis unavailable, each process caches by itself", "error", err)
		select {
		case t.failed <- struct{}{}:
		default:
		}
	}
}

// name is where k is kept: without its words, which say what people look for.
func (t *tier) name(part string, k cacheKey) string {
	sum := sha256.Sum256([]byte(k.String()))
	return t.prefix + ":" + part + ":" + hex.EncodeToString(sum[:16])
}

// marker is where the time of an offer's last change is kept; the braces keep all of them on one node of a cluster, so
// that they can be read at once.
func (t *tier) marker(offer int64) string {
	return "{" + t.prefix + "}:changed:" + strconv.FormatInt(offer, 10)
}

func (t *tier) everything() string { return "{" + t.prefix + "}:changed:all" }

// found is what Redis said about an answer.
type found struct {
	value  *kept     // nil: none that can be used
	now    time.Time // Redis' clock; zero when it did not say
	leased bool      // the load is ours
	free   bool      // leases do not work: load without
}

// look reads an answer and, in the same round trip, the clock and the lease. ok is false when Redis could not be asked.
func (t *tier) look(ctx context.Context, k cacheKey) (f found, ok bool) {
	if !t.ready() {
		return found{}, false
	}
	ctx, cancel := context.WithTimeout(ctx, t.wait)
	defer cancel()
	pipe := t.rdb.Pipeline()
	value := pipe.GetRange(ctx, t.name("answer", k), 0, largest)
	clock := pipe.Time(ctx)
	lease := pipe.SetNX(ctx, t.name("lease", k), t.id, leaseFor)
	_, err := pipe.Exec(ctx)
	t.saw(ctx, err)
	if !t.ready() || ctx.Err() != nil && err != nil {
		return found{}, false
	}
	f = found{now: clock.Val(), leased: lease.Val(), free: lease.Err() != nil}
	if raw, err := value.Bytes(); err == nil && len(raw) > 0 && len(raw) <= largest {
		f.value = readKept(raw)
	}
	return f, true
}

// changed reports whether one of the offers changed since the time, by Redis' clock.
func (t *tier) changed(ctx context.Context, offers []int64, since time.Time) bool {
	if len(offers) == 0 {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, t.wait)
	defer cancel()
	names := []string{t.everything()}
	for _, id := range offers {
		names = append(names, t.marker(id))
	}
	list, err := t.rdb.MGet(ctx, names...).Result()
	t.saw(ctx, err)
	if err != nil {
		return true // cannot be proved
	}
	for _, v := range list {
		text, _ := v.(string)
		if at, err := strconv.ParseInt(text, 10, 64); err == nil && at >= since.UnixMicro() {
			return true
		}
	}
	return false
}
