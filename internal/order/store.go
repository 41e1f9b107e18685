package order

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"entrepot/internal/database"
	"entrepot/internal/jobs"
	"entrepot/internal/money"
	"entrepot/internal/site"
	"entrepot/internal/web"

	"gorm.io/gorm"
)

// store keeps orders and everything that hangs on them. One method is one transaction.
type store struct {
	db   *database.DB
	jobs *jobs.Queue
	idem *web.Idempotency
	now  func() time.Time

	sites *site.Registry
	rules Rules

	facts    *database.Loader[int64, []factRow]
	previews *database.Loader[int64, previewRow]
}

func newStore(o Options, now func() time.Time) *store {
	s := &store{db: o.DB, jobs: o.Jobs, idem: o.Idem, now: now, sites: o.Sites, rules: o.Rules}
	s.facts = database.NewLoader(2, s.loadFacts)
	s.previews = database.NewLoader(4, s.loadPreviews)
	return s
}

type previewRow struct {
	ID        int64
	Site      string
	MemberID  int64
	Payload   string
	ExpiresAt time.Time
	CreatedAt time.Time
}

func (previewRow) TableName() string { return "previews" }

type orderRow struct {
	ID             int64
	Site           string
	MemberID       int64
	OutMemberID    string
	PreviewID      int64
	Status         Status
	StatusGroup    string
	RankNo         int
	Version        int
	OrderType      int
	TriggerMode    string
	Currency       string
	GoodsFen       money.Fen
	FreightFen     money.Fen
	DiscountFen    money.Fen
	TotalFen       money.Fen
	GoodsMinor     int64
	FreightMinor   int64
	DiscountMinor  int64
	TotalMinor     int64
	FxJSON         string
	AddressJSON    string
	Note           string
	PaidMinor      int64
	PaidAt         *time.Time
	ClosedAt       *time.Time
	CloseReason    string
	CompletedAt    *time.Time
	Attention      string
	UnpaidDeadline time.Time
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

func (orderRow) TableName() string { return "orders" }

type lineRow struct {
	ID           int64
	OrderID      int64
	LineNo       int
	GroupNo      int
	OfferID      int64
	SkuID        int64
	SpecID       string
	SellerOpenID string
	Quantity     int64
	UnitFen      money.Fen
	AmountFen    money.Fen
	UnitMinor    int64
	AmountMinor  int64
	Subject      string
	SubjectTrans string
	SkuName      string
	ImageURL     string
	Snapshot     string
	ReceivedQty  int64
	ShippedQty   int64
	CreatedAt    time.Time
}

func (lineRow) TableName() string { return "order_lines" }

type eventRow struct {
	ID         int64
	OrderID    int64
	PurchaseID int64
	Cause      string
	FromStatus string
	ToStatus   string
	Detail     string
	Actor      string
	RequestID  string
	CreatedAt  time.Time
}

func (eventRow) TableName() string { return "order_events" }

// full is an order with its lines, as one read gives them.
type full struct {
	order orderRow
	lines []lineRow
	taken []cartTaken // out of the cart, when it is placed

	// What buying brought, for those who read one order; see buyingOf.
	approval  approvalRow
	account   accountRow
	shortages []shortageRow
	refunds   []refundRow
}

func (s *store) savePreview(ctx context.Context, p previewRow) error {
	return s.db.Grouped(ctx, func(tx *gorm.DB) error { return tx.Create(&p).Error })
}

func (s *store) preview(ctx context.Context, id int64) (previewRow, error) {
	p, err := s.previews.Load(ctx, id)
	if err == nil && p.ID == 0 {
		err = database.ErrNotFound
	}
	return p, err
}

func (s *store) loadPreviews(ctx context.Context, ids []int64) (map[int64]previewRow, error) {
	var rows []previewRow
	err := s.db.Read(ctx).Where("id IN ?", ids).Find(&rows).Error
	found := make(map[int64]previewRow, len(rows))
	for _, r := range rows {
		found[r.ID] = r
	}
	return found, err
}

// get reads one order with its lines; site and member limit who may see it when memberID is not 0.
func (s *store) get(ctx context.Context, site string, memberID, id int64) (*full, error) {
	var f full
	q := s.db.Read(ctx).Where("id = ?", id)
	if memberID != 0 {
		q = q.Where("site = ? AND member_id = ?", site, memberID)
	}
	if err := q.Take(&f.order).Error; err != nil {
		return nil, database.Translate(err)
	}
	err := s.db.Read(ctx).Where("order_id = ?", id).Order("line_no").Find(&f.lines).Error
	return &f, err
}

// factRow is a line beside the facts of its order.
type factRow struct {
	OrderID     int64
	Site        string
	OutMemberID string
	CreatedAt   time.Time
	PaidAt      *time.Time
	TotalFen    money.Fen
	LineID      int64
	OfferID     int64
	SkuID       int64
	Subject     string
	SkuName     string
	Quantity    int64
	AmountFen   money.Fen
}

// loadFacts reads what 1688 is told about some orders in one narrow query: pushes run by the thousand.
func (s *store) loadFacts(ctx context.Context, orderIDs []int64) (map[int64][]factRow, error) {
	var rows []factRow
	err := s.db.Read(ctx).Raw("SELECT o.id AS order_id, o.site, o.out_member_id, o.created_at, o.paid_at, o.total_fen, l.id AS line_id, l.offer_id, "+
		"l.sku_id, l.subject, l.sku_name, l.quantity, l.amount_fen FROM order_lines l JOIN orders o ON o.id = l.order_id "+
		"WHERE l.order_id IN ? ORDER BY l.order_id, l.line_no", orderIDs).Scan(&rows).Error
	found := make(map[int64][]factRow, len(orderIDs))
	for _, r := range rows {
		found[r.OrderID] = append(found[r.OrderID], r)
	}
	return found, err
}

// listFilter selects orders; keyset on id, newest first.
type listFilter struct {
	site     string
	memberID int64
	group    string
	before   int64
	limit    int
}

// list reads a page of orders and all their lines in two queries.
func (s *store) list(ctx context.Context, f listFilter, withLines bool) ([]*full, error) {
	q := s.db.Read(ctx).Order("id DESC").Limit(f.limit)
	if f.site != "" {
		q = q.Where("site = ?", f.site)
	}
	if f.memberID != 0 {
		q = q.Where("member_id = ?", f.memberID)
	}
	if f.group != "" {
		q = q.Where("status_group = ?", f.group)
	}
	if f.before > 0 {
		q = q.Where("id < ?", f.before)
	}
	var rows []orderRow
	if err := q.Find(&rows).Error; err != nil || len(rows) == 0 {
		return nil, err
	}
	out, byID, ids := make([]*full, len(rows)), map[int64]*full{}, make([]int64, len(rows))
	for i, r := range rows {
		out[i] = &full{order: r}
		byID[r.ID], ids[i] = out[i], r.ID
	}
	if !withLines {
		return out, nil
	}
	var lines []lineRow
	if err := s.db.Read(ctx).Where("order_id IN ?", ids).Order("order_id, line_no").Find(&lines).Error; err != nil {
		return nil, err
	}
	for _, l := range lines {
		byID[l.OrderID].lines = append(byID[l.OrderID].lines, l)
	}
	return out, nil
}

func (s *store) events(ctx context.Context, orderID int64) ([]eventRow, error) {
	var rows []eventRow
	err := s.db.Read(ctx).Where("order_id = ?", orderID).Order("id").Find(&rows).Error
	return rows, err
}

// lockTx takes the order's row lock before anything is read, so that two facts about one order are applied one after
// the other on MySQL too (SQLite has one writer). It reads the order as of now.
func lockTx(tx *gorm.DB, id int64) (orderRow, error) {
	var o orderRow
	res := tx.Model(&orderRow{}).Where("id = ?", id).UpdateColumn("version", gorm.Expr("version + 1"))
	if res.Error != nil {
		return o, res.Error
	}
	if res.RowsAffected == 0 {
		return o, database.ErrNotFound
	}
	return o, database.Translate(tx.Where("id = ?", id).Take(&o).Error)
}

// move is one transition of an order with everything that is written beside it.
type move struct {
	to         Status
	cause      string
	actor      string
	detail     string
	purchaseID int64
	set        map[string]any // further columns
}

// moveTx moves the order if the state machine allows it; moved is false when the order is already there or beyond.
// The guard is part of the UPDATE, so no illegal transition can be written even by a caller with an old row.
func (s *store) moveTx(ctx context.Context, tx *gorm.DB, o *orderRow, m move) (moved bool, err error) {
	if !canMove(o.Status, m.to) {
		return false, nil
	}
	ceiling := statusRank[m.to]
	if m.to == Cancelled {
		ceiling = statusRank[Dispatched]
	}
	set := map[string]any{"status": m.to, "rank_no": statusRank[m.to], "status_group": string(m.to.group(o.Attention)), "updated_at": s.now()}
	for k, v := range m.set {
		set[k] = v
	}
	res := tx.Model(&orderRow{}).Where("id = ? AND rank_no < ?", o.ID, ceiling).Updates(set)
	if res.Error != nil || res.RowsAffected == 0 {
		return false, res.Error
	}
	ev := eventRow{
		ID: s.db.NewID(), OrderID: o.ID, PurchaseID: m.purchaseID, Cause: m.cause, FromStatus: string(o.Status), ToStatus: string(m.to),
		Detail: clip(m.detail, 500), Actor: m.actor, RequestID: web.RequestID(ctx), CreatedAt: s.now(),
	}
	o.Status, o.RankNo = m.to, statusRank[m.to]
	return true, tx.Create(&ev).Error
}

// attentionTx marks an order for staff, with the reason, and records it.
func (s *store) attentionTx(ctx context.Context, tx *gorm.DB, o *orderRow, purchaseID int64, reason string) error {
	if o.Attention == reason {
		return nil
	}
	o.Attention = reason
	err := tx.Model(&orderRow{}).Where("id = ?", o.ID).
		Updates(map[string]any{"attention": clip(reason, 200), "status_group": string(o.Status.group(reason)), "updated_at": s.now()}).Error
	if err != nil {
		return err
	}
	return tx.Create(&eventRow{
		ID: s.db.NewID(), OrderID: o.ID, PurchaseID: purchaseID, Cause: "attention", FromStatus: string(o.Status), ToStatus: string(o.Status),
		Detail: clip(reason, 500), Actor: "system", RequestID: web.RequestID(ctx), CreatedAt: s.now(),
	}).Error
}

// Attention marks the order of a purchase for staff.
func (s *store) attention(ctx context.Context, orderID, purchaseID int64, reason string) error {
	return s.db.InTx(ctx, func(tx *gorm.DB) error {
		o, err := lockTx(tx, orderID)
		if err != nil {
			return err
		}
		return s.attentionTx(ctx, tx, &o, purchaseID, reason)
	})
}

// MarkPaidTx records a member's payment on the order inside the payer's transaction: the order moves on, 1688 will be
// told, and with trigger on_paid buying starts. amount is in minor units of the order's currency.
func (s *Service) MarkPaidTx(ctx context.Context, tx *gorm.DB, orderID, amount int64, at time.Time) error {
	o, err := lockTx(tx, orderID)
	if err != nil {
		return err
	}
	st := s.store
	if o.PaidAt != nil {
		return st.paidAgainTx(ctx, tx, &o, amount)
	}
	set := map[string]any{"paid_minor": amount, "paid_at": at}
	if o.Status == Cancelled { // paid after the window closed: the money is real, staff must decide
		if err := tx.Model(&orderRow{}).Where("id = ?", o.ID).Updates(set).Error; err != nil {
			return err
		}
		return st.attentionTx(ctx, tx, &o, 0, "paid_after_close")
	}
	o.PaidAt = &at
	moved, err := st.moveTx(ctx, tx, &o, move{to: Paid, cause: "payment.succeeded", actor: "payment", set: set})
	if err == nil && !moved { // bought before it was paid (on_submit)
		err = tx.Model(&orderRow{}).Where("id = ?", o.ID).Updates(set).Error
	}
	if err != nil {
		return err
	}
	id := strconv.FormatInt(o.ID, 10)
	specs := []jobs.Spec{{Kind: JobPushOrder, Aggregate: "push:" + id, RequestID: web.RequestID(ctx),
		Payload: Push{Site: o.Site, OrderID: o.ID, ObjectKey: id, Version: "payed", Status: "payed", At: at}}}
	if o.TriggerMode == OnPaid && o.OrderType == TypePurchase {
		specs = append(specs, jobs.Spec{Kind: JobPurchase, Aggregate: "buy:" + id, RequestID: web.RequestID(ctx), Payload: ref{ID: o.ID}})
	}
	bound, err := st.boundTx(ctx, tx, &o)
	if err != nil {
		return err
	}
	return st.jobs.AppendTx(ctx, tx, append(specs, bound...)...)
}

// boundTx lists what waited for the payment of an order that was bought before it: the relation pushes, because 1688 must
// know the order first and may only be told of paid ones, and paying the purchases.
func (s *store) boundTx(ctx context.Context, tx *gorm.DB, o *orderRow) ([]jobs.Spec, error) {
	if o.TriggerMode != OnSubmit {
		return nil, nil
	}
	var rows []struct {
		LineID         int64
		SubItemID      string
		AlibabaOrderID string
	}
	err := tx.Model(&purchaseLineRow{}).Select("purchase_lines.line_id, purchase_lines.sub_item_id, purchases.alibaba_order_id").
		Joins("JOIN purchases ON purchases.id = purchase_lines.purchase_id").
		Where("purchase_lines.order_id = ? AND purchase_lines.sub_item_id IS NOT NULL", o.ID).Order("purchase_lines.id").Scan(&rows).Error
	if err != nil {
		return nil, err
	}
	specs := make([]jobs.Spec, 0, len(rows)+1)
	for _, r := range rows {
		specs = append(specs, relationPush(ctx, o, r.LineID, r.SubItemID, r.AlibabaOrderID, s.now()))
	}
	var unpaid []int64
	err = tx.Model(&purchaseRow{}).Where("order_id = ? AND state = ?", o.ID, Unpaid).Order("id").Pluck("id", &unpaid).Error
	for _, id := range unpaid {
		specs = append(specs, jobs.Spec{Kind: JobPay, Aggregate: "purchase:" + strconv.FormatInt(id, 10), RequestID: web.RequestID(ctx), Payload: ref{ID: id}})
	}
	return specs, err
}

// AttentionTx marks an order for staff inside the caller's transaction.
func (s *Service) AttentionTx(ctx context.Context, tx *gorm.DB, orderID int64, reason string) error {
	o, err := lockTx(tx, orderID)
	if err != nil {
		return err
	}
	return s.store.attentionTx(ctx, tx, &o, 0, reason)
}

// closeUnpaid cancels an order whose payment window is over. It reports when to look again if the window moved.
func (s *store) closeUnpaid(ctx context.Context, id int64) (lookAgain time.Duration, err error) {
	err = s.db.InTx(ctx, func(tx *gorm.DB) error {
		o, err := lockTx(tx, id)
		if err != nil {
			return err
		}
		if o.PaidAt != nil || o.Status == Cancelled {
			return nil
		}
		if lookAgain = o.UnpaidDeadline.Sub(s.now()); lookAgain > 0 {
			return nil
		}
		_, err = s.moveTx(ctx, tx, &o, move{to: Cancelled, cause: "payment.window_over", actor: "system",
			set: map[string]any{"closed_at": s.now(), "close_reason": "unpaid"}})
		return err
	})
	return lookAgain, err
}

func encode(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // our own plain structs always encode
	}
	return string(b)
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

// PurgePreviews deletes up to limit previews that expired without becoming an order, and says how many.
func (s *Service) PurgePreviews(ctx context.Context, limit int) (int64, error) {
	var n int64
	err := s.store.db.InTx(ctx, func(tx *gorm.DB) error {
		var ids []int64
		err := tx.Model(&previewRow{}).Where("expires_at < ?", s.now().Add(-24*time.Hour)).
			Where("NOT EXISTS (SELECT 1 FROM orders WHERE orders.preview_id = previews.id)").Limit(limit).Pluck("id", &ids).Error
		if err != nil || len(ids) == 0 {
			n = 0
			return err
		}
		res := tx.Where("id IN ?", ids).Delete(&previewRow{})
		n = res.RowsAffected
		return res.Error
	})
	return n, err
}
