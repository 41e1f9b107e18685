package pay

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"gorm.io/gorm"

	"entrepot/internal/alibaba"
	"entrepot/internal/database"
	"entrepot/internal/jobs"
	"entrepot/internal/order"
	"entrepot/internal/sandbox"
	"entrepot/internal/site"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// testSecret and oldSecret sign callbacks; two are valid during a rotation.
const (
	testSecret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=" //nolint:gosec // made up
	oldSecret  = "whsec_ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=" //nolint:gosec // made up
)

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

// fixture is the service on a fresh database, with orders written as rows and the simulated 1688 behind real HTTP.
type fixture struct {
	*Service
	t      testing.TB
	db     *database.DB
	queue  *jobs.Queue
	orders *order.Service
	clock  *clock
	url    string
	away   atomic.Bool // preparePay is kept back
}

func newFixture(t testing.TB, change func(*Options)) *fixture {
	t.Helper()
	f := &fixture{t: t, db: database.OpenTest(t), clock: &clock{t: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}}
	srv, err := sandbox.New(sandbox.Options{Now: f.clock.now})
	require.NoError(t, err)
	ts := httptest.NewServer(srv.Handler())
	f.url = ts.URL
	t.Cleanup(func() {
		assert.NoError(t, srv.Close())
		ts.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	f.queue, err = jobs.New(jobs.Options{DB: f.db})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, f.queue.Close()) })
	client, err := alibaba.New(alibaba.Options{BaseURL: f.url + "/openapi", AppKey: sandbox.DemoKey, AppSecret: sandbox.DemoSecret, AccessToken: sandbox.DemoToken,
		Guard: func(_ context.Context, api string) (func(alibaba.Call), error) {
			if f.away.Load() && strings.HasSuffix(api, "preparePay") {
				return nil, &alibaba.Error{Class: alibaba.Transient, RetryAfter: time.Second}
			}
			return func(alibaba.Call) {}, nil
		}})
	require.NoError(t, err)
	t.Cleanup(client.Close)
	sites, err := site.New(nil)
	require.NoError(t, err)
	f.orders = order.New(order.Options{DB: f.db, Jobs: f.queue, Client: client, Sites: sites, Rules: order.Rules{Tolerance: 1}, Now: f.clock.now, Logger: slog.New(slog.DiscardHandler)})
	o := Options{DB: f.db, Jobs: f.queue, Orders: f.orders, Client: client, Secrets: []string{testSecret, oldSecret}, Automatic: true,
		Now: f.clock.now, Logger: slog.New(slog.DiscardHandler)}
	if change != nil {
		change(&o)
	}
	f.Service, err = New(o)
	require.NoError(t, err)
	return f
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

func (f *fixture) insert(table string, row map[string]any) {
	f.t.Helper()
	require.NoError(f.t, f.db.InTx(f.t.Context(), func(tx *gorm.DB) error { return tx.Table(table).Create(row).Error }))
}

// order writes an order of 980 JPY that waits for its payment.
func (f *fixture) order(change map[string]any) int64 {
	f.t.Helper()
	now := f.clock.now()
	row := map[string]any{
		"id": f.db.NewID(), "site": "japan", "member_id": 42, "out_member_id": "out-42", "preview_id": f.db.NewID(), "status": "awaiting_payment",
		"status_group": "paying", "rank_no": 0, "trigger_mode": "on_paid", "currency": "JPY", "total_fen": 4600, "total_minor": 980,
		"fx_json": "{}", "address_json": "{}", "unpaid_deadline": now.Add(24 * time.Hour), "created_at": now, "updated_at": now,
	}
	for k, v := range change {
		row[k] = v
	}
	f.insert("orders", row)
	return row["id"].(int64)
}

// bought writes a purchase for an order that exists at 1688 and waits for payment there.
func (f *fixture) bought(change map[string]any) (purchase, order int64, alibabaOrder string) {
	f.t.Helper()
	var v struct {
		Offers []struct {
			OfferID          int64 `json:"offerId,string"`
			MinOrderQuantity int64
			Traits           []string
			SKUs             []struct {
				SpecID string
				Stock  int64
			} `json:"skus"`
		}
	}
	f.control("GET", "/offers?limit=400", "", &v)
	for _, o := range v.Offers {
		if len(o.Traits) > 0 || len(o.SKUs) == 0 || o.SKUs[0].Stock < 1000 {
			continue
		}
		created, err := f.client.CreateCrossOrder(f.t.Context(), alibaba.OrderRequest{
			Flow: "general", Address: alibaba.Address{FullName: "W", Mobile: "13000000000", ProvinceText: "P", CityText: "C", AreaText: "A", Address: "1"},
			Cargo: []alibaba.Cargo{{OfferID: alibaba.ID(o.OfferID), SpecID: o.SKUs[0].SpecID, Quantity: max(o.MinOrderQuantity, 10)}},
		})
		require.NoError(f.t, err)
		alibabaOrder = created.Orders[0].OrderID.String()
		order = f.order(map[string]any{"status": "ordered", "rank_no": 30, "status_group": "fulfilling", "paid_at": f.clock.now()})
		id := f.db.NewID()
		row := map[string]any{
			"id": id, "order_id": order, "site": "japan", "out_order_id": strconv.FormatInt(id, 10), "alibaba_order_id": alibabaOrder, "state": "unpaid",
			"rank_no": 10, "quoted_fen": created.Orders[0].AmountFen, "created_at": f.clock.now(), "updated_at": f.clock.now(),
		}
		for k, v := range change {
			row[k] = v
		}
		f.insert("purchases", row)
		return id, order, alibabaOrder
	}
	require.Fail(f.t, "no plain offer")
	return 0, 0, ""
}

// row reads columns of one row.
func (f *fixture) row(table string, id int64, columns ...string) map[string]any {
	f.t.Helper()
	var rows []map[string]any
	require.NoError(f.t, f.db.Read(f.t.Context()).Table(table).Select(columns).Where("id = ?", id).Find(&rows).Error)
	require.Len(f.t, rows, 1)
	for k, v := range rows[0] { // the engines differ in what comes out of a column without a type
		switch v := v.(type) {
		case []byte:
			rows[0][k] = string(v)
		case int32:
			rows[0][k] = int64(v)
		}
	}
	return rows[0]
}

func (f *fixture) count(table string) int64 {
	f.t.Helper()
	var n int64
	require.NoError(f.t, f.db.Read(f.t.Context()).Table(table).Count(&n).Error)
	return n
}

func (f *fixture) kinds() []string {
	f.t.Helper()
	rows, err := f.queue.List(f.t.Context(), jobs.Filter{Limit: 500})
	require.NoError(f.t, err)
	out := []string{}
	for i := len(rows) - 1; i >= 0; i-- {
		out = append(out, rows[i].Kind)
	}
	return out
}

// fault makes 1688 misbehave; count is how often, 0 = until told otherwise.
func (f *fixture) fault(api, kind string, count int) {
	f.t.Helper()
	body, err := json.Marshal(map[string]any{"api": api, "kind": kind, "count": count, "delayMs": 20})
	require.NoError(f.t, err)
	f.control("POST", "/faults", string(body), nil)
}

// tries is how often 1688 was asked to debit us.
func (f *fixture) tries() int {
	f.t.Helper()
	var v struct {
		Calls map[string]struct{ Received int }
	}
	f.control("GET", "/counters", "", &v)
	return v.Calls["alibaba.trade.pay.protocolPay.preparePay"].Received
}

func (f *fixture) statusAt1688(alibabaOrder string) string {
	f.t.Helper()
	var v struct{ Status string }
	f.control("GET", "/orders/"+alibabaOrder, "", &v)
	return v.Status
}
