package sandbox

import "slices"

// faultKind is one way to misbehave.
type faultKind struct {
	Kind string `json:"kind"`
	Side string `json:"side"` // api or message
	Text string `json:"text"`

	stage  stage
	chaos  int  // random mode uses it from this level on; 0 = only when asked for by name
	before bool // strikes before the API has any effect
}

// stage is the moment in the life of a call at which a fault is looked for.
type stage int

const (
	stageRun   stage = iota // the arguments are complete
	stageAdmit              // token and permission
)

// faultKinds lists them all; the page, the control API and the random mode read it.
var faultKinds = []faultKind{
	{Kind: "latency", Side: "api", chaos: 1, Text: "answers after delayMs (1000)"},
	{Kind: "timeout_before", Side: "api", chaos: 1, before: true, Text: "holds the call for delayMs (30000) and closes the connection; nothing was done"},
	{Kind: "timeout_after", Side: "api", chaos: 1, Text: "does the work, holds the answer for delayMs (30000) and closes the connection"},
	{Kind: "reset", Side: "api", chaos: 1, before: true, Text: "TCP reset; nothing was done"},
	{Kind: "reset_after", Side: "api", chaos: 1, Text: "does the work, then TCP reset"},
	{Kind: "silent", Side: "api", before: true, Text: "takes the call and never answers, until the caller gives up; nothing was done"},
	{Kind: "silent_after", Side: "api", Text: "does the work and never answers, until the caller gives up"},
	{Kind: "half_open", Side: "api", chaos: 3, Text: "does the work, sends the headers and the first bytes, then silence for delayMs (until the caller gives up)"},
	{Kind: "truncated", Side: "api", chaos: 1, Text: "does the work, sends half of the answer and closes the connection"},
	{Kind: "garbage", Side: "api", chaos: 1, Text: "does the work, answers 200 with an HTML page"},
	{Kind: "http_500", Side: "api", chaos: 1, before: true, Text: "HTTP 500 with an HTML page; nothing was done"},
	{Kind: "http_500_after", Side: "api", chaos: 1, Text: "does the work, then HTTP 500"},
	{Kind: "http_502", Side: "api", chaos: 1, before: true, Text: "HTTP 502; nothing was done"},
	{Kind: "http_502_after", Side: "api", chaos: 2, Text: "does the work, then HTTP 502"},
	{Kind: "http_503", Side: "api", chaos: 1, before: true, Text: "HTTP 503; nothing was done"},
	{Kind: "http_503_after", Side: "api", chaos: 2, Text: "does the work, then HTTP 503"},
	{Kind: "http_504", Side: "api", chaos: 1, before: true, Text: "HTTP 504; nothing was done"},
	{Kind: "http_504_after", Side: "api", chaos: 1, Text: "does the work, then HTTP 504"},
	{Kind: "unauthorized", Side: "api", chaos: 2, stage: stageAdmit, before: true, Text: "HTTP 401, error_code \"401\", as for an expired token"},
	{Kind: "acl", Side: "api", stage: stageAdmit, before: true, Text: "gw.APIACLDecline"},
	{Kind: "quota", Side: "api", chaos: 1, stage: stageAdmit, before: true, Text: "gw.QosAppFrequencyLimit"},
	{Kind: "quota_api", Side: "api", chaos: 2, stage: stageAdmit, before: true, Text: "gw.QosRequestLimit"},
	{Kind: "wrong_envelope", Side: "api", chaos: 6, Text: "does the work, answers in another family's envelope"},
	{Kind: "no_result", Side: "api", chaos: 6, Text: "does the work, answers without the result member"},
	{Kind: "null_payload", Side: "api", chaos: 6, Text: "does the work, answers success with null in place of the payload"},
	{Kind: "ids_text", Side: "api", chaos: 4, Text: "long ids of the answer are text"},
	{Kind: "ids_number", Side: "api", chaos: 4, Text: "long ids of the answer are numbers"},
	{Kind: "pay_false", Side: "api", Text: "preparePay: paySuccess false, not paid"},
	{Kind: "pay_false_but_paid", Side: "api", Text: "preparePay: paySuccess false although the order is paid"},
	{Kind: "split_order", Side: "api", Text: "createCrossOrder: one order for each line, in orderList"},
	{Kind: "success_false_with_order", Side: "api", Text: "createCrossOrder: success false next to an order id"},
	{Kind: "refund_error", Side: "api", Text: "refund APIs: the platform's own error (4000, returnGoods and cancelRefund 5001); nothing was done"},
	{Kind: "refund_error_after", Side: "api", Text: "refund APIs: does the work, then the platform's own error (4000, returnGoods and cancelRefund 5003)"},
	{Kind: "refund_no_user", Side: "api", Text: "returnGoods and cancelRefund: 4001, as if the token were gone; nothing was done"},
	{Kind: "stock_out", Side: "api", Text: "alibaba.alipay.url.get, preparePay: stock taken at payment ran out"},

	{Kind: "lose", Side: "message", chaos: 2, Text: "never sent, and not in the failed store either"},
	{Kind: "delay", Side: "message", chaos: 1, Text: "sent after delayMs (2000); later ones overtake it"},
	{Kind: "duplicate", Side: "message", chaos: 1, Text: "sent twice, byte for byte the same"},
	{Kind: "shuffle", Side: "message", chaos: 1, Text: "held for delayMs (1000) or until count is used up, then sent in reverse order"},
	{Kind: "stale", Side: "message", chaos: 1, Text: "after delayMs (2000) an older message with the same key is sent again"},
	{Kind: "corrupt", Side: "message", chaos: 3, Text: "the signature does not fit, at every try"},
	{Kind: "corrupt_body", Side: "message", chaos: 3, Text: "one byte of the message was changed after signing, at every try"},
	{Kind: "truncate_body", Side: "message", chaos: 3, Text: "the HTTP body ends in the middle, at every try"},
	{Kind: "malformed", Side: "message", chaos: 5, Text: "well signed, but the message is not whole JSON, at every try"},
}

func kindOf(name string) *faultKind {
	i := slices.IndexFunc(faultKinds, func(k faultKind) bool { return k.Kind == name })
	if i < 0 {
		return nil
	}
	return &faultKinds[i]
}

func kindNames(side string) []string {
	var out []string
	for _, k := range faultKinds {
		if k.Side == side {
			out = append(out, k.Kind)
		}
	}
	return out
}

// refusals are what the faults of stageAdmit answer.
var refusals = map[string]*gatewayError{
	"unauthorized": errUnauthorized, "acl": errACL, "quota": errFrequency, "quota_api": errRequestLimit,
}
