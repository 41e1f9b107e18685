package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
)

func TestInTxCommitsOrRollsBack(t *testing.T) {
	db := OpenTest(t)
	require.NoError(t, db.InTx(t.Context(), func(tx *gorm.DB) error { return put(tx, "kept") }))
	boom := errors.New("boom")
	require.ErrorIs(t, db.InTx(t.Context(), func(tx *gorm.DB) error {
		require.NoError(t, put(tx, "lost"))
		return boom
	}), boom)
	require.PanicsWithValue(t, "bang", func() {
		_ = db.InTx(t.Context(), func(tx *gorm.DB) error { _ = put(tx, "lost too"); panic("bang") })
	})
	require.Error(t, db.InTx(t.Context(), func(tx *gorm.DB) error { return tx.Commit().Error }), "a function must not commit itself")
	require.Equal(t, []string{"kept"}, names(t, db))
}

func TestErrorsAreTranslated(t *testing.T) {
	db := OpenTest(t)
	require.NoError(t, db.InTx(t.Context(), func(tx *gorm.DB) error { return put(tx, "secret-name") }))
	err := db.InTx(t.Context(), func(tx *gorm.DB) error { return put(tx, "secret-name") })
	require.ErrorIs(t, err, ErrDuplicate)
	require.NotContains(t, err.Error(), "secret-name")
	_, raw := db.pools[0].ExecContext(t.Context(), "INSERT INTO cursors (name, value, updated_at) VALUES ('secret-name', '', ?)", Now())
	require.Error(t, raw)
	require.ErrorIs(t, Translate(fmt.Errorf("wrapped: %w", raw)), ErrDuplicate)
	require.NotContains(t, Translate(raw).Error(), "secret-name")

	var row struct{ Name string }
	require.ErrorIs(t, Translate(db.Read(t.Context()).Table("cursors").Where("name = ?", "none").Take(&row).Error), ErrNotFound)
	require.ErrorIs(t, Translate(sql.ErrNoRows), ErrNotFound)
	require.NoError(t, Translate(nil))
	other := errors.New("other")
	require.Equal(t, other, Translate(other))
	require.False(t, Unavailable(err))
	require.False(t, Unavailable(context.DeadlineExceeded), "the caller's own limit says nothing about the database")
	require.False(t, Unavailable(nil))
}

func TestTimesComeBackInUTCAndCompare(t *testing.T) {
	db := OpenTest(t)
	tokyo := time.FixedZone("JST", 9*3600)
	at := time.Date(2026, 5, 1, 8, 30, 0, 120_987_000, tokyo)
	for i, when := range []time.Time{at, at.Add(-time.Hour).UTC(), at.Add(880 * time.Millisecond).In(time.FixedZone("", -3600))} {
		require.NoError(t, db.InTx(t.Context(), func(tx *gorm.DB) error {
			return tx.Exec("INSERT INTO cursors (name, value, updated_at) VALUES (?, '', ?)", string(rune('a'+i)), when).Error
		}))
	}
	var rows []struct {
		Name      string
		UpdatedAt time.Time
	}
	require.NoError(t, db.Read(t.Context()).Raw("SELECT name, updated_at FROM cursors WHERE updated_at >= ? ORDER BY updated_at", at.Truncate(time.Millisecond)).Scan(&rows).Error)
	require.Len(t, rows, 2)
	require.Equal(t, "a", rows[0].Name)
	require.Equal(t, "c", rows[1].Name)
	require.Equal(t, time.UTC, rows[0].UpdatedAt.Location())
	require.Equal(t, at.UTC().Truncate(time.Millisecond), rows[0].UpdatedAt, "cut, not rounded, on both engines")
	require.Equal(t, 0, Now().Nanosecond()%int(time.Millisecond))
}

func TestReaderRefusesWrites(t *testing.T) {
	db := OpenTest(t)
	row := map[string]any{"name": "x", "value": "", "updated_at": Now()}
	require.Error(t, db.Read(t.Context()).Table("cursors").Create(row).Error)
	require.Error(t, db.Read(t.Context()).Exec("DELETE FROM cursors").Error)
	require.Empty(t, names(t, db))
}

func TestReadersSeeCommittedStateDuringATransaction(t *testing.T) {
	db := OpenTest(t)
	require.NoError(t, db.InTx(t.Context(), func(tx *gorm.DB) error {
		require.NoError(t, put(tx, "new"))
		require.Empty(t, names(t, db))
		return nil
	}))
	require.Equal(t, []string{"new"}, names(t, db))
}

// Read-then-write in many transactions at once is what deadlocks, or gets lost, without the settings and the retry.
func TestManyTransactionsLoseNothing(t *testing.T) {
	db := OpenTest(t)
	require.NoError(t, db.InTx(t.Context(), func(tx *gorm.DB) error { return errors.Join(put(tx, "a"), put(tx, "b")) }))
	var wg sync.WaitGroup
	for i := range 40 {
		first, second := "a", "b"
		if i%2 == 0 {
			first, second = second, first // opposite orders: deadlocks on MySQL
		}
		wg.Go(func() {
			if err := db.InTx(t.Context(), func(tx *gorm.DB) error {
				for _, n := range []string{first, second} {
					if err := tx.Exec("UPDATE cursors SET value = CONCAT(value, 'x') WHERE name = ?", n).Error; err != nil {
						return err
					}
				}
				return nil
			}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	var values []string
	require.NoError(t, db.Read(t.Context()).Raw("SELECT value FROM cursors").Scan(&values).Error)
	require.Equal(t, []string{strings.Repeat("x", 40), strings.Repeat("x", 40)}, values)
}

func TestADeadlockCannotBeIgnored(t *testing.T) {
	onMySQL(t)
	db := OpenTest(t)
	require.NoError(t, db.InTx(t.Context(), func(tx *gorm.DB) error { return errors.Join(put(tx, "a"), put(tx, "b")) }))
	var both sync.WaitGroup
	both.Add(2)
	var wg sync.WaitGroup
	for _, order := range [][2]string{{"a", "b"}, {"b", "a"}} {
		first := true
		wg.Go(func() {
			err := db.InTx(t.Context(), func(tx *gorm.DB) error {
				_ = tx.Exec("UPDATE cursors SET value = CONCAT(value, '1') WHERE name = ?", order[0])
				if first {
					first = false
					both.Done()
					both.Wait()
				}
				_ = tx.Exec("UPDATE cursors SET value = CONCAT(value, '2') WHERE name = ?", order[1])
				return nil // as if all were well
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	var values []string
	require.NoError(t, db.Read(t.Context()).Raw("SELECT value FROM cursors").Scan(&values).Error)
	for _, v := range values {
		require.Len(t, v, 2, "each transaction took effect once and whole")
	}
}

func TestTheServerRestarts(t *testing.T) {
	db, p := throughProxy(t)
	addr := p.l.Addr().String()
	require.NoError(t, db.InTx(t.Context(), func(tx *gorm.DB) error { return put(tx, "before") }))
	p.stop()
	for name, call := range map[string]func() error{
		"InTx":    func() error { return db.InTx(t.Context(), func(tx *gorm.DB) error { return put(tx, "never") }) },
		"Grouped": func() error { return db.Grouped(t.Context(), func(tx *gorm.DB) error { return put(tx, "never") }) },
		"Read":    func() error { return db.Read(t.Context()).Exec("SELECT 1").Error },
		"Ping":    func() error { return db.Ping(t.Context()) },
	} {
		err := call()
		require.Error(t, err, name)
		require.True(t, Unavailable(err), "%s: %v", name, err)
	}
	p.listen(t, addr)
	require.NoError(t, db.Ping(t.Context()))
	require.NoError(t, db.Grouped(t.Context(), func(tx *gorm.DB) error { return put(tx, "after") }))
	require.Equal(t, []string{"after", "before"}, names(t, db))
}

func TestOpenWithoutServer(t *testing.T) {
	db, err := Open(t.Context(), Options{DSN: "root@tcp(127.0.0.1:1)/none"})
	require.NoError(t, err, "a server may come up later")
	err = db.Ping(t.Context())
	require.True(t, Unavailable(err), "%v", err)
	require.Error(t, db.Migrate(t.Context()))
	require.Panics(t, func() { db.NewID() })
	require.NoError(t, db.Close())
	_, err = Open(t.Context(), Options{DSN: "user:hunter2@@nonsense"})
	require.Error(t, err)
	require.NotContains(t, err.Error(), "hunter2")
}

func TestMySQLConfig(t *testing.T) {
	cfg, err := mysqlConfig("u:p@tcp(h:1)/d?loc=Local&parseTime=false&clientFoundRows=false&readTimeout=7s", time.Second)
	require.NoError(t, err)
	back, err := mysql.ParseDSN(cfg.FormatDSN())
	require.NoError(t, err)
	require.True(t, back.ParseTime && back.ClientFoundRows && back.InterpolateParams)
	require.Equal(t, time.UTC, back.Loc)
	require.Equal(t, "'+00:00'", back.Params["time_zone"])
	require.Equal(t, 7*time.Second, back.ReadTimeout, "the operator's limits stay")
}

func TestClosedAndUnmigrated(t *testing.T) {
	db := OpenTestAt(t, TestOptions(t))
	have, want, err := db.MigrationVersion(t.Context())
	require.NoError(t, err)
	require.Zero(t, have)
	require.Positive(t, want)
	require.Panics(t, func() { db.NewID() }, "no schema, no process number")
	require.NoError(t, db.Ping(t.Context()))
	require.NoError(t, db.Migrate(t.Context()))
	require.Positive(t, db.NewID())
	require.NoError(t, db.Close())
	require.NoError(t, db.Close())
	require.ErrorIs(t, db.InTx(t.Context(), func(*gorm.DB) error { return nil }), errClosed)
	require.ErrorIs(t, db.Grouped(t.Context(), func(*gorm.DB) error { return nil }), errClosed)
}

func TestIDsAreUniqueAndIncreasing(t *testing.T) {
	o := TestOptions(t)
	a, b := OpenTestAt(t, o), OpenTestAt(t, o)
	require.NoError(t, a.Migrate(t.Context()))
	const each = 20_000
	seen := make([][]int64, 4)
	var wg sync.WaitGroup
	for i := range seen {
		db := []*DB{a, b}[i%2]
		wg.Go(func() {
			for range each {
				seen[i] = append(seen[i], db.NewID())
			}
		})
	}
	wg.Wait()
	all := map[int64]bool{}
	for _, ids := range seen {
		last := int64(0)
		for _, id := range ids {
			require.Greater(t, id, last)
			last = id
			all[id] = true
		}
	}
	require.Len(t, all, len(seen)*each)
	require.True(t, OpenTestAt(t, o).ids.ready.Load(), "Open on a migrated database has its number at once")
	var taken int64
	require.NoError(t, a.Read(t.Context()).Raw("SELECT COUNT(*) FROM nodes").Scan(&taken).Error)
	require.EqualValues(t, 3, taken)
}

// An id made later is larger, also than one another process made before: lists sort by id.
func TestIDsFollowTime(t *testing.T) {
	o := TestOptions(t)
	a, b := OpenTestAt(t, o), OpenTestAt(t, o)
	require.NoError(t, a.Migrate(t.Context()))
	require.NoError(t, b.Migrate(t.Context()))
	a.NewID() // begins a block, of which the rest must not be handed out later on
	first := b.NewID()
	<-time.After(2 * unit)
	require.Greater(t, a.NewID(), first)
}
