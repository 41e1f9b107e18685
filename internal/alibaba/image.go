package alibaba

import (
	"context"
	"encoding/base64"
)

var (
	apiImageUpload = endpoint{namespace: "com.alibaba.fenxiao.crossborder", name: "product.image.upload", patient: true}
	apiImageQuery  = endpoint{namespace: "com.alibaba.fenxiao.crossborder", name: "product.search.imageQuery", patient: true}
)

// ImageUpload hands a picture over and gives its imageId, digits as text. The picture should be a JPEG or PNG below 1 MB;
// neither a limit nor how long the id lives is documented. Uploading twice does no harm, so a lost answer is repeated.
// 1688 API: com.alibaba.fenxiao.crossborder:product.image.upload-1.
func (c *Client) ImageUpload(ctx context.Context, picture []byte, outMemberID string) (imageID string, err error) {
	var id Text
	read := openInto(&id)
	_, err = c.callJSON(ctx, &apiImageUpload, "uploadImageParam", struct {
		ImageBase64 string `json:"imageBase64"`
		OutMemberID string `json:"outMemberId,omitempty"`
	}{base64.StdEncoding.EncodeToString(picture), outMemberID}, func(body []byte) error {
		if err := read(body); err != nil {
			return err
		}
		if id == "" || id == "true" { // the flat answer's result, when data is missing
			return errGarbage
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	return string(id), nil
}

// ImageQuery is one search by picture: by ImageID, or by ImageAddress, which only works for pictures that 1688 hosts.
type ImageQuery struct {
	ImageID             string
	ImageAddress        string
	Region              string // x1,x2,y1,y2 in pixels; "" lets 1688 choose
	Keyword             string // search inside the result
	BeginPage           int    // from 1; 0 means 1
	PageSize            int    // at most 50; 0 means 20
	Country             string // as in KeywordQuery
	CountryName         string // as in KeywordQuery
	CategoryID          int64
	Filter              string
	Sort                string // as in KeywordQuery
	PriceStart          string // yuan as text
	PriceEnd            string
	OutMemberID         string
	ProductCollectionID string
	AuxiliaryText       string // more words for the ranking
	ItemTitle           string // what the picture shows
	KeywordTranslate    bool   // the words are Chinese already
}

type wireImageQuery struct {
	ImageID             string `json:"imageId,omitempty"`
	BeginPage           int    `json:"beginPage"`
	PageSize            int    `json:"pageSize"`
	Country             string `json:"country"`
	Region              string `json:"region,omitempty"`
	ImageAddress        string `json:"imageAddress,omitempty"`
	CategoryID          int64  `json:"categoryId,omitempty"`
	Filter              string `json:"filter,omitempty"`
	Sort                string `json:"sort,omitempty"`
	PriceStart          string `json:"priceStart,omitempty"`
	PriceEnd            string `json:"priceEnd,omitempty"`
	OutMemberID         string `json:"outMemberId,omitempty"`
	Keyword             string `json:"keyword,omitempty"`
	KeywordTranslate    bool   `json:"keywordTranslate,omitempty"`
	AuxiliaryText       string `json:"auxiliaryText,omitempty"`
	ItemTitle           string `json:"itemTitle,omitempty"`
	ProductCollectionID string `json:"productCollectionId,omitempty"`
}

// ImageQuery searches the catalogue by picture.
// 1688 API: com.alibaba.fenxiao.crossborder:product.search.imageQuery-1.
func (c *Client) ImageQuery(ctx context.Context, q ImageQuery) (*ImagePage, error) {
	var page ImagePage
	_, err := c.callJSON(ctx, &apiImageQuery, "offerQueryParam", wireImageQuery{
		ImageID: q.ImageID, ImageAddress: q.ImageAddress, Region: q.Region, Keyword: q.Keyword, KeywordTranslate: q.KeywordTranslate,
		BeginPage: max(q.BeginPage, 1), PageSize: orDefault(q.PageSize, 20), Country: c.country(q.Country, q.CountryName), CategoryID: q.CategoryID,
		Filter: q.Filter, Sort: c.sort(q.Sort), PriceStart: q.PriceStart, PriceEnd: q.PriceEnd, OutMemberID: q.OutMemberID,
		AuxiliaryText: q.AuxiliaryText, ItemTitle: q.ItemTitle, ProductCollectionID: q.ProductCollectionID,
	}, openInto(&page))
	if err != nil {
		return nil, err
	}
	return &page, nil
}

// ImagePage is one page of hits with what 1688 saw in the picture.
type ImagePage struct {
	SearchPage
	Region RegionInfo
}

// RegionInfo holds boxes of the picture, x1,x2,y1,y2 in pixels.
type RegionInfo struct {
	CurrentRegion  Text `json:"currentRegion"`  // the one that was searched by
	YoloCropRegion Text `json:"yoloCropRegion"` // those worth trying, joined with ";"
}

// UnmarshalJSON reads the page and, beside it, the boxes, which may be missing or broken without harm.
func (p *ImagePage) UnmarshalJSON(b []byte) error {
	if err := decode(b, &p.SearchPage); err != nil {
		return err
	}
	var aux struct {
		Region RegionInfo `json:"picRegionInfo"`
	}
	if decode(b, &aux) == nil {
		p.Region = aux.Region
	}
	return nil
}
