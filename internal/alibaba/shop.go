package alibaba

import "context"

var apiSellerOfferList = endpoint{namespace: "com.alibaba.fenxiao.crossborder", name: "product.search.querySellerOfferList"}

// SellerOfferQuery is a search inside one shop; words are optional.
type SellerOfferQuery struct {
	SellerOpenID string // opaque, from the product detail
	Keyword      string
	BeginPage    int    // from 1; 0 means 1
	PageSize     int    // at most 50; 0 means 20
	CountryName  string // lower-case English name (japan) in both profiles: the one search API whose document says so
	CategoryID   int64
	Filter       string // comma list of choice keys
	Sort         string // JSON text, as in KeywordQuery
	PriceStart   string // yuan as text
	PriceEnd     string
	OutMemberID  string
}

// SellerOfferList searches the products of one shop.
// 1688 API: com.alibaba.fenxiao.crossborder:product.search.querySellerOfferList-1.
func (c *Client) SellerOfferList(ctx context.Context, q SellerOfferQuery) (*SearchPage, error) {
	var page SearchPage
	_, err := c.callJSON(ctx, &apiSellerOfferList, "offerQueryParam", struct {
		Keyword      string `json:"keyword,omitempty"`
		BeginPage    int    `json:"beginPage"`
		PageSize     int    `json:"pageSize"`
		SellerOpenID string `json:"sellerOpenId"`
		Country      string `json:"country"`
		CategoryID   int64  `json:"categoryId,omitempty"`
		Filter       string `json:"filter,omitempty"`
		Sort         string `json:"sort,omitempty"`
		PriceStart   string `json:"priceStart,omitempty"`
		PriceEnd     string `json:"priceEnd,omitempty"`
		OutMemberID  string `json:"outMemberId,omitempty"`
	}{
		q.Keyword, max(q.BeginPage, 1), orDefault(q.PageSize, 20), q.SellerOpenID, q.CountryName, q.CategoryID, q.Filter, c.sort(q.Sort),
		q.PriceStart, q.PriceEnd, q.OutMemberID,
	}, openInto(&page))
	if err != nil {
		return nil, err
	}
	return &page, nil
}
