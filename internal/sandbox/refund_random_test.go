package sandbox

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// orderMoves are the legal moves of the order's table, refunds included.
var orderMoves = map[string][]string{
	waitSend: {waitSend, waitReceive, cancelled}, waitReceive: {waitReceive, confirmed, success, cancelled}, confirmed: {confirmed, success},
	success: {success}, cancelled: {cancelled},
}

// refundMovesAllowed are the legal moves of a refund's status.
var refundMovesAllowed = map[string][]string{
	"":          {refundAsked},
	refundAsked: {refundAsked, refundRejected, refundToSend, refundPaid, refundEnded}, refundRejected: {refundRejected, refundAsked, refundPaid, refundEnded},
	refundToSend: {refundToSend, refundToReceive, refundPaid, refundEnded}, refundToReceive: {refundToReceive, refundPaid, refundEnded},
}

// story drives one order through a random history.
type story struct {
	t       *testing.T
	s       *Server
	rng     *rand.Rand
	o       *order
	stock   map[int64]int64
	seen    int  // messages before it
	closed  bool // without a refund: everything was paid back
	actions []string
	log     []string
}

func (st *story) one(list []string) string { return list[st.rng.IntN(len(list))] }

// begin places and pays an order of a few lines with an odd price.
func (st *story) begin(skus []*sku, owner *offer, n int) {
	s, now := st.s, st.s.now()
	o := &order{
		ID: s.nextOrderID(), App: DemoKey, Buyer: s.apps[DemoKey].buyer.memberID, Seller: owner.seller, SellerMember: "b2b-seller", Status: waitPay, Created: now,
		Freight: st.rng.Int64N(2000), Flow: "general", TradeType: "fxassure",
	}
	st.stock = map[int64]int64{}
	for i := range 1 + st.rng.IntN(min(3, len(skus))) {
		k := skus[i]
		q := 1 + st.rng.Int64N(9)
		st.stock[k.id] = s.left(k)
		l := orderLine{SubID: o.ID + int64(i+1)*1000, Offer: owner.id, SKU: k.id, Quantity: q, Unit: 1 + st.rng.Int64N(5000)}
		l.Amount = l.Unit * q
		o.Lines = append(o.Lines, l)
		o.Goods += l.Amount
		s.moveStock(k, -q)
	}
	s.touch(o)
	st.o = o
	require.NoError(st.t, s.modifyPrice(o, -st.rng.Int64N(o.Goods+o.Freight+1), o.Freight))
	require.NoError(st.t, s.pay(o, "alipay"))
	if n%3 > 0 {
		require.NoError(st.t, s.act(o, "ship", &actionBody{}))
	}
	if n%3 > 1 {
		require.NoError(st.t, s.act(o, st.one([]string{"confirm", "success"}), &actionBody{}))
	}
	st.log = append(st.log, fmt.Sprintf("story %d", n))
}

func (st *story) step() {
	s, o := st.s, st.o
	switch n := st.rng.IntN(10); {
	case n < 3:
		st.apply()
	case n < 8:
		in := &actionBody{}
		name := st.one(st.actions)
		for range 20 { // mostly something that fits; the tail of the list closes refunds
			if st.rng.IntN(4) > 0 && (!s.refundActionFits(o, name) || st.rng.IntN(3) > 0 && strings.HasPrefix(name, "refund-step")) {
				name = st.one(st.actions)
			}
		}
		if st.rng.IntN(3) == 0 {
			in.Reason = st.one([]string{"return", "refund", "close"})
		}
		if st.rng.IntN(4) == 0 {
			v := st.rng.Int64N(o.Goods + 1)
			in.Amount = &v
		}
		if list := s.refundsOf(o.ID); len(list) > 0 && st.rng.IntN(2) == 0 {
			in.RefundID = list[st.rng.IntN(len(list))].id()
		}
		err := s.act(o, name, in)
		st.closed = st.closed || err == nil && name == "close-by-seller"
		st.log = append(st.log, fmt.Sprint(name, " ", err))
	default:
		d := time.Duration(st.rng.IntN(3*24)) * time.Hour
		s.turn(s.now().Add(d), 1)
		st.log = append(st.log, "pass "+d.String())
	}
}

func (st *story) apply() {
	o := st.o
	var subs []string
	for _, l := range o.Lines {
		if st.rng.IntN(3) > 0 {
			subs = append(subs, itoa(l.SubID))
		}
	}
	var items []refundItem
	for _, sub := range subs {
		n, _ := num(sub).int()
		items = append(items, refundItem{n, o.line(n).piecesLeft()})
	}
	most := o.mostGoods(items)
	payment := most
	if st.rng.IntN(3) == 0 {
		payment = st.rng.Int64N(most + 2)
	}
	args := url.Values{
		"orderId": {itoa(o.ID)}, "orderEntryIds": {"[" + strings.Join(subs, ",") + "]"}, "disputeRequest": {st.one([]string{"refund", "returnRefund"})},
		"applyPayment": {itoa(payment)}, "applyCarriage": {itoa(st.rng.Int64N(o.Freight+1) * st.rng.Int64N(2))}, "applyReasonId": {st.one([]string{"20028", "20021", "20041", "20032"})},
		"description": {"随机测试"}, "goodsStatus": {st.one(goodsStatuses)}, "customRefund": {st.one([]string{"true", "false"})},
	}
	if len(items) > 0 && st.rng.IntN(3) > 0 {
		goods := o.goodsNow(o.line(items[0].Sub))
		args.Set("goodsStatus", goods)
		reason := reasonsFor(goods)[st.rng.IntN(2)]
		args.Set("applyReasonId", itoa(reason.id))
		if reason.noPost {
			args.Set("applyCarriage", "0")
		}
		if goods == goodsReceived || goods == goodsLateDelivered {
			args.Set("disputeRequest", "returnRefund")
		}
	}
	if len(items) > 0 && items[0].Count > 0 && st.rng.IntN(2) == 0 {
		args.Set("orderEntryCountList", fmt.Sprintf(`[{"id":%d,"count":%d}]`, items[0].Sub, 1+st.rng.Int64N(items[0].Count)))
	}
	_, ref := st.s.createRefund(&call{app: st.s.apps[DemoKey], args: args})
	if ref != nil {
		st.log = append(st.log, "apply "+ref.code)
	} else {
		st.log = append(st.log, "apply ok "+args.Encode())
	}
}

// check is what must hold after every step.
func (st *story) check() {
	o, s := st.o, st.s
	paid, sum, perRefund := o.paidLines(), o.RefundedFreight, int64(0)
	ok := func(good bool, what string, v ...any) {
		require.True(st.t, good, "%s %v\n%s", what, v, strings.Join(st.log, "\n"))
	}
	total := o.paidFreight()
	for i := range o.Lines {
		l := &o.Lines[i]
		sum, total = sum+l.Refunded, total+paid[i]
		ok(l.Refunded >= 0 && l.Refunded <= paid[i], "line refund", l, paid[i])
		ok(l.RefundedQty >= 0 && l.RefundedQty <= l.Quantity && l.Shipped+l.Dropped <= l.Quantity && l.Returned <= l.Shipped, "pieces", l)
		ok(s.stock[l.SKU]+l.Quantity-l.Dropped-l.Returned == st.stock[l.SKU], "stock", l, s.stock[l.SKU], st.stock[l.SKU])
		ok(l.RefundedQty <= l.Returned || l.Refunded == paid[i], "pieces are gone only if they came back or were paid back whole", l, paid[i])
		running := 0
		for _, r := range s.runningRefunds(o.ID) {
			if r.has(l.SubID) {
				running++
			}
		}
		ok(running <= 1, "one refund per line", l)
	}
	ok(total == o.total(), "split of what was paid", paid)
	ok(sum == o.Refunded && o.Refunded <= o.total() && o.RefundedFreight <= o.paidFreight(), "sums", o.Refunded, sum, o.total())
	ops, messages := 0, 0
	for _, r := range s.refundsOf(o.ID) {
		perRefund += r.Paid + r.PaidPost
		ops += len(r.Ops)
		status := ""
		for _, op := range r.Ops {
			ok(op.Before == status && slices.Contains(refundMovesAllowed[status], op.After), "refund move", op)
			status = op.After
		}
		ok(status == r.Status, "last operation", r)
		ok(r.final() || r.Payment <= o.mostGoods(r.Items), "asked within what is left", r)
	}
	ok(st.closed || perRefund == o.Refunded, "refunds and order agree", perRefund, o.Refunded)
	promised := o.RefundedFreight
	for _, r := range s.runningRefunds(o.ID) {
		promised += r.Carriage
	}
	ok(promised <= o.paidFreight(), "freight promised twice")
	for _, m := range s.messages[st.seen:] {
		if strings.Contains(m.Topic, "REFUND") && m.Key == itoa(o.ID) {
			messages++
		}
	}
	ok(ops == messages, "one message per operation", ops, messages)
}

// Random legal and illegal histories of refunds: money exact, stock conserved, only moves of the tables, one message per operation.
func TestRandomRefundHistories(t *testing.T) {
	f := start(t, Options{})
	s := f.srv
	owner, _ := f.pickOffer(func(o *offer) bool { return plainOffer(o) && len(s.cat.Load().skus(o)) > 2 })
	var skus []*sku
	all := s.cat.Load().skus(owner)
	for i := range all {
		skus = append(skus, &all[i])
	}
	actions := []string{"ship", "part-ship", "sign", "confirm", "success", "close-by-seller"}
	for _, a := range refundActions() {
		actions = append(actions, a.name)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range skus {
		s.stock[k.id] = 1_000_000
	}
	reached, ends := map[string]int{}, map[string]int{}
	for n := range 400 {
		st := &story{t: t, s: s, rng: rand.New(rand.NewPCG(uint64(n), 7)), actions: actions, seen: len(s.messages)}
		st.begin(skus, owner, n)
		for range 25 {
			before := st.o.Status
			st.step()
			require.Contains(t, orderMoves[before], st.o.Status, strings.Join(st.log, "\n"))
			st.check()
			for _, r := range s.refundsOf(st.o.ID) {
				reached[r.Status]++
			}
		}
		ends[st.o.Status]++
		s.timers.list = nil // the next story has the stock for itself
		s.dirty = entry{}
	}
	for _, status := range refundStatuses {
		assert.Greater(t, reached[status], 20, status)
	}
	for _, status := range []string{waitReceive, success, cancelled} {
		assert.Positive(t, ends[status], status)
	}
}

// FuzzCreateRefund throws anything at the parameters: a business answer, never a panic, and money stays within what was paid.
func FuzzCreateRefund(f *testing.F) {
	fx := start(f, Options{})
	s := fx.srv
	id, subs := fx.bought("pay", "ship")
	f.Add("["+subs[0]+"]", "1", "0", "20028", goodsOnTheWay, "refund", "退款", `[]`, `[{"id":1,"count":1}]`)
	f.Add(`["`+subs[1]+`",null,{}]`, "1e9", "-1", "x", goodsReceived, "returnRefund", "\xff\xfe", `[1]`, `{"a":[[[[]]]]}`)
	f.Add(strings.Repeat("[", 10000), "9223372036854775807", "", "", "", "", strings.Repeat("长", 200), `["http://[::1"]`, "null")
	f.Add("["+subs[0]+","+subs[1]+"]", "1", "0", "20021", goodsReceived, "returnRefund", "退款", `["%zz"]`, `[{"id":`+subs[0]+`,"count":9223372036854775807}]`)
	f.Fuzz(func(t *testing.T, entries, payment, carriage, reason, goods, wish, text, vouchers, counts string) {
		s.mu.Lock()
		defer s.mu.Unlock()
		n, _ := num(id).int()
		o := s.orders[n]
		args := url.Values{
			"orderId": {id}, "orderEntryIds": {entries}, "applyPayment": {payment}, "applyCarriage": {carriage}, "applyReasonId": {reason}, "goodsStatus": {goods},
			"disputeRequest": {wish}, "description": {text}, "vouchers": {vouchers}, "orderEntryCountList": {counts},
		}
		c := &call{app: s.apps[DemoKey], args: args}
		payload, ref := s.createRefund(c)
		if ref != nil {
			require.Len(t, ref.code, 4)
			_ = marshal(envA(false).bad(ref))
		} else {
			_ = marshal(payload)
		}
		for _, r := range s.runningRefunds(o.ID) {
			require.LessOrEqual(t, r.Payment+r.Carriage, o.total())
			_ = marshal(s.opRefund(r, true, ""))
			require.NoError(t, s.moveRefund(r, "BUYER_CANCEL_REFUND_CLOSE", refundNote{}))
		}
		for _, name := range []string{"input", "param"} {
			c.args = url.Values{name: {entries}}
			_, _ = s.maxRefundFee(c)
			_, _ = s.arbitrationApply(c)
		}
		s.dirty = entry{}
	})
}
