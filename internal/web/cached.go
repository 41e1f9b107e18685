package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/klauspost/compress/gzip"
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
	language, vary                  []string
}

var (
	varyAll     = []string{"Accept-Encoding, Accept-Language, X-Site-Key"}
	varyMember  = []string{"Accept-Encoding, Accept-Language, Authorization, X-Site-Key"}
	encodedGzip = []string{"gzip"}
	jsonType    = []string{"application/json"}
)

// NewCached prepares a JSON body, which must not change afterwards, compressing it once.
func NewCached(body []byte, lang string, rules CacheRules) *Cached {
	var packed []byte
	if len(body) >= minGzip {
		if packed = compress(body); len(packed) >= len(body) {
			packed = nil
		}
	}
	return RestoreCached(body, packed, lang, rules)
}

// RestoreCached is NewCached with the compressed form at hand; packed is nil when there is none. Neither may change
// afterwards.
func RestoreCached(body, packed []byte, lang string, rules CacheRules) *Cached {
	b := &Cached{Body: body, ETag: etagOf(body), Lang: lang, contentType: jsonType, vary: varyAll}
	b.etag = []string{b.ETag}
	b.length = []string{strconv.Itoa(len(body))}
	b.cacheControl = []string{rules.header()}
	if lang != "" {
		b.language = []string{lang}
	}
	if packed != nil {
		b.Gzip = packed
		b.gzipLength = []string{strconv.Itoa(len(packed))}
	}
	return b
}

// pricedAt says when an answer was made; quotes inside JSON texts are escaped, so no text can hold it.
var pricedAt = []byte(`"pricedAt":"`)

// etagOf is weak: answers that differ in nothing but when they were made are the same, so a client that looks again gets
// 304 although 1688 was asked meanwhile.
func etagOf(body []byte) string {
	h := sha256.New()
	for {
		at := bytes.Index(body, pricedAt)
		if at < 0 {
			break
		}
		at += len(pricedAt)
		_, _ = h.Write(body[:at]) // a hash does not fail
		body = body[at:]
		body = body[max(bytes.IndexByte(body, '"'), 0):]
	}
	_, _ = h.Write(body)
	return `W/"` + hex.EncodeToString(h.Sum(nil)[:12]) + `"`
}

// zippers are compressors to use again. An answer is compressed while somebody waits for it: up to the size of mostLight it
// is done with tables that stay in the processor's cache, in half the time of level 6 and an eighth larger, which is rarely
// a packet more; above, where that would make it a third larger, level 5 does it.
var (
	lightZippers = zippers(gzip.StatelessCompression)
	heavyZippers = zippers(5)
)

const mostLight = 16 << 10

func zippers(level int) *sync.Pool {
	return &sync.Pool{New: func() any {
		w, _ := gzip.NewWriterLevel(nil, level) // a level there is
		return &zipper{w: w}
	}}
}

type zipper struct {
	w   *gzip.Writer
	out bytes.Buffer
}

func compress(body []byte) []byte {
	pool := heavyZippers
	if len(body) <= mostLight {
		pool = lightZippers
	}
	z := pool.Get().(*zipper)
	defer pool.Put(z)
	z.out.Reset()
	z.w.Reset(&z.out)
	_, _ = z.w.Write(body) // a bytes.Buffer does not fail
	_ = z.w.Close()
	if z.out.Cap() > 1<<20 { // a giant must not stay
		out := z.out.Bytes()
		z.out = bytes.Buffer{}
		return out
	}
	return bytes.Clone(z.out.Bytes())
}

// With is another body under b's language and cache rules, with an ETag of its own.
func (b *Cached) With(body []byte) *Cached {
	c := NewCached(body, b.Lang, CacheRules{})
	c.cacheControl = b.cacheControl
	return c
}

// PerMember is b for answers that depend on who is signed in: a client must not show one member what it kept for another.
func (b *Cached) PerMember() *Cached {
	own := *b
	own.vary = varyMember
	return &own
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
func (b *Cached) Serve(c *gin.Context) { _ = b.write(c.Writer, c.Request.Header, requestOf(c)) } // the client left: nobody to tell

// Write is Serve for the Visit method of a generated response object; ctx is the handler's.
func (b *Cached) Write(ctx context.Context, w http.ResponseWriter) error {
	var h http.Header
	r := requestOf(ctx)
	if r != nil {
		h = r.header
	}
	return b.write(w, h, r)
}

func (b *Cached) write(w http.ResponseWriter, req http.Header, r *request) error {
	h := w.Header()
	h["Etag"] = b.etag
	h["Cache-Control"] = b.cacheControl
	h["Vary"] = b.vary
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
	body, length := b.Body, b.length
	if b.Gzip != nil && acceptsGzip(req["Accept-Encoding"]) {
		h["Content-Encoding"] = encodedGzip
		body, length = b.Gzip, b.gzipLength
	}
	h["Content-Length"] = length
	w.WriteHeader(http.StatusOK)
	if r != nil {
		r.expect(body, length[0])
	}
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
