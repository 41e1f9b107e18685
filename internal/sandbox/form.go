package sandbox

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// maxParams bounds the parameters of one call; the widest API of the platform has a dozen.
const maxParams = 1000

var (
	errBodyTooLarge  = errors.New("request body is larger than 20 MB")
	errTooManyParams = errors.New("more than 1000 parameters")
)

// form is what a caller sent, from wherever it put it: query, form body or multipart body.
type form struct {
	args  url.Values        // raw bytes after percent-decoding: exactly what is signed
	files map[string][]byte // multipart parts with a file name; never signed
	gbk   bool              // the caller declared a GBK body
}

// readForm collects the parameters. The query goes first and the first value of a name wins; the others are neither signed nor read.
// net/url drops a pair that it cannot decode; the gateway does not, so this decoder is our own.
func readForm(w http.ResponseWriter, r *http.Request) (*form, error) {
	f := &form{args: url.Values{}}
	if err := f.addPairs(r.URL.RawQuery); err != nil {
		return nil, err
	}
	if r.Body == nil || r.Body == http.NoBody || r.Method == http.MethodGet || r.Method == http.MethodHead {
		return f, nil
	}
	body, err := readBody(w, r)
	if err != nil {
		return nil, err
	}
	kind, opt, _ := mime.ParseMediaType(r.Header.Get("Content-Type")) // an odd content type is read as a form
	switch strings.ToLower(opt["charset"]) {
	case "gbk", "gb2312", "gb18030":
		f.gbk = true
	}
	if strings.HasPrefix(kind, "multipart/") && opt["boundary"] != "" {
		return f, f.addParts(multipart.NewReader(bytes.NewReader(body), opt["boundary"]))
	}
	return f, f.addPairs(strings.TrimRight(string(body), "\r\n"))
}

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	var b bytes.Buffer
	if n := r.ContentLength; n > 0 && n <= maxBody {
		b.Grow(int(n) + bytes.MinRead)
	}
	_, err := b.ReadFrom(http.MaxBytesReader(w, r.Body, maxBody))
	var big *http.MaxBytesError
	if errors.As(err, &big) {
		return nil, errBodyTooLarge
	}
	return b.Bytes(), err
}

func (f *form) add(name, value string) error {
	if _, ok := f.args[name]; ok {
		return nil
	}
	if len(f.args) >= maxParams {
		return errTooManyParams
	}
	f.args[name] = []string{value}
	return nil
}

// addPairs reads a=b&c=d.
func (f *form) addPairs(text string) error {
	for text != "" {
		var pair string
		pair, text, _ = strings.Cut(text, "&")
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		if err := f.add(unescape(name), unescape(value)); err != nil {
			return err
		}
	}
	return nil
}

func (f *form) addParts(r *multipart.Reader) error {
	for {
		p, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		data, err := io.ReadAll(p) // the body is bounded already
		if err != nil {
			return err
		}
		if p.FileName() == "" {
			if err := f.add(p.FormName(), string(data)); err != nil {
				return err
			}
			continue
		}
		if f.files == nil {
			f.files = map[string][]byte{}
		}
		if _, ok := f.files[p.FormName()]; !ok && len(f.files) < maxParams {
			f.files[p.FormName()] = data
		}
	}
}

// unescape decodes + and %XX; a % that starts no valid sequence stays as it is.
func unescape(s string) string {
	if !strings.ContainsAny(s, "%+") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '+':
			b = append(b, ' ')
		case c == '%' && i+2 < len(s) && hexDigit(s[i+1]) >= 0 && hexDigit(s[i+2]) >= 0:
			b = append(b, byte(hexDigit(s[i+1])<<4|hexDigit(s[i+2])))
			i += 2
		default:
			b = append(b, c)
		}
	}
	return string(b)
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// decoded turns what was declared GBK into UTF-8; what already is UTF-8 stays, because many clients declare one and send the other.
func (f *form) decoded() url.Values {
	if !f.gbk {
		return f.args
	}
	for name, v := range f.args {
		if utf8.ValidString(v[0]) {
			continue
		}
		if text, err := simplifiedchinese.GBK.NewDecoder().String(v[0]); err == nil {
			f.args[name] = []string{text}
		}
	}
	return f.args
}
