package search

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"entrepot/internal/alibaba"
	"entrepot/internal/auth"
	"entrepot/internal/sandbox"
)

// Asked with a country's name, 1688 translates into the country's language whoever reads it: its words are never said to be
// in another language, neither now nor when they are remembered, nor in what is ordered.
func TestTranslationsForACountry(t *testing.T) {
	f, answer, sent := scripted(t, alibaba.ProfileNationalSite)
	body := `{"success":true,"code":"S0000","data":{"offerId":7,"subject":"帆布包","subjectTrans":"帆布バッグ"},"result":true}`
	answer.Store(&body)
	c, err := f.Product(t.Context(), f.site, "en", 7)
	require.NoError(t, err)
	assert.JSONEq(t, `{"offerId":7,"country":"japan"}`, *sent.Load())
	var p Product
	require.NoError(t, json.Unmarshal(c.Body, &p))
	assert.Equal(t, []string{"帆布バッグ", "ja"}, []string{p.Subject.Text, p.Subject.Lang})

	o, err := f.Offer(t.Context(), f.site, "en", 7)
	require.NoError(t, err)
	assert.Equal(t, "ja", o.Lang)
	assert.Equal(t, "ja", f.TranslatedInto(f.site, "en"))
	assert.Equal(t, "zh", f.TranslatedInto(f.site, "zh"), "the original is Chinese either way")

	page := `{"success":true,"data":{"searchOfferModelList":[{"offerId":7,"subject":"帆布包","priceInfo":{"price":"3"}}]},"result":true}`
	answer.Store(&page)
	for _, ask := range []func() ([]byte, error){
		func() ([]byte, error) {
			c, err := f.Search(t.Context(), f.site, "en", bags)
			return c.Body, err
		},
		func() ([]byte, error) {
			c, err := f.SearchImage(t.Context(), f.site, "en", ImageSearch{Query: Query{Page: 1, PageSize: 20}, ImageID: "1"})
			return c.Body, err
		},
	} {
		raw, err := ask()
		require.NoError(t, err)
		var got SearchPage
		require.NoError(t, json.Unmarshal(raw, &got))
		require.Len(t, got.Items, 1)
		assert.Equal(t, []any{"ja", TextSourceCache}, []any{got.Items[0].Subject.Lang, *got.Items[0].Subject.Source})
	}
	assert.Empty(t, f.words.recall("en", "帆布包"))

	live, _, _ := scripted(t, alibaba.ProfileCrossborder)
	assert.Equal(t, "en", live.TranslatedInto(live.site, "en"))
}

// A ranking is in the shopper's language, the details that complete it in the country's.
func TestRankingsForACountry(t *testing.T) {
	o, p := alibaba.SearchOffer{}, &alibaba.Product{Subject: "包", SubjectTrans: "バッグ"}
	complete(&o, p, false)
	assert.Equal(t, []alibaba.Text{"包", ""}, []alibaba.Text{o.Subject, o.SubjectTrans})
	complete(&o, p, true)
	assert.Equal(t, alibaba.Text("バッグ"), o.SubjectTrans)
}

// 1688 hears who asks for the filters, as its documents have it.
func TestTheBuyerAsksForFilters(t *testing.T) {
	var sent atomic.Pointer[http.Request]
	ts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		sent.Store(r)
		_, _ = w.Write([]byte(`[{"configName":"排序","configType":"sort","configList":[{"choiceKey":"onePPrice","filterName":"价格","type":"2"}]}]`))
	}))
	t.Cleanup(ts.Close)
	f := withGateway(t, &clock{t: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}, ts.URL)
	client, err := alibaba.New(alibaba.Options{
		BaseURL: ts.URL + "/openapi", AppKey: sandbox.DemoKey, AppSecret: sandbox.DemoSecret, AccessToken: sandbox.DemoToken, Profile: alibaba.ProfileNationalSite,
	})
	require.NoError(t, err)
	t.Cleanup(client.Close)
	f.client = client
	_, err = f.Filters(auth.WithMember(t.Context(), auth.MemberCaller{ID: 5, OutMemberID: "m-5"}), f.site, "ja")
	require.NoError(t, err)
	assert.Equal(t, []string{"m-5", "japan"}, []string{sent.Load().Form.Get("outMemberId"), sent.Load().Form.Get("country")})
	_, err = f.Filters(t.Context(), f.site, "en")
	require.NoError(t, err)
	assert.False(t, sent.Load().Form.Has("outMemberId"), "a guest has no name")
}

// "There is none" says where the product was named, like every other refusal.
func TestUnknownProductHasAPointer(t *testing.T) {
	e := newShopfront(t, newFixture(t), "")
	for _, path := range []string{"/v1/products/1", "/v1/products/1?quantity=3", "/v1/products/1/related"} {
		code, at := e.problem(404, "GET", path, "")
		assert.Equal(t, "PRODUCT_NOT_FOUND", code, path)
		assert.Equal(t, []string{"/path/offerId"}, at, path)
	}
	code, at := e.problem(404, "POST", "/v1/products/1/freight", `{"items":[{"quantity":1}]}`)
	assert.Equal(t, "PRODUCT_NOT_FOUND", code)
	assert.Equal(t, []string{"/path/offerId"}, at)
}
