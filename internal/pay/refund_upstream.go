package pay

import (
	"context"
	"slices"

	"entrepot/internal/alibaba"
	"entrepot/internal/jobs"
)

// openPart asks 1688 for a part, once. The row says that it is being asked before it is; an answer that was lost is looked
// for before another try.
func (s *Service) openPart(ctx context.Context, id int64) error {
	p, err := s.store.part(ctx, id)
	if err != nil || p.FinalAt != nil {
		return err
	}
	if p.AlibabaRefundID != nil {
		return s.readPart(ctx, &p)
	}
	if p.SendCount > 0 {
		if left := refundProbeAfter - s.now().Sub(*p.SentAt); left > 0 {
			return jobs.Later(left, "the answer of 1688 was lost")
		}
		if found, err := s.probe(ctx, &p); err != nil || found {
			return err
		}
	}
	f, err := s.store.refund(ctx, "", 0, p.RefundID)
	if err != nil {
		return err
	}
	request, err := s.request(ctx, f, &p)
	if err != nil {
		return s.partRefused(ctx, &p, err)
	}
	mine, err := s.store.startAsking(ctx, &p, request.CarriageFen, request.PaymentFen)
	if err != nil || !mine {
		return err
	}
	created, err := s.client.CreateRefund(ctx, *request)
	switch {
	case alibaba.KeptBack(err):
		if undo := s.store.notAsked(ctx, &p); undo != nil {
			return undo
		}
		return err
	case err != nil:
		return s.partRefused(ctx, &p, err)
	}
	return s.adopted(ctx, &p, string(created.RefundID))
}

// partRefused ends a part that 1688 refuses for good, after a look whether it has it nevertheless.
func (s *Service) partRefused(ctx context.Context, p *refundPartRow, cause error) error {
	if alibaba.ClassOf(cause) != alibaba.Rejected {
		return cause
	}
	fresh, err := s.store.part(ctx, p.ID)
	if err != nil {
		return err
	}
	if fresh.SendCount > 0 {
		if found, err := s.probe(ctx, &fresh); err != nil || found {
			return err
		}
	}
	return s.store.endPart(ctx, p, partRefused, alibaba.RefusalCode(cause), cause.Error())
}

// request makes what is asked of 1688. The most it gives is read first: goods that were not sent must be asked for in full,
// the rest never above.
func (s *Service) request(ctx context.Context, f *fullRefund, p *refundPartRow) (*alibaba.RefundRequest, error) {
	ids, counts := p.subItems()
	r := &alibaba.RefundRequest{
		OrderID: p.orderID(), SubItemIDs: ids, Request: p.Request, PaymentFen: p.AskFen, ReasonID: alibaba.ID(f.ReasonID), Description: f.Description,
		GoodsStatus: p.GoodsStatus,
	}
	for _, v := range f.vouchers {
		r.Vouchers = append(r.Vouchers, v.URL)
	}
	if p.Request == alibaba.RefundAndReturn && p.GoodsStatus == alibaba.GoodsReceived {
		r.Counts = counts
	}
	most, err := s.client.MaxRefund(ctx, p.orderID(), p.GoodsStatus, counts, "")
	if err != nil {
		return nil, err
	}
	r.PaymentFen = min(r.PaymentFen, int64(most.GoodsFen))
	if p.GoodsStatus == alibaba.GoodsUnsent {
		r.PaymentFen = int64(most.GoodsFen)
	}
	if p.WantCarriage == 1 {
		r.CarriageFen = int64(most.FreightFen)
	}
	return r, nil
}

// probe looks for a refund whose creation was not answered: of the same sub-orders and reason, not another part's.
func (s *Service) probe(ctx context.Context, p *refundPartRow) (found bool, err error) {
	f, err := s.store.refund(ctx, "", 0, p.RefundID)
	if err != nil {
		return false, err
	}
	ids, _ := p.subItems()
	for page := 0; ; page++ {
		list, err := s.client.Refunds(ctx, alibaba.RefundQuery{OrderID: p.orderID(), Page: page, PageSize: 50})
		if err != nil {
			return false, err
		}
		for i := range list.Refunds {
			r := &list.Refunds[i]
			if !sameIDs(r.SubItemIDs, ids) || int64(r.ReasonID) != f.ReasonID || r.AppliedAt.Before(p.CreatedAt.Add(-refundProbeAfter)) {
				continue
			}
			taken, err := s.store.taken(ctx, string(r.RefundID))
			if err != nil {
				return false, err
			}
			if !taken {
				return true, s.adopted(ctx, p, string(r.RefundID))
			}
		}
		if len(list.Refunds) < 50 {
			return false, nil
		}
	}
}

func sameIDs(a, b []alibaba.ID) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

// adopted ties 1688's refund to its part and reads it.
func (s *Service) adopted(ctx context.Context, p *refundPartRow, refundID string) error {
	if err := s.store.adopt(ctx, p, refundID); err != nil {
		return err
	}
	p.AlibabaRefundID = &refundID
	s.jobs.Kick()
	return s.readPart(ctx, p)
}

// readPart reads a part with its history and applies what it says.
func (s *Service) readPart(ctx context.Context, p *refundPartRow) error {
	r, err := s.client.Refund(ctx, *p.AlibabaRefundID, true)
	if err != nil {
		return err
	}
	err = s.store.apply(ctx, p, r)
	s.jobs.Kick()
	return err
}

// RefreshRefunds reads the refunds of a 1688 order again, because a message named it.
func (s *Service) RefreshRefunds(ctx context.Context, alibabaOrder string) error {
	parts, err := s.store.partsAt(ctx, alibabaOrder)
	if err != nil {
		return err
	}
	for i := range parts {
		if parts[i].AlibabaRefundID == nil { // its own job will read it
			continue
		}
		if err := s.readPart(ctx, &parts[i]); err != nil {
			return err
		}
	}
	return nil
}

// watch reads a part again now and then until it has ended.
func (s *Service) watch(ctx context.Context, id int64) error {
	p, err := s.store.part(ctx, id)
	if err != nil || p.FinalAt != nil || p.AlibabaRefundID == nil {
		return err
	}
	last := p.CreatedAt
	if p.ReadAt != nil {
		last = *p.ReadAt
	}
	if s.now().Sub(last) >= refundQuiet {
		if err := s.readPart(ctx, &p); err != nil {
			return err
		}
	}
	return jobs.Later(refundQuiet, "the refund runs at 1688")
}

// cancelPart takes a part back at 1688. Whatever the answer, the refund itself says how it ended.
func (s *Service) cancelPart(ctx context.Context, id int64) error {
	p, err := s.store.part(ctx, id)
	if err != nil || p.FinalAt != nil {
		return err
	}
	if p.AlibabaRefundID == nil {
		if p.SentAt != nil {
			if left := refundProbeAfter - s.now().Sub(*p.SentAt); left > 0 {
				return jobs.Later(left, "the answer of 1688 was lost")
			}
			if found, err := s.probe(ctx, &p); err != nil || !found {
				if err != nil {
					return err
				}
				return s.store.endPart(ctx, &p, partDropped, "", "")
			}
		} else {
			return s.store.endPart(ctx, &p, partDropped, "", "")
		}
	}
	if err := s.readPart(ctx, &p); err != nil {
		return err
	}
	if p, err = s.store.part(ctx, id); err != nil || p.FinalAt != nil {
		return err
	}
	cancelErr := s.client.CancelRefund(ctx, *p.AlibabaRefundID)
	if alibaba.KeptBack(cancelErr) {
		return cancelErr
	}
	if err := s.readPart(ctx, &p); err != nil {
		return err
	}
	if p, err = s.store.part(ctx, id); err != nil || p.FinalAt != nil {
		return err
	}
	if alibaba.ClassOf(cancelErr) == alibaba.Rejected { // goods are on their way back: it ends by itself
		return nil
	}
	return cancelErr
}

// returnPart tells 1688 that goods are on their way back. After a doubtful answer the refund says whether it heard.
func (s *Service) returnPart(ctx context.Context, id int64) error {
	p, err := s.store.part(ctx, id)
	if err != nil || p.FinalAt != nil || p.ReturnState != tellWanted && p.ReturnState != tellSent {
		return err
	}
	if p.ReturnState == tellSent {
		if err := s.readPart(ctx, &p); err != nil {
			return err
		}
		if p, err = s.store.part(ctx, id); err != nil {
			return err
		}
		if p.State != alibaba.RefundWaitBuyerSend {
			_, err := s.store.tell(ctx, &p, "return_state", tellSent, tellDone, nil)
			return err
		}
	} else if mine, err := s.store.tell(ctx, &p, "return_state", tellWanted, tellSent, nil); err != nil || !mine {
		return err
	}
	err = s.client.ReturnGoods(ctx, alibaba.ReturnShipment{RefundID: *p.AlibabaRefundID, CompanyNo: p.Carrier, FreightBill: p.Waybill})
	switch {
	case alibaba.KeptBack(err):
		if _, undo := s.store.tell(ctx, &p, "return_state", tellSent, tellWanted, nil); undo != nil {
			return undo
		}
		return err
	case alibaba.ClassOf(err) == alibaba.Rejected:
		_, err := s.store.tell(ctx, &p, "return_state", tellSent, tellRefused, map[string]any{"last_error": clip(err.Error(), 500)})
		return err
	case err != nil:
		return err
	}
	if _, err := s.store.tell(ctx, &p, "return_state", tellSent, tellDone, nil); err != nil {
		return err
	}
	return s.readPart(ctx, &p)
}
