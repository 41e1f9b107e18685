package web

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCached(t *testing.T) {
	body := []byte(`{"items":"` + strings.Repeat("abc", 1000) + `"}`)
	b := NewCached(body, "ja", CacheRules{MaxAge: time.Minute, StaleWhileRevalidate: time.Hour, StaleIfError: 24 * time.Hour})
	e := newEdge(t)
	e.Engine.GET("/v1/things", b.Serve)
	get := func(h ...string) *httptest.ResponseRecorder {
		return e.do("GET", "/v1/things", "", append(h, "X-Site-Key", "key-vn")...)
	}
	w := get()
	assert.Equal(t, 200, w.Code)
	assert.Equal(t, body, w.Body.Bytes())
	assert.Equal(t, "private, max-age=60, stale-while-revalidate=3600, stale-if-error=86400", w.Header().Get("Cache-Control"))
	assert.Equal(t, strconv.Itoa(len(body)), w.Header().Get("Content-Length"))
	assert.Equal(t, "ja", w.Header().Get("Content-Language"), "the language of the text, not of the request")
	assert.Contains(t, w.Header().Get("Vary"), "Accept-Encoding")
	etag := w.Header().Get("ETag")
	assert.Regexp(t, `^W/"[0-9a-f]{24}"$`, etag)

	w = get("Accept-Encoding", "br, gzip;q=0.5")
	assert.Equal(t, "gzip", w.Header().Get("Content-Encoding"))
	assert.Equal(t, etag, w.Header().Get("ETag"))
	z, err := gzip.NewReader(w.Body)
	require.NoError(t, err)
	plain, err := io.ReadAll(z)
	require.NoError(t, err)
	assert.Equal(t, body, plain)

	for accept, zipped := range map[string]bool{
		"gzip": true, "GZIP": true, "*": true, "gzip;q=0": false, "gzip; q=0.0": false, "br": false, "": false,
		"identity;q=1, *;q=0": false, "gzip;q=x": false,
	} {
		assert.Equal(t, zipped, get("Accept-Encoding", accept).Header().Get("Content-Encoding") == "gzip", accept)
	}
	for none, status := range map[string]int{
		etag: 304, strings.TrimPrefix(etag, "W/"): 304, `"x", ` + etag: 304, "*": 304, `"x"`: 200, "": 200,
	} {
		w := get("If-None-Match", none)
		assert.Equal(t, status, w.Code, none)
		if status == 304 {
			assert.Zero(t, w.Body.Len())
			assert.Equal(t, etag, w.Header().Get("ETag"))
		}
	}
}

// Both ways of compressing give back what went in, also when a compressor is used again.
func TestCachedCompressesEverySize(t *testing.T) {
	for _, n := range []int{mostLight / 2, mostLight * 5, mostLight, mostLight + 1, minGzip} {
		body := bytes.Repeat([]byte(`{"n":12,"text":"wool 毛 cap"},`), n/30+1)[:n]
		z, err := gzip.NewReader(bytes.NewReader(NewCached(body, "", CacheRules{}).Gzip))
		require.NoError(t, err)
		plain, err := io.ReadAll(z)
		require.NoError(t, err)
		assert.True(t, bytes.Equal(body, plain), n)
	}
}

func TestCachedSmallAndPublic(t *testing.T) {
	b := NewCached([]byte(`{}`), "", CacheRules{Public: true})
	assert.Nil(t, b.Gzip)
	w := httptest.NewRecorder()
	require.NoError(t, b.Write(t.Context(), w))
	assert.Equal(t, "{}", w.Body.String())
	assert.Equal(t, "public, max-age=0", w.Header().Get("Cache-Control"))
	assert.NotEqual(t, b.ETag, NewCached([]byte(`{ }`), "", CacheRules{}).ETag)
	e := newEdge(t)
	e.Engine.GET("/v1/things", func(c *gin.Context) { assert.NoError(t, b.Write(c, c.Writer)) })
	assert.Equal(t, 304, e.do("GET", "/v1/things", "", "X-Site-Key", "key-jp", "If-None-Match", b.ETag).Code)
}

func TestETagIgnoresWhenAnAnswerWasMade(t *testing.T) {
	tag := func(body string) string { return NewCached([]byte(body), "", CacheRules{}).ETag }
	same := tag(`{"price":1,"pricedAt":"2026-01-01T00:00:00.000Z","name":"x"}`)
	assert.Equal(t, same, tag(`{"price":1,"pricedAt":"2026-01-02T00:00:00.5Z","name":"x"}`))
	assert.NotEqual(t, same, tag(`{"price":2,"pricedAt":"2026-01-01T00:00:00.000Z","name":"x"}`))
	assert.NotEqual(t, same, tag(`{"price":1,"pricedAt":"2026-01-01T00:00:00.000Z","name":"y"}`))
	assert.NotEqual(t, same, tag(`{"price":1,"name":"x"}`))
	assert.NotEqual(t, tag(`{"pricedAt":"`), tag(`{"pricedAt":"x`), "no end is no reason to stop")
}
