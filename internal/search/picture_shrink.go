package search

import (
	"image"
	"image/color"
	"image/draw"
	"math"

	scale "golang.org/x/image/draw"
)

// framed shows an image on a canvas of its own size; what it does not cover is transparent (the first frame of an
// animation).
type framed struct {
	image.Image
	canvas image.Rectangle
}

func (f framed) Bounds() image.Rectangle { return f.canvas }

// moved is an image at another place.
type moved struct {
	image.Image
	by image.Point
}

func (m moved) Bounds() image.Rectangle { return m.Image.Bounds().Add(m.by) }

// At is for callers that know nothing better than image.Image; strips unwraps both types.
func (m moved) At(x, y int) color.Color { return m.Image.At(x-m.by.X, y-m.by.Y) }

// layers takes the wrappers off: the image, and where its upper left corner lies on the canvas.
func layers(img image.Image) (image.Image, image.Point) {
	if f, ok := img.(framed); ok {
		img = f.Image
	}
	if m, ok := img.(moved); ok {
		return m.Image, m.by
	}
	return img, image.Point{}
}

// part is the box in pixels of the picture as it lies in the file, before it is turned upright.
func (h *pictureHead) part(r image.Rectangle, box *Box) image.Rectangle {
	if box == nil {
		return r
	}
	b := box.lying(h.orientation)
	w, d := float64(r.Dx()), float64(r.Dy())
	in := image.Rect(r.Min.X+int(math.Floor(b.X1*w)), r.Min.Y+int(math.Floor(b.Y1*d)), r.Min.X+int(math.Ceil(b.X2*w)), r.Min.Y+int(math.Ceil(b.Y2*d)))
	in = in.Intersect(r)
	if in.Empty() { // thinner than a pixel
		return image.Rect(in.Min.X, in.Min.Y, in.Min.X+1, in.Min.Y+1).Intersect(r)
	}
	return in
}

// lying turns a box of the upright picture into the same box of the picture as it is stored.
func (b Box) lying(orientation int) Box {
	point := func(x, y float64) (float64, float64) {
		switch orientation {
		case 2:
			return 1 - x, y
		case 3:
			return 1 - x, 1 - y
		case 4:
			return x, 1 - y
		case 5:
			return y, x
		case 6:
			return y, 1 - x
		case 7:
			return 1 - y, 1 - x
		case 8:
			return 1 - y, x
		}
		return x, y
	}
	x1, y1 := point(b.X1, b.Y1)
	x2, y2 := point(b.X2, b.Y2)
	return Box{min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)}
}

// shrink draws part of img over white, its longer side at most limit. Whole steps average all pixels they merge, strip by
// strip, so that a big picture needs little memory beside itself; the rest, less than a factor of two, is interpolated.
func shrink(img image.Image, part image.Rectangle, limit int) *image.RGBA {
	long := max(part.Dx(), part.Dy())
	step := max(long/limit, 1)
	out := merge(img, part, step)
	w, h := out.Rect.Dx(), out.Rect.Dy()
	if long = max(w, h); long <= limit {
		return out
	}
	small := image.NewRGBA(image.Rect(0, 0, max(w*limit/long, 1), max(h*limit/long, 1)))
	scale.ApproxBiLinear.Scale(small, small.Rect, out, out.Rect, scale.Src, nil)
	return small
}

// merge averages squares of step pixels.
func merge(img image.Image, part image.Rectangle, step int) *image.RGBA {
	src, at := layers(img)
	w, h := max(part.Dx()/step, 1), max(part.Dy()/step, 1)
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	if step == 1 {
		draw.Draw(out, out.Rect, image.White, image.Point{}, draw.Src)
		paint(out, src, part.Min.Sub(at))
		return out
	}
	strip := image.NewRGBA(image.Rect(0, 0, part.Dx(), min(step, part.Dy())))
	sums := make([]uint32, 3*w)
	for y := range h {
		draw.Draw(strip, strip.Rect, image.White, image.Point{}, draw.Src)
		paint(strip, src, image.Pt(part.Min.X, part.Min.Y+y*step).Sub(at))
		average(out.Pix[y*out.Stride:][:4*w], strip, sums, min(step, part.Dx()))
	}
	return out
}

// paint draws src over dst, with the point p of src in its corner.
func paint(dst *image.RGBA, src image.Image, p image.Point) {
	if pal, ok := src.(*image.Paletted); ok {
		paintPalette(dst, pal, p)
		return
	}
	draw.Draw(dst, dst.Rect, src, p, draw.Over)
}

// paintPalette is draw.Draw for a palette, which the standard library draws pixel by pixel through interfaces.
func paintPalette(dst *image.RGBA, src *image.Paletted, p image.Point) {
	var table [256][4]uint32
	for i, c := range src.Palette {
		if i == len(table) {
			break
		}
		r, g, b, a := c.RGBA()
		table[i] = [4]uint32{r, g, b, 0xffff - a}
	}
	r := dst.Rect.Intersect(src.Rect.Sub(p))
	for y := r.Min.Y; y < r.Max.Y; y++ {
		from := src.Pix[src.PixOffset(r.Min.X+p.X, y+p.Y):]
		to := dst.Pix[dst.PixOffset(r.Min.X, y):]
		for x := range r.Dx() {
			c := &table[from[x]]
			px := to[4*x : 4*x+4 : 4*x+4]
			px[0] = uint8((c[0] + uint32(px[0])*0x101*c[3]/0xffff) >> 8)
			px[1] = uint8((c[1] + uint32(px[1])*0x101*c[3]/0xffff) >> 8)
			px[2] = uint8((c[2] + uint32(px[2])*0x101*c[3]/0xffff) >> 8)
		}
	}
}

// average writes one row: each pixel is the mean of step columns over all rows of the strip.
func average(row []byte, strip *image.RGBA, sums []uint32, step int) {
	clear(sums)
	w := len(row) / 4
	for y := range strip.Rect.Dy() {
		line := strip.Pix[y*strip.Stride:]
		for x := range w {
			var r, g, b uint32
			cell := line[4*x*step:][:4*step]
			for i := 0; i+3 < len(cell); i += 4 {
				r, g, b = r+uint32(cell[i]), g+uint32(cell[i+1]), b+uint32(cell[i+2])
			}
			s := sums[3*x : 3*x+3 : 3*x+3]
			s[0], s[1], s[2] = s[0]+r, s[1]+g, s[2]+b
		}
	}
	n := uint32(step * strip.Rect.Dy())
	for x := range w {
		for c := range 3 {
			row[4*x+c] = uint8((sums[3*x+c] + n/2) / n)
		}
		row[4*x+3] = 0xff
	}
}

// upright turns and mirrors as EXIF orientation 1-8 says.
func upright(src *image.RGBA, orientation int) *image.RGBA {
	if orientation < 2 || orientation > 8 {
		return src
	}
	w, h := src.Rect.Dx(), src.Rect.Dy()
	width, height := w, h // of the upright picture
	// at gives where a pixel of the upright picture lies; stepX is the way from one to the next of its row.
	var at func(y int) int
	var stepX int
	px, line := 4, src.Stride
	switch orientation {
	case 2:
		at, stepX = func(y int) int { return y*line + (w-1)*px }, -px
	case 3:
		at, stepX = func(y int) int { return (h-1-y)*line + (w-1)*px }, -px
	case 4:
		at, stepX = func(y int) int { return (h - 1 - y) * line }, px
	case 5:
		at, stepX = func(y int) int { return y * px }, line
	case 6:
		at, stepX = func(y int) int { return (h-1)*line + y*px }, -line
	case 7:
		at, stepX = func(y int) int { return (h-1)*line + (w-1-y)*px }, -line
	case 8:
		at, stepX = func(y int) int { return (w - 1 - y) * px }, line
	}
	if orientation >= 5 {
		width, height = h, w
	}
	out := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		from, row := at(y), out.Pix[y*out.Stride:]
		for x := range width {
			copy(row[4*x:4*x+4], src.Pix[from:from+4])
			from += stepX
		}
	}
	return out
}
