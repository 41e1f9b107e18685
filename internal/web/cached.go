package web

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

// minGzip is the size from which compressing pays.
const minGzip = 1024

// CacheRules is how a client may keep an answer (RFC 9111, RFC 5861). Zero times are left out.
type CacheRules struct {
	MaxAge               time.Duration
	StaleWhileRevalidate time.Duration
	StaleIfError         time.Duration
	Public               bool // default is private: answers depend on the site key
}

// Cached is an answer in its final bytes. It is made once per site, language and query and shared by all requests.
type Cached struct {
	Body []byte // identity
	Gzip []byte // nil below 1 KB
	ETag string // weak: the same for both encodings
	Lang string // Content-Language, "" leaves the request's

	etag, cacheControl, contentType []string // header values shared by all answers, never changed
	length, gzipLength              []string
	language                        []string
}

var (
	varyAll     = []string{"Accept-Encoding, Accept-Language, X-Site-Key"}
	encodedGzip = []string{"gzip"}
	jsonType    = []string{"application/json"}
)

// NewCached prepares a JSON body, which must not change afterwards, compressing it once.
func NewCached(body []byte, lang string, rules CacheRules) *Cached {
	sum := sha256.Sum256(body)
	b := &Cached{Body: body, ETag: `W/"` + hex.EncodeToString(sum[:12]) + `"`, Lang: lang, contentType: jsonType}
	b.etag = []string{b.ETag}
	b.length = []string{strconv.Itoa(len(body))}
	b.cacheControl = []string{rules.header()}
	if lang != "" {
		b.language = []string{lang}
	}
	if len(body) >= minGzip {
		var z bytes.Buffer
		w := gzip.NewWriter(&z)
		_, _ = w.Write(body) // a bytes.Buffer does not fail
		_ = w.Close()
		if z.Len() < len(body) {
			b.Gzip = z.Bytes()
			b.gzipLength = []string{strconv.Itoa(z.Len())}
		}
	}
	return b
}

func (r CacheRules) header() string {
	out := "private"
	if r.Public {
		out = "public"
	}
	for _, part := range []struct {
		name string
		d    time.Duration
	}{{"max-age", r.MaxAge}, {"stale-while-revalidate", r.StaleWhileRevalidate}, {"stale-if-error", r.StaleIfError}} {
		if part.d > 0 || part.name == "max-age" {
			out += ", " + part.name + "=" + strconv.Itoa(int(part.d/time.Second))
		}
	}
	return out
}

// Serve answers with b: 304 when the client has it, else 200 in the encoding it accepts.
func (b *Cached) Serve(c *gin.Context) { _ = b.write(c.Writer, c.Request.Header) } // the client left: nobody to tell

// Write is Serve for the Visit method of a generated response object; ctx is the handler's.
func (b *Cached) Write(ctx context.Context, w http.ResponseWriter) error {
	var h http.Header
	if r := requestOf(ctx); r != nil {
		h = r.header
	}
	return b.write(w, h)
}

func (b *Cached) write(w http.ResponseWriter, req http.Header) error {
	h := w.Header()
	h["Etag"] = b.etag
	h["Cache-Control"] = b.cacheControl
	h["Vary"] = varyAll
	if b.language != nil {
		h["Content-Language"] = b.language
	}
	if none := req["If-None-Match"]; len(none) > 0 && matches(none, b.ETag) {
		w.WriteHeader(http.StatusNotModified)
		if n, ok := w.(interface{ WriteHeaderNow() }); ok {
			n.WriteHeaderNow()
		}
		return nil
	}
	h["Content-Type"] = b.contentType
	body := b.Body
	if b.Gzip != nil && acceptsGzip(req["Accept-Encoding"]) {
		h["Content-Encoding"] = encodedGzip
		h["Content-Length"] = b.gzipLength
		body = b.Gzip
	} else {
		h["Content-Length"] = b.length
	}
	w.WriteHeader(http.StatusOK)
	_, err := w.Write(body)
	return err
}

// matches is the weak comparison of RFC 9110: W/ does not count, a list or * is allowed.
func matches(values []string, etag string) bool {
	if len(values) == 1 && values[0] == etag {
		return true
	}
	want := strings.TrimPrefix(etag, "W/")
	for _, v := range values {
		for v != "" {
			var one string
			one, v, _ = strings.Cut(v, ",")
			one = strings.TrimSpace(one)
			if one == "*" || strings.TrimPrefix(one, "W/") == want {
				return true
			}
		}
	}
	return false
}

// acceptsGzip reads Accept-Encoding: gzip or *, unless weighted zero.
func acceptsGzip(values []string) bool {
	for _, v := range values {
		for v != "" {
			var one string
			one, v, _ = strings.Cut(v, ",")
			name, weight, weighted := strings.Cut(strings.TrimSpace(one), ";")
			name = strings.TrimSpace(name)
			if name != "*" && !strings.EqualFold(name, "gzip") {
				continue
			}
			if !weighted {
				return true
			}
			q, err := strconv.ParseFloat(strings.TrimPrefix(strings.TrimSpace(weight), "q="), 64)
			return err == nil && q > 0
		}
	}
	return false
}
