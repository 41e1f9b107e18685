package jobs

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// verdict is what became of one run of a handler.
type verdict int

const (
	done verdict = iota
	later
	retry
	dead
)

func (v verdict) String() string { return [...]string{"done", "later", "retry", "dead"}[v] }

// decision is an error of a handler that says what to do next.
type decision struct {
	verdict verdict
	after   time.Duration
	err     error
}

func (d *decision) Error() string { return d.err.Error() }
func (d *decision) Unwrap() error { return d.err }

// Later says that the job cannot be done yet and should be tried after d. It is no failure and counts no attempt; the
// reason is shown to staff. Delays are kept to about Options.Poll.
func Later(d time.Duration, reason string) error {
	return &decision{verdict: later, after: d, err: errors.New(reason)}
}

// RetryAfter is a failed attempt whose next one should start after d, as when an upstream names the time. The job still
// dies with its last attempt.
func RetryAfter(d time.Duration, err error) error {
	return &decision{verdict: retry, after: d, err: fmt.Errorf("retry after %s: %w", d, err)}
}

// Dead gives the job up at once: trying again cannot help. Staff see it with err and may Retry it; jobs behind it in its
// aggregate go on.
func Dead(err error) error {
	return &decision{verdict: dead, err: err}
}

// decide turns what a handler returned into a decision; attempts are those that failed before.
func (o *Options) decide(err error, attempts int) decision {
	if err == nil {
		return decision{verdict: done}
	}
	d := decision{verdict: retry, after: o.backoff(attempts), err: err}
	if given := (*decision)(nil); errors.As(err, &given) {
		d.verdict, d.after = given.verdict, given.after
	}
	if d.verdict == retry && attempts+1 >= o.MaxAttempts {
		d.verdict = dead
	}
	return d
}

// backoff doubles from MinBackoff to MaxBackoff; the upper half is random so that failures do not come back as one wave.
func (o *Options) backoff(attempts int) time.Duration {
	d := o.MinBackoff
	for ; attempts > 0 && d < o.MaxBackoff; attempts-- {
		d *= 2
	}
	d = min(d, o.MaxBackoff)
	return d/2 + rand.N(d/2+1)
}
