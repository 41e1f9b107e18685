package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
)

// controlTable is the API for people and tests, by pattern. All ids in it are text. openapi.yaml describes each row; a test compares them.
func (s *Server) controlTable() map[string]controlFunc {
	return map[string]controlFunc{
		"GET /sandbox/v1/state":                         s.showState,
		"POST /sandbox/v1/reset":                        s.postReset,
		"GET /sandbox/v1/clock":                         s.showClock,
		"POST /sandbox/v1/clock":                        s.postClock,
		"GET /sandbox/v1/apps":                          s.showApps,
		"POST /sandbox/v1/apps":                         s.postApp,
		"GET /sandbox/v1/faults":                        s.showFaults,
		"GET /sandbox/v1/faults/kinds":                  s.showFaultKinds,
		"GET /sandbox/v1/random":                        s.showRandom,
		"POST /sandbox/v1/random":                       s.postRandom,
		"POST /sandbox/v1/faults":                       s.postFault,
		"DELETE /sandbox/v1/faults":                     s.deleteFaults,
		"GET /sandbox/v1/offers":                        s.showOffers,
		"GET /sandbox/v1/offers/{id}":                   s.showOffer,
		"POST /sandbox/v1/offers/{id}/actions/{action}": s.postOfferAction,
		"GET /sandbox/v1/orders":                        s.showOrders,
		"GET /sandbox/v1/orders/{id}":                   s.showOrder,
		"POST /sandbox/v1/orders/{id}/actions/{action}": s.postAction,
		"GET /sandbox/v1/refunds":                       s.showRefunds,
		"GET /sandbox/v1/refunds/{id}":                  s.showRefund,
		"GET /sandbox/v1/messages":                      s.showMessages,
		"POST /sandbox/v1/messages":                     s.postMessage,
		"GET /sandbox/v1/pushes":                        s.showPushes,
		"GET /sandbox/v1/counters":                      s.showCounters,
		"GET /sandbox/v1/funds":                         s.showFunds,
		"POST /sandbox/v1/funds":                        s.postFunds,
		"GET /sandbox/v1/carriers":                      s.showCarrierRules,
		"POST /sandbox/v1/carriers":                     s.postCarrierRules,
		"GET /sandbox/v1/identity":                      s.showIdentity,
		"POST /sandbox/v1/identity":                     s.postIdentity,
	}
}

// controlRaw are the control routes that do not answer with JSON of the state.
func (s *Server) controlRaw() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"GET /sandbox/v1/transcript":   s.showTranscript,
		"GET /sandbox/v1/openapi.yaml": showOpenAPI,
		"POST /sandbox/v1/orders":      s.postOrder,
	}
}

func (s *Server) controlRoutes(m *http.ServeMux) {
	for pattern, f := range s.controlTable() {
		m.HandleFunc(pattern, s.control(f))
	}
	for pattern, f := range s.controlRaw() {
		m.HandleFunc(pattern, f)
	}
}

// controlFunc runs under Server.mu.
type controlFunc func(r *http.Request, body []byte) (any, error)

// controlError carries a status; other errors are 400.
type controlError struct {
	status int
	text   string
}

func (e controlError) Error() string { return e.text }

var errNoOrder = controlError{http.StatusNotFound, "no such order"}

func (s *Server) control(f controlFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil {
			reply(w, http.StatusRequestEntityTooLarge, marshal(obj{"error": "body is too large"}))
			return
		}
		s.mu.Lock()
		answer, err := f(r, body)
		s.commit()
		status, out := http.StatusOK, []byte(nil)
		if err == nil {
			out = marshal(answer) // under the lock: answers may point into the state
		}
		s.mu.Unlock()
		if err != nil {
			status = http.StatusBadRequest
			var ce controlError
			var bm moveError
			if errors.As(err, &ce) {
				status = ce.status
			} else if errors.As(err, &bm) {
				status = http.StatusConflict
			}
			out = marshal(obj{"error": err.Error()})
		}
		reply(w, status, out)
	}
}

// read decodes a control body strictly; an empty one leaves the zero value.
func read(body []byte, into any) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("body: %w", err)
	}
	return nil
}

// limitOf reads ?limit=, 100 unless told, at most 10000.
func limitOf(r *http.Request) int {
	n, err := strconv.Atoi(r.URL.Query().Get("limit"))
	if err != nil || n < 0 {
		return 100
	}
	return min(n, 10_000)
}

func (s *Server) showState(*http.Request, []byte) (any, error) {
	states, subs := map[string]int{}, []obj{}
	for _, m := range s.messages {
		for _, d := range m.Deliveries {
			states[d.State]++
		}
	}
	for _, l := range s.lanes {
		if l.url != "" {
			subs = append(subs, obj{"url": l.url, "queued": len(l.queue) + len(l.later)})
		}
	}
	keys := append([]string{}, s.appKeys...)
	return obj{
		"seed": s.seed, "offers": s.opt.Offers, "now": s.now().UTC(), "baseUrl": s.BaseURL(), "apps": keys, "subscribers": subs, "orders": len(s.orders),
		"messages": len(s.messages), "deliveries": states, "pushes": s.pushCount, "members": len(s.members), "faults": len(s.faults), "paused": s.paused,
		"persistent": s.journal.f != nil,
	}, nil
}

func (s *Server) postReset(r *http.Request, body []byte) (any, error) {
	in := struct {
		Seed int64 `json:"seed"`
	}{s.opt.Seed}
	if err := read(body, &in); err != nil {
		return nil, err
	}
	if err := s.reset(in.Seed); err != nil {
		return nil, err
	}
	return s.showState(r, nil)
}

func (s *Server) showCounters(r *http.Request, _ []byte) (any, error) {
	calls, twice := map[string]obj{}, map[string]int{}
	for _, a := range s.apis {
		if a.received > 0 {
			calls[a.name] = obj{"received": a.received, "executed": a.executed, "refused": a.refused}
		}
	}
	for out, n := range s.creates {
		if n > 1 {
			twice[out] = n
		}
	}
	answer := obj{"calls": calls, "gatewayErrors": s.gatewayErrors, "createsTotal": len(s.creates), "duplicateCreates": twice}
	if out := r.URL.Query().Get("outOrderId"); out != "" {
		answer["creates"] = map[string]int{out: s.creates[out]}
	} else if len(s.creates) <= 1000 {
		answer["creates"] = s.creates
	}
	return answer, nil
}

func (s *Server) showPushes(r *http.Request, _ []byte) (any, error) {
	q := r.URL.Query()
	kind, key, limit := q.Get("kind"), q.Get("key"), limitOf(r)
	after, _ := strconv.Atoi(q.Get("after"))
	var hits []*push
	fits := func(p *push) bool {
		return (kind == "" || p.Kind == kind) && (key == "" || p.Key == key) && p.Seq > after
	}
	if q.Has("after") {
		for _, p := range s.pushes[min(max(after, 0), len(s.pushes)):] {
			if len(hits) == limit {
				break
			}
			if fits(p) {
				hits = append(hits, p)
			}
		}
	} else {
		for _, p := range slices.Backward(s.pushes) {
			if len(hits) == limit {
				break
			}
			if fits(p) {
				hits = append(hits, p)
			}
		}
		slices.Reverse(hits)
	}
	counts := map[string]obj{}
	for k, n := range s.pushCount {
		counts[k] = obj{"total": n, "keys": len(s.pushIndex[k])}
	}
	return obj{"total": len(s.pushes), "warnings": s.warnings, "counts": counts, "items": append([]*push{}, hits...), "keys": s.keysOf(hits)}, nil
}

// keysOf sums up the keys that appear among the listed pushes, so that the answer stays bounded.
func (s *Server) keysOf(hits []*push) map[string]map[string]obj {
	out := map[string]map[string]obj{}
	for _, p := range hits {
		if out[p.Kind] == nil {
			out[p.Kind] = map[string]obj{}
		}
		if _, ok := out[p.Kind][p.Key]; !ok {
			k := s.pushIndex[p.Kind][p.Key]
			out[p.Kind][p.Key] = obj{"count": k.count, "accepted": k.accepted, "latest": k.latest}
		}
	}
	return out
}
