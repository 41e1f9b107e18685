// Package order buys what a member wants: cart, preview, place, purchase at 1688, order state and parcels.
package order

import (
	"time"

	"entrepot/internal/money"
	"entrepot/internal/site"
)

// When an order is bought at 1688 (http-api.md, trigger).
const (
	OnPaid   = "on_paid"
	OnSubmit = "on_submit"
	Manual   = "manual"
)

// Order types of the seed: purchase orders are bought at 1688, stock orders leave the site's own stock.
const (
	TypePurchase = 0
	TypeStock    = 1
)

// Limits of one order.
const (
	MaxLines      = 200
	MaxQuantity   = 1_000_000
	maxGroupLines = 50 // 1688 takes at most 50 SKUs of one seller in an order
	maxTotalFen   = 1_000_000_000_00
)

// Status is where a member's order stands. It only moves forward; see statusRank.
type Status string

// The states of an order.
const (
	AwaitingPayment Status = "awaiting_payment" // placed, not paid by the member
	Paid            Status = "paid"             // paid by the member; not bought yet (manual trigger, stock orders)
	Purchasing      Status = "purchasing"       // being bought at 1688
	Ordered         Status = "ordered"          // every seller group exists at 1688
	Shipped         Status = "shipped"          // every seller has shipped to the warehouse
	Arrived         Status = "arrived"          // everything reached the warehouse
	Dispatched      Status = "dispatched"       // the national leg is on its way
	Delivered       Status = "delivered"        // part of the national leg was signed for
	Completed       Status = "completed"        // the member has everything
	Cancelled       Status = "cancelled"        // closed before it was shipped
)

// statusRank orders the states; an order moves only to a higher rank, so late or shuffled facts cannot move it back.
var statusRank = map[Status]int{
	AwaitingPayment: 0, Paid: 10, Purchasing: 20, Ordered: 30, Shipped: 40, Arrived: 50,
	Dispatched: 60, Delivered: 70, Completed: 80, Cancelled: 90,
}

// canMove says whether an order may go from one state to another.
func canMove(from, to Status) bool {
	if to == Cancelled {
		return statusRank[from] < statusRank[Dispatched]
	}
	return statusRank[to] > statusRank[from] && from != Cancelled
}

// group is the small closed set apps may rely on; it never grows inside v1.
func (s Status) group(attention string) StatusGroup {
	switch {
	case s == Completed:
		return Done
	case s == Cancelled:
		return Closed
	case attention != "":
		return Attention
	case s == AwaitingPayment:
		return Paying
	default:
		return Fulfilling
	}
}

// PurchaseState is where a purchase order at 1688 stands, from its own status words.
type PurchaseState string

// The states of a purchase order.
const (
	Creating PurchaseState = "creating" // our row exists, 1688's order may or may not
	Unpaid   PurchaseState = "unpaid"   // waitbuyerpay
	Bought   PurchaseState = "paid"     // waitsellersend
	Sent     PurchaseState = "shipped"  // waitbuyerreceive
	Received PurchaseState = "received" // confirm_goods
	Success  PurchaseState = "success"
	Closedup PurchaseState = "cancelled" // cancel, terminated
	Refused  PurchaseState = "refused"   // 1688 refused to create it
)

var purchaseRank = map[PurchaseState]int{
	Creating: 0, Unpaid: 10, Bought: 20, Sent: 30, Received: 40, Success: 50, Closedup: 60, Refused: 60,
}

// upstreamState maps 1688's order status to ours; ok is false for words we do not know, which are only kept verbatim.
func upstreamState(word string) (state PurchaseState, ok bool) {
	switch word {
	case "waitbuyerpay":
		return Unpaid, true
	case "waitsellersend", "paid_but_not_fund":
		return Bought, true
	case "waitbuyerreceive", "send_goods_but_not_fund", "waitlogisticstakein", "waitbuyersign":
		return Sent, true
	case "confirm_goods", "confirm_goods_but_not_fund", "confirm_goods_and_has_subsidy", "signinsuccess":
		return Received, true
	case "success":
		return Success, true
	case "cancel", "terminated":
		return Closedup, true
	default:
		return "", false
	}
}

// orderStatusOf derives the order's state from its purchase orders (all of them, closed ones left out).
// ok is false while nothing can be said, for instance when every purchase is closed.
func orderStatusOf(states []PurchaseState, allSigned bool) (Status, bool) {
	lowest, open := purchaseRank[Success]+1, 0
	for _, s := range states {
		if s == Closedup || s == Refused {
			continue
		}
		open++
		lowest = min(lowest, purchaseRank[s])
	}
	switch {
	case open == 0:
		return "", false
	case lowest >= purchaseRank[Received] || (lowest >= purchaseRank[Sent] && allSigned):
		return Arrived, true
	case lowest >= purchaseRank[Sent]:
		return Shipped, true
	case lowest >= purchaseRank[Unpaid]:
		return Ordered, true
	default:
		return Purchasing, true
	}
}

// Legs of a parcel.
const (
	Domestic = "domestic" // seller -> warehouse
	National = "national" // warehouse -> member
)

// parcelRank orders a parcel's states; it moves only up.
var parcelRank = map[ParcelStatus]int{
	ParcelStatusCreated: 0, ParcelStatusInTransit: 10, ParcelStatusProblem: 15, ParcelStatusDelivered: 20, ParcelStatusReturned: 30,
}

// domesticStatus maps 1688's parcel status words (5.3 of the fact book) to ours.
func domesticStatus(word string) ParcelStatus {
	switch word {
	case "SIGN":
		return ParcelStatusDelivered
	case "ACCEPT", "TRANSPORT":
		return ParcelStatusInTransit
	case "NOGET", "UNSIGN", "CANCEL":
		return ParcelStatusProblem
	default:
		return ParcelStatusCreated
	}
}

// Warehouse is the address in China where sellers deliver to; AddressID is an address saved on the 1688 account and,
// when set, wins over the text.
type Warehouse struct {
	AddressID int64  `yaml:"addressId" env:"ENTREPOT_WAREHOUSE_ADDRESS_ID"`
	FullName  string `yaml:"fullName"`
	Mobile    string `yaml:"mobile"`
	PostCode  string `yaml:"postCode"`
	Province  string `yaml:"province"`
	City      string `yaml:"city"`
	Area      string `yaml:"area"`
	Town      string `yaml:"town"`
	Address   string `yaml:"address"`

	// The place once more by its six-digit administrative codes (GB/T 2260), for freight estimates; all three or none.
	ProvinceCode string `yaml:"provinceCode" env:"ENTREPOT_WAREHOUSE_PROVINCE_CODE"`
	CityCode     string `yaml:"cityCode" env:"ENTREPOT_WAREHOUSE_CITY_CODE"`
	DistrictCode string `yaml:"districtCode" env:"ENTREPOT_WAREHOUSE_DISTRICT_CODE"`
}

// DemoWarehouse is the address of the embedded mode; production refuses it.
var DemoWarehouse = Warehouse{
	FullName: "Entrepot Demo", Mobile: "13000000000", PostCode: "315000",
	Province: "浙江省", City: "宁波市", Area: "北仑区", Address: "Demo Road 1",
}

// Rules are the operator's choices.
type Rules struct {
	Trigger     string // overrides the site's trigger when set
	PayWithin   time.Duration
	Settle      time.Duration // after a lost answer, a look-up proves absence only this much later
	CallTimeout time.Duration // how long one call to 1688 may take
	Warehouse   Warehouse

	Tolerance     int           // percent 1688's total may exceed what the member agreed to
	QuoteAge      time.Duration // a quote older than this is checked again before buying; 0 = never
	ApproveWithin time.Duration // how long a member may take to answer a new price
	Buying        site.Buying   // overrides the sites' rules where set
}

// quote is what a preview stores and an order is made of: everything priced, in fen and in the site's currency.
type quote struct {
	Groups []quoteGroup `json:"groups"`
	FX     money.Rate   `json:"fx"`
	Lang   string       `json:"lang"`
	Cart   []cartTaken  `json:"cart,omitempty"` // what the order will take out of the member's cart
}

// cartTaken is a part of a cart line: the line, which variant it was for, and how much of it.
type cartTaken struct {
	ItemID   int64  `json:"item"`
	OfferID  int64  `json:"offer"`
	SkuID    int64  `json:"sku,omitempty"`
	SpecID   string `json:"spec,omitempty"`
	Quantity int64  `json:"qty"`
}

// terms are what an order's amounts and texts were made with; kept on the order so that it reprints to the same digit.
type terms struct {
	FX   money.Rate `json:"fx"`
	Lang string     `json:"lang"`
}

type quoteGroup struct {
	SellerOpenID string      `json:"seller"`
	SellerName   string      `json:"sellerName,omitempty"`
	Flow         string      `json:"flow"`
	TradeType    string      `json:"tradeType,omitempty"`
	Lines        []quoteLine `json:"lines"`
	Sum          sums        `json:"sum"`
}

type quoteLine struct {
	LineNo     int       `json:"no"`
	OfferID    int64     `json:"offer"`
	SkuID      int64     `json:"sku,omitempty"`
	SpecID     string    `json:"spec,omitempty"`
	SkuName    string    `json:"skuName,omitempty"`
	Quantity   int64     `json:"qty"`
	UnitFen    money.Fen `json:"unitFen"`
	AmountFen  money.Fen `json:"amountFen"`
	UnitMinor  int64     `json:"unitMinor"`
	Minor      int64     `json:"minor"`
	Subject    string    `json:"subject"`
	Translated string    `json:"translated,omitempty"`
	ImageURL   string    `json:"image,omitempty"`

	CatalogFen   money.Fen `json:"catalogFen,omitempty"` // the catalogue's price of a piece, 0 when it tells none
	CatalogMinor int64     `json:"catalogMinor,omitempty"`
	Changed      bool      `json:"changed,omitempty"` // 1688 asks something else than the catalogue said
	outdated     bool      // and the catalogue is to blame
}

// sums are one seller's or one order's amounts; Total = Goods + Freight - Discount on both sides.
// Total in fen is 1688's own figure, never recomputed.
type sums struct {
	GoodsFen, FreightFen, DiscountFen, TotalFen         money.Fen
	GoodsMinor, FreightMinor, DiscountMinor, TotalMinor int64
}

func (a sums) plus(b sums) sums {
	return sums{
		a.GoodsFen + b.GoodsFen, a.FreightFen + b.FreightFen, a.DiscountFen + b.DiscountFen, a.TotalFen + b.TotalFen,
		a.GoodsMinor + b.GoodsMinor, a.FreightMinor + b.FreightMinor, a.DiscountMinor + b.DiscountMinor, a.TotalMinor + b.TotalMinor,
	}
}

// Push is the payload of a push.* job: which fact 1688 must learn. The facts themselves are read when it is sent.
type Push struct {
	Site           string    `json:"site"`
	OrderID        int64     `json:"order,string"`
	ObjectKey      string    `json:"object"`
	Version        string    `json:"version"`
	Status         string    `json:"status,omitempty"`      // payed, success, close; send, sign, partSign, refund
	LineID         int64     `json:"line,omitempty,string"` // relation: our line and 1688's ids
	SubItemID      string    `json:"subItem,omitempty"`
	AlibabaOrderID string    `json:"alibabaOrder,omitempty"`
	ParcelID       int64     `json:"parcel,omitempty,string"` // logistics
	At             time.Time `json:"at"`
}

// Kinds of jobs this package appends.
const (
	JobUnpaid         = "order.unpaid"     // the payment window of an order is over
	JobApproval       = "order.approval"   // the time to answer a new price is over
	JobCancelPurchase = "purchase.cancel"  // close an unpaid purchase order at 1688
	JobPurchase       = "order.purchase"   // start buying an order: one purchase row per seller group
	JobCreate         = "purchase.create"  // place one purchase order at 1688
	JobRefresh        = "purchase.refresh" // re-read a purchase order from 1688
	JobPay            = "purchase.created" // a purchase order exists and waits for payment (pay package)
	JobPushOrder      = "push.order"
	JobPushRelation   = "push.relation"
	JobPushStatus     = "push.order_status"
	JobPushParcel     = "push.logistics"
	JobPushParcelStep = "push.logistics_status"
)

// ref is the payload of jobs that name one row.
type ref struct {
	ID    int64  `json:"id,string"`
	Cause string `json:"cause,omitempty"`
}
