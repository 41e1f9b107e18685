package alibaba

import (
	"bytes"
	"crypto/hmac"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"
)

// Topics 1688 pushes to a buyer's application; the misspellings are 1688's.
const (
	TopicOrderMade          = "ORDER_BUYER_VIEW_BUYER_MAKE"
	TopicOrderPriceModified = "ORDER_BUYER_VIEW_ORDER_PRICE_MODIFY"
	TopicOrderPaid          = "ORDER_BUYER_VIEW_ORDER_PAY"
	TopicOrderStepPaid      = "ORDER_BUYER_VIEW_ORDER_STEP_PAY"
	TopicOrderPartShipped   = "ORDER_BUYER_VIEW_PART_PART_SENDGOODS"
	TopicOrderShipped       = "ORDER_BUYER_VIEW_ANNOUNCE_SENDGOODS"
	TopicOrderReceived      = "ORDER_BUYER_VIEW_ORDER_COMFIRM_RECEIVEGOODS"
	TopicOrderSuccess       = "ORDER_BUYER_VIEW_ORDER_SUCCESS"
	TopicOrderBuyerClosed   = "ORDER_BUYER_VIEW_ORDER_BUYER_CLOSE"
	TopicOrderSellerClosed  = "ORDER_BUYER_VIEW_ORDER_SELLER_CLOSE"
	TopicOrderBopsClosed    = "ORDER_BUYER_VIEW_ORDER_BOPS_CLOSE"
	TopicRefundInSales      = "ORDER_BUYER_VIEW_ORDER_BUYER_REFUND_IN_SALES"
	TopicRefundAfterSales   = "ORDER_BUYER_VIEW_ORDER_REFUND_AFTER_SALES"
	TopicOrderBatchPay      = "ORDER_BATCH_PAY"
	TopicLogisticsTrace     = "LOGISTICS_BUYER_VIEW_TRACE"
	TopicMailNoChange       = "LOGISTICS_MAIL_NO_CHANGE"
	TopicPackageChange      = "LOGISTICS_GLOBAL_1688_PACKAGE_CHANGE"
	TopicProductModified    = "PRODUCT_RELATION_VIEW_PRODUCT_NEW_OR_MODIFY"
	TopicProductExpired     = "PRODUCT_RELATION_VIEW_PRODUCT_EXPIRE"
	TopicProductReposted    = "PRODUCT_RELATION_VIEW_PRODUCT_REPOST"
	TopicProductDeleted     = "PRODUCT_RELATION_VIEW_PRODUCT_DELETE"
	TopicProductAudited     = "PRODUCT_RELATION_VIEW_PRODUCT_AUDIT"
	TopicProductChanged     = "PRODUCT_RELATION_VIEW_PRODUCT_CHANGE"
	TopicInventoryChange    = "PRODUCT_PRODUCT_INVENTORY_CHANGE"
	TopicPftOfferQuit       = "PRODUCT_PFT_OFFER_QUIT"
	TopicPftPriceModified   = "PRODUCT_PFT_OFFER_PRICE_MODIFY" // body not documented: raw
	TopicFenxiaoPriceChange = "FENXIAO_PRICE_CHANGE"           // body not documented: raw
	TopicCrossboardInform   = "PRODUCT_PRODUCT_CROSSBOARD_INFORM"
)

// VerifyMessage checks the signature of a push over all received parameters (query and form). Several secrets serve a
// key rotation. It takes the same time whichever secret fits; without a secret nothing is valid.
func VerifyMessage(values url.Values, secrets ...string) bool {
	given := values[signatureField]
	if len(given) != 1 {
		return false
	}
	want, err := hex.DecodeString(given[0])
	if err != nil {
		return false
	}
	params := make([]param, 0, len(values))
	for key, list := range values {
		for _, value := range list {
			params = append(params, param{key, value})
		}
	}
	ok := false
	for _, secret := range secrets {
		if secret != "" && hmac.Equal(want, digest(secret, "", params)) {
			ok = true
		}
	}
	return ok
}

// Message is a pushed message. It is a hint, not a fact: re-read what it names. Duplicates are normal; key on MsgID.
type Message struct {
	MsgID    string
	Topic    string
	BornAt   time.Time // UTC; zero when it was missing
	UserInfo string    // member id of the authorised account
	BizKey   string    // order id as text on most order topics
	Data     json.RawMessage
}

var errMessage = errors.New("alibaba: unreadable message")

// ParseMessage reads the "message" field of a push. Data is the body as JSON even when it arrived as JSON text. An
// unknown topic is no error. Errors never quote the message.
func ParseMessage(raw []byte) (*Message, error) {
	var wire struct {
		MsgID    Text            `json:"msgId"`
		BornAt   Time            `json:"gmtBorn"`
		Data     json.RawMessage `json:"data"`
		UserInfo Text            `json:"userInfo"`
		BizKey   Text            `json:"bizKey"`
		Type     Text            `json:"type"`
	}
	if !isObject(raw) {
		return nil, errMessage
	}
	if err := decode(raw, &wire); err != nil {
		return nil, fmt.Errorf("%w: %w", errMessage, err)
	}
	if wire.MsgID == "" || wire.Type == "" {
		return nil, fmt.Errorf("%w: no msgId or type", errMessage)
	}
	m := &Message{MsgID: string(wire.MsgID), Topic: string(wire.Type), BornAt: wire.BornAt.Time,
		UserInfo: string(wire.UserInfo), BizKey: string(wire.BizKey), Data: wire.Data}
	if text, kind := scalar(wire.Data); kind == kindText {
		if inner := bytes.TrimSpace([]byte(text)); isObject(inner) && json.Valid(inner) {
			m.Data = inner
		}
	}
	return m, nil
}

// OrderBody is the body of the order topics.
type OrderBody struct {
	OrderID        ID   `json:"orderId"`
	CurrentStatus  Text `json:"currentStatus"`
	SentAt         Time `json:"msgSendTime"`
	BuyerMemberID  Text `json:"buyerMemberId"`
	SellerMemberID Text `json:"sellerMemberId"`
}

// RefundBody is the body of the two refund topics; CurrentStatus is the refund's.
type RefundBody struct {
	OrderBody
	RefundAction Text `json:"refundAction"`
	Operator     Text `json:"operator"` // buyer, seller, system
	RefundID     Text `json:"refundId"`
}

// BatchPayBody is the body of ORDER_BATCH_PAY.
type BatchPayBody struct {
	Orders OneOrMany[BatchPayOrder] `json:"batchPay"`
}

// BatchPayOrder is the outcome for one order: successed (sic), ACCOUNT_BALANCE_NOT_ENOUGH, ACCOUNT_NOT_EXIST ...
type BatchPayOrder struct {
	OrderID ID   `json:"orderId"`
	Status  Text `json:"status"`
}

// OrderEntry names a sub-order of an order.
type OrderEntry struct {
	OrderID      ID `json:"orderId"`
	OrderEntryID ID `json:"orderEntryId"`
}

// TraceBody is the body of LOGISTICS_BUYER_VIEW_TRACE: a parcel reached a node for the first time.
type TraceBody struct {
	LogisticsID   Text                  `json:"logisticsId"`
	CpCode        Text                  `json:"cpCode"`
	MailNo        Text                  `json:"mailNo"`
	StatusChanged Text                  `json:"statusChanged"` // CONSIGN, ACCEPT, TRANSPORT, DELIVERING, AGENT_SIGN, SIGN, FAILED
	ChangeTime    Time                  `json:"changeTime"`    // may be blank
	Entries       OneOrMany[OrderEntry] `json:"orderLogsItems"`
}

// MailNoBody is the body of LOGISTICS_MAIL_NO_CHANGE.
type MailNoBody struct {
	LogisticsID Text                  `json:"logisticsId"`
	OldCpCode   Text                  `json:"oldCpCode"`
	NewCpCode   Text                  `json:"newCpCode"`
	OldMailNo   Text                  `json:"oldMailNo"`
	NewMailNo   Text                  `json:"newMailNo"`
	EventTime   Time                  `json:"eventTime"`
	Entries     OneOrMany[OrderEntry] `json:"orderLogsItems"`
}

// PackageBody is the body of LOGISTICS_GLOBAL_1688_PACKAGE_CHANGE.
type PackageBody struct {
	PackageID          ID   `json:"packageId"`
	BuyerUserID        ID   `json:"buyerUserId"`
	StageType          Text `json:"stageType"`
	MailNo             Text `json:"mailNo"`
	CarrierPartnerCode Text `json:"carrierPartnerCode"`
	TransportStatus    Int  `json:"transportStatus"`
	WarehouseStatus    Int  `json:"warehouseStatus"`
	ActionTime         Time `json:"actionTime"`
	TradeOrderIDs      []ID `json:"tradeOrderIds"`
}

// ProductBody is the body of the followed-product topics; Status is empty on PRODUCT_CHANGE, Action on the others.
type ProductBody struct {
	ProductIDs Text `json:"productIds"` // comma list
	MemberID   Text `json:"memberId"`
	Status     Text `json:"status"`
	Action     Text `json:"action"`
	SentAt     Time `json:"msgSendTime"`
}

// InventoryBody is the body of PRODUCT_PRODUCT_INVENTORY_CHANGE.
type InventoryBody struct {
	Changes OneOrMany[InventoryChange] `json:"OfferInventoryChangeList"`
}

// InventoryChange is one stock change; Quantity is the delta.
type InventoryChange struct {
	OfferID     ID   `json:"offerId"`
	OfferOnSale Int  `json:"offerOnSale"`
	SkuID       ID   `json:"skuId"`
	SkuOnSale   Int  `json:"skuOnSale"`
	Quantity    Int  `json:"quantity"`
	BizTime     Time `json:"bizTime"`
}

// OfferBody is the body of PRODUCT_PFT_OFFER_QUIT (Type, OpenUID) and PRODUCT_PRODUCT_CROSSBOARD_INFORM (UserInfo, Action).
type OfferBody struct {
	OfferID  ID   `json:"offerId"`
	Type     Text `json:"type"`
	OpenUID  Text `json:"openUid"`
	UserInfo Text `json:"userInfo"`
	Action   Text `json:"action"`
}

type bodyKind int8

const (
	bodyRaw bodyKind = iota + 1
	bodyOrder
	bodyRefund
	bodyBatchPay
	bodyTrace
	bodyMailNo
	bodyPackage
	bodyProduct
	bodyInventory
	bodyOffer
)

// bodies says how the data of each known topic reads.
var bodies = map[string]bodyKind{
	TopicOrderMade: bodyOrder, TopicOrderPriceModified: bodyOrder, TopicOrderPaid: bodyOrder, TopicOrderStepPaid: bodyOrder,
	TopicOrderPartShipped: bodyOrder, TopicOrderShipped: bodyOrder, TopicOrderReceived: bodyOrder, TopicOrderSuccess: bodyOrder,
	TopicOrderBuyerClosed: bodyOrder, TopicOrderSellerClosed: bodyOrder, TopicOrderBopsClosed: bodyOrder,
	TopicRefundInSales: bodyRefund, TopicRefundAfterSales: bodyRefund, TopicOrderBatchPay: bodyBatchPay,
	TopicLogisticsTrace: bodyTrace, TopicMailNoChange: bodyMailNo, TopicPackageChange: bodyPackage,
	TopicProductModified: bodyProduct, TopicProductExpired: bodyProduct, TopicProductReposted: bodyProduct,
	TopicProductDeleted: bodyProduct, TopicProductAudited: bodyProduct, TopicProductChanged: bodyProduct,
	TopicInventoryChange: bodyInventory, TopicPftOfferQuit: bodyOffer, TopicCrossboardInform: bodyOffer,
	TopicPftPriceModified: bodyRaw, TopicFenxiaoPriceChange: bodyRaw,
}

// Known reports a topic of the fact book.
func (m *Message) Known() bool { return bodies[m.Topic] != 0 }

// Body decodes Data by topic: *OrderBody, *RefundBody, *BatchPayBody, *TraceBody, *MailNoBody, *PackageBody,
// *ProductBody, *InventoryBody or *OfferBody. Unknown topics and the two whose body is not documented give Data itself
// (json.RawMessage).
func (m *Message) Body() (any, error) {
	switch bodies[m.Topic] {
	case bodyOrder:
		return body[OrderBody](m.Data)
	case bodyRefund:
		return body[RefundBody](m.Data)
	case bodyBatchPay:
		return body[BatchPayBody](m.Data)
	case bodyTrace:
		var root struct {
			Model *TraceBody `json:"OrderLogisticsTracingModel"`
		}
		err := decodeObject(m.Data, &root)
		return rooted(err, root.Model)
	case bodyMailNo:
		var root struct {
			Model *MailNoBody `json:"MailNoChangeModel"`
		}
		err := decodeObject(m.Data, &root)
		return rooted(err, root.Model)
	case bodyPackage:
		return body[PackageBody](m.Data)
	case bodyProduct:
		return body[ProductBody](m.Data)
	case bodyInventory:
		return body[InventoryBody](m.Data)
	case bodyOffer:
		return body[OfferBody](m.Data)
	}
	return m.Data, nil
}

func decodeObject(data []byte, v any) error {
	if !isObject(data) {
		return fmt.Errorf("%w: data is no object", errMessage)
	}
	if err := decode(data, v); err != nil {
		return fmt.Errorf("%w: %w", errMessage, err)
	}
	return nil
}

func body[T any](data []byte) (any, error) {
	v := new(T)
	if err := decodeObject(data, v); err != nil {
		return nil, err
	}
	return v, nil
}

func rooted[T any](err error, model *T) (any, error) {
	if err == nil && model == nil {
		err = fmt.Errorf("%w: data without its model", errMessage)
	}
	if err != nil {
		return nil, err
	}
	return model, nil
}

// OrderIDs lists the 1688 main orders a message names, each once; empty when it names none or cannot be read.
func (m *Message) OrderIDs() []ID {
	decoded, err := m.Body()
	if err != nil {
		return nil
	}
	var ids []ID
	switch b := decoded.(type) {
	case *OrderBody:
		ids = append(ids, b.OrderID)
	case *RefundBody:
		ids = append(ids, b.OrderID)
	case *BatchPayBody:
		for _, o := range b.Orders {
			ids = append(ids, o.OrderID)
		}
	case *TraceBody:
		ids = entryOrders(b.Entries)
	case *MailNoBody:
		ids = entryOrders(b.Entries)
	case *PackageBody:
		ids = b.TradeOrderIDs
	}
	return distinct(ids)
}

func entryOrders(entries []OrderEntry) []ID {
	var ids []ID
	for _, e := range entries {
		ids = append(ids, e.OrderID)
	}
	return ids
}

// OfferIDs lists the offers a message names, each once.
func (m *Message) OfferIDs() []ID {
	decoded, err := m.Body()
	if err != nil {
		return nil
	}
	var ids []ID
	switch b := decoded.(type) {
	case *ProductBody:
		ids = idList(string(b.ProductIDs))
	case *InventoryBody:
		for _, change := range b.Changes {
			ids = append(ids, change.OfferID)
		}
	case *OfferBody:
		ids = append(ids, b.OfferID)
	}
	return distinct(ids)
}

func distinct(ids []ID) []ID {
	var out []ID
	seen := make(map[ID]bool, len(ids))
	for _, id := range ids {
		if id != 0 && !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out
}
