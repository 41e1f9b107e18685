package jobs

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"gorm.io/gorm"

	"entrepot/internal/database"
)

// redisVar names a real Redis for the suites; without it they run on the embedded one.
const redisVar = "ENTREPOT_TEST_REDIS_URL"

func TestMain(m *testing.M) {
	if os.Getenv(childVar) != "" {
		child()
		return
	}
	engine, redis := "SQLite", "embedded Redis"
	if os.Getenv(database.TestDSNVar) != "" {
		engine = "MySQL"
	}
	if os.Getenv(redisVar) != "" {
		redis = "real Redis"
	}
	fmt.Printf("jobs: suites run on %s and %s\n", engine, redis)
	goleak.VerifyTestMain(m)
}

var queues atomic.Int64

// newQueue is a queue on a fresh database. Its name in Redis is unique, so that runs do not meet.
func newQueue(t testing.TB, change func(*Options)) *Queue {
	t.Helper()
	o := Options{DB: database.OpenTest(t), Redis: os.Getenv(redisVar)}
	return newQueueWith(t, o, change)
}

func newQueueWith(t testing.TB, o Options, change func(*Options)) *Queue {
	t.Helper()
	o.Queue = fmt.Sprintf("test-%d-%d-%d", os.Getpid(), time.Now().UnixNano(), queues.Add(1))
	o.CheckInterval = 5 * time.Millisecond
	o.Poll = 20 * time.Millisecond
	o.MinBackoff = 10 * time.Millisecond
	o.Drain = 5 * time.Second
	if change != nil {
		change(&o)
	}
	q, err := New(o)
	require.NoError(t, err)
	t.Cleanup(func() {
		if !q.Embedded() {
			forget(t, q)
		}
		require.NoError(t, q.Close())
	})
	return q
}

// forget removes the queue's keys from a shared Redis.
func forget(t testing.TB, q *Queue) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	keys, err := q.Client().Keys(ctx, "asynq:{"+q.o.Queue+"}:*").Result()
	if err != nil || len(keys) == 0 {
		return
	}
	require.NoError(t, q.Client().Del(ctx, keys...).Err())
	require.NoError(t, q.Client().SRem(ctx, "asynq:queues", q.o.Queue).Err())
}

// run starts q and returns a function that stops it and waits; the test's end does so too.
func run(t testing.TB, q *Queue) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- q.Run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		select {
		case err := <-ended:
			require.NoError(t, err)
		case <-time.After(30 * time.Second):
			require.Fail(t, "Run did not return")
		}
	}
	t.Cleanup(stop)
	return stop
}

// add appends specs in a transaction of their own.
func add(t testing.TB, q *Queue, specs ...Spec) {
	t.Helper()
	require.NoError(t, q.db.InTx(t.Context(), func(tx *gorm.DB) error { return q.AppendTx(t.Context(), tx, specs...) }))
	q.Kick()
}

func list(t testing.TB, q *Queue, f Filter) []Row {
	t.Helper()
	if f.Limit == 0 {
		f.Limit = listMax
	}
	rows, err := q.List(t.Context(), f)
	require.NoError(t, err)
	return rows
}

func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	require.Eventually(t, ok, 2*time.Minute, 5*time.Millisecond, what)
}
