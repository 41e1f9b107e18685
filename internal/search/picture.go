package search

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"mime"
	"strings"

	"entrepot/internal/errs"

	"golang.org/x/image/webp"
)

// Limits of a picture. 1688 publishes none of its own; below 1 MB is what its integrators and its refund evidence keep to.
const (
	MaxPictureBytes  = 10 << 20   // as it arrives
	MaxPicturePixels = 25_000_000 // once unpacked
	PictureSide      = 1024       // the longer side of what is handed on
	PictureBytes     = 950_000    // the most bytes of what is handed on
)

// pictureQualities are tried until the JPEG is small enough; the first nearly always is.
var pictureQualities = []int{92, 80, 65, 45, 25}

// Picture is a picture ready for 1688: upright, at most PictureSide pixels a side and PictureBytes bytes, with nothing in
// it but the picture.
type Picture struct {
	Data          []byte // a JPEG; from prepareExact also a PNG
	Width, Height int
}

// Box is a part of a picture: fractions of its upright width and height, from the upper left corner.
type Box struct{ X1, Y1, X2, Y2 float64 }

// valid reports whether the box lies in the picture and has an area.
func (b Box) valid() bool {
	return b.X1 >= 0 && b.Y1 >= 0 && b.X2 <= 1 && b.Y2 <= 1 && b.X2-b.X1 >= 0.001 && b.Y2-b.Y1 >= 0.001
}

// Errors of pictures: what a shopper sent cannot be used, and why.
var (
	errPictureFormat     = errs.New(errs.Unsupported, "image.format_unsupported")
	errPictureMislabeled = errs.New(errs.Unsupported, "image.mislabelled")
	errPictureTooLarge   = errs.New(errs.TooLarge, "image.too_large", "limit", MaxPictureBytes>>20)
	errPicturePixels     = errs.New(errs.TooLarge, "image.too_many_pixels", "limit", MaxPicturePixels/1_000_000)
	errPictureDamaged    = errs.New(errs.Rule, "image.damaged")
	errPictureComplex    = errs.New(errs.Rule, "image.too_complex")
	errPictureHides      = errs.New(errs.Rule, "image.hidden_content")
	errPictureEmpty      = errs.New(errs.Invalid, "image.empty")
	errPictureBox        = errs.New(errs.Invalid, "image.region_invalid")
)

// The kinds of pictures, as IANA names them.
const (
	kindJPEG = "image/jpeg"
	kindPNG  = "image/png"
	kindGIF  = "image/gif"
	kindWebP = "image/webp"
	kindHEIC = "image/heic"
)

// pictureHead is what the container says before anything is unpacked.
type pictureHead struct {
	kind        string
	w, h        int
	orientation int      // EXIF, 1-8; 0 = not said
	heavy       bool     // unpacking takes several bytes for each sample
	sequential  bool     // a JPEG of one pass
	notes       [][]byte // comments, metadata and whatever lies behind the picture
	tail        []byte   // the part of notes behind the picture
	frame       image.Point
	first       []byte // WebP: the first frame as a file of its own
}

// pictureKind tells the format by the first bytes, "" when it is none of ours.
func pictureKind(raw []byte) string {
	switch {
	case bytes.HasPrefix(raw, []byte("\xff\xd8\xff")):
		return kindJPEG
	case bytes.HasPrefix(raw, []byte("\x89PNG\r\n\x1a\n")):
		return kindPNG
	case bytes.HasPrefix(raw, []byte("GIF87a")), bytes.HasPrefix(raw, []byte("GIF89a")):
		return kindGIF
	case len(raw) >= 12 && string(raw[:4]) == "RIFF" && string(raw[8:12]) == "WEBP":
		return kindWebP
	case isHEIC(raw):
		return kindHEIC
	}
	return ""
}

// checkLabel compares what the sender called the picture with what it is. No name, or one that says nothing, is fine.
func checkLabel(raw []byte, declared string) error {
	if declared == "" {
		return nil
	}
	name, _, err := mime.ParseMediaType(declared)
	if err != nil {
		return errPictureMislabeled
	}
	actual := pictureKind(raw)
	switch name {
	case "application/octet-stream", "binary/octet-stream", "image/*", actual:
		return nil
	case "image/jpg", "image/pjpeg", "image/jfif":
		name = kindJPEG
	case "image/x-png", "image/apng", "image/vnd.mozilla.apng":
		name = kindPNG
	case "image/heif", "image/heic-sequence", "image/heif-sequence":
		name = kindHEIC
	}
	if actual == "" && strings.HasPrefix(name, "image/") {
		return errPictureFormat // truthful, perhaps, but nothing we read
	}
	if name != actual {
		return errPictureMislabeled
	}
	return nil
}

// inspectPicture reads the container: format, size, orientation, completeness, and whether something that is no picture
// rides along. It unpacks nothing and costs microseconds per megabyte.
func inspectPicture(raw []byte) (*pictureHead, error) {
	if len(raw) == 0 {
		return nil, errPictureEmpty
	}
	if len(raw) > MaxPictureBytes {
		return nil, errPictureTooLarge
	}
	kind := pictureKind(raw)
	inspect := map[string]func([]byte) (*pictureHead, error){
		kindJPEG: inspectJPEG, kindPNG: inspectPNG, kindGIF: inspectGIF, kindWebP: inspectWebP, kindHEIC: inspectHEIC,
	}[kind]
	if inspect == nil {
		return nil, errPictureFormat
	}
	h, err := inspect(raw)
	if err != nil {
		return nil, err
	}
	h.kind = kind
	if h.w < 1 || h.h < 1 {
		return nil, errPictureDamaged
	}
	if h.w > MaxPicturePixels/h.h {
		return nil, errPicturePixels
	}
	if hides(h.tail, true) {
		return nil, errPictureHides
	}
	for _, note := range h.notes {
		if hides(note, false) {
			return nil, errPictureHides
		}
	}
	return h, nil
}

// PreparePicture makes a stranger's picture ready to be handed on: checked, upright, cut to box (nil = all of it), over
// white, at most PictureSide pixels a side, and encoded anew, so that nothing but what can be seen is left. It is pure;
// callers bound how many run at once. Errors: an *errs.Error with an image.* key.
func PreparePicture(raw []byte, box *Box) (Picture, error) {
	h, err := inspectPicture(raw)
	if err != nil {
		return Picture{}, err
	}
	return h.prepare(raw, box)
}

func (h *pictureHead) prepare(raw []byte, box *Box) (Picture, error) {
	return h.produce(raw, box, false)
}

// prepareExact is prepare for the picture search, which goes by single pixels: a picture that is neither shrunk nor cut nor
// turned keeps each of them, a JPEG by its own coded data without all else, anything else as PNG, where that is small
// enough.
func (h *pictureHead) prepareExact(raw []byte, box *Box) (Picture, error) {
	return h.produce(raw, box, true)
}

func (h *pictureHead) produce(raw []byte, box *Box, exact bool) (p Picture, err error) {
	if box != nil && !box.valid() {
		return Picture{}, errPictureBox
	}
	defer func() {
		if r := recover(); r != nil { // a codec met a picture its authors did not think of
			p, err = Picture{}, errs.New(errs.Rule, "image.damaged").Because(fmt.Errorf("codec: %v", r))
		}
	}()
	img, err := h.decode(raw, box)
	if err != nil {
		return Picture{}, err
	}
	if img.Bounds().Empty() {
		return Picture{}, errPictureDamaged
	}
	part := h.part(img.Bounds(), box)
	whole := max(part.Dx(), part.Dy()) <= PictureSide && img.Bounds().Size() == image.Pt(h.w, h.h)
	if exact && whole && h.kind == kindJPEG && part == img.Bounds() && h.orientation <= 1 && h.sequential {
		if data := bareJPEG(raw); len(data) <= PictureBytes {
			return Picture{data, h.w, h.h}, nil
		}
	}
	out := upright(shrink(img, part, PictureSide), h.orientation)
	if exact && whole && h.kind != kindJPEG && h.kind != kindHEIC {
		if p, ok := encodeExact(out); ok {
			return p, nil
		}
	}
	return encodePicture(out)
}

// encodeExact writes a PNG, false when it would be too big.
func encodeExact(img *image.RGBA) (Picture, bool) {
	var b bytes.Buffer
	fast := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := fast.Encode(&b, img); err != nil || b.Len() > PictureBytes {
		return Picture{}, false
	}
	return Picture{b.Bytes(), img.Rect.Dx(), img.Rect.Dy()}, true
}

// decode unpacks the picture; a big JPEG comes out smaller already.
func (h *pictureHead) decode(raw []byte, box *Box) (img image.Image, err error) {
	r := bytes.NewReader(raw)
	switch h.kind {
	case kindJPEG:
		img, err = h.decodeJPEG(raw, box)
	case kindPNG:
		img, err = png.Decode(r)
	case kindGIF:
		if img, err = gif.Decode(r); err == nil {
			img = framed{img, image.Rect(0, 0, h.w, h.h)}
		}
	case kindWebP:
		if img, err = webp.Decode(bytes.NewReader(h.first)); err == nil {
			img = framed{moved{img, h.frame}, image.Rect(0, 0, h.w, h.h)}
		}
	default:
		img, err = decodeHEIC(raw)
	}
	var known *errs.Error
	if err != nil && !errors.As(err, &known) {
		err = errs.New(errs.Rule, "image.damaged").Because(err)
	}
	return img, err
}

// encodePicture writes the JPEG, coarser when it would be too big.
func encodePicture(img *image.RGBA) (Picture, error) {
	p := Picture{Width: img.Rect.Dx(), Height: img.Rect.Dy()}
	for _, quality := range pictureQualities {
		var b bytes.Buffer
		b.Grow(256 << 10)
		if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: quality}); err != nil {
			return Picture{}, err
		}
		if p.Data = b.Bytes(); len(p.Data) <= PictureBytes {
			break
		}
	}
	return p, nil
}
