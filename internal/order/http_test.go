package order

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"entrepot/api"
	"entrepot/internal/auth"
	"entrepot/internal/web"
)

// edge is the service behind the real contract, with a member and an operator signed in.
type edge struct {
	*fixture
	srv           *web.Server
	member, staff string
}

func newEdge(t *testing.T) *edge {
	f := newFixture(t, nil)
	srv, err := web.New(web.Options{Bundle: f.bundle, Sites: f.sites, Spec: api.Spec, Authenticate: f.auth.Authenticators()})
	require.NoError(t, err)
	require.NoError(t, f.Routes(srv))
	tokens, err := f.auth.IssueMember(t.Context(), "japan", member.ID, member.OutMemberID, "ja")
	require.NoError(t, err)
	_, err = f.auth.CreateStaff(t.Context(), "ops", "a long ops password", auth.Ops)
	require.NoError(t, err)
	staff, err := f.auth.StaffSignIn(t.Context(), "ops", "a long ops password")
	require.NoError(t, err)
	return &edge{f, srv, tokens.AccessToken, staff.AccessToken}
}

// do calls an operation and decodes its answer into v.
func (e *edge) do(method, path, token, body string, status int, v any) {
	e.t.Helper()
	var req = httptest.NewRequestWithContext(e.t.Context(), method, path, strings.NewReader(body))
	if body == "" {
		req = httptest.NewRequestWithContext(e.t.Context(), method, path, nil)
	} else {
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Idempotency-Key", idem().Key)
	}
	req.Header.Set("X-Site-Key", "key-jp")
	req.Header.Set("Accept-Language", "en")
	req.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	e.srv.Engine.ServeHTTP(w, req)
	require.Equal(e.t, status, w.Code, "%s %s: %s", method, path, w.Body)
	if v != nil {
		require.NoError(e.t, json.Unmarshal(w.Body.Bytes(), v), w.Body.String())
	}
}

// The shapes of the wire, from the preview to the last parcel.
func TestOrderOverHTTP(t *testing.T) {
	e := newEdge(t)
	a := e.plain()[0]
	var p Preview
	e.do("POST", "/v1/orders/preview", e.member, fmt.Sprintf(`{"items":[{"offerId":"%d","skuId":%d,"quantity":%d}]}`, a.OfferID, a.SKUs[0].SkuID, a.enough()), 200, &p)
	require.NotNil(t, p.PreviewToken)
	require.NotNil(t, p.ExpiresAt)
	assert.Equal(t, "JPY", p.Totals.Total.Local.Currency)

	var o Order
	address := `{"fullName":"Taro Test","phone":"0300000000","postCode":"1000001","province":"Tokyo","city":"Chiyoda","address":"1-1"}`
	e.do("POST", "/v1/orders", e.member, fmt.Sprintf(`{"previewToken":%q,"address":%s,"note":"hi"}`, *p.PreviewToken, address), 201, &o)
	assert.Equal(t, "awaiting_payment", o.Status)
	assert.Equal(t, p.Totals, o.Totals, "the order costs what the preview said, to the digit")
	assert.NotNil(t, o.PayBefore)
	require.Len(t, o.Lines, 1)
	assert.Equal(t, "Taro Test", o.Address.FullName)

	var page struct {
		Items      []Order
		NextCursor *string
	}
	e.do("GET", "/v1/orders?limit=1&statusGroup=paying", e.member, "", 200, &page)
	require.Len(t, page.Items, 1)
	assert.Nil(t, page.NextCursor)
	assert.Equal(t, o.Id, page.Items[0].Id)
	orderID, err := web.ParseID(o.Id)
	require.NoError(t, err)

	e.pay(e.order(orderID))
	e.do("GET", "/v1/orders/"+o.Id, e.member, "", 200, &o)
	assert.Equal(t, "paid", o.Status)
	require.NoError(t, e.StartPurchase(t.Context(), orderID, "purchase.started", "system"))
	row := e.purchases(orderID)[0]
	require.NoError(t, e.Create(t.Context(), row.ID))
	no := *e.purchases(orderID)[0].AlibabaOrderID
	e.act(no, "pay", "")
	e.act(no, "ship", "")
	e.act(no, "change-mail-no", "")
	require.NoError(t, e.Refresh(t.Context(), row.ID, "message"))

	var admin AdminOrder
	e.do("GET", "/admin/v1/orders/"+o.Id, e.staff, "", 200, &admin)
	require.Len(t, admin.Purchases, 1)
	assert.Equal(t, "shipped", admin.Purchases[0].State)
	assert.Equal(t, no, *admin.Purchases[0].AlibabaOrderId)
	require.Len(t, admin.Purchases[0].Lines, 1)
	assert.NotNil(t, admin.Purchases[0].Lines[0].SubItemId)
	assert.Equal(t, "payment.succeeded", admin.Transitions[0].Cause)
	e.do("POST", "/admin/v1/orders/"+o.Id+"/purchase", e.staff, "{}", 202, &admin)

	var parcel Parcel
	e.do("POST", "/admin/v1/orders/"+o.Id+"/parcels", e.staff, `{"parcelNo":"EN1","carrier":"Post","trackingNo":"T1"}`, 201, &parcel)
	e.do("POST", "/admin/v1/parcels/"+parcel.Id+"/events", e.staff, `{"event":"sign","detail":"front door"}`, 201, &parcel)
	assert.Equal(t, ParcelStatusDelivered, parcel.Status)
	var parcels Parcels
	e.do("GET", "/v1/orders/"+o.Id+"/parcels", e.member, "", 200, &parcels)
	assert.Len(t, parcels.Items, 2)
	for _, entry := range parcels.Timeline {
		assert.NotEmpty(t, entry.Text)
		assert.NotContains(t, entry.Text, "tracking.", "a message id is no text")
	}
	var rows struct{ Items []AdminOrderRow }
	e.do("GET", "/admin/v1/orders?site=japan&statusGroup=done", e.staff, "", 200, &rows)
	require.Len(t, rows.Items, 1)
	assert.Equal(t, o.Id, rows.Items[0].Id)
	e.do("GET", "/v1/orders/"+o.Id, e.member, "", 200, &o)
	assert.Equal(t, "completed", o.Status)
	assert.NotNil(t, o.CompletedAt)
}

func TestOrderPagesOverHTTP(t *testing.T) {
	e := newEdge(t)
	a := e.plain()[0]
	for range 3 {
		e.placed(a.item(0, a.enough()))
	}
	for path, token := range map[string]string{"/v1/orders": e.member, "/admin/v1/orders": e.staff} {
		seen, cursor := map[string]bool{}, ""
		for range 2 {
			var page struct {
				Items      []struct{ ID string }
				NextCursor *string
			}
			e.do("GET", path+"?limit=2"+cursor, token, "", 200, &page)
			for _, it := range page.Items {
				assert.False(t, seen[it.ID])
				seen[it.ID] = true
			}
			if page.NextCursor != nil {
				cursor = "&cursor=" + *page.NextCursor
			}
		}
		assert.Len(t, seen, 3)
	}
}

func TestOrderProblemsOverHTTP(t *testing.T) {
	e := newEdge(t)
	for _, tt := range []struct {
		method, path, token, body string
		status                    int
		code                      string
	}{
		{"GET", "/v1/orders/17", e.member, "", 404, "ORDER_NOT_FOUND"},
		{"GET", "/v1/orders/17/parcels", e.member, "", 404, "ORDER_NOT_FOUND"},
		{"GET", "/admin/v1/orders/17", e.staff, "", 404, "ORDER_NOT_FOUND"},
		{"POST", "/admin/v1/orders/17/purchase", e.staff, "{}", 404, "ORDER_NOT_FOUND"},
		{"POST", "/admin/v1/orders/17/parcels", e.staff, `{"parcelNo":"E1","carrier":"x","trackingNo":"y"}`, 404, "ORDER_NOT_FOUND"},
		{"POST", "/admin/v1/parcels/17/events", e.staff, `{"event":"sign"}`, 404, "PARCEL_NOT_FOUND"},
		{"GET", "/v1/orders?cursor=nonsense", e.member, "", 400, "CURSOR_INVALID"},
		{"POST", "/v1/orders", e.member, `{"previewToken":"1.x","address":{"fullName":"T","phone":"0300000000","postCode":"1","province":"T","city":"C","address":"1"}}`, 422, "ORDER_PREVIEW_INVALID"},
	} {
		var problem struct{ Code string }
		e.do(tt.method, tt.path, tt.token, tt.body, tt.status, &problem)
		assert.Equal(t, tt.code, problem.Code, "%s %s", tt.method, tt.path)
	}
}

// Everybody on the staff may look; buying and shipping is for operations.
func TestWhoMayDoWhat(t *testing.T) {
	e := newEdge(t)
	row := e.rowFor(AwaitingPayment, nil)
	for _, role := range auth.Roles {
		login := string(role) + "-person"
		_, err := e.auth.CreateStaff(t.Context(), login, "a long staff password", role)
		require.NoError(t, err)
		tokens, err := e.auth.StaffSignIn(t.Context(), login, "a long staff password")
		require.NoError(t, err)
		e.do("GET", "/admin/v1/orders", tokens.AccessToken, "", 200, nil)
		e.do("GET", "/admin/v1/orders/"+id(row.ID), tokens.AccessToken, "", 200, nil)
		refused := 403
		if role == auth.Ops || role == auth.Admin {
			refused = 409 // allowed to ask, but this order is not paid
		}
		e.do("POST", "/admin/v1/orders/"+id(row.ID)+"/purchase", tokens.AccessToken, "{}", refused, nil)
		e.do("POST", "/admin/v1/orders/"+id(row.ID)+"/parcels", tokens.AccessToken, `{"parcelNo":"E1","carrier":"x","trackingNo":"y"}`, refused, nil)
	}
}
