package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	gosqlite "github.com/glebarez/go-sqlite"
	"github.com/glebarez/sqlite"
	"gorm.io/driver/mysql"
	"gorm.io/gorm"
)

const (
	sqliteFile    = "entrepot.db"
	sqliteReaders = 4
	// sqliteTime sorts as text in the order of time because the zone is always UTC.
	sqliteTime = "2006-01-02 15:04:05.000+00:00"
)

// openSQLite gives one writing connection, because SQLite has one writer, and a few that can only read. Commits are
// flushed (synchronous=FULL): with Grouped many callers share one flush, so durability costs little.
func openSQLite(o Options) (write, read *sql.DB, err error) {
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, nil, err
	}
	file := filepath.Join(o.Dir, sqliteFile)
	write = sql.OpenDB(&sqliteConnector{dsn: sqliteDSN(file, "immediate",
		"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "cache_size(-16000)")})
	write.SetMaxOpenConns(1)
	write.SetMaxIdleConns(1)
	if err := write.PingContext(context.Background()); err != nil { // makes the file, in WAL mode, before a reader looks for it
		_ = write.Close()
		return nil, nil, err
	}
	read = sql.OpenDB(&sqliteConnector{dsn: sqliteDSN(file, "deferred",
		"busy_timeout(5000)", "foreign_keys(1)", "query_only(1)", "cache_size(-8000)")})
	read.SetMaxOpenConns(sqliteReaders)
	read.SetMaxIdleConns(sqliteReaders)
	return write, read, nil
}

func sqliteDSN(file, lock string, pragmas ...string) string {
	q := url.Values{"_txlock": {lock}, "_pragma": pragmas}
	return (&url.URL{Scheme: "file", Opaque: url.PathEscape(file), RawQuery: q.Encode()}).String()
}

func dialector(engine string, pool *sql.DB) gorm.Dialector {
	if engine == MySQL {
		// Without asking for the version: the server may be down, and we keep to what both servers understand.
		return mysql.New(mysql.Config{Conn: pool, SkipInitializeWithVersion: true, DisableWithReturning: true})
	}
	return &sqlite.Dialector{Conn: pool}
}

// sqliteConnector opens connections that store every time as UTC text with milliseconds.
type sqliteConnector struct{ dsn string }

func (c *sqliteConnector) Driver() driver.Driver { return &gosqlite.Driver{} }

func (c *sqliteConnector) Connect(context.Context) (driver.Conn, error) {
	conn, err := c.Driver().Open(c.dsn)
	if err != nil {
		return nil, err
	}
	full, ok := conn.(sqliteDriverConn)
	if !ok {
		return nil, fmt.Errorf("sqlite driver connection %T lacks context methods", conn)
	}
	return &sqliteConn{full}, nil
}

type sqliteDriverConn interface {
	driver.Conn
	driver.Pinger
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
}

type sqliteConn struct{ sqliteDriverConn }

// CheckNamedValue makes bound times comparable: the engine compares them as text.
func (c *sqliteConn) CheckNamedValue(nv *driver.NamedValue) error {
	v, err := driver.DefaultParameterConverter.ConvertValue(nv.Value)
	if t, ok := v.(time.Time); ok {
		v = t.UTC().Format(sqliteTime)
	}
	nv.Value = v
	return err
}

// BeginTx gives a transaction that is over even when its commit fails; the driver would leave it open on the connection.
func (c *sqliteConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	tx, err := c.sqliteDriverConn.BeginTx(ctx, o)
	if err != nil {
		return nil, err
	}
	return sqliteTx{tx}, nil
}

type sqliteTx struct{ driver.Tx }

// Commit implements driver.Tx.
func (t sqliteTx) Commit() error {
	err := t.Tx.Commit()
	if err != nil {
		_ = t.Tx.Rollback()
	}
	return err
}

// isNoSuchTable: SQLite has no code of its own for it.
func isNoSuchTable(err error) bool {
	var lite *gosqlite.Error
	return errors.As(err, &lite) && strings.Contains(lite.Error(), "no such table")
}
