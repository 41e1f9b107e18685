package sandbox

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// Kinds of pushes the gateway is told.
const (
	kindOrder        = "order"
	kindRelation     = "relation"
	kindLogistics    = "logistics"
	kindRegistration = "registration"
)

func writeBackAPIs() []api {
	return []api{
		{ns: nsCross, name: "trade.cross.orderSync", required: []string{"orderParam|orderStatusSyncParam"}, lock: true, envelope: envA(true), handle: (*Server).orderSync},
		{ns: nsCross, name: "order.relation.write", required: []string{"orderRelationParam|nationalOrderRelationParamList"}, lock: true, envelope: envA(true), handle: (*Server).relationWrite},
		{ns: nsCross, name: "trade.cross.logisticsOrderSync", required: []string{"orderLogisticsParam|logisticsOrderParam|logisticsStatusSyncParam"}, lock: true, envelope: envA(true), handle: (*Server).logisticsSync},
	}
}

// push is one thing the platform was told, accepted or not. Warnings tell what a strict reader would object to.
type push struct {
	Seq      int             `json:"seq"`
	At       time.Time       `json:"at"`
	Kind     string          `json:"kind"`
	Key      string          `json:"key"`
	API      string          `json:"api"`
	Status   string          `json:"status,omitempty"`
	Accepted bool            `json:"accepted"`
	Code     string          `json:"code"`
	Message  string          `json:"message,omitempty"`
	Warnings []string        `json:"warnings,omitempty"`
	Body     json.RawMessage `json:"body"`
}

// pushKey sums up one key: how often it was told, and the latest accepted word.
type pushKey struct {
	count, accepted int
	latest          *push
}

// told records a push and returns it, so that the caller may add warnings. The caller holds mu.
func (s *Server) told(c *call, kind, key, arg string, ref *refusal, status string, warnings ...string) {
	body := json.RawMessage(c.args.Get(arg))
	s.tell(c, &push{Kind: kind, Key: key, Status: status, Body: body, Warnings: warnings}, ref)
}

func (s *Server) tell(c *call, p *push, ref *refusal) {
	p.Seq, p.At, p.API, p.Accepted, p.Code = len(s.pushes)+1, s.now().UTC().Truncate(time.Millisecond), c.api.name, ref == nil, "S0000"
	if ref != nil {
		p.Code, p.Message = ref.code, ref.message
	}
	s.keepPush(p)
	s.dirty.Pushes = append(s.dirty.Pushes, p)
	c.note = append(c.note, p.Kind+" "+p.Key)
}

func (s *Server) keepPush(p *push) {
	s.pushes = append(s.pushes, p)
	s.pushCount[p.Kind]++
	s.warnings += len(p.Warnings)
	if s.pushIndex[p.Kind] == nil {
		s.pushIndex[p.Kind] = map[string]*pushKey{}
	}
	k := s.pushIndex[p.Kind][p.Key]
	if k == nil {
		k = &pushKey{}
		s.pushIndex[p.Kind][p.Key] = k
	}
	k.count++
	if p.Accepted {
		k.accepted++
	}
	if p.Accepted || k.latest == nil {
		k.latest = p
	}
}

// latest is the last accepted push of a key, or nil.
func (s *Server) latest(kind, key string) *push {
	if k := s.pushIndex[kind][key]; k != nil && k.accepted > 0 {
		return k.latest
	}
	return nil
}

// seedAnswer answers in the shape of the national-site documents, to those who ask in it.
func seedAnswer(c *call, ref *refusal) {
	if ref != nil {
		c.answer = obj{"success": false, "code": ref.code, "message": ref.message, "data": false, "result": false}
		return
	}
	c.answer = obj{"success": true, "code": "S0000", "message": "success", "data": true, "result": true}
}

// syncOrder reads both dialects of the order push; the seed's words stand second.
type syncOrder struct {
	Order      text        `json:"orderId"`
	Member     text        `json:"outMemberId"`
	SeedMember text        `json:"outUserId"`
	Status     string      `json:"status"`
	SeedStatus string      `json:"payStatus"`
	Create     text        `json:"createTime"`
	Pay        text        `json:"payTime"`
	End        text        `json:"endTime"`
	Paid       num         `json:"paidFee"`
	Refund     text        `json:"refundStatus"`
	Product    text        `json:"productId"`
	SeedOffer  text        `json:"offerId"`
	SKU        text        `json:"skuId"`
	Amount     num         `json:"buyAmount"`
	RefundFee  num         `json:"refundFee"` // this and the next two have a place in the seed's words only
	Country    string      `json:"contry"`
	Kind       text        `json:"orderType"` // our name: the documents lost theirs
	Subs       []syncOrder `json:"subOrderParamList"`
	SeedSubs   []syncOrder `json:"subOrderList"`
	StatusSubs []syncOrder `json:"subOrderStatusSyncParamList"`
}

func (o *syncOrder) isSeed() bool {
	return o.SeedStatus != "" || o.Country != "" || o.SeedMember != "" || o.SeedOffer != "" || o.SeedSubs != nil || o.StatusSubs != nil
}

func (s *Server) orderSync(c *call) (any, *refusal) {
	arg := "orderParam"
	if c.args.Get(arg) == "" {
		arg = "orderStatusSyncParam"
	}
	var o syncOrder
	if ref := c.decode(arg, &o); ref != nil {
		return nil, ref
	}
	statusOnly := arg != "orderParam"
	seed := statusOnly || o.isSeed()
	o.Status, o.Member, o.Product = o.Status+o.SeedStatus, o.Member+o.SeedMember, o.Product+o.SeedOffer
	o.Subs = slices.Concat(o.Subs, o.SeedSubs, o.StatusSubs)
	ref := o.check(statusOnly)
	s.told(c, kindOrder, string(o.Order), arg, ref, o.Status, s.orderWarnings(&o, ref)...)
	if seed {
		seedAnswer(c, ref)
	}
	return nil, ref
}

var syncStatuses = []string{"payed", "success", "close"}

func (o *syncOrder) check(statusOnly bool) *refusal {
	bad := func(field string) *refusal { return refuse("PARAM_ERROR", field+" is missing or malformed") }
	paid, paidOK := o.Paid.int()
	switch {
	case o.Order == "" || len(o.Order) > 64:
		return bad("orderId")
	case !slices.Contains(syncStatuses, o.Status):
		return bad("status")
	case o.End != "" && !isPlainTime(string(o.End)):
		return bad("endTime")
	case o.Refund != "" && o.Refund != "0" && o.Refund != "1":
		return bad("refundStatus")
	case o.Country != "" && !countryForm.MatchString(o.Country):
		return bad("contry")
	case o.Kind != "" && o.Kind != "0" && o.Kind != "1":
		return bad("orderType")
	case !optionalFen(o.RefundFee):
		return bad("refundFee")
	case statusOnly:
		return o.checkStatusSubs()
	case o.Member == "":
		return bad("outMemberId")
	case !isPlainTime(string(o.Create)):
		return bad("createTime")
	case !isPlainTime(string(o.Pay)):
		return bad("payTime")
	case !paidOK || paid < 0:
		return bad("paidFee")
	case len(o.Subs) == 0 && (o.Product == "" || o.SKU == ""):
		return bad("subOrderParamList, or productId and skuId,")
	}
	for i := range o.Subs {
		if ref := o.Subs[i].checkSub(); ref != nil {
			return ref
		}
	}
	return nil
}

func optionalFen(n num) bool {
	v, ok := n.int()
	return n == "" || ok && v >= 0
}

// checkStatusSubs looks at the children of a status push, which carry ids and statuses only.
func (o *syncOrder) checkStatusSubs() *refusal {
	for i := range o.Subs {
		sub := &o.Subs[i]
		switch {
		case sub.Order == "":
			return refuse("PARAM_ERROR", "subOrderStatusSyncParamList needs orderId")
		case sub.SeedStatus != "" && !slices.Contains(syncStatuses, sub.SeedStatus):
			return refuse("PARAM_ERROR", "subOrderStatusSyncParamList.payStatus is malformed")
		case sub.Refund != "" && sub.Refund != "0" && sub.Refund != "1":
			return refuse("PARAM_ERROR", "subOrderStatusSyncParamList.refundStatus is malformed")
		}
	}
	return nil
}

func (o *syncOrder) checkSub() *refusal {
	amount, ok := o.Amount.int()
	paid, paidOK := o.Paid.int()
	switch {
	case o.SeedStatus != "" && !slices.Contains(syncStatuses, o.SeedStatus):
		return refuse("PARAM_ERROR", "subOrderList.payStatus is malformed")
	case o.Order == "" || o.Product+o.SeedOffer == "" || o.SKU == "":
		return refuse("PARAM_ERROR", "subOrderParamList needs orderId, productId and skuId")
	case !ok || amount <= 0:
		return refuse("PARAM_ERROR", "subOrderParamList.buyAmount is missing or malformed")
	case !paidOK || paid < 0:
		return refuse("PARAM_ERROR", "subOrderParamList.paidFee is missing or malformed")
	}
	return nil
}

// orderWarnings finds what the platform accepts but nobody should send.
func (s *Server) orderWarnings(o *syncOrder, ref *refusal) []string {
	if ref != nil {
		return nil
	}
	var out []string
	before := s.latest(kindOrder, string(o.Order))
	switch {
	case before == nil && o.Status != "payed":
		out = append(out, "first_push_is_not_payed")
	case before != nil && before.Status != "payed" && o.Status != before.Status:
		out = append(out, "status_went_back")
	}
	for i := range o.Subs {
		id, _ := num(o.Subs[i].Product + o.Subs[i].SeedOffer).int()
		if id != 0 && s.cat.Load().find(id) == nil {
			out = append(out, "unknown_product")
			break
		}
	}
	return out
}

// relation reads both dialects of one pair.
type relation struct {
	Sub       text `json:"orderId"`
	Main      text `json:"parentOrderId"`
	CbuSub    num  `json:"purchaseOrderId"`
	CbuMain   num  `json:"purchaseParentOrderId"`
	SeedSub   text `json:"nationalSubOrderId"`
	SeedMain  text `json:"nationalOrderId"`
	SeedCSub  num  `json:"cbuSubOrderId"`
	SeedCMain num  `json:"cbuOrderId"`
}

func (s *Server) relationWrite(c *call) (any, *refusal) {
	if c.args.Get("orderRelationParam") != "" {
		var r relation
		if ref := c.decode("orderRelationParam", &r); ref != nil {
			return nil, ref
		}
		return nil, s.relate(c, &r, json.RawMessage(c.args.Get("orderRelationParam")))
	}
	var list []json.RawMessage
	if ref := c.decode("nationalOrderRelationParamList", &list); ref != nil {
		return nil, ref
	}
	if len(list) == 0 {
		return nil, refuse("PARAM_ERROR", "nationalOrderRelationParamList is empty")
	}
	var bad *refusal
	for _, raw := range list {
		var r relation
		if err := json.Unmarshal(raw, &r); err != nil {
			return nil, refuse("400_1", "nationalOrderRelationParamList holds something that is no pair")
		}
		r.Sub, r.Main, r.CbuSub, r.CbuMain = r.SeedSub, r.SeedMain, r.SeedCSub, r.SeedCMain
		if ref := s.relate(c, &r, raw); ref != nil && bad == nil {
			bad = ref
		}
	}
	seedAnswer(c, bad)
	return nil, bad
}

// relate checks one pair against the orders we hold: the 1688 side must exist.
func (s *Server) relate(c *call, r *relation, body json.RawMessage) *refusal {
	mainID, okMain := r.CbuMain.int()
	subID, okSub := r.CbuSub.int()
	var ref *refusal
	switch o := s.orders[mainID]; {
	case r.Sub == "" || r.Main == "" || !okMain || !okSub:
		ref = refuse("PARAM_ERROR", "orderId, parentOrderId, purchaseOrderId and purchaseParentOrderId are required")
	case o == nil:
		ref = refuse("PURCHASE_ORDER_NOT_EXIST", "purchaseParentOrderId is no 1688 order")
	case o.line(subID) == nil:
		ref = refuse("PURCHASE_ORDER_NOT_EXIST", "purchaseOrderId is no sub-order of purchaseParentOrderId")
	}
	var warnings []string
	if ref == nil && s.latest(kindOrder, string(r.Main)) == nil {
		warnings = append(warnings, "order_not_pushed_yet")
	}
	s.tell(c, &push{Kind: kindRelation, Key: string(r.Sub) + ":" + string(r.CbuSub), Body: body, Warnings: warnings}, ref)
	return ref
}

// syncLogistics reads both dialects of the parcel push.
type syncLogistics struct {
	Order     text   `json:"orderId"`
	SeedOrder text   `json:"logisticsOrderId"`
	Parcel    text   `json:"logisticsId"`
	Status    string `json:"logisticsStatus"`
	Create    text   `json:"createTime"`
	Sign      text   `json:"signTime"`
	End       text   `json:"endTime"` // this and the next three are the seed's
	Modified  text   `json:"modifiedTime"`
	Country   string `json:"contry"`
	Province  text   `json:"province"`
	City      text   `json:"city"`
	Area      text   `json:"area"`
	Address   text   `json:"address"`
}

var syncParcelStatuses = []string{"send", "sign", "partSign", "refund"}

func (s *Server) logisticsSync(c *call) (any, *refusal) {
	arg, seed := "orderLogisticsParam", false
	for _, name := range []string{"logisticsOrderParam", "logisticsStatusSyncParam"} { // the documents lost the second one's name: this is ours
		if c.args.Get(arg) == "" {
			arg, seed = name, true
		}
	}
	var l syncLogistics
	if ref := c.decode(arg, &l); ref != nil {
		return nil, ref
	}
	l.Order += l.SeedOrder
	ref := l.check(seed)
	unknown := seed && ref == nil && l.Order == "" && !s.orderOfParcel(&l)
	key := string(l.Order) + ":" + string(l.Parcel)
	var warnings []string
	if ref == nil {
		before := s.latest(kindLogistics, key)
		switch {
		case unknown:
			warnings = append(warnings, "parcel_not_pushed_yet")
		case !seed && s.latest(kindOrder, string(l.Order)) == nil:
			warnings = append(warnings, "order_not_pushed_yet")
		case before == nil && l.Status != "send":
			warnings = append(warnings, "first_push_is_not_send")
		case before != nil && before.Status != "send" && l.Status == "send":
			warnings = append(warnings, "status_went_back")
		}
	}
	s.told(c, kindLogistics, key, arg, ref, l.Status, warnings...)
	if seed {
		seedAnswer(c, ref)
	}
	return nil, ref
}

// orderOfParcel finds the order of a status push, which names the parcel only: the parcel was pushed with its order before.
func (s *Server) orderOfParcel(l *syncLogistics) bool {
	found := ""
	for key := range s.pushIndex[kindLogistics] {
		if order, parcel, _ := strings.Cut(key, ":"); parcel == string(l.Parcel) && order != "" && (found == "" || order < found) {
			found = order
		}
	}
	l.Order = text(found)
	return found != ""
}

// check reads a push in either dialect. The seed's status push has the parcel, its status and perhaps a time.
func (l *syncLogistics) check(seed bool) *refusal {
	bad := func(field string) *refusal { return refuse("PARAM_ERROR", field+" is missing or malformed") }
	switch {
	case l.Parcel == "":
		return bad("logisticsId")
	case !slices.Contains(syncParcelStatuses, l.Status):
		return bad("logisticsStatus")
	case seed:
		for _, at := range []struct {
			name string
			time text
		}{{"createTime", l.Create}, {"endTime", l.End}, {"modifiedTime", l.Modified}} {
			if at.time != "" && !isPlainTime(string(at.time)) {
				return bad(at.name)
			}
		}
		if l.Country != "" && !countryForm.MatchString(l.Country) {
			return bad("contry")
		}
		return nil
	case l.Order == "":
		return bad("orderId")
	case !isPlainTime(string(l.Create)):
		return bad("createTime")
	case l.Sign != "" && !isPlainTime(string(l.Sign)):
		return bad("signTime")
	case l.Sign == "" && (l.Status == "sign" || l.Status == "partSign"):
		return bad("signTime")
	case l.Province == "" || l.City == "" || l.Area == "" || l.Address == "":
		return bad("province, city, area or address")
	}
	return nil
}
