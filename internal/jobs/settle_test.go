package jobs

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"entrepot/internal/database"
)

// An item of a run and the end of its job are one commit; many runs share it.
func TestSettleWritesWithTheOutcome(t *testing.T) {
	q := newQueue(t, nil)
	var calls, items atomic.Int64
	w := NewWriter(func(tx *gorm.DB, list []string) error {
		calls.Add(1)
		items.Add(int64(len(list)))
		for _, name := range list {
			if err := tx.Exec("INSERT INTO cursors (name, value, updated_at) VALUES (?, '', ?)", name, database.Now()).Error; err != nil {
				return err
			}
		}
		return nil
	})
	q.Handle("t.item", func(_ context.Context, task *Task) error {
		var n int
		if err := task.Decode(&n); err != nil {
			return err
		}
		task.Settle(w, fmt.Sprintf("item-%d", n))
		return nil
	})
	const jobs = 300
	specs := make([]Spec, jobs)
	for i := range specs {
		specs[i] = Spec{Kind: "t.item", Payload: i}
	}
	add(t, q, specs...)
	run(t, q)
	eventually(t, "all done", func() bool { return len(list(t, q, Filter{State: StateDone, Limit: 500})) == jobs })
	var rows int64
	require.NoError(t, q.db.Read(t.Context()).Table("cursors").Where("name LIKE 'item-%'").Count(&rows).Error)
	require.EqualValues(t, jobs, rows)
	require.Less(t, calls.Load(), items.Load(), "runs share writes")
}

// One bad item fails its own job and nobody else's.
func TestSettleFailureIsTheJobsOwn(t *testing.T) {
	q := newQueue(t, func(o *Options) { o.MaxAttempts = 1 })
	bad := errors.New("refused")
	w := NewWriter(func(tx *gorm.DB, list []int) error {
		for _, n := range list {
			if n == 13 {
				return bad
			}
		}
		return nil
	})
	q.Handle("t.item", func(_ context.Context, task *Task) error {
		var n int
		if err := task.Decode(&n); err != nil {
			return err
		}
		task.Settle(w, n)
		return nil
	})
	specs := make([]Spec, 40)
	for i := range specs {
		specs[i] = Spec{Kind: "t.item", Payload: i}
	}
	add(t, q, specs...)
	run(t, q)
	eventually(t, "others done", func() bool { return len(list(t, q, Filter{State: StateDone, Limit: 500})) == 39 })
	eventually(t, "one dead", func() bool { return len(list(t, q, Filter{State: StateDead})) == 1 })
	require.Contains(t, list(t, q, Filter{State: StateDead})[0].LastError, "refused")
}

// With a backlog several references share a task; few rows go one by one.
func TestReferencesShareTasksUnderLoad(t *testing.T) {
	q := newQueue(t, func(o *Options) { o.Workers = 4 })
	require.Equal(t, 1, q.perTask(3))
	require.Equal(t, 2, q.perTask(8))
	require.Equal(t, maxPerTask, q.perTask(claimRows))
	payload := reference{7, 1}.append(reference{1 << 60, 3}.append(nil))
	refs, ok := parseReferences(payload)
	require.True(t, ok)
	require.Equal(t, []reference{{1 << 60, 3}, {7, 1}}, refs)
	_, ok = parseReferences(payload[:13])
	require.False(t, ok)
}
