package money

import (
	"errors"
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// Errors of this package. They carry no caller input, so they may be logged.
var (
	// ErrSyntax: the text is not a plain decimal number.
	ErrSyntax = errors.New("money: not a decimal amount")
	// ErrOverflow: the result does not fit; amounts lie within ±math.MaxInt64.
	ErrOverflow = errors.New("money: amount out of range")
	// ErrNoRate: there is no exchange rate for the currency.
	ErrNoRate = errors.New("money: no exchange rate")
	// ErrCurrency: the currency is unknown or not the one the rate is for.
	ErrCurrency = errors.New("money: wrong currency")
	// ErrRate: a rate is not a positive decimal or lacks a part.
	ErrRate = errors.New("money: invalid exchange rate")
)

// maxText bounds the amounts we read, in bytes; the longest exact int64 amount has 21.
const maxText = 64

// Fen is an amount of 1/100 CNY, the unit of every total at 1688.
type Fen int64

// ParseYuan reads an amount in yuan as 1688 writes it ("1.70", "36", "0.3", "-5") without any float in between.
// It accepts an optional minus sign, digits, and optionally a point followed by digits; no spaces, plus sign, exponent,
// grouping or bare point. Decimals after the second round half away from zero ("0.005" is 1 fen, "-0.005" is -1).
// It fails with ErrSyntax or ErrOverflow.
func ParseYuan(text string) (Fen, error) {
	if len(text) > maxText {
		return 0, ErrSyntax
	}
	digits, negative := strings.CutPrefix(text, "-")
	whole, fraction, point := strings.Cut(digits, ".")
	if !allDigits(whole) || point && !allDigits(fraction) {
		return 0, ErrSyntax
	}
	cents := (fraction + "00")[:2]
	minor, err := strconv.ParseUint(whole+cents, 10, 64)
	if err != nil || minor > math.MaxInt64 {
		return 0, ErrOverflow
	}
	if len(fraction) > 2 && fraction[2] >= '5' {
		minor++
	}
	if minor > math.MaxInt64 {
		return 0, ErrOverflow
	}
	if negative {
		return -Fen(minor), nil
	}
	return Fen(minor), nil
}

// Yuan is the amount in yuan with two decimals, "-1.70"; ParseYuan reads it back.
func (f Fen) Yuan() string {
	sign, minor := "", uint64(f)
	if f < 0 {
		sign, minor = "-", -minor // two's complement, right for math.MinInt64 too
	}
	cents := strconv.FormatUint(minor%100, 10)
	if len(cents) < 2 {
		cents = "0" + cents
	}
	return sign + strconv.FormatUint(minor/100, 10) + "." + cents
}

// Add is f+g or ErrOverflow.
func (f Fen) Add(g Fen) (Fen, error) {
	sum, err := Sum(int64(f), int64(g))
	return Fen(sum), err
}

// MulQty is f times a quantity or ErrOverflow.
func (f Fen) MulQty(qty int64) (Fen, error) {
	product, err := Mul(int64(f), qty)
	return Fen(product), err
}

// Sum adds amounts of one currency in minor units, or fails with ErrOverflow. The order of the parts does not matter
// as long as every partial sum fits.
func Sum(parts ...int64) (int64, error) {
	var total int64
	for _, part := range parts {
		sum := total + part
		if (sum > total) != (part > 0) && part != 0 || sum == math.MinInt64 {
			return 0, ErrOverflow
		}
		total = sum
	}
	return total, nil
}

// Mul is an amount in minor units times a quantity, or ErrOverflow.
func Mul(minor, qty int64) (int64, error) {
	high, low := bits.Mul64(magnitude(minor), magnitude(qty))
	if high != 0 || low > math.MaxInt64 {
		return 0, ErrOverflow
	}
	if (minor < 0) != (qty < 0) {
		return -int64(low), nil
	}
	return int64(low), nil
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
