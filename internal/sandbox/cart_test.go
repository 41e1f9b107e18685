package sandbox

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const claimAPI = "com.alibaba.marketing/coupon.optimal.claim"

func (f *fixture) previewOf(args map[string]string) map[string]any {
	f.t.Helper()
	if args["addressParam"] == "" {
		args["addressParam"] = testAddress
	}
	return f.call(previewAPI, args)
}

// pair finds two offers of one seller.
func (f *fixture) pair(a, b func(*offer) bool) (cargoA, cargoB string) {
	f.t.Helper()
	c := f.srv.cat.Load()
	for i := range c.offers {
		o := &c.offers[i]
		for j := range c.offers {
			p := &c.offers[j]
			if i != j && o.seller == p.seller && a(o) && b(p) && c.skus(o)[0].stock > 500 && c.skus(p)[0].stock > 500 && c.skus(o)[0].price > 0 {
				return cargo(o, &c.skus(o)[0], 60), cargo(p, &c.skus(p)[0], 60)
			}
		}
	}
	require.Fail(f.t, "no such pair")
	return "", ""
}

func TestAddressThreeWays(t *testing.T) {
	f := start(t, Options{})
	o, k := f.pickOffer(plainOffer)
	list := f.call("com.alibaba.trade/alibaba.trade.receiveAddress.get", nil)
	saved := at(t, list, "result", "receiveAddressItems", 2).(map[string]any)
	id := saved["id"].(json.Number).String()
	for _, c := range []struct{ name, address, area, code string }{
		{"saved wins", `{"addressId":` + id + `,"districtCode":"330108","provinceText":"浙江省"}`, "新疆维吾尔自治区", ""},
		{"code wins over texts", `{"fullName":"A","mobile":"1","address":"x","districtCode":"440305","provinceText":"浙江省","cityText":"a","areaText":"b"}`, "广东省", ""},
		{"texts", testAddress, "浙江省", ""},
		{"unknown saved", `{"addressId":77}`, "", "400"},
		{"saved is no number", `{"addressId":"x"}`, "", "400"},
		{"no code", `{"fullName":"A","mobile":"1","address":"x","districtCode":"999999"}`, "", "400"},
		{"short code", `{"fullName":"A","mobile":"1","address":"x","districtCode":"33"}`, "", "400"},
		{"letters in the phone", strings.Replace(testAddress, `"mobile"`, `"phone":"0571-abc","mobile"`, 1), "", "400"},
		{"too long", strings.Replace(testAddress, "路1号", strings.Repeat("长", 501), 1), "", "400"},
		{"not an object", `[]`, "", "400_1"},
		{"null", `null`, "", "400"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := f.call(createAPI, map[string]string{"flow": "general", "addressParam": c.address, "cargoParamList": "[" + cargo(o, k, 5) + "]"})
			if c.code != "" {
				assert.Equal(t, c.code, a["code"])
				return
			}
			v := f.view(at(t, a, "result", "orderId").(string))
			assert.Equal(t, c.area, at(t, v, "result", "nativeLogistics", "province"))
		})
	}
}

func TestOpenOfferID(t *testing.T) {
	f := start(t, Options{})
	o, k := f.pickOffer(plainOffer)
	open := openOfferID(f.srv.seed, o.id)
	line := fmt.Sprintf(`[{"openOfferId":%q,"specId":%q,"quantity":5}]`, open, k.spec)
	entry := at(t, f.previewOf(map[string]string{"cargoParamList": line}), "orderPreviewResuslt", 0, "cargoList", 0)
	assert.Equal(t, itoa(o.id), at(t, entry, "offerId").(json.Number).String())
	assert.Equal(t, open, at(t, entry, "openOfferId"))
	assert.Equal(t, "400", f.previewOf(map[string]string{"cargoParamList": strings.Replace(line, open, open[:22]+"x", 1)})["errorCode"])
}

func TestFlows(t *testing.T) {
	f := start(t, Options{})
	choice, ck := f.pickOffer(func(o *offer) bool { return o.traits == curated && o.moq > 1 })
	drop, dk := f.pickOffer(func(o *offer) bool { return o.traits == dropship && o.moq > 1 && o.quoteType == 1 })
	entry := func(flow, line string) any {
		return at(t, f.previewOf(map[string]string{"flow": flow, "cargoParamList": "[" + line + "]"}), "orderPreviewResuslt", 0)
	}
	one := entry("boutiquefenxiao", cargo(choice, ck, 1))
	assert.Equal(t, json.Number("0"), at(t, one, "sumCarriage"), "curated dropship is free of freight")
	assert.Equal(t, ck.onePiecePrice(), fen(t, at(t, one, "sumPaymentNoCarriage")))
	assert.Equal(t, "boutiquefenxiao", at(t, entry("", cargo(choice, ck, 1)), "flowFlag"), "the only flow that takes one piece")
	many := entry("", cargo(choice, ck, 10))
	assert.Equal(t, "boutiquepifa", at(t, many, "flowFlag"), "the cheapest")
	assert.Equal(t, ck.curatedPrice()*10, fen(t, at(t, many, "sumPaymentNoCarriage")))
	assert.Equal(t, dk.onePiecePrice(), fen(t, at(t, entry("fenxiao", cargo(drop, dk, 1)), "sumPaymentNoCarriage")), "resellers buy single pieces")
	args := map[string]string{"flow": "saleproxy", "cargoParamList": "[" + cargo(drop, dk, 1) + "]"}
	assert.Equal(t, "500_007", f.previewOf(args)["errorCode"])
	f.call("com.alibaba.fenxiao.crossborder/product.kjdistribute.addRelation", map[string]string{"offerId": itoa(drop.id)})
	assert.Equal(t, "saleproxy", at(t, f.previewOf(args), "orderPreviewResuslt", 0, "flowFlag"), "following an offer is the relation")
	assert.Equal(t, "400", f.previewOf(map[string]string{"flow": "nonsense", "cargoParamList": args["cargoParamList"]})["errorCode"])
}

// A cart with goods of two warehouses becomes two orders; one of them may fail alone.
func TestSeveralOrdersAndPartialFailure(t *testing.T) {
	f := start(t, Options{Offers: 4000})
	near, far := f.pair(func(o *offer) bool { return o.traits&^dropship == 0 }, func(o *offer) bool { return o.traits&^dropship == farWarehouse && o.batch == 0 })
	args := map[string]string{"flow": "general", "addressParam": testAddress, "outOrderId": "TWO", "cargoParamList": "[" + near + "," + far + "]"}
	p := f.call(previewAPI, args)
	assert.Len(t, at(t, p, "orderPreviewResuslt"), 2)
	a := f.call(createAPI, args)
	assertDocumented(t, "alibaba.trade.createCrossOrder", a)
	assert.Nil(t, at(t, a, "result", "orderId"), "empty when there are several")
	assert.Len(t, at(t, a, "result", "orderList"), 2)
	for i := range 2 {
		assert.Equal(t, fen(t, at(t, p, "orderPreviewResuslt", i, "sumPayment")), fen(t, at(t, a, "result", "orderList", i, "orderAmmount")))
	}
	args["cargoParamList"] = "[" + near + "," + strings.Replace(far, `"quantity":60`, `"quantity":9000000`, 1) + "]"
	p = f.call(previewAPI, args)
	assert.Equal(t, true, p["success"])
	assert.Equal(t, false, at(t, p, "orderPreviewResuslt", 1, "status"))
	assert.Equal(t, "500_004", at(t, p, "orderPreviewResuslt", 1, "resultCode"))
	assert.Equal(t, "500_004", at(t, p, "orderPreviewResuslt", 1, "cargoList", 0, "resultCode"))
	a = f.call(createAPI, args)
	assert.NotEmpty(t, at(t, a, "result", "orderId"))
	assert.Equal(t, "500_004", at(t, a, "result", "failedOfferList", 0, "errorCode"))
}

func TestCouponsShowInPreviewsAndOrders(t *testing.T) {
	f := start(t, Options{Offers: 2000})
	o, k := f.pickOffer(func(o *offer) bool { return plainOffer(o) && o.seller%12 == 0 && o.seller%5 == 4 })
	n := 20_000/k.price + 2
	args := map[string]string{"flow": "general", "addressParam": testAddress, "cargoParamList": "[" + cargo(o, k, n) + "]"}
	entry := func() any { return at(t, f.call(previewAPI, args), "orderPreviewResuslt", 0) }
	plain := entry()
	assert.Equal(t, json.Number("0"), at(t, plain, "discountFee"))
	shop := at(t, plain, "shopPromotionList", 0, "promotionId").(string)
	assert.Equal(t, false, at(t, plain, "shopPromotionList", 0, "selected"))
	args["shopPromotionId"] = shop
	assert.Equal(t, json.Number("500"), at(t, entry(), "discountFee"))
	args["shopPromotionId"] = "1"
	assert.Equal(t, "400", f.call(createAPI, args)["code"])
	delete(args, "shopPromotionId")

	got := f.call(claimAPI, map[string]string{"offerIds": "[" + itoa(o.id) + "]"})
	assertDocumented(t, "coupon.optimal.claim", got)
	assert.Len(t, at(t, got, "result", "result", "couponList"), 3)
	with := entry()
	assert.Equal(t, json.Number("800"), at(t, with, "discountFee"))
	assert.Equal(t, json.Number("200"), at(t, with, "totalFundUsageAmount"))
	sum := fen(t, at(t, with, "sumPaymentNoCarriage")) + fen(t, at(t, with, "sumCarriage")) - 800 - 200 - fen(t, at(t, with, "totalPostFundUsageAmount"))
	assert.Equal(t, sum, fen(t, at(t, with, "sumPayment")))
	a := f.call(createAPI, args)
	assert.Equal(t, sum, fen(t, at(t, a, "result", "totalSuccessAmount")))
	id := at(t, a, "result", "orderId").(string)
	assert.Equal(t, json.Number("-800"), at(t, f.view(id), "result", "baseInfo", "discount"))
	assert.Equal(t, json.Number("0"), at(t, entry(), "discountFee"), "a coupon serves once")
	f.act(id, "close-by-seller", "")
	assert.Equal(t, json.Number("800"), at(t, entry(), "discountFee"), "and is back when its order closes unpaid")
	args["useRedEnvelope"] = "n"
	assert.Equal(t, json.Number("0"), at(t, entry(), "totalFundUsageAmount"))
}

func TestCreateWishes(t *testing.T) {
	f := start(t, Options{Offers: 2000})
	o, k := f.pickOffer(plainOffer)
	hk := `{"fullName":"A","mobile":"1","address":"x","districtCode":"810000"}`
	invoice := `{"invoiceType":1,"companyName":"甲","taxpayerIdentifier":"9","bankAndAccount":"工行 1"}`
	for _, c := range []struct{ name, key, value, address, code string }{
		{"message of 500", "message", strings.Repeat("长", 500), "", ""}, {"message of 501", "message", strings.Repeat("长", 501), "", "400"},
		{"long outOrderId", "outOrderId", strings.Repeat("x", 129), "", "400"}, {"biz type", "isvBizType", "cross_daigou", "", ""},
		{"unknown biz type", "isvBizType", "x", "", "400"}, {"envelope", "useRedEnvelope", "maybe", "", "400"},
		{"cross-border in China", "useCrossBorderLogisticsSolution", "true", "", "400"}, {"cross-border to Hong Kong", "useCrossBorderLogisticsSolution", "true", hk, ""},
		{"invoice", "invoiceParam", invoice, "", ""}, {"invoice without bank", "invoiceParam", `{"invoiceType":1,"companyName":"甲","taxpayerIdentifier":"9"}`, "", "400"},
		{"invoice kind", "invoiceParam", `{"invoiceType":7}`, "", "400"}, {"invoice is text", "invoiceParam", `"x"`, "", "400_1"},
		{"extend", "extendParam", `{"extPairList":[{"key":"a","value":"b"}]}`, "", ""}, {"extend is a list", "extendParam", `[1]`, "", "400_1"},
		{"trade type", "tradeType", "assureTrade", "", ""}, {"unknown trade type", "tradeType", "x", "", "500_1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := map[string]string{"flow": "general", "addressParam": or(c.address, testAddress), "cargoParamList": "[" + cargo(o, k, 5) + "]", c.key: c.value}
			a := f.call(createAPI, args)
			if c.code == "" {
				assert.NotEmpty(t, at(t, a, "result", "orderId"), a)
			} else {
				assert.Equal(t, c.code, a["code"])
			}
		})
	}
}

// FuzzCreateOrder feeds preview and creation any cargo and address: no panic, and no order without a refusal or a number.
func FuzzCreateOrder(f *testing.F) {
	srv, err := New(Options{})
	require.NoError(f, err)
	c := srv.cat.Load()
	o := &c.offers[0]
	f.Add("["+cargo(o, &c.skus(o)[0], 60)+"]", testAddress, `{"invoiceType":0}`, "general")
	f.Add(`[{"offerId":1e99,"quantity":-1},null,[]]`, `{"addressId":{}}`, `[]`, "")
	f.Add(`[{"openOfferId":"BAA0","quantity":"1.0"}]`, `{"districtCode":"\u0000"}`, `null`, "boutiquefenxiao")
	f.Fuzz(func(t *testing.T, cargo, address, invoice, flow string) {
		if !utf8.ValidString(cargo + address + invoice + flow) {
			return
		}
		for _, name := range []string{previewAPI, createAPI} {
			call := &call{api: srv.apis[name], app: srv.apps[DemoKey], base: "http://x", now: srv.now(), args: url.Values{
				"cargoParamList": {cargo}, "addressParam": {address}, "invoiceParam": {invoice}, "flow": {flow},
			}}
			before := len(srv.orderIDs)
			var a map[string]any
			require.NoError(t, json.Unmarshal(srv.execute(call), &a))
			if a["success"] != true {
				require.Len(t, srv.orderIDs, before)
			}
		}
	})
}
