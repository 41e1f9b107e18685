package search

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"entrepot/api"
	"entrepot/internal/alibaba"
	"entrepot/internal/errs"
	"entrepot/internal/i18n"
	"entrepot/internal/sandbox"
	"entrepot/internal/web"
)

// routed is the catalogue behind the whole public edge: credentials, limits, parameters, log, metrics.
func (f *fixture) routed(out io.Writer) http.Handler {
	f.t.Helper()
	bundle, err := i18n.New()
	require.NoError(f.t, err)
	noToken := func(c *gin.Context) error {
		if c.GetHeader("Authorization") == "" {
			return web.NoToken
		}
		return errs.New(errs.Unauthenticated, "auth.token_invalid")
	}
	srv, err := web.New(web.Options{
		Logger: slog.New(slog.NewJSONHandler(out, nil)), Lines: out, Bundle: bundle, Sites: f.sites, Spec: api.Spec,
		Limits:       web.Limits{SitePerSecond: 1e9, SiteBurst: 1e9, MemberPerSecond: 1e9, MemberBurst: 1e9},
		Authenticate: map[string]func(*gin.Context) error{"memberToken": noToken, "staffToken": noToken},
	})
	require.NoError(f.t, err)
	require.NoError(f.t, f.Routes(srv))
	return srv.Engine
}

// blank is a response writer that costs nothing but its header map.
type blank struct {
	h      http.Header
	status int
	body   []byte
}

func (b *blank) Header() http.Header         { return b.h }
func (b *blank) Write(p []byte) (int, error) { b.body = p; return len(p), nil }
func (b *blank) WriteHeader(s int)           { b.status = s }

// hit is a request that is answered from the cache, and the handlers that answer it: ours and, with the same bytes, bare Gin.
type hit struct {
	what       string
	request    *http.Request
	ours, bare http.Handler
}

const searchTarget = "/v1/search?keyword=%E3%83%90%E3%83%83%E3%82%B0&sort=price:asc&pageSize=6"

// hits fills the cache with one search and one product.
func hits(t testing.TB) []hit {
	f := newFixture(t)
	ours := f.routed(io.Discard)
	var list []hit
	for what, target := range map[string]string{"search": searchTarget, "product": "/v1/products/" + strconv.FormatInt(f.anOffer(), 10)} {
		ask := func(headers ...string) *http.Request {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
			r.Header.Set("X-Site-Key", "key-jp")
			r.Header.Set("Accept-Language", "ja-JP,ja;q=0.9")
			for i := 0; i < len(headers); i += 2 {
				r.Header.Set(headers[i], headers[i+1])
			}
			return r
		}
		w := httptest.NewRecorder()
		ours.ServeHTTP(w, ask())
		require.Equal(t, 200, w.Code, w.Body.String())
		bare := gin.New()
		bare.NoRoute(func(c *gin.Context) { c.Data(200, "application/json", w.Body.Bytes()) })
		list = append(list,
			hit{what, ask(), ours, bare},
			hit{what + ", gzip", ask("Accept-Encoding", "gzip"), ours, bare},
			hit{what + ", If-None-Match", ask("If-None-Match", w.Header().Get("ETag")), ours, bare})
	}
	return list
}

func BenchmarkHit(b *testing.B) {
	for _, h := range hits(b) {
		for name, handler := range map[string]http.Handler{"ours": h.ours, "bare Gin": h.bare} {
			b.Run(h.what+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					handler.ServeHTTP(&blank{h: http.Header{}}, h.request)
				}
			})
		}
	}
}

// TestAllocationsOfAHit holds the budget of the whole public route: at most 8 more than bare Gin.
func TestAllocationsOfAHit(t *testing.T) {
	if testing.CoverMode() != "" {
		t.Skip("counters of the coverage are no allocations of ours")
	}
	for _, h := range hits(t) {
		count := func(handler http.Handler) float64 {
			return testing.AllocsPerRun(200, func() { handler.ServeHTTP(&blank{h: http.Header{}}, h.request) })
		}
		bare, ours := count(h.bare), count(h.ours)
		t.Logf("%s: bare Gin %.0f allocations, ours %.0f", h.what, bare, ours)
		if !raceEnabled {
			assert.LessOrEqual(t, ours, bare+8, h.what)
		}
	}
}

// TestColdAndHot counts without a clock: 1,000 at once who ask the same cost 1688 one call, and none once it is known.
func TestColdAndHot(t *testing.T) {
	f := newFixture(t)
	h := f.routed(io.Discard)
	for target, api := range map[string]string{
		searchTarget: searchAPI, "/v1/products/" + strconv.FormatInt(f.anOffer(), 10): detailAPI,
	} {
		before := f.calls(api)
		for _, round := range []string{"cold", "hot"} {
			var wg sync.WaitGroup
			for range 1000 {
				wg.Go(func() {
					r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
					r.Header.Set("X-Site-Key", "key-jp")
					w := &blank{h: http.Header{}}
					h.ServeHTTP(w, r)
					assert.Equal(t, 200, w.status)
					assert.NotEmpty(t, w.body)
				})
			}
			wg.Wait()
			assert.Equal(t, 1, f.calls(api)-before, "%s, %s", target, round)
		}
	}
}

// Similar searches share what is remembered of a query, never an answer.
func TestRememberedSearches(t *testing.T) {
	h := newFixture(t).routed(io.Discard)
	ask := func(query, lang string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v1/search?"+query, nil)
		r.Header.Set("X-Site-Key", "key-jp")
		r.Header.Set("Accept-Language", lang)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	for range 2 {
		first := ask("keyword=phone&pageSize=6", "en")
		require.Equal(t, 200, first.Code)
		assert.Equal(t, first.Body.String(), ask("pageSize=6&keyword=+phone%20", "en").Body.String(), "one spelling")
		assert.NotEqual(t, first.Body.String(), ask("keyword=phone&pageSize=6", "ja").Body.String(), "a language of its own")
		assert.NotEqual(t, first.Body.String(), ask("keyword=phone&pageSize=6&beginPage=2", "en").Body.String())
		for query, pointer := range map[string]string{
			"keyword=phone&pageSize=6&pageSize=6": "/query/pageSize", "keyword=phone&pageSize=51": "/query/pageSize",
			"keyword=phone&pageSize=6&sort=price": "/query/sort", "keyword=+&pageSize=6": "/query/keyword",
			"keyword=phone&pageSize=6&priceStart=2&priceEnd=1": "/query/priceEnd",
		} {
			w := ask(query, "en")
			assert.Equal(t, 400, w.Code, query)
			assert.Contains(t, w.Body.String(), `"`+pointer+`"`, query)
		}
	}
}

// BenchmarkMiss is a search that nobody asked before, without the network: decoding, prices, encoding, compressing.
func BenchmarkMiss(b *testing.B) {
	f := newFixture(b)
	res, err := http.Get(f.url) //nolint:noctx // only to find out what the simulated 1688 answers
	require.NoError(b, err)
	_ = res.Body.Close()
	var answer []byte
	recorder := roundTrip(func(r *http.Request) (*http.Response, error) {
		res, err := http.DefaultTransport.RoundTrip(r)
		if err == nil {
			answer, err = io.ReadAll(res.Body)
			res.Body = io.NopCloser(bytes.NewReader(answer))
		}
		return res, err
	})
	replay := roundTrip(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, ContentLength: int64(len(answer)), Body: io.NopCloser(bytes.NewReader(answer))}, nil
	})
	transport := recorder
	client, err := alibaba.New(alibaba.Options{
		BaseURL: f.url + "/openapi", AppKey: sandbox.DemoKey, AppSecret: sandbox.DemoSecret, AccessToken: sandbox.DemoToken,
		HTTP: &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) { return transport(r) })},
	})
	require.NoError(b, err)
	f.client = client
	h := f.routed(io.Discard)
	n := 0
	ask := func() *blank {
		n++
		r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/v1/search?pageSize=20&keyword=phone+"+strconv.Itoa(n), nil)
		r.Header.Set("X-Site-Key", "key-jp")
		w := &blank{h: http.Header{}}
		h.ServeHTTP(w, r)
		return w
	}
	require.Equal(b, 200, ask().status)
	transport = replay
	b.ReportAllocs()
	b.SetBytes(int64(len(answer)))
	for b.Loop() {
		if w := ask(); w.status != 200 {
			b.Fatal(string(w.body))
		}
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
