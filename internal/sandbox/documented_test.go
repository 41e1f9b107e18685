package sandbox

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// assertDocumented checks that an answer carries every field the fact book names for an API, in the documented kind.
// Null fields and null objects on the way are fine, real answers have them. Of a list's elements at least one must carry the field;
// an empty list proves nothing and fails. except lists what may be missing: a field's full place (result.result.token) or the
// beginning of places, ending with a dot or brackets (result.result.data[].sellerDataInfo.).
func assertDocumented(t testing.TB, apiName string, answer any, except ...string) {
	t.Helper()
	table, ok := documented[apiName]
	require.True(t, ok, "no such API in the fact book: %s", apiName)
	assert.NotNil(t, answer, apiName)
	for line := range strings.SplitSeq(strings.TrimSpace(table), "\n") {
		f := strings.Fields(line)
		for _, field := range f[1:] {
			name, kind, _ := strings.Cut(field, ":")
			place := strings.TrimPrefix(f[0]+"."+name, "..")
			if excepted(place, except) {
				continue
			}
			if found := documentedAt(t, apiName, answer, place, kind); !found {
				assert.Fail(t, "documented field is missing", "%s: %s", apiName, place)
			}
		}
	}
}

func excepted(place string, except []string) bool {
	for _, e := range except {
		if place == e || strings.HasSuffix(e, ".") && strings.HasPrefix(place, e) || strings.HasSuffix(e, "[]") && strings.HasPrefix(place, e+".") {
			return true
		}
	}
	return false
}

// documentedAt walks to a place and checks the kind of what is there. A null ends the walk well.
func documentedAt(t testing.TB, apiName string, v any, place, kind string) bool {
	t.Helper()
	head, rest, more := strings.Cut(place, ".")
	name, list := strings.CutSuffix(head, "[]")
	if name != "" {
		m, ok := v.(map[string]any)
		if !ok {
			return v == nil
		}
		if v, ok = m[name]; !ok {
			return false
		}
	}
	switch {
	case v == nil:
		return true
	case list:
		items, ok := v.([]any)
		if !assert.True(t, ok, "%s: %s is no list: %v", apiName, head, v) {
			return true
		}
		found := false
		for _, item := range items {
			found = documentedAt(t, apiName, item, rest, kind) || found
		}
		return found
	case more:
		return documentedAt(t, apiName, v, rest, kind)
	}
	assert.True(t, isKind(v, kind), "%s: %s should be of kind %s: %v (%T)", apiName, place, kind, v, v)
	return true
}

func isKind(v any, kind string) bool {
	switch kind {
	case "s":
		_, ok := v.(string)
		return ok
	case "b":
		_, ok := v.(bool)
		return ok
	case "a":
		_, ok := v.([]any)
		return ok
	case "o":
		_, ok := v.(map[string]any)
		return ok
	case "n", "d":
		n, ok := v.(json.Number)
		return ok && (kind == "d" || !strings.ContainsAny(n.String(), ".eE"))
	}
	return true
}

// documented lists the answer fields the fact book names, per API: a place in the answer, then fields with their kind
// (s text, n whole number, d number, b boolean, a list, o object, * anything). Null is always allowed.
var documented = map[string]string{
	"product.search.keywordQuery": `
		result.result totalRecords:n totalPage:n pageSize:n currentPage:n data:a
		result.result.data[] offerId:n subject:s subjectTrans:s imageUrl:s isJxhy:b repurchaseRate:s monthSold:n sales7d:s traceInfo:s isOnePsale:b sellerIdentities:a
		result.result.data[] offerIdentities:a tradeScore:s topCategoryId:n secondCategoryId:n thirdCategoryId:n isPatentProduct:b isSelect:b createDate:s modifyDate:s
		result.result.data[] minOrderQuantity:n token:s promotionURL:s aigcImageUrl:s whiteImage:s
		result.result.data[].priceInfo price:s jxhyPrice:s pfJxhyPrice:s consignPrice:s promotionPrice:s
		result.result.data[].promotionModel hasPromotion:b promotionType:s
		result.result.data[].sellerDataInfo tradeMedalLevel:s compositeServiceScore:s logisticsExperienceScore:s disputeComplaintScore:s offerExperienceScore:s
		result.result.data[].sellerDataInfo afterSalesExperienceScore:s consultingExperienceScore:s repeatPurchasePercent:s tpYear:n
		result.result.data[].productSimpleShippingInfo shippingTimeGuarantee:s perfectFulfillmentRate30d:s pickupWithin24hRate30d:s qualityReturnRate30d:s
		result.result.data[].productSimpleShippingInfo perfectFulfillmentRate7d:s pickupWithin24hRate7d:s delayedShippingRate7d:s
		result.result.data[].productTradeInfo addCartCount7d:s payBuyerCount7d:s addCartCount30d:s payBuyerCount30d:s
		result.result.data[].invoiceInfo supportOnlineInvoice:b supportFastInvoice:b invoiceTypes:a taxpayerType:s
		result success:* code:s message:s`,
	"product.search.imageQuery": `
		result.result totalRecords:n totalPage:n pageSize:n currentPage:n data:a
		result.result.data[] offerId:n subject:s subjectTrans:s imageUrl:s isJxhy:b repurchaseRate:s monthSold:n sales7d:s traceInfo:s isOnePsale:b sellerIdentities:a
		result.result.data[] offerIdentities:a tradeScore:s topCategoryId:n secondCategoryId:n thirdCategoryId:n isPatentProduct:b isSelect:b createDate:s modifyDate:s
		result.result.data[] minOrderQuantity:n token:s promotionURL:s companyName:s companyAddress:s
		result.result.data[].priceInfo price:s jxhyPrice:s pfJxhyPrice:s consignPrice:s promotionPrice:s
		result.result.data[].promotionModel hasPromotion:b promotionType:s
		result.result.data[].sellerDataInfo tradeMedalLevel:s compositeServiceScore:s logisticsExperienceScore:s disputeComplaintScore:s offerExperienceScore:s
		result.result.data[].sellerDataInfo afterSalesExperienceScore:s consultingExperienceScore:s repeatPurchasePercent:s tpYear:n
		result.result.data[].productSimpleShippingInfo shippingTimeGuarantee:s perfectFulfillmentRate30d:s pickupWithin24hRate30d:s qualityReturnRate30d:s
		result.result.data[].productSimpleShippingInfo perfectFulfillmentRate7d:s pickupWithin24hRate7d:s delayedShippingRate7d:s
		result.result.data[].productTradeInfo addCartCount7d:s payBuyerCount7d:s addCartCount30d:s payBuyerCount30d:s
		result.result.data[].invoiceInfo supportOnlineInvoice:b supportFastInvoice:b invoiceTypes:a taxpayerType:s
		result.result.data[].offerDataInfo offerApplauseRate:s kjFeaturedServices:s qualityRfdRate30d:s repurchaseRate30d:s pickupRate24h30d:s
		result.result.picRegionInfo currentRegion:s yoloCropRegion:s
		result success:* code:s message:s`,
	"product.image.upload": `
		result result:s success:* code:s message:s`,
	"product.search.queryProductDetail": `
		result.result offerId:n categoryId:n topCategoryId:n secondCategoryId:n thirdCategoryId:n categoryName:s subject:s subjectTrans:s description:s descriptionTrans:s
		result.result mainVideo:s detailVideo:s productSkuInfos:a isJxhy:b sellerOpenId:s companyName:s minOrderQuantity:n batchNumber:n status:s soldOut:s tradeScore:s
		result.result sellingPoint:a offerIdentities:a createDate:s isSelect:s promotionUrl:s productCargoNumber:s
		result.result.productImage images:a whiteImage:s
		result.result.productImageTrans images:a
		result.result.productAttribute[] attributeId:* attributeName:s value:s attributeNameTrans:s valueTrans:s
		result.result.productSkuInfos[] amountOnSale:n price:s promotionPrice:s jxhyPrice:s pfJxhyPrice:s consignPrice:s skuId:n specId:s cargoNumber:s foreignCurrencyPrice:d
		result.result.productSkuInfos[] foreignCurrencyPromotionPrice:d foreignCurrencyRetailPrice:d retailPrice:s skuAttributes:a
		result.result.productSkuInfos[].fenxiaoPriceInfo onePiecePrice:s offerPrice:s
		result.result.productSaleInfo amountOnSale:n quoteType:n priceRangeList:a
		result.result.productSaleInfo.unitInfo unit:s transUnit:s
		result.result.productSaleInfo.fenxiaoSaleInfo onePieceFreePostage:b startQuantity:n onePiecePrice:s offerPrice:s
		result.result.productShippingInfo sendGoodsAddressText:s weight:d width:d height:d length:d skuShippingInfoList:a skuShippingDetails:a shippingTimeGuarantee:s
		result.result.productShippingInfo pkgSizeSource:s
		result.result.tagInfoList[] key:s value:b
		result.result.sellerMixSetting generalHunpi:b mixAmount:n mixNumber:n
		result.result.sellerDataInfo tradeMedalLevel:s compositeServiceScore:s logisticsExperienceScore:s disputeComplaintScore:s offerExperienceScore:s
		result.result.sellerDataInfo afterSalesExperienceScore:s consultingExperienceScore:s repeatPurchasePercent:s tpYear:n collect30DayWithin48HPercent:s
		result.result.sellerDataInfo qualityRefundWithin30Day:s
		result.result.channelPrice.channelSkuPriceList[] skuId:n currentPrice:s
		result.result.promotionModel hasPromotion:* promotionType:*
		result.result.certificateList[] certificateName:* certificateCode:* certificatePhotoList:a
		result.result.invoiceInfo supportOnlineInvoice:b supportFastInvoice:b invoiceTypes:a taxpayerType:s
		result success:* code:s message:s
		result.result.productSkuInfos[].skuAttributes[] attributeId:n attributeName:s attributeNameTrans:s value:s valueTrans:s skuImageUrl:s skuImageUrlTrans:s
		result.result.productSaleInfo.priceRangeList[] startQuantity:n price:s promotionPrice:s
		result.result.productShippingInfo.skuShippingInfoList[] specId:s skuId:n width:d length:d height:d weight:*
		result.result.productShippingInfo.skuShippingDetails[] skuId:s width:d length:d height:d weight:d`,
	"product.filterData.queryConfig": `
		[] configName:s configType:s
		[].configList[] choiceKey:s filterName:s type:s
		[].configList[].valueList[] choiceKey:* choiceName:*`,
	"product.search.querySellerOfferList": `
		result.result totalRecords:n totalPage:n pageSize:n currentPage:n data:a
		result.result.data[] offerId:n subject:s subjectTrans:s imageUrl:s isJxhy:b repurchaseRate:s monthSold:n sales7d:s traceInfo:s isOnePsale:b sellerIdentities:a
		result.result.data[] offerIdentities:a tradeScore:s topCategoryId:n secondCategoryId:n thirdCategoryId:n isPatentProduct:b isSelect:b createDate:s modifyDate:s
		result.result.data[] minOrderQuantity:n token:s promotionURL:s aigcImageUrl:s whiteImage:s
		result.result.data[].priceInfo price:s jxhyPrice:s pfJxhyPrice:s consignPrice:s promotionPrice:s
		result.result.data[].promotionModel hasPromotion:b promotionType:s
		result.result.data[].sellerDataInfo tradeMedalLevel:s compositeServiceScore:s logisticsExperienceScore:s disputeComplaintScore:s offerExperienceScore:s
		result.result.data[].sellerDataInfo afterSalesExperienceScore:s consultingExperienceScore:s repeatPurchasePercent:s tpYear:n
		result.result.data[].productSimpleShippingInfo shippingTimeGuarantee:s perfectFulfillmentRate30d:s pickupWithin24hRate30d:s qualityReturnRate30d:s
		result.result.data[].productSimpleShippingInfo perfectFulfillmentRate7d:s pickupWithin24hRate7d:s delayedShippingRate7d:s
		result.result.data[].productTradeInfo addCartCount7d:s payBuyerCount7d:s addCartCount30d:s payBuyerCount30d:s
		result.result.data[].invoiceInfo supportOnlineInvoice:b supportFastInvoice:b invoiceTypes:a taxpayerType:s
		result success:* code:s message:s`,
	"product.search.offerRecommend": `
		result result:a success:* code:s message:s
		result.result[] offerId:n imageUrl:s subject:s subjectTrans:s monthSold:n repurchaseRate:s traceInfo:s isSelect:b promotionURL:s onePsale:b sellerIdentities:a class:s
		result.result[].priceInfo price:s consignPrice:s`,
	"product.related.recommend": `
		result result:a success:* code:s message:s
		result.result[] offerId:n imageUrl:s subject:s subjectTrans:s monthSold:n sellerIdentities:a offerIdentities:a topCategoryId:n secondCategoryId:n thirdCategoryId:n
		result.result[].priceInfo price:s`,
	"product.search.topKeyword": `
		result result:a success:* code:s message:s
		result.result[] seKeyword:s seKeywordTranslation:s`,
	"product.search.keywordSNQuery": `
		result result:a success:* retCode:s retMsg:s
		result.result[] id:s name:s translateName:s children:a
		result.result[].children[] id:s name:s translateName:s`,
	"product.topList.query": `
		result result:o success:* code:s message:s
		result.result rankId:s rankName:s rankType:s`,
	"category.translation.getById": `
		result.result categoryId:n chineseName:s translatedName:s language:s leaf:* level:s parentCateId:* fromCache:b children:a
		result success:* code:s message:s
		result.result.children[] categoryId:n chineseName:s translatedName:s language:s leaf:b level:s parentCateId:* fromCache:b`,
	"category.translation.getByKeyword": `
		result result:a success:* code:s message:s
		result.result[] categoryId:n chineseName:s translatedName:s language:s leaf:* level:s parentCateId:* fromCache:b`,
	"product.freight.estimate": `
		result.result offerId:n templateId:n freight:s freePostage:b singleProductWeight:d singleProductWidth:d singleProductHeight:d singleProductLength:d templateType:n
		result.result subTemplateType:n chargeType:s firstFee:s firstUnit:s nextFee:s nextUnit:s discount:s sizeValueType:n
		result.result.productFreightSkuInfoModels[] skuId:* singleSkuWeight:* singleSkuWidth:* singleSkuHeight:* singleSkuLength:*
		result success:* code:s message:s`,
	"product.kjdistribute.addRelation": `
		result success:* msg:* traceId:*`,
	"coupon.optimal.claim": `
		result result:o success:* code:s message:s`,
	"account.user.register": `
		result result:b success:* code:s message:s`,
	"account.business.save": `
		result saveResult:b`,
	"alibaba.account.basic": `
		result loginId:* userId:n enterpriseAccount:b categoryName:* createDate:s modifyDate:s trustScore:n saleRate:n maturity:n communityLevel:* joinFrom:*`,
	"alibaba.account.agent.crossBasic": `
		result loginId:* companyName:* categoryName:* shopUrl:* supplierName:* kuaJingBao:b`,
	"alibaba.subAccount.list": `
		. mainUserId:s mainLoginId:s mainMemberId:s subAccountList:a errorCode:s errorMsg:s`,
	"subaccount.auth.add": `
		result returnValue:*`,
	"subaccount.auth.cancel": `
		result returnValue:*`,
	"subaccount.auth.list": `
		result returnValue:*`,
	"wangwangnick.openuid.decrypt": `
		. wangwangNick:s`,
	"loginid.openuid.encrypt": `
		. openUid:s`,
	"account.wangwangUrl.get": `
		result result:s success:* code:s message:s`,
	"alibaba.createOrder.preview": `
		. success:b errorCode:s errorMsg:s orderPreviewResuslt:a postFeeByDescOfferList:a consignOfferList:a unsupportedCrossBorderPayOfferList:a
		orderPreviewResuslt[] status:b resultCode:s message:s flowFlag:s tradeModeNameList:a sumPayment:n sumPaymentNoCarriage:n sumCarriage:n discountFee:n additionalFee:n
		orderPreviewResuslt[] totalFundUsageAmount:n totalPostFundUsageAmount:n tradeServiceList:a orderGroup:s canUseOfficialSolution:b
		orderPreviewResuslt[].cargoList[] offerId:* skuId:n specId:* openOfferId:* resultCode:* message:* amount:d finalUnitPrice:d cargoPromotionList:a
		orderPreviewResuslt[].shopPromotionList[] promotionId:* selected:b text:* desc:* freePostage:b discountFee:n
		orderPreviewResuslt[].tradeModelList[] tradeType:* name:* description:* opSupport:b
		orderPreviewResuslt[].payChannelInfos[] name:* amountLimit:n
		orderPreviewResuslt[].officialSolutionModelList[] solutionCode:* solutionName:* totalCost:n`,
	"alibaba.trade.createCrossOrder": `
		. success:b code:s message:s
		result success:b orderId:s totalSuccessAmount:n postFee:n orderList:a
		result.accountPeriod tapType:n tapDate:n tapOverdue:n
		result.failedOfferList[] offerId:s specId:* errorCode:* errorMessage:*
		result.orderList[] orderId:s orderAmmount:n postFee:n success:b resultCode:* message:* payChannel:*`,
	"alibaba.trade.get.buyerView": `
		result.baseInfo id:n idOfStr:s status:s totalAmount:d sumProductPayment:d shippingFee:d discount:n refund:d refundPayment:n couponFee:d createTime:* modifyTime:*
		result.baseInfo payTime:* allDeliveredTime:* receivingTime:* confirmedTime:* completeTime:* payTimeout:n payTimeoutType:n refundStatus:s refundStatusForAs:s refundId:s
		result.baseInfo closeReason:s closeOperateType:s closeRemark:s remark:s buyerFeedback:s buyerMemo:s buyerRemarkIcon:s tradeType:s tradeTypeCode:s tradeTypeDesc:s
		result.baseInfo payChannelList:a payChannelCodeList:a buyerID:s sellerID:s buyerLoginId:s sellerLoginId:s subBuyerLoginId:s buyerUserId:n sellerUserId:n
		result.baseInfo buyerAlipayId:s sellerAlipayId:s alipayTradeId:s buyerContact:o sellerContact:o businessType:s outOrderId:s overSeaOrder:b sellerOrder:b stepPayAll:b
		result.baseInfo newStepOrderList:a
		result.baseInfo.receiverInfo toFullName:s toDivisionCode:s toMobile:s toPhone:s toPost:s toTownCode:s toArea:s
		result.productItems[] subItemID:* subItemIDString:* productID:n skuID:n specId:* name:* unit:* quantity:d quantityFactor:* price:d itemAmount:d entryDiscount:n
		result.productItems[] sharePostage:d refund:d status:s statusStr:s logisticsStatus:n refundStatus:s refundId:s refundIdForAs:s productImgUrl:a productSnapshotUrl:s
		result.productItems[] cargoNumber:s productCargoNumber:s gmtCreate:* gmtModified:* gmtCompleted:* gmtPayExpireTime:s
		result.productItems[].skuInfos[] name:* value:*
		result.tradeTerms[] payStatus:s payWay:s phase:n phasAmount:d payTime:s payWayDesc:*
		result.nativeLogistics address:s area:s areaCode:s city:s province:s town:s townCode:s zip:s contactPerson:s mobile:s telephone:s logisticsItems:a
		result.orderBizInfo creditOrder:b dropshipping:b
		result orderInvoiceInfo:o guaranteesTerms:o orderRateInfo:o fromEncryptOrder:b
		result.overseasExtraAddress channelName:s channelId:s shippingCompanyId:s shippingCompanyName:s countryCode:s country:s email:s
		result.overseaLogisticsInfo overseasLogisticsIds:a
		result.extAttributes[] key:* value:* description:*
		. success:s errorCode:s errorMessage:s`,
	"alibaba.trade.getBuyerOrderList": `
		. result:a totalRecord:n errorCode:s errorMessage:s
		result[].baseInfo id:n idOfStr:s status:s totalAmount:d sumProductPayment:d shippingFee:d discount:n refund:d refundPayment:n couponFee:d createTime:* modifyTime:*
		result[].baseInfo payTime:* allDeliveredTime:* receivingTime:* confirmedTime:* completeTime:* payTimeout:n payTimeoutType:n refundStatus:s refundStatusForAs:s
		result[].baseInfo refundId:s closeReason:s closeOperateType:s closeRemark:s remark:s buyerFeedback:s buyerMemo:s buyerRemarkIcon:s tradeType:s tradeTypeCode:s
		result[].baseInfo tradeTypeDesc:s payChannelList:a payChannelCodeList:a buyerID:s sellerID:s buyerLoginId:s sellerLoginId:s subBuyerLoginId:s buyerUserId:n
		result[].baseInfo sellerUserId:n buyerAlipayId:s sellerAlipayId:s alipayTradeId:s buyerContact:o sellerContact:o businessType:s outOrderId:s overSeaOrder:b
		result[].baseInfo sellerOrder:b stepPayAll:b newStepOrderList:a
		result[].baseInfo.receiverInfo toFullName:s toDivisionCode:s toMobile:s toPhone:s toPost:s toTownCode:s toArea:s
		result[].productItems[] subItemID:* subItemIDString:* productID:n skuID:n specId:* name:* unit:* quantity:d quantityFactor:* price:d itemAmount:d entryDiscount:n
		result[].productItems[] sharePostage:d refund:d status:s statusStr:s logisticsStatus:n refundStatus:s refundId:s refundIdForAs:s productImgUrl:a productSnapshotUrl:s
		result[].productItems[] cargoNumber:s productCargoNumber:s gmtCreate:* gmtModified:* gmtCompleted:* gmtPayExpireTime:s
		result[].productItems[].skuInfos[] name:* value:*
		result[].tradeTerms[] payStatus:s payWay:s phase:n phasAmount:d payTime:s payWayDesc:*
		result[].nativeLogistics address:s area:s areaCode:s city:s province:s town:s townCode:s zip:s contactPerson:s mobile:s telephone:s logisticsItems:a
		result[].orderBizInfo creditOrder:b dropshipping:b
		result[] orderInvoiceInfo:o guaranteesTerms:o orderRateInfo:o fromEncryptOrder:b
		result[].overseasExtraAddress channelName:s channelId:s shippingCompanyId:s shippingCompanyName:s countryCode:s country:s email:s
		result[].overseaLogisticsInfo overseasLogisticsIds:a
		result[].extAttributes[] key:* value:* description:*`,
	"alibaba.trade.cancel": `
		. success:b errorCode:s errorMessage:s`,
	"trade.receivegoods.confirm": `
		result success:b errorCode:s errorInfo:s`,
	"alibaba.order.memoAdd": `
		. success:b`,
	"alibaba.trade.addFeedback": `
		result success:b`,
	"trade.order.buyerdelete": `
		result result:b success:* code:s message:s`,
	"order.receiveAddress.buyerUpdate": `
		result result:b success:* code:s message:s`,
	"alibaba.trade.receiveAddress.get": `
		result.receiveAddressItems[] id:n fullName:* address:* post:* phone:* mobilePhone:* addressCode:* addressCodeText:* isDefault:b townCode:* townName:*`,
	"alibaba.trade.addresscode.parse": `
		result address:* addressCode:* addressCodeText:* addressId:n bizType:* isDefault:* fullName:* latest:* mobile:* phone:* postCode:*`,
	"trade.address.parseText": `
		result data:o`,
	"alibaba.trade.OpQueryMarketingMixConfig": `
		result generalHunpi:b mixAmount:n mixNumber:n memberId:* gmtCreate:* gmtModified:*`,
	"alibaba.alipay.url.get": `
		. payUrl:s success:b payFailureOrderList:a errorCode:s erroMsg:s`,
	"alibaba.crossBorderPay.url.get": `
		. payUrl:s success:s cantPayOrderList:a errorCode:s errorMsg:s`,
	"alibaba.creditPay.url.get": `
		. payUrl:s success:s cantPayOrderList:a errorCode:s errorMsg:s`,
	"alibaba.trade.payWay.query": `
		resultList.channels[] code:n name:s
		resultList orderId:s payFee:n timeout:s`,
	"alibaba.trade.pay.protocolPay.isopen": `
		result result:o success:* code:s message:s`,
	"alibaba.trade.pay.protocolPay.preparePay": `
		result.result payChannel:s paySuccess:b
		result success:* code:s message:s`,
	"trade.orderpay.analysis": `
		result result:o success:* code:s message:s`,
	"alibaba.trade.grouppay.url.get": `
		results payUrl:s`,
	"alibaba.accountPeriod.list.buyerView": `
		resultList totalCount:s accountPeriodList:a`,
	"alibaba.trade.getLogisticsInfos.buyerView": `
		result[] logisticsId:s logisticsBillNo:s orderEntryIds:s status:s logisticsCompanyId:s logisticsCompanyName:s logisticsCompanyNo:s remarks:s serviceFeature:s
		result[] gmtSystemSend:s logisticsOrderSendGood:a
		result[].sendGoods[] goodName:* quantity:* unit:*
		result[].receiver receiverName:s receiverPhone:s receiverMobile:s receiverProvinceCode:s receiverCityCode:s receiverCountyCode:s receiverAddress:s receiverProvince:s
		result[].receiver receiverCity:s receiverCounty:s encrypt:s
		result[].sender senderName:s
		result[].logisticsOrderGoods[] logisticsId:* tradeOrderId:n tradeOrderItemId:n description:* quantity:d unit:* productName:*`,
	"alibaba.trade.getLogisticsTraceInfo.buyerView": `
		logisticsTrace[] logisticsId:s logisticsBillNo:s orderId:n
		logisticsTrace[].logisticsSteps[] acceptTime:s remark:s
		crossPackageFulfillmentDTO[] crossMailNo:s orderId:s crossPackageTraceDTOList:a`,
	"alibaba.logistics.OpQueryLogisticCompanyList": `
		result[] id:n companyName:* companyNo:* companyPhone:* supportPrint:* spelling:* gmtCreate:* gmtModified:*`,
	"logistics.delivery.urge": `
		result result:b success:* code:s message:s`,
	"shipping.insurance.get": `
		result result:o success:* code:s message:s`,
	"logistics.order.getOutOrderId": `
		result model:o`,
	"bigcustomer.mailNo.query": `
		result model:*`,
	"alibaba.trade.getRefundReasonList": `
		result.result.reasons[] id:n name:s tip:s needVoucher:b noRefundCarriage:b
		result success:* code:s message:s`,
	"alibaba.trade.createRefund": `
		result.result refundId:s innerReasonId:n innerReason:* innerPostFee:n isVoucher:* refundOfficialSolutionCost:n
		result success:* code:s message:s`,
	"alibaba.trade.uploadRefundVoucher": `
		result.result imageDomain:s imageRelativeUrl:s
		result success:* code:s message:s`,
	"alibaba.trade.refund.returnGoods": `
		result success:b errorCode:s errorInfo:s`,
	"alibaba.trade.cancelRefund": `
		result success:b`,
	"alibaba.trade.getMaxRefundFee": `
		result result:o success:* code:s message:s`,
	"alibaba.trade.refund.buyer.queryOrderRefundList": `
		result opOrderRefundModels:a totalCount:n currentPageNum:n`,
	"alibaba.trade.refund.OpQueryOrderRefund": `
		result opOrderRefundModelDetail:o`,
	"alibaba.trade.refund.OpQueryBatchRefundByOrderIdAndStatus": `
		result opOrderRefundModels:a`,
	"alibaba.trade.refund.OpQueryOrderRefundOperationList": `
		result opOrderRefundOperationModels:a`,
	"refund.address.get": `
		result data:a`,
	"trade.arbitration.apply": `
		result result:n success:* code:s message:s`,
	"trade.cross.orderSync": `
		result success:* code:* message:*`,
	"order.relation.write": `
		result success:* code:* message:*`,
	"trade.cross.logisticsOrderSync": `
		result success:* code:* message:*`,
	"push.cursor.messageList": `
		pushMessageList[] msgId:n type:* userInfo:* data:* gmtBorn:n`,
	"push.query.messageList": `
		pushMessagePage datas:a totalCount:n`,
	"push.message.confirm": `
		. isSuccess:b`,
	"currentTime": `
		. result:s`,
}

// The checker itself must be able to fail.
func TestAssertDocumentedFails(t *testing.T) {
	whole := `{"result":{"success":true,"code":"200","message":"","result":[{"seKeyword":"a","seKeywordTranslation":null}]}}`
	for name, c := range map[string]struct {
		answer string
		except []string
		bad    bool
	}{
		"whole":          {answer: whole},
		"field missing":  {answer: strings.Replace(whole, "seKeyword\"", "x\"", 1), bad: true},
		"wrong kind":     {answer: strings.Replace(whole, `"a"`, "1", 1), bad: true},
		"empty list":     {answer: strings.Replace(whole, `{"seKeyword":"a","seKeywordTranslation":null}`, "", 1), bad: true},
		"no list":        {answer: `{"result":{"success":true,"code":"200","message":"","result":{}}}`, bad: true},
		"nothing":        {answer: `null`, bad: true},
		"no envelope":    {answer: `[]`, bad: true},
		"excepted field": {answer: strings.Replace(whole, "seKeyword\"", "x\"", 1), except: []string{"result.result[].seKeyword"}},
		"excepted list":  {answer: `{"result":{"success":true,"code":"200","message":"","result":[]}}`, except: []string{"result.result[]"}},
	} {
		fake := &quietT{TB: t}
		var v any
		d := json.NewDecoder(strings.NewReader(c.answer))
		d.UseNumber()
		require.NoError(t, d.Decode(&v), name)
		assertDocumented(fake, "product.search.topKeyword", v, c.except...)
		assert.Equal(t, c.bad, fake.failed, name)
	}
}

// quietT remembers a failure instead of reporting it.
type quietT struct {
	testing.TB
	failed bool
}

func (q *quietT) Errorf(string, ...any) { q.failed = true }
func (q *quietT) Helper()               {}
