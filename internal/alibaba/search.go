package alibaba

import (
	"context"
	"strings"
)

var (
	apiKeywordQuery  = endpoint{namespace: "com.alibaba.fenxiao.crossborder", name: "product.search.keywordQuery"}
	apiProductDetail = endpoint{namespace: "com.alibaba.fenxiao.crossborder", name: "product.search.queryProductDetail"}
)

// KeywordQuery is one catalogue search. Zero values are left out, except Keyword: empty words with a category are fine.
type KeywordQuery struct {
	Keyword             string
	BeginPage           int    // from 1; 0 means 1
	PageSize            int    // at most 50; 0 means 20
	Country             string // language code (en, ja, ko): what the cross-border profile sends
	CountryName         string // lower-case English name (japan): what the national-site profile sends, else Country
	CategoryID          int64
	CategoryIDs         string // comma list, union
	Filter              string // comma list of choice keys
	Sort                string // JSON text, {"price":"asc"}; the price key is spelled as the profile wants it
	PriceStart          string // yuan as text
	PriceEnd            string
	OutMemberID         string
	RegionOpp           string
	ProductCollectionID string
	SnID                string
	KeywordTranslate    bool // the words are Chinese already
	SaleFilters         []SaleFilter
}

// SaleFilter bounds a sales window (sales7, sales14, sales30, totalSales).
type SaleFilter struct {
	SaleType  string `json:"saleType"`
	SaleStart string `json:"saleStart,omitempty"`
	SaleEnd   string `json:"saleEnd,omitempty"`
}

type wireKeywordQuery struct {
	Keyword             string       `json:"keyword"`
	BeginPage           int          `json:"beginPage"`
	PageSize            int          `json:"pageSize"`
	Country             string       `json:"country"`
	CategoryID          int64        `json:"categoryId,omitempty"`
	CategoryIDs         string       `json:"categoryIdList,omitempty"`
	Filter              string       `json:"filter,omitempty"`
	Sort                string       `json:"sort,omitempty"`
	PriceStart          string       `json:"priceStart,omitempty"`
	PriceEnd            string       `json:"priceEnd,omitempty"`
	OutMemberID         string       `json:"outMemberId,omitempty"`
	RegionOpp           string       `json:"regionOpp,omitempty"`
	ProductCollectionID string       `json:"productCollectionId,omitempty"`
	SnID                string       `json:"snId,omitempty"`
	KeywordTranslate    bool         `json:"keywordTranslate,omitempty"`
	SaleFilters         []SaleFilter `json:"saleFilterList,omitempty"`
}

// KeywordQuery searches the catalogue.
// 1688 API: com.alibaba.fenxiao.crossborder:product.search.keywordQuery-1.
func (c *Client) KeywordQuery(ctx context.Context, q KeywordQuery) (*SearchPage, error) {
	var page SearchPage
	_, err := c.callJSON(ctx, &apiKeywordQuery, "offerQueryParam", wireKeywordQuery{
		Keyword: q.Keyword, BeginPage: max(q.BeginPage, 1), PageSize: orDefault(q.PageSize, 20),
		Country: c.country(q.Country, q.CountryName), CategoryID: q.CategoryID, CategoryIDs: q.CategoryIDs,
		Filter: q.Filter, Sort: c.sort(q.Sort), PriceStart: q.PriceStart, PriceEnd: q.PriceEnd,
		OutMemberID: q.OutMemberID, RegionOpp: q.RegionOpp, ProductCollectionID: q.ProductCollectionID,
		SnID: q.SnID, KeywordTranslate: q.KeywordTranslate, SaleFilters: q.SaleFilters,
	}, openInto(&page))
	if err != nil {
		return nil, err
	}
	return &page, nil
}

func orDefault(n, def int) int {
	if n <= 0 {
		return def
	}
	return n
}

// AnswersByCountry reports that searches and details name a country, so that 1688 translates into its language and no other.
func (c *Client) AnswersByCountry() bool { return c.national }

func (c *Client) country(language, name string) string {
	if c.national && name != "" {
		return name
	}
	return language
}

// sort renames the keys that have two names: the seed says onePPrice and monthSoldOut where the current API says price and
// monthSold.
func (c *Client) sort(text string) string {
	if text == "" {
		return ""
	}
	if c.national {
		return toSeedSort.Replace(text)
	}
	return fromSeedSort.Replace(text)
}

var (
	toSeedSort   = strings.NewReplacer(`"price"`, `"onePPrice"`, `"monthSold"`, `"monthSoldOut"`)
	fromSeedSort = strings.NewReplacer(`"onePPrice"`, `"price"`, `"monthSoldOut"`, `"monthSold"`)
)

// SearchPage is one page of hits. Offers may be empty; at most 2000 hits are reachable per query.
type SearchPage struct {
	TotalRecords Int               `json:"totalRecords"`
	TotalPage    Int               `json:"totalPage"`
	PageSize     Int               `json:"pageSize"`
	CurrentPage  Int               `json:"currentPage"`
	Offers       Some[SearchOffer] `json:"data"`
}

// UnmarshalJSON also takes the seed's name of the list.
func (p *SearchPage) UnmarshalJSON(b []byte) error { return decode(b, p) }

func (p *SearchPage) readJSON(d *decoder) error {
	type plain SearchPage
	aux := struct {
		*plain
		Seed Some[SearchOffer] `json:"searchOfferModelList"`
	}{plain: (*plain)(p)}
	err := d.value(&aux)
	if len(p.Offers) == 0 {
		p.Offers = aux.Seed
	}
	return err
}

// SearchOffer is one hit. Prices are before promotion. Pointers are nil for what 1688 left out.
type SearchOffer struct {
	OfferID          ID             `json:"offerId"`
	Subject          Text           `json:"subject"`
	SubjectTrans     Text           `json:"subjectTrans"`
	ImageURL         Text           `json:"imageUrl"`
	IsJxhy           Bool           `json:"isJxhy"`
	PriceInfo        SearchPrice    `json:"priceInfo"`
	RepurchaseRate   Text           `json:"repurchaseRate"` // percent text, "13%"
	MonthSold        *Int           `json:"monthSold"`
	Sales7d          Text           `json:"sales7d"`
	TraceInfo        Text           `json:"traceInfo"`
	IsOnePsale       *Bool          `json:"isOnePsale"`
	SellerIdentities []Text         `json:"sellerIdentities"`
	OfferIdentities  []Text         `json:"offerIdentities"`
	TradeScore       Text           `json:"tradeScore"`
	Promotion        Promotion      `json:"promotionModel"`
	TopCategoryID    Int            `json:"topCategoryId"`
	SecondCategoryID Int            `json:"secondCategoryId"`
	ThirdCategoryID  Int            `json:"thirdCategoryId"`
	IsPatentProduct  *Bool          `json:"isPatentProduct"`
	IsSelect         *Bool          `json:"isSelect"`
	CreateDate       Time           `json:"createDate"`
	ModifyDate       Time           `json:"modifyDate"`
	MinOrderQuantity Int            `json:"minOrderQuantity"`
	SellerData       SellerData     `json:"sellerDataInfo"`
	SimpleShipping   SimpleShipping `json:"productSimpleShippingInfo"`
	ProductTrade     ProductTrade   `json:"productTradeInfo"`
	Invoice          InvoiceInfo    `json:"invoiceInfo"`
	Token            Text           `json:"token"` // rebate token
	PromotionURL     Text           `json:"promotionURL"`
	AigcImageURL     Text           `json:"aigcImageUrl"`
	WhiteImage       Text           `json:"whiteImage"`
	CompanyName      Text           `json:"companyName"`    // picture search only, like the next two
	CompanyAddress   Text           `json:"companyAddress"` // province and city
	OfferData        OfferData      `json:"offerDataInfo"`
}

// OfferData holds metrics of one offer, percent texts but for the services.
type OfferData struct {
	OfferApplauseRate  Text `json:"offerApplauseRate"`
	KjFeaturedServices Text `json:"kjFeaturedServices"` // separated by ;
	QualityRfdRate30d  Text `json:"qualityRfdRate30d"`
	RepurchaseRate30d  Text `json:"repurchaseRate30d"`
	PickupRate24h30d   Text `json:"pickupRate24h30d"`
}

// javaBooleans are the names live answers give to booleans whose documented name starts with "is".
type javaBooleans struct {
	Jxhy          Bool  `json:"jxhy"`
	OnePsale      *Bool `json:"onePsale"`
	PatentProduct *Bool `json:"patentProduct"`
	Select        *Bool `json:"select"`
}

// UnmarshalJSON also takes the booleans without their "is".
func (o *SearchOffer) UnmarshalJSON(b []byte) error { return decode(b, o) }

func (o *SearchOffer) readJSON(d *decoder) error {
	type plain SearchOffer
	aux := struct {
		*plain
		javaBooleans
	}{plain: (*plain)(o)}
	err := d.value(&aux)
	o.IsJxhy = o.IsJxhy || aux.Jxhy
	o.IsOnePsale = either(o.IsOnePsale, aux.OnePsale)
	o.IsPatentProduct = either(o.IsPatentProduct, aux.PatentProduct)
	o.IsSelect = either(o.IsSelect, aux.Select)
	return err
}

// either is the value of a boolean with two names: true wins, nil when neither was there.
func either(a, b *Bool) *Bool {
	if a == nil || b != nil && bool(*b) {
		return b
	}
	return a
}

// SearchPrice holds the price kinds of a hit; all but Price are often absent.
type SearchPrice struct {
	Price          Yuan `json:"price"`        // wholesale
	JxhyPrice      Yuan `json:"jxhyPrice"`    // curated supply, dropship
	PfJxhyPrice    Yuan `json:"pfJxhyPrice"`  // curated supply, wholesale
	ConsignPrice   Yuan `json:"consignPrice"` // one-piece dropship
	PromotionPrice Yuan `json:"promotionPrice"`
}

// Promotion tells whether an offer is promoted; the only type so far is plus.
type Promotion struct {
	HasPromotion  *Bool `json:"hasPromotion"`
	PromotionType Text  `json:"promotionType"`
}

// SellerData holds the seller's scores as 1688 words them.
type SellerData struct {
	TradeMedalLevel              Text `json:"tradeMedalLevel"`
	CompositeServiceScore        Text `json:"compositeServiceScore"`
	LogisticsExperienceScore     Text `json:"logisticsExperienceScore"`
	DisputeComplaintScore        Text `json:"disputeComplaintScore"`
	OfferExperienceScore         Text `json:"offerExperienceScore"`
	AfterSalesExperienceScore    Text `json:"afterSalesExperienceScore"`
	ConsultingExperienceScore    Text `json:"consultingExperienceScore"`
	RepeatPurchasePercent        Text `json:"repeatPurchasePercent"`
	TpYear                       *Int `json:"tpYear"`
	Collect30DayWithin48HPercent Text `json:"collect30DayWithin48HPercent"` // detail only
	QualityRefundWithin30Day     Text `json:"qualityRefundWithin30Day"`     // detail only
}

// SimpleShipping holds percent texts; empty means 0.
type SimpleShipping struct {
	ShippingTimeGuarantee     Text `json:"shippingTimeGuarantee"` // shipIn24Hours or shipIn48Hours
	PerfectFulfillmentRate30d Text `json:"perfectFulfillmentRate30d"`
	PickupWithin24hRate30d    Text `json:"pickupWithin24hRate30d"`
	QualityReturnRate30d      Text `json:"qualityReturnRate30d"`
	PerfectFulfillmentRate7d  Text `json:"perfectFulfillmentRate7d"`
	PickupWithin24hRate7d     Text `json:"pickupWithin24hRate7d"`
	DelayedShippingRate7d     Text `json:"delayedShippingRate7d"`
}

// ProductTrade holds counters as text.
type ProductTrade struct {
	AddCartCount7d   Text `json:"addCartCount7d"`
	PayBuyerCount7d  Text `json:"payBuyerCount7d"`
	AddCartCount30d  Text `json:"addCartCount30d"`
	PayBuyerCount30d Text `json:"payBuyerCount30d"`
}

// InvoiceInfo tells what invoices the seller gives.
type InvoiceInfo struct {
	SupportOnlineInvoice *Bool  `json:"supportOnlineInvoice"`
	SupportFastInvoice   *Bool  `json:"supportFastInvoice"`
	InvoiceTypes         []Text `json:"invoiceTypes"`
	TaxpayerType         Text   `json:"taxpayerType"`
}
