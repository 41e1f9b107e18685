package web

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"entrepot/internal/site"
)

func TestSiteKey(t *testing.T) {
	e := newEdge(t)
	e.Engine.GET("/v1/things", func(c *gin.Context) {
		at, ok := site.FromContext(Context(c))
		require.True(t, ok)
		c.String(200, at.Code)
	})
	for _, tc := range []struct{ key, code string }{{"", "SITE_KEY_REQUIRED"}, {"nope", "SITE_KEY_UNKNOWN"}} {
		w := e.do("GET", "/v1/things?bad=1", "", "X-Site-Key", tc.key)
		assert.Equal(t, 401, w.Code)
		assert.Equal(t, tc.code, problemOf(t, w).Code)
	}
	assert.Equal(t, 401, e.do("GET", "/v1/things", "", "X-Site-Key", "key-jp", "X-Site-Key", "key-vn").Code)
	assert.Equal(t, "vietnam", e.do("GET", "/v1/things", "", "X-Site-Key", "key-vn").Body.String())
}

func TestLanguage(t *testing.T) {
	e := newEdge(t).echo()
	for _, tc := range []struct{ name, accept, token, key, want string }{
		{"header wins", "ja-JP,en;q=0.5", "Bearer 7", "key-vn", "ja"},
		{"then the account", "", "Bearer 7", "key-vn", "ko"},
		{"then the site", "", "", "key-vn", "vi"},
		{"unknown languages count as none", "xx-YY", "", "key-jp", "ja"},
		{"before the site is known", "th", "", "", "th"},
		{"nothing known", "", "", "", "en"},
		{"absurd header", strings.Repeat("th,", 4000), "", "key-jp", "ja"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := e.do("GET", "/v1/things/1", "", "Accept-Language", tc.accept, "Authorization", tc.token, "X-Site-Key", tc.key)
			if tc.key != "" {
				assert.Equal(t, 200, w.Code)
			}
			assert.Equal(t, tc.want, w.Header().Get("Content-Language"))
		})
	}
	ja := problemOf(t, e.do("GET", "/v1/things", "", "Accept-Language", "ja"))
	en := problemOf(t, e.do("GET", "/v1/things", ""))
	assert.NotEqual(t, ja.Title, en.Title)
}

func TestSecurityAlternatives(t *testing.T) {
	e := newEdge(t).echo()
	code := func(method, target string, h ...string) string {
		w := e.do(method, target, "", h...)
		if w.Code < 400 {
			return ""
		}
		return problemOf(t, w).Code
	}
	assert.Empty(t, code("GET", "/v1/things/1", "X-Site-Key", "key-jp"), "the token is optional there")
	assert.Empty(t, code("GET", "/v1/things/1", "X-Site-Key", "key-jp", "Authorization", "Bearer 7"))
	assert.Equal(t, "AUTH_TOKEN_INVALID", code("GET", "/v1/things/1", "X-Site-Key", "key-jp", "Authorization", "Bearer 8"))
	assert.Equal(t, "AUTH_REQUIRED", code("POST", "/v1/things", "X-Site-Key", "key-jp"))
	assert.Equal(t, "SITE_KEY_REQUIRED", code("POST", "/v1/things", "Authorization", "Bearer 7"), "the site comes first")
}

func TestQueryParameters(t *testing.T) {
	e := newEdge(t).echo()
	for query, want := range map[string][]string{
		"":                                   nil,
		"keyword=shoe&size=50":               nil,
		"keyword=%E9%9E%8B+a&on=true":        nil,
		"tag=ab&tag=cd":                      nil,
		"&&keyword=&":                        nil,
		"keyword=" + strings.Repeat("鞋", 10): nil,
		"keyword=" + strings.Repeat("鞋", 11): {"/query/keyword FIELD_MAX_LENGTH"},
		"bad=1&a~b%2Fc=2":                    {"/query/bad QUERY_UNKNOWN", "/query/a~0b~1c QUERY_UNKNOWN"},
		"Keyword=x":                          {"/query/Keyword QUERY_UNKNOWN"},
		"keyword=a&keyword=b":                {"/query/keyword FIELD_DUPLICATE"},
		"sort=up":                            {"/query/sort FIELD_ENUM"},
		"code=A1":                            {"/query/code FIELD_PATTERN"},
		"on=yes":                             {"/query/on FIELD_TYPE"},
		"tag=a":                              {"/query/tag FIELD_MIN_LENGTH"},
		"tag=ab&tag=ab&tag=ab":               {"/query/tag FIELD_MAX_ITEMS"},
		"size=0":                             {"/query/size FIELD_MIN"},
		"size=51":                            {"/query/size FIELD_MAX"},
		"size=99999999999999999999":          {"/query/size FIELD_RANGE"},
		"size=":                              {"/query/size FIELD_TYPE"},
		"size=1.0":                           {"/query/size FIELD_TYPE"},
		"size=1e1":                           {"/query/size FIELD_TYPE"},
		"size=%2B1":                          {"/query/size FIELD_TYPE"},
		"size=01":                            {"/query/size FIELD_TYPE"},
		"size=-":                             {"/query/size FIELD_TYPE"},
		"size=%D9%A1":                        {"/query/size FIELD_TYPE"},
		"size=0&sort=up":                     {"/query/size FIELD_MIN", "/query/sort FIELD_ENUM"},
		"keyword=%zz":                        {"/query ENCODING_INVALID"},
		"keyword=%ff":                        {"/query/keyword ENCODING_INVALID"},
		"keyword=%00":                        {"/query/keyword FIELD_INVALID"},
		"keyword=a;size=1":                   {"/query ENCODING_INVALID"},
	} {
		t.Run(query, func(t *testing.T) {
			w := e.do("GET", "/v1/things?"+query, "", "X-Site-Key", "key-jp")
			if want == nil {
				assert.Equal(t, 200, w.Code, w.Body.String())
				return
			}
			assert.Equal(t, 400, w.Code)
			p := problemOf(t, w)
			assert.Equal(t, "REQUEST_INVALID", p.Code)
			assert.Equal(t, want, faults(p))
		})
	}
	many := "x=" + strings.Repeat("1&y=", 5000)
	p := problemOf(t, e.do("GET", "/v1/things?"+many, "", "X-Site-Key", "key-jp"))
	assert.LessOrEqual(t, len(p.Errors), maxFaults)
}

func TestPathAndHeaderParameters(t *testing.T) {
	e := newEdge(t).echo()
	for _, id := range []string{"0", "-1", "abc", "1.5", "01", "99999999999999999999", "%00", "%EF%BC%91", "0x10", "%2e%2e"} {
		w := e.do("GET", "/v1/things/"+id, "", "X-Site-Key", "key-jp")
		require.Equal(t, 400, w.Code, id)
		assert.Equal(t, "/path/id", problemOf(t, w).Errors[0].Pointer)
	}
	assert.Equal(t, 200, e.do("GET", "/v1/things/9223372036854775807", "", "X-Site-Key", "key-jp").Code)
	p := problemOf(t, e.do("PUT", "/v1/things/1", "", "X-Mode", "c"))
	assert.Equal(t, []string{"/header/X-Mode FIELD_ENUM"}, faults(p))
	p = problemOf(t, e.do("PUT", "/v1/things/1", "", "X-Mode", "a", "X-Mode", "b"))
	assert.Equal(t, []string{"/header/X-Mode FIELD_DUPLICATE"}, faults(p))
}

func TestIdempotencyKeyHeader(t *testing.T) {
	e := newEdge(t).echo()
	post := func(keys ...string) string {
		h := []string{"X-Site-Key", "key-jp", "Authorization", "Bearer 7", "Content-Type", jsonKind, "Accept-Language", "ja"}
		for _, k := range keys {
			h = append(h, "Idempotency-Key", k)
		}
		w := e.do("POST", "/v1/things", `{"name":"abc"}`, h...)
		if w.Code == 200 {
			return ""
		}
		assert.Equal(t, 400, w.Code)
		assert.Equal(t, "ja", w.Header().Get("Content-Language"))
		return problemOf(t, w).Code
	}
	assert.Equal(t, "IDEMPOTENCY_KEY_REQUIRED", post())
	assert.Equal(t, "IDEMPOTENCY_KEY_REQUIRED", post(""))
	assert.Equal(t, "IDEMPOTENCY_KEY_INVALID", post("a b"))
	assert.Equal(t, "IDEMPOTENCY_KEY_INVALID", post("é"))
	assert.Equal(t, "IDEMPOTENCY_KEY_INVALID", post(strings.Repeat("k", 256)))
	assert.Equal(t, "IDEMPOTENCY_KEY_INVALID", post("a", "b"))
	assert.Empty(t, post(strings.Repeat("k", 255)))
}

func TestBodyFields(t *testing.T) {
	e := newEdge(t).echo()
	deep := strings.Repeat(`{"a":`, 70) + "1" + strings.Repeat("}", 70)
	for body, want := range map[string][]string{
		`{"name":"abc"}`: nil,
		` {"name":"abc","count":1000000,"weight":1.5,"when":"2026-01-02T03:04:05Z","ref":9223372036854775807} `: nil,
		`{"name":"abc","ref":"12","items":[{"quantity":1,"a/b":"x"}],"big":-9223372036854775808}`:               nil,
		`{"name":"日本"}`:                                nil,
		`{}`:                                           {"/name FIELD_REQUIRED"},
		`{"name":null}`:                                {"/name FIELD_TYPE"},
		`{"name":1}`:                                   {"/name FIELD_TYPE"},
		`{"name":"a"}`:                                 {"/name FIELD_MIN_LENGTH"},
		`{"name":"abcdefghi"}`:                         {"/name FIELD_MAX_LENGTH"},
		`{"name":"abc","Name":"abc"}`:                  {"/Name FIELD_UNKNOWN"},
		`{"name":"abc","z":1,"y":{"x":[1]}}`:           {"/y FIELD_UNKNOWN", "/z FIELD_UNKNOWN"},
		`{"name":"abc","a~b/c":1}`:                     {"/a~0b~1c FIELD_UNKNOWN"},
		`{"name":"abc","count":0}`:                     {"/count FIELD_MIN"},
		`{"name":"abc","count":-1}`:                    {"/count FIELD_MIN"},
		`{"name":"abc","count":1000001}`:               {"/count FIELD_MAX"},
		`{"name":"abc","count":1e18}`:                  {"/count FIELD_TYPE"},
		`{"name":"abc","count":1.0}`:                   {"/count FIELD_TYPE"},
		`{"name":"abc","count":1.5}`:                   {"/count FIELD_TYPE"},
		`{"name":"abc","count":1e999}`:                 {"/count FIELD_TYPE"},
		`{"name":"abc","count":"1"}`:                   {"/count FIELD_TYPE"},
		`{"name":"abc","count":true}`:                  {"/count FIELD_TYPE"},
		`{"name":"abc","count":[1]}`:                   {"/count FIELD_TYPE"},
		`{"name":"abc","big":9223372036854775808}`:     {"/big FIELD_RANGE"},
		`{"name":"abc","weight":5.5}`:                  {"/weight FIELD_MAX"},
		`{"name":"abc","kind":"z"}`:                    {"/kind FIELD_ENUM"},
		`{"name":"abc","code":"A"}`:                    {"/code FIELD_PATTERN"},
		`{"name":"abc","when":"2026-13-40T00:00:00Z"}`: {"/when FIELD_FORMAT"},
		`{"name":"abc","ok":"true"}`:                   {"/ok FIELD_TYPE"},
		`{"name":"abc","ref":0}`:                       {"/ref FIELD_MIN"},
		`{"name":"abc","ref":"0x1"}`:                   {"/ref FIELD_PATTERN"},
		`{"name":"abc","ref":"9223372036854775807"}`:   nil,
		`{"name":"abc","ref":"9223372036854775808"}`:   {"/ref FIELD_FORMAT"},
		`{"name":"abc","ref":"9999999999999999999"}`:   {"/ref FIELD_FORMAT"},
		`{"name":"abc","ref":1.0}`:                     {"/ref FIELD_TYPE"},
		`{"name":"abc","ref":true}`:                    {"/ref FIELD_TYPE"},
		`{"name":"abc","ref":9223372036854775808}`:     {"/ref FIELD_RANGE"},
		`{"name":"abc","items":[]}`:                    {"/items FIELD_MIN_ITEMS"},
		`{"name":"abc","items":[{"quantity":1},{"quantity":1},{"quantity":1},{"quantity":1}]}`: {"/items FIELD_MAX_ITEMS"},
		`{"name":"abc","items":[{"quantity":0},{},{"quantity":2,"x":1}]}`: {
			"/items/0/quantity FIELD_MIN", "/items/1/quantity FIELD_REQUIRED", "/items/2/x FIELD_UNKNOWN"},
		`{"name":"a\u0000c"}`:                 {"/name FIELD_INVALID"},
		`{"name":"a","kind":"z","count":1.5}`: {"/count FIELD_TYPE", "/kind FIELD_ENUM", "/name FIELD_MIN_LENGTH"},
		`[]`:                                  {" FIELD_TYPE"},
		`null`:                                {" FIELD_TYPE"},
		`"x"`:                                 {" FIELD_TYPE"},
		`{"name":"abc","name":"abd"}`:         {"/name FIELD_DUPLICATE"},
		`{"name":"abc","items":[{"quantity":1,"quantity":2}]}`: {"/items/0/quantity FIELD_DUPLICATE"},
		deep: {"" + strings.Repeat("/a", 64) + " FIELD_INVALID"},
	} {
		t.Run(cut(body, 60), func(t *testing.T) {
			w := e.put(body)
			if want == nil {
				assert.Equal(t, 200, w.Code, w.Body.String())
				assert.Equal(t, body, w.Body.String(), "the handler sees the bytes as sent")
				return
			}
			assert.Equal(t, 400, w.Code)
			assert.Equal(t, want, faults(problemOf(t, w)))
		})
	}
}

func TestBodySyntax(t *testing.T) {
	e := newEdge(t).echo()
	for body, code := range map[string]string{
		`{`:                         "FIELD_INVALID",
		`{"name":"abc"} {}`:         "FIELD_INVALID",
		`{"name":"abc"}x`:           "FIELD_INVALID",
		`{"name":NaN}`:              "FIELD_INVALID",
		"\xef\xbb\xbf{}":            "FIELD_INVALID",
		"{\"name\":\"a\xffc\"}":     "ENCODING_INVALID",
		`{"name":"\ud800abc"}`:      "ENCODING_INVALID",
		`{"name":"\udead"}`:         "ENCODING_INVALID",
		`{"\ud800":1}`:              "ENCODING_INVALID",
		`{"name":'abc'}`:            "FIELD_INVALID",
		`{"name":"abc",}`:           "FIELD_INVALID",
		`{"name":"abc","count":01}`: "FIELD_INVALID",
		" ":                         "FIELD_INVALID",
		"[" + strings.Repeat("1,", maxValues) + "1]": "FIELD_INVALID",
		strings.Repeat("[", 100_000):                 "FIELD_INVALID",
	} {
		w := e.put(body)
		require.Equal(t, 400, w.Code, cut(body, 60))
		p := problemOf(t, w)
		assert.Equal(t, "REQUEST_MALFORMED", p.Code, cut(body, 60))
		assert.Equal(t, code, p.Errors[0].Code, cut(body, 60))
	}
}

func TestHostileFieldFlood(t *testing.T) {
	e := newEdge(t).echo()
	var b strings.Builder
	b.WriteString(`{"name":"abc"`)
	for i := range 15_000 {
		b.WriteString(`,"x` + strings.Repeat("y", i%7) + string(rune('a'+i%26)) + jsonNumber(i) + `":1`)
	}
	b.WriteString("}")
	p := problemOf(t, e.put(b.String()))
	assert.Len(t, p.Errors, maxFaults)
	long := problemOf(t, e.put(`{"name":"abc","`+strings.Repeat("k", 100_000)+`":1}`))
	assert.LessOrEqual(t, len(long.Errors[0].Pointer), maxPointer)
}

func jsonNumber(i int) string { b, _ := json.Marshal(i); return string(b) }

func TestContentTypeAndEncoding(t *testing.T) {
	e := newEdge(t).echo()
	for _, tc := range []struct {
		kind, enc string
		want      int
	}{
		{"application/json", "", 200},
		{"application/json; charset=utf-8", "", 200},
		{"application/json;charset=UTF-8", "identity", 200},
		{"Application/JSON", "", 200},
		{"application/json; charset=latin1", "", 415},
		{"text/plain", "", 415},
		{"application/x-www-form-urlencoded", "", 415},
		{"multipart/form-data; boundary=x", "", 415},
		{"application/problem+json", "", 415},
		{"garbage;;;", "", 415},
		{"", "", 415},
		{"application/json", "gzip", 415},
	} {
		h := []string{"Content-Type", tc.kind}
		if tc.enc != "" {
			h = append(h, "Content-Encoding", tc.enc)
		}
		w := e.do("PUT", "/v1/things/1", `{"name":"abc"}`, h...)
		assert.Equal(t, tc.want, w.Code, "%+v", tc)
		if tc.want == 415 {
			assert.Equal(t, "REQUEST_CONTENT_TYPE", problemOf(t, w).Code)
		}
	}
	assert.Equal(t, 200, e.do("PUT", "/v1/things/1", "").Code, "an optional body may be left out")
	h := []string{"X-Site-Key", "key-jp", "Authorization", "Bearer 7", "Idempotency-Key", "k"}
	assert.Equal(t, []string{" FIELD_REQUIRED"}, faults(problemOf(t, e.do("POST", "/v1/things", "", h...))))
	h = append(h, "Content-Type", jsonKind)
	assert.Equal(t, []string{" FIELD_REQUIRED"}, faults(problemOf(t, e.do("POST", "/v1/things", "", h...))))
}

func TestBodySize(t *testing.T) {
	e := newEdge(t, func(o *Options) { o.MaxBody = 1000; o.MaxImageBody = 30_000 }).echo()
	srv := httptest.NewServer(e.Engine)
	defer srv.Close()
	send := func(path, kind string, body io.Reader) int {
		req, err := http.NewRequestWithContext(t.Context(), "POST", srv.URL+path, body)
		require.NoError(t, err)
		req.Header.Set("Content-Type", kind)
		if path == "/v1/things/1" {
			req.Method = "PUT"
		}
		res, err := srv.Client().Do(req)
		require.NoError(t, err)
		defer res.Body.Close()
		_, _ = io.Copy(io.Discard, res.Body)
		return res.StatusCode
	}
	pad := func(n int) string { return `{"name":"abc"` + strings.Repeat(" ", n-14) + `}` }
	hidden := func(s string) io.Reader { return io.MultiReader(strings.NewReader(s)) } // no length: chunked
	assert.Equal(t, 200, send("/v1/things/1", jsonKind, strings.NewReader(pad(1000))))
	assert.Equal(t, 413, send("/v1/things/1", jsonKind, strings.NewReader(pad(1001))))
	assert.Equal(t, 200, send("/v1/things/1", jsonKind, hidden(pad(1000))))
	assert.Equal(t, 413, send("/v1/things/1", jsonKind, hidden(pad(1001))))
	assert.Equal(t, 413, send("/v1/things/1", jsonKind, hidden(pad(2_000_000))))
	assert.Equal(t, 413, send("/callbacks/x", jsonKind, hidden(pad(1001))))
	img := func(n int) string { return `{"data":"` + strings.Repeat("A", n) + `"}` }
	assert.Equal(t, 200, send("/v1/images", jsonKind, strings.NewReader(img(40_000))))
	assert.Equal(t, 413, send("/v1/images", jsonKind, strings.NewReader(img(200_000))))
	form := func(n int) (string, io.Reader) {
		var b bytes.Buffer
		m := multipart.NewWriter(&b)
		f, err := m.CreateFormFile("image", "x.png")
		require.NoError(t, err)
		_, err = f.Write(make([]byte, n))
		require.NoError(t, err)
		require.NoError(t, m.Close())
		return m.FormDataContentType(), &b
	}
	kind, body := form(30_000)
	assert.Equal(t, 200, send("/v1/images", kind, body))
	kind, body = form(200_000)
	assert.Equal(t, 413, send("/v1/images", kind, body))
	kind, body = form(200_000)
	assert.Equal(t, 413, send("/v1/images", kind, io.MultiReader(body)), "streamed: the handler hits the limit")
}

func TestRawBodyIsCheckedOnDemand(t *testing.T) {
	e := newEdge(t)
	e.Engine.POST("/callbacks/x", func(c *gin.Context) {
		ctx := Context(c)
		if err := CheckBody(ctx); err != nil {
			Render(c, err)
			return
		}
		c.Data(200, "text/plain", RawBody(ctx))
	})
	w := e.do("POST", "/callbacks/x", `{"name":"abc"}  `, "Content-Type", jsonKind)
	assert.Equal(t, `{"name":"abc"}  `, w.Body.String())
	assert.Equal(t, []string{"/name FIELD_MIN_LENGTH"},
		faults(problemOf(t, e.do("POST", "/callbacks/x", `{"name":"a"}`, "Content-Type", jsonKind))))
}

func TestShortcut(t *testing.T) {
	e := newEdge(t).echo()
	hit := NewCached([]byte(`{"hit":true}`), "ja", CacheRules{})
	require.NoError(t, e.Shortcut("listThings", func(c *gin.Context) bool {
		if c.Query("keyword") != "hit" {
			return false
		}
		hit.Serve(c)
		return true
	}))
	get := func(q string) *httptest.ResponseRecorder {
		return e.do("GET", "/v1/things?"+q, "", "X-Site-Key", "key-jp")
	}
	assert.Equal(t, `{"hit":true}`, get("keyword=hit").Body.String())
	assert.Empty(t, get("keyword=miss").Body.String())
	assert.Equal(t, 400, get("keyword=hit&size=0").Code, "the contract is checked first")
	assert.Equal(t, 401, e.do("GET", "/v1/things?keyword=hit", "").Code)
}

// TestJSONSuite sends every text of the public JSON suite: no 5xx, no panic, and what the suite calls invalid is refused.
func TestJSONSuite(t *testing.T) {
	raw, err := os.ReadFile("../../../shared/data/json-suite.json")
	if err != nil {
		t.Skip("the JSON suite is not reachable from here")
	}
	var suite struct {
		Cases []struct {
			Name, Expect string
			B64          string `json:"b64"`
		}
	}
	require.NoError(t, json.Unmarshal(raw, &suite))
	require.Greater(t, len(suite.Cases), 200)
	e := newEdge(t).echo()
	for _, tc := range suite.Cases {
		body, err := base64.StdEncoding.DecodeString(tc.B64)
		require.NoError(t, err)
		for _, text := range []string{string(body), `{"name":"abc","items":` + string(body) + `}`} {
			w := e.put(text)
			require.Less(t, w.Code, 500, tc.Name)
			if tc.Expect == "reject" && text == string(body) && len(body) > 0 {
				require.GreaterOrEqual(t, w.Code, 400, tc.Name)
			}
		}
		q := url.QueryEscape(string(body))
		require.Less(t, e.do("GET", "/v1/things?keyword="+cut(q, 20_000), "", "X-Site-Key", "key-jp").Code, 500, tc.Name)
	}
	assert.NotContains(t, e.log.String(), "panic")
}

func FuzzBody(f *testing.F) {
	for _, s := range []string{`{"name":"abc"}`, `{"items":[{"quantity":1e400}]}`, `{"name":"\ud800"}`, `[[[[`, "\x00", `{"ref":-0}`} {
		f.Add(s)
	}
	e := newEdge(f).echo()
	f.Fuzz(func(t *testing.T, body string) {
		e.ctx = t.Context()
		if w := e.put(body); w.Code >= 500 {
			t.Fatalf("status %d", w.Code)
		}
	})
}

func FuzzQuery(f *testing.F) {
	for _, s := range []string{"keyword=a&size=1", "tag=%ff&;", "size=%30", "%zz=1&&&="} {
		f.Add(s)
	}
	e := newEdge(f).echo()
	f.Fuzz(func(t *testing.T, query string) {
		req := httptest.NewRequestWithContext(t.Context(), "GET", "/v1/things", nil)
		req.URL.RawQuery = query
		req.Header.Set("X-Site-Key", "key-jp")
		w := httptest.NewRecorder()
		e.Engine.ServeHTTP(w, req)
		if w.Code >= 500 {
			t.Fatalf("status %d", w.Code)
		}
	})
}
