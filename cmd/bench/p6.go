package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

const (
	p6Conns = 16
	p6Fresh = 2000 // products per catalogue that are asked for the first time
)

// p6Fills are how many different answers the cache has been asked for.
var p6Fills = []int{0, 10_000, 100_000}

// growth is P6's part of the catalogue: what a search, a product and a miss cost with 20,000 and 1,000,000 offers at 1688, and
// with an empty and a full cache. Costs are CPU time of this process, client included and 1688 not, so that a neighbour on the
// machine shows less.
func growth(ctx context.Context, s settings) error {
	if err := catalogueGrowth(ctx, s); err != nil {
		return err
	}
	return cacheGrowth(ctx, s)
}

// reads is one program with what it is asked.
type reads struct {
	sub    *subject
	search []byte
	detail []byte
	serial int64
	costs  map[string][]float64 // by kind, microseconds
}

func beginReads(ctx context.Context, s settings, upstream string) (*reads, error) {
	sub, err := beginReading(ctx, s, upstream)
	if err != nil {
		if sub != nil {
			sub.end()
		}
		return nil, err
	}
	offer, err := sub.anOffer(ctx)
	if err != nil {
		sub.end()
		return nil, err
	}
	head := []string{"X-Site-Key: demo-japan", "Accept-Language: en", "Accept-Encoding: gzip"}
	return &reads{
		sub: sub, search: get("/v1/search?keyword=phone&pageSize=6", head...), detail: get("/v1/products/"+offer, head...),
		costs: map[string][]float64{},
	}, nil
}

// miss is a search nobody asked before; its hits are those of an ordinary word.
func (r *reads) miss() []byte {
	r.serial++
	return get("/v1/search?keyword=phone&pageSize=6&priceEnd="+strconv.FormatInt(1000+r.serial/100, 10)+fmt.Sprintf(".%02d", r.serial%100),
		"X-Site-Key: demo-japan", "Accept-Language: en", "Accept-Encoding: gzip")
}

// round measures each kind once.
func (r *reads) round(ctx context.Context, s settings) error {
	base := r.serial
	misses := make([][]byte, p6Fresh)
	for i := range misses {
		r.serial = base + int64(i)
		misses[i] = r.miss()
	}
	r.serial = base + p6Fresh
	for _, k := range []struct {
		name string
		next request
	}{
		{"search", func(int64) []byte { return r.search }},
		{"detail", func(int64) []byte { return r.detail }},
		{"miss", func(n int64) []byte {
			if n >= int64(len(misses)) {
				return nil
			}
			return misses[n]
		}},
	} {
		got, err := load(ctx, r.sub.addr, p6Conns, s.slice, 200, k.next)
		if err != nil {
			return err
		}
		if got.bad > 0 {
			return fmt.Errorf("%s: %d answers were refused", k.name, got.bad)
		}
		r.costs[k.name] = append(r.costs[k.name], float64(got.cpu.Nanoseconds())/1000)
	}
	return nil
}

func catalogueGrowth(ctx context.Context, s settings) error {
	dir, err := os.MkdirTemp("", "entrepot-bench")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // only a temporary folder
	binary := filepath.Join(dir, "sandbox")
	if out, err := exec.CommandContext(ctx, "go", "build", "-tags", "nomsgpack", "-o", binary, "./cmd/sandbox").CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w: %s", err, out)
	}
	var both []*reads
	for _, offers := range []string{"20000", "1000000"} {
		addr, stop, err := startSandbox(ctx, binary, offers)
		if err != nil {
			return err
		}
		defer stop() //nolint:gocritic // two, until the end of the row
		r, err := beginReads(ctx, s, "http://"+addr)
		if err != nil {
			return err
		}
		defer r.sub.end() //nolint:gocritic // as above
		both = append(both, r)
	}
	for range s.rounds {
		for _, r := range both {
			if err := r.round(ctx, s); err != nil {
				return err
			}
		}
	}
	for _, kind := range []string{"search", "detail", "miss"} {
		small, large := median(both[0].costs[kind]), median(both[1].costs[kind])
		row("P6", kind+": rate at 1,000,000 offers / at 20,000", small/large, "%.0f us CPU, %.0f us", large, small)
	}
	return nil
}

// startSandbox runs the simulated 1688 as a process of its own, whose work is not counted as ours.
func startSandbox(ctx context.Context, binary, offers string) (addr string, stop func(), err error) {
	l, err := listen(ctx)
	if err != nil {
		return "", nil, err
	}
	addr = l.Addr().String()
	_ = l.Close() // the program takes the port
	cmd := exec.CommandContext(ctx, binary, "-addr", addr, "-offers", offers)
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() { _ = cmd.Process.Signal(syscall.SIGTERM); _ = cmd.Wait() }
	for range 400 {
		if err = sbControl(ctx, addr, "/counters", &struct{}{}); err == nil {
			return addr, stop, nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	stop()
	return "", nil, fmt.Errorf("the simulated 1688 did not start: %w", err)
}

// cacheGrowth asks one program again and again while its cache fills.
func cacheGrowth(ctx context.Context, s settings) error {
	body, err := recordedSearch(ctx, 6)
	if err != nil {
		return err
	}
	up, stop, err := slowUpstream(ctx, body, 0)
	if err != nil {
		return err
	}
	defer stop()
	r, err := beginReads(ctx, s, "http://"+up.addr)
	if err != nil {
		return err
	}
	defer r.sub.end()
	r.detail = r.search // this upstream knows no product
	at := make([]map[string][]float64, len(p6Fills))
	filled := 0
	for i, fill := range p6Fills {
		if err := r.fill(ctx, fill-filled); err != nil {
			return err
		}
		filled, r.costs = fill, map[string][]float64{}
		for range s.rounds {
			if err := r.round(ctx, s); err != nil {
				return err
			}
		}
		at[i] = r.costs
	}
	for _, kind := range []string{"search", "miss"} {
		for i := 1; i < len(p6Fills); i++ {
			empty, full := median(at[0][kind]), median(at[i][kind])
			row("P6", fmt.Sprintf("%s: rate after %d answers / with an empty cache", kind, p6Fills[i]), empty/full, "%.0f us CPU, %.0f us", full, empty)
		}
	}
	return nil
}

// fill asks for so many different answers.
func (r *reads) fill(ctx context.Context, n int) error {
	if n <= 0 {
		return nil
	}
	base := r.serial
	r.serial += int64(n)
	got, err := load(ctx, r.sub.addr, p6Conns, 10*time.Minute, 200, func(i int64) []byte {
		if i >= int64(n) {
			return nil
		}
		own := reads{serial: base + i}
		return own.miss()
	})
	if err == nil && got.bad > 0 {
		err = errors.New("filling the cache: answers were refused")
	}
	return err
}
