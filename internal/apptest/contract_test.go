package apptest

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A contract that lets everything pass would make every test that uses it worthless.
func TestContractCanFail(t *testing.T) {
	c := newContract(t, "http://127.0.0.1:1")
	const (
		plain   = "application/json"
		problem = "application/problem+json"
		health  = `{"status":"ok"}`
		refused = `{"type":"t","title":"t","status":404,"code":"C","requestId":"r","retryable":false}`
	)
	for _, tt := range []struct {
		name, method, path, contentType, body string
		status                                int
		ok                                    bool
	}{
		{"as written", "GET", "/livez", plain, health, 200, true},
		{"undocumented field", "GET", "/livez", plain, `{"status":"ok","secret":1}`, 200, false},
		{"undocumented field deep inside", "GET", "/readyz", plain, `{"status":"ok","reasons":[{"part":"a","reason":"b","host":"c"}]}`, 200, false},
		{"missing field", "GET", "/livez", plain, `{}`, 200, false},
		{"other word than the enumeration's", "GET", "/livez", plain, `{"status":"fine"}`, 200, false},
		{"null", "GET", "/readyz", plain, `{"status":"ok","reasons":null}`, 200, false},
		{"other media type", "GET", "/livez", "text/plain", health, 200, false},
		{"undocumented success", "GET", "/v1/site", plain, `{}`, 202, false},
		{"5xx", "GET", "/v1/site", problem, strings.Replace(refused, "404", "500", 1), 500, false},
		{"a problem", "GET", "/v1/orders/1", problem, refused, 404, true},
		{"a problem with more to say", "GET", "/v1/orders/1", problem, strings.Replace(refused, "{", `{"stack":"x",`, 1), 404, false},
		{"a refusal that is no problem", "GET", "/v1/orders/1", plain, refused, 404, false},
		{"unknown path", "GET", "/nowhere", problem, refused, 404, true},
		{"unknown path, plain text", "GET", "/nowhere", "text/plain", "not found", 404, false},
		{"unknown path with success", "GET", "/nowhere", plain, `{}`, 200, false},
		{"204", "DELETE", "/v1/sessions/current", "", "", 204, true},
		{"204 with a body", "DELETE", "/v1/sessions/current", "", "x", 204, false},
	} {
		req, err := http.NewRequestWithContext(t.Context(), tt.method, "http://127.0.0.1:1"+tt.path, nil)
		require.NoError(t, err)
		resp := &http.Response{StatusCode: tt.status, Request: req, Header: http.Header{"X-Request-Id": {"r"}}, Body: io.NopCloser(strings.NewReader(tt.body))}
		if tt.contentType != "" {
			resp.Header.Set("Content-Type", tt.contentType)
		}
		assert.Equal(t, tt.ok, c.check(req, resp, []byte(tt.body)) == nil, tt.name)
		resp.Header.Del("X-Request-Id")
		assert.Error(t, c.check(req, resp, []byte(tt.body)), "without X-Request-Id: %s", tt.name)
	}
}
