package order

import (
	"time"

	"entrepot/internal/site"
)

// compare notes on a line what the catalogue says a piece costs in 1688's flow when so many pieces of the offer are
// bought, and whether 1688 asks something else now. A promotion that the catalogue announced is no change. Flows whose
// prices the catalogue does not tell leave the line as it is. 1688 may show a channel's price and not grant it: the line
// says so, but there is nothing to read anew.
func (p *previewed) compare(st *site.Site, l *quoteLine, w wish, flow string, pieces int64) error {
	cost, known := w.offer.FlowCost(flow, w.sku, pieces)
	if !known {
		return nil
	}
	minor, err := p.quote.FX.Convert(cost.Fen, st.Currency)
	if err != nil {
		return err
	}
	l.CatalogFen, l.CatalogMinor = cost.Fen, minor
	l.Changed = l.UnitFen != cost.Fen && (cost.Promotion == 0 || l.UnitFen != cost.Promotion)
	w.sku.Channel = 0
	plain, _ := w.offer.FlowCost(flow, w.sku, pieces)
	l.outdated = l.Changed && l.UnitFen != plain.Fen && l.UnitFen != plain.Promotion
	return nil
}

// outdated has the catalogue forget the offers whose price has changed since it was read, so that their pages show the new
// one next. What was read for this very preview stays: reading it again would say the same.
func (s *Service) outdated(p *previewed, wishes []wish, start time.Time) {
	read := map[int64]time.Time{}
	for _, w := range wishes {
		if w.offer != nil {
			read[w.OfferID] = w.offer.PricedAt
		}
	}
	var offers []int64
	for _, g := range p.quote.Groups {
		for _, l := range g.Lines {
			if at, ok := read[l.OfferID]; l.outdated && ok && at.Before(start) {
				offers = append(offers, l.OfferID)
				delete(read, l.OfferID)
			}
		}
	}
	if len(offers) > 0 {
		s.search.Invalidate(offers...)
	}
}
