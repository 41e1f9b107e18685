package sandbox

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// word is one notion in every language, in the order of langs.
type word [9]string

func (w *word) in(lang string) string { return w[langIndex(lang)] }

// noun is a product: a third-level category.
type noun struct {
	word
	look      look
	sizes     byte // key of sizeSets
	material  byte // group of materials
	low, high int64
	grams     int64
	unit      string
	second    int
	tells     [kinds]uint64 // words its name says already, by kind: bit = row
}

// second is a second-level category with what its products are like.
type second struct {
	word
	top                      int
	audience                 int // row of audienceTable, -1 for none
	style, feature, scene    byte
	styles, features, scenes []uint8
}

// kind is what a word says about a product. The order is that of the concept numbers.
type kind uint8

const (
	kindNoun kind = iota
	kindSecond
	kindTop
	kindMaterial
	kindStyle
	kindFeature
	kindColour
	kindAudience
	kindSeason
	kindScene
	kindSelling
	kinds
)

// term is one form in which a notion may be named in one language.
type term struct {
	kind  kind
	row   int
	lang  int
	text  string
	other bool // a synonym that titles never show
}

// lexicon is the parsed word tables; the same for every catalogue.
type lexicon struct {
	tops                                                                                     []word
	seconds                                                                                  []second
	nouns                                                                                    []noun
	materials, styles, features, colours, attrib, packs, audiences, seasons, scenes, selling []word
	units                                                                                    map[string]*word
	materialGroups                                                                           map[byte][]uint8
	stride                                                                                   int // walks through all nouns
	terms                                                                                    []term
	base                                                                                     [kinds + 1]uint16 // first concept number of each kind
}

var words = sync.OnceValue(func() *lexicon {
	l := &lexicon{units: map[string]*word{}, materialGroups: map[byte][]uint8{}}
	styles, features, scenes := map[byte][]uint8{}, map[byte][]uint8{}, map[byte][]uint8{}
	l.materials = l.table(kindMaterial, materialTable, l.materialGroups)
	l.styles = l.table(kindStyle, styleTable, styles)
	l.features = l.table(kindFeature, featureTable, features)
	l.scenes = l.table(kindScene, sceneTable, scenes)
	l.audiences = l.table(kindAudience, audienceTable, map[byte][]uint8{})
	l.seasons, l.selling = l.table(kindSeason, seasonTable, nil), l.table(kindSelling, sellingTable, nil)
	l.colours, l.attrib, l.packs = l.table(kindColour, colourTable, nil), l.table(kinds, attrTable, nil), l.table(kinds, packTable, nil)
	units := l.table(kinds, unitTable, nil)
	for i := range units {
		l.units[units[i][0]] = &units[i]
	}
	for line := range strings.SplitSeq(strings.TrimSpace(fashionTable)+"\n"+strings.TrimSpace(goodsTable), "\n") {
		l.product(line)
	}
	for i := range l.seconds {
		s := &l.seconds[i]
		s.styles, s.features, s.scenes = styles[s.style], features[s.feature], scenes[s.scene]
	}
	l.count()
	for i := range l.nouns {
		l.tell(&l.nouns[i])
	}
	for l.stride = 77; gcd(uint64(l.stride), uint64(len(l.nouns))) != 1; {
		l.stride++
	}
	return l
})

// table reads words, one a line; with groups, each line begins with the letters of its groups.
func (l *lexicon) table(k kind, text string, groups map[byte][]uint8) []word {
	var out []word
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		if groups != nil {
			letters, rest, _ := strings.Cut(line, "|")
			for i := range len(letters) {
				groups[letters[i]] = append(groups[letters[i]], uint8(len(out)))
			}
			line = rest
		}
		out = append(out, l.word(k, len(out), line))
	}
	return out
}

// word reads one line of cells and notes every form for the search. Kind "kinds" is not searched for.
func (l *lexicon) word(k kind, row int, line string) word {
	w := toWord(line)
	for lang, cell := range w {
		for i, form := range strings.Split(cell, "/") {
			if i == 0 {
				w[lang] = form
			}
			if k != kinds {
				l.terms = append(l.terms, term{k, row, lang, form, i > 0})
			}
		}
	}
	return w
}

// toWord reads one line of cells as they are.
func toWord(line string) word {
	cells := strings.Split(line, "|")
	if len(cells) != len(word{}) {
		panic("sandbox: word line " + line)
	}
	return word(cells)
}

// product reads one line of the product tables.
func (l *lexicon) product(line string) {
	head, names, _ := strings.Cut(line, "|")
	switch {
	case strings.HasPrefix(line, "== "):
		f := strings.Fields(head)
		s := second{top: len(l.tops) - 1, audience: slices.Index([]string{"w", "m", "k", "b", "a"}, f[1]), style: f[2][0], feature: f[3][0], scene: f[4][0]}
		s.word = l.word(kindSecond, len(l.seconds), names)
		l.seconds = append(l.seconds, s)
	case strings.HasPrefix(line, "= "):
		l.tops = append(l.tops, l.word(kindTop, len(l.tops), strings.TrimPrefix(line, "= ")))
	default:
		n := noun{second: len(l.seconds) - 1}
		var shape, sizes, material string
		if _, err := fmt.Sscan(head, &shape, &sizes, &material, &n.low, &n.high, &n.grams, &n.unit); err != nil {
			panic("sandbox: product line " + line)
		}
		n.look, n.sizes, n.material = lookNamed(shape), sizes[0], material[0]
		n.word = l.word(kindNoun, len(l.nouns), names)
		l.nouns = append(l.nouns, n)
	}
}

// second and top of a product.
func (l *lexicon) secondOf(noun int) *second { return &l.seconds[l.nouns[noun].second] }

// langIndex finds the column of a language code. Unknown ones read English.
func langIndex(lang string) int {
	for i, l := range langs {
		if l == lang {
			return i
		}
	}
	return english
}

const english = 2

var countryLang = map[string]string{
	"japan": "ja", "korea": "ko", "southkorea": "ko", "south korea": "ko", "vietnam": "vi", "malaysia": "ms", "thailand": "th", "indonesia": "id",
	"russia": "ru", "russian federation": "ru", "kazakhstan": "ru", "belarus": "ru", "china": "zh", "taiwan": "zh", "hongkong": "zh", "zh-tw": "zh", "zh-cn": "zh", "in": "id",
}

// language reads the `country` argument: a language code (crossborder APIs), a locale, or a country name (seed). Unknown ones read English.
func language(country string) string {
	c := strings.ToLower(strings.TrimSpace(country))
	if l, ok := countryLang[c]; ok {
		return l
	}
	c, _, _ = strings.Cut(strings.ReplaceAll(c, "_", "-"), "-")
	return langs[langIndex(c)]
}
