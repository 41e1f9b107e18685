package web

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"strconv"

	"entrepot/internal/errs"
)

// ID is a 63-bit id: a JSON string in answers, a string or an integer in requests, never a float.
type ID int64

// MarshalJSON implements json.Marshaler: "123".
func (id ID) MarshalJSON() ([]byte, error) {
	b := make([]byte, 0, 21)
	b = append(b, '"')
	b = strconv.AppendInt(b, int64(id), 10)
	return append(b, '"'), nil
}

// UnmarshalJSON implements json.Unmarshaler for "123" and 123; anything else is errs field.format.
func (id *ID) UnmarshalJSON(b []byte) error {
	if len(b) >= 2 && b[0] == '"' && b[len(b)-1] == '"' {
		b = b[1 : len(b)-1]
	}
	return id.UnmarshalText(b)
}

// UnmarshalText implements encoding.TextUnmarshaler, which the generated parameter binding looks for.
func (id *ID) UnmarshalText(b []byte) error {
	n, err := ParseID(string(b))
	if err != nil {
		return err
	}
	*id = ID(n)
	return nil
}

// String is the decimal text.
func (id ID) String() string { return strconv.FormatInt(int64(id), 10) }

// Int64 is the id as stored.
func (id ID) Int64() int64 { return int64(id) }

// ParseID reads a decimal id between 1 and 2^63-1 without sign, blanks or leading zeros; errs field.format otherwise.
func ParseID(s string) (int64, error) {
	if len(s) == 0 || len(s) > 19 || s[0] < '1' || s[0] > '9' {
		return 0, errs.New(errs.Invalid, "field.format")
	}
	n, err := strconv.ParseUint(s, 10, 63)
	if err != nil {
		return 0, errs.New(errs.Invalid, "field.format")
	}
	return int64(n), nil
}

const cursorVersion = 1

// EncodeCursor makes the opaque cursor of a keyset page from the last id shown.
func EncodeCursor(id int64) string {
	var b [13]byte
	b[0] = cursorVersion
	binary.BigEndian.PutUint64(b[1:], uint64(id))
	binary.BigEndian.PutUint32(b[9:], crc32.ChecksumIEEE(b[:9]))
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// DecodeCursor reads a cursor; errs cursor.invalid for anything EncodeCursor did not make. The checksum catches
// accidents, not attackers: a forged cursor only starts the caller's own list elsewhere.
func DecodeCursor(s string) (int64, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != 13 || b[0] != cursorVersion ||
		binary.BigEndian.Uint32(b[9:]) != crc32.ChecksumIEEE(b[:9]) {
		return 0, cursorInvalid()
	}
	id := int64(binary.BigEndian.Uint64(b[1:9]))
	if id <= 0 {
		return 0, cursorInvalid()
	}
	return id, nil
}

func cursorInvalid() error {
	return errs.New(errs.Invalid, "cursor.invalid").At("/query/cursor", "cursor.invalid")
}

// Page limits.
const (
	DefaultLimit = 20
	MaxLimit     = 100
)

// Page reads the cursor and limit parameters of a list: the id to start below (0 = from the newest) and the number
// of rows, 20 when not given, at most 100.
func Page(cursor *string, limit *int) (before int64, rows int, err error) {
	rows = DefaultLimit
	if limit != nil {
		if *limit < 1 || *limit > MaxLimit {
			return 0, 0, errs.New(errs.Invalid, "request.invalid").At("/query/limit", "field.range")
		}
		rows = *limit
	}
	if cursor == nil || *cursor == "" {
		return 0, rows, nil
	}
	before, err = DecodeCursor(*cursor)
	return before, rows, err
}
