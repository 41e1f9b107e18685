package search

import (
	"time"

	"entrepot/internal/site"
	"entrepot/internal/web"
)

// kind is a sort of answer: how long it is good for and under which name metrics count it.
type kind struct {
	name  string
	api   string        // the method of 1688 behind it
	fresh time.Duration // asked again after this
	miss  time.Duration // "there is none" is believed this long
}

// The kinds of answers. All of them may stand in for staleFor while 1688 is away.
var (
	kindSearch    = kind{"search", "product.search.keywordQuery", time.Minute, 0}
	kindImage     = kind{"image", "product.search.imageQuery", 10 * time.Minute, 0}
	kindShop      = kind{"shop", "product.search.querySellerOfferList", time.Minute, 10 * time.Second}
	kindProduct   = kind{"product", "product.search.queryProductDetail", time.Minute, 10 * time.Second}
	kindRelated   = kind{"related", "product.related.recommend", 10 * time.Minute, 10 * time.Second}
	kindRecommend = kind{"recommend", "product.search.offerRecommend", time.Minute, 0}
	kindHot       = kind{"hot", "product.search.topKeyword", time.Hour, 0}
	kindRanking   = kind{"ranking", "product.topList.query", time.Hour, 0}
	kindCategory  = kind{"category", "category.translation.getById", 24 * time.Hour, time.Minute}
	kindFilters   = kind{"filters", "product.filterData.queryConfig", time.Hour, 0}
)

// kinds are all of them, for metrics and for what is remembered of each.
var kinds = []*kind{
	&kindSearch, &kindImage, &kindShop, &kindProduct, &kindRelated, &kindRecommend, &kindHot, &kindRanking, &kindCategory, &kindFilters,
}

// freshOf is how long answers of a kind are believed. Those that show prices follow the operator's setting.
func (s *Service) freshOf(k *kind) time.Duration {
	if k.fresh == freshFor {
		return s.fresh
	}
	return k.fresh
}

// rules tell clients how long they may keep an answer.
func (s *Service) rules(k *kind) web.CacheRules {
	fresh := s.freshOf(k)
	return web.CacheRules{MaxAge: fresh, StaleWhileRevalidate: fresh, StaleIfError: s.stale}
}

// question names one answer: equal questions share one load and one entry of the cache.
type question struct {
	kind *kind
	site *site.Site
	lang string
	key  string // the parameters in their one spelling
}
