package web

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

type metrics struct {
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	inFlight prometheus.Gauge
}

func newMetrics(reg *prometheus.Registry) (*metrics, error) {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "entrepot_http_requests_total", Help: "Requests answered, by route pattern, method and status.",
		}, []string{"route", "method", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "entrepot_http_request_duration_seconds", Help: "Time from the request's header to its answer.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"route", "method"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "entrepot_http_in_flight", Help: "Requests being answered now.",
		}),
	}
	for _, c := range []prometheus.Collector{m.requests, m.duration, m.inFlight} {
		if err := reg.Register(c); err != nil {
			return nil, fmt.Errorf("web: metrics: %w", err)
		}
	}
	return m, nil
}

// Metrics serves the registry in the Prometheus format, for whatever listener the operator chose.
func (s *Server) Metrics() http.Handler {
	return promhttp.HandlerFor(s.opts.Registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4})
}

// routeMetrics keeps the series of one route at hand: a label look-up per request costs more than the count.
type routeMetrics struct {
	all      *metrics
	route    string
	method   string
	duration prometheus.Observer
	counters [500]atomic.Pointer[prometheus.Counter] // by status - 100
}

func (m *metrics) route(method, route string) *routeMetrics {
	return &routeMetrics{all: m, route: route, method: method, duration: m.duration.WithLabelValues(route, method)}
}

func (m *routeMetrics) observe(status int, took time.Duration) {
	m.duration.Observe(took.Seconds())
	i := min(max(status-100, 0), len(m.counters)-1)
	c := m.counters[i].Load()
	if c == nil {
		made := m.all.requests.WithLabelValues(m.route, m.method, strconv.Itoa(status))
		c = &made
		m.counters[i].Store(c)
	}
	(*c).Inc()
}

// routeTable holds the series of routes outside the contract. Methods and paths a client invents share one series,
// or a scanner could fill the memory.
type routeTable struct {
	metrics *metrics
	known   sync.Map // method+" "+route -> *routeMetrics
}

func (t *routeTable) of(method, route string) *routeMetrics {
	if route == "" {
		method, route = "any", "unmatched"
	}
	key := method + " " + route
	if m, ok := t.known.Load(key); ok {
		return m.(*routeMetrics)
	}
	m, _ := t.known.LoadOrStore(key, t.metrics.route(method, route))
	return m.(*routeMetrics)
}
