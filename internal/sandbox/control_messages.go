package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

func (s *Server) showMessages(r *http.Request, _ []byte) (any, error) {
	q := r.URL.Query()
	total, out := 0, []obj{}
	for _, m := range slices.Backward(s.messages) {
		if t := q.Get("topic"); t != "" && !strings.HasSuffix(m.Topic, t) {
			continue
		}
		if k := q.Get("key"); k != "" && k != m.Key {
			continue
		}
		if st := q.Get("state"); st != "" && !slices.ContainsFunc(m.Deliveries, func(d delivery) bool { return d.State == st }) {
			continue
		}
		if total++; len(out) < limitOf(r) {
			out = append(out, messageForPeople(m))
		}
	}
	slices.Reverse(out)
	return obj{"total": total, "messages": out}, nil
}

func messageForPeople(m *message) obj {
	list := []obj{}
	for _, d := range m.Deliveries {
		list = append(list, obj{"app": d.App, "subscriber": d.Slot, "state": d.State, "corrupt": d.Bend != "", "bend": d.Bend, "attempts": append([]attempt{}, d.Attempts...)})
	}
	return obj{"msgId": itoa(m.ID), "topic": m.Topic, "bizKey": m.Key, "gmtBorn": m.Born, "message": m.Body, "data": m.dataOf(), "deliveries": list}
}

type messageAction struct {
	Action  string          `json:"action"`
	MsgID   text            `json:"msgId"`
	Topic   string          `json:"topic"`
	Data    json.RawMessage `json:"data"`
	BizKey  string          `json:"bizKey"`
	Count   int             `json:"count"`
	DelayMS int             `json:"delayMs"`
	App     string          `json:"app"`       // of emit; the first app if empty
	DataAs  string          `json:"dataAs"`    // format: object or text
	IDAs    string          `json:"idAs"`      // format: number or text
	Extra   *bool           `json:"extraInfo"` // format
	Times   string          `json:"times"`     // format: plain or blank
}

// setFormat changes how messages are written from now on.
func (s *Server) setFormat(in *messageAction) error {
	if in.DataAs+in.IDAs+in.Times == "" && in.Extra == nil {
		return errors.New("format needs dataAs, idAs, times or extraInfo")
	}
	f := s.format
	for _, c := range []struct {
		value, off, on string
		set            *bool
	}{
		{in.DataAs, "object", "text", &f.DataAsText},
		{in.IDAs, "number", "text", &f.IDAsText},
		{in.Times, "plain", "blank", &f.BlankTime},
	} {
		switch c.value {
		case "":
		case c.off, c.on:
			*c.set = c.value == c.on
		default:
			return fmt.Errorf("%s: want %s or %s", c.value, c.off, c.on)
		}
	}
	if in.Extra != nil {
		f.ExtraInfo = *in.Extra
	}
	s.format = f
	return nil
}

func (s *Server) postMessage(_ *http.Request, body []byte) (any, error) {
	var in messageAction
	if err := read(body, &in); err != nil {
		return nil, err
	}
	var hit []*message
	var err error
	switch in.Action {
	case "emit":
		if in.Topic == "" || !json.Valid(in.Data) {
			return nil, errors.New("emit needs topic and data")
		}
		app := or(in.App, s.appKeys[0])
		if s.apps[app] == nil {
			return nil, controlError{http.StatusNotFound, "no such app"}
		}
		hit = []*message{s.emit(app, in.Topic, in.BizKey, in.Data)}
	case "pause", "resume":
		s.paused = in.Action == "pause"
		for _, l := range s.lanes {
			l.poke()
		}
	case "format":
		if err := s.setFormat(&in); err != nil {
			return nil, err
		}
	case "shuffle":
		hit = s.shuffle(in.Count)
	case "resend-failed":
		hit = s.resendFailed()
	default:
		hit, err = s.bendOne(&in)
	}
	if err != nil {
		return nil, err
	}
	ids := []string{}
	for _, m := range hit {
		ids = append(ids, itoa(m.ID))
	}
	return obj{"affected": len(ids), "msgIds": ids}, nil
}

// bendOne handles the actions on one message.
func (s *Server) bendOne(in *messageAction) ([]*message, error) {
	id, _ := num(in.MsgID).int()
	m := s.byMsg[id]
	if m == nil {
		return nil, controlError{http.StatusNotFound, "no such message, or unknown action " + in.Action}
	}
	var due time.Time
	if in.DelayMS > 0 {
		due = s.paceNow().Add(time.Duration(in.DelayMS) * time.Millisecond)
	}
	switch in.Action {
	case "resend":
		s.again(m, "", due)
	case "duplicate":
		for range max(in.Count, 2) {
			s.again(m, "", due)
		}
	case "corrupt":
		s.again(m, "corrupt", due)
	case "drop":
		for i := range m.Deliveries {
			if d := &m.Deliveries[i]; d.State == msgPending {
				d.State = msgDropped
				s.dirty.Sent = append(s.dirty.Sent, sentEntry{Msg: m.ID, Index: i, Delivery: *d})
			}
		}
	default:
		return nil, fmt.Errorf("unknown action %s", in.Action)
	}
	return []*message{m}, nil
}

// shuffle sends the last n messages (0 = all) once more, in another order.
func (s *Server) shuffle(n int) []*message {
	if n <= 0 || n > len(s.messages) {
		n = len(s.messages)
	}
	some := slices.Clone(s.messages[len(s.messages)-n:])
	s.rng.Shuffle(len(some), func(i, j int) { some[i], some[j] = some[j], some[i] })
	for _, m := range some {
		s.again(m, "", time.Time{})
	}
	return some
}

// resendFailed empties the failed store: each message in it is tried again.
func (s *Server) resendFailed() []*message {
	var out []*message
	for _, m := range s.messages {
		done := slices.ContainsFunc(m.Deliveries, func(d delivery) bool { return d.State == msgDelivered || d.State == msgPending })
		failed := slices.ContainsFunc(m.Deliveries, func(d delivery) bool { return d.State == msgFailed || d.State == msgLost })
		if failed && !done {
			s.again(m, "", time.Time{})
			out = append(out, m)
		}
	}
	return out
}
