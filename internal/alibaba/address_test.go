package alibaba

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSavedAddresses(t *testing.T) {
	c, g := setup(t)
	g.answers(t, &apiSavedAddresses, 200, `{"result":{"receiveAddressItems":[{"id":1234,"fullName":"n","address":"a","post":"000000","phone":null,"mobilePhone":"138",`+
		`"addressCode":"330108","addressCodeText":"浙江省 杭州市 滨江区","isDefault":true}]},"success":true}`)
	list, err := c.SavedAddresses(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []SavedAddress{{ID: 1234, FullName: "n", Mobile: "138", PostCode: "000000", DistrictCode: "330108", District: "浙江省 杭州市 滨江区", Address: "a", Default: true}}, list)

	c, g = setup(t)
	g.answers(t, &apiSavedAddresses, 200, `{"success":false,"code":"400","message":"api need authorized"}`)
	_, err = c.SavedAddresses(t.Context())
	assert.Equal(t, Auth, ClassOf(err))
	assert.Equal(t, 1, g.count())
}

func TestParseAddress(t *testing.T) {
	c, g := setup(t)
	g.answers(t, &apiAddressCode, 200, `{"result":{"address":"网商路699号","addressCode":"330108","addressCodeText":"浙江省 杭州市 滨江区","addressId":null,"isDefault":false}}`)
	a, err := c.ParseAddress(t.Context(), "浙江省 杭州市 滨江区网商路699号")
	require.NoError(t, err)
	assert.Equal(t, &AddressCode{DistrictCode: "330108", District: "浙江省 杭州市 滨江区", Rest: "网商路699号"}, a)
	assert.Equal(t, "浙江省 杭州市 滨江区网商路699号", g.last(t).Get("addressInfo"))

	c, g = setup(t)
	g.answers(t, &apiAddressCode, 200, `{"result":null,"errorCode":"500_1","errorMessage":"cannot read: some street 1"}`)
	_, err = c.ParseAddress(t.Context(), "some street 1")
	assert.Equal(t, "500_1", RefusalCode(err))
	assert.NotContains(t, err.Error(), "street", "the text may quote the address")

	c, g = setup(t)
	g.answers(t, &apiAddressCode, 200, `{"result":{"address":"x"}}`)
	_, err = c.ParseAddress(t.Context(), "x")
	assert.Equal(t, Transient, ClassOf(err))
}

func TestMixConfig(t *testing.T) {
	c, g := setup(t)
	g.answers(t, &apiMixConfig, 200, `{"result":{"generalHunpi":true,"mixAmount":200,"mixNumber":"5","memberId":"b2b-1"},"success":true,"extErrorMessage":null}`)
	rule, err := c.MixConfig(t.Context(), "b2b-1", "")
	require.NoError(t, err)
	assert.Equal(t, &MixConfig{MemberID: "b2b-1", Allowed: true, MixNumber: 5, MixAmount: 200}, rule)
	assert.Equal(t, "b2b-1", g.last(t).Get("sellerMemberId"))
	assert.False(t, g.last(t).Has("sellerLoginId"))
	_, err = c.MixConfig(t.Context(), "", "")
	assert.Equal(t, Rejected, ClassOf(err))
}

func TestBuyerOrder_staged(t *testing.T) {
	c, g := setup(t)
	g.answers(t, &apiBuyerOrder, 200, `{"success":"true","result":{"baseInfo":{"idOfStr":"7","createTime":"20180622141034000+0800","payTimeout":43200,"payTimeoutType":0,"sellerOrder":true,`+
		`"sellerContact":{"companyName":"co","shopName":"shop"},"receiverInfo":{"toFullName":"n","toDivisionCode":"330108"},"newStepOrderList":[`+
		`{"stepNo":1,"stepName":"定金","lastStep":false,"activeStatus":0,"payStatus":2,"logisticsStatus":1,"payFee":10.5,"paidFee":"10.5","goodsFee":10,"postFee":0.5,"paidPostFee":0.5},`+
		`{"stepNo":2,"lastStep":true,"activeStatus":1,"payStatus":1,"payFee":20,"discountFee":-1.25}]},"productItems":[{"subItemIDString":"8","refundIdForAs":"TQ2","productCargoNumber":"K-1"}],`+
		`"nativeLogistics":{"townCode":"330108001","logisticsItems":[{"subItemIds":"8, 9,x","noLogisticsCondition":"2","type":"2"}]},"orderBizInfo":{"shippingInsurance":"givenByPlatform"},`+
		`"overseaLogisticsInfo":{"overseasLogisticsIds":["LP1"]}}}`)
	o, err := c.BuyerOrder(t.Context(), 7)
	require.NoError(t, err)
	assert.Equal(t, []TradeStep{
		{No: 1, Name: "定金", PayStatus: StepPaid, LogisticsStatus: 1, PayFen: 1050, PaidFen: 1050, GoodsFen: 1000, FreightFen: 50, PaidFreightFen: 50},
		{No: 2, Last: true, Active: 1, PayStatus: StepUnpaid, PayFen: 2000, DiscountFen: -125},
	}, o.Base.Steps)
	assert.True(t, bool(o.Base.SellerOrder))
	assert.Equal(t, SellerContact{CompanyName: "co", ShopName: "shop"}, o.Base.SellerContact)
	assert.Equal(t, TradeReceiver{FullName: "n", DistrictCode: "330108"}, o.Base.Receiver)
	assert.Equal(t, []ID{8, 9}, o.Logistics.Items[0].SubItems())
	assert.Equal(t, []Text{"2", "330108001", "givenByPlatform", "LP1", "TQ2", "K-1"}, []Text{
		o.Logistics.Items[0].NoLogistics, o.Logistics.TownCode, o.Business.ShippingInsurance, o.OverseasBills.IDs[0], o.Items[0].RefundIDForAs, o.Items[0].OfferNumber})
	assert.Equal(t, o.Base.CreateTime.Add(12*time.Hour), o.PayUntil())
}

func TestPayUntil(t *testing.T) {
	at := func(h int) Time { return Time{noon.Add(time.Duration(h) * time.Hour)} }
	for name, tt := range map[string]struct {
		trade Trade
		want  time.Time
	}{
		"the earliest line":   {Trade{Base: TradeBase{CreateTime: at(0), PayTimeout: 3600}, Items: []TradeItem{{}, {PayExpireTime: at(5)}, {PayExpireTime: at(3)}}}, at(3).Time},
		"seconds after start": {Trade{Base: TradeBase{CreateTime: at(0), PayTimeout: 3600}}, at(1).Time},
		"a fixed time":        {Trade{Base: TradeBase{CreateTime: at(0), PayTimeout: 3600, PayTimeoutType: 1}}, time.Time{}},
		"nonsense":            {Trade{Base: TradeBase{CreateTime: at(0), PayTimeout: 1 << 62}}, time.Time{}},
		"nothing":             {Trade{}, time.Time{}},
	} {
		assert.Equal(t, tt.want, tt.trade.PayUntil(), name)
	}
}

// A split order of which a part was not made must say so.
func TestCreateCrossOrder_partly(t *testing.T) {
	c, g := setup(t)
	g.answers(t, &apiCreateOrder, 200, `{"success":true,"result":{"success":true,"accountPeriod":{"tapType":6,"tapDate":30,"tapOverdue":0},"orderList":[`+
		`{"orderId":"7","orderAmmount":4400,"postFee":800,"success":true,"payChannel":"alipay"},{"orderId":null,"success":false,"resultCode":"500_004","message":"stock"}]}}`)
	created, err := c.CreateCrossOrder(t.Context(), orderRequest())
	require.NoError(t, err)
	assert.Equal(t, &Created{
		Orders: []CreatedOrder{{OrderID: 7, AmountFen: 4400, PostFeeFen: 800, Success: true, PayChannel: "alipay"}},
		Lost:   []LostOrder{{Code: "500_004", Message: "stock"}}, Terms: &CreditTerms{Type: 6, Date: 30},
	}, created)
}

func TestParcel_Contents(t *testing.T) {
	c, g := setup(t)
	goods := `[{"logisticsId":"LP1","tradeOrderId":7,"tradeOrderItemId":"1158218860983545942","quantity":2.0,"unit":"个"}]`
	g.answers(t, &apiLogisticsInfos, 200, `{"result":[{"logisticsId":"LP1","logisticsOrderGoods":null,"logisticsOrderSendGood":`+goods+`},{"logisticsId":"LP2","logisticsOrderGoods":`+goods+`}],"success":true}`)
	parcels, err := c.LogisticsInfos(t.Context(), 7)
	require.NoError(t, err)
	want := []ParcelContent{{LogisticsID: "LP1", TradeOrderID: 7, TradeOrderItemID: 1158218860983545942, Quantity: "2.0", Unit: "个"}}
	for i := range parcels {
		assert.Equal(t, want, parcels[i].Contents())
	}
}
