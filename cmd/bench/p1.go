package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/gin-gonic/gin"
)

const p1Conns = 128

// searches is P1: a cached search through the whole public route against bare Gin serving the same bytes.
func searches(ctx context.Context, s settings) error {
	sub, err := begin(ctx, s, false, false)
	if sub != nil {
		defer sub.end()
	}
	if err != nil {
		return err
	}
	path := "/v1/search?keyword=phone&pageSize=6"
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
	variants := []struct {
		what   string
		addr   string
		want   int
		bytes  []byte
		scores []float64
	}{
		{"bare Gin", bare, 200, get("/bytes"), nil},
		{"cached search / bare Gin", sub.addr, 200, get(path, head...), nil},
		{"cached search, gzip accepted / bare Gin", sub.addr, 200, get(path, append(head, "Accept-Encoding: gzip")...), nil},
		{"cached search, If-None-Match / bare Gin", sub.addr, 304, get(path, append(head, "If-None-Match: "+etag)...), nil},
	}
	for range s.rounds {
		for i := range variants {
			v := &variants[i]
			r, err := load(ctx, v.addr, p1Conns, s.slice, v.want, func(int64) []byte { return v.bytes })
			if err != nil {
				return err
			}
			if r.bad > 0 {
				return fmt.Errorf("%s: %d answers were not %d", v.what, r.bad, v.want)
			}
			v.scores = append(v.scores, r.perSecond)
		}
	}
	limit := median(variants[0].scores)
	for _, v := range variants[1:] {
		got := median(v.scores)
		row("P1", v.what, got/limit, "%.0f/s of %.0f/s, %d bytes, %d connections", got, limit, len(body), p1Conns)
	}
	return nil
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
