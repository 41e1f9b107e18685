package order

import (
	"context"

	"entrepot/internal/auth"
	"entrepot/internal/web"
)

// AdminFindParcels implements StrictServerInterface.
func (h server) AdminFindParcels(c context.Context, r AdminFindParcelsRequestObject) (AdminFindParcelsResponseObject, error) {
	ctx, _, err := staff(c, auth.Roles...)
	if err != nil {
		return nil, err
	}
	found, err := h.s.FindParcels(ctx, r.Params.Number)
	if err != nil {
		return nil, err
	}
	out := AdminFindParcels200JSONResponse{Items: []AdminParcel{}}
	for _, f := range found {
		view := h.s.viewerOf(web.Language(c), f.order.Site)
		out.Items = append(out.Items, AdminParcel{
			Parcel: view.parcel(f.parcel), OrderId: id(f.parcel.OrderID), Site: f.order.Site, OrderStatus: string(f.order.Status), Numbers: append([]string{}, f.numbers...),
		})
	}
	return out, nil
}

// AdminConfirmPurchase implements StrictServerInterface.
func (h server) AdminConfirmPurchase(c context.Context, r AdminConfirmPurchaseRequestObject) (AdminConfirmPurchaseResponseObject, error) {
	ctx, who, err := staff(c, mayShip...)
	if err != nil {
		return nil, err
	}
	var subs []string
	if r.Body.SubItemIds != nil {
		subs = append([]string{}, *r.Body.SubItemIds...)
	}
	order, err := h.s.ConfirmPurchase(ctx, who, r.PurchaseId.Int64(), subs)
	if err != nil {
		return nil, err
	}
	v, err := h.adminOrder(ctx, web.Language(c), order)
	return AdminConfirmPurchase200JSONResponse(v), err
}
