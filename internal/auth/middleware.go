package auth

import (
	"context"
	"errors"
	"strings"

	"github.com/gin-gonic/gin"

	"entrepot/internal/errs"
	"entrepot/internal/site"
	"entrepot/internal/web"
)

// Authenticators are the verifiers web.Options.Authenticate wants, by security scheme of the contract.
func (s *Service) Authenticators() map[string]func(c *gin.Context) error {
	return map[string]func(c *gin.Context) error{"memberToken": s.MemberToken, "staffToken": s.StaffToken}
}

// MemberToken verifies the bearer token of a member of the request's site and puts the member into the context.
// Errors: auth.required, auth.token_invalid (also for a token of another site), auth.token_expired.
func (s *Service) MemberToken(c *gin.Context) error {
	text, err := bearer(c)
	if err != nil {
		return err
	}
	at, ok := site.FromContext(c)
	if !ok {
		return errs.New(errs.Internal, "internal.error").Because(errors.New("auth: memberToken without siteKey in the contract"))
	}
	m, err := s.verifyMember(web.Context(c), at.Code, text)
	if err != nil {
		return err
	}
	web.Extend(c, func(ctx context.Context) context.Context { return WithMember(ctx, m) })
	web.SetCaller(c, web.Caller{Kind: kindMember, ID: m.ID, Language: m.Language})
	return nil
}

// StaffToken verifies the bearer token of staff and puts them into the context. Errors as MemberToken.
func (s *Service) StaffToken(c *gin.Context) error {
	text, err := bearer(c)
	if err != nil {
		return err
	}
	st, err := s.verifyStaff(web.Context(c), text)
	if err != nil {
		return err
	}
	web.Extend(c, func(ctx context.Context) context.Context { return WithStaff(ctx, st) })
	web.SetCaller(c, web.Caller{Kind: kindStaff, ID: st.ID})
	return nil
}

func bearer(c *gin.Context) (string, error) {
	values := c.Request.Header["Authorization"]
	if len(values) == 0 || values[0] == "" {
		return "", web.NoToken
	}
	scheme, token, ok := strings.Cut(values[0], " ")
	if len(values) > 1 || !ok || !strings.EqualFold(scheme, "Bearer") || token == "" {
		return "", invalid(errors.New("not one bearer token"))
	}
	return token, nil
}
