package web

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"entrepot/api"
)

// blank is a response writer that costs nothing but its header map.
type blank struct {
	h      http.Header
	status int
}

func (b *blank) Header() http.Header         { return b.h }
func (b *blank) Write(p []byte) (int, error) { return len(p), nil }
func (b *blank) WriteHeader(s int)           { b.status = s }

var fourKB = []byte(`{"items":"` + strings.Repeat("abcd1234", 512) + `"}`)

// bareGin is what the edge is measured against.
func bareGin() http.Handler {
	gin.SetMode(gin.ReleaseMode)
	g := gin.New()
	g.GET("/v1/things", func(c *gin.Context) { c.Data(200, jsonKind, fourKB) })
	return g
}

// wholeEdge answers from a shortcut behind everything: site key, limits, parameters, log, metrics.
func wholeEdge(t testing.TB, out io.Writer) http.Handler {
	e := newEdge(t, func(o *Options) {
		o.Logger = slog.New(slog.NewJSONHandler(out, nil))
		o.Limits = Limits{SitePerSecond: 1e9, SiteBurst: 1e9, MemberPerSecond: 1e9, MemberBurst: 1e9}
	}).echo()
	hit := NewCached(fourKB, "ja", CacheRules{MaxAge: time.Minute})
	require.NoError(t, e.Shortcut("listThings", func(c *gin.Context) bool { hit.Serve(c); return true }))
	return e.Engine
}

func request4KB(t testing.TB) *http.Request {
	r := httptest.NewRequestWithContext(t.Context(), "GET", "/v1/things?keyword=shoes&size=20&sort=asc", nil)
	r.Header.Set("X-Site-Key", "key-jp")
	r.Header.Set("Accept-Language", "ja-JP,ja;q=0.9")
	return r
}

func bench(b *testing.B, h http.Handler) {
	r := request4KB(b)
	b.ReportAllocs()
	for b.Loop() {
		w := &blank{h: http.Header{}}
		h.ServeHTTP(w, r)
		if w.status != 200 {
			b.Fatal(w.status)
		}
	}
}

func BenchmarkBareGin(b *testing.B) { bench(b, bareGin()) }
func BenchmarkEdge(b *testing.B)    { bench(b, wholeEdge(b, io.Discard)) }

func BenchmarkBody(b *testing.B) {
	e := newEdge(b, func(o *Options) { o.Logger = nil })
	e.Engine.PUT("/v1/things/:id", func(c *gin.Context) { c.Status(200) })
	body := `{"name":"abc","count":3,"ref":"123","items":[{"quantity":1},{"quantity":2},{"quantity":3}]}`
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequestWithContext(b.Context(), "PUT", "/v1/things/1", strings.NewReader(body))
		r.Header.Set("Content-Type", jsonKind)
		w := &blank{h: http.Header{}}
		e.Engine.ServeHTTP(w, r)
		if w.status != 200 && w.status != 0 {
			b.Fatal(w.status)
		}
	}
}

// TestAllocationsOfACachedHit holds the budget: at most 8 more than bare gin.
func TestAllocationsOfACachedHit(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	count := func(h http.Handler) float64 {
		r := request4KB(t)
		return testing.AllocsPerRun(200, func() { h.ServeHTTP(&blank{h: http.Header{}}, r) })
	}
	bare, ours := count(bareGin()), count(wholeEdge(t, io.Discard))
	t.Logf("allocations: bare gin %.0f, edge %.0f", bare, ours)
	require.LessOrEqual(t, ours, bare+8)
}

// TestThroughputAgainstBareGin measures P1 over real connections, rounds interleaved, median of ratios. It needs a quiet
// machine, so it only runs when asked: ENTREPOT_BENCH=1.
func TestThroughputAgainstBareGin(t *testing.T) {
	if os.Getenv("ENTREPOT_BENCH") == "" {
		t.Skip("set ENTREPOT_BENCH=1 to measure")
	}
	devNull, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	require.NoError(t, err)
	log := NewLogWriter(devNull)
	defer log.Close()
	bare, edge := httptest.NewServer(bareGin()), httptest.NewServer(wholeEdge(t, log))
	defer bare.Close()
	defer edge.Close()
	for name, headers := range map[string]http.Header{
		"identity": {"Accept-Encoding": {"identity"}},
		"gzip":     {"Accept-Encoding": {"gzip"}},
		"304": {"Accept-Encoding": {"identity"},
			"If-None-Match": {NewCached(fourKB, "ja", CacheRules{}).ETag}},
	} {
		var ratios []float64
		for range 5 {
			base := load(t, bare.URL, http.Header{"Accept-Encoding": {"identity"}})
			ratios = append(ratios, load(t, edge.URL, headers)/base)
		}
		sort.Float64s(ratios)
		t.Logf("%s: %.2f of bare gin (%.2f..%.2f)", name, ratios[2], ratios[0], ratios[4])
	}
}

// load is requests per second with 128 connections for two seconds.
func load(t *testing.T, base string, headers http.Header) float64 {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 128, DisableCompression: true}}
	defer client.CloseIdleConnections()
	var wg sync.WaitGroup
	counts := make([]int, 128)
	start := time.Now()
	for i := range counts {
		wg.Go(func() {
			for time.Since(start) < 2*time.Second {
				r, err := http.NewRequestWithContext(t.Context(), "GET", base+"/v1/things?keyword=shoes&size=20&sort=asc", nil)
				if err != nil {
					t.Error(err)
					return
				}
				r.Header = headers.Clone()
				r.Header.Set("X-Site-Key", "key-jp")
				r.Header.Set("Accept-Language", "ja-JP,ja;q=0.9")
				res, err := client.Do(r)
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, res.Body)
				res.Body.Close()
				counts[i]++
			}
		})
	}
	wg.Wait()
	total := 0
	for _, n := range counts {
		total += n
	}
	return float64(total) / time.Since(start).Seconds()
}

// BenchmarkNew is the part of the start that reads the contract.
func BenchmarkNew(b *testing.B) {
	e := newEdge(b)
	o := e.opts
	o.Spec, o.Authenticate["staffToken"] = api.Spec, bearerNumber
	for b.Loop() {
		o.Registry = nil
		if _, err := New(o); err != nil {
			b.Fatal(err)
		}
	}
}
