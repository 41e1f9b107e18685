package order

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"entrepot/internal/jobs"
)

// work runs the queue with this package's handlers; jobs of higher packages only count as done.
func (f *fixture) work() {
	f.Register(f.queue)
	for _, kind := range []string{JobPay, JobPushOrder, JobPushRelation, JobPushStatus, JobPushParcel, JobPushParcelStep} {
		f.queue.Handle(kind, func(context.Context, *jobs.Task) error { return nil })
	}
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

// From the payment to the relation by the queue alone.
func TestTheQueueBuys(t *testing.T) {
	f := newFixture(t, nil)
	a, b := f.twoSellers()
	o := f.placed(a.item(0, a.enough()), b.item(0, b.enough()))
	f.pay(o)
	f.work()
	f.eventually("everything but the payment window is done", func() bool {
		waiting := 0
		for _, r := range f.jobsOf("") {
			require.NotEqual(t, jobs.StateDead, r.State, r.Kind)
			if r.State == jobs.StateWaiting && r.Kind != JobUnpaid {
				waiting++
			}
		}
		return waiting == 0 && f.order(o.order.ID).order.Status == Ordered && len(f.pushes(o.order.ID)) == 3
	})
	f.assertRelated(o, 2)
	for _, p := range f.purchases(o.order.ID) {
		assert.Equal(t, 1, f.creates(p.OutOrderID))
	}
}

func TestTheQueueWaitsForThePaymentWindow(t *testing.T) {
	f := newFixture(t, nil)
	a := f.plain()[0]
	o := f.placed(a.item(0, a.enough()))
	f.work()
	unpaid := func() jobs.Row { return f.jobsOf(JobUnpaid)[0] }
	f.eventually("looked at", func() bool { return unpaid().LastError != "" })
	assert.Contains(t, unpaid().LastError, "payment window")
	assert.Zero(t, unpaid().Attempts, "waiting is no failure")
	assert.Equal(t, AwaitingPayment, f.order(o.order.ID).order.Status)

	f.clock.advance(25 * time.Hour)
	f.inTx(func(tx *gorm.DB) error {
		return tx.Table("jobs").Where("id = ?", unpaid().ID).UpdateColumn("due_at", time.Now().Add(-time.Second).UTC()).Error
	})
	f.queue.Kick()
	f.eventually("closed", func() bool { return f.order(o.order.ID).order.Status == Cancelled })
}

func TestTheQueueGivesUpWhatCannotBe(t *testing.T) {
	f := newFixture(t, nil)
	f.inTx(func(tx *gorm.DB) error {
		return f.queue.AppendTx(t.Context(), tx, jobs.Spec{Kind: JobCreate, Payload: json.RawMessage(`"no object"`)})
	})
	f.work()
	f.eventually("dead", func() bool { return f.jobsOf(JobCreate)[0].State == jobs.StateDead })
}
