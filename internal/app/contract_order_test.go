package app_test

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/stretchr/testify/require"
)

const contractAddress = `{"fullName":"张三","mobile":"13800000000","provinceText":"浙江省","cityText":"杭州市","areaText":"滨江区","address":"网商路699号"}`

// contractWays leads a new order of a simulated 1688 to the state a placeholder names: "paid memo" is a paid order of its own.
var contractWays = map[string][]string{
	"unpaid": nil, "paid": {"pay"}, "shipped": {"pay", "ship"}, "signed": {"pay", "ship", "sign"}, "closed": {"close-by-seller"},
	"refund": {"pay"}, "returning": {"pay", "ship", "sign"}, "rejected": {"pay", "ship"},
}

// findOrder makes known an order "state word" with its fields .entry .out .parcel .amount, and for refunds the refund with .order.
func (g *contractTarget) findOrder(subject string) error {
	state, _, _ := strings.Cut(subject, " ")
	if g.control == "" {
		return g.findRealOrder(subject, state)
	}
	way, ok := contractWays[state]
	require.True(g.t, ok, "a fixture asks for an order %q", subject)
	offer, err := g.value("offer")
	if err != nil {
		return err
	}
	out := "contract " + subject
	cargo := fmt.Sprintf(`[{"offerId":%s,"specId":%q,"quantity":%s}]`, offer, g.known["spec"], g.known["quantity"])
	_, made, err := g.raw("com.alibaba.trade/alibaba.trade.createCrossOrder", map[string]string{
		"flow": "general", "outOrderId": out, "addressParam": contractAddress, "cargoParamList": cargo,
	}, false)
	if err != nil {
		return err
	}
	id := contractText(made, "result.orderId")
	if id == "" {
		return fmt.Errorf("making an order: %v", contractShort(made))
	}
	for _, action := range way {
		g.sandbox(http.MethodPost, "/orders/"+id+"/actions/"+action, nil)
	}
	g.sandbox(http.MethodPost, "/clock", map[string]any{"advance": 60}) // a buyer may not cancel in the first seconds
	o := g.sandbox(http.MethodGet, "/orders/"+id, nil)
	g.known[subject], g.known[subject+".out"] = id, out
	g.known[subject+".entry"], g.known[subject+".amount"] = contractText(o, "lines.0.subItemId"), contractText(o, "lines.0.amountFen")
	g.known[subject+".parcel"] = contractText(o, "parcels.0.logisticsId")
	if state == "refund" || state == "returning" || state == "rejected" {
		return g.askRefund(subject, state, id)
	}
	return nil
}

// askRefund turns the order into a refund that waits for the seller, for the goods, or was refused.
func (g *contractTarget) askRefund(subject, state, id string) error {
	args := map[string]string{
		"orderId": id, "orderEntryIds": "[" + g.known[subject+".entry"] + "]", "disputeRequest": "refund", "applyPayment": g.known[subject+".amount"], "applyCarriage": "0",
		"applyReasonId": "20028", "description": "contract", "goodsStatus": "refundWaitSellerSend",
	}
	switch state {
	case "returning":
		args["disputeRequest"], args["goodsStatus"] = "returnRefund", "refundBuyerReceived"
	case "rejected":
		args["goodsStatus"] = "refundWaitBuyerReceive"
	}
	_, made, err := g.raw("com.alibaba.trade/alibaba.trade.createRefund", args, false)
	if err != nil {
		return err
	}
	refund := contractText(made, "result.result.refundId")
	if refund == "" {
		return fmt.Errorf("asking for a refund: %v", contractShort(made))
	}
	switch state {
	case "returning":
		g.sandbox(http.MethodPost, "/orders/"+id+"/actions/refund-agree-return", nil)
	case "rejected":
		g.sandbox(http.MethodPost, "/orders/"+id+"/actions/refund-reject", nil)
	}
	g.known[subject], g.known[subject+".order"] = refund, id
	return nil
}

// findRealOrder takes what a real account has; nothing is made there.
func (g *contractTarget) findRealOrder(subject, state string) error {
	status, ok := map[string]string{"unpaid": "waitbuyerpay", "paid": "waitsellersend", "shipped": "waitbuyerreceive", "signed": "waitbuyerreceive", "closed": "cancel"}[state]
	if !ok {
		_, v, err := g.raw("com.alibaba.trade/alibaba.trade.refund.buyer.queryOrderRefundList", map[string]string{"currentPageNum": "1", "pageSize": "20"}, false)
		g.known[subject] = contractText(v, "result.opOrderRefundModels.0.refundId")
		g.known[subject+".order"] = contractText(v, "result.opOrderRefundModels.0.orderId")
		return err
	}
	_, v, err := g.raw("com.alibaba.trade/alibaba.trade.getBuyerOrderList", map[string]string{"page": "1", "pageSize": "20", "orderStatus": status}, false)
	if err != nil {
		return err
	}
	id := contractText(v, "result.0.baseInfo.idOfStr")
	if id == "" {
		return fmt.Errorf("%w: no order in %s", errNoData, status)
	}
	g.known[subject], g.known[subject+".out"] = id, contractText(v, "result.0.baseInfo.outOrderId")
	g.known[subject+".entry"] = contractText(v, "result.0.productItems.0.subItemIDString")
	_, parcels, err := g.raw("com.alibaba.logistics/alibaba.trade.getLogisticsInfos.buyerView", map[string]string{"orderId": id, "webSite": "1688"}, false)
	g.known[subject+".parcel"] = contractText(parcels, "result.0.logisticsId")
	return err
}
