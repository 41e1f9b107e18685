package sandbox

import (
	"math"
	"slices"
)

// patchSide is the resolution of a window with its margin.
const (
	patchSide   = 60
	patchMargin = 0.125 // around the window, on every side
)

// guess is a guess where in a photo a product sits: a turned square. The index holds every picture cut out the same way.
type guess struct {
	view affine // unit square to pixels of the photo
	side float64
	mask *stencil
	odds int  // against it, in the terms of apart: pieces and whole pictures agree with much that they are not
	full bool // takes a whole picture for goods
}

// against is the odds against the guess for picture n.
func (w *guess) against(n uint8) int {
	if n&wholePicture != 0 {
		if w.full {
			return 25
		}
		return 70
	}
	return w.odds
}

func (w *guess) near(o *guess) bool {
	a, b := w.view.apply(point{0.5, 0.5}), o.view.apply(point{0.5, 0.5})
	turn := math.Atan2(w.view.d, w.view.a) - math.Atan2(o.view.d, o.view.a)
	return math.Hypot(a.x-b.x, a.y-b.y) < 0.05*w.side && math.Abs(math.Log(w.side/o.side)) < 0.06 && math.Abs(turn) < 0.05
}

// room is what a square window leaves around the goods.
const room = 1.06

var turns = []float64{0, -0.105, 0.105}

// guesses lists the guesses for a photo, the most natural first.
func (p *photo) guesses() []guess {
	var out []guess
	add := func(w guess) {
		if w.side < 8 {
			return
		}
		for i := range out {
			if out[i].mask == w.mask && out[i].near(&w) {
				return
			}
		}
		out = append(out, w)
	}
	ss := p.scenes()
	biggest := 1
	for _, s := range ss {
		if !s.frame {
			biggest = max(biggest, s.goods.area())
		}
	}
	for _, s := range ss {
		s.guesses(func(g guess) {
			if n := g.mask.area(); s.frame {
				g.odds, g.full = 70, true
			} else if n*4 < biggest {
				g.odds = 70 - 70*n*4/biggest
			}
			add(g)
		})
	}
	// Perhaps nothing of this can be told apart: take the picture as it is, goods from edge to edge.
	all := newStencil(p.w, p.h)
	for i := range all.on {
		all.on[i] = true
	}
	odds := 0
	for _, s := range ss {
		if odds = max(odds, 35); s.goods.touches() == [4]bool{} {
			odds = 70 // something stands free
		}
	}
	out = out[:min(len(out), maxGuesses)]
	for _, scale := range []float64{1, 1.2} {
		for _, turn := range turns {
			side := scale * float64(max(p.w, p.h))
			out = append(out, guess{view: square(float64(p.w)/2, float64(p.h)/2, side, turn), side: side, mask: all, odds: odds, full: true})
		}
	}
	return out
}

const maxGuesses = 72

func square(cx, cy, side, turn float64) affine {
	return about(point{0.5, 0.5}, point{cx, cy}, side, turn)
}

// guesses adds the guesses of one scene: the goods as a whole and its biggest pieces.
func (s *scene) guesses(add func(guess)) {
	s.around(s.goods, add)
	if len(s.parts) < 2 {
		return
	}
	for _, b := range s.parts[:min(len(s.parts), 3)] {
		if len(b.pixels)*8 > s.goods.area() {
			s.around(s.goods.only(b), add)
		}
	}
}

// around adds the windows around a mask: upright, turned, and stretched over the sides where the picture may have been cut.
func (s *scene) around(m *stencil, add func(guess)) {
	cut := m.touches()
	core, more := m.core(), 1.0
	if core.area()*10 < m.area()*6 {
		core, more = m, 0 // thin goods
	}
	for _, turn := range turns {
		x0, y0, x1, y1 := core.turnedBox(turn)
		x0, y0, x1, y1 = x0-more, y0-more, x1+more, y1+more
		w, h := x1-x0, y1-y0
		for _, e := range stretches(cut) {
			l, r, t, b := x0-e[0]*w, x1+e[1]*w, y0-e[2]*h, y1+e[3]*h
			side := max(r-l, b-t) * room
			sin, cos := math.Sincos(turn)
			cx, cy := (l+r)/2, (t+b)/2
			add(guess{view: square(cx*cos-cy*sin, cx*sin+cy*cos, side, turn), side: side, mask: m})
		}
	}
}

// core is the mask without its outermost pixels: streaks of the background's floor or frame that were left over are gone from it.
func (m *stencil) core() *stencil {
	out := &stencil{m.w, m.h, slices.Clone(m.on)}
	for i, on := range m.on {
		if !on {
			m.around(i, func(j int) { out.on[j] = false })
		}
	}
	return out
}

// turnedBox is the box around the mask in a frame turned by t.
func (m *stencil) turnedBox(t float64) (x0, y0, x1, y1 float64) {
	sin, cos := math.Sincos(-t)
	x0, y0, x1, y1 = 1e9, 1e9, -1e9, -1e9
	for i, on := range m.on {
		if on {
			x, y := float64(i%m.w)+0.5, float64(i/m.w)+0.5
			u, v := x*cos-y*sin, x*sin+y*cos
			x0, y0, x1, y1 = min(x0, u-0.5), min(y0, v-0.5), max(x1, u+0.5), max(y1, v+0.5)
		}
	}
	return x0, y0, x1, y1
}

// touches tells which sides of the picture cut the goods: left, right, top, bottom.
func (m *stencil) touches() (cut [4]bool) {
	var n [4]int
	for y := range m.h {
		for x := range m.w {
			if m.on[y*m.w+x] {
				for k, at := range [4]bool{x < 1, x >= m.w-1, y < 1, y >= m.h-1} {
					if at {
						n[k]++
					}
				}
			}
		}
	}
	for k := range n {
		cut[k] = n[k]*32 > []int{m.h, m.h, m.w, m.w}[k]
	}
	return cut
}

// stretches lists how far the goods may reach beyond the sides that cut them.
func stretches(cut [4]bool) [][4]float64 {
	n := 0
	for _, c := range cut {
		if c {
			n++
		}
	}
	steps := [][]float64{{0}, {0, 0.1, 0.22}, {0, 0.1, 0.22}, {0, 0.16}, {0, 0.16}}[n]
	out := [][4]float64{{}}
	for side, c := range cut {
		if !c {
			continue
		}
		var next [][4]float64
		for _, step := range steps {
			for _, e := range out {
				e[side] = step
				next = append(next, e)
			}
		}
		out = next
	}
	slices.SortStableFunc(out, func(a, b [4]float64) int {
		switch d := (a[0] + a[1] + a[2] + a[3]) - (b[0] + b[1] + b[2] + b[3]); {
		case d < 0:
			return -1
		case d > 0:
			return 1
		}
		return 0
	})
	return out
}

// patch is what a window shows, with a margin: colours, how far a pixel belongs to the goods, and whether it is in the photo at all.
type patch struct {
	p     []float32 // three per pixel
	goods []float32
	known []bool
}

// patch cuts the window out. levels are ever smaller versions of the photo: the one that fits is read, so that detail averages instead of flickering.
func (w *guess) patch(levels []*photo) *patch {
	out := &patch{p: make([]float32, 3*patchSide*patchSide), goods: make([]float32, patchSide*patchSide), known: make([]bool, patchSide*patchSide)}
	level := levels[0]
	step := w.side * (1 + 2*patchMargin) / patchSide // photo pixels per patch pixel
	for _, l := range levels[1:] {
		if float64(levels[0].w)/float64(l.w) <= step*1.2 {
			level = l
		}
	}
	sx, sy := float64(level.w)/float64(levels[0].w), float64(level.h)/float64(levels[0].h)
	mx, my := float64(w.mask.w)/float64(levels[0].w), float64(w.mask.h)/float64(levels[0].h)
	for i := range out.known {
		u := (float64(i%patchSide)+0.5)/patchSide*(1+2*patchMargin) - patchMargin
		v := (float64(i/patchSide)+0.5)/patchSide*(1+2*patchMargin) - patchMargin
		q := w.view.apply(point{u, v})
		c, ok := level.sample(q.x*sx, q.y*sy)
		if !ok {
			continue
		}
		out.known[i] = true
		copy(out.p[3*i:], c[:])
		x, y := min(max(int(q.x*mx), 0), w.mask.w-1), min(max(int(q.y*my), 0), w.mask.h-1)
		if w.mask.on[y*w.mask.w+x] {
			out.goods[i] = 1
		}
	}
	return out
}

// levels are the photo and its halves.
func (p *photo) levels() []*photo {
	out := []*photo{p}
	for l := p; max(l.w, l.h) > 24; {
		l = l.reduced((max(l.w, l.h) + 1) / 2)
		out = append(out, l)
	}
	return out
}
