package order

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// cartCall is a request about a cart: a member's, a guest's, or both at once.
type cartCall struct {
	method, path, body string
	member, cart, key  string // tokens and the site's key, "" = Japan's
}

func (e *edge) call(c cartCall, status int, v any) {
	e.t.Helper()
	req := httptest.NewRequestWithContext(e.t.Context(), c.method, c.path, strings.NewReader(c.body))
	if c.body == "" {
		req = httptest.NewRequestWithContext(e.t.Context(), c.method, c.path, nil)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Site-Key", firstNonEmpty(c.key, "key-jp"))
	req.Header.Set("Accept-Language", "ja")
	if c.member != "" {
		req.Header.Set("Authorization", "Bearer "+c.member)
	}
	if c.cart != "" {
		req.Header.Set("X-Cart-Token", c.cart)
	}
	w := httptest.NewRecorder()
	e.srv.Engine.ServeHTTP(w, req)
	require.Equal(e.t, status, w.Code, "%s %s %s: %s", c.method, c.path, c.body, w.Body)
	if (status == 200 || status == 201) && strings.HasPrefix(c.path, "/v1/cart") {
		assert.Equal(e.t, "no-store", w.Header().Get("Cache-Control"), "a cart is one person's")
	}
	if v != nil {
		require.NoError(e.t, json.Unmarshal(w.Body.Bytes(), v), w.Body.String())
	}
}

func TestCartOverHTTP(t *testing.T) {
	e := newEdge(t)
	a, b := e.twoSellers()
	item := func(o offer, sku int, quantity int64) string {
		return fmt.Sprintf(`{"offerId":"%d","skuId":%d,"quantity":%d}`, o.OfferID, o.SKUs[sku].SkuID, quantity)
	}
	var c Cart
	e.call(cartCall{method: "GET", path: "/v1/cart"}, 200, &c)
	assert.Empty(t, c.Groups)
	assert.EqualValues(t, 0, c.Goods.Local.Amount)
	assert.Equal(t, MaxLines, c.MaxLines)
	e.call(cartCall{method: "DELETE", path: "/v1/cart"}, 204, nil)

	e.call(cartCall{method: "POST", path: "/v1/cart/items", body: item(a, 0, a.enough())}, 201, &c)
	require.NotNil(t, c.CartToken, "a new guest's")
	guest := *c.CartToken
	e.call(cartCall{method: "POST", path: "/v1/cart/items", body: item(b, 0, b.enough()), cart: guest}, 201, &c)
	require.Len(t, c.Groups, 2)
	assert.Equal(t, 2, c.LineCount)
	assert.Empty(t, c.Blockers)
	assert.Equal(t, c.Goods, c.SelectedGoods)
	assert.Equal(t, c.Groups[0].Goods.Local.Amount+c.Groups[1].Goods.Local.Amount, c.Goods.Local.Amount)
	assert.Equal(t, *c.Groups[0].Lines[0].Amount, c.Groups[0].Goods)

	// Whoever signs in has what the guest had, and the guest nothing.
	e.call(cartCall{method: "GET", path: "/v1/cart", member: e.member, cart: guest}, 200, &c)
	assert.Equal(t, 2, c.LineCount)
	e.call(cartCall{method: "GET", path: "/v1/cart", member: e.member, cart: guest}, 200, &c)
	assert.Equal(t, 2, c.LineCount)
	e.call(cartCall{method: "GET", path: "/v1/cart", cart: guest}, 404, nil)

	line := c.Groups[0].Lines[0]
	c = Cart{}
	e.call(cartCall{method: "PATCH", path: "/v1/cart/items/" + line.Id, member: e.member,
		body: fmt.Sprintf(`{"selected":false,"quantity":%d,"version":%d}`, a.enough()+1, line.Version)}, 200, &c)
	assert.Nil(t, c.CartToken)
	assert.Equal(t, c.Groups[1].Goods, c.SelectedGoods)
	assert.Equal(t, line.Version+1, c.Groups[0].Lines[0].Version)
	e.call(cartCall{method: "PATCH", path: "/v1/cart/items/" + line.Id, member: e.member, body: fmt.Sprintf(`{"quantity":1,"version":%d}`, line.Version)}, 409, nil)

	var p Preview
	e.call(cartCall{method: "POST", path: "/v1/orders/preview", member: e.member, body: fmt.Sprintf(`{"cartItemIds":[%q]}`, c.Groups[1].Lines[0].Id)}, 200, &p)
	require.NotNil(t, p.PreviewToken)
	assert.Equal(t, c.SelectedGoods, p.Totals.Goods)
	address := `{"fullName":"Taro Test","phone":"0300000000","postCode":"1000001","province":"Tokyo","city":"Chiyoda","address":"1-1"}`
	e.do("POST", "/v1/orders", e.member, fmt.Sprintf(`{"previewToken":%q,"address":%s}`, *p.PreviewToken, address), 201, nil)
	e.call(cartCall{method: "GET", path: "/v1/cart", member: e.member}, 200, &c)
	require.Equal(t, 1, c.LineCount)
	e.call(cartCall{method: "DELETE", path: "/v1/cart/items/" + c.Groups[0].Lines[0].Id, member: e.member}, 204, nil)
	e.call(cartCall{method: "DELETE", path: "/v1/cart/items/" + c.Groups[0].Lines[0].Id, member: e.member}, 404, nil)
}

// Whatever is sent is answered by a coded 4xx that says where.
func TestHostileCarts(t *testing.T) {
	e := newEdge(t)
	a, other := e.plain()[0], e.plain()[1]
	var c Cart
	e.call(cartCall{method: "POST", path: "/v1/cart/items", member: e.member, body: fmt.Sprintf(`{"offerId":%d,"skuId":%d,"quantity":4}`, a.OfferID, a.SKUs[0].SkuID)}, 201, &c)
	line := "/v1/cart/items/" + c.Groups[0].Lines[0].Id
	id := c.Groups[0].Lines[0].Id
	item := func(rest string) string {
		return fmt.Sprintf(`{"offerId":%d,"skuId":%d,%s}`, a.OfferID, a.SKUs[0].SkuID, rest)
	}
	unknown := strings.Repeat("A", 43)
	for _, tt := range []struct {
		call    cartCall
		status  int
		pointer string
	}{
		{cartCall{method: "POST", path: "/v1/cart/items", body: item(`"quantity":0`)}, 400, "/quantity"},
		{cartCall{method: "POST", path: "/v1/cart/items", body: item(`"quantity":-5`)}, 400, "/quantity"},
		{cartCall{method: "POST", path: "/v1/cart/items", body: item(`"quantity":1.5`)}, 400, "/quantity"},
		{cartCall{method: "POST", path: "/v1/cart/items", body: item(`"quantity":"4"`)}, 400, "/quantity"},
		{cartCall{method: "POST", path: "/v1/cart/items", body: item(`"quantity":null`)}, 400, "/quantity"},
		{cartCall{method: "POST", path: "/v1/cart/items", body: item(`"quantity":1000001`)}, 400, "/quantity"},
		{cartCall{method: "POST", path: "/v1/cart/items", body: item(`"quantity":1e300`)}, 400, "/quantity"},
		{cartCall{method: "POST", path: "/v1/cart/items", body: item(`"quantity":1,"price":1`)}, 400, "/price"},
		{cartCall{method: "POST", path: "/v1/cart/items", body: item(`"quantity":1,"quantity":2`)}, 400, "/quantity"},
		{cartCall{method: "POST", path: "/v1/cart/items", body: `{"quantity":1}`}, 400, "/offerId"},
		{cartCall{method: "POST", path: "/v1/cart/items", body: `{"offerId":"x","quantity":1}`}, 400, "/offerId"},
		{cartCall{method: "POST", path: "/v1/cart/items", body: `{"offerId":999,"quantity":1}`}, 404, "/offerId"},
		{cartCall{method: "POST", path: "/v1/cart/items", body: fmt.Sprintf(`{"offerId":%d,"quantity":1}`, a.OfferID)}, 422, "/skuId"},
		{cartCall{method: "POST", path: "/v1/cart/items", body: fmt.Sprintf(`{"offerId":%d,"skuId":%d,"quantity":1}`, a.OfferID, other.SKUs[0].SkuID)}, 422, "/skuId"},
		{cartCall{method: "POST", path: "/v1/cart/items", member: e.member, body: item(`"quantity":999997`)}, 422, "/quantity"},
		{cartCall{method: "POST", path: "/v1/cart/items", body: item(`"quantity":1`), cart: unknown}, 404, "/header/X-Cart-Token"},
		{cartCall{method: "GET", path: "/v1/cart", cart: "short"}, 400, "/header/X-Cart-Token"},
		{cartCall{method: "GET", path: "/v1/cart", cart: unknown}, 404, "/header/X-Cart-Token"},
		{cartCall{method: "DELETE", path: "/v1/cart", cart: unknown}, 404, "/header/X-Cart-Token"},
		{cartCall{method: "PATCH", path: line, member: e.member, body: `{}`}, 400, ""},
		{cartCall{method: "PATCH", path: line, member: e.member, body: `{"quantity":null}`}, 400, "/quantity"},
		{cartCall{method: "PATCH", path: line, member: e.member, body: `{"selected":"yes"}`}, 400, "/selected"},
		{cartCall{method: "PATCH", path: line, member: e.member, body: `{"offerId":1}`}, 400, "/offerId"},
		{cartCall{method: "PATCH", path: line, member: e.member, body: fmt.Sprintf(`{"skuId":%d}`, other.SKUs[0].SkuID)}, 422, "/skuId"},
		{cartCall{method: "PATCH", path: line, body: `{"quantity":1}`}, 404, ""},
		{cartCall{method: "PATCH", path: "/v1/cart/items/9223372036854775808", member: e.member, body: `{"quantity":1}`}, 404, ""},
		{cartCall{method: "DELETE", path: "/v1/cart/items/0", member: e.member}, 404, ""},
		{cartCall{method: "DELETE", path: "/v1/cart/items/abc", member: e.member}, 400, "/path/itemId"},
		{cartCall{method: "DELETE", path: line}, 404, ""},
		{cartCall{method: "DELETE", path: line, key: "key-kr", member: e.member}, 401, ""},
		{cartCall{method: "POST", path: "/v1/orders/preview", member: e.member, body: `{}`}, 400, "/items"},
		{cartCall{method: "POST", path: "/v1/orders/preview", member: e.member, body: fmt.Sprintf(`{"items":[%s],"cartItemIds":[%s]}`, item(`"quantity":1`), id)}, 400, "/cartItemIds"},
		{cartCall{method: "POST", path: "/v1/orders/preview", member: e.member, body: `{"cartItemIds":[]}`}, 400, "/cartItemIds"},
		{cartCall{method: "POST", path: "/v1/orders/preview", member: e.member, body: `{"cartItemIds":[17]}`}, 404, "/cartItemIds/0"},
		{cartCall{method: "POST", path: "/v1/orders/preview", member: e.member, body: fmt.Sprintf(`{"cartItemIds":[%s,%q]}`, id, id)}, 400, "/cartItemIds/1"},
		{cartCall{method: "POST", path: "/v1/cart/items", body: `{"specId":"` + strings.Repeat("a", 1<<20) + `"}`}, 413, ""},
	} {
		var p struct {
			Code, Title string
			Errors      []struct{ Pointer, Code, Detail string }
		}
		e.call(tt.call, tt.status, &p)
		assert.NotEmpty(t, p.Code)
		assert.NotEqual(t, p.Code, p.Title, "a text, in the shopper's language")
		var pointers []string
		for _, f := range p.Errors {
			pointers = append(pointers, f.Pointer)
		}
		if tt.pointer != "" {
			assert.Equal(t, []string{tt.pointer}, pointers, "%s %s %s", tt.call.method, tt.call.path, tt.call.body)
		}
	}
	e.call(cartCall{method: "GET", path: "/v1/cart", member: e.member}, 200, &c)
	assert.EqualValues(t, 4, c.Groups[0].Lines[0].Quantity, "nothing of it had any effect")
	assert.EqualValues(t, 1, e.count("carts"))
}
