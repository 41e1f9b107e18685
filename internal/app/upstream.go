package app

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"entrepot/internal/alibaba"
	"entrepot/internal/web"

	"github.com/prometheus/client_golang/prometheus"
)

// How late a refused caller is told to come back at most.
const (
	mostShopper    = 5 * time.Second
	mostBackground = 20 * time.Second
)

var (
	errAway  = errors.New("1688 does not answer; the call was not made")
	errQuota = errors.New("1688's rate limit was reached; the call was not made")
)

// upstream stands before every call to 1688: it shares the budget and keeps calls back while they are known to fail. A call
// it refuses was not made, so nobody has to doubt what became of it.
type upstream struct {
	budget  *budget // nil: no limit
	gateway *breaker
	seen    *upstreamSeen

	mu      sync.RWMutex
	methods map[string]*method
}

// method is what is known of one API of 1688.
type method struct {
	api     string
	breaker *breaker
	quota   quota
}

func newUpstream(b *budget, registry prometheus.Registerer) *upstream {
	u := &upstream{budget: b, methods: map[string]*method{}}
	u.seen = newUpstreamSeen(registry, u)
	u.gateway = newBreaker(wholeGateway, cutAfter, cutAfterLate, func() { u.seen.openings.WithLabelValues(wholeGateway).Inc() })
	return u
}

// openGuard makes the one of this process. Without a Redis of its own no other process shares the budget.
func (a *App) openGuard() {
	c, rdb := a.cfg.Alibaba, a.queue.Client()
	if a.queue.Embedded() {
		rdb = nil
	}
	a.guard = newUpstream(newBudget(rdb, c.AppKey, c.Rate, c.MethodRates, c.ShopperWait), a.metrics)
}

func (u *upstream) method(api string) *method {
	u.mu.RLock()
	m := u.methods[api]
	u.mu.RUnlock()
	if m != nil {
		return m
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if m = u.methods[api]; m == nil {
		m = &method{api: api}
		opened := func() { u.seen.openings.WithLabelValues(api).Inc() }
		m.breaker = newBreaker(api, openAfter, openAfterLate, opened)
		m.quota.pauses = func() { u.seen.pauses.WithLabelValues(api).Inc() }
		u.methods[api] = m
	}
	return m
}

// Guard is the client's: see alibaba.Options.
func (u *upstream) Guard(ctx context.Context, api string) (func(alibaba.Call), error) {
	m, background := u.method(api), alibaba.IsBackground(ctx)
	err := u.refusal(m, background, true)
	if err != nil && background {
		// Thousands of jobs wait while 1688 is away; this keeps them from being picked up as fast as they can be refused.
		if err = hold(ctx, backgroundHold); err == nil {
			err = u.refusal(m, background, true)
		}
	}
	if err == nil && u.budget != nil {
		start := time.Now()
		err = u.budget.wait(ctx, api, background)
		u.seen.waits.WithLabelValues(class(background)).Observe(time.Since(start).Seconds())
		if errors.Is(err, errBusy) {
			u.seen.refused("budget", background)
		}
	}
	if err != nil {
		return nil, err
	}
	return u.allow(m, background)
}

// allow takes the places in both breakers.
func (u *upstream) allow(m *method, background bool) (func(alibaba.Call), error) {
	gateway, ok := u.gateway.allow()
	if !ok {
		return nil, u.away(u.gateway, wholeGateway, background)
	}
	own, ok := m.breaker.allow()
	if !ok {
		gateway(errNothing, false)
		return nil, u.away(m.breaker, m.api, background)
	}
	u.seen.inFlight.Inc()
	return func(c alibaba.Call) {
		u.seen.inFlight.Dec()
		u.seen.call(c)
		late := c.Fault == alibaba.Late
		gateway(gatewayOutcome(c), late)
		own(methodOutcome(c), late)
		if c.Fault == alibaba.Answered {
			m.quota.report(c.Class == alibaba.Quota)
		}
	}, nil
}

// gatewayOutcome: any HTTP answer shows that there is a way to 1688; a lost connection shows nothing.
func gatewayOutcome(c alibaba.Call) error {
	switch {
	case c.Fault == alibaba.NoRoute || c.Fault == alibaba.Late:
		return errFailed
	case c.Fault == alibaba.CallerLeft || c.HTTPStatus == 0:
		return errNothing
	default:
		return nil
	}
}

// methodOutcome: what the gateway's breaker answers for is not counted again.
func methodOutcome(c alibaba.Call) error {
	switch c.Fault {
	case alibaba.Late, alibaba.BadAnswer:
		return errFailed
	case alibaba.CallerLeft, alibaba.NoRoute:
		return errNothing
	default:
		return nil
	}
}

// refusal says whether a call would be refused now. take: the caller means to make it.
func (u *upstream) refusal(m *method, background, take bool) error {
	for _, b := range [...]*breaker{u.gateway, m.breaker} {
		if b.refuses() {
			name := m.api
			if b == u.gateway {
				name = wholeGateway
			}
			return u.away(b, name, background)
		}
	}
	if left := m.quota.left(background, take); left > 0 {
		u.seen.refused("quota", background)
		return &alibaba.Error{API: m.api, Class: alibaba.Quota, RetryAfter: spread(left), Err: errQuota}
	}
	return nil
}

func (u *upstream) away(b *breaker, name string, background bool) error {
	reason, most := "breaker", mostShopper
	if name == wholeGateway {
		reason = "gateway"
	}
	if background {
		most = mostBackground
	}
	u.seen.refused(reason, background)
	return &alibaba.Error{Class: alibaba.Transient, RetryAfter: spread(b.back(most)), Err: errAway}
}

// Away tells who can do without 1688 that a shopper's call of api would be refused now, and when to ask again.
func (u *upstream) Away(api string) (retryAfter time.Duration, away bool) {
	m := u.method(api)
	for _, b := range [...]*breaker{u.gateway, m.breaker} {
		if b.refuses() {
			return b.back(mostShopper), true
		}
	}
	left := m.quota.left(false, false)
	return left, left > 0
}

// Troubles says what is kept back right now, for readiness.
func (u *upstream) Troubles() (reasons []web.Reason) {
	if u.gateway.refuses() {
		return []web.Reason{{Part: "1688", Text: "does not answer; calls are kept back, one at a time tries"}}
	}
	u.mu.RLock()
	defer u.mu.RUnlock()
	var open, limited []string
	for api, m := range u.methods {
		if m.breaker.refuses() {
			open = append(open, api)
		}
		if m.quota.left(true, false) > 0 {
			limited = append(limited, api)
		}
	}
	add := func(text string, apis []string) {
		if slices.Sort(apis); len(apis) > 0 {
			reasons = append(reasons, web.Reason{Part: "1688", Text: text + strings.Join(apis, ", ")})
		}
	}
	add("fails, calls are kept back: ", open)
	add("rate limit reached, calls are kept back: ", limited)
	return reasons
}

func class(background bool) string {
	if background {
		return "background"
	}
	return "shopper"
}

func hold(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
