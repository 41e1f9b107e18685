package alibaba

import "context"

// DetailQuery asks for one product.
type DetailQuery struct {
	OfferID     ID
	Country     string // language code, as in KeywordQuery
	CountryName string // what the national-site profile sends, else Country
	OutMemberID string
	Currency    string // adds the foreign currency prices
}

// ProductDetail reads one product with its SKUs. Descriptions are the seller's raw HTML: sanitise before showing.
// 1688 API: com.alibaba.fenxiao.crossborder:product.search.queryProductDetail-1.
func (c *Client) ProductDetail(ctx context.Context, q DetailQuery) (*Product, error) {
	var p Product
	_, err := c.callJSON(ctx, &apiProductDetail, "offerDetailParam", struct {
		OfferID     ID     `json:"offerId"`
		Country     string `json:"country"`
		OutMemberID string `json:"outMemberId,omitempty"`
		Currency    string `json:"currency,omitempty"`
	}{q.OfferID, c.country(q.Country, q.CountryName), q.OutMemberID, q.Currency}, openInto(&p))
	if err != nil {
		return nil, err
	}
	return &p, nil
}

// StatusPublished is the only Product.Status that can be ordered.
const StatusPublished = "published"

// How prices are quoted (SaleInfo.QuoteType).
const (
	QuoteByQuantity    = 0 // no SKUs, price tiers by quantity
	QuoteBySKU         = 1 // a price per SKU
	QuoteSKUByQuantity = 2 // SKUs, price tiers by quantity
)

// Product is one offer. SKUs is empty for single-spec offers.
type Product struct {
	OfferID            ID                 `json:"offerId"`
	CategoryID         Int                `json:"categoryId"`
	TopCategoryID      Int                `json:"topCategoryId"`
	SecondCategoryID   Int                `json:"secondCategoryId"`
	ThirdCategoryID    Int                `json:"thirdCategoryId"`
	CategoryName       Text               `json:"categoryName"`
	Subject            Text               `json:"subject"`
	SubjectTrans       Text               `json:"subjectTrans"`
	Description        Text               `json:"description"`
	DescriptionTrans   Text               `json:"descriptionTrans"`
	MainVideo          Text               `json:"mainVideo"`
	DetailVideo        Text               `json:"detailVideo"`
	Image              ProductImage       `json:"productImage"`
	ImageTrans         ProductImage       `json:"productImageTrans"`
	Attributes         []ProductAttribute `json:"productAttribute"` // several may share one attribute id
	SKUs               []SKU              `json:"productSkuInfos"`
	SaleInfo           SaleInfo           `json:"productSaleInfo"`
	Shipping           Shipping           `json:"productShippingInfo"`
	IsJxhy             Bool               `json:"isJxhy"`
	SellerOpenID       Text               `json:"sellerOpenId"` // opaque; the key of a supplier
	CompanyName        Text               `json:"companyName"`
	MinOrderQuantity   Int                `json:"minOrderQuantity"`
	BatchNumber        Int                `json:"batchNumber"` // buy multiples of it; 0 = no lots
	Status             Text               `json:"status"`      // StatusPublished = on sale; may be absent
	Tags               []Tag              `json:"tagInfoList"`
	SellerMix          *SellerMix         `json:"sellerMixSetting"`
	SellerData         SellerData         `json:"sellerDataInfo"`
	SoldOut            Text               `json:"soldOut"` // units sold, despite the name
	ChannelPrice       ChannelPrice       `json:"channelPrice"`
	Promotion          Promotion          `json:"promotionModel"`
	TradeScore         Text               `json:"tradeScore"`
	SellingPoints      []Text             `json:"sellingPoint"`
	OfferIdentities    []Text             `json:"offerIdentities"`
	CreateDate         Time               `json:"createDate"`
	IsSelect           *Bool              `json:"isSelect"`
	Certificates       []Certificate      `json:"certificateList"`
	PromotionURL       Text               `json:"promotionUrl"`
	ProductCargoNumber Text               `json:"productCargoNumber"`
	Invoice            InvoiceInfo        `json:"invoiceInfo"`
}

// UnmarshalJSON also takes the booleans without their "is".
func (p *Product) UnmarshalJSON(b []byte) error {
	type plain Product
	aux := struct {
		*plain
		javaBooleans
	}{plain: (*plain)(p)}
	err := decode(b, &aux)
	p.IsJxhy = p.IsJxhy || aux.Jxhy
	p.IsSelect = either(p.IsSelect, aux.Select)
	return err
}

// HasTag reports a true tag (isOnePsale, isSupportMix, isOnePsaleFreePostage, noReason7DReturn, 1688_yx ...).
func (p *Product) HasTag(key string) bool {
	for _, t := range p.Tags {
		if string(t.Key) == key {
			return bool(t.Value)
		}
	}
	return false
}

// ProductImage holds picture URLs.
type ProductImage struct {
	Images     []Text `json:"images"`
	WhiteImage Text   `json:"whiteImage"`
}

// ProductAttribute is one row of the product's properties.
type ProductAttribute struct {
	AttributeID        Int  `json:"attributeId"`
	AttributeName      Text `json:"attributeName"`
	AttributeNameTrans Text `json:"attributeNameTrans"`
	Value              Text `json:"value"`
	ValueTrans         Text `json:"valueTrans"`
}

// SKU is one variant. Price is absent when tiers apply (QuoteType 0 or 2).
type SKU struct {
	SkuID                      ID             `json:"skuId"`
	SpecID                     Text           `json:"specId"` // 32 hex; what orders name
	CargoNumber                Text           `json:"cargoNumber"`
	AmountOnSale               Int            `json:"amountOnSale"`
	Price                      Yuan           `json:"price"`
	PromotionPrice             Yuan           `json:"promotionPrice"`
	JxhyPrice                  Yuan           `json:"jxhyPrice"`    // deprecated, still returned by some offers
	PfJxhyPrice                Yuan           `json:"pfJxhyPrice"`  // deprecated
	ConsignPrice               Yuan           `json:"consignPrice"` // deprecated
	RetailPrice                Yuan           `json:"retailPrice"`  // suggested
	FenxiaoPrice               FenxiaoPrice   `json:"fenxiaoPriceInfo"`
	ForeignCurrencyPrice       Yuan           `json:"foreignCurrencyPrice"` // in DetailQuery.Currency, not yuan
	ForeignCurrencyPromotion   Yuan           `json:"foreignCurrencyPromotionPrice"`
	ForeignCurrencyRetailPrice Yuan           `json:"foreignCurrencyRetailPrice"`
	Attributes                 []SKUAttribute `json:"skuAttributes"`
}

// UnmarshalJSON also takes the seed's single skuAttribute object.
func (s *SKU) UnmarshalJSON(b []byte) error {
	type plain SKU
	aux := struct {
		*plain
		Many OneOrMany[SKUAttribute] `json:"skuAttributes"`
		Seed OneOrMany[SKUAttribute] `json:"skuAttribute"`
	}{plain: (*plain)(s)}
	err := decode(b, &aux)
	s.Attributes = aux.Many
	if len(s.Attributes) == 0 {
		s.Attributes = aux.Seed
	}
	return err
}

// FenxiaoPrice holds the dropship prices, with postage (OnePiece) and without (Offer).
type FenxiaoPrice struct {
	OnePiecePrice Yuan `json:"onePiecePrice"`
	OfferPrice    Yuan `json:"offerPrice"`
}

// SKUAttribute is one property of a variant. The seed spells attributeID; JSON names match without case.
type SKUAttribute struct {
	AttributeID        Int  `json:"attributeId"`
	AttributeName      Text `json:"attributeName"`
	AttributeNameTrans Text `json:"attributeNameTrans"`
	Value              Text `json:"value"`
	ValueTrans         Text `json:"valueTrans"`
	SkuImageURL        Text `json:"skuImageUrl"`
	SkuImageURLTrans   Text `json:"skuImageUrlTrans"`
}

// SaleInfo holds stock, price tiers and the sales unit.
type SaleInfo struct {
	AmountOnSale Int             `json:"amountOnSale"`
	QuoteType    Int             `json:"quoteType"`
	PriceRanges  []PriceRange    `json:"priceRangeList"` // ascending by StartQuantity as 1688 sends them
	Unit         UnitInfo        `json:"unitInfo"`
	Fenxiao      FenxiaoSaleInfo `json:"fenxiaoSaleInfo"`
}

// UnmarshalJSON also takes the seed's name of the tiers.
func (s *SaleInfo) UnmarshalJSON(b []byte) error {
	type plain SaleInfo
	aux := struct {
		*plain
		Seed []PriceRange `json:"priceRanges"`
	}{plain: (*plain)(s)}
	err := decode(b, &aux)
	if len(s.PriceRanges) == 0 {
		s.PriceRanges = aux.Seed
	}
	return err
}

// PriceRange is one tier: from StartQuantity pieces on, Price each.
type PriceRange struct {
	StartQuantity            Int  `json:"startQuantity"`
	Price                    Yuan `json:"price"`
	PromotionPrice           Yuan `json:"promotionPrice"`
	ForeignCurrencyPrice     Yuan `json:"foreignCurrencyPrice"`
	ForeignCurrencyPromotion Yuan `json:"foreignCurrencyPromotionPrice"`
}

// UnitInfo is the sales unit, Chinese and translated.
type UnitInfo struct {
	Unit      Text `json:"unit"`
	TransUnit Text `json:"transUnit"`
}

// FenxiaoSaleInfo holds the dropship terms.
type FenxiaoSaleInfo struct {
	OnePieceFreePostage *Bool `json:"onePieceFreePostage"`
	StartQuantity       Int   `json:"startQuantity"`
	OnePiecePrice       Yuan  `json:"onePiecePrice"`
	OfferPrice          Yuan  `json:"offerPrice"`
}

// Shipping holds origin and sizes. Decimal texts, never floats: piece weight in kg, sizes in cm.
type Shipping struct {
	SendGoodsAddressText  Text              `json:"sendGoodsAddressText"`
	Weight                Text              `json:"weight"`
	Width                 Text              `json:"width"`
	Height                Text              `json:"height"`
	Length                Text              `json:"length"`
	SKUs                  Some[SKUShipping] `json:"skuShippingInfoList"` // weight in GRAMS
	SKUDetails            Some[SKUShipping] `json:"skuShippingDetails"`  // weight in KILOGRAMS
	ShippingTimeGuarantee Text              `json:"shippingTimeGuarantee"`
	PkgSizeSource         Text              `json:"pkgSizeSource"` // predicted, entered by the seller or measured, in Chinese
}

// SKUShipping is the size of one variant; the unit of Weight depends on the list it is in.
type SKUShipping struct {
	SpecID Text `json:"specId"`
	SkuID  ID   `json:"skuId"`
	Width  Text `json:"width"`
	Length Text `json:"length"`
	Height Text `json:"height"`
	Weight Text `json:"weight"`
}

// Tag is a named flag.
type Tag struct {
	Key   Text `json:"key"`
	Value Bool `json:"value"`
}

// SellerMix is the mixed-batch rule: MixNumber pieces or MixAmount yuan over several offers of the seller.
type SellerMix struct {
	GeneralHunpi Bool `json:"generalHunpi"`
	MixAmount    Int  `json:"mixAmount"`
	MixNumber    Int  `json:"mixNumber"`
}

// ChannelPrice lists special prices by SKU.
type ChannelPrice struct {
	SKUs Some[ChannelSKUPrice] `json:"channelSkuPriceList"`
}

// ChannelSKUPrice is one of them.
type ChannelSKUPrice struct {
	SkuID        ID   `json:"skuId"`
	CurrentPrice Yuan `json:"currentPrice"`
}

// Certificate is a document of the product.
type Certificate struct {
	Name   Text   `json:"certificateName"`
	Code   Text   `json:"certificateCode"`
	Photos []Text `json:"certificatePhotoList"`
}
