package app

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"entrepot/internal/alibaba"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	searching = "product.search.keywordQuery"
	pushing   = "trade.cross.orderSync"
)

// guarded is an upstream without a budget, on a clock of its own.
func guarded(t *testing.T, test func(t *testing.T, u *upstream)) {
	synctest.Test(t, func(t *testing.T) { test(t, newUpstream(nil, prometheus.NewRegistry())) })
}

// end makes one call that ends as c says; the error is the guard's.
func end(ctx context.Context, u *upstream, api string, c alibaba.Call) error {
	done, err := u.Guard(ctx, api)
	if err == nil {
		c.API = api
		done(c)
	}
	return err
}

func ends(t *testing.T, u *upstream, n int, api string, c alibaba.Call) {
	t.Helper()
	for range n {
		require.NoError(t, end(t.Context(), u, api, c))
	}
}

var (
	fine    = alibaba.Call{Class: alibaba.OK, HTTPStatus: 200}
	refused = alibaba.Call{Class: alibaba.Rejected, HTTPStatus: 200}
	quotaed = alibaba.Call{Class: alibaba.Quota, HTTPStatus: 400}
	broken  = alibaba.Call{Class: alibaba.Unknown, Fault: alibaba.BadAnswer, HTTPStatus: 502}
	reset   = alibaba.Call{Class: alibaba.Unknown, Fault: alibaba.BadAnswer}
	late    = alibaba.Call{Class: alibaba.Transient, Fault: alibaba.Late}
	noRoute = alibaba.Call{Class: alibaba.Transient, Fault: alibaba.NoRoute}
	left    = alibaba.Call{Class: alibaba.Transient, Fault: alibaba.CallerLeft}
)

// requireHeld is a refusal that nobody can mistake for a call that was made.
func requireHeld(t *testing.T, err error, class alibaba.Class) time.Duration {
	t.Helper()
	after, ok := alibaba.NotNow(err)
	require.True(t, ok, "%v", err)
	require.Equal(t, class, alibaba.ClassOf(err))
	return after
}

func TestBreakerOpensAndRecovers(t *testing.T) {
	guarded(t, func(t *testing.T, u *upstream) {
		ends(t, u, openAfter, searching, broken)
		after := requireHeld(t, end(t.Context(), u, searching, fine), alibaba.Transient)
		assert.InDelta(t, time.Second, after, float64(300*time.Millisecond))
		_, away := u.Away(searching)
		assert.True(t, away)
		require.NoError(t, end(t.Context(), u, pushing, fine), "other methods go on")
		assert.InDelta(t, 2, state(t, u, searching), 0)

		<-time.After(openFor + time.Millisecond)
		_, away = u.Away(searching)
		assert.False(t, away, "whoever asks first must be let through, or nobody ever finds out")
		done, err := u.Guard(t.Context(), searching)
		require.NoError(t, err, "one may try")
		assert.InDelta(t, 1, state(t, u, searching), 0)
		_, away = u.Away(searching)
		assert.True(t, away)
		requireHeld(t, end(t.Context(), u, searching, fine), alibaba.Transient)
		done(broken)
		requireHeld(t, end(t.Context(), u, searching, fine), alibaba.Transient)

		<-time.After(openFor + time.Millisecond)
		ends(t, u, 50, searching, fine)
		assert.InDelta(t, 0, state(t, u, searching), 0)
		assert.InDelta(t, 1, metric(t, u.seen.openings, searching), 0, "one outage")
		assert.InDelta(t, 3, metric(t, u.seen.refusals, "shopper", "breaker"), 0)
		assert.InDelta(t, 0, metric(t, u.seen.inFlight), 0)
	})
}

// state is the breaker's as Prometheus sees it.
func state(t *testing.T, u *upstream, api string) float64 {
	t.Helper()
	return metric(t, u.seen, api)
}

// metric is the value of the collector's gauge or counter with these label values; 0 when there is none.
func metric(t *testing.T, c prometheus.Collector, labels ...string) float64 {
	t.Helper()
	r := prometheus.NewRegistry()
	require.NoError(t, r.Register(c))
	families, err := r.Gather()
	require.NoError(t, err)
	for _, f := range families {
		for _, m := range f.GetMetric() {
			var values []string
			for _, l := range m.GetLabel() {
				values = append(values, l.GetValue())
			}
			if slices.Equal(values, labels) {
				return m.GetGauge().GetValue() + m.GetCounter().GetValue()
			}
		}
	}
	return 0
}

func TestWhatOpensABreaker(t *testing.T) {
	for name, tt := range map[string]struct {
		calls []alibaba.Call
		open  bool
	}{
		"bad answers":                 {[]alibaba.Call{broken, broken, reset, broken, reset}, true},
		"one less":                    {[]alibaba.Call{broken, broken, broken, broken}, false},
		"a good answer between":       {[]alibaba.Call{broken, broken, broken, broken, fine, broken}, false},
		"a refusal is an answer":      {[]alibaba.Call{broken, broken, broken, broken, refused, broken}, false},
		"refusals for ever":           {[]alibaba.Call{refused, refused, refused, refused, refused, refused, refused}, false},
		"no answer in time":           {[]alibaba.Call{late, late, late}, true},
		"late, then bad":              {[]alibaba.Call{late, late, broken, broken, broken}, true},
		"callers who left":            {[]alibaba.Call{left, left, left, left, left, left, left, left}, false},
		"callers who left between":    {[]alibaba.Call{broken, left, broken, left, broken, left, broken, left, broken}, true},
		"a good answer between lates": {[]alibaba.Call{late, late, fine, late, late}, false},
	} {
		t.Run(name, func(t *testing.T) {
			guarded(t, func(t *testing.T, u *upstream) {
				for _, c := range tt.calls {
					ends(t, u, 1, searching, c)
				}
				err := end(t.Context(), u, searching, fine)
				assert.Equal(t, tt.open, err != nil, "%v", err)
				assert.NoError(t, end(t.Context(), u, pushing, fine))
			})
		})
	}
	t.Run("failures minutes apart", func(t *testing.T) {
		guarded(t, func(t *testing.T, u *upstream) {
			for range 10 {
				ends(t, u, 1, searching, broken)
				<-time.After(40 * time.Second)
			}
		})
	})
}

// A dead network stops every method after a few calls of one, and one call finds out that it is back.
func TestNoRouteStopsTheWholeGateway(t *testing.T) {
	guarded(t, func(t *testing.T, u *upstream) {
		ends(t, u, cutAfter, searching, noRoute)
		requireHeld(t, end(t.Context(), u, pushing, fine), alibaba.Transient)
		_, away := u.Away("product.search.imageQuery")
		assert.True(t, away)
		require.Len(t, u.Troubles(), 1)
		assert.Contains(t, u.Troubles()[0].Text, "does not answer")
		for range 30 { // half a minute of one trial a second
			<-time.After(openFor + time.Millisecond)
			ends(t, u, 1, pushing, noRoute)
			requireHeld(t, end(t.Context(), u, searching, fine), alibaba.Transient)
		}
		start := time.Now()
		after := requireHeld(t, end(t.Context(), u, searching, fine), alibaba.Transient)
		assert.InDelta(t, 6*time.Second, after, float64(1500*time.Millisecond), "clients are told to be patient")
		after = requireHeld(t, end(alibaba.Background(t.Context()), u, searching, fine), alibaba.Transient)
		assert.Greater(t, after, 6*time.Second, "the longer it lasts, the rarer jobs come back")
		assert.LessOrEqual(t, after, mostBackground*5/4)
		assert.GreaterOrEqual(t, time.Since(start), backgroundHold, "and they do not spin")
		<-time.After(openFor + time.Millisecond)
		ends(t, u, 1, searching, fine)
		ends(t, u, 3, pushing, fine)
		assert.Empty(t, u.Troubles())
	})
	t.Run("calls that are never answered, of whatever method", func(t *testing.T) {
		guarded(t, func(t *testing.T, u *upstream) {
			for i := range cutAfterLate {
				ends(t, u, 1, []string{searching, pushing, "a", "b"}[i%4], late)
			}
			requireHeld(t, end(t.Context(), u, "c", fine), alibaba.Transient)
		})
	})
	t.Run("bad answers of one method leave the others alone", func(t *testing.T) {
		guarded(t, func(t *testing.T, u *upstream) {
			for range 20 {
				_ = end(t.Context(), u, searching, broken)
				_ = end(t.Context(), u, searching, reset)
				ends(t, u, 1, pushing, fine)
			}
		})
	})
}

// A trial that gets no answer must not keep the others out.
func TestSlowTrial(t *testing.T) {
	guarded(t, func(t *testing.T, u *upstream) {
		ends(t, u, openAfterLate, searching, late)
		<-time.After(openFor + time.Millisecond)
		slow, err := u.Guard(t.Context(), searching)
		require.NoError(t, err)
		requireHeld(t, end(t.Context(), u, searching, fine), alibaba.Transient)
		<-time.After(probeFor + time.Millisecond)
		ends(t, u, 3, searching, fine)
		slow(late)
		ends(t, u, 1, searching, fine)
	})
	t.Run("a slow success counts", func(t *testing.T) {
		guarded(t, func(t *testing.T, u *upstream) {
			ends(t, u, openAfterLate, searching, late)
			<-time.After(openFor + time.Millisecond)
			slow, err := u.Guard(t.Context(), searching)
			require.NoError(t, err)
			<-time.After(2 * probeFor)
			slow(fine)
			ends(t, u, 3, searching, fine)
		})
	})
}

func TestQuotaPauses(t *testing.T) {
	guarded(t, func(t *testing.T, u *upstream) {
		job := alibaba.Background(t.Context())
		for _, pause := range []time.Duration{10 * time.Second, 20 * time.Second, 40 * time.Second, 80 * time.Second, 2 * time.Minute, 2 * time.Minute} {
			for range quotaAfter {
				if end(job, u, pushing, quotaed) != nil {
					break // after the first pause one refusal is enough
				}
			}
			after := requireHeld(t, end(job, u, pushing, fine), alibaba.Quota)
			assert.InDelta(t, pause, after, float64(pause)/4+1e8, "%v", pause)
			assert.Contains(t, u.Troubles()[0].Text, pushing)
			require.NoError(t, end(job, u, searching, fine))
			<-time.After(pause + time.Millisecond)
		}
		require.NoError(t, end(job, u, pushing, fine))
		for range quotaAfter {
			require.NoError(t, end(job, u, pushing, quotaed))
		}
		after := requireHeld(t, end(job, u, pushing, fine), alibaba.Quota)
		assert.Less(t, after, 14*time.Second, "a success starts over")
	})
	t.Run("shoppers may try once a second", func(t *testing.T) {
		guarded(t, func(t *testing.T, u *upstream) {
			ends(t, u, quotaAfter, searching, quotaed)
			requireHeld(t, end(t.Context(), u, searching, fine), alibaba.Quota)
			_, away := u.Away(searching)
			assert.True(t, away)
			<-time.After(openFor + time.Millisecond)
			ends(t, u, 1, searching, quotaed)
			requireHeld(t, end(t.Context(), u, searching, fine), alibaba.Quota)
			<-time.After(openFor + time.Millisecond)
			_, away = u.Away(searching)
			assert.False(t, away)
			ends(t, u, 20, searching, fine)
			requireHeld(t, end(alibaba.Background(t.Context()), u, searching, fine), alibaba.Quota)
			<-time.After(quotaPauses[0] + time.Millisecond)
			require.NoError(t, end(alibaba.Background(t.Context()), u, searching, fine))
		})
	})
	t.Run("now and then is no reason", func(t *testing.T) {
		guarded(t, func(t *testing.T, u *upstream) {
			for range 20 {
				ends(t, u, quotaAfter-1, searching, quotaed)
				ends(t, u, 1, searching, fine)
			}
		})
	})
}

// A caller who leaves while the budget makes him wait has made no call, and no place is lost.
func TestGuardWithABudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := newUpstream(newBudget(nil, "k", 10, map[string]int{searching: 2}, time.Second), prometheus.NewRegistry())
		for range 3 { // two at once, the third within the patience
			require.NoError(t, end(t.Context(), u, searching, fine))
		}
		var busy int
		for range 20 {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
			if err := end(ctx, u, searching, fine); err != nil {
				requireHeld(t, err, alibaba.Quota)
				busy++
			}
			cancel()
		}
		assert.Positive(t, busy)
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		err := end(gone, u, searching, fine)
		require.ErrorIs(t, err, context.Canceled)
		var e *alibaba.Error
		assert.NotErrorAs(t, err, &e, "the client calls it not sent")
		assert.InDelta(t, 0, metric(t, u.seen.inFlight), 0)
		require.NoError(t, end(t.Context(), u, pushing, fine), "another method's budget is its own")
	})
}
