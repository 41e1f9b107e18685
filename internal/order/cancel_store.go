package order

import (
	"context"
	"time"

	"entrepot/internal/errs"
	"entrepot/internal/jobs"
	"entrepot/internal/web"

	"gorm.io/gorm"
)

// States of a wish to cancel an order.
const (
	cancelWanted  = "wanted"  // purchases are being closed at 1688
	cancelDone    = "done"    // the order is cancelled
	cancelRefused = "refused" // something of it was paid at 1688 meanwhile
)

// cancelRow is the wish to cancel an order; the first one stands.
type cancelRow struct {
	OrderID     int64 `gorm:"primaryKey"`
	State       string
	AskedBy     string
	Cause       string
	CloseReason string
	Reason      string
	CreatedAt   time.Time
	EndedAt     *time.Time
}

func (cancelRow) TableName() string { return "order_cancels" }

func (s *store) wishTx(tx *gorm.DB, orderID int64) (cancelRow, error) {
	var w cancelRow
	err := tx.Where("order_id = ?", orderID).Limit(1).Find(&w).Error
	return w, err
}

// wishCancel cancels an order at once when 1688 cannot know it, else it records the wish, stops all buying and paying, and
// leaves the rest to a job. Errors: order.not_cancellable.
func (s *store) wishCancel(ctx context.Context, orderID int64, w cancelWish) error {
	return s.db.InTx(ctx, func(tx *gorm.DB) error {
		o, err := lockTx(tx, orderID)
		if err != nil || o.Status == Cancelled {
			return err
		}
		have, err := s.wishTx(tx, orderID)
		if err != nil || have.State == cancelWanted {
			return err
		}
		living, err := livingTx(tx, &o)
		if err != nil {
			return err
		}
		if w.audit != nil {
			if err := w.audit(tx); err != nil {
				return err
			}
		}
		row := cancelRow{OrderID: o.ID, State: cancelWanted, AskedBy: clip(w.by, 60), Cause: w.cause, CloseReason: w.closeReason,
			Reason: clip(w.reason, 500), CreatedAt: s.now()}
		if err := tx.Save(&row).Error; err != nil {
			return err
		}
		return s.startCancelTx(ctx, tx, &o, &row, living)
	})
}

// livingTx lists the purchases of an order that have not ended. Errors: order.not_cancellable.
func livingTx(tx *gorm.DB, o *orderRow) ([]purchaseRow, error) {
	if !canMove(o.Status, Cancelled) {
		return nil, notCancellable()
	}
	var living []purchaseRow
	if err := tx.Where("order_id = ? AND rank_no < ?", o.ID, purchaseRank[Closedup]).Order("id").Find(&living).Error; err != nil {
		return nil, err
	}
	for _, p := range living {
		if p.RankNo > purchaseRank[Unpaid] {
			return nil, notCancellable()
		}
	}
	return living, nil
}

// startCancelTx ends what is certainly not at 1688, holds the rest, and closes the order when nothing is left.
func (s *store) startCancelTx(ctx context.Context, tx *gorm.DB, o *orderRow, w *cancelRow, living []purchaseRow) error {
	left := 0
	for i := range living {
		p := &living[i]
		if err := s.holdCancelTx(tx, o, p); err != nil {
			return err
		}
		sent, err := s.forsakeTx(ctx, tx, o, p, 0)
		if err != nil {
			return err
		}
		if sent {
			left++
		}
	}
	if err := s.waiveTx(ctx, tx, o, w); err != nil {
		return err
	}
	if left == 0 {
		return s.cancelledTx(ctx, tx, o, w)
	}
	if err := s.noteTx(ctx, tx, &purchaseRow{OrderID: o.ID, State: PurchaseState(o.Status)}, "cancel.wanted", w.Reason, w.AskedBy); err != nil {
		return err
	}
	return s.jobs.AppendTx(ctx, tx, jobs.Spec{Kind: JobCancelOrder, Aggregate: "cancel:" + id(o.ID), RequestID: web.RequestID(ctx), Payload: ref{ID: o.ID}})
}

// holdCancelTx stops a purchase where it stands: it is neither created nor paid, and nobody is asked about its price.
func (s *store) holdCancelTx(tx *gorm.DB, o *orderRow, p *purchaseRow) error {
	t, err := s.termsTx(tx, o, p)
	if err != nil {
		return err
	}
	if err := tx.Where("pending_for = ?", p.ID).Delete(&approvalRow{}).Error; err != nil {
		return err
	}
	t.Hold = holdCancelled
	return s.saveTermsTx(tx, &t)
}

// forsakeTx closes a purchase that 1688 was asked for exactly so many times, if it still waits to be created. sent is true
// when it may exist there.
func (s *store) forsakeTx(ctx context.Context, tx *gorm.DB, o *orderRow, p *purchaseRow, sends int) (sent bool, err error) {
	res := tx.Model(&purchaseRow{}).Where("id = ? AND state = ? AND send_count = ?", p.ID, Creating, sends).
		UpdateColumn("version", gorm.Expr("version + 1"))
	if res.Error != nil || res.RowsAffected == 0 {
		return true, res.Error
	}
	if _, err := s.movePurchaseTx(ctx, tx, p, purchaseMove{to: Closedup, cause: "order.cancelled", actor: "system",
		set: map[string]any{"close_reason": "order_cancelled", "closed_at": s.now()}}); err != nil {
		return false, err
	}
	return false, s.closedTx(ctx, tx, o, p, ended{cause: "order.cancelled", attention: "purchase_closed", refund: true})
}

// forsake closes a purchase that was looked for at 1688 and is not there.
func (s *store) forsake(ctx context.Context, b *bought) error {
	return s.db.InTx(ctx, func(tx *gorm.DB) error {
		o, p, err := lockPurchaseTx(tx, &b.purchase)
		if err != nil || p.State != Creating {
			return err
		}
		sent, err := s.forsakeTx(ctx, tx, &o, &p, b.purchase.SendCount)
		if err != nil {
			return err
		}
		if sent {
			return errWait{time.Second, "the purchase moved meanwhile"}
		}
		return s.settleTx(ctx, tx, &o, p.ID, "order.cancelled")
	})
}

// waiveTx gives the member the money of what was short already; nobody has to decide about it any more.
func (s *store) waiveTx(ctx context.Context, tx *gorm.DB, o *orderRow, w *cancelRow) error {
	var open []shortageRow
	if err := tx.Where("order_id = ? AND state = ?", o.ID, shortOpen).Order("id").Find(&open).Error; err != nil {
		return err
	}
	for i := range open {
		err := s.refundShortTx(ctx, tx, o, &open[i], shortRefunded, w.AskedBy, w.Reason)
		if errs.Is(err, "refund.too_much") { // owed already
			err = nil
		}
		if err != nil {
			return err
		}
	}
	return s.calmTx(tx, o)
}

// cancelledTx ends a cancellation well: the order is closed and everything paid is owed back.
func (s *store) cancelledTx(ctx context.Context, tx *gorm.DB, o *orderRow, w *cancelRow) error {
	err := s.cancelOrderTx(ctx, tx, o, move{to: Cancelled, cause: w.Cause, actor: w.AskedBy, detail: w.Reason, set: map[string]any{"close_reason": w.CloseReason}})
	if err != nil {
		return err
	}
	return s.endWishTx(tx, o.ID, cancelDone)
}

func (s *store) endWishTx(tx *gorm.DB, orderID int64, state string) error {
	return tx.Model(&cancelRow{}).Where("order_id = ? AND state = ?", orderID, cancelWanted).Updates(map[string]any{"state": state, "ended_at": s.now()}).Error
}

// cancelling lists the living purchases of an order that is being cancelled; those written since the wish are held too.
func (s *store) cancelling(ctx context.Context, orderID int64) (living []purchaseRow, err error) {
	err = s.db.InTx(ctx, func(tx *gorm.DB) error {
		o, err := lockTx(tx, orderID)
		if err != nil {
			return err
		}
		w, err := s.wishTx(tx, orderID)
		if err != nil || w.State != cancelWanted {
			return err
		}
		if err := tx.Where("order_id = ? AND rank_no <= ?", orderID, purchaseRank[Unpaid]).Order("id").Find(&living).Error; err != nil {
			return err
		}
		for i := range living {
			if err := s.holdCancelTx(tx, &o, &living[i]); err != nil {
				return err
			}
		}
		return nil
	})
	return living, err
}

// endCancel ends a cancellation after everything that could be closed was: an order of which something was paid at 1688
// stays, and staff are told.
func (s *store) endCancel(ctx context.Context, orderID int64) error {
	return s.db.InTx(ctx, func(tx *gorm.DB) error {
		o, err := lockTx(tx, orderID)
		if err != nil {
			return err
		}
		w, err := s.wishTx(tx, orderID)
		if err != nil || w.State != cancelWanted {
			return err
		}
		var living []purchaseRow
		if err := tx.Where("order_id = ? AND rank_no < ?", orderID, purchaseRank[Closedup]).Find(&living).Error; err != nil {
			return err
		}
		for _, p := range living {
			if p.RankNo <= purchaseRank[Unpaid] {
				return errWait{tooYoung, "1688 has not closed the order yet"}
			}
		}
		if len(living) == 0 {
			return s.cancelledTx(ctx, tx, &o, &w)
		}
		err = tx.Model(&termsRow{}).Where("order_id = ? AND hold = ?", orderID, holdCancelled).Updates(map[string]any{"hold": holdNone, "updated_at": s.now()}).Error
		if err != nil {
			return err
		}
		if err := s.noteTx(ctx, tx, &purchaseRow{OrderID: o.ID, State: PurchaseState(o.Status)}, "cancel.refused", w.Reason, "1688"); err != nil {
			return err
		}
		if err := s.attentionTx(ctx, tx, &o, living[0].ID, "cancel_refused"); err != nil {
			return err
		}
		return s.endWishTx(tx, orderID, cancelRefused)
	})
}
