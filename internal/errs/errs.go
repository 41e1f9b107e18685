// Package errs holds the one error type callers may see: an error code, a message key and the cause.
package errs

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Code classes an error for callers; web maps each to exactly one HTTP status.
type Code string

// The whole vocabulary. Anything that is not an *Error counts as Internal and its text never leaves the process.
const (
	Invalid         Code = "invalid"         // the request is malformed or a field is outside its range (400)
	Unauthenticated Code = "unauthenticated" // no caller, or one we cannot verify (401)
	Forbidden       Code = "forbidden"       // a known caller without the right (403)
	NotFound        Code = "not_found"       // missing, or somebody else's (404)
	Method          Code = "method"          // the path exists, the method does not (405)
	Conflict        Code = "conflict"        // state or price moved, or the same request is still running (409)
	Outdated        Code = "outdated"        // If-Match names another version (412)
	Unconditional   Code = "unconditional"   // a change that needs If-Match came without it (428)
	TooLarge        Code = "too_large"       // body over the limit (413)
	Unsupported     Code = "unsupported"     // content type we do not read (415)
	Rule            Code = "rule"            // well-formed but a business rule, ours or 1688's, refuses it (422)
	Blocked         Code = "blocked"         // the site must not show it (451)
	RateLimited     Code = "rate_limited"    // too many requests (429)
	Upstream        Code = "upstream"        // 1688 answered something we cannot use (502)
	Unavailable     Code = "unavailable"     // a part we need is away; RetryAfter says when to come back (503)
	Internal        Code = "internal"        // our fault (500)
)

// Field is one broken input, addressed by a JSON pointer into the request
// ("/items/0/quantity"; parameters are "/query/limit", "/path/id", "/header/Idempotency-Key").
type Field struct {
	Pointer string
	Key     string         // message key below "error."; its upper-snake form is the wire code
	Args    map[string]any // values for the message
}

// Error is what a service returns when the caller should learn more than "it failed".
// Key is a message key in area.reason form and, in upper snake case, the stable wire code.
type Error struct {
	Code       Code
	Key        string
	Args       map[string]any
	Fields     []Field
	RetryAfter time.Duration // for RateLimited and Unavailable
	Err        error         // cause, for the log only
}

// New makes an error of the code with message key area.reason. Args come in pairs: name, value.
func New(code Code, key string, args ...any) *Error {
	return &Error{Code: code, Key: key, Args: pairs(args)}
}

// At adds a broken input to e and returns it.
func (e *Error) At(pointer, key string, args ...any) *Error {
	e.Fields = append(e.Fields, Field{Pointer: pointer, Key: key, Args: pairs(args)})
	return e
}

// Because records the cause, which is logged but never shown, and returns e.
func (e *Error) Because(err error) *Error {
	e.Err = err
	return e
}

// After sets how long the caller should wait before it tries again and returns e.
func (e *Error) After(d time.Duration) *Error {
	e.RetryAfter = d
	return e
}

// Error implements error. Args are left out: they may hold what a caller sent.
func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s %s: %v", e.Code, e.Key, e.Err)
	}
	return fmt.Sprintf("%s %s", e.Code, e.Key)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// WireCode is the stable UPPER_SNAKE form of a message key: order.price_changed -> ORDER_PRICE_CHANGED.
func WireCode(key string) string {
	return strings.ToUpper(strings.NewReplacer(".", "_", "-", "_").Replace(key))
}

// From returns the *Error inside err, or an Internal one that wraps it.
func From(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Code: Internal, Key: "internal.error", Err: err}
}

// Is reports whether err carries the message key.
func Is(err error, key string) bool {
	var e *Error
	return errors.As(err, &e) && e.Key == key
}

// CodeOf is the code of err; Internal for any foreign error, "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	return From(err).Code
}

func pairs(args []any) map[string]any {
	if len(args) == 0 {
		return nil
	}
	m := make(map[string]any, len(args)/2)
	for i := 0; i+1 < len(args); i += 2 {
		m[args[i].(string)] = args[i+1]
	}
	return m
}
