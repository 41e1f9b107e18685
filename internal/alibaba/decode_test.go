package alibaba

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// standard is decode by way of encoding/json.
func standard(data []byte, v any) error {
	err := json.Unmarshal(data, v)
	var drift *json.UnmarshalTypeError
	if errors.As(err, &drift) {
		return nil
	}
	return err
}

// Types without methods of their own, so that encoding/json reads their fields itself.
type (
	plainOffer   SearchOffer
	plainProduct Product
	plainSKU     SKU

	embedded struct {
		Shadowed Text `json:"shadowed"`
		Inner    Int  `json:"inner"`
		Twice    Text
	}
	other struct{ Twice, Other Text }
	every struct {
		*embedded
		other
		Shadowed Int               `json:"shadowed"`
		ID       ID                `json:"id"`
		Text     Text              `json:"text"`
		Bool     Bool              `json:"bool"`
		Int      Int               `json:"int"`
		Yuan     Yuan              `json:"yuan"`
		Fen      FenOfYuan         `json:"fen"`
		Time     Time              `json:"time"`
		Raw      json.RawMessage   `json:"raw"`
		Number   json.Number       `json:"number"`
		String   string            `json:"string"`
		Plain    bool              `json:"plain,omitempty"`
		Small    int8              `json:"small"`
		Float    float64           `json:"float"`
		Unsigned uint16            `json:"unsigned"`
		Any      any               `json:"any"`
		Map      map[string]Text   `json:"map"`
		Array    [2]int            `json:"array"`
		Bytes    []byte            `json:"bytes"`
		Texts    []Text            `json:"texts"`
		Ints     []int             `json:"ints"`
		Lists    [][]string        `json:"lists"`
		Pointer  *every            `json:"pointer"`
		Child    []every           `json:"child"`
		Levels   map[string]*every `json:"levels"`
		Hidden   string            `json:"-"`
		Dash     string            `json:"-,"` //nolint:staticcheck // encoding/json knows it by the name "-"
		hidden   string            //nolint:unused // nothing may come in here
		Name     string
	}
)

// same reads data both ways into values of one type and compares what comes out.
func same[T any](t *testing.T, data []byte, fresh func() *T) {
	t.Helper()
	ours, theirs := fresh(), fresh()
	err1, err2 := decode(data, ours), standard(data, theirs)
	require.Equal(t, err2 == nil, err1 == nil, "ours %v, encoding/json %v: %s", err1, err2, data)
	if err1 == nil {
		require.True(t, reflect.DeepEqual(ours, theirs), "%s\nours   %+v\ntheirs %+v", data, ours, theirs)
	}
}

func newEvery() *every { return &every{embedded: &embedded{}} }

// sameEverywhere reads data into every type that has something to find in it.
func sameEverywhere(t *testing.T, data []byte) {
	t.Helper()
	same(t, data, newEvery)
	same(t, data, func() *[]every { return new([]every) })
	same(t, data, func() *level { return new(level) })
	same(t, data, func() *plainOffer { return new(plainOffer) })
	same(t, data, func() *plainProduct { return new(plainProduct) })
	same(t, data, func() *plainSKU { return new(plainSKU) })
	same(t, data, func() *map[string]Text { return new(map[string]Text) })
	same(t, data, func() *string { return new(string) })
	d := decoder{data: data}
	d.space()
	_, err := d.skip()
	d.space()
	require.Equal(t, json.Valid(data), err == nil && d.pos == len(data), "%s", data)
}

var oddities = []string{
	``, ` `, `null`, `true`, `tru`, `nul`, `falsee`, `0`, `01`, `-`, `-0`, `1.`, `1.5`, `.5`, `1e5`, `1E+`, `1e-7`, `"`, `""`, `"a`, "\"a\x01\"", "\"\x7f\"",
	`"\"`, `"\\"`, `"\u12"`, `"\u12G4"`, `"\ud800"`, `"\ud83d\ude00"`, "\"\xff\xfe\"", `"\x"`, `[`, `[]`, `[,]`, `[1,]`, `[1 2]`, `]`, `{`, `{}`, `{,}`, `{"a"}`, `{"a":}`,
	`{"a":1,}`, `{"a":1 "b":2}`, `{a:1}`, `{"a":1}}`, `{"a":1} x`, "\ufeff{}", " \t\r\n{ \"text\" : \"a\" } \n",
	`{"text":"a","TEXT":"b","Text":null}`, `{"te\u0078t":"x"}`, `{"te\u017ft":1,"teſt":2,"ſtring":"long s","name":"n","NAME":"m"}`, `{"shadowed":5,"inner":"7","Twice":"t","Other":"o"}`,
	`{"-":"dash","hidden":"x","Hidden":"y"}`, `{"id":"x"}`, `{"id":1.5}`, `{"id":{}}`, `{"id":"12"}`, `{"fen":"x"}`, `{"child":[{"id":1},{"id":"x"}]}`,
	`{"small":300,"int":1e3,"float":1e400,"unsigned":-1,"string":5,"plain":"true","number":"12","number":5,"bytes":"aGk=","bytes":5,"array":[1,2,3]}`,
	`{"texts":{"a":1},"ints":[1,"2",3.5,null],"lists":[["a"],null,[1],"x"],"pointer":{"pointer":null,"text":"deep"},"child":"no"}`,
	`{"any":{"a":[1,null,"x"]},"map":{"a":1,"b":"c"},"levels":{"a":{"text":1},"b":null},"raw": {"x" : [1, 2]} ,"pointer":[]}`,
	`{"texts":null,"ints":[],"lists":[[]],"pointer":null,"child":[],"raw":null,"time":"20260511132750000+0800","yuan":1.0E1,"bool":"TRUE"}`,
	`{"success":"true","code":null,"result":{"data":[1]},"data":{},"retCode":200}`,
	strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000), strings.Repeat("[", 10_001) + strings.Repeat("]", 10_001), strings.Repeat(`{"a":`, 20_000),
}

func TestDecodeIsThatOfEncodingJSON(t *testing.T) {
	for _, in := range oddities {
		sameEverywhere(t, []byte(in))
	}
	files, err := filepath.Glob("testdata/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	rng := rand.New(rand.NewPCG(1, 2))
	for _, name := range files {
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		sameEverywhere(t, data)
		for _, part := range parts(data) {
			sameEverywhere(t, part)
		}
		for range 30 { // broken at some place
			cut := append([]byte(nil), data...)
			if len(cut) > 0 {
				cut[rng.IntN(len(cut))] = "{}[]\",:0a\\ \x00\xff"[rng.IntN(13)]
			}
			sameEverywhere(t, cut)
			sameEverywhere(t, cut[:rng.IntN(len(cut)+1)])
		}
	}
}

// parts are the values inside a document, a few levels deep.
func parts(data []byte) (out [][]byte) {
	var object map[string]json.RawMessage
	var list []json.RawMessage
	if json.Unmarshal(data, &object) == nil {
		for _, v := range object {
			out = append(append(out, v), parts(v)...)
		}
	} else if json.Unmarshal(data, &list) == nil {
		for _, v := range list[:min(3, len(list))] {
			out = append(append(out, v), parts(v)...)
		}
	}
	return out
}

func FuzzDecode(f *testing.F) {
	for _, in := range oddities {
		if len(in) < 1000 {
			f.Add([]byte(in))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if repeats(data) {
			t.Skip() // encoding/json lets the first list shine through the second
		}
		sameEverywhere(t, data)
	})
}

// repeats tells whether an object has a member twice, in any spelling.
func repeats(data []byte) bool {
	d := decoder{data: data}
	var walk func() error
	twice := false
	walk = func() error {
		switch d.peek() {
		case '{':
			seen := map[string]bool{}
			return d.members(func(name []byte) error {
				low := strings.ToLower(strings.ToUpper(unquote(name)))
				twice = twice || seen[low]
				seen[low] = true
				return walk()
			})
		case '[':
			return d.elements(walk)
		}
		_, err := d.skip()
		return err
	}
	d.space()
	_ = walk() // broken JSON is for the comparison
	return twice
}

func TestDecodeWantsAPointer(t *testing.T) {
	require.Error(t, decode([]byte(`{}`), level{}))
	require.Error(t, decode([]byte(`{}`), (*level)(nil)))
}

func TestSomeAndOneOrMany(t *testing.T) {
	var v struct {
		Some Some[plainSKU]
		One  OneOrMany[plainSKU]
	}
	require.NoError(t, decode([]byte(`{"some":[{"skuId":1},{"skuId":"x"},5,{"skuId":"3"}],"one":{"skuId":9}}`), &v))
	require.Len(t, v.Some, 3)
	assert.Equal(t, []ID{1, 0, 3}, []ID{v.Some[0].SkuID, v.Some[1].SkuID, v.Some[2].SkuID})
	require.Len(t, v.One, 1)
	require.NoError(t, json.Unmarshal([]byte(`{"some":"none","one":[{"skuId":7},{}]}`), &v))
	assert.Len(t, v.One, 2)
	require.Error(t, decode([]byte(`{"some":[{"skuId":"x"},}`), &v))
	require.Error(t, decode([]byte(`{"one":{"skuId":"x"}}`), &v), "one broken entry of a single one is all of it")
}

// Plans are made once however many ask at the same time.
func TestPlansAreMadeTogether(t *testing.T) {
	type loop struct {
		Name Text
		Next *loop
		List []loop
	}
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			var v loop
			assert.NoError(t, decode([]byte(`{"name":"a","next":{"name":"b","next":{"list":[{"name":"c"}]}}}`), &v))
			assert.Equal(t, Text("c"), v.Next.Next.List[0].Name)
		})
	}
	wg.Wait()
}

func BenchmarkDecodeSearch(b *testing.B) {
	body := golden(b, "keyword_query")
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		var p SearchPage
		if err := openInto(&p)(body); err != nil {
			b.Fatal(err)
		}
	}
}
