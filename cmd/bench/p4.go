package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"entrepot/internal/app"

	"github.com/alicebob/miniredis/v2"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

const (
	p4Pushes = 6000
	p4Noops  = 12_000
	p4Probes = 60
)

// pushes is P4: pushes acknowledged by 1688, ledger included, against one raw Asynq server draining no-ops; and how long
// an idle system takes from the commit until 1688 is told.
func pushes(ctx context.Context, s settings) error {
	if s.embedded() {
		if err := pushesOn(ctx, s, "SQLite + embedded Redis", false); err != nil {
			return err
		}
	}
	if !s.servers() {
		return nil
	}
	return pushesOn(ctx, s, "MariaDB + Redis", true)
}

func pushesOn(ctx context.Context, s settings, where string, server bool) error {
	rounds := max(1, s.rounds/2)
	var ours, limit []float64
	for range rounds {
		n, err := rawAsynq(ctx, s, server)
		if err != nil {
			return err
		}
		limit = append(limit, n)
		if n, err = drainPushes(ctx, s, server); err != nil {
			return err
		}
		ours = append(ours, n)
	}
	row("P4", "pushes / raw Asynq, "+where, median(ours)/median(limit), "%.0f/s of %.0f/s, %d waiting pushes", median(ours), median(limit), p4Pushes)
	return latency(ctx, s, where, server)
}

// rawAsynq is the limit: one server with the same concurrency, handlers that do nothing.
func rawAsynq(ctx context.Context, s settings, server bool) (float64, error) {
	url := s.redis
	if !server {
		m := miniredis.NewMiniRedis()
		if err := m.Start(); err != nil {
			return 0, err
		}
		defer m.Close()
		url = "redis://" + m.Addr() + "/0"
	}
	opt, err := redis.ParseURL(url)
	if err != nil {
		return 0, err
	}
	rdb := redis.NewClient(opt)
	defer func() { _ = rdb.Close() }() // the measurement is over
	queue := "bench" + strconv.FormatInt(time.Now().UnixNano(), 36)
	client := asynq.NewClientFromRedisClient(rdb)
	for range p4Noops {
		if _, err := client.EnqueueContext(ctx, asynq.NewTask("noop", nil), asynq.Queue(queue)); err != nil {
			return 0, err
		}
	}
	var done atomic.Int64
	finished := make(chan struct{})
	srv := asynq.NewServerFromRedisClient(rdb, asynq.Config{Concurrency: 16, Queues: map[string]int{queue: 1}, LogLevel: asynq.FatalLevel})
	start := time.Now()
	if err := srv.Start(asynq.HandlerFunc(func(context.Context, *asynq.Task) error {
		if done.Add(1) == p4Noops {
			close(finished)
		}
		return nil
	})); err != nil {
		return 0, err
	}
	defer srv.Shutdown()
	select {
	case <-finished:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	return p4Noops / time.Since(start).Seconds(), nil
}

// drainPushes fills the database with paid orders whose push waits, then starts the side that works.
func drainPushes(ctx context.Context, s settings, server bool) (float64, error) {
	sub, err := begin(ctx, s, server, false)
	if sub != nil {
		defer sub.end()
	}
	if err != nil {
		return 0, err
	}
	shop, err := newShop(ctx, sub)
	if err != nil {
		return 0, err
	}
	defer func() { _ = shop.db.Close() }() // the measurement is over
	if err := shop.waiting(ctx, p4Pushes); err != nil {
		return 0, err
	}
	for len(sub.arrived) > 0 {
		<-sub.arrived
	}
	if server {
		if _, err := sub.start(ctx, app.Worker); err != nil {
			return 0, err
		}
	}
	// The rows are held back by their due time, so that both sides start from a full queue at once.
	start := time.Now()
	if _, err := shop.db.ExecContext(ctx, "UPDATE jobs SET due_at = created_at WHERE kind = 'push.order'"); err != nil {
		return 0, err
	}
	for len(sub.arrived) < p4Pushes && time.Since(start) < 2*time.Minute && ctx.Err() == nil {
		time.Sleep(5 * time.Millisecond)
	}
	for { // told is not yet acknowledged in the ledger
		var n int
		if err := shop.db.QueryRowContext(ctx, "SELECT COUNT(*) FROM ledger WHERE kind = 'order' AND state = 'acknowledged'").Scan(&n); err != nil {
			return 0, err
		}
		if n >= p4Pushes {
			return p4Pushes / time.Since(start).Seconds(), nil
		}
		if time.Since(start) > 2*time.Minute {
			return 0, fmt.Errorf("only %d of %d pushes were acknowledged in two minutes", n, p4Pushes)
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// waiting copies one paid order n times with a push each.
func (sh *shop) waiting(ctx context.Context, n int) error {
	t, err := sh.template(ctx)
	if err != nil {
		return err
	}
	future := time.Now().Add(time.Hour).UTC()
	for i := range n {
		if i%500 == 0 {
			if _, err := sh.db.ExecContext(ctx, map[bool]string{true: "BEGIN", false: "DO 0"}[sh.sub.driver == "sqlite"]); err != nil {
				return err
			}
		}
		order := sh.nextID.Add(1)
		for _, table := range t.tables[:3] {
			if err := sh.copyPaid(ctx, table, order, future); err != nil {
				return err
			}
		}
		if (i+1)%500 == 0 || i == n-1 {
			if _, err := sh.db.ExecContext(ctx, map[bool]string{true: "COMMIT", false: "DO 0"}[sh.sub.driver == "sqlite"]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (sh *shop) copyPaid(ctx context.Context, table rawTable, order int64, due time.Time) error {
	id := strconv.FormatInt(order, 10)
	payload, err := json.Marshal(map[string]any{"site": "japan", "order": id, "object": id, "version": "payed", "status": "payed", "at": time.Now().UTC()})
	if err != nil {
		return err
	}
	set := map[string]map[string]any{
		"orders":      {"id": order, "preview_id": order, "status": "paid", "rank_no": 10, "paid_at": time.Now().UTC().Format("2006-01-02 15:04:05")},
		"order_lines": {"order_id": order},
		"jobs":        {"kind": "push.order", "aggregate": "push:" + id, "payload": string(payload), "due_at": due.Format("2006-01-02 15:04:05.000")},
	}[table.name]
	var args []any
	for _, r := range table.rows {
		for c, v := range r {
			if table.columns[c] == "id" && table.name != "orders" {
				v = sh.nextID.Add(1)
			}
			if to, ok := set[table.columns[c]]; ok {
				v = to
			}
			args = append(args, v)
		}
	}
	_, err = sh.db.ExecContext(ctx, insertSQL(table.name, table.columns, len(table.rows)), args...)
	return err
}

// latency pays one order after the other on an idle system and takes the time until 1688 hears of it.
func latency(ctx context.Context, s settings, where string, server bool) error {
	sub, err := begin(ctx, s, server, true)
	if sub != nil {
		defer sub.end()
	}
	if err != nil {
		return err
	}
	shop, err := newShop(ctx, sub)
	if err != nil {
		return err
	}
	defer func() { _ = shop.db.Close() }() // the measurement is over
	first, err := shop.stock(ctx, p4Probes)
	if err != nil {
		return err
	}
	var times []time.Duration
	for n := range int64(p4Probes) {
		took, err := shop.payAndWait(ctx, first+n)
		if err != nil {
			return err
		}
		times = append(times, took)
	}
	p50, p99 := percentile(times, 50), percentile(times, 99)
	row("P4", "idle commit -> 1688, "+where, p50.Seconds()/0.030, "p50 %s, p99 %s (ratio is p50 / 30 ms)", p50.Round(100*time.Microsecond), p99.Round(100*time.Microsecond))
	return nil
}

func (sh *shop) payAndWait(ctx context.Context, preview int64) (time.Duration, error) {
	order, amount, err := sh.placeOne(ctx, preview)
	if err != nil {
		return 0, err
	}
	committed, err := sh.pay(ctx, order, amount)
	if err != nil {
		return 0, err
	}
	end := time.After(10 * time.Second)
	for {
		select {
		case a := <-sh.sub.arrived:
			if strings.Contains(a.body, order) {
				time.Sleep(60 * time.Millisecond) // let purchase and relation pass, so that the next probe finds it idle
				return max(0, a.at.Sub(committed)), nil
			}
		case <-end:
			return 0, errors.New("1688 was not told within 10 s")
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

func (sh *shop) placeOne(ctx context.Context, preview int64) (id string, amount int64, err error) {
	_, body, _ := bytes.Cut(sh.placement(preview), []byte("\r\n\r\n"))
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, sh.sub.url+"/v1/orders", bytes.NewReader(body))
	if err != nil {
		return "", 0, err
	}
	req.Header.Set("X-Site-Key", "demo-japan")
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+sh.token)
	req.Header.Set("Idempotency-Key", strconv.FormatInt(preview, 10))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", 0, err
	}
	defer func() { _ = resp.Body.Close() }() // decoded below
	var v struct {
		ID     string
		Totals struct {
			Total struct{ Local struct{ Amount int64 } }
		}
	}
	raw, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusCreated {
		err = fmt.Errorf("HTTP %d %s", resp.StatusCode, raw)
	}
	if err != nil {
		return "", 0, err
	}
	err = json.Unmarshal(raw, &v)
	return v.ID, v.Totals.Total.Local.Amount, err
}

// pay reports the payment and returns the moment its commit was answered.
func (sh *shop) pay(ctx context.Context, order string, amount int64) (time.Time, error) {
	now := time.Now()
	body := fmt.Appendf(nil, `{"type":"payment.succeeded","data":{"orderId":%q,"paymentId":"p%s","amount":%d,"currency":"JPY"}}`, order, order, amount)
	wh, err := standardwebhooks.NewWebhook(paymentSecret)
	if err != nil {
		return now, err
	}
	sig, err := wh.Sign("m"+order, now, body)
	if err != nil {
		return now, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, sh.sub.url+"/callbacks/payments", bytes.NewReader(body))
	if err != nil {
		return now, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("webhook-id", "m"+order)
	req.Header.Set("webhook-timestamp", strconv.FormatInt(now.Unix(), 10))
	req.Header.Set("webhook-signature", sig)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return now, err
	}
	at := time.Now()
	defer func() { _ = resp.Body.Close() }() // only the status counts
	if resp.StatusCode != http.StatusOK {
		return at, fmt.Errorf("payment: HTTP %d", resp.StatusCode)
	}
	return at, nil
}
