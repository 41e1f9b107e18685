package sandbox

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
)

// offerChange is what the control API made of an offer; it lies over the catalogue, which follows from the seed.
type offerChange struct {
	Offer   int64  `json:"offer"`
	Status  string `json:"status,omitempty"` // published, expired, deleted
	Price   int64  `json:"price,omitempty"`  // fen, of the offer; its SKUs follow
	Quit    bool   `json:"quit,omitempty"`   // no longer curated
	Changed int64  `json:"changed"`          // ms
}

// Statuses of an offer.
const (
	offerPublished = "published"
	offerExpired   = "expired"
	offerDeleted   = "deleted"
)

// rebuild makes the catalogue of the seed with all changes on it. The caller holds mu or is New.
func (s *Server) rebuild() {
	cat := newCatalogue(s.seed, s.opt.Offers)
	if len(s.offerChanges) > 0 {
		cat = cat.with(slices.Collect(maps.Values(s.offerChanges))...) // each offer once: the order does not matter
	}
	s.cat.Store(cat)
	s.skuOwners = nil
}

func (o *offer) change(c offerChange) {
	switch c.Status {
	case offerPublished:
		o.traits &^= delisted
	case offerExpired, offerDeleted:
		o.traits |= delisted
	}
	if c.Price > 0 {
		o.price = c.Price
	}
	if c.Quit {
		o.traits &^= curated
	}
}

// deleted tells whether the seller deleted the offer: it can no longer be looked at. The caller holds mu.
func (s *Server) deleted(id int64) bool { return s.offerChanges[id].Status == offerDeleted }

// offerBody is what offer actions may be told; all of it is optional.
type offerBody struct {
	PriceFen int64   `json:"priceFen"` // price
	Percent  float64 `json:"percent"`  // price: of the present one
	SKU      text    `json:"skuId"`    // stock: all SKUs if empty
	To       *int64  `json:"to"`       // stock
	By       int64   `json:"by"`       // stock
	App      string  `json:"app"`      // distribute: whose user listed the product; the first app if empty
}

// offerAction is something a seller or 1688 does to an offer.
type offerAction struct {
	name, label string
	do          func(*Server, *offer, *offerBody) error
}

func offerActions() []offerAction {
	status := func(name, label, to, event, action string) offerAction {
		return offerAction{name, label, func(s *Server, o *offer, _ *offerBody) error {
			if s.deleted(o.id) {
				return controlError{http.StatusConflict, "the offer is deleted"}
			}
			s.productMessage(s.alter(o, func(c *offerChange) { c.Status = to }), event, action)
			return nil
		}}
	}
	tell := func(name, label, event, action string) offerAction {
		return offerAction{name, label, func(s *Server, o *offer, _ *offerBody) error { s.productMessage(o, event, action); return nil }}
	}
	return []offerAction{
		status("delist", "Seller delists", offerExpired, "EXPIRE", "member_expired"),
		status("relist", "Seller lists again", offerPublished, "REPOST", "repost"),
		status("delete", "Seller deletes", offerDeleted, "DELETE", "member_delete"),
		{"price", "Price changes", (*Server).actOfferPrice},
		{"stock", "Stock changes", (*Server).actOfferStock},
		tell("modify", "Seller edits the text", "NEW_OR_MODIFY", "modify"),
		tell("audit", "1688 reviews it", "AUDIT", "audit"),
		{"curated-quit", "Leaves the curated range", func(s *Server, o *offer, _ *offerBody) error {
			if o.traits&curated == 0 {
				return controlError{http.StatusConflict, "the offer is not a curated one"}
			}
			s.curatedQuit(s.alter(o, func(c *offerChange) { c.Quit = true }))
			return nil
		}},
		{"distribute", "Listed with one click", (*Server).actDistribute},
	}
}

var errNoOffer = controlError{http.StatusNotFound, "no such offer"}

// alter changes an offer and returns it as it is now. The caller holds mu.
func (s *Server) alter(o *offer, do func(*offerChange)) *offer {
	c := s.offerChanges[o.id]
	c.Offer, c.Changed = o.id, s.now().UnixMilli()
	do(&c)
	s.offerChanges[o.id] = c
	s.dirty.OfferChanges = append(s.dirty.OfferChanges, c)
	cat := s.cat.Load().with(c)
	s.cat.Store(cat)
	s.skuOwners = nil
	return cat.find(o.id)
}

func (s *Server) postOfferAction(r *http.Request, body []byte) (any, error) {
	n, _ := num(r.PathValue("id")).int()
	o := s.cat.Load().find(n)
	if o == nil {
		return nil, errNoOffer
	}
	var in offerBody
	if err := read(body, &in); err != nil {
		return nil, err
	}
	for _, a := range offerActions() {
		if a.name == r.PathValue("action") {
			s.addLine(obj{"offer": itoa(n), "action": a.name})
			if err := a.do(s, o, &in); err != nil {
				return nil, err
			}
			cat := s.cat.Load()
			return s.offerForPeople(cat, cat.find(n)), nil
		}
	}
	return nil, controlError{http.StatusNotFound, "no such action: " + r.PathValue("action")}
}

func (s *Server) actOfferPrice(o *offer, in *offerBody) error {
	to := in.PriceFen
	if in.Percent > 0 && in.Percent <= 1000 {
		to = int64(float64(o.price)*in.Percent/100 + 0.5)
	}
	if to < 1 || to > 1_000_000_000 {
		return errors.New("give priceFen (1 to 1000000000) or percent (up to 1000)")
	}
	o = s.alter(o, func(c *offerChange) { c.Price = to })
	s.productMessage(o, "NEW_OR_MODIFY", "update")
	s.priceMessages(o)
	return nil
}

func (s *Server) actOfferStock(o *offer, in *offerBody) error {
	skus, hit := s.cat.Load().skus(o), false
	for i := range skus {
		k := &skus[i]
		if in.SKU != "" && string(in.SKU) != itoa(k.id) {
			continue
		}
		hit = true
		by := in.By
		if in.To != nil {
			by = *in.To - s.left(k)
		}
		if by < -maxStock || by > maxStock || s.left(k)+by < 0 || s.left(k)+by > maxStock {
			return fmt.Errorf("stock is 0 to %d", maxStock)
		}
		if by != 0 {
			s.moveStock(k, by)
		}
	}
	if !hit {
		return controlError{http.StatusNotFound, "no such SKU"}
	}
	return nil
}

const maxStock = 1_000_000_000

func (s *Server) actDistribute(o *offer, in *offerBody) error {
	a := s.apps[or(in.App, s.appKeys[0])]
	if a == nil {
		return controlError{http.StatusNotFound, "no such app"}
	}
	s.emit(a.Key, "PRODUCT_PRODUCT_CROSSBOARD_INFORM", itoa(o.id), obj{"offerId": itoa(o.id), "userInfo": a.buyer.memberID, "action": "distribution"})
	return nil
}
