package sandbox

import (
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
)

// fault is one switch of /sandbox/v1/faults. API faults name an API (short or full name, "*" = all); message faults name a topic.
type fault struct {
	ID          int     `json:"id"`
	API         string  `json:"api,omitempty"`
	Topic       string  `json:"topic,omitempty"`
	Kind        string  `json:"kind"`
	Count       int     `json:"count,omitempty"`       // how often it strikes; 0 = until deleted
	Probability float64 `json:"probability,omitempty"` // 0 = always
	DelayMS     int     `json:"delayMs,omitempty"`
	Used        int     `json:"used"`

	held []*job
}

var apiFaultKinds = []string{
	"latency", "timeout_before", "timeout_after", "reset", "reset_after", "http_500", "http_500_after", "garbage", "truncated",
	"quota", "unauthorized", "acl", "pay_false", "pay_false_but_paid", "split_order", "success_false_with_order",
}

var messageFaultKinds = []string{"lose", "duplicate", "shuffle", "delay", "corrupt"}

func (f *fault) isMessage() bool { return f.API == "" && slices.Contains(messageFaultKinds, f.Kind) }

func (f *fault) wait(def time.Duration) time.Duration {
	if f.DelayMS > 0 {
		return time.Duration(f.DelayMS) * time.Millisecond
	}
	return def
}

func (f *fault) check() error {
	if f.Count < 0 || f.Probability < 0 || f.Probability > 1 || f.DelayMS < 0 {
		return fmt.Errorf("count and delayMs must not be negative, probability is 0..1")
	}
	switch {
	case f.API != "" && slices.Contains(apiFaultKinds, f.Kind):
	case f.API == "" && slices.Contains(messageFaultKinds, f.Kind):
	case f.API == "":
		return fmt.Errorf("kind must be one of %v (with api) or %v (with topic)", apiFaultKinds, messageFaultKinds)
	default:
		return fmt.Errorf("kind must be one of %v", apiFaultKinds)
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

// apiFault takes the fault that strikes this call, if any. ACL faults are asked for earlier, in the gateway's own order.
func (s *Server) apiFault(name string) *fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		if f.API != "" && f.Kind != "acl" && sameAPI(f.API, name) && s.strikes(f) {
			copied := *f
			return &copied
		}
	}
	return nil
}

func (s *Server) refusedByACL(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		if f.Kind == "acl" && sameAPI(f.API, name) && s.strikes(f) {
			return true
		}
	}
	return false
}

// messageFault takes the fault that strikes this message, if any. The caller holds mu.
func (s *Server) messageFault(topic string) *fault {
	for _, f := range s.faults {
		if f.isMessage() && (f.Topic == "" || f.Topic == "*" || strings.HasSuffix(topic, f.Topic)) && s.strikes(f) {
			return f
		}
	}
	return nil
}

// before acts out faults that hit before the API runs; true = the call is over.
func (s *Server) before(w http.ResponseWriter, r *http.Request, c *call, f *fault) bool {
	switch f.Kind {
	case "latency":
		s.sleep(r, f.wait(time.Second))
	case "timeout_before":
		s.sleep(r, f.wait(30*time.Second))
		panic(http.ErrAbortHandler) // closes the connection without an answer
	case "reset":
		reset(w)
		return true
	case "http_500":
		serverError(w)
		return true
	case "quota":
		s.fail(w, c, &gatewayError{400, "gw.QosAppFrequencyLimit", "App call exceeds limited frequency"})
		return true
	case "unauthorized":
		s.fail(w, c, &gatewayError{401, "401", "Request need user authorized"})
		return true
	default:
		c.behave = f.Kind
	}
	return false
}

// after acts out faults that hit once the API has done its work; true = the answer has been dealt with.
func (s *Server) after(w http.ResponseWriter, r *http.Request, f *fault, body []byte) bool {
	switch f.Kind {
	case "timeout_after":
		s.sleep(r, f.wait(30*time.Second))
		panic(http.ErrAbortHandler)
	case "reset_after":
		reset(w)
	case "http_500_after":
		serverError(w)
	case "garbage":
		reply(w, http.StatusOK, []byte("<html><body>\u7cfb\u7edf\u7e41\u5fd9</body></html>"))
	case "truncated":
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		reply(w, http.StatusOK, body[:len(body)/2])
		panic(http.ErrAbortHandler)
	default:
		return false
	}
	return true
}

func serverError(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html;charset=UTF-8")
	w.WriteHeader(http.StatusInternalServerError)
	_, _ = w.Write([]byte("<html><body>500 Internal Server Error</body></html>"))
}

// sleep waits, but neither beyond the caller's patience nor beyond our own life.
func (s *Server) sleep(r *http.Request, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-r.Context().Done():
	case <-s.stopped:
	}
}

// reset drops the connection with a TCP RST, as a dying proxy does.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // HTTP/2 cannot be hijacked; an aborted stream is the nearest thing
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
