package search

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// fold brings a text into the one spelling in which words are compared: compatibility forms (full-width letters,
// half-width kana, ligatures), case, invisible characters and runs of blanks do not count.
func fold(s string) string {
	s = norm.NFKC.String(cases.Fold().String(norm.NFKC.String(s)))
	var b strings.Builder
	b.Grow(len(s))
	blank := false
	for _, r := range s {
		switch {
		case unicode.IsSpace(r):
			blank = true
			continue
		case r == utf8.RuneError || unicode.In(r, unicode.Cf, unicode.Cc, unicode.Variation_Selector):
			continue
		}
		if blank && b.Len() > 0 {
			b.WriteByte(' ')
		}
		blank = false
		b.WriteRune(r)
	}
	return b.String()
}

// unspaced are the scripts that are written without blanks between words, and Hangul, whose words carry endings: words in
// them are found anywhere.
var unspaced = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Bopomofo, unicode.Hangul, unicode.Yi,
	unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar, unicode.Tibetan,
}

// joins reports whether r is part of a longer word together with its neighbours: letters and digits of scripts with blanks.
func joins(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z'
	}
	return r != 'ー' && unicode.In(r, unicode.L, unicode.N, unicode.M) && !unicode.In(r, unspaced...)
}

// matcher finds any of many words in one pass: a trie whose edges share one map. Where a word begins or ends with a letter
// that joins, the text must have no such letter beside it ("gun" is in "toy gun", not in "begun").
type matcher struct {
	edges map[edge]int32
	ends  map[int32]bool
	nodes int32
}

type edge struct {
	node int32
	r    rune
}

func newMatcher() *matcher { return &matcher{edges: map[edge]int32{}, ends: map[int32]bool{}} }

func (m *matcher) empty() bool { return len(m.ends) == 0 }

// add takes a folded word.
func (m *matcher) add(word string) {
	node := int32(0)
	for _, r := range word {
		next, ok := m.edges[edge{node, r}]
		if !ok {
			m.nodes++
			next = m.nodes
			m.edges[edge{node, r}] = next
		}
		node = next
	}
	if node != 0 {
		m.ends[node] = true
	}
}

// find reports whether a folded text holds one of the words.
func (m *matcher) find(text string) bool {
	before := ' '
	for i, r := range text {
		if !(joins(before) && joins(r)) && m.begins(text[i:]) {
			return true
		}
		before = r
	}
	return false
}

// begins reports whether text begins with one of the words.
func (m *matcher) begins(text string) bool {
	node := int32(0)
	for i, r := range text {
		next, ok := m.edges[edge{node, r}]
		if !ok {
			return false
		}
		node = next
		if m.ends[node] {
			after, _ := utf8.DecodeRuneInString(text[i+utf8.RuneLen(r):])
			if !joins(r) || !joins(after) {
				return true
			}
		}
	}
	return false
}
