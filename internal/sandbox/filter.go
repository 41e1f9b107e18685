package sandbox

import (
	"cmp"
	"encoding/json"
	"errors"
	"hash/fnv"
	"slices"
	"strings"
)

// choiceKeys are the filters the search understands, in bit order. Those of one group are alternatives, the groups must all fit.
// Which keys group is our decision: choices of one heading of the filter configuration, and keys that name one thing in steps.
// The regional lines are read as "ships on that line": public lists disagree.
var choiceGroups = [][]string{
	{"certifiedFactory"},
	{"totalEpScoreLv1", "totalEpScoreLv2", "totalEpScoreLv3", "totalEpScoreLv4"},
	{"getRate24HLv3", "getRate24HLv2", "getRate24HLv1"},
	{"getRate48HLv3", "getRate48HLv2", "getRate48HLv1"},
	{"freeCredit"},
	{"shipInToday", "shipIn24Hours", "shipIn48Hours"},
	{"noReason7DReturn"},
	{"isOnePsale"},
	{"isOnePsaleFreePost"},
	{"dyCiphertext"},
	{"ksCiphertext"},
	{"1688Selection"},
	{"isQqyx"},
	{"new7", "new30"},
	{"qrr0", "qrr1", "qrr5", "qrr10"},
	regionLines,
}

var regionLines = []string{"JPFL", "USFL", "KRFL", "VNFL", "SAFL", "RUFL", "KZFL", "HKFL", "MOFL", "TWFL"}

// choiceKeys flattens the groups: the place of a key is its bit.
var choiceKeys = slices.Concat(choiceGroups...)

func flagBit(key string) uint64 {
	if i := slices.Index(choiceKeys, key); i >= 0 {
		return 1 << i
	}
	return 0
}

func (o *offer) has(key string) bool { return o.flags&flagBit(key) != 0 }

// steps marks one key for a figure: the first whose bound it reaches.
func steps(value int64, bounds []int64) int {
	for i, b := range bounds {
		if value >= b {
			return i
		}
	}
	return len(bounds)
}

// filterFlags decides once which filters an offer passes. Seller facts come from the seller, so all offers of a seller agree.
func (c *catalogue) filterFlags(o *offer) uint64 {
	var f uint64
	at := 0
	set := func(yes ...bool) { // in the order of choiceKeys
		for _, y := range yes {
			if y {
				f |= 1 << at
			}
			at++
		}
	}
	s, h := c.facts(o.seller), mix(o.h+99)
	set(s.factory)
	star := steps(s.score10, []int64{50, 45, 40})
	set(star == 0, star == 1, star == 2, star == 3)
	set(s.collect24 >= 99, s.collect24 >= 95, s.collect24 < 95)
	set(s.collect48 >= 99, s.collect48 >= 95, s.collect48 < 95)
	set(s.freeCredit)
	today := h%7 == 0
	set(today, today || h%2 == 0, !today && h%2 == 1)
	set(h>>8%5 < 3)
	drop := o.traits&dropship != 0
	set(drop, drop && h>>12%4 == 0)
	set(s.dyPrint, s.ksPrint)
	set(o.traits&curated != 0, h>>16%6 == 2)
	const day = 24 * 3600
	set(o.age() < 7*day, o.age() < 30*day)
	set(s.refunds == 0, s.refunds < 10, s.refunds < 50, s.refunds < 100)
	for i := range regionLines {
		set(h>>(20+2*i)&3 != 0)
	}
	return f
}

// offerQuery is offerQueryParam.
type offerQuery struct {
	Keyword    string   `json:"keyword"`
	Page       num      `json:"beginPage"`
	Size       num      `json:"pageSize"`
	Country    string   `json:"country"`
	Category   num      `json:"categoryId"`
	Categories text     `json:"categoryIdList"`
	Filter     text     `json:"filter"`
	Sort       jsonText `json:"sort"`
	PriceFrom  text     `json:"priceStart"`
	PriceTo    text     `json:"priceEnd"`
	Sales      []struct {
		Type  string `json:"saleType"`
		Start num    `json:"saleStart"`
		End   num    `json:"saleEnd"`
	} `json:"saleFilterList"`
	SnID       text `json:"snId"`
	Collection text `json:"productCollectionId"`
	Region     text `json:"regionOpp"`
	Translate  text `json:"keywordTranslate"` // true = the words are Chinese already

	page, size int64
	only       func(*offer) bool // what the API itself narrows the search to, such as one shop
}

// jsonText is JSON inside JSON: text that holds an object, as documented, or the object itself.
type jsonText string

// UnmarshalJSON accepts both forms.
func (t *jsonText) UnmarshalJSON(b []byte) error {
	switch {
	case len(b) > 0 && b[0] == '"':
		return json.Unmarshal(b, (*string)(t))
	case len(b) > 0 && b[0] == '{':
		*t = jsonText(b)
	case string(b) != "null":
		return errors.New("want JSON text")
	}
	return nil
}

// maxReach is how many products one query can page through.
const maxReach = 2000

func (q *offerQuery) translated() bool { return q.Translate == "true" }

func (q *offerQuery) check() *refusal {
	var ok1, ok2 bool
	q.page, ok1 = q.Page.int()
	q.size, ok2 = q.Size.int()
	q.Keyword = strings.TrimSpace(q.Keyword)
	switch {
	case !ok1 || q.page < 1:
		return refuse("PARAM_ERROR", "beginPage must be a number from 1")
	case !ok2 || q.size < 1 || q.size > 50:
		return refuse("PARAM_ERROR", "pageSize must be 1 to 50")
	case q.Country == "":
		return refuse("PARAM_ERROR", "country is required")
	case q.Keyword == "" && q.Category == "" && q.Categories == "" && q.Collection == "" && q.only == nil:
		return refuse("PARAM_ERROR", "keyword is required")
	}
	return nil
}

// window is what page beginPage covers of the products a query can reach.
func (q *offerQuery) window() (from, to int) {
	from = int(min((min(q.page, maxReach)-1)*q.size, maxReach))
	return from, min(from+int(q.size), maxReach)
}

// predicate tells which offers the query's filters let through; the keyword is not among them.
func (q *offerQuery) predicate() (func(*offer) bool, *refusal) {
	keep, ref := q.filters()
	if ref != nil {
		return nil, ref
	}
	cats, ref := q.categoryIDs()
	if ref != nil || len(cats) == 0 {
		return keep, ref
	}
	return func(o *offer) bool {
		three := o.categories()
		return keep(o) && (slices.Contains(cats, three[0]) || slices.Contains(cats, three[1]) || slices.Contains(cats, three[2]))
	}, nil
}

// unfiltered tells queries of words and categories alone.
func (q *offerQuery) unfiltered() bool {
	return q.Filter == "" && q.PriceFrom == "" && q.PriceTo == "" && len(q.Sales) == 0 && q.SnID == "" && q.Collection == "" && q.Region == "" && q.only == nil
}

// filters is predicate without the categories.
func (q *offerQuery) filters() (func(*offer) bool, *refusal) {
	masks := choiceMasks(string(q.Filter))
	low, ok1 := bound(q.PriceFrom, 0)
	high, ok2 := bound(q.PriceTo, 1<<60)
	if !ok1 || !ok2 {
		return nil, refuse("PARAM_ERROR", "priceStart and priceEnd are yuan as text")
	}
	sold, ref := q.sales()
	if ref != nil {
		return nil, ref
	}
	var more []func(*offer) bool
	if q.SnID != "" {
		more = append(more, navigation(string(q.SnID)))
	}
	if q.Collection != "" {
		more = append(more, collection(num(q.Collection)))
	}
	if q.Region != "" {
		more = append(more, opportunity(string(q.Region)))
	}
	if q.only != nil {
		more = append(more, q.only)
	}
	return func(o *offer) bool {
		if o.price < low || o.price > high {
			return false
		}
		for _, m := range masks {
			if o.flags&m == 0 {
				return false
			}
		}
		for _, s := range sold {
			if n := int64(o.monthSold) * s.times / 4; n < s.low || n > s.high {
				return false
			}
		}
		for _, f := range more {
			if !f(o) {
				return false
			}
		}
		return true
	}, nil
}

// choiceMasks reads the comma list of choice keys: one mask a group. Unknown keys are ignored.
func choiceMasks(filter string) []uint64 {
	if filter == "" {
		return nil
	}
	var want uint64
	for key := range strings.SplitSeq(filter, ",") {
		want |= flagBit(strings.TrimSpace(key))
	}
	var masks []uint64
	at := 0
	for _, g := range choiceGroups {
		if m := want & ((1<<len(g) - 1) << at); m != 0 {
			masks = append(masks, m)
		}
		at += len(g)
	}
	return masks
}

func bound(t text, unset int64) (int64, bool) {
	if t == "" {
		return unset, true
	}
	return parseYuan(string(t))
}

// soldRange bounds the sales of a window; times is what the month's sales are multiplied with, in quarters.
type soldRange struct{ times, low, high int64 }

func (q *offerQuery) sales() ([]soldRange, *refusal) {
	var out []soldRange
	for _, f := range q.Sales {
		r := soldRange{times: map[string]int64{"sales7": 1, "sales14": 2, "sales30": 4, "totalSales": 36}[f.Type], high: 1 << 60}
		var ok1, ok2 = true, true
		if f.Start != "" {
			r.low, ok1 = f.Start.int()
		}
		if f.End != "" {
			r.high, ok2 = f.End.int()
		}
		if r.times == 0 || !ok1 || !ok2 {
			return nil, refuse("PARAM_ERROR", "saleFilterList wants saleType sales7, sales14, sales30 or totalSales and whole numbers")
		}
		out = append(out, r)
	}
	return out, nil
}

// The assortments: ten numbers that follow each other, each with a tenth of the catalogue.
const firstCollection, collections = 174_316_138, 10

func collection(id num) func(*offer) bool {
	n, ok := id.int()
	n -= firstCollection
	return func(o *offer) bool { return ok && n >= 0 && n < collections && o.h>>33%collections == uint64(n) }
}

// opportunity narrows to products said to sell well in a region. The real codes are not known: any text is a region and has its two thirds.
func opportunity(region string) func(*offer) bool {
	f := fnv.New64a()
	_, _ = f.Write([]byte(strings.ToUpper(region))) // never fails
	salt := f.Sum64()
	return func(o *offer) bool { return mix(o.h^salt)%3 != 0 }
}

// categoryIDs are categoryId and categoryIdList together; 0 means none.
func (q *offerQuery) categoryIDs() ([]int64, *refusal) {
	var out []int64
	for id := range strings.SplitSeq(string(q.Category)+","+string(q.Categories), ",") {
		if id = strings.TrimSpace(id); id == "" {
			continue
		}
		n, ok := num(id).int()
		if !ok {
			return nil, refuse("PARAM_ERROR", "categoryId and categoryIdList are numbers")
		}
		if n != 0 {
			out = append(out, n)
		}
	}
	return out, nil
}

// sortOrder is a key of sortKey, or sortKeys for sales.
type sortOrder struct {
	key  int
	down bool
}

// order reads the sort text {"price":"asc"}; nil keeps relevance.
func (q *offerQuery) order() (*sortOrder, *refusal) {
	if q.Sort == "" {
		return nil, nil
	}
	var by map[string]string
	if err := json.Unmarshal([]byte(q.Sort), &by); err != nil || len(by) > 1 {
		return nil, refuse("PARAM_ERROR", `sort is JSON text of one key, like {"price":"asc"}`)
	}
	for name, direction := range by {
		key, ok := map[string]int{
			"price": sortPrice, "onePPrice": sortPrice, "rePurchaseRate": sortRepurchase, "monthSold": sortKeys, "monthSoldOut": sortKeys,
		}[name]
		if !ok || direction != "asc" && direction != "desc" {
			return nil, refuse("PARAM_ERROR", "sort key or direction is unknown")
		}
		return &sortOrder{key, direction == "desc"}, nil
	}
	return nil, nil
}

// order sorts offers by a sort text; without one they stay as they are.
func (c *catalogue) order(ids []int32, sort jsonText) *refusal {
	by, ref := (&offerQuery{Sort: sort}).order()
	if ref != nil || by == nil {
		return ref
	}
	value := func(i int32) int64 {
		switch o := &c.offers[i]; by.key {
		case sortPrice:
			return o.price
		case sortRepurchase:
			return int64(o.repurchase)
		default:
			return int64(o.monthSold)
		}
	}
	slices.SortStableFunc(ids, func(a, b int32) int {
		if by.down {
			a, b = b, a
		}
		return cmp.Compare(value(a), value(b))
	})
	return nil
}
