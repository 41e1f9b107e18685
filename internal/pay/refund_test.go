package pay

import (
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"entrepot/internal/alibaba"
	"entrepot/internal/errs"
	"entrepot/internal/order"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// soldOrder writes a paid order with lines and reads it as after-sales does.
func (f *fixture) soldOrder(paid int64, amounts, quantities []int64) *order.Sold {
	f.t.Helper()
	var fen int64
	for _, a := range amounts {
		fen += 5 * a
	}
	id := f.order(map[string]any{"goods_fen": fen, "status": "paid", "rank_no": 10, "paid_minor": paid, "paid_at": f.clock.now(), "goods_minor": int64(0), "freight_minor": int64(101)})
	for i := range amounts {
		f.insert("order_lines", map[string]any{"id": f.db.NewID(), "order_id": id, "line_no": i + 1, "quantity": quantities[i], "amount_minor": amounts[i],
			"unit_minor": amounts[i] / quantities[i], "amount_fen": amounts[i] * 5, "created_at": f.clock.now()})
	}
	sold, err := f.orders.Sold(f.t.Context(), "", 0, id)
	require.NoError(f.t, err)
	return sold
}

// take opens a refund of some pieces of lines.
func (f *fixture) take(sold *order.Sold, freight bool, items ...RefundItem) (*fullRefund, error) {
	full := f.newRefund(sold, RefundWish{Kind: moneyOnly}, alibaba.RefundReason{}, 1, nil)
	for _, it := range items {
		full.lines = append(full.lines, refundLineRow{ID: f.db.NewID(), RefundID: full.ID, OrderID: sold.ID, LineID: it.LineID, Quantity: it.Quantity, Live: 1})
	}
	return full, f.store.open(f.t.Context(), sold, full, freight, func(dbTx) error { return nil })
}

// In whatever pieces and order a line is refunded, with refunds taken back in between, all of it brings exactly its amount
// and its freight.
func TestRefundSharesAreExact(t *testing.T) {
	f := newFixture(t, nil)
	r := rand.New(rand.NewPCG(1, 2))
	for range 12 {
		amounts, quantities := []int64{1 + r.Int64N(99_999), 1 + r.Int64N(9)}, []int64{1 + r.Int64N(9), 1 + r.Int64N(30)}
		total := amounts[0] + amounts[1] + 101
		sold := f.soldOrder(total, amounts, quantities)
		left := map[int64]int64{}
		for _, l := range sold.Lines {
			left[l.ID] = l.Quantity
		}
		var sum int64
		for step := 0; left[sold.Lines[0].ID]+left[sold.Lines[1].ID] > 0; step++ {
			l := sold.Lines[r.IntN(2)]
			if left[l.ID] == 0 {
				continue
			}
			n := 1 + r.Int64N(left[l.ID])
			full, err := f.take(sold, true, RefundItem{l.ID, n})
			require.NoError(t, err)
			if step < 5 && r.IntN(2) == 0 {
				require.NoError(t, f.Withdraw(t.Context(), full.ID))
				assert.Equal(t, "withdrawn", f.row("refunds", full.ID, "state")["state"])
				continue
			}
			left[l.ID] -= n
			sum += full.AmountMinor
			assert.LessOrEqual(t, sum, total)
		}
		assert.Equal(t, total, sum, "%v %v", amounts, quantities)
		_, err := f.take(sold, false, RefundItem{sold.Lines[0].ID, 1})
		assert.True(t, errs.Is(err, "refund.too_many"), "%v", err)
	}
}

// Twenty requests at once never reserve more than was paid, nor more pieces than a line has.
func TestRefundsTogether(t *testing.T) {
	f := newFixture(t, nil)
	for name, tt := range map[string]struct{ paid, want int64 }{"bounded by pieces": {5000, 7}, "bounded by what was paid": {450, 4}} {
		sold := f.soldOrder(tt.paid, []int64{700}, []int64{7})
		var won atomic.Int64
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				_, err := f.take(sold, false, RefundItem{sold.Lines[0].ID, 1})
				var e *errs.Error
				switch {
				case err == nil:
					won.Add(1)
				case !errors.As(err, &e) || e.Code != errs.Rule:
					t.Errorf("%s: %v", name, err)
				}
			})
		}
		all.Wait()
		assert.Equal(t, tt.want, won.Load(), name)
	}
}

// A refund above the limit needs two people; what is owed and paid back follows the decision.
func TestRefundSecondApprover(t *testing.T) {
	f := newFixture(t, func(o *Options) { o.SecondApproverFen = 1000 })
	sold := f.soldOrder(1000, []int64{700}, []int64{7})
	full, err := f.take(sold, false, RefundItem{sold.Lines[0].ID, 7})
	require.NoError(t, err)
	ok := func(dbTx, *fullRefund, bool) error { return nil }
	require.NoError(t, f.store.approve(t.Context(), full.ID, approver{ID: 1, Name: "ann"}, ok))
	assert.Equal(t, "deciding", f.row("refunds", full.ID, "state")["state"])
	assert.True(t, errs.Is(f.store.approve(t.Context(), full.ID, approver{ID: 1, Name: "ann"}, ok), "refund.same_approver"))
	require.NoError(t, f.store.approve(t.Context(), full.ID, approver{ID: 2, Name: "bob"}, ok))
	assert.Equal(t, "owed", f.row("refunds", full.ID, "state")["state"])
	assert.Equal(t, int64(1), f.count("member_refunds"))
	require.NoError(t, f.store.payOut(t.Context(), full.ID, approver{ID: 2, Name: "bob"}, "ref", func(dbTx, *fullRefund) error { return nil }))
	assert.Equal(t, "paid", f.row("refunds", full.ID, "state")["state"])
	assert.True(t, errs.Is(f.store.payOut(t.Context(), full.ID, approver{ID: 2}, "ref", func(dbTx, *fullRefund) error { return nil }), "refund.not_owed"))
	assert.True(t, errs.Is(f.Withdraw(t.Context(), full.ID), "refund.not_open"))
}

func TestPartStateWords(t *testing.T) {
	for word, want := range map[string]string{"waitselleragree": "waitselleragree", "WAIT_SELLER_AGREE": "waitselleragree", "REFUND_CLOSED": "refundclose", "refundclose": "refundclose"} {
		got, ok := partState(word)
		assert.True(t, ok, word)
		assert.Equal(t, want, got)
	}
	_, ok := partState("somethingnew")
	assert.False(t, ok)
}
