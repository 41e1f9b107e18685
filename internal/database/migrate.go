package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"entrepot/migrations"
)

// Migrate brings the schema to the newest version. Any number of processes may call it at once: one works, the others
// wait for it. A process killed in the middle is finished by the next call.
func (db *DB) Migrate(ctx context.Context) error {
	db.migrating.Lock()
	defer db.migrating.Unlock()
	err := db.migrateWith(func(p *goose.Provider) error {
		_, err := p.Up(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return db.takeNode(ctx)
}

// MigrationVersion is the version the database has (0 = empty) and the one this program wants.
func (db *DB) MigrationVersion(ctx context.Context) (have, want int64, err error) {
	files, err := fs.Glob(migrations.FS, db.engine+"/*.sql")
	if err != nil {
		return 0, 0, err
	}
	for _, f := range files {
		v, err := goose.NumericComponent(f)
		if err != nil {
			return 0, 0, err
		}
		want = max(want, v)
	}
	row := db.pools[1].QueryRowContext(ctx, "SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version WHERE is_applied = ?", true)
	if err := row.Scan(&have); err != nil && !errors.Is(noSchema(err), errNoSchema) {
		return 0, want, fmt.Errorf("migration version: %w", err)
	}
	return have, want, nil
}

// migrateWith runs fn under the lock of all processes, on a pool without time limits.
func (db *DB) migrateWith(fn func(*goose.Provider) error) error {
	dir, err := fs.Sub(migrations.FS, db.engine)
	if err != nil {
		return err
	}
	dialect, pool, options := goose.DialectSQLite3, db.pools[0], []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	if db.engine == MySQL {
		if pool, err = mysqlPool(db.opts.DSN, 4, 0, "READ WRITE"); err != nil {
			return err
		}
		defer func() { _ = pool.Close() }()
		// Short intervals: the library's defaults make a second process wait for 5 s.
		locker, err := lock.NewMySQLTableLocker(lock.WithTableLockTimeout(100*time.Millisecond, 6000),
			lock.WithTableUnlockTimeout(100*time.Millisecond, 100),
			lock.WithTableLeaseDuration(10*time.Second), lock.WithTableHeartbeatInterval(2*time.Second))
		if err != nil {
			return err
		}
		dialect, options = goose.DialectMySQL, append(options, goose.WithLocker(locker))
	} else {
		options = append(options, goose.WithLocker(&sqliteLock{file: filepath.Join(db.opts.Dir, "migrate.lock.db")}))
	}
	p, err := goose.NewProvider(dialect, pool, dir, options...)
	if err != nil {
		return err
	}
	return fn(p)
}

// sqliteLock serialises migrations of several processes by an exclusive transaction on a file of its own; the operating
// system frees it with the process.
type sqliteLock struct {
	file string
	pool *sql.DB
	tx   *sql.Tx
}

// Lock implements goose's lock.Locker.
func (l *sqliteLock) Lock(ctx context.Context, _ *sql.DB) error {
	l.pool = sql.OpenDB(&sqliteConnector{dsn: sqliteDSN(l.file, "exclusive", "busy_timeout(600000)")})
	tx, err := l.pool.BeginTx(ctx, nil)
	if err != nil {
		return errors.Join(fmt.Errorf("migration lock: %w", err), l.pool.Close())
	}
	l.tx = tx
	return nil
}

// Unlock implements goose's lock.Locker.
func (l *sqliteLock) Unlock(context.Context, *sql.DB) error {
	return errors.Join(l.tx.Rollback(), l.pool.Close())
}
