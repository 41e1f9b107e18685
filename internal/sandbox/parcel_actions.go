package sandbox

import (
	"errors"
	"fmt"
	"net/http"
)

// maxParcels bounds how often the goods of one order can leave anew.
const maxParcels = 200

// parcelActions is what can befall parcels beside the straight way of tradeActions.
func parcelActions() []orderAction {
	moving := []string{waitSend, waitReceive, confirmed}
	return []orderAction{
		{"no-get", "Pickup fails", moving, func(s *Server, o *order, in *actionBody) error { return s.actEarly(o, in, parcelNoGet) }},
		{"parcel-cancel", "Shipment called off, sent anew", moving, func(s *Server, o *order, in *actionBody) error { return s.actEarly(o, in, parcelCancel) }},
		{"global-ship", "Into the official cross-border parcel", append(moving, success), (*Server).actGlobalShip},
		{"global-move", "Cross-border parcel moves on", append(moving, success), (*Server).actGlobalMove},
	}
}

// actEarly is for parcels no carrier has taken yet: the named one, or the newest.
func (s *Server) actEarly(o *order, in *actionBody, node string) error {
	if len(o.Parcels) == 0 {
		return moveError{o.Status, "lose a parcel: there is none"}
	}
	p := &o.Parcels[len(o.Parcels)-1]
	if in.Parcel != "" {
		if p = o.parcel(in.Parcel); p == nil {
			return controlError{http.StatusNotFound, "no such parcel"}
		}
	}
	if p.Kind == noLogistics {
		return controlError{http.StatusConflict, "nobody carries this parcel"}
	}
	if !p.may(node) {
		return controlError{http.StatusConflict, "the parcel is at " + p.Node + " already"}
	}
	if node == parcelNoGet {
		s.reach(o, p, node)
		return nil
	}
	if len(o.Parcels) >= maxParcels {
		return errors.New("the order has too many parcels")
	}
	by := (p.Carrier + 1) % len(carriers)
	if in.Carrier != "" {
		c, ok := carrierByNo(in.Carrier)
		if !ok {
			return fmt.Errorf("unknown carrier %s", in.Carrier)
		}
		by = c
	}
	s.calledOff(o, p, by, in.BillNo)
	return nil
}

func (s *Server) showCarrierRules(*http.Request, []byte) (any, error) { return s.carrierRules, nil }

func (s *Server) postCarrierRules(_ *http.Request, body []byte) (any, error) {
	r := s.carrierRules
	if err := read(body, &r); err != nil {
		return nil, err
	}
	if r.StepSeconds < 0 || r.StepSeconds > 366*24*3600 {
		return nil, errors.New("stepSeconds is 0 (parcels wait to be moved) to a year")
	}
	s.carrierRules = r
	s.dirty.CarrierRules = &r
	s.planParcels()
	s.tick()
	return r, nil
}
