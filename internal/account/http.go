package account

import (
	"context"
	"strconv"

	"entrepot/internal/auth"
	"entrepot/internal/errs"
	"entrepot/internal/site"
	"entrepot/internal/web"
)

// Routes registers the members' routes.
func (s *Service) Routes(srv *web.Server) error {
	RegisterHandlersWithOptions(srv.Engine, NewStrictHandlerWithOptions(server{s}, nil, StrictGinServerOptions{
		RequestErrorHandlerFunc: web.BindFailed, HandlerErrorFunc: web.Render, ResponseErrorHandlerFunc: web.Render,
	}), GinServerOptions{ErrorHandler: web.BindError})
	return nil
}

type server struct{ s *Service }

// CreateAccount implements StrictServerInterface.
func (h server) CreateAccount(ctx context.Context, r CreateAccountRequestObject) (CreateAccountResponseObject, error) {
	st, _ := site.FromContext(ctx)
	in := Signup{
		LoginName: r.Body.LoginName, Password: r.Body.Password, Email: text(r.Body.Email), Mobile: text(r.Body.Mobile),
		MobileArea: text(r.Body.MobileArea), Language: text(r.Body.Language), IP: web.ClientIP(ctx).String(), CartToken: text(r.Params.XCartToken),
	}
	m, tokens, err := h.s.SignUp(web.Context(ctx), st, in)
	if err != nil {
		return nil, err
	}
	return CreateAccount201JSONResponse{Member: view(m), Tokens: wire(tokens)}, nil
}

// CreateSession implements StrictServerInterface.
func (h server) CreateSession(ctx context.Context, r CreateSessionRequestObject) (CreateSessionResponseObject, error) {
	st, _ := site.FromContext(ctx)
	tokens, err := h.s.SignIn(web.Context(ctx), st, r.Body.LoginName, r.Body.Password, text(r.Params.XCartToken))
	if err != nil {
		return nil, err
	}
	return CreateSession201JSONResponse(wire(tokens)), nil
}

// RefreshSession implements StrictServerInterface.
func (h server) RefreshSession(ctx context.Context, r RefreshSessionRequestObject) (RefreshSessionResponseObject, error) {
	st, _ := site.FromContext(ctx)
	tokens, err := h.s.auth.Refresh(web.Context(ctx), st.Code, r.Body.RefreshToken)
	if err != nil {
		return nil, err
	}
	return RefreshSession200JSONResponse(wire(tokens)), nil
}

// DeleteSession implements StrictServerInterface.
func (h server) DeleteSession(ctx context.Context, _ DeleteSessionRequestObject) (DeleteSessionResponseObject, error) {
	if err := h.s.auth.SignOut(web.Context(ctx)); err != nil {
		return nil, err
	}
	return DeleteSession204Response{}, nil
}

// GetMe implements StrictServerInterface.
func (h server) GetMe(ctx context.Context, _ GetMeRequestObject) (GetMeResponseObject, error) {
	who, ok := auth.Member(ctx)
	if !ok {
		return nil, errs.New(errs.Unauthenticated, "auth.required")
	}
	m, err := h.s.Member(web.Context(ctx), who.ID)
	if err != nil {
		return nil, err
	}
	return GetMe200JSONResponse(view(m)), nil
}

func view(m memberRow) Member {
	v := Member{
		Id: strconv.FormatInt(m.ID, 10), OutMemberId: m.OutMemberID, LoginName: m.LoginName, CreatedAt: m.CreatedAt,
		Email: optional(maskEmail(text(m.Email))), Mobile: optional(maskMobile(text(m.Mobile))), MobileArea: m.MobileArea,
		Language: optional(m.Language),
	}
	v.Registration.State = MemberRegistrationState(m.Registration)
	v.Registration.Message = optional(m.RegistrationMessage)
	v.Registration.RegisteredAt = m.RegisteredAt
	return v
}

func wire(t auth.Tokens) Tokens {
	return Tokens{AccessToken: t.AccessToken, TokenType: "Bearer", ExpiresIn: t.ExpiresIn, RefreshToken: t.RefreshToken}
}
