package money

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// HalfUp is the only rounding rule there is: to the nearest step, half away from zero.
const HalfUp = "half-up"

// Longest rate we accept; far beyond any real one, and it keeps the arithmetic small.
const (
	maxRateWhole    = 12
	maxRateDecimals = 18
)

// Rate is a snapshot of one exchange rate. It is stored with what was computed from it, so that an amount can be
// proved later; its JSON form (see MarshalJSON) keeps every digit.
type Rate struct {
	Base     string          // always "CNY"
	Quote    string          // the currency bought, ISO 4217
	Value    decimal.Decimal // units of Quote for 1 CNY, more than 0
	AsOf     time.Time       // when the source published it, UTC
	Source   string          // who said so: "built-in", "staff", a provider
	Rounding string          // HalfUp
}

// NewRate makes a rate, as of a time kept to the ms, from its decimal text ("21.50"; no sign or exponent, at most 12 digits and 18 decimals).
// It fails with ErrRate or ErrCurrency.
func NewRate(quote, value string, asOf time.Time, source string) (Rate, error) {
	if _, ok := CurrencyOf(quote); !ok {
		return Rate{}, ErrCurrency
	}
	number, err := parseRateValue(value)
	if err != nil {
		return Rate{}, err
	}
	rate := Rate{Base: CNY.Code, Quote: quote, Value: number, AsOf: asOf.UTC().Truncate(time.Millisecond), Source: source, Rounding: HalfUp}
	return rate, rate.check()
}

func parseRateValue(text string) (decimal.Decimal, error) {
	whole, fraction, point := strings.Cut(text, ".")
	if !allDigits(whole) || point && !allDigits(fraction) || len(whole) > maxRateWhole || len(fraction) > maxRateDecimals {
		return decimal.Decimal{}, fmt.Errorf("%w: value", ErrRate)
	}
	number, err := decimal.NewFromString(text)
	if err != nil || !number.IsPositive() {
		return decimal.Decimal{}, fmt.Errorf("%w: value", ErrRate)
	}
	return number, nil
}

// check tells whether r can be computed with: complete, and made by the rule this code knows.
func (r Rate) check() error {
	switch {
	case r.Base != CNY.Code || r.Quote == "":
		return fmt.Errorf("%w: base or quote", ErrRate)
	case r.Quote == CNY.Code && !r.Value.Equal(decimal.NewFromInt(1)):
		return fmt.Errorf("%w: CNY to CNY is not 1", ErrRate)
	case r.Rounding != HalfUp:
		return fmt.Errorf("%w: rounding", ErrRate)
	case !r.Value.IsPositive():
		return fmt.Errorf("%w: value", ErrRate)
	}
	return nil
}

// Text is the rate's value with exactly the digits it was given.
func (r Rate) Text() string {
	return r.Value.StringFixed(max(0, -r.Value.Exponent()))
}

// rateJSON is how a Rate is stored; the value is text because JSON numbers lose digits.
type rateJSON struct {
	Base     string    `json:"base"`
	Quote    string    `json:"quote"`
	Value    string    `json:"value"`
	AsOf     time.Time `json:"asOf"`
	Source   string    `json:"source"`
	Rounding string    `json:"rounding"`
}

// MarshalJSON writes {"base","quote","value","asOf","source","rounding"}, the value as text.
func (r Rate) MarshalJSON() ([]byte, error) {
	return json.Marshal(rateJSON{r.Base, r.Quote, r.Text(), r.AsOf.UTC(), r.Source, r.Rounding})
}

// UnmarshalJSON reads what MarshalJSON wrote, to the same digit; anything else is ErrRate.
func (r *Rate) UnmarshalJSON(data []byte) error {
	var in rateJSON
	if err := json.Unmarshal(data, &in); err != nil {
		return fmt.Errorf("%w: %w", ErrRate, err)
	}
	value, err := parseRateValue(in.Value)
	if err != nil {
		return err
	}
	out := Rate{in.Base, in.Quote, value, in.AsOf.UTC(), in.Source, in.Rounding}
	if err := out.check(); err != nil {
		return err
	}
	*r = out
	return nil
}

// Convert turns an amount of CNY into minor units of the rate's quote currency, rounded to the nearest multiple of the
// currency's step, half away from zero. The product is exact before that one rounding. It fails with ErrCurrency when
// currency is not the quote, ErrRate for a rate not made by this package, or ErrOverflow.
func (r Rate) Convert(amount Fen, currency Currency) (int64, error) {
	if currency.Code != r.Quote || currency.Step < 1 || currency.Exponent < 0 {
		return 0, ErrCurrency
	}
	if err := r.check(); err != nil {
		return 0, err
	}
	if minor, ok := r.convertSmall(amount, currency); ok {
		return minor, nil
	}
	step := decimal.NewFromInt(currency.Step)
	exact := decimal.New(int64(amount), -2).Mul(r.Value).Shift(int32(currency.Exponent)) // #nosec G115 -- at most 4
	minor := exact.DivRound(step, 0).Mul(step).BigInt()
	if !minor.IsInt64() || minor.Int64() == math.MinInt64 {
		return 0, ErrOverflow
	}
	return minor.Int64(), nil
}

// convertSmall is Convert in machine words, which are enough for everyday prices; ok is false when they are not.
func (r Rate) convertSmall(amount Fen, currency Currency) (minor int64, ok bool) {
	scale := CNY.Exponent - currency.Exponent - int(r.Value.Exponent()) // digits of the product below the minor unit
	if scale < 0 || scale > 15 || currency.Step > 1000 || r.Value.NumDigits() > 18 {
		return 0, false
	}
	step := uint64(currency.Step)
	unit := uint64(pow10(scale)) * step
	high, product := bits.Mul64(magnitude(int64(amount)), uint64(r.Value.CoefficientInt64()))
	steps := product / unit
	if high != 0 || steps >= math.MaxInt64/step {
		return 0, false
	}
	if rest := product % unit; rest >= unit-rest {
		steps++
	}
	minor = int64(steps * step)
	if amount < 0 {
		minor = -minor
	}
	return minor, true
}

// ConvertParts converts the parts of a total (lines, freight, a negative discount) one by one and adds the results up.
// A total shown beside its parts must come from here: converted by itself it could differ from their sum.
func (r Rate) ConvertParts(currency Currency, parts ...Fen) (minors []int64, total int64, err error) {
	minors = make([]int64, len(parts))
	for i, part := range parts {
		if minors[i], err = r.Convert(part, currency); err != nil {
			return nil, 0, err
		}
	}
	if total, err = Sum(minors...); err != nil {
		return nil, 0, err
	}
	return minors, total, nil
}

// FX is the wire shape of the rate behind a price.
type FX struct {
	Rate     string `json:"rate"`     // units of the local currency for 1 CNY, as text
	AsOf     string `json:"asOf"`     // RFC 3339, UTC, milliseconds
	Source   string `json:"source"`   // see Rate.Source
	Rounding string `json:"rounding"` // "half-up/10": to the nearest 10 minor units
}

// FX describes the rate and the rounding it is used with in currency.
func (r Rate) FX(currency Currency) *FX {
	return &FX{
		Rate:     r.Text(),
		AsOf:     r.AsOf.UTC().Format("2006-01-02T15:04:05.000Z"),
		Source:   r.Source,
		Rounding: r.Rounding + "/" + strconv.FormatInt(currency.Step, 10),
	}
}

// Price is the wire shape of an amount in the shopper's currency beside what 1688 asks.
type Price struct {
	Local    Money `json:"local"`
	Original Money `json:"original"`     // CNY fen, verbatim from 1688
	FX       *FX   `json:"fx,omitempty"` // absent where the local currency is CNY
}

// NewPrice converts an amount for display in locale. It fails like Rate.Convert.
func NewPrice(amount Fen, currency Currency, rate Rate, locale string) (Price, error) {
	return Quoter{Rate: rate, Currency: currency, Locale: locale}.Price(amount)
}

// QuotedPrice is the price of amounts converted earlier with rate (a stored order, a sum from ConvertParts).
func QuotedPrice(minor int64, amount Fen, currency Currency, rate Rate, locale string) Price {
	return Quoter{Rate: rate, Currency: currency, Locale: locale}.Stored(amount, minor)
}

// Rates is an immutable table of rates, one for each quote currency. The zero value is empty.
type Rates struct {
	byQuote map[string]Rate
	tags    map[string]string // see Book.Version
}

func table(byQuote map[string]Rate) Rates {
	tags := make(map[string]string, len(byQuote))
	for quote, rate := range byQuote {
		tags[quote] = rate.Source + "@" + rate.Text()
	}
	return Rates{byQuote, tags}
}

// NewRates makes a table; a later rate of the same currency replaces an earlier one. It fails with ErrRate.
func NewRates(rates ...Rate) (Rates, error) {
	byQuote := make(map[string]Rate, len(rates))
	for _, rate := range rates {
		if err := rate.check(); err != nil {
			return Rates{}, fmt.Errorf("%s: %w", rate.Quote, err)
		}
		byQuote[rate.Quote] = rate
	}
	return table(byQuote), nil
}

// Rate finds the rate for a quote currency, or ErrNoRate. CNY itself is always there, at 1.
func (rs Rates) Rate(quote string) (Rate, error) {
	if rate, ok := rs.byQuote[quote]; ok {
		return rate, nil
	}
	if quote == CNY.Code {
		return Rate{Base: CNY.Code, Quote: CNY.Code, Value: decimal.NewFromInt(1), Source: BuiltIn, Rounding: HalfUp}, nil
	}
	return Rate{}, fmt.Errorf("%w: %s", ErrNoRate, quote)
}

// List is every rate of the table, ordered by currency.
func (rs Rates) List() []Rate {
	return slices.SortedFunc(maps.Values(rs.byQuote), func(a, b Rate) int { return strings.Compare(a.Quote, b.Quote) })
}

// BuiltIn marks the rates that come with the program.
const BuiltIn = "built-in"

// DefaultRates are round figures for demos and first starts, with source BuiltIn. They are nobody's market rates: a
// site that takes real money must replace them.
func DefaultRates(asOf time.Time) Rates {
	byQuote := make(map[string]Rate)
	for quote, value := range map[string]string{
		"CNY": "1", "EUR": "0.128", "HKD": "1.085", "IDR": "2230", "JPY": "21.50", "KRW": "193.5", "KWD": "0.0425",
		"MYR": "0.620", "PHP": "7.95", "SGD": "0.186", "THB": "4.95", "TWD": "4.40", "USD": "0.1385", "VND": "3520",
	} {
		rate, err := NewRate(quote, value, asOf, BuiltIn)
		if err != nil {
			panic("money: built-in rate " + quote + ": " + err.Error()) // a typo above, found by any test
		}
		byQuote[quote] = rate
	}
	return table(byQuote)
}
