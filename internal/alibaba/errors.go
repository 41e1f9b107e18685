package alibaba

import (
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Class says what a caller may do about a failed call.
type Class string

const (
	// OK is the class of a call that succeeded (used by Call and ClassOf(nil)).
	OK Class = "ok"
	// Transient: the call did nothing (or was a read); try again later.
	Transient Class = "transient"
	// Quota: the gateway's rate limit; try again after Error.RetryAfter, doubling it each time.
	Quota Class = "quota"
	// Auth: token, app key, secret or permission is not accepted; every call will fail until staff act.
	Auth Class = "auth"
	// Rejected: 1688 understood and refused; repeating the same request is pointless.
	Rejected Class = "rejected"
	// Unknown: a write may or may not have happened (timeout, reset, 5xx, unreadable answer); look before repeating.
	Unknown Class = "unknown"
)

// quotaPause is the first pause after a rate-limit refusal; callers double it up to 120 s.
const quotaPause = 10 * time.Second

// maxMessage and maxCode bound the upstream texts kept in an Error, in bytes.
const (
	maxMessage = 300
	maxCode    = 100
)

// Error is every failure of this package. Its text never holds request parameters, tokens, secrets or URLs.
type Error struct {
	API        string        // short API name, e.g. "trade.cross.orderSync"
	Code       string        // the gateway's or the API's own code, e.g. "gw.APIACLDecline", "500_2"; may be empty
	Message    string        // upstream text, at most 300 bytes
	RequestID  string        // 1688's request id when it gave one
	HTTPStatus int           // 0 when no answer arrived
	Class      Class         // what the caller may do
	RetryAfter time.Duration // set for Quota, and for Transient when the guard refused the call; see NotNow
	Err        error         // cause, when it is ours or the network's
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("alibaba: ")
	b.WriteString(e.API)
	b.WriteString(": ")
	b.WriteString(string(e.Class))
	if e.Code != "" {
		b.WriteString(": code ")
		b.WriteString(clip(e.Code, maxCode))
	}
	if e.Message != "" {
		b.WriteString(": ")
		b.WriteString(clip(e.Message, maxMessage))
	}
	if e.Err != nil {
		b.WriteString(": ")
		b.WriteString(clip(e.Err.Error(), maxMessage))
	}
	if e.HTTPStatus != 0 {
		b.WriteString(" (HTTP ")
		b.WriteString(strconv.Itoa(e.HTTPStatus))
		b.WriteString(")")
	}
	return b.String()
}

// Unwrap gives the cause, so that errors.Is(err, context.DeadlineExceeded) works.
func (e *Error) Unwrap() error { return e.Err }

// ClassOf gives the class of an error of this package, OK for nil. A foreign error is Unknown: nothing says it is safe
// to repeat.
func ClassOf(err error) Class {
	if err == nil {
		return OK
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Class
	}
	return Unknown
}

// IsNotShipped reports that LogisticsInfos was asked before the seller shipped (code 500_2): wait for the push.
func IsNotShipped(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.API == apiLogisticsInfos.name && (e.Code == "500_2" || e.Code == "500_002")
}

// IsNoTrace reports that LogisticsTrace has no step yet (code 404): ask again later.
func IsNoTrace(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.API == apiLogisticsTrace.name && e.Code == "404"
}

// IsTooYoung reports that CancelOrder came in the order's first ten seconds (code CLOSE_ORDER_TOO_FAST).
func IsTooYoung(err error) bool { return hasCode(err, "CLOSE_ORDER_TOO_FAST") }

// IsWrongStatus reports that the order's status does not allow the call (code ORDER_STATUS_ERROR): read the order, somebody
// or something was faster.
func IsWrongStatus(err error) bool { return hasCode(err, "ORDER_STATUS_ERROR") }

// IsNoOrder reports that 1688 knows no such order of this account (code ORDER_NOT_EXIST).
func IsNoOrder(err error) bool { return hasCode(err, "ORDER_NOT_EXIST") }

// RefusalCode is the code of a refusal by 1688, "" for every other error and for a refusal without one.
func RefusalCode(err error) string {
	var e *Error
	if errors.As(err, &e) && e.Class == Rejected {
		return e.Code
	}
	return ""
}

func hasCode(err error, code string) bool { return RefusalCode(err) == code }

// rejection is a business failure as a decoder sees it; the client adds API, status and request id and cuts the texts.
func rejection(code, message string) *Error {
	return &Error{Class: Rejected, Code: code, Message: message}
}

// errGarbage marks an answer nobody can read; for a write that means an unknown outcome.
var errGarbage = errors.New("unreadable answer")

// clip cuts s to at most n bytes without splitting a character, and drops control characters.
func clip(s string, n int) string {
	if len(s) > n {
		for n > 0 && !utf8.RuneStart(s[n]) {
			n--
		}
		s = s[:n]
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}
