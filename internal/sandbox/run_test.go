package sandbox

import (
	"context"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func listen(t testing.TB) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	return ln
}

func TestRunServesAndStops(t *testing.T) {
	s, err := New(Options{})
	require.NoError(t, err)
	assert.Equal(t, "http://127.0.0.1:8688", s.BaseURL())
	ln := listen(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx, ln) }()
	f := &fixture{t: t, srv: s, url: "http://" + ln.Addr().String()}
	f.control("GET", "/state", "", 200)
	assert.Equal(t, f.url, s.BaseURL())
	assert.Error(t, s.Run(ctx, nil), "it runs once")

	// a call held by a fault must not hold the shutdown
	f.control("POST", "/faults", `{"api":"*","kind":"silent"}`, 200)
	held := make(chan error, 1)
	target, form := f.form("system/currentTime", nil)
	go func() {
		_, err := http.PostForm(target, form)
		held <- err
	}()
	f.eventually("the call is held", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return len(s.faults) == 1 && s.faults[0].Used == 1
	})
	cancel()
	select {
	case err := <-done:
		require.NoError(t, err)
	case <-time.After(time.Minute):
		require.Fail(t, "the shutdown waits for the call")
	}
	assert.Error(t, <-held)
	require.NoError(t, s.Close())
	http.DefaultClient.CloseIdleConnections()
}

func TestPicturesOfNothing(t *testing.T) {
	f := start(t, Options{})
	o, _ := f.pickOffer(plainOffer)
	for path, want := range map[string]int{
		picturePath(o.id, 0): 200, picturePath(o.id, 12): 200, picturePath(o.id, 99): 404, picturePath(1, 0): 404, "/img/x/0.png": 404, "/img/1/0.jpg": 404,
	} {
		res, err := http.Get(f.url + path)
		require.NoError(t, err)
		_ = res.Body.Close()
		assert.Equal(t, want, res.StatusCode, path)
	}
}
