package order

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"pgregory.net/rapid"

	"entrepot/internal/errs"
	"entrepot/internal/site"
)

func rules(b site.Buying) func(*Options) { return func(o *Options) { o.Rules.Buying = b } }

// seen is an order as its member reads it.
func (f *fixture) seen(o *full) *full {
	f.t.Helper()
	got, err := f.Order(f.t.Context(), member, f.site, o.order.ID)
	require.NoError(f.t, err)
	return got
}

func (f *fixture) answer(o *full, accept bool) {
	f.t.Helper()
	_, err := f.ApprovePrice(f.t.Context(), member, f.site, o.order.ID, f.seen(o).approval.ID, accept)
	require.NoError(f.t, err)
}

// owed is what all refunds of an order add up to.
func owed(o *full) (sum int64) {
	for _, r := range o.refunds {
		sum += r.AmountMinor
	}
	return sum
}

func (f *fixture) causes(orderID int64) (out []string) {
	f.t.Helper()
	rows, err := f.store.events(f.t.Context(), orderID)
	require.NoError(f.t, err)
	for _, e := range rows {
		out = append(out, e.Cause)
	}
	return out
}

func (f *fixture) dearer(o offer, percent string) {
	f.t.Helper()
	f.control("POST", "/offers/"+id(o.OfferID)+"/actions/price", `{"percent":`+percent+`}`, nil)
}

// One line ran out: it is left out, the rest is bought once, and staff have it bought again or refunded.
func TestAShortLineIsLeftOut(t *testing.T) {
	f := newFixture(t, nil)
	a, b := f.oneSeller()
	o, rows := f.started(a.item(0, a.enough()), b.item(0, b.enough()))
	f.buyAll(a, 0, 1)
	require.NoError(t, f.Create(t.Context(), rows[0].ID))
	p := f.purchases(o.order.ID)[0]
	assert.Equal(t, Unpaid, p.State)
	assert.Equal(t, 1, f.creates(p.OutOrderID))
	got := f.seen(o)
	require.Len(t, got.shortages, 1)
	sh := got.shortages[0]
	assert.Equal(t, []any{o.lines[0].ID, a.enough(), "500_004", shortOpen}, []any{sh.LineID, sh.Quantity, sh.Code, sh.State})
	assert.Equal(t, rows[0].QuotedFen, p.QuotedFen+sh.AmountFen, "its share has left the quote")
	assert.Equal(t, "shortage", got.order.Attention)
	require.NoError(t, f.Refresh(t.Context(), p.ID, "test"))

	decide := func(what string) error {
		return f.DecideShortage(f.staff(), ops, o.order.ID, sh.ID, shortDecision{decision: what, reason: "asked"})
	}
	for range 2 {
		require.NoError(t, decide("refund"))
	}
	assert.True(t, errs.Is(decide("retry"), "order.shortage_decided"))
	got = f.seen(o)
	require.Len(t, got.refunds, 1)
	assert.Equal(t, []int64{o.lines[0].ID, a.enough(), sh.AmountMinor}, []int64{got.refunds[0].LineID, got.refunds[0].Quantity, got.refunds[0].AmountMinor})
	assert.LessOrEqual(t, sh.AmountMinor, o.lines[0].AmountMinor, "no freight: the rest still travels")
	assert.Empty(t, got.order.Attention)
	assert.Equal(t, Ordered, got.order.Status)
	assert.True(t, errs.Is(f.DecideShortage(f.staff(), ops, o.order.ID, 5, shortDecision{decision: "refund"}), "order.shortage_unknown"))
}

// By the site's rule the member gets everything back when nothing can be bought, freight included, and the order is closed.
func TestNothingLeftIsRefunded(t *testing.T) {
	f := newFixture(t, rules(site.Buying{Shortage: site.ShortageRefund}))
	a, b := f.twoSellers()
	o, rows := f.started(a.item(0, a.enough()), b.item(0, b.enough()))
	f.buyAll(a, 0, 1)
	require.NoError(t, f.Create(t.Context(), rows[0].ID))
	require.NoError(t, f.Create(t.Context(), rows[1].ID))
	got := f.seen(o)
	assert.Equal(t, []any{Refused, Unpaid}, []any{f.purchases(o.order.ID)[0].State, f.purchases(o.order.ID)[1].State})
	assert.Equal(t, Ordered, got.order.Status)
	var q quote
	row, err := f.store.preview(t.Context(), o.order.PreviewID)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal([]byte(row.Payload), &q))
	assert.Equal(t, q.Groups[0].Sum.TotalMinor, owed(got), "the seller's whole part with its freight")

	f.act(*f.purchases(o.order.ID)[1].AlibabaOrderID, "close-by-seller", `{"reason":"sellerGoodsLack"}`)
	f.refreshOne(rows[1].ID)
	got = f.seen(o)
	assert.Equal(t, Cancelled, got.order.Status)
	assert.Equal(t, o.order.TotalMinor, owed(got), "everything that was paid, to the unit")
	assert.Equal(t, got.account.OwedMinor, owed(got))
	pushes := f.pushes(o.order.ID)
	assert.Equal(t, "close", pushes[len(pushes)-1].Status)
}

func (f *fixture) refreshOne(purchaseID int64) {
	f.t.Helper()
	require.NoError(f.t, f.Refresh(f.t.Context(), purchaseID, "test"))
}

// Staff have a refused line bought again: a purchase of its own, priced first.
func TestRetryOfAShortage(t *testing.T) {
	f := newFixture(t, nil)
	a := f.plain()[0]
	o, rows := f.started(a.item(0, a.enough()))
	f.control("POST", "/offers/"+id(a.OfferID)+"/actions/delist", "", nil)
	require.NoError(t, f.Create(t.Context(), rows[0].ID))
	got := f.seen(o)
	assert.Equal(t, "purchase_refused", got.order.Attention)
	require.Len(t, got.shortages, 1)
	f.control("POST", "/offers/"+id(a.OfferID)+"/actions/relist", "", nil)
	require.NoError(t, f.DecideShortage(f.staff(), ops, o.order.ID, got.shortages[0].ID, shortDecision{decision: "retry", reason: "back again"}))
	all := f.purchases(o.order.ID)
	require.Len(t, all, 2)
	require.NoError(t, f.Create(t.Context(), all[1].ID))
	all = f.purchases(o.order.ID)
	assert.Equal(t, []any{Refused, Unpaid}, []any{all[0].State, all[1].State})
	assert.Equal(t, rows[0].QuotedFen, all[1].QuotedFen, "with the whole quote of the group")
	assert.Equal(t, 1, f.creates(all[1].OutOrderID))
	assert.Empty(t, f.seen(o).order.Attention)
}

func TestStaffCancelAnOrderForAShortage(t *testing.T) {
	f := newFixture(t, nil)
	a, b := f.twoSellers()
	o, rows := f.started(a.item(0, a.enough()), b.item(0, b.enough()))
	f.buyAll(a, 0, 1)
	for _, p := range rows {
		require.NoError(t, f.Create(t.Context(), p.ID))
	}
	sh := f.seen(o).shortages[0]
	require.NoError(t, f.DecideShortage(f.staff(), ops, o.order.ID, sh.ID, shortDecision{decision: "cancel_order", reason: "asked"}))
	got := f.seen(o)
	assert.Equal(t, Cancelled, got.order.Status)
	assert.Equal(t, o.order.TotalMinor, owed(got))
	require.Len(t, f.jobsOf(JobCancelPurchase), 1, "of the one that lives at 1688")
	var wait errWait
	require.ErrorAs(t, f.CancelPurchase(t.Context(), rows[1].ID), &wait, "1688 closes nothing in the first ten seconds")
	f.clock.advance(wait.after)
	require.NoError(t, f.CancelPurchase(t.Context(), rows[1].ID))
	assert.Equal(t, Closedup, f.purchases(o.order.ID)[1].State)
	assert.Equal(t, o.order.TotalMinor, owed(f.seen(o)), "once")
}

// The price is checked again when the quote is old. Within the tolerance buying goes on; beyond it the member is asked.
func TestPriceMovesBeforeBuying(t *testing.T) {
	f := newFixture(t, nil)
	a := f.plain()[0]
	o, rows := f.started(a.item(0, a.enough()))
	f.clock.advance(11 * time.Minute)
	f.dearer(a, "150")
	require.NoError(t, f.Create(t.Context(), rows[0].ID))
	assert.Zero(t, f.creates(rows[0].OutOrderID), "nothing is created")
	got := f.seen(o)
	q := got.approval
	require.NotZero(t, q.ID)
	assert.Equal(t, []any{rows[0].QuotedFen, o.order.TotalMinor, "price_approval", string(Attention)}, []any{q.OldFen, q.OldMinor, got.order.Attention, got.order.StatusGroup})
	assert.Greater(t, q.NewMinor, q.OldMinor)
	view := f.viewer("ja", f.site).order(got)
	require.NotNil(t, view.Approval)
	require.Len(t, view.Approval.Lines, 1)
	assert.Equal(t, id(o.lines[0].ID), view.Approval.Lines[0].LineId)

	stranger := member
	stranger.ID++
	_, err := f.ApprovePrice(t.Context(), stranger, f.site, o.order.ID, q.ID, true)
	assert.True(t, errs.Is(err, "order.not_found"))
	_, err = f.ApprovePrice(t.Context(), member, f.site, o.order.ID, q.ID+1, true)
	assert.True(t, errs.Is(err, "order.approval_stale"))
	f.answer(o, true)
	_, err = f.ApprovePrice(t.Context(), member, f.site, o.order.ID, q.ID, true)
	require.NoError(t, err, "the same answer again")
	_, err = f.ApprovePrice(t.Context(), member, f.site, o.order.ID, q.ID, false)
	assert.True(t, errs.Is(err, "order.approval_stale"))

	due, err := f.Due(t.Context(), o.order.ID)
	require.NoError(t, err)
	assert.Equal(t, q.NewMinor-q.OldMinor, due.Minor, "exactly the difference")
	require.NoError(t, f.Create(t.Context(), rows[0].ID))
	assert.Zero(t, f.creates(rows[0].OutOrderID), "not before it is paid")
	assert.Equal(t, "extra_due", f.order(o.order.ID).order.Attention)
	f.inTx(func(tx *gorm.DB) error { return f.MarkPaidTx(t.Context(), tx, o.order.ID, due.Minor, f.clock.now()) })
	require.NoError(t, f.Create(t.Context(), rows[0].ID))
	assert.Equal(t, 1, f.creates(rows[0].OutOrderID))
	after := f.seen(o)
	assert.Empty(t, after.order.Attention)
	assert.Equal(t, q.NewMinor, after.order.PaidMinor)
	assert.Equal(t, q.NewFen, f.purchases(o.order.ID)[0].QuotedFen)
}

func TestDeclineBeforeBuying(t *testing.T) {
	f := newFixture(t, nil)
	a, b := f.twoSellers()
	o, rows := f.started(a.item(0, a.enough()), b.item(0, b.enough()))
	f.clock.advance(11 * time.Minute)
	f.dearer(a, "150")
	for _, p := range rows {
		require.NoError(t, f.Create(t.Context(), p.ID))
	}
	old := f.seen(o).approval.OldMinor
	f.answer(o, false)
	got := f.seen(o)
	assert.Equal(t, old, owed(got), "the seller's part, whatever the rule for shortages")
	assert.Equal(t, Ordered, got.order.Status, "the other seller's goods come")
	assert.Equal(t, Closedup, f.purchases(o.order.ID)[0].State)
	assert.Zero(t, f.creates(rows[0].OutOrderID))
	assert.Empty(t, got.order.Attention)
}

// The seller raises the price of an order that exists: payment waits for the member, who declines; 1688's ten-second rule is
// waited for.
func TestSellerRaisesThePrice(t *testing.T) {
	f := newFixture(t, nil)
	a := f.plain()[0]
	o, rows := f.bought(a.item(0, a.enough()))
	p := rows[0]
	f.act(*p.AlibabaOrderID, "modify-price", `{"totalFen":`+id(int64(p.TotalFen)*2)+`}`)
	f.refreshOne(p.ID)
	first := f.seen(o).approval.ID
	f.act(*p.AlibabaOrderID, "modify-price", `{"totalFen":`+id(int64(p.TotalFen)*3)+`}`)
	f.refreshOne(p.ID)
	due, err := f.ToPay(t.Context(), p.ID)
	require.NoError(t, err)
	assert.False(t, due.Unpaid, "held")
	_, err = f.ApprovePrice(t.Context(), member, f.site, o.order.ID, first, true)
	assert.True(t, errs.Is(err, "order.approval_stale"), "it was about another price")
	f.answer(o, false)
	f.clock.advance(-time.Second)
	var wait errWait
	require.ErrorAs(t, f.CancelPurchase(t.Context(), p.ID), &wait)
	f.clock.advance(wait.after)
	require.NoError(t, f.CancelPurchase(t.Context(), p.ID))
	got := f.seen(o)
	assert.Equal(t, []any{Closedup, Cancelled, o.order.TotalMinor}, []any{f.purchases(o.order.ID)[0].State, got.order.Status, owed(got)})
}

func TestSellerTakesTheRiseBack(t *testing.T) {
	f := newFixture(t, nil)
	a := f.plain()[0]
	o, rows := f.bought(a.item(0, a.enough()))
	p := rows[0]
	f.act(*p.AlibabaOrderID, "modify-price", `{"totalFen":`+id(int64(p.TotalFen)*2)+`}`)
	f.refreshOne(p.ID)
	require.NotZero(t, f.seen(o).approval.ID)
	f.act(*p.AlibabaOrderID, "modify-price", `{"totalFen":`+id(int64(p.TotalFen)+1)+`}`)
	f.refreshOne(p.ID)
	got := f.seen(o)
	assert.Zero(t, got.approval.ID)
	assert.Empty(t, got.order.Attention)
	assert.Contains(t, f.causes(o.order.ID), "price.moved", "the fen is recorded")
	assert.Len(t, f.jobsOf(JobPay), 2, "payment goes on")
}

func TestUnansweredQuestionsExpire(t *testing.T) {
	f := newFixture(t, nil)
	a := f.plain()[0]
	o, rows := f.started(a.item(0, a.enough()))
	f.clock.advance(11 * time.Minute)
	f.dearer(a, "150")
	require.NoError(t, f.Create(t.Context(), rows[0].ID))
	q := f.seen(o).approval.ID
	left, err := f.store.expire(t.Context(), q)
	require.NoError(t, err)
	assert.Equal(t, 6*time.Hour, left)
	f.clock.advance(left)
	for range 2 {
		left, err = f.store.expire(t.Context(), q)
		require.NoError(t, err)
		assert.Zero(t, left)
	}
	got := f.seen(o)
	assert.Equal(t, []any{Cancelled, o.order.TotalMinor}, []any{got.order.Status, owed(got)})
}

// The site's other rules: it takes a rise itself, and passes a cut on.
func TestSiteTakesRisesAndPassesCutsOn(t *testing.T) {
	f := newFixture(t, rules(site.Buying{Extra: site.ExtraAbsorb, PriceCut: site.PriceCutRefund}))
	a, b := f.twoSellers()
	o, rows := f.bought(a.item(0, a.enough()), b.item(0, b.enough()))
	f.act(*rows[0].AlibabaOrderID, "modify-price", `{"totalFen":`+id(int64(rows[0].TotalFen)*2)+`}`)
	f.act(*rows[1].AlibabaOrderID, "modify-price", `{"discountFen":-100}`)
	f.refreshAll(o.order.ID)
	due, err := f.ToPay(t.Context(), rows[0].ID)
	require.NoError(t, err)
	assert.True(t, due.Unpaid)
	for _, p := range rows {
		f.act(*p.AlibabaOrderID, "pay", "")
	}
	for range 2 {
		f.refreshAll(o.order.ID)
	}
	got := f.seen(o)
	assert.Empty(t, got.order.Attention)
	require.Len(t, got.refunds, 1)
	assert.Equal(t, "price.cut", got.refunds[0].Cause)
	assert.Positive(t, owed(got))
	assert.Less(t, owed(got), o.order.TotalMinor/2)
}

// A lost order without our number is found by the time it was made in; one that belongs elsewhere is not taken.
func TestProbeByTime(t *testing.T) {
	f := newFixture(t, nil)
	a := f.plain()[0]
	o, rows := f.started(a.item(0, a.enough()))
	f.fault("createCrossOrder", "reset", 1)
	require.Error(t, f.Create(t.Context(), rows[0].ID))
	b, err := f.store.purchase(t.Context(), rows[0].ID)
	require.NoError(t, err)
	other, mine := f.request(b), f.request(b)
	other.OutOrderID, mine.OutOrderID = "somebody-else", ""
	_, err = f.client.CreateCrossOrder(t.Context(), other)
	require.NoError(t, err)
	made, err := f.client.CreateCrossOrder(t.Context(), mine)
	require.NoError(t, err)
	f.run(rows[0].ID)
	got := f.purchases(o.order.ID)
	require.Len(t, got, 1)
	assert.Equal(t, made.Orders[0].OrderID.String(), *got[0].AlibabaOrderID)
	assert.Zero(t, f.creates(rows[0].OutOrderID))
	assert.Contains(t, f.causes(o.order.ID), "purchase.found_by_time")
	assert.Contains(t, f.causes(o.order.ID), "purchase.in_doubt")
}

// A trade mode that is not offered any more is asked about once more; then buying goes on with the one that is.
func TestRefusedTradeType(t *testing.T) {
	f := newFixture(t, nil)
	a := f.plain()[0]
	o, rows := f.started(a.item(0, a.enough()))
	f.inTx(func(tx *gorm.DB) error {
		return tx.Model(&purchaseRow{}).Where("id = ?", rows[0].ID).Update("trade_type", "gone").Error
	})
	require.NoError(t, f.Create(t.Context(), rows[0].ID))
	got := f.purchases(o.order.ID)[0]
	assert.Equal(t, Unpaid, got.State)
	assert.NotEqual(t, "gone", got.TradeType)
	assert.Equal(t, 2, f.calls(createAPI))
	assert.Contains(t, f.causes(o.order.ID), "purchase.asked_again")
}

func TestLinkAndResolve(t *testing.T) {
	f := newFixture(t, nil)
	a, c := f.twoSellers()
	o, rows := f.started(a.item(0, a.enough()), c.item(0, c.enough()))
	b, err := f.store.purchase(t.Context(), rows[0].ID)
	require.NoError(t, err)
	r := f.request(b)
	r.OutOrderID = ""
	made, err := f.client.CreateCrossOrder(t.Context(), r)
	require.NoError(t, err)
	no := made.Orders[0].OrderID.String()
	link := func(purchase int64, number string) error {
		return f.LinkPurchase(f.staff(), o.order.ID, purchase, number)
	}
	assert.True(t, errs.Is(link(rows[1].ID, no), "order.link_mismatch"), "other goods")
	assert.True(t, errs.Is(link(rows[0].ID, "5"), "order.link_unknown"))
	assert.True(t, errs.Is(link(5, no), "order.not_found"))
	for range 2 {
		require.NoError(t, link(rows[0].ID, no))
	}
	got := f.purchases(o.order.ID)[0]
	assert.Equal(t, []any{Unpaid, no}, []any{got.State, *got.AlibabaOrderID})
	assert.Contains(t, f.causes(o.order.ID), "staff.link")
	assert.True(t, errs.Is(link(rows[0].ID, "6"), "order.link_busy"))
	require.NoError(t, f.RefreshOrder(f.staff(), o.order.ID))

	require.NoError(t, f.NeedsStaff(t.Context(), o.order.ID, 0, "purchase_not_paid"))
	require.NoError(t, f.ResolveAttention(f.staff(), ops, o.order.ID, "done"))
	after := f.order(o.order.ID).order
	assert.Equal(t, []string{"", string(Fulfilling)}, []string{after.Attention, after.StatusGroup})
	assert.EqualValues(t, 3, f.count("audit"), "link, refresh, resolve")
}

// However claims come, no order is ever owed more than was paid for it, nor a line for more pieces than it has.
func TestOwedNeverExceedsPaid(t *testing.T) {
	checks(t, 15)
	f := newFixture(t, nil)
	a := f.plain()[0]
	o := f.placed(a.item(0, a.enough()), a.item(1, a.enough()))
	f.pay(o)
	var n int64
	rapid.Check(t, func(rt *rapid.T) {
		claims := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) Owed {
			return Owed{OrderID: o.order.ID, LineID: rapid.SampledFrom([]int64{0, o.lines[0].ID, o.lines[1].ID}).Draw(rt, "line"),
				Quantity: rapid.Int64Range(-1, a.enough()).Draw(rt, "pieces"), AmountMinor: rapid.Int64Range(-1, o.order.TotalMinor/2).Draw(rt, "amount"), Cause: "test"}
		}), 1, 6).Draw(rt, "claims")
		for _, w := range claims {
			n++
			w.Key = "test:" + id(n/2) // every second one is told twice
			err := f.db.InTx(t.Context(), func(tx *gorm.DB) error {
				if _, err := lockTx(tx, o.order.ID); err != nil {
					return err
				}
				return f.OweTx(t.Context(), tx, w)
			})
			if err != nil {
				require.True(rt, errs.Is(err, "refund.too_much"), "%v", err)
			}
		}
		got := f.seen(o)
		require.LessOrEqual(rt, owed(got), o.order.TotalMinor)
		require.Equal(rt, got.account.OwedMinor, owed(got))
		pieces := map[int64]int64{}
		for _, r := range got.refunds {
			pieces[r.LineID] += r.Quantity
			require.GreaterOrEqual(rt, r.AmountMinor, int64(0))
		}
		for _, l := range o.lines {
			require.LessOrEqual(rt, pieces[l.ID], l.Quantity)
		}
	})
	assert.Positive(t, owed(f.seen(o)))
}

// The shares of a quote: whatever is split off, the parts add up to the whole.
func TestApportion(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		total := rapid.Int64Range(0, 1<<50).Draw(rt, "total")
		weights := rapid.SliceOfN(rapid.Int64Range(0, 1<<50), 1, 8).Draw(rt, "weights")
		var sum int64
		for _, part := range apportion(total, weights) {
			require.GreaterOrEqual(rt, part, int64(0))
			sum += part
		}
		require.Equal(rt, total, sum)
		amount, of := rapid.Int64Range(0, 1<<55).Draw(rt, "amount"), rapid.Int64Range(1, 1_000_000).Draw(rt, "of")
		pieces := rapid.Int64Range(0, of).Draw(rt, "pieces")
		down, up := mulDiv(amount, pieces, of), mulDivUp(amount, pieces, of)
		require.Contains(rt, []int64{0, 1}, up-down)
		require.LessOrEqual(rt, down, amount)
	})
	assert.Equal(t, []int64{34, 33, 33}, apportion(100, []int64{1, 1, 1}))
	assert.Equal(t, []int64{100, 0}, apportion(100, []int64{0, 0}))
}
