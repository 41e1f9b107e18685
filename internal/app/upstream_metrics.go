package app

import (
	"maps"

	"entrepot/internal/alibaba"

	"github.com/prometheus/client_golang/prometheus"
)

// wholeGateway is the name of the breaker for all methods together.
const wholeGateway = "*"

// upstreamSeen counts what happens between us and 1688. Labels are names of APIs and words of ours, nothing else.
type upstreamSeen struct {
	calls, openings, pauses, refusals *prometheus.CounterVec
	seconds, waits                    *prometheus.HistogramVec
	inFlight                          prometheus.Gauge

	upstream *upstream
	state    *prometheus.Desc
}

func newUpstreamSeen(registry prometheus.Registerer, u *upstream) *upstreamSeen {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "entrepot_alibaba_" + name, Help: help}, labels)
	}
	s := &upstreamSeen{
		calls:    counter("calls_total", "Calls to 1688 by API and class of outcome.", "api", "class"),
		openings: counter("breaker_openings_total", "How often calls of an API were stopped; * is the whole gateway.", "api"),
		pauses:   counter("quota_pauses_total", "How often 1688's rate limit made us pause calls of an API.", "api"),
		refusals: counter("refusals_total", "Calls not made, by reason (breaker, gateway, quota, budget) and class of caller.", "reason", "caller"),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "entrepot_alibaba_call_seconds", Help: "Duration of calls to 1688.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"api"}),
		waits: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "entrepot_alibaba_budget_wait_seconds", Help: "Time a call waited for its place in the shared budget.",
			Buckets: []float64{.001, .005, .025, .1, .25, .5, 1, 5, 30, 120},
		}, []string{"caller"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{Name: "entrepot_alibaba_in_flight", Help: "Calls to 1688 under way."}),
		upstream: u,
		state:    prometheus.NewDesc("entrepot_alibaba_breaker_state", "0 calls pass, 1 one tries, 2 calls are refused; * is the whole gateway.", []string{"api"}, nil),
	}
	registry.MustRegister(s.calls, s.openings, s.pauses, s.refusals, s.seconds, s.waits, s.inFlight, s)
	return s
}

func (s *upstreamSeen) call(c alibaba.Call) {
	s.calls.WithLabelValues(c.API, string(c.Class)).Inc()
	s.seconds.WithLabelValues(c.API).Observe(c.Duration.Seconds())
}

func (s *upstreamSeen) refused(reason string, background bool) {
	s.refusals.WithLabelValues(reason, class(background)).Inc()
}

// Describe and Collect show the states of the breakers as they are when somebody looks.
func (s *upstreamSeen) Describe(ch chan<- *prometheus.Desc) { ch <- s.state }

func (s *upstreamSeen) Collect(ch chan<- prometheus.Metric) {
	show := func(name string, b *breaker) {
		ch <- prometheus.MustNewConstMetric(s.state, prometheus.GaugeValue, float64(b.cb.State()), name)
	}
	u := s.upstream
	u.mu.RLock()
	methods := maps.Clone(u.methods)
	u.mu.RUnlock()
	show(wholeGateway, u.gateway)
	for api, m := range methods {
		show(api, m.breaker)
	}
}
