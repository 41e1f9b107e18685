package order

import (
	"context"

	"entrepot/internal/errs"
	"entrepot/internal/web"
)

// linePieces reads quantities by line; nil stays nil, and no line may be named twice.
func linePieces(body *[]LineQuantity) ([]pieces, error) {
	if body == nil {
		return nil, nil
	}
	out, seen := make([]pieces, 0, len(*body)), map[int64]bool{}
	for i, l := range *body {
		line, err := web.ParseID(l.LineId)
		if err != nil {
			return nil, errs.New(errs.Rule, "request.invalid").At(linePointer(i, "lineId"), "order.line_unknown")
		}
		if seen[line] {
			return nil, errs.New(errs.Invalid, "request.invalid").At(linePointer(i, "lineId"), "field.duplicate")
		}
		seen[line] = true
		out = append(out, pieces{line, l.Quantity})
	}
	return out, nil
}

// ConfirmReceipt implements StrictServerInterface.
func (h server) ConfirmReceipt(c context.Context, r ConfirmReceiptRequestObject) (ConfirmReceiptResponseObject, error) {
	ctx, who, st, err := caller(c)
	if err != nil {
		return nil, err
	}
	order, err := orderID(r.OrderId)
	if err != nil {
		return nil, err
	}
	total, err := linePieces(r.Body.Lines)
	if err != nil {
		return nil, err
	}
	f, err := h.s.ConfirmReceipt(ctx, who, st, order, total)
	if err != nil {
		return nil, err
	}
	return ConfirmReceipt200JSONResponse(h.s.viewer(web.Language(c), st).order(f)), nil
}
