package order

import (
	"context"
	"fmt"
	"time"

	"entrepot/internal/money"

	"golang.org/x/sync/errgroup"
)

// A cart waits this long for 1688 and asks for so many offers at once; lines it knows nothing about by then are not checked.
const (
	cartWait = 3 * time.Second
	cartAsks = 8
)

// liveCart is a cart as it stands now.
type liveCart struct {
	groups   []*liveGroup
	sum      cartSum
	rate     money.Rate
	checked  bool
	blockers []blocker
	token    string // a new guest's
}

// liveGroup is the lines of one seller.
type liveGroup struct {
	sellerOpenID, sellerName string
	lines                    []*liveLine
	sum                      cartSum
}

// liveLine is a cart line with its offer as it is now.
type liveLine struct {
	row     cartItemRow
	wish    wish
	checked bool // 1688 could be asked
	buyable bool // checked, and there is such a variant for sale
	priced  bool
	changed bool // 1688 asks another price than when it was added

	unit, amount     money.Fen
	unitMinor, minor int64
	blockers         []blocker // without pointers
}

// cartSum is the goods of some lines, each line converted by itself so that what is shown adds up.
type cartSum struct {
	goods, selected           money.Fen
	goodsMinor, selectedMinor int64
}

func (l *liveLine) block(key string, args ...any) {
	l.blockers = append(l.blockers, newBlocker("", key, args...))
}

// live checks and prices lines now. Lines whose offer cannot be read keep what was known when they were added.
func (s *Service) live(ctx context.Context, sh shopper, rows []cartItemRow) (*liveCart, error) {
	rate, err := s.rate(sh.site)
	if err != nil {
		return nil, err
	}
	lines := make([]*liveLine, len(rows))
	for i, r := range rows {
		item := Item{OfferID: r.OfferID, SkuID: r.SkuID, SpecID: r.SpecID, Quantity: r.Quantity}
		lines[i] = &liveLine{row: r, wish: wish{Item: item}}
	}
	if err := s.lookUp(ctx, sh, lines); err != nil {
		return nil, err
	}
	c := &liveCart{rate: rate, checked: true}
	for _, l := range lines {
		l.check()
		c.checked = c.checked && l.checked
	}
	pieces := selectedPieces(lines)
	for _, l := range lines {
		l.price(rate, sh, pieces)
	}
	c.group(lines)
	c.settle()
	return c, nil
}

// lookUp reads each offer once. Only the end of ctx is an error.
func (s *Service) lookUp(ctx context.Context, sh shopper, lines []*liveLine) error {
	byOffer := map[int64][]*liveLine{}
	var order []int64
	for _, l := range lines {
		if byOffer[l.row.OfferID] == nil {
			order = append(order, l.row.OfferID)
		}
		byOffer[l.row.OfferID] = append(byOffer[l.row.OfferID], l)
	}
	limited, cancel := context.WithTimeout(ctx, cartWait)
	defer cancel()
	var g errgroup.Group
	g.SetLimit(cartAsks)
	for _, id := range order {
		g.Go(func() error {
			w := wish{Item: Item{OfferID: id}}
			if limited.Err() != nil || s.look(limited, sh.site, sh.lang, &w) != nil {
				return nil //nolint:nilerr // not checked, which the cart says
			}
			for _, l := range byOffer[id] {
				l.wish.offer, l.wish.blocked, l.checked = w.offer, w.blocked, true
			}
			return nil
		})
	}
	_ = g.Wait() // its functions return nil
	return ctx.Err()
}

// check holds a line against its offer alone.
func (l *liveLine) check() {
	if !l.checked {
		return
	}
	if key := l.wish.misfit(); key != "" {
		l.block(key)
		return
	}
	l.buyable = true
	if key, args := l.wish.odd(); key != "" {
		l.block(key, args...)
	}
}

// selectedPieces counts what is selected of each offer, over all variants, as 1688 does.
func selectedPieces(lines []*liveLine) map[int64]int64 {
	pieces := map[int64]int64{}
	for _, l := range lines {
		if l.row.Selected {
			pieces[l.row.OfferID] += l.row.Quantity
		}
	}
	return pieces
}

// price prices a line at the quantity of its offer that is selected, or would be if the line were. A line that was not
// checked has the price it was added with.
func (l *liveLine) price(rate money.Rate, sh shopper, selected map[int64]int64) {
	if l.checked && !l.buyable {
		return
	}
	l.unit = l.row.SeenFen
	if l.checked {
		pieces := selected[l.row.OfferID]
		if !l.row.Selected {
			pieces += l.row.Quantity
		}
		cost, known := l.wish.offer.UnitCost(l.wish.sku, pieces)
		then, _ := l.wish.offer.UnitCost(l.wish.sku, l.row.SeenPieces)
		l.unit, l.changed = cost.Fen, l.row.SeenFen > 0 && then.Fen != l.row.SeenFen
		if !known { // 1688 sells nothing without a price
			l.buyable = false
			l.block("order.line_unavailable")
			return
		}
	}
	l.amount = l.unit * money.Fen(l.row.Quantity) // both are bounded: 10^12 fen, MaxQuantity
	var unitErr, err error
	l.unitMinor, unitErr = rate.Convert(l.unit, sh.site.Currency)
	l.minor, err = rate.Convert(l.amount, sh.site.Currency)
	if unitErr != nil || err != nil || l.amount > maxTotalFen {
		l.block("order.amount_too_large")
		return
	}
	l.priced = l.unit > 0
}

// group sorts the lines by seller, oldest first.
func (c *liveCart) group(lines []*liveLine) {
	at := map[string]*liveGroup{}
	for _, l := range lines {
		seller, name := l.row.SellerOpenID, l.row.SellerName
		if l.wish.offer != nil {
			seller, name = l.wish.offer.SellerOpenID, l.wish.offer.SellerName
		}
		g := at[seller]
		if g == nil {
			g = &liveGroup{sellerOpenID: seller, sellerName: name}
			at[seller] = g
			c.groups = append(c.groups, g)
		}
		g.lines = append(g.lines, l)
		g.sum.add(l)
	}
}

func (s *cartSum) add(l *liveLine) {
	if !l.priced {
		return
	}
	s.goods, s.goodsMinor = s.goods+l.amount, s.goodsMinor+l.minor
	if l.row.Selected {
		s.selected, s.selectedMinor = s.selected+l.amount, s.selectedMinor+l.minor
	}
}

// settle applies the rules that count over several lines, adds up, and gives every blocker its place.
func (c *liveCart) settle() {
	for i, g := range c.groups {
		g.rules()
		c.sum.goods, c.sum.goodsMinor = c.sum.goods+g.sum.goods, c.sum.goodsMinor+g.sum.goodsMinor
		c.sum.selected, c.sum.selectedMinor = c.sum.selected+g.sum.selected, c.sum.selectedMinor+g.sum.selectedMinor
		for j, l := range g.lines {
			for _, b := range l.blockers {
				b.pointer = fmt.Sprintf("/groups/%d/lines/%d", i, j)
				c.blockers = append(c.blockers, b)
			}
		}
	}
	if c.sum.selected > maxTotalFen {
		c.blockers = append(c.blockers, newBlocker("/selectedGoods", "order.amount_too_large"))
	}
}

// rules are the least quantity of each offer and the seller's mixed-batch rule, which stands in for it; over the selected
// lines, because those are what would be ordered. Where all of these are curated 1688 may choose a flow that has neither
// rule: its preview has the last word.
func (g *liveGroup) rules() {
	var chosen []*liveLine
	var pieces int64
	var goods money.Fen
	curated := true
	for _, l := range g.lines {
		if l.buyable && l.row.Selected {
			chosen = append(chosen, l)
			pieces, goods = pieces+l.row.Quantity, goods+l.amount
			curated = curated && (l.wish.sku.PfJxhy > 0 || l.wish.sku.Jxhy > 0)
		}
	}
	if curated {
		return
	}
	ofOffer := selectedPieces(chosen)
	for _, l := range chosen {
		switch o := l.wish.offer; {
		case o.Mix.Allowed && !o.Mix.Met(pieces, goods):
			l.block("order.mixed_batch")
		case !o.Mix.Allowed && ofOffer[o.ID] < o.MinOrder:
			l.block("order.quantity_min", "min", o.MinOrder)
		}
	}
}
