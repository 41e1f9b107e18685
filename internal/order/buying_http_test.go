package order

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"entrepot/internal/web"
)

// The shapes of the wire where buying goes wrong: a short line and what staff decide, a new price and the member's answer.
func TestBuyingOverHTTP(t *testing.T) {
	e := newEdge(t)
	a, b := e.twoSellers()
	o, rows := e.started(a.item(0, a.enough()), b.item(0, b.enough()))
	e.buyAll(a, 0, 1)
	require.NoError(t, e.Create(t.Context(), rows[0].ID))
	at := "/admin/v1/orders/" + id(o.order.ID)
	var v, after AdminOrder
	e.do("GET", at, e.staff, "", 200, &v)
	require.NotNil(t, v.Shortages)
	require.Len(t, *v.Shortages, 1)
	sh := (*v.Shortages)[0]
	assert.Equal(t, []any{ShortageOpen, a.enough(), "500_004"}, []any{sh.State, sh.Quantity, *sh.Code})
	var problem web.Problem
	e.do("POST", at+"/shortages/"+sh.Id, e.staff, `{"decision":"keep","reason":"x"}`, 400, &problem)
	e.do("POST", at+"/shortages/"+sh.Id, e.staff, `{"decision":"refund"}`, 400, &problem)
	e.do("POST", at+"/shortages/"+sh.Id, e.member, `{"decision":"refund","reason":"x"}`, 401, &problem)
	e.do("POST", at+"/shortages/"+sh.Id, e.staff, `{"decision":"refund","reason":"gone"}`, 200, &v)
	require.NotNil(t, v.Order.Refunds)
	assert.Equal(t, MemberRefundOwed, (*v.Order.Refunds)[0].State)
	assert.Equal(t, a.enough(), *v.Order.Lines[0].CancelledQuantity)

	e.clock.advance(11 * time.Minute)
	e.dearer(b, "150")
	require.NoError(t, e.Create(t.Context(), rows[1].ID))
	var got, agreed Order
	mine := "/v1/orders/" + id(o.order.ID)
	e.do("GET", mine, e.member, "", 200, &got)
	require.NotNil(t, got.Approval)
	assert.Equal(t, Attention, got.StatusGroup)
	e.do("POST", mine+"/approve-price", e.member, `{"approvalId":"77","accept":true}`, 409, &problem)
	assert.Equal(t, "ORDER_APPROVAL_STALE", problem.Code)
	e.do("POST", mine+"/approve-price", e.member, fmt.Sprintf(`{"approvalId":%q,"accept":true}`, got.Approval.Id), 200, &agreed)
	assert.Nil(t, agreed.Approval)
	require.NotNil(t, agreed.Due)
	e.do("POST", at+"/link", e.staff, fmt.Sprintf(`{"alibabaOrderId":"9","purchaseId":"%d"}`, rows[1].ID), 422, &problem)
	assert.Equal(t, "ORDER_LINK_UNKNOWN", problem.Code)
	e.do("POST", at+"/refresh", e.staff, "", 200, &v)
	e.do("POST", at+"/attention/resolve", e.staff, `{"reason":"looked at"}`, 200, &after)
	assert.Nil(t, after.Attention)
}
