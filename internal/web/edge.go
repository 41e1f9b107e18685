package web

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/gin-gonic/gin"

	"entrepot/internal/errs"
)

// edge is the whole chain in one function; five separate middlewares cost five closures, five context copies
// and as many look-ups of the same thing.
func (s *Server) edge(c *gin.Context) {
	h := c.Request.Header
	r := &request{
		base: c.Request.Context(), values: context.Background(), srv: s, header: h,
		started: time.Now(), path: c.Request.URL.Path, method: c.Request.Method, length: c.Request.ContentLength,
	}
	r.setID(first(h["X-Request-Id"]))
	if t := first(h["Traceparent"]); t != "" && saneTrace(t) {
		r.trace = t
	}
	route := c.FullPath()
	var m *routeMetrics
	if r.op = s.ops[r.method][route]; r.op != nil {
		m = r.op.metrics
	} else {
		m = s.other.of(r.method, route)
	}
	r.ip = s.clientIP(c)
	c.Writer.Header()["X-Request-Id"] = r.idHeader[:]
	c.Request = c.Request.WithContext(r)
	s.metrics.inFlight.Inc()
	defer s.finish(c, r, m)
	if r.op != nil {
		if err := r.op.admit(c, r); err != nil {
			Render(c, err)
			return
		}
	}
	c.Writer.Header()["Content-Language"] = r.languageHeader()
	if r.op != nil && r.op.shortcut != nil && r.op.shortcut(c) {
		c.Abort()
		return
	}
	c.Next()
}

func (s *Server) finish(c *gin.Context, r *request, m *routeMetrics) {
	var abort any
	if p := recover(); p != nil {
		abort = s.recovered(c, r, p)
	}
	s.metrics.inFlight.Dec()
	if t := r.timed.Load(); t != nil {
		t.cancel()
	}
	// net/http only cleans up after the request it made, and the handler saw our copy of it.
	if f := c.Request.MultipartForm; f != nil {
		_ = f.RemoveAll() // temporary files; nothing to tell the client
	}
	status, took := c.Writer.Status(), time.Since(r.started)
	m.observe(status, took)
	s.line(c, r, m.route, status, took)
	if abort != nil {
		panic(abort)
	}
}

// recovered turns a panic into a 500. The panic's text may hold what a caller sent, so only its type and stack are
// logged, plus the text when the Go runtime wrote it.
func (s *Server) recovered(c *gin.Context, r *request, p any) (again any) {
	if p == any(http.ErrAbortHandler) { // a panic value, compared as net/http does
		return p
	}
	what := fmt.Sprintf("panic: %T", p)
	if e, ok := p.(runtime.Error); ok {
		what = "panic: " + e.Error()
	}
	s.log.LogAttrs(r, slog.LevelError, "panic recovered", slog.String("requestId", r.id),
		slog.String("what", what), slog.String("stack", string(debug.Stack())))
	if c.Writer.Written() {
		r.failure = errs.New(errs.Internal, "internal.error")
		return http.ErrAbortHandler // half an answer must not look like a whole one
	}
	Render(c, &errs.Error{Code: errs.Internal, Key: "internal.error", Err: fmt.Errorf("%s", what)})
	return nil
}

func (s *Server) clientIP(c *gin.Context) netip.Addr {
	if s.direct {
		if ap, err := netip.ParseAddrPort(c.Request.RemoteAddr); err == nil {
			return ap.Addr().Unmap()
		}
		host, _, err := net.SplitHostPort(c.Request.RemoteAddr)
		if err != nil {
			return netip.Addr{}
		}
		a, _ := netip.ParseAddr(host) // a unix socket has no address: the zero one
		return a
	}
	a, _ := netip.ParseAddr(c.ClientIP())
	return a.Unmap()
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}
