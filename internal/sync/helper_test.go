package sync

import (
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // 1688's signature
	"encoding/hex"
	"encoding/json"
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

	"entrepot/internal/account"
	"entrepot/internal/alibaba"
	"entrepot/internal/auth"
	"entrepot/internal/database"
	"entrepot/internal/i18n"
	"entrepot/internal/jobs"
	"entrepot/internal/money"
	"entrepot/internal/order"
	"entrepot/internal/sandbox"
	"entrepot/internal/search"
	"entrepot/internal/site"
)

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

// fixture is the service on a fresh database whose rows the tests write, with the simulated 1688 behind real HTTP.
type fixture struct {
	*Service
	t      testing.TB
	db     *database.DB
	queue  *jobs.Queue
	auth   *auth.Service
	orders *order.Service
	finder *search.Service
	sites  *site.Registry
	site   *site.Site
	clock  *clock
	url    string
}

type options struct {
	profile string
	url     string // of another gateway than the sandbox
}

func newFixture(t testing.TB, o options) *fixture {
	t.Helper()
	f := &fixture{t: t, db: database.OpenTest(t), url: o.url, clock: &clock{t: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}}
	if f.url == "" {
		f.startSandbox()
	}
	var err error
	f.queue, err = jobs.New(jobs.Options{DB: f.db, Poll: 20 * time.Millisecond, MinBackoff: 10 * time.Millisecond})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, f.queue.Close()) })
	client, err := alibaba.New(alibaba.Options{BaseURL: f.url + "/openapi", AppKey: sandbox.DemoKey, AppSecret: sandbox.DemoSecret, AccessToken: sandbox.DemoToken, Profile: o.profile})
	require.NoError(t, err)
	t.Cleanup(client.Close)
	f.auth, err = auth.New(auth.Options{DB: f.db, Secret: []byte("0123456789abcdef0123456789abcdef"), Now: f.clock.now})
	require.NoError(t, err)
	f.sites, err = site.New(map[string]string{"key-jp": "japan"})
	require.NoError(t, err)
	f.site, _ = f.sites.ByCode("japan")
	bundle, err := i18n.New()
	require.NoError(t, err)
	log := slog.New(slog.DiscardHandler)
	f.finder = search.New(search.Options{Client: client, Rates: money.NewBook(money.DefaultRates(f.clock.now()), f.clock.now), Now: f.clock.now, Logger: log})
	t.Cleanup(func() { assert.NoError(t, f.finder.Close()) })
	accounts := account.New(account.Options{DB: f.db, Jobs: f.queue, Auth: f.auth, Sites: f.sites, Now: f.clock.now})
	f.orders = order.New(order.Options{DB: f.db, Jobs: f.queue, Client: client, Search: f.finder, Auth: f.auth, Sites: f.sites, Bundle: bundle, Now: f.clock.now, Logger: log})
	f.Service = New(Options{DB: f.db, Jobs: f.queue, Client: client, Accounts: accounts, Orders: f.orders, Search: f.finder, Auth: f.auth, Bundle: bundle,
		Secrets: []string{sandbox.DemoSecret, "the-old-secret"}, Sweep: time.Minute, Now: f.clock.now, Logger: log})
	return f
}

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

// work runs the queue with the handlers of this package and the orders' re-reads.
func (f *fixture) work() {
	f.t.Helper()
	f.Register(f.queue)
	f.orders.Register(f.queue)
	f.queue.Handle(order.JobPay, func(context.Context, *jobs.Task) error { return nil })
	ctx, cancel := context.WithCancel(context.WithoutCancel(f.t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- f.queue.Run(ctx) }()
	f.t.Cleanup(func() {
		cancel()
		assert.NoError(f.t, <-ended)
	})
}

func (f *fixture) eventually(what string, ok func() bool) {
	f.t.Helper()
	require.Eventually(f.t, ok, time.Minute, 10*time.Millisecond, what)
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

func (f *fixture) fault(api, kind string, count int) {
	f.t.Helper()
	f.control("POST", "/faults", fmt.Sprintf(`{"api":%q,"kind":%q,"count":%d}`, api, kind, count), nil)
}

// act lets seller or carrier act on a 1688 order, a second after whatever happened before.
func (f *fixture) act(alibabaOrder, action string) {
	f.t.Helper()
	f.clock.advance(time.Second)
	f.control("POST", "/orders/"+alibabaOrder+"/actions/"+action, "", nil)
}

func (f *fixture) calls(api string) int {
	f.t.Helper()
	var v struct {
		Calls map[string]struct{ Received int }
	}
	f.control("GET", "/counters", "", &v)
	return v.Calls[api].Received
}

// pushed is what 1688 was told, in its own record.
type pushed struct {
	Kind, Key, Status, Code string
	Accepted                bool
	Warnings                []string
	Body                    json.RawMessage
}

func (f *fixture) pushed(kind string) []pushed {
	f.t.Helper()
	var v struct{ Items []pushed }
	f.control("GET", "/pushes?limit=1000&kind="+kind, "", &v)
	return v.Items
}

func (f *fixture) inTx(fn func(tx *gorm.DB) error) {
	f.t.Helper()
	require.NoError(f.t, f.db.InTx(f.t.Context(), fn))
}

func (f *fixture) insert(table string, row map[string]any) {
	f.t.Helper()
	f.inTx(func(tx *gorm.DB) error { return tx.Table(table).Create(row).Error })
}

func (f *fixture) set(table string, id int64, columns map[string]any) {
	f.t.Helper()
	f.inTx(func(tx *gorm.DB) error { return tx.Table(table).Where("id = ?", id).Updates(columns).Error })
}

func (f *fixture) count(table string) int64 {
	f.t.Helper()
	var n int64
	require.NoError(f.t, f.db.Read(f.t.Context()).Table(table).Count(&n).Error)
	return n
}

// Personal data of the rows; none of it may reach ledger or queue.
const (
	privateName, privateLogin, privateMail, privatePhone, privateStreet, privateIP = "Hanako Himitsu", "himitsu-login", "himitsu@example.com", "9055555555", "Himitsu 1-2-3", "203.0.113.77"
)

// member writes a member.
func (f *fixture) member(id int64) {
	f.t.Helper()
	now := f.clock.now()
	f.insert("members", map[string]any{
		"id": id, "site": "japan", "out_member_id": "out-" + strconv.FormatInt(id, 10), "login_name": privateLogin, "login_key": privateLogin + strconv.FormatInt(id, 10), "email": privateMail,
		"mobile": privatePhone, "mobile_area": "JP", "ip": privateIP, "registration": "pending", "created_at": now, "updated_at": now,
	})
}

// order writes an order of two lines (ids 10*id+1 and +2), paid five minutes after it was placed.
func (f *fixture) order(id int64) {
	f.t.Helper()
	placed := f.clock.now()
	paid := placed.Add(5 * time.Minute)
	address, err := json.Marshal(map[string]string{"fullName": privateName, "phone": privatePhone, "postCode": "1", "province": "Tokyo", "city": "Chiyoda", "address": privateStreet})
	require.NoError(f.t, err)
	f.insert("orders", map[string]any{
		"id": id, "site": "japan", "member_id": 42, "out_member_id": "out-42", "preview_id": id, "status": "ordered", "status_group": "fulfilling", "rank_no": 30,
		"trigger_mode": "on_paid", "currency": "JPY", "goods_fen": 4000, "freight_fen": 600, "total_fen": 4600, "total_minor": 989, "paid_minor": 989, "paid_at": paid,
		"fx_json": "{}", "address_json": string(address), "unpaid_deadline": placed.Add(24 * time.Hour), "created_at": placed, "updated_at": placed,
	})
	f.insert("order_lines", map[string]any{"id": 10*id + 1, "order_id": id, "line_no": 1, "offer_id": 679000000001, "sku_id": 4707000010007, "spec_id": "s1", "quantity": 2,
		"amount_fen": 3000, "subject": "帆布托特包", "sku_name": "黑色", "created_at": placed})
	f.insert("order_lines", map[string]any{"id": 10*id + 2, "order_id": id, "line_no": 2, "offer_id": 679000000002, "quantity": 1, "amount_fen": 1000, "subject": "收纳盒", "created_at": placed})
}

// parcel writes a national parcel of an order.
func (f *fixture) parcel(id, orderID int64, no string) {
	f.t.Helper()
	var address string
	require.NoError(f.t, f.db.Read(f.t.Context()).Table("orders").Where("id = ?", orderID).Pluck("address_json", &address).Error)
	at := f.clock.now().Add(time.Hour)
	f.insert("parcels", map[string]any{"id": id, "order_id": orderID, "leg": "national", "parcel_no": no, "status": "in_transit", "rank_no": 10, "address_json": address, "created_at": at, "updated_at": at})
}

// bought makes an order at 1688 and writes its purchase; the order row must exist. subs are 1688's sub-orders.
func (f *fixture) bought(orderID int64) (purchase int64, alibabaOrder string, subs []string) {
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
		f.insert("order_lines", map[string]any{"id": 10*orderID + 9, "order_id": orderID, "line_no": 9, "offer_id": o.OfferID, "spec_id": o.SKUs[0].SpecID, "quantity": o.MinOrderQuantity, "created_at": f.clock.now()})
		created, err := f.client.CreateCrossOrder(f.t.Context(), alibaba.OrderRequest{
			Flow: "general", Address: alibaba.Address{FullName: "W", Mobile: "13000000000", ProvinceText: "P", CityText: "C", AreaText: "A", Address: "1"},
			Cargo: []alibaba.Cargo{{OfferID: alibaba.ID(o.OfferID), SpecID: o.SKUs[0].SpecID, Quantity: o.MinOrderQuantity}},
		})
		require.NoError(f.t, err)
		alibabaOrder = created.Orders[0].OrderID.String()
		purchase = 100 * orderID
		f.purchase(purchase, orderID, alibabaOrder)
		f.insert("purchase_lines", map[string]any{"id": purchase + 1, "purchase_id": purchase, "order_id": orderID, "line_id": 10*orderID + 9, "quantity": o.MinOrderQuantity})
		var detail struct {
			Lines []struct{ SubItemID string }
		}
		f.control("GET", "/orders/"+alibabaOrder, "", &detail)
		for _, l := range detail.Lines {
			subs = append(subs, l.SubItemID)
		}
		return purchase, alibabaOrder, subs
	}
	require.Fail(f.t, "no plain offer")
	return 0, "", nil
}

func (f *fixture) purchase(id, orderID int64, alibabaOrder string) {
	f.t.Helper()
	now := f.clock.now()
	f.insert("purchases", map[string]any{"id": id, "order_id": orderID, "site": "japan", "out_order_id": strconv.FormatInt(id, 10), "alibaba_order_id": alibabaOrder,
		"state": "unpaid", "rank_no": 10, "created_at": now, "updated_at": now})
}

// wish is one push as the features queue it.
type wish struct {
	kind string
	push order.Push
}

// queueUp appends pushes of an order the way the features do.
func (f *fixture) queueUp(orderID int64, wishes ...wish) {
	f.t.Helper()
	var specs []jobs.Spec
	for _, w := range wishes {
		w.push.Site, w.push.OrderID = "japan", orderID
		specs = append(specs, jobs.Spec{Kind: w.kind, Aggregate: "push:" + strconv.FormatInt(orderID, 10), Payload: w.push, RequestID: "req-1"})
	}
	f.inTx(func(tx *gorm.DB) error { return f.queue.AppendTx(f.t.Context(), tx, specs...) })
	f.queue.Kick()
}

func payed(orderID int64) wish {
	id := strconv.FormatInt(orderID, 10)
	return wish{order.JobPushOrder, order.Push{ObjectKey: id, Version: "payed", Status: "payed"}}
}

func closing(orderID int64, version, status string, at time.Time) wish {
	return wish{order.JobPushStatus, order.Push{ObjectKey: strconv.FormatInt(orderID, 10), Version: version, Status: status, At: at}}
}

func parcelStep(parcelID int64, object, version, status string, at time.Time) wish {
	kind := order.JobPushParcelStep
	if status == "send" {
		kind = order.JobPushParcel
	}
	return wish{kind, order.Push{ObjectKey: object, Version: version, Status: status, ParcelID: parcelID, At: at}}
}

func related(lineID int64, sub, alibabaOrder string) wish {
	return wish{order.JobPushRelation, order.Push{ObjectKey: fmt.Sprintf("%d:%s", lineID, sub), Version: "1", LineID: lineID, SubItemID: sub, AlibabaOrderID: alibabaOrder}}
}

// rows are the ledger's, oldest first.
func (f *fixture) rows() (out []ledgerRow) {
	f.t.Helper()
	require.NoError(f.t, f.db.Read(f.t.Context()).Order("id").Find(&out).Error)
	return out
}

// states sums the ledger up: kind version state.
func (f *fixture) states() []string {
	f.t.Helper()
	out := []string{}
	for _, r := range f.rows() {
		out = append(out, r.Kind+" "+r.Version+" "+r.State)
	}
	return out
}

// jobRows lists job rows of a kind, oldest first.
func (f *fixture) jobRows(kind string) (out []jobs.Row) {
	f.t.Helper()
	all, err := f.queue.List(f.t.Context(), jobs.Filter{Limit: 500})
	require.NoError(f.t, err)
	for i := len(all) - 1; i >= 0; i-- {
		if kind == "" || all[i].Kind == kind {
			out = append(out, all[i])
		}
	}
	return out
}

// hurry makes everything that waits due at once.
func (f *fixture) hurry() {
	f.t.Helper()
	f.inTx(func(tx *gorm.DB) error {
		return tx.Table("jobs").Where("state = ?", jobs.StateWaiting).UpdateColumn("due_at", database.Now().Add(-time.Second)).Error
	})
	f.queue.Kick()
}

// allDone waits until no job is left to do.
func (f *fixture) allDone() {
	f.t.Helper()
	f.eventually("all jobs done", func() bool {
		for _, r := range f.jobRows("") {
			if r.State != jobs.StateDone {
				return false
			}
		}
		return true
	})
}

// signed is a callback of 1688: a form with its signature, written again here so that a mistake cannot confirm itself.
func signed(secret, message string) url.Values {
	mac := hmac.New(sha1.New, []byte(secret))
	_, _ = io.WriteString(mac, "message"+message)
	return url.Values{"message": {message}, "_aop_signature": {strings.ToUpper(hex.EncodeToString(mac.Sum(nil)))}}
}

// message is the text of a push of 1688.
func message(msgID, topic string, data any) string {
	raw, err := json.Marshal(map[string]any{"msgId": msgID, "gmtBorn": 1777636800000, "data": data, "userInfo": "b2b-1", "type": topic})
	if err != nil {
		panic(err)
	}
	return string(raw)
}

func orderMessage(msgID, topic, alibabaOrder string) string {
	return message(msgID, topic, map[string]any{"orderId": json.Number(alibabaOrder), "currentStatus": "x", "msgSendTime": "2026-05-01 20:00:00"})
}

// receive stores a message and gives its row's id.
func (f *fixture) receive(text string) int64 {
	f.t.Helper()
	require.NoError(f.t, f.Receive(f.t.Context(), signed(sandbox.DemoSecret, text)))
	var ids []int64
	require.NoError(f.t, f.db.Read(f.t.Context()).Model(&messageRow{}).Order("id DESC").Limit(1).Pluck("id", &ids).Error)
	require.Len(f.t, ids, 1)
	return ids[0]
}

func (f *fixture) message(id int64) messageRow {
	f.t.Helper()
	m, err := f.store.message(f.t.Context(), id)
	require.NoError(f.t, err)
	return m
}
