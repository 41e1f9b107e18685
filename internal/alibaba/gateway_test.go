package alibaba

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func golden(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name + ".json")
	require.NoError(t, err)
	return b
}

// gateway is a 1688 over real HTTP. It checks path, encoding and signature of every call with code of its own.
type gateway struct {
	mux    *http.ServeMux
	server *httptest.Server

	mu    sync.Mutex
	calls []url.Values // decoded forms, in order
}

func setup(t testing.TB, change ...func(*Options)) (*Client, *gateway) {
	t.Helper()
	g := &gateway{mux: http.NewServeMux()}
	g.server = httptest.NewServer(g.mux)
	o := Options{BaseURL: g.server.URL + "/openapi", AppKey: "1000000", AppSecret: testSecret, AccessToken: "token-1"}
	for _, f := range change {
		f(&o)
	}
	c, err := New(o)
	require.NoError(t, err)
	t.Cleanup(func() {
		c.Close()
		g.server.Close()
	})
	return c, g
}

// on serves one API.
func (g *gateway) on(t testing.TB, api *endpoint, h http.HandlerFunc) {
	path := "/openapi/param2/1/" + api.namespace + "/" + api.name + "/1000000"
	g.mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		form, err := url.ParseQuery(string(raw))
		assert.NoError(t, err)
		assert.Equal(t, "application/x-www-form-urlencoded; charset=UTF-8", r.Header.Get("Content-Type"))
		assert.Empty(t, r.URL.RawQuery, "nothing secret may travel in the URL")
		assert.Equal(t, expectedSignature(strings.TrimPrefix(path, "/openapi/"), form), form.Get(signatureField))
		assert.Equal(t, api.noToken, !form.Has("access_token"))
		g.mu.Lock()
		g.calls = append(g.calls, form)
		g.mu.Unlock()
		h(w, r)
	})
}

// answers serves one fixed body.
func (g *gateway) answers(t testing.TB, api *endpoint, status int, body string) {
	g.on(t, api, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body) // the client may be gone
	})
}

func (g *gateway) count() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.calls)
}

func (g *gateway) last(t testing.TB) url.Values {
	t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	require.NotEmpty(t, g.calls)
	return g.calls[len(g.calls)-1]
}

func expectedSignature(path string, form url.Values) string {
	var joined []string
	for key := range form {
		if key != "_aop_signature" {
			joined = append(joined, key+form.Get(key))
		}
	}
	sort.Strings(joined)
	mac := hmac.New(sha1.New, []byte(testSecret))
	mac.Write([]byte(path + strings.Join(joined, "")))
	return strings.ToUpper(hex.EncodeToString(mac.Sum(nil)))
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
