package money

// Quoter turns amounts of CNY into prices of one site: one rate snapshot, one currency, one display locale.
type Quoter struct {
	Rate     Rate
	Currency Currency
	Locale   string
}

// Price converts an amount and shows both sides. It fails like Rate.Convert.
func (q Quoter) Price(amount Fen) (Price, error) {
	return NewPrice(amount, q.Currency, q.Rate, q.Locale)
}

// Stored shows an amount that was converted before: what a quote or an order once said is printed again to the same
// digit, whatever the rate is now.
func (q Quoter) Stored(amount Fen, minor int64) Price {
	return QuotedPrice(minor, amount, q.Currency, q.Rate, q.Locale)
}
