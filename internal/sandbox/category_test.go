package sandbox

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCategoryTree(t *testing.T) {
	assert.Len(t, lookNames, int(looks), "every look has a name")
	seen := map[int64]bool{}
	var walk func(id int64, level int)
	walk = func(id int64, level int) {
		for _, c := range childCategories(id) {
			assert.False(t, seen[c.id], "id %d twice", c.id)
			seen[c.id] = true
			assert.Equal(t, level, c.level)
			assert.Equal(t, id, c.parent)
			assert.Same(t, c, categoryByID(c.id))
			assert.Equal(t, level == 3, len(c.children) == 0, c.word[0])
			walk(c.id, level+1)
		}
	}
	walk(0, 1)
	assert.Len(t, seen, len(categories().all))
	assert.Nil(t, categoryByID(5))
	assert.Nil(t, childCategories(5))
	c := newCatalogue(1688, 500)
	for i := range c.offers {
		three := c.offers[i].categories()
		for level, id := range three {
			require.NotNil(t, categoryByID(id))
			assert.Equal(t, level+1, categoryByID(id).level)
		}
		assert.Equal(t, three[1], categoryByID(three[2]).parent)
	}
}
