package search

import (
	"context"
	"mime/multipart"

	"entrepot/internal/errs"
)

// ReadPicture reads a picture as POST /v1/images takes it, from the form part image or from base64 when parts is nil, and
// makes it an upright JPEG without metadata, of at most PictureSide pixels a side. Errors: image.* with pointers.
func (s *Service) ReadPicture(ctx context.Context, parts *multipart.Reader, imageBase64 string) ([]byte, error) {
	form := imageForm{pictures: s.pictures}
	defer form.release()
	at := "/imageBase64"
	var err error
	if parts != nil {
		at, err = "/image", form.readParts(parts)
	} else {
		err = form.readJSON(&ImageRequest{ImageBase64: imageBase64})
	}
	if err == nil && form.box != nil {
		err = errs.New(errs.Invalid, "request.invalid").At("/region", "field.unknown")
	}
	if err == nil {
		err = checkLabel(form.raw, form.declared)
	}
	if err != nil {
		return nil, pointed(err, at)
	}
	p, err := s.pictures.prepare(ctx, form.raw, nil, false)
	return p.Data, pointed(err, at)
}
