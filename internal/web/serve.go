package web

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// Limits of a connection: what a slow or silent client may cost.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 20 * time.Second
	writeTimeout      = 30 * time.Second
	idleTimeout       = 30 * time.Second
	maxHeaderBytes    = 32 << 10
)

// DefaultDrain is how long Serve waits for running requests.
const DefaultDrain = 15 * time.Second

// Serve answers on the listener until ctx ends, then refuses new work (503, connection closed) and waits up to drain
// (0 = DefaultDrain) for what is running. What still runs then is cut off and reported as an error.
func Serve(ctx context.Context, l net.Listener, h http.Handler, log *slog.Logger, drain time.Duration) error {
	if drain <= 0 {
		drain = DefaultDrain
	}
	var draining atomic.Bool
	base, stop := context.WithCancel(context.WithoutCancel(ctx)) // requests outlive ctx: that is what draining means
	defer stop()
	srv := &http.Server{
		Handler:           gate{next: h, closed: &draining},
		ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes - 4096, // net/http adds 4096 of slop
		BaseContext: func(net.Listener) context.Context { return base },
		ConnContext: withConn,
		ErrorLog:    slog.NewLogLogger(dropText{log.Handler()}, slog.LevelDebug),
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(listener{l}) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	draining.Store(true)
	limit, cancel := context.WithTimeout(base, drain)
	defer cancel()
	err := srv.Shutdown(limit)
	if err != nil {
		stop()
		err = errors.Join(errors.New("web: requests were cut off after the drain limit"), err, srv.Close())
	}
	if served := <-failed; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// headAsGet makes a HEAD request a GET for the handlers: net/http, which knows better, sends the headers alone. The
// connection must not hear of a body that will not come.
func headAsGet(r *http.Request) *http.Request {
	if r.Method != http.MethodHead {
		return r
	}
	get := r.WithContext(context.WithValue(r.Context(), connKey{}, nil))
	get.Method = http.MethodGet
	return get
}

// gate refuses requests that arrive on open connections while the server drains.
type gate struct {
	next   http.Handler
	closed *atomic.Bool
}

// drainingBody is a problem in English: which site and language were meant is not looked at any more.
const drainingBody = `{"type":"urn:entrepot:problem:request-canceled","title":"The server is stopping.","status":503,` +
	`"detail":"The server is stopping. Please try again.","code":"REQUEST_CANCELED","requestId":"","retryable":true}` + "\n"

func (g gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !g.closed.Load() {
		g.next.ServeHTTP(w, headAsGet(r))
		return
	}
	h := w.Header()
	h["Content-Type"] = problemType
	h.Set("Retry-After", "1")
	h.Set("Connection", "close")
	w.WriteHeader(http.StatusServiceUnavailable)
	_, _ = w.Write([]byte(drainingBody)) // the client may be gone
}

// dropText keeps net/http's own messages (peer addresses, raw header bytes) out of the log, but not that there was one.
type dropText struct{ slog.Handler }

// Handle implements slog.Handler.
func (d dropText) Handle(ctx context.Context, rec slog.Record) error {
	return d.Handler.Handle(ctx, slog.NewRecord(rec.Time, rec.Level, "net/http reported a broken connection", 0))
}
