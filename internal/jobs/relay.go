package jobs

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/hibiken/asynq"
	"golang.org/x/sync/errgroup"

	"entrepot/internal/database"
)

const (
	claimRows = 256 // rows per claim
	enqueuers = 8   // parallel writers to Redis
	// maxPerTask bounds the references of one task: a task is only done when all of its jobs are.
	maxPerTask = 8
	// relayGap spaces passes that found something: under load each then takes a batch instead of a row per commit.
	relayGap   = 3 * time.Millisecond
	maxPause   = 2 * time.Second // between passes while Redis or the database is away
	taskLimit  = 24 * time.Hour  // Asynq's own limit: ours are the lease and the handler's context
	purgeEvery = time.Minute
)

// relay moves due rows into Redis until ctx ends.
func (q *Queue) relay(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	kick := q.kick
	pause := q.o.Poll
	for {
		select {
		case <-ctx.Done():
			return
		case <-kick:
		case <-timer.C:
		}
		more, err := q.pass(ctx)
		switch {
		case err != nil: // logged once by health; a kick does not help against it
			kick, pause = nil, min(2*pause, maxPause)
			timer.Reset(pause)
		case more:
			kick, pause = nil, q.o.Poll
			timer.Reset(relayGap)
		default:
			kick, pause = q.kick, q.o.Poll
			timer.Reset(pause)
		}
	}
}

// pass looks at one window of due rows and moves what may go. more says that another pass should follow soon.
func (q *Queue) pass(ctx context.Context) (more bool, err error) {
	if q.full {
		if room, err := q.room(ctx); q.redis.see(err) != nil || room < claimRows {
			return false, err
		}
	}
	found, err := q.window(ctx, q.cursor, database.Now())
	if q.rows.see(err) != nil {
		return false, err
	}
	ids, lapsed, next := pick(found)
	if len(ids)+len(lapsed) == 0 {
		q.cursor, q.full = next, false
		return next != scanStart, nil
	}
	room, err := q.room(ctx)
	if q.redis.see(err) != nil {
		return false, err
	}
	ids = append(ids, q.lost(ctx, lapsed)...)
	if q.full = room < len(ids); q.full {
		return false, nil // the workers have enough to do until the next poll or kick
	}
	q.cursor = next
	if len(ids) == 0 {
		return next != scanStart, nil
	}
	rows, err := q.claim(ctx, ids)
	if q.rows.see(err) != nil {
		return false, err
	}
	return true, q.redis.see(q.enqueue(ctx, rows))
}

// pick chooses the heads among due rows, at most claimRows: those never claimed or given back, and those whose lease is
// over. next is where the following window begins: scanStart when this one was the last.
func pick(found []candidate) (ids []int64, lapsed []candidate, next position) {
	for _, c := range found {
		if c.Head != c.ID {
			continue
		}
		if c.LeaseUntil != nil {
			lapsed = append(lapsed, c)
		} else {
			ids = append(ids, c.ID)
		}
		if len(ids)+len(lapsed) == claimRows {
			return ids, lapsed, position{due: c.DueAt, id: c.ID}
		}
	}
	if len(found) < windowRows {
		return ids, lapsed, scanStart
	}
	last := found[len(found)-1]
	return ids, lapsed, position{due: last.DueAt, id: last.ID}
}

// room is how many more references Redis may hold. Memory there stays bounded however many rows wait.
func (q *Queue) room(ctx context.Context) (int, error) {
	n, err := q.rdb.LLen(ctx, "asynq:{"+q.o.Queue+"}:pending").Result()
	return max(0, q.o.Depth-int(n)), err
}

// lost sorts rows whose lease is over: those still waiting for a worker in Redis get more time, since a second reference
// would only make the line longer; the others are lost with their worker or their Redis and returned for a new claim.
func (q *Queue) lost(ctx context.Context, lapsed []candidate) []int64 {
	var ids []int64
	var queued []row
	for _, c := range lapsed {
		info, err := q.inspect.GetTaskInfo(q.o.Queue, taskID(c.ID, c.Generation))
		if err == nil && info.State == asynq.TaskStatePending {
			queued = append(queued, row{ID: c.ID, Generation: c.Generation})
		} else {
			ids = append(ids, c.ID)
		}
	}
	_ = q.rows.see(q.extend(ctx, queued))
	return ids
}

// enqueue puts references to claimed rows into Redis. Rows it could not place are released; the first error is returned.
func (q *Queue) enqueue(ctx context.Context, rows []row) error {
	if len(rows) == 0 {
		return nil
	}
	if !q.o.RelayOnly {
		q.claimed.put(rows)
	}
	chunks := slices.Collect(slices.Chunk(rows, q.perTask(len(rows))))
	failed := make([]bool, len(chunks))
	var work errgroup.Group
	work.SetLimit(enqueuers)
	for i := range chunks {
		work.Go(func() error {
			err := q.put(ctx, chunks[i])
			failed[i] = err != nil
			return err
		})
	}
	err := work.Wait()
	if err == nil {
		return nil
	}
	var back []row
	for i := range chunks {
		if failed[i] {
			back = append(back, chunks[i]...)
		}
	}
	for _, r := range back {
		q.claimed.take(r.ID, r.Generation)
	}
	// Also when ctx has just ended; and when the release fails, the lease brings the rows back.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	return errors.Join(fmt.Errorf("enqueue: %w", err), q.release(ctx, back))
}

// perTask is how many references share an Asynq task: one while few rows are moved, so that each starts at once, more when
// there is a backlog, where the trips to Redis would cost more than the jobs.
func (q *Queue) perTask(rows int) int {
	return min(maxPerTask, max(1, rows/q.o.Workers))
}

// put enqueues one task for the rows; it is named after the first of them.
func (q *Queue) put(ctx context.Context, rows []row) error {
	var payload []byte
	for i := range rows {
		payload = reference{rows[i].ID, rows[i].Generation}.append(payload)
	}
	_, err := q.client.EnqueueContext(ctx, asynq.NewTask(rows[0].Kind, payload), asynq.Queue(q.o.Queue),
		asynq.TaskID(taskID(rows[0].ID, rows[0].Generation)), asynq.MaxRetry(0), asynq.Timeout(taskLimit))
	if errors.Is(err, asynq.ErrTaskIDConflict) { // already there
		return nil
	}
	return err
}

func taskID(id int64, generation int) string {
	return "job:" + strconv.FormatInt(id, 10) + ":" + strconv.Itoa(generation)
}

// reference is all that Redis ever holds of a job.
type reference struct {
	id         int64
	generation int
}

const referenceSize = 12 // bytes

func (r reference) append(b []byte) []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint64(b, uint64(r.id)), uint32(r.generation))
}

func parseReferences(b []byte) (refs []reference, ok bool) {
	if len(b) == 0 || len(b)%referenceSize != 0 {
		return nil, false
	}
	for ; len(b) > 0; b = b[referenceSize:] {
		refs = append(refs, reference{int64(binary.BigEndian.Uint64(b)), int(binary.BigEndian.Uint32(b[8:]))})
	}
	return refs, true
}

// janitor deletes old done rows until ctx ends.
func (q *Queue) janitor(ctx context.Context) {
	if q.o.Keep < 0 {
		return
	}
	tick := time.NewTicker(purgeEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for n := purgeRows; n == purgeRows; {
			var err error
			n, err = q.purge(ctx, database.Now().Add(-q.o.Keep))
			if q.rows.see(err) != nil {
				break
			}
		}
	}
}
