package sandbox

import (
	"image"
	"image/color"
	"image/png"
	"net/http"
	"strconv"
	"strings"
)

const pictureSize = 240

// picture draws the n-th picture of an offer: a shape for the product, its colour on a pale ground. n from 10 up shows one SKU colour, 9 a white ground.
func (s *Server) picture(w http.ResponseWriter, r *http.Request) {
	id, err1 := strconv.ParseInt(r.PathValue("offer"), 10, 64)
	name, isPNG := strings.CutSuffix(r.PathValue("file"), ".png")
	n, err2 := strconv.Atoi(name)
	o := s.cat.Load().find(id)
	if err1 != nil || err2 != nil || !isPNG || o == nil || n < 0 || n >= 10+len(colourRGB) {
		http.NotFound(w, r)
		return
	}
	colours := o.colours()
	colour := colours[n%len(colours)]
	if n >= 10 {
		colour = n - 10
	}
	w.Header().Set("Content-Type", "image/png")
	w.Header().Set("Cache-Control", "public, max-age=86400")
	_ = (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(w, draw(o, colour, n)) // only a caller that went away
}

func draw(o *offer, colour, n int) image.Image {
	c := colourRGB[colour]
	ground := color.RGBA{uint8(215 + o.h%40), uint8(215 + o.h>>8%40), uint8(215 + o.h>>16%40), 255}
	if n == 9 {
		ground = color.RGBA{255, 255, 255, 255}
	}
	pal := color.Palette{ground, color.RGBA{c[0], c[1], c[2], 255}, color.RGBA{c[0] / 2, c[1] / 2, c[2] / 2, 255}}
	img := image.NewPaletted(image.Rect(0, 0, pictureSize, pictureSize), pal)
	const half = pictureSize / 2
	reach := 60 + n%9*6
	for y := range pictureSize {
		for x := range pictureSize {
			dx, dy := x-half, y-half
			switch d := shape(int(o.look()), dx, dy); {
			case d < reach-6:
				img.Pix[y*img.Stride+x] = 1
			case d < reach:
				img.Pix[y*img.Stride+x] = 2
			}
		}
	}
	return img
}

// shape is a distance from the middle; its level line is the outline.
func shape(kind, x, y int) int {
	ax, ay := max(x, -x), max(y, -y)
	switch kind % 6 {
	case 0:
		return max(ax, ay) // square
	case 1:
		return ax + ay // diamond
	case 2:
		return max(ax*3/2, ay) // tall box
	case 3:
		return max(ax, ay*3/2) // wide box
	case 4:
		return max(ax+ay*2/3, ay) // hexagon
	}
	return (x*x+y*y)/90 + 10 // disc
}
