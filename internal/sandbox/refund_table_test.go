package sandbox

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// refundCase is a kind of refund that the table treats differently.
type refundCase struct {
	name    string
	to      []string // moves of the order before the request
	returns bool
	after   bool
	unsent  bool
}

var refundCases = []refundCase{
	{"unsent money", []string{"pay"}, false, false, true},
	{"sent money", []string{"pay", "ship"}, false, false, false},
	{"in-sale return", []string{"pay", "ship", "confirm"}, true, false, false},
	{"after-sale money", []string{"pay", "ship", "success"}, false, true, false},
	{"after-sale return", []string{"pay", "ship", "success"}, true, true, false},
}

// pathTo says how a refund of the case gets into a state by control actions; nil and false = it cannot.
func (c refundCase) pathTo(state string) ([]string, bool) {
	agree, reject := "refund-agree", "refund-reject"
	if c.returns {
		agree, reject = "refund-agree-return", "refund-reject-return"
	}
	switch state {
	case "waitselleragree":
		return nil, true
	case "waitbuyermodify":
		return []string{reject}, true
	case "waitbuyersend":
		return []string{agree}, c.returns
	case "waitsellerreceive":
		return []string{agree, "refund-return"}, c.returns
	case "refundsuccess":
		if c.returns {
			return []string{agree, "refund-return", "refund-receive"}, true
		}
		return []string{agree}, true
	}
	return []string{"refund-cancel"}, true
}

// expected is the state table once more, written from the platform's description, not from the code: the state a control action leads to, "" = refused.
func (c refundCase) expected(action, state string, service bool) string {
	running := state != "refundsuccess" && state != "refundclose"
	if !running {
		return ""
	}
	asked, rejected := state == "waitselleragree", state == "waitbuyermodify"
	when := func(ok bool, to string) string {
		if ok {
			return to
		}
		return ""
	}
	switch action {
	case "refund-agree":
		return when(asked && !c.returns, "refundsuccess")
	case "refund-reject":
		return when(asked && !c.returns, "waitbuyermodify")
	case "refund-agree-return":
		return when(asked && c.returns, "waitbuyersend")
	case "refund-reject-return":
		return when(asked && c.returns, "waitbuyermodify")
	case "refund-modify", "refund-system-modify":
		return when(rejected, "waitselleragree")
	case "refund-return", "refund-system-send":
		return when(state == "waitbuyersend", "waitsellerreceive")
	case "refund-receive":
		return when(state == "waitsellerreceive", "refundsuccess")
	case "refund-cancel":
		return when(state != "waitsellerreceive", "refundclose")
	case "refund-system-protocol":
		if c.returns {
			return when(asked, "waitbuyersend")
		}
		return when(asked, "refundsuccess")
	case "refund-system-agree":
		return when(asked && !c.returns || state == "waitsellerreceive", "refundsuccess")
	case "refund-notify-support", "refund-bill", "refund-bill-seller":
		return state
	case "refund-support", "refund-support-seller", "refund-support-crm":
		return when(!service, state)
	case "arbitration-intervene", "arbitration-dismiss", "arbitration-finish":
		return when(service, state)
	case "arbitration-timeout":
		return when(service && c.after, "refundclose")
	case "refund-step-pay", "refund-step-confirm", "refund-trade-close", "refund-order-confirm", "refund-step-push":
		return when(!c.after, "refundclose")
	}
	panic("no expectation for " + action)
}

// actionNames are the platform's words for what a control action causes.
var actionNames = map[string]string{
	"refund-agree": "SELLER_AGREE_REFUND:seller", "refund-reject": "SELLER_REJECT_REFUND:seller", "refund-agree-return": "SELLER_AGREE_REFUND_PROCOTOL:seller",
	"refund-reject-return": "SELLER_REJECT_REFUND_PROCOTOL:seller", "refund-modify": "BUYER_MODIFY_REFUND_PROTOCOL:buyer",
	"refund-system-modify": "SYSTEM_MODIFY_REFUND_PROTOCOL:system", "refund-return": "BUYER_SEND_GOODS:buyer", "refund-system-send": "SYSTEM_SEND_GOODS:system",
	"refund-receive": "SELLER_RECEIVE_GOODS:seller", "refund-cancel": "BUYER_CANCEL_REFUND_CLOSE:buyer", "refund-system-protocol": "SYSTEM_AGREE_REFUND_PROTOCOL:system",
	"refund-system-agree": "SYSTEM_AGREE_REFUND:system", "refund-notify-support": "SYSTEM_NOTIFY_APPLY_SUPPORT:system", "refund-bill": "BUYER_UPLOAD_BILL:buyer",
	"refund-bill-seller": "SELLER_UPLOAD_BILL:seller", "refund-support": "BUYER_APPLY_SUPPORT:buyer", "refund-support-seller": "SELLER_APPLY_SUPPORT:seller",
	"refund-support-crm": "CRM_APPLY_SUPPORT:system", "arbitration-intervene": "CRM_INTERVENE_TASK:system", "arbitration-dismiss": "CRM_DISMISS_TASK:system",
	"arbitration-finish": "CRM_FINISH_TASK:system", "arbitration-timeout": "CRM_APPLY_TIMEOUT_CLOSE:system", "refund-step-pay": "BUYER_STEP_PAY_ORDER_CLOSE:buyer",
	"refund-step-confirm": "BUYER_STEP_CONFIRM_CLOSE:buyer", "refund-trade-close": "BUYER_CLOSE_TRADE_CLOSE:buyer",
	"refund-order-confirm": "SELLER_CONFIRM_ORDER_CLOSE:seller", "refund-step-push": "SELLER_STEP_PUSH_CLOSE:seller",
}

// arrange makes a refund of the case in the state.
func (f *fixture) arrange(c refundCase, path []string, service bool) (id, refundID string) {
	f.t.Helper()
	id, _ = f.bought(c.to...)
	body := ""
	if c.returns {
		body = `{"reason":"return"}`
	}
	f.act(id, "refund-apply", body)
	for _, a := range path {
		f.act(id, a, "")
	}
	if service {
		f.act(id, "refund-support", "")
	}
	return id, f.order(id).RefundID
}

// Every control action in every state of every kind of refund: the legal ones lead where they should and tell it once, the others change nothing.
func TestRefundStateTable(t *testing.T) {
	f := start(t, Options{})
	names := make([]string, 0, len(actionNames))
	for n := range actionNames {
		names = append(names, n)
	}
	slices.Sort(names)
	legal, illegal := 0, 0
	for _, c := range refundCases {
		for _, state := range refundStatuses {
			path, reachable := c.pathTo(state)
			if !reachable {
				continue
			}
			for _, service := range []bool{false, true} {
				if service && (state == refundPaid || state == refundEnded) {
					continue
				}
				idle, idleRefund := f.arrange(c, path, service)
				require.Equal(t, state, f.refundOf(idleRefund).Status)
				for _, action := range names {
					what := fmt.Sprintf("%s in %s, service %v: %s", c.name, state, service, action)
					if c.expected(action, state, service) == "" {
						f.refusedAction(what, idle, idleRefund, action)
						illegal++
						continue
					}
					f.legalAction(what, c, path, service, action, state)
					legal++
				}
			}
		}
	}
	assert.Greater(t, legal, 200)
	assert.Greater(t, illegal, 300)
}

func (f *fixture) refusedAction(what, id, rid, action string) {
	f.t.Helper()
	before, order, news := f.refundOf(rid), f.order(id), f.news(id)
	f.actRefused(id, action, "")
	assert.Equal(f.t, before, f.refundOf(rid), what)
	assert.Equal(f.t, order, f.order(id), what)
	assert.Equal(f.t, news, f.news(id), what)
}

func (f *fixture) legalAction(what string, c refundCase, path []string, service bool, action, state string) {
	f.t.Helper()
	id, rid := f.arrange(c, path, service)
	before := len(f.news(id))
	f.act(id, action, "")
	want := c.expected(action, state, service)
	r := f.refundOf(rid)
	assert.Equal(f.t, want, r.Status, what)
	topic := "in:"
	if c.after {
		topic = "after:"
	}
	news := f.news(id)[before:]
	require.NotEmpty(f.t, news, what)
	assert.Equal(f.t, topic+actionNames[action]+":"+want, news[0], what)
	for _, n := range news[1:] {
		assert.False(f.t, strings.HasPrefix(n, "in:") || strings.HasPrefix(n, "after:"), "%s: one message, not %v", what, news)
	}
	o := f.order(id)
	assert.Equal(f.t, want == refundPaid, o.Refunded > 0, what)
	closed := want == refundPaid && !c.after && len(c.to) < 3
	assert.Equal(f.t, closed, o.Status == cancelled, what)
	if closed {
		assert.Equal(f.t, []string{"ORDER_SELLER_CLOSE"}, news[1:], what)
	}
	assert.Equal(f.t, want == refundPaid || want == refundEnded, !r.Completed.IsZero(), what)
	assert.Equal(f.t, want, o.Lines[0].RefundStatus, what)
}

// All refund actions of the platform can be caused; those not in the table above are caused by the order.
func TestEveryRefundAction(t *testing.T) {
	seen := map[string]bool{"BUYER_APPLY_REFUND": true, "SELLER_SEND_GOODS_CLOSE": true, "BUYER_RECEIVE_CLOSE": true} // TestTheOrderMovesOnAndTheRefundEnds
	for _, n := range actionNames {
		seen[strings.Split(n, ":")[0]] = true
	}
	for _, n := range strings.Fields(`BUYER_APPLY_REFUND SELLER_AGREE_REFUND_PROCOTOL SELLER_REJECT_REFUND_PROCOTOL SELLER_AGREE_REFUND SELLER_REJECT_REFUND
		BUYER_MODIFY_REFUND_PROTOCOL BUYER_SEND_GOODS SELLER_RECEIVE_GOODS BUYER_CANCEL_REFUND_CLOSE BUYER_RECEIVE_CLOSE SELLER_SEND_GOODS_CLOSE
		SYSTEM_AGREE_REFUND_PROTOCOL SYSTEM_AGREE_REFUND SYSTEM_SEND_GOODS SYSTEM_MODIFY_REFUND_PROTOCOL SYSTEM_NOTIFY_APPLY_SUPPORT BUYER_UPLOAD_BILL
		SELLER_UPLOAD_BILL BUYER_APPLY_SUPPORT SELLER_APPLY_SUPPORT CRM_APPLY_SUPPORT CRM_INTERVENE_TASK CRM_DISMISS_TASK CRM_FINISH_TASK
		CRM_APPLY_TIMEOUT_CLOSE BUYER_STEP_PAY_ORDER_CLOSE BUYER_STEP_CONFIRM_CLOSE BUYER_CLOSE_TRADE_CLOSE SELLER_CONFIRM_ORDER_CLOSE SELLER_STEP_PUSH_CLOSE`) {
		assert.True(t, seen[n], n)
		delete(seen, n)
	}
	assert.Empty(t, seen, "the platform does not know these")
}

func TestServiceDecides(t *testing.T) {
	f := start(t, Options{})
	for _, c := range []struct {
		reason, body, want string
	}{
		{"refund", `{"reason":"refund"}`, refundPaid},
		{"close", `{"reason":"close"}`, refundEnded},
		{"less", `{"reason":"refund","amountFen":1}`, refundPaid},
	} {
		id, rid := f.arrange(refundCases[2], []string{"refund-reject-return"}, true)
		f.act(id, "arbitration-finish", c.body)
		r := f.refundOf(rid)
		assert.Equal(t, c.want, r.Status, c.reason)
		assert.Equal(t, "finished", r.Support)
		assert.Equal(t, "in:CRM_FINISH_TASK:system:"+c.want, f.latest(id, 1)[0])
		if c.reason == "less" {
			assert.Equal(t, int64(1), r.Paid)
			assert.True(t, r.ByService)
		}
	}
	id, _ := f.arrange(refundCases[1], nil, true)
	f.control("POST", "/orders/"+id+"/actions/arbitration-finish", `{"reason":"refund","amountFen":999999999}`, 400)
}
