package order

import (
	"context"
	"strconv"
	"time"

	"entrepot/internal/auth"
	"entrepot/internal/errs"
	"entrepot/internal/money"
	"entrepot/internal/web"
)

// Roles that may act on orders; everybody on the staff may look.
var mayShip = []auth.Role{auth.Ops, auth.Admin}

func staff(ctx context.Context, roles ...auth.Role) (context.Context, auth.StaffCaller, error) {
	who, err := auth.RequireRole(ctx, roles...)
	return web.Context(ctx), who, err
}

// AdminListOrders implements StrictServerInterface.
func (h server) AdminListOrders(c context.Context, r AdminListOrdersRequestObject) (AdminListOrdersResponseObject, error) {
	ctx, _, err := staff(c, auth.Roles...)
	if err != nil {
		return nil, err
	}
	before, limit, err := web.Page(r.Params.Cursor, r.Params.Limit)
	if err != nil {
		return nil, err
	}
	f := listFilter{group: group(r.Params.StatusGroup), before: before, limit: limit + 1}
	if r.Params.Site != nil {
		f.site = *r.Params.Site
	}
	rows, err := h.s.store.list(ctx, f, false)
	if err != nil {
		return nil, err
	}
	out := AdminListOrders200JSONResponse{Items: []AdminOrderRow{}}
	rows, out.NextCursor = page(rows, limit)
	for _, f := range rows {
		o := h.s.viewerOf(web.Language(c), f.order.Site).order(f)
		out.Items = append(out.Items, AdminOrderRow{
			Id: o.Id, Site: f.order.Site, OutMemberId: &f.order.OutMemberID, Status: o.Status, StatusGroup: o.StatusGroup, Total: o.Totals.Total,
			Attention: optional(f.order.Attention), CreatedAt: o.CreatedAt,
		})
	}
	return out, nil
}

// AdminGetOrder implements StrictServerInterface.
func (h server) AdminGetOrder(c context.Context, r AdminGetOrderRequestObject) (AdminGetOrderResponseObject, error) {
	ctx, _, err := staff(c, auth.Roles...)
	if err != nil {
		return nil, err
	}
	id, err := orderID(r.OrderId)
	if err != nil {
		return nil, err
	}
	v, err := h.adminOrder(ctx, web.Language(c), id)
	return AdminGetOrder200JSONResponse(v), err
}

func (h server) adminOrder(ctx context.Context, lang string, orderID int64) (AdminOrder, error) {
	f, err := h.s.store.get(ctx, "", 0, orderID)
	if err != nil {
		return AdminOrder{}, notFound(err)
	}
	if err := h.s.store.buyingOf(ctx, f); err != nil {
		return AdminOrder{}, err
	}
	purchases, lines, err := h.s.store.purchasesOf(ctx, orderID)
	if err != nil {
		return AdminOrder{}, err
	}
	events, err := h.s.store.events(ctx, orderID)
	if err != nil {
		return AdminOrder{}, err
	}
	view := h.s.viewerOf(lang, f.order.Site)
	out := AdminOrder{
		Order: view.order(f), Site: f.order.Site, OutMemberId: f.order.OutMemberID, Attention: optional(f.order.Attention),
		Purchases: []Purchase{}, Transitions: []Transition{}, Shortages: view.shortages(view.quoter(money.Rate{}, f.order.Currency), f.shortages),
	}
	for _, p := range purchases {
		out.Purchases = append(out.Purchases, purchaseView(p, lines))
	}
	for _, e := range events {
		t := Transition{Cause: e.Cause, From: optional(e.FromStatus), To: e.ToStatus, Detail: optional(e.Detail), Actor: optional(e.Actor), At: e.CreatedAt}
		if e.PurchaseID != 0 {
			t.PurchaseId = ptr(strconv.FormatInt(e.PurchaseID, 10))
		}
		out.Transitions = append(out.Transitions, t)
	}
	return out, nil
}

// purchaseLine is the generated type of Purchase.Lines, which has no name there.
type purchaseLine = struct {
	LineId         string  `json:"lineId"`
	Quantity       int64   `json:"quantity"`
	SubItemId      *string `json:"subItemId,omitempty"`
	UpstreamStatus *string `json:"upstreamStatus,omitempty"`
}

func purchaseView(p purchaseRow, lines []purchaseLineRow) Purchase {
	out := Purchase{
		Id: id(p.ID), OutOrderId: p.OutOrderID, AlibabaOrderId: p.AlibabaOrderID, State: string(p.State), UpstreamStatus: optional(p.UpstreamStatus),
		RefundStatus: optional(p.RefundStatus), SellerOpenId: p.SellerOpenID, LastError: optional(p.LastError),
		Quoted: ptr(money.NewMoney(int64(p.QuotedFen), money.CNY, "zh")), Total: ptr(money.NewMoney(int64(p.TotalFen), money.CNY, "zh")),
		Lines: []purchaseLine{}, // an order that 1688 has split off has none until it was read
	}
	for _, l := range lines {
		if l.PurchaseID == p.ID {
			out.Lines = append(out.Lines, purchaseLine{id(l.LineID), l.Quantity, l.SubItemID, optional(l.UpstreamStatus)})
		}
	}
	return out
}

// AdminPurchaseOrder implements StrictServerInterface.
func (h server) AdminPurchaseOrder(c context.Context, r AdminPurchaseOrderRequestObject) (AdminPurchaseOrderResponseObject, error) {
	ctx, who, err := staff(c, mayShip...)
	if err != nil {
		return nil, err
	}
	id, err := orderID(r.OrderId)
	if err != nil {
		return nil, err
	}
	if err := h.s.PurchaseNow(ctx, id, who.LoginName); err != nil {
		return nil, err
	}
	v, err := h.adminOrder(ctx, web.Language(c), id)
	return AdminPurchaseOrder202JSONResponse(v), err
}

// AdminShipParcel implements StrictServerInterface.
func (h server) AdminShipParcel(c context.Context, r AdminShipParcelRequestObject) (AdminShipParcelResponseObject, error) {
	ctx, who, err := staff(c, mayShip...)
	if err != nil {
		return nil, err
	}
	id, err := orderID(r.OrderId)
	if err != nil {
		return nil, err
	}
	p, err := h.s.Ship(ctx, who, id, shipment{parcelNo: r.Body.ParcelNo, carrier: r.Body.Carrier, trackingNo: r.Body.TrackingNo})
	return AdminShipParcel201JSONResponse(h.s.viewer(web.Language(c), nil).parcel(p)), err
}

// AdminAddParcelEvent implements StrictServerInterface.
func (h server) AdminAddParcelEvent(c context.Context, r AdminAddParcelEventRequestObject) (AdminAddParcelEventResponseObject, error) {
	ctx, who, err := staff(c, mayShip...)
	if err != nil {
		return nil, err
	}
	id, err := web.ParseID(r.ParcelId)
	if err != nil {
		return nil, errs.New(errs.NotFound, "parcel.not_found")
	}
	var detail string
	if r.Body.Detail != nil {
		detail = *r.Body.Detail
	}
	var at time.Time
	if r.Body.HappenedAt != nil {
		at = *r.Body.HappenedAt
	}
	p, err := h.s.AddEvent(ctx, who, id, string(r.Body.Event), detail, at)
	return AdminAddParcelEvent201JSONResponse(h.s.viewer(web.Language(c), nil).parcel(p)), err
}
