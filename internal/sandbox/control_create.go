package sandbox

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// demoOrder is the body of POST /sandbox/v1/orders; all of it is optional.
type demoOrder struct {
	OutOrderID string `json:"outOrderId"`
	Offer      text   `json:"offerId"`
	Quantity   int64  `json:"quantity"` // of each line
	Lines      int    `json:"lines"`    // SKUs of the offer, as far as it has them

	before int // orders of this outOrderId so far
}

// demoAddress is where the orders of the control API go.
const demoAddress = `{"fullName":"Demo Buyer","mobile":"13800000000","provinceText":"浙江省","cityText":"杭州市","areaText":"滨江区","address":"Demo Road 1"}`

// postOrder places an order the way the first app would: through createCrossOrder itself, so that everything follows from it.
func (s *Server) postOrder(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	var in demoOrder
	if err == nil {
		err = read(body, &in)
	}
	if err != nil {
		reply(w, http.StatusBadRequest, marshal(obj{"error": err.Error()}))
		return
	}
	c, err := s.demoCall(&in, s.pictureBase(r))
	if err != nil {
		reply(w, http.StatusConflict, marshal(obj{"error": err.Error()}))
		return
	}
	answer := s.execute(c)
	s.mu.Lock()
	defer s.mu.Unlock()
	made := []obj{}
	for _, id := range s.byOut[in.OutOrderID][in.before:] {
		made = append(made, s.orderWithActions(s.orders[id]))
	}
	if len(made) == 0 {
		reply(w, http.StatusConflict, marshal(obj{"error": "createCrossOrder refused: " + string(answer)}))
		return
	}
	reply(w, http.StatusOK, marshal(obj{"orders": made}))
}

// demoCall is the createCrossOrder call for a demo order.
func (s *Server) demoCall(in *demoOrder, base string) (*call, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	cat := s.cat.Load()
	o, skus := s.demoOffer(cat, in)
	if o == nil {
		return nil, fmt.Errorf("no offer fits: not on sale, or not enough stock")
	}
	for n := len(s.orders) + 1; in.OutOrderID == ""; n++ {
		if name := fmt.Sprintf("demo-%d", n); len(s.byOut[name]) == 0 {
			in.OutOrderID = name
		}
	}
	in.before = len(s.byOut[in.OutOrderID])
	cargo := []obj{}
	for _, k := range skus {
		line := obj{"offerId": o.id, "quantity": demoQuantity(o, in)}
		if k.spec != "" {
			line["specId"] = k.spec
		}
		cargo = append(cargo, line)
	}
	s.requests++
	c := &call{api: s.apis[nsTrade+"/alibaba.trade.createCrossOrder"], app: s.apps[s.opt.Apps[0].Key], base: base, now: s.now()}
	c.args = url.Values{"flow": {"general"}, "outOrderId": {in.OutOrderID}, "addressParam": {demoAddress}, "cargoParamList": {string(marshal(cargo))}}
	return c, nil
}

// demoOffer takes the offer that was asked for, or the next ordinary one with SKUs; each order starts from another offer.
func (s *Server) demoOffer(cat *catalogue, in *demoOrder) (*offer, []*sku) {
	if in.Offer != "" {
		n, _ := num(in.Offer).int()
		if o := cat.find(n); o != nil {
			return o, s.demoSKUs(cat, o, in)
		}
		return nil, nil
	}
	for i := range cat.offers {
		o := &cat.offers[(i+len(s.orders)*7)%len(cat.offers)]
		if o.traits&^(dropship|patent) != 0 {
			continue
		}
		if skus := s.demoSKUs(cat, o, in); len(skus) >= max(in.Lines, 1) {
			return o, skus
		}
	}
	return nil, nil
}

func (s *Server) demoSKUs(cat *catalogue, o *offer, in *demoOrder) []*sku {
	var out []*sku
	all := cat.skus(o)
	for i := range all {
		if s.left(&all[i]) >= demoQuantity(o, in) && len(out) < max(in.Lines, 1) {
			out = append(out, &all[i])
		}
	}
	return out
}

func demoQuantity(o *offer, in *demoOrder) int64 {
	if in.Quantity > 0 {
		return in.Quantity
	}
	n := max(o.moq, 2)
	if o.batch > 0 {
		n = (n + o.batch - 1) / o.batch * o.batch
	}
	return n
}
