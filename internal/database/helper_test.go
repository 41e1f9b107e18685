package database

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"gorm.io/gorm"
)

func TestMain(m *testing.M) {
	if os.Getenv(TestDSNVar) == "" {
		fmt.Println("database: suites run on SQLite; " + TestDSNVar + " is not set, so nothing ran on MySQL")
	} else {
		fmt.Println("database: suites run on MySQL")
	}
	goleak.VerifyTestMain(m)
}

func onMySQL(t testing.TB) {
	t.Helper()
	if os.Getenv(TestDSNVar) == "" {
		t.Skip(TestDSNVar + " is not set")
	}
}

// put writes a row that a second put of the same name cannot write.
func put(tx *gorm.DB, name string) error {
	return tx.Exec("INSERT INTO cursors (name, value, updated_at) VALUES (?, '', ?)", name, Now()).Error
}

func names(t testing.TB, db *DB) []string {
	t.Helper()
	var found []string
	require.NoError(t, db.Read(t.Context()).Raw("SELECT name FROM cursors ORDER BY name").Scan(&found).Error)
	return found
}

// proxy stands between the program and the MySQL server and can misbehave.
type proxy struct {
	target string
	l      net.Listener
	wg     sync.WaitGroup

	mu    sync.Mutex
	conns []net.Conn
	// onRequest sees what a client sent; true cuts the connection once the server has answered it.
	onRequest func(b []byte) bool
}

// throughProxy is an empty, migrated MySQL database reached through a proxy.
func throughProxy(t *testing.T) (*DB, *proxy) {
	onMySQL(t)
	o := TestOptions(t)
	cfg, err := mysql.ParseDSN(o.DSN)
	require.NoError(t, err)
	p := &proxy{target: cfg.Addr}
	p.listen(t, "127.0.0.1:0")
	cfg.Addr = p.l.Addr().String()
	t.Cleanup(p.stop)
	db := OpenTestAt(t, Options{DSN: cfg.FormatDSN()})
	require.NoError(t, db.Migrate(t.Context()))
	return db, p
}

func (p *proxy) listen(t *testing.T, addr string) {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", addr)
	require.NoError(t, err)
	p.l = l
	p.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", p.target)
			if err != nil {
				_ = c.Close()
				return
			}
			p.mu.Lock()
			p.conns = append(p.conns, c, s)
			p.mu.Unlock()
			cut := make(chan struct{})
			p.wg.Go(func() { p.requests(c, s, cut) })
			p.wg.Go(func() { answers(c, s, cut) })
		}
	})
}

func (p *proxy) cutOn(hit func(b []byte) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.onRequest = hit
}

func (p *proxy) requests(c, s net.Conn, cut chan struct{}) {
	defer func() { _ = s.Close() }()
	b := make([]byte, 64<<10)
	for {
		n, err := c.Read(b)
		if err != nil {
			return
		}
		p.mu.Lock()
		hit := p.onRequest != nil && p.onRequest(b[:n])
		p.mu.Unlock()
		if hit {
			close(cut)
		}
		if _, err := s.Write(b[:n]); err != nil || hit {
			_, _ = io.Copy(io.Discard, c)
			return
		}
	}
}

func answers(c, s net.Conn, cut chan struct{}) {
	defer func() { _ = c.Close() }()
	b := make([]byte, 64<<10)
	for {
		n, err := s.Read(b)
		if err != nil {
			return
		}
		select {
		case <-cut:
			return // the server has done it, the client will never know
		default:
		}
		if _, err := c.Write(b[:n]); err != nil {
			return
		}
	}
}

// stop refuses new connections and cuts the open ones, as a server does that goes down.
func (p *proxy) stop() {
	_ = p.l.Close()
	p.mu.Lock()
	for _, c := range p.conns {
		_ = c.Close()
	}
	p.conns = nil
	p.mu.Unlock()
	p.wg.Wait()
}
