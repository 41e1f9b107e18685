package sandbox

import (
	"math"
	"runtime"
	"sync"
	"sync/atomic"
)

// sight is one indexed picture of an offer: picture n, cut out to its product.
type sight struct {
	sketch sketch
	known  uint64 // cells inside the picture
	offer  int32  // index in the catalogue
	n      uint8  // picture number
}

// sights is the index of all pictures. It is built when the first picture comes in, not at start.
type sights struct {
	cat   *catalogue
	done  chan struct{}
	all   []sight
	first []int32 // offer -> its first sight; one more at the end
}

// maxSights bounds the index to about 30 MB. A catalogue with more pictures is indexed by main pictures only, and one with more offers than
// that is indexed up to there.
const maxSights = 220_000

// sightNumbers lists the pictures of an offer that differ once the product is cut out.
func (o *offer) sightNumbers(all bool) []int {
	if !all {
		return []int{0}
	}
	out := make([]int, 0, 6)
	for _, c := range o.colours() {
		out = append(out, skuPicture+c)
	}
	return append(out, 1, 2, 2|wholePicture)
}

// wholePicture marks the sight of a close-up as it is, background and all: there is no telling goods from background when both are cut by
// the picture's sides.
const wholePicture = 0x80

// sights returns the index of the running catalogue, ready to use; nil when the server stops first.
func (s *Server) sights() *sights {
	x := s.startSights()
	select {
	case <-x.done:
		return x
	case <-s.stopped:
		return nil
	}
}

// startSights begins to build the index unless that has happened.
func (s *Server) startSights() *sights {
	cat := s.cat.Load()
	for {
		old := s.eyes.Load()
		if old != nil && old.cat == cat {
			return old
		}
		x := &sights{cat: cat, done: make(chan struct{})}
		if s.eyes.CompareAndSwap(old, x) {
			go x.build(s.stopped)
			return x
		}
	}
}

// build sketches all pictures, in as many parts as there are processors.
func (x *sights) build(stop <-chan struct{}) {
	defer close(x.done)
	offers := len(x.cat.offers)
	full := offers*5 <= maxSights
	if !full {
		offers = min(offers, maxSights)
	}
	const step = 64
	parts := make([][]sight, (offers+step-1)/step)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			v := newViewer()
			for {
				i := int(next.Add(1)) - 1
				if i >= len(parts) {
					return
				}
				select {
				case <-stop:
					return
				default:
				}
				for k := i * step; k < min((i+1)*step, offers); k++ {
					o := &x.cat.offers[k]
					if o.traits&delisted != 0 {
						continue
					}
					for _, n := range o.sightNumbers(full) {
						parts[i] = append(parts[i], v.sight(o, n))
					}
				}
			}
		})
	}
	wg.Wait()
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	x.all = make([]sight, 0, n)
	for _, p := range parts {
		x.all = append(x.all, p...)
	}
	x.first = make([]int32, 0, offers+1)
	for i := range x.all {
		if i == 0 || x.all[i].offer != x.all[i-1].offer {
			x.first = append(x.first, int32(i))
		}
	}
	x.first = append(x.first, int32(n))
}

// viewer draws products cut out for the index and for the comparison; it owns its canvases.
type viewer struct {
	probe, small, big *canvas

	offer *offer // whose front view was cut out last: it is the same in all colours
	front affine
}

const (
	probeSide = 48
	matchSide = 40
)

func newViewer() *viewer {
	return &viewer{probe: newCanvas(probeSide), small: newCanvas(3 * sketchGrid), big: newCanvas(matchSide)}
}

var everywhere = [4]float64{-1, -1, 2, 2}

// cutout is the window of picture n: a view from product coordinates to the unit square of the window, and what of it lies inside the picture.
func (v *viewer) cutout(g *design, o *offer, n int) (view affine, inside [4]float64) {
	pose := o.pose(n)
	front := n >= skuPicture || n == whitePicture || n%3 == 0
	if front && v.offer == o {
		return v.front, everywhere
	}
	if front {
		pose = affine{a: 0.8, c: 0.1, e: 0.8, f: 0.1} // all front views are the same once cut out
	}
	c := v.probe
	c.clear(affine{probeSide, 0, 0, 0, probeSide, 0}.after(pose))
	g.shape(c)
	x0, y0, x1, y1 := c.bounds()
	if x1 <= x0 {
		x0, y0, x1, y1 = 0, 0, 1, 1
	}
	side := max(x1-x0, y1-y0) * room
	left, top := (x0+x1-side)/2, (y0+y1-side)/2
	box := affine{1 / side, 0, -left / side, 0, 1 / side, -top / side}
	inside = [4]float64{-left / side, -top / side, (1 - left) / side, (1 - top) / side}
	if front {
		v.offer, v.front = o, box.after(pose)
		return v.front, everywhere
	}
	return box.after(pose), inside
}

// bounds is the box of what has been drawn, in parts of the canvas. Half covered pixels count in part.
func (c *canvas) bounds() (x0, y0, x1, y1 float64) {
	col, row := make([]uint8, c.w), make([]uint8, c.h)
	for y := range c.h {
		for x := range c.w {
			a := c.alpha[y*c.w+x]
			col[x], row[y] = max(col[x], a), max(row[y], a)
		}
	}
	ends := func(line []uint8) (float64, float64) {
		from, to := 0, len(line)
		for from < to && line[from] < 12 {
			from++
		}
		for to > from && line[to-1] < 12 {
			to--
		}
		if from == to {
			return 0, 0
		}
		n := float64(len(line))
		return (float64(from+1) - float64(line[from])/255) / n, (float64(to-1) + float64(line[to-1])/255) / n
	}
	x0, x1 = ends(col)
	y0, y1 = ends(row)
	return x0, y0, x1, y1
}

// shape draws the outline only.
func (g *design) shape(c *canvas) {
	ink := &paint{alpha: 255}
	for i := range outlines()[g.look].parts {
		p := &outlines()[g.look].parts[i]
		if p.role != 'h' {
			c.part(p, ink, onTop, g.warp, 0)
		}
	}
}

// show draws the cut-out product of picture n onto c and returns what of the window lies inside the picture.
func (v *viewer) show(c *canvas, o *offer, n int) [4]float64 {
	if n&wholePicture != 0 {
		side := float64(c.w)
		c.render(o, n&^wholePicture, affine{side, 0, 0, 0, side, 0})
		for i := range c.alpha {
			c.alpha[i] = 255
		}
		return [4]float64{0, 0, 1, 1}
	}
	g := designOf(o, o.pictureColour(n))
	view, inside := v.cutout(&g, o, n)
	side := float64(c.w)
	c.clear(affine{side, 0, 0, 0, side, 0}.after(view))
	g.draw(c)
	return inside
}

func (v *viewer) sight(o *offer, n int) sight {
	inside := v.show(v.small, o, n)
	cs := v.small.cells()
	out := sight{sketch: cs.sketch(), offer: o.idx, n: uint8(n), known: math.MaxUint64}
	for i := range 64 {
		x, y := (float64(i%sketchGrid)+0.5)/sketchGrid, (float64(i/sketchGrid)+0.5)/sketchGrid
		if x < inside[0] || y < inside[1] || x > inside[2] || y > inside[3] {
			out.known &^= 1 << i
		}
	}
	return out
}
