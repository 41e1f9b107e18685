package order

import (
	"context"
	"time"

	"gorm.io/gorm"
)

// tied says whether a 1688 order belongs to a purchase already.
func (s *store) tied(ctx context.Context, alibabaOrderID string) (bool, error) {
	var n int64
	err := s.db.Read(ctx).Model(&purchaseRow{}).Where("alibaba_order_id = ?", alibabaOrderID).Count(&n).Error
	return n > 0, err
}

// creatingTx runs fn on a purchase that is still to be created, under the lock of its order.
func (s *store) creatingTx(ctx context.Context, b *bought, fn func(tx *gorm.DB, o *orderRow, p *purchaseRow, t *termsRow) error) error {
	return s.db.InTx(ctx, func(tx *gorm.DB) error {
		o, p, err := lockPurchaseTx(tx, &b.purchase)
		if err != nil || p.State != Creating {
			return err
		}
		t, err := s.termsTx(tx, &o, &p)
		if err != nil {
			return err
		}
		return fn(tx, &o, &p, &t)
	})
}

// requoted notes the price 1688 asks now, and the flow and trade mode it wants; go is false when the member must be asked.
func (s *store) requoted(ctx context.Context, b *bought, now asked, flow, trade string) (goOn bool, err error) {
	err = s.creatingTx(ctx, b, func(tx *gorm.DB, o *orderRow, p *purchaseRow, t *termsRow) error {
		at := s.now()
		t.PricedAt = &at
		if err := s.saveTermsTx(tx, t); err != nil {
			return err
		}
		held, err := s.askedTx(ctx, tx, o, p, now)
		goOn = err == nil && !held
		if err != nil {
			return err
		}
		return tx.Model(&purchaseRow{}).Where("id = ?", p.ID).Updates(map[string]any{"flow": clip(flow, 40), "trade_type": clip(trade, 40), "updated_at": s.now()}).Error
	})
	return goOn, err
}

// askAgain has the price of a purchase asked again, because 1688 refused it as it was.
func (s *store) askAgain(ctx context.Context, b *bought, reason string) error {
	return s.creatingTx(ctx, b, func(tx *gorm.DB, _ *orderRow, p *purchaseRow, t *termsRow) error {
		t.PricedAt, t.Requotes = nil, t.Requotes+1
		if err := s.saveTermsTx(tx, t); err != nil {
			return err
		}
		return s.unsentTx(ctx, tx, p, reason)
	})
}

// leaveOut notes lines that 1688 refuses; the others are tried again.
func (s *store) leaveOut(ctx context.Context, b *bought, codes map[int64]string, reason string) error {
	return s.creatingTx(ctx, b, func(tx *gorm.DB, o *orderRow, p *purchaseRow, t *termsRow) error {
		if err := s.shortLinesTx(ctx, tx, o, p, codes, "purchase.line_refused"); err != nil {
			return err
		}
		err := tx.Model(&termsRow{}).Where("purchase_id = ?", t.PurchaseID).Updates(map[string]any{"priced_at": (*time.Time)(nil)}).Error
		if err != nil {
			return err
		}
		return s.unsentTx(ctx, tx, p, reason)
	})
}

func (s *store) unsentTx(ctx context.Context, tx *gorm.DB, p *purchaseRow, reason string) error {
	if err := s.noteTx(ctx, tx, p, "purchase.asked_again", reason, "1688"); err != nil {
		return err
	}
	return tx.Model(&purchaseRow{}).Where("id = ?", p.ID).Updates(map[string]any{"sent_at": nil, "last_error": clip(reason, 500), "updated_at": s.now()}).Error
}
