// Command worker does the background work: buying and paying at 1688, messages, pushes. It needs a real Redis.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"entrepot/internal/app"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Getenv)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "entrepot:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, getenv func(string) string) error {
	cfg, err := app.Load(getenv)
	if err != nil {
		return err
	}
	if cfg.RedisURL == "" {
		return errors.New("ENTREPOT_REDIS_URL: a worker needs a real Redis; with an embedded one the api process works by itself")
	}
	a, err := app.New(ctx, cfg, app.Worker, os.Stderr)
	if err != nil {
		return err
	}
	return errors.Join(a.Run(ctx), a.Close())
}
