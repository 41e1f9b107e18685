package search

import (
	"context"
	"strconv"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"entrepot/internal/auth"
	"entrepot/internal/database"
)

type blockRow struct {
	ID         int64
	Site       string
	Kind       string
	Value      string
	ValueKey   string
	Reason     string
	Staff      string
	ReachDueAt *time.Time // when to look again what it reaches; nil = it reaches nothing else
	CreatedAt  time.Time
}

// TableName implements gorm's schema.Tabler.
func (blockRow) TableName() string { return "blocks" }

// number is the value of a category or an offer.
func (b blockRow) number() int64 {
	n, _ := strconv.ParseInt(b.ValueKey, 10, 64) // checked when it was made
	return n
}

// reachRow is an offer of a blocked seller, or a category below a blocked one.
type reachRow struct {
	Kind     string // of the block
	ObjectID int64
}

type blockReachRow struct {
	ID        int64
	BlockID   int64
	ObjectID  int64
	CreatedAt time.Time
}

// TableName implements gorm's schema.Tabler.
func (blockReachRow) TableName() string { return "block_reach" }

func (s store) blocksOf(ctx context.Context, site string) ([]blockRow, error) {
	var rows []blockRow
	err := s.db.Read(ctx).Select("id, kind, value_key").Where("site = ?", site).Find(&rows).Error
	return rows, database.Translate(err)
}

func (s store) reachOf(ctx context.Context, site string) ([]reachRow, error) {
	var rows []reachRow
	err := s.db.Read(ctx).Table("block_reach").Select("blocks.kind, block_reach.object_id").
		Joins("JOIN blocks ON blocks.id = block_reach.block_id").Where("blocks.site = ?", site).Find(&rows).Error
	return rows, database.Translate(err)
}

func (s store) blockPage(ctx context.Context, site, kind string, before int64, limit int) ([]blockRow, error) {
	var rows []blockRow
	q := s.db.Read(ctx).Order("id DESC").Limit(limit)
	if site != "" {
		q = q.Where("site = ?", site)
	}
	if kind != "" {
		q = q.Where("kind = ?", kind)
	}
	if before > 0 {
		q = q.Where("id < ?", before)
	}
	return rows, database.Translate(q.Find(&rows).Error)
}

func (s store) insertBlockTx(ctx context.Context, tx *gorm.DB, row *blockRow) error {
	return database.Translate(tx.WithContext(ctx).Create(row).Error)
}

// takeBlockTx deletes an entry with what it reaches and gives it back. database.ErrNotFound when it is gone already.
func (s store) takeBlockTx(ctx context.Context, tx *gorm.DB, id int64) (blockRow, error) {
	var row blockRow
	if err := tx.WithContext(ctx).Clauses(clause.Locking{Strength: "UPDATE"}).Where("id = ?", id).Take(&row).Error; err != nil {
		return row, database.Translate(err)
	}
	if err := tx.WithContext(ctx).Where("block_id = ?", id).Delete(&blockReachRow{}).Error; err != nil {
		return row, database.Translate(err)
	}
	res := tx.WithContext(ctx).Where("id = ?", id).Delete(&blockRow{})
	if res.Error == nil && res.RowsAffected == 0 {
		return row, database.ErrNotFound
	}
	return row, database.Translate(res.Error)
}

// dueBlocks are entries whose reach should be looked up (again).
func (s store) dueBlocks(ctx context.Context, now time.Time, limit int) ([]blockRow, error) {
	var rows []blockRow
	err := s.db.Read(ctx).Where("reach_due_at <= ?", now).Order("reach_due_at, id").Limit(limit).Find(&rows).Error
	return rows, database.Translate(err)
}

// claimBlock takes a due entry for one process: until then nobody else looks it up.
func (s store) claimBlock(ctx context.Context, row blockRow, until time.Time) (won bool, err error) {
	err = s.db.InTx(ctx, func(tx *gorm.DB) error {
		res := tx.Model(&blockRow{}).Where("id = ? AND reach_due_at = ?", row.ID, *row.ReachDueAt).Update("reach_due_at", until)
		won = res.RowsAffected == 1
		return res.Error
	})
	return won, err
}

func (s store) setReachDue(ctx context.Context, id int64, due time.Time) error {
	return s.db.InTx(ctx, func(tx *gorm.DB) error {
		return tx.Model(&blockRow{}).Where("id = ?", id).Update("reach_due_at", due).Error
	})
}

// addReach records what an entry reaches, and says how many of the objects are new; the site's settings then have a new
// version. An entry that was deleted meanwhile gets nothing.
func (s store) addReach(ctx context.Context, blockID int64, objects []int64, now time.Time) (added int, err error) {
	err = s.db.InTx(ctx, func(tx *gorm.DB) error {
		added = 0
		var block blockRow
		res := tx.Clauses(clause.Locking{Strength: "UPDATE"}).Where("id = ?", blockID).Limit(1).Find(&block)
		if res.Error != nil || res.RowsAffected == 0 {
			return res.Error
		}
		fresh, err := s.newReachTx(tx, blockID, objects, now)
		if err != nil || len(fresh) == 0 {
			return err
		}
		added = len(fresh)
		if err := tx.CreateInBatches(fresh, 500).Error; err != nil {
			return err
		}
		return s.touchTx(ctx, tx, block.Site, now)
	})
	return added, err
}

// newReachTx makes the rows that are not there yet.
func (s store) newReachTx(tx *gorm.DB, blockID int64, objects []int64, now time.Time) ([]blockReachRow, error) {
	var have []int64
	if err := tx.Model(&blockReachRow{}).Where("block_id = ?", blockID).Pluck("object_id", &have).Error; err != nil {
		return nil, err
	}
	known := make(map[int64]bool, len(have))
	for _, id := range have {
		known[id] = true
	}
	var fresh []blockReachRow
	for _, id := range objects {
		if id != 0 && !known[id] {
			known[id] = true
			fresh = append(fresh, blockReachRow{ID: s.db.NewID(), BlockID: blockID, ObjectID: id, CreatedAt: now})
		}
	}
	return fresh, nil
}

// saveBlock writes an entry, the site's new version and the audit row. database.ErrDuplicate when it is there already.
func (s *Service) saveBlock(ctx context.Context, row *blockRow) error {
	return s.store.db.InTx(ctx, func(tx *gorm.DB) error {
		if err := s.store.insertBlockTx(ctx, tx, row); err != nil {
			return err
		}
		if err := s.store.touchTx(ctx, tx, row.Site, row.CreatedAt); err != nil {
			return err
		}
		return s.auth.AuditTx(ctx, tx, auth.Entry{
			Action: "block.added", ObjectKind: "block", ObjectID: row.ID, Site: row.Site, Reason: row.Reason, After: row.audit(),
		})
	})
}

// dropBlock is saveBlock's opposite. database.ErrNotFound when there is none.
func (s *Service) dropBlock(ctx context.Context, id int64) error {
	return s.store.db.InTx(ctx, func(tx *gorm.DB) error {
		row, err := s.store.takeBlockTx(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := s.store.touchTx(ctx, tx, row.Site, s.moment()); err != nil {
			return err
		}
		return s.auth.AuditTx(ctx, tx, auth.Entry{
			Action: "block.removed", ObjectKind: "block", ObjectID: row.ID, Site: row.Site, Before: row.audit(),
		})
	})
}
