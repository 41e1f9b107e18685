package search

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"entrepot/internal/errs"
)

func TestAnotherProcessFindsTheAnswer(t *testing.T) {
	onRedis(t, func(t *testing.T, shared redis.UniversalClient, namespace string) {
		g, c := newStall(t), &clock{t: time.Unix(1_800_000_000, 0)}
		first := process(t, c, g.URL, on(shared, namespace))
		body, _, err := first.find(teas(1))
		require.NoError(t, err)
		first.idle()
		second := process(t, c, g.URL, on(shared, namespace))
		again, old, err := second.find(teas(1))
		require.NoError(t, err)
		assert.Equal(t, body, again, "byte for byte")
		assert.False(t, old)
		assert.EqualValues(t, 1, g.calls.Load())
		_, _, err = second.find(teas(2))
		require.NoError(t, err)
		other := process(t, c, g.URL, on(shared, namespace+"-other"))
		_, _, err = other.find(teas(1))
		require.NoError(t, err)
		assert.EqualValues(t, 3, g.calls.Load(), "other words, another installation: other answers")
	})
}

func TestOneCallForAllProcesses(t *testing.T) {
	onRedis(t, func(t *testing.T, shared redis.UniversalClient, namespace string) {
		g, c := newStall(t), &clock{t: time.Unix(1_800_000_000, 0)}
		g.wait = make(chan struct{})
		var processes []*fixture
		for range 3 {
			processes = append(processes, process(t, c, g.URL, on(shared, namespace)))
		}
		var wg sync.WaitGroup
		for i := range 999 {
			wg.Go(func() {
				_, old, err := processes[i%3].find(teas(1))
				assert.NoError(t, err)
				assert.False(t, old)
			})
		}
		require.Eventually(t, func() bool { return g.calls.Load() > 0 }, alive, time.Millisecond)
		close(g.wait)
		wg.Wait()
		assert.EqualValues(t, 1, g.calls.Load())
	})
}

// A process that died while it asked 1688 holds up the others for a moment only.
func TestALeaseEnds(t *testing.T) {
	r := miniredis.RunT(t)
	shared := redis.NewClient(&redis.Options{Addr: r.Addr()})
	t.Cleanup(func() { _ = shared.Close() })
	g, c := newStall(t), &clock{t: time.Unix(1_800_000_000, 0)}
	f := process(t, c, g.URL, on(shared, "test"))
	k := cacheKey{&kindSearch, f.site.Code, f.version(f.site), "ja", mustKey(t, teas(1))}
	require.NoError(t, shared.Set(t.Context(), f.tier.name("lease", k), "the dead", leaseFor).Err())
	done := make(chan error, 1)
	go func() {
		_, _, err := f.find(teas(1))
		done <- err
	}()
	select {
	case err := <-done:
		require.NoError(t, err)
		t.Fatal("did not wait for the holder of the lease")
	case <-time.After(40 * time.Millisecond):
	}
	assert.Zero(t, g.calls.Load())
	r.FastForward(leaseFor)
	require.NoError(t, came(t, done))
	assert.EqualValues(t, 1, g.calls.Load())
}

func mustKey(t *testing.T, q Query) string {
	q, err := q.normalise()
	require.NoError(t, err)
	return q.key()
}

// A hit is answered from this process: Redis is not asked.
func TestNoRedisOnAHit(t *testing.T) {
	r := miniredis.RunT(t)
	shared := redis.NewClient(&redis.Options{Addr: r.Addr()})
	t.Cleanup(func() { _ = shared.Close() })
	g, c := newStall(t), &clock{t: time.Unix(1_800_000_000, 0)}
	f := process(t, c, g.URL, on(shared, "test"))
	f.hears(shared)
	_, _, err := f.find(teas(1))
	require.NoError(t, err)
	f.idle()
	before := r.CommandCount()
	for range 1000 {
		_, _, err := f.find(teas(1))
		require.NoError(t, err)
	}
	assert.Equal(t, before, r.CommandCount())
	_, _, err = f.find(teas(2))
	require.NoError(t, err)
	f.idle()
	assert.LessOrEqual(t, r.CommandCount()-before, 5, "look, clock, lease; answer, lease given back")
}

func TestChangesReachOtherProcesses(t *testing.T) {
	onRedis(t, func(t *testing.T, shared redis.UniversalClient, namespace string) {
		g, c := newStall(t), &clock{t: time.Unix(1_800_000_000, 0)}
		api, worker := process(t, c, g.URL, on(shared, namespace)), process(t, c, g.URL, on(shared, namespace))
		api.hears(shared)
		before, _, err := api.find(teas(1))
		require.NoError(t, err)
		api.idle()
		g.price.Store(12)
		worker.Invalidate(7)
		require.Eventually(t, func() bool {
			now, _, err := api.find(teas(1))
			return err == nil && now != before
		}, alive, 2*time.Millisecond)
		later := process(t, c, g.URL, on(shared, namespace))
		now, old, err := later.find(teas(1))
		require.NoError(t, err)
		assert.NotEqual(t, before, now, "what Redis had from before the change is not believed")
		assert.False(t, old)
		api.idle()
		later.idle()
		calls := g.calls.Load()
		_, _, err = process(t, c, g.URL, on(shared, namespace)).find(teas(1))
		require.NoError(t, err)
		assert.Equal(t, calls, g.calls.Load(), "what it has from after the change is")
	})
}

// While nobody could be told, everything may have changed.
func TestALostSubscription(t *testing.T) {
	r := miniredis.RunT(t)
	shared := redis.NewClient(&redis.Options{Addr: r.Addr()})
	t.Cleanup(func() { _ = shared.Close() })
	g, c := newStall(t), &clock{t: time.Unix(1_800_000_000, 0)}
	f := process(t, c, g.URL, on(shared, "test"))
	f.hears(shared)
	_, _, err := f.find(teas(1))
	require.NoError(t, err)
	f.idle()
	r.Close()
	require.NoError(t, r.Restart())
	r.FlushAll()
	require.Eventually(t, func() bool {
		_, old, err := f.find(teas(1))
		return err == nil && old
	}, alive, 5*time.Millisecond)
	require.Eventually(t, func() bool {
		_, old, err := f.find(teas(1))
		return err == nil && !old
	}, alive, 5*time.Millisecond)
	assert.EqualValues(t, 2, g.calls.Load())
}

// looks counts how often Redis is asked for an answer.
type looks struct{ atomic.Int64 }

// DialHook implements redis.Hook.
func (*looks) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessHook implements redis.Hook.
func (*looks) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

// ProcessPipelineHook implements redis.Hook.
func (l *looks) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if cmds[0].Name() == "getrange" {
			l.Add(1)
		}
		return next(ctx, cmds)
	}
}

// Redis that refuses, says nothing or talks nonsense costs one short wait and no answer.
func TestRedisAway(t *testing.T) {
	closed := hole(t)
	for name, addr := range map[string]string{"closed port": "127.0.0.1:1", "silent": closed} {
		t.Run(name, func(t *testing.T) {
			shared := redis.NewClient(&redis.Options{Addr: addr})
			t.Cleanup(func() { _ = shared.Close() })
			g, c := newStall(t), &clock{t: time.Unix(1_800_000_000, 0)}
			f := process(t, c, g.URL, on(shared, "test"))
			f.tier.wait = lookLimit
			var asked looks
			f.tier.rdb.AddHook(&asked)
			began := time.Now()
			for i := range 20 {
				_, _, err := f.find(teas(i))
				require.NoError(t, err)
				assert.EqualValues(t, 1, asked.Load(), "it is left alone after the first time")
				f.Invalidate(int64(i))
			}
			t.Logf("%v for each answer and change", time.Since(began)/20)
			assert.Less(t, time.Since(began), alive)
			assert.False(t, f.tier.ready())
			assert.EqualValues(t, 20, g.calls.Load())
		})
	}
}

func TestNonsenseInRedis(t *testing.T) {
	r := miniredis.RunT(t)
	shared := redis.NewClient(&redis.Options{Addr: r.Addr()})
	t.Cleanup(func() { _ = shared.Close() })
	g, c := newStall(t), &clock{t: time.Unix(1_800_000_000, 0)}
	first := process(t, c, g.URL, on(shared, "test"))
	k := cacheKey{&kindSearch, first.site.Code, first.version(first.site), "ja", mustKey(t, teas(1))}
	name := first.tier.name("answer", k)
	assert.NotContains(t, name, "tea", "what people look for is not in Redis' keys")
	_, _, err := first.find(teas(1))
	require.NoError(t, err)
	first.idle()
	good, err := shared.Get(t.Context(), name).Result()
	require.NoError(t, err)
	for what, spoil := range map[string]func(){
		"another type": func() { shared.Del(t.Context(), name); shared.LPush(t.Context(), name, "x") },
		"text":         func() { shared.Set(t.Context(), name, "<html>", 0) },
		"empty":        func() { shared.Set(t.Context(), name, "", 0) },
		"older format": func() { shared.Set(t.Context(), name, "eC0"+good[3:], 0) },
		"cut off":      func() { shared.Set(t.Context(), name, good[:len(good)-1], 0) },
		"one bit":      func() { shared.Set(t.Context(), name, good[:9]+string(good[9]^1)+good[10:], 0) },
		"oversized":    func() { shared.Set(t.Context(), name, good+strings.Repeat("x", largest), 0) },
	} {
		spoil()
		calls := g.calls.Load()
		f := process(t, c, g.URL, on(shared, "test"))
		_, old, err := f.find(teas(1))
		require.NoError(t, err, what)
		assert.False(t, old, what)
		assert.Equal(t, calls+1, g.calls.Load(), what)
		f.idle()
		repaired, err := shared.Get(t.Context(), name).Result()
		require.NoError(t, err, what)
		assert.NotNil(t, readKept([]byte(repaired)), what)
	}
}

func TestKeptRoundTrip(t *testing.T) {
	k := kept{asked: time.UnixMicro(1_800_000_000_123_456), offers: []int64{1, 7, 1 << 60}, packed: true, bytes: []byte("bytes")}
	assert.Equal(t, &k, readKept(writeKept(k)))
	k = kept{asked: time.UnixMicro(1), refusal: errs.New(errs.NotFound, "product.not_found")}
	got := readKept(writeKept(k))
	require.NotNil(t, got)
	assert.Equal(t, errs.NotFound, got.refusal.Code)
	assert.Equal(t, "product.not_found", got.refusal.Key)
	raw := writeKept(k)
	for i := range raw {
		assert.Nil(t, readKept(raw[:i]))
	}
}

func FuzzReadKept(f *testing.F) {
	f.Add(writeKept(kept{offers: []int64{7}, packed: true, bytes: []byte("x")}))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if k := readKept(raw); k != nil && len(k.offers) > mostOffers {
			t.Fatal("more offers than anything shows")
		}
	})
}

// A thousand messages a second must not keep a process busy.
func TestManyChangesTravelTogether(t *testing.T) {
	r := miniredis.RunT(t)
	shared := redis.NewClient(&redis.Options{Addr: r.Addr()})
	t.Cleanup(func() { _ = shared.Close() })
	g, c := newStall(t), &clock{t: time.Unix(1_800_000_000, 0)}
	api, worker := process(t, c, g.URL, on(shared, "test")), process(t, c, g.URL, on(shared, "test"))
	api.hears(shared)
	before := api.changes.number.Load()
	var wg sync.WaitGroup
	for i := range 1000 {
		wg.Go(func() { worker.Invalidate(int64(i)) })
	}
	wg.Wait()
	require.Eventually(t, func() bool {
		api.changes.mu.Lock()
		defer api.changes.mu.Unlock()
		return len(api.changes.young) == 1000
	}, alive, time.Millisecond)
	assert.Less(t, api.changes.number.Load()-before, uint64(500), "told in batches")
}
