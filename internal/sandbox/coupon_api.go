package sandbox

import (
	"slices"
	"time"
)

func couponAPIs() []api {
	return []api{{ns: nsMarketing, name: "coupon.optimal.claim", required: []string{"offerIds"}, lock: true, envelope: envA(false), handle: (*Server).claimCoupons}}
}

// couponLife is how long a claimed coupon lasts.
const couponLife = 7 * 24 * time.Hour

// claimCoupons takes the best coupon of each shop among the offers, and a red packet and a freight coupon when the buyer has none left.
// The inside of BestBizCouponGetResult is not documented; this one is ours.
func (s *Server) claimCoupons(c *call) (any, *refusal) {
	var ids []num
	if ref := c.decode("offerIds", &ids); ref != nil {
		return nil, ref
	}
	if len(ids) == 0 || len(ids) > 100 {
		return nil, refuse("400_1", "offerIds holds 1 to 100 offers")
	}
	cat := s.cat.Load()
	var sellers []int
	failed := []int64{}
	for _, id := range ids {
		n, _ := id.int()
		o := cat.find(n)
		switch {
		case o == nil || o.traits&delisted != 0:
			failed = append(failed, n)
		case !slices.Contains(sellers, o.seller):
			sellers = append(sellers, o.seller)
		}
	}
	got := []obj{}
	add := func(kind string, seller int, amount, from int64, shop any) {
		if k := s.claim(c, kind, seller, amount, from); k != nil {
			got = append(got, obj{
				"couponId": itoa(k.ID), "couponType": kind, "sellerMemberId": shop, "amount": k.Amount, "startFee": k.From, "endTime": stamp(k.Until),
			})
		}
	}
	for _, i := range sellers {
		sel := cat.seller(i)
		if i%3 != 2 {
			add(shopCoupon, i, 800, 8000, sel.memberID)
		}
		if i%5 == 4 {
			add(postCoupon, 0, 300, 5000, nil)
		}
	}
	if len(sellers) > 0 {
		add(redPacket, 0, 200, 3000, nil)
	}
	return obj{"success": len(sellers) > 0, "couponList": got, "failOfferIds": failed}, nil
}

// claim gives a coupon unless the buyer holds a good one of the kind (and shop) already.
func (s *Server) claim(c *call, kind string, seller int, amount, from int64) *coupon {
	buyer := c.app.buyer.memberID
	s.coupons[buyer] = slices.DeleteFunc(s.coupons[buyer], func(k *coupon) bool { return !c.now.Before(k.Until) })
	for _, k := range s.coupons[buyer] {
		if k.Kind == kind && k.Seller == seller {
			return nil
		}
	}
	k := &coupon{
		ID: firstCoupon + s.couponCount, Buyer: buyer, Kind: kind, Seller: seller, Amount: amount, From: from, Claimed: s.now(), Until: s.now().Add(couponLife),
	}
	s.keepCoupon(k)
	s.dirty.Coupons = append(s.dirty.Coupons, k)
	return k
}
