package sandbox

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

// refundRequest is a checked wish of the buyer.
type refundRequest struct {
	order       *order
	items       []refundItem
	goodsStatus string
	returning   bool
	payment     int64
	carriage    int64
	entered     int64
	reason      refundReason
	text        string
	remark      string
	vouchers    []string
	running     *refund // the rejected refund this one changes, if any
}

// into makes the refund what the request wants.
func (q *refundRequest) into(r *refund) {
	r.Items, r.GoodsStatus, r.Return = q.items, q.goodsStatus, q.returning
	r.Payment, r.Carriage = q.payment, q.carriage
	r.Reason, r.Text, r.Remark, r.Vouchers = q.reason.id, q.text, q.remark, q.vouchers
}

// Codes of createRefund and getRefundReasonList.
const (
	codeNoOrder     = "5001"
	codeNotBuyer    = "5002"
	codeGoodsStatus = "5003"
	codeReason      = "5004"
	codeVoucher     = "5005"
	codeCarriage    = "5006"
	codeState       = "5010"
	codeAmount      = "5011"
	codeText        = "5012"
	codeCount       = "5013"
	codeOther       = "5100"
)

// refundJSON reads a JSON argument of the refund APIs; an absent one leaves into as it is.
func refundJSON(c *call, name string, into any) *refusal {
	raw := strings.TrimSpace(c.args.Get(name))
	if raw == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(raw), into); err != nil {
		return refuse(codeOther, "parameter "+name+" cannot be read")
	}
	return nil
}

// refundOrder finds the order of a refund request.
func (s *Server) refundOrder(c *call, id string) (*order, *refusal) {
	n, ok := num(strings.TrimSpace(id)).int()
	o := s.orders[n]
	switch {
	case !ok || o == nil:
		return nil, refuse(codeNoOrder, "order does not exist")
	case o.Buyer != c.app.buyer.memberID:
		return nil, refuse(codeNotBuyer, "the order's buyer is somebody else")
	}
	return o, nil
}

// refundLines reads orderEntryIds; an id named twice counts once.
func (o *order) refundLines(c *call) ([]refundItem, *refusal) {
	var ids []num
	if ref := refundJSON(c, "orderEntryIds", &ids); ref != nil {
		return nil, ref
	}
	var items []refundItem
	for _, id := range ids {
		n, _ := id.int()
		l := o.line(n)
		if l == nil {
			return nil, refuse(codeState, "sub-order "+string(id)+" is not on this order")
		}
		if !slices.ContainsFunc(items, func(it refundItem) bool { return it.Sub == n }) {
			items = append(items, refundItem{n, l.piecesLeft()})
		}
	}
	if len(items) == 0 {
		return nil, refuse(codeState, "orderEntryIds is empty")
	}
	return items, nil
}

// fitsGoods tells whether the goods of a line are where the request says.
func (o *order) fitsGoods(l *orderLine, goodsStatus string) bool {
	switch goodsStatus {
	case goodsUnsent:
		return o.Status == waitSend && l.Shipped == 0
	case goodsOnTheWay:
		return (o.Status == waitSend || o.Status == waitReceive || o.Status == confirmed) && l.Shipped > 0 && !l.Received
	case goodsReceived: // a buyer who has not confirmed yet may say so, too
		return (o.Status == waitSend || o.Status == waitReceive || o.Status == confirmed) && l.Shipped > 0 && l.toShip() == 0
	case goodsLateMissing, goodsLateDelivered:
		return o.Status == success
	}
	return false
}

// checkGoods checks what is said of the goods against the order and its lines.
func (o *order) checkGoods(items []refundItem, goodsStatus string) *refusal {
	if !slices.Contains(goodsStatuses, goodsStatus) {
		return refuse(codeGoodsStatus, "goodsStatus is wrong")
	}
	for _, it := range items {
		l := o.line(it.Sub)
		if !o.fitsGoods(l, goodsStatus) {
			return refuse(codeState, "goodsStatus does not fit an order in "+o.Status)
		}
		if l.piecesLeft() == 0 {
			return refuse(codeState, "sub-order "+itoa(it.Sub)+" is refunded already")
		}
	}
	return o.wholeStage(items)
}

// readRefund checks createRefund as a whole. The order of the checks is our guess; the codes are the platform's.
func (s *Server) readRefund(c *call) (*refundRequest, *refusal) {
	o, ref := s.refundOrder(c, c.args.Get("orderId"))
	if ref != nil {
		return nil, ref
	}
	q := &refundRequest{order: o, goodsStatus: c.args.Get("goodsStatus"), text: c.args.Get("description"), remark: c.args.Get("refundRemark")}
	if !slices.Contains(goodsStatuses, q.goodsStatus) {
		return nil, refuse(codeGoodsStatus, "goodsStatus is wrong")
	}
	if q.items, ref = o.refundLines(c); ref != nil {
		return nil, ref
	}
	if ref := o.checkGoods(q.items, q.goodsStatus); ref != nil {
		return nil, ref
	}
	switch c.args.Get("disputeRequest") {
	case "refund":
	case "returnRefund":
		q.returning = true
	default:
		return nil, refuse(codeOther, "disputeRequest must be refund or returnRefund")
	}
	if q.returning && q.goodsStatus != goodsReceived && q.goodsStatus != goodsLateDelivered {
		return nil, refuse(codeState, "goods can go back only once they were received")
	}
	if ref := s.findRunning(q); ref != nil {
		return nil, ref
	}
	if n := len([]rune(q.text)); n < 2 || n > 150 {
		return nil, refuse(codeText, "description must have 2 to 150 characters")
	}
	if ref := s.readEvidence(c, q); ref != nil {
		return nil, ref
	}
	if ref := o.readCounts(c, q); ref != nil {
		return nil, ref
	}
	return q, s.readAmounts(c, q)
}

// wholeStage: the deposit of a staged order can only be refunded as a whole, because the last stage is about all lines.
func (o *order) wholeStage(items []refundItem) *refusal {
	left := 0
	for i := range o.Lines {
		if o.Lines[i].piecesLeft() > 0 {
			left++
		}
	}
	if o.nextStep() != nil && len(items) < left {
		return refuse(codeState, "the deposit of a staged order is refunded for all lines")
	}
	return nil
}

// findRunning looks for a refund of the same lines: a rejected one is changed by asking again, any other makes this a duplicate.
func (s *Server) findRunning(q *refundRequest) *refusal {
	for _, r := range s.runningRefunds(q.order.ID) {
		same := 0
		for _, it := range q.items {
			if r.has(it.Sub) {
				same++
			}
		}
		switch {
		case same == 0:
		case same == len(q.items) && same == len(r.Items) && r.Status == refundRejected:
			q.running = r
		default:
			return refuse(codeState, "a refund of these goods is running: "+r.id())
		}
	}
	return nil
}

// maxVouchers is how many pictures a request may carry.
const maxVouchers = 5

// readEvidence reads the reason and the pictures it may need.
func (s *Server) readEvidence(c *call, q *refundRequest) *refusal {
	id, _ := num(c.args.Get("applyReasonId")).int()
	reason, ok := reasonByID(id, q.goodsStatus)
	if !ok {
		return refuse(codeReason, "applyReasonId is not in getRefundReasonList")
	}
	q.reason = reason
	if ref := refundJSON(c, "vouchers", &q.vouchers); ref != nil {
		return ref
	}
	switch {
	case reason.voucher && len(q.vouchers) == 0:
		return refuse(codeVoucher, "this reason needs evidence")
	case len(q.vouchers) > maxVouchers:
		return refuse(codeOther, "at most 5 vouchers")
	}
	for _, v := range q.vouchers {
		if s.voucherAt(v) == nil {
			return refuse(codeVoucher, "voucher was not uploaded: "+firstRunes(v, 100))
		}
	}
	return nil
}

// voucherAt finds the uploaded picture behind a URL, whatever host it names: a proxy may stand before the sandbox.
func (s *Server) voucherAt(link string) *voucher {
	u, err := url.Parse(link)
	if err != nil {
		return nil
	}
	at := strings.LastIndexByte(u.Path, '/')
	return s.vouchers[u.Path[at+1:]]
}

func firstRunes(t string, n int) string {
	if r := []rune(t); len(r) > n {
		return string(r[:n])
	}
	return t
}

type orderEntryCount struct {
	ID    num `json:"id"`
	Count num `json:"count"`
}

// readCounts reads orderEntryCountList: some pieces only, for goods that were received before completion and go back.
func (o *order) readCounts(c *call, q *refundRequest) *refusal {
	var counts []orderEntryCount
	if ref := refundJSON(c, "orderEntryCountList", &counts); ref != nil {
		return ref
	}
	partly := q.returning && q.goodsStatus == goodsReceived
	seen := map[int64]bool{}
	for _, e := range counts {
		id, _ := e.ID.int()
		n, ok := e.Count.int()
		i := slices.IndexFunc(q.items, func(it refundItem) bool { return it.Sub == id })
		if !ok || i < 0 || seen[id] || n < 1 || n > q.items[i].Count || n < q.items[i].Count && !partly {
			return refuse(codeCount, "orderEntryCountList does not fit")
		}
		seen[id] = true
		q.items[i].Count = n
	}
	return nil
}

// readAmounts reads the money. Without customRefund the platform decides about freight that was never spent.
func (s *Server) readAmounts(c *call, q *refundRequest) *refusal {
	payment, ok1 := num(c.args.Get("applyPayment")).int()
	carriage, ok2 := num(c.args.Get("applyCarriage")).int()
	most, left := q.order.mostGoods(q.items), s.freightLeft(q.order, q.running)
	switch {
	case !ok1 || payment < 0 || payment > most:
		return refuse(codeAmount, "applyPayment must be between 0 and "+itoa(most))
	case q.goodsStatus == goodsUnsent && payment != most:
		return refuse(codeAmount, "before shipping applyPayment must be "+itoa(most))
	case !ok2 || carriage < 0:
		return refuse(codeAmount, "applyCarriage is wrong")
	case carriage > 0 && q.reason.noPost:
		return refuse(codeCarriage, "freight is not refunded for this reason")
	case carriage > left:
		return refuse(codeAmount, "applyCarriage must be between 0 and "+itoa(left))
	}
	q.payment, q.carriage, q.entered = payment, carriage, payment+carriage
	if q.goodsStatus == goodsUnsent && c.args.Get("customRefund") != "true" {
		q.carriage = s.freightFor(q.order, q.running, q.items)
	}
	if q.payment+q.carriage == 0 && q.order.total() > 0 {
		return refuse(codeAmount, "nothing is asked for")
	}
	return nil
}

// openRefund starts the refund a request wants, or changes the rejected one it is about.
func (s *Server) openRefund(q *refundRequest) *refund {
	o := q.order
	if q.running != nil {
		_ = s.moveRefund(q.running, "BUYER_MODIFY_REFUND_PROTOCOL", refundNote{change: q, text: q.text, vouchers: q.vouchers}) // findRunning looked
		return q.running
	}
	now := s.now()
	r := &refund{
		ID: s.nextRefundID(), App: o.App, Buyer: o.Buyer, Order: o.ID, AfterSale: o.Status == success, Status: refundAsked, Entered: q.entered,
		Created: now, Modified: now, Since: now,
	}
	q.into(r)
	op := refundOp{At: now, Action: applyRefund, Operator: "buyer", After: refundAsked, Text: q.text, Vouchers: q.vouchers}
	r.Ops = []refundOp{op}
	s.keepRefund(r)
	s.touchRefund(o, r)
	s.refundMessage(o, r, &op)
	s.planRefund(r)
	return r
}
