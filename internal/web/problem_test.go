package web

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	"entrepot/internal/database"
	"entrepot/internal/errs"
)

func TestStatusTable(t *testing.T) {
	for code, want := range map[errs.Code]int{
		errs.Invalid: 400, errs.Unauthenticated: 401, errs.Forbidden: 403, errs.NotFound: 404, errs.Method: 405,
		errs.Conflict: 409, errs.Outdated: 412, errs.Unconditional: 428, errs.TooLarge: 413, errs.Unsupported: 415, errs.Rule: 422, errs.Blocked: 451, errs.RateLimited: 429,
		errs.Upstream: 502, errs.Unavailable: 503, errs.Internal: 500, "never heard of": 500,
	} {
		got, _ := Status(code)
		assert.Equal(t, want, got, code)
	}
	assert.Len(t, statuses, 16, "every code of package errs is in the table")
}

func TestRender(t *testing.T) {
	for _, tc := range []struct {
		name      string
		err       error
		status    int
		code      string
		retryable bool
		after     string
	}{
		{"known", errs.New(errs.Rule, "idempotency.key_reused"), 422, "IDEMPOTENCY_KEY_REUSED", false, ""},
		{"wrapped", fmt.Errorf("store: %w", errs.New(errs.NotFound, "object.not_found")), 404, "OBJECT_NOT_FOUND", false, ""},
		{"wait", errs.New(errs.RateLimited, "rate.limited").After(1200 * time.Millisecond), 429, "RATE_LIMITED", true, "2"},
		{"busy key", errs.New(errs.Conflict, "idempotency.in_progress"), 409, "IDEMPOTENCY_IN_PROGRESS", true, ""},
		{"foreign", errors.New("CANARY dial tcp 10.0.0.1"), 500, "INTERNAL_ERROR", false, ""},
		{"deadline", fmt.Errorf("query: %w", context.DeadlineExceeded), 503, "REQUEST_TIMEOUT", true, "1"},
		{"canceled", context.Canceled, 503, "REQUEST_CANCELED", true, ""},
		{"too large", &http.MaxBytesError{Limit: 5}, 413, "REQUEST_TOO_LARGE", false, ""},
		{"no row", database.ErrNotFound, 404, "OBJECT_NOT_FOUND", false, ""},
		{"database away", fmt.Errorf("CANARY: %w", driver.ErrBadConn), 503, "DATABASE_UNAVAILABLE", true, "2"},
		{"nil", nil, 500, "INTERNAL_ERROR", false, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := newEdge(t)
			e.Engine.GET("/livez/x", func(c *gin.Context) {
				c.Header("ETag", "x")
				Render(c, tc.err)
				Render(c, errs.New(errs.Invalid, "request.invalid")) // only the first one counts
			})
			w := e.do("GET", "/livez/x?q=CANARY", "")
			p := problemOf(t, w)
			assert.Equal(t, tc.status, w.Code)
			assert.Equal(t, tc.code, p.Code)
			assert.Equal(t, tc.retryable, p.Retryable)
			assert.Equal(t, tc.after, w.Header().Get("Retry-After"))
			assert.Equal(t, "/livez/x", p.Instance)
			assert.Equal(t, "en", w.Header().Get("Content-Language"))
			assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
			assert.Empty(t, w.Header().Get("ETag"))
			assert.NotContains(t, w.Body.String(), "CANARY")
		})
	}
}

func TestCauseIsLoggedOnce(t *testing.T) {
	e := newEdge(t)
	e.Engine.GET("/livez/x", func(c *gin.Context) { Render(c, errors.New("disk on fire")) })
	e.do("GET", "/livez/x", "")
	assert.Contains(t, e.log.String(), `"cause":"disk on fire"`)
	assert.Contains(t, e.log.String(), `"level":"ERROR"`)
}

func TestProblemShape(t *testing.T) {
	e := newEdge(t)
	e.Engine.GET("/livez/x", func(c *gin.Context) {
		Render(c, errs.New(errs.Invalid, "request.invalid").At("/a", "field.min", "min", 3).At("/b", "field.required"))
	})
	p := problemOf(t, e.do("GET", "/livez/x", "", "X-Request-Id", "r1"))
	assert.Equal(t, "urn:entrepot:problem:request-invalid", p.Type)
	assert.Equal(t, []Fault{
		{"/a", "FIELD_MIN", "This value must be at least 3."}, {"/b", "FIELD_REQUIRED", "This field is required."},
	}, p.Errors)
	assert.Equal(t, p.Title, p.Detail)
}

func TestBindErrors(t *testing.T) {
	e := newEdge(t)
	e.Engine.GET("/livez/a", func(c *gin.Context) { BindError(c, errors.New("CANARY"), 400) })
	e.Engine.GET("/livez/b", func(c *gin.Context) { BindFailed(c, &http.MaxBytesError{Limit: 1}) })
	e.Engine.GET("/livez/c", func(c *gin.Context) { BindFailed(c, errs.New(errs.Invalid, "field.format")) })
	w := e.do("GET", "/livez/a", "")
	assert.Equal(t, "REQUEST_MALFORMED", problemOf(t, w).Code)
	assert.NotContains(t, w.Body.String(), "CANARY")
	assert.Equal(t, 413, e.do("GET", "/livez/b", "").Code)
	assert.Equal(t, "FIELD_FORMAT", problemOf(t, e.do("GET", "/livez/c", "")).Code)
}

func TestWWWAuthenticate(t *testing.T) {
	e := newEdge(t).echo()
	w := e.do("POST", "/v1/things", "", "X-Site-Key", "key-jp")
	assert.Equal(t, "Bearer", w.Header().Get("WWW-Authenticate"))
}
