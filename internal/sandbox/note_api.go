package sandbox

import (
	"slices"
	"strings"
)

func noteAPIs() []api {
	return []api{
		{
			ns: nsTrade, name: "alibaba.order.memoAdd", required: []string{"orderId", "memo", "remarkIcon"}, lock: true,
			envelope: envFlat("errorCode", "errorMsg"), handle: (*Server).memoAdd,
		},
		{ns: nsTrade, name: "alibaba.trade.addFeedback", required: []string{"tradeFeedbackParam"}, lock: true, envelope: envFeedback(), handle: (*Server).addFeedback},
		{ns: nsTrade, name: "trade.order.buyerdelete", required: []string{"orderId"}, lock: true, envelope: envA(false), handle: (*Server).buyerDelete},
		{ns: nsTrade, name: "order.receiveAddress.buyerUpdate", required: []string{"param"}, lock: true, envelope: envA(false), handle: (*Server).changeAddress},
		{ns: nsTrade, name: "trade.receivegoods.confirm", required: []string{"orderId", "orderEntryIds"}, lock: true, envelope: envD(), handle: (*Server).confirmReceipt},
	}
}

// tradeState is the part of the state that orders keep beside themselves.
type tradeState struct {
	coupons     map[string][]*coupon // those a buyer may use
	spent       map[int64]*coupon    // those that serve an order
	couponCount int64
	newest      *order // last modified one, see modified.go
	changes     int64  // number of the running change, so that dirty holds an order once
}

func newTradeState() tradeState {
	return tradeState{coupons: map[string][]*coupon{}, spent: map[int64]*coupon{}, changes: 1}
}

// tradeEntry is the journal's part of it.
type tradeEntry struct {
	Coupons []*coupon `json:"coupons,omitempty"`
}

func (s *Server) saveTrade(put func(entry)) {
	var all []*coupon
	for _, own := range s.coupons {
		all = append(all, own...)
	}
	for _, k := range s.spent {
		all = append(all, k)
	}
	if all != nil {
		slices.SortFunc(all, func(a, b *coupon) int { return int(a.ID - b.ID) })
		put(entry{tradeEntry: tradeEntry{Coupons: all}})
	}
}

func (s *Server) replayTrade(e *tradeEntry) {
	for _, k := range e.Coupons {
		s.keepCoupon(k)
	}
}

// envD is {"result":{"success","errorCode","errorInfo"}}.
func envD() envelope {
	return envelope{
		good: func(any) any { return obj{"result": obj{"success": true, "errorCode": nil, "errorInfo": nil}} },
		bad: func(r *refusal) any {
			return obj{"result": obj{"success": false, "errorCode": r.code, "errorInfo": r.message}}
		},
	}
}

// envFeedback is family D with outer fields around it.
func envFeedback() envelope {
	return envelope{
		good: func(any) any {
			return obj{"result": obj{"success": true, "errorCode": nil, "errorInfo": nil}, "success": true, "code": nil, "message": nil}
		},
		bad: func(r *refusal) any {
			return obj{"result": obj{"success": false, "errorCode": r.code, "errorInfo": r.message}, "success": false, "code": r.code, "message": r.message}
		},
	}
}

var errOrderGone = refuse("ORDER_NOT_EXIST", "order does not exist")

// maxNote bounds memos and feedback.
const maxNote = 500

func (s *Server) memoAdd(c *call) (any, *refusal) {
	o := s.mine(c, num(c.args.Get("orderId")))
	memo, icon := c.args.Get("memo"), c.args.Get("remarkIcon")
	switch {
	case o == nil:
		return nil, errOrderGone
	case len([]rune(memo)) > maxNote:
		return nil, refuse("400_1", "memo is longer than 500")
	case !slices.Contains([]string{"1", "2", "3", "4"}, icon):
		return nil, refuse("400_1", "remarkIcon must be 1, 2, 3 or 4")
	}
	o.Memo, o.MemoIcon = memo, icon
	s.touch(o)
	return obj{"success": true, "errorCode": nil, "errorMsg": nil}, nil
}

// addFeedback adds to the notes the seller sees; with the message of the creation they hold 500 characters.
func (s *Server) addFeedback(c *call) (any, *refusal) {
	var p struct {
		Order    num  `json:"orderId"`
		Feedback text `json:"feedback"`
	}
	if ref := c.decode("tradeFeedbackParam", &p); ref != nil {
		return nil, ref
	}
	o := s.mine(c, p.Order)
	if o == nil {
		return nil, errOrderGone
	}
	words := strings.TrimSpace(string(p.Feedback))
	all := strings.TrimSpace(o.Feedback + "\n" + words)
	if words == "" || len([]rune(o.Message+all)) > maxNote {
		return nil, refuse("400_1", "feedback is empty, or all notes together are longer than 500")
	}
	o.Feedback = all
	s.touch(o)
	return nil, nil
}

// notes is everything the buyer wrote to the seller.
func (o *order) notes() string { return strings.TrimSpace(o.Message + "\n" + o.Feedback) }

// buyerDelete hides a closed order from the buyer's lists; the order itself stays readable.
func (s *Server) buyerDelete(c *call) (any, *refusal) {
	o := s.mine(c, num(c.args.Get("orderId")))
	if o == nil {
		return nil, errOrderGone
	}
	if o.Status != cancelled && o.Status != terminated {
		return nil, refuse("ORDER_STATUS_ERROR", "order is not closed")
	}
	o.Deleted = true
	s.touch(o)
	return true, nil
}

// changeAddress takes a new address before anything was shipped. What needs the seller, another freight or a remote place, is not done:
// result is false then.
func (s *Server) changeAddress(c *call) (any, *refusal) {
	var p struct {
		Order   num `json:"orderId"`
		Address struct {
			addressParam
			ProvinceCode text `json:"provinceCode"`
			CityCode     text `json:"cityCode"`
			AreaCode     text `json:"areaCode"`
			TownCode     text `json:"townCode"`
		} `json:"receiveAddress"`
	}
	if ref := c.decode("param", &p); ref != nil {
		return nil, ref
	}
	o := s.mine(c, p.Order)
	if o == nil {
		return nil, errOrderGone
	}
	_, shipped := o.pieces()
	if o.Status != waitPay && o.Status != waitSend || shipped > 0 {
		return nil, refuse("ORDER_STATUS_ERROR", "the goods have been shipped, or the order is closed")
	}
	a := p.Address.addressParam
	for _, code := range []text{p.Address.AreaCode, p.Address.CityCode, p.Address.ProvinceCode} {
		if a.District == "" {
			a.District = code
		}
	}
	if ref := a.resolve(&c.app.buyer); ref != nil {
		return nil, ref
	}
	sel := s.cat.Load().seller(o.Seller)
	zone := sel.zoneTo(a.destination())
	if zone >= zoneRemote || zone != sel.zoneTo(o.Address.destination()) {
		return false, nil
	}
	o.Address = a
	s.touch(o)
	return true, nil
}

// confirmReceipt ends the trade for some or all sub-orders that have been shipped. The official text has no codes for it; these are ours.
func (s *Server) confirmReceipt(c *call) (any, *refusal) {
	var raw []num
	if ref := c.decode("orderEntryIds", &raw); ref != nil {
		return nil, ref
	}
	o := s.mine(c, num(c.args.Get("orderId")))
	if o == nil {
		return nil, errOrderGone
	}
	var subs []int64
	for _, r := range raw {
		n, _ := r.int()
		if o.line(n) == nil {
			return nil, refuse("400_1", "orderEntryIds names a sub-order that is not of this order: "+string(r))
		}
		subs = append(subs, n)
	}
	if len(subs) == 0 {
		return nil, refuse("400_1", "orderEntryIds is empty")
	}
	if err := s.confirmLines(o, subs); err != nil {
		return nil, refuse("ORDER_STATUS_ERROR", err.Error())
	}
	return nil, nil
}
