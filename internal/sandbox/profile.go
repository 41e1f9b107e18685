package sandbox

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// The national-site documents know some of the APIs in other shapes: bare form fields instead of a wrapper, and flat answers with
// the payload in data. A client says that it speaks this profile by its app (ProfileNationalSite), by the form field profile=national-site,
// or simply by sending the bare fields. Handlers know nothing of it: bare fields are folded into the wrapper before them, and their
// finished answer is rewritten after them. Failures before the API runs (gw.*) stay as the gateway writes them.

// siteAPI is one API of those documents.
type siteAPI struct {
	fields  []string                       // bare request fields
	fold    func(siteFields) (string, any) // the argument they belong into
	data    func(any) any                  // the payload in the profile's words; nil = the answer has no data
	failed  any                            // data of a failure
	objects []string                       // fields that hold JSON
}

// siteFields are the bare fields of one call as JSON values.
type siteFields map[string]any

func into(wrapper string) func(siteFields) (string, any) {
	return func(f siteFields) (string, any) { return wrapper, f }
}

func same(payload any) any { return payload }

func yes(any) any { return true }

var siteSearch = []string{"keyword", "categoryId", "beginPage", "pageSize", "filter", "sort", "outMemberId", "priceStart", "priceEnd", "country"}

var siteAPIs = map[string]siteAPI{
	"product.search.keywordQuery": {fields: siteSearch, fold: into("offerQueryParam"), data: sitePage},
	"product.search.imageQuery":   {fields: append([]string{"imageId", "imageAddress"}, siteSearch...), fold: into("offerQueryParam"), data: sitePage},
	"product.image.upload":        {fields: []string{"imageBase64", "outMemberId"}, fold: into("uploadImageParam"), data: same},
	"product.search.queryProductDetail": {
		fields: []string{"offerId", "outMemberId", "country"}, fold: into("offerDetailParam"), data: siteDetail,
	},
	"account.user.register": {
		fields: []string{"country", "site", "outLoginName", "outMemberId", "email", "mobile", "mobileArea", "ip"}, fold: into("countryAccount"),
	},
	"trade.cross.orderSync": {
		fields: []string{
			"orderId", "createTime", "payTime", "endTime", "payStatus", "refundStatus", "outUserId", "offerId", "skuId", "buyAmount", "paidFee", "refundFee", "contry",
			"orderType", "subOrderList", "subOrderStatusSyncParamList",
		},
		objects: []string{"subOrderList", "subOrderStatusSyncParamList"}, fold: foldOrder, data: yes, failed: false,
	},
	"order.relation.write": {
		fields: []string{"nationalSubOrderId", "cbuSubOrderId", "nationalOrderId", "cbuOrderId"}, data: yes, failed: false,
		fold: func(f siteFields) (string, any) { return "nationalOrderRelationParamList", []any{f} },
	},
	"trade.cross.logisticsOrderSync": {
		fields: []string{"logisticsOrderId", "logisticsId", "createTime", "logisticsStatus", "endTime", "attrs", "contry", "modifiedTime"},
		fold:   into("logisticsOrderParam"), data: yes, failed: false,
	},
}

// foldOrder tells a status push from an order push: it has none of what makes an order.
func foldOrder(f siteFields) (string, any) {
	for _, name := range []string{"createTime", "payTime", "outUserId", "paidFee", "offerId", "subOrderList"} {
		if _, ok := f[name]; ok {
			return "orderParam", f
		}
	}
	return "orderStatusSyncParam", f
}

// readProfile decides whether a call speaks the profile, and folds bare fields. It runs before the arguments are checked.
func (c *call) readProfile() {
	a, known := siteAPIs[c.api.name]
	if !known || c.api.ns != nsCross {
		return
	}
	c.site = c.app.Profile == ProfileNationalSite || c.args.Get("profile") == ProfileNationalSite
	if c.hasWrapper() {
		return
	}
	f := siteFields{}
	for _, name := range a.fields {
		if v := c.args.Get(name); v != "" || c.args.Has(name) && name == "keyword" {
			f[name] = v
			if slices.Contains(a.objects, name) && json.Valid([]byte(v)) {
				f[name] = json.RawMessage(v)
			}
		}
	}
	if len(f) == 0 {
		return
	}
	c.site = true
	name, value := a.fold(f)
	c.sent, c.args = c.args, maps.Clone(c.args)
	c.args.Set(name, string(marshal(value)))
}

// hasWrapper tells whether one of the API's own arguments is there.
func (c *call) hasWrapper() bool {
	for _, want := range c.api.required {
		for name := range strings.SplitSeq(want, "|") {
			if c.args.Get(name) != "" {
				return true
			}
		}
	}
	return false
}

// siteBody rewrites a finished answer of envelope A; what is flat already stays.
func siteBody(apiName string, body []byte) []byte {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var top struct {
		Result map[string]any `json:"result"`
	}
	if d.Decode(&top) != nil || top.Result == nil {
		return body
	}
	a, r := siteAPIs[apiName], top.Result
	out := obj{"success": true, "code": "S0000", "message": r["message"], "result": true}
	if out["message"] == "ok" {
		out["message"] = "success"
	}
	if r["success"] != true && r["success"] != "true" {
		out["success"], out["code"], out["result"] = false, r["code"], false
	}
	switch {
	case a.data == nil:
	case out["success"] == true:
		out["data"] = a.data(r["result"])
	default:
		out["data"] = a.failed
	}
	return marshal(out)
}

// part copies the named members of an object; those it lacks become null.
func part(v any, names ...string) obj {
	m, _ := v.(map[string]any)
	out := obj{}
	for _, n := range names {
		out[n] = m[n]
	}
	return out
}

// each rewrites the elements of a list.
func each(v any, f func(any) any) any {
	list, ok := v.([]any)
	if !ok {
		return []any{}
	}
	for i := range list {
		list[i] = f(list[i])
	}
	return list
}

func sitePage(payload any) any {
	page, _ := payload.(map[string]any)
	out := part(payload, "totalRecords", "totalPage", "pageSize", "currentPage")
	out["searchOfferModelList"] = each(page["data"], func(hit any) any {
		h := part(hit, "imageUrl", "subject", "priceInfo", "offerId", "isJxhy")
		h["priceInfo"] = part(h["priceInfo"], "price", "jxhyPrice")
		return h
	})
	return out
}

func siteDetail(payload any) any {
	whole, _ := payload.(map[string]any)
	d := part(payload, "offerId", "subject", "subjectTrans", "description", "mainVideo", "detailVideo", "categoryId", "categoryName", "isJxhy", "sellerOpenId", "minOrderQuantity")
	d["productImage"] = part(whole["productImage"], "images")
	d["productAttribute"] = each(whole["productAttribute"], func(v any) any { return part(v, "attributeId", "attributeName", "value") })
	d["productShippingInfo"] = part(whole["productShippingInfo"], "sendGoodsAddressText")
	sale, _ := whole["productSaleInfo"].(map[string]any)
	ranges := each(sale["priceRangeList"], func(v any) any { return part(v, "startQuantity", "price") })
	d["productSaleInfo"] = obj{"priceRanges": ranges, "amountOnSale": sale["amountOnSale"]}
	var first any // what a SKU costs when only quantity sets the price
	if list, _ := ranges.([]any); len(list) > 0 {
		first = list[0].(obj)["price"]
	}
	d["productSkuInfos"] = each(whole["productSkuInfos"], func(v any) any { return siteSKU(v, first) })
	return d
}

// siteSKU has one attribute where the gateway has a list: with several, their names and values are joined as 1688 joins them on its pages.
func siteSKU(v any, price any) any {
	whole, _ := v.(map[string]any)
	k := part(v, "amountOnSale", "price", "jxhyPrice", "skuId", "specId")
	if k["price"] == nil {
		k["price"] = price
	}
	var attr obj
	list, _ := whole["skuAttributes"].([]any)
	for _, one := range list {
		a, _ := one.(map[string]any)
		if attr == nil {
			attr = part(a, "attributeName", "attributeNameTrans", "value", "valueTrans", "skuImageUrl")
			attr["attributeID"] = a["attributeId"] // in capitals here
			continue
		}
		for _, name := range []string{"attributeName", "attributeNameTrans", "value", "valueTrans"} {
			left, _ := attr[name].(string)
			right, _ := a[name].(string)
			attr[name] = left + ">" + right
		}
	}
	k["skuAttribute"] = attr
	return k
}

// envSite is the flat failure of the one API that exists in this profile only.
func envSite() envelope {
	return envelope{
		good: func(p any) any { return p },
		bad: func(r *refusal) any {
			return obj{"success": false, "code": r.code, "message": r.message, "data": nil, "result": false}
		},
	}
}

func siteOnlyAPIs() []api {
	return []api{{ns: nsCross, name: "product.filterData.queryConfig", envelope: envSite(), handle: (*Server).filterConfig}}
}

// filterConfig answers a bare list. Without a country the labels are Chinese, the platform's own language.
func (s *Server) filterConfig(c *call) (any, *refusal) {
	if len(c.args.Get("outMemberId")) > 64 {
		return nil, badParam("outMemberId")
	}
	lang := "zh"
	if country := c.args.Get("country"); country != "" {
		lang = language(country)
	}
	return filterGroups(lang), nil
}
