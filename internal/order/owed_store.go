package order

import (
	"context"
	"time"

	"entrepot/internal/errs"

	"gorm.io/gorm"
)

// States of what a member is owed.
const (
	owedState = "owed"
	paidBack  = "paid"
)

// refundRow is money of a member that the site owes or has paid back.
type refundRow struct {
	ID          int64
	OrderID     int64
	LineID      int64
	Quantity    int64
	AmountMinor int64
	Currency    string
	Cause       string
	State       string
	SourceKey   string
	DecidedBy   string
	CreatedAt   time.Time
	PaidAt      *time.Time
}

func (refundRow) TableName() string { return "member_refunds" }

// Owed is a claim of a member on the site: so many pieces of a line (LineID 0: the order as a whole) are not delivered, and
// the amount, in minor units of the order's currency, is to be paid back. Key names the fact behind it: one fact is owed once.
type Owed struct {
	OrderID     int64
	LineID      int64
	Quantity    int64
	AmountMinor int64
	Cause       string
	Key         string
	DecidedBy   string
}

// OweTx records what a member is owed inside the caller's transaction, which must hold the lock of the order. Everything
// owed and paid back for an order together never exceeds what its member paid, and a line is not owed for more pieces than
// were ordered: that is part of the statements, not of the caller's care. A key that is known changes nothing.
// Errors: refund.too_much, order.not_found.
func (s *Service) OweTx(ctx context.Context, tx *gorm.DB, w Owed) error {
	return s.store.oweTx(ctx, tx, w)
}

func (s *store) oweTx(ctx context.Context, tx *gorm.DB, w Owed) error {
	if w.AmountMinor < 0 || w.Quantity < 0 {
		return errs.New(errs.Rule, "refund.too_much")
	}
	var known int64
	if err := tx.Model(&refundRow{}).Where("source_key = ?", w.Key).Count(&known).Error; err != nil || known > 0 {
		return err
	}
	var o orderRow
	if err := tx.Select("id", "currency", "status").Where("id = ?", w.OrderID).Limit(1).Find(&o).Error; err != nil {
		return err
	}
	if o.ID == 0 {
		return errs.New(errs.NotFound, "order.not_found")
	}
	if err := piecesTx(tx, w); err != nil {
		return err
	}
	if _, err := s.accountTx(tx, o.ID); err != nil {
		return err
	}
	res := tx.Exec("UPDATE order_accounts SET owed_minor = owed_minor + ?, updated_at = ? WHERE order_id = ? "+
		"AND owed_minor + ? <= (SELECT paid_minor FROM orders WHERE id = ?)", w.AmountMinor, s.now(), o.ID, w.AmountMinor, o.ID)
	if res.Error != nil {
		return res.Error
	}
	if res.RowsAffected == 0 {
		return errs.New(errs.Rule, "refund.too_much")
	}
	row := refundRow{ID: s.db.NewID(), OrderID: o.ID, LineID: w.LineID, Quantity: w.Quantity, AmountMinor: w.AmountMinor, Currency: o.Currency,
		Cause: clip(w.Cause, 60), State: owedState, SourceKey: w.Key, DecidedBy: clip(w.DecidedBy, 60), CreatedAt: s.now()}
	if err := tx.Create(&row).Error; err != nil {
		return err
	}
	return s.noteTx(ctx, tx, &purchaseRow{OrderID: o.ID, State: PurchaseState(o.Status)}, "member.owed", w.Cause+" "+id(w.AmountMinor)+" "+o.Currency, w.DecidedBy)
}

// piecesTx refuses to owe for more pieces of a line than it has.
func piecesTx(tx *gorm.DB, w Owed) error {
	if w.LineID == 0 || w.Quantity == 0 {
		return nil
	}
	var fits int64
	err := tx.Model(&lineRow{}).Where("id = ? AND order_id = ? AND quantity >= ? + (SELECT COALESCE(SUM(m.quantity), 0) FROM member_refunds m WHERE m.line_id = ?)",
		w.LineID, w.OrderID, w.Quantity, w.LineID).Count(&fits).Error
	if err == nil && fits == 0 {
		return errs.New(errs.Rule, "refund.too_much")
	}
	return err
}

// creditTx gives a member an amount of an order: it makes what is still due smaller, and the rest is owed back.
func (s *store) creditTx(ctx context.Context, tx *gorm.DB, o *orderRow, w Owed) error {
	a, err := s.accountTx(tx, o.ID)
	if err != nil {
		return err
	}
	less := w.AmountMinor
	if o.PaidAt != nil {
		less = min(less, max(outstanding(o, a), 0))
	}
	if less > 0 {
		if err := s.extraTx(tx, o.ID, -less); err != nil {
			return err
		}
	}
	if w.AmountMinor -= less; w.AmountMinor > 0 {
		if err := s.oweTx(ctx, tx, w); err != nil {
			return err
		}
	}
	if less > 0 && o.PaidAt != nil {
		return s.releaseTx(ctx, tx, o, holdExtra)
	}
	return nil
}
