package alibaba

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestImageUpload: the official answer with success as text, the seed's flat one, an id as a number.
func TestImageUpload(t *testing.T) {
	for name, answer := range map[string]string{
		"official": `{"result":{"success":"true","code":"S0000","message":"success","result":"1490507813791335080"}}`,
		"seed":     `{"success":true,"code":"S0000","message":"success","data":"1490507813791335080","result":true}`,
		"number":   `{"result":{"success":true,"code":"200","message":null,"result":1490507813791335080}}`,
	} {
		c, g := setup(t)
		g.answers(t, &apiImageUpload, 200, answer)
		id, err := c.ImageUpload(t.Context(), []byte{0xff, 0xd8, 0xfb, 0xef, 0xbe}, "2")
		require.NoError(t, err, name)
		assert.Equal(t, "1490507813791335080", id, name)
		assert.Equal(t, `{"imageBase64":"/9j7774=","outMemberId":"2"}`, g.last(t).Get("uploadImageParam"), "standard base64, signed as it is")
	}
}

func TestImageUpload_refused(t *testing.T) {
	for answer, class := range map[string]Class{
		`{"result":{"success":"false","code":"IMAGE_TOO_LARGE","message":"too large"}}`:            Rejected,
		`{"success":false,"code":"IMAGE_TOO_LARGE","message":"x","data":null,"result":false}`:      Rejected,
		`{"success":true,"code":"S0000","message":"success","data":null,"result":true}`:            Transient, // no id anywhere
		`{"result":{"success":"true","code":"S0000","message":"success","result":""}}`:             Transient,
		`{"result":{"success":"true","code":"S0000","message":"success","result":null}}`:           Transient,
		`{"error_code":"gw.QosAppFrequencyLimit","error_message":"slow down","request_id":"1"}`:    Quota,
		`{"result":{"success":"true","code":"S0000","message":"success","result":{"imageId":[]}}}`: Transient,
	} {
		c, g := setup(t)
		g.answers(t, &apiImageUpload, 200, answer)
		_, err := c.ImageUpload(t.Context(), []byte{1}, "")
		assert.Equal(t, class, ClassOf(err), answer)
		assert.Equal(t, `{"imageBase64":"AQ=="}`, g.last(t).Get("uploadImageParam"))
	}
}

const imageAnswer = `{"result":{"success":"true","code":"200","message":"ok","result":{"totalRecords":"39","totalPage":2,"pageSize":20,"currentPage":1,"data":[{"offerId":666353603800,` +
	`"subject":"不锈钢玉米刨","subjectTrans":"Corn stripper","imageUrl":"https://cbu01.alicdn.com/img/ibank/x.jpg","priceInfo":{"price":"1.70"},"companyName":"义乌市某厂","companyAddress":"浙江省义乌市",` +
	`"offerDataInfo":{"offerApplauseRate":"98%","kjFeaturedServices":"7天无理由退货;一件代发","qualityRfdRate30d":"0.1%","repurchaseRate30d":"13%","pickupRate24h30d":"99%"}}],` +
	`"picRegionInfo":{"currentRegion":"266,799,48,581","yoloCropRegion":"266,799,48,581;0,100,0,200"}}}}`

func TestImageQuery(t *testing.T) {
	for profile, want := range map[string]string{
		ProfileCrossborder: `{"imageId":"1490507813791335080","beginPage":2,"pageSize":50,"country":"ja","region":"266,799,48,581","categoryId":7,"filter":"shipInToday","sort":"{\"price\":\"asc\"}",` +
			`"priceStart":"1","priceEnd":"9.5","outMemberId":"m-1","keyword":"刨"}`,
		ProfileNationalSite: `{"imageId":"1490507813791335080","beginPage":2,"pageSize":50,"country":"japan","region":"266,799,48,581","categoryId":7,"filter":"shipInToday","sort":"{\"onePPrice\":\"asc\"}",` +
			`"priceStart":"1","priceEnd":"9.5","outMemberId":"m-1","keyword":"刨"}`,
	} {
		c, g := setup(t, func(o *Options) { o.Profile = profile })
		g.answers(t, &apiImageQuery, 200, imageAnswer)
		page, err := c.ImageQuery(t.Context(), ImageQuery{
			ImageID: "1490507813791335080", BeginPage: 2, PageSize: 50, Country: "ja", CountryName: "japan", Region: "266,799,48,581", CategoryID: 7,
			Filter: "shipInToday", Sort: `{"price":"asc"}`, PriceStart: "1", PriceEnd: "9.5", OutMemberID: "m-1", Keyword: "刨",
		})
		require.NoError(t, err)
		assert.Equal(t, want, g.last(t).Get("offerQueryParam"), profile)
		assert.Equal(t, RegionInfo{"266,799,48,581", "266,799,48,581;0,100,0,200"}, page.Region)
		assert.EqualValues(t, 39, page.TotalRecords)
		require.Len(t, page.Offers, 1)
		o := page.Offers[0]
		assert.Equal(t, ID(666353603800), o.OfferID)
		assert.Equal(t, []Text{"义乌市某厂", "浙江省义乌市"}, []Text{o.CompanyName, o.CompanyAddress})
		assert.EqualValues(t, "98%", o.OfferData.OfferApplauseRate)
	}
}

// TestImageQuery_seed: the seed's list, no boxes; and boxes of the wrong kind cost nothing.
func TestImageQuery_seed(t *testing.T) {
	c, g := setup(t)
	g.answers(t, &apiImageQuery, 200, string(golden(t, "seed_search")))
	page, err := c.ImageQuery(t.Context(), ImageQuery{ImageAddress: "https://cbu01.alicdn.com/a.jpg", Country: "en"})
	require.NoError(t, err)
	assert.Equal(t, `{"beginPage":1,"pageSize":20,"country":"en","imageAddress":"https://cbu01.alicdn.com/a.jpg"}`, g.last(t).Get("offerQueryParam"))
	assert.Len(t, page.Offers, 1)
	assert.Zero(t, page.Region)
	for _, info := range []string{`null`, `"x"`, `[]`, `{"currentRegion":{},"yoloCropRegion":5}`} {
		var p ImagePage
		require.NoError(t, decode([]byte(`{"data":[{"offerId":1}],"picRegionInfo":`+info+`}`), &p), info)
		assert.Len(t, p.Offers, 1, info)
		assert.Empty(t, p.Region.CurrentRegion, info)
	}
}
