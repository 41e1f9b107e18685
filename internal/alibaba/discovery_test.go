package alibaba

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSellerOfferList(t *testing.T) {
	for profile, sort := range map[string]string{ProfileCrossborder: "price", ProfileNationalSite: "onePPrice"} {
		c, g := setup(t, func(o *Options) { o.Profile = profile })
		g.answers(t, &apiSellerOfferList, 200, string(golden(t, "seller_offer_list")))
		page, err := c.SellerOfferList(t.Context(), SellerOfferQuery{SellerOpenID: "BBBxyz==", CountryName: "japan", Keyword: "刨", Sort: `{"price":"asc"}`, CategoryID: 7, OutMemberID: "m-1"})
		require.NoError(t, err)
		assert.Equal(t, `{"keyword":"刨","beginPage":1,"pageSize":20,"sellerOpenId":"BBBxyz==","country":"japan","categoryId":7,"sort":"{\"`+sort+`\":\"asc\"}","outMemberId":"m-1"}`,
			g.last(t).Get("offerQueryParam"), profile)
		assert.Equal(t, SearchPage{TotalRecords: 31, TotalPage: 2, PageSize: 20, CurrentPage: 1, Offers: []SearchOffer{{
			OfferID: 666353603800, Subject: "不锈钢玉米刨", SubjectTrans: "コーンストリッパー", ImageURL: "https://cbu01.alicdn.com/img/ibank/x.jpg", IsOnePsale: new(Bool(true)),
			PriceInfo: SearchPrice{Price: "1.70"}, RepurchaseRate: "22%", MonthSold: new(Int(4861)), MinOrderQuantity: 2,
		}}}, *page)
	}
}

func TestOfferRecommend(t *testing.T) {
	c, g := setup(t)
	g.answers(t, &apiOfferRecommend, 200, string(golden(t, "offer_recommend")))
	list, err := c.OfferRecommend(t.Context(), RecommendQuery{BeginPage: 2, PageSize: 5, Language: "en", OutMemberID: "dferg0001"})
	require.NoError(t, err)
	assert.Equal(t, `{"beginPage":2,"pageSize":5,"country":"en","outMemberId":"dferg0001"}`, g.last(t).Get("recommendOfferParam"))
	require.Len(t, list, 2)
	assert.Equal(t, SearchOffer{
		OfferID: 689337673960, Subject: "手机壳", SubjectTrans: "Phone case", ImageURL: "https://cbu01.alicdn.com/img/ibank/r.jpg", MonthSold: new(Int(812)), RepurchaseRate: "31%",
		PriceInfo: SearchPrice{Price: "3.20", ConsignPrice: "3.36"}, TraceInfo: "object_id@689337673960^object_type@offer", IsSelect: new(Bool(true)), IsOnePsale: new(Bool(true)),
		PromotionURL: "https://detail.1688.com/offer/689337673960.html", SellerIdentities: []Text{"powerful_merchants"},
	}, list[0])
	assert.Zero(t, list[1].OfferID, "a null in the list")
}

func TestRelatedRecommend(t *testing.T) {
	c, g := setup(t)
	g.answers(t, &apiRelatedRecommend, 200, string(golden(t, "related_recommend")))
	list, err := c.RelatedRecommend(t.Context(), 689337673960, 3, 50, "ja")
	require.NoError(t, err)
	assert.Equal(t, `{"offerId":689337673960,"pageNo":3,"pageSize":10,"language":"ja"}`, g.last(t).Get("relatedQueryParams"), "never more than 1688 allows")
	assert.Equal(t, []SearchOffer{{
		OfferID: 712345678901, Subject: "硅胶手机壳", SubjectTrans: "Silicone case", ImageURL: "https://cbu01.alicdn.com/img/ibank/n.jpg", MonthSold: new(Int(300)),
		PriceInfo: SearchPrice{Price: "2.5"}, SellerIdentities: []Text{}, OfferIdentities: []Text{"yx"}, TopCategoryID: 7, SecondCategoryID: 1030001, ThirdCategoryID: 122086001,
	}}, list)
}

func TestTopKeyword(t *testing.T) {
	c, g := setup(t)
	g.answers(t, &apiTopKeyword, 200, string(golden(t, "top_keyword")))
	list, err := c.TopKeyword(t.Context(), 1001, "en")
	require.NoError(t, err)
	assert.Equal(t, `{"country":"en","sourceId":"1001","hotKeywordType":"cate"}`, g.last(t).Get("topSeKeywordParam"))
	assert.Equal(t, []HotKeyword{{"手机壳", "phone case"}, {"数据线", ""}}, list)
}

func TestTopList(t *testing.T) {
	c, g := setup(t)
	g.answers(t, &apiTopList, 200, string(golden(t, "top_list")))
	list, err := c.TopList(t.Context(), 1111, RankHot, 99, "en")
	require.NoError(t, err)
	assert.Equal(t, `{"rankId":"1111","rankType":"hot","limit":20,"language":"en"}`, g.last(t).Get("rankQueryParams"))
	assert.Equal(t, []SearchOffer{
		{OfferID: 689337673960, Subject: "手机壳", SubjectTrans: "Phone case", ImageURL: "https://cbu01.alicdn.com/img/ibank/r.jpg", MonthSold: new(Int(812))},
		{OfferID: 712345678901, Subject: "硅胶手机壳", ImageURL: "https://cbu01.alicdn.com/img/ibank/n.jpg", MonthSold: new(Int(300))},
	}, list.Offers)
}

// The inner names of a ranking are not documented: whatever list of products it holds is found.
func TestTopListElsewhere(t *testing.T) {
	want := []SearchOffer{{OfferID: 7, Subject: "x", PriceInfo: SearchPrice{Price: "1.50"}}}
	for name, payload := range map[string]string{
		"bare":   `[{"offerId":"7","subject":"x","priceInfo":{"price":1.50}}]`,
		"other":  `{"aTags":["a"],"list":[{"productId":7,"title":"x","price":"1.50"},{"offerId":"junk"},3,null]}`,
		"nested": `{"rank":{"model":{"items":[{"itemId":7,"title":"x","priceInfo":{"price":"1.50"}}]}}}`,
	} {
		c, g := setup(t)
		g.answers(t, &apiTopList, 200, `{"result":{"success":true,"result":`+payload+`}}`)
		list, err := c.TopList(t.Context(), 1, RankHot, 5, "en")
		require.NoError(t, err, name)
		assert.Equal(t, want, list.Offers, name)
	}
	for _, payload := range []string{`null`, `{}`, `[]`, `"text"`, `[[[[[[{"offerId":7}]]]]]]`, `{"rankProductModels":null}`, `12`} {
		c, g := setup(t)
		g.answers(t, &apiTopList, 200, `{"result":{"success":true,"code":"200","result":`+payload+`}}`)
		list, err := c.TopList(t.Context(), 1, RankHot, 5, "en")
		require.NoError(t, err, payload)
		assert.Empty(t, list.Offers, payload)
	}
}

// A list may be missing, null, of another kind, or wrapped as a page.
func TestListsDrift(t *testing.T) {
	for payload, hits := range map[string]int{`null`: 0, `[]`: 0, `"x"`: 0, `[1,"x",null]`: 3, `{"data":[{"offerId":7}]}`: 1, `{"offerId":7}`: 0} {
		c, g := setup(t)
		g.answers(t, &apiOfferRecommend, 200, `{"result":{"success":true,"code":"200","result":`+payload+`}}`)
		list, err := c.OfferRecommend(t.Context(), RecommendQuery{Language: "en", OutMemberID: "m"})
		require.NoError(t, err, payload)
		assert.Len(t, list, hits, payload)
	}
	c, g := setup(t)
	g.answers(t, &apiOfferRecommend, 200, `{"result":{"success":true,"result":[{"offerId":"1e9x"},{"offerId":"7"}]}}`)
	list, err := c.OfferRecommend(t.Context(), RecommendQuery{})
	require.NoError(t, err)
	require.Len(t, list, 1, "ids are not guessed: the entry is left out, the others stay")
	assert.Equal(t, ID(7), list[0].OfferID)
}

func TestCategoryByID(t *testing.T) {
	c, g := setup(t)
	g.answers(t, &apiCategoryByID, 200, string(golden(t, "category"))) // the flat envelope of the document
	category, err := c.CategoryByID(t.Context(), 1001, "ja", "")
	require.NoError(t, err)
	form := g.last(t)
	assert.Equal(t, []string{"ja", "1001"}, []string{form.Get("language"), form.Get("categoryId")})
	assert.False(t, form.Has("outMemberId"))
	assert.Equal(t, &Category{ID: 1001, ChineseName: "数码", TranslatedName: "デジタル", Language: "ja", Level: 1, Children: []Category{
		{ID: 1030001, ChineseName: "手机配件", TranslatedName: "スマホアクセサリー", Language: "ja", Level: 2, ParentID: 1001},
		{ID: 1030002, ChineseName: "电脑配件", Language: "ja", Leaf: true, Level: 2, ParentID: 1001, Children: []Category{}},
	}}, category)
}

func TestCategoryEnvelopes(t *testing.T) {
	for body, want := range map[string]*Category{
		`{"result":{"success":true,"code":"S0000","result":{"categoryId":0,"chineseName":"全部","leaf":"false","children":null}}}`: {ChineseName: "全部"},
		`{"success":"true","result":{"categoryId":"5","chineseName":"x","leaf":"true","level":3}}`:                               {ID: 5, ChineseName: "x", Leaf: true, Level: 3},
		`{"result":{"success":true,"code":"S0000","result":null}}`:                                                               nil,
	} {
		c, g := setup(t)
		g.answers(t, &apiCategoryByID, 200, body)
		got, err := c.CategoryByID(t.Context(), 0, "en", "m1")
		require.NoError(t, err, body)
		assert.Equal(t, want, got, body)
		assert.Equal(t, []string{"0", "m1"}, []string{g.last(t).Get("categoryId"), g.last(t).Get("outMemberId")})
	}
}

func TestCategoryByKeyword(t *testing.T) {
	c, g := setup(t)
	g.answers(t, &apiCategoryByKeyword, 200, string(golden(t, "category_keyword")))
	list, err := c.CategoryByKeyword(t.Context(), "裙子", "ja")
	require.NoError(t, err)
	assert.Equal(t, []string{"ja", "裙子"}, []string{g.last(t).Get("language"), g.last(t).Get("cateName")})
	assert.Equal(t, []Category{{ID: 1030001, ChineseName: "裙子", TranslatedName: "スカート", Language: "ja", Leaf: true, Level: 2, ParentID: 1001}}, list)
}

func TestFreightEstimate(t *testing.T) {
	c, g := setup(t)
	g.answers(t, &apiFreightEstimate, 200, string(golden(t, "freight")))
	f, err := c.FreightEstimate(t.Context(), FreightQuery{OfferID: 689337673960, Province: "330000", City: "330100", District: "330108", Total: 3, Items: []FreightItem{{4812345678901, 3}}})
	require.NoError(t, err)
	assert.Equal(t, `{"offerId":689337673960,"toProvinceCode":"330000","toCityCode":"330100","toCountryCode":"330108","totalNum":3,"logisticsSkuNumModels":[{"skuId":"4812345678901","number":3}]}`,
		g.last(t).Get("productFreightQueryParamsNew"))
	assert.Equal(t, Freight{
		OfferID: 689337673960, TemplateID: 10000013, Freight: "6.50", Weight: "0.1", Width: "10", Height: "2", Length: "18.25", TemplateType: TemplateCustom,
		SubTemplateType: SubTemplateExpress, ChargeType: ChargeByWeight, FirstFee: "5.00", FirstUnit: "1", NextFee: "1.5", NextUnit: "0.50", Discount: "1.00", SizeValueType: 2,
		SKUs: []FreightSKU{{SkuID: 4812345678901, Weight: "0.12345678901234567890", Height: "2", Length: "18"}},
	}, *f, "no digit is lost in a float")
	_, err = c.FreightEstimate(t.Context(), FreightQuery{OfferID: 1, Total: 1})
	require.NoError(t, err)
	assert.Contains(t, g.last(t).Get("productFreightQueryParamsNew"), `"logisticsSkuNumModels":[]`)
}

func TestDecimal(t *testing.T) {
	for in, want := range map[string]Decimal{
		`1.50`: "1.50", `"0.5"`: "0.5", `1E2`: "100", `" 7 "`: "7", `-3`: "-3", `null`: "", `""`: "", `"1,5"`: "", `"1."`: "", `".5"`: "", `true`: "", `{}`: "", `"NaN"`: "", `1e999`: "",
	} {
		var d Decimal
		require.NoError(t, d.UnmarshalJSON([]byte(in)), in)
		assert.Equal(t, want, d, in)
	}
}

func TestFollow(t *testing.T) {
	c, g := setup(t)
	g.answers(t, &apiFollow, 200, string(golden(t, "follow")))
	g.answers(t, &apiUnfollow, 200, `{"result":{"success":false,"msg":"offer is not followed","traceId":"x"}}`)
	require.NoError(t, c.Follow(t.Context(), 689337673960))
	assert.Equal(t, "689337673960", g.last(t).Get("offerId"))
	err := c.Unfollow(t.Context(), 5)
	assert.Equal(t, Rejected, ClassOf(err))
	assert.ErrorContains(t, err, "offer is not followed")
	c, g = setup(t)
	g.answers(t, &apiFollow, 200, `{"result":{"traceId":"x"}}`)
	assert.Equal(t, Transient, ClassOf(c.Follow(t.Context(), 5)), "a receipt nobody gave is no receipt")
}
