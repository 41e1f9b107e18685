package search

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	scale "golang.org/x/image/draw"
	"golang.org/x/image/math/f64"

	"entrepot/internal/alibaba"
	"entrepot/internal/sandbox"
)

// lay draws img onto a canvas of w x h: turned by degrees about its middle, zoomed, its middle at (x, y).
func lay(img image.Image, w, h int, degrees, zoom, x, y float64, ground color.Color) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(out, out.Rect, image.NewUniform(ground), image.Point{}, draw.Src)
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	sin, cos = sin*zoom, cos*zoom
	mx, my := float64(img.Bounds().Dx())/2, float64(img.Bounds().Dy())/2
	scale.BiLinear.Transform(out, f64.Aff3{cos, -sin, x - cos*mx + sin*my, sin, cos, y - sin*mx - cos*my}, img, img.Bounds(), scale.Over, nil)
	return out
}

// distort does to a picture what cameras, apps and websites do.
func distort(r *rand.Rand, kind int, img image.Image) image.Image {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	fw, fh := float64(w), float64(h)
	between := func(a, b float64) float64 { return a + (b-a)*r.Float64() }
	ground := color.RGBA{uint8(r.IntN(256)), uint8(r.IntN(256)), uint8(r.IntN(256)), 255}
	switch kind {
	case 0: // another size, up to that of a phone's camera
		z := []float64{0.35, 0.6, 1.4, 2.3, 4.4}[r.IntN(5)]
		return lay(img, int(fw*z), int(fh*z), 0, z, fw*z/2, fh*z/2, ground)
	case 1: // cut
		return lay(img, int(fw*0.85), int(fh*0.82), 0, 1, fw*between(0.4, 0.46), fh*between(0.38, 0.45), ground)
	case 2: // turned a little
		return lay(img, w, h, between(-8, 8), 1, fw/2, fh/2, ground)
	case 3: // on something
		return lay(img, w, h, between(-5, 5), between(0.6, 0.85), fw*between(0.43, 0.57), fh*between(0.43, 0.57), ground)
	case 4: // framed
		return lay(img, w+w/5, h+h/6, 0, 1, fw/2+fw*between(0.02, 0.18), fh/2+fh*between(0.02, 0.14), ground)
	case 5: // out of focus
		z := between(0.25, 0.5)
		small := lay(img, int(fw*z), int(fh*z), 0, z, fw*z/2, fh*z/2, ground)
		return lay(small, w, h, 0, 1/z, fw/2, fh/2, ground)
	case 6: // packed hard
		var b bytes.Buffer
		_ = jpeg.Encode(&b, img, &jpeg.Options{Quality: 30 + r.IntN(50)}) // a buffer takes everything
		out, _ := jpeg.Decode(&b)
		return out
	}
	out := lay(img, w, h, 0, 1, fw/2, fh/2, ground) // another light, and grain
	gain, shift, grain := between(0.8, 1.2), between(-20, 20), between(0, 10)
	for i := range out.Pix {
		if i%4 < 3 {
			out.Pix[i] = clip8(float64(out.Pix[i])*gain + shift + r.NormFloat64()*grain)
		}
	}
	return out
}

// TestImageTopOfDistorted compares the first hit of 1688's own search, given the picture as it is, with the first hit
// through our API, which has shrunk and encoded it anew. The full figures, over the default catalogue:
//
//	ENTREPOT_IMAGE_FULL=1 go test -tags nomsgpack ./internal/search -run TestImageTopOfDistorted -v
func TestImageTopOfDistorted(t *testing.T) {
	offers, pictures := 400, 24
	if raceEnabled { // one picture of each kind
		offers, pictures = 50, 8
	}
	if os.Getenv("ENTREPOT_IMAGE_FULL") != "" {
		offers, pictures = 20_000, 500
	}
	s := newShopOf(t, offers)
	client, err := alibaba.New(alibaba.Options{
		BaseURL: s.url + "/openapi", AppKey: sandbox.DemoKey, AppSecret: sandbox.DemoSecret, AccessToken: sandbox.DemoToken, Timeout: time.Minute, // the index is built meanwhile
	})
	require.NoError(t, err)
	defer client.Close()
	s.client = client
	ids := s.offerIDs()
	direct := func(raw []byte) string {
		id, err := s.client.ImageUpload(t.Context(), raw, "")
		require.NoError(t, err)
		page, err := s.client.ImageQuery(t.Context(), alibaba.ImageQuery{ImageID: id, Country: "en", PageSize: 5})
		require.NoError(t, err)
		if len(page.Offers) == 0 {
			return ""
		}
		return page.Offers[0].OfferID.String()
	}
	same, right, rightOurs := 0, 0, 0
	for i := range pictures {
		r := rand.New(rand.NewPCG(uint64(i), 99))
		id := ids[r.IntN(len(ids))]
		photo, err := jpeg.Decode(bytes.NewReader(s.photo(id)))
		require.NoError(t, err)
		img := distort(r, i%8, photo)
		if i%3 == 0 {
			img = distort(r, r.IntN(8), img)
		}
		raw := jpegOf(t, img)
		if i%4 == 1 && img.Bounds().Dx() < 900 {
			raw = pngOf(t, img)
		}
		want, got := direct(raw), ""
		if page := s.byImage("pageSize=5&imageId=" + s.upload(raw).ImageId); len(page.Items) > 0 {
			got = page.Items[0].OfferId
		}
		if want == got {
			same++
		} else {
			t.Logf("picture %d (kind %d, %v): %s there, %s here, of %d", i, i%8, img.Bounds().Max, want, got, id)
		}
		if want == fmt.Sprint(id) {
			right++
		}
		if got == fmt.Sprint(id) {
			rightOurs++
		}
	}
	t.Logf("the same first hit for %d of %d; the right one for %d there and %d here", same, pictures, right, rightOurs)
	assert.GreaterOrEqual(t, same*100, pictures*99, "preparing loses nothing that matters")
}
