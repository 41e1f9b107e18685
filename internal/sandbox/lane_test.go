package sandbox

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// Whatever happens to the clock and to the subscriber, each message is delivered or in the failed store in the end.
func TestNoMessageIsLost(t *testing.T) {
	h := newHook(t)
	rng := rand.New(rand.NewPCG(1, 1688))
	h.answer = func(int) int {
		if rng.IntN(2) == 0 {
			return http.StatusServiceUnavailable
		}
		return http.StatusOK
	}
	f := start(t, Options{Now: time.Now, Subscribers: []string{h.URL}, RetryDelays: []time.Duration{0, 10 * time.Second, time.Minute}})
	const n = 120
	for i := range n {
		f.control("POST", "/messages", fmt.Sprintf(`{"action":"emit","topic":"T","bizKey":"%d","data":{}}`, i), 200)
		body := []string{`{"freeze":true}`, `{"run":true}`, `{"speed":3600}`, `{"advance":5}`, `{"advance":-30}`, `{"set":"2026-04-01T00:00:00Z"}`}[i%6]
		f.control("POST", "/clock", body, 200)
		switch i % 17 {
		case 3:
			f.srv.SetSubscribers()
		case 5:
			f.srv.SetSubscribers(h.URL)
		case 8:
			f.control("POST", "/messages", `{"action":"pause"}`, 200)
		case 9:
			f.control("POST", "/messages", `{"action":"resume"}`, 200)
		}
	}
	f.srv.SetSubscribers(h.URL)
	f.control("POST", "/messages", `{"action":"resume"}`, 200)
	f.control("POST", "/clock", `{"speed":100000}`, 200)
	counts := map[string]int{}
	f.eventually("all have come to an end", func() bool {
		clear(counts)
		for i := range n {
			for _, s := range f.srv.statesOf(i) {
				counts[s]++
			}
		}
		return counts[msgPending] == 0
	})
	assert.Equal(t, n, counts[msgDelivered]+counts[msgFailed], counts)
	assert.Positive(t, counts[msgDelivered])
	assert.Len(t, h.messages(), counts[msgDelivered], "each once")
}

// statesOf lists the deliveries of the i-th message.
func (s *Server) statesOf(i int) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, d := range s.messages[i].Deliveries {
		out = append(out, d.State)
	}
	return out
}

// A lane belongs to an app and a place in its list, whatever order lanes were made in.
func TestLanesKeepTheirPlace(t *testing.T) {
	dir := t.TempDir()
	dead := func() {
		f := start(t, Options{Dir: dir, Apps: []App{{Key: DemoKey, Secret: DemoSecret, Token: DemoToken, Callbacks: []string{"http://127.0.0.1:1"}}},
			RetryDelays: []time.Duration{time.Hour}})
		f.srv.SetSubscribers("http://127.0.0.1:1", "http://127.0.0.1:1/2")
		f.emitted("T", 1)
	}
	t.Run("first life", func(*testing.T) { dead() })
	a, b, own := newHook(t), newHook(t), newHook(t)
	g := start(t, Options{Dir: dir, Subscribers: []string{a.URL, b.URL}, Apps: []App{{Key: DemoKey, Secret: DemoSecret, Token: DemoToken, Callbacks: []string{own.URL}}}})
	for _, h := range []*hook{a, b} {
		h.wait(t, 1)
	}
	assert.Len(t, g.srv.statesOf(0), 2, "the callback was everybody's address too: one delivery")
	assert.Empty(t, own.messages())
}
