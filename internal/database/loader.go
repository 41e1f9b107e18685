package database

import (
	"context"
	"sync"
	"time"
)

const (
	loadSize    = 100 // keys per query
	loadTimeout = 10 * time.Second
)

// Loader answers single look-ups of many callers with few queries: whoever asks while a query runs shares the next one. A
// caller alone does not wait for company, and every answer was read after it was asked for.
type Loader[K comparable, V any] struct {
	fetch    func(ctx context.Context, keys []K) (map[K]V, error)
	parallel int

	mu      sync.Mutex
	waiting []*look[K, V]
	running int
}

type look[K comparable, V any] struct {
	key   K
	value V
	err   error
	done  chan struct{}
}

// NewLoader makes a Loader that runs at most parallel queries at once. fetch answers what it finds; a key that is missing
// in its map is answered with the zero value.
func NewLoader[K comparable, V any](parallel int, fetch func(ctx context.Context, keys []K) (map[K]V, error)) *Loader[K, V] {
	return &Loader[K, V]{fetch: fetch, parallel: parallel}
}

// Load looks one key up.
func (l *Loader[K, V]) Load(ctx context.Context, key K) (V, error) {
	lk := &look[K, V]{key: key, done: make(chan struct{})}
	l.mu.Lock()
	l.waiting = append(l.waiting, lk)
	if l.running < l.parallel {
		l.running++
		go l.run()
	}
	l.mu.Unlock()
	select {
	case <-lk.done:
		return lk.value, lk.err
	case <-ctx.Done():
		var zero V
		return zero, ctx.Err()
	}
}

// run answers until nobody waits.
func (l *Loader[K, V]) run() {
	for {
		l.mu.Lock()
		n := min(len(l.waiting), loadSize)
		if n == 0 {
			l.running--
			l.mu.Unlock()
			return
		}
		batch := l.waiting[:n:n]
		l.waiting = l.waiting[n:]
		l.mu.Unlock()
		l.answer(batch)
	}
}

func (l *Loader[K, V]) answer(batch []*look[K, V]) {
	keys, seen := make([]K, 0, len(batch)), make(map[K]bool, len(batch))
	for _, lk := range batch {
		if !seen[lk.key] {
			seen[lk.key] = true
			keys = append(keys, lk.key)
		}
	}
	// The query serves everybody in the batch, so no single caller's end may end it.
	ctx, cancel := context.WithTimeout(context.Background(), loadTimeout)
	defer cancel()
	found, err := l.fetch(ctx, keys)
	for _, lk := range batch {
		lk.value, lk.err = found[lk.key], err
		close(lk.done)
	}
}
