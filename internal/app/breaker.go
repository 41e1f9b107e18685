package app

import (
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"
)

// When a breaker opens and how it comes back. Failures count when they follow each other without one good answer.
const (
	openAfter      = 5               // failed calls of a method
	openAfterLate  = 3               // calls of a method that were never answered: each costs a caller seconds
	cutAfter       = 3               // calls of any method that found no way to 1688
	cutAfterLate   = 6               // calls of any method that were never answered
	openFor        = time.Second     // then one call may try
	probeFor       = 2 * time.Second // a trial without an answer for so long does not keep others from trying
	forgetAfter    = time.Minute     // failures further apart do not belong together
	quotaAfter     = 3               // refusals by the rate limit in a row
	backgroundHold = 50 * time.Millisecond
)

// quotaPauses are what integrators found 1688 wants after refusals by its rate limit; the last one repeats.
var quotaPauses = [...]time.Duration{10 * time.Second, 20 * time.Second, 40 * time.Second, 80 * time.Second, 120 * time.Second}

var (
	errFailed  = errors.New("failed")
	errNothing = errors.New("says nothing")
)

// breaker stops calls that are known to fail. It wraps the library's with what callers are told: since when, until when.
type breaker struct {
	cb       *gobreaker.TwoStepCircuitBreaker[struct{}]
	late     atomic.Uint32 // calls in a row without an answer
	opened   atomic.Int64  // unix nanoseconds of the last opening
	since    atomic.Int64  // of the first one of this outage, 0 = none
	openings func()
}

func newBreaker(name string, failures, lates uint32, openings func()) *breaker {
	b := &breaker{openings: openings}
	b.cb = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Name: name, Interval: forgetAfter, Timeout: openFor, OnStateChange: b.changed,
		ReadyToTrip: func(c gobreaker.Counts) bool {
			late := min(b.late.Load(), c.ConsecutiveFailures)
			return c.ConsecutiveFailures-late >= failures || late >= lates
		},
		IsSuccessful: func(err error) bool { return err == nil },
		IsExcluded:   func(err error) bool { return errors.Is(err, errNothing) },
	})
	return b
}

// changed runs under the library's lock.
func (b *breaker) changed(_ string, from, to gobreaker.State) {
	now := time.Now().UnixNano()
	switch to {
	case gobreaker.StateOpen:
		b.opened.Store(now)
		b.since.CompareAndSwap(0, now)
		if from == gobreaker.StateClosed {
			b.openings()
		}
	case gobreaker.StateClosed:
		b.since.Store(0)
		b.late.Store(0)
	}
}

// allow asks for leave to make a call; done takes nil, errFailed or errNothing. While the breaker tries, a call that takes
// long lets another one try beside it.
func (b *breaker) allow() (done func(err error, late bool), ok bool) {
	trial := b.cb.State() != gobreaker.StateClosed
	report, err := b.cb.Allow()
	if err != nil {
		return nil, false
	}
	stop := func() bool { return true }
	if trial {
		stop = time.AfterFunc(probeFor, func() { report(errNothing) }).Stop
	}
	return func(err error, late bool) {
		if late {
			b.late.Add(1)
		} else if !errors.Is(err, errNothing) {
			b.late.Store(0)
		}
		if stop() || !errors.Is(err, errNothing) {
			report(err)
		}
	}, true
}

// refuses reports whether a call would be refused now, without taking the place of the trial.
func (b *breaker) refuses() bool {
	switch b.cb.State() {
	case gobreaker.StateOpen:
		return true
	case gobreaker.StateHalfOpen:
		c := b.cb.Counts()
		return c.Requests > c.TotalExclusions
	default:
		return false
	}
}

// back guesses when to come back: the longer 1688 has been away the later, but no later than most.
func (b *breaker) back(most time.Duration) time.Duration {
	since := b.since.Load()
	if since == 0 {
		return openFor
	}
	return min(max(time.Since(time.Unix(0, since))/4, openFor), most)
}

// spread moves d by up to a quarter, so that those who were refused together do not come back together.
func spread(d time.Duration) time.Duration { return d + rand.N(d/4+1) }

// quota remembers that 1688's rate limit refused a method again and again. Background work then keeps still for the whole
// pause; shoppers are refused too, except that one a second may try.
type quota struct {
	mu     sync.Mutex
	row    int // refusals since the last call that was not refused
	level  int
	until  time.Time // of the pause
	shop   bool      // shoppers are held back too
	tryAt  time.Time // when the next shopper may try
	pauses func()
}

// left is how long callers of a class have to keep still; 0 = not at all. A shopper who may try takes the place.
func (q *quota) left(background, take bool) time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	left := max(q.until.Sub(now), 0)
	if background || left == 0 {
		return left
	}
	if !q.shop {
		return 0
	}
	if now.Before(q.tryAt) {
		return left
	}
	if take {
		q.tryAt = now.Add(openFor)
	}
	return 0
}

// report notes a call that 1688 answered.
func (q *quota) report(refused bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	paused := now.Before(q.until)
	if !refused {
		q.row, q.shop = 0, false
		if !paused {
			q.level = 0
		}
		return
	}
	if q.row++; q.row < quotaAfter || paused {
		return
	}
	q.until, q.shop, q.tryAt = now.Add(quotaPauses[q.level]), true, now.Add(openFor)
	q.level = min(q.level+1, len(quotaPauses)-1)
	q.pauses()
}
