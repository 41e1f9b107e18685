package search

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"entrepot/internal/alibaba"
	"entrepot/internal/sandbox"
)

func (f *fixture) followed(n int) {
	f.t.Helper()
	require.Eventually(f.t, func() bool { return f.calls(followAPI) >= n }, alive, 5*time.Millisecond)
	assert.Equal(f.t, n, f.calls(followAPI))
}

// idle waits until the follower has nothing to do.
func (f *follower) idle(t *testing.T) {
	t.Helper()
	f.queue <- 0 // no offer; taken only when the one before it is done
	require.Eventually(t, func() bool { return len(f.queue) == 0 }, alive, time.Millisecond)
}

func TestOffersSeenTwiceAreFollowed(t *testing.T) {
	f := newFixture(t)
	id := f.anOffer()
	for range 3 {
		_, err := f.product(id)
		require.NoError(t, err)
	}
	f.follower.idle(t)
	assert.Zero(t, f.calls(followAPI), "seen once")
	f.clock.advance(freshFor)
	_, err := f.product(id)
	require.NoError(t, err)
	f.followed(1)
	f.clock.advance(freshFor)
	_, err = f.product(id)
	require.NoError(t, err)
	f.follower.idle(t)
	assert.Equal(t, 1, f.calls(followAPI), "once is enough")
}

func TestOrderedOffersAreFollowed(t *testing.T) {
	f := newFixture(t)
	for range 5 {
		_, err := f.Offer(t.Context(), f.site, "ja", f.anOffer())
		require.NoError(t, err)
	}
	f.followed(1)
	_, err := f.Offer(t.Context(), f.site, "ja", 999)
	require.Error(t, err)
	_, err = f.Freight(t.Context(), f.site, "ja", f.anOffer(), []FreightLine{{Quantity: 1}}, &Destination{"330000", "330100", "330108"})
	_ = err // with or without variants: asking for freight is not buying
	f.followed(1)
}

// Following never holds a request up: 1688 hangs, the queue overflows, the service still answers and ends.
func TestFollowingDelaysNobody(t *testing.T) {
	f := newFixture(t)
	f.control("POST", "/faults", fmt.Sprintf(`{"api":%q,"kind":"silent"}`, followAPI), nil)
	offer, done := f.anOffer(), make(chan error, 1)
	go func() {
		for id := int64(1); id <= 3*followQueue; id++ {
			f.follower.ordered(id)
			f.follower.loaded(id)
		}
		_, err := f.Offer(t.Context(), f.site, "ja", offer)
		done <- err
	}()
	require.NoError(t, came(t, done))
	assert.Equal(t, seenOnce, f.follower.state(3*followQueue).Load(), "dropped, to be asked for again")
}

// After a failure that concerns all, nothing is followed for a while, and then again.
func TestFollowingRests(t *testing.T) {
	for kind, rest := range map[string]time.Duration{"quota": followRest, "acl": deniedFor, "http_500": followRest} {
		f := newFixture(t)
		f.fault(followAPI, kind)
		f.follower.ordered(f.anOffer())
		f.follower.idle(t)
		tried := f.calls(followAPI)
		require.Positive(t, tried, kind)
		f.calm()
		f.follower.ordered(f.anOffer())
		f.follower.idle(t)
		assert.Equal(t, tried, f.calls(followAPI), kind)
		f.clock.advance(rest)
		f.follower.ordered(f.anOffer())
		f.follower.idle(t)
		assert.Equal(t, tried+1, f.calls(followAPI), kind)
	}
}

// Processes that share a Redis follow an offer once.
func TestFollowingIsShared(t *testing.T) {
	f := newFixture(t)
	server := miniredis.RunT(t)
	address := server.Addr()
	start := func() *follower {
		client, err := alibaba.New(alibaba.Options{BaseURL: f.url + "/openapi", AppKey: sandbox.DemoKey, AppSecret: sandbox.DemoSecret})
		require.NoError(t, err)
		rdb := redis.NewClient(&redis.Options{Addr: address})
		one := newFollower(Options{Client: client, Redis: rdb, Now: f.clock.now, Logger: slog.New(slog.DiscardHandler)})
		t.Cleanup(func() {
			one.close()
			assert.NoError(t, rdb.Close())
			client.Close()
		})
		return one
	}
	one, other := start(), start()
	id := f.anOffer()
	one.ordered(id)
	require.Eventually(t, func() bool { return f.calls(followAPI) == 1 }, alive, 5*time.Millisecond)
	other.ordered(id)
	require.Eventually(t, func() bool { return len(other.queue) == 0 }, alive, time.Millisecond)
	assert.True(t, other.follow(t.Context(), id))
	assert.Equal(t, 1, f.calls(followAPI))
	key := "entrepot:follow:" + sandbox.DemoKey + ":" + fmt.Sprint(id)
	assert.Equal(t, followFor, server.TTL(key))

	f.fault(followAPI, "quota")
	lone := start()
	assert.False(t, lone.follow(t.Context(), id+1))
	assert.False(t, server.Exists("entrepot:follow:"+sandbox.DemoKey+":"+fmt.Sprint(id+1)), "a failure is not remembered")
	f.calm()
	server.Close()
	late := start()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	assert.True(t, late.follow(ctx, id), "without Redis each follows for itself")
}
