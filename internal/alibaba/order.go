package alibaba

import (
	"context"
	"errors"
	"time"
)

var (
	apiBuyerOrder  = endpoint{namespace: "com.alibaba.trade", name: "alibaba.trade.get.buyerView"}
	apiBuyerOrders = endpoint{namespace: "com.alibaba.trade", name: "alibaba.trade.getBuyerOrderList"}
)

// Order statuses at 1688 (Trade.Base.Status and TradeItem.Status); others exist, keep unknown words as they are.
const (
	TradeWaitBuyerPay     = "waitbuyerpay"
	TradeWaitSellerSend   = "waitsellersend"
	TradeWaitBuyerReceive = "waitbuyerreceive"
	TradeConfirmGoods     = "confirm_goods"
	TradeSuccess          = "success"
	TradeCancel           = "cancel"
	TradeTerminated       = "terminated"
)

// webSite is a constant the order and parcel APIs demand.
const webSite = "1688"

// OrderListQuery filters the account's orders. Zero values are left out.
type OrderListQuery struct {
	Page            int // from 1
	PageSize        int // default 20; documented maximum of the seller twin is 20, 50 works for integrators
	CreateStart     time.Time
	CreateEnd       time.Time
	ModifyStart     time.Time
	ModifyEnd       time.Time
	OrderStatus     string
	RefundStatus    string
	History         bool // true = older than about three months
	OrderIDs        []ID
	OutOrderID      string // our number
	SellerMemberID  string
	NeedAddressInfo bool
	NeedMemo        bool
}

// BuyerOrders lists orders, without logistics and invoice data.
// 1688 API: com.alibaba.trade:alibaba.trade.getBuyerOrderList-1.
func (c *Client) BuyerOrders(ctx context.Context, q OrderListQuery) (*OrderPage, error) {
	var f fields
	f.number("page", int64(max(q.Page, 1)))
	f.number("pageSize", int64(orDefault(q.PageSize, 20)))
	f.date("createStartTime", q.CreateStart)
	f.date("createEndTime", q.CreateEnd)
	f.date("modifyStartTime", q.ModifyStart)
	f.date("modifyEndTime", q.ModifyEnd)
	f.text("orderStatus", q.OrderStatus)
	f.text("refundStatus", q.RefundStatus)
	f.flag("isHis", q.History)
	if len(q.OrderIDs) > 0 {
		f.json("orderIds", q.OrderIDs)
	}
	f.text("outOrderId", q.OutOrderID)
	f.text("sellerMemberId", q.SellerMemberID)
	f.flag("needBuyerAddressAndPhone", q.NeedAddressInfo)
	f.flag("needMemoInfo", q.NeedMemo)
	var page OrderPage
	if _, err := c.call(ctx, &apiBuyerOrders, f.list, func(body []byte) (err error) {
		page, err = readOrders(body)
		return err
	}); err != nil {
		return nil, err
	}
	return &page, nil
}

// readOrders must tell "no such order" from an unreadable answer: the probe before a second creation rests on it. A list
// (also an empty one) or a spoken total of 0 is an answer; anything less is not.
func readOrders(body []byte) (OrderPage, error) {
	var wire struct {
		Total Text `json:"totalRecord"`
	}
	payload, err := open(body)
	var refused *Error
	if errors.As(err, &refused) || !isObject(body) {
		return OrderPage{}, err
	}
	if err := decode(body, &wire); err != nil {
		return OrderPage{}, garbled(err)
	}
	page := OrderPage{Orders: []Trade{}}
	if payload == nil && wire.Total == "0" {
		return page, nil
	}
	if payload == nil || payload[0] != '[' {
		return OrderPage{}, errGarbage
	}
	if err := decode(payload, &page.Orders); err != nil {
		return OrderPage{}, garbled(err)
	}
	for i := range page.Orders {
		if page.Orders[i].OrderID() == 0 {
			return OrderPage{}, errGarbage
		}
	}
	if total, err := ParseID(string(wire.Total)); err == nil {
		page.Total = Int(total)
	}
	return page, nil
}

// OrderPage is one page of orders; Orders is empty, never nil, when nothing matches.
type OrderPage struct {
	Orders []Trade
	Total  Int
}

// BuyerOrder reads one order in full.
// 1688 API: com.alibaba.trade:alibaba.trade.get.buyerView-1.
func (c *Client) BuyerOrder(ctx context.Context, orderID ID) (*Trade, error) {
	var t Trade
	read := openInto(&t)
	_, err := c.call(ctx, &apiBuyerOrder, []param{{"webSite", webSite}, {"orderId", orderID.String()}}, func(body []byte) error {
		if err := read(body); err != nil {
			return err
		}
		if t.OrderID() == 0 {
			return errors.Join(errGarbage, errors.New("order without an id"))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &t, nil
}

// Trade is an order at 1688. All amounts are fen here, whatever they travelled as.
type Trade struct {
	Base          TradeBase       `json:"baseInfo"`
	Items         []TradeItem     `json:"productItems"`
	Terms         []TradeTerm     `json:"tradeTerms"`
	Logistics     NativeLogistics `json:"nativeLogistics"`
	Overseas      OverseasAddress `json:"overseasExtraAddress"`
	OverseasBills OverseasBills   `json:"overseaLogisticsInfo"`
	Business      BusinessInfo    `json:"orderBizInfo"`
	ExtAttributes []ExtAttribute  `json:"extAttributes"`
	FromEncrypt   Bool            `json:"fromEncryptOrder"`
}

// OrderID is the order's id; the text form wins, because some answers round the number.
func (t *Trade) OrderID() ID {
	if t.Base.IDText != 0 {
		return t.Base.IDText
	}
	return t.Base.ID
}

// PayUntil is the last moment to pay the order, the zero time when 1688 did not say: the earliest of its lines, or so many
// seconds after its creation.
func (t *Trade) PayUntil() time.Time {
	var until time.Time
	for i := range t.Items {
		if at := t.Items[i].PayExpireTime.Time; !at.IsZero() && (until.IsZero() || at.Before(until)) {
			until = at
		}
	}
	const year = 366 * 24 * 60 * 60
	if b := &t.Base; until.IsZero() && b.PayTimeoutType == 0 && b.PayTimeout > 0 && b.PayTimeout <= year && !b.CreateTime.IsZero() {
		until = b.CreateTime.Add(time.Duration(b.PayTimeout) * time.Second)
	}
	return until
}

// TradeBase holds the order's own facts.
type TradeBase struct {
	ID                ID        `json:"id"`
	IDText            ID        `json:"idOfStr"`
	Status            Text      `json:"status"`
	TotalFen          FenOfYuan `json:"totalAmount"`       // payable, yuan on the wire
	GoodsFen          FenOfYuan `json:"sumProductPayment"` // yuan on the wire
	FreightFen        FenOfYuan `json:"shippingFee"`       // yuan on the wire
	DiscountFen       Int       `json:"discount"`          // fen on the wire, negative = price cut
	RefundFen         FenOfYuan `json:"refund"`            // yuan on the wire
	RefundPaymentFen  Int       `json:"refundPayment"`     // fen on the wire
	CouponFen         FenOfYuan `json:"couponFee"`         // yuan on the wire, already inside TotalFen
	CreateTime        Time      `json:"createTime"`
	ModifyTime        Time      `json:"modifyTime"`
	PayTime           Time      `json:"payTime"`
	AllDeliveredTime  Time      `json:"allDeliveredTime"`
	ReceivingTime     Time      `json:"receivingTime"`
	ConfirmedTime     Time      `json:"confirmedTime"`
	CompleteTime      Time      `json:"completeTime"`
	PayTimeout        Int       `json:"payTimeout"` // seconds while PayTimeoutType is 0
	PayTimeoutType    Int       `json:"payTimeoutType"`
	RefundStatus      Text      `json:"refundStatus"`
	RefundStatusForAs Text      `json:"refundStatusForAs"`
	RefundID          Text      `json:"refundId"`
	CloseReason       Text      `json:"closeReason"`
	CloseOperateType  Text      `json:"closeOperateType"`
	CloseRemark       Text      `json:"closeRemark"`
	Remark            Text      `json:"remark"`
	BuyerFeedback     Text      `json:"buyerFeedback"`
	BuyerMemo         Text      `json:"buyerMemo"`
	TradeType         Text      `json:"tradeType"`
	TradeTypeCode     Text      `json:"tradeTypeCode"`
	TradeTypeDesc     Text      `json:"tradeTypeDesc"`
	PayChannelCodes   []Text    `json:"payChannelCodeList"`
	PayChannelNames   []Text    `json:"payChannelList"` // Chinese
	BuyerID           Text      `json:"buyerID"`
	BuyerLoginID      Text      `json:"buyerLoginId"`    // may be masked
	SubBuyerLoginID   Text      `json:"subBuyerLoginId"` // the sub-account that ordered
	SellerID          Text      `json:"sellerID"`
	SellerLoginID     Text      `json:"sellerLoginId"` // may be masked
	SellerUserID      ID        `json:"sellerUserId"`
	AlipayTradeID     Text      `json:"alipayTradeId"`
	BusinessType      Text      `json:"businessType"`
	OutOrderID        Text      `json:"outOrderId"`
	OverSeaOrder      Bool      `json:"overSeaOrder"`
	StepPayAll        Bool      `json:"stepPayAll"`
	SellerOrder       Bool      `json:"sellerOrder"` // an invitation by the seller: cannot be paid together with others
	MemoColour        Text      `json:"buyerRemarkIcon"`

	Steps         []TradeStep   `json:"newStepOrderList"` // payment stages; empty for plain orders
	SellerContact SellerContact `json:"sellerContact"`
	Receiver      TradeReceiver `json:"receiverInfo"`
}

// Payment of a TradeStep.
const (
	StepUnpaid    = 1
	StepPaid      = 2
	StepCancelled = 8
	StepTopUp     = 12
)

// TradeStep is one stage of a staged order. Its amounts travel in yuan and are fen here.
type TradeStep struct {
	No              Int       `json:"stepNo"`
	Name            Text      `json:"stepName"` // Chinese
	Last            Bool      `json:"lastStep"`
	Active          Int       `json:"activeStatus"` // 1: the stage to be paid now
	PayStatus       Int       `json:"payStatus"`
	LogisticsStatus Int       `json:"logisticsStatus"` // 1, 2, 3, 4 as TradeItem's; 7 nothing to send
	PayFen          FenOfYuan `json:"payFee"`
	PaidFen         FenOfYuan `json:"paidFee"`
	GoodsFen        FenOfYuan `json:"goodsFee"`
	AdjustFen       FenOfYuan `json:"adjustFee"`
	DiscountFen     FenOfYuan `json:"discountFee"`
	FreightFen      FenOfYuan `json:"postFee"`
	PaidFreightFen  FenOfYuan `json:"paidPostFee"`
	StartTime       Time      `json:"gmtStart"`
	PayTime         Time      `json:"gmtPay"`
	EndTime         Time      `json:"gmtEnd"`
}

// SellerContact names the shop.
type SellerContact struct {
	CompanyName Text `json:"companyName"`
	ShopName    Text `json:"shopName"`
}

// TradeReceiver is the recipient; personal data. The list leaves parts out unless NeedAddressInfo.
type TradeReceiver struct {
	FullName     Text `json:"toFullName"`
	Mobile       Text `json:"toMobile"`
	Phone        Text `json:"toPhone"`
	PostCode     Text `json:"toPost"`
	DistrictCode Text `json:"toDivisionCode"`
	Address      Text `json:"toArea"`
}

// TradeItem is one sub-order.
type TradeItem struct {
	SubItem         ID        `json:"subItemID"`
	SubItemText     ID        `json:"subItemIDString"`
	ProductID       ID        `json:"productID"`
	SkuID           ID        `json:"skuID"`
	SpecID          Text      `json:"specId"`
	Name            Text      `json:"name"`
	Unit            Text      `json:"unit"`
	Quantity        Text      `json:"quantity"`      // decimal text
	PriceFen        FenOfYuan `json:"price"`         // unit price before discount, yuan on the wire
	AmountFen       FenOfYuan `json:"itemAmount"`    // paid for the line, yuan on the wire
	DiscountFen     Int       `json:"entryDiscount"` // fen on the wire
	SharePostageFen FenOfYuan `json:"sharePostage"`  // yuan on the wire
	RefundFen       FenOfYuan `json:"refund"`        // yuan on the wire
	Status          Text      `json:"status"`
	StatusText      Text      `json:"statusStr"`
	LogisticsStatus Int       `json:"logisticsStatus"` // 1 unsent, 2 sent, 3 received, 4 returned, 5 partly sent, 8 no record yet
	RefundStatus    Text      `json:"refundStatus"`    // UPPER_SNAKE here
	RefundID        Text      `json:"refundId"`
	RefundIDForAs   Text      `json:"refundIdForAs"`
	ImageURLs       []Text    `json:"productImgUrl"`
	SnapshotURL     Text      `json:"productSnapshotUrl"`
	SkuInfos        []Named   `json:"skuInfos"`
	CargoNumber     Text      `json:"cargoNumber"`        // the seller's, of the SKU
	OfferNumber     Text      `json:"productCargoNumber"` // the seller's, of the offer
	QuantityFactor  Text      `json:"quantityFactor"`
	CreateTime      Time      `json:"gmtCreate"`
	ModifyTime      Time      `json:"gmtModified"`
	CompleteTime    Time      `json:"gmtCompleted"`
	PayExpireTime   Time      `json:"gmtPayExpireTime"`
}

// SubItemID is the sub-order's id; the text form wins.
func (i *TradeItem) SubItemID() ID {
	if i.SubItemText != 0 {
		return i.SubItemText
	}
	return i.SubItem
}

// Named is a name with its value.
type Named struct {
	Name  Text `json:"name"`
	Value Text `json:"value"`
}

// TradeTerm is one payment stage.
type TradeTerm struct {
	PayStatus   Text      `json:"payStatus"` // 1 unpaid, 2 paid, 4 refunded, 6 collected, 7 no pay order, 8 cancelled, 9 paying, 12 period pending
	PayWay      Text      `json:"payWay"`
	PayWayDesc  Text      `json:"payWayDesc"`
	Phase       Text      `json:"phase"`
	PhaseAmount FenOfYuan `json:"phasAmount"` // 1688's spelling; yuan on the wire
	PayTime     Time      `json:"payTime"`
}

// NativeLogistics holds the Chinese delivery address and the parcels.
type NativeLogistics struct {
	Address       Text            `json:"address"`
	Area          Text            `json:"area"`
	AreaCode      Text            `json:"areaCode"`
	City          Text            `json:"city"`
	Province      Text            `json:"province"`
	Town          Text            `json:"town"`
	TownCode      Text            `json:"townCode"`
	Zip           Text            `json:"zip"`
	ContactPerson Text            `json:"contactPerson"`
	Mobile        Text            `json:"mobile"`
	Telephone     Text            `json:"telephone"`
	Items         []LogisticsItem `json:"logisticsItems"`
}

// LogisticsItem is a parcel as the order shows it.
type LogisticsItem struct {
	ID            Text `json:"id"`
	LogisticsCode Text `json:"logisticsCode"`
	BillNo        Text `json:"logisticsBillNo"` // may be Chinese text
	CompanyNo     Text `json:"logisticsCompanyNo"`
	CompanyName   Text `json:"logisticsCompanyName"`
	Status        Text `json:"status"`
	Type          Text `json:"type"` // 0 own carrier, 1 platform carrier, 2 none
	DeliveredTime Time `json:"deliveredTime"`
	SubItemIDs    Text `json:"subItemIds"` // comma list
	CompanyID     Text `json:"logisticsCompanyId"`
	NoLogistics   Text `json:"noLogisticsCondition"` // 1 to 5: why there is no parcel
}

// SubItems splits SubItemIDs; words that are no ids are left out.
func (i *LogisticsItem) SubItems() []ID { return idList(string(i.SubItemIDs)) }

// BusinessInfo holds flags of the order.
type BusinessInfo struct {
	CreditOrder       Bool `json:"creditOrder"`
	Dropshipping      Bool `json:"dropshipping"`
	ShippingInsurance Text `json:"shippingInsurance"` // givenByPlatform, givenByMerchant or empty
}

// OverseasBills are the waybills of 1688's official cross-border parcels.
type OverseasBills struct {
	IDs []Text `json:"overseasLogisticsIds"`
}

// OverseasAddress holds forwarder data.
type OverseasAddress struct {
	ChannelName         Text `json:"channelName"`
	ChannelID           Text `json:"channelId"`
	ShippingCompanyID   Text `json:"shippingCompanyId"`
	ShippingCompanyName Text `json:"shippingCompanyName"`
	CountryCode         Text `json:"countryCode"`
	Country             Text `json:"country"`
}

// ExtAttribute is an extra of the order.
type ExtAttribute struct {
	Key         Text `json:"key"`
	Value       Text `json:"value"`
	Description Text `json:"description"`
}
