package search

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"entrepot/internal/alibaba"
	"entrepot/internal/auth"
	"entrepot/internal/site"
)

func blockBody(siteCode, kind, value string) string {
	b, _ := json.Marshal(map[string]string{"site": siteCode, "kind": kind, "value": value, "reason": "not allowed here"})
	return string(b)
}

func (d *desk) block(kind, value string) Block {
	d.t.Helper()
	var b Block
	d.as(auth.Ops, "POST", "/admin/v1/blocklist", blockBody("japan", kind, value)).is(d.t, 201).into(d.t, &b)
	return b
}

func (d *desk) found(query string) (page SearchPage) {
	d.t.Helper()
	d.shop("/v1/search?pageSize=50&"+query).is(d.t, 200).into(d.t, &page)
	return page
}

const bagWords = "keyword=%E3%83%90%E3%83%83%E3%82%B0" // バッグ

func (p SearchPage) has(id string) bool {
	for _, h := range p.Items {
		if h.OfferId == id {
			return true
		}
	}
	return false
}

func TestABlockedOfferIsGoneAtOnceAndBackAgain(t *testing.T) {
	onBothEngines(t, func(t *testing.T) {
		d := newDesk(t)
		other := d.process()
		watched(t, other)
		hit := d.found(bagWords).Items[0]
		b := d.block("offer", hit.OfferId)
		assert.False(t, d.found(bagWords).has(hit.OfferId), "though the page was cached")
		require.Eventually(t, func() bool { return !other.blocks(d.site).empty() }, soon, often, "the other process")
		assert.Equal(t, d.version(d.site), other.version(d.site))
		korea, _ := d.sites.ByCode("korea")
		assert.True(t, d.blocks(korea).empty(), "another site")

		d.as(auth.Ops, "DELETE", "/admin/v1/blocklist/"+b.Id, "").is(t, 204)
		assert.True(t, d.found(bagWords).has(hit.OfferId))
		d.as(auth.Ops, "DELETE", "/admin/v1/blocklist/"+b.Id, "").is(t, 404, "OBJECT_NOT_FOUND")
		audit := d.audit()
		require.Len(t, audit, 2)
		assert.Equal(t, auditEntry{"ops", "block.added", "block", "japan", "not allowed here", "", `{"kind":"offer","value":"` + hit.OfferId + `"}`}, audit[0])
		assert.Equal(t, "block.removed", audit[1].Action)
		assert.JSONEq(t, audit[0].AfterJSON, audit[1].BeforeJSON)
	})
}

func (b *blocklist) empty() bool { return b == nil }

func TestABlockedWordIsNeitherFoundNorAskedFor(t *testing.T) {
	d := newDesk(t)
	hit := d.found(bagWords).Items[0]
	word := strings.Fields(hit.Subject.Text)[0]
	d.block("word", word)
	for _, h := range d.found(bagWords).Items {
		assert.NotContains(t, h.Subject.Text, word)
	}
	asked := d.calls(searchAPI)
	d.shop("/v1/search?keyword="+url.QueryEscape("x "+word)).is(t, 451, "CATALOGUE_BLOCKED", "/query/keyword")
	d.shop("/v1/search?keyword="+url.QueryEscape(word)).is(t, 451, "CATALOGUE_BLOCKED", "/query/keyword")
	assert.Equal(t, asked, d.calls(searchAPI), "1688 is not asked")
	// The original text counts as well as the translated one.
	d2 := newDesk(t)
	original := []rune(hit.Subject.Original)
	d2.block("word", string(original[:2]))
	for _, h := range d2.found(bagWords).Items {
		assert.NotContains(t, h.Subject.Original, string(original[:2]))
	}
}

func TestABlockedCategoryTakesEverythingBelowWithIt(t *testing.T) {
	d := newDesk(t)
	page, err := d.client.KeywordQuery(t.Context(), alibaba.KeywordQuery{Keyword: "バッグ", Country: "ja", PageSize: 50})
	require.NoError(t, err)
	top, third := page.Offers[0].TopCategoryID, page.Offers[0].ThirdCategoryID
	require.NotZero(t, top)
	d.block("category", fmt.Sprint(int64(top)))
	require.True(t, d.blocks(d.site).category(int64(third)), "a category below, known without any product")
	after := d.found(bagWords)
	for _, o := range page.Offers {
		if o.TopCategoryID == top {
			assert.False(t, after.has(o.OfferID.String()))
		}
	}
	d.shop(fmt.Sprintf("/v1/search?categoryId=%d", int64(third))).is(t, 451, "CATALOGUE_BLOCKED", "/query/categoryId")
}

// Hits do not name their seller: what belongs to one is read from 1688 when the block is made.
func TestABlockedSellersOffersNeverAppear(t *testing.T) {
	onBothEngines(t, func(t *testing.T) {
		d := newDesk(t)
		hit := d.found(bagWords).Items[0]
		seller, all := d.shopOf(hit.OfferId)
		require.NotEmpty(t, all)
		d.block("seller", seller)
		for _, id := range all {
			assert.True(t, d.blocks(d.site).offer(id))
		}
		assert.False(t, d.found(bagWords).has(hit.OfferId))
		other := d.process()
		assert.Len(t, other.blocks(d.site).offers, len(all), "a process that starts now")

		var list BlockList
		d.as(auth.Support, "GET", "/admin/v1/blocklist?kind=seller", "").is(t, 200).into(t, &list)
		d.as(auth.Ops, "DELETE", "/admin/v1/blocklist/"+list.Items[0].Id, "").is(t, 204)
		assert.Zero(t, d.count("block_reach"))
		assert.True(t, d.found(bagWords).has(hit.OfferId))
	})
}

// shopOf is the seller of an offer and the offers 1688 lists for it.
func (d *desk) shopOf(offer string) (seller string, ids []int64) {
	d.t.Helper()
	id, err := strconv.ParseInt(offer, 10, 64)
	require.NoError(d.t, err)
	p, err := d.detail(d.t.Context(), d.site, "ja", id)
	require.NoError(d.t, err)
	ids, err = d.sellerOffers(d.t.Context(), d.site, string(p.SellerOpenID))
	require.NoError(d.t, err)
	return string(p.SellerOpenID), ids
}

// 1688 is away when the seller is blocked: the offers go as soon as it is back, and what a detail shows meanwhile counts.
func TestABlockedSellerIsFollowedUpLater(t *testing.T) {
	d := newDesk(t)
	hit := d.found(bagWords).Items[0]
	seller, all := d.shopOf(hit.OfferId)
	d.fault("product.search.querySellerOfferList", "http_500")
	d.block("seller", seller)
	assert.True(t, d.blocks(d.site).seller(seller))
	assert.Empty(t, d.blocks(d.site).offers)
	watched(t, d.Service)
	_, _ = d.detail(t.Context(), d.site, "ja", all[0])
	require.Eventually(t, func() bool { return d.blocks(d.site).offer(all[0]) }, soon, often, "learned from the detail")
	d.calm()
	d.clock.advance(2 * time.Minute)
	require.Eventually(t, func() bool { return len(d.blocks(d.site).offers) == len(all) }, 3*soon, often)
}

// Many processes see that something is due; one asks.
func TestTheReachIsLookedUpOnce(t *testing.T) {
	onBothEngines(t, func(t *testing.T) {
		d := newDesk(t)
		hit := d.found(bagWords).Items[0]
		seller, _ := d.shopOf(hit.OfferId)
		d.block("seller", seller)
		d.clock.advance(reachEvery + time.Second)
		before := d.calls("product.search.querySellerOfferList")
		pages := d.pagesOf(seller)
		before += pages
		var wg sync.WaitGroup
		for range 4 {
			s := d.process()
			wg.Go(func() { s.reachDue(context.Background()) })
		}
		wg.Wait()
		assert.Equal(t, pages, d.calls("product.search.querySellerOfferList")-before)
	})
}

func (d *desk) pagesOf(seller string) int {
	d.t.Helper()
	before := d.calls("product.search.querySellerOfferList")
	_, err := d.sellerOffers(d.t.Context(), d.site, seller)
	require.NoError(d.t, err)
	return d.calls("product.search.querySellerOfferList") - before
}

func TestBlocksThatAreNone(t *testing.T) {
	d := newDesk(t)
	for _, tt := range []struct{ site, kind, value, pointer string }{
		{"atlantis", "word", "gun", "/site"},
		{"Japan", "word", "gun", "/site"},
		{"japan", "colour", "red", "/kind"},
		{"japan", "word", "   ", "/value"},
		{"japan", "word", "!?-", "/value"},
		{"japan", "word", "\u200b\u200b", "/value"},
		{"japan", "word", "", "/value"},
		{"japan", "word", strings.Repeat("x", 101), "/value"},
		{"japan", "word", strings.Repeat("\ufdfa", 100), "/value"}, // grows eighteenfold when folded
		{"japan", "word", "gun\u0000", "/value"},
		{"japan", "offer", "0", "/value"},
		{"japan", "offer", "-5", "/value"},
		{"japan", "offer", "1e9", "/value"},
		{"japan", "offer", "12345678901234567890", "/value"},
		{"japan", "offer", "٣", "/value"},
		{"japan", "category", "shoes", "/value"},
		{"japan", "category", "0x10", "/value"},
		{"japan", "seller", "a b", "/value"},
		{"japan", "seller", "'; DROP TABLE blocks", "/value"},
		{"japan", "seller", strings.Repeat("s", 101), "/value"},
	} {
		t.Run(tt.kind+" "+tt.value[:min(len(tt.value), 20)], func(t *testing.T) {
			d.as(auth.Ops, "POST", "/admin/v1/blocklist", blockBody(tt.site, tt.kind, tt.value)).is(t, 400, "REQUEST_INVALID", tt.pointer)
		})
	}
	d.as(auth.Ops, "POST", "/admin/v1/blocklist", `{"site":"japan","kind":"word","value":"gun","reason":" "}`).is(t, 400, "REQUEST_INVALID", "/reason")
	d.as(auth.Ops, "POST", "/admin/v1/blocklist", `{"site":"japan","kind":"word","value":5,"reason":"r"}`).is(t, 400, "REQUEST_INVALID", "/value")
	d.as(auth.Ops, "GET", "/admin/v1/blocklist?site=atlantis", "").is(t, 400, "REQUEST_INVALID", "/query/site")
	d.as(auth.Ops, "GET", "/admin/v1/blocklist?kind=colour", "").is(t, 400, "REQUEST_INVALID", "/query/kind")
	d.as(auth.Ops, "DELETE", "/admin/v1/blocklist/9999999999999999999", "").is(t, 404)
	d.as(auth.Ops, "DELETE", "/admin/v1/blocklist/1", "").is(t, 404, "OBJECT_NOT_FOUND")
	assert.Zero(t, d.count("blocks"))
	assert.Empty(t, d.audit())
}

// The same thing twice, in any spelling, is one entry however many ask at once.
func TestABlockIsThereOnce(t *testing.T) {
	onBothEngines(t, func(t *testing.T) {
		d := newDesk(t)
		d.as(auth.Ops, "GET", "/admin/v1/blocklist", "").is(t, 200)
		var wg sync.WaitGroup
		answers := make([]reply, 20)
		for i := range answers {
			wg.Go(func() {
				answers[i] = d.as(auth.Ops, "POST", "/admin/v1/blocklist", blockBody("japan", "word", []string{"Gun", "ＧＵＮ", " gun "}[i%3]))
			})
		}
		wg.Wait()
		made := 0
		for _, a := range answers {
			if a.status == 201 {
				made++
				continue
			}
			a.is(t, 409, "BLOCK_EXISTS", "/value")
		}
		assert.Equal(t, 1, made)
		assert.EqualValues(t, 1, d.count("blocks"))
		assert.Len(t, d.audit(), 1)
		d.as(auth.Ops, "POST", "/admin/v1/blocklist", blockBody("korea", "word", "gun")).is(t, 201)
	})
}

func TestBlocksArePaged(t *testing.T) {
	d := newDesk(t)
	for i := range 7 {
		d.block("word", fmt.Sprint("word", i))
	}
	d.block("offer", "123456789012")
	var words []string
	for path := "/admin/v1/blocklist?limit=3&site=japan&kind=word"; path != ""; {
		var page BlockList
		d.as(auth.Auditor, "GET", path, "").is(t, 200).into(t, &page)
		for _, b := range page.Items {
			words = append(words, b.Value)
		}
		path = ""
		if page.NextCursor != nil {
			path = "/admin/v1/blocklist?limit=3&site=japan&kind=word&cursor=" + *page.NextCursor
		}
	}
	assert.Equal(t, []string{"word6", "word5", "word4", "word3", "word2", "word1", "word0"}, words)
	var none BlockList
	d.as(auth.Auditor, "GET", "/admin/v1/blocklist?site=korea", "").is(t, 200).into(t, &none)
	assert.Empty(t, none.Items)
}

func TestWhoMayBlock(t *testing.T) {
	d := newDesk(t)
	for _, role := range auth.Roles {
		add, remove := 403, 403
		if role == auth.Ops || role == auth.Admin {
			add, remove = 201, 404
		}
		d.as(role, "POST", "/admin/v1/blocklist", blockBody("japan", "word", "w"+string(role))).is(t, add)
		d.as(role, "GET", "/admin/v1/blocklist", "").is(t, 200)
		d.as(role, "DELETE", "/admin/v1/blocklist/1", "").is(t, remove)
	}
}

// A list that cannot be read leaves the last one in force.
func TestTheLastListStaysInForce(t *testing.T) {
	d := newDesk(t)
	hit := d.found(bagWords).Items[0]
	d.block("offer", hit.OfferId)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Error(t, d.Refresh(ctx))
	assert.False(t, d.found(bagWords).has(hit.OfferId))
	assert.Equal(t, untouched, (&Service{}).of(&site.Site{Code: "nowhere"}))
}
