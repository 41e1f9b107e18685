package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"entrepot/internal/database"
	"entrepot/internal/errs"
)

// Problem is an RFC 9457 answer, application/problem+json.
type Problem struct {
	Type      string  `json:"type"`   // urn:entrepot:problem:<code, lower case, hyphens>
	Title     string  `json:"title"`  // localized
	Status    int     `json:"status"` // as in the status line
	Detail    string  `json:"detail,omitempty"`
	Instance  string  `json:"instance,omitempty"` // path of the request, without the query
	Code      string  `json:"code"`               // stable UPPER_SNAKE
	RequestID string  `json:"requestId"`
	Retryable bool    `json:"retryable"` // the same request may succeed later
	Errors    []Fault `json:"errors,omitempty"`
}

// Fault is one broken input of a Problem.
type Fault struct {
	Pointer string `json:"pointer"` // JSON pointer into the body, or /query/x, /path/x, /header/x
	Code    string `json:"code"`
	Detail  string `json:"detail"`
}

// statuses is the one table from error code to HTTP status. First match wins; a foreign code is our fault.
var statuses = []struct {
	code      errs.Code
	status    int
	retryable bool
}{
	{errs.Invalid, http.StatusBadRequest, false},
	{errs.Unauthenticated, http.StatusUnauthorized, false},
	{errs.Forbidden, http.StatusForbidden, false},
	{errs.NotFound, http.StatusNotFound, false},
	{errs.Method, http.StatusMethodNotAllowed, false},
	{errs.Conflict, http.StatusConflict, false},
	{errs.Outdated, http.StatusPreconditionFailed, false},
	{errs.Unconditional, http.StatusPreconditionRequired, false},
	{errs.TooLarge, http.StatusRequestEntityTooLarge, false},
	{errs.Unsupported, http.StatusUnsupportedMediaType, false},
	{errs.Rule, http.StatusUnprocessableEntity, false},
	{errs.Blocked, http.StatusUnavailableForLegalReasons, false},
	{errs.RateLimited, http.StatusTooManyRequests, true},
	{errs.Upstream, http.StatusBadGateway, true},
	{errs.Unavailable, http.StatusServiceUnavailable, true},
	{errs.Internal, http.StatusInternalServerError, false},
}

// Status is the HTTP status of an error code and whether trying again may help.
func Status(code errs.Code) (status int, retryable bool) {
	for _, row := range statuses {
		if row.code == code {
			return row.status, row.retryable
		}
	}
	return http.StatusInternalServerError, false
}

// maxFaults and maxPointer bound an answer that repeats what a hostile client sent.
const (
	maxFaults  = 50
	maxPointer = 200
)

var problemType = []string{"application/problem+json"}

// Render answers err as a problem in the language of the request and aborts the chain. It fits the error hooks
// of the generated strict servers. The cause of a 5xx goes to the request's log line, once, and nowhere else.
func Render(c *gin.Context, err error) {
	c.Abort()
	e := classify(err)
	r := requestOf(c)
	status, retryable := Status(e.Code)
	code := errs.WireCode(e.Key)
	if r != nil {
		r.status, r.code = status, code
		if status >= 500 {
			r.failure = err
		}
	}
	if c.Writer.Written() {
		return // too late to change the answer; the log line still tells
	}
	p := Problem{
		Type:   "urn:entrepot:problem:" + strings.ReplaceAll(strings.ToLower(code), "_", "-"),
		Status: status, Code: code, Retryable: retryable || e.Key == "idempotency.in_progress",
		Instance: cut(c.Request.URL.Path, maxPointer), RequestID: RequestID(c),
	}
	h := c.Writer.Header()
	h["Content-Language"] = contentLanguage(localize(&p, e, r))
	if e.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds()))))
	}
	switch e.Code {
	case errs.Unauthenticated:
		if strings.HasPrefix(e.Key, "auth.") {
			h.Set("WWW-Authenticate", "Bearer")
		}
	case errs.TooLarge:
		h.Set("Connection", "close") // the rest of the body is not worth reading
	}
	h["Content-Type"] = problemType
	h.Set("Cache-Control", "no-store")
	h.Del("Content-Length")
	h.Del("Content-Encoding")
	h.Del("Etag")
	c.Writer.WriteHeader(status)
	_, _ = c.Writer.Write(encode(p)) // the client left: nobody to tell
}

func localize(p *Problem, e *errs.Error, r *request) (lang string) {
	lang = "en"
	text := func(key string, _ map[string]any) string { return key }
	if r != nil {
		lang = r.language()
		text = func(key string, args map[string]any) string { return r.srv.opts.Bundle.Text(lang, "error."+key, args) }
	}
	p.Title = text(e.Key, e.Args)
	p.Detail = p.Title
	for i, f := range e.Fields {
		if i == maxFaults {
			break
		}
		fault := Fault{Pointer: cut(f.Pointer, maxPointer), Code: errs.WireCode(f.Key), Detail: text(f.Key, f.Args)}
		p.Errors = append(p.Errors, fault)
	}
	if len(p.Errors) == 1 {
		p.Detail = p.Errors[0].Detail
	}
	return lang
}

// classify finds the error a caller may see. Anything unknown is internal and its text stays here.
func classify(err error) *errs.Error {
	var known *errs.Error
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &tooLarge):
		return errs.New(errs.TooLarge, "request.too_large", "limit", tooLarge.Limit)
	case errors.Is(err, context.DeadlineExceeded):
		return errs.New(errs.Unavailable, "request.timeout").After(time.Second)
	case errors.Is(err, context.Canceled):
		return errs.New(errs.Unavailable, "request.canceled")
	case errors.Is(err, database.ErrNotFound):
		return errs.New(errs.NotFound, "object.not_found")
	case database.Unavailable(err):
		return errs.New(errs.Unavailable, "database.unavailable").After(2 * time.Second)
	}
	return errs.New(errs.Internal, "internal.error")
}

// BindError is the ErrorHandler of the generated gin wrappers. The contract was checked before, so what still
// fails is the client's doing and gets no more detail than that.
func BindError(c *gin.Context, err error, _ int) { BindFailed(c, err) }

// BindFailed is the RequestErrorHandlerFunc of the generated strict servers; see BindError.
func BindFailed(c *gin.Context, err error) {
	var known *errs.Error
	var tooLarge *http.MaxBytesError
	if errors.As(err, &known) || errors.As(err, &tooLarge) {
		Render(c, err)
		return
	}
	Render(c, errs.New(errs.Invalid, "request.malformed").Because(err))
}

func noRoute(c *gin.Context)  { Render(c, errs.New(errs.NotFound, "route.not_found")) }
func noMethod(c *gin.Context) { Render(c, errs.New(errs.Method, "route.method")) }

func encode(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil { // only strings, numbers and bools go in
		return []byte(`{"type":"about:blank","status":500,"code":"INTERNAL_ERROR"}`)
	}
	return b.Bytes()
}

func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}
