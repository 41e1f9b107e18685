package database

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLoaderSharesQueries(t *testing.T) {
	var queries atomic.Int64
	entered, gate := make(chan struct{}, 1), make(chan struct{})
	release := sync.OnceFunc(func() { close(gate) })
	t.Cleanup(release)
	l := NewLoader(1, func(_ context.Context, keys []int) (map[int]int, error) {
		if queries.Add(1) == 1 {
			entered <- struct{}{}
			<-gate
		}
		out := map[int]int{}
		for _, k := range keys {
			if k != 13 {
				out[k] = 2 * k
			}
		}
		return out, nil
	})
	var wg sync.WaitGroup
	ask := func(k, want int) {
		wg.Go(func() {
			v, err := l.Load(t.Context(), k)
			assert.NoError(t, err)
			assert.Equal(t, want, v)
		})
	}
	ask(1, 2)
	<-entered
	for k := range 50 {
		ask(k+20, 2*(k+20))
		ask(k+20, 2*(k+20)) // the same key twice is asked for once
	}
	ask(13, 0) // unknown
	require.Eventually(t, func() bool { l.mu.Lock(); defer l.mu.Unlock(); return len(l.waiting) == 101 }, time.Minute, time.Millisecond)
	release()
	wg.Wait()
	assert.EqualValues(t, 3, queries.Load(), "one alone, then a hundred, then the rest")
}

func TestLoaderTellsErrorsAndHonoursContext(t *testing.T) {
	bad := errors.New("away")
	l := NewLoader(2, func(context.Context, []string) (map[string]string, error) { return nil, bad })
	_, err := l.Load(t.Context(), "x")
	require.ErrorIs(t, err, bad)

	block := make(chan struct{})
	slow := NewLoader(1, func(context.Context, []string) (map[string]string, error) { <-block; return map[string]string{}, nil })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = slow.Load(ctx, "x")
	require.ErrorIs(t, err, context.Canceled)
	close(block)
}
