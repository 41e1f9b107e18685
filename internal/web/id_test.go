package web

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"entrepot/internal/errs"
)

func TestIDJSON(t *testing.T) {
	var v struct{ A, B ID }
	require.NoError(t, json.Unmarshal([]byte(`{"A":"9223372036854775807","B":9007199254740993}`), &v))
	assert.Equal(t, ID(math.MaxInt64), v.A)
	assert.Equal(t, ID(9007199254740993), v.B, "not through a float")
	out, err := json.Marshal(v)
	require.NoError(t, err)
	assert.JSONEq(t, `{"A":"9223372036854775807","B":"9007199254740993"}`, string(out))
	assert.Equal(t, "7", ID(7).String())
	assert.EqualValues(t, 7, ID(7).Int64())
	for _, bad := range []string{`""`, `"0"`, `0`, `-1`, `1.0`, `1e3`, `"1 "`, `"01"`, `"9223372036854775808"`, `null`, `true`,
		`"٣"`, `"0x1"`, `[1]`, `"`} {
		var id ID
		require.Error(t, json.Unmarshal([]byte(bad), &id), bad)
	}
}

func TestCursor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.Int64Min(1).Draw(t, "id")
		got, err := DecodeCursor(EncodeCursor(id))
		if err != nil || got != id {
			t.Fatalf("%d came back as %d, %v", id, got, err)
		}
	})
	good := EncodeCursor(42)
	for _, bad := range []string{"", "x", good + "A", good[:len(good)-1], "B" + good[1:], "====", EncodeCursor(0), EncodeCursor(-5)} {
		_, err := DecodeCursor(bad)
		assert.True(t, errs.Is(err, "cursor.invalid"), bad)
	}
}

func FuzzCursor(f *testing.F) {
	f.Add(EncodeCursor(1))
	f.Add("AQAAAA")
	f.Fuzz(func(t *testing.T, s string) {
		id, err := DecodeCursor(s)
		if err == nil && EncodeCursor(id) != s {
			t.Fatalf("two texts for one cursor: %q", s)
		}
	})
}

func TestPage(t *testing.T) {
	ten, big, none := 10, 101, 0
	empty, bad, good := "", "zzz", EncodeCursor(9)
	before, rows, err := Page(nil, nil)
	require.NoError(t, err)
	assert.Zero(t, before)
	assert.Equal(t, DefaultLimit, rows)
	before, rows, err = Page(&good, &ten)
	require.NoError(t, err)
	assert.EqualValues(t, 9, before)
	assert.Equal(t, 10, rows)
	_, _, err = Page(&empty, nil)
	require.NoError(t, err)
	for _, c := range []struct {
		cursor *string
		limit  *int
	}{{&bad, nil}, {nil, &big}, {nil, &none}} {
		_, _, err = Page(c.cursor, c.limit)
		assert.Equal(t, errs.Invalid, errs.CodeOf(err))
	}
}
