package alibaba

import (
	"context"
	"errors"
	"time"
)

// Fault says in which way a call got no usable answer. It is about the way to 1688, not about what 1688 decided.
type Fault string

// The faults.
const (
	Answered   Fault = ""           // 1688 said something readable, be it a refusal
	NoRoute    Fault = "no_route"   // no connection came about; nothing was sent
	Late       Fault = "late"       // sent, and no answer in time
	BadAnswer  Fault = "bad_answer" // reset, 5xx or unreadable
	CallerLeft Fault = "left"       // the caller gave up, which says nothing about 1688
)

// Call describes one gateway call for guards and metrics; it holds nothing secret or personal.
type Call struct {
	API        string
	Duration   time.Duration
	Class      Class // OK when it succeeded
	Fault      Fault
	HTTPStatus int // 0 when no answer arrived
	RequestID  string
	Attempt    int // from 1
}

// patience is how long a caller must have waited for his deadline to say something about 1688.
const patience = time.Second

type backgroundKey struct{}

// Background marks calls made with ctx as work nobody is waiting for: in a shared budget they come after those of
// shoppers. Everything else counts as a shopper's.
func Background(ctx context.Context) context.Context {
	return context.WithValue(ctx, backgroundKey{}, true)
}

// IsBackground reports whether ctx was marked by Background.
func IsBackground(ctx context.Context) bool {
	marked, _ := ctx.Value(backgroundKey{}).(bool)
	return marked
}

// foreground undoes Background: others may be waiting for what this caller started.
func foreground(ctx context.Context) context.Context {
	return context.WithValue(ctx, backgroundKey{}, false)
}

// NotNow reports that 1688, or the guard in front of it, did not take a call and when to come back: nothing was done, and
// the call is not to blame.
func NotNow(err error) (after time.Duration, ok bool) {
	var e *Error
	if errors.As(err, &e) && e.RetryAfter > 0 && (e.Class == Quota || e.Class == Transient) {
		return e.RetryAfter, true
	}
	return 0, false
}

// KeptBack reports that the guard, not 1688, refused the call: it was not made, so it was no try.
func KeptBack(err error) bool {
	var e *Error
	_, ok := NotNow(err)
	return ok && errors.As(err, &e) && e.HTTPStatus == 0
}

// Untouched reports that a failed write certainly had no effect at 1688: it was not made, or turned away at the gateway.
func Untouched(err error) bool {
	switch ClassOf(err) {
	case Transient, Quota, Auth:
		return true
	default:
		return KeptBack(err)
	}
}

// enter asks the guard for leave to make one call. done, never nil beside a nil error, takes what became of it.
func (c *Client) enter(ctx context.Context, api *endpoint) (done func(Call), err error) {
	if c.guard == nil {
		return func(Call) {}, nil
	}
	if done, err = c.guard(ctx, api.name); err != nil {
		return nil, c.notSent(api, err)
	}
	return done, nil
}

// limit is the time one call may take: shoppers are not made to wait for a slow catalogue as long as a worker waits.
func (c *Client) limit(ctx context.Context, api *endpoint) (limit time.Duration, short bool) {
	if c.shopper > 0 && c.shopper < c.timeout && !api.write && !api.patient && !IsBackground(ctx) {
		return c.shopper, true
	}
	return c.timeout, false
}

// describe makes the Call of an answer. caller is the context the call was made for, without the call's own limit.
func describe(caller context.Context, api *endpoint, a answer, failure *Error, took time.Duration) Call {
	call := Call{API: api.name, Duration: took, Class: OK, HTTPStatus: a.status, RequestID: a.requestID, Attempt: 1}
	if failure == nil {
		return call
	}
	call.Class = failure.Class
	gone := caller.Err()
	switch {
	case a.err != nil && (errors.Is(gone, context.Canceled) || gone != nil && took < patience):
		call.Fault = CallerLeft
	case a.err != nil && !a.sent:
		call.Fault = NoRoute
	case a.err != nil && errors.Is(a.err, context.DeadlineExceeded):
		call.Fault = Late
	case (failure.Class == Transient || failure.Class == Unknown) && (a.status != 200 || failure.Code == ""):
		call.Fault = BadAnswer
	}
	return call
}
