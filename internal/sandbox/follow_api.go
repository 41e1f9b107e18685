package sandbox

import (
	"maps"
	"slices"
)

func followAPIs() []api {
	return []api{
		{ns: nsCross, name: "product.kjdistribute.addRelation", open: true, required: []string{"offerId"}, lock: true, envelope: envFollow(), handle: (*Server).follow},
		{ns: nsCross, name: "product.kjdistribute.removeRelation", required: []string{"offerId"}, lock: true, envelope: envFollow(), handle: (*Server).unfollow},
	}
}

// envFollow is the bespoke {"result":{"success","msg","traceId"}}; the handlers fill msg and traceId themselves, because only they know the call.
func envFollow() envelope {
	return envelope{
		good: func(p any) any { return obj{"result": p} },
		bad:  func(r *refusal) any { return obj{"result": r.payload} },
	}
}

// followState holds the products each app follows: product and stock messages come for these only.
type followState struct {
	followed map[string]map[int64]bool // app key -> offers
}

func newFollowState() followState { return followState{followed: map[string]map[int64]bool{}} }

// followEntry is the journal's part of it.
type followEntry struct {
	Followed []followChange `json:"followed,omitempty"`
}

type followChange struct {
	App   string `json:"app"`
	Offer int64  `json:"offer"`
	On    bool   `json:"on,omitempty"`
}

// follows tells whether an app gets the product messages of an offer. The caller holds mu.
func (s *Server) follows(appKey string, offerID int64) bool { return s.followed[appKey][offerID] }

func (s *Server) setFollow(f followChange) {
	s.skuOwners = nil
	if !f.On {
		delete(s.followed[f.App], f.Offer)
		return
	}
	if s.followed[f.App] == nil {
		s.followed[f.App] = map[int64]bool{}
	}
	s.followed[f.App][f.Offer] = true
}

func (s *Server) saveFollows(put func(entry)) {
	var e followEntry
	for _, app := range slices.Sorted(maps.Keys(s.followed)) {
		for _, id := range slices.Sorted(maps.Keys(s.followed[app])) {
			e.Followed = append(e.Followed, followChange{app, id, true})
		}
	}
	if e.Followed != nil {
		put(entry{followEntry: e})
	}
}

func (s *Server) replayFollows(e *followEntry) {
	for _, f := range e.Followed {
		s.setFollow(f)
	}
}

// follow is idempotent, and so is unfollow.
func (s *Server) follow(c *call) (any, *refusal) { return s.relateOffer(c, true) }

func (s *Server) unfollow(c *call) (any, *refusal) { return s.relateOffer(c, false) }

func (s *Server) relateOffer(c *call, on bool) (any, *refusal) {
	answer := func(ok bool, msg string) obj { return obj{"success": ok, "msg": msg, "traceId": c.id()} }
	refused := func(code, msg string) *refusal {
		return &refusal{code: code, message: msg, payload: answer(false, msg)}
	}
	id, ok := num(c.args.Get("offerId")).int()
	if !ok {
		return nil, refused("PARAM_ERROR", "offerId is not a number")
	}
	if o := s.cat.Load().find(id); on && (o == nil || o.traits&delisted != 0) {
		return nil, refused("OFFER_NOT_EXIST", "offer does not exist")
	}
	if s.follows(c.app.Key, id) != on {
		f := followChange{c.app.Key, id, on}
		s.setFollow(f)
		s.dirty.Followed = append(s.dirty.Followed, f)
	}
	return answer(true, "success"), nil
}
