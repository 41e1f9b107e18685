package order

import (
	"context"
	"net/http"

	"entrepot/internal/auth"
	"entrepot/internal/errs"
	"entrepot/internal/site"
	"entrepot/internal/web"
)

// Routes registers the order routes of members and staff.
func (s *Service) Routes(srv *web.Server) error {
	RegisterHandlersWithOptions(srv.Engine, NewStrictHandlerWithOptions(server{s}, nil, StrictGinServerOptions{
		RequestErrorHandlerFunc: web.BindFailed, HandlerErrorFunc: web.Render, ResponseErrorHandlerFunc: web.Render,
	}), GinServerOptions{ErrorHandler: web.BindError})
	return nil
}

type server struct{ s *Service }

// caller is the member and site of a request; the contract lets nobody else through.
func caller(ctx context.Context) (context.Context, auth.MemberCaller, *site.Site, error) {
	who, ok := auth.Member(ctx)
	st, known := site.FromContext(ctx)
	if !ok || !known {
		return nil, who, nil, errs.New(errs.Unauthenticated, "auth.required")
	}
	return web.Context(ctx), who, st, nil
}

func orderID(s string) (int64, error) {
	id, err := web.ParseID(s)
	if err != nil {
		return 0, errs.New(errs.NotFound, "order.not_found")
	}
	return id, nil
}

// PreviewOrder implements StrictServerInterface.
func (h server) PreviewOrder(c context.Context, r PreviewOrderRequestObject) (PreviewOrderResponseObject, error) {
	ctx, who, st, err := caller(c)
	if err != nil {
		return nil, err
	}
	p, err := h.preview(ctx, who, st, r.Body)
	if err != nil {
		return nil, err
	}
	return PreviewOrder200JSONResponse(h.s.viewer(web.Language(c), st).preview(p)), nil
}

func (h server) preview(ctx context.Context, who auth.MemberCaller, st *site.Site, body *PreviewOrderJSONRequestBody) (*previewed, error) {
	lang := web.Language(ctx)
	switch {
	case body.Items == nil && body.CartItemIds == nil:
		return nil, errs.New(errs.Invalid, "request.invalid").At("/items", "field.required")
	case body.Items != nil && body.CartItemIds != nil:
		return nil, errs.New(errs.Invalid, "request.invalid").At("/cartItemIds", "field.invalid")
	case body.CartItemIds != nil:
		ids := make([]int64, len(*body.CartItemIds))
		for i, id := range *body.CartItemIds {
			ids[i] = id.Int64()
		}
		return h.s.PreviewCart(ctx, who, st, lang, ids)
	}
	items := make([]Item, len(*body.Items))
	for i, it := range *body.Items {
		items[i] = skuItem(it.SkuId, it.SpecId)
		items[i].OfferID, items[i].Quantity = it.OfferId.Int64(), it.Quantity
	}
	return h.s.Preview(ctx, who, st, lang, items)
}

// placed writes an answer that was encoded before it was committed, so that a replay is the same to the byte.
type placed struct {
	answer web.Answer
	replay *web.Replay
}

// VisitPlaceOrderResponse implements PlaceOrderResponseObject.
func (p placed) VisitPlaceOrderResponse(w http.ResponseWriter) error {
	if p.replay != nil {
		return p.replay.Write(w)
	}
	return p.answer.Write(w)
}

// PlaceOrder implements StrictServerInterface.
func (h server) PlaceOrder(c context.Context, r PlaceOrderRequestObject) (PlaceOrderResponseObject, error) {
	ctx, who, st, err := caller(c)
	if err != nil {
		return nil, err
	}
	idem, err := web.IdemOf(c)
	if err != nil {
		return nil, err
	}
	p := Placement{PreviewToken: r.Body.PreviewToken, Address: r.Body.Address, OrderType: TypePurchase}
	if r.Body.Note != nil {
		p.Note = *r.Body.Note
	}
	if r.Body.OrderType != nil && *r.Body.OrderType == OrderRequestOrderTypeStock {
		p.OrderType = TypeStock
	}
	view := h.s.viewer(web.Language(c), st)
	answer, replay, err := h.s.Place(ctx, who, st, p, idem, func(f *full) (web.Answer, error) {
		return web.JSONAnswer(http.StatusCreated, view.order(f), f.order.ID)
	})
	if err != nil {
		return nil, err
	}
	return placed{answer, replay}, nil
}

// ListOrders implements StrictServerInterface.
func (h server) ListOrders(c context.Context, r ListOrdersRequestObject) (ListOrdersResponseObject, error) {
	ctx, who, st, err := caller(c)
	if err != nil {
		return nil, err
	}
	before, limit, err := web.Page(r.Params.Cursor, r.Params.Limit)
	if err != nil {
		return nil, err
	}
	rows, err := h.s.Orders(ctx, who, st, group(r.Params.StatusGroup), before, limit+1)
	if err != nil {
		return nil, err
	}
	out, view := ListOrders200JSONResponse{Items: []Order{}}, h.s.viewer(web.Language(c), st)
	rows, out.NextCursor = page(rows, limit)
	for _, f := range rows {
		out.Items = append(out.Items, view.order(f))
	}
	return out, nil
}

// page cuts the row that was read to know whether there is more.
func page(rows []*full, limit int) ([]*full, *string) {
	if len(rows) <= limit {
		return rows, nil
	}
	return rows[:limit], ptr(web.EncodeCursor(rows[limit-1].order.ID))
}

func group(g *StatusGroup) string {
	if g == nil {
		return ""
	}
	return string(*g)
}

// GetOrder implements StrictServerInterface.
func (h server) GetOrder(c context.Context, r GetOrderRequestObject) (GetOrderResponseObject, error) {
	ctx, who, st, err := caller(c)
	if err != nil {
		return nil, err
	}
	id, err := orderID(r.OrderId)
	if err != nil {
		return nil, err
	}
	f, err := h.s.Order(ctx, who, st, id)
	if err != nil {
		return nil, err
	}
	return GetOrder200JSONResponse(h.s.viewer(web.Language(c), st).order(f)), nil
}

// ListParcels implements StrictServerInterface.
func (h server) ListParcels(c context.Context, r ListParcelsRequestObject) (ListParcelsResponseObject, error) {
	ctx, who, st, err := caller(c)
	if err != nil {
		return nil, err
	}
	id, err := orderID(r.OrderId)
	if err != nil {
		return nil, err
	}
	rows, events, err := h.s.Parcels(ctx, who, st, id)
	if err != nil {
		return nil, err
	}
	return ListParcels200JSONResponse(h.s.viewer(web.Language(c), st).parcels(rows, events)), nil
}
