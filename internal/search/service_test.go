package search

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"entrepot/api"
	"entrepot/internal/alibaba"
	"entrepot/internal/errs"
	"entrepot/internal/i18n"
	"entrepot/internal/web"
)

func TestOneCallForManyCallers(t *testing.T) {
	f := newFixture(t)
	offer := f.anOffer()
	f.fault("*", "latency")
	var wg sync.WaitGroup
	var bodies [2]sync.Map
	for i := range 400 {
		wg.Go(func() {
			var c *web.Cached
			var err error
			if i%2 == 0 {
				c, err = f.Search(t.Context(), f.site, "ja", bags)
			} else {
				c, err = f.Product(t.Context(), f.site, "ja", offer)
			}
			if assert.NoError(t, err) {
				bodies[i%2].Store(c, true)
			}
		})
	}
	wg.Wait()
	assert.Equal(t, 1, f.calls(searchAPI))
	assert.Equal(t, 1, f.calls(detailAPI))
	for i := range bodies {
		n := 0
		bodies[i].Range(func(any, any) bool { n++; return true })
		assert.Equal(t, 1, n, "all share one answer")
	}
}

func TestAnswersStayFreshForAMinute(t *testing.T) {
	f := newFixture(t)
	for _, step := range []struct {
		after time.Duration
		stale bool
		calls int
	}{{0, false, 1}, {0, false, 1}, {freshFor - time.Second, false, 1}, {time.Second, true, 2}, {0, false, 2}, {revalidate*freshFor - time.Second, true, 3}} {
		f.clock.advance(step.after)
		page, err := f.search(bags)
		require.NoError(t, err)
		assert.NotEmpty(t, page.Items)
		assert.Equal(t, step.stale, page.Stale, "an old page is given at once and asked again meanwhile")
		require.Eventually(t, func() bool { return f.calls(searchAPI) == step.calls && len(f.slots) == 0 }, alive, time.Millisecond)
	}
	spaced := bags
	spaced.Keyword = "  バッグ "
	_, err := f.search(spaced)
	require.NoError(t, err)
	assert.Equal(t, 3, f.calls(searchAPI), "equal searches share an answer")
	_, err = f.Search(t.Context(), f.site, "en", bags)
	require.NoError(t, err)
	korea, _ := f.sites.ByCode("korea")
	_, err = f.Search(t.Context(), korea, "ja", bags)
	require.NoError(t, err)
	assert.Equal(t, 5, f.calls(searchAPI), "languages and sites do not")
}

func TestStaleAnswersWhile1688IsDown(t *testing.T) {
	f := newFixture(t)
	offer := f.anOffer()
	page, err := f.search(bags)
	require.NoError(t, err)
	product, err := f.Product(t.Context(), f.site, "ja", offer)
	require.NoError(t, err)
	f.fault("*", "http_500")
	for _, age := range []time.Duration{freshFor, revalidate * freshFor, 2 * time.Hour, 20 * time.Hour} {
		f.clock.advance(age)
		old, err := f.search(bags)
		require.NoError(t, err)
		assert.True(t, old.Stale)
		old.Stale = false
		for i := range old.Items {
			assert.Equal(t, TextSourceCache, *old.Items[i].Subject.Source)
			old.Items[i].Subject.Source = page.Items[i].Subject.Source
		}
		assert.Equal(t, page, old)
		c, err := f.Product(t.Context(), f.site, "ja", offer)
		require.NoError(t, err)
		assert.Contains(t, string(c.Body), `"stale":true`)
		assert.NotEqual(t, product.ETag, c.ETag)
		again, err := f.Product(t.Context(), f.site, "ja", offer)
		require.NoError(t, err)
		assert.Same(t, c, again, "marked once")
	}
	f.clock.advance(staleFor)
	_, err = f.search(bags)
	assert.Equal(t, errs.Unavailable, errs.CodeOf(err), "a day is enough")

	f.calm()
	c, err := f.Product(t.Context(), f.site, "ja", offer)
	require.NoError(t, err)
	var before, after Product
	require.NoError(t, json.Unmarshal(product.Body, &before))
	require.NoError(t, json.Unmarshal(c.Body, &after))
	assert.Equal(t, f.clock.now(), after.PricedAt.UTC())
	after.PricedAt = before.PricedAt
	assert.Equal(t, before, after)
}

func TestColdWhile1688IsDown(t *testing.T) {
	f := newFixture(t)
	offer := f.anOffer()
	for _, tt := range []struct{ kind, key string }{{"http_500", "upstream.unavailable"}, {"reset", "upstream.unavailable"}, {"garbage", "upstream.unavailable"}, {"quota", "upstream.quota"}, {"unauthorized", "upstream.unavailable"}} {
		f.fault("*", tt.kind)
		_, errSearch := f.search(bags)
		_, errProduct := f.product(offer)
		_, errOffer := f.Offer(t.Context(), f.site, "ja", offer)
		for _, err := range []error{errSearch, errProduct, errOffer} {
			assert.True(t, errs.Is(err, tt.key), "%s: %v", tt.kind, err)
			assert.Equal(t, errs.Unavailable, errs.CodeOf(err))
			assert.Positive(t, errs.From(err).RetryAfter, tt.kind)
		}
		f.calm()
	}
	_, err := f.product(offer)
	assert.NoError(t, err, "a failure is not remembered")
}

func TestMissingProductsAreRemembered(t *testing.T) {
	f := newFixture(t)
	for _, step := range []struct {
		after time.Duration
		calls int
	}{{0, 1}, {0, 1}, {kindProduct.miss - time.Second, 1}, {time.Second, 2}} {
		f.clock.advance(step.after)
		_, err := f.product(999)
		assert.True(t, errs.Is(err, "product.not_found"), "%v", err)
		assert.Equal(t, step.calls, f.calls(detailAPI))
	}
	f.fault("*", "http_500")
	f.clock.advance(kindProduct.miss)
	_, err := f.product(999)
	assert.Equal(t, errs.Unavailable, errs.CodeOf(err), "an old absence does not stand in")
}

func TestInvalidate(t *testing.T) {
	f := newFixture(t)
	page, err := f.search(bags)
	require.NoError(t, err)
	other := Query{Keyword: "マグカップ", Page: 1, PageSize: 5}
	_, err = f.search(other)
	require.NoError(t, err)
	shown, err := web.ParseID(page.Items[0].OfferId)
	require.NoError(t, err)
	_, err = f.product(shown)
	require.NoError(t, err)
	_, err = f.Offer(t.Context(), f.site, "ja", shown)
	require.NoError(t, err)
	_, err = f.Offer(t.Context(), f.site, "ja", shown)
	require.NoError(t, err)
	searches, details := f.calls(searchAPI), f.calls(detailAPI)
	assert.Equal(t, []int{2, 2}, []int{searches, details})

	f.Invalidate(12345)
	_, _ = f.search(bags)
	_, _ = f.product(shown)
	assert.Equal(t, []int{2, 2}, []int{f.calls(searchAPI), f.calls(detailAPI)}, "somebody else's change")

	f.Invalidate(12345, shown)
	_, _ = f.search(bags)
	_, _ = f.search(other)
	_, _ = f.product(shown)
	_, _ = f.Offer(t.Context(), f.site, "ja", shown)
	assert.Equal(t, []int{3, 4}, []int{f.calls(searchAPI), f.calls(detailAPI)}, "the product, and the pages that show it")
}

// gated is a gateway whose answers wait for the test.
type gated struct {
	arrived chan struct{}
	release chan struct{}
	answer  atomic.Pointer[string]
	calls   atomic.Int32
}

func newGated(t *testing.T, answer string) (*gated, *fixture) {
	g := &gated{arrived: make(chan struct{}, 16), release: make(chan struct{}, 16)}
	g.answer.Store(&answer)
	ts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then the server notices that the caller hung up
		if !strings.Contains(r.URL.Path, detailAPI) {
			_, _ = w.Write([]byte(`{"success":true}`)) // following what was shown, at a time of its own
			return
		}
		said := *g.answer.Load() // what 1688 knows when it is asked
		g.calls.Add(1)
		g.arrived <- struct{}{}
		select {
		case <-g.release:
		case <-r.Context().Done():
		}
		_, _ = w.Write([]byte(said))
	}))
	t.Cleanup(ts.Close)
	f := withGateway(t, &clock{t: time.Unix(1_800_000_000, 0)}, ts.URL)
	f.health(&kindProduct).usual.Store(int64(time.Minute)) // a busy machine is no reason for an old answer
	return g, f
}

// A load that began before the change must not bring the old answer back after it.
func TestInvalidateDuringALoad(t *testing.T) {
	for name, tt := range map[string]struct{ before, after string }{
		"changed":     {`{"result":{"success":true,"result":{"offerId":7,"subject":"old"}}}`, `{"result":{"success":true,"result":{"offerId":7,"subject":"new"}}}`},
		"reappearing": {`{"result":{"success":false,"code":"OFFER_NOT_EXIST"}}`, `{"result":{"success":true,"result":{"offerId":7,"subject":"new"}}}`},
	} {
		t.Run(name, func(t *testing.T) {
			g, f := newGated(t, tt.before)
			done := make(chan struct{})
			go func() {
				defer close(done)
				_, _ = f.Product(t.Context(), f.site, "ja", 7)
			}()
			came(t, g.arrived)
			g.answer.Store(&tt.after)
			f.Invalidate(7)
			g.release <- struct{}{}
			came(t, done)
			g.release <- struct{}{}
			p, err := f.product(7)
			require.NoError(t, err)
			assert.Equal(t, "new", p.Subject.Original)
			assert.EqualValues(t, 2, g.calls.Load())
		})
	}
}

// The first caller's hang-up must not end the load that others wait for.
func TestACallerMayHangUp(t *testing.T) {
	g, f := newGated(t, `{"result":{"success":true,"result":{"offerId":7,"subject":"x"}}}`)
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() {
		_, err := f.Product(ctx, f.site, "ja", 7)
		first <- err
	}()
	came(t, g.arrived)
	cancel()
	require.ErrorIs(t, came(t, first), context.Canceled)
	second := make(chan error, 1)
	go func() {
		_, err := f.Product(t.Context(), f.site, "ja", 7)
		second <- err
	}()
	g.release <- struct{}{}
	require.NoError(t, came(t, second))
	assert.EqualValues(t, 1, g.calls.Load())
}

func TestBeyondTheReachOf1688(t *testing.T) {
	f := newFixture(t)
	page, err := f.search(Query{Keyword: "バッグ", Page: 101, PageSize: 20})
	require.NoError(t, err)
	assert.Empty(t, page.Items)
	assert.NotNil(t, page.Items)
	assert.Zero(t, f.calls(searchAPI))
}

func TestFromUpstream(t *testing.T) {
	for class, key := range map[alibaba.Class]string{
		alibaba.Quota: "upstream.quota", alibaba.Rejected: "upstream.refused", alibaba.Transient: "upstream.unavailable",
		alibaba.Auth: "upstream.unavailable", alibaba.Unknown: "upstream.unavailable",
	} {
		assert.True(t, errs.Is(FromUpstream(&alibaba.Error{Class: class}), key), class)
	}
	assert.Equal(t, context.Canceled, FromUpstream(context.Canceled))
}

func TestSearchOverHTTP(t *testing.T) {
	f := newFixture(t)
	bundle, err := i18n.New()
	require.NoError(t, err)
	refuse := func(*gin.Context) error { return errs.New(errs.Unauthenticated, "auth.required") }
	srv, err := web.New(web.Options{Bundle: bundle, Sites: f.sites, Spec: api.Spec, Authenticate: map[string]func(*gin.Context) error{"memberToken": refuse, "staffToken": refuse}})
	require.NoError(t, err)
	require.NoError(t, f.Routes(srv))
	get := func(path string, status int, headers ...string) *httptest.ResponseRecorder {
		t.Helper()
		req := httptest.NewRequestWithContext(t.Context(), "GET", path, nil)
		req.Header.Set("X-Site-Key", "key-jp")
		for i := 0; i+1 < len(headers); i += 2 {
			req.Header.Set(headers[i], headers[i+1])
		}
		w := httptest.NewRecorder()
		srv.Engine.ServeHTTP(w, req)
		require.Equal(t, status, w.Code, w.Body.String())
		return w
	}
	var st Site
	require.NoError(t, json.Unmarshal(get("/v1/site", 200).Body.Bytes(), &st))
	assert.Equal(t, []string{"japan", "JPY", "ja", "Asia/Tokyo"}, []string{st.Code, st.Currency, st.Language, st.TimeZone})

	w := get("/v1/search?keyword=%E3%83%90%E3%83%83%E3%82%B0&sort=price:asc&pageSize=3&priceStart=1", 200)
	var page SearchPage
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &page))
	require.Len(t, page.Items, 3)
	assert.LessOrEqual(t, page.Items[0].Price.Original.Amount, page.Items[2].Price.Original.Amount)
	assert.Equal(t, "ja", w.Header().Get("Content-Language"))
	assert.Contains(t, w.Header().Get("Cache-Control"), "stale-if-error=86400")
	etag := w.Header().Get("Etag")
	assert.Empty(t, get("/v1/search?keyword=%E3%83%90%E3%83%83%E3%82%B0&sort=price:asc&pageSize=3&priceStart=1.00", 304, "If-None-Match", etag).Body.String())

	assert.Contains(t, get("/v1/products/"+page.Items[0].OfferId, 200).Body.String(), page.Items[0].OfferId)
	assert.Contains(t, get("/v1/products/999", 404).Body.String(), "PRODUCT_NOT_FOUND")
	get("/v1/products/abc", 400)
	for query, pointer := range map[string]string{"keyword=": "/query/keyword", "keyword=x&sort=up": "/query/sort", "keyword=x&filter=cheap": "/query/filter", "keyword=x&priceStart=9&priceEnd=1": "/query/priceEnd"} {
		assert.Contains(t, get("/v1/search?"+query, 400).Body.String(), `"pointer":"`+pointer+`"`, query)
	}
	f.fault("*", "http_500")
	cold := get("/v1/search?keyword="+strings.Repeat("z", 9), 503)
	assert.NotEmpty(t, cold.Header().Get("Retry-After"))
}
