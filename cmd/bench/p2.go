package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"entrepot/internal/sandbox"
)

const (
	p2Rate  = 200                   // misses per second
	p2Delay = 20 * time.Millisecond // of the upstream
	p2Cold  = 1000                  // requests at once for one key
)

// misses is P2: what a search that nobody asked before adds to the upstream call it makes, at 200 a second.
func misses(ctx context.Context, s settings) error {
	for _, size := range []struct {
		what string
		hits int
	}{{"8 KB answer", 5}, {"33 KB answer", 20}} {
		if err := missesOf(ctx, s, size.what, size.hits); err != nil {
			return err
		}
	}
	return nil
}

func missesOf(ctx context.Context, s settings, what string, hits int) error {
	body, err := recordedSearch(ctx, hits)
	if err != nil {
		return err
	}
	up, stop, err := slowUpstream(ctx, body, p2Delay)
	if err != nil {
		return err
	}
	defer stop()
	sub, err := beginReading(ctx, s, "http://"+up.addr)
	if sub != nil {
		defer sub.end()
	}
	if err != nil {
		return err
	}
	var serial atomic.Int64
	miss := func() []byte {
		return get("/v1/search?keyword=word+"+strconv.FormatInt(serial.Add(1), 10), "X-Site-Key: demo-japan", "Accept-Language: en", "Accept-Encoding: gzip")
	}
	direct := get("/direct")
	var p50, p99, cpu []float64
	for round := range s.rounds + 1 {
		bare, err := pace(ctx, up.addr, p2Rate, 2*s.slice, func() []byte { return direct })
		if err != nil {
			return err
		}
		ours, err := pace(ctx, sub.addr, p2Rate, 2*s.slice, miss)
		if err != nil {
			return err
		}
		if round == 0 {
			continue // warms up connections and code
		}
		p50 = append(p50, float64(ours.p50-bare.p50)/1e6)
		p99 = append(p99, float64(ours.p99-bare.p99)/1e6)
		cpu = append(cpu, float64(ours.cpu-bare.cpu)/1e3)
	}
	row("P2", "a miss adds to the upstream call, "+what+", p50 / 1.5 ms", median(p50)/1.5, "%.2f ms at %d/s, %d bytes from upstream", median(p50), p2Rate, len(body))
	row("P2", "a miss adds to the upstream call, "+what+", p99 / 6 ms", median(p99)/6, "%.2f ms", median(p99))
	row("P2", "CPU of a miss, "+what+" / 420 us", median(cpu)/420, "%.0f us, the simple upstream's and client's calls subtracted once", median(cpu))
	if hits > 5 {
		return nil
	}
	before := up.calls.Load()
	if err := cold(ctx, sub.addr, miss()); err != nil {
		return err
	}
	calls := up.calls.Load() - before
	row("P2", "upstream calls of 1,000 cold requests for one key", float64(calls), "%d requests at once", p2Cold)
	if calls != 1 {
		return fmt.Errorf("%d upstream calls for one key", calls)
	}
	return nil
}

// recordedSearch is what the simulated 1688 answers to a search with so many hits.
func recordedSearch(ctx context.Context, hits int) ([]byte, error) {
	sb, err := sandbox.New(sandbox.Options{Offers: 2000})
	if err != nil {
		return nil, err
	}
	defer func() { _ = sb.Close() }() // nothing is kept
	l, err := listen(ctx)
	if err != nil {
		return nil, err
	}
	srv := &http.Server{Handler: sb.Handler()} //nolint:gosec // a loopback server of a benchmark
	go func() { _ = srv.Serve(l) }()
	defer func() { _ = srv.Close() }()
	return sbSend(ctx, l.Addr().String(), sbSearch(0, map[string]any{"pageSize": hits}))
}

// upstream is a 1688 that answers everything with the same bytes after a while.
type upstream struct {
	addr  string
	calls atomic.Int64 // of searches
}

func slowUpstream(ctx context.Context, body []byte, delay time.Duration) (*upstream, func(), error) {
	l, err := listen(ctx)
	if err != nil {
		return nil, nil, err
	}
	u := &upstream{addr: l.Addr().String()}
	length := strconv.Itoa(len(body))
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { //nolint:gosec // a loopback server of a benchmark
		if strings.Contains(r.URL.Path, "keywordQuery") {
			u.calls.Add(1)
		}
		_, _ = io.Copy(io.Discard, r.Body)
		time.Sleep(delay)
		w.Header().Set("Content-Type", "application/json;charset=UTF-8")
		w.Header().Set("Content-Length", length)
		_, _ = w.Write(body)
	})}
	go func() { _ = srv.Serve(l) }()
	return u, func() { _ = srv.Close() }, nil
}

// paced is the result of a load at a fixed rate.
type paced struct{ p50, p99, cpu time.Duration }

// pace sends rate requests a second, on time whether or not answers have come, and measures from the moment each was due.
func pace(ctx context.Context, addr string, rate int, d time.Duration, next func() []byte) (paced, error) {
	ctx, cancel := context.WithTimeout(ctx, d+20*time.Second)
	defer cancel()
	due := make(chan time.Time, rate)
	var mu sync.Mutex
	var times []time.Duration
	var failed error
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			own, err := keepPace(ctx, addr, due, next)
			mu.Lock()
			defer mu.Unlock()
			times, failed = append(times, own...), errors.Join(failed, err)
		})
	}
	time.Sleep(20 * time.Millisecond) // connected
	start, spent := time.Now(), cpuTime()
	for n := range int(d.Seconds() * float64(rate)) {
		at := start.Add(time.Duration(n) * time.Second / time.Duration(rate))
		time.Sleep(time.Until(at))
		due <- at
	}
	close(due)
	wg.Wait()
	if failed != nil || len(times) == 0 {
		return paced{}, errors.Join(errors.New("paced load"), failed)
	}
	return paced{percentile(times, 50), percentile(times, 99), (cpuTime() - spent) / time.Duration(len(times))}, nil
}

func keepPace(ctx context.Context, addr string, due <-chan time.Time, next func() []byte) (times []time.Duration, err error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }() // the load is over
	in := bufio.NewReaderSize(conn, 64<<10)
	for at := range due {
		if _, err := conn.Write(next()); err != nil {
			return times, err
		}
		status, err := readAnswer(in, http.StatusOK)
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("answer %d", status)
		}
		if err != nil {
			return times, err
		}
		times = append(times, time.Since(at))
	}
	return times, nil
}

// cold sends the same request on many connections at once.
func cold(ctx context.Context, addr string, payload []byte) error {
	conns := make([]net.Conn, 0, p2Cold)
	defer func() {
		for _, c := range conns {
			_ = c.Close() // the load is over
		}
	}()
	for range p2Cold {
		c, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
		if err != nil {
			return err
		}
		conns = append(conns, c)
	}
	failures := make([]error, p2Cold)
	var wg sync.WaitGroup
	for i, c := range conns {
		wg.Go(func() {
			if _, failures[i] = c.Write(payload); failures[i] != nil {
				return
			}
			status, err := readAnswer(bufio.NewReader(c), http.StatusOK)
			if err == nil && status != http.StatusOK {
				err = fmt.Errorf("answer %d", status)
			}
			failures[i] = err
		})
	}
	wg.Wait()
	failures = slices.DeleteFunc(failures, func(err error) bool { return err == nil })
	return errors.Join(failures...)
}
