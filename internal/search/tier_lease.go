package search

import (
	"context"
	"time"
)

// lease is one load's way through the second tier: whether this process alone may ask 1688, and what to write afterwards.
// A nil lease does nothing.
type lease struct {
	t     *tier
	k     cacheKey
	held  bool
	asked time.Time // when the load began, by Redis' clock; zero: the answer cannot be kept
	again bool      // the answer was known before: worth keeping longer
	stop  context.CancelFunc
	saved bool
}

// recall looks for an answer in Redis and, if there is none, for leave to ask 1688. While another process asks, it waits
// for that answer. An answer that is good, but not fresh, is put into the local tier for those who cannot wait longer,
// and returned only if nothing better is wanted (again is false).
func (s *Service) recall(ctx context.Context, k cacheKey, again bool) (*entry, *lease) {
	t, until := s.tier, time.Now().Add(leaseWait)
	l := &lease{t: t, k: k, again: again}
	for pause := 4 * time.Millisecond; ; pause = min(pause*3/2, 50*time.Millisecond) {
		f, ok := t.look(ctx, k)
		if !ok {
			return nil, nil
		}
		l.held, l.asked = l.held || f.leased, f.now
		if f.value != nil {
			l.again = true
			if e := s.revive(ctx, k, f, again); e != nil {
				return e, l
			}
		}
		if l.held || f.free || time.Now().After(until) {
			l.renew(s, ctx)
			return nil, l
		}
		select {
		case <-ctx.Done():
			return nil, l
		case <-time.After(pause):
		}
	}
}

// revive turns what Redis had into an entry of this process; nil when 1688 has to be asked.
func (s *Service) revive(ctx context.Context, k cacheKey, f found, again bool) *entry {
	number := s.changes.number.Load()
	age := max(f.now.Sub(f.value.asked), 0)
	if f.now.IsZero() || age >= s.stale {
		return nil
	}
	e := &entry{number: number, loaded: s.now().Add(-age), offers: f.value.offers, refusal: f.value.refusal}
	if e.refusal == nil {
		c := f.value.answer(k.lang, s.rules(k.kind))
		if c == nil {
			return nil
		}
		e.answer.Store(c)
	}
	if s.changes.after(time.Now().Add(-age), e.offers) || len(e.offers) > 0 && (age >= markerFor || s.tier.changed(ctx, e.offers, f.value.asked)) {
		e.dirty.Store(max(number, 1))
	}
	what := s.condition(k.kind, e)
	if old, ok := s.entries.GetIfPresent(k); what == isVoid || ok && what != isFresh && !old.loaded.Before(e.loaded) {
		return nil // nothing, or nothing newer
	}
	s.put(k, e)
	if e.dirty.Load() == 0 && (what == isFresh || what == isAging && !again) {
		return e
	}
	return nil
}

// renew keeps the lease while the load runs.
func (l *lease) renew(s *Service, ctx context.Context) { //nolint:revive // the Service first: it owns the goroutine
	if !l.held {
		return
	}
	ctx, l.stop = context.WithCancel(ctx)
	s.begin(func() {
		tick := time.NewTicker(leaseFor / 3)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if l.t.ready() {
					each, cancel := context.WithTimeout(ctx, leaseFor/3)
					l.t.saw(each, l.t.rdb.SetXX(each, l.t.name("lease", l.k), l.t.id, leaseFor).Err())
					cancel()
				}
			}
		}
	})
}

// keep writes e to Redis, then gives the lease back. Nobody waits for that.
func (l *lease) keep(s *Service, k cacheKey, e *entry) {
	if l == nil || l.asked.IsZero() || !l.t.ready() {
		return
	}
	ttl := s.stale
	if !l.again {
		ttl = min(ttl, firstKept)
	}
	if e.refusal != nil {
		ttl = k.kind.miss
	}
	l.saved = true
	l.t.write(s, func(ctx context.Context) error {
		pipe := l.t.rdb.Pipeline()
		if raw, ok := keptOf(e, l.asked); ok {
			pipe.Set(ctx, l.t.name("answer", k), raw, ttl)
		}
		if l.held {
			pipe.Del(ctx, l.t.name("lease", k))
		}
		if pipe.Len() == 0 {
			return nil
		}
		_, err := pipe.Exec(ctx)
		return err
	})
}

// end gives the lease back when there is nothing to write.
func (l *lease) end(s *Service) {
	if l == nil {
		return
	}
	if l.stop != nil {
		l.stop()
	}
	if l.held && !l.saved && l.t.ready() {
		l.t.write(s, func(ctx context.Context) error { return l.t.rdb.Del(ctx, l.t.name("lease", l.k)).Err() })
	}
}

// write does something with Redis in the background; when too much is under way already, it is not done at all.
func (t *tier) write(s *Service, do func(context.Context) error) {
	select {
	case t.busy <- struct{}{}:
	default:
		return
	}
	s.begin(func() {
		defer func() { <-t.busy }()
		ctx, cancel := context.WithTimeout(context.Background(), keepLimit)
		defer cancel()
		t.saw(ctx, do(ctx))
	})
}
