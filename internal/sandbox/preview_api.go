package sandbox

import (
	"encoding/json"
	"fmt"
)

func previewAPIs() []api {
	return []api{{
		ns: nsTrade, name: "alibaba.createOrder.preview", required: []string{"addressParam", "cargoParamList"}, lock: true,
		envelope: envFlat("errorCode", "errorMsg"), handle: (*Server).preview,
	}}
}

// Flows of the platform.
var flows = map[string]bool{"general": true, "fenxiao": true, "saleproxy": true, "paired": true, "repurchase": true, "boutiquefenxiao": true, "boutiquepifa": true}

// maxCargo is the hard limit of SKUs per order since the 2026 text.
const maxCargo = 50

// addressParam of preview and create; only its presence and completeness matter to us.
type addressParam struct {
	AddressID num  `json:"addressId"`
	FullName  text `json:"fullName"`
	Mobile    text `json:"mobile"`
	Phone     text `json:"phone"`
	PostCode  text `json:"postCode"`
	Province  text `json:"provinceText"`
	City      text `json:"cityText"`
	Area      text `json:"areaText"`
	Town      text `json:"townText"`
	Address   text `json:"address"`
	District  text `json:"districtCode"`
}

func (a *addressParam) check() *refusal {
	switch {
	case a.AddressID != "":
		if _, ok := a.AddressID.int(); !ok {
			return refuse("400", "AddressId invalid")
		}
		return nil
	case a.FullName == "" || a.Mobile == "" && a.Phone == "" || a.Address == "":
		return refuse("400", "address: fullName, mobile or phone, and address are required")
	case a.District == "" && (a.Province == "" || a.City == "" || a.Area == ""):
		return refuse("400", "address: districtCode or provinceText, cityText and areaText are required")
	}
	return nil
}

type cargoParam struct {
	Offer       num    `json:"offerId"`
	OpenOffer   text   `json:"openOfferId"`
	Spec        string `json:"specId"`
	Quantity    num    `json:"quantity"`
	OutMemberID text   `json:"outMemberId"`
}

// cart is a priced and checked cargo list of one seller. Amounts are fen.
type cart struct {
	flow           string
	address        addressParam
	rawAddress     json.RawMessage
	seller         seller
	lines          []cartLine
	goods, freight int64
	unclear        []int64 // offers whose freight is "to be explained"
	consign        []int64
	tradable       bool
}

type cartLine struct {
	offer    *offer
	sku      *sku
	quantity int64
	unit     int64
	amount   int64
}

// cartError is a refusal that may belong to one line.
type cartError struct {
	*refusal
	line *cargoParam
}

// readCart checks in the order a buyer would fix things: shape, seller, offer, SKU, quantity, stock.
func (s *Server) readCart(c *call) (*cart, *cartError) {
	ct := &cart{flow: c.args.Get("flow"), rawAddress: json.RawMessage(c.args.Get("addressParam")), tradable: true}
	if ct.flow == "" {
		ct.flow = "general"
	}
	if !flows[ct.flow] {
		return nil, &cartError{refusal: refuse("400", "flow is unknown: "+ct.flow)}
	}
	if ref := c.decode("addressParam", &ct.address); ref != nil {
		return nil, &cartError{refusal: ref}
	}
	if ref := ct.address.check(); ref != nil {
		return nil, &cartError{refusal: ref}
	}
	var cargo []cargoParam
	if ref := c.decode("cargoParamList", &cargo); ref != nil {
		return nil, &cartError{refusal: ref}
	}
	if len(cargo) == 0 {
		return nil, &cartError{refusal: refuse("400", "cargoParamList is empty")}
	}
	if len(cargo) > maxCargo {
		return nil, &cartError{refusal: refuse("500_002", fmt.Sprintf("an order holds at most %d SKUs", maxCargo))}
	}
	for i := range cargo {
		if ref := s.readLine(ct, &cargo[i]); ref != nil {
			return nil, &cartError{ref, &cargo[i]}
		}
	}
	if ref, i := s.checkQuantities(ct); ref != nil {
		return nil, &cartError{ref, &cargo[i]}
	}
	s.price(ct)
	if ref, i := ct.checkMix(); ref != nil {
		return nil, &cartError{ref, &cargo[i]}
	}
	return ct, nil
}

func (s *Server) readLine(ct *cart, p *cargoParam) *refusal {
	id, ok := p.Offer.int()
	if !ok {
		return refuse("400", "cargoParamList.offerId is not a number")
	}
	cat := s.cat.Load()
	of := cat.find(id)
	if of == nil || of.traits&delisted != 0 {
		return refuse("500_001", "offer "+itoa(id)+" has no online trading")
	}
	if len(ct.lines) > 0 && of.seller != ct.seller.idx {
		return refuse("500_002", "the offers belong to several sellers")
	}
	ct.seller = cat.seller(of.seller)
	skus := cat.skus(of)
	k := &skus[0]
	if of.traits&singleSpec == 0 {
		if p.Spec == "" {
			return refuse("500_002", "specId is missing for offer "+itoa(id))
		}
		if k = findSpec(skus, p.Spec); k == nil {
			return refuse("500_003", "specId does not belong to offer "+itoa(id))
		}
	}
	q, ok := p.Quantity.whole()
	if !ok || q <= 0 || q > 10_000_000 {
		return refuse("500_005", "quantity must be a whole number from 1")
	}
	ct.lines = append(ct.lines, cartLine{offer: of, sku: k, quantity: q})
	return nil
}

func findSpec(skus []sku, spec string) *sku {
	for i := range skus {
		if skus[i].spec == spec {
			return &skus[i]
		}
	}
	return nil
}

// checkQuantities looks at each line against stock, minimum order quantity and lot size; the number tells the line.
func (s *Server) checkQuantities(ct *cart) (*refusal, int) {
	perOffer, perSKU := map[int64]int64{}, map[int64]int64{}
	for _, l := range ct.lines {
		perOffer[l.offer.id] += l.quantity
		perSKU[l.sku.id] += l.quantity
	}
	for i, l := range ct.lines {
		id, total := itoa(l.offer.id), perOffer[l.offer.id]
		switch {
		case ct.flow == "saleproxy":
			return refuse("500_007", "no consignment relation for offer "+id), i
		case perSKU[l.sku.id] > s.left(l.sku):
			return refuse("500_004", "stock of offer "+id+" is too small"), i
		case ct.flow == "boutiquepifa" && total <= 2:
			return refuse("500_009", "quantity is under the wholesale minimum of offer "+id), i
		case l.offer.batch > 0 && l.quantity%l.offer.batch != 0:
			return refuse("500_009", fmt.Sprintf("offer %s is sold in lots of %d", id, l.offer.batch)), i
		case !ct.seller.mix && total < l.offer.moq:
			return refuse("500_005", fmt.Sprintf("offer %s has a minimum order quantity of %d", id, l.offer.moq)), i
		}
	}
	return nil, 0
}

// price fills the sums. Tier prices look at all pieces of an offer in this cart.
func (s *Server) price(ct *cart) {
	perOffer := map[int64]int64{}
	var pieces int64
	for _, l := range ct.lines {
		perOffer[l.offer.id] += l.quantity
		pieces += l.quantity
	}
	for i := range ct.lines {
		l := &ct.lines[i]
		l.unit = l.offer.unitPrice(l.sku, perOffer[l.offer.id])
		l.amount = l.unit * l.quantity
		ct.goods += l.amount
		if l.offer.traits&freightUnclear != 0 {
			ct.unclear = append(ct.unclear, l.offer.id)
		}
		if l.offer.traits&dropship != 0 {
			ct.consign = append(ct.consign, l.offer.id)
		}
		if l.offer.traits&noAPIOrder != 0 {
			ct.tradable = false
		}
	}
	ct.freight = min(ct.seller.firstFee+(pieces-1)*ct.seller.nextFee, 20_000)
	if ct.seller.freeOver > 0 && ct.goods >= ct.seller.freeOver {
		ct.freight = 0
	}
}

// checkMix is the seller's mixed-batch rule, and the price that cannot be.
func (ct *cart) checkMix() (*refusal, int) {
	var pieces int64
	for i, l := range ct.lines {
		pieces += l.quantity
		if l.unit == 0 {
			return refuse("500_008", "SKU price of offer "+itoa(l.offer.id)+" is 0"), i
		}
	}
	if ct.seller.mix && pieces < ct.seller.mixNumber && ct.goods < ct.seller.mixAmount*100 {
		return refuse("500_006", fmt.Sprintf("mixed batch: at least %d pieces or %d yuan", ct.seller.mixNumber, ct.seller.mixAmount)), 0
	}
	return nil, 0
}

// tradeModes is empty for offers that can only be ordered on the web page.
func (ct *cart) tradeModes() []string {
	if !ct.tradable {
		return []string{}
	}
	return []string{"fxassure", "assureTrade"}
}

func (s *Server) preview(c *call) (any, *refusal) {
	ct, bad := s.readCart(c)
	if bad != nil {
		return nil, bad.refusal
	}
	models, lines := []obj{}, []obj{}
	for _, m := range ct.tradeModes() {
		models = append(models, obj{"tradeType": m, "name": map[string]string{"fxassure": "交易4.0", "assureTrade": "担保交易"}[m], "description": "", "opSupport": true})
	}
	for _, l := range ct.lines {
		lines = append(lines, obj{
			"offerId": l.offer.id, "skuId": skuNumber(l.sku.id, l.offer.id), "specId": nullable(l.sku.spec), "amount": yuan(l.amount), "finalUnitPrice": yuan(l.unit),
			"cargoPromotionList": []any{}, "openOfferId": nil, "resultCode": nil, "message": nil,
		})
	}
	return obj{
		"success": true, "errorCode": nil, "errorMsg": nil,
		"orderPreviewResuslt": []obj{{
			"status": true, "resultCode": nil, "message": nil, "flowFlag": ct.flow, "tradeModeNameList": ct.tradeModes(), "tradeModelList": models,
			"sumPayment": ct.goods + ct.freight, "sumPaymentNoCarriage": ct.goods, "sumCarriage": ct.freight, "discountFee": 0, "additionalFee": 0,
			"totalFundUsageAmount": 0, "totalPostFundUsageAmount": 0, "cargoList": lines, "shopPromotionList": []any{},
			"payChannelInfos":  []obj{{"name": "alipay", "amountLimit": nil}, {"name": "shegou", "amountLimit": 5_000_000}},
			"tradeServiceList": []any{}, "orderGroup": nil, "canUseOfficialSolution": false, "officialSolutionModelList": nil,
		}},
		"postFeeByDescOfferList": ct.unclear, "consignOfferList": ct.consign, "unsupportedCrossBorderPayOfferList": []int64{},
	}, nil
}

func nullable(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// skuNumber is null for a single-spec offer: inside we key it by its offer id, outside it has no SKU.
func skuNumber(sku, offer int64) any {
	if sku == offer {
		return nil
	}
	return sku
}
