package account

import (
	"context"
	"strconv"
	"time"

	"entrepot/internal/database"
	"entrepot/internal/jobs"
	"entrepot/internal/web"

	"gorm.io/gorm"
)

// States of a member's registration with 1688.
const (
	pending    = "pending"
	registered = "registered"
	failed     = "failed"
)

type store struct {
	db   *database.DB
	jobs *jobs.Queue
	now  func() time.Time
}

type memberRow struct {
	ID                  int64
	Site                string
	OutMemberID         string
	LoginName           string
	LoginKey            string // login name folded to lower case
	PasswordHash        string
	Email               *string
	Mobile              *string
	MobileArea          *string
	Language            string
	IP                  string
	Registration        string
	RegistrationMessage string
	RegisteredAt        *time.Time
	CreatedAt           time.Time
	UpdatedAt           time.Time
}

func (memberRow) TableName() string { return "members" }

// create writes the member and the wish to register it with 1688 together.
func (s *store) create(ctx context.Context, m memberRow) error {
	return s.db.Grouped(ctx, func(tx *gorm.DB) error {
		row := m
		if err := tx.Create(&row).Error; err != nil {
			return database.Translate(err)
		}
		return s.jobs.AppendTx(ctx, tx, jobs.Spec{
			Kind: JobPushRegistration, Aggregate: "member:" + strconv.FormatInt(m.ID, 10), RequestID: web.RequestID(ctx),
			Payload: Registration{Site: m.Site, MemberID: m.ID, At: m.CreatedAt},
		})
	})
}

func (s *store) byLogin(ctx context.Context, site, key string) (memberRow, error) {
	var m memberRow
	err := s.db.Read(ctx).Where("site = ? AND login_key = ?", site, key).Take(&m).Error
	return m, database.Translate(err)
}

func (s *store) byID(ctx context.Context, id int64) (memberRow, error) {
	var m memberRow
	err := s.db.Read(ctx).Where("id = ?", id).Take(&m).Error
	return m, database.Translate(err)
}

// registration saves the outcome of the registration; a registered member stays registered.
func (s *store) registration(ctx context.Context, id int64, state, message string) error {
	return s.db.Grouped(ctx, func(tx *gorm.DB) error {
		set := map[string]any{"registration": state, "registration_message": clip(message, 500), "updated_at": s.now()}
		if state == registered {
			set["registered_at"] = s.now()
		}
		return tx.Model(&memberRow{}).Where("id = ? AND registration <> ?", id, registered).Updates(set).Error
	})
}

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n]
}
