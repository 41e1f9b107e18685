package app_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The shapes of testdata/contract look like the answers they describe, with kinds in place of values:
//
//	"number", "string|null"    one of these kinds
//	"string?"                  the same, or null, or not there at all; so is a name ending in ?
//	"=true"                    this very text; true without quotes is this very boolean
//	[shape]                    a list with at least one member, all of which fit
//	["maybe", shape]           a list that may be empty, null or not there
//	{"isX|x": shape}           either name

// contractCheck lists what of a value does not fit its shape.
func contractCheck(shape, value any, path string) []string {
	switch s := shape.(type) {
	case bool:
		if value != s {
			return []string{fmt.Sprintf("%s is %v, not %v", path, contractShort(value), s)}
		}
	case string:
		return contractCheckKind(s, value, path)
	case []any:
		return contractCheckList(s, value, path)
	case map[string]any:
		return contractCheckObject(s, value, path)
	}
	return nil
}

func contractCheckKind(want string, value any, path string) []string {
	if text, ok := strings.CutPrefix(want, "="); ok {
		if value != text {
			return []string{fmt.Sprintf("%s is %v, not the text %q", path, contractShort(value), text)}
		}
		return nil
	}
	kinds, optional := strings.CutSuffix(want, "?")
	if optional && value == nil || slices.Contains(strings.Split(kinds, "|"), contractKind(value)) {
		return nil
	}
	return []string{fmt.Sprintf("%s is %s, not %s", path, contractKind(value), want)}
}

func contractCheckList(shape []any, value any, path string) []string {
	maybe := len(shape) == 2 && shape[0] == "maybe"
	list, ok := value.([]any)
	switch {
	case !ok && (!maybe || value != nil):
		return []string{fmt.Sprintf("%s is %s, not array", path, contractKind(value))}
	case len(list) == 0 && !maybe:
		return []string{path + " is empty"}
	}
	var out []string
	for i, v := range list {
		out = append(out, contractCheck(shape[len(shape)-1], v, fmt.Sprintf("%s[%d]", path, i))...)
		if len(out) > 0 {
			break // the rest would say the same
		}
	}
	return out
}

func contractCheckObject(shape map[string]any, value any, path string) []string {
	m, ok := value.(map[string]any)
	if !ok {
		return []string{fmt.Sprintf("%s is %s, not object", path, contractKind(value))}
	}
	var out []string
	for _, key := range slices.Sorted(maps.Keys(shape)) {
		names, optional := strings.CutSuffix(key, "?")
		name, found := "", false
		for _, n := range strings.Split(names, "|") {
			if _, there := m[n]; there {
				name, found = n, true
			}
		}
		at := path + "." + names
		switch {
		case found && (m[name] != nil || !optional):
			out = append(out, contractCheck(shape[key], m[name], at)...)
		case !found && !optional && !contractOptional(shape[key]):
			out = append(out, at+" is missing")
		}
	}
	return out
}

// contractOptional says whether a member of this shape may be left out.
func contractOptional(shape any) bool {
	switch s := shape.(type) {
	case string:
		return strings.HasSuffix(s, "?")
	case []any:
		return len(s) == 2 && s[0] == "maybe"
	}
	return false
}

func contractKind(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case json.Number:
		return "number"
	case []any:
		return "array"
	}
	return "object"
}

func contractShort(v any) string {
	text, _ := json.Marshal(v)
	if r := []rune(string(text)); len(r) > 120 {
		return string(r[:120]) + "..."
	}
	return string(text)
}

// contractKinds collects the kinds at every path of a value; members of a list share one path.
func contractKinds(v any, path string, into map[string]map[string]bool) {
	if into[path] == nil {
		into[path] = map[string]bool{}
	}
	into[path][contractKind(v)] = true
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			contractKinds(x, strings.TrimPrefix(path+"."+k, "."), into)
		}
	case []any:
		for _, x := range v {
			contractKinds(x, path+"[]", into)
		}
	}
}

// contractGolden compares an answer with an official sample: what the sample has must be there, and of the same kind.
func contractGolden(sample, answer any, may []string) []string {
	want, got := map[string]map[string]bool{}, map[string]map[string]bool{}
	contractKinds(sample, "", want)
	contractKinds(answer, "", got)
	var out []string
	for _, path := range slices.Sorted(maps.Keys(want)) {
		for kind := range want[path] {
			if !got[path][kind] && !slices.Contains(may, path) {
				out = append(out, fmt.Sprintf("%s is %s in the official sample, here %v", path, kind, slices.Sorted(maps.Keys(got[path]))))
			}
		}
	}
	return out
}

func TestContractShapes(t *testing.T) {
	answer := `{"n":1,"s":"x","t":"true","b":true,"z":null,"l":[{"id":1},{"id":2}],"e":[]}`
	for _, c := range []struct {
		shape string
		want  []string
	}{
		{`{"n":"number","s":"string","t":"=true","b":true,"z":"null","l":[{"id":"number"}],"e":["maybe","string"]}`, nil},
		{`{"n":"string|number","z":"string?","gone":"string?","gone2?":{"a":"string"},"z?":{"a":"string"},"isN|n":"number","gone3":["maybe","string"]}`, nil},
		{`{"n":"string"}`, []string{".n is number, not string"}},
		{`{"z":"string"}`, []string{".z is null, not string"}},
		{`{"gone":"string"}`, []string{".gone is missing"}},
		{`{"b":false}`, []string{".b is true, not false"}},
		{`{"b":"=true"}`, []string{`.b is true, not the text "true"`}},
		{`{"e":["string"]}`, []string{".e is empty"}},
		{`{"s":["maybe","string"]}`, []string{".s is string, not array"}},
		{`{"l":[{"id":"string"}]}`, []string{".l[0].id is number, not string"}},
		{`{"l":{"id":"string"}}`, []string{".l is array, not object"}},
		{`["string"]`, []string{" is object, not array"}},
	} {
		assert.Equal(t, c.want, contractCheck(contractJSON(t, c.shape), contractJSON(t, answer), ""), c.shape)
	}
	sample := contractJSON(t, `{"a":[{"b":1,"c":"x"}],"d":true}`)
	assert.Empty(t, contractGolden(sample, contractJSON(t, `{"a":[{"b":null},{"b":2,"c":"y"}],"d":false,"more":1}`), nil))
	assert.Len(t, contractGolden(sample, contractJSON(t, `{"a":[{"b":"1"}],"d":"true"}`), []string{"a[].c"}), 2)
}

func contractJSON(t *testing.T, text string) (v any) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	require.NoError(t, d.Decode(&v), text)
	return v
}
