package web

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type served struct {
	addr string
	stop context.CancelFunc
	done chan error
}

func serve(t *testing.T, h http.HandlerFunc, drain time.Duration) *served {
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	s := &served{addr: l.Addr().String(), stop: stop, done: make(chan error, 1)}
	go func() { s.done <- Serve(ctx, l, h, slog.New(slog.DiscardHandler), drain) }()
	t.Cleanup(stop)
	return s
}

func (s *served) dial(t *testing.T) (net.Conn, *bufio.Reader) {
	c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", s.addr)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	require.NoError(t, c.SetDeadline(time.Now().Add(time.Minute)))
	return c, bufio.NewReader(c)
}

func TestServeDrains(t *testing.T) {
	entered, gate := make(chan struct{}), make(chan struct{})
	release := sync.OnceFunc(func() { close(gate) })
	t.Cleanup(release)
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			close(entered)
			<-gate
			assert.NoError(t, r.Context().Err(), "draining does not cancel running work")
		}
		fmt.Fprint(w, "done")
	}, time.Minute)
	c, in := s.dial(t)
	fmt.Fprint(c, "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
	<-entered
	s.stop()
	fmt.Fprint(c, "GET /next HTTP/1.1\r\nHost: x\r\n\r\n") // already on its way when the server stops
	require.Eventually(t, func() bool {
		_, err := net.DialTimeout("tcp", s.addr, time.Second)
		return err != nil
	}, time.Minute, 5*time.Millisecond, "no new connections")
	release()
	res, err := http.ReadResponse(in, nil)
	require.NoError(t, err)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	assert.Equal(t, "done", string(body))
	require.NoError(t, <-s.done)
}

func TestServeCutsOffAfterTheLimit(t *testing.T) {
	entered := make(chan struct{})
	var wg sync.WaitGroup
	wg.Add(1)
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		defer wg.Done()
		close(entered)
		<-r.Context().Done()
	}, 30*time.Millisecond)
	c, _ := s.dial(t)
	fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	<-entered
	s.stop()
	require.ErrorIs(t, <-s.done, context.DeadlineExceeded)
	wg.Wait()
}

func TestGateRefusesWhileDraining(t *testing.T) {
	e := newEdge(t)
	var draining atomic.Bool
	g := gate{next: e.Engine, closed: &draining}
	ask := func() *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		g.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/livez", nil))
		return w
	}
	draining.Store(true)
	w := ask()
	assert.Equal(t, 503, w.Code)
	assert.Equal(t, "1", w.Header().Get("Retry-After"))
	assert.Equal(t, "close", w.Header().Get("Connection"))
	assert.Contains(t, w.Body.String(), `"retryable":true`)
	draining.Store(false)
	assert.Equal(t, 200, ask().Code)
}

func TestServeRefusesHugeHeaders(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") }, 0)
	for size, want := range map[int]int{20_000: 200, 40_000: 431} {
		c, in := s.dial(t)
		fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: x\r\nX-Big: %s\r\n\r\n", strings.Repeat("a", size))
		res, err := http.ReadResponse(in, nil)
		require.NoError(t, err)
		assert.Equal(t, want, res.StatusCode)
		res.Body.Close()
	}
	s.stop()
	require.NoError(t, <-s.done)
}

func TestServeReportsAListenerThatFails(t *testing.T) {
	boom := errors.New("boom")
	err := Serve(t.Context(), brokenListener{boom}, http.NotFoundHandler(), slog.New(slog.DiscardHandler), 0)
	require.ErrorIs(t, err, boom)
}

type brokenListener struct{ err error }

func (l brokenListener) Accept() (net.Conn, error) { return nil, l.err }
func (l brokenListener) Close() error              { return nil }
func (l brokenListener) Addr() net.Addr            { return &net.TCPAddr{} }

func TestLogOfBrokenConnectionsHasNoText(t *testing.T) {
	log := &logBuffer{}
	h := dropText{slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})}
	slog.NewLogLogger(h, slog.LevelDebug).Print("http: TLS handshake error from 10.1.2.3:44")
	assert.Contains(t, log.String(), "broken connection")
	assert.NotContains(t, log.String(), "10.1.2.3")
}

// A HEAD is answered with the headers of the GET, its status and length, and nothing after them.
func TestServeAnswersHEAD(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		w.Header().Set("ETag", `"1"`)
		fmt.Fprint(w, "twelve bytes")
	}, time.Minute)
	for _, method := range []string{http.MethodHead, http.MethodGet} {
		c, in := s.dial(t)
		fmt.Fprintf(c, "%s / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", method)
		raw, err := io.ReadAll(in)
		require.NoError(t, err)
		head, body, _ := strings.Cut(string(raw), "\r\n\r\n")
		assert.Contains(t, head, "200 OK", method)
		assert.Contains(t, head, "Content-Length: 12", method)
		assert.Contains(t, head, `Etag: "1"`, method)
		assert.Equal(t, map[string]string{http.MethodHead: "", http.MethodGet: "twelve bytes"}[method], body)
	}
	c, in := s.dial(t)
	fmt.Fprint(c, "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
	raw, err := io.ReadAll(in)
	require.NoError(t, err)
	assert.Contains(t, string(raw), "405")
}
