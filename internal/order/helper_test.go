package order

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"gorm.io/gorm"

	"entrepot/internal/alibaba"
	"entrepot/internal/auth"
	"entrepot/internal/database"
	"entrepot/internal/i18n"
	"entrepot/internal/jobs"
	"entrepot/internal/money"
	"entrepot/internal/sandbox"
	"entrepot/internal/search"
	"entrepot/internal/site"
	"entrepot/internal/web"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var testSecret = []byte("0123456789abcdef0123456789abcdef")

// The member and the staff member of the tests.
var (
	member = auth.MemberCaller{ID: 42, Site: "japan", OutMemberID: "out-42"}
	ops    = auth.StaffCaller{ID: 7, LoginName: "ops", Role: auth.Ops}
)

var testAddress = Address{FullName: "Taro Test", Phone: "0300000000", PostCode: "1000001", Province: "Tokyo", City: "Chiyoda", Area: ptr("Kanda"), Address: "1-1"}

// clock is what the service and the sandbox take for now.
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

// fixture is the service on a fresh database, with the simulated 1688 behind real HTTP. Nothing runs in the background:
// tests call the handlers of jobs themselves.
type fixture struct {
	*Service
	t     testing.TB
	db    *database.DB
	queue *jobs.Queue
	auth  *auth.Service
	sites *site.Registry
	site  *site.Site
	clock *clock
	url   string
}

// newFixture lets change bend the options of the service before it is made.
func newFixture(t testing.TB, change func(*Options)) *fixture {
	t.Helper()
	f := &fixture{t: t, db: database.OpenTest(t), clock: &clock{t: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}}
	f.startSandbox()
	var err error
	f.queue, err = jobs.New(jobs.Options{DB: f.db})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, f.queue.Close()) })
	f.sites, err = site.New(map[string]string{"key-jp": "japan", "key-kr": "korea"})
	require.NoError(t, err)
	f.site, _ = f.sites.ByCode("japan")
	bundle, err := i18n.New()
	require.NoError(t, err)
	client, err := alibaba.New(alibaba.Options{
		BaseURL: f.url + "/openapi", AppKey: sandbox.DemoKey, AppSecret: sandbox.DemoSecret, AccessToken: sandbox.DemoToken, Timeout: 20 * time.Second,
	})
	require.NoError(t, err)
	t.Cleanup(client.Close)
	f.auth, err = auth.New(auth.Options{DB: f.db, Secret: testSecret, Now: f.clock.now})
	require.NoError(t, err)
	rates := money.NewBook(money.DefaultRates(f.clock.now()), f.clock.now)
	finder := search.New(search.Options{Client: client, Rates: rates, Now: f.clock.now, Logger: slog.New(slog.DiscardHandler)})
	t.Cleanup(func() { assert.NoError(t, finder.Close()) })
	o := Options{
		DB: f.db, Jobs: f.queue, Idem: web.NewIdempotency(f.db, f.clock.now), Client: client, Auth: f.auth, Sites: f.sites, Rates: rates,
		Search: finder, Bundle: bundle, Secret: testSecret, Now: f.clock.now, Logger: slog.New(slog.DiscardHandler),
		Rules: Rules{PayWithin: 24 * time.Hour, Settle: 10 * time.Second, CallTimeout: 20 * time.Second, Warehouse: DemoWarehouse,
			Tolerance: 1, QuoteAge: 10 * time.Minute, ApproveWithin: 6 * time.Hour},
	}
	if change != nil {
		change(&o)
	}
	f.Service = New(o)
	return f
}

func trigger(word string) func(*Options) { return func(o *Options) { o.Rules.Trigger = word } }

func (f *fixture) startSandbox() {
	srv, err := sandbox.New(sandbox.Options{Now: f.clock.now})
	require.NoError(f.t, err)
	ts := httptest.NewServer(srv.Handler())
	f.url = ts.URL
	f.t.Cleanup(func() {
		assert.NoError(f.t, srv.Close())
		ts.Close()
		http.DefaultClient.CloseIdleConnections()
	})
}

// checks makes properties that need the database try fewer cases than pure ones.
func checks(t *testing.T, n int) {
	t.Helper()
	was := flag.Lookup("rapid.checks").Value.String()
	require.NoError(t, flag.Set("rapid.checks", strconv.Itoa(n)))
	t.Cleanup(func() { assert.NoError(t, flag.Set("rapid.checks", was)) })
}

// control calls the sandbox's own API.
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

// fault makes 1688 misbehave; count is how often.
func (f *fixture) fault(api, kind string, count int) {
	f.t.Helper()
	f.control("POST", "/faults", fmt.Sprintf(`{"api":%q,"kind":%q,"count":%d,"delayMs":20}`, api, kind, count), nil)
}

// act lets seller or carrier act on a 1688 order, a second after whatever happened before.
func (f *fixture) act(alibabaOrder, action, body string) {
	f.t.Helper()
	f.clock.advance(time.Second)
	f.control("POST", "/orders/"+alibabaOrder+"/actions/"+action, body, nil)
}

// creates is how often 1688 made an order for our number.
func (f *fixture) creates(outOrderID string) int {
	f.t.Helper()
	var v struct{ Creates map[string]int }
	f.control("GET", "/counters?outOrderId="+outOrderID, "", &v)
	return v.Creates[outOrderID]
}

func (f *fixture) calls(api string) int {
	f.t.Helper()
	var v struct {
		Calls map[string]struct{ Received int }
	}
	f.control("GET", "/counters", "", &v)
	return v.Calls[api].Received
}

// offer is one product of the simulated catalogue.
type offer struct {
	OfferID          int64 `json:"offerId,string"`
	MinOrderQuantity int64
	BatchNumber      int64
	SellerOpenID     string
	Traits           []string
	SKUs             []struct {
		SkuID    int64 `json:"skuId,string"`
		SpecID   string
		PriceFen int64
		Stock    int64
	} `json:"skus"`
}

func (f *fixture) offers(trait string) []offer {
	f.t.Helper()
	var v struct{ Offers []offer }
	f.control("GET", "/offers?limit=400&trait="+url.QueryEscape(trait), "", &v)
	return v.Offers
}

// plain lists offers with variants in stock that anybody may buy one piece of.
func (f *fixture) plain() (out []offer) {
	f.t.Helper()
	for _, o := range f.offers("") {
		odd := false
		for _, tr := range o.Traits {
			odd = odd || (tr != "dropship" && tr != "patent")
		}
		if !odd && len(o.SKUs) > 1 && o.SKUs[0].Stock > 1000 && o.SKUs[1].Stock > 1000 {
			out = append(out, o)
		}
	}
	return out
}

// oneSeller is two offers of one seller; twoSellers is one of each of two.
func (f *fixture) oneSeller() (a, b offer) {
	f.t.Helper()
	first := map[string]offer{}
	for _, o := range f.plain() {
		if was, ok := first[o.SellerOpenID]; ok {
			return was, o
		}
		first[o.SellerOpenID] = o
	}
	require.Fail(f.t, "no seller with two plain offers")
	return a, b
}

func (f *fixture) twoSellers() (a, b offer) {
	f.t.Helper()
	all := f.plain()
	for _, o := range all {
		if o.SellerOpenID != all[0].SellerOpenID {
			return all[0], o
		}
	}
	require.Fail(f.t, "one seller only")
	return a, b
}

func (o offer) item(sku int, quantity int64) Item {
	return Item{OfferID: o.OfferID, SkuID: o.SKUs[sku].SkuID, Quantity: quantity}
}

// enough is a quantity the offer may be bought in.
func (o offer) enough() int64 { return max(o.MinOrderQuantity, 4) }

func (f *fixture) preview(items ...Item) *previewed {
	f.t.Helper()
	p, err := f.Preview(f.t.Context(), member, f.site, "ja", items)
	require.NoError(f.t, err)
	return p
}

var idemCount int

// idem is a fresh idempotency key of the member.
func idem() web.Idem {
	idemCount++
	return web.Idem{Scope: "japan:member:42:placeOrder", Key: fmt.Sprint("key-", idemCount), Hash: fmt.Sprintf("%064d", idemCount)}
}

func encodeID(o *full) (web.Answer, error) {
	return web.JSONAnswer(http.StatusCreated, map[string]string{"id": id(o.order.ID)}, o.order.ID)
}

// placed is an order for items, made the way a member makes it.
func (f *fixture) placed(items ...Item) *full {
	f.t.Helper()
	p := f.preview(items...)
	require.Empty(f.t, p.blockers)
	answer, replay, err := f.Place(f.t.Context(), member, f.site, Placement{PreviewToken: p.token, Address: testAddress, Note: "soon please"}, idem(), encodeID)
	require.NoError(f.t, err)
	require.Nil(f.t, replay)
	return f.order(answer.ObjectID)
}

func (f *fixture) order(id int64) *full {
	f.t.Helper()
	o, err := f.store.get(f.t.Context(), "", 0, id)
	require.NoError(f.t, err)
	return o
}

func (f *fixture) inTx(fn func(tx *gorm.DB) error) {
	f.t.Helper()
	require.NoError(f.t, f.db.InTx(f.t.Context(), fn))
}

// pay records the member's payment of the whole order.
func (f *fixture) pay(o *full) {
	f.t.Helper()
	f.inTx(func(tx *gorm.DB) error {
		return f.MarkPaidTx(f.t.Context(), tx, o.order.ID, o.order.TotalMinor, f.clock.now())
	})
}

// started is a paid order with its purchase rows, nothing sent to 1688 yet.
func (f *fixture) started(items ...Item) (*full, []purchaseRow) {
	f.t.Helper()
	o := f.placed(items...)
	f.pay(o)
	require.NoError(f.t, f.StartPurchase(f.t.Context(), o.order.ID, "purchase.started", "system"))
	return f.order(o.order.ID), f.purchases(o.order.ID)
}

// bought is an order whose purchases exist at 1688 and were read once; nobody has paid 1688.
func (f *fixture) bought(items ...Item) (*full, []purchaseRow) {
	f.t.Helper()
	o, rows := f.started(items...)
	for _, p := range rows {
		require.NoError(f.t, f.Create(f.t.Context(), p.ID))
		require.NoError(f.t, f.Refresh(f.t.Context(), p.ID, "test"))
	}
	return f.order(o.order.ID), f.purchases(o.order.ID)
}

func (f *fixture) purchases(orderID int64) []purchaseRow {
	f.t.Helper()
	rows, _, err := f.store.purchasesOf(f.t.Context(), orderID)
	require.NoError(f.t, err)
	return rows
}

func (f *fixture) purchaseLines(orderID int64) []purchaseLineRow {
	f.t.Helper()
	_, rows, err := f.store.purchasesOf(f.t.Context(), orderID)
	require.NoError(f.t, err)
	return rows
}

// jobsOf lists the job rows of a kind, oldest first.
func (f *fixture) jobsOf(kind string) []jobs.Row {
	f.t.Helper()
	all, err := f.queue.List(f.t.Context(), jobs.Filter{Limit: 500})
	require.NoError(f.t, err)
	var out []jobs.Row
	for i := len(all) - 1; i >= 0; i-- {
		if kind == "" || all[i].Kind == kind {
			out = append(out, all[i])
		}
	}
	return out
}

func kindsOf(rows []jobs.Row) []string {
	out := []string{}
	for _, r := range rows {
		out = append(out, r.Kind)
	}
	return out
}

// pushes decodes the push jobs of an order in the order they will be sent.
func (f *fixture) pushes(orderID int64) (out []Push) {
	f.t.Helper()
	for _, r := range f.jobsOf("") {
		if r.Aggregate != "push:"+id(orderID) {
			continue
		}
		var p Push
		require.NoError(f.t, json.Unmarshal(r.Payload, &p))
		out = append(out, p)
	}
	return out
}

func (f *fixture) count(table string) int64 {
	f.t.Helper()
	var n int64
	require.NoError(f.t, f.db.Read(f.t.Context()).Table(table).Count(&n).Error)
	return n
}

func (f *fixture) eventsOf(orderID int64) (out []string) {
	f.t.Helper()
	rows, err := f.store.events(f.t.Context(), orderID)
	require.NoError(f.t, err)
	for _, e := range rows {
		out = append(out, e.Cause+" "+e.FromStatus+">"+e.ToStatus)
	}
	return out
}

func (f *fixture) staff() context.Context { return auth.WithStaff(f.t.Context(), ops) }
