package search

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// How news of changed offers travel.
const (
	newsBatch   = 500                    // offers in one publication
	newsMost    = 100_000                // waiting offers; with more, everything counts as changed
	tellLimit   = 200 * time.Millisecond // Invalidate waits no longer for the others to be told
	newsSilence = 3 * time.Second        // without a word the connection is tried
	settled     = 10 * time.Second       // after New, by when the first subscription should stand
	everyOffer  = "*"
)

// outbox holds the offers others are still to be told of.
type outbox struct {
	mu      sync.Mutex
	offers  map[int64]bool
	all     bool
	told    chan struct{} // closed once what waits now is on its way
	waiting chan struct{}
}

func (o *outbox) open() {
	o.offers, o.told, o.waiting = map[int64]bool{}, make(chan struct{}), make(chan struct{}, 1)
}

// add puts offers in and answers what will be closed when they are told.
func (o *outbox) add(offers []int64) <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, id := range offers {
		o.offers[id] = true
	}
	if len(o.offers) > newsMost {
		o.all = true
		clear(o.offers)
	}
	select {
	case o.waiting <- struct{}{}:
	default:
	}
	return o.told
}

// take empties it.
func (o *outbox) take() (offers []int64, all bool, told chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for id := range o.offers {
		offers = append(offers, id)
	}
	clear(o.offers)
	all, o.all = o.all, false
	told, o.told = o.told, make(chan struct{})
	return offers, all, told
}

// tell lets the other processes know, all offers that come in at once in one go. It waits a little: after it, others ask
// again, if Redis is well.
func (t *tier) tell(offers []int64) {
	if t == nil {
		return
	}
	told := t.outbox.add(offers)
	if !t.ready() {
		return
	}
	timer := time.NewTimer(tellLimit)
	defer timer.Stop()
	select {
	case <-told:
	case <-timer.C:
	}
}

// start begins what the tier does by itself: telling, listening, and waiting for Redis to come back.
func (t *tier) start(s *Service) {
	if t == nil {
		return
	}
	s.begin(func() { t.report(s.closing) })
	s.begin(func() { t.listen(s) })
}

// report publishes what is in the outbox, and tries Redis again while it is away.
func (t *tier) report(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), tellLimit)
			t.publish(last)
			cancel()
			return
		case <-t.failed:
			t.comeBack(ctx)
		case <-t.outbox.waiting:
			if !t.publish(ctx) {
				sleep(ctx, tellLimit)
			}
		}
	}
}

// comeBack waits until Redis answers, then lets it be used again.
func (t *tier) comeBack(ctx context.Context) {
	for wait := 100 * time.Millisecond; t.down.Load(); wait = min(2*wait, time.Second) {
		if !sleep(ctx, wait) {
			return
		}
		each, cancel := context.WithTimeout(ctx, lookLimit)
		if t.rdb.Ping(each).Err() == nil {
			t.down.Store(false)
			t.log.Info("search: redis back")
		}
		cancel()
	}
	t.publish(ctx)
}

// publish writes the markers, then the news. What cannot be told stays in the outbox; false when that was in vain.
func (t *tier) publish(ctx context.Context) bool {
	if !t.ready() {
		return true // told when it is back
	}
	offers, all, told := t.outbox.take()
	defer close(told)
	for len(offers) > 0 || all {
		n := min(len(offers), newsBatch)
		if err := t.send(ctx, offers[:n], all); err != nil {
			t.saw(ctx, err)
			t.outbox.mu.Lock()
			t.outbox.all = t.outbox.all || all
			t.outbox.mu.Unlock()
			t.outbox.add(offers)
			return false
		}
		offers, all = offers[n:], false
	}
	return true
}

func (t *tier) send(ctx context.Context, offers []int64, all bool) error {
	ctx, cancel := context.WithTimeout(ctx, keepLimit)
	defer cancel()
	now, err := t.rdb.Time(ctx).Result()
	if err != nil {
		return err
	}
	at, words := now.UnixMicro(), []string{t.id}
	pipe := t.rdb.Pipeline()
	if all {
		words = append(words, everyOffer)
		pipe.Set(ctx, t.everything(), at, markerFor)
	}
	for _, id := range offers {
		words = append(words, strconv.FormatInt(id, 10))
		pipe.Set(ctx, t.marker(id), at, markerFor)
	}
	pipe.Publish(ctx, t.channel(), strings.Join(words, " "))
	_, err = pipe.Exec(ctx)
	return err
}

func (t *tier) channel() string { return t.prefix + ":news" }

// listen keeps a subscription to the news. While there was none some may have gone by, so afterwards nothing is fresh.
func (t *tier) listen(s *Service) {
	began, first := time.Now(), true
	for wait := 50 * time.Millisecond; s.closing.Err() == nil; wait = min(2*wait, 2*time.Second) {
		t.subscribe(s, func() {
			if wait = 50 * time.Millisecond; !first || time.Since(began) > settled {
				s.changes.missed()
			}
			first = false
		})
		if !sleep(s.closing, wait) {
			return
		}
	}
}

// subscribe hears news until the connection is lost.
func (t *tier) subscribe(s *Service, standing func()) {
	sub := t.rdb.Subscribe(s.closing, t.channel())
	defer context.AfterFunc(s.closing, func() { _ = sub.Close() })() // it wakes the one who waits below
	defer func() { _ = sub.Close() }()
	for asked := false; ; {
		m, err := sub.ReceiveTimeout(s.closing, newsSilence)
		var late net.Error
		switch {
		case errors.As(err, &late) && late.Timeout() && !asked:
			if asked = true; sub.Ping(s.closing) != nil {
				return
			}
			continue
		case err != nil:
			return
		}
		asked = false
		switch m := m.(type) {
		case *redis.Subscription:
			standing()
		case *redis.Message:
			t.hear(s, m.Payload)
		}
	}
}

// hear applies news of another process.
func (t *tier) hear(s *Service, payload string) {
	words := strings.Fields(payload)
	if len(words) < 2 || words[0] == t.id {
		return
	}
	offers := make([]int64, 0, len(words)-1)
	for _, w := range words[1:] {
		if w == everyOffer {
			s.changes.missed()
		} else if id, err := strconv.ParseInt(w, 10, 64); err == nil {
			offers = append(offers, id)
		}
	}
	if len(offers) > 0 {
		s.watch.forget(offers)
		s.change(offers)
		s.meters.notified.Add(float64(len(offers)))
	}
}

// sleep pauses; false when ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
