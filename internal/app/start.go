package app

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"entrepot/internal/alibaba"
	"entrepot/internal/errs"
	"entrepot/internal/web"

	"github.com/gin-gonic/gin"
	"github.com/lmittmann/tint"
	"github.com/sony/gobreaker/v2"
	"golang.org/x/term"
)

// FirstStaffFile is where a generated first password is left for the demo, in the data folder of the embedded mode.
const FirstStaffFile = "first-staff.json"

// prepare brings the schema up and makes the first staff member.
func (a *App) prepare(ctx context.Context) error {
	if err := a.db.Migrate(ctx); err != nil {
		return err
	}
	if a.role == API {
		first, err := a.auth.EnsureFirstStaff(ctx, a.cfg.FirstStaffPassword)
		if err != nil {
			return err
		}
		a.firstRun = first
		if first.Password != "" && a.cfg.Database == "" {
			if err := leaveFirstStaff(a.cfg.DataDir, first.Login, first.Password); err != nil {
				return err
			}
		}
	}
	if err := a.finder.Refresh(ctx); err != nil { // nothing is sold before it is known what must not be
		return err
	}
	a.prepared.Store(true)
	return nil
}

// leaveFirstStaff writes the generated credentials for the demo; the file is readable by its owner only.
func leaveFirstStaff(dir, login, password string) error {
	b, err := json.Marshal(map[string]string{"loginName": login, "password": password})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, FirstStaffFile), b, 0o600)
}

// waitPrepared tries until the database is there.
func (a *App) waitPrepared(ctx context.Context) error {
	for pause := 250 * time.Millisecond; !a.prepared.Load(); pause = min(2*pause, 5*time.Second) {
		err := a.prepare(ctx)
		if err == nil {
			break
		}
		a.log.WarnContext(ctx, "not ready: database", "error", err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
	return ctx.Err()
}

// gate answers 503 while the schema is not there; health and documents are always served.
func (a *App) gate(next *gin.Engine) http.Handler {
	open := map[string]bool{"/livez": true, "/readyz": true, "/metrics": true, "/openapi.yaml": true, "/docs": true}
	waiting := gin.New()
	waiting.NoRoute(func(c *gin.Context) {
		web.Render(c, errs.New(errs.Unavailable, "database.unavailable").After(2*time.Second))
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !a.prepared.Load() && !open[r.URL.Path] && !strings.HasPrefix(r.URL.Path, "/docs/") {
			waiting.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// openLog writes readable lines on a terminal and JSON elsewhere, in batches from one goroutine.
func (a *App) openLog(out io.Writer) {
	level := slog.LevelInfo
	_ = level.UnmarshalText([]byte(a.cfg.LogLevel)) // an unknown word leaves info
	if f, ok := out.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		a.log = slog.New(tint.NewTextHandler(out, &tint.Options{Level: level, TimeFormat: time.TimeOnly}))
		return
	}
	w := web.NewLogWriter(out)
	a.closers = append(a.closers, w.Close)
	a.log, a.lines = slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level})), w
}

// upstreamCheck remembers the last look at 1688, so that readiness probes do not eat its rate limit.
type upstreamCheck struct {
	at  time.Time
	err error
}

// readiness says what is missing. 1688 being away only degrades us.
func (a *App) readiness(ctx context.Context) (reasons []web.Reason) {
	if !a.prepared.Load() {
		return []web.Reason{{Part: "database", Text: "not reachable or not migrated yet", Down: true}}
	}
	if err := a.db.Ping(ctx); err != nil {
		reasons = append(reasons, web.Reason{Part: "database", Text: "not reachable", Down: true})
	}
	if err := a.pingRedis(ctx); err != nil {
		reasons = append(reasons, web.Reason{Part: "redis", Text: "not reachable; orders are taken, work waits"})
	}
	return append(reasons, a.upstreamReasons(ctx)...)
}

// redisProbe is how long a probe waits for Redis, which may hang: the rest of the probe needs time too.
const redisProbe = 500 * time.Millisecond

func (a *App) pingRedis(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, redisProbe)
	defer cancel()
	return a.queue.Client().Ping(ctx).Err()
}

// upstreamReasons asks 1688 for the time now and then, more often while it does not answer, unless its breakers already
// say what is the matter.
func (a *App) upstreamReasons(ctx context.Context) []web.Reason {
	if reasons := a.guard.Troubles(); len(reasons) > 0 {
		return reasons
	}
	check := a.lastCheck.Load()
	every := 30 * time.Second
	if check != nil && check.err != nil || a.guard.gateway.cb.State() != gobreaker.StateClosed {
		every = 2 * time.Second
	}
	if check == nil || time.Since(check.at) > every {
		_, err := a.client.CurrentTime(ctx)
		if alibaba.ClassOf(err) == alibaba.Quota { // busy is not away
			err = nil
		}
		check = &upstreamCheck{at: time.Now(), err: err}
		a.lastCheck.Store(check)
	}
	if check.err != nil {
		return []web.Reason{{Part: "1688", Text: "does not answer"}}
	}
	return nil
}

// purge deletes what has expired, a little at a time.
func (a *App) purge(ctx context.Context) error {
	tick := time.NewTicker(10 * time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		for _, chore := range []func(context.Context, int) (int64, error){a.idem.Purge, a.auth.PurgeSessions, a.orders.PurgePreviews, a.orders.PurgeCarts} {
			for n := int64(500); n == 500; {
				var err error
				if n, err = chore(ctx, 500); err != nil {
					a.log.WarnContext(ctx, "purge failed", "error", err)
					break
				}
			}
		}
	}
}
