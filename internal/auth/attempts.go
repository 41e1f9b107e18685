package auth

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"entrepot/internal/errs"
	"entrepot/internal/web"
)

// Attempts limits failed sign-ins. A success gives its token back.
type Attempts struct {
	PerLogin       int           // failures in a row per login name
	LoginRecovers  time.Duration // until one more is allowed
	PerSource      int           // failures in a row per client address (IPv6: the /64)
	SourceRecovers time.Duration
}

// DefaultAttempts stop guessing long before it pays, yet bear a family behind one address.
var DefaultAttempts = Attempts{PerLogin: 10, LoginRecovers: 30 * time.Second, PerSource: 50, SourceRecovers: 2 * time.Second}

type attempts struct {
	now      func() time.Time
	byLogin  *web.Limiter[string]
	bySource *web.Limiter[netip.Addr]
}

func newAttempts(a Attempts, now func() time.Time) *attempts {
	if a == (Attempts{}) {
		a = DefaultAttempts
	}
	per := func(d time.Duration) float64 {
		if d <= 0 {
			return 0
		}
		return 1 / d.Seconds()
	}
	return &attempts{
		now:      now,
		byLogin:  web.NewLimiter[string](per(a.LoginRecovers), a.PerLogin),
		bySource: web.NewLimiter[netip.Addr](per(a.SourceRecovers), a.PerSource),
	}
}

// Attempt counts one sign-in attempt at a login of a scope (a site code or "staff") from the request's client. Call
// succeeded when the credentials were right. Too many failures: errs auth.too_many_attempts with a waiting time.
func (s *Service) Attempt(ctx context.Context, scope, login string) (succeeded func(), err error) {
	a := s.attempts
	now := a.now()
	source := web.ClientIP(ctx)
	if source.Is6() {
		p, _ := source.Prefix(64) // a 128-bit address always has one
		source = p.Addr()
	}
	key := scope + "\x00" + strings.ToLower(login)
	if source.IsValid() {
		if wait, ok := a.bySource.Allow(source, now); !ok {
			return nil, tooMany(wait)
		}
	}
	if wait, ok := a.byLogin.Allow(key, now); !ok {
		return nil, tooMany(wait)
	}
	return func() {
		a.byLogin.Return(key, now)
		if source.IsValid() {
			a.bySource.Return(source, now)
		}
	}, nil
}

func tooMany(wait time.Duration) error {
	return errs.New(errs.RateLimited, "auth.too_many_attempts").After(max(wait, time.Second))
}
