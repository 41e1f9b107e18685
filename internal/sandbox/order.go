package sandbox

import "time"

// Order statuses, as the buyer's API spells them.
const (
	waitPay     = "waitbuyerpay"
	waitSend    = "waitsellersend"
	waitReceive = "waitbuyerreceive"
	confirmed   = "confirm_goods"
	success     = "success"
	cancelled   = "cancel"
	terminated  = "terminated" // a staged trade that was stopped
)

const (
	payTimeout   = 43200 * time.Second     // an unpaid order closes
	autoConfirm  = 10 * 24 * time.Hour     // after the last parcel left
	afterHold    = 24 * time.Hour          // at least, after a refund that held the order up
	cancelTooOld = 10 * time.Second        // a buyer may not cancel sooner
	historyAfter = 3 * 30 * 24 * time.Hour // older orders are in the history table
)

// order is a 1688 purchase order. Amounts are fen.
type order struct {
	ID           int64        `json:"id"`
	App          string       `json:"app"`
	Buyer        string       `json:"buyer"`
	OutOrderID   string       `json:"out,omitempty"`
	Seller       int          `json:"seller"`
	SellerMember string       `json:"sellerMember"`
	Status       string       `json:"status"`
	Flow         string       `json:"flow"`
	TradeType    string       `json:"tradeType"`
	Message      string       `json:"message,omitempty"`
	Address      addressParam `json:"address,omitzero"`
	Lines        []orderLine  `json:"lines"`
	Parcels      []parcel     `json:"parcels,omitempty"`
	Goods        int64        `json:"goods"`
	Freight      int64        `json:"freight"`
	Discount     int64        `json:"discount"` // negative = price cut
	PayChannel   string       `json:"payChannel,omitempty"`
	PayFailures  int          `json:"payFailures,omitempty"`
	Created      time.Time    `json:"created"`
	Modified     time.Time    `json:"modified"`
	Paid         time.Time    `json:"paid,omitzero"`
	Delivered    time.Time    `json:"delivered,omitzero"`
	Received     time.Time    `json:"received,omitzero"`
	Completed    time.Time    `json:"completed,omitzero"`
	CloseReason  string       `json:"closeReason,omitempty"`
	CloseType    string       `json:"closeType,omitempty"`
	CloseRemark  string       `json:"closeRemark,omitempty"`

	RefundedFreight int64     `json:"refundedFreight,omitempty"` // the freight in it
	Held            time.Time `json:"held,omitzero"`             // a refund held the order up till then
	Refunded        int64     `json:"refunded,omitempty"`        // fen paid back so far, never more than was paid
	RefundStatus    string    `json:"refundStatus,omitempty"`    // of the refund before completion, lower case: waitselleragree ...
	RefundStatusAS  string    `json:"refundStatusAS,omitempty"`  // of the one after completion
	RefundID        string    `json:"refundId,omitempty"`        // TQ...

	Cut         int64   `json:"cut,omitempty"`    // of the shop promotion
	Coupon      int64   `json:"coupon,omitempty"` // red packets and freight coupons
	PromotionID string  `json:"promotion,omitempty"`
	Coupons     []int64 `json:"coupons,omitempty"`

	Steps []payStep `json:"stages,omitempty"` // of a staged order

	orderNotes
	orderFunds

	planned    time.Time // of the timer that is set
	change     int64     // Server.change of the last touch: it is in dirty already
	older      *order    // neighbours in the order of modification
	newer      *order
	inModified bool
}

// orderNotes is what came with an order and what was written on it later.
type orderNotes struct {
	Feedback      string        `json:"feedback,omitempty"` // notes to the seller after the first
	Memo          string        `json:"memo,omitempty"`
	MemoIcon      string        `json:"memoIcon,omitempty"`
	Deleted       bool          `json:"deleted,omitempty"` // the buyer does not want to see it
	Invoice       *invoiceParam `json:"invoice,omitempty"`
	Dropshipping  bool          `json:"dropshipping,omitempty"`
	Anonymous     bool          `json:"anonymous,omitempty"`
	BizType       string        `json:"bizType,omitempty"`
	CrossSolution string        `json:"crossSolution,omitempty"`
	Channel       string        `json:"fenxiaoChannel,omitempty"`
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
	Discount int64  `json:"discount,omitempty"` // the seller changed this line's price by so much; it is in Amount
	Closed   bool   `json:"closed,omitempty"`   // the seller took the line out before it was paid
	Untaken  bool   `json:"untaken,omitempty"`  // its stock is taken when the order is paid, and that is still to come

	Refunded     int64  `json:"refunded,omitempty"`    // fen
	RefundedQty  int64  `json:"refundedQty,omitempty"` // pieces the refunds were about
	RefundID     string `json:"refundId,omitempty"`
	RefundStatus string `json:"refundStatus,omitempty"` // lower case, as on the order
	AfterSale    bool   `json:"afterSale,omitempty"`    // the refund came after completion
	Dropped      int64  `json:"dropped,omitempty"`      // pieces that will never be shipped, see drop
	Returned     int64  `json:"returned,omitempty"`     // pieces that were shipped and came back, see takeBack
}

// total is what the order costs: goods, freight and price changes, less promotion and coupons.
func (o *order) total() int64 { return o.Goods + o.Freight + o.Discount - o.Cut - o.Coupon }

func (o *order) final() bool {
	return o.Status == success || o.Status == cancelled || o.Status == terminated
}

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

// logisticsStatus of a line: 1 unsent, 2 sent, 3 received, 4 returned, 5 partly sent, 8 no logistics order yet because nobody has paid.
func (o *order) logisticsStatus(l *orderLine) int {
	switch {
	case l.Returned > 0 && l.Returned >= l.Shipped:
		return 4
	case l.Received:
		return 3
	case o.Paid.IsZero():
		return 8
	case l.Shipped == 0:
		return 1
	case l.toShip() > 0:
		return 5
	}
	return 2
}

// lineStatus of a sub-order follows its main order, except that it is on its way as soon as it was shipped, received as soon as it was
// confirmed, and closed when the seller took it out.
func (o *order) lineStatus(l *orderLine) string {
	switch {
	case l.Closed:
		return cancelled
	case o.final():
		return o.Status
	case l.Received:
		return confirmed
	case o.Status == confirmed, o.Status == waitSend && l.Shipped > 0 && l.toShip() == 0:
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
	s.moveModified(o)
	if o.change != s.changes {
		o.change = s.changes
		s.dirty.Orders = append(s.dirty.Orders, o)
	}
}

func (s *Server) moveStock(k *sku, by int64) {
	s.stock[k.id] = s.left(k) + by
	if s.dirty.Stock == nil {
		s.dirty.Stock = map[int64]int64{}
	}
	s.dirty.Stock[k.id] = s.stock[k.id]
	s.stockMessage(k, by)
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
