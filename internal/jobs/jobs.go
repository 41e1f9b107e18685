// Package jobs accepts work in a transaction and delivers it at least once: a job row in the caller's transaction, a
// relay to Asynq, workers, and an embedded Redis where none is given.
//
// The row is the truth. A relay claims rows for a lease and puts a reference (id and generation, never the payload) into
// Redis; a worker runs the handler and writes the outcome into the row. Whatever Redis forgets or a killed worker leaves
// behind is claimed again when its lease is over, with the next generation, so that an old reference finds nothing to do.
package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"gorm.io/gorm"

	"entrepot/internal/database"
)

// States of a job row.
const (
	StateWaiting = "waiting" // to be done: not yet due, in the queue, running, or between two attempts
	StateDone    = "done"
	StateDead    = "dead" // given up; only staff bring it back (Retry)
)

// Widths of the columns.
const (
	maxKind      = 60
	maxAggregate = 100
	maxRequestID = 64
	maxError     = 500
)

// Spec is work to accept.
type Spec struct {
	// Kind picks the handler, area.fact in the past tense ("order.placed"), at most 60 bytes.
	Kind string
	// Aggregate names the thing the job is about ("order:17"), at most 100 bytes. Jobs of one aggregate run one at a
	// time in the order of their ids, each only after the one before is done or dead. That includes waiting for Due and
	// between attempts, so timers belong into an aggregate of their own. Empty: independent of all others.
	Aggregate string
	// Payload is stored as JSON.
	Payload any
	// Due is the earliest start; zero means at once.
	Due time.Time
	// RequestID of the request that caused the work, for the logs.
	RequestID string
}

// Task is a job as its handler sees it.
type Task struct {
	ID        int64
	Kind      string
	Aggregate string
	Payload   []byte // JSON
	Attempts  int    // failed attempts before this one
	CreatedAt time.Time
	RequestID string

	writer *Writer
	item   any
}

// Writer writes what runs of jobs leave behind, many runs at a time: see Task.Settle.
type Writer struct {
	write func(tx *gorm.DB, items []any) error
}

// NewWriter makes a Writer. write may run more than once for an item, and must have no effect outside tx (see
// database.Grouped). When it fails for one item alone, that job's attempt has failed.
func NewWriter[T any](write func(tx *gorm.DB, items []T) error) *Writer {
	return &Writer{func(tx *gorm.DB, items []any) error {
		list := make([]T, len(items))
		for i, it := range items {
			list[i], _ = it.(T) // Settle is only called with the writer's own type
		}
		return write(tx, list)
	}}
}

// Settle hands over an item that belongs to this run's outcome, good or bad: its writer runs in the transaction that notes
// the outcome in the job's row, so both are durable or neither. The last call counts.
func (t *Task) Settle(w *Writer, item any) { t.writer, t.item = w, item }

// Decode reads the payload into v. A payload that does not fit will never fit: the error ends the job.
func (t *Task) Decode(v any) error {
	if err := json.Unmarshal(t.Payload, v); err != nil {
		return Dead(fmt.Errorf("payload of %s: %w", t.Kind, err))
	}
	return nil
}

// Handler does the work of a kind. It may run more than once for one job (a crash, a lost lease), so its effect must be
// idempotent. nil means done; see Later, RetryAfter and Dead for the other outcomes.
type Handler func(ctx context.Context, t *Task) error

// Options of New. Zero values take the defaults in brackets.
type Options struct {
	DB     *database.DB // required
	Redis  string       // redis:// or rediss:// URL; empty = an embedded one on a loopback port
	Logger *slog.Logger // [discard]

	Queue     string // name of the queue in Redis, so that several installations can share one [entrepot]
	RelayOnly bool   // this process hands jobs to workers elsewhere and runs none

	Workers       int           // handlers at once [16]
	Servers       int           // Asynq servers they are spread over [1]
	Lease         time.Duration // how long Redis and the worker have until a row is claimed again [15s]
	Poll          time.Duration // how often to look for due rows without a Kick [200ms]
	CheckInterval time.Duration // how often an idle Asynq server looks into Redis [10ms]
	Depth         int           // references waiting in Redis at most [1000]
	Timeout       time.Duration // of a handler's context [5min]
	Drain         time.Duration // how long Run waits for running handlers at its end [10s]
	Keep          time.Duration // age at which done rows are deleted; negative = never [7 days]

	MaxAttempts int           // failed attempts after which a job is dead [25]
	MinBackoff  time.Duration // pause after the first failed attempt, doubled by each further one [1s]
	MaxBackoff  time.Duration // [5min]

	// Observe, when set, is told of each finished run: outcome is done, later, retry or dead; waited is the time from the
	// row's creation to the start of this run, ran that of the handler. It must not block.
	Observe func(kind, outcome string, waited, ran time.Duration)
}

// Queue is one process's side of the jobs. It is safe for concurrent use.
type Queue struct {
	o        Options
	db       *database.DB
	sql      hints
	log      *slog.Logger
	rdb      redis.UniversalClient
	embedded *embedded
	client   *asynq.Client
	inspect  *asynq.Inspector
	handlers map[string]Handler

	kick     chan struct{}
	outcomes chan outcome
	places   chan struct{} // one per handler that may run at once
	stopped  chan struct{} // closed when outcomes are no longer written
	running  registry
	claimed  cache
	redis    health
	rows     health

	// The relay's own: where its scan goes on, and whether Redis was full at its last pass.
	cursor position
	full   bool
}

// New prepares a queue. Redis need not be up; only a malformed URL fails. Close it after Run has returned.
func New(o Options) (*Queue, error) {
	o.defaults()
	if o.DB == nil {
		return nil, errors.New("jobs: no database")
	}
	q := &Queue{o: o, db: o.DB, sql: newHints(o.DB), log: o.Logger, handlers: map[string]Handler{},
		kick: make(chan struct{}, 1), outcomes: make(chan outcome, 4*o.Workers), stopped: make(chan struct{}), places: make(chan struct{}, o.Workers),
		cursor: scanStart, claimed: cache{limit: o.Depth}}
	if err := q.connect(); err != nil {
		return nil, err
	}
	q.client = asynq.NewClientFromRedisClient(q.rdb)
	q.inspect = asynq.NewInspectorFromRedisClient(q.rdb)
	q.redis = health{log: q.log, what: "redis"}
	q.rows = health{log: q.log, what: "job rows"}
	return q, nil
}

func (o *Options) defaults() {
	set := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	setInt := func(n *int, v int) {
		if *n <= 0 {
			*n = v
		}
	}
	set(&o.Lease, 15*time.Second)
	set(&o.Poll, 200*time.Millisecond)
	set(&o.CheckInterval, 10*time.Millisecond)
	set(&o.Timeout, 5*time.Minute)
	set(&o.Drain, 10*time.Second)
	set(&o.Keep, 7*24*time.Hour)
	set(&o.MinBackoff, time.Second)
	set(&o.MaxBackoff, 5*time.Minute)
	setInt(&o.Workers, 16)
	setInt(&o.Servers, 1)
	setInt(&o.Depth, 1000)
	setInt(&o.MaxAttempts, 25)
	if o.Queue == "" {
		o.Queue = "entrepot"
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
}

// Handle registers the handler of a kind; call it before Run.
func (q *Queue) Handle(kind string, h Handler) {
	if _, twice := q.handlers[kind]; twice || h == nil {
		panic("jobs: handler of " + kind + " registered twice or nil")
	}
	q.handlers[kind] = h
}

// AppendTx writes job rows in the caller's transaction: the jobs exist exactly if it commits. Their ids, and so their
// order within an aggregate, follow the order of specs. It does not need Redis. Call Kick after the commit.
func (q *Queue) AppendTx(ctx context.Context, tx *gorm.DB, specs ...Spec) error {
	if len(specs) == 0 {
		return nil
	}
	s, err := q.Append(specs...)
	if err != nil {
		return err
	}
	if err := tx.WithContext(ctx).Exec(s.SQL, s.Args...).Error; err != nil {
		return fmt.Errorf("append jobs: %w", err)
	}
	return nil
}

// Append is the statement of AppendTx, for transactions that send several at once (database.ExecAll). It needs a spec.
func (q *Queue) Append(specs ...Spec) (database.Statement, error) {
	now := database.Now()
	args := make([]any, 0, 8*len(specs))
	for i := range specs {
		s := &specs[i]
		if s.Kind == "" || len(s.Kind) > maxKind || len(s.Aggregate) > maxAggregate {
			return database.Statement{}, fmt.Errorf("jobs: kind %q or its aggregate is empty or too long", cut(s.Kind, maxKind))
		}
		payload, err := json.Marshal(s.Payload)
		if err != nil {
			return database.Statement{}, fmt.Errorf("jobs: payload of %s: %w", s.Kind, err)
		}
		due := s.Due
		if due.IsZero() {
			due = now
		}
		args = append(args, q.db.NewID(), s.Kind, s.Aggregate, string(payload), due, cut(s.RequestID, maxRequestID), now, now)
	}
	const values = "(?,?,?,?,'waiting',?,'',0,0,'',?,?,?)"
	insert := "INSERT INTO jobs (id,kind,aggregate,payload,state,due_at,claim,generation,attempts,last_error,request_id," +
		"created_at,updated_at) VALUES " + values + strings.Repeat(","+values, len(specs)-1)
	return database.Statement{SQL: insert, Args: args}, nil
}

// Kick tells the relay that rows were committed, so that it need not wait for its next poll. It never blocks.
func (q *Queue) Kick() {
	select {
	case q.kick <- struct{}{}:
	default:
	}
}

// Client is the connection to Redis, shared with rate limits, caches and readiness.
func (q *Queue) Client() redis.UniversalClient { return q.rdb }

// Embedded reports whether Redis lives inside this process and forgets everything with it.
func (q *Queue) Embedded() bool { return q.embedded != nil }

// Close ends the connection and the embedded Redis. Run must have returned.
func (q *Queue) Close() error {
	err := q.rdb.Close()
	if q.embedded != nil {
		q.embedded.close()
	}
	return err
}

// cut shortens text to n bytes without breaking a character.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}
