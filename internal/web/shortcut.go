package web

import (
	"fmt"
	"net/url"
	"strings"
	"sync"

	"github.com/gin-gonic/gin"
)

// Shortcut lets a feature answer an operation (by operationId) right after its credentials and parameters were
// checked, in front of the generated binding: fn returns true when it wrote the answer, typically a Cached one.
// It fails for an operation the contract does not have. Call it before serving.
func (s *Server) Shortcut(operationID string, fn func(c *gin.Context) bool) error {
	op := s.operation(operationID)
	if op == nil {
		return fmt.Errorf("web: the contract has no operation %q", operationID)
	}
	op.shortcut = fn
	return nil
}

// ShortcutQuery is Shortcut for an operation without a body whose query is worth remembering: parse turns a query that
// the contract accepts into what fn needs, once per spelling as long as it is remembered. What parse answers is shared by
// requests and must never be changed; its error is the request's.
func ShortcutQuery[Q any](s *Server, operationID string, parse func(url.Values) (Q, error), fn func(c *gin.Context, q Q) bool) error {
	op := s.operation(operationID)
	if op == nil || op.body != nil {
		return fmt.Errorf("web: the contract has no operation %q without a body", operationID)
	}
	op.asked = &queryMemo{parse: func(v url.Values) (any, error) {
		q, err := parse(v)
		return &q, err
	}}
	op.shortcut = func(c *gin.Context) bool { return fn(c, *requestOf(c).asked.(*Q)) }
	return nil
}

func (s *Server) operation(id string) *operation {
	for _, byPath := range s.ops {
		for _, op := range byPath {
			if op.id == id {
				return op
			}
		}
	}
	return nil
}

// Bounds of what is remembered of an operation's queries: about 2 MB however hostile they are.
const (
	maxAsked    = 2048
	maxAskedLen = 512 // a longer query is parsed each time
)

// queryMemo remembers queries that were found good, with what they mean. A query that was refused is never in it.
type queryMemo struct {
	parse func(url.Values) (any, error)

	mu   sync.RWMutex
	seen map[string]any // raw query -> parsed
}

func (m *queryMemo) get(raw string) (any, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	q, ok := m.seen[raw]
	return q, ok
}

// add parses a query the contract accepts and remembers it. When there is no room everything is forgotten, as a flood of
// new queries must cost no more than parsing them does.
func (m *queryMemo) add(raw string) (any, error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, err // the contract's own check has read it already
	}
	q, err := m.parse(values)
	if err != nil || len(raw) > maxAskedLen {
		return q, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.seen == nil || len(m.seen) >= maxAsked {
		m.seen = map[string]any{}
	}
	m.seen[strings.Clone(raw)] = q
	return q, nil
}
