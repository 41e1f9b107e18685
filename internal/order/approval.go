package order

import (
	"context"
	"slices"
	"strconv"

	"entrepot/internal/alibaba"
	"entrepot/internal/auth"
	"entrepot/internal/errs"
	"entrepot/internal/money"
	"entrepot/internal/site"
)

// ApprovePrice answers the question whether a new price is all right, once; the same answer again changes nothing.
// Errors: order.not_found, order.approval_stale.
func (s *Service) ApprovePrice(ctx context.Context, who auth.MemberCaller, st *site.Site, orderID, approvalID int64, accept bool) (*full, error) {
	if _, err := s.store.get(ctx, st.Code, who.ID, orderID); err != nil {
		return nil, notFound(err)
	}
	to := approvalDeclined
	if accept {
		to = approvalApproved
	}
	if err := s.store.decide(ctx, orderID, approvalID, to, "member"); err != nil {
		return nil, err
	}
	s.store.jobs.Kick()
	return s.Order(ctx, who, st, orderID)
}

// shortDecision is what staff decided about goods that will not come.
type shortDecision struct {
	decision, reason, by string // decision: retry, refund, cancel_order
}

func (d shortDecision) state() string {
	switch d.decision {
	case "retry":
		return shortRetried
	case "refund":
		return shortRefunded
	}
	return shortCancelled
}

// DecideShortage carries out what staff decided about a shortage; the same decision again changes nothing.
// Errors: order.not_found, order.shortage_unknown, order.shortage_decided, order.not_cancellable, order.not_payable.
func (s *Service) DecideShortage(ctx context.Context, staff auth.StaffCaller, orderID, shortageID int64, d shortDecision) error {
	d.by = staff.LoginName
	err := s.store.decideShort(ctx, orderID, shortageID, d, s.audited(ctx, "order.shortage."+d.decision, orderID, d.reason, map[string]string{"shortage": strconv.FormatInt(shortageID, 10)}))
	s.store.jobs.Kick()
	return notFound(err)
}

// audited notes what staff did to an order, in the transaction that does it.
func (s *Service) audited(ctx context.Context, action string, orderID int64, reason string, after any) func(tx auditTx) error {
	return func(tx auditTx) error {
		return s.auth.AuditTx(ctx, tx, auth.Entry{Action: action, ObjectKind: "order", ObjectID: orderID, Reason: reason, After: after})
	}
}

// RefreshOrder re-reads all purchases of an order from 1688 now. Errors: order.not_found, unavailable.
func (s *Service) RefreshOrder(ctx context.Context, orderID int64) error {
	if _, err := s.store.get(ctx, "", 0, orderID); err != nil {
		return notFound(err)
	}
	if err := s.store.auditOnly(ctx, s.audited(ctx, "order.refresh", orderID, "", nil)); err != nil {
		return err
	}
	rows, _, err := s.store.purchasesOf(ctx, orderID)
	if err != nil {
		return err
	}
	for _, p := range rows {
		if p.AlibabaOrderID == nil {
			continue
		}
		if err := s.Refresh(ctx, p.ID, "staff.refresh"); err != nil {
			return errs.New(errs.Unavailable, "upstream.unavailable").Because(err)
		}
	}
	return nil
}

// LinkPurchase ties a 1688 order that exists to a purchase of ours that has none, after reading it: the same goods in the
// same quantities, our number or none, not tied elsewhere. Errors: order.not_found, order.link_unknown, order.link_busy,
// order.link_mismatch, order.link_taken.
func (s *Service) LinkPurchase(ctx context.Context, orderID, purchaseID int64, alibabaOrder string) error {
	b, err := s.store.purchase(ctx, purchaseID)
	if err != nil || b.purchase.OrderID != orderID {
		return errs.New(errs.NotFound, "order.not_found")
	}
	no, err := alibaba.ParseID(alibabaOrder)
	if err != nil {
		return errs.New(errs.Rule, "order.link_unknown").At("/alibabaOrderId", "order.link_unknown")
	}
	one, err := s.proof(ctx, b, no)
	if err != nil {
		return err
	}
	err = s.store.link(ctx, b, one, s.audited(ctx, "order.link", orderID, "", map[string]string{"purchase": id(purchaseID), "alibabaOrder": one.id}))
	s.store.jobs.Kick()
	return err
}

// proof reads a 1688 order and holds it against a purchase.
func (s *Service) proof(ctx context.Context, b *bought, no alibaba.ID) (placedAt1688, error) {
	refusal := func(code errs.Code, key string) (placedAt1688, error) {
		return placedAt1688{}, errs.New(code, key).At("/alibabaOrderId", key)
	}
	if b.purchase.AlibabaOrderID != nil && *b.purchase.AlibabaOrderID == no.String() {
		return placedAt1688{id: no.String()}, nil // linked before
	}
	if b.purchase.State != Creating || s.settleLeft(b.purchase.SentAt) > 0 {
		return refusal(errs.Conflict, "order.link_busy")
	}
	trade, err := s.client.BuyerOrder(ctx, no)
	switch {
	case alibaba.ClassOf(err) == alibaba.Rejected:
		return refusal(errs.Rule, "order.link_unknown")
	case err != nil:
		return placedAt1688{}, errs.New(errs.Unavailable, "upstream.unavailable").Because(err)
	}
	ours := trade.Base.OutOrderID == "" || string(trade.Base.OutOrderID) == b.purchase.OutOrderID
	if state, known := upstreamState(string(trade.Base.Status)); !ours || !known || state == Closedup || !slices.Equal(tradeCargo(trade), b.cargo()) {
		return refusal(errs.Rule, "order.link_mismatch")
	}
	taken, err := s.store.tied(ctx, no.String())
	if err == nil && taken {
		return refusal(errs.Conflict, "order.link_taken")
	}
	return placedAt1688{no.String(), money.Fen(trade.Base.TotalFen)}, err
}

// ResolveAttention takes the mark off an order that staff have dealt with. Errors: order.not_found.
func (s *Service) ResolveAttention(ctx context.Context, staff auth.StaffCaller, orderID int64, reason string) error {
	err := s.store.resolve(ctx, orderID, staff.LoginName, reason, s.audited(ctx, "order.attention.resolve", orderID, reason, nil))
	s.store.jobs.Kick()
	return notFound(err)
}
