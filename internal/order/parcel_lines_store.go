package order

import (
	"context"
	"slices"
	"strconv"
	"time"

	"entrepot/internal/errs"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// pieces is so much of a line.
type pieces struct {
	lineID   int64
	quantity int64
}

// parcelLineRow is what a parcel holds of a line.
type parcelLineRow struct {
	ID        int64
	ParcelID  int64
	LineID    int64
	OrderID   int64
	Quantity  int64
	SignedQty int64
}

func (parcelLineRow) TableName() string { return "parcel_lines" }

// numberRow is a number a parcel was known under.
type numberRow struct {
	ID        int64
	ParcelID  int64
	Number    string
	FirstSeen time.Time
	LastSeen  time.Time
}

func (numberRow) TableName() string { return "parcel_numbers" }

// nationalRow is how much of a line is in national parcels.
type nationalRow struct {
	LineID    int64 `gorm:"primaryKey"`
	OrderID   int64
	SentQty   int64
	SignedQty int64
}

func (nationalRow) TableName() string { return "national_lines" }

// numberTx keeps a number of a parcel; it stays findable after the carrier has changed it.
func (s *store) numberTx(tx *gorm.DB, parcelID int64, number string) error {
	if number == "" {
		return nil
	}
	row := numberRow{ID: s.db.NewID(), ParcelID: parcelID, Number: clip(number, 100), FirstSeen: s.now(), LastSeen: s.now()}
	return tx.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "parcel_id"}, {Name: "number"}}, DoUpdates: clause.AssignmentColumns([]string{"last_seen"})}).
		Create(&row).Error
}

// contentsTx says what each of a purchase's parcels holds, by line of ours. Where 1688 only names sub-orders, a parcel that is
// the only one to name one holds all of it.
func (s *store) contentsTx(tx *gorm.DB, p *purchaseRow, facts []parcelFact) ([]map[int64]int64, error) {
	var rows []purchaseLineRow
	if err := tx.Where("purchase_id = ? AND sub_item_id IS NOT NULL", p.ID).Find(&rows).Error; err != nil {
		return nil, err
	}
	out := make([]map[int64]int64, len(facts))
	for i := range facts {
		out[i] = map[int64]int64{}
		for _, r := range rows {
			out[i][r.LineID] += facts[i].holds(p, r, facts)
		}
	}
	return out, nil
}

// holds is how much of a sub-order is in a parcel.
func (f *parcelFact) holds(p *purchaseRow, r purchaseLineRow, all []parcelFact) int64 {
	if len(f.contents) > 0 {
		return min(max(f.contents[*r.SubItemID], 0), r.Quantity)
	}
	if !f.names(p, *r.SubItemID) {
		return 0
	}
	for i := range all {
		if all[i].no != f.no && (all[i].names(p, *r.SubItemID) || all[i].contents[*r.SubItemID] > 0) {
			return 0
		}
	}
	return r.Quantity
}

func (f *parcelFact) names(p *purchaseRow, sub string) bool {
	return slices.Contains(f.entries, sub) || (p.AlibabaOrderID != nil && slices.Contains(f.entries, *p.AlibabaOrderID))
}

// insideTx writes what a seller's parcel holds; an old read only adds what nobody knew.
func (s *store) insideTx(tx *gorm.DB, p *parcelRow, inside map[int64]int64, old bool) error {
	var rows []parcelLineRow
	for line, n := range inside {
		if n > 0 {
			rows = append(rows, parcelLineRow{ID: s.db.NewID(), ParcelID: p.ID, LineID: line, OrderID: p.OrderID, Quantity: n})
		}
	}
	if len(rows) == 0 {
		return nil
	}
	slices.SortFunc(rows, func(a, b parcelLineRow) int { return int(max(-1, min(1, a.LineID-b.LineID))) })
	known := clause.OnConflict{Columns: []clause.Column{{Name: "parcel_id"}, {Name: "line_id"}}, DoUpdates: clause.AssignmentColumns([]string{"quantity"})}
	if old {
		known = clause.OnConflict{DoNothing: true}
	}
	return tx.Clauses(known).Create(&rows).Error
}

// countShippedTx counts what has left the sellers of an order by what its parcels hold, where 1688 tells that.
func (s *store) countShippedTx(tx *gorm.DB, p *purchaseRow) error {
	if p.RankNo < purchaseRank[Bought] {
		return nil
	}
	var sums []struct{ LineID, Pieces, Quantity, ReceivedQty, ShippedQty int64 }
	err := tx.Raw("SELECT c.line_id, SUM(c.quantity) AS pieces, l.quantity, l.received_qty, l.shipped_qty FROM parcel_lines c "+
		"JOIN parcels p ON p.id = c.parcel_id AND p.leg = ? JOIN order_lines l ON l.id = c.line_id WHERE c.order_id = ? "+
		"GROUP BY c.line_id, l.quantity, l.received_qty, l.shipped_qty ORDER BY c.line_id", Domestic, p.OrderID).Scan(&sums).Error
	if err != nil {
		return err
	}
	for _, one := range sums {
		n := min(max(one.Pieces, one.ReceivedQty), one.Quantity)
		if n == one.ShippedQty {
			continue
		}
		if err := tx.Model(&lineRow{}).Where("id = ?", one.LineID).Update("shipped_qty", n).Error; err != nil {
			return err
		}
	}
	return nil
}

// wantedPieces is how much of a line (l) is still to be delivered: what was ordered less what was cancelled or refunded.
const wantedPieces = "(l.quantity - (SELECT COALESCE(SUM(s.quantity), 0) FROM shortages s WHERE s.line_id = l.id AND s.state = 'refunded') - " +
	"(SELECT COALESCE(SUM(m.quantity), 0) FROM member_refunds m WHERE m.line_id = l.id AND m.source_key NOT LIKE 'shortage:%'))"

// packTx puts pieces into a new national parcel. What is in all of an order's parcels never exceeds what it is to get: that
// is part of the statement.
func (s *store) packTx(tx *gorm.DB, p *parcelRow, want []pieces) error {
	var left []struct{ ID, Pieces int64 }
	err := tx.Raw("SELECT l.id, "+wantedPieces+" - COALESCE((SELECT n.sent_qty FROM national_lines n WHERE n.line_id = l.id), 0) AS pieces "+
		"FROM order_lines l WHERE l.order_id = ? ORDER BY l.line_no", p.OrderID).Scan(&left).Error
	if err != nil {
		return err
	}
	lines := map[int64]bool{}
	for _, l := range left {
		lines[l.ID] = true
	}
	if want == nil {
		for _, l := range left {
			if l.Pieces > 0 {
				want = append(want, pieces{l.ID, l.Pieces})
			}
		}
		if len(left) > 0 && len(want) == 0 {
			return errs.New(errs.Conflict, "parcel.nothing_left")
		}
	}
	for i, w := range want {
		if !lines[w.lineID] {
			return errs.New(errs.Rule, "request.invalid").At(linePointer(i, "lineId"), "order.line_unknown")
		}
		if err := s.packLineTx(tx, p, w, i); err != nil {
			return err
		}
	}
	return nil
}

func (s *store) packLineTx(tx *gorm.DB, p *parcelRow, w pieces, i int) error {
	row := nationalRow{LineID: w.lineID, OrderID: p.OrderID}
	if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error; err != nil {
		return err
	}
	res := tx.Exec("UPDATE national_lines SET sent_qty = sent_qty + ? WHERE line_id = ? AND sent_qty + ? <= (SELECT "+wantedPieces+
		" FROM order_lines l WHERE l.id = ?)", w.quantity, w.lineID, w.quantity, w.lineID)
	if res.Error != nil {
		return res.Error
	}
	if res.RowsAffected == 0 {
		return errs.New(errs.Rule, "request.invalid").At(linePointer(i, "quantity"), "parcel.too_many")
	}
	return tx.Create(&parcelLineRow{ID: s.db.NewID(), ParcelID: p.ID, LineID: w.lineID, OrderID: p.OrderID, Quantity: w.quantity}).Error
}

func linePointer(i int, field string) string { return "/lines/" + strconv.Itoa(i) + "/" + field }

// unpackTx books what an event says about the contents of a national parcel: signed for, or on its way back.
func (s *store) unpackTx(tx *gorm.DB, p *parcelRow, ev nationalEvent) error {
	if ev.event == "partSign" {
		for i, w := range ev.lines {
			if err := s.signLineTx(tx, p, w, i); err != nil {
				return err
			}
		}
		return nil
	}
	if ev.event != "sign" && ev.event != "refund" {
		return nil
	}
	var rows []parcelLineRow
	if err := tx.Where("parcel_id = ? AND signed_qty < quantity", p.ID).Order("line_id").Find(&rows).Error; err != nil {
		return err
	}
	for _, r := range rows {
		rest := r.Quantity - r.SignedQty
		if ev.event == "sign" {
			if err := s.signLineTx(tx, p, pieces{r.LineID, rest}, 0); err != nil {
				return err
			}
			continue
		}
		if err := tx.Model(&parcelLineRow{}).Where("parcel_id = ? AND line_id = ?", p.ID, r.LineID).Update("quantity", r.SignedQty).Error; err != nil {
			return err
		}
		err := tx.Model(&nationalRow{}).Where("line_id = ?", r.LineID).UpdateColumn("sent_qty", gorm.Expr("sent_qty - ?", rest)).Error
		if err != nil {
			return err
		}
	}
	return nil
}

// signLineTx books pieces of a parcel as signed for, never more than it holds.
func (s *store) signLineTx(tx *gorm.DB, p *parcelRow, w pieces, i int) error {
	res := tx.Model(&parcelLineRow{}).Where("parcel_id = ? AND line_id = ? AND signed_qty + ? <= quantity", p.ID, w.lineID, w.quantity).
		UpdateColumn("signed_qty", gorm.Expr("signed_qty + ?", w.quantity))
	if res.Error != nil {
		return res.Error
	}
	if res.RowsAffected == 0 {
		return errs.New(errs.Rule, "request.invalid").At(linePointer(i, "quantity"), "parcel.too_many")
	}
	return tx.Model(&nationalRow{}).Where("line_id = ?", w.lineID).UpdateColumn("signed_qty", gorm.Expr("signed_qty + ?", w.quantity)).Error
}

// allArrivedTx says whether the member has everything that is to come: no national parcel is on its way, and of every line
// as much was signed for as was not cancelled or refunded. Parcels from before contents were kept count as holding all.
func (s *store) allArrivedTx(tx *gorm.DB, o *orderRow, push string) (bool, error) {
	var open, packed, missing int64
	err := tx.Model(&parcelRow{}).Where("order_id = ? AND leg = ? AND rank_no < ?", o.ID, National, parcelRank[ParcelStatusDelivered]).Count(&open).Error
	if err != nil || open > 0 {
		return false, err
	}
	if err := tx.Model(&nationalRow{}).Where("order_id = ?", o.ID).Select("COALESCE(SUM(signed_qty), 0)").Scan(&packed).Error; err != nil {
		return false, err
	}
	if packed == 0 {
		return push == "sign", nil
	}
	err = tx.Raw("SELECT COUNT(*) FROM order_lines l WHERE l.order_id = ? AND "+wantedPieces+
		" > COALESCE((SELECT n.signed_qty FROM national_lines n WHERE n.line_id = l.id), 0)", o.ID).Scan(&missing).Error
	return missing == 0, err
}

// confirmReceipt books what a member says has arrived: total is how much of a line in all, nil everything that was sent.
// It signs for the parcels it fills, oldest first, and tells 1688. Errors: order.not_dispatched, parcel.too_many.
func (s *store) confirmReceipt(ctx context.Context, orderID int64, total []pieces) error {
	return s.db.InTx(ctx, func(tx *gorm.DB) error {
		o, err := lockTx(tx, orderID)
		if err != nil || o.Status == Completed {
			return err
		}
		if o.Status != Dispatched && o.Status != Delivered {
			return errs.New(errs.Conflict, "order.not_dispatched")
		}
		more, err := s.arrivedTx(tx, orderID, total)
		if err != nil {
			return err
		}
		var parcels []parcelRow
		err = tx.Where("order_id = ? AND leg = ? AND rank_no < ?", orderID, National, parcelRank[ParcelStatusDelivered]).Order("id").Find(&parcels).Error
		if err != nil {
			return err
		}
		for i := range parcels {
			if err := s.receiveTx(ctx, tx, &o, &parcels[i], more); err != nil {
				return err
			}
		}
		return nil
	})
}

// arrivedTx is how much more of each line has arrived than was known; nil means all of it.
func (s *store) arrivedTx(tx *gorm.DB, orderID int64, total []pieces) (map[int64]int64, error) {
	if total == nil {
		return nil, nil
	}
	var rows []nationalRow
	if err := tx.Where("order_id = ?", orderID).Find(&rows).Error; err != nil {
		return nil, err
	}
	more := map[int64]int64{}
	for i, w := range total {
		at := slices.IndexFunc(rows, func(r nationalRow) bool { return r.LineID == w.lineID })
		if at < 0 {
			return nil, errs.New(errs.Rule, "request.invalid").At(linePointer(i, "lineId"), "order.line_unknown")
		}
		if w.quantity > rows[at].SentQty {
			return nil, errs.New(errs.Rule, "request.invalid").At(linePointer(i, "quantity"), "parcel.too_many")
		}
		more[w.lineID] = max(w.quantity-rows[at].SignedQty, 0)
	}
	return more, nil
}

// receiveTx takes what a member has received out of one parcel: the whole parcel is signed for, or a part of it.
func (s *store) receiveTx(ctx context.Context, tx *gorm.DB, o *orderRow, p *parcelRow, more map[int64]int64) error {
	var rows []parcelLineRow
	if err := tx.Where("parcel_id = ? AND signed_qty < quantity", p.ID).Order("line_id").Find(&rows).Error; err != nil {
		return err
	}
	ev, whole := nationalEvent{event: "sign", actor: "member", at: s.now()}, true
	for _, r := range rows {
		rest := r.Quantity - r.SignedQty
		take := rest
		if more != nil {
			take = min(rest, more[r.LineID])
			more[r.LineID] -= take
		}
		if take > 0 {
			ev.lines = append(ev.lines, pieces{r.LineID, take})
		}
		whole = whole && take == rest
	}
	if more != nil && len(ev.lines) == 0 {
		return nil
	}
	if !whole {
		ev.event = "partSign"
	}
	return s.eventTx(ctx, tx, o, p, ev)
}

// linesOf reads what the parcels of an order hold.
func (s *store) linesOf(ctx context.Context, orderID int64) ([]parcelLineRow, error) {
	var rows []parcelLineRow
	err := s.db.Read(ctx).Where("order_id = ?", orderID).Order("parcel_id, line_id").Find(&rows).Error
	return rows, err
}

// parcelsByNumber finds parcels by a waybill they have or had, by 1688's or our own number.
func (s *store) parcelsByNumber(ctx context.Context, number string, limit int) ([]parcelRow, error) {
	var ids []int64
	err := s.db.Read(ctx).Raw("SELECT parcel_id FROM parcel_numbers WHERE number = ? UNION SELECT id FROM parcels WHERE bill_no = ? "+
		"UNION SELECT id FROM parcels WHERE leg IN ? AND parcel_no = ?", number, number, []string{Domestic, National}, number).Scan(&ids).Error
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	var rows []parcelRow
	err = s.db.Read(ctx).Where("id IN ?", ids).Order("id DESC").Limit(limit).Find(&rows).Error
	return rows, err
}

// numbersOf reads the numbers of some parcels, oldest first.
func (s *store) numbersOf(ctx context.Context, parcels []parcelRow) (map[int64][]string, error) {
	ids := make([]int64, len(parcels))
	for i, p := range parcels {
		ids[i] = p.ID
	}
	var rows []numberRow
	if err := s.db.Read(ctx).Where("parcel_id IN ?", ids).Order("parcel_id, first_seen, number").Find(&rows).Error; err != nil {
		return nil, err
	}
	out := map[int64][]string{}
	for _, r := range rows {
		out[r.ParcelID] = append(out[r.ParcelID], r.Number)
	}
	return out, nil
}

// ordersOf reads the orders of some parcels.
func (s *store) ordersOf(ctx context.Context, parcels []parcelRow) (map[int64]orderRow, error) {
	ids := make([]int64, len(parcels))
	for i, p := range parcels {
		ids[i] = p.OrderID
	}
	var rows []orderRow
	err := s.db.Read(ctx).Select("id", "site", "out_member_id", "status", "status_group").Where("id IN ?", ids).Find(&rows).Error
	out := map[int64]orderRow{}
	for _, o := range rows {
		out[o.ID] = o
	}
	return out, err
}

// purchaseLines reads what a purchase holds.
func (s *store) purchaseLines(ctx context.Context, purchaseID int64) ([]purchaseLineRow, error) {
	var rows []purchaseLineRow
	err := s.db.Read(ctx).Where("purchase_id = ?", purchaseID).Order("id").Find(&rows).Error
	return rows, err
}
