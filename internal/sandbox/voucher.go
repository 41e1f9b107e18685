package sandbox

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"image/jpeg"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

const (
	maxVoucher     = 1 << 20  // a picture must be smaller
	maxVoucherSide = 10_000   // pixels; a tiny file may claim a huge picture
	maxVouchersAll = 64 << 20 // bytes kept; the oldest go first
	voucherPath    = "img/voucher/"
)

// voucher is an uploaded picture. Its bytes are in a file beside the journal, or in memory if there is none.
type voucher struct {
	Name string `json:"name"`
	Size int64  `json:"size"`

	data []byte
}

func (s *Server) voucherRoutes(m *http.ServeMux) {
	m.HandleFunc("GET /"+voucherPath+"{name}", s.showVoucher)
}

func (s *Server) voucherFile(name string) string { return filepath.Join(s.opt.Dir, "vouchers", name) }

// uploadRefundVoucher takes the picture as a multipart file, which is not signed, or as base64 text, which is.
func (s *Server) uploadRefundVoucher(c *call) (any, *refusal) {
	data := c.files["imageData"]
	if text := c.args.Get("imageData"); len(data) == 0 && strings.HasPrefix(text, "\xff\xd8") {
		data = []byte(text) // a multipart field without a file name
	} else if len(data) == 0 {
		data = decodeBase64(text)
	}
	switch cfg, err := jpeg.DecodeConfig(bytes.NewReader(data)); {
	case len(data) == 0:
		return nil, refuse("4000", "imageData is missing")
	case len(data) >= maxVoucher:
		return nil, refuse("4000", "the picture must be smaller than 1 MB")
	case err != nil:
		return nil, refuse("4000", "imageData is not a JPEG picture")
	case cfg.Width < 1 || cfg.Height < 1 || cfg.Width > maxVoucherSide || cfg.Height > maxVoucherSide:
		return nil, refuse("4000", "the picture's size is wrong")
	}
	sum := sha256.Sum256(data)
	v := &voucher{Name: hex.EncodeToString(sum[:12]) + ".jpg", Size: int64(len(data)), data: data}
	if s.opt.Dir != "" {
		if err := writeVoucher(s.voucherFile(v.Name), data); err != nil {
			s.log.Error("voucher cannot be stored", "error", err)
			return nil, refuse("4000", "the picture cannot be stored")
		}
		v.data = nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.vouchers[v.Name] == nil {
		s.keepVoucher(v)
		s.dirty.Vouchers = append(s.dirty.Vouchers, v)
	}
	c.note = append(c.note, v.Name)
	return obj{"imageDomain": c.base, "imageRelativeUrl": voucherPath + v.Name}, nil
}

// decodeBase64 reads what clients make of bytes: with or without padding, line breaks, or the URL alphabet.
func decodeBase64(text string) []byte {
	text = strings.NewReplacer("\r", "", "\n", "", " ", "+", "-", "+", "_", "/").Replace(text)
	data, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil {
		return nil
	}
	return data
}

// writeVoucher goes through a temporary name, so that a kill leaves no half picture under the real one.
func writeVoucher(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "upload-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// keepVoucher indexes a new or replayed picture and lets the oldest go when there are too many bytes. The caller holds mu.
func (s *Server) keepVoucher(v *voucher) {
	if s.vouchers[v.Name] != nil {
		return
	}
	s.vouchers[v.Name] = v
	s.voucherNames = append(s.voucherNames, v.Name)
	s.voucherMemory += v.Size
	for s.voucherMemory > maxVouchersAll && len(s.voucherNames) > 1 {
		old := s.vouchers[s.voucherNames[0]]
		s.voucherNames = s.voucherNames[1:]
		s.voucherMemory -= old.Size
		delete(s.vouchers, old.Name)
		if s.opt.Dir != "" {
			_ = os.Remove(s.voucherFile(old.Name)) // a leftover file is not served
		}
	}
}

// showVoucher serves an uploaded picture.
func (s *Server) showVoucher(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	v := s.vouchers[r.PathValue("name")]
	s.mu.Unlock()
	if v == nil {
		http.NotFound(w, r)
		return
	}
	data := v.data
	if data == nil {
		var err error
		if data, err = os.ReadFile(s.voucherFile(v.Name)); err != nil {
			http.NotFound(w, r)
			return
		}
	}
	w.Header().Set("Content-Type", "image/jpeg")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(data)
}
