package alibaba

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

var (
	apiRefundReasons = endpoint{namespace: "com.alibaba.trade", name: "alibaba.trade.getRefundReasonList"}
	apiMaxRefund     = endpoint{namespace: "com.alibaba.trade", name: "alibaba.trade.getMaxRefundFee"}
	apiCreateRefund  = endpoint{namespace: "com.alibaba.trade", name: "alibaba.trade.createRefund", write: true}
	apiReturnGoods   = endpoint{namespace: "com.alibaba.trade", name: "alibaba.trade.refund.returnGoods", write: true}
	apiCancelRefund  = endpoint{namespace: "com.alibaba.trade", name: "alibaba.trade.cancelRefund", write: true}
)

// Where the goods of a refund are (goodsStatus). It must fit the order: in-sale until the trade has finished.
const (
	GoodsUnsent              = "refundWaitSellerSend"
	GoodsOnTheWay            = "refundWaitBuyerReceive"
	GoodsReceived            = "refundBuyerReceived"
	AfterSaleGoodsNotArrived = "aftersaleBuyerNotReceived"
	AfterSaleGoodsReceived   = "aftersaleBuyerReceived"
)

// What a refund asks for (disputeRequest). A return needs goods that were received.
const (
	RefundMoneyOnly = "refund"
	RefundAndReturn = "returnRefund"
)

// Statuses of a refund (Refund.Status); the lines of an order spell them in upper snake case.
const (
	RefundWaitSellerAgree   = "waitselleragree"
	RefundWaitBuyerModify   = "waitbuyermodify"
	RefundWaitBuyerSend     = "waitbuyersend"
	RefundWaitSellerReceive = "waitsellerreceive"
	RefundSucceeded         = "refundsuccess"
	RefundClosed            = "refundclose"
)

// Codes (see RefusalCode) with which RefundReasons, MaxRefund and CreateRefund are refused.
const (
	RefundNoOrder      = "5001" // no such order
	RefundNotBuyer     = "5002" // the account is not the order's buyer
	RefundGoodsStatus  = "5003" // goodsStatus is no such word
	RefundReasonWrong  = "5004" // ask for the reasons again
	RefundNoVoucher    = "5005" // the reason needs evidence
	RefundNoCarriage   = "5006" // the reason does not give freight back
	RefundWrongState   = "5010" // goodsStatus does not fit the order, a wrong sub-order, or a request that is running: read both
	RefundWrongAmount  = "5011"
	RefundDescription  = "5012" // 2 to 150 characters
	RefundWrongCount   = "5013"
	RefundOtherRefusal = "5100"
)

// Codes with which ReturnGoods and CancelRefund are refused; only those of ReturnGoods are documented.
const (
	ReturnNoWaybill   = "4002" // carrier and waybill are needed
	ReturnBadVouchers = "4003" // too many, or bad ones
	ReturnBadWaybill  = "4004" // carrier and waybill do not fit
	ReturnNoRefund    = "4005"
	ReturnNotOurs     = "4006"
	ReturnWrongState  = "4007" // read the refund
	ReturnBadRefundID = "4008"
)

// RefundReason is one of the reasons a request may give.
type RefundReason struct {
	ID               ID   `json:"id"`
	Name             Text `json:"name"` // Chinese
	Tip              Text `json:"tip"`  // Chinese
	NeedVoucher      Bool `json:"needVoucher"`
	NoRefundCarriage Bool `json:"noRefundCarriage"` // freight is not given back
}

// RefundReasons lists the reasons for a refund of some sub-orders; they depend on where the goods are.
// 1688 API: com.alibaba.trade:alibaba.trade.getRefundReasonList-1.
func (c *Client) RefundReasons(ctx context.Context, orderID ID, subItemIDs []ID, goodsStatus string) ([]RefundReason, error) {
	var f fields
	f.text("orderId", orderID.String())
	f.ids("orderEntryIds", subItemIDs, 0)
	f.text("goodsStatus", goodsStatus)
	if f.err != nil {
		return nil, apiRefundReasons.refuse(f.err)
	}
	var reply struct {
		Reasons []RefundReason `json:"reasons"`
	}
	read := openInto(&reply)
	_, err := c.call(ctx, &apiRefundReasons, f.list, refundTrouble(func(body []byte) error {
		if err := read(body); err != nil {
			return err
		}
		if reply.Reasons == nil {
			return errGarbage
		}
		return nil
	}))
	if err != nil {
		return nil, err
	}
	return reply.Reasons, nil
}

// RefundCount is how many pieces of a sub-order a refund is about.
type RefundCount struct {
	SubItemID ID    `json:"id"`
	Count     int64 `json:"count"`
}

// MaxRefund is the most a refund may ask for, in fen.
type MaxRefund struct {
	TotalFen   Int
	GoodsFen   Int
	FreightFen Int
}

// MaxRefund asks for the most a refund of some pieces may ask for; refundID names a running refund that shall be changed, or
// is empty. The document does not list the answer's fields: an answer without the total is an unreadable one.
// 1688 API: com.alibaba.trade:alibaba.trade.getMaxRefundFee-1.
func (c *Client) MaxRefund(ctx context.Context, orderID ID, goodsStatus string, counts []RefundCount, refundID string) (*MaxRefund, error) {
	if len(counts) == 0 {
		return nil, apiMaxRefund.refuse(errNoIDs)
	}
	var reply struct {
		Total Text `json:"maxRefundFee"`
		Goods Int  `json:"maxGoodsFee"`
		Post  Int  `json:"maxPostFee"`
	}
	var limit MaxRefund
	read := openInto(&reply)
	_, err := c.callJSON(ctx, &apiMaxRefund, "input", struct {
		OrderID     ID            `json:"orderId"`
		GoodsStatus string        `json:"goodsStatus"`
		Counts      []RefundCount `json:"refundGoodsCountList"`
		RefundID    string        `json:"refundId,omitempty"`
	}{orderID, goodsStatus, counts, refundID}, refundTrouble(func(body []byte) error {
		if err := read(body); err != nil {
			return err
		}
		total, err := strconv.ParseInt(string(reply.Total), 10, 64)
		if err != nil {
			return errGarbage
		}
		limit = MaxRefund{TotalFen: Int(total), GoodsFen: reply.Goods, FreightFen: reply.Post}
		return nil
	}))
	if err != nil {
		return nil, err
	}
	return &limit, nil
}

// RefundRequest asks for money back. Zero values of the optional fields are left out.
type RefundRequest struct {
	OrderID     ID
	SubItemIDs  []ID
	Request     string // RefundMoneyOnly or RefundAndReturn
	PaymentFen  int64  // goods; before shipping exactly what was paid for them
	CarriageFen int64  // freight
	ReasonID    ID     // of RefundReasons
	Description string // 2 to 150 characters
	GoodsStatus string

	Vouchers     []string      // at most 5 addresses of UploadRefundVoucher
	Counts       []RefundCount // part of the pieces: only returns of an order that has not finished; empty = all
	CustomRefund bool          // keep CarriageFen; otherwise 1688 adjusts it
	Remark       string        // what our buyer said
}

// CreatedRefund is a refund as 1688 made it.
type CreatedRefund struct {
	RefundID        Text `json:"refundId"` // TQ and digits
	ReasonID        Int  `json:"innerReasonId"`
	Reason          Text `json:"innerReason"`
	FreightFen      Int  `json:"innerPostFee"` // the freight that was really asked for
	SolutionCostFen Int  `json:"refundOfficialSolutionCost"`
}

// maxRefundVouchers is how many pictures a request may carry, maxReturnVouchers how many a return may.
const (
	maxRefundVouchers = 5
	maxReturnVouchers = 10
)

var (
	errManyVouchers = errors.New("more vouchers than one call may have")
	errDescription  = errors.New("description is too short or too long")
)

// CreateRefund asks the seller for money back, in-sale or after-sale; for a refund the seller refused it changes the request.
// Refusals: the Refund... codes. Unknown covers 1688's own trouble (codes 4xxx) too, and an answer without a refund id: look
// with Refunds for the order before another try.
// 1688 API: com.alibaba.trade:alibaba.trade.createRefund-1.
func (c *Client) CreateRefund(ctx context.Context, r RefundRequest) (*CreatedRefund, error) {
	f := r.fields()
	if f.err != nil {
		return nil, apiCreateRefund.refuse(f.err)
	}
	var created *CreatedRefund
	_, err := c.call(ctx, &apiCreateRefund, f.list, refundTrouble(func(body []byte) (err error) {
		created, err = readCreatedRefund(body)
		return err
	}))
	if err != nil {
		return nil, err
	}
	return created, nil
}

func (r *RefundRequest) fields() *fields {
	var f fields
	f.text("orderId", r.OrderID.String())
	f.ids("orderEntryIds", r.SubItemIDs, 0)
	f.text("disputeRequest", r.Request)
	f.text("applyPayment", strconv.FormatInt(r.PaymentFen, 10))
	f.text("applyCarriage", strconv.FormatInt(r.CarriageFen, 10))
	f.text("applyReasonId", r.ReasonID.String())
	f.text("description", r.Description)
	f.text("goodsStatus", r.GoodsStatus)
	f.vouchers(r.Vouchers, maxRefundVouchers)
	if len(r.Counts) > 0 {
		f.json("orderEntryCountList", r.Counts)
	}
	f.flag("customRefund", r.CustomRefund)
	f.text("refundRemark", r.Remark)
	return &f
}

func (f *fields) vouchers(list []string, most int) {
	switch {
	case len(list) > most:
		f.err = errManyVouchers
	case len(list) > 0:
		f.json("vouchers", list)
	}
}

// readCreatedRefund doubts a refusal that names a refund.
func readCreatedRefund(body []byte) (*CreatedRefund, error) {
	at, refused := openLevel(body)
	var created CreatedRefund
	if payload := at.payload(); isObject(payload) {
		if err := decode(payload, &created); err != nil {
			return nil, garbled(err)
		}
	}
	switch {
	case refused != nil && created.RefundID != "":
		return nil, &Error{Class: Unknown, Code: at.code(), Message: at.message(), Err: errors.New("refused with a refund id")}
	case refused != nil:
		return nil, refused
	case created.RefundID == "":
		return nil, errGarbage
	}
	return &created, nil
}

// ReturnShipment says how goods go back, once the seller has agreed to take them.
type ReturnShipment struct {
	RefundID    string
	CompanyNo   string // Carrier.CompanyNo, e.g. ZTO
	FreightBill string
	Description string   // empty, or 2 to 200 characters
	Vouchers    []string // at most 10 addresses of UploadRefundVoucher
}

// ReturnGoods tells the seller that the goods are on their way back. Refusals: the Return... codes. Unknown covers codes 5001
// to 5003, 1688's own trouble, too: read the refund before another try.
// 1688 API: com.alibaba.trade:alibaba.trade.refund.returnGoods-1.
func (c *Client) ReturnGoods(ctx context.Context, r ReturnShipment) error {
	var f fields
	f.text("refundId", r.RefundID)
	f.text("logisticsCompanyNo", r.CompanyNo)
	f.text("freightBill", r.FreightBill)
	f.text("description", r.Description)
	f.vouchers(r.Vouchers, maxReturnVouchers)
	if n := utf8.RuneCountInString(r.Description); n == 1 || n > 200 {
		f.err = errDescription
	}
	if f.err != nil {
		return apiReturnGoods.refuse(f.err)
	}
	_, err := c.call(ctx, &apiReturnGoods, f.list, returnTrouble(openAck))
	return err
}

// CancelRefund withdraws a refund that has not ended. Refusals look like those of ReturnGoods, which is not documented. After
// Unknown read the refund before another try. The document wants no token; one is sent anyway.
// 1688 API: com.alibaba.trade:alibaba.trade.cancelRefund-1.
func (c *Client) CancelRefund(ctx context.Context, refundID string) error {
	_, err := c.call(ctx, &apiCancelRefund, []param{{"refundId", refundID}}, returnTrouble(openAck))
	return err
}

// refundTrouble takes codes 4xxx for 1688's own trouble, which no input causes: a read may be repeated, a write may have
// happened.
func refundTrouble(read func([]byte) error) func([]byte) error {
	return reclass(read, func(code string) Class {
		if len(code) == 4 && strings.HasPrefix(code, "4") {
			return Transient
		}
		return Rejected
	})
}

// returnTrouble knows the codes of returns, whose ranges are the other way round.
func returnTrouble(read func([]byte) error) func([]byte) error {
	return reclass(read, func(code string) Class {
		switch code {
		case "4001":
			return Auth
		case "5001", "5002", "5003":
			return Transient
		}
		return Rejected
	})
}

// reclass lets codes decide what a refusal means.
func reclass(read func([]byte) error, class func(code string) Class) func([]byte) error {
	return func(body []byte) error {
		err := read(body)
		var refused *Error
		if errors.As(err, &refused) && refused.Class == Rejected {
			refused.Class = class(refused.Code)
		}
		return err
	}
}
