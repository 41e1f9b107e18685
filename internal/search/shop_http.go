package search

import "context"

// SearchShop implements StrictServerInterface.
func (h server) SearchShop(ctx context.Context, r SearchShopRequestObject) (SearchShopResponseObject, error) {
	st, lang, err := place(ctx)
	if err != nil {
		return nil, err
	}
	p := r.Params
	q := Query{
		Keyword: given(p.Keyword, ""), Filter: given(p.Filter, ""), Sort: given(p.Sort, ""), PriceStart: given(p.PriceStart, ""), PriceEnd: given(p.PriceEnd, ""),
		Page: given(p.BeginPage, 1), PageSize: given(p.PageSize, 20),
	}
	if p.CategoryId != nil {
		if q.CategoryID, err = idAt("/query/categoryId", *p.CategoryId); err != nil {
			return nil, err
		}
	}
	answer, err := h.s.Shop(ctx, st, lang, r.SellerOpenId, outMember(ctx), q)
	return lists(ctx, answer, err)
}
