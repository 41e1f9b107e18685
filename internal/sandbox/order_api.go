package sandbox

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
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
	ct, bad := s.readCart(c)
	if bad != nil {
		if bad.line != nil {
			bad.payload = obj{"success": false, "orderId": nil, "failedOfferList": []obj{{
				"offerId": string(bad.line.Offer), "specId": nullable(bad.line.Spec), "errorCode": bad.code, "errorMessage": bad.message,
			}}}
		}
		return nil, bad.refusal
	}
	if mode := c.args.Get("tradeType"); !ct.tradable || mode != "" && !slices.Contains(ct.tradeModes(), mode) {
		return nil, refuse("500_1", "not support tradeType:["+mode+"]")
	}
	if len([]rune(c.args.Get("message"))) > 500 {
		return nil, refuse("400", "message is longer than 500")
	}
	parts := [][]cartLine{ct.lines}
	if c.behave == "split_order" {
		parts = halves(ct.lines)
	}
	var made []*order
	for i, p := range parts {
		freight := ct.freight
		if i > 0 {
			freight = 0
		}
		made = append(made, s.place(c, ct, p, freight))
	}
	if out := c.args.Get("outOrderId"); out != "" {
		s.creates[out]++
		s.dirty.Creates = map[string]int{out: s.creates[out]}
	}
	for _, o := range made {
		c.note = append(c.note, itoa(o.ID))
		s.orderMessage(o, "BUYER_MAKE", waitPay)
	}
	return created(made, c.behave != "success_false_with_order"), nil
}

// halves splits a cart the way the platform may: by lines, or by pieces if there is one line.
func halves(lines []cartLine) [][]cartLine {
	if len(lines) > 1 {
		return [][]cartLine{lines[:len(lines)/2], lines[len(lines)/2:]}
	}
	a, b := lines[0], lines[0]
	if a.quantity < 2 {
		return [][]cartLine{lines}
	}
	a.quantity /= 2
	b.quantity -= a.quantity
	a.amount, b.amount = a.unit*a.quantity, b.unit*b.quantity
	return [][]cartLine{{a}, {b}}
}

func created(made []*order, ok bool) any {
	if len(made) > 1 {
		list := []obj{}
		for _, o := range made {
			list = append(list, obj{"orderId": itoa(o.ID), "orderAmmount": o.total(), "postFee": o.Freight, "success": true, "resultCode": nil, "message": nil, "payChannel": nil})
		}
		return obj{"success": true, "result": obj{"success": ok, "orderId": nil, "totalSuccessAmount": nil, "postFee": nil, "orderList": list}}
	}
	o := made[0]
	return obj{"success": true, "code": nil, "message": nil, "result": obj{
		"success": ok, "orderId": itoa(o.ID), "totalSuccessAmount": o.total(), "postFee": o.Freight, "accountPeriod": nil, "failedOfferList": nil, "orderList": nil,
	}}
}

func (s *Server) place(c *call, ct *cart, lines []cartLine, freight int64) *order {
	now := s.now()
	mode := c.args.Get("tradeType")
	if mode == "" {
		mode = ct.tradeModes()[0]
	}
	o := &order{
		ID: s.nextOrderID(), App: c.app.Key, Buyer: c.app.buyer.memberID, OutOrderID: c.args.Get("outOrderId"), Seller: ct.seller.idx,
		SellerMember: ct.seller.memberID, Status: waitPay, Flow: ct.flow, TradeType: mode, Message: c.args.Get("message"), Address: ct.rawAddress,
		Freight: freight, Created: now,
	}
	for i, l := range lines {
		o.Lines = append(o.Lines, orderLine{
			SubID: o.ID + int64(i+1)*1000, Offer: l.offer.id, SKU: l.sku.id, Spec: l.sku.spec, Quantity: l.quantity, Unit: l.unit, Amount: l.amount,
		})
		o.Goods += l.amount
		s.moveStock(l.sku, -l.quantity)
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
		if ids := s.byOut[c.args.Get("outOrderId")]; len(ids) > 0 {
			o = s.mine(c, num(itoa(ids[0])))
		}
	}
	if o == nil {
		return nil, refuse("ORDER_NOT_EXIST", "order does not exist")
	}
	return s.tradeModel(o, c.base, true), nil
}

func (s *Server) orderList(c *call) (any, *refusal) {
	q, ref := parseListQuery(c)
	if ref != nil {
		return nil, ref
	}
	ids := s.orderIDs
	if q.out != "" {
		ids = s.byOut[q.out]
	}
	var hits []*order
	for _, id := range slices.Backward(ids) {
		if o := s.orders[id]; o.Buyer == c.app.buyer.memberID && q.fits(o, s.now()) {
			hits = append(hits, o)
		}
	}
	result := []any{}
	for _, o := range hits[min((q.page-1)*q.size, len(hits)):min(q.page*q.size, len(hits))] {
		result = append(result, s.tradeModel(o, c.base, false))
	}
	return obj{"result": result, "totalRecord": len(hits), "errorCode": nil, "errorMessage": nil}, nil
}

type listQuery struct {
	page, size   int
	status, out  string
	his          bool
	ids          []int64
	cFrom, cTo   time.Time
	mFrom, mTo   time.Time
	refundStatus string
}

func parseListQuery(c *call) (q listQuery, ref *refusal) {
	q.page, q.size, q.status, q.out = 1, 20, c.args.Get("orderStatus"), c.args.Get("outOrderId")
	q.his, q.refundStatus = c.args.Get("isHis") == "true", c.args.Get("refundStatus")
	for name, into := range map[string]*int{"page": &q.page, "pageSize": &q.size} {
		if v := c.args.Get(name); v != "" {
			n, err := strconv.Atoi(v)
			if err != nil || n < 1 || n > 1_000_000 {
				return q, refuse("400_1", name+" is not a page number")
			}
			*into = n
		}
	}
	q.size = min(q.size, 50)
	for name, into := range map[string]*time.Time{"createStartTime": &q.cFrom, "createEndTime": &q.cTo, "modifyStartTime": &q.mFrom, "modifyEndTime": &q.mTo} {
		if v := c.args.Get(name); v != "" {
			t, ok := parseStamp(v)
			if !ok {
				return q, refuse("400_1", name+" is not yyyyMMddHHmmssSSSZ")
			}
			*into = t
		}
	}
	if v := c.args.Get("orderIds"); v != "" {
		var ids []num
		if ref := c.decode("orderIds", &ids); ref != nil {
			return q, ref
		}
		q.ids = []int64{}
		for _, id := range ids {
			n, _ := id.int()
			q.ids = append(q.ids, n)
		}
	}
	return q, nil
}

func (q *listQuery) fits(o *order, now time.Time) bool {
	within := func(t, from, to time.Time) bool {
		return (from.IsZero() || !t.Before(from)) && (to.IsZero() || !t.After(to))
	}
	return (q.status == "" || q.status == o.Status) && (q.refundStatus == "" || q.refundStatus == o.RefundStatus || q.refundStatus == o.RefundStatusAS) && (q.ids == nil || slices.Contains(q.ids, o.ID)) &&
		within(o.Created, q.cFrom, q.cTo) && within(o.Modified.Truncate(time.Millisecond), q.mFrom, q.mTo) && q.his == (now.Sub(o.Created) > historyAfter)
}

func (s *Server) cancel(c *call) (any, *refusal) {
	o := s.mine(c, num(c.args.Get("tradeID")))
	if o == nil {
		return nil, refuse("ORDER_NOT_EXIST", "order does not exist")
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
	if err := s.closeOrder(o, "ORDER_BUYER_CLOSE", "CLOSE_TRADE_BY_BUYER", reason, c.args.Get("remark"), waitPay); err != nil {
		return nil, refuse("ORDER_STATUS_ERROR", err.Error())
	}
	return obj{"success": true}, nil
}

// tradeModel is the TRADE object of detail and list; the list comes without logistics.
func (s *Server) tradeModel(o *order, base string, logistics bool) any {
	t := obj{"baseInfo": s.baseInfo(o), "productItems": s.productItems(o, base), "tradeTerms": []obj{tradeTerm(o)}, "extAttributes": []any{}, "orderRateInfo": nil, "fromEncryptOrder": false}
	if logistics {
		t["nativeLogistics"] = s.nativeLogistics(o)
		t["orderBizInfo"] = obj{"creditOrder": false, "dropshipping": false, "shippingInsurance": nil, "class": "com.alibaba.ocean.openplatform.biz.trade.result.OrderBizInfo"}
		t["overseasExtraAddress"] = nil
	}
	return t
}

func (s *Server) baseInfo(o *order) obj {
	sel := s.cat.Load().seller(o.Seller)
	b := obj{
		"id": o.ID, "idOfStr": itoa(o.ID), "status": o.Status, "totalAmount": yuan(o.total()), "sumProductPayment": yuan(o.Goods), "shippingFee": yuan(o.Freight),
		"discount": o.Discount, "refund": yuan(o.Refunded), "refundPayment": o.Refunded, "couponFee": yuan(0), "createTime": stamp(o.Created), "modifyTime": stamp(o.Modified),
		"payTime": stamp(o.Paid), "allDeliveredTime": stamp(o.Delivered), "receivingTime": stamp(o.Received), "confirmedTime": stamp(o.Received),
		"completeTime": stamp(o.Completed), "payTimeout": int(payTimeout.Seconds()), "payTimeoutType": 0, "refundStatus": nullable(o.RefundStatus), "refundStatusForAs": nullable(o.RefundStatusAS),
		"refundId":    nullable(o.RefundID),
		"closeReason": nullable(o.CloseReason), "closeOperateType": nullable(o.CloseType), "closeRemark": nullable(o.CloseRemark), "remark": nil,
		"buyerFeedback": nullable(o.Message), "buyerMemo": nil, "tradeType": "50060", "tradeTypeCode": o.TradeType, "tradeTypeDesc": "交易4.0",
		"payChannelList": []string{}, "payChannelCodeList": []string{}, "buyerID": o.Buyer, "sellerID": o.SellerMember, "sellerLoginId": sel.login,
		"sellerUserId": sel.userID, "businessType": "cb", "outOrderId": nullable(o.OutOrderID), "overSeaOrder": false, "sellerOrder": o.Invitation, "stepPayAll": false,
		"sellerContact": obj{"companyName": sel.company, "shopName": sel.company, "name": nil, "mobile": nil}, "receiverInfo": s.receiver(o), "newStepOrderList": nil,
	}
	if a := s.apps[o.App]; a != nil {
		b["buyerLoginId"], b["buyerUserId"] = a.buyer.login, a.buyer.userID
	}
	if o.PayChannel != "" {
		b["payChannelCodeList"] = []string{o.PayChannel}
		b["payChannelList"] = []string{channelNames[o.PayChannel]}
	}
	return b
}

func (o *order) address() addressParam {
	var a addressParam
	_ = json.Unmarshal(o.Address, &a) // was read when the order was made
	return a
}

func (s *Server) receiver(o *order) obj {
	a := o.address()
	return obj{
		"toFullName": a.FullName, "toMobile": nullable(string(a.Mobile)), "toPhone": nullable(string(a.Phone)), "toPost": nullable(string(a.PostCode)),
		"toDivisionCode": nullable(string(a.District)), "toTownCode": nil,
		"toArea": strings.TrimSpace(strings.Join([]string{string(a.Province), string(a.City), string(a.Area), string(a.Town), string(a.Address)}, " ")),
	}
}

// share spreads an amount over the lines by their value; the last line takes what rounding left.
func (o *order) share(amount int64) []int64 {
	out, rest := make([]int64, len(o.Lines)), amount
	for i := range o.Lines {
		out[i] = amount * o.Lines[i].Amount / max(o.Goods, 1)
		rest -= out[i]
	}
	out[len(out)-1] += rest
	return out
}

func (s *Server) productItems(o *order, base string) []obj {
	var items []obj
	discounts, postages := o.share(o.Discount), o.share(o.Freight)
	for i := range o.Lines {
		l := &o.Lines[i]
		item := obj{
			"subItemID": l.SubID, "subItemIDString": itoa(l.SubID), "productID": l.Offer, "skuID": skuNumber(l.SKU, l.Offer), "specId": nullable(l.Spec), "quantity": l.Quantity,
			"quantityFactor": 1, "price": yuan(l.Unit), "itemAmount": yuan(l.Amount + discounts[i]), "entryDiscount": discounts[i],
			"sharePostage": yuan(postages[i]), "refund": yuan(l.Refunded), "status": o.lineStatus(l), "statusStr": statusText[o.lineStatus(l)],
			"logisticsStatus": l.logisticsStatus(), "refundStatus": lineRefund[l.RefundStatus], "refundId": nil, "refundIdForAs": nil, "cargoNumber": nil, "productCargoNumber": nil,
			"gmtCreate": stamp(o.Created), "gmtModified": stamp(o.Modified), "gmtCompleted": stamp(o.Completed), "gmtPayExpireTime": plainTime(o.Created.Add(payTimeout)),
			"productImgUrl": []string{base + picturePath(l.Offer, 0), base + picturePath(l.Offer, 1)}, "productSnapshotUrl": nil, "skuInfos": []obj{},
		}
		if l.RefundID != "" {
			item[map[bool]string{false: "refundId", true: "refundIdForAs"}[l.AfterSale]] = l.RefundID
		}
		if of, k := s.skuOf(l); k != nil {
			item["name"], item["unit"] = of.title("zh"), words().nouns[of.noun].unit
			item["skuInfos"] = skuInfos(k)
		}
		items = append(items, item)
	}
	return items
}

var statusText = map[string]string{waitPay: "等待买家付款", waitSend: "等待卖家发货", waitReceive: "等待买家收货", confirmed: "已收货", success: "交易成功", cancelled: "交易关闭"}

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

func tradeTerm(o *order) obj {
	status := "1"
	switch {
	case !o.Paid.IsZero():
		status = "2"
	case o.Status == cancelled:
		status = "8"
	}
	return obj{"payStatus": status, "payWay": "1", "phase": o.ID + 1, "phasAmount": yuan(o.total()), "payTime": stamp(o.Paid), "payWayDesc": "支付宝"}
}

func (s *Server) nativeLogistics(o *order) obj {
	a := o.address()
	items := []obj{}
	for i, p := range o.Parcels {
		var subs []string
		for _, it := range p.Items {
			subs = append(subs, itoa(it.SubID))
		}
		items = append(items, obj{
			"id": o.ID/1_000_000*1000 + int64(i+1), "logisticsCode": p.ID, "logisticsBillNo": p.BillNo, "logisticsCompanyNo": carriers[p.Carrier].no,
			"logisticsCompanyName": carriers[p.Carrier].name, "logisticsCompanyId": json.Number(carriers[p.Carrier].id), "status": "alreadysend", "type": "0",
			"deliveredTime": stamp(p.Created), "subItemIds": strings.Join(subs, ","), "noLogisticsCondition": nil,
		})
	}
	return obj{
		"contactPerson": a.FullName, "mobile": nullable(string(a.Mobile)), "telephone": nullable(string(a.Phone)), "zip": nullable(string(a.PostCode)),
		"province": a.Province, "city": a.City, "area": a.Area, "areaCode": nullable(string(a.District)), "town": nullable(string(a.Town)), "townCode": nil,
		"address": a.Address, "logisticsItems": items,
	}
}

func picturePath(offer int64, n int) string { return fmt.Sprintf("/img/%d/%d.png", offer, n) }
