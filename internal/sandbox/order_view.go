package sandbox

import (
	"encoding/json"
	"math/bits"
	"strings"
)

// shown says how much of an order an answer holds.
type shown struct {
	base      string
	logistics bool // the list comes without
	invoice   bool
	rate      bool
	terms     bool
	memo      bool // needMemoInfo of the list
	phone     bool // needBuyerAddressAndPhone of the list
	keys      []string
}

// read takes includeFields and attributeKeys. Without includeFields the detail holds GuaranteesTerms, NativeLogistics and OrderInvoice.
func (v *shown) read(c *call) *refusal {
	v.terms, v.invoice = true, true
	if list := c.args.Get("includeFields"); list != "" {
		v.terms, v.logistics, v.rate, v.invoice = false, false, false, false
		for f := range strings.SplitSeq(list, ",") {
			switch strings.TrimSpace(f) {
			case "GuaranteesTerms":
				v.terms = true
			case "NativeLogistics":
				v.logistics = true
			case "RateDetail":
				v.rate = true
			case "OrderInvoice", "InvoicingSetting":
				v.invoice = true
			}
		}
	}
	if c.args.Get("attributeKeys") != "" {
		return c.decode("attributeKeys", &v.keys)
	}
	return nil
}

// tradeModel is the TRADE object of detail and list.
func (s *Server) tradeModel(o *order, v *shown) any {
	t := obj{
		"baseInfo": s.baseInfo(o, v), "productItems": s.productItems(o, v.base), "tradeTerms": o.tradeTerms(), "extAttributes": o.extAttributes(v), "orderRateInfo": nil,
		"fromEncryptOrder": o.Encrypted, "orderInvoiceInfo": nil, "guaranteesTerms": nil, "overseaLogisticsInfo": nil, "overseasExtraAddress": nil,
	}
	if v.rate {
		t["orderRateInfo"] = obj{"buyerRateStatus": 5, "sellerRateStatus": 5, "buyerRateList": []any{}, "sellerRateList": []any{}}
	}
	if v.invoice && o.Invoice != nil {
		t["orderInvoiceInfo"] = o.invoiceInfo()
	}
	if v.terms {
		t["guaranteesTerms"] = []obj{{"assuranceInfo": "卖家承诺7天无理由退货", "assuranceType": "qtwlybt", "qualityAssuranceType": "国家三包"}}
	}
	if v.logistics {
		t["nativeLogistics"] = s.nativeLogistics(o)
		t["orderBizInfo"] = obj{
			"creditOrder": o.PayChannel == "shegou", "dropshipping": o.Dropshipping, "shippingInsurance": nullable(o.insurer()), "odsCyd": false, "accountPeriodTime": nil,
			"class": "com.alibaba.ocean.openplatform.biz.trade.result.OrderBizInfo",
		}
		t["overseaLogisticsInfo"] = obj{"overseasLogisticsIds": s.globalWaybills(o)}
	}
	if o.CrossSolution != "" {
		p, _ := findProvince(o.Address.destination())
		t["overseasExtraAddress"] = obj{
			"channelName": o.CrossSolution, "channelId": o.CrossSolution, "shippingCompanyId": "CAINIAO", "shippingCompanyName": "菜鸟",
			"countryCode": map[string]string{"81": "HK", "82": "MO", "71": "TW"}[p.code[:min(2, len(p.code))]], "country": p.name, "email": nil,
		}
	}
	return t
}

// tradeTypes are the numbers beside the trade modes; those but 50060 (trade 4.0) are our guess.
var tradeTypes = map[string]string{"fxassure": "50060", "assureTrade": "1", "period": "7", "37staged": "10"}

func (s *Server) baseInfo(o *order, v *shown) obj {
	sel := s.cat.Load().seller(o.Seller)
	b := obj{
		"id": o.ID, "idOfStr": itoa(o.ID), "status": o.Status, "totalAmount": yuan(o.total()), "sumProductPayment": yuan(o.Goods), "shippingFee": yuan(o.owedFreight()),
		"discount": o.Discount - o.Cut, "refund": yuan(o.Refunded), "refundPayment": o.Refunded, "couponFee": yuan(o.Coupon), "createTime": stamp(o.Created),
		"modifyTime": stamp(o.Modified), "payTime": stamp(o.Paid), "allDeliveredTime": stamp(o.Delivered), "receivingTime": stamp(o.Received),
		"confirmedTime": stamp(o.Received), "completeTime": stamp(o.Completed), "payTimeout": int(payTimeout.Seconds()), "payTimeoutType": 0,
		"refundStatus": nullable(o.RefundStatus), "refundStatusForAs": nullable(o.RefundStatusAS), "refundId": nullable(o.RefundID),
		"closeReason": nullable(o.CloseReason), "closeOperateType": nullable(o.CloseType), "closeRemark": nullable(o.CloseRemark), "remark": nil,
		"buyerFeedback": nullable(o.notes()), "buyerMemo": nil, "buyerRemarkIcon": nil, "tradeType": tradeTypes[o.TradeType], "tradeTypeCode": o.TradeType,
		"tradeTypeDesc": tradeModeNames[o.TradeType], "payChannelList": []string{}, "payChannelCodeList": []string{}, "buyerID": o.Buyer, "sellerID": o.SellerMember,
		"sellerLoginId": sel.login, "subBuyerLoginId": nil, "sellerUserId": sel.userID, "businessType": "cb", "outOrderId": nullable(o.OutOrderID),
		"overSeaOrder": o.CrossSolution != "", "sellerOrder": o.Invitation, "stepPayAll": len(o.Steps) > 0 && o.nextStep() == nil,
		"sellerContact": obj{
			"companyName": sel.company, "shopName": sel.company, "name": sel.company, "mobile": nil, "phone": nil, "email": nil, "imInPlatform": sel.login,
		},
		"receiverInfo": o.receiver(v.phone), "newStepOrderList": o.stepList(), "sellerAlipayId": "2088" + itoa(sel.userID), "alipayTradeId": "UNCREATED",
	}
	if v.memo {
		b["buyerMemo"], b["buyerRemarkIcon"] = nullable(o.Memo), nullable(o.MemoIcon)
	}
	if a := s.apps[o.App]; a != nil {
		b["buyerLoginId"], b["buyerUserId"], b["buyerAlipayId"] = a.buyer.login, a.buyer.userID, "2088"+itoa(a.buyer.userID)
		b["buyerContact"] = obj{"name": a.buyer.login, "imInPlatform": a.buyer.login, "companyName": nil, "mobile": nil, "phone": nil, "email": nil}
		if o.Anonymous {
			b["buyerContact"] = nil
		}
	}
	if o.PayChannel != "" {
		b["payChannelCodeList"] = []string{o.PayChannel}
		b["payChannelList"] = []string{or(channelNames[o.PayChannel], o.PayChannel)}
		b["alipayTradeId"] = "2026" + itoa(o.ID/1000)
	}
	return b
}

// receiver is null in its personal parts unless asked for.
func (o *order) receiver(phone bool) obj {
	a := &o.Address
	r := obj{"toFullName": a.FullName, "toMobile": nil, "toPhone": nil, "toPost": nullable(string(a.PostCode)), "toDivisionCode": nullable(string(a.District)), "toTownCode": nil, "toArea": nil}
	if phone {
		r["toMobile"], r["toPhone"], r["toArea"] = nullable(string(a.Mobile)), nullable(string(a.Phone)), a.line()
	}
	return r
}

// share spreads an amount over the lines by their value; the last line that is not closed takes what rounding left.
func (o *order) share(amount int64) []int64 {
	out, rest, last := make([]int64, len(o.Lines)), amount, len(o.Lines)-1
	for i := range o.Lines {
		if o.Lines[i].Closed {
			continue
		}
		last = i
		part := portion(max(amount, -amount), o.Lines[i].Amount, o.Goods)
		if amount < 0 {
			part = -part
		}
		out[i] = part
		rest -= part
	}
	out[last] += rest
	return out
}

// portion is amount*part/whole without overflow, for 0 <= part <= whole.
func portion(amount, part, whole int64) int64 {
	if amount <= 0 || part <= 0 || whole <= 0 {
		return 0
	}
	hi, lo := bits.Mul64(uint64(amount), uint64(min(part, whole)))
	q, _ := bits.Div64(hi, lo, uint64(whole))
	return int64(q)
}

func (s *Server) productItems(o *order, base string) []obj {
	items := make([]obj, 0, len(o.Lines))
	discounts, paid, postages := o.share(o.Discount-o.Cut), o.split(o.total()-o.owedFreight()), o.share(o.owedFreight())
	for i := range o.Lines {
		l := &o.Lines[i]
		status := o.lineStatus(l)
		item := obj{
			"subItemID": l.SubID, "subItemIDString": itoa(l.SubID), "productID": l.Offer, "skuID": skuNumber(l.SKU, l.Offer), "specId": nullable(l.Spec), "quantity": l.Quantity,
			"quantityFactor": 1, "price": yuan(l.Unit), "itemAmount": yuan(paid[i]), "entryDiscount": l.Discount + discounts[i],
			"sharePostage": yuan(postages[i]), "refund": yuan(l.Refunded), "status": status, "statusStr": statusText[status],
			"logisticsStatus": o.logisticsStatus(l), "refundStatus": lineRefund[l.RefundStatus], "refundId": nil, "refundIdForAs": nil, "cargoNumber": nil, "productCargoNumber": nil,
			"gmtCreate": stamp(o.Created), "gmtModified": stamp(o.Modified), "gmtCompleted": stamp(o.Completed), "gmtPayExpireTime": plainTime(payUntil(o)),
			"productImgUrl":      []string{base + picturePath(l.Offer, 0), base + picturePath(l.Offer, 1)},
			"productSnapshotUrl": "https://trade.1688.com/order/offer_snapshot.htm?order_entry_id=" + itoa(l.SubID), "skuInfos": []obj{},
		}
		if l.RefundID != "" {
			item[map[bool]string{false: "refundId", true: "refundIdForAs"}[l.AfterSale]] = l.RefundID
		}
		if of, k := s.skuOf(l); k != nil {
			item["name"], item["unit"], item["productCargoNumber"] = of.title("zh"), words().nouns[of.noun].unit, of.code()
			item["skuInfos"] = skuInfos(k)
		}
		items = append(items, item)
	}
	return items
}

var statusText = map[string]string{
	waitPay: "等待买家付款", waitSend: "等待卖家发货", waitReceive: "等待买家收货", confirmed: "已收货", success: "交易成功", cancelled: "交易关闭", terminated: "交易终止",
}

// lineRefund is how a line spells what the order spells in lower case; a line without a refund has null.
var lineRefund = map[string]any{
	"waitselleragree": "WAIT_SELLER_AGREE", "waitbuyermodify": "WAIT_BUYER_MODIFY", "waitbuyersend": "WAIT_BUYER_SEND",
	"waitsellerreceive": "WAIT_SELLER_RECEIVE", "refundsuccess": "REFUND_SUCCESS", "refundclose": "REFUND_CLOSED",
}

func skuInfos(k *sku) []obj {
	out := []obj{}
	if k.colour >= 0 {
		out = append(out, obj{"name": "颜色", "value": words().colours[k.colour][0]})
	}
	if k.size != "" {
		out = append(out, obj{"name": "尺码", "value": k.size})
	}
	return out
}

// payWays are the codes of the channels an order can be paid by.
var payWays = map[string]string{"": "1", "alipay": "1", "shegou": "3", "accountPeriod": "7", "combined": "8", "kjpayV2": "13"}

// tradeTerms are the payment stages; a plain order has one.
func (o *order) tradeTerms() []obj {
	way := or(payWays[o.PayChannel], "1")
	desc := or(channelNames[o.PayChannel], "支付宝")
	if o.PayChannel == "accountPeriod" {
		desc = "账期支付"
	}
	if len(o.Steps) == 0 {
		return []obj{{"payStatus": o.payStatus(!o.Paid.IsZero()), "payWay": way, "phase": o.ID + 1, "phasAmount": yuan(o.total()), "payTime": stamp(o.Paid), "payWayDesc": desc}}
	}
	out := []obj{}
	for i := range o.Steps {
		st := &o.Steps[i]
		out = append(out, obj{
			"payStatus": o.payStatus(!st.Paid.IsZero()), "payWay": way, "phase": o.ID + int64(st.No), "phasAmount": yuan(st.fee()), "payTime": stamp(st.Paid), "payWayDesc": desc,
		})
	}
	return out
}

// payStatus of a stage: 1 unpaid, 2 paid, 4 refunded, 6 the seller has the money, 8 cancelled, 12 account period pending.
func (o *order) payStatus(paid bool) string {
	switch {
	case !paid && o.final():
		return "8"
	case !paid:
		return "1"
	case o.Refunded > 0 && o.Refunded >= o.paidFen():
		return "4"
	case o.PayChannel == "accountPeriod" && o.Status != success:
		return "12"
	case o.Status == success:
		return "6"
	}
	return "2"
}

// extAttributes echoes what the order was made with, and the attributes that were asked for.
func (o *order) extAttributes(v *shown) []obj {
	out := []obj{}
	add := func(key, value, text string) {
		if value != "" {
			out = append(out, obj{"key": key, "value": value, "description": text})
		}
	}
	add("preSelectPayChannel", o.PaySelected, "预选支付渠道")
	add("fenxiaoChannel", o.Channel, "下游渠道")
	add("isvBizType", o.BizType, "业务类型")
	for _, k := range v.keys {
		switch k {
		case "flow":
			add(k, o.Flow, "")
		case "shopPromotionId":
			add(k, o.PromotionID, "")
		case "crossBorderLogisticsSolutionId":
			add(k, o.CrossSolution, "")
		}
	}
	return out
}

func (o *order) invoiceInfo() obj {
	in := o.Invoice
	n, _ := in.Type.int()
	return obj{
		"invoiceType": n, "invoiceCompanyName": in.Company, "taxpayerIdentify": in.TaxID, "invoiceBankName": nullable(string(in.Bank)), "invoiceAmount": o.total(),
		"receiveName": nullable(string(in.FullName)), "receiveMobile": nullable(string(in.Mobile)), "receivePhone": nullable(string(in.Phone)),
		"receiveAddress": nullable(strings.TrimSpace(string(in.Province + in.City + in.Area + in.Town + in.Address))), "receiveCode": nullable(string(in.PostCode)),
		"localInvoiceId": nullable(string(in.Local)),
	}
}

func (s *Server) nativeLogistics(o *order) obj {
	a, sel := &o.Address, s.cat.Load().seller(o.Seller)
	items := []obj{}
	for i := range o.Parcels {
		p := &o.Parcels[i]
		var subs []string
		for _, it := range p.Items {
			subs = append(subs, itoa(it.SubID))
		}
		item := obj{
			"id": o.ID/1_000_000*1000 + int64(i+1), "logisticsCode": p.ID, "logisticsBillNo": p.BillNo, "logisticsCompanyNo": nil, "logisticsCompanyName": nil,
			"logisticsCompanyId": nil, "status": "alreadysend", "type": itoa(int64(p.Kind)), "deliveredTime": stamp(p.Created), "subItemIds": strings.Join(subs, ","),
			"noLogisticsCondition": nil, "fromProvince": sel.province, "fromCity": sel.city, "fromArea": nil, "fromAddress": nil, "fromPhone": nil, "fromMobile": nil, "fromPost": nil,
			"toProvince": a.Province, "toCity": a.City, "toArea": a.Area, "toAddress": a.Address, "toPhone": nullable(string(a.Phone)), "toMobile": nullable(string(a.Mobile)), "toPost": nullable(string(a.PostCode)),
		}
		if p.Kind == noLogistics {
			item["noLogisticsCondition"] = itoa(int64(p.Reason))
		} else {
			by := &carriers[p.Carrier]
			item["logisticsCompanyNo"], item["logisticsCompanyName"], item["logisticsCompanyId"] = by.no, by.name, json.Number(by.id)
		}
		items = append(items, item)
	}
	return obj{
		"contactPerson": a.FullName, "mobile": nullable(string(a.Mobile)), "telephone": nullable(string(a.Phone)), "zip": nullable(string(a.PostCode)),
		"province": a.Province, "city": a.City, "area": a.Area, "areaCode": nullable(string(a.District)), "town": nullable(string(a.Town)), "townCode": nil,
		"address": a.Address, "logisticsItems": items,
	}
}

// globalWaybills are the overseas waybills of the order's official cross-border parcel.
func (s *Server) globalWaybills(o *order) []string {
	out := []string{}
	if g := s.globalOf(o.ID); g != nil {
		out = append(out, g.MailNo)
	}
	return out
}
