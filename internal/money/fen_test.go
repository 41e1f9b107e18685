package money

import (
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestParseYuan(t *testing.T) {
	tests := []struct {
		text string
		want Fen
		err  error
	}{
		{"1.70", 170, nil},
		{"36", 3600, nil},
		{"0.3", 30, nil},
		{"0", 0, nil},
		{"-0", 0, nil},
		{"-5.01", -501, nil},
		{"007.10", 710, nil},
		{"0.004", 0, nil},
		{"0.005", 1, nil},
		{"0.0049999", 0, nil},
		{"-0.005", -1, nil},
		{"-0.004", 0, nil},
		{"1.995", 200, nil},
		{"19.999999999999999999999999", 2000, nil},
		{"92233720368547758.07", math.MaxInt64, nil},
		{"-92233720368547758.07", -math.MaxInt64, nil},
		{"92233720368547758.074", math.MaxInt64, nil},
		{"92233720368547758.075", 0, ErrOverflow},
		{"92233720368547758.08", 0, ErrOverflow},
		{"-92233720368547758.08", 0, ErrOverflow},
		{"184467440737095516.16", 0, ErrOverflow},
		{strings.Repeat("9", 60), 0, ErrOverflow},
		{strings.Repeat("0", 61) + "1.2", 120, nil},
		{strings.Repeat("0", 65), 0, ErrSyntax},
	}
	for _, tt := range tests {
		got, err := ParseYuan(tt.text)
		require.ErrorIs(t, err, tt.err, tt.text)
		assert.Equal(t, tt.want, got, tt.text)
	}
}

func TestParseYuanRefusesJunk(t *testing.T) {
	for _, text := range []string{
		"", " ", "-", ".", "-.", "1.", ".5", "+1", "--1", "1.2.3", "1,280.00", "1 280", " 1", "1 ", "1\n", "¥1", "1元",
		"1e3", "1E3", "0x10", "1_000", "NaN", "nan", "Inf", "-Infinity", "null", "１２", "٣", "1.-5", "1.5x", "1\x00",
	} {
		_, err := ParseYuan(text)
		assert.ErrorIs(t, err, ErrSyntax, "%q", text)
	}
}

func TestYuan(t *testing.T) {
	for fen, want := range map[Fen]string{
		0: "0.00", 1: "0.01", 10: "0.10", 170: "1.70", -1: "-0.01", -12345: "-123.45",
		math.MaxInt64: "92233720368547758.07", math.MinInt64: "-92233720368547758.08",
	} {
		assert.Equal(t, want, fen.Yuan())
	}
}

func fens() *rapid.Generator[Fen] {
	return rapid.Custom(func(t *rapid.T) Fen {
		return Fen(rapid.Int64Range(-math.MaxInt64, math.MaxInt64).Draw(t, "fen"))
	})
}

func TestYuanRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fen := fens().Draw(t, "fen")
		got, err := ParseYuan(fen.Yuan())
		require.NoError(t, err)
		require.Equal(t, fen, got)
	})
}

// roundHalfAway is the rule written down a second time, over exact rationals.
func roundHalfAway(x *big.Rat) *big.Int {
	doubled := new(big.Int).Mul(new(big.Int).Abs(x.Num()), big.NewInt(2))
	doubled.Add(doubled, x.Denom())
	whole := doubled.Quo(doubled, new(big.Int).Mul(x.Denom(), big.NewInt(2)))
	if x.Sign() < 0 {
		whole.Neg(whole)
	}
	return whole
}

// wantMinor asserts that got, err is the exact value or ErrOverflow where int64 (without its minimum) cannot hold it.
func wantMinor(t require.TestingT, exact *big.Int, got int64, err error) {
	limit := big.NewInt(math.MaxInt64)
	if exact.CmpAbs(limit) > 0 {
		require.ErrorIs(t, err, ErrOverflow)
		require.Zero(t, got)
		return
	}
	require.NoError(t, err)
	require.Equal(t, exact.String(), big.NewInt(got).String())
}

func TestParseYuanMatchesExactArithmetic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`-?[0-9]{1,20}(\.[0-9]{1,8})?`).Draw(t, "text")
		exact, ok := new(big.Rat).SetString(text)
		require.True(t, ok)
		got, err := ParseYuan(text)
		wantMinor(t, roundHalfAway(exact.Mul(exact, big.NewRat(100, 1))), int64(got), err)
	})
}

func TestArithmeticNeverOverflows(t *testing.T) {
	edges := rapid.SampledFrom([]int64{0, 1, -1, 2, math.MaxInt32, math.MaxInt64, -math.MaxInt64, math.MaxInt64/2 + 1, math.MinInt64})
	numbers := rapid.OneOf(edges, rapid.Int64(), rapid.Int64Range(-1_000_000, 1_000_000))
	rapid.Check(t, func(t *rapid.T) {
		a, b := numbers.Draw(t, "a"), numbers.Draw(t, "b")
		product, err := Mul(a, b)
		wantMinor(t, new(big.Int).Mul(big.NewInt(a), big.NewInt(b)), product, err)

		if a == math.MinInt64 { // not an amount, see Sum
			return
		}
		sum, err := Sum(a, b)
		wantMinor(t, new(big.Int).Add(big.NewInt(a), big.NewInt(b)), sum, err)
	})
}

func TestFenArithmetic(t *testing.T) {
	sum, err := Fen(170).Add(-30)
	require.NoError(t, err)
	assert.Equal(t, Fen(140), sum)
	product, err := Fen(170).MulQty(3)
	require.NoError(t, err)
	assert.Equal(t, Fen(510), product)

	_, err = Fen(math.MaxInt64).Add(1)
	require.ErrorIs(t, err, ErrOverflow)
	_, err = Fen(1 << 40).MulQty(1 << 40)
	require.ErrorIs(t, err, ErrOverflow)
	_, err = Sum(math.MaxInt64, 1, -1)
	require.ErrorIs(t, err, ErrOverflow, "a partial sum is out of range")
	_, err = Sum(-math.MaxInt64, -1)
	require.ErrorIs(t, err, ErrOverflow, "the minimum of int64 has no counterpart")
	none, err := Sum()
	require.NoError(t, err)
	assert.Zero(t, none)
}

func FuzzParseYuan(f *testing.F) {
	for _, seed := range []string{"1.70", "36", "0.3", "-0.005", "92233720368547758.07", "1e9", "NaN", ".", "１"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		fen, err := ParseYuan(text)
		if err != nil {
			assert.Zero(t, fen)
			assert.NotContains(t, err.Error(), "%!")
			return
		}
		exact, ok := new(big.Rat).SetString(text)
		require.True(t, ok, "accepted what is no number")
		wantMinor(t, roundHalfAway(exact.Mul(exact, big.NewRat(100, 1))), int64(fen), nil)
		again, err := ParseYuan(fen.Yuan())
		require.NoError(t, err)
		require.Equal(t, fen, again)
	})
}
