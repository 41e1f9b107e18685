package sandbox

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// plainArguments are the arguments of the documentation that are read but not required, by no API in particular.
var plainArguments = []string{
	"orderId", "refundId", "outOrderId", "orderIds", "page", "pageSize", "pageNo", "currentPageNum", "createStartTime", "modifyEndTime", "applyStartTime", "includeFields", "attributeKeys",
	"invoiceParam", "extendParam", "msgIdList", "quantity", "refundStatusSet", "dipsuteType", "bizTypes", "memo", "remarkIcon", "message", "tradeType", "vouchers", "categoryId", "language",
}

// everyArgument gives one text to every argument of an API, past the gateway's checks: whatever it is, the answer is whole JSON.
func everyArgument(t *testing.T, s *Server, a *api, required, plain string) {
	args := url.Values{}
	for _, name := range plainArguments {
		args.Set(name, plain)
	}
	for _, want := range a.required {
		for name := range strings.SplitSeq(want, "|") {
			args.Set(name, required)
		}
	}
	c := &call{api: a, app: s.apps[DemoKey], args: args, base: "http://sandbox", now: s.opt.Now()}
	if body := s.execute(c); !json.Valid(body) {
		t.Fatalf("%s answers %.300s", a.name, body)
	}
}

func hostileTexts() []string {
	return append([]string{"1", "{}", "[]", `{"orderId":1}`, `[{"orderId":"1"}]`, "20260101000000000+0800", "true", "zh"}, hostileJSON...)
}

func TestEveryArgumentMayBeHostile(t *testing.T) {
	s, err := New(Options{Offers: 200})
	require.NoError(t, err)
	for _, name := range slices.Sorted(maps.Keys(s.apis)) {
		for _, text := range hostileTexts() {
			everyArgument(t, s, s.apis[name], text, text)
		}
	}
}

func FuzzEveryArgument(f *testing.F) {
	s, err := New(Options{Offers: 200})
	require.NoError(f, err)
	apis := slices.Sorted(maps.Keys(s.apis))
	for i, text := range hostileTexts() {
		f.Add(uint(7*i), text, text)
	}
	f.Fuzz(func(t *testing.T, which uint, required, plain string) {
		everyArgument(t, s, s.apis[apis[which%uint(len(apis))]], required, plain)
	})
}
