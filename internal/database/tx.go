package database

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"time"

	"gorm.io/gorm"
)

// Attempts of one transaction that loses against others (deadlock, lock wait, busy, connection lost before commit).
const (
	maxTries   = 5
	retryPause = 5 * time.Millisecond
)

// InTx runs fn in a transaction of its own: committed when fn returns nil, else rolled back. A transaction that the
// database rolled back in favour of another is run again a few times, so fn must have no effect outside tx and must
// assign, not append, to what it captured. On SQLite any use of another handle inside fn waits for ever; use tx.
// When the connection is lost during COMMIT the outcome is unknown: the error satisfies Unavailable, fn is not run again.
func (db *DB) InTx(ctx context.Context, fn func(tx *gorm.DB) error) error {
	for try := 1; ; try++ {
		err := db.once(ctx, fn)
		if err == nil {
			return nil
		}
		if try == maxTries || !retryable(err) || ctx.Err() != nil {
			return Translate(err)
		}
		pause := time.NewTimer(retryPause<<try + rand.N(retryPause<<try))
		select {
		case <-ctx.Done():
			pause.Stop()
			return Translate(err)
		case <-pause.C:
		}
	}
}

func (db *DB) once(ctx context.Context, fn func(tx *gorm.DB) error) error {
	t, err := db.begin(ctx)
	if err != nil {
		return err
	}
	defer t.rollback() // also when fn panics; nothing after a commit
	if err := t.run(ctx, fn); err != nil {
		return err
	}
	return t.commit()
}

// txn is a running transaction. It watches every statement so that a function which ignores a deadlock cannot go on
// in what the server has silently turned into single statements.
type txn struct {
	*sql.Tx
	db   *DB
	lost error
	done bool
}

func (db *DB) begin(ctx context.Context) (*txn, error) {
	if db.closed.Load() && !db.group.closing() {
		return nil, errClosed
	}
	if err := db.takeNode(ctx); err != nil && !errors.Is(err, errNoSchema) {
		return nil, err
	}
	tx, err := db.pools[0].BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	return &txn{Tx: tx, db: db}, nil
}

// run hands fn a session on the transaction. The error of a lost transaction wins over what fn returned.
func (t *txn) run(ctx context.Context, fn func(tx *gorm.DB) error) error {
	tx := t.db.write.Session(&gorm.Session{Context: ctx, NewDB: true})
	tx.Statement.ConnPool = t
	err := fn(tx)
	if t.lost != nil {
		return t.lost
	}
	return err
}

func (t *txn) commit() error {
	t.done = true
	if err := t.Tx.Commit(); err != nil {
		return commitFailed(err)
	}
	return nil
}

func (t *txn) rollback() {
	if !t.done {
		t.done = true
		_ = t.Tx.Rollback() // the connection is dropped when even that fails
	}
}

// Commit and Rollback are what gorm calls when a function ends the transaction itself: never allowed.
func (t *txn) Commit() error { return errors.New("database: commit inside a transaction function") }

// Rollback implements gorm.TxCommitter; see Commit.
func (t *txn) Rollback() error { return errors.New("database: rollback inside a transaction function") }

func (t *txn) watch(err error) error {
	if t.lost == nil && err != nil && lostTransaction(err) {
		t.lost = err
	}
	return err
}

// ExecContext implements gorm.ConnPool.
func (t *txn) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	r, err := t.Tx.ExecContext(ctx, query, args...)
	return r, t.watch(err)
}

// QueryContext implements gorm.ConnPool.
func (t *txn) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	r, err := t.Tx.QueryContext(ctx, query, args...)
	return r, t.watch(err)
}

// QueryRowContext implements gorm.ConnPool.
func (t *txn) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	r := t.Tx.QueryRowContext(ctx, query, args...)
	_ = t.watch(r.Err())
	return r
}
