package sandbox

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRefundReasons(t *testing.T) {
	f := start(t, Options{})
	id, subs := f.bought("pay")
	list := func(goods string) []any {
		a := f.call(reasonsAPI, map[string]string{"orderId": id, "orderEntryIds": "[" + strings.Join(subs, ",") + "]", "goodsStatus": goods})
		require.Equal(t, true, at(t, a, "result", "success"), a)
		return at(t, a, "result", "result", "reasons").([]any)
	}
	for _, goods := range []string{goodsUnsent, goodsOnTheWay, goodsReceived, goodsLateMissing, goodsLateDelivered} {
		switch goods {
		case goodsOnTheWay:
			f.act(id, "ship", "")
		case goodsLateMissing:
			f.act(id, "success", "")
		}
		reasons := list(goods)
		assert.Equal(t, map[string]any{"id": json.Number("20028"), "name": "不想买了", "needVoucher": false, "noRefundCarriage": true, "tip": ""}, reasons[0])
		assert.Greater(t, len(reasons), 1)
		for _, r := range reasons {
			name := at(t, r, "name").(string)
			assert.Greater(t, len(name), len([]rune(name)), "Chinese")
		}
	}
	for code, over := range map[string]map[string]string{
		"5001": {"orderId": "1"}, "5003": {"goodsStatus": "sent"}, "5010": {"goodsStatus": goodsUnsent}, "5100": {"orderEntryIds": "{"},
	} {
		p := map[string]string{"orderId": id, "orderEntryIds": "[" + subs[0] + "]", "goodsStatus": goodsLateMissing}
		for k, v := range over {
			p[k] = v
		}
		f.refused(reasonsAPI, p, code)
	}
	f.refused(reasonsAPI, map[string]string{"orderId": id, "orderEntryIds": "[7]", "goodsStatus": goodsLateMissing}, "5010")
}

// stranger is an app with another buyer.
func (f *fixture) stranger(api string, params map[string]string) map[string]any {
	f.t.Helper()
	path := "param2/1/" + api + "/2"
	p := map[string]string{"access_token": "t2"}
	for k, v := range params {
		p[k] = v
	}
	p["_aop_signature"] = sign("s2", path, p)
	return f.post(path, p)
}

func twoApps() []App {
	return []App{{Key: DemoKey, Secret: DemoSecret, Token: DemoToken}, {Key: "2", Secret: "s2", Token: "t2"}}
}

func TestCreateRefundCodes(t *testing.T) {
	f := start(t, Options{Apps: twoApps()})
	id, subs := f.bought("pay")
	other, otherSubs := f.bought("pay", "ship")
	link := f.url + "/" + f.upload(jpegOf(8, 8))
	long := strings.Repeat("长", 151)
	o := f.order(other)
	for i, c := range []struct {
		code, order string
		subs        []string
		goods       string
		over        map[string]string
	}{
		{"5001", id, subs, goodsUnsent, map[string]string{"orderId": "12345"}},
		{"5001", id, subs, goodsUnsent, map[string]string{"orderId": "99999999999999999999"}},
		{"5003", id, subs, "refundBuyerRecieved", nil},
		{"5004", id, subs, goodsUnsent, map[string]string{"applyReasonId": "1"}},
		{"5004", id, subs, goodsUnsent, map[string]string{"applyReasonId": "20022"}},
		{"5005", other, otherSubs, goodsReceived, map[string]string{"applyReasonId": "20022"}},
		{"5005", other, otherSubs, goodsReceived, map[string]string{"vouchers": `["https://example.com/img/voucher/a.jpg"]`}},
		{"5006", other, otherSubs, goodsOnTheWay, map[string]string{"applyCarriage": "1"}},
		{"5010", id, subs, goodsUnsent, map[string]string{"disputeRequest": "returnRefund"}},
		{"5010", id, subs, goodsOnTheWay, nil},
		{"5010", id, subs, goodsLateDelivered, nil},
		{"5010", other, otherSubs, goodsUnsent, nil},
		{"5010", other, otherSubs, goodsOnTheWay, map[string]string{"disputeRequest": "returnRefund"}},
		{"5010", id, subs, goodsUnsent, map[string]string{"orderEntryIds": "[1]"}},
		{"5010", id, subs, goodsUnsent, map[string]string{"orderEntryIds": "[]"}},
		{"5010", id, subs, goodsUnsent, map[string]string{"orderEntryIds": "[null]"}},
		{"5011", id, subs, goodsUnsent, map[string]string{"applyPayment": "1"}},
		{"5011", id, subs, goodsUnsent, map[string]string{"applyPayment": "-1"}},
		{"5011", id, subs, goodsUnsent, map[string]string{"applyPayment": "1.5"}},
		{"5011", other, otherSubs, goodsOnTheWay, map[string]string{"applyPayment": itoa(o.Goods + 1)}},
		{"5011", other, otherSubs, goodsOnTheWay, map[string]string{"applyPayment": "99999999999999999999"}},
		{"5011", other, otherSubs, goodsOnTheWay, map[string]string{"applyPayment": "0"}},
		{"5011", other, otherSubs, goodsOnTheWay, map[string]string{"applyReasonId": "20041", "applyCarriage": itoa(o.Freight + 1)}},
		{"5011", other, otherSubs, goodsOnTheWay, map[string]string{"applyCarriage": "x"}},
		{"5012", id, subs, goodsUnsent, map[string]string{"description": "一"}},
		{"5012", id, subs, goodsUnsent, map[string]string{"description": long}},
		{"5012", id, subs, goodsUnsent, map[string]string{"description": ""}},
		{"5013", other, otherSubs, goodsReceived, map[string]string{"orderEntryCountList": `[{"id":` + otherSubs[0] + `,"count":3}]`}},
		{"5013", other, otherSubs, goodsReceived, map[string]string{"disputeRequest": "returnRefund", "orderEntryCountList": `[{"id":` + otherSubs[0] + `,"count":6}]`}},
		{"5013", other, otherSubs, goodsReceived, map[string]string{"disputeRequest": "returnRefund", "orderEntryCountList": `[{"id":` + otherSubs[0] + `,"count":0}]`}},
		{"5013", other, otherSubs, goodsReceived, map[string]string{"disputeRequest": "returnRefund", "orderEntryCountList": `[{"id":1,"count":1}]`}},
		{"5100", id, subs, goodsUnsent, map[string]string{"disputeRequest": "exchange"}},
		{"5100", id, subs, goodsUnsent, map[string]string{"orderEntryIds": `"x`}},
		{"5100", id, subs, goodsUnsent, map[string]string{"vouchers": `{}`}},
		{"5100", other, otherSubs, goodsReceived, map[string]string{"vouchers": string(marshal(slices.Repeat([]string{link}, 6)))}},
	} {
		p := f.asking(c.order, c.subs, c.goods, c.over)
		if c.over["applyPayment"] == "" && c.over["orderEntryCountList"] == "" {
			p["applyPayment"] = f.asking(c.order, c.subs, goodsUnsent, nil)["applyPayment"]
		}
		t.Run(fmt.Sprint(i, c.code), func(t *testing.T) { f.refused(createRefundAPI, p, c.code) })
	}
	a := f.stranger(createRefundAPI, f.asking(id, subs, goodsUnsent, nil))
	assert.Equal(t, "5002", at(t, a, "result", "code"))

	f.ask(id, subs[:1], goodsUnsent, nil)
	f.refused(createRefundAPI, f.asking(id, subs, goodsUnsent, nil), "5010")
	f.refused(createRefundAPI, f.asking(id, subs[:1], goodsUnsent, nil), "5010")
	f.ask(id, subs[1:], goodsUnsent, nil)
	f.act(id, "refund-agree", "")
	f.refused(createRefundAPI, f.asking(id, subs[1:], goodsUnsent, nil), "5010")
	assert.Len(t, f.srv.refunds, 2)
}

func TestRefundAnswerAndFreight(t *testing.T) {
	f := start(t, Options{})
	id, subs := f.bought("pay")
	o := f.order(id)
	require.Positive(t, o.Freight)
	answer := func(over map[string]string) map[string]any {
		a := f.call(createRefundAPI, f.asking(id, subs, goodsUnsent, over))
		require.Equal(t, true, at(t, a, "result", "success"), a)
		return at(t, a, "result", "result").(map[string]any)
	}
	r := answer(nil)
	assert.Equal(t, json.Number(itoa(o.Freight)), r["innerPostFee"], "the platform gives unspent freight back")
	assert.Equal(t, json.Number("20028"), r["innerReasonId"])
	assert.Equal(t, "不想买了", r["innerReason"])
	assert.Equal(t, "0", r["isVoucher"])
	assert.Equal(t, json.Number("0"), r["refundOfficialSolutionCost"])
	assert.Regexp(t, `^TQ[0-9]{17}$`, r["refundId"])
	f.act(id, "refund-reject", "")

	again := answer(map[string]string{"customRefund": "true", "applyReasonId": "20032", "applyCarriage": "1"})
	assert.Equal(t, r["refundId"], again["refundId"], "asking again changes a rejected request")
	assert.Equal(t, json.Number("1"), again["innerPostFee"], "the buyer's own number")
	assert.Equal(t, "in:BUYER_MODIFY_REFUND_PROTOCOL:buyer:waitselleragree", f.latest(id, 1)[0])
	f.act(id, "refund-agree", "")
	assert.Equal(t, o.Goods+1, f.order(id).Refunded)
	assert.Equal(t, cancelled, f.order(id).Status)
}

func TestFreightIsRefundedOnce(t *testing.T) {
	f := start(t, Options{})
	id, subs := f.bought("pay", "ship")
	post := itoa(f.order(id).Freight)
	f.ask(id, subs[:1], goodsOnTheWay, map[string]string{"applyReasonId": "20041", "applyCarriage": post})
	f.refused(createRefundAPI, f.asking(id, subs[1:], goodsOnTheWay, map[string]string{"applyReasonId": "20041", "applyCarriage": "1"}), "5011")
	f.act(id, "refund-agree", "")
	f.refused(createRefundAPI, f.asking(id, subs[1:], goodsOnTheWay, map[string]string{"applyReasonId": "20041", "applyCarriage": "1"}), "5011")
	f.ask(id, subs[1:], goodsOnTheWay, map[string]string{"applyReasonId": "20041"})
	f.act(id, "refund-agree", "")
	o := f.order(id)
	assert.Equal(t, o.total(), o.Refunded)
}

func TestMaxRefundFee(t *testing.T) {
	f := start(t, Options{})
	id, subs := f.bought("pay", "ship", "confirm")
	o := f.order(id)
	input := func(over obj) map[string]string {
		in := obj{"orderId": json.Number(id), "goodsStatus": goodsReceived, "refundGoodsCountList": []obj{{"id": json.Number(subs[0]), "count": 5}, {"id": subs[1], "count": "7"}}}
		for k, v := range over {
			in[k] = v
		}
		return map[string]string{"input": string(marshal(in))}
	}
	a := f.call(maxRefundAPI, input(nil))
	assert.Equal(t, map[string]any{"result": map[string]any{
		"success": true, "code": "S0000", "message": "success", "retCodes": nil, "subCode": nil, "subMessage": nil,
		"result": map[string]any{
			"maxGoodsFee": json.Number(itoa(o.Goods)), "maxPostFee": json.Number(itoa(o.Freight)), "maxRefundFee": json.Number(itoa(o.total())), "maxSubstituteFetchFee": json.Number("0"),
		},
	}}, a)
	f.refused(maxRefundAPI, input(obj{"orderId": 5}), "5001")
	f.refused(maxRefundAPI, input(obj{"goodsStatus": "x"}), "5003")
	f.refused(maxRefundAPI, input(obj{"goodsStatus": goodsUnsent}), "5010")
	f.refused(maxRefundAPI, input(obj{"refundId": "TQ1"}), "5010")
	f.refused(maxRefundAPI, input(obj{"refundGoodsCountList": []obj{}}), "5013")
	f.refused(maxRefundAPI, input(obj{"refundGoodsCountList": []obj{{"id": subs[0], "count": 6}}}), "5013")
	f.refused(maxRefundAPI, map[string]string{"input": "[]"}, "5100")
	rid := f.ask(id, subs, goodsReceived, map[string]string{"applyReasonId": "20021", "applyCarriage": itoa(o.Freight)})
	assert.Equal(t, json.Number("0"), at(t, f.call(maxRefundAPI, input(nil)), "result", "result", "maxPostFee"), "asked for already")
	assert.Equal(t, json.Number(itoa(o.Freight)), at(t, f.call(maxRefundAPI, input(obj{"refundId": rid})), "result", "result", "maxPostFee"))
}

func TestReturnGoodsCodes(t *testing.T) {
	f := start(t, Options{Apps: twoApps()})
	id, rid := f.arrange(refundCases[2], []string{"refund-agree-return"}, false)
	link := f.url + "/" + f.upload(jpegOf(8, 8))
	good := map[string]string{"refundId": rid, "logisticsCompanyNo": "ZTO", "freightBill": "75681234567890"}
	with := func(over ...string) map[string]string {
		p := map[string]string{}
		for k, v := range good {
			p[k] = v
		}
		for i := 0; i < len(over); i += 2 {
			p[over[i]] = over[i+1]
		}
		return p
	}
	f.refused(returnGoodsAPI, with("freightBill", " "), "4002")
	f.refused(returnGoodsAPI, with("logisticsCompanyNo", ""), "4002")
	f.refused(returnGoodsAPI, with("vouchers", string(marshal(slices.Repeat([]string{link}, 11)))), "4003")
	f.refused(returnGoodsAPI, with("vouchers", `["https://x/a.jpg"]`), "4003")
	f.refused(returnGoodsAPI, with("vouchers", `{`), "4003")
	f.refused(returnGoodsAPI, with("logisticsCompanyNo", "NOBODY"), "4004")
	f.refused(returnGoodsAPI, with("freightBill", "12 34"), "4004")
	f.refused(returnGoodsAPI, with("refundId", "TQ404"), "4005")
	f.refused(returnGoodsAPI, with("refundId", "77"), "4008")
	f.refused(returnGoodsAPI, with("refundId", ""), "4008")
	f.refused(returnGoodsAPI, with("description", "一"), "5002")
	a := f.stranger(returnGoodsAPI, good)
	assert.Equal(t, "4006", at(t, a, "result", "errorCode"))
	assert.Equal(t, refundToSend, f.refundOf(rid).Status)
	a = f.call(returnGoodsAPI, with("vouchers", string(marshal(slices.Repeat([]string{link}, 10)))))
	assert.Equal(t, true, at(t, a, "result", "success"), a)
	f.refused(returnGoodsAPI, good, "4007")
	f.refused(cancelRefundAPI, map[string]string{"refundId": rid}, "4007")
	assert.Equal(t, []string{"in:BUYER_SEND_GOODS:buyer:waitsellerreceive"}, f.latest(id, 1))
}

func TestCancelRefundWithoutToken(t *testing.T) {
	f := start(t, Options{Apps: twoApps()})
	id, rid := f.arrange(refundCases[0], nil, false)
	assert.Equal(t, "4006", at(t, f.stranger(cancelRefundAPI, map[string]string{"refundId": rid}), "result", "errorCode"))
	path := "param2/1/" + cancelRefundAPI + "/" + DemoKey
	p := map[string]string{"refundId": rid}
	p["_aop_signature"] = sign(DemoSecret, path, p)
	a := f.post(path, p)
	assert.Equal(t, true, at(t, a, "result", "success"), a)
	assert.Equal(t, refundEnded, f.refundOf(rid).Status)
	assert.Equal(t, waitSend, f.order(id).Status, "the order goes on")
	f.refused(cancelRefundAPI, map[string]string{"refundId": "TQ9"}, "4005")
	f.refused(cancelRefundAPI, map[string]string{"refundId": "x"}, "4008")
}

func TestArbitration(t *testing.T) {
	f := start(t, Options{})
	in, inRefund := f.arrange(refundCases[1], nil, false)
	after, afterRefund := f.arrange(refundCases[4], nil, false)
	param := func(kind, order, refund string, over obj) map[string]string {
		p := obj{"type": kind, "orderId": json.Number(order), "refundId": refund, "reasonText": "货没收到", "reasonId": 12, "picUrlEvidence": "https://cnd01.1688.com/evidence.png"}
		for k, v := range over {
			p[k] = v
		}
		return map[string]string{"param": string(marshal(p))}
	}
	f.refused(arbitrationAPI, param("Complaint", in, inRefund, nil), "400_1")
	f.refused(arbitrationAPI, param("RefundComplaint", in, "", nil), "400_1")
	f.refused(arbitrationAPI, param("AfterSalesComplaint", in, inRefund, nil), "400_1")
	f.refused(arbitrationAPI, param("RefundComplaint", in, afterRefund, nil), "REFUND_NOT_EXIST")
	f.refused(arbitrationAPI, param("TradeComplaint", "5", "", nil), "ORDER_NOT_EXIST")
	f.refused(arbitrationAPI, param("RefundComplaint", in, inRefund, obj{"reasonText": ""}), "400_1")
	f.refused(arbitrationAPI, param("RefundComplaint", in, inRefund, obj{"reasonId": nil}), "400_1")
	ids := map[any]bool{}
	for _, p := range []map[string]string{
		param("RefundComplaint", in, inRefund, nil), param("AfterSalesComplaint", after, afterRefund, nil), param("TradeComplaint", in, "", nil),
	} {
		a := f.call(arbitrationAPI, p)
		assert.Equal(t, true, at(t, a, "result", "success"), a)
		ids[at(t, a, "result", "result")] = true
	}
	assert.Len(t, ids, 3)
	f.refused(arbitrationAPI, param("RefundComplaint", in, inRefund, nil), "REFUND_STATUS_ERROR")
	assert.Equal(t, []string{"in:BUYER_APPLY_SUPPORT:buyer:waitselleragree"}, f.latest(in, 1))
	assert.Equal(t, []string{"after:BUYER_APPLY_SUPPORT:buyer:waitselleragree"}, f.latest(after, 1))
	f.act(after, "arbitration-timeout", "")
	assert.Equal(t, refundEnded, f.refundOf(afterRefund).Status)
}

func TestRefundAddress(t *testing.T) {
	f := start(t, Options{})
	id, _ := f.bought("pay")
	a := f.call(refundPlaceAPI, map[string]string{"mainOrderId": id})
	assert.Equal(t, true, at(t, a, "result", "success"))
	row := at(t, a, "result", "data", 0).(map[string]any)
	assert.ElementsMatch(t, strings.Fields(`cityText contactPhone districtText mobile offerId phone provinceText receiverName streetAddress streetAddressCode townCode
		townText zipCode`), keysOf(row))
	assert.Equal(t, json.Number(itoa(f.order(id).Lines[0].Offer)), row["offerId"])
	f.refused(refundPlaceAPI, map[string]string{"mainOrderId": "1"}, "101")
}

func keysOf(m map[string]any) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	return out
}

const (
	modelFields = `id refundId orderId orderEntryIdList orderEntryCountMap status disputeType disputeRequest goodsStatus applyPayment applyCarriage applyExpect
		canRefundPayment refundPayment refundCarriage frozenFund prepaidBalance applyReason applyReasonId applySubReason applySubReasonId rejectReason rejectReasonId
		rejectTimes freightBill buyerLogisticsName sellerReceiveAddress sellerRealName sellerMobile sellerTel gmtApply gmtCreate gmtModified gmtCompleted gmtFreezed
		gmtTimeOut timeOutOperateType taskStatus extInfo buyerMemberId buyerUserId buyerLoginId buyerAlipayId sellerMemberId sellerUserId sellerLoginId sellerAlipayId
		productName refundOperationList tradeTypeStr alipayPaymentId asynErrCode asynSubErrCode disburseChannel instantRefundType refundOfficialSolutionCost`
	modelFlags = `onlyRefund refundGoods goodsReceived buyerSendGoods timeOutFreeze crmModifyRefund newRefundReturn supportNewSteppay sellerDelayDisburse
		insufficientAccount insufficientBail aftersaleAgreeTimeout aftersaleAutoDisburse`
	opFields = `id refundId beforeOperateStatus afterOperateStatus operateTypeInt operateRemark discription operatorRoleId operatorId operatorLoginId operatorUserId
		freightBill refundAddress rejectReason vouchers msgType messageStatus logisticsCompany gmtCreate gmtModified email mobile phone closeRefundStepId crmModifyRefund`
)

func TestRefundModel(t *testing.T) {
	f := start(t, Options{})
	id, rid := f.arrange(refundCases[2], []string{"refund-reject-return", "refund-modify", "refund-agree-return", "refund-return", "refund-receive"}, false)
	r, o := f.refundOf(rid), f.order(id)
	a := f.call(refundAPI, map[string]string{"refundId": rid, "needOrderRefundOperation": "true", "needTimeOutInfo": "true"})
	assert.ElementsMatch(t, []string{"result", "success", "errorCode", "errorMessage", "extErrorMessage"}, keysOf(a))
	m := at(t, a, "result", "opOrderRefundModelDetail").(map[string]any)
	assert.ElementsMatch(t, strings.Fields(modelFields+" "+modelFlags), keysOf(m))
	for k, v := range map[string]any{
		"id": json.Number(itoa(r.ID)), "refundId": rid, "orderId": json.Number(id), "status": refundPaid, "disputeType": json.Number("1"), "disputeRequest": json.Number("3"),
		"goodsStatus": json.Number("3"), "applyPayment": json.Number(itoa(o.Goods)), "refundPayment": json.Number(itoa(o.Goods)), "refundCarriage": json.Number("0"),
		"rejectTimes": json.Number("1"), "onlyRefund": false, "refundGoods": true, "buyerSendGoods": true, "goodsReceived": true, "sellerRealName": "售后仓",
		"applyReason": "不想买了", "buyerMemberId": o.Buyer, "sellerMemberId": o.SellerMember, "gmtApply": stamp(r.Created), "gmtCompleted": stamp(r.Completed),
		"freightBill": r.Bill, "buyerLogisticsName": carriers[0].name,
		"orderEntryIdList":   []any{json.Number(itoa(o.Lines[1].SubID)), json.Number(itoa(o.Lines[0].SubID))},
		"orderEntryCountMap": map[string]any{itoa(o.Lines[0].SubID): json.Number("5"), itoa(o.Lines[1].SubID): json.Number("7")},
	} {
		assert.Equal(t, v, m[k], k)
	}
	ops := m["refundOperationList"].([]any)
	require.Len(t, ops, 6, "the latest first")
	assert.ElementsMatch(t, strings.Fields(opFields), keysOf(ops[0].(map[string]any)))
	assert.Equal(t, json.Number("8"), at(t, ops[0], "operateTypeInt"))
	assert.Equal(t, "waitsellerreceive", at(t, ops[0], "afterOperateStatus"), "as the official samples: the status before")
	assert.Equal(t, "ZTO", at(t, ops[1], "logisticsCompany", "companyNo"))
	assert.NotEmpty(t, at(t, ops[2], "refundAddress"))
	assert.NotEmpty(t, at(t, ops[4], "rejectReason"))
	assert.Contains(t, at(t, ops[5], "discription"), "退款诉求：退货退款|申请原因：不想买了|货品情况：已收到货|退款货品金额："+yuanText(o.Goods))
	assert.Nil(t, at(t, ops[5], "beforeOperateStatus"))

	bare := at(t, f.call(refundAPI, map[string]string{"refundId": rid}), "result", "opOrderRefundModelDetail").(map[string]any)
	assert.Empty(t, bare["refundOperationList"])

	batch := f.call(refundBatchAPI, map[string]string{"orderId": id, "queryType": "3"})
	row := at(t, batch, "result", "opOrderRefundModels", 0).(map[string]any)
	var flags []string
	for _, n := range strings.Fields(modelFlags) {
		flags = append(flags, "is"+strings.ToUpper(n[:1])+n[1:])
	}
	assert.ElementsMatch(t, append(strings.Fields(modelFields+" success"), flags...), keysOf(row), "here the booleans have is")
	assert.Empty(t, at(t, f.call(refundBatchAPI, map[string]string{"orderId": id, "queryType": "1"}), "result", "opOrderRefundModels"))

	page := f.call(refundOpsAPI, map[string]string{"refundId": rid, "pageNo": "2", "pageSize": "4"})
	assert.Equal(t, ops[4:], at(t, page, "result", "opOrderRefundOperationModels"))
	assert.Empty(t, at(t, f.call(refundOpsAPI, map[string]string{"refundId": rid, "pageNo": "9", "pageSize": "4"}), "result", "opOrderRefundOperationModels"))
}

func TestRefundQueryRefusals(t *testing.T) {
	f := start(t, Options{Apps: twoApps()})
	id, rid := f.arrange(refundCases[0], nil, false)
	f.refused(refundAPI, map[string]string{"refundId": "11043002311780591"}, "500")
	f.refused(refundBatchAPI, map[string]string{"orderId": "1", "queryType": "1"}, "500")
	f.refused(refundBatchAPI, map[string]string{"orderId": id, "queryType": "2"}, "500")
	f.refused(refundOpsAPI, map[string]string{"refundId": rid, "pageNo": "x", "pageSize": "10"}, "500")
	a := f.stranger(refundAPI, map[string]string{"refundId": rid})
	assert.Equal(t, "500", a["errorCode"])
	var inner struct{ ErrorCode string }
	require.NoError(t, json.Unmarshal([]byte(a["errorMessage"].(string)), &inner), "JSON within the text")
	assert.Equal(t, "003", inner.ErrorCode)
	assert.Equal(t, "退款单错误", a["extErrorMessage"])
}

func TestRefundList(t *testing.T) {
	f := start(t, Options{Apps: twoApps()})
	var ids, refunds []string
	for i, c := range []int{0, 1, 2, 3, 4} {
		if i > 0 {
			f.pass(time.Hour)
		}
		var path []string
		if c == 2 {
			path = []string{"refund-agree-return", "refund-return"}
		}
		id, rid := f.arrange(refundCases[c], path, false)
		ids, refunds = append(ids, id), append(refunds, rid)
	}
	list := func(p map[string]string) []string {
		a := f.call(refundListAPI, p)
		require.Equal(t, true, a["success"], a)
		out := []string{}
		for _, m := range at(t, a, "result", "opOrderRefundModels").([]any) {
			out = append(out, at(t, m, "refundId").(string))
			assert.Empty(t, at(t, m, "refundOperationList"))
		}
		return out
	}
	latest := slices.Clone(refunds)
	slices.Reverse(latest)
	third := f.refundOf(refunds[2])
	seller := f.order(ids[2]).SellerMember
	assert.Equal(t, latest, list(nil))
	assert.Equal(t, latest, list(map[string]string{"dipsuteType": "0"}))
	assert.Equal(t, latest[2:], list(map[string]string{"dipsuteType": "1"}))
	assert.Equal(t, latest[:2], list(map[string]string{"dipsuteType": "2"}))
	assert.Equal(t, refunds[1:2], list(map[string]string{"orderId": ids[1]}))
	assert.Equal(t, refunds[2:3], list(map[string]string{"refundStatusSet": `["waitsellerreceive","refundclose"]`}))
	assert.Equal(t, latest[:2], list(map[string]string{"pageSize": "2"}))
	assert.Equal(t, latest[2:4], list(map[string]string{"pageSize": "2", "currentPageNum": "1"}))
	assert.Equal(t, refunds[2:3], list(map[string]string{"logisticsNo": third.Bill, "sellerMemberId": seller}))
	assert.Empty(t, list(map[string]string{"sellerMemberId": "b2b-nobody"}))
	at2 := stamp(third.Created).(string)
	assert.Equal(t, latest[:3], list(map[string]string{"applyStartTime": at2}))
	assert.Equal(t, latest[2:], list(map[string]string{"applyEndTime": at2}))
	assert.Equal(t, latest[:3], list(map[string]string{"modifyStartTime": at2}))
	assert.Empty(t, list(map[string]string{"modifyEndTime": "20260101000000000+0800"}))
	a := f.call(refundListAPI, map[string]string{"pageSize": "1", "currentPageNum": "3"})
	assert.Equal(t, json.Number("5"), at(t, a, "result", "totalCount"))
	assert.Equal(t, json.Number("3"), at(t, a, "result", "currentPageNum"))
	assert.Equal(t, json.Number("0"), at(t, f.stranger(refundListAPI, nil), "result", "totalCount"))

	a = f.call(refundListAPI, map[string]string{"applyStartTime": "20170926114526000+0800"})
	assert.Equal(t, "APPLY_TIME_ERROR", a["errorCode"])
	assert.Contains(t, a, "errorMsg")
	for k, v := range map[string]string{
		"orderId": "x", "dipsuteType": "3", "refundStatusSet": `["paid"]`, "logisticsNo": "1", "currentPageNum": "-1", "pageSize": "0", "applyEndTime": "2026-01-01",
	} {
		f.refused(refundListAPI, map[string]string{k: v}, "PARAM_ERROR")
	}
	p := f.control("GET", "/refunds?orderId="+ids[2], "", 200)
	assert.Equal(t, refunds[2], at(t, p, "refunds", 0, "refundId"))
	assert.Equal(t, json.Number("1"), f.control("GET", "/refunds?status=waitsellerreceive", "", 200)["total"])
	assert.Equal(t, "BUYER_SEND_GOODS", at(t, f.control("GET", "/refunds/"+refunds[2], "", 200), "operations", 2, "action"))
	f.control("GET", "/refunds/TQ1", "", 404)
}

// The platform's own errors are faults; after one of them a client cannot know what was done.
func TestRefundPlatformErrors(t *testing.T) {
	f := start(t, Options{})
	id, subs := f.bought("pay", "ship")
	fault := func(kind string) {
		f.control("POST", "/faults", `{"kind":"`+kind+`","api":"*","count":1}`, 200)
	}
	fault("refund_error")
	f.refused(createRefundAPI, f.asking(id, subs, goodsReceived, nil), "4000")
	assert.False(t, f.refundRuns(id))
	fault("refund_error_after")
	p := f.asking(id, subs, goodsReceived, map[string]string{"disputeRequest": "returnRefund"})
	f.refused(createRefundAPI, p, "4000")
	assert.True(t, f.refundRuns(id), "done all the same")
	f.refused(createRefundAPI, p, "5010")
	f.act(id, "refund-agree-return", "")
	back := map[string]string{"refundId": f.order(id).RefundID, "logisticsCompanyNo": "ZTO", "freightBill": "75681234567890"}
	for _, c := range [][2]string{{"refund_error", "5001"}, {"refund_no_user", "4001"}, {"refund_error_after", "5003"}} {
		fault(c[0])
		f.refused(returnGoodsAPI, back, c[1])
	}
	f.refused(returnGoodsAPI, back, "4007")
}
