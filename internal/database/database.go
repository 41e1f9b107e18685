// Package database opens and migrates MySQL or SQLite, runs transactions (InTx, Grouped) and translates duplicate and
// not-found errors. Dialect differences live here and nowhere else.
package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// The two engines, as Engine reports them.
const (
	SQLite = "sqlite"
	MySQL  = "mysql"
)

// Options says where the data is.
type Options struct {
	DSN string // MySQL DSN in go-sql-driver form; empty = SQLite
	Dir string // folder of entrepot.db when DSN is empty; made when missing
}

// DB is one database with a pool for writing and one for reading. It is safe for concurrent use.
type DB struct {
	opts   Options
	engine string
	write  *gorm.DB
	read   *gorm.DB
	pools  []*sql.DB // write, read
	ids    ids
	group  group

	migrating sync.Mutex
	closed    atomic.Bool
}

// Open prepares both pools. SQLite's file is made and opened; a MySQL server need not be up yet (Ping tells), only a
// malformed DSN fails here. The schema may still be missing: see Migrate.
func Open(ctx context.Context, o Options) (*DB, error) {
	db := &DB{opts: o, engine: SQLite}
	open := openSQLite
	if o.DSN != "" {
		db.engine, open = MySQL, openMySQL
	}
	write, read, err := open(o)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", db.engine, err)
	}
	db.pools = []*sql.DB{write, read}
	if db.write, err = newGorm(db.engine, write); err == nil {
		db.read, err = newGorm(db.engine, read)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", db.engine, err), db.Close())
	}
	db.group.init(db)
	// The process number is only there once the schema is; a first start takes it at the end of Migrate.
	ctx, cancel := context.WithTimeout(ctx, nodeTimeout)
	defer cancel()
	_ = db.takeNode(ctx)
	return db, nil
}

func newGorm(engine string, pool *sql.DB) (*gorm.DB, error) {
	return gorm.Open(dialector(engine, pool), &gorm.Config{
		SkipDefaultTransaction: true,
		TranslateError:         true,
		DisableAutomaticPing:   true,
		NowFunc:                Now,
		Logger:                 logger.Discard,
	})
}

// Now is the clock of stored times: UTC, cut to the milliseconds both engines keep.
func Now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// Engine is "sqlite" or "mysql".
func (db *DB) Engine() string { return db.engine }

// Read is a session on the reader pool for queries outside a transaction; the database refuses writes through it.
// It sees what was committed before the query began, also while a transaction is running.
func (db *DB) Read(ctx context.Context) *gorm.DB { return db.read.WithContext(ctx) }

// PrimaryKey is the name ByIndex knows every table's primary key by.
const PrimaryKey = "PRIMARY"

// ByIndex is the hint that goes behind a table's name in hand-written SQL to make both engines take that index. For queries
// in hot loops over tables that change so fast that the server's statistics are always wrong.
func (db *DB) ByIndex(name string) string {
	switch {
	case db.engine == MySQL:
		return " FORCE INDEX (" + name + ")"
	case name == PrimaryKey:
		return " NOT INDEXED" // which leaves the row id
	}
	return " INDEXED BY " + name
}

// Ping asks the server whether both pools can be served; for readiness. Pools recover by themselves after a restart.
func (db *DB) Ping(ctx context.Context) error {
	for _, p := range db.pools {
		if err := p.PingContext(ctx); err != nil {
			return fmt.Errorf("ping %s: %w", db.engine, err)
		}
	}
	_ = db.takeNode(ctx) // for a process that started before its database
	return nil
}

// Close lets transactions that are waiting or running finish, then closes the pools. Later calls fail.
func (db *DB) Close() error {
	if db.closed.Swap(true) {
		return nil
	}
	db.group.close()
	var err error
	for _, p := range db.pools {
		err = errors.Join(err, p.Close())
	}
	return err
}
