package web

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/gin-gonic/gin"

	"entrepot/internal/errs"
)

// param is one declared parameter with its rules ready to run: a cached GET spends 1-2 us here, a walk through the
// document 30.
type param struct {
	name     string // canonical for headers
	pointer  string
	required bool
	many     bool // array, one value per occurrence
	maxItems int
	rule     rule
}

// rule checks one text value.
type rule struct {
	kind     string // string, integer or boolean
	min, max int64
	minLen   int
	maxLen   int
	pattern  *regexp.Regexp
	digits   int // longest decimal number without leading zeros, when that is the whole pattern; 0 otherwise
	enum     []string
}

func compileParam(p *openapi3.Parameter) (param, error) {
	out := param{name: p.Name, pointer: "/" + p.In + "/" + escapePointer(p.Name), required: p.Required}
	if p.In == openapi3.ParameterInHeader {
		out.name = http.CanonicalHeaderKey(p.Name)
	}
	if p.Schema == nil || p.Schema.Value == nil {
		return out, errors.New("no schema")
	}
	schema := p.Schema.Value
	if schema.Type.Is("array") {
		explode := p.Explode == nil || *p.Explode
		if p.In != openapi3.ParameterInQuery || !explode || p.Style != "" && p.Style != "form" || schema.Items == nil {
			return out, errors.New("only exploded form arrays in the query are supported")
		}
		out.many, out.maxItems = true, math.MaxInt32
		if schema.MaxItems != nil {
			out.maxItems = int(*schema.MaxItems)
		}
		schema = schema.Items.Value
	}
	var err error
	out.rule, err = compileRule(schema)
	return out, err
}

func compileRule(s *openapi3.Schema) (rule, error) {
	for _, one := range slices.Concat(s.OneOf, s.AnyOf) { // an id is text or a number; here everything is text
		if one.Value.Type.Is("string") {
			return compileRule(one.Value)
		}
	}
	r := rule{min: math.MinInt64, max: math.MaxInt64, maxLen: math.MaxInt}
	if s.OneOf != nil || s.AnyOf != nil || s.AllOf != nil || s.Not != nil || s.MultipleOf != nil ||
		s.ExclusiveMin.IsSet() || s.ExclusiveMax.IsSet() {
		return r, errors.New("the schema is not a simple one")
	}
	switch {
	case s.Type.Is("string"), s.Type.Is("integer"), s.Type.Is("boolean"):
		r.kind = s.Type.Slice()[0]
	default:
		return r, fmt.Errorf("type %v is not supported", s.Type)
	}
	if s.Min != nil {
		r.min = int64(*s.Min)
	}
	if s.Max != nil {
		r.max = int64(*s.Max)
	}
	r.minLen = int(s.MinLength)
	if s.MaxLength != nil {
		r.maxLen = int(*s.MaxLength)
	}
	for _, v := range s.Enum {
		r.enum = append(r.enum, fmt.Sprint(v))
	}
	if s.Pattern != "" {
		var err error
		if r.pattern, err = regexp.Compile(s.Pattern); err != nil {
			return r, err
		}
		if m := idPattern.FindStringSubmatch(s.Pattern); m != nil {
			n, _ := strconv.Atoi(m[1]) // at most two digits
			r.digits = n + 1
		}
	}
	return r, nil
}

// idPattern is how the contract spells ids: a request for a product need not start the regular expression engine.
var idPattern = regexp.MustCompile(`^\^\[1-9\]\[0-9\]\{0,([0-9]{1,2})\}\$$`)

// matches tells whether v fits the pattern.
func (r *rule) matches(v string) bool {
	if r.digits == 0 {
		return r.pattern == nil || r.pattern.MatchString(v)
	}
	if v == "" || len(v) > r.digits || v[0] == '0' {
		return false
	}
	for i := range len(v) {
		if v[i] < '0' || v[i] > '9' {
			return false
		}
	}
	return true
}

// check returns the key of the message that says what is wrong with v, or "".
func (r *rule) check(v string) (key string, args []any) {
	if strings.IndexByte(v, 0) >= 0 {
		return "field.invalid", nil
	}
	if !utf8.ValidString(v) {
		return "encoding.invalid", nil
	}
	switch r.kind {
	case "integer":
		return r.checkInteger(v)
	case "boolean":
		if v != "true" && v != "false" {
			return "field.type", []any{"expected", "boolean"}
		}
		return "", nil
	}
	if len(v) < r.minLen || len(v) > r.maxLen { // bytes first: counting is only needed near the limit
		n := utf8.RuneCountInString(v)
		if n < r.minLen {
			return "field.min_length", []any{"min", r.minLen}
		}
		if n > r.maxLen {
			return "field.max_length", []any{"max", r.maxLen}
		}
	} else if r.minLen > 1 && utf8.RuneCountInString(v) < r.minLen {
		return "field.min_length", []any{"min", r.minLen}
	}
	if r.enum != nil && !slices.Contains(r.enum, v) {
		return "field.enum", nil
	}
	if !r.matches(v) {
		return "field.pattern", nil
	}
	return "", nil
}

func (r *rule) checkInteger(v string) (string, []any) {
	digits := strings.TrimPrefix(v, "-")
	if digits == "" || len(digits) > 1 && digits[0] == '0' || strings.Trim(digits, "0123456789") != "" {
		return "field.type", []any{"expected", "integer"}
	}
	n, err := strconv.ParseInt(v, 10, 64)
	switch {
	case err != nil:
		return "field.range", nil
	case n < r.min:
		return "field.min", []any{"min", r.min}
	case n > r.max:
		return "field.max", []any{"max", r.max}
	case r.enum != nil && !slices.Contains(r.enum, v):
		return "field.enum", nil
	}
	return "", nil
}

// checkParams reports every broken parameter at once.
func (op *operation) checkParams(c *gin.Context, r *request) error {
	raw, known := c.Request.URL.RawQuery, false
	if op.asked != nil {
		r.asked, known = op.asked.get(raw)
	}
	var e *errs.Error
	if !known && (raw != "" || len(op.query) > 0) {
		e = op.checkQuery(raw, e)
	}
	for i := range op.path {
		p := &op.path[i]
		if key, args := p.rule.check(c.Param(p.name)); key != "" {
			e = broken(e, p.pointer, key, args...)
		}
	}
	for i := range op.headers {
		p := &op.headers[i]
		values := c.Request.Header[p.name]
		if p.name == idempotencyHeader {
			if err := checkIdempotencyKey(values, p.required); err != nil {
				return err
			}
			continue
		}
		e = p.checkHeader(values, e)
	}
	if e != nil {
		return e
	}
	if op.asked != nil && !known {
		var err error
		r.asked, err = op.asked.add(raw)
		return err
	}
	return nil
}

func (p *param) checkHeader(values []string, e *errs.Error) *errs.Error {
	switch len(values) {
	case 0:
		if p.required {
			return broken(e, p.pointer, "field.required")
		}
	case 1:
		if key, args := p.rule.check(values[0]); key != "" {
			return broken(e, p.pointer, key, args...)
		}
	default:
		return broken(e, p.pointer, "field.duplicate")
	}
	return e
}

// checkQuery walks the raw query without building a map of it.
func (op *operation) checkQuery(raw string, e *errs.Error) *errs.Error {
	if strings.IndexByte(raw, ';') >= 0 { // net/url drops such a pair in silence; so would the binding
		return broken(e, "/query", "encoding.invalid")
	}
	var seen [64]int
	for n := 0; raw != ""; {
		var pair string
		pair, raw, _ = strings.Cut(raw, "&")
		if pair == "" {
			continue
		}
		if n++; n > 1000 {
			return broken(e, "/query", "field.max_items", "max", 1000)
		}
		name, value, _ := strings.Cut(pair, "=")
		name, err1 := unescape(name)
		value, err2 := unescape(value)
		if err1 != nil || err2 != nil {
			e = broken(e, "/query", "encoding.invalid")
			continue
		}
		i := slices.IndexFunc(op.query, func(p param) bool { return p.name == name })
		if i < 0 && op.body != nil && op.body.raw {
			continue // a signature covers the whole query; the feature checks it
		}
		if i < 0 {
			e = broken(e, "/query/"+escapePointer(strings.ToValidUTF8(name, "")), "query.unknown")
			continue
		}
		p := &op.query[i]
		if seen[i]++; seen[i] > 1 && !p.many {
			e = broken(e, p.pointer, "field.duplicate")
			continue
		}
		if p.many && seen[i] > p.maxItems {
			e = broken(e, p.pointer, "field.max_items", "max", p.maxItems)
			break
		}
		if key, args := p.rule.check(value); key != "" {
			e = broken(e, p.pointer, key, args...)
		}
	}
	for i := range op.query {
		if op.query[i].required && seen[i] == 0 {
			e = broken(e, op.query[i].pointer, "field.required")
		}
	}
	return e
}

func unescape(s string) (string, error) {
	if strings.IndexByte(s, '%') < 0 && strings.IndexByte(s, '+') < 0 {
		return s, nil
	}
	return url.QueryUnescape(s)
}

// broken adds a field to e, which it makes when there is none yet; it stops at what an answer shows.
func broken(e *errs.Error, pointer, key string, args ...any) *errs.Error {
	if e == nil {
		e = errs.New(errs.Invalid, "request.invalid")
	}
	if len(e.Fields) >= maxFaults {
		return e
	}
	return e.At(pointer, key, args...)
}

func escapePointer(s string) string {
	if !strings.ContainsAny(s, "~/") {
		return s
	}
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(s)
}
