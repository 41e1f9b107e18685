package alibaba

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestClip(t *testing.T) {
	for _, tt := range []struct {
		in   string
		n    int
		want string
	}{
		{"short", 10, "short"}, {"exact", 5, "exact"}, {"abcdef", 3, "abc"},
		{"aéb", 2, "a"}, {"中文", 4, "中"}, {"中", 1, ""}, {"a\x00b\nc", 10, "a b c"}, {"\x80\x80\x80", 1, ""},
	} {
		assert.Equal(t, tt.want, clip(tt.in, tt.n), "%q", tt.in)
	}
}

func TestError_text_is_bounded(t *testing.T) {
	long := strings.Repeat("x", 5000)
	e := &Error{API: "trade.cross.orderSync", Class: Rejected, Code: long, Message: long, HTTPStatus: 200, Err: errors.New(long)}
	assert.Less(t, len(e.Error()), 800)
	assert.Equal(t, "alibaba: trade.cross.orderSync: rejected: code E1: no (HTTP 200)",
		(&Error{API: "trade.cross.orderSync", Class: Rejected, Code: "E1", Message: "no", HTTPStatus: 200}).Error())
}
