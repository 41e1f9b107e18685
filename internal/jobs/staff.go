package jobs

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"entrepot/internal/database"
)

const (
	listDefault = 50
	listMax     = 500
)

// Filter picks rows of List; empty fields pick all.
type Filter struct {
	Aggregate  string
	State      string // StateWaiting, StateDone or StateDead
	KindPrefix string // "order." picks every kind that begins so
	Before     int64  // only ids below it: the last id of the page before; 0 = from the newest
	Limit      int    // 50 when 0, at most 500
}

// Row is a job as staff see it. The payload is for code that knows the kind; it may hold personal data.
type Row struct {
	ID        int64
	Kind      string
	Aggregate string
	State     string
	Payload   []byte
	DueAt     time.Time // UTC; while the job is in the queue, the end of its lease
	Attempts  int       // failed ones
	LastError string
	RequestID string
	CreatedAt time.Time
	UpdatedAt time.Time
	DoneAt    *time.Time
}

// List returns rows, newest first.
func (q *Queue) List(ctx context.Context, f Filter) ([]Row, error) {
	if f.Limit <= 0 {
		f.Limit = listDefault
	}
	query := q.db.Read(ctx).Table("jobs").Order("id DESC").Limit(min(f.Limit, listMax)).
		Select("id, kind, aggregate, state, payload, due_at, attempts, last_error, request_id, created_at, updated_at, done_at")
	if f.Aggregate != "" {
		query = query.Where("aggregate = ?", f.Aggregate)
	}
	if f.State != "" {
		query = query.Where("state = ?", f.State)
	}
	if f.KindPrefix != "" {
		query = query.Where("kind >= ? AND kind < ?", f.KindPrefix, f.KindPrefix+"\U0010FFFF")
	}
	if f.Before > 0 {
		query = query.Where("id < ?", f.Before)
	}
	rows := []Row{}
	if err := query.Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list jobs: %w", err)
	}
	return rows, nil
}

// Retry brings a dead job back to life with a fresh set of attempts. On a job that is not dead it changes nothing, so any
// number of clicks has one effect. database.ErrNotFound when there is no such job.
func (q *Queue) Retry(ctx context.Context, id int64) error {
	if err := q.db.InTx(ctx, func(tx *gorm.DB) error { return q.RetryTx(ctx, tx, id) }); err != nil {
		return err
	}
	q.Kick()
	return nil
}

// RetryTx is Retry inside the caller's transaction, together with its audit row. Call Kick after the commit.
func (q *Queue) RetryTx(ctx context.Context, tx *gorm.DB, id int64) error {
	now := database.Now()
	revived := tx.WithContext(ctx).Exec(`UPDATE jobs SET state = 'waiting', attempts = 0, due_at = ?, lease_until = NULL,
updated_at = ? WHERE id = ? AND state = 'dead'`, now, now, id)
	if revived.Error != nil || revived.RowsAffected == 1 {
		return revived.Error
	}
	var exists int64
	if err := tx.WithContext(ctx).Raw("SELECT COUNT(*) FROM jobs WHERE id = ?", id).Scan(&exists).Error; err != nil {
		return err
	}
	if exists == 0 {
		return database.ErrNotFound
	}
	return nil
}
