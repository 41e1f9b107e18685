package database

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
)

// BenchmarkWrite compares a transaction per caller with shared ones, for the rows of an order: 1 order, 3 lines, 1 job.
func BenchmarkWrite(b *testing.B) {
	for _, callers := range []int{1, 8, 64} {
		for _, how := range []string{"InTx", "Grouped"} {
			b.Run(fmt.Sprintf("%s/callers=%d", how, callers), func(b *testing.B) {
				db := OpenTest(b)
				write := db.InTx
				if how == "Grouped" {
					write = db.Grouped
				}
				b.ResetTimer()
				inParallel(b, callers, func(ctx context.Context) error {
					id := db.NewID()
					return write(ctx, func(tx *gorm.DB) error { return orderRows(db, tx, id) })
				})
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tx/s")
			})
		}
	}
}

func inParallel(b *testing.B, callers int, fn func(ctx context.Context) error) {
	var left atomic.Int64
	left.Store(int64(b.N))
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				if err := fn(b.Context()); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func orderRows(db *DB, tx *gorm.DB, id int64) error {
	now := Now()
	if err := tx.Exec("INSERT INTO orders (id, site, member_id, preview_id, status, currency, unpaid_deadline, created_at, updated_at) VALUES (?,?,?,?,?,?,?,?,?)",
		id, "japan", 1, id, "placed", "JPY", now, now, now).Error; err != nil {
		return err
	}
	const line = "(?,?,?,?,?,?,?)"
	args := []any{}
	for i := range 3 {
		args = append(args, db.NewID(), id, i, 5, 1000, "subject of the offer", now)
	}
	if err := tx.Exec("INSERT INTO order_lines (id, order_id, line_no, quantity, unit_fen, subject, created_at) VALUES "+line+strings.Repeat(","+line, 2), args...).Error; err != nil {
		return err
	}
	return tx.Exec("INSERT INTO jobs (id, kind, aggregate, payload, state, due_at, created_at, updated_at) VALUES (?,?,?,?,?,?,?,?)",
		db.NewID(), "order.placed", fmt.Sprint("order:", id), "{}", "waiting", now, now, now).Error
}

// BenchmarkNewID shows that ids are not what limits a writer.
func BenchmarkNewID(b *testing.B) {
	db := OpenTest(b)
	for b.Loop() {
		require.Positive(b, db.NewID())
	}
}
