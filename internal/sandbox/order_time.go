package sandbox

import "time"

// dueAt is when the platform moves the order by itself; zero = never.
func (s *Server) dueAt(o *order) time.Time {
	var due time.Time
	sooner := func(t time.Time) {
		if due.IsZero() || t.Before(due) {
			due = t
		}
	}
	switch o.Status {
	case waitPay:
		sooner(o.Created.Add(payTimeout))
	case waitSend:
		if st := o.nextStep(); st != nil {
			sooner(later(st.Until, o.Held.Add(afterHold)))
		}
	case waitReceive, confirmed:
		due = later(o.Delivered.Add(autoConfirm), o.Held.Add(afterHold))
	}
	if o.Status != waitPay && s.refundHolds(o) {
		return time.Time{} // the refund's own timers go on
	}
	if s.opt.AutoAdvance > 0 && o.nextStep() == nil && o.Status != waitPay && !o.final() {
		sooner(o.Modified.Add(s.opt.AutoAdvance))
	}
	return due
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// plan sets the order's timer, unless it stands already. The caller holds mu.
func (s *Server) plan(o *order) {
	due := s.dueAt(o)
	if due.IsZero() || due.Equal(o.planned) {
		return
	}
	o.planned = due
	s.at(due, func() {
		if s.orders[o.ID] == o && o.planned.Equal(due) { // a replayed order is replaced by its later versions
			o.planned = time.Time{}
			if s.dueAt(o).Equal(due) {
				s.fire(o)
			}
		}
	})
}

// fire does what time does to an order whose moment has come.
func (s *Server) fire(o *order) {
	now := s.now()
	switch {
	case o.Status == waitPay:
		_ = s.closeOrder(o, "ORDER_BOPS_CLOSE", "CLOSE_TRADE_BY_SYSTEM", "BUYER_NO_PAY", "", waitPay) // status just checked
	case o.Status == waitSend && o.nextStep() != nil:
		_ = s.terminate(o) // status just checked
	case (o.Status == waitReceive || o.Status == confirmed) && now.Sub(o.Delivered) >= autoConfirm:
		_ = s.succeed(o) // status just checked
	default:
		s.advance(o)
	}
}

// advance takes one step on the straight way of a paid order.
func (s *Server) advance(o *order) {
	if o.Status == waitSend {
		_ = s.ship(o, nil, int(o.ID/1000)%len(carriers), "") // status just checked
		return
	}
	for _, node := range []string{"ACCEPT", "TRANSPORT", "DELIVERING", "SIGN"} {
		moved := false
		for i := range o.Parcels {
			n := len(o.Parcels[i].Steps)
			if o.Parcels[i].Kind != noLogistics {
				s.reach(o, &o.Parcels[i], node)
			}
			moved = moved || len(o.Parcels[i].Steps) > n
		}
		if moved {
			return
		}
	}
	_ = s.succeed(o) // all parcels are signed
}
