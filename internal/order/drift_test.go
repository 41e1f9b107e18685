package order

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Nothing changed: 1688's preview asks what the catalogue says, tiers and curated flows included.
func TestPreviewAgreesWithTheCatalogue(t *testing.T) {
	f := newFixture(t, nil)
	seen, channel, flows := 0, 0, map[string]int{}
	for _, o := range f.offers("") {
		if len(o.SKUs) < 2 || seen == 60 {
			continue
		}
		p, err := f.Preview(t.Context(), member, f.site, "ja", []Item{o.item(0, o.enough()), o.item(1, 3*o.enough())})
		require.NoError(t, err)
		if len(p.blockers) > 0 {
			continue
		}
		seen++
		for _, g := range p.quote.Groups {
			flows[g.Flow]++
			for _, l := range g.Lines {
				read, err := f.search.Offer(t.Context(), f.site, "ja", l.OfferID)
				require.NoError(t, err)
				sku, _ := read.SKU(l.SkuID, "")
				if sku.Channel > 0 && g.Flow == "general" {
					channel++
					assert.Equal(t, []any{sku.Channel, true, false}, []any{l.CatalogFen, l.Changed, l.outdated}, "shown, not granted, and said")
					continue
				}
				assert.False(t, l.Changed, "offer %d in %s: %s, catalogue %s", o.OfferID, g.Flow, l.UnitFen.Yuan(), l.CatalogFen.Yuan())
				assert.Equal(t, l.UnitFen, l.CatalogFen)
			}
		}
	}
	assert.Equal(t, 60, seen)
	assert.Positive(t, channel)
	assert.Greater(t, len(flows), 1, "curated ones among them: %v", flows)
}

// The price moves while the catalogue still holds the old one: the line says so, and the product's page shows the new one
// next.
func TestPreviewTellsOfAChangedPrice(t *testing.T) {
	f := newFixture(t, nil)
	a, b := f.twoSellers()
	for _, o := range []offer{a, b} {
		_, err := f.search.Product(t.Context(), f.site, "ja", o.OfferID)
		require.NoError(t, err)
	}
	before := f.preview(a.item(0, a.enough()), b.item(0, b.enough()))
	view := f.viewer("ja", f.site).preview(before)
	for _, g := range view.Groups {
		for _, l := range g.Lines {
			assert.False(t, *l.PriceChanged)
			assert.Equal(t, l.UnitPrice, *l.CatalogPrice)
		}
	}
	f.control("POST", fmt.Sprintf("/offers/%d/actions/price", a.OfferID), `{"percent":150}`, nil)
	f.clock.advance(10 * time.Second)

	lines := f.viewer("ja", f.site).preview(f.preview(a.item(0, a.enough()), b.item(0, b.enough()))).Groups
	moved, same := lines[0].Lines[0], lines[1].Lines[0]
	assert.True(t, *moved.PriceChanged)
	assert.Equal(t, before.quote.Groups[0].Lines[0].UnitFen.Yuan(), fenText(moved.CatalogPrice.Original.Amount), "what the shopper saw")
	assert.Greater(t, moved.UnitPrice.Original.Amount, moved.CatalogPrice.Original.Amount, "what 1688 asks")
	assert.False(t, *same.PriceChanged)

	details := f.calls("product.search.queryProductDetail")
	again := f.preview(a.item(0, a.enough()), b.item(0, b.enough())).quote.Groups
	assert.False(t, again[0].Lines[0].Changed, "the catalogue has read it anew")
	assert.EqualValues(t, moved.UnitPrice.Original.Amount, again[0].Lines[0].CatalogFen)
	assert.Equal(t, details+1, f.calls("product.search.queryProductDetail"), "only the one that moved was read again")
	_ = f.preview(a.item(0, a.enough()))
	assert.Equal(t, details+1, f.calls("product.search.queryProductDetail"), "and once")
}

func fenText(n int64) string { return fmt.Sprintf("%d.%02d", n/100, n%100) }
