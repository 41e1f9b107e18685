package search

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"entrepot/internal/auth"
	"entrepot/internal/database"
	"entrepot/internal/errs"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

type filterRow struct {
	ID          int64
	Site        string
	Version     int
	GroupsJSON  string `gorm:"column:groups_json"`
	ContentHash string
	Reason      string
	Staff       string
	CreatedAt   time.Time
}

// TableName implements gorm's schema.Tabler.
func (filterRow) TableName() string { return "filter_versions" }

func (r filterRow) groups() ([]FilterGroupInput, error) {
	var groups []FilterGroupInput
	if err := json.Unmarshal([]byte(r.GroupsJSON), &groups); err != nil {
		return nil, fmt.Errorf("search: filter version %d of %s: %w", r.Version, r.Site, err)
	}
	return groups, nil
}

// etag names the version in force and how often it has changed: a version that is in force again is another state.
func (r settingRow) etag() string { return fmt.Sprintf(`"%d.%d"`, r.FilterVersion, r.FilterRevision) }

func (s store) setting(ctx context.Context, site string) (settingRow, error) {
	row := settingRow{Site: site}
	err := s.db.Read(ctx).Where("site = ?", site).Limit(1).Find(&row).Error
	return row, database.Translate(err)
}

// filterVersion finds a version; database.ErrNotFound.
func (s store) filterVersion(ctx context.Context, db *gorm.DB, site string, version int) (filterRow, error) {
	var row filterRow
	err := db.WithContext(ctx).Where("site = ? AND version = ?", site, version).Take(&row).Error
	return row, database.Translate(err)
}

// filterVersions are the newest versions of a site.
func (s store) filterVersions(ctx context.Context, site string, limit int) ([]filterRow, error) {
	var rows []filterRow
	err := s.db.Read(ctx).Where("site = ?", site).Order("version DESC").Limit(limit).Find(&rows).Error
	return rows, database.Translate(err)
}

// ownFilters reads the version in force; nil when the site has none of its own.
func (s store) ownFilters(ctx context.Context, row settingRow) (*ownFilters, error) {
	if row.FilterVersion == 0 {
		return nil, nil //nolint:nilnil // no configuration of the site's own
	}
	version, err := s.filterVersion(ctx, s.db.Read(ctx), row.Site, row.FilterVersion)
	if err != nil {
		return nil, err
	}
	groups, err := version.groups()
	if err != nil {
		return nil, err
	}
	return newOwnFilters(version.Version, groups), nil
}

// lockSettingTx reads a site's row, made when missing, and keeps others from changing it until the transaction ends.
func (s store) lockSettingTx(ctx context.Context, tx *gorm.DB, site string, now time.Time) (settingRow, error) {
	empty := settingRow{Site: site, Version: s.db.NewID(), UpdatedAt: now}
	err := tx.WithContext(ctx).Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "site"}}, DoUpdates: clause.AssignmentColumns([]string{"updated_at"}),
	}).Create(&empty).Error
	if err != nil {
		return settingRow{}, database.Translate(err)
	}
	var row settingRow
	err = tx.WithContext(ctx).Clauses(clause.Locking{Strength: "UPDATE"}).Where("site = ?", site).Take(&row).Error
	return row, database.Translate(err)
}

// filterChange is a wish of staff: groups as a new version, or version in force again.
type filterChange struct {
	site    string
	who     auth.StaffCaller
	matches func(etag string) bool
	reason  string
	groups  []FilterGroupInput // nil = roll back to version
	version int
}

// changeFilters makes a change, its audit row and the site's new version together, if the version in force is the one the
// change is based on (else filter.outdated). What is in force already is left alone. Errors: filter.version_unknown.
func (s *Service) changeFilters(ctx context.Context, c filterChange) error {
	now := s.moment()
	return s.store.db.InTx(ctx, func(tx *gorm.DB) error {
		at, err := s.store.lockSettingTx(ctx, tx, c.site, now)
		if err != nil {
			return err
		}
		if !c.matches(at.etag()) {
			return errs.New(errs.Outdated, "filter.outdated").At("/header/If-Match", "filter.outdated")
		}
		action, version := "filters.rolled_back", c.version
		if c.groups != nil {
			action = "filters.published"
			version, err = s.newFilterVersionTx(ctx, tx, at, c, now)
		} else if version != 0 {
			_, err = s.store.filterVersion(ctx, tx, c.site, version)
			if errors.Is(err, database.ErrNotFound) {
				return errs.New(errs.Rule, "filter.version_unknown").At("/version", "filter.version_unknown")
			}
		}
		if err != nil || version == at.FilterVersion {
			return err
		}
		changes := map[string]any{
			"filter_version": version, "filter_revision": at.FilterRevision + 1, "version": s.store.db.NewID(), "updated_at": now,
		}
		if err := tx.Model(&settingRow{}).Where("site = ?", c.site).Updates(changes).Error; err != nil {
			return err
		}
		return s.auth.AuditTx(ctx, tx, auth.Entry{
			Action: action, ObjectKind: "filters", ObjectID: int64(version), Site: c.site, Reason: c.reason,
			Before: map[string]int{"version": at.FilterVersion}, After: map[string]any{"version": version, "groups": c.groups},
		})
	})
}

// newFilterVersionTx writes the next version, or answers the one in force when it has the same content.
func (s *Service) newFilterVersionTx(ctx context.Context, tx *gorm.DB, at settingRow, c filterChange, now time.Time) (int, error) {
	b, err := json.Marshal(c.groups)
	if err != nil {
		return 0, err
	}
	sum := sha256.Sum256(b)
	row := filterRow{
		ID: s.store.db.NewID(), Site: c.site, GroupsJSON: string(b), ContentHash: hex.EncodeToString(sum[:]), Reason: c.reason, Staff: c.who.LoginName,
		CreatedAt: now,
	}
	var newest filterRow
	if err := tx.WithContext(ctx).Where("site = ?", c.site).Order("version DESC").Limit(1).Find(&newest).Error; err != nil {
		return 0, err
	}
	if at.FilterVersion != 0 {
		current, err := s.store.filterVersion(ctx, tx, c.site, at.FilterVersion)
		if err != nil || current.ContentHash == row.ContentHash {
			return at.FilterVersion, err
		}
	}
	row.Version = newest.Version + 1
	return row.Version, tx.WithContext(ctx).Create(&row).Error
}
