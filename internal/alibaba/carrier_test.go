package alibaba

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCarriers(t *testing.T) {
	c, g := setup(t)
	body := `{"result":[{"id":5,"companyName":"中通快递(ZTO)","companyNo":"ZTO","companyPhone":"95311","supportPrint":true,"spelling":"zto"}],"success":true,"extErrorMessage":null}`
	g.answers(t, &apiCarriers, 200, body)
	g.answers(t, &apiOfflineCarriers, 200, body)
	for _, offline := range []bool{false, true} {
		list, err := c.Carriers(t.Context(), offline)
		require.NoError(t, err)
		assert.Equal(t, []Carrier{{ID: 5, CompanyNo: "ZTO", CompanyName: "中通快递(ZTO)", Phone: "95311", Spelling: "zto"}}, list)
	}
	for _, body := range []string{`{"result":[],"success":true}`, `{"result":null,"success":true}`, `{"result":{},"success":true}`} {
		c, g := setup(t)
		g.answers(t, &apiCarriers, 200, body)
		_, err := c.Carriers(t.Context(), false)
		assert.Equal(t, Transient, ClassOf(err), "no carriers at all: %s", body)
	}
}

func TestUrgeDelivery(t *testing.T) {
	for body, want := range map[string]Class{
		`{"result":{"success":true,"code":"S0000","result":true}}`:                OK,
		`{"result":{"success":true,"result":"true"}}`:                             OK,
		`{"result":{"success":true,"result":false,"message":"too soon"}}`:         Rejected,
		`{"result":{"success":false,"code":"URGE_LIMIT","message":"once a day"}}`: Rejected,
		`{"result":{"success":true,"result":null}}`:                               Unknown,
		`{"result":{"success":true,"result":{}}}`:                                 Unknown,
	} {
		c, g := setup(t)
		g.answers(t, &apiUrgeDelivery, 200, body)
		err := c.UrgeDelivery(t.Context(), 1158218860983545941)
		assert.Equal(t, want, ClassOf(err), "%s: %v", body, err)
		assert.Equal(t, "1158218860983545941", g.last(t).Get("orderId"))
		assert.Equal(t, 1, g.count())
	}
}

func TestOutOrders(t *testing.T) {
	for model, want := range map[string]*OutOrders{
		`{"outOrderIds":["our-1"],"orderIds":["1158218860983545941"]}`: {OutOrderIDs: []Text{"our-1"}, OrderIDs: []ID{1158218860983545941}},
		`["our-1",2]`: {OutOrderIDs: []Text{"our-1", "2"}}, `"our-1"`: {OutOrderIDs: []Text{"our-1"}}, `null`: nil, `{"orderIds":["x"]}`: nil,
	} {
		c, g := setup(t)
		g.answers(t, &apiOutOrders, 200, `{"result":{"success":true,"msg":"success","model":`+model+`}}`)
		found, err := c.OutOrders(t.Context(), "73100012345678", "")
		assert.Equal(t, want, found, model)
		assert.Equal(t, want == nil, err != nil, model)
		assert.Equal(t, "73100012345678", g.last(t).Get("shipmentId"))
		assert.False(t, g.last(t).Has("noMainPartCode"))
	}
	c, _ := setup(t)
	_, err := c.OutOrders(t.Context(), "", "")
	assert.Equal(t, Rejected, ClassOf(err))
}

func TestWaybills(t *testing.T) {
	c, g := setup(t)
	g.answers(t, &apiWaybills, 200, `{"result":{"success":true,"msg":null,"traceId":null,"model":{"1158218860983545941":["73","74"],"2":"75","3":[]}}}`)
	bills, err := c.Waybills(t.Context(), "our-1")
	require.NoError(t, err)
	assert.Equal(t, map[string][]string{"1158218860983545941": {"73", "74"}, "2": {"75"}, "3": {}}, bills)
	assert.Equal(t, "our-1", g.last(t).Get("outOrderId"))

	c, g = setup(t)
	g.answers(t, &apiWaybills, 200, `{"result":{"success":false,"msg":"404: no order","model":null}}`)
	_, err = c.Waybills(t.Context(), "our-2")
	assert.Equal(t, Rejected, ClassOf(err))
	assert.ErrorContains(t, err, "404: no order")
}

func TestPayAnalysis(t *testing.T) {
	c, g := setup(t)
	g.answers(t, &apiPayAnalysis, 200, `{"result":{"success":true,"code":"S0000","result":{"payChannel":"kjpayV2","canPay":false,"payAmount":4400,`+
		`"orderAnalysisList":[{"orderId":"7","canPay":true,"payAmount":4400},{"orderId":8,"canPay":false,"payAmount":null,"reasonCode":"LIMIT"}]}}}`)
	a, err := c.PayAnalysis(t.Context(), []ID{7, 8}, ChannelCross)
	require.NoError(t, err)
	assert.Equal(t, &PayAnalysis{AmountFen: 4400, Orders: []OrderPayAnalysis{{OrderID: 7, CanPay: true, AmountFen: 4400}, {OrderID: 8, Reason: "LIMIT"}}}, a)
	assert.Equal(t, []string{"[7,8]", "kjpayV2"}, []string{g.last(t).Get("orderIds"), g.last(t).Get("payChannel")})
	_, err = c.PayAnalysis(t.Context(), nil, ChannelCross)
	assert.Equal(t, Rejected, ClassOf(err))
}

func TestAccountPeriods(t *testing.T) {
	line := `{"totalCount":"1","accountPeriodList":[{"sellerLoginId":"shop1","quota":100000,"surplusQuota":"40000","tapType":6,"tapDate":30,"tapOverdue":0,"gmtQuota":"20180622141034000+0800"}]}`
	want := &AccountPeriodPage{Total: 1, Periods: []AccountPeriod{{SellerLoginID: "shop1", QuotaFen: 100000, SurplusQuotaFen: 40000, Type: 6, Date: 30,
		GrantedAt: Time{time.Date(2018, 6, 22, 6, 10, 34, 0, time.UTC)}}}}
	for _, body := range []string{`{"resultList":` + line + `}`, `{"result":{"resultList":` + line + `}}`, `{"success":true,"result":` + line + `}`} {
		c, g := setup(t)
		g.answers(t, &apiAccountPeriods, 200, body)
		page, err := c.AccountPeriods(t.Context(), 0, "shop1")
		require.NoError(t, err)
		assert.Equal(t, want, page, body)
		assert.Equal(t, []string{"1", "shop1"}, []string{g.last(t).Get("pageIndex"), g.last(t).Get("sellerLoginId")})
	}
}
