package auth

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"

	"entrepot/internal/database"
	"entrepot/internal/web"
)

// Entry is one change to record. The actor and the request id come from the context. Before and After are encoded as
// JSON and must not hold personal data.
type Entry struct {
	Action     string // area.fact, as staff.created
	ObjectKind string
	ObjectID   int64
	Site       string
	Reason     string
	Before     any
	After      any
}

type auditRow struct {
	ID         int64
	ActorKind  string
	ActorID    int64
	ActorName  string
	Action     string
	ObjectKind string
	ObjectID   string
	Site       string
	Reason     string
	BeforeJSON string `gorm:"column:before_json"`
	AfterJSON  string `gorm:"column:after_json"`
	RequestID  string
	PrevHash   string
	Hash       string
	CreatedAt  time.Time
}

// TableName implements gorm's schema.Tabler.
func (auditRow) TableName() string { return "audit" }

// chainStart is the prev_hash of the first row.
var chainStart = strings.Repeat("0", 64)

// AuditTx appends an entry in the transaction of the change it records. Each row holds the hash of the row before it
// and the end of the chain is kept apart (table cursors), so changing or removing a row, the last one too, does not fit
// any more; VerifyAudit finds the place. The end is locked until the transaction ends: appenders wait for one another.
// Rows follow one another by id: a clock that runs behind another machine's does not fork the chain.
func (s *Service) AuditTx(ctx context.Context, tx *gorm.DB, e Entry) error {
	now := s.now().UTC().Truncate(time.Millisecond)
	head, err := s.store.lockAuditHeadTx(ctx, tx, now)
	if err != nil {
		return err
	}
	last, err := parseHead(head)
	if err != nil {
		return err
	}
	row := auditRow{
		ID: max(s.store.db.NewID(), last.ID+1), ActorKind: "system",
		Action: e.Action, ObjectKind: e.ObjectKind, ObjectID: strconv.FormatInt(e.ObjectID, 10), Site: e.Site,
		Reason: e.Reason, RequestID: web.RequestID(ctx), PrevHash: last.Hash,
		CreatedAt: now,
	}
	if staff, ok := Staff(ctx); ok {
		row.ActorKind, row.ActorID, row.ActorName = kindStaff, staff.ID, staff.LoginName
	} else if m, ok := Member(ctx); ok {
		row.ActorKind, row.ActorID = kindMember, m.ID
	}
	if row.BeforeJSON, err = auditJSON(e.Before); err != nil {
		return err
	}
	if row.AfterJSON, err = auditJSON(e.After); err != nil {
		return err
	}
	if row.Hash, err = row.digest(); err != nil {
		return err
	}
	if err := s.store.insertAuditTx(ctx, tx, &row); err != nil {
		return err
	}
	return s.store.setAuditHeadTx(ctx, tx, row.head())
}

func (r *auditRow) head() string { return strconv.FormatInt(r.ID, 10) + " " + r.Hash }

// parseHead reads the end of the chain: id and hash of the last row, "" before the first.
func parseHead(text string) (auditRow, error) {
	if text == "" {
		return auditRow{Hash: chainStart}, nil
	}
	id, hash, _ := strings.Cut(text, " ")
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil || len(hash) != len(chainStart) {
		return auditRow{}, errors.New("auth: the end of the audit chain is unreadable")
	}
	return auditRow{ID: n, Hash: hash}, nil
}

func auditJSON(v any) (string, error) {
	if v == nil {
		return "", nil
	}
	b, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("auth: audit value: %w", err)
	}
	return string(b), nil
}

// digest is SHA-256 over the row as a JSON list in the order of the columns, prev_hash included.
func (r *auditRow) digest() (string, error) {
	b, err := json.Marshal([]any{
		r.ID, r.ActorKind, r.ActorID, r.ActorName, r.Action, r.ObjectKind, r.ObjectID, r.Site, r.Reason,
		r.BeforeJSON, r.AfterJSON, r.RequestID, r.PrevHash, r.CreatedAt.UnixMilli(),
	})
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

// VerifyAudit walks the whole chain: rows counted and the id of the first row that does not fit, 0 when all do. Rows
// cut off at the end show as the id of the row that should be last. Run it while nobody appends, or run it again.
func (s *Service) VerifyAudit(ctx context.Context) (rows int, brokenAt int64, err error) {
	last := auditRow{Hash: chainStart}
	for {
		page, err := s.store.auditFrom(ctx, last.ID, 500)
		if err != nil {
			return rows, 0, err
		}
		if len(page) == 0 {
			break
		}
		for i := range page {
			sum, err := page[i].digest()
			if err != nil {
				return rows, 0, err
			}
			if page[i].PrevHash != last.Hash || page[i].Hash != sum {
				return rows, page[i].ID, nil
			}
			rows++
			last = page[i]
		}
	}
	text, err := s.store.readAuditHead(ctx)
	if errors.Is(err, database.ErrNotFound) {
		text, err = "", nil
	}
	if err != nil {
		return rows, 0, err
	}
	head, err := parseHead(text)
	if err == nil && (head.ID != last.ID || head.Hash != last.Hash) {
		return rows, max(head.ID, last.ID), nil
	}
	return rows, 0, err
}
