package alibaba

import (
	"context"
	"encoding/json"
	"time"
)

var (
	apiOrderSync     = endpoint{namespace: "com.alibaba.fenxiao.crossborder", name: "trade.cross.orderSync", write: true}
	apiRelationWrite = endpoint{namespace: "com.alibaba.fenxiao.crossborder", name: "order.relation.write", write: true}
	apiLogisticsSync = endpoint{namespace: "com.alibaba.fenxiao.crossborder", name: "trade.cross.logisticsOrderSync", write: true}
)

// Statuses of written-back orders and parcels, spelled as 1688 does.
const (
	SyncPayed    = "payed"
	SyncSuccess  = "success"
	SyncClose    = "close"
	SyncSend     = "send"
	SyncSign     = "sign"
	SyncPartSign = "partSign"
	SyncRefund   = "refund"
)

// Ack is 1688's receipt for a written-back fact.
type Ack struct {
	RequestID string // empty when 1688 gave none
}

// OrderSync is our order as 1688 should know it. Times are written in China time.
type OrderSync struct {
	OrderID     string // our order
	OutMemberID string // our member
	Status      string // SyncPayed, SyncSuccess, SyncClose
	CreateTime  time.Time
	PayTime     time.Time
	EndTime     time.Time // optional
	PaidFee     int64     // fen
	Refunded    bool
	Line        *SyncLine // main and sub order in one; nil when Subs are given
	Subs        []SyncSub
	RefundFee   int64  // fen; only the national-site profile has a place for it
	Country     string // only the national-site profile has a place for it
}

// SyncLine names the goods of an order line; ids are plain 1688 ids.
type SyncLine struct {
	ProductID   string
	ProductName string
	SkuID       string
	SkuName     string
	BuyAmount   int64
}

// SyncSub is a sub-order.
type SyncSub struct {
	OrderID string // our sub-order
	SyncLine
	PaidFee  int64 // fen
	Refunded bool
}

type wireLine struct {
	ProductID   string `json:"productId,omitempty"`
	ProductName string `json:"productName,omitempty"`
	SkuID       string `json:"skuId,omitempty"`
	SkuName     string `json:"skuName,omitempty"`
	BuyAmount   int64  `json:"buyAmount,omitempty"`
}

type wireSub struct {
	OrderID      string `json:"orderId"`
	ProductID    string `json:"productId"`
	ProductName  string `json:"productName"`
	SkuID        string `json:"skuId"`
	SkuName      string `json:"skuName"`
	BuyAmount    int64  `json:"buyAmount"`
	PaidFee      int64  `json:"paidFee"`
	RefundStatus string `json:"refundStatus"`
}

type wireOrder struct {
	OrderID      string `json:"orderId"`
	OutMemberID  string `json:"outMemberId"`
	Status       string `json:"status"`
	CreateTime   string `json:"createTime"`
	PayTime      string `json:"payTime,omitempty"`
	EndTime      string `json:"endTime,omitempty"`
	PaidFee      int64  `json:"paidFee"`
	RefundStatus string `json:"refundStatus"`
	wireLine
	Subs []wireSub `json:"subOrderParamList,omitempty"`
}

// seedOrder is the national-site edition: numbers for ids, a full order as child, other names.
type seedOrder struct {
	OrderID      json.Number `json:"orderId"`
	OutUserID    string      `json:"outUserId,omitempty"`
	PayStatus    string      `json:"payStatus"`
	CreateTime   string      `json:"createTime,omitempty"`
	PayTime      string      `json:"payTime,omitempty"`
	EndTime      string      `json:"endTime,omitempty"`
	PaidFee      int64       `json:"paidFee"`
	RefundFee    int64       `json:"refundFee,omitempty"`
	RefundStatus string      `json:"refundStatus"`
	OfferID      json.Number `json:"offerId,omitempty"`
	SkuID        json.Number `json:"skuId,omitempty"`
	BuyAmount    int64       `json:"buyAmount,omitempty"`
	Country      string      `json:"contry,omitempty"` // the seed's spelling
	Subs         []seedOrder `json:"subOrderList,omitempty"`
}

// SyncOrder writes our order back, and again with each new status: there is no status API of its own. Repeating it is
// harmless (the gateway updates by order id), but this package leaves that to the caller's job.
// 1688 API: com.alibaba.fenxiao.crossborder:trade.cross.orderSync-1.
func (c *Client) SyncOrder(ctx context.Context, o OrderSync) (Ack, error) {
	if c.national {
		return c.acknowledged(ctx, &apiOrderSync, "orderParam", seedOf(&o))
	}
	return c.acknowledged(ctx, &apiOrderSync, "orderParam", wireOf(&o))
}

func wireOf(o *OrderSync) wireOrder {
	wire := wireOrder{
		OrderID: o.OrderID, OutMemberID: o.OutMemberID, Status: o.Status, CreateTime: plainTime(o.CreateTime),
		PayTime: plainTime(o.PayTime), EndTime: plainTime(o.EndTime), PaidFee: o.PaidFee, RefundStatus: refundStatus(o.Refunded),
	}
	if o.Line != nil {
		wire.wireLine = wireLine(*o.Line)
	}
	if len(o.Subs) > 0 {
		wire.Subs = make([]wireSub, len(o.Subs))
	}
	for i, s := range o.Subs {
		wire.Subs[i] = wireSub{s.OrderID, s.ProductID, s.ProductName, s.SkuID, s.SkuName, s.BuyAmount, s.PaidFee, refundStatus(s.Refunded)}
	}
	return wire
}

func seedOf(o *OrderSync) seedOrder {
	wire := seedOrder{
		OrderID: json.Number(o.OrderID), OutUserID: o.OutMemberID, PayStatus: o.Status, CreateTime: plainTime(o.CreateTime),
		PayTime: plainTime(o.PayTime), EndTime: plainTime(o.EndTime), PaidFee: o.PaidFee, RefundFee: o.RefundFee,
		RefundStatus: refundStatus(o.Refunded), Country: o.Country,
	}
	if o.Line != nil {
		wire.OfferID, wire.SkuID, wire.BuyAmount = json.Number(o.Line.ProductID), json.Number(o.Line.SkuID), o.Line.BuyAmount
	}
	for _, s := range o.Subs {
		wire.Subs = append(wire.Subs, seedOrder{
			OrderID: json.Number(s.OrderID), PayStatus: o.Status, PaidFee: s.PaidFee, RefundStatus: refundStatus(s.Refunded),
			OfferID: json.Number(s.ProductID), SkuID: json.Number(s.SkuID), BuyAmount: s.BuyAmount,
		})
	}
	return wire
}

// refundStatus: 0 = none or refund closed, 1 = refunded.
func refundStatus(refunded bool) string {
	if refunded {
		return "1"
	}
	return "0"
}

// Relation ties one of our sub-orders to one at 1688.
type Relation struct {
	OrderID               string // our sub-order
	ParentOrderID         string // our main order
	PurchaseOrderID       ID     // 1688 sub-order
	PurchaseParentOrderID ID     // 1688 main order
}

// WriteRelation writes one pair; repeating it is harmless.
// 1688 API: com.alibaba.fenxiao.crossborder:order.relation.write-1.
func (c *Client) WriteRelation(ctx context.Context, r Relation) (Ack, error) {
	if c.national {
		type seedPair struct {
			Sub     json.Number `json:"nationalSubOrderId"`
			Main    json.Number `json:"nationalOrderId"`
			CbuSub  ID          `json:"cbuSubOrderId"`
			CbuMain ID          `json:"cbuOrderId"`
		}
		return c.acknowledged(ctx, &apiRelationWrite, "nationalOrderRelationParamList", []seedPair{{
			json.Number(r.OrderID), json.Number(r.ParentOrderID), r.PurchaseOrderID, r.PurchaseParentOrderID}})
	}
	return c.acknowledged(ctx, &apiRelationWrite, "orderRelationParam", struct {
		Sub          string `json:"orderId"`
		Main         string `json:"parentOrderId"`
		Purchase     ID     `json:"purchaseOrderId"`
		PurchaseMain ID     `json:"purchaseParentOrderId"`
	}{r.OrderID, r.ParentOrderID, r.PurchaseOrderID, r.PurchaseParentOrderID})
}

// LogisticsSync is our overseas parcel as 1688 should know it. Times are written in China time.
type LogisticsSync struct {
	OrderID     string // our main order
	LogisticsID string // our parcel
	Status      string // SyncSend, SyncSign, SyncPartSign, SyncRefund
	CreateTime  time.Time
	SignTime    time.Time // when signed
	Province    string
	City        string
	Area        string
	Address     string
	Country     string // only the national-site profile has a place for it
}

// SyncLogistics writes a parcel back, and again with each new status; repeating it is harmless.
// 1688 API: com.alibaba.fenxiao.crossborder:trade.cross.logisticsOrderSync-1.
func (c *Client) SyncLogistics(ctx context.Context, l LogisticsSync) (Ack, error) {
	if c.national {
		return c.acknowledged(ctx, &apiLogisticsSync, "logisticsOrderParam", struct {
			OrderID     json.Number `json:"logisticsOrderId"`
			LogisticsID string      `json:"logisticsId"`
			Status      string      `json:"logisticsStatus"`
			CreateTime  string      `json:"createTime"`
			EndTime     string      `json:"endTime,omitempty"`
			Country     string      `json:"contry,omitempty"` // the seed's spelling
		}{json.Number(l.OrderID), l.LogisticsID, l.Status, plainTime(l.CreateTime), plainTime(l.SignTime), l.Country})
	}
	return c.acknowledged(ctx, &apiLogisticsSync, "orderLogisticsParam", struct {
		OrderID     string `json:"orderId"`
		LogisticsID string `json:"logisticsId"`
		Status      string `json:"logisticsStatus"`
		CreateTime  string `json:"createTime"`
		SignTime    string `json:"signTime,omitempty"`
		Province    string `json:"province"`
		City        string `json:"city"`
		Area        string `json:"area"`
		Address     string `json:"address"`
	}{l.OrderID, l.LogisticsID, l.Status, plainTime(l.CreateTime), plainTime(l.SignTime), l.Province, l.City, l.Area, l.Address})
}

// acknowledged calls a write-back API: envelope A without a payload.
func (c *Client) acknowledged(ctx context.Context, api *endpoint, key string, v any) (Ack, error) {
	requestID, err := c.callJSON(ctx, api, key, v, openAck)
	return Ack{RequestID: requestID}, err
}
