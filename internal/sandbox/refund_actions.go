package sandbox

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
)

// refundAction is a control action on a refund and the row of the table it causes.
type refundAction struct{ name, label, move string }

// simpleRefundActions need nothing but the refund and perhaps a reason.
var simpleRefundActions = []refundAction{
	{"refund-agree", "Seller pays back", "SELLER_AGREE_REFUND"},
	{"refund-reject", "Seller refuses to pay back", "SELLER_REJECT_REFUND"},
	{"refund-agree-return", "Seller agrees to the return", "SELLER_AGREE_REFUND_PROCOTOL"},
	{"refund-reject-return", "Seller refuses the return", "SELLER_REJECT_REFUND_PROCOTOL"},
	{"refund-receive", "Seller receives the return", "SELLER_RECEIVE_GOODS"},
	{"refund-cancel", "Buyer withdraws the refund", "BUYER_CANCEL_REFUND_CLOSE"},
	{"refund-system-protocol", "1688 accepts the request", "SYSTEM_AGREE_REFUND_PROTOCOL"},
	{"refund-system-agree", "1688 pays back", "SYSTEM_AGREE_REFUND"},
	{"refund-system-send", "1688 takes the return for sent", "SYSTEM_SEND_GOODS"},
	{"refund-system-modify", "1688 changes the request", "SYSTEM_MODIFY_REFUND_PROTOCOL"},
	{"refund-notify-support", "1688 hints at customer service", "SYSTEM_NOTIFY_APPLY_SUPPORT"},
	{"refund-bill", "Buyer adds evidence", "BUYER_UPLOAD_BILL"},
	{"refund-bill-seller", "Seller adds evidence", "SELLER_UPLOAD_BILL"},
	{"refund-support", "Buyer asks service in", "BUYER_APPLY_SUPPORT"},
	{"refund-support-seller", "Seller asks service in", "SELLER_APPLY_SUPPORT"},
	{"refund-support-crm", "Service steps in by itself", "CRM_APPLY_SUPPORT"},
	{"arbitration-intervene", "Service works on it", "CRM_INTERVENE_TASK"},
	{"arbitration-dismiss", "Service dismisses it", "CRM_DISMISS_TASK"},
	{"arbitration-timeout", "Service's time is over", "CRM_APPLY_TIMEOUT_CLOSE"},
	{"refund-step-pay", "Staged: buyer pays the next stage", "BUYER_STEP_PAY_ORDER_CLOSE"},
	{"refund-step-confirm", "Staged: buyer confirms a stage", "BUYER_STEP_CONFIRM_CLOSE"},
	{"refund-trade-close", "Staged: buyer ends the trade", "BUYER_CLOSE_TRADE_CLOSE"},
	{"refund-order-confirm", "Staged: seller confirms the order", "SELLER_CONFIRM_ORDER_CLOSE"},
	{"refund-step-push", "Staged: seller pushes a stage", "SELLER_STEP_PUSH_CLOSE"},
}

var paidStatuses = []string{waitSend, waitReceive, confirmed, success}

// refundActions are what buyer, seller, service and time do to refunds.
func refundActions() []orderAction {
	out := []orderAction{{"refund-apply", "Buyer asks for a refund", paidStatuses, (*Server).actRefundApply}}
	for _, a := range simpleRefundActions {
		out = append(out, orderAction{a.name, a.label, paidStatuses, func(s *Server, o *order, in *actionBody) error {
			r, err := s.refundMeant(o, in)
			if err != nil {
				return err
			}
			return s.moveRefund(r, a.move, refundNote{text: in.Reason})
		}})
	}
	return append(out,
		orderAction{"refund-modify", "Buyer changes the request", paidStatuses, (*Server).actRefundModify},
		orderAction{"refund-return", "Buyer sends the goods back", paidStatuses, (*Server).actRefundReturn},
		orderAction{"refund-timeout", "The refund's time is over", paidStatuses, (*Server).actRefundTimeout},
		orderAction{"arbitration-finish", "Service decides", paidStatuses, (*Server).actArbitrationFinish},
	)
}

// refundActionFits tells whether an action on refunds may do something to this order now, for the page's buttons.
func (s *Server) refundActionFits(o *order, name string) bool {
	running := s.runningRefunds(o.ID)
	move := map[string]string{
		"refund-modify": "BUYER_MODIFY_REFUND_PROTOCOL", "refund-return": "BUYER_SEND_GOODS", "arbitration-finish": "CRM_FINISH_TASK",
	}[name]
	for _, a := range simpleRefundActions {
		if a.name == name {
			move = a.move
		}
	}
	switch name {
	case "refund-apply":
		return slices.ContainsFunc(o.Lines, func(l orderLine) bool { return l.piecesLeft() > 0 })
	case "refund-timeout":
		return len(running) > 0
	}
	return move == "" || slices.ContainsFunc(running, func(r *refund) bool { return r.moveFor(move) != nil })
}

// refundMeant is the one named, else the latest running one, else the latest.
func (s *Server) refundMeant(o *order, in *actionBody) (*refund, error) {
	if in.RefundID != "" {
		n, _ := refundNumber(in.RefundID)
		if r := s.refunds[n]; r != nil && r.Order == o.ID {
			return r, nil
		}
		return nil, controlError{http.StatusNotFound, "no such refund of this order"}
	}
	list := s.runningRefunds(o.ID)
	if len(list) == 0 {
		list = s.refundsOf(o.ID)
	}
	if len(list) == 0 {
		return nil, controlError{http.StatusConflict, "this order has no refund"}
	}
	return list[len(list)-1], nil
}

// goodsNow is what a buyer would say about the goods of a line.
func (o *order) goodsNow(l *orderLine) string {
	for _, st := range []string{goodsUnsent, goodsLateDelivered, goodsReceived, goodsOnTheWay} {
		if (st != goodsReceived || l.Received) && o.fitsGoods(l, st) {
			return st
		}
	}
	return goodsOnTheWay
}

// actRefundApply asks for all that is left of the named lines, or of all lines in the same state as the first with something left.
// reason "return" lets the goods go back; amountFen and freightFen ask for less.
func (s *Server) actRefundApply(o *order, in *actionBody) error {
	q := &refundRequest{order: o, returning: in.Reason == "return", text: "控制台申请"}
	for i := range o.Lines {
		l := &o.Lines[i]
		taken := slices.ContainsFunc(s.runningRefunds(o.ID), func(r *refund) bool { return r.has(l.SubID) })
		if l.piecesLeft() == 0 || taken || len(in.Lines) > 0 && !in.names(l.SubID) {
			continue
		}
		status := o.goodsNow(l)
		if q.returning && status == goodsOnTheWay {
			status = goodsReceived
		}
		if q.goodsStatus == "" {
			q.goodsStatus = status
		}
		if status == q.goodsStatus {
			q.items = append(q.items, refundItem{l.SubID, l.piecesLeft()})
		}
	}
	if len(q.items) == 0 || o.checkGoods(q.items, q.goodsStatus) != nil || o.Status == waitPay {
		return controlError{http.StatusConflict, "nothing of this order can be refunded now"}
	}
	if q.returning && q.goodsStatus != goodsReceived && q.goodsStatus != goodsLateDelivered {
		return controlError{http.StatusConflict, "goods that were not sent cannot go back"}
	}
	q.reason, _ = reasonByID(20028, q.goodsStatus)
	if err := s.amountsFor(o, q, in); err != nil {
		return err
	}
	s.openRefund(q)
	return nil
}

func (in *actionBody) names(sub int64) bool {
	for _, l := range in.Lines {
		if string(l.Sub) == itoa(sub) {
			return true
		}
	}
	return false
}

// amountsFor takes the amounts of the control call, or all that is left: the freight only of goods that were never sent.
func (s *Server) amountsFor(o *order, q *refundRequest, in *actionBody) error {
	most, left := o.mostGoods(q.items), s.freightLeft(o, q.running)
	q.payment = most
	if q.goodsStatus == goodsUnsent {
		q.carriage = s.freightFor(o, q.running, q.items)
	}
	if in.Amount != nil {
		q.payment = *in.Amount
	}
	if in.Freight != nil {
		q.carriage = *in.Freight
	}
	if q.payment < 0 || q.payment > most || q.carriage < 0 || q.carriage > left || q.goodsStatus == goodsUnsent && q.payment != most {
		return fmt.Errorf("at most %d fen for goods and %d for freight can be refunded, unsent goods only whole", most, left)
	}
	q.entered = q.payment + q.carriage
	return nil
}

func (s *Server) actRefundModify(o *order, in *actionBody) error {
	r, err := s.refundMeant(o, in)
	if err != nil {
		return err
	}
	reason, _ := reasonByID(r.Reason, r.GoodsStatus)
	q := &refundRequest{
		order: o, items: r.Items, goodsStatus: r.GoodsStatus, returning: r.Return, reason: reason, text: or(in.Reason, r.Text), remark: r.Remark,
		vouchers: r.Vouchers, running: r, carriage: r.Carriage,
	}
	if in.Amount == nil {
		in.Amount = &r.Payment
	}
	if in.Freight == nil {
		in.Freight = &r.Carriage
	}
	if r.moveFor("BUYER_MODIFY_REFUND_PROTOCOL") != nil {
		if err := s.amountsFor(o, q, in); err != nil {
			return err
		}
	}
	return s.moveRefund(r, "BUYER_MODIFY_REFUND_PROTOCOL", refundNote{change: q, text: q.text})
}

func (s *Server) actRefundReturn(o *order, in *actionBody) error {
	r, err := s.refundMeant(o, in)
	if err != nil {
		return err
	}
	carrier := or(in.Carrier, carriers[0].no)
	if _, ok := carrierByNo(carrier); !ok {
		return fmt.Errorf("unknown carrier %s", carrier)
	}
	return s.moveRefund(r, "BUYER_SEND_GOODS", refundNote{text: in.Reason, carrier: carrier, bill: or(in.BillNo, "RT"+itoa(r.ID%1_000_000_000_000))})
}

// actRefundTimeout lets happen now what would happen at the end of the running period.
func (s *Server) actRefundTimeout(o *order, in *actionBody) error {
	r, err := s.refundMeant(o, in)
	if err != nil {
		return err
	}
	if r.final() {
		return controlError{http.StatusConflict, "the refund has ended"}
	}
	s.timeoutRefund(r)
	return nil
}

// actArbitrationFinish ends the case: reason "refund" pays back what was asked, or amountFen and freightFen instead; "close" ends the
// refund; anything else leaves it as it is.
func (s *Server) actArbitrationFinish(o *order, in *actionBody) error {
	r, err := s.refundMeant(o, in)
	if err != nil {
		return err
	}
	n := refundNote{text: in.Reason, payment: r.Payment, carriage: r.Carriage}
	switch in.Reason {
	case "refund":
		n.to = refundPaid
	case "close":
		n.to = refundEnded
	}
	if in.Amount != nil {
		n.payment = *in.Amount
	}
	if in.Freight != nil {
		n.carriage = *in.Freight
	}
	if !r.final() && (n.payment < 0 || n.payment > o.mostGoods(r.Items) || n.carriage < 0 || n.carriage > s.freightLeft(o, r)) {
		return errors.New("more than was paid")
	}
	return s.moveRefund(r, "CRM_FINISH_TASK", n)
}

func (s *Server) showRefunds(r *http.Request, _ []byte) (any, error) {
	q := r.URL.Query()
	total, out := 0, []obj{}
	for _, id := range slices.Backward(s.refundIDs) {
		rf := s.refunds[id]
		if want := q.Get("orderId"); want != "" && want != itoa(rf.Order) {
			continue
		}
		if want := q.Get("status"); want != "" && want != rf.Status {
			continue
		}
		if total++; len(out) < limitOf(r) {
			out = append(out, s.refundForPeople(rf))
		}
	}
	return obj{"total": total, "refunds": out}, nil
}

func (s *Server) showRefund(r *http.Request, _ []byte) (any, error) {
	n, _ := refundNumber(r.PathValue("id"))
	rf := s.refunds[n]
	if rf == nil {
		return nil, controlError{http.StatusNotFound, "no such refund"}
	}
	return s.refundForPeople(rf), nil
}

func (s *Server) refundForPeople(r *refund) obj {
	items, ops := []obj{}, []obj{}
	for _, it := range r.Items {
		items = append(items, obj{"subItemId": itoa(it.Sub), "count": it.Count})
	}
	for _, op := range r.Ops {
		ops = append(ops, obj{"at": op.At.UTC(), "action": op.Action, "operator": op.Operator, "before": op.Before, "after": op.After, "text": op.Text})
	}
	out := obj{
		"refundId": r.id(), "orderId": itoa(r.Order), "status": r.Status, "afterSale": r.AfterSale, "return": r.Return, "goodsStatus": r.GoodsStatus,
		"items": items, "paymentFen": r.Payment, "carriageFen": r.Carriage, "paidFen": r.Paid, "paidCarriageFen": r.PaidPost, "reasonId": r.Reason,
		"reason": reasonName(r.Reason), "description": r.Text, "vouchers": append([]string{}, r.Vouchers...), "rejectReason": r.Reject, "rejects": r.Rejects, "carrier": r.Carrier,
		"billNo": r.Bill, "support": r.Support, "createdAt": r.Created.UTC(), "modifiedAt": r.Modified.UTC(), "operations": ops,
	}
	if due, action := s.refundDue(r); !due.IsZero() {
		out["dueAt"], out["dueAction"] = due.UTC(), action
	}
	return out
}
