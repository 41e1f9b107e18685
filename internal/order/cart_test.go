package order

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"entrepot/internal/errs"
	"entrepot/internal/money"
	"entrepot/internal/search"
	"entrepot/internal/site"
)

func (f *fixture) shopper() shopper { return shopper{site: f.site, lang: "ja", memberID: member.ID} }

func (f *fixture) guest(token string) shopper {
	return shopper{site: f.site, lang: "ja", token: token}
}

func (f *fixture) cart(sh shopper) *liveCart {
	f.t.Helper()
	c, err := f.Cart(f.t.Context(), sh)
	require.NoError(f.t, err)
	return c
}

func (f *fixture) add(sh shopper, items ...Item) *liveCart {
	f.t.Helper()
	var c *liveCart
	for _, it := range items {
		var err error
		c, err = f.AddToCart(f.t.Context(), sh, it)
		require.NoError(f.t, err)
		if c.token != "" {
			sh.token = c.token
		}
	}
	c.token = sh.token
	return c
}

// put writes a line as it may have come to be long ago, past all checks.
func (f *fixture) put(sh shopper, row cartItemRow) {
	f.t.Helper()
	c, err := f.openMemberCart(f.t.Context(), f.site.Code, sh.memberID)
	require.NoError(f.t, err)
	row.ID, row.CartID, row.Version, row.CreatedAt, row.UpdatedAt = f.db.NewID(), c.ID, 1, f.clock.now(), f.clock.now()
	f.inTx(func(tx *gorm.DB) error { return tx.Create(&row).Error })
}

func (c *liveCart) lines() (out []*liveLine) {
	for _, g := range c.groups {
		out = append(out, g.lines...)
	}
	return out
}

func (c *liveCart) blocked() []string {
	out := []string{}
	for _, b := range c.blockers {
		out = append(out, b.pointer+" "+b.key)
	}
	slices.Sort(out)
	return out
}

// exact holds the sums of a cart against its lines.
func (c *liveCart) exact(t *testing.T) {
	t.Helper()
	var all cartSum
	for _, g := range c.groups {
		var sum cartSum
		for _, l := range g.lines {
			if l.priced {
				assert.Equal(t, l.unit*money.Fen(l.row.Quantity), l.amount)
			}
			sum.add(l)
		}
		assert.Equal(t, sum, g.sum)
		all = cartSum{all.goods + sum.goods, all.selected + sum.selected, all.goodsMinor + sum.goodsMinor, all.selectedMinor + sum.selectedMinor}
	}
	assert.Equal(t, all, c.sum)
}

func TestCartGroupsBySeller(t *testing.T) {
	f := newFixture(t, nil)
	a, b := f.twoSellers()
	sh := f.shopper()
	assert.Empty(t, f.cart(sh).groups, "who never had a cart has an empty one")
	assert.Zero(t, f.count("carts"))

	c := f.add(sh, a.item(0, a.enough()), b.item(0, b.enough()), a.item(1, 2), Item{OfferID: a.OfferID, SpecID: a.SKUs[1].SpecID, Quantity: 3})
	require.Len(t, c.groups, 2)
	assert.Equal(t, a.SellerOpenID, c.groups[0].sellerOpenID)
	require.Len(t, c.groups[0].lines, 2, "one variant is one line, by SKU or by spec")
	assert.EqualValues(t, 5, c.groups[0].lines[1].row.Quantity)
	assert.Empty(t, c.blockers)
	assert.True(t, c.checked)
	assert.Positive(t, c.sum.goods)
	c.exact(t)
	for _, l := range c.lines() {
		assert.True(t, l.priced)
		assert.False(t, l.changed)
		assert.Positive(t, l.row.SeenFen)
		assert.Positive(t, l.row.SeenMinor)
		assert.Equal(t, "JPY", l.row.SeenCurrency)
	}

	// What is in the cart costs in the preview what the cart said.
	var ids []int64
	for _, l := range c.lines() {
		ids = append(ids, l.row.ID)
	}
	p, err := f.PreviewCart(t.Context(), member, f.site, "ja", ids)
	require.NoError(t, err)
	require.Empty(t, p.blockers)
	assert.Equal(t, c.sum.goods, p.sum.GoodsFen)
	assert.Equal(t, c.sum.goodsMinor, p.sum.GoodsMinor)
}

// A line that is not selected is shown and priced, and counts for nothing else.
func TestCartSelection(t *testing.T) {
	f := newFixture(t, nil)
	plain := f.plain()
	i := slices.IndexFunc(plain, func(o offer) bool { return o.MinOrderQuantity > 2 })
	require.GreaterOrEqual(t, i, 0)
	a, sh := plain[i], f.shopper()
	c := f.add(sh, a.item(0, a.MinOrderQuantity-1), a.item(1, 1))
	assert.Empty(t, c.blockers, "the least quantity counts over all variants")

	no := false
	c, err := f.ChangeCartItem(t.Context(), sh, c.lines()[1].row.ID, cartChange{selected: &no}, Item{})
	require.NoError(t, err)
	assert.Equal(t, []string{"/groups/0/lines/0 order.quantity_min"}, c.blocked())
	assert.EqualValues(t, a.MinOrderQuantity, c.blockers[0].args["min"])
	assert.Equal(t, c.lines()[0].amount, c.sum.selected)
	assert.Equal(t, c.lines()[0].amount+c.lines()[1].amount, c.sum.goods)
	c.exact(t)
}

func TestCartBlockers(t *testing.T) {
	f := newFixture(t, nil)
	plain := f.plain()
	a, other := plain[0], plain[1]
	only := func(trait string, ok func(offer) bool) offer {
		all := f.offers(trait)
		i := slices.IndexFunc(all, ok)
		require.GreaterOrEqual(t, i, 0, trait)
		return all[i]
	}
	lone := func(o offer) bool { return len(o.Traits) == 1 && o.SKUs[0].Stock > 1000 }
	delisted := only("delisted", func(offer) bool { return true })
	batched := only("batched", func(o offer) bool { return lone(o) && o.BatchNumber > 1 })
	mixed := only("mixed_batch", func(o offer) bool { return lone(o) && o.MinOrderQuantity > 1 && o.SKUs[0].PriceFen < 1000 })
	line := func(o offer, sku int, quantity int64) cartItemRow {
		return cartItemRow{OfferID: o.OfferID, SkuID: o.SKUs[sku].SkuID, SpecID: o.SKUs[sku].SpecID, Quantity: quantity, Selected: true}
	}
	lot := batched.BatchNumber * max(batched.MinOrderQuantity, 2)
	for n, tt := range []struct {
		name string
		row  cartItemRow
		want string
	}{
		{"gone", cartItemRow{OfferID: 999, Quantity: 1, Selected: true}, "product.not_found"},
		{"delisted", cartItemRow{OfferID: delisted.OfferID, Quantity: 1, Selected: true}, "order.line_unavailable"},
		{"variant gone", cartItemRow{OfferID: a.OfferID, SkuID: 77, Quantity: a.enough(), Selected: true}, "order.sku_unknown"},
		{"another offer's variant", cartItemRow{OfferID: a.OfferID, SkuID: other.SKUs[0].SkuID, Quantity: a.enough(), Selected: true}, "order.sku_unknown"},
		{"variant never chosen", cartItemRow{OfferID: a.OfferID, Quantity: a.enough(), Selected: true}, "order.sku_required"},
		{"over stock", line(a, 0, a.SKUs[0].Stock+1), "order.stock"},
		{"broken lot", line(batched, 0, lot+1), "order.quantity_multiple"},
		{"whole lots", line(batched, 0, lot), ""},
		{"small mixed batch", line(mixed, 0, 1), "order.mixed_batch"},
		{"mixed batch by pieces", line(mixed, 0, 5), ""},
		{"fine", line(a, 0, a.enough()), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sh := f.shopper()
			sh.memberID = int64(1000 + n)
			f.put(sh, tt.row)
			c := f.cart(sh)
			want := []string{}
			if tt.want != "" {
				want = []string{"/groups/0/lines/0 " + tt.want}
			}
			assert.Equal(t, want, c.blocked())
			require.Len(t, c.lines(), 1, "it stays in the cart")
			assert.True(t, c.checked)
			c.exact(t)
		})
	}
}

func TestCartShowsMovedPrices(t *testing.T) {
	f := newFixture(t, nil)
	a := f.plain()[0]
	sh := f.shopper()
	before := f.add(sh, a.item(0, a.enough())).lines()[0]
	f.control("POST", fmt.Sprintf("/offers/%d/actions/price", a.OfferID), `{"percent":150}`, nil)
	f.search.Invalidate(a.OfferID)
	now := f.cart(sh).lines()[0]
	assert.True(t, now.changed)
	assert.Greater(t, now.unit, before.unit)
	assert.Equal(t, before.unit, now.row.SeenFen)

	view := f.viewer("ja", f.site).cart(f.cart(sh)).Groups[0].Lines[0]
	assert.True(t, *view.PriceChanged)
	assert.EqualValues(t, now.unit, view.UnitPrice.Original.Amount)
	assert.EqualValues(t, before.unit, view.AddedPrice.Original.Amount)
	assert.Equal(t, before.unitMinor, view.AddedPrice.Local.Amount)

	f.add(sh, a.item(0, 1)) // seen again
	assert.False(t, f.cart(sh).lines()[0].changed)
}

// A tier of another quantity is no moved price.
func TestCartTiersAreNoMovedPrice(t *testing.T) {
	f := newFixture(t, nil)
	sh := f.shopper()
	all := f.offers("tiered")
	i := slices.IndexFunc(all, func(o offer) bool { return len(o.Traits) == 1 && o.SKUs[0].Stock > 1000 })
	require.GreaterOrEqual(t, i, 0)
	before := f.add(sh, all[i].item(0, all[i].enough())).lines()[0]
	many := int64(900)
	c, err := f.ChangeCartItem(t.Context(), sh, before.row.ID, cartChange{quantity: &many}, Item{})
	require.NoError(t, err)
	now := c.lines()[0]
	assert.Less(t, now.unit, before.unit)
	assert.Equal(t, before.unit, now.row.SeenFen)
	assert.False(t, now.changed)
}

// Whatever is in a cart, and in whatever currency, its lines add up to its groups and those to the cart.
func TestCartSumsAreExact(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 1688))
	rates := money.DefaultRates(time.Now())
	for _, code := range []string{"JPY", "KRW", "VND", "MYR", "TWD", "SGD"} {
		currency, _ := money.CurrencyOf(code)
		rate, err := rates.Rate(code)
		require.NoError(t, err)
		sh := shopper{site: &site.Site{Currency: currency}}
		for range 1700 {
			var lines []*liveLine
			for i := range 1 + random.IntN(12) {
				o := &search.Offer{ID: int64(random.IntN(4)), SellerOpenID: fmt.Sprint("S", random.IntN(3)), MinOrder: random.Int64N(5), Available: true}
				sku := search.OfferSKU{SkuID: int64(i + 1), Stock: MaxQuantity, Price: money.Fen(1 + random.Int64N(1_000_000))}
				row := cartItemRow{ID: int64(i), OfferID: o.ID, SkuID: sku.SkuID, Quantity: 1 + random.Int64N(1000), Selected: random.IntN(3) > 0}
				lines = append(lines, &liveLine{row: row, wish: wish{Item: Item{Quantity: row.Quantity}, offer: o, sku: sku}, checked: true, buyable: true})
			}
			c := &liveCart{rate: rate}
			pieces := selectedPieces(lines)
			for _, l := range lines {
				l.price(rate, sh, pieces)
				minor, err := rate.Convert(l.wish.sku.Price*money.Fen(l.row.Quantity), currency)
				require.NoError(t, err)
				require.Equal(t, minor, l.minor)
			}
			c.group(lines)
			c.settle()
			require.Len(t, c.lines(), len(lines))
			c.exact(t)
		}
	}
}

// While 1688 is away the cart is what it was, and says so.
func TestCartWithout1688(t *testing.T) {
	f := newFixture(t, nil)
	a, b := f.twoSellers()
	sh := f.shopper()
	before := f.add(sh, a.item(0, a.enough()), b.item(0, b.enough()))
	f.clock.advance(2 * time.Minute) // nothing is fresh any more
	f.fault("product.search.queryProductDetail", "http_500", 0)

	c := f.cart(sh)
	assert.False(t, c.checked)
	assert.Empty(t, c.blockers)
	assert.Equal(t, before.sum, c.sum, "prices are those it was added with")
	require.Len(t, c.groups, 2)
	assert.Equal(t, a.SellerOpenID, c.groups[0].sellerOpenID)
	c.exact(t)
	view := f.viewer("ja", f.site).cart(c)
	for _, g := range view.Groups {
		assert.NotEmpty(t, g.Lines[0].Subject.Text)
		assert.False(t, g.Lines[0].Checked)
		assert.Nil(t, g.Lines[0].PriceChanged)
	}

	quantity := a.enough() + 1
	c, err := f.ChangeCartItem(t.Context(), sh, c.lines()[0].row.ID, cartChange{quantity: &quantity}, Item{})
	require.NoError(t, err, "what needs no look at the offer goes on")
	assert.Equal(t, quantity, c.lines()[0].row.Quantity)
	_, err = f.AddToCart(t.Context(), sh, a.item(1, 1))
	assert.Equal(t, errs.Unavailable, errs.CodeOf(err))
}

func TestCartRefuses(t *testing.T) {
	f := newFixture(t, nil)
	plain := f.plain()
	a, other := plain[0], plain[1]
	for _, tt := range []struct {
		name    string
		item    Item
		code    errs.Code
		key     string
		pointer string
	}{
		{"unknown", Item{OfferID: 999, Quantity: 1}, errs.NotFound, "product.not_found", "/offerId"},
		{"delisted", Item{OfferID: f.offers("delisted")[0].OfferID, Quantity: 1}, errs.Rule, "order.line_unavailable", "/offerId"},
		{"no variant", Item{OfferID: a.OfferID, Quantity: 1}, errs.Rule, "order.sku_required", "/skuId"},
		{"foreign variant", Item{OfferID: a.OfferID, SkuID: other.SKUs[0].SkuID, Quantity: 1}, errs.Rule, "order.sku_unknown", "/skuId"},
	} {
		_, err := f.AddToCart(t.Context(), f.guest(""), tt.item)
		require.Error(t, err, tt.name)
		assert.Equal(t, tt.code, errs.CodeOf(err), tt.name)
		assert.Equal(t, []errs.Field{{Pointer: tt.pointer, Key: tt.key}}, errs.From(err).Fields, tt.name)
	}
	assert.Zero(t, f.count("carts"), "nothing is made for nothing")

	sh := f.shopper()
	f.add(sh, a.item(0, MaxQuantity))
	_, err := f.AddToCart(t.Context(), sh, a.item(0, 1))
	assert.True(t, errs.Is(err, "field.max"))
	for i := range MaxLines - 1 {
		f.put(sh, cartItemRow{OfferID: int64(1_000_000 + i), Quantity: 1, Selected: true})
	}
	_, err = f.AddToCart(t.Context(), sh, other.item(0, 1))
	assert.True(t, errs.Is(err, "cart.full"))
	assert.EqualValues(t, MaxLines, f.count("cart_items"))
}

func TestCartItemChanges(t *testing.T) {
	f := newFixture(t, nil)
	plain := f.plain()
	a, sh := plain[0], f.shopper()
	c := f.add(sh, a.item(0, 4), a.item(1, 6))
	first, second := c.lines()[0].row, c.lines()[1].row
	change := func(id int64, c cartChange, sku Item) error {
		_, err := f.ChangeCartItem(t.Context(), sh, id, c, sku)
		return err
	}
	assert.True(t, errs.Is(change(first.ID, cartChange{version: first.Version + 1}, Item{}), "cart.changed"))
	assert.True(t, errs.Is(change(17, cartChange{}, Item{}), "cart.item_not_found"))
	assert.True(t, errs.Is(change(17, cartChange{}, Item{SkuID: 5}), "cart.item_not_found"))
	assert.True(t, errs.Is(change(first.ID, cartChange{}, Item{SkuID: plain[1].SKUs[0].SkuID}), "order.sku_unknown"))

	three := int64(3)
	require.NoError(t, change(first.ID, cartChange{quantity: &three, version: first.Version}, Item{SkuID: second.SkuID}))
	c = f.cart(sh)
	require.Len(t, c.lines(), 1, "a line becomes another variant's: they are one")
	got := c.lines()[0].row
	assert.Equal(t, []any{first.ID, second.SkuID, second.SpecID, int64(9), first.Version + 1}, []any{got.ID, got.SkuID, got.SpecID, got.Quantity, got.Version})

	require.NoError(t, f.RemoveCartItem(t.Context(), sh, first.ID))
	assert.True(t, errs.Is(f.RemoveCartItem(t.Context(), sh, first.ID), "cart.item_not_found"))
	f.add(sh, a.item(0, 4), a.item(1, 6))
	require.NoError(t, f.EmptyCart(t.Context(), sh))
	require.NoError(t, f.EmptyCart(t.Context(), sh))
	assert.Zero(t, f.count("cart_items"))
}

// Somebody else's lines do not exist.
func TestCartsAreApart(t *testing.T) {
	f := newFixture(t, nil)
	a, mine := f.plain()[0], f.shopper()
	line := f.add(mine, a.item(0, 4)).lines()[0].row
	korea, _ := f.sites.ByCode("korea")
	guest := f.guest(f.add(f.guest(""), a.item(1, 4)).token)
	other := mine
	other.memberID = 43
	f.add(other, a.item(1, 1))
	for name, sh := range map[string]shopper{"member": other, "member without a cart": {site: f.site, memberID: 44}, "guest": guest, "nobody": f.guest("")} {
		_, err := f.ChangeCartItem(t.Context(), sh, line.ID, cartChange{}, Item{})
		assert.True(t, errs.Is(err, "cart.item_not_found"), name)
		assert.True(t, errs.Is(f.RemoveCartItem(t.Context(), sh, line.ID), "cart.item_not_found"), name)
		for _, l := range f.cart(sh).lines() {
			assert.NotEqual(t, line.ID, l.row.ID, name)
		}
	}
	for name, sh := range map[string]shopper{"another site": {site: korea, lang: "ko", token: guest.token}, "an invention": f.guest(cartToken())} {
		_, err := f.Cart(t.Context(), sh)
		assert.True(t, errs.Is(err, "cart.not_found"), name)
		_, err = f.AddToCart(t.Context(), sh, a.item(0, 1))
		assert.True(t, errs.Is(err, "cart.not_found"), name)
		assert.True(t, errs.Is(f.EmptyCart(t.Context(), sh), "cart.not_found"), name)
	}
	stranger := member
	stranger.ID = 43
	_, err := f.PreviewCart(t.Context(), stranger, f.site, "ja", []int64{line.ID})
	assert.Equal(t, []errs.Field{{Pointer: "/cartItemIds/0", Key: "cart.item_not_found"}}, errs.From(err).Fields)
	_, err = f.PreviewCart(t.Context(), member, f.site, "ja", []int64{line.ID, line.ID})
	assert.Equal(t, []errs.Field{{Pointer: "/cartItemIds/1", Key: "field.duplicate"}}, errs.From(err).Fields)
}

// at runs fn n times at once.
func at(n int, fn func(i int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { fn(i) })
	}
	all.Wait()
}

// Twenty adds at once to a cart that does not exist yet are one cart, one line and the sum of all.
func TestCartAddsAtOnce(t *testing.T) {
	f := newFixture(t, nil)
	a := f.plain()[0]
	guest := f.guest(f.add(f.guest(""), a.item(1, 1)).token)
	for name, sh := range map[string]shopper{"member": f.shopper(), "guest": guest} {
		at(20, func(i int) {
			_, err := f.AddToCart(t.Context(), sh, a.item(0, int64(i+1)))
			assert.NoError(t, err, name)
		})
		l := f.cart(sh).lines()
		assert.EqualValues(t, 210, l[len(l)-1].row.Quantity, name)
	}
	assert.EqualValues(t, 2, f.count("carts"))
	assert.EqualValues(t, 3, f.count("cart_items"))
}

func TestCartMerge(t *testing.T) {
	f := newFixture(t, nil)
	a, b := f.twoSellers()
	sh := f.shopper()
	f.add(sh, a.item(0, 4), a.item(1, MaxQuantity-1))
	guest := f.add(f.guest(""), a.item(0, 6), a.item(1, 5), b.item(0, 7))
	both := sh
	both.token = guest.token
	at(20, func(i int) { // signing in, and carts that carry both tokens
		if i%2 == 0 {
			assert.NoError(t, f.MergeCart(t.Context(), f.site.Code, member.ID, guest.token))
			return
		}
		_, err := f.Cart(t.Context(), both)
		assert.NoError(t, err)
	})
	c := f.cart(sh)
	var quantities []int64
	for _, l := range c.lines() {
		quantities = append(quantities, l.row.Quantity)
	}
	assert.Equal(t, []int64{10, MaxQuantity, 7}, quantities)
	assert.EqualValues(t, 1, f.count("carts"))
	assert.EqualValues(t, 3, f.count("cart_items"))
	_, err := f.Cart(t.Context(), f.guest(guest.token))
	assert.True(t, errs.Is(err, "cart.not_found"), "the guest's cart has become the member's")

	// A full cart takes what it has room for.
	for i := range MaxLines - 4 {
		f.put(sh, cartItemRow{OfferID: int64(1_000_000 + i), Quantity: 1, Selected: true})
	}
	guest = f.add(f.guest(""), b.item(1, 1), a.item(0, 1), a.item(2%len(a.SKUs), 1))
	require.NoError(t, f.MergeCart(t.Context(), f.site.Code, member.ID, guest.token))
	assert.EqualValues(t, MaxLines, f.count("cart_items"))
	assert.EqualValues(t, 1, f.count("carts"))
}

// A guest who adds while signing in loses nothing: each line is in the member's cart or was refused.
func TestCartMergeWhileAdding(t *testing.T) {
	f := newFixture(t, nil)
	a := f.plain()[0]
	guest := f.guest(f.add(f.guest(""), a.item(0, 1)).token)
	var mu sync.Mutex
	added := int64(1)
	at(20, func(i int) {
		if i == 10 {
			assert.NoError(t, f.MergeCart(t.Context(), f.site.Code, member.ID, guest.token))
			return
		}
		_, err := f.AddToCart(t.Context(), guest, a.item(0, 1))
		mu.Lock()
		defer mu.Unlock()
		if err == nil {
			added++
			return
		}
		assert.True(t, errs.Is(err, "cart.not_found"), "%v", err)
	})
	require.Len(t, f.cart(f.shopper()).lines(), 1)
	assert.GreaterOrEqual(t, f.cart(f.shopper()).lines()[0].row.Quantity, added)
	assert.EqualValues(t, 1, f.count("carts"))
}

// An order takes what it bought out of the cart, once, and nothing that was not in its preview.
func TestOrderEmptiesItsCartLines(t *testing.T) {
	f := newFixture(t, nil)
	a, b := f.twoSellers()
	sh := f.shopper()
	lines := f.add(sh, a.item(0, 4), a.item(1, 4), b.item(0, b.enough()), b.item(1, b.enough())).lines()
	p, err := f.PreviewCart(t.Context(), member, f.site, "ja", []int64{lines[0].row.ID, lines[1].row.ID, lines[2].row.ID})
	require.NoError(t, err)
	require.Empty(t, p.blockers)
	assert.Len(t, f.cart(sh).lines(), 4, "a preview takes nothing")

	f.add(sh, a.item(0, 3)) // grows meanwhile
	_, err = f.ChangeCartItem(t.Context(), sh, lines[2].row.ID, cartChange{}, Item{SkuID: b.SKUs[1].SkuID})
	require.NoError(t, err) // became another variant, with what was there of it
	key := idem()
	place := func() error {
		_, _, err := f.Place(t.Context(), member, f.site, Placement{PreviewToken: p.token, Address: testAddress}, key, encodeID)
		return err
	}
	at(20, func(int) { assert.NoError(t, place()) })
	assert.EqualValues(t, 1, f.count("orders"))
	var got []string
	for _, l := range f.cart(sh).lines() {
		got = append(got, fmt.Sprintf("%d/%d: %d", l.row.OfferID, l.row.SkuID, l.row.Quantity))
	}
	assert.Equal(t, []string{
		fmt.Sprintf("%d/%d: 3", a.OfferID, a.SKUs[0].SkuID),
		fmt.Sprintf("%d/%d: %d", b.OfferID, b.SKUs[1].SkuID, 2*b.enough()),
	}, got)
}

func TestCartPreviewPointers(t *testing.T) {
	f := newFixture(t, nil)
	a, sh := f.plain()[0], f.shopper()
	lines := f.add(sh, a.item(0, a.enough()), a.item(1, a.SKUs[1].Stock+1)).lines()
	p, err := f.PreviewCart(t.Context(), member, f.site, "ja", []int64{lines[0].row.ID, lines[1].row.ID})
	require.NoError(t, err)
	assert.Equal(t, []string{"/cartItemIds/1 order.stock"}, blockers(p))
}

// A guest's cart lives 30 days from its last use; a member's stays.
func TestPurgeCarts(t *testing.T) {
	f := newFixture(t, nil)
	a := f.plain()[0]
	f.add(f.shopper(), a.item(0, 1))
	used := f.guest(f.add(f.guest(""), a.item(0, 1)).token)
	left := f.guest(f.add(f.guest(""), a.item(0, 1)).token)
	f.clock.advance(29 * 24 * time.Hour)
	f.cart(used) // a look counts
	f.clock.advance(2 * 24 * time.Hour)
	_, err := f.Cart(t.Context(), left)
	assert.True(t, errs.Is(err, "cart.not_found"))
	n, err := f.PurgeCarts(t.Context(), 500)
	require.NoError(t, err)
	assert.EqualValues(t, 1, n)
	assert.EqualValues(t, 2, f.count("carts"))
	assert.EqualValues(t, 2, f.count("cart_items"))
	assert.Len(t, f.cart(used).lines(), 1)
	f.clock.advance(31 * 24 * time.Hour)
	n, err = f.PurgeCarts(t.Context(), 500)
	require.NoError(t, err)
	assert.EqualValues(t, 1, n)
	assert.Len(t, f.cart(f.shopper()).lines(), 1)
}
