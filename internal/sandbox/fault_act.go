package sandbox

import (
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// before acts out faults that hit before the API runs; true = the call is over.
func (s *Server) before(w http.ResponseWriter, r *http.Request, c *call, f *fault) bool {
	if !kindOf(f.Kind).before {
		switch f.Kind {
		case "latency":
			s.sleep(r, f.wait(time.Second))
		default:
			c.behave = f.Kind
		}
		return false
	}
	s.mu.Lock()
	s.record(c, "fault")
	s.mu.Unlock()
	switch f.Kind {
	case "timeout_before":
		s.sleep(r, f.wait(30*time.Second))
		panic(http.ErrAbortHandler) // closes the connection without an answer
	case "silent":
		s.sleep(r, f.wait(forever))
		panic(http.ErrAbortHandler)
	case "reset":
		reset(w)
	default:
		serverError(w, f.Kind)
	}
	return true
}

const forever = 24 * time.Hour

// after acts out faults that hit once the API has done its work; true = the answer has been dealt with.
func (s *Server) after(w http.ResponseWriter, r *http.Request, f *fault, body []byte) bool {
	switch f.Kind {
	case "timeout_after":
		s.sleep(r, f.wait(30*time.Second))
		panic(http.ErrAbortHandler)
	case "silent_after":
		s.sleep(r, f.wait(forever))
		panic(http.ErrAbortHandler)
	case "half_open":
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		reply(w, http.StatusOK, body[:len(body)/2])
		_ = http.NewResponseController(w).Flush()
		s.sleep(r, f.wait(forever))
		panic(http.ErrAbortHandler)
	case "truncated":
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		reply(w, http.StatusOK, body[:len(body)/2])
		panic(http.ErrAbortHandler)
	case "reset_after":
		reset(w)
	case "garbage":
		reply(w, http.StatusOK, []byte("<html><body>\u7cfb\u7edf\u7e41\u5fd9</body></html>"))
	case "wrong_envelope", "no_result", "null_payload", "ids_text", "ids_number":
		reply(w, http.StatusOK, bend(f.Kind, body))
	default:
		if !strings.HasPrefix(f.Kind, "http_") {
			return false
		}
		serverError(w, f.Kind)
	}
	return true
}

// serverError answers the status in the name of the kind, as the proxy in front of the gateway does.
func serverError(w http.ResponseWriter, kind string) {
	status := http.StatusInternalServerError
	if n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(kind, "http_"), "_after")); err == nil {
		status = n
	}
	w.Header().Set("Content-Type", "text/html;charset=UTF-8")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "<html><body>%d %s</body></html>", status, http.StatusText(status))
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
