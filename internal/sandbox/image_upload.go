package sandbox

import (
	"bytes"
	"encoding/base64"
	"hash/fnv"
	"image"
	"image/color"
	_ "image/gif" // accepted as an upload; its first frame counts
	"image/jpeg"
	"image/png"
	"slices"
	"strings"
	"time"
)

const (
	maxUpload    = 10 << 20 // bytes of a picture
	maxPixels    = 16 << 20 // of a picture once unpacked
	imageLife    = 24 * time.Hour
	maxUploads   = 2000     // how many are kept; the oldest go first
	maxThumbs    = 32 << 20 // bytes of what is kept of them
	thumbQuality = 90
)

// upload is what stays of an uploaded picture: enough to search by it.
type upload struct {
	ID    string    `json:"id"`
	W     int       `json:"w"` // of the picture that was sent
	H     int       `json:"h"`
	At    time.Time `json:"at"`
	Thumb []byte    `json:"thumb"` // JPEG
}

// decoding bounds how many pictures are unpacked at once, and with it the memory they need.
var decoding = make(chan struct{}, 2)

// unpack reads the text of an upload as a picture.
func unpack(text string) (image.Image, []byte, *refusal) {
	if strings.HasPrefix(strings.TrimSpace(text), "data:") {
		return nil, nil, refuse("IMAGE_BASE64_INVALID", "imageBase64 is plain base64, without a data: prefix")
	}
	if len(text) > maxUpload*3/2 {
		return nil, nil, refuse("IMAGE_TOO_LARGE", "the picture is larger than 10 MB")
	}
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
	raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
	switch {
	case err != nil || len(raw) == 0:
		return nil, nil, refuse("IMAGE_BASE64_INVALID", "imageBase64 is not base64")
	case len(raw) > maxUpload:
		return nil, nil, refuse("IMAGE_TOO_LARGE", "the picture is larger than 10 MB")
	}
	img, ref := decodePicture(raw)
	return img, raw, ref
}

func decodePicture(raw []byte) (image.Image, *refusal) {
	conf, format, err := image.DecodeConfig(bytes.NewReader(raw))
	if err != nil || !slices.Contains([]string{"jpeg", "png", "gif"}, format) {
		return nil, refuse("IMAGE_FORMAT_UNSUPPORTED", "the picture is not JPEG, PNG or GIF")
	}
	limit := maxPixels
	switch conf.ColorModel {
	case color.RGBA64Model, color.NRGBA64Model, color.Gray16Model:
		limit /= 2
	}
	if conf.Width < 1 || conf.Height < 1 || conf.Width > limit/conf.Height {
		return nil, refuse("IMAGE_TOO_LARGE", "the picture has too many pixels")
	}
	decoding <- struct{}{}
	defer func() { <-decoding }()
	img, _, err := image.Decode(bytes.NewReader(raw))
	if err != nil || img.Bounds().Empty() {
		return nil, refuse("IMAGE_DAMAGED", "the picture cannot be read")
	}
	return img, nil
}

// keepsake is the small picture that is kept. Few colours pack better as PNG and stay exact.
func (p *photo) keepsake() []byte {
	img := image.NewRGBA(image.Rect(0, 0, p.w, p.h))
	for i := range p.w * p.h {
		y, u, v := p.p[3*i], p.p[3*i+1], p.p[3*i+2]
		r, b := y+v/0.713, y+u/0.564
		g := (y - 0.299*r - 0.114*b) / 0.587
		for k, c := range [3]float32{r, g, b} {
			img.Pix[4*i+k] = uint8(min(max(c+0.5, 0), 255))
		}
		img.Pix[4*i+3] = 255
	}
	var b bytes.Buffer
	if p.w < 48 || p.h < 48 {
		_ = png.Encode(&b, img) // a buffer takes everything
	} else {
		_ = jpeg.Encode(&b, img, &jpeg.Options{Quality: thumbQuality})
	}
	return b.Bytes()
}

// photo unpacks what was kept.
func (u *upload) photo() *photo {
	img, _, err := image.Decode(bytes.NewReader(u.Thumb))
	if err != nil {
		return newPhoto(1, 1) // a hand-edited journal; nothing will be found
	}
	return takePhoto(img)
}

// imageNumber is the id of a picture: the same picture has the same one.
func imageNumber(seed int64, raw []byte) string {
	h := fnv.New64a()
	_, _ = h.Write(raw)
	return itoa(1e18 + int64(mix(h.Sum64()^mix(uint64(seed)))%8e18))
}

// imageState is the part of the state that uploaded pictures keep.
type imageState struct {
	uploads  map[string]*upload
	uploadID []string // oldest first
	thumbs   int      // bytes
}

func newImageState() imageState { return imageState{uploads: map[string]*upload{}} }

// imageEntry is the journal's part of it.
type imageEntry struct {
	Uploads []*upload `json:"uploads,omitempty"`
}

func (s *Server) saveImages(put func(entry)) {
	for _, id := range s.uploadID {
		put(entry{imageEntry: imageEntry{Uploads: []*upload{s.uploads[id]}}})
	}
}

func (s *Server) replayImages(e *imageEntry) {
	for _, u := range e.Uploads {
		s.keepUpload(u)
	}
}

// keepUpload adds a picture as the newest and drops the oldest beyond the bounds. The caller holds mu.
func (s *Server) keepUpload(u *upload) {
	if old := s.uploads[u.ID]; old != nil {
		s.thumbs -= len(old.Thumb)
		s.uploadID = slices.DeleteFunc(s.uploadID, func(id string) bool { return id == u.ID })
	}
	s.uploads[u.ID] = u
	s.uploadID = append(s.uploadID, u.ID)
	s.thumbs += len(u.Thumb)
	for len(s.uploadID) > maxUploads || s.thumbs > maxThumbs {
		oldest := s.uploadID[0]
		s.thumbs -= len(s.uploads[oldest].Thumb)
		delete(s.uploads, oldest)
		s.uploadID = s.uploadID[1:]
	}
}
