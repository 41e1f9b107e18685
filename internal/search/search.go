// Package search is the catalogue: what shoppers find, in their language and currency, and what staff decide about it.
//
// A question comes in at http.go or a *_http.go, is checked and brought into one spelling (search.go), and goes through
// Service.ask (question.go). The answer comes from the cache as final bytes (cache*.go), from Redis (tier*.go), or from one
// load of 1688 that everybody waits for. A load asks 1688 (service.go, image.go, shop.go, discovery.go, category.go,
// freight.go, offer.go) and turns what it says into a view (view.go, hit_view.go, product_view.go, size_view.go) with texts
// (text.go), safe HTML (html.go), links (media.go) and prices (price.go, unit_price.go).
//
// Staff's decisions stand beside it and are part of the cache's keys (settings.go): filters (filter*.go), what must not
// appear (block*.go), exchange rates (rate*.go). picture*.go makes pictures fit to be sent on; follower.go asks 1688 for
// messages about products that matter, and price_watch.go notices when a list shows another price than the product.
package search

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"entrepot/internal/errs"
	"entrepot/internal/money"

	"golang.org/x/text/unicode/norm"
)

// Limits of a catalogue search.
const (
	MaxPageSize = 50   // 1688 gives at most 50 hits a page
	maxHits     = 2000 // and reaches at most 2000 products a query
	maxKeyword  = 200  // characters
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
	return q.normaliseWith(builtInFilter)
}

func builtInFilter(choiceKey string) bool { return choiceKeys[choiceKey] }

// normaliseWith is normalise where the filters are those that known says yes to.
func (q Query) normaliseWith(known func(choiceKey string) bool) (Query, error) {
	tidy, err := q.tidyWith(known)
	if tidy.Keyword == "" && q.CategoryID == 0 {
		bad := errs.New(errs.Invalid, "request.invalid").At("/query/keyword", "search.keyword_or_category")
		if err != nil {
			bad.Fields = append(bad.Fields, errs.From(err).Fields...)
		}
		return tidy, bad
	}
	return tidy, err
}

// tidyWith is normaliseWith where words are optional.
func (q Query) tidyWith(known func(choiceKey string) bool) (Query, error) {
	bad := errs.New(errs.Invalid, "request.invalid")
	q.normaliseKeyword(bad)
	if q.CategoryID < 0 {
		bad.At("/query/categoryId", "field.min", "min", 1)
	}
	sort, ok := normaliseSort(q.Sort)
	if !ok {
		bad.At("/query/sort", "search.sort_unknown")
	}
	q.Sort = sort
	if q.Filter, ok = normaliseFilter(q.Filter, known); !ok {
		bad.At("/query/filter", "search.filter_unknown")
	}
	q.normalisePrices(bad)
	if len(bad.Fields) > 0 {
		return q, bad
	}
	return q, nil
}

// normaliseKeyword brings the words into Unicode's composed form with single blanks: "é" is one search however it was typed.
func (q *Query) normaliseKeyword(bad *errs.Error) {
	if !utf8.ValidString(q.Keyword) || strings.ContainsFunc(strings.ReplaceAll(q.Keyword, "\t", " "), unsearchable) {
		bad.At("/query/keyword", "search.keyword_invalid")
		return
	}
	q.Keyword = norm.NFC.String(strings.Trim(strings.Join(strings.Fields(q.Keyword), " "), invisible))
	if utf8.RuneCountInString(q.Keyword) > maxKeyword {
		bad.At("/query/keyword", "field.max_length")
	}
}

// invisible is what keyboards and clipboards leave around words: blanks of no width, joiners with nothing to join, marks of
// the writing direction, the byte order mark. Inside words they are left alone.
const invisible = " \u200b\u200c\u200d\u200e\u200f\u2060\ufeff"

// unsearchable are characters nobody types into a search: controls, overrides of the writing direction, and those that are
// no characters.
func unsearchable(r rune) bool {
	return unicode.IsControl(r) || r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 || r == utf8.RuneError || r&0xFFFE == 0xFFFE ||
		r >= 0xFDD0 && r <= 0xFDEF || r >= 0xE0000 && r <= 0xE0FFF
}

// normaliseFilter sorts the choices and drops what is there twice; false when one is not known.
func normaliseFilter(list string, known func(string) bool) (string, bool) {
	keys := slices.DeleteFunc(strings.Split(list, ","), func(key string) bool { return key == "" })
	for _, key := range keys {
		if !known(key) {
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
	if s = strings.TrimSpace(s); s == "" {
		return "", true
	}
	field, dir, found := strings.Cut(s, ":")
	if strings.HasPrefix(s, "{") {
		var m map[string]string
		if json.Unmarshal([]byte(s), &m) != nil || len(m) != 1 || strings.Count(s, ":") != 1 { // twice the same key counts once
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
