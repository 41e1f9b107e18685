package order

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"entrepot/internal/alibaba"
	"entrepot/internal/errs"
	"entrepot/internal/money"
	"entrepot/internal/search"
	"entrepot/internal/site"
)

func blockers(p *previewed) []string {
	out := []string{}
	for _, b := range p.blockers {
		out = append(out, b.pointer+" "+b.key)
	}
	slices.Sort(out)
	return out
}

func TestPreviewGroupsBySeller(t *testing.T) {
	f := newFixture(t, nil)
	a, b := f.twoSellers()
	p := f.preview(a.item(0, a.enough()), b.item(0, b.enough()), a.item(1, 2))
	require.Empty(t, p.blockers)
	require.Len(t, p.quote.Groups, 2)
	assert.Equal(t, a.SellerOpenID, p.quote.Groups[0].SellerOpenID)
	assert.Equal(t, b.SellerOpenID, p.quote.Groups[1].SellerOpenID)
	var numbers []int
	for _, g := range p.quote.Groups {
		assert.Equal(t, "general", g.Flow)
		assert.NotEmpty(t, g.TradeType)
		for _, l := range g.Lines {
			numbers = append(numbers, l.LineNo)
			assert.NotZero(t, l.SkuID)
			assert.NotEmpty(t, l.SpecID)
		}
	}
	assert.Equal(t, []int{1, 2, 3}, numbers)

	// The stored row is what was shown, for this member and half an hour.
	assert.EqualValues(t, 1, f.count("previews"))
	previewID, ok := f.openToken(p.token)
	require.True(t, ok)
	row, err := f.store.preview(t.Context(), previewID)
	require.NoError(t, err)
	assert.Equal(t, "japan", row.Site)
	assert.Equal(t, member.ID, row.MemberID)
	assert.Equal(t, f.clock.now().Add(previewTTL), row.ExpiresAt.UTC())
	var stored quote
	require.NoError(t, json.Unmarshal([]byte(row.Payload), &stored))
	assert.Equal(t, p.quote.Groups, stored.Groups)
	assert.Equal(t, p.quote.FX.Text(), stored.FX.Text())
	assert.Zero(t, f.count("orders"))
	assert.Empty(t, f.jobsOf(""))
}

// 1688 takes 50 variants of a seller in one order; more become several.
func TestPreviewSplitsBigGroups(t *testing.T) {
	o := &search.Offer{ID: 1, SellerOpenID: "S", Available: true}
	var wishes []wish
	for i := range 120 {
		sku := search.OfferSKU{SkuID: int64(1000 + i), SpecID: fmt.Sprint("spec", i), Stock: 10}
		o.SKUs = append(o.SKUs, sku)
		wishes = append(wishes, wish{Item: Item{OfferID: 1, SkuID: sku.SkuID, Quantity: 1}, index: i, offer: o})
	}
	p := &previewed{}
	groups := p.group(wishes)
	assert.Empty(t, p.blockers)
	var sizes []int
	for _, g := range groups {
		sizes = append(sizes, len(g))
	}
	assert.Equal(t, []int{50, 50, 20}, sizes)
}

func TestPreviewBlockers(t *testing.T) {
	f := newFixture(t, nil)
	plain := f.plain()
	a, other := plain[0], plain[1]
	first := func(trait string, ok func(offer) bool) offer {
		all := f.offers(trait)
		i := slices.IndexFunc(all, func(o offer) bool {
			return (ok == nil || ok(o)) && (trait == "delisted" || !slices.Contains(o.Traits, "delisted"))
		})
		require.GreaterOrEqual(t, i, 0, trait)
		return all[i]
	}
	only := func(trait string) offer {
		return first(trait, func(o offer) bool { return len(o.Traits) == 1 && o.SKUs[0].Stock > 1000 })
	}
	single, batched, mixed := only("single_spec"), only("batched"), only("mixed_batch")
	zero := first("zero_price_sku", func(o offer) bool {
		return len(o.SKUs) > 1 && o.SKUs[0].Stock > 100 && !slices.Contains(o.Traits, "mixed_batch") && !slices.Contains(o.Traits, "batched")
	})
	closed := first("no_api_order", func(o offer) bool {
		return len(o.SKUs) > 1 && o.SKUs[0].Stock > 1000 && !slices.Contains(o.Traits, "mixed_batch")
	})
	i := slices.IndexFunc(plain, func(o offer) bool { return o.MinOrderQuantity > 1 })
	require.GreaterOrEqual(t, i, 0)
	bulky := plain[i]
	good := a.item(0, a.enough())

	for _, tt := range []struct {
		name  string
		items []Item
		want  []string
	}{
		{"unknown offer", []Item{{OfferID: 999, Quantity: 1}}, []string{"/items/0 product.not_found"}},
		{"delisted", []Item{{OfferID: first("delisted", nil).OfferID, Quantity: 10}}, []string{"/items/0 order.line_unavailable"}},
		{"no variant named", []Item{{OfferID: a.OfferID, Quantity: 10}}, []string{"/items/0 order.sku_required"}},
		{"unknown variant", []Item{{OfferID: a.OfferID, SkuID: 77, Quantity: 10}}, []string{"/items/0 order.sku_unknown"}},
		{"another offer's variant", []Item{good, {OfferID: a.OfferID, SkuID: other.SKUs[0].SkuID, Quantity: 10}}, []string{"/items/1 order.sku_unknown"}},
		{"another offer's spec", []Item{{OfferID: a.OfferID, SpecID: other.SKUs[0].SpecID, Quantity: 10}}, []string{"/items/0 order.sku_unknown"}},
		{"sku and spec of two variants", []Item{{OfferID: a.OfferID, SkuID: a.SKUs[0].SkuID, SpecID: a.SKUs[1].SpecID, Quantity: 10}}, []string{"/items/0 order.sku_unknown"}},
		{"variant of an offer without variants", []Item{{OfferID: single.OfferID, SkuID: 5, Quantity: single.enough()}}, []string{"/items/0 order.sku_unknown"}},
		{"over stock", []Item{a.item(0, a.SKUs[0].Stock+1)}, []string{"/items/0 order.stock"}},
		{"sold out", []Item{{OfferID: first("out_of_stock", nil).OfferID, SkuID: first("out_of_stock", nil).SKUs[0].SkuID, Quantity: 10}}, []string{"/items/0 order.stock"}},
		{"broken lot", []Item{batched.item(0, 7)}, []string{"/items/0 order.quantity_multiple"}},
		{"twice the same", []Item{good, other.item(0, other.enough()), good}, []string{"/items/2 field.duplicate"}},
		{"twice the same by sku and by spec", []Item{good, {OfferID: a.OfferID, SpecID: a.SKUs[0].SpecID, Quantity: 5}}, []string{"/items/1 field.duplicate"}},
		{"1688: under the minimum", []Item{bulky.item(0, 1)}, []string{"/items/0 order.quantity_min"}},
		{"1688: mixed batch", []Item{mixed.item(0, 1)}, []string{"/items/0 order.mixed_batch"}},
		{"1688: price zero", []Item{zero.item(0, zero.enough())}, []string{"/items/0 order.line_unavailable"}},
		{"1688: only on the web page", []Item{closed.item(0, closed.enough())}, []string{"/items/0 order.seller_refused"}},
		{"several", []Item{{OfferID: 999, Quantity: 1}, good, a.item(1, a.SKUs[1].Stock+1)}, []string{"/items/0 product.not_found", "/items/2 order.stock"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := f.Preview(t.Context(), member, f.site, "ja", tt.items)
			require.NoError(t, err)
			assert.Equal(t, tt.want, blockers(p))
			assert.Empty(t, p.token, "nothing to order with")
		})
	}
	assert.Zero(t, f.count("previews"), "a blocked preview is not kept")
}

func TestPreviewBlockersInTheMembersLanguage(t *testing.T) {
	f := newFixture(t, nil)
	a := f.plain()[0]
	p := f.preview(a.item(0, a.SKUs[0].Stock+1), Item{OfferID: 999, Quantity: 1})
	v := f.viewer("en", f.site).preview(p)
	require.Len(t, v.Blockers, 2)
	assert.Equal(t, Blocker{Code: "ORDER_STOCK", Pointer: "/items/0", Detail: v.Blockers[0].Detail}, v.Blockers[0])
	assert.Contains(t, v.Blockers[0].Detail, fmt.Sprint(a.SKUs[0].Stock))
	assert.Equal(t, "PRODUCT_NOT_FOUND", v.Blockers[1].Code)
	assert.Nil(t, v.PreviewToken)
	assert.NotEqual(t, v.Blockers[0].Detail, f.viewer("ja", f.site).preview(p).Blockers[0].Detail)
}

func TestRefusalsOf1688(t *testing.T) {
	small := wish{Item: Item{Quantity: 1}, index: 0, offer: &search.Offer{MinOrder: 3, Stock: 9}}
	big := wish{Item: Item{Quantity: 5}, index: 1, offer: &search.Offer{MinOrder: 3, Stock: 9}}
	for _, tt := range []struct {
		code  string
		group []wish
		want  []string
	}{
		{"500_001", []wish{small, big}, []string{"/items/0 order.line_unavailable", "/items/1 order.line_unavailable"}},
		{"500_004", []wish{big}, []string{"/items/1 order.stock"}},
		{"500_005", []wish{small, big}, []string{"/items/0 order.quantity_min"}},
		{"500_005", []wish{big, big}, []string{"/items/1 order.quantity_min"}}, // nobody is small: the first one is named
		{"500_006", []wish{small}, []string{"/items/0 order.mixed_batch"}},
		{"500_008", []wish{small}, []string{"/items/0 order.line_unavailable"}},
		{"500_009", []wish{small}, []string{"/items/0 order.quantity_min"}},
		{"500_002", []wish{small}, []string{"/items/0 order.seller_refused"}},
		{"", []wish{small}, []string{"/items/0 order.seller_refused"}},
	} {
		p := &previewed{}
		p.refuse(tt.group, tt.code)
		assert.Equal(t, tt.want, blockers(p), tt.code)
		assert.EqualValues(t, 3, p.blockers[0].args["min"])
	}
}

// One line of a group refused inside an answer that looks like a success.
func TestQuoteGroupNamesTheRefusedLine(t *testing.T) {
	f := newFixture(t, nil)
	group := []wish{
		{Item: Item{OfferID: 1, SpecID: "a", Quantity: 2}, index: 4, offer: &search.Offer{ID: 1}},
		{Item: Item{OfferID: 2, SpecID: "b", Quantity: 2}, index: 5, offer: &search.Offer{ID: 2}},
	}
	answer := func(change func(*alibaba.PreviewOrder)) *alibaba.Preview {
		o := alibaba.PreviewOrder{Status: true, TradeModes: []alibaba.Text{"fxassure"}, SumPaymentFen: 500, SumCarriageFen: 100, Cargo: []alibaba.PreviewCargo{
			{OfferID: 1, SpecID: "a", Amount: "2.00", FinalUnitPrice: "1.00", ResultCode: "success"},
			{OfferID: 2, SpecID: "b", Amount: "2.00", FinalUnitPrice: "1.00"},
		}}
		change(&o)
		return &alibaba.Preview{Orders: []alibaba.PreviewOrder{o}}
	}
	rate, err := f.rates.Rate("JPY")
	require.NoError(t, err)
	for _, tt := range []struct {
		name   string
		change func(*alibaba.PreviewOrder)
		want   []string
	}{
		{"fine", func(*alibaba.PreviewOrder) {}, []string{}},
		{"a line with a code", func(o *alibaba.PreviewOrder) { o.Cargo[1].ResultCode = "500_004" }, []string{"/items/5 order.stock"}},
		{"a line left out", func(o *alibaba.PreviewOrder) { o.Cargo = o.Cargo[:1] }, []string{"/items/5 order.seller_refused"}},
		{"status false", func(o *alibaba.PreviewOrder) { o.Status, o.ResultCode = false, "500_006" }, []string{"/items/4 order.mixed_batch", "/items/5 order.mixed_batch"}},
		{"no trade mode", func(o *alibaba.PreviewOrder) { o.TradeModes = nil }, []string{"/items/4 order.seller_refused", "/items/5 order.seller_refused"}},
	} {
		p := &previewed{quote: quote{FX: rate}}
		g, err := p.quoteGroup(f.site, group, answer(tt.change))
		require.NoError(t, err, tt.name)
		assert.Equal(t, tt.want, blockers(p), tt.name)
		assert.Equal(t, len(tt.want) == 0, g != nil, tt.name)
	}
	_, err = (&previewed{quote: quote{FX: rate}}).quoteGroup(f.site, group, answer(func(o *alibaba.PreviewOrder) { o.Cargo[0].Amount = "two" }))
	assert.True(t, errs.Is(err, "upstream.bad_answer"))
}

var currencies = []string{"JPY", "KRW", "VND", "MYR", "THB", "KWD"}

// assertExact holds of every sum: the parts shown add up to the total shown, in fen and in the site's currency.
func assertExact(t require.TestingT, currency money.Currency, lines []quoteLine, s sums) {
	var fen money.Fen
	var minor int64
	for _, l := range lines {
		fen += l.AmountFen
		minor += l.Minor
	}
	require.Equal(t, fen, s.GoodsFen)
	require.Equal(t, minor, s.GoodsMinor)
	require.Equal(t, s.TotalFen, s.GoodsFen+s.FreightFen-s.DiscountFen)
	require.Equal(t, s.TotalMinor, s.GoodsMinor+s.FreightMinor-s.DiscountMinor)
	for _, part := range []int64{s.GoodsMinor, s.FreightMinor, s.DiscountMinor, s.TotalMinor} {
		require.Zero(t, part%currency.Step, "%s moves in steps of %d", currency.Code, currency.Step)
	}
}

func TestSumsAreExact(t *testing.T) {
	rates := money.DefaultRates(time.Unix(0, 0))
	rapid.Check(t, func(t *rapid.T) {
		currency, _ := money.CurrencyOf(rapid.SampledFrom(currencies).Draw(t, "currency"))
		rate, err := rates.Rate(currency.Code)
		require.NoError(t, err)
		st := &site.Site{Currency: currency}
		p := &previewed{quote: quote{FX: rate}}
		var all sums
		var every []quoteLine
		for range rapid.IntRange(1, 4).Draw(t, "groups") {
			var lines []quoteLine
			parts := []money.Fen{}
			for range rapid.IntRange(1, 50).Draw(t, "lines") {
				w := wish{Item: Item{OfferID: 1, Quantity: rapid.Int64Range(1, MaxQuantity).Draw(t, "quantity")}, offer: &search.Offer{}}
				fen := money.Fen(rapid.Int64Range(0, 5_000_000).Draw(t, "fen"))
				line, err := p.quoteLine(st, w, alibaba.PreviewCargo{Amount: alibaba.Yuan(fen.Yuan()), FinalUnitPrice: "0.01"})
				require.NoError(t, err)
				require.Equal(t, fen, line.AmountFen)
				lines, parts = append(lines, line), append(parts, fen)
			}
			freight := money.Fen(rapid.Int64Range(0, 20_000).Draw(t, "freight"))
			discount := money.Fen(rapid.Int64Range(-1000, 100_000).Draw(t, "discount"))
			var goods money.Fen
			for _, fen := range parts {
				goods += fen
			}
			s, err := p.sumUp(st, lines, freight, goods+freight-discount)
			require.NoError(t, err)
			assertExact(t, currency, lines, s)
			require.Equal(t, goods+freight-discount, s.TotalFen, "1688's total stands as it is")
			_, want, err := rate.ConvertParts(currency, append(parts, freight, -discount)...)
			require.NoError(t, err)
			require.Equal(t, want, s.TotalMinor)
			all, every = all.plus(s), append(every, lines...)
		}
		assertExact(t, currency, every, all)
	})
}

// The same over carts that the simulated 1688 prices, for sites with every kind of minor unit.
func TestPreviewSumsOfRealCarts(t *testing.T) {
	f := newFixture(t, nil)
	var cheap []offer
	for _, o := range f.plain() {
		if o.MinOrderQuantity <= 10 {
			cheap = append(cheap, o)
		}
	}
	for i, code := range currencies {
		currency, _ := money.CurrencyOf(code)
		st := *f.site
		st.Currency = currency
		var items []Item
		for k := range 5 {
			o := cheap[(i*7+k*3)%len(cheap)]
			items = append(items, o.item(k%2, o.MinOrderQuantity+int64(k*11)))
		}
		p, err := f.Preview(t.Context(), member, &st, "en", items)
		require.NoError(t, err, code)
		require.Empty(t, blockers(p), code)
		var all []quoteLine
		var total sums
		for _, g := range p.quote.Groups {
			assertExact(t, currency, g.Lines, g.Sum)
			all, total = append(all, g.Lines...), total.plus(g.Sum)
		}
		assertExact(t, currency, all, p.sum)
		assert.Equal(t, total, p.sum, code)
		assert.Len(t, all, 5, code)
		v := f.viewer("en", &st).preview(p)
		assert.Equal(t, p.sum.TotalMinor, v.Totals.Total.Local.Amount, code)
		assert.Equal(t, int64(p.sum.TotalFen), v.Totals.Total.Original.Amount, code)
		assert.Equal(t, code, v.Totals.Total.Local.Currency)
	}
}

func TestPreviewWithoutRateOrRange(t *testing.T) {
	f := newFixture(t, nil)
	st := *f.site
	st.Currency.Code = "XXX"
	_, err := f.Preview(t.Context(), member, &st, "ja", nil)
	require.ErrorIs(t, err, money.ErrNoRate)

	st.Currency, _ = money.CurrencyOf("VND")
	rate, err := f.rates.Rate("VND")
	require.NoError(t, err)
	_, err = (&previewed{quote: quote{FX: rate}}).sumUp(&st, nil, money.Fen(1)<<62, 0)
	assert.ErrorIs(t, err, money.ErrOverflow)
}

// 1688 being away is 503 with a time to come back, in the preview as in the search.
func TestPreviewWithout1688(t *testing.T) {
	f := newFixture(t, nil)
	a := f.plain()[0]
	for _, tt := range []struct{ api, kind, key string }{
		{"queryProductDetail", "http_500", "upstream.unavailable"},
		{"createOrder.preview", "http_500", "upstream.unavailable"},
		{"createOrder.preview", "quota", "upstream.quota"},
		{"createOrder.preview", "garbage", "upstream.unavailable"},
	} {
		f.fault(tt.api, tt.kind, 0)
		f.Service.search.Invalidate(a.OfferID)
		_, err := f.Preview(t.Context(), member, f.site, "ja", []Item{a.item(0, a.enough())})
		assert.True(t, errs.Is(err, tt.key), "%s %s: %v", tt.api, tt.kind, err)
		assert.Positive(t, errs.From(err).RetryAfter)
		f.control("DELETE", "/faults", "", nil)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := f.Preview(ctx, member, f.site, "ja", []Item{a.item(0, a.enough())})
	assert.Error(t, err)
	assert.Zero(t, f.count("previews"))
}

func FuzzOpenToken(f *testing.F) {
	s := &Service{secret: testSecret}
	f.Add(s.token(1))
	f.Add(s.token(9_000_000_000_000_000_001))
	f.Add("1." + s.token(1)[2:])
	f.Add("")
	f.Add(".")
	f.Add("01." + s.token(1)[2:])
	f.Fuzz(func(t *testing.T, token string) {
		n, ok := s.openToken(token)
		if ok && s.token(n) != token {
			t.Fatalf("accepted a token it did not make: %q", token)
		}
	})
}
