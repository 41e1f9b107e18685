package search

import (
	"context"
	"time"

	"entrepot/internal/alibaba"
	"entrepot/internal/site"
)

// How often the reach of blocks is looked up: a seller's offers come and go.
const (
	reachEvery = 6 * time.Hour
	reachRetry = time.Minute      // after a failure
	reachClaim = 10 * time.Minute // a process that dies while looking leaves it to others after this
	reachWait  = 5 * time.Second  // adding an entry waits this long for what belongs to it
	reachBatch = 20
)

// learned is an offer that was met and whose seller is blocked.
type learned struct{ block, offer int64 }

// learn remembers that an offer belongs to a blocked seller, so that lists, which do not name sellers, leave it out.
func (s *Service) learn(st *site.Site, seller string, offer int64) {
	b := s.blocks(st)
	if !b.seller(seller) || b.offer(offer) {
		return
	}
	select {
	case s.learned <- learned{b.sellers[seller], offer}:
	default: // it will be met again
	}
}

// follow finds out what blocks reach, until ctx ends.
func (s *Service) follow(ctx context.Context) {
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case l := <-s.learned:
			s.addReach(ctx, l.block, []int64{l.offer})
		case <-tick.C:
			s.reachDue(ctx)
		}
	}
}

// reachDue looks up every entry whose time has come.
func (s *Service) reachDue(ctx context.Context) {
	for ctx.Err() == nil {
		rows, err := s.store.dueBlocks(ctx, s.moment(), reachBatch)
		if err != nil || len(rows) == 0 {
			return // a database that is away is reported by the poll
		}
		for _, row := range rows {
			s.reach(ctx, row)
		}
	}
}

// reachSoon looks up what a new entry reaches, waiting a moment for it; follow goes on where this ended.
func (s *Service) reachSoon(ctx context.Context, row blockRow) {
	if row.ReachDueAt == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), reachWait)
	defer cancel()
	s.reach(ctx, row)
}

// reach looks up one entry. What was found before a failure counts; the rest is tried again later.
func (s *Service) reach(ctx context.Context, row blockRow) {
	st, ok := s.sites.ByCode(row.Site)
	next := s.moment().Add(reachClaim)
	won, err := s.store.claimBlock(ctx, row, next)
	if err != nil || !won {
		return
	}
	next = s.moment().Add(reachEvery)
	if ok { // a site that is gone shows nothing
		objects, err := s.reached(alibaba.Background(ctx), st, row)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), loadWithin)
		defer cancel()
		s.addReach(ctx, row.ID, objects)
		if err != nil && alibaba.ClassOf(err) != alibaba.Rejected { // refused: 1688 does not know it (any more)
			next = s.moment().Add(reachRetry)
			s.log.WarnContext(ctx, "blocklist: looking up what an entry reaches", "block", row.ID, "error", err)
		}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), loadWithin)
	defer cancel()
	if err := s.store.setReachDue(ctx, row.ID, next); err != nil {
		s.log.WarnContext(ctx, "blocklist", "block", row.ID, "error", err) // due again when the claim ends
	}
}

func (s *Service) addReach(ctx context.Context, block int64, objects []int64) {
	added, err := s.store.addReach(ctx, block, objects, s.moment())
	if err != nil {
		s.log.WarnContext(ctx, "blocklist: what an entry reaches", "block", block, "error", err)
		return
	}
	if added > 0 {
		s.changed(ctx)
	}
}

// reached asks 1688 what belongs to an entry. It gives what it found also beside an error.
func (s *Service) reached(ctx context.Context, st *site.Site, row blockRow) ([]int64, error) {
	if row.Kind == blockSeller {
		return s.sellerOffers(ctx, st, row.ValueKey)
	}
	return s.categoriesBelow(ctx, row.number())
}

// sellerOrders are the orders in which a shop is read: one query reaches 2000 offers, a larger shop shows others from its
// other ends.
var sellerOrders = []string{"", `{"price":"asc"}`, `{"price":"desc"}`, `{"monthSold":"desc"}`, `{"monthSold":"asc"}`}

func (s *Service) sellerOffers(ctx context.Context, st *site.Site, seller string) ([]int64, error) {
	var ids []int64
	for _, order := range sellerOrders {
		for page, reach := 1, maxHits; (page-1)*MaxPageSize < reach; page++ {
			found, err := s.client.SellerOfferList(ctx, alibaba.SellerOfferQuery{
				SellerOpenID: seller, BeginPage: page, PageSize: MaxPageSize, CountryName: st.CountryName, Sort: order,
			})
			if err != nil {
				return ids, err
			}
			for _, o := range found.Offers {
				ids = append(ids, int64(o.OfferID))
			}
			if reach = min(maxHits, int(found.TotalRecords)); len(found.Offers) == 0 || reach < maxHits && len(found.Offers) < MaxPageSize {
				break
			}
		}
		if len(ids) < maxHits {
			break // that was the whole shop
		}
	}
	return ids, nil
}

// Depth of 1688's tree of categories, and a bound on the questions one entry may ask.
const (
	categoryDepth = 3
	maxBelow      = 2000
)

// categoriesBelow are all categories under one.
func (s *Service) categoriesBelow(ctx context.Context, top int64) ([]int64, error) {
	type node struct {
		id    int64
		depth int
	}
	var ids []int64
	seen := map[int64]bool{top: true}
	for todo, asked := []node{{top, 1}}, 0; len(todo) > 0 && asked < maxBelow; asked++ {
		at := todo[0]
		todo = todo[1:]
		c, err := s.client.CategoryByID(ctx, alibaba.ID(at.id), "zh", "")
		if err != nil && alibaba.ClassOf(err) != alibaba.Rejected {
			return ids, err
		}
		if err != nil || c == nil {
			continue // nobody knows it: nothing is below
		}
		for _, child := range c.Children {
			id := int64(child.ID)
			if id == 0 || seen[id] {
				continue
			}
			seen[id] = true
			ids = append(ids, id)
			if !bool(child.Leaf) && at.depth < categoryDepth {
				todo = append(todo, node{id, at.depth + 1})
			}
		}
	}
	return ids, nil
}

// moment is the clock of stored times.
func (s *Service) moment() time.Time { return s.now().UTC().Truncate(time.Millisecond) }
