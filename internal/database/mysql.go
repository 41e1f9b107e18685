package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/go-sql-driver/mysql"
)

const (
	mysqlWriters  = 16 // InTx, Grouped
	mysqlReaders  = 32
	mysqlIdle     = 5 * time.Minute
	mysqlDial     = 5 * time.Second
	mysqlDeadline = 30 * time.Second // a server that stopped answering; migrations have none
)

// openMySQL gives two pools on one server, so that many readers cannot starve the writers.
func openMySQL(o Options) (write, read *sql.DB, err error) {
	write, err = mysqlPool(o.DSN, mysqlWriters, mysqlDeadline, "READ WRITE")
	if err != nil {
		return nil, nil, err
	}
	read, err = mysqlPool(o.DSN, mysqlReaders, mysqlDeadline, "READ ONLY")
	return write, read, err
}

func mysqlPool(dsn string, size int, limit time.Duration, access string) (*sql.DB, error) {
	cfg, err := mysqlConfig(dsn, limit)
	if err != nil {
		return nil, err
	}
	cfg.MultiStatements = access == "READ WRITE" // for ExecAll; texts are constants, arguments are escaped by the driver
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, err
	}
	pool := sql.OpenDB(&mysqlConnector{connector, access})
	pool.SetMaxOpenConns(size)
	pool.SetMaxIdleConns(size)
	pool.SetConnMaxIdleTime(mysqlIdle)
	return pool, nil
}

// mysqlConfig sets what our SQL relies on, whatever the given DSN says. The error never repeats the DSN: it may hold a
// password.
func mysqlConfig(dsn string, limit time.Duration) (*mysql.Config, error) {
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		return nil, errors.New("malformed MySQL DSN, want user:password@tcp(host:3306)/database")
	}
	if cfg.Params == nil {
		cfg.Params = map[string]string{}
	}
	cfg.ParseTime, cfg.Loc = true, time.UTC
	cfg.ClientFoundRows = true   // conditional updates count matching rows, as on SQLite
	cfg.InterpolateParams = true // one round trip per statement instead of three
	cfg.Collation = "utf8mb4_unicode_ci"
	cfg.Params["time_zone"] = "'+00:00'"
	cfg.Params["sql_mode"] = "'STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'"
	cfg.CheckConnLiveness = true
	cfg.Logger = &mysql.NopLogger{}
	if cfg.Timeout == 0 {
		cfg.Timeout = mysqlDial
	}
	if cfg.ReadTimeout == 0 {
		cfg.ReadTimeout = limit
	}
	if cfg.WriteTimeout == 0 {
		cfg.WriteTimeout = limit
	}
	return cfg, cfg.Apply(mysql.TimeTruncate(time.Millisecond))
}

// mysqlConnector puts sessions on READ COMMITTED: functions of one group must see what was committed before they
// started, and gap locks would make the writers deadlock. (The variable has two names, hence a statement.)
type mysqlConnector struct {
	driver.Connector
	access string // READ WRITE or READ ONLY
}

// Connect implements driver.Connector.
func (c *mysqlConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	set := "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, " + c.access
	if _, err = conn.(driver.ExecerContext).ExecContext(ctx, set, nil); err != nil {
		return nil, errors.Join(fmt.Errorf("set up session: %w", err), conn.Close())
	}
	return conn, nil
}
