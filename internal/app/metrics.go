package app

import (
	"context"
	"net/http"
	"time"

	"entrepot/internal/alibaba"

	"github.com/go-redis/redis_rate/v10"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/time/rate"
)

func (a *App) metricsHandler() http.Handler {
	return promhttp.HandlerFor(a.metrics, promhttp.HandlerOpts{})
}

// upstreamMetrics counts and times the calls to 1688 by API and class.
func (a *App) upstreamMetrics() func(alibaba.Call) {
	calls := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "entrepot_alibaba_calls_total", Help: "Calls to 1688 by API and class of outcome.",
	}, []string{"api", "class"})
	seconds := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "entrepot_alibaba_call_seconds", Help: "Duration of calls to 1688.", Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
	}, []string{"api"})
	a.metrics.MustRegister(calls, seconds)
	return func(c alibaba.Call) {
		calls.WithLabelValues(c.API, string(c.Class)).Inc()
		seconds.WithLabelValues(c.API).Observe(c.Duration.Seconds())
	}
}

// jobMetrics counts and times jobs by kind and outcome.
func (a *App) jobMetrics() func(kind, outcome string, waited, ran time.Duration) {
	runs := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "entrepot_job_runs_total", Help: "Runs of jobs by kind and outcome.",
	}, []string{"kind", "outcome"})
	waits := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "entrepot_job_wait_seconds", Help: "Time from due to start.", Buckets: []float64{.005, .01, .03, .1, .3, 1, 5, 30, 120},
	}, []string{"kind"})
	a.metrics.MustRegister(runs, waits)
	return func(kind, outcome string, waited, _ time.Duration) {
		runs.WithLabelValues(kind, outcome).Inc()
		waits.WithLabelValues(kind).Observe(waited.Seconds())
	}
}

// budget limits the calls to 1688, shared by all processes through Redis. While Redis is away each process keeps to the
// rate by itself: slower than allowed is possible then, faster than n processes times the rate is not.
func (a *App) budget() func(ctx context.Context, api string) error {
	n := a.cfg.Alibaba.Rate
	if n <= 0 {
		return nil
	}
	local := rate.NewLimiter(rate.Limit(n), n)
	if a.queue.Embedded() {
		return func(ctx context.Context, _ string) error { return local.Wait(ctx) }
	}
	shared, key := redis_rate.NewLimiter(a.queue.Client()), "entrepot:alibaba:"+a.cfg.Alibaba.AppKey
	return func(ctx context.Context, _ string) error {
		for {
			res, err := shared.Allow(ctx, key, redis_rate.PerSecond(n))
			if err != nil {
				return local.Wait(ctx)
			}
			if res.Allowed > 0 {
				return nil
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(res.RetryAfter):
			}
		}
	}
}
