package sandbox

import "slices"

// stencil marks the pixels of a photo that belong to something.
type stencil struct {
	w, h int
	on   []bool
}

func newStencil(w, h int) *stencil { return &stencil{w, h, make([]bool, w*h)} }

func (m *stencil) area() (n int) {
	for _, on := range m.on {
		if on {
			n++
		}
	}
	return n
}

// box is the smallest box around the mask, right and lower side excluded.
func (m *stencil) box() (x0, y0, x1, y1 int) {
	x0, y0 = m.w, m.h
	for i, on := range m.on {
		if on {
			x, y := i%m.w, i/m.w
			x0, y0, x1, y1 = min(x0, x), min(y0, y), max(x1, x+1), max(y1, y+1)
		}
	}
	return x0, y0, x1, y1
}

// rim is the pixels of the mask between near and far steps from its edge; the sides of the picture are edges too.
func (m *stencil) rim(near, far int) []int {
	depth := make([]int, len(m.on))
	var front []int
	for i, on := range m.on {
		x, y := i%m.w, i/m.w
		if on && (x == 0 || y == 0 || x == m.w-1 || y == m.h-1 || !m.on[i-1] || !m.on[i+1] || !m.on[i-m.w] || !m.on[i+m.w]) {
			depth[i] = 1
			front = append(front, i)
		}
	}
	var out []int
	for d := 1; d <= far && len(front) > 0; d++ {
		if d >= near {
			out = append(out, front...)
		}
		var next []int
		for _, i := range front {
			m.around(i, func(j int) {
				if m.on[j] && depth[j] == 0 {
					depth[j] = d + 1
					next = append(next, j)
				}
			})
		}
		front = next
	}
	return out
}

// around visits the four neighbours.
func (m *stencil) around(i int, visit func(int)) {
	x := i % m.w
	if x > 0 {
		visit(i - 1)
	}
	if x < m.w-1 {
		visit(i + 1)
	}
	if i >= m.w {
		visit(i - m.w)
	}
	if i+m.w < len(m.on) {
		visit(i + m.w)
	}
}

// tone is a colour that the background may have, and how much of the rim it covers.
type tone struct {
	c     [3]float32
	n     int
	share float32
	edge  bool // found at the farthest points of the rim, where goods seldom are
}

func distance(a, b [3]float32) float32 {
	return 0.6*abs(a[0]-b[0]) + abs(a[1]-b[1]) + abs(a[2]-b[2])
}

func abs(v float32) float32 { return max(v, -v) }

func (p *photo) at(i int) [3]float32 { return [3]float32(p.p[3*i : 3*i+3]) }

// tones groups the colours of the rim.
func (p *photo) tones(rim []int) []tone {
	var out []tone
	ends := p.ends(rim)
	for _, i := range rim {
		c := p.at(i)
		best, near := -1, float32(20)
		for k := range out {
			if d := distance(out[k].c, c); d < near {
				best, near = k, d
			}
		}
		if best < 0 {
			if len(out) == 24 {
				continue
			}
			best = len(out)
			out = append(out, tone{c: c})
		}
		t := &out[best]
		t.n++
		for k := range 3 {
			t.c[k] += (c[k] - t.c[k]) / float32(t.n)
		}
		t.edge = t.edge || slices.Contains(ends, i)
	}
	for k := range out {
		out[k].share = float32(out[k].n) / float32(len(rim))
	}
	slices.SortStableFunc(out, func(a, b tone) int { return b.n - a.n })
	return out
}

// ends are the pixels of the rim that lie farthest in the eight directions.
func (p *photo) ends(rim []int) []int {
	var out []int
	for _, d := range [8][2]int{{1, 1}, {-1, 1}, {1, -1}, {-1, -1}, {1, 0}, {-1, 0}, {0, 1}, {0, -1}} {
		best, far := -1, -1<<30
		for _, i := range rim {
			if v := i%p.w*d[0] + i/p.w*d[1]; v > far {
				best, far = i, v
			}
		}
		if d[0] != 0 && d[1] != 0 {
			out = append(out, best)
		}
	}
	return out
}

// flood takes away from m what can be reached from the rim through background tones and is left with the goods. start is how near to one of
// them a pixel of the rim must be, like how near any other
// must be, step how much it may differ from its neighbour where the tone drifts.
func (p *photo) flood(m *stencil, rim []int, ground []tone, start, like, step float32) *stencil {
	out := &stencil{m.w, m.h, slices.Clone(m.on)}
	near := func(c [3]float32) float32 {
		d := float32(1e9)
		for k := range ground {
			d = min(d, distance(ground[k].c, c))
		}
		return d
	}
	var queue []int
	for _, i := range rim {
		if out.on[i] && near(p.at(i)) < start {
			out.on[i] = false
			queue = append(queue, i)
		}
	}
	for len(queue) > 0 {
		i := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		c := p.at(i)
		out.around(i, func(j int) {
			if !out.on[j] {
				return
			}
			d := p.at(j)
			far := near(d)
			if far < like || far < 42 && distance(c, d) < step {
				out.on[j] = false
				queue = append(queue, j)
			}
		})
	}
	return out
}

// blob is one connected piece of a mask.
type blob struct {
	pixels []int
}

// blobs finds the pieces, biggest first; pieces closer than two pixels count as one.
func (m *stencil) blobs() []blob {
	seen := make([]bool, len(m.on))
	var out []blob
	for start, on := range m.on {
		if !on || seen[start] {
			continue
		}
		b := blob{pixels: []int{start}}
		seen[start] = true
		for k := 0; k < len(b.pixels); k++ {
			x, y := b.pixels[k]%m.w, b.pixels[k]/m.w
			for yy := max(y-1, 0); yy <= min(y+1, m.h-1); yy++ {
				for xx := max(x-1, 0); xx <= min(x+1, m.w-1); xx++ {
					if j := yy*m.w + xx; m.on[j] && !seen[j] {
						seen[j] = true
						b.pixels = append(b.pixels, j)
					}
				}
			}
		}
		out = append(out, b)
	}
	slices.SortStableFunc(out, func(a, b blob) int { return len(b.pixels) - len(a.pixels) })
	return out
}

// only keeps some pieces of a mask.
func (m *stencil) only(bs ...blob) *stencil {
	out := newStencil(m.w, m.h)
	for _, b := range bs {
		for _, i := range b.pixels {
			out.on[i] = true
		}
	}
	return out
}

// cleaned drops crumbs: noise, and the shadow's edge.
func (m *stencil) cleaned() (*stencil, []blob) {
	bs := m.blobs()
	if len(bs) == 0 {
		return m, nil
	}
	least := max(len(bs[0].pixels)/40, len(m.on)/1500, 3)
	for len(bs) > 1 && len(bs[len(bs)-1].pixels) < least {
		bs = bs[:len(bs)-1]
	}
	return m.only(bs...), bs
}

// scene is one reading of a photo: what is goods and what is background.
type scene struct {
	goods *stencil
	parts []blob
	frame bool // there are goods inside it: a picture in a picture
}

// scenes reads a photo in several ways: background is what touches the border, all of it or only its main colours; a frame or another
// background around the picture is peeled off, layer by layer.
func (p *photo) scenes() []scene {
	all := newStencil(p.w, p.h)
	for i := range all.on {
		all.on[i] = true
	}
	out := []scene{}
	rim := all.rim(1, 2)
	for _, g := range grounds(p.tones(rim))[:1] { // thin outlines hold where nothing is evened out: white goods on white
		p.read(all, p.flood(all, rim, g, 20, 6, 2.5), g, &out)
	}
	p.blurred().peel(all, 0, &out)
	for i := range out {
		for k := range out {
			if out[k].frame && out[i].goods.boxy() && out[i].goods.about(out[k].goods) {
				out[i].frame = true
			}
		}
	}
	return out
}

// about says that the boxes around two stencils nearly agree.
func (m *stencil) about(o *stencil) bool {
	a0, b0, a1, b1 := m.box()
	c0, d0, c1, d1 := o.box()
	return box{float64(a0), float64(b0), float64(a1), float64(b1)}.about(box{float64(c0), float64(d0), float64(c1), float64(d1)})
}

const maxScenes = 9

// read adds what a flood has left of m unless it is known already, and returns it unless it is nothing or everything.
func (p *photo) read(m, left *stencil, ground []tone, out *[]scene) *stencil {
	got, parts := left.cleaned()
	area := got.area()
	if area < len(m.on)/80 || area > len(m.on)*49/50 || area > m.area()*24/25 {
		return nil
	}
	if len(*out) >= maxScenes || slices.ContainsFunc(*out, func(s scene) bool { return alike(s.goods, got) }) {
		return got
	}
	*out = append(*out, scene{goods: got, parts: parts})
	if holed := p.punched(got, ground); holed != nil && len(*out) < maxScenes {
		*out = append(*out, scene{goods: holed, parts: holed.blobs()[:1]})
	}
	return got
}

// peel adds the readings of what lies inside m.
func (p *photo) peel(m *stencil, layer int, out *[]scene) {
	if layer > 0 { // the seam is a mixture of both sides
		inner := &stencil{m.w, m.h, slices.Clone(m.on)}
		for _, i := range m.rim(1, 2) {
			inner.on[i] = false
		}
		m = inner
	}
	rim := m.rim(1, 2)
	if len(rim) == 0 {
		return
	}
	var boxes []*stencil
	for i, ground := range grounds(p.tones(rim)) {
		start := float32(20)
		if i > 0 {
			start = 14 // some tones of the rim are taken for goods
		}
		if len(*out) >= maxScenes {
			return
		}
		got := p.read(m, p.flood(m, rim, ground, start, 11, 4), ground, out)
		if got == nil {
			continue
		}
		if got.boxy() && !slices.ContainsFunc(boxes, func(b *stencil) bool { return alike(b, got) }) {
			boxes = append(boxes, got)
		}
	}
	for _, b := range boxes {
		if layer == 3 {
			break
		}
		n := len(*out)
		if p.peel(b, layer+1, out); len(*out) == n {
			continue
		}
		for i := range (*out)[:n] {
			s := &(*out)[i]
			s.frame = s.frame || alike(s.goods, b)
		}
	}
}

// grounds are the guesses which tones are background: all at the border, the common ones and those in the corners, the most common one.
func grounds(ts []tone) [][]tone {
	var some, corner []tone
	for _, t := range ts {
		if t.share >= 0.25 || t.edge && t.share >= 0.02 {
			some = append(some, t)
		}
		if t.edge && t.share >= 0.1 {
			corner = append(corner, t)
		}
	}
	out := [][]tone{ts}
	for _, g := range [][]tone{some, corner, ts[:1]} {
		if len(g) > 0 && len(g) < len(out[len(out)-1]) {
			out = append(out, g)
		}
	}
	return out
}

// punched takes away what of the background shows through handles and rings; nil if there is hardly any.
func (p *photo) punched(m *stencil, ground []tone) *stencil {
	through := newStencil(m.w, m.h)
	for i, on := range m.on {
		if on {
			c := p.at(i)
			through.on[i] = slices.ContainsFunc(ground, func(t tone) bool { return t.share > 0.1 && distance(t.c, c) < 8 })
		}
	}
	area := m.area()
	out := &stencil{m.w, m.h, slices.Clone(m.on)}
	found := false
	for _, b := range through.blobs() {
		if len(b.pixels)*20 < area {
			break
		}
		found = true
		for _, i := range b.pixels {
			out.on[i] = false
		}
	}
	if !found || out.area()*4 < area {
		return nil
	}
	return out
}

func alike(a, b *stencil) bool {
	n, total := 0, 0
	for i := range a.on {
		if a.on[i] || b.on[i] {
			total++
			if a.on[i] != b.on[i] {
				n++
			}
		}
	}
	return n*25 < total
}

// boxy says that a mask is about a rectangle, upright or a little turned: a picture in a picture.
func (m *stencil) boxy() bool {
	x0, y0, x1, y1 := m.box()
	area := m.area()
	return area*100 > (x1-x0)*(y1-y0)*68 && area*8 > len(m.on)
}

// boxes are the things in a photo, the biggest first.
func (p *photo) boxes() []box {
	small := p.reduced(segmentSide)
	sx, sy := float64(p.w)/float64(small.w), float64(p.h)/float64(small.h)
	var out []box
	add := func(m *stencil) {
		x0, y0, x1, y1 := m.box()
		b := box{float64(x0) * sx, float64(y0) * sy, float64(x1) * sx, float64(y1) * sy}
		if len(out) < 5 && !slices.ContainsFunc(out, func(o box) bool { return o.about(b) }) {
			out = append(out, b)
		}
	}
	for _, s := range small.scenes() {
		for _, part := range s.parts {
			if len(part.pixels)*6 > s.goods.area() {
				add(s.goods.only(part))
			}
		}
	}
	slices.SortStableFunc(out, func(a, b box) int { return int((b.x1-b.x0)*(b.y1-b.y0)) - int((a.x1-a.x0)*(a.y1-a.y0)) })
	return out
}

// about says that two boxes share most of their area.
func (b box) about(o box) bool {
	w, h := min(b.x1, o.x1)-max(b.x0, o.x0), min(b.y1, o.y1)-max(b.y0, o.y0)
	if w <= 0 || h <= 0 {
		return false
	}
	return w*h > 0.8*((b.x1-b.x0)*(b.y1-b.y0)+(o.x1-o.x0)*(o.y1-o.y0)-w*h)
}
