package app_test

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/png"
	"net/http"
	"strconv"
	"testing"

	"entrepot/internal/apptest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// refundSeen is a refund as its member sees it.
type refundSeen struct {
	ID, State, StateText string
	Amount               struct{ Amount int64 }
	Parts                []struct {
		State    string
		Refunded *struct{ Amount int64 }
	}
	Thread []struct{ Actor, Action, Text string }
}

// refunding is a story with its order bought, ready for after-sales.
type refunding struct {
	*apptest.Story
	lines []refundLine
}

type refundLine struct {
	ID       string
	Quantity int64
}

func newRefunding(t *testing.T, sellers, upTo int) *refunding {
	t.Helper()
	y := apptest.Start(t).NewStory(t, sellers)
	y.Play(t, y.Steps()[:upTo]...)
	r := &refunding{Story: y}
	var o struct{ Lines []refundLine }
	y.Shopper.Get(t, http.StatusOK, "/v1/orders/"+y.OrderID).Decode(t, &o)
	r.lines = o.Lines
	return r
}

func (r *refunding) body(more map[string]any) map[string]any {
	lines := []map[string]any{}
	for _, l := range r.lines {
		lines = append(lines, map[string]any{"lineId": l.ID, "quantity": l.Quantity})
	}
	body := map[string]any{"lines": lines, "description": "changed my mind", "reasonId": "20028"}
	for k, v := range more {
		body[k] = v
	}
	return body
}

func (r *refunding) ask(t *testing.T, more map[string]any) (v refundSeen) {
	t.Helper()
	r.Shopper.Post(t, http.StatusCreated, "/v1/orders/"+r.OrderID+"/refunds", r.body(more), apptest.Idem(t.Name()+strconv.Itoa(len(more)))).Decode(t, &v)
	return v
}

func (r *refunding) seen(t *testing.T, id string) (v refundSeen) {
	t.Helper()
	r.Shopper.Get(t, http.StatusOK, "/v1/refunds/"+id).Decode(t, &v)
	return v
}

// until waits for the refund's state, or with a part for that of its first part.
func (r *refunding) until(t *testing.T, id, state, part string) (v refundSeen) {
	t.Helper()
	apptest.Eventually(t, "refund "+state+" "+part, func() (bool, string) {
		v = r.seen(t, id)
		word := ""
		if len(v.Parts) > 0 {
			word = v.Parts[0].State
		}
		return v.State == state && (part == "" || word == part), v.State + " " + word
	})
	return v
}

// The whole way of money back before shipping: reasons, request, the seller agrees, the site owes, the member is paid.
func TestRefundBeforeShipping(t *testing.T) {
	r := newRefunding(t, 2, 4)
	var reasons struct {
		Items []struct {
			ID, Name, Original string
			FreightRefunded    bool
		}
	}
	r.Shopper.Get(t, http.StatusOK, "/v1/orders/"+r.OrderID+"/refund-reasons").Decode(t, &reasons)
	require.NotEmpty(t, reasons.Items)
	assert.Equal(t, "不要になった", reasons.Items[0].Name)

	asked := r.ask(t, map[string]any{"reasonId": "20031"}) // freight comes back
	assert.Equal(t, "running", asked.State)
	assert.Equal(t, r.Total, asked.Amount.Amount, "everything that was paid")
	r.until(t, asked.ID, "running", "waitselleragree")
	require.Equal(t, 2, r.Sandbox.Executed(t, "createRefund"), "one for each seller")
	a := r.Shopper.Post(t, http.StatusConflict, "/v1/orders/"+r.OrderID+"/refunds", r.body(nil), apptest.Idem("second"))
	assert.Equal(t, "REFUND_RUNNING", a.Problem(t).Code)

	require.NoError(t, r.Seller(t, "refund-agree"))
	owed := r.until(t, asked.ID, "owed", "refundsuccess")
	for _, p := range owed.Parts {
		require.NotNil(t, p.Refunded)
		assert.Positive(t, p.Refunded.Amount)
	}
	var o struct {
		Refunds []struct{ State string }
	}
	r.Shopper.Get(t, http.StatusOK, "/v1/orders/"+r.OrderID).Decode(t, &o)
	require.Len(t, o.Refunds, 2)
	assert.Equal(t, "owed", o.Refunds[0].State)

	path := "/admin/v1/refunds/" + asked.ID + "/pay-out"
	first := r.Admin.Post(t, http.StatusOK, path, map[string]any{"reference": "back-1"}, apptest.Idem("pay"))
	again := r.Admin.Post(t, http.StatusOK, path, map[string]any{"reference": "back-1"}, apptest.Idem("pay"))
	assert.Equal(t, first.Body, again.Body)
	a = r.Admin.Post(t, http.StatusConflict, path, map[string]any{"reference": "back-2"}, apptest.Idem("pay-again"))
	assert.Equal(t, "REFUND_NOT_OWED", a.Problem(t).Code)
	done := r.until(t, asked.ID, "paid", "refundsuccess")
	actions := []string{}
	for _, e := range done.Thread {
		actions = append(actions, e.Actor+" "+e.Action)
		assert.NotEmpty(t, e.Text)
	}
	assert.Subset(t, actions, []string{"member requested", "site owed", "staff paid"})
	assert.Greater(t, len(actions), 5, "1688's history is in the thread")
	assert.Equal(t, 1, r.Count(t, "SELECT COUNT(*) FROM audit WHERE action = 'refund.paid'"))
	assert.Equal(t, 0, r.Count(t, "SELECT COUNT(*) FROM member_refunds WHERE state = 'owed'"))
	a = r.Shopper.Post(t, http.StatusUnprocessableEntity, "/v1/orders/"+r.OrderID+"/refunds", r.body(nil), apptest.Idem("third"))
	assert.Equal(t, "REFUND_TOO_MANY", a.Problem(t).Code)
}

// A lost answer makes no second refund: 1688 is asked what it has first.
func TestRefundAnswerLost(t *testing.T) {
	r := newRefunding(t, 1, 4)
	r.Sandbox.Break(t, apptest.Fault{API: "alibaba.trade.createRefund", Kind: "http_504_after", Count: 1})
	asked := r.ask(t, nil)
	r.until(t, asked.ID, "running", "waitselleragree")
	assert.Equal(t, 1, r.Sandbox.Executed(t, "createRefund"))
}

// A refusal leaves the choice: the member withdraws, and may ask again.
func TestRefundRejectedAndWithdrawn(t *testing.T) {
	r := newRefunding(t, 1, 4)
	asked := r.ask(t, nil)
	r.until(t, asked.ID, "running", "waitselleragree")
	require.NoError(t, r.Seller(t, "refund-reject"))
	r.until(t, asked.ID, "running", "waitbuyermodify")
	r.Shopper.Post(t, http.StatusAccepted, "/v1/refunds/"+asked.ID+"/cancel", nil)
	r.until(t, asked.ID, "withdrawn", "refundclose")
	again := r.ask(t, map[string]any{"description": "once more"})
	r.until(t, again.ID, "running", "waitselleragree")
	assert.Equal(t, asked.Amount, again.Amount)

	// The site may be kinder than the seller, and stricter.
	r.Admin.Post(t, http.StatusOK, "/admin/v1/refunds/"+again.ID+"/ask", map[string]any{"text": "why?"})
	r.Shopper.Post(t, http.StatusCreated, "/v1/refunds/"+again.ID+"/messages", map[string]any{"text": "because"})
	r.Admin.Post(t, http.StatusOK, "/admin/v1/refunds/"+again.ID+"/reject", map[string]any{"reason": "too late"})
	r.until(t, again.ID, "rejected", "refundclose")
	a := r.Admin.Post(t, http.StatusConflict, "/admin/v1/refunds/"+again.ID+"/approve", map[string]any{"reason": "kind"})
	assert.Equal(t, "REFUND_NOT_OPEN", a.Problem(t).Code)
}

// After the trade has finished goods go back with evidence, carrier and waybill.
func TestRefundReturnAfterSale(t *testing.T) {
	r := newRefunding(t, 1, 9)
	a := r.Shopper.Post(t, http.StatusUnprocessableEntity, "/v1/orders/"+r.OrderID+"/refunds",
		r.body(map[string]any{"kind": "return", "received": true, "reasonId": "20022"}), apptest.Idem("none"))
	assert.Equal(t, "REFUND_EVIDENCE_NEEDED", a.Problem(t).Code)
	assert.Equal(t, []string{"/evidence"}, a.Problem(t).Pointers())
	asked := r.ask(t, map[string]any{"kind": "return", "received": true, "reasonId": "20022", "evidence": 1})
	assert.Equal(t, "evidence", asked.State)
	assert.Zero(t, r.Sandbox.Executed(t, "createRefund"))
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, image.NewRGBA(image.Rect(0, 0, 1500, 900))))
	r.Shopper.Post(t, http.StatusCreated, "/v1/refunds/"+asked.ID+"/vouchers", map[string]any{"imageBase64": base64.StdEncoding.EncodeToString(b.Bytes())})
	r.until(t, asked.ID, "running", "waitselleragree")
	require.NoError(t, r.Seller(t, "refund-agree-return"))
	r.until(t, asked.ID, "running", "waitbuyersend")
	r.Shopper.Post(t, http.StatusAccepted, "/v1/refunds/"+asked.ID+"/return", map[string]any{"carrier": "ZTO", "trackingNo": "RT12345678"})
	r.until(t, asked.ID, "running", "waitsellerreceive")
	require.NoError(t, r.Seller(t, "refund-receive"))
	r.until(t, asked.ID, "owed", "refundsuccess")
}

// Customer service decides a refused refund for the member; staff ask for it once.
func TestRefundArbitration(t *testing.T) {
	r := newRefunding(t, 1, 4)
	asked := r.ask(t, nil)
	r.until(t, asked.ID, "running", "waitselleragree")
	require.NoError(t, r.Seller(t, "refund-reject"))
	r.until(t, asked.ID, "running", "waitbuyermodify")
	path := "/admin/v1/refunds/" + asked.ID
	r.Admin.Post(t, http.StatusOK, path+"/arbitration", map[string]any{"reason": "the seller is wrong"})
	a := r.Admin.Post(t, http.StatusConflict, path+"/arbitration", map[string]any{"reason": "the seller is wrong"})
	assert.Equal(t, "REFUND_NO_SERVICE", a.Problem(t).Code)
	apptest.Eventually(t, "the complaint", func() (bool, string) {
		var v struct {
			Refund struct {
				Parts []struct{ ServiceState, LastError string }
			}
		}
		r.Admin.Get(t, http.StatusOK, path).Decode(t, &v)
		return v.Refund.Parts[0].ServiceState == "done", v.Refund.Parts[0].ServiceState + v.Refund.Parts[0].LastError
	})
	assert.Equal(t, 1, r.Sandbox.Executed(t, "trade.arbitration.apply"))
	r.Sandbox.Post(t, "/orders/"+r.Purchases[0].AlibabaOrderID+"/actions/arbitration-finish", map[string]any{"reason": "refund"})
	r.until(t, asked.ID, "owed", "refundsuccess")
	assert.Equal(t, 1, r.Count(t, "SELECT COUNT(*) FROM audit WHERE action = 'refund.service'"))
}

// Bad requests are refused with the place that is wrong; somebody else's refund does not exist.
func TestRefundHostileInput(t *testing.T) {
	r := newRefunding(t, 1, 4)
	path := "/v1/orders/" + r.OrderID + "/refunds"
	line := func(id string, quantity any) map[string]any {
		return map[string]any{"lines": []any{map[string]any{"lineId": id, "quantity": quantity}}}
	}
	for name, tt := range map[string]struct {
		more    map[string]any
		pointer string
		status  int
	}{
		"no pieces":         {line(r.lines[0].ID, 0), "/lines/0/quantity", 400},
		"too many":          {line(r.lines[0].ID, 999_999), "/lines/0/quantity", 422},
		"huge":              {line(r.lines[0].ID, 1e18), "/lines/0/quantity", 400},
		"part before sent":  {line(r.lines[0].ID, 1), "/lines/0/quantity", 422},
		"another's line":    {line("4611686018427387904", 1), "/lines/0/lineId", 400},
		"id beyond 63 bits": {line("9999999999999999999", 1), "/lines/0/lineId", 400},
		"no lines":          {map[string]any{"lines": []any{}}, "/lines", 400},
		"same line twice": {map[string]any{"lines": []any{map[string]any{"lineId": r.lines[0].ID, "quantity": 1},
			map[string]any{"lineId": r.lines[0].ID, "quantity": 1}}}, "/lines/1/lineId", 400},
		"short":          {map[string]any{"description": "x"}, "/description", 400},
		"blank":          {map[string]any{"description": "    "}, "/description", 400},
		"unknown reason": {map[string]any{"reasonId": "1"}, "/reasonId", 422},
		"return unsent":  {map[string]any{"kind": "return"}, "/kind", 422},
		"six pictures":   {map[string]any{"evidence": 6}, "/evidence", 400},
		"unknown field":  {map[string]any{"amount": 1}, "/amount", 400},
	} {
		a := r.Shopper.Post(t, tt.status, path, r.body(tt.more), apptest.Idem("k"))
		assert.Equal(t, []string{tt.pointer}, a.Problem(t).Pointers(), name)
	}
	assert.Equal(t, "IDEMPOTENCY_KEY_REQUIRED", r.Shopper.Post(t, http.StatusBadRequest, path, r.body(nil)).Problem(t).Code)
	assert.Zero(t, r.Count(t, "SELECT COUNT(*) FROM refunds"))

	asked := r.ask(t, map[string]any{"evidence": 1})
	stranger := r.Stack.Shopper("demo-japan").SignUp(t)
	stranger.Get(t, http.StatusNotFound, "/v1/refunds/"+asked.ID)
	stranger.Post(t, http.StatusNotFound, "/v1/refunds/"+asked.ID+"/cancel", nil)
	stranger.Post(t, http.StatusNotFound, path, r.body(nil), apptest.Idem("k"))
	a := r.Shopper.Post(t, http.StatusUnsupportedMediaType, "/v1/refunds/"+asked.ID+"/vouchers", map[string]any{"imageBase64": "bm8gcGljdHVyZQ=="})
	assert.Equal(t, []string{"/imageBase64"}, a.Problem(t).Pointers())
	a = r.Shopper.Post(t, http.StatusConflict, "/v1/refunds/"+asked.ID+"/return", map[string]any{"carrier": "ZTO", "trackingNo": "RT12345678"})
	assert.Equal(t, "REFUND_NO_RETURN", a.Problem(t).Code)
	r.Shopper.Post(t, http.StatusAccepted, "/v1/refunds/"+asked.ID+"/cancel", nil)
	assert.Equal(t, "withdrawn", r.seen(t, asked.ID).State)
	assert.Zero(t, r.Sandbox.Executed(t, "createRefund"))
}
