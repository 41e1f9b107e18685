package search

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"entrepot/internal/database"
)

// everySite names the row of site_settings for what concerns all sites.
const everySite = "*"

// store keeps what staff decide about the catalogue.
type store struct{ db *database.DB }

type settingRow struct {
	Site           string `gorm:"primaryKey"`
	Version        int64
	FilterVersion  int // in force, 0 = none
	FilterRevision int // changes so far
	UpdatedAt      time.Time
}

// TableName implements gorm's schema.Tabler.
func (settingRow) TableName() string { return "site_settings" }

func (s store) settings(ctx context.Context) ([]settingRow, error) {
	var rows []settingRow
	return rows, database.Translate(s.db.Read(ctx).Find(&rows).Error)
}

// touchTx gives a site's settings a new version, and with it all processes the reason to read them again.
func (s store) touchTx(ctx context.Context, tx *gorm.DB, site string, now time.Time) error {
	row := settingRow{Site: site, Version: s.db.NewID(), UpdatedAt: now}
	return database.Translate(tx.WithContext(ctx).Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "site"}}, DoUpdates: clause.AssignmentColumns([]string{"version", "updated_at"}),
	}).Create(&row).Error)
}
