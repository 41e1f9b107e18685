package sandbox

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// js writes JSON by hand where encoding a map per product would take most of the time of a search.
type js struct{ b []byte }

// next puts the comma between neighbours.
func (j *js) next() {
	if n := len(j.b); n > 0 {
		switch j.b[n-1] {
		case '{', '[', ':', ',':
		default:
			j.b = append(j.b, ',')
		}
	}
}

func (j *js) key(k string) {
	j.next()
	j.b = append(j.b, '"')
	j.b = append(j.b, k...)
	j.b = append(j.b, '"', ':')
}

func (j *js) open(k string, c byte) {
	if k == "" {
		j.next()
	} else {
		j.key(k)
	}
	j.b = append(j.b, c)
}

func (j *js) close(c byte) { j.b = append(j.b, c) }

func (j *js) str(k, v string) {
	j.key(k)
	j.quote(v)
}

func (j *js) num(k string, v int64) {
	j.key(k)
	j.b = strconv.AppendInt(j.b, v, 10)
}

// digits is a number as text.
func (j *js) digits(k string, v int64, unit string) {
	j.key(k)
	j.b = append(j.b, '"')
	j.b = strconv.AppendInt(j.b, v, 10)
	j.b = append(j.b, unit...)
	j.b = append(j.b, '"')
}

// money is fen as yuan in text; prices are never negative.
func (j *js) money(k string, fen int64) {
	j.key(k)
	j.b = append(j.b, '"')
	j.b = strconv.AppendInt(j.b, fen/100, 10)
	j.b = append(j.b, '.', byte('0'+fen%100/10), byte('0'+fen%10), '"')
}

// tenths is 46 as "4.6".
func (j *js) tenths(k string, n int64) {
	j.key(k)
	j.b = append(j.b, '"')
	j.b = strconv.AppendInt(j.b, n/10, 10)
	j.b = append(j.b, '.', byte('0'+n%10), '"')
}

func (j *js) bool(k string, v bool) {
	j.key(k)
	j.b = strconv.AppendBool(j.b, v)
}

// time is plainTime, a third as dear: two of them stand in every hit.
func (j *js) time(k string, t time.Time) {
	j.key(k)
	t = t.In(china)
	y, m, d := t.Date()
	h, mi, s := t.Clock()
	two := func(n int, before byte) { j.b = append(j.b, before, byte('0'+n/10), byte('0'+n%10)) }
	j.b = strconv.AppendInt(append(j.b, '"'), int64(y), 10)
	two(int(m), '-')
	two(d, '-')
	two(h, ' ')
	two(mi, ':')
	two(s, ':')
	j.b = append(j.b, '"')
}

func (j *js) null(k string) {
	j.key(k)
	j.b = append(j.b, "null"...)
}

func (j *js) list(k string, v []string) {
	j.open(k, '[')
	for _, s := range v {
		j.next()
		j.quote(s)
	}
	j.close(']')
}

// quote writes a string; what is not UTF-8 becomes U+FFFD.
func (j *js) quote(s string) {
	j.b = append(j.b, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				j.b = append(append(j.b, s[from:i]...), "\ufffd"...)
				from = i + 1
			}
			i += n
			continue
		}
		if c < ' ' || c == '"' || c == '\\' {
			j.b = append(j.b, s[from:i]...)
			if c < ' ' {
				j.b = append(j.b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
			} else {
				j.b = append(j.b, '\\', c)
			}
			from = i + 1
		}
		i++
	}
	j.b = append(append(j.b, s[from:]...), '"')
}
