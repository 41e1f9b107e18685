package sandbox

import (
	"slices"
	"sync"
)

// index finds offers by notion. Titles are composed from the lexicon, so the postings hang on the lexicon's words and a query only
// has to be matched against them (dictionary.go), whatever the size of the catalogue. Postings count places in the order of sales:
// walking one yields the best sold offers first, without sorting.
type index struct {
	places []int32    // place -> offer; those off the shelf are in catalogue.off
	marks  []marks    // place -> its words
	posts  [][]uint32 // concept -> places, ascending
	pool   sync.Pool  // *scratch
}

// conceptBase is the first concept number of each kind; the last entry is how many there are.
func conceptBase() [kinds + 1]uint16 { return words().base }

func (l *lexicon) count() {
	sizes := [kinds]int{
		kindNoun: len(l.nouns), kindSecond: len(l.seconds), kindTop: len(l.tops), kindMaterial: len(l.materials), kindStyle: len(l.styles), kindFeature: len(l.features),
		kindColour: len(l.colours), kindAudience: len(l.audiences), kindSeason: len(l.seasons), kindScene: len(l.scenes), kindSelling: len(l.selling),
	}
	for k, n := range sizes {
		l.base[k+1] = l.base[k] + uint16(n)
	}
}

// marks are an offer's words. They lie together in the order of the places, so that a search reads them in one sweep through memory.
type marks struct {
	noun, colours                                              uint16 // colours: bit = row
	material, style, feature, audience, season, scene, selling uint8
}

const noMark = 255

func mark(row int) uint8 {
	if row < 0 {
		return noMark
	}
	return uint8(row)
}

func (o *offer) marks() marks {
	m := marks{
		noun: o.noun, material: o.material, style: o.style, feature: o.feature, audience: mark(o.audience()), season: mark(o.season()), scene: mark(o.scene()),
		selling: mark(o.selling()),
	}
	for k := range o.colourCount() {
		m.colours |= 1 << o.colour(k)
	}
	return m
}

// each visits the concepts of an offer.
func (m *marks) each(w *lexicon, visit func(concept uint16)) {
	n := &w.nouns[m.noun]
	visit(w.base[kindNoun] + m.noun)
	visit(w.base[kindSecond] + uint16(n.second))
	visit(w.base[kindTop] + uint16(w.seconds[n.second].top))
	visit(w.base[kindMaterial] + uint16(m.material))
	visit(w.base[kindStyle] + uint16(m.style))
	visit(w.base[kindFeature] + uint16(m.feature))
	visit(w.base[kindSelling] + uint16(m.selling))
	for row := range w.colours {
		if m.colours>>row&1 != 0 {
			visit(w.base[kindColour] + uint16(row))
		}
	}
	for _, one := range [...]struct {
		k   kind
		row uint8
	}{{kindAudience, m.audience}, {kindSeason, m.season}, {kindScene, m.scene}} {
		if one.row != noMark {
			visit(w.base[one.k] + uint16(one.row))
		}
	}
}

func newIndex(c *catalogue) *index {
	w := words()
	x := &index{places: bySales(c), marks: make([]marks, len(c.offers))}
	count := make([]int, w.base[kinds])
	for place, i := range x.places {
		x.marks[place] = c.offers[i].marks()
		x.marks[place].each(w, func(concept uint16) { count[concept]++ })
	}
	x.posts = make([][]uint32, len(count))
	for concept, n := range count {
		x.posts[concept] = make([]uint32, 0, n)
	}
	for place := range x.places {
		x.marks[place].each(w, func(concept uint16) { x.posts[concept] = append(x.posts[concept], uint32(place)) })
	}
	x.pool.New = func() any { return &scratch{bits: make([]uint64, len(x.places)/64+1)} }
	return x
}

// bySales orders the offers: most sold first, then as they come.
func bySales(c *catalogue) []int32 {
	keys := make([]uint64, 0, len(c.offers))
	for i := range c.offers {
		keys = append(keys, uint64(1<<31-1-c.offers[i].monthSold)<<32|uint64(i))
	}
	slices.Sort(keys)
	out := make([]int32, len(keys))
	for place, k := range keys {
		out[place] = int32(k)
	}
	return out
}

// The keys a search can be sorted by, besides sales, which are the order of the places.
const (
	sortPrice = iota
	sortRepurchase
	sortKeys
)

// sortKey is the order of all places by one key, made when it is first asked for.
type sortKey struct {
	once  sync.Once
	rank  []uint32 // place -> rank
	place []uint32 // rank -> place
}

func (c *catalogue) sortKey(key int) *sortKey {
	x := c.index
	k := &c.keys[key]
	k.once.Do(func() {
		all := make([]uint64, len(x.places))
		for place, i := range x.places {
			o := &c.offers[i]
			v := uint64(o.price)
			if key == sortRepurchase {
				v = uint64(o.repurchase)
			}
			all[place] = v<<32 | uint64(place)
		}
		slices.Sort(all)
		k.rank, k.place = make([]uint32, len(all)), make([]uint32, len(all))
		for rank, v := range all {
			k.place[rank], k.rank[uint32(v)] = uint32(v), uint32(rank)
		}
	})
	return k
}

// scratch is reused from search to search.
type scratch struct {
	bits   []uint64
	found  []uint32
	scores []uint8
}

// search returns the products a query can reach, best first or sorted.
func (c *catalogue) search(q *offerQuery) ([]int32, *refusal) {
	ids, _, ref := c.page(q, 0, maxReach)
	return ids, ref
}

// hits returns what fits a keyword in any language, best first.
func (c *catalogue) hits(keyword string) []int32 {
	ids, _, _ := c.page(&offerQuery{Keyword: keyword}, 0, len(c.offers))
	return ids
}

// page returns the offers from place "from" up to "to" of the result, and how many there are in all.
func (c *catalogue) page(q *offerQuery, from, to int) ([]int32, int, *refusal) {
	p, ref := c.plan(q)
	if ref != nil || p.nothing {
		return nil, 0, ref
	}
	s := c.index.pool.Get().(*scratch)
	defer c.index.pool.Put(s)
	s.found, s.scores = s.found[:0], s.scores[:0]
	c.collect(p, s)
	if len(s.found) == 0 && len(p.words) > 1 {
		c.collectSome(p, s)
	}
	places := s.found
	switch {
	case p.sort != nil:
		places = c.sorted(p.sort, s, from, to)
	case p.scored:
		places = byScore(s, from, to)
	default:
		places = places[min(from, len(places)):min(to, len(places))]
	}
	ids := make([]int32, len(places))
	for i, place := range places {
		ids[i] = c.index.places[place]
	}
	return ids, len(s.found), nil
}

// plan is a query made ready: what must fit and in which order the answer goes.
type plan struct {
	words   []group           // of the keyword; they score
	narrow  []group           // categories; they only narrow down
	keep    func(*offer) bool // nil keeps all
	sort    *sortOrder
	scored  bool
	nothing bool
}

// group is a set of concepts of which one must fit, with a weight for each.
type group struct {
	list   []meaning
	weight []uint8 // by concept
	has    [kinds]bool
	rare   bool // some kind beyond features
	size   int  // of all its postings
}

func (c *catalogue) group(list []meaning) group {
	base := conceptBase()
	g := group{list: list, weight: make([]uint8, base[kinds])}
	for _, e := range list {
		g.weight[e.concept] = max(g.weight[e.concept], e.weight)
		g.size += len(c.index.posts[e.concept])
		for k := range kinds {
			if e.concept >= base[k] && e.concept < base[k+1] {
				g.has[k] = true
				g.rare = g.rare || k > kindFeature
			}
		}
	}
	return g
}

// score is the weight of the best concept of the group that fits the offer, 0 for none. It runs for every candidate of every search.
func (g *group) score(m *marks, w *lexicon) uint8 {
	n := &w.nouns[m.noun]
	var best uint8
	try := func(k kind, row int) {
		if g.has[k] && row != noMark {
			best = max(best, g.weight[int(w.base[k])+row])
		}
	}
	if g.has[kindNoun] { // there are more products than noMark
		best = g.weight[w.base[kindNoun]+m.noun]
	}
	try(kindSecond, n.second)
	try(kindTop, w.seconds[n.second].top)
	try(kindMaterial, int(m.material))
	try(kindStyle, int(m.style))
	try(kindFeature, int(m.feature))
	if !g.rare {
		return best
	}
	try(kindAudience, int(m.audience))
	try(kindSeason, int(m.season))
	try(kindScene, int(m.scene))
	try(kindSelling, int(m.selling))
	if g.has[kindColour] {
		for row := range w.colours {
			if m.colours>>row&1 != 0 {
				try(kindColour, row)
			}
		}
	}
	return best
}

// plan reads the query against the lexicon.
func (c *catalogue) plan(q *offerQuery) (*plan, *refusal) {
	p := &plan{}
	var ref *refusal
	if !q.unfiltered() {
		if p.keep, ref = q.filters(); ref != nil {
			return nil, ref
		}
	}
	if p.sort, ref = q.order(); ref != nil {
		return nil, ref
	}
	ids, ref := q.categoryIDs()
	if ref != nil {
		return nil, ref
	}
	if len(ids) > 0 {
		var cats []meaning
		for _, id := range ids {
			if k := categoryByID(id); k != nil {
				cats = append(cats, meaning{concept: k.concept, weight: 1})
			}
		}
		p.narrow, p.nothing = []group{c.group(cats)}, len(cats) == 0
	}
	if q.Keyword == "" {
		return p, nil
	}
	lists := dictionary().read(q.Keyword, langIndex(language(q.Country)), q.translated())
	for _, list := range lists[:min(len(lists), 12)] {
		p.words = append(p.words, c.group(list))
	}
	p.nothing = p.nothing || len(p.words) == 0
	p.scored = p.sort == nil && (len(p.words) > 1 || len(p.words) == 1 && uneven(p.words[0].list))
	return p, nil
}

func uneven(list []meaning) bool {
	return slices.ContainsFunc(list, func(e meaning) bool { return e.weight != list[0].weight })
}

// collect finds the places that fit every group of the plan.
func (c *catalogue) collect(p *plan, s *scratch) {
	var lead *group
	for _, set := range [][]group{p.words, p.narrow} {
		for i := range set {
			if lead == nil || set[i].size < lead.size {
				lead = &set[i]
			}
		}
	}
	w := words()
	try := func(place uint32) {
		if c.off[place>>6]>>(place&63)&1 != 0 {
			return
		}
		m, sum := &c.index.marks[place], 0
		for i := range p.narrow {
			if g := &p.narrow[i]; g != lead && g.score(m, w) == 0 {
				return
			}
		}
		for i := range p.words {
			g := &p.words[i]
			if g == lead && !p.scored {
				continue
			}
			n := g.score(m, w)
			if n == 0 {
				return
			}
			sum += int(n)
		}
		if p.keep == nil || p.keep(&c.offers[c.index.places[place]]) {
			s.found, s.scores = append(s.found, place), append(s.scores, uint8(min(sum, 255)))
		}
	}
	switch {
	case lead == nil:
		for place := range c.index.places {
			try(uint32(place))
		}
	case len(lead.list) == 1:
		for _, place := range c.index.posts[lead.list[0].concept] {
			try(place)
		}
	default:
		s.mark(c.index, lead)
		s.sweep(try)
	}
}

// collectSome is the second try of a query whose words never fit all together: every offer some of them fit, most words first.
func (c *catalogue) collectSome(p *plan, s *scratch) {
	for i := range p.words {
		s.mark(c.index, &p.words[i])
	}
	p.scored = p.sort == nil
	w := words()
	s.sweep(func(place uint32) {
		if c.off[place>>6]>>(place&63)&1 != 0 {
			return
		}
		m := &c.index.marks[place]
		for i := range p.narrow {
			if p.narrow[i].score(m, w) == 0 {
				return
			}
		}
		var fit, sum int
		for i := range p.words {
			if n := p.words[i].score(m, w); n > 0 {
				fit++
				sum += int(n)
			}
		}
		if fit > 0 && (p.keep == nil || p.keep(&c.offers[c.index.places[place]])) {
			s.found, s.scores = append(s.found, place), append(s.scores, uint8(min(fit, 7)*32+min(sum, 31)))
		}
	})
}

func (s *scratch) mark(x *index, g *group) {
	for _, e := range g.list {
		for _, place := range x.posts[e.concept] {
			s.bits[place>>6] |= 1 << (place & 63)
		}
	}
}

// byScore cuts a page out of what was found, the highest scores first and well sold ones first among equals.
func byScore(s *scratch, from, to int) []uint32 {
	var start [257]int
	for _, n := range s.scores {
		start[255-int(n)+1]++
	}
	for i := 1; i < len(start); i++ {
		start[i] += start[i-1]
	}
	to = min(to, len(s.found))
	from = min(from, to)
	out := make([]uint32, to-from)
	for i, n := range s.scores {
		at := start[255-int(n)]
		start[255-int(n)]++
		if at >= from && at < to {
			out[at-from] = s.found[i]
		}
	}
	return out
}
