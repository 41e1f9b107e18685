package app

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"entrepot/internal/alibaba"

	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"
	"golang.org/x/time/rate"
)

const (
	redisPatience = 250 * time.Millisecond // a slower answer of Redis counts as none
	redisAway     = time.Second            // how long each process then keeps to the rate by itself
	shareOf       = 10                     // one call in so many is kept for background work
	shortestWait  = 2 * time.Millisecond
)

// errBusy: the calls that 1688 allows are all in use.
var errBusy = errors.New("the budget of calls to 1688 is used up")

// budget shares the calls per second that 1688 allows among all processes. Shoppers come first: background work takes what
// they leave, and a tenth that is its own so that pushes and purchases never stand still.
type budget struct {
	shared   *redis_rate.Limiter // nil: this process is alone
	patience time.Duration       // of a shopper
	total    *lane
	methods  map[string]*lane
	away     atomic.Int64 // unix nanoseconds until which Redis is not asked
}

// lane is one limit with its two queues, each first come, first served: whoever has the turn asks for the next call.
type lane struct {
	key     string
	rate    int // calls per second
	burst   int // calls at once
	turns   map[bool]chan struct{}
	waiting atomic.Int64 // shoppers
	// What this process may do by itself: the same two parts as in Redis.
	main, reserve *rate.Limiter
}

// newBudget is nil when nothing is limited. rdb is nil when no other process exists.
func newBudget(rdb redis.UniversalClient, appKey string, total int, methods map[string]int, patience time.Duration) *budget {
	b := &budget{patience: patience, methods: map[string]*lane{}}
	if rdb != nil {
		b.shared = redis_rate.NewLimiter(rdb)
	}
	key := "entrepot:alibaba:" + appKey
	if total > 0 {
		b.total = newLane(key, total)
	}
	for api, n := range methods {
		b.methods[api] = newLane(key+":"+api, n)
	}
	if b.total == nil && len(b.methods) == 0 {
		return nil
	}
	return b
}

func newLane(key string, n int) *lane {
	l := &lane{key: key, rate: n, burst: max(2, n/2), turns: map[bool]chan struct{}{true: make(chan struct{}, 1), false: make(chan struct{}, 1)}}
	l.reserve = rate.NewLimiter(rate.Limit(n)/shareOf, 1)
	l.main = rate.NewLimiter(rate.Limit(n)-rate.Limit(n)/shareOf, l.burst)
	return l
}

// floor is how many of the calls possible at once are left to shoppers.
func (l *lane) floor() int { return l.burst - max(1, l.burst/4) }

// wait returns when the call may be made. Shoppers wait for a short time, background work as long as ctx lasts. The error is
// ctx's when the caller left, else one that alibaba.NotNow knows.
func (b *budget) wait(ctx context.Context, api string, background bool) error {
	own := ctx
	if !background {
		var cancel context.CancelFunc
		own, cancel = context.WithTimeout(ctx, b.patience)
		defer cancel()
	}
	for _, l := range [...]*lane{b.methods[api], b.total} {
		if l == nil {
			continue
		}
		if err := b.take(own, l, background); err != nil {
			if errors.Is(ctx.Err(), context.Canceled) {
				return ctx.Err()
			}
			return &alibaba.Error{API: api, Class: alibaba.Quota, RetryAfter: spread(time.Second), Err: errBusy}
		}
	}
	return nil
}

// take waits for the turn and then for the call.
func (b *budget) take(ctx context.Context, l *lane, background bool) error {
	if !background {
		if n := l.waiting.Add(1); float64(n) > float64(l.burst)+b.patience.Seconds()*float64(l.rate) {
			l.waiting.Add(-1)
			return errBusy // hopeless: those in front take longer than a shopper waits
		}
		defer l.waiting.Add(-1)
	}
	turn := l.turns[background]
	select {
	case turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-turn }()
	for {
		pause := b.ask(l, background)
		if pause <= 0 {
			return nil
		}
		if end, ok := ctx.Deadline(); ok && !background && time.Until(end) < pause {
			return errBusy // it will not come in time
		}
		timer := time.NewTimer(max(pause, shortestWait))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

// ask takes one call if there is one now, else it answers when to ask again.
func (b *budget) ask(l *lane, background bool) time.Duration {
	pause, ok := b.askShared(l, background)
	if !ok {
		return l.askLocal(time.Now(), background)
	}
	if pause <= 0 {
		l.main.Allow() // so that the local limit does not start with all its calls unused
	}
	return pause
}

// askShared asks Redis. In the same bucket background work has a smaller burst: it gets a call only while most of what
// shoppers may take at once is there. ok is false when Redis does not answer.
func (b *budget) askShared(l *lane, background bool) (pause time.Duration, ok bool) {
	if b.shared == nil || time.Now().UnixNano() < b.away.Load() {
		return 0, false
	}
	const unit = shareOf * time.Second
	main := redis_rate.Limit{Rate: l.rate * (shareOf - 1), Period: unit, Burst: l.burst}
	if !background {
		return b.redis(l.key, main)
	}
	main.Burst -= l.floor()
	if pause, ok = b.redis(l.key, main); !ok || pause <= 0 {
		return pause, ok
	}
	own, ok := b.redis(l.key+":background", redis_rate.Limit{Rate: l.rate, Period: unit, Burst: 1})
	return min(pause, own), ok
}

// redis never waits long: the client's own limits are made for tasks, not for shoppers. An answer that comes after all
// ends the time without Redis at once.
func (b *budget) redis(key string, limit redis_rate.Limit) (pause time.Duration, ok bool) {
	answers := make(chan *redis_rate.Result, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), redisAway)
		defer cancel()
		r, err := b.shared.Allow(ctx, key, limit)
		if err != nil {
			b.leave()
		} else {
			b.away.Store(0)
		}
		answers <- r
	}()
	timer := time.NewTimer(redisPatience)
	defer timer.Stop()
	select {
	case r := <-answers:
		switch {
		case r == nil:
			return 0, false
		case r.Allowed > 0:
			return 0, true
		default:
			return max(r.RetryAfter, shortestWait), true
		}
	case <-timer.C:
		b.leave()
		return 0, false
	}
}

// leave makes this process keep to the rate by itself for a while.
func (b *budget) leave() { b.away.Store(time.Now().Add(redisAway).UnixNano()) }

// askLocal is askShared for a process that has only itself.
func (l *lane) askLocal(now time.Time, background bool) time.Duration {
	if !background {
		return takeToken(l.main, now, 0)
	}
	pause := takeToken(l.main, now, l.floor())
	if pause <= 0 {
		return 0
	}
	return min(pause, takeToken(l.reserve, now, 0))
}

// takeToken takes one token if more than floor are there.
func takeToken(r *rate.Limiter, now time.Time, floor int) time.Duration {
	missing := float64(floor+1) - r.TokensAt(now)
	if missing <= 0 && r.AllowN(now, 1) {
		return 0
	}
	return max(time.Duration(missing/float64(r.Limit())*float64(time.Second)), shortestWait)
}
