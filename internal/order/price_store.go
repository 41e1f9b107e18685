package order

import (
	"context"

	"entrepot/internal/errs"
	"entrepot/internal/money"
	"entrepot/internal/site"

	"gorm.io/gorm"
)

// pricesTx compares a newer read with what the member agreed to: while the purchase is unpaid the member may have to be
// asked; once it is paid the price is settled; when it has closed, what it wanted is short. was is the row before the read.
func (s *store) pricesTx(ctx context.Context, tx *gorm.DB, o *orderRow, p, was *purchaseRow, f tradeFact, old bool) error {
	if old {
		return nil
	}
	switch {
	case p.State == Closedup && was.State != Closedup:
		return s.gonePurchaseTx(ctx, tx, o, p, f)
	case p.State == Unpaid && f.total > 0:
		goods, err := s.goodsTx(tx, p)
		if err != nil {
			return err
		}
		_, err = s.askedTx(ctx, tx, o, p, asked{total: f.total, freight: f.post, goods: goods})
		return err
	case p.RankNo >= purchaseRank[Bought] && was.RankNo < purchaseRank[Bought] && p.State != Closedup:
		return s.settledPriceTx(ctx, tx, o, p, f)
	}
	return nil
}

// goodsTx is what 1688 asks for the goods of a purchase, by line of ours.
func (s *store) goodsTx(tx *gorm.DB, p *purchaseRow) (map[int64]money.Fen, error) {
	var rows []purchaseLineRow
	if err := tx.Where("purchase_id = ?", p.ID).Find(&rows).Error; err != nil {
		return nil, err
	}
	goods := map[int64]money.Fen{}
	for _, r := range rows {
		goods[r.LineID] += r.AmountFen
	}
	return goods, nil
}

// gonePurchaseTx: 1688 closed a purchase. A question about its price is pointless now; what it wanted is short.
func (s *store) gonePurchaseTx(ctx context.Context, tx *gorm.DB, o *orderRow, p *purchaseRow, f tradeFact) error {
	t, err := s.termsTx(tx, o, p)
	if err != nil {
		return err
	}
	// A refund that ended the trade has its own way to the member; a seller without goods follows the site's rule.
	ask := f.refundStatus == "refundsuccess" && f.closeReason != "sellerGoodsLack"
	e := ended{cause: "purchase.closed", code: f.closeReason, attention: "purchase_closed", ask: ask}
	if t.Hold == holdDeclined || t.Hold == holdExpired {
		e.refund, e.cause = true, "price."+t.Hold
	}
	if err := s.withdrawTx(ctx, tx, o, p, &t); err != nil {
		return err
	}
	if t.Hold != holdNone {
		t.Hold = holdNone
		if err := s.saveTermsTx(tx, &t); err != nil {
			return err
		}
	}
	wanted, err := wantedTx(tx, p.ID)
	if err != nil {
		return err
	}
	if len(wanted) == 0 && o.Status != Cancelled { // nobody has read what was in it
		return s.attentionTx(ctx, tx, o, p.ID, "purchase_closed")
	}
	return s.closedTx(ctx, tx, o, p, e)
}

// settledPriceTx: 1688 was paid, so its price stands. A rise nobody agreed to is shown to staff; a cut is kept or passed on.
func (s *store) settledPriceTx(ctx context.Context, tx *gorm.DB, o *orderRow, p *purchaseRow, f tradeFact) error {
	t, err := s.termsTx(tx, o, p)
	if err != nil {
		return err
	}
	if err := s.withdrawTx(ctx, tx, o, p, &t); err != nil {
		return err
	}
	rule := s.buying(o.Site)
	switch {
	case rule.Extra != site.ExtraAbsorb && s.dearer(p, f.total):
		return s.attentionTx(ctx, tx, o, p.ID, "purchase_paid_above_quote")
	case p.QuotedFen > 0 && f.total > 0 && f.total < p.QuotedFen && rule.PriceCut == site.PriceCutRefund:
		return s.passOnTx(ctx, tx, o, p, t, f)
	}
	return nil
}

// passOnTx gives the member what the seller took off.
func (s *store) passOnTx(ctx context.Context, tx *gorm.DB, o *orderRow, p *purchaseRow, t termsRow, f tradeFact) error {
	rate, currency, ok := s.rateOf(o)
	if !ok {
		return nil
	}
	goods, err := s.goodsTx(tx, p)
	if err != nil {
		return err
	}
	now, err := asked{total: f.total, freight: f.post, goods: goods}.minor(rate, currency)
	if err != nil {
		return err
	}
	off := t.QuotedMinor - now
	if off <= 0 {
		return nil
	}
	t.QuotedMinor = now
	if err := s.saveTermsTx(tx, &t); err != nil {
		return err
	}
	err = s.creditTx(ctx, tx, o, Owed{OrderID: o.ID, AmountMinor: off, Cause: "price.cut", Key: "cut:" + id(p.ID), DecidedBy: "rule"})
	if errs.Is(err, "refund.too_much") {
		return s.attentionTx(ctx, tx, o, p.ID, "purchase_price_changed")
	}
	return err
}
