// Command sandbox runs the simulated 1688 alone. Its settings are the ENTREPOT_SANDBOX_* variables of docs/sandbox.md; each has a
// flag of the same name, which wins: -offers for ENTREPOT_SANDBOX_OFFERS.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"entrepot/internal/sandbox"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) error {
	get, err := settings(args, getenv, stderr)
	if err != nil {
		return err
	}
	opt, err := sandbox.FromEnv(get)
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
	_, _ = io.WriteString(stdout, s.Banner(ln.Addr().String())) // without a terminal it still serves
	return errors.Join(s.Run(ctx, ln), s.Close())
}

const prefix = "ENTREPOT_SANDBOX_"

// flags are the variables a flag can set, without their prefix.
var flags = []struct{ name, usage string }{
	{"ADDR", "listen `address` (127.0.0.1:8688)"},
	{"PUBLIC_URL", "base `url` of pictures and pay links, when browsers reach it by another name"},
	{"SEED", "`number` the catalogue and all ids follow from (1688)"},
	{"OFFERS", "`size` of the catalogue, up to 1000000 (20000)"},
	{"APPS", "applications: `key:secret:token:profile`,..."},
	{"APPS_FILE", "JSON `file` of more applications, with rates, access lists and callbacks of their own"},
	{"CALLBACKS", "comma list of `urls` that get every message"},
	{"DIR", "`folder` of the journal; without it a restart forgets everything"},
	{"AUTO_ADVANCE", "`time` per step of a paid order, e.g. 2s; off by default"},
	{"CHAOS", "random faults: `level` 0 to 10, or level:seed to repeat a run"},
}

// settings reads the flags and lays them over the environment.
func settings(args []string, getenv func(string) string, stderr io.Writer) (func(string) string, error) {
	fs := flag.NewFlagSet("sandbox", flag.ContinueOnError)
	fs.SetOutput(stderr)
	given := map[string]string{}
	for _, f := range flags {
		fs.Func(strings.ToLower(strings.ReplaceAll(f.name, "_", "-")), f.usage, func(v string) error {
			given[prefix+f.name] = v
			return nil
		})
	}
	if err := fs.Parse(args); err != nil {
		return nil, err
	}
	if fs.NArg() > 0 {
		return nil, fmt.Errorf("unknown argument %q: settings are flags", fs.Arg(0))
	}
	return func(name string) string {
		if v, ok := given[name]; ok {
			return v
		}
		return getenv(name)
	}, nil
}
