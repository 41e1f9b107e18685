package sandbox

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// states lists the delivery states of the messages with a key, oldest first.
func (f *fixture) states(key string) []string {
	f.t.Helper()
	var out []string
	for _, m := range at(f.t, f.control("GET", "/messages?key="+key, "", 200), "messages").([]any) {
		for _, d := range at(f.t, m, "deliveries").([]any) {
			out = append(out, at(f.t, d, "state").(string))
		}
	}
	return out
}

func (f *fixture) eventually(what string, ok func() bool) {
	f.t.Helper()
	require.Eventually(f.t, ok, time.Minute, 5*time.Millisecond, what)
}

func TestThreeTriesThenTheFailedStore(t *testing.T) {
	h := newHook(t)
	h.answer = func(int) int { return 500 }
	f := start(t, Options{Subscribers: []string{h.URL}})
	id := f.create("M")
	f.eventually("failed", func() bool { return fmt.Sprint(f.states(id)) == "[failed]" })
	m := at(t, f.control("GET", "/messages?state=failed", "", 200), "messages", 0)
	attempts := at(t, m, "deliveries", 0, "attempts").([]any)
	assert.Len(t, attempts, 3)
	assert.Equal(t, "500", fmt.Sprint(at(t, attempts[0], "status")))
	h.mu.Lock()
	h.answer = nil
	h.mu.Unlock()
	f.control("POST", "/messages", `{"action":"resend-failed"}`, 200)
	h.wait(t, 1)
	f.eventually("delivered", func() bool { return fmt.Sprint(f.states(id)) == "[failed delivered]" })
}

func TestSecondTryIsEnough(t *testing.T) {
	h := newHook(t)
	h.answer = func(n int) int {
		if n == 1 {
			return 503
		}
		return 200
	}
	f := start(t, Options{Subscribers: []string{h.URL}})
	id := f.create("M")
	h.wait(t, 1)
	f.eventually("delivered", func() bool { return fmt.Sprint(f.states(id)) == "[delivered]" })
}

func TestMessageFaults(t *testing.T) {
	h := newHook(t)
	f := start(t, Options{Subscribers: []string{h.URL}})
	fault := func(kind, topic string, count int) {
		f.control("POST", "/faults", fmt.Sprintf(`{"kind":%q,"topic":%q,"count":%d,"delayMs":30}`, kind, topic, count), 200)
	}
	t.Run("lose", func(t *testing.T) {
		fault("lose", "BUYER_MAKE", 1)
		assert.Equal(t, []string{"lost"}, f.states(f.create("lose")))
	})
	t.Run("duplicate", func(t *testing.T) {
		fault("duplicate", "", 1)
		f.create("dup")
		h.wait(t, 2)
		assert.Equal(t, h.messages()[0]["msgId"], h.messages()[1]["msgId"])
	})
	t.Run("delay", func(t *testing.T) {
		fault("delay", "BUYER_MAKE", 1)
		id := f.create("delay")
		f.act(id, "pay", "")
		h.wait(t, 4)
		assert.Equal(t, []string{"ORDER_PAY", "BUYER_MAKE"}, h.topics()[2:])
	})
	t.Run("shuffle", func(t *testing.T) {
		fault("shuffle", "", 3)
		id := f.create("shuffle")
		f.act(id, "pay", "")
		f.act(id, "part-ship", "")
		h.wait(t, 8)
		assert.Equal(t, []string{"PART_PART_SENDGOODS", "ORDER_PAY", "BUYER_MAKE"}, without(h.topics()[4:], "LOGISTICS_BUYER_VIEW_TRACE"))
	})
	t.Run("corrupt", func(t *testing.T) {
		fault("corrupt", "", 1)
		id := f.create("corrupt")
		f.eventually("refused three times", func() bool { return fmt.Sprint(f.states(id)) == "[failed]" })
		h.mu.Lock()
		defer h.mu.Unlock()
		assert.Equal(t, 3, h.bad)
	})
}

func without(list []string, drop string) []string {
	var out []string
	for _, s := range list {
		if s != drop {
			out = append(out, s)
		}
	}
	return out
}

func TestMessageActions(t *testing.T) {
	h := newHook(t)
	f := start(t, Options{Subscribers: []string{h.URL}})
	post := func(body string) map[string]any { return f.control("POST", "/messages", body, 200) }
	post(`{"action":"pause"}`)
	a, b := f.create("A"), f.create("B")
	first := at(t, f.control("GET", "/messages?key="+a, "", 200), "messages", 0, "msgId").(string)
	post(`{"action":"drop","msgId":"` + first + `"}`)
	post(`{"action":"resume"}`)
	h.wait(t, 1)
	assert.Equal(t, b, h.messages()[0]["bizKey"])
	assert.Equal(t, []string{"dropped"}, f.states(a))

	post(`{"action":"resend","msgId":"` + first + `"}`)
	h.wait(t, 2)
	assert.Equal(t, first, fmt.Sprint(h.messages()[1]["msgId"]), "the same message, not a new one")
	post(`{"action":"duplicate","msgId":"` + first + `","count":2}`)
	h.wait(t, 4)
	post(`{"action":"shuffle","count":2}`)
	h.wait(t, 6)
	post(`{"action":"emit","topic":"PRODUCT_X","data":{"id":1}}`)
	h.wait(t, 7)
	assert.Equal(t, "PRODUCT_X", h.messages()[6]["type"])
	post(`{"action":"format","dataAs":"text"}`)
	post(`{"action":"emit","topic":"PRODUCT_X","data":{"id":1}}`)
	h.wait(t, 8)
	assert.Equal(t, `{"id":1}`, h.messages()[7]["data"])
	post(`{"action":"corrupt","msgId":"` + first + `"}`)
	f.eventually("refused", func() bool { h.mu.Lock(); defer h.mu.Unlock(); return h.bad == 3 })
	for _, bad := range []string{`{"action":"emit"}`, `{"action":"format"}`, `{`} {
		f.control("POST", "/messages", bad, 400)
	}
	f.control("POST", "/messages", `{"action":"resend","msgId":"1"}`, 404)
}

func TestEachSubscriberGetsEverything(t *testing.T) {
	a, b := newHook(t), newHook(t)
	f := start(t, Options{Subscribers: []string{a.URL}})
	f.create("1")
	a.wait(t, 1)
	f.srv.SetSubscribers(a.URL, b.URL)
	f.create("2")
	a.wait(t, 2)
	b.wait(t, 1)
}

// A sandbox that is thrown away without a word must know everything when it is built again on the same folder, and still deliver.
func TestStateSurvivesAKill(t *testing.T) {
	dir, clk := t.TempDir(), newClock()
	dead, err := New(Options{Dir: dir, Now: clk.now, Subscribers: []string{"http://127.0.0.1:1"}}) // never run: nothing is delivered
	require.NoError(t, err)
	f := &fixture{t: t, srv: dead}
	ts := newHandlerServer(t, dead)
	f.url = ts
	id := f.create("KILL")
	f.create("KILL")
	f.act(id, "pay", "")
	f.act(id, "ship", "")
	f.call(orderSyncAPI, map[string]string{"orderParam": orderParam("E1", "payed")})
	f.control("POST", "/clock", `{"advance":100}`, 200)
	journal, err := os.OpenFile(journalPath(dir), os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = io.WriteString(journal, `{"orders":[{"id":1,"st`) // killed in mid-write
	require.NoError(t, err)
	require.NoError(t, journal.Close())
	before := [3]any{f.control("GET", "/orders", "", 200), f.control("GET", "/pushes", "", 200), at(t, f.control("GET", "/counters", "", 200), "creates")}
	o, k := f.pickOffer(plainOffer)
	left := dead.left(&dead.cat.Load().skus(o)[skuIndex(f, o, k)])

	h := newHook(t)
	g := start(t, Options{Dir: dir, Now: clk.now, Subscribers: []string{h.URL}}) // back on another port
	after := [3]any{g.control("GET", "/orders", "", 200), g.control("GET", "/pushes", "", 200), at(t, g.control("GET", "/counters", "", 200), "creates")}
	assert.Equal(t, before, after)
	assert.Equal(t, left, g.srv.left(&g.srv.cat.Load().skus(o)[skuIndex(g, o, k)]))
	assert.Equal(t, "100", fmt.Sprint(g.control("GET", "/clock", "", 200)["offsetSeconds"]))
	h.wait(t, 5)
	assert.Equal(t, []string{"BUYER_MAKE", "BUYER_MAKE", "ORDER_PAY", "ANNOUNCE_SENDGOODS", "LOGISTICS_BUYER_VIEW_TRACE"}, h.topics())
	third := g.create("KILL")
	assert.NotEqual(t, id, third)
	assert.Len(t, g.orders("KILL"), 3)
}

func newHandlerServer(t *testing.T, s *Server) string {
	f := &http.Server{Handler: s.Handler()}
	ln := listen(t)
	done := make(chan struct{})
	go func() { _ = f.Serve(ln); close(done) }()
	t.Cleanup(func() { _ = f.Close(); <-done; _ = s.Close() })
	return "http://" + ln.Addr().String()
}

func TestDeliveredMessagesAreNotSentAgain(t *testing.T) {
	dir, h := t.TempDir(), newHook(t)
	t.Run("first life", func(t *testing.T) {
		f := start(t, Options{Dir: dir, Subscribers: []string{h.URL}})
		id := f.create("X")
		f.eventually("delivered", func() bool { return fmt.Sprint(f.states(id)) == "[delivered]" })
	})
	f := start(t, Options{Dir: dir, Subscribers: []string{h.URL}})
	f.create("Y")
	h.wait(t, 2)
	assert.NotEqual(t, h.messages()[0]["bizKey"], h.messages()[1]["bizKey"])
	assert.Len(t, h.messages(), 2)
}

func TestBrokenJournalIsReported(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(journalPath(dir), []byte("nonsense\n"), 0o600))
	_, err := New(Options{Dir: dir})
	assert.ErrorContains(t, err, "line 1")
}

func TestResetForgets(t *testing.T) {
	dir, h := t.TempDir(), newHook(t)
	f := start(t, Options{Dir: dir, Subscribers: []string{h.URL}})
	first := f.create("R")
	h.wait(t, 1)
	state := f.control("POST", "/reset", `{"seed":5}`, 200)
	assert.Equal(t, "5", fmt.Sprint(state["seed"]))
	assert.Equal(t, "0", fmt.Sprint(state["orders"]))
	assert.NotEqual(t, first, f.create("R"), "another seed, other numbers")
	h.wait(t, 2)
	raw, err := os.ReadFile(journalPath(dir))
	require.NoError(t, err)
	assert.NotContains(t, string(raw), first)
	g, err := New(Options{Dir: dir})
	require.NoError(t, err)
	defer func() { _ = g.Close() }()
	assert.Equal(t, int64(5), g.seed, "the journal's seed wins over the option")
}

// The same seed and the same calls give the same transcript, byte for byte, whatever the time.
func TestTranscriptIsDeterministic(t *testing.T) {
	play := func(now func() time.Time) string {
		f := start(t, Options{Now: now})
		f.search(obj{"keyword": "傘"})
		f.control("POST", "/faults", `{"api":"*","kind":"quota","probability":0.5}`, 200)
		for range 10 {
			f.raw(listAPI, nil)
		}
		f.control("DELETE", "/faults", "", 200)
		id := f.create("T")
		f.act(id, "pay", "")
		f.act(id, "ship", "")
		f.call(orderSyncAPI, map[string]string{"orderParam": orderParam("E1", "payed")})
		res, err := http.Get(f.url + "/sandbox/v1/transcript")
		require.NoError(t, err)
		defer func() { _ = res.Body.Close() }()
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		return string(body)
	}
	a, b := play(time.Now), play(newClock().now)
	assert.Equal(t, a, b)
	assert.Contains(t, a, "gw.QosAppFrequencyLimit")
	assert.Equal(t, 17, strings.Count(a, "\n"), a)
}

func TestParallelCallers(t *testing.T) {
	h := newHook(t)
	f := start(t, Options{Subscribers: []string{h.URL}, Dir: t.TempDir()})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 10 {
				id := f.create(fmt.Sprintf("P%d-%d", i, j))
				f.view(id)
				f.search(obj{"keyword": "傘", "beginPage": j + 1})
				f.control("GET", "/messages?limit=5", "", 200)
				f.control("GET", "/state", "", 200)
			}
		})
	}
	wg.Wait()
	h.wait(t, 80)
	assert.Equal(t, "80", fmt.Sprint(f.control("GET", "/state", "", 200)["orders"]))
}
