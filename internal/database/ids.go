package database

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/sony/sonyflake"
)

const (
	nodeTimeout = 3 * time.Second
	// idBlock numbers are handed out per sonyflake id by lending its lowest machine bits: sonyflake alone stops at
	// 256 ids per 10 ms, which is less than a busy process needs.
	idBlock  = 8
	nodes    = 1 << sonyflake.BitLenMachineID / idBlock // processes that can be alive at once
	unitBits = sonyflake.BitLenSequence + sonyflake.BitLenMachineID
	unit     = 10 * time.Millisecond
)

// idEpoch is the start of id time; ids last for 174 years from here. Never change it.
var idEpoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// errNoSchema: the table of process numbers is not there yet.
var errNoSchema = errors.New("database: not migrated")

// ids makes this process's ids once its number is known.
type ids struct {
	ready  atomic.Bool
	taking sync.Mutex

	mu    sync.Mutex
	flake *sonyflake.Sonyflake
	base  int64 // the current sonyflake id
	used  int64 // ids handed out from it
}

// NewID is a positive, time-ordered 63-bit number, unique among all processes of the database and increasing within
// this one. It is available once the schema exists: after Migrate, or after Open on a migrated database. It panics on a
// database that was never migrated, and when the server has not been reachable since Open (Ping first).
func (db *DB) NewID() int64 {
	if !db.ids.ready.Load() {
		ctx, cancel := context.WithTimeout(context.Background(), nodeTimeout)
		defer cancel()
		if err := db.takeNode(ctx); err != nil {
			panic(fmt.Errorf("database: NewID without a process number: %w", err))
		}
	}
	return db.ids.next(time.Now())
}

func (g *ids) next(now time.Time) int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	// A block is only used up within its own 10 ms, else ids would run behind those of other processes.
	if g.used == idBlock || g.base>>unitBits < int64(now.Sub(idEpoch)/unit) {
		id, err := g.flake.NextID()
		if err != nil { // in the year 2200
			panic(err)
		}
		g.base, g.used = int64(id), 0
	}
	g.used++
	return g.base + g.used - 1
}

// takeNode gives this process its number, once. errNoSchema before the first Migrate.
func (db *DB) takeNode(ctx context.Context) error {
	if db.ids.ready.Load() {
		return nil
	}
	db.ids.taking.Lock()
	defer db.ids.taking.Unlock()
	if db.ids.ready.Load() {
		return nil
	}
	r, err := db.pools[0].ExecContext(ctx, "INSERT INTO nodes (created_at) VALUES (?)", Now())
	if err != nil {
		return noSchema(err)
	}
	n, err := r.LastInsertId()
	if err != nil {
		return err
	}
	db.ids.flake, err = sonyflake.New(sonyflake.Settings{
		StartTime: idEpoch,
		MachineID: func() (uint16, error) { return uint16(n % nodes * idBlock), nil },
	})
	if err != nil {
		return fmt.Errorf("ids: %w", err)
	}
	db.ids.used = idBlock
	db.ids.ready.Store(true)
	return nil
}

func noSchema(err error) error {
	var my *mysql.MySQLError
	if errors.As(err, &my) && my.Number == 1146 || isNoSuchTable(err) {
		return errNoSchema
	}
	return fmt.Errorf("take process number: %w", err)
}
