package order

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"entrepot/internal/auth"
	"entrepot/internal/errs"
	"entrepot/internal/web"
)

func (f *fixture) cancelled(o *full) (*full, error) {
	f.t.Helper()
	return f.Cancel(f.t.Context(), member, f.site, o.order.ID, "changed my mind")
}

// Not bought yet: the order is cancelled at once, whatever was paid is owed back, and 1688 hears of it if it knew the order.
func TestCancelBeforeAnythingIsAt1688(t *testing.T) {
	for _, tt := range []struct {
		name          string
		paid, started bool
		last          string // what 1688 is told last
	}{{"unpaid", false, false, ""}, {"paid", true, false, "close"}, {"about to be bought", true, true, "close"}} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t, nil)
			a, b := f.twoSellers()
			o := f.placed(a.item(0, a.enough()), b.item(0, b.enough()))
			var due int64
			if tt.paid {
				f.pay(o)
				due = o.order.TotalMinor
			}
			if tt.started {
				require.NoError(t, f.StartPurchase(t.Context(), o.order.ID, "test", "test"))
			}
			for range 2 {
				got, err := f.cancelled(o)
				require.NoError(t, err)
				assert.Equal(t, []any{Cancelled, "member", due}, []any{got.order.Status, got.order.CloseReason, owed(got)})
				assert.Empty(t, got.order.Attention)
			}
			last := ""
			for _, p := range f.pushes(o.order.ID) {
				last = p.Status
			}
			assert.Equal(t, tt.last, last)
			require.NoError(t, f.StartPurchase(t.Context(), o.order.ID, "late", "system"))
			for _, p := range f.purchases(o.order.ID) {
				require.NoError(t, f.Create(t.Context(), p.ID))
				assert.Zero(t, f.creates(p.OutOrderID))
			}
			assert.Empty(t, f.jobsOf(JobCancelOrder))
		})
	}
}

// What exists at 1688 is closed there first, not in its first seconds, and not once more after a lost answer.
func TestCancelWhatIsAt1688(t *testing.T) {
	f := newFixture(t, nil)
	a, b := f.twoSellers()
	o, rows := f.bought(a.item(0, a.enough()), b.item(0, b.enough()))
	got, err := f.cancelled(o)
	require.NoError(t, err)
	assert.Equal(t, []any{Ordered, cancelWanted}, []any{got.order.Status, got.cancel.State})
	require.Len(t, f.jobsOf(JobCancelOrder), 1)
	for _, p := range rows {
		pay, err := f.ToPay(t.Context(), p.ID)
		require.NoError(t, err)
		assert.False(t, pay.Unpaid, "nobody pays it any more")
	}
	var wait errWait
	require.ErrorAs(t, f.FinishCancel(t.Context(), o.order.ID), &wait, "1688 closes nothing in the first ten seconds")
	f.clock.advance(11 * time.Second)
	f.fault("alibaba.trade.cancel", "reset_after", 1)
	require.Error(t, f.FinishCancel(t.Context(), o.order.ID), "an answer is lost")
	for range 2 {
		require.NoError(t, f.FinishCancel(t.Context(), o.order.ID))
	}
	got = f.seen(o)
	assert.Equal(t, []any{Cancelled, "member", o.order.TotalMinor, cancelDone}, []any{got.order.Status, got.order.CloseReason, owed(got), got.cancel.State})
	assert.Equal(t, []PurchaseState{Closedup, Closedup}, []PurchaseState{f.purchases(o.order.ID)[0].State, f.purchases(o.order.ID)[1].State})
	pushes := f.pushes(o.order.ID)
	assert.Equal(t, "close", pushes[len(pushes)-1].Status)
	assert.Contains(t, f.causes(o.order.ID), "cancel.wanted")
}

// An order that 1688 may have made without our knowing is looked for, and closed.
func TestCancelAfterALostAnswer(t *testing.T) {
	for _, kind := range []string{"reset_after", "reset"} {
		t.Run(kind, func(t *testing.T) {
			f := newFixture(t, nil)
			a := f.plain()[0]
			o, rows := f.started(a.item(0, a.enough()))
			f.fault("createCrossOrder", kind, 1)
			require.Error(t, f.Create(t.Context(), rows[0].ID))
			_, err := f.cancelled(o)
			require.NoError(t, err)
			assert.NotEqual(t, Cancelled, f.order(o.order.ID).order.Status, "nobody knows what 1688 has")
			require.NoError(t, f.Create(t.Context(), rows[0].ID))
			made := f.creates(rows[0].OutOrderID)
			var wait errWait
			require.ErrorAs(t, f.FinishCancel(t.Context(), o.order.ID), &wait)
			f.clock.advance(time.Minute)
			require.NoError(t, f.FinishCancel(t.Context(), o.order.ID))
			got := f.seen(o)
			assert.Equal(t, []any{Cancelled, o.order.TotalMinor}, []any{got.order.Status, owed(got)})
			assert.Equal(t, made, f.creates(rows[0].OutOrderID))
			assert.Equal(t, Closedup, f.purchases(o.order.ID)[0].State)
		})
	}
}

// What was paid at 1688 is not cancelled: known in time it is refused, found out later it is shown to staff and goes on.
func TestCancelOfWhatIsPaidAt1688(t *testing.T) {
	f := newFixture(t, nil)
	a, b := f.twoSellers()
	o, rows := f.bought(a.item(0, a.enough()), b.item(0, b.enough()))
	_, err := f.cancelled(o)
	require.NoError(t, err)
	f.clock.advance(11 * time.Second)
	f.act(*rows[1].AlibabaOrderID, "pay", "")
	require.NoError(t, f.FinishCancel(t.Context(), o.order.ID))
	got := f.seen(o)
	assert.Equal(t, []any{Ordered, "cancel_refused", cancelRefused}, []any{got.order.Status, got.order.Attention, got.cancel.State})
	assert.Equal(t, []PurchaseState{Closedup, Bought}, []PurchaseState{f.purchases(o.order.ID)[0].State, f.purchases(o.order.ID)[1].State})
	assert.Positive(t, owed(got))
	assert.Less(t, owed(got), o.order.TotalMinor)
	_, err = f.cancelled(o)
	assert.True(t, errs.Is(err, "order.not_cancellable"), "%v", err)
	err = f.CancelByStaff(f.staff(), ops, o.order.ID, "asked by phone")
	assert.True(t, errs.Is(err, "order.not_cancellable"), "%v", err)
	assert.Zero(t, f.count("audit"), "what was refused was not done")
	_, err = f.Cancel(t.Context(), auth.MemberCaller{ID: 43, Site: "japan"}, f.site, o.order.ID, "not mine")
	assert.True(t, errs.Is(err, "order.not_found"), "%v", err)
}

// Many people cancel while the order is paid, bought and created: whoever comes first, nothing is left open unseen.
func TestCancelAtTheSameTime(t *testing.T) {
	for round := range 4 {
		f := newFixture(t, nil)
		a := f.plain()[0]
		o := f.placed(a.item(0, a.enough()))
		if round%2 == 1 {
			f.pay(o)
			require.NoError(t, f.StartPurchase(t.Context(), o.order.ID, "test", "test"))
		}
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				_, err := f.cancelled(o)
				assert.NoError(t, err)
			})
		}
		wg.Go(func() {
			if round%2 == 0 {
				assert.NoError(t, f.db.InTx(t.Context(), func(tx *gorm.DB) error {
					return f.MarkPaidTx(t.Context(), tx, o.order.ID, o.order.TotalMinor, f.clock.now())
				}))
			}
			assert.NoError(t, f.StartPurchase(t.Context(), o.order.ID, "test", "test"))
			for _, p := range f.purchases(o.order.ID) {
				var wait errWait
				if err := f.Create(t.Context(), p.ID); err != nil {
					assert.ErrorAs(t, err, &wait)
				}
			}
		})
		wg.Wait()
		f.clock.advance(time.Minute)
		require.NoError(t, f.FinishCancel(t.Context(), o.order.ID))
		got := f.seen(o)
		assert.Equal(t, Cancelled, got.order.Status)
		assert.True(t, owed(got) == o.order.TotalMinor || got.order.Attention == "paid_after_close", "owed %d, %s", owed(got), got.order.Attention)
		for _, p := range f.purchases(o.order.ID) {
			assert.Equal(t, Closedup, p.State)
		}
		assert.LessOrEqual(t, len(f.jobsOf(JobCancelOrder)), 1)
	}
}

func TestCancelOverHTTP(t *testing.T) {
	e := newEdge(t)
	a := e.plain()[0]
	o, rows := e.bought(a.item(0, a.enough()))
	mine, at := "/v1/orders/"+id(o.order.ID), "/admin/v1/orders/"+id(o.order.ID)
	var problem web.Problem
	for _, body := range []string{`{}`, `{"reason":""}`, `{"reason":7}`, `{"reason":"x","by":"y"}`} {
		e.do("POST", mine+"/cancel", e.member, body, 400, &problem)
	}
	for _, other := range []string{"5", id(o.order.ID + 1)} {
		e.do("POST", "/v1/orders/"+other+"/cancel", e.member, `{"reason":"x"}`, 404, &problem)
		assert.Equal(t, "ORDER_NOT_FOUND", problem.Code)
	}
	e.do("POST", at+"/cancel", e.member, `{"reason":"x"}`, 401, &problem)
	var v AdminOrder
	audited := e.count("audit")
	for range 2 {
		e.do("POST", at+"/cancel", e.staff, `{"reason":"asked by phone"}`, 200, &v)
		assert.NotNil(t, v.Order.CancelRequestedAt)
	}
	assert.Equal(t, audited+1, e.count("audit"))
	e.act(*rows[0].AlibabaOrderID, "pay", "")
	require.NoError(t, e.Refresh(t.Context(), rows[0].ID, "test"))
	require.NoError(t, e.FinishCancel(t.Context(), o.order.ID))
	e.do("POST", mine+"/cancel", e.member, `{"reason":"x"}`, 409, &problem)
	assert.Equal(t, "ORDER_NOT_CANCELLABLE", problem.Code)
}

// Before the time to pay is over the member is warned, once; then the order is closed.
func TestPaymentWindowWarning(t *testing.T) {
	f := newFixture(t, func(o *Options) { o.Rules.PayWarning = 30 * time.Minute })
	a := f.plain()[0]
	o := f.placed(a.item(0, a.enough()))
	warnAt := o.order.UnpaidDeadline.Add(-30 * time.Minute)
	assert.Equal(t, warnAt, f.jobsOf(JobUnpaid)[0].DueAt)
	assert.Equal(t, warnAt, *f.viewer("en", f.site).order(o).PayWarningAt)
	closing := func() time.Duration {
		left, err := f.store.closeUnpaid(t.Context(), o.order.ID)
		require.NoError(t, err)
		return left
	}
	f.clock.advance(time.Hour)
	assert.Equal(t, 22*time.Hour+30*time.Minute, closing())
	assert.Empty(t, f.causes(o.order.ID))
	f.clock.advance(22*time.Hour + 30*time.Minute)
	for range 3 {
		assert.Equal(t, 30*time.Minute, closing())
	}
	assert.Equal(t, []string{"payment.window_ending"}, f.causes(o.order.ID))
	f.clock.advance(30 * time.Minute)
	assert.LessOrEqual(t, closing(), time.Duration(0))
	got := f.seen(o)
	assert.Equal(t, []any{Cancelled, "unpaid"}, []any{got.order.Status, got.order.CloseReason})
	assert.Nil(t, f.viewer("en", f.site).order(got).PayWarningAt)
	assert.Empty(t, f.pushes(o.order.ID), "1688 never knew it")
}
