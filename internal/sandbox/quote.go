package sandbox

import "fmt"

// quoteCart groups the lines into the orders they would become and prices each. Two rules split a cart: goods from the seller's second
// warehouse leave as an order of their own, and in a boutique flow what is not curated is ordered as general.
func (s *Server) quoteCart(c *call, ct *cart, lines []cartLine) {
	type key struct{ far, plain bool }
	boutique := ct.asked == "boutiquefenxiao" || ct.asked == "boutiquepifa"
	var keys []key
	for _, l := range lines {
		k := key{l.offer.traits&farWarehouse != 0, boutique && l.offer.traits&curated == 0}
		i := 0
		for i < len(keys) && keys[i] != k {
			i++
		}
		if i == len(keys) {
			keys = append(keys, k)
			ct.groups = append(ct.groups, &cartGroup{flow: ct.asked})
			if k.plain {
				ct.groups[i].flow = "general"
			}
		}
		ct.groups[i].lines = append(ct.groups[i].lines, l)
	}
	for _, g := range ct.groups {
		if g.flow == "" {
			s.cheapest(c, ct, g)
		} else {
			s.quote(c, ct, g)
		}
	}
	s.useCoupons(c, ct)
}

// cheapest prices a group by each flow the platform would pick by itself, and keeps the cheapest that is allowed; general wins a draw.
func (s *Server) cheapest(c *call, ct *cart, g *cartGroup) {
	lines := g.lines
	g.flow = "general"
	s.quote(c, ct, g)
	for _, l := range lines {
		if l.offer.traits&curated == 0 {
			return
		}
	}
	for _, flow := range []string{"boutiquepifa", "boutiquefenxiao"} {
		try := &cartGroup{flow: flow, lines: append([]cartLine(nil), lines...)}
		s.quote(c, ct, try)
		if try.bad == nil && (g.bad != nil || try.total() < g.total()) {
			*g = *try
		}
	}
}

func (g *cartGroup) refuse(line int, code, message string) {
	if g.bad == nil {
		g.bad, g.badLine = refuse(code, message), line
	}
}

// quote checks a group against stock, minimum, lots, prices and the mixed-batch rule, in this order, and prices it.
func (s *Server) quote(c *call, ct *cart, g *cartGroup) {
	for i := range g.lines {
		s.checkLine(c, ct, g, i)
	}
	var grams, pieces int64
	for i := range g.lines {
		l := &g.lines[i]
		l.unit = g.unit(l)
		l.amount = l.unit * l.quantity
		g.goods += l.amount
		grams += l.offer.grams() * l.quantity
		pieces += l.quantity
		if l.unit == 0 {
			g.refuse(i, "500_008", "SKU price of offer "+itoa(l.offer.id)+" is 0")
		}
	}
	if g.wholesale() && ct.seller.mix && pieces < ct.seller.mixNumber && g.goods < ct.seller.mixAmount*100 {
		g.refuse(0, "500_006", fmt.Sprintf("mixed batch: at least %d pieces or %d yuan", ct.seller.mixNumber, ct.seller.mixAmount))
	}
	if g.flow != "boutiquefenxiao" {
		g.freight = ct.seller.freight(ct.address.destination(), grams, pieces, g.goods).fee
	}
}

// wholesale tells the flows in which minimum quantity and mixed batch count.
func (g *cartGroup) wholesale() bool {
	return g.flow == "general" || g.flow == "paired" || g.flow == "repurchase"
}

func (s *Server) checkLine(c *call, ct *cart, g *cartGroup, i int) {
	l := &g.lines[i]
	id, total := itoa(l.offer.id), g.ofOffer(l.offer.id)
	single := l.offer.traits&dropship != 0 && (g.flow == "fenxiao" || g.flow == "saleproxy")
	switch {
	case g.flow == "saleproxy" && !s.follows(c.app.Key, l.offer.id):
		g.refuse(i, "500_007", "no consignment relation for offer "+id)
	case g.ofSKU(l.sku.id) > s.left(l.sku):
		g.refuse(i, "500_004", "stock of offer "+id+" is too small")
	case g.flow == "boutiquepifa" && total <= 2:
		g.refuse(i, "500_009", "quantity is under the wholesale minimum of offer "+id)
	case g.flow == "boutiquefenxiao" && (l.quantity != 1 || total != 1):
		g.refuse(i, "500_009", "curated dropship is for one piece of offer "+id)
	case g.flow == "boutiquepifa" || g.flow == "boutiquefenxiao" || single:
	case l.offer.batch > 0 && l.quantity%l.offer.batch != 0:
		g.refuse(i, "500_009", fmt.Sprintf("offer %s is sold in lots of %d", id, l.offer.batch))
	case !ct.seller.mix && total < l.offer.moq:
		g.refuse(i, "500_005", fmt.Sprintf("offer %s has a minimum order quantity of %d", id, l.offer.moq))
	}
}

// unit is the price of a piece in the group's flow. Tiers look at all pieces of an offer together.
func (g *cartGroup) unit(l *cartLine) int64 {
	total := g.ofOffer(l.offer.id)
	switch {
	case g.flow == "boutiquepifa":
		return l.sku.curatedPrice()
	case g.flow == "boutiquefenxiao":
		return l.sku.onePiecePrice()
	case (g.flow == "fenxiao" || g.flow == "saleproxy") && l.offer.traits&dropship != 0 && total < l.offer.moq:
		return l.sku.onePiecePrice()
	}
	return l.offer.unitPrice(l.sku, total)
}

// Trade modes the platform knows and their names.
var tradeModeNames = map[string]string{"fxassure": "交易4.0", "assureTrade": "担保交易", "period": "账期交易", "37staged": "37分阶段"}

// tradeModes is empty for offers that can only be ordered on the web page. The first is the platform's default.
func (ct *cart) tradeModes(g *cartGroup) []string {
	if g.has(noAPIOrder) {
		return []string{}
	}
	modes := []string{"fxassure", "assureTrade"}
	if grantsTerms(ct.seller.idx) {
		modes = append(modes, "period")
	}
	if g.has(staged) && g.goods >= 10 {
		modes = append(modes, "37staged")
	}
	return modes
}
