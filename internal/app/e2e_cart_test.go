package app_test

import (
	"net/http"
	"testing"

	"entrepot/internal/apptest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// shownCart is a cart as an app reads it.
type shownCart struct {
	CartToken string
	LineCount int
	Checked   bool
	Groups    []struct {
		Lines []struct {
			ID, OfferID, SkuID string
			Quantity           int64
		}
	}
	Blockers []struct{ Code, Pointer, Detail string }
}

func (c shownCart) ids() (list []string) {
	for _, g := range c.Groups {
		for _, l := range g.Lines {
			list = append(list, l.ID)
		}
	}
	return list
}

// cartButtons presses every button of a cart once.
func cartButtons(t *testing.T, y *apptest.Story) {
	var c shownCart
	y.Shopper.Post(t, http.StatusCreated, "/v1/cart/items", y.Items[0])
	y.Shopper.Get(t, http.StatusOK, "/v1/cart").Decode(t, &c)
	require.Len(t, c.ids(), 1)
	for _, press := range []struct {
		method, path string
		body         any
		want         int
	}{
		{http.MethodPatch, "/v1/cart/items/" + c.ids()[0], map[string]any{"selected": false}, http.StatusOK},
		{http.MethodDelete, "/v1/cart/items/" + c.ids()[0], nil, http.StatusNoContent},
		{http.MethodDelete, "/v1/cart", nil, http.StatusNoContent},
	} {
		a, err := y.Shopper.Try(t, press.method, press.path, press.body)
		require.NoError(t, err)
		assert.Equal(t, press.want, a.Status, "%s %s: %s", press.method, press.path, a.Body)
	}
}

// A guest fills a cart, signs up, signs in elsewhere with another one, orders a part of it and keeps the rest.
func TestGuestCartBecomesAnOrder(t *testing.T) {
	s := apptest.Start(t)
	browser := s.Shopper("demo-japan")
	items := s.Goods(t, browser, 3)
	var c shownCart
	browser.Post(t, http.StatusCreated, "/v1/cart/items", items[0]).Decode(t, &c)
	first := apptest.With{"X-Cart-Token": c.CartToken}
	browser.Post(t, http.StatusCreated, "/v1/cart/items", items[1], first).Decode(t, &c)
	require.Equal(t, 2, c.LineCount)
	require.Empty(t, c.Blockers)

	login := map[string]any{"loginName": "cart-owner", "password": "correct horse 17", "email": "cart-owner@example.com"}
	browser.Post(t, http.StatusCreated, "/v1/accounts", login, first)
	browser.Get(t, http.StatusNotFound, "/v1/cart", first)

	// On another device: one thing twice, one new. Signing in twenty times at once merges once; some of these are refused as guessing.
	c = shownCart{}
	browser.Post(t, http.StatusCreated, "/v1/cart/items", items[0]).Decode(t, &c)
	second := apptest.With{"X-Cart-Token": c.CartToken}
	browser.Post(t, http.StatusCreated, "/v1/cart/items", items[2], second)
	session := map[string]any{"loginName": "cart-owner", "password": "correct horse 17"}
	got := atOnce(t, func() (apptest.Answer, error) {
		return browser.Try(t, http.MethodPost, "/v1/sessions", session, second)
	})
	assert.Positive(t, got[http.StatusCreated])
	assert.Equal(t, 20, got[http.StatusCreated]+got[http.StatusTooManyRequests], "%v", got)
	var tokens struct{ AccessToken string }
	browser.Post(t, http.StatusCreated, "/v1/sessions", session).Decode(t, &tokens)
	member := s.Shopper("demo-japan")
	member.Token = tokens.AccessToken
	member.Get(t, http.StatusOK, "/v1/cart").Decode(t, &c)
	require.Equal(t, 3, c.LineCount)
	assert.Equal(t, 2*items[0].Quantity, c.Groups[0].Lines[0].Quantity)
	assert.Equal(t, 1, s.Count(t, "SELECT COUNT(*) FROM carts"))

	// Twenty adds at once add up.
	more := apptest.Item{OfferID: items[1].OfferID, SkuID: items[1].SkuID, Quantity: items[1].Quantity}
	got = atOnce(t, func() (apptest.Answer, error) { return member.Try(t, http.MethodPost, "/v1/cart/items", more) })
	assert.Equal(t, map[int]int{http.StatusCreated: 20}, got)
	member.Get(t, http.StatusOK, "/v1/cart").Decode(t, &c)
	assert.Equal(t, 21*items[1].Quantity, c.Groups[1].Lines[0].Quantity)
	assert.Equal(t, 3, c.LineCount)

	// The order takes its lines along; twenty submits are one.
	ids := c.ids()
	var p apptest.Previewed
	member.Post(t, http.StatusOK, "/v1/orders/preview", map[string]any{"cartItemIds": []string{ids[0], ids[2]}}).Decode(t, &p)
	require.NotEmpty(t, p.PreviewToken)
	body := apptest.OrderBody(p.PreviewToken)
	got = atOnce(t, func() (apptest.Answer, error) {
		return member.Try(t, http.MethodPost, "/v1/orders", body, apptest.Idem("from-the-cart"))
	})
	assert.Equal(t, map[int]int{http.StatusCreated: 20}, got)
	member.Get(t, http.StatusOK, "/v1/cart").Decode(t, &c)
	require.Equal(t, []string{ids[1]}, c.ids())
	assert.Equal(t, 21*items[1].Quantity, c.Groups[0].Lines[0].Quantity)

	// Twenty of each other button.
	got = atOnce(t, func() (apptest.Answer, error) {
		return member.Try(t, http.MethodPatch, "/v1/cart/items/"+ids[1], map[string]any{"quantity": items[1].Quantity})
	})
	assert.Equal(t, map[int]int{http.StatusOK: 20}, got)
	got = atOnce(t, func() (apptest.Answer, error) { return member.Try(t, http.MethodDelete, "/v1/cart/items/"+ids[1], nil) })
	assert.Equal(t, map[int]int{http.StatusNoContent: 1, http.StatusNotFound: 19}, got)
	got = atOnce(t, func() (apptest.Answer, error) { return member.Try(t, http.MethodDelete, "/v1/cart", nil) })
	assert.Equal(t, map[int]int{http.StatusNoContent: 20}, got)
}
