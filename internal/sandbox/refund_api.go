package sandbox

import (
	"regexp"
	"slices"
	"strings"
)

func refundAPIs() []api {
	apply := []string{"orderId", "orderEntryIds", "disputeRequest", "applyPayment", "applyCarriage", "applyReasonId", "goodsStatus"}
	query := envRefundQuery("errorMessage", true)
	list := []api{
		{
			ns: nsTrade, name: "alibaba.trade.getRefundReasonList", required: []string{"orderId", "orderEntryIds", "goodsStatus"}, lock: true, envelope: envA(false),
			handle: (*Server).refundReasonList,
		},
		{ns: nsTrade, name: "alibaba.trade.createRefund", required: apply, lock: true, envelope: envA(false), handle: (*Server).createRefund},
		{ns: nsTrade, name: "alibaba.trade.uploadRefundVoucher", envelope: envA(false), handle: (*Server).uploadRefundVoucher},
		{ns: nsTrade, name: "alibaba.trade.refund.returnGoods", lock: true, envelope: envRefundDone(), handle: (*Server).returnGoods},
		{ns: nsTrade, name: "alibaba.trade.cancelRefund", open: true, lock: true, envelope: envRefundDone(), handle: (*Server).cancelRefund},
		{ns: nsTrade, name: "alibaba.trade.getMaxRefundFee", required: []string{"input"}, lock: true, envelope: envMaxRefund(), handle: (*Server).maxRefundFee},
		{ns: nsTrade, name: "alibaba.trade.refund.buyer.queryOrderRefundList", lock: true, envelope: envRefundQuery("errorMsg", false), handle: (*Server).refundList},
		{ns: nsTrade, name: "alibaba.trade.refund.OpQueryOrderRefund", required: []string{"refundId"}, lock: true, envelope: query, handle: (*Server).refundDetail},
		{
			ns: nsTrade, name: "alibaba.trade.refund.OpQueryBatchRefundByOrderIdAndStatus", required: []string{"orderId", "queryType"}, lock: true, envelope: query,
			handle: (*Server).refundsOfOrder,
		},
		{
			ns: nsTrade, name: "alibaba.trade.refund.OpQueryOrderRefundOperationList", required: []string{"refundId", "pageNo", "pageSize"}, lock: true, envelope: query,
			handle: (*Server).refundOperations,
		},
		{ns: nsFenxiao, name: "refund.address.get", required: []string{"mainOrderId"}, lock: true, envelope: envRefundAddress(), handle: (*Server).refundAddress},
		{ns: nsTrade, name: "trade.arbitration.apply", required: []string{"param"}, lock: true, envelope: envA(false), handle: (*Server).arbitrationApply},
	}
	for i := range list {
		list[i].handle = faultyRefund(list[i].name, list[i].handle)
	}
	return list
}

// faultyRefund acts out the faults of the refund APIs: the platform's own errors, which no input causes.
func faultyRefund(name string, handle func(*Server, *call) (any, *refusal)) func(*Server, *call) (any, *refusal) {
	before, after, gone := "4000", "4000", "4000"
	if strings.HasSuffix(name, "returnGoods") || strings.HasSuffix(name, "cancelRefund") {
		before, after, gone = "5001", "5003", "4001"
	}
	return func(s *Server, c *call) (any, *refusal) {
		switch c.behave {
		case "refund_error":
			return nil, refuse(before, "服务端内部错误")
		case "refund_no_user":
			return nil, refuse(gone, "需要用户授权")
		}
		payload, ref := handle(s, c)
		if ref == nil && c.behave == "refund_error_after" {
			return nil, refuse(after, "服务端内部错误")
		}
		return payload, ref
	}
}

// envRefundDone is family D: {"result":{"success","errorCode","errorInfo"}}.
func envRefundDone() envelope {
	return envelope{
		good: func(any) any { return obj{"result": obj{"success": true, "errorCode": nil, "errorInfo": nil}} },
		bad: func(r *refusal) any {
			return obj{"result": obj{"success": false, "errorCode": r.code, "errorInfo": r.message}}
		},
	}
}

func envRefundAddress() envelope {
	return envelope{
		good: func(p any) any {
			return obj{"result": obj{"success": true, "errorCode": nil, "errorInfo": nil, "data": p}}
		},
		bad: func(r *refusal) any {
			return obj{"result": obj{"success": false, "errorCode": r.code, "errorInfo": r.message, "data": nil}}
		},
	}
}

func envMaxRefund() envelope {
	wrap := func(ok bool, code, message, payload any) any {
		return obj{"result": obj{"success": ok, "code": code, "message": message, "retCodes": nil, "subCode": nil, "subMessage": nil, "result": payload}}
	}
	return envelope{
		good: func(p any) any { return wrap(true, "S0000", "success", p) },
		bad:  func(r *refusal) any { return wrap(false, r.code, r.message, nil) },
	}
}

// envRefundQuery is family B of the refund queries; one of them spells errorMsg, the others have extErrorMessage.
func envRefundQuery(message string, ext bool) envelope {
	wrap := func(ok bool, payload, code, words any) any {
		o := obj{"success": ok, "result": payload, "errorCode": code, message: words}
		if ext {
			o["extErrorMessage"] = nil
		}
		return o
	}
	return envelope{
		good: func(p any) any { return wrap(true, p, nil, nil) },
		bad: func(r *refusal) any {
			o := wrap(false, nil, r.code, r.message)
			if ext {
				o.(obj)["extErrorMessage"] = r.payload
			}
			return o
		},
	}
}

func (s *Server) refundReasonList(c *call) (any, *refusal) {
	o, ref := s.refundOrder(c, c.args.Get("orderId"))
	if ref != nil {
		return nil, ref
	}
	status := c.args.Get("goodsStatus")
	if !slices.Contains(goodsStatuses, status) {
		return nil, refuse(codeGoodsStatus, "goodsStatus is wrong")
	}
	items, ref := o.refundLines(c)
	if ref == nil {
		ref = o.checkGoods(items, status)
	}
	if ref != nil {
		return nil, ref
	}
	list := []obj{}
	for _, r := range reasonsFor(status) {
		list = append(list, obj{"id": r.id, "name": r.name, "needVoucher": r.voucher, "noRefundCarriage": r.noPost, "tip": r.tip})
	}
	return obj{"reasons": list}, nil
}

func (s *Server) createRefund(c *call) (any, *refusal) {
	q, ref := s.readRefund(c)
	if ref != nil {
		return nil, ref
	}
	r := s.openRefund(q)
	c.note = append(c.note, r.id())
	isVoucher := "0"
	if len(r.Vouchers) > 0 {
		isVoucher = "1"
	}
	return obj{
		"refundId": r.id(), "innerReasonId": r.Reason, "innerReason": q.reason.name, "innerPostFee": r.Carriage, "isVoucher": isVoucher,
		"refundOfficialSolutionCost": 0,
	}, nil
}

// buyerRefund finds a refund for a change by the buyer. The codes are those of returnGoods; cancelRefund's are not published.
func (s *Server) buyerRefund(c *call) (*refund, *refusal) {
	n, ok := refundNumber(c.args.Get("refundId"))
	r := s.refunds[n]
	switch {
	case !ok:
		return nil, refuse("4008", "退款单编号信息有误，请核实后重新提交")
	case r == nil:
		return nil, refuse("4005", "退款单信息不存在")
	case r.Buyer != c.app.buyer.memberID:
		return nil, refuse("4006", "无权限操作当前退款单")
	}
	return r, nil
}

var (
	waybillForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{5,31}$`)
	pictureForm = regexp.MustCompile(`(?i)\.(jpg|gif|jpeg|png|bmp)$`)
)

// maxReturnVouchers is how many pictures a return may carry.
const maxReturnVouchers = 10

func (s *Server) returnGoods(c *call) (any, *refusal) {
	carrier, bill := strings.TrimSpace(c.args.Get("logisticsCompanyNo")), strings.TrimSpace(c.args.Get("freightBill"))
	r, ref := s.buyerRefund(c)
	if ref != nil {
		return nil, ref
	}
	if carrier == "" || bill == "" {
		return nil, refuse("4002", "物流公司编号和运单号必填")
	}
	var vouchers []string
	if refundJSON(c, "vouchers", &vouchers) != nil || len(vouchers) > maxReturnVouchers {
		return nil, refuse("4003", "上传凭证附件过多")
	}
	for _, v := range vouchers {
		if s.voucherAt(v) == nil || !pictureForm.MatchString(v) {
			return nil, refuse("4003", "凭证地址校验不通过")
		}
	}
	if _, ok := carrierByNo(carrier); !ok || !waybillForm.MatchString(bill) {
		return nil, refuse("4004", "物流公司编号和运单号校验不通过")
	}
	text := c.args.Get("description")
	if n := len([]rune(text)); text != "" && (n < 2 || n > 200) {
		return nil, refuse("5002", "发货说明长度须为2-200")
	}
	if err := s.moveRefund(r, "BUYER_SEND_GOODS", refundNote{text: text, vouchers: vouchers, carrier: carrier, bill: bill}); err != nil {
		return nil, refuse("4007", "当前退款单状态不支持退货")
	}
	c.note = append(c.note, r.id())
	return true, nil
}

// cancelRefund needs no token: the app's own buyer is meant.
func (s *Server) cancelRefund(c *call) (any, *refusal) {
	r, ref := s.buyerRefund(c)
	if ref != nil {
		return nil, ref
	}
	if err := s.moveRefund(r, "BUYER_CANCEL_REFUND_CLOSE", refundNote{}); err != nil {
		return nil, refuse("4007", "当前退款单状态不支持撤销")
	}
	c.note = append(c.note, r.id())
	return true, nil
}

func (s *Server) maxRefundFee(c *call) (any, *refusal) {
	var in struct {
		Order  num               `json:"orderId"`
		Goods  text              `json:"goodsStatus"`
		Counts []orderEntryCount `json:"refundGoodsCountList"`
		Refund text              `json:"refundId"`
	}
	if ref := refundJSON(c, "input", &in); ref != nil {
		return nil, ref
	}
	o, ref := s.refundOrder(c, string(in.Order))
	if ref != nil {
		return nil, ref
	}
	if !slices.Contains(goodsStatuses, string(in.Goods)) {
		return nil, refuse(codeGoodsStatus, "goodsStatus is wrong")
	}
	var running *refund
	if in.Refund != "" {
		n, _ := refundNumber(string(in.Refund))
		if running = s.refunds[n]; running == nil || running.Order != o.ID || running.final() {
			return nil, refuse(codeState, "refundId is not a running refund of this order")
		}
	}
	var items []refundItem
	for _, e := range in.Counts {
		id, _ := e.ID.int()
		n, ok := e.Count.int()
		l := o.line(id)
		switch {
		case l == nil:
			return nil, refuse(codeState, "sub-order "+string(e.ID)+" is not on this order")
		case !ok || n < 1 || n > l.piecesLeft() || slices.ContainsFunc(items, func(it refundItem) bool { return it.Sub == id }):
			return nil, refuse(codeCount, "refundGoodsCountList does not fit")
		}
		items = append(items, refundItem{id, n})
	}
	if len(items) == 0 {
		return nil, refuse(codeCount, "refundGoodsCountList is empty")
	}
	if ref := o.checkGoods(items, string(in.Goods)); ref != nil {
		return nil, ref
	}
	goods, post := o.mostGoods(items), s.freightLeft(o, running)
	return obj{"maxGoodsFee": goods, "maxPostFee": post, "maxRefundFee": goods + post, "maxSubstituteFetchFee": 0}, nil
}

// refundAddress answers where each product of the order goes back to.
func (s *Server) refundAddress(c *call) (any, *refusal) {
	o := s.mine(c, num(strings.TrimSpace(c.args.Get("mainOrderId"))))
	if o == nil {
		return nil, refuse("101", "订单不存在")
	}
	a := s.returnAddress(o)
	list, seen := []obj{}, map[int64]bool{}
	for _, l := range o.Lines {
		if seen[l.Offer] {
			continue
		}
		seen[l.Offer] = true
		list = append(list, obj{
			"offerId": l.Offer, "receiverName": a.name, "mobile": a.mobile, "phone": nil, "contactPhone": a.mobile, "provinceText": a.province, "cityText": a.city,
			"districtText": nil, "townText": nil, "townCode": nil, "streetAddress": a.street, "streetAddressCode": nil, "zipCode": a.zip,
		})
	}
	return list, nil
}
