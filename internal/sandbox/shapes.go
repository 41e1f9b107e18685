package sandbox

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
)

// piece is one line of the shape tables.
type piece struct {
	role  byte
	op    byte
	half  bool // pts are the right half of a symmetric outline
	twice bool
	width float64 // of lines; corner radius of a box
	pts   []point
	reach point // of an ellipse
}

// outline is a look as it is drawn.
type outline struct {
	parts []piece
	spots []point // places on the body where a print can sit
	box   [4]float64
}

var outlines = sync.OnceValue(func() []outline {
	out := make([]outline, looks)
	var at *outline
	for line := range strings.SplitSeq(strings.TrimSpace(wearShapes+homeShapes+gearShapes), "\n") {
		switch name, head := strings.CutPrefix(line, "= "); {
		case head:
			at = &out[lookNamed(name)]
		case strings.TrimSpace(line) != "":
			at.parts = append(at.parts, parsePart(line))
		}
	}
	for i := range out {
		if len(out[i].parts) == 0 {
			out[i].parts = out[lookBox].parts // a look nobody has drawn yet
		}
		out[i].survey()
	}
	return out
})

func parsePart(line string) piece {
	f := strings.Fields(line)
	p := piece{role: f[0][0], op: f[1][0], half: strings.Contains(f[1], "!"), twice: strings.Contains(f[1], "&")}
	var n []float64
	for _, word := range f[2:] {
		for number := range strings.SplitSeq(word, ",") {
			v, err := strconv.ParseFloat(number, 64)
			if err != nil {
				panic(fmt.Sprintf("sandbox: shape line %q: %v", line, err))
			}
			n = append(n, v/100)
		}
	}
	switch p.op {
	case 'R':
		p.pts, p.width = boxed(n[0], n[1], n[2], n[3], n[4]), n[4]
	case 'E':
		p.pts, p.reach = []point{{n[0], n[1]}}, point{n[2], n[3]}
	case 'O':
		p.pts, p.reach, p.width = []point{{n[0], n[1]}}, point{n[2], n[3]}, n[4]
	case 'L', 'C':
		p.pts, p.width = corners(n[1:]...), n[0]
	default:
		p.pts = corners(n...)
	}
	return p
}

// boxed is a box with round corners, with enough points along its sides to bend.
func boxed(x, y, w, h, r float64) []point {
	var out []point
	arc := func(cx, cy, from float64) {
		for i := range 4 {
			sin, cos := math.Sincos(from + math.Pi/6*float64(i))
			out = append(out, point{cx + r*cos, cy + r*sin})
		}
	}
	side := func() { // middle of the side that follows
		a := out[len(out)-1]
		out = append(out, a)
	}
	arc(x+w-r, y+r, -math.Pi/2)
	side()
	arc(x+w-r, y+h-r, 0)
	side()
	arc(x+r, y+h-r, math.Pi/2)
	side()
	arc(x+r, y+r, math.Pi)
	return out
}

// curve is the part's outline under a warp, as a polygon or an open line.
func (p *piece) curve(warp func(point) point, steps int, flip bool) []point {
	pts := p.pts
	if p.op == 'E' || p.op == 'O' {
		pts = make([]point, 6*steps)
		for i := range pts {
			sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(len(pts)))
			pts[i] = point{p.pts[0].x + p.reach.x*cos, p.pts[0].y + p.reach.y*sin}
		}
	}
	out := make([]point, 0, 2*len(pts))
	for _, q := range pts {
		if flip {
			q.x = 1 - q.x
		}
		out = append(out, warp(q))
	}
	if p.half {
		for i := len(pts) - 1; i >= 0; i-- {
			if q := pts[i]; math.Abs(q.x-0.5) > 1e-6 {
				out = append(out, warp(point{1 - q.x, q.y}))
			}
		}
	}
	switch p.op {
	case 'S':
		return smooth(out, true, steps)
	case 'C':
		return smooth(out, false, steps)
	}
	return out
}

// survey finds where the body is, on a coarse drawing.
func (o *outline) survey() {
	const n = 24
	c := newCanvas(n)
	c.clear(affine{n, 0, 0, 0, n, 0})
	ink := &paint{alpha: 255}
	for i := range o.parts {
		where := onTop
		if o.parts[i].role == 'a' {
			where = isBody
		}
		if o.parts[i].role != 'h' {
			c.part(&o.parts[i], ink, where, o.parts[i].curves(func(p point) point { return p }, c.steps()), 0)
		}
	}
	o.box = [4]float64{1, 1, 0, 0}
	for y := range n {
		for x := range n {
			if c.body[y*n+x] < 160 {
				continue
			}
			p := point{(float64(x) + 0.5) / n, (float64(y) + 0.5) / n}
			o.spots = append(o.spots, p)
			o.box[0], o.box[1] = math.Min(o.box[0], p.x), math.Min(o.box[1], p.y)
			o.box[2], o.box[3] = math.Max(o.box[2], p.x), math.Max(o.box[3], p.y)
		}
	}
	if len(o.spots) == 0 {
		o.spots, o.box = []point{{0.5, 0.5}}, [4]float64{0.3, 0.3, 0.7, 0.7}
	}
}

// curves are the part's outline and, if it has one, its mirrored twin's.
func (p *piece) curves(warp func(point) point, steps int) (out [2][]point) {
	out[0] = p.curve(warp, steps, false)
	if p.twice {
		out[1] = p.curve(warp, steps, true)
	}
	return out
}

// steps is how finely curves are drawn.
func (c *canvas) steps() int {
	if c.fine {
		return 9
	}
	return 4
}

// part draws one part along its curves. edge is the width of its outline.
func (c *canvas) part(p *piece, ink *paint, where layer, curves [2][]point, edge float64) {
	for _, pts := range curves {
		if pts == nil {
			return
		}
		switch p.op {
		case 'L', 'C':
			c.stroke(pts, p.width, false, true, ink, where)
		case 'O':
			c.stroke(pts, p.width, true, false, ink, where)
		default:
			c.fill(pts, ink, where)
			if edge > 0 {
				line := paint{rgb: darker(ink.rgb, 70), alpha: 170}
				c.stroke(pts, edge, true, false, &line, ground)
			}
		}
	}
}
