package search

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"entrepot/internal/alibaba"
	"entrepot/internal/errs"
	"entrepot/internal/money"
	"entrepot/internal/site"
	"entrepot/internal/web"
)

// The tier for a quantity is the one with the largest start at or below it, in whatever order 1688 lists them; below all of
// them the first counts, marked.
func TestTierForAQuantity(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var in []alibaba.PriceRange
		for range rapid.IntRange(1, 6).Draw(t, "tiers") {
			in = append(in, alibaba.PriceRange{
				StartQuantity: alibaba.Int(rapid.Int64Range(-1, 60).Draw(t, "start")),
				Price:         alibaba.Yuan(rapid.SampledFrom([]string{"1", "2.5", "3.33", "10", "", "不限", "0.00", "-4"}).Draw(t, "price")),
			})
		}
		quantity, least := rapid.Int64Range(1, 80).Draw(t, "quantity"), rapid.Int64Range(0, 20).Draw(t, "least")
		p := &alibaba.Product{MinOrderQuantity: alibaba.Int(least), SaleInfo: alibaba.SaleInfo{PriceRanges: in}}
		got, ok := offerOf(p, "ja", asOf).UnitCost(OfferSKU{}, quantity)

		want, first := alibaba.PriceRange{}, alibaba.PriceRange{}
		found := false
		for _, r := range in {
			f, err := r.Price.Fen()
			if err != nil || f <= 0 {
				continue
			}
			r.StartQuantity = max(1, r.StartQuantity)
			if !found || r.StartQuantity < first.StartQuantity {
				first = r
			}
			if int64(r.StartQuantity) <= quantity && r.StartQuantity > want.StartQuantity {
				want = r
			}
			found = true
		}
		require.Equal(t, found, ok)
		if !ok {
			return
		}
		below := want.StartQuantity == 0
		if below {
			want = first
		}
		f, _ := want.Price.Fen()
		require.EqualValues(t, f, got.Fen)
		require.EqualValues(t, want.StartQuantity, got.Start)
		require.Equal(t, below || quantity < least, got.BelowMinimum)
		require.Equal(t, UnitPriceReasonTier, got.Reason)
	})
}

func TestUnitCost(t *testing.T) {
	tiers := []Tier{{Start: 1, Price: 900}, {Start: 10, Price: 800, Promotion: 700}}
	for name, tt := range map[string]struct {
		offer    Offer
		sku      OfferSKU
		quantity int64
		want     UnitCost
	}{
		"a price per variant":          {Offer{QuoteType: 1, Tiers: tiers}, OfferSKU{Price: 500, Promotion: 400}, 50, UnitCost{Fen: 500, Promotion: 400, Reason: "wholesale"}},
		"tiers beat it":                {Offer{QuoteType: 2, Tiers: tiers}, OfferSKU{Price: 500}, 50, UnitCost{Fen: 800, Promotion: 700, Reason: "tier", Start: 10}},
		"below the first tier":         {Offer{QuoteType: 2, Tiers: tiers[1:]}, OfferSKU{}, 9, UnitCost{Fen: 800, Promotion: 700, Reason: "tier", Start: 10, BelowMinimum: true}},
		"below the least quantity":     {Offer{QuoteType: 1, MinOrder: 3}, OfferSKU{Price: 500}, 2, UnitCost{Fen: 500, Reason: "wholesale", BelowMinimum: true}},
		"the channel's price":          {Offer{QuoteType: 2, Tiers: tiers}, OfferSKU{Price: 500, Channel: 450}, 1, UnitCost{Fen: 450, Reason: "channel"}},
		"no tiers":                     {Offer{QuoteType: 2}, OfferSKU{Price: 500}, 1, UnitCost{Fen: 500, Reason: "wholesale"}},
		"the old profile has no type":  {Offer{Tiers: tiers}, OfferSKU{Price: 500}, 50, UnitCost{Fen: 500, Reason: "wholesale"}},
		"nor always a variant's price": {Offer{Tiers: tiers}, OfferSKU{}, 50, UnitCost{Fen: 800, Promotion: 700, Reason: "tier", Start: 10}},
		"selected supply":              {Offer{QuoteType: 1, Tiers: tiers}, OfferSKU{PfJxhy: 480, Jxhy: 490}, 1, UnitCost{Fen: 480, Reason: "selectedSupply"}},
		"selected supply by the piece": {Offer{QuoteType: 1}, OfferSKU{Jxhy: 490, Consign: 530}, 1, UnitCost{Fen: 490, Reason: "selectedSupply"}},
		"dropship":                     {Offer{QuoteType: 1}, OfferSKU{Consign: 530}, 1, UnitCost{Fen: 530, Reason: "dropship"}},
		"promotions are announcements": {Offer{QuoteType: 1}, OfferSKU{Promotion: 100}, 1, UnitCost{}},
	} {
		tt.offer.SKUs = []OfferSKU{tt.sku}
		got, ok := tt.offer.UnitCost(tt.sku, tt.quantity)
		assert.Equal(t, tt.want, got, name)
		assert.Equal(t, tt.want.Fen > 0, ok, name)
	}
	curated := &Offer{QuoteType: 1, SKUs: []OfferSKU{{Price: 500, PfJxhy: 480, Jxhy: 490}}}
	for flow, want := range map[string]money.Fen{"general": 500, "": 500, "boutiquepifa": 480, "boutiquefenxiao": 490, "fenxiao": 0} {
		got, ok := curated.FlowCost(flow, curated.SKUs[0], 5)
		assert.Equal(t, want, got.Fen, flow)
		assert.Equal(t, want > 0, ok, flow)
	}
}

// What a piece costs in every currency we sell in, to the digit; upstream yuan in, minor units out.
func TestPricesPerCurrency(t *testing.T) {
	sites, err := site.New(map[string]string{"k": "japan"})
	require.NoError(t, err)
	locale := map[string]string{}
	for _, code := range []string{"japan", "korea", "vietnam", "malaysia", "thailand"} {
		st, _ := sites.ByCode(code)
		locale[st.Currency.Code] = st.Locale
	}
	for _, tt := range []struct {
		currency, rate string
		step           int64
		yuan           alibaba.Yuan
		want           int64
		shown          string
	}{
		{"JPY", "21.50", 1, "1.70", 37, "￥37"}, {"JPY", "21.50", 1, "36", 774, "￥774"}, {"JPY", "20", 1, "0.02", 0, "￥0"}, {"JPY", "25", 1, "0.02", 1, "￥1"},
		{"JPY", "21.50", 10, "1.70", 40, "￥40"}, {"KRW", "193.5", 10, "1.70", 330, "₩330"}, {"KRW", "193.5", 1, "1.70", 329, "₩329"},
		{"VND", "3520", 100, "1.70", 6000, ""}, {"VND", "3520", 1000, "1.85", 7000, ""}, {"MYR", "0.620", 1, "1.70", 105, ""}, {"MYR", "0.620", 5, "1.70", 105, ""},
		{"MYR", "0.620", 5, "1.66", 105, ""}, {"THB", "4.95", 1, "1.70", 842, ""}, {"THB", "4.95", 25, "1.70", 850, ""}, {"USD", "0.1385", 1, "10", 139, ""},
		{"USD", "0.1385", 1, "9.99", 138, ""}, {"KWD", "0.0425", 1, "10", 425, ""}, {"KWD", "0.0425", 1, "0.01", 0, ""}, {"KWD", "0.0425", 5, "1.70", 70, ""},
		{"JPY", "21.50", 1, "0.005", 0, "￥0"}, {"JPY", "100", 1, "0.005", 1, "￥1"},
	} {
		c, ok := money.CurrencyOf(tt.currency)
		require.True(t, ok)
		c.Step = tt.step
		rate, err := money.NewRate(tt.currency, tt.rate, asOf, "test")
		require.NoError(t, err)
		p := prices{quoter: money.Quoter{Rate: rate, Currency: c, Locale: firstNonEmpty(locale[tt.currency], "en")}}
		got := p.price(tt.yuan)
		require.NotNil(t, got, "%s %s", tt.currency, tt.yuan)
		assert.Equal(t, tt.want, got.Local.Amount, "%s at %s by %d: %s", tt.currency, tt.rate, tt.step, tt.yuan)
		assert.Equal(t, c.Exponent, got.Local.Exponent)
		if tt.shown != "" {
			assert.Equal(t, tt.shown, got.Local.Display)
		}
		assert.Equal(t, "half-up/"+strconv.FormatInt(tt.step, 10), got.FX.Rounding)
	}
}

// What 1688 writes where a price should be.
var noPrices = []string{`""`, `"-"`, `"--"`, `"1,234.5"`, `"1e3"`, `"99999999999999999999"`, `"92233720368547758"`, `"-5"`, `"不限"`, `"0"`, `"0.00"`, `" "`, `".5"`, `"5."`, `"NaN"`, `"1.2.3"`, `"¥5"`, `"5-8"`, `{}`, `[]`, `true`, `null`, `-1`, `1e30`}

func TestUnreadablePricesCostOnlyThemselves(t *testing.T) {
	for _, junk := range noPrices {
		f := recorded(t, []byte(`{"result":{"success":true,"result":{"totalRecords":3,"data":[
			{"offerId":1,"subject":"a","priceInfo":{"price":`+junk+`}},
			{"offerId":2,"subject":"b","priceInfo":{"price":"2","jxhyPrice":`+junk+`,"promotionPrice":`+junk+`}},
			{"offerId":3,"subject":"c","priceInfo":{"price":`+junk+`,"jxhyPrice":"3"}}]}}}`))
		page, err := f.search(bags)
		require.NoError(t, err, junk)
		require.Len(t, page.Items, 2, junk)
		assert.Equal(t, "2", page.Items[0].OfferId)
		assert.Nil(t, page.Items[0].JxhyPrice, junk)
		assert.Equal(t, HitPriceReasonWholesale, *page.Items[0].PriceReason)
		assert.Equal(t, HitPriceReasonSelectedSupply, *page.Items[1].PriceReason, junk)
		assert.EqualValues(t, 300, page.Items[1].Price.Original.Amount)
		assert.EqualValues(t, 300, page.Items[1].JxhyPrice.Original.Amount, "kept beside it")

		f = recorded(t, []byte(`{"result":{"success":true,"result":{"offerId":7,"productSkuInfos":[{"skuId":1,"price":`+junk+`},{"skuId":2,"price":"2","jxhyPrice":`+junk+`}],
			"productSaleInfo":{"quoteType":1,"priceRangeList":[{"startQuantity":1,"price":`+junk+`},{"startQuantity":5,"price":"1.5"}]}}}}`))
		product, err := f.product(7)
		require.NoError(t, err, junk)
		assert.Nil(t, product.Skus[0].Price, junk)
		assert.EqualValues(t, 200, product.Skus[1].Price.Original.Amount)
		require.Len(t, product.PriceRanges, 1, junk)
		assert.EqualValues(t, 5, product.PriceRanges[0].StartQuantity)

		f = recorded(t, []byte(`{"result":{"success":true,"result":{"offerId":7,"productSkuInfos":[{"skuId":1,"price":`+junk+`}],"productSaleInfo":{"priceRangeList":[{"startQuantity":1,"price":`+junk+`}]}}}}`))
		_, err = f.product(7)
		if absent := map[string]bool{`""`: true, `{}`: true, `[]`: true, `null`: true, `" "`: true, `true`: true}; absent[junk] {
			require.NoError(t, err, "no price is no broken price: %s", junk)
			continue
		}
		assert.True(t, errs.Is(err, "upstream.bad_answer"), "%s: %v", junk, err)
		assert.Equal(t, errs.Upstream, errs.CodeOf(err))
		assert.Positive(t, f.unread.Load(), "counted")
	}
}

// A quantity costs no call and changes nothing but the prices in front, through the public route.
func TestProductForAQuantity(t *testing.T) {
	f := newFixture(t)
	h := f.routed(io.Discard)
	offer := f.anOffer()
	ask := func(query string, headers ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), "GET", fmt.Sprintf("/v1/products/%d%s", offer, query), nil)
		r.Header.Set("X-Site-Key", "key-jp")
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	plain := ask("")
	require.Equal(t, 200, plain.Code)
	var without, with map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(plain.Body.Bytes(), &without))
	assert.NotContains(t, without, "unitPrices")
	tags := map[string]bool{plain.Header().Get("ETag"): true}
	for _, n := range []string{"1", "7", "1000000"} {
		w := ask("?quantity=" + n)
		require.Equal(t, 200, w.Code)
		with = nil
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &with))
		var prices UnitPrices
		require.NoError(t, json.Unmarshal(with["unitPrices"], &prices))
		assert.Equal(t, n, strconv.FormatInt(prices.Quantity, 10))
		assert.NotEmpty(t, prices.Skus)
		delete(with, "unitPrices")
		assert.Equal(t, without, with)
		assert.False(t, tags[w.Header().Get("ETag")], "its own")
		tags[w.Header().Get("ETag")] = true
		assert.Equal(t, plain.Header().Get("Cache-Control"), w.Header().Get("Cache-Control"))
		assert.Equal(t, 304, ask("?quantity="+n, "If-None-Match", w.Header().Get("ETag")).Code)
	}
	for _, bad := range []string{"0", "-1", "1.5", "1e3", "x", "1000001", "9223372036854775808", "%00", "٣"} {
		w := ask("?quantity=" + bad)
		assert.Equal(t, 400, w.Code, bad)
		assert.Contains(t, w.Body.String(), "/query/quantity", bad)
	}
	assert.Equal(t, 1, f.calls(detailAPI))

	f.fault("*", "http_500")
	f.clock.advance(freshFor)
	w := ask("?quantity=3")
	require.Equal(t, 200, w.Code)
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &with))
	assert.Equal(t, "true", string(with["stale"]), "an old answer says so with prices too")
	assert.Contains(t, with, "unitPrices")
}

func TestUnitPricesInTheAnswer(t *testing.T) {
	f := recorded(t, []byte(`{"result":{"success":true,"result":{"offerId":7,"minOrderQuantity":2,"productSkuInfos":[{"skuId":1,"specId":"a"},{"skuId":2,"specId":"b","promotionPrice":"1"},{"skuId":3,"specId":"c"}],
		"channelPrice":{"channelSkuPriceList":[{"skuId":"2","currentPrice":"7.70"}]},
		"productSaleInfo":{"quoteType":2,"priceRangeList":[{"startQuantity":100,"price":"8"},{"startQuantity":"3","price":"9.90"}]}}}}`))
	c, err := f.ProductFor(t.Context(), f.site, "ja", 7, 2)
	p, err := decoded[Product](t, c, err)
	require.NoError(t, err)
	require.Len(t, p.UnitPrices.Skus, 3)
	a, b := p.UnitPrices.Skus[0], p.UnitPrices.Skus[1]
	assert.Equal(t, []any{"1", "a", int64(990), UnitPriceReasonTier, int64(3), true}, []any{*a.SkuId, *a.SpecId, a.Price.Original.Amount, a.Reason, *a.StartQuantity, *a.BelowMinimum})
	assert.Equal(t, p.PriceRanges[0].Price, a.Price, "printed as the tier is")
	assert.Equal(t, []any{int64(770), UnitPriceReasonChannel}, []any{b.Price.Original.Amount, b.Reason})
	assert.Nil(t, p.UnitPrices.Price)
	c, err = f.ProductFor(t.Context(), f.site, "ja", 7, 100)
	p, err = decoded[Product](t, c, err)
	require.NoError(t, err)
	assert.EqualValues(t, 800, p.UnitPrices.Skus[2].Price.Original.Amount)
	assert.Nil(t, p.UnitPrices.Skus[2].BelowMinimum)

	f = recorded(t, []byte(`{"result":{"success":true,"result":{"offerId":7,"productSaleInfo":{"quoteType":0,"priceRangeList":[{"startQuantity":1,"price":"8"}]}}}}`))
	c, err = f.ProductFor(t.Context(), f.site, "ja", 7, 4)
	p, err = decoded[Product](t, c, err)
	require.NoError(t, err)
	assert.EqualValues(t, 800, p.UnitPrices.Price.Price.Original.Amount)
	assert.Equal(t, []UnitPrice{}, p.UnitPrices.Skus)
	empty, err := withUnitPrices(web.NewCached([]byte(`{}`), "ja", web.CacheRules{}), 1)
	require.NoError(t, err)
	assert.JSONEq(t, `{"unitPrices":{"quantity":1,"skus":[]}}`, string(empty.Body))
}

// The price moved and no message came: the next detail notices, and lists are asked anew, once.
func TestListsDoNotKeepAnOldPrice(t *testing.T) {
	f := newFixture(t)
	page, err := f.search(bags)
	require.NoError(t, err)
	id, err := web.ParseID(page.Items[0].OfferId)
	require.NoError(t, err)
	f.control("POST", fmt.Sprintf("/offers/%d/actions/price", id), `{"percent":250}`, nil)
	for range 4 {
		_, err = f.product(id)
		require.NoError(t, err)
		_, err = f.search(bags)
		require.NoError(t, err)
	}
	assert.Equal(t, 2, f.calls(searchAPI), "the old page is gone, the new one stays")
	assert.LessOrEqual(t, f.calls(detailAPI), 2)
}

func TestPriceWatch(t *testing.T) {
	w := newPriceWatch()
	t.Cleanup(w.close)
	steps := []struct {
		listed  money.Fen
		detail  []money.Fen
		changed bool
	}{
		{detail: []money.Fen{100, 90}}, {detail: []money.Fen{100, 90}}, {listed: 100}, {detail: []money.Fen{100, 90}},
		{detail: []money.Fen{110, 90}, changed: true}, {detail: []money.Fen{110, 90}}, {listed: 70},
		{detail: []money.Fen{110, 90}, changed: true}, {listed: 70}, {detail: []money.Fen{110, 90}}, {listed: 70}, {detail: []money.Fen{110, 90}},
		{detail: []money.Fen{120, 90}, changed: true}, {detail: nil}, {detail: []money.Fen{120, 90}},
	}
	for i, s := range steps {
		if s.listed > 0 {
			w.listed(1, s.listed)
			continue
		}
		assert.Equal(t, s.changed, w.detailed(1, s.detail), "step %d", i)
	}
	w.listed(2, 50)
	w.forget([]int64{2})
	assert.False(t, w.detailed(2, []money.Fen{60}), "everything about it was dropped already")
	var none *priceWatch
	none.listed(1, 1)
	assert.False(t, none.detailed(1, []money.Fen{1}))
}
