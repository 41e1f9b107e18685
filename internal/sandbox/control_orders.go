package sandbox

import (
	"fmt"
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
	return orderWithActions(o), nil
}

// orderWithActions adds what may be done to the order now, for the buttons of the page.
func orderWithActions(o *order) obj {
	out, list := orderForPeople(o), []obj{}
	for _, a := range orderActions() {
		if a.from == nil || slices.Contains(a.from, o.Status) {
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
			"shipped": l.Shipped, "status": o.lineStatus(l), "logisticsStatus": l.logisticsStatus(),
		})
	}
	for i := range o.Parcels {
		p := &o.Parcels[i]
		items := []obj{}
		for _, it := range p.Items {
			items = append(items, obj{"subItemId": itoa(it.SubID), "quantity": it.Quantity})
		}
		parcels = append(parcels, obj{
			"logisticsId": p.ID, "billNo": p.BillNo, "carrier": carriers[p.Carrier].no, "node": p.Node, "status": parcelStatus[p.Node], "items": items, "steps": p.Steps,
		})
	}
	out := obj{
		"orderId": itoa(o.ID), "outOrderId": o.OutOrderID, "status": o.Status, "flow": o.Flow, "tradeType": o.TradeType, "buyerMemberId": o.Buyer, "sellerMemberId": o.SellerMember,
		"goodsFen": o.Goods, "freightFen": o.Freight, "discountFen": o.Discount, "totalFen": o.total(), "createdAt": o.Created.UTC(), "modifiedAt": o.Modified.UTC(),
		"closeReason": o.CloseReason, "closeType": o.CloseType, "lines": lines, "parcels": parcels,
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
	Parcel   string `json:"parcel"` // logisticsId; all parcels if empty
	Discount *int64 `json:"discountFen"`
	Freight  *int64 `json:"freightFen"`
	Total    *int64 `json:"totalFen"`
	Lines    []struct {
		Sub      text  `json:"subItemId"`
		Quantity int64 `json:"quantity"`
	} `json:"lines"` // part-ship
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
	return orderWithActions(o), nil
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
		{"pay", "Pay", []string{waitPay}, func(s *Server, o *order, in *actionBody) error { return s.pay(o, or(in.Channel, "alipay")) }},
		{"modify-price", "Seller changes the price", []string{waitPay}, (*Server).actPrice},
		{"part-ship", "Ship a part", []string{waitSend}, func(s *Server, o *order, in *actionBody) error { return s.actShip(o, true, in) }},
		{"ship", "Ship", []string{waitSend}, func(s *Server, o *order, in *actionBody) error { return s.actShip(o, false, in) }},
		move("accept", "Carrier collects", "ACCEPT"),
		move("transport", "In transit", "TRANSPORT"),
		move("deliver", "Out for delivery", "DELIVERING"),
		move("agent-sign", "At the pickup point", "AGENT_SIGN"),
		move("sign", "Signed", "SIGN"),
		move("fail", "Delivery fails", "FAILED"),
		{"change-mail-no", "Waybill changes", []string{waitSend, waitReceive, confirmed}, (*Server).actMailNo},
		{"confirm", "Buyer confirms receipt", []string{waitReceive}, func(s *Server, o *order, _ *actionBody) error { return s.confirm(o) }},
		{"success", "Trade succeeds", []string{waitReceive, confirmed}, func(s *Server, o *order, _ *actionBody) error { return s.succeed(o) }},
		{"close-by-seller", "Seller closes", []string{waitPay, waitSend, waitReceive}, func(s *Server, o *order, in *actionBody) error {
			return s.closeOrder(o, "ORDER_SELLER_CLOSE", "CLOSE_TRADE_BY_SELLER", or(in.Reason, "sellerGoodsLack"), "", waitPay, waitSend, waitReceive)
		}},
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

func (s *Server) actParcels(o *order, node, only string) error {
	if len(o.Parcels) == 0 {
		return moveError{o.Status, "move a parcel: there is none"}
	}
	if only != "" && o.parcel(only) == nil {
		return controlError{http.StatusNotFound, "no such parcel"}
	}
	for i := range o.Parcels {
		if only == "" || o.Parcels[i].ID == only {
			s.reach(o, &o.Parcels[i], node)
		}
	}
	return nil
}

func (s *Server) actShip(o *order, part bool, in *actionBody) error {
	carrier := int(o.ID/1000) % len(carriers)
	if in.Carrier != "" {
		c, ok := carrierByNo(in.Carrier)
		if !ok {
			return fmt.Errorf("unknown carrier %s", in.Carrier)
		}
		carrier = c
	}
	if !part {
		return s.ship(o, nil, carrier, in.BillNo)
	}
	want := map[int64]int64{}
	for _, l := range in.Lines {
		n, _ := num(l.Sub).int()
		if o.line(n) == nil || l.Quantity <= 0 {
			return fmt.Errorf("line %s with quantity %d is not on this order", l.Sub, l.Quantity)
		}
		want[n] = l.Quantity
	}
	if len(want) == 0 { // the first line that has something left, one piece less than all if it is the only one
		for i := range o.Lines {
			l := &o.Lines[i]
			if left := l.Quantity - l.Shipped; left > 0 {
				want[l.SubID] = left
				if len(o.Lines) == 1 && left > 1 {
					want[l.SubID] = left / 2
				}
				break
			}
		}
	}
	return s.ship(o, want, carrier, in.BillNo)
}

func (s *Server) actPrice(o *order, in *actionBody) error {
	discount, freight := o.Discount, o.Freight
	if in.Freight != nil {
		freight = *in.Freight
	}
	switch {
	case in.Discount != nil:
		discount = *in.Discount
	case in.Total != nil:
		discount = *in.Total - o.Goods - freight
	case in.Freight == nil:
		discount -= o.Goods / 10
	}
	return s.modifyPrice(o, discount, freight)
}

func (s *Server) actMailNo(o *order, in *actionBody) error {
	if len(o.Parcels) == 0 {
		return moveError{o.Status, "change a waybill: there is none"}
	}
	p := &o.Parcels[len(o.Parcels)-1]
	if in.Parcel != "" {
		if p = o.parcel(in.Parcel); p == nil {
			return controlError{http.StatusNotFound, "no such parcel"}
		}
	}
	carrier := (p.Carrier + 1) % len(carriers)
	if in.Carrier != "" {
		c, ok := carrierByNo(in.Carrier)
		if !ok {
			return fmt.Errorf("unknown carrier %s", in.Carrier)
		}
		carrier = c
	}
	s.changeMailNo(o, p, carrier, or(in.BillNo, carriers[carrier].prefix+itoa(o.ID/1000%10_000_000_000+500)))
	return nil
}
