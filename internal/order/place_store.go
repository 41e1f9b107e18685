package order

import (
	"context"
	"strconv"
	"strings"

	"entrepot/internal/database"
	"entrepot/internal/jobs"
	"entrepot/internal/web"

	"gorm.io/gorm"
)

// The inserts of a placed order are written out: this is the busiest transaction, and building them by reflection costs as
// much as the rest of the request.
const (
	insertOrder = "INSERT INTO orders (id, site, member_id, out_member_id, preview_id, status, status_group, rank_no, version, order_type, " +
		"trigger_mode, currency, goods_fen, freight_fen, discount_fen, total_fen, goods_minor, freight_minor, discount_minor, total_minor, " +
		"fx_json, address_json, note, paid_minor, close_reason, attention, unpaid_deadline, created_at, updated_at) " +
		"VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
	insertLines = "INSERT INTO order_lines (id, order_id, line_no, group_no, offer_id, sku_id, spec_id, seller_open_id, quantity, unit_fen, " +
		"amount_fen, unit_minor, amount_minor, subject, subject_trans, sku_name, image_url, snapshot, received_qty, shipped_qty, created_at) VALUES "
	lineValues = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?)"
)

// place writes the order, its lines, the idempotency record with the answer and the end of the payment window together, and takes what
// came from the cart out of it.
func (s *store) place(ctx context.Context, f *full, idem web.Idem, answer web.Answer) error {
	o := &f.order
	args := make([]any, 0, 19*len(f.lines))
	for i := range f.lines {
		l := &f.lines[i]
		args = append(args, l.ID, l.OrderID, l.LineNo, l.GroupNo, l.OfferID, l.SkuID, l.SpecID, l.SellerOpenID, l.Quantity, l.UnitFen, l.AmountFen,
			l.UnitMinor, l.AmountMinor, l.Subject, l.SubjectTrans, l.SkuName, l.ImageURL, l.Snapshot, l.CreatedAt)
	}
	lines := insertLines + lineValues + strings.Repeat(", "+lineValues, len(f.lines)-1)
	queued, err := s.jobs.Append(s.placedJobs(f, strconv.FormatInt(o.ID, 10))...)
	if err != nil {
		return err
	}
	statements := []database.Statement{s.idem.Save(idem, answer), orderStatement(o), {SQL: lines, Args: args}, queued}
	if len(f.taken) > 0 {
		statements = append(statements, takeStatements(o.MemberID, f.taken, s.now())...)
	}
	return s.db.Grouped(ctx, func(tx *gorm.DB) error { return database.ExecAll(tx, statements...) })
}

func orderStatement(o *orderRow) database.Statement {
	return database.Statement{SQL: insertOrder, Args: []any{o.ID, o.Site, o.MemberID, o.OutMemberID, o.PreviewID, o.Status, o.StatusGroup, o.RankNo,
		o.Version, o.OrderType, o.TriggerMode, o.Currency, o.GoodsFen, o.FreightFen, o.DiscountFen, o.TotalFen, o.GoodsMinor, o.FreightMinor,
		o.DiscountMinor, o.TotalMinor, o.FxJSON, o.AddressJSON, o.Note, o.PaidMinor, o.CloseReason, o.Attention, o.UnpaidDeadline, o.CreatedAt, o.UpdatedAt}}
}

func (s *store) placedJobs(o *full, id string) []jobs.Spec {
	specs := []jobs.Spec{{Kind: JobUnpaid, Aggregate: "unpaid:" + id, Payload: ref{ID: o.order.ID}, Due: o.order.UnpaidDeadline}}
	if o.order.TriggerMode == OnSubmit && o.order.OrderType == TypePurchase {
		specs = append(specs, jobs.Spec{Kind: JobPurchase, Aggregate: "buy:" + id, Payload: ref{ID: o.order.ID}})
	}
	return specs
}
