package search

import (
	"sync"
	"sync/atomic"
	"time"
)

// index finds the entries that show an offer, so that a message about one offer touches those and no others. Each entry
// carries its own links: adding and removing take the same time however many entries show an offer.
type index struct{ shards [64]indexShard }

type indexShard struct {
	mu    sync.Mutex
	heads map[int64]*ref
}

// ref is one entry's place in the list of one offer.
type ref struct {
	entry      *entry
	offer      int64
	prev, next *ref
	in         bool
}

func (x *index) open() {
	for i := range x.shards {
		x.shards[i].heads = map[int64]*ref{}
	}
}

func (x *index) shard(offer int64) *indexShard { return &x.shards[uint64(offer)%uint64(len(x.shards))] }

func (x *index) add(e *entry) {
	e.refs = make([]ref, len(e.offers))
	for i, id := range e.offers {
		r, s := &e.refs[i], x.shard(id)
		*r = ref{entry: e, offer: id, in: true}
		s.mu.Lock()
		if head := s.heads[id]; head != nil {
			r.next, head.prev = head, r
		}
		s.heads[id] = r
		s.mu.Unlock()
	}
}

func (x *index) remove(e *entry) {
	for i := range e.refs {
		r := &e.refs[i]
		s := x.shard(r.offer)
		s.mu.Lock()
		if r.in {
			s.unlink(r)
		}
		s.mu.Unlock()
	}
}

func (s *indexShard) unlink(r *ref) {
	if r.next != nil {
		r.next.prev = r.prev
	}
	switch {
	case r.prev != nil:
		r.prev.next = r.next
	case r.next != nil:
		s.heads[r.offer] = r.next
	default:
		delete(s.heads, r.offer)
	}
	r.prev, r.next, r.in = nil, nil, false
}

func (x *index) each(offer int64, do func(*entry)) {
	s := x.shard(offer)
	s.mu.Lock()
	defer s.mu.Unlock()
	for r := s.heads[offer]; r != nil; r = r.next {
		do(r.entry)
	}
}

// changes numbers what 1688 tells us of offers, and remembers for a while which offer changed last under which number:
// longer than a load can run, so that a load that began before a change is known to be too old.
type changes struct {
	number atomic.Uint64 // of the newest change
	gap    atomic.Uint64 // entries numbered lower may have missed one

	mu     sync.Mutex
	young  map[int64]mark // of this generation
	old    map[int64]mark // of the one before
	turned time.Time
	floor  uint64 // changes up to this number are no longer known by offer
}

type mark struct {
	number uint64
	at     time.Time
}

const (
	changesKept = freshFor + 10*time.Second // how long at least
	changesMost = 200_000                   // in a generation
)

// add notes changes of offers and gives their number.
func (c *changes) add(offers []int64) uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	n, now := c.number.Load()+1, time.Now()
	if now.Sub(c.turned) > changesKept || len(c.young) >= changesMost || c.young == nil {
		if now.Sub(c.turned) <= changesKept && len(c.old) > 0 { // too many: what is dropped counts for every offer
			for _, m := range c.old {
				c.floor = max(c.floor, m.number)
			}
		}
		c.old, c.young, c.turned = c.young, make(map[int64]mark), now
	}
	for _, id := range offers {
		c.young[id] = mark{n, now}
	}
	c.number.Store(n)
	return n
}

// since is the newest change of one of the offers that came after number; 0 when there was none.
func (c *changes) since(number uint64, offers []int64) (newest uint64) {
	if c.number.Load() == number {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if number < c.floor && len(offers) > 0 {
		newest = c.floor
	}
	for _, id := range offers {
		if m := c.of(id); m.number > number {
			newest = max(newest, m.number)
		}
	}
	return newest
}

// after reports whether one of the offers changed at or after t, as far as is remembered.
func (c *changes) after(t time.Time, offers []int64) bool {
	if c.number.Load() == 0 {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range offers {
		if m := c.of(id); m.number != 0 && !m.at.Before(t) {
			return true
		}
	}
	return false
}

func (c *changes) of(offer int64) mark {
	if m, ok := c.young[offer]; ok {
		return m
	}
	return c.old[offer]
}

// missed notes that changes may have gone by unseen: what was loaded up to now is no longer fresh.
func (c *changes) missed() {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.number.Load() + 1
	c.number.Store(n)
	c.gap.Store(n)
}
