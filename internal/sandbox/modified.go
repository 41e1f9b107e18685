package sandbox

import "slices"

// The orders hang in a list by time of modification, so that polling by a modify window reads only the window.

// moveModified puts an order where its new Modified belongs: at the newer end, but for a clock that was set back. The caller holds mu.
func (s *Server) moveModified(o *order) {
	if s.newest == o && (o.older == nil || !o.older.Modified.After(o.Modified)) {
		return
	}
	if o.inModified {
		if o.newer != nil {
			o.newer.older = o.older
		} else {
			s.newest = o.older
		}
		if o.older != nil {
			o.older.newer = o.newer
		}
	}
	var after *order // the one that will be newer than o
	before := s.newest
	for before != nil && before.Modified.After(o.Modified) {
		after, before = before, before.older
	}
	o.older, o.newer, o.inModified = before, after, true
	if before != nil {
		before.newer = o
	}
	if after != nil {
		after.older = o
	} else {
		s.newest = o
	}
}

// sortModified builds the list anew, after a replay.
func (s *Server) sortModified() {
	all := make([]*order, 0, len(s.orderIDs))
	for _, id := range s.orderIDs {
		o := s.orders[id]
		o.older, o.newer, o.inModified = nil, nil, false
		all = append(all, o)
	}
	slices.SortStableFunc(all, func(a, b *order) int { return a.Modified.Compare(b.Modified) })
	s.newest = nil
	for _, o := range all {
		s.moveModified(o)
	}
}
