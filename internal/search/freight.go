package search

import (
	"context"
	"errors"
	"fmt"

	"entrepot/internal/alibaba"
	"entrepot/internal/errs"
	"entrepot/internal/money"
	"entrepot/internal/site"
)

// maxPieces bounds one freight estimate; far beyond any order.
const maxPieces = 10_000_000

// Destination is a place in China by its six-digit administrative codes (GB/T 2260).
type Destination struct{ Province, City, District string }

// FreightLine is one variant and how many of it; SkuID 0 for products without variants.
type FreightLine struct {
	SkuID    int64
	Quantity int64
}

// Freight estimates what sending some of a product inside China costs; to is where, nil means the operator's warehouse.
// Errors: invalid with pointers, rule (no destination; 1688 refuses), blocked, not_found, unavailable.
func (s *Service) Freight(ctx context.Context, st *site.Site, lang string, offerID int64, lines []FreightLine, to *Destination) (*Freight, error) {
	place, err := s.destination(to)
	if err != nil {
		return nil, err
	}
	o, err := s.offer(ctx, st, lang, offerID)
	if errs.CodeOf(err) == errs.Blocked {
		return nil, blocked("/path/offerId")
	}
	if err != nil {
		return nil, atOffer(err)
	}
	q, err := freightQuery(o, lines, place)
	if err != nil {
		return nil, err
	}
	answer, err := s.client.FreightEstimate(ctx, q)
	if err != nil {
		return nil, fromRead(err, errs.New(errs.NotFound, "product.not_found").At("/path/offerId", "product.not_found"))
	}
	v, err := s.viewer(st, lang)
	if err != nil {
		return nil, err
	}
	return v.freight(o, answer)
}

// destination checks a destination, or gives the warehouse. Only what contradicts itself is refused: 1688 knows the places.
func (s *Service) destination(to *Destination) (Destination, error) {
	if to == nil {
		if s.warehouse == (Destination{}) {
			return s.warehouse, errs.New(errs.Rule, "freight.destination_required").At("/destination", "freight.destination_required")
		}
		return s.warehouse, nil
	}
	bad := errs.New(errs.Invalid, "request.invalid")
	if to.Province[2:] != "0000" || to.Province[0] == '0' {
		bad.At("/destination/provinceCode", "freight.destination_unknown")
	}
	if to.City[:2] != to.Province[:2] {
		bad.At("/destination/cityCode", "freight.destination_unknown")
	}
	if to.District[:2] != to.Province[:2] {
		bad.At("/destination/districtCode", "freight.destination_unknown")
	}
	if len(bad.Fields) > 0 {
		return *to, bad
	}
	return *to, nil
}

// freightQuery checks the lines against the product. A variant named twice counts once, with all its pieces.
func freightQuery(o *Offer, lines []FreightLine, to Destination) (alibaba.FreightQuery, error) {
	q := alibaba.FreightQuery{OfferID: alibaba.ID(o.ID), Province: to.Province, City: to.City, District: to.District}
	bad := errs.New(errs.Invalid, "request.invalid")
	at := map[int64]int{}
	for i, l := range lines {
		pointer := fmt.Sprintf("/items/%d/skuId", i)
		_, known := o.SKU(l.SkuID, "")
		switch {
		case len(o.SKUs) == 0 && l.SkuID != 0:
			bad.At(pointer, "freight.no_variants")
		case len(o.SKUs) > 0 && l.SkuID == 0:
			bad.At(pointer, "freight.sku_required")
		case len(o.SKUs) > 0 && !known:
			bad.At(pointer, "freight.sku_unknown")
		}
		if q.Total += l.Quantity; l.Quantity < 1 || l.Quantity > maxPieces || q.Total > maxPieces { // lines are few: no overflow
			bad.At(fmt.Sprintf("/items/%d/quantity", i), "freight.too_many", "max", maxPieces)
			return q, bad
		}
		if l.SkuID == 0 {
			continue
		}
		if n, seen := at[l.SkuID]; seen {
			q.Items[n].Number += l.Quantity
			continue
		}
		at[l.SkuID] = len(q.Items)
		q.Items = append(q.Items, alibaba.FreightItem{SkuID: alibaba.ID(l.SkuID), Number: l.Quantity})
	}
	if len(bad.Fields) > 0 {
		return q, bad
	}
	return q, nil
}

var (
	chargeTypes = map[alibaba.Text]FreightChargeType{
		alibaba.ChargeByWeight: Weight, alibaba.ChargeByPieces: Pieces, alibaba.ChargeByVolume: Volume,
	}
	templateTypes = map[alibaba.Text]FreightTemplateType{
		alibaba.TemplateSellerPays: FreightTemplateTypeSellerPays, alibaba.TemplateCustom: FreightTemplateTypeCustom, alibaba.TemplateOfficial: FreightTemplateTypeOfficial,
	}
	subTemplateTypes = map[alibaba.Text]FreightSubTemplateType{
		alibaba.SubTemplateExpress: FreightSubTemplateTypeExpress, alibaba.SubTemplateFreight: FreightSubTemplateTypeFreight,
		alibaba.SubTemplateCashOnDelivery: FreightSubTemplateTypeCashOnDelivery, alibaba.SubTemplateOfficial: FreightSubTemplateTypeOfficial,
	}
)

// freight shows an estimate. The total must be readable; of the tariff, what cannot be read is left out.
func (v viewer) freight(o *Offer, f *alibaba.Freight) (*Freight, error) {
	amount := f.Freight
	if f.FreePostage {
		amount = "0"
	}
	sum := v.fee(amount)
	if sum == nil {
		return nil, errs.New(errs.Upstream, "upstream.bad_answer").Because(errors.New("search: freight is not an amount"))
	}
	total := *sum
	view := &Freight{
		OfferId: number64(o.ID), FreePostage: bool(f.FreePostage), Total: total, Fees: []Fee{{Type: DomesticFreight, Price: total, Estimate: true}},
		ChargeType: known(chargeTypes, f.ChargeType), TemplateType: known(templateTypes, f.TemplateType), SubTemplateType: known(subTemplateTypes, f.SubTemplateType),
		TemplateId: optional(f.TemplateID.String()), FirstUnit: optional(string(f.FirstUnit)), NextUnit: optional(string(f.NextUnit)), Discount: optional(string(f.Discount)),
		FirstFee: v.fee(f.FirstFee), NextFee: v.fee(f.NextFee),
	}
	if f.SizeValueType == 1 || f.SizeValueType == 2 {
		view.SizesOf = ptr([]FreightSizesOf{Piece, Skus}[f.SizeValueType-1])
	}
	piece := size(f.Weight, f.Width, f.Height, f.Length)
	if piece != (Size{}) {
		view.Piece = &piece
	}
	var variants []Size
	for _, k := range f.SKUs {
		sku, ok := o.SKU(int64(k.SkuID), "")
		if !ok {
			continue
		}
		one := size(k.Weight, k.Width, k.Height, k.Length)
		one.SkuId, one.SpecId = optional(k.SkuID.String()), optional(sku.SpecID)
		variants = append(variants, one)
	}
	if len(variants) > 0 {
		view.Skus = &variants
	}
	return view, nil
}

// known is the word for one of 1688's numbers, nil for a number nobody has explained.
func known[T ~string](words map[alibaba.Text]T, number alibaba.Text) *T {
	if word, ok := words[number]; ok {
		return &word
	}
	return nil
}

// fee is an amount that may be nothing, unlike a price; nil for what is no amount or too large for the currency.
func (v viewer) fee(y alibaba.Yuan) *Price {
	fen, err := y.Fen()
	if err != nil || fen < 0 {
		return nil
	}
	p, err := v.quoter.Price(money.Fen(fen))
	if err != nil {
		return nil
	}
	return &p
}

func size(weight, width, height, length alibaba.Decimal) Size {
	return Size{WeightKg: optional(string(weight)), WidthCm: optional(string(width)), HeightCm: optional(string(height)), LengthCm: optional(string(length))}
}
