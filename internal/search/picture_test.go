package search

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"entrepot/internal/errs"
)

// The colours of quarters, from the upper left, row by row.
var quarterColours = [4]color.RGBA{{220, 20, 20, 255}, {20, 200, 20, 255}, {20, 20, 220, 255}, {250, 250, 250, 255}}

// quarters is a picture of four colours: which way up it is can be seen.
func quarters(w, h int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for i, c := range quarterColours {
		x, y := i%2*(w/2), i/2*(h/2)
		draw.Draw(img, image.Rect(x, y, x+w-w/2, y+h-h/2), image.NewUniform(c), image.Point{}, draw.Src)
	}
	return img
}

// seenQuarters names the colours of a prepared picture's quarters: r, g, b, w.
func seenQuarters(t testing.TB, p Picture) string {
	t.Helper()
	img, err := jpeg.Decode(bytes.NewReader(p.Data))
	require.NoError(t, err)
	require.Equal(t, p.Width, img.Bounds().Dx())
	require.Equal(t, p.Height, img.Bounds().Dy())
	out := ""
	for i := range 4 {
		r, g, b, _ := img.At(p.Width*(1+i%2*2)/4, p.Height*(1+i/2*2)/4).RGBA()
		best, name := math.MaxInt, ""
		for k, c := range quarterColours {
			d := 0
			for _, v := range [3]int{int(r>>8) - int(c.R), int(g>>8) - int(c.G), int(b>>8) - int(c.B)} {
				d += v * v
			}
			if d < best {
				best, name = d, "rgbw"[k:k+1]
			}
		}
		if best > 3*30*30 {
			name = "?"
		}
		out += name
	}
	return out
}

func jpegOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, jpeg.Encode(&b, img, &jpeg.Options{Quality: 90}))
	return b.Bytes()
}

func pngOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, img))
	return b.Bytes()
}

func gifOf(t testing.TB, frames ...*image.Paletted) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, gif.EncodeAll(&b, &gif.GIF{Image: frames, Delay: make([]int, len(frames))}))
	return b.Bytes()
}

func paletted(img image.Image) *image.Paletted {
	out := image.NewPaletted(img.Bounds(), color.Palette{color.Transparent, quarterColours[0], quarterColours[1], quarterColours[2], quarterColours[3]})
	draw.Draw(out, out.Rect, img, image.Point{}, draw.Src)
	return out
}

func sample(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "pictures", name))
	require.NoError(t, err)
	return raw
}

// goSample is one of the pictures Go's own decoders are tested with.
func goSample(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(runtime.GOROOT(), "src", "image", name)) //nolint:staticcheck // a test may know its tool chain
	if err != nil {
		t.Skip("Go's sources are not here")
	}
	return raw
}

// segment puts a JPEG segment behind SOI.
func segment(jpg []byte, mark byte, body string) []byte {
	out := append([]byte{0xff, 0xd8, 0xff, mark}, byte((len(body)+2)>>8), byte(len(body)+2))
	return append(append(out, body...), jpg[2:]...)
}

// exifOf is an EXIF segment that says nothing but the orientation.
func exifOf(order binary.AppendByteOrder, orientation uint16) string {
	head := "II*\x00"
	if order == binary.AppendByteOrder(binary.BigEndian) {
		head = "MM\x00*"
	}
	b := order.AppendUint32([]byte(head), 8)
	b = order.AppendUint16(b, 2)
	for _, e := range [][2]uint16{{0x010f, 1}, {0x0112, orientation}} {
		b = order.AppendUint16(order.AppendUint16(b, e[0]), 3)
		b = order.AppendUint16(order.AppendUint16(order.AppendUint32(b, 1), e[1]), 0)
	}
	return string(order.AppendUint32(b, 0))
}

// pngChunk puts a chunk behind the header of a PNG.
func pngChunk(raw []byte, name, body string) []byte {
	out := bytes.Clone(raw[:33])
	out = binary.BigEndian.AppendUint32(out, uint32(len(body)))
	out = append(append(out, name...), body...)
	out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[37:]))
	return append(out, raw[33:]...)
}

// webpOf wraps chunks into a WebP.
func webpOf(chunks ...[]byte) []byte {
	body := bytes.Join(chunks, nil)
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body)+4)), append([]byte("WEBP"), body...)...)
}

// litWebP is a lossless WebP of one colour: one pixel code for each channel, then nothing to read for the pixels.
func litWebP(w, h int, c color.NRGBA) []byte {
	var bits []byte
	n := 0
	put := func(v uint32, count int) {
		for i := range count {
			if n%8 == 0 {
				bits = append(bits, 0)
			}
			bits[n/8] |= byte(v>>i&1) << (n % 8)
			n++
		}
	}
	put(uint32(w-1), 14)
	put(uint32(h-1), 14)
	put(1, 1) // alpha is used
	put(0, 3)
	put(0, 3) // no transform, no colour cache, one group of codes
	for _, v := range []uint8{c.G, c.R, c.B, c.A, 0} {
		put(1, 1) // a simple code
		put(0, 1) // of one symbol
		put(1, 1) // of eight bits
		put(uint32(v), 8)
	}
	return append([]byte{0x2f}, append(bits, 0, 0)...)
}

func prepared(t testing.TB, raw []byte, box *Box) Picture {
	t.Helper()
	p, err := PreparePicture(raw, box)
	require.NoError(t, err)
	require.LessOrEqual(t, len(p.Data), PictureBytes)
	require.LessOrEqual(t, max(p.Width, p.Height), PictureSide)
	return p
}

// TestPreparePictureFormats: whatever way a picture comes, the same is seen.
func TestPreparePictureFormats(t *testing.T) {
	img := quarters(160, 120)
	deep := image.NewNRGBA64(img.Rect)
	draw.Draw(deep, deep.Rect, img, image.Point{}, draw.Src)
	clearQuarter := image.NewNRGBA(img.Rect) // the white quarter is not there at all
	draw.Draw(clearQuarter, clearQuarter.Rect, img, image.Point{}, draw.Src)
	draw.Draw(clearQuarter, image.Rect(80, 60, 160, 120), image.Transparent, image.Point{}, draw.Src)
	flat := paletted(clearQuarter)
	all := image.NewPaletted(img.Rect, flat.Palette)
	for name, raw := range map[string][]byte{
		"jpeg": jpegOf(t, img), "png": pngOf(t, img), "png 16 bit": pngOf(t, deep), "png alpha": pngOf(t, clearQuarter), "png palette": pngOf(t, flat),
		"gif": gifOf(t, flat), "gif of frames": gifOf(t, flat, all), "heic": sample(t, "quarters.heic"),
	} {
		p := prepared(t, raw, nil)
		assert.Equal(t, "rgbw", seenQuarters(t, p), name)
		if name != "heic" {
			assert.Equal(t, []int{160, 120}, []int{p.Width, p.Height}, name)
		}
	}
	grey := prepared(t, jpegOf(t, image.NewGray(image.Rect(0, 0, 33, 7))), nil)
	assert.Equal(t, []int{33, 7}, []int{grey.Width, grey.Height})
	turned := prepared(t, sample(t, "quarters-turned.heic"), nil)
	assert.Equal(t, "brwg", seenQuarters(t, turned), "libheif turns it")
	assert.Equal(t, []int{96, 128}, []int{turned.Width, turned.Height})
}

// TestPreparePictureOdd reads what Go's own decoders are tested with: grey, CMYK, progressive, every subsampling, interlaced.
func TestPreparePictureOdd(t *testing.T) {
	for _, name := range strings.Fields("testdata/video-001.jpeg testdata/video-001.cmyk.jpeg testdata/video-001.progressive.jpeg testdata/video-001.rgb.jpeg " +
		"testdata/video-001.221212.jpeg testdata/video-001.restart2.jpeg testdata/video-001.separate.dc.progression.jpeg testdata/video-005.gray.jpeg " +
		"testdata/video-001.q50.410.jpeg testdata/video-001.q50.411.progressive.jpeg testdata/video-001.q50.440.jpeg testdata/video-001.gif " +
		"testdata/video-001.interlaced.gif png/testdata/benchRGB-interlace.png png/testdata/gray-gradient.interlaced.png png/testdata/benchGray.png") {
		p := prepared(t, goSample(t, name), nil)
		assert.NotZero(t, p.Width, name)
	}
	_, err := PreparePicture(goSample(t, "testdata/video-001.progressive.truncated.jpeg"), nil)
	assert.ErrorIs(t, err, errPictureDamaged)
}

func TestPreparePictureWebP(t *testing.T) {
	green := litWebP(40, 30, color.NRGBA{20, 200, 20, 255})
	vp8x := func(flags byte, w, h uint32) []byte {
		x := make([]byte, 10)
		x[0] = flags
		putUint24(x[4:], w-1)
		putUint24(x[7:], h-1)
		return chunk(nil, "VP8X", x)
	}
	frame := func(x, y uint32, bits []byte) []byte {
		head := make([]byte, 16)
		putUint24(head, x/2)
		putUint24(head[3:], y/2)
		return chunk(nil, "ANMF", slices.Concat(head, chunk(nil, "VP8L", bits)))
	}
	p := prepared(t, webpOf(chunk(nil, "VP8L", green)), nil)
	assert.Equal(t, "gggg", seenQuarters(t, p))
	p = prepared(t, webpOf(vp8x(0x10, 40, 30), chunk(nil, "VP8L", litWebP(40, 30, color.NRGBA{0, 0, 0, 0}))), nil)
	assert.Equal(t, "wwww", seenQuarters(t, p), "transparent is white")
	p = prepared(t, webpOf(vp8x(2, 80, 60), chunk(nil, "ANIM", make([]byte, 6)), frame(40, 30, green), frame(0, 0, litWebP(80, 60, color.NRGBA{A: 255}))), nil)
	assert.Equal(t, "wwwg", seenQuarters(t, p), "the first frame, where it lies")
	p = prepared(t, webpOf(vp8x(8, 40, 30), chunk(nil, "VP8L", green), chunk(nil, "EXIF", []byte(exifOf(binary.BigEndian, 6)))), nil)
	assert.Equal(t, []int{30, 40}, []int{p.Width, p.Height})
}

// TestPreparePictureOrientation: EXIF 1-8 in JPEG and PNG, both byte orders.
func TestPreparePictureOrientation(t *testing.T) {
	want := []string{"rgbw", "rgbw", "grwb", "wbgr", "bwrg", "rbgw", "brwg", "wgbr", "gwrb", "rgbw"}
	for o, see := range want {
		for _, order := range []binary.AppendByteOrder{binary.BigEndian, binary.LittleEndian} {
			exif := exifOf(order, uint16(o))
			for _, raw := range [][]byte{segment(jpegOf(t, quarters(96, 64)), 0xe1, "Exif\x00\x00"+exif), pngChunk(pngOf(t, quarters(96, 64)), "eXIf", exif)} {
				p := prepared(t, raw, nil)
				assert.Equal(t, see, seenQuarters(t, p), "orientation %d", o)
				assert.Equal(t, o >= 5 && o <= 8, p.Height > p.Width, "orientation %d", o)
				assert.NotContains(t, string(p.Data), "Exif")
			}
			// The lower right quarter of the upright picture, whichever way it is stored.
			p := prepared(t, segment(jpegOf(t, quarters(96, 64)), 0xe1, "Exif\x00\x00"+exif), &Box{0.5, 0.5, 1, 1})
			assert.Equal(t, strings.Repeat(see[3:], 4), seenQuarters(t, p), "orientation %d", o)
		}
	}
}

func TestPreparePictureShrinks(t *testing.T) {
	for _, size := range [][2]int{{1024, 500}, {1025, 500}, {2047, 100}, {2048, 2048}, {5000, 5000}, {3000, 4000}, {24000, 1000}, {1, 9000}} {
		raw := jpegOf(t, quarters(size[0], size[1]))
		p := prepared(t, raw, nil)
		long := max(size[0], size[1])
		assert.LessOrEqual(t, max(p.Width, p.Height), PictureSide, size)
		assert.GreaterOrEqual(t, max(p.Width, p.Height), min(long, PictureSide*15/16), size)
		assert.InDelta(t, float64(size[0])/float64(size[1]), float64(p.Width)/float64(p.Height), 0.05*float64(size[0])/float64(size[1])+0.01, "%v %dx%d", size, p.Width, p.Height)
		if min(size[0], size[1]) > 100 {
			assert.Equal(t, "rgbw", seenQuarters(t, p), size)
		}
	}
	// Noise is the worst a JPEG can meet.
	r, noise := rand.New(rand.NewPCG(1, 2)), image.NewRGBA(image.Rect(0, 0, 1024, 1024))
	for i := range noise.Pix {
		noise.Pix[i] = uint8(r.Uint32()) | 3
	}
	prepared(t, pngOf(t, noise), nil)
}

func TestPreparePictureBox(t *testing.T) {
	raw := jpegOf(t, quarters(400, 300))
	whole := prepared(t, raw, nil)
	for name, tc := range map[string]struct {
		box  Box
		see  string
		w, h int
	}{
		"upper left":  {Box{0, 0, 0.5, 0.5}, "rrrr", 200, 150},
		"lower right": {Box{0.5, 0.5, 1, 1}, "wwww", 200, 150},
		"middle":      {Box{0.25, 0.25, 0.75, 0.75}, "rgbw", 200, 150},
		"a line":      {Box{0, 0.2, 1, 0.202}, "", 400, 1},
	} {
		p := prepared(t, raw, &tc.box)
		assert.NotEqual(t, whole.Data, p.Data, name)
		if tc.see != "" {
			assert.Equal(t, tc.see, seenQuarters(t, p), name)
		}
		assert.InDelta(t, tc.w, p.Width, 1, name)
		assert.InDelta(t, tc.h, p.Height, 1, name)
	}
	for _, bad := range []Box{{0, 0, 0, 0}, {0.5, 0, 0.5, 1}, {0.6, 0, 0.5, 1}, {-0.1, 0, 1, 1}, {0, 0, 1.1, 1}, {math.NaN(), 0, 1, 1}, {0, 0, math.Inf(1), 1}, {0, 0, 1, 1e-9}} {
		_, err := PreparePicture(raw, &bad)
		assert.ErrorIs(t, err, errPictureBox, bad)
	}
}

// codeOf is the wire code of a refusal.
func codeOf(err error) string {
	if err == nil {
		return ""
	}
	return errs.WireCode(errs.From(err).Key)
}

// took runs f and tells how long it needed.
func took(f func()) time.Duration {
	from := time.Now()
	f()
	return time.Since(from)
}

// TestPrepareExact: a small picture reaches 1688 pixel by pixel, without anything else; all others as PreparePicture has it.
func TestPrepareExact(t *testing.T) {
	exact := func(raw []byte, box *Box) Picture {
		h, err := inspectPicture(raw)
		require.NoError(t, err)
		p, err := h.prepareExact(raw, box)
		require.NoError(t, err)
		require.LessOrEqual(t, len(p.Data), PictureBytes)
		return p
	}
	img := scene(300, 200)
	jpg := jpegOf(t, img)
	dirty := append(segment(segment(jpg, 0xe1, "Exif\x00\x00"+exifOf(binary.BigEndian, 1)+"GPS secret"), 0xfe, "a comment"), "trailing"...)
	p := exact(dirty, nil)
	assert.Equal(t, jpg, p.Data, "as if nothing had ever been added")
	assert.Equal(t, []int{300, 200}, []int{p.Width, p.Height})
	for _, name := range []string{"testdata/video-001.rgb.jpeg", "testdata/video-001.jpeg", "testdata/video-001.restart2.jpeg", "testdata/video-005.gray.jpeg"} {
		raw := goSample(t, name)
		want, err := jpeg.Decode(bytes.NewReader(raw))
		require.NoError(t, err)
		got, err := jpeg.Decode(bytes.NewReader(exact(raw, nil).Data))
		require.NoError(t, err, name)
		assert.Equal(t, want, got, name)
	}
	for name, raw := range map[string][]byte{"png": pngChunk(pngOf(t, img), "tEXt", "Comment\x00secret"), "gif": gifOf(t, paletted(quarters(90, 60)))} {
		want, _, err := image.Decode(bytes.NewReader(raw))
		require.NoError(t, err)
		data := exact(raw, nil).Data
		got, err := png.Decode(bytes.NewReader(data))
		require.NoError(t, err, name)
		assert.Equal(t, merge(want, want.Bounds(), 1).Pix, merge(got, got.Bounds(), 1).Pix, name)
		assert.NotContains(t, string(data), "secret")
	}
	for name, p := range map[string]Picture{
		"turned": exact(segment(jpg, 0xe1, "Exif\x00\x00"+exifOf(binary.BigEndian, 6)), nil), "cut": exact(jpg, &Box{0, 0, 0.5, 0.5}),
		"progressive": exact(goSample(t, "testdata/video-001.progressive.jpeg"), nil), "cmyk": exact(goSample(t, "testdata/video-001.cmyk.jpeg"), nil),
		"big": exact(jpegOf(t, quarters(1100, 300)), nil), "heic": exact(sample(t, "quarters.heic"), nil), "big png": exact(pngOf(t, quarters(1100, 300)), nil),
	} {
		got, err := jpeg.Decode(bytes.NewReader(p.Data))
		require.NoError(t, err, name)
		assert.Equal(t, image.Rect(0, 0, p.Width, p.Height), got.Bounds(), name)
	}
}
