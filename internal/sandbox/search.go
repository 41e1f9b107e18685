package sandbox

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// index finds offers by word. Titles are composed from the lexicon, so the postings hang on the lexicon's words and
// a query only has to be matched against a few hundred of them, whatever the size of the catalogue.
type index struct {
	exact  map[string][]int32 // normalised phrase -> concepts
	tokens map[string][]int32 // one token of a spaced phrase -> concepts
	glyphs []phrase           // unspaced phrases (CJK, Thai), longest first
	posts  [][]int32          // concept -> offers, ascending
}

type phrase struct {
	text     string
	concepts []int32
}

func newIndex(c *catalogue) *index {
	w, x := words(), &index{exact: map[string][]int32{}, tokens: map[string][]int32{}}
	add := func(ws ...*word) int {
		from := len(x.posts)
		for _, one := range ws {
			x.learn(one, int32(len(x.posts)))
			x.posts = append(x.posts, nil)
		}
		return from
	}
	nouns, cats := add(nounWords(w)...), add(refs(w.tops)...)
	mats, styles, feats, cols := add(refs(w.materials)...), add(refs(w.styles)...), add(refs(w.features)...), add(refs(w.colours)...)
	for i := range c.offers {
		o := &c.offers[i]
		if o.traits&delisted != 0 {
			continue
		}
		post := func(concept int) { x.posts[concept] = append(x.posts[concept], int32(i)) }
		post(nouns + o.noun)
		post(cats + w.nouns[o.noun].second)
		post(mats + o.material)
		post(styles + o.style)
		post(feats + o.feature)
		for _, col := range o.colours() {
			post(cols + col)
		}
	}
	slices.SortFunc(x.glyphs, func(a, b phrase) int { return cmp.Or(len(b.text)-len(a.text), cmp.Compare(a.text, b.text)) })
	return x
}

func refs(ws []word) []*word {
	out := make([]*word, len(ws))
	for i := range ws {
		out[i] = &ws[i]
	}
	return out
}

func nounWords(w *lexicon) []*word {
	out := make([]*word, len(w.nouns))
	for i := range w.nouns {
		out[i] = &w.nouns[i].word
	}
	return out
}

func (x *index) learn(w *word, concept int32) {
	put := func(m map[string][]int32, key string) {
		if !slices.Contains(m[key], concept) {
			m[key] = append(m[key], concept)
		}
	}
	for _, text := range w {
		for _, form := range []string{normalise(text), plain(normalise(text))} {
			put(x.exact, form)
			if unspaced(form) {
				x.learnGlyphs(strings.ReplaceAll(form, " ", ""), concept)
			}
			for t := range strings.FieldsSeq(form) {
				put(x.tokens, t)
			}
		}
	}
}

func (x *index) learnGlyphs(text string, concept int32) {
	for i := range x.glyphs {
		if x.glyphs[i].text == text {
			if !slices.Contains(x.glyphs[i].concepts, concept) {
				x.glyphs[i].concepts = append(x.glyphs[i].concepts, concept)
			}
			return
		}
	}
	x.glyphs = append(x.glyphs, phrase{text, []int32{concept}})
}

// normalise folds width, case and composition, and turns punctuation into spaces.
func normalise(s string) string {
	s = strings.ToLower(norm.NFKC.String(s))
	s = strings.ReplaceAll(s, "'s", "")
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r) && r != 'ー'
	}), " ")
}

// plain drops Latin accents, because people type "ao thun" for "áo thun". Thai and kana marks carry meaning and stay.
func plain(s string) string {
	return norm.NFC.String(strings.Map(func(r rune) rune {
		switch {
		case r == 'đ':
			return 'd'
		case r >= 0x300 && r < 0x370:
			return -1
		}
		return r
	}, norm.NFD.String(s)))
}

// unspaced tells scripts that do not separate words.
func unspaced(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool {
		return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai)
	})
}

// concepts reads a query as a list of notions, each the set of lexicon words that may be meant. ok is false when nothing was understood.
func (x *index) concepts(keyword string) (groups [][]int32, ok bool) {
	fields := strings.Fields(normalise(keyword))
	for i := 0; i < len(fields); {
		if got, used := x.longest(fields[i:]); used > 0 {
			groups, i = append(groups, got), i+used
			continue
		}
		groups = append(groups, x.loose(fields[i])...)
		i++
	}
	return groups, len(groups) > 0
}

func (x *index) longest(fields []string) ([]int32, int) {
	for n := min(len(fields), 6); n > 0; n-- {
		p := strings.Join(fields[:n], " ")
		for _, form := range []string{p, strings.TrimSuffix(p, "s"), strings.TrimSuffix(p, "es")} { // English plurals
			if got, ok := x.exact[form]; ok {
				return got, n
			}
		}
	}
	return nil, 0
}

// loose handles what is no whole phrase: unspaced runs are cut into known words, other tokens may be parts or beginnings of words.
func (x *index) loose(field string) [][]int32 {
	if unspaced(field) {
		return x.cut(field)
	}
	if got := x.tokens[field]; got != nil {
		return [][]int32{got}
	}
	if len(field) < 3 {
		return nil
	}
	var got []int32
	for t, cs := range x.tokens {
		if strings.HasPrefix(t, field) {
			got = append(got, cs...)
		}
	}
	if got == nil {
		return nil
	}
	slices.Sort(got)
	return [][]int32{slices.Compact(got)}
}

func (x *index) cut(text string) [][]int32 {
	var groups [][]int32
	rest := text
	for _, p := range x.glyphs {
		if strings.Contains(rest, p.text) {
			groups = append(groups, p.concepts)
			rest = strings.ReplaceAll(rest, p.text, " ")
		}
	}
	if len(groups) > 0 {
		return groups
	}
	return x.bigrams(text)
}

// bigrams is the last resort for unspaced text: words that share two neighbouring letters with it.
func (x *index) bigrams(text string) [][]int32 {
	r := []rune(text)
	if len(r) == 1 {
		r = append(r[:0:0], r[0])
	}
	var got []int32
	for i := 0; i == 0 || i+1 < len(r); i++ {
		part := string(r[i:min(i+2, len(r))])
		for _, p := range x.glyphs {
			if strings.Contains(p.text, part) {
				got = append(got, p.concepts...)
			}
		}
	}
	if got == nil {
		return nil
	}
	slices.Sort(got)
	return [][]int32{slices.Compact(got)}
}

// hits returns offers that fit all notions of the query, best first; if none fits all, those that fit most. An empty keyword fits everything.
func (c *catalogue) hits(keyword string) []int32 {
	if strings.TrimSpace(keyword) == "" {
		return c.all()
	}
	groups, ok := c.index.concepts(keyword)
	if !ok {
		return nil
	}
	score, seen := make([]uint8, len(c.offers)), make([]uint8, len(c.offers))
	var best uint8
	for gi, g := range groups[:min(len(groups), 200)] {
		mark := uint8(gi + 1)
		for _, concept := range g {
			for _, o := range c.index.posts[concept] {
				if seen[o] != mark { // once per notion, even if several words of it fit
					seen[o] = mark
					score[o]++
					best = max(best, score[o])
				}
			}
		}
	}
	return c.rank(score, best)
}

func (c *catalogue) all() []int32 {
	out := make([]int32, 0, len(c.offers))
	for i := range c.offers {
		if c.offers[i].traits&delisted == 0 {
			out = append(out, int32(i))
		}
	}
	return c.bySales(out)
}

func (c *catalogue) rank(score []uint8, best uint8) []int32 {
	var out []int32
	for i, n := range score {
		if n > 0 && n == best {
			out = append(out, int32(i))
		}
	}
	return c.bySales(out)
}

func (c *catalogue) bySales(ids []int32) []int32 {
	slices.SortFunc(ids, func(a, b int32) int {
		return cmp.Or(cmp.Compare(c.offers[b].monthSold, c.offers[a].monthSold), cmp.Compare(a, b))
	})
	return ids
}

// pageCache keeps finished answers of hot queries: they depend on the catalogue only.
type pageCache struct {
	mu sync.Mutex
	m  map[string][]byte
}

const pageCacheSize = 2048

func (p *pageCache) get(key string) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.m[key]
}

func (p *pageCache) put(key string, page []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.m == nil || len(p.m) >= pageCacheSize {
		p.m = make(map[string][]byte, pageCacheSize)
	}
	p.m[key] = page
}

func (p *pageCache) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.m = nil
}
