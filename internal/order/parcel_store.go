package order

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"entrepot/internal/database"
	"entrepot/internal/errs"
	"entrepot/internal/jobs"
	"entrepot/internal/web"

	"gorm.io/gorm"
)

type parcelRow struct {
	ID          int64
	OrderID     int64
	PurchaseID  int64
	Leg         string
	ParcelNo    string
	Carrier     string
	BillNo      string
	Status      ParcelStatus
	RankNo      int
	Version     int
	AddressJSON string
	SentAt      *time.Time
	SignedAt    *time.Time
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

func (parcelRow) TableName() string { return "parcels" }

type parcelEventRow struct {
	ID         int64
	ParcelID   int64
	OrderID    int64
	Node       string
	Detail     string
	HappenedAt time.Time
	Dedupe     string
	CreatedAt  time.Time
}

func (parcelEventRow) TableName() string { return "parcel_events" }

// auditTx and auditFunc let the service hand the store what to note about a staff action, inside its transaction.
type auditTx = *gorm.DB

type auditFunc func(tx auditTx, p parcelRow) error

// parcelFact is one domestic parcel as 1688 shows it.
type parcelFact struct {
	no, carrier, billNo, status string
	steps                       []parcelStep
}

type parcelStep struct {
	node   string
	detail string
	at     time.Time
}

func (s *store) parcels(ctx context.Context, orderID int64) ([]parcelRow, []parcelEventRow, error) {
	var rows []parcelRow
	var events []parcelEventRow
	if err := s.db.Read(ctx).Where("order_id = ?", orderID).Order("id").Find(&rows).Error; err != nil {
		return nil, nil, err
	}
	err := s.db.Read(ctx).Where("order_id = ?", orderID).Order("happened_at, id").Find(&events).Error
	return rows, events, err
}

func (s *store) parcel(ctx context.Context, id int64) (parcelRow, error) {
	var p parcelRow
	err := s.db.Read(ctx).Where("id = ?", id).Take(&p).Error
	return p, database.Translate(err)
}

// parcelsTx merges what 1688 says about the parcels of a purchase into our rows: states only move up, a changed waybill
// stays visible as an event, steps are kept once. An old read changes no waybill back.
func (s *store) parcelsTx(tx *gorm.DB, p *purchaseRow, facts []parcelFact, old bool) error {
	if len(facts) == 0 {
		return nil
	}
	var have []parcelRow
	if err := tx.Where("order_id = ? AND leg = ?", p.OrderID, Domestic).Find(&have).Error; err != nil {
		return err
	}
	byNo := map[string]*parcelRow{}
	for i := range have {
		byNo[have[i].ParcelNo] = &have[i]
	}
	for _, f := range facts {
		row := byNo[f.no]
		if row == nil {
			row = &parcelRow{ID: s.db.NewID(), OrderID: p.OrderID, PurchaseID: p.ID, Leg: Domestic, ParcelNo: f.no, Carrier: f.carrier,
				BillNo: f.billNo, Status: ParcelStatusCreated, CreatedAt: s.now(), UpdatedAt: s.now()}
			if err := tx.Create(row).Error; err != nil {
				return database.Translate(err)
			}
			byNo[f.no] = row
		}
		if old {
			f.billNo = row.BillNo
		}
		if err := s.mergeParcelTx(tx, row, f); err != nil {
			return err
		}
	}
	return nil
}

func (s *store) mergeParcelTx(tx *gorm.DB, row *parcelRow, f parcelFact) error {
	set := map[string]any{}
	if f.billNo != "" && f.billNo != row.BillNo {
		if row.BillNo != "" {
			f.steps = append(f.steps, parcelStep{node: "waybill_changed", detail: row.BillNo + " -> " + f.billNo, at: s.now()})
		}
		set["bill_no"], set["carrier"] = f.billNo, f.carrier
	}
	status := domesticStatus(f.status)
	for _, step := range f.steps {
		if st := domesticStatus(nodeStatus[step.node]); parcelRank[st] > parcelRank[status] && st != ParcelStatusProblem {
			status = st
		}
	}
	if parcelRank[status] > row.RankNo {
		set["status"], set["rank_no"] = status, parcelRank[status]
		if status == ParcelStatusDelivered {
			set["signed_at"] = s.now()
		}
	}
	if len(set) > 0 {
		set["updated_at"] = s.now()
		if err := tx.Model(&parcelRow{}).Where("id = ?", row.ID).Updates(set).Error; err != nil {
			return err
		}
	}
	return s.stepsTx(tx, row, f.steps)
}

// nodeStatus maps the nodes of LOGISTICS_BUYER_VIEW_TRACE to the parcel words of the look-up.
var nodeStatus = map[string]string{"ACCEPT": "ACCEPT", "TRANSPORT": "TRANSPORT", "DELIVERING": "TRANSPORT", "AGENT_SIGN": "TRANSPORT", "SIGN": "SIGN"}

func (s *store) stepsTx(tx *gorm.DB, p *parcelRow, steps []parcelStep) error {
	if len(steps) == 0 {
		return nil
	}
	var known []string
	if err := tx.Model(&parcelEventRow{}).Where("parcel_id = ?", p.ID).Pluck("dedupe", &known).Error; err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, k := range known {
		seen[k] = true
	}
	var rows []parcelEventRow
	for _, st := range steps {
		key := dedupe(st)
		if seen[key] {
			continue
		}
		seen[key] = true
		rows = append(rows, parcelEventRow{ID: s.db.NewID(), ParcelID: p.ID, OrderID: p.OrderID, Node: clip(st.node, 30),
			Detail: clip(st.detail, 500), HappenedAt: st.at.UTC(), Dedupe: key, CreatedAt: s.now()})
	}
	if len(rows) == 0 {
		return nil
	}
	return database.Translate(tx.Create(&rows).Error)
}

// dedupe names a step: a waybill change by its text alone, everything else by node, minute of the event and text.
func dedupe(st parcelStep) string {
	at := st.at.UTC().Format(time.RFC3339)
	if st.node == "waybill_changed" {
		at = ""
	}
	sum := sha256.Sum256([]byte(fmt.Sprintf("%s|%s|%s", st.node, at, st.detail)))
	return hex.EncodeToString(sum[:])
}

// shipment is a national parcel as staff enter it.
type shipment struct {
	parcelNo, carrier, trackingNo, actor string
}

// ship writes the national parcel, moves the order and queues the push `send`.
func (s *store) ship(ctx context.Context, orderID int64, sh shipment, audit auditFunc) (row parcelRow, err error) {
	err = s.db.InTx(ctx, func(tx *gorm.DB) error {
		o, err := lockTx(tx, orderID)
		if err != nil {
			return err
		}
		if !shippable(o) {
			return errs.New(errs.Conflict, "order.not_shippable")
		}
		at := s.now()
		row = parcelRow{ID: s.db.NewID(), OrderID: o.ID, Leg: National, ParcelNo: sh.parcelNo, Carrier: sh.carrier, BillNo: sh.trackingNo,
			Status: ParcelStatusInTransit, RankNo: parcelRank[ParcelStatusInTransit], AddressJSON: o.AddressJSON, SentAt: &at, CreatedAt: at, UpdatedAt: at}
		if err := tx.Create(&row).Error; err != nil {
			return database.Translate(err)
		}
		if err := s.stepsTx(tx, &row, []parcelStep{{node: "send", at: at}}); err != nil {
			return err
		}
		if _, err := s.moveTx(ctx, tx, &o, move{to: Dispatched, cause: "parcel.dispatched", actor: sh.actor, detail: sh.parcelNo}); err != nil {
			return err
		}
		if err := audit(tx, row); err != nil {
			return err
		}
		return s.jobs.AppendTx(ctx, tx, s.parcelPush(ctx, o, row, JobPushParcel, "send", "send", at))
	})
	return row, err
}

// shippable: bought at 1688 or from stock, and not finished.
func shippable(o orderRow) bool {
	if o.Status == Cancelled || o.Status == Completed || o.PaidAt == nil {
		return false
	}
	return o.OrderType == TypeStock || o.RankNo >= statusRank[Ordered]
}

// parcelPush names the parcel together with its order: one national parcel may hold several orders.
func (s *store) parcelPush(ctx context.Context, o orderRow, p parcelRow, kind, version, status string, at time.Time) jobs.Spec {
	id := strconv.FormatInt(o.ID, 10)
	return jobs.Spec{Kind: kind, Aggregate: "push:" + id, RequestID: web.RequestID(ctx),
		Payload: Push{Site: o.Site, OrderID: o.ID, ObjectKey: id + ":" + p.ParcelNo, Version: version, Status: status, ParcelID: p.ID, At: at}}
}

// nationalEvent is what happened to a national parcel.
type nationalEvent struct {
	event, detail, actor string
	at                   time.Time
}

// nationalStep maps a staff event to the parcel's state and the word 1688 is told; transport stays here.
var nationalStep = map[string]struct {
	status ParcelStatus
	node   string
	push   string
}{
	"transport": {ParcelStatusInTransit, "transport", ""},
	"partSign":  {ParcelStatusInTransit, "part_sign", "partSign"},
	"sign":      {ParcelStatusDelivered, "sign", "sign"},
	"refund":    {ParcelStatusReturned, "refund", "refund"},
}

// addEvent records an event of a national parcel once, moves parcel and order, and queues what 1688 must learn.
func (s *store) addEvent(ctx context.Context, parcelID, orderID int64, ev nationalEvent, audit auditFunc) (row parcelRow, err error) {
	step := nationalStep[ev.event]
	err = s.db.InTx(ctx, func(tx *gorm.DB) error {
		o, err := lockTx(tx, orderID)
		if err != nil {
			return err
		}
		if err := tx.Where("id = ?", parcelID).Take(&row).Error; err != nil {
			return database.Translate(err)
		}
		if row.RankNo > parcelRank[step.status] || (row.RankNo == parcelRank[step.status] && row.Status != ParcelStatusInTransit) {
			if row.Status == step.status { // the same click again
				return nil
			}
			return errs.New(errs.Conflict, "parcel.event_invalid")
		}
		set := map[string]any{"status": step.status, "rank_no": parcelRank[step.status], "updated_at": s.now()}
		if ev.event == "sign" {
			set["signed_at"] = ev.at
			row.SignedAt = &ev.at
		}
		if err := tx.Model(&parcelRow{}).Where("id = ?", row.ID).Updates(set).Error; err != nil {
			return err
		}
		row.Status, row.RankNo = step.status, parcelRank[step.status]
		if err := s.stepsTx(tx, &row, []parcelStep{{node: step.node, detail: ev.detail, at: ev.at}}); err != nil {
			return err
		}
		if err := audit(tx, row); err != nil {
			return err
		}
		return s.nationalTx(ctx, tx, &o, row, step.push, ev)
	})
	return row, err
}

// nationalTx moves the order after a national event and queues the pushes: first the parcel's step, then the order's end.
func (s *store) nationalTx(ctx context.Context, tx *gorm.DB, o *orderRow, p parcelRow, push string, ev nationalEvent) error {
	var specs []jobs.Spec
	if push != "" {
		version := push
		if push == "partSign" { // may happen several times
			version += ":" + ev.at.UTC().Format("20060102150405")
		}
		specs = append(specs, s.parcelPush(ctx, *o, p, JobPushParcelStep, version, push, ev.at))
	}
	if push == "partSign" || push == "sign" {
		if _, err := s.moveTx(ctx, tx, o, move{to: Delivered, cause: "parcel." + push, actor: ev.actor, detail: p.ParcelNo}); err != nil {
			return err
		}
	}
	if push == "sign" {
		var open int64
		if err := tx.Model(&parcelRow{}).Where("order_id = ? AND leg = ? AND rank_no < ?", o.ID, National, parcelRank[ParcelStatusDelivered]).Count(&open).Error; err != nil {
			return err
		}
		if open == 0 {
			moved, err := s.moveTx(ctx, tx, o, move{to: Completed, cause: "parcels.signed", actor: ev.actor, set: map[string]any{"completed_at": ev.at}})
			if err != nil {
				return err
			}
			if moved {
				specs = append(specs, statusPush(ctx, *o, "success", "success", ev.at))
			}
		}
	}
	return s.jobs.AppendTx(ctx, tx, specs...)
}

func statusPush(ctx context.Context, o orderRow, version, status string, at time.Time) jobs.Spec {
	id := strconv.FormatInt(o.ID, 10)
	return jobs.Spec{Kind: JobPushStatus, Aggregate: "push:" + id, RequestID: web.RequestID(ctx),
		Payload: Push{Site: o.Site, OrderID: o.ID, ObjectKey: id, Version: version, Status: status, At: at}}
}
