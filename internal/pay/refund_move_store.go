package pay

import (
	"context"
	"strconv"

	"entrepot/internal/alibaba"
	"entrepot/internal/errs"

	"gorm.io/gorm"
)

// startAsking notes that a part is about to be asked for, before the call: mine is false when somebody else is asking, or
// the refund has been taken back meanwhile.
func (s *store) startAsking(ctx context.Context, p *refundPartRow, carriage, ask int64) (mine bool, err error) {
	err = s.locked(ctx, p.RefundID, func(tx *gorm.DB, f *fullRefund) error {
		mine = false
		if f.State == refundEnding || f.State == refundRejected || f.State == refundWithdrawn {
			return nil
		}
		now := s.now().UTC()
		res := tx.Model(&refundPartRow{}).Where("id = ? AND send_count = ? AND state = ? AND alibaba_refund_id IS NULL", p.ID, p.SendCount, partWaiting).
			Updates(map[string]any{"send_count": p.SendCount + 1, "sent_at": now, "ask_fen": ask, "carriage_fen": carriage, "updated_at": now})
		mine = res.RowsAffected == 1
		return res.Error
	})
	return mine, err
}

// notAsked takes startAsking back: the call was kept from 1688.
func (s *store) notAsked(ctx context.Context, p *refundPartRow) error {
	return s.db.InTx(ctx, func(tx *gorm.DB) error {
		return tx.Model(&refundPartRow{}).Where("id = ? AND send_count = ? AND alibaba_refund_id IS NULL", p.ID, p.SendCount+1).
			Updates(map[string]any{"send_count": p.SendCount, "sent_at": p.SentAt, "updated_at": s.now().UTC()}).Error
	})
}

// adopt ties a refund of 1688 to its part. A second one is never tied.
func (s *store) adopt(ctx context.Context, p *refundPartRow, refundID string) error {
	return s.locked(ctx, p.RefundID, func(tx *gorm.DB, _ *fullRefund) error {
		res := tx.Model(&refundPartRow{}).Where("id = ? AND alibaba_refund_id IS NULL AND final_at IS NULL", p.ID).
			Updates(map[string]any{"alibaba_refund_id": refundID, "state": alibaba.RefundWaitSellerAgree, "last_error": "", "updated_at": s.now().UTC()})
		if res.Error != nil || res.RowsAffected == 0 {
			return res.Error
		}
		return s.jobs.AppendTx(ctx, tx, partJob(ctx, jobRefundWatch, p.ID))
	})
}

// endPart ends a part that 1688 does not have: refused, or not needed any more.
func (s *store) endPart(ctx context.Context, p *refundPartRow, state, code, why string) error {
	return s.locked(ctx, p.RefundID, func(tx *gorm.DB, f *fullRefund) error {
		now := s.now().UTC()
		res := tx.Model(&refundPartRow{}).Where("id = ? AND alibaba_refund_id IS NULL AND final_at IS NULL", p.ID).
			Updates(map[string]any{"state": state, "last_error": clip(why, 500), "final_at": now, "updated_at": now})
		if res.Error != nil || res.RowsAffected == 0 {
			return res.Error
		}
		err := s.entryTx(ctx, tx, refundEntryRow{RefundID: p.RefundID, PartID: p.ID, Actor: "1688", Action: "part_" + state, Detail: code,
			Dedupe: "part:" + strconv.FormatInt(p.ID, 10) + ":" + state})
		if err != nil {
			return err
		}
		return s.settleTx(ctx, tx, f)
	})
}

// apply writes what 1688 says about a part. An older read changes nothing, nothing changes an ended part, and a word that
// nobody documents is kept without moving anything.
func (s *store) apply(ctx context.Context, p *refundPartRow, r *alibaba.Refund) error {
	return s.locked(ctx, p.RefundID, func(tx *gorm.DB, f *fullRefund) error {
		if err := s.stepsTx(ctx, tx, p, r.Operations); err != nil {
			return err
		}
		now := s.now().UTC()
		set := map[string]any{"word": clip(string(r.Status), 40), "got_fen": int64(r.RefundedFen), "got_carriage_fen": int64(r.RefundedFreight),
			"reject_reason": clip(string(r.RejectReason), 500), "read_at": now, "updated_at": now}
		if state, known := partState(string(r.Status)); known {
			set["state"] = state
			if finalPart(state) {
				set["final_at"] = now
			}
		}
		q := tx.Model(&refundPartRow{}).Where("id = ? AND final_at IS NULL AND alibaba_refund_id = ?", p.ID, string(r.RefundID))
		if at := r.ModifiedAt.UTC(); !r.ModifiedAt.IsZero() {
			set["modified_at"] = at
			q = q.Where("modified_at IS NULL OR modified_at <= ?", at)
		}
		res := q.Updates(set)
		if res.Error != nil || res.RowsAffected == 0 {
			return res.Error
		}
		return s.settleTx(ctx, tx, f)
	})
}

// stepsTx keeps 1688's history of a part, each operation once.
func (s *store) stepsTx(ctx context.Context, tx *gorm.DB, p *refundPartRow, steps []alibaba.RefundStep) error {
	for i := range steps {
		st := &steps[i]
		e := refundEntryRow{RefundID: p.RefundID, PartID: p.ID, Actor: operator(st), Action: "upstream", Original: string(st.Remark),
			Detail: firstText(string(st.RejectReason), string(st.Description)), HappenedAt: st.CreatedAt.UTC()}
		if after, known := partState(string(st.After)); known {
			e.Action = after
		}
		e.Dedupe = "1688:" + strconv.FormatInt(p.ID, 10) + ":" + st.ID.String()
		if st.ID == 0 { // without one: time and kind name it
			e.Dedupe += ":" + strconv.FormatInt(st.CreatedAt.UnixMilli(), 10) + ":" + strconv.FormatInt(int64(st.Type), 10)
		}
		if err := s.entryTx(ctx, tx, e); err != nil {
			return err
		}
	}
	return nil
}

func operator(st *alibaba.RefundStep) string {
	switch {
	case bool(st.ByService):
		return "service"
	case st.OperatorRole == "1":
		return "member"
	case st.OperatorRole == "2":
		return "seller"
	}
	return "1688"
}

func firstText(list ...string) string {
	for _, s := range list {
		if s != "" {
			return s
		}
	}
	return ""
}

// settleTx draws the conclusion for the member once every part has ended: owed at once when 1688 gave all that was asked
// and the amount needs no second approver; else staff decide.
func (s *store) settleTx(ctx context.Context, tx *gorm.DB, was *fullRefund) error {
	f, err := refundTx(tx, was.ID)
	if err != nil || (f.State != refundRunning && f.State != refundEnding) {
		return err
	}
	all, some := f.Untold == 0 && len(f.parts) > 0, false
	for i := range f.parts {
		p := &f.parts[i]
		if !finalPart(p.State) {
			return nil
		}
		some = some || p.State == alibaba.RefundSucceeded
		all = all && p.State == alibaba.RefundSucceeded && p.GotFen >= p.AskFen
	}
	switch {
	case f.State == refundEnding && !some:
		return s.endTx(ctx, tx, f, f.Ending)
	case all && f.State == refundRunning && f.AmountFen <= s.limit(f.Site):
		err := tx.Transaction(func(tx *gorm.DB) error { return s.oweTx(ctx, tx, f, []string{f.State}, "1688") })
		if !errs.Is(err, "refund.too_much") {
			return err
		}
	}
	_, err = s.changeTx(tx, f.ID, []string{f.State}, map[string]any{"state": refundDeciding, "ending": ""})
	return err
}

// oweTx makes a refund's money a claim of the member, line by line, in place of what was set aside.
func (s *store) oweTx(ctx context.Context, tx *gorm.DB, f *fullRefund, from []string, by string) error {
	moved, err := s.changeTx(tx, f.ID, from, map[string]any{"state": refundOwed, "ending": "", "owed_at": s.now().UTC()})
	if err != nil || !moved {
		return err
	}
	if err := s.reserveTx(tx, f.OrderID, -f.AmountMinor); err != nil {
		return err
	}
	for _, l := range f.lines {
		if err := s.orders.OweTx(ctx, tx, f.claim(l, by)); err != nil {
			return err
		}
	}
	return s.entryTx(ctx, tx, refundEntryRow{RefundID: f.ID, Actor: "site", ActorName: by, Action: "owed", Dedupe: "owed"})
}

// endTx ends a refund without money: what it took is free again.
func (s *store) endTx(ctx context.Context, tx *gorm.DB, f *fullRefund, state string) error {
	moved, err := s.changeTx(tx, f.ID, []string{f.State}, map[string]any{"state": state, "ending": "", "ended_at": s.now().UTC()})
	if err != nil || !moved {
		return err
	}
	if err := tx.Model(&refundLineRow{}).Where("refund_id = ?", f.ID).Updates(map[string]any{"live": 0}).Error; err != nil {
		return err
	}
	if err := s.reserveTx(tx, f.OrderID, -f.AmountMinor); err != nil {
		return err
	}
	return s.entryTx(ctx, tx, refundEntryRow{RefundID: f.ID, Actor: "site", Action: state, Dedupe: state})
}

// takeBack starts ending a refund, or ends it at once when 1688 knows nothing of it. Errors: refund.not_open.
func (s *store) takeBack(ctx context.Context, id int64, ending string, e refundEntryRow, audit func(tx *gorm.DB) error) error {
	return s.locked(ctx, id, func(tx *gorm.DB, f *fullRefund) error {
		if f.State == ending || f.State == refundEnding && f.Ending == ending {
			return nil
		}
		moved, err := s.changeTx(tx, id, refundOpen, map[string]any{"state": refundEnding, "ending": ending, "decision": clip(e.Detail, 500)})
		if err != nil {
			return err
		}
		if !moved {
			return errs.New(errs.Conflict, "refund.not_open")
		}
		e.RefundID = id
		if err := s.entryTx(ctx, tx, e); err != nil {
			return err
		}
		if err := audit(tx); err != nil {
			return err
		}
		return s.unaskTx(ctx, tx, f)
	})
}

// unaskTx drops parts that were never asked for and queues taking the others back.
func (s *store) unaskTx(ctx context.Context, tx *gorm.DB, f *fullRefund) error {
	now, won := s.now().UTC(), false
	for i := range f.parts {
		p := &f.parts[i]
		switch {
		case p.State == partWaiting && p.SendCount == 0:
			err := tx.Model(&refundPartRow{}).Where("id = ?", p.ID).Updates(map[string]any{"state": partDropped, "final_at": now, "updated_at": now}).Error
			if err != nil {
				return err
			}
		case !finalPart(p.State):
			if err := s.jobs.AppendTx(ctx, tx, partJob(ctx, jobRefundCancel, p.ID)); err != nil {
				return err
			}
		default:
			won = won || p.State == alibaba.RefundSucceeded
		}
	}
	if won { // 1688 paid some of it: not undone, but no reason to keep staff from deciding
		ending := refundRejected
		fresh, err := refundTx(tx, f.ID)
		if err != nil || fresh.Ending != ending {
			return err
		}
		return s.endTx(ctx, tx, fresh, ending)
	}
	return s.settleTx(ctx, tx, f)
}

// addVoucher keeps a picture; the last one that was announced lets 1688 be asked. Errors: refund.evidence_enough.
func (s *store) addVoucher(ctx context.Context, id int64, url, digest string) error {
	return s.locked(ctx, id, func(tx *gorm.DB, f *fullRefund) error {
		for _, v := range f.vouchers {
			if v.Digest == digest {
				return nil
			}
		}
		if f.State != refundEvidence || len(f.vouchers) >= maxEvidence {
			return errs.New(errs.Conflict, "refund.evidence_enough")
		}
		row := refundVoucherRow{ID: s.db.NewID(), RefundID: id, URL: clip(url, 500), Digest: digest, CreatedAt: s.now().UTC()}
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		set := map[string]any{"evidence_count": len(f.vouchers) + 1}
		if len(f.vouchers)+1 >= f.EvidenceWanted {
			set["state"] = refundRunning
			if len(f.parts) == 0 {
				set["state"] = refundDeciding
			}
			if err := s.askTx(ctx, tx, f.parts); err != nil {
				return err
			}
		}
		if _, err := s.changeTx(tx, id, []string{refundEvidence}, set); err != nil {
			return err
		}
		return s.entryTx(ctx, tx, refundEntryRow{RefundID: id, Actor: "member", Action: "evidence", Dedupe: "evidence:" + digest[:32]})
	})
}

// sendBack notes how the goods of a part go back and queues telling 1688. Errors: refund.no_return.
func (s *store) sendBack(ctx context.Context, id, partID int64, carrier, waybill string, actor refundEntryRow, audit func(tx dbTx) error) error {
	return s.locked(ctx, id, func(tx *gorm.DB, f *fullRefund) error {
		found := false
		for i := range f.parts {
			p := &f.parts[i]
			if partID != 0 && p.ID != partID || p.State != alibaba.RefundWaitBuyerSend || p.ReturnState == tellSent {
				continue
			}
			found = true
			if p.ReturnState == tellWanted && p.Carrier == carrier && p.Waybill == waybill {
				continue
			}
			err := tx.Model(&refundPartRow{}).Where("id = ?", p.ID).
				Updates(map[string]any{"carrier": carrier, "waybill": waybill, "return_state": tellWanted, "last_error": "", "updated_at": s.now().UTC()}).Error
			if err != nil {
				return err
			}
			if err := s.jobs.AppendTx(ctx, tx, partJob(ctx, jobRefundReturn, p.ID)); err != nil {
				return err
			}
		}
		if !found {
			return errs.New(errs.Conflict, "refund.no_return")
		}
		actor.RefundID, actor.Action, actor.Detail = id, "goods_sent", carrier+" "+waybill
		if err := s.entryTx(ctx, tx, actor); err != nil {
			return err
		}
		return audit(tx)
	})
}

// tell moves what is being told to 1688 about a part. column is return_state or service_state.
func (s *store) tell(ctx context.Context, p *refundPartRow, column, from, to string, more map[string]any) (moved bool, err error) {
	err = s.db.InTx(ctx, func(tx *gorm.DB) error {
		set := map[string]any{column: to, "updated_at": s.now().UTC()}
		for k, v := range more {
			set[k] = v
		}
		res := tx.Model(&refundPartRow{}).Where("id = ? AND "+column+" = ?", p.ID, from).Updates(set)
		moved = res.RowsAffected == 1
		return res.Error
	})
	return moved, err
}

// approve lets a refund be owed. Above the site's limit the first approval only counts; the second must be somebody
// else's. Errors: refund.not_open, refund.same_approver.
func (s *store) approve(ctx context.Context, id int64, by approver, audit func(tx *gorm.DB, f *fullRefund, final bool) error) error {
	return s.locked(ctx, id, func(tx *gorm.DB, f *fullRefund) error {
		if f.State != refundDeciding && f.State != refundRunning {
			return errs.New(errs.Conflict, "refund.not_open")
		}
		final := f.AmountFen <= s.limit(f.Site) || f.FirstApprover != 0
		if f.FirstApprover == by.ID {
			return errs.New(errs.Forbidden, "refund.same_approver")
		}
		names := firstText(f.ApprovedBy)
		if names != "" {
			names += ", "
		}
		set := map[string]any{"approved_by": clip(names+by.Name, 120), "decision": clip(by.Reason, 500)}
		if f.FirstApprover == 0 {
			set["first_approver"] = by.ID
		}
		if _, err := s.changeTx(tx, id, []string{f.State}, set); err != nil {
			return err
		}
		e := refundEntryRow{RefundID: id, Actor: "staff", ActorName: by.Name, Action: "approved", Detail: by.Reason}
		if err := s.entryTx(ctx, tx, e); err != nil {
			return err
		}
		if final {
			if err := s.oweTx(ctx, tx, f, []string{f.State}, by.Name); err != nil {
				return err
			}
		}
		return audit(tx, f, final)
	})
}

// payOut notes that the member has the money. Errors: refund.not_owed.
func (s *store) payOut(ctx context.Context, id int64, by approver, reference string, save func(tx *gorm.DB, f *fullRefund) error) error {
	return s.locked(ctx, id, func(tx *gorm.DB, f *fullRefund) error {
		moved, err := s.changeTx(tx, id, []string{refundOwed}, map[string]any{"state": refundPaid, "paid_at": s.now().UTC(), "pay_reference": clip(reference, 120)})
		if err != nil {
			return err
		}
		if !moved {
			return errs.New(errs.Conflict, "refund.not_owed")
		}
		keys := make([]string, len(f.lines))
		for i, l := range f.lines {
			keys[i] = f.claim(l, "").Key
		}
		if err := s.orders.PaidBackTx(ctx, tx, f.OrderID, keys, by.Name, reference); err != nil {
			return err
		}
		e := refundEntryRow{RefundID: id, Actor: "staff", ActorName: by.Name, Action: "paid", Detail: reference, Dedupe: "paid"}
		if err := s.entryTx(ctx, tx, e); err != nil {
			return err
		}
		return save(tx, f)
	})
}

// message adds to a refund's thread.
func (s *store) message(ctx context.Context, id int64, e refundEntryRow, audit func(tx *gorm.DB, f *fullRefund) error) error {
	return s.locked(ctx, id, func(tx *gorm.DB, f *fullRefund) error {
		e.RefundID = id
		if err := s.entryTx(ctx, tx, e); err != nil {
			return err
		}
		return audit(tx, f)
	})
}

// approver is a staff member who decides, and why.
type approver struct {
	ID     int64
	Name   string
	Reason string
}

// askService notes that customer service shall decide about a part and queues telling 1688. Errors: refund.no_service.
func (s *store) askService(ctx context.Context, id, partID int64, text string, e refundEntryRow, audit func(tx dbTx, f *fullRefund) error) error {
	return s.locked(ctx, id, func(tx *gorm.DB, f *fullRefund) error {
		for i := range f.parts {
			p := &f.parts[i]
			if p.ID != partID && (partID != 0 || len(f.parts) != 1) || p.AlibabaRefundID == nil || finalPart(p.State) || (p.ServiceState != "" && p.ServiceState != tellRefused) {
				continue
			}
			err := tx.Model(&refundPartRow{}).Where("id = ?", p.ID).
				Updates(map[string]any{"service_state": tellWanted, "service_text": clip(text, 500), "updated_at": s.now().UTC()}).Error
			if err != nil {
				return err
			}
			if err := s.jobs.AppendTx(ctx, tx, partJob(ctx, jobRefundService, p.ID)); err != nil {
				return err
			}
			e.RefundID, e.PartID = id, p.ID
			if err := s.entryTx(ctx, tx, e); err != nil {
				return err
			}
			return audit(tx, f)
		}
		return errs.New(errs.Conflict, "refund.no_service")
	})
}
