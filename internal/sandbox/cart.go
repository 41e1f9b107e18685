package sandbox

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Flows of the platform.
var flows = map[string]bool{"general": true, "fenxiao": true, "saleproxy": true, "paired": true, "repurchase": true, "boutiquefenxiao": true, "boutiquepifa": true}

var bizTypes = []string{"", "cross", "cross_daigou", "cross_distribution"}

// maxCargo is the hard limit of SKUs per order since the 2026 text.
const maxCargo = 50

type cargoParam struct {
	Offer       num             `json:"offerId"`
	OpenOffer   text            `json:"openOfferId"`
	Spec        text            `json:"specId"`
	Quantity    num             `json:"quantity"`
	OutMemberID text            `json:"outMemberId"`
	Downstream  json.RawMessage `json:"bizFenXiaoOutSubOrderInfo"` // taken, not used
}

// cart is what preview and create have in common: the cargo of one seller, grouped into the orders it would become.
type cart struct {
	asked   string // flow; "" = the cheapest
	address addressParam
	invoice *invoiceParam
	seller  seller
	groups  []*cartGroup
	agreed  crossService
}

// cartGroup is one order to be. Amounts are fen.
type cartGroup struct {
	flow           string
	lines          []cartLine
	goods, freight int64
	cut            int64 // of the shop promotion
	red, post      int64 // red packet and freight coupon
	promotion      *promotion
	coupons        []*coupon
	offered        []promotion // all that could be used, the used one among them
	bad            *refusal    // why it cannot be ordered
	badLine        int
}

type cartLine struct {
	offer    *offer
	sku      *sku
	quantity int64
	unit     int64
	amount   int64
	open     string // openOfferId, if that is how it was asked for
}

// cartError is a refusal of the whole cart that may be the fault of one line.
type cartError struct {
	*refusal
	line *cargoParam
}

func (g *cartGroup) pieces() (n int64) {
	for i := range g.lines {
		n += g.lines[i].quantity
	}
	return n
}

// ofOffer is how many pieces of an offer the group holds: tiers, minimum and lots look at them together.
func (g *cartGroup) ofOffer(id int64) (n int64) {
	for i := range g.lines {
		if g.lines[i].offer.id == id {
			n += g.lines[i].quantity
		}
	}
	return n
}

func (g *cartGroup) ofSKU(id int64) (n int64) {
	for i := range g.lines {
		if g.lines[i].sku.id == id {
			n += g.lines[i].quantity
		}
	}
	return n
}

func (g *cartGroup) has(t trait) bool {
	return slices.ContainsFunc(g.lines, func(l cartLine) bool { return l.offer.traits&t != 0 })
}

func (g *cartGroup) total() int64 { return g.goods + g.freight - g.cut - g.red - g.post }

// readCart checks in the order a buyer would fix things: shape, address, seller, offer, SKU; then each group's quantity, stock and rules.
// A cart that becomes one order is refused as a whole; of one that becomes several, groups may fail alone.
func (s *Server) readCart(c *call, crossFlag string) (*cart, *cartError) {
	ct := &cart{asked: c.args.Get("flow")}
	if ref := s.readTerms(c, ct, crossFlag); ref != nil {
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
	lines := make([]cartLine, 0, len(cargo))
	for i := range cargo {
		l, ref := s.readLine(&cargo[i], lines)
		if ref != nil {
			return nil, &cartError{ref, &cargo[i]}
		}
		lines = append(lines, l)
	}
	ct.seller = s.cat.Load().seller(lines[0].offer.seller)
	s.quoteCart(c, ct, lines)
	if g := ct.groups[0]; len(ct.groups) == 1 && g.bad != nil {
		guilty := &g.lines[g.badLine]
		i := slices.IndexFunc(lines, func(l cartLine) bool { return l.sku == guilty.sku && l.quantity == guilty.quantity })
		return nil, &cartError{g.bad, &cargo[max(i, 0)]}
	}
	return ct, nil
}

// readTerms reads everything but the cargo.
func (s *Server) readTerms(c *call, ct *cart, crossFlag string) *refusal {
	if ct.asked != "" && !flows[ct.asked] {
		return refuse("400", "flow is unknown: "+ct.asked)
	}
	if biz := c.args.Get("isvBizType"); !slices.Contains(bizTypes, biz) {
		return refuse("400", "isvBizType is unknown: "+biz)
	}
	if len(c.args.Get("outOrderId")) > 128 {
		return refuse("400", "outOrderId is longer than 128")
	}
	if ref := c.decode("addressParam", &ct.address); ref != nil {
		return ref
	}
	if ref := ct.address.resolve(&c.app.buyer); ref != nil {
		return ref
	}
	if v := c.args.Get("invoiceParam"); v != "" && v != "null" {
		ct.invoice = &invoiceParam{}
		if ref := c.decode("invoiceParam", ct.invoice); ref != nil {
			return ref
		}
		if ref := ct.invoice.check(); ref != nil {
			return ref
		}
	}
	return ct.readCross(c, crossFlag)
}

func (s *Server) readLine(p *cargoParam, before []cartLine) (l cartLine, ref *refusal) {
	cat := s.cat.Load()
	id, ok := p.Offer.int()
	if !ok && p.OpenOffer != "" {
		if id, ok = openOffer(cat.seed, string(p.OpenOffer)); !ok {
			return l, refuse("400", "cargoParamList.openOfferId cannot be read")
		}
		l.open = string(p.OpenOffer)
	}
	if !ok {
		return l, refuse("400", "cargoParamList.offerId is not a number")
	}
	l.offer = cat.find(id)
	if l.offer == nil || l.offer.traits&delisted != 0 {
		return l, refuse("500_001", "offer "+itoa(id)+" has no online trading")
	}
	if len(before) > 0 && l.offer.seller != before[0].offer.seller {
		return l, refuse("500_002", "the offers belong to several sellers")
	}
	skus := cat.skus(l.offer)
	l.sku = &skus[0]
	if l.offer.traits&singleSpec == 0 {
		if p.Spec == "" {
			return l, refuse("500_002", "specId is missing for offer "+itoa(id))
		}
		if l.sku = findSpec(skus, string(p.Spec)); l.sku == nil {
			return l, refuse("500_003", "specId does not belong to offer "+itoa(id))
		}
	}
	if l.quantity, ok = p.Quantity.whole(); !ok || l.quantity <= 0 || l.quantity > maxPieces {
		return l, refuse("500_005", "quantity must be a whole number from 1")
	}
	return l, nil
}

func findSpec(skus []sku, spec string) *sku {
	for i := range skus {
		if skus[i].spec == spec {
			return &skus[i]
		}
	}
	return nil
}

// openOfferID is the opaque name of an offer: the same for everybody, and nothing a client could compute.
func openOfferID(seed, offer int64) string {
	key := mix(uint64(seed) * 13)
	return fmt.Sprintf("BAA%016x%04x", uint64(offer)^key, mix(uint64(offer)^key)&0xffff)
}

func openOffer(seed int64, open string) (int64, bool) {
	var v, check uint64
	if n, err := fmt.Sscanf(strings.TrimPrefix(open, "BAA"), "%16x%4x", &v, &check); err != nil || n != 2 {
		return 0, false
	}
	id := int64(v ^ mix(uint64(seed)*13))
	return id, openOfferID(seed, id) == open
}

// invoiceParam of preview and create.
type invoiceParam struct {
	Type     num  `json:"invoiceType"`
	Province text `json:"provinceText,omitempty"`
	City     text `json:"cityText,omitempty"`
	Area     text `json:"areaText,omitempty"`
	Town     text `json:"townText,omitempty"`
	PostCode text `json:"postCode,omitempty"`
	Address  text `json:"address,omitempty"`
	FullName text `json:"fullName,omitempty"`
	Phone    text `json:"phone,omitempty"`
	Mobile   text `json:"mobile,omitempty"`
	Company  text `json:"companyName,omitempty"`
	TaxID    text `json:"taxpayerIdentifier,omitempty"`
	Bank     text `json:"bankAndAccount,omitempty"`
	Local    text `json:"localInvoiceId,omitempty"`
}

// check wants what each kind of invoice needs: a title and a tax number; the VAT special one also the bank.
func (in *invoiceParam) check() *refusal {
	for _, part := range []text{in.Province, in.City, in.Area, in.Town, in.PostCode, in.Address, in.FullName, in.Phone, in.Mobile, in.Company, in.TaxID, in.Bank, in.Local} {
		if len(part) > maxAddress {
			return refuse("400", "invoiceParam: a part is too long")
		}
	}
	switch {
	case in.Type != "0" && in.Type != "1":
		return refuse("400", "invoiceParam.invoiceType must be 0 or 1")
	case in.Company == "" || in.TaxID == "":
		return refuse("400", "invoiceParam: companyName and taxpayerIdentifier are required")
	case in.Type == "1" && in.Bank == "":
		return refuse("400", "invoiceParam: bankAndAccount is required for a VAT special invoice")
	}
	return nil
}

// crossService is the official cross-border logistics of the platform: only Hong Kong, Macao and Taiwan.
type crossService struct{ id string }

var crossSolutions = []struct{ id, region, name string }{
	{"GLOBAL_CAINIAO_HK_LAND", "81", "官方跨境物流-香港陆运"}, {"GLOBAL_CAINIAO_MO_LAND", "82", "官方跨境物流-澳门陆运"},
	{"GLOBAL_CAINIAO_TW_SEA", "71", "官方跨境物流-台湾海运"}, {"GLOBAL_CAINIAO_TW_AIR", "71", "官方跨境物流-台湾空运"},
}

func (ct *cart) readCross(c *call, flag string) *refusal {
	if c.args.Get(flag) != "true" {
		return nil
	}
	if !ct.address.abroad() {
		return refuse("400", "official cross-border logistics goes to Hong Kong, Macao and Taiwan only")
	}
	p, _ := findProvince(ct.address.destination())
	wanted := c.args.Get("crossBorderLogisticsSolutionId")
	for _, sol := range crossSolutions {
		if sol.region == p.code[:2] && (wanted == "" || wanted == sol.id) {
			ct.agreed = crossService{sol.id}
			return nil
		}
	}
	return refuse("400", "crossBorderLogisticsSolutionId does not serve this address: "+wanted)
}
