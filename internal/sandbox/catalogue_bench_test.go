package sandbox

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func BenchmarkNew(b *testing.B) {
	words()
	for _, n := range []int{400, 20_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				newCatalogue(1688, n)
			}
		})
	}
}

// mixedQueries are a thousand different questions: words of every kind in every language, filters, sort keys, bounds, pages.
func mixedQueries() []string {
	w, out := words(), []string{}
	filters := []string{"", "", "", "shipIn24Hours", "isOnePsale,shipInToday,shipIn24Hours", "certifiedFactory", "new30,qrr1"}
	sorts := []string{"", "", "", `{"price":"asc"}`, `{"monthSold":"desc"}`, `{"rePurchaseRate":"desc"}`}
	for i := range 1000 {
		h := mix(uint64(i))
		lang := pick(h, 0, len(langs))
		word := w.nouns[pick(h, 4, len(w.nouns))].word[lang]
		switch pick(h, 12, 5) {
		case 0:
			word = w.materials[pick(h, 16, len(w.materials))][lang] + " " + word
		case 1:
			word = w.seconds[pick(h, 16, len(w.seconds))].word[lang]
		case 2:
			word = w.colours[pick(h, 16, len(w.colours))][lang] + " " + w.tops[pick(h, 20, len(w.tops))][lang]
		}
		q := obj{"keyword": word, "beginPage": 1 + pick(h, 24, 3), "pageSize": 20, "country": langs[lang], "filter": filters[pick(h, 28, len(filters))], "sort": sorts[pick(h, 32, len(sorts))]}
		if h>>40%4 == 0 {
			q["priceStart"], q["priceEnd"] = "5", "80"
		}
		out = append(out, string(marshal(q)))
	}
	return out
}

// BenchmarkKeywordQuery asks over HTTP, signed, from as many connections as there are processors; the client shares them.
func BenchmarkKeywordQuery(b *testing.B) {
	srv, err := New(Options{})
	require.NoError(b, err)
	ts := httptest.NewServer(srv.Handler())
	defer ts.Close()
	f := &fixture{t: b, srv: srv, url: ts.URL}
	var bodies []string
	target := ""
	for _, q := range mixedQueries() {
		to, form := f.form(searchAPI, map[string]string{"offerQueryParam": q})
		target, bodies = to, append(bodies, form.Encode())
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	defer client.CloseIdleConnections()
	var next, size atomic.Int64
	b.SetParallelism(4)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			body := bodies[int(next.Add(1))%len(bodies)]
			res, err := client.Post(target, "application/x-www-form-urlencoded", strings.NewReader(body))
			if err != nil {
				b.Error(err)
				return
			}
			n, err := io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
			if err != nil || res.StatusCode != 200 {
				b.Error(res.Status, err)
				return
			}
			size.Add(n)
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
	b.ReportMetric(float64(size.Load())/float64(b.N), "bytes/call")
}

// BenchmarkSearch is the search alone, without HTTP.
func BenchmarkSearch(b *testing.B) {
	s, err := New(Options{})
	require.NoError(b, err)
	queries := mixedQueries()
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		c := &call{args: map[string][]string{"offerQueryParam": {queries[i%len(queries)]}}, base: "http://localhost"}
		if _, ref := s.keywordQuery(c); ref != nil {
			b.Fatal(ref)
		}
		i++
	}
}

// TestMillionOffers builds a catalogue fifty times the default. It takes seconds and 250 MB: ENTREPOT_TEST_MILLION=1 turns it on.
func TestMillionOffers(t *testing.T) {
	if os.Getenv("ENTREPOT_TEST_MILLION") == "" {
		t.Skip("ENTREPOT_TEST_MILLION is not set")
	}
	words()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	from := time.Now()
	c := newCatalogue(1688, 1_000_000)
	took := time.Since(from)
	runtime.GC()
	runtime.ReadMemStats(&after)
	t.Logf("1,000,000 offers in %v, %d MB", took.Round(time.Millisecond), (after.HeapAlloc-before.HeapAlloc)>>20)
	for _, q := range []offerQuery{{Keyword: "dress"}, {Keyword: "cotton dress"}, {Keyword: "red dress zebra"}, {Keyword: "women", Sort: `{"price":"asc"}`}, {Keyword: "women", Sort: `{"price":"asc"}`}} {
		from := time.Now()
		ids, n, ref := c.page(&q, 0, 20)
		t.Logf("%q %s: %d hits in %v", q.Keyword, q.Sort, n, time.Since(from).Round(time.Microsecond))
		require.Nil(t, ref)
		assert.Len(t, ids, 20)
	}
	assert.Same(t, &c.offers[999_999], c.find(c.offers[999_999].id))
	assert.Len(t, itoa(c.offers[999_999].id), 12)
	for _, k := range c.skus(&c.offers[999_997]) {
		assert.Len(t, itoa(k.id), 13)
	}
}
