package sandbox

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func open(c <-chan struct{}) bool {
	select {
	case <-c:
		return false
	default:
		return true
	}
}

// TestSightsDoNotDependOnTheirOrder: what was drawn before on the same canvas, together with it or beside it leaves no trace.
func TestSightsDoNotDependOnTheirOrder(t *testing.T) {
	cat := newCatalogue(1688, 150)
	x := newSights(cat, nil)
	require.NotEmpty(t, x.wait(otherViews))
	for i := len(x.all) - 1; i >= 0; i -= 7 {
		e, o := x.all[i], &cat.offers[x.all[i].offer]
		alone := newViewer().sight(o, int(e.n))
		assert.Equal(t, alone.known, e.known, "offer %d, picture %d", e.offer, e.n)
		assert.Equal(t, alone.sketch, e.sketch, "offer %d, picture %d", e.offer, e.n)
	}
}

// TestSightsHoldEveryPicture: each picture of what is on sale has its sight, front views first.
func TestSightsHoldEveryPicture(t *testing.T) {
	cat := newCatalogue(1688, 150)
	x := newSights(cat, nil)
	type key struct {
		offer int32
		n     uint8
	}
	fronts, all := map[key]bool{}, map[key]bool{}
	for _, e := range x.wait(frontViews) {
		fronts[key{e.offer, e.n}] = true
	}
	for _, e := range x.wait(otherViews) {
		all[key{e.offer, e.n}] = true
	}
	assert.Len(t, all, len(x.all), "none twice")
	for i := range cat.offers {
		o := &cat.offers[i]
		onSale := o.traits&delisted == 0
		for _, c := range o.colours() {
			assert.Equal(t, onSale, fronts[key{o.idx, uint8(skuPicture + c)}])
		}
		for _, n := range sideViews {
			assert.False(t, fronts[key{o.idx, uint8(n)}])
			assert.Equal(t, onSale, all[key{o.idx, uint8(n)}])
		}
	}
}

// TestMainPictureNeedsFrontViewsOnly: the first search does not wait for the whole index when the photo shows a picture as it is.
func TestMainPictureNeedsFrontViewsOnly(t *testing.T) {
	cat := newCatalogue(1688, 300)
	x := newSights(cat, nil)
	o := plainGoods(cat, lookBackpack)[0]
	for _, n := range []int{0, whitePicture, skuPicture + o.colours()[1]} {
		require.Equal(t, o.idx, x.look(takePhoto(drawn(o, n, 500))).offers[0])
		require.True(t, open(x.ready[otherViews]), "picture %d", n)
	}
	assert.Equal(t, o.idx, x.look(takePhoto(drawn(o, 1, 500))).offers[0])
}

// TestSightsAreBounded: a million offers are not all indexed.
func TestSightsAreBounded(t *testing.T) {
	x := newSights(&catalogue{offers: make([]offer, 1_000_000)}, nil)
	x.divide()
	assert.Len(t, x.all, maxSights)
	assert.False(t, open(x.ready[otherViews]), "main pictures only")
}

func TestSightsOfAStoppedServer(t *testing.T) {
	stop := make(chan struct{})
	close(stop)
	x := newSights(newCatalogue(1688, 300), stop)
	assert.Nil(t, x.wait(frontViews))
	assert.Nil(t, x.look(newPhoto(8, 8)))
	x.build() // comes back
}

// TestWarm: with Warm the index is built without anybody asking.
func TestWarm(t *testing.T) {
	f := start(t, Options{Offers: 60, Warm: true})
	require.Eventually(t, func() bool {
		x := f.srv.eyes.Load()
		return x != nil && !open(x.ready[otherViews])
	}, 30*time.Second, 5*time.Millisecond)
}
