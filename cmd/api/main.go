// Command api serves the HTTP API; with embedded Redis it also does the background work.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"entrepot/internal/app"
)

func main() {
	ctx, stop := untilSignal()
	err := run(ctx, os.Getenv, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "entrepot:", err)
		os.Exit(1)
	}
}

// untilSignal ends its context when the terminal or a supervisor asks to stop.
func untilSignal() (context.Context, context.CancelFunc) {
	return signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
}

func run(ctx context.Context, getenv func(string) string, stdout io.Writer) error {
	cfg, err := app.Load(getenv)
	if err != nil {
		return err
	}
	a, err := app.New(ctx, cfg, app.API, os.Stderr)
	if err != nil {
		return err
	}
	go func() {
		select {
		case <-a.Ready():
			a.Banner(stdout)
		case <-ctx.Done():
		}
	}()
	err = a.Run(ctx)
	return errors.Join(err, a.Close())
}
