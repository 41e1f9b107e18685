// Package search finds products: keyword search and product detail in the shopper's language and currency.
package search

import (
	"encoding/json"
	"slices"
	"strings"

	"entrepot/internal/errs"
	"entrepot/internal/money"
)

// Limits of a catalogue search.
const (
	MaxPageSize = 50   // 1688 gives at most 50 hits a page
	maxHits     = 2000 // and reaches at most 2000 products a query
)

// Query is one catalogue search of a shopper.
type Query struct {
	Keyword    string
	CategoryID int64
	Filter     string // comma list of choiceKeys
	Sort       string // field:direction, or the seed's {"field":"direction"}
	PriceStart string // yuan as text
	PriceEnd   string
	Page       int // from 1
	PageSize   int
}

// sortFields maps the names clients may use to 1688's.
var sortFields = map[string]string{
	"price": "price", "onePPrice": "price", "rePurchaseRate": "rePurchaseRate", "monthSold": "monthSold", "monthSoldOut": "monthSold",
}

// choiceKeys are the filters 1688 knows (fact book 3.2).
var choiceKeys = set("certifiedFactory totalEpScoreLv1 totalEpScoreLv2 totalEpScoreLv3 totalEpScoreLv4 getRate24HLv3 getRate24HLv2 getRate24HLv1 " +
	"getRate48HLv3 getRate48HLv2 getRate48HLv1 freeCredit shipInToday shipIn24Hours shipIn48Hours noReason7DReturn isOnePsale isOnePsaleFreePost " +
	"dyCiphertext ksCiphertext 1688Selection isQqyx new7 new30 qrr0 qrr1 qrr5 qrr10")

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

// normalise checks q against what 1688 understands and brings it into one spelling, so that equal searches share a
// cache entry. Problems carry a pointer to the parameter.
func (q Query) normalise() (Query, error) {
	q.Keyword = strings.Join(strings.Fields(q.Keyword), " ")
	bad := errs.New(errs.Invalid, "request.invalid")
	if q.Keyword == "" && q.CategoryID == 0 {
		bad.At("/query/keyword", "search.keyword_or_category")
	}
	sort, ok := normaliseSort(q.Sort)
	if !ok {
		bad.At("/query/sort", "search.sort_unknown")
	}
	q.Sort = sort
	if q.Filter, ok = normaliseFilter(q.Filter); !ok {
		bad.At("/query/filter", "search.filter_unknown")
	}
	q.normalisePrices(bad)
	if len(bad.Fields) > 0 {
		return q, bad
	}
	return q, nil
}

// normaliseFilter sorts the choices and drops what is there twice; false when 1688 does not know one.
func normaliseFilter(list string) (string, bool) {
	keys := slices.DeleteFunc(strings.Split(list, ","), func(key string) bool { return key == "" })
	for _, key := range keys {
		if !choiceKeys[key] {
			return "", false
		}
	}
	slices.Sort(keys)
	return strings.Join(slices.Compact(keys), ","), true
}

func (q *Query) normalisePrices(bad *errs.Error) {
	bound := func(text *string, pointer string) money.Fen {
		if *text == "" {
			return -1
		}
		fen, err := money.ParseYuan(*text)
		if err != nil || fen < 0 {
			bad.At(pointer, "search.price_invalid")
			return -1
		}
		*text = fen.Yuan()
		return fen
	}
	from, to := bound(&q.PriceStart, "/query/priceStart"), bound(&q.PriceEnd, "/query/priceEnd")
	if from >= 0 && to >= 0 && from > to {
		bad.At("/query/priceEnd", "search.price_invalid")
	}
}

// normaliseSort accepts `field:dir` and {"field":"dir"} and answers 1688's JSON text; "" stays "".
func normaliseSort(s string) (string, bool) {
	if s == "" {
		return "", true
	}
	field, dir, found := strings.Cut(s, ":")
	if strings.HasPrefix(s, "{") {
		var m map[string]string
		if json.Unmarshal([]byte(s), &m) != nil || len(m) != 1 {
			return "", false
		}
		for field, dir = range m {
			found = true
		}
	}
	name := sortFields[field]
	if !found || name == "" || (dir != "asc" && dir != "desc") {
		return "", false
	}
	return `{"` + name + `":"` + dir + `"}`, true
}

// Offer is what ordering needs to know of a product.
type Offer struct {
	ID                    int64
	Subject, SubjectTrans string
	Lang                  string // language of SubjectTrans, "" when there is no translation
	ImageURL              string
	SellerOpenID          string
	SellerName            string
	MinOrder              int64 // least quantity over all SKUs of the offer; 0 = none
	Batch                 int64 // quantities come in multiples; 0 = none
	Available             bool  // published
	Stock                 int64
	SKUs                  []OfferSKU // empty for single-spec offers
}

// OfferSKU is one variant.
type OfferSKU struct {
	SkuID    int64
	SpecID   string
	Name     string
	Stock    int64
	ImageURL string
}

// SKU finds a variant by id or spec id; ok is false when there is none or when both do not name the same one.
func (o *Offer) SKU(skuID int64, specID string) (OfferSKU, bool) {
	for _, s := range o.SKUs {
		if (skuID == 0 || s.SkuID == skuID) && (specID == "" || s.SpecID == specID) && (skuID != 0 || specID != "") {
			return s, true
		}
	}
	return OfferSKU{}, false
}

// httpsURL upgrades plain http picture links of public hosts, which apps may not load otherwise. Loopback links of the
// simulated 1688 stay as they are.
func httpsURL(u string) string {
	if rest, ok := strings.CutPrefix(u, "http://"); ok && !strings.HasPrefix(rest, "127.") && !strings.HasPrefix(rest, "localhost") && !strings.HasPrefix(rest, "[::1]") {
		return "https://" + rest
	}
	return u
}

func firstNonEmpty(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
