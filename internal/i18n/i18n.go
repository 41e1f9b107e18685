// Package i18n turns a message key and its data into text in a language.
package i18n

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/BurntSushi/toml"
	goi18n "github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"entrepot/locales"
)

// Source is the language texts are written in first and the last one tried.
const Source = "en"

// maxHeader bounds the Accept-Language header we look at, in bytes. Browsers send under 100.
const maxHeader = 1000

// noValue is what text/template prints for an argument nobody gave.
const noValue = "<no value>"

// Bundle holds every text in every language. It is safe for concurrent use.
type Bundle struct {
	// OnFallback, when set, hears of each text that was not found as asked: missing in lang (English or the key itself
	// was shown instead), or shown without one of its arguments. Set it before the first Text; it may be called concurrently.
	OnFallback func(lang, key string)

	names      []string // languages offered, Source first, in matcher order; names[i] answers tags[i]
	matcher    language.Matcher
	localizers map[string]*goi18n.Localizer
}

// New loads the embedded message files of package locales.
func New() (*Bundle, error) { return load(locales.FS) }

// load reads every active.<lang>.toml of fsys.
func load(fsys fs.FS) (*Bundle, error) {
	paths, err := fs.Glob(fsys, "active.*.toml")
	if err != nil {
		return nil, fmt.Errorf("i18n: list message files: %w", err)
	}
	texts := goi18n.NewBundle(language.MustParse(Source))
	texts.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	b := &Bundle{names: []string{Source}, localizers: make(map[string]*goi18n.Localizer, len(paths))}
	for _, path := range paths {
		if _, err := texts.LoadMessageFileFS(fsys, path); err != nil {
			return nil, fmt.Errorf("i18n: %s: %w", path, err)
		}
		lang := strings.TrimSuffix(strings.TrimPrefix(path, "active."), ".toml")
		if lang != Source {
			b.names = append(b.names, lang)
		}
		b.localizers[lang] = goi18n.NewLocalizer(texts, lang)
	}
	if b.localizers[Source] == nil {
		return nil, errors.New("i18n: active." + Source + ".toml is missing")
	}
	return b, b.buildMatcher()
}

// buildMatcher prepares Match. Readers of traditional Chinese are far better served by our simplified texts than by
// English, but the standard distance between the scripts lets any second choice win, so it is listed as its own entry.
func (b *Bundle) buildMatcher() error {
	if b.localizers["zh"] != nil && b.localizers["zh-Hant"] == nil {
		b.names = append(b.names, "zh-Hant")
	}
	tags := make([]language.Tag, len(b.names))
	for i, name := range b.names {
		tag, err := language.Parse(name)
		if err != nil {
			return fmt.Errorf("i18n: language %q: %w", name, err)
		}
		tags[i] = tag
		if b.localizers[name] == nil {
			b.names[i] = "zh"
		}
	}
	b.matcher = language.NewMatcher(tags)
	return nil
}

// Languages lists the languages offered, BCP 47, English first.
func (b *Bundle) Languages() []string {
	out := make([]string, 0, len(b.localizers))
	seen := make(map[string]bool, len(b.localizers))
	for _, name := range b.names {
		if !seen[name] {
			seen[name] = true
			out = append(out, name)
		}
	}
	return out
}

// Match picks the language to answer in: the best match (BCP 47) for the Accept-Language header, else the first of
// prefs that matches (account preference, then site default), else English. Unreadable input counts as not given.
func (b *Bundle) Match(acceptLanguage string, prefs ...string) string {
	if lang, ok := b.best(acceptTags(acceptLanguage)); ok {
		return lang
	}
	for _, pref := range prefs {
		tag, err := language.Parse(pref)
		if err != nil {
			continue
		}
		if lang, ok := b.best([]language.Tag{tag}); ok {
			return lang
		}
	}
	return Source
}

// Text is the message key in lang, with args for its placeholders. A plural message takes its number from args["count"].
// When lang lacks the message the English one is shown, and the key itself when there is none; both reach OnFallback.
func (b *Bundle) Text(lang, key string, args map[string]any) string {
	localizer, known := b.localizers[lang]
	if !known {
		lang = b.Match("", lang)
		localizer = b.localizers[lang]
	}
	config := &goi18n.LocalizeConfig{MessageID: key, TemplateData: args, PluralCount: args["count"]}
	text, err := localizer.Localize(config) // gives the English text together with an error when only that exists
	incomplete := strings.Contains(text, noValue)
	if err != nil || incomplete {
		b.fallback(lang, key)
	}
	switch {
	case text == "":
		return key
	case incomplete:
		return strings.ReplaceAll(text, noValue, "…")
	default:
		return text
	}
}

func (b *Bundle) fallback(lang, key string) {
	if b.OnFallback != nil {
		b.OnFallback(lang, key)
	}
}

// best is the offered language nearest to tags, which are in order of preference.
func (b *Bundle) best(tags []language.Tag) (string, bool) {
	_, index, confidence := b.matcher.Match(tags...)
	if confidence == language.No {
		return "", false
	}
	return b.names[index], true
}

// acceptTags reads an Accept-Language header, best first. x/text drops the whole header for one language it does not
// know, so in that case the entries are tried one by one.
func acceptTags(header string) []language.Tag {
	if header == "" || len(header) > maxHeader {
		return nil
	}
	if tags, _, err := language.ParseAcceptLanguage(header); err == nil {
		return tags
	}
	var readable []string
	for entry := range strings.SplitSeq(header, ",") {
		if _, _, err := language.ParseAcceptLanguage(entry); err == nil {
			readable = append(readable, entry)
		}
	}
	tags, _, err := language.ParseAcceptLanguage(strings.Join(readable, ","))
	if err != nil {
		return nil
	}
	return tags
}
