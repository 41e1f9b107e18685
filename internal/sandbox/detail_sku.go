package sandbox

import "fmt"

func (d *detail) skuInfos() []obj {
	out := []obj{}
	for i := range d.skus {
		k := &d.skus[i]
		promo, retail := nullIf(d.o.traits&promoted == 0, yuanText(reduced(k.price))), nullIf(d.o.traits&sparse != 0, yuanText(k.price*25/10))
		info := obj{
			"amountOnSale": d.s.left(k), "skuId": k.id, "specId": k.spec, "cargoNumber": nullIf(d.o.traits&sparse != 0, fmt.Sprintf("%s-%02d", d.o.code(), i+1)),
			"skuAttributes": d.skuAttributes(k), "promotionPrice": promo, "retailPrice": retail,
			"fenxiaoPriceInfo": obj{"onePiecePrice": yuanText(k.onePiecePrice()), "offerPrice": yuanText(k.price)},
		}
		if d.o.quoteType == 1 {
			info["price"] = yuanText(k.price)
		}
		if d.o.traits&curated != 0 { // deprecated, still sent
			info["jxhyPrice"], info["pfJxhyPrice"], info["consignPrice"] = yuanText(k.onePiecePrice()), yuanText(k.curatedPrice()), yuanText(k.onePiecePrice())
		}
		if d.rate != nil {
			info["foreignCurrencyPrice"], info["foreignCurrencyRetailPrice"] = d.rate.of(k.price), nullIf(retail == nil, d.rate.of(k.price*25/10))
			info["foreignCurrencyPromotionPrice"] = nullIf(promo == nil, d.rate.of(reduced(k.price)))
		}
		out = append(out, info)
	}
	return out
}

func (d *detail) skuAttributes(k *sku) []obj {
	w := words()
	row := func(id, name int, value, trans string, picture any) obj {
		n := &w.attrib[name]
		return obj{
			"attributeId": id, "attributeName": n[0], "attributeNameTrans": n.in(d.lang), "value": value, "valueTrans": trans, "skuImageUrl": picture,
			"skuImageUrlTrans": nullIf(d.o.traits&translatedPic == 0, picture),
		}
	}
	colour := &w.colours[k.colour]
	out := []obj{row(attrColour, 0, colour[0], colour.in(d.lang), d.base+picturePath(d.o.id, 10+k.colour))}
	if k.size != "" {
		out = append(out, row(attrSize, 1, k.size, k.size, nil))
	}
	if k.pack >= 0 {
		out = append(out, row(attrPack, 4, w.packs[k.pack][0], w.packs[k.pack].in(d.lang), nil))
	}
	return out
}

func (d *detail) saleInfo() obj {
	o := d.o
	var left int64
	for i := range d.skus {
		left += d.s.left(&d.skus[i])
	}
	tiers := o.tiers()
	if tiers == nil {
		tiers = []tier{{o.moq, o.price}}
	}
	ranges := []obj{}
	for _, t := range tiers {
		r := obj{"startQuantity": t.start, "price": yuanText(t.price), "promotionPrice": nullIf(o.traits&promoted == 0, yuanText(reduced(t.price)))}
		if d.rate != nil {
			r["foreignCurrencyPrice"] = d.rate.of(t.price)
			r["foreignCurrencyPromotionPrice"] = nullIf(o.traits&promoted == 0, d.rate.of(reduced(t.price)))
		}
		ranges = append(ranges, r)
	}
	unit := words().units[words().nouns[o.noun].unit]
	info := obj{"amountOnSale": left, "quoteType": o.quoteType, "priceRangeList": ranges, "unitInfo": obj{"unit": unit[0], "transUnit": unit.in(d.lang)}, "fenxiaoSaleInfo": nil}
	if o.traits&dropship != 0 {
		info["fenxiaoSaleInfo"] = obj{"onePieceFreePostage": o.has("isOnePsaleFreePost"), "startQuantity": 1, "onePiecePrice": yuanText(onePiece(o.price)), "offerPrice": yuanText(o.price)}
	}
	return info
}

// sizeSources say where weights and sizes come from.
var sizeSources = []string{"人工填写", "算法预测", "官方实测"}

// kilos writes grams as kilograms, rounded to two decimals but never to nothing.
func kilos(grams int64) any { return yuan(max(grams/10, 1)) }

// shippingInfo gives weights the way the platform does: grams in one list, kilograms in the other.
func (d *detail) shippingInfo() obj {
	o, list, details := d.o, []obj{}, []obj{}
	grams := o.grams()
	length, width, height := o.sides()
	source := sizeSources[pick(o.h, 18, len(sizeSources))]
	for _, k := range d.skus {
		if k.spec == "" {
			continue
		}
		weight := grams * int64(max(k.pack, 0)+1)
		list = append(list, obj{"specId": k.spec, "skuId": k.id, "width": width, "length": length, "height": height, "weight": weight})
		details = append(details, obj{
			"skuId": itoa(k.id), "width": width, "length": length, "height": height, "weight": kilos(weight), "pkgSizeSource": source,
			"officialWidth": nil, "officialLength": nil, "officialHeight": nil, "officialWeight": nullIf(source != sizeSources[2], kilos(weight)),
			"aiWidth": nil, "aiLength": nil, "aiHeight": nil, "aiWeight": nullIf(source != sizeSources[1], kilos(weight)),
		})
	}
	return obj{
		"sendGoodsAddressText": d.sel.province + d.sel.city, "weight": kilos(grams), "width": width, "height": height, "length": length, "skuShippingInfoList": list,
		"skuShippingDetails": details, "shippingTimeGuarantee": o.promise(), "pkgSizeSource": source,
	}
}
