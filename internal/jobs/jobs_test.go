package jobs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"entrepot/internal/database"
)

func TestAJobRunsOnceWithItsData(t *testing.T) {
	q := newQueue(t, nil)
	got := make(chan Task, 2)
	q.Handle("order.placed", func(_ context.Context, task *Task) error { got <- *task; return nil })
	run(t, q)
	add(t, q, Spec{Kind: "order.placed", Aggregate: "order:1", Payload: map[string]int64{"order": 9007199254740993}, RequestID: "req-1"})
	task := <-got
	require.Equal(t, "order:1", task.Aggregate)
	require.Equal(t, "req-1", task.RequestID)
	require.Zero(t, task.Attempts)
	require.WithinDuration(t, time.Now(), task.CreatedAt, time.Minute)
	var payload struct{ Order int64 }
	require.NoError(t, task.Decode(&payload))
	require.EqualValues(t, 9007199254740993, payload.Order)
	eventually(t, "done", func() bool { return len(list(t, q, Filter{State: StateDone})) == 1 })
	require.NotNil(t, list(t, q, Filter{})[0].DoneAt)
	require.Empty(t, got)
}

func TestAppendTxIsPartOfTheTransaction(t *testing.T) {
	q := newQueue(t, nil)
	boom := errors.New("boom")
	require.ErrorIs(t, q.db.InTx(t.Context(), func(tx *gorm.DB) error {
		require.NoError(t, q.AppendTx(t.Context(), tx, Spec{Kind: "a.b"}))
		return boom
	}), boom)
	require.Empty(t, list(t, q, Filter{}))
	for name, bad := range map[string]Spec{
		"no kind": {}, "long kind": {Kind: strings.Repeat("k", 61)}, "long aggregate": {Kind: "a.b", Aggregate: strings.Repeat("a", 101)},
		"no JSON": {Kind: "a.b", Payload: func() {}},
	} {
		require.Error(t, q.db.InTx(t.Context(), func(tx *gorm.DB) error { return q.AppendTx(t.Context(), tx, bad) }), name)
	}
	add(t, q)
	add(t, q, Spec{Kind: "a.b", RequestID: strings.Repeat("é", 60)}, Spec{Kind: "a.c"})
	rows := list(t, q, Filter{})
	require.Len(t, rows, 2)
	require.Equal(t, strings.Repeat("é", 32), rows[1].RequestID, "cut at a character")
}

func TestOutcomes(t *testing.T) {
	q := newQueue(t, func(o *Options) { o.MaxAttempts = 3 })
	var mu sync.Mutex
	attempts := map[string][]int{}
	outcome := func(kind string, h func(run int) error) {
		q.Handle(kind, func(_ context.Context, task *Task) error {
			mu.Lock()
			attempts[kind] = append(attempts[kind], task.Attempts)
			n := len(attempts[kind])
			mu.Unlock()
			return h(n)
		})
	}
	outcome("t.ok", func(int) error { return nil })
	outcome("t.later", func(run int) error {
		if run < 6 { // more often than attempts are allowed
			return fmt.Errorf("wrapped: %w", Later(time.Millisecond, "an earlier push is missing"))
		}
		return nil
	})
	outcome("t.flaky", func(run int) error {
		if run < 3 {
			return errors.New("try again")
		}
		return nil
	})
	outcome("t.failing", func(int) error { return errors.New("always") })
	outcome("t.retry", func(int) error { return RetryAfter(time.Millisecond, errors.New("busy")) })
	outcome("t.dead", func(int) error { return Dead(errors.New(strings.Repeat("hopeless ", 100))) })
	outcome("t.panic", func(int) error { panic("bang") })
	q.Handle("t.payload", func(_ context.Context, task *Task) error { var n int; return task.Decode(&n) })
	run(t, q)
	for _, kind := range []string{"t.ok", "t.later", "t.flaky", "t.failing", "t.retry", "t.dead", "t.panic", "t.payload", "t.unknown"} {
		add(t, q, Spec{Kind: kind, Payload: "text"})
	}
	eventually(t, "all settled", func() bool { return len(list(t, q, Filter{State: StateWaiting})) == 0 })
	rows := map[string]Row{}
	for _, r := range list(t, q, Filter{}) {
		rows[r.Kind] = r
	}
	for kind, want := range map[string]struct {
		state    string
		attempts int
		text     string
		seen     []int
	}{
		"t.ok":      {StateDone, 0, "", []int{0}},
		"t.later":   {StateDone, 0, "", []int{0, 0, 0, 0, 0, 0}},
		"t.flaky":   {StateDone, 2, "", []int{0, 1, 2}},
		"t.failing": {StateDead, 3, "always", []int{0, 1, 2}},
		"t.retry":   {StateDead, 3, "busy", []int{0, 1, 2}},
		"t.dead":    {StateDead, 1, "hopeless", []int{0}},
		"t.panic":   {StateDead, 3, "bang", []int{0, 1, 2}},
		"t.payload": {StateDead, 1, "payload", nil},
		"t.unknown": {StateDead, 3, "no handler", nil},
	} {
		r := rows[kind]
		require.Equal(t, want.state, r.State, kind)
		require.Equal(t, want.attempts, r.Attempts, kind)
		require.Equal(t, want.seen, attempts[kind], kind)
		require.Contains(t, r.LastError, want.text, kind)
		require.LessOrEqual(t, len(r.LastError), maxError)
	}
}

func TestBackoff(t *testing.T) {
	o := Options{}
	o.defaults()
	for n := range 30 {
		d := o.backoff(n)
		require.GreaterOrEqual(t, d, o.MinBackoff/2)
		require.LessOrEqual(t, d, o.MaxBackoff)
		require.LessOrEqual(t, d, o.MinBackoff<<min(n, 20))
	}
	require.Greater(t, o.backoff(25), o.MaxBackoff/3)
}

// Jobs of an aggregate run one at a time, in order, whatever happens to them; other aggregates do not wait for them.
func TestAggregatesAreInOrderAndIndependent(t *testing.T) {
	q := newQueue(t, nil)
	const aggregates, each = 8, 12
	var mu sync.Mutex
	order := map[string][]int{}
	running := map[string]int{}
	var total atomic.Int64
	q.Handle("t.step", func(_ context.Context, task *Task) error {
		var step int
		if err := task.Decode(&step); err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		if running[task.Aggregate]++; running[task.Aggregate] > 1 {
			t.Errorf("two of %s at once", task.Aggregate)
		}
		defer func() { running[task.Aggregate]-- }()
		if step%4 == 1 && task.Attempts == 0 {
			return errors.New("first try fails")
		}
		total.Add(1)
		order[task.Aggregate] = append(order[task.Aggregate], step)
		if step%4 == 2 {
			return Dead(errors.New("given up, the next may go on"))
		}
		return nil
	})
	add(t, q, Spec{Kind: "t.step", Aggregate: "stuck", Payload: -1, Due: time.Now().Add(time.Hour)},
		Spec{Kind: "t.step", Aggregate: "stuck", Payload: -2})
	run(t, q)
	for step := range each {
		for a := range aggregates {
			add(t, q, Spec{Kind: "t.step", Aggregate: fmt.Sprint("order:", a), Payload: step})
		}
	}
	eventually(t, "all ran", func() bool { return total.Load() == aggregates*each })
	mu.Lock()
	defer mu.Unlock()
	for a, steps := range order {
		for i := range steps {
			require.Equal(t, i, steps[i], a)
		}
	}
	require.NotContains(t, order, "stuck", "a job waits behind one that is not due yet")
}

func TestDueJobsWait(t *testing.T) {
	q := newQueue(t, nil)
	started := make(chan time.Time, 1)
	q.Handle("t.due", func(context.Context, *Task) error { started <- time.Now(); return nil })
	run(t, q)
	due := time.Now().Add(300 * time.Millisecond)
	add(t, q, Spec{Kind: "t.due", Due: due})
	require.False(t, (<-started).Before(due.Truncate(time.Millisecond)))
}

// A long handler keeps its lease: nobody else starts the job meanwhile.
func TestALongHandlerKeepsItsLease(t *testing.T) {
	q := newQueue(t, func(o *Options) { o.Lease = 400 * time.Millisecond })
	var runs atomic.Int64
	q.Handle("t.long", func(ctx context.Context, _ *Task) error {
		runs.Add(1)
		select {
		case <-time.After(1500 * time.Millisecond):
		case <-ctx.Done():
		}
		return ctx.Err()
	})
	run(t, q)
	add(t, q, Spec{Kind: "t.long"})
	eventually(t, "done", func() bool { return len(list(t, q, Filter{State: StateDone})) == 1 })
	require.EqualValues(t, 1, runs.Load())
}

func TestAHandlerHasADeadline(t *testing.T) {
	q := newQueue(t, func(o *Options) { o.Timeout, o.MaxAttempts = 50*time.Millisecond, 1 })
	q.Handle("t.hang", func(ctx context.Context, _ *Task) error { <-ctx.Done(); return ctx.Err() })
	run(t, q)
	add(t, q, Spec{Kind: "t.hang"})
	eventually(t, "dead", func() bool { return len(list(t, q, Filter{State: StateDead})) == 1 })
}

func TestStaffListAndRetry(t *testing.T) {
	q := newQueue(t, nil)
	var fixed atomic.Bool
	var effects atomic.Int64
	q.Handle("push.order", func(context.Context, *Task) error {
		if !fixed.Load() {
			return Dead(errors.New("refused by 1688"))
		}
		effects.Add(1)
		return nil
	})
	q.Handle("pull.order", func(context.Context, *Task) error { return nil })
	run(t, q)
	add(t, q, Spec{Kind: "push.order", Aggregate: "order:1"}, Spec{Kind: "pull.order", Aggregate: "order:1"}, Spec{Kind: "pull.order", Aggregate: "order:2"})
	eventually(t, "settled", func() bool { return len(list(t, q, Filter{State: StateWaiting})) == 0 })
	failed := list(t, q, Filter{State: StateDead, Aggregate: "order:1", KindPrefix: "push."})
	require.Len(t, failed, 1)
	require.Equal(t, "refused by 1688", failed[0].LastError)
	require.Len(t, list(t, q, Filter{KindPrefix: "pull."}), 2)
	page := list(t, q, Filter{Limit: 2})
	require.Len(t, page, 2)
	require.Len(t, list(t, q, Filter{Before: page[1].ID}), 1)

	fixed.Store(true)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if err := q.Retry(context.Background(), failed[0].ID); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	eventually(t, "done", func() bool { return len(list(t, q, Filter{State: StateDone})) == 3 })
	require.NoError(t, q.Retry(t.Context(), failed[0].ID), "a click on a job that is done does nothing")
	require.EqualValues(t, 1, effects.Load())
	require.ErrorIs(t, q.Retry(t.Context(), 1), database.ErrNotFound)
}

func TestObserve(t *testing.T) {
	seen := make(chan string, 1)
	q := newQueue(t, func(o *Options) {
		o.Observe = func(kind, outcome string, waited, ran time.Duration) {
			if waited > 0 && ran >= 0 {
				seen <- kind + " " + outcome
			}
		}
	})
	q.Handle("t.seen", func(context.Context, *Task) error { return nil })
	run(t, q)
	add(t, q, Spec{Kind: "t.seen"})
	require.Equal(t, "t.seen done", <-seen)
}

func TestOldDoneRowsArePurged(t *testing.T) {
	q := newQueue(t, nil)
	q.Handle("t.ok", func(context.Context, *Task) error { return nil })
	q.Handle("t.dead", func(context.Context, *Task) error { return Dead(errors.New("kept for ever")) })
	run(t, q)
	add(t, q, Spec{Kind: "t.ok"}, Spec{Kind: "t.ok"}, Spec{Kind: "t.dead"}, Spec{Kind: "t.ok", Due: time.Now().Add(time.Hour)})
	eventually(t, "done", func() bool { return len(list(t, q, Filter{State: StateDone})) == 2 })
	n, err := q.purge(t.Context(), time.Now().Add(-time.Hour))
	require.NoError(t, err)
	require.Zero(t, n)
	eventually(t, "dead", func() bool { return len(list(t, q, Filter{State: StateDead})) == 1 })
	n, err = q.purge(t.Context(), time.Now().Add(time.Minute))
	require.NoError(t, err)
	require.Equal(t, 2, n)
	require.Len(t, list(t, q, Filter{}), 2)
}

func TestHandleRefusesMistakes(t *testing.T) {
	q := newQueue(t, nil)
	q.Handle("a.b", func(context.Context, *Task) error { return nil })
	require.Panics(t, func() { q.Handle("a.b", func(context.Context, *Task) error { return nil }) })
	require.Panics(t, func() { q.Handle("a.c", nil) })
	_, err := New(Options{})
	require.Error(t, err)
	_, err = New(Options{DB: q.db, Redis: "http://user:hunter2@nowhere"})
	require.Error(t, err)
	require.NotContains(t, err.Error(), "hunter2")
}
