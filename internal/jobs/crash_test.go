package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"entrepot/internal/database"
)

// The child process of the crash test knows by the first that it is one, and by the others where to work.
const (
	childVar      = "ENTREPOT_JOBS_CHILD"
	childDSNVar   = "ENTREPOT_JOBS_CHILD_DSN"
	childDirVar   = "ENTREPOT_JOBS_CHILD_DIR"
	childRedisVar = "ENTREPOT_JOBS_CHILD_REDIS"
	childQueueVar = "ENTREPOT_JOBS_CHILD_QUEUE"
	crashLease    = 2 * time.Second
)

// child works on jobs until it is killed.
func child() {
	if err := childMain(context.Background()); err != nil {
		slog.Error("child", "error", err)
		os.Exit(1)
	}
}

func childMain(ctx context.Context) error {
	db, err := database.Open(ctx, database.Options{DSN: os.Getenv(childDSNVar), Dir: os.Getenv(childDirVar)})
	if err != nil {
		return err
	}
	q, err := New(Options{DB: db, Redis: os.Getenv(childRedisVar), Queue: os.Getenv(childQueueVar), Lease: crashLease,
		Poll: 20 * time.Millisecond, Workers: 8})
	if err != nil {
		return err
	}
	q.Handle("crash.step", func(ctx context.Context, task *Task) error {
		// Half the effects are committed before a pause in which a kill is likely, half after it.
		n, err := strconv.Atoi(string(task.Payload))
		if err != nil {
			return Dead(err)
		}
		if n%2 == 0 {
			<-time.After(3 * time.Millisecond)
		}
		err = db.Grouped(ctx, func(tx *gorm.DB) error {
			return tx.Exec("INSERT INTO cursors (name, value, updated_at) VALUES (?, ?, ?)", fmt.Sprint("job:", task.ID), task.Aggregate, database.Now()).Error
		})
		if n%2 == 1 {
			<-time.After(3 * time.Millisecond)
		}
		if errors.Is(err, database.ErrDuplicate) {
			return nil // an earlier run got that far
		}
		return err
	})
	return q.Run(ctx)
}

// Processes are killed while they work, again and again: no job is lost, each takes effect once, aggregates stay in order.
func TestKilledProcesses(t *testing.T) {
	o := database.TestOptions(t)
	db := database.OpenTestAt(t, o)
	require.NoError(t, db.Migrate(t.Context()))
	// The parent only writes and looks on; Redis, when it is embedded, lives and dies with the child.
	q := newQueueWith(t, Options{DB: db, Redis: os.Getenv(redisVar)}, nil)
	const n = 400
	for i := 0; i < n; i += 20 {
		specs := make([]Spec, 20)
		for j := range specs {
			specs[j] = Spec{Kind: "crash.step", Aggregate: fmt.Sprint("a", (i+j)%40), Payload: i + j}
		}
		add(t, q, specs...)
	}
	kills := 0
	for counted := 0; counted < n; kills++ {
		require.Less(t, kills, 200, "no progress")
		c := startChild(t, o, q.o.Queue)
		before, last := counted, kills >= 8
		eventually(t, "progress", func() bool {
			counted = effects(t, db)
			return counted == n || (!last && counted >= before+10)
		})
		require.NoError(t, c.Process.Kill())
		_ = c.Wait() // "signal: killed"
	}
	require.GreaterOrEqual(t, kills, 5)
	c := startChild(t, o, q.o.Queue) // the last outcomes may not have been written
	eventually(t, "all done", func() bool { return len(list(t, q, Filter{State: StateDone})) == n })
	require.NoError(t, c.Process.Kill())
	_ = c.Wait()
	require.Equal(t, n, effects(t, db))
	require.Empty(t, list(t, q, Filter{State: StateDead}))
	inOrder(t, db)
}

func startChild(t *testing.T, o database.Options, queue string) *exec.Cmd {
	t.Helper()
	c := exec.Command(os.Args[0], "-test.run=^$") //nolint:gosec // the test binary itself
	c.Env = append(os.Environ(), childVar+"=1", childDSNVar+"="+o.DSN, childDirVar+"="+o.Dir,
		childRedisVar+"="+os.Getenv(redisVar), childQueueVar+"="+queue)
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	require.NoError(t, c.Start())
	t.Cleanup(func() { _ = c.Process.Kill() })
	return c
}

func effects(t *testing.T, db *database.DB) int {
	t.Helper()
	var n int
	require.NoError(t, db.Read(t.Context()).Raw("SELECT COUNT(*) FROM cursors").Scan(&n).Error)
	return n
}

// inOrder checks that within an aggregate no effect is older than that of an earlier job.
func inOrder(t *testing.T, db *database.DB) {
	t.Helper()
	var rows []struct {
		Aggregate string
		At        time.Time
	}
	require.NoError(t, db.Read(t.Context()).Raw(`SELECT j.aggregate, c.updated_at AS at FROM jobs j JOIN cursors c
ON c.name = CONCAT('job:', j.id) ORDER BY j.id`).Scan(&rows).Error)
	require.Len(t, rows, effects(t, db))
	last := map[string]time.Time{}
	for _, r := range rows {
		require.False(t, r.At.Before(last[r.Aggregate]), r.Aggregate)
		last[r.Aggregate] = r.At
	}
}
