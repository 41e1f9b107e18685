package sandbox

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkCreateCrossOrder places orders over HTTP, client, signature and all, and prints calls per second.
func BenchmarkCreateCrossOrder(b *testing.B) {
	f := start(b, Options{Offers: 2000})
	o, k := f.pickOffer(plainOffer)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	defer client.CloseIdleConnections()
	var n atomic.Int64
	line := "[" + cargo(o, k, o.moq) + "]"
	f.srv.mu.Lock()
	f.srv.stock[k.id] = 1 << 40
	f.srv.mu.Unlock()
	b.ReportAllocs()
	b.SetParallelism(8)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			target, form := f.form(createAPI, map[string]string{
				"flow": "general", "outOrderId": "B-" + strconv.FormatInt(n.Add(1), 10), "addressParam": testAddress, "cargoParamList": line,
			})
			res, err := client.Post(target, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
			if err != nil {
				b.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
		}
	})
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
	f.srv.mu.Lock()
	defer f.srv.mu.Unlock()
	require.Len(b, f.srv.orders, b.N)
}
