package sandbox

import (
	"encoding/json"
	"slices"
)

func orderAPIs() []api {
	return []api{
		{
			ns: nsTrade, name: "alibaba.trade.createCrossOrder", required: []string{"flow", "addressParam", "cargoParamList"}, lock: true,
			envelope: envFlat("code", "message"), handle: (*Server).createCrossOrder,
		},
		{ns: nsTrade, name: "alibaba.trade.get.buyerView", required: []string{"webSite", "orderId|outOrderId"}, lock: true, envelope: envB(true), handle: (*Server).buyerView},
		{ns: nsTrade, name: "alibaba.trade.getBuyerOrderList", lock: true, envelope: envFlat("errorCode", "errorMessage"), handle: (*Server).orderList},
		{
			ns: nsTrade, name: "alibaba.trade.cancel", required: []string{"webSite", "tradeID", "cancelReason"}, lock: true,
			envelope: envFlat("errorCode", "errorMessage"), handle: (*Server).cancel,
		},
	}
}

// createCrossOrder places an order. It is NOT idempotent, on purpose: the real one is not either.
func (s *Server) createCrossOrder(c *call) (any, *refusal) {
	ct, bad := s.readCart(c, "useCrossBorderLogisticsSolution")
	if bad != nil {
		if bad.line != nil {
			bad.payload = obj{"success": false, "orderId": nil, "failedOfferList": []obj{{
				"offerId": string(bad.line.Offer), "specId": nullable(string(bad.line.Spec)), "errorCode": bad.code, "errorMessage": bad.message,
			}}}
		}
		return nil, bad.refusal
	}
	if ref := s.checkWishes(c, ct); ref != nil {
		return nil, ref
	}
	groups, failed := []*cartGroup{}, []obj{}
	for _, g := range ct.groups {
		if g.bad == nil {
			groups = append(groups, g)
			continue
		}
		for _, l := range g.lines {
			failed = append(failed, obj{
				"offerId": itoa(l.offer.id), "specId": nullable(l.sku.spec), "errorCode": g.bad.code, "errorMessage": g.bad.message,
			})
		}
	}
	if len(groups) == 0 {
		ref := ct.groups[0].bad
		ref.payload = obj{"success": false, "orderId": nil, "failedOfferList": failed}
		return nil, ref
	}
	if c.behave == "split_order" && len(groups) == 1 {
		groups = groups[0].halves()
	}
	var made []*order
	for _, g := range groups {
		made = append(made, s.place(c, ct, g))
	}
	if out := c.args.Get("outOrderId"); out != "" {
		s.creates[out]++
		s.dirty.Creates = map[string]int{out: s.creates[out]}
	}
	for _, o := range made {
		c.note = append(c.note, itoa(o.ID))
		s.orderMessage(o, "BUYER_MAKE", waitPay)
		if o.TradeType == "period" { // deliver now, pay later: nobody waits for money
			_ = s.pay(o, "accountPeriod") // without stock it stays unpaid, as any order
		}
	}
	return s.created(ct, made, failed, c.behave != "success_false_with_order"), nil
}

// checkWishes looks at what only createCrossOrder is told.
func (s *Server) checkWishes(c *call, ct *cart) *refusal {
	mode, promotion := c.args.Get("tradeType"), c.args.Get("shopPromotionId")
	fits := promotion == ""
	for _, g := range ct.groups {
		modes := ct.tradeModes(g)
		if g.bad == nil && (len(modes) == 0 || mode != "" && !slices.Contains(modes, mode)) {
			return refuse("500_1", "not support tradeType:["+mode+"]")
		}
		fits = fits || g.promotion != nil && g.promotion.id == promotion
	}
	if len([]rune(c.args.Get("message"))) > maxNote {
		return refuse("400", "message is longer than 500")
	}
	if !fits {
		return refuse("400", "shopPromotionId cannot be used for this order: "+promotion)
	}
	for _, yn := range []string{"useRedEnvelope", "dropshipping"} {
		if v := c.args.Get(yn); v != "" && v != "y" && v != "n" {
			return refuse("400", yn+" must be y or n")
		}
	}
	for _, name := range []string{"extendParam", "encryptOutOrderInfo"} {
		if v := c.args.Get(name); v != "" && v != "null" {
			var any map[string]json.RawMessage
			if ref := c.decode(name, &any); ref != nil {
				return ref
			}
		}
	}
	return ct.checkPickup(c)
}

// checkPickup wants the official pickup solutions to be ones the preview offered.
func (ct *cart) checkPickup(c *call) *refusal {
	if c.args.Get("useOfficialSolution") != "true" {
		return nil
	}
	var chosen []struct {
		Group text `json:"orderGroup"`
		Code  text `json:"useOfficialSolutionCode"`
	}
	if ref := c.decode("useOfficialSolutionModelList", &chosen); ref != nil {
		return ref
	}
	if len(chosen) == 0 || !ct.pickup() {
		return refuse("400", "official pickup is not available for this order")
	}
	for _, p := range chosen {
		if string(p.Code) != pickupCode {
			return refuse("400", "useOfficialSolutionCode is unknown: "+string(p.Code))
		}
	}
	return nil
}

// halves splits an order the way the platform may: by lines, or by pieces if there is one line.
func (g *cartGroup) halves() []*cartGroup {
	a, b := *g, *g
	if len(g.lines) > 1 {
		a.lines, b.lines = g.lines[:len(g.lines)/2], g.lines[len(g.lines)/2:]
	} else {
		one, two := g.lines[0], g.lines[0]
		if one.quantity < 2 {
			return []*cartGroup{g}
		}
		one.quantity /= 2
		two.quantity -= one.quantity
		one.amount, two.amount = one.unit*one.quantity, two.unit*two.quantity
		a.lines, b.lines = []cartLine{one}, []cartLine{two}
	}
	b.freight, b.cut, b.red, b.post, b.coupons, b.promotion = 0, 0, 0, 0, nil, nil
	return []*cartGroup{&a, &b}
}

func (s *Server) created(ct *cart, made []*order, failed []obj, ok bool) any {
	var left any
	if len(failed) > 0 {
		left = failed
	}
	r := obj{"success": ok, "orderId": nil, "totalSuccessAmount": nil, "postFee": nil, "accountPeriod": nil, "failedOfferList": left, "orderList": nil}
	if made[0].TradeType == "period" {
		term := creditTerm(ct.seller)
		r["accountPeriod"] = obj{"tapType": term["tapType"], "tapDate": term["tapDate"], "tapOverdue": term["tapOverdue"]}
	}
	if len(made) > 1 {
		list := []obj{}
		for _, o := range made {
			list = append(list, obj{
				"orderId": itoa(o.ID), "orderAmmount": o.total(), "postFee": o.Freight, "success": true, "resultCode": nil, "message": nil, "payChannel": nullable(o.PaySelected),
			})
		}
		r["orderList"] = list
	} else {
		o := made[0]
		r["orderId"], r["totalSuccessAmount"], r["postFee"] = itoa(o.ID), o.total(), o.Freight
	}
	return obj{"success": true, "code": nil, "message": nil, "result": r}
}

// place makes the order of a group: stock is taken now, or noted to be taken when the order is paid.
func (s *Server) place(c *call, ct *cart, g *cartGroup) *order {
	now := s.now()
	o := &order{
		ID: s.nextOrderID(), App: c.app.Key, Buyer: c.app.buyer.memberID, OutOrderID: c.args.Get("outOrderId"), Seller: ct.seller.idx,
		SellerMember: ct.seller.memberID, Status: waitPay, Flow: g.flow, TradeType: c.args.Get("tradeType"), Message: c.args.Get("message"),
		Address: ct.address, Freight: g.freight, Created: now, Cut: g.cut, Coupon: g.red + g.post, Lines: make([]orderLine, 0, len(g.lines)),
	}
	if o.TradeType == "" {
		o.TradeType = ct.tradeModes(g)[0]
	}
	o.PaySelected, o.Encrypted = c.args.Get("preSelectPayChannel"), c.args.Get("encryptOutOrderInfo") != ""
	o.Invoice, o.Anonymous, o.Dropshipping = ct.invoice, c.args.Get("anonymousBuyer") == "true", c.args.Get("dropshipping") == "y"
	o.BizType, o.Channel, o.CrossSolution = c.args.Get("isvBizType"), c.args.Get("fenxiaoChannel"), ct.agreed.id
	for i := range g.lines {
		l := &g.lines[i]
		o.Lines = append(o.Lines, orderLine{
			SubID: o.ID + int64(i+1)*1000, Offer: l.offer.id, SKU: l.sku.id, Spec: l.sku.spec, Quantity: l.quantity, Unit: l.unit, Amount: l.amount,
			Untaken: l.offer.traits&stockAtPay != 0,
		})
		o.Goods += l.amount
		if l.offer.traits&stockAtPay == 0 {
			s.moveStock(l.sku, -l.quantity)
		}
	}
	if over := o.Cut + o.Coupon - o.Goods - o.Freight; over > 0 { // half an order may be worth less than its coupons
		o.Cut = max(o.Cut-over, 0)
		o.Coupon = min(o.Coupon, o.Goods+o.Freight-o.Cut)
	}
	if g.promotion != nil {
		o.PromotionID = g.promotion.id
	}
	s.spend(g, o)
	if o.TradeType == "37staged" {
		o.planSteps(now)
	}
	s.touch(o)
	return o
}

// mine finds an order of the caller.
func (s *Server) mine(c *call, id num) *order {
	n, _ := id.int()
	if o := s.orders[n]; o != nil && o.Buyer == c.app.buyer.memberID {
		return o
	}
	return nil
}

func (s *Server) buyerView(c *call) (any, *refusal) {
	o := s.mine(c, num(c.args.Get("orderId")))
	if c.args.Get("orderId") == "" {
		for _, id := range s.byOut[c.args.Get("outOrderId")] {
			if o = s.mine(c, num(itoa(id))); o != nil {
				break
			}
		}
	}
	if o == nil {
		return nil, refuse("ORDER_NOT_EXIST", "order does not exist")
	}
	show := shown{logistics: true, base: c.base, memo: true, phone: true}
	if ref := show.read(c); ref != nil {
		return nil, ref
	}
	return s.tradeModel(o, &show), nil
}

func (s *Server) cancel(c *call) (any, *refusal) {
	n, _ := num(c.args.Get("tradeID")).int()
	o := s.orders[n]
	if o == nil {
		return nil, errOrderGone
	}
	if o.Buyer != c.app.buyer.memberID {
		return nil, refuse("400_3", "the token user is neither buyer nor seller of the order")
	}
	if o.Status != waitPay {
		return nil, refuse("ORDER_STATUS_ERROR", "order is not waiting for payment")
	}
	if s.now().Sub(o.Created) < cancelTooOld {
		return nil, refuse("CLOSE_ORDER_TOO_FAST", "order is younger than 10 seconds")
	}
	reason := c.args.Get("cancelReason")
	if !slices.Contains([]string{"buyerCancel", "sellerGoodsLack", "other"}, reason) {
		return nil, refuse("400_1", "cancelReason must be buyerCancel, sellerGoodsLack or other")
	}
	if len([]rune(c.args.Get("remark"))) > maxNote {
		return nil, refuse("400_1", "remark is longer than 500")
	}
	if err := s.closeOrder(o, "ORDER_BUYER_CLOSE", "CLOSE_TRADE_BY_BUYER", reason, c.args.Get("remark"), waitPay); err != nil {
		return nil, refuse("ORDER_STATUS_ERROR", err.Error())
	}
	return obj{"success": true}, nil
}
