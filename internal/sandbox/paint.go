package sandbox

import "math"

type patternKind int

const (
	plainCloth patternKind = iota
	stripes
	checks
	dots
	zigzag
	split
	fade
	bands
	patterns // how many a design picks from
	behind   // what is behind the product
)

// paint is the colour of a part: plain or patterned, lit from the left.
type paint struct {
	rgb, rgb2    rgb
	alpha        uint8
	kind         patternKind
	sin, cos     float64 // turn of the pattern
	pitch, share float64 // of the repeat and, within it, of the second colour
	phase        float64
	shade        bool
	gloss        int
	also         []paint // the same in other colours, for the canvas's other plates
}

// lighting is what a place does to the colours of a paint: how much of the second one shows, the light on it, the grain of the cloth.
type lighting struct {
	second       float64
	light, grain int32
}

// lightingAt is that of one pixel, which shows q.
func (p *paint) lightingAt(c *canvas, q point) lighting {
	t := lighting{light: 1024}
	if p.kind != plainCloth {
		t.second = p.mask(q, c.pixel)
	}
	if !p.shade {
		return t
	}
	t.light = p.light(q)
	if c.fine && p.gloss == 0 {
		t.grain = int32(cloth[int(q.y*420)&63][int(q.x*420)&63])
	}
	return t
}

func (p *paint) in(t lighting) rgb {
	out := p.rgb
	if t.second > 0 {
		out = blend(out, p.rgb2, t.second)
	}
	for i, v := range out {
		out[i] = uint8(min(max(int32(v)*t.light>>10+t.grain, 0), 255))
	}
	return out
}

// light makes the right and lower side darker, and puts a bright band on what shines. 1024 changes nothing.
func (p *paint) light(q point) int32 {
	f := 1.03 - 0.17*q.x - 0.07*q.y
	if p.gloss > 0 {
		band := (q.x - 0.36 + 0.1*q.y) * 9
		f += 0.14 * float64(p.gloss) / (1 + band*band)
	}
	return int32(f * 1024)
}

// cloth is the grain of fabric.
var cloth = func() (out [64][64]int8) {
	for y := range out {
		for x := range out[y] {
			out[y][x] = int8(mix(uint64(y*64+x))&7) - 3
		}
	}
	return out
}()

// mask is how much of the second colour is at q; edges are as soft as one pixel.
func (p *paint) mask(q point, pixel float64) float64 {
	x, y := (q.x-0.5)*p.cos+(q.y-0.5)*p.sin, (q.y-0.5)*p.cos-(q.x-0.5)*p.sin
	switch p.kind {
	case stripes:
		return p.band(x, pixel)
	case checks:
		return (p.band(x, pixel) + p.band(y, pixel)) / 2
	case dots:
		x, y = wrap(x/p.pitch+p.phase)*p.pitch, wrap(y/p.pitch+p.phase)*p.pitch
		return soft(p.pitch*(0.18+0.25*p.share)-math.Hypot(x, y), pixel)
	case zigzag:
		return p.band(x+math.Abs(wrap(y/p.pitch/1.6))*p.pitch*1.2, pixel)
	case split:
		return soft(x+(p.phase-0.5)*0.3, pixel)
	case fade:
		return min(max(0.5+x*1.6, 0), 1)
	case bands:
		return soft(p.pitch*p.share*0.8-math.Abs(x+(p.phase-0.5)*0.4), pixel)
	case plainCloth, patterns, behind:
	}
	return 0
}

func (p *paint) band(x, pixel float64) float64 {
	return soft(p.pitch*p.share/2-math.Abs(wrap(x/p.pitch+p.phase))*p.pitch, pixel)
}

// wrap brings v into -0.5 to 0.5.
func wrap(v float64) float64 { return v - math.Floor(v+0.5) }

// soft is 1 well inside an edge, 0 well outside.
func soft(distance, pixel float64) float64 {
	return min(max(distance/pixel+0.5, 0), 1)
}

// backdrop is what a shop photographs its goods on.
type backdrop struct {
	top, low rgb
	floor    float64 // where the floor begins; 1 = none
	side     bool    // the light falls from the side
}

func (b *backdrop) at(u, v float64) rgb {
	if v >= b.floor {
		return darker(b.low, 94)
	}
	t := v
	if b.side {
		t = (u + v) / 2
	}
	return blend(b.top, b.low, t)
}

// fillGround paints the backdrop everywhere.
func (c *canvas) fillGround(b backdrop) {
	c.ground, c.bare = b, false
	step := 1
	if !b.side {
		step = c.w // a whole row has one colour
	}
	for y := range c.h {
		row := c.pix[4*y*c.w : 4*(y+1)*c.w]
		for x := 0; x < c.w; x += step {
			k := b.at(float64(x)/float64(c.w), float64(y)/float64(c.h))
			row[4*x], row[4*x+1], row[4*x+2], row[4*x+3] = k[0], k[1], k[2], 255
		}
		if step > 1 {
			for n := 4; n < len(row); n *= 2 {
				copy(row[n:], row[:n])
			}
		}
	}
}

// backdropFor picks the shop's style; the picture number varies it. Goods never vanish in front of it.
func backdropFor(o *offer, n int, g *design) backdrop {
	if n == whitePicture {
		return backdrop{top: rgb{255, 255, 255}, low: rgb{255, 255, 255}, floor: 1}
	}
	d := dice(mix(uint64(o.seller)*77 + uint64(min(n, 10))*13))
	tint := func() rgb { return rgb{uint8(205 + d.n(44)), uint8(205 + d.n(44)), uint8(205 + d.n(44))} }
	b := backdrop{top: tint(), floor: 1, side: d.n(3) == 0}
	b.low = blend(b.top, tint(), 0.6)
	if d.n(3) == 0 {
		b.floor = d.in(0.7, 0.84)
	}
	if apart(g.base, b.top) < 70 || g.pale() {
		b.top, b.low = darker(b.top, 78), darker(b.low, 74)
	}
	return b
}
