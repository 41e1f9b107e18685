package apptest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"entrepot/api"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/stretchr/testify/require"
)

// contract holds every answer that the tests see against api/openapi.yaml. An undocumented field, status, media type or
// a 5xx fails the test; so does an answer without X-Request-Id.
type contract struct {
	away   bool // 503 is a good answer
	t      testing.TB
	doc    *openapi3.T
	paths  []string // patterns without parameters first
	host   string
	client *http.Client

	mu   sync.Mutex
	seen map[string]int // "GET /v1/site 200" -> times
}

// register keeps kin-openapi's table of decoders, which is global, from being written twice.
var register = sync.OnceFunc(func() {
	for _, text := range []string{"text/html", "application/yaml"} { // read as text, whatever is inside
		openapi3filter.RegisterBodyDecoder(text, openapi3filter.FileBodyDecoder)
	}
})

func newContract(t testing.TB, base string) *contract {
	t.Helper()
	register()
	doc, err := openapi3.NewLoader().LoadFromData(api.Spec)
	require.NoError(t, err)
	doc.OpenAPI = "3.0.3" // see web.loadContract: what the document uses is common to both
	closed := map[*openapi3.Schema]bool{}
	for _, s := range doc.Components.Schemas {
		closeSchema(s, closed)
	}
	c := &contract{t: t, doc: doc, seen: map[string]int{}}
	for path, item := range doc.Paths.Map() {
		c.paths = append(c.paths, path)
		for _, op := range item.Operations() {
			for _, r := range op.Responses.Map() {
				for _, media := range r.Value.Content {
					closeSchema(media.Schema, closed)
				}
			}
		}
	}
	slices.SortFunc(c.paths, func(a, b string) int {
		return strings.Compare(strings.ReplaceAll(a, "{", "~"), strings.ReplaceAll(b, "{", "~"))
	})
	u, err := url.Parse(base)
	require.NoError(t, err)
	c.host = u.Host
	c.client = &http.Client{Transport: c.over(&http.Transport{MaxIdleConnsPerHost: 32}), CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	return c
}

// closeSchema forbids fields that the document does not name.
func closeSchema(ref *openapi3.SchemaRef, done map[*openapi3.Schema]bool) {
	if ref == nil || ref.Value == nil || done[ref.Value] {
		return
	}
	s := ref.Value
	done[s] = true
	if s.Type.Is("object") && len(s.Properties) > 0 && s.AdditionalProperties.Has == nil && s.AdditionalProperties.Schema == nil {
		no := false
		s.AdditionalProperties.Has = &no
	}
	for _, p := range s.Properties {
		closeSchema(p, done)
	}
	closeSchema(s.Items, done)
	for _, list := range []openapi3.SchemaRefs{s.OneOf, s.AnyOf, s.AllOf} {
		for _, one := range list {
			closeSchema(one, done)
		}
	}
}

// transport checks answers on their way to the test.
type transport struct {
	c    *contract
	base *http.Transport
}

func (c *contract) over(base *http.Transport) http.RoundTripper { return transport{c, base} }

// CloseIdleConnections lets http.Client close them.
func (t transport) CloseIdleConnections() { t.base.CloseIdleConnections() }

// RoundTrip implements http.RoundTripper.
func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close() // read to its end, or broken
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	if problem := t.c.check(req, resp, body); problem != nil {
		t.c.t.Errorf("contract: %s %s -> %d: %.2000s\n%.2000s", req.Method, req.URL.Path, resp.StatusCode, problem.Error(), body)
	}
	return resp, nil
}

func (c *contract) check(req *http.Request, resp *http.Response, body []byte) error {
	switch {
	case resp.StatusCode < 500 || req.URL.Path == "/readyz":
	case c.away && resp.StatusCode == http.StatusServiceUnavailable:
		if resp.Header.Get("Retry-After") == "" {
			return errors.New("503 without Retry-After")
		}
	default:
		return errors.New("no client mistake and no fault of 1688 may end in a 5xx here")
	}
	if resp.Header.Get("X-Request-Id") == "" {
		return errors.New("no X-Request-Id")
	}
	path, op := c.operation(req)
	c.mu.Lock()
	c.seen[fmt.Sprintf("%s %s %d", req.Method, path, resp.StatusCode)]++
	c.mu.Unlock()
	if op == nil {
		return c.foreign(resp, body)
	}
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: req, Route: &routers.Route{Spec: c.doc, Path: path, Method: req.Method, Operation: op}},
		Status:                 resp.StatusCode, Header: resp.Header, Options: &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true},
	}
	input.SetBodyBytes(body)
	if err := openapi3filter.ValidateResponse(req.Context(), input); err != nil {
		return err
	}
	if resp.StatusCode == http.StatusNoContent && len(body) > 0 {
		return errors.New("204 with a body")
	}
	return nil
}

// foreign judges answers outside the contract: unknown paths and methods are problems too, files of /docs are free.
func (c *contract) foreign(resp *http.Response, body []byte) error {
	if resp.StatusCode < 400 {
		if strings.HasPrefix(resp.Request.URL.Path, "/docs/") {
			return nil
		}
		return errors.New("success outside the contract")
	}
	return c.problem(resp.Header.Get("Content-Type"), body)
}

// problem checks a problem against its schema.
func (c *contract) problem(contentType string, body []byte) error {
	if contentType != "application/problem+json" {
		return fmt.Errorf("content type %q is no problem", contentType)
	}
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		return err
	}
	return c.doc.Components.Schemas["Problem"].Value.VisitJSON(v)
}

// operation finds the contract's operation of a request.
func (c *contract) operation(req *http.Request) (string, *openapi3.Operation) {
	for _, p := range c.paths {
		if fits(p, req.URL.Path) {
			if op := c.doc.Paths.Value(p).GetOperation(strings.ToUpper(req.Method)); op != nil && req.URL.Host == c.host {
				return p, op
			}
		}
	}
	return req.URL.Path, nil
}

func fits(pattern, path string) bool {
	want, have := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(want) != len(have) {
		return false
	}
	for i := range want {
		if want[i] != have[i] && (!strings.HasPrefix(want[i], "{") || have[i] == "") {
			return false
		}
	}
	return true
}

// Operation is one operation of the contract.
type Operation struct {
	ID, Method    string
	Path, Pattern string // with 1 for each parameter, and as the contract writes it
}

// Operations lists the contract.
func (s *Stack) Operations() (list []Operation) {
	for _, p := range s.contract.paths {
		for method, op := range s.contract.doc.Paths.Value(p).Operations() {
			parts := strings.Split(p, "/")
			for i := range parts {
				if strings.HasPrefix(parts[i], "{") {
					parts[i] = "1"
				}
			}
			list = append(list, Operation{ID: op.OperationID, Method: method, Path: strings.Join(parts, "/"), Pattern: p})
		}
	}
	slices.SortFunc(list, func(a, b Operation) int { return strings.Compare(a.ID, b.ID) })
	return list
}

// Answered lists what was answered so far, as "GET /v1/site 200".
func (s *Stack) Answered() (list []string) {
	s.contract.mu.Lock()
	defer s.contract.mu.Unlock()
	for what := range s.contract.seen {
		list = append(list, what)
	}
	slices.Sort(list)
	return list
}
