package order

import (
	"context"
	"strconv"
	"time"

	"entrepot/internal/database"
	"entrepot/internal/errs"
	"entrepot/internal/jobs"
	"entrepot/internal/money"
	"entrepot/internal/site"
	"entrepot/internal/web"

	"gorm.io/gorm"
)

// States of a price approval.
const (
	approvalPending  = "pending"
	approvalApproved = "approved"
	approvalDeclined = "declined"
	approvalExpired  = "expired"
)

// approvalRow is the question to a member whether a new price is all right.
type approvalRow struct {
	ID         int64
	OrderID    int64
	PurchaseID int64
	PendingFor *int64
	State      string
	OldFen     money.Fen
	NewFen     money.Fen
	OldMinor   int64
	NewMinor   int64
	Currency   string
	LinesJSON  string `gorm:"column:lines_json"`
	DecidedBy  string
	ExpiresAt  time.Time
	DecidedAt  *time.Time
	CreatedAt  time.Time
}

func (approvalRow) TableName() string { return "price_approvals" }

// approvalLine is one line of the question.
type approvalLine struct {
	LineID   int64     `json:"line,string"`
	OldFen   money.Fen `json:"oldFen"`
	NewFen   money.Fen `json:"newFen"`
	OldMinor int64     `json:"oldMinor"`
	NewMinor int64     `json:"newMinor"`
}

// asked is what 1688 asks for a purchase now: its total, the freight in it, and its goods by line.
type asked struct {
	total, freight money.Fen
	goods          map[int64]money.Fen // by line
}

// dearer: 1688 asks more than the member agreed to plus the tolerance. Purchases that 1688 split off in the time before
// quotes were shared out have none.
func (s *store) dearer(p *purchaseRow, total money.Fen) bool {
	return p.QuotedFen > 0 && int64(total)*100 > int64(p.QuotedFen)*int64(100+s.rules.Tolerance)
}

// askedTx compares what 1688 asks for an unpaid purchase with what the member agreed to. held: it must not go on.
func (s *store) askedTx(ctx context.Context, tx *gorm.DB, o *orderRow, p *purchaseRow, now asked) (held bool, err error) {
	t, err := s.termsTx(tx, o, p)
	if err != nil {
		return true, err
	}
	if s.buying(o.Site).Extra == site.ExtraAbsorb || !s.dearer(p, now.total) {
		if err := s.withdrawTx(ctx, tx, o, p, &t); err != nil {
			return true, err
		}
		return t.Hold != holdNone, s.movedTx(ctx, tx, p, now.total)
	}
	if t.Hold == holdDeclined || t.Hold == holdExpired {
		return true, nil
	}
	rate, currency, ok := s.rateOf(o)
	if !ok {
		return true, s.staffPriceTx(ctx, tx, o, p, &t)
	}
	a, err := s.questionTx(tx, o, p, t, now, rate, currency)
	if err != nil {
		return true, err
	}
	return true, s.askTx(ctx, tx, o, p, &t, a)
}

// movedTx records a price that moved within what nobody needs to be asked about.
func (s *store) movedTx(ctx context.Context, tx *gorm.DB, p *purchaseRow, total money.Fen) error {
	last := p.TotalFen
	if p.State == Creating || last == 0 {
		last = p.QuotedFen
	}
	if total == last || p.QuotedFen == 0 {
		return nil
	}
	return s.noteTx(ctx, tx, p, "price.moved", id(int64(p.QuotedFen))+" -> "+id(int64(total))+" fen", "1688")
}

// staffPriceTx: the price moved, and the order does not say in which currency to ask.
func (s *store) staffPriceTx(ctx context.Context, tx *gorm.DB, o *orderRow, p *purchaseRow, t *termsRow) error {
	t.Hold = holdStaff
	if err := s.saveTermsTx(tx, t); err != nil {
		return err
	}
	return s.attentionTx(ctx, tx, o, p.ID, "purchase_price_changed")
}

// questionTx prices the question: each part is converted by itself with the order's own rate, as when it was placed.
func (s *store) questionTx(tx *gorm.DB, o *orderRow, p *purchaseRow, t termsRow, now asked, rate money.Rate, currency money.Currency) (*approvalRow, error) {
	wanted, err := wantedTx(tx, p.ID)
	if err != nil {
		return nil, err
	}
	byID, _, err := s.groupTx(tx, o, p)
	if err != nil {
		return nil, err
	}
	lines := make([]approvalLine, 0, len(wanted))
	for _, pl := range wanted {
		l := byID[pl.LineID]
		line := approvalLine{LineID: l.ID, OldFen: money.Fen(mulDiv(int64(l.AmountFen), pl.Quantity, l.Quantity)), NewFen: now.goods[l.ID],
			OldMinor: mulDiv(l.AmountMinor, pl.Quantity, l.Quantity)}
		if line.NewMinor, err = rate.Convert(line.NewFen, currency); err != nil {
			return nil, err
		}
		lines = append(lines, line)
	}
	a := &approvalRow{
		ID: s.db.NewID(), OrderID: o.ID, PurchaseID: p.ID, PendingFor: &p.ID, State: approvalPending, OldFen: p.QuotedFen, NewFen: now.total,
		OldMinor: t.QuotedMinor, Currency: o.Currency, LinesJSON: encode(lines), ExpiresAt: s.now().Add(s.rules.ApproveWithin), CreatedAt: s.now(),
	}
	a.NewMinor, err = now.minor(rate, currency)
	return a, err
}

// minor is the total in the member's currency: goods, freight and what is left over, converted one by one.
func (n asked) minor(rate money.Rate, currency money.Currency) (int64, error) {
	var parts []money.Fen
	rest := n.total - n.freight
	for _, fen := range n.goods {
		parts = append(parts, fen)
		rest -= fen
	}
	_, total, err := rate.ConvertParts(currency, append(parts, n.freight, rest)...)
	return total, err
}

// askTx puts a question to the member, in place of an open one about another price.
func (s *store) askTx(ctx context.Context, tx *gorm.DB, o *orderRow, p *purchaseRow, t *termsRow, a *approvalRow) error {
	var open approvalRow
	if err := tx.Where("pending_for = ?", p.ID).Limit(1).Find(&open).Error; err != nil {
		return err
	}
	if open.ID != 0 && open.NewFen == a.NewFen {
		return nil
	}
	if err := tx.Where("pending_for = ?", p.ID).Delete(&approvalRow{}).Error; err != nil {
		return err
	}
	if err := tx.Create(a).Error; err != nil {
		return database.Translate(err)
	}
	t.Hold = holdApproval
	if err := s.saveTermsTx(tx, t); err != nil {
		return err
	}
	if err := s.noteTx(ctx, tx, p, "price.asked", id(int64(a.OldFen))+" -> "+id(int64(a.NewFen))+" fen", "system"); err != nil {
		return err
	}
	if err := s.attentionTx(ctx, tx, o, p.ID, "price_approval"); err != nil {
		return err
	}
	return s.jobs.AppendTx(ctx, tx, jobs.Spec{Kind: JobApproval, Aggregate: "approval:" + id(a.ID), Payload: ref{ID: a.ID}, Due: a.ExpiresAt, RequestID: web.RequestID(ctx)})
}

// withdrawTx takes an open question back: the price is fine again, or the purchase is past it.
func (s *store) withdrawTx(ctx context.Context, tx *gorm.DB, o *orderRow, p *purchaseRow, t *termsRow) error {
	if t.Hold != holdApproval && t.Hold != holdStaff {
		return nil
	}
	if err := tx.Where("pending_for = ?", p.ID).Delete(&approvalRow{}).Error; err != nil {
		return err
	}
	t.Hold = holdNone
	if err := s.saveTermsTx(tx, t); err != nil {
		return err
	}
	if err := s.noteTx(ctx, tx, p, "price.withdrawn", "", "system"); err != nil {
		return err
	}
	if err := s.calmTx(tx, o); err != nil {
		return err
	}
	return s.resumeTx(ctx, tx, p)
}

// resumeTx has a purchase that was held go on where it stands.
func (s *store) resumeTx(ctx context.Context, tx *gorm.DB, p *purchaseRow) error {
	switch p.State {
	case Creating:
		return s.jobs.AppendTx(ctx, tx, createJob(ctx, p))
	case Unpaid:
		return s.jobs.AppendTx(ctx, tx, jobs.Spec{Kind: JobPay, Aggregate: "purchase:" + id(p.ID), Payload: ref{ID: p.ID}, RequestID: web.RequestID(ctx)})
	}
	return nil
}

// releaseTx ends a kind of hold on all purchases of an order.
func (s *store) releaseTx(ctx context.Context, tx *gorm.DB, o *orderRow, hold string) error {
	a, err := s.accountTx(tx, o.ID)
	if err != nil || (hold == holdExtra && outstanding(o, a) > 0) {
		return err
	}
	var rows []purchaseRow
	if err := tx.Where("id IN (SELECT purchase_id FROM purchase_terms WHERE order_id = ? AND hold = ?)", o.ID, hold).Order("id").Find(&rows).Error; err != nil {
		return err
	}
	err = tx.Model(&termsRow{}).Where("order_id = ? AND hold = ?", o.ID, hold).Updates(map[string]any{"hold": holdNone, "updated_at": s.now()}).Error
	if err != nil {
		return err
	}
	for i := range rows {
		if err := s.resumeTx(ctx, tx, &rows[i]); err != nil {
			return err
		}
	}
	return s.calmTx(tx, o)
}

// calmTx takes the marks off an order that only said somebody had to answer, once nobody has to.
func (s *store) calmTx(tx *gorm.DB, o *orderRow) error {
	reason := ""
	for _, q := range []struct{ reason, where string }{
		{"shortage", "SELECT COUNT(*) FROM shortages WHERE order_id = ? AND state = 'open'"},
		{"price_approval", "SELECT COUNT(*) FROM price_approvals WHERE order_id = ? AND state = 'pending'"},
		{"extra_due", "SELECT COUNT(*) FROM purchase_terms WHERE order_id = ? AND hold = 'extra'"},
	} {
		var n int64
		if err := tx.Raw(q.where, o.ID).Scan(&n).Error; err != nil {
			return err
		}
		if n > 0 && reason == "" {
			reason = q.reason
		}
	}
	switch o.Attention {
	case "shortage", "price_approval", "extra_due", "purchase_refused", "purchase_closed", "purchase_price_changed":
	default:
		return nil
	}
	if reason == "shortage" && o.Attention != "price_approval" && o.Attention != "extra_due" {
		return nil // what it says is more exact
	}
	o.Attention = reason
	return tx.Model(&orderRow{}).Where("id = ?", o.ID).
		Updates(map[string]any{"attention": reason, "status_group": string(o.Status.group(reason)), "updated_at": s.now()}).Error
}

// decide answers a question: to is the state it ends in. A question that was answered the same way before is fine.
// Errors: order.approval_stale.
func (s *store) decide(ctx context.Context, orderID, approvalID int64, to, by string) error {
	return s.db.InTx(ctx, func(tx *gorm.DB) error {
		o, err := lockTx(tx, orderID)
		if err != nil {
			return err
		}
		var a approvalRow
		if err := tx.Where("id = ? AND order_id = ?", approvalID, orderID).Limit(1).Find(&a).Error; err != nil {
			return err
		}
		if a.State == to {
			return nil
		}
		res := tx.Model(&approvalRow{}).Where("id = ? AND state = ?", a.ID, approvalPending).
			Updates(map[string]any{"state": to, "pending_for": nil, "decided_by": clip(by, 60), "decided_at": s.now()})
		if res.Error != nil {
			return res.Error
		}
		if res.RowsAffected == 0 {
			return errs.New(errs.Conflict, "order.approval_stale").At("/approvalId", "order.approval_stale")
		}
		return s.decidedTx(ctx, tx, &o, &a, to, by)
	})
}

func (s *store) decidedTx(ctx context.Context, tx *gorm.DB, o *orderRow, a *approvalRow, to, by string) error {
	var p purchaseRow
	if err := tx.Where("id = ?", a.PurchaseID).Take(&p).Error; err != nil {
		return database.Translate(err)
	}
	if err := s.noteTx(ctx, tx, &p, "price."+to, id(int64(a.OldFen))+" -> "+id(int64(a.NewFen))+" fen", by); err != nil {
		return err
	}
	t, err := s.termsTx(tx, o, &p)
	if err != nil {
		return err
	}
	if to == approvalApproved {
		err = s.approvedTx(ctx, tx, o, &p, &t, a)
	} else {
		err = s.declinedTx(ctx, tx, o, &p, &t, to)
	}
	if err != nil {
		return err
	}
	return s.calmTx(tx, o)
}

// approvedTx makes the new price the agreed one. With on_paid the difference must be paid before buying goes on.
func (s *store) approvedTx(ctx context.Context, tx *gorm.DB, o *orderRow, p *purchaseRow, t *termsRow, a *approvalRow) error {
	p.QuotedFen = a.NewFen
	if err := tx.Model(&purchaseRow{}).Where("id = ?", p.ID).Updates(map[string]any{"quoted_fen": a.NewFen, "updated_at": s.now()}).Error; err != nil {
		return err
	}
	extra := max(a.NewMinor-t.QuotedMinor, 0)
	t.QuotedMinor += extra
	t.Hold = holdNone
	if err := s.extraTx(tx, o.ID, extra); err != nil {
		return err
	}
	if extra > 0 && o.PaidAt != nil && o.TriggerMode == OnPaid {
		t.Hold = holdExtra
		if err := s.saveTermsTx(tx, t); err != nil {
			return err
		}
		return s.attentionTx(ctx, tx, o, p.ID, "extra_due")
	}
	if err := s.saveTermsTx(tx, t); err != nil {
		return err
	}
	return s.resumeTx(ctx, tx, p)
}

// declinedTx gives a purchase up: at once while it is only ours, else by a job that closes it at 1688.
func (s *store) declinedTx(ctx context.Context, tx *gorm.DB, o *orderRow, p *purchaseRow, t *termsRow, to string) error {
	t.Hold = to
	if err := s.saveTermsTx(tx, t); err != nil {
		return err
	}
	if p.State != Creating {
		return s.jobs.AppendTx(ctx, tx, cancelJob(ctx, p.ID))
	}
	moved, err := s.movePurchaseTx(ctx, tx, p, purchaseMove{to: Closedup, cause: "price." + to, actor: "member",
		set: map[string]any{"close_reason": "price_" + to, "closed_at": s.now()}})
	if err != nil || !moved {
		return err
	}
	if err := s.closedTx(ctx, tx, o, p, ended{cause: "price." + to, attention: "purchase_closed", refund: true}); err != nil {
		return err
	}
	return s.settleTx(ctx, tx, o, p.ID, "price."+to)
}

func cancelJob(ctx context.Context, purchaseID int64) jobs.Spec {
	return jobs.Spec{Kind: JobCancelPurchase, Aggregate: "purchase:" + strconv.FormatInt(purchaseID, 10), Payload: ref{ID: purchaseID}, RequestID: web.RequestID(ctx)}
}

// expire ends a question nobody answered in time; it says how long there still is.
func (s *store) expire(ctx context.Context, approvalID int64) (left time.Duration, err error) {
	var a approvalRow
	if err := s.db.Read(ctx).Where("id = ?", approvalID).Limit(1).Find(&a).Error; err != nil || a.State != approvalPending {
		return 0, err
	}
	if left = a.ExpiresAt.Sub(s.now()); left > 0 {
		return left, nil
	}
	err = s.decide(ctx, a.OrderID, a.ID, approvalExpired, "system")
	if errs.Is(err, "order.approval_stale") {
		return 0, nil
	}
	return 0, err
}
