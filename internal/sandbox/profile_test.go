package sandbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	keywordAPI     = "com.alibaba.fenxiao.crossborder/product.search.keywordQuery"
	detailAPI      = "com.alibaba.fenxiao.crossborder/product.search.queryProductDetail"
	queryConfigAPI = "com.alibaba.fenxiao.crossborder/product.filterData.queryConfig"
)

func siteApp() Options {
	return Options{Apps: []App{{Key: DemoKey, Secret: DemoSecret, Token: DemoToken, Profile: ProfileNationalSite}}}
}

func members(v any) []string {
	m, _ := v.(map[string]any)
	return slices.Sorted(maps.Keys(m))
}

// ways are how a client can say that it speaks the profile, each with what a gateway argument becomes.
func ways(t *testing.T, wrapper string, bare map[string]string) map[string]func() (*fixture, map[string]string) {
	object := map[string]any{}
	for k, v := range bare {
		object[k] = v
	}
	whole := string(marshal(object))
	return map[string]func() (*fixture, map[string]string){
		"bare fields": func() (*fixture, map[string]string) { return start(t, Options{}), bare },
		"the app":     func() (*fixture, map[string]string) { return start(t, siteApp()), map[string]string{wrapper: whole} },
		"a form field": func() (*fixture, map[string]string) {
			return start(t, Options{}), map[string]string{wrapper: whole, "profile": "national-site"}
		},
		"all three of it": func() (*fixture, map[string]string) {
			b := maps.Clone(bare)
			b["profile"] = "national-site"
			return start(t, siteApp()), b
		},
	}
}

func TestSiteSearch(t *testing.T) {
	bare := map[string]string{"keyword": "家居日用", "beginPage": "1", "pageSize": "3", "country": "japan", "sort": `{"onePPrice":"asc"}`, "filter": "isOnePsale", "outMemberId": "m"}
	for way, call := range ways(t, "offerQueryParam", bare) {
		t.Run(way, func(t *testing.T) {
			f, args := call()
			a := f.call(keywordAPI, args)
			assert.Equal(t, []string{"code", "data", "message", "result", "success"}, members(a))
			assert.Equal(t, []any{true, "S0000", "success", true}, []any{a["success"], a["code"], a["message"], a["result"]})
			assert.Equal(t, []string{"currentPage", "pageSize", "searchOfferModelList", "totalPage", "totalRecords"}, members(a["data"]))
			list := at(t, a, "data", "searchOfferModelList").([]any)
			require.Len(t, list, 3)
			last := int64(0)
			for _, hit := range list {
				assert.Equal(t, []string{"imageUrl", "isJxhy", "offerId", "priceInfo", "subject"}, members(hit))
				assert.Equal(t, []string{"jxhyPrice", "price"}, members(at(t, hit, "priceInfo")))
				price, ok := parseYuan(at(t, hit, "priceInfo", "price").(string))
				assert.True(t, ok && price >= last, "sorted by onePPrice")
				last = price
			}
		})
	}
}

// The same client with the wrapper and without the word gets the gateway's own shape.
func TestGatewayShapeStaysWithoutTheProfile(t *testing.T) {
	f := start(t, Options{})
	a := f.call(keywordAPI, map[string]string{"offerQueryParam": `{"keyword":"T恤","beginPage":1,"pageSize":3,"country":"ja"}`, "country": "japan"})
	assert.NotNil(t, at(t, a, "result", "result", "data"))
	a = f.call(keywordAPI, map[string]string{"offerQueryParam": `{}`, "profile": "moon"})
	assert.Equal(t, false, at(t, a, "result", "success"))
	status, body := f.raw(keywordAPI, map[string]string{"profile": "national-site", "unknown": "x"})
	assert.Equal(t, 400, status)
	assert.Equal(t, "gw.ParamMissing", decode(t, body)["error_code"], "nothing to fold")
}

func TestSiteDetail(t *testing.T) {
	f := start(t, Options{})
	for name, ok := range map[string]func(*offer) bool{
		"price per SKU": func(o *offer) bool { return o.quoteType == 1 && o.traits == 0 },
		"tiers":         func(o *offer) bool { return o.quoteType == 2 },
		"single":        func(o *offer) bool { return o.traits&singleSpec != 0 },
	} {
		t.Run(name, func(t *testing.T) {
			o, _ := f.pickOffer(ok)
			a := f.call(detailAPI, map[string]string{"offerId": itoa(o.id), "outMemberId": "m", "country": "vietnam"})
			assert.Equal(t, true, a["result"])
			d := a["data"]
			assert.Equal(t, []string{
				"categoryId", "categoryName", "description", "detailVideo", "isJxhy", "mainVideo", "minOrderQuantity", "offerId", "productAttribute", "productImage",
				"productSaleInfo", "productShippingInfo", "productSkuInfos", "sellerOpenId", "subject", "subjectTrans",
			}, members(d))
			assert.Equal(t, o.title("vi"), at(t, d, "subjectTrans"))
			assert.Equal(t, json.Number(itoa(o.id)), at(t, d, "offerId"))
			assert.Equal(t, []string{"images"}, members(at(t, d, "productImage")))
			assert.Equal(t, []string{"attributeId", "attributeName", "value"}, members(at(t, d, "productAttribute", 0)))
			assert.Equal(t, []string{"sendGoodsAddressText"}, members(at(t, d, "productShippingInfo")))
			assert.Equal(t, []string{"amountOnSale", "priceRanges"}, members(at(t, d, "productSaleInfo")))
			assert.Equal(t, []string{"price", "startQuantity"}, members(at(t, d, "productSaleInfo", "priceRanges", 0)))
			skus := at(t, d, "productSkuInfos").([]any)
			if o.traits&singleSpec != 0 {
				assert.Empty(t, skus)
				return
			}
			require.NotEmpty(t, skus)
			seen := map[string]bool{}
			for _, k := range skus {
				assert.Equal(t, []string{"amountOnSale", "jxhyPrice", "price", "skuAttribute", "skuId", "specId"}, members(k))
				assert.NotEmpty(t, at(t, k, "price"))
				attr := at(t, k, "skuAttribute")
				assert.Equal(t, []string{"attributeID", "attributeName", "attributeNameTrans", "skuImageUrl", "value", "valueTrans"}, members(attr))
				assert.NotEmpty(t, at(t, attr, "attributeID"))
				seen[at(t, attr, "value").(string)] = true
			}
			assert.Len(t, seen, len(skus), "one value per SKU")
		})
	}
	a := f.call(detailAPI, map[string]string{"offerId": "1", "country": "japan"})
	assert.Equal(t, []any{false, false, nil}, []any{a["success"], a["result"], a["data"]})
	assert.NotEmpty(t, a["code"])
	assert.NotEmpty(t, a["message"])
}

// siteFilters are all groups and keys of the documents, in their order.
const siteFilters = "filter[certifiedFactory:0 :1(totalEpScoreLv1 totalEpScoreLv2 totalEpScoreLv3 totalEpScoreLv4) :1(getRate24HLv3 getRate24HLv2 getRate24HLv1) " +
	":1(getRate48HLv3 getRate48HLv2 getRate48HLv1)] " +
	"filter[freeCredit:0 shipInToday:0 shipIn24Hours:0 shipIn48Hours:0 noReason7DReturn:0 isOnePsale:0 isOnePsaleFreePost:0 dyCiphertext:0 ksCiphertext:0] " +
	"sort[onePPrice:2 rePurchaseRate:2 monthSoldOut:2]"

func TestFilterConfig(t *testing.T) {
	f := start(t, Options{})
	ask := func(args map[string]string) []any {
		_, body := f.raw(queryConfigAPI, args)
		var list []any
		require.NoError(t, json.Unmarshal(body, &list), string(body))
		return list
	}
	labels := map[string]bool{}
	for _, country := range []string{"", "japan", "korea", "vietnam", "malaysia", "thailand", "indonesia", "russia", "en"} {
		list := ask(map[string]string{"country": country, "outMemberId": "m"})
		assertDocumented(t, "product.filterData.queryConfig", list)
		var got []string
		for _, g := range list {
			var entries []string
			for _, e := range at(t, g, "configList").([]any) {
				entries = append(entries, filterText(t, e))
			}
			got = append(got, fmt.Sprintf("%s[%s]", at(t, g, "configType"), strings.Join(entries, " ")))
			assert.NotEmpty(t, at(t, g, "configName"))
		}
		assert.Equal(t, siteFilters, strings.Join(got, " "))
		labels[at(t, list, 1, "configName").(string)] = true
	}
	assert.Len(t, labels, 9, "one label per language")
	a := f.call(queryConfigAPI, map[string]string{"outMemberId": strings.Repeat("x", 65)})
	assert.Equal(t, []any{false, false}, []any{a["success"], a["result"]})
}

func filterText(t *testing.T, e any) string {
	m := e.(map[string]any)
	assert.NotEmpty(t, m["filterName"])
	key, _ := m["choiceKey"].(string)
	text := fmt.Sprintf("%s:%s", key, m["type"])
	if choices, ok := m["valueList"].([]any); ok {
		var names []string
		for _, c := range choices {
			names = append(names, at(t, c, "choiceKey").(string))
			assert.NotEmpty(t, at(t, c, "choiceName"))
		}
		text += "(" + strings.Join(names, " ") + ")"
	}
	return text
}

// Every choice of the configuration works as a filter, every sort key sorts.
func TestFilterConfigKeysWork(t *testing.T) {
	f := start(t, Options{Offers: 2000})
	ask := func(extra string) map[string]any {
		return f.call(keywordAPI, map[string]string{"offerQueryParam": `{"keyword":"","categoryId":0,"beginPage":1,"pageSize":1,"country":"en"` + extra + `}`})
	}
	all := fen(t, at(t, ask(""), "result", "result", "totalRecords"))
	for _, line := range filterLines() {
		switch line.kind {
		case "2":
			assert.Equal(t, true, at(t, ask(`,"sort":"{\"`+line.key+`\":\"desc\"}"`), "result", "success"), line.key)
		case "0", "-":
			n := fen(t, at(t, ask(`,"filter":"`+line.key+`"`), "result", "result", "totalRecords"))
			assert.True(t, n > 0 && n < all, "%s: %d of %d", line.key, n, all)
		}
	}
}

func TestSiteRegister(t *testing.T) {
	bare := map[string]string{"country": "japan", "site": "demo", "outLoginName": "hana", "outMemberId": strings.Repeat("m", 64), "mobile": "09012345678", "mobileArea": "JP", "ip": "203.0.113.7"}
	for way, call := range ways(t, "countryAccount", bare) {
		t.Run(way, func(t *testing.T) {
			f, args := call()
			assert.Equal(t, map[string]any{"success": true, "code": "S0000", "message": "success", "result": true}, f.call(registerAPI, args))
			assert.Equal(t, true, f.call(registerAPI, args)["result"], "again")
		})
	}
	f := start(t, Options{})
	for _, field := range []string{"country", "site", "outLoginName", "outMemberId", "mobile", "mobileArea", "ip"} {
		args := maps.Clone(bare)
		delete(args, field)
		a := f.call(registerAPI, args)
		assert.Equal(t, []any{false, false}, []any{a["success"], a["result"]}, field)
		assert.NotEmpty(t, a["message"], field)
		assert.NotContains(t, members(a), "data")
	}
	long := maps.Clone(bare)
	long["outLoginName"] = strings.Repeat("あ", 33)
	assert.Equal(t, false, f.call(registerAPI, long)["success"])
}

func TestSiteWriteBack(t *testing.T) {
	for way, bare := range map[string]bool{"wrapped": false, "bare": true} {
		t.Run(way, func(t *testing.T) {
			f := start(t, Options{})
			id := f.create("W")
			sub := at(t, f.view(id), "result", "productItems", 0, "subItemIDString").(string)
			want := map[string]any{"success": true, "code": "S0000", "message": "success", "data": true, "result": true}
			for _, c := range []struct {
				api, wrapper string
				body         map[string]string
			}{
				{orderSyncAPI, "orderParam", map[string]string{
					"orderId": "11", "createTime": "2026-03-01 10:00:00", "payTime": "2026-03-01 10:00:00", "endTime": "", "payStatus": "payed", "refundStatus": "0", "outUserId": "m",
					"offerId": "1", "skuId": "2", "buyAmount": "1", "paidFee": "5", "refundFee": "0", "contry": "japan", "orderType": "1",
					"subOrderList": `[{"orderId":12,"payStatus":"payed","offerId":1,"skuId":2,"buyAmount":1,"paidFee":5}]`,
				}},
				{relationAPI, "nationalOrderRelationParamList", map[string]string{"nationalSubOrderId": "12", "nationalOrderId": "11", "cbuSubOrderId": sub, "cbuOrderId": id}},
				{orderSyncAPI, "orderStatusSyncParam", map[string]string{
					"orderId": "11", "payStatus": "success", "endTime": "2026-03-09 10:00:00", "refundStatus": "0", "subOrderStatusSyncParamList": `[{"orderId":12,"payStatus":"success","refundStatus":0}]`,
				}},
				{logisticsAPI, "logisticsOrderParam", map[string]string{
					"logisticsOrderId": "11", "logisticsId": "N1", "createTime": "2026-03-03 10:00:00", "logisticsStatus": "send", "endTime": "2026-03-08 10:00:00", "attrs": `{"trace":[1]}`, "contry": "japan",
				}},
				{logisticsAPI, "logisticsStatusSyncParam", map[string]string{"logisticsId": "N1", "logisticsStatus": "sign", "modifiedTime": "2026-03-08 10:00:00"}},
			} {
				args := maps.Clone(c.body)
				if !bare {
					args = map[string]string{c.wrapper: wrapped(c.wrapper, c.body)}
				}
				assert.Equal(t, want, f.call(c.api, args), c.wrapper)
			}
			p := f.control("GET", "/pushes", "", 200)
			assert.Equal(t, json.Number("5"), p["total"])
			assert.Equal(t, "success", at(t, p, "keys", "order", "11", "latest", "status"))
			assert.Equal(t, "sign", at(t, p, "keys", "logistics", "11:N1", "latest", "status"), "the status push found its order")
			assert.Equal(t, json.Number("2"), at(t, p, "keys", "logistics", "11:N1", "count"))
			assert.Contains(t, at(t, p, "keys", "relation"), "12:"+sub)
		})
	}
}

// wrapped writes fields as the JSON argument, lists and numbers unquoted.
func wrapped(wrapper string, body map[string]string) string {
	o := map[string]any{}
	for k, v := range body {
		o[k] = v
		if (strings.HasPrefix(v, "[") || strings.HasSuffix(k, "Id") && k != "outUserId" && k != "logisticsId") && json.Valid([]byte(v)) {
			o[k] = json.RawMessage(v)
		}
	}
	if strings.HasSuffix(wrapper, "ParamList") {
		return "[" + string(marshal(o)) + "]"
	}
	return string(marshal(o))
}

// In the profile a write-back in the gateway's own words is answered flat too, and a refusal is flat with success false.
func TestSiteWriteBackRefusals(t *testing.T) {
	f := start(t, siteApp())
	assert.Equal(t, map[string]any{"success": true, "code": "S0000", "message": "success", "data": true, "result": true},
		f.call(orderSyncAPI, map[string]string{"orderParam": orderParam("E1", "payed")}))
	order := `{"orderId":11,"createTime":"2026-03-01 10:00:00","payTime":"2026-03-01 10:00:00","payStatus":"payed","outUserId":"m","offerId":1,"skuId":2,"buyAmount":1,"paidFee":5,"contry":"japan"}`
	for name, c := range map[string]struct{ api, arg, body string }{
		"status":         {orderSyncAPI, "orderParam", strings.Replace(order, "payed", "paid", 1)},
		"country":        {orderSyncAPI, "orderParam", strings.Replace(order, "japan", "JP", 1)},
		"order type":     {orderSyncAPI, "orderParam", strings.Replace(order, `"orderId"`, `"orderType":"2","orderId"`, 1)},
		"refund fee":     {orderSyncAPI, "orderParam", strings.Replace(order, `"orderId"`, `"refundFee":-1,"orderId"`, 1)},
		"sub status":     {orderSyncAPI, "orderParam", strings.Replace(order, `"orderId"`, `"subOrderList":[{"orderId":1,"offerId":1,"skuId":1,"buyAmount":1,"paidFee":1,"payStatus":"x"}],"orderId"`, 1)},
		"status sub":     {orderSyncAPI, "orderStatusSyncParam", `{"orderId":11,"payStatus":"success","subOrderStatusSyncParamList":[{"payStatus":"success"}]}`},
		"status sub 2":   {orderSyncAPI, "orderStatusSyncParam", `{"orderId":11,"payStatus":"success","subOrderStatusSyncParamList":[{"orderId":1,"payStatus":"x"}]}`},
		"status refund":  {orderSyncAPI, "orderStatusSyncParam", `{"orderId":11,"payStatus":"success","refundStatus":2}`},
		"no pairs":       {relationAPI, "nationalOrderRelationParamList", `[]`},
		"unknown order":  {relationAPI, "nationalOrderRelationParamList", `[{"nationalSubOrderId":12,"nationalOrderId":11,"cbuSubOrderId":1,"cbuOrderId":2}]`},
		"not a list":     {relationAPI, "nationalOrderRelationParamList", `{}`},
		"parcel":         {logisticsAPI, "logisticsOrderParam", `{"logisticsStatus":"send"}`},
		"parcel status":  {logisticsAPI, "logisticsOrderParam", `{"logisticsId":1,"logisticsStatus":"sent"}`},
		"parcel time":    {logisticsAPI, "logisticsStatusSyncParam", `{"logisticsId":1,"logisticsStatus":"send","modifiedTime":"yesterday"}`},
		"parcel country": {logisticsAPI, "logisticsOrderParam", `{"logisticsId":1,"logisticsStatus":"send","contry":"日本"}`},
		"not JSON":       {logisticsAPI, "logisticsOrderParam", `{`},
	} {
		a := f.call(c.api, map[string]string{c.arg: c.body})
		assert.Equal(t, []any{false, false, false}, []any{a["success"], a["result"], a["data"]}, name)
		assert.NotEmpty(t, a["code"], name)
		assert.NotEmpty(t, a["message"], name)
	}
}

// The transcript shows what was sent, not what we made of it.
func TestSiteTranscript(t *testing.T) {
	f := start(t, Options{})
	f.call(keywordAPI, map[string]string{"keyword": "男装", "beginPage": "1", "pageSize": "3", "country": "japan"})
	f.srv.mu.Lock()
	body := string(f.srv.transcript.bytes())
	f.srv.mu.Unlock()
	assert.Contains(t, body, `"keyword":"男装"`)
	assert.NotContains(t, body, "offerQueryParam")
}

func TestSiteBody(t *testing.T) {
	const image = "product.image.upload"
	for name, c := range map[string]struct{ api, in, want string }{
		"success as text": {image, `{"result":{"success":"true","code":"S0000","message":"success","result":"1490507813791335080"}}`,
			`{"code":"S0000","data":"1490507813791335080","message":"success","result":true,"success":true}`},
		"failure as text": {image, `{"result":{"success":"false","code":"PARAM_ERROR","message":"no picture","result":null}}`,
			`{"code":"PARAM_ERROR","data":null,"message":"no picture","result":false,"success":false}`},
		"picture search": {"product.search.imageQuery", `{"result":{"success":"true","code":"200","message":"ok","result":{"totalRecords":1,"totalPage":1,"pageSize":20,"currentPage":1,` +
			`"data":[{"offerId":610000000001,"subject":"a","imageUrl":"u","isJxhy":true,"priceInfo":{"price":"1","jxhyPrice":"0.9","consignPrice":"2"},"companyName":"x"}],"picRegionInfo":{"currentRegion":"1,2,3,4"}}}}`,
			`{"code":"S0000","data":{"currentPage":1,"pageSize":20,"searchOfferModelList":[{"imageUrl":"u","isJxhy":true,"offerId":610000000001,"priceInfo":{"jxhyPrice":"0.9","price":"1"},"subject":"a"}],` +
				`"totalPage":1,"totalRecords":1},"message":"success","result":true,"success":true}`},
		"flat already":   {"trade.cross.orderSync", `{"success":true,"result":true}`, `{"success":true,"result":true}`},
		"bare list":      {"product.filterData.queryConfig", `[1]`, `[1]`},
		"null payload":   {"product.search.keywordQuery", `{"result":{"success":true,"result":null}}`, `{"code":"S0000","data":{"currentPage":null,"pageSize":null,"searchOfferModelList":[],"totalPage":null,"totalRecords":null},"message":null,"result":true,"success":true}`},
		"not an answer":  {image, `<html>`, `<html>`},
		"odd payload":    {"product.search.queryProductDetail", `{"result":{"success":true,"message":"ok","result":[{}]}}`, ""},
		"odd everything": {"product.search.queryProductDetail", `{"result":{"success":true,"result":{"productSkuInfos":[1,{"skuAttributes":[1,{}]}],"productSaleInfo":{"priceRangeList":[1]},"productAttribute":{}}}}`, ""},
	} {
		got := string(siteBody(c.api, []byte(c.in)))
		assert.True(t, json.Valid([]byte(got)) || got == c.in, name)
		if c.want != "" {
			assert.Equal(t, c.want, got, name)
		}
	}
}

// Bare fields may hold anything too.
func TestSiteHostileFields(t *testing.T) {
	f := start(t, Options{Offers: 120})
	for name, a := range siteAPIs {
		api := nsCross + "/" + name
		if f.srv.apis[api] == nil {
			continue
		}
		for _, field := range a.fields {
			for _, v := range append([]string{"{", "[", "\xff\xfe", strings.Repeat("[", 9000)}, hostileValues...) {
				f.hostile(api, map[string]string{"country": "japan"}, field, v)
			}
		}
	}
}
