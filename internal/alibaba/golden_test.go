package alibaba

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCurrentTime(t *testing.T) {
	want := time.Date(2026, 9, 25, 2, 10, 10, 0, time.UTC)
	for name, body := range map[string]string{"object": string(golden(t, "current_time")), "string": `"20260925101010000+0800"`, "bare": "20260925101010000+0800\n"} {
		t.Run(name, func(t *testing.T) {
			c, g := setup(t)
			g.answers(t, &apiCurrentTime, 200, body)
			got, err := c.CurrentTime(t.Context())
			require.NoError(t, err)
			assert.Equal(t, want, got)
		})
	}
}

func TestKeywordQuery_sample(t *testing.T) {
	c, g := setup(t)
	g.answers(t, &apiKeywordQuery, 200, string(golden(t, "keyword_query")))
	page, err := c.KeywordQuery(t.Context(), KeywordQuery{Keyword: "饼干 & <x>", Country: "ja", CountryName: "japan", Sort: `{"onePPrice":"asc"}`, PriceStart: "1"})
	require.NoError(t, err)
	assert.Equal(t, `{"keyword":"饼干 & <x>","beginPage":1,"pageSize":20,"country":"ja","sort":"{\"price\":\"asc\"}","priceStart":"1"}`, g.last(t).Get("offerQueryParam"))
	assert.Equal(t, SearchPage{TotalRecords: 2000, TotalPage: 100, PageSize: 20, CurrentPage: 1, Offers: []SearchOffer{{
		OfferID: 666353603800, Subject: "不锈钢玉米刨", SubjectTrans: "Corn stripper", ImageURL: "https://cbu01.alicdn.com/img/ibank/x.jpg",
		PriceInfo: SearchPrice{Price: "1.70"}, RepurchaseRate: "22%", MonthSold: new(Int(4861)), IsOnePsale: new(Bool(false)), MinOrderQuantity: 2, SellerIdentities: []Text{"powerful_merchants"},
	}}}, *page)
}

func TestKeywordQuery_national_site(t *testing.T) {
	c, g := setup(t, func(o *Options) { o.Profile = ProfileNationalSite })
	g.answers(t, &apiKeywordQuery, 200, string(golden(t, "seed_search")))
	page, err := c.KeywordQuery(t.Context(), KeywordQuery{Country: "ja", CountryName: "japan", CategoryID: 2176, BeginPage: 3, PageSize: 50, Sort: `{"price":"desc"}`})
	require.NoError(t, err)
	assert.Equal(t, `{"keyword":"","beginPage":3,"pageSize":50,"country":"japan","categoryId":2176,"sort":"{\"onePPrice\":\"desc\"}"}`, g.last(t).Get("offerQueryParam"))
	require.Len(t, page.Offers, 1)
	assert.Equal(t, ID(612345678901), page.Offers[0].OfferID)
	assert.Equal(t, SearchPrice{Price: "3.5", JxhyPrice: "2.95"}, page.Offers[0].PriceInfo)
	assert.True(t, bool(page.Offers[0].IsJxhy))
	assert.EqualValues(t, 1, page.TotalRecords)
}

func TestSortHasTwoDialects(t *testing.T) {
	c, g := setup(t)
	g.answers(t, &apiKeywordQuery, 200, string(golden(t, "seed_search")))
	for _, tt := range []struct{ sent, live, seed string }{
		{"{\"price\":\"asc\"}", "price", "onePPrice"}, {"{\"onePPrice\":\"asc\"}", "price", "onePPrice"}, {"{\"monthSold\":\"desc\"}", "monthSold", "monthSoldOut"},
		{"{\"monthSoldOut\":\"desc\"}", "monthSold", "monthSoldOut"}, {"{\"rePurchaseRate\":\"desc\"}", "rePurchaseRate", "rePurchaseRate"},
	} {
		for national, want := range map[bool]string{false: tt.live, true: tt.seed} {
			c.national = national
			_, err := c.KeywordQuery(t.Context(), KeywordQuery{Keyword: "x", Sort: tt.sent})
			require.NoError(t, err)
			assert.Contains(t, g.last(t).Get("offerQueryParam"), `"sort":"{\"`+want+`\":\"`)
		}
	}
}

// One hit that cannot be read costs that hit, not the page.
func TestBrokenEntriesOfLists(t *testing.T) {
	var page SearchPage
	require.NoError(t, decode([]byte(`{"totalRecords":"x","data":[{"offerId":1},{"offerId":"none"},null,7,{"offerId":"2","isOnePsale":null,"onePsale":true,"monthSold":[]}]}`), &page))
	var ids []ID
	for _, o := range page.Offers {
		ids = append(ids, o.OfferID)
	}
	assert.Equal(t, []ID{1, 0, 0, 2}, ids)
	assert.Nil(t, page.Offers[0].IsOnePsale)
	assert.True(t, bool(*page.Offers[3].IsOnePsale))
	require.Error(t, decode([]byte(`{"data":[{"offerId":1},`), &page), "broken JSON stays broken")
	var p Product
	require.NoError(t, decode([]byte(`{"offerId":5,"productShippingInfo":{"skuShippingInfoList":[{"skuId":"x"},{"skuId":9}]},"channelPrice":{"channelSkuPriceList":[{"skuId":1.5},{"skuId":"8"}]}}`), &p))
	require.Len(t, p.Shipping.SKUs, 1)
	require.Len(t, p.ChannelPrice.SKUs, 1)
}

func TestProductDetail(t *testing.T) {
	c, g := setup(t)
	g.answers(t, &apiProductDetail, 200, string(golden(t, "product_detail")))
	p, err := c.ProductDetail(t.Context(), DetailQuery{OfferID: 554456348334, Country: "ja", OutMemberID: "m-1"})
	require.NoError(t, err)
	assert.Equal(t, `{"offerId":554456348334,"country":"ja","outMemberId":"m-1"}`, g.last(t).Get("offerDetailParam"))
	assert.Equal(t, ID(554456348334), p.OfferID)
	assert.True(t, bool(p.IsJxhy), "live answers drop the is")
	assert.True(t, bool(*p.IsSelect), "text here, boolean in search")
	assert.Len(t, p.Attributes, 2)
	require.Len(t, p.SKUs, 1)
	assert.Equal(t, ID(3332085412530), p.SKUs[0].SkuID)
	assert.Empty(t, p.SKUs[0].Price)
	assert.Equal(t, FenxiaoPrice{OnePiecePrice: "12.50", OfferPrice: "10"}, p.SKUs[0].FenxiaoPrice)
	assert.Equal(t, []SKUAttribute{{AttributeID: 3216, AttributeName: "颜色", Value: "红", SkuImageURL: "https://cbu01.alicdn.com/r.jpg"}}, p.SKUs[0].Attributes)
	assert.EqualValues(t, QuoteSKUByQuantity, p.SaleInfo.QuoteType)
	assert.Equal(t, []PriceRange{{StartQuantity: 2, Price: "9.90"}, {StartQuantity: 100, Price: "8.8"}}, p.SaleInfo.PriceRanges)
	assert.Equal(t, Text("0.35"), p.Shipping.Weight)
	assert.Equal(t, Text("350"), p.Shipping.SKUs[0].Weight)
	assert.Equal(t, p.Shipping.SKUs[0].SkuID, p.Shipping.SKUDetails[0].SkuID, "number in one list, text in the other")
	assert.Equal(t, &SellerMix{GeneralHunpi: true, MixAmount: 100, MixNumber: 10}, p.SellerMix)
	assert.True(t, p.HasTag("isOnePsale"))
	assert.False(t, p.HasTag("select"))
	assert.False(t, p.HasTag("missing"))
	assert.Zero(t, p.BatchNumber)
	assert.Equal(t, Text(StatusPublished), p.Status)
}

func TestProductDetail_seed_shape(t *testing.T) {
	c, g := setup(t)
	g.answers(t, &apiProductDetail, 200, string(golden(t, "seed_detail")))
	p, err := c.ProductDetail(t.Context(), DetailQuery{OfferID: 554456348334, Country: "ja"})
	require.NoError(t, err)
	assert.Equal(t, []SKUAttribute{{AttributeID: 3216, AttributeName: "Color", Value: "red"}}, p.SKUs[0].Attributes)
	assert.Equal(t, []PriceRange{{StartQuantity: 1, Price: "5.00"}}, p.SaleInfo.PriceRanges)
	assert.EqualValues(t, 7, p.SaleInfo.AmountOnSale)
}

func TestRegister(t *testing.T) {
	account := CountryAccount{Country: "japan", Site: "demo", LoginName: "taro", OutMemberID: "m-1", Email: "taro@example.com", IP: "192.0.2.1"}
	tests := []struct {
		name, body string
		want       Class
		message    string
	}{
		{"sample", string(golden(t, "register")), OK, ""},
		{"flat sample", string(golden(t, "register_flat")), OK, ""},
		{"seed with data", `{"success":true,"code":"S0000","data":{"x":1},"result":true}`, OK, ""},
		{"result as text", `{"result":{"success":"true","result":"true"}}`, OK, ""},
		{"result false", `{"result":{"success":true,"code":"S0000","message":"mail taken","result":false}}`, Rejected, "mail taken"},
		{"flat result false", `{"success":true,"message":"mail taken","result":false}`, Rejected, "mail taken"},
		{"success false", `{"result":{"success":false,"code":"E1","message":"bad ip","result":true}}`, Rejected, "bad ip"},
		{"result missing", `{"result":{"success":true,"code":"S0000"}}`, Unknown, ""},
		{"empty", `{}`, Unknown, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, g := setup(t)
			g.answers(t, &apiRegister, 200, tt.body)
			err := c.Register(t.Context(), account)
			assert.Equal(t, tt.want, ClassOf(err), "%v", err)
			assert.Equal(t, 1, g.count())
			assert.Equal(t, `{"country":"japan","site":"demo","outLoginId":"taro","outMemberId":"m-1","email":"taro@example.com","ip":"192.0.2.1"}`, g.last(t).Get("countryAccount"))
			if tt.message != "" {
				assert.ErrorContains(t, err, tt.message)
			}
		})
	}
	c, g := setup(t, func(o *Options) { o.Profile = ProfileNationalSite })
	g.answers(t, &apiRegister, 200, string(golden(t, "register")))
	require.NoError(t, c.Register(t.Context(), account))
	assert.Contains(t, g.last(t).Get("countryAccount"), `"outLoginName":"taro"`)
	assert.NotContains(t, g.last(t).Get("countryAccount"), "outLoginId")
}

func orderRequest() OrderRequest {
	return OrderRequest{
		Address:    Address{FullName: "A&B", Mobile: "13800000000", ProvinceText: "浙江省", CityText: "杭州市", AreaText: "滨江区", Address: "x <1>"},
		Cargo:      []Cargo{{OfferID: 548818919805, SpecID: "eb81c61de14f4adb405ffcc2c8a4a3fb", Quantity: 2}},
		OutOrderID: "our-1", UseLogistics: true,
	}
}

func TestPreviewOrder_sample(t *testing.T) {
	c, g := setup(t)
	g.answers(t, &apiPreview, 200, string(golden(t, "preview")))
	p, err := c.PreviewOrder(t.Context(), orderRequest())
	require.NoError(t, err)
	form := g.last(t)
	assert.Equal(t, `{"fullName":"A&B","mobile":"13800000000","provinceText":"浙江省","cityText":"杭州市","areaText":"滨江区","address":"x <1>"}`, form.Get("addressParam"))
	assert.Equal(t, `[{"offerId":548818919805,"specId":"eb81c61de14f4adb405ffcc2c8a4a3fb","quantity":2}]`, form.Get("cargoParamList"))
	assert.Equal(t, "true", form.Get("useBorderLogisticsSolution"), "preview's spelling")
	assert.False(t, form.Has("flow"))
	require.Len(t, p.Orders, 1)
	o := p.Orders[0]
	assert.True(t, bool(o.Status))
	assert.Equal(t, []Text{"nzassure"}, o.TradeModes)
	assert.Equal(t, Text("general"), o.FlowFlag)
	assert.Equal(t, []Int{4400, 3600, 800}, []Int{o.SumPaymentFen, o.SumPaymentNoCarriageFen, o.SumCarriageFen})
	line, err := o.Cargo[0].Amount.Fen()
	require.NoError(t, err)
	assert.EqualValues(t, o.SumPaymentNoCarriageFen, line, "the line is yuan, the sum fen")
	assert.Equal(t, ID(3332085412530), o.Cargo[0].SkuID)
}

func TestPreviewOrder_refused(t *testing.T) {
	c, g := setup(t)
	g.answers(t, &apiPreview, 200, `{"success":false,"errorCode":"500_004","errorMsg":"stock too small"}`)
	_, err := c.PreviewOrder(t.Context(), orderRequest())
	var e *Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, Error{API: "alibaba.createOrder.preview", Code: "500_004", Message: "stock too small", HTTPStatus: 200, Class: Rejected}, *e)
	assert.Equal(t, 1, g.count(), "a refusal is not repeated")
}

func TestCreateCrossOrder(t *testing.T) {
	split := &Created{Orders: []CreatedOrder{{OrderID: 105581756010628640, AmountFen: 4848000, PostFeeFen: 48000}, {OrderID: 105637283010628640, AmountFen: 5050000, PostFeeFen: 50000}}}
	single := func(success bool) *Created {
		c := &Created{Orders: []CreatedOrder{{OrderID: 2158218860983545941, AmountFen: 4400, PostFeeFen: 800, Success: success}}}
		return c
	}
	failed := []FailedOffer{{OfferID: 548818919805, SpecID: "eb81c61de14f4adb405ffcc2c8a4a3fb", Code: "500_004", Message: "stock"}}
	tests := []struct {
		name, body string
		want       *Created
		class      Class
		code       string
	}{
		{"several orders", string(golden(t, "create_cross_order")), split, OK, ""},
		{"success false beside an id is an order", string(golden(t, "create_single")), single(false), OK, ""},
		{"flat, id as number", string(golden(t, "create_flat")), single(true), OK, ""},
		{"outer false beside an id is an order", `{"success":false,"code":"500","result":{"success":true,"orderId":"2158218860983545941","totalSuccessAmount":4400,"postFee":800}}`, single(true), OK, ""},
		{"failed lines", string(golden(t, "create_rejected")), &Created{Failed: failed}, Rejected, "500_004"},
		{"outer failure", `{"success":false,"code":"400","message":"AddressId invalid"}`, &Created{}, Rejected, "400"},
		{"inner failure", `{"result":{"success":false,"code":"500_005","message":"too few"},"success":true,"code":"200"}`, &Created{}, Rejected, "500_005"},
		{"success without id", `{"result":{"success":true},"success":true}`, nil, Unknown, ""},
		{"empty id", `{"result":{"success":true,"orderId":""},"success":true}`, nil, Unknown, ""},
		{"nothing said", `{}`, nil, Unknown, ""},
		{"broken id", `{"result":{"success":true,"orderId":"12x"},"success":true}`, nil, Unknown, ""},
		{"array", `[]`, nil, Unknown, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, g := setup(t)
			g.answers(t, &apiCreateOrder, 200, tt.body)
			r := orderRequest()
			r.Message, r.TradeType = "hello", "assureTrade"
			got, err := c.CreateCrossOrder(t.Context(), r)
			require.Equal(t, tt.class, ClassOf(err), "%v", err)
			if tt.want != nil && len(tt.want.Orders) == 1 && got != nil {
				got.Orders[0].Code = "" // samples differ in it
			}
			assert.Equal(t, tt.want, got)
			if tt.code != "" {
				assert.ErrorContains(t, err, tt.code)
			}
			form := g.last(t)
			assert.Equal(t, "general", form.Get("flow"))
			assert.Equal(t, "true", form.Get("useCrossBorderLogisticsSolution"), "creation's spelling")
			assert.Equal(t, "our-1", form.Get("outOrderId"))
			assert.Equal(t, "hello", form.Get("message"))
			assert.Equal(t, 1, g.count())
		})
	}
}

func TestBuyerOrder_sample(t *testing.T) {
	c, g := setup(t)
	g.answers(t, &apiBuyerOrder, 200, string(golden(t, "buyer_view")))
	trade, err := c.BuyerOrder(t.Context(), 58218860983545941)
	require.NoError(t, err)
	assert.Equal(t, "58218860983545941", g.last(t).Get("orderId"))
	assert.Equal(t, "1688", g.last(t).Get("webSite"))
	assert.Equal(t, ID(58218860983545941), trade.OrderID(), "the text form wins over the rounded number")
	assert.Equal(t, Text(TradeWaitBuyerReceive), trade.Base.Status)
	assert.Equal(t, []FenOfYuan{615, 600, 30, 0}, []FenOfYuan{trade.Base.TotalFen, trade.Base.FreightFen, trade.Base.GoodsFen, trade.Base.RefundFen})
	assert.Equal(t, time.Date(2017, 9, 14, 6, 17, 27, 0, time.UTC), trade.Base.PayTime.Time)
	require.Len(t, trade.Items, 1)
	item := trade.Items[0]
	assert.Equal(t, ID(128403042259997715), item.SubItemID())
	assert.Equal(t, []FenOfYuan{30, 30}, []FenOfYuan{item.PriceFen, item.AmountFen})
	assert.Equal(t, Text("WAIT_SELLER_AGREE"), item.RefundStatus)
	assert.Equal(t, []TradeTerm{{PayStatus: "2", PayWay: "1", PhaseAmount: 615}}, trade.Terms)
}

func TestBuyerOrder_loud(t *testing.T) {
	for name, body := range map[string]string{
		"no id":       `{"result":{"baseInfo":{"status":"success"}},"success":"true"}`,
		"broken id":   `{"result":{"baseInfo":{"idOfStr":"x"}},"success":"true"}`,
		"junk amount": `{"result":{"baseInfo":{"idOfStr":"1","totalAmount":"much"}},"success":"true"}`,
		"no result":   `{"success":"true"}`,
		"null":        `{"result":null,"success":"true"}`,
	} {
		t.Run(name, func(t *testing.T) {
			c, g := setup(t)
			g.answers(t, &apiBuyerOrder, 200, body)
			trade, err := c.BuyerOrder(t.Context(), 1)
			assert.Nil(t, trade)
			assert.Equal(t, Transient, ClassOf(err))
			assert.Equal(t, 2, g.count())
		})
	}
}

func TestBuyerOrders(t *testing.T) {
	c, g := setup(t)
	g.answers(t, &apiBuyerOrders, 200, string(golden(t, "order_list")))
	page, err := c.BuyerOrders(t.Context(), OrderListQuery{OutOrderID: "our-1", ModifyStart: noon, OrderIDs: []ID{1158218860983545941, 2}, History: true})
	require.NoError(t, err)
	form := g.last(t)
	assert.Equal(t, "20260301200000000+0800", form.Get("modifyStartTime"))
	assert.Equal(t, "[1158218860983545941,2]", form.Get("orderIds"))
	assert.Equal(t, []string{"1", "20", "true", "our-1"}, []string{form.Get("page"), form.Get("pageSize"), form.Get("isHis"), form.Get("outOrderId")})
	require.Len(t, page.Orders, 1)
	assert.Equal(t, ID(1158218860983545941), page.Orders[0].OrderID(), "idOfStr came as a number")
	assert.Equal(t, FenOfYuan(1234), page.Orders[0].Base.TotalFen)
	assert.EqualValues(t, -100, page.Orders[0].Base.DiscountFen)
	assert.EqualValues(t, 1, page.Total)
}

// The probe before a second creation must never take a broken answer for "no such order".
func TestBuyerOrders_empty_or_broken(t *testing.T) {
	tests := []struct {
		name, body string
		want       Class
	}{
		{"empty list", `{"result":[],"totalRecord":0}`, OK},
		{"null list and zero total", `{"result":null,"totalRecord":"0"}`, OK},
		{"zero total", `{"totalRecord":0}`, OK},
		{"junk total", `{"result":null,"totalRecord":"x","success":true}`, Transient},
		{"success without list or total", `{"success":true}`, Transient},
		{"null list but a total", `{"result":null,"totalRecord":2,"success":true}`, Transient},
		{"object", `{"result":{"x":1},"success":true}`, Transient},
		{"order without id", `{"result":[{"baseInfo":{}}],"totalRecord":1}`, Transient},
		{"refused", `{"result":null,"errorCode":"E","errorMessage":"x"}`, Rejected},
		{"empty object", `{}`, Transient},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, g := setup(t)
			g.answers(t, &apiBuyerOrders, 200, tt.body)
			page, err := c.BuyerOrders(t.Context(), OrderListQuery{OutOrderID: "our-1"})
			require.Equal(t, tt.want, ClassOf(err), "%v", err)
			if err == nil {
				assert.NotNil(t, page.Orders)
				assert.Empty(t, page.Orders)
			}
		})
	}
}

func TestPreparePay(t *testing.T) {
	c, g := setup(t)
	g.answers(t, &apiPreparePay, 200, string(golden(t, "prepare_pay")))
	got, err := c.PreparePay(t.Context(), 1158218860983545941, "alipay", 4400, "pay-1")
	require.NoError(t, err)
	assert.Equal(t, &PayResult{Success: false, Channel: "alipay"}, got)
	assert.Equal(t, `{"orderId":1158218860983545941,"payChannel":"alipay","payAmount":4400,"opRequestId":"pay-1"}`, g.last(t).Get("tradeWithholdPreparePayParam"))
}

func TestLogisticsInfos(t *testing.T) {
	c, g := setup(t)
	g.answers(t, &apiLogisticsInfos, 200, string(golden(t, "logistics_infos")))
	parcels, err := c.LogisticsInfos(t.Context(), 149989279191615400)
	require.NoError(t, err)
	assert.Equal(t, []Parcel{{LogisticsID: "BX111841674232006", EntryIDs: "149989279191615400", Status: ParcelSign, CompanyID: "8",
		SendGoods: []SendGood{{Unit: "个", Quantity: "2", Name: "x"}}, Receiver: ParcelReceiver{Province: "上海"}, Sender: ParcelSender{City: "杭州市"}}}, parcels)
	assert.Equal(t, []ID{149989279191615400}, parcels[0].OrderEntryIDs())
}

func TestLogisticsInfos_not_shipped(t *testing.T) {
	c, g := setup(t)
	g.answers(t, &apiLogisticsInfos, 200, string(golden(t, "not_shipped")))
	_, err := c.LogisticsInfos(t.Context(), 1)
	assert.True(t, IsNotShipped(err))
	assert.False(t, IsNoTrace(err))
	assert.Equal(t, Rejected, ClassOf(err))
	assert.Equal(t, 1, g.count())
}

func TestLogisticsTrace(t *testing.T) {
	c, g := setup(t)
	g.answers(t, &apiLogisticsTrace, 200, string(golden(t, "logistics_trace")))
	traces, err := c.LogisticsTrace(t.Context(), 188983797838441800, "LP00106397027178")
	require.NoError(t, err)
	assert.Equal(t, []Trace{{LogisticsID: "LP00106397027178", BillNo: "3832890717253", OrderID: 188983797838441800,
		Steps: []TraceStep{{AcceptTime: Time{time.Date(2018, 7, 24, 13, 55, 33, 0, time.UTC)}, Remark: "揽件扫描"}}}}, traces)
	assert.Equal(t, "LP00106397027178", g.last(t).Get("logisticsId"))
}

func TestLogisticsTrace_none_yet(t *testing.T) {
	c, g := setup(t)
	g.answers(t, &apiLogisticsTrace, 200, string(golden(t, "no_trace")))
	_, err := c.LogisticsTrace(t.Context(), 1, "")
	assert.True(t, IsNoTrace(err), "%v", err)
	assert.False(t, IsNotShipped(err))
	assert.False(t, g.last(t).Has("logisticsId"))
}

func orderSync() OrderSync {
	return OrderSync{OrderID: "7001", OutMemberID: "m-1", Status: SyncPayed, CreateTime: noon, PayTime: noon.Add(time.Minute), PaidFee: 4400, Subs: []SyncSub{
		{OrderID: "7002", SyncLine: SyncLine{ProductID: "554456348334", ProductName: "保温杯", SkuID: "3332085412530", SkuName: "红 <L>", BuyAmount: 2}, PaidFee: 4400, Refunded: true}}}
}

func TestSyncOrder(t *testing.T) {
	c, g := setup(t)
	g.answers(t, &apiOrderSync, 200, `{"result":{"success":true,"code":"S0000","message":"success"},"request_id":"r-9"}`)
	ack, err := c.SyncOrder(t.Context(), orderSync())
	require.NoError(t, err)
	assert.Equal(t, Ack{RequestID: "r-9"}, ack)
	assert.Equal(t, `{"orderId":"7001","outMemberId":"m-1","status":"payed","createTime":"2026-03-01 20:00:00","payTime":"2026-03-01 20:01:00","paidFee":4400,"refundStatus":"0",`+
		`"subOrderParamList":[{"orderId":"7002","productId":"554456348334","productName":"保温杯","skuId":"3332085412530","skuName":"红 <L>","buyAmount":2,"paidFee":4400,"refundStatus":"1"}]}`,
		g.last(t).Get("orderParam"))

	single := OrderSync{OrderID: "7001", OutMemberID: "m-1", Status: SyncClose, CreateTime: noon, EndTime: noon, Line: &SyncLine{ProductID: "1", SkuID: "2", BuyAmount: 3}}
	_, err = c.SyncOrder(t.Context(), single)
	require.NoError(t, err)
	assert.Equal(t, `{"orderId":"7001","outMemberId":"m-1","status":"close","createTime":"2026-03-01 20:00:00","endTime":"2026-03-01 20:00:00","paidFee":0,"refundStatus":"0","productId":"1","skuId":"2","buyAmount":3}`,
		g.last(t).Get("orderParam"))
}

func TestWriteback_sample_answer(t *testing.T) {
	c, g := setup(t)
	g.answers(t, &apiOrderSync, 200, string(golden(t, "order_sync")))
	g.answers(t, &apiRelationWrite, 200, string(golden(t, "order_sync")))
	g.answers(t, &apiLogisticsSync, 200, string(golden(t, "order_sync")))
	_, err := c.SyncOrder(t.Context(), orderSync())
	require.NoError(t, err)
	_, err = c.WriteRelation(t.Context(), Relation{"7002", "7001", 1158218860983545942, 1158218860983545941})
	require.NoError(t, err)
	assert.Equal(t, `{"orderId":"7002","parentOrderId":"7001","purchaseOrderId":1158218860983545942,"purchaseParentOrderId":1158218860983545941}`, g.last(t).Get("orderRelationParam"))
	_, err = c.SyncLogistics(t.Context(), LogisticsSync{OrderID: "7001", LogisticsID: "P1", Status: SyncSign, CreateTime: noon, SignTime: noon, Province: "Tokyo", City: "Chuo", Address: "1 & 2"})
	require.NoError(t, err)
	assert.Equal(t, `{"orderId":"7001","logisticsId":"P1","logisticsStatus":"sign","createTime":"2026-03-01 20:00:00","signTime":"2026-03-01 20:00:00","province":"Tokyo","city":"Chuo","area":"","address":"1 & 2"}`,
		g.last(t).Get("orderLogisticsParam"))
}

func TestWriteback_national_site(t *testing.T) {
	c, g := setup(t, func(o *Options) { o.Profile = ProfileNationalSite })
	for _, api := range []*endpoint{&apiOrderSync, &apiRelationWrite, &apiLogisticsSync} {
		g.answers(t, api, 200, `{"success":true,"code":"S0000","message":"success","data":null,"result":true}`)
	}
	o := orderSync()
	o.Country = "japan"
	_, err := c.SyncOrder(t.Context(), o)
	require.NoError(t, err)
	assert.Equal(t, `{"orderId":7001,"outUserId":"m-1","payStatus":"payed","createTime":"2026-03-01 20:00:00","payTime":"2026-03-01 20:01:00","paidFee":4400,"refundStatus":"0","contry":"japan",`+
		`"subOrderList":[{"orderId":7002,"payStatus":"payed","paidFee":4400,"refundStatus":"1","offerId":554456348334,"skuId":3332085412530,"buyAmount":2}]}`, g.last(t).Get("orderParam"))
	_, err = c.WriteRelation(t.Context(), Relation{"7002", "7001", 12, 11})
	require.NoError(t, err)
	assert.Equal(t, `[{"nationalSubOrderId":7002,"nationalOrderId":7001,"cbuSubOrderId":12,"cbuOrderId":11}]`, g.last(t).Get("nationalOrderRelationParamList"))
	_, err = c.SyncLogistics(t.Context(), LogisticsSync{OrderID: "7001", LogisticsID: "P1", Status: SyncSend, CreateTime: noon})
	require.NoError(t, err)
	assert.Equal(t, `{"logisticsOrderId":7001,"logisticsId":"P1","logisticsStatus":"send","createTime":"2026-03-01 20:00:00"}`, g.last(t).Get("logisticsOrderParam"))

	calls := g.count()
	_, err = c.SyncLogistics(t.Context(), LogisticsSync{OrderID: "not a number"})
	assert.Equal(t, Rejected, ClassOf(err))
	assert.Equal(t, calls, g.count(), "nothing was sent")
}

// A debit whose answer cannot be read may have happened; a refused one has a reason.
func TestPreparePay_failures(t *testing.T) {
	for body, want := range map[string]Class{
		`{"result":{"success":true,"result":{"payChannel":"alipay"}}}`:        Unknown,
		`{"result":{"success":true}}`:                                         Unknown,
		`{"result":{"success":false,"code":"E1","message":"no agreement"}}`:   Rejected,
		`{"success":true,"result":{"payChannel":"shegou","paySuccess":true}}`: OK,
	} {
		c, g := setup(t)
		g.answers(t, &apiPreparePay, 200, body)
		_, err := c.PreparePay(t.Context(), 1, "", 0, "")
		assert.Equal(t, want, ClassOf(err), "%s: %v", body, err)
		assert.Equal(t, 1, g.count())
		assert.Equal(t, `{"orderId":1}`, g.last(t).Get("tradeWithholdPreparePayParam"))
	}
}
