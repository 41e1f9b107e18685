package sandbox

import "math"

// model is a candidate's product, drawn for the comparison.
type model struct {
	p      []float32 // three per pixel
	alpha  []float32
	inside []bool // of the candidate's picture
	goods  int    // how many pixels count
}

func (v *viewer) model(o *offer, n int) *model {
	inside := v.show(v.big, o, n)
	c := v.big
	t := &model{p: make([]float32, 3*matchSide*matchSide), alpha: make([]float32, matchSide*matchSide), inside: make([]bool, matchSide*matchSide)}
	opponent(t.p, c.pix)
	for i, a := range c.alpha {
		t.alpha[i] = float32(a) / 255
		x, y := (float64(i%matchSide)+0.5)/matchSide, (float64(i/matchSide)+0.5)/matchSide
		t.inside[i] = x > inside[0] && y > inside[1] && x < inside[2] && y < inside[3]
		if t.inside[i] && a >= 230 {
			t.goods++
		}
	}
	return t
}

// light is the change of brightness and colour between a photo and a drawing, estimated from both.
type light struct {
	gain, offset float64
	colour       float64 // gain of the colour differences
	tint         [2]float64
}

// reading is what a patch shows at the places of a template under a trial placement.
type reading struct {
	v      [][3]float32
	dx, dy [][3]float32 // change per patch pixel
	at     []int        // pixel of the template
}

// placed maps template pixels, counted from the middle, to patch pixels; p are its six numbers relative to "exactly where the window says".
func placed(p *[6]float64, x, y float64) (float64, float64) {
	const scale = patchSide / (1 + 2*patchMargin) / matchSide
	return patchSide/2 + scale*(x*(1+p[0])+y*p[1]+p[2]), patchSide/2 + scale*(x*p[3]+y*(1+p[4])+p[5])
}

// read samples the patch under all product pixels of the template.
func (r *reading) read(t *model, q *patch, p *[6]float64) {
	r.v, r.dx, r.dy, r.at = r.v[:0], r.dx[:0], r.dy[:0], r.at[:0]
	for i, a := range t.alpha {
		if a < 0.9 || !t.inside[i] {
			continue
		}
		x, y := placed(p, float64(i%matchSide)+0.5-matchSide/2, float64(i/matchSide)+0.5-matchSide/2)
		x, y = x-0.5, y-0.5
		x0, y0 := int(x), int(y)
		if x < 0 || y < 0 || x0+1 >= patchSide || y0+1 >= patchSide {
			continue
		}
		k := y0*patchSide + x0
		if !q.known[k] || !q.known[k+1] || !q.known[k+patchSide] || !q.known[k+patchSide+1] {
			continue
		}
		fx, fy := float32(x-float64(x0)), float32(y-float64(y0))
		var v, dx, dy [3]float32
		for c := range 3 {
			a, b := q.p[3*k+c], q.p[3*k+3+c]
			d, e := q.p[3*(k+patchSide)+c], q.p[3*(k+patchSide)+3+c]
			top, low := a+(b-a)*fx, d+(e-d)*fx
			v[c], dx[c], dy[c] = top+(low-top)*fy, (b-a)+((e-d)-(b-a))*fy, low-top
		}
		r.v, r.dx, r.dy, r.at = append(r.v, v), append(r.dx, dx), append(r.dy, dy), append(r.at, i)
	}
}

// light fits how the photo's colours map to the drawing's.
func (r *reading) light(t *model) light {
	var n, sx, sy, sxx, sxy float64
	var cx, cy [2]float64
	var cxx, cxy float64
	for k, v := range r.v {
		w := t.p[3*r.at[k] : 3*r.at[k]+3]
		x, y := float64(v[0]), float64(w[0])
		n++
		sx, sy, sxx, sxy = sx+x, sy+y, sxx+x*x, sxy+x*y
		for c := range 2 {
			a, b := float64(v[c+1]), float64(w[c+1])
			cx[c], cy[c] = cx[c]+a, cy[c]+b
			cxx, cxy = cxx+a*a, cxy+a*b
		}
	}
	if n == 0 {
		return light{gain: 1, colour: 1}
	}
	const calm = 25 // keeps the gain near one where there is nothing to fit it to
	l := light{}
	l.gain = min(max((sxy-sx*sy/n+calm*n)/(sxx-sx*sx/n+calm*n), 0.5), 2)
	l.offset = min(max((sy-l.gain*sx)/n, -90), 90)
	l.colour = min(max((cxy+calm*n)/(cxx+calm*n), 0.5), 2)
	for c := range 2 {
		l.tint[c] = min(max((cy[c]-l.colour*cx[c])/n, -8), 8)
	}
	return l
}

func (l *light) apply(v [3]float32) [3]float64 {
	return [3]float64{l.gain*float64(v[0]) + l.offset, l.colour*float64(v[1]) + l.tint[0], l.colour*float64(v[2]) + l.tint[1]}
}

// align moves, turns and stretches the template over the patch until it fits best, and tells how well: 1 is the same picture.
func (r *reading) align(t *model, q *patch, p [6]float64, rounds int) float64 {
	best := -1.0
	for round := range rounds {
		r.read(t, q, &p)
		score := r.score(t, q, &p)
		best = max(best, score)
		if score > 0.985 || best < []float64{-1, 0, 0.2, 0.35, 0.45}[min(round, 4)] || !r.improve(t, &p) {
			return best
		}
	}
	r.read(t, q, &p)
	return max(best, r.score(t, q, &p))
}

// improve is one Gauss-Newton step; false when there is nothing to hold on to.
func (r *reading) improve(t *model, p *[6]float64) bool {
	l := r.light(t)
	var h [6][7]float64
	const scale = patchSide / (1 + 2*patchMargin) / matchSide
	for k, v := range r.v {
		i := r.at[k]
		x, y := float64(i%matchSide)+0.5-matchSide/2, float64(i/matchSide)+0.5-matchSide/2
		got := l.apply(v)
		for c := range 3 {
			gain := l.gain
			if c > 0 {
				gain = l.colour
			}
			e := float64(t.p[3*i+c]) - got[c]
			weight := 1 / (1 + e*e/900) // big differences are something else than a wrong place
			gx, gy := gain*scale*float64(r.dx[k][c]), gain*scale*float64(r.dy[k][c])
			j := [6]float64{gx * x, gx * y, gx, gy * x, gy * y, gy}
			for a := range 6 {
				ja := weight * j[a]
				for b := a; b < 6; b++ {
					h[a][b] += ja * j[b]
				}
				h[a][6] += ja * e
			}
		}
	}
	for a := range 6 {
		for b := range a {
			h[a][b] = h[b][a]
		}
	}
	n := float64(len(r.v))
	for a := range 6 { // hold back where the picture says little
		h[a][a] += n * []float64{400, 400, 2, 400, 400, 2}[a] * 4
	}
	d, ok := solve(&h)
	if !ok {
		return false
	}
	moved := 0.0
	for a := range 6 {
		limit := []float64{0.08, 0.08, 2.5, 0.08, 0.08, 2.5}[a]
		d[a] = min(max(d[a], -limit), limit)
		p[a] += d[a]
		moved += math.Abs(d[a]) / limit
	}
	return moved > 0.02 && sane(p)
}

func sane(p *[6]float64) bool {
	return math.Abs(p[0]) < 0.35 && math.Abs(p[1]) < 0.3 && math.Abs(p[3]) < 0.3 && math.Abs(p[4]) < 0.35 && math.Abs(p[2]) < 9 && math.Abs(p[5]) < 9
}

// solve is Gaussian elimination.
func solve(h *[6][7]float64) (out [6]float64, ok bool) {
	for i := range 6 {
		top := i
		for k := i + 1; k < 6; k++ {
			if math.Abs(h[k][i]) > math.Abs(h[top][i]) {
				top = k
			}
		}
		h[i], h[top] = h[top], h[i]
		if math.Abs(h[i][i]) < 1e-9 {
			return out, false
		}
		for k := i + 1; k < 6; k++ {
			f := h[k][i] / h[i][i]
			for c := i; c < 7; c++ {
				h[k][c] -= f * h[i][c]
			}
		}
	}
	for i := 5; i >= 0; i-- {
		v := h[i][6]
		for c := i + 1; c < 6; c++ {
			v -= h[i][c] * out[c]
		}
		out[i] = v / h[i][i]
	}
	return out, true
}

// score compares the template with what was read: the share of the photo's variation that the drawing explains, less what one has where the other has nothing.
func (r *reading) score(t *model, q *patch, p *[6]float64) float64 {
	if len(r.v) < 24 {
		return -1
	}
	l := r.light(t)
	var wrong, sum, square, strong float64
	for k := range r.v {
		got := l.apply(r.v[k])
		for c := range 3 {
			e := float64(t.p[3*r.at[k]+c]) - got[c]
			wrong += min(e*e, 4000)
		}
		w := t.p[3*r.at[k] : 3*r.at[k]+3]
		sum += float64(w[0])
		square += float64(w[0]) * float64(w[0])
		strong += float64(w[1])*float64(w[1]) + float64(w[2])*float64(w[2])
	}
	n := float64(len(r.v))
	spread := square/n - sum/n*sum/n + strong/n
	missing := max(0, 0.6-n/float64(max(t.goods, 1))) // what lies outside the photo can be anything
	return 1 - wrong/n/(spread+250) - 0.3*r.outside(t, q, p) - missing
}

// outside is how much the outlines of template and goods differ, 0 to 1.
func (r *reading) outside(t *model, q *patch, p *[6]float64) float64 {
	var differ, either float64
	for y := 0; y < matchSide; y += 2 {
		for x := 0; x < matchSide; x += 2 {
			i := y*matchSide + x
			if !t.inside[i] {
				continue
			}
			u, v := placed(p, float64(x)+0.5-matchSide/2, float64(y)+0.5-matchSide/2)
			if u < 0 || v < 0 || u >= patchSide || v >= patchSide {
				continue
			}
			k := int(v)*patchSide + int(u)
			if !q.known[k] {
				continue
			}
			a, b := float64(t.alpha[i]), float64(q.goods[k])
			differ += math.Abs(a - b)
			either += max(a, b)
		}
	}
	if either == 0 {
		return 1
	}
	return differ / either
}
