package sandbox

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// meaning says that a form means a concept in some languages. The weight is higher for products than for what describes them,
// and halved where the form is only part of the name.
type meaning struct {
	concept uint16
	langs   uint16 // bit = column of langs
	weight  uint8
}

var kindWeight = [kinds]uint8{
	kindNoun: 16, kindSecond: 10, kindTop: 8, kindMaterial: 6, kindStyle: 6, kindFeature: 6, kindColour: 4, kindAudience: 4, kindSeason: 4, kindScene: 4, kindSelling: 2,
}

// lookup maps what people type to notions. It is the same for every catalogue.
type lookup struct {
	forms  map[string][]meaning // stemmed words and phrases; unspaced phrases without spaces too
	tokens []string             // single words of spaced languages, sorted, for beginnings
	grams  map[string][]int32   // one and two neighbouring letters of unspaced phrases
	names  [][]meaning          // what a phrase of grams means
}

// stops are little words that carry nothing by themselves; within a known phrase they count.
var stops = func() map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq("and for the of with in on to a an dan và của cho untuk dari dengan с со из в во для и на от по о") {
		set[w] = true
	}
	return set
}()

var dictionary = sync.OnceValue(func() *lookup {
	d, base := &lookup{forms: map[string][]meaning{}, grams: map[string][]int32{}}, conceptBase()
	glyphs := map[string][]meaning{}
	for _, t := range words().terms {
		e := meaning{concept: base[t.kind] + uint16(t.row), langs: 1 << t.lang, weight: kindWeight[t.kind]}
		clean := normalise(t.text)
		d.learn(clean, e)
		if p := plain(clean); p != clean {
			d.learn(p, e)
		}
		if unspaced(clean) {
			whole := strings.ReplaceAll(clean, " ", "")
			glyphs[whole] = append(glyphs[whole], e)
		}
	}
	for _, phrase := range slices.Sorted(maps.Keys(glyphs)) {
		d.learnGlyphs(phrase, glyphs[phrase])
	}
	for form := range d.forms {
		if !strings.Contains(form, " ") && !unspaced(form) {
			d.tokens = append(d.tokens, form)
		}
	}
	slices.Sort(d.tokens)
	return d
})

func (d *lookup) put(form string, e meaning) {
	list := d.forms[form]
	for i := range list {
		if list[i].concept == e.concept && list[i].weight == e.weight {
			list[i].langs |= e.langs
			return
		}
	}
	d.forms[form] = append(list, e)
}

// learn files a phrase and every run of words within it.
func (d *lookup) learn(phrase string, e meaning) {
	f := strings.Fields(phrase)
	for i := range f {
		f[i] = stem(f[i])
	}
	part := e
	part.weight /= 2
	for from := range f {
		for to := from + 1; to <= len(f); to++ {
			switch {
			case to-from == len(f):
				d.put(strings.Join(f, " "), e)
			case stops[f[from]] || stops[f[to-1]]: // "dress for" is no notion
			case to-from > 1 || utf8.RuneCountInString(f[from]) > 1:
				d.put(strings.Join(f[from:to], " "), part)
			}
		}
	}
}

// learnGlyphs files a phrase of a script without spaces: whole, as a part of longer phrases, and by neighbouring letters.
func (d *lookup) learnGlyphs(phrase string, es []meaning) {
	r := []rune(phrase)
	for _, e := range es {
		d.put(phrase, e)
	}
	at := int32(len(d.names))
	d.names = append(d.names, es)
	seen := map[string]bool{}
	for i := range r {
		for n := 1; n <= 2 && i+n <= len(r); n++ {
			if g := string(r[i : i+n]); !seen[g] {
				seen[g] = true
				d.grams[g] = append(d.grams[g], at)
			}
		}
	}
}

// normalise folds width, case and composition, and turns punctuation into spaces.
func normalise(s string) string {
	s = strings.ToLower(norm.NFKC.String(s))
	s = strings.ReplaceAll(strings.ReplaceAll(s, "'s", ""), "ё", "е")
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
		case r >= 0x300 && r < 0x370 && r != 0x306: // 0x306 is the hook of й
			return -1
		}
		return r
	}, norm.NFD.String(s)))
}

// unspaced tells scripts that do not separate words, and Hangul, which often does not.
func unspaced(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool {
		return r >= 0xe00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai)
	})
}

// russianEndings are cut off words, longest first.
var russianEndings = strings.Fields("ками ках кам кой ков кая кий кое кие ка ки ку ке ок ек ыми ими ами ями ого его ому ему ая яя ое ее ой ей ые ие ый ий ых их ую юю ом ем ов ев ам ям ах ях ья ье а я ы и о е у ю ь й")

// stem cuts the endings of English plurals and Russian cases. Both sides of the search go through it, so it need not be right, only alike.
func stem(w string) string {
	if w[0] >= utf8.RuneSelf {
		return stemRussian(w)
	}
	n := len(w)
	switch {
	case n <= 3 || w[n-1] != 's':
		return w
	case n > 4 && strings.HasSuffix(w, "ies"):
		return w[:n-3] + "y"
	case strings.HasSuffix(w, "ss") || strings.HasSuffix(w, "us") || strings.HasSuffix(w, "is"):
		return w
	case strings.HasSuffix(w, "sses") || strings.HasSuffix(w, "shes") || strings.HasSuffix(w, "ches") || strings.HasSuffix(w, "xes"):
		return w[:n-2]
	}
	return w[:n-1]
}

func stemRussian(w string) string {
	r, _ := utf8.DecodeRuneInString(w)
	if !unicode.Is(unicode.Cyrillic, r) {
		return w
	}
	for _, end := range russianEndings {
		if strings.HasSuffix(w, end) && len(w)-len(end) >= 6 { // three letters stay
			w = strings.TrimSuffix(w, end)
			break
		}
	}
	return w
}

// read understands a query as a list of notions, each the concepts that may be meant. Words nobody knows are left out.
// Words of the shopper's language, Chinese and English come first; other languages are asked when these are silent.
func (d *lookup) read(keyword string, lang int, chinese bool) [][]meaning {
	mask := uint16(1<<lang | 1<<english | 1)
	if chinese {
		mask = 1
	}
	var out [][]meaning
	f := strings.Fields(normalise(keyword))
	f = f[:min(len(f), 40)]
	stems := make([]string, len(f))
	for i := range f {
		stems[i] = stem(f[i])
	}
	for i := 0; i < len(f); {
		got, used := d.longest(stems[i:], mask, chinese)
		switch {
		case used > 0 && (used > 1 || !stops[f[i]]):
			out = append(out, got)
		case stops[f[i]]:
		case unspaced(f[i]):
			out = append(out, d.cut(f[i], mask, chinese)...)
		case len(f[i]) >= 3 && !chinese:
			if got := d.beginning(f[i]); got != nil {
				out = append(out, got)
			}
		}
		i += max(used, 1)
	}
	return out
}

// in narrows entries to languages; if none is of them, all count, unless only they may.
func in(es []meaning, mask uint16, strict bool) []meaning {
	all := true
	for _, e := range es {
		all = all && e.langs&mask != 0
	}
	if all {
		return es
	}
	var out []meaning
	for _, e := range es {
		if e.langs&mask != 0 {
			out = append(out, e)
		}
	}
	if out == nil && !strict {
		return es
	}
	return out
}

func (d *lookup) longest(stems []string, mask uint16, strict bool) ([]meaning, int) {
	for n := min(len(stems), 6); n > 0; n-- {
		form := stems[0]
		if n > 1 {
			form = strings.Join(stems[:n], " ")
		}
		if got := in(d.forms[form], mask, strict); len(got) > 0 {
			return got, n
		}
	}
	return nil, 0
}

// beginning finds the words that start with what was typed.
func (d *lookup) beginning(text string) []meaning {
	var out []meaning
	at, _ := slices.BinarySearch(d.tokens, text)
	for ; at < len(d.tokens) && strings.HasPrefix(d.tokens[at], text) && len(out) < 200; at++ {
		out = append(out, d.forms[d.tokens[at]]...)
	}
	return out
}

// cut reads a run without spaces from the left, always taking the longest known word.
func (d *lookup) cut(text string, mask uint16, strict bool) [][]meaning {
	var out [][]meaning
	r := []rune(text)
	r = r[:min(len(r), 200)]
	for i := 0; i < len(r); {
		used := 1
		for n := min(len(r)-i, 16); n > 0; n-- {
			if n == 1 && !unicode.Is(unicode.Han, r[i]) && len(r) > 1 {
				break
			}
			if got := in(d.forms[string(r[i:i+n])], mask, strict); len(got) > 0 {
				out, used = append(out, d.widen(r[i:i+n], got)), n
				break
			}
		}
		i += used
	}
	if out == nil {
		if got := in(d.alike(r, 0), mask, strict); len(got) > 0 {
			out = append(out, got)
		}
	}
	return out
}

// widen adds the longer names a known word is part of: who searches for a dress wants princess dresses too.
func (d *lookup) widen(r []rune, got []meaning) []meaning {
	if len(r) < 2 {
		return got
	}
	return append(slices.Clip(got), d.alike(r, len(r)-1)...)
}

// alike finds names that share neighbouring letters with the text: at least "least" pairs, or half of them when it is 0.
func (d *lookup) alike(r []rune, least int) []meaning {
	shared := map[int32]int{}
	if len(r) == 1 {
		for _, g := range d.grams[string(r)] {
			shared[g]++
		}
	}
	for i := 0; i+1 < len(r); i++ {
		for _, g := range d.grams[string(r[i:i+2])] {
			shared[g]++
		}
	}
	if least == 0 {
		least = max(len(r)/2, 1)
	}
	var phrases []int32
	for p, n := range shared {
		if n >= least {
			phrases = append(phrases, p)
		}
	}
	slices.Sort(phrases)
	var out []meaning
	for _, p := range phrases {
		for _, e := range d.names[p] {
			e.weight /= 2
			out = append(out, e)
		}
	}
	return out
}
