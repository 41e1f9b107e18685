package search

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"entrepot/internal/alibaba"
	"entrepot/internal/money"
)

// Offer is what ordering needs to know of a product.
type Offer struct {
	ID                    int64
	Subject, SubjectTrans string
	Lang                  string // language of SubjectTrans, "" when there is no translation
	ImageURL              string
	SellerOpenID          string
	SellerName            string
	Categories            []int64 // of all levels, as far as known
	MinOrder              int64   // least quantity over all SKUs of the offer; 0 = none
	Batch                 int64   // quantities come in multiples; 0 = none
	Mix                   MixRule
	Available             bool // published
	Stock                 int64
	QuoteType             int        // alibaba.QuoteByQuantity and its siblings
	Tiers                 []Tier     // ascending, each start once
	SKUs                  []OfferSKU // empty for single-spec offers
	PricedAt              time.Time  // when 1688 gave the prices
}

// MixRule is a seller's rule for mixed batches: an order of several goods may be below their least quantities when it reaches
// one of the two. The zero MixRule is a seller without one.
type MixRule struct {
	Allowed bool
	Pieces  int64     // 0 = no such bound
	Fen     money.Fen // 0 = no such bound
}

// Met says whether an order of so many pieces at so much money is large enough for the rule.
func (m MixRule) Met(pieces int64, goods money.Fen) bool {
	return !m.Allowed || m.Pieces <= 0 && m.Fen <= 0 || m.Pieces > 0 && pieces >= m.Pieces || m.Fen > 0 && goods >= m.Fen
}

// OfferSKU is one variant. Prices are 0 where 1688 gave none.
type OfferSKU struct {
	SkuID    int64
	SpecID   string
	Name     string
	Stock    int64
	ImageURL string

	Price, Promotion      money.Fen // wholesale
	Channel               money.Fen // for this buyer's channel
	PfJxhy, Jxhy, Consign money.Fen // selected supply wholesale and by the piece, dropship
}

// Tier is a price by quantity: from Start pieces on.
type Tier struct {
	Start            int64
	Price, Promotion money.Fen
}

// SKU finds a variant by id or spec id; ok is false when there is none or when both do not name the same one.
func (o *Offer) SKU(skuID int64, specID string) (OfferSKU, bool) {
	for _, s := range o.SKUs {
		if (skuID == 0 || s.SkuID == skuID) && (specID == "" || s.SpecID == specID) && (skuID != 0 || specID != "") {
			return s, true
		}
	}
	return OfferSKU{}, false
}

// offerOf keeps what ordering needs of a product.
func offerOf(p *alibaba.Product, lang string, at time.Time) *Offer {
	o := &Offer{
		ID: int64(p.OfferID), Subject: string(p.Subject), SubjectTrans: string(p.SubjectTrans), SellerOpenID: string(p.SellerOpenID),
		SellerName: string(p.CompanyName), MinOrder: int64(p.MinOrderQuantity), Batch: int64(p.BatchNumber), Available: available(p),
		Stock: int64(p.SaleInfo.AmountOnSale), Categories: categories(p), QuoteType: int(p.SaleInfo.QuoteType), PricedAt: at,
		Mix: mixRule(p.SellerMix),
	}
	if o.SubjectTrans != "" {
		o.Lang = lang
	}
	if all := pictures(p.Image.Images); len(all) > 0 {
		o.ImageURL = all[0]
	}
	for _, r := range tiers(p.SaleInfo.PriceRanges) {
		o.Tiers = append(o.Tiers, Tier{Start: int64(r.StartQuantity), Price: fen(r.Price), Promotion: fen(r.PromotionPrice)})
	}
	channel := channelPrices(p)
	for i := range p.SKUs {
		if s := &p.SKUs[i]; s.SkuID != 0 || s.SpecID != "" {
			o.SKUs = append(o.SKUs, offerSKU(s, channel[s.SkuID]))
		}
	}
	return o
}

// mixRule reads the seller's setting; its amount is in yuan. A bound beyond any price is a mistake and none.
func mixRule(m *alibaba.SellerMix) MixRule {
	if m == nil || !bool(m.GeneralHunpi) {
		return MixRule{}
	}
	rule := MixRule{Allowed: true, Pieces: max(0, int64(m.MixNumber))}
	if yuan := int64(m.MixAmount); yuan > 0 && yuan <= maxPrice/100 {
		rule.Fen = money.Fen(yuan * 100)
	}
	return rule
}

func offerSKU(s *alibaba.SKU, channel alibaba.Yuan) OfferSKU {
	sku := OfferSKU{
		SkuID: int64(s.SkuID), SpecID: string(s.SpecID), Stock: int64(s.AmountOnSale), Price: fen(s.Price), Promotion: fen(s.PromotionPrice),
		Channel: fen(channel), PfJxhy: fen(s.PfJxhyPrice), Jxhy: fen(s.JxhyPrice), Consign: fen(s.ConsignPrice),
	}
	var names []string
	for _, a := range s.Attributes {
		names = append(names, firstNonEmpty(string(a.ValueTrans), string(a.Value)))
		if sku.ImageURL == "" {
			sku.ImageURL = httpsURL(string(a.SkuImageURL))
		}
	}
	sku.Name = strings.Join(names, " / ")
	return sku
}

// fen is a price in fen, 0 for none.
func fen(y alibaba.Yuan) money.Fen {
	f, ok := fenOf(y)
	if !ok {
		return 0
	}
	return f
}

// tiers are the price tiers that can be read, ascending, each start once (the first 1688 names); a start below 1 is 1.
func tiers(in []alibaba.PriceRange) []alibaba.PriceRange {
	var out []alibaba.PriceRange
	for _, r := range in {
		if _, ok := fenOf(r.Price); ok {
			r.StartQuantity = max(1, r.StartQuantity)
			out = append(out, r)
		}
	}
	slices.SortStableFunc(out, func(a, b alibaba.PriceRange) int { return cmp.Compare(a.StartQuantity, b.StartQuantity) })
	return slices.CompactFunc(out, func(a, b alibaba.PriceRange) bool { return a.StartQuantity == b.StartQuantity })
}

// channelPrices are the special prices by SKU.
func channelPrices(p *alibaba.Product) map[alibaba.ID]alibaba.Yuan {
	out := map[alibaba.ID]alibaba.Yuan{}
	for _, c := range p.ChannelPrice.SKUs {
		if c.SkuID != 0 {
			out[c.SkuID] = c.CurrentPrice
		}
	}
	return out
}

func categories(p *alibaba.Product) (ids []int64) {
	for _, id := range []alibaba.Int{p.TopCategoryID, p.SecondCategoryID, p.ThirdCategoryID, p.CategoryID} {
		if n := int64(id); n != 0 && !slices.Contains(ids, n) {
			ids = append(ids, n)
		}
	}
	return ids
}

// available: the status may be absent in live answers; anything but published is not orderable.
func available(p *alibaba.Product) bool {
	return p.Status == "" || p.Status == alibaba.StatusPublished
}
