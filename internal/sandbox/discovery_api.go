package sandbox

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

func discoveryAPIs() []api {
	return []api{
		{ns: nsCross, name: "product.search.querySellerOfferList", required: []string{"offerQueryParam"}, envelope: envA(false), handle: (*Server).shopSearch},
		{ns: nsCross, name: "product.search.offerRecommend", required: []string{"recommendOfferParam"}, envelope: envA(false), handle: (*Server).offerRecommend},
		{ns: nsCross, name: "product.related.recommend", required: []string{"relatedQueryParams"}, envelope: envA(false), handle: (*Server).relatedRecommend},
		{ns: nsCross, name: "product.search.topKeyword", open: true, required: []string{"topSeKeywordParam"}, envelope: envA(false), handle: (*Server).topKeyword},
		{ns: nsCross, name: "product.search.keywordSNQuery", required: []string{"snParams"}, envelope: envRet(), handle: (*Server).searchNavigation},
		{ns: nsCross, name: "product.topList.query", required: []string{"rankQueryParams"}, envelope: envA(false), handle: (*Server).topList},
	}
}

// envRet is family A with the words retCode and retMsg.
func envRet() envelope {
	wrap := func(ok bool, code, message string, payload any) any {
		return obj{"result": obj{"success": ok, "retCode": code, "retMsg": message, "result": payload}}
	}
	return envelope{
		good: func(p any) any { return wrap(true, "S0000", "success", p) },
		bad:  func(r *refusal) any { return wrap(false, r.code, r.message, r.payload) },
	}
}

func badParam(field string) *refusal { return refuse("PARAM_ERROR", field+" is missing or malformed") }

// between reads a whole number in bounds.
func (n num) between(low, high int64) (int64, bool) {
	v, ok := n.int()
	return v, ok && v >= low && v <= high
}

// shopByOpenID finds a shop; its number is at the end of the opaque id, and the rest must fit.
func (c *catalogue) shopByOpenID(id string) (int, bool) {
	i := strings.LastIndexByte(id, 'S')
	n, err := strconv.Atoi(id[i+1:])
	if i < 0 || err != nil || n < 0 || n > len(c.offers) || c.seller(n).openID != id {
		return 0, false
	}
	return n, true
}

// shopSearch is keywordQuery inside one shop; words are optional here.
func (s *Server) shopSearch(c *call) (any, *refusal) {
	var p struct {
		Seller text `json:"sellerOpenId"`
	}
	var q offerQuery
	if ref := c.decode("offerQueryParam", &p); ref != nil {
		return nil, ref
	}
	if ref := c.decode("offerQueryParam", &q); ref != nil {
		return nil, ref
	}
	if p.Seller == "" {
		return nil, badParam("sellerOpenId")
	}
	cat := s.cat.Load()
	shop, ok := cat.shopByOpenID(string(p.Seller))
	if !ok {
		return nil, refuse("SELLER_NOT_EXIST", "sellerOpenId is unknown")
	}
	q.only = func(o *offer) bool { return o.seller == shop }
	if ref := q.check(); ref != nil {
		return nil, ref
	}
	ids, ref := cat.search(&q)
	if ref != nil {
		return nil, ref
	}
	lang, data := language(q.Country), []any{}
	for _, i := range window(ids, q.page, q.size) {
		data = append(data, cat.hit(&cat.offers[i], lang, c.base))
	}
	total := int64(min(len(ids), maxReach))
	return obj{"totalRecords": total, "totalPage": (total + q.size - 1) / q.size, "pageSize": q.size, "currentPage": q.page, "data": data}, nil
}

// window is one page of what a query can reach.
func window(ids []int32, page, size int64) []int32 {
	total := int64(min(len(ids), maxReach))
	from := min(page-1, total) * size // page may be absurdly large
	return ids[min(from, total):min(from+size, total)]
}

// brief is a product as the recommendation lists give it: fewer fields than a search hit.
func brief(o *offer, lang, base string) obj {
	return obj{"offerId": o.id, "subject": o.title("zh"), "subjectTrans": o.title(lang), "imageUrl": base + picturePath(o.id, 0)}
}

// offerRecommend walks all products in an order of the member's own, so that pages never overlap and the same member sees the same list.
func (s *Server) offerRecommend(c *call) (any, *refusal) {
	var p struct {
		Page    num    `json:"beginPage"`
		Size    num    `json:"pageSize"`
		Country string `json:"country"`
		Member  text   `json:"outMemberId"`
	}
	if ref := c.decode("recommendOfferParam", &p); ref != nil {
		return nil, ref
	}
	page, ok1 := p.Page.between(1, maxReach)
	size, ok2 := p.Size.between(1, 50)
	switch {
	case !ok1:
		return nil, badParam("beginPage")
	case !ok2:
		return nil, refuse("PARAM_ERROR", "pageSize must be 1 to 50")
	case p.Country == "":
		return nil, badParam("country")
	case p.Member == "":
		return nil, badParam("outMemberId")
	}
	cat, lang, list := s.cat.Load(), language(p.Country), []obj{}
	for _, i := range cat.taste(string(p.Member), (page-1)*size, size) {
		o := &cat.offers[i]
		sel := cat.seller(o.seller)
		r := brief(o, lang, c.base)
		prices := obj{"price": yuanText(o.price), "consignPrice": nil, "class": "com.alibaba.fenxiao.crossborder.model.PriceInfo"}
		if o.traits&dropship != 0 {
			prices["consignPrice"] = yuanText(o.price + o.price/20)
		}
		r["priceInfo"], r["monthSold"], r["repurchaseRate"] = prices, o.monthSold, percent(int64(o.repurchase))
		r["traceInfo"], r["isSelect"] = "object_id@"+itoa(o.id)+"^object_type@offer^scene@recommend", o.has("1688Selection")
		r["promotionURL"] = "https://detail.1688.com/offer/" + itoa(o.id) + ".html"
		r["onePsale"], r["sellerIdentities"] = o.traits&dropship != 0, sel.identities()
		r["class"] = "com.alibaba.fenxiao.crossborder.model.RecommendOfferModel"
		list = append(list, r)
	}
	return list, nil
}

// taste is part of a member's own order of the catalogue: a walk with a step that shares no factor with its size meets every product once.
func (c *catalogue) taste(member string, from, count int64) []int {
	h := fnv.New64a()
	_, _ = h.Write([]byte(member)) // never fails
	start, n := mix(h.Sum64()^uint64(c.seed)), uint64(len(c.offers))
	step := mix(start)%n | 1
	for gcd(step, n) != 1 {
		step += 2
	}
	var out []int
	var met int64
	for k := uint64(0); k < n && met < maxReach && int64(len(out)) < count; k++ {
		i := (start%n + k*(step%n)) % n
		if c.offers[i].traits&(delisted|outOfStock) != 0 {
			continue
		}
		if met >= from {
			out = append(out, int(i))
		}
		met++
	}
	return out
}

func gcd(a, b uint64) uint64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// maxRelated is how many products related.recommend pages through.
const maxRelated = 100

func (s *Server) relatedRecommend(c *call) (any, *refusal) {
	var p struct {
		Offer    num    `json:"offerId"`
		Page     num    `json:"pageNo"`
		Size     num    `json:"pageSize"`
		Language string `json:"language"`
	}
	if ref := c.decode("relatedQueryParams", &p); ref != nil {
		return nil, ref
	}
	id, ok := p.Offer.int()
	page, ok1 := p.Page.between(1, maxReach)
	size, ok2 := p.Size.between(1, 10)
	switch {
	case !ok:
		return nil, badParam("offerId")
	case !ok1:
		return nil, badParam("pageNo")
	case !ok2:
		return nil, refuse("PARAM_ERROR", "pageSize must be 1 to 10")
	case p.Language == "":
		return nil, badParam("language")
	}
	cat := s.cat.Load()
	o := cat.find(id)
	if o == nil {
		return nil, refuse("OFFER_NOT_EXIST", "offer does not exist")
	}
	ids, lang, list := cat.related(o), language(p.Language), []obj{}
	for _, i := range window(ids[:min(len(ids), maxRelated)], page, size) {
		near := &cat.offers[i]
		sel, cats := cat.seller(near.seller), near.categories()
		r := brief(near, lang, c.base)
		r["priceInfo"], r["monthSold"] = obj{"price": yuanText(near.price)}, near.monthSold*3 // 90 days here
		r["sellerIdentities"], r["offerIdentities"] = sel.identities(), []string{}
		r["topCategoryId"], r["secondCategoryId"], r["thirdCategoryId"] = cats[0], cats[1], cats[2]
		list = append(list, r)
	}
	return list, nil
}

// related lists products like one: the same kind before its neighbours, of alike style and material before others.
func (c *catalogue) related(o *offer) []int32 {
	type near struct {
		i     int32
		score int
	}
	var found []near
	cats := o.categories()
	for i := range c.offers {
		other := &c.offers[i]
		if other == o || other.traits&delisted != 0 || other.categories()[0] != cats[0] {
			continue
		}
		n := near{i: int32(i)}
		for at, same := range []bool{other.material == o.material, other.style == o.style, other.categories()[1] == cats[1], other.noun == o.noun} {
			if same {
				n.score += 1 << at
			}
		}
		found = append(found, n)
	}
	slices.SortFunc(found, func(a, b near) int {
		return cmp.Or(b.score-a.score, cmp.Compare(c.offers[b.i].monthSold, c.offers[a.i].monthSold), cmp.Compare(a.i, b.i))
	})
	out := make([]int32, len(found))
	for i, n := range found {
		out[i] = n.i
	}
	return out
}

func (o *offer) in(category int64) bool {
	three := o.categories()
	return category == 0 || slices.Contains(three[:], category)
}

// topKeyword gives the words that sell best in a category: its products, and with them their most sold styles.
func (s *Server) topKeyword(c *call) (any, *refusal) {
	var p struct {
		Country string `json:"country"`
		Source  num    `json:"sourceId"`
		Kind    string `json:"hotKeywordType"`
	}
	if ref := c.decode("topSeKeywordParam", &p); ref != nil {
		return nil, ref
	}
	category, ok := p.Source.int()
	switch {
	case p.Country == "":
		return nil, badParam("country")
	case !ok:
		return nil, badParam("sourceId")
	case p.Kind != "cate":
		return nil, refuse("PARAM_ERROR", "hotKeywordType must be cate")
	}
	return s.cat.Load().hotWords(category, language(p.Country)), nil
}

func (c *catalogue) hotWords(category int64, lang string) []obj {
	const most = 10
	type pair struct{ style, noun int } // style -1: the product alone
	sold := map[pair]int64{}
	for i := range c.offers {
		if o := &c.offers[i]; o.traits&delisted == 0 && o.in(category) {
			sold[pair{-1, int(o.noun)}] += int64(o.monthSold)
			sold[pair{int(o.style), int(o.noun)}] += int64(o.monthSold)
		}
	}
	pairs := make([]pair, 0, len(sold))
	for p := range sold {
		pairs = append(pairs, p)
	}
	slices.SortFunc(pairs, func(a, b pair) int {
		return cmp.Or(cmp.Compare(sold[b], sold[a]), cmp.Compare(a.noun, b.noun), cmp.Compare(a.style, b.style))
	})
	w, list := words(), []obj{}
	for _, p := range pairs[:min(len(pairs), most)] {
		word, trans := w.nouns[p.noun].in("zh"), w.nouns[p.noun].in(lang)
		if p.style >= 0 {
			word, trans = w.styles[p.style].in("zh")+word, styled(w.styles[p.style].in(lang), trans, lang)
		}
		list = append(list, obj{"seKeyword": word, "seKeywordTranslation": trans})
	}
	return list
}

// styled puts the style where the language has it.
func styled(style, noun, lang string) string {
	switch lang {
	case "zh":
		return style + noun
	case "vi", "ms", "id", "th":
		return noun + " " + style
	}
	return style + " " + noun
}

var (
	localeForm   = regexp.MustCompile(`^[a-z]{2}_[A-Z]{2}$`)
	currencyForm = regexp.MustCompile(`^[A-Z]{3}$`)
)

func (s *Server) searchNavigation(c *call) (any, *refusal) {
	var p struct {
		Keyword  string `json:"keyword"`
		Language string `json:"language"`
		Region   string `json:"region"`
		Currency string `json:"currency"`
	}
	if ref := c.decode("snParams", &p); ref != nil {
		return nil, ref
	}
	switch {
	case p.Keyword == "":
		return nil, badParam("keyword")
	case !localeForm.MatchString(p.Language):
		return nil, refuse("PARAM_ERROR", "language must be a locale such as en_US")
	case !areaForm.MatchString(p.Region):
		return nil, badParam("region")
	case !currencyForm.MatchString(p.Currency):
		return nil, badParam("currency")
	}
	cat := s.cat.Load()
	ids, ref := cat.search(&offerQuery{Keyword: p.Keyword})
	if ref != nil {
		return nil, ref
	}
	return cat.navigate(ids, language(p.Language)), nil
}

// rankings are the orders topList.query knows; the first in order is the best.
var rankings = map[string]func(a, b *offer) int{
	"hot":       func(a, b *offer) int { return cmp.Compare(b.monthSold, a.monthSold) },
	"goodPrice": func(a, b *offer) int { return cmp.Compare(a.price, b.price) },
	"complex": func(a, b *offer) int {
		return cmp.Compare(int64(b.monthSold)*(10+int64(b.repurchase)), int64(a.monthSold)*(10+int64(a.repurchase)))
	},
}

// topList answers a RankModel. Its inner fields are not documented where we could read: these names are our guess.
func (s *Server) topList(c *call) (any, *refusal) {
	var p struct {
		Rank     num    `json:"rankId"`
		Kind     string `json:"rankType"`
		Limit    num    `json:"limit"`
		Language string `json:"language"`
	}
	if ref := c.decode("rankQueryParams", &p); ref != nil {
		return nil, ref
	}
	id, ok := p.Rank.int()
	limit, ok1 := p.Limit.between(1, 20)
	by := rankings[p.Kind]
	switch {
	case !ok:
		return nil, badParam("rankId")
	case by == nil:
		return nil, refuse("PARAM_ERROR", "rankType must be complex, hot or goodPrice")
	case !ok1:
		return nil, refuse("PARAM_ERROR", "limit must be 1 to 20")
	case p.Language == "":
		return nil, badParam("language")
	}
	node := categoryByID(id)
	if node == nil {
		return nil, refuse("CATEGORY_NOT_EXIST", "rankId is no category")
	}
	cat, lang, list := s.cat.Load(), language(p.Language), []obj{}
	for place, i := range cat.ranked(id, by, int(limit)) {
		o := &cat.offers[i]
		list = append(list, obj{
			"itemId": o.id, "title": o.title("zh"), "translateTitle": o.title(lang), "imgUrl": c.base + picturePath(o.id, 0), "sort": place + 1,
			"serviceList": []string{}, "buyerNum": o.monthSold / 12, "soldOut": o.monthSold, "goodsScore": fmt.Sprintf("4.%d", o.h%10),
		})
	}
	return obj{"rankId": itoa(id), "rankName": node.in(lang), "rankType": p.Kind, "rankProductModels": list}, nil
}

func (c *catalogue) ranked(category int64, by func(a, b *offer) int, limit int) []int32 {
	var ids []int32
	for i := range c.offers {
		if o := &c.offers[i]; o.traits&(delisted|outOfStock) == 0 && o.in(category) {
			ids = append(ids, int32(i))
		}
	}
	slices.SortFunc(ids, func(a, b int32) int { return cmp.Or(by(&c.offers[a], &c.offers[b]), cmp.Compare(a, b)) })
	return ids[:min(len(ids), limit)]
}
