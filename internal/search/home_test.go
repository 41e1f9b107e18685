package search

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"entrepot/internal/errs"
)

// 1688 does not say where the products it recommends stand.
func TestABlockedCategoryIsNotRecommendedEither(t *testing.T) {
	d := newDesk(t)
	top := func(offer string) string {
		var p Product
		d.shop("/v1/products/"+offer).is(t, 200).into(t, &p)
		return *p.TopCategoryId
	}
	const path = "/v1/recommendations?pageSize=20"
	var before, after ProductList
	d.shop(path).is(t, 200).into(t, &before)
	require.NotEmpty(t, before.Items)
	tops := map[string]string{}
	for _, h := range before.Items {
		require.Nil(t, h.TopCategoryId)
		tops[h.OfferId] = top(h.OfferId)
	}
	bad := tops[before.Items[0].OfferId]
	d.block("category", bad)
	d.shop(path).is(t, 200).into(t, &after)
	assert.NotEmpty(t, after.Items)
	for _, h := range before.Items {
		shown := slices.ContainsFunc(after.Items, func(o Hit) bool { return o.OfferId == h.OfferId })
		assert.Equal(t, tops[h.OfferId] != bad, shown, h.OfferId)
	}
	// Found out once: another page of the same products asks for no detail again.
	asked := d.calls(detailAPI)
	d.shop("/v1/recommendations?pageSize=10").is(t, 200)
	assert.Equal(t, asked, d.calls(detailAPI))
}

func TestAReloadedProductKeepsItsETag(t *testing.T) {
	d := newDesk(t)
	path := "/v1/products/" + d.found(bagWords).Items[0].OfferId
	var before, after Product
	first := d.shop(path).is(t, 200).into(t, &before)
	d.clock.advance(10 * time.Second)
	d.Invalidate(offerNumber(t, before.OfferId))
	again := d.shop(path).is(t, 200).into(t, &after)
	require.NotEqual(t, before.PricedAt, after.PricedAt, "1688 was asked again")
	assert.Equal(t, first.header.Get("ETag"), again.header.Get("ETag"), "and said the same")
	d.shop(path, "If-None-Match", first.header.Get("ETag")).is(t, 304)
}

func offerNumber(t *testing.T, text string) (id int64) {
	t.Helper()
	_, err := fmt.Sscan(text, &id)
	require.NoError(t, err)
	return id
}

func TestCallersLearnWithinASecondThat1688IsAway(t *testing.T) {
	h := health{pause: time.Second}
	h.usual.Store(int64(time.Second))
	assert.Equal(t, 4*time.Second, h.patience(), "slow, but there")
	for _, key := range []string{"a", "b", "c"} {
		h.bad(cacheKey{key: key})
	}
	assert.Equal(t, leastWait, h.patience())
	h.saw(cacheKey{}, errs.New(errs.NotFound, "product.not_found"), time.Second)
	assert.Equal(t, 4*time.Second, h.patience(), "back")
}
