package app

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

func (a *App) metricsHandler() http.Handler {
	return promhttp.HandlerFor(a.metrics, promhttp.HandlerOpts{})
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
