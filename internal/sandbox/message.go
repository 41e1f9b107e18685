package sandbox

import (
	"encoding/json"
	"time"
)

// States of a delivery.
const (
	msgPending   = "pending"
	msgDelivered = "delivered"
	msgFailed    = "failed"  // all tries used: the failed store
	msgLost      = "lost"    // swallowed by a fault
	msgDropped   = "dropped" // taken back by the control API
)

// message is one push. Body is the exact text that is signed and sent, so every repetition is byte-identical.
type message struct {
	ID         int64      `json:"id"`
	App        string     `json:"app"`
	Topic      string     `json:"topic"`
	Key        string     `json:"key"`
	Born       int64      `json:"born"`
	Body       string     `json:"body"`
	Confirmed  bool       `json:"confirmed,omitempty"` // the app took it from the failed store
	Deliveries []delivery `json:"deliveries"`
}

// delivery is the way of a message to one subscriber: the position in its app's callbacks, or in the list of those who get everything.
type delivery struct {
	App      string    `json:"app,omitempty"`
	Slot     int       `json:"slot"`
	State    string    `json:"state"`
	Bend     string    `json:"bend,omitempty"` // the fault that every try of it acts out
	Attempts []attempt `json:"attempts,omitempty"`
}

type attempt struct {
	At     time.Time `json:"at"`
	URL    string    `json:"url"`
	Status int       `json:"status,omitempty"`
	Error  string    `json:"error,omitempty"`
}

func (m *message) setDelivery(i int, d delivery) {
	for len(m.Deliveries) <= i {
		m.Deliveries = append(m.Deliveries, delivery{})
	}
	m.Deliveries[i] = d
}

// messageFormat is how messages are written; the wire is not the same everywhere, so each choice is a switch.
type messageFormat struct {
	DataAsText bool `json:"dataAsText"` // data is JSON text
	IDAsText   bool `json:"idAsText"`   // msgId and gmtBorn are text
	ExtraInfo  bool `json:"extraInfo"`  // the unused member is there, as null
	BlankTime  bool `json:"blankTime"`  // logistics times are empty
}

// emit creates a message and queues it for every subscriber of the app, bending it as the message faults say. The caller holds mu.
func (s *Server) emit(appKey, topic, key string, data any) *message {
	m := &message{ID: 7_000_000_001 + int64(len(s.messages)), App: appKey, Topic: topic, Key: key, Born: s.now().UnixMilli()}
	m.Body = s.messageBody(m, data)
	f, kind, bend := s.messageFault(m), "", ""
	if f != nil {
		kind = f.Kind
	}
	switch kind {
	case "corrupt", "corrupt_body", "truncate_body", "malformed":
		bend = kind
	}
	s.keepMessage(m)
	s.dirty.Messages = append(s.dirty.Messages, m)
	for _, l := range s.lanesOf(appKey) {
		d := delivery{App: l.app, Slot: l.slot, State: msgPending, Bend: bend}
		if kind == "lose" {
			d.State = msgLost
		}
		m.Deliveries = append(m.Deliveries, d)
		if kind == "lose" {
			continue
		}
		s.queue(l, m, len(m.Deliveries)-1, f) // a lane without an address keeps it until its subscriber is back
		if kind == "duplicate" {
			m.Deliveries = append(m.Deliveries, d)
			s.queue(l, m, len(m.Deliveries)-1, f)
		}
	}
	s.recordMessage(m, kind)
	if kind == "stale" {
		s.again(s.olderThan(m), "", s.paceNow().Add(f.wait(2*time.Second)))
	}
	return m
}

// olderThan finds the message before m with the same key; m itself if there is none among the last thousand.
func (s *Server) olderThan(m *message) *message {
	for i := len(s.messages) - 2; i >= max(0, len(s.messages)-1000); i-- {
		if o := s.messages[i]; o.Key == m.Key && o.App == m.App {
			return o
		}
	}
	return m
}

func (s *Server) messageBody(m *message, data any) string {
	if s.format.DataAsText {
		data = string(marshal(data))
	}
	user := ""
	if a := s.apps[m.App]; a != nil {
		user = a.buyer.memberID
	}
	var id, born any = m.ID, m.Born
	if s.format.IDAsText {
		id, born = itoa(m.ID), itoa(m.Born)
	}
	var extra json.RawMessage
	if s.format.ExtraInfo {
		extra = json.RawMessage("null")
	}
	return string(marshal(struct {
		BizKey  string          `json:"bizKey,omitempty"`
		Data    any             `json:"data"`
		Extra   json.RawMessage `json:"extraInfo,omitempty"`
		GmtBorn any             `json:"gmtBorn"`
		MsgID   any             `json:"msgId"`
		Type    string          `json:"type"`
		User    string          `json:"userInfo"`
	}{m.Key, data, extra, born, id, m.Topic, user}))
}

func (s *Server) keepMessage(m *message) {
	s.messages = append(s.messages, m)
	s.byMsg[m.ID] = m
}

// messageTime is the time inside logistics messages. The caller holds mu.
func (s *Server) messageTime() string {
	if s.format.BlankTime {
		return ""
	}
	return plainTime(s.now())
}

// orderMessage tells the buyer's subscribers that an order moved. The caller holds mu.
func (s *Server) orderMessage(o *order, event, status string) {
	s.emit(o.App, "ORDER_BUYER_VIEW_"+event, itoa(o.ID), struct {
		Buyer  string `json:"buyerMemberId"`
		Order  int64  `json:"orderId"`
		Status string `json:"currentStatus"`
		Seller string `json:"sellerMemberId"`
		Time   string `json:"msgSendTime"`
	}{o.Buyer, o.ID, status, o.SellerMember, plainTime(s.now())})
}

// dataOf returns the data member of a message, for lists.
func (m *message) dataOf() json.RawMessage {
	var e struct {
		Data json.RawMessage `json:"data"`
	}
	_ = json.Unmarshal([]byte(m.Body), &e) // our own text
	return e.Data
}
