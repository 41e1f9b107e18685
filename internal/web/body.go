package web

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/go-json-experiment/json/jsontext"

	"entrepot/internal/errs"
)

// Bounds of a JSON body beyond its length: what it may cost to look at.
const (
	maxDepth  = 64
	maxValues = 20_000
)

// admit checks content type, size and, for JSON, syntax and schema, and puts the bytes back for the handler.
func (b *bodyRule) admit(c *gin.Context, r *request) error {
	if enc := first(r.header["Content-Encoding"]); enc != "" && !strings.EqualFold(enc, "identity") {
		return unsupported("/header/Content-Encoding")
	}
	kind, err := b.mediaType(r)
	if err != nil {
		return err
	}
	if kind == "" { // nothing was sent
		if !b.required {
			return nil
		}
		return errs.New(errs.Invalid, "request.invalid").At("", "field.required")
	}
	if kind == "multipart/form-data" {
		if c.Request.ContentLength > b.stream {
			return tooLarge(b.stream)
		}
		c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, b.stream)
		return nil
	}
	if r.body, err = readAll(c.Request, b.limit); err != nil {
		return err
	}
	c.Request.Body = &readBody{Reader: bytes.NewReader(r.body)}
	c.Request.ContentLength = int64(len(r.body))
	if b.raw || b.json == nil || kind != "application/json" {
		return nil
	}
	return b.check(r.body)
}

// CheckBody runs the JSON and schema checks that the edge leaves out for x-raw-body operations, whose signature has
// to be verified first.
func CheckBody(ctx context.Context) error {
	r := requestOf(ctx)
	if r == nil || r.op == nil || r.op.body == nil || r.op.body.json == nil {
		return errs.New(errs.Internal, "internal.error").Because(errors.New("web: CheckBody without a JSON contract"))
	}
	return r.op.body.check(r.body)
}

func (b *bodyRule) check(body []byte) error {
	if len(body) == 0 {
		if !b.required {
			return nil
		}
		return errs.New(errs.Invalid, "request.invalid").At("", "field.required")
	}
	value, odd, err := decodeStrict(body)
	if err != nil {
		return err
	}
	if e := validate(b.json, value, odd); e != nil {
		return e
	}
	return nil
}

// mediaType returns the media type when the operation takes it, "" when there is no body at all.
func (b *bodyRule) mediaType(r *request) (string, error) {
	values := r.header["Content-Type"]
	if len(values) == 0 {
		if !hasBody(r) {
			return "", nil
		}
		return "", unsupported("/header/Content-Type")
	}
	kind, params := values[0], map[string]string(nil)
	if kind != "application/json" {
		var err error
		if kind, params, err = mime.ParseMediaType(values[0]); err != nil {
			return "", unsupported("/header/Content-Type")
		}
	}
	if len(values) > 1 || kind == "application/json" && b.json == nil ||
		kind != "application/json" && !slices.Contains(b.other, kind) {
		return "", unsupported("/header/Content-Type")
	}
	if cs, ok := params["charset"]; ok && !strings.EqualFold(cs, "utf-8") {
		return "", unsupported("/header/Content-Type")
	}
	return kind, nil
}

func hasBody(r *request) bool { return r.length != 0 }

func unsupported(pointer string) error {
	return errs.New(errs.Unsupported, "request.content_type").At(pointer, "request.content_type")
}

func tooLarge(limit int64) error {
	return errs.New(errs.TooLarge, "request.too_large", "limit", limit)
}

// readAll reads at most limit bytes and grows with what arrives: a promise in Content-Length costs us nothing.
func readAll(req *http.Request, limit int64) ([]byte, error) {
	if req.ContentLength > limit {
		return nil, tooLarge(limit)
	}
	var buf bytes.Buffer
	if n := req.ContentLength; n > 0 {
		buf.Grow(int(min(n, 64<<10)) + bytes.MinRead)
	}
	if _, err := buf.ReadFrom(io.LimitReader(req.Body, limit+1)); err != nil {
		return nil, errs.New(errs.Invalid, "request.malformed").Because(err) // cut off, or too slow
	}
	if int64(buf.Len()) > limit {
		return nil, tooLarge(limit)
	}
	return buf.Bytes(), nil
}

type readBody struct{ *bytes.Reader }

func (readBody) Close() error { return nil }

// oddNumber is a number that is not written as an integer of 64 bits: legal JSON, but only a "number" may look so.
type oddNumber struct {
	pointer jsontext.Pointer
	huge    bool // an integer beyond 64 bits
}

type strictDecoder struct {
	dec    *jsontext.Decoder
	odd    []oddNumber
	values int
	broken *errs.Error // NUL in texts
}

var (
	errDepth  = errors.New("json: nested too deeply")
	errValues = errors.New("json: too many values")
)

// decodeStrict reads exactly one JSON value: valid UTF-8, no duplicate names, no NUL, bounded depth and count,
// nothing behind it. Integers come out as int64, other numbers as float64 and in odd.
func decodeStrict(body []byte) (any, []oddNumber, error) {
	d := strictDecoder{dec: jsontext.NewDecoder(bytes.NewBuffer(body))}
	v, err := d.value()
	if err == nil {
		if _, err = d.dec.ReadToken(); errors.Is(err, io.EOF) {
			err = nil
		} else if err == nil {
			err = errors.New("json: data after the value")
		}
	}
	if err != nil {
		return nil, nil, malformed(err, d.dec.StackPointer())
	}
	if d.broken != nil {
		return nil, nil, d.broken
	}
	return v, d.odd, nil
}

func malformed(err error, at jsontext.Pointer) error {
	key := "field.invalid"
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		at = syntax.JSONPointer
	}
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		return errs.New(errs.Invalid, "request.invalid").Because(err).At(string(at), "field.duplicate")
	case syntax != nil && strings.Contains(syntax.Err.Error(), "UTF-8"),
		syntax != nil && strings.Contains(syntax.Err.Error(), "surrogate"):
		key = "encoding.invalid"
	}
	return errs.New(errs.Invalid, "request.malformed").Because(err).At(string(at), key)
}

func (d *strictDecoder) value() (any, error) {
	if d.values++; d.values > maxValues {
		return nil, errValues
	}
	tok, err := d.dec.ReadToken()
	if err != nil {
		return nil, err
	}
	switch tok.Kind() {
	case 'n':
		return nil, nil //nolint:nilnil // JSON's null
	case 't', 'f':
		return tok.Bool(), nil
	case '"':
		return d.text(tok.String()), nil
	case '0':
		return d.number(tok.String()), nil
	}
	if d.dec.StackDepth() > maxDepth {
		return nil, errDepth
	}
	if tok.Kind() == '[' {
		return d.array()
	}
	return d.object()
}

func (d *strictDecoder) array() (any, error) {
	out := []any{}
	for d.dec.PeekKind() != ']' {
		v, err := d.value()
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	_, err := d.dec.ReadToken()
	return out, err
}

func (d *strictDecoder) object() (any, error) {
	out := map[string]any{}
	for d.dec.PeekKind() != '}' {
		tok, err := d.dec.ReadToken()
		if err != nil {
			return nil, err
		}
		name := d.text(tok.String())
		if out[name], err = d.value(); err != nil {
			return nil, err
		}
	}
	_, err := d.dec.ReadToken()
	return out, err
}

func (d *strictDecoder) text(s string) string {
	if strings.IndexByte(s, 0) >= 0 {
		d.broken = broken(d.broken, string(d.dec.StackPointer()), "field.invalid")
	}
	return s
}

func (d *strictDecoder) number(literal string) any {
	n, err := strconv.ParseInt(literal, 10, 64)
	if err == nil {
		return n
	}
	f, _ := strconv.ParseFloat(literal, 64) // out of range is +-Inf, which we clamp: validation knows no Inf
	f = min(max(f, -1e300), 1e300)
	d.odd = append(d.odd, oddNumber{pointer: d.dec.StackPointer(), huge: !strings.ContainsAny(literal, ".eE")})
	return f
}
