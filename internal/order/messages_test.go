package order

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"pgregory.net/rapid"

	"entrepot/internal/site"
)

// notice is what a worker read when it acted on one message: the message names its topic only, the read says what is so.
type notice struct {
	topic string
	fact  tradeFact
}

// topics lets things happen to a 1688 order and reads it after each message they send.
func (f *fixture) topics(alibabaOrder string, steps ...[3]string) []notice {
	f.t.Helper()
	list := []notice{{"ORDER_BUYER_VIEW_BUYER_MAKE", f.read(alibabaOrder)}}
	for _, s := range steps {
		f.act(alibabaOrder, s[1], s[2])
		list = append(list, notice{s[0], f.read(alibabaOrder)})
	}
	return list
}

// lives are the ways an order may go; together they send every topic about orders.
var lives = []struct {
	name  string
	steps [][3]string
	end   PurchaseState
}{
	{"bought, shipped in parts, received, refunded after the sale", [][3]string{
		{"ORDER_BUYER_VIEW_ORDER_PRICE_MODIFY", "modify-price", `{"totalFen":9999999}`}, {"ORDER_BUYER_VIEW_ORDER_PRICE_MODIFY", "modify-price", `{"totalFen":5000}`},
		{"ORDER_BUYER_VIEW_ORDER_PAY", "pay", ""}, {"ORDER_BUYER_VIEW_PART_PART_SENDGOODS", "part-ship", `{"carrier":"ZTO","billNo":"Z1"}`},
		{"ORDER_BUYER_VIEW_ANNOUNCE_SENDGOODS", "ship", `{"carrier":"YTO","billNo":"Y1"}`}, {"LOGISTICS_BUYER_VIEW_TRACE", "accept", ""},
		{"LOGISTICS_MAIL_NO_CHANGE", "change-mail-no", `{"carrier":"STO","billNo":"S1"}`}, {"LOGISTICS_BUYER_VIEW_TRACE", "sign", ""},
		{"ORDER_BUYER_VIEW_ORDER_COMFIRM_RECEIVEGOODS", "confirm", ""}, {"ORDER_BUYER_VIEW_ORDER_SUCCESS", "success", ""},
		{"ORDER_BUYER_VIEW_ORDER_REFUND_AFTER_SALES", "refund-apply", `{"reason":"return"}`},
	}, Success},
	{"paid although dearer", [][3]string{
		{"ORDER_BUYER_VIEW_ORDER_PRICE_MODIFY", "modify-price", `{"totalFen":9999999}`}, {"ORDER_BUYER_VIEW_ORDER_BATCH_PAY", "pay", ""},
		{"ORDER_BUYER_VIEW_ANNOUNCE_SENDGOODS", "ship", `{"carrier":"YTO","billNo":"Y1"}`},
	}, Sent},
	{"closed by the seller over a price", [][3]string{
		{"ORDER_BUYER_VIEW_ORDER_PRICE_MODIFY", "modify-price", `{"totalFen":9999999}`}, {"ORDER_BUYER_VIEW_ORDER_SELLER_CLOSE", "close-by-seller", `{"reason":"sellerGoodsLack"}`},
	}, Closedup},
	{"closed after payment", [][3]string{
		{"ORDER_BUYER_VIEW_ORDER_STEP_PAY", "pay", ""}, {"ORDER_BUYER_VIEW_ORDER_SELLER_CLOSE", "close-by-seller", `{"reason":"sellerGoodsLack"}`},
	}, Closedup},
	{"closed by 1688", [][3]string{{"ORDER_BUYER_VIEW_ORDER_BOPS_CLOSE", "close-by-ops", ""}}, Closedup},
	{"refunded before it was shipped", [][3]string{
		{"ORDER_BUYER_VIEW_ORDER_PAY", "pay", ""}, {"ORDER_BUYER_VIEW_ORDER_BUYER_REFUND_IN_SALES", "refund-apply", ""},
		{"ORDER_BUYER_VIEW_ORDER_BUYER_REFUND_IN_SALES", "refund-agree", ""},
	}, Closedup},
}

// books is what buying left behind for the member, without ids and times.
func (f *fixture) books(orderID int64) []string {
	f.t.Helper()
	o := f.order(orderID)
	require.NoError(f.t, f.store.buyingOf(f.t.Context(), o))
	out := []string{fmt.Sprint("account ", o.account.ExtraMinor, " ", o.account.OwedMinor), fmt.Sprint("question ", o.approval.NewFen, " ", o.approval.NewMinor)}
	for _, sh := range o.shortages {
		out = append(out, fmt.Sprint("short ", sh.Quantity, " ", sh.AmountFen, " ", sh.AmountMinor, " ", sh.Cause, " ", sh.Code, " ", sh.State))
	}
	for _, r := range o.refunds {
		out = append(out, fmt.Sprint("owed ", r.Quantity, " ", r.AmountMinor, " ", r.Cause, " ", r.State))
	}
	var terms []termsRow
	require.NoError(f.t, f.db.Read(f.t.Context()).Where("order_id = ?", orderID).Find(&terms).Error)
	for _, t := range terms {
		out = append(out, fmt.Sprint("terms ", t.QuotedMinor, " ", t.Hold))
	}
	for _, p := range f.purchases(orderID) {
		out = append(out, fmt.Sprint("purchase ", p.QuotedFen, " ", p.CloseReason, " ", p.RefundStatus))
	}
	slices.Sort(out)
	return out
}

// Whatever order the messages of a life come in, and however old the reads are that they lead to, the end is one: every row
// but ids and times.
func TestMessagesInAnyOrderEndAlike(t *testing.T) {
	for _, rule := range []site.Buying{{}, {Shortage: site.ShortageRefund, Extra: site.ExtraAbsorb, PriceCut: site.PriceCutRefund}} {
		f := newFixture(t, rules(rule))
		a, b := f.oneSeller()
		for _, life := range lives {
			t.Run(fmt.Sprint(life.name, " ", rule), func(t *testing.T) {
				f.t = t
				o, rows := f.started(a.item(0, a.enough()), b.item(0, b.enough()))
				require.NoError(t, f.Create(t.Context(), rows[0].ID))
				p, lines := f.purchases(o.order.ID)[0], f.purchaseLines(o.order.ID)
				messages := f.topics(*p.AlibabaOrderID, life.steps...)
				want := f.lived(o, p, lines, messages, life.end)
				for _, order := range orders(t, len(messages)) {
					shuffled := make([]notice, len(order))
					for i, n := range order {
						shuffled[i] = messages[n]
					}
					require.Equal(t, want, f.lived(o, p, lines, shuffled, life.end), "%v", order)
				}
			})
		}
	}
}

// lived plays messages on a copy of an order and says how it ended.
func (f *fixture) lived(o *full, p purchaseRow, lines []purchaseLineRow, messages []notice, end PurchaseState) []string {
	f.t.Helper()
	copied, purchase := f.copyOf(o, p, lines)
	for _, m := range messages {
		f.clock.advance(time.Second)
		require.NoError(f.t, f.store.apply(f.t.Context(), purchase, m.fact, m.topic), m.topic)
	}
	assert.Equal(f.t, end, f.purchases(copied)[0].State)
	return append(f.state(copied), f.books(copied)...)
}

// orders lists the orders n messages may come in: all of them up to 4!, else a sample.
func orders(t *testing.T, n int) [][]int {
	t.Helper()
	first := make([]int, n)
	for i := range first {
		first[i] = i
	}
	if n <= 4 {
		return permutations(first)
	}
	var out [][]int
	sample := rapid.Permutation(first)
	for seed := range 25 {
		out = append(out, sample.Example(seed))
	}
	return out
}

func permutations(list []int) (out [][]int) {
	if len(list) < 2 {
		return [][]int{slices.Clone(list)}
	}
	for i := range list {
		rest := slices.Delete(slices.Clone(list), i, i+1)
		for _, tail := range permutations(rest) {
			out = append(out, append([]int{list[i]}, tail...))
		}
	}
	return out
}

// The guard is in the UPDATE: whatever row of a purchase a caller holds, the stored one never goes back.
func TestPurchasesMoveOnlyUp(t *testing.T) {
	checks(t, 15)
	f := newFixture(t, nil)
	a := f.plain()[0]
	o, rows := f.started(a.item(0, a.enough()))
	lines := f.purchaseLines(o.order.ID)
	states := []PurchaseState{Creating, Unpaid, Bought, Sent, Received, Success, Closedup, Refused}
	rapid.Check(t, func(rt *rapid.T) {
		copied, _ := f.copyOf(o, rows[0], lines)
		held := f.purchases(copied)
		for range rapid.IntRange(1, 8).Draw(rt, "moves") {
			stored := f.purchases(copied)[0]
			held = append(held, stored)
			caller, to := rapid.SampledFrom(held).Draw(rt, "caller's row"), rapid.SampledFrom(states).Draw(rt, "to")
			var moved bool
			f.inTx(func(tx *gorm.DB) (err error) {
				moved, err = f.store.movePurchaseTx(t.Context(), tx, &caller, purchaseMove{to: to, cause: "test", actor: "test"})
				return err
			})
			after := f.purchases(copied)[0]
			require.Equal(rt, moved, purchaseRank[to] > stored.RankNo)
			require.Equal(rt, moved, after.State != stored.State)
			require.Equal(rt, purchaseRank[after.State], after.RankNo)
		}
	})
}
