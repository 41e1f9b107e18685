package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"entrepot/internal/alibaba"
	"entrepot/internal/database"
	"entrepot/internal/web"

	"github.com/redis/go-redis/v9"
)

// Finding is one line of a diagnosis.
type Finding struct {
	Part   string `json:"part"`
	State  string `json:"state"` // ok, embedded or problem
	Detail string `json:"detail"`
}

// Problem is the state of a finding somebody must act on.
const Problem = "problem"

// Diagnose says what is configured, reachable, migrated and signed correctly, without starting anything.
func Diagnose(ctx context.Context, cfg Config) []Finding {
	list := []Finding{{"config", "ok", cfg.String()}, databaseFinding(ctx, cfg), redisFinding(ctx, cfg), upstreamFinding(ctx, cfg)}
	if f, running := apiFinding(ctx, cfg); running {
		list = append(list, f)
	}
	return list
}

// apiFinding asks the API of this machine, if it runs, what it misses; only a running process knows which calls to 1688 it
// keeps back.
func apiFinding(ctx context.Context, cfg Config) (f Finding, running bool) {
	host, port, err := net.SplitHostPort(cfg.HTTPAddr)
	if err != nil {
		return f, false
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/readyz", nil)
	if err != nil {
		return f, false
	}
	own := &http.Transport{DisableKeepAlives: true} // no proxy between us and ourselves
	res, err := own.RoundTrip(req)
	if err != nil {
		return f, false
	}
	defer func() { _ = res.Body.Close() }() // only read
	var h web.Health
	if json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(&h) != nil || h.Status == "" {
		return f, false // somebody else listens there
	}
	f = Finding{Part: "api", State: "ok", Detail: h.Status}
	for _, r := range h.Reasons {
		f.State, f.Detail = Problem, f.Detail+"; "+r.Part+" "+r.Text
	}
	return f, true
}

// Migrate brings the schema of the configured database up to date and says where it stands.
func Migrate(ctx context.Context, cfg Config) (engine string, have, want int64, err error) {
	db, err := database.Open(ctx, database.Options{DSN: cfg.Database, Dir: cfg.DataDir})
	if err != nil {
		return "", 0, 0, err
	}
	defer func() { _ = db.Close() }() // nothing is pending after Migrate
	if err := db.Migrate(ctx); err != nil {
		return db.Engine(), 0, 0, err
	}
	have, want, err = db.MigrationVersion(ctx)
	return db.Engine(), have, want, err
}

func databaseFinding(ctx context.Context, cfg Config) Finding {
	f := Finding{Part: "database", State: "ok"}
	if cfg.Database == "" {
		f.State = "embedded"
	}
	db, err := database.Open(ctx, database.Options{DSN: cfg.Database, Dir: cfg.DataDir})
	if err == nil {
		defer func() { _ = db.Close() }() // only read
		err = db.Ping(ctx)
	}
	if err != nil {
		return Finding{"database", "problem", "not reachable: " + err.Error()}
	}
	have, want, err := db.MigrationVersion(ctx)
	if err != nil {
		return Finding{"database", "problem", "schema version unknown: " + err.Error()}
	}
	f.Detail = fmt.Sprintf("%s, schema version %d of %d", db.Engine(), have, want)
	if have < want && cfg.Database != "" {
		f.State, f.Detail = "problem", f.Detail+": run entrepot migrate"
	}
	return f
}

func redisFinding(ctx context.Context, cfg Config) Finding {
	if cfg.RedisURL == "" {
		return Finding{"redis", "embedded", "in the api process"}
	}
	opt, err := redis.ParseURL(cfg.RedisURL)
	if err != nil {
		return Finding{"redis", "problem", "ENTREPOT_REDIS_URL is not a Redis URL"}
	}
	c := redis.NewClient(opt)
	defer func() { _ = c.Close() }() // only read
	if err := c.Ping(ctx).Err(); err != nil {
		return Finding{"redis", "problem", "not reachable: " + err.Error()}
	}
	return Finding{"redis", "ok", "answers"}
}

// upstreamFinding asks 1688's clock: a signed call without permissions, so it proves network, key and secret.
func upstreamFinding(ctx context.Context, cfg Config) Finding {
	url, state := cfg.Alibaba.URL, "ok"
	if url == "" {
		url, state = "http://"+cfg.Sandbox.Addr+"/openapi", "embedded"
	}
	c, err := alibaba.New(alibaba.Options{BaseURL: url, AppKey: cfg.Alibaba.AppKey, AppSecret: cfg.Alibaba.AppSecret,
		AccessToken: cfg.Alibaba.AccessToken, RefreshToken: cfg.Alibaba.RefreshToken, Profile: cfg.Alibaba.Profile, Timeout: cfg.Alibaba.Timeout})
	if err != nil {
		return Finding{"1688", "problem", err.Error()}
	}
	defer c.Close()
	before := time.Now()
	at, err := c.CurrentTime(ctx)
	var upstream *alibaba.Error
	switch {
	case err == nil:
		skew := at.Sub(before).Round(time.Second)
		return Finding{"1688", state, fmt.Sprintf("answers in %s, signature accepted, clock differs by %s", time.Since(before).Round(time.Millisecond), skew)}
	case state == "embedded":
		return Finding{"1688", state, "the simulator runs inside the api process, which is not running"}
	case errors.As(err, &upstream) && upstream.Class == alibaba.Auth:
		return Finding{"1688", "problem", "reachable, but key, secret or token is refused: " + upstream.Code}
	default:
		return Finding{"1688", "problem", "not reachable: " + err.Error()}
	}
}
