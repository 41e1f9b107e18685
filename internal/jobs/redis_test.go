package jobs

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Requests, probes and staff's changes have less patience than tasks.
func TestAHangingRedisIsWaitedForAsLongAsTheCallerSays(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // takes connections, never answers
	require.NoError(t, err)
	q := newQueue(t, func(o *Options) { o.Redis = "redis://" + l.Addr().String() })
	t.Cleanup(func() { _ = l.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- q.Client().Ping(ctx).Err() }()
	select {
	case err := <-done:
		assert.Error(t, err)
	case <-time.After(4 * time.Second): // the client's own limit is longer
		assert.Fail(t, "the caller's limit does not count")
		assert.Error(t, <-done)
	}
}
