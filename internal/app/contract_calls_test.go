package app_test

import (
	"context"
	"encoding/base64"
	"strings"

	"entrepot/internal/alibaba"
)

func (k *contractClient) number(text string) (n int64) {
	k.parse(text, &n)
	return n
}

func (k *contractClient) list(text string) (ids []alibaba.ID) {
	k.parse(text, &ids)
	return ids
}

// settleCalls end orders and write beside them.
func (k *contractClient) settleCalls() map[string]contractMethod {
	const ns = "com.alibaba.trade/"
	return map[string]contractMethod{
		ns + "alibaba.trade.cancel": {"CancelOrder", func(ctx context.Context, args map[string]string) error {
			return k.c.CancelOrder(ctx, k.id(args["tradeID"]), args["cancelReason"], args["remark"])
		}},
		ns + "trade.receivegoods.confirm": {"ConfirmReceipt", func(ctx context.Context, args map[string]string) error {
			return k.c.ConfirmReceipt(ctx, k.id(args["orderId"]), k.list(args["orderEntryIds"]))
		}},
		ns + "alibaba.order.memoAdd": {"AddMemo", func(ctx context.Context, args map[string]string) error {
			return k.c.AddMemo(ctx, k.id(args["orderId"]), args["memo"], args["remarkIcon"])
		}},
		ns + "alibaba.trade.addFeedback": {"AddFeedback", func(ctx context.Context, args map[string]string) error {
			var in struct {
				OrderID  alibaba.ID
				Feedback string
			}
			k.parse(args["tradeFeedbackParam"], &in)
			return k.c.AddFeedback(ctx, in.OrderID, in.Feedback)
		}},
	}
}

// payCalls are links and channels.
func (k *contractClient) payCalls() map[string]contractMethod {
	const ns = "com.alibaba.trade/"
	link := func(l *alibaba.PayLink, err error) error {
		return orNothing(err, l != nil && strings.Contains(string(l.URL), "://"))
	}
	return map[string]contractMethod{
		ns + "alibaba.alipay.url.get": {"AlipayURL", func(ctx context.Context, args map[string]string) error {
			return link(k.c.AlipayURL(ctx, k.list(args["orderIdList"])))
		}},
		ns + "alibaba.crossBorderPay.url.get": {"CrossBorderPayURL", func(ctx context.Context, args map[string]string) error {
			return link(k.c.CrossBorderPayURL(ctx, k.list(args["orderIdList"])))
		}},
		ns + "alibaba.creditPay.url.get": {"CreditPayURL", func(ctx context.Context, args map[string]string) error {
			return link(k.c.CreditPayURL(ctx, k.list(args["orderIdList"])))
		}},
		ns + "alibaba.trade.grouppay.url.get": {"GroupPayURL", func(ctx context.Context, args map[string]string) error {
			return link(k.c.GroupPayURL(ctx, k.list(args["orderIds"]), args["payPlatformType"]))
		}},
		ns + "alibaba.trade.payWay.query": {"PayWays", func(ctx context.Context, args map[string]string) error {
			w, err := k.c.PayWays(ctx, k.id(args["orderId"]))
			return orNothing(err, w != nil && w.PayFeeFen > 0 && !w.Until.IsZero() && len(w.Channels) > 0 && w.Channels[0].Code == alibaba.PayWayAlipay)
		}},
		ns + "alibaba.trade.pay.protocolPay.isopen": {"PayProtocols", func(ctx context.Context, _ map[string]string) error {
			list, err := k.c.PayProtocols(ctx)
			return orNothing(err, len(list) == 2 && list[0].Channel == "SHEGOU")
		}},
	}
}

// aroundCalls are what else an order needs: terms, addresses, carriers, parcels.
func (k *contractClient) aroundCalls() map[string]contractMethod {
	const ns, parcels, cross = "com.alibaba.trade/", "com.alibaba.logistics/", "com.alibaba.fenxiao.crossborder/"
	return map[string]contractMethod{
		ns + "trade.orderpay.analysis": {"PayAnalysis", func(ctx context.Context, args map[string]string) error {
			a, err := k.c.PayAnalysis(ctx, k.list(args["orderIds"]), args["payChannel"])
			return orNothing(err, a != nil && len(a.Orders) == 1 && a.Orders[0].AmountFen > 0)
		}},
		ns + "alibaba.accountPeriod.list.buyerView": {"AccountPeriods", func(ctx context.Context, _ map[string]string) error {
			page, err := k.c.AccountPeriods(ctx, 1, "")
			return orNothing(err, page != nil && page.Total > 0 && page.Periods[0].QuotaFen > 0)
		}},
		ns + "alibaba.trade.receiveAddress.get": {"SavedAddresses", func(ctx context.Context, _ map[string]string) error {
			list, err := k.c.SavedAddresses(ctx)
			return orNothing(err, len(list) > 0 && list[0].ID != 0 && len(list[0].DistrictCode) == 6)
		}},
		ns + "alibaba.trade.addresscode.parse": {"ParseAddress", func(ctx context.Context, args map[string]string) error {
			a, err := k.c.ParseAddress(ctx, args["addressInfo"])
			return orNothing(err, a != nil && a.DistrictCode == "330108" && a.Rest != "")
		}},
		ns + "alibaba.trade.OpQueryMarketingMixConfig": {"MixConfig", func(ctx context.Context, args map[string]string) error {
			rule, err := k.c.MixConfig(ctx, args["sellerMemberId"], "")
			return orNothing(err, rule != nil && rule.MemberID != "")
		}},
		parcels + "alibaba.logistics.OpQueryLogisticCompanyList": {"Carriers", func(ctx context.Context, _ map[string]string) error {
			list, err := k.c.Carriers(ctx, false)
			return orNothing(err, len(list) > 0 && list[0].CompanyNo != "")
		}},
		parcels + "logistics.delivery.urge": {"UrgeDelivery", func(ctx context.Context, args map[string]string) error {
			return k.c.UrgeDelivery(ctx, k.id(args["orderId"]))
		}},
		cross + "logistics.order.getOutOrderId": {"OutOrders", func(ctx context.Context, args map[string]string) error {
			found, err := k.c.OutOrders(ctx, "", args["noMainPartCode"])
			return orNothing(err, found != nil && len(found.OutOrderIDs) == 1 && len(found.OrderIDs) == 1)
		}},
		cross + "bigcustomer.mailNo.query": {"Waybills", func(ctx context.Context, args map[string]string) error {
			bills, err := k.c.Waybills(ctx, args["outOrderId"])
			return orNothing(err, len(bills) == 1)
		}},
	}
}

// refundCalls ask for money back.
func (k *contractClient) refundCalls() map[string]contractMethod {
	const ns = "com.alibaba.trade/"
	return map[string]contractMethod{
		ns + "alibaba.trade.getRefundReasonList": {"RefundReasons", func(ctx context.Context, args map[string]string) error {
			list, err := k.c.RefundReasons(ctx, k.id(args["orderId"]), k.list(args["orderEntryIds"]), args["goodsStatus"])
			return orNothing(err, len(list) > 0 && list[0].ID != 0 && list[0].Name != "")
		}},
		ns + "alibaba.trade.getMaxRefundFee": {"MaxRefund", func(ctx context.Context, args map[string]string) error {
			var in struct {
				OrderID     alibaba.ID
				GoodsStatus string
				Counts      []struct {
					ID    alibaba.ID
					Count int64
				} `json:"refundGoodsCountList"`
			}
			k.parse(args["input"], &in)
			var counts []alibaba.RefundCount
			for _, c := range in.Counts {
				counts = append(counts, alibaba.RefundCount{SubItemID: c.ID, Count: c.Count})
			}
			limit, err := k.c.MaxRefund(ctx, in.OrderID, in.GoodsStatus, counts, "")
			return orNothing(err, limit != nil && limit.GoodsFen > 0 && limit.TotalFen == limit.GoodsFen+limit.FreightFen)
		}},
		ns + "alibaba.trade.createRefund": {"CreateRefund", func(ctx context.Context, args map[string]string) error {
			made, err := k.c.CreateRefund(ctx, alibaba.RefundRequest{
				OrderID: k.id(args["orderId"]), SubItemIDs: k.list(args["orderEntryIds"]), Request: args["disputeRequest"], PaymentFen: k.number(args["applyPayment"]),
				CarriageFen: k.number(args["applyCarriage"]), ReasonID: k.id(args["applyReasonId"]), Description: args["description"], GoodsStatus: args["goodsStatus"],
			})
			return orNothing(err, made != nil && made.ReasonID != 0 && made.Reason != "")
		}},
		ns + "alibaba.trade.uploadRefundVoucher": {"UploadRefundVoucher", func(ctx context.Context, args map[string]string) error {
			picture, err := base64.StdEncoding.DecodeString(args["imageData"])
			if err != nil {
				return err
			}
			address, err := k.c.UploadRefundVoucher(ctx, picture)
			return orNothing(err, strings.Contains(address, "://"))
		}},
		ns + "alibaba.trade.refund.returnGoods": {"ReturnGoods", func(ctx context.Context, args map[string]string) error {
			return k.c.ReturnGoods(ctx, alibaba.ReturnShipment{RefundID: args["refundId"], CompanyNo: args["logisticsCompanyNo"], FreightBill: args["freightBill"]})
		}},
		ns + "alibaba.trade.cancelRefund": {"CancelRefund", func(ctx context.Context, args map[string]string) error {
			return k.c.CancelRefund(ctx, args["refundId"])
		}},
		ns + "trade.arbitration.apply": {"Complain", func(ctx context.Context, args map[string]string) error {
			var in struct {
				Type, RefundID, ReasonText string
				OrderID                    alibaba.ID
				ReasonID                   int64
			}
			k.parse(args["param"], &in)
			_, err := k.c.Complain(ctx, alibaba.Complaint{Kind: in.Type, RefundID: in.RefundID, OrderID: in.OrderID, Reason: in.ReasonText, ReasonID: in.ReasonID})
			return err
		}},
	}
}

// refundQueryCalls read what became of refunds.
func (k *contractClient) refundQueryCalls() map[string]contractMethod {
	const ns = "com.alibaba.trade/alibaba.trade.refund."
	known := func(err error, list ...alibaba.Refund) error {
		return orNothing(err, len(list) > 0 && list[0].OrderID != 0 && len(list[0].SubItemIDs) > 0 && list[0].PaymentFen > 0 && bool(list[0].OnlyRefund) &&
			list[0].Counts[list[0].SubItemIDs[0].String()] > 0)
	}
	return map[string]contractMethod{
		ns + "OpQueryOrderRefund": {"Refund", func(ctx context.Context, args map[string]string) error {
			r, err := k.c.Refund(ctx, args["refundId"], true)
			if err != nil {
				return err
			}
			return known(orNothing(nil, len(r.Operations) > 0 && !r.TimeOutAt.IsZero()), *r)
		}},
		ns + "buyer.queryOrderRefundList": {"Refunds", func(ctx context.Context, args map[string]string) error {
			page, err := k.c.Refunds(ctx, alibaba.RefundQuery{OrderID: k.id(args["orderId"])})
			if err != nil {
				return err
			}
			return known(orNothing(nil, page.Total == 1), page.Refunds...)
		}},
		ns + "OpQueryBatchRefundByOrderIdAndStatus": {"RefundsOfOrder", func(ctx context.Context, args map[string]string) error {
			list, err := k.c.RefundsOfOrder(ctx, k.id(args["orderId"]), args["queryType"])
			return known(err, list...)
		}},
		ns + "OpQueryOrderRefundOperationList": {"RefundHistory", func(ctx context.Context, args map[string]string) error {
			list, err := k.c.RefundHistory(ctx, args["refundId"], 1, 100)
			return orNothing(err, len(list) > 0 && list[0].Description != "" && !list[0].CreatedAt.IsZero())
		}},
		"com.alibaba.fenxiao/refund.address.get": {"ReturnAddresses", func(ctx context.Context, args map[string]string) error {
			list, err := k.c.ReturnAddresses(ctx, k.id(args["mainOrderId"]))
			return orNothing(err, len(list) > 0 && list[0].Street != "")
		}},
	}
}
