package alibaba

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// The two editions of the APIs: the 2026 cross-border solution, and the national-site edition the seed announces (other
// field names in write-back, registration and search).
const (
	ProfileCrossborder  = "crossborder"
	ProfileNationalSite = "national-site"
)

// maxBody bounds an answer; the largest real one (a product with long HTML) stays below 1 MiB.
const maxBody = 8 << 20

// attempts is the most gateway calls one method makes: the call and one repeat.
const attempts = 2

// Options configures a Client. BaseURL, AppKey and AppSecret are required.
type Options struct {
	BaseURL      string // up to and with /openapi, e.g. https://gw.open.1688.com/openapi
	AppKey       string
	AppSecret    string
	AccessToken  string // empty for single-user apps, or when RefreshToken will fetch the first one
	RefreshToken string // set: expired access tokens are renewed
	Profile      string // ProfileCrossborder (default) or ProfileNationalSite

	// HTTP is the transport to use; redirects are never followed. Default: keep-alive, 64 idle connections.
	HTTP *http.Client
	// Timeout of one gateway call; an earlier deadline of ctx wins. Default 10 s.
	Timeout time.Duration
	// ShopperTimeout, when shorter, replaces Timeout for reads that a shopper waits for (see Background), and such a call
	// is not repeated when it was late. Previews of orders keep Timeout. Default: none.
	ShopperTimeout time.Duration
	// Guard is asked before each gateway call, token renewals included: it may wait, to share one rate limit between
	// processes, or refuse, while 1688 is known to be away. Its error ends the call as Transient (nothing was sent) unless
	// it is an *Error itself, whose class must then say so too. done is called once for each call it let through; it must
	// be fast. Both must be safe for concurrent use.
	Guard func(ctx context.Context, api string) (done func(Call), err error)
	// Now is the clock for timestamps and token expiry. Default time.Now.
	Now func() time.Time
	// OnToken is told of each renewed token, to keep it. Calls never overlap.
	OnToken func(Token)
}

// Client calls the gateway. It is safe for concurrent use.
type Client struct {
	base     *url.URL
	appKey   string
	secret   string
	national bool
	http     *http.Client
	timeout  time.Duration
	shopper  time.Duration
	guard    func(ctx context.Context, api string) (func(Call), error)
	now      func() time.Time
	tokens   *tokens
}

// endpoint is one API of the gateway.
type endpoint struct {
	namespace string
	name      string
	write     bool // has effects: never repeated on doubt
	noToken   bool
	patient   bool // a read that takes its time: shoppers wait for it as long as anyone
}

// New checks o and makes a Client. It does not call the gateway.
func New(o Options) (*Client, error) {
	base, err := url.Parse(strings.TrimRight(o.BaseURL, "/"))
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" || base.RawQuery != "" || base.User != nil {
		return nil, errors.New("alibaba: BaseURL must be an http(s) URL up to /openapi")
	}
	if o.AppKey == "" || o.AppSecret == "" || strings.ContainsAny(o.AppKey, "/?#% ") {
		return nil, errors.New("alibaba: AppKey and AppSecret are required")
	}
	if o.Profile != "" && o.Profile != ProfileCrossborder && o.Profile != ProfileNationalSite {
		return nil, fmt.Errorf("alibaba: unknown profile %q", o.Profile)
	}
	c := &Client{
		base: base, appKey: o.AppKey, secret: o.AppSecret, national: o.Profile == ProfileNationalSite,
		timeout: o.Timeout, shopper: o.ShopperTimeout, guard: o.Guard, now: o.Now,
	}
	if c.timeout <= 0 {
		c.timeout = 10 * time.Second
	}
	if c.now == nil {
		c.now = time.Now
	}
	c.http = httpClient(o.HTTP)
	c.tokens = newTokens(c, Token{AccessToken: o.AccessToken, RefreshToken: o.RefreshToken}, o.OnToken)
	return c, nil
}

// httpClient copies h, or makes the default, and turns redirects off: a signed form must not wander.
func httpClient(h *http.Client) *http.Client {
	var own http.Client
	if h != nil {
		own = *h
	} else {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.MaxIdleConns = 128
		transport.MaxIdleConnsPerHost = 64
		own.Transport = transport
	}
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &own
}

// Close waits for a running token renewal and closes idle connections.
func (c *Client) Close() {
	c.tokens.running.Wait()
	c.http.CloseIdleConnections()
}

// call runs one API: sign, send, judge, decode. Reads are repeated once when Transient; anything is repeated once after
// a renewed token. read decodes a 200 body: *Error for a business failure, any other error for an unreadable answer.
func (c *Client) call(ctx context.Context, api *endpoint, params []param, read func([]byte) error) (requestID string, err error) {
	return c.callWith(ctx, api, params, nil, read)
}

// callWith is call with a file (nil: none).
func (c *Client) callWith(ctx context.Context, api *endpoint, params []param, file *upload, read func([]byte) error) (requestID string, err error) {
	var failure *Error
	used := ""
	for attempt := 1; attempt <= attempts; attempt++ {
		if !api.noToken {
			if used, err = c.tokens.access(ctx); err != nil {
				return "", c.notSent(api, err)
			}
		}
		done, err := c.enter(ctx, api)
		if err != nil {
			return "", err
		}
		call := c.attempt(ctx, api, c.form(api, params, used), file, read)
		call.Attempt = attempt
		done(call.Call)
		if requestID, failure = call.RequestID, call.failure; failure == nil {
			return requestID, nil
		}
		if attempt == attempts {
			break
		}
		switch {
		case failure.tokenRefused() && !api.noToken && c.tokens.renewable():
			if err := c.tokens.renew(ctx, used); err != nil {
				return "", c.notSent(api, err)
			}
		case failure.Class == Transient && !api.write && !call.final && ctx.Err() == nil:
			pause(ctx, 10*time.Millisecond+rand.N(40*time.Millisecond))
		default:
			return requestID, c.clean(failure, used)
		}
	}
	return requestID, c.clean(failure, used)
}

// tokenRefused tells a refused token from a missing permission or a wrong secret.
func (e *Error) tokenRefused() bool { return e.Class == Auth && e.Code == "401" }

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// notSent is the failure of a call that never left us.
func (c *Client) notSent(api *endpoint, err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		own := *e
		if own.API == "" {
			own.API = api.name
		}
		return &own
	}
	return &Error{API: api.name, Class: Transient, Err: err}
}

// anyURL finds addresses in upstream texts: those of a cashier must stay private.
var anyURL = regexp.MustCompile(`(?i)\bhttps?:\S+`)

// clean takes addresses and our own credentials out of an upstream text that echoes them, then cuts it to size; in this order, or half
// a token could survive at the cut. used is the token of the call, which a renewal may have replaced meanwhile.
func (c *Client) clean(e *Error, used string) *Error {
	token := c.tokens.current()
	e.Message = anyURL.ReplaceAllString(e.Message, "(link)")
	for _, private := range [...]string{c.secret, used, token.AccessToken, token.RefreshToken} {
		if private != "" {
			e.Message = strings.ReplaceAll(e.Message, private, "***")
			e.Code = strings.ReplaceAll(e.Code, private, "***")
		}
	}
	e.Message, e.Code = clip(e.Message, maxMessage), clip(e.Code, maxCode)
	return e
}

// form builds the signed, url-encoded body. Values are signed raw.
func (c *Client) form(api *endpoint, params []param, token string) []byte {
	all := make([]param, 0, len(params)+2)
	all = append(all, params...)
	all = append(all, param{"_aop_timestamp", strconv.FormatInt(c.now().UnixMilli(), 10)})
	if token != "" {
		all = append(all, param{"access_token", token})
	}
	size := 2 * len(signatureField) * 2
	for _, p := range all {
		size += len(p.key) + 2*len(p.value) + 2
	}
	body := make([]byte, 0, size)
	for _, p := range all {
		body = append(append(append(body, p.key...), '='), url.QueryEscape(p.value)...)
		body = append(body, '&')
	}
	body = append(append(body, signatureField...), '=')
	return append(body, sign(c.secret, c.signedPath(api), all)...)
}

func (c *Client) signedPath(api *endpoint) string {
	return "param2/1/" + api.namespace + "/" + api.name + "/" + c.appKey
}

// attempted is one gateway call that was made.
type attempted struct {
	Call
	failure *Error
	final   bool // a shopper has waited for it long enough
}

// attempt is one gateway call.
func (c *Client) attempt(ctx context.Context, api *endpoint, form []byte, file *upload, read func([]byte) error) attempted {
	start := time.Now()
	limit, short := c.limit(ctx, api)
	own, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	a := c.send(own, c.signedPath(api), form, file)
	failure := c.judge(api, a, read)
	return attempted{
		Call: describe(ctx, api, a, failure, time.Since(start)), failure: failure, final: short && own.Err() != nil,
	}
}

// answer is what came back; sent is false when the request provably never left.
type answer struct {
	status    int
	requestID string
	body      []byte
	err       error
	sent      bool
}

// send posts a form, or a file with the form in the URL, to base/path and reads the whole answer, so that the connection can be used again.
func (c *Client) send(ctx context.Context, path string, form []byte, file *upload) answer {
	var asked, got atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { asked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { got.Store(true) },
	})
	resp, err := c.http.Do(c.request(ctx, path, form, file))
	if err != nil {
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err // drop the URL
		}
		return answer{err: err, sent: !neverSent(err, asked.Load(), got.Load())}
	}
	defer func() { _ = resp.Body.Close() }() // everything needed was read; a close error changes nothing
	body, err := readBody(resp)
	return answer{
		status: resp.StatusCode, body: body, err: err, sent: true,
		requestID: firstText(readRequestID(body), clip(resp.Header.Get("X-Request-Id"), 100)),
	}
}

// request is built by hand: parsing the same URL for every call costs more than signing it.
func (c *Client) request(ctx context.Context, path string, form []byte, file *upload) *http.Request {
	target := *c.base
	target.Path += "/" + path
	contentType, body := "application/x-www-form-urlencoded; charset=UTF-8", form
	if file != nil {
		target.RawQuery, contentType, body = string(form), file.contentType, file.body
	}
	req := &http.Request{
		Method: http.MethodPost, URL: &target, Host: target.Host,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{
			"Content-Type": {contentType},
			"Accept":       {"application/json"},
		},
		Body:          io.NopCloser(bytes.NewReader(body)),
		ContentLength: int64(len(body)),
		// lets the transport repeat on a fresh connection when it wrote nothing on a stale one
		GetBody: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil },
	}
	return req.WithContext(ctx)
}

// neverSent needs proof: a dial or name error, or a transport that asked for a connection and never got one. A
// transport that ignores traces proves nothing.
func neverSent(err error, asked, got bool) bool {
	var dns *net.DNSError
	var op *net.OpError
	if errors.As(err, &dns) || errors.As(err, &op) && op.Op == "dial" {
		return true
	}
	return asked && !got
}

func readBody(resp *http.Response) ([]byte, error) {
	var buf bytes.Buffer
	if n := resp.ContentLength; n > 0 && n <= maxBody {
		buf.Grow(int(n) + bytes.MinRead)
	}
	n, err := buf.ReadFrom(io.LimitReader(resp.Body, maxBody+1))
	if err == nil && n > maxBody {
		err = fmt.Errorf("%w: over %d bytes", errGarbage, maxBody)
	}
	return buf.Bytes(), err
}

func firstText(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// judge turns an answer into success or a classed failure.
func (c *Client) judge(api *endpoint, a answer, read func([]byte) error) *Error {
	fail := func(class Class, code, message string, err error) *Error {
		if api.write && class == Transient && a.sent {
			class = Unknown // the write may have happened
		}
		e := &Error{API: api.name, Class: class, Code: code, Message: message,
			HTTPStatus: a.status, RequestID: a.requestID, Err: err}
		if class == Quota {
			e.RetryAfter = quotaPause
		}
		return e
	}
	if a.err != nil {
		return fail(Transient, "", "", a.err)
	}
	if f, ok := readGatewayFailure(a.body); ok {
		class, known := gatewayClass(string(f.ErrorCode))
		if a.status >= 500 && (!known || class == Rejected) || strings.Contains(strings.ToLower(string(f.ErrorCode)), "timeout") {
			class = Transient
		}
		return fail(class, string(f.ErrorCode), first(f.ErrorMessage, f.Exception), nil)
	}
	switch {
	case a.status == http.StatusUnauthorized:
		return fail(Auth, "401", "", nil)
	case a.status == http.StatusTooManyRequests:
		return fail(Quota, "", "", nil)
	case a.status >= 500 || a.status < 200 || a.status >= 300 && a.status < 400:
		return fail(Transient, "", "", nil)
	}
	err := read(a.body)
	var refused *Error
	switch {
	case errors.As(err, &refused):
		class, _ := gatewayClass(refused.Code)
		if refused.Class != Rejected {
			class = refused.Class // the decoder knows better
		}
		return fail(class, refused.Code, refused.Message, refused.Err)
	case err != nil:
		return fail(Transient, "", "", err)
	case a.status >= 400:
		return fail(Transient, "", "", errGarbage) // a refusal whose body claims success
	}
	return nil
}

// encode writes compact JSON as the gateway wants it: no HTML escapes, no trailing newline.
func encode(v any) (string, error) {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return "", err
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}

// callJSON is call with one JSON parameter.
func (c *Client) callJSON(ctx context.Context, api *endpoint, key string, v any, read func([]byte) error) (string, error) {
	text, err := encode(v)
	if err != nil {
		return "", &Error{API: api.name, Class: Rejected, Err: errors.New("request cannot be encoded")}
	}
	return c.call(ctx, api, []param{{key, text}}, read)
}
