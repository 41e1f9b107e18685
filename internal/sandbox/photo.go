package sandbox

import (
	"image"
	"image/color"
	"image/draw"
	"math"
)

// photo is a picture as the search sees it: brightness and two colour differences, interleaved, 0 to 255 and about -128 to 128.
type photo struct {
	w, h int
	p    []float32
}

func newPhoto(w, h int) *photo { return &photo{w, h, make([]float32, 3*w*h)} }

// shrink is the size that fits into side by side; it never grows.
func fit(w, h, side int) (int, int) {
	if m := max(w, h); m > side {
		return max((w*side+m/2)/m, 1), max((h*side+m/2)/m, 1)
	}
	return w, h
}

// takePhoto averages a picture down to at most thumbSide pixels per side. What is transparent becomes white.
func takePhoto(img image.Image) *photo {
	box := img.Bounds()
	w, h := fit(box.Dx(), box.Dy(), thumbSide)
	r := newReducer(box.Dx(), box.Dy(), w, h)
	const strip = 16
	rows := image.NewRGBA(image.Rect(0, 0, box.Dx(), strip))
	line := make([]float32, 3*box.Dx())
	for y := 0; y < box.Dy(); y += strip {
		n := min(strip, box.Dy()-y)
		at := image.Rect(0, 0, box.Dx(), n)
		draw.Draw(rows, at, image.NewUniform(color.White), image.Point{}, draw.Src)
		draw.Draw(rows, at, img, image.Pt(box.Min.X, box.Min.Y+y), draw.Over)
		for k := range n {
			opponent(line, rows.Pix[k*rows.Stride:])
			r.row(line)
		}
	}
	return r.out
}

// opponent turns a row of RGBA into brightness and colour differences.
func opponent(out []float32, pix []uint8) {
	for i := 0; i*3 < len(out); i++ {
		r, g, b := float32(pix[4*i]), float32(pix[4*i+1]), float32(pix[4*i+2])
		y := 0.299*r + 0.587*g + 0.114*b
		out[3*i], out[3*i+1], out[3*i+2] = y, 0.564*(b-y), 0.713*(r-y)
	}
}

// reducer averages rows into a smaller photo, every source pixel counted by the area it covers.
type reducer struct {
	out          *photo
	w, h         int // of the source
	y            int
	line         []float32
	tall, across float32
}

func newReducer(w, h, tw, th int) *reducer {
	return &reducer{out: newPhoto(tw, th), w: w, h: h, line: make([]float32, 3*tw), across: float32(tw) / float32(w), tall: float32(th) / float32(h)}
}

func (r *reducer) row(src []float32) {
	clear(r.line)
	for x := range r.w {
		from, to := float32(x)*r.across, float32(x+1)*r.across
		i := min(int(from), r.out.w-1)
		first := min(to, float32(i+1)) - from
		for k := range 3 {
			r.line[3*i+k] += src[3*x+k] * first
		}
		if rest := to - float32(i+1); rest > 1e-4 && i+1 < r.out.w {
			for k := range 3 {
				r.line[3*i+3+k] += src[3*x+k] * rest
			}
		}
	}
	from, to := float32(r.y)*r.tall, float32(r.y+1)*r.tall
	i := min(int(from), r.out.h-1)
	r.add(i, min(to, float32(i+1))-from)
	if rest := to - float32(i+1); rest > 1e-4 && i+1 < r.out.h {
		r.add(i+1, rest)
	}
	r.y++
}

func (r *reducer) add(y int, share float32) {
	row := r.out.p[3*y*r.out.w : 3*(y+1)*r.out.w]
	for i, v := range r.line {
		row[i] += v * share
	}
}

// reduced is the photo at no more than side pixels per side.
func (p *photo) reduced(side int) *photo {
	w, h := fit(p.w, p.h, side)
	if w == p.w && h == p.h {
		return p
	}
	r := newReducer(p.w, p.h, w, h)
	for y := range p.h {
		r.row(p.p[3*y*p.w : 3*(y+1)*p.w])
	}
	return r.out
}

// cut is a part of the photo.
func (p *photo) cut(x0, y0, x1, y1 int) *photo {
	out := newPhoto(x1-x0, y1-y0)
	for y := range out.h {
		copy(out.p[3*y*out.w:3*(y+1)*out.w], p.p[3*((y+y0)*p.w+x0):])
	}
	return out
}

// blurred evens out noise: a 3 by 3 mean.
func (p *photo) blurred() *photo {
	out := newPhoto(p.w, p.h)
	for y := range p.h {
		for x := range p.w {
			var sum [3]float32
			n := float32(0)
			for yy := max(y-1, 0); yy <= min(y+1, p.h-1); yy++ {
				for xx := max(x-1, 0); xx <= min(x+1, p.w-1); xx++ {
					for k := range 3 {
						sum[k] += p.p[3*(yy*p.w+xx)+k]
					}
					n++
				}
			}
			for k := range 3 {
				out.p[3*(y*p.w+x)+k] = sum[k] / n
			}
		}
	}
	return out
}

// sample reads the photo between pixels; ok is false outside.
func (p *photo) sample(x, y float64) (out [3]float32, ok bool) {
	x, y = x-0.5, y-0.5
	if x < -0.5 || y < -0.5 || x > float64(p.w)-0.5 || y > float64(p.h)-0.5 {
		return out, false
	}
	x, y = min(max(x, 0), float64(p.w-1)), min(max(y, 0), float64(p.h-1))
	x0, y0 := min(int(x), max(p.w-2, 0)), min(int(y), max(p.h-2, 0))
	fx, fy := float32(x-float64(x0)), float32(y-float64(y0))
	x1, y1 := min(x0+1, p.w-1), min(y0+1, p.h-1)
	a, b, c, d := 3*(y0*p.w+x0), 3*(y0*p.w+x1), 3*(y1*p.w+x0), 3*(y1*p.w+x1)
	for k := range 3 {
		top := p.p[a+k] + (p.p[b+k]-p.p[a+k])*fx
		low := p.p[c+k] + (p.p[d+k]-p.p[c+k])*fx
		out[k] = top + (low-top)*fy
	}
	return out, true
}

// flat says that the picture shows one colour and nothing else.
func (p *photo) flat() bool {
	var sum, square [3]float64
	for i, v := range p.p {
		sum[i%3] += float64(v)
		square[i%3] += float64(v) * float64(v)
	}
	n, spread := float64(p.w*p.h), 0.0
	for k := range 3 {
		spread += square[k]/n - sum[k]/n*sum[k]/n
	}
	return math.Sqrt(max(spread, 0)) < 3
}
