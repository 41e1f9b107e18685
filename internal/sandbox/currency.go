package sandbox

import (
	"encoding/json"
	"strings"
)

// rate is the sandbox's fixed exchange rate: ten-thousandths of a unit of the currency for one yuan, and its decimals.
type rate struct {
	per10000 int64
	decimals int
}

var rates = map[string]rate{
	"CNY": {10_000, 2}, "HKD": {10_900, 2}, "MOP": {11_200, 2}, "TWD": {45_200, 0}, "USD": {1_400, 2}, "EUR": {1_280, 2}, "GBP": {1_100, 2}, "JPY": {208_000, 0},
	"KRW": {1_950_000, 0}, "VND": {36_000_000, 0}, "MYR": {6_100, 2}, "THB": {47_500, 2}, "SGD": {1_850, 2}, "IDR": {22_900_000, 0}, "PHP": {80_500, 2},
	"RUB": {112_000, 2}, "KZT": {735_000, 2}, "INR": {121_000, 2}, "AUD": {2_150, 2}, "NZD": {2_350, 2}, "CAD": {1_930, 2}, "BRL": {7_700, 2}, "MXN": {26_500, 2},
	"SAR": {5_250, 2}, "AED": {5_140, 2}, "TRY": {58_000, 2}, "PLN": {5_400, 2},
}

// rateOf finds a currency; the code may be in lower case.
func rateOf(code string) (*rate, bool) {
	r, ok := rates[strings.ToUpper(strings.TrimSpace(code))]
	return &r, ok
}

// of converts fen, rounding half up to the currency's smallest unit. Without a currency it is null.
func (r *rate) of(fen int64) any {
	if r == nil {
		return nil
	}
	whole := fen * r.per10000 // in ten-thousandths of a hundredth
	if r.decimals == 0 {
		return json.Number(itoa((whole + 500_000) / 1_000_000))
	}
	return yuan((whole + 5_000) / 10_000)
}
