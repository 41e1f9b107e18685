package sandbox

import "math"

type rgb [3]uint8

func darker(c rgb, percent int) rgb {
	for i := range c {
		c[i] = uint8(int(c[i]) * percent / 100)
	}
	return c
}

func blend(a, b rgb, t float64) rgb {
	f := int32(t * 256)
	for i := range a {
		a[i] = uint8((int32(a[i])*(256-f) + int32(b[i])*f + 128) >> 8)
	}
	return a
}

func (c rgb) light() int { return (299*int(c[0]) + 587*int(c[1]) + 114*int(c[2])) / 1000 }

// apart is how different two colours look, from 0 to about 400.
func apart(a, b rgb) int {
	d := 0
	for i := range a {
		v := int(a[i]) - int(b[i])
		d += max(v, -v)
	}
	l := a.light() - b.light()
	return d/2 + max(l, -l)
}

// dice hands out numbers that depend on an offer only.
type dice uint64

func (d *dice) next() uint64 {
	*d++
	return mix(uint64(*d))
}

func (d *dice) n(n int) int { return int(d.next() >> 11 % uint64(n)) }

// in is a number between a and b.
func (d *dice) in(a, b float64) float64 {
	return a + (b-a)*float64(d.next()>>11)/(1<<53)
}

// decal is one printed shape.
type decal struct {
	motif int
	at    point
	size  float64
	turn  float64
	tint  int // index into design.inks
}

// design is what makes an offer's product this one and no other: proportions, pattern, prints, colours.
type design struct {
	look    look
	base    rgb // the SKU's colour
	inks    [4]rgb
	pattern paint // of the body
	decals  []decal
	wide    float64 // proportions
	tall    float64
	taper   float64
	bulge   float64
	gloss   int

	also []design     // the same in other colours, for the canvas's other plates
	kept [][2][]point // curves of the parts, when small drawings of this design follow each other; nil = not kept
}

// printInks are what seams, prints and trimmings come in.
var printInks = []rgb{
	{238, 238, 234}, {30, 32, 38}, {214, 48, 49}, {245, 176, 38}, {38, 118, 196}, {30, 150, 110}, {236, 120, 160}, {120, 72, 168}, {132, 84, 48}, {20, 56, 120},
	{120, 200, 190}, {238, 96, 40},
}

// glossOf tells how a material shines: 0 cloth, 1 leather and plastic, 2 metal and glass.
func glossOf(material string) int {
	switch material {
	case "不锈钢", "合金", "玻璃", "陶瓷", "铝合金", "铜", "水晶", "亚克力":
		return 2
	case "真皮", "硅胶", "塑料", "竹制", "PU皮", "实木", "木质", "橡胶":
		return 1
	}
	return 0
}

// designOf composes the look of an offer in one colour.
func designOf(o *offer, colour int) design {
	d := dice(mix(o.h ^ 0x1a6e))
	g := design{
		look: o.look(), base: rgb(colourRGB[colour%len(colourRGB)]),
		wide: d.in(0.84, 1.06), tall: d.in(0.86, 1.06), taper: d.in(-0.2, 0.2), bulge: d.in(-0.14, 0.14), gloss: glossOf(words().materials[o.material][0]),
	}
	for i := range g.base { // no two dye lots are the same
		g.base[i] = uint8(min(max(int(g.base[i])+d.n(25)-12, 8), 236))
	}
	first := d.n(len(printInks))
	for i := range g.inks {
		g.inks[i] = printInks[(first+i*(1+d.n(4)))%len(printInks)]
		for k := 1; k < len(printInks) && !g.clear(i); k++ {
			g.inks[i] = printInks[(first+i+k)%len(printInks)]
		}
	}
	g.pattern = g.weave(&d)
	g.print(&d)
	return g
}

// clear says whether ink i can be told from the base and from the inks before it.
func (g *design) clear(i int) bool {
	if apart(g.inks[i], g.base) < 80 {
		return false
	}
	for k := range i {
		if apart(g.inks[i], g.inks[k]) < 50 {
			return false
		}
	}
	return true
}

// weave picks the pattern of the body.
func (g *design) weave(d *dice) paint {
	other := g.inks[d.n(3)]
	if d.n(2) == 0 {
		other = blend(g.base, other, 0.45)
	}
	p := paint{rgb: g.base, rgb2: other, alpha: 255, kind: patternKind(d.n(int(patterns))), pitch: d.in(0.09, 0.22), share: d.in(0.25, 0.6), phase: d.in(0, 1), shade: true, gloss: g.gloss}
	turn := []float64{0, math.Pi / 2, math.Pi / 4, -math.Pi / 4, math.Pi / 6}[d.n(5)]
	if p.kind == split || p.kind == fade {
		turn = d.in(0, 2*math.Pi)
	}
	p.sin, p.cos = math.Sincos(turn)
	return p
}

// print lays out the decals: an emblem, a row, a scatter or a stack.
func (g *design) print(d *dice) {
	out := &outlines()[g.look]
	w, h := out.box[2]-out.box[0], out.box[3]-out.box[1]
	unit := math.Sqrt(w*h) * math.Sqrt(float64(len(out.spots))/(576*w*h+1)) // of a body full of holes less is there to print on
	spot := func() point { return out.spots[d.n(len(out.spots))] }
	put := func(motif int, at point, size float64, tint int) {
		g.decals = append(g.decals, decal{motif, at, size * unit, d.in(-0.5, 0.5), tint})
	}
	one, two := d.n(len(motifs)), d.n(len(motifs))
	switch d.n(4) {
	case 0:
		put(one, spot(), d.in(0.2, 0.3), d.n(4))
		for range 1 + d.n(3) {
			put(two, spot(), d.in(0.08, 0.14), d.n(4))
		}
	case 1:
		from, tint, size, turn := spot(), d.n(4), d.in(0.08, 0.13), d.in(-0.6, 0.6)
		sin, cos := math.Sincos(turn)
		for i := range 5 {
			step := (float64(i) - 2) * size * 2.4 * unit
			put(one, point{from.x + step*cos, from.y + step*sin}, size, tint)
		}
		put(two, spot(), d.in(0.14, 0.22), d.n(4))
	case 2:
		for i := range 5 + d.n(4) {
			put([]int{one, two}[i%2], spot(), d.in(0.08, 0.13), []int{0, 1, 2}[i%3])
		}
	default:
		at := spot()
		put(one, at, d.in(0.24, 0.34), d.n(2))
		put(two, at, d.in(0.1, 0.15), 2+d.n(2))
		put(d.n(len(motifs)), spot(), d.in(0.12, 0.2), d.n(4))
	}
}

// pale says that some part is nearly white: a photographer takes a darker ground then.
func (g *design) pale() bool {
	if g.base.light() > 190 || g.inks[0].light() > 200 {
		return true
	}
	for i := range outlines()[g.look].parts {
		switch outlines()[g.look].parts[i].role {
		case 'w', 'e', 'm':
			return true
		}
	}
	return false
}

// warp bends the standard outline into this offer's proportions.
func (g *design) warp(p point) point {
	x, y := p.x-0.5, p.y-0.5
	return point{0.5 + x*g.wide*(1+g.taper*y+g.bulge*(0.5-4*y*y)), 0.5 + y*g.tall}
}

// draw paints the product on what is on the canvas already.
func (g *design) draw(c *canvas) {
	edge := 0.0
	if c.fine {
		edge = 0.006
	}
	for i := range outlines()[g.look].parts {
		p := &outlines()[g.look].parts[i]
		ink, where := g.ink(p.role)
		for k := range c.plates {
			other, _ := g.also[k].ink(p.role)
			ink.also = append(ink.also, other)
		}
		if p.role == 'h' {
			c.part(p, &ink, where, g.curves(i, c), 0)
			continue
		}
		c.part(p, &ink, where, g.curves(i, c), edge)
	}
	for i := range g.decals {
		g.stamp(c, &g.decals[i])
	}
}

// curves are the outlines of part i in this design's proportions.
func (g *design) curves(i int, c *canvas) [2][]point {
	p := &outlines()[g.look].parts[i]
	if g.kept == nil {
		return p.curves(g.warp, c.steps())
	}
	if g.kept[i][0] == nil {
		g.kept[i] = p.curves(g.warp, c.steps())
	}
	return g.kept[i]
}

func (g *design) ink(role byte) (paint, layer) {
	p := paint{alpha: 255, shade: true, gloss: g.gloss}
	switch role {
	case 'a':
		return g.pattern, isBody
	case 'b':
		p.rgb = g.inks[0]
	case 'c':
		p.rgb = g.inks[1]
	case 'd':
		p.rgb = darker(g.base, 62)
	case 'e':
		p.rgb = blend(g.base, rgb{255, 255, 255}, 0.55)
	case 'k':
		p.rgb = rgb{44, 44, 50}
	case 'w':
		p.rgb = rgb{236, 236, 236}
	case 'm':
		p.rgb, p.gloss = rgb{170, 174, 182}, 2
	case 'h':
		p.kind, p.shade = behind, false
		return p, hole
	}
	return p, onTop
}

func (g *design) stamp(c *canvas, m *decal) {
	at := g.warp(m.at)
	sin, cos := math.Sincos(m.turn)
	pts := make([]point, 0, 48)
	for _, q := range motifs[m.motif] {
		pts = append(pts, point{at.x + m.size*(q.x*cos-q.y*sin), at.y + m.size*(q.x*sin+q.y*cos)})
	}
	ink := paint{rgb: g.inks[m.tint], alpha: 250, shade: true, gloss: g.gloss}
	for k := range c.plates {
		ink.also = append(ink.also, paint{rgb: g.also[k].inks[m.tint]})
	}
	c.fill(pts, &ink, inBody)
}
