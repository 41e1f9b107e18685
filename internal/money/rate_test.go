package money

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var asOf = time.Date(2026, 9, 25, 1, 2, 3, 456_000_000, time.UTC)

func newRate(t require.TestingT, quote, value string) Rate {
	rate, err := NewRate(quote, value, asOf, "test")
	require.NoError(t, err)
	return rate
}

func TestConvert(t *testing.T) {
	tests := []struct {
		quote, rate string
		fen         Fen
		want        int64
	}{
		{"JPY", "21.50", 170, 37},                // 36.55
		{"JPY", "20", 1, 0},                      // 0.2
		{"JPY", "50", 1, 1},                      // 0.5 goes up
		{"JPY", "50", -1, -1},                    // and a refund mirrors it
		{"JPY", "21.50", 0, 0},                   //
		{"KRW", "193.5", 170, 330},               // 328.95 -> step 10
		{"KRW", "100", 5, 10},                    // 5 is half a step
		{"KRW", "100", 4, 0},                     //
		{"VND", "3520", 170, 6000},               // 5984 -> step 100
		{"MYR", "0.62", 170, 105},                // 1.054 ringgit
		{"THB", "4.95", 170, 842},                // 8.415 baht: a float would say 841
		{"USD", "0.1385", 1000, 139},             // 1.385 dollars: half a cent goes up
		{"KWD", "0.0425", 1000, 425},             // 3 digits
		{"KWD", "0.04251", 1000, 425},            //
		{"IDR", "2230", 170, 379100},             // 3791 rupiah, sen kept at zero
		{"IDR", "2230.3", 170, 379200},           // 3791.51
		{"TWD", "4.40", 170, 700},                // 7.48 -> whole dollars
		{"EUR", "0.128", 100_000_000, 128000_00}, //
		{"CNY", "1", 12345, 12345},
		{"USD", "0.000000000000000001", math.MaxInt64, 9},
	}
	for _, tt := range tests {
		got, err := newRate(t, tt.quote, tt.rate).Convert(tt.fen, currency(t, tt.quote))
		require.NoError(t, err)
		assert.Equal(t, tt.want, got, "%s fen at %s %s", tt.fen.Yuan(), tt.rate, tt.quote)
	}
}

func TestConvertHonoursASitesStep(t *testing.T) {
	dong := currency(t, "VND")
	dong.Step = 1000
	got, err := newRate(t, "VND", "3520").Convert(185, dong) // 6512
	require.NoError(t, err)
	assert.Equal(t, int64(7000), got)
}

func TestConvertRefuses(t *testing.T) {
	yen := currency(t, "JPY")
	rate := newRate(t, "JPY", "21.50")
	_, err := rate.Convert(1, currency(t, "USD"))
	require.ErrorIs(t, err, ErrCurrency)
	_, err = rate.Convert(1, Currency{Code: "JPY"})
	require.ErrorIs(t, err, ErrCurrency, "a step of zero")
	_, err = Rate{}.Convert(1, yen)
	require.Error(t, err)
	_, err = rate.Convert(math.MaxInt64, yen)
	require.NoError(t, err, "21.5/100 of the largest amount still fits")
	_, err = newRate(t, "JPY", "101").Convert(math.MaxInt64, yen)
	require.ErrorIs(t, err, ErrOverflow)

	future := rate
	future.Rounding = "bankers"
	_, err = future.Convert(1, yen)
	require.ErrorIs(t, err, ErrRate, "never recomputed by a rule the snapshot was not made with")
}

func rateTexts() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		for {
			text := rapid.StringMatching(`(0|[1-9][0-9]{0,5})(\.[0-9]{1,10})?`).Draw(t, "rate")
			if value, err := decimal.NewFromString(text); err == nil && value.IsPositive() {
				return text
			}
			if rapid.Bool().Draw(t, "give up") {
				return "0.10"
			}
		}
	})
}

func TestConvertMatchesExactArithmetic(t *testing.T) {
	for _, code := range siteCurrencies {
		if code == "CNY" {
			continue
		}
		t.Run(code, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				c := currency(t, code)
				text := rateTexts().Draw(t, "text")
				fen := rapid.OneOf(fens(), rapid.Map(rapid.Int64Range(-10_000_000, 10_000_000), func(n int64) Fen { return Fen(n) })).Draw(t, "fen")
				got, err := newRate(t, code, text).Convert(fen, c)

				exact, _ := new(big.Rat).SetString(text)
				exact.Mul(exact, new(big.Rat).SetFrac64(int64(fen), 100))
				exact.Mul(exact, new(big.Rat).SetFrac64(pow10(c.Exponent), c.Step))
				steps := roundHalfAway(exact)
				wantMinor(t, steps.Mul(steps, big.NewInt(c.Step)), got, err)

				mirrored, mirrorErr := newRate(t, code, text).Convert(-fen, c)
				require.Equal(t, err, mirrorErr)
				require.Equal(t, -got, mirrored, "a refund is exactly the charge")
			})
		})
	}
}

// The total shown beside converted lines, freight and discount is their sum, step for step, in every currency.
func TestPartsAddUpToWhatIsShown(t *testing.T) {
	rates := DefaultRates(asOf)
	rapid.Check(t, func(t *rapid.T) {
		c := currency(t, rapid.SampledFrom(siteCurrencies).Draw(t, "currency"))
		rate, err := rates.Rate(c.Code)
		require.NoError(t, err)
		part := rapid.Custom(func(t *rapid.T) Fen { return Fen(rapid.Int64Range(-100_000, 100_000_000).Draw(t, "part")) })
		parts := rapid.SliceOfN(part, 0, 60).Draw(t, "parts")

		minors, total, err := rate.ConvertParts(c, parts...)
		require.NoError(t, err)
		require.Len(t, minors, len(parts))
		var sum, fen int64
		for i, minor := range minors {
			alone, err := rate.Convert(parts[i], c)
			require.NoError(t, err)
			require.Equal(t, alone, minor)
			require.Zero(t, minor%c.Step)
			sum += minor
			fen += int64(parts[i])
		}
		require.Equal(t, sum, total)
		require.Equal(t, total, NewMoney(total, c, "en").Amount)

		whole, err := rate.Convert(Fen(fen), c)
		require.NoError(t, err)
		gap := max(whole-total, total-whole)
		require.LessOrEqual(t, 2*gap, c.Step*int64(len(parts)+1), "parts and whole differ by rounding alone")
	})
}

func TestConvertPartsOverflow(t *testing.T) {
	rate := newRate(t, "JPY", "100")
	_, _, err := rate.ConvertParts(currency(t, "JPY"), math.MaxInt64, 1)
	require.ErrorIs(t, err, ErrOverflow)
	_, _, err = rate.ConvertParts(currency(t, "USD"), 1)
	require.ErrorIs(t, err, ErrCurrency)
}

func TestRateJSON(t *testing.T) {
	raw, err := json.Marshal(newRate(t, "JPY", "21.50"))
	require.NoError(t, err)
	assert.Equal(t, `{"base":"CNY","quote":"JPY","value":"21.50","asOf":"2026-09-25T01:02:03.456Z","source":"test","rounding":"half-up"}`, string(raw))
}

func TestRateJSONRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rateTexts().Draw(t, "text")
		rate := newRate(t, rapid.SampledFrom(siteCurrencies[1:]).Draw(t, "quote"), text)
		require.Equal(t, text, rate.Text())
		raw, err := json.Marshal(rate)
		require.NoError(t, err)
		var back Rate
		require.NoError(t, json.Unmarshal(raw, &back))
		require.Equal(t, rate, back)
		again, err := json.Marshal(back)
		require.NoError(t, err)
		require.Equal(t, string(raw), string(again))
	})
}

func TestRateJSONRefuses(t *testing.T) {
	const form = `{"base":%q,"quote":%q,"value":%s,"asOf":"2026-09-25T01:02:03Z","source":"x","rounding":%q}`
	for name, text := range map[string]string{
		"number":         fmt.Sprintf(form, "CNY", "JPY", `21.5`, HalfUp),
		"zero":           fmt.Sprintf(form, "CNY", "JPY", `"0"`, HalfUp),
		"negative":       fmt.Sprintf(form, "CNY", "JPY", `"-1"`, HalfUp),
		"exponent":       fmt.Sprintf(form, "CNY", "JPY", `"1e999999999"`, HalfUp),
		"NaN":            fmt.Sprintf(form, "CNY", "JPY", `"NaN"`, HalfUp),
		"too long":       fmt.Sprintf(form, "CNY", "JPY", `"1234567890123"`, HalfUp),
		"too fine":       fmt.Sprintf(form, "CNY", "JPY", `"0.1234567890123456789"`, HalfUp),
		"other base":     fmt.Sprintf(form, "USD", "JPY", `"1"`, HalfUp),
		"no quote":       fmt.Sprintf(form, "CNY", "", `"1"`, HalfUp),
		"CNY not at 1":   fmt.Sprintf(form, "CNY", "CNY", `"2"`, HalfUp),
		"other rounding": fmt.Sprintf(form, "CNY", "JPY", `"1"`, "down"),
		"empty":          `{}`,
		"array":          `[]`,
	} {
		before := newRate(t, "JPY", "21.50")
		after := before
		require.ErrorIs(t, json.Unmarshal([]byte(text), &after), ErrRate, name)
		assert.Equal(t, before, after, "%s: left as it was", name)
	}
}

func TestNewRateRefuses(t *testing.T) {
	_, err := NewRate("XXQ", "1", asOf, "test")
	require.ErrorIs(t, err, ErrCurrency)
	for _, value := range []string{"", "0", "0.0", "-1", "+1", "1e3", ".5", "5.", " 1", "Inf"} {
		_, err := NewRate("JPY", value, asOf, "test")
		require.ErrorIs(t, err, ErrRate, value)
	}
	_, err = NewRate("CNY", "1.01", asOf, "test")
	require.ErrorIs(t, err, ErrRate)
}

func TestRates(t *testing.T) {
	local := time.FixedZone("UTC+9", 9*3600)
	rates := DefaultRates(asOf.In(local))
	for _, code := range siteCurrencies {
		rate, err := rates.Rate(code)
		require.NoError(t, err, code)
		assert.Equal(t, "built-in", rate.Source)
		assert.Equal(t, asOf, rate.AsOf, "kept in UTC")
	}
	assert.Len(t, rates.List(), len(siteCurrencies))
	_, err := rates.Rate("CHF")
	require.ErrorIs(t, err, ErrNoRate)

	table, err := NewRates(newRate(t, "USD", "0.1"), newRate(t, "JPY", "20"), newRate(t, "USD", "0.2"))
	require.NoError(t, err)
	list := table.List()
	require.Len(t, list, 2)
	assert.Equal(t, "JPY", list[0].Quote)
	assert.Equal(t, "0.2", list[1].Text(), "the later rate replaces the earlier")
	list[0].Quote = "XXX"
	assert.Equal(t, "JPY", table.List()[0].Quote, "the table cannot be changed through its list")

	_, err = NewRates(Rate{Quote: "JPY"})
	require.ErrorIs(t, err, ErrRate)
	home, err := Rates{}.Rate("CNY")
	require.NoError(t, err)
	same, err := home.Convert(123, CNY)
	require.NoError(t, err)
	assert.Equal(t, int64(123), same)
}

func TestPriceWireShape(t *testing.T) {
	price, err := NewPrice(170, currency(t, "KRW"), newRate(t, "KRW", "193.50"), "ko")
	require.NoError(t, err)
	raw, err := json.Marshal(price)
	require.NoError(t, err)
	assert.JSONEq(t, `{
		"local": {"amount":330,"currency":"KRW","exponent":0,"display":"₩330"},
		"original": {"amount":170,"currency":"CNY","exponent":2,"display":"CN¥1.70"},
		"fx": {"rate":"193.50","asOf":"2026-09-25T01:02:03.456Z","source":"test","rounding":"half-up/10"}}`, string(raw))

	home, err := NewPrice(170, CNY, newRate(t, "CNY", "1"), "zh")
	require.NoError(t, err)
	assert.Nil(t, home.FX)
	assert.Equal(t, home.Original, home.Local)

	_, err = NewPrice(170, CNY, newRate(t, "KRW", "193.50"), "ko")
	require.ErrorIs(t, err, ErrCurrency)
}
