package main

import (
	"context"
	"flag"
	"fmt"

	"entrepot/internal/app"
	"entrepot/internal/database"
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
	db, err := database.Open(ctx, database.Options{DSN: cfg.Database, Dir: cfg.DataDir})
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }() // nothing is pending after Migrate
	if err := db.Migrate(ctx); err != nil {
		return err
	}
	have, want, err := db.MigrationVersion(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "%s schema is at version %d of %d\n", db.Engine(), have, want)
	return nil
}
