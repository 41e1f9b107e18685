package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the platform's signature is HMAC-SHA1
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"entrepot/internal/sandbox"
)

const (
	sbConns   = 16
	sbQueries = 1000
)

// simulator is SB: the simulated 1688 through its gateway, signatures and all, against bare net/http reading the same form and
// writing as many bytes. It has to stay far above what Entrepot needs, so that no figure of ours is really a figure of the simulator.
func simulator(ctx context.Context, s settings) error {
	srv, err := sandbox.New(sandbox.Options{Offers: 20_000})
	if err != nil {
		return err
	}
	l, err := listen(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = srv.Run(ctx, l) // a failed listener shows as failed calls
	}()
	defer func() {
		cancel()
		<-done
		_ = srv.Close() // nothing is kept
	}()
	addr := l.Addr().String()
	carts, err := sbCarts(ctx, addr)
	if err != nil {
		return err
	}
	searches := sbSearches()
	if err := sbRow(ctx, s, addr, "keywordQuery, 1,000 different / bare net/http", 200, func(n int64) []byte {
		return searches[int(n)%len(searches)]
	}); err != nil {
		return err
	}
	if err := sbRow(ctx, s, addr, "keywordQuery, never the same / bare net/http", 200, func(n int64) []byte {
		return sbSearch(n, map[string]any{"priceEnd": fmt.Sprintf("%d.%02d", 20+n/100%1_000_000, n%100)})
	}); err != nil {
		return err
	}
	if err := sbRow(ctx, s, addr, "createCrossOrder / bare net/http", 200, func(n int64) []byte {
		return sbCall("com.alibaba.trade/alibaba.trade.createCrossOrder", map[string]string{
			"flow": "general", "outOrderId": fmt.Sprintf("B%d", n), "addressParam": sbAddress, "cargoParamList": carts[int(n)%len(carts)],
		})
	}); err != nil {
		return err
	}
	return sbNoneRefused(ctx, addr)
}

// sbNoneRefused makes sure that the load was made of successes: a business refusal is HTTP 200, too.
func sbNoneRefused(ctx context.Context, addr string) error {
	var c struct {
		Calls map[string]struct {
			Refused int64 `json:"refused"`
		} `json:"calls"`
	}
	if err := sbControl(ctx, addr, "/counters", &c); err != nil {
		return err
	}
	for api, n := range c.Calls {
		if n.Refused > 0 {
			return fmt.Errorf("%s refused %d calls", api, n.Refused)
		}
	}
	return nil
}

func sbControl(ctx context.Context, addr, path string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/sandbox/v1"+path, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }() // read below
	return json.NewDecoder(resp.Body).Decode(into)
}

func sbRow(ctx context.Context, s settings, addr, what string, want int, next request) error {
	sample, err := sbSend(ctx, addr, next(1<<40))
	if err != nil {
		return err
	}
	bare, stop, err := bareForms(ctx, sample)
	if err != nil {
		return err
	}
	defer stop()
	var ours, limit []float64
	serial := int64(0)
	for range s.rounds {
		base := serial
		serial += 1 << 24
		r, err := load(ctx, addr, sbConns, s.slice, want, func(n int64) []byte { return next(base + n) })
		if err != nil {
			return err
		}
		b, err := load(ctx, bare, sbConns, s.slice, want, func(n int64) []byte { return next(base + n) })
		if err != nil {
			return err
		}
		if r.bad+b.bad > 0 {
			return fmt.Errorf("%s: %d answers were not %d", what, r.bad+b.bad, want)
		}
		ours, limit = append(ours, r.perSecond), append(limit, b.perSecond)
	}
	row("SB", what, median(ours)/median(limit), "%.0f/s of %.0f/s, %d bytes, %d connections", median(ours), median(limit), len(sample), sbConns)
	return nil
}

const sbAddress = `{"fullName":"Bench","mobile":"13800000000","provinceText":"浙江省","cityText":"杭州市","areaText":"滨江区","address":"1"}`

var sbWords = []string{
	"dress", "phone case", "backpack", "ワンピース", "スマホケース", "원피스", "운동화", "váy liền", "ốp điện thoại", "beg galas", "เดรส", "连衣裙", "手机壳", "保温杯", "mug",
	"sneakers", "tas tangan", "t-shirt", "cushion", "jacket",
}

// sbSearch is the n-th signed search; more adds arguments.
func sbSearch(n int64, more map[string]any) []byte {
	words := int64(len(sbWords))
	q := map[string]any{"keyword": sbWords[n%words], "beginPage": 1 + n/words%4, "pageSize": 20, "country": "en"}
	maps.Copy(q, more)
	body, err := json.Marshal(q)
	if err != nil {
		panic(err) // strings and numbers only
	}
	return sbCall("com.alibaba.fenxiao.crossborder/product.search.keywordQuery", map[string]string{"offerQueryParam": string(body)})
}

// sbSearches are signed requests over words, pages and sorts, made before the clock runs.
func sbSearches() [][]byte {
	var out [][]byte
	for n := range int64(sbQueries) {
		sort := []string{`{"price":"asc"}`, `{"monthSold":"desc"}`, `{"rePurchaseRate":"desc"}`, `{"price":"desc"}`, ""}[n/200]
		out = append(out, sbSearch(n, map[string]any{"sort": sort}))
	}
	return out
}

// sbCarts finds plain offers with deep stock and makes a cargo list of each of their SKUs, so that none sells out.
func sbCarts(ctx context.Context, addr string) ([]string, error) {
	var list struct {
		Offers []struct {
			OfferID string   `json:"offerId"`
			MOQ     int64    `json:"minOrderQuantity"`
			Traits  []string `json:"traits"`
			SKUs    []struct {
				Spec  string `json:"specId"`
				Stock int64  `json:"stock"`
			} `json:"skus"`
		} `json:"offers"`
	}
	if err := sbControl(ctx, addr, "/offers?limit=1000", &list); err != nil {
		return nil, err
	}
	var rows []string
	for _, o := range list.Offers {
		if len(o.Traits) > 0 && !slices.Equal(o.Traits, []string{"dropship"}) {
			continue
		}
		for _, k := range o.SKUs {
			if k.Stock > 50_000 {
				rows = append(rows, fmt.Sprintf(`[{"offerId":%s,"specId":%q,"quantity":%d}]`, o.OfferID, k.Spec, max(o.MOQ, 1)))
			}
		}
	}
	if len(rows) == 0 {
		return nil, errors.New("no plain offer with stock")
	}
	return rows, nil
}

// sbCall is a signed call as bytes.
func sbCall(api string, params map[string]string) []byte {
	path := "param2/1/" + api + "/" + sandbox.DemoKey
	params["access_token"] = sandbox.DemoToken
	var parts []string
	form := url.Values{}
	for k, v := range params {
		parts = append(parts, k+v)
		form.Set(k, v)
	}
	slices.Sort(parts)
	mac := hmac.New(sha1.New, []byte(sandbox.DemoSecret))
	_, _ = io.WriteString(mac, path+strings.Join(parts, "")) // never fails
	form.Set("_aop_signature", strings.ToUpper(hex.EncodeToString(mac.Sum(nil))))
	body := form.Encode()
	return fmt.Appendf(nil, "POST /openapi/%s HTTP/1.1\r\nHost: bench\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", path, len(body), body)
}

// sbSend sends one prepared request and returns the answer's body, which must be a success.
func sbSend(ctx context.Context, addr string, raw []byte) ([]byte, error) {
	head, body, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	path := strings.Fields(string(head))[1]
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+addr+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }() // read to its end below
	out, err := io.ReadAll(resp.Body)
	if err == nil && !bytes.Contains(out, []byte(`"success":true`)) {
		err = fmt.Errorf("refused: %s", out)
	}
	return out, err
}

// bareForms is the limit: net/http that reads the form and writes bytes that are ready.
func bareForms(ctx context.Context, body []byte) (addr string, stop func(), err error) {
	l, err := listen(ctx)
	if err != nil {
		return "", nil, err
	}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { //nolint:gosec // a loopback server of a benchmark
		if err := r.ParseForm(); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json;charset=UTF-8")
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		_, _ = w.Write(body)
	})}
	go func() { _ = srv.Serve(l) }()
	return l.Addr().String(), func() { _ = srv.Close() }, nil
}
