package search

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"entrepot/internal/alibaba"
	"entrepot/internal/errs"
	"entrepot/internal/money"
)

func freightOf(o simulated, quantities ...int) string {
	var items []string
	for i, n := range quantities {
		items = append(items, fmt.Sprintf(`{"skuId":%q,"quantity":%d}`, o.SKUs[i].SkuID, n))
	}
	return `{"items":[` + strings.Join(items, ",") + `]`
}

func TestFreight(t *testing.T) {
	everywhere(t, func(t *testing.T, e *shopfront) {
		o := e.plain()
		path := "/v1/products/" + o.OfferID + "/freight"
		var near, far, same Freight
		e.do(200, "POST", path, freightOf(o, 3, 2)+`}`, &near)
		assert.Equal(t, o.OfferID, near.OfferId)
		require.Len(t, near.Fees, 1)
		assert.Equal(t, Fee{Type: DomesticFreight, Price: near.Total, Estimate: true}, near.Fees[0])
		assert.Equal(t, map[string]string{"key-jp": "JPY", "key-kr": "KRW"}[e.key], near.Total.Local.Currency)
		assert.Contains(t, []FreightChargeType{Weight, Pieces}, *near.ChargeType)
		assert.Equal(t, FreightSubTemplateTypeExpress, *near.SubTemplateType)
		assert.NotNil(t, near.TemplateType)
		assert.NotNil(t, near.FirstFee)
		assert.NotEmpty(t, *near.Piece.WeightKg)
		require.Len(t, *near.Skus, 2)
		assert.Equal(t, Skus, *near.SizesOf)
		assert.Equal(t, []string{o.SKUs[0].SkuID, o.SKUs[0].SpecID}, []string{*(*near.Skus)[0].SkuId, *(*near.Skus)[0].SpecId})
		assert.Equal(t, near.FreePostage, near.Total.Original.Amount == 0)

		e.do(200, "POST", path, freightOf(o, 3, 2)+`,"destination":{"provinceCode":"330000","cityCode":"330200","districtCode":"330206"}}`, &same)
		assert.Equal(t, near, same, "the warehouse")
		e.do(200, "POST", path, freightOf(o, 3, 2)+`,"destination":{"provinceCode":"650000","cityCode":"650100","districtCode":"650102"}}`, &far)
		assert.Greater(t, far.Total.Original.Amount, near.Total.Original.Amount, "Xinjiang is far")
		twice := fmt.Sprintf(`{"items":[{"skuId":%s,"quantity":1},{"skuId":%q,"quantity":2},{"skuId":%q,"quantity":2}]}`, o.SKUs[0].SkuID, o.SKUs[0].SkuID, o.SKUs[1].SkuID)
		e.do(200, "POST", path, twice, &same)
		assert.Equal(t, near, same, "a variant named twice, once as a number")
		assert.Equal(t, e.lang, e.do(200, "POST", path, twice, nil).Header().Get("Content-Language"))
	})
}

func TestFreightOfASingleSpec(t *testing.T) {
	e := newShopfront(t, newFixture(t), "")
	o := e.offersOf("trait=single_spec&limit=1")[0]
	path := "/v1/products/" + o.OfferID + "/freight"
	var one, other Freight
	e.do(200, "POST", path, `{"items":[{"quantity":2},{"quantity":3}]}`, &one)
	e.do(200, "POST", path, `{"items":[{"quantity":5}]}`, &other)
	assert.Equal(t, one, other)
	before := e.calls(freightAPI)
	code, at := e.problem(400, "POST", path, `{"items":[{"quantity":2},{"skuId":"5","quantity":1}]}`)
	assert.Equal(t, []any{"REQUEST_INVALID", []string{"/items/1/skuId"}}, []any{code, at})
	plain := "/v1/products/" + e.plain().OfferID + "/freight"
	_, at = e.problem(400, "POST", plain, `{"items":[{"quantity":1},{"skuId":"5","quantity":1}]}`)
	assert.Equal(t, []string{"/items/0/skuId", "/items/1/skuId"}, at)
	many := `{"items":[` + strings.TrimSuffix(strings.Repeat(`{"quantity":1000000},`, 11), ",") + `]}`
	_, at = e.problem(400, "POST", path, many)
	assert.Equal(t, []string{"/items/10/quantity"}, at)
	assert.Equal(t, before, e.calls(freightAPI))
	code, _ = e.problem(404, "POST", "/v1/products/999/freight", `{"items":[{"quantity":1}]}`)
	assert.Equal(t, "PRODUCT_NOT_FOUND", code)
	e.do(200, "POST", path, strings.Replace(many, `{"quantity":1000000},`, "", 1), nil)
}

func TestFreightWithoutAWarehouse(t *testing.T) {
	f := newFixture(t)
	_, err := f.Freight(t.Context(), f.site, "ja", f.anOffer(), []FreightLine{{Quantity: 1}}, nil)
	require.True(t, errs.Is(err, "freight.destination_required"), "%v", err)
	assert.Equal(t, errs.Rule, errs.CodeOf(err))
	assert.Equal(t, "/destination", errs.From(err).Fields[0].Pointer)
	assert.Zero(t, f.all())
}

// Free postage outweighs the amount; what 1688 says of the tariff and nobody understands is left out, a total is not guessed.
func TestFreightView(t *testing.T) {
	f := newFixture(t)
	v, err := f.viewer(f.site, "ja")
	require.NoError(t, err)
	o := &Offer{ID: 7, SKUs: []OfferSKU{{SkuID: 1, SpecID: "a"}}}
	view, err := v.freight(o, &alibaba.Freight{Freight: "12.345", FreePostage: true, ChargeType: "9", TemplateType: "0", SubTemplateType: "", FirstFee: "junk", NextFee: "0.00",
		SKUs: []alibaba.FreightSKU{{SkuID: 1, Weight: "0.5"}, {SkuID: 99, Weight: "1"}}})
	require.NoError(t, err)
	assert.Zero(t, view.Total.Original.Amount)
	assert.Zero(t, view.Total.Local.Amount)
	assert.Equal(t, []any{(*FreightChargeType)(nil), (*FreightTemplateType)(nil), (*FreightSubTemplateType)(nil), (*Price)(nil), (*Size)(nil)},
		[]any{view.ChargeType, view.TemplateType, view.SubTemplateType, view.FirstFee, view.Piece})
	assert.Zero(t, view.NextFee.Original.Amount, "nothing for the next piece is a tariff")
	assert.Equal(t, []Size{{SkuId: ptr("1"), SpecId: ptr("a"), WeightKg: ptr("0.5")}}, *view.Skus)
	view, err = v.freight(o, &alibaba.Freight{Freight: "12.345"})
	require.NoError(t, err)
	assert.EqualValues(t, money.Fen(1235), view.Total.Original.Amount)
	for _, junk := range []alibaba.Yuan{"", "-1", "free", "99999999999999999", "1e5"} {
		_, err := v.freight(o, &alibaba.Freight{Freight: junk})
		assert.True(t, errs.Is(err, "upstream.bad_answer"), "%s: %v", junk, err)
	}
	for number, word := range map[alibaba.Text]FreightTemplateType{"1": "sellerPays", "2": "custom", "3": "official"} {
		assert.Equal(t, word, *known(templateTypes, number))
	}
	for number, word := range map[alibaba.Text]FreightChargeType{"0": "weight", "1": "pieces", "2": "volume"} {
		assert.Equal(t, word, *known(chargeTypes, number))
	}
	for number, word := range map[alibaba.Text]FreightSubTemplateType{"0": "express", "1": "freight", "2": "cashOnDelivery", "3": "official"} {
		assert.Equal(t, word, *known(subTemplateTypes, number))
	}
}

func TestFreightRefused(t *testing.T) {
	e := newShopfront(t, newFixture(t), "")
	o := e.plain()
	path := "/v1/products/" + o.OfferID + "/freight"
	code, _ := e.problem(422, "POST", path, freightOf(o, 1)+`,"destination":{"provinceCode":"990000","cityCode":"990100","districtCode":"990101"}}`)
	assert.Equal(t, "UPSTREAM_REFUSED", code)
	lines := slices.Repeat([]FreightLine{{Quantity: maxPieces}}, 2)
	_, err := freightQuery(&Offer{ID: 1}, lines, Destination{})
	assert.Equal(t, "/items/1/quantity", errs.From(err).Fields[0].Pointer)
	_, err = freightQuery(&Offer{ID: 1}, []FreightLine{{Quantity: -1}}, Destination{})
	assert.Error(t, err)
}
