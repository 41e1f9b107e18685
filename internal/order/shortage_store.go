package order

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"entrepot/internal/database"
	"entrepot/internal/errs"
	"entrepot/internal/money"
	"entrepot/internal/site"

	"gorm.io/gorm"
)

// States of a shortage.
const (
	shortOpen      = "open"      // waits for staff
	shortRetried   = "retried"   // bought again under another purchase
	shortRefunded  = "refunded"  // cancelled for the member, who gets the money back
	shortCancelled = "cancelled" // went with the whole order
)

// shortageRow is a line, or what a purchase held of it, that the purchase will not bring.
type shortageRow struct {
	ID          int64
	OrderID     int64
	PurchaseID  int64
	LineID      int64
	Quantity    int64
	AmountFen   money.Fen
	AmountMinor int64
	Cause       string
	Code        string
	State       string
	DecidedBy   string
	Reason      string
	CreatedAt   time.Time
	DecidedAt   *time.Time
}

func (shortageRow) TableName() string { return "shortages" }

// ended says why a purchase, or some of its lines, will not come.
type ended struct {
	cause, code string
	codes       map[int64]string // by line
	attention   string           // what staff are told when they must decide
	refund      bool             // whatever the site's rule: the member does not want it, or must not wait
	ask         bool             // whatever the site's rule: staff decide
}

// shortLinesTx notes that 1688 left some lines of a purchase out; the rest goes on.
func (s *store) shortLinesTx(ctx context.Context, tx *gorm.DB, o *orderRow, p *purchaseRow, codes map[int64]string, cause string) error {
	if len(codes) == 0 {
		return nil
	}
	wanted, err := wantedTx(tx, p.ID)
	if err != nil {
		return err
	}
	var short []purchaseLineRow
	for _, l := range wanted {
		if _, ok := codes[l.LineID]; ok {
			short = append(short, l)
		}
	}
	return s.shortTx(ctx, tx, o, p, short, len(short) == len(wanted), ended{cause: cause, codes: codes, attention: "shortage"})
}

// closedTx settles a purchase that has ended without bringing what it still wanted.
func (s *store) closedTx(ctx context.Context, tx *gorm.DB, o *orderRow, p *purchaseRow, e ended) error {
	if o.Status == Cancelled {
		return nil
	}
	wanted, err := wantedTx(tx, p.ID)
	if err != nil {
		return err
	}
	if len(wanted) == 0 {
		return nil
	}
	return s.shortTx(ctx, tx, o, p, wanted, true, e)
}

// shortTx writes the shortages of lines with their share of the quote, and follows the site's rule.
func (s *store) shortTx(ctx context.Context, tx *gorm.DB, o *orderRow, p *purchaseRow, lines []purchaseLineRow, whole bool, e ended) error {
	if len(lines) == 0 {
		return nil
	}
	rows, err := s.sharesTx(tx, o, p, lines, whole)
	if err != nil {
		return err
	}
	byRule := s.buying(o.Site).Shortage
	refund := e.refund || (byRule == site.ShortageRefund && !e.ask)
	for i := range rows {
		rows[i].Cause, rows[i].Code = clip(e.cause, 60), clip(firstNonEmpty(e.codes[rows[i].LineID], e.code), 100)
		if err := tx.Create(&rows[i]).Error; err != nil {
			return database.Translate(err)
		}
		detail := id(rows[i].LineID) + " x" + id(rows[i].Quantity) + " " + rows[i].Code
		if err := s.noteTx(ctx, tx, p, "purchase.short", detail, "1688"); err != nil {
			return err
		}
		if !refund {
			continue
		}
		err := s.refundShortTx(ctx, tx, o, &rows[i], shortRefunded, "rule", e.cause)
		if errs.Is(err, "refund.too_much") { // part of it is owed already: staff must look
			refund = false
			err = s.reopenShortTx(tx, &rows[i])
		}
		if err != nil {
			return err
		}
	}
	if refund {
		return nil
	}
	return s.attentionTx(ctx, tx, o, p.ID, e.attention)
}

// sharesTx takes the share of some lines out of a purchase's quote. A line's share is its goods less its part of the
// discount. What is left over when the whole purchase goes (freight, rounding) goes with it if nothing else of its seller
// group lives, and moves to a living part of the group if something does.
func (s *store) sharesTx(tx *gorm.DB, o *orderRow, p *purchaseRow, lines []purchaseLineRow, whole bool) ([]shortageRow, error) {
	t, err := s.termsTx(tx, o, p)
	if err != nil {
		return nil, err
	}
	byID, discount, err := s.groupTx(tx, o, p)
	if err != nil {
		return nil, err
	}
	rows := make([]shortageRow, len(lines))
	for i, pl := range lines {
		l := byID[pl.LineID]
		fen := discount.fen.less(int64(l.AmountFen), pl.Quantity, l.Quantity)
		minor := discount.minor.less(l.AmountMinor, pl.Quantity, l.Quantity)
		fen, minor = min(fen, max(int64(p.QuotedFen), 0)), min(minor, max(t.QuotedMinor, 0))
		p.QuotedFen -= money.Fen(fen)
		t.QuotedMinor -= minor
		rows[i] = shortageRow{ID: s.db.NewID(), OrderID: o.ID, PurchaseID: p.ID, LineID: pl.LineID, Quantity: pl.Quantity, AmountFen: money.Fen(fen),
			AmountMinor: minor, State: shortOpen, CreatedAt: s.now()}
	}
	if whole {
		if err := s.restTx(tx, o, p, &t, &rows[len(rows)-1]); err != nil {
			return nil, err
		}
	}
	if err := s.saveTermsTx(tx, &t); err != nil {
		return nil, err
	}
	return rows, tx.Model(&purchaseRow{}).Where("id = ?", p.ID).UpdateColumn("quoted_fen", p.QuotedFen).Error
}

// restTx moves what is left of a purchase's quote: to another living purchase of its group, or into the last shortage.
func (s *store) restTx(tx *gorm.DB, o *orderRow, p *purchaseRow, t *termsRow, last *shortageRow) error {
	var heir purchaseRow
	err := tx.Where("order_id = ? AND group_no = ? AND id <> ? AND rank_no < ?", o.ID, p.GroupNo, p.ID, purchaseRank[Closedup]).
		Order("id").Limit(1).Find(&heir).Error
	if err != nil {
		return err
	}
	if heir.ID == 0 {
		last.AmountFen += p.QuotedFen
		last.AmountMinor += t.QuotedMinor
	} else {
		ht, err := s.termsTx(tx, o, &heir)
		if err != nil {
			return err
		}
		ht.QuotedMinor += t.QuotedMinor
		if err := s.saveTermsTx(tx, &ht); err != nil {
			return err
		}
	}
	p.QuotedFen, t.QuotedMinor = 0, 0
	return nil
}

// cut is a group's discount on its goods, in one currency.
type cut struct{ goods, discount int64 }

// less is the share of some pieces of a line, rounded so that all shares together never exceed goods less discount.
func (c cut) less(amount, pieces, of int64) int64 {
	share := mulDiv(amount, pieces, of)
	return max(share-mulDivUp(c.discount, share, c.goods), 0)
}

type cuts struct{ fen, minor cut }

// groupTx reads the lines of an order and what the seller group of a purchase was granted as discount.
func (s *store) groupTx(tx *gorm.DB, o *orderRow, p *purchaseRow) (map[int64]lineRow, cuts, error) {
	var lines []lineRow
	if err := tx.Where("order_id = ?", o.ID).Find(&lines).Error; err != nil {
		return nil, cuts{}, err
	}
	byID := map[int64]lineRow{}
	var c cuts
	for _, l := range lines {
		byID[l.ID] = l
		if l.GroupNo == p.GroupNo {
			c.fen.goods += int64(l.AmountFen)
			c.minor.goods += l.AmountMinor
		}
	}
	var row previewRow
	if err := tx.Where("id = ?", o.PreviewID).Limit(1).Find(&row).Error; err != nil {
		return nil, c, err
	}
	var q quote
	if row.ID != 0 {
		if err := json.Unmarshal([]byte(row.Payload), &q); err != nil {
			return nil, c, err
		}
	}
	if p.GroupNo < len(q.Groups) {
		c.fen.discount, c.minor.discount = max(int64(q.Groups[p.GroupNo].Sum.DiscountFen), 0), max(q.Groups[p.GroupNo].Sum.DiscountMinor, 0)
	}
	return byID, c, nil
}

// refundShortTx cancels the pieces of an open shortage for the member.
func (s *store) refundShortTx(ctx context.Context, tx *gorm.DB, o *orderRow, sh *shortageRow, state, by, reason string) error {
	if err := s.decideShortTx(tx, sh, state, by, reason); err != nil {
		return err
	}
	return s.creditTx(ctx, tx, o, Owed{
		OrderID: o.ID, LineID: sh.LineID, Quantity: sh.Quantity, AmountMinor: sh.AmountMinor, Cause: sh.Cause,
		Key: "shortage:" + strconv.FormatInt(sh.ID, 10), DecidedBy: by,
	})
}

// decideShortTx closes an open shortage; it is decided once.
func (s *store) decideShortTx(tx *gorm.DB, sh *shortageRow, state, by, reason string) error {
	res := tx.Model(&shortageRow{}).Where("id = ? AND state = ?", sh.ID, shortOpen).
		Updates(map[string]any{"state": state, "decided_by": clip(by, 60), "reason": clip(reason, 500), "decided_at": s.now()})
	if res.Error == nil && res.RowsAffected == 0 {
		return errs.New(errs.Conflict, "order.shortage_decided")
	}
	sh.State = state
	return res.Error
}

func (s *store) reopenShortTx(tx *gorm.DB, sh *shortageRow) error {
	sh.State = shortOpen
	return tx.Model(&shortageRow{}).Where("id = ?", sh.ID).Updates(map[string]any{"state": shortOpen, "decided_by": "", "decided_at": nil}).Error
}

// goneTx: no purchase of an order lives any more. When nothing waits for staff and every piece was cancelled, so is the order.
func (s *store) goneTx(ctx context.Context, tx *gorm.DB, o *orderRow, purchases int, cause string) error {
	if purchases == 0 || o.Status == Cancelled {
		return nil
	}
	var open, left int64
	if err := tx.Model(&shortageRow{}).Where("order_id = ? AND state = ?", o.ID, shortOpen).Count(&open).Error; err != nil || open > 0 {
		return err
	}
	err := tx.Model(&lineRow{}).Where("order_id = ? AND quantity > (SELECT COALESCE(SUM(s.quantity), 0) FROM shortages s "+
		"WHERE s.line_id = order_lines.id AND s.state = ?)", o.ID, shortRefunded).Count(&left).Error
	if err != nil || left > 0 {
		return err
	}
	return s.cancelOrderTx(ctx, tx, o, move{to: Cancelled, cause: cause, actor: "1688", set: map[string]any{"close_reason": "out_of_stock"}})
}

// cancelOrderTx closes an order of which nothing will come and owes the member what is not owed yet. 1688 is told.
func (s *store) cancelOrderTx(ctx context.Context, tx *gorm.DB, o *orderRow, m move) error {
	m.set["closed_at"] = s.now()
	moved, err := s.moveTx(ctx, tx, o, m)
	if err != nil || !moved || o.PaidAt == nil {
		return err
	}
	a, err := s.accountTx(tx, o.ID)
	if err != nil {
		return err
	}
	if rest := o.PaidMinor - a.OwedMinor; rest > 0 {
		if err := s.oweTx(ctx, tx, Owed{OrderID: o.ID, AmountMinor: rest, Cause: "order.cancelled", Key: "order:" + id(o.ID), DecidedBy: m.actor}); err != nil {
			return err
		}
	}
	return s.jobs.AppendTx(ctx, tx, statusPush(ctx, *o, "close", "close", s.now()))
}
