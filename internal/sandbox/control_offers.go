package sandbox

import (
	"net/http"
	"slices"
)

func (s *Server) showOffers(r *http.Request, _ []byte) (any, error) {
	cat, q := s.cat.Load(), r.URL.Query()
	ids := cat.hits(q.Get("keyword"))
	if q.Get("keyword") == "" { // people look for delisted ones too
		ids = ids[:0]
		for i := range cat.offers {
			ids = append(ids, int32(i))
		}
	}
	if want := q.Get("trait"); want != "" {
		ids = slices.DeleteFunc(ids, func(i int32) bool { return !slices.Contains(cat.offers[i].traits.names(), want) })
	}
	out := []obj{}
	for _, i := range ids[:min(len(ids), limitOf(r))] {
		out = append(out, s.offerForPeople(cat, &cat.offers[i]))
	}
	return obj{"total": len(ids), "offers": out, "traits": traitNames}, nil
}

func (s *Server) showOffer(r *http.Request, _ []byte) (any, error) {
	cat := s.cat.Load()
	n, _ := num(r.PathValue("id")).int()
	o := cat.find(n)
	if o == nil {
		return nil, controlError{http.StatusNotFound, "no such offer"}
	}
	return s.offerForPeople(cat, o), nil
}

func (s *Server) offerForPeople(cat *catalogue, o *offer) obj {
	titles := map[string]string{}
	for _, l := range langs {
		titles[l] = o.title(l)
	}
	skus, list, sel := cat.skus(o), []obj{}, cat.seller(o.seller)
	for i := range skus {
		k := &skus[i]
		row := obj{"skuId": itoa(k.id), "specId": k.spec, "priceFen": o.unitPrice(k, o.moq), "stock": s.left(k), "size": k.size}
		if k.colour >= 0 {
			row["colour"] = words().colours[k.colour].in("en")
		}
		list = append(list, row)
	}
	return obj{
		"offerId": itoa(o.id), "titles": titles, "priceFen": o.price, "minOrderQuantity": o.moq, "batchNumber": o.batch, "quoteType": o.quoteType,
		"sellerOpenId": sel.openID, "sellerMemberId": sel.memberID, "traits": o.traits.names(), "skus": list, "picture": picturePath(o.id, 0),
	}
}
