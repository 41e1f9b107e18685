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

// press keeps n callers calling until ctx ends.
func (c *crowd) press(ctx context.Context, wg *sync.WaitGroup, b *budget, n int, background bool) {
	for range n {
		wg.Go(func() {
			for ctx.Err() == nil {
				c.call(ctx, b, background)
				select {
				case <-time.After(time.Millisecond):
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
		s, w := run(t, 400, time.Millisecond)
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
	assert.LessOrEqual(t, s.got.Load()+w.got.Load(), int64(n*seconds+n/2+2))
	assert.InDelta(t, n/shareOf*seconds, w.got.Load(), n/2)
	assert.Greater(t, s.got.Load(), int64(n*seconds*7/10))

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
	assert.Less(t, s.worst(95), 50*time.Millisecond)
	assert.Greater(t, w.got.Load(), int64(n*seconds/2))
	assert.Zero(t, front.away.Load()+back.away.Load(), "Redis answered all the time")
}

// A Redis that takes connections and never answers costs a caller a moment, once a second at most.
func TestBudgetWithAHangingRedis(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	rdb := redis.NewClient(&redis.Options{Addr: l.Addr().String(), ReadTimeout: 500 * time.Millisecond, DialTimeout: time.Second, MaxRetries: -1})
	b := newBudget(rdb, "k", 1000, nil, time.Second)
	slow := 0
	for range 200 {
		start := time.Now()
		require.NoError(t, b.wait(t.Context(), searching, false))
		if time.Since(start) > 20*time.Millisecond {
			slow++
		}
	}
	assert.LessOrEqual(t, slow, 3)
	require.NoError(t, rdb.Close())
	<-time.After(600 * time.Millisecond) // the look-ups under way end
	require.NoError(t, b.wait(t.Context(), searching, false), "a Redis that is gone is no obstacle either")
}
