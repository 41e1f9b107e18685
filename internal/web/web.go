// Package web is everything HTTP that is not about one feature: bind, render, problem+json, request log,
// idempotency, pagination, rate limits. One middleware does the whole edge, in this order: recovery, request id,
// log line and metrics, then the contract (credentials, parameters, body) of the operation in api/openapi.yaml.
package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sort"
	"strings"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"entrepot/internal/i18n"
	"entrepot/internal/site"
)

// Body limits when Options leaves them out.
const (
	DefaultMaxBody      = 1 << 20  // JSON and form bodies
	DefaultMaxImageBody = 10 << 20 // a picture; the JSON form of it may be 4/3 as long (base64)
	DefaultTimeout      = 25 * time.Second
)

// Options is what the edge needs. Zero limits and times take the defaults above.
type Options struct {
	Logger   *slog.Logger         // access log and errors; nil discards
	Lines    io.Writer            // where JSON lines of requests go without passing slog; nil sends them to Logger
	Bundle   *i18n.Bundle         // texts of problems and language choice
	Sites    *site.Registry       // site keys
	Spec     []byte               // the OpenAPI document (YAML or JSON)
	Registry *prometheus.Registry // nil makes a private one; see Server.Metrics

	MaxBody        int64         // bytes of a JSON or form body
	MaxImageBody   int64         // bytes of a picture
	Timeout        time.Duration // the whole handler; over it work is cancelled and the answer is 503
	TrustedProxies []string      // CIDRs whose X-Forwarded-For is believed; nil believes nobody
	PublicMetrics  bool          // serve /metrics on this engine too
	Limits         Limits        // zero is off

	// Authenticate verifies one security scheme of the contract by name (memberToken, staffToken, ...). It may put
	// the caller in the context with Extend and must call SetCaller. siteKey is built in.
	Authenticate map[string]func(c *gin.Context) error
	// Ready lists what is missing right now; see Reason.
	Ready func(ctx context.Context) []Reason
	// Before runs in front of everything else (CORS, for one); its answers are not logged.
	Before []gin.HandlerFunc
}

// Server is the configured edge. Register routes on Engine, then call Check.
type Server struct {
	Engine *gin.Engine

	opts    Options
	log     *slog.Logger
	doc     *openapi3.T
	ops     map[string]map[string]*operation // method -> gin path -> operation
	metrics *metrics
	langs   languageCache
	bySite  *Limiter[clientKey]
	byCall  *Limiter[Caller]
	other   routeTable
	inSite  map[*site.Site]context.Context // the context of a request that knows nothing but its site
	direct  bool                           // no trusted proxies: the peer is the client
}

// New compiles the contract and builds the engine with its operations endpoints. It fails when the document
// uses something the edge could not check, or names a security scheme nobody verifies.
func New(o Options) (*Server, error) {
	if o.Bundle == nil || o.Sites == nil || len(o.Spec) == 0 {
		return nil, errors.New("web: Bundle, Sites and Spec are required")
	}
	o = o.withDefaults()
	gin.SetMode(gin.ReleaseMode)
	m, err := newMetrics(o.Registry)
	if err != nil {
		return nil, err
	}
	s := &Server{
		Engine: gin.New(), opts: o, log: o.Logger, metrics: m,
		bySite: NewLimiter[clientKey](o.Limits.SitePerSecond, o.Limits.SiteBurst),
		byCall: NewLimiter[Caller](o.Limits.MemberPerSecond, o.Limits.MemberBurst),
		direct: len(o.TrustedProxies) == 0,
		inSite: map[*site.Site]context.Context{},
	}
	s.other.metrics = m
	for _, at := range o.Sites.All() {
		s.inSite[at] = site.NewContext(context.Background(), at) //nolint:fatcontext // each begins anew
	}
	if err := s.loadContract(o.Spec); err != nil {
		return nil, err
	}
	e := s.Engine
	e.ContextWithFallback = true
	e.HandleMethodNotAllowed = true
	e.RedirectTrailingSlash = false
	if err := e.SetTrustedProxies(o.TrustedProxies); err != nil {
		return nil, fmt.Errorf("web: trusted proxies: %w", err)
	}
	e.Use(o.Before...)
	e.Use(s.edge)
	e.NoRoute(noRoute)
	e.NoMethod(noMethod)
	s.operations()
	return s, nil
}

func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Registry == nil {
		o.Registry = prometheus.NewRegistry()
	}
	if o.MaxBody <= 0 {
		o.MaxBody = DefaultMaxBody
	}
	if o.MaxImageBody <= 0 {
		o.MaxImageBody = DefaultMaxImageBody
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	return o
}

// Contract is the loaded OpenAPI document, for tests that validate answers. Do not change it.
func (s *Server) Contract() *openapi3.T { return s.doc }

// Check compares the routes of the engine with the contract, both ways: what is routed without an operation
// (files of the docs page and paths below the given prefixes excepted) and which operation has no route.
func (s *Server) Check(exceptPrefixes ...string) error {
	var problems []string
	routed := map[string]bool{}
	for _, r := range s.Engine.Routes() {
		routed[r.Method+" "+r.Path] = true
		if s.ops[r.Method][r.Path] != nil || r.Path == docsFiles || hasPrefix(r.Path, exceptPrefixes) {
			continue
		}
		problems = append(problems, "route without operation: "+r.Method+" "+r.Path)
	}
	for method, byPath := range s.ops {
		for path := range byPath {
			if path == metricsPath && !s.opts.PublicMetrics {
				continue // lives on the operator's listener
			}
			if !routed[method+" "+path] {
				problems = append(problems, "operation without route: "+method+" "+path)
			}
		}
	}
	if len(problems) == 0 {
		return nil
	}
	sort.Strings(problems)
	return errors.New("web: contract: " + strings.Join(problems, "; "))
}

func hasPrefix(path string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(path, p) {
			return true
		}
	}
	return false
}
