package sandbox

import (
	"errors"
	"fmt"
	"slices"
)

// --- moves of the state machine; each checks its starting status, all need mu ---

type moveError struct{ from, move string }

func (e moveError) Error() string { return fmt.Sprintf("an order in %s cannot %s", e.from, e.move) }

// stockError is a payment that failed because stock taken at payment ran out.
type stockError struct{ offers []int64 }

func (e stockError) Error() string {
	return "Failed to operate on stock: PRODUCT_TRADE_STAT_ERROR, inventoryErrorIds: " + string(marshal(e.offers))
}

func (o *order) from(move string, allowed ...string) error {
	if slices.Contains(allowed, o.Status) {
		return nil
	}
	return moveError{o.Status, move}
}

// pay pays what is owed now: the order, or the next stage of a staged one. It fails with a stockError when stock that is taken at payment ran out.
func (s *Server) pay(o *order, channel string) error {
	if o.Status == waitSend && o.nextStep() != nil {
		s.endRefunds(o, "BUYER_STEP_PAY_ORDER_CLOSE", "")
		s.payStep(o)
		s.touch(o)
		s.orderMessage(o, "ORDER_STEP_PAY", waitSend)
		return nil
	}
	if err := o.from("pay", waitPay); err != nil {
		return err
	}
	if err := s.takeStock(o); err != nil {
		return err
	}
	o.Status, o.Paid, o.PayChannel = waitSend, s.now(), channel
	if o.nextStep() != nil {
		s.payStep(o)
	}
	s.touch(o)
	s.orderMessage(o, "ORDER_PAY", waitSend)
	return nil
}

// outOfStock lists the offers of which too little is left for what is taken at payment.
func (s *Server) outOfStock(o *order) []int64 {
	need, short := map[int64]int64{}, []int64{}
	for i := range o.Lines {
		l := &o.Lines[i]
		if _, k := s.skuOf(l); l.Untaken && k != nil {
			need[k.id] += l.toShip()
			if need[k.id] > s.left(k) && !slices.Contains(short, l.Offer) {
				short = append(short, l.Offer)
			}
		}
	}
	return short
}

// takeStock takes what is taken at payment: everything or nothing.
func (s *Server) takeStock(o *order) error {
	if short := s.outOfStock(o); len(short) > 0 {
		return stockError{short}
	}
	for i := range o.Lines {
		l := &o.Lines[i]
		if _, k := s.skuOf(l); l.Untaken && k != nil {
			s.moveStock(k, -l.toShip())
		}
		l.Untaken = false
	}
	return nil
}

// ship sends a parcel; want maps sub-order to pieces, nil = all that is left.
func (s *Server) ship(o *order, want map[int64]int64, by int, bill string) error {
	return s.shipAs(o, want, s.newParcel(o, by, bill))
}

func (s *Server) shipAs(o *order, want map[int64]int64, p parcel) error {
	if err := o.from("ship", waitSend); err != nil {
		return err
	}
	if o.nextStep() != nil {
		return moveError{o.Status, "ship before its last stage is paid"}
	}
	for i := range o.Lines {
		l := &o.Lines[i]
		q := l.toShip()
		if want != nil {
			q = min(q, want[l.SubID])
		}
		if q > 0 {
			l.Shipped += q
			p.Items = append(p.Items, parcelItem{l.SubID, q})
		}
	}
	if len(p.Items) == 0 {
		return moveError{o.Status, "ship nothing"}
	}
	s.shipEndsRefunds(o, p.Items)
	o.Parcels = append(o.Parcels, p)
	if !s.allSent(o) {
		s.touch(o)
		s.orderMessage(o, "PART_PART_SENDGOODS", waitSend)
	}
	if p.Kind != noLogistics {
		s.reach(o, &o.Parcels[len(o.Parcels)-1], "CONSIGN")
	}
	return nil
}

// allSent moves an order whose last piece has left, or was given up, on to the buyer.
func (s *Server) allSent(o *order) bool {
	ordered, shipped := o.pieces()
	if o.Status != waitSend || ordered != shipped || shipped == 0 {
		return false
	}
	o.Status, o.Delivered = waitReceive, s.now()
	s.touch(o)
	s.orderMessage(o, "ANNOUNCE_SENDGOODS", waitReceive)
	return true
}

// confirm is the buyer's receipt of everything that is left to confirm.
func (s *Server) confirm(o *order) error { return s.confirmLines(o, nil) }

// confirmLines is the receipt of some sub-orders; nil = all. Each receipt is told.
func (s *Server) confirmLines(o *order, subs []int64) error {
	if err := o.from("be confirmed", waitReceive, confirmed); err != nil {
		return err
	}
	var fresh []int64
	for i := range o.Lines {
		l := &o.Lines[i]
		if l.Received || l.Closed || subs != nil && !slices.Contains(subs, l.SubID) {
			continue
		}
		if s.goodsGoBack(o, l.SubID) {
			return moveError{o.Status, "be confirmed: goods are on their way back"}
		}
		fresh = append(fresh, l.SubID)
	}
	if len(fresh) == 0 {
		return moveError{o.Status, "be confirmed twice"}
	}
	for _, sub := range fresh {
		o.line(sub).Received = true
	}
	if o.Received.IsZero() {
		o.Received = s.now()
	}
	o.Status = confirmed
	s.touch(o)
	s.receiveEndsRefunds(o, fresh)
	s.orderMessage(o, "ORDER_COMFIRM_RECEIVEGOODS", "confirm_goods_and_has_subsidy")
	return nil
}

func (s *Server) succeed(o *order) error {
	if err := o.from("succeed", waitReceive, confirmed); err != nil {
		return err
	}
	if s.refundHolds(o) {
		return moveError{o.Status, "succeed while a refund runs"}
	}
	o.Status, o.Completed = success, s.now()
	for i := range o.Lines {
		o.Lines[i].Received = o.Lines[i].Received || !o.Lines[i].Closed
	}
	s.touch(o)
	s.orderMessage(o, "ORDER_SUCCESS", success)
	return nil
}

// closeOrder ends an order, gives the stock that was not shipped back, and the coupons if it was never paid.
func (s *Server) closeOrder(o *order, event, closeType, reason, remark string, allowed ...string) error {
	if err := o.from("be closed", allowed...); err != nil {
		return err
	}
	if o.Paid.IsZero() {
		s.giveBack(o)
	} else {
		s.endRefunds(o, "BUYER_CLOSE_TRADE_CLOSE", "system")
		s.payBackAll(o)
	}
	o.Status, o.CloseType, o.CloseReason, o.CloseRemark, o.Completed = cancelled, closeType, reason, remark, s.now()
	for i := range o.Lines {
		s.drop(&o.Lines[i], o.Lines[i].toShip())
	}
	s.touch(o)
	s.orderMessage(o, event, cancelled)
	return nil
}

// drop gives up pieces of a line before they are shipped: they go back to the shelf. The caller touches the order.
func (s *Server) drop(l *orderLine, pieces int64) {
	pieces = min(pieces, l.toShip())
	l.Dropped += pieces
	s.putBack(l, pieces)
}

// takeBack puts shipped pieces that came back on the shelf again. The caller touches the order.
func (s *Server) takeBack(l *orderLine, pieces int64) {
	pieces = min(pieces, l.Shipped-l.Returned)
	l.Returned += pieces
	s.putBack(l, pieces)
}

func (s *Server) putBack(l *orderLine, pieces int64) {
	if _, k := s.skuOf(l); k != nil && pieces > 0 && !l.Untaken {
		s.moveStock(k, pieces)
	}
}

// maxPrice bounds what a seller may write into a price: a hundred million yuan.
const maxPrice = 10_000_000_000

// modifyPrice is the seller's change of the order's discount (negative = cheaper) and freight.
func (s *Server) modifyPrice(o *order, discount, freight int64) error {
	if err := o.from("change its price", waitPay); err != nil {
		return err
	}
	if freight < 0 || freight > maxPrice || discount > maxPrice || discount < -maxPrice || o.Goods+freight+discount-o.Cut-o.Coupon < 0 {
		return errors.New("the total must not be negative, nor beyond 100 million yuan")
	}
	o.Discount, o.Freight = discount, freight
	s.priceChanged(o)
	return nil
}

// modifyLine is the seller's change of one line's price.
func (s *Server) modifyLine(o *order, l *orderLine, discount int64) error {
	if err := o.from("change its price", waitPay); err != nil {
		return err
	}
	amount := l.Unit*l.Quantity + discount
	if l.Closed || discount > maxPrice || amount < 0 || o.total()+amount-l.Amount < 0 {
		return errors.New("the line is closed, or the amount would be negative or beyond 100 million yuan")
	}
	o.Goods += amount - l.Amount
	l.Amount, l.Discount = amount, discount
	s.priceChanged(o)
	return nil
}

// closeLine takes a line out of an unpaid order. The last one cannot go: that would be closing the order.
func (s *Server) closeLine(o *order, l *orderLine) error {
	if err := o.from("close a line", waitPay); err != nil {
		return err
	}
	open := 0
	for i := range o.Lines {
		if !o.Lines[i].Closed {
			open++
		}
	}
	if l.Closed || open < 2 {
		return moveError{o.Status, "close its last line, or one that is closed"}
	}
	o.Goods -= l.Amount
	l.Amount, l.Discount, l.Closed = 0, 0, true
	s.drop(l, l.toShip())
	if short := -o.total(); short > 0 { // what was taken off was worth more than what is left
		o.Discount += short
	}
	s.priceChanged(o)
	return nil
}

func (s *Server) priceChanged(o *order) {
	if len(o.Steps) > 0 {
		o.planSteps(o.Created)
	}
	s.touch(o)
	s.orderMessage(o, "ORDER_PRICE_MODIFY", waitPay)
}
