package alibaba

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func refundRequest() RefundRequest {
	return RefundRequest{
		OrderID: 1158218860983545941, SubItemIDs: []ID{1158218860983545942}, Request: RefundMoneyOnly, PaymentFen: 4400, ReasonID: 20028,
		Description: "不想要 & <no>", GoodsStatus: GoodsUnsent,
	}
}

func TestRefundReasons(t *testing.T) {
	c, g := setup(t)
	g.answers(t, &apiRefundReasons, 200, string(golden(t, "refund_reasons")))
	list, err := c.RefundReasons(t.Context(), 7, []ID{8}, GoodsUnsent)
	require.NoError(t, err)
	assert.Equal(t, []RefundReason{{ID: 20028, Name: "不想买了", NoRefundCarriage: true}}, list)
	form := g.last(t)
	assert.Equal(t, []string{"7", "[8]", "refundWaitSellerSend"}, []string{form.Get("orderId"), form.Get("orderEntryIds"), form.Get("goodsStatus")})
	_, err = c.RefundReasons(t.Context(), 7, nil, GoodsUnsent)
	assert.Equal(t, Rejected, ClassOf(err))
	assert.Equal(t, 1, g.count())
}

// 4xxx is trouble of 1688's own: a read is made again.
func TestRefundReasons_trouble(t *testing.T) {
	for body, want := range map[string]Class{
		`{"result":{"success":false,"code":"4000","message":"x"}}`: Transient, `{"result":{"success":false,"code":"5003","message":"x"}}`: Rejected,
		`{"result":{"success":true,"result":{}}}`: Transient,
	} {
		c, g := setup(t)
		g.answers(t, &apiRefundReasons, 200, body)
		_, err := c.RefundReasons(t.Context(), 7, []ID{8}, GoodsUnsent)
		assert.Equal(t, want, ClassOf(err), body)
		assert.Equal(t, map[Class]int{Transient: 2, Rejected: 1}[want], g.count(), body)
	}
}

func TestMaxRefund(t *testing.T) {
	c, g := setup(t)
	g.answers(t, &apiMaxRefund, 200, `{"result":{"success":true,"code":"S0000","retCodes":null,"result":{"maxGoodsFee":4400,"maxPostFee":"800","maxRefundFee":5200}}}`)
	limit, err := c.MaxRefund(t.Context(), 7, GoodsReceived, []RefundCount{{8, 2}}, "TQ1")
	require.NoError(t, err)
	assert.Equal(t, &MaxRefund{TotalFen: 5200, GoodsFen: 4400, FreightFen: 800}, limit)
	assert.Equal(t, `{"orderId":7,"goodsStatus":"refundBuyerReceived","refundGoodsCountList":[{"id":8,"count":2}],"refundId":"TQ1"}`, g.last(t).Get("input"))

	for _, payload := range []string{`{}`, `{"maxRefundFee":null}`, `{"maxRefundFee":"much"}`, `null`} {
		c, g := setup(t)
		g.answers(t, &apiMaxRefund, 200, `{"result":{"success":true,"result":`+payload+`}}`)
		_, err := c.MaxRefund(t.Context(), 7, GoodsReceived, []RefundCount{{8, 2}}, "")
		assert.Equal(t, Transient, ClassOf(err), "a missing limit is not a limit of 0: %s", payload)
		assert.NotContains(t, g.last(t).Get("input"), "refundId")
	}
	_, err = c.MaxRefund(t.Context(), 7, GoodsReceived, nil, "")
	assert.Equal(t, Rejected, ClassOf(err))
}

func TestCreateRefund(t *testing.T) {
	c, g := setup(t)
	g.answers(t, &apiCreateRefund, 200, string(golden(t, "create_refund")))
	created, err := c.CreateRefund(t.Context(), refundRequest())
	require.NoError(t, err)
	assert.Equal(t, &CreatedRefund{RefundID: "TQ34931008034741532"}, created)
	form := g.last(t)
	for key, want := range map[string]string{
		"orderId": "1158218860983545941", "orderEntryIds": "[1158218860983545942]", "disputeRequest": "refund", "applyPayment": "4400", "applyCarriage": "0",
		"applyReasonId": "20028", "description": "不想要 & <no>", "goodsStatus": "refundWaitSellerSend",
	} {
		assert.Equal(t, want, form.Get(key), key)
	}
	for _, key := range []string{"vouchers", "orderEntryCountList", "customRefund", "refundRemark"} {
		assert.False(t, form.Has(key), key)
	}
	r := refundRequest()
	r.Vouchers, r.Counts, r.CustomRefund, r.Remark, r.CarriageFen = []string{"https://h/a&b.jpg"}, []RefundCount{{8, 1}}, true, "so", 800
	_, err = c.CreateRefund(t.Context(), r)
	require.NoError(t, err)
	form = g.last(t)
	assert.Equal(t, []string{`["https://h/a&b.jpg"]`, `[{"id":8,"count":1}]`, "true", "so", "800"},
		[]string{form.Get("vouchers"), form.Get("orderEntryCountList"), form.Get("customRefund"), form.Get("refundRemark"), form.Get("applyCarriage")})
	r.Vouchers = make([]string, 6)
	_, err = c.CreateRefund(t.Context(), r)
	assert.Equal(t, Rejected, ClassOf(err))
	assert.Equal(t, 2, g.count())
}

func TestCreateRefund_outcomes(t *testing.T) {
	for body, want := range map[string]struct {
		class Class
		code  string
	}{
		`{"result":{"success":false,"code":"5010","message":"x"}}`:                               {Rejected, RefundWrongState},
		`{"success":false,"code":"5011","message":"x"}`:                                          {Rejected, RefundWrongAmount},
		`{"result":{"success":false,"code":"4000","message":"x"}}`:                               {Unknown, ""},
		`{"result":{"success":true,"result":{}}}`:                                                {Unknown, ""},
		`{"result":{"success":true,"result":null}}`:                                              {Unknown, ""},
		`{"result":{"success":true}}`:                                                            {Unknown, ""},
		`{"result":{"success":false,"code":"5100","result":{"refundId":"TQ1"}}}`:                 {Unknown, ""},
		`{"success":true,"code":"200","result":{"refundId":"TQ1","innerPostFee":"800"}}`:         {OK, ""},
		`{"result":{"success":true,"result":{"refundId":"TQ1","innerReasonId":"not a number"}}}`: {OK, ""},
	} {
		c, g := setup(t)
		g.answers(t, &apiCreateRefund, 200, body)
		created, err := c.CreateRefund(t.Context(), refundRequest())
		assert.Equal(t, want.class, ClassOf(err), "%s: %v", body, err)
		assert.Equal(t, want.code, RefusalCode(err), body)
		assert.Equal(t, err == nil, created != nil, body)
		assert.Equal(t, 1, g.count(), "not repeated: %s", body)
	}
}

func TestReturnGoods(t *testing.T) {
	c, g := setup(t)
	g.answers(t, &apiReturnGoods, 200, string(golden(t, "return_goods")))
	err := c.ReturnGoods(t.Context(), ReturnShipment{RefundID: "TQ1", CompanyNo: "ZTO", FreightBill: "73", Description: "ok", Vouchers: []string{"https://h/a.jpg"}})
	assert.Equal(t, ReturnBadWaybill, RefusalCode(err))
	form := g.last(t)
	assert.Equal(t, []string{"TQ1", "ZTO", "73", "ok", `["https://h/a.jpg"]`},
		[]string{form.Get("refundId"), form.Get("logisticsCompanyNo"), form.Get("freightBill"), form.Get("description"), form.Get("vouchers")})
	for _, bad := range []ReturnShipment{{Description: "x"}, {Description: strings.Repeat("字", 201)}, {Vouchers: make([]string, 11)}} {
		assert.Equal(t, Rejected, ClassOf(c.ReturnGoods(t.Context(), bad)))
	}
	assert.Equal(t, 1, g.count(), "what 1688 would refuse with a code of doubt is not sent")
}

func TestReturn_codes(t *testing.T) {
	for code, want := range map[string]Class{"4007": Rejected, "4001": Auth, "5001": Unknown, "5002": Unknown, "5003": Unknown, "": Rejected} {
		c, g := setup(t)
		body := `{"result":{"success":false,"errorCode":"` + code + `","errorInfo":"x"}}`
		g.answers(t, &apiReturnGoods, 200, body)
		g.answers(t, &apiCancelRefund, 200, body)
		assert.Equal(t, want, ClassOf(c.ReturnGoods(t.Context(), ReturnShipment{RefundID: "TQ1", CompanyNo: "ZTO", FreightBill: "73"})), code)
		assert.Equal(t, want, ClassOf(c.CancelRefund(t.Context(), "TQ1")), code)
		assert.Equal(t, 2, g.count(), code)
	}
	c, g := setup(t)
	g.answers(t, &apiCancelRefund, 200, `{"result":{"success":true}}`)
	require.NoError(t, c.CancelRefund(t.Context(), "TQ1"))
	assert.Equal(t, "token-1", g.last(t).Get("access_token"), "the document wants none, it is sent anyway")
}

func TestUploadRefundVoucher(t *testing.T) {
	c, g := setup(t)
	picture := append([]byte("\xff\xd8\xff\xe0"), strings.Repeat("\x00&=%+\r\n", 50)...)
	calls := 0
	g.mux.HandleFunc("POST /openapi/param2/1/com.alibaba.trade/alibaba.trade.uploadRefundVoucher/1000000", func(w http.ResponseWriter, r *http.Request) {
		calls++
		query := r.URL.Query()
		assert.Equal(t, "token-1", query.Get("access_token"))
		assert.Equal(t, expectedSignature(strings.TrimPrefix(r.URL.Path, "/openapi/"), query), query.Get(signatureField), "the file is not signed")
		file, head, err := r.FormFile("imageData")
		if assert.NoError(t, err) {
			data, err := io.ReadAll(file)
			assert.NoError(t, err)
			assert.Equal(t, picture, data)
			assert.Equal(t, "voucher.jpg", head.Filename)
		}
		if calls == 1 {
			w.WriteHeader(500) // harmless to repeat
			return
		}
		_, _ = io.WriteString(w, `{"result":{"success":true,"result":{"imageDomain":"https://cbu01.example/","imageRelativeUrl":"/img/a.jpg"}}}`)
	})
	address, err := c.UploadRefundVoucher(t.Context(), picture)
	require.NoError(t, err)
	assert.Equal(t, "https://cbu01.example/img/a.jpg", address)
	assert.Equal(t, 2, calls)

	for _, bad := range [][]byte{nil, []byte("\x89PNG"), append([]byte("\xff\xd8"), make([]byte, MaxVoucher-2)...)} {
		_, err := c.UploadRefundVoucher(t.Context(), bad)
		assert.Equal(t, Rejected, ClassOf(err))
	}
	assert.Equal(t, 2, calls, "what is no voucher is not sent")
}

// The token travels in the URL: a failed connection must not print it.
func TestUploadRefundVoucher_unreachable(t *testing.T) {
	c, g := setup(t)
	g.server.Close()
	_, err := c.UploadRefundVoucher(t.Context(), []byte("\xff\xd8\xff"))
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "token-1")
	assert.NotContains(t, err.Error(), "http")
}

func TestRefunds(t *testing.T) {
	c, g := setup(t)
	g.answers(t, &apiRefunds, 200, string(golden(t, "refund_list")))
	page, err := c.Refunds(t.Context(), RefundQuery{OrderID: 177681528398969811, Statuses: []string{RefundClosed}, ModifyStart: noon, DisputeType: DisputeInSale})
	require.NoError(t, err)
	want := Refund{
		ID: 10426553019961198, RefundID: "TQ10426553019961198", OrderID: 177681528398969811, Status: RefundClosed, PaymentFen: 1, ReasonID: 20028,
		DisputeType: DisputeInSale, DisputeRequest: 3, GoodsStatus: RefundGoodsArrived, AppliedAt: Time{time.Date(2018, 6, 22, 6, 10, 34, 0, time.UTC)}, Operations: []RefundStep{},
	}
	assert.Equal(t, &RefundPage{Refunds: []Refund{want}, Total: 1}, page)
	form := g.last(t)
	for key, want := range map[string]string{
		"orderId": "177681528398969811", "refundStatusSet": `["refundclose"]`, "modifyStartTime": "20260301200000000+0800", "currentPageNum": "0", "pageSize": "20", "dipsuteType": "1",
	} {
		assert.Equal(t, want, form.Get(key), key)
	}
}

// The probe after a lost CreateRefund must never take a broken answer for "no refund".
func TestRefunds_empty_or_broken(t *testing.T) {
	for body, want := range map[string]Class{
		`{"result":{"opOrderRefundModels":[],"totalCount":0},"success":true}`:                         OK,
		`{"result":{"opOrderRefundModels":null,"totalCount":"0"},"success":"true"}`:                   OK,
		`{"result":{"opOrderRefundModels":null},"success":true}`:                                      Transient,
		`{"result":{"opOrderRefundModels":[{"status":"refundclose"}],"totalCount":1},"success":true}`: Transient,
		`{"result":null,"success":true}`:                                                              Transient,
		`{}`:                                                                                          Transient,
		`{"result":null,"success":false,"errorCode":"APPLY_TIME_ERROR","errorMsg":"x"}`:               Rejected,
		`{"result":null,"success":false,"errorCode":"4000","errorMsg":"x"}`:                           Transient,
	} {
		c, g := setup(t)
		g.answers(t, &apiRefunds, 200, body)
		page, err := c.Refunds(t.Context(), RefundQuery{})
		assert.Equal(t, want, ClassOf(err), body)
		if err == nil {
			assert.Equal(t, []Refund{}, page.Refunds)
		}
	}
}

func TestRefundsOfOrder(t *testing.T) {
	c, g := setup(t)
	g.answers(t, &apiOrderRefunds, 200, `{"result":{"opOrderRefundModels":[{"refundId":"TQ1","orderEntryIdList":["2"],"orderEntryCountMap":{"2":"3"},"isOnlyRefund":true,`+
		`"isGoodsReceived":"true","isTimeOutFreeze":true,"frozenFund":-1}]},"success":true,"extErrorMessage":null}`)
	list, err := c.RefundsOfOrder(t.Context(), 7, RefundsActive)
	require.NoError(t, err)
	assert.Equal(t, []Refund{{RefundID: "TQ1", SubItemIDs: []ID{2}, Counts: map[string]Int{"2": 3}, OnlyRefund: true, GoodsArrived: true, TimeOutFrozen: true, FrozenFen: -1}}, list)
	assert.Equal(t, []string{"7", "1"}, []string{g.last(t).Get("orderId"), g.last(t).Get("queryType")})

	c, g = setup(t)
	g.answers(t, &apiOrderRefunds, 200, `{"result":{"opOrderRefundModels":null},"success":true}`)
	list, err = c.RefundsOfOrder(t.Context(), 7, RefundsSucceeded)
	require.NoError(t, err)
	assert.Empty(t, list)
}

func TestRefund_and_history(t *testing.T) {
	c, g := setup(t)
	step := `{"id":1,"beforeOperateStatus":"waitselleragree","afterOperateStatus":"waitselleragree","operateTypeInt":1,"discription":"d","operatorRoleId":1,"vouchers":["https://h/a.jpg"],"gmtCreate":"20180622141034000+0800"}`
	g.answers(t, &apiRefund, 200, `{"result":{"opOrderRefundModelDetail":{"refundId":"TQ1","applyPayment":4400,"gmtTimeOut":"20180622141034000+0800","refundOperationList":[`+step+`]}},"success":true}`)
	g.answers(t, &apiRefundHistory, 200, `{"result":{"opOrderRefundOperationModels":[`+step+`]},"success":true}`)
	at := Time{time.Date(2018, 6, 22, 6, 10, 34, 0, time.UTC)}
	steps := []RefundStep{{ID: 1, Before: RefundWaitSellerAgree, After: RefundWaitSellerAgree, Type: 1, Description: "d", OperatorRole: "1", Vouchers: []Text{"https://h/a.jpg"}, CreatedAt: at}}
	r, err := c.Refund(t.Context(), "TQ1", true)
	require.NoError(t, err)
	assert.Equal(t, &Refund{RefundID: "TQ1", PaymentFen: 4400, TimeOutAt: at, Operations: steps}, r)
	assert.Equal(t, []string{"true", "true"}, []string{g.last(t).Get("needTimeOutInfo"), g.last(t).Get("needOrderRefundOperation")})
	list, err := c.RefundHistory(t.Context(), "TQ1", 0, 0)
	require.NoError(t, err)
	assert.Equal(t, steps, list)
	assert.Equal(t, []string{"1", "100"}, []string{g.last(t).Get("pageNo"), g.last(t).Get("pageSize")})

	for _, body := range []string{`{"result":{"opOrderRefundModelDetail":null},"success":true}`, `{"result":null,"success":true}`} {
		c, g := setup(t)
		g.answers(t, &apiRefund, 200, body)
		r, err := c.Refund(t.Context(), "TQ1", false)
		assert.Nil(t, r)
		assert.Equal(t, Transient, ClassOf(err))
		assert.False(t, g.last(t).Has("needOrderRefundOperation"))
	}
}

func TestReturnAddresses(t *testing.T) {
	for body, want := range map[string][]ReturnAddress{
		`{"result":{"success":true,"data":[{"offerId":"5","streetAddress":"s","provinceText":"浙江"}]}}`: {{OfferID: 5, Street: "s", Province: "浙江"}},
		`{"result":{"success":true,"data":null}}`:                                                      {},
	} {
		c, g := setup(t)
		g.answers(t, &apiReturnAddress, 200, body)
		list, err := c.ReturnAddresses(t.Context(), 7)
		require.NoError(t, err)
		assert.Equal(t, want, list)
		assert.Equal(t, "7", g.last(t).Get("mainOrderId"))
	}
	c, g := setup(t)
	g.answers(t, &apiReturnAddress, 200, `{"result":{"success":false,"errorCode":"101","errorInfo":"x","data":null}}`)
	_, err := c.ReturnAddresses(t.Context(), 7)
	assert.Equal(t, "101", RefusalCode(err))
}

func TestComplain(t *testing.T) {
	c, g := setup(t)
	g.answers(t, &apiApplyForRuling, 200, `{"result":{"success":true,"code":"S0000","result":3655001009}}`)
	id, err := c.Complain(t.Context(), Complaint{Kind: ComplaintRefund, RefundID: "TQ1", OrderID: 7, Reason: "r", ReasonID: 1})
	require.NoError(t, err)
	assert.Equal(t, ID(3655001009), id)
	assert.Equal(t, `{"type":"RefundComplaint","refundId":"TQ1","orderId":7,"reasonText":"r","reasonId":1}`, g.last(t).Get("param"))
}
