package web

import (
	"fmt"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"entrepot/internal/errs"
)

// remembering is an edge that answers listThings from remembered queries.
func remembering(t *testing.T, change ...func(*Options)) (*edgeTest, *atomic.Int64) {
	e := newEdge(t, change...).echo()
	var parsed atomic.Int64
	require.NoError(t, ShortcutQuery(e.Server, "listThings", func(q url.Values) (url.Values, error) {
		parsed.Add(1)
		if q.Get("keyword") == "refused" {
			return nil, errs.New(errs.Rule, "order.not_payable")
		}
		return q, nil
	}, func(c *gin.Context, q url.Values) bool { c.String(200, q.Encode()); return true }))
	return e, &parsed
}

func TestQueriesAreParsedOncePerSpelling(t *testing.T) {
	e, parsed := remembering(t)
	for i, query := range []string{"keyword=a%20b&size=3", "keyword=a+b&size=3", "size=3&keyword=a+b", ""} {
		for range 3 {
			w := e.do("GET", "/v1/things?"+query, "", "X-Site-Key", "key-jp")
			require.Equal(t, 200, w.Code, w.Body.String())
			if query != "" {
				assert.Equal(t, "keyword=a+b&size=3", w.Body.String())
			}
		}
		assert.EqualValues(t, i+1, parsed.Load(), query)
	}
	require.Error(t, ShortcutQuery(e.Server, "noSuchOperation", func(url.Values) (int, error) { return 0, nil }, nil))
	require.Error(t, ShortcutQuery(e.Server, "putThing", func(url.Values) (int, error) { return 0, nil }, nil), "it has a body")
}

// A good query that was remembered opens no door for a bad one that looks like it.
func TestRememberedQueriesExcuseNothing(t *testing.T) {
	e, _ := remembering(t, func(o *Options) { o.Limits = Limits{SitePerSecond: .001, SiteBurst: 40} })
	ask := func(query string, headers ...string) (int, []string) {
		w := e.do("GET", "/v1/things?"+query, "", headers...)
		if w.Code == 200 {
			return 200, nil
		}
		return w.Code, faults(problemOf(t, w))
	}
	good := "keyword=shoes&size=20"
	for range 2 {
		code, _ := ask(good, "X-Site-Key", "key-jp")
		require.Equal(t, 200, code)
		for query, want := range map[string]string{
			good + "&size=20":      "/query/size FIELD_DUPLICATE",
			good + "&other=1":      "/query/other QUERY_UNKNOWN",
			good + "&sort=%zz":     "/query ENCODING_INVALID",
			good + ";sort=asc":     "/query ENCODING_INVALID",
			"keyword=shoes&size=0": "/query/size FIELD_MIN",
			good + "%00":           "/query/size FIELD_INVALID",
		} {
			for range 2 { // what is refused is not remembered as good
				code, found := ask(query, "X-Site-Key", "key-jp")
				assert.Equal(t, 400, code, query)
				assert.Equal(t, []string{want}, found, query)
			}
		}
		code, _ = ask(good)
		assert.Equal(t, 401, code, "without a site key")
		code, _ = ask(good, "X-Site-Key", "other")
		assert.Equal(t, 401, code)
		code, _ = ask("keyword=refused", "X-Site-Key", "key-jp")
		assert.Equal(t, 422, code, "the feature's own refusal")
	}
	require.Eventually(t, func() bool { code, _ := ask(good, "X-Site-Key", "key-jp"); return code == 429 }, time.Minute, time.Millisecond, "limits count every request")
	assert.Contains(t, e.log.String(), `"status":429`)
}

func TestRememberedQueriesAreBounded(t *testing.T) {
	e, parsed := remembering(t)
	memo := e.operation("listThings").asked
	var wg sync.WaitGroup
	for part := range 4 {
		wg.Go(func() {
			for i := range maxAsked {
				w := e.do("GET", fmt.Sprintf("/v1/things?keyword=%d-%d", part, i), "", "X-Site-Key", "key-jp")
				assert.Equal(t, 200, w.Code)
			}
		})
	}
	wg.Wait()
	assert.LessOrEqual(t, len(memo.seen), maxAsked)
	before := parsed.Load()
	long := "/v1/things?keyword=" + strings.Repeat("%41", 10) + strings.Repeat("&", maxAskedLen)
	for range 2 {
		assert.Equal(t, 200, e.do("GET", long, "", "X-Site-Key", "key-jp").Code)
	}
	assert.Equal(t, before+2, parsed.Load(), "a long one is parsed each time")
	for raw := range memo.seen {
		require.LessOrEqual(t, len(raw), maxAskedLen)
	}
}
