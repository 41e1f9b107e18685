package sandbox

func previewAPIs() []api {
	return []api{{
		ns: nsTrade, name: "alibaba.createOrder.preview", required: []string{"addressParam", "cargoParamList"}, lock: true,
		envelope: envFlat("errorCode", "errorMsg"), handle: (*Server).preview,
	}}
}

// preview prices a cart. One entry per order it would become; an entry that cannot be ordered says why, unless none can.
func (s *Server) preview(c *call) (any, *refusal) {
	ct, bad := s.readCart(c, "useBorderLogisticsSolution")
	if bad != nil {
		return nil, bad.refusal
	}
	entries, good := []obj{}, 0
	for _, g := range ct.groups {
		entries = append(entries, s.previewEntry(ct, g))
		if g.bad == nil {
			good++
		}
	}
	if good == 0 {
		return nil, ct.groups[0].bad
	}
	unclear, consign, homeOnly := []int64{}, []int64{}, []int64{}
	for _, g := range ct.groups {
		for _, l := range g.lines {
			if l.offer.traits&freightUnclear != 0 {
				unclear = append(unclear, l.offer.id)
			}
			if l.offer.traits&dropship != 0 {
				consign = append(consign, l.offer.id)
			}
			if l.offer.homeOnly() {
				homeOnly = append(homeOnly, l.offer.id)
			}
		}
	}
	return obj{
		"success": true, "errorCode": nil, "errorMsg": nil, "orderPreviewResuslt": entries,
		"postFeeByDescOfferList": unclear, "consignOfferList": consign, "unsupportedCrossBorderPayOfferList": homeOnly,
	}, nil
}

func (s *Server) previewEntry(ct *cart, g *cartGroup) obj {
	e := obj{
		"status": g.bad == nil, "resultCode": nil, "message": nil, "flowFlag": g.flow, "tradeModeNameList": []string{}, "tradeModelList": []obj{},
		"sumPayment": g.total(), "sumPaymentNoCarriage": g.goods, "sumCarriage": g.freight, "discountFee": g.cut, "additionalFee": 0,
		"totalFundUsageAmount": g.red, "totalPostFundUsageAmount": g.post, "cargoList": g.cargoList(s.seed), "shopPromotionList": g.promotionList(),
		"payChannelInfos":  []obj{{"name": "alipay", "amountLimit": nil}, {"name": "shegou", "amountLimit": 5_000_000}, {"name": "kjpayV2", "amountLimit": nil}},
		"tradeServiceList": ct.services(), "orderGroup": nil, "canUseOfficialSolution": false, "officialSolutionModelList": nil,
	}
	if g.bad != nil {
		e["resultCode"], e["message"] = g.bad.code, g.bad.message
		return e
	}
	models := []obj{}
	for _, m := range ct.tradeModes(g) {
		models = append(models, obj{"tradeType": m, "name": tradeModeNames[m], "description": "", "opSupport": true})
	}
	e["tradeModeNameList"], e["tradeModelList"] = ct.tradeModes(g), models
	if ct.pickup() {
		e["canUseOfficialSolution"], e["orderGroup"] = true, "G"+itoa(g.lines[0].offer.id)
		e["officialSolutionModelList"] = []obj{{"solutionCode": pickupCode, "solutionName": "官方上门揽收", "totalCost": 200 + 50*g.pieces()}}
	}
	return e
}

func (g *cartGroup) cargoList(seed int64) []obj {
	out := make([]obj, 0, len(g.lines))
	for i := range g.lines {
		l := &g.lines[i]
		row := obj{
			"offerId": l.offer.id, "skuId": skuNumber(l.sku.id, l.offer.id), "specId": nullable(l.sku.spec), "amount": yuan(l.amount), "finalUnitPrice": yuan(l.unit),
			"cargoPromotionList": []any{}, "openOfferId": openOfferID(seed, l.offer.id), "resultCode": nil, "message": nil,
		}
		if g.bad != nil && i == g.badLine {
			row["resultCode"], row["message"] = g.bad.code, g.bad.message
		}
		out = append(out, row)
	}
	return out
}

func (g *cartGroup) promotionList() []obj {
	out := []obj{}
	for i := range g.offered {
		p := &g.offered[i]
		out = append(out, obj{
			"promotionId": p.id, "selected": g.promotion != nil && g.promotion.id == p.id, "text": p.text, "desc": p.desc, "freePostage": p.freePostage, "discountFee": p.cut,
		})
	}
	return out
}

// pickupCode is the official pickup: the platform's lorry collects in the provinces most goods come from.
const pickupCode = "OFFICIAL_PICKUP_STANDARD"

func (ct *cart) pickup() bool {
	return ct.seller.province == "浙江" || ct.seller.province == "广东"
}

// services are the cross-border logistics the address can have, if the caller asked for them.
func (ct *cart) services() []obj {
	out := []obj{}
	if ct.agreed.id == "" {
		return out
	}
	p, _ := findProvince(ct.address.destination())
	for _, sol := range crossSolutions {
		if sol.region == p.code[:2] {
			out = append(out, obj{
				"code": "crossBorderLogistics", "name": "官方跨境物流", "sourceId": sol.id, "solutionName": sol.name, "selected": sol.id == ct.agreed.id,
			})
		}
	}
	return out
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
