package sandbox

import (
	"strings"
	"time"
)

func logisticsAPIs() []api {
	need := []string{"orderId", "webSite"}
	return []api{
		{ns: nsLogistics, name: "alibaba.trade.getLogisticsInfos.buyerView", required: need, lock: true, envelope: envB(false), handle: (*Server).logisticsInfos},
		{ns: nsLogistics, name: "alibaba.trade.getLogisticsTraceInfo.buyerView", required: need, lock: true, envelope: envFlat("errorCode", "errorMessage"), handle: (*Server).logisticsTrace},
	}
}

func (s *Server) logisticsInfos(c *call) (any, *refusal) {
	o := s.mine(c, num(c.args.Get("orderId")))
	switch {
	case o == nil:
		return nil, refuse("order.nopermission.buyer", "not an order of the token user")
	case len(o.Parcels) == 0:
		return nil, refuse("500_2", "order is not shipped yet")
	}
	var out []obj
	for i := range o.Parcels {
		out = append(out, s.parcelInfo(o, &o.Parcels[i]))
	}
	return out, nil
}

func (s *Server) parcelInfo(o *order, p *parcel) obj {
	a, sel := o.address(), s.cat.Load().seller(o.Seller)
	var subs []string
	goods, toLines := []obj{}, []obj{}
	for _, it := range p.Items {
		subs = append(subs, itoa(it.SubID))
		name, unit := "", ""
		if of, _ := s.skuOf(o.line(it.SubID)); of != nil {
			name, unit = of.title("zh"), words().nouns[of.noun].unit
		}
		goods = append(goods, obj{"goodName": name, "quantity": it.Quantity, "unit": unit})
		toLines = append(toLines, obj{
			"logisticsId": p.ID, "tradeOrderId": o.ID, "tradeOrderItemId": it.SubID, "description": nil, "quantity": it.Quantity, "unit": unit, "productName": name,
		})
	}
	return obj{
		"logisticsId": p.ID, "logisticsBillNo": p.BillNo, "orderEntryIds": strings.Join(subs, ","), "status": parcelStatus[p.Node],
		"logisticsCompanyId": carriers[p.Carrier].id, "logisticsCompanyName": carriers[p.Carrier].name, "logisticsCompanyNo": carriers[p.Carrier].no,
		"remarks": nil, "serviceFeature": nil, "gmtSystemSend": stamp(p.Created), "sendGoods": goods, "logisticsOrderGoods": toLines, "logisticsOrderSendGood": toLines,
		"receiver": obj{
			"receiverName": a.FullName, "receiverMobile": nullable(string(a.Mobile)), "receiverPhone": nullable(string(a.Phone)), "receiverProvince": a.Province,
			"receiverCity": a.City, "receiverCounty": a.Area, "receiverAddress": a.Address, "receiverCountyCode": nullable(string(a.District)), "encrypt": nil,
		},
		"sender": obj{"senderName": sel.company, "senderProvince": sel.province, "senderCity": sel.city, "senderCounty": nil, "senderAddress": nil, "encrypt": nil},
	}
}

func (s *Server) logisticsTrace(c *call) (any, *refusal) {
	o := s.mine(c, num(c.args.Get("orderId")))
	switch {
	case o == nil:
		return nil, refuse("order.nopermission.buyer", "not an order of the token user")
	case s.now().Sub(o.Created) > 365*24*time.Hour:
		return nil, refuse("order.createtime.history", "order is older than one year")
	}
	out := []obj{}
	for _, p := range o.Parcels {
		if id := c.args.Get("logisticsId"); id != "" && id != p.ID {
			continue
		}
		var steps []obj
		for _, st := range p.Steps {
			steps = append(steps, obj{"acceptTime": plainTime(st.At), "remark": st.Text})
		}
		out = append(out, obj{"logisticsId": p.ID, "logisticsBillNo": p.BillNo, "orderId": o.ID, "logisticsSteps": steps})
	}
	if len(out) == 0 {
		return nil, refuse("404", "no trace yet")
	}
	return obj{"logisticsTrace": out, "success": true, "errorCode": nil, "errorMessage": nil, "crossPackageFulfillmentDTO": s.crossFulfilment(o)}, nil
}
