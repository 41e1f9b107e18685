package search

import (
	"github.com/prometheus/client_golang/prometheus"
)

// how is how an answer came about.
type how int

const (
	howHit      how = iota // from this process, fresh
	howStale               // an old one
	howMiss                // 1688 was asked for it
	howShared              // 1688 was asked for somebody else
	howRedis               // another process had it
	howNegative            // there is none, and that was known
	howFailed              // none could be given
	hows
)

var howNames = [hows]string{"hit", "stale", "miss", "shared", "redis", "negative", "error"}

// meter counts what happens to one kind of answers.
type meter struct {
	answers                [hows]prometheus.Counter
	good, refused, outages prometheus.Counter
	health                 health
}

func (m *meter) count(h how) { m.answers[h].Inc() }

func (m *meter) loaded(err error) {
	switch {
	case err == nil:
		m.good.Inc()
	case outage(err):
		m.outages.Inc()
	default:
		m.refused.Inc()
	}
}

// meters holds the counters of a Service.
type meters struct {
	kinds         map[*kind]*meter
	other         *meter
	evicted       prometheus.Counter
	own, notified prometheus.Counter // changes of offers told to this process, and by others
}

// metrics makes the counters and registers them, if there is a registry.
func (s *Service) metrics(reg prometheus.Registerer) {
	answers := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "entrepot_catalogue_answers_total", Help: "Catalogue answers by kind and by how they came about.",
	}, []string{"kind", "how"})
	loads := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "entrepot_catalogue_loads_total", Help: "Loads from 1688 by kind and outcome.",
	}, []string{"kind", "outcome"})
	evictions := prometheus.NewCounter(prometheus.CounterOpts{
		Name: "entrepot_catalogue_evictions_total", Help: "Answers dropped for lack of room.",
	})
	changed := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "entrepot_catalogue_changes_total", Help: "Offers reported as changed, to this process or by another.",
	}, []string{"by"})
	s.meters = meters{kinds: map[*kind]*meter{}, evicted: evictions, own: changed.WithLabelValues("self"), notified: changed.WithLabelValues("peer")}
	make1 := func(name string) *meter {
		m := &meter{good: loads.WithLabelValues(name, "ok"), refused: loads.WithLabelValues(name, "refused"), outages: loads.WithLabelValues(name, "failed")}
		for h, label := range howNames {
			m.answers[h] = answers.WithLabelValues(name, label)
		}
		m.health.pause = s.pause
		m.health.usual.Store(int64(usualAnswer))
		return m
	}
	for _, k := range kinds {
		s.meters.kinds[k] = make1(k.name)
	}
	s.meters.other = make1("other")
	s.health(&kindImage).usual.Store(int64(usualPicture))
	if reg != nil {
		reg.MustRegister(answers, loads, evictions, changed,
			gauge("entries", "Catalogue answers kept in this process.", func() uint64 { return uint64(s.entries.EstimatedSize()) }),
			gauge("bytes", "Bytes those answers take.", s.entries.WeightedSize),
			gauge("redis_up", "Whether the shared cache is in use.", func() uint64 {
				if s.tier.ready() {
					return 1
				}
				return 0
			}))
	}
}

func gauge(name, help string, read func() uint64) prometheus.Collector {
	o := prometheus.GaugeOpts{Name: "entrepot_catalogue_" + name, Help: help}
	return prometheus.NewGaugeFunc(o, func() float64 { return float64(read()) })
}

func (s *Service) meter(k *kind) *meter {
	if m := s.meters.kinds[k]; m != nil {
		return m
	}
	return s.meters.other
}

func (s *Service) health(k *kind) *health { return &s.meter(k).health }
