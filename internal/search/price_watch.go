package search

import (
	"slices"
	"sync"

	"entrepot/internal/alibaba"
	"entrepot/internal/money"

	"github.com/maypok86/otter/v2"
)

// watchedOffers bounds how many offers' prices are compared.
const watchedOffers = 100_000

// priceWatch compares what lists and details say an offer costs, so that a change of price that no message announced is
// noticed by the next detail and the lists are not left with the old one.
type priceWatch struct {
	mu     sync.Mutex
	offers *otter.Cache[int64, seenPrices]
}

// seenPrices is what was last said of one offer.
type seenPrices struct {
	listed money.Fen // by a list, 0 = nothing yet
	detail uint64    // print of the detail's prices, 0 = nothing yet
	known  money.Fen // the listed price that was found to differ from this detail: told once, not again and again
}

func newPriceWatch() *priceWatch {
	return &priceWatch{offers: otter.Must(&otter.Options[int64, seenPrices]{MaximumSize: watchedOffers})}
}

func (w *priceWatch) close() { w.offers.StopAllGoroutines() }

// listed notes the price a list shows.
func (w *priceWatch) listed(offer int64, price money.Fen) {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	seen, _ := w.offers.GetIfPresent(offer)
	if seen.listed != price {
		seen.listed = price
		w.offers.Set(offer, seen)
	}
}

// detailed notes the prices of a detail. It reports whether lists that show the offer are out of date: the detail says
// something else than the one before it, or none of its prices is the one a list showed. Lists may go by another price
// for good, so each such pair is reported once.
func (w *priceWatch) detailed(offer int64, prices []money.Fen) (changed bool) {
	if w == nil || len(prices) == 0 {
		return false
	}
	mark := printOf(prices)
	w.mu.Lock()
	defer w.mu.Unlock()
	seen, _ := w.offers.GetIfPresent(offer)
	was := seen
	if seen.detail != 0 && seen.detail != mark {
		changed, seen.known = true, 0
	}
	if seen.listed != 0 && seen.listed != seen.known && !slices.Contains(prices, seen.listed) {
		changed, seen.known = true, seen.listed
	}
	if seen.detail = mark; seen != was {
		w.offers.Set(offer, seen)
	}
	return changed
}

// forget is told of offers whose answers are all dropped: what comes next is new, not different.
func (w *priceWatch) forget(offers []int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range offers {
		if seen, ok := w.offers.GetIfPresent(id); ok {
			w.offers.Set(id, seenPrices{known: seen.known})
		}
	}
}

// printOf tells one list of prices from another (FNV-1a), never 0.
func printOf(prices []money.Fen) uint64 {
	h := uint64(14695981039346656037)
	for _, p := range prices {
		for n := uint64(p); ; n >>= 8 { // #nosec G115 -- any bit pattern will do
			h = (h ^ n&0xFF) * 1099511628211
			if n < 256 {
				break
			}
		}
	}
	return max(h, 1)
}

// allPrices are the prices of a detail, those that lists may show among them.
func allPrices(p *alibaba.Product) (out []money.Fen) {
	add := func(all ...alibaba.Yuan) {
		for _, y := range all {
			if f, ok := fenOf(y); ok {
				out = append(out, f)
			}
		}
	}
	for i := range p.SaleInfo.PriceRanges {
		add(p.SaleInfo.PriceRanges[i].Price, p.SaleInfo.PriceRanges[i].PromotionPrice)
	}
	for i := range p.SKUs {
		s := &p.SKUs[i]
		add(s.Price, s.PromotionPrice, s.JxhyPrice, s.PfJxhyPrice, s.ConsignPrice, s.FenxiaoPrice.OfferPrice, s.FenxiaoPrice.OnePiecePrice)
	}
	add(p.SaleInfo.Fenxiao.OfferPrice, p.SaleInfo.Fenxiao.OnePiecePrice)
	return out
}
