package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"strings"
	"time"

	"entrepot/internal/alibaba"
	"entrepot/internal/app"
	"entrepot/internal/database"

	"github.com/redis/go-redis/v9"
)

// finding is one line of the doctor's report.
type finding struct {
	Part   string `json:"part"`
	State  string `json:"state"` // ok, embedded or problem
	Detail string `json:"detail"`
}

func doctor(ctx context.Context, e env, args []string) error {
	fs := flag.NewFlagSet("doctor", flag.ContinueOnError)
	fs.SetOutput(e.stderr)
	asJSON := fs.Bool("json", false, "print the findings as JSON")
	if err := fs.Parse(args); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	findings := examine(ctx, e)
	bad := 0
	for _, f := range findings {
		if f.State == "problem" {
			bad++
		}
	}
	if *asJSON {
		enc := json.NewEncoder(e.stdout)
		enc.SetIndent("", "  ")
		if err := enc.Encode(findings); err != nil {
			return err
		}
	} else {
		for _, f := range findings {
			fmt.Fprintf(e.stdout, "%-10s %-9s %s\n", f.Part, f.State, f.Detail)
		}
	}
	if bad > 0 {
		return fmt.Errorf("%d problem(s)", bad)
	}
	return nil
}

func examine(ctx context.Context, e env) []finding {
	cfg, err := app.Load(e.getenv)
	if err != nil {
		var list []finding
		for _, line := range strings.Split(err.Error(), "\n") {
			list = append(list, finding{"config", "problem", line})
		}
		return list
	}
	return []finding{{"config", "ok", cfg.String()}, databaseFinding(ctx, cfg), redisFinding(ctx, cfg), upstreamFinding(ctx, cfg)}
}

func databaseFinding(ctx context.Context, cfg app.Config) finding {
	f := finding{Part: "database", State: "ok"}
	if cfg.Database == "" {
		f.State = "embedded"
	}
	db, err := database.Open(ctx, database.Options{DSN: cfg.Database, Dir: cfg.DataDir})
	if err == nil {
		defer func() { _ = db.Close() }() // only read
		err = db.Ping(ctx)
	}
	if err != nil {
		return finding{"database", "problem", "not reachable: " + err.Error()}
	}
	have, want, err := db.MigrationVersion(ctx)
	if err != nil {
		return finding{"database", "problem", "schema version unknown: " + err.Error()}
	}
	f.Detail = fmt.Sprintf("%s, schema version %d of %d", db.Engine(), have, want)
	if have < want && cfg.Database != "" {
		f.State, f.Detail = "problem", f.Detail+": run entrepot migrate"
	}
	return f
}

func redisFinding(ctx context.Context, cfg app.Config) finding {
	if cfg.RedisURL == "" {
		return finding{"redis", "embedded", "in the api process"}
	}
	opt, err := redis.ParseURL(cfg.RedisURL)
	if err != nil {
		return finding{"redis", "problem", "ENTREPOT_REDIS_URL is not a Redis URL"}
	}
	c := redis.NewClient(opt)
	defer func() { _ = c.Close() }() // only read
	if err := c.Ping(ctx).Err(); err != nil {
		return finding{"redis", "problem", "not reachable: " + err.Error()}
	}
	return finding{"redis", "ok", "answers"}
}

// upstreamFinding asks 1688's clock: a signed call without permissions, so it proves network, key and secret.
func upstreamFinding(ctx context.Context, cfg app.Config) finding {
	url, state := cfg.Alibaba.URL, "ok"
	if url == "" {
		url, state = "http://"+cfg.Sandbox.Addr+"/openapi", "embedded"
	}
	c, err := alibaba.New(alibaba.Options{BaseURL: url, AppKey: cfg.Alibaba.AppKey, AppSecret: cfg.Alibaba.AppSecret,
		AccessToken: cfg.Alibaba.AccessToken, RefreshToken: cfg.Alibaba.RefreshToken, Profile: cfg.Alibaba.Profile, Timeout: cfg.Alibaba.Timeout})
	if err != nil {
		return finding{"1688", "problem", err.Error()}
	}
	defer c.Close()
	before := time.Now()
	at, err := c.CurrentTime(ctx)
	var upstream *alibaba.Error
	switch {
	case err == nil:
		skew := at.Sub(before).Round(time.Second)
		return finding{"1688", state, fmt.Sprintf("answers in %s, signature accepted, clock differs by %s", time.Since(before).Round(time.Millisecond), skew)}
	case state == "embedded":
		return finding{"1688", state, "the simulator runs inside the api process, which is not running"}
	case errors.As(err, &upstream) && upstream.Class == alibaba.Auth:
		return finding{"1688", "problem", "reachable, but key, secret or token is refused: " + upstream.Code}
	default:
		return finding{"1688", "problem", "not reachable: " + err.Error()}
	}
}
