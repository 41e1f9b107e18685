package search

import (
	"strings"
	"unicode"

	"entrepot/internal/alibaba"

	"github.com/maypok86/otter/v2"
)

// chinese is the language sellers write in.
const chinese = "zh"

// translationBytes bounds what is remembered of 1688's translations.
const translationBytes = 8 << 20

// translations remembers what 1688 translated, by language and original, for answers that come without: 1688 leaves a
// translation out now and then, and the old wire profile gives none in lists at all.
type translations struct{ words *otter.Cache[phrase, string] }

type phrase struct{ lang, original string }

func newTranslations() *translations {
	return &translations{otter.Must(&otter.Options[phrase, string]{
		MaximumWeight: translationBytes,
		Weigher: func(p phrase, translated string) uint32 {
			return uint32(len(p.lang) + len(p.original) + len(translated) + 100) // #nosec G115 -- texts of an answer of at most 20 MB
		},
	})}
}

func (m *translations) close() { m.words.StopAllGoroutines() }

// learn keeps a translation.
func (m *translations) learn(lang, original, translated string) {
	p := phrase{lang, original}
	if known, ok := m.words.GetIfPresent(p); !ok || known != translated {
		m.words.Set(phrase{lang, strings.Clone(original)}, strings.Clone(translated)) // not the whole answer behind them
	}
}

// recall is the translation 1688 gave earlier, "" when there was none.
func (m *translations) recall(lang, original string) string {
	translated, _ := m.words.GetIfPresent(phrase{lang, original})
	return translated
}

// text pairs the seller's Chinese with 1688's translation: today's, else the one of an earlier answer.
func (v viewer) text(original, translated alibaba.Text) Text {
	t := TextOf(v.lang, string(original), string(translated))
	if v.memory == nil || v.lang == chinese || original == "" {
		return t
	}
	if *t.Source == TextSourceUpstream {
		v.memory.learn(v.lang, t.Original, t.Text)
	} else if earlier := v.memory.recall(v.lang, t.Original); earlier != "" {
		t.Text, t.Lang, t.Source = earlier, v.lang, ptr(TextSourceCache)
	}
	return t
}

// TextOf pairs words with their translation and says whose it is; also for words that were kept (order lines).
func TextOf(lang, original, translated string) Text {
	t := Text{Text: translated, Lang: lang, Original: original, OriginalLang: chinese, Source: ptr(TextSourceUpstream)}
	if lang == chinese || strings.TrimSpace(translated) == "" || translated == original && !readableIn(lang, original) {
		t.Text, t.Lang, t.Source = original, chinese, ptr(TextSourceNone)
	}
	return t
}

// readableIn reports whether words that came back as they were may count as translated: sizes and brands do, Chinese does
// not, except for Japanese, which shares many words with it.
func readableIn(lang, words string) bool {
	return lang == "ja" || !strings.ContainsFunc(words, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}

// optional is nil for what 1688 left out.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// said is optional for 1688's texts, which it shares.
func said(t *alibaba.Text) *string {
	if *t == "" {
		return nil
	}
	return (*string)(t)
}

// texts is nil for an empty list; empty entries are left out.
func texts(in []alibaba.Text) *[]string {
	var out []string
	for _, t := range in {
		if t != "" {
			out = append(out, string(t))
		}
	}
	if out == nil {
		return nil
	}
	return &out
}

func firstNonEmpty(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
