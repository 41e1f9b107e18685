package search

import (
	"regexp"

	"entrepot/internal/alibaba"

	"github.com/shopspring/decimal"
)

// measure is a plain or exponent decimal of sane length; Java writes 1.0E-2.
var measure = regexp.MustCompile(`^[0-9]{1,12}(\.[0-9]{1,12})?([eE][+-]?[0-9])?$`)

// decimalOf is a positive measure times ten to the power of shift as exact decimal text, nil when there is none.
func decimalOf(t alibaba.Text, shift int32) *string {
	if !measure.MatchString(string(t)) {
		return nil
	}
	d, err := decimal.NewFromString(string(t))
	if err != nil || !d.IsPositive() {
		return nil
	}
	return ptr(d.Shift(shift).String())
}

// setShipping adds the origin and the sizes. 1688 weighs the piece and one list of variants in kilograms, the other list
// in grams; the exact grams win.
func (view *Product) setShipping(s *alibaba.Shipping) {
	view.SendGoodsAddress, view.ShippingTimeGuarantee, view.SizeSource = said(&s.SendGoodsAddressText), said(&s.ShippingTimeGuarantee), said(&s.PkgSizeSource)
	view.Size = unlessEmpty(sizeOf(&alibaba.SKUShipping{Weight: s.Weight, Width: s.Width, Height: s.Height, Length: s.Length}, 0))
	var sizes []Size
	at := map[alibaba.ID]int{}
	add := func(list []alibaba.SKUShipping, shift int32) {
		for i := range list {
			k := &list[i]
			size := sizeOf(k, shift)
			if k.SkuID == 0 && k.SpecID == "" || size == (Size{}) {
				continue
			}
			if j, twice := at[k.SkuID]; twice && k.SkuID != 0 {
				sizes[j].complete(size)
				continue
			}
			at[k.SkuID] = len(sizes)
			size.SkuId, size.SpecId = optional(k.SkuID.String()), said(&k.SpecID)
			sizes = append(sizes, size)
		}
	}
	add(s.SKUs, -3)
	add(s.SKUDetails, 0)
	if sizes != nil {
		view.SkuSizes = &sizes
	}
}

// sizeOf reads a size whose weight is kilograms after the shift.
func sizeOf(s *alibaba.SKUShipping, shift int32) Size {
	return Size{WeightKg: decimalOf(s.Weight, shift), WidthCm: decimalOf(s.Width, 0), HeightCm: decimalOf(s.Height, 0), LengthCm: decimalOf(s.Length, 0)}
}

// complete takes over what s does not know.
func (s *Size) complete(other Size) {
	for _, f := range []struct{ own, other **string }{
		{&s.WeightKg, &other.WeightKg}, {&s.WidthCm, &other.WidthCm}, {&s.HeightCm, &other.HeightCm}, {&s.LengthCm, &other.LengthCm},
	} {
		if *f.own == nil {
			*f.own = *f.other
		}
	}
}
