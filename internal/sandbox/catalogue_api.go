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

func percent(n int64) string { return itoa(n) + "%" }

// detail is a product detail in the making: what was asked, and what its parts share.
type detail struct {
	s    *Server
	cat  *catalogue
	o    *offer
	sel  seller
	skus []sku
	lang string
	base string
	rate *rate // nil without a currency
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
	d := &detail{s: s, cat: s.cat.Load(), lang: language(p.Country), base: c.base}
	if p.Currency != "" {
		if d.rate, ok = rateOf(p.Currency); !ok {
			return nil, refuse("PARAM_ERROR", "currency is not supported")
		}
	}
	if d.o = d.cat.find(id); d.o == nil || s.deleted(id) {
		return nil, refuse("OFFER_NOT_EXIST", "offer does not exist")
	}
	d.sel, d.skus = d.cat.seller(d.o.seller), d.cat.skus(d.o)
	return d.answer(), nil
}

// status is the generated one, unless the control API changed it.
func (d *detail) status() string {
	if st := d.s.offerChanges[d.o.id].Status; st != "" {
		return st
	}
	return d.o.status()
}

// nullIf gives what the platform leaves null for some products.
func nullIf(absent bool, v any) any {
	if absent {
		return nil
	}
	return v
}

func (d *detail) answer() obj {
	o, cats, id := d.o, d.o.categories(), itoa(d.o.id)
	bare := o.traits&sparse != 0
	a := obj{
		"offerId": o.id, "categoryId": cats[2], "topCategoryId": cats[0], "secondCategoryId": cats[1], "thirdCategoryId": cats[2],
		"categoryName": nullIf(bare, categoryByID(cats[2]).in(d.lang)), "subject": o.title("zh"), "subjectTrans": o.title(d.lang),
		"mainVideo": nullIf(o.traits&filmed == 0, d.base+"/video/"+id+"/main.mp4"), "detailVideo": nullIf(o.traits&filmed == 0, d.base+"/video/"+id+"/detail.mp4"),
		"productAttribute": d.attributes(), "isJxhy": o.traits&curated != 0, "sellerOpenId": d.sel.openID, "companyName": d.sel.company,
		"minOrderQuantity": o.moq, "batchNumber": nullIf(o.batch == 0, o.batch), "status": d.status(), "tagInfoList": o.tags(),
		"sellerMixSetting": obj{"generalHunpi": d.sel.mix, "mixAmount": nullIf(!d.sel.mix, d.sel.mixAmount), "mixNumber": nullIf(!d.sel.mix, d.sel.mixNumber)},
		"sellerDataInfo":   nullIf(bare, d.sellerData()), "soldOut": itoa(int64(o.monthSold) * 9), "channelPrice": d.channelPrice(),
		"promotionModel": obj{"hasPromotion": o.traits&promoted != 0, "promotionType": nullIf(o.traits&promoted == 0, "plus")},
		"tradeScore":     nullIf(bare, o.score()), "sellingPoint": nullIf(bare, d.sellingPoints()), "offerIdentities": o.identities(),
		"createDate": plainTime(o.created()), "isSelect": fmt.Sprint(o.selected()), "certificateList": d.certificates(), "promotionUrl": offerURL(id),
		"productCargoNumber": nullIf(bare, o.code()), "invoiceInfo": d.invoice(), "class": "com.alibaba.fenxiao.crossborder.product.ProductDetailModel",
	}
	d.pictures(a)
	if o.traits&singleSpec == 0 {
		a["productSkuInfos"] = d.skuInfos()
	}
	a["productSaleInfo"], a["productShippingInfo"] = d.saleInfo(), d.shippingInfo()
	return a
}

func (d *detail) pictures(a obj) {
	o := d.o
	images := []string{d.base + picturePath(o.id, 0), d.base + picturePath(o.id, 1), d.base + picturePath(o.id, 2)}
	a["productImage"] = obj{"images": images, "whiteImage": d.base + picturePath(o.id, 9)}
	a["productImageTrans"] = obj{"images": images, "whiteImage": nil}
	a["description"], a["descriptionTrans"] = d.description("zh", images), d.description(d.lang, images)
}

func (d *detail) description(lang string, images []string) string {
	var b strings.Builder
	b.WriteString("<div><h2>" + d.o.title(lang) + "</h2>")
	for _, src := range images {
		b.WriteString(`<p><img src="` + src + `" alt="` + d.o.code() + `"/></p>`)
	}
	return b.String() + "</div>"
}

// The attribute ids: those of the facets, and some that nothing can be searched by.
const (
	attrColour, attrSize, attrPack = 3216, 450, 3151
	attrMaterial, attrStyle        = 149, 973
)

// attributes are rows of name and value; several may share one id.
func (d *detail) attributes() []obj {
	w, o := words(), d.o
	var out []obj
	row := func(id, name int, value, trans string) {
		n := &w.attrib[name]
		out = append(out, obj{"attributeId": itoa(int64(id)), "attributeName": n[0], "value": value, "attributeNameTrans": n.in(d.lang), "valueTrans": trans})
	}
	both := func(id, name int, value *word) { row(id, name, value[0], value.in(d.lang)) }
	both(attrMaterial, 2, &w.materials[o.material])
	both(attrStyle, 3, &w.styles[o.style])
	both(7869, 7, &w.features[o.feature])
	if a := o.audience(); a >= 0 {
		both(8021, 5, &w.audiences[a])
	}
	if s := o.season(); s >= 0 {
		both(31610, 6, &w.seasons[s])
	}
	if u := o.scene(); u >= 0 {
		both(1398, 8, &w.scenes[u])
	}
	for _, c := range o.colours() {
		both(attrColour, 0, &w.colours[c])
	}
	row(1400, 9, o.code(), o.code())
	row(346, 10, d.sel.province, d.sel.province)
	row(20602, 11, itoa(int64(o.created().Year())), itoa(int64(o.created().Year())))
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
		{"1688_yx", o.traits&curated != 0},
		{"isQqyx", o.has("isQqyx")},
		{"select", o.selected()},
	} {
		out = append(out, obj{"key": t.key, "value": t.on})
	}
	return out
}

// sellerData is the search's block with two more figures.
func (d *detail) sellerData() obj {
	score := d.sel.score()
	return obj{
		"tradeMedalLevel": itoa(int64(d.sel.medal)), "compositeServiceScore": score, "logisticsExperienceScore": score, "disputeComplaintScore": "4.5",
		"offerExperienceScore": score, "afterSalesExperienceScore": "4.0", "consultingExperienceScore": score, "repeatPurchasePercent": "0." + itoa(20+int64(d.o.seller)%60),
		"tpYear": d.sel.years, "collect30DayWithin48HPercent": percent(d.sel.collect48), "qualityRefundWithin30Day": d.sel.refundRate(),
	}
}

func (d *detail) invoice() obj {
	return obj{
		"supportOnlineInvoice": d.sel.onlineInvoice, "supportFastInvoice": d.sel.fastInvoice, "invoiceTypes": d.sel.invoices(),
		"taxpayerType": nullIf(!d.sel.onlineInvoice, d.sel.taxpayer()),
	}
}

func (d *detail) channelPrice() any {
	if d.o.traits&channelPriced == 0 {
		return nil
	}
	list := []obj{}
	for _, k := range d.skus {
		list = append(list, obj{"skuId": k.id, "currentPrice": yuanText(k.price * 96 / 100)})
	}
	return obj{"channelSkuPriceList": list}
}

func (d *detail) sellingPoints() []string {
	w := words()
	return []string{w.features[d.o.feature].in(d.lang), w.styles[d.o.style].in(d.lang), w.selling[d.o.selling()].in(d.lang)}
}

// certificateNames are kinds of test reports and marks.
var certificateNames = []string{"质检报告", "3C认证", "CE认证", "RoHS检测报告", "FDA检测报告"}

func (d *detail) certificates() any {
	if d.o.traits&certified == 0 {
		return nil
	}
	return []obj{{
		"certificateName": certificateNames[pick(d.o.h, 30, len(certificateNames))], "certificateCode": fmt.Sprintf("SBX%010d", d.o.h%10_000_000_000),
		"certificatePhotoList": []string{d.base + picturePath(d.o.id, 1)},
	}}
}
