package alibaba

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestID(t *testing.T) {
	for in, want := range map[string]ID{
		`1234567890123456789`: 1234567890123456789, `"9007199254740993"`: 9007199254740993, `" 7 "`: 7, `null`: 0, `""`: 0, `9223372036854775807`: 9223372036854775807,
	} {
		var id ID
		require.NoError(t, json.Unmarshal([]byte(in), &id), in)
		assert.Equal(t, want, id, in)
	}
	for _, in := range []string{`"abc"`, `1.5`, `-3`, `"+3"`, `true`, `{}`, `[1]`, `9223372036854775808`, `1e3`} {
		var id ID
		assert.Error(t, json.Unmarshal([]byte(in), &id), in)
	}
	assert.Equal(t, "1234567890123456789", ID(1234567890123456789).String())
	assert.Empty(t, ID(0).String())
	_, err := ParseID("")
	assert.Error(t, err)
}

func TestScalars_survive_drift(t *testing.T) {
	type all struct {
		ID    ID               `json:"id"`
		Text  Text             `json:"text"`
		Bool  Bool             `json:"bool"`
		Int   Int              `json:"int"`
		Yuan  Yuan             `json:"yuan"`
		Time  Time             `json:"time"`
		List  OneOrMany[Named] `json:"list"`
		Plain []Named          `json:"plain"`
		Nest  Named            `json:"nest"`
	}
	tests := []struct {
		name, in string
		want     all
	}{
		{"texts", `{"id":"5","text":"a\u4e2d","bool":"true","int":"5.0","yuan":"1.70","list":{"name":"x"}}`,
			all{ID: 5, Text: "a中", Bool: true, Int: 5, Yuan: "1.70", List: OneOrMany[Named]{{Name: "x"}}}},
		{"numbers", `{"id":5,"text":12.50,"bool":true,"int":1E3,"yuan":4.848E7,"list":[{"name":1}]}`,
			all{ID: 5, Text: "12.50", Bool: true, Int: 1000, Yuan: "48480000", List: OneOrMany[Named]{{Name: "1"}}}},
		{"nulls", `{"id":null,"text":null,"bool":null,"int":null,"yuan":null,"time":null,"list":null,"plain":null,"nest":null}`, all{}},
		{"wrong kinds", `{"text":{},"bool":[],"int":"x","yuan":{},"time":{},"list":"x","plain":"x","nest":[],"id":7}`, all{ID: 7}},
		{"unknown members", `{"class":"java.lang.Object","id":7}`, all{ID: 7}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got all
			require.NoError(t, decode([]byte(tt.in), &got))
			assert.Equal(t, tt.want, got)
		})
	}
	assert.Error(t, decode([]byte(`{"plain":"x","id":"junk"}`), &all{}), "an id fails loudly, even after a forgiven field")
}

func TestYuan_Fen(t *testing.T) {
	for in, want := range map[Yuan]int64{"1.70": 170, "36": 3600, "0.3": 30, "-0.05": -5, "6.155": 616, "6.1549": 615, "-1.005": -101, "92233720368547758.07": 9223372036854775807} {
		got, err := in.Fen()
		require.NoError(t, err, in)
		assert.Equal(t, want, got, in)
	}
	_, err := Yuan("").Fen()
	require.ErrorIs(t, err, ErrNoAmount)
	for _, in := range []Yuan{"abc", "1.00-2.00", "1.", ".5", "1,5", "NaN", "1e2", "--1", "92233720368547758.08", "99999999999999999999"} {
		_, err := in.Fen()
		assert.Error(t, err, in)
	}
}

func TestFenOfYuan_exact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fen := rapid.Int64Range(-1e15, 1e15).Draw(t, "fen")
		sign, abs := "", fen
		if fen < 0 {
			sign, abs = "-", -fen
		}
		text := fmt.Sprintf("%s%d.%02d", sign, abs/100, abs%100)
		for _, in := range []string{text, `"` + text + `"`} {
			var got FenOfYuan
			if err := json.Unmarshal([]byte(in), &got); err != nil || int64(got) != fen {
				t.Fatalf("%s: %d, %v", in, got, err)
			}
		}
	})
	for in, want := range map[string]FenOfYuan{`4.848E7`: 4848000000, `1e-2`: 1, `-2.5E1`: -2500, `null`: 0, `""`: 0, `0.0`: 0} {
		var got FenOfYuan
		require.NoError(t, json.Unmarshal([]byte(in), &got), in)
		assert.Equal(t, want, got, in)
	}
	for _, in := range []string{`"junk"`, `{}`, `true`, `1e999999999`, `1e30`} {
		var got FenOfYuan
		assert.Error(t, json.Unmarshal([]byte(in), &got), in)
	}
}

func TestTime(t *testing.T) {
	want := time.Date(2017, 9, 14, 6, 17, 8, 0, time.UTC)
	for _, in := range []string{`"20170913231708000-0700"`, `"20170914141708000+0800"`, `"2017-09-14 14:17:08"`, `1505369828000`, `"1505369828000"`, `"20170914141708"`} {
		var got Time
		require.NoError(t, json.Unmarshal([]byte(in), &got), in)
		assert.Equal(t, want, got.Time, in)
		assert.Equal(t, time.UTC, got.Location(), in)
	}
	for _, in := range []string{`""`, `null`, `"soon"`, `0`, `{}`, `"2017-13-14 14:17:08"`, `"20170913231708000+08"`, `1.5`, `-5`} {
		var got Time
		require.NoError(t, json.Unmarshal([]byte(in), &got), in)
		assert.True(t, got.IsZero(), in)
	}
	assert.Equal(t, "20170914141708000+0800", gatewayTime(want))
	assert.Equal(t, "2017-09-14 14:17:08", plainTime(want))
	assert.Empty(t, plainTime(time.Time{}))
}
