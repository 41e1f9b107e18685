package sync

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"entrepot/internal/auth"
	"entrepot/internal/database"
	"entrepot/internal/jobs"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

type store struct {
	db   *database.DB
	jobs *jobs.Queue
	now  func() time.Time

	standings *database.Loader[int64, []standing]
	ledger    *jobs.Writer
}

func newStore(db *database.DB, queue *jobs.Queue, now func() time.Time) *store {
	s := &store{db: db, jobs: queue, now: now}
	s.standings = database.NewLoader(2, s.loadStandings)
	s.ledger = jobs.NewWriter(s.writeLedger)
	return s
}

type messageRow struct {
	ID         int64
	MsgID      string
	Topic      string
	BizKey     string
	GmtBorn    *time.Time
	Raw        string
	State      string
	Reason     string
	RequestID  string
	ReceivedAt time.Time
	AppliedAt  *time.Time
}

func (messageRow) TableName() string { return "inbox" }

type ledgerRow struct {
	ID                int64
	Site              string
	OrderID           int64
	Kind              string
	ObjectKey         string
	Version           string
	Payload           string
	PayloadHash       string
	State             string
	Attempts          int
	Code              string
	Message           string
	UpstreamRequestID string
	JobID             int64
	RequestID         string
	WantedAt          time.Time
	SentAt            *time.Time
	AcknowledgedAt    *time.Time
	CreatedAt         time.Time
	UpdatedAt         time.Time
}

func (ledgerRow) TableName() string { return "ledger" }

type cursorRow struct {
	Name      string `gorm:"primaryKey"`
	Value     string
	UpdatedAt time.Time
}

func (cursorRow) TableName() string { return "cursors" }

// receive stores a message and the job that applies it. A message that is known already changes nothing.
func (s *store) receive(ctx context.Context, row messageRow) error {
	err := s.db.Grouped(ctx, func(tx *gorm.DB) error {
		m := row
		if err := tx.Create(&m).Error; err != nil {
			return database.Translate(err)
		}
		return s.jobs.AppendTx(ctx, tx, jobs.Spec{Kind: JobApply, Payload: messageRef{ID: row.ID}, RequestID: row.RequestID})
	})
	if errors.Is(err, database.ErrDuplicate) {
		return nil
	}
	return err
}

type messageRef struct {
	ID int64 `json:"id,string"`
}

func (s *store) message(ctx context.Context, id int64) (messageRow, error) {
	var m messageRow
	err := s.db.Read(ctx).Where("id = ?", id).Take(&m).Error
	return m, database.Translate(err)
}

func (s *store) messages(ctx context.Context, state string, before int64, limit int) ([]messageRow, error) {
	q := s.db.Read(ctx).Omit("raw").Order("id DESC").Limit(limit)
	if state != "" {
		q = q.Where("state = ?", state)
	}
	if before > 0 {
		q = q.Where("id < ?", before)
	}
	var rows []messageRow
	err := q.Find(&rows).Error
	return rows, err
}

func (s *store) settle(ctx context.Context, id int64, state, reason string) error {
	return s.db.Grouped(ctx, func(tx *gorm.DB) error {
		return tx.Model(&messageRow{}).Where("id = ? AND state = ?", id, received).
			Updates(map[string]any{"state": state, "reason": clip(reason, 300), "applied_at": s.now()}).Error
	})
}

// ledgerOf reads the ledger of an order, oldest first.
func (s *store) ledgerOf(ctx context.Context, orderID int64) ([]ledgerRow, error) {
	var rows []ledgerRow
	err := s.db.Read(ctx).Omit("payload").Where("order_id = ?", orderID).Order("id").Find(&rows).Error
	return rows, err
}

// standing is how far another push of the same order, or an earlier try of the same one, has come.
type standing struct {
	OrderID   int64
	Kind      string
	ObjectKey string
	Version   string
	State     string
	JobID     int64
}

// loadStandings reads what decides whether pushes may go: the states of their orders' pushes.
func (s *store) loadStandings(ctx context.Context, orderIDs []int64) (map[int64][]standing, error) {
	var rows []standing
	err := s.db.Read(ctx).Raw("SELECT order_id, kind, object_key, version, state, job_id FROM ledger WHERE order_id IN ?", orderIDs).Scan(&rows).Error
	found := make(map[int64][]standing, len(orderIDs))
	for _, r := range rows {
		found[r.OrderID] = append(found[r.OrderID], r)
	}
	return found, err
}

// standingsOf is loadStandings for one push; a registration belongs to no order and is looked up by its member.
func (s *store) standingsOf(ctx context.Context, w wanted) ([]standing, error) {
	if w.orderID != 0 {
		return s.standings.Load(ctx, w.orderID)
	}
	var rows []standing
	err := s.db.Read(ctx).Raw("SELECT order_id, kind, object_key, version, state, job_id FROM ledger WHERE kind = ? AND object_key = ?",
		w.kind, w.objectKey).Scan(&rows).Error
	return rows, err
}

func (s *store) entry(ctx context.Context, id int64) (ledgerRow, error) {
	var row ledgerRow
	err := s.db.Read(ctx).Where("id = ?", id).Take(&row).Error
	return row, database.Translate(err)
}

// outcome is what became of one try to push.
type outcome struct {
	state     string
	payload   string
	hash      string
	code      string
	message   string
	requestID string // 1688's
}

// tried is one try on its way into the ledger.
type tried struct {
	row     ledgerRow
	noticed bool // the ledger has a row of this push already
}

// note has the outcome of a try written into the ledger together with that of the job: the row is made by the first try and
// updated by later ones. An acknowledged row never changes again.
func (s *store) note(t *jobs.Task, w wanted, o outcome, noticed bool) {
	now := s.now()
	row := ledgerRow{
		ID: s.db.NewID(), Site: w.site, OrderID: w.orderID, Kind: w.kind, ObjectKey: w.objectKey, Version: w.version, Payload: o.payload,
		PayloadHash: o.hash, State: o.state, Attempts: 1, Code: clip(o.code, 100), Message: clip(o.message, 500),
		UpstreamRequestID: clip(o.requestID, 100), JobID: t.ID, RequestID: t.RequestID, WantedAt: w.at.UTC(), SentAt: &now, CreatedAt: now, UpdatedAt: now,
	}
	if o.state == stateAcknowledged {
		row.AcknowledgedAt = &now
	}
	t.Settle(s.ledger, tried{row, noticed})
}

const (
	ledgerColumns = "id, site, order_id, kind, object_key, version, payload, payload_hash, state, attempts, code, message, " +
		"upstream_request_id, job_id, request_id, wanted_at, sent_at, acknowledged_at, created_at, updated_at"
	ledgerValues = "(?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
	updateLedger = "UPDATE ledger SET state = ?, payload = ?, payload_hash = ?, code = ?, message = ?, upstream_request_id = ?, " +
		"attempts = attempts + 1, sent_at = ?, acknowledged_at = ?, updated_at = ? WHERE kind = ? AND object_key = ? AND version = ? AND state <> ?"
)

// writeLedger writes many tries at once: one INSERT for the first tries, an UPDATE for each later one. It is written out
// because it runs for every push.
func (s *store) writeLedger(tx *gorm.DB, list []tried) error {
	var args []any
	fresh := 0
	for i := range list {
		r := &list[i].row
		if list[i].noticed {
			if err := updateTry(tx, r); err != nil {
				return err
			}
			continue
		}
		fresh++
		args = append(args, r.ID, r.Site, r.OrderID, r.Kind, r.ObjectKey, r.Version, r.Payload, r.PayloadHash, r.State, r.Code, r.Message,
			r.UpstreamRequestID, r.JobID, r.RequestID, r.WantedAt, r.SentAt, r.AcknowledgedAt, r.CreatedAt, r.UpdatedAt)
	}
	if fresh == 0 {
		return nil
	}
	insert := "INSERT INTO ledger (" + ledgerColumns + ") VALUES " + ledgerValues + strings.Repeat(", "+ledgerValues, fresh-1)
	err := database.Translate(tx.Exec(insert, args...).Error)
	if errors.Is(err, database.ErrDuplicate) && len(list) == 1 { // another worker's try of the same push was faster
		return updateTry(tx, &list[0].row)
	}
	return err
}

func updateTry(tx *gorm.DB, r *ledgerRow) error {
	return tx.Exec(updateLedger, r.State, r.Payload, r.PayloadHash, r.Code, r.Message, r.UpstreamRequestID, r.SentAt, r.AcknowledgedAt, r.UpdatedAt,
		r.Kind, r.ObjectKey, r.Version, stateAcknowledged).Error
}

// revive puts a refused or dead push back into the queue together with its ledger row; false when it is neither.
func (s *store) revive(ctx context.Context, row ledgerRow, audit func(tx *gorm.DB) error) (bool, error) {
	var revived bool
	err := s.db.InTx(ctx, func(tx *gorm.DB) error {
		res := tx.Model(&ledgerRow{}).Where("id = ? AND state IN ?", row.ID, []string{stateRefused, stateDead}).
			Updates(map[string]any{"state": stateSent, "updated_at": s.now()})
		if res.Error != nil || res.RowsAffected == 0 {
			revived = false
			return res.Error
		}
		revived = true
		if err := s.jobs.RetryTx(ctx, tx, row.JobID); err != nil {
			return err
		}
		return audit(tx)
	})
	return revived, err
}

// turn lets one process of many do periodic work: it answers the cursor's value and takes the turn when the last one is at
// least every ago.
func (s *store) turn(ctx context.Context, name string, every time.Duration) (value string, mine bool, err error) {
	err = s.db.InTx(ctx, func(tx *gorm.DB) error {
		now := s.now()
		first := cursorRow{Name: name, UpdatedAt: now.Add(-24 * time.Hour)}
		if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&first).Error; err != nil {
			return err
		}
		res := tx.Model(&cursorRow{}).Where("name = ? AND updated_at <= ?", name, now.Add(-every)).UpdateColumn("updated_at", now)
		if mine = res.RowsAffected == 1; res.Error != nil || !mine {
			return res.Error
		}
		var c cursorRow
		if err := tx.Where("name = ?", name).Take(&c).Error; err != nil {
			return err
		}
		value = c.Value
		return nil
	})
	return value, mine, err
}

// advance saves the cursor and queues the purchases to be read again.
func (s *store) advance(ctx context.Context, name, value string, specs []jobs.Spec) error {
	return s.db.InTx(ctx, func(tx *gorm.DB) error {
		if err := tx.Model(&cursorRow{}).Where("name = ?", name).UpdateColumn("value", value).Error; err != nil {
			return err
		}
		return s.jobs.AppendTx(ctx, tx, specs...)
	})
}

func purchaseAggregate(id int64) string { return "purchase:" + strconv.FormatInt(id, 10) }

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n]
}

// auditRetry notes a staff member's retry in the transaction that carries it out.
func (s *Service) auditRetry(ctx context.Context, row ledgerRow) func(tx *gorm.DB) error {
	return func(tx *gorm.DB) error {
		return s.auth.AuditTx(ctx, tx, auth.Entry{Action: "push.retried", ObjectKind: "push", ObjectID: row.ID, Site: row.Site,
			Before: map[string]any{"state": row.State}, After: map[string]any{"state": stateSent}})
	}
}
