package sandbox

import (
	"bytes"
	"fmt"
	"image/jpeg"
	"image/png"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"sync"
)

const (
	pictureSize  = 800 // of a picture asked for without a size
	whitePicture = 9   // the number of the picture on white
	skuPicture   = 10  // from here on a number names a SKU colour
)

// picturePath is where the n-th picture of an offer lives: 0 the main one, 1 and 2 other views, 9 on white, 10 and up one SKU colour.
func picturePath(offer int64, n int) string {
	return "/img/" + itoa(offer) + "/" + itoa(int64(n)) + ".jpg"
}

// pictureColour is the colour that picture n shows.
func (o *offer) pictureColour(n int) int {
	switch {
	case n >= skuPicture:
		return n - skuPicture
	case n == whitePicture:
		return o.colours()[0]
	}
	return o.colours()[[]int{0, 1, 0}[n%3]%len(o.colours())]
}

// pose is how picture n sees the product: the view from product coordinates to the unit square.
func (o *offer) pose(n int) affine {
	d := dice(mix(o.h ^ uint64(n)<<32 ^ 0x905e))
	middle := point{0.5, 0.5}
	switch {
	case n == whitePicture || n >= skuPicture:
		return about(middle, middle, 0.84, 0)
	case n%3 == 1: // from the other side, a little turned
		turn := d.in(0.05, 0.14)
		if d.n(2) == 0 {
			turn = -turn
		}
		return about(middle, point{0.5 + d.in(-0.03, 0.03), 0.5}, d.in(0.7, 0.78), turn).after(affine{-1, 0, 1, 0, 1, 0})
	case n%3 == 2: // closer
		return about(o.detailSpot(), middle, d.in(1.35, 1.6), 0)
	}
	return about(middle, point{0.5 + d.in(-0.03, 0.03), 0.5 + d.in(-0.02, 0.02)}, d.in(0.76, 0.86), 0)
}

// detailSpot is where the close-up looks: between the middle and the print.
func (o *offer) detailSpot() point {
	g := designOf(o, o.colours()[0])
	at := g.warp(g.decals[0].at)
	return point{0.5 + (at.x-0.5)*0.5, 0.5 + (at.y-0.5)*0.5}
}

// render draws picture n of an offer onto c, which shows the unit square of the picture through frame.
func (c *canvas) render(o *offer, n int, frame affine) {
	g := designOf(o, o.pictureColour(n))
	view := frame.after(o.pose(n))
	c.clear(view)
	c.fillGround(backdropFor(o, n, &g))
	if n != whitePicture && c.fine {
		c.shadow(&g)
	}
	g.draw(c)
}

// shadow is a soft spot under the product.
func (c *canvas) shadow(g *design) {
	low := 0.5 + 0.46*g.tall
	for i := range 6 {
		f := 1 - 0.13*float64(i)
		pts := make([]point, 32)
		for k := range pts {
			sin, cos := math.Sincos(2 * math.Pi * float64(k) / 32)
			pts[k] = point{0.5 + 0.42*g.wide*f*cos, low + 0.04*f*sin}
		}
		c.fill(pts, &paint{rgb: rgb{70, 70, 76}, alpha: 7}, ground)
	}
}

// pictureName reads {n}.jpg, {n}.220x220.jpg, {n}_220x220.png and {n}.jpg_220x220.jpg.
var pictureName = regexp.MustCompile(`^(\d{1,3})(?:(?:\.jpg|\.png)?[._](\d{1,4})x(\d{1,4}))?\.(jpg|jpeg|png)$`)

// pictureRequest is a picture's address, understood.
type pictureRequest struct {
	offer *offer
	n     int
	size  int
	png   bool
}

func (c *catalogue) picture(offer, file string) (pictureRequest, bool) {
	f := pictureName.FindStringSubmatch(file)
	id, err := strconv.ParseInt(offer, 10, 64)
	if f == nil || err != nil {
		return pictureRequest{}, false
	}
	r := pictureRequest{offer: c.find(id), size: pictureSize, png: f[4] == "png"}
	r.n, _ = strconv.Atoi(f[1]) // the pattern admits digits only
	if f[2] != "" {
		w, _ := strconv.Atoi(f[2])
		h, _ := strconv.Atoi(f[3])
		r.size = min(w, h)
	}
	ok := r.offer != nil && r.n < skuPicture+len(colourRGB) && r.size >= 16 && r.size <= 1200
	return r, ok
}

// picture serves one picture, drawn when somebody asks for it.
func (s *Server) picture(w http.ResponseWriter, r *http.Request) {
	cat := s.cat.Load()
	p, ok := cat.picture(r.PathValue("offer"), r.PathValue("file"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	kind := "image/jpeg"
	if p.png {
		kind = "image/png"
	}
	key := fmt.Sprintf("%d/%d/%d/%d/%t", cat.seed, p.offer.id, p.n, p.size, p.png)
	body := s.drawn.get(key)
	if body == nil {
		body = p.encode()
		s.drawn.put(key, body)
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "public, max-age=86400")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) //nolint:gosec // a picture of our own drawing
	}
}

var canvases = sync.Pool{New: func() any { return newCanvas(pictureSize) }}

// encode draws the picture and packs it.
func (p *pictureRequest) encode() []byte {
	var c *canvas
	if p.size == pictureSize {
		c, _ = canvases.Get().(*canvas)
		defer canvases.Put(c)
	} else {
		c = newCanvas(p.size)
	}
	side := float64(p.size)
	c.render(p.offer, p.n, affine{side, 0, 0, 0, side, 0})
	var b bytes.Buffer
	if p.png {
		_ = (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, c.image()) // a buffer takes everything
	} else {
		_ = jpeg.Encode(&b, c.image(), &jpeg.Options{Quality: 85})
	}
	return b.Bytes()
}

// byteCache keeps the newest finished things, up to a number of bytes.
type byteCache struct {
	mu    sync.Mutex
	m     map[string][]byte
	order []string // oldest first
	size  int
}

const byteCacheSize = 16 << 20

func (b *byteCache) get(key string) []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.m[key]
}

func (b *byteCache) put(key string, body []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.m == nil {
		b.m = map[string][]byte{}
	}
	if _, have := b.m[key]; have || len(key)+len(body) > byteCacheSize/8 {
		return
	}
	b.m[key] = body
	b.order = append(b.order, key)
	for b.size += len(key) + len(body); b.size > byteCacheSize; b.order = b.order[1:] {
		b.size -= len(b.order[0]) + len(b.m[b.order[0]])
		delete(b.m, b.order[0])
	}
}
