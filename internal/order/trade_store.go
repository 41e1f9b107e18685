package order

import (
	"context"
	"slices"
	"strconv"
	"time"

	"entrepot/internal/database"
	"entrepot/internal/jobs"
	"entrepot/internal/money"
	"entrepot/internal/web"

	"gorm.io/gorm"
)

// tradeFact is what one read of a purchase order at 1688 says. Amounts in fen.
type tradeFact struct {
	word         string // 1688's status, verbatim
	total, post  money.Fen
	refundStatus string
	closeReason  string
	modified     *time.Time
	paid, sent   bool // once, whatever it is now
	items        []itemFact
	parcels      []parcelFact
}

type itemFact struct {
	subItemID       string
	offerID, skuID  int64
	specID          string
	quantity        int64
	amount          money.Fen
	word            string
	logisticsStatus int
}

// apply writes what 1688 says about a purchase. Facts of an older read than the one already applied change nothing that
// could go back: states only rise, amounts follow 1688's modification time.
func (s *store) apply(ctx context.Context, purchaseID int64, f tradeFact, cause string) error {
	return s.db.InTx(ctx, func(tx *gorm.DB) error {
		var p purchaseRow
		if err := tx.Select("order_id").Where("id = ?", purchaseID).Take(&p).Error; err != nil {
			return database.Translate(err)
		}
		o, err := lockTx(tx, p.OrderID)
		if err != nil {
			return err
		}
		p = purchaseRow{}
		if err := tx.Where("id = ?", purchaseID).Take(&p).Error; err != nil {
			return database.Translate(err)
		}
		return s.applyTx(ctx, tx, &o, &p, f, cause)
	})
}

func (s *store) applyTx(ctx context.Context, tx *gorm.DB, o *orderRow, p *purchaseRow, f tradeFact, cause string) error {
	old, was := f.olderThan(p), *p
	if err := s.purchaseTx(ctx, tx, o, p, f, cause, old); err != nil {
		return err
	}
	if err := s.itemsTx(ctx, tx, o, p, f, old); err != nil {
		return err
	}
	if err := s.parcelsTx(tx, p, f.parcels, old); err != nil {
		return err
	}
	if err := s.pricesTx(ctx, tx, o, p, &was, f, old); err != nil {
		return err
	}
	return s.settleTx(ctx, tx, o, p.ID, cause)
}

// olderThan: another read, made later, was applied first. 1688's modification time says so, or a state that was passed.
func (f tradeFact) olderThan(p *purchaseRow) bool {
	if to, known := upstreamState(f.word); known && purchaseRank[to] < p.RankNo {
		return true
	}
	return f.modified != nil && p.UpstreamModifiedAt != nil && f.modified.Before(*p.UpstreamModifiedAt)
}

func (s *store) purchaseTx(ctx context.Context, tx *gorm.DB, o *orderRow, p *purchaseRow, f tradeFact, cause string, old bool) error {
	set := map[string]any{"read_at": s.now(), "updated_at": s.now()}
	s.stampPast(set, p, f)
	if !old {
		set["upstream_status"], set["total_fen"], set["post_fee_fen"] = clip(f.word, 40), f.total, f.post
		set["refund_status"], set["upstream_modified_at"] = clip(f.refundStatus, 30), f.modified
	}
	if to, known := upstreamState(f.word); known && purchaseRank[to] > p.RankNo {
		s.stampState(set, p, to, f)
		if _, err := s.movePurchaseTx(ctx, tx, p, purchaseMove{to: to, cause: cause, actor: "1688", detail: f.word, set: set}); err != nil {
			return err
		}
		set = nil
	}
	if f.refundStatus == "refundsuccess" && p.RefundStatus != "refundsuccess" {
		if err := s.attentionTx(ctx, tx, o, p.ID, "purchase_refunded"); err != nil {
			return err
		}
	}
	if set == nil {
		return nil
	}
	return tx.Model(&purchaseRow{}).Where("id = ?", p.ID).Updates(set).Error
}

// stampState notes when the stages a purchase passed were first seen, also those it jumped over.
func (s *store) stampState(set map[string]any, p *purchaseRow, to PurchaseState, f tradeFact) {
	now := s.now()
	if to == Closedup {
		set["closed_at"], set["close_reason"] = now, clip(f.closeReason, 60)
		return
	}
	past := tradeFact{paid: purchaseRank[to] >= purchaseRank[Bought], sent: purchaseRank[to] >= purchaseRank[Sent]}
	s.stampPast(set, p, past)
	if to == Success {
		set["completed_at"] = now
	}
}

// stampPast notes when we first learned that a purchase was paid and shipped, also of one that was closed since.
func (s *store) stampPast(set map[string]any, p *purchaseRow, f tradeFact) {
	if p.PaidAt == nil && f.paid {
		set["paid_at"] = s.now()
	}
	if p.ShippedAt == nil && f.sent {
		set["shipped_at"] = s.now()
	}
}

// itemsTx ties 1688's sub-orders to our lines. The first sighting of a pair queues its relation push.
func (s *store) itemsTx(ctx context.Context, tx *gorm.DB, o *orderRow, p *purchaseRow, f tradeFact, old bool) error {
	if len(f.items) == 0 {
		return nil
	}
	owner := p.ID
	if p.ParentID != 0 {
		owner = p.ParentID
	}
	var rows []purchaseLineRow // of every 1688 order that came out of one call
	if err := tx.Where("purchase_id IN (SELECT id FROM purchases WHERE id = ? OR parent_id = ?)", owner, owner).Order("id").Find(&rows).Error; err != nil {
		return err
	}
	var lines []lineRow
	if err := tx.Where("order_id = ?", p.OrderID).Find(&lines).Error; err != nil {
		return err
	}
	for _, it := range f.items {
		row := matchItem(it, rows, lines)
		if row == nil {
			row = s.cutOff(p, it, rows, lines)
		}
		if row == nil {
			continue
		}
		if row.SubItemID == nil {
			if err := s.relateTx(ctx, tx, o, p, row, it); err != nil {
				return err
			}
		}
		if old {
			continue
		}
		err := tx.Model(&purchaseLineRow{}).Where("id = ?", row.ID).
			Updates(map[string]any{"upstream_status": clip(it.word, 40), "logistics_status": it.logisticsStatus, "amount_fen": it.amount}).Error
		if err != nil {
			return err
		}
		if err := shippedTx(tx, row, it); err != nil {
			return err
		}
	}
	return nil
}

// shippedTx notes how much of a line has left the seller (2 sent, 3 received, 4 returned in 1688's numbers), over all the
// sub-orders it was bought in.
func shippedTx(tx *gorm.DB, row *purchaseLineRow, it itemFact) error {
	if it.logisticsStatus != 2 && it.logisticsStatus != 3 {
		return nil
	}
	const sum = "(SELECT COALESCE(SUM(quantity), 0) FROM purchase_lines WHERE line_id = ? AND logistics_status IN ?)"
	return tx.Model(&lineRow{}).Where("id = ?", row.LineID).Updates(map[string]any{
		"shipped_qty": gorm.Expr(sum, row.LineID, []int{2, 3, 4}), "received_qty": gorm.Expr(sum, row.LineID, []int{3, 4}),
	}).Error
}

// cutOff is a row to be, for a part of a line that 1688 put into another order (one line split by pieces).
func (s *store) cutOff(p *purchaseRow, it itemFact, rows []purchaseLineRow, lines []lineRow) *purchaseLineRow {
	bound := slices.Clone(rows)
	for i := range bound {
		bound[i].SubItemID = nil
	}
	whole := matchItem(it, bound, lines)
	if whole == nil || it.quantity <= 0 || slices.ContainsFunc(rows, func(r purchaseLineRow) bool { return r.PurchaseID == p.ID && r.LineID == whole.LineID }) {
		return nil
	}
	return &purchaseLineRow{PurchaseID: p.ID, OrderID: p.OrderID, LineID: whole.LineID, Quantity: it.quantity}
}

// relateTx binds one sub-order to one line; of two readers at once only one binds and queues the push.
func (s *store) relateTx(ctx context.Context, tx *gorm.DB, o *orderRow, p *purchaseRow, row *purchaseLineRow, it itemFact) error {
	if row.ID == 0 {
		row.ID, row.SubItemID = s.db.NewID(), &it.subItemID
		if err := tx.Create(row).Error; err != nil {
			return database.Translate(err)
		}
	} else {
		if it.quantity > 0 {
			row.Quantity = it.quantity
		}
		res := tx.Model(&purchaseLineRow{}).Where("id = ? AND sub_item_id IS NULL", row.ID).
			Updates(map[string]any{"sub_item_id": it.subItemID, "purchase_id": p.ID, "quantity": row.Quantity})
		if res.Error != nil || res.RowsAffected == 0 {
			return database.Translate(res.Error)
		}
		row.SubItemID = &it.subItemID
	}
	if o.PaidAt == nil || p.AlibabaOrderID == nil {
		return nil // MarkPaidTx queues it: 1688 learns of an order when it is paid, and of relations after that
	}
	return s.jobs.AppendTx(ctx, tx, relationPush(ctx, o, row.LineID, it.subItemID, *p.AlibabaOrderID, s.now()))
}

func relationPush(ctx context.Context, o *orderRow, lineID int64, subItemID, alibabaOrderID string, at time.Time) jobs.Spec {
	return jobs.Spec{
		Kind: JobPushRelation, Aggregate: "push:" + strconv.FormatInt(o.ID, 10), RequestID: web.RequestID(ctx),
		Payload: Push{Site: o.Site, OrderID: o.ID, ObjectKey: strconv.FormatInt(lineID, 10) + ":" + subItemID, Version: "1",
			LineID: lineID, SubItemID: subItemID, AlibabaOrderID: alibabaOrderID, At: at},
	}
}

// matchItem finds the purchase line of a 1688 sub-order: the bound one, else an unbound line with the same SKU.
func matchItem(it itemFact, rows []purchaseLineRow, lines []lineRow) *purchaseLineRow {
	for i := range rows {
		if rows[i].SubItemID != nil && *rows[i].SubItemID == it.subItemID {
			return &rows[i]
		}
	}
	byID := map[int64]lineRow{}
	for _, l := range lines {
		byID[l.ID] = l
	}
	for i := range rows {
		l := byID[rows[i].LineID]
		if rows[i].SubItemID != nil || l.OfferID != it.offerID {
			continue
		}
		if (it.specID != "" && l.SpecID == it.specID) || (it.skuID != 0 && l.SkuID == it.skuID) || (l.SpecID == "" && l.SkuID == 0) {
			return &rows[i]
		}
	}
	return nil
}
