package alibaba

import (
	"context"
	"encoding/json"
	"strconv"
	"time"
)

var (
	apiRefunds        = endpoint{namespace: "com.alibaba.trade", name: "alibaba.trade.refund.buyer.queryOrderRefundList"}
	apiRefund         = endpoint{namespace: "com.alibaba.trade", name: "alibaba.trade.refund.OpQueryOrderRefund"}
	apiOrderRefunds   = endpoint{namespace: "com.alibaba.trade", name: "alibaba.trade.refund.OpQueryBatchRefundByOrderIdAndStatus"}
	apiRefundHistory  = endpoint{namespace: "com.alibaba.trade", name: "alibaba.trade.refund.OpQueryOrderRefundOperationList"}
	apiReturnAddress  = endpoint{namespace: "com.alibaba.fenxiao", name: "refund.address.get"}
	apiApplyForRuling = endpoint{namespace: "com.alibaba.trade", name: "trade.arbitration.apply", write: true}
)

// Refund.DisputeType.
const (
	DisputeInSale    = 1
	DisputeAfterSale = 2
)

// Refund.GoodsStatus.
const (
	RefundGoodsMissing  = 1 // not received
	RefundGoodsArrived  = 2
	RefundGoodsReturned = 3
)

// Refund is a refund as 1688 keeps it.
type Refund struct {
	ID                ID             `json:"id"`
	RefundID          Text           `json:"refundId"` // TQ and digits
	OrderID           ID             `json:"orderId"`
	SubItemIDs        []ID           `json:"orderEntryIdList"`
	Counts            map[string]Int `json:"orderEntryCountMap"` // pieces by sub-order
	Status            Text           `json:"status"`
	DisputeType       Int            `json:"disputeType"`
	DisputeRequest    Int            `json:"disputeRequest"`
	GoodsStatus       Int            `json:"goodsStatus"`
	PaymentFen        Int            `json:"applyPayment"`  // goods, asked for
	CarriageFen       Int            `json:"applyCarriage"` // freight, asked for
	ExpectFen         Int            `json:"applyExpect"`
	CanRefundFen      Int            `json:"canRefundPayment"` // the most the goods may bring
	RefundedFen       Int            `json:"refundPayment"`    // really given back
	RefundedFreight   Int            `json:"refundCarriage"`   // fen, really given back
	FrozenFen         Int            `json:"frozenFund"`       // below 0: none
	PrepaidBalanceFen Int            `json:"prepaidBalance"`
	ReasonID          Int            `json:"applyReasonId"`
	Reason            Text           `json:"applyReason"` // Chinese, as the other texts
	SubReasonID       Int            `json:"applySubReasonId"`
	SubReason         Text           `json:"applySubReason"`
	RejectReason      Text           `json:"rejectReason"`
	RejectTimes       Int            `json:"rejectTimes"`
	OnlyRefund        Bool           `json:"onlyRefund"`
	RefundGoods       Bool           `json:"refundGoods"`
	GoodsArrived      Bool           `json:"goodsReceived"`
	BuyerSendGoods    Bool           `json:"buyerSendGoods"`
	FreightBill       Text           `json:"freightBill"` // of the goods on their way back
	ReturnCarrier     Text           `json:"buyerLogisticsName"`
	SellerAddress     Text           `json:"sellerReceiveAddress"` // where the goods go back to
	SellerName        Text           `json:"sellerRealName"`       // personal data, as the next two
	SellerMobile      Text           `json:"sellerMobile"`
	SellerPhone       Text           `json:"sellerTel"`
	SellerMemberID    Text           `json:"sellerMemberId"`
	AppliedAt         Time           `json:"gmtApply"`
	CreatedAt         Time           `json:"gmtCreate"`
	ModifiedAt        Time           `json:"gmtModified"`
	CompletedAt       Time           `json:"gmtCompleted"`
	FrozenAt          Time           `json:"gmtFreezed"`
	TimeOutAt         Time           `json:"gmtTimeOut"`         // when 1688 decides by itself
	TimeOutAction     Text           `json:"timeOutOperateType"` // what it does then
	TimeOutFrozen     Bool           `json:"timeOutFreeze"`
	TaskStatus        Text           `json:"taskStatus"` // of customer service
	ProductName       Text           `json:"productName"`
	Operations        []RefundStep   `json:"refundOperationList"`
}

// wireRefund takes the other spelling of the booleans too.
type wireRefund struct {
	Refund
	IsOnlyRefund     Bool `json:"isOnlyRefund"`
	IsRefundGoods    Bool `json:"isRefundGoods"`
	IsGoodsReceived  Bool `json:"isGoodsReceived"`
	IsBuyerSendGoods Bool `json:"isBuyerSendGoods"`
	IsTimeOutFreeze  Bool `json:"isTimeOutFreeze"`
}

func (w *wireRefund) refund() (Refund, error) {
	r := w.Refund
	r.OnlyRefund = r.OnlyRefund || w.IsOnlyRefund
	r.RefundGoods = r.RefundGoods || w.IsRefundGoods
	r.GoodsArrived = r.GoodsArrived || w.IsGoodsReceived
	r.BuyerSendGoods = r.BuyerSendGoods || w.IsBuyerSendGoods
	r.TimeOutFrozen = r.TimeOutFrozen || w.IsTimeOutFreeze
	if r.RefundID == "" {
		return r, errGarbage
	}
	return r, nil
}

// RefundStep is an entry of a refund's history.
type RefundStep struct {
	ID            ID     `json:"id"`
	Before        Text   `json:"beforeOperateStatus"`
	After         Text   `json:"afterOperateStatus"` // official samples repeat Before here
	Type          Int    `json:"operateTypeInt"`
	Remark        Text   `json:"operateRemark"`  // Chinese, as the other texts
	Description   Text   `json:"discription"`    // 1688's spelling
	OperatorRole  Text   `json:"operatorRoleId"` // 1 buyer, 2 seller
	FreightBill   Text   `json:"freightBill"`
	RefundAddress Text   `json:"refundAddress"`
	RejectReason  Text   `json:"rejectReason"`
	Vouchers      []Text `json:"vouchers"`
	MsgType       Int    `json:"msgType"`
	MessageStatus Int    `json:"messageStatus"`
	CreatedAt     Time   `json:"gmtCreate"`
	ModifiedAt    Time   `json:"gmtModified"`
	ByService     Bool   `json:"crmModifyRefund"`
}

// RefundQuery filters the account's refunds. Zero values are left out; times lie at most 730 days back (code
// APPLY_TIME_ERROR).
type RefundQuery struct {
	OrderID        ID
	Statuses       []string
	ApplyStart     time.Time
	ApplyEnd       time.Time
	ModifyStart    time.Time
	ModifyEnd      time.Time
	Page           int // from 0
	PageSize       int // default 20
	SellerMemberID string
	LogisticsNo    string // needs SellerMemberID
	DisputeType    int    // DisputeInSale, DisputeAfterSale; 0 = both
}

// RefundPage is one page of refunds; Refunds is empty, never nil, when nothing matches.
type RefundPage struct {
	Refunds []Refund
	Total   Int
}

// Refunds lists the account's refunds, without their history. The token must be that of a main account.
// 1688 API: com.alibaba.trade:alibaba.trade.refund.buyer.queryOrderRefundList-1.
func (c *Client) Refunds(ctx context.Context, q RefundQuery) (*RefundPage, error) {
	var f fields
	f.text("orderId", q.OrderID.String())
	if len(q.Statuses) > 0 {
		f.json("refundStatusSet", q.Statuses)
	}
	f.date("applyStartTime", q.ApplyStart)
	f.date("applyEndTime", q.ApplyEnd)
	f.date("modifyStartTime", q.ModifyStart)
	f.date("modifyEndTime", q.ModifyEnd)
	f.text("currentPageNum", strconv.Itoa(max(q.Page, 0)))
	f.number("pageSize", int64(orDefault(q.PageSize, 20)))
	f.text("sellerMemberId", q.SellerMemberID)
	f.text("logisticsNo", q.LogisticsNo)
	f.number("dipsuteType", int64(q.DisputeType)) // 1688's spelling
	var page RefundPage
	_, err := c.call(ctx, &apiRefunds, f.list, refundTrouble(func(body []byte) (err error) {
		page, err = readRefunds(body, false)
		return err
	}))
	if err != nil {
		return nil, err
	}
	return &page, nil
}

// readRefunds must tell "no refund" from an unreadable answer: the probe after a lost CreateRefund rests on it. A list (also
// an empty one) or a spoken total of 0 is an answer; anything less is not. An answer without totals may leave the list out
// (null).
func readRefunds(body []byte, null bool) (RefundPage, error) {
	var wire struct {
		Refunds []wireRefund `json:"opOrderRefundModels"`
		Total   Text         `json:"totalCount"`
	}
	if err := openInto(&wire)(body); err != nil {
		return RefundPage{}, err
	}
	if wire.Refunds == nil && wire.Total != "0" && !null {
		return RefundPage{}, errGarbage
	}
	page := RefundPage{Refunds: make([]Refund, len(wire.Refunds)), Total: Int(len(wire.Refunds))}
	for i := range wire.Refunds {
		var err error
		if page.Refunds[i], err = wire.Refunds[i].refund(); err != nil {
			return RefundPage{}, err
		}
	}
	if total, err := strconv.ParseInt(string(wire.Total), 10, 64); err == nil {
		page.Total = Int(total)
	}
	return page, nil
}

// What RefundsOfOrder lists.
const (
	RefundsActive    = "1"
	RefundsSucceeded = "3"
)

// RefundsOfOrder lists the in-sale refunds of an order that run (RefundsActive) or ended well (RefundsSucceeded). After-sale
// refunds are only in Refunds.
// 1688 API: com.alibaba.trade:alibaba.trade.refund.OpQueryBatchRefundByOrderIdAndStatus-1.
func (c *Client) RefundsOfOrder(ctx context.Context, orderID ID, which string) ([]Refund, error) {
	var page RefundPage
	_, err := c.call(ctx, &apiOrderRefunds, []param{{"orderId", orderID.String()}, {"queryType", which}}, refundTrouble(func(body []byte) (err error) {
		page, err = readRefunds(body, true)
		return err
	}))
	return page.Refunds, err
}

// Refund reads one refund; withHistory fills Operations.
// 1688 API: com.alibaba.trade:alibaba.trade.refund.OpQueryOrderRefund-1.
func (c *Client) Refund(ctx context.Context, refundID string, withHistory bool) (*Refund, error) {
	var f fields
	f.text("refundId", refundID)
	f.flag("needTimeOutInfo", true)
	f.flag("needOrderRefundOperation", withHistory)
	var reply struct {
		Refund wireRefund `json:"opOrderRefundModelDetail"`
	}
	var refund Refund
	read := openInto(&reply)
	_, err := c.call(ctx, &apiRefund, f.list, refundTrouble(func(body []byte) error {
		err := read(body)
		if err == nil {
			refund, err = reply.Refund.refund()
		}
		return err
	}))
	if err != nil {
		return nil, err
	}
	return &refund, nil
}

// RefundHistory reads what happened to a refund, the latest first; pages count from 1.
// 1688 API: com.alibaba.trade:alibaba.trade.refund.OpQueryOrderRefundOperationList-1.
func (c *Client) RefundHistory(ctx context.Context, refundID string, page, pageSize int) ([]RefundStep, error) {
	var f fields
	f.text("refundId", refundID)
	f.number("pageNo", int64(max(page, 1)))
	f.number("pageSize", int64(orDefault(pageSize, 100)))
	var reply struct {
		Steps []RefundStep `json:"opOrderRefundOperationModels"`
	}
	_, err := c.call(ctx, &apiRefundHistory, f.list, refundTrouble(openInto(&reply)))
	if err != nil {
		return nil, err
	}
	return append([]RefundStep{}, reply.Steps...), nil
}

// ReturnAddress is where the goods of one offer go back to; personal data. The document does not list these fields.
type ReturnAddress struct {
	OfferID      ID   `json:"offerId"`
	ReceiverName Text `json:"receiverName"`
	Mobile       Text `json:"mobile"`
	Phone        Text `json:"phone"`
	ContactPhone Text `json:"contactPhone"`
	Province     Text `json:"provinceText"`
	City         Text `json:"cityText"`
	District     Text `json:"districtText"`
	Town         Text `json:"townText"`
	Street       Text `json:"streetAddress"`
	Zip          Text `json:"zipCode"`
}

// ReturnAddresses reads where the goods of an order go back to.
// 1688 API: com.alibaba.fenxiao:refund.address.get-1.
func (c *Client) ReturnAddresses(ctx context.Context, orderID ID) ([]ReturnAddress, error) {
	var list []ReturnAddress
	_, err := c.call(ctx, &apiReturnAddress, []param{{"mainOrderId", orderID.String()}}, func(body []byte) error {
		payload, err := open(body)
		if err != nil {
			return err
		}
		list, err = readList[ReturnAddress](payload)
		return err
	})
	return list, err
}

// readList wants a list; null and nothing are an empty one.
func readList[T any](payload json.RawMessage) ([]T, error) {
	list := []T{}
	if !present(payload) {
		return list, nil
	}
	if payload[0] != '[' {
		return nil, errGarbage
	}
	err := decode(payload, &list)
	return list, garbled(err)
}

// Kinds of Complaint.
const (
	ComplaintRefund    = "RefundComplaint"
	ComplaintInSale    = "SafeRefundComplaint"
	ComplaintAfterSale = "AfterSalesComplaint"
	ComplaintTrade     = "TradeComplaint" // without a refund
)

// Complaint asks customer service in.
type Complaint struct {
	Kind     string
	RefundID string // unless ComplaintTrade
	OrderID  ID
	Reason   string
	ReasonID int64
	Picture  string // address of UploadRefundVoucher; may be empty
}

// Complain asks 1688's customer service to decide and gives the complaint's id. No code is documented. After Unknown look for
// BUYER_APPLY_SUPPORT in the messages or the refund's history before another try.
// 1688 API: com.alibaba.trade:trade.arbitration.apply-1.
func (c *Client) Complain(ctx context.Context, r Complaint) (ID, error) {
	var id ID
	read := openInto(&id)
	_, err := c.callJSON(ctx, &apiApplyForRuling, "param", struct {
		Kind     string `json:"type"`
		RefundID string `json:"refundId,omitempty"`
		OrderID  ID     `json:"orderId"`
		Reason   string `json:"reasonText"`
		ReasonID int64  `json:"reasonId"`
		Picture  string `json:"picUrlEvidence,omitempty"`
	}{r.Kind, r.RefundID, r.OrderID, r.Reason, r.ReasonID, r.Picture}, func(body []byte) error {
		if err := read(body); err != nil {
			return err
		}
		if id == 0 {
			return errGarbage
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return id, nil
}
