package jobs

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/hibiken/asynq"
	"gorm.io/gorm"

	"entrepot/internal/database"
)

const (
	settleBatch = 128 // outcomes per transaction
	settlers    = 2
	settlePause = 50 * time.Millisecond
)

// outcome is a finished run on its way into the row.
type outcome struct {
	row      row
	decision decision
	writer   *Writer // from Task.Settle; nil mostly
	item     any
}

// errItems says that a Writer failed, as opposed to the transaction around it.
type errItems struct{ err error }

func (e *errItems) Error() string { return "write of the outcome: " + e.err.Error() }
func (e *errItems) Unwrap() error { return e.err }

// Run relays and works until ctx ends, then lets running handlers finish for Options.Drain. Neither Redis nor the
// database need be up at its start. It returns nil unless an Asynq server cannot be started at all.
func (q *Queue) Run(ctx context.Context) error {
	var front, back sync.WaitGroup
	front.Go(func() { q.relayAll(ctx) })
	front.Go(func() { q.janitor(ctx) })
	if q.o.RelayOnly {
		front.Wait()
		return nil
	}
	// Outcomes and leases outlive ctx: they belong to handlers that are still finishing.
	end := make(chan struct{})
	for range settlers {
		back.Go(q.settler)
	}
	var beat sync.WaitGroup
	beat.Go(func() { q.heartbeat(end) })
	err := q.serve(ctx)
	front.Wait()
	close(q.stopped)
	back.Wait()
	close(end)
	beat.Wait()
	return err
}

// relayAll starts the relay, after an embedded Redis' rows have been told that it is empty.
func (q *Queue) relayAll(ctx context.Context) {
	for q.Embedded() && q.rows.see(q.forgetLeases(ctx)) != nil {
		select {
		case <-ctx.Done():
			return
		case <-time.After(q.o.Poll):
		}
	}
	q.relay(ctx)
}

// serve runs the Asynq servers until ctx ends.
func (q *Queue) serve(ctx context.Context) error {
	base, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	var servers []*asynq.Server
	for i := range q.o.Servers {
		share := q.o.Workers / q.o.Servers
		if i < q.o.Workers%q.o.Servers {
			share++
		}
		s := asynq.NewServerFromRedisClient(q.rdb, asynq.Config{
			Concurrency: max(1, share), Queues: map[string]int{q.o.Queue: 1}, BaseContext: func() context.Context { return base },
			TaskCheckInterval: q.o.CheckInterval, DelayedTaskCheckInterval: time.Minute, // rows wait in the database, not in Redis
			ShutdownTimeout: q.o.Drain + time.Second, Logger: asynqLog{q.log}, LogLevel: asynq.WarnLevel,
		})
		if err := s.Start(asynq.HandlerFunc(q.process)); err != nil {
			return fmt.Errorf("start asynq: %w", err)
		}
		servers = append(servers, s)
	}
	<-ctx.Done()
	// Handlers that outstay the drain are told to stop, just before Asynq gives them up.
	limit := time.AfterFunc(q.o.Drain, cancel)
	defer limit.Stop()
	var down sync.WaitGroup
	for _, s := range servers {
		down.Go(s.Shutdown)
	}
	down.Wait()
	return nil
}

// process runs the references of one Asynq task. It never fails towards Asynq: the rows know what to do next.
func (q *Queue) process(ctx context.Context, t *asynq.Task) error {
	refs, ok := parseReferences(t.Payload())
	if !ok {
		q.log.Warn("jobs: foreign task in our queue", "queue", q.o.Queue)
		return nil
	}
	if len(refs) == 1 {
		q.take(ctx, refs[0])
		return nil
	}
	var all sync.WaitGroup
	for _, r := range refs {
		all.Go(func() { q.take(ctx, r) })
	}
	all.Wait()
	return nil
}

// take runs one job as soon as one of the places for handlers is free.
func (q *Queue) take(ctx context.Context, ref reference) {
	q.places <- struct{}{}
	defer func() { <-q.places }()
	r, ok := q.claimed.take(ref.id, ref.generation)
	if !ok {
		var err error
		if r, ok, err = q.load(ctx, ref.id, ref.generation); q.rows.see(err) != nil || !ok {
			return // moved on; or unreadable now, and its lease will bring it back
		}
	}
	if !q.running.add(r) {
		return
	}
	start, task := time.Now(), r.task()
	err := q.handle(ctx, task)
	d := q.o.decide(err, r.Attempts)
	if err != nil && ctx.Err() != nil { // told to stop, not failed
		d = decision{verdict: later, err: fmt.Errorf("interrupted by shutdown: %w", err)}
	}
	if q.o.Observe != nil {
		q.o.Observe(r.Kind, d.verdict.String(), start.Sub(r.CreatedAt), time.Since(start))
	}
	if d.verdict == dead {
		q.log.Error("job dead", "job", r.ID, "kind", r.Kind, "aggregate", r.Aggregate, "request_id", r.RequestID, "error", d.err)
	}
	select {
	case q.outcomes <- outcome{row: r, decision: d, writer: task.writer, item: task.item}:
	case <-q.stopped: // the handler outstayed the drain; its lease brings the job back
	}
}

// handle calls the handler; a panic is an error of the attempt.
func (q *Queue) handle(ctx context.Context, t *Task) (err error) {
	h := q.handlers[t.Kind]
	if h == nil { // perhaps a newer program's kind: an attempt failed, another process may know it
		return fmt.Errorf("no handler for %s", t.Kind)
	}
	ctx, cancel := context.WithTimeout(ctx, q.o.Timeout)
	defer cancel()
	defer func() {
		if v := recover(); v != nil {
			q.log.Error("job handler panicked", "job", t.ID, "kind", t.Kind, "panic", v, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	return h(ctx, t)
}

// settler writes outcomes in batches until stopped is closed and none is left.
func (q *Queue) settler() {
	batch := make([]outcome, 0, settleBatch)
	for {
		select {
		case o := <-q.outcomes:
			batch = append(batch[:0], o)
		case <-q.stopped:
			if batch = q.collect(batch[:0]); len(batch) == 0 {
				return
			}
		}
		q.settle(q.collect(batch))
	}
}

// collect adds what is there without waiting.
func (q *Queue) collect(batch []outcome) []outcome {
	for len(batch) < settleBatch {
		select {
		case o := <-q.outcomes:
			batch = append(batch, o)
		default:
			return batch
		}
	}
	return batch
}

// settle makes outcomes durable and puts the next jobs of their aggregates into Redis. While the database is away it
// tries for as long as the leases last; after that the jobs are run again.
func (q *Queue) settle(batch []outcome) {
	ctx, cancel := context.WithTimeout(context.Background(), q.o.Lease)
	defer cancel()
	var next []row
	for {
		err := q.db.Grouped(ctx, func(tx *gorm.DB) (err error) {
			next, err = q.settleTx(tx, batch, !q.redis.isDown() && !q.stopping())
			return err
		})
		if bad := (*errItems)(nil); errors.As(err, &bad) && !database.Unavailable(bad.err) {
			if len(batch) > 1 { // one job's item must not hold up the others
				for i := range batch {
					q.settle(batch[i : i+1])
				}
				return
			}
			batch[0].writer, batch[0].decision = nil, q.o.decide(err, batch[0].row.Attempts)
			continue
		}
		if q.rows.see(err) == nil {
			break
		}
		if next = nil; ctx.Err() != nil {
			break
		}
		<-time.After(settlePause)
	}
	for i := range batch {
		q.running.remove(batch[i].row.ID)
	}
	_ = q.redis.see(q.enqueue(ctx, next)) // what failed is given back
	q.Kick()                              // there is room in Redis now
}

func (q *Queue) stopping() bool {
	select {
	case <-q.stopped:
		return true
	default:
		return false
	}
}

// heartbeat keeps the leases of handlers that take long.
func (q *Queue) heartbeat(end <-chan struct{}) {
	tick := time.NewTicker(q.o.Lease / 4)
	defer tick.Stop()
	for {
		select {
		case <-end:
			return
		case <-tick.C:
		}
		ctx, cancel := context.WithTimeout(context.Background(), q.o.Lease/2)
		_ = q.rows.see(q.extend(ctx, q.running.olderThan(q.o.Lease/4)))
		cancel()
		q.claimed.sweep()
	}
}
