package sandbox

import "time"

// travelTo is the next station of a travelling parcel and how long it takes to get there: a day or two to collect and move it, longer to far
// provinces; one in five ends at a pickup point first, one in twenty-five is not at home at the first try.
func (s *Server) travelTo(o *order, p *parcel) (string, time.Duration) {
	h := mix(uint64(o.ID) ^ uint64(len(p.Steps))<<32 ^ uint64(len(p.ID)))
	node, hours := nextNode[p.Node], 2+h%6
	switch p.Node {
	case "ACCEPT":
		hours = 5 + h%10
	case "TRANSPORT":
		hours = 18 + h%20
		if s.cat.Load().seller(o.Seller).zoneTo(o.Address.destination()) >= zoneRemote {
			hours += 48
		}
	case "DELIVERING":
		switch {
		case h>>8%25 == 0 && !p.met("FAILED"):
			node = "FAILED"
		case h>>16%5 == 0:
			node = "AGENT_SIGN"
		}
	case "FAILED":
		hours = 16 + h%6
	case "AGENT_SIGN":
		hours = 3 + h%30
	}
	return node, time.Duration(hours)*time.Hour + time.Duration(h>>24%3600)*time.Second
}

// planTravel sets the moment of the next station. The caller holds mu.
func (s *Server) planTravel(o *order, p *parcel) {
	if len(p.Steps) == 0 || p.Node == "SIGN" || p.Node == parcelCancel {
		return
	}
	node, wait := s.travelTo(o, p)
	id, parcelID, seen := o.ID, p.ID, len(p.Steps)
	s.at(p.Steps[seen-1].At.Add(wait), func() {
		if o := s.orders[id]; o != nil && o.Status != cancelled {
			if p := o.parcel(parcelID); p != nil && len(p.Steps) == seen {
				s.reach(o, p, node)
			}
		}
	})
}
