package web

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// listener hands out conns.
type listener struct{ net.Listener }

// Accept implements net.Listener.
func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	if tcp, ok := c.(*net.TCPConn); ok {
		return newConn(tcp), nil
	}
	return c, nil
}

// conn is a client's connection that saves system calls and timers where net/http cannot know better: net/http writes an
// answer that is larger than its buffer of 4 KB in pieces, each of which wakes the client, and moves deadlines ten times a
// request.
type conn struct {
	tcp   *net.TCPConn
	read  deadline
	write deadline

	body  []byte      // whole body of the answer whose head comes next; nil when unknown
	size  string      // its length as the head spells it
	ahead int         // bytes of it that were sent with the head and that net/http will still hand over
	parts net.Buffers // room for the two pieces, so that sending them allocates nothing
	room  [2][]byte
}

func newConn(tcp *net.TCPConn) *conn {
	return &conn{tcp: tcp, read: deadline{apply: tcp.SetReadDeadline}, write: deadline{apply: tcp.SetWriteDeadline}}
}

type connKey struct{}

// withConn is http.Server.ConnContext: it lets Cached find the connection it is written to.
func withConn(ctx context.Context, c net.Conn) context.Context {
	if own, ok := c.(*conn); ok {
		return context.WithValue(ctx, connKey{}, own)
	}
	return ctx
}

// expect announces that the answer written next consists of a head with this Content-Length and exactly this body, which
// must not change.
func (c *conn) expect(body []byte, length string) { c.body, c.size = body, length }

// Read implements net.Conn.
func (c *conn) Read(p []byte) (int, error) {
	if err := c.read.begin(); err != nil {
		return 0, err
	}
	defer c.read.end()
	return c.tcp.Read(p)
}

// Write implements net.Conn. The head of an announced answer takes the whole body along; what net/http hands over of it
// afterwards is gone already.
func (c *conn) Write(p []byte) (int, error) {
	if c.ahead > 0 {
		n := min(c.ahead, len(p))
		c.ahead -= n
		if n == len(p) {
			return n, nil
		}
		m, err := c.Write(p[n:])
		return n + m, err
	}
	if err := c.write.begin(); err != nil {
		return 0, err
	}
	defer c.write.end()
	rest := c.unsent(p)
	if rest == nil {
		return c.tcp.Write(p)
	}
	c.room = [2][]byte{p, rest}
	c.parts = c.room[:]
	n, err := c.parts.WriteTo(c.tcp)
	c.room = [2][]byte{} // keep no answer alive
	if err != nil {
		return min(int(n), len(p)), err
	}
	c.ahead = len(rest)
	return len(p), nil
}

// unsent is what p, the beginning of an answer, lacks of the announced body; nil when it lacks nothing or is not what
// was announced.
func (c *conn) unsent(p []byte) []byte {
	body := c.body
	if c.body = nil; body == nil {
		return nil
	}
	head, begun, whole := bytes.Cut(p, []byte("\r\n\r\n"))
	if !whole || len(begun) >= len(body) || !bytes.HasPrefix(body, begun) {
		return nil
	}
	_, length, found := bytes.Cut(head, []byte("\r\nContent-Length: "))
	if n := len(c.size); !found || len(length) < n || string(length[:n]) != c.size || len(length) > n && length[n] != '\r' {
		return nil
	}
	return body[len(begun):]
}

// ReadFrom implements io.ReaderFrom, by which net/http lets the kernel send files.
func (c *conn) ReadFrom(r io.Reader) (int64, error) {
	c.body, c.ahead = nil, 0
	if err := c.write.begin(); err != nil {
		return 0, err
	}
	defer c.write.end()
	return c.tcp.ReadFrom(r)
}

// CloseWrite lets net/http end its half of a connection whose request it did not read to the end.
func (c *conn) CloseWrite() error { return c.tcp.CloseWrite() }

// Close implements net.Conn.
func (c *conn) Close() error { return c.tcp.Close() }

// LocalAddr implements net.Conn.
func (c *conn) LocalAddr() net.Addr { return c.tcp.LocalAddr() }

// RemoteAddr implements net.Conn.
func (c *conn) RemoteAddr() net.Addr { return c.tcp.RemoteAddr() }

// SetDeadline implements net.Conn.
func (c *conn) SetDeadline(t time.Time) error {
	if err := c.read.change(t); err != nil {
		return err
	}
	return c.write.change(t)
}

// SetReadDeadline implements net.Conn.
func (c *conn) SetReadDeadline(t time.Time) error { return c.read.change(t) }

// SetWriteDeadline implements net.Conn.
func (c *conn) SetWriteDeadline(t time.Time) error { return c.write.change(t) }

// deadlineSlack is how much earlier than asked a deadline may strike, so that the timer of the last one can serve the
// next. The limits of a connection are 10 s and more.
const deadlineSlack = time.Second

// deadline is one direction's: it reaches the runtime only when something waits under it.
type deadline struct {
	apply func(time.Time) error

	mu      sync.Mutex
	wanted  time.Time
	applied time.Time
	busy    int // calls that wait under it
}

// change takes effect at once for a call that waits already, else when one begins.
func (d *deadline) change(t time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.wanted = t
	if d.busy == 0 {
		return nil
	}
	d.applied = t
	return d.apply(t)
}

// longAgo is before any deadline but the one by which net/http ends a read.
var longAgo = time.Unix(1<<20, 0)

func (d *deadline) begin() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if late := d.wanted.Sub(d.applied); d.wanted.IsZero() != d.applied.IsZero() || late < 0 || late > deadlineSlack {
		if !d.wanted.IsZero() && d.wanted.Before(longAgo) {
			return os.ErrDeadlineExceeded
		}
		d.applied = d.wanted
		if err := d.apply(d.wanted); err != nil {
			return err
		}
	}
	d.busy++
	return nil
}

func (d *deadline) end() {
	d.mu.Lock()
	d.busy--
	d.mu.Unlock()
}
