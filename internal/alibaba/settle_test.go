package alibaba

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCancelOrder(t *testing.T) {
	c, g := setup(t)
	g.answers(t, &apiCancelOrder, 200, string(golden(t, "cancel")))
	require.NoError(t, c.CancelOrder(t.Context(), 202711458975969812, CancelOther, ""))
	form := g.last(t)
	assert.Equal(t, []string{"1688", "202711458975969812", "other"}, []string{form.Get("webSite"), form.Get("tradeID"), form.Get("cancelReason")})
	assert.False(t, form.Has("remark"))
}

func TestCancelOrder_refused(t *testing.T) {
	is := map[string]func(error) bool{"CLOSE_ORDER_TOO_FAST": IsTooYoung, "ORDER_STATUS_ERROR": IsWrongStatus, "ORDER_NOT_EXIST": IsNoOrder}
	for code := range is {
		c, g := setup(t)
		g.answers(t, &apiCancelOrder, 200, `{"success":false,"errorCode":"`+code+`","errorMessage":"no"}`)
		err := c.CancelOrder(t.Context(), 1, CancelByBuyer, "x")
		assert.Equal(t, Rejected, ClassOf(err))
		assert.Equal(t, code, RefusalCode(err))
		for other, f := range is {
			assert.Equal(t, other == code, f(err), "%s is %s", code, other)
		}
		assert.Equal(t, 1, g.count())
	}
	assert.False(t, IsTooYoung(nil))
	assert.Empty(t, RefusalCode(&Error{Class: Unknown, Code: "ORDER_STATUS_ERROR"}), "an unknown outcome is no refusal")
}

func TestConfirmReceipt(t *testing.T) {
	c, g := setup(t)
	g.answers(t, &apiConfirmReceipt, 200, `{"result":{"success":true,"errorCode":null,"errorInfo":null}}`)
	require.NoError(t, c.ConfirmReceipt(t.Context(), 7, []ID{1158218860983545942, 8}))
	assert.Equal(t, "[1158218860983545942,8]", g.last(t).Get("orderEntryIds"))
	assert.Equal(t, "7", g.last(t).Get("orderId"))
	for _, ids := range [][]ID{nil, {1, 0}} {
		assert.Equal(t, Rejected, ClassOf(c.ConfirmReceipt(t.Context(), 7, ids)))
	}
	assert.Equal(t, 1, g.count(), "what cannot be meant is not sent")
}

func TestNotes(t *testing.T) {
	c, g := setup(t)
	g.answers(t, &apiMemoAdd, 200, `{"success":true,"errorCode":null,"errorMsg":null}`)
	g.answers(t, &apiAddFeedback, 200, `{"result":{"success":false,"errorCode":"400_1","errorInfo":"too long"},"success":true,"code":null}`)
	require.NoError(t, c.AddMemo(t.Context(), 7, "a & b", MemoBlue))
	form := g.last(t)
	assert.Equal(t, []string{"7", "a & b", "2"}, []string{form.Get("orderId"), form.Get("memo"), form.Get("remarkIcon")})
	err := c.AddFeedback(t.Context(), 1158218860983545941, "<hello>")
	assert.Equal(t, `{"orderId":"1158218860983545941","feedback":"<hello>"}`, g.last(t).Get("tradeFeedbackParam"))
	assert.Equal(t, "400_1", RefusalCode(err), "the inner verdict counts")
}

// newWrites are the calls whose outcome may be unknown, with what each must not be given up as.
func newWrites(c *Client) map[*endpoint]func(context.Context) error {
	return map[*endpoint]func(context.Context) error{
		&apiCancelOrder:    func(ctx context.Context) error { return c.CancelOrder(ctx, 1, CancelOther, "") },
		&apiConfirmReceipt: func(ctx context.Context) error { return c.ConfirmReceipt(ctx, 1, []ID{2}) },
		&apiMemoAdd:        func(ctx context.Context) error { return c.AddMemo(ctx, 1, "m", MemoRed) },
		&apiAddFeedback:    func(ctx context.Context) error { return c.AddFeedback(ctx, 1, "f") },
		&apiCreateRefund: func(ctx context.Context) error {
			_, err := c.CreateRefund(ctx, refundRequest())
			return err
		},
		&apiUrgeDelivery: func(ctx context.Context) error { return c.UrgeDelivery(ctx, 1) },
		&apiReturnGoods: func(ctx context.Context) error {
			return c.ReturnGoods(ctx, ReturnShipment{RefundID: "TQ1", CompanyNo: "ZTO", FreightBill: "1"})
		},
		&apiCancelRefund: func(ctx context.Context) error { return c.CancelRefund(ctx, "TQ1") },
		&apiApplyForRuling: func(ctx context.Context) error {
			_, err := c.Complain(ctx, Complaint{Kind: ComplaintTrade, OrderID: 1, Reason: "r", ReasonID: 1})
			return err
		},
	}
}

// A write that got no readable answer may have happened: it is Unknown and the client does not try it again.
func TestWrites_unknown(t *testing.T) {
	answers := map[string]http.HandlerFunc{
		"reset":     func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"500":       func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) },
		"empty":     func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, "{}") },
		"no object": func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, "[]") },
		"late":      func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	}
	for name, h := range answers {
		c, g := setup(t, func(o *Options) {
			if name == "late" {
				o.Timeout = 300 * time.Millisecond
			}
		})
		calls := 0
		for api, call := range newWrites(c) {
			require.True(t, api.write, api.name)
			g.on(t, api, h)
			calls++
			err := call(t.Context())
			assert.Equal(t, Unknown, ClassOf(err), "%s %s: %v", api.name, name, err)
			assert.Equal(t, calls, g.count(), "%s %s was repeated", api.name, name)
		}
	}
}
