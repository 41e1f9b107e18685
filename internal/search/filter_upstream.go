package search

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"sync"
	"time"
	"unicode"

	"entrepot/internal/alibaba"
	"entrepot/internal/site"
)

// How long what 1688 said about filters is believed, and how long the first shopper waits for it.
const (
	servedFor     = time.Hour       // an answer, and that there is none
	servedRetry   = time.Minute     // after a failure
	servedWait    = time.Second     // then the built-in configuration stands in
	servedTimeout = 5 * time.Second // of the question itself
)

// servedFilters remembers what 1688 serves, for each site and language.
type servedFilters struct {
	mu sync.Mutex
	by map[string]*upstreamConfig
}

// upstreamConfig is what 1688 last said. It never changes.
type upstreamConfig struct {
	groups []alibaba.FilterGroup
	hash   string
	keys   map[string]bool
	at     time.Time // of groups
	until  time.Time // asked again after this
}

// old reports that 1688 could not be asked again in time.
func (u *upstreamConfig) old(now time.Time) bool { return now.Sub(u.at) > servedFor+servedRetry }

func servedKey(code, lang string) string { return code + "|" + lang }

func (f *servedFilters) get(key string) *upstreamConfig {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.by[key]
}

func (f *servedFilters) set(key string, u *upstreamConfig) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.by == nil {
		f.by = map[string]*upstreamConfig{}
	}
	f.by[key] = u
}

// offers reports whether 1688 offers a filter on a site, in whichever language it was read.
func (f *servedFilters) offers(code, key string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for at, u := range f.by {
		if strings.HasPrefix(at, code+"|") && u.keys[key] {
			return true
		}
	}
	return false
}

// upstreamFilters is what 1688 serves, or nil. An answer that is past its time is given while a new one is fetched; without
// any the caller waits a moment.
func (s *Service) upstreamFilters(ctx context.Context, st *site.Site, lang string) *upstreamConfig {
	key := servedKey(st.Code, lang)
	have := s.served.get(key)
	if have != nil && s.now().Before(have.until) {
		return have
	}
	who := buyer(ctx)
	ch := s.flight.DoChan("filters|"+key, func() (any, error) {
		ctx, cancel := context.WithTimeout(withBuyer(context.WithoutCancel(ctx), who), servedTimeout)
		defer cancel()
		next := s.askFilters(ctx, st, lang, have)
		s.served.set(key, next)
		return next, nil
	})
	if have != nil {
		return have
	}
	wait := time.NewTimer(servedWait)
	defer wait.Stop()
	select {
	case r := <-ch:
		return r.Val.(*upstreamConfig)
	case <-wait.C:
	case <-ctx.Done():
	}
	return nil
}

// askFilters asks 1688. That it does not serve filters to us (unsupported, no permission) is an answer like any other.
func (s *Service) askFilters(ctx context.Context, st *site.Site, lang string, have *upstreamConfig) *upstreamConfig {
	now := s.now()
	groups, err := s.client.FilterConfig(ctx, lang, st.CountryName, buyerOf(ctx))
	class := alibaba.ClassOf(err)
	if err != nil && class != alibaba.Rejected && class != alibaba.Auth {
		next := upstreamConfig{at: now}
		if have != nil {
			next = *have
		}
		next.until = now.Add(servedRetry)
		return &next
	}
	next := &upstreamConfig{groups: usable(groups), keys: map[string]bool{}, at: now, until: now.Add(servedFor)}
	for _, g := range next.groups {
		for _, it := range g.Items {
			if itemType(g, it) == FilterItemTypeToggle {
				next.keys[string(it.ChoiceKey)] = true
			}
			for _, c := range it.Choices {
				next.keys[string(c.ChoiceKey)] = true
			}
		}
	}
	b, _ := json.Marshal(next.groups) // plain texts
	sum := sha256.Sum256(b)
	next.hash = hex.EncodeToString(sum[:8])
	return next
}

// usable leaves what a search can be asked with: keys in their form, each once, sort keys that we know, nothing whose
// meaning is in doubt.
func usable(groups []alibaba.FilterGroup) []alibaba.FilterGroup {
	var out []alibaba.FilterGroup
	seen := map[alibaba.Text]bool{}
	fits := func(k alibaba.Text) bool {
		ok := choiceKeyForm.MatchString(string(k)) && !seen[k] && !regional[string(k)]
		seen[k] = true
		return ok
	}
	for _, g := range groups {
		items := g.Items
		g.Items = nil
		for _, it := range items {
			kind := itemType(g, it)
			choices := it.Choices
			it.Choices = nil
			for _, c := range choices {
				if fits(c.ChoiceKey) {
					it.Choices = append(it.Choices, c)
				}
			}
			if kind == FilterItemTypeChoice && len(it.Choices) > 0 ||
				kind == FilterItemTypeSort && sortFields[string(it.ChoiceKey)] != "" && fits(it.ChoiceKey) ||
				kind == FilterItemTypeToggle && it.Type != alibaba.FilterChoice && fits(it.ChoiceKey) {
				g.Items = append(g.Items, it)
			}
		}
		if len(g.Items) > 0 {
			out = append(out, g)
		}
	}
	return out
}

// upstreamView is 1688's configuration in a language: its own words where they are in that language or name what we do not
// know, ours otherwise.
func (s *Service) upstreamView(groups []alibaba.FilterGroup, lang string) []FilterGroup {
	theirs := languageOf(groups)
	name := func(words alibaba.Text, message string) Text {
		original := string(words)
		if original != "" && (message == "" || theirs == lang) {
			t := Text{Text: original, Lang: theirs, Original: original, OriginalLang: theirs, Source: ptr(TextSourceNone)}
			if theirs == lang && lang != "zh" {
				t.Source = ptr(TextSourceUpstream)
			}
			return t
		}
		t := s.label(lang, message)
		if original != "" {
			t.Original, t.OriginalLang = original, theirs
		}
		return t
	}
	out := []FilterGroup{}
	for _, in := range groups {
		g := FilterGroup{Type: FilterGroupTypeFilter, Items: []FilterItem{}}
		above := ""
		for _, it := range in.Items {
			item := FilterItem{Type: itemType(in, it)}
			first := string(it.ChoiceKey)
			if item.Type == FilterItemTypeChoice {
				first = string(it.Choices[0].ChoiceKey)
				item.Name = named(name(it.Name, itemNames[first]), first)
				item.Choices = &[]filterChoice{}
				for _, c := range it.Choices {
					*item.Choices = append(*item.Choices, filterChoice{string(c.ChoiceKey), named(name(c.Name, keyNames[string(c.ChoiceKey)]), string(c.ChoiceKey))})
				}
			} else {
				item.ChoiceKey, item.Name = ptr(first), named(name(it.Name, keyNames[first]), first)
			}
			if item.Type == FilterItemTypeSort {
				g.Type = FilterGroupTypeSort
			}
			above = firstNonEmpty(above, groupNames[first])
			g.Items = append(g.Items, item)
		}
		g.Name = named(name(in.Name, above), firstNonEmpty(string(in.Name), "filter"))
		out = append(out, g)
	}
	return out
}

// named gives a text that nobody has words for the key itself.
func named(t Text, key string) Text {
	if t.Text == "" {
		t.Text, t.Original = key, key
	}
	return t
}

// languageOf guesses the language of the labels from their scripts; the Latin ones without Vietnamese letters count as English.
func languageOf(groups []alibaba.FilterGroup) string {
	var b strings.Builder
	for _, g := range groups {
		b.WriteString(string(g.Name))
		for _, it := range g.Items {
			b.WriteString(string(it.Name))
		}
	}
	words, has := b.String(), map[string]bool{}
	for _, r := range words {
		switch {
		case unicode.In(r, unicode.Hiragana, unicode.Katakana):
			has["ja"] = true
		case unicode.In(r, unicode.Hangul):
			has["ko"] = true
		case unicode.In(r, unicode.Thai):
			has["th"] = true
		case unicode.In(r, unicode.Han):
			has["zh"] = true
		case strings.ContainsRune("ăâđêôơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ", unicode.ToLower(r)):
			has["vi"] = true
		}
	}
	for _, lang := range []string{"ja", "ko", "th", "vi", "zh"} {
		if has[lang] {
			return lang
		}
	}
	return "en"
}
