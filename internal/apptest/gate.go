package apptest

import (
	"io"
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// Gate stands between the program and the simulated 1688, so that tests can take 1688 away. The control API stays
// reachable beside it.
type Gate struct {
	addr, target string

	mu     sync.Mutex
	ln     net.Listener
	silent bool
	conns  map[net.Conn]bool
	wg     sync.WaitGroup
}

// Gated puts a Gate in front of 1688; see Stack.Gate.
func Gated() Option {
	return func(s *Stack) { s.Gate, s.away = &Gate{conns: map[net.Conn]bool{}}, true }
}

// start opens the gate in front of target and takes it away with the test.
func (g *Gate) start(t testing.TB, target string) {
	t.Helper()
	g.addr, g.target = freeAddr(t), target
	g.Open(t)
	t.Cleanup(func() { g.Close(); g.wg.Wait() })
}

// Open lets everything through, as at the beginning.
func (g *Gate) Open(t testing.TB) {
	t.Helper()
	g.Close()
	ln, err := net.Listen("tcp", g.addr)
	require.NoError(t, err)
	g.mu.Lock()
	g.ln, g.silent = ln, false
	g.mu.Unlock()
	g.wg.Go(func() { g.accept(ln) })
}

// Silence takes connections and never answers, on old connections neither: a host that hangs.
func (g *Gate) Silence(t testing.TB) {
	t.Helper()
	g.Open(t)
	g.mu.Lock()
	g.silent = true
	g.mu.Unlock()
}

// Close refuses connections and cuts the ones there are: a host whose program has died.
func (g *Gate) Close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ln != nil {
		_ = g.ln.Close()
		g.ln = nil
	}
	for c := range g.conns {
		_ = c.Close() // whoever uses it finds out
	}
	clear(g.conns)
}

func (g *Gate) accept(ln net.Listener) {
	for {
		in, err := ln.Accept()
		if err != nil {
			return // closed
		}
		g.wg.Go(func() { g.carry(in) })
	}
}

func (g *Gate) carry(in net.Conn) {
	defer func() { _ = in.Close() }()
	g.mu.Lock()
	silent := g.silent
	g.conns[in] = true
	g.mu.Unlock()
	if silent {
		_, _ = io.Copy(io.Discard, in) // until somebody gives up
		return
	}
	out, err := net.Dial("tcp", g.target)
	if err != nil {
		return
	}
	defer func() { _ = out.Close() }()
	g.mu.Lock()
	g.conns[out] = true
	g.mu.Unlock()
	g.wg.Go(func() { _, _ = io.Copy(out, in); _ = out.Close() })
	_, _ = io.Copy(in, out)
}
