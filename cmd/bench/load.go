package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// request is one HTTP/1.1 request as bytes; next makes the n-th one.
type request func(n int64) []byte

// result of a load.
type result struct {
	perSecond float64
	bad       int64 // answers with an unexpected status
	p99       time.Duration
	cpu       time.Duration // of this process per answer: client, server and what else it does
}

// load keeps the connections busy for d: each writes a request, reads the whole answer, and begins again. It is a bare
// client on purpose, so that the two cores mostly belong to the server.
func load(ctx context.Context, addr string, conns int, d time.Duration, want int, next request) (result, error) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	var count, bad, serial atomic.Int64
	var mu sync.Mutex
	var times []time.Duration
	var first error
	var wg sync.WaitGroup
	start, spent := time.Now(), cpuTime()
	for range conns {
		wg.Go(func() {
			own, err := drive(ctx, addr, want, next, &serial, &count, &bad)
			mu.Lock()
			defer mu.Unlock()
			times = append(times, own...)
			if err != nil && first == nil {
				first = err
			}
		})
	}
	wg.Wait()
	r := result{perSecond: float64(count.Load()) / time.Since(start).Seconds(), bad: bad.Load()}
	if len(times) > 0 {
		r.p99 = percentile(times, 99)
		r.cpu = (cpuTime() - spent) / time.Duration(len(times))
	}
	return r, first
}

// cpuTime is what this process has used so far, in user and system mode.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0 // shows as 0 in the row
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func drive(ctx context.Context, addr string, want int, next request, serial, count, bad *atomic.Int64) ([]time.Duration, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }() // the load is over
	in := bufio.NewReaderSize(conn, 32<<10)
	var times []time.Duration
	for ctx.Err() == nil {
		payload := next(serial.Add(1) - 1)
		if payload == nil {
			return times, nil
		}
		began := time.Now()
		if _, err := conn.Write(payload); err != nil {
			return times, err
		}
		status, err := readAnswer(in, want)
		if err != nil {
			return times, err
		}
		if status != want {
			bad.Add(1)
		}
		count.Add(1)
		times = append(times, time.Since(began))
	}
	return times, nil
}

// readAnswer reads one answer with a Content-Length, or none for 304. An answer that was not wanted is shown.
func readAnswer(in *bufio.Reader, want int) (int, error) {
	line, err := in.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	if len(line) < 12 {
		return 0, errors.New("short status line")
	}
	status, err := strconv.Atoi(string(line[9:12]))
	if err != nil {
		return 0, err
	}
	length := 0
	for {
		if line, err = in.ReadSlice('\n'); err != nil {
			return 0, err
		}
		if len(line) <= 2 {
			break
		}
		if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return 0, err
			}
		}
	}
	out := io.Discard
	if status != want {
		out = os.Stderr
	}
	_, err = io.CopyN(out, in, int64(length))
	return status, err
}

func get(path string, headers ...string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "GET %s HTTP/1.1\r\nHost: bench\r\n", path)
	for _, h := range headers {
		b.WriteString(h + "\r\n")
	}
	b.WriteString("\r\n")
	return b.Bytes()
}
