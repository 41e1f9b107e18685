package order

import (
	"encoding/json"

	"entrepot/internal/money"
)

// buying adds to an order what buying brought: an open question about its price, what is due, what comes back.
func (v viewer) buying(q money.Quoter, f *full, out *Order) {
	if f.approval.ID != 0 {
		out.Approval = ptr(approvalView(q, f.approval))
	}
	if due := outstanding(&f.order, f.account); due > 0 && f.account.ExtraMinor != 0 && f.order.Status != Cancelled {
		out.Due = ptr(money.NewMoney(due, q.Currency, q.Locale))
	}
	cancelled := map[int64]int64{}
	for _, sh := range f.shortages {
		if sh.State == shortRefunded {
			cancelled[sh.LineID] += sh.Quantity
		}
	}
	for i, l := range f.lines {
		if n := cancelled[l.ID]; n > 0 {
			out.Lines[i].CancelledQuantity = &n
		}
	}
	if len(f.refunds) == 0 {
		return
	}
	list := make([]MemberRefund, 0, len(f.refunds))
	for _, r := range f.refunds {
		one := MemberRefund{Id: id(r.ID), Amount: money.NewMoney(r.AmountMinor, q.Currency, q.Locale), Cause: r.Cause,
			State: MemberRefundState(r.State), CreatedAt: r.CreatedAt, PaidAt: r.PaidAt}
		if r.LineID != 0 {
			one.LineId, one.Quantity = ptr(id(r.LineID)), &r.Quantity
		}
		list = append(list, one)
	}
	out.Refunds = &list
}

func approvalView(q money.Quoter, a approvalRow) PriceApproval {
	out := PriceApproval{Id: id(a.ID), Old: q.Stored(a.OldFen, a.OldMinor), New: q.Stored(a.NewFen, a.NewMinor), ExpiresAt: a.ExpiresAt}
	var lines []approvalLine
	_ = json.Unmarshal([]byte(a.LinesJSON), &lines) // our own text; without it only the totals are shown
	out.Lines = make([]approvalViewLine, 0, len(lines))
	for _, l := range lines {
		out.Lines = append(out.Lines, approvalViewLine{LineId: id(l.LineID), Old: q.Stored(l.OldFen, l.OldMinor), New: q.Stored(l.NewFen, l.NewMinor)})
	}
	return out
}

// approvalViewLine is the generated type of PriceApproval.Lines, which has no name there.
type approvalViewLine = struct {
	LineId string      `json:"lineId"`
	New    money.Price `json:"new"`
	Old    money.Price `json:"old"`
}

// shortages lists what staff have to decide, and decided.
func (v viewer) shortages(q money.Quoter, rows []shortageRow) *[]Shortage {
	if len(rows) == 0 {
		return nil
	}
	out := make([]Shortage, 0, len(rows))
	for _, sh := range rows {
		out = append(out, Shortage{
			Id: id(sh.ID), PurchaseId: id(sh.PurchaseID), LineId: id(sh.LineID), Quantity: sh.Quantity, Cause: sh.Cause, Code: optional(sh.Code),
			Amount: money.NewMoney(sh.AmountMinor, q.Currency, q.Locale), State: ShortageState(sh.State), DecidedBy: optional(sh.DecidedBy),
			Reason: optional(sh.Reason), CreatedAt: sh.CreatedAt,
		})
	}
	return &out
}
