package pay

import (
	"strconv"
	"strings"

	"entrepot/internal/alibaba"
	"entrepot/internal/money"
)

// refundViewer renders refunds in one language; staff see ids and errors of 1688's side too.
type refundViewer struct {
	s     *Service
	lang  string
	staff bool
}

func (v refundViewer) text(key string) string { return v.s.bundle.Text(v.lang, key, nil) }

func (v refundViewer) money(site, currency string, minor int64) money.Money {
	if st, ok := v.s.sites.ByCode(site); ok && st.Currency.Code == currency {
		return money.NewMoney(minor, st.Currency, st.Locale)
	}
	c, _ := money.CurrencyOf(currency)
	return money.NewMoney(minor, c, "en")
}

func (v refundViewer) row(r *refundRow) RefundRow {
	return RefundRow{Id: idText(r.ID), OrderId: idText(r.OrderID), Site: r.Site, State: RefundState(r.State), StateText: v.text("status.refund." + r.State),
		Amount: v.money(r.Site, r.Currency, r.AmountMinor), CreatedAt: r.CreatedAt}
}

func (v refundViewer) refund(f *fullRefund) Refund {
	out := Refund{
		Id: idText(f.ID), OrderId: idText(f.OrderID), State: RefundState(f.State), StateText: v.text("status.refund." + f.State), Kind: f.Kind,
		Description: f.Description, Amount: v.money(f.Site, f.Currency, f.AmountMinor), Evidence: f.EvidenceWanted, Lines: []RefundLine{}, Parts: []RefundPart{},
		Vouchers: []string{}, Thread: []RefundEntry{}, Decision: textPtr(f.Decision), PayReference: textPtr(f.PayReference), CreatedAt: f.CreatedAt,
		OwedAt: f.OwedAt, PaidAt: f.PaidAt, EndedAt: f.EndedAt, ReasonOriginal: textPtr(f.Reason),
	}
	if f.Reason != "" {
		out.Reason = textPtr(v.reason(f.ReasonID, f.Reason))
	}
	for _, l := range f.lines {
		line := RefundLine{LineId: idText(l.LineID), Quantity: l.Quantity, Amount: v.money(f.Site, f.Currency, l.AmountMinor)}
		if l.FreightMinor > 0 {
			m := v.money(f.Site, f.Currency, l.FreightMinor)
			line.Freight = &m
		}
		out.Lines = append(out.Lines, line)
	}
	for i := range f.parts {
		out.Parts = append(out.Parts, v.part(&f.parts[i]))
	}
	for _, p := range f.vouchers {
		out.Vouchers = append(out.Vouchers, p.URL)
	}
	for _, e := range f.entries {
		out.Thread = append(out.Thread, v.entry(e))
	}
	return out
}

func (v refundViewer) part(p *refundPartRow) RefundPart {
	out := RefundPart{
		Id: idText(p.ID), State: p.State, StateText: v.text("status.refund_part." + p.State), UpstreamStatus: textPtr(p.Word), RejectReason: textPtr(p.RejectReason),
		Asked: money.NewMoney(p.AskFen+p.CarriageFen, money.CNY, "zh"), ReturnState: textPtr(p.ReturnState), ServiceState: textPtr(p.ServiceState),
	}
	if p.GotFen+p.GotCarriageFen > 0 {
		m := money.NewMoney(p.GotFen+p.GotCarriageFen, money.CNY, "zh")
		out.Refunded = &m
	}
	if v.staff {
		out.AlibabaOrderId, out.AlibabaRefundId, out.LastError = &p.AlibabaOrderID, p.AlibabaRefundID, textPtr(p.LastError)
	}
	return out
}

func (v refundViewer) entry(e refundEntryRow) RefundEntry {
	out := RefundEntry{Actor: RefundEntryActor(e.Actor), Action: e.Action, Original: textPtr(e.Original), Detail: textPtr(e.Detail), HappenedAt: e.HappenedAt}
	state := strings.TrimPrefix(e.Action, "part_")
	switch _, upstream := partState(state); {
	case e.Action == "upstream":
		out.Text = firstText(e.Original, e.Detail)
	case upstream || state != e.Action:
		out.Text = v.text("status.refund_part." + state)
	default:
		out.Text = v.text("refund.action." + e.Action)
	}
	if v.staff {
		out.ActorName = textPtr(e.ActorName)
	}
	return out
}

// knownReasons are those with a text of ours.
var knownReasons = map[int64]bool{20021: true, 20022: true, 20023: true, 20024: true, 20025: true, 20028: true, 20031: true, 20032: true, 20033: true,
	20041: true, 20042: true, 20043: true}

// reason is 1688's reason in the reader's language where it is known: 1688 says it in Chinese only.
func (v refundViewer) reason(id int64, name string) string {
	if !knownReasons[id] {
		return name
	}
	return v.text("refund.reason." + strconv.FormatInt(id, 10))
}

func (v refundViewer) reasons(list []alibaba.RefundReason) []RefundReason {
	out := []RefundReason{}
	for _, r := range list {
		out = append(out, RefundReason{Id: r.ID.String(), Name: v.reason(int64(r.ID), string(r.Name)), Original: string(r.Name), Tip: textPtr(string(r.Tip)),
			NeedVoucher: bool(r.NeedVoucher), FreightRefunded: !bool(r.NoRefundCarriage)})
	}
	return out
}

func (v refundViewer) admin(f *fullRefund) AdminRefund {
	return AdminRefund{Refund: v.refund(f), Site: f.Site, ApprovedBy: textPtr(f.ApprovedBy), SecondApproval: f.AmountFen > v.s.store.limit(f.Site)}
}

func idText(n int64) string { return strconv.FormatInt(n, 10) }

func textPtr(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
