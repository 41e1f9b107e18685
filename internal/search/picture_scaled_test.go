package search

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// scene is something like a photograph: soft shapes, edges, and the grain of a sensor.
func scene(w, h int) *image.RGBA {
	r, img := rand.New(rand.NewPCG(7, 7)), image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		fy := float64(y) / float64(h)
		for x := range w {
			fx := float64(x) / float64(w)
			v := 110 + 60*math.Sin(9*fx+4*fy*fy) + 30*math.Cos(31*fy-11*fx)
			if (x/97+y/131)%5 == 0 {
				v += 45
			}
			grain := float64(r.IntN(25)) - 12
			img.SetRGBA(x, y, color.RGBA{clip8(v + grain), clip8(0.8*v + 40*fx + grain), clip8(1.1*v - 50*fy + grain), 255})
		}
	}
	return img
}

func clip8(v float64) uint8 { return uint8(min(max(v, 0), 255)) }

var photo12 = sync.OnceValue(func() []byte {
	var b bytes.Buffer
	_ = jpeg.Encode(&b, scene(4000, 3000), &jpeg.Options{Quality: 88}) // a buffer takes everything
	return b.Bytes()
})

// luma is the brightness alone: chroma is interpolated differently at another scale.
func luma(img image.Image) image.Image {
	if y, ok := img.(*image.YCbCr); ok {
		return &image.Gray{Pix: y.Y, Stride: y.YStride, Rect: y.Rect}
	}
	return img
}

// distance compares an image with the average of den x den pixels of another: mean and greatest difference.
func distance(small, big image.Image, den int) (mean float64, most int) {
	want := merge(big, image.Rect(0, 0, big.Bounds().Dx()/den*den, big.Bounds().Dy()/den*den), den)
	got := merge(small, image.Rect(0, 0, want.Rect.Dx(), want.Rect.Dy()), 1)
	sum := 0
	for i := range want.Pix {
		d := int(want.Pix[i]) - int(got.Pix[i])
		d = max(d, -d)
		sum, most = sum+d, max(most, d)
	}
	return float64(sum) / float64(len(want.Pix)), most
}

// TestDecodeScaled holds the scaled decoder against the standard one, for every subsampling it takes.
func TestDecodeScaled(t *testing.T) {
	files := map[string][]byte{"ours": jpegOf(t, scene(317, 211)), "flat": jpegOf(t, quarters(64, 64)), "one pixel": jpegOf(t, quarters(1, 1))}
	grey := image.NewGray(image.Rect(0, 0, 203, 99))
	for i := range grey.Pix {
		grey.Pix[i] = uint8(i * i / 77)
	}
	files["grey"] = jpegOf(t, grey)
	for _, name := range strings.Fields("video-001.jpeg video-001.q50.420.jpeg video-001.q50.422.jpeg video-001.q50.440.jpeg video-001.q50.444.jpeg video-001.restart2.jpeg video-005.gray.jpeg") {
		files[name] = goSample(t, "testdata/"+name)
	}
	for name, raw := range files {
		whole, err := jpeg.Decode(bytes.NewReader(raw))
		require.NoError(t, err)
		for _, den := range []int{2, 4, 8} {
			img, err := decodeScaled(raw, den)
			require.NoError(t, err, "%s 1/%d", name, den)
			w, h := whole.Bounds().Dx(), whole.Bounds().Dy()
			assert.Equal(t, image.Rect(0, 0, (w+den-1)/den, (h+den-1)/den), img.Bounds(), name)
			if w < den || name == "grey" {
				continue
			}
			mean, most := distance(luma(img), luma(whole), den)
			assert.Less(t, mean, 3.0, "%s 1/%d", name, den)
			assert.Less(t, most, 90, "%s 1/%d", name, den)
			t.Logf("%s 1/%d: off by %.2f, at most %d", name, den, mean, most)
			mean, _ = distance(img, whole, den)
			assert.Less(t, mean, 6.0, "%s 1/%d, colours", name, den)
		}
	}
	for _, name := range strings.Fields("video-001.cmyk.jpeg video-001.progressive.jpeg video-001.rgb.jpeg video-001.221212.jpeg video-001.q50.410.jpeg video-001.q50.411.jpeg video-001.separate.dc.progression.jpeg") {
		_, err := decodeScaled(goSample(t, "testdata/"+name), 2)
		assert.ErrorIs(t, err, errNotScaled, name)
	}
}

// TestDecodeScaledDamaged: what the standard decoder refuses, the scaled one does not take for a picture.
func TestDecodeScaledDamaged(t *testing.T) {
	raw := jpegOf(t, scene(317, 211))
	at := bytes.Index(raw, []byte{0xff, markSOS})
	for _, cut := range []int{at + 20, (at + len(raw)) / 2, len(raw) * 9 / 10} {
		short := append(bytes.Clone(raw[:cut]), 0xff, markEOI)
		_, err := decodeScaled(short, 2)
		assert.ErrorIs(t, err, errPictureDamaged)
	}
	_, err := decodeScaled(jpegClaims(raw, 3000, 3000), 2)
	assert.ErrorIs(t, err, errPictureDamaged)
}

// FuzzDecodeScaled: no file makes it panic, and it takes nothing that the standard decoder refuses for its length.
func FuzzDecodeScaled(f *testing.F) {
	f.Add(jpegOf(f, scene(60, 40)), 2)
	f.Add(jpegOf(f, quarters(16, 16)), 8)
	f.Fuzz(func(t *testing.T, raw []byte, den int) {
		if den != 2 && den != 4 && den != 8 {
			return
		}
		h, err := inspectPicture(raw)
		if err != nil || h.kind != kindJPEG || !h.sequential || h.w*h.h > 1<<20 {
			return
		}
		_, _ = decodeScaled(raw, den)
	})
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkPrepare12MP is P8: a phone's photograph to upload-ready. full is the same through the standard decoder.
func BenchmarkPrepare12MP(b *testing.B) {
	raw := photo12()
	for name, turn := range map[string]func() error{
		"scaled": func() error { _, err := PreparePicture(raw, nil); return err },
		"full": func() error {
			img, err := jpeg.Decode(bytes.NewReader(raw))
			if err == nil {
				_, err = encodePicture(shrink(img, img.Bounds(), PictureSide))
			}
			return err
		},
	} {
		b.Run(name, func(b *testing.B) {
			runtime.GC()
			from := cpuTime()
			for b.Loop() {
				if err := turn(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64((cpuTime()-from).Microseconds())/1000/float64(b.N), "cpu-ms/op")
			b.ReportMetric(float64(len(raw))/1e6, "MB-file")
		})
	}
}
