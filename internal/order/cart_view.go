package order

import (
	"encoding/json"

	"entrepot/internal/money"
)

// cart renders a cart. Blockers come in the order of the lines.
func (v viewer) cart(c *liveCart) Cart {
	q := v.quoter(c.rate, v.site.Currency.Code)
	out := Cart{
		Groups: []CartGroup{}, Blockers: []Blocker{}, Checked: c.checked, MaxLines: MaxLines, CartToken: optional(c.token),
		Goods: q.Stored(c.sum.goods, c.sum.goodsMinor), SelectedGoods: q.Stored(c.sum.selected, c.sum.selectedMinor),
	}
	for _, g := range c.groups {
		group := CartGroup{
			SellerOpenId: optional(g.sellerOpenID), SellerName: optional(g.sellerName), Lines: []CartLine{},
			Goods: q.Stored(g.sum.goods, g.sum.goodsMinor), SelectedGoods: q.Stored(g.sum.selected, g.sum.selectedMinor),
		}
		for _, l := range g.lines {
			group.Lines = append(group.Lines, v.cartLine(q, l))
		}
		out.LineCount += len(g.lines)
		out.Groups = append(out.Groups, group)
	}
	for _, b := range c.blockers {
		out.Blockers = append(out.Blockers, v.blocker(b))
	}
	return out
}

func (v viewer) cartLine(q money.Quoter, l *liveLine) CartLine {
	r := &l.row
	out := CartLine{
		Id: id(r.ID), OfferId: id(r.OfferID), SpecId: optional(r.SpecID), SkuName: optional(r.SkuName), Quantity: r.Quantity, Selected: r.Selected,
		Version: r.Version, Checked: l.checked, Subject: text(r.Lang, r.Subject, r.SubjectTrans), ImageUrl: optional(r.ImageURL), AddedAt: r.CreatedAt,
	}
	if r.SkuID != 0 {
		out.SkuId = ptr(id(r.SkuID))
	}
	if o := l.wish.offer; o != nil {
		out.Subject = text(v.lang, o.Subject, o.SubjectTrans)
		out.MinOrderQuantity, out.BatchNumber = positive(o.MinOrder), positive(o.Batch)
		if l.buyable {
			stock := o.Stock
			if len(o.SKUs) > 0 {
				stock = l.wish.sku.Stock
				out.SkuName = optional(l.wish.sku.Name)
			}
			out.Stock, out.ImageUrl = &stock, optional(firstNonEmpty(l.wish.sku.ImageURL, o.ImageURL))
		}
	}
	if l.priced {
		out.UnitPrice, out.Amount = ptr(q.Stored(l.unit, l.unitMinor)), ptr(q.Stored(l.amount, l.minor))
	}
	if l.priced && l.checked && r.SeenFen > 0 {
		out.PriceChanged = &l.changed
	}
	if rate := (money.Rate{}); r.SeenFen > 0 && r.SeenCurrency == q.Currency.Code && json.Unmarshal([]byte(r.SeenFxJSON), &rate) == nil {
		q.Rate = rate
		out.AddedPrice = ptr(q.Stored(r.SeenFen, r.SeenMinor))
	}
	return out
}

func positive(n int64) *int64 {
	if n <= 0 {
		return nil
	}
	return &n
}
