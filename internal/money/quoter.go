package money

// Quoter turns amounts of CNY into prices of one site: one rate snapshot, one currency, one display locale.
type Quoter struct {
	Rate     Rate
	Currency Currency
	Locale   string
	FX       *FX // Rate.FX in Currency, to be shared by all prices; nil: made for each
}

// Price converts an amount and shows both sides. It fails like Rate.Convert.
func (q Quoter) Price(amount Fen) (Price, error) {
	minor, err := q.Rate.Convert(amount, q.Currency)
	if err != nil {
		return Price{}, err
	}
	return q.Stored(amount, minor), nil
}

// Stored shows an amount that was converted before: what a quote or an order once said is printed again to the same
// digit, whatever the rate is now.
func (q Quoter) Stored(amount Fen, minor int64) Price {
	price := Price{Local: NewMoney(minor, q.Currency, q.Locale), Original: NewMoney(int64(amount), CNY, q.Locale)}
	switch {
	case q.Currency.Code == CNY.Code:
	case q.FX != nil:
		price.FX = q.FX
	default:
		price.FX = q.Rate.FX(q.Currency)
	}
	return price
}
