package search

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"entrepot/internal/errs"
)

func TestNormalise(t *testing.T) {
	for _, tt := range []struct {
		name string
		in   Query
		want Query
		bad  []string
	}{
		{"plain", Query{Keyword: "bag"}, Query{Keyword: "bag"}, nil},
		{"blanks", Query{Keyword: "  red \t bag "}, Query{Keyword: "red bag"}, nil},
		{"wide blanks", Query{Keyword: "赤い　バッグ"}, Query{Keyword: "赤い バッグ"}, nil},
		{"composed", Query{Keyword: "cafe\u0301 か\u3099"}, Query{Keyword: "café が"}, nil},
		{"two hundred", Query{Keyword: strings.Repeat("長", 200)}, Query{Keyword: strings.Repeat("長", 200)}, nil},
		{"too long", Query{Keyword: strings.Repeat("長", 201)}, Query{}, []string{"/query/keyword field.max_length"}},
		{"five thousand", Query{Keyword: strings.Repeat("x", 5000)}, Query{}, []string{"/query/keyword field.max_length"}},
		{"NUL", Query{Keyword: "a\x00b"}, Query{}, []string{"/query/keyword search.keyword_invalid"}},
		{"escape", Query{Keyword: "a\x1b[31mb"}, Query{}, []string{"/query/keyword search.keyword_invalid"}},
		{"C1 control", Query{Keyword: "a\u009bb"}, Query{}, []string{"/query/keyword search.keyword_invalid"}},
		{"bidi override", Query{Keyword: "a\u202eb"}, Query{}, []string{"/query/keyword search.keyword_invalid"}},
		{"bidi isolate", Query{Keyword: "a\u2066b"}, Query{}, []string{"/query/keyword search.keyword_invalid"}},
		{"lone surrogate", Query{Keyword: "a\xed\xa0\x80b"}, Query{}, []string{"/query/keyword search.keyword_invalid"}},
		{"broken UTF-8", Query{Keyword: "a\xff"}, Query{}, []string{"/query/keyword search.keyword_invalid"}},
		{"broken UTF-8 beside a category", Query{Keyword: "\xc0\xaf", CategoryID: 7}, Query{}, []string{"/query/keyword search.keyword_invalid"}},
		{"no character", Query{Keyword: "a\ufffe"}, Query{}, []string{"/query/keyword search.keyword_invalid"}},
		{"joiners and families", Query{Keyword: "👨‍👩‍👧 می\u200cخواهم"}, Query{Keyword: "👨‍👩‍👧 می\u200cخواهم"}, nil},
		{"what clipboards leave", Query{Keyword: "\ufeff\u200e bag\u200b "}, Query{Keyword: "bag"}, nil},
		{"nothing to be seen", Query{Keyword: "\u200b\u2060 \ufeff"}, Query{}, []string{"/query/keyword search.keyword_or_category"}},
		{"markup is words", Query{Keyword: "<script>'; DROP TABLE x -- {{7*7}} =1+1"}, Query{Keyword: "<script>'; DROP TABLE x -- {{7*7}} =1+1"}, nil},
		{"sales", Query{Keyword: "x", Sort: "monthSoldOut:desc"}, Query{Keyword: "x", Sort: `{"monthSold":"desc"}`}, nil},
		{"sales of the seed", Query{Keyword: "x", Sort: ` {"monthSoldOut":"desc"} `}, Query{Keyword: "x", Sort: `{"monthSold":"desc"}`}, nil},
		{"two sorts", Query{Keyword: "x", Sort: `{"price":"asc","price":"desc"}`}, Query{}, []string{"/query/sort search.sort_unknown"}},
		{"negative category", Query{CategoryID: -7}, Query{}, []string{"/query/categoryId field.min"}},
		{"category only", Query{CategoryID: 7}, Query{CategoryID: 7}, nil},
		{"nothing", Query{Keyword: "  "}, Query{}, []string{"/query/keyword search.keyword_or_category"}},
		{"sort", Query{Keyword: "x", Sort: "price:asc"}, Query{Keyword: "x", Sort: `{"price":"asc"}`}, nil},
		{"sort of the seed", Query{Keyword: "x", Sort: `{"onePPrice":"desc"}`}, Query{Keyword: "x", Sort: `{"price":"desc"}`}, nil},
		{"unknown sort", Query{Keyword: "x", Sort: "colour:asc"}, Query{}, []string{"/query/sort search.sort_unknown"}},
		{"filters", Query{Keyword: "x", Filter: "new7,certifiedFactory,,new7,"}, Query{Keyword: "x", Filter: "certifiedFactory,new7"}, nil},
		{"unknown filter", Query{Keyword: "x", Filter: "new7,cheap"}, Query{}, []string{"/query/filter search.filter_unknown"}},
		{"prices", Query{Keyword: "x", PriceStart: "1", PriceEnd: "2.5"}, Query{Keyword: "x", PriceStart: "1.00", PriceEnd: "2.50"}, nil},
		{"equal prices", Query{Keyword: "x", PriceStart: "1.0", PriceEnd: "1.00"}, Query{Keyword: "x", PriceStart: "1.00", PriceEnd: "1.00"}, nil},
		{"from nothing", Query{Keyword: "x", PriceStart: "0"}, Query{Keyword: "x", PriceStart: "0.00"}, nil},
		{"prices the wrong way round", Query{Keyword: "x", PriceStart: "2", PriceEnd: "1.99"}, Query{}, []string{"/query/priceEnd search.price_invalid"}},
		{"negative", Query{Keyword: "x", PriceStart: "-1"}, Query{}, []string{"/query/priceStart search.price_invalid"}},
		{"exponent", Query{Keyword: "x", PriceEnd: "1e9"}, Query{}, []string{"/query/priceEnd search.price_invalid"}},
		{"both", Query{Keyword: "x", PriceStart: "a", PriceEnd: "b"}, Query{}, []string{"/query/priceStart search.price_invalid", "/query/priceEnd search.price_invalid"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.in.normalise()
			if tt.bad == nil {
				require.NoError(t, err)
				assert.Equal(t, tt.want, got)
				again, err := got.normalise()
				require.NoError(t, err)
				assert.Equal(t, got, again, "one spelling")
				return
			}
			require.Equal(t, errs.Invalid, errs.CodeOf(err))
			var fields []string
			for _, f := range errs.From(err).Fields {
				fields = append(fields, f.Pointer+" "+f.Key)
			}
			assert.Equal(t, tt.bad, fields)
		})
	}
}

// Searches that differ must not share a cache entry.
func TestQueryKeys(t *testing.T) {
	base := Query{Keyword: "a", Page: 1, PageSize: 20}
	seen := map[string]Query{base.key(): base}
	for _, change := range []func(*Query){
		func(q *Query) { q.Keyword = "b" }, func(q *Query) { q.Page = 2 }, func(q *Query) { q.PageSize = 21 }, func(q *Query) { q.CategoryID = 1 },
		func(q *Query) { q.Filter = "new7" }, func(q *Query) { q.Sort = `{"price":"asc"}` }, func(q *Query) { q.PriceStart = "1.00" },
		func(q *Query) { q.PriceEnd = "1.00" }, func(q *Query) { q.Page, q.PageSize = 12, 0 }, func(q *Query) { q.Keyword = "1.00|a" },
	} {
		q := base
		change(&q)
		was, twice := seen[q.key()]
		assert.False(t, twice, "%+v and %+v", q, was)
		seen[q.key()] = q
	}
}

func FuzzNormaliseSort(f *testing.F) {
	for _, s := range []string{"", "price:asc", "monthSoldOut:desc", `{"onePPrice":"asc"}`, `{"price":"asc","monthSold":"desc"}`, "{", ":", "price:", `{"price":1}`, "price:asc:desc"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		out, ok := normaliseSort(s)
		if !ok || s == "" {
			if out != "" {
				t.Fatalf("%q refused, yet %q", s, out)
			}
			return
		}
		var m map[string]string
		if err := json.Unmarshal([]byte(out), &m); err != nil || len(m) != 1 {
			t.Fatalf("%q became %q", s, out)
		}
		if again, ok := normaliseSort(out); !ok || again != out {
			t.Fatalf("%q became %q, then %q", s, out, again)
		}
	})
}

func TestOfferSKU(t *testing.T) {
	o := &Offer{SKUs: []OfferSKU{{SkuID: 1, SpecID: "a"}, {SkuID: 2, SpecID: "b"}}}
	for _, tt := range []struct {
		sku  int64
		spec string
		want int64
	}{{1, "", 1}, {0, "b", 2}, {2, "b", 2}, {1, "b", 0}, {3, "", 0}, {0, "c", 0}, {0, "", 0}} {
		got, ok := o.SKU(tt.sku, tt.spec)
		assert.Equal(t, tt.want, got.SkuID, "%+v", tt)
		assert.Equal(t, tt.want != 0, ok, "%+v", tt)
	}
}

func TestHTTPSURL(t *testing.T) {
	for in, want := range map[string]string{
		"http://cbu01.example/1.jpg": "https://cbu01.example/1.jpg", "https://cbu01.example/1.jpg": "https://cbu01.example/1.jpg", "": "",
		"http://127.0.0.1:8688/img/1/0.png": "http://127.0.0.1:8688/img/1/0.png", "http://localhost/1": "http://localhost/1", "http://[::1]/1": "http://[::1]/1",
	} {
		assert.Equal(t, want, httpsURL(in))
	}
}
