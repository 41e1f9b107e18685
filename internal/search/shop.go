package search

import (
	"context"
	"strings"

	"entrepot/internal/alibaba"
	"entrepot/internal/errs"
	"entrepot/internal/site"
	"entrepot/internal/web"
)

// Shop answers one page of a shop's products as final bytes; words and category are optional here. outMemberID is the
// signed-in member's id at 1688, "" without one; pages are shared all the same. Errors: invalid with pointers, blocked,
// not_found, unavailable.
func (s *Service) Shop(ctx context.Context, st *site.Site, lang, sellerOpenID, outMemberID string, q Query) (*web.Cached, error) {
	if err := s.offered(st, site.FeatureShops); err != nil {
		return nil, err
	}
	q, err := s.tidy(st, q)
	if err != nil {
		return nil, err
	}
	switch b := s.blocks(st); {
	case b.seller(sellerOpenID):
		return nil, blocked("/path/sellerOpenId")
	case b.category(q.CategoryID):
		return nil, blocked("/query/categoryId")
	case b.text(q.Keyword):
		return nil, blocked("/query/keyword")
	}
	return s.ask(ctx, question{&kindShop, st, lang, sellerOpenID + "|" + q.key()}, func(ctx context.Context) (any, []int64, error) {
		return s.loadShop(ctx, st, lang, sellerOpenID, outMemberID, q)
	})
}

func (s *Service) loadShop(ctx context.Context, st *site.Site, lang, sellerOpenID, outMemberID string, q Query) (any, []int64, error) {
	if beyondReach(q.Page, q.PageSize) {
		return SearchPage{Items: []Hit{}, CurrentPage: q.Page, PageSize: q.PageSize}, nil, nil
	}
	page, err := s.client.SellerOfferList(ctx, alibaba.SellerOfferQuery{
		SellerOpenID: sellerOpenID, Keyword: q.Keyword, BeginPage: q.Page, PageSize: q.PageSize, CountryName: st.CountryName, CategoryID: q.CategoryID,
		Filter: q.Filter, Sort: q.Sort, PriceStart: q.PriceStart, PriceEnd: q.PriceEnd, OutMemberID: outMemberID,
	})
	if err != nil {
		return nil, nil, s.fromFeature(site.FeatureShops, err, errs.New(errs.NotFound, "shop.not_found").At("/path/sellerOpenId", "shop.not_found"))
	}
	v, err := s.viewer(st, countryLanguage(st, lang))
	if err != nil {
		return nil, nil, err
	}
	view, offers := v.page(q, page)
	return view, offers, nil
}

// TranslatedInto is the language of 1688's translations in searches and details: the one asked for or, where we ask with
// a country's name, the country's.
func (s *Service) TranslatedInto(st *site.Site, lang string) string {
	if s.client.AnswersByCountry() {
		return countryLanguage(st, lang)
	}
	return lang
}

// countryLanguage is the language of an answer for a country's name: always the site's own, whatever the shopper reads.
// The original is Chinese either way.
func countryLanguage(st *site.Site, lang string) string {
	if lang == "zh" {
		return lang
	}
	base, _, _ := strings.Cut(st.SearchLanguage, "-")
	return base
}

// beyondReach reports a page after the last product 1688 ever shows for one query.
func beyondReach(page, size int) bool { return (page-1)*size >= maxHits }
