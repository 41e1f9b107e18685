package web

import (
	"context"
	"time"

	"gorm.io/gorm"

	"entrepot/internal/database"
)

type idempotencyStore struct{ db *database.DB }

type idempotencyRow struct {
	ID          int64
	Scope       string
	IdemKey     string
	BodyHash    string
	Status      int
	Response    []byte
	ContentType string
	ObjectID    int64
	RequestID   string
	CreatedAt   time.Time
	ExpiresAt   time.Time
}

// TableName implements gorm's schema.Tabler.
func (idempotencyRow) TableName() string { return "idempotency" }

// find also returns a row past its time: until Purge takes it away the unique key would refuse a new one anyway.
func (s idempotencyStore) find(ctx context.Context, idem Idem) (idempotencyRow, error) {
	var row idempotencyRow
	err := s.db.Read(ctx).Where("scope = ? AND idem_key = ?", idem.Scope, idem.Key).Take(&row).Error
	return row, database.Translate(err)
}

// insertIdempotency is written out because it runs in the busiest transactions.
const insertIdempotency = "INSERT INTO idempotency (id, scope, idem_key, body_hash, status, response, content_type, object_id, request_id, " +
	"created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

// SaveTx stores the answer in the transaction that did the work, so both happen or neither. database.ErrDuplicate
// means that another request with the key was faster. Only successes belong here.
func (s *Idempotency) SaveTx(ctx context.Context, tx *gorm.DB, idem Idem, a Answer) error {
	st := s.Save(idem, a)
	return database.Translate(tx.WithContext(ctx).Exec(st.SQL, st.Args...).Error)
}

// Save is the statement of SaveTx, for transactions that send several at once (database.ExecAll).
func (s *Idempotency) Save(idem Idem, a Answer) database.Statement {
	now := s.now().UTC().Truncate(time.Millisecond)
	return database.Statement{SQL: insertIdempotency, Args: []any{s.store.db.NewID(), idem.Scope, idem.Key, idem.Hash, a.Status, a.Body,
		a.ContentType, a.ObjectID, idem.RequestID, now, now.Add(Keep)}}
}

// Purge deletes up to limit expired rows and says how many; a scheduled task repeats it until fewer come back.
// A key is free again when its row is gone.
func (s *Idempotency) Purge(ctx context.Context, limit int) (int64, error) {
	var deleted int64
	err := s.store.db.InTx(ctx, func(tx *gorm.DB) error {
		var ids []int64
		q := tx.WithContext(ctx).Model(&idempotencyRow{}).Where("expires_at <= ?", s.now().UTC())
		if err := q.Order("expires_at").Limit(limit).Pluck("id", &ids).Error; err != nil {
			return err
		}
		if len(ids) == 0 {
			return nil
		}
		res := tx.WithContext(ctx).Where("id IN ?", ids).Delete(&idempotencyRow{})
		deleted = res.RowsAffected
		return res.Error
	})
	return deleted, database.Translate(err)
}
