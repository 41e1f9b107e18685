package sandbox

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestClockStandsJumpsAndRuns(t *testing.T) {
	clk, dir := newClock(), t.TempDir()
	f := start(t, Options{Now: clk.now, Dir: dir})
	pass := func(d time.Duration) {
		clk.mu.Lock()
		clk.t = clk.t.Add(d)
		clk.mu.Unlock()
	}
	from := clk.now()
	now := func(f *fixture) time.Duration {
		at, err := time.Parse(time.RFC3339Nano, f.control("GET", "/clock", "", 200)["now"].(string))
		require.NoError(t, err)
		return at.Sub(from)
	}
	pass(time.Minute)
	assert.Equal(t, time.Minute, now(f))
	assert.Equal(t, true, f.control("POST", "/clock", `{"freeze":true}`, 200)["frozen"])
	pass(time.Hour)
	assert.Equal(t, time.Minute, now(f))
	f.control("POST", "/clock", `{"advance":60}`, 200)
	assert.Equal(t, 2*time.Minute, now(f), "a jump of a clock that stands")
	f.control("POST", "/clock", `{"speed":60}`, 200)
	pass(time.Minute)
	assert.Equal(t, 62*time.Minute, now(f))
	f.control("POST", "/clock", `{"run":true}`, 200)
	pass(time.Minute)
	assert.Equal(t, 63*time.Minute, now(f))
	f.control("POST", "/clock", `{"set":"2026-05-01T00:00:00Z","freeze":true}`, 200)
	pass(time.Hour)
	g := start(t, Options{Now: clk.now, Dir: dir})
	assert.Equal(t, time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC).Sub(from), now(g), "a restart does not wake it")
	for _, bad := range []string{`{}`, `{"speed":-1}`, `{"speed":1e9}`, `{"advance":1e10}`, `{"set":"9999-01-01T00:00:00Z"}`, `{"set":"2026-01-01T00:00:00Z","advance":1}`, `{"advance":"1"}`} {
		f.control("POST", "/clock", bad, 400)
	}
}

// At a high speed twelve hours are over in a moment, by themselves.
func TestTimersFollowTheSpeed(t *testing.T) {
	f := start(t, Options{Now: time.Now})
	id := f.create("FAST")
	f.control("POST", "/clock", `{"speed":1000000}`, 200)
	f.eventually("closed for not being paid", func() bool { return f.control("GET", "/orders/"+id, "", 200)["status"] == cancelled })
}

// Retries wait while the clock stands, leave when it jumps, and none is lost.
func TestRetriesFollowTheClock(t *testing.T) {
	h := newHook(t)
	h.answer = func(n int) int {
		if n == 1 {
			return 500
		}
		return 200
	}
	f := start(t, Options{Subscribers: []string{h.URL}, RetryDelays: []time.Duration{0, time.Hour, time.Hour}})
	f.control("POST", "/clock", `{"freeze":true}`, 200)
	id := f.create("R")
	f.eventually("first try", func() bool { h.mu.Lock(); defer h.mu.Unlock(); return h.seen == 1 })
	f.create("S")
	h.wait(t, 1)
	assert.Equal(t, "[pending]", fmt.Sprint(f.states(id)))
	f.control("POST", "/clock", `{"advance":3601}`, 200)
	h.wait(t, 2)
	f.eventually("delivered", func() bool { return fmt.Sprint(f.states(id)) == "[delivered]" })

	f.control("POST", "/faults", `{"kind":"delay","count":1,"delayMs":3600000}`, 200)
	f.create("T")
	f.control("POST", "/clock", `{"speed":1000000}`, 200)
	h.wait(t, 3)
}
