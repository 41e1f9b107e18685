package alibaba

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"time"
)

var (
	apiPreview     = endpoint{namespace: "com.alibaba.trade", name: "alibaba.createOrder.preview", patient: true}
	apiCreateOrder = endpoint{namespace: "com.alibaba.trade", name: "alibaba.trade.createCrossOrder", write: true}
)

// Address is a delivery address: AddressID, or DistrictCode + Address, or the four texts + Address.
type Address struct {
	AddressID    ID     `json:"addressId,omitempty"`
	FullName     string `json:"fullName,omitempty"`
	Mobile       string `json:"mobile,omitempty"`
	Phone        string `json:"phone,omitempty"`
	PostCode     string `json:"postCode,omitempty"`
	ProvinceText string `json:"provinceText,omitempty"`
	CityText     string `json:"cityText,omitempty"`
	AreaText     string `json:"areaText,omitempty"`
	TownText     string `json:"townText,omitempty"`
	Address      string `json:"address,omitempty"`
	DistrictCode string `json:"districtCode,omitempty"`
}

// Cargo is one order line. SpecID stays empty only for offers without SKUs.
type Cargo struct {
	OfferID     ID     `json:"offerId,omitempty"`
	SpecID      string `json:"specId,omitempty"`
	Quantity    int64  `json:"quantity"`
	OpenOfferID string `json:"openOfferId,omitempty"` // replaces OfferID
	OutMemberID string `json:"outMemberId,omitempty"` // the overseas buyer
}

// Invoice asks for an invoice.
type Invoice struct {
	InvoiceType        int    `json:"invoiceType"` // 0 ordinary, 1 VAT special
	ProvinceText       string `json:"provinceText,omitempty"`
	CityText           string `json:"cityText,omitempty"`
	AreaText           string `json:"areaText,omitempty"`
	TownText           string `json:"townText,omitempty"`
	PostCode           string `json:"postCode,omitempty"`
	Address            string `json:"address,omitempty"`
	FullName           string `json:"fullName,omitempty"`
	Phone              string `json:"phone,omitempty"`
	Mobile             string `json:"mobile,omitempty"`
	CompanyName        string `json:"companyName,omitempty"`
	TaxpayerIdentifier string `json:"taxpayerIdentifier,omitempty"`
	BankAndAccount     string `json:"bankAndAccount,omitempty"`
	LocalInvoiceID     string `json:"localInvoiceId,omitempty"`
}

// OfficialSolution picks an official pickup offer of the preview.
type OfficialSolution struct {
	OrderGroup string `json:"orderGroup"`
	Code       string `json:"useOfficialSolutionCode"`
}

// OrderRequest is one order at one supplier, for preview and creation. Zero values are left out.
type OrderRequest struct {
	Flow         string // preview: empty = platform picks; create: PreviewOrder's FlowFlag, empty = general
	Address      Address
	Cargo        []Cargo // one supplier, at most 50 lines
	Invoice      *Invoice
	OutOrderID   string // our number: what makes the order findable after a lost answer
	IsvBizType   string // cross (gateway default), cross_daigou, cross_distribution
	LogisticsID  string // crossBorderLogisticsSolutionId, only HK/MO/TW addresses
	UseLogistics bool   // official cross-border logistics

	// Creation only.
	Message             string // note to the seller, <= 500 characters
	TradeType           string // one of the preview's TradeModes; empty = platform default
	ShopPromotionID     string
	UseRedEnvelope      string // y/n; red packets are used unless n
	AnonymousBuyer      bool
	FenxiaoChannel      string // kuajing = cross-border
	Dropshipping        string // y/n
	AddedService        string // toB/toC
	PreSelectPayChannel string
	UseOfficialSolution bool
	OfficialSolutions   []OfficialSolution
}

// fields encodes what preview and creation share. The two spell the logistics flag differently.
func (r *OrderRequest) fields(logisticsFlag string) (fields, error) {
	var f fields
	f.json("addressParam", r.Address)
	f.json("cargoParamList", r.Cargo)
	if r.Invoice != nil {
		f.json("invoiceParam", r.Invoice)
	}
	f.text("isvBizType", r.IsvBizType)
	f.text("outOrderId", r.OutOrderID)
	f.text("crossBorderLogisticsSolutionId", r.LogisticsID)
	f.flag(logisticsFlag, r.UseLogistics)
	return f, f.err
}

// fields collects plain form fields.
type fields struct {
	list []param
	err  error
}

func (f *fields) text(key, value string) {
	if value != "" {
		f.list = append(f.list, param{key, value})
	}
}

func (f *fields) flag(key string, value bool) {
	if value {
		f.list = append(f.list, param{key, "true"})
	}
}

func (f *fields) number(key string, value int64) {
	if value != 0 {
		f.list = append(f.list, param{key, strconv.FormatInt(value, 10)})
	}
}

func (f *fields) date(key string, value time.Time) {
	if !value.IsZero() {
		f.list = append(f.list, param{key, gatewayTime(value)})
	}
}

func (f *fields) json(key string, value any) {
	text, err := encode(value)
	if err != nil {
		f.err = err
		return
	}
	f.list = append(f.list, param{key, text})
}

// PreviewOrder validates and prices an order before it is placed. A refused call is an error; a refused entry (Status
// false, with ResultCode) is in the answer.
// 1688 API: com.alibaba.trade:alibaba.createOrder.preview-1.
func (c *Client) PreviewOrder(ctx context.Context, r OrderRequest) (*Preview, error) {
	f, err := r.fields("useBorderLogisticsSolution")
	if err != nil {
		return nil, &Error{API: apiPreview.name, Class: Rejected, Err: err}
	}
	f.text("flow", r.Flow)
	var p Preview
	if _, err := c.call(ctx, &apiPreview, f.list, func(body []byte) (err error) {
		p, err = readPreview(body, true)
		return err
	}); err != nil {
		return nil, err
	}
	return &p, nil
}

// readPreview takes the flat answer, and (nested) the same inside result.
func readPreview(body []byte, nested bool) (Preview, error) {
	var wire struct {
		verdict
		Preview
		Result json.RawMessage `json:"result"`
	}
	if err := decode(body, &wire); err != nil || !isObject(body) {
		return Preview{}, errors.Join(errGarbage, err)
	}
	if err := wire.err(); err != nil {
		return Preview{}, err
	}
	p := wire.Preview
	if len(p.Orders) == 0 && nested && isObject(wire.Result) {
		return readPreview(wire.Result, false)
	}
	if len(p.Orders) == 0 && !wire.said() {
		return Preview{}, errGarbage
	}
	return p, nil
}

// Preview is the priced order; one entry per order that would be created.
type Preview struct {
	Orders                  []PreviewOrder `json:"orderPreviewResuslt"` // 1688's spelling
	PostFeeByDescOffers     []ID           `json:"postFeeByDescOfferList"`
	ConsignOffers           []ID           `json:"consignOfferList"`
	UnsupportedCrossPayment []ID           `json:"unsupportedCrossBorderPayOfferList"`
}

// PreviewOrder is one order of a preview. Amounts named Fen are fen; line amounts are yuan.
type PreviewOrder struct {
	Status                  Bool            `json:"status"`
	ResultCode              Text            `json:"resultCode"`
	Message                 Text            `json:"message"`
	FlowFlag                Text            `json:"flowFlag"`          // -> OrderRequest.Flow
	TradeModes              []Text          `json:"tradeModeNameList"` // empty = only on the web page
	SumPaymentFen           Int             `json:"sumPayment"`
	SumPaymentNoCarriageFen Int             `json:"sumPaymentNoCarriage"` // goods
	SumCarriageFen          Int             `json:"sumCarriage"`          // freight
	DiscountFen             Int             `json:"discountFee"`
	AdditionalFen           Int             `json:"additionalFee"`
	FundUsageFen            Int             `json:"totalFundUsageAmount"`     // red packet
	PostFundUsageFen        Int             `json:"totalPostFundUsageAmount"` // freight coupon
	Cargo                   []PreviewCargo  `json:"cargoList"`
	ShopPromotions          []ShopPromotion `json:"shopPromotionList"`
	TradeModels             []TradeModel    `json:"tradeModelList"`
	PayChannels             []PayChannel    `json:"payChannelInfos"`
	OrderGroup              Text            `json:"orderGroup"`
	CanUseOfficialSolution  Bool            `json:"canUseOfficialSolution"`
	OfficialSolutions       []OfficialOffer `json:"officialSolutionModelList"`
}

// PreviewCargo is one line; its amounts are yuan while the sums above are fen.
type PreviewCargo struct {
	OfferID        ID   `json:"offerId"`
	SkuID          ID   `json:"skuId"`
	SpecID         Text `json:"specId"`
	OpenOfferID    Text `json:"openOfferId"`
	ResultCode     Text `json:"resultCode"`
	Message        Text `json:"message"`
	Amount         Yuan `json:"amount"`
	FinalUnitPrice Yuan `json:"finalUnitPrice"`
}

// ShopPromotion is a coupon; PromotionID goes to OrderRequest.ShopPromotionID.
type ShopPromotion struct {
	PromotionID Text `json:"promotionId"`
	Selected    Bool `json:"selected"`
	Text        Text `json:"text"`
	Desc        Text `json:"desc"`
	FreePostage Bool `json:"freePostage"`
	DiscountFen Int  `json:"discountFee"`
}

// TradeModel is a trade mode of an order.
type TradeModel struct {
	TradeType   Text `json:"tradeType"`
	Name        Text `json:"name"`
	Description Text `json:"description"`
	OpSupport   Bool `json:"opSupport"`
}

// PayChannel is a channel with its limit in fen.
type PayChannel struct {
	Name           Text `json:"name"`
	AmountLimitFen Int  `json:"amountLimit"`
}

// OfficialOffer is an official pickup offer.
type OfficialOffer struct {
	Code         Text `json:"solutionCode"`
	Name         Text `json:"solutionName"`
	TotalCostFen Int  `json:"totalCost"`
}

// Created is what came out of a creation: one order, or several when 1688 split it.
type Created struct {
	Orders []CreatedOrder
	Failed []FailedOffer
	Lost   []LostOrder
	Terms  *CreditTerms // set when the seller lets the account pay later
}

// LostOrder is a part of a split order that 1688 lists without an order id: it was not made.
type LostOrder struct {
	Code    string
	Message string
}

// CreditTerms say when an order that is paid later has to be paid.
type CreditTerms struct {
	Type    Int `json:"tapType"` // 1 on a day of the month, 6 days after receipt
	Date    Int `json:"tapDate"` // the day, or the days
	Overdue Int `json:"tapOverdue"`
}

// CreatedOrder exists at 1688, whatever Success says: official answers show false beside an order id.
type CreatedOrder struct {
	OrderID    ID
	AmountFen  int64
	PostFeeFen int64
	Success    bool
	Code       string
	Message    string
	PayChannel string // of a part of a split order, when it was chosen before
}

// FailedOffer is a line that was not ordered.
type FailedOffer struct {
	OfferID ID
	SpecID  string
	Code    string
	Message string
}

// CreateCrossOrder places an order. It is not idempotent: after Unknown look for OutOrderID with BuyerOrders before
// another try. No order id and success false is Rejected (Created then carries the failed lines, if any were named);
// success without any order id is Unknown.
// 1688 API: com.alibaba.trade:alibaba.trade.createCrossOrder-1.
func (c *Client) CreateCrossOrder(ctx context.Context, r OrderRequest) (*Created, error) {
	f, err := r.fields("useCrossBorderLogisticsSolution")
	if err != nil {
		return nil, &Error{API: apiCreateOrder.name, Class: Rejected, Err: err}
	}
	flow := r.Flow
	if flow == "" {
		flow = "general"
	}
	f.text("flow", flow)
	f.text("message", r.Message)
	f.text("tradeType", r.TradeType)
	f.text("shopPromotionId", r.ShopPromotionID)
	f.text("useRedEnvelope", r.UseRedEnvelope)
	f.flag("anonymousBuyer", r.AnonymousBuyer)
	f.text("fenxiaoChannel", r.FenxiaoChannel)
	f.text("dropshipping", r.Dropshipping)
	f.text("addedService", r.AddedService)
	f.text("preSelectPayChannel", r.PreSelectPayChannel)
	f.flag("useOfficialSolution", r.UseOfficialSolution)
	if len(r.OfficialSolutions) > 0 {
		f.json("useOfficialSolutionModelList", r.OfficialSolutions)
	}
	if f.err != nil {
		return nil, &Error{API: apiCreateOrder.name, Class: Rejected, Err: f.err}
	}
	var created *Created
	_, err = c.call(ctx, &apiCreateOrder, f.list, func(body []byte) (err error) {
		created, err = readCreated(body)
		return err
	})
	return created, err
}

// wireCreated is the result of a creation; official samples also show it flat.
type wireCreated struct {
	verdict
	ResultCode         Text `json:"resultCode"`
	OrderID            ID   `json:"orderId"`
	TotalSuccessAmount Int  `json:"totalSuccessAmount"`
	PostFee            Int  `json:"postFee"`

	AccountPeriod   *CreditTerms `json:"accountPeriod"`
	FailedOfferList []struct {
		OfferID      ID   `json:"offerId"`
		SpecID       Text `json:"specId"`
		ErrorCode    Text `json:"errorCode"`
		ErrorMessage Text `json:"errorMessage"`
	} `json:"failedOfferList"`
	OrderList []struct {
		OrderID    ID   `json:"orderId"`
		Amount     Int  `json:"orderAmmount"` // 1688's spelling
		PostFee    Int  `json:"postFee"`
		Success    Bool `json:"success"`
		ResultCode Text `json:"resultCode"`
		Message    Text `json:"message"`
		PayChannel Text `json:"payChannel"`
	} `json:"orderList"`
}

// readCreated judges by order ids, not by success.
func readCreated(body []byte) (*Created, error) {
	var outer level
	if err := decode(body, &outer); err != nil || !isObject(body) {
		return nil, errors.Join(errGarbage, err)
	}
	inner := json.RawMessage(body)
	if p := outer.payload(); isObject(p) {
		inner = p
	}
	var w wireCreated
	if err := decode(inner, &w); err != nil {
		return nil, garbled(err)
	}
	created := w.created()
	if len(created.Orders) > 0 {
		return created, nil
	}
	if outer.Success == no || w.Success == no || !successCode(outer.code()) || !successCode(w.code()) {
		if outer.Success == yes && w.Success == yes {
			return nil, &Error{Class: Unknown, Code: w.code(), Err: errGarbage}
		}
		return created, w.refusal(&outer.verdict)
	}
	return nil, &Error{Class: Unknown, Err: errors.New("success without an order id")}
}

func (w *wireCreated) created() *Created {
	out := Created{Terms: w.AccountPeriod}
	for _, o := range w.OrderList {
		code, message := string(o.ResultCode), clip(string(o.Message), maxMessage)
		if o.OrderID == 0 {
			out.Lost = append(out.Lost, LostOrder{Code: code, Message: message})
			continue
		}
		out.Orders = append(out.Orders, CreatedOrder{OrderID: o.OrderID, AmountFen: int64(o.Amount), PostFeeFen: int64(o.PostFee),
			Success: bool(o.Success), Code: code, Message: message, PayChannel: string(o.PayChannel)})
	}
	if w.OrderID != 0 && len(out.Orders) == 0 {
		out.Orders = []CreatedOrder{{OrderID: w.OrderID, AmountFen: int64(w.TotalSuccessAmount), PostFeeFen: int64(w.PostFee),
			Success: w.Success != no, Code: w.code(), Message: clip(w.message(), maxMessage)}}
	}
	for _, f := range w.FailedOfferList {
		out.Failed = append(out.Failed, FailedOffer{OfferID: f.OfferID, SpecID: string(f.SpecID), Code: string(f.ErrorCode), Message: clip(string(f.ErrorMessage), maxMessage)})
	}
	return &out
}

// refusal names the most specific reason the answer gives.
func (w *wireCreated) refusal(outer *verdict) *Error {
	code, message := firstText(w.code(), string(w.ResultCode)), w.message()
	if successCode(code) {
		code, message = outer.code(), firstText(outer.message(), message)
	}
	for _, f := range w.FailedOfferList {
		if successCode(code) {
			code, message = string(f.ErrorCode), string(f.ErrorMessage)
		}
	}
	for _, o := range w.OrderList {
		if successCode(code) {
			code, message = string(o.ResultCode), string(o.Message)
		}
	}
	return rejection(code, message)
}
