package order

import (
	"context"

	"entrepot/internal/alibaba"
	"entrepot/internal/auth"
	"entrepot/internal/errs"
	"entrepot/internal/site"
)

// cancelWish is somebody's wish to cancel an order.
type cancelWish struct {
	by, cause, closeReason, reason string
	audit                          func(tx auditTx) error // nil for members
}

// Cancel gives up a member's order, or asks for it: purchases that may exist at 1688 are closed there first. The same wish
// again changes nothing. Errors: order.not_found, order.not_cancellable (1688 was paid, or the goods are on their way).
func (s *Service) Cancel(ctx context.Context, who auth.MemberCaller, st *site.Site, orderID int64, reason string) (*full, error) {
	if _, err := s.store.get(ctx, st.Code, who.ID, orderID); err != nil {
		return nil, notFound(err)
	}
	w := cancelWish{by: "member", cause: "member.cancel", closeReason: "member", reason: reason}
	if err := s.cancel(ctx, orderID, w); err != nil {
		return nil, err
	}
	return s.Order(ctx, who, st, orderID)
}

// CancelByStaff is Cancel on a staff member's word.
func (s *Service) CancelByStaff(ctx context.Context, staff auth.StaffCaller, orderID int64, reason string) error {
	return s.cancel(ctx, orderID, cancelWish{
		by: staff.LoginName, cause: "staff.cancel", closeReason: "staff", reason: reason, audit: s.audited(ctx, "order.cancel", orderID, reason, nil),
	})
}

func (s *Service) cancel(ctx context.Context, orderID int64, w cancelWish) error {
	err := s.store.wishCancel(ctx, orderID, w)
	s.store.jobs.Kick()
	return notFound(err)
}

// FinishCancel closes at 1688 what an order still has there, and ends the cancellation: the order is cancelled when all of
// it is closed. What was paid meanwhile stays bought and is shown to staff.
func (s *Service) FinishCancel(ctx context.Context, orderID int64) error {
	rows, err := s.store.cancelling(ctx, orderID)
	if err != nil {
		return err
	}
	var first error
	for _, p := range rows {
		if err := s.CancelPurchase(ctx, p.ID); err != nil && first == nil {
			first = err
		}
	}
	if first != nil {
		return first
	}
	return s.store.endCancel(ctx, orderID)
}

// giveUp ends a purchase that nobody wants and that 1688 may have been asked to create: it is looked for there first.
func (s *Service) giveUp(ctx context.Context, b *bought) error {
	if b.purchase.SendCount > 0 {
		known, err := s.lookFirst(ctx, b)
		if err != nil {
			return err
		}
		if known {
			return s.CancelPurchase(ctx, b.purchase.ID)
		}
	}
	return s.store.forsake(ctx, b)
}

// closeAt1688 asks 1688 to close an order nobody has paid. A state in which it closes none is no error here: what became of
// the order is read afterwards.
func (s *Service) closeAt1688(ctx context.Context, alibabaOrderID string) error {
	no, err := alibaba.ParseID(alibabaOrderID)
	if err != nil {
		return err
	}
	err = s.client.CancelOrder(ctx, no, alibaba.CancelByBuyer, "")
	switch {
	case alibaba.IsTooYoung(err):
		return errWait{tooYoung, "1688 closes no order in its first seconds"}
	case alibaba.IsWrongStatus(err):
		return nil
	}
	return err
}

// notCancellable is what a cancellation is refused with.
func notCancellable() error { return errs.New(errs.Conflict, "order.not_cancellable") }
