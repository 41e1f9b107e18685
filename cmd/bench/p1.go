package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

const p1Conns = 128

// p1Variant is one way to ask; its first one is bare Gin with the same bytes.
type p1Variant struct {
	what   string
	addr   string
	want   int
	bytes  []byte
	scores []float64
	cpu    []float64 // microseconds per answer
}

// searches is P1: a cached search and a cached product through the whole public route, log line included, against bare Gin
// serving the same bytes.
func searches(ctx context.Context, s settings) error {
	sub, err := beginReading(ctx, s, "")
	if sub != nil {
		defer sub.end()
	}
	if err != nil {
		return err
	}
	offer, err := sub.anOffer(ctx)
	if err != nil {
		return err
	}
	for _, t := range []struct{ what, path string }{{"search", "/v1/search?keyword=phone&pageSize=6"}, {"detail", "/v1/products/" + offer}} {
		if err := p1Row(ctx, s, sub, t.what, t.path); err != nil {
			return err
		}
	}
	return nil
}

func p1Row(ctx context.Context, s settings, sub *subject, what, path string) error {
	body, etag, err := warm(ctx, sub.url+path)
	if err != nil {
		return err
	}
	bare, stop, err := bareGin(ctx, body)
	if err != nil {
		return err
	}
	defer stop()
	head := []string{"X-Site-Key: demo-japan", "Accept-Language: en"}
	variants := []p1Variant{
		{what: "bare Gin", addr: bare, want: 200, bytes: get("/bytes")},
		{what: "cached " + what + " / bare Gin", addr: sub.addr, want: 200, bytes: get(path, head...)},
		{what: "cached " + what + ", gzip accepted / bare Gin", addr: sub.addr, want: 200, bytes: get(path, append(head, "Accept-Encoding: gzip")...)},
		{what: "cached " + what + ", If-None-Match / bare Gin", addr: sub.addr, want: 304, bytes: get(path, append(head, "If-None-Match: "+etag)...)},
	}
	for range s.rounds {
		for i := range variants {
			if err := variants[i].run(ctx, s.slice); err != nil {
				return err
			}
		}
	}
	limit, cpu := median(variants[0].scores), median(variants[0].cpu)
	for _, v := range variants[1:] {
		got := median(v.scores)
		row("P1", v.what, got/limit, "%.0f/s of %.0f/s, %.1f us CPU of %.1f us with the client's, %d bytes, %d connections",
			got, limit, median(v.cpu), cpu, len(body), p1Conns)
	}
	return nil
}

func (v *p1Variant) run(ctx context.Context, d time.Duration) error {
	r, err := load(ctx, v.addr, p1Conns, d, v.want, func(int64) []byte { return v.bytes })
	if err != nil {
		return err
	}
	if r.bad > 0 {
		return fmt.Errorf("%s: %d answers were not %d", v.what, r.bad, v.want)
	}
	v.scores, v.cpu = append(v.scores, r.perSecond), append(v.cpu, float64(r.cpu.Nanoseconds())/1000)
	return nil
}

// anOffer is some product of the simulated 1688.
func (sub *subject) anOffer(ctx context.Context) (string, error) {
	var found struct{ Items []struct{ OfferID string } }
	body, _, err := warm(ctx, sub.url+"/v1/search?keyword=phone&pageSize=1")
	if err == nil {
		err = json.Unmarshal(body, &found)
	}
	if err != nil {
		return "", err
	}
	if len(found.Items) == 0 {
		return "", errors.New("the catalogue has no phone")
	}
	return found.Items[0].OfferID, nil
}

// warm fills the cache and returns what is served from it.
func warm(ctx context.Context, target string) (body []byte, etag string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return nil, "", err
	}
	req.Header.Set("X-Site-Key", "demo-japan")
	req.Header.Set("Accept-Language", "en")
	req.Header.Set("Accept-Encoding", "identity")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = resp.Body.Close() }() // read to its end
	body, err = io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = errors.New(string(body))
	}
	return body, resp.Header.Get("Etag"), err
}

// bareGin is the limit: Gin without middleware, answering bytes that are ready.
func bareGin(ctx context.Context, body []byte) (addr string, stop func(), err error) {
	gin.SetMode(gin.ReleaseMode)
	e := gin.New()
	e.GET("/bytes", func(c *gin.Context) { c.Data(http.StatusOK, "application/json", body) })
	l, err := listen(ctx)
	if err != nil {
		return "", nil, err
	}
	srv := &http.Server{Handler: e} //nolint:gosec // a loopback server of a benchmark
	go func() { _ = srv.Serve(l) }()
	return l.Addr().String(), func() { _ = srv.Close() }, nil
}
