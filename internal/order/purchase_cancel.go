package order

import (
	"context"
	"time"
)

// tooYoung is how long 1688 lets nobody close a new order.
const tooYoung = 10 * time.Second

// CancelPurchase closes an unpaid purchase at 1688 that nobody wants any more. What became of it is read afterwards: it may
// have been paid or closed meanwhile.
func (s *Service) CancelPurchase(ctx context.Context, purchaseID int64) error {
	b, err := s.store.purchase(ctx, purchaseID)
	if err != nil {
		return err
	}
	unwanted := b.order.order.Status == Cancelled || b.terms.Hold == holdDeclined || b.terms.Hold == holdExpired || b.terms.Hold == holdCancelled
	if !unwanted || b.purchase.RankNo > purchaseRank[Unpaid] {
		return nil
	}
	if b.purchase.State == Creating && b.terms.Hold == holdCancelled {
		return s.giveUp(ctx, b)
	}
	if b.purchase.State == Creating {
		return s.Create(ctx, purchaseID) // looks whether it exists, and gives it up if not
	}
	if err := s.closeAt1688(ctx, *b.purchase.AlibabaOrderID); err != nil {
		return err
	}
	if err := s.Refresh(ctx, purchaseID, "purchase.cancelled"); err != nil {
		return err
	}
	return s.store.stillOpen(ctx, purchaseID)
}
