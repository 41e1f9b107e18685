package pay

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"entrepot/internal/auth"
	"entrepot/internal/errs"
	"entrepot/internal/web"
)

// member is who asks; the contract lets nobody else through.
func member(c context.Context) (context.Context, auth.MemberCaller, error) {
	who, ok := auth.Member(c)
	if !ok {
		return nil, who, errs.New(errs.Unauthenticated, "auth.required")
	}
	return web.Context(c), who, nil
}

func pathID(text, missing string) (int64, error) {
	id, err := web.ParseID(text)
	if err != nil {
		return 0, errs.New(errs.NotFound, missing)
	}
	return id, nil
}

func (h server) viewer(c context.Context, staff bool) refundViewer {
	return refundViewer{s: h.s, lang: web.Language(c), staff: staff}
}

// mine reads the refund of a path when it is the member's.
func (h server) mine(c context.Context, text string) (context.Context, *fullRefund, error) {
	ctx, who, err := member(c)
	if err != nil {
		return nil, nil, err
	}
	id, err := pathID(text, "refund.not_found")
	if err != nil {
		return nil, nil, err
	}
	f, err := h.s.Refund(ctx, who, id)
	return ctx, f, err
}

// onMine runs what a member may do to a refund and answers with the refund as it is then.
func (h server) onMine(c context.Context, text string, do func(ctx context.Context, f *fullRefund) error) (Refund, error) {
	ctx, f, err := h.mine(c, text)
	if err != nil {
		return Refund{}, err
	}
	if err := do(ctx, f); err != nil {
		return Refund{}, err
	}
	if f, err = h.s.store.refund(ctx, "", 0, f.ID); err != nil {
		return Refund{}, err
	}
	return h.viewer(c, false).refund(f), nil
}

// ListRefundReasons implements StrictServerInterface.
func (h server) ListRefundReasons(c context.Context, r ListRefundReasonsRequestObject) (ListRefundReasonsResponseObject, error) {
	ctx, who, err := member(c)
	if err != nil {
		return nil, err
	}
	order, err := pathID(r.OrderId, "order.not_found")
	if err != nil {
		return nil, err
	}
	var lines []int64
	if r.Params.LineIds != nil {
		for _, text := range strings.Split(*r.Params.LineIds, ",") {
			id, err := web.ParseID(text)
			if err != nil {
				return nil, errs.New(errs.Invalid, "request.invalid").At("/query/lineIds", "field.format")
			}
			lines = append(lines, id)
		}
	}
	list, err := h.s.RefundReasons(ctx, who, order, lines, r.Params.Received != nil && *r.Params.Received)
	if err != nil {
		return nil, err
	}
	return ListRefundReasons200JSONResponse{Items: h.viewer(c, false).reasons(list)}, nil
}

// answered writes an answer that was encoded before it was committed, so that a replay is the same to the byte.
type answered struct {
	answer web.Answer
	replay *web.Replay
}

func (a answered) write(w http.ResponseWriter) error {
	if a.replay != nil {
		return a.replay.Write(w)
	}
	return a.answer.Write(w)
}

// VisitCreateRefundResponse implements CreateRefundResponseObject.
func (a answered) VisitCreateRefundResponse(w http.ResponseWriter) error { return a.write(w) }

// VisitAdminPayOutRefundResponse implements AdminPayOutRefundResponseObject.
func (a answered) VisitAdminPayOutRefundResponse(w http.ResponseWriter) error { return a.write(w) }

// CreateRefund implements StrictServerInterface.
func (h server) CreateRefund(c context.Context, r CreateRefundRequestObject) (CreateRefundResponseObject, error) {
	ctx, who, err := member(c)
	if err != nil {
		return nil, err
	}
	idem, err := web.IdemOf(c)
	if err != nil {
		return nil, err
	}
	order, err := pathID(r.OrderId, "order.not_found")
	if err != nil {
		return nil, err
	}
	w, err := wishOf(r.Body)
	if err != nil {
		return nil, err
	}
	answer, replay, err := h.s.AskRefund(ctx, who, order, w, idem, func(f *fullRefund) (web.Answer, error) {
		return web.JSONAnswer(http.StatusCreated, h.viewer(c, false).refund(f), f.ID)
	})
	if err != nil {
		return nil, err
	}
	return answered{answer, replay}, nil
}

func wishOf(b *RefundRequest) (RefundWish, error) {
	w := RefundWish{Kind: moneyOnly, Description: b.Description}
	if b.Kind != nil {
		w.Kind = string(*b.Kind)
	}
	if b.Received != nil {
		w.Received = *b.Received
	}
	if b.Evidence != nil {
		w.Evidence = *b.Evidence
	}
	bad := func(pointer string) error {
		return errs.New(errs.Invalid, "request.invalid").At(pointer, "field.format")
	}
	var err error
	if b.ReasonId != nil {
		if w.ReasonID, err = web.ParseID(*b.ReasonId); err != nil {
			return w, bad("/reasonId")
		}
	}
	for i, l := range b.Lines {
		id, err := web.ParseID(l.LineId)
		if err != nil {
			return w, bad("/lines/" + strconv.Itoa(i) + "/lineId")
		}
		w.Items = append(w.Items, RefundItem{id, l.Quantity})
	}
	return w, nil
}

// ListOrderRefunds implements StrictServerInterface.
func (h server) ListOrderRefunds(c context.Context, r ListOrderRefundsRequestObject) (ListOrderRefundsResponseObject, error) {
	ctx, who, err := member(c)
	if err != nil {
		return nil, err
	}
	order, err := pathID(r.OrderId, "order.not_found")
	if err != nil {
		return nil, err
	}
	rows, err := h.s.RefundsOf(ctx, who, order)
	if err != nil {
		return nil, err
	}
	out, view := ListOrderRefunds200JSONResponse{Items: []RefundRow{}}, h.viewer(c, false)
	for i := range rows {
		out.Items = append(out.Items, view.row(&rows[i]))
	}
	return out, nil
}

// GetRefund implements StrictServerInterface.
func (h server) GetRefund(c context.Context, r GetRefundRequestObject) (GetRefundResponseObject, error) {
	_, f, err := h.mine(c, r.RefundId)
	if err != nil {
		return nil, err
	}
	return GetRefund200JSONResponse(h.viewer(c, false).refund(f)), nil
}

// AddRefundVoucher implements StrictServerInterface.
func (h server) AddRefundVoucher(c context.Context, r AddRefundVoucherRequestObject) (AddRefundVoucherResponseObject, error) {
	v, err := h.onMine(c, r.RefundId, func(ctx context.Context, f *fullRefund) error {
		var text string
		if r.JSONBody != nil {
			text = r.JSONBody.ImageBase64
		}
		jpeg, err := h.s.search.ReadPicture(ctx, r.MultipartBody, text)
		if err != nil {
			return err
		}
		return h.s.AddEvidence(ctx, f, jpeg)
	})
	return AddRefundVoucher201JSONResponse(v), err
}

// ReturnRefundGoods implements StrictServerInterface.
func (h server) ReturnRefundGoods(c context.Context, r ReturnRefundGoodsRequestObject) (ReturnRefundGoodsResponseObject, error) {
	v, err := h.onMine(c, r.RefundId, func(ctx context.Context, f *fullRefund) error {
		part, err := partOf(r.Body.PartId)
		if err != nil {
			return err
		}
		return h.s.SendBack(ctx, f.ID, part, r.Body.Carrier, r.Body.TrackingNo)
	})
	return ReturnRefundGoods202JSONResponse(v), err
}

func partOf(text *string) (int64, error) {
	if text == nil {
		return 0, nil
	}
	id, err := web.ParseID(*text)
	if err != nil {
		return 0, errs.New(errs.Invalid, "request.invalid").At("/partId", "field.format")
	}
	return id, nil
}

// CancelRefund implements StrictServerInterface.
func (h server) CancelRefund(c context.Context, r CancelRefundRequestObject) (CancelRefundResponseObject, error) {
	v, err := h.onMine(c, r.RefundId, func(ctx context.Context, f *fullRefund) error { return h.s.Withdraw(ctx, f.ID) })
	return CancelRefund202JSONResponse(v), err
}

// ReplyToRefund implements StrictServerInterface.
func (h server) ReplyToRefund(c context.Context, r ReplyToRefundRequestObject) (ReplyToRefundResponseObject, error) {
	v, err := h.onMine(c, r.RefundId, func(ctx context.Context, f *fullRefund) error { return h.s.Reply(ctx, f.ID, r.Body.Text) })
	return ReplyToRefund201JSONResponse(v), err
}
