package alibaba

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNew_refuses(t *testing.T) {
	good := Options{BaseURL: "https://gw.example.com/openapi/", AppKey: "1", AppSecret: "s"}
	_, err := New(good)
	require.NoError(t, err)
	for name, change := range map[string]func(*Options){
		"no URL":        func(o *Options) { o.BaseURL = "" },
		"no scheme":     func(o *Options) { o.BaseURL = "gw.example.com/openapi" },
		"other scheme":  func(o *Options) { o.BaseURL = "ftp://gw.example.com/openapi" },
		"query":         func(o *Options) { o.BaseURL += "?a=b" },
		"no key":        func(o *Options) { o.AppKey = "" },
		"key with path": func(o *Options) { o.AppKey = "1/2" },
		"no secret":     func(o *Options) { o.AppSecret = "" },
		"profile":       func(o *Options) { o.Profile = "moon" },
	} {
		o := good
		change(&o)
		_, err := New(o)
		assert.Error(t, err, name)
	}
}

// read and write are one call of each kind.
func read(ctx context.Context, c *Client) error {
	_, err := c.BuyerOrders(ctx, OrderListQuery{})
	return err
}

func write(ctx context.Context, c *Client) error {
	_, err := c.SyncOrder(ctx, orderSync())
	return err
}

// hijack answers raw bytes and cuts the connection.
func hijack(raw string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		if tcp, ok := conn.(*net.TCPConn); ok && raw == "" {
			_ = tcp.SetLinger(0) // reset instead of a clean end
		}
		_, _ = io.WriteString(conn, raw)
		_ = conn.Close()
	}
}

func TestFaults(t *testing.T) {
	fixed := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	refusal := func(status int, code any) http.HandlerFunc {
		return fixed(status, fmt.Sprintf(`{"error_code":%v,"error_message":"no","request_id":"r-1"}`, code))
	}
	tests := []struct {
		name        string
		handler     http.HandlerFunc
		read, write Class
		readCalls   int
	}{
		{"reset", hijack(""), Transient, Unknown, 2},
		{"cut mid-body", hijack("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"result\":"), Transient, Unknown, 2},
		{"500", fixed(500, "oops"), Transient, Unknown, 2},
		{"502 HTML", fixed(502, "<html>"), Transient, Unknown, 2},
		{"500 with the API's own code", refusal(500, `"SYSTEM_ERROR"`), Transient, Unknown, 2},
		{"500 with an unknown gateway code", refusal(500, `"gw.Whatever"`), Transient, Unknown, 2},
		{"gateway timeout code", refusal(400, `"gw.ApiTimeout"`), Transient, Unknown, 2},
		{"HTML", fixed(200, "<html>hi</html>"), Transient, Unknown, 2},
		{"404 HTML", fixed(404, "<html>hi</html>"), Transient, Unknown, 2},
		{"redirect", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) }, Transient, Unknown, 2},
		{"empty", fixed(200, ""), Transient, Unknown, 2},
		{"truncated", fixed(200, `{"result":{"success":true`), Transient, Unknown, 2},
		{"array", fixed(200, `[1]`), Transient, Unknown, 2},
		{"too big", fixed(200, `{"x":"`+strings.Repeat("y", maxBody)+`"}`), Transient, Unknown, 2},
		{"400 claiming success", fixed(400, `{"result":[],"success":true,"code":"S0000"}`), Transient, Unknown, 2},
		{"business failure", fixed(200, `{"result":{"success":false,"code":"E1","message":"no"}}`), Rejected, Rejected, 1},
		{"business failure in a 400", fixed(400, `{"success":false,"errorCode":"E1"}`), Rejected, Rejected, 1},
		{"business failure, text", fixed(200, `{"result":{"success":"false","retCode":"E1","retMsg":"no"}}`), Rejected, Rejected, 1},
		{"family D failure", fixed(200, `{"result":{"success":false,"errorCode":"E1","errorInfo":"no"}}`), Rejected, Rejected, 1},
		{"gateway code inside success", fixed(200, `{"result":{"success":true,"code":"gw.New"}}`), Rejected, Rejected, 1},
		{"code in a 200", refusal(200, `"E7"`), Rejected, Rejected, 1},
		{"code as number", refusal(400, `500`), Rejected, Rejected, 1},
		{"missing parameter", refusal(400, `"gw.ParamMissing"`), Rejected, Rejected, 1},
		{"unknown gateway code", refusal(400, `"gw.Whatever"`), Rejected, Rejected, 1},
		{"frequency", refusal(400, `"gw.QosAppFrequencyLimit"`), Quota, Quota, 1},
		{"request limit", refusal(400, `"gw.QosRequestLimit"`), Quota, Quota, 1},
		{"429", fixed(429, ""), Quota, Quota, 1},
		{"401", refusal(401, `"401"`), Auth, Auth, 1},
		{"401 as number in a 200", refusal(200, `401`), Auth, Auth, 1},
		{"bare 401", fixed(401, ""), Auth, Auth, 1},
		{"acl", refusal(400, `"gw.APIACLDecline"`), Auth, Auth, 1},
		{"signature", refusal(400, `"gw.SignatureInvalid"`), Auth, Auth, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, g := setup(t)
			g.on(t, &apiBuyerOrders, tt.handler)
			err := read(t.Context(), c)
			require.Equal(t, tt.read, ClassOf(err), "%v", err)
			require.Equal(t, tt.readCalls, g.count())

			g.on(t, &apiOrderSync, tt.handler)
			err = write(t.Context(), c)
			require.Equal(t, tt.write, ClassOf(err), "%v", err)
			require.Equal(t, tt.readCalls+1, g.count(), "a write is never repeated")
			var e *Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, "trade.cross.orderSync", e.API)
			if tt.write == Quota {
				assert.Equal(t, 10*time.Second, e.RetryAfter)
			} else {
				assert.Zero(t, e.RetryAfter)
			}
		})
	}
}

func TestRequestID(t *testing.T) {
	c, g := setup(t)
	g.answers(t, &apiOrderSync, 400, `{"error_code":"gw.ParamMissing","exception":"orderParam is missing","request_id":"r-1"}`)
	err := write(t.Context(), c)
	var e *Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, Error{API: "trade.cross.orderSync", Code: "gw.ParamMissing", Message: "orderParam is missing", RequestID: "r-1", HTTPStatus: 400, Class: Rejected}, *e)
}

func TestTimeout(t *testing.T) {
	release := make(chan struct{})
	hang := func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}
	t.Run("own timeout", func(t *testing.T) {
		c, g := setup(t, func(o *Options) { o.Timeout = 200 * time.Millisecond })
		g.on(t, &apiOrderSync, hang)
		g.on(t, &apiBuyerOrders, hang)
		err := write(context.WithoutCancel(t.Context()), c)
		assert.Equal(t, Unknown, ClassOf(err))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 1, g.count())
		assert.Equal(t, Transient, ClassOf(read(context.WithoutCancel(t.Context()), c)))
		assert.Equal(t, 3, g.count(), "a read is repeated once, each call with its own timeout")
	})
	t.Run("caller's deadline ends everything", func(t *testing.T) {
		c, g := setup(t)
		g.on(t, &apiBuyerOrders, hang)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		assert.Equal(t, Transient, ClassOf(read(ctx, c)))
		assert.Equal(t, 1, g.count())
	})
	close(release)
}

// A connection that was never made proves that a write never happened.
func TestNeverSent_is_transient(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	at := func(base string, h *http.Client) *Client {
		c, err := New(Options{BaseURL: base, AppKey: "1", AppSecret: testSecret, HTTP: h})
		require.NoError(t, err)
		t.Cleanup(c.Close)
		return c
	}
	slowDial := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}}}
	deaf := &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) { return nil, errors.New("broken pipe") })}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	assert.Equal(t, Transient, ClassOf(write(t.Context(), at("http://"+address+"/openapi", nil))), "refused")
	assert.Equal(t, Transient, ClassOf(write(t.Context(), at("http://no-such-host.invalid/openapi", nil))), "no such name")
	assert.Equal(t, Transient, ClassOf(write(ctx, at("http://"+address+"/openapi", slowDial))), "timeout while dialling")
	assert.Equal(t, Unknown, ClassOf(write(t.Context(), at("http://"+address+"/openapi", deaf))), "a transport without traces proves nothing")

	c := at("http://"+address+"/openapi", nil)
	c.guard = func(context.Context, string) (func(Call), error) { return nil, context.Canceled }
	err = write(t.Context(), c)
	assert.Equal(t, Transient, ClassOf(err))
	require.ErrorIs(t, err, context.Canceled)
	c.guard = func(context.Context, string) (func(Call), error) {
		return nil, &Error{Class: Quota, RetryAfter: time.Second}
	}
	var e *Error
	require.ErrorAs(t, write(t.Context(), c), &e)
	assert.Equal(t, Error{API: "trade.cross.orderSync", Class: Quota, RetryAfter: time.Second}, *e)
}

// The proof rests on the transport's traces, which HTTP/2 reports from another place than HTTP/1.
func TestTimeout_over_HTTP2_is_unknown(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		assert.Equal(t, 2, r.ProtoMajor)
		<-r.Context().Done()
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	c, err := New(Options{BaseURL: server.URL + "/openapi", AppKey: "1", AppSecret: testSecret, HTTP: server.Client()})
	require.NoError(t, err)
	defer c.Close()
	for range 2 { // a new connection, then a reused one
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		assert.Equal(t, Unknown, ClassOf(write(ctx, c)))
		cancel()
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestRead_recovers_on_the_second_call(t *testing.T) {
	var calls []Call
	var waits []string
	c, g := setup(t, func(o *Options) {
		o.Guard = func(_ context.Context, api string) (func(Call), error) {
			waits = append(waits, api)
			return func(c Call) { calls = append(calls, c) }, nil
		}
	})
	g.on(t, &apiBuyerOrders, func(w http.ResponseWriter, _ *http.Request) {
		if g.count() == 1 {
			w.WriteHeader(503)
			return
		}
		_, _ = w.Write(golden(t, "order_list"))
	})
	require.NoError(t, read(t.Context(), c))
	require.Len(t, calls, 2)
	for i := range calls {
		assert.Positive(t, calls[i].Duration)
		calls[i].Duration = 0
	}
	assert.Equal(t, []Call{{API: apiBuyerOrders.name, Class: Transient, Fault: BadAnswer, HTTPStatus: 503, Attempt: 1}, {API: apiBuyerOrders.name, Class: OK, HTTPStatus: 200, Attempt: 2}}, calls)
	assert.Equal(t, []string{apiBuyerOrders.name, apiBuyerOrders.name}, waits, "the limiter sees each gateway call")
}

// Nothing of a broken first answer may shine through the second.
func TestRead_starts_fresh(t *testing.T) {
	c, g := setup(t)
	g.on(t, &apiProductDetail, func(w http.ResponseWriter, _ *http.Request) {
		if g.count() == 1 {
			_, _ = io.WriteString(w, `{"result":{"success":true,"result":{"offerId":1,"companyName":"first","categoryId":5,"sellerOpenId":"a","productSkuInfos":[{"skuId":"junk"}]}}}`)
			return
		}
		_, _ = io.WriteString(w, `{"result":{"success":true,"result":{"offerId":2}}}`)
	})
	p, err := c.ProductDetail(t.Context(), DetailQuery{OfferID: 2})
	require.NoError(t, err)
	assert.Equal(t, Product{OfferID: 2}, *p)
}

func TestConnections_are_reused(t *testing.T) {
	var mu sync.Mutex
	conns := map[string]bool{}
	c, g := setup(t)
	g.on(t, &apiOrderSync, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		conns[r.RemoteAddr] = true
		mu.Unlock()
		_, _ = w.Write(golden(t, "order_sync"))
	})
	g.answers(t, &apiRelationWrite, 500, strings.Repeat("long error page ", 1000))
	for range 20 {
		require.NoError(t, write(t.Context(), c))
		_, err := c.WriteRelation(t.Context(), Relation{})
		require.Error(t, err)
	}
	assert.Len(t, conns, 1)
}

func TestErrors_hold_no_secrets(t *testing.T) {
	const token, secret = "token-very-secret", "secret-very-secret"
	echo := func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(400)
		_, _ = fmt.Fprintf(w, `{"error_code":"gw.SignatureInvalid","error_message":"token %s secret %s\u0000\n%s%s"}`, token, secret, strings.Repeat("é", 130), token)
	}
	c, g := setup(t, func(o *Options) { o.AccessToken, o.AppSecret = token, secret })
	g.mux.HandleFunc("/", echo)
	_, err := c.CreateCrossOrder(t.Context(), orderRequest())
	var e *Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, "gw.SignatureInvalid", e.Code)
	assert.LessOrEqual(t, len(e.Message), maxMessage)
	for _, private := range []string{"token-v", "very", "13800000000", "滨江区", "\n", "\x00"} {
		assert.NotContains(t, err.Error(), private)
	}

	g.server.Close()
	_, err = c.CreateCrossOrder(t.Context(), orderRequest())
	require.Error(t, err)
	for _, private := range []string{token, secret, "13800000000", "param2", "http://"} {
		assert.NotContains(t, err.Error(), private)
	}
	assert.NotContains(t, fmt.Sprintf("%v %+v", Token{AccessToken: token}, Token{RefreshToken: secret}), "very-secret")
}

func TestClassOf(t *testing.T) {
	assert.Equal(t, OK, ClassOf(nil))
	assert.Equal(t, Unknown, ClassOf(errors.New("foreign")))
	assert.Equal(t, Quota, ClassOf(fmt.Errorf("wrapped: %w", &Error{Class: Quota})))
}
