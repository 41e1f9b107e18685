package search

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"
	"time"

	"entrepot/internal/alibaba"
	"entrepot/internal/errs"
	"entrepot/internal/web"
)

// refreshes bounds the loads nobody waits for.
const (
	refreshes    = 32
	refreshLimit = 3 * time.Second
)

// loaded is what a load brought and from where.
type loaded struct {
	entry *entry
	how   how
}

// refresh asks again in the background, once for each entry at a time. When too many are running, the next caller who
// comes tries.
func (s *Service) refresh(ctx context.Context, k cacheKey, e *entry, load loader) {
	now := time.Now()
	last := e.tryAgain.Load()
	if now.UnixNano() < last || s.unreachable(k.kind) || !e.tryAgain.CompareAndSwap(last, now.Add(loadLimit).UnixNano()) {
		return
	}
	select {
	case s.slots <- struct{}{}:
	default:
		e.tryAgain.Store(last)
		return
	}
	base := alibaba.Background(web.Context(ctx))
	s.begin(func() {
		defer func() { <-s.slots }()
		_, _, _ = s.flight.Do(k.String(), func() (any, error) { return s.fetch(base, k, load, true) })
		e.tryAgain.Store(time.Now().Add(s.pause).UnixNano())
	})
}

// fetch is the one load of k that runs in this process: Redis, then 1688. It serves everybody who waits, so it does not
// end with the caller who began it, but it ends early when there is an old answer: a load that hangs must not be what
// everybody joins once 1688 is back. again: what is merely good enough is in hand already.
func (s *Service) fetch(base context.Context, k cacheKey, load loader, again bool) (got loaded, err error) {
	if !s.enter() {
		return loaded{}, unavailable(context.Canceled)
	}
	defer s.running.Done()
	growStack(0)
	limit := loadLimit
	if _, known := s.entries.GetIfPresent(k); known {
		limit = max(refreshLimit, s.health(k.kind).patience())
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(base), limit)
	defer cancel()
	defer context.AfterFunc(s.closing, cancel)()
	defer func() {
		if p := recover(); p != nil { // it would end the process: this goroutine is nobody's request
			s.log.Error("panic in a catalogue load", "kind", k.kind.name, "what", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			err = errs.New(errs.Internal, "internal.error")
		}
		if e, ok := s.entries.GetIfPresent(k); ok {
			e.waitedOn.Store(0)
		}
	}()
	if e, ok := s.entries.GetIfPresent(k); ok && s.condition(k.kind, e) == isFresh {
		return loaded{e, howHit}, nil // somebody was faster
	}
	e, lease := s.recall(ctx, k, again)
	defer lease.end(s)
	if e != nil {
		return loaded{e, howRedis}, nil
	}
	if err := s.hold(k); err != nil {
		return loaded{}, err
	}
	e, err = s.load(ctx, k, load)
	if err != nil {
		return loaded{}, err
	}
	if e.dirty.Load() == 0 {
		lease.keep(s, k, e)
	}
	return loaded{e, howMiss}, nil
}

// growStack gives a new goroutine the stack that decoding and compressing need while there is next to nothing on it that
// has to move.
//
//go:noinline
func growStack(at int) byte {
	var room [24 << 10]byte
	room[at] = 1
	return room[len(room)-1-at]
}

// failure is how the load of k failed a moment ago; nil when it did not.
func (s *Service) failure(k cacheKey) error {
	if err, ok := s.failures.GetIfPresent(k); ok {
		own := *err // callers may add to theirs
		return &own
	}
	return nil
}

// fail remembers a failure for a moment, so that a key that cannot be answered does not keep 1688 busy.
func (s *Service) fail(k cacheKey, err error) {
	if s.pause > 0 {
		_, _ = s.failures.Set(k, errs.From(err)) // what was there before does not matter
	}
}

// hold refuses a load that would only meet the same failure again.
func (s *Service) hold(k cacheKey) error {
	if err := s.failure(k); err != nil {
		return err
	}
	if after, away := s.away(k.kind.api); away {
		return unavailable(errAway).After(after)
	}
	if !s.health(k.kind).admit(time.Now()) {
		return unavailable(errAway)
	}
	return nil
}

// unreachable reports whether asking 1688 now would be refused on our side.
func (s *Service) unreachable(k *kind) bool {
	_, away := s.away(k.api)
	return away || s.health(k).away()
}

// load asks 1688 and keeps the answer.
func (s *Service) load(ctx context.Context, k cacheKey, load loader) (*entry, error) {
	e := &entry{number: s.changes.number.Load(), loaded: s.now()}
	began := time.Now()
	view, offers, err := load(reading(ctx, &e.number))
	e.offers = offers
	s.meter(k.kind).loaded(err)
	s.health(k.kind).saw(k, err, time.Since(began))
	if err == nil {
		var body []byte
		if body, err = json.Marshal(view); err == nil {
			e.answer.Store(web.NewCached(body, k.lang, s.rules(k.kind)))
		}
	}
	if err != nil && !refusal(k.kind, err) {
		if s.closing.Err() == nil {
			s.fail(k, err)
		}
		return nil, err
	}
	if err != nil {
		e.refusal = errs.From(err)
	}
	s.put(k, e)
	return e, nil
}

type readingKey struct{}

// reading gives a load's context the number under which its entry will be kept.
func reading(ctx context.Context, number *uint64) context.Context {
	return context.WithValue(ctx, readingKey{}, number)
}

// outdate makes untrue what this process knows about an offer, except for the load under ctx, which has just found out.
// Other processes are not told: each compares for itself.
func (s *Service) outdate(ctx context.Context, offer int64) {
	number, ok := ctx.Value(readingKey{}).(*uint64)
	untouched := ok && s.changes.since(*number, []int64{offer}) == 0
	if n := s.change([]int64{offer}); untouched {
		*number = n
	}
}

// refusal: 1688 was asked and there is nothing to show. That is an answer too.
func refusal(k *kind, err error) bool {
	code := errs.CodeOf(err)
	return k.miss > 0 && (code == errs.NotFound || code == errs.Blocked)
}

// enter counts a load that Close must wait for; false when it is too late to begin one.
func (s *Service) enter() bool {
	s.closeMu.Lock()
	defer s.closeMu.Unlock()
	if s.closing.Err() != nil {
		return false
	}
	s.running.Add(1)
	return true
}

// begin runs fn in a goroutine of the Service's own.
func (s *Service) begin(fn func()) {
	if s.enter() {
		go func() {
			defer s.running.Done()
			fn()
		}()
	}
}
