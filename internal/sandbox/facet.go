package sandbox

import (
	"strconv"
	"strings"
)

// facet is one search navigation: an attribute of products and its values. Its ids work as snId of keywordQuery.
type facet struct {
	id     int // the attribute, as in the product detail
	name   int // row of attrTable; -1 for selling points, which have no row there
	values []word
	first  int // id of the first value
	of     func(*offer) []int
}

var sellingPoints = word{"卖点", "セールスポイント", "selling point", "특징", "điểm nổi bật", "ciri utama", "จุดเด่น", "keunggulan", "особенность"}

func facets() []facet {
	w := words()
	return []facet{
		{id: 149, name: 2, values: w.materials, first: 20_001, of: func(o *offer) []int { return []int{int(o.material)} }},
		{id: 973, name: 3, values: w.styles, first: 28_101, of: func(o *offer) []int { return []int{int(o.style)} }},
		{id: 3216, name: 0, values: w.colours, first: 28_301, of: (*offer).colours},
		{id: 7869, name: -1, values: w.features, first: 45_001, of: func(o *offer) []int { return []int{int(o.feature)} }},
	}
}

func (f *facet) label() *word {
	if f.name < 0 {
		return &sellingPoints
	}
	return &words().attrib[f.name]
}

func (f *facet) valueID(i int) string { return strconv.Itoa(f.id) + ":" + strconv.Itoa(f.first+i) }

// navigation reads an snId such as 973:28105; several, joined by commas, must all fit. An id we never gave out fits nothing.
func navigation(snID string) func(*offer) bool {
	type want struct {
		of    func(*offer) []int
		value int
	}
	var wants []want
	for part := range strings.SplitSeq(snID, ",") {
		attr, value, _ := strings.Cut(strings.TrimSpace(part), ":")
		found := false
		for _, f := range facets() {
			i, err := strconv.Atoi(value)
			if i -= f.first; err == nil && attr == strconv.Itoa(f.id) && i >= 0 && i < len(f.values) {
				wants, found = append(wants, want{f.of, i}), true
			}
		}
		if !found {
			return func(*offer) bool { return false }
		}
	}
	return func(o *offer) bool {
		for _, w := range wants {
			fits := false
			for _, v := range w.of(o) {
				fits = fits || v == w.value
			}
			if !fits {
				return false
			}
		}
		return true
	}
}

// navigate counts which values occur among hits and lists the facets that can still narrow them down.
func (c *catalogue) navigate(ids []int32, lang string) []obj {
	out := []obj{}
	for _, f := range facets() {
		seen := make([]int, len(f.values))
		for _, i := range ids {
			for _, v := range f.of(&c.offers[i]) {
				seen[v]++
			}
		}
		children := []obj{}
		for i, n := range seen {
			if n > 0 {
				children = append(children, obj{"id": f.valueID(i), "name": f.values[i][0], "translateName": f.values[i].in(lang)})
			}
		}
		if len(children) > 1 {
			out = append(out, obj{"id": strconv.Itoa(f.id), "name": f.label()[0], "translateName": f.label().in(lang), "children": children})
		}
	}
	return out
}
