package search

import (
	"entrepot/internal/errs"
	"entrepot/internal/site"
)

// Kinds of entries of the blocklist.
const (
	blockWord     = "word"
	blockCategory = "category" // with all categories below it
	blockOffer    = "offer"
	blockSeller   = "seller" // with all its offers
)

// blocklist is what must not appear on one site. It never changes once made; nil blocks nothing.
type blocklist struct {
	words      *matcher
	categories map[int64]bool // blocked ones and those known to be below them
	offers     map[int64]bool // blocked ones and those known to be a blocked seller's
	sellers    map[string]int64
	tops       map[int64]int64 // blocked categories alone: id -> entry
}

// blocks is the list in force on a site.
func (s *Service) blocks(st *site.Site) *blocklist { return s.of(st).blocks }

// newBlocklist puts the entries of a site together with what they reach (see reachRow).
func newBlocklist(entries []blockRow, reach []reachRow) *blocklist {
	if len(entries) == 0 {
		return nil
	}
	b := &blocklist{words: newMatcher(), categories: map[int64]bool{}, offers: map[int64]bool{}, sellers: map[string]int64{}, tops: map[int64]int64{}}
	for _, e := range entries {
		switch e.Kind {
		case blockWord:
			b.words.add(e.ValueKey)
		case blockCategory:
			b.tops[e.number()], b.categories[e.number()] = e.ID, true
		case blockOffer:
			b.offers[e.number()] = true
		case blockSeller:
			b.sellers[e.ValueKey] = e.ID
		}
	}
	for _, r := range reach {
		if r.Kind == blockSeller {
			b.offers[r.ObjectID] = true
		} else {
			b.categories[r.ObjectID] = true
		}
	}
	return b
}

// text reports whether one of the texts holds a blocked word.
func (b *blocklist) text(texts ...string) bool {
	if b == nil || b.words.empty() {
		return false
	}
	for _, t := range texts {
		if b.words.find(fold(t)) {
			return true
		}
	}
	return false
}

// category reports whether one of the categories is blocked; 0 never is.
func (b *blocklist) category(ids ...int64) bool {
	if b == nil {
		return false
	}
	for _, id := range ids {
		if id != 0 && b.categories[id] {
			return true
		}
	}
	return false
}

// offer reports whether an offer is blocked by its own id or because its seller is known to be.
func (b *blocklist) offer(id int64) bool { return b != nil && b.offers[id] }

// seller reports whether a shop is blocked.
func (b *blocklist) seller(openID string) bool {
	if b == nil {
		return false
	}
	_, ok := b.sellers[openID]
	return ok
}

// blocked is the refusal of something the site must not show; pointer may be "".
func blocked(pointer string) *errs.Error {
	e := errs.New(errs.Blocked, "catalogue.blocked")
	if pointer != "" {
		e.At(pointer, "catalogue.blocked")
	}
	return e
}
