package search

import (
	"context"
	"errors"
	"time"

	"entrepot/internal/errs"
	"entrepot/internal/web"
)

// How long callers wait, and how old an answer may be for what.
const (
	revalidate  = 5                      // up to this many times its freshness an old answer is given at once, while it is asked again
	recent      = time.Hour              // up to this age it is given after a short wait
	shortWait   = 25 * time.Millisecond  // which is this
	leastWait   = 800 * time.Millisecond // callers without anything to give wait at least this long
	longestWait = 8 * time.Second        // and no longer than this, however slow 1688 is
	loadLimit   = 10 * time.Second       // one load, which serves everybody who waits for it
	askAgain    = 2                      // loads a caller waits for when what he asks about keeps changing
)

// loader asks 1688 and answers the view to encode and the offers it shows.
type loader = func(context.Context) (view any, offers []int64, err error)

// condition is what an entry is good for.
type condition int

const (
	isFresh condition = iota // give it
	isAging                  // give it as stale, ask again meanwhile
	isOld                    // ask again first; give it as stale when that takes too long
	isVoid                   // never give it
)

func (s *Service) condition(k *kind, e *entry) condition {
	age, limit := s.now().Sub(e.loaded), s.freshness(k, e)
	if e.refusal != nil {
		if e.dirty.Load() == 0 && e.number >= s.changes.gap.Load() && age < limit {
			return isFresh
		}
		return isVoid // that there is nothing is not believed for long
	}
	switch {
	case age >= s.stale:
		return isVoid
	case e.dirty.Load() != 0 || age >= revalidate*limit:
		return isOld
	case age < limit && age > -limit && e.number >= s.changes.gap.Load() && !e.aged.Load():
		return isFresh
	}
	return isAging
}

// freshness is how long e is believed without asking.
func (s *Service) freshness(k *kind, e *entry) time.Duration {
	if e.refusal != nil {
		return min(k.miss, s.freshOf(k))
	}
	return s.freshOf(k)
}

// ask gives the final bytes of an answer: from the cache while fresh, else from one shared load; see ADR 11. load answers
// the view to encode and the offers it shows.
func (s *Service) ask(ctx context.Context, q question, load loader) (*web.Cached, error) {
	k := cacheKey{q.kind, q.site.Code, s.version(q.site), q.lang, q.key}
	e, ok := s.entries.GetIfPresent(k)
	if !ok {
		return s.miss(ctx, k, nil, load)
	}
	switch s.condition(k.kind, e) {
	case isFresh:
		return s.give(k, e, howHit)
	case isAging:
		s.refresh(ctx, k, e, load)
		return s.giveOld(k, e)
	case isVoid:
		e = nil
	}
	return s.miss(ctx, k, e, load)
}

func (s *Service) give(k cacheKey, e *entry, how how) (*web.Cached, error) {
	if e.refusal != nil {
		s.meter(k.kind).count(howNegative)
		own := *e.refusal // callers may add to theirs
		return nil, &own
	}
	s.meter(k.kind).count(how)
	return e.answer.Load(), nil
}

func (s *Service) giveOld(k cacheKey, e *entry) (*web.Cached, error) {
	s.meter(k.kind).count(howStale)
	return e.asStale(k), nil
}

// miss waits for a load, others' or its own. old is what may be given when that takes too long or fails; nil for nothing.
func (s *Service) miss(ctx context.Context, k cacheKey, old *entry, load loader) (*web.Cached, error) {
	known := s.failure(k)
	switch {
	case old != nil && (known != nil || s.unreachable(k.kind)):
		return s.giveOld(k, old)
	case known != nil:
		s.meter(k.kind).count(howFailed)
		return nil, known
	}
	for again := 1; ; again++ {
		before := s.changes.number.Load()
		got, err := s.wait(ctx, k, old, load)
		if got.entry != nil && got.entry.dirty.Load() != 0 && before >= got.entry.dirty.Load() && again < askAgain {
			continue // the load began before a change that this caller came after
		}
		switch {
		case got.entry != nil && err == nil:
			return s.deliver(ctx, k, got, load)
		case ctx.Err() != nil:
			return nil, ctx.Err()
		}
		if e := s.standby(k, old); e != nil && replaceable(err) {
			if s.condition(k.kind, e) == isFresh { // the load came in just now, for others
				return s.give(k, e, howShared)
			}
			return s.giveOld(k, e)
		}
		s.meter(k.kind).count(howFailed)
		return nil, err
	}
}

// deliver gives what a load brought. Redis may have had an answer that is good, but no longer fresh.
func (s *Service) deliver(ctx context.Context, k cacheKey, got loaded, load loader) (*web.Cached, error) {
	if got.entry.dirty.Load() == 0 && s.condition(k.kind, got.entry) == isAging {
		s.refresh(ctx, k, got.entry, load)
		return s.giveOld(k, got.entry)
	}
	return s.give(k, got.entry, got.how)
}

// replaceable: an old answer is better than err.
func replaceable(err error) bool {
	code := errs.CodeOf(err)
	return code == errs.Unavailable || code == errs.Upstream || code == errs.Internal
}

// standby is what may be given instead of an answer: what the caller found, or what Redis had meanwhile.
func (s *Service) standby(k cacheKey, old *entry) *entry {
	if e, ok := s.entries.GetIfPresent(k); ok && e.refusal == nil && s.condition(k.kind, e) != isVoid {
		return e
	}
	return old
}

// wait joins the load of k, or begins it, and waits as long as is good for a caller.
func (s *Service) wait(ctx context.Context, k cacheKey, old *entry, load loader) (loaded, error) {
	mine := false
	base := web.Context(ctx) // gin uses its own contexts again
	ch := s.flight.DoChan(k.String(), func() (any, error) {
		mine = true
		return s.fetch(base, k, load, false)
	})
	limit := s.patience(k, old)
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for waited := limit; ; {
		select {
		case r := <-ch:
			got, _ := r.Val.(loaded) // empty beside an error
			if !mine && got.how == howMiss {
				got.how = howShared
			}
			return got, r.Err
		case <-ctx.Done():
			return loaded{}, ctx.Err()
		case <-timer.C:
			// Redis may have had an old answer; if not, a caller with nothing in hand waits on.
			if longer := s.health(k.kind).patience() - waited; old == nil && s.standby(k, nil) == nil && longer > 0 {
				timer.Reset(longer)
				waited += longer
				continue
			}
			if s.standby(k, old) == nil || waited >= leastWait {
				s.health(k.kind).bad(k)
				s.fail(k, unavailable(errLate))
			}
			return loaded{}, unavailable(errLate)
		}
	}
}

var (
	errLate = errors.New("search: 1688 has not answered yet")
	errAway = errors.New("search: 1688 does not answer, not asked again yet")
)

// unavailable asks the caller to come back when there may be an answer.
func unavailable(cause error) *errs.Error {
	return errs.New(errs.Unavailable, "upstream.unavailable").After(2 * time.Second).Because(cause)
}

// patience is how long a caller waits before the old answer will do, counted from the first one who waits for the same.
func (s *Service) patience(k cacheKey, old *entry) time.Duration {
	if old == nil {
		if s.tier.ready() {
			return shortWait + lookLimit
		}
		return s.health(k.kind).patience()
	}
	limit := shortWait
	switch {
	case old.dirty.Load() != 0: // known to be wrong
		limit = s.health(k.kind).patience()
	case s.now().Sub(old.loaded) > recent: // hardly worth giving
		limit = leastWait
	}
	now := time.Now()
	if !old.waitedOn.CompareAndSwap(0, now.UnixNano()) {
		limit -= now.Sub(time.Unix(0, old.waitedOn.Load()))
	}
	return max(limit, 0)
}
