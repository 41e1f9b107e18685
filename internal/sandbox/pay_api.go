package sandbox

import (
	"fmt"
	"slices"
	"strings"
)

func payAPIs() []api {
	list, ids := []string{"orderIdList"}, []string{"orderIds"}
	return []api{
		{ns: nsTrade, name: "alibaba.alipay.url.get", required: list, lock: true, envelope: envLink(false, "erroMsg", "payFailureOrderList"), handle: (*Server).alipayURL},
		{ns: nsTrade, name: "alibaba.crossBorderPay.url.get", required: list, lock: true, envelope: envLink(true, "errorMsg", "cantPayOrderList"), handle: (*Server).crossPayURL},
		{ns: nsTrade, name: "alibaba.creditPay.url.get", required: list, lock: true, envelope: envLink(true, "errorMsg", "cantPayOrderList"), handle: (*Server).creditPayURL},
		{ns: nsTrade, name: "alibaba.trade.grouppay.url.get", required: ids, lock: true, envelope: envResults(), handle: (*Server).groupPayURL},
		{ns: nsTrade, name: "alibaba.trade.payWay.query", required: []string{"orderId"}, lock: true, envelope: envResultList(true), handle: (*Server).payWays},
		{ns: nsTrade, name: "alibaba.accountPeriod.list.buyerView", lock: true, envelope: envResultList(false), handle: (*Server).accountPeriods},
		{ns: nsTrade, name: "trade.orderpay.analysis", required: []string{"orderIds", "payChannel"}, lock: true, envelope: envA(false), handle: (*Server).payAnalysis},
		{ns: nsTrade, name: "alibaba.trade.pay.protocolPay.isopen", lock: true, envelope: envA(false), handle: (*Server).protocolPayOpen},
		{
			ns: nsTrade, name: "alibaba.trade.pay.protocolPay.preparePay", required: []string{"tradeWithholdPreparePayParam"}, lock: true,
			envelope: envA(false), handle: (*Server).preparePay,
		},
	}
}

// textual writes success as the text "true" where the API does.
func textual(text, ok bool) any {
	if text {
		return fmt.Sprint(ok)
	}
	return ok
}

// payLink is what the three link APIs find out; each names the fields its own way.
type payLink struct {
	url  string
	left []int64 // orders the link does not pay
}

func envLink(text bool, messageField, leftField string) envelope {
	return envelope{
		good: func(p any) any {
			l := p.(payLink)
			return obj{"success": textual(text, true), "payUrl": l.url, "errorCode": nil, messageField: nil, leftField: append([]int64{}, l.left...)}
		},
		bad: func(r *refusal) any {
			left, _ := r.payload.([]int64)
			return obj{"success": textual(text, false), "payUrl": nil, "errorCode": r.code, messageField: r.message, leftField: append([]int64{}, left...)}
		},
	}
}

// envResults has the outer key results and errorInfo where others say errorMsg.
func envResults() envelope {
	return envelope{
		good: func(p any) any {
			return obj{"results": obj{"payUrl": p, "success": true, "errorCode": nil, "errorInfo": nil}}
		},
		bad: func(r *refusal) any {
			return obj{"results": obj{"payUrl": nil, "success": false, "errorCode": r.code, "errorInfo": r.message}}
		},
	}
}

func envResultList(text bool) envelope {
	return envelope{
		good: func(p any) any {
			return obj{"success": textual(text, true), "resultList": p, "errorCode": nil, "errorMsg": nil}
		},
		bad: func(r *refusal) any {
			return obj{"success": textual(text, false), "resultList": nil, "errorCode": r.code, "errorMsg": r.message}
		},
	}
}

// Most orders of one link.
const (
	maxAlipay = 100
	maxCross  = 30
)

// idList reads a list of order numbers, each once.
func (c *call) idList(name string, most int) ([]int64, *refusal) {
	var raw []num
	if ref := c.decode(name, &raw); ref != nil {
		return nil, ref
	}
	var ids []int64
	for _, r := range raw {
		n, ok := r.int()
		if !ok {
			return nil, refuse("400_1", "parameter "+name+" holds something that is no order number")
		}
		if !slices.Contains(ids, n) {
			if ids = append(ids, n); len(ids) > most {
				return nil, refuse("400_1", fmt.Sprintf("parameter %s holds more than %d orders", name, most))
			}
		}
	}
	if len(ids) == 0 {
		return nil, refuse("400_1", "parameter "+name+" is empty")
	}
	return ids, nil
}

// payable sorts the caller's unpaid orders from everything else.
func (s *Server) payable(c *call, ids []int64) (good []*order, left []int64) {
	for _, id := range ids {
		if o := s.mine(c, num(itoa(id))); o != nil && o.unpaid() && s.now().Before(payUntil(o)) {
			good = append(good, o)
		} else {
			left = append(left, id)
		}
	}
	return good, left
}

func stockRefusal(offers, left []int64) *refusal {
	ref := refuse("500_1", stockError{offers}.Error())
	ref.payload = left
	return ref
}

// nothingToPay is the refusal of a link that would hold no order.
func nothingToPay(left []int64) *refusal {
	ref := refuse("ORDER_STATUS_ERROR", "no order of the list is waiting for payment")
	ref.payload = left
	return ref
}

// alipayURL may be a partial success: what cannot be paid is left out and named.
func (s *Server) alipayURL(c *call) (any, *refusal) {
	ids, ref := c.idList("orderIdList", maxAlipay)
	if ref != nil {
		return nil, ref
	}
	orders, left := s.payable(c, ids)
	cross := slices.ContainsFunc(orders, func(o *order) bool { return o.wantsCrossPay() })
	if cross && len(ids) > maxCross {
		return nil, refuse("400_1", fmt.Sprintf("at most %d orders are paid by cross-border pay", maxCross))
	}
	if len(ids) > 1 && slices.ContainsFunc(orders, func(o *order) bool { return o.Invitation }) {
		return nil, refuse("500_1", "Batch pay : not surport MANUAL-TRADE!")
	}
	var short []int64
	orders = slices.DeleteFunc(orders, func(o *order) bool {
		gone := s.outOfStock(o)
		if len(gone) > 0 {
			short, left = append(short, gone...), append(left, o.ID)
		}
		return len(gone) > 0
	})
	switch {
	case len(orders) == 0 && len(short) > 0 || c.behave == "stock_out":
		return nil, stockRefusal(short, left)
	case len(orders) == 0:
		return nil, nothingToPay(left)
	case cross:
		return payLink{s.cashierLink(c, byCross, orders, ""), left}, nil
	}
	return payLink{s.cashierLink(c, byAlipay, orders, ""), left}, nil
}

// wantsCrossPay tells whether the order was made to be paid by cross-border pay.
func (o *order) wantsCrossPay() bool { return strings.HasPrefix(o.PaySelected, "kjpay") }

func (s *Server) crossPayURL(c *call) (any, *refusal) { return s.limitedURL(c, byCross) }

func (s *Server) creditPayURL(c *call) (any, *refusal) { return s.limitedURL(c, byCredit) }

// limitedURL leaves out what limit or risk control does not let pass.
func (s *Server) limitedURL(c *call, channel string) (any, *refusal) {
	ids, ref := c.idList("orderIdList", maxCross)
	if ref != nil {
		return nil, ref
	}
	orders, left := s.payable(c, ids)
	if len(orders) == 0 {
		return nil, nothingToPay(left)
	}
	account, why := s.funds, ""
	orders = slices.DeleteFunc(orders, func(o *order) bool {
		outcome, after := account.afford(channel, o.owed())
		if channel == byCross && !s.crossPayable(o) {
			outcome = "UNSUPPORTED_OFFER"
		}
		if outcome != payDone {
			left, why = append(left, o.ID), outcome
			return true
		}
		account = after
		return false
	})
	if len(orders) == 0 {
		ref := refuse(why, "no order of the list can be paid by this channel")
		ref.payload = left
		return nil, ref
	}
	return payLink{s.cashierLink(c, channel, orders, ""), left}, nil
}

func (s *Server) groupPayURL(c *call) (any, *refusal) {
	platform := or(c.args.Get("payPlatformType"), "PC")
	if platform != "PC" && platform != "WIRELESS" {
		return nil, refuse("400_1", "payPlatformType must be PC or WIRELESS")
	}
	ids, ref := c.idList("orderIds", maxAlipay)
	if ref != nil {
		return nil, ref
	}
	orders, left := s.payable(c, ids)
	if len(left) > 0 {
		return nil, refuse("ORDER_STATUS_ERROR", "these orders are not waiting for payment: "+string(marshal(left)))
	}
	return s.cashierLink(c, byCombined, orders, platform), nil
}

// payWays lists the channels that can pay the order now.
func (s *Server) payWays(c *call) (any, *refusal) {
	o := s.mine(c, num(c.args.Get("orderId")))
	switch {
	case o == nil:
		return nil, refuse("500_2", "the token user is not the buyer of this order")
	case !o.unpaid():
		return nil, refuse("ORDER_STATUS_ERROR", "order is not waiting for payment")
	}
	channels := []obj{{"code": 1, "name": "支付宝"}}
	if ok, _ := s.funds.afford(byCredit, o.owed()); ok == payDone {
		channels = append(channels, obj{"code": 3, "name": "诚e赊"})
	}
	if s.crossPayable(o) {
		channels = append(channels, obj{"code": 16, "name": "跨境宝"}, obj{"code": 20, "name": "跨境宝2.0"})
	}
	return obj{"channels": channels, "orderId": itoa(o.ID), "payFee": o.owed(), "timeout": plainTime(payUntil(o))}, nil
}

// payAnalysis says per order whether the channel can pay it. The real fields are not public; these are ours.
func (s *Server) payAnalysis(c *call) (any, *refusal) {
	channel := c.args.Get("payChannel")
	if !slices.Contains([]string{byAlipay, byCredit, byCross}, channel) {
		return nil, refuse("400_1", "payChannel must be alipay, shegou or kjpayV2")
	}
	ids, ref := c.idList("orderIds", maxAlipay)
	if ref != nil {
		return nil, ref
	}
	good, rows, sum, account := 0, []obj{}, int64(0), s.funds
	for _, id := range ids {
		row := obj{"orderId": itoa(id), "canPay": false, "payAmount": nil, "reasonCode": payIllegal}
		if orders, _ := s.payable(c, []int64{id}); len(orders) == 1 {
			outcome, after := account.afford(channel, orders[0].owed())
			if channel == byCross && !s.crossPayable(orders[0]) {
				outcome = "UNSUPPORTED_OFFER"
			}
			row["payAmount"], row["reasonCode"] = orders[0].owed(), outcome
			if outcome == payDone {
				account, sum = after, sum+orders[0].owed()
				row["canPay"], row["reasonCode"] = true, nil
				good++
			}
		}
		rows = append(rows, row)
	}
	return obj{"payChannel": channel, "canPay": good == len(ids), "payAmount": sum, "orderAnalysisList": rows}, nil
}

func (s *Server) protocolPayOpen(*call) (any, *refusal) {
	return []obj{{"payChannel": "SHEGOU", "signedStatus": s.funds.Shegou}, {"payChannel": "ALIPAY", "signedStatus": s.funds.Alipay}}, nil
}

// maxPayTries is how often one order may be tried.
const maxPayTries = 3

type withhold struct {
	Order   num    `json:"orderId"`
	Channel string `json:"payChannel"`
	Amount  num    `json:"payAmount"`
	Request text   `json:"opRequestId"`
}

// preparePay debits at once. Its paySuccess may lie when the switch says so. The same opRequestId again tells how the first one ended.
func (s *Server) preparePay(c *call) (any, *refusal) {
	var p withhold
	if ref := c.decode("tradeWithholdPreparePayParam", &p); ref != nil {
		return nil, ref
	}
	p.Channel = strings.ToLower(p.Channel)
	o := s.mine(c, p.Order)
	switch {
	case o == nil:
		return nil, refuse("ORDER_NOT_EXIST", "order does not exist")
	case !slices.Contains([]string{"", byAlipay, byCredit}, p.Channel):
		return nil, refuse("400_1", "payChannel must be alipay or shegou")
	case len(p.Request) > 200:
		return nil, refuse("400_1", "opRequestId is too long")
	case p.Request != "" && o.PayRequest == string(p.Request) && !o.Paid.IsZero():
		return obj{"payChannel": o.PayChannel, "paySuccess": true}, nil
	case !o.unpaid():
		return nil, refuse("ORDER_STATUS_ERROR", "order is not waiting for payment")
	case o.PayFailures >= maxPayTries:
		return nil, refuse("PAY_TIMES_LIMIT", "an order may be tried three times")
	}
	if p.Amount != "" {
		if fen, ok := p.Amount.int(); !ok || fen != o.owed() {
			return nil, refuse("PAY_AMOUNT_ERROR", "payAmount is not what the order costs")
		}
	}
	return s.withhold(c, o, &p)
}

// withhold tries the agreed channels in turn: credit pay first, then Alipay, unless one was named.
func (s *Server) withhold(c *call, o *order, p *withhold) (any, *refusal) {
	var channels []string
	for _, ch := range []string{byCredit, byAlipay} {
		signed := ch == byCredit && s.funds.Shegou || ch == byAlipay && s.funds.Alipay
		if signed && (p.Channel == "" || p.Channel == ch) {
			channels = append(channels, ch)
		}
	}
	if channels == nil {
		return nil, refuse("PROTOCOL_NOT_SIGNED", "there is no agreement to pay without a password")
	}
	if short := s.outOfStock(o); len(short) > 0 || c.behave == "stock_out" {
		return nil, stockRefusal(short, nil)
	}
	c.note = append(c.note, itoa(o.ID))
	channel, outcome := channels[0], "pay_false"
	if c.behave != "pay_false" {
		for _, channel = range channels {
			if outcome = s.debit(o, channel); outcome == payDone {
				o.PayRequest = string(p.Request)
				s.touch(o)
				return obj{"payChannel": channel, "paySuccess": c.behave != "pay_false_but_paid"}, nil
			}
		}
	}
	if outcome == payIllegal {
		return nil, refuse("ORDER_STATUS_ERROR", "the order cannot be paid")
	}
	o.PayFailures++
	s.touch(o)
	c.answer = obj{"result": obj{"success": true, "code": "S0000", "message": outcome, "result": obj{"payChannel": channel, "paySuccess": false}}}
	return nil, nil
}
