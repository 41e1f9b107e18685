package main

import (
	"context"
	"flag"
	"fmt"

	"entrepot/internal/app"
)

func migrate(ctx context.Context, e env, args []string) error {
	fs := flag.NewFlagSet("migrate", flag.ContinueOnError)
	fs.SetOutput(e.stderr)
	if err := fs.Parse(args); err != nil {
		return err
	}
	cfg, err := app.Load(e.getenv)
	if err != nil {
		return err
	}
	engine, have, want, err := app.Migrate(ctx, cfg)
	if err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "%s schema is at version %d of %d\n", engine, have, want)
	return nil
}
