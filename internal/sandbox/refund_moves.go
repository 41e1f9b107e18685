package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"time"
)

// refundMove is one row of the refund's state table: who may cause what from where. The action is the message's refundAction.
type refundMove struct {
	action   string
	operator string // as the message names the cause
	from     []string
	to       string // "" = the status stays
	kind     int    // only such refunds
	support  int    // whether customer service must have the case
	remark   string // of the operation log
	number   int    // operateTypeInt of the operation log
}

// Kinds of refunds a move is limited to, and whether service must have the case.
const (
	anyRefund = iota
	moneyOnly
	withReturn
	inSale
	afterSale
	unsentOnly

	anyway  = 0
	needed  = 1
	not4now = 2
)

var (
	runningStatuses = []string{refundAsked, refundRejected, refundToSend, refundToReceive}
	beforeReturning = []string{refundAsked, refundRejected, refundToSend}
)

// refundMoves is the table of section 5.2 of the platform's rules. A staged order's steps and SYSTEM_SEND_GOODS are caused by the control API only.
var refundMoves = []refundMove{
	{"SELLER_AGREE_REFUND", "seller", []string{refundAsked}, refundPaid, moneyOnly, anyway, "退款成功", 19},
	{"SELLER_REJECT_REFUND", "seller", []string{refundAsked}, refundRejected, moneyOnly, anyway, "卖家拒绝协议，等待买家修改", 15},
	{"SELLER_AGREE_REFUND_PROCOTOL", "seller", []string{refundAsked}, refundToSend, withReturn, anyway, "确认收货地址", 19},
	{"SELLER_REJECT_REFUND_PROCOTOL", "seller", []string{refundAsked}, refundRejected, withReturn, anyway, "卖家拒绝协议，等待买家修改", 15},
	{"BUYER_MODIFY_REFUND_PROTOCOL", "buyer", []string{refundRejected}, refundAsked, anyRefund, anyway, "买家修改退款协议，等待卖家确认", 2},
	{"BUYER_SEND_GOODS", "buyer", []string{refundToSend}, refundToReceive, withReturn, anyway, "买家退货", 10},
	{"SELLER_RECEIVE_GOODS", "seller", []string{refundToReceive}, refundPaid, withReturn, anyway, "退款成功", 8},
	{"BUYER_CANCEL_REFUND_CLOSE", "buyer", beforeReturning, refundEnded, anyRefund, anyway, "买家撤销退款申请", 5},
	{"BUYER_RECEIVE_CLOSE", "buyer", beforeReturning, refundEnded, inSale, anyway, "买家确认收货，退款关闭", 6},
	{"SELLER_SEND_GOODS_CLOSE", "seller", []string{refundAsked, refundRejected}, refundEnded, unsentOnly, anyway, "卖家发货，退款关闭", 7},
	{"SYSTEM_AGREE_REFUND_PROTOCOL", "system", []string{refundAsked}, refundToSend, withReturn, anyway, "卖家超时未处理，系统同意退货协议", 20},
	{"SYSTEM_AGREE_REFUND_PROTOCOL", "system", []string{refundAsked}, refundPaid, moneyOnly, anyway, "卖家超时未处理，系统同意退款", 20},
	{"SYSTEM_AGREE_REFUND", "system", []string{refundToReceive}, refundPaid, withReturn, anyway, "卖家超时未确认收货，系统退款", 21},
	{"SYSTEM_AGREE_REFUND", "system", []string{refundAsked}, refundPaid, moneyOnly, anyway, "卖家超时未处理，系统退款", 21},
	{"SYSTEM_SEND_GOODS", "system", []string{refundToSend}, refundToReceive, withReturn, anyway, "系统超时退货", 22},
	{"SYSTEM_MODIFY_REFUND_PROTOCOL", "system", []string{refundRejected}, refundAsked, anyRefund, anyway, "系统超时修改协议", 23},
	{"SYSTEM_NOTIFY_APPLY_SUPPORT", "system", runningStatuses, "", anyRefund, anyway, "系统通知申请客服介入", 24},
	{"BUYER_UPLOAD_BILL", "buyer", runningStatuses, "", anyRefund, anyway, "买家上传凭证", 11},
	{"SELLER_UPLOAD_BILL", "seller", runningStatuses, "", anyRefund, anyway, "卖家上传凭证", 12},
	{"BUYER_APPLY_SUPPORT", "buyer", runningStatuses, "", anyRefund, not4now, "买家申请客服介入", 13},
	{"SELLER_APPLY_SUPPORT", "seller", runningStatuses, "", anyRefund, not4now, "卖家申请客服介入", 14},
	{"CRM_APPLY_SUPPORT", "system", runningStatuses, "", anyRefund, not4now, "客服申请介入", 30},
	{"CRM_INTERVENE_TASK", "system", runningStatuses, "", anyRefund, needed, "客服介入处理", 31},
	{"CRM_DISMISS_TASK", "system", runningStatuses, "", anyRefund, needed, "客服撤销工单", 32},
	{"CRM_FINISH_TASK", "system", runningStatuses, "", anyRefund, needed, "客服完结工单", 33},
	{"CRM_APPLY_TIMEOUT_CLOSE", "system", runningStatuses, refundEnded, afterSale, needed, "申请客服介入超时，退款关闭", 34},
	{"BUYER_STEP_PAY_ORDER_CLOSE", "buyer", runningStatuses, refundEnded, inSale, anyway, "买家支付，退款关闭", 40},
	{"BUYER_STEP_CONFIRM_CLOSE", "buyer", runningStatuses, refundEnded, inSale, anyway, "买家确认，退款关闭", 41},
	{"BUYER_CLOSE_TRADE_CLOSE", "buyer", runningStatuses, refundEnded, inSale, anyway, "交易终止，退款关闭", 42},
	{"SELLER_CONFIRM_ORDER_CLOSE", "seller", runningStatuses, refundEnded, inSale, anyway, "卖家确认，退款关闭", 43},
	{"SELLER_STEP_PUSH_CLOSE", "seller", runningStatuses, refundEnded, inSale, anyway, "卖家推进，退款关闭", 44},
}

const applyRefund = "BUYER_APPLY_REFUND"

// moveFor finds the row that lets the action happen to the refund now; nil = it may not.
func (r *refund) moveFor(action string) *refundMove {
	for i := range refundMoves {
		if m := &refundMoves[i]; m.action == action && slices.Contains(m.from, r.Status) && m.suits(r) {
			return m
		}
	}
	return nil
}

func (m *refundMove) suits(r *refund) bool {
	if m.support == needed && !r.inService() || m.support == not4now && r.inService() {
		return false
	}
	switch m.kind {
	case moneyOnly:
		return !r.Return
	case withReturn:
		return r.Return
	case inSale:
		return !r.AfterSale
	case afterSale:
		return r.AfterSale
	case unsentOnly:
		return r.GoodsStatus == goodsUnsent
	}
	return true
}

// refundNote is what comes with a move.
type refundNote struct {
	operator string // instead of the table's
	text     string
	vouchers []string
	to       string // CRM_FINISH_TASK: the status it ends in, "" = none
	payment  int64  // CRM_FINISH_TASK: instead of what was asked, if byService
	carriage int64
	carrier  string // BUYER_SEND_GOODS
	bill     string
	change   *refundRequest // BUYER_MODIFY_REFUND_PROTOCOL
}

// moveRefund takes one row of the table: status, operation log, money and stock, message. The caller holds mu.
func (s *Server) moveRefund(r *refund, action string, n refundNote) error {
	m := r.moveFor(action)
	if m == nil {
		return controlError{http.StatusConflict, fmt.Sprintf("a refund in %s cannot take %s", r.Status, action)}
	}
	to := m.to
	if action == "CRM_FINISH_TASK" {
		to = n.to
	}
	s.stepRefund(r, action, &n)
	s.writeRefund(r, m, to, n)
	return nil
}

// stepRefund is what single actions change beside the status.
func (s *Server) stepRefund(r *refund, action string, n *refundNote) {
	switch action {
	case "SELLER_REJECT_REFUND", "SELLER_REJECT_REFUND_PROCOTOL":
		r.Rejects++
		r.Reject = or(n.text, "卖家拒绝")
	case "BUYER_MODIFY_REFUND_PROTOCOL":
		if n.change != nil {
			n.change.into(r)
		}
	case "BUYER_SEND_GOODS":
		r.Carrier, r.Bill = n.carrier, n.bill
	case "BUYER_APPLY_SUPPORT", "SELLER_APPLY_SUPPORT", "CRM_APPLY_SUPPORT":
		r.Support, r.Frozen = "applied", s.now()
	case "CRM_INTERVENE_TASK":
		r.Support = "working"
	case "CRM_DISMISS_TASK":
		s.thaw(r, "dismissed")
	case "CRM_FINISH_TASK":
		s.thaw(r, "finished")
		if n.to == refundPaid && (n.payment != r.Payment || n.carriage != r.Carriage) {
			r.Payment, r.Carriage, r.ByService = n.payment, n.carriage, true
		}
	case "CRM_APPLY_TIMEOUT_CLOSE":
		s.thaw(r, "timeout")
	}
}

// thaw lets the clock of a refund go on where it stood.
func (s *Server) thaw(r *refund, how string) {
	r.Support = how
	r.Since = r.Since.Add(s.now().Sub(r.Frozen))
	r.Frozen = time.Time{}
}

// writeRefund enters the new status everywhere and tells the buyer once.
func (s *Server) writeRefund(r *refund, m *refundMove, to string, n refundNote) {
	o, now := s.orders[r.Order], s.now()
	op := refundOp{At: now, Action: m.action, Operator: or(n.operator, m.operator), Before: r.Status, After: or(to, r.Status), Text: n.text, Vouchers: n.vouchers}
	if to != "" {
		r.Status, r.Since = to, now
		if r.inService() && r.final() {
			s.thaw(r, "finished")
		}
	}
	r.Ops = append(r.Ops, op)
	if r.final() {
		r.Completed = now
		if !r.AfterSale {
			o.Held = now
		}
	}
	if r.Status == refundPaid {
		s.payBack(o, r)
	}
	s.touchRefund(o, r)
	s.refundMessage(o, r, &op)
	if r.Status == refundPaid {
		s.afterRefund(o, r)
	}
	s.planRefund(r)
}

// refundMessage tells the buyer's subscribers of one operation. Its currentStatus is the refund's, not the order's.
func (s *Server) refundMessage(o *order, r *refund, op *refundOp) {
	topic := "ORDER_BUYER_VIEW_ORDER_BUYER_REFUND_IN_SALES"
	if r.AfterSale {
		topic = "ORDER_BUYER_VIEW_ORDER_REFUND_AFTER_SALES"
	}
	s.emit(o.App, topic, itoa(o.ID), struct {
		Buyer    string `json:"buyerMemberId"`
		Order    int64  `json:"orderId"`
		Status   string `json:"currentStatus"`
		Seller   string `json:"sellerMemberId"`
		Time     string `json:"msgSendTime"`
		Action   string `json:"refundAction"`
		Operator string `json:"operator"`
		Refund   string `json:"refundId"`
	}{o.Buyer, o.ID, r.Status, o.SellerMember, plainTime(s.now()), op.Action, op.Operator, r.id()})
}

// How long each side may wait. The platform does not publish these: our guess.
const (
	agreeUnsent     = 2 * 24 * time.Hour
	agreeSent       = 5 * 24 * time.Hour
	modifyTime      = 7 * 24 * time.Hour
	sendBackTime    = 7 * 24 * time.Hour
	receiveBackTime = 10 * 24 * time.Hour
	serviceTime     = 30 * 24 * time.Hour
)

// refundDue is when time moves the refund by itself, and by which action; zero = never.
func (s *Server) refundDue(r *refund) (time.Time, string) {
	if r.inService() {
		if r.AfterSale {
			return r.Frozen.Add(serviceTime), "CRM_APPLY_TIMEOUT_CLOSE"
		}
		return r.Frozen.Add(serviceTime), "CRM_DISMISS_TASK"
	}
	auto := s.opt.AutoAdvance
	switch r.Status {
	case refundAsked:
		switch {
		case auto > 0 && r.Return:
			return r.Since.Add(auto), "SELLER_AGREE_REFUND_PROCOTOL"
		case auto > 0:
			return r.Since.Add(auto), "SELLER_AGREE_REFUND"
		case r.GoodsStatus == goodsUnsent:
			return r.Since.Add(agreeUnsent), "SYSTEM_AGREE_REFUND_PROTOCOL"
		}
		return r.Since.Add(agreeSent), "SYSTEM_AGREE_REFUND_PROTOCOL"
	case refundRejected:
		return r.Since.Add(modifyTime), "BUYER_CANCEL_REFUND_CLOSE"
	case refundToSend:
		return r.Since.Add(sendBackTime), "BUYER_CANCEL_REFUND_CLOSE"
	case refundToReceive:
		if auto > 0 {
			return r.Since.Add(auto), "SELLER_RECEIVE_GOODS"
		}
		return r.Since.Add(receiveBackTime), "SYSTEM_AGREE_REFUND"
	}
	return time.Time{}, ""
}

// planRefund sets the refund's timer, unless it stands already. The caller holds mu.
func (s *Server) planRefund(r *refund) {
	due, _ := s.refundDue(r)
	if due.IsZero() || due.Equal(r.planned) {
		return
	}
	r.planned = due
	s.at(due, func() {
		if s.refunds[r.ID] != r || !r.planned.Equal(due) {
			return // replayed again, or planned anew
		}
		r.planned = time.Time{}
		if d, _ := s.refundDue(r); d.Equal(due) {
			s.timeoutRefund(r)
		}
	})
}

// timeoutRefund does what time does to a refund whose period is over.
func (s *Server) timeoutRefund(r *refund) {
	_, action := s.refundDue(r)
	n := refundNote{}
	if action == "BUYER_CANCEL_REFUND_CLOSE" {
		n.operator, n.text = "system", "买家超时未处理，退款关闭"
	}
	_ = s.moveRefund(r, action, n) // refundDue names moves of the status only
}
