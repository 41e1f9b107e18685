package database

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
)

// blockWriters occupies every writer until the returned function is called, so that later calls form groups.
func blockWriters(t *testing.T, db *DB) (release func()) {
	t.Helper()
	gate := make(chan struct{})
	var started, ended sync.WaitGroup
	for range db.group.writers {
		started.Add(1)
		first := true
		ended.Go(func() {
			if err := db.Grouped(context.Background(), func(*gorm.DB) error {
				if first {
					first = false
					started.Done()
				}
				<-gate
				return nil
			}); err != nil {
				t.Error(err)
			}
		})
		started.Wait() // one by one, else they would share a writer
	}
	release = sync.OnceFunc(func() { close(gate); ended.Wait() })
	t.Cleanup(release) // also when the test fails first: the database waits for its writers
	return release
}

// together runs the functions as one group and returns their answers.
func together(t *testing.T, db *DB, fns ...func(tx *gorm.DB) error) []error {
	t.Helper()
	release := blockWriters(t, db)
	answers := make([]error, len(fns))
	var wg sync.WaitGroup
	for i, fn := range fns {
		wg.Go(func() { answers[i] = db.Grouped(context.Background(), fn) })
	}
	waitQueued(t, db, len(fns))
	release()
	wg.Wait()
	return answers
}

func waitQueued(t *testing.T, db *DB, n int) {
	t.Helper()
	require.Eventually(t, func() bool {
		db.group.mu.Lock()
		defer db.group.mu.Unlock()
		return len(db.group.queue) == n
	}, time.Minute, time.Millisecond)
}

func TestGroupedSharesATransaction(t *testing.T) {
	db := OpenTest(t)
	pools := sync.Map{}
	var fns []func(tx *gorm.DB) error
	for i := range 50 {
		fns = append(fns, func(tx *gorm.DB) error {
			pools.Store(tx.Statement.ConnPool, true)
			return put(tx, fmt.Sprint("row", i))
		})
	}
	for _, err := range together(t, db, fns...) {
		require.NoError(t, err)
	}
	require.Len(t, names(t, db), 50)
	shared := 0
	pools.Range(func(any, any) bool { shared++; return true })
	require.LessOrEqual(t, shared, db.group.writers, "all functions went into a few transactions")
}

func TestGroupsAreBounded(t *testing.T) {
	db := OpenTest(t)
	var mu sync.Mutex
	sizes := map[any]int{}
	fns := make([]func(tx *gorm.DB) error, 3*groupSize)
	for i := range fns {
		fns[i] = func(tx *gorm.DB) error {
			mu.Lock()
			defer mu.Unlock()
			sizes[tx.Statement.ConnPool]++
			return nil
		}
	}
	for _, err := range together(t, db, fns...) {
		require.NoError(t, err)
	}
	for _, n := range sizes {
		require.LessOrEqual(t, n, groupSize)
	}
}

func TestOneBadNeverSinksNeighbours(t *testing.T) {
	db := OpenTest(t)
	require.NoError(t, db.Grouped(t.Context(), func(tx *gorm.DB) error { return put(tx, "taken") }))
	boom := errors.New("boom")
	good := func(name string) func(tx *gorm.DB) error { return func(tx *gorm.DB) error { return put(tx, name) } }
	for round := range 3 { // the first meets the failure unprepared, the next ones set savepoints at once
		name := func(s string) string { return fmt.Sprint(s, round) }
		answers := together(t, db,
			good(name("a")),
			func(tx *gorm.DB) error { return errors.Join(put(tx, name("half")), boom) },
			good("taken"),
			func(tx *gorm.DB) error { _ = put(tx, name("panicked")); panic("bang") },
			func(tx *gorm.DB) error { return tx.Exec("INSERT INTO no_such_table VALUES (1)").Error },
			good(name("b")),
		)
		require.NoError(t, answers[0])
		require.ErrorIs(t, answers[1], boom)
		require.ErrorIs(t, answers[2], ErrDuplicate)
		require.ErrorContains(t, answers[3], "bang")
		require.Error(t, answers[4])
		require.NoError(t, answers[5])
		require.Contains(t, names(t, db), name("a"))
		require.Contains(t, names(t, db), name("b"))
	}
	require.Len(t, names(t, db), 7, "nothing of the failed ones")
	require.Panics(t, func() { _ = db.InTx(t.Context(), func(*gorm.DB) error { panic("x") }) })
	require.ErrorContains(t, db.Grouped(t.Context(), func(*gorm.DB) error { panic("alone") }), "alone")
}

// Functions of one group see each other: of two that want the same name, one gets it.
func TestNeighboursCompete(t *testing.T) {
	db := OpenTest(t)
	fns := make([]func(tx *gorm.DB) error, 20)
	for i := range fns {
		fns[i] = func(tx *gorm.DB) error { return put(tx, "prize") }
	}
	won := 0
	for _, err := range together(t, db, fns...) {
		if err == nil {
			won++
		} else {
			require.ErrorIs(t, err, ErrDuplicate)
		}
	}
	require.Equal(t, 1, won)
}

func TestAWaitingCallerMayGiveUp(t *testing.T) {
	db := OpenTest(t)
	release := blockWriters(t, db)
	ctx, cancel := context.WithCancel(t.Context())
	var ran atomic.Bool
	answer := make(chan error, 1)
	go func() {
		answer <- db.Grouped(ctx, func(*gorm.DB) error { ran.Store(true); return nil })
	}()
	waitQueued(t, db, 1)
	cancel()
	require.ErrorIs(t, <-answer, context.Canceled)
	release()
	require.NoError(t, db.Grouped(t.Context(), func(*gorm.DB) error { return nil }))
	require.False(t, ran.Load())
	require.ErrorIs(t, db.Grouped(ctx, func(*gorm.DB) error { return nil }), context.Canceled)
}

func TestAStartedFunctionIsFinished(t *testing.T) {
	db := OpenTest(t)
	type key struct{}
	ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "request"))
	require.NoError(t, db.Grouped(ctx, func(tx *gorm.DB) error {
		cancel()
		require.Equal(t, "request", tx.Statement.Context.Value(key{}))
		return put(tx, "done")
	}))
	require.Equal(t, []string{"done"}, names(t, db))
}

func TestGoexitInAFunctionHangsNobody(t *testing.T) {
	db := OpenTest(t)
	answers := together(t, db,
		func(*gorm.DB) error { runtime.Goexit(); return nil },
		func(tx *gorm.DB) error { return put(tx, "neighbour") })
	require.Error(t, answers[0])
	if answers[1] == nil { // it was in another writer's group
		require.Contains(t, names(t, db), "neighbour")
	}
	require.NoError(t, db.Grouped(t.Context(), func(tx *gorm.DB) error { return put(tx, "later") }))
}

func TestCloseWaitsForGroups(t *testing.T) {
	db := OpenTest(t)
	release := blockWriters(t, db)
	answer := make(chan error, 1)
	go func() {
		answer <- db.Grouped(context.Background(), func(tx *gorm.DB) error { return put(tx, "last") })
	}()
	waitQueued(t, db, 1)
	closed := make(chan error, 1)
	go func() { closed <- db.Close() }()
	require.Eventually(t, func() bool { return db.closed.Load() }, time.Minute, time.Millisecond)
	release()
	require.NoError(t, <-answer)
	require.NoError(t, <-closed)
}

// The answer to COMMIT is lost: the work has taken effect, nobody knows, and it must not be done twice.
func TestAnAmbiguousCommitIsNeverRunAgain(t *testing.T) {
	db, p := throughProxy(t)
	for name, write := range map[string]func(context.Context, func(*gorm.DB) error) error{"InTx": db.InTx, "Grouped": db.Grouped} {
		var runs atomic.Int64
		p.cutOn(isCommit)
		err := write(t.Context(), func(tx *gorm.DB) error { runs.Add(1); return put(tx, name) })
		p.cutOn(nil)
		require.ErrorContains(t, err, "outcome unknown", name)
		require.True(t, Unavailable(err))
		require.EqualValues(t, 1, runs.Load(), name)
	}
	require.Eventually(t, func() bool { return len(names(t, db)) == 2 }, time.Minute, 5*time.Millisecond)
}

func TestAnAmbiguousCommitOfAGroup(t *testing.T) {
	db, p := throughProxy(t)
	db.group.writers = 1
	release := blockWriters(t, db)
	var runs atomic.Int64
	answers := make(chan error, 10)
	for i := range 10 {
		go func() {
			answers <- db.Grouped(context.Background(), func(tx *gorm.DB) error { runs.Add(1); return put(tx, fmt.Sprint(i)) })
		}()
	}
	waitQueued(t, db, 10)
	p.cutOn(func(b []byte) bool { return runs.Load() > 0 && isCommit(b) })
	release()
	for range 10 {
		err := <-answers
		require.ErrorContains(t, err, "outcome unknown")
		require.True(t, Unavailable(err), "every caller of the group learns it")
	}
	require.EqualValues(t, 10, runs.Load())
}

func isCommit(b []byte) bool { return bytes.HasSuffix(b, []byte("COMMIT")) }

func TestALostConnectionBeforeCommitIsRetried(t *testing.T) {
	db, p := throughProxy(t)
	var cuts atomic.Int64
	p.cutOn(func(b []byte) bool { return bytes.Contains(b, []byte("INSERT INTO cursors")) && cuts.Add(1) == 1 })
	require.NoError(t, db.Grouped(t.Context(), func(tx *gorm.DB) error { return put(tx, "second try") }))
	require.Equal(t, []string{"second try"}, names(t, db))
	require.EqualValues(t, 2, cuts.Load())
}
