package alibaba

import (
	"context"
	"errors"
)

var (
	apiCancelOrder    = endpoint{namespace: "com.alibaba.trade", name: "alibaba.trade.cancel", write: true}
	apiConfirmReceipt = endpoint{namespace: "com.alibaba.trade", name: "trade.receivegoods.confirm", write: true}
	apiMemoAdd        = endpoint{namespace: "com.alibaba.trade", name: "alibaba.order.memoAdd", write: true}
	apiAddFeedback    = endpoint{namespace: "com.alibaba.trade", name: "alibaba.trade.addFeedback", write: true}
)

// Reasons for CancelOrder.
const (
	CancelByBuyer     = "buyerCancel"
	CancelLackOfGoods = "sellerGoodsLack"
	CancelOther       = "other"
)

// Colours of the flag beside a memo.
const (
	MemoRed    = "1"
	MemoBlue   = "2"
	MemoGreen  = "3"
	MemoYellow = "4"
)

// CancelOrder closes an order that was not paid; remark may be empty. Refusals: IsTooYoung in its first ten seconds (ask
// again then), IsWrongStatus when it is not waiting for payment (read it: it may be closed already), IsNoOrder, and code
// 400_3 when the account is not its buyer. After Unknown read the order before another try.
// 1688 API: com.alibaba.trade:alibaba.trade.cancel-1.
func (c *Client) CancelOrder(ctx context.Context, orderID ID, reason, remark string) error {
	var f fields
	f.text("webSite", webSite)
	f.text("tradeID", orderID.String())
	f.text("cancelReason", reason)
	f.text("remark", remark)
	_, err := c.call(ctx, &apiCancelOrder, f.list, openAck)
	return err
}

// ConfirmReceipt confirms the goods of some sub-orders, which ends the trade for them and pays the seller. No refusal has a
// documented code. After Unknown read the order before another try.
// 1688 API: com.alibaba.trade:trade.receivegoods.confirm-1.
func (c *Client) ConfirmReceipt(ctx context.Context, orderID ID, subItemIDs []ID) error {
	var f fields
	f.text("orderId", orderID.String())
	f.ids("orderEntryIds", subItemIDs, 0)
	return c.done(ctx, &apiConfirmReceipt, &f)
}

// AddMemo puts a private memo beside an order, in place of the one that was there; repeating it is harmless.
// 1688 API: com.alibaba.trade:alibaba.order.memoAdd-1.
func (c *Client) AddMemo(ctx context.Context, orderID ID, memo, colour string) error {
	_, err := c.call(ctx, &apiMemoAdd, []param{{"orderId", orderID.String()}, {"memo", memo}, {"remarkIcon", colour}}, openAck)
	return err
}

// AddFeedback adds a note that the seller sees. All notes of an order together, the message of its creation included, hold
// 500 characters. After Unknown read the order's BuyerFeedback: a second try would add a second note.
// 1688 API: com.alibaba.trade:alibaba.trade.addFeedback-1.
func (c *Client) AddFeedback(ctx context.Context, orderID ID, note string) error {
	_, err := c.callJSON(ctx, &apiAddFeedback, "tradeFeedbackParam", struct {
		OrderID  string `json:"orderId"`
		Feedback string `json:"feedback"`
	}{orderID.String(), note}, openAck)
	return err
}

// done makes a call that answers with nothing but success.
func (c *Client) done(ctx context.Context, api *endpoint, f *fields) error {
	if f.err != nil {
		return api.refuse(f.err)
	}
	_, err := c.call(ctx, api, f.list, openAck)
	return err
}

// refuse is a request that cannot be made; nothing was sent.
func (api *endpoint) refuse(err error) *Error {
	return &Error{API: api.name, Class: Rejected, Err: err}
}

var (
	errNoIDs   = errors.New("no id, or an empty one")
	errManyIDs = errors.New("more ids than one call may have")
)

// ids adds a list of ids, at least one and at most most (0: any number).
func (f *fields) ids(key string, ids []ID, most int) {
	for _, id := range ids {
		if id == 0 {
			f.err = errNoIDs
			return
		}
	}
	switch {
	case len(ids) == 0:
		f.err = errNoIDs
	case most > 0 && len(ids) > most:
		f.err = errManyIDs
	default:
		f.json(key, ids)
	}
}
