package sandbox

import "fmt"

func freightAPIs() []api {
	return []api{{
		ns: nsCross, name: "product.freight.estimate", required: []string{"productFreightQueryParamsNew"}, envelope: envA(false), handle: (*Server).freightEstimate,
	}}
}

type freightQuery struct {
	Offer    num  `json:"offerId"`
	Province text `json:"toProvinceCode"`
	City     text `json:"toCityCode"`
	District text `json:"toCountryCode"` // a county: the platform's misspelling
	Total    num  `json:"totalNum"`
	SKUs     []struct {
		SKU    text `json:"skuId"`
		Number num  `json:"number"`
	} `json:"logisticsSkuNumModels"`
}

const maxPieces = 10_000_000

func (q *freightQuery) check() *refusal {
	_, okOffer := q.Offer.int()
	_, okTotal := q.Total.between(1, maxPieces)
	switch {
	case !okOffer:
		return badParam("offerId")
	case !isAreaCode(q.Province) || provinceCode(string(q.Province)) == "":
		return badParam("toProvinceCode")
	case !isAreaCode(q.City):
		return badParam("toCityCode")
	case !isAreaCode(q.District):
		return badParam("toCountryCode")
	case !okTotal:
		return badParam("totalNum")
	}
	return nil
}

func isAreaCode(t text) bool {
	_, ok := num(t).between(100_000, 999_999)
	return ok && len(t) == 6
}

// freightEstimate is the tariff preview uses too, told in the words of the freight template.
func (s *Server) freightEstimate(c *call) (any, *refusal) {
	var q freightQuery
	if ref := c.decode("productFreightQueryParamsNew", &q); ref != nil {
		return nil, ref
	}
	if ref := q.check(); ref != nil {
		return nil, ref
	}
	cat := s.cat.Load()
	id, _ := q.Offer.int()
	o := cat.find(id)
	if o == nil || o.traits&delisted != 0 {
		return nil, refuse("OFFER_NOT_EXIST", "offer does not exist")
	}
	load, ref := cat.load(o, &q)
	if ref != nil {
		return nil, ref
	}
	sel := cat.seller(o.seller)
	return o.freightAnswer(sel.freight(string(q.Province), load.grams, load.pieces, load.goods), load.skus), nil
}

// load is what a freight query weighs and is worth.
type load struct {
	grams, pieces, goods int64
	skus                 []*sku
}

func (c *catalogue) load(o *offer, q *freightQuery) (*load, *refusal) {
	l := &load{}
	l.pieces, _ = q.Total.int()
	l.grams = l.pieces * o.grams()
	skus := c.skus(o)
	if o.traits&singleSpec != 0 {
		l.goods = o.unitPrice(&skus[0], l.pieces) * l.pieces
		return l, nil
	}
	if len(q.SKUs) == 0 || len(q.SKUs) > maxCargo {
		return nil, badParam("logisticsSkuNumModels")
	}
	for _, want := range q.SKUs {
		id, _ := num(want.SKU).int()
		n, ok := want.Number.between(1, maxPieces)
		k := findSKU(skus, id)
		switch {
		case k == nil:
			return nil, refuse("PARAM_ERROR", "logisticsSkuNumModels.skuId does not belong to the offer")
		case !ok:
			return nil, badParam("logisticsSkuNumModels.number")
		}
		l.goods += o.unitPrice(k, l.pieces) * n
		l.skus = append(l.skus, k)
	}
	return l, nil
}

func findSKU(skus []sku, id int64) *sku {
	for i := range skus {
		if skus[i].id == id {
			return &skus[i]
		}
	}
	return nil
}

// thousandths writes grams as kilograms, as a JSON number with all its digits.
type thousandths int64

// MarshalJSON writes three decimals.
func (n thousandths) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, "%d.%03d", n/1000, n%1000), nil
}

func (o *offer) freightAnswer(q freightQuote, skus []*sku) obj {
	unit := func(n int64) string {
		if q.byPieces {
			return itoa(n)
		}
		return yuanText(n / 10) // grams as kilograms
	}
	template, charge := 2, "0"
	if q.sellerPays {
		template = 1
	}
	if q.byPieces {
		charge = "1"
	}
	length, width, height := o.sides()
	a := obj{
		"offerId": o.id, "templateId": q.template, "freight": yuanText(q.fee), "freePostage": q.free,
		"singleProductWeight": thousandths(o.grams()), "singleProductWidth": width, "singleProductHeight": height, "singleProductLength": length,
		"templateType": template, "subTemplateType": 0, "chargeType": charge, "firstFee": yuanText(q.firstFee), "firstUnit": unit(q.firstUnit),
		"nextFee": yuanText(q.nextFee), "nextUnit": unit(q.nextUnit), "discount": "1.00", "sizeValueType": 1, "productFreightSkuInfoModels": nil,
	}
	if len(skus) > 0 {
		list := []obj{}
		for _, k := range skus {
			list = append(list, obj{"skuId": k.id, "singleSkuWeight": thousandths(o.grams()), "singleSkuWidth": width, "singleSkuHeight": height, "singleSkuLength": length})
		}
		a["sizeValueType"], a["productFreightSkuInfoModels"] = 2, list
	}
	return a
}
