package sync

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"entrepot/api"
	"entrepot/internal/alibaba"
	"entrepot/internal/auth"
	"entrepot/internal/jobs"
	"entrepot/internal/order"
	"entrepot/internal/sandbox"
	"entrepot/internal/web"
)

// edge is the service behind the real contract, with one person of each role signed in.
type edge struct {
	*fixture
	srv    *web.Server
	tokens map[auth.Role]string
}

func newEdge(t *testing.T) *edge {
	e := &edge{fixture: newFixture(t, options{}), tokens: map[auth.Role]string{}}
	var err error
	e.srv, err = web.New(web.Options{Bundle: e.bundle, Sites: e.sites, Spec: api.Spec, Authenticate: e.auth.Authenticators()})
	require.NoError(t, err)
	require.NoError(t, e.Routes(e.srv))
	for _, role := range []auth.Role{auth.Ops, auth.Auditor} {
		_, err := e.auth.CreateStaff(t.Context(), string(role), "a long staff password", role)
		require.NoError(t, err)
		tokens, err := e.auth.StaffSignIn(t.Context(), string(role), "a long staff password")
		require.NoError(t, err)
		e.tokens[role] = tokens.AccessToken
	}
	return e
}

func (e *edge) do(role auth.Role, method, path string, status int, v any) {
	e.t.Helper()
	req := httptest.NewRequestWithContext(e.t.Context(), method, path, nil)
	if method == "POST" {
		req.Header.Set("Idempotency-Key", "k-"+path)
	}
	req.Header.Set("Accept-Language", "en")
	req.Header.Set("Authorization", "Bearer "+e.tokens[role])
	w := httptest.NewRecorder()
	e.srv.Engine.ServeHTTP(w, req)
	require.Equal(e.t, status, w.Code, "%s %s: %s", method, path, w.Body)
	if v != nil {
		require.NoError(e.t, json.Unmarshal(w.Body.Bytes(), v))
	}
}

func (e *edge) callback(form, query string) *httptest.ResponseRecorder {
	e.t.Helper()
	req := httptest.NewRequestWithContext(e.t.Context(), "POST", "/callbacks/1688"+query, strings.NewReader(form))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	e.srv.Engine.ServeHTTP(w, req)
	return w
}

func TestCallbackOverHTTP(t *testing.T) {
	e := newEdge(t)
	text := orderMessage("100", alibaba.TopicOrderPaid, "1")
	form := signed(sandbox.DemoSecret, text)
	for range 2 { // 1688 repeats what it thinks we missed
		w := e.callback(form.Encode(), "")
		require.Equal(t, 200, w.Code, w.Body.String())
		assert.Equal(t, "success", w.Body.String())
	}
	assert.Equal(t, 401, e.callback(signed("wrong", text).Encode(), "").Code)
	assert.Equal(t, 401, e.callback(form.Encode()+"&more=1", "").Code, "the signature covers everything")
	assert.Equal(t, 401, e.callback(form.Encode(), "?more=1").Code, "the signature covers the query")
	assert.Equal(t, 400, e.callback(signed(sandbox.DemoSecret, "hello").Encode(), "").Code)
	assert.Equal(t, 400, e.callback("message=%zz&_aop_signature=00", "").Code)
	assert.EqualValues(t, 1, e.count("inbox"), "nothing of it is stored")
	assert.Len(t, e.jobRows(JobApply), 1)
}

func TestMessagesOverHTTP(t *testing.T) {
	e := newEdge(t)
	for i := range 5 {
		id := e.receive(message(fmt.Sprint(i), "SOMETHING_NEW", map[string]any{}))
		if i%2 == 0 {
			require.NoError(t, e.Apply(t.Context(), id))
		}
	}
	seen, cursor := []string{}, ""
	for range 3 {
		var page struct {
			Items      []MessageEntry
			NextCursor *string
		}
		e.do(auth.Auditor, "GET", "/admin/v1/messages?limit=2"+cursor, 200, &page)
		for _, m := range page.Items {
			seen = append(seen, m.MsgId)
		}
		if page.NextCursor == nil {
			break
		}
		cursor = "&cursor=" + *page.NextCursor
	}
	assert.Equal(t, []string{"4", "3", "2", "1", "0"}, seen)
	var page struct{ Items []MessageEntry }
	e.do(auth.Auditor, "GET", "/admin/v1/messages?state=ignored", 200, &page)
	require.Len(t, page.Items, 3)
	assert.Equal(t, "unknown topic", *page.Items[0].Reason)
	assert.NotNil(t, page.Items[0].AppliedAt)
}

func TestLedgerOverHTTP(t *testing.T) {
	e := newEdge(t)
	e.order(1001)
	e.parcel(3001, 1001, "EN1")
	var v struct {
		OrderID  string
		Complete bool
		Verdict  string
		Items    []LedgerEntry
	}
	ledger := func() {
		t.Helper()
		v.Items = nil
		e.do(auth.Auditor, "GET", "/admin/v1/orders/1001/ledger", 200, &v)
	}
	ledger()
	assert.Equal(t, e.bundle.Text("en", "ledger.nothing", nil), v.Verdict)
	assert.True(t, v.Complete)
	assert.Empty(t, v.Items)

	// Queued pushes have no row yet and are missing all the same.
	at := e.clock.now()
	e.set("orders", 1001, map[string]any{"total_fen": -1})
	e.queueUp(1001, payed(1001), parcelStep(3001, "1001:EN1", "send", "send", at))
	ledger()
	assert.False(t, v.Complete)
	assert.Equal(t, e.bundle.Text("en", "ledger.missing", map[string]any{"count": 2}), v.Verdict)
	require.Len(t, v.Items, 2)
	assert.Equal(t, []string{"order", "logistics"}, []string{string(v.Items[0].Kind), string(v.Items[1].Kind)}, "oldest first")
	assert.EqualValues(t, stateQueued, v.Items[0].State)

	e.work()
	e.eventually("refused", func() bool { return len(e.rows()) == 1 && e.rows()[0].State == stateRefused })
	ledger()
	require.Len(t, v.Items, 2)
	assert.EqualValues(t, stateRefused, v.Items[0].State)
	assert.Equal(t, "PARAM_ERROR", *v.Items[0].Code)

	entry := "/admin/v1/sync/entries/" + v.Items[0].Id + "/retry"
	e.set("orders", 1001, map[string]any{"total_fen": 4600})
	e.do(auth.Auditor, "POST", entry, 403, nil)
	e.do(auth.Ops, "POST", entry, 202, nil)
	e.eventually("acknowledged", func() bool {
		e.hurry()
		ledger()
		return v.Complete
	})
	assert.Equal(t, e.bundle.Text("en", "ledger.complete", nil), v.Verdict)
	require.Len(t, v.Items, 2)
	for _, it := range v.Items {
		assert.EqualValues(t, stateAcknowledged, it.State)
		assert.NotNil(t, it.AcknowledgedAt)
	}
	e.do(auth.Ops, "POST", entry, 409, nil)
	e.do(auth.Ops, "POST", "/admin/v1/sync/entries/5/retry", 404, nil)
	e.do(auth.Auditor, "GET", "/admin/v1/orders/17/ledger", 404, nil)
}

// A push that died before it could ask 1688 has no row, yet 1688 does not know everything.
func TestLedgerShowsPushesThatNeverCameToBe(t *testing.T) {
	f := newFixture(t, options{})
	f.order(1001)
	f.queueUp(1001, payed(1001), related(10011, "no number", "1"))
	f.inTx(func(tx *gorm.DB) error {
		return tx.Table("jobs").Where("kind = ?", order.JobPushRelation).UpdateColumn("attempts", 24).Error // its last try
	})
	f.work()
	f.eventually("dead", func() bool { return f.jobRows(order.JobPushRelation)[0].State == jobs.StateDead })
	rows, err := f.Ledger(t.Context(), 1001)
	require.NoError(t, err)
	require.Len(t, rows, 2)
	assert.Equal(t, []string{"relation", stateDead}, []string{rows[1].Kind, rows[1].State})
	assert.NotEmpty(t, rows[1].Message)
}
