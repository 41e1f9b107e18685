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
	"strings"
	"time"
)

// controlRoutes is the API for people and tests. All ids in it are text.
func (s *Server) controlRoutes(m *http.ServeMux) {
	for pattern, f := range map[string]controlFunc{
		"GET /sandbox/v1/state":                         s.showState,
		"POST /sandbox/v1/reset":                        s.postReset,
		"GET /sandbox/v1/clock":                         s.showClock,
		"POST /sandbox/v1/clock":                        s.postClock,
		"GET /sandbox/v1/faults":                        s.showFaults,
		"POST /sandbox/v1/faults":                       s.postFault,
		"DELETE /sandbox/v1/faults":                     s.deleteFaults,
		"GET /sandbox/v1/offers":                        s.showOffers,
		"GET /sandbox/v1/orders":                        s.showOrders,
		"GET /sandbox/v1/orders/{id}":                   s.showOrder,
		"POST /sandbox/v1/orders/{id}/actions/{action}": s.postAction,
		"GET /sandbox/v1/messages":                      s.showMessages,
		"POST /sandbox/v1/messages":                     s.postMessage,
		"GET /sandbox/v1/pushes":                        s.showPushes,
		"GET /sandbox/v1/counters":                      s.showCounters,
	} {
		m.HandleFunc(pattern, s.control(f))
	}
	m.HandleFunc("GET /sandbox/v1/transcript", s.showTranscript)
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
	keys := []string{}
	for _, a := range s.opt.Apps {
		keys = append(keys, a.Key)
	}
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

func (s *Server) showClock(*http.Request, []byte) (any, error) {
	return obj{"now": s.now().UTC(), "offsetSeconds": int64(s.offset / time.Second)}, nil
}

func (s *Server) postClock(r *http.Request, body []byte) (any, error) {
	var in struct {
		Advance int64      `json:"advance"`
		Set     *time.Time `json:"set"`
	}
	if err := read(body, &in); err != nil {
		return nil, err
	}
	switch {
	case in.Set != nil:
		s.offset = in.Set.Sub(s.opt.Now())
	case in.Advance != 0:
		s.offset += time.Duration(in.Advance) * time.Second
	default:
		return nil, errors.New("give advance (seconds) or set (RFC 3339)")
	}
	offset := s.offset
	s.dirty.Offset = &offset
	s.tick()
	return s.showClock(r, nil)
}

func (s *Server) showFaults(*http.Request, []byte) (any, error) {
	return obj{"faults": slices.Concat([]*fault{}, s.faults)}, nil
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
		s.faults = nil
	}
	return obj{"deleted": before - len(s.faults)}, nil
}

func (s *Server) showOffers(r *http.Request, _ []byte) (any, error) {
	cat, q := s.cat.Load(), r.URL.Query()
	ids := cat.hits(q.Get("keyword"))
	if q.Get("keyword") == "" { // people look for delisted ones too
		ids = ids[:0]
		for i := range cat.offers {
			ids = append(ids, int32(i))
		}
	}
	if want := q.Get("trait"); want != "" {
		ids = slices.DeleteFunc(ids, func(i int32) bool { return !slices.Contains(cat.offers[i].traits.names(), want) })
	}
	out := []obj{}
	for _, i := range ids[:min(len(ids), limitOf(r))] {
		out = append(out, s.offerForPeople(cat, &cat.offers[i]))
	}
	return obj{"total": len(ids), "offers": out}, nil
}

func (s *Server) offerForPeople(cat *catalogue, o *offer) obj {
	titles := map[string]string{}
	for _, l := range langs {
		titles[l] = o.title(l)
	}
	skus, list, sel := cat.skus(o), []obj{}, cat.seller(o.seller)
	for i := range skus {
		k := &skus[i]
		row := obj{"skuId": itoa(k.id), "specId": k.spec, "priceFen": o.unitPrice(k, o.moq), "stock": s.left(k), "size": k.size}
		if k.colour >= 0 {
			row["colour"] = words().colours[k.colour].in("en")
		}
		list = append(list, row)
	}
	return obj{
		"offerId": itoa(o.id), "titles": titles, "priceFen": o.price, "minOrderQuantity": o.moq, "batchNumber": o.batch, "quoteType": o.quoteType,
		"sellerOpenId": sel.openID, "sellerMemberId": sel.memberID, "traits": o.traits.names(), "skus": list,
	}
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

// showTranscript is JSON lines: every call and message since the start or reset, in order, without times.
func (s *Server) showTranscript(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	lines, dropped := slices.Clone(s.transcript), s.dropped
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/x-ndjson;charset=UTF-8")
	if dropped > 0 {
		w.Header().Set("X-Lines-Dropped", strconv.Itoa(dropped))
	}
	_, _ = io.WriteString(w, strings.Join(lines, "\n")+"\n")
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
	return obj{"total": len(s.pushes), "warnings": s.warnings, "counts": counts, "items": slices.Concat([]*push{}, hits), "keys": s.keysOf(hits)}, nil
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
