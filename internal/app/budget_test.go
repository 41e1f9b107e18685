package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// crowd is what callers of one class got.
type crowd struct {
	got, busy atomic.Int64
	mu        sync.Mutex
	waits     []time.Duration
}

func (c *crowd) call(ctx context.Context, b *budget, background bool) {
	start := time.Now()
	err := b.wait(ctx, searching, background)
	if err != nil {
		c.busy.Add(1)
		return
	}
	c.got.Add(1)
	c.mu.Lock()
	c.waits = append(c.waits, time.Since(start))
	c.mu.Unlock()
}

func (c *crowd) worst(share int) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	slices.Sort(c.waits)
	if len(c.waits) == 0 {
		return 0
	}
	return c.waits[len(c.waits)*share/100]
}

// between is how long a caller who is done, served or not, does something else: two hundred callers are far more than any
// rate here, and the race detector needs no more of them.
const between = 10 * time.Millisecond

// press keeps n callers calling until ctx ends.
func (c *crowd) press(ctx context.Context, wg *sync.WaitGroup, b *budget, n int, background bool) {
	for range n {
		wg.Go(func() {
			for ctx.Err() == nil {
				c.call(ctx, b, background)
				select {
				case <-time.After(between):
				case <-ctx.Done():
				}
			}
		})
	}
}

// However many shoppers press, the rate holds and background work gets its tenth; with few of them it gets the rest.
func TestBudgetShares(t *testing.T) {
	const n, seconds = 50, 8
	var early atomic.Int64 // what background got before the shoppers pressed
	run := func(t *testing.T, shoppers int, pace time.Duration) (s, w *crowd) {
		s, w = &crowd{}, &crowd{}
		synctest.Test(t, func(t *testing.T) {
			b := newBudget(nil, "k", n, nil, time.Second)
			ctx, cancel := context.WithTimeout(t.Context(), seconds*time.Second)
			defer cancel()
			var wg sync.WaitGroup
			w.press(ctx, &wg, b, 1000, true)
			time.AfterFunc(time.Second, func() { early.Store(w.got.Load()) })
			<-time.After(time.Second / 2)
			for range shoppers {
				wg.Go(func() {
					for ctx.Err() == nil {
						s.call(ctx, b, false)
						<-time.After(pace)
					}
				})
			}
			wg.Wait()
		})
		return s, w
	}
	t.Run("shoppers saturate it", func(t *testing.T) {
		s, w := run(t, 400, 2*between)
		assert.LessOrEqual(t, s.got.Load()+w.got.Load(), int64(n*seconds+n/2+1), "rate")
		assert.GreaterOrEqual(t, s.got.Load()+w.got.Load(), int64(n*seconds*95/100), "nothing is wasted")
		assert.InDelta(t, n/shareOf*(seconds-1), w.got.Load()-early.Load(), n/shareOf, "background has its share")
		assert.LessOrEqual(t, s.worst(100-1), time.Second)
		assert.Positive(t, s.busy.Load(), "who cannot be served in time is told so")
	})
	t.Run("few shoppers, a thousand jobs wait", func(t *testing.T) {
		s, w := run(t, 10, time.Second)
		assert.Zero(t, s.busy.Load())
		assert.Less(t, s.worst(99), 50*time.Millisecond)
		assert.InDelta(t, n*seconds-s.got.Load(), w.got.Load(), n, "background gets what they leave")
	})
}

// The turn is first come, first served within a class, and those who leave do not hold it.
func TestBudgetTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBudget(nil, "k", 10, nil, time.Second)
		for b.wait(t.Context(), "", false) == nil { // until a shopper would have to wait too long
			if b.total.main.TokensAt(time.Now()) < 1 {
				break
			}
		}
		var wg sync.WaitGroup
		var mu sync.Mutex
		var order []int
		for i := range 6 {
			wg.Go(func() {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if i == 2 {
					time.AfterFunc(5*time.Millisecond, cancel)
				}
				if b.wait(ctx, "", true) == nil {
					mu.Lock()
					defer mu.Unlock()
					order = append(order, i)
				}
			})
			synctest.Wait()
		}
		wg.Wait()
		assert.Equal(t, []int{0, 1, 3, 4, 5}, order)
	})
}

func TestNoBudget(t *testing.T) {
	assert.Nil(t, newBudget(nil, "k", 0, nil, time.Second))
	b := newBudget(nil, "k", 0, map[string]int{searching: 1}, 10*time.Millisecond)
	for range 100 {
		require.NoError(t, b.wait(t.Context(), pushing, false), "only that method is limited")
	}
	var err error
	for range 5 {
		err = errors.Join(err, b.wait(t.Context(), searching, false))
	}
	require.ErrorIs(t, err, errBusy)
}

// testRedis is the real Redis of the suites and a key space of its own.
func testRedis(t *testing.T) (*redis.Client, string) {
	url := os.Getenv("ENTREPOT_TEST_REDIS_URL")
	if url == "" {
		t.Skip("needs ENTREPOT_TEST_REDIS_URL")
	}
	o, err := redis.ParseURL(url)
	require.NoError(t, err)
	c := redis.NewClient(o)
	key := fmt.Sprintf("test-%d-%d", os.Getpid(), time.Now().UnixNano())
	t.Cleanup(func() {
		ctx := context.Background()
		keys, err := c.Keys(ctx, "rate:entrepot:alibaba:"+key+"*").Result()
		assert.NoError(t, err)
		if len(keys) > 0 {
			assert.NoError(t, c.Del(ctx, keys...).Err())
		}
		assert.NoError(t, c.Close())
	})
	return c, key
}

// Two processes, one all shoppers and one all background: together they keep to the rate, shoppers wait no longer than
// alone, and the other one still gets its tenth.
func TestBudgetIsShared(t *testing.T) {
	rdb, key := testRedis(t)
	const n, seconds = 100, 4
	front, back := newBudget(rdb, key, n, nil, time.Second), newBudget(rdb, key, n, nil, time.Second)
	both := func(shoppers int) (s, w *crowd) {
		s, w = &crowd{}, &crowd{}
		ctx, cancel := context.WithTimeout(t.Context(), seconds*time.Second)
		defer cancel()
		var wg sync.WaitGroup
		w.press(ctx, &wg, back, 1000, true)
		s.press(ctx, &wg, front, shoppers, false)
		wg.Wait()
		return s, w
	}
	s, w := both(200)
	t.Logf("saturated: shoppers %d, background %d", s.got.Load(), w.got.Load())
	assert.LessOrEqual(t, s.got.Load()+w.got.Load(), int64(n*seconds+n/2+2+slack(front, back)))
	assert.Positive(t, w.got.Load(), "the one has its share")
	assert.LessOrEqual(t, w.got.Load(), int64(n/shareOf*seconds+n/2+slack(front, back)), "and no more")
	assert.Greater(t, s.got.Load(), w.got.Load(), "the rest is the other's")

	<-time.After(time.Second)
	s, w = &crowd{}, &crowd{}
	ctx, cancel := context.WithTimeout(t.Context(), seconds*time.Second)
	defer cancel()
	var wg sync.WaitGroup
	w.press(ctx, &wg, back, 1000, true)
	for ctx.Err() == nil {
		s.call(ctx, front, false)
		<-time.After(50 * time.Millisecond)
	}
	wg.Wait()
	t.Logf("20 shoppers a second: p95 %v, background %d", s.worst(95), w.got.Load())
	assert.LessOrEqual(t, s.got.Load()+w.got.Load(), int64(n*seconds+n/2+2+slack(front, back)))
	assert.Greater(t, s.got.Load(), s.busy.Load(), "a thousand jobs do not keep the shoppers out")
	assert.Greater(t, w.got.Load(), s.got.Load(), "and they get what shoppers leave")
}

// asks counts the commands sent to Redis.
type asks struct{ atomic.Int64 }

// DialHook implements redis.Hook.
func (*asks) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessHook implements redis.Hook.
func (a *asks) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		a.Add(1)
		return next(ctx, cmd)
	}
}

// ProcessPipelineHook implements redis.Hook.
func (*asks) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// slack is what may be called beyond the shared rate of 100 when Redis was too slow for one of the two, which then counted
// for itself for up to a second each time: as much again.
func slack(all ...*budget) (calls int) {
	for _, b := range all {
		if b.away.Load() != 0 {
			calls += 4 * b.total.rate
		}
	}
	return calls
}

// A Redis that takes connections and never answers costs a caller a moment, once a second at most.
func TestBudgetWithAHangingRedis(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	rdb := redis.NewClient(&redis.Options{Addr: l.Addr().String(), ReadTimeout: 500 * time.Millisecond, DialTimeout: time.Second, MaxRetries: -1})
	var asked asks
	rdb.AddHook(&asked)
	b := newBudget(rdb, "k", 1000, nil, time.Second)
	start := time.Now()
	for range 200 {
		require.NoError(t, b.wait(t.Context(), searching, false))
	}
	took := time.Since(start)
	t.Logf("200 calls in %v, Redis was asked %d times", took, asked.Load())
	assert.Positive(t, asked.Load())
	assert.LessOrEqual(t, asked.Load(), 2+int64(took/redisAway), "once a second")
	require.NoError(t, rdb.Close())
	<-time.After(600 * time.Millisecond) // the look-ups under way end
	require.NoError(t, b.wait(t.Context(), searching, false), "a Redis that is gone is no obstacle either")
}
