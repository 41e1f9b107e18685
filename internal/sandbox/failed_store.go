package sandbox

import (
	"encoding/json"
	"slices"
	"sort"
	"strings"
	"time"
)

// keepFailed is how long a message stays in the failed store.
const keepFailed = 7 * 24 * time.Hour

// failed tells whether the message is in the failed store: some subscriber did not take it in three tries, or there is none at all.
func (m *message) failed() bool {
	if m.Confirmed {
		return false
	}
	return len(m.Deliveries) == 0 || slices.ContainsFunc(m.Deliveries, func(d delivery) bool { return d.State == msgFailed })
}

// messageQuery is what the compensation APIs are asked for.
type messageQuery struct {
	from, to    time.Time
	topic, user string
}

func (c *call) messageQuery() (messageQuery, *refusal) {
	q := messageQuery{topic: c.args.Get("type"), user: c.args.Get("userInfo")}
	for name, into := range map[string]*time.Time{"createStartTime": &q.from, "createEndTime": &q.to} {
		text := c.args.Get(name)
		if text == "" {
			continue
		}
		t, ok := parseWhen(text)
		if !ok {
			return q, refuse("PARAM_ILLEGAL", name+" is not a date (yyyyMMddHHmmssSSSZ)")
		}
		*into = t
	}
	return q, nil
}

// parseWhen reads a date parameter: the API format, the plain format of China time, or epoch milliseconds.
func parseWhen(text string) (time.Time, bool) {
	if t, ok := parseStamp(text); ok {
		return t, true
	}
	if t, err := time.ParseInLocation(plainLayout, text, china); err == nil {
		return t, true
	}
	if ms, ok := num(text).int(); ok && ms >= 0 && len(text) <= 13 {
		return time.UnixMilli(ms), true
	}
	return time.Time{}, false
}

// failedOf lists the failed store of an app, oldest first. The caller holds mu.
func (s *Server) failedOf(a *app, q *messageQuery) []*message {
	oldest := s.now().Add(-keepFailed).UnixMilli()
	start := sort.Search(len(s.messages), func(i int) bool { return s.messages[i].Born >= oldest })
	var out []*message
	for _, m := range s.messages[start:] {
		switch {
		case m.App != a.Key || !m.failed():
		case !q.from.IsZero() && m.Born < q.from.UnixMilli() || !q.to.IsZero() && m.Born > q.to.UnixMilli():
		case q.topic != "" && q.topic != m.Topic || q.user != "" && q.user != a.buyer.memberID:
		default:
			out = append(out, m)
		}
	}
	return out
}

// confirmMessage takes a message out of the failed store. The caller holds mu.
func (s *Server) confirmMessage(m *message) {
	m.Confirmed = true
	s.dirty.Confirmed = append(s.dirty.Confirmed, m.ID)
}

// forApp is the message as the compensation APIs write it.
func (m *message) forApp(a *app) obj {
	group, name, _ := strings.Cut(m.Topic, "_")
	data := m.dataOf()
	var text string
	if json.Unmarshal(data, &text) == nil && json.Valid([]byte(text)) {
		data = json.RawMessage(text) // here it is always a map
	}
	return obj{
		"msgId": m.ID, "type": m.Topic, "userInfo": a.buyer.memberID, "data": data, "gmtBorn": m.Born,
		"topicGroup": strings.ToLower(group), "topicName": name, "appKey": a.Key,
	}
}
