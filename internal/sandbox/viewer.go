package sandbox

import "math"

// viewer draws products cut out for the index and for the comparison; it owns its canvases.
type viewer struct {
	probe, small, big *canvas
	plates            [][]uint8

	offer *offer // whose front view was cut out last: it is the same in all colours
	front affine
}

const (
	probeSide  = 32
	sketchSide = 2 * sketchGrid
	matchSide  = 40
)

func newViewer() *viewer {
	return &viewer{probe: newCanvas(probeSide), small: newCanvas(sketchSide), big: newCanvas(matchSide)}
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
			c.part(p, ink, onTop, g.curves(i, c), 0)
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
	cs := v.small.cells(v.small.pix)
	out := sight{sketch: cs.sketch(), offer: o.idx, n: uint8(n), known: math.MaxUint64}
	for i := range 64 {
		x, y := (float64(i%sketchGrid)+0.5)/sketchGrid, (float64(i/sketchGrid)+0.5)/sketchGrid
		if x < inside[0] || y < inside[1] || x > inside[2] || y > inside[3] {
			out.known &^= 1 << i
		}
	}
	return out
}

// fronts adds the front views of an offer, which differ in colour only: they are drawn at once.
func (v *viewer) fronts(out []sight, o *offer, ns []int) []sight {
	g := designOf(o, o.pictureColour(ns[0]))
	g.kept = make([][2][]point, len(outlines()[g.look].parts))
	for _, n := range ns[1:] {
		g.also = append(g.also, designOf(o, o.pictureColour(n)))
	}
	for len(v.plates) < len(g.also) {
		v.plates = append(v.plates, make([]uint8, len(v.small.pix)))
	}
	view, _ := v.cutout(&g, o, ns[0])
	c := v.small
	c.clear(affine{sketchSide, 0, 0, 0, sketchSide, 0}.after(view))
	c.plates = v.plates[:len(g.also)]
	g.draw(c)
	for i, n := range ns {
		pix := c.pix
		if i > 0 {
			pix = c.plates[i-1]
		}
		cs := c.cells(pix)
		out = append(out, sight{sketch: cs.sketch(), offer: o.idx, n: uint8(n), known: math.MaxUint64})
	}
	return out
}
