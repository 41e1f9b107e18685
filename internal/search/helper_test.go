package search

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"entrepot/internal/alibaba"
	"entrepot/internal/money"
	"entrepot/internal/sandbox"
	"entrepot/internal/site"
	"entrepot/internal/web"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

type fixture struct {
	*Service
	t     testing.TB
	clock *clock
	sites *site.Registry
	site  *site.Site
	url   string
}

// newFixture is the service in front of the simulated 1688.
func newFixture(t testing.TB) *fixture {
	t.Helper()
	c := &clock{t: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}
	srv, err := sandbox.New(sandbox.Options{Now: c.now})
	require.NoError(t, err)
	ts := httptest.NewServer(srv.Handler())
	t.Cleanup(func() {
		assert.NoError(t, srv.Close())
		ts.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	return withGateway(t, c, ts.URL)
}

// withGateway is the service in front of any gateway.
func withGateway(t testing.TB, c *clock, url string) *fixture {
	t.Helper()
	client, err := alibaba.New(alibaba.Options{BaseURL: url + "/openapi", AppKey: sandbox.DemoKey, AppSecret: sandbox.DemoSecret, AccessToken: sandbox.DemoToken})
	require.NoError(t, err)
	t.Cleanup(client.Close)
	f := &fixture{t: t, clock: c, url: url}
	f.sites, err = site.New(map[string]string{"key-jp": "japan"})
	require.NoError(t, err)
	f.site, _ = f.sites.ByCode("japan")
	f.Service = New(Options{Client: client, Rates: money.NewBook(money.DefaultRates(c.now()), c.now), Now: c.now, Logger: slog.New(slog.DiscardHandler)})
	t.Cleanup(func() { assert.NoError(t, f.Close()) })
	return f
}

// recorded is the service in front of a gateway that gives the same answer to everything.
func recorded(t testing.TB, answer []byte) *fixture {
	t.Helper()
	ts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json;charset=UTF-8")
		_, _ = w.Write(answer)
	}))
	t.Cleanup(ts.Close)
	return withGateway(t, &clock{t: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}, ts.URL)
}

func (f *fixture) control(method, path, body string, into any) {
	f.t.Helper()
	req, err := http.NewRequestWithContext(f.t.Context(), method, f.url+"/sandbox/v1"+path, strings.NewReader(body))
	require.NoError(f.t, err)
	res, err := http.DefaultClient.Do(req)
	require.NoError(f.t, err)
	defer func() { _ = res.Body.Close() }()
	out, err := io.ReadAll(res.Body)
	require.NoError(f.t, err)
	require.Equal(f.t, http.StatusOK, res.StatusCode, string(out))
	if into != nil {
		require.NoError(f.t, json.Unmarshal(out, into))
	}
}

func (f *fixture) fault(api, kind string) {
	f.t.Helper()
	f.control("POST", "/faults", fmt.Sprintf(`{"api":%q,"kind":%q,"delayMs":100}`, api, kind), nil)
}

func (f *fixture) calm() { f.control("DELETE", "/faults", "", nil) }

const (
	searchAPI = "product.search.keywordQuery"
	detailAPI = "product.search.queryProductDetail"
)

// calls is how often 1688 was asked.
func (f *fixture) calls(api string) int {
	f.t.Helper()
	var v struct {
		Calls map[string]struct{ Received int }
	}
	f.control("GET", "/counters", "", &v)
	return v.Calls[api].Received
}

// anOffer is some product of the catalogue.
func (f *fixture) anOffer() int64 {
	f.t.Helper()
	var v struct {
		Offers []struct {
			OfferID int64 `json:"offerId,string"`
		}
	}
	f.control("GET", "/offers?limit=1", "", &v)
	return v.Offers[0].OfferID
}

var bags = Query{Keyword: "バッグ", Page: 1, PageSize: 20}

func (f *fixture) search(q Query) (SearchPage, error) {
	f.t.Helper()
	c, err := f.Search(f.t.Context(), f.site, "ja", q)
	return decoded[SearchPage](f.t, c, err)
}

func (f *fixture) product(id int64) (Product, error) {
	f.t.Helper()
	c, err := f.Product(f.t.Context(), f.site, "ja", id)
	return decoded[Product](f.t, c, err)
}

func decoded[T any](t testing.TB, c *web.Cached, err error) (v T, _ error) {
	t.Helper()
	if err != nil {
		return v, err
	}
	require.NoError(t, json.Unmarshal(c.Body, &v))
	return v, nil
}

// alive is how long nothing takes that does not hang, on any machine.
const alive = time.Minute

// came is what comes out of c, or the end of the test.
func came[T any](t testing.TB, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(alive):
		require.Fail(t, "it never came")
	}
	return v
}
