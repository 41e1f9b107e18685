package auth

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"entrepot/internal/database"
)

// States of a session.
const (
	stateLive    = "live"
	stateRotated = "rotated" // its refresh token was traded in
	stateRevoked = "revoked"
)

type store struct {
	db       *database.DB
	sessions *database.Loader[int64, sessionRow]
}

type sessionRow struct {
	ID          int64
	SubjectKind string
	SubjectID   int64
	Site        string
	Family      int64
	RefreshHash string
	State       string
	ExpiresAt   time.Time
	CreatedAt   time.Time
}

// TableName implements gorm's schema.Tabler.
func (sessionRow) TableName() string { return "sessions" }

type staffRow struct {
	ID                int64
	LoginName         string
	PasswordHash      string
	Role              string
	FirstRunHash      *string
	FirstRunExpiresAt *time.Time
	DisabledAt        *time.Time
	CreatedAt         time.Time
	UpdatedAt         time.Time
}

// TableName implements gorm's schema.Tabler.
func (staffRow) TableName() string { return "staff" }

func (s store) insertSessionTx(ctx context.Context, tx *gorm.DB, row *sessionRow) error {
	return database.Translate(tx.WithContext(ctx).Create(row).Error)
}

// session reads what a request needs to know of its session; requests at once share a query.
func (s store) session(ctx context.Context, id int64) (sessionRow, error) {
	row, err := s.sessions.Load(ctx, id)
	if err == nil && row.ID == 0 {
		err = database.ErrNotFound
	}
	return row, database.Translate(err)
}

func loadSessions(db *database.DB) func(context.Context, []int64) (map[int64]sessionRow, error) {
	return func(ctx context.Context, ids []int64) (map[int64]sessionRow, error) {
		var rows []sessionRow
		err := db.Read(ctx).Select("id, subject_kind, subject_id, state").Where("id IN ?", ids).Find(&rows).Error
		found := make(map[int64]sessionRow, len(rows))
		for _, r := range rows {
			found[r.ID] = r
		}
		return found, err
	}
}

func (s store) sessionTx(ctx context.Context, tx *gorm.DB, id int64) (sessionRow, error) {
	var row sessionRow
	err := tx.WithContext(ctx).Where("id = ?", id).Take(&row).Error
	return row, database.Translate(err)
}

func (s store) sessionByRefreshTx(ctx context.Context, tx *gorm.DB, hash string) (sessionRow, error) {
	var row sessionRow
	err := tx.WithContext(ctx).Where("refresh_hash = ?", hash).Take(&row).Error
	return row, database.Translate(err)
}

// rotateTx tells whether this caller was the one who traded the token in.
func (s store) rotateTx(ctx context.Context, tx *gorm.DB, id int64) (bool, error) {
	res := tx.WithContext(ctx).Model(&sessionRow{}).Where("id = ? AND state = ?", id, stateLive).
		Update("state", stateRotated)
	return res.RowsAffected == 1, database.Translate(res.Error)
}

func (s store) revokeFamilyTx(ctx context.Context, tx *gorm.DB, family int64) error {
	return database.Translate(tx.WithContext(ctx).Model(&sessionRow{}).
		Where("family = ? AND state <> ?", family, stateRevoked).Update("state", stateRevoked).Error)
}

func (s store) revokeSubjectTx(ctx context.Context, tx *gorm.DB, kind string, id int64) error {
	return database.Translate(tx.WithContext(ctx).Model(&sessionRow{}).
		Where("subject_kind = ? AND subject_id = ? AND state <> ?", kind, id, stateRevoked).
		Update("state", stateRevoked).Error)
}

func (s store) purgeSessions(ctx context.Context, now time.Time, limit int) (int64, error) {
	var deleted int64
	err := s.db.InTx(ctx, func(tx *gorm.DB) error {
		var ids []int64
		q := tx.WithContext(ctx).Model(&sessionRow{}).Where("expires_at <= ?", now)
		if err := q.Limit(limit).Pluck("id", &ids).Error; err != nil || len(ids) == 0 {
			return err
		}
		res := tx.WithContext(ctx).Where("id IN ?", ids).Delete(&sessionRow{})
		deleted = res.RowsAffected
		return res.Error
	})
	return deleted, database.Translate(err)
}

// memberTx reads what a member's token carries.
func (s store) memberTx(ctx context.Context, tx *gorm.DB, id int64) (MemberCaller, error) {
	var row struct {
		ID                          int64
		Site, OutMemberID, Language string
	}
	err := tx.WithContext(ctx).Table("members").Select("id, site, out_member_id, language").
		Where("id = ?", id).Take(&row).Error
	return MemberCaller{ID: row.ID, Site: row.Site, OutMemberID: row.OutMemberID, Language: row.Language},
		database.Translate(err)
}

func (s store) staffByLogin(ctx context.Context, login string) (staffRow, error) {
	var row staffRow
	err := s.db.Read(ctx).Where("login_name = ? AND disabled_at IS NULL", login).Take(&row).Error
	return row, database.Translate(err)
}

// staffBySession finds enabled staff through a live session: a disabled account or a changed role counts at once.
func (s store) staffBySession(ctx context.Context, session, staff int64) (staffRow, error) {
	var row staffRow
	err := s.db.Read(ctx).Table("staff").Select("staff.id, staff.login_name, staff.role").
		Joins("JOIN sessions ON sessions.subject_id = staff.id").
		Where("sessions.id = ? AND sessions.subject_kind = ? AND sessions.state = ?", session, kindStaff, stateLive).
		Where("staff.id = ? AND staff.disabled_at IS NULL", staff).Take(&row).Error
	return row, database.Translate(err)
}

func (s store) staffByFirstRunTx(ctx context.Context, tx *gorm.DB, hash string, now time.Time) (staffRow, error) {
	var row staffRow
	err := tx.WithContext(ctx).
		Where("first_run_hash = ? AND first_run_expires_at > ? AND disabled_at IS NULL", hash, now).Take(&row).Error
	return row, database.Translate(err)
}

// firstAdminTx is the oldest enabled admin.
func (s store) firstAdminTx(ctx context.Context, tx *gorm.DB) (staffRow, error) {
	var row staffRow
	err := tx.WithContext(ctx).Where("role = ? AND disabled_at IS NULL", string(Admin)).Order("id").Take(&row).Error
	return row, database.Translate(err)
}

func (s store) countStaffTx(ctx context.Context, tx *gorm.DB) (int64, error) {
	var n int64
	err := tx.WithContext(ctx).Model(&staffRow{}).Count(&n).Error
	return n, database.Translate(err)
}

func (s store) insertStaffTx(ctx context.Context, tx *gorm.DB, row *staffRow) error {
	return database.Translate(tx.WithContext(ctx).Create(row).Error)
}

func (s store) setFirstRunTx(ctx context.Context, tx *gorm.DB, id int64, hash *string, until *time.Time) error {
	return database.Translate(tx.WithContext(ctx).Model(&staffRow{}).Where("id = ?", id).
		Updates(map[string]any{"first_run_hash": hash, "first_run_expires_at": until}).Error)
}

// takeFirstRunTx uses the token up and tells whether this caller was the one.
func (s store) takeFirstRunTx(ctx context.Context, tx *gorm.DB, id int64, hash string) (bool, error) {
	res := tx.WithContext(ctx).Model(&staffRow{}).Where("id = ? AND first_run_hash = ?", id, hash).
		Updates(map[string]any{"first_run_hash": nil, "first_run_expires_at": nil})
	return res.RowsAffected == 1, database.Translate(res.Error)
}

// everSignedInTx looks into the audit trail, which is never purged; sessions are.
func (s store) everSignedInTx(ctx context.Context, tx *gorm.DB) (bool, error) {
	var n int64
	err := tx.WithContext(ctx).Model(&auditRow{}).
		Where("object_kind = ? AND action = ?", "staff", actionSignedIn).Limit(1).Count(&n).Error
	return n > 0, database.Translate(err)
}

// auditHead names the row of table cursors that holds the end of the audit chain: "<id> <hash>".
const auditHead = "audit.head"

type cursorRow struct {
	Name      string `gorm:"primaryKey"`
	Value     string
	UpdatedAt time.Time
}

// TableName implements gorm's schema.Tabler.
func (cursorRow) TableName() string { return "cursors" }

// lockAuditHeadTx makes writers of the chain wait for one another until their transactions end, and reads its end.
// Locking the last audit row would not do: who waited for it would go on from a row that is no longer the last.
func (s store) lockAuditHeadTx(ctx context.Context, tx *gorm.DB, now time.Time) (string, error) {
	row := cursorRow{Name: auditHead, UpdatedAt: now}
	err := tx.WithContext(ctx).Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "name"}}, DoUpdates: clause.AssignmentColumns([]string{"updated_at"}),
	}).Create(&row).Error
	if err != nil {
		return "", database.Translate(err)
	}
	var head cursorRow
	err = tx.WithContext(ctx).Clauses(clause.Locking{Strength: "UPDATE"}).Where("name = ?", auditHead).Take(&head).Error
	return head.Value, database.Translate(err)
}

func (s store) setAuditHeadTx(ctx context.Context, tx *gorm.DB, value string) error {
	return database.Translate(tx.WithContext(ctx).Model(&cursorRow{}).Where("name = ?", auditHead).
		Update("value", value).Error)
}

func (s store) readAuditHead(ctx context.Context) (string, error) {
	var head cursorRow
	err := s.db.Read(ctx).Where("name = ?", auditHead).Take(&head).Error
	return head.Value, database.Translate(err)
}

func (s store) insertAuditTx(ctx context.Context, tx *gorm.DB, row *auditRow) error {
	return database.Translate(tx.WithContext(ctx).Create(row).Error)
}

func (s store) auditPage(ctx context.Context, before int64, limit int) ([]auditRow, error) {
	var rows []auditRow
	q := s.db.Read(ctx).Order("id DESC").Limit(limit)
	if before > 0 {
		q = q.Where("id < ?", before)
	}
	return rows, database.Translate(q.Find(&rows).Error)
}

func (s store) auditFrom(ctx context.Context, after int64, limit int) ([]auditRow, error) {
	var rows []auditRow
	err := s.db.Read(ctx).Where("id > ?", after).Order("id").Limit(limit).Find(&rows).Error
	return rows, database.Translate(err)
}
