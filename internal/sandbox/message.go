package sandbox

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
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
	Corrupt    bool       `json:"corrupt,omitempty"`
	Deliveries []delivery `json:"deliveries"`
}

// delivery is the way of a message to one subscriber, named by its position in the list.
type delivery struct {
	Slot     int       `json:"slot"`
	State    string    `json:"state"`
	Corrupt  bool      `json:"corrupt,omitempty"`
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

// lane delivers to one subscriber, one message at a time and in order; only retries and delayed messages fall behind.
type lane struct {
	slot  int
	url   string
	queue []*job
	later []*job // by due time
	wake  chan struct{}
}

// job is one pending delivery.
type job struct {
	st    *state // of its birth: a reset makes it void
	msg   *message
	index int // in msg.Deliveries
	try   int
	due   time.Time
}

func (l *lane) poke() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *lane) put(j *job) {
	if j.due.IsZero() {
		l.queue = append(l.queue, j)
	} else {
		i, _ := slices.BinarySearchFunc(l.later, j, func(a, b *job) int { return cmp.Or(a.due.Compare(b.due), -1) })
		l.later = slices.Insert(l.later, i, j)
	}
	l.poke()
}

// next takes the next job that may go now; otherwise it says how long to wait for one (0 = until poked).
func (l *lane) next(now time.Time) (*job, time.Duration) {
	if len(l.later) > 0 && !l.later[0].due.After(now) {
		j := l.later[0]
		l.later = l.later[1:]
		return j, 0
	}
	if len(l.queue) > 0 {
		j := l.queue[0]
		l.queue = l.queue[1:]
		return j, 0
	}
	if len(l.later) > 0 {
		return nil, l.later[0].due.Sub(now)
	}
	return nil, 0
}

// emit creates a message and queues it for every subscriber, bending it as the message faults say. The caller holds mu.
func (s *Server) emit(appKey, topic, key string, data any) *message {
	now := s.now()
	m := &message{ID: 7_000_000_001 + int64(len(s.messages)), App: appKey, Topic: topic, Key: key, Born: now.UnixMilli()}
	m.Body = s.messageBody(m, data)
	f := s.messageFault(topic)
	kind := ""
	if f != nil {
		kind = f.Kind
	}
	copies := 1
	if kind == "duplicate" {
		copies = 2
	}
	m.Corrupt = kind == "corrupt"
	s.keepMessage(m)
	s.dirty.Messages = append(s.dirty.Messages, m)
	for _, l := range s.lanes {
		for range copies {
			d := delivery{Slot: l.slot, State: msgPending, Corrupt: m.Corrupt}
			if kind == "lose" {
				d.State = msgLost
			}
			m.Deliveries = append(m.Deliveries, d)
			if d.State == msgPending { // a lane without an address keeps it until its subscriber is back
				s.queue(l, m, len(m.Deliveries)-1, f)
			}
		}
	}
	line := obj{"message": topic, "key": key}
	if kind != "" {
		line["fault"] = kind
	}
	s.addLine(line)
	return m
}

func (s *Server) messageBody(m *message, data any) string {
	if s.opt.DataAsText {
		data = string(marshal(data))
	}
	user := ""
	if a := s.apps[m.App]; a != nil {
		user = a.buyer.memberID
	}
	return string(marshal(struct {
		BizKey  string `json:"bizKey,omitempty"`
		Data    any    `json:"data"`
		GmtBorn int64  `json:"gmtBorn"`
		MsgID   int64  `json:"msgId"`
		Type    string `json:"type"`
		User    string `json:"userInfo"`
	}{m.Key, data, m.Born, m.ID, m.Topic, user}))
}

func (s *Server) keepMessage(m *message) {
	s.messages = append(s.messages, m)
	s.byMsg[m.ID] = m
}

// queue hands one delivery to its lane; delay and shuffle faults say when. The caller holds mu.
func (s *Server) queue(l *lane, m *message, index int, f *fault) {
	j := &job{st: s.state, msg: m, index: index}
	switch {
	case f != nil && f.Kind == "delay":
		j.due = time.Now().Add(f.wait(2 * time.Second))
	case f != nil && f.Kind == "shuffle":
		s.hold(l, j, f)
		return
	case s.opt.RetryDelays[0] > 0:
		j.due = time.Now().Add(s.opt.RetryDelays[0])
	}
	l.put(j)
}

// hold makes the messages of one shuffle fault leave in reverse: each is due a little before the one held earlier, and all at once
// when the fault is used up.
func (s *Server) hold(l *lane, j *job, f *fault) {
	f.held = append(f.held, j)
	j.due = time.Now().Add(f.wait(time.Second) - time.Duration(len(f.held))*10*time.Millisecond)
	if f.Count > 0 && f.Used >= f.Count {
		past := time.Now().Add(-time.Minute)
		for i, h := range f.held {
			h.due = past.Add(-time.Duration(i) * time.Second)
		}
	}
	l.put(j)
	for _, l := range s.lanes {
		slices.SortStableFunc(l.later, func(a, b *job) int { return a.due.Compare(b.due) })
	}
}

// requeue puts deliveries that a stopped process left pending back into their lanes.
func (s *Server) requeue() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.messages {
		for i, d := range m.Deliveries {
			if d.State != msgPending {
				continue
			}
			for len(s.lanes) <= d.Slot {
				s.addLane()
			}
			s.lanes[d.Slot].put(&job{st: s.state, msg: m, index: i})
		}
	}
}

// addLane makes room for one more subscriber. The caller holds mu.
func (s *Server) addLane() {
	s.lanes = append(s.lanes, &lane{slot: len(s.lanes), wake: make(chan struct{}, 1)})
	select {
	case s.added <- struct{}{}:
	default:
	}
}

// deliverAll runs one goroutine per lane until ctx ends; lanes may join at any time.
func (s *Server) deliverAll(ctx context.Context) {
	for started := 0; ; {
		s.mu.Lock()
		fresh := s.lanes[started:]
		started = len(s.lanes)
		s.mu.Unlock()
		for _, l := range fresh {
			s.wg.Go(func() { s.runLane(ctx, l) })
		}
		select {
		case <-ctx.Done():
			return
		case <-s.added:
		}
	}
}

func (s *Server) runLane(ctx context.Context, l *lane) {
	for ctx.Err() == nil {
		s.mu.Lock()
		var j *job
		var wait time.Duration
		if l.url != "" && !s.paused {
			j, wait = l.next(time.Now())
		}
		target := l.url
		s.mu.Unlock()
		if j == nil {
			l.sleep(ctx, wait)
			continue
		}
		s.deliver(ctx, l, j, target)
	}
}

func (l *lane) sleep(ctx context.Context, wait time.Duration) {
	var timer <-chan time.Time
	if wait > 0 {
		t := time.NewTimer(wait)
		defer t.Stop()
		timer = t.C
	}
	select {
	case <-ctx.Done():
	case <-l.wake:
	case <-timer:
	}
}

func (s *Server) deliver(ctx context.Context, l *lane, j *job, target string) {
	s.mu.Lock()
	if j.st != s.state || j.msg.Deliveries[j.index].State != msgPending {
		s.mu.Unlock()
		return
	}
	form := s.signedForm(j.msg, j.msg.Deliveries[j.index].Corrupt)
	s.mu.Unlock()
	status, err := s.post(ctx, target, form)
	if ctx.Err() != nil {
		return // still pending: the next start delivers it, perhaps for the second time, as real platforms do
	}
	a := attempt{At: time.Now().UTC(), URL: target, Status: status}
	if err != nil {
		a.Error = err.Error()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if j.st != s.state {
		return
	}
	d := &j.msg.Deliveries[j.index]
	d.Attempts = append(d.Attempts, a)
	j.try++
	switch {
	case d.State != msgPending: // dropped meanwhile
	case status == http.StatusOK:
		d.State = msgDelivered
	case j.try >= len(s.opt.RetryDelays):
		d.State = msgFailed
	default:
		j.due = time.Now().Add(s.opt.RetryDelays[j.try])
		l.put(j)
	}
	s.dirty.Sent = append(s.dirty.Sent, sentEntry{Msg: j.msg.ID, Index: j.index, Delivery: *d})
	s.commit()
}

// signedForm is the HTTP body of a push. A corrupt one carries a signature that does not fit.
func (s *Server) signedForm(m *message, corrupt bool) string {
	secret := s.opt.Apps[0].Secret
	if a := s.apps[m.App]; a != nil {
		secret = a.Secret
	}
	form := url.Values{"message": {m.Body}}
	sign := signature(secret, "", form)
	if corrupt {
		sign = signature(secret+"?", "", form)
	}
	form.Set(signatureField, sign)
	return form.Encode()
}

func (s *Server) post(ctx context.Context, target, form string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, strings.NewReader(form))
	if err != nil {
		return 0, fmt.Errorf("push: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	res, err := s.client.Do(req)
	if err != nil {
		return 0, fmt.Errorf("push: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	var sink [512]byte
	for range 8 { // enough to keep the connection
		if _, err := res.Body.Read(sink[:]); err != nil {
			break
		}
	}
	return res.StatusCode, nil
}

// again queues one more delivery of a message to every subscriber. The caller holds mu.
func (s *Server) again(m *message, corrupt bool, due time.Time) {
	for _, l := range s.lanes {
		m.Deliveries = append(m.Deliveries, delivery{Slot: l.slot, State: msgPending, Corrupt: corrupt})
		i := len(m.Deliveries) - 1
		s.dirty.Sent = append(s.dirty.Sent, sentEntry{Msg: m.ID, Index: i, Delivery: m.Deliveries[i]})
		l.put(&job{st: s.state, msg: m, index: i, due: due})
	}
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
