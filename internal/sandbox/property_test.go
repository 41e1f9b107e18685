package sandbox

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// legalMoves is the order table of the platform's documents, written down apart from the code: event -> starting statuses, status after.
var legalMoves = map[string]struct {
	from []string
	to   string
}{
	"BUYER_MAKE":                 {[]string{""}, "waitbuyerpay"},
	"ORDER_PRICE_MODIFY":         {[]string{"waitbuyerpay"}, "waitbuyerpay"},
	"ORDER_PAY":                  {[]string{"waitbuyerpay"}, "waitsellersend"},
	"ORDER_STEP_PAY":             {[]string{"waitsellersend"}, "waitsellersend"},
	"PART_PART_SENDGOODS":        {[]string{"waitsellersend"}, "waitsellersend"},
	"ANNOUNCE_SENDGOODS":         {[]string{"waitsellersend"}, "waitbuyerreceive"},
	"ORDER_COMFIRM_RECEIVEGOODS": {[]string{"waitbuyerreceive", "confirm_goods"}, "confirm_goods"},
	"ORDER_SUCCESS":              {[]string{"waitbuyerreceive", "confirm_goods"}, "success"},
	"ORDER_BUYER_CLOSE":          {[]string{"waitbuyerpay"}, "cancel"},
	"ORDER_SELLER_CLOSE":         {[]string{"waitbuyerpay", "waitsellersend", "waitbuyerreceive"}, "cancel"},
	"ORDER_BOPS_CLOSE":           {[]string{"waitbuyerpay"}, "cancel"},
}

// world drives one sandbox through random histories, without a network.
type world struct {
	t       *testing.T
	s       *Server
	rnd     *rand.Rand
	clk     *clock
	app     *app
	live    []*order
	last    map[int64]string // status of each order when last looked at
	seen    map[int64]time.Time
	begin   map[int64]int64 // stock at the start, of scarce SKUs
	sellers [][]*offer
	actions []orderAction
	reached map[string]map[string]int // kind of state -> state -> times
	refused int
}

func newWorld(t *testing.T, seed uint64) *world {
	clk := newClock()
	s, err := New(Options{Offers: 600, Now: clk.now})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	w := &world{
		t: t, s: s, rnd: rand.New(rand.NewPCG(seed, 1)), clk: clk, app: s.apps[DemoKey], last: map[int64]string{}, seen: map[int64]time.Time{}, begin: map[int64]int64{}, actions: orderActions(),
		reached: map[string]map[string]int{},
	}
	cat := s.cat.Load()
	w.sellers = make([][]*offer, cat.sellers())
	for i := range cat.offers {
		o := &cat.offers[i]
		if o.traits&(delisted|noAPIOrder|outOfStock) == 0 {
			w.sellers[o.seller] = append(w.sellers[o.seller], o)
		}
		for j, k := range cat.skus(o) {
			if (i+j)%5 == 0 { // scarce: it runs out
				w.begin[k.id] = int64(20 + (i+j)%200)
				s.stock[k.id] = w.begin[k.id]
			}
		}
	}
	return w
}

func (w *world) saw(kind, state string) {
	if w.reached[kind] == nil {
		w.reached[kind] = map[string]int{}
	}
	w.reached[kind][state]++
}

// api runs a handler the way the gateway does once it has accepted a call.
func (w *world) api(name string, args map[string]string) []byte {
	c := &call{api: w.s.apis[name], app: w.app, args: url.Values{}, base: "http://x", now: w.s.now(), seed: w.s.seed}
	for k, v := range args {
		c.args.Set(k, v)
	}
	return w.s.execute(c)
}

func (w *world) pick(n int) int { return w.rnd.IntN(n) }

// order places a random cart and takes what came out of it.
func (w *world) order(n int) {
	offers := w.sellers[w.pick(len(w.sellers))]
	if len(offers) == 0 {
		return
	}
	var lines []obj
	cat := w.s.cat.Load()
	for range 1 + w.pick(3) {
		o := offers[w.pick(len(offers))]
		skus := cat.skus(o)
		k := skus[w.pick(len(skus))]
		q := o.moq + int64(w.pick(8))
		if o.batch > 0 {
			q = o.batch * int64(1+w.pick(3))
		}
		line := obj{"offerId": o.id, "quantity": q}
		if k.spec != "" {
			line["specId"] = k.spec
		}
		lines = append(lines, line)
	}
	args := map[string]string{
		"flow": []string{"general", "general", "general", "fenxiao", "boutiquepifa", "boutiquefenxiao"}[w.pick(6)], "outOrderId": "P-" + strconv.Itoa(n),
		"addressParam": testAddress, "cargoParamList": string(marshal(lines)), "tradeType": []string{"", "", "", "assureTrade", "period", "37staged", "37staged"}[w.pick(7)],
	}
	if w.pick(9) == 0 {
		w.api("com.alibaba.marketing/coupon.optimal.claim", map[string]string{"offerIds": fmt.Sprintf("[%d]", lines[0]["offerId"])})
	}
	before := len(w.s.orderIDs)
	a := w.api(createAPI, args)
	for _, id := range w.s.orderIDs[before:] {
		o := w.s.orders[id]
		w.live = append(w.live, o)
		w.last[id] = waitPay
		if o.TradeType == "period" {
			w.last[id] = o.Status // paid by the granted credit in the same call
		}
	}
	if before == len(w.s.orderIDs) {
		w.refused++
		require.Contains(w.t, string(a), `"success":false`, "no order, yet no refusal")
	}
}

// act does something random to a live order: an action of the table, or a call of the buyer.
func (w *world) act() {
	i := w.pick(len(w.live))
	o := w.live[i]
	before := o.Status
	switch w.pick(8) {
	case 0:
		w.api(cancelAPI, map[string]string{"webSite": "1688", "tradeID": itoa(o.ID), "cancelReason": "other"})
	case 1:
		l := o.Lines[w.pick(len(o.Lines))]
		w.api("com.alibaba.trade/trade.receivegoods.confirm", map[string]string{"orderId": itoa(o.ID), "orderEntryIds": "[" + itoa(l.SubID) + "]"})
	case 2:
		w.api(payAPI, map[string]string{"tradeWithholdPreparePayParam": `{"orderId":` + itoa(o.ID) + `}`})
	default:
		var fit []orderAction
		for _, a := range w.actions {
			rare := strings.HasPrefix(a.name, "close-by") || a.name == "terminate" || a.name == "refund-apply"
			if (a.from == nil || slices.Contains(a.from, o.Status)) && w.s.refundActionFits(o, a.name) && (!rare || w.pick(4) == 0) {
				fit = append(fit, a)
			}
		}
		if len(fit) > 0 {
			a := fit[w.pick(len(fit))]
			w.locked(func() {
				if err := a.do(w.s, o, w.body(o, a.name)); err != nil {
					w.refused++
					assert.Equal(w.t, before, o.Status, "%s failed and moved the order", a.name)
				}
			})
		}
	}
	w.look(o, false)
	if o.final() && w.pick(3) == 0 {
		w.live[i] = w.live[len(w.live)-1]
		w.live = w.live[:len(w.live)-1]
	}
}

// locked runs f as a control call would.
func (w *world) locked(f func()) {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	f()
	w.s.commit()
}

func (w *world) body(o *order, action string) *actionBody {
	in := &actionBody{Travel: w.pick(2) == 0}
	switch {
	case action == "modify-price" && w.pick(2) == 0:
		d, f := int64(w.pick(400)-300), int64(w.pick(2000))
		in.Discount, in.Freight = &d, &f
	case action == "modify-price" && w.pick(2) == 0:
		d := int64(w.pick(200) - 100)
		in.Lines = append(in.Lines, struct {
			Sub      text   `json:"subItemId"`
			Quantity int64  `json:"quantity"`
			Discount *int64 `json:"discountFen"`
		}{Sub: text(itoa(o.Lines[0].SubID)), Discount: &d})
	case action == "refund-apply" && w.pick(3) > 0:
		in.Reason = "return"
	case strings.HasSuffix(action, "ship") && w.pick(6) == 0:
		in.Kind = noLogistics
	}
	return in
}

// pass lets time go by; whatever moved must have moved along the table.
func (w *world) pass(d time.Duration) {
	w.clk.mu.Lock()
	w.clk.t = w.clk.t.Add(d)
	w.clk.mu.Unlock()
	w.locked(w.s.tick)
	for _, o := range w.live {
		w.look(o, true)
	}
}

// look checks an order after something happened: its moves, sums and pieces.
func (w *world) look(o *order, timed bool) {
	from, to := w.last[o.ID], o.Status
	w.last[o.ID] = to
	if timed && w.seen[o.ID].Equal(o.Modified) {
		return
	}
	w.seen[o.ID] = o.Modified
	if from != to {
		legal := from == waitSend && to == terminated
		for _, m := range legalMoves {
			legal = legal || m.to == to && slices.Contains(m.from, from)
		}
		if timed && from == waitSend && to == success { // a refund gave up the last unsent pieces, and then the time was over
			legal = true
		}
		require.True(w.t, legal, "order %d went from %s to %s", o.ID, from, to)
	}
	w.saw("order", to)
	sum, back, ok := int64(0), int64(0), true
	for i := range o.Lines {
		l := &o.Lines[i]
		sum, back = sum+l.Amount, back+l.Refunded
		w.saw("line", o.lineStatus(l))
		w.saw("logistics", strconv.Itoa(o.logisticsStatus(l)))
		ok = ok && l.Shipped >= 0 && l.Dropped >= 0 && l.Returned >= 0 && l.Shipped+l.Dropped <= l.Quantity && l.Returned <= l.Shipped && l.Amount >= 0
		ok = ok && o.sent(l.SubID) == l.Shipped // parcels hold what was shipped
	}
	ok = ok && o.Goods == sum && o.total() == o.Goods+o.Freight+o.Discount-o.Cut-o.Coupon && o.total() >= 0
	ok = ok && o.Refunded >= 0 && o.Refunded <= o.paidFen() && back <= o.Refunded // never more back than was paid
	if !ok {
		require.Fail(w.t, "sums or pieces do not fit", string(marshal(o)))
	}
	for i := range o.Parcels {
		w.saw("parcel", o.Parcels[i].Node)
	}
	for _, term := range o.tradeTerms() {
		w.saw("payment", term["payStatus"].(string))
	}
	if o.RefundStatus != "" {
		w.saw("refund", o.RefundStatus)
	}
}

func (o *order) sent(sub int64) (n int64) {
	for _, p := range o.Parcels {
		for _, it := range p.Items {
			if it.SubID == sub && p.Node != parcelCancel {
				n += it.Quantity
			}
		}
	}
	return n
}

// view compares the sums of the order detail as a client reads them.
func (w *world) view(o *order) {
	a := decode(w.t, w.api(viewAPI, map[string]string{"webSite": "1688", "orderId": itoa(o.ID)}))
	base := at(w.t, a, "result", "baseInfo").(map[string]any)
	var items, postage int64
	for _, it := range at(w.t, a, "result", "productItems").([]any) {
		items += yuanNumber(w.t, at(w.t, it, "itemAmount"))
		postage += yuanNumber(w.t, at(w.t, it, "sharePostage"))
	}
	freight := yuanNumber(w.t, base["shippingFee"])
	require.Equal(w.t, yuanNumber(w.t, base["totalAmount"]), items+freight, "total = items + freight")
	require.Equal(w.t, freight, postage)
}

// stock checks that nothing was lost or made: what is left and what orders hold is what there was.
func (w *world) stock() {
	held := map[int64]int64{}
	for _, id := range w.s.orderIDs {
		for i := range w.s.orders[id].Lines {
			if l := &w.s.orders[id].Lines[i]; !l.Untaken {
				held[l.SKU] += l.Quantity - l.Dropped - l.Returned
			}
		}
	}
	cat := w.s.cat.Load()
	for i := range cat.offers {
		skus := cat.skus(&cat.offers[i])
		for j := range skus {
			k := &skus[j]
			start, scarce := w.begin[k.id]
			if !scarce {
				start = k.stock
			}
			if left := w.s.left(k); left < 0 || start != left+held[k.id] {
				require.Fail(w.t, "stock", "SKU %d had %d, has %d, orders hold %d", k.id, start, left, held[k.id])
			}
		}
	}
}

// messages replays what subscribers were told, order by order, against the table.
func (w *world) messages() {
	at := map[string]string{}
	for _, m := range w.s.messages {
		event, ok := strings.CutPrefix(m.Topic, "ORDER_BUYER_VIEW_")
		move, known := legalMoves[event]
		if !ok || !known { // parcels, refunds
			continue
		}
		if !slices.Contains(move.from, at[m.Key]) {
			require.Fail(w.t, "illegal move", "%s of order %s in %s", event, m.Key, at[m.Key])
		}
		at[m.Key] = move.to
	}
	for _, id := range w.s.orderIDs {
		o := w.s.orders[id]
		if o.Status != terminated {
			require.Equal(w.t, o.Status, at[itoa(id)], "the last message tells the status")
		}
	}
}

func heapInUse() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc) //nolint:gosec // far below 2^63
}

// TestTenThousandOrders drives orders through random legal histories and compares all states, moves, sums and stock with tables of its own.
// SANDBOX_SEED repeats a run.
func TestTenThousandOrders(t *testing.T) {
	total, seed := 10_000, uint64(20260303)
	if testing.Short() || raceOn {
		total = 1500
	}
	if v := os.Getenv("SANDBOX_SEED"); v != "" {
		n, err := strconv.ParseUint(v, 10, 64)
		require.NoError(t, err)
		seed = n
	}
	t.Logf("SANDBOX_SEED=%d", seed)
	before := heapInUse()
	w := newWorld(t, seed)
	for n := 0; len(w.s.orderIDs) < total || len(w.live) > 40; n++ {
		switch p := w.pick(100); {
		case len(w.s.orderIDs) < total && (p < 12 || len(w.live) < 60):
			w.order(n)
		case p == 98:
			w.pass(time.Duration(1+w.pick(400)) * time.Minute)
		case p == 99 && w.pick(12) == 0:
			w.pass(11 * 24 * time.Hour)
		default:
			w.act()
		}
		if n%37 == 0 && len(w.live) > 0 {
			w.view(w.live[w.pick(len(w.live))])
		}
	}
	w.stock()
	w.messages()
	w.check(total == 10_000)
	w.memory(before)
}

// check wants no state outside the platform's tables and, of a whole run, every state in them: a short one misses the rare ones.
func (w *world) check(whole bool) {
	want := map[string][]string{
		"order":     {"waitbuyerpay", "waitsellersend", "waitbuyerreceive", "confirm_goods", "success", "cancel", "terminated"},
		"line":      {"waitbuyerpay", "waitsellersend", "waitbuyerreceive", "confirm_goods", "success", "cancel", "terminated"},
		"logistics": {"1", "2", "3", "5", "8"},
		"parcel":    {"CONSIGN", "ACCEPT", "TRANSPORT", "DELIVERING", "AGENT_SIGN", "SIGN", "FAILED", "NOGET", "CANCEL"},
		"payment":   {"1", "2", "6", "8", "12"},
	}
	if slices.ContainsFunc(w.actions, func(a orderAction) bool { return a.name == "refund-apply" }) {
		want["logistics"] = append(want["logistics"], "4")
		want["payment"] = append(want["payment"], "4")
		want["refund"] = []string{"waitselleragree", "waitbuyermodify", "waitbuyersend", "waitsellerreceive", "refundsuccess", "refundclose"}
	}
	for kind, states := range want {
		reached := slices.Collect(maps.Keys(w.reached[kind]))
		assert.Subset(w.t, states, reached, kind)
		if whole {
			assert.ElementsMatch(w.t, states, reached, kind)
		}
	}
	w.t.Logf("%d orders, %d messages, %d refusals, reached %v", len(w.s.orderIDs), len(w.s.messages), w.refused, w.reached)
}

// memory compares the heap with the state as the journal would write it: what is kept is that, and not the way it came about.
func (w *world) memory(before int64) {
	path := filepath.Join(w.t.TempDir(), "state")
	w.locked(func() { require.NoError(w.t, w.s.writeSnapshot(path)) })
	info, err := os.Stat(path)
	require.NoError(w.t, err)
	used := heapInUse() - before
	w.t.Logf("heap %d MB for a state of %d MB", used>>20, info.Size()>>20)
	assert.Less(w.t, used, 5*info.Size()+64<<20)
	runtime.KeepAlive(w)
}
