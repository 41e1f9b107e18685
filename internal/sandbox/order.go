package sandbox

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Order statuses, as the buyer's API spells them.
const (
	waitPay     = "waitbuyerpay"
	waitSend    = "waitsellersend"
	waitReceive = "waitbuyerreceive"
	confirmed   = "confirm_goods"
	success     = "success"
	cancelled   = "cancel"
)

const (
	payTimeout   = 43200 * time.Second     // an unpaid order closes
	autoConfirm  = 10 * 24 * time.Hour     // after the last parcel left
	cancelTooOld = 10 * time.Second        // a buyer may not cancel sooner
	historyAfter = 3 * 30 * 24 * time.Hour // older orders are in the history table
)

// order is a 1688 purchase order. Amounts are fen.
type order struct {
	ID           int64           `json:"id"`
	App          string          `json:"app"`
	Buyer        string          `json:"buyer"`
	OutOrderID   string          `json:"out,omitempty"`
	Seller       int             `json:"seller"`
	SellerMember string          `json:"sellerMember"`
	Status       string          `json:"status"`
	Flow         string          `json:"flow"`
	TradeType    string          `json:"tradeType"`
	Message      string          `json:"message,omitempty"`
	Address      json.RawMessage `json:"address,omitempty"`
	Lines        []orderLine     `json:"lines"`
	Parcels      []parcel        `json:"parcels,omitempty"`
	Goods        int64           `json:"goods"`
	Freight      int64           `json:"freight"`
	Discount     int64           `json:"discount"` // negative = price cut
	PayChannel   string          `json:"payChannel,omitempty"`
	PayFailures  int             `json:"payFailures,omitempty"`
	Created      time.Time       `json:"created"`
	Modified     time.Time       `json:"modified"`
	Paid         time.Time       `json:"paid,omitzero"`
	Delivered    time.Time       `json:"delivered,omitzero"`
	Received     time.Time       `json:"received,omitzero"`
	Completed    time.Time       `json:"completed,omitzero"`
	CloseReason  string          `json:"closeReason,omitempty"`
	CloseType    string          `json:"closeType,omitempty"`
	CloseRemark  string          `json:"closeRemark,omitempty"`

	Refunded       int64  `json:"refunded,omitempty"`       // fen paid back so far, never more than was paid
	RefundStatus   string `json:"refundStatus,omitempty"`   // of the refund before completion, lower case: waitselleragree ...
	RefundStatusAS string `json:"refundStatusAS,omitempty"` // of the one after completion
	RefundID       string `json:"refundId,omitempty"`       // TQ...

	orderFunds

	planned time.Time // of the timer that is set
}

type orderLine struct {
	SubID    int64  `json:"sub"`
	Offer    int64  `json:"offer"`
	SKU      int64  `json:"sku"`
	Spec     string `json:"spec,omitempty"`
	Quantity int64  `json:"quantity"`
	Unit     int64  `json:"unit"`
	Amount   int64  `json:"amount"`
	Shipped  int64  `json:"shipped,omitempty"`
	Received bool   `json:"received,omitempty"`
	Untaken  bool   `json:"untaken,omitempty"` // its stock is taken when the order is paid, and that is still to come

	Refunded     int64  `json:"refunded,omitempty"`    // fen
	RefundedQty  int64  `json:"refundedQty,omitempty"` // pieces the refunds were about
	RefundID     string `json:"refundId,omitempty"`
	RefundStatus string `json:"refundStatus,omitempty"` // lower case, as on the order
	AfterSale    bool   `json:"afterSale,omitempty"`    // the refund came after completion
	Dropped      int64  `json:"dropped,omitempty"`      // pieces that will never be shipped, see drop
	Returned     int64  `json:"returned,omitempty"`     // pieces that were shipped and came back, see takeBack
}

func (o *order) total() int64 { return o.Goods + o.Freight + o.Discount }

func (o *order) final() bool { return o.Status == success || o.Status == cancelled }

func (o *order) pieces() (ordered, shipped int64) {
	for _, l := range o.Lines {
		ordered, shipped = ordered+l.Quantity-l.Dropped, shipped+l.Shipped
	}
	return ordered, shipped
}

func (o *order) line(sub int64) *orderLine {
	for i := range o.Lines {
		if o.Lines[i].SubID == sub {
			return &o.Lines[i]
		}
	}
	return nil
}

// toShip is how many pieces the seller still owes.
func (l *orderLine) toShip() int64 { return l.Quantity - l.Dropped - l.Shipped }

// logisticsStatus of a line: 1 unsent, 2 sent, 3 received, 4 returned, 5 partly sent.
func (l *orderLine) logisticsStatus() int {
	switch {
	case l.Returned > 0 && l.Returned >= l.Shipped:
		return 4
	case l.Received:
		return 3
	case l.Shipped == 0:
		return 1
	case l.toShip() > 0:
		return 5
	}
	return 2
}

// lineStatus of a sub-order follows its main order, except that it is on its way as soon as it was shipped.
func (o *order) lineStatus(l *orderLine) string {
	if o.Status == waitSend && l.Shipped > 0 && l.toShip() == 0 {
		return waitReceive
	}
	return o.Status
}

// nextOrderID makes 19-digit odd numbers: beyond 2^53 and never a float64, so any client that reads them as one notices.
func (s *Server) nextOrderID() int64 {
	n := int64(len(s.orderIDs)) + 1
	return 4_000_000_000_000_000_001 + int64(mix(uint64(s.seed)*7)%900)*1_000_000_000_000_000 + n*1_028_000_000 + 640_000
}

// keepOrder stores a new or replayed order.
func (s *Server) keepOrder(o *order) {
	if s.orders[o.ID] == nil {
		s.orderIDs = append(s.orderIDs, o.ID)
		if o.OutOrderID != "" {
			s.byOut[o.OutOrderID] = append(s.byOut[o.OutOrderID], o.ID)
		}
	}
	s.orders[o.ID] = o
	s.plan(o)
}

// touch notes a change of the order for the journal and the modify window. The caller holds mu.
func (s *Server) touch(o *order) {
	o.Modified = s.now()
	s.keepOrder(o)
	if !slices.Contains(s.dirty.Orders, o) {
		s.dirty.Orders = append(s.dirty.Orders, o)
	}
}

func (s *Server) moveStock(k *sku, by int64) {
	s.stock[k.id] = s.left(k) + by
	if s.dirty.Stock == nil {
		s.dirty.Stock = map[int64]int64{}
	}
	s.dirty.Stock[k.id] = s.stock[k.id]
}

// skuOf finds the SKU of a line again; nil if the catalogue is a smaller one than the order was made with.
func (s *Server) skuOf(l *orderLine) (*offer, *sku) {
	c := s.cat.Load()
	of := c.find(l.Offer)
	if of == nil {
		return nil, nil
	}
	skus := c.skus(of)
	for i := range skus {
		if skus[i].id == l.SKU {
			return of, &skus[i]
		}
	}
	return of, nil
}

// --- moves of the state machine; each checks its starting status, all need mu ---

type moveError struct{ from, move string }

func (e moveError) Error() string { return fmt.Sprintf("an order in %s cannot %s", e.from, e.move) }

func (o *order) from(move string, allowed ...string) error {
	if slices.Contains(allowed, o.Status) {
		return nil
	}
	return moveError{o.Status, move}
}

func (s *Server) pay(o *order, channel string) error {
	if err := o.from("pay", waitPay); err != nil {
		return err
	}
	o.Status, o.Paid, o.PayChannel = waitSend, s.now(), channel
	s.touch(o)
	s.orderMessage(o, "ORDER_PAY", waitSend)
	return nil
}

// ship sends a parcel; want maps sub-order to pieces, nil = all that is left.
func (s *Server) ship(o *order, want map[int64]int64, by int, bill string) error {
	if err := o.from("ship", waitSend); err != nil {
		return err
	}
	now := s.now()
	p := s.newParcel(o, by, bill)
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
	o.Parcels = append(o.Parcels, p)
	ordered, shipped := o.pieces()
	if ordered == shipped {
		o.Status, o.Delivered = waitReceive, now
		s.touch(o)
		s.orderMessage(o, "ANNOUNCE_SENDGOODS", waitReceive)
	} else {
		s.touch(o)
		s.orderMessage(o, "PART_PART_SENDGOODS", waitSend)
	}
	s.reach(o, &o.Parcels[len(o.Parcels)-1], "CONSIGN")
	return nil
}

func (s *Server) confirm(o *order) error {
	if err := o.from("be confirmed", waitReceive); err != nil {
		return err
	}
	o.Status, o.Received = confirmed, s.now()
	for i := range o.Lines {
		o.Lines[i].Received = true
	}
	s.touch(o)
	s.orderMessage(o, "ORDER_COMFIRM_RECEIVEGOODS", "confirm_goods_and_has_subsidy")
	return nil
}

func (s *Server) succeed(o *order) error {
	if err := o.from("succeed", waitReceive, confirmed); err != nil {
		return err
	}
	o.Status, o.Completed = success, s.now()
	for i := range o.Lines {
		o.Lines[i].Received = true
	}
	s.touch(o)
	s.orderMessage(o, "ORDER_SUCCESS", success)
	return nil
}

// closeOrder ends an order and gives the stock that was not shipped back.
func (s *Server) closeOrder(o *order, event, closeType, reason, remark string, allowed ...string) error {
	if err := o.from("be closed", allowed...); err != nil {
		return err
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

func (s *Server) modifyPrice(o *order, discount, freight int64) error {
	if err := o.from("change its price", waitPay); err != nil {
		return err
	}
	if freight < 0 || o.Goods+freight+discount < 0 {
		return fmt.Errorf("the total must not be negative")
	}
	o.Discount, o.Freight = discount, freight
	s.touch(o)
	s.orderMessage(o, "ORDER_PRICE_MODIFY", waitPay)
	return nil
}

// dueAt is when the platform moves the order by itself; zero = never.
func (s *Server) dueAt(o *order) time.Time {
	var due time.Time
	sooner := func(t time.Time) {
		if due.IsZero() || t.Before(due) {
			due = t
		}
	}
	switch o.Status {
	case waitPay:
		sooner(o.Created.Add(payTimeout))
	case waitReceive, confirmed:
		sooner(o.Delivered.Add(autoConfirm))
	}
	if s.opt.AutoAdvance > 0 && o.Status != waitPay && !o.final() {
		sooner(o.Modified.Add(s.opt.AutoAdvance))
	}
	return due
}

// plan sets the order's timer, unless it stands already. The caller holds mu.
func (s *Server) plan(o *order) {
	due := s.dueAt(o)
	if due.IsZero() || due.Equal(o.planned) {
		return
	}
	o.planned = due
	s.at(due, func() {
		if o.planned.Equal(due) {
			o.planned = time.Time{}
			if s.dueAt(o).Equal(due) {
				s.fire(o)
			}
		}
	})
}

// fire does what time does to an order whose moment has come.
func (s *Server) fire(o *order) {
	now := s.now()
	switch {
	case o.Status == waitPay:
		_ = s.closeOrder(o, "ORDER_BOPS_CLOSE", "CLOSE_TRADE_BY_SYSTEM", "BUYER_NO_PAY", "", waitPay) // status just checked
	case (o.Status == waitReceive || o.Status == confirmed) && now.Sub(o.Delivered) >= autoConfirm:
		_ = s.succeed(o) // status just checked
	default:
		s.advance(o)
	}
}

// advance takes one step on the straight way of a paid order.
func (s *Server) advance(o *order) {
	if o.Status == waitSend {
		_ = s.ship(o, nil, int(o.ID/1000)%len(carriers), "") // status just checked
		return
	}
	for _, node := range []string{"ACCEPT", "TRANSPORT", "DELIVERING", "SIGN"} {
		moved := false
		for i := range o.Parcels {
			n := len(o.Parcels[i].Steps)
			s.reach(o, &o.Parcels[i], node)
			moved = moved || len(o.Parcels[i].Steps) > n
		}
		if moved {
			return
		}
	}
	_ = s.succeed(o) // all parcels are signed
}
