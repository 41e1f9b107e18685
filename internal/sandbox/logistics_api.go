package sandbox

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

func logisticsAPIs() []api {
	need := []string{"orderId", "webSite"}
	return []api{
		{ns: nsLogistics, name: "alibaba.trade.getLogisticsInfos.buyerView", required: need, lock: true, envelope: envB(false), handle: (*Server).logisticsInfos},
		{ns: nsLogistics, name: "alibaba.trade.getLogisticsTraceInfo.buyerView", required: need, lock: true, envelope: envFlat("errorCode", "errorMessage"), handle: (*Server).logisticsTrace},
		{ns: nsLogistics, name: "alibaba.logistics.OpQueryLogisticCompanyList", envelope: envCarriers(), handle: (*Server).carrierList},
		{ns: nsLogistics, name: "alibaba.logistics.OpQueryLogisticCompanyList.offline", envelope: envCarriers(), handle: (*Server).carrierList},
		{ns: nsLogistics, name: "logistics.delivery.urge", required: []string{"orderId"}, lock: true, envelope: envA(false), handle: (*Server).urge},
		{ns: nsTrade, name: "shipping.insurance.get", required: []string{"orderId", "type"}, lock: true, envelope: envA(false), handle: (*Server).insurance},
		{ns: nsCross, name: "logistics.order.getOutOrderId", required: []string{"shipmentId|noMainPartCode"}, lock: true, envelope: envModel(false), handle: (*Server).outOrderOf},
		{ns: nsCross, name: "bigcustomer.mailNo.query", required: []string{"outOrderId"}, lock: true, envelope: envModel(true), handle: (*Server).mailNos},
	}
}

func envCarriers() envelope {
	return envelope{
		good: func(p any) any {
			return obj{"result": p, "success": true, "errorCode": nil, "errorMessage": nil, "extErrorMessage": nil}
		},
		bad: func(r *refusal) any {
			return obj{"result": nil, "success": false, "errorCode": r.code, "errorMessage": r.message, "extErrorMessage": r.message}
		},
	}
}

// envModel is {"result":{success,msg,model}}, with a traceId where the API has one.
func envModel(trace bool) envelope {
	wrap := func(ok bool, msg string, model any) any {
		in := obj{"success": ok, "msg": msg, "model": model}
		if trace {
			in["traceId"] = nil
		}
		return obj{"result": in}
	}
	return envelope{
		good: func(p any) any { return wrap(true, "success", p) },
		bad:  func(r *refusal) any { return wrap(false, r.code+": "+r.message, nil) },
	}
}

func (s *Server) logisticsInfos(c *call) (any, *refusal) {
	o := s.mine(c, num(c.args.Get("orderId")))
	switch {
	case o == nil:
		return nil, refuse("order.nopermission.buyer", "not an order of the token user")
	case !slices.ContainsFunc(o.Parcels, func(p parcel) bool { return p.Kind != noLogistics }):
		return nil, refuse("500_2", "order is not shipped yet")
	}
	want := parcelFields(c.args.Get("fields"))
	var out []obj
	for i := range o.Parcels {
		if o.Parcels[i].Kind == noLogistics {
			continue
		}
		info := s.parcelInfo(o, &o.Parcels[i])
		for part, names := range partFields {
			if want != nil && !want[part] {
				for _, name := range names {
					info[name] = nil
				}
			}
		}
		out = append(out, info)
	}
	return out, nil
}

// partFields are the parts of a parcel that the fields argument can ask for.
var partFields = map[string][]string{
	"company":  {"logisticsCompanyId", "logisticsCompanyName", "logisticsCompanyNo"},
	"sender":   {"sender"},
	"receiver": {"receiver"},
	"sendgood": {"sendGoods", "logisticsOrderGoods", "logisticsOrderSendGood"},
}

// parcelFields reads company.name,sender,receiver,sendgood; the sample's company,name means the same. Nil = everything.
func parcelFields(list string) map[string]bool {
	var want map[string]bool
	for part := range strings.SplitSeq(list, ",") {
		part, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(part)), ".")
		if part == "name" {
			part = "company"
		}
		if partFields[part] != nil {
			if want == nil {
				want = map[string]bool{}
			}
			want[part] = true
		}
	}
	return want
}

func (s *Server) parcelInfo(o *order, p *parcel) obj {
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
	by := carriers[p.Carrier]
	return obj{
		"logisticsId": p.ID, "logisticsBillNo": p.BillNo, "orderEntryIds": strings.Join(subs, ","), "status": parcelStatus[p.Node],
		"logisticsCompanyId": by.id, "logisticsCompanyName": by.name, "logisticsCompanyNo": by.no,
		"remarks": nil, "serviceFeature": nil, "gmtSystemSend": stamp(p.Created), "sendGoods": goods, "logisticsOrderGoods": toLines, "logisticsOrderSendGood": toLines,
		"receiver": parcelReceiver(o), "sender": s.parcelSender(o),
	}
}

// parcelReceiver of an encrypted order is masked, and encrypt holds what only the downstream platform can read.
func parcelReceiver(o *order) obj {
	a := &o.Address
	name, mobile, phone, street := string(a.FullName), string(a.Mobile), string(a.Phone), string(a.Address)
	var encrypt any
	if o.Encrypted {
		name, mobile, phone, street, encrypt = mask(name, 1), mask(mobile, 3), mask(phone, 3), mask(street, 2), "ENC$"+itoa(o.ID)
	}
	province, city, county := divisionCodes(string(a.District))
	return obj{
		"receiverName": name, "receiverMobile": nullable(mobile), "receiverPhone": nullable(phone), "receiverProvinceCode": province, "receiverCityCode": city,
		"receiverCountyCode": county, "receiverProvince": a.Province, "receiverCity": a.City, "receiverCounty": a.Area, "receiverAddress": street, "encrypt": encrypt,
	}
}

func (s *Server) parcelSender(o *order) obj {
	sel := s.cat.Load().seller(o.Seller)
	return obj{
		"senderName": sel.company, "senderMobile": nil, "senderPhone": nil, "senderProvinceCode": nil, "senderCityCode": nil, "senderCountyCode": nil,
		"senderProvince": sel.province, "senderCity": sel.city, "senderCounty": nil, "senderAddress": nil, "encrypt": nil,
	}
}

// mask keeps the first runes.
func mask(text string, keep int) string {
	runes := []rune(text)
	if len(runes) <= keep {
		return text
	}
	return string(runes[:keep]) + strings.Repeat("*", min(len(runes)-keep, 8))
}

// divisionCodes cuts a six-digit area code into those of province, city and county.
func divisionCodes(district string) (province, city, county any) {
	if len(district) != 6 {
		return nil, nil, nullable(district)
	}
	return district[:2] + "0000", district[:4] + "00", district
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
		if id := c.args.Get("logisticsId"); p.Kind == noLogistics || id != "" && id != p.ID {
			continue
		}
		steps := []obj{}
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

func (s *Server) carrierList(*call) (any, *refusal) {
	list := []obj{}
	for _, by := range carriers {
		list = append(list, obj{
			"id": json.Number(by.id), "companyName": by.name, "companyNo": by.no, "companyPhone": by.phone, "supportPrint": by.no != "POSTB", "spelling": by.spelling,
			"gmtCreate": stamp(catalogueEpoch), "gmtModified": stamp(catalogueEpoch),
		})
	}
	return list, nil
}

const urgeAgain = 24 * time.Hour

// urge nudges the seller of an unshipped order. Nothing comes of it, except that it cannot be done again for a day.
func (s *Server) urge(c *call) (any, *refusal) {
	o := s.mine(c, num(c.args.Get("orderId")))
	switch {
	case o == nil:
		return nil, refuse("ORDER_NOT_EXIST", "order does not exist")
	case o.Status != waitSend:
		return nil, refuse("ORDER_STATUS_ERROR", "order is not waiting to be shipped")
	case !o.Urged.IsZero() && s.now().Sub(o.Urged) < urgeAgain:
		return nil, refuse("URGE_LIMIT", "an order can be urged once in 24 hours")
	}
	o.Urged = s.now()
	s.keepDirty(o)
	return true, nil
}

// insurer tells who pays for sending goods back: nobody, the seller or the platform.
func (o *order) insurer() string {
	return []string{"", "givenByMerchant", "givenByPlatform"}[o.Seller%3]
}

// insurance answers in fields of our own: the real ones are not public.
func (s *Server) insurance(c *call) (any, *refusal) {
	kind := c.args.Get("type")
	o := s.mine(c, num(c.args.Get("orderId")))
	switch {
	case !slices.Contains([]string{"givenByPlatform", "givenByMerchant"}, kind):
		return nil, refuse("400_1", "type must be givenByPlatform or givenByMerchant")
	case o == nil:
		return nil, refuse("ORDER_NOT_EXIST", "order does not exist")
	}
	return obj{"orderId": itoa(o.ID), "type": kind, "insured": o.insurer() == kind && !o.Paid.IsZero()}, nil
}

// outOrderOf finds the buyer's own order numbers by a waybill, domestic or overseas, or by the parcel number written on an unclaimed parcel.
func (s *Server) outOrderOf(c *call) (any, *refusal) {
	bill, code := c.args.Get("shipmentId"), c.args.Get("noMainPartCode")
	ids, outs := []string{}, []string{}
	for _, id := range s.orderIDs {
		o := s.mine(c, num(itoa(id)))
		if o == nil || !s.carries(o, bill, code) {
			continue
		}
		ids = append(ids, itoa(id))
		if o.OutOrderID != "" && !slices.Contains(outs, o.OutOrderID) {
			outs = append(outs, o.OutOrderID)
		}
	}
	if len(ids) == 0 {
		return nil, refuse("404", "no parcel of this number")
	}
	return obj{"outOrderIds": outs, "orderIds": ids}, nil
}

func (s *Server) carries(o *order, bill, code string) bool {
	for i := range o.Parcels {
		if p := &o.Parcels[i]; bill != "" && p.BillNo == bill || code != "" && p.ID == code {
			return true
		}
	}
	g := s.globalOf(o.ID)
	return bill != "" && g != nil && g.MailNo == bill
}

// mailNos maps the 1688 orders behind one of the buyer's to their waybills.
func (s *Server) mailNos(c *call) (any, *refusal) {
	model := map[string][]string{}
	for _, id := range s.byOut[c.args.Get("outOrderId")] {
		o := s.mine(c, num(itoa(id)))
		if o == nil {
			continue
		}
		bills := []string{}
		for _, p := range o.Parcels {
			if p.Node != parcelCancel {
				bills = append(bills, p.BillNo)
			}
		}
		model[itoa(id)] = bills
	}
	if len(model) == 0 {
		return nil, refuse("404", "no order of this outOrderId")
	}
	return model, nil
}
