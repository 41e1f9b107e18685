package search

import (
	"context"
	"slices"
	"time"

	"entrepot/internal/alibaba"
	"entrepot/internal/errs"
	"entrepot/internal/site"

	"github.com/maypok86/otter/v2"
	"golang.org/x/sync/errgroup"
)

// Bounds of what is remembered of offers' categories.
const (
	homesKept = 50_000
	homeFor   = 24 * time.Hour
)

// home is where an offer stands in 1688's tree: top, second, third and own category, 0 where 1688 did not say.
type home [4]int64

// homes remembers the categories of offers for sites that block some: recommendations do not name them.
type homes struct{ offers *otter.Cache[int64, home] }

func newHomes() *homes {
	return &homes{otter.Must(&otter.Options[int64, home]{MaximumSize: homesKept, ExpiryCalculator: otter.ExpiryWriting[int64, home](homeFor)})}
}

func (h *homes) close() { h.offers.StopAllGoroutines() }

// of is where an offer of a list stands; known is false when nobody has said yet.
func (h *homes) of(o *alibaba.SearchOffer) (at home, known bool) {
	if named := (home{int64(o.TopCategoryID), int64(o.SecondCategoryID), int64(o.ThirdCategoryID)}); named != (home{}) {
		return named, true
	}
	return h.offers.GetIfPresent(int64(o.OfferID))
}

// learn keeps what a list or a detail says.
func (h *homes) learn(offer int64, at home) {
	if was, ok := h.offers.GetIfPresent(offer); !ok || was != at {
		h.offers.Set(offer, at)
	}
}

// blocksCategories reports whether it matters where offers stand.
func (b *blocklist) blocksCategories() bool { return b != nil && len(b.tops) > 0 }

// placed finds out where the products of a list stand that does not say so, from their details, when the site blocks
// categories, and leaves out what the site must not show. A detail that cannot be read fails the list: what may be blocked
// is not shown.
func (s *Service) placed(ctx context.Context, st *site.Site, lang string, list []alibaba.SearchOffer) ([]alibaba.SearchOffer, error) {
	b := s.blocks(st)
	if !b.blocksCategories() {
		return list, nil
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(detailsAtOnce)
	for i := range list {
		o := &list[i]
		if _, known := s.homes.of(o); known || o.OfferID == 0 || b.offer(int64(o.OfferID)) {
			continue
		}
		g.Go(func() error {
			p, err := s.detail(ctx, st, lang, int64(o.OfferID))
			switch code := errs.CodeOf(err); {
			case code == errs.NotFound || code == errs.Blocked || err == nil && b.seller(string(p.SellerOpenID)):
				o.OfferID = 0
			case err != nil:
				return err
			default:
				at := home{int64(p.TopCategoryID), int64(p.SecondCategoryID), int64(p.ThirdCategoryID), int64(p.CategoryID)}
				s.homes.learn(int64(o.OfferID), at)
			}
			return nil
		})
	}
	err := g.Wait()
	return slices.DeleteFunc(list, func(o alibaba.SearchOffer) bool { return o.OfferID == 0 }), err
}
