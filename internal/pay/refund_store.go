package pay

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"entrepot/internal/alibaba"
	"entrepot/internal/database"
	"entrepot/internal/errs"
	"entrepot/internal/jobs"
	"entrepot/internal/order"
	"entrepot/internal/web"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

type refundRow struct {
	ID             int64
	OrderID        int64
	Site           string
	MemberID       int64
	Kind           string
	State          string
	Ending         string
	ReasonID       int64
	Reason         string
	Description    string
	EvidenceWanted int
	EvidenceCount  int
	Currency       string
	AmountMinor    int64
	FreightMinor   int64
	AmountFen      int64
	Untold         int64
	FirstApprover  int64
	ApprovedBy     string
	Decision       string
	PayReference   string
	CreatedAt      time.Time
	UpdatedAt      time.Time
	OwedAt         *time.Time
	PaidAt         *time.Time
	EndedAt        *time.Time
}

func (refundRow) TableName() string { return "refunds" }

type refundLineRow struct {
	ID           int64
	RefundID     int64
	OrderID      int64
	LineID       int64
	Quantity     int64
	AmountMinor  int64
	FreightMinor int64
	AmountFen    int64
	Live         int
}

func (refundLineRow) TableName() string { return "refund_lines" }

type refundPartRow struct {
	ID              int64
	RefundID        int64
	OrderID         int64
	PurchaseID      int64
	AlibabaOrderID  string
	GoodsStatus     string
	Request         string
	ItemsJSON       string
	Whole           int
	AskFen          int64
	CarriageFen     int64
	WantCarriage    int
	State           string
	Word            string
	AlibabaRefundID *string
	SendCount       int
	SentAt          *time.Time
	GotFen          int64
	GotCarriageFen  int64
	RejectReason    string
	LastError       string
	Carrier         string
	Waybill         string
	ReturnState     string
	ServiceState    string
	ServiceText     string
	ComplaintID     string
	ModifiedAt      *time.Time
	ReadAt          *time.Time
	FinalAt         *time.Time
	CreatedAt       time.Time
	UpdatedAt       time.Time
}

func (refundPartRow) TableName() string { return "refund_parts" }

func (p *refundPartRow) items() (items []partItem) {
	_ = json.Unmarshal([]byte(p.ItemsJSON), &items) // our own text
	return items
}

func (p *refundPartRow) orderID() alibaba.ID {
	id, _ := alibaba.ParseID(p.AlibabaOrderID) // 1688's own text
	return id
}

func (p *refundPartRow) subItems() (ids []alibaba.ID, counts []alibaba.RefundCount) {
	for _, it := range p.items() {
		id, _ := alibaba.ParseID(it.SubItemID) // 1688's own text
		ids, counts = append(ids, id), append(counts, alibaba.RefundCount{SubItemID: id, Count: it.Quantity})
	}
	return ids, counts
}

type refundVoucherRow struct {
	ID        int64
	RefundID  int64
	URL       string `gorm:"column:url"`
	Digest    string
	CreatedAt time.Time
}

func (refundVoucherRow) TableName() string { return "refund_vouchers" }

type refundEntryRow struct {
	ID         int64
	RefundID   int64
	PartID     int64
	Actor      string
	ActorName  string
	Action     string
	Detail     string
	Original   string
	HappenedAt time.Time
	Dedupe     string
}

func (refundEntryRow) TableName() string { return "refund_entries" }

// refundAccountRow is what running refunds of an order would bring.
type refundAccountRow struct {
	OrderID       int64 `gorm:"primaryKey"`
	ReservedMinor int64
	UpdatedAt     time.Time
}

func (refundAccountRow) TableName() string { return "refund_accounts" }

// fullRefund is a refund with everything that hangs on it.
type fullRefund struct {
	refundRow
	lines    []refundLineRow
	parts    []refundPartRow
	vouchers []refundVoucherRow
	entries  []refundEntryRow
}

// refund reads one; memberID 0 is staff. database.ErrNotFound.
func (s *store) refund(ctx context.Context, site string, memberID, id int64) (*fullRefund, error) {
	var f fullRefund
	q := s.db.Read(ctx).Where("id = ?", id)
	if memberID != 0 {
		q = q.Where("site = ? AND member_id = ?", site, memberID)
	}
	if err := q.Take(&f.refundRow).Error; err != nil {
		return nil, database.Translate(err)
	}
	for _, rows := range []any{&f.lines, &f.parts, &f.vouchers} {
		if err := s.db.Read(ctx).Where("refund_id = ?", id).Order("id").Find(rows).Error; err != nil {
			return nil, err
		}
	}
	return &f, s.db.Read(ctx).Where("refund_id = ?", id).Order("happened_at, id").Find(&f.entries).Error
}

// refundFilter selects refunds; keyset on id, newest first.
type refundFilter struct {
	orderID     int64
	site, state string
	before      int64
	limit       int
}

func (s *store) refunds(ctx context.Context, f refundFilter) (rows []refundRow, err error) {
	q := s.db.Read(ctx).Order("id DESC").Limit(f.limit)
	if f.orderID != 0 {
		q = q.Where("order_id = ?", f.orderID)
	}
	if f.site != "" {
		q = q.Where("site = ?", f.site)
	}
	if f.state != "" {
		q = q.Where("state = ?", f.state)
	}
	if f.before > 0 {
		q = q.Where("id < ?", f.before)
	}
	return rows, q.Find(&rows).Error
}

func (s *store) part(ctx context.Context, id int64) (row refundPartRow, err error) {
	return row, database.Translate(s.db.Read(ctx).Where("id = ?", id).Take(&row).Error)
}

// partsAt lists the parts of one order at 1688 that may still change.
func (s *store) partsAt(ctx context.Context, alibabaOrder string) (rows []refundPartRow, err error) {
	return rows, s.db.Read(ctx).Where("alibaba_order_id = ? AND final_at IS NULL", alibabaOrder).Order("id").Find(&rows).Error
}

// usedSubItems says how many pieces of each sub-order refunds at 1688 have taken, those that ended without money left out.
func (s *store) usedSubItems(ctx context.Context, orderID int64) (map[string]int64, error) {
	var rows []refundPartRow
	err := s.db.Read(ctx).Where("order_id = ? AND state NOT IN ?", orderID, []string{partRefused, partDropped, alibaba.RefundClosed}).Find(&rows).Error
	used := map[string]int64{}
	for i := range rows {
		for _, it := range rows[i].items() {
			used[it.SubItemID] += it.Quantity
		}
	}
	return used, err
}

// open writes a refund that has been priced outside. Under the order's lock it is checked once more that nobody was
// faster: the pieces, the lines without a running refund, and the sum.
func (s *store) open(ctx context.Context, sold *order.Sold, f *fullRefund, freight bool, save func(tx *gorm.DB) error) error {
	return s.db.InTx(ctx, func(tx *gorm.DB) error {
		if err := s.orders.LockTx(tx, f.OrderID); err != nil {
			return err
		}
		f.AmountMinor, f.FreightMinor, f.AmountFen = 0, 0, 0
		for i := range f.lines {
			if err := s.shareTx(tx, sold, &f.lines[i], i, freight); err != nil {
				return err
			}
			f.AmountMinor += f.lines[i].AmountMinor + f.lines[i].FreightMinor
			f.FreightMinor += f.lines[i].FreightMinor
			f.AmountFen += f.lines[i].AmountFen
		}
		if err := s.reserveTx(tx, f.OrderID, f.AmountMinor); err != nil {
			return err
		}
		for _, rows := range []any{&f.refundRow, &f.lines} {
			if err := tx.Create(rows).Error; err != nil {
				return database.Translate(err)
			}
		}
		if len(f.parts) > 0 {
			if err := tx.Create(&f.parts).Error; err != nil {
				return database.Translate(err)
			}
		}
		if err := s.entryTx(ctx, tx, refundEntryRow{RefundID: f.ID, Actor: "member", Action: "requested", Detail: f.Description, Dedupe: "requested"}); err != nil {
			return err
		}
		if f.State == refundRunning {
			if err := s.askTx(ctx, tx, f.parts); err != nil {
				return err
			}
		}
		return save(tx)
	})
}

// shareTx prices one line of a refund by what earlier living refunds of it have brought. i is its place in the request.
func (s *store) shareTx(tx *gorm.DB, sold *order.Sold, l *refundLineRow, i int, freight bool) error {
	at := func(key string) error {
		return errs.New(errs.Rule, key).At("/lines/"+strconv.Itoa(i)+"/quantity", key)
	}
	var was struct{ Quantity, Amount, Freight, Fen, Running, Unpaid int64 }
	err := tx.Table("refund_lines l").Joins("JOIN refunds r ON r.id = l.refund_id").
		Select("COALESCE(SUM(l.quantity), 0) AS quantity, COALESCE(SUM(l.amount_minor), 0) AS amount, COALESCE(SUM(l.freight_minor), 0) AS freight, "+
			"COALESCE(SUM(l.amount_fen), 0) AS fen, COALESCE(SUM(CASE WHEN r.state IN ('evidence', 'running', 'ending') THEN 1 ELSE 0 END), 0) AS running, "+
			"COALESCE(SUM(CASE WHEN r.state IN ('owed', 'paid') THEN 0 ELSE l.quantity END), 0) AS unpaid").
		Where("l.line_id = ? AND l.live = 1", l.LineID).Scan(&was).Error
	if err != nil {
		return err
	}
	if was.Running > 0 {
		return errs.New(errs.Conflict, "refund.running").At("/lines/"+strconv.Itoa(i)+"/lineId", "refund.running")
	}
	owed, err := s.orders.OwedPiecesTx(tx, l.LineID)
	if err != nil {
		return err
	}
	for _, sl := range sold.Lines {
		if sl.ID != l.LineID {
			continue
		}
		if was.Unpaid+owed+l.Quantity > sl.Quantity {
			return at("refund.too_many")
		}
		l.AmountMinor = order.Share(sl.AmountMinor, sl.Quantity, was.Quantity, was.Amount, l.Quantity)
		l.AmountFen = order.Share(sl.AmountFen, sl.Quantity, was.Quantity, was.Fen, l.Quantity)
		if freight {
			l.FreightMinor = order.Share(sl.FreightMinor, sl.Quantity, was.Quantity, was.Freight, l.Quantity)
		}
	}
	return nil
}

// reserveTx sets aside what a refund would bring: all running refunds of an order and what is owed already never exceed
// what was paid. That is part of the statement. Errors: refund.too_much.
func (s *store) reserveTx(tx *gorm.DB, orderID, minor int64) error {
	row := refundAccountRow{OrderID: orderID, UpdatedAt: s.now().UTC()}
	if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error; err != nil {
		return err
	}
	res := tx.Exec("UPDATE refund_accounts SET reserved_minor = reserved_minor + ?, updated_at = ? WHERE order_id = ? AND reserved_minor + ? >= 0 AND "+
		"(? <= 0 OR reserved_minor + ? + COALESCE((SELECT a.owed_minor FROM order_accounts a WHERE a.order_id = ?), 0) <= "+
		"(SELECT o.paid_minor FROM orders o WHERE o.id = ?))", minor, s.now().UTC(), orderID, minor, minor, minor, orderID, orderID)
	if res.Error == nil && res.RowsAffected == 0 {
		return errs.New(errs.Rule, "refund.too_much").At("/lines", "refund.too_much")
	}
	return res.Error
}

// askTx queues the requests at 1688, one job per part.
func (s *store) askTx(ctx context.Context, tx *gorm.DB, parts []refundPartRow) error {
	for i := range parts {
		if err := s.jobs.AppendTx(ctx, tx, partJob(ctx, jobRefundCreate, parts[i].ID)); err != nil {
			return err
		}
	}
	return nil
}

func partJob(ctx context.Context, kind string, part int64) jobs.Spec {
	id := strconv.FormatInt(part, 10)
	spec := jobs.Spec{Kind: kind, Aggregate: "refund:" + id, RequestID: web.RequestID(ctx), Payload: partRef{ID: part}}
	if kind == jobRefundWatch { // it waits for long and must hold nothing back
		spec.Aggregate = "refund-watch:" + id
	}
	return spec
}

// partRef is the payload of jobs about a part.
type partRef struct {
	ID int64 `json:"id,string"`
}

// entryTx adds to a refund's history, each fact once.
func (s *store) entryTx(_ context.Context, tx *gorm.DB, e refundEntryRow) error {
	e.ID = s.db.NewID()
	if e.HappenedAt.IsZero() {
		e.HappenedAt = s.now().UTC().Truncate(time.Millisecond)
	}
	if e.Dedupe == "" {
		e.Dedupe = "own:" + strconv.FormatInt(e.ID, 10)
	}
	e.Detail, e.Original = clip(e.Detail, 600), clip(e.Original, 600)
	return tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&e).Error
}

// changeTx moves a refund from one of some states under its order's lock; moved is false when it was elsewhere.
func (s *store) changeTx(tx *gorm.DB, id int64, from []string, set map[string]any) (moved bool, err error) {
	set["updated_at"] = s.now().UTC()
	res := tx.Model(&refundRow{}).Where("id = ? AND state IN ?", id, from).Updates(set)
	return res.RowsAffected > 0, res.Error
}

// locked runs a change of one refund under its order's lock, on the row as it is then.
func (s *store) locked(ctx context.Context, id int64, change func(tx *gorm.DB, f *fullRefund) error) error {
	return s.db.InTx(ctx, func(tx *gorm.DB) error {
		var at refundRow
		if err := tx.Select("order_id").Where("id = ?", id).Take(&at).Error; err != nil {
			return database.Translate(err)
		}
		if err := s.orders.LockTx(tx, at.OrderID); err != nil {
			return err
		}
		f, err := refundTx(tx, id)
		if err != nil {
			return err
		}
		return change(tx, f)
	})
}

func refundTx(tx *gorm.DB, id int64) (*fullRefund, error) {
	var f fullRefund
	if err := tx.Clauses(clause.Locking{Strength: "UPDATE"}).Where("id = ?", id).Take(&f.refundRow).Error; err != nil {
		return nil, database.Translate(err)
	}
	for _, rows := range []any{&f.lines, &f.parts, &f.vouchers} {
		if err := tx.Where("refund_id = ?", id).Order("id").Find(rows).Error; err != nil {
			return nil, err
		}
	}
	return &f, nil
}

// clip cuts a text to at most n bytes without splitting a character.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n]
}

// taken says whether a refund of 1688 belongs to a part already.
func (s *store) taken(ctx context.Context, refundID string) (bool, error) {
	var n int64
	err := s.db.Read(ctx).Model(&refundPartRow{}).Where("alibaba_refund_id = ?", refundID).Count(&n).Error
	return n > 0, err
}

// dbTx names a transaction where gorm is not to be known.
type dbTx = *gorm.DB
