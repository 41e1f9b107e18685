package alibaba

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math/bits"
	"reflect"
	"strings"
	"unicode/utf8"
)

// decode reads JSON as encoding/json does, names matched without case, but forgives kinds that do not fit (the field keeps
// what it had); broken JSON, broken ids and broken order amounts are errors. It reads a catalogue answer several times
// faster: encoding/json goes over an answer whose types decode themselves once more for each level they are nested in.
func decode(data []byte, v any) error {
	d := decoder{data: data}
	at := reflect.ValueOf(v)
	if at.Kind() != reflect.Pointer || at.IsNil() {
		return errors.New("decode: not a pointer")
	}
	d.space()
	if err := d.into(at.Elem()); err != nil {
		return err
	}
	d.space()
	if d.pos < len(d.data) {
		return errSyntax
	}
	return nil
}

var errSyntax = errors.New("broken JSON")

// maxDepth is that of encoding/json.
const maxDepth = 10_000

// decoder stands at the beginning of a value or, after reading one, behind it. Methods that fail leave it anywhere.
type decoder struct {
	data  []byte
	pos   int
	depth int
}

// reader is a type that reads itself without being cut out first; its UnmarshalJSON is decode.
type reader interface{ readJSON(d *decoder) error }

// value reads into what v points to.
func (d *decoder) value(v any) error { return d.into(reflect.ValueOf(v).Elem()) }

func (d *decoder) into(v reflect.Value) error { return planOf(v.Type())(d, v) }

func (d *decoder) space() {
	for d.pos < len(d.data) {
		switch d.data[d.pos] {
		case ' ', '\t', '\r', '\n':
			d.pos++
		default:
			return
		}
	}
}

// peek is the next byte, 0 at the end.
func (d *decoder) peek() byte {
	if d.pos < len(d.data) {
		return d.data[d.pos]
	}
	return 0
}

// skip goes past one value, checking it, and returns it.
func (d *decoder) skip() ([]byte, error) {
	start := d.pos
	var err error
	switch c := d.peek(); {
	case c == '{':
		err = d.members(func([]byte) error { _, err := d.skip(); return err })
	case c == '[':
		err = d.elements(func() error { _, err := d.skip(); return err })
	case c == '"':
		_, err = d.text()
	case c == '-' || c >= '0' && c <= '9':
		err = d.number()
	case c == 't':
		err = d.word("true")
	case c == 'f':
		err = d.word("false")
	case c == 'n':
		err = d.word("null")
	default:
		err = errSyntax
	}
	return d.data[start:d.pos:d.pos], err
}

func (d *decoder) word(w string) error {
	if string(d.data[d.pos:min(len(d.data), d.pos+len(w))]) != w {
		return errSyntax
	}
	d.pos += len(w)
	return nil
}

func (d *decoder) digits() error {
	start := d.pos
	for d.pos < len(d.data) && d.data[d.pos] >= '0' && d.data[d.pos] <= '9' {
		d.pos++
	}
	if d.pos == start {
		return errSyntax
	}
	return nil
}

func (d *decoder) number() error {
	if d.peek() == '-' {
		d.pos++
	}
	if d.peek() == '0' {
		d.pos++
	} else if err := d.digits(); err != nil {
		return err
	}
	if d.peek() == '.' {
		d.pos++
		if err := d.digits(); err != nil {
			return err
		}
	}
	if c := d.peek(); c == 'e' || c == 'E' {
		d.pos++
		if c := d.peek(); c == '+' || c == '-' {
			d.pos++
		}
		return d.digits()
	}
	return nil
}

// text goes past a string and returns what is between its quotes, escapes as they are.
func (d *decoder) text() ([]byte, error) {
	d.pos++
	start := d.pos
	for {
		d.pos += plainBytes(d.data[d.pos:])
		switch d.peek() {
		case '"':
			d.pos++
			return d.data[start : d.pos-1 : d.pos-1], nil
		case '\\':
			if err := d.escape(); err != nil {
				return nil, err
			}
		default: // a control character or the end
			return nil, errSyntax
		}
	}
}

// plainBytes is how many bytes follow before a quote, a backslash or a control character, eight at a time.
func plainBytes(b []byte) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	n := 0
	for ; n+8 <= len(b); n += 8 {
		w := binary.LittleEndian.Uint64(b[n:])
		quote, slash := w^(ones*'"'), w^(ones*'\\')
		stop := ((quote - ones) &^ quote) | ((slash - ones) &^ slash) | ((w - ones*0x20) &^ w)
		if stop &= tops; stop != 0 {
			return n + bits.TrailingZeros64(stop)/8 // the lowest hit is exact, higher ones may be echoes of it
		}
	}
	for ; n < len(b) && b[n] >= 0x20 && b[n] != '"' && b[n] != '\\'; n++ {
	}
	return n
}

func (d *decoder) escape() error {
	d.pos++
	c := d.peek()
	if strings.IndexByte(`"\/bfnrt`, c) >= 0 && c != 0 {
		d.pos++
		return nil
	}
	if c != 'u' || d.pos+5 > len(d.data) {
		return errSyntax
	}
	for _, h := range d.data[d.pos+1 : d.pos+5] {
		if (h < '0' || h > '9') && (h < 'a' || h > 'f') && (h < 'A' || h > 'F') {
			return errSyntax
		}
	}
	d.pos += 5
	return nil
}

// unquote is the text between quotes as it reads.
func unquote(raw []byte) string {
	if bytes.IndexByte(raw, '\\') < 0 && utf8.Valid(raw) {
		return string(raw)
	}
	var s string
	_ = json.Unmarshal(append(append([]byte{'"'}, raw...), '"'), &s) // was checked when it was read
	return s
}

// members reads an object; each gets the raw name and reads the value.
func (d *decoder) members(each func(name []byte) error) error {
	return d.list('{', '}', func() error {
		if d.peek() != '"' {
			return errSyntax
		}
		name, err := d.text()
		if err != nil {
			return err
		}
		d.space()
		if d.peek() != ':' {
			return errSyntax
		}
		d.pos++
		d.space()
		return each(name)
	})
}

// elements reads an array; each reads one value.
func (d *decoder) elements(each func() error) error { return d.list('[', ']', each) }

func (d *decoder) list(begin, end byte, each func() error) error {
	if d.peek() != begin {
		return errSyntax
	}
	if d.depth++; d.depth > maxDepth {
		return errSyntax
	}
	d.pos++
	d.space()
	if d.peek() == end {
		d.pos++
		d.depth--
		return nil
	}
	for {
		if err := each(); err != nil {
			return err
		}
		d.space()
		c := d.peek()
		d.pos++
		if c == end {
			d.depth--
			return nil
		}
		if c != ',' {
			d.pos--
			return errSyntax
		}
		d.space()
	}
}

// tolerate reads one value and, when it is well-formed but refused (a broken id), goes past it and answers false.
func (d *decoder) tolerate(read func() error) (ok bool, err error) {
	start, depth := d.pos, d.depth
	err = read()
	if err == nil {
		return true, nil
	}
	d.pos, d.depth = start, depth
	_, err = d.skip()
	return false, err
}
