package database

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"

	gosqlite "github.com/glebarez/go-sqlite"
	"github.com/go-sql-driver/mysql"
	"gorm.io/gorm"
)

// What stores may tell services apart. They are gorm's own values, so that errors.Is works with and without Translate.
var (
	ErrDuplicate = gorm.ErrDuplicatedKey  // a unique key refused the row
	ErrNotFound  = gorm.ErrRecordNotFound // no such row
)

// errClosed answers calls after Close.
var errClosed = errors.New("database: closed")

// Codes of the servers that this package acts upon.
const (
	mysqlTooManyConnections = 1040
	mysqlShutdown           = 1053
	mysqlDuplicate          = 1062
	mysqlLockWait           = 1205
	mysqlDeadlock           = 1213
	mariaKilled             = 1927

	sqliteBusy       = 5
	sqliteUnique     = 2067
	sqlitePrimaryKey = 1555
)

// commitError is a failed COMMIT. Unless the server itself refused it, nobody knows whether the work took effect.
type commitError struct{ err error }

func (e *commitError) Error() string { return "commit, outcome unknown: " + e.err.Error() }
func (e *commitError) Unwrap() error { return e.err }

// Translate maps errors of gorm and of both drivers to ErrDuplicate and ErrNotFound and leaves others alone. The text
// of a duplicate is dropped: servers quote the offending value, which may be personal.
func Translate(err error) error {
	var my *mysql.MySQLError
	var lite *gosqlite.Error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return ErrNotFound
	case errors.As(err, &my) && my.Number == mysqlDuplicate:
		return ErrDuplicate
	case errors.As(err, &lite) && (lite.Code() == sqliteUnique || lite.Code() == sqlitePrimaryKey):
		return ErrDuplicate
	}
	return err
}

// Unavailable reports whether err means that the database is away or too busy, so that the caller may be told to come
// back (503), as opposed to a fault of the statement. A commit with unknown outcome counts as well.
func Unavailable(err error) bool {
	var unknown *commitError
	var my *mysql.MySQLError
	if errors.As(err, &my) {
		switch my.Number {
		case mysqlTooManyConnections, mysqlShutdown, mariaKilled, mysqlLockWait, mysqlDeadlock:
			return true
		}
		return false
	}
	return connectionLost(err) || busy(err) || errors.As(err, &unknown) || errors.Is(err, errClosed)
}

func connectionLost(err error) bool {
	var netErr net.Error
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, mysql.ErrInvalidConn) || errors.Is(err, sql.ErrConnDone) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || (errors.As(err, &netErr) && isNet(netErr))
}

// isNet leaves out context.DeadlineExceeded, which also implements net.Error but is the caller's own limit.
func isNet(err net.Error) bool {
	var op *net.OpError
	return errors.As(err, &op)
}

func busy(err error) bool {
	var lite *gosqlite.Error
	return errors.As(err, &lite) && lite.Code()&0xff == sqliteBusy
}

// lostTransaction reports an error after which the whole transaction is gone, whatever the function made of it.
func lostTransaction(err error) bool {
	var my *mysql.MySQLError
	if errors.As(err, &my) {
		return my.Number == mysqlDeadlock || my.Number == mysqlLockWait || my.Number == mariaKilled || my.Number == mysqlShutdown
	}
	return connectionLost(err) || busy(err)
}

// retryable reports a failed transaction that certainly had no effect and may well succeed when run again.
func retryable(err error) bool {
	var unknown *commitError
	return lostTransaction(err) && !errors.As(err, &unknown)
}

// commitFailed marks err as ambiguous unless the server answered: an answer means that it rolled back.
func commitFailed(err error) error {
	var my *mysql.MySQLError
	var lite *gosqlite.Error
	if errors.As(err, &my) || errors.As(err, &lite) {
		return fmt.Errorf("commit refused: %w", err)
	}
	return &commitError{err: err}
}
