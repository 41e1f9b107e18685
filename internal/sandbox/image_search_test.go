package sandbox

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// distortion changes a picture as cameras, phones and websites do. The code is independent of what the search uses.
type distortion struct {
	name string
	do   func(r *rand.Rand, img *image.RGBA) *image.RGBA
}

func between(r *rand.Rand, a, b float64) float64 { return a + (b-a)*r.Float64() }

// warp draws img onto a w by h canvas through back, which maps canvas to picture; what is outside gets the ground.
func warpImage(img *image.RGBA, w, h int, ground func(x, y int) color.RGBA, back func(x, y float64) (float64, float64)) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	sw, sh := img.Rect.Dx(), img.Rect.Dy()
	for y := range h {
		for x := range w {
			var sum [3]float64
			const n = 3 // supersampling
			for k := range n * n {
				u, v := back(float64(x)+(float64(k%n)+0.5)/n, float64(y)+(float64(k/n)+0.5)/n)
				if u < 0 || v < 0 || u >= float64(sw) || v >= float64(sh) {
					g := ground(x, y)
					sum[0], sum[1], sum[2] = sum[0]+float64(g.R), sum[1]+float64(g.G), sum[2]+float64(g.B)
					continue
				}
				i := img.PixOffset(int(u), int(v))
				for c := range 3 {
					sum[c] += float64(img.Pix[i+c])
				}
			}
			i := out.PixOffset(x, y)
			for c := range 3 {
				out.Pix[i+c] = uint8(sum[c]/9 + 0.5)
			}
			out.Pix[i+3] = 255
		}
	}
	return out
}

func anyGround(r *rand.Rand) func(x, y int) color.RGBA {
	a := color.RGBA{uint8(r.IntN(256)), uint8(r.IntN(256)), uint8(r.IntN(256)), 255}
	b := color.RGBA{uint8(r.IntN(256)), uint8(r.IntN(256)), uint8(r.IntN(256)), 255}
	if r.IntN(2) == 0 {
		return func(int, int) color.RGBA { return a }
	}
	return func(_, y int) color.RGBA { // a gradient
		t := min(float64(y)/800, 1)
		f := func(p, q uint8) uint8 { return uint8(float64(p)*(1-t) + float64(q)*t) }
		return color.RGBA{f(a.R, b.R), f(a.G, b.G), f(a.B, b.B), 255}
	}
}

func eachChannel(img *image.RGBA, f func(v float64, c int) float64) *image.RGBA {
	for i := range img.Pix {
		if i%4 < 3 {
			img.Pix[i] = uint8(min(max(f(float64(img.Pix[i]), i%4)+0.5, 0), 255))
		}
	}
	return img
}

func black(int, int) color.RGBA { return color.RGBA{A: 255} }
func white(int, int) color.RGBA { return color.RGBA{255, 255, 255, 255} }

var distortions = []distortion{
	{"resize", func(r *rand.Rand, img *image.RGBA) *image.RGBA {
		s := between(r, 0.3, 1.3)
		w, h := int(float64(img.Rect.Dx())*s), int(float64(img.Rect.Dy())*s)
		return warpImage(img, w, h, black, func(x, y float64) (float64, float64) { return x / s, y / s })
	}},
	{"jpeg", func(r *rand.Rand, img *image.RGBA) *image.RGBA {
		var b bytes.Buffer
		_ = jpeg.Encode(&b, img, &jpeg.Options{Quality: 30 + r.IntN(61)})
		got, _ := jpeg.Decode(&b)
		out := image.NewRGBA(got.Bounds())
		for y := range out.Rect.Dy() {
			for x := range out.Rect.Dx() {
				out.Set(x, y, got.At(x, y))
			}
		}
		return out
	}},
	{"crop", func(r *rand.Rand, img *image.RGBA) *image.RGBA {
		w, h := float64(img.Rect.Dx()), float64(img.Rect.Dy())
		l, t := w*between(r, 0, 0.18), h*between(r, 0, 0.18)
		cw, ch := int(w-l-w*between(r, 0, 0.18)), int(h-t-h*between(r, 0, 0.18))
		return warpImage(img, cw, ch, black, func(x, y float64) (float64, float64) { return x + l, y + t })
	}},
	{"rotate", func(r *rand.Rand, img *image.RGBA) *image.RGBA {
		w, h := img.Rect.Dx(), img.Rect.Dy()
		sin, cos := math.Sincos(between(r, -8, 8) * math.Pi / 180)
		cx, cy := float64(w)/2, float64(h)/2
		ground := []func(int, int) color.RGBA{black, white, anyGround(r)}[r.IntN(3)]
		return warpImage(img, w, h, ground, func(x, y float64) (float64, float64) {
			x, y = x-cx, y-cy
			return cx + x*cos - y*sin, cy + x*sin + y*cos
		})
	}},
	{"light", func(r *rand.Rand, img *image.RGBA) *image.RGBA {
		shift, gain, gamma := between(r, -30, 30), between(r, 0.75, 1.25), between(r, 0.75, 1.35)
		return eachChannel(img, func(v float64, _ int) float64 {
			return math.Pow(min(max(((v-128)*gain+128+shift)/255, 0), 1), gamma) * 255
		})
	}},
	{"noise", func(r *rand.Rand, img *image.RGBA) *image.RGBA {
		s := between(r, 3, 14)
		return eachChannel(img, func(v float64, _ int) float64 { return v + r.NormFloat64()*s })
	}},
	{"blur", func(r *rand.Rand, img *image.RGBA) *image.RGBA {
		d := between(r, 1, 5)
		w, h := img.Rect.Dx(), img.Rect.Dy()
		return warpImage(img, w, h, white, func(x, y float64) (float64, float64) { // the nine samples spread out
			fx, fy := x-math.Floor(x)-0.5, y-math.Floor(y)-0.5
			return min(max(x+fx*d*2, 0), float64(w)-1), min(max(y+fy*d*2, 0), float64(h)-1)
		})
	}},
	{"border", func(r *rand.Rand, img *image.RGBA) *image.RGBA {
		w, h := img.Rect.Dx(), img.Rect.Dy()
		l, t, rr, b := r.IntN(w/4), r.IntN(h/4), r.IntN(w/4), r.IntN(h/4)
		return warpImage(img, w+l+rr, h+t+b, anyGround(r), func(x, y float64) (float64, float64) { return x - float64(l), y - float64(t) })
	}},
	{"scene", func(r *rand.Rand, img *image.RGBA) *image.RGBA { // the picture lies, turned, on another background
		w, h := img.Rect.Dx(), img.Rect.Dy()
		s := between(r, 0.55, 0.85)
		sin, cos := math.Sincos(between(r, -6, 6) * math.Pi / 180)
		px, py := float64(w)*between(r, 0.42, 0.58), float64(h)*between(r, 0.42, 0.58)
		return warpImage(img, w, h, anyGround(r), func(x, y float64) (float64, float64) {
			x, y = (x-px)/s, (y-py)/s
			return float64(w)/2 + x*cos - y*sin, float64(h)/2 + x*sin + y*cos
		})
	}},
}

// combos are what the test puts a picture through: each kind alone, and kinds together.
var combos = [][]string{
	{"resize"}, {"jpeg"}, {"crop"}, {"rotate"}, {"light"}, {"noise"}, {"blur"}, {"border"}, {"scene"}, {"cutout"},
	{"resize", "jpeg"}, {"crop", "jpeg"}, {"rotate", "light"}, {"crop", "rotate", "jpeg"}, {"border", "noise", "resize"}, {"light", "blur", "jpeg"},
	{"crop", "light", "resize", "jpeg"}, {"rotate", "border", "light"}, {"scene", "light", "jpeg"}, {"resize", "crop", "rotate", "noise", "jpeg"},
	{"cutout", "light", "jpeg"}, {"cutout", "rotate", "noise"},
}

// photograph draws a picture of the offer and distorts it.
func photograph(o *offer, n int, combo []string, r *rand.Rand) *image.RGBA {
	const size = 480
	c := newCanvas(size)
	c.render(o, n, affine{size, 0, 0, 0, size, 0})
	img := c.image()
	for _, name := range combo {
		if name == "cutout" { // only the product, before another background
			g := anyGround(r)
			for i, a := range c.alpha {
				back := g(i%size, i/size)
				for k, v := range []uint8{back.R, back.G, back.B} {
					img.Pix[4*i+k] = uint8((int(img.Pix[4*i+k])*int(a) + int(v)*(255-int(a))) / 255)
				}
			}
			continue
		}
		for _, d := range distortions {
			if d.name == name {
				img = d.do(r, img)
			}
		}
	}
	return img
}

// TestImageSearchDistorted uploads distorted pictures and counts how often their offer comes first. The full figures, over the default catalogue:
//
//	ENTREPOT_IMAGE_FULL=1 go test -tags nomsgpack ./internal/sandbox -run TestImageSearchDistorted -v
func TestImageSearchDistorted(t *testing.T) {
	offers, pictures, floor := 400, 22, 0.9 // a handful of pictures says little
	if os.Getenv("ENTREPOT_IMAGE_FULL") != "" {
		offers, pictures, floor = 20_000, 500, 0.95
	}
	cat := newCatalogue(1688, offers)
	x := newSights(cat, nil)
	from := time.Now()
	x.wait(otherViews)
	t.Logf("%d offers, %d sketches, %.1f MB, built in %v", offers, len(x.all), float64(len(x.all))*144/1e6, time.Since(from).Round(time.Millisecond))
	type count struct{ n, first, five int }
	counts, total := map[string]*count{}, count{}
	var took time.Duration
	for i := range pictures {
		r := rand.New(rand.NewPCG(uint64(i), 42))
		o := &cat.offers[r.IntN(offers)]
		for o.traits&delisted != 0 {
			o = &cat.offers[r.IntN(offers)]
		}
		ns := []int{0, 0, 1, 2, whitePicture, skuPicture + o.colours()[r.IntN(len(o.colours()))]}
		n, combo := ns[r.IntN(len(ns))], combos[i%len(combos)]
		img := photograph(o, n, combo, r)
		p := takePhoto(img)
		from := time.Now()
		got := x.look(p)
		ranking := got.offers
		took += time.Since(from)
		at := slices.Index(ranking, o.idx)
		name := strings.Join(combo, "+")
		if counts[name] == nil {
			counts[name] = &count{}
		}
		for _, c := range []*count{counts[name], &total} {
			c.n++
			if at == 0 {
				c.first++
			}
			if at >= 0 && at < 5 {
				c.five++
			}
		}
		if at != 0 {
			t.Logf("picture %d: offer %d (%s) n=%d %s: place %d", i, o.idx, o.look(), n, name, at)
		}
	}
	for _, combo := range combos {
		name := strings.Join(combo, "+")
		if c := counts[name]; c != nil {
			t.Logf("%-36s first %3d/%d, in five %3d", name, c.first, c.n, c.five)
		}
	}
	t.Logf("top-1 %.1f %%, top-5 %.1f %% of %d; %v per search", 100*float64(total.first)/float64(total.n), 100*float64(total.five)/float64(total.n), total.n,
		(took / time.Duration(pictures)).Round(100*time.Microsecond))
	assert.GreaterOrEqual(t, float64(total.first), floor*float64(total.n), "the offer comes first")
	assert.GreaterOrEqual(t, float64(total.five), floor*float64(total.n), "the offer is among the first five")
}
