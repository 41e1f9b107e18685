package search

import (
	"bytes"
	"encoding/json"
	"slices"

	"entrepot/internal/alibaba"
	"entrepot/internal/errs"
	"entrepot/internal/money"
	"entrepot/internal/web"
)

// UnitCost is what one piece costs when a number of pieces is bought, before promotion: promotions count only when an
// order is placed.
type UnitCost struct {
	Fen          money.Fen
	Promotion    money.Fen // what 1688 announces instead, 0 for nothing; never the cost
	Reason       UnitPriceReason
	Start        int64 // of the tier, 0 without one
	BelowMinimum bool  // fewer than 1688 sells
}

// UnitCost is the catalogue's price of one piece of a variant (the zero OfferSKU for an offer without variants) when
// quantity pieces of the offer are bought: the channel's price if 1688 gave one, else by QuoteType the variant's own or
// the tier's, else the nearest other price. Below the first tier the first tier's price counts. ok is false when
// nothing is known.
func (o *Offer) UnitCost(sku OfferSKU, quantity int64) (c UnitCost, ok bool) {
	own := UnitCost{Fen: sku.Price, Promotion: sku.Promotion, Reason: UnitPriceReasonWholesale}
	first, second := o.tier(quantity), own
	switch {
	case o.QuoteType == alibaba.QuoteBySKU && len(o.SKUs) > 0:
		first, second = own, UnitCost{} // every variant has a price of its own: the tiers are no stand-in
	case o.QuoteType != alibaba.QuoteSKUByQuantity:
		if own.Fen > 0 { // the old wire profile names no type
			first, second = own, first
		}
	}
	for _, c = range []UnitCost{
		{Fen: sku.Channel, Reason: UnitPriceReasonChannel}, first, second, {Fen: sku.PfJxhy, Reason: UnitPriceReasonSelectedSupply},
		{Fen: sku.Jxhy, Reason: UnitPriceReasonSelectedSupply}, {Fen: sku.Consign, Reason: UnitPriceReasonDropship},
	} {
		if c.Fen > 0 {
			c.BelowMinimum = quantity < o.MinOrder || quantity < c.Start
			return c, true
		}
	}
	return UnitCost{}, false
}

// tier is the last tier that starts at quantity or below, else the first; the zero UnitCost without tiers.
func (o *Offer) tier(quantity int64) UnitCost {
	if len(o.Tiers) == 0 {
		return UnitCost{}
	}
	t := o.Tiers[0]
	for _, next := range o.Tiers[1:] {
		if next.Start <= quantity {
			t = next
		}
	}
	return UnitCost{Fen: t.Price, Promotion: t.Promotion, Reason: UnitPriceReasonTier, Start: t.Start}
}

// FlowCost is UnitCost in one of 1688's order flows (flowFlag of the preview): the curated flows have prices of their own.
// ok is false for flows whose prices the catalogue does not tell.
func (o *Offer) FlowCost(flow string, sku OfferSKU, quantity int64) (UnitCost, bool) {
	switch flow {
	case "", "general", "paired", "repurchase":
		return o.UnitCost(sku, quantity)
	case "boutiquepifa":
		return UnitCost{Fen: sku.PfJxhy, Reason: UnitPriceReasonSelectedSupply}, sku.PfJxhy > 0
	case "boutiquefenxiao":
		return UnitCost{Fen: sku.Jxhy, Reason: UnitPriceReasonSelectedSupply}, sku.Jxhy > 0
	}
	return UnitCost{}, false
}

// pricedProduct is what unit prices need of a Product, read back from its final bytes: they are there whenever the answer
// is (fresh, stale, from another process), so a quantity never costs a call nor an entry of its own, and the prices are
// the digits of the very answer they stand in.
type pricedProduct struct {
	QuoteType        int          `json:"quoteType"`
	MinOrderQuantity int64        `json:"minOrderQuantity"`
	PriceRanges      []PriceRange `json:"priceRanges"`
	Skus             []struct {
		SkuID        string       `json:"skuId"`
		SpecID       string       `json:"specId"`
		Price        *money.Price `json:"price"`
		ChannelPrice *money.Price `json:"channelPrice"`
		PfJxhyPrice  *money.Price `json:"pfJxhyPrice"`
		JxhyPrice    *money.Price `json:"jxhyPrice"`
		ConsignPrice *money.Price `json:"consignPrice"`
	} `json:"skus"`
}

// withUnitPrices is a product's answer with the prices for a quantity in front.
func withUnitPrices(c *web.Cached, quantity int64) (*web.Cached, error) {
	var p pricedProduct
	if len(c.Body) < 2 || c.Body[0] != '{' {
		return nil, errs.New(errs.Internal, "internal.error")
	}
	if err := json.Unmarshal(c.Body, &p); err != nil {
		return nil, err
	}
	prices, err := json.Marshal(p.unitPrices(quantity))
	if err != nil {
		return nil, err
	}
	body := slices.Concat([]byte(`{"unitPrices":`), prices, []byte{','}, c.Body[1:])
	if bytes.Equal(bytes.TrimSpace(c.Body[1:]), []byte("}")) {
		body = slices.Concat([]byte(`{"unitPrices":`), prices, []byte{'}'})
	}
	return c.With(body), nil
}

// unitPrices are the prices of one piece of each variant when so many of it are bought, or of the offer without variants.
func (p *pricedProduct) unitPrices(quantity int64) UnitPrices {
	o, shown := p.offer()
	out := UnitPrices{Quantity: quantity, Skus: []UnitPrice{}}
	if len(o.SKUs) == 0 {
		if c, ok := o.UnitCost(OfferSKU{}, quantity); ok {
			out.Price = ptr(c.view(shown))
		}
		return out
	}
	for i, sku := range o.SKUs {
		if c, ok := o.UnitCost(sku, quantity); ok {
			u := c.view(shown)
			u.SkuId, u.SpecId = optional(p.Skus[i].SkuID), optional(p.Skus[i].SpecID)
			out.Skus = append(out.Skus, u)
		}
	}
	return out
}

// offer is the offer behind the answer, and how the answer prints each of its prices.
func (p *pricedProduct) offer() (o *Offer, shown map[money.Fen]money.Price) {
	shown = map[money.Fen]money.Price{}
	fen := func(price *money.Price) money.Fen {
		if price == nil {
			return 0
		}
		f := money.Fen(price.Original.Amount)
		shown[f] = *price
		return f
	}
	o = &Offer{QuoteType: p.QuoteType, MinOrder: p.MinOrderQuantity}
	for i := range p.PriceRanges {
		r := &p.PriceRanges[i]
		o.Tiers = append(o.Tiers, Tier{Start: r.StartQuantity, Price: fen(&r.Price)})
	}
	for _, s := range p.Skus {
		o.SKUs = append(o.SKUs, OfferSKU{
			Price: fen(s.Price), Channel: fen(s.ChannelPrice), PfJxhy: fen(s.PfJxhyPrice), Jxhy: fen(s.JxhyPrice), Consign: fen(s.ConsignPrice),
		})
	}
	return o, shown
}

func (c UnitCost) view(shown map[money.Fen]money.Price) UnitPrice {
	u := UnitPrice{Price: shown[c.Fen], Reason: c.Reason}
	if c.Start > 0 {
		u.StartQuantity = &c.Start
	}
	if c.BelowMinimum {
		u.BelowMinimum = &c.BelowMinimum
	}
	return u
}
