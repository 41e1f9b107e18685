package pay

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"entrepot/api"
	"entrepot/internal/errs"
	"entrepot/internal/i18n"
	"entrepot/internal/site"
	"entrepot/internal/web"
)

func (f *fixture) serve() *web.Server {
	f.t.Helper()
	bundle, err := i18n.New()
	require.NoError(f.t, err)
	sites, err := site.New(nil)
	require.NoError(f.t, err)
	refuse := func(*gin.Context) error { return errs.New(errs.Unauthenticated, "auth.required") }
	srv, err := web.New(web.Options{Bundle: bundle, Sites: sites, Spec: api.Spec, Authenticate: map[string]func(*gin.Context) error{"memberToken": refuse, "staffToken": refuse}})
	require.NoError(f.t, err)
	require.NoError(f.t, f.Routes(srv))
	return srv
}

// callback posts a payment as the provider would, signed at a time with a secret.
func callback(t *testing.T, srv *web.Server, secret, webhookID string, at time.Time, body string) *httptest.ResponseRecorder {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), "POST", "/callbacks/payments", strings.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	if secret != "" {
		wh, err := standardwebhooks.NewWebhook(secret)
		require.NoError(t, err)
		sig, err := wh.Sign(webhookID, at, []byte(body))
		require.NoError(t, err)
		req.Header.Set(standardwebhooks.HeaderWebhookID, webhookID)
		req.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
		req.Header.Set(standardwebhooks.HeaderWebhookSignature, sig)
	}
	w := httptest.NewRecorder()
	srv.Engine.ServeHTTP(w, req)
	return w
}

func TestPaymentCallback(t *testing.T) {
	f := newFixture(t, nil)
	srv := f.serve()
	foreign := "whsec_" + "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB"
	now := time.Now()
	body := func(orderID int64, rest string) string {
		return fmt.Sprintf(`{"type":"payment.succeeded","timestamp":"2026-05-01T12:00:00Z","data":{"orderId":"%d","paymentId":"pay-%d","amount":980,"currency":"JPY"%s}}`, orderID, orderID, rest)
	}
	for _, tt := range []struct {
		name, secret, webhookID, rest string
		at                            time.Time
		status                        int
		code                          string
	}{
		{"signed", testSecret, "msg-1", "", now, 200, ""},
		{"signed with the old secret", oldSecret, "msg-2", `,"paidAt":"2026-05-01T11:00:00Z"`, now, 200, ""},
		{"signed by somebody else", foreign, "msg-3", "", now, 401, "PAYMENT_SIGNATURE"},
		{"not signed", "", "", "", now, 401, "PAYMENT_SIGNATURE"},
		{"signed too long ago", testSecret, "msg-4", "", now.Add(-6 * time.Minute), 401, "PAYMENT_SIGNATURE"},
		{"signed in the future", testSecret, "msg-5", "", now.Add(6 * time.Minute), 401, "PAYMENT_SIGNATURE"},
		{"a field nobody knows, unsigned", foreign, "msg-6", `,"tip":1`, now, 401, "PAYMENT_SIGNATURE"},
		{"a field nobody knows", testSecret, "msg-7", `,"tip":1`, now, 400, "REQUEST_INVALID"},
		{"a message id that does not fit", testSecret, strings.Repeat("m", 101), "", now, 400, "REQUEST_INVALID"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			id := f.order(nil)
			before := f.count("payments")
			w := callback(t, srv, tt.secret, tt.webhookID, tt.at, body(id, tt.rest))
			require.Equal(t, tt.status, w.Code, w.Body.String())
			var answer struct{ OrderID, State, Code string }
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &answer))
			assert.Equal(t, tt.code, answer.Code)
			if tt.status != 200 {
				assert.Equal(t, before, f.count("payments"), "nothing is stored")
				return
			}
			assert.Equal(t, []string{strconv.FormatInt(id, 10), accepted}, []string{answer.OrderID, answer.State})
			assert.Equal(t, "paid", f.row("orders", id, "status")["status"])
		})
	}
	var row paymentRow
	require.NoError(t, f.db.Read(t.Context()).Where("webhook_id = 'msg-2'").Take(&row).Error)
	assert.Equal(t, "2026-05-01T11:00:00Z", row.PaidAt.UTC().Format(time.RFC3339), "the provider's time, when it gives one")
	assert.Equal(t, 404, callback(t, srv, testSecret, "msg-9", now, body(5, "")).Code)
}
