package sandbox

import "time"

// payStep is one stage of a staged order (trade mode 37staged): 30 percent of the goods at once, the rest with the freight later. Fen.
type payStep struct {
	No    int       `json:"no"`
	Name  string    `json:"name"`
	Goods int64     `json:"goods"`
	Post  int64     `json:"post"`
	Begun time.Time `json:"begun,omitzero"`
	Paid  time.Time `json:"paid,omitzero"`
	Until time.Time `json:"until,omitzero"`
	Off   bool      `json:"off,omitempty"` // cancelled with the order
}

func (st *payStep) fee() int64 { return st.Goods + st.Post }

// stageTime is how long the buyer has for the last stage.
const stageTime = 7 * 24 * time.Hour

// planSteps divides the order's total anew; nothing may be paid yet.
func (o *order) planSteps(now time.Time) {
	total := o.total()
	goods := max(total-o.Freight, 0)
	post := total - goods
	first := goods * 3 / 10
	o.Steps = []payStep{
		{No: 1, Name: "定金", Goods: first, Begun: now, Until: now.Add(payTimeout)},
		{No: 2, Name: "尾款", Goods: goods - first, Post: post},
	}
}

// nextStep is the stage to be paid now; nil for plain orders and when all is paid.
func (o *order) nextStep() *payStep {
	for i := range o.Steps {
		if st := &o.Steps[i]; st.Paid.IsZero() && !st.Off {
			return st
		}
	}
	return nil
}

func (s *Server) payStep(o *order) {
	now := s.now()
	o.nextStep().Paid = now
	if st := o.nextStep(); st != nil {
		st.Begun, st.Until = now, now.Add(stageTime)
	}
}

// unpaid tells whether the order can be paid: all of it, or its next stage.
func (o *order) unpaid() bool {
	return o.Status == waitPay || o.Status == waitSend && o.nextStep() != nil
}

// owed is what is to be paid now, in fen: the next stage of a staged order, else the total.
func (o *order) owed() int64 {
	if st := o.nextStep(); st != nil {
		return st.fee()
	}
	return o.total()
}

// paidFen is what the buyer has paid so far, in fen.
func (o *order) paidFen() int64 {
	if o.Paid.IsZero() {
		return 0
	}
	sum := int64(0)
	for i := range o.Steps {
		if st := &o.Steps[i]; !st.Paid.IsZero() {
			sum += st.fee()
		}
	}
	if len(o.Steps) == 0 {
		return o.total()
	}
	return sum
}

// terminate stops a staged trade between its stages. The deposit stays with the seller, the goods go back to the shelf; no message tells of it.
func (s *Server) terminate(o *order) error {
	if err := o.from("be terminated", waitSend); err != nil {
		return err
	}
	st := o.nextStep()
	if st == nil {
		return moveError{o.Status, "be terminated: no stage is open"}
	}
	s.endRefunds(o, "BUYER_CLOSE_TRADE_CLOSE", "")
	st.Off = true
	o.Status, o.Completed = terminated, s.now()
	for i := range o.Lines {
		s.drop(&o.Lines[i], o.Lines[i].toShip())
	}
	s.touch(o)
	return nil
}

// stepList is newStepOrderList of the order detail; null for plain orders.
func (o *order) stepList() any {
	if len(o.Steps) == 0 {
		return nil
	}
	out := []obj{}
	for i := range o.Steps {
		st := &o.Steps[i]
		pay, active, paid, paidPost := 1, 0, int64(0), int64(0)
		switch {
		case !st.Paid.IsZero():
			pay, paid, paidPost = 2, st.fee(), st.Post
		case st.Off || o.final():
			pay = 8
		}
		if st == o.nextStep() && !o.final() {
			active = 1
		}
		out = append(out, obj{
			"stepNo": st.No, "stepName": st.Name, "lastStep": i == len(o.Steps)-1, "activeStatus": active, "payStatus": pay, "logisticsStatus": o.stepLogistics(),
			"payFee": yuan(st.fee()), "paidFee": yuan(paid), "goodsFee": yuan(st.Goods), "adjustFee": yuan(0), "discountFee": yuan(0), "postFee": yuan(st.Post),
			"paidPostFee": yuan(paidPost), "gmtStart": stamp(st.Begun), "gmtPay": stamp(st.Paid), "gmtEnd": stamp(st.Until),
		})
	}
	return out
}

// stepLogistics is the shipping of the whole order: 1 unsent, 2 sent, 3 received, 4 returned, 7 nothing to send any more.
func (o *order) stepLogistics() int {
	ordered, shipped := o.pieces()
	var returned int64
	for i := range o.Lines {
		returned += o.Lines[i].Returned
	}
	switch {
	case shipped > 0 && returned >= shipped:
		return 4
	case o.Status == confirmed || o.Status == success:
		return 3
	case ordered == 0:
		return 7
	case shipped == 0:
		return 1
	}
	return 2
}
