package search

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"entrepot/internal/alibaba"
	"entrepot/internal/errs"
	"entrepot/internal/site"
	"entrepot/internal/web"
)

// headings are the built-in configuration, that of the seed: groups with their items in the order shown. An item with
// choices has a name of its own; the others go by their key. The names are messages "filter.group.<name>",
// "filter.item.<name>" and "filter.key.<choiceKey>".
var headings = []heading{
	{"quality", FilterGroupTypeFilter, []headingItem{
		{key: "certifiedFactory"},
		{name: "experience", choices: []string{"totalEpScoreLv1", "totalEpScoreLv2", "totalEpScoreLv3", "totalEpScoreLv4"}},
		{name: "pickup24", choices: []string{"getRate24HLv3", "getRate24HLv2", "getRate24HLv1"}},
		{name: "pickup48", choices: []string{"getRate48HLv3", "getRate48HLv2", "getRate48HLv1"}},
	}},
	{"assurance", FilterGroupTypeFilter, []headingItem{
		{key: "freeCredit"}, {key: "shipInToday"}, {key: "shipIn24Hours"}, {key: "shipIn48Hours"}, {key: "noReason7DReturn"},
		{key: "isOnePsale"}, {key: "isOnePsaleFreePost"}, {key: "dyCiphertext"}, {key: "ksCiphertext"},
	}},
	{"sorting", FilterGroupTypeSort, []headingItem{{key: "onePPrice"}, {key: "rePurchaseRate"}, {key: "monthSoldOut"}}},
}

type heading struct {
	name  string
	kind  FilterGroupType
	items []headingItem
}

type headingItem struct {
	key, name string
	choices   []string
}

// later are choices that 1688 added after the seed was written: search takes them, and we know what to call them.
var later = []string{"1688Selection", "isQqyx", "new7", "new30", "qrr0", "qrr1", "qrr5", "qrr10"}

// regional are filters whose meaning is in doubt (a shipping line, or its opposite): hidden until staff publish them.
var regional = set("JPFL USFL KRFL VNFL SAFL RUFL KZFL HKFL MOFL TWFL")

// keyNames, itemNames and groupNames are the messages that name a choice, the item above it and its group, by choice key.
var keyNames, itemNames, groupNames = messageNames()

func messageNames() (keys, items, groups map[string]string) {
	keys, items, groups = map[string]string{}, map[string]string{}, map[string]string{}
	for _, g := range headings {
		for _, it := range g.items {
			for _, k := range it.choices {
				items[k] = "filter.item." + it.name
			}
			for _, k := range append([]string{it.key}, it.choices...) {
				if k != "" {
					keys[k], groups[k] = "filter.key."+k, "filter.group."+g.name
				}
			}
		}
	}
	for _, k := range later {
		keys[k] = "filter.key." + k
		if strings.HasPrefix(k, "qrr") {
			items[k] = "filter.item.quality_refunds"
		}
	}
	keys["price"], keys["monthSold"] = keys["onePPrice"], keys["monthSoldOut"]
	return keys, items, groups
}

// Filters answers the filter and sort configuration as final bytes: the site's own, else 1688's, else the built-in one.
func (s *Service) Filters(ctx context.Context, st *site.Site, lang string) (*web.Cached, error) {
	key, view := s.filters(ctx, st, lang)
	return s.ask(ctx, question{&kindFilters, st, lang, key}, func(context.Context) (any, []int64, error) { return view(), nil, nil })
}

// filters chooses the configuration: key names its content, view makes what shoppers see.
func (s *Service) filters(ctx context.Context, st *site.Site, lang string) (key string, view func() Filters) {
	if own := s.of(st).filters; own != nil {
		return "site", func() Filters { return ownView(own, lang) }
	}
	up := s.upstreamFilters(ctx, st, lang)
	if up == nil || len(up.groups) == 0 {
		return "built-in", func() Filters { return Filters{Groups: s.builtInView(lang), Source: FiltersSourceBuiltIn} }
	}
	key, stale := "1688 "+up.hash, up.old(s.now())
	if stale {
		key += " stale"
	}
	return key, func() Filters {
		return Filters{Groups: s.upstreamView(up.groups, lang), Source: FiltersSourceUpstream, Stale: stale}
	}
}

// builtInView is the built-in configuration in a language.
func (s *Service) builtInView(lang string) []FilterGroup {
	groups := []FilterGroup{}
	for _, h := range headings {
		g := FilterGroup{Name: s.label(lang, "filter.group."+h.name), Type: h.kind, Items: []FilterItem{}}
		for _, it := range h.items {
			item := FilterItem{Type: FilterItemTypeToggle}
			switch {
			case len(it.choices) > 0:
				item.Type, item.Name = FilterItemTypeChoice, s.label(lang, "filter.item."+it.name)
				item.Choices = &[]filterChoice{}
				for _, k := range it.choices {
					*item.Choices = append(*item.Choices, filterChoice{k, s.label(lang, keyNames[k])})
				}
			case h.kind == FilterGroupTypeSort:
				item.Type = FilterItemTypeSort
				fallthrough
			default:
				item.ChoiceKey, item.Name = ptr(it.key), s.label(lang, keyNames[it.key])
			}
			g.Items = append(g.Items, item)
		}
		groups = append(groups, g)
	}
	return groups
}

// filterChoice is the generated type of FilterItem.Choices, which has no name there.
type filterChoice = struct {
	ChoiceKey string `json:"choiceKey"`
	Name      Text   `json:"name"`
}

// label is one of our own texts.
func (s *Service) label(lang, message string) Text {
	words := message
	if s.bundle != nil {
		words = s.bundle.Text(lang, message, nil)
	}
	return Text{Text: words, Lang: lang, Original: words, OriginalLang: lang, Source: ptr(TextSourceLocal)}
}

// ownView is a site's own configuration in a language; English where staff gave no text.
func ownView(own *ownFilters, lang string) Filters {
	out := Filters{Groups: []FilterGroup{}, Source: FiltersSourceSite, Version: own.version}
	text := func(l Labels) Text {
		t := Text{Text: l["en"], Lang: "en", Original: l["en"], OriginalLang: "en", Source: ptr(TextSourceLocal)}
		if words := l[lang]; words != "" {
			t.Text, t.Lang = words, lang
		}
		return t
	}
	for _, in := range own.groups {
		g := FilterGroup{Name: text(in.Name), Type: FilterGroupType(in.Type), Items: []FilterItem{}}
		for _, it := range in.Items {
			item := FilterItem{Name: text(it.Name), Type: FilterItemType(it.Type), ChoiceKey: it.ChoiceKey}
			if it.Choices != nil {
				item.Choices = &[]filterChoice{}
				for _, c := range *it.Choices {
					*item.Choices = append(*item.Choices, filterChoice{c.ChoiceKey, text(c.Name)})
				}
			}
			g.Items = append(g.Items, item)
		}
		out.Groups = append(out.Groups, g)
	}
	return out
}

// ownFilters is the version of a site's own configuration that is in force.
type ownFilters struct {
	version int
	groups  []FilterGroupInput
	keys    map[string]bool // filters, not sort keys
}

func newOwnFilters(version int, groups []FilterGroupInput) *ownFilters {
	own := &ownFilters{version: version, groups: groups, keys: map[string]bool{}}
	for _, g := range groups {
		for _, it := range g.Items {
			if it.Type == FilterItemInputTypeToggle && it.ChoiceKey != nil {
				own.keys[*it.ChoiceKey] = true
			}
			if it.Choices != nil {
				for _, c := range *it.Choices {
					own.keys[c.ChoiceKey] = true
				}
			}
		}
	}
	return own
}

// offersFilter reports whether a site offers a filter that is not among the built-in ones.
func (s *Service) offersFilter(st *site.Site, key string) bool {
	own := s.of(st).filters
	return own != nil && own.keys[key] || own == nil && s.served.offers(st.Code, key)
}

// normalise is Query.normalise that also takes the filters the site offers beyond the built-in ones.
func (s *Service) normalise(st *site.Site, q Query) (Query, error) {
	return q.normaliseWith(s.filtersOf(st))
}

// tidy is normalise where words are optional.
func (s *Service) tidy(st *site.Site, q Query) (Query, error) { return q.tidyWith(s.filtersOf(st)) }

func (s *Service) filtersOf(st *site.Site) func(choiceKey string) bool {
	return func(key string) bool { return choiceKeys[key] || s.offersFilter(st, key) }
}

var choiceKeyForm = regexp.MustCompile(`^[A-Za-z0-9]{1,64}$`)

// checkFilters says what is wrong with a configuration that staff want to publish, with pointers.
func checkFilters(groups []FilterGroupInput, languages []string) error {
	c := filterCheck{bad: errs.New(errs.Invalid, "request.invalid"), languages: languages, seen: map[string]bool{}}
	for i, g := range groups {
		at := "/groups/" + number64(int64(i))
		c.labels(at+"/name", g.Name)
		for j, it := range g.Items {
			c.item(at+"/items/"+number64(int64(j)), g.Type, it)
		}
	}
	if len(c.bad.Fields) > 0 {
		return c.bad
	}
	return nil
}

type filterCheck struct {
	bad       *errs.Error
	languages []string
	seen      map[string]bool
}

func (c *filterCheck) labels(at string, l Labels) {
	if strings.TrimSpace(l["en"]) == "" {
		c.bad.At(at+"/en", "filter.label_needed")
	}
	for _, lang := range slices.Sorted(maps.Keys(l)) {
		pointer := at + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(lang)
		switch {
		case !slices.Contains(c.languages, lang):
			c.bad.At(pointer, "filter.language_unknown")
		case lang != "en" && strings.TrimSpace(l[lang]) == "" || strings.ContainsFunc(l[lang], unicode.IsControl):
			c.bad.At(pointer, "filter.label_needed")
		}
	}
}

func (c *filterCheck) item(at string, group FilterGroupInputType, it FilterItemInput) {
	c.labels(at+"/name", it.Name)
	sorts := it.Type == FilterItemInputTypeSort
	if sorts != (group == FilterGroupInputTypeSort) {
		c.bad.At(at+"/type", "filter.wrong_type")
	}
	if it.Type == FilterItemInputTypeChoice {
		c.choices(at, it)
		return
	}
	if it.Choices != nil {
		c.bad.At(at+"/choices", "filter.choices_unexpected")
	}
	switch {
	case it.ChoiceKey == nil || *it.ChoiceKey == "":
		c.bad.At(at+"/choiceKey", "filter.key_needed")
	case sorts && sortFields[*it.ChoiceKey] == "":
		c.bad.At(at+"/choiceKey", "filter.sort_unknown")
	default:
		c.key(at+"/choiceKey", *it.ChoiceKey)
	}
}

func (c *filterCheck) choices(at string, it FilterItemInput) {
	if it.ChoiceKey != nil {
		c.bad.At(at+"/choiceKey", "filter.key_unexpected")
	}
	if it.Choices == nil || len(*it.Choices) == 0 {
		c.bad.At(at+"/choices", "filter.choices_needed")
		return
	}
	for k, choice := range *it.Choices {
		at := at + "/choices/" + number64(int64(k))
		c.key(at+"/choiceKey", choice.ChoiceKey)
		c.labels(at+"/name", choice.Name)
	}
}

// key takes a choice key once; the two spellings of one sort field are one.
func (c *filterCheck) key(at, name string) {
	if field := sortFields[name]; field != "" {
		name = field
	}
	if c.seen[name] {
		c.bad.At(at, "filter.duplicate_key")
	}
	c.seen[name] = true
}

// itemType is what an item of 1688's is, whatever is missing.
func itemType(group alibaba.FilterGroup, it alibaba.FilterItem) FilterItemType {
	switch {
	case len(it.Choices) > 0:
		return FilterItemTypeChoice
	case it.Type == alibaba.FilterSort || group.Type == "sort":
		return FilterItemTypeSort
	}
	return FilterItemTypeToggle
}
