package app_test

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"entrepot/internal/apptest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// wired starts an installation whose way to 1688 can be cut.
func wired(t *testing.T, opts ...apptest.Option) (*apptest.Stack, *apptest.Gate) {
	s := apptest.Start(t, append(opts, apptest.Gated())...)
	return s, s.Gate
}

func searchPath(keyword string) string { return "/v1/search?keyword=" + url.QueryEscape(keyword) }

// The way to 1688 is cut: what nobody asked before is 503 with Retry-After at once, the rest is answered; when it is back
// everything is, without a restart.
func TestSearchWhile1688IsAway(t *testing.T) {
	s, w := wired(t)
	shopper := s.Shopper("demo-japan")
	ask := func(i int) (apptest.Answer, time.Duration) {
		start := time.Now()
		a, err := shopper.Try(t, http.MethodGet, searchPath(fmt.Sprint("袋 ", i)), nil)
		require.NoError(t, err)
		return a, time.Since(start)
	}
	apptest.Eventually(t, "the first answer", func() (bool, string) {
		a, _ := ask(0)
		return a.Status == http.StatusOK, fmt.Sprint(a.Status)
	})

	w.Close()
	closed := time.Now()
	var took []time.Duration
	for i := range 100 {
		a, d := ask(1000 + i)
		require.Equal(t, http.StatusServiceUnavailable, a.Status, "%s", a.Body)
		p := a.Problem(t)
		assert.Equal(t, "UPSTREAM_UNAVAILABLE", p.Code)
		assert.True(t, p.Retryable)
		after, err := strconv.Atoi(a.Header.Get("Retry-After"))
		require.NoError(t, err)
		assert.Positive(t, after)
		took = append(took, d)
	}
	slices.Sort(took)
	t.Logf("cold while away: median %v, worst %v", took[50], took[99])
	assert.Less(t, time.Since(closed), apptest.Patience, "a hundred waits, however short each, would be longer")
	cold := shopper.Get(t, http.StatusServiceUnavailable, "/v1/products/1")
	assert.Equal(t, "UPSTREAM_UNAVAILABLE", cold.Problem(t).Code)
	hot, _ := ask(0)
	assert.Equal(t, http.StatusOK, hot.Status, "what is remembered is answered")

	ready := s.Anyone().Get(t, http.StatusOK, "/readyz")
	assert.Contains(t, string(ready.Body), `"degraded"`)
	assert.Contains(t, string(ready.Body), "does not answer")
	metrics := string(s.Anyone().Get(t, http.StatusOK, "/metrics").Body)
	assert.Regexp(t, `entrepot_alibaba_breaker_state\{api="\*"\} [12]`, metrics)
	assert.Contains(t, metrics, `entrepot_alibaba_breaker_openings_total{api="*"}`)

	w.Open(t)
	back := time.Now()
	for i := 2000; ; i++ {
		if a, _ := ask(i); a.Status == http.StatusOK {
			break
		}
		require.Less(t, time.Since(back), apptest.Patience, "it must find out by itself")
		<-time.After(20 * time.Millisecond)
	}
	t.Logf("answers again %v after the way was mended", time.Since(back).Round(time.Millisecond))
	apptest.Eventually(t, "readiness", func() (bool, string) {
		a := s.Anyone().Get(t, http.StatusOK, "/readyz")
		return strings.Contains(string(a.Body), `"ok"`), string(a.Body)
	})
}

// One method of 1688 is broken: it alone is kept back, and asked once a second instead of for every shopper.
func TestOneMethodOf1688IsBroken(t *testing.T) {
	s := apptest.Start(t, apptest.Unreachable())
	shopper := s.Shopper("demo-japan")
	first := shopper.Get(t, http.StatusOK, searchPath("バッグ"))
	var hits struct{ Items []struct{ OfferID string } }
	first.Decode(t, &hits)
	s.Sandbox.Break(t, apptest.Fault{API: "product.search.keywordQuery", Kind: "http_503"})
	broken := time.Now()
	for i := range 60 {
		shopper.Get(t, http.StatusServiceUnavailable, searchPath(fmt.Sprint("鞄 ", i)))
	}
	assert.LessOrEqual(t, s.Sandbox.Struck(t, "http_503"), 20+int(2*time.Since(broken)/time.Second), "1688 is not hammered")
	shopper.Get(t, http.StatusOK, "/v1/products/"+hits.Items[1].OfferID)
	ready := s.Anyone().Get(t, http.StatusOK, "/readyz")
	assert.Contains(t, string(ready.Body), "product.search.keywordQuery")
	s.Sandbox.Mend(t)
	back := time.Now()
	for i := 0; ; i++ {
		if a, err := shopper.Try(t, http.MethodGet, searchPath(fmt.Sprint("箱 ", i)), nil); err == nil && a.Status == http.StatusOK {
			break
		}
		require.Less(t, time.Since(back), apptest.Patience)
		<-time.After(20 * time.Millisecond)
	}
}

// A method of 1688 never answers: a few shoppers wait as long as configured, the others not at all, and it is asked again.
func TestOneMethodOf1688Hangs(t *testing.T) {
	const limit = 400 * time.Millisecond
	s := apptest.Start(t, apptest.Unreachable(), apptest.Env("ENTREPOT_ALIBABA_SHOPPER_TIMEOUT", limit.String()))
	shopper := s.Shopper("demo-japan")
	ask := func(keyword string) int {
		a, err := shopper.Try(t, http.MethodGet, searchPath(keyword), nil)
		assert.NoError(t, err)
		return a.Status
	}
	s.Sandbox.Break(t, apptest.Fault{API: "product.search.keywordQuery", Kind: "silent"})
	began := time.Now()
	for i := range 40 {
		require.Equal(t, http.StatusServiceUnavailable, ask(fmt.Sprint("灯 ", i)))
	}
	took, struck := time.Since(began), s.Sandbox.Struck(t, "silent")
	t.Logf("40 shoppers in %v, %d calls", took, struck)
	assert.LessOrEqual(t, struck, 5+int(took/time.Second), "a few wait, and one a second finds out whether it answers again")
	assert.Less(t, took, apptest.Patience)
	s.Sandbox.Mend(t)
	back := time.Now()
	for i := 0; ; i++ {
		if ask(fmt.Sprint("台 ", i)) == http.StatusOK {
			break
		}
		require.Less(t, time.Since(back), apptest.Patience)
		<-time.After(20 * time.Millisecond)
	}
}

// The way to 1688 is cut in the middle of the work, at every step: nothing is bought twice, no try is lost, nothing needs staff.
func TestStoryWhile1688ComesAndGoes(t *testing.T) {
	s, w := wired(t)
	apptest.Eventually(t, "1688", func() (bool, string) {
		a, err := s.Shopper("demo-japan").Try(t, http.MethodGet, searchPath("バッグ"), nil)
		return err == nil && a.Status == http.StatusOK, fmt.Sprint(a.Status)
	})
	y := s.NewStory(t, 2)
	for _, step := range y.Steps() {
		step.Insist(t, func() { <-time.After(200 * time.Millisecond) })
		w.Close()
		<-time.After(1500 * time.Millisecond)
		w.Open(t)
		if step.Settle != nil {
			step.Settle(t)
		}
	}
	y.Verify(t)
	assert.Zero(t, s.Count(t, "SELECT COUNT(*) FROM jobs WHERE state = 'dead'"))
	closed := regexp.MustCompile(`entrepot_alibaba_breaker_state\{api="\*"\} 0`)
	apptest.Eventually(t, "the breaker to close", func() (bool, string) {
		return closed.Match(s.Anyone().Get(t, http.StatusOK, "/metrics").Body), "open"
	})
}

// The api and the worker are two processes on one Redis: together they keep to the budget, and both get through.
func TestBudgetOfTwoProcesses(t *testing.T) {
	if os.Getenv(apptest.RedisVar) == "" {
		t.Skip("needs " + apptest.RedisVar)
	}
	const rate = 20
	s := apptest.Start(t, apptest.Unreachable(), apptest.Env("ENTREPOT_ALIBABA_RATE", strconv.Itoa(rate)), apptest.Env("ENTREPOT_SWEEP_INTERVAL", "50ms"))
	for range 10 { // work for the worker
		s.Shopper("demo-japan").SignUp(t)
	}
	<-time.After(time.Second)
	before, start := received(t, s), time.Now()
	shopper := s.Shopper("demo-japan")
	var wg sync.WaitGroup
	var mu sync.Mutex
	status := map[int]int{}
	stop := start.Add(5 * time.Second)
	for g := range 40 {
		wg.Go(func() {
			for i := 0; time.Now().Before(stop); i++ {
				a, err := shopper.Try(t, http.MethodGet, searchPath(fmt.Sprint("包 ", g, " ", i)), nil)
				if assert.NoError(t, err) {
					mu.Lock()
					status[a.Status]++
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	after := received(t, s)
	total, calls := 0, map[string]int{}
	for api, n := range after {
		if n -= before[api]; n > 0 {
			calls[api], total = n, total+n
		}
	}
	elapsed := time.Since(start).Seconds()
	t.Logf("%d calls in %.1f s at %d a second: %v; answers %v", total, elapsed, rate, calls, status)
	assert.LessOrEqual(t, float64(total), 1.3*rate*elapsed+rate, "a burst is half of a second; while a busy machine hides Redis each process counts for itself")
	assert.Greater(t, total, 2*calls["alibaba.trade.getBuyerOrderList"], "most of it is the shoppers'")
	assert.GreaterOrEqual(t, calls["alibaba.trade.getBuyerOrderList"], 5, "the worker gets its share")
	assert.Positive(t, status[http.StatusOK])
	assert.Empty(t, slices.DeleteFunc(keysOf(status), func(code int) bool { return code == 200 || code == 503 }))
}

func received(t *testing.T, s *apptest.Stack) map[string]int {
	t.Helper()
	var v struct {
		Calls map[string]struct{ Received int }
	}
	s.Sandbox.Get(t, "/counters", nil, &v)
	n := map[string]int{}
	for api, c := range v.Calls {
		n[api] = c.Received
	}
	return n
}

func keysOf(m map[int]int) (keys []int) {
	for k := range m {
		keys = append(keys, k)
	}
	return keys
}
