package sandbox

import "sync"

// category is a node of the three-level tree. The third level is one product noun.
type category struct {
	word           // its name in every language
	id       int64 // stable as long as the word tables only grow at their ends
	parent   int64 // 0 for the first level
	level    int   // 1 to 3
	children []int64
	concept  uint16 // its number in the search index
}

func (c *category) leaf() bool { return c.level == 3 }

// tree is every category, by id and in order.
type tree struct {
	byID  map[int64]*category
	roots []int64
	all   []*category // parents before children
}

func topCategoryID(i int) int64    { return 1001 + int64(i) }
func secondCategoryID(i int) int64 { return 1_030_001 + int64(i) }
func thirdCategoryID(i int) int64  { return 122_086_001 + int64(i) }

var categories = sync.OnceValue(func() *tree {
	w, t, base := words(), &tree{byID: map[int64]*category{}}, conceptBase()
	add := func(c *category) {
		t.byID[c.id] = c
		t.all = append(t.all, c)
		if c.parent == 0 {
			t.roots = append(t.roots, c.id)
			return
		}
		up := t.byID[c.parent]
		up.children = append(up.children, c.id)
	}
	for i := range w.tops {
		add(&category{word: w.tops[i], id: topCategoryID(i), level: 1, concept: base[kindTop] + uint16(i)})
	}
	for i := range w.seconds {
		add(&category{word: w.seconds[i].word, id: secondCategoryID(i), parent: topCategoryID(w.seconds[i].top), level: 2, concept: base[kindSecond] + uint16(i)})
	}
	for i := range w.nouns {
		add(&category{word: w.nouns[i].word, id: thirdCategoryID(i), parent: secondCategoryID(w.nouns[i].second), level: 3, concept: base[kindNoun] + uint16(i)})
	}
	return t
})

// categoryByID finds a category of any level; nil when there is none.
func categoryByID(id int64) *category { return categories().byID[id] }

// childCategories lists the children of a category in order; 0 is the root.
func childCategories(id int64) []*category {
	t, ids := categories(), categories().roots
	if id != 0 {
		c := t.byID[id]
		if c == nil {
			return nil
		}
		ids = c.children
	}
	out := make([]*category, len(ids))
	for i, child := range ids {
		out[i] = t.byID[child]
	}
	return out
}

// categories of an offer, from the top down.
func (o *offer) categories() [3]int64 {
	n := &words().nouns[o.noun]
	return [3]int64{topCategoryID(words().seconds[n.second].top), secondCategoryID(n.second), thirdCategoryID(int(o.noun))}
}
