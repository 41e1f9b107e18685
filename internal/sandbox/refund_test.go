package sandbox

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	createRefundAPI = "com.alibaba.trade/alibaba.trade.createRefund"
	reasonsAPI      = "com.alibaba.trade/alibaba.trade.getRefundReasonList"
	returnGoodsAPI  = "com.alibaba.trade/alibaba.trade.refund.returnGoods"
	cancelRefundAPI = "com.alibaba.trade/alibaba.trade.cancelRefund"
	maxRefundAPI    = "com.alibaba.trade/alibaba.trade.getMaxRefundFee"
	refundListAPI   = "com.alibaba.trade/alibaba.trade.refund.buyer.queryOrderRefundList"
	refundAPI       = "com.alibaba.trade/alibaba.trade.refund.OpQueryOrderRefund"
	refundBatchAPI  = "com.alibaba.trade/alibaba.trade.refund.OpQueryBatchRefundByOrderIdAndStatus"
	refundOpsAPI    = "com.alibaba.trade/alibaba.trade.refund.OpQueryOrderRefundOperationList"
	refundPlaceAPI  = "com.alibaba.fenxiao/refund.address.get"
	arbitrationAPI  = "com.alibaba.trade/trade.arbitration.apply"
)

// bought is an order of two lines, moved on by the named actions.
func (f *fixture) bought(actions ...string) (id string, subs []string) {
	f.t.Helper()
	o, k := f.pickOffer(func(o *offer) bool { return plainOffer(o) && len(f.srv.cat.Load().skus(o)) > 1 })
	skus := f.srv.cat.Load().skus(o)
	other := &skus[0]
	if other.id == k.id {
		other = &skus[1]
	}
	f.srv.mu.Lock()
	f.srv.stock[k.id], f.srv.stock[other.id] = 1000, 1000
	f.srv.mu.Unlock()
	a := f.call("com.alibaba.trade/alibaba.trade.createCrossOrder", map[string]string{
		"flow": "general", "addressParam": testAddress, "cargoParamList": "[" + cargo(o, k, 5) + "," + cargo(o, other, 7) + "]",
	})
	id, _ = at(f.t, a, "result", "orderId").(string)
	require.NotEmpty(f.t, id, a)
	f.srv.mu.Lock()
	n, _ := num(id).int()
	f.srv.orders[n].Freight = 801
	f.srv.mu.Unlock()
	for i := range 2 {
		subs = append(subs, at(f.t, f.view(id), "result", "productItems", i, "subItemIDString").(string))
	}
	for _, action := range actions {
		f.act(id, action, "")
	}
	return id, subs
}

// order is a copy of the stored order.
func (f *fixture) order(id string) order {
	f.srv.mu.Lock()
	defer f.srv.mu.Unlock()
	n, _ := num(id).int()
	o := *f.srv.orders[n]
	o.Lines = slices.Clone(o.Lines)
	return o
}

func (f *fixture) refundOf(id string) refund {
	f.srv.mu.Lock()
	defer f.srv.mu.Unlock()
	n, ok := refundNumber(id)
	require.True(f.t, ok, id)
	require.NotNil(f.t, f.srv.refunds[n], id)
	return *f.srv.refunds[n]
}

// asking is a good createRefund for the lines of an order; over replaces parameters, an empty value leaves one out.
func (f *fixture) asking(id string, subs []string, goods string, over map[string]string) map[string]string {
	o := f.order(id)
	var items []refundItem
	for _, sub := range subs {
		n, _ := num(sub).int()
		items = append(items, refundItem{n, o.line(n).piecesLeft()})
	}
	p := map[string]string{
		"orderId": id, "orderEntryIds": "[" + strings.Join(subs, ",") + "]", "disputeRequest": "refund", "applyPayment": itoa(o.mostGoods(items)), "applyCarriage": "0",
		"applyReasonId": "20028", "description": "不想要了", "goodsStatus": goods,
	}
	for k, v := range over {
		p[k] = v
		if v == "" {
			delete(p, k)
		}
	}
	return p
}

func (f *fixture) ask(id string, subs []string, goods string, over map[string]string) string {
	f.t.Helper()
	a := f.call(createRefundAPI, f.asking(id, subs, goods, over))
	rid, _ := at(f.t, a, "result", "result").(map[string]any)["refundId"].(string)
	require.NotEmpty(f.t, rid, a)
	return rid
}

func (f *fixture) refused(api string, params map[string]string, code string) {
	f.t.Helper()
	a := f.call(api, params)
	r, _ := at(f.t, a, "result").(map[string]any)
	if r == nil {
		r = a
	}
	got, ok := r["code"]
	if !ok {
		got = r["errorCode"]
	}
	assert.Equal(f.t, code, got, "%v for %v", a, params)
	assert.Equal(f.t, false, r["success"], a)
}

// news lists refundAction:operator:currentStatus of the refund messages of an order, with the order's own messages as plain topics.
func (f *fixture) news(id string) []string {
	var out []string
	f.srv.mu.Lock()
	defer f.srv.mu.Unlock()
	for _, m := range f.srv.messages {
		if m.Key != id {
			continue
		}
		topic := strings.TrimPrefix(m.Topic, "ORDER_BUYER_VIEW_")
		var d struct{ RefundAction, Operator, CurrentStatus, RefundID string }
		require.NoError(f.t, json.Unmarshal(m.dataOf(), &d))
		switch topic {
		case "ORDER_BUYER_REFUND_IN_SALES":
			out = append(out, "in:"+d.RefundAction+":"+d.Operator+":"+d.CurrentStatus)
		case "ORDER_REFUND_AFTER_SALES":
			out = append(out, "after:"+d.RefundAction+":"+d.Operator+":"+d.CurrentStatus)
		default:
			out = append(out, topic)
		}
	}
	return out
}

func (f *fixture) latest(id string, n int) []string {
	all := f.news(id)
	return all[max(0, len(all)-n):]
}

func (f *fixture) pass(d time.Duration) {
	f.t.Helper()
	f.control("POST", "/clock", fmt.Sprintf(`{"advance":%d}`, int64(d/time.Second)), 200)
}

func TestMoneyBackBeforeShipping(t *testing.T) {
	f := start(t, Options{})
	id, subs := f.bought("pay")
	before := f.order(id)
	rid := f.ask(id, subs, goodsUnsent, nil)
	v := f.view(id)
	assert.Equal(t, "waitselleragree", at(t, v, "result", "baseInfo", "refundStatus"))
	assert.Equal(t, rid, at(t, v, "result", "baseInfo", "refundId"))
	assert.Equal(t, "WAIT_SELLER_AGREE", at(t, v, "result", "productItems", 1, "refundStatus"))
	assert.Equal(t, rid, at(t, v, "result", "productItems", 1, "refundId"))
	f.act(id, "refund-agree", "")
	o := f.order(id)
	assert.Equal(t, cancelled, o.Status)
	assert.Equal(t, before.total(), o.Refunded, "the freight was never spent")
	assert.Equal(t, o.paidFreight(), o.RefundedFreight)
	for i, l := range o.Lines {
		assert.Equal(t, o.paidLines()[i], l.Refunded)
		assert.Equal(t, l.Quantity, l.RefundedQty)
		assert.Equal(t, l.Quantity, l.Dropped)
		assert.Equal(t, int64(1000), f.left(l.SKU), "the stock is back")
	}
	v = f.view(id)
	assert.Equal(t, "REFUND_SUCCESS", at(t, v, "result", "productItems", 0, "refundStatus"))
	assert.Equal(t, "refundsuccess", at(t, v, "result", "baseInfo", "refundStatus"))
	assert.Equal(t, json.Number(marshal(yuan(o.Refunded))), at(t, v, "result", "baseInfo", "refund"))
	assert.Equal(t, []string{
		"BUYER_MAKE", "ORDER_PAY", "in:BUYER_APPLY_REFUND:buyer:waitselleragree", "in:SELLER_AGREE_REFUND:seller:refundsuccess", "ORDER_SELLER_CLOSE",
	}, f.news(id))
}

func (f *fixture) actRefused(id, action, body string) {
	f.t.Helper()
	f.control("POST", "/orders/"+id+"/actions/"+action, body, 409)
}

func (f *fixture) left(sku int64) int64 {
	f.srv.mu.Lock()
	defer f.srv.mu.Unlock()
	return f.srv.stock[sku]
}

func TestOneLineBackTheOtherGoesOn(t *testing.T) {
	f := start(t, Options{})
	id, subs := f.bought("pay")
	f.ask(id, subs[:1], goodsUnsent, nil)
	f.act(id, "refund-agree", "")
	o := f.order(id)
	assert.Equal(t, waitSend, o.Status)
	assert.Equal(t, o.Lines[0].Refunded+o.RefundedFreight, o.Refunded)
	assert.Less(t, o.RefundedFreight, o.paidFreight()+1)
	f.act(id, "ship", "")
	o = f.order(id)
	assert.Equal(t, waitReceive, o.Status)
	assert.Zero(t, o.Lines[0].Shipped, "refunded pieces are not shipped")
	assert.Equal(t, o.Lines[1].Quantity, o.Lines[1].Shipped)

	// the other way round: the rest was sent first
	id, subs = f.bought("pay")
	f.act(id, "part-ship", `{"lines":[{"subItemId":"`+subs[1]+`","quantity":7}]}`)
	f.ask(id, subs[:1], goodsUnsent, nil)
	f.act(id, "refund-agree", "")
	assert.Equal(t, waitReceive, f.order(id).Status)
	assert.Equal(t, []string{"in:SELLER_AGREE_REFUND:seller:refundsuccess", "ANNOUNCE_SENDGOODS"}, f.latest(id, 2))
	f.ask(id, subs[1:], goodsOnTheWay, nil)
	f.act(id, "refund-agree", "")
	assert.Equal(t, cancelled, f.order(id).Status, "nothing is left")
	assert.Equal(t, []string{"in:SELLER_AGREE_REFUND:seller:refundsuccess", "ORDER_SELLER_CLOSE"}, f.latest(id, 2))
}

func TestGoodsGoBack(t *testing.T) {
	f := start(t, Options{})
	id, subs := f.bought("pay", "ship", "sign")
	o := f.order(id)
	stock := f.left(o.Lines[1].SKU)
	rid := f.ask(id, subs[1:], goodsReceived, map[string]string{
		"disputeRequest": "returnRefund", "orderEntryCountList": `[{"id":` + subs[1] + `,"count":"3"}]`, "applyPayment": itoa(o.Lines[1].Amount * 3 / 7), "applyReasonId": "20021",
	})
	f.actRefused(id, "success", "")
	f.refused(returnGoodsAPI, map[string]string{"refundId": rid, "logisticsCompanyNo": "ZTO", "freightBill": "3110044550034338"}, "4007")
	f.act(id, "refund-agree-return", "")
	a := f.call(returnGoodsAPI, map[string]string{"refundId": rid, "logisticsCompanyNo": "ZTO", "freightBill": "3110044550034338", "description": "退货"})
	assert.Equal(t, map[string]any{"result": map[string]any{"success": true, "errorCode": nil, "errorInfo": nil}}, a)
	f.actRefused(id, "confirm", "")
	f.act(id, "refund-receive", "")
	o = f.order(id)
	assert.Equal(t, waitReceive, o.Status, "four pieces are left")
	assert.Equal(t, int64(3), o.Lines[1].Returned)
	assert.Equal(t, stock+3, f.left(o.Lines[1].SKU))
	assert.Equal(t, []string{
		"in:BUYER_APPLY_REFUND:buyer:waitselleragree", "in:SELLER_AGREE_REFUND_PROCOTOL:seller:waitbuyersend", "in:BUYER_SEND_GOODS:buyer:waitsellerreceive",
		"in:SELLER_RECEIVE_GOODS:seller:refundsuccess",
	}, f.latest(id, 4))
	f.act(id, "success", "")
	f.ask(id, subs[1:], goodsLateDelivered, map[string]string{"disputeRequest": "returnRefund"})
	f.act(id, "refund-agree-return", "")
	f.act(id, "refund-return", "")
	f.act(id, "refund-receive", "")
	o = f.order(id)
	assert.Equal(t, success, o.Status, "a finished order stays finished")
	assert.Equal(t, o.paidLines()[1], o.Lines[1].Refunded)
	assert.Equal(t, 4, o.logisticsStatus(&o.Lines[1]))
	assert.Equal(t, "after:SELLER_RECEIVE_GOODS:seller:refundsuccess", f.latest(id, 1)[0])
	v := f.view(id)
	assert.Equal(t, "refundsuccess", at(t, v, "result", "baseInfo", "refundStatusForAs"))
	assert.NotNil(t, at(t, v, "result", "productItems", 1, "refundIdForAs"))
}

func TestTheOrderMovesOnAndTheRefundEnds(t *testing.T) {
	f := start(t, Options{})
	id, subs := f.bought("pay")
	f.ask(id, subs[:1], goodsUnsent, nil)
	f.act(id, "part-ship", `{"lines":[{"subItemId":"`+subs[1]+`","quantity":7}]}`)
	assert.True(t, f.refundRuns(id), "the other line was shipped")
	f.act(id, "ship", "")
	assert.Contains(t, f.news(id), "in:SELLER_SEND_GOODS_CLOSE:seller:refundclose")
	assert.Zero(t, f.order(id).Refunded)
	f.ask(id, subs, goodsOnTheWay, nil)
	f.act(id, "confirm", "")
	assert.Equal(t, []string{"in:BUYER_RECEIVE_CLOSE:buyer:refundclose", "ORDER_COMFIRM_RECEIVEGOODS"}, f.latest(id, 2))
	assert.Equal(t, "REFUND_CLOSED", at(t, f.view(id), "result", "productItems", 0, "refundStatus"))

	id, subs = f.bought("pay")
	f.ask(id, subs[:1], goodsUnsent, nil)
	f.act(id, "close-by-seller", "")
	assert.Equal(t, []string{"in:BUYER_CLOSE_TRADE_CLOSE:system:refundclose", "ORDER_SELLER_CLOSE"}, f.latest(id, 2))
	o := f.order(id)
	assert.Equal(t, o.total(), o.Refunded, "a closed order is paid back")
}

func (f *fixture) refundRuns(id string) bool {
	f.srv.mu.Lock()
	defer f.srv.mu.Unlock()
	n, _ := num(id).int()
	return len(f.srv.runningRefunds(n)) > 0
}

// post sends parameters that are signed already.
func (f *fixture) post(path string, params map[string]string) map[string]any {
	f.t.Helper()
	form := url.Values{}
	for k, v := range params {
		form.Set(k, v)
	}
	res, err := http.PostForm(f.url+"/openapi/"+path, form)
	require.NoError(f.t, err)
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	require.NoError(f.t, err)
	require.Equal(f.t, 200, res.StatusCode, string(body))
	return decode(f.t, body)
}

// staged is an order with a paid deposit.
func (f *fixture) staged() (id string, subs []string) {
	f.t.Helper()
	id, subs = f.bought()
	f.srv.mu.Lock()
	n, _ := num(id).int()
	o := f.srv.orders[n]
	o.TradeType = "37staged"
	o.planSteps(f.srv.now())
	f.srv.mu.Unlock()
	f.act(id, "pay", "")
	return id, subs
}

func TestStagedOrdersEndRefunds(t *testing.T) {
	f := start(t, Options{})
	id, subs := f.staged()
	f.refused(createRefundAPI, f.asking(id, subs[:1], goodsUnsent, nil), "5010")
	f.ask(id, subs, goodsUnsent, nil)
	f.act(id, "pay", "")
	assert.Equal(t, []string{"in:BUYER_STEP_PAY_ORDER_CLOSE:buyer:refundclose", "ORDER_STEP_PAY"}, f.latest(id, 2))
	f.ask(id, subs, goodsUnsent, nil)
	f.act(id, "refund-agree", "")
	o := f.order(id)
	assert.Equal(t, o.total(), o.Refunded)

	id, subs = f.staged()
	f.ask(id, subs, goodsUnsent, nil)
	f.act(id, "refund-agree", "")
	o = f.order(id)
	assert.Equal(t, cancelled, o.Status)
	assert.Equal(t, o.Steps[0].fee(), o.Refunded, "the deposit")

	id, subs = f.staged()
	f.ask(id, subs, goodsUnsent, nil)
	f.act(id, "terminate", "")
	assert.Equal(t, []string{"in:BUYER_CLOSE_TRADE_CLOSE:buyer:refundclose"}, f.latest(id, 1))
}

func TestPartialReceiptEndsItsRefundsOnly(t *testing.T) {
	f := start(t, Options{})
	id, subs := f.bought("pay", "ship")
	first := f.ask(id, subs[:1], goodsOnTheWay, nil)
	second := f.ask(id, subs[1:], goodsOnTheWay, nil)
	n, _ := num(subs[0]).int()
	f.srv.mu.Lock()
	o := f.srv.orders[f.refundOfLocked(first).Order]
	err := f.srv.confirmLines(o, []int64{n})
	f.srv.mu.Unlock()
	require.NoError(t, err)
	assert.Equal(t, refundEnded, f.refundOf(first).Status)
	assert.Equal(t, refundAsked, f.refundOf(second).Status)
}

func (f *fixture) refundOfLocked(id string) *refund {
	n, _ := refundNumber(id)
	return f.srv.refunds[n]
}
