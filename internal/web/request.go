package web

import (
	"context"
	"encoding/hex"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"

	"entrepot/internal/site"
)

// Caller is who the verified credentials belong to.
type Caller struct {
	Kind     string // "member" or "staff"; "" is nobody
	ID       int64
	Language string // account preference, "" if none
}

// request is one request's state and, at the same time, its context: one allocation instead of a chain of
// context.WithValue. It is never reused, so a service may keep it after the answer (context.WithoutCancel).
type request struct {
	base   context.Context // net/http's: ends when the client leaves
	values context.Context // what site, auth and features added
	srv    *Server
	op     *operation
	header http.Header

	id       string
	trace    string // traceparent as received, "" if none or malformed
	idHeader [1]string
	lang     []string // chosen language as header values, nil until asked
	site     *site.Site
	caller   Caller
	ip       netip.Addr
	started  time.Time
	path     string
	method   string
	length   int64 // of the body, -1 when chunked
	body     []byte
	asked    any // the parsed query of an operation that remembers them

	status  int    // of a rendered problem
	code    string // wire code of a rendered problem
	failure error  // cause of a 5xx, for the log line

	timed atomic.Pointer[timedContext]
}

type timedContext struct {
	context.Context
	cancel context.CancelFunc
}

type requestKey struct{}

func requestOf(ctx context.Context) *request {
	if c, ok := ctx.(*gin.Context); ok && c.Request != nil { // the usual way, without asking gin for each key
		if r, ok := c.Request.Context().(*request); ok {
			return r
		}
	}
	r, _ := ctx.Value(requestKey{}).(*request)
	return r
}

// Deadline implements context.Context.
func (r *request) Deadline() (time.Time, bool) {
	end := r.started.Add(r.srv.opts.Timeout)
	if d, ok := r.base.Deadline(); ok && d.Before(end) {
		return d, true
	}
	return end, true
}

// timer makes the cancelling context on first use: a cached answer never asks, and pays nothing.
func (r *request) timer() *timedContext {
	if t := r.timed.Load(); t != nil {
		return t
	}
	end, _ := r.Deadline()
	ctx, cancel := context.WithDeadline(r.base, end)
	t := &timedContext{Context: ctx, cancel: cancel}
	if !r.timed.CompareAndSwap(nil, t) {
		cancel()
	}
	return r.timed.Load()
}

// Done implements context.Context.
func (r *request) Done() <-chan struct{} { return r.timer().Done() }

// Err implements context.Context.
func (r *request) Err() error { return r.timer().Err() }

// Value implements context.Context. The timer is asked before the base, so that contexts derived from r find its
// cancelCtx and need no goroutine to watch it.
func (r *request) Value(key any) any {
	if _, ok := key.(requestKey); ok {
		return r
	}
	if v := r.values.Value(key); v != nil {
		return v
	}
	if t := r.timed.Load(); t != nil {
		return t.Value(key)
	}
	return r.base.Value(key)
}

// Context returns the request's own context for use below the handler. Generated handlers are given the
// *gin.Context, which gin reuses: whatever may outlive the request must have this one instead.
func Context(ctx context.Context) context.Context {
	if r := requestOf(ctx); r != nil {
		return r
	}
	if c, ok := ctx.(*gin.Context); ok && c.Request != nil {
		return c.Request.Context()
	}
	return ctx
}

// Extend adds values to the request's context, for Authenticate functions: fn receives a context to derive from
// with context.WithValue (never with a cancel function: the context it gets never ends).
func Extend(c *gin.Context, fn func(ctx context.Context) context.Context) {
	if r := requestOf(c); r != nil {
		r.values = fn(r.values)
		return
	}
	c.Request = c.Request.WithContext(fn(c.Request.Context()))
}

// SetCaller records who was verified: for the log line, limits, idempotency scopes and the choice of language.
func SetCaller(c *gin.Context, caller Caller) {
	if r := requestOf(c); r != nil {
		r.caller = caller
		if caller.Language != "" {
			r.lang = nil // choose again, now with the preference
		}
	}
}

// CallerOf is the verified caller, zero for nobody.
func CallerOf(ctx context.Context) Caller {
	if r := requestOf(ctx); r != nil {
		return r.caller
	}
	return Caller{}
}

// RequestID is the id also found in X-Request-Id and in the log; "" outside a request.
func RequestID(ctx context.Context) string {
	if r := requestOf(ctx); r != nil {
		return r.id
	}
	return ""
}

// TraceParent is the W3C traceparent the caller sent, "" if none.
func TraceParent(ctx context.Context) string {
	if r := requestOf(ctx); r != nil {
		return r.trace
	}
	return ""
}

// Language is the language of the answer, one of the bundle's; "en" outside a request.
func Language(ctx context.Context) string {
	if r := requestOf(ctx); r != nil {
		return r.language()
	}
	return "en"
}

// ClientIP is the client's address: the peer, or what a trusted proxy says. The zero Addr outside a request.
func ClientIP(ctx context.Context) netip.Addr {
	if r := requestOf(ctx); r != nil {
		return r.ip
	}
	return netip.Addr{}
}

// RawBody is the request body as received, for operations whose body the edge has read (JSON and x-raw-body).
func RawBody(ctx context.Context) []byte {
	if r := requestOf(ctx); r != nil {
		return r.body
	}
	return nil
}

// minExpect is the size up to which a body fits into net/http's buffer beside its head.
const minExpect = 3 << 10

// expect tells the connection which body follows, so that it leaves with its head in one piece.
func (r *request) expect(body []byte, length string) {
	if len(body) < minExpect || r.method != http.MethodGet {
		return
	}
	if c, ok := r.base.Value(connKey{}).(*conn); ok {
		c.expect(body, length)
	}
}

func (r *request) setID(sent string) {
	if !saneID(sent) {
		sent = newID()
	}
	r.id = sent
	r.idHeader[0] = sent
}

// saneID accepts what cannot hurt a log line or a varchar(64) column.
func saneID(s string) bool {
	if len(s) == 0 || len(s) > 64 {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.' {
			continue
		}
		return false
	}
	return true
}

func newID() string {
	var raw [16]byte
	var text [32]byte
	for i, v := 0, rand.Uint64(); i < 8; i, v = i+1, v>>8 {
		raw[i] = byte(v)
	}
	for i, v := 8, rand.Uint64(); i < 16; i, v = i+1, v>>8 {
		raw[i] = byte(v)
	}
	hex.Encode(text[:], raw[:])
	return string(text[:])
}

// saneTrace accepts version 00 of the W3C header: 00-<32 hex>-<16 hex>-<2 hex>, ids not all zero.
func saneTrace(s string) bool {
	if len(s) != 55 || s[:3] != "00-" || s[35] != '-' || s[52] != '-' {
		return false
	}
	return lowerHex(s[3:35]) && lowerHex(s[36:52]) && lowerHex(s[53:]) &&
		s[3:35] != "00000000000000000000000000000000" && s[36:52] != "0000000000000000"
}

func lowerHex(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
