// Command entrepot is the operator's tool: migrate, demo, doctor, trigger.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// command is one sub-command: its own flags, output and exit through the error.
type command struct {
	name string
	help string
	run  func(ctx context.Context, e env, args []string) error
}

// env is what a command may touch of the outside.
type env struct {
	getenv         func(string) string
	stdout, stderr io.Writer
}

var commands = []command{
	{"migrate", "bring the database schema up to date", migrate},
	{"demo", "play the main story against a running server and print it", demo},
	{"doctor", "say what is configured, reachable, migrated and signed correctly", doctor},
	{"trigger", "make something happen: one of many scenarios against the simulated 1688, or a buyer's payment", trigger},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, env{os.Getenv, os.Stdout, os.Stderr}, os.Args[1:])
	stop()
	os.Exit(code)
}

func run(ctx context.Context, e env, args []string) int {
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		usage(e.stdout)
		return 0
	}
	for _, c := range commands {
		if c.name != args[0] {
			continue
		}
		if err := c.run(ctx, e, args[1:]); err != nil {
			if errors.Is(err, flag.ErrHelp) { // asked for, and printed
				return 0
			}
			fmt.Fprintf(e.stderr, "entrepot %s: %v\n", c.name, err)
			return 1
		}
		return 0
	}
	fmt.Fprintf(e.stderr, "entrepot: unknown command %q\n", args[0])
	usage(e.stderr)
	return 2
}

func usage(out io.Writer) {
	fmt.Fprintln(out, "usage: entrepot <command> [flags]    (entrepot <command> -h lists the flags)")
	for _, c := range commands {
		fmt.Fprintf(out, "  %-9s %s\n", c.name, c.help)
	}
}
