package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const previewsPerSlice = 12_000

// orders is P3: POST /v1/orders through the whole route, durable, against a raw transaction that writes the same rows.
func orders(ctx context.Context, s settings) error {
	if s.embedded() {
		if err := ordersOn(ctx, s, "SQLite", false); err != nil {
			return err
		}
	}
	if !s.servers() {
		return nil
	}
	return ordersOn(ctx, s, "MariaDB", true)
}

func ordersOn(ctx context.Context, s settings, engine string, server bool) error {
	sub, err := begin(ctx, s, server, false)
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
	defer func() { _ = shop.db.Close() }() // the benchmark is over
	raw, err := shop.template(ctx)
	if err != nil {
		return err
	}
	for _, clients := range []int{8, 64} {
		var ours, limit []float64
		var p99 []time.Duration
		for range s.rounds {
			n, err := raw.run(ctx, shop, clients, s.slice)
			if err != nil {
				return err
			}
			limit = append(limit, n)
			r, err := shop.order(ctx, clients, s.slice)
			if err != nil {
				return err
			}
			ours, p99 = append(ours, r.perSecond), append(p99, r.p99)
		}
		row("P3", fmt.Sprintf("orders / raw transaction, %s, %d clients", engine, clients), median(ours)/median(limit),
			"%.0f/s of %.0f/s, p99 %s", median(ours), median(limit), percentile(p99, 50).Round(100*time.Microsecond))
	}
	return nil
}

// shop is a signed-in member with a priced cart, and a second connection to the database for what HTTP need not do.
type shop struct {
	sub     *subject
	db      *sql.DB
	token   string
	preview []any // one row of previews, to be copied
	columns []string
	nextID  atomic.Int64
}

func newShop(ctx context.Context, sub *subject) (*shop, error) {
	sh := &shop{sub: sub}
	sh.nextID.Store(1)
	var err error
	if sh.db, err = sql.Open(sub.driver, sub.dsn); err != nil {
		return nil, err
	}
	if sub.driver == "sqlite" {
		sh.db.SetMaxOpenConns(1)
	} else {
		sh.db.SetMaxOpenConns(64)
		sh.db.SetMaxIdleConns(64)
	}
	var account struct{ Tokens struct{ AccessToken string } }
	if err := sh.post(ctx, "/v1/accounts", "", map[string]any{"loginName": "bench", "password": "a bench password", "email": "bench@example.com"}, &account); err != nil {
		return nil, err
	}
	sh.token = account.Tokens.AccessToken
	if err := sh.priced(ctx); err != nil {
		return nil, err
	}
	sh.columns, sh.preview, err = one(ctx, sh.db, "SELECT * FROM previews LIMIT 1")
	return sh, err
}

// priced makes a preview with three lines of one seller.
func (sh *shop) priced(ctx context.Context) error {
	var found struct{ Items []struct{ OfferID string } }
	if err := sh.get(ctx, "/v1/search?keyword=phone&pageSize=50", &found); err != nil {
		return err
	}
	for _, it := range found.Items {
		var p struct {
			MinOrderQuantity, BatchNumber int64
			Skus                          []struct {
				SkuID        string
				AmountOnSale int64
			}
		}
		if err := sh.get(ctx, "/v1/products/"+it.OfferID, &p); err != nil || len(p.Skus) < 3 {
			continue
		}
		quantity := max(p.MinOrderQuantity, p.BatchNumber, 1)
		var items []any
		for _, k := range p.Skus[:3] {
			items = append(items, map[string]any{"offerId": it.OfferID, "skuId": k.SkuID, "quantity": quantity})
		}
		var v struct{ PreviewToken string }
		if err := sh.post(ctx, "/v1/orders/preview", sh.token, map[string]any{"items": items}, &v); err == nil && v.PreviewToken != "" {
			return nil
		}
	}
	return errors.New("no product with three variants that can be bought")
}

// stock copies the preview n times, so that each order has one of its own, and returns the first copy's id.
func (sh *shop) stock(ctx context.Context, n int) (int64, error) {
	first := sh.nextID.Add(int64(n)) - int64(n) + 1
	for at := 0; at < n; at += 200 {
		rows := min(200, n-at)
		var args []any
		for i := range rows {
			for c, v := range sh.preview {
				if sh.columns[c] == "id" {
					v = first + int64(at+i)
				}
				args = append(args, v)
			}
		}
		if _, err := sh.db.ExecContext(ctx, insertSQL("previews", sh.columns, rows), args...); err != nil {
			return 0, err
		}
	}
	return first, nil
}

// order places orders over HTTP for d.
func (sh *shop) order(ctx context.Context, clients int, d time.Duration) (result, error) {
	first, err := sh.stock(ctx, previewsPerSlice)
	if err != nil {
		return result{}, err
	}
	r, err := load(ctx, sh.sub.addr, clients, d, 201, func(n int64) []byte {
		if n >= previewsPerSlice {
			return nil
		}
		return sh.placement(first + n)
	})
	if err == nil && r.bad > 0 {
		err = fmt.Errorf("%d orders were refused", r.bad)
	}
	return r, err
}

func (sh *shop) placement(preview int64) []byte {
	id := strconv.FormatInt(preview, 10)
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte("preview:" + id))
	body := `{"previewToken":"` + id + "." + base64.RawURLEncoding.EncodeToString(m.Sum(nil)) +
		`","address":{"fullName":"Bench","phone":"0300000000","postCode":"1000001","province":"Tokyo","city":"Chiyoda","address":"1-1"}}`
	return []byte("POST /v1/orders HTTP/1.1\r\nHost: bench\r\nX-Site-Key: demo-japan\r\nAuthorization: Bearer " + sh.token + "\r\nIdempotency-Key: " + id +
		"\r\nContent-Type: application/json\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body)
}

// rawOrder is the rows one order leaves, for the raw transaction to write again under other ids.
type rawOrder struct{ tables []rawTable }

type rawTable struct {
	name    string
	columns []string
	rows    [][]any
	fresh   []string // columns that get a new value
}

// template places one order and reads what it wrote.
func (sh *shop) template(ctx context.Context) (*rawOrder, error) {
	if r, err := sh.order(ctx, 1, 50*time.Millisecond); err != nil || r.perSecond == 0 {
		return nil, fmt.Errorf("no order could be placed: %w", err)
	}
	t := &rawOrder{}
	for _, q := range []struct {
		name, where string
		fresh       []string
	}{
		{"orders", "id = (SELECT MAX(id) FROM orders)", []string{"id", "preview_id"}},
		{"order_lines", "order_id = (SELECT MAX(id) FROM orders)", []string{"id"}},
		{"jobs", "kind = 'order.unpaid' ORDER BY id DESC LIMIT 1", []string{"id"}},
		{"idempotency", "1 = 1 ORDER BY id DESC LIMIT 1", []string{"id", "idem_key"}},
	} {
		columns, rows, err := all(ctx, sh.db, "SELECT * FROM "+q.name+" WHERE "+q.where)
		if err != nil {
			return nil, err
		}
		t.tables = append(t.tables, rawTable{q.name, columns, rows, q.fresh})
	}
	return t, nil
}

// run writes raw transactions for d and says how many a second.
func (t *rawOrder) run(ctx context.Context, sh *shop, clients int, d time.Duration) (float64, error) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	var count atomic.Int64
	var wg sync.WaitGroup
	var once sync.Once
	var failure error
	start := time.Now()
	for range clients {
		wg.Go(func() {
			for ctx.Err() == nil {
				if err := t.write(sh); err != nil {
					once.Do(func() { failure = err })
					return
				}
				count.Add(1)
			}
		})
	}
	wg.Wait()
	return float64(count.Load()) / time.Since(start).Seconds(), failure
}

func (t *rawOrder) write(sh *shop) error {
	tx, err := sh.db.Begin()
	if err != nil {
		return err
	}
	for _, table := range t.tables {
		var args []any
		for _, r := range table.rows {
			id := sh.nextID.Add(1)
			for c, v := range r {
				for _, f := range table.fresh {
					if table.columns[c] == f {
						v = id
					}
				}
				args = append(args, v)
			}
		}
		if _, err := tx.Exec(insertSQL(table.name, table.columns, len(table.rows)), args...); err != nil {
			_ = tx.Rollback() // the insert's error is the one to tell
			return err
		}
	}
	return tx.Commit()
}

func insertSQL(table string, columns []string, rows int) string {
	one := "(" + strings.TrimSuffix(strings.Repeat("?,", len(columns)), ",") + ")"
	return "INSERT INTO " + table + " (" + strings.Join(columns, ",") + ") VALUES " + strings.TrimSuffix(strings.Repeat(one+",", rows), ",")
}

func one(ctx context.Context, db *sql.DB, query string) ([]string, []any, error) {
	columns, rows, err := all(ctx, db, query)
	if err == nil && len(rows) == 0 {
		err = sql.ErrNoRows
	}
	if err != nil {
		return nil, nil, err
	}
	return columns, rows[0], nil
}

func all(ctx context.Context, db *sql.DB, query string) ([]string, [][]any, error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = rows.Close() }() // rows.Err below tells
	columns, err := rows.Columns()
	if err != nil {
		return nil, nil, err
	}
	var out [][]any
	for rows.Next() {
		values := make([]any, len(columns))
		targets := make([]any, len(columns))
		for i := range values {
			targets[i] = &values[i]
		}
		if err := rows.Scan(targets...); err != nil {
			return nil, nil, err
		}
		out = append(out, values)
	}
	return columns, out, rows.Err()
}

func (sh *shop) get(ctx context.Context, path string, v any) error {
	return sh.call(ctx, http.MethodGet, path, "", nil, v)
}

func (sh *shop) post(ctx context.Context, path, token string, body, v any) error {
	return sh.call(ctx, http.MethodPost, path, token, body, v)
}

func (sh *shop) call(ctx context.Context, method, path, token string, body, v any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	if body == nil {
		raw = nil
	}
	req, err := http.NewRequestWithContext(ctx, method, sh.sub.url+path, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	req.Header.Set("X-Site-Key", "demo-japan")
	req.Header.Set("Accept-Language", "en")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }() // read to its end
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode >= 400 {
		return fmt.Errorf("%s: HTTP %d %s", path, resp.StatusCode, answer)
	}
	return json.Unmarshal(answer, v)
}
