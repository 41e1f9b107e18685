package pay

import (
	"context"

	"entrepot/internal/alibaba"
	"entrepot/internal/auth"
	"entrepot/internal/web"
)

// audited notes what staff did to a refund, in the transaction that does it.
func (s *Service) audited(ctx context.Context, tx dbTx, f *fullRefund, action, reason string, after any) error {
	return s.auth.AuditTx(ctx, tx, auth.Entry{Action: "refund." + action, ObjectKind: "refund", ObjectID: f.ID, Site: f.Site, Reason: reason,
		Before: map[string]string{"state": f.State}, After: after})
}

// ApproveRefund is a staff member's word that the member gets the money, whatever 1688 gives. Above the site's limit two
// different people must say so. Errors: refund.not_found, refund.not_open, refund.same_approver.
func (s *Service) ApproveRefund(ctx context.Context, who auth.StaffCaller, id int64, reason string) error {
	err := s.store.approve(ctx, id, approver{who.ID, who.LoginName, reason}, func(tx dbTx, f *fullRefund, final bool) error {
		return s.audited(ctx, tx, f, "approved", reason, map[string]any{"amount": f.AmountMinor, "currency": f.Currency, "final": final})
	})
	return refundMissing(err)
}

// RejectRefund ends a refund without money; what runs at 1688 is taken back. Errors: refund.not_found, refund.not_open.
func (s *Service) RejectRefund(ctx context.Context, who auth.StaffCaller, id int64, reason string) error {
	f, err := s.store.refund(ctx, "", 0, id)
	if err != nil {
		return refundMissing(err)
	}
	e := refundEntryRow{Actor: "staff", ActorName: who.LoginName, Action: "rejecting", Detail: reason, Dedupe: "rejecting"}
	err = s.store.takeBack(ctx, id, refundRejected, e, func(tx dbTx) error { return s.audited(ctx, tx, f, "rejected", reason, nil) })
	s.jobs.Kick()
	return err
}

// AskMember adds a staff member's message to a refund's thread, where the member reads it. Errors: refund.not_found.
func (s *Service) AskMember(ctx context.Context, who auth.StaffCaller, id int64, text string) error {
	e := refundEntryRow{Actor: "staff", ActorName: who.LoginName, Action: "message", Detail: text}
	err := s.store.message(ctx, id, e, func(tx dbTx, f *fullRefund) error { return s.audited(ctx, tx, f, "message", "", nil) })
	return refundMissing(err)
}

// Reply adds the member's message to the thread.
func (s *Service) Reply(ctx context.Context, id int64, text string) error {
	return s.store.message(ctx, id, refundEntryRow{Actor: "member", Action: "message", Detail: text}, func(dbTx, *fullRefund) error { return nil })
}

// PayOut notes that the member got the money, once per idempotency key. Errors: refund.not_found, refund.not_owed.
func (s *Service) PayOut(ctx context.Context, who auth.StaffCaller, id int64, reference string, idem web.Idem, encode func(*fullRefund) (web.Answer, error)) (web.Answer, *web.Replay, error) {
	return s.idem.Once(ctx, idem, func(ctx context.Context) (answer web.Answer, err error) {
		err = s.store.payOut(ctx, id, approver{who.ID, who.LoginName, ""}, reference, func(tx dbTx, f *fullRefund) error {
			if err := s.audited(ctx, tx, f, "paid", "", map[string]any{"reference": reference, "amount": f.AmountMinor, "currency": f.Currency}); err != nil {
				return err
			}
			now := s.now().UTC()
			f.State, f.PayReference, f.PaidAt = refundPaid, reference, &now
			if answer, err = encode(f); err != nil {
				return err
			}
			return s.idem.SaveTx(ctx, tx, idem, answer)
		})
		return answer, refundMissing(err)
	})
}

// AskService asks 1688's customer service to decide about a part. Errors: refund.not_found, refund.no_service.
func (s *Service) AskService(ctx context.Context, who auth.StaffCaller, id, partID int64, reason string) error {
	e := refundEntryRow{Actor: "staff", ActorName: who.LoginName, Action: "service", Detail: reason}
	err := s.store.askService(ctx, id, partID, reason, e, func(tx dbTx, f *fullRefund) error { return s.audited(ctx, tx, f, "service", reason, nil) })
	s.jobs.Kick()
	return refundMissing(err)
}

// SendBackByStaff is SendBack for goods that a warehouse sends.
func (s *Service) SendBackByStaff(ctx context.Context, who auth.StaffCaller, id, partID int64, carrier, waybill string) error {
	f, err := s.store.refund(ctx, "", 0, id)
	if err != nil {
		return refundMissing(err)
	}
	e := refundEntryRow{Actor: "staff", ActorName: who.LoginName}
	err = s.store.sendBack(ctx, id, partID, carrier, waybill, e, func(tx dbTx) error {
		return s.audited(ctx, tx, f, "goods_sent", "", map[string]string{"carrier": carrier, "waybill": waybill})
	})
	s.jobs.Kick()
	return err
}

// servicePart asks customer service in, once: a lost answer shows in the refund's history.
func (s *Service) servicePart(ctx context.Context, id int64) error {
	p, err := s.store.part(ctx, id)
	if err != nil || p.ServiceState != tellWanted {
		return err
	}
	f, err := s.store.refund(ctx, "", 0, p.RefundID)
	if err != nil {
		return err
	}
	if mine, err := s.store.tell(ctx, &p, "service_state", tellWanted, tellSent, nil); err != nil || !mine {
		return err
	}
	kind := alibaba.ComplaintInSale
	if p.GoodsStatus == alibaba.AfterSaleGoodsReceived || p.GoodsStatus == alibaba.AfterSaleGoodsNotArrived {
		kind = alibaba.ComplaintAfterSale
	}
	c := alibaba.Complaint{Kind: kind, RefundID: *p.AlibabaRefundID, OrderID: p.orderID(), Reason: p.ServiceText, ReasonID: f.ReasonID}
	if len(f.vouchers) > 0 {
		c.Picture = f.vouchers[0].URL
	}
	complaint, err := s.client.Complain(ctx, c)
	switch {
	case alibaba.KeptBack(err):
		if _, undo := s.store.tell(ctx, &p, "service_state", tellSent, tellWanted, nil); undo != nil {
			return undo
		}
		return err
	case alibaba.ClassOf(err) == alibaba.Rejected:
		_, err := s.store.tell(ctx, &p, "service_state", tellSent, tellRefused, map[string]any{"last_error": clip(err.Error(), 500)})
		return err
	case err != nil: // it may have happened: never a second complaint, the history shows it
		_, err := s.store.tell(ctx, &p, "service_state", tellSent, tellSent, map[string]any{"last_error": clip(err.Error(), 500)})
		return err
	}
	if _, err := s.store.tell(ctx, &p, "service_state", tellSent, tellDone, map[string]any{"complaint_id": complaint.String()}); err != nil {
		return err
	}
	return s.readPart(ctx, &p)
}
