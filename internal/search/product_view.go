package search

import (
	"entrepot/internal/alibaba"
	"entrepot/internal/money"
)

// product shows one offer. Errors: catalogue.blocked when the site must not show it, upstream.bad_answer when 1688 gave
// prices and none of them can be read.
func (v viewer) product(p *alibaba.Product) (Product, error) {
	if v.hidesProduct(p) {
		return Product{}, blocked("/path/offerId")
	}
	r := prices{quoter: v.quoter}
	defer v.counted(&r)
	view := Product{
		OfferId: p.OfferID.String(), Subject: v.text(p.Subject, p.SubjectTrans), Attributes: v.attributes(p.Attributes), Skus: []Sku{}, PriceRanges: []PriceRange{},
		QuoteType: int(p.SaleInfo.QuoteType), AmountOnSale: max(0, int64(p.SaleInfo.AmountOnSale)), Unit: optional(firstNonEmpty(string(p.SaleInfo.Unit.TransUnit), string(p.SaleInfo.Unit.Unit))),
		UnitText: v.optionalText(p.SaleInfo.Unit.Unit, p.SaleInfo.Unit.TransUnit), SellerOpenId: string(p.SellerOpenID), CompanyName: said(&p.CompanyName),
		MinOrderQuantity: max(1, int64(p.MinOrderQuantity)), BatchNumber: positive(p.BatchNumber), MixedBatch: v.mixedBatch(p.SellerMix, &r),
		Status: firstNonEmpty(string(p.Status), alibaba.StatusPublished), Available: available(p), IsJxhy: ptr(bool(p.IsJxhy)), IsSelect: (*bool)(p.IsSelect),
		CategoryId: category(p.CategoryID), TopCategoryId: category(p.TopCategoryID), SecondCategoryId: category(p.SecondCategoryID),
		ThirdCategoryId: category(p.ThirdCategoryID), CategoryName: said(&p.CategoryName),
		Tags: tags(p.Tags), Seller: sellerScores(&p.SellerData), SoldCount: said(&p.SoldOut), TradeScore: said(&p.TradeScore),
		HasPromotion: (*bool)(p.Promotion.HasPromotion), PromotionType: said(&p.Promotion.PromotionType), SellingPoints: texts(p.SellingPoints), OfferIdentities: texts(p.OfferIdentities),
		Certificates: certificates(p.Certificates), Invoice: invoice(&p.Invoice), CargoNumber: said(&p.ProductCargoNumber), PromotionUrl: picture(p.PromotionURL),
		CreatedAt: moment(p.CreateDate), PricedAt: &v.now,
	}
	view.setMedia(p)
	view.setDescription(p, v.lang)
	view.setShipping(&p.Shipping)
	view.setPrices(v, p, &r)
	return view, r.err()
}

// hidesProduct reports whether the site must not show the offer.
func (v viewer) hidesProduct(p *alibaba.Product) bool {
	return v.blocks.offer(int64(p.OfferID)) || v.blocks.category(categories(p)...) || v.blocks.seller(string(p.SellerOpenID)) ||
		v.blocks.text(string(p.Subject), string(p.SubjectTrans))
}

func (view *Product) setMedia(p *alibaba.Product) {
	view.Images = pictures(p.Image.Images)
	if translated := pictures(p.ImageTrans.Images); len(translated) > 0 {
		view.TranslatedImages = &translated
	}
	if view.WhiteImage = picture(p.Image.WhiteImage); view.WhiteImage == nil {
		view.WhiteImage = picture(p.ImageTrans.WhiteImage)
	}
	view.MainVideo, view.DetailVideo = picture(p.MainVideo), picture(p.DetailVideo)
}

// setDescription shows 1688's translation of the description, else the seller's own.
func (view *Product) setDescription(p *alibaba.Product, lang string) {
	raw, in := string(p.DescriptionTrans), lang
	if lang == chinese || raw == "" {
		raw, in = firstNonEmpty(string(p.Description), raw), chinese
	}
	view.Description, view.DescriptionHtml = optional(plainText(raw)), optional(cleanHTML(raw))
	if view.Description != nil || view.DescriptionHtml != nil {
		view.DescriptionLang = &in
	}
}

// setPrices adds the variants, the tiers and the dropship terms.
func (view *Product) setPrices(v viewer, p *alibaba.Product, r *prices) {
	for _, t := range p.SaleInfo.PriceRanges {
		if _, ok := fenOf(t.Price); !ok && t.Price != "" {
			r.bad++ // tiers leaves it out
		}
	}
	for _, t := range tiers(p.SaleInfo.PriceRanges) {
		if price := r.price(t.Price); price != nil {
			view.PriceRanges = append(view.PriceRanges, PriceRange{StartQuantity: int64(t.StartQuantity), Price: *price, PromotionPrice: r.price(t.PromotionPrice)})
		}
	}
	channel := channelPrices(p)
	for i := range p.SKUs {
		if s := &p.SKUs[i]; s.SkuID != 0 || s.SpecID != "" {
			view.Skus = append(view.Skus, v.sku(s, channel[s.SkuID], r))
		}
	}
	f := &p.SaleInfo.Fenxiao
	view.Dropship = unlessEmpty(Dropship{
		FreePostage: (*bool)(f.OnePieceFreePostage), StartQuantity: positive(f.StartQuantity), OnePiecePrice: r.price(f.OnePiecePrice), OfferPrice: r.price(f.OfferPrice),
	})
}

func (v viewer) sku(s *alibaba.SKU, channel alibaba.Yuan, r *prices) Sku {
	sku := Sku{
		SkuId: s.SkuID.String(), SpecId: string(s.SpecID), CargoNumber: said(&s.CargoNumber), AmountOnSale: max(0, int64(s.AmountOnSale)), Attributes: []ProductAttribute{},
		Price: r.price(s.Price), JxhyPrice: r.price(s.JxhyPrice), PfJxhyPrice: r.price(s.PfJxhyPrice), ConsignPrice: r.price(s.ConsignPrice),
		PromotionPrice: r.price(s.PromotionPrice), RetailPrice: r.price(s.RetailPrice), ChannelPrice: r.price(channel),
		OnePiecePrice: r.price(s.FenxiaoPrice.OnePiecePrice), OfferPrice: r.price(s.FenxiaoPrice.OfferPrice),
	}
	for _, a := range s.Attributes {
		if a.AttributeName != "" || a.Value != "" {
			sku.Attributes = append(sku.Attributes, ProductAttribute{
				AttributeId: number64(int64(a.AttributeID)), Name: v.text(a.AttributeName, a.AttributeNameTrans), Value: v.text(a.Value, a.ValueTrans),
			})
		}
		if sku.ImageUrl == nil {
			sku.ImageUrl = picture(a.SkuImageURL)
		}
		if sku.TranslatedImageUrl == nil {
			sku.TranslatedImageUrl = picture(a.SkuImageURLTrans)
		}
	}
	return sku
}

func (v viewer) attributes(list []alibaba.ProductAttribute) []ProductAttribute {
	out := []ProductAttribute{}
	for _, a := range list {
		if a.AttributeName == "" && a.Value == "" {
			continue // nothing to show
		}
		out = append(out, ProductAttribute{
			AttributeId: number64(int64(a.AttributeID)), Name: v.text(a.AttributeName, a.AttributeNameTrans), Value: v.text(a.Value, a.ValueTrans),
		})
	}
	return out
}

// optionalText is text, nil when 1688 gave neither.
func (v viewer) optionalText(original, translated alibaba.Text) *Text {
	if original == "" && translated == "" {
		return nil
	}
	return ptr(v.text(original, translated))
}

// mixedRule is the schema's inline type of Product.MixedBatch.
type mixedRule = struct {
	Allowed  bool         `json:"allowed"`
	Amount   *money.Price `json:"amount,omitempty"`
	Quantity *int64       `json:"quantity,omitempty"`
}

func (v viewer) mixedBatch(m *alibaba.SellerMix, r *prices) *mixedRule {
	if m == nil {
		return nil
	}
	out := &mixedRule{Allowed: bool(m.GeneralHunpi), Quantity: positive(m.MixNumber)}
	if m.MixAmount > 0 { // yuan
		out.Amount = (&prices{quoter: r.quoter}).price(alibaba.Yuan(number64(int64(m.MixAmount))))
	}
	return out
}

// tags are the names of the flags that are set.
func tags(list []alibaba.Tag) *[]string {
	var set []alibaba.Text
	for _, t := range list {
		if t.Value {
			set = append(set, t.Key)
		}
	}
	return texts(set)
}

// certificate is the schema's inline type of Product.Certificates.
type certificate = struct {
	Code   *string   `json:"code,omitempty"`
	Name   *string   `json:"name,omitempty"`
	Photos *[]string `json:"photos,omitempty"`
}

func certificates(list []alibaba.Certificate) *[]certificate {
	var out []certificate
	for _, c := range list {
		one := certificate{Code: said(&c.Code), Name: said(&c.Name)}
		if photos := pictures(c.Photos); len(photos) > 0 {
			one.Photos = &photos
		}
		if one != (certificate{}) {
			out = append(out, one)
		}
	}
	if out == nil {
		return nil
	}
	return &out
}

func positive(n alibaba.Int) *int64 {
	if n <= 0 {
		return nil
	}
	return ptr(int64(n))
}
