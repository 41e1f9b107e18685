package sandbox

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

func pushAPIs() []api {
	e := envFlat("errorCode", "errorMessage")
	return []api{
		{ns: nsOpen, name: "push.cursor.messageList", open: true, lock: true, envelope: e, handle: (*Server).cursorMessages},
		{ns: nsOpen, name: "push.query.messageList", open: true, lock: true, envelope: e, handle: (*Server).queryMessages},
		{ns: nsOpen, name: "push.message.confirm", open: true, lock: true, envelope: e, handle: (*Server).confirmMessages},
	}
}

// platformState is the part of the state that the open platform itself keeps.
type platformState struct {
	ownApps map[string]App    // added by the control API, by key
	grants  map[string]*grant // tokens and codes, by their text
	handed  int               // how many of them there ever were

	offerChanges map[int64]offerChange // what the control API did to offers
	skuOwners    map[int64]int64       // SKU -> followed offer; nil = to be made anew
}

func newPlatformState() platformState {
	return platformState{ownApps: map[string]App{}, grants: map[string]*grant{}, offerChanges: map[int64]offerChange{}}
}

// platformEntry is the journal's part of it.
type platformEntry struct {
	Apps      []App    `json:"apps,omitempty"`
	Grants    []*grant `json:"grants,omitempty"`
	Confirmed []int64  `json:"confirmedMessages,omitempty"`

	OfferChanges []offerChange `json:"offerChanges,omitempty"`
}

func (s *Server) savePlatform(put func(entry)) {
	apps := []App{}
	for _, k := range s.appKeys {
		if a, ok := s.ownApps[k]; ok {
			apps = append(apps, a)
		}
	}
	put(entry{platformEntry: platformEntry{Apps: apps, Grants: slices.Collect(maps.Values(s.grants)), OfferChanges: slices.Collect(maps.Values(s.offerChanges))}})
}

func (s *Server) replayPlatform(e *platformEntry) {
	for _, a := range e.Apps {
		s.ownApps[a.Key] = a
		s.keepApp(a)
	}
	for _, g := range e.Grants {
		s.keepGrant(g)
	}
	for _, c := range e.OfferChanges {
		s.offerChanges[c.Offer] = c
	}
	for _, id := range e.Confirmed {
		if m := s.byMsg[id]; m != nil {
			m.Confirmed = true
		}
	}
}

// size reads a page size of 20 to 200.
func (c *call) size(name string) (int, *refusal) {
	if c.args.Get(name) == "" {
		return 20, nil
	}
	n, ok := num(c.args.Get(name)).whole()
	if !ok || n < 20 || n > 200 {
		return 0, refuse("PARAM_ILLEGAL", name+" must be 20 to 200")
	}
	return int(n), nil
}

// cursorMessages hands out the oldest failed messages and confirms them while doing so: call until empty.
func (s *Server) cursorMessages(c *call) (any, *refusal) {
	q, ref := c.messageQuery()
	if ref != nil {
		return nil, ref
	}
	n, ref := c.size("quantity")
	if ref != nil {
		return nil, ref
	}
	list := []obj{}
	for _, m := range s.failedOf(c.app, &q) {
		if len(list) == n {
			break
		}
		s.confirmMessage(m)
		list = append(list, m.forApp(c.app))
	}
	return obj{"pushMessageList": list}, nil
}

// queryMessages pages through the failed store without changing it.
func (s *Server) queryMessages(c *call) (any, *refusal) {
	q, ref := c.messageQuery()
	if ref != nil {
		return nil, ref
	}
	size, ref := c.size("pageSize")
	if ref != nil {
		return nil, ref
	}
	page := int64(1)
	if text := c.args.Get("page"); text != "" {
		var ok bool
		if page, ok = num(text).whole(); !ok || page < 1 || page > 1_000_000 {
			return nil, refuse("PARAM_ILLEGAL", "page must be 1 or more")
		}
	}
	all := s.failedOf(c.app, &q)
	list := []obj{}
	for _, m := range all[min((int(page)-1)*size, len(all)):min(int(page)*size, len(all))] {
		list = append(list, m.forApp(c.app))
	}
	return obj{"pushMessagePage": obj{"datas": list, "totalCount": len(all), "page": page, "pageSize": size}}, nil
}

func (s *Server) confirmMessages(c *call) (any, *refusal) {
	var ids []num
	text := strings.TrimSpace(c.args.Get("msgIdList"))
	if !strings.HasPrefix(text, "[") {
		text = "[" + text + "]" // a bare list of numbers works too
	}
	if json.Unmarshal([]byte(text), &ids) != nil {
		return nil, refuse("PARAM_ILLEGAL", "msgIdList must be a list of message ids")
	}
	for _, id := range ids {
		n, ok := id.int()
		if !ok {
			return nil, refuse("PARAM_ILLEGAL", "msgIdList must be a list of message ids")
		}
		if m := s.byMsg[n]; m != nil && m.App == c.app.Key && !m.Confirmed {
			s.confirmMessage(m)
		}
	}
	return obj{"isSuccess": true}, nil
}
