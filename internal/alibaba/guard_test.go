package alibaba

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// watch is a guard that lets everything through and remembers it.
type watch struct {
	mu         sync.Mutex
	calls      []Call
	background []bool
}

func (w *watch) guard(ctx context.Context, _ string) (func(Call), error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.background = append(w.background, IsBackground(ctx))
	return func(c Call) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.calls = append(w.calls, c)
	}, nil
}

func (w *watch) faults() (list []Fault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.calls {
		list = append(list, c.Fault)
	}
	return list
}

func TestFaultOfACall(t *testing.T) {
	status := func(code int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(code)
			_, _ = io.WriteString(w, body)
		}
	}
	for name, tt := range map[string]struct {
		handler http.HandlerFunc
		want    Fault
	}{
		"503":                {status(503, ""), BadAnswer},
		"reset":              {hijack(""), BadAnswer},
		"HTML":               {status(200, "<html>"), BadAnswer},
		"timeout code":       {status(400, `{"error_code":"gw.ApiTimeout"}`), BadAnswer},
		"business failure":   {status(200, `{"result":{"success":false,"code":"E1","message":"no"}}`), Answered},
		"quota":              {status(400, `{"error_code":"gw.QosAppFrequencyLimit"}`), Answered},
		"permission":         {status(400, `{"error_code":"gw.APIACLDecline"}`), Answered},
		"no answer":          {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, Late},
		"half of the answer": {hijack("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"result\":"), BadAnswer},
	} {
		t.Run(name, func(t *testing.T) {
			var w watch
			c, g := setup(t, func(o *Options) {
				if o.Guard = w.guard; tt.want == Late {
					o.Timeout = 100 * time.Millisecond
				}
			})
			g.on(t, &apiOrderSync, tt.handler)
			require.Error(t, write(t.Context(), c))
			assert.Equal(t, []Fault{tt.want}, w.faults())
		})
	}
	t.Run("nothing listens", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		require.NoError(t, l.Close())
		var w watch
		c, err := New(Options{BaseURL: "http://" + l.Addr().String() + "/openapi", AppKey: "1", AppSecret: testSecret, Guard: w.guard})
		require.NoError(t, err)
		t.Cleanup(c.Close)
		require.Error(t, read(t.Context(), c))
		assert.Equal(t, []Fault{NoRoute, NoRoute}, w.faults())
	})
	t.Run("the caller gives up", func(t *testing.T) {
		var w watch
		c, g := setup(t, func(o *Options) { o.Guard = w.guard })
		g.on(t, &apiOrderSync, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		require.Error(t, write(ctx, c))
		assert.Equal(t, []Fault{CallerLeft}, w.faults(), "300 ms say nothing about 1688")
	})
}

// Shoppers do not wait for a slow catalogue as long as a worker does, and it is not asked twice for them.
func TestShoppersHaveLessTime(t *testing.T) {
	var w watch
	c, g := setup(t, func(o *Options) {
		o.Guard, o.ShopperTimeout, o.Timeout = w.guard, 50*time.Millisecond, time.Minute
	})
	var answers atomic.Bool // else it never does
	slow := func(_ http.ResponseWriter, r *http.Request) {
		var beyondAShopper <-chan time.Time
		if answers.Load() {
			beyondAShopper = time.After(300 * time.Millisecond)
		}
		select {
		case <-beyondAShopper:
		case <-r.Context().Done():
		}
	}
	g.on(t, &apiBuyerOrders, func(w http.ResponseWriter, r *http.Request) {
		slow(w, r)
		_, _ = w.Write(golden(t, "order_list"))
	})
	g.on(t, &apiOrderSync, func(w http.ResponseWriter, r *http.Request) {
		slow(w, r)
		_, _ = w.Write(golden(t, "order_sync"))
	})
	start := time.Now()
	require.ErrorIs(t, read(t.Context(), c), context.DeadlineExceeded)
	t.Logf("a shopper waited %v", time.Since(start))
	assert.Less(t, time.Since(start), 30*time.Second, "a worker would wait for a minute")
	assert.Equal(t, 1, g.count())
	assert.Equal(t, []Fault{Late}, w.faults())
	answers.Store(true)
	require.NoError(t, read(Background(t.Context()), c), "a worker has the whole time")
	require.NoError(t, write(t.Context(), c), "what has effects is not cut short")
	assert.Equal(t, []bool{false, true, false}, w.background)
	patient := endpoint{namespace: "x", name: "y", patient: true}
	_, short := c.limit(t.Context(), &patient)
	assert.False(t, short)
}

// A refusal of the guard is proof that nothing was sent, for writes too.
func TestGuardRefuses(t *testing.T) {
	refusal := error(&Error{Class: Transient, RetryAfter: 2 * time.Second, Err: errors.New("away")})
	c, g := setup(t, func(o *Options) {
		o.Guard = func(context.Context, string) (func(Call), error) { return nil, refusal }
	})
	g.answers(t, &apiOrderSync, 200, "{}")
	err := write(t.Context(), c)
	var e *Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, Transient, e.Class)
	assert.Equal(t, apiOrderSync.name, e.API)
	after, ok := NotNow(err)
	assert.True(t, ok)
	assert.Equal(t, 2*time.Second, after)
	assert.True(t, KeptBack(err))
	assert.False(t, KeptBack(&Error{Class: Quota, RetryAfter: quotaPause, HTTPStatus: 400}), "1688 said so")
	assert.Zero(t, g.count())
	for _, other := range []error{nil, errors.New("x"), &Error{Class: Transient}, &Error{Class: Unknown, RetryAfter: 1}, &Error{Class: Auth}} {
		_, ok := NotNow(other)
		assert.False(t, ok, "%v", other)
	}
}

// Token renewals pass the guard as a shopper's calls, whoever asked; one that was refused is tried again at the next call.
func TestGuardAndTokens(t *testing.T) {
	closed := true
	var seen []bool
	c, _, a := withAuthority(t, func(o *Options) {
		o.AccessToken = ""
		o.Guard = func(ctx context.Context, api string) (func(Call), error) {
			if api == apiToken.name {
				seen = append(seen, IsBackground(ctx))
				if closed {
					return nil, &Error{Class: Transient, RetryAfter: time.Second}
				}
			}
			return func(Call) {}, nil
		}
	})
	err := write(Background(t.Context()), c)
	_, ok := NotNow(err)
	assert.True(t, ok, "%v", err)
	assert.Zero(t, a.refreshes.Load())
	closed = false
	require.NoError(t, write(Background(t.Context()), c))
	assert.EqualValues(t, 1, a.refreshes.Load())
	assert.Equal(t, []bool{false, false}, seen)
}
