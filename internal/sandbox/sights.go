package sandbox

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// sight is one indexed picture of an offer: picture n, cut out to its product.
type sight struct {
	sketch sketch
	known  uint64 // cells inside the picture
	offer  int32  // index in the catalogue
	n      uint8  // picture number
}

// sights is the index of all pictures. It is built in two phases, front views first: most photos show one. A builder in the background takes
// its time, whoever waits for a phase works on it.
type sights struct {
	cat  *catalogue
	stop <-chan struct{}
	full bool // more than the main picture of each offer

	once  sync.Once
	all   []sight // front views of all offers, then their other views
	parts [phases][]sightPart
	next  [phases]atomic.Int64
	left  [phases]atomic.Int64
	ready [phases]chan struct{}
}

const (
	frontViews = iota
	otherViews
	phases
)

// sightPart is a run of offers and where their sights go.
type sightPart struct{ from, to, at, end int }

// maxSights bounds the index to about 33 MB. A catalogue with more pictures is indexed by main pictures only, and one with more offers than
// that is indexed up to there.
const maxSights = 220_000

func newSights(cat *catalogue, stop <-chan struct{}) *sights {
	return &sights{cat: cat, stop: stop, full: len(cat.offers)*5 <= maxSights, ready: [phases]chan struct{}{make(chan struct{}), make(chan struct{})}}
}

// The views of an offer that differ once the product is cut out: the front in each colour, the other side, and the close-up both cut out and
// as it is.
var sideViews = []int{1, 2, 2 | wholePicture}

// wholePicture marks the sight of a close-up as it is, background and all: there is no telling goods from background when both are cut by
// the picture's sides.
const wholePicture = 0x80

// frontNumbers lists the front views to index.
func (x *sights) frontNumbers(o *offer) []int {
	if !x.full {
		return []int{0}
	}
	out := o.colours()
	for i := range out {
		out[i] += skuPicture
	}
	return out
}

// count is how many sights an offer has in a phase.
func (x *sights) count(o *offer, phase int) int {
	switch {
	case o.traits&delisted != 0:
		return 0
	case phase == otherViews:
		return len(sideViews)
	case x.full:
		return o.colourCount()
	}
	return 1
}

// divide lays the index out.
func (x *sights) divide() {
	const step = 64
	offers, at := min(len(x.cat.offers), maxSights), 0
	for phase := range phases {
		if phase == otherViews && !x.full {
			offers = 0
		}
		for from := 0; from < offers; from += step {
			p := sightPart{from: from, to: min(from+step, offers), at: at}
			for k := p.from; k < p.to; k++ {
				at += x.count(&x.cat.offers[k], phase)
			}
			p.end = at
			x.parts[phase] = append(x.parts[phase], p)
		}
		x.left[phase].Store(int64(len(x.parts[phase])))
		if len(x.parts[phase]) == 0 {
			close(x.ready[phase])
		}
	}
	x.all = make([]sight, at)
}

// sights returns the index of the running catalogue and begins to build it unless that has happened.
func (s *Server) sights() *sights {
	cat := s.cat.Load()
	for {
		old := s.eyes.Load()
		if old != nil && old.cat == cat {
			return old
		}
		x := newSights(cat, s.stopped)
		if s.eyes.CompareAndSwap(old, x) {
			go x.build()
			return x
		}
	}
}

// build works on the index, at most half of the time and on one processor.
func (x *sights) build() {
	v := newViewer()
	for phase := range phases {
		for {
			from := time.Now()
			if !x.work(v, phase) {
				break
			}
			select {
			case <-x.stop:
				return
			case <-time.After(min(time.Since(from), 10*time.Millisecond)): // of a busy machine it gets little as it is
			}
		}
	}
}

// wait works on a phase with all processors and returns what it and those before have found; nil when the server stops first.
func (x *sights) wait(phase int) []sight {
	for p := range phase + 1 {
		select {
		case <-x.ready[p]:
			continue
		default:
		}
		inParallel(runtime.GOMAXPROCS(0), func(int, int) {
			for v := newViewer(); x.work(v, p); {
				select {
				case <-x.stop:
					return
				default:
				}
			}
		})
		select {
		case <-x.ready[p]:
		case <-x.stop:
			return nil
		}
	}
	last := x.parts[phase]
	if len(last) == 0 {
		return x.all
	}
	return x.all[:last[len(last)-1].end]
}

// work does the next part of a phase; false when there is none.
func (x *sights) work(v *viewer, phase int) bool {
	x.once.Do(x.divide)
	i := int(x.next[phase].Add(1)) - 1
	if i >= len(x.parts[phase]) {
		return false
	}
	p := &x.parts[phase][i]
	out := x.all[p.at:p.at:p.end]
	for k := p.from; k < p.to; k++ {
		o := &x.cat.offers[k]
		switch {
		case o.traits&delisted != 0:
		case phase == frontViews:
			out = v.fronts(out, o, x.frontNumbers(o))
		default:
			for _, n := range sideViews {
				out = append(out, v.sight(o, n))
			}
		}
	}
	if x.left[phase].Add(-1) == 0 {
		close(x.ready[phase])
	}
	return true
}
