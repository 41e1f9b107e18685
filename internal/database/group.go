package database

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"gorm.io/gorm"
)

const (
	groupSize   = 128 // functions per transaction: bounds how long a commit can take and how much a rollback can cost
	groupsMySQL = 4   // writers at once; SQLite has one
	// carefulGroups is how many groups use savepoints from the start after one had a failing function.
	carefulGroups = 32
)

// group collects functions that wait for a transaction. Writers exist only while there is work.
type group struct {
	db      *DB
	writers int // at most

	mu      sync.Mutex
	idle    *sync.Cond
	queue   []*call
	running int
	careful int
	stopped bool
}

type call struct {
	ctx   context.Context
	fn    func(tx *gorm.DB) error
	state atomic.Int32
	done  chan error // 1 slot: the writer never waits for a caller
	err   error      // of fn, valid once its group commits
}

// States of a call: taken decides between the writer that wants to run it and the caller that gives up.
const (
	waiting = iota
	taken
	abandoned
)

func (g *group) init(db *DB) {
	g.db, g.writers = db, 1
	if db.engine == MySQL {
		g.writers = groupsMySQL
	}
	g.idle = sync.NewCond(&g.mu)
}

// Grouped runs fn in a transaction that it may share with other callers: their functions run one after the other and
// become durable by one commit, which is what makes many small writes fast. A caller alone does not wait for company.
// Each caller gets the answer of its own function once the commit is through; a function that fails is undone alone.
// To that end fn may run more than once, so it must have no effect outside tx and assign, not append, to what it captured.
// ctx can end the wait until fn starts; from then on the work is finished regardless, because a cancelled statement
// would take the neighbours' connection away. A panic in fn becomes an error. When the outcome of a commit is unknown every
// caller of the group gets an error that satisfies Unavailable, and nothing is run again.
func (db *DB) Grouped(ctx context.Context, fn func(tx *gorm.DB) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c := &call{ctx: ctx, fn: fn, done: make(chan error, 1)}
	if !db.group.add(c) {
		return errClosed
	}
	select {
	case err := <-c.done:
		return Translate(err)
	case <-ctx.Done():
	}
	if c.state.CompareAndSwap(waiting, abandoned) {
		return ctx.Err()
	}
	return Translate(<-c.done)
}

func (g *group) add(c *call) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.stopped {
		return false
	}
	g.queue = append(g.queue, c)
	if g.running < g.writers {
		g.running++
		go g.write()
	}
	return true
}

// close refuses new calls and waits for those accepted.
func (g *group) close() {
	if g.db == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.stopped = true
	for g.running > 0 {
		g.idle.Wait()
	}
}

func (g *group) closing() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.running > 0
}

// write works off the queue and ends with it.
func (g *group) write() {
	var batch []*call
	defer func() { // only a function that called runtime.Goexit gets here with calls unanswered
		for _, c := range batch {
			c.answer(errors.New("database: the transaction's goroutine was ended by a function in it"))
		}
		if batch != nil {
			go g.write()
		}
	}()
	for {
		if batch = g.take(); batch == nil {
			return
		}
		g.commit(batch)
	}
}

// take returns the next calls whose callers are still there; nil ends the writer.
func (g *group) take() []*call {
	g.mu.Lock()
	defer g.mu.Unlock()
	for len(g.queue) > 0 {
		n := min(len(g.queue), groupSize)
		batch := make([]*call, 0, n)
		for _, c := range g.queue[:n] {
			if c.state.CompareAndSwap(waiting, taken) {
				batch = append(batch, c)
			}
		}
		rest := copy(g.queue, g.queue[n:])
		clear(g.queue[rest:])
		g.queue = g.queue[:rest]
		if len(batch) > 0 {
			return batch
		}
	}
	g.running--
	g.idle.Broadcast()
	return nil
}

// errNeighbour: a function failed and the group was rolled back to try again with savepoints.
var errNeighbour = errors.New("database: a function of the group failed")

// commit finds each call of the batch its answer.
func (g *group) commit(batch []*call) {
	if len(batch) == 1 {
		g.alone(batch)
		return
	}
	err := g.attempt(batch, g.isCareful(false))
	if errors.Is(err, errNeighbour) {
		g.isCareful(true)
		err = g.attempt(batch, true)
	}
	switch {
	case err == nil:
		for _, c := range batch {
			c.answer(c.err)
		}
	case retryable(err):
		g.alone(batch)
	default:
		for _, c := range batch {
			c.answer(err)
		}
	}
}

// isCareful says whether to set savepoints and counts down; seen restarts the count. Savepoints cost a round trip per
// function, running a whole group twice costs more: where functions fail often, as with duplicates, they win.
func (g *group) isCareful(seen bool) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if seen {
		g.careful = carefulGroups
	}
	g.careful = max(0, g.careful-1)
	return g.careful > 0
}

// alone gives each call a transaction of its own. When the database is away the rest is not tried one by one.
func (g *group) alone(batch []*call) {
	for i, c := range batch {
		err := g.db.InTx(context.WithoutCancel(c.ctx), func(tx *gorm.DB) error { return c.run(tx) })
		c.answer(err)
		if connectionLost(err) {
			for _, rest := range batch[i+1:] {
				rest.answer(err)
			}
			return
		}
	}
}

// attempt runs all functions in one transaction. With savepoints a failing function is undone alone and its error kept
// in the call; without, the whole is rolled back and errNeighbour returned. Other errors concern the transaction.
func (g *group) attempt(batch []*call, savepoints bool) error {
	ctx := context.Background() // no caller's end may end the neighbours; the connection has its own time limits
	t, err := g.db.begin(ctx)
	if err != nil {
		return err
	}
	defer t.rollback()
	for _, c := range batch {
		if savepoints {
			if _, err := t.ExecContext(ctx, "SAVEPOINT fn"); err != nil {
				return err
			}
		}
		c.err = t.run(context.WithoutCancel(c.ctx), c.run)
		if t.lost != nil {
			return t.lost
		}
		if err := t.settle(ctx, c.err, savepoints); err != nil {
			return err
		}
	}
	return t.commit()
}

// settle ends a function's savepoint: undone when it failed, else released (on MySQL the next one replaces it).
func (t *txn) settle(ctx context.Context, failed error, savepoints bool) error {
	if !savepoints {
		if failed != nil {
			return errNeighbour
		}
		return nil
	}
	if failed != nil {
		if _, err := t.ExecContext(ctx, "ROLLBACK TO SAVEPOINT fn"); err != nil {
			return err
		}
	}
	if t.db.engine == SQLite {
		_, err := t.ExecContext(ctx, "RELEASE SAVEPOINT fn")
		return err
	}
	return nil
}

// run calls fn and turns a panic into its error.
func (c *call) run(tx *gorm.DB) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("database: panic in transaction: %v\n%s", v, debug.Stack())
		}
	}()
	return c.fn(tx)
}

// answer is idempotent: the first answer counts.
func (c *call) answer(err error) {
	select {
	case c.done <- err:
	default:
	}
}
