package sandbox

// complaintTypes says which refunds a complaint may be about: 0 none, 1 in-sale, 2 after-sale, 3 either.
var complaintTypes = map[string]int{"RefundComplaint": 3, "SafeRefundComplaint": 1, "AfterSalesComplaint": 2, "TradeComplaint": 0}

// arbitrationApply asks customer service in. Its refusals' codes are not published: ours.
func (s *Server) arbitrationApply(c *call) (any, *refusal) {
	var p struct {
		Type    text `json:"type"`
		Refund  text `json:"refundId"`
		Order   num  `json:"orderId"`
		Text    text `json:"reasonText"`
		Reason  num  `json:"reasonId"`
		Picture text `json:"picUrlEvidence"`
	}
	if ref := c.decode("param", &p); ref != nil {
		return nil, ref
	}
	about, known := complaintTypes[string(p.Type)]
	reason, ok := p.Reason.int()
	o := s.mine(c, p.Order)
	switch {
	case !known:
		return nil, refuse("400_1", "type is not a complaint type")
	case p.Text == "" || len([]rune(string(p.Text))) > 1000 || len(p.Picture) > 1000:
		return nil, refuse("400_1", "reasonText is missing or too long")
	case !ok:
		return nil, refuse("400_1", "reasonId is missing")
	case o == nil:
		return nil, refuse("ORDER_NOT_EXIST", "order does not exist")
	case o.Status == waitPay:
		return nil, refuse("ORDER_STATUS_ERROR", "an unpaid order cannot be complained about")
	}
	r, ref := s.refundComplainedOf(o, about, string(p.Refund))
	if ref != nil {
		return nil, ref
	}
	cp := &complaint{
		ID: 3_655_000_000 + int64(len(s.complaints)+1)*1_009, Type: string(p.Type), Buyer: o.Buyer, Order: o.ID, Reason: reason, Text: string(p.Text),
		Picture: string(p.Picture), Created: s.now(),
	}
	if r != nil {
		cp.Refund = r.ID
		note := refundNote{text: string(p.Text)}
		if p.Picture != "" {
			note.vouchers = []string{string(p.Picture)}
		}
		if err := s.moveRefund(r, "BUYER_APPLY_SUPPORT", note); err != nil {
			return nil, refuse("REFUND_STATUS_ERROR", err.Error())
		}
	}
	s.complaints = append(s.complaints, cp)
	s.dirty.Complaints = append(s.dirty.Complaints, cp)
	c.note = append(c.note, itoa(cp.ID))
	return cp.ID, nil
}

// refundComplainedOf finds the refund of a complaint; nil without a refusal for one about the trade alone.
func (s *Server) refundComplainedOf(o *order, about int, id string) (*refund, *refusal) {
	if about == 0 {
		return nil, nil
	}
	if id == "" {
		return nil, refuse("400_1", "refundId is needed for a refund complaint")
	}
	n, _ := refundNumber(id)
	r := s.refunds[n]
	switch {
	case r == nil || r.Order != o.ID:
		return nil, refuse("REFUND_NOT_EXIST", "no such refund of this order")
	case about == 1 && r.AfterSale || about == 2 && !r.AfterSale:
		return nil, refuse("400_1", "type does not fit the refund")
	}
	return r, nil
}
