package search

import (
	"context"
	"time"

	"gorm.io/gorm"

	"entrepot/internal/auth"
	"entrepot/internal/database"
	"entrepot/internal/web"
)

type rateRow struct {
	ID         int64
	Currency   string
	Rate       string
	Source     string
	AsOf       time.Time
	ValidUntil *time.Time
	Reason     string
	Staff      string
	RequestID  string
	CreatedAt  time.Time
}

// TableName implements gorm's schema.Tabler.
func (rateRow) TableName() string { return "exchange_rates" }

// liveRates are the rates that are in force now or may be when one before them ends, newest first: of each currency the
// newest without an end and those after it.
func (s store) liveRates(ctx context.Context, now time.Time) ([]rateRow, error) {
	var rows []rateRow
	err := s.db.Read(ctx).Where("(valid_until IS NULL OR valid_until > ?) AND id >= COALESCE((SELECT MAX(later.id) FROM exchange_rates later "+
		"WHERE later.currency = exchange_rates.currency AND later.valid_until IS NULL), 0)", now.UTC()).Order("id DESC").Find(&rows).Error
	return rows, database.Translate(err)
}

func (s store) insertRateTx(ctx context.Context, tx *gorm.DB, row *rateRow) error {
	return database.Translate(tx.WithContext(ctx).Create(row).Error)
}

// ratePage is staff's rates, newest first.
func (s store) ratePage(ctx context.Context, currency string, before int64, limit int) ([]rateRow, error) {
	var rows []rateRow
	q := s.db.Read(ctx).Order("id DESC").Limit(limit)
	if currency != "" {
		q = q.Where("currency = ?", currency)
	}
	if before > 0 {
		q = q.Where("id < ?", before)
	}
	return rows, database.Translate(q.Find(&rows).Error)
}

// saveRate writes a rate with its stored answer, the new version of the rates and the audit row.
func (s *Service) saveRate(ctx context.Context, row *rateRow, idem web.Idem, answer web.Answer) error {
	var before any
	if was, err := s.rates.Rate(row.Currency); err == nil {
		before = was
	}
	after := map[string]any{"currency": row.Currency, "rate": row.Rate, "validUntil": row.ValidUntil}
	return s.store.db.InTx(ctx, func(tx *gorm.DB) error {
		if err := s.idem.SaveTx(ctx, tx, idem, answer); err != nil {
			return err
		}
		if err := s.store.insertRateTx(ctx, tx, row); err != nil {
			return err
		}
		if err := s.store.touchTx(ctx, tx, everySite, row.CreatedAt); err != nil {
			return err
		}
		return s.auth.AuditTx(ctx, tx, auth.Entry{
			Action: "rate.set", ObjectKind: "exchange_rate", ObjectID: row.ID, Reason: row.Reason, Before: before, After: after,
		})
	})
}
