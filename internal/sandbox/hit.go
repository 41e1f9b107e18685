package sandbox

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// keywordQuery is the search by words. Its answer is written without intermediate objects: it is the call everybody makes all the time.
func (s *Server) keywordQuery(c *call) (any, *refusal) {
	cat := s.cat.Load()
	key := c.base + " " + c.args.Get("offerQueryParam")
	if c.raw = cat.pages.get(key); c.raw != nil {
		return nil, nil
	}
	var q offerQuery
	if ref := c.decode("offerQueryParam", &q); ref != nil {
		return nil, ref
	}
	if ref := q.check(); ref != nil {
		return nil, ref
	}
	from, to := q.window()
	ids, total, ref := cat.page(&q, from, to)
	if ref != nil {
		return nil, ref
	}
	total = min(total, maxReach)
	j := js{make([]byte, 0, 256+len(ids)*2300)}
	j.b = append(j.b, `{"result":{"success":true,"code":"200","message":"ok","result":{`...)
	j.num("totalRecords", int64(total))
	j.num("totalPage", (int64(total)+q.size-1)/q.size)
	j.num("pageSize", q.size)
	j.num("currentPage", q.page)
	j.open("data", '[')
	lang := langIndex(language(q.Country))
	for _, i := range ids {
		j.next()
		cat.writeHit(&j, &cat.offers[i], lang, c.base)
	}
	j.b = append(j.b, "]}}}"...)
	c.raw = j.b
	cat.pages.put(key, c.raw)
	return nil, nil
}

// hit is one product of a search result as an object, for APIs whose hits differ a little.
func (c *catalogue) hit(o *offer, lang, base string) obj {
	var j js
	c.writeHit(&j, o, langIndex(lang), base)
	d := json.NewDecoder(bytes.NewReader(j.b))
	d.UseNumber()
	var h obj
	if err := d.Decode(&h); err != nil {
		panic("sandbox: a hit is no JSON: " + err.Error()) // our own writing
	}
	return h
}

// writeHit writes one product of a search result, in the order of the documentation.
func (c *catalogue) writeHit(j *js, o *offer, lang int, base string) {
	id, facts, picture := itoa(o.id), c.facts(o.seller), base+picturePath(o.id, 0)
	j.open("", '{')
	j.num("offerId", o.id)
	j.key("subject")
	j.b = append(o.appendTitle(append(j.b, '"'), 0), '"') // titles hold nothing that needs escaping
	j.key("subjectTrans")
	j.b = append(o.appendTitle(append(j.b, '"'), lang), '"')
	j.str("imageUrl", picture)
	j.bool("isJxhy", o.traits&curated != 0)
	o.writePrices(j)
	j.digits("repurchaseRate", int64(o.repurchase), "%")
	j.num("monthSold", int64(o.monthSold))
	j.digits("sales7d", int64(o.monthSold)/4, "")
	j.str("traceInfo", "object_id@"+id+"^object_type@offer")
	if o.h%2 == 0 { // live answers spell it either way
		j.bool("isOnePsale", o.traits&dropship != 0)
	} else {
		j.bool("onePsale", o.traits&dropship != 0)
	}
	j.list("sellerIdentities", facts.identities())
	j.list("offerIdentities", o.identities())
	j.tenths("tradeScore", o.score10())
	o.writePromotion(j)
	cats := o.categories()
	j.num("topCategoryId", cats[0])
	j.num("secondCategoryId", cats[1])
	j.num("thirdCategoryId", cats[2])
	j.bool("isPatentProduct", o.traits&patent != 0)
	j.bool("isSelect", o.selected())
	j.time("createDate", o.created())
	j.time("modifyDate", o.modified())
	j.num("minOrderQuantity", o.moq)
	if o.traits&sparse == 0 {
		facts.write(j, o)
		o.writeTrade(j)
	} else {
		j.null("sellerDataInfo")
		j.null("productTradeInfo")
	}
	o.writeShipping(j, &facts)
	facts.writeInvoice(j)
	j.null("token")
	j.str("promotionURL", offerURL(id))
	if o.traits&translatedPic != 0 {
		j.str("aigcImageUrl", picture)
	} else {
		j.null("aigcImageUrl")
	}
	j.str("whiteImage", base+picturePath(o.id, 9))
	j.close('}')
}

func offerURL(id string) string { return "https://detail.1688.com/offer/" + id + ".html" }

// writePrices leaves out what an offer does not have, as live answers do.
func (o *offer) writePrices(j *js) {
	j.open("priceInfo", '{')
	j.money("price", o.price)
	if o.traits&curated != 0 {
		j.money("jxhyPrice", onePiece(o.price))
		j.money("pfJxhyPrice", curatedLot(o.price))
	}
	if o.traits&dropship != 0 {
		j.money("consignPrice", onePiece(o.price))
	}
	if o.traits&promoted != 0 {
		j.money("promotionPrice", reduced(o.price))
	}
	j.close('}')
}

func (o *offer) writePromotion(j *js) {
	j.open("promotionModel", '{')
	j.bool("hasPromotion", o.traits&promoted != 0)
	if o.traits&promoted != 0 {
		j.str("promotionType", "plus")
	} else {
		j.null("promotionType")
	}
	j.close('}')
}

func (f *sellerFacts) write(j *js, o *offer) {
	j.open("sellerDataInfo", '{')
	j.digits("tradeMedalLevel", int64(f.medal), "")
	for _, k := range [...]string{"compositeServiceScore", "logisticsExperienceScore", "offerExperienceScore", "consultingExperienceScore"} {
		j.tenths(k, f.score10)
	}
	j.str("disputeComplaintScore", "4.5")
	j.str("afterSalesExperienceScore", "4.0")
	j.key("repeatPurchasePercent")
	j.b = strconv.AppendInt(append(j.b, `"0.`...), 20+int64(o.seller)%60, 10)
	j.b = append(j.b, '"')
	j.num("tpYear", int64(f.years))
	j.close('}')
}

func (o *offer) writeTrade(j *js) {
	sold := int64(o.monthSold)
	j.open("productTradeInfo", '{')
	j.digits("addCartCount7d", sold/20, "")
	j.digits("payBuyerCount7d", sold/50, "")
	j.digits("addCartCount30d", sold/5, "")
	j.digits("payBuyerCount30d", sold/12, "")
	j.close('}')
}

// promise is how soon the offer ships.
func (o *offer) promise() string {
	if o.has("shipIn24Hours") {
		return "shipIn24Hours"
	}
	return "shipIn48Hours"
}

func (o *offer) writeShipping(j *js, f *sellerFacts) {
	j.open("productSimpleShippingInfo", '{')
	j.str("shippingTimeGuarantee", o.promise())
	j.digits("perfectFulfillmentRate30d", f.collect48, "%")
	j.digits("pickupWithin24hRate30d", f.collect24, "%")
	j.str("qualityReturnRate30d", f.refundRate())
	j.digits("perfectFulfillmentRate7d", f.collect48, "%")
	j.digits("pickupWithin24hRate7d", f.collect24, "%")
	j.str("delayedShippingRate7d", "")
	j.close('}')
}

func (f *sellerFacts) writeInvoice(j *js) {
	j.open("invoiceInfo", '{')
	j.bool("supportOnlineInvoice", f.onlineInvoice)
	j.bool("supportFastInvoice", f.fastInvoice)
	j.list("invoiceTypes", f.invoices())
	if f.onlineInvoice {
		j.str("taxpayerType", f.taxpayer())
	} else {
		j.null("taxpayerType")
	}
	j.close('}')
}

func (f *sellerFacts) invoices() []string {
	switch {
	case f.onlineInvoice && f.factory:
		return bothInvoices
	case f.onlineInvoice:
		return bothInvoices[1:]
	}
	return bothInvoices[:0]
}

var bothInvoices = []string{"special", "normal"}

func (f *sellerFacts) taxpayer() string {
	if f.factory {
		return "general"
	}
	return "small"
}

// identities of the product: its pools.
func (o *offer) identities() []string {
	switch in, sel := o.traits&curated != 0, o.selected(); {
	case in && sel:
		return bothPools
	case in:
		return bothPools[:1]
	case sel:
		return bothPools[1:]
	}
	return bothPools[:0]
}

var bothPools = []string{"yx", "select"}

// selected tells the cross-border select pool.
func (o *offer) selected() bool { return o.h>>17%6 == 1 }

func (o *offer) score() string { return tenths(o.score10()) }

func (o *offer) score10() int64 { return 40 + int64(o.h>>21%11) }
