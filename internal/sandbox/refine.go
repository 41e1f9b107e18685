package sandbox

import (
	"cmp"
	"math"
	"slices"
)

// A guess is rarely exact: the goods were cut off, or turned by another angle. For the sights that come near, the guess is moved in small
// steps as long as that brings the sketches together.

// nudge counts steps of shift across and down, of scale and of turn.
type nudge [4]int8

const (
	nudgeShift = 0.035 // of the window
	nudgeScale = 0.05
	nudgeTurn  = 0.05 // radians
	maxNudge   = 4    // steps
	refined    = 6000 // how many sights are worth it
)

// placement is the nudge in the terms of placed.
func (n nudge) placement() (p [6]float64) {
	s := math.Exp(nudgeScale * float64(n[2]))
	sin, cos := math.Sincos(nudgeTurn * float64(n[3]))
	return [6]float64{s*cos - 1, -s * sin, nudgeShift * matchSide * float64(n[0]), s * sin, s*cos - 1, nudgeShift * matchSide * float64(n[1])}
}

// nudged keeps the sketches of one patch under nudges.
type nudged struct {
	patch *patch
	m     map[nudge]knownSketch
}

type knownSketch struct {
	sketch sketch
	known  uint64
}

func (k *nudged) at(n nudge) knownSketch {
	got, ok := k.m[n]
	if !ok {
		c := k.patch.nudgedCells(n)
		got = knownSketch{c.sketch(), c.known}
		k.m[n] = got
	}
	return got
}

// nudgedCells averages what the moved window shows, nine samples per cell.
func (p *patch) nudgedCells(n nudge) cells {
	var c cells
	var seen [64]float32
	const per = 3
	move := n.placement()
	for y := range per * sketchGrid {
		for x := range per * sketchGrid {
			u, v := placed(&move, (float64(x)+0.5)*matchSide/(per*sketchGrid)-matchSide/2, (float64(y)+0.5)*matchSide/(per*sketchGrid)-matchSide/2)
			if u < 0 || v < 0 || u >= patchSide || v >= patchSide {
				continue
			}
			i, k := int(v)*patchSide+int(u), y/per*sketchGrid+x/per
			if !p.known[i] {
				continue
			}
			seen[k]++
			if p.goods[i] > 0 {
				c.cover[k]++
				for j := range 3 {
					c.colour[k][j] += p.p[3*i+j]
				}
			}
		}
	}
	for k := range seen {
		if seen[k] < per*per/2 {
			c.cover[k], c.colour[k] = 0, [3]float32{}
			continue
		}
		c.known |= 1 << k
		c.cover[k] /= seen[k]
		for j := range 3 {
			c.colour[k][j] /= seen[k]
		}
	}
	return c
}

// refine moves the guesses of the nearest sights. It returns the sights in a new order, those near at once and those near after the
// moves by turns: moving helps the right one most of the time, and some of the others always.
func (x *sights) refine(all []sighting, q *inquiry) []sighting {
	all = x.mixed(all)
	found := slices.Clone(all[:min(len(all), refined)])
	inParallel(len(q.patches), func(from, to int) { // by guess, so that nothing is shared
		moved := make([]*nudged, len(q.patches))
		for i := range found {
			f := &found[i]
			if int(f.window) < from || int(f.window) >= to {
				continue
			}
			if moved[f.window] == nil {
				moved[f.window] = &nudged{q.patches[f.window], map[nudge]knownSketch{}}
			}
			x.descend(f, moved[f.window], int32(q.guesses[f.window].against(x.all[f.sight].n)))
		}
	})
	slices.SortStableFunc(found, func(a, b sighting) int { return cmp.Compare(a.apart, b.apart) })
	out, have := make([]sighting, 0, len(all)), make([]bool, 2*len(x.all))
	add := func(f sighting) {
		key := 2 * int(f.sight)
		if f.nudge != (nudge{}) {
			key++
		}
		if !have[key] {
			have[key] = true
			out = append(out, f)
		}
	}
	for i := range found {
		add(found[i])
		add(all[i])
	}
	return x.mixed(append(out, all[len(found):]...))
}

// mixed puts one whole close-up after every three cut-out goods. A close-up that fills its picture agrees a little with every picture, so the
// two kinds are not measured against each other before they have been laid over the photo.
func (x *sights) mixed(found []sighting) []sighting {
	var goods, whole []sighting
	for _, f := range found {
		if x.all[f.sight].n&wholePicture != 0 {
			whole = append(whole, f)
		} else {
			goods = append(goods, f)
		}
	}
	out := found[:0]
	for len(goods) > 0 || len(whole) > 0 {
		n, w := min(len(goods), 3), min(len(whole), 1)
		out = append(append(out, goods[:n]...), whole[:w]...)
		goods, whole = goods[n:], whole[w:]
	}
	return out
}

// descend takes the best step among all while there is one.
func (x *sights) descend(f *sighting, k *nudged, odds int32) {
	e := &x.all[f.sight]
	for range 3 {
		best, from := f.apart, f.nudge
		for axis := range from {
			for _, step := range [2]int8{-1, 1} {
				n := from
				n[axis] += step
				if n[axis] > maxNudge || n[axis] < -maxNudge {
					continue
				}
				s := k.at(n)
				if d := int32(e.sketch.apart(&s.sketch, s.known&e.known, int(best-odds))) + odds; d < best {
					best, f.nudge = d, n
				}
			}
		}
		if best >= f.apart {
			return
		}
		f.apart = best
	}
}
