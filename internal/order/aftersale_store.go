package order

import (
	"context"

	"gorm.io/gorm"
)

// Sold is an order as after-sales sees it: what was paid for each line, and where its pieces are at 1688.
type Sold struct {
	ID       int64
	Site     string
	MemberID int64
	Currency string
	Paid     bool
	Lines    []SoldLine
	Parts    []SoldPart
}

// SoldLine is a line with its exact share of the order's goods (discount taken off) and of its freight.
type SoldLine struct {
	ID           int64
	Quantity     int64
	AmountMinor  int64
	FreightMinor int64
	AmountFen    int64
}

// SoldPart is the pieces of a line in one purchase order that is paid at 1688.
type SoldPart struct {
	PurchaseID     int64
	AlibabaOrderID string
	State          PurchaseState
	LineID         int64
	SubItemID      string
	Quantity       int64
	AmountFen      int64
	Logistics      int `gorm:"column:logistics_status"` // 1688's word for the sub-order: 1 not sent, 2 sent, 3 received, 4 returned
}

// Sold reads an order for after-sales; memberID 0 is staff. Errors: order.not_found.
func (s *Service) Sold(ctx context.Context, site string, memberID, orderID int64) (*Sold, error) {
	f, err := s.store.get(ctx, site, memberID, orderID)
	if err != nil {
		return nil, notFound(err)
	}
	o := &f.order
	out := &Sold{ID: o.ID, Site: o.Site, MemberID: o.MemberID, Currency: o.Currency, Paid: o.PaidAt != nil}
	minor, fen := make([]int64, len(f.lines)), make([]int64, len(f.lines))
	for i, l := range f.lines {
		minor[i], fen[i] = l.AmountMinor, int64(l.AmountFen)
	}
	goods, freight := minor, apportion(o.FreightMinor, minor)
	yuan := apportion(int64(max(o.GoodsFen-o.DiscountFen, 0)), fen)
	if o.DiscountMinor != 0 { // without one each line is worth exactly what was printed on it
		goods = apportion(max(o.GoodsMinor-o.DiscountMinor, 0), minor)
	}
	for i, l := range f.lines {
		out.Lines = append(out.Lines, SoldLine{ID: l.ID, Quantity: l.Quantity, AmountMinor: goods[i], FreightMinor: freight[i], AmountFen: yuan[i]})
	}
	err = s.store.db.Read(ctx).Table("purchase_lines l").Joins("JOIN purchases p ON p.id = l.purchase_id").
		Select("p.id AS purchase_id, p.alibaba_order_id, p.state, l.line_id, l.sub_item_id, l.quantity, l.amount_fen, l.logistics_status").
		Where("p.order_id = ? AND p.alibaba_order_id IS NOT NULL AND l.sub_item_id IS NOT NULL AND p.state IN ?", orderID,
			[]PurchaseState{Bought, Sent, Received, Success}).Order("l.id").Scan(&out.Parts).Error
	return out, err
}

// LockTx takes the lock of an order for the rest of the caller's transaction. Errors: order.not_found.
func (s *Service) LockTx(tx *gorm.DB, orderID int64) error {
	_, err := lockTx(tx, orderID)
	return notFound(err)
}

// OwedPiecesTx counts the pieces of a line that its member is owed for, or was paid back.
func (s *Service) OwedPiecesTx(tx *gorm.DB, lineID int64) (n int64, err error) {
	err = tx.Model(&refundRow{}).Select("COALESCE(SUM(quantity), 0)").Where("line_id = ?", lineID).Scan(&n).Error
	return n, err
}

// PaidBackTx notes that the member has got the money of these claims (see Owed.Key). Claims that were paid back stay.
func (s *Service) PaidBackTx(ctx context.Context, tx *gorm.DB, orderID int64, keys []string, by, reference string) error {
	res := tx.Model(&refundRow{}).Where("source_key IN ? AND order_id = ? AND state = ?", keys, orderID, owedState).
		Updates(map[string]any{"state": paidBack, "paid_at": s.now()})
	if res.Error != nil || res.RowsAffected == 0 {
		return res.Error
	}
	o, err := s.store.orderTx(tx, orderID)
	if err != nil {
		return err
	}
	return s.store.noteTx(ctx, tx, &purchaseRow{OrderID: orderID, State: PurchaseState(o.Status)}, "member.paid_back", reference, by)
}

func (s *store) orderTx(tx *gorm.DB, id int64) (o orderRow, err error) {
	return o, tx.Select("id", "status").Where("id = ?", id).Take(&o).Error
}

// Share is what some more pieces of a line bring: before pieces have brought taken already, and the last pieces bring
// whatever is left, so that all shares of a line are its amount to the digit.
func Share(amount, quantity, before, taken, pieces int64) int64 {
	if before+pieces >= quantity {
		return max(amount-taken, 0)
	}
	return max(mulDiv(amount, before+pieces, quantity)-taken, 0)
}
