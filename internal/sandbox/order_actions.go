package sandbox

import (
	"errors"
	"fmt"
	"net/http"
)

func (s *Server) actParcels(o *order, node, only string) error {
	if len(o.Parcels) == 0 {
		return moveError{o.Status, "move a parcel: there is none"}
	}
	if only != "" && o.parcel(only) == nil {
		return controlError{http.StatusNotFound, "no such parcel"}
	}
	for i := range o.Parcels {
		if (only == "" || o.Parcels[i].ID == only) && o.Parcels[i].Kind != noLogistics {
			s.reach(o, &o.Parcels[i], node)
		}
	}
	return nil
}

func (s *Server) actShip(o *order, part bool, in *actionBody) error {
	carrier := int(o.ID/1000) % len(carriers)
	if in.Carrier != "" {
		c, ok := carrierByNo(in.Carrier)
		if !ok {
			return fmt.Errorf("unknown carrier %s", in.Carrier)
		}
		carrier = c
	}
	p := s.newParcel(o, carrier, in.BillNo)
	p.Kind, p.Travel = in.Kind, in.Travel
	switch {
	case in.Kind < 0 || in.Kind > noLogistics || in.Why < 0 || in.Why > 5:
		return fmt.Errorf("kind is 0, 1 or 2, noLogisticsCondition 1 to 5")
	case in.Kind == noLogistics:
		p.BillNo, p.Reason, p.Travel = noWaybill, max(in.Why, 1), false
	}
	if !part {
		return s.shipAs(o, nil, p)
	}
	want := map[int64]int64{}
	for _, l := range in.Lines {
		n, _ := num(l.Sub).int()
		if o.line(n) == nil || l.Quantity <= 0 {
			return fmt.Errorf("line %s with quantity %d is not on this order", l.Sub, l.Quantity)
		}
		want[n] = l.Quantity
	}
	if len(want) == 0 { // the first line that has something left, one piece less than all if it is the only one
		for i := range o.Lines {
			l := &o.Lines[i]
			if left := l.toShip(); left > 0 {
				want[l.SubID] = left
				if len(o.Lines) == 1 && left > 1 {
					want[l.SubID] = left / 2
				}
				break
			}
		}
	}
	return s.shipAs(o, want, p)
}

func (s *Server) actPrice(o *order, in *actionBody) error {
	if len(in.Lines) > 0 {
		return s.actLinePrices(o, in)
	}
	discount, freight := o.Discount, o.Freight
	if in.Freight != nil {
		freight = *in.Freight
	}
	switch {
	case in.Discount != nil:
		discount = *in.Discount
	case in.Total != nil:
		discount = *in.Total - o.Goods - freight + o.Cut + o.Coupon
	case in.Freight == nil:
		discount -= min(o.Goods/10, max(o.total(), 0))
	}
	return s.modifyPrice(o, discount, freight)
}

// lineOf finds the named line.
func (o *order) lineOf(sub text) (*orderLine, error) {
	n, _ := num(sub).int()
	if l := o.line(n); l != nil {
		return l, nil
	}
	return nil, fmt.Errorf("line %s is not on this order", sub)
}

func (s *Server) actLinePrices(o *order, in *actionBody) error {
	for _, want := range in.Lines {
		l, err := o.lineOf(want.Sub)
		if err != nil {
			return err
		}
		if want.Discount == nil {
			return errors.New("give discountFen of each line")
		}
		if err := s.modifyLine(o, l, *want.Discount); err != nil {
			return err
		}
	}
	return nil
}

// actCloseLine takes out the named lines, or the last open one.
func (s *Server) actCloseLine(o *order, in *actionBody) error {
	for _, want := range in.Lines {
		l, err := o.lineOf(want.Sub)
		if err == nil {
			err = s.closeLine(o, l)
		}
		if err != nil {
			return err
		}
	}
	if len(in.Lines) > 0 {
		return nil
	}
	last := &o.Lines[len(o.Lines)-1]
	for i := range o.Lines {
		if !o.Lines[i].Closed {
			last = &o.Lines[i]
		}
	}
	return s.closeLine(o, last)
}

func (s *Server) actConfirm(o *order, in *actionBody) error {
	if len(in.Lines) == 0 {
		return s.confirm(o)
	}
	var subs []int64
	for _, want := range in.Lines {
		l, err := o.lineOf(want.Sub)
		if err != nil {
			return err
		}
		subs = append(subs, l.SubID)
	}
	return s.confirmLines(o, subs)
}

func (s *Server) actMailNo(o *order, in *actionBody) error {
	if len(o.Parcels) == 0 {
		return moveError{o.Status, "change a waybill: there is none"}
	}
	p := &o.Parcels[len(o.Parcels)-1]
	if in.Parcel != "" {
		if p = o.parcel(in.Parcel); p == nil {
			return controlError{http.StatusNotFound, "no such parcel"}
		}
	}
	carrier := (p.Carrier + 1) % len(carriers)
	if in.Carrier != "" {
		c, ok := carrierByNo(in.Carrier)
		if !ok {
			return fmt.Errorf("unknown carrier %s", in.Carrier)
		}
		carrier = c
	}
	s.changeMailNo(o, p, carrier, or(in.BillNo, carriers[carrier].prefix+itoa(o.ID/1000%10_000_000_000+500)))
	return nil
}
