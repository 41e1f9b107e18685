package sandbox

import (
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// documentedAPIs are the APIs a cross-border buyer is documented to use. A star marks those that
// the gateway lets through without any argument: they need none, or have a code of their own for it.
const documentedAPIs = `
com.alibaba.fenxiao.crossborder/product.search.keywordQuery
com.alibaba.fenxiao.crossborder/product.search.imageQuery
com.alibaba.fenxiao.crossborder/product.image.upload
com.alibaba.fenxiao.crossborder/product.search.queryProductDetail
com.alibaba.fenxiao.crossborder/product.filterData.queryConfig *
com.alibaba.fenxiao.crossborder/product.search.querySellerOfferList
com.alibaba.fenxiao.crossborder/product.search.offerRecommend
com.alibaba.fenxiao.crossborder/product.related.recommend
com.alibaba.fenxiao.crossborder/product.search.topKeyword
com.alibaba.fenxiao.crossborder/product.search.keywordSNQuery
com.alibaba.fenxiao.crossborder/product.topList.query
com.alibaba.fenxiao.crossborder/category.translation.getById
com.alibaba.fenxiao.crossborder/category.translation.getByKeyword
com.alibaba.fenxiao.crossborder/product.freight.estimate
com.alibaba.fenxiao.crossborder/product.kjdistribute.addRelation
com.alibaba.marketing/coupon.optimal.claim
com.alibaba.fenxiao.crossborder/account.user.register
com.alibaba.fenxiao.crossborder/account.business.save
com.alibaba.account/alibaba.account.basic *
com.alibaba.account/alibaba.account.agent.crossBasic
com.alibaba.account/alibaba.subAccount.list *
system.oauth2/subaccount.auth.add
system.oauth2/subaccount.auth.cancel
system.oauth2/subaccount.auth.list
com.alibaba.account/wangwangnick.openuid.decrypt
com.alibaba.account/loginid.openuid.encrypt
com.alibaba.account/account.wangwangUrl.get
com.alibaba.trade/alibaba.createOrder.preview
com.alibaba.trade/alibaba.trade.createCrossOrder
com.alibaba.trade/alibaba.trade.get.buyerView
com.alibaba.trade/alibaba.trade.getBuyerOrderList *
com.alibaba.trade/alibaba.trade.cancel
com.alibaba.trade/trade.receivegoods.confirm
com.alibaba.trade/alibaba.order.memoAdd
com.alibaba.trade/alibaba.trade.addFeedback
com.alibaba.trade/trade.order.buyerdelete
com.alibaba.trade/order.receiveAddress.buyerUpdate
com.alibaba.trade/alibaba.trade.receiveAddress.get *
com.alibaba.trade/alibaba.trade.addresscode.parse
com.alibaba.trade/trade.address.parseText
com.alibaba.trade/alibaba.trade.OpQueryMarketingMixConfig
com.alibaba.trade/alibaba.alipay.url.get
com.alibaba.trade/alibaba.crossBorderPay.url.get
com.alibaba.trade/alibaba.creditPay.url.get
com.alibaba.trade/alibaba.trade.payWay.query
com.alibaba.trade/alibaba.trade.pay.protocolPay.isopen *
com.alibaba.trade/alibaba.trade.pay.protocolPay.preparePay
com.alibaba.trade/trade.orderpay.analysis
com.alibaba.trade/alibaba.trade.grouppay.url.get
com.alibaba.trade/alibaba.accountPeriod.list.buyerView *
com.alibaba.logistics/alibaba.trade.getLogisticsInfos.buyerView
com.alibaba.logistics/alibaba.trade.getLogisticsTraceInfo.buyerView
com.alibaba.logistics/alibaba.logistics.OpQueryLogisticCompanyList *
com.alibaba.logistics/logistics.delivery.urge
com.alibaba.trade/shipping.insurance.get
com.alibaba.fenxiao.crossborder/logistics.order.getOutOrderId
com.alibaba.fenxiao.crossborder/bigcustomer.mailNo.query
com.alibaba.trade/alibaba.trade.getRefundReasonList
com.alibaba.trade/alibaba.trade.createRefund
com.alibaba.trade/alibaba.trade.uploadRefundVoucher *
com.alibaba.trade/alibaba.trade.refund.returnGoods *
com.alibaba.trade/alibaba.trade.cancelRefund *
com.alibaba.trade/alibaba.trade.getMaxRefundFee
com.alibaba.trade/alibaba.trade.refund.buyer.queryOrderRefundList *
com.alibaba.trade/alibaba.trade.refund.OpQueryOrderRefund
com.alibaba.trade/alibaba.trade.refund.OpQueryBatchRefundByOrderIdAndStatus
com.alibaba.trade/alibaba.trade.refund.OpQueryOrderRefundOperationList
com.alibaba.fenxiao/refund.address.get
com.alibaba.trade/trade.arbitration.apply
com.alibaba.fenxiao.crossborder/trade.cross.orderSync
com.alibaba.fenxiao.crossborder/order.relation.write
com.alibaba.fenxiao.crossborder/trade.cross.logisticsOrderSync
cn.alibaba.open/push.cursor.messageList *
cn.alibaba.open/push.query.messageList *
cn.alibaba.open/push.message.confirm *
system/currentTime *
`

// Every documented API is there, wants a signature before anything else, and says which argument is missing.
func TestEveryDocumentedAPI(t *testing.T) {
	f := start(t, Options{Offers: 50})
	lines := strings.Fields(strings.ReplaceAll(documentedAPIs, " *", "*"))
	assert.Len(t, lines, 76)
	seen := map[string]bool{}
	for _, line := range lines {
		name, free := strings.CutSuffix(line, "*")
		seen[name] = true
		if !assert.NotNil(t, f.srv.apis[name], "%s is not registered", name) {
			continue
		}
		status, body := f.postForm("param2/1/"+name+"/"+DemoKey, url.Values{"access_token": {DemoToken}})
		assert.Equal(t, 400, status, name)
		assert.Equal(t, "gw.SignatureMissing", at(t, decode(t, body), "error_code"), name)
		status, body = f.postForm("param2/1/"+name+"/"+DemoKey, url.Values{"access_token": {DemoToken}, "_aop_signature": {"00"}})
		assert.Equal(t, 400, status, name)
		assert.Equal(t, "gw.SignatureInvalid", at(t, decode(t, body), "error_code"), name)
		status, body = f.raw(name, nil)
		if free {
			assert.Equal(t, 200, status, "%s: %s", name, body)
			continue
		}
		assert.Equal(t, 400, status, "%s: %s", name, body)
		assert.Equal(t, "gw.ParamMissing", at(t, decode(t, body), "error_code"), name)
	}
	for _, name := range slices.Sorted(maps.Keys(f.srv.apis)) {
		if !seen[name] {
			t.Log("beyond the documented ones: " + name)
		}
	}
}

// postForm posts a form as it is.
func (f *fixture) postForm(path string, form url.Values) (int, []byte) {
	f.t.Helper()
	res, err := http.PostForm(f.url+"/openapi/"+path, form)
	require.NoError(f.t, err)
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	require.NoError(f.t, err)
	return res.StatusCode, body
}
