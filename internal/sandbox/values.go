package sandbox

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"
)

// china is the platform's display zone.
var china = time.FixedZone("CST", 8*3600)

// num is a number as the gateway accepts it: quoted or not.
type num string

// UnmarshalJSON accepts both forms.
func (n *num) UnmarshalJSON(b []byte) error {
	text := strings.Trim(string(b), `"`)
	if text == "null" {
		text = ""
	}
	*n = num(text)
	return nil
}

func (n num) int() (int64, bool) {
	v, err := strconv.ParseInt(string(n), 10, 64)
	return v, err == nil
}

// whole reads a Double that must be a whole number, like quantities ("5", 5, 5.0).
func (n num) whole() (int64, bool) {
	text := string(n)
	if head, tail, ok := strings.Cut(text, "."); ok && strings.Trim(tail, "0") == "" {
		text = head
	}
	return num(text).int()
}

// text is a string that may come as a bare number (the seed's ids are Long where the gateway's are String).
type text string

// UnmarshalJSON accepts both forms.
func (t *text) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		var s string
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
		*t = text(s)
		return nil
	}
	switch s := string(b); {
	case s == "null":
		*t = ""
	case strings.ContainsAny(s, "{["):
		return errors.New("want text or a number")
	default:
		*t = text(s)
	}
	return nil
}

// yuan is fen written as a JSON number in yuan: 615 -> 6.15, 600 -> 6.
type yuan int64

// MarshalJSON writes no more decimals than needed, as the platform does.
func (y yuan) MarshalJSON() ([]byte, error) {
	s := yuanText(int64(y))
	return []byte(strings.TrimSuffix(strings.TrimRight(s, "0"), ".")), nil
}

// yuanText writes fen as yuan with two decimals.
func yuanText(fen int64) string {
	sign := ""
	if fen < 0 {
		sign, fen = "-", -fen
	}
	return sign + strconv.FormatInt(fen/100, 10) + "." + strconv.FormatInt(100+fen%100, 10)[1:]
}

// parseYuan reads price bounds like "12" or "1.5" into fen.
func parseYuan(s string) (int64, bool) {
	whole, frac, _ := strings.Cut(strings.TrimSpace(s), ".")
	if len(frac) > 2 {
		frac = frac[:2]
	}
	v, err := strconv.ParseInt(whole+(frac + "00")[:2], 10, 64)
	return v, err == nil && v >= 0
}

// stamp is the API date format yyyyMMddHHmmssSSSZ; a zero time is null.
func stamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return strings.Replace(t.In(china).Format("20060102150405.000-0700"), ".", "", 1)
}

func parseStamp(s string) (time.Time, bool) {
	if len(s) < 18 {
		return time.Time{}, false
	}
	t, err := time.Parse("20060102150405.000-0700", s[:14]+"."+s[14:])
	return t, err == nil
}

const plainLayout = "2006-01-02 15:04:05"

// plainTime is the zone-less format of messages and write-backs, in China time.
func plainTime(t time.Time) string { return t.In(china).Format(plainLayout) }

func isPlainTime(s string) bool {
	if _, err := time.Parse(plainLayout, s); err == nil {
		return true
	}
	_, ok := parseStamp(s)
	return ok
}

func itoa(v int64) string { return strconv.FormatInt(v, 10) }
