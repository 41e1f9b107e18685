package order

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"

	"entrepot/internal/errs"
	"entrepot/internal/money"
	"entrepot/internal/search"
	"entrepot/internal/site"
)

// viewer renders orders of one site in one language. Amounts are reprinted from what was stored, never computed anew.
type viewer struct {
	s    *Service
	lang string
	site *site.Site
}

// viewer for an order's own site; an order of a site that is gone is shown in its currency with plain digits.
func (s *Service) viewer(lang string, st *site.Site) viewer {
	return viewer{s: s, lang: lang, site: st}
}

func (s *Service) viewerOf(lang, siteCode string) viewer {
	st, _ := s.sites.ByCode(siteCode)
	return viewer{s: s, lang: lang, site: st}
}

func (v viewer) quoter(rate money.Rate, currency string) money.Quoter {
	if v.site != nil && v.site.Currency.Code == currency {
		return money.Quoter{Rate: rate, Currency: v.site.Currency, Locale: v.site.Locale}
	}
	c, _ := money.CurrencyOf(currency)
	return money.Quoter{Rate: rate, Currency: c, Locale: "en"}
}

func (v viewer) order(f *full) Order {
	o := f.order
	var t terms
	_ = json.Unmarshal([]byte(o.FxJSON), &t) // our own text; an empty rate shows amounts without one
	q := v.quoter(t.FX, o.Currency)
	var address *Address
	if a := new(Address); json.Unmarshal([]byte(o.AddressJSON), a) == nil {
		address = a
	}
	out := Order{
		Id: id(o.ID), Status: string(o.Status), StatusText: v.text("status.order." + string(o.Status)), StatusGroup: StatusGroup(o.StatusGroup),
		OrderType: orderType(o.OrderType), Lines: []OrderLine{}, Address: address, Note: optional(o.Note), PaidAt: o.PaidAt,
		CompletedAt: o.CompletedAt, ClosedAt: o.ClosedAt, CloseReason: optional(o.CloseReason), CreatedAt: o.CreatedAt,
		Totals: totals(q, sums{o.GoodsFen, o.FreightFen, o.DiscountFen, o.TotalFen, o.GoodsMinor, o.FreightMinor, o.DiscountMinor, o.TotalMinor}),
	}
	if o.PaidAt == nil && o.Status == AwaitingPayment {
		out.PayBefore = &o.UnpaidDeadline
	}
	for _, l := range f.lines {
		out.Lines = append(out.Lines, v.line(q, t.Lang, l))
	}
	v.buying(q, f, &out)
	return out
}

func (v viewer) line(q money.Quoter, lang string, l lineRow) OrderLine {
	out := OrderLine{
		Id: ptr(id(l.ID)), LineNo: l.LineNo, OfferId: id(l.OfferID), SpecId: optional(l.SpecID), SkuName: optional(l.SkuName),
		SellerOpenId: optional(l.SellerOpenID), Quantity: l.Quantity, ShippedQuantity: &l.ShippedQty, ReceivedQuantity: &l.ReceivedQty,
		UnitPrice: q.Stored(l.UnitFen, l.UnitMinor), Amount: q.Stored(l.AmountFen, l.AmountMinor),
		Subject: text(lang, l.Subject, l.SubjectTrans), ImageUrl: optional(l.ImageURL),
	}
	if l.SkuID != 0 {
		out.SkuId = ptr(id(l.SkuID))
	}
	return out
}

func (v viewer) preview(p *previewed) Preview {
	q := v.quoter(p.quote.FX, v.site.Currency.Code)
	out := Preview{Groups: []PreviewGroup{}, Blockers: []Blocker{}, Totals: totals(q, p.sum), PreviewToken: optional(p.token)}
	if p.token != "" {
		out.ExpiresAt = &p.expires
	}
	for _, g := range p.quote.Groups {
		group := PreviewGroup{SellerOpenId: g.SellerOpenID, SellerName: optional(g.SellerName), Lines: []OrderLine{}, Totals: totals(q, g.Sum)}
		for _, l := range g.Lines {
			line := OrderLine{
				LineNo: l.LineNo, OfferId: id(l.OfferID), SpecId: optional(l.SpecID), SkuName: optional(l.SkuName), Quantity: l.Quantity,
				UnitPrice: q.Stored(l.UnitFen, l.UnitMinor), Amount: q.Stored(l.AmountFen, l.Minor),
				Subject: text(p.quote.Lang, l.Subject, l.Translated), ImageUrl: optional(l.ImageURL),
			}
			if l.SkuID != 0 {
				line.SkuId = ptr(id(l.SkuID))
			}
			if l.CatalogFen > 0 {
				line.CatalogPrice, line.PriceChanged = ptr(q.Stored(l.CatalogFen, l.CatalogMinor)), &l.Changed
			}
			group.Lines = append(group.Lines, line)
		}
		out.Groups = append(out.Groups, group)
	}
	for _, b := range p.blockers {
		out.Blockers = append(out.Blockers, v.blocker(b))
	}
	slices.SortFunc(out.Blockers, func(a, b Blocker) int { return cmp.Compare(a.Pointer, b.Pointer) })
	return out
}

func (v viewer) blocker(b blocker) Blocker {
	return Blocker{Code: errs.WireCode(b.key), Pointer: b.pointer, Detail: v.s.bundle.Text(v.lang, "error."+b.key, b.args)}
}

func (v viewer) parcel(p parcelRow) Parcel {
	return Parcel{
		Id: id(p.ID), Leg: ParcelLeg(p.Leg), ParcelNo: p.ParcelNo, Carrier: optional(p.Carrier), TrackingNo: optional(p.BillNo),
		Status: p.Status, StatusText: v.text("status.parcel." + string(p.Status)), SentAt: p.SentAt, SignedAt: p.SignedAt,
	}
}

func (v viewer) parcels(rows []parcelRow, events []parcelEventRow) Parcels {
	out, leg := Parcels{Items: []Parcel{}, Timeline: []TimelineEntry{}}, map[int64]string{}
	for _, p := range rows {
		out.Items = append(out.Items, v.parcel(p))
		leg[p.ID] = p.Leg
	}
	for _, e := range events {
		entry := TimelineEntry{
			ParcelId: id(e.ParcelID), Leg: TimelineEntryLeg(leg[e.ParcelID]), Node: e.Node, HappenedAt: e.HappenedAt, Detail: optional(e.Detail),
		}
		entry.Text = e.Detail // the carrier's own words are all there is to a plain trace
		if e.Node != "trace" && e.Node != "waybill_changed" {
			entry.Text = v.text("tracking." + e.Node)
		}
		out.Timeline = append(out.Timeline, entry)
	}
	return out
}

func (v viewer) text(key string) string { return v.s.bundle.Text(v.lang, key, nil) }

func totals(q money.Quoter, s sums) Totals {
	return Totals{
		Goods: q.Stored(s.GoodsFen, s.GoodsMinor), Freight: q.Stored(s.FreightFen, s.FreightMinor),
		Discount: q.Stored(s.DiscountFen, s.DiscountMinor), Total: q.Stored(s.TotalFen, s.TotalMinor),
	}
}

func text(lang, original, translated string) Text {
	t := search.TextOf(lang, original, translated)
	return Text{Text: t.Text, Lang: t.Lang, Original: t.Original, OriginalLang: t.OriginalLang, Source: ptr(TextSource(*t.Source))}
}

func orderType(n int) OrderOrderType {
	if n == TypeStock {
		return OrderOrderTypeStock
	}
	return OrderOrderTypePurchase
}

func id(n int64) string { return strconv.FormatInt(n, 10) }

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func ptr[T any](v T) *T { return &v }
