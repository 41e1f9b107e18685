package apptest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"entrepot/internal/sandbox"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Sandbox is the simulated 1688 and its control API (docs/sandbox.md).
type Sandbox struct {
	URL    string
	app    sandbox.App
	offers int // 0 = as many as by default
}

// Offers makes the catalogue smaller, so that its index of pictures is soon there.
func Offers(n int) Option { return func(s *Stack) { s.Sandbox.offers = n } }

func newSandbox() *Sandbox {
	return &Sandbox{app: sandbox.App{Key: "7000001", Secret: "apptest-secret", Token: "apptest-token"}}
}

// start serves the simulator in this process until the test ends. Its messages go to callback.
func (s *Sandbox) start(t testing.TB, callback string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s.URL = "http://" + ln.Addr().String()
	server, err := sandbox.New(sandbox.Options{Addr: ln.Addr().String(), Offers: s.offers, Apps: []sandbox.App{s.app}, Subscribers: []string{callback},
		RetryDelays: []time.Duration{0, 200 * time.Millisecond, 500 * time.Millisecond}})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Run(ctx, ln) }()
	t.Cleanup(func() {
		cancel()
		assert.NoError(t, <-done)
		assert.NoError(t, server.Close())
	})
}

// settings tell the program where this 1688 is.
func (s *Sandbox) settings() map[string]string {
	return map[string]string{
		"ENTREPOT_ALIBABA_URL": s.URL + "/openapi", "ENTREPOT_ALIBABA_APP_KEY": s.app.Key, "ENTREPOT_ALIBABA_APP_SECRET": s.app.Secret,
		"ENTREPOT_ALIBABA_ACCESS_TOKEN": s.app.Token, "ENTREPOT_ALIBABA_RATE": "0",
	}
}

// Get reads from the control API.
func (s *Sandbox) Get(t testing.TB, path string, query url.Values, into any) {
	t.Helper()
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	status, raw, err := s.call(t, http.MethodGet, path, nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, status, "%s: %s", path, raw)
	require.NoError(t, json.Unmarshal(raw, into), "%s", raw)
}

// Post tells the control API something and wants it done.
func (s *Sandbox) Post(t testing.TB, path string, body any) {
	t.Helper()
	status, raw, err := s.call(t, http.MethodPost, path, body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, status, "%s: %s", path, raw)
}

func (s *Sandbox) call(t testing.TB, method, path string, body any) (int, []byte, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return 0, nil, err
	}
	if body == nil {
		raw = nil
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, s.URL+"/sandbox/v1"+path, bytes.NewReader(raw))
	if err != nil {
		return 0, nil, err
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return 0, nil, err
	}
	answer, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close() // read to its end
	return resp.StatusCode, answer, err
}

// Fault is one switch of /sandbox/v1/faults.
type Fault struct {
	API     string `json:"api,omitempty"`
	Topic   string `json:"topic,omitempty"`
	Kind    string `json:"kind"`
	Count   int    `json:"count,omitempty"`
	DelayMS int    `json:"delayMs,omitempty"`
}

// Break turns a fault on.
func (s *Sandbox) Break(t testing.TB, f Fault) {
	t.Helper()
	s.Post(t, "/faults", f)
}

// Mend turns all faults off.
func (s *Sandbox) Mend(t testing.TB) {
	t.Helper()
	status, raw, err := s.call(t, http.MethodDelete, "/faults", nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, status, "%s", raw)
}

// Struck is how often faults of a kind have struck.
func (s *Sandbox) Struck(t testing.TB, kind string) (n int) {
	t.Helper()
	var v struct {
		Faults []struct {
			Kind string
			Used int
		}
	}
	s.Get(t, "/faults", nil, &v)
	for _, f := range v.Faults {
		if f.Kind == kind {
			n += f.Used
		}
	}
	return n
}

// Act lets the simulated seller or carrier act on a 1688 order. An order that has passed the point already is fine:
// tests repeat actions whose answer a restart of an embedded 1688 has cut off.
func (s *Sandbox) Act(t testing.TB, order, action string) error {
	status, raw, err := s.call(t, http.MethodPost, "/orders/"+order+"/actions/"+action, map[string]any{})
	if err == nil && status != http.StatusOK && status != http.StatusConflict {
		require.Failf(t, "1688 refused an action", "%s %s: %d %s", order, action, status, raw)
	}
	return err
}

// UpstreamOrder is a 1688 order as the control API shows it.
type UpstreamOrder struct {
	OrderID, OutOrderID, Status string
	TotalFen                    int64
	Lines                       []struct{ SubItemID, OfferID, SkuID string }
	Parcels                     []struct{ LogisticsID, Node string }
}

// Orders lists the 1688 orders with an outOrderId; all of them when it is empty.
func (s *Sandbox) Orders(t testing.TB, outOrderID string) []UpstreamOrder {
	t.Helper()
	var v struct{ Orders []UpstreamOrder }
	q := url.Values{"limit": {"1000"}}
	if outOrderID != "" {
		q.Set("outOrderId", outOrderID)
	}
	s.Get(t, "/orders", q, &v)
	return v.Orders
}

// Creates is how often createCrossOrder made an order for an outOrderId, and how often the call was received in all.
func (s *Sandbox) Creates(t testing.TB, outOrderID string) int {
	t.Helper()
	var v struct{ Creates map[string]int }
	s.Get(t, "/counters", url.Values{"outOrderId": {outOrderID}}, &v)
	return v.Creates[outOrderID]
}

// Executed is how often an API did its work, by the end of its name.
func (s *Sandbox) Executed(t testing.TB, api string) (n int) {
	t.Helper()
	var v struct {
		Calls map[string]struct{ Executed int }
	}
	s.Get(t, "/counters", nil, &v)
	for name, c := range v.Calls {
		if strings.HasSuffix(name, api) {
			n += c.Executed
		}
	}
	return n
}

// Transcript is every call the gateway has had, one JSON text each.
func (s *Sandbox) Transcript(t testing.TB) []string {
	t.Helper()
	status, raw, err := s.call(t, http.MethodGet, "/transcript", nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, status)
	return strings.Split(strings.TrimSpace(string(raw)), "\n")
}

// Told is one thing the platform was told.
type Told struct {
	Kind, Key, Status string
	Accepted          bool
	Warnings          []string
	Body              json.RawMessage
}

// Pushes is all the platform was told, oldest first, and the number of warnings.
func (s *Sandbox) Pushes(t testing.TB) (list []Told, warnings int) {
	t.Helper()
	var v struct {
		Warnings int
		Items    []Told
	}
	s.Get(t, "/pushes", url.Values{"limit": {"10000"}}, &v)
	return v.Items, v.Warnings
}

// Sent is a message as the control API shows it.
type Sent struct {
	MsgID, Topic, BizKey, Message string
	Deliveries                    []struct {
		State    string
		Attempts []struct{ Status int }
	}
}

// Messages lists all messages, oldest first.
func (s *Sandbox) Messages(t testing.TB) []Sent {
	t.Helper()
	var v struct{ Messages []Sent }
	s.Get(t, "/messages", url.Values{"limit": {"10000"}}, &v)
	return v.Messages
}

// Delivered waits until no message is on its way any more.
func (s *Sandbox) Delivered(t testing.TB) {
	t.Helper()
	Eventually(t, "delivery of all messages", func() (bool, string) {
		for _, m := range s.Messages(t) {
			for _, d := range m.Deliveries {
				if d.State == "pending" {
					return false, m.MsgID + " is pending"
				}
			}
		}
		return true, ""
	})
}
