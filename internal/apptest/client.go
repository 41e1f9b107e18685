package apptest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // 1688 signs with HMAC-SHA1
	"encoding/hex"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"
)

// Answer is what the program said.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Decode reads the body into v.
func (a Answer) Decode(t testing.TB, v any) {
	t.Helper()
	require.NoError(t, json.Unmarshal(a.Body, v), "%s", a.Body)
}

// Problem is an RFC 9457 answer.
type Problem struct {
	Title, Detail, Code, RequestID string
	Status                         int
	Retryable                      bool
	Errors                         []struct{ Pointer, Code, Detail string }
}

// Problem reads the body as a problem.
func (a Answer) Problem(t testing.TB) (p Problem) {
	t.Helper()
	a.Decode(t, &p)
	return p
}

// Pointers are the fields a problem names.
func (p Problem) Pointers() (list []string) {
	for _, e := range p.Errors {
		list = append(list, e.Pointer)
	}
	return list
}

// Client calls the API as somebody.
type Client struct {
	s        *Stack
	SiteKey  string
	Token    string
	Language string
}

// Anyone calls without credentials.
func (s *Stack) Anyone() *Client { return &Client{s: s} }

// Shopper calls with a site key and, once signed up, with a token.
func (s *Stack) Shopper(siteKey string) *Client {
	return &Client{s: s, SiteKey: siteKey, Language: "ja, en;q=0.5"}
}

// With adds headers to one call; a value "" takes a header away.
type With map[string]string

// Idem is an Idempotency-Key.
func Idem(key string) With { return With{"Idempotency-Key": key} }

// Get calls and wants the status.
func (c *Client) Get(t testing.TB, want int, path string, with ...With) Answer {
	t.Helper()
	return c.want(t, want, http.MethodGet, path, nil, with...)
}

// Post calls with a body (JSON of v; text and bytes as they are) and wants the status.
func (c *Client) Post(t testing.TB, want int, path string, body any, with ...With) Answer {
	t.Helper()
	return c.want(t, want, http.MethodPost, path, body, with...)
}

func (c *Client) want(t testing.TB, want int, method, path string, body any, with ...With) Answer {
	t.Helper()
	a, err := c.Try(t, method, path, body, with...)
	require.NoError(t, err)
	require.Equal(t, want, a.Status, "%s %s: %s", method, path, a.Body)
	return a
}

// Try calls and takes whatever comes. An io.Reader as body is sent in chunks.
func (c *Client) Try(t testing.TB, method, path string, body any, with ...With) (Answer, error) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var reader io.Reader
	switch v := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(v)
	case []byte:
		reader = bytes.NewReader(v)
	case io.Reader:
		reader = v
	default:
		raw, err := json.Marshal(v)
		if err != nil {
			return Answer{}, err
		}
		reader = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.s.URL+path, reader)
	if err != nil {
		return Answer{}, err
	}
	c.head(req, body != nil)
	for name, value := range merge(with) {
		req.Header.Del(name)
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	resp, err := c.s.contract.client.Do(req)
	if err != nil {
		return Answer{}, err
	}
	raw, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close() // read to its end
	return Answer{resp.StatusCode, resp.Header, raw}, err
}

func (c *Client) head(req *http.Request, body bool) {
	if body {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.SiteKey != "" {
		req.Header.Set("X-Site-Key", c.SiteKey)
	}
	if c.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.Token)
	}
	if c.Language != "" {
		req.Header.Set("Accept-Language", c.Language)
	}
}

func merge(list []With) With {
	out := With{}
	for _, w := range list {
		maps.Copy(out, w)
	}
	return out
}

// SignUp makes a member of the client's site and signs the client in.
func (c *Client) SignUp(t testing.TB) *Client {
	t.Helper()
	login := unique("m")
	var v struct{ Tokens struct{ AccessToken string } }
	c.Post(t, http.StatusCreated, "/v1/accounts", map[string]any{"loginName": login, "password": memberPassword, "email": login + "@example.com"}).Decode(t, &v)
	c.Token = v.Tokens.AccessToken
	return c
}

// Staff signs the first staff member in.
func (s *Stack) Staff(t testing.TB) *Client {
	t.Helper()
	c := &Client{s: s, Language: "en"}
	var v struct{ AccessToken string }
	c.Post(t, http.StatusCreated, "/admin/v1/sessions", map[string]any{"loginName": "admin", "password": StaffPassword}).Decode(t, &v)
	c.Token = v.AccessToken
	return c
}

// Payment is a buyer's payment as a payment provider reports it.
type Payment struct {
	Order, Ref, Currency string
	Amount               int64
	WebhookID            string    // "" = a new one
	At                   time.Time // of the webhook; zero = now
	Secret               string    // "" = the right one
}

// Pay reports a payment: Standard Webhooks over the raw body.
func (s *Stack) Pay(t testing.TB, p Payment) (Answer, error) {
	if p.WebhookID == "" {
		p.WebhookID = unique("msg")
	}
	if p.At.IsZero() {
		p.At = time.Now()
	}
	if p.Secret == "" {
		p.Secret = PaymentSecret
	}
	body, err := json.Marshal(map[string]any{
		"type": "payment.succeeded", "timestamp": p.At.UTC().Format(time.RFC3339),
		"data": map[string]any{"orderId": p.Order, "paymentId": p.Ref, "amount": p.Amount, "currency": p.Currency},
	})
	if err != nil {
		return Answer{}, err
	}
	return s.PayRaw(t, p, body)
}

// PayRaw signs and sends any body to the payment callback.
func (s *Stack) PayRaw(t testing.TB, p Payment, body []byte) (Answer, error) {
	wh, err := standardwebhooks.NewWebhook(p.Secret)
	if err != nil {
		return Answer{}, err
	}
	sig, err := wh.Sign(p.WebhookID, p.At, body)
	if err != nil {
		return Answer{}, err
	}
	return s.Anyone().Try(t, http.MethodPost, "/callbacks/payments", body, With{
		standardwebhooks.HeaderWebhookID: p.WebhookID, standardwebhooks.HeaderWebhookTimestamp: strconv.FormatInt(p.At.Unix(), 10),
		standardwebhooks.HeaderWebhookSignature: sig,
	})
}

// Message posts a message of 1688 to the callback, signed with the secret ("" = the right one).
func (s *Stack) Message(t testing.TB, message, secret string) Answer {
	t.Helper()
	if secret == "" {
		secret = s.Sandbox.app.Secret
	}
	form := url.Values{"message": {message}}
	form.Set("_aop_signature", messageSignature(secret, form))
	return s.Form(t, form)
}

// Form posts any form to the callback of 1688.
func (s *Stack) Form(t testing.TB, form url.Values) Answer {
	t.Helper()
	a, err := s.Anyone().Try(t, http.MethodPost, "/callbacks/1688", form.Encode(), With{"Content-Type": "application/x-www-form-urlencoded"})
	require.NoError(t, err)
	return a
}

// messageSignature is rule 1.2 of the fact book for messages, written a third time on purpose: neither the client's nor
// the simulator's code must agree with itself.
func messageSignature(secret string, form url.Values) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(form)) {
		if name != "_aop_signature" {
			parts = append(parts, name+form.Get(name))
		}
	}
	mac := hmac.New(sha1.New, []byte(secret))
	mac.Write([]byte(strings.Join(parts, "")))
	return strings.ToUpper(hex.EncodeToString(mac.Sum(nil)))
}
