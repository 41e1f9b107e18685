package search

import (
	"strings"
	"time"

	"entrepot/internal/alibaba"
	"entrepot/internal/money"
)

// page is one page of hits and the offers it shows.
func (v viewer) page(query Query, page *alibaba.SearchPage) (SearchPage, []int64) {
	items, offers := v.hits(page.Offers)
	return SearchPage{
		Items: items, TotalRecords: max(0, int(page.TotalRecords)), TotalPage: max(0, int(page.TotalPage)), CurrentPage: query.Page, PageSize: query.PageSize,
	}, offers
}

// hits are the products of a list that the site may show and sell. What has no number or no readable price is left out.
func (v viewer) hits(list []alibaba.SearchOffer) (items []Hit, offers []int64) {
	items = make([]Hit, 0, len(list))
	offers = make([]int64, 0, len(list))
	for i := range list {
		o := &list[i]
		if o.OfferID == 0 || v.hides(o) {
			continue
		}
		hit, fen, ok := v.hit(o)
		if !ok {
			continue
		}
		v.watch.listed(int64(o.OfferID), fen)
		items, offers = append(items, hit), append(offers, int64(o.OfferID))
	}
	return items, offers
}

// hides reports whether the site must not show the offer.
func (v viewer) hides(o *alibaba.SearchOffer) bool {
	return v.blocks.offer(int64(o.OfferID)) || v.misplaced(o) || v.blocks.text(string(o.Subject), string(o.SubjectTrans))
}

// misplaced reports whether the offer stands in a blocked category, as far as is known.
func (v viewer) misplaced(o *alibaba.SearchOffer) bool {
	if !v.blocks.blocksCategories() {
		return false
	}
	at, known := v.homes.of(o)
	if known {
		v.homes.learn(int64(o.OfferID), at)
	}
	return v.blocks.category(at[:]...)
}

// hit shows one product of a list; ok is false when none of its prices can be shown.
func (v viewer) hit(o *alibaba.SearchOffer) (hit Hit, fen money.Fen, ok bool) {
	p := prices{quoter: v.quoter}
	defer v.counted(&p)
	yuan, reason, _ := shown(o.PriceInfo)
	price := p.price(yuan)
	hit = Hit{
		OfferId: o.OfferID.String(), Subject: v.text(o.Subject, o.SubjectTrans), ImageUrl: httpsURL(string(o.ImageURL)),
		WhiteImageUrl: picture(o.WhiteImage), TranslatedImageUrl: picture(o.AigcImageURL), PriceReason: &reason,
		JxhyPrice: p.price(o.PriceInfo.JxhyPrice), PfJxhyPrice: p.price(o.PriceInfo.PfJxhyPrice), ConsignPrice: p.price(o.PriceInfo.ConsignPrice),
		PromotionPrice: p.price(o.PriceInfo.PromotionPrice), HasPromotion: (*bool)(o.Promotion.HasPromotion), PromotionType: said(&o.Promotion.PromotionType),
		IsJxhy: bool(o.IsJxhy), IsOnePsale: (*bool)(o.IsOnePsale), IsPatentProduct: (*bool)(o.IsPatentProduct), IsSelect: (*bool)(o.IsSelect),
		MinOrderQuantity: max(1, int(o.MinOrderQuantity)), MonthSold: count(o.MonthSold), Sales7d: said(&o.Sales7d),
		RepurchaseRate: said(&o.RepurchaseRate), TradeScore: said(&o.TradeScore),
		SellerIdentities: texts(o.SellerIdentities), OfferIdentities: texts(o.OfferIdentities),
		TopCategoryId: category(o.TopCategoryID), SecondCategoryId: category(o.SecondCategoryID), CategoryId: category(o.ThirdCategoryID),
		CompanyName: said(&o.CompanyName), CompanyAddress: said(&o.CompanyAddress), CreatedAt: moment(o.CreateDate), ModifiedAt: moment(o.ModifyDate),
		Seller: sellerScores(&o.SellerData), Shipping: shippingScores(&o.SimpleShipping), Trade: tradeCounts(&o.ProductTrade),
		OfferScores: offerScores(&o.OfferData), Invoice: invoice(&o.Invoice),
		TraceInfo: said(&o.TraceInfo), RebateToken: said(&o.Token), PromotionUrl: picture(o.PromotionURL),
	}
	if price == nil {
		return hit, 0, false
	}
	hit.Price = *price
	return hit, money.Fen(price.Original.Amount), true
}

func sellerScores(s *alibaba.SellerData) *SellerScores {
	return unlessEmpty(SellerScores{
		TradeMedalLevel: said(&s.TradeMedalLevel), CompositeServiceScore: said(&s.CompositeServiceScore), LogisticsExperienceScore: said(&s.LogisticsExperienceScore),
		DisputeComplaintScore: said(&s.DisputeComplaintScore), OfferExperienceScore: said(&s.OfferExperienceScore),
		AfterSalesExperienceScore: said(&s.AfterSalesExperienceScore), ConsultingExperienceScore: said(&s.ConsultingExperienceScore),
		RepeatPurchasePercent: said(&s.RepeatPurchasePercent), TpYear: count(s.TpYear),
		Collect30DayWithin48HPercent: said(&s.Collect30DayWithin48HPercent), QualityRefundWithin30Day: said(&s.QualityRefundWithin30Day),
	})
}

func shippingScores(s *alibaba.SimpleShipping) *ShippingScores {
	return unlessEmpty(ShippingScores{
		ShippingTimeGuarantee: said(&s.ShippingTimeGuarantee), PerfectFulfillmentRate30d: said(&s.PerfectFulfillmentRate30d),
		PickupWithin24hRate30d: said(&s.PickupWithin24hRate30d), QualityReturnRate30d: said(&s.QualityReturnRate30d),
		PerfectFulfillmentRate7d: said(&s.PerfectFulfillmentRate7d), PickupWithin24hRate7d: said(&s.PickupWithin24hRate7d),
		DelayedShippingRate7d: said(&s.DelayedShippingRate7d),
	})
}

func tradeCounts(t *alibaba.ProductTrade) *TradeCounts {
	return unlessEmpty(TradeCounts{
		AddCartCount7d: said(&t.AddCartCount7d), PayBuyerCount7d: said(&t.PayBuyerCount7d), AddCartCount30d: said(&t.AddCartCount30d),
		PayBuyerCount30d: said(&t.PayBuyerCount30d),
	})
}

func offerScores(o *alibaba.OfferData) *OfferScores {
	var services []alibaba.Text
	for s := range strings.SplitSeq(string(o.KjFeaturedServices), ";") {
		services = append(services, alibaba.Text(strings.TrimSpace(s)))
	}
	return unlessEmpty(OfferScores{
		OfferApplauseRate: said(&o.OfferApplauseRate), KjFeaturedServices: texts(services), QualityRfdRate30d: said(&o.QualityRfdRate30d),
		RepurchaseRate30d: said(&o.RepurchaseRate30d), PickupRate24h30d: said(&o.PickupRate24h30d),
	})
}

func invoice(i *alibaba.InvoiceInfo) *Invoice {
	return unlessEmpty(Invoice{
		SupportOnlineInvoice: (*bool)(i.SupportOnlineInvoice), SupportFastInvoice: (*bool)(i.SupportFastInvoice),
		InvoiceTypes: texts(i.InvoiceTypes), TaxpayerType: said(&i.TaxpayerType),
	})
}

// unlessEmpty is nil for a group of which 1688 said nothing.
func unlessEmpty[T comparable](v T) *T {
	var nothing T
	if v == nothing {
		return nil
	}
	return &v
}

// category is a category's id, nil for none.
func category(id alibaba.Int) *string {
	if id <= 0 {
		return nil
	}
	return ptr(number64(int64(id)))
}

// moment is a time of 1688's in UTC with milliseconds, nil when it gave none.
func moment(t alibaba.Time) *time.Time {
	if t.IsZero() || t.Year() < 1 || t.Year() > 9998 { // the rest has no RFC 3339 form
		return nil
	}
	return ptr(t.UTC().Truncate(time.Millisecond))
}
