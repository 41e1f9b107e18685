package auth

import (
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"entrepot/internal/errs"
)

const (
	issuer    = "entrepot"
	tokenType = "at+jwt" // RFC 9068
	maxToken  = 4096     // bytes; ours have about 400
	minSecret = 32
)

// signer makes and checks the access tokens of one audience with a key of its own.
type signer struct {
	audience string
	key      []byte
	parser   *jwt.Parser
}

// claims of both audiences; members carry site, outMemberId and lang.
type claims struct {
	jwt.RegisteredClaims
	Session     string `json:"sid"`
	Site        string `json:"site,omitempty"`
	OutMemberID string `json:"omi,omitempty"`
	Language    string `json:"lang,omitempty"`
}

func newSigner(secret []byte, audience string, now func() time.Time) (*signer, error) {
	if len(secret) < minSecret {
		return nil, fmt.Errorf("auth: the token secret needs at least %d bytes", minSecret)
	}
	key, err := hkdf.Key(sha256.New, secret, nil, "entrepot access token "+audience, 32)
	if err != nil {
		return nil, fmt.Errorf("auth: derive key: %w", err)
	}
	return &signer{audience: audience, key: key, parser: jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithIssuer(issuer), jwt.WithAudience(audience), jwt.WithExpirationRequired(),
		jwt.WithStrictDecoding(), jwt.WithTimeFunc(now),
	)}, nil
}

func (s *signer) sign(c claims, subject, session int64, now time.Time, ttl time.Duration) (string, error) {
	c.RegisteredClaims = jwt.RegisteredClaims{
		Issuer: issuer, Subject: strconv.FormatInt(subject, 10), Audience: jwt.ClaimStrings{s.audience},
		IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(ttl)),
	}
	c.Session = strconv.FormatInt(session, 10)
	t := jwt.NewWithClaims(jwt.SigningMethodHS256, c)
	t.Header["typ"] = tokenType
	return t.SignedString(s.key)
}

// verify returns the claims with subject and session id. Errors: auth.token_expired, auth.token_invalid.
func (s *signer) verify(text string) (c claims, subject, session int64, err error) {
	if len(text) > maxToken {
		return c, 0, 0, invalid(errors.New("token too long"))
	}
	t, err := s.parser.ParseWithClaims(text, &c, func(t *jwt.Token) (any, error) {
		if typ, _ := t.Header["typ"].(string); typ != tokenType {
			return nil, errors.New("wrong typ")
		}
		return s.key, nil
	})
	switch {
	case errors.Is(err, jwt.ErrTokenExpired) && !errors.Is(err, jwt.ErrTokenInvalidAudience) &&
		!errors.Is(err, jwt.ErrTokenInvalidIssuer):
		return c, 0, 0, errs.New(errs.Unauthenticated, "auth.token_expired")
	case err != nil:
		return c, 0, 0, invalid(err)
	case !t.Valid:
		return c, 0, 0, invalid(errors.New("not valid"))
	}
	subject, err1 := strconv.ParseInt(c.Subject, 10, 64)
	session, err2 := strconv.ParseInt(c.Session, 10, 64)
	if err := errors.Join(err1, err2); err != nil {
		return c, 0, 0, invalid(err)
	}
	return c, subject, session, nil
}

func invalid(cause error) error {
	return errs.New(errs.Unauthenticated, "auth.token_invalid").Because(cause)
}
