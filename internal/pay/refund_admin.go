package pay

import (
	"context"
	"net/http"

	"entrepot/internal/auth"
	"entrepot/internal/web"
)

// Roles that act on refunds; everybody on the staff may look.
var (
	mayDecide = []auth.Role{auth.Support, auth.Ops, auth.Finance, auth.Admin}
	mayPay    = []auth.Role{auth.Finance, auth.Admin}
)

// AdminListRefunds implements StrictServerInterface.
func (h server) AdminListRefunds(c context.Context, r AdminListRefundsRequestObject) (AdminListRefundsResponseObject, error) {
	if _, err := auth.RequireRole(c, auth.Roles...); err != nil {
		return nil, err
	}
	before, limit, err := web.Page(r.Params.Cursor, r.Params.Limit)
	if err != nil {
		return nil, err
	}
	filter := refundFilter{before: before, limit: limit + 1}
	if r.Params.Site != nil {
		filter.site = *r.Params.Site
	}
	if r.Params.State != nil {
		filter.state = string(*r.Params.State)
	}
	rows, err := h.s.store.refunds(web.Context(c), filter)
	if err != nil {
		return nil, err
	}
	out, view := AdminListRefunds200JSONResponse{Items: []RefundRow{}}, h.viewer(c, true)
	if len(rows) > limit {
		rows = rows[:limit]
		out.NextCursor = textPtr(web.EncodeCursor(rows[limit-1].ID))
	}
	for i := range rows {
		out.Items = append(out.Items, view.row(&rows[i]))
	}
	return out, nil
}

// onRefund runs what staff of some roles may do to a refund, and answers with the refund as it is then.
func (h server) onRefund(c context.Context, text string, roles []auth.Role, do func(ctx context.Context, who auth.StaffCaller, id int64) error) (AdminRefund, error) {
	who, err := auth.RequireRole(c, roles...)
	if err != nil {
		return AdminRefund{}, err
	}
	id, err := pathID(text, "refund.not_found")
	if err != nil {
		return AdminRefund{}, err
	}
	ctx := web.Context(c)
	if err := do(ctx, who, id); err != nil {
		return AdminRefund{}, err
	}
	f, err := h.s.store.refund(ctx, "", 0, id)
	if err != nil {
		return AdminRefund{}, refundMissing(err)
	}
	return h.viewer(c, true).admin(f), nil
}

// AdminGetRefund implements StrictServerInterface.
func (h server) AdminGetRefund(c context.Context, r AdminGetRefundRequestObject) (AdminGetRefundResponseObject, error) {
	v, err := h.onRefund(c, r.RefundId, auth.Roles, func(context.Context, auth.StaffCaller, int64) error { return nil })
	return AdminGetRefund200JSONResponse(v), err
}

// AdminApproveRefund implements StrictServerInterface.
func (h server) AdminApproveRefund(c context.Context, r AdminApproveRefundRequestObject) (AdminApproveRefundResponseObject, error) {
	v, err := h.onRefund(c, r.RefundId, mayDecide, func(ctx context.Context, who auth.StaffCaller, id int64) error {
		return h.s.ApproveRefund(ctx, who, id, r.Body.Reason)
	})
	return AdminApproveRefund200JSONResponse(v), err
}

// AdminRejectRefund implements StrictServerInterface.
func (h server) AdminRejectRefund(c context.Context, r AdminRejectRefundRequestObject) (AdminRejectRefundResponseObject, error) {
	v, err := h.onRefund(c, r.RefundId, mayDecide, func(ctx context.Context, who auth.StaffCaller, id int64) error {
		return h.s.RejectRefund(ctx, who, id, r.Body.Reason)
	})
	return AdminRejectRefund200JSONResponse(v), err
}

// AdminAskRefund implements StrictServerInterface.
func (h server) AdminAskRefund(c context.Context, r AdminAskRefundRequestObject) (AdminAskRefundResponseObject, error) {
	v, err := h.onRefund(c, r.RefundId, mayDecide, func(ctx context.Context, who auth.StaffCaller, id int64) error {
		return h.s.AskMember(ctx, who, id, r.Body.Text)
	})
	return AdminAskRefund200JSONResponse(v), err
}

// AdminReturnRefundGoods implements StrictServerInterface.
func (h server) AdminReturnRefundGoods(c context.Context, r AdminReturnRefundGoodsRequestObject) (AdminReturnRefundGoodsResponseObject, error) {
	v, err := h.onRefund(c, r.RefundId, mayDecide, func(ctx context.Context, who auth.StaffCaller, id int64) error {
		part, err := partOf(r.Body.PartId)
		if err != nil {
			return err
		}
		return h.s.SendBackByStaff(ctx, who, id, part, r.Body.Carrier, r.Body.TrackingNo)
	})
	return AdminReturnRefundGoods200JSONResponse(v), err
}

// AdminArbitrateRefund implements StrictServerInterface.
func (h server) AdminArbitrateRefund(c context.Context, r AdminArbitrateRefundRequestObject) (AdminArbitrateRefundResponseObject, error) {
	v, err := h.onRefund(c, r.RefundId, mayDecide, func(ctx context.Context, who auth.StaffCaller, id int64) error {
		part, err := partOf(r.Body.PartId)
		if err != nil {
			return err
		}
		return h.s.AskService(ctx, who, id, part, r.Body.Reason)
	})
	return AdminArbitrateRefund200JSONResponse(v), err
}

// AdminPayOutRefund implements StrictServerInterface.
func (h server) AdminPayOutRefund(c context.Context, r AdminPayOutRefundRequestObject) (AdminPayOutRefundResponseObject, error) {
	who, err := auth.RequireRole(c, mayPay...)
	if err != nil {
		return nil, err
	}
	idem, err := web.IdemOf(c)
	if err != nil {
		return nil, err
	}
	id, err := pathID(r.RefundId, "refund.not_found")
	if err != nil {
		return nil, err
	}
	answer, replay, err := h.s.PayOut(web.Context(c), who, id, r.Body.Reference, idem, func(f *fullRefund) (web.Answer, error) {
		return web.JSONAnswer(http.StatusOK, h.viewer(c, true).admin(f), f.ID)
	})
	if err != nil {
		return nil, err
	}
	return answered{answer, replay}, nil
}
