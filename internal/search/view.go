package search

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"entrepot/internal/alibaba"
	"entrepot/internal/errs"
	"entrepot/internal/money"
	"entrepot/internal/site"

	"golang.org/x/net/html"
)

// maxDescription bounds the plain text made of a seller's description.
const maxDescription = 4000

func (s *Service) pageView(q money.Quoter, lang string, query Query, page *alibaba.SearchPage) (SearchPage, []int64, error) {
	view := SearchPage{
		Items: []Hit{}, TotalRecords: int(page.TotalRecords), TotalPage: int(page.TotalPage), CurrentPage: query.Page, PageSize: query.PageSize,
	}
	var offers []int64
	for _, o := range page.Offers {
		if o.OfferID == 0 || priceText(o.PriceInfo) == "" {
			continue // nothing to show or to buy
		}
		hit, err := hitView(q, lang, o)
		if err != nil {
			return view, nil, err
		}
		view.Items = append(view.Items, hit)
		offers = append(offers, int64(o.OfferID))
	}
	return view, offers, nil
}

func hitView(q money.Quoter, lang string, o alibaba.SearchOffer) (Hit, error) {
	price, err := priceOf(q, priceText(o.PriceInfo))
	if err != nil {
		return Hit{}, err
	}
	jxhy, err := optionalPrice(q, o.PriceInfo.JxhyPrice)
	if err != nil {
		return Hit{}, err
	}
	promotion, err := optionalPrice(q, o.PriceInfo.PromotionPrice)
	if err != nil {
		return Hit{}, err
	}
	hit := Hit{
		OfferId: o.OfferID.String(), Subject: text(lang, o.Subject, o.SubjectTrans), ImageUrl: httpsURL(string(o.ImageURL)), Price: price,
		JxhyPrice: jxhy, PromotionPrice: promotion, IsJxhy: bool(o.IsJxhy), IsOnePsale: ptr(bool(o.IsOnePsale)),
		MinOrderQuantity: max(1, int(o.MinOrderQuantity)), MonthSold: ptr(int(o.MonthSold)),
		RepurchaseRate: optional(string(o.RepurchaseRate)), TradeScore: optional(string(o.TradeScore)),
	}
	if o.ThirdCategoryID != 0 {
		hit.CategoryId = ptr(number64(int64(o.ThirdCategoryID)))
	}
	if len(o.SellerIdentities) > 0 {
		hit.SellerIdentities = ptr(texts(o.SellerIdentities))
	}
	return hit, nil
}

// priceText is the price to show: the wholesale price, else the nearest one 1688 gave.
func priceText(p alibaba.SearchPrice) alibaba.Yuan {
	for _, y := range []alibaba.Yuan{p.Price, p.PfJxhyPrice, p.JxhyPrice, p.ConsignPrice, p.PromotionPrice} {
		if y != "" {
			return y
		}
	}
	return ""
}

func (s *Service) productView(st *site.Site, lang string, p *alibaba.Product) (Product, error) {
	q, err := s.quoter(st)
	if err != nil {
		return Product{}, err
	}
	view := Product{
		OfferId: p.OfferID.String(), Subject: text(lang, p.Subject, p.SubjectTrans), Images: images(p.Image.Images),
		Attributes: attributes(lang, p.Attributes), Skus: []Sku{}, PriceRanges: []PriceRange{}, QuoteType: int(p.SaleInfo.QuoteType),
		AmountOnSale: int64(p.SaleInfo.AmountOnSale), SellerOpenId: string(p.SellerOpenID), CompanyName: optional(string(p.CompanyName)),
		MinOrderQuantity: max(1, int64(p.MinOrderQuantity)), Status: firstNonEmpty(string(p.Status), alibaba.StatusPublished),
		Available: available(p), IsJxhy: ptr(bool(p.IsJxhy)), CategoryName: optional(string(p.CategoryName)),
		Description: optional(plainText(firstNonEmpty(string(p.DescriptionTrans), string(p.Description)))),
		MainVideo:   optional(httpsURL(string(p.MainVideo))), DetailVideo: optional(httpsURL(string(p.DetailVideo))),
		Unit:             optional(firstNonEmpty(string(p.SaleInfo.Unit.TransUnit), string(p.SaleInfo.Unit.Unit))),
		SendGoodsAddress: optional(string(p.Shipping.SendGoodsAddressText)),
	}
	if p.CategoryID != 0 {
		view.CategoryId = ptr(number64(int64(p.CategoryID)))
	}
	if p.BatchNumber > 0 {
		view.BatchNumber = ptr(int64(p.BatchNumber))
	}
	for _, r := range p.SaleInfo.PriceRanges {
		tier, err := rangeView(q, r)
		if err != nil {
			return view, err
		}
		view.PriceRanges = append(view.PriceRanges, tier)
	}
	for _, sku := range p.SKUs {
		v, err := skuView(q, lang, sku)
		if err != nil {
			return view, err
		}
		view.Skus = append(view.Skus, v)
	}
	return view, nil
}

func rangeView(q money.Quoter, r alibaba.PriceRange) (PriceRange, error) {
	price, err := priceOf(q, r.Price)
	if err != nil {
		return PriceRange{}, err
	}
	promotion, err := optionalPrice(q, r.PromotionPrice)
	return PriceRange{StartQuantity: int64(r.StartQuantity), Price: price, PromotionPrice: promotion}, err
}

func skuView(q money.Quoter, lang string, s alibaba.SKU) (Sku, error) {
	v := Sku{SkuId: s.SkuID.String(), SpecId: string(s.SpecID), AmountOnSale: int64(s.AmountOnSale), Attributes: []ProductAttribute{}}
	var err error
	if v.Price, err = optionalPrice(q, s.Price); err != nil {
		return v, err
	}
	if v.JxhyPrice, err = optionalPrice(q, s.JxhyPrice); err != nil {
		return v, err
	}
	if v.PromotionPrice, err = optionalPrice(q, s.PromotionPrice); err != nil {
		return v, err
	}
	for _, a := range s.Attributes {
		v.Attributes = append(v.Attributes, ProductAttribute{
			AttributeId: number64(int64(a.AttributeID)), Name: text(lang, a.AttributeName, a.AttributeNameTrans), Value: text(lang, a.Value, a.ValueTrans),
		})
		if v.ImageUrl == nil {
			v.ImageUrl = optional(httpsURL(string(a.SkuImageURL)))
		}
	}
	return v, nil
}

func attributes(lang string, list []alibaba.ProductAttribute) []ProductAttribute {
	out := []ProductAttribute{}
	for _, a := range list {
		out = append(out, ProductAttribute{
			AttributeId: number64(int64(a.AttributeID)), Name: text(lang, a.AttributeName, a.AttributeNameTrans), Value: text(lang, a.Value, a.ValueTrans),
		})
	}
	return out
}

// text pairs the seller's Chinese with 1688's translation and says whether there is one.
func text(lang string, original, translated alibaba.Text) Text {
	return TextOf(lang, string(original), string(translated))
}

// TextOf is text for words that were kept (order lines).
func TextOf(lang, original, translated string) Text {
	t := Text{Text: translated, Lang: lang, Original: original, OriginalLang: "zh", Source: ptr(Upstream)}
	if translated == "" || lang == "zh" {
		t.Text, t.Lang, t.Source = original, "zh", ptr(None)
	}
	return t
}

func priceOf(q money.Quoter, y alibaba.Yuan) (money.Price, error) {
	fen, err := y.Fen()
	if err != nil {
		return money.Price{}, errs.New(errs.Upstream, "upstream.bad_answer").Because(err)
	}
	return q.Price(money.Fen(fen))
}

func optionalPrice(q money.Quoter, y alibaba.Yuan) (*money.Price, error) {
	if y == "" {
		return nil, nil //nolint:nilnil // absent price, not a failure
	}
	p, err := priceOf(q, y)
	return &p, err
}

// unread are elements whose content is code, or markup that the tokenizer hands over as text.
var unread = set("script style iframe noembed noframes noscript plaintext textarea title xmp")

// plainText keeps the words of a seller's HTML and nothing that could run.
func plainText(raw string) string {
	if !strings.ContainsAny(raw, "<&") {
		return cut(strings.TrimSpace(raw))
	}
	var b strings.Builder
	z, inside := html.NewTokenizer(strings.NewReader(raw)), ""
	for b.Len() < maxDescription*utf8.UTFMax {
		switch z.Next() {
		case html.ErrorToken:
			return cut(strings.TrimSpace(b.String()))
		case html.StartTagToken, html.SelfClosingTagToken: // browsers ignore the slash of <script/>
			if name, _ := z.TagName(); inside == "" && unread[string(name)] {
				inside = string(name)
			}
		case html.EndTagToken:
			if name, _ := z.TagName(); string(name) == inside {
				inside = ""
			}
		case html.TextToken:
			if words := strings.Join(strings.Fields(string(z.Text())), " "); inside == "" && words != "" {
				b.WriteString(words)
				b.WriteByte(' ')
			}
		}
	}
	return cut(strings.TrimSpace(b.String()))
}

func cut(s string) string {
	if runes := []rune(s); len(runes) > maxDescription {
		return string(runes[:maxDescription])
	}
	return s
}

func images(list []alibaba.Text) []string {
	out := []string{}
	for _, u := range list {
		if u != "" {
			out = append(out, httpsURL(string(u)))
		}
	}
	return out
}

func texts(list []alibaba.Text) []string {
	out := make([]string, len(list))
	for i, t := range list {
		out[i] = string(t)
	}
	return out
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func number64(n int64) string { return strconv.FormatInt(n, 10) }

func ptr[T any](v T) *T { return &v }

// offerOf keeps what ordering needs of a product.
func offerOf(p *alibaba.Product, lang string) *Offer {
	o := &Offer{
		ID: int64(p.OfferID), Subject: string(p.Subject), SubjectTrans: string(p.SubjectTrans), SellerOpenID: string(p.SellerOpenID),
		SellerName: string(p.CompanyName), MinOrder: int64(p.MinOrderQuantity), Batch: int64(p.BatchNumber), Available: available(p),
		Stock: int64(p.SaleInfo.AmountOnSale),
	}
	if o.SubjectTrans != "" {
		o.Lang = lang
	}
	if len(p.Image.Images) > 0 {
		o.ImageURL = httpsURL(string(p.Image.Images[0]))
	}
	for _, s := range p.SKUs {
		sku := OfferSKU{SkuID: int64(s.SkuID), SpecID: string(s.SpecID), Stock: int64(s.AmountOnSale)}
		var names []string
		for _, a := range s.Attributes {
			names = append(names, firstNonEmpty(string(a.ValueTrans), string(a.Value)))
			if sku.ImageURL == "" {
				sku.ImageURL = httpsURL(string(a.SkuImageURL))
			}
		}
		sku.Name = strings.Join(names, " / ")
		o.SKUs = append(o.SKUs, sku)
	}
	return o
}

// available: the status may be absent in live answers; anything but published is not orderable.
func available(p *alibaba.Product) bool {
	return p.Status == "" || p.Status == alibaba.StatusPublished
}
