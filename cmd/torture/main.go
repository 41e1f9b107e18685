// Command torture places orders while everything goes wrong, and then counts: what was acknowledged, what we have, what
// 1688 has. The programs run as processes of their own and are killed at random; the simulated 1688 loses answers,
// resets connections, fails, refuses by quota and doubles its messages. It knows nothing of our code: it speaks HTTP.
// Exit 0 only when nothing is lost, nothing doubled and every amount is equal on both sides.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// settings of a run.
type settings struct {
	bin     string // folder of the binaries
	engine  string // sqlite or servers
	mysql   string // DSN without a database
	redis   string // URL with a database that may be emptied
	orders  int
	kills   int
	clients int
	chance  float64 // of each fault, per call
	seed    uint64
	rage    time.Duration // how long the faults go on once nobody orders or kills any more
	settle  time.Duration // how long the rest may take then
	keep    bool
}

func main() {
	s := settings{mysql: os.Getenv("ENTREPOT_TEST_MYSQL_DSN"), redis: os.Getenv("ENTREPOT_TEST_REDIS_URL")}
	flag.StringVar(&s.bin, "bin", "bin", "folder of the built binaries (make build)")
	flag.StringVar(&s.engine, "engine", "sqlite", "sqlite: one process, everything embedded; servers: api and worker apart on ENTREPOT_TEST_MYSQL_DSN and ENTREPOT_TEST_REDIS_URL")
	flag.IntVar(&s.orders, "orders", 5000, "orders to place and pay")
	flag.IntVar(&s.kills, "kills", 50, "kill -9 of a random process of ours, spread over the run")
	flag.IntVar(&s.clients, "clients", 24, "shoppers at once")
	flag.Float64Var(&s.chance, "chance", 0.1, "probability of each kind of fault, per call to 1688 or message")
	flag.Uint64Var(&s.seed, "seed", uint64(time.Now().UnixNano()), "of kills and choices; printed, so that a run can be repeated")
	flag.DurationVar(&s.rage, "rage", time.Minute, "how long the faults go on after the last order")
	flag.DurationVar(&s.settle, "settle", 15*time.Minute, "limit for everything to settle once the faults are over")
	flag.BoolVar(&s.keep, "keep", false, "leave the folder with data and logs")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, s)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "torture:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings) error {
	bin, err := filepath.Abs(s.bin)
	if err != nil {
		return err
	}
	s.bin = bin
	fmt.Printf("# %d orders, %d kills, %s, %.0f %% of each fault, seed %d\n", s.orders, s.kills, s.engine, 100*s.chance, s.seed)
	w, err := newWorld(ctx, s)
	if w != nil {
		defer w.end()
	}
	if err != nil {
		return err
	}
	goods, err := w.goods(ctx)
	if err != nil {
		return fmt.Errorf("finding goods: %w", err)
	}
	if err := w.chaos(ctx, s.chance); err != nil {
		return err
	}
	began := time.Now()
	placed, err := w.storm(ctx, s, goods)
	if err != nil {
		return err
	}
	fmt.Printf("# placed and paid %d orders in %s; waiting for everything to settle\n", len(placed), time.Since(began).Round(time.Second))
	settled := w.settle(ctx, placed, s.rage)
	struck, err := w.struck(ctx)
	if err != nil {
		return err
	}
	if err := w.calm(ctx); err != nil {
		return err
	}
	if settled != nil {
		fmt.Printf("# the faults are over after %s: %v\n", time.Since(began).Round(time.Second), settled)
		settled = w.settle(ctx, placed, s.settle)
	}
	fmt.Printf("# settled: %s after %s\n", orSo(settled), time.Since(began).Round(time.Second))
	r, err := w.compare(ctx, placed)
	if err != nil {
		return err
	}
	r.print(w.killed.Load(), struck)
	return errors.Join(settled, r.verdict())
}

func orSo(err error) string {
	if err == nil {
		return "yes"
	}
	return "no (" + err.Error() + ")"
}

// storm has the shoppers order while the killer kills, until all orders are placed and all kills are made.
func (w *world) storm(ctx context.Context, s settings, goods []good) ([]*placed, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	todo := make(chan int)
	var mu sync.Mutex
	var all []*placed
	var wg sync.WaitGroup
	for n := range s.clients {
		wg.Go(func() {
			sh := &shopper{w: w, rnd: rand.New(rand.NewPCG(s.seed, uint64(n))), goods: goods, name: fmt.Sprintf("t%d-%d", s.seed%100000, n)}
			for no := range todo {
				p, err := sh.order(ctx, no)
				if err != nil {
					cancel(fmt.Errorf("order %d: %w", no, err))
					return
				}
				mu.Lock()
				all = append(all, p)
				mu.Unlock()
			}
		})
	}
	killer := make(chan struct{})
	progress := func() int { mu.Lock(); defer mu.Unlock(); return len(all) }
	go func() { defer close(killer); w.kill(ctx, s, progress, cancel) }()
feed:
	for no := range s.orders {
		select {
		case todo <- no:
		case <-ctx.Done():
			break feed
		}
	}
	close(todo)
	wg.Wait()
	<-killer
	return all, context.Cause(ctx)
}
