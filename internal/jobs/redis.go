package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/uuid"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
)

const redisConnections = 32

// embedded is a Redis inside this process. It keeps nothing beyond it.
type embedded struct {
	server  *miniredis.Miniredis
	stop    chan struct{}
	stopped sync.WaitGroup
}

func startEmbedded() (*embedded, string, error) {
	e := &embedded{server: miniredis.NewMiniRedis(), stop: make(chan struct{})}
	password := uuid.NewString() // loopback is open to everyone on the machine
	e.server.RequireAuth(password)
	if err := e.server.StartAddr("127.0.0.1:0"); err != nil {
		return nil, "", fmt.Errorf("embedded redis: %w", err)
	}
	e.stopped.Go(func() { // expiry does not move on its own
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		last := time.Now()
		for {
			select {
			case <-e.stop:
				return
			case now := <-tick.C:
				e.server.FastForward(now.Sub(last))
				last = now
			}
		}
	})
	return e, "redis://:" + password + "@" + e.server.Addr() + "/0", nil
}

func (e *embedded) close() {
	close(e.stop)
	e.stopped.Wait()
	e.server.Close()
}

// connect makes the client. The error never repeats the URL: it may hold a password.
func (q *Queue) connect() error {
	url := q.o.Redis
	if url == "" {
		var err error
		if q.embedded, url, err = startEmbedded(); err != nil {
			return err
		}
	}
	o, err := redis.ParseURL(url)
	if err != nil {
		return errors.New("jobs: malformed Redis URL, want redis://user:password@host:6379/0")
	}
	o.PoolSize = redisConnections
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout = 2*time.Second, 5*time.Second, 5*time.Second
	o.ContextTimeoutEnabled = true // whoever waits less long for a Redis that hangs says so
	o.MaxRetries = 1               // the relay has its own pace, requests should learn soon that Redis is away
	q.rdb = redis.NewClient(o)
	quietRedis()
	return nil
}

// quietRedis keeps the client library from writing each failed dial to stderr; whoever uses the client gets the error.
var quietRedis = sync.OnceFunc(func() { redis.SetLogger(silence{}) })

type silence struct{}

func (silence) Printf(context.Context, string, ...any) {}

// asynqLog brings Asynq's own messages, from warnings up, into our log.
type asynqLog struct{ log *slog.Logger }

var _ asynq.Logger = asynqLog{}

func (l asynqLog) Debug(...any)      {}
func (l asynqLog) Info(...any)       {}
func (l asynqLog) Warn(args ...any)  { l.write(args) }
func (l asynqLog) Error(args ...any) { l.write(args) }
func (l asynqLog) Fatal(args ...any) { l.write(args) }

func (l asynqLog) write(args []any) { l.log.Warn("asynq", "message", fmt.Sprint(args...)) }

// health logs a dependency once when it goes away and once when it is back.
type health struct {
	log   *slog.Logger
	what  string
	mu    sync.Mutex
	down  bool
	since time.Time
}

// see records the result of using it and returns err.
func (h *health) see(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case err != nil && !h.down:
		h.down, h.since = true, time.Now()
		h.log.Warn("jobs: "+h.what+" unavailable, retrying", "error", err)
	case err == nil && h.down:
		h.down = false
		h.log.Info("jobs: "+h.what+" back", "after", time.Since(h.since).Round(time.Millisecond))
	}
	return err
}

func (h *health) isDown() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.down
}
