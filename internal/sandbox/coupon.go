package sandbox

import (
	"fmt"
	"slices"
	"time"
)

// promotion is a discount of a shop: some yuan off, or free freight, from a sum of goods. Amounts are fen.
type promotion struct {
	id, text, desc string
	from, cut      int64
	freePostage    bool
	claimed        bool // from a claimed coupon: it is used without being asked for
}

// promotions everybody may use by naming them. Every fourth shop gives money off, every sixth free freight on the mainland.
func (s seller) promotions() []promotion {
	var out []promotion
	if s.idx%4 == 0 {
		out = append(out, promotion{id: s.promotionID(1), text: "满100减5", desc: "店铺满减", from: 10_000, cut: 500})
	}
	if s.idx%6 == 2 {
		out = append(out, promotion{id: s.promotionID(2), text: "满300包邮", desc: "店铺包邮", from: 30_000, freePostage: true})
	}
	return out
}

func (s seller) promotionID(n int64) string { return itoa(860_000_000 + int64(s.idx)*10 + n) }

// Kinds of coupons.
const (
	shopCoupon = "shop" // off the goods of one shop
	redPacket  = "red"  // off the goods anywhere
	postCoupon = "post" // off the freight
)

// coupon is one a buyer has claimed. It is used once, and is back when its order closes unpaid.
type coupon struct {
	ID      int64     `json:"id"`
	Buyer   string    `json:"buyer"`
	Kind    string    `json:"kind"`
	Seller  int       `json:"seller"` // of a shop coupon
	Amount  int64     `json:"amount"`
	From    int64     `json:"from"`
	Until   time.Time `json:"until"`
	Claimed time.Time `json:"claimed"`
	Order   int64     `json:"order,omitempty"` // that used it
}

const firstCoupon = 5_500_000_001

func (k *coupon) usable(seller int, goods int64, now time.Time) bool {
	return k.Order == 0 && goods >= k.From && now.Before(k.Until) && (k.Kind != shopCoupon || k.Seller == seller)
}

func (k *coupon) promotion() promotion {
	return promotion{
		id: itoa(k.ID), text: fmt.Sprintf("满%d减%d", k.From/100, k.Amount/100), desc: "店铺优惠券", from: k.From, cut: k.Amount, claimed: true,
	}
}

// useCoupons finds for each group what takes most off: the shop promotion named in shopPromotionId, else a claimed shop coupon; then red
// packets and freight coupons, which are used unless useRedEnvelope says n. Each coupon serves one group only.
func (s *Server) useCoupons(c *call, ct *cart) {
	named, own := c.args.Get("shopPromotionId"), s.coupons[c.app.buyer.memberID]
	used := make(map[int64]bool, 3)
	for _, g := range ct.groups {
		if g.bad != nil {
			continue
		}
		for _, p := range ct.seller.promotions() {
			if g.goods >= p.from && (!p.freePostage || g.freight > 0 && !ct.address.abroad()) {
				g.offered = append(g.offered, p)
			}
		}
		take := func(kind string, most int64) int64 {
			var best *coupon
			for _, k := range own {
				if k.Kind == kind && !used[k.ID] && k.usable(ct.seller.idx, g.goods, c.now) && (best == nil || k.Amount > best.Amount) {
					best = k
				}
			}
			if best == nil || most <= 0 {
				return 0
			}
			used[best.ID] = true
			g.coupons = append(g.coupons, best)
			return min(best.Amount, most)
		}
		s.usePromotion(ct, g, named, own, used, c.now)
		if c.args.Get("useRedEnvelope") != "n" {
			g.red = take(redPacket, g.goods-g.cut-1)
			g.post = take(postCoupon, g.freight)
		}
	}
}

func (s *Server) usePromotion(ct *cart, g *cartGroup, named string, own []*coupon, used map[int64]bool, now time.Time) {
	from := map[string]*coupon{}
	for _, k := range own {
		if k.Kind == shopCoupon && k.Seller == ct.seller.idx && !used[k.ID] && k.usable(ct.seller.idx, g.goods, now) {
			p := k.promotion()
			from[p.id] = k
			g.offered = append(g.offered, p)
		}
	}
	best := -1
	for i, p := range g.offered {
		if named != "" && p.id == named || named == "" && p.claimed && (best < 0 || p.cut > g.offered[best].cut) {
			best = i
		}
	}
	if best < 0 {
		return
	}
	g.promotion = &g.offered[best]
	if g.promotion.freePostage {
		g.freight = 0
	}
	g.cut = min(g.promotion.cut, g.goods-1)
	if k := from[g.promotion.id]; k != nil {
		used[k.ID] = true
		g.coupons = append(g.coupons, k)
	}
}

// spend marks the coupons of a group as used by its order.
func (s *Server) spend(g *cartGroup, o *order) {
	for _, k := range g.coupons {
		k.Order = o.ID
		o.Coupons = append(o.Coupons, k.ID)
		s.keepCoupon(k)
		s.dirty.Coupons = append(s.dirty.Coupons, k)
	}
}

// giveBack returns the coupons of an order that closed unpaid.
func (s *Server) giveBack(o *order) {
	for _, id := range o.Coupons {
		if k := s.spent[id]; k != nil && k.Order == o.ID {
			k.Order = 0
			s.keepCoupon(k)
			s.dirty.Coupons = append(s.dirty.Coupons, k)
		}
	}
}

// keepCoupon stores a new, changed or replayed coupon where it belongs: with those its buyer may use, or with the spent ones.
func (s *Server) keepCoupon(k *coupon) {
	s.couponCount = max(s.couponCount, k.ID-firstCoupon+1)
	delete(s.spent, k.ID)
	own := slices.DeleteFunc(s.coupons[k.Buyer], func(old *coupon) bool { return old.ID == k.ID })
	if k.Order != 0 {
		s.spent[k.ID] = k
	} else {
		own = append(own, k)
	}
	s.coupons[k.Buyer] = own
}
