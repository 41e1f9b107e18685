package search

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sort"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"entrepot/internal/errs"
	"entrepot/internal/web"
)

// careful is what the program runs with.
func careful(o *Options) { o.Pause = 500 * time.Millisecond }

// With 1688 gone, be it that it breaks or that it hangs, hot answers keep coming at once, cold ones are refused within a
// second, and both are right again when it is back.
func TestOutage(t *testing.T) {
	for name, tt := range map[string]struct{ begin, end func(*stall) }{
		"breaks": {func(g *stall) { g.broken.Store(true) }, func(g *stall) { g.broken.Store(false) }},
		"hangs":  {func(g *stall) { g.hangs.Store(true) }, func(g *stall) { g.hangs.Store(false) }},
	} {
		for age, old := range map[string]time.Duration{"just past freshness": freshFor, "beyond revalidation": revalidate * freshFor} {
			t.Run(name+", "+age, func(t *testing.T) {
				t.Parallel()
				g, c := newStall(t), &clock{t: time.Unix(1_800_000_000, 0)}
				f := process(t, c, g.URL, careful)
				for i := range 20 {
					_, _, err := f.find(teas(i))
					require.NoError(t, err)
				}
				tt.begin(g)
				c.advance(old)
				var took []time.Duration
				asking := time.Now()
				for i := range 1000 {
					began := time.Now()
					_, stale, err := f.find(teas(i % 20))
					took = append(took, time.Since(began))
					require.NoError(t, err)
					assert.True(t, stale)
				}
				slices.Sort(took)
				t.Logf("hot: p50 %v, p99 %v, longest %v; %d calls", took[500], took[990], took[999], g.calls.Load()-20)
				waits := len(took) - sort.Search(len(took), func(i int) bool { return took[i] >= leastWait })
				assert.LessOrEqual(t, waits, 10, "whoever waits for 1688 waits at least as long as that")
				assert.Less(t, g.calls.Load()-20, 60+4*int64(time.Since(asking)/time.Second), "nor is 1688 asked for each of them")
				began := time.Now()
				for i := range 12 {
					_, _, err := f.find(teas(100 + i))
					unavailableNow(t, err)
				}
				t.Logf("cold: %v each", time.Since(began)/12)
				assert.Less(t, time.Since(began), alive, "twelve times as long as 1688 may take would be longer")
				tt.end(g)
				require.Eventually(t, func() bool {
					_, stale, err := f.find(teas(1))
					_, _, cold := f.find(teas(200))
					return err == nil && !stale && cold == nil
				}, alive, 20*time.Millisecond)
			})
		}
	}
}

// A failure is believed for a moment, so that nobody can make us hammer 1688 with a question it cannot answer.
func TestAFailingQuestionIsNotAskedAgainAtOnce(t *testing.T) {
	g, c := newStall(t), &clock{t: time.Unix(1_800_000_000, 0)}
	f := process(t, c, g.URL, careful)
	g.broken.Store(true)
	for range 100 {
		_, _, err := f.find(teas(1))
		unavailableNow(t, err)
	}
	assert.LessOrEqual(t, g.calls.Load(), int64(2), "the call and its one repeat")
}

// One thing that always fails says nothing about 1688.
func TestOneBadQuestionIsItsOwnProblem(t *testing.T) {
	h := &health{pause: time.Hour}
	bad := unavailable(errLate)
	for range 10 {
		h.saw(cacheKey{key: "a"}, bad, 0)
	}
	assert.True(t, h.admit(time.Now()))
	h.saw(cacheKey{key: "b"}, bad, 0)
	h.saw(cacheKey{key: "c"}, bad, 0)
	assert.True(t, h.away())
	assert.False(t, h.admit(time.Now()))
	assert.True(t, h.admit(time.Now().Add(2*time.Hour)), "one tries")
	assert.False(t, h.admit(time.Now().Add(2*time.Hour)))
	h.saw(cacheKey{key: "a"}, nil, 0)
	assert.True(t, h.admit(time.Now()))
}

func TestPatienceFollowsWhatAnswersTake(t *testing.T) {
	h := &health{}
	assert.Equal(t, leastWait, h.patience())
	h.saw(cacheKey{}, nil, time.Second)
	assert.Equal(t, 4*time.Second, h.patience())
	h.saw(cacheKey{}, nil, time.Minute)
	assert.Equal(t, longestWait, h.patience())
	for range 200 {
		h.saw(cacheKey{}, nil, time.Millisecond)
	}
	assert.Equal(t, leastWait, h.patience())
}

// Messages all the time must not keep everything else from being cached, and a hit stays a hit for what they do not name.
func TestMessagesTouchWhatTheyName(t *testing.T) {
	g, c := newStall(t), &clock{t: time.Unix(1_800_000_000, 0)}
	f := process(t, c, g.URL, nil)
	for i := range 100 {
		f.Invalidate(int64(1000 + i))
		_, old, err := f.find(teas(i % 10))
		require.NoError(t, err)
		assert.False(t, old)
	}
	assert.EqualValues(t, 10, g.calls.Load())
	f.Invalidate(7)
	for i := range 20 {
		_, old, err := f.find(teas(i % 10))
		require.NoError(t, err)
		assert.False(t, old, "asked again first")
	}
	assert.EqualValues(t, 20, g.calls.Load())
	f.Invalidate(7)
	g.broken.Store(true)
	_, old, err := f.find(teas(1))
	require.NoError(t, err)
	assert.True(t, old, "better than nothing while 1688 is away")
}

// The index forgets what the cache forgets.
func TestTheIndexIsBounded(t *testing.T) {
	var s stock
	s.open(1<<20, time.Hour, func() {})
	t.Cleanup(s.close)
	put := func(n int) {
		s.put(cacheKey{kind: &kindSearch, key: strconv.Itoa(n)}, &entry{offers: []int64{int64(n), 7}, loaded: time.Now()})
	}
	for n := range 20_000 {
		put(n)
	}
	for range 3 {
		s.entries.CleanUp()
	}
	listed := 0
	for i := range s.index.shards {
		for _, r := range s.index.shards[i].heads {
			for ; r != nil; r = r.next {
				listed++
			}
		}
	}
	assert.InDelta(t, 2*s.entries.EstimatedSize(), listed, 10)
	s.change([]int64{7})
	for k, e := range s.entries.All() {
		assert.NotZero(t, e.dirty.Load(), k)
	}
}

func TestChangesAreRememberedLongEnough(t *testing.T) {
	var c changes
	before := c.number.Load()
	c.add([]int64{1, 2})
	assert.EqualValues(t, 1, c.since(before, []int64{2}))
	assert.Zero(t, c.since(before, []int64{3}))
	assert.Zero(t, c.since(1, []int64{2}))
	many := make([]int64, changesMost)
	for round := range 3 { // so many that some are forgotten: then any offer may be one of them
		for i := range many {
			many[i] = int64(1000 + round*changesMost + i)
		}
		c.add(many)
	}
	assert.NotZero(t, c.since(before, []int64{2}))
	assert.LessOrEqual(t, len(c.young)+len(c.old), 2*changesMost+2)
}

// Memory is bounded however many different questions are asked, what is hot survives a flood of them, and a hit costs the
// same however full the cache is.
func TestAFloodOfQuestions(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	var s stock
	evicted := 0
	size, questions := int64(16<<20), 100_000
	if raceEnabled { // the same flood of a smaller cache
		size, questions = size/8, questions/8
	}
	var mu sync.Mutex
	s.open(size, time.Hour, func() { mu.Lock(); evicted++; mu.Unlock() })
	t.Cleanup(s.close)
	question := func(n int) cacheKey {
		return cacheKey{kind: &kindSearch, site: "japan", lang: "ja", key: teas(n).Keyword}
	}
	body := make([]byte, 3000)
	put := func(n int) {
		e := &entry{offers: make([]int64, 20), loaded: time.Now()}
		for i := range e.offers {
			e.offers[i] = int64(n*20 + i)
		}
		e.answer.Store(web.NewCached(slices.Clone(body), "ja", web.CacheRules{}))
		s.put(question(n), e)
	}
	hot := func() (found int) {
		for n := range 50 {
			if _, ok := s.entries.GetIfPresent(question(n)); ok {
				found++
			}
		}
		return found
	}
	for n := range 50 {
		put(n)
	}
	for range 20 {
		hot()
	}
	before := heap()
	for n := 50; n < questions; n++ {
		put(n)
		if n%100 == 0 {
			hot()
		}
		if n == questions/100 || n == questions/10 || n == questions-1 {
			began, rounds := time.Now(), 200
			for range rounds {
				hot()
			}
			t.Logf("%6d questions: %5d kept, %4.1f MiB, %v for a look-up", n, s.entries.EstimatedSize(), mib(heap()-before), time.Since(began)/time.Duration(rounds*50))
		}
	}
	s.entries.CleanUp()
	// Chance would leave one or two of the fifty. How many stay depends on how far the cache's own housekeeping keeps up.
	assert.GreaterOrEqual(t, hot(), 10, "what is asked for often stays")
	assert.Less(t, heap()-before, size, "weights are what entries hold")
	assert.Positive(t, evicted)
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func mib(n int64) float64 { return float64(n) / (1 << 20) }

func TestCacheMetrics(t *testing.T) {
	reg := prometheus.NewRegistry()
	g, c := newStall(t), &clock{t: time.Unix(1_800_000_000, 0)}
	f := process(t, c, g.URL, func(o *Options) { o.Metrics = reg })
	for range 3 {
		_, _, err := f.find(teas(1))
		require.NoError(t, err)
	}
	c.advance(freshFor)
	_, _, err := f.find(teas(1))
	require.NoError(t, err)
	f.idle()
	f.Invalidate(7, 8)
	families, err := reg.Gather()
	require.NoError(t, err)
	counted := map[string]string{}
	for _, family := range families {
		assert.NotContains(t, family.String(), "tea", "no words of shoppers")
		for _, m := range family.GetMetric() {
			labels := ""
			for _, l := range m.GetLabel() {
				labels += " " + l.GetValue()
			}
			counted[family.GetName()+labels] = fmt.Sprint(m.GetCounter().GetValue() + m.GetGauge().GetValue())
		}
	}
	for name, want := range map[string]string{
		"answers_total hit search": "2", "answers_total miss search": "1", "answers_total stale search": "1",
		"loads_total search ok": "2", "changes_total self": "2", "entries": "1", "redis_up": "0",
	} {
		assert.Equal(t, want, counted["entrepot_catalogue_"+name], name)
	}
}

// A load that fails in an unexpected way is an error for those who wait, not the end of the process.
func TestAPanicInALoad(t *testing.T) {
	g, c := newStall(t), &clock{t: time.Unix(1_800_000_000, 0)}
	f := process(t, c, g.URL, nil)
	_, err := f.ask(t.Context(), question{&kindSearch, f.site, "ja", "x"}, func(context.Context) (any, []int64, error) { panic("x") })
	assert.Equal(t, errs.Internal, errs.CodeOf(err))
}
