package pay

import (
	"context"
	"time"

	"entrepot/internal/database"
	"entrepot/internal/order"

	"gorm.io/gorm"
)

type store struct {
	db     *database.DB
	orders *order.Service
	now    func() time.Time
}

type paymentRow struct {
	ID          int64
	OrderID     int64
	Site        string
	ProviderRef string
	AmountMinor int64
	Currency    string
	State       string
	WebhookID   string
	PaidAt      time.Time
	CreatedAt   time.Time
}

func (paymentRow) TableName() string { return "payments" }

// record writes the payment and what follows from it in one transaction. database.ErrDuplicate: known already.
func (s *store) record(ctx context.Context, row paymentRow) error {
	return s.db.InTx(ctx, func(tx *gorm.DB) error {
		if err := tx.Create(&row).Error; err != nil {
			return database.Translate(err)
		}
		if row.State == mismatch {
			return s.orders.AttentionTx(ctx, tx, row.OrderID, "payment_mismatch")
		}
		return s.orders.MarkPaidTx(ctx, tx, row.OrderID, row.AmountMinor, row.PaidAt)
	})
}

func (s *store) known(ctx context.Context, ref, webhookID string) (paymentRow, error) {
	var row paymentRow
	err := s.db.Read(ctx).Where("provider_ref = ? OR webhook_id = ?", ref, webhookID).Take(&row).Error
	return row, database.Translate(err)
}
