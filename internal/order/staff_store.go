package order

import (
	"context"

	"entrepot/internal/database"
	"entrepot/internal/errs"

	"gorm.io/gorm"
)

// stillOpen shows staff a purchase that could not be closed, because it is paid.
func (s *store) stillOpen(ctx context.Context, purchaseID int64) error {
	return s.db.InTx(ctx, func(tx *gorm.DB) error {
		var p purchaseRow
		if err := tx.Where("id = ?", purchaseID).Take(&p).Error; err != nil {
			return database.Translate(err)
		}
		if p.State == Closedup || p.State == Unpaid {
			return nil
		}
		o, err := lockTx(tx, p.OrderID)
		if err != nil {
			return err
		}
		return s.attentionTx(ctx, tx, &o, p.ID, "purchase_not_cancelled")
	})
}

// decideShort carries out what staff decided about a shortage. Errors: order.shortage_unknown, order.shortage_decided,
// order.not_cancellable.
func (s *store) decideShort(ctx context.Context, orderID, shortageID int64, d shortDecision, audit func(tx *gorm.DB) error) error {
	return s.db.InTx(ctx, func(tx *gorm.DB) error {
		o, err := lockTx(tx, orderID)
		if err != nil {
			return err
		}
		var sh shortageRow
		if err := tx.Where("id = ? AND order_id = ?", shortageID, orderID).Limit(1).Find(&sh).Error; err != nil {
			return err
		}
		if sh.ID == 0 {
			return errs.New(errs.NotFound, "order.shortage_unknown")
		}
		if sh.State == d.state() {
			return nil
		}
		switch d.decision {
		case "retry":
			err = s.retryShortTx(ctx, tx, &o, &sh, d)
		case "refund":
			if err = s.refundShortTx(ctx, tx, &o, &sh, shortRefunded, d.by, d.reason); err == nil {
				err = s.settleTx(ctx, tx, &o, sh.PurchaseID, "staff.refund")
			}
		default:
			err = s.cancelShortTx(ctx, tx, &o, &sh, d)
		}
		if err != nil {
			return err
		}
		if err := s.calmTx(tx, &o); err != nil {
			return err
		}
		return audit(tx)
	})
}

// retryShortTx buys a short line again, by a purchase of its own that is priced first.
func (s *store) retryShortTx(ctx context.Context, tx *gorm.DB, o *orderRow, sh *shortageRow, d shortDecision) error {
	if o.Status == Cancelled {
		return errs.New(errs.Conflict, "order.not_payable")
	}
	if err := s.decideShortTx(tx, sh, shortRetried, d.by, d.reason); err != nil {
		return err
	}
	var was purchaseRow
	if err := tx.Where("id = ?", sh.PurchaseID).Take(&was).Error; err != nil {
		return database.Translate(err)
	}
	no := s.db.NewID()
	p := purchaseRow{ID: no, OrderID: o.ID, Site: o.Site, GroupNo: was.GroupNo, SellerOpenID: was.SellerOpenID, OutOrderID: id(no), State: Creating,
		Flow: was.Flow, QuotedFen: sh.AmountFen, CreatedAt: s.now(), UpdatedAt: s.now()}
	line := purchaseLineRow{ID: s.db.NewID(), PurchaseID: no, OrderID: o.ID, LineID: sh.LineID, Quantity: sh.Quantity}
	t := termsRow{PurchaseID: no, OrderID: o.ID, QuotedMinor: sh.AmountMinor, UpdatedAt: s.now()}
	for _, row := range []any{&p, &line, &t} {
		if err := tx.Create(row).Error; err != nil {
			return database.Translate(err)
		}
	}
	if err := s.noteTx(ctx, tx, &p, "staff.retry", d.reason, d.by); err != nil {
		return err
	}
	return s.jobs.AppendTx(ctx, tx, createJob(ctx, &p))
}

// cancelShortTx cancels the whole order, which 1688 allows while nothing of it is paid there.
func (s *store) cancelShortTx(ctx context.Context, tx *gorm.DB, o *orderRow, sh *shortageRow, d shortDecision) error {
	var living []purchaseRow
	if err := tx.Where("order_id = ? AND rank_no < ?", o.ID, purchaseRank[Closedup]).Order("id").Find(&living).Error; err != nil {
		return err
	}
	for _, p := range living {
		if p.RankNo > purchaseRank[Unpaid] {
			return errs.New(errs.Conflict, "order.not_cancellable")
		}
	}
	if err := s.decideShortTx(tx, sh, shortCancelled, d.by, d.reason); err != nil {
		return err
	}
	err := tx.Model(&shortageRow{}).Where("order_id = ? AND state = ?", o.ID, shortOpen).
		Updates(map[string]any{"state": shortCancelled, "decided_by": d.by, "reason": clip(d.reason, 500), "decided_at": s.now()}).Error
	if err != nil {
		return err
	}
	err = s.cancelOrderTx(ctx, tx, o, move{to: Cancelled, cause: "staff.cancel", actor: d.by, detail: d.reason, set: map[string]any{"close_reason": "staff"}})
	if err != nil {
		return err
	}
	for _, p := range living {
		if err := s.jobs.AppendTx(ctx, tx, cancelJob(ctx, p.ID)); err != nil {
			return err
		}
	}
	return nil
}

// link ties a 1688 order that exists to a purchase that is still to be created. Errors: order.link_busy.
func (s *store) link(ctx context.Context, b *bought, one placedAt1688, audit func(tx *gorm.DB) error) error {
	return s.db.InTx(ctx, func(tx *gorm.DB) error {
		o, p, err := lockPurchaseTx(tx, &b.purchase)
		if err != nil {
			return err
		}
		if p.AlibabaOrderID != nil && *p.AlibabaOrderID == one.id {
			return nil
		}
		if p.State != Creating || p.SendCount != b.purchase.SendCount {
			return errs.New(errs.Conflict, "order.link_busy")
		}
		owners, err := s.adoptTx(ctx, tx, &o, &p, []placedAt1688{one}, nil, "staff.link")
		if err != nil {
			return err
		}
		if err := audit(tx); err != nil {
			return err
		}
		return s.jobs.AppendTx(ctx, tx, followUps(ctx, owners)...)
	})
}

// resolve takes the mark off an order; a price nobody could be asked about counts as accepted.
func (s *store) resolve(ctx context.Context, orderID int64, by, reason string, audit func(tx *gorm.DB) error) error {
	return s.db.InTx(ctx, func(tx *gorm.DB) error {
		o, err := lockTx(tx, orderID)
		if err != nil || o.Attention == "" {
			return err
		}
		err = tx.Exec("UPDATE purchases SET quoted_fen = total_fen WHERE total_fen > quoted_fen AND id IN "+
			"(SELECT purchase_id FROM purchase_terms WHERE order_id = ? AND hold = ?)", o.ID, holdStaff).Error
		if err != nil {
			return err
		}
		if err := s.releaseTx(ctx, tx, &o, holdStaff); err != nil {
			return err
		}
		was := o.Attention
		o.Attention = ""
		err = tx.Model(&orderRow{}).Where("id = ?", o.ID).
			Updates(map[string]any{"attention": "", "status_group": string(o.Status.group("")), "updated_at": s.now()}).Error
		if err != nil {
			return err
		}
		if err := s.noteTx(ctx, tx, &purchaseRow{OrderID: o.ID, State: PurchaseState(o.Status)}, "attention.resolved", was+": "+reason, by); err != nil {
			return err
		}
		return audit(tx)
	})
}

// auditOnly writes what staff did where nothing else is written.
func (s *store) auditOnly(ctx context.Context, audit func(tx *gorm.DB) error) error {
	return s.db.InTx(ctx, audit)
}

// buyingOf reads what the buying of an order brought beside its rows.
func (s *store) buyingOf(ctx context.Context, f *full) error {
	read := s.db.Read(ctx)
	if err := read.Where("order_id = ?", f.order.ID).Order("id").Find(&f.shortages).Error; err != nil {
		return err
	}
	if err := s.db.Read(ctx).Where("order_id = ?", f.order.ID).Order("id").Find(&f.refunds).Error; err != nil {
		return err
	}
	var err error
	if f.account, err = s.account(ctx, f.order.ID); err != nil || f.order.Status == Cancelled {
		return err
	}
	return s.db.Read(ctx).Where("order_id = ? AND state = ?", f.order.ID, approvalPending).Order("id").Limit(1).Find(&f.approval).Error
}
