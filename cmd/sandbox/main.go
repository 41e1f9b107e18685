// Command sandbox runs the simulated 1688 alone. Its settings are the ENTREPOT_SANDBOX_* variables of docs/sandbox.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"

	"entrepot/internal/sandbox"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	opt, err := sandbox.FromEnv(os.Getenv)
	if err != nil {
		return err
	}
	s, err := sandbox.New(opt)
	if err != nil {
		return err
	}
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", opt.Addr)
	if err != nil {
		return errors.Join(err, s.Close())
	}
	fmt.Print(s.Banner(ln.Addr().String()))
	return errors.Join(s.Run(ctx, ln), s.Close())
}
