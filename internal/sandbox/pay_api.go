package sandbox

import "slices"

func payAPIs() []api {
	return []api{
		{ns: nsTrade, name: "alibaba.trade.pay.protocolPay.isopen", lock: true, envelope: envA(false), handle: (*Server).protocolPayOpen},
		{
			ns: nsTrade, name: "alibaba.trade.pay.protocolPay.preparePay", required: []string{"tradeWithholdPreparePayParam"}, lock: true,
			envelope: envA(false), handle: (*Server).preparePay,
		},
	}
}

func (s *Server) protocolPayOpen(*call) (any, *refusal) {
	return []obj{{"payChannel": "SHEGOU", "signedStatus": false}, {"payChannel": "ALIPAY", "signedStatus": true}}, nil
}

// maxPayTries is how often one order may be tried.
const maxPayTries = 3

// preparePay debits at once. Its paySuccess may lie when the switch says so.
func (s *Server) preparePay(c *call) (any, *refusal) {
	var p struct {
		Order   num    `json:"orderId"`
		Channel string `json:"payChannel"`
		Amount  num    `json:"payAmount"`
	}
	if ref := c.decode("tradeWithholdPreparePayParam", &p); ref != nil {
		return nil, ref
	}
	if p.Channel == "" {
		p.Channel = "alipay"
	}
	o := s.mine(c, p.Order)
	switch {
	case o == nil:
		return nil, refuse("ORDER_NOT_EXIST", "order does not exist")
	case !slices.Contains([]string{"alipay", "shegou"}, p.Channel):
		return nil, refuse("400_1", "payChannel must be alipay or shegou")
	case o.Status != waitPay:
		return nil, refuse("ORDER_STATUS_ERROR", "order is not waiting for payment")
	case o.PayFailures >= maxPayTries:
		return nil, refuse("PAY_TIMES_LIMIT", "an order may be tried three times")
	}
	if p.Amount != "" {
		if fen, ok := p.Amount.int(); !ok || fen != o.total() {
			return nil, refuse("PAY_AMOUNT_ERROR", "payAmount is not what the order costs")
		}
	}
	c.note = append(c.note, itoa(o.ID))
	if c.behave == "pay_false" {
		o.PayFailures++
		s.touch(o)
		return obj{"payChannel": p.Channel, "paySuccess": false}, nil
	}
	if err := s.pay(o, p.Channel); err != nil {
		return nil, refuse("ORDER_STATUS_ERROR", err.Error())
	}
	return obj{"payChannel": p.Channel, "paySuccess": c.behave != "pay_false_but_paid"}, nil
}
