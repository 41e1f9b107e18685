package money

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// siteCurrencies are the ones our country packs use, plus the odd exponents.
var siteCurrencies = []string{
	"CNY", "EUR", "HKD", "IDR", "JPY", "KRW", "KWD", "MYR", "PHP", "SGD", "THB", "TWD", "USD", "VND",
}

func currency(t require.TestingT, code string) Currency {
	c, ok := CurrencyOf(code)
	require.True(t, ok, code)
	return c
}

func TestCurrencyOf(t *testing.T) {
	// Exponents as published in ISO 4217.
	for code, exponent := range map[string]int{
		"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "ISK": 0, "XOF": 0, "UGX": 0,
		"CNY": 2, "EUR": 2, "HKD": 2, "IDR": 2, "MYR": 2, "PHP": 2, "SGD": 2, "THB": 2, "TWD": 2, "USD": 2, "MXN": 2, "BRL": 2,
		"KWD": 3, "BHD": 3, "JOD": 3, "OMR": 3, "TND": 3,
	} {
		c := currency(t, code)
		assert.Equal(t, exponent, c.Exponent, code)
		assert.Equal(t, code, c.Code)
		assert.GreaterOrEqual(t, c.Step, int64(1), code)
	}
	for _, code := range []string{"", "jpy", "XXQ", "YEN", "JPY "} {
		_, ok := CurrencyOf(code)
		assert.False(t, ok, "%q", code)
	}
	assert.Equal(t, CNY, currency(t, "CNY"))
	for code := range custom {
		currency(t, code)
	}
}

func TestFormat(t *testing.T) {
	tests := []struct {
		minor        int64
		code, locale string
		want         string
	}{
		{1280, "JPY", "ja", "￥1,280"},
		{1280, "JPY", "ja_JP", "￥1,280"},
		{1280, "JPY", "en", "¥1,280"},
		{1280, "JPY", "zh-CN", "JP¥1,280"},
		{5760, "CNY", "ja", "CN¥57.60"},
		{5760, "CNY", "zh_TW", "¥57.60"},
		{5760, "CNY", "vi", "57,60\u00a0CN¥"},
		{1280, "USD", "en", "$12.80"},
		{5, "USD", "en-US", "$0.05"},
		{-123456789, "USD", "en", "-$1,234,567.89"},
		{12000, "VND", "vi", "12.000\u00a0₫"},
		{12000, "VND", "vi-VN", "12.000\u00a0₫"},
		{12000, "VND", "en", "₫12,000"},
		{0, "VND", "vi", "0\u00a0₫"},
		{38700, "KRW", "ko", "₩38,700"},
		{128050, "MYR", "ms_MY", "RM1,280.50"},
		{49500, "THB", "th", "฿495.00"},
		{2230000, "IDR", "id", "Rp22.300"},
		{2230050, "IDR", "id", "Rp22.300,50"},
		{2230000, "IDR", "en", "Rp22,300"},
		{12000, "TWD", "zh-TW", "NT$120"},
		{12000, "HKD", "zh_HK", "HK$120.00"},
		{1280, "KWD", "en", "KWD\u00a01.280"},
		{1280, "KWD", "vi", "1,280\u00a0KWD"},
		{1280, "MXN", "es-MX", "MXN\u00a012.80"},
		{1280, "JPY", "", "¥1,280"},
		{math.MaxInt64, "JPY", "ja", "￥9,223,372,036,854,775,807"},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, Format(tt.minor, currency(t, tt.code), tt.locale), "%s %s", tt.code, tt.locale)
	}
}

// What is shown is the amount: dropping everything but sign and digits gives it back.
func TestFormatLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := currency(t, rapid.SampledFrom(siteCurrencies).Draw(t, "currency"))
		locale := rapid.SampledFrom([]string{"en", "zh", "ja", "ko", "vi", "ms", "th", "id_ID"}).Draw(t, "locale")
		minor := rapid.Int64Range(-math.MaxInt64, math.MaxInt64).Draw(t, "minor")
		if rapid.Bool().Draw(t, "stepped") {
			minor -= minor % c.Step
		}
		shown := Format(minor, c, locale)
		digits := strings.Map(func(r rune) rune {
			if r == '-' || unicode.IsDigit(r) {
				return r
			}
			return -1
		}, shown)
		got, err := strconv.ParseInt(digits, 10, 64)
		require.NoError(t, err, shown)
		if got != minor { // the decimals were dropped because they are zero
			require.Equal(t, minor, got*pow10(c.Exponent), shown)
		}
	})
}

func TestMoneyWireShape(t *testing.T) {
	raw, err := json.Marshal(NewMoney(1280, currency(t, "JPY"), "ja"))
	require.NoError(t, err)
	assert.Equal(t, `{"amount":1280,"currency":"JPY","exponent":0,"display":"￥1,280"}`, string(raw))
}
