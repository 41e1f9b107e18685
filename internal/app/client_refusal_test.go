package app_test

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"net/http"
	"strings"
	"testing"
	"time"

	"entrepot/internal/alibaba"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// trade is our client before a simulated 1688 of its own, with orders in the states that a test names.
type trade struct {
	*contractTarget
	c *alibaba.Client
}

func newTrade(t *testing.T) *trade {
	_, base := contractSandbox(t)
	g := contractAgainst(t, base)
	c, err := alibaba.New(alibaba.Options{BaseURL: g.url, AppKey: g.key, AppSecret: g.secret, AccessToken: g.token, Timeout: 20 * time.Second})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return &trade{g, c}
}

func (k *trade) text(name string) string {
	k.t.Helper()
	v, err := k.value(name)
	require.NoError(k.t, err)
	return v
}

// order gives the id that a name of contract_order_test.go stands for: "paid memo", "paid memo.entry".
func (k *trade) order(name string) alibaba.ID {
	k.t.Helper()
	id, err := alibaba.ParseID(k.text(name))
	require.NoError(k.t, err)
	return id
}

func (k *trade) fault(api, kind string) {
	k.sandbox(http.MethodPost, "/faults", map[string]any{"api": api, "kind": kind, "count": 1})
}

func (k *trade) refused(err error, code, what string) {
	k.t.Helper()
	assert.Equal(k.t, alibaba.Rejected, alibaba.ClassOf(err), "%s: %v", what, err)
	assert.Equal(k.t, code, alibaba.RefusalCode(err), "%s: %v", what, err)
}

const noOrder = alibaba.ID(1158218860983545941)

func TestClientSettles(t *testing.T) {
	k, ctx := newTrade(t), t.Context()
	unpaid, paid := k.order("unpaid a"), k.order("paid a")
	entry := []alibaba.ID{k.order("paid a.entry")}
	k.refused(k.c.CancelOrder(ctx, paid, alibaba.CancelByBuyer, ""), "ORDER_STATUS_ERROR", "cancel a paid order")
	k.refused(k.c.CancelOrder(ctx, noOrder, alibaba.CancelByBuyer, ""), "ORDER_NOT_EXIST", "cancel nothing")
	k.refused(k.c.ConfirmReceipt(ctx, paid, entry), "ORDER_STATUS_ERROR", "confirm what was not sent")
	k.refused(k.c.ConfirmReceipt(ctx, paid, []alibaba.ID{noOrder}), "400_1", "confirm a strange line")
	k.refused(k.c.AddMemo(ctx, paid, "m", "9"), "400_1", "no such colour")
	k.refused(k.c.AddFeedback(ctx, paid, strings.Repeat("字", 501)), "400_1", "a long note")
	k.refused(k.c.UrgeDelivery(ctx, unpaid), "ORDER_STATUS_ERROR", "urge for an unpaid order")
	require.NoError(t, k.c.UrgeDelivery(ctx, paid))
	k.refused(k.c.UrgeDelivery(ctx, paid), "URGE_LIMIT", "urge twice")

	require.NoError(t, k.c.AddFeedback(ctx, paid, "please & thanks"))
	o, err := k.c.BuyerOrder(ctx, paid)
	require.NoError(t, err)
	assert.EqualValues(t, "please & thanks", o.Base.BuyerFeedback)

	created, err := k.c.CreateCrossOrder(ctx, k.request())
	require.NoError(t, err)
	err = k.c.CancelOrder(ctx, created.Orders[0].OrderID, alibaba.CancelOther, "")
	assert.True(t, alibaba.IsTooYoung(err), "%v", err)
}

func (k *trade) request() alibaba.OrderRequest {
	var cargo alibaba.Cargo
	cargo.OfferID, cargo.SpecID, cargo.Quantity = k.order("offer"), k.text("spec"), int64(k.order("quantity"))
	return alibaba.OrderRequest{OutOrderID: "young", Cargo: []alibaba.Cargo{cargo}, Address: alibaba.Address{
		FullName: "张三", Mobile: "13800000000", ProvinceText: "浙江省", CityText: "杭州市", AreaText: "滨江区", Address: "网商路699号",
	}}
}

// What became of a write whose answer was lost is only seen by looking.
func TestClientLostAnswers(t *testing.T) {
	k, ctx := newTrade(t), t.Context()
	unpaid := k.order("unpaid a")
	k.fault("alibaba.trade.cancel", "reset_after")
	err := k.c.CancelOrder(ctx, unpaid, alibaba.CancelOther, "changed")
	assert.Equal(t, alibaba.Unknown, alibaba.ClassOf(err), "%v", err)
	o, err := k.c.BuyerOrder(ctx, unpaid)
	require.NoError(t, err)
	assert.Equal(t, []alibaba.Text{alibaba.TradeCancel, "other", "CLOSE_TRADE_BY_BUYER"}, []alibaba.Text{o.Base.Status, o.Base.CloseReason, o.Base.CloseOperateType})

	for i, kind := range []string{"refund_error_after", "http_504_after", "garbage", "truncated"} {
		name := "paid " + kind
		k.fault("alibaba.trade.createRefund", kind)
		_, err = k.c.CreateRefund(ctx, k.refundOf(name))
		assert.Equal(t, alibaba.Unknown, alibaba.ClassOf(err), "%s: %v", kind, err)
		page, err := k.c.Refunds(ctx, alibaba.RefundQuery{OrderID: k.order(name)})
		require.NoError(t, err)
		require.Len(t, page.Refunds, 1, "%d %s", i, kind)
	}
	k.fault("alibaba.trade.createRefund", "refund_error")
	_, err = k.c.CreateRefund(ctx, k.refundOf("paid none"))
	assert.Equal(t, alibaba.Unknown, alibaba.ClassOf(err), "%v", err)
	page, err := k.c.Refunds(ctx, alibaba.RefundQuery{OrderID: k.order("paid none")})
	require.NoError(t, err)
	assert.Empty(t, page.Refunds)
}

func (k *trade) refundOf(name string) alibaba.RefundRequest {
	k.t.Helper()
	return alibaba.RefundRequest{
		OrderID: k.order(name), SubItemIDs: []alibaba.ID{k.order(name + ".entry")}, Request: alibaba.RefundMoneyOnly, PaymentFen: int64(k.order(name + ".amount")),
		ReasonID: 20028, Description: "not wanted", GoodsStatus: alibaba.GoodsUnsent,
	}
}

func TestClientPayLinks(t *testing.T) {
	k, ctx := newTrade(t), t.Context()
	unpaid, paid := k.order("unpaid a"), k.order("paid a")
	links := map[string]func(context.Context, []alibaba.ID) (*alibaba.PayLink, error){
		"alipay": k.c.AlipayURL, "cross": k.c.CrossBorderPayURL, "credit": k.c.CreditPayURL,
	}
	for name, get := range links {
		link, err := get(ctx, []alibaba.ID{unpaid, paid})
		require.NoError(t, err, name)
		assert.Equal(t, []alibaba.ID{paid}, link.Left, name)
		assert.Contains(t, string(link.URL), unpaid.String(), name)
		link, err = get(ctx, []alibaba.ID{paid})
		k.refused(err, "ORDER_STATUS_ERROR", name)
		assert.Equal(t, &alibaba.PayLink{Left: []alibaba.ID{paid}}, link, name)
	}
	link, err := k.c.GroupPayURL(ctx, []alibaba.ID{unpaid, paid}, alibaba.CashierPC)
	k.refused(err, "ORDER_STATUS_ERROR", "group")
	assert.Nil(t, link)
	k.fault("alibaba.alipay.url.get", "stock_out")
	_, err = k.c.AlipayURL(ctx, []alibaba.ID{unpaid})
	k.refused(err, "500_1", "no stock")
	assert.ErrorContains(t, err, "PRODUCT_TRADE_STAT_ERROR")
}

func TestClientPayTerms(t *testing.T) {
	k, ctx := newTrade(t), t.Context()
	unpaid, paid := k.order("unpaid a"), k.order("paid a")
	_, err := k.c.PayWays(ctx, noOrder)
	k.refused(err, "500_2", "ways of nothing")
	_, err = k.c.PayWays(ctx, paid)
	assert.True(t, alibaba.IsWrongStatus(err), "%v", err)
	_, err = k.c.PayAnalysis(ctx, []alibaba.ID{unpaid}, "cash")
	k.refused(err, "400_1", "no such channel")
	a, err := k.c.PayAnalysis(ctx, []alibaba.ID{unpaid, paid}, alibaba.ChannelAlipay)
	require.NoError(t, err)
	assert.False(t, bool(a.CanPay))
	assert.True(t, bool(a.Orders[0].CanPay))
	assert.NotEmpty(t, a.Orders[1].Reason)
	page, err := k.c.AccountPeriods(ctx, 1, "nobody")
	require.NoError(t, err)
	assert.Empty(t, page.Periods)
	k.fault("alibaba.trade.pay.protocolPay.isopen", "http_503")
	list, err := k.c.PayProtocols(ctx)
	require.NoError(t, err, "a read is made again")
	assert.Len(t, list, 2)
}

func TestClientAround(t *testing.T) {
	k, ctx := newTrade(t), t.Context()
	list, err := k.c.SavedAddresses(ctx)
	require.NoError(t, err)
	require.NotEmpty(t, list)
	r := k.request()
	r.Address = alibaba.Address{AddressID: list[0].ID}
	_, err = k.c.PreviewOrder(ctx, r)
	require.NoError(t, err, "a saved address is an address")
	_, err = k.c.ParseAddress(ctx, "nowhere 5")
	k.refused(err, "500_1", "no address")
	_, err = k.c.MixConfig(ctx, "b2b-nobody", "")
	k.refused(err, "400_1", "no seller")
	offline, err := k.c.Carriers(ctx, true)
	require.NoError(t, err)
	assert.NotEmpty(t, offline)
	_, err = k.c.OutOrders(ctx, "00000000", "")
	k.refused(err, "", "no parcel")
	_, err = k.c.Waybills(ctx, "nothing of ours")
	k.refused(err, "", "no order")
}

func TestClientRefundRefusals(t *testing.T) {
	k, ctx := newTrade(t), t.Context()
	paid, entry := k.order("paid a"), []alibaba.ID{k.order("paid a.entry")}
	_, err := k.c.RefundReasons(ctx, noOrder, entry, alibaba.GoodsUnsent)
	k.refused(err, alibaba.RefundNoOrder, "reasons of nothing")
	_, err = k.c.RefundReasons(ctx, paid, entry, "lost")
	k.refused(err, alibaba.RefundGoodsStatus, "no such status")
	_, err = k.c.RefundReasons(ctx, paid, entry, alibaba.GoodsReceived)
	k.refused(err, alibaba.RefundWrongState, "not received")
	_, err = k.c.MaxRefund(ctx, paid, alibaba.GoodsUnsent, []alibaba.RefundCount{{SubItemID: entry[0], Count: 10_000}}, "")
	k.refused(err, alibaba.RefundWrongCount, "too many pieces")
	for code, change := range map[string]func(*alibaba.RefundRequest){
		alibaba.RefundReasonWrong: func(r *alibaba.RefundRequest) { r.ReasonID = 1 },
		alibaba.RefundWrongAmount: func(r *alibaba.RefundRequest) { r.PaymentFen++ },
		alibaba.RefundDescription: func(r *alibaba.RefundRequest) { r.Description = "x" },
		alibaba.RefundWrongState:  func(r *alibaba.RefundRequest) { r.Request = alibaba.RefundAndReturn },
	} {
		r := k.refundOf("paid a")
		change(&r)
		_, err := k.c.CreateRefund(ctx, r)
		k.refused(err, code, code)
	}
	made, err := k.c.CreateRefund(ctx, k.refundOf("paid a"))
	require.NoError(t, err)
	_, err = k.c.CreateRefund(ctx, k.refundOf("paid a"))
	k.refused(err, alibaba.RefundWrongState, "asked twice")
	require.NoError(t, k.c.CancelRefund(ctx, string(made.RefundID)))
	k.refused(k.c.CancelRefund(ctx, string(made.RefundID)), alibaba.ReturnWrongState, "withdrawn twice")
	r, err := k.c.Refund(ctx, string(made.RefundID), false)
	require.NoError(t, err)
	assert.EqualValues(t, alibaba.RefundClosed, r.Status)
}

func TestClientReturns(t *testing.T) {
	k, ctx := newTrade(t), t.Context()
	address, err := k.c.UploadRefundVoucher(ctx, k.picture())
	require.NoError(t, err)
	_, err = k.c.UploadRefundVoucher(ctx, []byte("\xff\xd8 no picture"))
	k.refused(err, "4000", "no picture")
	back := alibaba.ReturnShipment{RefundID: k.text("returning a"), CompanyNo: "ZTO", FreightBill: "73100012345678", Description: "as agreed", Vouchers: []string{address}}
	for code, change := range map[string]func(*alibaba.ReturnShipment){
		alibaba.ReturnNoWaybill:   func(r *alibaba.ReturnShipment) { r.FreightBill = "" },
		alibaba.ReturnBadVouchers: func(r *alibaba.ReturnShipment) { r.Vouchers = []string{"https://elsewhere.example/a.jpg"} },
		alibaba.ReturnBadWaybill:  func(r *alibaba.ReturnShipment) { r.CompanyNo = "NONE" },
		alibaba.ReturnNoRefund:    func(r *alibaba.ReturnShipment) { r.RefundID = "TQ1" },
		alibaba.ReturnBadRefundID: func(r *alibaba.ReturnShipment) { r.RefundID = "x" },
		alibaba.ReturnWrongState:  func(r *alibaba.ReturnShipment) { r.RefundID = k.text("refund a") },
	} {
		bad := back
		change(&bad)
		k.refused(k.c.ReturnGoods(ctx, bad), code, code)
	}
	for kind, want := range map[string]alibaba.Class{"refund_no_user": alibaba.Auth, "refund_error": alibaba.Unknown} {
		k.fault("alibaba.trade.refund.returnGoods", kind)
		assert.Equal(t, want, alibaba.ClassOf(k.c.ReturnGoods(ctx, back)), kind)
	}
	require.NoError(t, k.c.ReturnGoods(ctx, back))
	r, err := k.c.Refund(ctx, back.RefundID, true)
	require.NoError(t, err)
	assert.EqualValues(t, alibaba.RefundWaitSellerReceive, r.Status)
	assert.EqualValues(t, back.FreightBill, r.FreightBill)
	assert.EqualValues(t, alibaba.RefundGoodsReturned, r.GoodsStatus)
	assert.Equal(t, []alibaba.Text{alibaba.Text(address)}, r.Operations[0].Vouchers)
}

func (k *trade) picture() []byte {
	var b bytes.Buffer
	require.NoError(k.t, jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 8, 8)), nil))
	return b.Bytes()
}

func TestClientRefundQueries(t *testing.T) {
	k, ctx := newTrade(t), t.Context()
	paid := k.order("paid a")
	_, err := k.c.Refund(ctx, "TQ1", false)
	k.refused(err, "500", "no refund")
	_, err = k.c.RefundHistory(ctx, "TQ1", 1, 10)
	k.refused(err, "500", "history of nothing")
	_, err = k.c.RefundsOfOrder(ctx, paid, "2")
	k.refused(err, "500", "no such list")
	list, err := k.c.RefundsOfOrder(ctx, paid, alibaba.RefundsActive)
	require.NoError(t, err)
	assert.Empty(t, list)
	_, err = k.c.Refunds(ctx, alibaba.RefundQuery{ApplyStart: time.Now().AddDate(-3, 0, 0)})
	k.refused(err, "APPLY_TIME_ERROR", "too long ago")
	_, err = k.c.ReturnAddresses(ctx, noOrder)
	k.refused(err, "101", "no order")
	_, err = k.c.Complain(ctx, alibaba.Complaint{Kind: alibaba.ComplaintTrade, OrderID: k.order("unpaid a"), Reason: "r", ReasonID: 1})
	assert.True(t, alibaba.IsWrongStatus(err), "%v", err)
	_, err = k.c.Complain(ctx, alibaba.Complaint{Kind: alibaba.ComplaintRefund, OrderID: paid, Reason: "r", ReasonID: 1})
	k.refused(err, "400_1", "a complaint about no refund")
}
