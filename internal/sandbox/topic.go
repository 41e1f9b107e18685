package sandbox

import "slices"

// Product messages. They go to the apps that follow the product only.

// followers are the apps that follow an offer, in the order in which the sandbox learned of them. The caller holds mu.
func (s *Server) followers(offer int64) []*app {
	var out []*app
	for _, key := range s.appKeys {
		if s.follows(key, offer) {
			out = append(out, s.apps[key])
		}
	}
	return out
}

// productMessage sends a PRODUCT_RELATION_VIEW_* message and the PRODUCT_CHANGE message that goes with it. The caller holds mu.
func (s *Server) productMessage(o *offer, event, action string) {
	member := s.cat.Load().seller(o.seller).memberID
	for _, a := range s.followers(o.id) {
		if event != "" {
			s.emit(a.Key, "PRODUCT_RELATION_VIEW_PRODUCT_"+event, itoa(o.id), struct {
				IDs    string `json:"productIds"`
				Member string `json:"memberId"`
				Status string `json:"status"`
				Time   string `json:"msgSendTime"`
			}{itoa(o.id), member, "RELATION_VIEW_PRODUCT_" + event, plainTime(s.now())})
		}
		s.emit(a.Key, "PRODUCT_RELATION_VIEW_PRODUCT_CHANGE", itoa(o.id), struct {
			IDs    string `json:"productIds"`
			Member string `json:"memberId"`
			Action string `json:"action"`
			Time   string `json:"msgSendTime"`
		}{itoa(o.id), member, action, plainTime(s.now())})
	}
}

// priceMessages tells of a new price: the distribution price of a dropship offer, the curated price of a curated one. The bodies of both
// topics are undocumented; this is our guess.
func (s *Server) priceMessages(o *offer) {
	open := s.cat.Load().seller(o.seller).openID
	for _, a := range s.followers(o.id) {
		if o.traits&dropship != 0 {
			s.emit(a.Key, "FENXIAO_PRICE_CHANGE", itoa(o.id), obj{"offerId": o.id, "openUid": open, "bizTime": s.now().UnixMilli()})
		}
		if o.traits&curated != 0 {
			s.emit(a.Key, "PRODUCT_PFT_OFFER_PRICE_MODIFY", itoa(o.id), obj{"offerId": o.id, "type": "single_direct", "openUid": open})
		}
	}
}

func (s *Server) curatedQuit(o *offer) {
	open := s.cat.Load().seller(o.seller).openID
	for _, a := range s.followers(o.id) {
		s.emit(a.Key, "PRODUCT_PFT_OFFER_QUIT", itoa(o.id), obj{"offerId": o.id, "type": "single_direct", "openUid": open})
	}
}

// stockMessage tells the followers that the stock of a SKU moved. The caller holds mu.
func (s *Server) stockMessage(k *sku, by int64) {
	if len(s.followed) == 0 || by == 0 {
		return
	}
	o := s.followedOfferOf(k)
	if o == nil {
		return
	}
	var total int64
	skus := s.cat.Load().skus(o)
	for i := range skus {
		total += s.left(&skus[i])
	}
	for _, a := range s.followers(o.id) {
		s.emit(a.Key, "PRODUCT_PRODUCT_INVENTORY_CHANGE", itoa(o.id), obj{"OfferInventoryChangeList": []obj{{
			"offerId": o.id, "offerOnSale": total, "skuId": k.id, "skuOnSale": s.left(k), "quantity": by, "bizTime": itoa(s.now().UnixMilli()),
		}}})
	}
}

// followedOfferOf finds the followed offer that a SKU belongs to; nil if nobody follows it. The caller holds mu.
func (s *Server) followedOfferOf(k *sku) *offer {
	cat := s.cat.Load()
	if s.skuOwners == nil {
		s.skuOwners = map[int64]int64{}
		for _, offers := range s.followed {
			for id := range offers {
				if o := cat.find(id); o != nil {
					for _, k := range cat.skus(o) {
						s.skuOwners[k.id] = id
					}
				}
			}
		}
	}
	return cat.find(s.skuOwners[k.id])
}

// knownTopics lists what this sandbox can send, for the page.
var knownTopics = slices.Concat([]string{
	"ORDER_BUYER_VIEW_BUYER_MAKE", "ORDER_BUYER_VIEW_ORDER_PRICE_MODIFY", "ORDER_BUYER_VIEW_ORDER_PAY", "ORDER_BUYER_VIEW_ORDER_STEP_PAY",
	"ORDER_BUYER_VIEW_PART_PART_SENDGOODS", "ORDER_BUYER_VIEW_ANNOUNCE_SENDGOODS", "ORDER_BUYER_VIEW_ORDER_COMFIRM_RECEIVEGOODS", "ORDER_BUYER_VIEW_ORDER_SUCCESS",
	"ORDER_BUYER_VIEW_ORDER_BUYER_CLOSE", "ORDER_BUYER_VIEW_ORDER_SELLER_CLOSE", "ORDER_BUYER_VIEW_ORDER_BOPS_CLOSE", "ORDER_BUYER_VIEW_ORDER_BUYER_REFUND_IN_SALES",
	"ORDER_BUYER_VIEW_ORDER_REFUND_AFTER_SALES", "ORDER_BATCH_PAY", "LOGISTICS_BUYER_VIEW_TRACE", "LOGISTICS_MAIL_NO_CHANGE", "LOGISTICS_GLOBAL_1688_PACKAGE_CHANGE",
}, productTopics)

var productTopics = []string{
	"PRODUCT_RELATION_VIEW_PRODUCT_NEW_OR_MODIFY", "PRODUCT_RELATION_VIEW_PRODUCT_EXPIRE", "PRODUCT_RELATION_VIEW_PRODUCT_REPOST", "PRODUCT_RELATION_VIEW_PRODUCT_DELETE",
	"PRODUCT_RELATION_VIEW_PRODUCT_AUDIT", "PRODUCT_RELATION_VIEW_PRODUCT_CHANGE", "PRODUCT_PRODUCT_INVENTORY_CHANGE", "PRODUCT_PFT_OFFER_QUIT",
	"PRODUCT_PFT_OFFER_PRICE_MODIFY", "FENXIAO_PRICE_CHANGE", "PRODUCT_PRODUCT_CROSSBOARD_INFORM",
}
