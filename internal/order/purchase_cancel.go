package order

import (
	"context"
	"time"

	"entrepot/internal/alibaba"
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
	unwanted := b.order.order.Status == Cancelled || b.terms.Hold == holdDeclined || b.terms.Hold == holdExpired
	if !unwanted || b.purchase.RankNo > purchaseRank[Unpaid] {
		return nil
	}
	if b.purchase.State == Creating {
		return s.Create(ctx, purchaseID) // looks whether it exists, and gives it up if not
	}
	no, err := alibaba.ParseID(*b.purchase.AlibabaOrderID)
	if err != nil {
		return err
	}
	err = s.client.CancelOrder(ctx, no, alibaba.CancelByBuyer, "")
	switch {
	case alibaba.IsTooYoung(err):
		return errWait{tooYoung, "1688 closes no order in its first seconds"}
	case err != nil && !alibaba.IsWrongStatus(err):
		return err
	}
	if err := s.Refresh(ctx, purchaseID, "purchase.cancelled"); err != nil {
		return err
	}
	return s.store.stillOpen(ctx, purchaseID)
}
