package web

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// connPair is our side of a connection and the client's.
func connPair(t *testing.T) (*conn, net.Conn) {
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	client, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", l.Addr().String())
	require.NoError(t, err)
	server, err := listener{l}.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { client.Close(); server.Close() })
	require.NoError(t, client.SetDeadline(time.Now().Add(10*time.Second)))
	return server.(*conn), client
}

// got is what the client has received of the next n bytes.
func got(t *testing.T, client net.Conn, n int) string {
	b := make([]byte, n)
	_, err := io.ReadFull(client, b)
	require.NoError(t, err)
	return string(b)
}

func TestConnSendsTheBodyWithItsHead(t *testing.T) {
	c, client := connPair(t)
	head, body := "HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n", []byte(strings.Repeat("0123456789", 900))
	for range 2 { // as on a connection that is kept
		c.expect(body, "9000")
		first := head + string(body[:4096-len(head)])
		n, err := c.Write([]byte(first))
		require.NoError(t, err)
		assert.Equal(t, len(first), n)
		assert.Equal(t, head+string(body), got(t, client, len(head)+len(body)), "before the rest was handed over")
		for _, piece := range [][]byte{body[4096-len(head) : 8000], body[8000:]} {
			n, err = c.Write(piece)
			require.NoError(t, err)
			assert.Equal(t, len(piece), n)
		}
	}
	_, err := c.Write([]byte("next"))
	require.NoError(t, err)
	assert.Equal(t, "next", got(t, client, 4), "nothing was sent twice")
}

// What was announced and what comes may differ: then nothing is added.
func TestConnBelievesOnlyWhatItSees(t *testing.T) {
	body := []byte("the whole body")
	for name, written := range map[string]string{
		"no head": "just bytes", "another body": "HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\nanother",
		"all of it": "HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\nthe whole body", "no body": "HTTP/1.1 304 Not Modified\r\n\r\n",
		"more":         "HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\nthe whole body and more",
		"chunked":      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\ne\r\nthe",
		"other length": "HTTP/1.1 200 OK\r\nContent-Length: 141\r\n\r\nthe", "shorter": "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nt",
	} {
		t.Run(name, func(t *testing.T) {
			c, client := connPair(t)
			c.expect(body, "14")
			for _, piece := range []string{written, "HTTP/1.1 200 OK\r\n\r\n"} {
				_, err := c.Write([]byte(piece))
				require.NoError(t, err)
				assert.Equal(t, piece, got(t, client, len(piece)))
			}
			require.NoError(t, c.CloseWrite())
			rest, err := io.ReadAll(client)
			require.NoError(t, err)
			assert.Empty(t, rest)
		})
	}
}

func TestConnReportsABrokenWrite(t *testing.T) {
	c, client := connPair(t)
	require.NoError(t, client.Close())
	body := make([]byte, 64<<20)
	c.expect(body, strconv.Itoa(len(body)))
	first := append([]byte("HTTP/1.1 200 OK\r\nContent-Length: 67108864\r\n\r\n"), body[:100]...)
	n, err := c.Write(first)
	require.Error(t, err)
	assert.LessOrEqual(t, n, len(first))
}

// TestServedSizes asks for bodies of every size around net/http's buffers, on one connection.
func TestServedSizes(t *testing.T) {
	bodies := map[int]*Cached{}
	var sizes []int
	for n := minExpect - 20; n < 4300; n += 3 {
		sizes = append(sizes, n)
	}
	sizes = append(sizes, 0, 1, 2047, 2048, 2049, 8192, 33_000, 300_000)
	for i, n := range sizes {
		text := bytes.Repeat([]byte{'a' + byte(i%26)}, n)
		bodies[n] = NewCached(text, "en", CacheRules{})
		bodies[n].Gzip = nil // repeated letters would become tiny
	}
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		n, err := strconv.Atoi(r.Header.Get("Size"))
		assert.NoError(t, err)
		w.Header().Set("X-Which", strconv.Itoa(n))
		_ = bodies[n].write(w, r.Header, &request{base: r.Context(), method: r.Method})
	}, 0)
	c, in := s.dial(t)
	for _, n := range sizes {
		fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: x\r\nSize: %d\r\n\r\nHEAD / HTTP/1.1\r\nHost: x\r\nSize: %d\r\n\r\n", n, n) // pipelined
		for _, method := range []string{"GET", "HEAD"} {
			res, err := http.ReadResponse(in, &http.Request{Method: method})
			require.NoError(t, err)
			body, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			assert.Equal(t, strconv.Itoa(n), res.Header.Get("X-Which"))
			assert.EqualValues(t, n, res.ContentLength)
			if method == "GET" {
				require.Equal(t, bodies[n].Body, body)
			}
		}
	}
}

func TestConnDeadlines(t *testing.T) {
	c, client := connPair(t)
	read := func() error { _, err := c.Read(make([]byte, 1)); return err }

	require.NoError(t, c.SetReadDeadline(time.Now().Add(20*time.Millisecond)))
	require.ErrorIs(t, read(), os.ErrDeadlineExceeded)
	require.NoError(t, c.SetReadDeadline(time.Unix(1, 0))) // as net/http ends a read that has not begun
	require.ErrorIs(t, read(), os.ErrDeadlineExceeded)

	require.NoError(t, c.SetReadDeadline(time.Time{}))
	ended := make(chan error, 1)
	go func() { ended <- read() }()
	require.Eventually(t, func() bool { c.read.mu.Lock(); defer c.read.mu.Unlock(); return c.read.busy == 1 }, time.Minute, time.Millisecond)
	require.NoError(t, c.SetReadDeadline(time.Unix(1, 0))) // and one that has
	require.ErrorIs(t, <-ended, os.ErrDeadlineExceeded)

	require.NoError(t, c.SetDeadline(time.Time{}))
	_, err := client.Write([]byte("x"))
	require.NoError(t, err)
	require.NoError(t, read(), "a deadline that was taken back")
	for range 3 { // later ones that lie close together share a timer
		require.NoError(t, c.SetReadDeadline(time.Now().Add(time.Minute)))
		_, err = client.Write([]byte("x"))
		require.NoError(t, err)
		require.NoError(t, read())
	}
	assert.Less(t, c.read.applied.Sub(c.read.wanted), time.Duration(0))

	require.NoError(t, c.SetWriteDeadline(time.Now().Add(20*time.Millisecond)))
	_, err = c.Write(make([]byte, 64<<20)) // nobody reads
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	var timeout net.Error
	require.True(t, errors.As(err, &timeout) && timeout.Timeout())
}
