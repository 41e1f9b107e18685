package order

import (
	"context"
	"strconv"
	"time"

	"entrepot/internal/money"
)

// ToPay is a purchase as the pay package sees it.
type ToPay struct {
	ID, OrderID    int64
	AlibabaOrderID int64
	Unpaid         bool // and its order is paid by the member and not closed, and nothing holds it
	Attempts       int
	LastTry        *time.Time
	TotalFen       money.Fen
	QuotedFen      money.Fen
}

// ToPay reads a purchase for payment.
func (s *Service) ToPay(ctx context.Context, purchaseID int64) (ToPay, error) {
	b, err := s.store.purchase(ctx, purchaseID)
	if err != nil {
		return ToPay{}, err
	}
	p := b.purchase
	payable := p.State == Unpaid && b.order.order.PaidAt != nil && b.order.order.Status != Cancelled && b.terms.Hold == holdNone
	t := ToPay{ID: p.ID, OrderID: p.OrderID, Unpaid: payable, Attempts: p.PayAttempts, LastTry: p.PayStartedAt, TotalFen: p.TotalFen, QuotedFen: p.QuotedFen}
	if p.AlibabaOrderID != nil {
		t.AlibabaOrderID, err = strconv.ParseInt(*p.AlibabaOrderID, 10, 64)
	}
	return t, err
}

// StartPaying counts a try to pay; false when another worker was faster or the purchase is not unpaid any more.
func (s *Service) StartPaying(ctx context.Context, t ToPay) (bool, error) {
	return s.store.startPaying(ctx, t.ID, t.Attempts)
}

// NotPaying takes back a try that was never made; t is as before StartPaying.
func (s *Service) NotPaying(ctx context.Context, t ToPay) error {
	return s.store.notPaying(ctx, t)
}

// NeedsStaff marks an order for staff.
func (s *Service) NeedsStaff(ctx context.Context, orderID, purchaseID int64, reason string) error {
	return s.store.attention(ctx, orderID, purchaseID, reason)
}
