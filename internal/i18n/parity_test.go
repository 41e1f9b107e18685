package i18n

import (
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/BurntSushi/toml"
	goi18n "github.com/nicksnyder/go-i18n/v2/i18n"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"entrepot/locales"
)

var placeholder = regexp.MustCompile(`\{\{\.([a-z]+)\}\}`)

// forms maps a plural form ("one", "other") to its text.
type forms map[string]string

func formsOf(m *goi18n.Message) forms {
	f := forms{"zero": m.Zero, "one": m.One, "two": m.Two, "few": m.Few, "many": m.Many, "other": m.Other}
	maps.DeleteFunc(f, func(_, text string) bool { return text == "" })
	return f
}

func placeholders(text string) []string {
	var names []string
	for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// readFiles parses every message file afresh, without the bundle under test.
func readFiles(t *testing.T) map[string]map[string]forms {
	t.Helper()
	paths, err := fs.Glob(locales.FS, "active.*.toml")
	require.NoError(t, err)
	require.Len(t, paths, 7)
	files := make(map[string]map[string]forms, len(paths))
	for _, path := range paths {
		raw, err := locales.FS.ReadFile(path)
		require.NoError(t, err)
		file, err := goi18n.ParseMessageFileBytes(raw, path, map[string]goi18n.UnmarshalFunc{"toml": toml.Unmarshal})
		require.NoError(t, err, path)
		texts := make(map[string]forms, len(file.Messages))
		for _, m := range file.Messages {
			texts[m.ID] = formsOf(m)
		}
		files[file.Tag.String()] = texts
	}
	return files
}

func TestFilesHaveEqualKeysAndPlaceholders(t *testing.T) {
	files := readFiles(t)
	source := files[Source]
	require.Greater(t, len(source), 100)
	for lang, texts := range files {
		assert.ElementsMatch(t, slices.Collect(maps.Keys(source)), slices.Collect(maps.Keys(texts)), lang)
		for key, have := range texts {
			want := placeholders(source[key]["other"])
			for form, text := range have {
				assert.Equal(t, want, placeholders(text), "%s %s %s", lang, key, form)
				assert.Len(t, placeholder.FindAllString(text, -1), strings.Count(text, "{{"), "odd placeholder: %s %s", lang, key)
				assert.Equal(t, strings.TrimSpace(text), text, "%s %s", lang, key)
			}
		}
	}
}

// The forms each language has for whole numbers and fractions by go-i18n's rules; TestTextPlural and
// TestEveryTextRenders prove the list against those rules.
var wantForms = map[string][]string{
	"en": {"one", "other"}, "vi": {"one", "other"},
	"zh": {"other"}, "ja": {"other"}, "ko": {"other"}, "ms": {"other"}, "th": {"other"},
}

func TestPluralForms(t *testing.T) {
	for lang, texts := range readFiles(t) {
		for key, have := range texts {
			want := []string{"other"}
			if slices.Contains(placeholders(have["other"]), "count") {
				want = wantForms[lang] // args["count"] makes Text choose a plural form
			}
			assert.ElementsMatch(t, want, slices.Collect(maps.Keys(have)), "%s %s", lang, key)
		}
	}
}

func TestEveryTextRenders(t *testing.T) {
	b := newBundle(t)
	b.OnFallback = func(lang, key string) { t.Errorf("fallback: %s %s", lang, key) }
	files := readFiles(t)
	counts := []any{0, 1, 2, 3, 5, 11, 21, 100, 101, 1000000, "0.5", "1.5"}
	for lang, texts := range files {
		for key, have := range texts {
			names := placeholders(have["other"])
			for _, count := range counts {
				args := map[string]any{}
				for _, name := range names {
					args[name] = count
				}
				text := b.Text(lang, key, args)
				assert.NotEqual(t, key, text, "%s %s", lang, key)
				assert.NotContains(t, text, "{{", "%s %s", lang, key)
			}
		}
	}
}

// TestTextsAreTranslated finds English left in another language's file.
func TestTextsAreTranslated(t *testing.T) {
	files := readFiles(t)
	scripts := map[string][]*unicode.RangeTable{
		"zh": {unicode.Han}, "ja": {unicode.Hiragana, unicode.Katakana, unicode.Han}, "ko": {unicode.Hangul}, "th": {unicode.Thai},
	}
	for lang, texts := range files {
		if lang == Source {
			continue
		}
		for key, have := range texts {
			for form, text := range have {
				assert.NotEqual(t, files[Source][key][form], text, "%s %s", lang, key)
				if tables := scripts[lang]; tables != nil {
					inScript := func(r rune) bool { return unicode.In(r, tables...) }
					assert.True(t, strings.ContainsFunc(text, inScript), "%s %s: %s", lang, key, text)
				}
			}
		}
	}
}
