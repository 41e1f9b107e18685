package alibaba

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const tokenPath = "POST /openapi/http/1/system.oauth2/getToken/1000000"

// authority hands out tokens and serves orderSync for the current one only.
type authority struct {
	refreshes atomic.Int32
	valid     atomic.Value // string
	status    atomic.Int32 // of getToken, 0 = 200
}

func withAuthority(t *testing.T, change ...func(*Options)) (*Client, *gateway, *authority) {
	t.Helper()
	a := &authority{}
	a.valid.Store("token-1")
	c, g := setup(t, append([]func(*Options){func(o *Options) { o.RefreshToken = "refresh-1" }}, change...)...)
	g.mux.HandleFunc(tokenPath, func(w http.ResponseWriter, r *http.Request) {
		n := a.refreshes.Add(1)
		assert.NoError(t, r.ParseForm())
		assert.Equal(t, "refresh_token", r.PostForm.Get("grant_type"))
		assert.Equal(t, "1000000", r.PostForm.Get("client_id"))
		assert.Equal(t, testSecret, r.PostForm.Get("client_secret"))
		assert.Equal(t, "refresh-1", r.PostForm.Get("refresh_token"))
		assert.False(t, r.PostForm.Has(signatureField), "getToken is unsigned")
		if status := int(a.status.Load()); status != 0 {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, `{"error":"invalid_request","error_description":"bad refresh token refresh-1"}`)
			return
		}
		fresh := fmt.Sprintf("fresh-%d", n)
		a.valid.Store(fresh)
		_, _ = fmt.Fprintf(w, `{"access_token":%q,"expires_in":"36000","aliId":"1","resource_owner":"x"}`, fresh)
	})
	g.on(t, &apiOrderSync, func(w http.ResponseWriter, r *http.Request) {
		if g.last(t).Get("access_token") == "" {
			w.WriteHeader(500)
		}
		_, _ = w.Write(golden(t, "order_sync"))
	})
	g.on(t, &apiRelationWrite, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(401)
		_, _ = io.WriteString(w, `{"error_code":"401","error_message":"Request need user authorized"}`)
	})
	return c, g, a
}

// refusing answers 401 until the token is the valid one; it reads the token from its own request.
func (a *authority) refusing(t *testing.T, g *gateway, api *endpoint, before func()) {
	g.mux.HandleFunc("POST /openapi/param2/1/"+api.namespace+"/"+api.name+"/1000000", func(w http.ResponseWriter, r *http.Request) {
		assert.NoError(t, r.ParseForm())
		token := r.PostForm.Get("access_token")
		g.mu.Lock()
		g.calls = append(g.calls, r.PostForm)
		g.mu.Unlock()
		if token == "token-1" && before != nil {
			before()
		}
		if token != a.valid.Load() || token == "token-1" {
			w.WriteHeader(401)
			_, _ = io.WriteString(w, `{"error_code":"401","error_message":"Request need user authorized"}`)
			return
		}
		_, _ = w.Write(golden(t, "order_sync"))
	})
}

func TestToken_fifty_refusals_one_refresh(t *testing.T) {
	var kept []Token
	c, g, a := withAuthority(t, func(o *Options) {
		o.OnToken = func(tok Token) { kept = append(kept, tok) }
		o.Now = func() time.Time { return noon }
	})
	const callers = 50
	var arrived sync.WaitGroup
	arrived.Add(callers)
	a.refusing(t, g, &apiLogisticsSync, func() { arrived.Done(); arrived.Wait() }) // all are refused at the same time
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			_, err := c.SyncLogistics(t.Context(), LogisticsSync{OrderID: "1"})
			assert.NoError(t, err)
		})
	}
	wg.Wait()
	assert.EqualValues(t, 1, a.refreshes.Load())
	assert.Equal(t, 2*callers, g.count())
	assert.Equal(t, []Token{{AccessToken: "fresh-1", RefreshToken: "refresh-1", ExpiresAt: noon.Add(10 * time.Hour)}}, kept)
}

func TestToken_second_refusal_is_final(t *testing.T) {
	c, g, a := withAuthority(t)
	_, err := c.WriteRelation(t.Context(), Relation{})
	assert.Equal(t, Auth, ClassOf(err))
	assert.EqualValues(t, 1, a.refreshes.Load())
	assert.Equal(t, 2, g.count(), "the call and one repeat")
}

func TestToken_failed_refresh_is_shared_and_not_stormed(t *testing.T) {
	now := noon
	c, g, a := withAuthority(t, func(o *Options) { o.Now = func() time.Time { return now } })
	a.status.Store(400)
	for range 5 {
		_, err := c.WriteRelation(t.Context(), Relation{})
		assert.Equal(t, Auth, ClassOf(err), "%v", err)
		assert.NotContains(t, err.Error(), "refresh-1")
	}
	assert.EqualValues(t, 1, a.refreshes.Load(), "a failed refresh is not tried again at once")
	assert.Equal(t, 5, g.count())
	now = now.Add(renewPause)
	a.status.Store(503)
	_, err := c.WriteRelation(t.Context(), Relation{})
	assert.Equal(t, Transient, ClassOf(err), "the write was refused, so nothing is in doubt")
	assert.EqualValues(t, 2, a.refreshes.Load())
}

func TestToken_first_one_is_fetched(t *testing.T) {
	c, g, a := withAuthority(t, func(o *Options) { o.AccessToken = "" })
	require.NoError(t, write(t.Context(), c))
	assert.EqualValues(t, 1, a.refreshes.Load())
	assert.Equal(t, "fresh-1", g.last(t).Get("access_token"))
}

func TestToken_renewed_ahead_of_expiry(t *testing.T) {
	var mu sync.Mutex
	now := noon
	set := func(at time.Time) { mu.Lock(); now = at; mu.Unlock() }
	c, g, a := withAuthority(t, func(o *Options) {
		o.AccessToken = ""
		o.Now = func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	})
	require.NoError(t, write(t.Context(), c))
	set(noon.Add(10*time.Hour - renewAhead - time.Second))
	require.NoError(t, write(t.Context(), c))
	assert.EqualValues(t, 1, a.refreshes.Load(), "not due yet")

	set(noon.Add(10*time.Hour - time.Minute))
	require.NoError(t, write(t.Context(), c))
	assert.Equal(t, "fresh-1", g.last(t).Get("access_token"), "the old token serves while the new one is fetched")
	c.tokens.running.Wait()
	assert.EqualValues(t, 2, a.refreshes.Load())
	require.NoError(t, write(t.Context(), c))
	assert.Equal(t, "fresh-2", g.last(t).Get("access_token"))

	set(noon.Add(100 * time.Hour))
	require.NoError(t, write(t.Context(), c))
	assert.Equal(t, "fresh-3", g.last(t).Get("access_token"), "past expiry the call waits")
}

func TestToken_waiter_keeps_its_own_deadline(t *testing.T) {
	c, g := setup(t, func(o *Options) { o.AccessToken, o.RefreshToken = "", "refresh-1" })
	gate := make(chan struct{})
	release := sync.OnceFunc(func() { close(gate) })
	t.Cleanup(release)
	g.mux.HandleFunc(tokenPath, func(w http.ResponseWriter, r *http.Request) {
		<-gate
		_, _ = io.WriteString(w, `{"access_token":"late","expires_in":"60"}`)
	})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	err := write(ctx, c)
	assert.Equal(t, Transient, ClassOf(err))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	release()
	c.tokens.running.Wait()
	assert.Equal(t, "late", c.tokens.current().AccessToken, "the renewal itself outlives its caller")
	assert.Zero(t, g.count())
}

func TestToken_single_user_app_sends_none(t *testing.T) {
	c, g := setup(t, func(o *Options) { o.AccessToken = "" })
	api := apiOrderSync
	api.noToken = true // makes the gateway assert that no token came
	g.answers(t, &api, 200, string(golden(t, "order_sync")))
	require.NoError(t, write(t.Context(), c))
}

func TestToken_answers(t *testing.T) {
	old := Token{AccessToken: "old", RefreshToken: "refresh-1"}
	tests := []struct {
		name  string
		in    answer
		want  Token
		class Class
	}{
		{"with a new refresh token", answer{status: 200, body: []byte(`{"access_token":"a","refresh_token":"r","expires_in":60}`)}, Token{"a", "r", noon.Add(time.Minute)}, OK},
		{"without expiry", answer{status: 200, body: []byte(`{"access_token":"a"}`)}, Token{AccessToken: "a", RefreshToken: "refresh-1"}, OK},
		{"gateway refusal", answer{status: 400, body: []byte(`{"error_code":"gw.AppKeyNotFound"}`)}, Token{}, Auth},
		{"rate limit", answer{status: 400, body: []byte(`{"error_code":"gw.QosAppFrequencyLimit"}`)}, Token{}, Quota},
		{"empty object", answer{status: 200, body: []byte(`{}`)}, Token{}, Auth},
		{"HTML", answer{status: 200, body: []byte(`<html>`)}, Token{}, Transient},
		{"503", answer{status: 503}, Token{}, Transient},
		{"no answer", answer{err: io.ErrUnexpectedEOF}, Token{}, Transient},
	}
	c, _ := setup(t, func(o *Options) { o.Now = func() time.Time { return noon } })
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, failure := c.readToken(tt.in, old)
			assert.Equal(t, tt.want, got)
			if failure == nil {
				assert.Equal(t, OK, tt.class)
				return
			}
			assert.Equal(t, tt.class, failure.Class)
		})
	}
}
