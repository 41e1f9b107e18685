package alibaba

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Token is an OAuth token pair. Both texts are secrets.
type Token struct {
	AccessToken  string
	RefreshToken string
	ExpiresAt    time.Time // UTC; zero when 1688 did not say
}

// String hides the secrets from logs.
func (Token) String() string { return "alibaba.Token(***)" }

const (
	renewAhead = 5 * time.Minute  // renew so long before expiry (or at a tenth of a shorter life)
	renewPause = 10 * time.Second // after a failed renewal, ahead of expiry or not: no refresh storm
)

// apiToken is not a param2 API: it is unsigned and has a path of its own.
var apiToken = endpoint{namespace: "system.oauth2", name: "getToken", write: true, noToken: true}

// tokens holds the current token and lets one caller at a time renew it while the others wait and share the outcome.
type tokens struct {
	client  *Client
	onToken func(Token)
	running sync.WaitGroup // renewals under way

	mu       sync.Mutex
	token    Token
	renewAt  time.Time // zero: only when refused
	flight   *renewal  // the renewal under way
	lastErr  error     // of the last renewal
	failedAt time.Time
}

type renewal struct {
	done chan struct{}
	err  error // read after done
}

func newTokens(c *Client, t Token, onToken func(Token)) *tokens {
	return &tokens{client: c, token: t, onToken: onToken}
}

func (s *tokens) current() Token {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.token
}

func (s *tokens) renewable() bool { return s.current().RefreshToken != "" }

// access gives the token to send, "" for single-user apps. Near expiry it starts a renewal but goes on with the old
// token; past expiry, or with no token yet, it waits for the renewal.
func (s *tokens) access(ctx context.Context) (string, error) {
	now := s.client.now()
	s.mu.Lock()
	t := s.token
	due := t.RefreshToken != "" && (t.AccessToken == "" || !s.renewAt.IsZero() && !now.Before(s.renewAt))
	if !due {
		s.mu.Unlock()
		return t.AccessToken, nil
	}
	f := s.startLocked(ctx)
	failed := s.lastErr
	s.mu.Unlock()
	if t.AccessToken != "" && (t.ExpiresAt.IsZero() || now.Before(t.ExpiresAt)) {
		return t.AccessToken, nil
	}
	if f == nil {
		return "", failed
	}
	if err := f.wait(ctx); err != nil {
		return "", err
	}
	return s.current().AccessToken, nil
}

// renew replaces the refused token. Callers whose token was already replaced return at once; the others share one call.
func (s *tokens) renew(ctx context.Context, refused string) error {
	s.mu.Lock()
	if s.token.AccessToken != refused {
		s.mu.Unlock()
		return nil
	}
	f := s.startLocked(ctx)
	failed := s.lastErr
	s.mu.Unlock()
	if f == nil {
		return failed
	}
	return f.wait(ctx)
}

// startLocked joins the renewal under way or starts one; nil right after a failed one. The renewal outlives its
// caller's ctx, because others share it, but never the client's timeout.
func (s *tokens) startLocked(ctx context.Context) *renewal {
	if s.flight != nil {
		return s.flight
	}
	if s.lastErr != nil && s.client.now().Sub(s.failedAt) < renewPause {
		return nil
	}
	f := &renewal{done: make(chan struct{})}
	s.flight = f
	old := s.token
	s.running.Add(1)
	go func() {
		defer s.running.Done()
		own, cancel := context.WithTimeout(foreground(context.WithoutCancel(ctx)), s.client.timeout)
		defer cancel()
		fresh, err := s.client.refresh(own, old)
		s.finish(f, fresh, err)
	}()
	return f
}

func (s *tokens) finish(f *renewal, fresh Token, err error) {
	if err == nil && s.onToken != nil {
		s.onToken(fresh)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.client.now()
	s.flight = nil
	if !KeptBack(err) { // what was not asked has not failed
		s.lastErr, s.failedAt = err, now
	}
	if err == nil {
		s.token = fresh
		s.renewAt = time.Time{}
		if !fresh.ExpiresAt.IsZero() {
			life := fresh.ExpiresAt.Sub(now)
			s.renewAt = fresh.ExpiresAt.Add(-min(renewAhead, life/10))
		}
	}
	f.err = err
	close(f.done)
}

func (f *renewal) wait(ctx context.Context) error {
	select {
	case <-f.done:
		return f.err
	case <-ctx.Done():
		return &Error{API: apiToken.name, Class: Transient, Err: ctx.Err()}
	}
}

// refresh calls system.oauth2/getToken with the refresh token. A refusal is Auth; the network's failures are Transient,
// since the business call was never sent.
func (c *Client) refresh(ctx context.Context, old Token) (Token, error) {
	form := url.Values{
		"grant_type":    {"refresh_token"},
		"client_id":     {c.appKey},
		"client_secret": {c.secret},
		"refresh_token": {old.RefreshToken},
	}.Encode()
	done, err := c.enter(ctx, &apiToken)
	if err != nil {
		return Token{}, err
	}
	start := time.Now()
	a := c.send(ctx, "http/1/system.oauth2/getToken/"+c.appKey, []byte(form), nil)
	fresh, failure := c.readToken(a, old)
	done(describe(ctx, &apiToken, a, failure, time.Since(start)))
	if failure != nil {
		return Token{}, c.clean(failure, old.AccessToken)
	}
	return fresh, nil
}

func (c *Client) readToken(a answer, old Token) (Token, *Error) {
	e := &Error{API: apiToken.name, Class: Transient, HTTPStatus: a.status, RequestID: a.requestID, Err: a.err}
	if a.err != nil || a.status >= 500 || a.status == 429 {
		return Token{}, e
	}
	var reply struct {
		gatewayFailure
		Error        Text `json:"error"`
		Description  Text `json:"error_description"`
		AccessToken  Text `json:"access_token"`
		RefreshToken Text `json:"refresh_token"`
		ExpiresIn    Int  `json:"expires_in"` // seconds, as text
	}
	if err := decode(a.body, &reply); err != nil {
		e.Err = errors.Join(errGarbage, err)
		return Token{}, e
	}
	if reply.AccessToken == "" {
		e.Class = Auth
		e.Code = first(reply.ErrorCode, reply.Error)
		e.Message = first(reply.ErrorMessage, reply.Exception, reply.Description)
		if class, _ := gatewayClass(e.Code); class == Quota {
			e.Class, e.RetryAfter = Quota, quotaPause
		}
		if e.Code == "" {
			e.Code = "HTTP " + strconv.Itoa(a.status)
		}
		return Token{}, e
	}
	fresh := Token{AccessToken: strings.TrimSpace(string(reply.AccessToken)), RefreshToken: old.RefreshToken}
	if reply.RefreshToken != "" {
		fresh.RefreshToken = string(reply.RefreshToken)
	}
	if reply.ExpiresIn > 0 {
		fresh.ExpiresAt = c.now().Add(time.Duration(reply.ExpiresIn) * time.Second).UTC()
	}
	return fresh, nil
}
