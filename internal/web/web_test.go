package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"entrepot/api"
	"entrepot/internal/errs"
	"entrepot/internal/i18n"
	"entrepot/internal/site"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// testSpec has one operation for each thing the edge does.
const testSpec = `
openapi: 3.1.0
info: {title: test, version: "1"}
paths:
  /v1/things:
    get:
      operationId: listThings
      security: [{siteKey: []}]
      parameters:
        - {name: keyword, in: query, schema: {type: string, maxLength: 10}}
        - {name: sort, in: query, schema: {type: string, enum: [asc, desc]}}
        - {name: size, in: query, schema: {type: integer, minimum: 1, maximum: 50}}
        - {name: code, in: query, schema: {type: string, pattern: "^[a-z]+$"}}
        - {name: on, in: query, schema: {type: boolean}}
        - {name: tag, in: query, schema: {type: array, maxItems: 2, items: {type: string, minLength: 2}}}
      responses: {"200": {description: ok}}
    post:
      operationId: makeThing
      security: [{siteKey: [], memberToken: []}]
      parameters: [{name: Idempotency-Key, in: header, required: true, schema: {type: string, maxLength: 255}}]
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: "#/components/schemas/Thing"}}}
      responses: {"201": {description: ok}}
  /v1/things/{id}:
    get:
      operationId: getThing
      security: [{siteKey: [], memberToken: []}, {siteKey: []}]
      parameters: [{name: id, in: path, required: true, schema: {$ref: "#/components/schemas/Id"}}]
      responses: {"200": {description: ok}}
    put:
      operationId: putThing
      requestBody:
        content: {application/json: {schema: {$ref: "#/components/schemas/Thing"}}}
      parameters:
        - {name: id, in: path, required: true, schema: {type: string}}
        - {name: X-Mode, in: header, schema: {type: string, enum: [a, b]}}
      responses: {"200": {description: ok}}
  /v1/images:
    post:
      operationId: postImage
      requestBody:
        required: true
        content:
          application/json: {schema: {type: object, additionalProperties: false, required: [data], properties: {data: {type: string}}}}
          multipart/form-data: {schema: {type: object}}
      responses: {"200": {description: ok}}
  /callbacks/x:
    post:
      operationId: callback
      x-raw-body: true
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: "#/components/schemas/Thing"}}}
      responses: {"200": {description: ok}}
  /livez: {get: {operationId: livez, responses: {"200": {description: ok}}}}
  /readyz: {get: {operationId: readyz, responses: {"200": {description: ok}}}}
  /metrics: {get: {operationId: metrics, responses: {"200": {description: ok}}}}
  /openapi.yaml: {get: {operationId: openapi, responses: {"200": {description: ok}}}}
  /docs: {get: {operationId: docs, responses: {"200": {description: ok}}}}
components:
  securitySchemes:
    siteKey: {type: apiKey, in: header, name: X-Site-Key}
    memberToken: {type: http, scheme: bearer}
  schemas:
    Id:
      oneOf:
        - {type: string, format: id, pattern: "^[1-9][0-9]{0,18}$"}
        - {type: integer, minimum: 1, maximum: 9223372036854775807}
    Thing:
      type: object
      additionalProperties: false
      required: [name]
      properties:
        name: {type: string, minLength: 2, maxLength: 8}
        count: {type: integer, format: int64, minimum: 1, maximum: 1000000}
        weight: {type: number, maximum: 5}
        big: {type: integer, format: int64}
        kind: {type: string, enum: [x, y]}
        code: {type: string, pattern: "^[a-z]+$"}
        when: {type: string, format: date-time}
        ok: {type: boolean}
        ref: {$ref: "#/components/schemas/Id"}
        items: {type: array, minItems: 1, maxItems: 3, items: {$ref: "#/components/schemas/Item"}}
    Item:
      type: object
      additionalProperties: false
      required: [quantity]
      properties:
        quantity: {type: integer, format: int64, minimum: 1}
        "a/b": {type: string}
`

type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

type edgeTest struct {
	*Server
	log *logBuffer
	ctx context.Context
}

// bearerNumber accepts "Bearer 7" as member 7: the real verifier lives in package auth.
func bearerNumber(c *gin.Context) error {
	switch h := c.GetHeader("Authorization"); h {
	case "":
		return NoToken
	case "Bearer 7":
		SetCaller(c, Caller{Kind: "member", ID: 7, Language: "ko"})
		return nil
	default:
		return errs.New(errs.Unauthenticated, "auth.token_invalid")
	}
}

func newEdge(t testing.TB, change ...func(*Options)) *edgeTest {
	t.Helper()
	bundle, err := i18n.New()
	require.NoError(t, err)
	bundle.OnFallback = func(lang, key string) { t.Errorf("text missing or incomplete: %s %s", lang, key) }
	sites, err := site.New(map[string]string{"key-jp": "japan", "key-vn": "vietnam"})
	require.NoError(t, err)
	log := &logBuffer{}
	o := Options{
		Logger: slog.New(slog.NewJSONHandler(log, nil)), Bundle: bundle, Sites: sites, Spec: []byte(testSpec),
		Authenticate: map[string]func(*gin.Context) error{"memberToken": bearerNumber},
	}
	for _, f := range change {
		f(&o)
	}
	s, err := New(o)
	require.NoError(t, err)
	return &edgeTest{Server: s, log: log, ctx: t.Context()}
}

// echo registers handlers that answer 200 with the body they were given.
func (e *edgeTest) echo() *edgeTest {
	h := func(c *gin.Context) {
		b, err := io.ReadAll(c.Request.Body)
		if err != nil {
			Render(c, err)
			return
		}
		c.Data(http.StatusOK, "application/json", b)
	}
	e.Engine.GET("/v1/things", h)
	e.Engine.POST("/v1/things", h)
	e.Engine.GET("/v1/things/:id", h)
	e.Engine.PUT("/v1/things/:id", h)
	e.Engine.POST("/v1/images", h)
	e.Engine.POST("/callbacks/x", h)
	return e
}

func (e *edgeTest) do(method, target, body string, headers ...string) *httptest.ResponseRecorder {
	var r io.Reader
	if body != "" {
		r = strings.NewReader(body)
	}
	req := httptest.NewRequestWithContext(e.ctx, method, target, r)
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Content-Type" && headers[i+1] == "" {
			continue
		}
		req.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	e.Engine.ServeHTTP(w, req)
	return w
}

const jsonKind = "application/json"

// put sends a JSON body to the operation without credentials.
func (e *edgeTest) put(body string) *httptest.ResponseRecorder {
	return e.do("PUT", "/v1/things/1", body, "Content-Type", jsonKind)
}

func problemOf(t testing.TB, w *httptest.ResponseRecorder) Problem {
	t.Helper()
	require.Equal(t, "application/problem+json", w.Header().Get("Content-Type"), w.Body.String())
	var p Problem
	dec := json.NewDecoder(bytes.NewReader(w.Body.Bytes()))
	dec.DisallowUnknownFields()
	require.NoError(t, dec.Decode(&p))
	assert.Equal(t, w.Code, p.Status)
	assert.NotEmpty(t, p.Title)
	assert.NotEmpty(t, p.RequestID)
	assert.Equal(t, w.Header().Get("X-Request-Id"), p.RequestID)
	return p
}

// faults is "pointer CODE" of each broken field.
func faults(p Problem) []string {
	out := []string{}
	for _, f := range p.Errors {
		out = append(out, f.Pointer+" "+f.Code)
	}
	return out
}

func TestRealContractCompiles(t *testing.T) {
	e := newEdge(t, func(o *Options) {
		o.Spec = api.Spec
		o.Authenticate["staffToken"] = bearerNumber
	})
	err := e.Check()
	require.Error(t, err, "no feature is registered here")
	assert.Contains(t, err.Error(), "operation without route: POST /v1/orders")
	assert.NotContains(t, err.Error(), "/livez")
	require.Error(t, e.Shortcut("noSuchOperation", nil))
}

func TestContractMistakesStopTheStart(t *testing.T) {
	for name, spec := range map[string]string{
		"unknown scheme": strings.Replace(testSpec, "security: [{siteKey: [], memberToken: []}]", "security: [{other: []}]", 1),
		"cookie":         strings.Replace(testSpec, "{name: on, in: query", "{name: on, in: cookie", 1),
		"float param":    strings.Replace(testSpec, "schema: {type: boolean}}", "schema: {type: number}}", 1),
		"csv array":      strings.Replace(testSpec, "{name: tag, in: query,", "{name: tag, in: query, explode: false,", 1),
		"no id":          strings.Replace(testSpec, "operationId: getThing", "summary: x", 1),
		"not yaml":       "\t{",
	} {
		t.Run(name, func(t *testing.T) {
			e := newEdge(t)
			o := e.opts
			o.Registry, o.Spec = nil, []byte(spec)
			_, err := New(o)
			require.Error(t, err)
		})
	}
	_, err := New(Options{})
	require.Error(t, err)
}

func TestCheckBothWays(t *testing.T) {
	e := newEdge(t).echo()
	require.NoError(t, e.Check())
	e.Engine.GET("/console/x", func(*gin.Context) {})
	require.ErrorContains(t, e.Check(), "route without operation: GET /console/x")
	require.NoError(t, e.Check("/console"))
}

func TestRequestIDAndTrace(t *testing.T) {
	e := newEdge(t)
	var id, trace string
	e.Engine.GET("/v1/things", func(c *gin.Context) {
		ctx := Context(c)
		id, trace = RequestID(ctx), TraceParent(ctx)
	})
	w := e.do("GET", "/v1/things", "", "X-Site-Key", "key-jp", "X-Request-Id", "abc-1", "Traceparent",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	assert.Equal(t, "abc-1", w.Header().Get("X-Request-Id"))
	assert.Equal(t, "abc-1", id)
	assert.Contains(t, trace, "4bf92f3577b34da6a3ce929d0e0e4736")
	seen := map[string]bool{}
	for _, bad := range []string{"", "a b", strings.Repeat("x", 65), "a\nb", "ü", `"`} {
		w := e.do("GET", "/v1/things", "", "X-Site-Key", "key-jp", "X-Request-Id", bad, "Traceparent", "00-zz")
		got := w.Header().Get("X-Request-Id")
		assert.Len(t, got, 32)
		assert.False(t, seen[got], "ids must differ")
		seen[got] = true
		assert.Empty(t, trace)
	}
}

func TestLogLineHoldsNoSecrets(t *testing.T) {
	e := newEdge(t).echo()
	e.do("POST", "/v1/things", `{"name":"CANARY3"}`, "X-Site-Key", "key-jp", "Authorization", "Bearer 7",
		"Content-Type", jsonKind, "Idempotency-Key", "CANARY4", "X-Request-Id", "req1")
	e.do("GET", "/v1/things?keyword=CANARY1", "", "X-Site-Key", "CANARY2")
	e.do("GET", "/nowhere/CANARY5?x=CANARY6", "")
	out := e.log.String()
	assert.NotContains(t, out, "CANARY")
	assert.NotContains(t, out, "192.0.2.1") // httptest's client
	lines := strings.Split(strings.TrimSpace(out), "\n")
	require.Len(t, lines, 3)
	var line map[string]any
	require.NoError(t, json.Unmarshal([]byte(lines[0]), &line))
	assert.Equal(t, "POST", line["method"])
	assert.Equal(t, "/v1/things", line["route"])
	assert.EqualValues(t, 200, line["status"])
	assert.EqualValues(t, len(`{"name":"CANARY3"}`), line["bytes"])
	assert.Equal(t, "req1", line["requestId"])
	assert.Equal(t, "japan", line["site"])
	assert.Equal(t, "7", line["member"])
	assert.Contains(t, lines[1], `"code":"SITE_KEY_UNKNOWN"`)
	assert.Contains(t, lines[2], `"route":"unmatched"`)
}

func TestPanicIsA500(t *testing.T) {
	e := newEdge(t)
	e.Engine.GET("/v1/things", func(c *gin.Context) {
		if c.Query("on") == "true" {
			panic("CANARY of a customer")
		}
		var m map[string]int
		m["x"] = 1
	})
	for _, target := range []string{"/v1/things?on=true", "/v1/things"} {
		w := e.do("GET", target, "", "X-Site-Key", "key-jp")
		assert.Equal(t, 500, w.Code)
		p := problemOf(t, w)
		assert.Equal(t, "INTERNAL_ERROR", p.Code)
		assert.NotContains(t, w.Body.String(), "CANARY")
	}
	assert.NotContains(t, e.log.String(), "CANARY")
	assert.Contains(t, e.log.String(), "panic: string")
	assert.Contains(t, e.log.String(), "assignment to entry in nil map")
	assert.Contains(t, e.log.String(), "web_test.go", "the stack is logged")
}

func TestPanicAfterHalfAnAnswerCutsTheConnection(t *testing.T) {
	e := newEdge(t)
	e.Engine.GET("/v1/things", func(c *gin.Context) {
		c.String(200, "half")
		panic("late")
	})
	srv := httptest.NewServer(e.Engine)
	defer srv.Close()
	req, err := http.NewRequestWithContext(t.Context(), "GET", srv.URL+"/v1/things", nil)
	require.NoError(t, err)
	req.Header.Set("X-Site-Key", "key-jp")
	res, err := srv.Client().Do(req)
	if err == nil {
		_, err = io.ReadAll(res.Body)
		res.Body.Close()
	}
	require.Error(t, err, "half an answer must not look whole")
}

func TestMetrics(t *testing.T) {
	e := newEdge(t, func(o *Options) { o.PublicMetrics = true }).echo()
	e.do("GET", "/v1/things", "", "X-Site-Key", "key-jp")
	e.do("GET", "/v1/things", "")
	e.do("BREW", "/scan/1", "")
	e.do("GET", "/scan/2", "")
	out := e.do("GET", "/metrics", "").Body.String()
	assert.Contains(t, out, `entrepot_http_requests_total{method="GET",route="/v1/things",status="200"} 1`)
	assert.Contains(t, out, `entrepot_http_requests_total{method="GET",route="/v1/things",status="401"} 1`)
	assert.Contains(t, out, `entrepot_http_requests_total{method="any",route="unmatched",status="404"} 2`)
	assert.Contains(t, out, `entrepot_http_request_duration_seconds_count{method="GET",route="/v1/things"} 2`)
	assert.Contains(t, out, `entrepot_http_in_flight 1`)
	assert.NotContains(t, out, "scan")
}

func TestOperationsEndpoints(t *testing.T) {
	var reasons []Reason
	e := newEdge(t, func(o *Options) { o.Ready = func(context.Context) []Reason { return reasons } })
	assert.JSONEq(t, `{"status":"ok"}`, e.do("GET", "/livez", "").Body.String())
	assert.JSONEq(t, `{"status":"ok"}`, e.do("GET", "/readyz", "").Body.String())
	reasons = []Reason{{Part: "alibaba", Text: "unreachable"}}
	w := e.do("GET", "/readyz", "")
	assert.Equal(t, 200, w.Code)
	assert.JSONEq(t, `{"status":"degraded","reasons":[{"part":"alibaba","reason":"unreachable"}]}`, w.Body.String())
	reasons = append(reasons, Reason{Part: "database", Text: "unreachable", Down: true})
	w = e.do("GET", "/readyz", "")
	assert.Equal(t, 503, w.Code)
	assert.Contains(t, w.Body.String(), `"unavailable"`)
	assert.Equal(t, testSpec, e.do("GET", "/openapi.yaml", "").Body.String())
	page := e.do("GET", "/docs", "")
	assert.Equal(t, 200, page.Code)
	assert.Contains(t, page.Body.String(), "/openapi.yaml")
	assert.NotRegexp(t, `(src|href)="(https?:)?//`, page.Body.String(), "the page works offline")
	assert.Equal(t, 200, e.do("GET", "/docs/swagger-ui.css", "").Code)
	assert.Equal(t, 404, e.do("GET", "/metrics", "").Code, "only where the operator wants it")
}

func TestUnknownRouteAndMethod(t *testing.T) {
	e := newEdge(t).echo()
	p := problemOf(t, e.do("GET", "/v1/nothing", "", "Accept-Language", "ja"))
	assert.Equal(t, "ROUTE_NOT_FOUND", p.Code)
	w := e.do("DELETE", "/v1/things", "")
	p = problemOf(t, w)
	assert.Equal(t, 405, w.Code)
	assert.Equal(t, "ROUTE_METHOD", p.Code)
	assert.Contains(t, w.Header().Get("Allow"), "POST")
	assert.Equal(t, 404, e.do("GET", "/v1/things/", "").Code, "no redirects that skip the edge")
	assert.Equal(t, 404, e.do("GET", "/v1/../v1/things", "").Code)
}

func TestContextEndsAndOutlives(t *testing.T) {
	e := newEdge(t, func(o *Options) { o.Timeout = 20 * time.Millisecond })
	type key struct{}
	var kept context.Context
	e.Engine.GET("/v1/things", func(c *gin.Context) {
		Extend(c, func(ctx context.Context) context.Context { return context.WithValue(ctx, key{}, "v") })
		ctx := Context(c)
		kept = context.WithoutCancel(ctx)
		child, cancel := context.WithCancel(ctx)
		defer cancel()
		deadline, ok := child.Deadline()
		assert.True(t, ok)
		assert.WithinDuration(t, time.Now(), deadline, time.Second)
		<-child.Done()
		assert.ErrorIs(t, ctx.Err(), context.DeadlineExceeded)
		Render(c, errors.Join(errors.New("query"), child.Err()))
	})
	w := e.do("GET", "/v1/things", "", "X-Site-Key", "key-jp", "X-Request-Id", "keep")
	assert.Equal(t, 503, w.Code)
	assert.Equal(t, "REQUEST_TIMEOUT", problemOf(t, w).Code)
	assert.NotEmpty(t, w.Header().Get("Retry-After"))
	at, ok := site.FromContext(kept)
	require.True(t, ok)
	assert.Equal(t, "japan", at.Code)
	assert.Equal(t, "v", kept.Value(key{}))
	assert.Equal(t, "keep", RequestID(kept))
	require.NoError(t, kept.Err())
}

func TestOutsideARequest(t *testing.T) {
	ctx := t.Context()
	assert.Equal(t, ctx, Context(ctx))
	assert.Equal(t, "en", Language(ctx))
	assert.Empty(t, RequestID(ctx)+TraceParent(ctx))
	assert.Zero(t, CallerOf(ctx))
	assert.False(t, ClientIP(ctx).IsValid())
	assert.Nil(t, RawBody(ctx))
	require.Error(t, CheckBody(ctx))
	_, err := IdemOf(ctx)
	require.Error(t, err)
}
