package sandbox

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const day = 24 * time.Hour

func TestRefundTimers(t *testing.T) {
	f := start(t, Options{})
	for _, c := range []struct {
		what    string
		kind    refundCase
		path    []string
		service bool
		wait    time.Duration
		want    string
		status  string
	}{
		{"silent seller, unsent", refundCases[0], nil, false, agreeUnsent, "in:SYSTEM_AGREE_REFUND_PROTOCOL:system:refundsuccess", refundPaid},
		{"silent seller, sent", refundCases[1], nil, false, agreeSent, "in:SYSTEM_AGREE_REFUND_PROTOCOL:system:refundsuccess", refundPaid},
		{"silent seller, return", refundCases[2], nil, false, agreeSent, "in:SYSTEM_AGREE_REFUND_PROTOCOL:system:waitbuyersend", refundToSend},
		{"silent buyer, rejected", refundCases[3], []string{"refund-reject"}, false, modifyTime, "after:BUYER_CANCEL_REFUND_CLOSE:system:refundclose", refundEnded},
		{"goods never sent back", refundCases[4], []string{"refund-agree-return"}, false, sendBackTime, "after:BUYER_CANCEL_REFUND_CLOSE:system:refundclose", refundEnded},
		{"goods never taken in", refundCases[2], []string{"refund-agree-return", "refund-return"}, false, receiveBackTime, "in:SYSTEM_AGREE_REFUND:system:refundsuccess", refundPaid},
		{"service forgets an after-sale case", refundCases[4], nil, true, serviceTime, "after:CRM_APPLY_TIMEOUT_CLOSE:system:refundclose", refundEnded},
		{"service forgets an in-sale case", refundCases[1], nil, true, serviceTime, "in:CRM_DISMISS_TASK:system:waitselleragree", refundAsked},
	} {
		id, rid := f.arrange(c.kind, c.path, c.service)
		n := len(f.news(id))
		f.pass(c.wait - time.Second)
		assert.Len(t, f.news(id), n, "%s: too early", c.what)
		before := f.refundOf(rid)
		assert.Equal(t, c.service, !before.Frozen.IsZero())
		f.pass(time.Second)
		news := f.news(id)
		require.Greater(t, len(news), n, c.what)
		assert.Equal(t, c.want, news[n], c.what)
		assert.Equal(t, c.status, f.refundOf(rid).Status, c.what)
	}
}

func TestRefundTimeShowsAndStandsStill(t *testing.T) {
	f := start(t, Options{})
	id, rid := f.arrange(refundCases[1], nil, false)
	detail := func() any {
		return at(t, f.call(refundAPI, map[string]string{"refundId": rid, "needTimeOutInfo": "true"}), "result", "opOrderRefundModelDetail")
	}
	due := f.refundOf(rid).Created.Add(agreeSent)
	assert.Equal(t, stamp(due), at(t, detail(), "gmtTimeOut"))
	assert.Equal(t, "SYSTEM_AGREE_REFUND_PROTOCOL", at(t, detail(), "timeOutOperateType"))
	f.pass(day)
	f.act(id, "refund-support", "")
	assert.Nil(t, at(t, detail(), "gmtTimeOut"))
	assert.Equal(t, true, at(t, detail(), "timeOutFreeze"))
	assert.NotNil(t, at(t, detail(), "gmtFreezed"))
	f.pass(10 * day)
	assert.Equal(t, refundAsked, f.refundOf(rid).Status)
	f.act(id, "arbitration-dismiss", "")
	assert.Equal(t, stamp(due.Add(10*day)), at(t, detail(), "gmtTimeOut"), "ten days with service do not count")
	f.pass(4*day - time.Second)
	assert.Equal(t, refundAsked, f.refundOf(rid).Status)
	f.pass(time.Second)
	assert.Equal(t, refundPaid, f.refundOf(rid).Status)

	id, rid = f.arrange(refundCases[2], nil, false)
	f.act(id, "refund-timeout", "")
	assert.Equal(t, refundToSend, f.refundOf(rid).Status)
	f.act(id, "refund-timeout", "")
	f.actRefused(id, "refund-timeout", "")
}

func TestRefundHoldsTheOrder(t *testing.T) {
	f := start(t, Options{})
	id, subs := f.bought("pay", "ship")
	f.pass(9 * day)
	f.ask(id, subs[:1], goodsOnTheWay, nil)
	f.pass(2 * day)
	assert.Equal(t, waitReceive, f.order(id).Status, "ten days are over, but a refund runs")
	f.act(id, "refund-cancel", "")
	f.pass(23 * time.Hour)
	assert.Equal(t, waitReceive, f.order(id).Status)
	f.pass(time.Hour)
	o := f.order(id)
	assert.Equal(t, success, o.Status)
	assert.Equal(t, o.Held.Add(day), o.Completed)
}

func TestRefundsSurviveARestart(t *testing.T) {
	dir, ck := t.TempDir(), newClock()
	f := start(t, Options{Dir: dir, Now: ck.now})
	id, subs := f.bought("pay", "ship", "confirm")
	first := f.ask(id, subs[:1], goodsReceived, map[string]string{"disputeRequest": "returnRefund"})
	f.act(id, "refund-agree-return", "")
	f.act(id, "refund-return", "")
	second := f.ask(id, subs[1:], goodsReceived, nil)
	f.act(id, "refund-reject", `{"reason":"不同意"}`)
	f.act(id, "refund-support", "")
	picture := f.upload(jpegOf(8, 8))
	a := f.call(arbitrationAPI, map[string]string{"param": `{"type":"TradeComplaint","orderId":` + id + `,"reasonText":"货没收到","reasonId":12}`})
	require.NotNil(t, at(t, a, "result", "result"))
	one, two, order, news := f.refundOf(first), f.refundOf(second), f.order(id), f.news(id)

	g := start(t, Options{Dir: dir, Now: ck.now})
	one.planned, two.planned = g.refundOf(first).planned, g.refundOf(second).planned
	assert.Equal(t, string(marshal(one)), string(marshal(g.refundOf(first))))
	assert.Equal(t, string(marshal(two)), string(marshal(g.refundOf(second))))
	assert.Equal(t, string(marshal(order)), string(marshal(g.order(id))))
	assert.Equal(t, news, g.news(id))
	assert.Len(t, g.srv.complaints, 1)
	assert.Equal(t, 200, g.get("/"+picture), "the picture is still there")
	g.pass(receiveBackTime)
	assert.Equal(t, refundPaid, g.refundOf(first).Status, "timers are planned again")
	assert.Equal(t, refundRejected, g.refundOf(second).Status, "service has it")
	assert.Len(t, g.news(id), len(news)+1, "once")
	id2, subs2 := g.bought("pay")
	assert.NotEqual(t, first, g.ask(id2, subs2, goodsUnsent, nil))
}

// With AutoAdvance the seller answers, too.
func TestRefundAutoAdvance(t *testing.T) {
	ck := newClock()
	f := start(t, Options{AutoAdvance: time.Minute, Now: ck.now})
	id, subs := f.bought("pay")
	rid := f.ask(id, subs, goodsUnsent, nil)
	f.pass(time.Minute)
	assert.Equal(t, refundPaid, f.refundOf(rid).Status)
	assert.Contains(t, f.news(id), "in:SELLER_AGREE_REFUND:seller:refundsuccess")
}
