package web

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"entrepot/internal/errs"
)

// visitOptions are the same for every body: all errors, times as Go reads them.
var visitOptions = []openapi3.SchemaValidationOption{
	openapi3.MultiErrors(),
	openapi3.DisableSchemaErrorDetails(),
	openapi3.WithStringFormatValidator("date-time", openapi3.NewCallbackValidator(func(s string) error {
		_, err := time.Parse(time.RFC3339, s)
		return err
	})),
	openapi3.WithStringFormatValidator("id", openapi3.NewCallbackValidator(func(s string) error {
		_, err := ParseID(s)
		return err
	})),
}

// validate checks a decoded body against the schema and reports every broken field, nil when there is none.
func validate(schema *openapi3.Schema, value any, odd []oddNumber) *errs.Error {
	c := collector{root: schema, unknown: map[string]bool{}}
	for _, n := range odd {
		c.oddNumber(n)
	}
	if err := schema.VisitJSON(value, visitOptions...); err != nil {
		c.add(err, "")
	}
	return c.found
}

type collector struct {
	root    *openapi3.Schema
	found   *errs.Error
	unknown map[string]bool // objects whose unknown members are reported
}

func (c *collector) at(pointer, key string, args ...any) {
	if c.found != nil { // one message per field: the first is the most telling
		for i := range c.found.Fields {
			if c.found.Fields[i].Pointer == pointer {
				return
			}
		}
	}
	c.found = broken(c.found, pointer, key, args...)
}

// oddNumber refuses 1.5, 1.0, 1e3 and integers beyond 64 bits wherever the contract does not say "number".
func (c *collector) oddNumber(n oddNumber) {
	if schema := schemaAt(c.root, string(n.pointer)); schema != nil && permitsNumber(schema) {
		return
	}
	if n.huge {
		c.at(string(n.pointer), "field.range")
		return
	}
	c.at(string(n.pointer), "field.type", "expected", "integer")
}

// schemaAt follows a JSON pointer through properties and items, nil when the contract does not know the place.
func schemaAt(s *openapi3.Schema, pointer string) *openapi3.Schema {
	if pointer == "" {
		return s
	}
	for _, part := range strings.Split(pointer[1:], "/") {
		name := strings.NewReplacer("~1", "/", "~0", "~").Replace(part)
		next := s.Items
		if p, ok := s.Properties[name]; ok {
			next = p
		} else if s.AdditionalProperties.Schema != nil {
			next = s.AdditionalProperties.Schema
		}
		if next == nil || next.Value == nil {
			return nil
		}
		s = next.Value
	}
	return s
}

func permitsNumber(s *openapi3.Schema) bool {
	if s.Type.Includes("number") {
		return true
	}
	return slices.ContainsFunc(slices.Concat(s.OneOf, s.AnyOf, s.AllOf), func(one *openapi3.SchemaRef) bool {
		return permitsNumber(one.Value)
	})
}

func (c *collector) add(err error, base string) {
	var many openapi3.MultiError
	if m, ok := err.(openapi3.MultiError); ok { //nolint:errorlint // only the outermost error counts: As would look inside
		many = m
	}
	for _, one := range many {
		if c.found != nil && len(c.found.Fields) >= maxFaults {
			return
		}
		c.add(one, base)
	}
	if many != nil {
		return
	}
	var se *openapi3.SchemaError
	if !errors.As(err, &se) {
		c.at(base, "field.invalid")
		return
	}
	pointer := base
	for _, part := range se.JSONPointer() {
		pointer += "/" + escapePointer(part)
	}
	c.schemaError(se, pointer)
}

func (c *collector) schemaError(se *openapi3.SchemaError, pointer string) {
	s := se.Schema
	switch se.SchemaField {
	case "type", "nullable":
		c.at(pointer, "field.type", "expected", expected(s))
	case "properties":
		c.unknownMembers(se, pointer)
	case "required":
		c.at(pointer, "field.required")
	case "enum":
		c.at(pointer, "field.enum")
	case "pattern":
		c.at(pointer, "field.pattern")
	case "format":
		c.at(pointer, "field.format")
	case "minimum":
		c.at(pointer, "field.min", "min", number(*s.Min))
	case "maximum":
		c.at(pointer, "field.max", "max", number(*s.Max))
	case "exclusiveMinimum", "exclusiveMaximum", "multipleOf":
		c.at(pointer, "field.range")
	case "minLength":
		c.at(pointer, "field.min_length", "min", s.MinLength)
	case "maxLength":
		c.at(pointer, "field.max_length", "max", *s.MaxLength)
	case "minItems":
		c.at(pointer, "field.min_items", "min", s.MinItems)
	case "maxItems":
		c.at(pointer, "field.max_items", "max", *s.MaxItems)
	case "uniqueItems":
		c.at(pointer, "field.duplicate")
	case "oneOf", "anyOf":
		c.alternatives(se, pointer)
	case "allOf":
		for _, one := range s.AllOf {
			if err := one.Value.VisitJSON(se.Value, visitOptions...); err != nil {
				c.add(err, pointer)
			}
		}
	default:
		c.at(pointer, "field.invalid")
	}
}

// alternatives tells what is wrong with the alternative whose type fits, as for an id that is text or an integer.
func (c *collector) alternatives(se *openapi3.SchemaError, pointer string) {
	for _, one := range slices.Concat(se.Schema.OneOf, se.Schema.AnyOf) {
		err := one.Value.VisitJSON(se.Value, visitOptions...)
		if err == nil || typeMismatch(err) {
			continue
		}
		c.add(err, pointer)
		return
	}
	c.at(pointer, "field.type", "expected", expected(se.Schema))
}

// typeMismatch tells whether the value as a whole has the wrong type; a wrong member is something else.
func typeMismatch(err error) bool {
	if m, ok := err.(openapi3.MultiError); ok && len(m) > 0 { //nolint:errorlint // as in add
		err = m[0]
	}
	var se *openapi3.SchemaError
	return errors.As(err, &se) && len(se.JSONPointer()) == 0 && (se.SchemaField == "type" || se.SchemaField == "nullable")
}

// unknownMembers names all members the schema does not know; the library reports one error for each but not where.
func (c *collector) unknownMembers(se *openapi3.SchemaError, pointer string) {
	if c.unknown[pointer] {
		return
	}
	c.unknown[pointer] = true
	members, _ := se.Value.(map[string]any)
	names := make([]string, 0, len(members))
	for name := range members {
		if _, known := se.Schema.Properties[name]; !known {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names[:min(len(names), maxFaults)] {
		c.at(pointer+"/"+escapePointer(name), "field.unknown")
	}
}

// expected is what the contract wanted, in the contract's own words: "integer", "string or integer".
func expected(s *openapi3.Schema) string {
	names := slices.Clone(s.Type.Slice())
	for _, one := range slices.Concat(s.OneOf, s.AnyOf) {
		names = append(names, one.Value.Type.Slice()...)
	}
	return strings.Join(slices.Compact(names), " or ")
}

// number writes a bound of the contract without the float it is stored in.
func number(f float64) string {
	if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return strconv.FormatInt(int64(f), 10)
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}
