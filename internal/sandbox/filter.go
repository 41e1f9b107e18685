package sandbox

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
)

// choiceKeys are the filters the search understands, in bit order. Regional lines (JPFL ...) are ignored: public lists disagree on their meaning.
var choiceKeys = []string{
	"certifiedFactory", "totalEpScoreLv1", "totalEpScoreLv2", "totalEpScoreLv3", "totalEpScoreLv4", "getRate24HLv3", "getRate24HLv2", "getRate24HLv1",
	"getRate48HLv3", "getRate48HLv2", "getRate48HLv1", "freeCredit", "shipInToday", "shipIn24Hours", "shipIn48Hours", "noReason7DReturn", "isOnePsale",
	"isOnePsaleFreePost", "dyCiphertext", "ksCiphertext", "1688Selection", "isQqyx", "new7", "new30", "qrr0", "qrr1", "qrr5", "qrr10",
}

func flagBit(key string) uint64 {
	if i := slices.Index(choiceKeys, key); i >= 0 {
		return 1 << i
	}
	return 0
}

func (o *offer) has(key string) bool { return o.flags&flagBit(key) != 0 }

// filterFlags decides once which filters an offer passes. Seller facts come from the seller's number, so all offers of a seller agree.
func filterFlags(o *offer) uint64 {
	var f uint64
	set := func(yes bool, key string) {
		if yes {
			f |= flagBit(key)
		}
	}
	s, h := o.seller, mix(o.h+99)
	set(s%2 == 0, "certifiedFactory")
	set(true, []string{"totalEpScoreLv1", "totalEpScoreLv2", "totalEpScoreLv3", "totalEpScoreLv4"}[s%4])
	set(true, []string{"getRate24HLv3", "getRate24HLv2", "getRate24HLv1"}[s%3])
	set(true, []string{"getRate48HLv3", "getRate48HLv2", "getRate48HLv1"}[s%3])
	set(s%6 == 0, "freeCredit")
	set(h%7 == 0, "shipInToday")
	set(h%2 == 0, "shipIn24Hours")
	set(h%2 == 1, "shipIn48Hours")
	set(h%5 < 3, "noReason7DReturn")
	set(o.traits&dropship != 0, "isOnePsale")
	set(o.traits&dropship != 0 && h%4 == 0, "isOnePsaleFreePost")
	set(h%3 == 0, "dyCiphertext")
	set(h%4 == 1, "ksCiphertext")
	set(h%6 == 1, "1688Selection")
	set(h%6 == 2, "isQqyx")
	set(h%20 == 3, "new7")
	set(h%20 < 8, "new30")
	set(true, []string{"qrr0", "qrr1", "qrr5", "qrr10"}[s%4])
	return f
}

// offerQuery is offerQueryParam.
type offerQuery struct {
	Keyword    string `json:"keyword"`
	Page       num    `json:"beginPage"`
	Size       num    `json:"pageSize"`
	Country    string `json:"country"`
	Category   num    `json:"categoryId"`
	Categories text   `json:"categoryIdList"`
	Filter     string `json:"filter"`
	Sort       string `json:"sort"`
	PriceFrom  text   `json:"priceStart"`
	PriceTo    text   `json:"priceEnd"`
	Sales      []struct {
		Type  string `json:"saleType"`
		Start num    `json:"saleStart"`
		End   num    `json:"saleEnd"`
	} `json:"saleFilterList"`
	SnID text `json:"snId"`

	page, size int64
	only       func(*offer) bool // what the API itself narrows the search to, such as one shop
}

// maxReach is how many products one query can page through.
const maxReach = 2000

func (q *offerQuery) check() *refusal {
	var ok1, ok2 bool
	q.page, ok1 = q.Page.int()
	q.size, ok2 = q.Size.int()
	switch {
	case !ok1 || q.page < 1:
		return refuse("PARAM_ERROR", "beginPage must be a number from 1")
	case !ok2 || q.size < 1 || q.size > 50:
		return refuse("PARAM_ERROR", "pageSize must be 1 to 50")
	case q.Country == "":
		return refuse("PARAM_ERROR", "country is required")
	case q.Keyword == "" && q.Category == "" && q.Categories == "" && q.only == nil:
		return refuse("PARAM_ERROR", "keyword is required")
	}
	return nil
}

// search returns all hits of a query, best first or sorted.
func (c *catalogue) search(q *offerQuery) ([]int32, *refusal) {
	ids := c.hits(q.Keyword)
	keep, ref := q.predicate()
	if ref != nil {
		return nil, ref
	}
	ids = slices.DeleteFunc(ids, func(i int32) bool { return !keep(&c.offers[i]) })
	if ref := c.order(ids, q.Sort); ref != nil {
		return nil, ref
	}
	return ids, nil
}

func (q *offerQuery) predicate() (func(*offer) bool, *refusal) {
	var want uint64
	for key := range strings.SplitSeq(q.Filter, ",") {
		want |= flagBit(strings.TrimSpace(key))
	}
	low, ok1 := bound(q.PriceFrom, 0)
	high, ok2 := bound(q.PriceTo, 1<<60)
	if !ok1 || !ok2 {
		return nil, refuse("PARAM_ERROR", "priceStart and priceEnd are yuan as text")
	}
	cats := map[int64]bool{}
	for id := range strings.SplitSeq(string(q.Category)+","+string(q.Categories), ",") {
		if n, ok := num(strings.TrimSpace(id)).int(); ok && n != 0 {
			cats[n] = true
		}
	}
	fits := func(*offer) bool { return true }
	if q.SnID != "" {
		fits = navigation(string(q.SnID))
	}
	return func(o *offer) bool {
		if q.only != nil && !q.only(o) || !fits(o) {
			return false
		}
		if o.flags&want != want || o.price < low || o.price > high || !q.sales(o) {
			return false
		}
		if len(cats) == 0 {
			return true
		}
		three := o.categories()
		return cats[three[0]] || cats[three[1]] || cats[three[2]]
	}, nil
}

func bound(t text, unset int64) (int64, bool) {
	if t == "" {
		return unset, true
	}
	return parseYuan(string(t))
}

func (q *offerQuery) sales(o *offer) bool {
	for _, f := range q.Sales {
		sold := map[string]int64{"sales7": o.monthSold / 4, "sales14": o.monthSold / 2, "sales30": o.monthSold, "totalSales": o.monthSold * 9}[f.Type]
		if n, ok := f.Start.int(); ok && sold < n {
			return false
		}
		if n, ok := f.End.int(); ok && sold > n {
			return false
		}
	}
	return true
}

// order applies the sort text {"price":"asc"}; empty keeps relevance.
func (c *catalogue) order(ids []int32, sort string) *refusal {
	if sort == "" {
		return nil
	}
	var by map[string]string
	if err := json.Unmarshal([]byte(sort), &by); err != nil || len(by) > 1 {
		return refuse("PARAM_ERROR", `sort is JSON text of one key, like {"price":"asc"}`)
	}
	for key, direction := range by {
		value, ok := map[string]func(*offer) int64{
			"price": func(o *offer) int64 { return o.price }, "onePPrice": func(o *offer) int64 { return o.price },
			"monthSold": func(o *offer) int64 { return o.monthSold }, "monthSoldOut": func(o *offer) int64 { return o.monthSold }, "rePurchaseRate": func(o *offer) int64 { return o.repurchase },
		}[key]
		if !ok || direction != "asc" && direction != "desc" {
			return refuse("PARAM_ERROR", "sort key or direction is unknown")
		}
		slices.SortStableFunc(ids, func(a, b int32) int {
			n := cmp.Compare(value(&c.offers[a]), value(&c.offers[b]))
			if direction == "desc" {
				n = -n
			}
			return n
		})
	}
	return nil
}
