package web

import (
	"context"
	"sync"

	"github.com/gin-gonic/gin"

	"entrepot/internal/errs"
	"entrepot/internal/site"
)

// siteKey verifies the X-Site-Key header, puts the site in the context and counts the client.
func (s *Server) siteKey(c *gin.Context) error {
	r := requestOf(c)
	if r.site != nil {
		return nil
	}
	values := r.header["X-Site-Key"]
	if len(values) == 0 || values[0] == "" {
		return errs.New(errs.Unauthenticated, "site.key_required").At("/header/X-Site-Key", "field.required")
	}
	found, ok := s.opts.Sites.ByKey(values[0])
	if !ok || len(values) > 1 {
		return errs.New(errs.Unauthenticated, "site.key_unknown").At("/header/X-Site-Key", "field.invalid")
	}
	r.site, r.lang = found, nil
	if ready := s.inSite[found]; ready != nil && r.values == context.Background() {
		r.values = ready
	} else {
		r.values = site.NewContext(r.values, found)
	}
	return s.limitSite(c, r)
}

// language chooses by Accept-Language, the account's preference, the site's default, English.
func (r *request) language() string { return r.languageHeader()[0] }

// languageHeader is the language as a header's values, shared by all answers: never changed.
func (r *request) languageHeader() []string {
	if r.lang == nil {
		choice := languageChoice{accept: first(r.header["Accept-Language"]), account: r.caller.Language}
		if r.site != nil {
			choice.site = r.site.Language
		}
		r.lang = r.srv.langs.match(choice, r.srv.opts.Bundle.Match)
	}
	return r.lang
}

type languageChoice struct{ accept, account, site string }

// languageCache remembers answers: matching tags costs microseconds and clients send a handful of headers.
type languageCache struct {
	mu   sync.RWMutex
	seen map[languageChoice][]string
}

const (
	maxLanguages = 2048
	maxAccept    = 256 // a longer header is no wish but an attack; it counts as none
)

func (l *languageCache) match(k languageChoice, ask func(accept string, prefs ...string) string) []string {
	if len(k.accept) > maxAccept {
		k.accept = ""
	}
	l.mu.RLock()
	lang, ok := l.seen[k]
	l.mu.RUnlock()
	if ok {
		return lang
	}
	prefs := make([]string, 0, 2)
	for _, p := range []string{k.account, k.site} {
		if p != "" {
			prefs = append(prefs, p)
		}
	}
	lang = contentLanguage(ask(k.accept, prefs...))
	l.mu.Lock()
	if l.seen == nil || len(l.seen) >= maxLanguages {
		l.seen = map[languageChoice][]string{}
	}
	l.seen[k] = lang
	l.mu.Unlock()
	return lang
}

var contentLanguages sync.Map // language -> []string, shared by all answers: never changed

func contentLanguage(lang string) []string {
	if v, ok := contentLanguages.Load(lang); ok {
		return v.([]string)
	}
	v, _ := contentLanguages.LoadOrStore(lang, []string{lang})
	return v.([]string)
}
