package search

import (
	"errors"

	"entrepot/internal/alibaba"
	"entrepot/internal/errs"
	"entrepot/internal/money"
)

// errUnpriced: 1688 gave prices and none of them can be read.
var errUnpriced = errors.New("search: none of the offer's prices can be read")

// prices reads the prices of one offer for one site and remembers how that went.
type prices struct {
	quoter    money.Quoter
	good, bad int
}

// maxPrice is beyond any price of 1688's, in fen: ten billion yuan. Larger ones are mistakes, and apps could not count them.
const maxPrice = 1_000_000_000_000

// fenOf reads a price. It is false for what is absent and for what is no price: text, grouping, an exponent, a negative or
// absurd amount, and zero, for which 1688 sells nothing.
func fenOf(y alibaba.Yuan) (money.Fen, bool) {
	fen, err := y.Fen()
	return money.Fen(fen), err == nil && fen > 0 && fen <= maxPrice
}

// price is nil when 1688 gave none, or none that can be read or shown in the site's currency.
func (p *prices) price(y alibaba.Yuan) *money.Price {
	if y == "" {
		return nil
	}
	fen, ok := fenOf(y)
	if !ok {
		p.bad++
		return nil
	}
	price, err := p.quoter.Price(fen)
	if err != nil { // too large for the currency
		p.bad++
		return nil
	}
	p.good++
	return &price
}

// err is upstream.bad_answer when there were prices and none could be read.
func (p *prices) err() error {
	if p.bad > 0 && p.good == 0 {
		return errs.New(errs.Upstream, "upstream.bad_answer").Because(errUnpriced)
	}
	return nil
}

// shown is the price a list shows and which one it is: the wholesale price, else the nearest 1688 gave.
func shown(p alibaba.SearchPrice) (alibaba.Yuan, HitPriceReason, bool) {
	for _, c := range []struct {
		price  alibaba.Yuan
		reason HitPriceReason
	}{
		{p.Price, HitPriceReasonWholesale}, {p.PfJxhyPrice, HitPriceReasonSelectedSupply}, {p.JxhyPrice, HitPriceReasonSelectedSupply},
		{p.ConsignPrice, HitPriceReasonDropship}, {p.PromotionPrice, HitPriceReasonPromotion},
	} {
		if _, ok := fenOf(c.price); ok {
			return c.price, c.reason, true
		}
	}
	return "", "", false
}

// UnreadPrices is how many of 1688's prices could not be read since the start.
func (s *Service) UnreadPrices() int64 { return s.unread.Load() }
