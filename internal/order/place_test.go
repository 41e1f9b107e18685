package order

import (
	"encoding/json"
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

func TestPlaceWritesEverythingTogether(t *testing.T) {
	f := newFixture(t, nil)
	a, b := f.twoSellers()
	p := f.preview(a.item(0, a.enough()), b.item(0, b.enough()))
	key := idem()
	answer, replay, err := f.Place(t.Context(), member, f.site, Placement{PreviewToken: p.token, Address: testAddress, Note: "soon"}, key, encodeID)
	require.NoError(t, err)
	require.Nil(t, replay)

	o := f.order(answer.ObjectID)
	assert.Equal(t, AwaitingPayment, o.order.Status)
	assert.Equal(t, string(Paying), o.order.StatusGroup)
	assert.Equal(t, []any{"japan", member.ID, member.OutMemberID, OnPaid, "JPY", "soon", TypePurchase},
		[]any{o.order.Site, o.order.MemberID, o.order.OutMemberID, o.order.TriggerMode, o.order.Currency, o.order.Note, o.order.OrderType})
	stored := sums{o.order.GoodsFen, o.order.FreightFen, o.order.DiscountFen, o.order.TotalFen, o.order.GoodsMinor, o.order.FreightMinor, o.order.DiscountMinor, o.order.TotalMinor}
	assert.Equal(t, p.sum, stored)
	assert.Equal(t, f.clock.now().Add(24*time.Hour), o.order.UnpaidDeadline.UTC())
	require.Len(t, o.lines, 2)
	for i, l := range o.lines {
		assert.Equal(t, i+1, l.LineNo)
		assert.Equal(t, i, l.GroupNo)
		var snapshot quoteLine
		require.NoError(t, json.Unmarshal([]byte(l.Snapshot), &snapshot))
		assert.Equal(t, p.quote.Groups[i].Lines[0], snapshot)
	}

	assert.EqualValues(t, 1, f.count("idempotency"))
	rows := f.jobsOf("")
	require.Equal(t, []string{JobUnpaid}, kindsOf(rows))
	assert.Equal(t, o.order.UnpaidDeadline, rows[0].DueAt)
	assert.Empty(t, f.purchases(o.order.ID), "nothing is bought before it is paid")
	assert.Zero(t, f.calls("alibaba.trade.createCrossOrder"))
}

func TestPlaceAllOrNothing(t *testing.T) {
	f := newFixture(t, nil)
	a := f.plain()[0]
	p := f.preview(a.item(0, a.enough()))
	f.inTx(func(tx *gorm.DB) error { return tx.Exec("DROP TABLE jobs").Error }) // the last insert of the transaction must fail
	_, _, err := f.Place(t.Context(), member, f.site, Placement{PreviewToken: p.token, Address: testAddress}, idem(), encodeID)
	require.Error(t, err)
	for _, table := range []string{"orders", "order_lines", "idempotency"} {
		assert.Zero(t, f.count(table), table)
	}
}

func TestPlaceReplays(t *testing.T) {
	f := newFixture(t, nil)
	a := f.plain()[0]
	p := f.preview(a.item(0, a.enough()))
	key := idem()
	place := func(k web.Idem, token string) (web.Answer, *web.Replay, error) {
		return f.Place(t.Context(), member, f.site, Placement{PreviewToken: token, Address: testAddress}, k, encodeID)
	}
	first, _, err := place(key, p.token)
	require.NoError(t, err)
	again, replay, err := place(key, p.token)
	require.NoError(t, err)
	require.NotNil(t, replay)
	assert.Equal(t, first.Body, again.Body)
	assert.Equal(t, key.RequestID, replay.RequestID)

	other := key
	other.Hash = idem().Hash
	_, _, err = place(other, p.token)
	assert.True(t, errs.Is(err, "idempotency.key_reused"), "%v", err)

	_, _, err = place(idem(), p.token)
	assert.True(t, errs.Is(err, "order.preview_used"), "%v", err)
	assert.Equal(t, errs.Conflict, errs.CodeOf(err))
	assert.EqualValues(t, 1, f.count("orders"))
	assert.EqualValues(t, 1, f.count("idempotency"))
	assert.Len(t, f.jobsOf(""), 1)
}

// Many taps on the button: with one key everybody gets the one order, with keys of their own one wins.
func TestPlaceAtTheSameTime(t *testing.T) {
	for _, tt := range []struct {
		name    string
		oneKey  bool
		refused int
	}{{"one key", true, 0}, {"sixteen keys", false, 15}} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t, nil)
			a := f.plain()[0]
			p := f.preview(a.item(0, a.enough()))
			keys := make([]web.Idem, 16)
			for i := range keys {
				if keys[i] = idem(); tt.oneKey {
					keys[i] = keys[0]
				}
			}
			var wg sync.WaitGroup
			var mu sync.Mutex
			ids, used := map[int64]int{}, 0
			for _, key := range keys {
				wg.Go(func() {
					answer, _, err := f.Place(t.Context(), member, f.site, Placement{PreviewToken: p.token, Address: testAddress}, key, encodeID)
					mu.Lock()
					defer mu.Unlock()
					if errs.Is(err, "order.preview_used") {
						used++
						return
					}
					if assert.NoError(t, err) {
						ids[answer.ObjectID]++
					}
				})
			}
			wg.Wait()
			assert.Len(t, ids, 1)
			assert.Equal(t, tt.refused, used)
			assert.EqualValues(t, 1, f.count("orders"))
			assert.Len(t, f.jobsOf(""), 1)
		})
	}
}

func TestPlaceRefusesPreviews(t *testing.T) {
	f := newFixture(t, nil)
	a := f.plain()[0]
	token := f.preview(a.item(0, a.enough())).token
	korea, _ := f.sites.ByCode("korea")
	stranger := auth.MemberCaller{ID: 43, Site: "japan", OutMemberID: "out-43"}
	tampered := []byte(token)
	tampered[0] ^= 1
	for _, tt := range []struct {
		name  string
		run   func() error
		key   string
		later time.Duration
	}{
		{"tampered", f.placing(member, string(tampered)), "order.preview_invalid", 0},
		{"made up", f.placing(member, "1234.AAAA"), "order.preview_invalid", 0},
		{"right MAC of a preview that is gone", f.placing(member, f.token(17)), "order.preview_invalid", 0},
		{"another member's", f.placing(stranger, token), "order.preview_invalid", 0},
		{"another site's", func() error {
			_, _, err := f.Place(t.Context(), member, korea, Placement{PreviewToken: token, Address: testAddress}, idem(), encodeID)
			return err
		}, "order.preview_invalid", 0},
		{"expired", f.placing(member, token), "order.preview_expired", previewTTL + time.Millisecond},
	} {
		f.clock.advance(tt.later)
		err := tt.run()
		require.True(t, errs.Is(err, tt.key), "%s: %v", tt.name, err)
		assert.Equal(t, "/previewToken", errs.From(err).Fields[0].Pointer, tt.name)
	}
	assert.Zero(t, f.count("orders"))
	assert.Zero(t, f.count("idempotency"), "a refusal is not frozen")
	assert.Empty(t, f.jobsOf(""))
}

func (f *fixture) placing(who auth.MemberCaller, token string) func() error {
	return func() error {
		_, _, err := f.Place(f.t.Context(), who, f.site, Placement{PreviewToken: token, Address: testAddress}, idem(), encodeID)
		return err
	}
}

func TestPlaceOnTheLastMillisecond(t *testing.T) {
	f := newFixture(t, nil)
	a := f.plain()[0]
	p := f.preview(a.item(0, a.enough()))
	f.clock.advance(previewTTL)
	assert.NoError(t, f.placing(member, p.token)())
}

func TestTriggers(t *testing.T) {
	for _, tt := range []struct {
		rule, site, want string
		orderType        int
		placed, paid     []string // job kinds
	}{
		{"", OnPaid, OnPaid, TypePurchase, []string{JobUnpaid}, []string{JobPushOrder, JobPurchase}},
		{"", "", OnPaid, TypePurchase, []string{JobUnpaid}, []string{JobPushOrder, JobPurchase}},
		{"", Manual, Manual, TypePurchase, []string{JobUnpaid}, []string{JobPushOrder}},
		{OnSubmit, OnPaid, OnSubmit, TypePurchase, []string{JobUnpaid, JobPurchase}, []string{JobPushOrder}},
		{OnSubmit, OnPaid, OnSubmit, TypeStock, []string{JobUnpaid}, []string{JobPushOrder}},
		{OnPaid, Manual, OnPaid, TypeStock, []string{JobUnpaid}, []string{JobPushOrder}},
	} {
		t.Run(tt.rule+" "+tt.site, func(t *testing.T) {
			f := newFixture(t, trigger(tt.rule))
			st := *f.site
			st.Trigger = tt.site
			a := f.plain()[0]
			answer, _, err := f.Place(t.Context(), member, &st, Placement{PreviewToken: f.preview(a.item(0, a.enough())).token, OrderType: tt.orderType, Address: testAddress}, idem(), encodeID)
			require.NoError(t, err)
			o := f.order(answer.ObjectID)
			assert.Equal(t, tt.want, o.order.TriggerMode)
			assert.Equal(t, tt.placed, kindsOf(f.jobsOf("")))
			f.pay(o)
			assert.Equal(t, tt.paid, kindsOf(f.jobsOf("")[len(tt.placed):]))
			assert.Equal(t, Paid, f.order(answer.ObjectID).order.Status)
		})
	}
}

func TestMarkPaid(t *testing.T) {
	f := newFixture(t, nil)
	a := f.plain()[0]
	o := f.placed(a.item(0, a.enough()))
	f.clock.advance(time.Minute)
	f.pay(o)
	got := f.order(o.order.ID).order
	assert.Equal(t, Paid, got.Status)
	assert.Equal(t, string(Fulfilling), got.StatusGroup)
	assert.Equal(t, o.order.TotalMinor, got.PaidMinor)
	require.NotNil(t, got.PaidAt)
	assert.Equal(t, f.clock.now(), got.PaidAt.UTC())
	assert.Equal(t, []string{"payment.succeeded awaiting_payment>paid"}, f.eventsOf(o.order.ID))
	pushes := f.pushes(o.order.ID)
	require.Len(t, pushes, 1)
	assert.Equal(t, Push{Site: "japan", OrderID: o.order.ID, ObjectKey: id(o.order.ID), Version: "payed", Status: "payed", At: f.clock.now()}, pushes[0])

	// A second payment moves nothing and is nobody's to decide but staff's.
	f.pay(o)
	twice := f.order(o.order.ID).order
	assert.Equal(t, Paid, twice.Status)
	assert.Equal(t, "paid_twice", twice.Attention)
	assert.Equal(t, string(Attention), twice.StatusGroup)
	assert.Equal(t, got.PaidAt, twice.PaidAt)
	assert.Len(t, f.pushes(o.order.ID), 1)
	assert.Len(t, f.jobsOf(JobPurchase), 1)
}

func TestMarkPaidAfterClose(t *testing.T) {
	f := newFixture(t, nil)
	row := f.rowFor(Cancelled, func(o *orderRow) { o.TotalMinor = 500 })
	f.pay(&full{order: row})
	got := f.order(row.ID).order
	assert.Equal(t, Cancelled, got.Status)
	assert.Equal(t, "paid_after_close", got.Attention)
	assert.EqualValues(t, 500, got.PaidMinor)
	assert.Empty(t, f.jobsOf(""), "nothing is bought and 1688 is not told")
}

func TestUnpaidOrdersClose(t *testing.T) {
	f := newFixture(t, nil)
	a := f.plain()[0]
	o := f.placed(a.item(0, a.enough()))
	left, err := f.store.closeUnpaid(t.Context(), o.order.ID)
	require.NoError(t, err)
	assert.Equal(t, 24*time.Hour, left)
	assert.Equal(t, AwaitingPayment, f.order(o.order.ID).order.Status)

	f.clock.advance(24 * time.Hour)
	for range 2 { // the job may run twice
		left, err = f.store.closeUnpaid(t.Context(), o.order.ID)
		require.NoError(t, err)
		assert.LessOrEqual(t, left, time.Duration(0))
	}
	got := f.order(o.order.ID).order
	assert.Equal(t, Cancelled, got.Status)
	assert.Equal(t, "unpaid", got.CloseReason)
	require.NotNil(t, got.ClosedAt)
	assert.Equal(t, []string{"payment.window_over awaiting_payment>cancelled"}, f.eventsOf(o.order.ID))

	paid := f.placed(a.item(0, a.enough()))
	f.pay(paid)
	f.clock.advance(25 * time.Hour)
	_, err = f.store.closeUnpaid(t.Context(), paid.order.ID)
	require.NoError(t, err)
	assert.Equal(t, Paid, f.order(paid.order.ID).order.Status)
}

func TestOrdersOfAMember(t *testing.T) {
	f := newFixture(t, nil)
	a := f.plain()[0]
	var ids []int64
	for range 3 {
		ids = append(ids, f.placed(a.item(0, a.enough())).order.ID)
	}
	f.pay(f.order(ids[1]))
	list := func(group string, before int64, limit int) (out []int64) {
		rows, err := f.Orders(t.Context(), member, f.site, group, before, limit)
		require.NoError(t, err)
		for _, r := range rows {
			assert.Len(t, r.lines, 1)
			out = append(out, r.order.ID)
		}
		return out
	}
	assert.Equal(t, []int64{ids[2], ids[1], ids[0]}, list("", 0, 10))
	assert.Equal(t, []int64{ids[2], ids[1]}, list("", 0, 2))
	assert.Equal(t, []int64{ids[0]}, list("", ids[1], 10))
	assert.Equal(t, []int64{ids[1]}, list("fulfilling", 0, 10))

	stranger := auth.MemberCaller{ID: 43, Site: "japan"}
	_, err := f.Order(t.Context(), stranger, f.site, ids[0])
	assert.True(t, errs.Is(err, "order.not_found"))
	_, err = f.Due(t.Context(), 5)
	assert.True(t, errs.Is(err, "order.not_found"))
	due, err := f.Due(t.Context(), ids[0])
	require.NoError(t, err)
	assert.Equal(t, Due{OrderID: ids[0], Site: "japan", Minor: f.order(ids[0]).order.TotalMinor, Currency: "JPY"}, due)
}

func TestPurgePreviews(t *testing.T) {
	f := newFixture(t, nil)
	a := f.plain()[0]
	f.placed(a.item(0, a.enough())) // its preview must stay: the order is bought from it
	f.preview(a.item(0, a.enough()))
	n, err := f.PurgePreviews(t.Context(), 10)
	require.NoError(t, err)
	assert.Zero(t, n)
	f.clock.advance(25 * time.Hour)
	n, err = f.PurgePreviews(t.Context(), 10)
	require.NoError(t, err)
	assert.EqualValues(t, 1, n)
	assert.EqualValues(t, 1, f.count("previews"))
}
