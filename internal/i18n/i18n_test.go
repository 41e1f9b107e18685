package i18n

import (
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func newBundle(t *testing.T) *Bundle {
	t.Helper()
	b, err := New()
	require.NoError(t, err)
	return b
}

func TestLanguages(t *testing.T) {
	got := newBundle(t).Languages()
	assert.Equal(t, "en", got[0])
	assert.ElementsMatch(t, []string{"en", "zh", "ja", "ko", "vi", "ms", "th"}, got)
}

func TestMatch(t *testing.T) {
	b := newBundle(t)
	tests := []struct {
		name, header string
		prefs        []string
		want         string
	}{
		{"nothing given", "", nil, "en"},
		{"exact", "ja", nil, "ja"},
		{"region is dropped", "ko-KR,ko;q=0.9,en-US;q=0.8", nil, "ko"},
		{"quality decides", "en;q=0.3, vi;q=0.8", nil, "vi"},
		{"zero quality excludes", "ja;q=0, th", nil, "th"},
		{"first offered of several", "fr-FR, fr;q=0.9, ms;q=0.5", nil, "ms"},
		{"traditional Chinese before a second choice", "zh-TW,en;q=0.5", nil, "zh"},
		{"Hong Kong", "zh-Hant-HK", nil, "zh"},
		{"simplified Chinese", "zh-CN", nil, "zh"},
		{"British English", "en-GB", []string{"ja"}, "en"},
		{"header before preference", "th", []string{"ja", "ko"}, "th"},
		{"unknown header: account preference", "fr", []string{"ja", "ko"}, "ja"},
		{"empty preference: site default", "", []string{"", "ko"}, "ko"},
		{"preference not offered: site default", "", []string{"fr", "vi"}, "vi"},
		{"wildcard says nothing", "*", []string{"ja"}, "ja"},
		{"Indonesian is not Malay", "id", []string{"en"}, "en"},
		{"unknown entry does not spoil the rest", "xx-YY, ja;q=0.5", nil, "ja"},
		{"junk", ";;;,\x00,<script>", []string{"ko"}, "ko"},
		{"oversized", strings.Repeat("ja,", 1000), []string{"ko"}, "ko"},
		{"nothing fits", "fr", []string{"de", "ru"}, "en"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, b.Match(tt.header, tt.prefs...))
		})
	}
}

func FuzzMatch(f *testing.F) {
	f.Add("ja-JP,ja;q=0.9", "ko")
	f.Add("*;q=", "zh_Hant")
	b, err := New()
	require.NoError(f, err)
	offered := b.Languages()
	f.Fuzz(func(t *testing.T, header, pref string) {
		assert.Contains(t, offered, b.Match(header, pref))
	})
}

func TestText(t *testing.T) {
	b := newBundle(t)
	var missed []string
	b.OnFallback = func(lang, key string) { missed = append(missed, lang+" "+key) }

	assert.Equal(t, "最小注文数は 3 です。", b.Text("ja", "error.order.quantity_min", map[string]any{"min": 3}))
	assert.Equal(t, "The minimum quantity is 3.", b.Text("en", "error.order.quantity_min", map[string]any{"min": int64(3)}))
	assert.Equal(t, "Paid", b.Text("en-GB", "status.order.paid", nil), "a regional form finds its language")
	assert.Equal(t, "Paid", b.Text("fr", "status.order.paid", nil), "a language not offered reads English")
	assert.Equal(t, `<b>"x"</b> & co`, strings.TrimSuffix(strings.TrimPrefix(
		b.Text("en", "error.field.type", map[string]any{"expected": `<b>"x"</b> & co`}),
		"This value has the wrong type; expected "), "."), "plain text: escaping belongs to the page that shows it")
	assert.Empty(t, missed)
}

func TestTextPlural(t *testing.T) {
	b := newBundle(t)
	b.OnFallback = func(lang, key string) { t.Errorf("fallback: %s %s", lang, key) }
	tests := []struct {
		lang  string
		count any
		want  string
	}{
		{"en", 0, "0 items"},
		{"en", 1, "1 item"},
		{"en", int64(2), "2 items"},
		{"vi", 0, "0 sản phẩm"},
		{"vi", 1, "1 sản phẩm"},
		{"vi", 25, "25 sản phẩm"},
		{"ja", 1, "商品 1 点"},
		{"ko", 5, "상품 5개"},
		{"zh", 1, "1 件商品"},
		{"ms", 1, "1 barang"},
		{"th", 2, "สินค้า 2 ชิ้น"},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, b.Text(tt.lang, "order.items_count", map[string]any{"count": tt.count}))
	}
}

func TestTextFallsBack(t *testing.T) {
	b, err := load(fstest.MapFS{
		"active.en.toml": {Data: []byte("[only.en]\nother = \"english {{.x}}\"\n[count.en]\none = \"one\"\nother = \"{{.count}} many\"\n")},
		"active.vi.toml": {Data: []byte("[count.en]\nother = \"{{.count}} viet\"\n")},
	})
	require.NoError(t, err)
	assert.Equal(t, []string{"en", "vi"}, b.Languages())
	assert.Equal(t, "english 1", b.Text("vi", "only.en", map[string]any{"x": 1}), "no hook set: nothing to call")

	var missed []string
	b.OnFallback = func(lang, key string) { missed = append(missed, lang+" "+key) }
	assert.Equal(t, "english 1", b.Text("vi", "only.en", map[string]any{"x": 1}))
	assert.Equal(t, "no.such", b.Text("vi", "no.such", nil), "the key is the last resort")
	assert.Equal(t, "no.such", b.Text("en", "no.such", nil))
	assert.Equal(t, "1 viet", b.Text("vi", "count.en", map[string]any{"count": 1}), "a missing plural form reads other")
	assert.Equal(t, "english …", b.Text("en", "only.en", nil), "a missing argument never shows as template junk")
	assert.Equal(t, "count.en", b.Text("en", "count.en", map[string]any{"count": "many"}), "a number that is none")
	assert.Equal(t, []string{"vi only.en", "vi no.such", "en no.such", "vi count.en", "en only.en", "en count.en"}, missed)
}

func TestLoadRefuses(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	for name, fsys := range map[string]fstest.MapFS{
		"no English":     {"active.ja.toml": file("[a.b]\nother = \"x\"\n")},
		"no files":       {},
		"broken TOML":    {"active.en.toml": file("[a.b\n")},
		"not a language": {"active.en.toml": file(""), "active.not-a-language.toml": file("")},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load(fsys)
			assert.ErrorContains(t, err, "i18n: ")
		})
	}
}

func TestTextConcurrently(t *testing.T) {
	b := newBundle(t)
	var wg sync.WaitGroup
	for range 8 {
		for _, lang := range b.Languages() {
			wg.Go(func() {
				assert.NotEmpty(t, b.Text(lang, "error.field.min", map[string]any{"min": 1}))
				assert.Equal(t, lang, b.Match(lang))
			})
		}
	}
	wg.Wait()
}
