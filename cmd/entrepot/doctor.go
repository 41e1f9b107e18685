package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"strings"
	"time"

	"entrepot/internal/app"
)

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
		if f.State == app.Problem {
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

func examine(ctx context.Context, e env) []app.Finding {
	cfg, err := app.Load(e.getenv)
	if err == nil {
		return app.Diagnose(ctx, cfg)
	}
	var list []app.Finding
	for line := range strings.SplitSeq(err.Error(), "\n") {
		list = append(list, app.Finding{Part: "config", State: app.Problem, Detail: line})
	}
	return list
}
