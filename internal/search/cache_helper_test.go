package search

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"entrepot/internal/alibaba"
	"entrepot/internal/errs"
	"entrepot/internal/money"
	"entrepot/internal/sandbox"
	"entrepot/internal/site"
)

// process is one process's catalogue.
func process(t testing.TB, c *clock, url string, change func(*Options)) *fixture {
	t.Helper()
	client, err := alibaba.New(alibaba.Options{BaseURL: url + "/openapi", AppKey: sandbox.DemoKey, AppSecret: sandbox.DemoSecret, AccessToken: sandbox.DemoToken})
	require.NoError(t, err)
	t.Cleanup(client.Close)
	f := &fixture{t: t, clock: c, url: url}
	f.sites, err = site.New(map[string]string{"key-jp": "japan"})
	require.NoError(t, err)
	f.site, _ = f.sites.ByCode("japan")
	o := Options{Client: client, Rates: money.NewBook(money.DefaultRates(time.Unix(1_800_000_000, 0)), nil), Now: c.now, Logger: slog.New(slog.DiscardHandler)}
	if change != nil {
		change(&o)
	}
	f.Service = New(o)
	if f.tier != nil {
		f.tier.wait = alive // a busy machine is no Redis that is away
	}
	t.Cleanup(func() { assert.NoError(t, f.Close()) })
	return f
}

// stall is a gateway that sells one thing under any name, as slowly as told.
type stall struct {
	*httptest.Server
	calls  atomic.Int64
	price  atomic.Int64
	broken atomic.Bool
	hangs  atomic.Bool
	wait   chan struct{} // answers wait for it; nil: none do
	end    chan struct{}
}

func newStall(t testing.TB) *stall {
	s := &stall{end: make(chan struct{})}
	s.price.Store(10)
	s.Server = httptest.NewServer(http.HandlerFunc(s.answer))
	t.Cleanup(s.Close)
	t.Cleanup(sync.OnceFunc(func() { close(s.end) }))
	return s
}

func (s *stall) answer(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	s.calls.Add(1)
	if s.hangs.Load() {
		select {
		case <-s.end:
		case <-r.Context().Done():
		}
		return
	}
	if s.wait != nil {
		select {
		case <-s.wait:
		case <-s.end:
		}
	}
	if s.broken.Load() {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	_, _ = fmt.Fprintf(w, `{"result":{"success":true,"code":"200","result":{"offerId":7,"subject":"茶","totalRecords":1,"totalPage":1,
		"data":[{"offerId":7,"subject":"茶","subjectTrans":"tea","priceInfo":{"price":"%d"}}]}}}`, s.price.Load())
}

func teas(n int) Query { return Query{Keyword: fmt.Sprintf("tea %d", n), Page: 1, PageSize: 20} }

// find searches and reports whether the page is marked as old.
func (f *fixture) find(q Query) (body string, old bool, err error) {
	page, err := f.Search(f.t.Context(), f.site, "ja", q)
	if err != nil {
		return "", false, err
	}
	v, _ := decoded[SearchPage](f.t, page, nil)
	return string(page.Body), v.Stale, nil
}

// idle waits until nothing runs in the background.
func (f *fixture) idle() {
	f.t.Helper()
	require.Eventually(f.t, func() bool { return len(f.slots) == 0 && (f.tier == nil || len(f.tier.busy) == 0) }, alive, time.Millisecond)
}

// onRedis runs a test on an embedded Redis and, when there is one, on a real one, in a namespace of its own.
func onRedis(t *testing.T, test func(t *testing.T, shared redis.UniversalClient, namespace string)) {
	t.Run("embedded", func(t *testing.T) {
		c := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr()})
		t.Cleanup(func() { _ = c.Close() })
		test(t, c, "test")
	})
	t.Run("real", func(t *testing.T) {
		url := os.Getenv("ENTREPOT_TEST_REDIS_URL")
		if url == "" {
			t.Skip("needs ENTREPOT_TEST_REDIS_URL")
		}
		o, err := redis.ParseURL(url)
		require.NoError(t, err)
		c := redis.NewClient(o)
		namespace := "test-" + uuid.NewString()
		t.Cleanup(func() {
			keys, _ := c.Keys(context.Background(), "*"+namespace+"*").Result()
			if len(keys) > 0 {
				assert.NoError(t, c.Del(context.Background(), keys...).Err())
			}
			_ = c.Close()
		})
		test(t, c, namespace)
	})
}

// on is a process that shares a Redis.
func on(shared redis.UniversalClient, namespace string) func(*Options) {
	return func(o *Options) { o.Shared, o.Namespace = shared, namespace }
}

// hears waits until f is told of what others change.
func (f *fixture) hears(shared redis.UniversalClient) {
	f.t.Helper()
	require.Eventually(f.t, func() bool {
		n, err := shared.PubSubNumSub(f.t.Context(), f.tier.channel()).Result()
		return err == nil && n[f.tier.channel()] > 0
	}, alive, 5*time.Millisecond)
}

// hole is a listener that takes connections and never says a word.
func hole(t testing.TB) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // a test's own listener
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		var held []net.Conn
		for {
			c, err := ln.Accept()
			if err != nil {
				for _, c := range held {
					_ = c.Close()
				}
				return
			}
			held = append(held, c)
		}
	}()
	t.Cleanup(func() { _ = ln.Close(); <-done })
	return ln.Addr().String()
}

func unavailableNow(t testing.TB, err error) {
	t.Helper()
	assert.Equal(t, errs.Unavailable, errs.CodeOf(err), "%v", err)
	assert.Positive(t, errs.From(err).RetryAfter)
}
