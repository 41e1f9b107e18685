package sandbox

import (
	"slices"
	"time"
)

// parcel is what a carrier moves inside China. Node is the last station, in the words of the push, or parcelNoGet or parcelCancel.
type parcel struct {
	ID      string       `json:"id"`
	BillNo  string       `json:"bill"`
	Carrier int          `json:"carrier"`
	Node    string       `json:"node"`
	Items   []parcelItem `json:"items"`
	Steps   []parcelStep `json:"steps"`
	Created time.Time    `json:"created"`
	Kind    int          `json:"kind,omitempty"`   // 0 own carrier, 1 carrier of the platform, 2 no logistics
	Reason  int          `json:"reason,omitempty"` // noLogisticsCondition 1..5 of kind 2
	Travel  bool         `json:"travel,omitempty"` // it moves on by itself, at the pace of real carriers
}

// noLogistics is a shipment nobody carries: nothing to track, the waybill number says so in Chinese.
const (
	noLogistics = 2
	noWaybill   = "无需物流"
)

type parcelItem struct {
	SubID    int64 `json:"sub"`
	Quantity int64 `json:"quantity"`
}

type parcelStep struct {
	At   time.Time `json:"at"`
	Node string    `json:"node"`
	Text string    `json:"text"`
}

type carrier struct{ no, name, id, prefix, phone, spelling string }

var carriers = []carrier{
	{"ZTO", "中通快递(ZTO)", "7", "7568", "95311", "zhongtong"}, {"YTO", "圆通速递(YTO)", "3", "YT78", "95554", "yuantong"},
	{"STO", "申通快递(STO)", "2", "7730", "95543", "shentong"}, {"YUNDA", "韵达快递(YUNDA)", "8", "4632", "95546", "yunda"},
	{"SF", "顺丰速运(SF)", "1", "SF10", "95338", "shunfeng"}, {"EMS", "EMS", "4", "1185", "11183", "ems"},
	{"JTSD", "极兔速递(JTSD)", "11", "JT30", "956025", "jitu"}, {"DBKD", "德邦快递(DBKD)", "12", "DPK3", "95353", "debang"},
	{"JDKD", "京东快递(JDKD)", "13", "JDVA", "950616", "jingdong"}, {"POSTB", "邮政快递包裹(POSTB)", "14", "9896", "11185", "youzheng"},
}

func carrierByNo(no string) (int, bool) {
	i := slices.IndexFunc(carriers, func(c carrier) bool { return c.no == no })
	return i, i >= 0
}

// Stations the push does not tell of.
const (
	parcelNoGet  = "NOGET"  // the carrier came and got nothing
	parcelCancel = "CANCEL" // the shipment was called off; its goods left in another parcel
)

// nodeText is what the carrier writes, in Chinese as always.
var nodeText = map[string]string{
	"CONSIGN": "商家已发货，等待揽收", "ACCEPT": "快件已揽收", "TRANSPORT": "快件已发往转运中心", "DELIVERING": "快件正在派送中",
	"AGENT_SIGN": "快件已暂存至代收点", "SIGN": "快件已签收", "FAILED": "派送失败，等待再次派送", parcelNoGet: "揽收失败，等待再次揽收", parcelCancel: "物流订单已取消",
}

// parcelStatus translates the station into the status words of getLogisticsInfos.
var parcelStatus = map[string]string{
	"CONSIGN": "WAITACCEPT", "ACCEPT": "ACCEPT", "TRANSPORT": "TRANSPORT", "DELIVERING": "TRANSPORT", "AGENT_SIGN": "TRANSPORT", "SIGN": "SIGN",
	"FAILED": "UNSIGN", parcelNoGet: "NOGET", parcelCancel: "CANCEL",
}

// nodeRank orders the stations: a parcel never goes back to a lower one. A failed delivery is tried again.
var nodeRank = map[string]int{"CONSIGN": 1, parcelNoGet: 1, "ACCEPT": 2, "TRANSPORT": 3, "DELIVERING": 4, "FAILED": 4, "AGENT_SIGN": 5, "SIGN": 6}

// maxSteps bounds the history of a parcel that fails and is tried again for ever.
const maxSteps = 60

func (o *order) parcel(id string) *parcel {
	for i := range o.Parcels {
		if o.Parcels[i].ID == id {
			return &o.Parcels[i]
		}
	}
	return nil
}

// newParcel is the next parcel of an order, still empty. Without a waybill number the carrier makes one up.
func (s *Server) newParcel(o *order, by int, bill string) parcel {
	n := int64(len(o.Parcels) + 1)
	if bill == "" {
		bill = carriers[by].prefix + itoa(o.ID/1000%10_000_000_000+n)
	}
	return parcel{ID: "LP" + itoa(o.ID/1000+n), BillNo: bill, Carrier: by, Node: "CONSIGN", Created: s.now()}
}

func (p *parcel) met(node string) bool {
	return slices.ContainsFunc(p.Steps, func(st parcelStep) bool { return st.Node == node })
}

// may tells whether the parcel can come to the station from where it is.
func (p *parcel) may(node string) bool {
	switch {
	case len(p.Steps) == 0:
		return true
	case p.Node == node || p.Node == "SIGN" || p.Node == parcelCancel || len(p.Steps) >= maxSteps && node != "SIGN":
		return false
	case node == parcelCancel || node == parcelNoGet:
		return nodeRank[p.Node] == 1
	case node == "FAILED":
		return nodeRank[p.Node] > 1
	}
	return nodeRank[node] >= nodeRank[p.Node]
}

// reach moves a parcel to a station, unless it has gone further already, and tells the subscribers, the first time only.
func (s *Server) reach(o *order, p *parcel, node string) {
	if !p.may(node) {
		return
	}
	first := !p.met(node)
	p.Node = node
	p.Steps = append(p.Steps, parcelStep{s.now(), node, nodeText[node]})
	s.touch(o)
	s.planParcel(o, p)
	if !first || node == parcelNoGet || node == parcelCancel {
		return
	}
	s.emit(o.App, "LOGISTICS_BUYER_VIEW_TRACE", itoa(o.ID), obj{"OrderLogisticsTracingModel": obj{
		"logisticsId": p.ID, "cpCode": carriers[p.Carrier].no, "mailNo": p.BillNo, "statusChanged": node,
		"changeTime": s.messageTime(), "orderLogsItems": s.logItems(o, p),
	}})
}

// logItems is an array in the documents of today and, on a switch, the single object of the old guide.
func (s *Server) logItems(o *order, p *parcel) any {
	out := []obj{}
	for _, it := range p.Items {
		out = append(out, obj{"orderId": o.ID, "orderEntryId": it.SubID})
	}
	if s.carrierRules.SingleLogItem && len(out) > 0 {
		return out[0]
	}
	return out
}

func (s *Server) changeMailNo(o *order, p *parcel, by int, bill string) {
	old := *p
	p.Carrier, p.BillNo = by, bill
	s.touch(o)
	s.emit(o.App, "LOGISTICS_MAIL_NO_CHANGE", itoa(o.ID), obj{"MailNoChangeModel": obj{
		"logisticsId": p.ID, "oldCpCode": carriers[old.Carrier].no, "newCpCode": carriers[by].no, "oldMailNo": old.BillNo, "newMailNo": bill,
		"eventTime": s.messageTime(), "orderLogsItems": s.logItems(o, p),
	}})
}

// calledOff ends a parcel the carrier never took; the seller sends the same goods again with another one.
func (s *Server) calledOff(o *order, p *parcel, by int, bill string) {
	again := s.newParcel(o, by, bill)
	again.Items, again.Kind, again.Travel = slices.Clone(p.Items), p.Kind, p.Travel
	s.reach(o, p, parcelCancel)
	o.Parcels = append(o.Parcels, again) // p may point into the old array from here on
	s.reach(o, &o.Parcels[len(o.Parcels)-1], "CONSIGN")
}

// carrierRules is how carriers behave in this sandbox.
type carrierRules struct {
	StepSeconds   int64 `json:"stepSeconds"`   // > 0: a parcel reaches its next station after so many seconds of the sandbox clock
	SingleLogItem bool  `json:"singleLogItem"` // orderLogsItems as one object
}

// planParcel sets the moment of the next station, if carriers move by themselves. The caller holds mu.
func (s *Server) planParcel(o *order, p *parcel) {
	pace := s.carrierRules.StepSeconds
	if p.Travel {
		s.planTravel(o, p)
		return
	}
	if pace <= 0 || len(p.Steps) == 0 || p.Node == "SIGN" || p.Node == parcelCancel {
		return
	}
	id, parcelID, seen := o.ID, p.ID, len(p.Steps)
	s.at(p.Steps[seen-1].At.Add(time.Duration(pace)*time.Second), func() {
		o := s.orders[id]
		if o == nil || o.Status == cancelled || s.carrierRules.StepSeconds != pace {
			return
		}
		if p := o.parcel(parcelID); p != nil && len(p.Steps) == seen {
			s.reach(o, p, nextNode[p.Node])
		}
	})
}

// nextNode is the straight way to the door.
var nextNode = map[string]string{
	"CONSIGN": "ACCEPT", parcelNoGet: "ACCEPT", "ACCEPT": "TRANSPORT", "TRANSPORT": "DELIVERING", "DELIVERING": "SIGN", "FAILED": "DELIVERING", "AGENT_SIGN": "SIGN",
}

// planParcels plans for every parcel on its way: after a restart, and when the rules change.
func (s *Server) planParcels() {
	for _, id := range s.orderIDs {
		o := s.orders[id]
		for i := range o.Parcels {
			s.planParcel(o, &o.Parcels[i])
		}
	}
}
