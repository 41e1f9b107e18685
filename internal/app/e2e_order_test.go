package app_test

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"entrepot/internal/apptest"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// One Idempotency-Key makes one order, however many requests carry it at the same moment.
func TestOneKeyOneOrder(t *testing.T) {
	s := apptest.Start(t)
	shopper := s.Shopper("demo-japan").SignUp(t)
	item := s.Goods(t, shopper, 1)[0]
	for _, n := range []int{2, 20} {
		body := apptest.OrderBody(s.Preview(t, shopper, item).PreviewToken)
		key, before := "parallel-"+strconv.Itoa(n), s.Count(t, "SELECT COUNT(*) FROM orders")
		answers := make([]apptest.Answer, n)
		var all sync.WaitGroup
		for i := range n {
			all.Go(func() { answers[i], _ = shopper.Try(t, http.MethodPost, "/v1/orders", body, apptest.Idem(key)) })
		}
		all.Wait()
		replayed := 0
		for _, a := range answers {
			require.Equal(t, http.StatusCreated, a.Status, "%s", a.Body)
			assert.Equal(t, string(answers[0].Body), string(a.Body), "every answer is the same to the byte")
			if a.Header.Get("Idempotency-Replayed") == "true" {
				replayed++
			}
		}
		assert.Equal(t, n-1, replayed)
		assert.Equal(t, before+1, s.Count(t, "SELECT COUNT(*) FROM orders"))

		again := shopper.Post(t, http.StatusCreated, "/v1/orders", body, apptest.Idem(key))
		assert.Equal(t, answers[0].Body, again.Body)
		assert.Equal(t, "true", again.Header.Get("Idempotency-Replayed"))
		other := apptest.Bend(body, func(m map[string]any) { m["note"] = "another" })
		a := shopper.Post(t, http.StatusUnprocessableEntity, "/v1/orders", other, apptest.Idem(key))
		assert.Equal(t, "IDEMPOTENCY_KEY_REUSED", a.Problem(t).Code)
	}
	// A key belongs to its member: somebody else's same key is somebody else's order.
	second := s.Shopper("demo-japan").SignUp(t)
	body := apptest.OrderBody(s.Preview(t, second, item).PreviewToken)
	a := second.Post(t, http.StatusCreated, "/v1/orders", body, apptest.Idem("parallel-2"))
	assert.Empty(t, a.Header.Get("Idempotency-Replayed"))
	assert.Equal(t, 3, s.Count(t, "SELECT COUNT(*) FROM orders"))
}

// Twenty requests with twenty keys and one preview: a price is sold once.
func TestOnePreviewOneOrder(t *testing.T) {
	s := apptest.Start(t)
	shopper := s.Shopper("demo-japan").SignUp(t)
	body := apptest.OrderBody(s.Preview(t, shopper, s.Goods(t, shopper, 1)...).PreviewToken)
	statuses := make([]int, 20)
	var all sync.WaitGroup
	for i := range statuses {
		all.Go(func() {
			a, _ := shopper.Try(t, http.MethodPost, "/v1/orders", body, apptest.Idem("key-"+strconv.Itoa(i)))
			statuses[i] = a.Status
		})
	}
	all.Wait()
	count := map[int]int{}
	for _, status := range statuses {
		count[status]++
	}
	assert.Equal(t, map[int]int{http.StatusCreated: 1, http.StatusConflict: 19}, count)
	assert.Equal(t, 1, s.Count(t, "SELECT COUNT(*) FROM orders"))
}

// A preview token is good for one order of the member who asked for it, as it was issued.
func TestPreviewTokens(t *testing.T) {
	s := apptest.Start(t)
	shopper, other := s.Shopper("demo-japan").SignUp(t), s.Shopper("demo-japan").SignUp(t)
	abroad := s.Shopper("demo-korea").SignUp(t)
	items := s.Goods(t, shopper, 1)
	token := s.Preview(t, shopper, items...).PreviewToken
	id, mac, _ := strings.Cut(token, ".")
	flipped := []byte(mac)
	flipped[3] ^= 1
	for name, tt := range map[string]struct {
		who   *apptest.Client
		token string
	}{
		"another member":       {other, token},
		"another site":         {abroad, token},
		"changed MAC":          {shopper, id + "." + string(flipped)},
		"changed id":           {shopper, id[:len(id)-1] + strconv.Itoa((int(id[len(id)-1]-'0')+1)%10) + "." + mac},
		"no MAC":               {shopper, id},
		"somebody's invention": {shopper, "1.AAAA"},
		"empty MAC":            {shopper, id + "."},
	} {
		a := tt.who.Post(t, http.StatusUnprocessableEntity, "/v1/orders", apptest.OrderBody(tt.token), apptest.Idem("k"))
		p := a.Problem(t)
		assert.Equal(t, "ORDER_PREVIEW_INVALID", p.Code, name)
		assert.Equal(t, []string{"/previewToken"}, p.Pointers(), name)
	}
	assert.Zero(t, s.Count(t, "SELECT COUNT(*) FROM orders"))

	shopper.Post(t, http.StatusCreated, "/v1/orders", apptest.OrderBody(token), apptest.Idem("k"))
	a := shopper.Post(t, http.StatusConflict, "/v1/orders", apptest.OrderBody(token), apptest.Idem("another"))
	assert.Equal(t, "ORDER_PREVIEW_USED", a.Problem(t).Code)
	assert.Equal(t, 1, s.Count(t, "SELECT COUNT(*) FROM orders"))
}

// resigned makes a token of the same kind with changed claims; it knows what only the server and this test know.
func resigned(t *testing.T, token, secret, audience string, change func(c jwt.MapClaims, header map[string]any)) string {
	t.Helper()
	claims := jwt.MapClaims{}
	old, _, err := jwt.NewParser(jwt.WithJSONNumber()).ParseUnverified(token, claims)
	require.NoError(t, err)
	key, err := hkdf.Key(sha256.New, []byte(secret), nil, "entrepot access token "+audience, 32)
	require.NoError(t, err)
	made := jwt.NewWithClaims(jwt.SigningMethodHS256, claims)
	made.Header["typ"] = old.Header["typ"]
	change(claims, made.Header)
	text, err := made.SignedString(key)
	require.NoError(t, err)
	return text
}

// Credentials that are missing, wrong, old or somebody else's open nothing.
func TestCredentials(t *testing.T) {
	const secret = "a token secret that only this test and its server know"
	s := apptest.Start(t, apptest.Env("ENTREPOT_TOKEN_SECRET", secret))
	shopper := s.Shopper("demo-japan").SignUp(t)
	staff := s.Staff(t)
	same := func(jwt.MapClaims, map[string]any) {}
	// The forger is able: an unchanged copy of the token is accepted.
	shopper.Get(t, http.StatusOK, "/v1/me", apptest.With{"Authorization": "Bearer " + resigned(t, shopper.Token, secret, "entrepot-member", same)})

	none := strings.Split(shopper.Token, ".")
	none[0] = base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"at+jwt"}`))
	for _, tt := range []struct {
		name, code string
		with       apptest.With
	}{
		{"no site key", "SITE_KEY_REQUIRED", apptest.With{"X-Site-Key": ""}},
		{"wrong site key", "SITE_KEY_UNKNOWN", apptest.With{"X-Site-Key": "demo-atlantis"}},
		{"site key in another case", "SITE_KEY_UNKNOWN", apptest.With{"X-Site-Key": "DEMO-JAPAN"}},
		{"no token", "AUTH_REQUIRED", apptest.With{"Authorization": ""}},
		{"no bearer", "AUTH_TOKEN_INVALID", apptest.With{"Authorization": "Basic YTpi"}},
		{"garbage", "AUTH_TOKEN_INVALID", apptest.With{"Authorization": "Bearer garbage"}},
		{"cut off", "AUTH_TOKEN_INVALID", apptest.With{"Authorization": "Bearer " + shopper.Token[:len(shopper.Token)-2]}},
		{"alg none", "AUTH_TOKEN_INVALID", apptest.With{"Authorization": "Bearer " + none[0] + "." + none[1] + "."}},
		{"another secret", "AUTH_TOKEN_INVALID", apptest.With{"Authorization": "Bearer " + resigned(t, shopper.Token, "x"+secret, "entrepot-member", same)}},
		{"expired", "AUTH_TOKEN_EXPIRED", apptest.With{"Authorization": "Bearer " + resigned(t, shopper.Token, secret, "entrepot-member", func(c jwt.MapClaims, _ map[string]any) {
			c["exp"] = time.Now().Add(-time.Minute).Unix()
		})}},
		{"without expiry", "AUTH_TOKEN_INVALID", apptest.With{"Authorization": "Bearer " + resigned(t, shopper.Token, secret, "entrepot-member", func(c jwt.MapClaims, _ map[string]any) { delete(c, "exp") })}},
		{"wrong typ", "AUTH_TOKEN_INVALID", apptest.With{"Authorization": "Bearer " + resigned(t, shopper.Token, secret, "entrepot-member", func(_ jwt.MapClaims, h map[string]any) { h["typ"] = "JWT" })}},
		{"another site's", "AUTH_TOKEN_INVALID", apptest.With{"X-Site-Key": "demo-korea"}},
		{"staff's", "AUTH_TOKEN_INVALID", apptest.With{"Authorization": "Bearer " + staff.Token}},
		{"8 kB", "AUTH_TOKEN_INVALID", apptest.With{"Authorization": "Bearer " + strings.Repeat("a", 8<<10)}},
	} {
		a := shopper.Get(t, http.StatusUnauthorized, "/v1/me", tt.with)
		assert.Equal(t, tt.code, a.Problem(t).Code, tt.name)
		if strings.HasPrefix(tt.code, "AUTH_") {
			assert.Equal(t, "Bearer", a.Header.Get("WWW-Authenticate"), tt.name)
		}
	}
	a := staff.Get(t, http.StatusUnauthorized, "/admin/v1/orders", apptest.With{"Authorization": "Bearer " + shopper.Token})
	assert.Equal(t, "AUTH_TOKEN_INVALID", a.Problem(t).Code, "a member is no staff")

	// Signed out is out, at once.
	_, err := shopper.Try(t, http.MethodDelete, "/v1/sessions/current", nil)
	require.NoError(t, err)
	shopper.Get(t, http.StatusUnauthorized, "/v1/me")
}

// Somebody else's order answers exactly as one that does not exist.
func TestForeignOrders(t *testing.T) {
	s := apptest.Start(t)
	owner := s.Shopper("demo-japan").SignUp(t)
	var o struct{ ID string }
	body := apptest.OrderBody(s.Preview(t, owner, s.Goods(t, owner, 1)...).PreviewToken)
	owner.Post(t, http.StatusCreated, "/v1/orders", body, apptest.Idem("k")).Decode(t, &o)
	owner.Get(t, http.StatusOK, "/v1/orders/"+o.ID)

	for name, stranger := range map[string]*apptest.Client{"same site": s.Shopper("demo-japan").SignUp(t), "other site": s.Shopper("demo-korea").SignUp(t)} {
		for _, path := range []string{"/v1/orders/%s", "/v1/orders/%s/parcels"} {
			foreign := stranger.Get(t, http.StatusNotFound, strings.Replace(path, "%s", o.ID, 1)).Problem(t)
			missing := stranger.Get(t, http.StatusNotFound, strings.Replace(path, "%s", "4611686018427387904", 1)).Problem(t)
			foreign.RequestID, missing.RequestID = "", ""
			assert.Equal(t, missing, foreign, "%s %s", name, path)
		}
		var list struct{ Items []any }
		stranger.Get(t, http.StatusOK, "/v1/orders").Decode(t, &list)
		assert.Empty(t, list.Items, name)
	}
}

// A missing key is explained in the shopper's language.
func TestProblemsSpeakTheShoppersLanguage(t *testing.T) {
	s := apptest.Start(t)
	shopper := s.Shopper("demo-japan").SignUp(t)
	for _, tt := range []struct{ site, accept, want, part string }{
		{"demo-japan", "ja, en;q=0.5", "ja", "ヘッダー"},
		{"demo-japan", "", "ja", "ヘッダー"}, // the site's own
		{"demo-japan", "ko-KR", "ko", "헤더"},
		{"demo-japan", "xx", "ja", "ヘッダー"},
	} {
		a := shopper.Post(t, http.StatusBadRequest, "/v1/orders", apptest.OrderBody("1.x"), apptest.With{"Accept-Language": tt.accept})
		p := a.Problem(t)
		assert.Equal(t, "IDEMPOTENCY_KEY_REQUIRED", p.Code)
		assert.Equal(t, []string{"/header/Idempotency-Key"}, p.Pointers())
		assert.Contains(t, p.Title+p.Detail, tt.part, tt.accept)
		assert.Equal(t, tt.want, a.Header.Get("Content-Language"), tt.accept)
		assert.Equal(t, "application/problem+json", a.Header.Get("Content-Type"))
		assert.Equal(t, p.RequestID, a.Header.Get("X-Request-Id"))
	}
}

// Bodies that are not what the contract asks for are refused with the place that is wrong, and change nothing.
func TestHostileBodies(t *testing.T) {
	s := apptest.Start(t)
	shopper := s.Shopper("demo-japan").SignUp(t)
	item := s.Goods(t, shopper, 1)[0]
	previewOf := func(quantity string) string {
		return `{"items":[{"offerId":"` + item.OfferID + `","skuId":"` + item.SkuID + `","quantity":` + quantity + `}]}`
	}
	shopper.Post(t, http.StatusOK, "/v1/orders/preview", previewOf(strconv.FormatInt(item.Quantity, 10)))
	calls := s.Sandbox.Executed(t, "createOrder.preview")

	const quantity = "/items/0/quantity"
	for _, tt := range []struct {
		name, body, pointer string
		status              int
	}{
		{"quantity 0", previewOf("0"), quantity, 400},
		{"quantity -1", previewOf("-1"), quantity, 400},
		{"quantity 1e18", previewOf("1e18"), quantity, 400},
		{"quantity 10^18", previewOf("1000000000000000000"), quantity, 400},
		{"quantity 2^63", previewOf("9223372036854775808"), quantity, 400},
		{"quantity 10^400", previewOf("1" + strings.Repeat("0", 400)), quantity, 400},
		{"quantity 1.5", previewOf("1.5"), quantity, 400},
		{"quantity 10.0", previewOf("10.0"), quantity, 400},
		{"quantity text", previewOf(`"1"`), quantity, 400},
		{"quantity null", previewOf("null"), quantity, 400},
		{"quantity true", previewOf("true"), quantity, 400},
		{"quantity list", previewOf("[1]"), quantity, 400},
		{"quantity object", previewOf("{}"), quantity, 400},
		{"quantity twice", previewOf(`1,"quantity":2`), quantity, 400},
		{"quantity 01", previewOf("01"), "", 400},
		{"quantity NaN", previewOf("NaN"), "", 400},
		{"no quantity", `{"items":[{"offerId":"` + item.OfferID + `"}]}`, quantity, 400},
		{"unknown field", `{"items":[],"price":1}`, "/price", 400},
		{"a field of another case", `{"Items":[{"offerId":"1","quantity":1}]}`, "/Items", 400},
		{"a price for a line", `{"items":[{"offerId":"1","quantity":1,"price":1}]}`, "/items/0/price", 400},
		{"no lines", `{"items":[]}`, "/items", 400},
		{"201 lines", `{"items":[` + strings.Repeat(`{"offerId":"1","quantity":1},`, 200) + `{"offerId":"1","quantity":1}]}`, "/items", 400},
		{"offer 0", `{"items":[{"offerId":0,"quantity":1}]}`, "/items/0/offerId", 400},
		{"offer -1", `{"items":[{"offerId":"-1","quantity":1}]}`, "/items/0/offerId", 400},
		{"offer 2^63", `{"items":[{"offerId":"9223372036854775808","quantity":1}]}`, "", 400},
		{"offer float", `{"items":[{"offerId":1.5,"quantity":1}]}`, "/items/0/offerId", 400},
		{"offer full-width digits", `{"items":[{"offerId":"１２","quantity":1}]}`, "/items/0/offerId", 400},
		{"empty", ``, "", 400},
		{"null", `null`, "", 400},
		{"list", `[]`, "", 400},
		{"cut off", `{"items":[{"offerId"`, "", 400},
		{"two values", previewOf("2") + `{}`, "", 400},
		{"trailing text", previewOf("2") + `x`, "", 400},
		{"byte order mark", "\ufeff" + previewOf("2"), "", 400},
		{"NUL in a text", `{"items":[{"offerId":"1\u0000","quantity":1}]}`, "/items/0/offerId", 400},
		{"invalid UTF-8", "{\"items\":\"\xff\"}", "", 400},
		{"lone surrogate", `{"items":"\ud800"}`, "", 400},
		{"100,000 levels", strings.Repeat("[", 100_000), "", 400},
	} {
		a, err := shopper.Try(t, http.MethodPost, "/v1/orders/preview", tt.body)
		require.NoError(t, err, tt.name)
		require.Equal(t, tt.status, a.Status, "%s: %s", tt.name, a.Body)
		if tt.pointer != "" {
			assert.Contains(t, a.Problem(t).Pointers(), tt.pointer, "%s: %s", tt.name, a.Body)
		}
	}
	assert.Equal(t, calls, s.Sandbox.Executed(t, "createOrder.preview"), "nothing of this reaches 1688")

	order := apptest.OrderBody("1.x")
	for _, field := range []string{"status", "total", "orderId", "currency", "paidAt"} {
		a := shopper.Post(t, 400, "/v1/orders", apptest.Bend(order, func(m map[string]any) { m[field] = "1" }), apptest.Idem("k"))
		assert.Equal(t, []string{"/" + field}, a.Problem(t).Pointers())
	}
	a := shopper.Post(t, 400, "/v1/orders", apptest.Bend(order, func(m map[string]any) { delete(m["address"].(map[string]any), "phone") }), apptest.Idem("k"))
	assert.Equal(t, []string{"/address/phone"}, a.Problem(t).Pointers())
	for _, key := range []string{strings.Repeat("k", 256), "ключ", "a b"} {
		a := shopper.Post(t, 400, "/v1/orders", order, apptest.Idem(key))
		assert.Contains(t, a.Problem(t).Pointers(), "/header/Idempotency-Key")
	}
	assert.Zero(t, s.Count(t, "SELECT COUNT(*) FROM orders"))
	assert.Zero(t, s.Count(t, "SELECT COUNT(*) FROM idempotency"), "refused requests do not use a key up")
}

// A body beyond 1 MiB is refused, with and without a length that says so; 1 MiB itself is read.
func TestLargeBodies(t *testing.T) {
	s := apptest.Start(t)
	shopper := s.Shopper("demo-japan").SignUp(t)
	pad := func(n int) []byte {
		b, _ := json.Marshal(apptest.OrderBody("1.x"))
		return append(b, bytes.Repeat([]byte(" "), n-len(b))...)
	}
	chunked := func(b []byte) io.Reader { return struct{ io.Reader }{bytes.NewReader(b)} }
	const limit = 1 << 20
	shopper.Post(t, http.StatusUnprocessableEntity, "/v1/orders", pad(limit), apptest.Idem("k"))
	shopper.Post(t, http.StatusUnprocessableEntity, "/v1/orders", chunked(pad(limit)), apptest.Idem("k"))
	for name, body := range map[string]any{"with length": pad(limit + 1), "chunked": chunked(pad(limit + 1))} {
		a := shopper.Post(t, http.StatusRequestEntityTooLarge, "/v1/orders", body, apptest.Idem("k"))
		assert.Equal(t, "REQUEST_TOO_LARGE", a.Problem(t).Code, name)
	}
	for name, with := range map[string]apptest.With{
		"no type": {"Content-Type": ""}, "text": {"Content-Type": "text/plain"}, "form": {"Content-Type": "application/x-www-form-urlencoded"},
		"other charset": {"Content-Type": "application/json; charset=shift_jis"}, "gzip": {"Content-Encoding": "gzip"},
	} {
		a := shopper.Post(t, http.StatusUnsupportedMediaType, "/v1/orders", apptest.OrderBody("1.x"), apptest.Idem("k"), with)
		assert.Equal(t, "REQUEST_CONTENT_TYPE", a.Problem(t).Code, name)
	}
	for _, path := range []string{"/callbacks/payments", "/callbacks/1688"} {
		with := apptest.With{}
		if path == "/callbacks/1688" {
			with["Content-Type"] = "application/x-www-form-urlencoded"
		}
		s.Anyone().Post(t, http.StatusRequestEntityTooLarge, path, pad(limit+1), with)
	}
}
