package apptest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What a story's people are called: no log line may ever hold these.
const (
	memberPassword = "correct horse 17"
	canaryName     = "Kanaria Hanako"
	canaryPhone    = "09087654321"
	canaryStreet   = "Kanaria-dori 4-5-6"
)

// Story is the main job: a shopper of the Japanese site finds goods, signs up, orders and pays; Entrepot buys at 1688;
// the goods travel; 1688 learns everything. Its steps can be played one by one.
type Story struct {
	*Stack
	Shopper *Client
	Admin   *Client
	Items   []Item // at most one per seller

	Login, OrderID, PreviewToken string
	Total                        int64
	Currency                     string
	Parcel                       string
	Purchases                    []Purchase

	Stock bool // orders from the site's own stock: nothing is bought at 1688
	Split bool // 1688 makes two orders out of each purchase
	key   string
}

// Item is something to order.
type Item struct {
	OfferID  string `json:"offerId"`
	SkuID    string `json:"skuId,omitempty"`
	Quantity int64  `json:"quantity"`
	seller   string
}

// Purchase is a purchase at 1688 as staff see it.
type Purchase struct {
	ID, OutOrderID, AlibabaOrderID, State, UpstreamStatus, LastError string
	Lines                                                            []struct{ LineID, SubItemID string }
}

// Step is one step: Act does something and may be repeated when its answer was lost; Settle waits for what follows.
type Step struct {
	Name   string
	Act    func(t testing.TB) error
	Settle func(t testing.TB)
}

// NewStory prepares a story that orders from several sellers: staff are signed in and the goods are found.
func (s *Stack) NewStory(t testing.TB, sellers int) *Story {
	t.Helper()
	y := &Story{Stack: s, Shopper: s.Shopper("demo-japan"), Admin: s.Staff(t), Login: unique("hanako"), key: unique("key")}
	y.Items = s.Goods(t, y.Shopper, sellers)
	return y
}

// Goods finds goods that can be bought, each of another seller.
func (s *Stack) Goods(t testing.TB, shopper *Client, sellers int) (items []Item) {
	t.Helper()
	var hits struct{ Items []struct{ OfferID string } }
	shopper.Get(t, http.StatusOK, "/v1/search?pageSize=50&keyword="+url.QueryEscape("バッグ")).Decode(t, &hits)
	known := map[string]bool{}
	for _, h := range hits.Items {
		if len(items) == sellers {
			break
		}
		if it, ok := s.goods(t, shopper, h.OfferID); ok && !known[it.seller] {
			known[it.seller] = true
			items = append(items, it)
		}
	}
	require.Len(t, items, sellers, "the catalogue must offer enough sellers")
	return items
}

func (s *Stack) goods(t testing.TB, shopper *Client, offer string) (Item, bool) {
	t.Helper()
	var v struct {
		Available                                   bool
		SellerOpenID                                string
		MinOrderQuantity, BatchNumber, AmountOnSale int64
		Skus                                        []struct {
			SkuID        string
			AmountOnSale int64
		}
	}
	shopper.Get(t, http.StatusOK, "/v1/products/"+offer).Decode(t, &v)
	batch := max(1, v.BatchNumber)
	it := Item{OfferID: offer, Quantity: (max(v.MinOrderQuantity, 2) + batch - 1) / batch * batch, seller: v.SellerOpenID}
	if !v.Available {
		return it, false
	}
	for _, k := range v.Skus {
		if k.AmountOnSale >= 30*it.Quantity {
			it.SkuID = k.SkuID
			return it, s.buyable(t, shopper, it)
		}
	}
	return it, len(v.Skus) == 0 && v.AmountOnSale >= 30*it.Quantity && s.buyable(t, shopper, it)
}

// buyable asks for the price where somebody is signed in; without a token every offer passes.
func (s *Stack) buyable(t testing.TB, shopper *Client, it Item) bool {
	t.Helper()
	if shopper.Token == "" {
		return true
	}
	return len(s.Preview(t, shopper, it).Blockers) == 0
}

// Previewed is the answer to a preview.
type Previewed struct {
	PreviewToken string
	Groups       []struct{ SellerOpenID string }
	Blockers     []struct{ Code, Pointer, Detail string }
}

// Preview asks for a price.
func (s *Stack) Preview(t testing.TB, shopper *Client, items ...Item) (p Previewed) {
	t.Helper()
	shopper.Post(t, http.StatusOK, "/v1/orders/preview", map[string]any{"items": items}).Decode(t, &p)
	return p
}

// OrderBody is a well-formed order of a preview.
func OrderBody(previewToken string) map[string]any {
	return map[string]any{"previewToken": previewToken, "address": map[string]any{
		"fullName": canaryName, "phone": canaryPhone, "postCode": "1000001", "province": "Tokyo", "city": "Chiyoda", "address": canaryStreet,
	}}
}

// Steps are the whole story for the trigger on_paid.
func (y *Story) Steps() []Step {
	steps := []Step{
		{"signs up", y.signUp, y.registered},
		{"asks for the price", y.preview, nil},
		{"orders", y.place, nil},
		{"pays", y.pay, y.Bought},
		{"seller ships", func(t testing.TB) error { return y.Seller(t, "ship") }, func(t testing.TB) { y.Status(t, "shipped", "arrived") }},
		{"parcel travels", func(t testing.TB) error { return y.Seller(t, "accept", "transport", "deliver", "sign") }, func(t testing.TB) { y.Status(t, "arrived") }},
		{"national parcel leaves", y.ship, func(t testing.TB) { y.Status(t, "dispatched") }},
		{"member signs", y.sign, func(t testing.TB) { y.Status(t, "completed") }},
		{"1688 closes its side", func(t testing.TB) error { return y.Seller(t, "confirm", "success") }, y.Succeeded},
		{"1688 knows everything", nil, y.Complete},
	}
	if y.Stock { // nothing happens at 1688
		steps[3].Settle = func(t testing.TB) { y.Status(t, "paid") }
		steps = append(append([]Step{}, steps[:4]...), steps[6], steps[7], steps[9])
	}
	return steps
}

// Play plays steps to their end, each act once.
func (y *Story) Play(t testing.TB, steps ...Step) {
	t.Helper()
	for _, step := range steps {
		began := time.Now()
		if step.Act != nil {
			require.NoError(t, step.Act(t), step.Name)
		}
		if step.Settle != nil {
			step.Settle(t)
		}
		t.Logf("%-24s %v", step.Name, time.Since(began).Round(time.Millisecond))
	}
}

// Insist acts and repeats the act, after again, for as long as its answer does not arrive.
func (s Step) Insist(t testing.TB, again func()) {
	t.Helper()
	if s.Act == nil {
		return
	}
	for range 20 {
		err := s.Act(t)
		if !errors.Is(err, errAgain) {
			require.NoError(t, err, s.Name)
			return
		}
		again()
	}
	require.Fail(t, "no answer at all", s.Name)
}

// errAgain asks for a repetition: the answer did not arrive, or the program is just going down.
var errAgain = errors.New("no answer")

// send is one call of a step; without an answer it gives errAgain. Any status of want is fine.
func (y *Story) send(t testing.TB, c *Client, path string, body any, want []int, with ...With) (Answer, error) {
	a, err := c.Try(t, http.MethodPost, path, body, with...)
	if err != nil || a.Status == http.StatusServiceUnavailable {
		return a, fmt.Errorf("%w: %w", errAgain, err)
	}
	for _, w := range want {
		if a.Status == w {
			return a, nil
		}
	}
	return a, fmt.Errorf("POST %s: %d %s", path, a.Status, a.Body)
}

func (y *Story) signUp(t testing.TB) error {
	body := map[string]any{"loginName": y.Login, "password": memberPassword, "email": y.Login + "@example.com", "language": "ja"}
	a, err := y.send(t, y.Shopper, "/v1/accounts", body, []int{http.StatusCreated, http.StatusConflict})
	if err != nil {
		return err
	}
	var v struct {
		Tokens      struct{ AccessToken string }
		AccessToken string
	}
	if a.Status == http.StatusConflict { // an earlier try succeeded, its answer was lost
		a, err = y.send(t, y.Shopper, "/v1/sessions", map[string]any{"loginName": y.Login, "password": memberPassword}, []int{http.StatusCreated})
		if err != nil {
			return err
		}
	}
	a.Decode(t, &v)
	y.Shopper.Token = v.Tokens.AccessToken + v.AccessToken
	return nil
}

func (y *Story) registered(t testing.TB) {
	t.Helper()
	Eventually(t, "registration at 1688", func() (bool, string) {
		var v struct{ Registration struct{ State string } }
		y.Shopper.Get(t, http.StatusOK, "/v1/me").Decode(t, &v)
		return v.Registration.State == "registered", v.Registration.State
	})
}

func (y *Story) preview(t testing.TB) error {
	a, err := y.send(t, y.Shopper, "/v1/orders/preview", map[string]any{"items": y.Items}, []int{http.StatusOK})
	if err != nil {
		return err
	}
	var p Previewed
	a.Decode(t, &p)
	if len(p.Blockers) > 0 || len(p.Groups) != len(y.Items) {
		return fmt.Errorf("preview: %s", a.Body)
	}
	y.PreviewToken = p.PreviewToken
	return nil
}

func (y *Story) place(t testing.TB) error {
	body := OrderBody(y.PreviewToken)
	if y.Stock {
		body["orderType"] = "stock"
	}
	a, err := y.send(t, y.Shopper, "/v1/orders", body, []int{http.StatusCreated}, Idem(y.key))
	if err != nil {
		return err
	}
	var v struct {
		ID     string
		Totals struct {
			Total struct {
				Local struct {
					Amount   int64
					Currency string
				}
			}
		}
	}
	a.Decode(t, &v)
	y.OrderID, y.Total, y.Currency = v.ID, v.Totals.Total.Local.Amount, v.Totals.Total.Local.Currency
	return nil
}

func (y *Story) pay(t testing.TB) error {
	a, err := y.Pay(t, Payment{Order: y.OrderID, Ref: "pay-" + y.OrderID, Amount: y.Total, Currency: y.Currency})
	if err != nil || a.Status == http.StatusServiceUnavailable {
		return fmt.Errorf("%w: %w", errAgain, err)
	}
	if a.Status != http.StatusOK || !strings.Contains(string(a.Body), `"accepted"`) {
		return fmt.Errorf("payment: %d %s", a.Status, a.Body)
	}
	return nil
}

// AdminOrder is the order as staff see it.
type AdminOrder struct {
	Order       struct{ Status, StatusGroup string }
	Attention   string
	Purchases   []Purchase
	Transitions []struct{ Cause, To string }
}

// Seen reads the order as staff and keeps its purchases.
func (y *Story) Seen(t testing.TB) (v AdminOrder) {
	t.Helper()
	y.Admin.Get(t, http.StatusOK, "/admin/v1/orders/"+y.OrderID).Decode(t, &v)
	y.Purchases = v.Purchases
	return v
}

// Purchased waits until every purchase is in one of the states, in a story without trouble for staff.
func (y *Story) Purchased(t testing.TB, states ...string) {
	t.Helper()
	Eventually(t, "purchases "+strings.Join(states, " or "), func() (bool, string) {
		v := y.Seen(t)
		require.Empty(t, v.Attention, "the order needs staff")
		ok, text := len(v.Purchases) == y.parts(), []string{v.Order.Status}
		for _, p := range v.Purchases {
			text = append(text, p.State+" "+p.LastError)
			fits := false
			for _, s := range states {
				fits = fits || p.State == s
			}
			ok = ok && fits
		}
		return ok, strings.Join(text, ", ")
	})
}

// Bought waits until the order is bought and paid at 1688.
func (y *Story) Bought(t testing.TB) { t.Helper(); y.Purchased(t, "paid") }

// Succeeded waits until 1688's side is closed.
func (y *Story) Succeeded(t testing.TB) { t.Helper(); y.Purchased(t, "success") }

// Seller lets the simulated seller or carrier act on each purchase.
func (y *Story) Seller(t testing.TB, actions ...string) error {
	for _, p := range y.Purchases {
		for _, a := range actions {
			if err := y.Sandbox.Act(t, p.AlibabaOrderID, a); err != nil {
				return fmt.Errorf("%w: %w", errAgain, err)
			}
		}
	}
	return nil
}

// Status waits until the member sees one of the states.
func (y *Story) Status(t testing.TB, want ...string) {
	t.Helper()
	Eventually(t, "order status "+strings.Join(want, " or "), func() (bool, string) {
		var v struct{ Status string }
		y.Shopper.Get(t, http.StatusOK, "/v1/orders/"+y.OrderID).Decode(t, &v)
		for _, w := range want {
			if v.Status == w {
				return true, ""
			}
		}
		return false, v.Status
	})
}

func (y *Story) ship(t testing.TB) error {
	body := map[string]any{"parcelNo": "EN" + y.OrderID, "carrier": "Test Express", "trackingNo": "T" + y.OrderID}
	a, err := y.send(t, y.Admin, "/admin/v1/orders/"+y.OrderID+"/parcels", body, []int{http.StatusCreated, http.StatusConflict})
	if err != nil {
		return err
	}
	var v struct{ ID string }
	if a.Status == http.StatusCreated {
		a.Decode(t, &v)
		y.Parcel = v.ID
		return nil
	}
	if y.Parcel, err = y.nationalParcel(t); err != nil { // an earlier try succeeded, its answer was lost
		return err
	}
	return nil
}

func (y *Story) nationalParcel(t testing.TB) (string, error) {
	a, err := y.Shopper.Try(t, http.MethodGet, "/v1/orders/"+y.OrderID+"/parcels", nil)
	if err != nil {
		return "", fmt.Errorf("%w: %w", errAgain, err)
	}
	var v struct {
		Items []struct{ ID, Leg, ParcelNo string }
	}
	a.Decode(t, &v)
	for _, p := range v.Items {
		if p.Leg == "national" && p.ParcelNo == "EN"+y.OrderID {
			return p.ID, nil
		}
	}
	return "", fmt.Errorf("no national parcel: %s", a.Body)
}

func (y *Story) sign(t testing.TB) error {
	_, err := y.send(t, y.Admin, "/admin/v1/parcels/"+y.Parcel+"/events", map[string]any{"event": "sign"}, []int{http.StatusCreated})
	return err
}

// Entry is a row of the ledger.
type Entry struct {
	ID, Kind, ObjectKey, Version, State, Code, Message string
	Attempts                                           int
}

// Ledger reads what 1688 should know and what it acknowledged.
func (y *Story) Ledger(t testing.TB) (complete bool, rows []Entry) {
	t.Helper()
	var v struct {
		Complete bool
		Items    []Entry
	}
	y.Admin.Get(t, http.StatusOK, "/admin/v1/orders/"+y.OrderID+"/ledger").Decode(t, &v)
	return v.Complete, v.Items
}

// wanted is what the ledger of a finished story must hold, as "kind version" -> how many.
func (y *Story) wanted() map[string]int {
	want := map[string]int{"order payed": 1, "order_status success": 1, "logistics send": 1, "logistics_status sign": 1}
	if !y.Stock {
		want["relation 1"] = y.parts()
	}
	return want
}

// parts is how many 1688 orders belong to the story.
func (y *Story) parts() int {
	if y.Split {
		return 2 * len(y.Items)
	}
	return len(y.Items)
}

// Complete waits until 1688 has acknowledged every push of a finished story.
func (y *Story) Complete(t testing.TB) {
	t.Helper()
	Eventually(t, "acknowledgement of every push", func() (bool, string) {
		complete, rows := y.Ledger(t)
		have := map[string]int{}
		for _, r := range rows {
			if r.State == "acknowledged" {
				have[r.Kind+" "+r.Version]++
			}
		}
		return complete && assert.ObjectsAreEqual(y.wanted(), have), fmt.Sprintf("complete %v, %+v", complete, rows)
	})
}

// Verify compares a finished story with 1688's own record: each seller group was bought exactly once, nothing else was,
// every push took effect in the right order, and no word about a person is in our log.
func (y *Story) Verify(t testing.TB) {
	t.Helper()
	v := y.Seen(t)
	assert.Equal(t, "completed", v.Order.Status)
	assert.Empty(t, v.Attention)
	orders := y.Sandbox.Orders(t, "")
	if y.Stock {
		assert.Empty(t, orders, "a stock order buys nothing at 1688")
		assert.Empty(t, v.Purchases)
	} else {
		assert.Len(t, orders, y.parts(), "one 1688 order per seller group, and no other")
		require.Len(t, v.Purchases, y.parts())
	}
	for _, p := range v.Purchases {
		group, _, _ := strings.Cut(p.OutOrderID, "-") // parts that 1688 split off have its number behind it
		assert.Equal(t, 1, y.Sandbox.Creates(t, group), "createCrossOrder once per seller group")
		assert.True(t, slices.ContainsFunc(y.Sandbox.Orders(t, group), func(o UpstreamOrder) bool { return o.OrderID == p.AlibabaOrderID }))
	}
	y.verifyPushes(t, v)
	y.VerifyLogs(t)
}

func (y *Story) verifyPushes(t testing.TB, v AdminOrder) {
	t.Helper()
	pushes, warnings := y.Sandbox.Pushes(t)
	assert.Zero(t, warnings, "1688 objects to what it was told")
	latest := map[string]string{}
	for _, p := range pushes {
		if p.Accepted {
			latest[p.Kind+" "+p.Key] = p.Status
		}
	}
	assert.Equal(t, "success", latest["order "+y.OrderID])
	assert.Equal(t, "sign", latest["logistics "+y.OrderID+":EN"+y.OrderID])
	for _, p := range v.Purchases {
		for _, l := range p.Lines {
			assert.Contains(t, latest, "relation "+l.LineID+":"+l.SubItemID)
		}
	}
	registrations := 0
	for key := range latest {
		if strings.HasPrefix(key, "registration ") {
			registrations++
		}
	}
	assert.GreaterOrEqual(t, registrations, 1)
}

// VerifyLogs wants no person, no secret, no panic and no dead job in the program's log.
func (y *Story) VerifyLogs(t testing.TB) {
	t.Helper()
	text := y.Logs()
	for _, secret := range []string{canaryName, canaryPhone, canaryStreet, memberPassword, y.Login + "@", StaffPassword, PaymentSecret, y.Shopper.Token, y.Admin.Token} {
		if secret != "" {
			assert.NotContains(t, text, secret, "personal data or a secret is in the log")
		}
	}
	assert.NotContains(t, text, `"panic"`)
	assert.NotContains(t, text, "DATA RACE")
	assert.NotContains(t, text, "job dead")
}

// Bend is a JSON body with a change.
func Bend(body map[string]any, change func(m map[string]any)) []byte {
	raw, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	var copied map[string]any
	if err := json.Unmarshal(raw, &copied); err != nil {
		panic(err)
	}
	change(copied)
	if raw, err = json.Marshal(copied); err != nil {
		panic(err)
	}
	return raw
}
