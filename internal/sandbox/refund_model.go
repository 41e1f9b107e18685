package sandbox

import (
	"slices"
	"strings"
)

// opRefund is the platform's OpOrderRefundModel. Some of its answers put "is" before the names of the booleans: flag writes them.
func (s *Server) opRefund(r *refund, ops bool, flag string) obj {
	o := s.orders[r.Order]
	sel, buyer := s.cat.Load().seller(o.Seller), s.buyerOf(o)
	due, action := s.refundDue(r)
	m := obj{
		"id": r.ID, "refundId": r.id(), "orderId": r.Order, "orderEntryIdList": r.lineIDs(), "orderEntryCountMap": r.counts(), "status": r.Status,
		"disputeType": r.disputeType(), "disputeRequest": r.disputeRequest(), "goodsStatus": r.goodsNumber(), "applyPayment": r.Payment, "applyCarriage": r.Carriage,
		"applyExpect": r.Entered, "canRefundPayment": s.canRefund(o, r), "refundPayment": r.Paid, "refundCarriage": r.PaidPost, "frozenFund": -1,
		"prepaidBalance": nil, "applyReason": reasonName(r.Reason), "applyReasonId": r.Reason, "applySubReason": nil, "applySubReasonId": -1,
		"rejectReason": nullable(r.Reject), "rejectReasonId": 0, "rejectTimes": r.Rejects, "freightBill": nullable(r.Bill),
		"buyerLogisticsName": nil, "sellerReceiveAddress": nil, "sellerRealName": nil, "sellerMobile": nil, "sellerTel": nil,
		"gmtApply": stamp(r.Created), "gmtCreate": stamp(r.Created), "gmtModified": stamp(r.Modified), "gmtCompleted": stamp(r.Completed),
		"gmtFreezed": stamp(r.Frozen), "gmtTimeOut": nil, "timeOutOperateType": nil, "taskStatus": nullable(r.Support),
		"extInfo": r.extInfo(o), "buyerMemberId": r.Buyer, "buyerUserId": buyer.userID, "buyerLoginId": buyer.login, "buyerAlipayId": nil,
		"sellerMemberId": o.SellerMember, "sellerUserId": sel.userID, "sellerLoginId": sel.login, "sellerAlipayId": nil, "productName": s.productNames(o, r),
		"refundOperationList": []obj{}, "tradeTypeStr": "50060", "alipayPaymentId": nil, "asynErrCode": nil, "asynSubErrCode": nil, "disburseChannel": nil,
		"instantRefundType": nil, "refundOfficialSolutionCost": 0,
	}
	for name, v := range map[string]bool{
		"onlyRefund": !r.Return, "refundGoods": r.Return, "goodsReceived": r.goodsNumber() > 1, "buyerSendGoods": r.Bill != "", "timeOutFreeze": r.inService(),
		"crmModifyRefund": r.ByService, "newRefundReturn": r.Return, "supportNewSteppay": true, "sellerDelayDisburse": false, "insufficientAccount": false,
		"insufficientBail": false, "aftersaleAgreeTimeout": false, "aftersaleAutoDisburse": false,
	} {
		m[flagName(flag, name)] = v
	}
	if !due.IsZero() && !r.inService() {
		m["gmtTimeOut"], m["timeOutOperateType"] = stamp(due), action
	}
	if i, ok := carrierByNo(r.Carrier); ok {
		m["buyerLogisticsName"] = carriers[i].name
	}
	if r.agreedReturn() {
		a := s.returnAddress(o)
		m["sellerReceiveAddress"], m["sellerRealName"], m["sellerMobile"] = a.text(), a.name, a.mobile
	}
	if ops {
		m["refundOperationList"] = s.opModels(r)
	}
	return m
}

func flagName(prefix, name string) string {
	if prefix == "" {
		return name
	}
	return prefix + strings.ToUpper(name[:1]) + name[1:]
}

func (s *Server) buyerOf(o *order) buyer {
	if a := s.apps[o.App]; a != nil {
		return a.buyer
	}
	return buyer{}
}

// lineIDs lists the sub-orders, the latest first, as the platform does.
func (r *refund) lineIDs() []int64 {
	var out []int64
	for _, it := range slices.Backward(r.Items) {
		out = append(out, it.Sub)
	}
	return out
}

func (r *refund) counts() map[string]int64 {
	out := map[string]int64{}
	for _, it := range r.Items {
		out[itoa(it.Sub)] = it.Count
	}
	return out
}

func (r *refund) disputeType() int {
	if r.AfterSale {
		return 2
	}
	return 1
}

// disputeRequest is 3 for a return (as the official samples have it); 1 for money only is our guess.
func (r *refund) disputeRequest() int {
	if r.Return {
		return 3
	}
	return 1
}

// goodsNumber is 1 not received, 2 received, 3 sent back.
func (r *refund) goodsNumber() int {
	switch {
	case r.Bill != "":
		return 3
	case r.GoodsStatus == goodsReceived || r.GoodsStatus == goodsLateDelivered:
		return 2
	}
	return 1
}

// agreedReturn tells whether the seller has said where the goods shall go.
func (r *refund) agreedReturn() bool {
	return slices.ContainsFunc(r.Ops, func(op refundOp) bool { return op.After == refundToSend })
}

// canRefund is the most that could be given back for the goods of the refund.
func (s *Server) canRefund(o *order, r *refund) int64 {
	if r.final() {
		return r.Payment
	}
	return o.mostGoods(r.Items)
}

func (r *refund) extInfo(o *order) obj {
	role := "user"
	if len(r.Ops) > 0 && r.Ops[len(r.Ops)-1].Operator == "system" {
		role = "timeout"
	}
	flow := "cbu_refund"
	if r.Return {
		flow = "cbu_return_and_refund"
	}
	return obj{
		"payMode": "alipay", "reason": itoa(r.Reason), "opRole": role, "bizCode": "cbu.general.refund", "workflowName": flow, "newRefund": "rp2",
		"apply_init_refund_fee": itoa(r.Entered), "b2b_buyer_mId": o.Buyer, "b2b_seller_mId": o.SellerMember,
	}
}

func (s *Server) productNames(o *order, r *refund) string {
	name := ""
	if l := o.line(r.Items[0].Sub); l != nil {
		if of, _ := s.skuOf(l); of != nil {
			name = of.title("zh")
		}
	}
	if len(r.Items) > 1 {
		name += "等" + itoa(int64(len(r.Items))) + "种"
	}
	return name
}

// opModels is the operation log, the latest first.
func (s *Server) opModels(r *refund) []obj {
	o, out := s.orders[r.Order], []obj{}
	for i := len(r.Ops) - 1; i >= 0; i-- {
		out = append(out, s.opModel(o, r, i))
	}
	return out
}

// opModel is OpOrderRefundOperationModel. As in the official samples both statuses are the one before the operation.
func (s *Server) opModel(o *order, r *refund, i int) obj {
	op := r.Ops[i]
	m := obj{
		"id": r.ID%1_000_000_000*1000 + int64(i+1), "refundId": r.id(), "beforeOperateStatus": nullable(op.Before), "afterOperateStatus": nullable(op.Before),
		"operateTypeInt": 1, "operateRemark": "买家申请退款协议，等待卖家确认", "discription": r.opText(op), "operatorRoleId": 0, "operatorId": nil, "operatorLoginId": nil,
		"operatorUserId": nil, "freightBill": nil, "refundAddress": nil, "rejectReason": nil, "vouchers": append([]string{}, op.Vouchers...), "msgType": 7, "messageStatus": 1,
		"logisticsCompany": nil, "gmtCreate": stamp(op.At), "gmtModified": stamp(op.At), "email": nil, "mobile": nil, "phone": nil, "closeRefundStepId": 0,
		"crmModifyRefund": r.ByService,
	}
	for j := range refundMoves {
		if mv := &refundMoves[j]; mv.action == op.Action {
			m["operateTypeInt"], m["operateRemark"] = mv.number, mv.remark
		}
	}
	switch op.Operator {
	case "buyer":
		b := s.buyerOf(o)
		m["operatorRoleId"], m["operatorId"], m["operatorLoginId"], m["operatorUserId"] = 1, o.Buyer, nullable(b.login), b.userID
	case "seller":
		sel := s.cat.Load().seller(o.Seller)
		m["operatorRoleId"], m["operatorId"], m["operatorLoginId"], m["operatorUserId"] = 2, o.SellerMember, sel.login, sel.userID
	}
	switch {
	case op.Action == "BUYER_SEND_GOODS":
		m["freightBill"] = r.Bill
		if c, ok := carrierByNo(r.Carrier); ok {
			m["logisticsCompany"] = obj{
				"id": carriers[c].id, "companyNo": carriers[c].no, "companyName": carriers[c].name, "companyPhone": nil, "spelling": nil, "supportPrint": false,
				"gmtCreate": nil, "gmtModified": nil,
			}
		}
	case op.After == refundToSend && op.Before == refundAsked:
		m["refundAddress"] = s.returnAddress(o).text()
	case op.After == refundRejected:
		m["rejectReason"] = or(op.Text, "卖家拒绝")
	}
	if strings.HasPrefix(op.Action, "CRM_") {
		m["msgType"] = 3
	}
	return m
}

// opText is the log's Chinese sentence, put together the way the platform does.
func (r *refund) opText(op refundOp) string {
	switch op.Action {
	case applyRefund, "BUYER_MODIFY_REFUND_PROTOCOL":
		wish, goods := "仅退款", "未收到货"
		if r.Return {
			wish = "退货退款"
		}
		if r.GoodsStatus == goodsReceived || r.GoodsStatus == goodsLateDelivered {
			goods = "已收到货"
		}
		return "退款诉求：" + wish + "|申请原因：" + reasonName(r.Reason) + "|货品情况：" + goods + "|退款货品金额：" + yuanText(r.Payment) +
			"|退款运费金额：" + yuanText(r.Carriage) + "|退款说明：" + op.Text
	case "BUYER_SEND_GOODS", "SYSTEM_SEND_GOODS":
		return "买家声明退货，等待卖家确认。|物流公司：" + r.Carrier + "|物流单号：" + r.Bill + "|说明：" + op.Text
	case "SELLER_AGREE_REFUND":
		return "卖家同意仅退款协议，仅退款成功"
	case "SELLER_RECEIVE_GOODS":
		return "卖家同意退货退款协议，退货退款成功"
	}
	return op.Text
}

// placeBack is where the goods of a seller go back to. Name and number are made up and the same for every seller.
type placeBack struct{ name, mobile, province, city, street, zip string }

func (s *Server) returnAddress(o *order) placeBack {
	sel := s.cat.Load().seller(o.Seller)
	return placeBack{"售后仓", "13800000000", sel.province, sel.city, "测试路" + itoa(int64(o.Seller%200+1)) + "号", "000000"}
}

func (a placeBack) text() string { return a.province + " " + a.city + " " + a.street }
