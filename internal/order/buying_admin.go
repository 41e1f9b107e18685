package order

import (
	"context"

	"entrepot/internal/auth"
	"entrepot/internal/errs"
	"entrepot/internal/web"
)

// mayRefresh lists who may have an order read again.
var mayRefresh = []auth.Role{auth.Support, auth.Ops, auth.Admin}

// onOrder runs what staff of some roles may do to an order, and answers with the order as it is then.
func (h server) onOrder(c context.Context, orderText string, roles []auth.Role, do func(ctx context.Context, who auth.StaffCaller, id int64) error) (AdminOrder, error) {
	ctx, who, err := staff(c, roles...)
	if err != nil {
		return AdminOrder{}, err
	}
	id, err := orderID(orderText)
	if err != nil {
		return AdminOrder{}, err
	}
	if err := do(ctx, who, id); err != nil {
		return AdminOrder{}, err
	}
	return h.adminOrder(ctx, web.Language(c), id)
}

// AdminRefreshOrder implements StrictServerInterface.
func (h server) AdminRefreshOrder(c context.Context, r AdminRefreshOrderRequestObject) (AdminRefreshOrderResponseObject, error) {
	v, err := h.onOrder(c, r.OrderId, mayRefresh, func(ctx context.Context, _ auth.StaffCaller, id int64) error { return h.s.RefreshOrder(ctx, id) })
	return AdminRefreshOrder200JSONResponse(v), err
}

// AdminLinkPurchase implements StrictServerInterface.
func (h server) AdminLinkPurchase(c context.Context, r AdminLinkPurchaseRequestObject) (AdminLinkPurchaseResponseObject, error) {
	v, err := h.onOrder(c, r.OrderId, mayShip, func(ctx context.Context, _ auth.StaffCaller, id int64) error {
		purchase, err := web.ParseID(r.Body.PurchaseId)
		if err != nil {
			return errs.New(errs.NotFound, "order.not_found")
		}
		return h.s.LinkPurchase(ctx, id, purchase, r.Body.AlibabaOrderId)
	})
	return AdminLinkPurchase200JSONResponse(v), err
}

// AdminDecideShortage implements StrictServerInterface.
func (h server) AdminDecideShortage(c context.Context, r AdminDecideShortageRequestObject) (AdminDecideShortageResponseObject, error) {
	v, err := h.onOrder(c, r.OrderId, mayShip, func(ctx context.Context, who auth.StaffCaller, id int64) error {
		shortage, err := web.ParseID(r.ShortageId)
		if err != nil {
			return errs.New(errs.NotFound, "order.shortage_unknown")
		}
		return h.s.DecideShortage(ctx, who, id, shortage, shortDecision{decision: string(r.Body.Decision), reason: r.Body.Reason})
	})
	return AdminDecideShortage200JSONResponse(v), err
}

// AdminResolveAttention implements StrictServerInterface.
func (h server) AdminResolveAttention(c context.Context, r AdminResolveAttentionRequestObject) (AdminResolveAttentionResponseObject, error) {
	v, err := h.onOrder(c, r.OrderId, mayShip, func(ctx context.Context, who auth.StaffCaller, id int64) error {
		return h.s.ResolveAttention(ctx, who, id, r.Body.Reason)
	})
	return AdminResolveAttention200JSONResponse(v), err
}
