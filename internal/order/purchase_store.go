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
	lines    []purchaseLineRow
	order    *full
}

// begin writes one purchase row per seller group in state creating, before anything is sent to 1688.
func (s *store) begin(ctx context.Context, orderID int64, groups []quoteGroup, cause, actor string) error {
	return s.db.InTx(ctx, func(tx *gorm.DB) error {
		return s.beginTx(ctx, tx, orderID, groups, cause, actor)
	})
}

func (s *store) beginTx(ctx context.Context, tx *gorm.DB, orderID int64, groups []quoteGroup, cause, actor string) error {
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
		if _, err := s.moveTx(ctx, tx, &o, move{to: Purchasing, cause: cause, actor: actor}); err != nil {
			return err
		}
	}
	var lines []lineRow
	if err := tx.Where("order_id = ?", orderID).Order("line_no").Find(&lines).Error; err != nil {
		return err
	}
	rows, rowLines, specs := s.purchaseRows(ctx, o, groups, lines)
	if err := tx.Create(&rows).Error; err != nil {
		return database.Translate(err)
	}
	if err := tx.Create(&rowLines).Error; err != nil {
		return database.Translate(err)
	}
	return s.jobs.AppendTx(ctx, tx, specs...)
}

func (s *store) purchaseRows(ctx context.Context, o orderRow, groups []quoteGroup, lines []lineRow) (rows []purchaseRow, rowLines []purchaseLineRow, specs []jobs.Spec) {
	for no, g := range groups {
		id := s.db.NewID()
		row := purchaseRow{
			ID: id, OrderID: o.ID, Site: o.Site, GroupNo: no, SellerOpenID: g.SellerOpenID, OutOrderID: strconv.FormatInt(id, 10),
			State: Creating, Flow: g.Flow, TradeType: g.TradeType, QuotedFen: g.Sum.TotalFen, CreatedAt: s.now(), UpdatedAt: s.now(),
		}
		for _, l := range lines {
			if l.GroupNo == no {
				rowLines = append(rowLines, purchaseLineRow{ID: s.db.NewID(), PurchaseID: id, OrderID: o.ID, LineID: l.ID, Quantity: l.Quantity})
			}
		}
		rows = append(rows, row)
		specs = append(specs, jobs.Spec{Kind: JobCreate, Aggregate: "purchase:" + row.OutOrderID, Payload: ref{ID: id}, RequestID: web.RequestID(ctx)})
	}
	return rows, rowLines, specs
}

func (s *store) purchase(ctx context.Context, id int64) (*bought, error) {
	var b bought
	if err := s.db.Read(ctx).Where("id = ?", id).Take(&b.purchase).Error; err != nil {
		return nil, database.Translate(err)
	}
	if err := s.db.Read(ctx).Where("purchase_id = ?", id).Order("id").Find(&b.lines).Error; err != nil {
		return nil, err
	}
	f, err := s.get(ctx, "", 0, b.purchase.OrderID)
	b.order = f
	return &b, err
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
func (s *store) markUnsent(ctx context.Context, id int64, reason string) error {
	return s.db.InTx(ctx, func(tx *gorm.DB) error {
		return tx.Model(&purchaseRow{}).Where("id = ? AND state = ?", id, Creating).
			Updates(map[string]any{"sent_at": nil, "last_error": clip(reason, 500), "updated_at": s.now()}).Error
	})
}

// refuse ends a purchase that 1688 will not create; staff decide about the order.
func (s *store) refuse(ctx context.Context, b *bought, reason string) error {
	return s.db.InTx(ctx, func(tx *gorm.DB) error {
		o, err := lockTx(tx, b.purchase.OrderID)
		if err != nil {
			return err
		}
		res := tx.Model(&purchaseRow{}).Where("id = ? AND state = ?", b.purchase.ID, Creating).
			Updates(map[string]any{"state": Refused, "rank_no": purchaseRank[Refused], "last_error": clip(reason, 500), "closed_at": s.now(), "updated_at": s.now()})
		if res.Error != nil || res.RowsAffected == 0 {
			return res.Error
		}
		return s.attentionTx(ctx, tx, &o, b.purchase.ID, "purchase_refused")
	})
}

// abandon ends a purchase that is certainly not at 1688, because its order was closed meanwhile.
func (s *store) abandon(ctx context.Context, id int64) error {
	return s.db.InTx(ctx, func(tx *gorm.DB) error {
		return tx.Model(&purchaseRow{}).Where("id = ? AND state = ?", id, Creating).
			Updates(map[string]any{"state": Closedup, "rank_no": purchaseRank[Closedup], "close_reason": "order_closed", "closed_at": s.now(), "updated_at": s.now()}).Error
	})
}

// adopt saves the ids 1688 gave: the first on the row, further ones (1688 split the order) on sibling rows. Relation and
// payment follow as jobs. Adopting twice changes nothing.
func (s *store) adopt(ctx context.Context, b *bought, ids []string) error {
	return s.db.InTx(ctx, func(tx *gorm.DB) error {
		o, err := lockTx(tx, b.purchase.OrderID)
		if err != nil {
			return err
		}
		res := tx.Model(&purchaseRow{}).Where("id = ? AND alibaba_order_id IS NULL", b.purchase.ID).
			Updates(map[string]any{"alibaba_order_id": ids[0], "state": Unpaid, "rank_no": purchaseRank[Unpaid], "last_error": "", "updated_at": s.now()})
		if res.Error != nil {
			return database.Translate(res.Error)
		}
		if res.RowsAffected == 0 {
			return nil
		}
		owners := []int64{b.purchase.ID}
		for _, id := range ids[1:] {
			row := b.purchase
			row.ID, row.ParentID, row.State, row.RankNo = s.db.NewID(), b.purchase.ID, Unpaid, purchaseRank[Unpaid]
			row.OutOrderID = b.purchase.OutOrderID + "-" + id
			row.AlibabaOrderID = &id
			row.QuotedFen = 0
			if err := tx.Create(&row).Error; err != nil {
				return database.Translate(err)
			}
			owners = append(owners, row.ID)
		}
		if err := s.settleTx(ctx, tx, &o, b.purchase.ID, "purchase.created"); err != nil {
			return err
		}
		if o.Status == Cancelled { // it closed while the answer was lost: staff cancel it at 1688
			if err := s.attentionTx(ctx, tx, &o, b.purchase.ID, "purchase_of_closed_order"); err != nil {
				return err
			}
		}
		return s.jobs.AppendTx(ctx, tx, followUps(ctx, owners)...)
	})
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
	for _, st := range states {
		if st == Closedup && o.Attention == "" {
			if err := s.attentionTx(ctx, tx, o, purchaseID, "purchase_closed"); err != nil {
				return err
			}
		}
	}
	to, ok := orderStatusOf(states, signed)
	if !ok {
		return nil
	}
	_, err := s.moveTx(ctx, tx, o, move{to: to, cause: cause, actor: "1688", purchaseID: purchaseID})
	return err
}

// startPaying counts one try to pay a purchase; false when another worker was faster or the state moved.
func (s *store) startPaying(ctx context.Context, id int64, attempts int) (bool, error) {
	var mine bool
	err := s.db.InTx(ctx, func(tx *gorm.DB) error {
		res := tx.Model(&purchaseRow{}).Where("id = ? AND state = ? AND pay_attempts = ?", id, Unpaid, attempts).
			Updates(map[string]any{"pay_attempts": attempts + 1, "pay_started_at": s.now(), "updated_at": s.now()})
		mine = res.RowsAffected == 1
		return res.Error
	})
	return mine, err
}

// notPaying undoes startPaying for a call that was certainly not made.
func (s *store) notPaying(ctx context.Context, t ToPay) error {
	return s.db.InTx(ctx, func(tx *gorm.DB) error {
		return tx.Model(&purchaseRow{}).Where("id = ? AND pay_attempts = ?", t.ID, t.Attempts+1).
			Updates(map[string]any{"pay_attempts": t.Attempts, "pay_started_at": t.LastTry, "updated_at": s.now()}).Error
	})
}

// stale lists purchases in motion that nobody has read for a while.
func (s *store) stale(ctx context.Context, before time.Time, limit int) ([]int64, error) {
	var ids []int64
	err := s.db.Read(ctx).Model(&purchaseRow{}).
		Where("state IN ? AND (read_at < ? OR read_at IS NULL) AND alibaba_order_id IS NOT NULL", []PurchaseState{Unpaid, Bought, Sent, Received}, before).
		Order("read_at").Limit(limit).Pluck("id", &ids).Error
	return ids, err
}
