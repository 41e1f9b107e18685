package search

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"io"
	"sync"
	_ "unsafe" // for go:linkname

	"entrepot/internal/errs"

	_ "github.com/gen2brain/heic" // brings libheif and libde265 as WebAssembly
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

// heifWasm is the decoder: libheif and libde265 as WebAssembly, gzip. The package that carries it runs it with up to 4 GiB
// of memory and for as long as it likes, so we run it ourselves, within bounds.
//
//go:linkname heifWasm github.com/gen2brain/heic.heifWasm
var heifWasm []byte

// Bounds of one HEIC.
const (
	heicPages = 5120 // of 64 KiB: 320 MiB; 25 megapixels need about 200
	heicTiles = 128  // parts a picture may be made of; 12 megapixels of a phone are 48
)

// isHEIC reads the brands of an ISO base media file (ISO/IEC 23008-12): HEVC pictures only, so AVIF is none.
func isHEIC(raw []byte) bool {
	if len(raw) < 16 || string(raw[4:8]) != "ftyp" {
		return false
	}
	size := min(int64(binary.BigEndian.Uint32(raw)), int64(len(raw)))
	for at := int64(8); at+4 <= size; at += 4 {
		switch string(raw[at : at+4]) {
		case "heic", "heix", "heim", "heis", "hevc", "hevx":
			return true
		}
	}
	return false
}

// heicWalk reads the boxes of an HEIC.
type heicWalk struct {
	head  pictureHead
	tiles int
	boxes int
}

// inspectHEIC walks the boxes: each must be whole, and no picture or part of one may claim more than the limit.
func inspectHEIC(raw []byte) (*pictureHead, error) {
	if hides(raw, false) {
		return nil, errPictureHides
	}
	w := heicWalk{head: pictureHead{heavy: true}}
	if err := w.walk(raw, 0); err != nil {
		return nil, err
	}
	if w.tiles > heicTiles {
		return nil, errPictureComplex
	}
	return &w.head, nil
}

func (w *heicWalk) walk(raw []byte, depth int) error {
	for len(raw) > 0 {
		if w.boxes++; w.boxes > 20_000 || depth > 8 {
			return errPictureComplex
		}
		if len(raw) < 8 {
			return errPictureDamaged
		}
		size, head := uint64(binary.BigEndian.Uint32(raw)), uint64(8)
		switch size {
		case 0: // up to the end
			size = uint64(len(raw))
		case 1:
			if len(raw) < 16 {
				return errPictureDamaged
			}
			size, head = binary.BigEndian.Uint64(raw[8:]), 16
		}
		if size < head || size > uint64(len(raw)) {
			return errPictureDamaged
		}
		if err := w.box(string(raw[4:8]), raw[head:size], depth); err != nil {
			return err
		}
		raw = raw[size:]
	}
	return nil
}

func (w *heicWalk) box(name string, body []byte, depth int) error {
	switch name {
	case "meta":
		if len(body) < 4 {
			return errPictureDamaged
		}
		return w.walk(body[4:], depth+1)
	case "iprp", "ipco":
		return w.walk(body, depth+1)
	case "ispe":
		return w.size(body)
	case "iref":
		w.references(body)
	}
	return nil
}

// size reads ispe; the biggest counts as the picture's until the decoder says better.
func (w *heicWalk) size(body []byte) error {
	if len(body) < 12 {
		return errPictureDamaged
	}
	x, y := uint64(binary.BigEndian.Uint32(body[4:])), uint64(binary.BigEndian.Uint32(body[8:]))
	if x > 1<<20 || y > 1<<20 || x*y > MaxPicturePixels {
		return errPicturePixels
	}
	if int(x*y) > w.head.w*w.head.h {
		w.head.w, w.head.h = int(x), int(y)
	}
	return nil
}

// references counts the parts of the picture with the most of them.
func (w *heicWalk) references(body []byte) {
	if len(body) < 4 {
		return
	}
	width := 2 // bytes of an item's number
	if body[0] > 0 {
		width = 4
	}
	for body = body[4:]; len(body) >= 8+width+2; {
		size := int64(binary.BigEndian.Uint32(body))
		if size < 8 || size > int64(len(body)) {
			return
		}
		if string(body[4:8]) == "dimg" {
			w.tiles = max(w.tiles, int(binary.BigEndian.Uint16(body[8+width:])))
		}
		body = body[size:]
	}
}

// heif is the compiled decoder: made when the first HEIC comes, about 15 MB, kept.
var heif = sync.OnceValues(func() (*heifRuntime, error) {
	z, err := gzip.NewReader(bytes.NewReader(heifWasm))
	if err != nil {
		return nil, err
	}
	code, err := io.ReadAll(z)
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	rt := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithMemoryLimitPages(heicPages))
	if _, err := wasi_snapshot_preview1.Instantiate(ctx, rt); err != nil {
		return nil, err
	}
	compiled, err := rt.CompileModule(ctx, code)
	return &heifRuntime{rt, compiled}, err
})

type heifRuntime struct {
	runtime wazero.Runtime
	code    wazero.CompiledModule
}

// The decoder's answers (libheif's enums).
const (
	heifYCbCr, heifRGB, heifGray = 0, 1, 2
	heif420, heif422, heif444    = 1, 2, 3
)

var errHEIF = errors.New("heif: not decoded")

// decodeHEIC unpacks an HEIC. libheif turns and mirrors it as the file says (irot, imir).
func decodeHEIC(raw []byte) (image.Image, error) {
	h, err := heif()
	if err != nil {
		return nil, errs.New(errs.Internal, "internal.error").Because(err)
	}
	ctx := context.Background() // wazero can be told to stop at a deadline, and is nine times slower for it
	// The module's name is left out, so that several can live at once; it sees no clock, file or output of ours.
	mod, err := h.runtime.InstantiateModule(ctx, h.code, wazero.NewModuleConfig().WithName("").WithStartFunctions("_initialize"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = mod.Close(context.Background()) }() // gives its memory back; nothing to do about a failure
	c := heifCall{ctx: ctx, mod: mod}
	return c.decode(raw)
}

// heifCall is one picture inside one instance of the decoder.
type heifCall struct {
	ctx context.Context
	mod api.Module
}

func (c *heifCall) alloc(n int) (uint64, error) {
	res, err := c.mod.ExportedFunction("malloc").Call(c.ctx, uint64(n))
	if err != nil {
		return 0, err
	}
	if res[0] == 0 {
		return 0, errHEIF
	}
	return res[0], nil
}

// decode asks for the size first, then for the pixels.
func (c *heifCall) decode(raw []byte) (image.Image, error) {
	in, err := c.alloc(len(raw))
	if err != nil {
		return nil, err
	}
	said, err := c.alloc(5 * 4) // width, height, colour space, chroma, premultiplied
	if err != nil {
		return nil, err
	}
	if !c.mod.Memory().Write(uint32(in), raw) {
		return nil, errHEIF
	}
	run := func(only, out uint64) error {
		res, err := c.mod.ExportedFunction("decode").Call(c.ctx, in, uint64(len(raw)), only, said, said+4, said+8, said+12, said+16, out)
		if err == nil && res[0] == 0 {
			err = errHEIF
		}
		return err
	}
	if err := run(1, 0); err != nil {
		return nil, err
	}
	facts, ok := c.mod.Memory().Read(uint32(said), 20)
	if !ok {
		return nil, errHEIF
	}
	var v [5]uint32
	for i := range v {
		v[i] = binary.LittleEndian.Uint32(facts[4*i:])
	}
	img, planes, err := heifImage(v)
	if err != nil {
		return nil, err
	}
	out, err := c.alloc(planes + 1<<16) // some room, for the decoder trusts the size in the file
	if err != nil {
		return nil, err
	}
	if err := run(0, out); err != nil {
		return nil, err
	}
	pix, ok := c.mod.Memory().Read(uint32(out), uint32(planes))
	if !ok {
		return nil, errHEIF
	}
	return img(bytes.Clone(pix)), nil
}

// heifImage knows how many bytes the decoder writes and how they lie: rows padded to 16 bytes, 64 at least.
func heifImage(v [5]uint32) (img func([]byte) image.Image, size int, err error) {
	w, h := int(v[0]), int(v[1])
	if w < 1 || h < 1 || w > MaxPicturePixels || w > MaxPicturePixels/h {
		return nil, 0, errPicturePixels
	}
	r := image.Rect(0, 0, w, h)
	align := func(n int) int { return max((n+15)&^15, 64) } // libheif's planes are never narrower
	switch v[2] {
	case heifYCbCr:
		ratio, cw, ch := image.YCbCrSubsampleRatio444, w, h
		switch v[3] {
		case heif420:
			ratio, cw, ch = image.YCbCrSubsampleRatio420, (w+1)/2, (h+1)/2
		case heif422:
			ratio, cw = image.YCbCrSubsampleRatio422, (w+1)/2
		case heif444:
		default:
			return nil, 0, fmt.Errorf("heif: chroma %d", v[3])
		}
		ys, cs := align(w), align(cw)
		y, c := ys*h, cs*ch
		return func(b []byte) image.Image {
			return &image.YCbCr{Y: b[:y:y], Cb: b[y : y+c : y+c], Cr: b[y+c:], YStride: ys, CStride: cs, SubsampleRatio: ratio, Rect: r}
		}, y + 2*c, nil
	case heifGray:
		return func(b []byte) image.Image { return &image.Gray{Pix: b, Stride: align(w), Rect: r} }, align(w) * h, nil
	case heifRGB:
		stride := 4 * max((w+3)&^3, 64)
		return func(b []byte) image.Image {
			if v[4] == 1 {
				return &image.RGBA{Pix: b, Stride: stride, Rect: r}
			}
			return &image.NRGBA{Pix: b, Stride: stride, Rect: r}
		}, stride * h, nil
	}
	return nil, 0, fmt.Errorf("heif: colour space %d", v[2])
}
