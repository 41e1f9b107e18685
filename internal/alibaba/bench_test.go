package alibaba

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// BenchmarkEncodeOrder is what a push costs before the network: JSON, signature, form.
func BenchmarkEncodeOrder(b *testing.B) {
	c, err := New(Options{BaseURL: "http://127.0.0.1/openapi", AppKey: "1000000", AppSecret: testSecret, AccessToken: "token-1"})
	if err != nil {
		b.Fatal(err)
	}
	seed := orderSync()
	b.ReportAllocs()
	for b.Loop() {
		text, err := encode(wireOf(&seed))
		if err != nil {
			b.Fatal(err)
		}
		c.form(&apiOrderSync, []param{{"orderParam", text}}, "token-1")
	}
}

func BenchmarkSyncOrder(b *testing.B) {
	answer := golden(b, "order_sync")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = w.Write(answer)
	}))
	defer server.Close()
	c, err := New(Options{BaseURL: server.URL + "/openapi", AppKey: "1000000", AppSecret: testSecret, AccessToken: "token-1"})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	order := orderSync()
	b.ReportAllocs()
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := c.SyncOrder(b.Context(), order); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
