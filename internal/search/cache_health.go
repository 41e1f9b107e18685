package search

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"entrepot/internal/alibaba"
	"entrepot/internal/errs"
)

// health is what this process remembers of one method of 1688: whether it answers and how long that takes. It spares
// callers the wait for a failure everybody else has just had; the guard of the client protects 1688.
type health struct {
	pause   time.Duration // between tries while it does not answer; 0 = try always
	failing atomic.Bool
	next    atomic.Int64 // the next try (Unix ns)
	usual   atomic.Int64 // how long answers take, falling slowly (ns)
	answers atomic.Int64 // so far

	mu   sync.Mutex
	keys [3]cacheKey // what could not be answered since the last answer
	n    int
}

// What answers are thought to take before there was one. 1688 looks at a picture longer than at words.
const (
	usualAnswer  = 500 * time.Millisecond
	usualPicture = 2 * time.Second
)

// admit reports whether 1688 may be asked now: always while it answers, else once in a while.
func (h *health) admit(now time.Time) bool {
	if !h.failing.Load() {
		return true
	}
	next := h.next.Load()
	return now.UnixNano() >= next && h.next.CompareAndSwap(next, now.Add(h.pause).UnixNano())
}

// away reports whether asking now would be refused.
func (h *health) away() bool { return h.failing.Load() && time.Now().UnixNano() < h.next.Load() }

// saw notes what became of a load.
func (h *health) saw(k cacheKey, err error, took time.Duration) {
	if outage(err) {
		h.bad(k)
		return
	}
	if usual := time.Duration(h.usual.Load()); took > usual {
		h.usual.Store(int64(took))
	} else {
		part := time.Duration(16)
		if h.answers.Load() < 8 { // the guess to begin with is soon forgotten
			part = 4
		}
		h.usual.Store(int64(usual - usual/part + took/part))
	}
	h.answers.Add(1)
	if h.mu.Lock(); h.n > 0 {
		h.n = 0
		h.failing.Store(false)
	}
	h.mu.Unlock()
}

// bad notes that k could not be answered. Different things must fail in a row: one that always fails is its own problem.
func (h *health) bad(k cacheKey) {
	if h.pause <= 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range min(h.n, len(h.keys)) {
		if h.keys[i] == k {
			return
		}
	}
	if h.n < len(h.keys) {
		h.keys[h.n] = k
		h.n++
	}
	if h.n == len(h.keys) && h.failing.CompareAndSwap(false, true) {
		h.next.Store(time.Now().Add(h.pause).UnixNano())
	}
}

// patience is how long a caller waits who can be given nothing: well beyond what answers take, so that a slow 1688 is
// waited for, but not for ever, so that one that hangs is not. Once 1688 is away callers learn of it within a second; the
// load that tries goes on without them.
func (h *health) patience() time.Duration {
	if h.failing.Load() {
		return leastWait
	}
	return min(max(4*time.Duration(h.usual.Load()), leastWait), longestWait)
}

// outage tells a failure of 1688 from an answer that says no.
func outage(err error) bool {
	if err == nil {
		return false
	}
	var e *alibaba.Error
	if errors.As(err, &e) {
		return e.Class != alibaba.Rejected
	}
	return errs.CodeOf(err) == errs.Unavailable
}
