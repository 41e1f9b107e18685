package search

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"

	"entrepot/internal/errs"
	"entrepot/internal/site"
	"entrepot/internal/web"
)

// maxRegionField bounds the form field region, in bytes.
const maxRegionField = 100

// UploadImage implements StrictServerInterface.
func (h server) UploadImage(ctx context.Context, r UploadImageRequestObject) (UploadImageResponseObject, error) {
	p := h.s.pictures
	form := imageForm{pictures: p}
	defer form.release()
	at := "/imageBase64"
	var err error
	if r.MultipartBody != nil {
		at, err = "/image", form.readParts(r.MultipartBody)
	} else {
		err = form.readJSON(r.JSONBody)
	}
	if err != nil {
		return nil, err
	}
	image, err := h.s.UploadImage(ctx, form.raw, form.declared, form.box)
	if err != nil {
		return nil, pointed(err, at)
	}
	return UploadImage201JSONResponse(image), nil
}

// pointed adds the place to a refusal of the picture.
func pointed(err error, at string) error {
	var e *errs.Error
	if !errors.As(err, &e) || len(e.Fields) > 0 || !strings.HasPrefix(e.Key, "image.") || e.Code == errs.Unavailable {
		return err
	}
	if e.Key == errPictureBox.Key {
		at = "/region"
	}
	own := *e // the refusals are shared
	return own.At(at, e.Key, pairsOf(e.Args)...)
}

func pairsOf(args map[string]any) (out []any) {
	for k, v := range args {
		out = append(out, k, v)
	}
	return out
}

// imageForm is what was sent, read within a budget that all requests share.
type imageForm struct {
	pictures *pictureDesk
	raw      []byte
	declared string
	box      *Box
	held     int64
}

func (f *imageForm) release() { f.pictures.bodies.Release(f.held) }

// readParts reads a multipart body: the file part image, once, and at most one field region.
func (f *imageForm) readParts(r *multipart.Reader) error {
	seen := map[string]bool{}
	for {
		part, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return broken(err)
		}
		name := part.FormName()
		if seen[name] {
			return errs.New(errs.Invalid, "request.invalid").At(pointer(name), "field.duplicate")
		}
		seen[name] = true
		switch name {
		case "image":
			err = f.readFile(part)
		case "region":
			err = f.readRegion(part)
		default:
			err = errs.New(errs.Invalid, "request.invalid").At(pointer(name), "field.unknown")
		}
		if err != nil {
			return err
		}
	}
	if !seen["image"] {
		return errs.New(errs.Invalid, "request.invalid").At("/image", "field.required")
	}
	return nil
}

// pointer is the place of a form field; a nameless or a huge one is the body's.
func pointer(name string) string {
	if name == "" || len(name) > 100 {
		return ""
	}
	return "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(strings.ToValidUTF8(name, ""))
}

// broken is a body that cannot be read: cut off, too long, or no multipart at all.
func broken(err error) error {
	var long *http.MaxBytesError
	if errors.As(err, &long) {
		return pointed(errPictureTooLarge, "/image")
	}
	return errs.New(errs.Invalid, "request.malformed").Because(err)
}

func (f *imageForm) readFile(part *multipart.Part) error {
	if enc := part.Header.Get("Content-Transfer-Encoding"); enc != "" && !strings.EqualFold(enc, "binary") && !strings.EqualFold(enc, "8bit") {
		return errs.New(errs.Invalid, "request.invalid").At("/image", "field.format")
	}
	f.declared = part.Header.Get("Content-Type")
	if part.FileName() == "" && strings.HasPrefix(f.declared, "text/plain") {
		f.declared = "" // what some clients call any field
	}
	var buf bytes.Buffer
	for {
		const step = 256 << 10
		if !f.pictures.bodies.TryAcquire(step) {
			return errPicturesBusy
		}
		f.held += step
		n, err := io.CopyN(&buf, part, step)
		if buf.Len() > MaxPictureBytes {
			return pointed(errPictureTooLarge, "/image")
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return broken(err)
		}
		_ = n
	}
	f.raw = buf.Bytes()
	if len(f.raw) == 0 {
		return pointed(errPictureEmpty, "/image")
	}
	return nil
}

// readRegion reads "x1,y1,x2,y2".
func (f *imageForm) readRegion(part *multipart.Part) error {
	text, err := io.ReadAll(io.LimitReader(part, maxRegionField+1))
	if err != nil {
		return broken(err)
	}
	if len(text) == 0 {
		return nil // an empty field of a form
	}
	numbers := strings.Split(string(text), ",")
	if len(text) > maxRegionField || len(numbers) != 4 {
		return pointed(errPictureBox, "/region")
	}
	var v [4]float64
	for i := range v {
		if v[i], err = strconv.ParseFloat(strings.TrimSpace(numbers[i]), 64); err != nil {
			return pointed(errPictureBox, "/region")
		}
	}
	return f.setBox(Box{v[0], v[1], v[2], v[3]})
}

func (f *imageForm) setBox(b Box) error {
	if !b.valid() {
		return pointed(errPictureBox, "/region")
	}
	if b != (Box{0, 0, 1, 1}) {
		f.box = &b
	}
	return nil
}

// readJSON reads {imageBase64, region}.
func (f *imageForm) readJSON(body *ImageRequest) error {
	if body == nil {
		return errs.New(errs.Invalid, "request.invalid").At("", "field.required")
	}
	if r := body.Region; r != nil {
		if err := f.setBox(Box{float64(r.X1), float64(r.Y1), float64(r.X2), float64(r.Y2)}); err != nil {
			return err
		}
	}
	text := strings.TrimSpace(body.ImageBase64)
	if head, rest, ok := strings.Cut(text, ","); ok && len(head) < 200 && len(head) >= 5 && strings.EqualFold(head[:5], "data:") {
		name, base := strings.CutSuffix(head[5:], ";base64")
		if !base {
			return errs.New(errs.Invalid, "request.invalid").At("/imageBase64", "image.base64_invalid")
		}
		f.declared, text = name, rest
	}
	held := int64(len(text))
	if !f.pictures.bodies.TryAcquire(held) {
		return errPicturesBusy
	}
	f.held += held
	raw, ok := decodeBase64(text)
	if !ok {
		return errs.New(errs.Invalid, "request.invalid").At("/imageBase64", "image.base64_invalid")
	}
	if f.raw = raw; len(raw) == 0 {
		return pointed(errPictureEmpty, "/imageBase64")
	}
	return nil
}

// decodeBase64 reads the standard and the URL alphabet, with or without padding and line breaks.
func decodeBase64(text string) ([]byte, bool) {
	text = strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\t', '\r', '\n':
			return -1
		case '-':
			return '+'
		case '_':
			return '/'
		}
		return r
	}, text)
	body := strings.TrimRight(text, "=")
	if pad := len(text) - len(body); pad > 2 || pad > 0 && len(text)%4 != 0 {
		return nil, false
	}
	raw, err := base64.RawStdEncoding.DecodeString(body)
	return raw, err == nil
}

// SearchByImage implements StrictServerInterface.
func (h server) SearchByImage(ctx context.Context, r SearchByImageRequestObject) (SearchByImageResponseObject, error) {
	st, _ := site.FromContext(ctx)
	p := r.Params
	q := ImageSearch{
		Query: Query{
			Keyword: value(p.Keyword), Filter: value(p.Filter), Sort: value(p.Sort), PriceStart: value(p.PriceStart), PriceEnd: value(p.PriceEnd),
			Page: max(value(p.BeginPage), 1), PageSize: value(p.PageSize),
		},
		ImageID: value(p.ImageId), ImageAddress: value(p.ImageAddress), Region: value(p.Region),
	}
	if q.PageSize == 0 {
		q.PageSize = 20
	}
	q.CategoryID, _ = strconv.ParseInt(value(p.CategoryId), 10, 64) // the contract has checked it
	answer, err := h.s.SearchImage(ctx, st, web.Language(ctx), q)
	if err != nil {
		return nil, err
	}
	return imageAnswer{answer, ctx}, nil
}

// value is what a parameter points at, zero when it was not sent.
func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// imageAnswer writes final bytes.
type imageAnswer struct {
	*web.Cached
	ctx context.Context //nolint:containedctx // Visit methods get none, and conditional requests need it
}

// VisitSearchByImageResponse implements SearchByImageResponseObject.
func (a imageAnswer) VisitSearchByImageResponse(w http.ResponseWriter) error {
	return a.Write(a.ctx, w)
}
