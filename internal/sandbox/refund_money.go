package sandbox

import (
	"math/bits"
	"slices"
)

// owedFreight is the freight within the total; a price cut beyond the goods eats into it.
func (o *order) owedFreight() int64 { return min(o.Freight, o.total()) }

// paidFreight is the freight within what was paid. The deposit of a staged order holds none.
func (o *order) paidFreight() int64 {
	if o.nextStep() != nil {
		return 0
	}
	return o.owedFreight()
}

// paidLines is what was paid for each line after every price change, without freight; freight and they make what was paid.
func (o *order) paidLines() []int64 {
	if o.nextStep() != nil {
		return o.split(o.paidFen())
	}
	return o.split(o.total() - o.owedFreight())
}

// split spreads an amount over the lines by their value; a closed line has none.
func (o *order) split(amount int64) []int64 {
	out, rest, weight := make([]int64, len(o.Lines)), amount, o.Goods
	last := len(out) - 1
	for i := range o.Lines {
		if o.Lines[i].Closed {
			continue
		}
		out[i], last = scale(rest, o.Lines[i].Amount, weight), i
		rest, weight = rest-out[i], weight-o.Lines[i].Amount
	}
	if last >= 0 {
		out[last] += rest // nothing, unless all lines are free
	}
	return out
}

// scale is a*b/c without overflow for 0 <= b <= c and a >= 0.
func scale(a, b, c int64) int64 {
	if a <= 0 || b <= 0 || c <= 0 {
		return 0
	}
	hi, lo := bits.Mul64(uint64(a), uint64(min(b, c)))
	q, _ := bits.Div64(hi, lo, uint64(c))
	return int64(q) // at most a
}

// piecesLeft of a line were not refunded yet. Nobody paid for a closed line.
func (l *orderLine) piecesLeft() int64 {
	if l.Closed {
		return 0
	}
	return l.Quantity - l.RefundedQty
}

// goodsLeft is the most that may be refunded for some pieces of a line: their share, and all that is left for the last ones.
func (o *order) goodsLeft(paid []int64, it refundItem) int64 {
	for i := range o.Lines {
		if l := &o.Lines[i]; l.SubID == it.Sub {
			left := paid[i] - l.Refunded
			if it.Count >= l.piecesLeft() {
				return left
			}
			return min(left, scale(paid[i]+l.Quantity-1, it.Count, l.Quantity))
		}
	}
	return 0
}

// mostGoods is the most that may be refunded for the items.
func (o *order) mostGoods(items []refundItem) int64 {
	sum, paid := int64(0), o.paidLines()
	for _, it := range items {
		sum += o.goodsLeft(paid, it)
	}
	return sum
}

// freightLeft is the freight neither refunded nor asked for by a running refund other than r (which may be nil).
func (s *Server) freightLeft(o *order, r *refund) int64 {
	left := o.paidFreight() - o.RefundedFreight
	for _, other := range s.runningRefunds(o.ID) {
		if other != r {
			left -= other.Carriage
		}
	}
	return left
}

// freightFor is what the platform gives back for goods that were never sent: their share of the freight, all that is left with the last of them.
func (s *Server) freightFor(o *order, r *refund, items []refundItem) int64 {
	left, share, all := s.freightLeft(o, r), int64(0), true
	for i := range o.Lines {
		l := &o.Lines[i]
		in := false
		for _, it := range items {
			in = in || it.Sub == l.SubID
		}
		if in {
			share += scale(o.paidFreight(), l.Amount, o.Goods)
		}
		all = all && (in || l.piecesLeft() == 0)
	}
	if all {
		return left
	}
	return min(left, share)
}

// payBack moves money, and the goods that were never sent or came back into stock. It never gives more than was paid.
func (s *Server) payBack(o *order, r *refund) {
	paid := o.paidLines()
	most := o.mostGoods(r.Items)
	r.Paid, r.PaidPost = min(r.Payment, most), min(r.Carriage, s.freightLeft(o, r))
	rest := r.Paid
	for _, it := range r.Items {
		room := o.goodsLeft(paid, it)
		give := scale(rest, room, most)
		rest, most = rest-give, most-room
		s.payBackLine(o, it, give, paid, r.Return)
	}
	o.Refunded += r.Paid + r.PaidPost
	s.moneyBack(o, r.Paid+r.PaidPost)
	o.RefundedFreight += r.PaidPost
}

func (s *Server) payBackLine(o *order, it refundItem, give int64, paid []int64, returned bool) {
	for i := range o.Lines {
		l := &o.Lines[i]
		if l.SubID != it.Sub {
			continue
		}
		l.Refunded += give
		switch {
		case returned:
			l.RefundedQty += it.Count
			s.takeBack(l, it.Count)
		case l.Refunded == paid[i]: // all of it: what is not sent yet will not be
			l.RefundedQty = l.Quantity
			s.drop(l, l.toShip())
		}
	}
}

// afterRefund is what a paid refund does to the way of its order.
func (s *Server) afterRefund(o *order, r *refund) {
	if r.AfterSale || o.Status != waitSend && o.Status != waitReceive {
		return
	}
	gone := true
	for i := range o.Lines {
		gone = gone && o.Lines[i].piecesLeft() == 0
	}
	if gone {
		s.endByRefund(o)
		return
	}
	ordered, shipped := o.pieces()
	if o.Status == waitSend && ordered == shipped { // the refund took what was still to be sent
		o.Status, o.Delivered = waitReceive, s.now()
		s.touch(o)
		s.orderMessage(o, "ANNOUNCE_SENDGOODS", waitReceive)
	}
}

// endByRefund closes an order whose goods are all refunded. The platform reports it as closed by the seller.
func (s *Server) endByRefund(o *order) {
	s.endRefunds(o, "BUYER_CLOSE_TRADE_CLOSE", "system")
	o.Status, o.CloseType, o.CloseReason, o.CloseRemark, o.Completed = cancelled, "CLOSE_TRADE_BY_SELLER", "other", "买家退款，交易关闭", s.now()
	s.touch(o)
	s.orderMessage(o, "ORDER_SELLER_CLOSE", cancelled)
}

// endRefunds closes what runs of the order's in-sale refunds, because the order moved on.
func (s *Server) endRefunds(o *order, action, operator string) {
	for _, r := range s.runningRefunds(o.ID) {
		if r.moveFor(action) != nil {
			_ = s.moveRefund(r, action, refundNote{operator: operator}) // just asked
		}
	}
}

// shipEndsRefunds: who ships goods whose refund was asked for before has refused it.
func (s *Server) shipEndsRefunds(o *order, items []parcelItem) {
	for _, r := range s.runningRefunds(o.ID) {
		for _, it := range items {
			if r.has(it.SubID) && r.moveFor("SELLER_SEND_GOODS_CLOSE") != nil {
				_ = s.moveRefund(r, "SELLER_SEND_GOODS_CLOSE", refundNote{}) // just asked
			}
		}
	}
}

// goodsGoBack tells whether goods of a line are on their way back to the seller: their receipt cannot be confirmed meanwhile.
func (s *Server) goodsGoBack(o *order, sub int64) bool {
	for _, r := range s.runningRefunds(o.ID) {
		if r.Status == refundToReceive && !r.AfterSale && r.has(sub) {
			return true
		}
	}
	return false
}

// receiveEndsRefunds: who confirms the receipt of goods wants no refund of them.
func (s *Server) receiveEndsRefunds(o *order, subs []int64) {
	for _, r := range s.runningRefunds(o.ID) {
		if slices.ContainsFunc(subs, r.has) && r.moveFor("BUYER_RECEIVE_CLOSE") != nil {
			_ = s.moveRefund(r, "BUYER_RECEIVE_CLOSE", refundNote{}) // just asked
		}
	}
}

// payBackAll returns what is left of a paid order that is closed without a refund.
func (s *Server) payBackAll(o *order) {
	for i, paid := range o.paidLines() {
		l := &o.Lines[i]
		l.Refunded, l.RefundedQty = paid, l.Quantity
	}
	o.RefundedFreight = o.paidFreight()
	o.Refunded = o.paidFen()
}
