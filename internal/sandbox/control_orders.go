package sandbox

import (
	"net/http"
	"slices"
	"strconv"
)

func (s *Server) showOrders(r *http.Request, _ []byte) (any, error) {
	q := r.URL.Query()
	ids := s.orderIDs
	if q.Has("outOrderId") {
		ids = s.byOut[q.Get("outOrderId")]
	}
	total, out := 0, []obj{}
	for _, id := range slices.Backward(ids) {
		o := s.orders[id]
		if st := q.Get("status"); st != "" && st != o.Status {
			continue
		}
		if total++; len(out) < limitOf(r) {
			out = append(out, orderForPeople(o))
		}
	}
	return obj{"total": total, "orders": out}, nil
}

// orderOf reads {id}: a 1688 order number, or an outOrderId (its first order).
func (s *Server) orderOf(r *http.Request) *order {
	id := r.PathValue("id")
	if n, err := strconv.ParseInt(id, 10, 64); err == nil && s.orders[n] != nil {
		return s.orders[n]
	}
	if ids := s.byOut[id]; len(ids) > 0 {
		return s.orders[ids[0]]
	}
	return nil
}

func (s *Server) showOrder(r *http.Request, _ []byte) (any, error) {
	o := s.orderOf(r)
	if o == nil {
		return nil, errNoOrder
	}
	return s.orderWithActions(o), nil
}

// orderWithActions adds what may be done to the order now, for the buttons of the page.
func (s *Server) orderWithActions(o *order) obj {
	out, list := orderForPeople(o), []obj{}
	out["cashier"] = s.cashierLinks(o)
	for _, a := range orderActions() {
		if (a.from == nil || slices.Contains(a.from, o.Status)) && s.refundActionFits(o, a.name) {
			list = append(list, obj{"name": a.name, "label": a.label})
		}
	}
	out["actions"] = list
	return out
}

func orderForPeople(o *order) obj {
	lines, parcels := []obj{}, []obj{}
	for i := range o.Lines {
		l := &o.Lines[i]
		lines = append(lines, obj{
			"subItemId": itoa(l.SubID), "offerId": itoa(l.Offer), "skuId": itoa(l.SKU), "specId": l.Spec, "quantity": l.Quantity, "unitFen": l.Unit, "amountFen": l.Amount,
			"shipped": l.Shipped, "closed": l.Closed, "dropped": l.Dropped, "returned": l.Returned, "refundedFen": l.Refunded,
			"refunded": l.RefundedQty, "refundId": l.RefundID, "refundStatus": l.RefundStatus, "discountFen": l.Discount, "status": o.lineStatus(l), "logisticsStatus": o.logisticsStatus(l),
		})
	}
	for i := range o.Parcels {
		p := &o.Parcels[i]
		items := []obj{}
		for _, it := range p.Items {
			items = append(items, obj{"subItemId": itoa(it.SubID), "quantity": it.Quantity})
		}
		parcels = append(parcels, obj{
			"logisticsId": p.ID, "billNo": p.BillNo, "carrier": carriers[p.Carrier].no, "kind": p.Kind, "node": p.Node, "status": parcelStatus[p.Node], "items": items, "steps": p.Steps,
		})
	}
	out := obj{
		"orderId": itoa(o.ID), "outOrderId": o.OutOrderID, "status": o.Status, "flow": o.Flow, "tradeType": o.TradeType, "buyerMemberId": o.Buyer, "sellerMemberId": o.SellerMember,
		"goodsFen": o.Goods, "freightFen": o.Freight, "discountFen": o.Discount, "promotionFen": o.Cut, "couponFen": o.Coupon,
		"totalFen": o.total(), "owedFen": 0, "paidFen": o.paidFen(), "refundedFen": o.Refunded, "createdAt": o.Created.UTC(), "modifiedAt": o.Modified.UTC(),
		"closeReason": o.CloseReason, "closeType": o.CloseType, "lines": lines, "parcels": parcels,
	}
	if o.unpaid() {
		out["owedFen"] = o.owed()
	}
	if len(o.Steps) > 0 {
		out["stages"] = o.stepList()
	}
	if !o.Paid.IsZero() {
		out["paidAt"] = o.Paid.UTC()
	}
	return out
}

// actionBody is what actions may be told; all of it is optional.
type actionBody struct {
	Channel  string `json:"channel"` // pay
	Reason   string `json:"reason"`  // close-by-*
	Carrier  string `json:"carrier"` // ship, part-ship, change-mail-no: ZTO YTO STO YUNDA
	BillNo   string `json:"billNo"`
	Parcel   string `json:"parcel"`    // logisticsId; all parcels if empty
	RefundID string `json:"refundId"`  // refund-*, arbitration-*: the latest running one if empty
	Amount   *int64 `json:"amountFen"` // goods of a refund
	Discount *int64 `json:"discountFen"`
	Freight  *int64 `json:"freightFen"`
	Total    *int64 `json:"totalFen"`
	Travel   bool   `json:"travel"` // ship, part-ship: the parcel moves on by itself at the pace of real carriers
	Kind     int    `json:"kind"`   // ship, part-ship: 1 carrier of the platform, 2 no logistics
	Why      int    `json:"noLogisticsCondition"`
	Lines    []struct {
		Sub      text   `json:"subItemId"`
		Quantity int64  `json:"quantity"`
		Discount *int64 `json:"discountFen"`
	} `json:"lines"` // part-ship, confirm, close-line: which; modify-price: discountFen of each
	Orders []text `json:"orders"` // global-ship: more orders in the same cross-border parcel
}

func (s *Server) postAction(r *http.Request, body []byte) (any, error) {
	o := s.orderOf(r)
	if o == nil {
		return nil, errNoOrder
	}
	var in actionBody
	if err := read(body, &in); err != nil {
		return nil, err
	}
	if err := s.act(o, r.PathValue("action"), &in); err != nil {
		return nil, err
	}
	return s.orderWithActions(o), nil
}

// orderAction is something seller, carrier, buyer or platform can do to an order through the control API and the page for people.
type orderAction struct {
	name  string
	label string   // on the page's button
	from  []string // order statuses in which it may work; nil = it decides itself. The page shows buttons by it, do still checks.
	do    func(*Server, *order, *actionBody) error
}

// orderActions lists them all, in the order of the page's buttons. A new group adds its table here.
func orderActions() []orderAction {
	return slices.Concat(tradeActions(), parcelActions(), fundActions(), refundActions())
}

func tradeActions() []orderAction {
	move := func(name, label, node string) orderAction {
		return orderAction{name, label, []string{waitSend, waitReceive, confirmed}, func(s *Server, o *order, in *actionBody) error { return s.actParcels(o, node, in.Parcel) }}
	}
	return []orderAction{
		{"pay", "Pay", []string{waitPay, waitSend}, func(s *Server, o *order, in *actionBody) error { return s.pay(o, or(in.Channel, "alipay")) }},
		{"modify-price", "Seller changes the price", []string{waitPay}, (*Server).actPrice},
		{"close-line", "Seller takes a line out", []string{waitPay}, (*Server).actCloseLine},
		{"part-ship", "Ship a part", []string{waitSend}, func(s *Server, o *order, in *actionBody) error { return s.actShip(o, true, in) }},
		{"ship", "Ship", []string{waitSend}, func(s *Server, o *order, in *actionBody) error { return s.actShip(o, false, in) }},
		move("accept", "Carrier collects", "ACCEPT"),
		move("transport", "In transit", "TRANSPORT"),
		move("deliver", "Out for delivery", "DELIVERING"),
		move("agent-sign", "At the pickup point", "AGENT_SIGN"),
		move("sign", "Signed", "SIGN"),
		move("fail", "Delivery fails", "FAILED"),
		{"change-mail-no", "Waybill changes", []string{waitSend, waitReceive, confirmed}, (*Server).actMailNo},
		{"confirm", "Buyer confirms receipt", []string{waitReceive, confirmed}, (*Server).actConfirm},
		{"success", "Trade succeeds", []string{waitReceive, confirmed}, func(s *Server, o *order, _ *actionBody) error { return s.succeed(o) }},
		{"close-by-seller", "Seller closes", []string{waitPay, waitSend, waitReceive}, func(s *Server, o *order, in *actionBody) error {
			return s.closeOrder(o, "ORDER_SELLER_CLOSE", "CLOSE_TRADE_BY_SELLER", or(in.Reason, "sellerGoodsLack"), "", waitPay, waitSend, waitReceive)
		}},
		{"terminate", "Staged trade stops", []string{waitSend}, func(s *Server, o *order, _ *actionBody) error { return s.terminate(o) }},
		{"close-by-ops", "1688 closes", []string{waitPay}, func(s *Server, o *order, in *actionBody) error {
			return s.closeOrder(o, "ORDER_BOPS_CLOSE", "CLOSE_TRADE_BY_BOPS", or(in.Reason, "other"), "", waitPay)
		}},
	}
}

func (s *Server) act(o *order, action string, in *actionBody) error {
	for _, a := range orderActions() {
		if a.name == action {
			return a.do(s, o, in)
		}
	}
	return controlError{http.StatusNotFound, "no such action: " + action}
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
