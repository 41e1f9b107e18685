package sandbox

import (
	"net/http"
)

// showOffers lists offers by keyword or as they come, delisted ones too. It only ever builds what it shows, so it works on a million.
func (s *Server) showOffers(r *http.Request, _ []byte) (any, error) {
	cat, q := s.cat.Load(), r.URL.Query()
	want, name := trait(0), q.Get("trait")
	if name != "" {
		if want = traitNamed(name); want == 0 {
			return nil, controlError{http.StatusBadRequest, "no such trait"}
		}
	}
	limit, skip := limitOf(r), 0
	if n, ok := num(q.Get("offset")).int(); ok && n > 0 {
		skip = int(min(n, int64(len(cat.offers))))
	}
	total, out := 0, []obj{}
	keep := func(o *offer) {
		if o.traits&want != want {
			return
		}
		if total++; total > skip && len(out) < limit {
			out = append(out, s.offerForPeople(cat, o))
		}
	}
	if word := q.Get("keyword"); word != "" {
		for _, i := range cat.hits(word) {
			keep(&cat.offers[i])
		}
	} else {
		for i := range cat.offers {
			keep(&cat.offers[i])
		}
	}
	return obj{"total": total, "offers": out, "traits": traitNames, "actions": offerActionNames()}, nil
}

func (s *Server) showOffer(r *http.Request, _ []byte) (any, error) {
	cat := s.cat.Load()
	n, _ := num(r.PathValue("id")).int()
	o := cat.find(n)
	if o == nil {
		return nil, errNoOffer
	}
	one := s.offerForPeople(cat, o)
	one["actions"] = offerActionNames()
	return one, nil
}

func (s *Server) offerForPeople(cat *catalogue, o *offer) obj {
	titles := map[string]string{}
	for _, l := range langs {
		titles[l] = o.title(l)
	}
	skus, list, sel := cat.skus(o), []obj{}, cat.seller(o.seller)
	for i := range skus {
		k := &skus[i]
		row := obj{"skuId": itoa(k.id), "specId": k.spec, "priceFen": o.unitPrice(k, o.moq), "stock": s.left(k), "size": k.size, "pack": k.pack + 1}
		if k.colour >= 0 {
			row["colour"] = words().colours[k.colour].in("en")
		}
		list = append(list, row)
	}
	return obj{
		"deleted": s.deleted(o.id),
		"offerId": itoa(o.id), "titles": titles, "priceFen": o.price, "minOrderQuantity": o.moq, "batchNumber": o.batch, "quoteType": o.quoteType,
		"sellerOpenId": sel.openID, "sellerMemberId": sel.memberID, "traits": o.traits.names(), "skus": list, "picture": picturePath(o.id, 0),
	}
}

// offerActionNames are the buttons of an offer.
func offerActionNames() []obj {
	out := []obj{}
	for _, a := range offerActions() {
		out = append(out, obj{"name": a.name, "label": a.label})
	}
	return out
}
