package alibaba

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// The gateway's scalars drift between number and text; these types take both. A wrong kind leaves the zero value, with
// two exceptions that must not be guessed: ID and FenOfYuan fail the whole answer.

// ID is a 1688 id of up to 19 digits, exact, from a JSON number or text; absent, null and "" are 0. Anything else fails.
type ID int64

// errID never quotes the value.
var errID = errors.New("id is not a whole number")

// ParseID reads decimal digits.
func ParseID(text string) (ID, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || text[0] == '+' {
		return 0, errID
	}
	return ID(n), nil
}

// String gives the decimal digits, "" for 0.
func (id ID) String() string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(int64(id), 10)
}

// UnmarshalJSON takes 123, "123", "" and null.
func (id *ID) UnmarshalJSON(b []byte) error {
	s, kind := scalar(b)
	if kind == kindNull || kind == kindText && strings.TrimSpace(s) == "" {
		return nil
	}
	if kind != kindText && kind != kindNumber {
		return errID
	}
	n, err := ParseID(strings.TrimSpace(s))
	if err != nil {
		return err
	}
	*id = n
	return nil
}

// Text is text from a JSON string or number (the number's digits as they came).
type Text string

// UnmarshalJSON takes text, numbers and booleans; other kinds leave "".
func (t *Text) UnmarshalJSON(b []byte) error {
	if s, kind := scalar(b); kind != kindOther && kind != kindNull {
		*t = Text(s)
	}
	return nil
}

// Bool is a boolean from true/false or the text "true"/"false"; anything else is false.
type Bool bool

// UnmarshalJSON never fails.
func (v *Bool) UnmarshalJSON(b []byte) error {
	s, _ := scalar(b)
	*v = Bool(strings.EqualFold(strings.TrimSpace(s), "true"))
	return nil
}

// verdictBool is a boolean that knows whether it was there at all.
type verdictBool int8

const (
	unset verdictBool = iota
	yes
	no
)

func (v *verdictBool) UnmarshalJSON(b []byte) error {
	s, _ := scalar(b)
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "true":
		*v = yes
	case "false":
		*v = no
	}
	return nil
}

// Int is a whole number from a number or text ("5", 5, "5.0", 1E3); anything else is 0.
type Int int64

// UnmarshalJSON never fails.
func (n *Int) UnmarshalJSON(b []byte) error {
	s, kind := scalar(b)
	if kind != kindText && kind != kindNumber {
		return nil
	}
	s = plainDecimal(strings.TrimSpace(s))
	whole, frac, _ := strings.Cut(s, ".")
	if strings.Trim(frac, "0") != "" {
		return nil
	}
	if v, err := strconv.ParseInt(whole, 10, 64); err == nil {
		*n = Int(v)
	}
	return nil
}

// Yuan is an amount in yuan as exact decimal text ("1.70"), from text or a JSON number; "" when absent.
type Yuan string

// ErrNoAmount is what Fen answers for an absent amount: a missing price is not a price of zero.
var ErrNoAmount = errors.New("amount is absent")

var errAmount = errors.New("amount is not a decimal")

// UnmarshalJSON keeps text as it is and a number as plain digits (Java writes 1.0E7); other kinds leave "".
func (y *Yuan) UnmarshalJSON(b []byte) error {
	switch s, kind := scalar(b); kind {
	case kindText:
		*y = Yuan(strings.TrimSpace(s))
	case kindNumber:
		*y = Yuan(plainDecimal(s))
	}
	return nil
}

// Fen converts to fen (1/100 CNY) exactly; more than two decimals are rounded half away from zero. ErrNoAmount when
// absent, another error for anything that is not a plain decimal or does not fit.
func (y Yuan) Fen() (int64, error) {
	if y == "" {
		return 0, ErrNoAmount
	}
	return parseFen(string(y))
}

func parseFen(s string) (int64, error) {
	digits := s
	negative := strings.HasPrefix(digits, "-")
	digits = strings.TrimPrefix(digits, "-")
	whole, frac, hasPoint := strings.Cut(digits, ".")
	if !allDigits(whole) || whole == "" || hasPoint && (frac == "" || !allDigits(frac)) {
		return 0, errAmount
	}
	up := len(frac) > 2 && frac[2] >= '5'
	frac = (frac + "00")[:2]
	n, err := strconv.ParseInt(whole+frac, 10, 64)
	if err != nil || up && n == math.MaxInt64 {
		return 0, errAmount
	}
	if up {
		n++
	}
	if negative {
		n = -n
	}
	return n, nil
}

// FenOfYuan is an amount that travels in yuan (text or number) and is held in fen. Junk fails the answer: an order's
// total must never silently become 0. Absent and null are 0.
type FenOfYuan int64

// UnmarshalJSON takes 6.15, "6.15", "" and null.
func (f *FenOfYuan) UnmarshalJSON(b []byte) error {
	s, kind := scalar(b)
	if kind == kindNull || kind == kindText && strings.TrimSpace(s) == "" {
		return nil
	}
	if kind != kindText && kind != kindNumber {
		return errAmount
	}
	n, err := parseFen(plainDecimal(strings.TrimSpace(s)))
	if err != nil {
		return err
	}
	*f = FenOfYuan(n)
	return nil
}

// china is the zone of the gateway's plain times; 1688 has no daylight saving.
var china = time.FixedZone("CST", 8*60*60)

const (
	gatewayLayout = "20060102150405.000-0700" // without the point on the wire
	plainLayout   = "2006-01-02 15:04:05"
)

// Time is a moment in UTC from yyyyMMddHHmmssSSSZ (offset honoured), "yyyy-MM-dd HH:mm:ss" (China time) or epoch
// milliseconds, as text or number; anything else is the zero time.
type Time struct{ time.Time }

// UnmarshalJSON never fails.
func (t *Time) UnmarshalJSON(b []byte) error {
	if s, kind := scalar(b); kind == kindText || kind == kindNumber {
		t.Time = parseTime(strings.TrimSpace(s))
	}
	return nil
}

func parseTime(s string) time.Time {
	switch {
	case len(s) == 22 && allDigits(s[:17]):
		if at, err := time.Parse(gatewayLayout, s[:14]+"."+s[14:]); err == nil {
			return at.UTC()
		}
	case len(s) == len(plainLayout) && s[4] == '-':
		if at, err := time.ParseInLocation(plainLayout, s, china); err == nil {
			return at.UTC()
		}
	case len(s) == 14 && allDigits(s):
		if at, err := time.ParseInLocation("20060102150405", s, china); err == nil {
			return at.UTC()
		}
	case s != "" && s != "0" && len(s) < 14 && allDigits(s):
		if ms, err := strconv.ParseInt(s, 10, 64); err == nil {
			return time.UnixMilli(ms).UTC()
		}
	}
	return time.Time{}
}

// gatewayTime writes a Date parameter.
func gatewayTime(t time.Time) string {
	s := t.In(china).Format(gatewayLayout)
	return s[:14] + s[15:]
}

// plainTime writes a write-back time in China time, "" for the zero time.
func plainTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(china).Format(plainLayout)
}

// OneOrMany is a list that older answers send as a single object.
type OneOrMany[T any] []T

// UnmarshalJSON takes [..] and {..}; other kinds leave the list empty.
func (l *OneOrMany[T]) UnmarshalJSON(b []byte) error { return decode(b, l) }

func (l *OneOrMany[T]) readJSON(d *decoder) error {
	switch d.peek() {
	case '[':
		var many []T
		err := d.value(&many)
		*l = many
		return err
	case '{':
		one := make([]T, 1)
		err := d.value(&one[0])
		*l = one
		return err
	}
	_, err := d.skip()
	return err
}

// Some is a list of which broken entries (an id that is none) are left out, so that one of them does not cost the rest.
type Some[T any] []T

// mostExpected bounds what a list gets room for before it is read.
const mostExpected = 50

// UnmarshalJSON takes [..]; other kinds leave the list empty.
func (l *Some[T]) UnmarshalJSON(b []byte) error { return decode(b, l) }

func (l *Some[T]) readJSON(d *decoder) error {
	if d.peek() != '[' {
		_, err := d.skip()
		return err
	}
	out, start := []T{}, d.pos
	err := d.elements(func() error {
		if len(out) == 1 { // room for as many as the first one's length lets expect
			out = slices.Grow(out, min((len(d.data)-d.pos)/(d.pos-start), mostExpected))
		}
		out = append(out, *new(T))
		ok, err := d.tolerate(func() error { return d.value(&out[len(out)-1]) })
		if !ok {
			out = out[:len(out)-1]
		}
		return err
	})
	*l = out
	return err
}

type kind int8

const (
	kindOther kind = iota
	kindNull
	kindText
	kindNumber
	kindBool
)

// scalar gives the text of a JSON scalar and what it was.
func scalar(b []byte) (string, kind) {
	b = bytes.TrimSpace(b)
	if len(b) == 0 {
		return "", kindNull
	}
	switch c := b[0]; {
	case c == 'n':
		return "", kindNull
	case c == '"':
		if bytes.IndexByte(b, '\\') < 0 && len(b) >= 2 {
			if text := b[1 : len(b)-1]; !utf8.Valid(text) {
				return strings.ToValidUTF8(string(text), "\uFFFD"), kindText
			}
			return string(b[1 : len(b)-1]), kindText
		}
		var s string
		if json.Unmarshal(b, &s) != nil {
			return "", kindOther
		}
		return s, kindText
	case c == 't' || c == 'f':
		return string(b), kindBool
	case c == '-' || c >= '0' && c <= '9':
		return string(b), kindNumber
	}
	return "", kindOther
}

// plainDecimal rewrites 4.848E7 as 48480000 without floats; text without a sane exponent comes back unchanged.
func plainDecimal(s string) string {
	i := strings.IndexAny(s, "eE")
	if i < 0 {
		return s
	}
	exp, err := strconv.Atoi(strings.TrimPrefix(s[i+1:], "+"))
	if err != nil || exp < -18 || exp > 18 {
		return s
	}
	mantissa, sign := s[:i], ""
	if strings.HasPrefix(mantissa, "-") {
		mantissa, sign = mantissa[1:], "-"
	}
	whole, frac, _ := strings.Cut(mantissa, ".")
	if !allDigits(whole) || !allDigits(frac) || whole == "" {
		return s
	}
	for ; exp > 0; exp-- {
		if frac == "" {
			frac = "0"
		}
		whole, frac = whole+frac[:1], frac[1:]
	}
	for ; exp < 0; exp++ {
		if whole == "" {
			whole = "0"
		}
		whole, frac = whole[:len(whole)-1], whole[len(whole)-1:]+frac
	}
	whole = strings.TrimLeft(whole, "0")
	if whole == "" {
		whole = "0"
	}
	if frac = strings.TrimRight(frac, "0"); frac != "" {
		whole += "." + frac
	}
	return sign + whole
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
