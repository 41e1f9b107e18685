package sandbox

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// lane delivers to one subscriber, one message at a time and in order; only retries and delayed messages fall behind.
type lane struct {
	app   string // whose callback it is; "" = of all apps
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
	due   time.Time // by paceNow
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
		l.queue[0] = nil
		l.queue = l.queue[1:]
		return j, 0
	}
	if len(l.later) > 0 {
		return nil, l.later[0].due.Sub(now)
	}
	return nil, 0
}

// lane finds or makes the way to a subscriber. The caller holds mu.
func (s *Server) lane(app string, slot int) *lane {
	for _, l := range s.lanes {
		if l.app == app && l.slot == slot {
			return l
		}
	}
	l := &lane{app: app, slot: slot, wake: make(chan struct{}, 1)}
	s.lanes = append(s.lanes, l)
	select {
	case s.added <- struct{}{}:
	default:
	}
	return l
}

// lanesOf are the ways a message of the app takes. An address that is both the app's and everybody's gets it once.
func (s *Server) lanesOf(app string) []*lane {
	var out []*lane
	for _, l := range s.lanes {
		if l.app == "" || l.app == app && l.url != "" && !slices.ContainsFunc(s.lanes, func(g *lane) bool { return g.app == "" && g.url == l.url }) {
			out = append(out, l)
		}
	}
	return out
}

// setCallbacks gives the lanes of an app, "" = of all apps, their addresses. The caller holds mu.
func (s *Server) setCallbacks(app string, urls []string) {
	for i := range urls {
		s.lane(app, i)
	}
	for _, l := range s.lanes {
		if l.app != app {
			continue
		}
		l.url = ""
		if l.slot < len(urls) {
			l.url = urls[l.slot]
		}
		l.poke()
	}
}

// SetSubscribers replaces the callback URLs that get the messages of every app. Messages not yet delivered follow the position in the
// list, so a subscriber that comes back on another port after a restart still gets what it missed.
func (s *Server) SetSubscribers(urls ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.setCallbacks("", urls)
}

// queue hands one delivery to its lane; delay and shuffle faults say when. The caller holds mu.
func (s *Server) queue(l *lane, m *message, index int, f *fault) {
	j := &job{st: s.state, msg: m, index: index}
	switch {
	case f != nil && f.Kind == "delay":
		j.due = s.paceNow().Add(f.wait(2 * time.Second))
	case f != nil && f.Kind == "shuffle":
		s.hold(l, j, f)
		return
	case s.opt.RetryDelays[0] > 0:
		j.due = s.paceNow().Add(s.opt.RetryDelays[0])
	}
	l.put(j)
}

// hold makes the messages of one shuffle fault leave in reverse: each is due a little before the one held earlier, and all at once
// when the fault is used up.
func (s *Server) hold(l *lane, j *job, f *fault) {
	f.held = append(f.held, j)
	j.due = s.paceNow().Add(f.wait(time.Second) - time.Duration(len(f.held))*10*time.Millisecond)
	if f.Count > 0 && f.Used >= f.Count {
		past := s.paceNow().Add(-time.Minute)
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
			if d.State == msgPending {
				s.lane(d.App, d.Slot).put(&job{st: s.state, msg: m, index: i, try: len(d.Attempts)})
			}
		}
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
			if j, wait = l.next(s.paceNow()); wait > 0 {
				wait = s.realWait(wait)
			}
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
	form := s.pushForm(j.msg, j.msg.Deliveries[j.index].Bend)
	s.mu.Unlock()
	status, err := s.post(ctx, target, form)
	if ctx.Err() != nil {
		return // still pending: the next start delivers it, perhaps for the second time, as real platforms do
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if j.st != s.state {
		return
	}
	a := attempt{At: s.now().UTC(), URL: target, Status: status}
	if err != nil {
		a.Error = err.Error()
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
		j.due = s.paceNow().Add(s.opt.RetryDelays[j.try])
		l.put(j)
	}
	s.dirty.Sent = append(s.dirty.Sent, sentEntry{Msg: j.msg.ID, Index: j.index, Delivery: *d})
	s.commit()
}

// pushForm is the HTTP body of a push: message and signature, spoilt as a fault wants it.
func (s *Server) pushForm(m *message, bend string) string {
	secret := s.opt.Apps[0].Secret
	if a := s.apps[m.App]; a != nil {
		secret = a.Secret
	}
	text := m.Body
	if bend == "malformed" {
		text = text[:len(text)*2/3]
	}
	signed := signature(secret, "", url.Values{"message": {text}})
	switch bend {
	case "corrupt":
		signed = signature(secret+"?", "", url.Values{"message": {text}})
	case "corrupt_body":
		if i := strings.LastIndexAny(text, "0123456789"); i >= 0 {
			text = text[:i] + string('0'+(text[i]-'0'+1)%10) + text[i+1:]
		}
	}
	form := url.Values{"message": {text}, signatureField: {signed}}.Encode()
	if bend == "truncate_body" {
		form = form[:len(form)*2/3]
	}
	return form
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

// again queues one more delivery of a message to every subscriber of its app. The caller holds mu.
func (s *Server) again(m *message, bend string, due time.Time) {
	for _, l := range s.lanesOf(m.App) {
		m.Deliveries = append(m.Deliveries, delivery{App: l.app, Slot: l.slot, State: msgPending, Bend: bend})
		i := len(m.Deliveries) - 1
		s.dirty.Sent = append(s.dirty.Sent, sentEntry{Msg: m.ID, Index: i, Delivery: m.Deliveries[i]})
		l.put(&job{st: s.state, msg: m, index: i, due: due})
	}
}
