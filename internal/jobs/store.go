package jobs

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"entrepot/internal/database"
)

// row is a job as the relay and the worker need it.
type row struct {
	ID         int64
	Kind       string
	Aggregate  string
	Payload    string
	State      string
	DueAt      time.Time
	LeaseUntil *time.Time
	Generation int
	Attempts   int
	RequestID  string
	CreatedAt  time.Time
}

const rowColumns = "id, kind, aggregate, payload, state, due_at, lease_until, generation, attempts, request_id, created_at"

func (r *row) task() *Task {
	return &Task{ID: r.ID, Kind: r.Kind, Aggregate: r.Aggregate, Payload: []byte(r.Payload), Attempts: r.Attempts,
		CreatedAt: r.CreatedAt, RequestID: r.RequestID}
}

// position is where a scan over the due rows got to.
type position struct {
	due time.Time
	id  int64
}

// hints name the index each hot query lives by: after a burst the server's statistics are wrong, and one poor plan on
// this table stops everything.
type hints struct{ byDue, byAggregate, byID string }

func newHints(db *database.DB) hints {
	return hints{byDue: db.ByIndex("ix_jobs_state_due_at_id"), byAggregate: db.ByIndex("ix_jobs_aggregate_state_id"),
		byID: db.ByIndex(database.PrimaryKey)}
}

// scanStart is before every row. (Not the zero time, which MySQL does not accept.)
var scanStart = position{due: time.Unix(0, 0).UTC()}

// candidate is a due row; head is the id of the oldest waiting job of its aggregate.
type candidate struct {
	ID         int64
	DueAt      time.Time
	LeaseUntil *time.Time
	Generation int
	Head       int64
}

// windowRows bounds one look at the due rows. A claimed row's due_at is the end of its lease, so rows in the queue are
// not in the way; rows behind the head of their aggregate are, hence the bound and the position to go on from.
const windowRows = 1000

// window reads the due rows from a position on, oldest first, all from the index over (state, due_at, id).
func (q *Queue) window(ctx context.Context, from position, now time.Time) ([]candidate, error) {
	query := `SELECT w.id, w.due_at, w.lease_until, w.generation, CASE WHEN w.aggregate = '' THEN w.id ELSE
	(SELECT o.id FROM jobs o` + q.sql.byAggregate + ` WHERE o.aggregate = w.aggregate AND o.state = 'waiting' ORDER BY o.id LIMIT 1) END AS head
FROM (SELECT id, due_at, lease_until, generation, aggregate FROM jobs` + q.sql.byDue + `
	WHERE state = 'waiting' AND due_at <= ? AND due_at >= ? AND (due_at > ? OR id > ?)
	ORDER BY due_at, id LIMIT ?) w ORDER BY w.due_at, w.id`
	var found []candidate
	err := q.db.Read(ctx).Raw(query, now, from.due, from.due, from.id, windowRows).Scan(&found).Error
	return found, err
}

// claimTx takes the rows for a lease: the next generation, due again when the lease ends. Rows that somebody else took
// since they were read are left out. Only the given ids are touched, in their order, so that two relays cannot deadlock.
func (q *Queue) claimTx(tx *gorm.DB, ids []int64, now time.Time) ([]row, error) {
	slices.Sort(ids)
	token, until := uuid.NewString(), now.Add(q.o.Lease)
	taken := tx.Exec(`UPDATE jobs`+q.sql.byID+` SET lease_until = ?, due_at = ?, generation = generation + 1, claim = ?, updated_at = ?
WHERE id IN ? AND state = 'waiting' AND due_at <= ?`, until, until, token, now, ids, now)
	if taken.Error != nil || taken.RowsAffected == 0 {
		return nil, taken.Error
	}
	var rows []row
	err := tx.Raw("SELECT "+rowColumns+" FROM jobs WHERE id IN ? AND claim = ? ORDER BY id", ids, token).Scan(&rows).Error
	return rows, err
}

// claim is claimTx in a transaction that it shares with others.
func (q *Queue) claim(ctx context.Context, ids []int64) (rows []row, err error) {
	err = q.db.Grouped(ctx, func(tx *gorm.DB) error {
		rows, err = q.claimTx(tx, ids, database.Now())
		return err
	})
	return rows, err
}

// release gives claimed rows back that could not be enqueued.
func (q *Queue) release(ctx context.Context, rows []row) error {
	now := database.Now()
	return q.byGeneration(ctx, rows, func(tx *gorm.DB, generation int, ids []int64) error {
		return tx.Exec(`UPDATE jobs`+q.sql.byID+` SET lease_until = NULL, due_at = ?, updated_at = ? WHERE id IN ? AND generation = ? AND state = 'waiting'`,
			now, now, ids, generation).Error
	})
}

// extend prolongs leases of rows whose generation is still the given one.
func (q *Queue) extend(ctx context.Context, rows []row) error {
	until := database.Now().Add(q.o.Lease)
	return q.byGeneration(ctx, rows, func(tx *gorm.DB, generation int, ids []int64) error {
		return tx.Exec(`UPDATE jobs`+q.sql.byID+` SET lease_until = ?, due_at = ? WHERE id IN ? AND generation = ? AND state = 'waiting'`,
			until, until, ids, generation).Error
	})
}

func (q *Queue) byGeneration(ctx context.Context, rows []row, update func(tx *gorm.DB, generation int, ids []int64) error) error {
	if len(rows) == 0 {
		return nil
	}
	return q.db.Grouped(ctx, func(tx *gorm.DB) error {
		return eachGeneration(rows, func(generation int, ids []int64) error { return update(tx, generation, ids) })
	})
}

// eachGeneration calls do for the ids of each generation, both in ascending order.
func eachGeneration(rows []row, do func(generation int, ids []int64) error) error {
	ids := map[int][]int64{}
	var generations []int
	for i := range rows {
		g := rows[i].Generation
		if ids[g] == nil {
			generations = append(generations, g)
		}
		ids[g] = append(ids[g], rows[i].ID)
	}
	slices.Sort(generations)
	for _, g := range generations {
		slices.Sort(ids[g])
		if err := do(g, ids[g]); err != nil {
			return err
		}
	}
	return nil
}

// load reads the row a reference points to; ok is false when it has moved on.
func (q *Queue) load(ctx context.Context, id int64, generation int) (r row, ok bool, err error) {
	found := q.db.Read(ctx).Raw("SELECT "+rowColumns+" FROM jobs WHERE id = ? AND generation = ? AND state = 'waiting'", id, generation).Scan(&r)
	return r, found.RowsAffected == 1, found.Error
}

// forgetLeases makes every waiting row that was in the queue due at once, for a Redis that starts empty.
func (q *Queue) forgetLeases(ctx context.Context) error {
	now := database.Now()
	return q.db.InTx(ctx, func(tx *gorm.DB) error {
		return tx.Exec("UPDATE jobs SET lease_until = NULL, due_at = ? WHERE state = 'waiting' AND lease_until IS NOT NULL", now).Error
	})
}

// settleTx writes outcomes and claims the jobs that were waiting behind finished ones: one commit makes both durable.
func (q *Queue) settleTx(tx *gorm.DB, batch []outcome, claimNext bool) ([]row, error) {
	if err := writeItems(tx, batch); err != nil {
		return nil, err
	}
	now := database.Now()
	var finished []row
	var aggregates []string
	for i := range batch {
		o := &batch[i]
		if o.decision.verdict == done {
			finished = append(finished, o.row)
		} else if err := q.settleOneTx(tx, o, now); err != nil {
			return nil, err
		}
		if v := o.decision.verdict; (v == done || v == dead) && o.row.Aggregate != "" {
			aggregates = append(aggregates, o.row.Aggregate)
		}
	}
	err := eachGeneration(finished, func(generation int, ids []int64) error {
		return tx.Exec(`UPDATE jobs`+q.sql.byID+` SET state = 'done', done_at = ?, updated_at = ?, lease_until = NULL, last_error = ''
WHERE id IN ? AND generation = ? AND state = 'waiting'`, now, now, ids, generation).Error
	})
	if err != nil || !claimNext {
		return nil, err
	}
	next, err := q.headsTx(tx, aggregates, now)
	if err != nil || len(next) == 0 {
		return nil, err
	}
	return q.claimTx(tx, next, now)
}

// writeItems lets each writer write the items of its jobs.
func writeItems(tx *gorm.DB, batch []outcome) error {
	items := map[*Writer][]any{}
	var writers []*Writer
	for i := range batch {
		w := batch[i].writer
		if w == nil {
			continue
		}
		if items[w] == nil {
			writers = append(writers, w)
		}
		items[w] = append(items[w], batch[i].item)
	}
	for _, w := range writers {
		if err := w.write(tx, items[w]); err != nil {
			return &errItems{err}
		}
	}
	return nil
}

func (q *Queue) settleOneTx(tx *gorm.DB, o *outcome, now time.Time) error {
	state, attempts, due := StateWaiting, o.row.Attempts, now.Add(o.decision.after)
	switch o.decision.verdict {
	case retry:
		attempts++
	case dead:
		state, attempts = StateDead, attempts+1
	}
	return tx.Exec(`UPDATE jobs`+q.sql.byID+` SET state = ?, attempts = ?, due_at = ?, last_error = ?, updated_at = ?, lease_until = NULL
WHERE id = ? AND generation = ? AND state = 'waiting'`,
		state, attempts, due, cut(o.decision.err.Error(), maxError), now, o.row.ID, o.row.Generation).Error
}

// headsTx finds the due first waiting job of each aggregate: one index entry each, however many wait behind it.
func (q *Queue) headsTx(tx *gorm.DB, aggregates []string, now time.Time) ([]int64, error) {
	slices.Sort(aggregates)
	aggregates = slices.Compact(aggregates)
	if len(aggregates) == 0 {
		return nil, nil
	}
	one := "SELECT * FROM (SELECT id, due_at FROM jobs" + q.sql.byAggregate + " WHERE aggregate = ? AND state = 'waiting' ORDER BY id LIMIT 1) h"
	args := make([]any, len(aggregates))
	for i, a := range aggregates {
		args[i] = a
	}
	var heads []struct {
		ID    int64
		DueAt time.Time
	}
	query := one + strings.Repeat(" UNION ALL "+one, len(aggregates)-1)
	if err := tx.Raw(query, args...).Scan(&heads).Error; err != nil {
		return nil, err
	}
	var ids []int64
	for _, h := range heads {
		if !h.DueAt.After(now) {
			ids = append(ids, h.ID)
		}
	}
	return ids, nil
}

// purgeRows bounds one deletion of done rows.
const purgeRows = 500

// purge deletes done rows that were due before the time, a bounded number; it reports how many.
func (q *Queue) purge(ctx context.Context, before time.Time) (int, error) {
	var ids []int64
	err := q.db.Read(ctx).Raw("SELECT id FROM jobs WHERE state = 'done' AND due_at < ? ORDER BY due_at, id LIMIT ?", before, purgeRows).Scan(&ids).Error
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	err = q.db.Grouped(ctx, func(tx *gorm.DB) error {
		return tx.Exec("DELETE FROM jobs WHERE id IN ? AND state = 'done'", ids).Error
	})
	if err != nil {
		return 0, fmt.Errorf("purge jobs: %w", err)
	}
	return len(ids), nil
}
