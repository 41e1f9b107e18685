package money

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var bookStart = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func dated(t *testing.T, quote, value string, asOf, until time.Time) Dated {
	t.Helper()
	r, err := NewRate(quote, value, asOf, "staff")
	require.NoError(t, err)
	return Dated{r, until}
}

func inForce(t *testing.T, b *Book, quote string) string {
	t.Helper()
	r, err := b.Rate(quote)
	require.NoError(t, err)
	return r.Text()
}

func TestBookPrefersTheNewestValidRate(t *testing.T) {
	now := bookStart
	b := NewBook(DefaultRates(bookStart), func() time.Time { return now })
	assert.Equal(t, "21.50", inForce(t, b, "JPY"))
	configured := b.Version("JPY")

	b.Replace([]Dated{
		dated(t, "JPY", "23", bookStart.Add(3*time.Second), bookStart.Add(time.Minute)),
		dated(t, "JPY", "22.00", bookStart.Add(2*time.Second), bookStart.Add(2*time.Minute)),
	})
	assert.Equal(t, "23", inForce(t, b, "JPY"))
	assert.Equal(t, "193.5", inForce(t, b, "KRW"))
	first := b.Version("JPY")
	now = bookStart.Add(time.Minute) // the end itself is outside
	assert.Equal(t, "22.00", inForce(t, b, "JPY"), "the earlier one that is still valid")
	second := b.Version("JPY")
	now = bookStart.Add(2 * time.Minute)
	assert.Equal(t, "21.50", inForce(t, b, "JPY"), "the configured one")
	assert.Equal(t, configured, b.Version("JPY"))
	assert.Len(t, map[string]bool{configured: true, first: true, second: true}, 3)
}

func TestBookWithoutARate(t *testing.T) {
	now := bookStart
	b := NewBook(Rates{}, func() time.Time { return now })
	_, err := b.Rate("JPY")
	require.ErrorIs(t, err, ErrNoRate)
	assert.Equal(t, "1", inForce(t, b, "CNY"))
	b.Replace([]Dated{dated(t, "JPY", "20", bookStart, bookStart.Add(time.Hour)), {}}) // a rate of nobody is left out
	assert.Equal(t, "20", inForce(t, b, "JPY"))
	now = bookStart.Add(time.Hour)
	_, err = b.Rate("JPY")
	require.ErrorIs(t, err, ErrNoRate)
	assert.Empty(t, b.Version("JPY"))
}

// Two processes with the same rows name the same rate alike, whenever they started.
func TestBookVersionIsTheSameEverywhere(t *testing.T) {
	a := NewBook(DefaultRates(bookStart), nil)
	b := NewBook(DefaultRates(bookStart.Add(time.Hour)), nil)
	assert.Equal(t, a.Version("JPY"), b.Version("JPY"))
	list := []Dated{dated(t, "JPY", "20", bookStart, time.Time{})}
	a.Replace(list)
	assert.NotEqual(t, a.Version("JPY"), b.Version("JPY"))
	b.Replace(list)
	assert.Equal(t, a.Version("JPY"), b.Version("JPY"))
}

func TestBookIsSafeWhileItChanges(t *testing.T) {
	b := NewBook(DefaultRates(bookStart), nil)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 200 {
				if i%2 == 0 {
					b.Replace([]Dated{dated(t, "JPY", "20", bookStart, time.Time{})})
				} else if r, err := b.Rate("JPY"); err != nil || r.Quote != "JPY" {
					t.Error(r, err)
				}
			}
		})
	}
	wg.Wait()
}

// The rounding of every currency we have sites for, and of one with three decimals.
func TestRoundingOfCurrencies(t *testing.T) {
	for _, tt := range []struct {
		quote, rate string
		fen         Fen
		want        int64
		display     string
	}{
		{"JPY", "21.50", 100, 22, "¥22"},               // 21.5 up
		{"JPY", "21.50", 1, 0, "¥0"},                   // 0.215
		{"JPY", "21.4999999999", 100, 21, "¥21"},       // just below
		{"KRW", "193.5", 100, 190, "₩190"},             // to tens
		{"KRW", "195", 100, 200, "₩200"},               // half of ten goes up
		{"KRW", "194.999999", 100, 190, "₩190"},        //
		{"VND", "3520", 100, 3500, "₫3,500"},           // to hundreds
		{"VND", "3550", 100, 3600, "₫3,600"},           //
		{"VND", "3549.99", 100, 3500, "₫3,500"},        //
		{"MYR", "0.620", 125, 78, "RM0.78"},            // 0.775
		{"THB", "4.95", 333, 1648, "฿16.48"},           // 16.4835
		{"THB", "4.95", 1, 5, "฿0.05"},                 // 0.0495
		{"USD", "0.1385", 1000, 139, "$1.39"},          // 1.385
		{"USD", "0.13849", 1000, 138, "$1.38"},         // 1.3849
		{"KWD", "0.0425", 1000, 425, "KWD\u00a00.425"}, // three decimals
		{"KWD", "0.0425", 30, 13, "KWD\u00a00.013"},    // 0.01275
		{"KWD", "0.0425", 20, 9, "KWD\u00a00.009"},     // 0.0085
	} {
		currency, ok := CurrencyOf(tt.quote)
		require.True(t, ok)
		r, err := NewRate(tt.quote, tt.rate, bookStart, "test")
		require.NoError(t, err)
		p, err := NewPrice(tt.fen, currency, r, "en")
		require.NoError(t, err)
		assert.Equal(t, tt.want, p.Local.Amount, "%d fen at %s %s", tt.fen, tt.rate, tt.quote)
		assert.Equal(t, tt.display, p.Local.Display)
		assert.Equal(t, int64(tt.fen), p.Original.Amount)
	}
}
