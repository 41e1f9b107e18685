package web

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLimiter(t *testing.T) {
	l := NewLimiter[string](1, 2)
	now := time.Unix(1000, 0)
	ok := func(key string, at time.Time) bool { _, ok := l.Allow(key, at); return ok }
	assert.True(t, ok("a", now))
	assert.True(t, ok("a", now))
	wait, allowed := l.Allow("a", now)
	assert.False(t, allowed)
	assert.Equal(t, time.Second, wait)
	assert.True(t, ok("b", now), "keys do not share")
	assert.True(t, ok("a", now.Add(time.Second)))
	assert.False(t, ok("a", now.Add(time.Second)))
	l.Return("a", now.Add(time.Second))
	assert.True(t, ok("a", now.Add(time.Second)))
	l.Return("unknown", now)

	off := NewLimiter[string](0, 0)
	for range 1000 {
		_, allowed := off.Allow("a", now)
		require.True(t, allowed)
	}
	off.Return("a", now)
}

func TestLimiterIsBounded(t *testing.T) {
	l := NewLimiter[int](1, 1)
	now := time.Unix(1000, 0)
	for i := range limiterShards * shardKeys * 2 {
		l.Allow(i, now.Add(time.Duration(i)))
	}
	total := 0
	for i := range l.shards {
		assert.LessOrEqual(t, len(l.shards[i].keys), shardKeys)
		total += len(l.shards[i].keys)
	}
	assert.Greater(t, total, limiterShards*shardKeys/2)
}

func TestRateLimits(t *testing.T) {
	e := newEdge(t, func(o *Options) {
		o.Limits = Limits{SitePerSecond: 0.001, SiteBurst: 3, MemberPerSecond: 0.001, MemberBurst: 1}
	}).echo()
	get := func(key, token, addr string) *httptest.ResponseRecorder {
		req := httptest.NewRequestWithContext(e.ctx, "GET", "/v1/things/1", nil)
		req.Header.Set("X-Site-Key", key)
		if token != "" {
			req.Header.Set("Authorization", token)
		}
		req.RemoteAddr = addr
		w := httptest.NewRecorder()
		e.Engine.ServeHTTP(w, req)
		return w
	}
	assert.Equal(t, 200, get("key-jp", "Bearer 7", "10.0.0.1:1").Code)
	w := get("key-jp", "Bearer 7", "10.0.0.1:2")
	assert.Equal(t, 429, w.Code, "the member's own limit")
	assert.Equal(t, "RATE_LIMITED", problemOf(t, w).Code)
	assert.NotEmpty(t, w.Header().Get("Retry-After"))
	assert.Contains(t, w.Header().Get("RateLimit"), "r=0")
	assert.Contains(t, w.Header().Get("RateLimit-Policy"), "q=1")
	assert.Equal(t, 200, get("key-jp", "", "10.0.0.1:3").Code)
	assert.Equal(t, 429, get("key-jp", "", "10.0.0.1:4").Code, "the address's limit at this site")
	assert.Equal(t, 200, get("key-vn", "", "10.0.0.1:4").Code)
	assert.Equal(t, 200, get("key-jp", "", "[2001:db8::1]:4").Code)
	assert.Equal(t, 200, get("key-jp", "", "[2001:db8::2]:4").Code)
	assert.Equal(t, 200, get("key-jp", "", "[2001:db8::3]:4").Code)
	assert.Equal(t, 429, get("key-jp", "", "[2001:db8::4]:4").Code, "one /64 is one client")
	assert.Equal(t, 200, e.do("GET", "/livez", "").Code)
}

func TestClientIP(t *testing.T) {
	for _, tc := range []struct {
		trusted          []string
		peer, fwd, wants string
	}{
		{nil, "10.0.0.1:1", "1.2.3.4", "10.0.0.1"},
		{[]string{"10.0.0.0/8"}, "10.0.0.1:1", "1.2.3.4", "1.2.3.4"},
		{[]string{"10.0.0.0/8"}, "9.9.9.9:1", "1.2.3.4", "9.9.9.9"},
		{nil, "[::ffff:1.2.3.4]:1", "", "1.2.3.4"},
		{nil, "@", "", "invalid IP"},
		{nil, "host:1", "", "invalid IP"},
	} {
		e := newEdge(t, func(o *Options) { o.TrustedProxies = tc.trusted })
		var got string
		e.Engine.GET("/livez/ip", func(c *gin.Context) { got = ClientIP(c).String() })
		req := httptest.NewRequestWithContext(t.Context(), "GET", "/livez/ip", nil)
		req.RemoteAddr = tc.peer
		if tc.fwd != "" {
			req.Header.Set("X-Forwarded-For", tc.fwd)
		}
		e.Engine.ServeHTTP(httptest.NewRecorder(), req)
		assert.Equal(t, tc.wants, got, "%+v", tc)
	}
	e := newEdge(t)
	o := e.opts
	o.Registry, o.TrustedProxies = nil, []string{"nonsense"}
	_, err := New(o)
	require.Error(t, err)
}
