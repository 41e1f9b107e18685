package search

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"entrepot/internal/alibaba"
	"entrepot/internal/errs"
	"entrepot/internal/site"
	"entrepot/internal/web"

	"golang.org/x/sync/errgroup"
)

// detailsAtOnce bounds the product details one ranking reads in parallel.
const detailsAtOnce = 4

// Related answers products like one offer as final bytes. size is at most alibaba.MaxRelated. Errors: blocked, not_found,
// unavailable.
func (s *Service) Related(ctx context.Context, st *site.Site, lang string, offerID int64, page, size int) (*web.Cached, error) {
	if err := s.offered(st, site.FeatureRelated); err != nil {
		return nil, err
	}
	if s.blocks(st).offer(offerID) {
		return nil, blocked("/path/offerId")
	}
	return s.ask(ctx, question{&kindRelated, st, lang, fmt.Sprintf("%d|%d|%d", offerID, page, size)}, func(ctx context.Context) (any, []int64, error) {
		if beyondReach(page, size) {
			return ProductList{Items: []Hit{}}, nil, nil
		}
		list, err := s.client.RelatedRecommend(ctx, alibaba.ID(offerID), page, size, lang)
		if err != nil {
			return nil, nil, s.fromFeature(site.FeatureRelated, err, errs.New(errs.NotFound, "product.not_found").At("/path/offerId", "product.not_found"))
		}
		return s.products(ctx, st, lang, list)
	})
}

// visitor is the buyer that recommendations for everybody are asked for: one made-up id for each site, in 1688's letters
// and digits. What its shoppers look at is not told to 1688 under it.
func visitor(st *site.Site) string { return "visitor" + st.Code }

// Recommended answers products for one member as final bytes, or, with outMemberID "", for everybody on the site. A
// member's list is never shown to another. Errors: not_found, unavailable.
func (s *Service) Recommended(ctx context.Context, st *site.Site, lang, outMemberID string, page, size int) (*web.Cached, error) {
	if err := s.offered(st, site.FeatureRecommendations); err != nil {
		return nil, err
	}
	buyer, whose := outMemberID, "member "+strconv.Quote(outMemberID)
	if outMemberID == "" {
		buyer, whose = visitor(st), "everybody"
	}
	return s.ask(ctx, question{&kindRecommend, st, lang, fmt.Sprintf("%d|%d|%s", page, size, whose)}, func(ctx context.Context) (any, []int64, error) {
		if beyondReach(page, size) {
			return ProductList{Items: []Hit{}}, nil, nil
		}
		list, err := s.client.OfferRecommend(ctx, alibaba.RecommendQuery{BeginPage: page, PageSize: size, Language: lang, OutMemberID: buyer})
		if err != nil {
			return nil, nil, s.fromFeature(site.FeatureRecommendations, err, errs.New(errs.Rule, "upstream.refused"))
		}
		return s.products(ctx, st, lang, list)
	})
}

// HotKeywords answers what people search for in a category as final bytes. Errors: blocked, not_found, unavailable.
func (s *Service) HotKeywords(ctx context.Context, st *site.Site, lang string, categoryID int64) (*web.Cached, error) {
	if err := s.offered(st, site.FeatureHotKeywords); err != nil {
		return nil, err
	}
	if s.blocks(st).category(categoryID) {
		return nil, blocked("/query/categoryId")
	}
	return s.ask(ctx, question{&kindHot, st, lang, strconv.FormatInt(categoryID, 10)}, func(ctx context.Context) (any, []int64, error) {
		words, err := s.client.TopKeyword(ctx, alibaba.ID(categoryID), lang)
		if err != nil {
			return nil, nil, s.fromFeature(site.FeatureHotKeywords, err, noCategory("/query/categoryId"))
		}
		return viewer{lang: lang, blocks: s.blocks(st), memory: s.words}.hotWords(words), nil, nil
	})
}

// hotWord is an entry of the contract's HotKeywords.
type hotWord = struct {
	Keyword string `json:"keyword"`
	Text    Text   `json:"text"`
}

// hotWords are the words a site may show, each once.
func (v viewer) hotWords(words []alibaba.HotKeyword) HotKeywords {
	view := HotKeywords{Items: []hotWord{}}
	seen := map[alibaba.Text]bool{}
	for _, w := range words {
		if w.Keyword == "" || seen[w.Keyword] || v.blocks.text(string(w.Keyword), string(w.Translation)) {
			continue
		}
		seen[w.Keyword] = true
		view.Items = append(view.Items, hotWord{string(w.Keyword), v.text(w.Keyword, w.Translation)})
	}
	return view
}

// Ranking answers the best products of a category as final bytes. kind is one of alibaba's ranking types, limit at most 20.
// Errors: blocked, not_found, unavailable.
func (s *Service) Ranking(ctx context.Context, st *site.Site, lang string, categoryID int64, kind string, limit int) (*web.Cached, error) {
	if err := s.offered(st, site.FeatureRankings); err != nil {
		return nil, err
	}
	if s.blocks(st).category(categoryID) {
		return nil, blocked("/query/categoryId")
	}
	return s.ask(ctx, question{&kindRanking, st, lang, fmt.Sprintf("%d|%s|%d", categoryID, kind, limit)}, func(ctx context.Context) (any, []int64, error) {
		ranking, err := s.client.TopList(ctx, alibaba.ID(categoryID), kind, limit, lang)
		if err != nil {
			return nil, nil, s.fromFeature(site.FeatureRankings, err, noCategory("/query/categoryId"))
		}
		list, err := s.priced(ctx, st, lang, ranking.Offers[:min(len(ranking.Offers), limit)])
		if err != nil {
			return nil, nil, err
		}
		return s.products(ctx, st, lang, list)
	})
}

// priced completes products that came without a price, as rankings give them, from their details. What is no longer sold is
// left out. A detail that cannot be read fails the list: half a ranking would be believed for an hour.
func (s *Service) priced(ctx context.Context, st *site.Site, lang string, list []alibaba.SearchOffer) ([]alibaba.SearchOffer, error) {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(detailsAtOnce)
	for i := range list {
		o := &list[i]
		if _, _, priced := shown(o.PriceInfo); !priced {
			g.Go(func() error {
				p, err := s.detail(ctx, st, lang, int64(o.OfferID))
				switch code := errs.CodeOf(err); {
				case code == errs.NotFound || code == errs.Blocked || err == nil && (!available(p) || s.blocks(st).seller(string(p.SellerOpenID))):
					o.OfferID = 0
				case err != nil:
					return err
				default:
					complete(o, p, s.TranslatedInto(st, lang) == lang)
				}
				return nil
			})
		}
	}
	err := g.Wait()
	return slices.DeleteFunc(list, func(o alibaba.SearchOffer) bool { return o.OfferID == 0 }), err
}

// complete fills what a list left out from the product's detail; translated tells that the detail is in the list's language.
func complete(o *alibaba.SearchOffer, p *alibaba.Product, translated bool) {
	fill := func(to *alibaba.Text, from alibaba.Text) {
		if *to == "" {
			*to = from
		}
	}
	fill(&o.Subject, p.Subject)
	if translated {
		fill(&o.SubjectTrans, p.SubjectTrans)
	}
	fill(&o.TradeScore, p.TradeScore)
	if len(p.Image.Images) > 0 {
		fill(&o.ImageURL, p.Image.Images[0])
	}
	o.PriceInfo.Price = lowestPrice(p)
	o.IsJxhy, o.MinOrderQuantity, o.Promotion = p.IsJxhy, p.MinOrderQuantity, p.Promotion
	o.TopCategoryID, o.SecondCategoryID, o.ThirdCategoryID = p.TopCategoryID, p.SecondCategoryID, p.ThirdCategoryID
	o.OfferIdentities, o.SellerData, o.CreateDate = p.OfferIdentities, p.SellerData, p.CreateDate
}

// lowestPrice is what lists show of a product: the wholesale price of its first tier, else of its cheapest variant; "" when
// it has none.
func lowestPrice(p *alibaba.Product) (least alibaba.Yuan) {
	if all := tiers(p.SaleInfo.PriceRanges); len(all) > 0 {
		return all[0].Price
	}
	for i := range p.SKUs {
		if price := p.SKUs[i].Price; fen(price) > 0 && (least == "" || fen(price) < fen(least)) {
			least = price
		}
	}
	return least
}

// products is a list without pages and the offers it shows.
func (s *Service) products(ctx context.Context, st *site.Site, lang string, list []alibaba.SearchOffer) (any, []int64, error) {
	v, err := s.viewer(st, lang)
	if err != nil {
		return nil, nil, err
	}
	if list, err = s.placed(ctx, st, lang, list); err != nil {
		return nil, nil, err
	}
	items, offers := v.hits(list)
	return ProductList{Items: items}, offers, nil
}
