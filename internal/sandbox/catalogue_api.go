package sandbox

import (
	"fmt"
	"strings"
)

func catalogueAPIs() []api {
	return []api{
		{ns: nsCross, name: "product.search.keywordQuery", required: []string{"offerQueryParam"}, envelope: envA(false), handle: (*Server).keywordQuery},
		{ns: nsCross, name: "product.search.queryProductDetail", required: []string{"offerDetailParam"}, lock: true, envelope: envA(false), handle: (*Server).productDetail},
	}
}

func (s *Server) keywordQuery(c *call) (any, *refusal) {
	cat := s.cat.Load()
	key := fmt.Sprintf("%d|%s|%s", cat.seed, c.base, c.args.Get("offerQueryParam"))
	if c.raw = s.pages.get(key); c.raw != nil {
		return nil, nil
	}
	var q offerQuery
	if ref := c.decode("offerQueryParam", &q); ref != nil {
		return nil, ref
	}
	if ref := q.check(); ref != nil {
		return nil, ref
	}
	ids, ref := cat.search(&q)
	if ref != nil {
		return nil, ref
	}
	total := int64(min(len(ids), maxReach))
	lang := language(q.Country)
	data := []any{}
	for _, i := range ids[min((q.page-1)*q.size, total):min(q.page*q.size, total)] {
		data = append(data, cat.hit(&cat.offers[i], lang, c.base))
	}
	c.raw = marshal(obj{"result": obj{"success": true, "code": "200", "message": "ok", "result": obj{
		"totalRecords": total, "totalPage": (total + q.size - 1) / q.size, "pageSize": q.size, "currentPage": q.page, "data": data,
	}}})
	s.pages.put(key, c.raw)
	return nil, nil
}

func percent(n int64) string { return itoa(n) + "%" }

// hit is one product of a search result.
func (c *catalogue) hit(o *offer, lang, base string) obj {
	cats, s := o.categories(), c.seller(o.seller)
	prices := obj{"price": yuanText(o.price)}
	if o.traits&dropship != 0 {
		prices["consignPrice"] = yuanText(o.price + o.price/20)
	}
	if o.traits&curated != 0 {
		prices["jxhyPrice"], prices["pfJxhyPrice"] = yuanText(o.price+o.price/20), yuanText(o.price*94/100)
	}
	if o.h%5 == 0 {
		prices["promotionPrice"] = yuanText(o.price * 9 / 10)
	}
	identities := []string{"tp_member"}
	if s.factory {
		identities = []string{"super_factory", "powerful_merchants"}
	}
	h := obj{
		"offerId": o.id, "subject": o.title("zh"), "subjectTrans": o.title(lang), "imageUrl": base + picturePath(o.id, 0), "isJxhy": o.traits&curated != 0, "priceInfo": prices,
		"repurchaseRate": percent(o.repurchase), "monthSold": o.monthSold, "sales7d": itoa(o.monthSold / 4),
		"traceInfo": "object_id@" + itoa(o.id) + "^object_type@offer", "sellerIdentities": identities, "offerIdentities": []string{}, "tradeScore": "4." + itoa(int64(o.h%10)),
		"promotionModel": obj{"hasPromotion": o.h%5 == 0, "promotionType": nil}, "topCategoryId": cats[0], "secondCategoryId": cats[1], "thirdCategoryId": cats[2],
		"isPatentProduct": o.traits&patent != 0, "isSelect": o.has("1688Selection"), "createDate": plainTime(o.created()), "modifyDate": plainTime(o.created()),
		"minOrderQuantity": o.moq, "sellerDataInfo": s.dataInfo(), "productSimpleShippingInfo": o.shippingInfo(),
		"productTradeInfo": obj{"addCartCount7d": itoa(o.monthSold / 20), "payBuyerCount7d": itoa(o.monthSold / 50), "addCartCount30d": itoa(o.monthSold / 5), "payBuyerCount30d": itoa(o.monthSold / 12)},
		"invoiceInfo":      s.invoiceInfo(), "token": nil, "promotionURL": "https://detail.1688.com/offer/" + itoa(o.id) + ".html", "aigcImageUrl": nil, "whiteImage": base + picturePath(o.id, 9),
	}
	if o.h%2 == 0 { // live answers spell it either way
		h["isOnePsale"] = o.traits&dropship != 0
	} else {
		h["onePsale"] = o.traits&dropship != 0
	}
	return h
}

func (s *seller) dataInfo() obj {
	score := fmt.Sprintf("%d.%d", s.score10/10, s.score10%10)
	return obj{
		"tradeMedalLevel": itoa(int64(1 + s.years%5)), "compositeServiceScore": score, "logisticsExperienceScore": score, "disputeComplaintScore": "4.5",
		"offerExperienceScore": score, "afterSalesExperienceScore": "4.0", "consultingExperienceScore": score, "repeatPurchasePercent": "0.4" + itoa(int64(s.idx%10)),
		"tpYear": s.years, "collect30DayWithin48HPercent": percent(s.collect48p), "qualityRefundWithin30Day": "",
	}
}

func (s *seller) invoiceInfo() obj {
	return obj{"supportOnlineInvoice": s.supportOnlineInvoice, "supportFastInvoice": false, "invoiceTypes": []string{}, "taxpayerType": nil}
}

func (o *offer) shippingInfo() obj {
	promise := "shipIn48Hours"
	if o.has("shipIn24Hours") {
		promise = "shipIn24Hours"
	}
	return obj{
		"shippingTimeGuarantee": promise, "perfectFulfillmentRate30d": "97%", "pickupWithin24hRate30d": "95%", "qualityReturnRate30d": "",
		"perfectFulfillmentRate7d": "98%", "pickupWithin24hRate7d": "96%", "delayedShippingRate7d": "",
	}
}

func (s *Server) productDetail(c *call) (any, *refusal) {
	var p struct {
		Offer    num    `json:"offerId"`
		Country  string `json:"country"`
		Currency string `json:"currency"`
	}
	if ref := c.decode("offerDetailParam", &p); ref != nil {
		return nil, ref
	}
	id, ok := p.Offer.int()
	if !ok || p.Country == "" {
		return nil, refuse("PARAM_ERROR", "offerId and country are required")
	}
	cat := s.cat.Load()
	o := cat.find(id)
	if o == nil {
		return nil, refuse("OFFER_NOT_EXIST", "offer does not exist")
	}
	return s.detail(cat, o, language(p.Country), c.base), nil
}

func (s *Server) detail(cat *catalogue, o *offer, lang, base string) obj {
	cats, sel, status := o.categories(), cat.seller(o.seller), "published"
	if o.traits&delisted != 0 {
		status = "expired"
	}
	images := []string{base + picturePath(o.id, 0), base + picturePath(o.id, 1), base + picturePath(o.id, 2)}
	d := obj{
		"offerId": o.id, "categoryId": cats[2], "topCategoryId": cats[0], "secondCategoryId": cats[1], "thirdCategoryId": cats[2],
		"categoryName": categoryByID(cats[2]).in(lang), "subject": o.title("zh"), "subjectTrans": o.title(lang),
		"description": description(o, "zh", images), "descriptionTrans": description(o, lang, images), "mainVideo": nil, "detailVideo": nil,
		"productImage": obj{"images": images, "whiteImage": base + picturePath(o.id, 9)}, "productImageTrans": obj{"images": images, "whiteImage": nil},
		"productAttribute": o.attributes(lang), "isJxhy": o.traits&curated != 0, "sellerOpenId": sel.openID, "companyName": sel.company, "minOrderQuantity": o.moq, "batchNumber": nil,
		"status": status, "tagInfoList": o.tags(), "sellerMixSetting": obj{"generalHunpi": sel.mix, "mixAmount": nil, "mixNumber": nil},
		"sellerDataInfo": sel.dataInfo(), "soldOut": itoa(o.monthSold * 9), "channelPrice": nil, "promotionModel": obj{"hasPromotion": o.h%5 == 0, "promotionType": nil},
		"tradeScore": "4." + itoa(int64(o.h%10)), "sellingPoint": []string{words().features[o.feature].in(lang), words().styles[o.style].in(lang)},
		"offerIdentities": []string{}, "createDate": plainTime(o.created()), "isSelect": fmt.Sprint(o.has("1688Selection")), "certificateList": nil,
		"promotionUrl": "https://detail.1688.com/offer/" + itoa(o.id) + ".html", "productCargoNumber": o.code(), "invoiceInfo": sel.invoiceInfo(),
		"class": "com.alibaba.fenxiao.crossborder.product.ProductDetailModel",
	}
	if sel.mix {
		d["sellerMixSetting"] = obj{"generalHunpi": true, "mixAmount": sel.mixAmount, "mixNumber": sel.mixNumber}
	}
	if o.batch > 0 {
		d["batchNumber"] = o.batch
	}
	skus := cat.skus(o)
	if o.traits&singleSpec == 0 {
		d["productSkuInfos"] = s.skuInfoList(o, skus, lang, base)
	}
	d["productSaleInfo"], d["productShippingInfo"] = s.saleInfo(o, skus), o.sizes(&sel, skus)
	return d
}

func description(o *offer, lang string, images []string) string {
	var b strings.Builder
	b.WriteString("<div><h2>" + o.title(lang) + "</h2>")
	for _, src := range images {
		b.WriteString(`<p><img src="` + src + `" alt="` + o.code() + `"/></p>`)
	}
	return b.String() + "</div>"
}

func (o *offer) attributes(lang string) []obj {
	w := words()
	row := func(id int, name, value *word) obj {
		return obj{"attributeId": id, "attributeName": name[0], "value": value[0], "attributeNameTrans": name.in(lang), "valueTrans": value.in(lang)}
	}
	out := []obj{row(149, &w.attrib[2], &w.materials[o.material]), row(973, &w.attrib[3], &w.styles[o.style])}
	for _, c := range o.colours() { // several rows share one attributeId
		out = append(out, row(3216, &w.attrib[0], &w.colours[c]))
	}
	return out
}

func (o *offer) tags() []obj {
	var out []obj
	for _, t := range []struct {
		key string
		on  bool
	}{
		{"isOnePsale", o.has("isOnePsale")},
		{"isSupportMix", o.traits&mixedBatch != 0},
		{"isOnePsaleFreePostage", o.has("isOnePsaleFreePost")},
		{"noReason7DReturn", o.has("noReason7DReturn")},
		{"1688_yx", false},
		{"isQqyx", o.has("isQqyx")},
		{"select", o.has("1688Selection")},
	} {
		out = append(out, obj{"key": t.key, "value": t.on})
	}
	return out
}

func (s *Server) skuInfoList(o *offer, skus []sku, lang, base string) []obj {
	w, out := words(), []obj{}
	for i := range skus {
		k := &skus[i]
		colour := &w.colours[k.colour]
		attrs := []obj{{
			"attributeId": 3216, "attributeName": w.attrib[0][0], "attributeNameTrans": w.attrib[0].in(lang), "value": colour[0], "valueTrans": colour.in(lang),
			"skuImageUrl": base + picturePath(o.id, 10+k.colour), "skuImageUrlTrans": nil,
		}}
		if k.size != "" {
			attrs = append(attrs, obj{"attributeId": 450, "attributeName": w.attrib[1][0], "attributeNameTrans": w.attrib[1].in(lang), "value": k.size, "valueTrans": k.size, "skuImageUrl": nil, "skuImageUrlTrans": nil})
		}
		info := obj{
			"amountOnSale": s.left(k), "skuId": k.id, "specId": k.spec, "cargoNumber": fmt.Sprintf("%s-%02d", o.code(), i+1), "skuAttributes": attrs,
			"promotionPrice": nil, "retailPrice": nil, "fenxiaoPriceInfo": obj{"onePiecePrice": yuanText(k.onePiecePrice()), "offerPrice": yuanText(k.price)},
		}
		if o.quoteType == 1 {
			info["price"] = yuanText(k.price)
		}
		out = append(out, info)
	}
	return out
}

func (s *Server) saleInfo(o *offer, skus []sku) obj {
	var left int64
	for i := range skus {
		left += s.left(&skus[i])
	}
	unit := words().nouns[o.noun].unit
	tiers := o.tiers()
	if tiers == nil {
		tiers = []tier{{o.moq, o.price}}
	}
	ranges := []obj{}
	for _, t := range tiers {
		ranges = append(ranges, obj{"startQuantity": t.start, "price": yuanText(t.price), "promotionPrice": nil})
	}
	info := obj{
		"amountOnSale": left, "quoteType": o.quoteType, "priceRangeList": ranges, "unitInfo": obj{"unit": unit, "transUnit": unitTrans[unit]}, "fenxiaoSaleInfo": nil,
	}
	if o.traits&dropship != 0 {
		info["fenxiaoSaleInfo"] = obj{"onePieceFreePostage": o.has("isOnePsaleFreePost"), "startQuantity": 1, "onePiecePrice": yuanText(o.price + o.price/20), "offerPrice": yuanText(o.price)}
	}
	return info
}

// grams is the weight of one piece.
func (o *offer) grams() int64 { return int64(100 + o.h%900) }

// sizes gives weights the way the platform does: grams in one list, kilograms in the other.
func (o *offer) sizes(sel *seller, skus []sku) obj {
	grams := o.grams()
	kilos := func(g int64) any { return yuan(g / 10) } // two decimals are enough
	list, details := []obj{}, []obj{}
	for _, k := range skus {
		if k.spec == "" {
			continue
		}
		list = append(list, obj{"specId": k.spec, "skuId": k.id, "width": 20, "length": 30, "height": 5, "weight": grams})
		details = append(details, obj{"skuId": itoa(k.id), "width": 20, "length": 30, "height": 5, "weight": kilos(grams), "pkgSizeSource": "人工填写"})
	}
	promise := o.shippingInfo()["shippingTimeGuarantee"]
	return obj{
		"sendGoodsAddressText": sel.province + sel.city, "weight": kilos(grams), "width": 20, "height": 5, "length": 30, "skuShippingInfoList": list,
		"skuShippingDetails": details, "shippingTimeGuarantee": promise, "pkgSizeSource": "人工填写",
	}
}
