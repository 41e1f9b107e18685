package sandbox

import (
	"cmp"
	"runtime"
	"slices"
	"sync"
)

const (
	certain    = 0.86 // a comparison this good ends the search for better ones
	maxRanking = 2000 // how many offers a picture search ranks
)

// sighting is an offer's best sketch for a photo.
type sighting struct {
	sight  int32
	window int32
	apart  int32
	nudge  nudge // how far from the guess
}

// looked is what came of it.
type looked struct {
	offers            []int32 // best first
	guesses, compared int
	best              float64 // likeness of the first, 1 is the same picture
}

// look ranks the offers whose pictures are most like the photo, best first; nil when the server stops meanwhile. A front view that is
// certainly the same picture settles it.
func (x *sights) look(p *photo) *looked {
	fronts := x.wait(frontViews)
	if fronts == nil {
		return nil
	}
	if len(fronts) == 0 || p.flat() {
		return &looked{}
	}
	q := p.ask()
	if x.full {
		if l := x.rank(q, x.scan(fronts, q), rounds[:2]); l.best > certain {
			return l
		}
	}
	all := x.wait(otherViews)
	if all == nil {
		return nil
	}
	return x.rank(q, x.scan(all, q), rounds)
}

// rounds are how many candidates are compared before looking whether one is good enough.
var rounds = []int{16, 64, 192, 600, 2400}

// inquiry is a photo with the guesses where in it a product sits.
type inquiry struct {
	guesses  []guess
	patches  []*patch
	sketches []sketch
	known    []uint64
}

func (p *photo) ask() *inquiry {
	small := p.reduced(segmentSide)
	ws := small.guesses()
	levels := p.levels()
	up := affine{a: float64(p.w) / float64(small.w), e: float64(p.h) / float64(small.h)}
	q := &inquiry{guesses: ws, patches: make([]*patch, len(ws)), sketches: make([]sketch, len(ws)), known: make([]uint64, len(ws))}
	for i := range ws {
		ws[i].view, ws[i].side = up.after(ws[i].view), ws[i].side*up.a
		q.patches[i] = ws[i].patch(levels)
		c := q.patches[i].cells()
		q.sketches[i], q.known[i] = c.sketch(), c.known
	}
	return q
}

// rank refines and compares what a scan found.
func (x *sights) rank(q *inquiry, found []sighting, rounds []int) *looked {
	found = x.refine(found, q)
	scores := x.verify(found, q, rounds)
	order := make([]int, len(found))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order[:len(scores)], func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
	out, have := make([]int32, 0, maxRanking), make([]bool, len(x.cat.offers))
	for _, i := range order {
		o := x.all[found[i].sight].offer
		if !have[o] && len(out) < maxRanking {
			have[o] = true
			out = append(out, o)
		}
	}
	return &looked{offers: out, guesses: len(q.guesses), compared: len(scores), best: scores[order[0]]}
}

const (
	thumbSide   = 256 // what is kept of an upload
	segmentSide = 128 // for telling goods from background
)

// scan finds for every indexed picture the guess that suits it best, and sorts by how well.
func (x *sights) scan(among []sight, q *inquiry) []sighting {
	all := make([]sighting, len(among))
	inParallel(len(all), func(from, to int) {
		for i := from; i < to; i++ {
			e, best := &among[i], sighting{sight: int32(i), apart: farthest}
			for w := range q.sketches {
				odds := q.guesses[w].against(e.n)
				if d := int32(e.sketch.apart(&q.sketches[w], q.known[w]&e.known, int(best.apart)-odds) + odds); d < best.apart {
					best.window, best.apart = int32(w), d
				}
			}
			all[i] = best
		}
	})
	var count [farthest + 2]int32 // a counting sort: it keeps the order of equals
	for _, f := range all {
		count[f.apart+1]++
	}
	for i := range farthest + 1 {
		count[i+1] += count[i]
	}
	out := make([]sighting, len(all))
	for _, f := range all {
		out[count[f.apart]] = f
		count[f.apart]++
	}
	return out
}

const farthest = 2000 // in apart

// verify draws the best candidates and lays them over the photo: a few at first, more while nothing fits.
func (x *sights) verify(found []sighting, q *inquiry, rounds []int) []float64 {
	scores := make([]float64, 0, len(found))
	for _, upTo := range rounds {
		from := len(scores)
		n := min(upTo, len(found))
		if n <= from {
			break
		}
		scores = scores[:n]
		inParallel(n-from, func(a, b int) {
			v, r := newViewer(), &reading{}
			for i := from + a; i < from+b; i++ {
				e := &x.all[found[i].sight]
				t := v.model(&x.cat.offers[e.offer], int(e.n))
				scores[i] = r.align(t, q.patches[found[i].window], found[i].nudge.placement(), 8) - float64(q.guesses[found[i].window].against(e.n))/1000
			}
		})
		if x.settled(found, scores) {
			break
		}
	}
	return scores
}

// settled says that looking further is not worth it: the best is as good as the same picture, or good and far ahead of all other offers.
func (x *sights) settled(found []sighting, scores []float64) bool {
	best := slices.Index(scores, slices.Max(scores))
	second := 0.0
	for i, v := range scores {
		if x.all[found[i].sight].offer != x.all[found[best].sight].offer {
			second = max(second, v)
		}
	}
	return scores[best] > certain || scores[best] > 0.74 && scores[best]-second > 0.1
}

// inParallel splits 0 to n between the processors.
func inParallel(n int, work func(from, to int)) {
	parts := min(runtime.GOMAXPROCS(0), max(n, 1))
	var wg sync.WaitGroup
	for i := range parts {
		wg.Go(func() { work(n*i/parts, n*(i+1)/parts) })
	}
	wg.Wait()
}
