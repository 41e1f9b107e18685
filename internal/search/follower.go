package search

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"sync/atomic"
	"time"

	"entrepot/internal/alibaba"

	"github.com/maypok86/otter/v2"
	"github.com/redis/go-redis/v9"
)

// How offers are followed at 1688.
const (
	followQueue = 256     // offers waiting; more are dropped and asked for again by their next load
	followKnown = 100_000 // offers remembered
	followFor   = 24 * time.Hour
	followRest  = 30 * time.Second // after a failure that concerns all
)

// What is known of an offer.
const (
	unseen   int32 = iota
	seenOnce       // loaded once: may never be again
	wanted         // waiting to be followed, or followed
)

// follower tells 1688 which offers matter to us: it sends messages of price, stock and delisting for followed ones only.
// Best effort, in the background, never in a request's way: a product nobody follows is merely up to a minute old.
type follower struct {
	client *alibaba.Client
	redis  redis.UniversalClient // nil: other processes follow the same offers again, which changes nothing
	log    *slog.Logger
	now    func() time.Time
	known  *otter.Cache[int64, *atomic.Int32]
	queue  chan int64
	stop   context.CancelFunc
	done   chan struct{}
	rests  time.Time // the goroutine's own
}

func newFollower(o Options) *follower {
	ctx, stop := context.WithCancel(context.Background())
	f := &follower{
		client: o.Client, redis: o.Redis, log: o.Logger, now: o.Now, queue: make(chan int64, followQueue), stop: stop, done: make(chan struct{}),
		known: otter.Must(&otter.Options[int64, *atomic.Int32]{
			MaximumSize: followKnown, ExpiryCalculator: otter.ExpiryWriting[int64, *atomic.Int32](followFor),
		}),
	}
	go f.run(ctx)
	return f
}

// close ends the goroutine; offers that wait are forgotten.
func (f *follower) close() {
	f.stop()
	<-f.done
	f.known.StopAllGoroutines()
}

// loaded notes that an offer's detail was read from 1688: the second time it is worth following.
func (f *follower) loaded(offerID int64) {
	if state := f.state(offerID); !state.CompareAndSwap(unseen, seenOnce) && state.CompareAndSwap(seenOnce, wanted) {
		f.enqueue(offerID, state)
	}
}

// ordered notes that somebody is about to buy an offer.
func (f *follower) ordered(offerID int64) {
	if state := f.state(offerID); state.Swap(wanted) != wanted {
		f.enqueue(offerID, state)
	}
}

func (f *follower) state(offerID int64) *atomic.Int32 {
	if state, ok := f.known.GetIfPresent(offerID); ok {
		return state
	}
	state, _ := f.known.SetIfAbsent(offerID, &atomic.Int32{})
	return state
}

func (f *follower) enqueue(offerID int64, state *atomic.Int32) {
	select {
	case f.queue <- offerID:
	default:
		state.Store(seenOnce)
	}
}

func (f *follower) run(ctx context.Context) {
	defer close(f.done)
	for {
		select {
		case <-ctx.Done():
			return
		case id := <-f.queue:
			if !f.follow(ctx, id) {
				f.state(id).Store(seenOnce) // the next load tries again
			}
		}
	}
}

// follow reports whether there is nothing more to do for an offer.
func (f *follower) follow(ctx context.Context, offerID int64) bool {
	if offerID == 0 { // no offer
		return true
	}
	if f.now().Before(f.rests) {
		return false
	}
	key := "entrepot:follow:" + f.client.AppKey() + ":" + strconv.FormatInt(offerID, 10)
	if f.redis != nil {
		if first, err := f.redis.SetNX(ctx, key, 1, followFor).Result(); err == nil && !first {
			return true // another process did
		}
	}
	err := f.client.Follow(alibaba.Background(ctx), alibaba.ID(offerID))
	if err == nil || alibaba.ClassOf(err) == alibaba.Rejected && !notAllowed(err) {
		return true // a refusal is about this offer, and final
	}
	f.rests = f.now().Add(restAfter(err))
	if ctx.Err() == nil {
		f.log.Warn("1688 does not let us follow products; trying again later", "error", err)
	}
	if f.redis != nil {
		f.redis.Del(context.WithoutCancel(ctx), key) // best effort: it expires
	}
	return false
}

// restAfter is how long nothing is followed after a failure: without the permission, as long as a feature is hidden.
func restAfter(err error) time.Duration {
	var e *alibaba.Error
	if notAllowed(err) || errors.As(err, &e) && e.Class == alibaba.Auth {
		return deniedFor
	}
	if e != nil {
		return max(e.RetryAfter, followRest)
	}
	return followRest
}
