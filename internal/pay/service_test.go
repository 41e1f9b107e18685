package pay

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"entrepot/internal/alibaba"
	"entrepot/internal/errs"
	"entrepot/internal/jobs"
	"entrepot/internal/order"
)

func (f *fixture) payment(orderID int64, change func(*Payment)) Payment {
	p := Payment{OrderID: orderID, Ref: "pay-1", WebhookID: "msg-1", Amount: 980, Currency: "JPY", PaidAt: f.clock.now()}
	if change != nil {
		change(&p)
	}
	return p
}

func (f *fixture) recorded(p Payment) (string, error) {
	f.t.Helper()
	return f.Record(f.t.Context(), p)
}

func TestRecordMovesTheOrder(t *testing.T) {
	f := newFixture(t, nil)
	id := f.order(nil)
	state, err := f.recorded(f.payment(id, func(p *Payment) { p.Currency = "jpy" }))
	require.NoError(t, err)
	assert.Equal(t, accepted, state)
	assert.Equal(t, map[string]any{"status": "paid", "status_group": "fulfilling", "paid_minor": int64(980), "attention": ""}, f.row("orders", id, "status", "status_group", "paid_minor", "attention"))
	var row paymentRow
	require.NoError(t, f.db.Read(t.Context()).Take(&row).Error)
	assert.Equal(t, []any{id, "japan", "pay-1", "msg-1", int64(980), "JPY", accepted}, []any{row.OrderID, row.Site, row.ProviderRef, row.WebhookID, row.AmountMinor, row.Currency, row.State})
	assert.Equal(t, f.clock.now(), row.PaidAt.UTC())
	assert.Equal(t, []string{order.JobPushOrder, order.JobPurchase}, f.kinds())
}

// A provider repeats itself, by message or by payment; the order is paid once.
func TestRecordOnce(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*Payment)
	}{
		{"the same message", nil},
		{"the payment under another message", func(p *Payment) { p.WebhookID = "msg-2" }},
		{"the message with another payment", func(p *Payment) { p.Ref = "pay-2" }},
		{"the payment with another amount", func(p *Payment) { p.Amount, p.WebhookID = 1, "msg-2" }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t, nil)
			id := f.order(nil)
			_, err := f.recorded(f.payment(id, nil))
			require.NoError(t, err)
			state, err := f.recorded(f.payment(id, tt.change))
			require.NoError(t, err)
			assert.Equal(t, accepted, state)
			assert.EqualValues(t, 1, f.count("payments"))
			assert.Len(t, f.kinds(), 2)
			assert.Empty(t, f.row("orders", id, "attention")["attention"])
		})
	}
}

func TestRecordAtTheSameTime(t *testing.T) {
	f := newFixture(t, nil)
	id := f.order(nil)
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			state, err := f.Record(t.Context(), f.payment(id, func(p *Payment) { p.WebhookID = "msg-" + strconv.Itoa(i%4) }))
			assert.NoError(t, err)
			assert.Equal(t, accepted, state)
		})
	}
	wg.Wait()
	assert.EqualValues(t, 1, f.count("payments"))
	assert.Len(t, f.kinds(), 2)
}

func TestRecordMismatch(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*Payment)
	}{
		{"too little", func(p *Payment) { p.Amount = 979 }},
		{"too much", func(p *Payment) { p.Amount = 981 }},
		{"another currency", func(p *Payment) { p.Currency = "KRW" }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t, nil)
			id := f.order(nil)
			state, err := f.recorded(f.payment(id, tt.change))
			require.NoError(t, err)
			assert.Equal(t, mismatch, state)
			assert.Equal(t, map[string]any{"status": "awaiting_payment", "status_group": "attention", "attention": "payment_mismatch", "paid_minor": int64(0)},
				f.row("orders", id, "status", "status_group", "attention", "paid_minor"))
			assert.EqualValues(t, 1, f.count("payments"), "the money has moved: it is kept")
			assert.Empty(t, f.kinds())

			// The rest is paid as a payment of its own: the order moves on.
			state, err = f.recorded(f.payment(id, func(p *Payment) { p.Ref, p.WebhookID = "pay-2", "msg-2" }))
			require.NoError(t, err)
			assert.Equal(t, accepted, state)
			assert.Equal(t, "paid", f.row("orders", id, "status")["status"])
		})
	}
}

func TestRecordRefusals(t *testing.T) {
	f := newFixture(t, nil)
	_, err := f.recorded(f.payment(5, nil))
	assert.True(t, errs.Is(err, "payment.order_unknown"), "%v", err)
	assert.Equal(t, errs.NotFound, errs.CodeOf(err))
	one, two := f.order(nil), f.order(nil)
	_, err = f.recorded(f.payment(one, nil))
	require.NoError(t, err)
	_, err = f.recorded(f.payment(two, func(p *Payment) { p.WebhookID = "msg-2" }))
	assert.True(t, errs.Is(err, "payment.duplicate"), "%v", err)
	assert.Equal(t, errs.Conflict, errs.CodeOf(err))
	assert.Equal(t, "awaiting_payment", f.row("orders", two, "status")["status"])
	assert.EqualValues(t, 1, f.count("payments"))
}

func TestRecordTwoPayments(t *testing.T) {
	f := newFixture(t, nil)
	id := f.order(nil)
	for i, ref := range []string{"pay-1", "pay-2"} {
		_, err := f.recorded(f.payment(id, func(p *Payment) { p.Ref, p.WebhookID = ref, "msg-"+strconv.Itoa(i) }))
		require.NoError(t, err)
	}
	assert.EqualValues(t, 2, f.count("payments"))
	assert.Equal(t, map[string]any{"status": "paid", "attention": "paid_twice"}, f.row("orders", id, "status", "attention"))
	assert.Len(t, f.kinds(), 2, "bought and told once")
}

func TestRecordAllOrNothing(t *testing.T) {
	f := newFixture(t, nil)
	id := f.order(nil)
	require.NoError(t, f.db.InTx(t.Context(), func(tx *gorm.DB) error { return tx.Exec("DROP TABLE jobs").Error }))
	_, err := f.recorded(f.payment(id, nil))
	require.Error(t, err)
	assert.Zero(t, f.count("payments"))
	assert.Equal(t, "awaiting_payment", f.row("orders", id, "status")["status"])
}

func TestPayPurchase(t *testing.T) {
	f := newFixture(t, nil)
	purchase, _, no := f.bought(nil)
	for range 2 { // the job may run again
		require.NoError(t, f.PayPurchase(t.Context(), purchase))
	}
	assert.Equal(t, "waitsellersend", f.statusAt1688(no))
	assert.Equal(t, map[string]any{"state": "paid", "pay_attempts": int64(1), "upstream_status": "waitsellersend"}, f.row("purchases", purchase, "state", "pay_attempts", "upstream_status"))
	assert.Equal(t, 1, f.tries())
}

// What the answer says does not count; what the order says does.
func TestPayPurchaseUnderFaults(t *testing.T) {
	for _, tt := range []struct {
		kind  string
		first error // of the first run; nil when it was paid
		tries int
	}{
		{"pay_false_but_paid", nil, 1}, {"reset_after", nil, 1}, {"http_500_after", nil, 1}, {"garbage", nil, 1},
		{"pay_false", errLook, 2}, {"reset", errLook, 2}, {"http_500", errLook, 2},
	} {
		t.Run(tt.kind, func(t *testing.T) {
			f := newFixture(t, nil)
			purchase, orderID, no := f.bought(nil)
			f.fault("preparePay", tt.kind, 1)
			err := f.PayPurchase(t.Context(), purchase)
			assert.Equal(t, tt.first, err)
			if err != nil {
				require.ErrorIs(t, f.PayPurchase(t.Context(), purchase), errLook, "too early for another try")
				assert.Equal(t, 1, f.tries())
				f.clock.advance(payPause)
				require.NoError(t, f.PayPurchase(t.Context(), purchase))
			}
			assert.Equal(t, "waitsellersend", f.statusAt1688(no))
			assert.Equal(t, tt.tries, f.tries())
			assert.Equal(t, "paid", f.row("purchases", purchase, "state")["state"])
			assert.Empty(t, f.row("orders", orderID, "attention")["attention"])
		})
	}
}

func TestPayPurchaseThreeTimes(t *testing.T) {
	f := newFixture(t, nil)
	purchase, orderID, no := f.bought(nil)
	f.fault("preparePay", "pay_false", 0)
	for range maxPayAttempts {
		require.ErrorIs(t, f.PayPurchase(t.Context(), purchase), errLook)
		f.clock.advance(payPause)
	}
	for range 2 {
		require.NoError(t, f.PayPurchase(t.Context(), purchase), "given up: staff pay it")
	}
	assert.Equal(t, maxPayAttempts, f.tries())
	assert.Equal(t, "waitbuyerpay", f.statusAt1688(no))
	assert.Equal(t, map[string]any{"attention": "purchase_not_paid", "status": "ordered"}, f.row("orders", orderID, "attention", "status"))
}

// What our own guard keeps back was no try: it costs none of the few, and leaves no doubt.
func TestPayPurchaseKeptBack(t *testing.T) {
	f := newFixture(t, nil)
	purchase, orderID, no := f.bought(nil)
	f.away.Store(true)
	for range 2 * maxPayAttempts {
		err := f.PayPurchase(t.Context(), purchase)
		require.True(t, alibaba.KeptBack(err), "%v", err)
		require.Equal(t, jobs.Later(time.Second, "1688 does not answer"), order.Outcome(err))
	}
	assert.Zero(t, f.tries())
	assert.Equal(t, map[string]any{"pay_attempts": int64(0), "pay_started_at": nil}, f.row("purchases", purchase, "pay_attempts", "pay_started_at"))
	f.away.Store(false)
	require.NoError(t, f.PayPurchase(t.Context(), purchase), "at once: nothing has to settle")
	assert.Equal(t, "waitsellersend", f.statusAt1688(no))
	assert.Empty(t, f.row("orders", orderID, "attention")["attention"])
}

// Neither were calls that 1688's gateway turned away, however many.
func TestPayPurchaseTurnedAway(t *testing.T) {
	f := newFixture(t, nil)
	purchase, orderID, no := f.bought(nil)
	f.fault("preparePay", "quota", 2*maxPayAttempts)
	for range 2 * maxPayAttempts {
		err := f.PayPurchase(t.Context(), purchase)
		require.Equal(t, alibaba.Quota, alibaba.ClassOf(err), "%v", err)
	}
	assert.Equal(t, int64(0), f.row("purchases", purchase, "pay_attempts")["pay_attempts"])
	require.NoError(t, f.PayPurchase(t.Context(), purchase))
	assert.Equal(t, "waitsellersend", f.statusAt1688(no))
	assert.Empty(t, f.row("orders", orderID, "attention")["attention"])
}

// Several workers hold the same job: 1688 is asked once.
func TestPayPurchaseByManyWorkers(t *testing.T) {
	f := newFixture(t, nil)
	purchase, _, _ := f.bought(nil)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := f.PayPurchase(t.Context(), purchase); err != nil {
				assert.ErrorIs(t, err, errLook)
			}
		})
	}
	wg.Wait()
	assert.Equal(t, 1, f.tries())
	assert.Equal(t, int64(1), f.row("purchases", purchase, "pay_attempts")["pay_attempts"])
}

func TestPayPurchasePriceTolerance(t *testing.T) {
	for _, tt := range []struct {
		name   string
		quoted int64
		total  int64
		paid   bool
	}{
		{"as quoted", 10_000, 10_000, true}, {"cheaper", 10_000, 9_000, true}, {"one percent", 10_000, 10_100, true}, {"one fen over it", 10_000, 10_101, false},
		{"no quote: split off by 1688", 0, 10_000, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t, nil)
			purchase, orderID, no := f.bought(map[string]any{"quoted_fen": tt.quoted})
			f.control("POST", "/orders/"+no+"/actions/modify-price", `{"totalFen":`+strconv.FormatInt(tt.total, 10)+`}`, nil)
			require.NoError(t, f.PayPurchase(t.Context(), purchase))
			want := map[string]any{"attention": ""}
			if !tt.paid {
				want["attention"] = "purchase_price_changed"
			}
			assert.Equal(t, want, f.row("orders", orderID, "attention"))
			assert.Equal(t, tt.paid, f.tries() == 1)
		})
	}
}

func TestPayPurchaseLeavesAlone(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*Options)
		before func(f *fixture, orderID int64, no string)
		err    bool
	}{
		{"sites whose staff pay at 1688", func(o *Options) { o.Automatic = false }, nil, false},
		{"what staff paid already", nil, func(f *fixture, _ int64, no string) { f.control("POST", "/orders/"+no+"/actions/pay", "", nil) }, false},
		{"what the seller closed", nil, func(f *fixture, _ int64, no string) {
			f.control("POST", "/orders/"+no+"/actions/close-by-seller", "", nil)
		}, false},
		{"purchases of a closed order", nil, func(f *fixture, orderID int64, _ string) {
			require.NoError(f.t, f.db.InTx(f.t.Context(), func(tx *gorm.DB) error {
				return tx.Table("orders").Where("id = ?", orderID).Updates(map[string]any{"status": "cancelled", "rank_no": 90}).Error
			}))
		}, false},
		{"what cannot be read now", nil, func(f *fixture, _ int64, _ string) { f.fault("get.buyerView", "http_500", 0) }, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t, tt.change)
			purchase, orderID, no := f.bought(nil)
			if tt.before != nil {
				tt.before(f, orderID, no)
			}
			err := f.PayPurchase(t.Context(), purchase)
			assert.Equal(t, tt.err, err != nil, "%v", err)
			assert.Zero(t, f.tries())
		})
	}
}

func TestTheQueuePays(t *testing.T) {
	f := newFixture(t, nil)
	purchase, _, no := f.bought(nil)
	f.fault("preparePay", "pay_false", 1)
	require.NoError(t, f.db.InTx(t.Context(), func(tx *gorm.DB) error {
		return f.queue.AppendTx(t.Context(), tx,
			jobs.Spec{Kind: order.JobPay, Payload: map[string]string{"id": strconv.FormatInt(purchase, 10)}},
			jobs.Spec{Kind: order.JobPay, Aggregate: "broken", Payload: "no object"})
	}))
	f.Register(f.queue)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- f.queue.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		assert.NoError(t, <-ended)
	})
	job := func(aggregate string) jobs.Row {
		rows, err := f.queue.List(t.Context(), jobs.Filter{})
		require.NoError(t, err)
		for _, r := range rows {
			if r.Aggregate == aggregate {
				return r
			}
		}
		return jobs.Row{}
	}
	require.Eventually(t, func() bool { return job("").LastError != "" && job("broken").State == jobs.StateDead }, time.Minute, 10*time.Millisecond)
	assert.Equal(t, errLook.Error(), job("").LastError)
	assert.Zero(t, job("").Attempts, "looking again is no failure")

	f.clock.advance(payPause)
	require.NoError(t, f.db.InTx(t.Context(), func(tx *gorm.DB) error {
		return tx.Table("jobs").Where("aggregate = ''").UpdateColumn("due_at", time.Now().Add(-time.Second).UTC()).Error
	}))
	f.queue.Kick()
	require.Eventually(t, func() bool { return job("").State == jobs.StateDone }, time.Minute, 10*time.Millisecond)
	assert.Equal(t, "waitsellersend", f.statusAt1688(no))
}

func TestNewRefusesSecrets(t *testing.T) {
	_, err := New(Options{Secrets: []string{"whsec_not base64!"}})
	assert.Error(t, err)
}
