package errs_test

import (
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"entrepot/internal/errs"
)

func TestBuilders(t *testing.T) {
	e := errs.New(errs.RateLimited, "area.reason", "limit", 5, "unit", "s").At("/items/0", "field.range", "min", 1).At("/note", "field.max_length").
		Because(io.EOF).After(3 * time.Second)
	assert.Equal(t, &errs.Error{
		Code: errs.RateLimited, Key: "area.reason", Args: map[string]any{"limit": 5, "unit": "s"},
		Fields:     []errs.Field{{Pointer: "/items/0", Key: "field.range", Args: map[string]any{"min": 1}}, {Pointer: "/note", Key: "field.max_length"}},
		RetryAfter: 3 * time.Second, Err: io.EOF,
	}, e)
	assert.ErrorIs(t, e, io.EOF)
}

// The text is for the log: it names code, key and cause, never what a caller sent.
func TestErrorText(t *testing.T) {
	assert.Equal(t, "invalid request.invalid", errs.New(errs.Invalid, "request.invalid", "value", "sent by a person").Error())
	assert.Equal(t, "upstream upstream.bad_answer: EOF", errs.New(errs.Upstream, "upstream.bad_answer").Because(io.EOF).Error())
}

func TestOddArgsAreDropped(t *testing.T) {
	assert.Equal(t, map[string]any{"a": 1}, errs.New(errs.Rule, "x.y", "a", 1, "lonely").Args)
	assert.Nil(t, errs.New(errs.Rule, "x.y").Args)
}

func TestWireCode(t *testing.T) {
	for key, want := range map[string]string{
		"order.price_changed": "ORDER_PRICE_CHANGED", "internal.error": "INTERNAL_ERROR", "a.b-c.d": "A_B_C_D", "": "",
	} {
		assert.Equal(t, want, errs.WireCode(key))
	}
}

func TestFromIsAndCodeOf(t *testing.T) {
	known := errs.New(errs.NotFound, "order.not_found")
	wrapped := fmt.Errorf("store: %w", known)
	for _, err := range []error{known, wrapped, errors.Join(io.EOF, wrapped)} {
		assert.Same(t, known, errs.From(err))
		assert.True(t, errs.Is(err, "order.not_found"))
		assert.False(t, errs.Is(err, "order.not_payable"))
		assert.Equal(t, errs.NotFound, errs.CodeOf(err))
	}
	foreign := errs.From(io.EOF)
	assert.Equal(t, &errs.Error{Code: errs.Internal, Key: "internal.error", Err: io.EOF}, foreign)
	assert.Equal(t, errs.Internal, errs.CodeOf(io.EOF))
	assert.False(t, errs.Is(io.EOF, "internal.error"), "it carries no key of its own")
	assert.Equal(t, errs.Code(""), errs.CodeOf(nil))
	assert.False(t, errs.Is(nil, ""))
}
