package web

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/gin-gonic/gin"

	"entrepot/internal/errs"
)

// operation is one operation of the contract, compiled at start so that a request walks slices, not a document.
type operation struct {
	id       string
	security [][]scheme // alternatives; within one all must pass, in order
	query    []param
	path     []param
	headers  []param
	body     *bodyRule
	metrics  *routeMetrics
	shortcut func(c *gin.Context) bool
	asked    *queryMemo // nil when queries are not remembered
}

type scheme struct {
	name   string
	verify func(c *gin.Context) error
}

// bodyRule says which bodies an operation takes.
type bodyRule struct {
	required bool
	raw      bool             // x-raw-body: kept as received, a signature covers it
	limit    int64            // of a JSON, form or raw body
	stream   int64            // of a multipart body, which is left to the handler
	json     *openapi3.Schema // nil when JSON is not taken
	other    []string         // further media types
}

func (s *Server) loadContract(spec []byte) error {
	doc, err := openapi3.NewLoader().LoadFromData(spec)
	if err != nil {
		return fmt.Errorf("web: contract: %w", err)
	}
	// kin-openapi compiles a 3.1 schema anew for every validation unless told that it is 3.0; the contract keeps
	// to what both have in common.
	doc.OpenAPI = "3.0.3"
	s.doc, s.ops = doc, map[string]map[string]*operation{}
	var bad []error
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			compiled, err := s.compile(item, op)
			if err != nil {
				bad = append(bad, fmt.Errorf("%s %s: %w", method, path, err))
				continue
			}
			route := ginPath(path)
			compiled.metrics = s.metrics.route(method, route)
			if s.ops[method] == nil {
				s.ops[method] = map[string]*operation{}
			}
			s.ops[method][route] = compiled
		}
	}
	if len(bad) > 0 {
		return fmt.Errorf("web: contract: %w", errors.Join(bad...))
	}
	return nil
}

// ginPath is the route pattern of a contract path: /v1/orders/{orderId} -> /v1/orders/:orderId.
func ginPath(path string) string {
	return strings.NewReplacer("{", ":", "}", "").Replace(path)
}

func (s *Server) compile(item *openapi3.PathItem, op *openapi3.Operation) (*operation, error) {
	if op.OperationID == "" {
		return nil, errors.New("operationId is missing")
	}
	out := &operation{id: op.OperationID}
	for _, ref := range append(slices.Clone(item.Parameters), op.Parameters...) {
		p, err := compileParam(ref.Value)
		if err != nil {
			return nil, fmt.Errorf("parameter %s: %w", ref.Value.Name, err)
		}
		switch ref.Value.In {
		case openapi3.ParameterInQuery:
			out.query = append(out.query, p)
		case openapi3.ParameterInPath:
			out.path = append(out.path, p)
		case openapi3.ParameterInHeader:
			out.headers = append(out.headers, p)
		default:
			return nil, fmt.Errorf("parameter %s: %q is not supported", ref.Value.Name, ref.Value.In)
		}
	}
	if len(out.query) > 64 {
		return nil, errors.New("more than 64 query parameters")
	}
	var err error
	if out.security, err = s.compileSecurity(op); err != nil {
		return nil, err
	}
	if op.RequestBody != nil {
		out.body, err = s.compileBody(op)
	}
	return out, err
}

// rank runs the site first: everything after it may depend on the country.
func rank(name string) int {
	return slices.Index([]string{"siteKey", "memberToken", "staffToken"}, name) & 0xff // unknown (-1) comes last
}

func (s *Server) compileSecurity(op *openapi3.Operation) ([][]scheme, error) {
	reqs := s.doc.Security
	if op.Security != nil {
		reqs = *op.Security
	}
	var out [][]scheme
	for _, req := range reqs {
		all := []scheme{}
		for name := range req {
			verify := s.opts.Authenticate[name]
			if name == "siteKey" {
				verify = s.siteKey
			}
			if verify == nil {
				return nil, fmt.Errorf("nobody verifies security scheme %q", name)
			}
			all = append(all, scheme{name, verify})
		}
		slices.SortFunc(all, func(a, b scheme) int {
			return cmp.Or(cmp.Compare(rank(a.name), rank(b.name)), cmp.Compare(a.name, b.name))
		})
		out = append(out, all)
	}
	// The empty alternative (no credentials needed) is tried last, so that credentials which are there are checked.
	slices.SortStableFunc(out, func(a, b []scheme) int { return cmp.Compare(len(b), len(a)) })
	return out, nil
}

func (s *Server) compileBody(op *openapi3.Operation) (*bodyRule, error) {
	b := op.RequestBody.Value
	rule := &bodyRule{required: b.Required, limit: s.opts.MaxBody}
	if v, ok := op.Extensions["x-raw-body"]; ok {
		rule.raw = truth(v)
	}
	for name, media := range b.Content {
		kind, _, err := mime.ParseMediaType(name)
		if err != nil {
			return nil, fmt.Errorf("content type %q: %w", name, err)
		}
		switch kind {
		case "application/json":
			if media.Schema == nil || media.Schema.Value == nil {
				return nil, errors.New("JSON body without a schema")
			}
			rule.json = media.Schema.Value
		case "multipart/form-data":
			rule.stream = s.opts.MaxImageBody + 64<<10 // room for the part headers
			rule.limit = s.opts.MaxImageBody/3*4 + 64<<10
			rule.other = append(rule.other, kind)
		default:
			rule.other = append(rule.other, kind)
		}
	}
	return rule, nil
}

func truth(v any) bool {
	switch v := v.(type) {
	case bool:
		return v
	case json.RawMessage:
		return string(v) == "true"
	}
	return false
}

// admit lets a request in: credentials, limits, parameters, body. What it refuses never reaches a feature.
func (op *operation) admit(c *gin.Context, r *request) error {
	if err := op.authenticate(c); err != nil {
		return err
	}
	if err := r.srv.limitCaller(c, r); err != nil {
		return err
	}
	if err := op.checkParams(c, r); err != nil {
		return err
	}
	if op.body != nil && r.method != http.MethodGet {
		return op.body.admit(c, r)
	}
	return nil
}

// NoToken is what an Authenticate function answers when there is no token at all. Anonymous requests meet it each time
// where a token is optional, so it is one value for all: never change it.
var NoToken error = errs.New(errs.Unauthenticated, "auth.required")

func (op *operation) authenticate(c *gin.Context) error {
	var missing error
	for _, alternative := range op.security {
		err := verifyAll(c, alternative)
		if err == nil {
			return nil
		}
		if err != NoToken && !errs.Is(err, "auth.required") && !errs.Is(err, "site.key_required") { //nolint:errorlint // the usual one, at once
			return err // wrong credentials are refused even where none are needed
		}
		if missing == nil {
			missing = err
		}
	}
	return missing
}

func verifyAll(c *gin.Context, all []scheme) error {
	for _, s := range all {
		if err := s.verify(c); err != nil {
			return err
		}
	}
	return nil
}
