package app_test

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"entrepot/internal/apptest"
)

const japan = "demo-japan"

// hit is what these tests read of a product in a list.
type hit struct {
	OfferID    string
	Subject    struct{ Text, Lang string }
	ImageURL   string
	CategoryID string
}

type hitPage struct {
	Items        []hit
	TotalRecords int
	Stale        bool
	Region       string
}

// keywords are searches that find something in the simulated catalogue.
var keywords = []string{"バッグ", "靴", "dress", "shirt", "シャツ", "カップ", "phone case", "帽子", "toy", "ランプ"}

func searchFor(word string) string { return "/v1/search?keyword=" + url.QueryEscape(word) }

// someHits are products of the catalogue.
func someHits(t testing.TB, c *apptest.Client) []hit {
	t.Helper()
	for _, word := range keywords {
		var page hitPage
		c.Get(t, http.StatusOK, searchFor(word)).Decode(t, &page)
		if len(page.Items) > 0 {
			return page.Items
		}
	}
	require.Fail(t, "the catalogue finds nothing")
	return nil
}

// together sends n equal requests at once.
func together(t testing.TB, n int, do func() (apptest.Answer, error)) []apptest.Answer {
	t.Helper()
	out, errs := make([]apptest.Answer, n), make([]error, n)
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-begin
			out[i], errs[i] = do()
		})
	}
	close(begin)
	wg.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	return out
}

// A thousand people who want the same cold answer cost 1688 one call.
func TestColdAnswersAreAskedForOnce(t *testing.T) {
	s := apptest.Start(t)
	c := s.Shopper(japan)
	offer := someHits(t, c)[0].OfferID
	for _, tt := range []struct{ api, path string }{
		{"product.search.keywordQuery", "/v1/search?keyword=cold&pageSize=50"},
		{"product.search.queryProductDetail", "/v1/products/" + offer},
		{"product.related.recommend", "/v1/products/" + offer + "/related"},
		{"category.translation.getById", "/v1/categories"},
	} {
		before := s.Sandbox.Executed(t, tt.api)
		answers := together(t, 1000, func() (apptest.Answer, error) { return c.Try(t, http.MethodGet, tt.path, nil) })
		for _, a := range answers {
			require.Equal(t, http.StatusOK, a.Status, "%s", a.Body)
			require.Equal(t, answers[0].Body, a.Body)
		}
		assert.Equal(t, 1, s.Sandbox.Executed(t, tt.api)-before, tt.path)
	}
}

// While 1688 is away, whether it refuses or hangs, what was asked before is still answered and says that it is old; what was
// not is refused with a time to come back. When 1688 is back everything is, without a restart.
func TestCatalogueWithout1688(t *testing.T) {
	s := apptest.Start(t, apptest.Gated(), apptest.Env("ENTREPOT_CATALOGUE_FRESH", "1s"))
	c := s.Shopper(japan)
	var hot []string
	for _, word := range keywords {
		hot = append(hot, searchFor(word))
	}
	for _, h := range someHits(t, c) {
		hot = append(hot, "/v1/products/"+h.OfferID)
	}
	hot = append(hot, "/v1/categories", "/v1/filters")
	for round, away := range []func(){s.Gate.Close, func() { s.Gate.Silence(t) }} {
		for _, path := range hot {
			c.Get(t, http.StatusOK, path)
		}
		<-time.After(1200 * time.Millisecond) // until they are old
		away()
		var took []time.Duration
		for range 10 {
			for _, path := range hot {
				begun := time.Now()
				c.Get(t, http.StatusOK, path)
				took = append(took, time.Since(begun))
			}
		}
		slices.Sort(took)
		t.Logf("round %d: %d hot answers, p50 %s, p99 %s", round, len(took), took[len(took)/2], took[len(took)*99/100])
		for _, path := range hot[:len(hot)-2] { // the others are fresh for hours
			var page hitPage
			c.Get(t, http.StatusOK, path).Decode(t, &page)
			assert.True(t, page.Stale, path)
		}
		slowest := time.Duration(0)
		for i := range 10 {
			begun := time.Now()
			a := c.Get(t, http.StatusServiceUnavailable, fmt.Sprintf("/v1/search?keyword=cold%d%d", round, i))
			slowest = max(slowest, time.Since(begun))
			assert.NotEmpty(t, a.Header.Get("Retry-After"))
			assert.True(t, a.Problem(t).Retryable)
		}
		t.Logf("round %d: slowest refusal %s", round, slowest)
		s.Gate.Open(t)
		apptest.Eventually(t, "1688 answers again", func() (bool, string) {
			a, err := c.Try(t, http.MethodGet, fmt.Sprintf("/v1/search?keyword=cold%d0", round), nil)
			require.NoError(t, err)
			return a.Status == http.StatusOK, fmt.Sprint(a.Status)
		})
		apptest.Eventually(t, "hot answers are young again", func() (bool, string) {
			var page hitPage
			c.Get(t, http.StatusOK, hot[0]).Decode(t, &page)
			return !page.Stale, "stale"
		})
	}
}

// patient lets the simulated 1688 look at pictures as long as it likes.
var patient = apptest.Env("ENTREPOT_ALIBABA_TIMEOUT", "60s")

// findable waits until 1688 searches by picture: the simulated one builds an index when the first picture comes.
func findable(t testing.TB, c *apptest.Client, imageID string) {
	t.Helper()
	apptest.Eventually(t, "search by picture", func() (bool, string) {
		a, err := c.Try(t, http.MethodGet, "/v1/search/image?imageId="+imageID, nil)
		require.NoError(t, err)
		return a.Status == http.StatusOK, fmt.Sprint(a.Status)
	})
}

// photo fetches a picture of the catalogue.
func photo(t testing.TB, address string) []byte {
	t.Helper()
	resp, err := http.Get(address)
	require.NoError(t, err)
	raw, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	_ = resp.Body.Close() // read to its end
	require.Equal(t, http.StatusOK, resp.StatusCode)
	return raw
}

// uploaded sends a picture as the file part of a form.
func uploaded(t testing.TB, c *apptest.Client, want int, raw []byte, fields map[string]string) apptest.Answer {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, value := range fields {
		require.NoError(t, w.WriteField(name, value))
	}
	part, err := w.CreateFormFile("image", "photo.jpg")
	require.NoError(t, err)
	_, err = part.Write(raw)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	if want == 0 { // whatever comes
		a, err := c.Try(t, http.MethodPost, "/v1/images", body.Bytes(), apptest.With{"Content-Type": w.FormDataContentType()})
		require.NoError(t, err)
		return a
	}
	return c.Post(t, want, "/v1/images", body.Bytes(), apptest.With{"Content-Type": w.FormDataContentType()})
}

// One walk through the whole catalogue as an app makes it, in both editions of 1688's APIs.
func TestCatalogueTour(t *testing.T) {
	for _, profile := range []string{"crossborder", "national-site"} {
		t.Run(profile, func(t *testing.T) {
			s := apptest.Start(t, apptest.Env("ENTREPOT_ALIBABA_PROFILE", profile), patient, apptest.Unreachable(), apptest.Offers(500))
			c := s.Shopper(japan).SignUp(t)
			first := someHits(t, c)[0]
			assert.Equal(t, "ja", first.Subject.Lang)
			var p struct{ SellerOpenID, ThirdCategoryID string }
			c.Get(t, http.StatusOK, "/v1/products/"+first.OfferID+"?quantity=12").Decode(t, &p)
			require.NotEmpty(t, p.SellerOpenID)

			var img struct {
				ImageID       string
				Width, Height int
			}
			raw := photo(t, first.ImageURL)
			uploaded(t, c, http.StatusCreated, raw, nil).Decode(t, &img)
			again := img
			uploaded(t, c, http.StatusCreated, raw, nil).Decode(t, &again)
			assert.Equal(t, img, again)
			assert.Equal(t, 1, s.Sandbox.Executed(t, "product.image.upload"), "the same picture is uploaded once")
			uploaded(t, c, http.StatusCreated, raw, map[string]string{"region": "0.1,0.1,0.9,0.9"}).Decode(t, &again)
			assert.NotEqual(t, img.ImageID, again.ImageID, "a part of it is another picture")
			findable(t, c, img.ImageID)
			var found hitPage
			c.Get(t, http.StatusOK, "/v1/search/image?imageId="+img.ImageID).Decode(t, &found)
			require.NotEmpty(t, found.Items)
			assert.Equal(t, first.OfferID, found.Items[0].OfferID)
			c.Get(t, http.StatusOK, "/v1/search/image?imageId="+img.ImageID+"&beginPage=2&pageSize=10&sort=price:asc&region=0.1,0.1,0.9,0.9")

			category := p.ThirdCategoryID
			if category == "" {
				category = first.CategoryID
			}
			for _, path := range []string{
				"/v1/filters", "/v1/categories", "/v1/categories?parentId=" + category, "/v1/categories/" + category,
				"/v1/search?categoryId=" + category + "&filter=shipIn48Hours&sort=monthSold:desc&priceStart=1&priceEnd=500.50&beginPage=1&pageSize=50",
				"/v1/search?keyword=bag&sort=" + url.QueryEscape(`{"onePPrice":"asc"}`),
				"/v1/shops/" + url.PathEscape(p.SellerOpenID) + "/products", "/v1/products/" + first.OfferID + "/related", "/v1/recommendations",
				"/v1/keywords/hot?categoryId=" + category, "/v1/rankings?categoryId=" + category + "&type=goodPrice&limit=5",
			} {
				c.Get(t, http.StatusOK, path)
				a := c.Get(t, http.StatusOK, path)
				etag := a.Header.Get("ETag")
				require.NotEmpty(t, etag, path)
				c.Get(t, http.StatusNotModified, path, apptest.With{"If-None-Match": etag})
			}
		})
	}
}

// Whatever is wrong with a parameter, the answer names it and 1688 is not asked.
func TestEveryBadParameterOfTheCatalogue(t *testing.T) {
	s := apptest.Start(t)
	c := s.Shopper(japan)
	numbers := []string{"", "0", "-1", "+1", "1.5", "1e3", "0x10", "01", "%201", "1%20", "abc", "null", "[]", "{}", "true", "NaN", "%D9%A3", "%00", "9223372036854775808", "99999999999999999999999"}
	ids := append(slices.Clone(numbers), "1;2", "..%2F..", "%27%20OR%201=1")
	yuan := []string{"-1", "1.234", "1e3", ".5", "5.", "1,5", "abc", "%00", "99999999999999999999", "NaN", "%EF%BC%91"}
	texts := []string{"%00", "a%00b", "%FF", "%ED%A0%80", "%zz", strings.Repeat("x", 5000), "a%0d%0ab", "%E2%80%AEgab"}
	sorts := []string{"price", "price:up", ":asc", "name:asc", "%7B%22price%22%3A1%7D", "%7B%22price%22%3A%22asc%22%2C%22monthSold%22%3A%22asc%22%7D", "%7B", "[]", "price:asc;drop", strings.Repeat("a", 200)}
	filters := []string{"nonsense", "shipInToday,,", "shipInToday;x", "%27", ",", strings.Repeat("a,", 400), "shipintoday"}
	common := map[string][]string{
		"categoryId": ids, "filter": filters, "sort": sorts, "priceStart": yuan, "priceEnd": yuan, "beginPage": numbers, "pageSize": append(slices.Clone(numbers), "51"), "keyword": texts,
	}
	routes := []struct {
		path   string
		params map[string][]string
	}{
		{"/v1/search?keyword=bag", common},
		{"/v1/search/image?imageId=1", common},
		{"/v1/search/image?", map[string][]string{"imageId": {"", "abc", "-1", "1.5", "%00", strings.Repeat("1", 33)}, "imageAddress": {
			"http://127.0.0.1/", "https://127.0.0.1/a.jpg", "https://localhost/a.jpg", "https://[::1]/a.jpg", "https://2130706433/a.jpg", "https://0x7f.1/a.jpg", "https://0177.0.0.1/", "https://127.1/",
			"file:///etc/passwd", "ftp://cbu01.alicdn.com/a.jpg", "http://cbu01.alicdn.com/a.jpg", "https://cbu01.alicdn.com.evil.example/a.jpg", "https://evil.example/cbu01.alicdn.com", "https://cbu01.alicdn.com@evil.example/a.jpg",
			"https://cbu01.alicdn.com%2F@evil.example/", "https://cbu01.alicdn.com:8443/a.jpg", "https://cbu01.alicdn.com./a.jpg", "%2F%2Fcbu01.alicdn.com/a.jpg", "javascript:alert(1)", "data:image/png;base64,AAAA",
			"https://169.254.169.254/latest", "https://[::ffff:127.0.0.1]/", "https://cbu01.alicdn.com%5C@evil.example/", "%20https://evil.example/", "https://", "gopher://127.0.0.1:6379/_", strings.Repeat("a", 2000),
		}}},
		{"/v1/search/image?imageId=1", map[string][]string{"region": {"", "1", "1,2,3", "1,2,3,4,5", "a,b,c,d", "-1,2,3,4", "2,1,1,2", "0.5,0.5,0.5,0.5", "0,0,0,0", "1e1,2,3,4", "NaN,1,2,3", "0.1,0.1,1.5,0.9"}}},
		{"/v1/categories?", map[string][]string{"parentId": {"-1", "1.5", "abc", "99999999999999999999", "%00"}}},
		{"/v1/keywords/hot?", map[string][]string{"categoryId": ids}},
		{"/v1/rankings?categoryId=1", map[string][]string{"type": {"", "best", "HOT", "%00"}, "limit": append(slices.Clone(numbers), "21")}},
		{"/v1/recommendations?", map[string][]string{"beginPage": numbers, "pageSize": append(slices.Clone(numbers), "51")}},
		{"/v1/products/600000000001/related?", map[string][]string{"beginPage": numbers, "pageSize": append(slices.Clone(numbers), "11")}},
		{"/v1/products/600000000001?", map[string][]string{"quantity": append(slices.Clone(numbers), "1000001")}},
		{"/v1/shops/abc/products?", common},
	}
	before, tried := calls(t, s), 0
	for _, r := range routes {
		for name, values := range r.params {
			for _, value := range values {
				base := r.path
				if i := strings.Index(base, name+"="); i >= 0 {
					base = base[:i]
				}
				sep := "&"
				if strings.HasSuffix(base, "?") || strings.HasSuffix(base, "&") {
					sep = ""
				}
				tried++
				a, err := c.Try(t, http.MethodGet, base+sep+name+"="+value, nil)
				require.NoError(t, err)
				what := fmt.Sprintf("%s %s=%.60s: %.300s", r.path, name, value, a.Body)
				if !assert.Equal(t, http.StatusBadRequest, a.Status, what) {
					continue
				}
				assert.NotEmpty(t, a.Problem(t).Errors, what)
				pointer := "/query/" + name
				if value == "%zz" || strings.Contains(value, ";") { // the query as a whole cannot be read
					pointer = "/query"
				}
				assert.Contains(t, a.Problem(t).Pointers(), pointer, what)
			}
			a, err := c.Try(t, http.MethodGet, r.path+"&"+name+"=1&"+name+"=1", nil)
			require.NoError(t, err)
			assert.Equal(t, http.StatusBadRequest, a.Status, "%s: %s twice", r.path, name)
		}
		a := c.Get(t, http.StatusBadRequest, r.path+"&country=japan")
		assert.Contains(t, a.Problem(t).Pointers(), "/query/country", "clients never say the country")
	}
	for _, id := range []string{"0", "-1", "1.5", "1e3", "abc", "%00", "..%2f", "99999999999999999999", strings.Repeat("9", 3000)} {
		for _, path := range []string{"/v1/products/%s", "/v1/products/%s/related", "/v1/categories/%s"} {
			a, err := c.Try(t, http.MethodGet, fmt.Sprintf(path, id), nil)
			require.NoError(t, err)
			assert.True(t, a.Status == 400 || a.Status == 404, "%s %s: %d", path, id, a.Status)
		}
	}
	t.Logf("%d bad parameters", tried)
	assert.Equal(t, before, calls(t, s), "1688 was not asked")
}

// calls is how many calls the catalogue APIs of 1688 have had.
func calls(t testing.TB, s *apptest.Stack) (n int) {
	t.Helper()
	for _, api := range []string{
		"keywordQuery", "imageQuery", "queryProductDetail", "querySellerOfferList", "offerRecommend", "related.recommend", "topKeyword", "topList.query", "getById", "freight.estimate", "image.upload",
	} {
		n += s.Sandbox.Executed(t, api)
	}
	return n
}

// drawn is a picture nobody has seen.
func drawn(t testing.TB, w, h int) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range img.Pix {
		img.Pix[i] = byte(i * 7 / 3)
	}
	var b bytes.Buffer
	require.NoError(t, jpeg.Encode(&b, img, nil))
	return b.Bytes()
}

// Pictures that are none, or more than that, are refused one by one with the reason; 1688 gets none of them.
func TestPicturesRefused(t *testing.T) {
	s := apptest.Start(t)
	c := s.Shopper(japan)
	good := drawn(t, 64, 64)
	for name, raw := range map[string][]byte{
		"empty": {}, "text": []byte("hello"), "html": []byte("<html><script>alert(1)</script>"), "svg": []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), "pdf": []byte("%PDF-1.7\n%%EOF"),
		"cut off": good[:len(good)/2], "header only": good[:20], "bmp": append([]byte("BM"), make([]byte, 200)...), "with a zip behind": append(slices.Clone(good), []byte("PK\x03\x04....evil.sh....PK\x05\x06"+strings.Repeat("\x00", 18))...),
		"with html behind": append(slices.Clone(good), []byte("<html><script>alert(1)</script></html>")...),
	} {
		a := uploaded(t, c, 0, raw, nil)
		assert.True(t, a.Status == 400 || a.Status == 413 || a.Status == 415 || a.Status == 422, "%s: %d %s", name, a.Status, a.Body)
	}
	assert.Zero(t, s.Sandbox.Executed(t, "product.image.upload"))
}

// What the member is called at 1688 goes along with searches and details, and only then.
func TestSearchSaysWhoAsks(t *testing.T) {
	s := apptest.Start(t)
	s.Shopper(japan).Get(t, http.StatusOK, "/v1/search?keyword=anonymous")
	member := s.Shopper(japan).SignUp(t)
	var me struct{ OutMemberID string }
	member.Get(t, http.StatusOK, "/v1/me").Decode(t, &me)
	member.Get(t, http.StatusOK, "/v1/search?keyword=known")
	seen := map[string]bool{}
	for _, call := range s.Sandbox.Transcript(t) {
		if strings.Contains(call, "keywordQuery") {
			seen[fmt.Sprint(strings.Contains(call, "known"), strings.Contains(call, me.OutMemberID))] = true
		}
	}
	assert.Equal(t, map[string]bool{"false false": true, "true true": true}, seen)
}

// catalogueStaff does once what staff can do to the catalogue, and takes it back.
func catalogueStaff(t *testing.T, admin *apptest.Client) {
	t.Helper()
	const filters = "/admin/v1/filters/korea"
	etag := admin.Get(t, http.StatusOK, filters).Header.Get("ETag")
	item := map[string]any{"type": "toggle", "choiceKey": "shipInToday", "name": map[string]string{"en": "Today", "ko": "오늘"}}
	body := map[string]any{"reason": "a test", "groups": []any{map[string]any{"type": "filter", "name": map[string]string{"en": "Speed"}, "items": []any{item}}}}
	put := func(want int, with apptest.With) apptest.Answer {
		a, err := admin.Try(t, http.MethodPut, filters, body, with)
		require.NoError(t, err)
		require.Equal(t, want, a.Status, "%s", a.Body)
		return a
	}
	put(http.StatusPreconditionRequired, nil)
	next := put(http.StatusOK, apptest.With{"If-Match": etag}).Header.Get("ETag")
	put(http.StatusPreconditionFailed, apptest.With{"If-Match": `"another"`})
	admin.Post(t, http.StatusOK, filters+"/rollback", map[string]any{"version": 0, "reason": "back"}, apptest.With{"If-Match": next})

	id := block(t, admin, "word", "unheardof")
	admin.Get(t, http.StatusOK, "/admin/v1/blocklist?site=japan&kind=word&limit=1")
	unblock(t, admin, id)

	admin.Post(t, http.StatusCreated, "/admin/v1/exchange-rates", map[string]any{"currency": "SGD", "rate": "0.19", "reason": "a test"}, apptest.Idem("rate"))
	admin.Get(t, http.StatusOK, "/admin/v1/exchange-rates?currency=SGD")
}

func block(t testing.TB, admin *apptest.Client, kind, value string) string {
	t.Helper()
	var b struct{ ID string }
	admin.Post(t, http.StatusCreated, "/admin/v1/blocklist", map[string]any{"site": "japan", "kind": kind, "value": value, "reason": "a test"}).Decode(t, &b)
	return b.ID
}

func unblock(t testing.TB, admin *apptest.Client, id string) {
	t.Helper()
	a, err := admin.Try(t, http.MethodDelete, "/admin/v1/blocklist/"+id, nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusNoContent, a.Status, "%s", a.Body)
}

// What staff block disappears from every list of that site and is refused by name; other sites go on showing it. Taken off
// the list it is back.
func TestBlockedThingsNeverAppear(t *testing.T) {
	s := apptest.Start(t, patient, apptest.Unreachable(), apptest.Offers(500))
	c, elsewhere, admin := s.Shopper(japan), s.Shopper("demo-korea"), s.Staff(t)
	first := someHits(t, c)[0]
	detail := "/v1/products/" + first.OfferID
	var p struct{ SellerOpenID, ThirdCategoryID string }
	c.Get(t, http.StatusOK, detail).Decode(t, &p)
	var img struct{ ImageID string }
	uploaded(t, c, http.StatusCreated, photo(t, first.ImageURL), nil).Decode(t, &img)
	findable(t, c, img.ImageID)
	word := strings.Fields(first.Subject.Text)[0]
	lists := []string{
		"/v1/search?pageSize=50&categoryId=" + p.ThirdCategoryID, searchFor(first.Subject.Text), "/v1/search/image?imageId=" + img.ImageID,
		"/v1/shops/" + url.PathEscape(p.SellerOpenID) + "/products", "/v1/rankings?categoryId=" + p.ThirdCategoryID,
	}
	shown := func(path string) (status int, found bool) {
		a, err := c.Try(t, http.MethodGet, path, nil)
		require.NoError(t, err)
		if a.Status != http.StatusOK {
			assert.Equal(t, "CATALOGUE_BLOCKED", a.Problem(t).Code, path)
			return a.Status, false
		}
		var page hitPage
		a.Decode(t, &page)
		return a.Status, slices.ContainsFunc(page.Items, func(h hit) bool { return h.OfferID == first.OfferID })
	}
	seen := 0
	for _, path := range lists {
		if _, found := shown(path); found {
			seen++
		}
	}
	require.GreaterOrEqual(t, seen, 3, "the lists show it before")
	for _, tt := range []struct{ kind, value, refused string }{
		{"offer", first.OfferID, detail},
		{"seller", p.SellerOpenID, "/v1/shops/" + url.PathEscape(p.SellerOpenID) + "/products"},
		{"category", p.ThirdCategoryID, "/v1/categories/" + p.ThirdCategoryID},
		{"word", word, searchFor(word)},
	} {
		id := block(t, admin, tt.kind, tt.value)
		apptest.Eventually(t, tt.kind+" blocked", func() (bool, string) {
			status, _ := shown(tt.refused)
			return status == http.StatusUnavailableForLegalReasons, fmt.Sprint(status)
		})
		c.Get(t, http.StatusUnavailableForLegalReasons, detail)
		if tt.kind == "offer" { // of the others the list does not tell
			c.Get(t, http.StatusUnavailableForLegalReasons, detail+"/related")
		}
		c.Post(t, http.StatusUnavailableForLegalReasons, detail+"/freight", map[string]any{"items": []any{map[string]any{"quantity": 1}}})
		for _, path := range lists {
			status, found := shown(path)
			assert.False(t, found, "%s blocked, but in %s (%d)", tt.kind, path, status)
		}
		elsewhere.Get(t, http.StatusOK, detail)
		unblock(t, admin, id)
		apptest.Eventually(t, tt.kind+" back", func() (bool, string) {
			a, err := c.Try(t, http.MethodGet, detail, nil)
			require.NoError(t, err)
			return a.Status == http.StatusOK, fmt.Sprint(a.Status)
		})
	}
}

// A new exchange rate shows at once in what was cached before, and never in an order that was placed before.
func TestRatesMove(t *testing.T) {
	s := apptest.Start(t)
	y := s.NewStory(t, 1)
	steps := y.Steps()
	y.Play(t, steps[:4]...) // the order is placed
	order := func() string {
		var o struct{ Totals, Lines any }
		y.Shopper.Get(t, http.StatusOK, "/v1/orders/"+y.OrderID).Decode(t, &o)
		return fmt.Sprint(o)
	}
	placed := order()
	offer := someHits(t, y.Shopper)[0].OfferID
	rate := func() string {
		var p struct {
			PriceRanges []struct {
				Price struct{ FX struct{ Rate string } }
			}
			Skus []struct {
				Price struct{ FX struct{ Rate string } }
			}
		}
		y.Shopper.Get(t, http.StatusOK, "/v1/products/"+offer).Decode(t, &p)
		if len(p.PriceRanges) > 0 {
			return p.PriceRanges[0].Price.FX.Rate
		}
		return p.Skus[0].Price.FX.Rate
	}
	require.NotEqual(t, "23.75", rate())
	y.Admin.Post(t, http.StatusCreated, "/admin/v1/exchange-rates", map[string]any{"currency": "JPY", "rate": "23.75", "reason": "a test"}, apptest.Idem("yen"))
	apptest.Eventually(t, "the new rate", func() (bool, string) { r := rate(); return r == "23.75", r })
	assert.Equal(t, placed, order(), "printed again to the same digit")
}
