package sandbox

import (
	"image"
	"math"
)

// point is a place in the unit square of a product drawing, or in pixels after the view.
type point struct{ x, y float64 }

// affine maps (x,y) to (a*x+b*y+c, d*x+e*y+f).
type affine struct{ a, b, c, d, e, f float64 }

func (m affine) apply(p point) point {
	return point{m.a*p.x + m.b*p.y + m.c, m.d*p.x + m.e*p.y + m.f}
}

// after is m applied after n.
func (m affine) after(n affine) affine {
	return affine{
		m.a*n.a + m.b*n.d, m.a*n.b + m.b*n.e, m.a*n.c + m.b*n.f + m.c,
		m.d*n.a + m.e*n.d, m.d*n.b + m.e*n.e, m.d*n.c + m.e*n.f + m.f,
	}
}

func (m affine) inverse() affine {
	det := m.a*m.e - m.b*m.d
	return affine{
		m.e / det, -m.b / det, (m.b*m.f - m.e*m.c) / det,
		-m.d / det, m.a / det, (m.d*m.c - m.a*m.f) / det,
	}
}

// about is a turn by t radians and a scale by s around p, which lands on q.
func about(p, q point, s, t float64) affine {
	sin, cos := math.Sincos(t)
	sin, cos = sin*s, cos*s
	return affine{cos, -sin, q.x - cos*p.x + sin*p.y, sin, cos, q.y - sin*p.x - cos*p.y}
}

// canvas draws anti-aliased shapes. Shapes come in product coordinates and go through view.
type canvas struct {
	w, h   int
	view   affine
	back   affine  // inverse of view
	pix    []uint8 // RGBA
	alpha  []uint8 // how far a pixel belongs to the product
	body   []uint8 // how far a pixel belongs to the parts that carry the print
	acc    []float32
	poly   []point // scratch
	fine   bool    // big enough for thin outlines and texture
	pixel  float64 // its size in product coordinates
	ground backdrop
	bare   bool      // there is no ground: a pixel has the product's colour alone, however little of it is the product
	plates [][]uint8 // more pictures like pix, of the same drawing in other colours; bare canvases only
}

func newCanvas(size int) *canvas {
	n := size * size
	return &canvas{
		w: size, h: size, pix: make([]uint8, 4*n), alpha: make([]uint8, n), body: make([]uint8, n), acc: make([]float32, (size+2)*size), fine: size >= 200,
	}
}

// clear empties the canvas for another drawing under another view. It is bare until it gets a ground.
func (c *canvas) clear(view affine) {
	c.view, c.back, c.bare, c.plates = view, view.inverse(), true, nil
	c.pixel = math.Sqrt(math.Abs(c.back.a*c.back.e - c.back.b*c.back.d))
	clear(c.alpha)
	clear(c.body)
}

func (c *canvas) image() *image.RGBA {
	return &image.RGBA{Pix: c.pix, Stride: 4 * c.w, Rect: image.Rect(0, 0, c.w, c.h)}
}

// region is the pixel box that the running path touches.
type region struct{ x0, y0, x1, y1 int }

// trace adds closed polygons, given in pixels, to the accumulation buffer and returns what they touch.
func (c *canvas) trace(r region, pts []point) region {
	for i, p := range pts {
		q := pts[0]
		if i+1 < len(pts) {
			q = pts[i+1]
		}
		c.edge(p, q)
		r.x0, r.x1 = min(r.x0, int(math.Floor(p.x))), max(r.x1, int(p.x)+2)
		r.y0, r.y1 = min(r.y0, int(math.Floor(p.y))), max(r.y1, int(p.y)+1)
	}
	return r
}

// edge adds the signed area to the right of one edge, row by row.
func (c *canvas) edge(p, q point) {
	dir := float32(1)
	if p.y > q.y {
		p, q, dir = q, p, -1
	}
	if q.y-p.y < 1e-9 || q.y <= 0 || p.y >= float64(c.h) {
		return
	}
	slope, wide := (q.x-p.x)/(q.y-p.y), float64(c.w)
	for y := max(int(p.y), 0); y < c.h && float64(y) < q.y; y++ {
		top, end := max(float64(y), p.y), min(float64(y+1), q.y)
		x0, x1 := p.x+(top-p.y)*slope, p.x+(end-p.y)*slope
		if x0 > x1 {
			x0, x1 = x1, x0
		}
		x0, x1 = min(max(x0, 0), wide), min(max(x1, 0), wide)
		c.span(c.acc[y*(c.w+2):(y+1)*(c.w+2)], float32(x0), float32(x1), dir*float32(end-top))
	}
}

// span spreads the area d of a part of an edge between x0 and x1 over one row.
func (c *canvas) span(row []float32, x0, x1, d float32) {
	i0, i1 := int(x0), int(x1)
	if i0 == i1 || x1-x0 < 1e-6 {
		mid := (x0+x1)/2 - float32(i0)
		row[i0] += d * (1 - mid)
		row[i0+1] += d * mid
		return
	}
	s := 1 / (x1 - x0)
	f0 := 1 - (x0 - float32(i0))
	a0 := 0.5 * s * f0 * f0
	f1 := x1 - float32(i1)
	am := 0.5 * s * f1 * f1
	row[i0] += d * a0
	if i1 == i0+1 {
		row[i1] += d * (1 - a0 - am)
		row[i1+1] += d * am
		return
	}
	a1 := s * (f0 + 0.5)
	row[i0+1] += d * (a1 - a0)
	for i := i0 + 2; i < i1; i++ {
		row[i] += d * s
	}
	a2 := a1 + float32(i1-i0-2)*s
	row[i1] += d * (1 - a2 - am)
	row[i1+1] += d * am
}

// layer says where ink may go and what it marks.
type layer uint8

const (
	onTop  layer = iota // a part of the product
	isBody              // a part of the product that takes the print
	inBody              // only where the body is
	ground              // no part of the product
	hole                // what is there is gone
)

// flush paints the accumulated path.
func (c *canvas) flush(r region, p *paint, where layer) {
	r.x0, r.y0, r.x1, r.y1 = min(max(r.x0, 0), c.w), max(r.y0, 0), min(max(r.x1, 0), c.w), min(r.y1, c.h)
	for y := r.y0; y < r.y1; y++ {
		row := c.acc[y*(c.w+2) : (y+1)*(c.w+2)]
		q := c.back.apply(point{float64(r.x0) + 0.5, float64(y) + 0.5})
		var sum float32
		for x := r.x0; x < r.x1; x++ {
			if v := row[x]; v != 0 {
				sum += v
				row[x] = 0
			}
			cover := max(sum, -sum)
			if cover >= 1.0/512 {
				c.ink(x, y, uint32(min(cover, 1)*255+0.5), p, q, where)
			}
			q.x += c.back.a
			q.y += c.back.d
		}
		clear(row[r.x1:min(r.x1+3, c.w+2)])
	}
}

// ink lays one pixel of paint.
func (c *canvas) ink(x, y int, cover uint32, p *paint, q point, where layer) {
	i := y*c.w + x
	if where == inBody {
		cover = cover * uint32(c.body[i]) / 255
	}
	if cover == 0 {
		return
	}
	c.tint(x, y, cover*uint32(p.alpha)*257>>8, p, q)
	switch where {
	case isBody:
		c.body[i] = uint8(max(uint32(c.body[i]), cover))
		c.alpha[i] = uint8(max(uint32(c.alpha[i]), cover))
	case onTop:
		c.alpha[i] = uint8(max(uint32(c.alpha[i]), cover))
		c.body[i] = uint8(uint32(c.body[i]) * (255 - cover) / 255)
	case hole:
		c.body[i] = uint8(uint32(c.body[i]) * (255 - cover) / 255)
		c.alpha[i] = uint8(uint32(c.alpha[i]) * (255 - cover) / 255)
	case inBody, ground:
	}
}

// tint blends a share a, of 65535, of the paint's colour into one pixel.
func (c *canvas) tint(x, y int, a uint32, p *paint, q point) {
	i := y*c.w + x
	if p.kind == behind {
		if !c.bare {
			mixIn(c.pix[4*i:4*i+4:4*i+4], a, c.ground.at(float64(x)/float64(c.w), float64(y)/float64(c.h)))
		}
		return
	}
	if c.bare && c.alpha[i] == 0 {
		a = 65535
	}
	t := p.lightingAt(c, q)
	mixIn(c.pix[4*i:4*i+4:4*i+4], a, p.in(t))
	for k := range c.plates {
		mixIn(c.plates[k][4*i:4*i+4:4*i+4], a, p.also[k].in(t))
	}
}

func mixIn(px []uint8, a uint32, k rgb) {
	px[0] = uint8((uint32(px[0])*(65535-a) + uint32(k[0])*a + 32767) >> 16)
	px[1] = uint8((uint32(px[1])*(65535-a) + uint32(k[1])*a + 32767) >> 16)
	px[2] = uint8((uint32(px[2])*(65535-a) + uint32(k[2])*a + 32767) >> 16)
}

func noRegion() region { return region{1 << 30, 1 << 30, -1, -1} }

// fill paints one closed polygon.
func (c *canvas) fill(pts []point, p *paint, where layer) {
	c.poly = c.poly[:0]
	for _, q := range pts {
		c.poly = append(c.poly, c.view.apply(q))
	}
	c.flush(c.trace(noRegion(), c.poly), p, where)
}

// stroke paints a line of the given width; round closes the gaps at its corners.
func (c *canvas) stroke(pts []point, width float64, closed, round bool, p *paint, where layer) {
	r, half := noRegion(), width/2
	n := len(pts) - 1
	if closed {
		n++
	}
	for i := range n {
		a, b := pts[i], pts[(i+1)%len(pts)]
		dx, dy := b.x-a.x, b.y-a.y
		l := math.Hypot(dx, dy)
		if l < 1e-9 {
			continue
		}
		dx, dy = dx/l*half, dy/l*half
		r = c.patch(r, point{a.x - dy, a.y + dx}, point{a.x + dy, a.y - dx}, point{b.x + dy, b.y - dx}, point{b.x - dy, b.y + dx})
	}
	if round {
		for _, a := range pts {
			r = c.patch(r, disc(a, half)...)
		}
	}
	c.flush(r, p, where)
}

// patch adds one piece of a union; all pieces turn the same way, so that overlaps do not cancel.
func (c *canvas) patch(r region, pts ...point) region {
	c.poly = c.poly[:0]
	area := 0.0
	for i, q := range pts {
		c.poly = append(c.poly, c.view.apply(q))
		n := pts[(i+1)%len(pts)]
		area += q.x*n.y - n.x*q.y
	}
	if area < 0 {
		for i, j := 0, len(c.poly)-1; i < j; i, j = i+1, j-1 {
			c.poly[i], c.poly[j] = c.poly[j], c.poly[i]
		}
	}
	return c.trace(r, c.poly)
}

func disc(at point, radius float64) []point {
	out := make([]point, len(discPoints))
	for i, p := range discPoints {
		out[i] = point{at.x + radius*p.x, at.y + radius*p.y}
	}
	return out
}

var discPoints = func() (out [10]point) {
	for i := range out {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(len(out)))
		out[i] = point{cos, sin}
	}
	return out
}()

// smooth turns corner points into a curve through them (Catmull-Rom), steps points per piece.
func smooth(pts []point, closed bool, steps int) []point {
	n := len(pts)
	if n < 3 {
		return pts
	}
	at := func(i int) point {
		if closed {
			return pts[(i+n)%n]
		}
		return pts[min(max(i, 0), n-1)]
	}
	pieces := n
	if !closed {
		pieces--
	}
	out := make([]point, 0, pieces*steps+1)
	for i := range pieces {
		p0, p1, p2, p3 := at(i-1), at(i), at(i+1), at(i+2)
		for s := range steps {
			t := float64(s) / float64(steps)
			out = append(out, point{spline(p0.x, p1.x, p2.x, p3.x, t), spline(p0.y, p1.y, p2.y, p3.y, t)})
		}
	}
	if !closed {
		out = append(out, pts[n-1])
	}
	return out
}

func spline(a, b, c, d, t float64) float64 {
	return b + 0.5*t*(c-a+t*(2*a-5*b+4*c-d+t*(3*(b-c)+d-a)))
}
