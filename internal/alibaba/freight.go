package alibaba

import (
	"context"
	"strings"
)

var apiFreightEstimate = endpoint{namespace: "com.alibaba.fenxiao.crossborder", name: "product.freight.estimate"}

// FreightQuery asks what sending some pieces of one offer inside China costs. Codes are six-digit administrative ones.
type FreightQuery struct {
	OfferID  ID
	Province string
	City     string
	District string // the wire calls it toCountryCode (county, misspelt)
	Total    int64  // pieces
	Items    []FreightItem
}

// FreightItem is one variant and how many of it; empty list for single-spec offers.
type FreightItem struct {
	SkuID  ID
	Number int64
}

type wireFreightItem struct {
	SkuID  string `json:"skuId"`
	Number int64  `json:"number"`
}

// FreightEstimate reads the seller's freight tariff and what it makes of the pieces.
// 1688 API: com.alibaba.fenxiao.crossborder:product.freight.estimate-1.
func (c *Client) FreightEstimate(ctx context.Context, q FreightQuery) (*Freight, error) {
	items := make([]wireFreightItem, len(q.Items))
	for i, it := range q.Items {
		items[i] = wireFreightItem{it.SkuID.String(), it.Number}
	}
	var f Freight
	_, err := c.callJSON(ctx, &apiFreightEstimate, "productFreightQueryParamsNew", struct {
		OfferID  ID                `json:"offerId"`
		Province string            `json:"toProvinceCode"`
		City     string            `json:"toCityCode"`
		District string            `json:"toCountryCode"`
		Total    int64             `json:"totalNum"`
		Items    []wireFreightItem `json:"logisticsSkuNumModels"`
	}{q.OfferID, q.Province, q.City, q.District, q.Total, items}, openInto(&f))
	if err != nil {
		return nil, err
	}
	return &f, nil
}

// What Freight.ChargeType, TemplateType and SubTemplateType mean.
const (
	ChargeByWeight = "0"
	ChargeByPieces = "1"
	ChargeByVolume = "2"

	TemplateSellerPays = "1"
	TemplateCustom     = "2"
	TemplateOfficial   = "3"

	SubTemplateExpress        = "0"
	SubTemplateFreight        = "1"
	SubTemplateCashOnDelivery = "2"
	SubTemplateOfficial       = "3"
)

// Freight is an estimate. Types are texts, because 0 is a type and a missing one is not.
type Freight struct {
	OfferID         ID           `json:"offerId"`
	TemplateID      ID           `json:"templateId"`
	Freight         Yuan         `json:"freight"`             // in total
	FreePostage     Bool         `json:"freePostage"`         // true: ignore Freight
	Weight          Decimal      `json:"singleProductWeight"` // kg
	Width           Decimal      `json:"singleProductWidth"`  // cm
	Height          Decimal      `json:"singleProductHeight"`
	Length          Decimal      `json:"singleProductLength"`
	TemplateType    Text         `json:"templateType"`
	SubTemplateType Text         `json:"subTemplateType"`
	ChargeType      Text         `json:"chargeType"`
	FirstFee        Yuan         `json:"firstFee"`
	FirstUnit       Decimal      `json:"firstUnit"` // kg, pieces or cubic metres by ChargeType
	NextFee         Yuan         `json:"nextFee"`
	NextUnit        Decimal      `json:"nextUnit"`
	Discount        Decimal      `json:"discount"`
	SizeValueType   Int          `json:"sizeValueType"` // 1: the sizes above hold, 2: those of SKUs
	SKUs            []FreightSKU `json:"productFreightSkuInfoModels"`
}

// FreightSKU is the size of one variant: kg and cm.
type FreightSKU struct {
	SkuID  ID      `json:"skuId"`
	Weight Decimal `json:"singleSkuWeight"`
	Width  Decimal `json:"singleSkuWidth"`
	Height Decimal `json:"singleSkuHeight"`
	Length Decimal `json:"singleSkuLength"`
}

// Decimal is a decimal text, exactly as 1688 wrote it except for exponents; "" when absent or not a decimal.
type Decimal string

// UnmarshalJSON takes text and numbers. It never fails and never goes through a float.
func (d *Decimal) UnmarshalJSON(b []byte) error {
	s, kind := scalar(b)
	if kind != kindText && kind != kindNumber {
		return nil
	}
	s = plainDecimal(strings.TrimSpace(s))
	whole, frac, point := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	if whole != "" && allDigits(whole) && allDigits(frac) && (!point || frac != "") {
		*d = Decimal(s)
	}
	return nil
}
