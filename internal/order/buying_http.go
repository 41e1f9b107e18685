package order

import (
	"context"

	"entrepot/internal/errs"
	"entrepot/internal/web"
)

// ApprovePrice implements StrictServerInterface.
func (h server) ApprovePrice(c context.Context, r ApprovePriceRequestObject) (ApprovePriceResponseObject, error) {
	ctx, who, st, err := caller(c)
	if err != nil {
		return nil, err
	}
	order, err := orderID(r.OrderId)
	if err != nil {
		return nil, err
	}
	approval, err := web.ParseID(r.Body.ApprovalId)
	if err != nil {
		return nil, errs.New(errs.Conflict, "order.approval_stale").At("/approvalId", "order.approval_stale")
	}
	f, err := h.s.ApprovePrice(ctx, who, st, order, approval, r.Body.Accept)
	if err != nil {
		return nil, err
	}
	return ApprovePrice200JSONResponse(h.s.viewer(web.Language(c), st).order(f)), nil
}
