// Package money holds exact amounts: minor units, CNY fen, exchange rate snapshots, rounding and display.
//
// No float64 comes near an amount. Amounts are int64 minor units within ±math.MaxInt64; only exchange rates are
// decimals, and they travel as text. Rounding is always half away from zero ("half up" for the positive amounts shops
// deal in), so a refund converts to exactly the negative of what was charged.
package money

import (
	"strings"

	gomoney "github.com/Rhymond/go-money"
)

// Currency is an ISO 4217 currency as a site uses it.
type Currency struct {
	Code     string // "JPY"
	Exponent int    // decimal digits of the minor unit: 0 for JPY, 2 for USD, 3 for KWD
	Step     int64  // converted amounts are multiples of this many minor units; at least 1
}

// CNY is what 1688 counts in; its minor unit is the fen.
var CNY = Currency{Code: "CNY", Exponent: 2, Step: 1}

// custom is how we use the currencies whose plain ISO habits would look wrong: steps where the minor unit is not in
// use, and the symbol shown. Every other ISO currency works with step 1 and its code as symbol.
var custom = map[string]struct {
	step   int64
	symbol string
}{
	"CNY": {1, "CN¥"}, // JPY and CNY share ¥: each has the bare sign only at home, see symbolOf
	"EUR": {1, "€"},
	"GBP": {1, "£"},
	"HKD": {1, "HK$"},
	"IDR": {100, "Rp"}, // sen are gone: whole rupiah
	"JPY": {1, "¥"},
	"KRW": {10, "₩"}, // the smallest coin
	"MYR": {1, "RM"},
	"PHP": {1, "₱"},
	"SGD": {1, "S$"},
	"THB": {1, "฿"},
	"TWD": {100, "NT$"}, // shops price in whole dollars
	"USD": {1, "$"},
	"VND": {100, "₫"}, // the smallest amount anyone prices in
}

// CurrencyOf looks a currency up by its upper-case ISO 4217 code; ok is false for an unknown one. A site that rounds
// otherwise changes Step on its copy.
func CurrencyOf(code string) (currency Currency, ok bool) {
	iso := gomoney.GetCurrency(code)
	if iso == nil || iso.Code != code {
		return Currency{}, false
	}
	step := int64(1)
	if c, known := custom[code]; known {
		step = c.step
	}
	return Currency{Code: iso.Code, Exponent: iso.Fraction, Step: step}, true
}

// Money is the wire shape of an amount.
type Money struct {
	Amount   int64  `json:"amount"`   // minor units
	Currency string `json:"currency"` // ISO 4217
	Exponent int    `json:"exponent"` // decimal digits of the minor unit
	Display  string `json:"display"`  // for people only; see Format
}

// NewMoney makes the wire shape of minor units of a currency, shown for locale ("ja", "ja-JP" or "ja_JP").
func NewMoney(minor int64, currency Currency, locale string) Money {
	return Money{Amount: minor, Currency: currency.Code, Exponent: currency.Exponent, Display: Format(minor, currency, locale)}
}

// Format writes an amount for people: sign, symbol, digits grouped by three.
//
//	en "$12.80"  "CN¥57.60"  "RM1,280.50"  "₫12,000"   symbol first, comma groups
//	ja "￥1,280"                                         JPY has its full-width sign at home
//	zh "¥57.60"  "JP¥1,280"                             the bare ¥ is CNY at home, so JPY says JP
//	vi "12.000 ₫"                                       symbol last after a no-break space, point groups
//	id "Rp22.300"                                       symbol first, point groups
//
// Currencies without a symbol of their own show their code and a no-break space, "KWD 1.280". Decimals are always those
// of the currency, except that a whole amount drops them where the step allows no fraction ("NT$120", not "NT$120.00").
func Format(minor int64, currency Currency, locale string) string {
	language, _, _ := strings.Cut(strings.ReplaceAll(locale, "_", "-"), "-")
	language = strings.ToLower(language)

	exponent := currency.Exponent
	if unit := pow10(exponent); exponent > 0 && currency.Step%unit == 0 && minor%unit == 0 {
		minor, exponent = minor/unit, 0
	}
	point, group := ".", ","
	if language == "vi" || language == "id" {
		point, group = ",", "."
	}
	symbol := symbolOf(currency.Code, language)
	template := "$1"
	switch {
	case language == "vi":
		template = "1\u00a0$"
	case symbol == currency.Code:
		template = "$\u00a01"
	}
	return gomoney.NewFormatter(exponent, point, group, symbol, template).Format(minor)
}

// symbolOf is the sign of a currency for readers of a language; its code where no sign is unmistakable.
func symbolOf(code, language string) string {
	switch {
	case code == "JPY" && language == "ja":
		return "￥"
	case code == "JPY" && language == "zh":
		return "JP¥"
	case code == "CNY" && language == "zh":
		return "¥"
	}
	if c, known := custom[code]; known {
		return c.symbol
	}
	return code
}

// pow10 is 10^n for n up to 18.
func pow10(n int) int64 {
	p := int64(1)
	for range n {
		p *= 10
	}
	return p
}
