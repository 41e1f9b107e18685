package order

import (
	"context"
	"strconv"
	"time"

	"entrepot/internal/database"
	"entrepot/internal/jobs"
	"entrepot/internal/money"
	"entrepot/internal/web"

	"gorm.io/gorm"
)

type purchaseRow struct {
	ID                 int64
	OrderID            int64
	Site               string
	GroupNo            int
	SellerOpenID       string
	OutOrderID         string
	ParentID           int64
	AlibabaOrderID     *string
	State              PurchaseState
	RankNo             int
	Version            int
	Flow               string
	TradeType          string
	SendCount          int
	SentAt             *time.Time
	QuotedFen          money.Fen
	TotalFen           money.Fen
	PostFeeFen         money.Fen
	RefundStatus       string
	PayAttempts        int
	PayStartedAt       *time.Time
	PaidAt             *time.Time
	ShippedAt          *time.Time
	CompletedAt        *time.Time
	ClosedAt           *time.Time
	CloseReason        string
	LastError          string
	UpstreamStatus     string
	UpstreamModifiedAt *time.Time
	ReadAt             *time.Time
	CreatedAt          time.Time
	UpdatedAt          time.Time
}

func (purchaseRow) TableName() string { return "purchases" }

type purchaseLineRow struct {
	ID              int64
	PurchaseID      int64
	OrderID         int64
	LineID          int64
	Quantity        int64
	SubItemID       *string
	UpstreamStatus  string
	LogisticsStatus int
	AmountFen       money.Fen
}

func (purchaseLineRow) TableName() string { return "purchase_lines" }

// bought is a purchase with what is needed to place it.
type bought struct {
	purchase purchaseRow
	lines    []purchaseLineRow // those it still wants
	order    *full
	terms    termsRow
}

// begin writes one purchase row per seller group in state creating, before anything is sent to 1688.
func (s *store) begin(ctx context.Context, orderID int64, groups []quoteGroup, priced time.Time, cause, actor string) error {
	return s.db.InTx(ctx, func(tx *gorm.DB) error {
		return s.beginTx(ctx, tx, orderID, groups, priced, move{to: Purchasing, cause: cause, actor: actor})
	})
}

func (s *store) beginTx(ctx context.Context, tx *gorm.DB, orderID int64, groups []quoteGroup, priced time.Time, m move) error {
	o, err := lockTx(tx, orderID)
	if err != nil {
		return err
	}
	var have int64
	if err := tx.Model(&purchaseRow{}).Where("order_id = ?", orderID).Count(&have).Error; err != nil {
		return err
	}
	if have > 0 || o.Status == Cancelled || o.OrderType != TypePurchase {
		return nil
	}
	if o.Status == Paid {
		if _, err := s.moveTx(ctx, tx, &o, m); err != nil {
			return err
		}
	}
	var lines []lineRow
	if err := tx.Where("order_id = ?", orderID).Order("line_no").Find(&lines).Error; err != nil {
		return err
	}
	f := s.purchaseRows(ctx, o, groups, lines, priced)
	for _, rows := range []any{&f.rows, &f.lines, &f.terms} {
		if err := tx.Create(rows).Error; err != nil {
			return database.Translate(err)
		}
	}
	return s.jobs.AppendTx(ctx, tx, f.specs...)
}

// firstRows is what an order that is to be bought starts with.
type firstRows struct {
	rows  []purchaseRow
	lines []purchaseLineRow
	terms []termsRow
	specs []jobs.Spec
}

func (s *store) purchaseRows(ctx context.Context, o orderRow, groups []quoteGroup, lines []lineRow, priced time.Time) (f firstRows) {
	for no, g := range groups {
		id := s.db.NewID()
		row := purchaseRow{
			ID: id, OrderID: o.ID, Site: o.Site, GroupNo: no, SellerOpenID: g.SellerOpenID, OutOrderID: strconv.FormatInt(id, 10),
			State: Creating, Flow: g.Flow, TradeType: g.TradeType, QuotedFen: g.Sum.TotalFen, CreatedAt: s.now(), UpdatedAt: s.now(),
		}
		for _, l := range lines {
			if l.GroupNo == no {
				f.lines = append(f.lines, purchaseLineRow{ID: s.db.NewID(), PurchaseID: id, OrderID: o.ID, LineID: l.ID, Quantity: l.Quantity})
			}
		}
		f.rows = append(f.rows, row)
		f.terms = append(f.terms, termsRow{PurchaseID: id, OrderID: o.ID, QuotedMinor: g.Sum.TotalMinor, PricedAt: &priced, UpdatedAt: s.now()})
		f.specs = append(f.specs, createJob(ctx, &row))
	}
	return f
}

func createJob(ctx context.Context, p *purchaseRow) jobs.Spec {
	return jobs.Spec{Kind: JobCreate, Aggregate: "purchase:" + id(p.ID), Payload: ref{ID: p.ID}, RequestID: web.RequestID(ctx)}
}

func (s *store) purchase(ctx context.Context, id int64) (*bought, error) {
	var b bought
	tx := s.db.Read(ctx)
	if err := tx.Where("id = ?", id).Take(&b.purchase).Error; err != nil {
		return nil, database.Translate(err)
	}
	var err error
	if b.lines, err = wantedTx(s.db.Read(ctx), id); err != nil {
		return nil, err
	}
	if err := s.db.Read(ctx).Where("purchase_id = ?", id).Limit(1).Find(&b.terms).Error; err != nil {
		return nil, err
	}
	b.order, err = s.get(ctx, "", 0, b.purchase.OrderID)
	return &b, err
}

// wantedTx lists the lines a purchase still wants: all but those found short.
func wantedTx(tx *gorm.DB, purchaseID int64) ([]purchaseLineRow, error) {
	var lines []purchaseLineRow
	err := tx.Where("purchase_id = ? AND line_id NOT IN (SELECT line_id FROM shortages WHERE purchase_id = ?)", purchaseID, purchaseID).
		Order("id").Find(&lines).Error
	return lines, err
}

func (s *store) purchasesOf(ctx context.Context, orderID int64) ([]purchaseRow, []purchaseLineRow, error) {
	var rows []purchaseRow
	var lines []purchaseLineRow
	if err := s.db.Read(ctx).Where("order_id = ?", orderID).Order("id").Find(&rows).Error; err != nil {
		return nil, nil, err
	}
	err := s.db.Read(ctx).Where("order_id = ?", orderID).Order("id").Find(&lines).Error
	return rows, lines, err
}

// purchaseByUpstream finds the purchase of a 1688 order id.
func (s *store) purchaseByUpstream(ctx context.Context, alibabaOrderID string) (purchaseRow, error) {
	var p purchaseRow
	err := s.db.Read(ctx).Where("alibaba_order_id = ?", alibabaOrderID).Take(&p).Error
	return p, database.Translate(err)
}

// markSending records, before the call, that 1688 may receive this purchase from now on. Only one of several workers
// gets true for one count.
func (s *store) markSending(ctx context.Context, id int64, count int) (bool, error) {
	var mine bool
	err := s.db.InTx(ctx, func(tx *gorm.DB) error {
		res := tx.Model(&purchaseRow{}).Where("id = ? AND state = ? AND send_count = ?", id, Creating, count).
			Updates(map[string]any{"send_count": count + 1, "sent_at": s.now(), "updated_at": s.now()})
		mine = res.RowsAffected == 1
		return res.Error
	})
	return mine, err
}

// markUnsent records that the call certainly had no effect.
func (s *store) markUnsent(ctx context.Context, b *bought, reason string) error {
	return s.db.InTx(ctx, func(tx *gorm.DB) error {
		if err := s.noteTx(ctx, tx, &b.purchase, "purchase.not_sent", reason, "system"); err != nil {
			return err
		}
		return tx.Model(&purchaseRow{}).Where("id = ? AND state = ?", b.purchase.ID, Creating).
			Updates(map[string]any{"sent_at": nil, "last_error": clip(reason, 500), "updated_at": s.now()}).Error
	})
}

// doubt records that nobody knows whether 1688 did what it was asked.
func (s *store) doubt(ctx context.Context, b *bought, reason string) error {
	return s.db.InTx(ctx, func(tx *gorm.DB) error {
		return s.noteTx(ctx, tx, &b.purchase, "purchase.in_doubt", reason, "system")
	})
}

// noteTx records something about a purchase that moved nothing.
func (s *store) noteTx(ctx context.Context, tx *gorm.DB, p *purchaseRow, cause, detail, actor string) error {
	return tx.Create(&eventRow{
		ID: s.db.NewID(), OrderID: p.OrderID, PurchaseID: p.ID, Cause: cause, FromStatus: string(p.State), ToStatus: string(p.State),
		Detail: clip(detail, 500), Actor: actor, RequestID: web.RequestID(ctx), CreatedAt: s.now(),
	}).Error
}

// purchaseMove is one transition of a purchase with everything that is written beside it.
type purchaseMove struct {
	to                   PurchaseState
	cause, actor, detail string
	set                  map[string]any // further columns
}

// movePurchaseTx moves a purchase up; moved is false when it is already there or beyond. The guard is part of the UPDATE.
func (s *store) movePurchaseTx(ctx context.Context, tx *gorm.DB, p *purchaseRow, m purchaseMove) (moved bool, err error) {
	set := map[string]any{"state": m.to, "rank_no": purchaseRank[m.to], "updated_at": s.now()}
	for k, v := range m.set {
		set[k] = v
	}
	res := tx.Model(&purchaseRow{}).Where("id = ? AND rank_no < ?", p.ID, purchaseRank[m.to]).Updates(set)
	if res.Error != nil || res.RowsAffected == 0 {
		return false, database.Translate(res.Error)
	}
	ev := eventRow{ID: s.db.NewID(), OrderID: p.OrderID, PurchaseID: p.ID, Cause: m.cause, FromStatus: string(p.State), ToStatus: string(m.to),
		Detail: clip(m.detail, 500), Actor: m.actor, RequestID: web.RequestID(ctx), CreatedAt: s.now()}
	p.State, p.RankNo = m.to, purchaseRank[m.to]
	return true, tx.Create(&ev).Error
}

// refuse ends a purchase that 1688 will not create: everything it wanted is short.
func (s *store) refuse(ctx context.Context, b *bought, code, reason string) error {
	return s.db.InTx(ctx, func(tx *gorm.DB) error {
		o, p, err := lockPurchaseTx(tx, &b.purchase)
		if err != nil {
			return err
		}
		if p.State != Creating {
			return nil
		}
		return s.refuseTx(ctx, tx, &o, &p, code, reason)
	})
}

func (s *store) refuseTx(ctx context.Context, tx *gorm.DB, o *orderRow, p *purchaseRow, code, reason string) error {
	moved, err := s.movePurchaseTx(ctx, tx, p, purchaseMove{to: Refused, cause: "purchase.refused", actor: "1688", detail: reason,
		set: map[string]any{"last_error": clip(reason, 500), "closed_at": s.now()}})
	if err != nil || !moved {
		return err
	}
	if err := s.closedTx(ctx, tx, o, p, ended{cause: "refused", code: code, attention: "purchase_refused"}); err != nil {
		return err
	}
	return s.settleTx(ctx, tx, o, p.ID, "purchase.refused")
}

// abandon ends a purchase that is certainly not at 1688, because its order was closed meanwhile.
func (s *store) abandon(ctx context.Context, p purchaseRow) error {
	return s.db.InTx(ctx, func(tx *gorm.DB) error {
		_, err := s.movePurchaseTx(ctx, tx, &p, purchaseMove{to: Closedup, cause: "order.closed", actor: "system",
			set: map[string]any{"close_reason": "order_closed", "closed_at": s.now()}})
		return err
	})
}

// lockPurchaseTx takes the lock of the order and reads order and purchase as of now.
func lockPurchaseTx(tx *gorm.DB, was *purchaseRow) (o orderRow, p purchaseRow, err error) {
	if o, err = lockTx(tx, was.OrderID); err != nil {
		return o, p, err
	}
	return o, p, database.Translate(tx.Where("id = ?", was.ID).Take(&p).Error)
}

// placedAt1688 is an order that exists there for a purchase of ours.
type placedAt1688 struct {
	id    string
	total money.Fen
}

// adopt saves the ids 1688 gave: the first on the row, further ones (1688 split the order) on sibling rows, which share
// the quote. failed are lines it left out. Relation and payment follow as jobs. Adopting twice changes nothing.
func (s *store) adopt(ctx context.Context, b *bought, placed []placedAt1688, failed map[int64]string, cause string) error {
	return s.db.InTx(ctx, func(tx *gorm.DB) error {
		o, p, err := lockPurchaseTx(tx, &b.purchase)
		if err != nil {
			return err
		}
		if p.AlibabaOrderID != nil {
			return s.strangersTx(ctx, tx, &o, &p, placed)
		}
		owners, err := s.adoptTx(ctx, tx, &o, &p, placed, failed, cause)
		if err != nil {
			return err
		}
		if o.Status == Cancelled { // it closed while the answer was lost: staff cancel it at 1688
			if err := s.attentionTx(ctx, tx, &o, p.ID, "purchase_of_closed_order"); err != nil {
				return err
			}
		}
		return s.jobs.AppendTx(ctx, tx, followUps(ctx, owners)...)
	})
}

func (s *store) adoptTx(ctx context.Context, tx *gorm.DB, o *orderRow, p *purchaseRow, placed []placedAt1688, failed map[int64]string, cause string) ([]int64, error) {
	if err := s.shortLinesTx(ctx, tx, o, p, failed, "purchase.line_failed"); err != nil {
		return nil, err
	}
	t, err := s.termsTx(tx, o, p)
	if err != nil {
		return nil, err
	}
	weights := make([]int64, len(placed))
	for i, one := range placed {
		weights[i] = int64(one.total)
	}
	fen, minor := apportion(int64(p.QuotedFen), weights), apportion(t.QuotedMinor, weights)
	moved, err := s.movePurchaseTx(ctx, tx, p, purchaseMove{to: Unpaid, cause: cause, actor: "1688", detail: placed[0].id,
		set: map[string]any{"alibaba_order_id": placed[0].id, "quoted_fen": fen[0], "last_error": ""}})
	if err != nil || !moved {
		return nil, err
	}
	t.QuotedMinor = minor[0]
	if err := s.saveTermsTx(tx, &t); err != nil {
		return nil, err
	}
	owners := []int64{p.ID}
	for i, one := range placed[1:] {
		id, err := s.siblingTx(ctx, tx, p, one, money.Fen(fen[i+1]), minor[i+1], cause)
		if err != nil {
			return nil, err
		}
		owners = append(owners, id)
	}
	return owners, s.settleTx(ctx, tx, o, p.ID, cause)
}

// siblingTx writes the row of a further 1688 order that came out of one call.
func (s *store) siblingTx(ctx context.Context, tx *gorm.DB, p *purchaseRow, one placedAt1688, fen money.Fen, minor int64, cause string) (int64, error) {
	row := *p
	row.ID, row.ParentID, row.OutOrderID = s.db.NewID(), p.ID, p.OutOrderID+"-"+one.id
	row.AlibabaOrderID, row.QuotedFen, row.LastError = &one.id, fen, ""
	if err := tx.Create(&row).Error; err != nil {
		return 0, database.Translate(err)
	}
	terms := termsRow{PurchaseID: row.ID, OrderID: p.OrderID, QuotedMinor: minor, UpdatedAt: s.now()}
	if err := tx.Create(&terms).Error; err != nil {
		return 0, err
	}
	return row.ID, s.noteTx(ctx, tx, &row, cause, one.id, "1688")
}

// strangersTx: a purchase that is tied already came back under numbers nobody knows. Staff must look.
func (s *store) strangersTx(ctx context.Context, tx *gorm.DB, o *orderRow, p *purchaseRow, placed []placedAt1688) error {
	for _, one := range placed {
		var known int64
		if err := tx.Model(&purchaseRow{}).Where("alibaba_order_id = ?", one.id).Count(&known).Error; err != nil {
			return err
		}
		if known > 0 {
			continue
		}
		if err := s.noteTx(ctx, tx, p, "purchase.duplicate", one.id, "1688"); err != nil {
			return err
		}
		if err := s.attentionTx(ctx, tx, o, p.ID, "purchase_duplicate"); err != nil {
			return err
		}
	}
	return nil
}

func followUps(ctx context.Context, purchases []int64) []jobs.Spec {
	var specs []jobs.Spec
	for _, id := range purchases {
		agg := "purchase:" + strconv.FormatInt(id, 10)
		specs = append(specs,
			jobs.Spec{Kind: JobRefresh, Aggregate: agg, Payload: ref{ID: id, Cause: "purchase.created"}, RequestID: web.RequestID(ctx)},
			jobs.Spec{Kind: JobPay, Aggregate: agg, Payload: ref{ID: id}, RequestID: web.RequestID(ctx)})
	}
	return specs
}

// settleTx moves the order to what its purchases and domestic parcels say.
func (s *store) settleTx(ctx context.Context, tx *gorm.DB, o *orderRow, purchaseID int64, cause string) error {
	var states []PurchaseState
	if err := tx.Model(&purchaseRow{}).Where("order_id = ?", o.ID).Pluck("state", &states).Error; err != nil {
		return err
	}
	var parcels []ParcelStatus
	if err := tx.Model(&parcelRow{}).Where("order_id = ? AND leg = ?", o.ID, Domestic).Pluck("status", &parcels).Error; err != nil {
		return err
	}
	signed := len(parcels) > 0
	for _, p := range parcels {
		signed = signed && p == ParcelStatusDelivered
	}
	to, ok := orderStatusOf(states, signed)
	if !ok {
		return s.goneTx(ctx, tx, o, len(states), cause)
	}
	_, err := s.moveTx(ctx, tx, o, move{to: to, cause: cause, actor: "1688", purchaseID: purchaseID})
	return err
}

// stale lists purchases in motion that nobody has read for a while.
func (s *store) stale(ctx context.Context, before time.Time, limit int) ([]int64, error) {
	var ids []int64
	err := s.db.Read(ctx).Model(&purchaseRow{}).
		Where("state IN ? AND (read_at < ? OR read_at IS NULL) AND alibaba_order_id IS NOT NULL", []PurchaseState{Unpaid, Bought, Sent, Received}, before).
		Order("read_at").Limit(limit).Pluck("id", &ids).Error
	return ids, err
}
