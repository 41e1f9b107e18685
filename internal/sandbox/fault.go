package sandbox

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// fault is one switch of /sandbox/v1/faults. API faults name an API (short or full name, "*" = all); message faults name a topic.
// Order, OutOrder and Offer narrow it to calls and messages about that thing.
type fault struct {
	ID          int     `json:"id"`
	API         string  `json:"api,omitempty"`
	Topic       string  `json:"topic,omitempty"`
	Kind        string  `json:"kind"`
	Order       text    `json:"orderId,omitempty"`
	OutOrder    text    `json:"outOrderId,omitempty"`
	Offer       text    `json:"offerId,omitempty"`
	Count       int     `json:"count,omitempty"`       // how often it strikes; 0 = until deleted
	Probability float64 `json:"probability,omitempty"` // 0 = always
	DelayMS     int     `json:"delayMs,omitempty"`
	Used        int     `json:"used"`

	held []*job
}

const maxDelay = 24 * 60 * 60 * 1000

func (f *fault) wait(def time.Duration) time.Duration {
	if f.DelayMS > 0 {
		return time.Duration(f.DelayMS) * time.Millisecond
	}
	return def
}

func (f *fault) check() error {
	if f.Count < 0 || f.Probability < 0 || f.Probability > 1 || f.DelayMS < 0 || f.DelayMS > maxDelay {
		return errors.New("count and delayMs must not be negative, delayMs at most a day, probability is 0..1")
	}
	k := kindOf(f.Kind)
	switch {
	case f.API != "" && f.Topic != "":
		return errors.New("give api or topic, not both")
	case f.API != "" && (k == nil || k.Side != "api"):
		return fmt.Errorf("kind must be one of %v", kindNames("api"))
	case f.API == "" && (k == nil || k.Side != "message"):
		return fmt.Errorf("kind must be one of %v (with api) or %v (with topic)", kindNames("api"), kindNames("message"))
	}
	return nil
}

// strikes decides and counts one use. The caller holds mu.
func (s *Server) strikes(f *fault) bool {
	if f.Count > 0 && f.Used >= f.Count {
		return false
	}
	if f.Probability > 0 && s.rng.Float64() >= f.Probability {
		return false
	}
	f.Used++
	return true
}

func sameAPI(pattern, name string) bool {
	return pattern == "*" || pattern == name || strings.HasSuffix(name, "."+pattern)
}

// apiFault takes the fault that strikes this call at this stage, if any.
func (s *Server) apiFault(c *call, at stage) *fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.takeFault(c, at)
}

// takeFault is apiFault for a caller that holds mu. What it returns is the call's own copy.
func (s *Server) takeFault(c *call, at stage) *fault {
	for _, f := range s.faults {
		if f.API == "" || kindOf(f.Kind).stage != at || !sameAPI(f.API, c.api.name) || !s.about(f, c) || !s.strikes(f) {
			continue
		}
		copied := *f
		c.fault = f.Kind
		return &copied
	}
	if f := s.chaos.forCall(c, at); f != nil {
		c.fault = f.Kind
		return f
	}
	return nil
}

// about tells whether the call names what the fault is narrowed to.
func (s *Server) about(f *fault, c *call) bool {
	for _, want := range s.wanted(f) {
		found := false
		for _, v := range c.args {
			found = found || slices.ContainsFunc(want, func(id string) bool { return names(v[0], id) })
		}
		if !found {
			return false
		}
	}
	return true
}

// wanted lists what a fault is narrowed to, each with the ids by which a call or message may name it.
func (s *Server) wanted(f *fault) [][]string {
	var out [][]string
	if f.Order != "" {
		out = append(out, []string{string(f.Order)})
	}
	if f.Offer != "" {
		out = append(out, []string{string(f.Offer)})
	}
	if f.OutOrder != "" {
		ids := []string{string(f.OutOrder)}
		for _, id := range s.byOut[string(f.OutOrder)] {
			ids = append(ids, itoa(id))
		}
		out = append(out, ids)
	}
	return out
}

// names tells whether the text holds the id as a word of its own.
func names(text, id string) bool {
	part := func(c byte) bool {
		return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '-' || c >= 0x80
	}
	for from := 0; ; {
		i := strings.Index(text[from:], id)
		if i < 0 {
			return false
		}
		i += from
		end := i + len(id)
		if (i == 0 || !part(text[i-1])) && (end == len(text) || !part(text[end])) {
			return true
		}
		from = i + 1
	}
}

// messageFault takes the fault that strikes this message, if any. The caller holds mu.
func (s *Server) messageFault(m *message) *fault {
	for _, f := range s.faults {
		if f.API != "" || f.Topic != "" && f.Topic != "*" && !strings.HasSuffix(m.Topic, f.Topic) {
			continue
		}
		fits := true
		for _, want := range s.wanted(f) {
			fits = fits && slices.ContainsFunc(want, func(id string) bool { return m.Key == id || names(m.Body, id) })
		}
		if fits && s.strikes(f) {
			return f
		}
	}
	return s.chaos.forMessage(m)
}

func (s *Server) showFaults(*http.Request, []byte) (any, error) {
	return obj{
		"faults": append([]*fault{}, s.faults...), "random": s.chaos, "kinds": obj{"api": kindNames("api"), "message": kindNames("message")},
	}, nil
}

func (s *Server) showFaultKinds(*http.Request, []byte) (any, error) {
	return obj{"kinds": faultKinds, "topics": knownTopics}, nil
}

func (s *Server) postFault(_ *http.Request, body []byte) (any, error) {
	f := &fault{}
	if err := read(body, f); err != nil {
		return nil, err
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	s.nextFault++
	f.ID, f.Used = s.nextFault, 0
	s.faults = append(s.faults, f)
	return f, nil
}

func (s *Server) deleteFaults(r *http.Request, _ []byte) (any, error) {
	before := len(s.faults)
	if id := r.URL.Query().Get("id"); id != "" {
		s.faults = slices.DeleteFunc(s.faults, func(f *fault) bool { return strconv.Itoa(f.ID) == id })
	} else {
		s.faults, s.chaos = nil, chaos{}
	}
	return obj{"deleted": before - len(s.faults)}, nil
}
