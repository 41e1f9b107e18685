// Package site knows what a national site is: its country pack (country, codes, language, currency, time zone, rounding).
package site

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"entrepot/internal/money"
)

// When an order is bought at 1688; see Site.Trigger.
const (
	TriggerOnPaid   = "on_paid"   // once the member's payment is recorded
	TriggerOnSubmit = "on_submit" // as soon as the member orders
	TriggerManual   = "manual"    // when staff say so
)

// Optional parts of a site's catalogue; see Site.Has.
const (
	FeatureRelated         = "related"
	FeatureRecommendations = "recommendations"
	FeatureHotKeywords     = "hotKeywords"
	FeatureRankings        = "rankings"
	FeatureShops           = "shops"
)

// Features lists the optional parts in the order they are shown.
var Features = []string{FeatureRelated, FeatureRecommendations, FeatureHotKeywords, FeatureRankings, FeatureShops}

// Site is one national site. Sites are shared: never change one.
type Site struct {
	Code           string         // ours and in every row, lower case without blanks: "japan", "hongkong"
	CountryName    string         // country of 1688's account.user.register: English, lower case
	Area           string         // ISO 3166 two letters: mobileArea of 1688's account.user.register, "JP"
	SearchLanguage string         // country of 1688's crossborder search and detail, which is a language: "ja", "zh-tw"
	Language       string         // default language of our texts, BCP 47
	Languages      []string       // languages offered, BCP 47; holds Language
	Locale         string         // language and country as in "ja_JP", for 1688's keywordSNQuery and for showing amounts
	Currency       money.Currency // what members pay in; Step is the site's rounding
	TimeZone       *time.Location // for showing times; String is the IANA name
	BusinessLine   string         // business of 1688's account.business.save: sea, sa, jk, hmt, me, na, la, we, ru, af
	PhoneRegion    string         // region phone numbers are read in when they lack a country code
	RegisterSite   string         // site of 1688's account.user.register: the code agreed with 1688, at most 16
	Trigger        string         // TriggerOnPaid, TriggerOnSubmit or TriggerManual
	Without        []string       // optional features the site does without
	Buying         Buying         // what happens when 1688 cannot deliver as quoted
}

// What happens when 1688 cannot deliver as quoted; see Buying.
const (
	ShortageStaff  = "staff"  // staff decide about goods that will not come
	ShortageRefund = "refund" // they are cancelled and owed back at once
	ExtraAsk       = "ask"    // members are asked about prices that rose beyond the tolerance
	ExtraAbsorb    = "absorb" // the site takes the difference
	PriceCutKeep   = "keep"   // the site keeps what a seller takes off
	PriceCutRefund = "refund" // members get it back
)

// Buying holds a site's rules for goods that do not come or come at another price. Empty fields mean the first word of each.
type Buying struct {
	Shortage string `yaml:"shortage" env:"ENTREPOT_SHORTAGE"`  // ShortageStaff or ShortageRefund
	Extra    string `yaml:"extra" env:"ENTREPOT_PRICE_EXTRA"`  // ExtraAsk or ExtraAbsorb
	PriceCut string `yaml:"priceCut" env:"ENTREPOT_PRICE_CUT"` // PriceCutKeep or PriceCutRefund
}

// Override is b with every field of other that is set.
func (b Buying) Override(other Buying) Buying {
	return Buying{cmp.Or(other.Shortage, b.Shortage), cmp.Or(other.Extra, b.Extra), cmp.Or(other.PriceCut, b.PriceCut)}
}

// Valid reports whether every field that is set is a word we know.
func (b Buying) Valid() bool {
	return slices.Contains([]string{"", ShortageStaff, ShortageRefund}, b.Shortage) && slices.Contains([]string{"", ExtraAsk, ExtraAbsorb}, b.Extra) &&
		slices.Contains([]string{"", PriceCutKeep, PriceCutRefund}, b.PriceCut)
}

// Has reports whether the site has an optional feature.
func (s *Site) Has(feature string) bool { return !slices.Contains(s.Without, feature) }

// keyForm bounds site keys: they travel in a header and are publishable, so they need not be hard to guess.
var keyForm = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

// Registry finds sites. It never changes after New and is safe for concurrent use.
type Registry struct {
	byCode map[string]*Site
	byKey  map[string]*Site
}

// New loads the embedded country packs and ties site keys (the X-Site-Key header) to site codes. Several keys may lead
// to one site. It reports every broken pack, unknown site and malformed key in one error.
func New(keys map[string]string) (*Registry, error) { return load(packs, keys) }

func load(fsys fs.FS, keys map[string]string) (*Registry, error) {
	sites, err := loadPacks(fsys)
	problems := []error{err}
	r := &Registry{byCode: sites, byKey: make(map[string]*Site, len(keys))}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		s, ok := sites[keys[key]]
		switch {
		case !keyForm.MatchString(key):
			problems = append(problems, fmt.Errorf("site: key %q: want 1 to 64 letters, digits or _.-", key))
		case !ok:
			problems = append(problems, fmt.Errorf("site: key %q: there is no site %q", key, keys[key]))
		default:
			r.byKey[key] = s
		}
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return r, nil
}

// ByKey finds the site of a site key, exactly as written.
func (r *Registry) ByKey(key string) (*Site, bool) {
	s, ok := r.byKey[key]
	return s, ok
}

// ByCode finds a site by its code.
func (r *Registry) ByCode(code string) (*Site, bool) {
	s, ok := r.byCode[code]
	return s, ok
}

// All lists the sites, ordered by code.
func (r *Registry) All() []*Site {
	return slices.SortedFunc(maps.Values(r.byCode), func(a, b *Site) int { return strings.Compare(a.Code, b.Code) })
}

type contextKey struct{}

// NewContext puts the site a request is for into ctx.
func NewContext(ctx context.Context, s *Site) context.Context {
	return context.WithValue(ctx, contextKey{}, s)
}

// FromContext is the site a request is for; ok is false outside of one.
func FromContext(ctx context.Context) (s *Site, ok bool) {
	s, ok = ctx.Value(contextKey{}).(*Site)
	return s, ok && s != nil
}
