package order

import (
	"context"

	"gorm.io/gorm"
)

// startPaying counts one try to pay a purchase; false when another worker was faster or the state moved.
func (s *store) startPaying(ctx context.Context, id int64, attempts int) (bool, error) {
	var mine bool
	err := s.db.InTx(ctx, func(tx *gorm.DB) error {
		res := tx.Model(&purchaseRow{}).Where("id = ? AND state = ? AND pay_attempts = ?", id, Unpaid, attempts).
			Updates(map[string]any{"pay_attempts": attempts + 1, "pay_started_at": s.now(), "updated_at": s.now()})
		mine = res.RowsAffected == 1
		return res.Error
	})
	return mine, err
}

// notPaying undoes startPaying for a call that was certainly not made.
func (s *store) notPaying(ctx context.Context, t ToPay) error {
	return s.db.InTx(ctx, func(tx *gorm.DB) error {
		return tx.Model(&purchaseRow{}).Where("id = ? AND pay_attempts = ?", t.ID, t.Attempts+1).
			Updates(map[string]any{"pay_attempts": t.Attempts, "pay_started_at": t.LastTry, "updated_at": s.now()}).Error
	})
}
