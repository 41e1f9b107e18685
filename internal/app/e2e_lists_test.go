package app_test

import (
	"testing"
	"time"

	"entrepot/internal/apptest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// catalogueOffer is an offer as the simulated 1688 shows it to people.
type catalogueOffer struct {
	OfferID      string
	PriceFen     int64
	SellerOpenID string
	Traits       []string
	SKUs         []struct{ SkuID string }
}

func plainOffer(t *testing.T, s *apptest.Stack) catalogueOffer {
	t.Helper()
	var v struct{ Offers []catalogueOffer }
	s.Sandbox.Get(t, "/offers", map[string][]string{"limit": {"50"}}, &v)
	for _, o := range v.Offers {
		if len(o.Traits) == 0 && len(o.SKUs) > 1 {
			return o
		}
	}
	require.FailNow(t, "no plain offer")
	return catalogueOffer{}
}

// hits is what the answers of all lists have in common.
type hits struct {
	Items []struct {
		OfferID string
		Price   struct{ Original struct{ Amount int64 } }
	}
}

// Every list, the tree and freight through the whole program, in both editions of 1688's APIs; the client checks each
// answer against the contract.
func TestListsEndToEnd(t *testing.T) {
	for _, profile := range []string{"crossborder", "national-site"} {
		t.Run(profile, func(t *testing.T) {
			t.Parallel()
			s := apptest.Start(t, apptest.Env("ENTREPOT_ALIBABA_PROFILE", profile))
			o, c := plainOffer(t, s), s.Shopper("demo-japan")
			member := c.SignUp(t)
			for _, path := range []string{
				"/v1/products/" + o.OfferID + "/related", "/v1/recommendations", "/v1/rankings?categoryId=1001&limit=3", "/v1/shops/" + o.SellerOpenID + "/products",
				"/v1/keywords/hot?categoryId=1001", "/v1/categories",
			} {
				for _, client := range []*apptest.Client{c, member} {
					var list hits
					a := client.Get(t, 200, path)
					a.Decode(t, &list)
					assert.NotEmpty(t, list.Items, path)
					client.Get(t, 304, path, apptest.With{"If-None-Match": a.Header.Get("Etag")})
				}
			}
			c.Get(t, 200, "/v1/categories/1001")
			c.Get(t, 200, "/v1/site")
			c.Get(t, 404, "/v1/categories/77")
			c.Get(t, 400, "/v1/rankings")
			body := map[string]any{"items": []any{map[string]any{"skuId": o.SKUs[0].SkuID, "quantity": 2}}}
			c.Post(t, 200, "/v1/products/"+o.OfferID+"/freight", body) // to the demo warehouse
			body["destination"] = map[string]string{"provinceCode": "990000", "cityCode": "990100", "districtCode": "990101"}
			c.Post(t, 422, "/v1/products/"+o.OfferID+"/freight", body)
		})
	}
}

// A product people look at is followed; so 1688 tells of its new price, and the kept detail and lists show it at once, long
// before they would have been read anew.
func TestAFollowedPriceChange(t *testing.T) {
	s := apptest.Start(t)
	o, c := plainOffer(t, s), s.Shopper("demo-japan")
	shop, detail := "/v1/shops/"+o.SellerOpenID+"/products?pageSize=50", "/v1/products/"+o.OfferID
	english := apptest.With{"Accept-Language": "en"}
	before := c.Get(t, 200, detail)
	c.Get(t, 200, detail, english) // another language is another load: the second
	price := func() int64 {
		var list hits
		c.Get(t, 200, shop).Decode(t, &list)
		for _, h := range list.Items {
			if h.OfferID == o.OfferID {
				return h.Price.Original.Amount
			}
		}
		return 0
	}
	require.Equal(t, o.PriceFen, price())
	require.Eventually(t, func() bool { return s.Sandbox.Executed(t, "product.kjdistribute.addRelation") == 1 }, 20*time.Second, 20*time.Millisecond)

	s.Sandbox.Post(t, "/offers/"+o.OfferID+"/actions/price", map[string]any{"priceFen": o.PriceFen + 1234})
	require.Eventually(t, func() bool { return price() == o.PriceFen+1234 }, 20*time.Second, 50*time.Millisecond, "the list")
	after := c.Get(t, 200, detail)
	assert.NotEqual(t, before.Header.Get("Etag"), after.Header.Get("Etag"), "the detail")
	assert.Equal(t, 1, s.Sandbox.Executed(t, "product.kjdistribute.addRelation"))
}
