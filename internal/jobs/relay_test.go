package jobs

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/hibiken/asynq"
	"github.com/stretchr/testify/require"

	"entrepot/internal/database"
)

func pending(t *testing.T, q *Queue) int {
	t.Helper()
	n, err := q.rdb.LLen(t.Context(), "asynq:{"+q.o.Queue+"}:pending").Result()
	require.NoError(t, err)
	return int(n)
}

func TestRedisHoldsOnlyReferencesAndNotTooMany(t *testing.T) {
	q := newQueue(t, func(o *Options) { o.RelayOnly, o.Depth = true, 300 })
	for i := range 10 {
		specs := make([]Spec, 100)
		for j := range specs {
			specs[j] = Spec{Kind: "t.secret", Aggregate: fmt.Sprint("canary-aggregate-", i, "-", j), Payload: "canary-payload"}
		}
		add(t, q, specs...)
	}
	run(t, q)
	eventually(t, "some relayed", func() bool { return pending(t, q) > 0 })
	never(t, 300*time.Millisecond, func() bool { return pending(t, q) > 300 })
	keys, err := q.rdb.Keys(t.Context(), "asynq:{"+q.o.Queue+"}:t:*").Result()
	require.NoError(t, err)
	require.NotEmpty(t, keys)
	for _, k := range keys {
		all, err := q.rdb.HGetAll(t.Context(), k).Result()
		require.NoError(t, err)
		require.NotContains(t, k+fmt.Sprint(all), "canary")
	}
}

// never fails as soon as ok is true within d.
func never(t *testing.T, d time.Duration, ok func() bool) {
	t.Helper()
	for end := time.After(d); ; {
		require.False(t, ok())
		select {
		case <-end:
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// A queue longer than a lease is no reason to put everything in again.
func TestWaitingInRedisBeyondTheLeaseKeepsTheGeneration(t *testing.T) {
	q := newQueue(t, func(o *Options) { o.RelayOnly, o.Lease = true, 150*time.Millisecond })
	add(t, q, Spec{Kind: "t.wait"}, Spec{Kind: "t.wait"})
	run(t, q)
	eventually(t, "relayed", func() bool { return pending(t, q) == 2 })
	never(t, 600*time.Millisecond, func() bool { return pending(t, q) != 2 })
	var generations []int
	require.NoError(t, q.db.Read(t.Context()).Raw("SELECT generation FROM jobs").Scan(&generations).Error)
	require.Equal(t, []int{1, 1}, generations)
}

// The API process relays, another works: the deployed arrangement.
func TestRelayHereWorkerThere(t *testing.T) {
	o := database.TestOptions(t)
	shared := redisURL(t)
	api, worker := database.OpenTestAt(t, o), database.OpenTestAt(t, o)
	require.NoError(t, api.Migrate(t.Context()))
	name := fmt.Sprint("pair-", time.Now().UnixNano())
	relay := newQueueWith(t, Options{DB: api, Redis: shared}, func(o *Options) { o.RelayOnly, o.Queue = true, name })
	work := newQueueWith(t, Options{DB: worker, Redis: shared}, func(o *Options) { o.Queue = name })
	var ran atomic.Int64
	work.Handle("t.there", func(context.Context, *Task) error { ran.Add(1); return nil })
	run(t, relay)
	run(t, work)
	for i := range 50 {
		add(t, relay, Spec{Kind: "t.there", Aggregate: fmt.Sprint(i % 5)})
	}
	eventually(t, "all done", func() bool { return len(list(t, relay, Filter{State: StateDone})) == 50 })
	require.EqualValues(t, 50, ran.Load())
}

// redisURL is a Redis that outlives a queue: the real one, else a miniredis of the test's own.
func redisURL(t *testing.T) string {
	if u := os.Getenv(redisVar); u != "" {
		return u
	}
	return "redis://" + miniredis.RunT(t).Addr() + "/0"
}

// Redis forgets everything while jobs wait and run: each is still done.
func TestRedisForgetsEverything(t *testing.T) {
	change := func(o *Options) { o.Lease, o.Workers = time.Second, 4 }
	o := Options{DB: database.OpenTest(t), Redis: os.Getenv(redisVar)}
	if o.Redis != "" { // a database number of its own: flushing must not disturb others
		u, err := url.Parse(o.Redis)
		require.NoError(t, err)
		u.Path = "/15"
		o.Redis = u.String()
	}
	q := newQueueWith(t, o, change)
	var effects sync.Map
	gate := make(chan struct{})
	release := sync.OnceFunc(func() { close(gate) })
	q.Handle("t.kept", func(_ context.Context, task *Task) error {
		<-gate
		effects.Store(task.ID, true)
		return nil
	})
	const n = 60
	for i := range n {
		add(t, q, Spec{Kind: "t.kept", Aggregate: fmt.Sprint(i % 20)})
	}
	run(t, q)
	t.Cleanup(release)
	eventually(t, "some in Redis", func() bool { return pending(t, q) > 5 })
	require.NoError(t, q.rdb.FlushDB(t.Context()).Err())
	release()
	eventually(t, "all done", func() bool { return len(list(t, q, Filter{State: StateDone})) == n })
	done := 0
	effects.Range(func(any, any) bool { done++; return true })
	require.Equal(t, n, done)
}

// Redis is away: accepting work goes on, one line is logged, and all is done when it is back.
func TestRedisIsDown(t *testing.T) {
	mini := miniredis.NewMiniRedis()
	require.NoError(t, mini.Start())
	t.Cleanup(mini.Close)
	var log syncBuffer
	q := newQueueWith(t, Options{DB: database.OpenTest(t), Redis: "redis://" + mini.Addr(), Logger: slog.New(slog.NewTextHandler(&log, nil))}, nil)
	q.Handle("t.ok", func(context.Context, *Task) error { return nil })
	add(t, q, Spec{Kind: "t.ok"})
	mini.Close()
	run(t, q) // also starts without it
	for range 5 {
		add(t, q, Spec{Kind: "t.ok"})
	}
	eventually(t, "noticed", func() bool { return q.redis.isDown() })
	require.Len(t, list(t, q, Filter{State: StateWaiting}), 6)
	require.NoError(t, mini.Restart())
	eventually(t, "all done", func() bool { return len(list(t, q, Filter{State: StateDone})) == 6 })
	text := log.String()
	require.Equal(t, 1, strings.Count(text, "redis unavailable"), text)
	require.Equal(t, 1, strings.Count(text, "redis back"), text)
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// At its end Run waits for handlers, and those that take too long are told so without losing an attempt.
func TestShutdown(t *testing.T) {
	q := newQueue(t, func(o *Options) { o.Drain = 300 * time.Millisecond })
	started := make(chan string, 2)
	finish := make(chan struct{})
	q.Handle("t.quick", func(context.Context, *Task) error { started <- "quick"; <-finish; return nil })
	q.Handle("t.slow", func(ctx context.Context, _ *Task) error { started <- "slow"; <-ctx.Done(); return ctx.Err() })
	stop := run(t, q)
	add(t, q, Spec{Kind: "t.quick"}, Spec{Kind: "t.slow"})
	<-started
	<-started
	time.AfterFunc(50*time.Millisecond, func() { close(finish) })
	stop()
	for _, r := range list(t, q, Filter{}) {
		switch r.Kind {
		case "t.quick":
			require.Equal(t, StateDone, r.State)
		case "t.slow":
			require.Equal(t, StateWaiting, r.State)
			require.Zero(t, r.Attempts)
			require.Contains(t, r.LastError, "shutdown")
			require.False(t, r.DueAt.After(time.Now()), "another process may take it at once")
		}
	}
}

func TestForeignTasksAreIgnored(t *testing.T) {
	q := newQueue(t, nil)
	var runs atomic.Int64
	q.Handle("t.ok", func(context.Context, *Task) error { runs.Add(1); return nil })
	run(t, q)
	add(t, q, Spec{Kind: "t.ok"})
	eventually(t, "done", func() bool { return len(list(t, q, Filter{State: StateDone})) == 1 })
	id := list(t, q, Filter{})[0].ID
	for i, payload := range [][]byte{nil, []byte("x"), reference{id, 1}.append(nil), reference{id, 2}.append(nil), reference{1, 1}.append(nil)} {
		_, err := q.client.Enqueue(asynq.NewTask("t.ok", payload), asynq.Queue(q.o.Queue), asynq.TaskID(fmt.Sprint("foreign", i)))
		require.NoError(t, err)
	}
	eventually(t, "taken", func() bool { return pending(t, q) == 0 })
	add(t, q, Spec{Kind: "t.ok"})
	eventually(t, "done", func() bool { return len(list(t, q, Filter{State: StateDone})) == 2 })
	require.EqualValues(t, 2, runs.Load())
}

// One aggregate with a very long line, older than all others, must not hold the relay up.
func TestALongLineDoesNotStarveOthers(t *testing.T) {
	q := newQueue(t, nil)
	for range 30 {
		specs := make([]Spec, 100)
		for j := range specs {
			specs[j] = Spec{Kind: "t.line", Aggregate: "line"}
		}
		add(t, q, specs...)
	}
	gate, other := make(chan struct{}), make(chan struct{})
	q.Handle("t.line", func(context.Context, *Task) error { <-gate; return nil })
	q.Handle("t.other", func(context.Context, *Task) error { close(other); return nil })
	add(t, q, Spec{Kind: "t.other", Aggregate: "other"})
	run(t, q)
	t.Cleanup(func() { close(gate) })
	select {
	case <-other: // though 3,000 due rows are in front of it
	case <-time.After(2 * time.Minute):
		require.Fail(t, "it never ran")
	}
}
