package sandbox

import (
	"slices"
	"strings"
	"time"
)

// Refund statuses, as the buyer's API spells them. Lines spell them in upper snake case, see lineRefund.
const (
	refundAsked     = "waitselleragree"
	refundRejected  = "waitbuyermodify"
	refundToSend    = "waitbuyersend"
	refundToReceive = "waitsellerreceive"
	refundPaid      = "refundsuccess"
	refundEnded     = "refundclose"
)

var refundStatuses = []string{refundAsked, refundRejected, refundToSend, refundToReceive, refundPaid, refundEnded}

// What a request says about the goods: it must fit the order.
const (
	goodsUnsent        = "refundWaitSellerSend"
	goodsOnTheWay      = "refundWaitBuyerReceive"
	goodsReceived      = "refundBuyerReceived"
	goodsLateMissing   = "aftersaleBuyerNotReceived"
	goodsLateDelivered = "aftersaleBuyerReceived"
)

var goodsStatuses = []string{goodsUnsent, goodsOnTheWay, goodsReceived, goodsLateMissing, goodsLateDelivered}

// refund is one request of the buyer for money, with or without goods going back. Amounts are fen.
type refund struct {
	ID          int64        `json:"id"`
	App         string       `json:"app"`
	Buyer       string       `json:"buyer"`
	Order       int64        `json:"order"`
	AfterSale   bool         `json:"after,omitempty"`
	Return      bool         `json:"return,omitempty"` // goods go back
	Status      string       `json:"status"`
	GoodsStatus string       `json:"goodsStatus"`
	Items       []refundItem `json:"items"`
	Payment     int64        `json:"payment"` // asked for goods
	Carriage    int64        `json:"carriage"`
	Entered     int64        `json:"entered"` // goods and freight as the buyer typed them first
	Reason      int64        `json:"reason"`
	Text        string       `json:"text"`
	Remark      string       `json:"remark,omitempty"`
	Vouchers    []string     `json:"vouchers,omitempty"`
	Paid        int64        `json:"paid,omitempty"` // given back for goods
	PaidPost    int64        `json:"paidPost,omitempty"`
	Reject      string       `json:"reject,omitempty"`
	Rejects     int          `json:"rejects,omitempty"`
	Carrier     string       `json:"carrier,omitempty"` // of the way back
	Bill        string       `json:"bill,omitempty"`
	Support     string       `json:"support,omitempty"` // customer service: applied, working, or how it ended
	ByService   bool         `json:"byService,omitempty"`
	Created     time.Time    `json:"created"`
	Modified    time.Time    `json:"modified"`
	Since       time.Time    `json:"since"` // of the running period
	Frozen      time.Time    `json:"frozen,omitzero"`
	Completed   time.Time    `json:"completed,omitzero"`
	Ops         []refundOp   `json:"ops"`

	planned time.Time // of the timer that is set
}

// refundItem is a line, or some pieces of it.
type refundItem struct {
	Sub   int64 `json:"sub"`
	Count int64 `json:"count"`
}

// refundOp is one entry of the operation log. Its message was sent when it was made.
type refundOp struct {
	At       time.Time `json:"at"`
	Action   string    `json:"action"`
	Operator string    `json:"operator"`
	Before   string    `json:"before,omitempty"`
	After    string    `json:"after"`
	Text     string    `json:"text,omitempty"`
	Vouchers []string  `json:"vouchers,omitempty"`
}

// complaint is what trade.arbitration.apply made.
type complaint struct {
	ID      int64     `json:"id"`
	Type    string    `json:"type"`
	Buyer   string    `json:"buyer"`
	Order   int64     `json:"order"`
	Refund  int64     `json:"refund,omitempty"`
	Reason  int64     `json:"reason"`
	Text    string    `json:"text"`
	Picture string    `json:"picture,omitempty"`
	Created time.Time `json:"created"`
}

func (r *refund) id() string { return refundPrefix + itoa(r.ID) }

func (r *refund) final() bool { return r.Status == refundPaid || r.Status == refundEnded }

// inService tells whether customer service has the case: the clock of the refund stands still meanwhile.
func (r *refund) inService() bool { return r.Support == "applied" || r.Support == "working" }

func (r *refund) has(sub int64) bool {
	return slices.ContainsFunc(r.Items, func(it refundItem) bool { return it.Sub == sub })
}

// refundState is the part of the state that refunds keep.
type refundState struct {
	refunds       map[int64]*refund
	refundIDs     []int64           // oldest first
	refundsBy     map[int64][]int64 // order -> refunds, oldest first
	complaints    []*complaint      // oldest first
	vouchers      map[string]*voucher
	voucherNames  []string // oldest first
	voucherMemory int64    // bytes of all of them
}

func newRefundState() refundState {
	return refundState{refunds: map[int64]*refund{}, refundsBy: map[int64][]int64{}, vouchers: map[string]*voucher{}}
}

// refundEntry is the journal's part of it.
type refundEntry struct {
	Refunds    []*refund    `json:"refunds,omitempty"`
	Complaints []*complaint `json:"complaints,omitempty"`
	Vouchers   []*voucher   `json:"vouchers,omitempty"`
}

func (s *Server) saveRefunds(put func(entry)) {
	for _, id := range s.refundIDs {
		put(entry{refundEntry: refundEntry{Refunds: []*refund{s.refunds[id]}}})
	}
	for _, c := range s.complaints {
		put(entry{refundEntry: refundEntry{Complaints: []*complaint{c}}})
	}
	for _, name := range s.voucherNames {
		put(entry{refundEntry: refundEntry{Vouchers: []*voucher{s.vouchers[name]}}})
	}
}

func (s *Server) replayRefunds(e *refundEntry) {
	for _, r := range e.Refunds {
		s.keepRefund(r)
		s.planRefund(r)
	}
	s.complaints = append(s.complaints, e.Complaints...)
	for _, v := range e.Vouchers {
		s.keepVoucher(v)
	}
}

// keepRefund stores a new or replayed refund.
func (s *Server) keepRefund(r *refund) {
	if s.refunds[r.ID] == nil {
		s.refundIDs = append(s.refundIDs, r.ID)
		s.refundsBy[r.Order] = append(s.refundsBy[r.Order], r.ID)
	}
	s.refunds[r.ID] = r
}

// touchRefund notes a change for the journal and shows it on the order. The caller holds mu.
func (s *Server) touchRefund(o *order, r *refund) {
	r.Modified = s.now()
	s.keepRefund(r)
	if !slices.Contains(s.dirty.Refunds, r) {
		s.dirty.Refunds = append(s.dirty.Refunds, r)
	}
	if r.AfterSale {
		o.RefundStatusAS = r.Status
	} else {
		o.RefundStatus = r.Status
	}
	o.RefundID = r.id()
	for _, it := range r.Items {
		l := o.line(it.Sub)
		l.RefundID, l.RefundStatus, l.AfterSale = r.id(), r.Status, r.AfterSale
	}
	s.touch(o)
}

// refundsOf lists the refunds of an order, oldest first.
func (s *Server) refundsOf(order int64) []*refund {
	var out []*refund
	for _, id := range s.refundsBy[order] {
		out = append(out, s.refunds[id])
	}
	return out
}

// runningRefunds are those of refundsOf that have not ended.
func (s *Server) runningRefunds(order int64) []*refund {
	return slices.DeleteFunc(s.refundsOf(order), (*refund).final)
}

// refundHolds tells whether an in-sale refund runs: the platform does not finish such an order by itself.
func (s *Server) refundHolds(o *order) bool {
	for _, id := range s.refundsBy[o.ID] {
		if r := s.refunds[id]; !r.AfterSale && !r.final() {
			return true
		}
	}
	return false
}

const refundPrefix = "TQ"

// nextRefundID is beyond 2^53 and odd, like the order numbers.
func (s *Server) nextRefundID() int64 {
	n := int64(len(s.refundIDs)) + 1
	return 10_000_000_000_000_001 + int64(mix(uint64(s.seed)*11)%20)*1_000_000_000_000_000 + n*7_310_002
}

// refundNumber reads "TQ123"; ok is false if the text cannot be a refund id.
func refundNumber(text string) (int64, bool) {
	digits, found := strings.CutPrefix(strings.TrimSpace(text), refundPrefix)
	n, ok := num(digits).int()
	return n, found && ok && n > 0
}
