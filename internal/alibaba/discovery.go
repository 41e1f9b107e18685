package alibaba

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"
)

var (
	apiOfferRecommend   = endpoint{namespace: "com.alibaba.fenxiao.crossborder", name: "product.search.offerRecommend"}
	apiRelatedRecommend = endpoint{namespace: "com.alibaba.fenxiao.crossborder", name: "product.related.recommend"}
	apiTopKeyword       = endpoint{namespace: "com.alibaba.fenxiao.crossborder", name: "product.search.topKeyword", noToken: true}
	apiTopList          = endpoint{namespace: "com.alibaba.fenxiao.crossborder", name: "product.topList.query"}
)

// RecommendQuery asks for the products 1688 would show one overseas buyer. Profiles do not differ.
type RecommendQuery struct {
	BeginPage   int    // from 1
	PageSize    int    // at most 50
	Language    string // language code; the wire calls it country
	OutMemberID string // required; any stable id of a visitor does
}

// OfferRecommend lists products for one buyer; an empty page is the end.
// 1688 API: com.alibaba.fenxiao.crossborder:product.search.offerRecommend-1.
func (c *Client) OfferRecommend(ctx context.Context, q RecommendQuery) ([]SearchOffer, error) {
	var list hitList
	_, err := c.callJSON(ctx, &apiOfferRecommend, "recommendOfferParam", struct {
		BeginPage   int    `json:"beginPage"`
		PageSize    int    `json:"pageSize"`
		Country     string `json:"country"`
		OutMemberID string `json:"outMemberId"`
	}{max(q.BeginPage, 1), orDefault(q.PageSize, 20), q.Language, q.OutMemberID}, openOptional(&list))
	return list, err
}

// MaxRelated is the largest page of RelatedRecommend.
const MaxRelated = 10

// RelatedRecommend lists products like one offer. page counts from 1, size is at most MaxRelated. MonthSold counts 90 days here.
// 1688 API: com.alibaba.fenxiao.crossborder:product.related.recommend-1.
func (c *Client) RelatedRecommend(ctx context.Context, offerID ID, page, size int, language string) ([]SearchOffer, error) {
	var list hitList
	_, err := c.callJSON(ctx, &apiRelatedRecommend, "relatedQueryParams", struct {
		OfferID  ID     `json:"offerId"`
		PageNo   int    `json:"pageNo"`
		PageSize int    `json:"pageSize"`
		Language string `json:"language"`
	}{offerID, max(page, 1), min(orDefault(size, MaxRelated), MaxRelated), language}, openOptional(&list))
	return list, err
}

// HotKeyword is a word people search for.
type HotKeyword struct {
	Keyword     Text `json:"seKeyword"`            // Chinese: search with it
	Translation Text `json:"seKeywordTranslation"` // show it; may be empty
}

// TopKeyword lists the hot words of a category. It needs no token.
// 1688 API: com.alibaba.fenxiao.crossborder:product.search.topKeyword-1.
func (c *Client) TopKeyword(ctx context.Context, categoryID ID, language string) ([]HotKeyword, error) {
	var list OneOrMany[HotKeyword]
	_, err := c.callJSON(ctx, &apiTopKeyword, "topSeKeywordParam", struct {
		Country        string `json:"country"`
		SourceID       string `json:"sourceId"`
		HotKeywordType string `json:"hotKeywordType"`
	}{language, categoryID.String(), "cate"}, openOptional(&list))
	return list, err
}

// The ranking types of TopList.
const (
	RankComplex   = "complex"
	RankHot       = "hot"
	RankGoodPrice = "goodPrice"
)

// TopList reads the ranking list of a category, best first. kind is RankComplex, RankHot or RankGoodPrice, limit at most 20.
// 1688 API: com.alibaba.fenxiao.crossborder:product.topList.query-1.
func (c *Client) TopList(ctx context.Context, categoryID ID, kind string, limit int, language string) (*RankList, error) {
	var list RankList
	_, err := c.callJSON(ctx, &apiTopList, "rankQueryParams", struct {
		RankID   string `json:"rankId"`
		RankType string `json:"rankType"`
		Limit    int    `json:"limit"`
		Language string `json:"language"`
	}{categoryID.String(), kind, min(orDefault(limit, 20), 20), language}, openOptional(&list))
	if err != nil {
		return nil, err
	}
	return &list, nil
}

// RankList is a ranking. Its documented type, RankModel, has no readable fields, so the list of products is looked for: the
// first list of objects that carry an offer's id. Products often have no price.
type RankList struct {
	Offers []SearchOffer
}

// UnmarshalJSON never fails: what holds no products is an empty ranking.
func (l *RankList) UnmarshalJSON(b []byte) error {
	for _, r := range rankedIn(b, 3) {
		l.Offers = append(l.Offers, r.offer())
	}
	return nil
}

// rankedIn finds the list of products in a value: itself, or in one of its members, at most depth levels down.
func rankedIn(b []byte, depth int) []ranked {
	b = bytes.TrimSpace(b)
	if len(b) == 0 || depth < 0 {
		return nil
	}
	switch b[0] {
	case '[':
		var raw []json.RawMessage
		if json.Unmarshal(b, &raw) != nil {
			return nil
		}
		var out []ranked
		for _, one := range raw {
			var r ranked
			if isObject(one) && decode(one, &r) == nil && r.id() != 0 {
				out = append(out, r)
			}
		}
		return out
	case '{':
		var members map[string]json.RawMessage
		if json.Unmarshal(b, &members) != nil {
			return nil
		}
		for _, name := range append([]string{"rankProductModels"}, slices.Sorted(maps.Keys(members))...) {
			if found := rankedIn(members[name], depth-1); len(found) > 0 {
				return found
			}
		}
	}
	return nil
}

// ranked is one product, under the names of a hit and those of a ranking.
type ranked struct {
	SearchOffer
	rankedNames
}

type rankedNames struct {
	ItemID         ID   `json:"itemId"`
	ProductID      ID   `json:"productId"`
	Title          Text `json:"title"`
	TranslateTitle Text `json:"translateTitle"`
	ImgURL         Text `json:"imgUrl"`
	SoldOut        *Int `json:"soldOut"` // units sold, despite the name
	Price          Yuan `json:"price"`
}

// UnmarshalJSON reads both; the embedded hit's own would read only its names.
func (r *ranked) UnmarshalJSON(b []byte) error {
	if err := decode(b, &r.SearchOffer); err != nil {
		return err
	}
	return decode(b, &r.rankedNames)
}

func (r *ranked) id() ID {
	for _, id := range [...]ID{r.OfferID, r.ItemID, r.ProductID} {
		if id != 0 {
			return id
		}
	}
	return 0
}

func (r *ranked) offer() SearchOffer {
	o := r.SearchOffer
	o.OfferID = r.id()
	o.Subject, o.SubjectTrans = Text(first(o.Subject, r.Title)), Text(first(o.SubjectTrans, r.TranslateTitle))
	o.ImageURL = Text(first(o.ImageURL, r.ImgURL))
	if o.MonthSold == nil {
		o.MonthSold = r.SoldOut
	}
	if o.PriceInfo.Price == "" {
		o.PriceInfo.Price = r.Price
	}
	return o
}

// hitList is a bare list of hits; a page of hits will do too.
type hitList Some[SearchOffer]

// UnmarshalJSON takes [..] and a page's {"data":[..]}.
func (l *hitList) UnmarshalJSON(b []byte) error {
	if isObject(b) {
		var page SearchPage
		err := decode(b, &page)
		*l = hitList(page.Offers)
		return err
	}
	return (*Some[SearchOffer])(l).UnmarshalJSON(b)
}

// openOptional opens an answer whose payload may be missing or null, which leaves the zero value.
func openOptional[T any](v *T) func([]byte) error {
	return func(body []byte) error {
		payload, err := open(body)
		if err != nil {
			return err
		}
		var fresh T
		if payload != nil {
			err = garbled(decode(payload, &fresh))
		}
		*v = fresh
		return err
	}
}
