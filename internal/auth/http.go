package auth

import (
	"context"
	"strconv"

	"github.com/gin-gonic/gin"

	"entrepot/internal/web"
)

type staffAPI struct{ *Service }

// AdminRoutes registers the staff operations of the contract.
func (s *Service) AdminRoutes(r gin.IRouter) {
	strict := NewStrictHandlerWithOptions(staffAPI{s}, nil, StrictGinServerOptions{
		RequestErrorHandlerFunc:  web.BindFailed,
		HandlerErrorFunc:         web.Render,
		ResponseErrorHandlerFunc: web.Render,
	})
	RegisterHandlersWithOptions(r, strict, GinServerOptions{ErrorHandler: web.BindError})
}

// CreateStaffSession signs staff in.
func (a staffAPI) CreateStaffSession(
	ctx context.Context, req CreateStaffSessionRequestObject,
) (CreateStaffSessionResponseObject, error) {
	t, err := a.StaffSignIn(web.Context(ctx), req.Body.LoginName, req.Body.Password)
	if err != nil {
		return nil, err
	}
	return CreateStaffSession201JSONResponse(wireSession(t)), nil
}

// ExchangeFirstRun trades the first-run token in.
func (a staffAPI) ExchangeFirstRun(
	ctx context.Context, req ExchangeFirstRunRequestObject,
) (ExchangeFirstRunResponseObject, error) {
	t, err := a.FirstRunSignIn(web.Context(ctx), req.Body.Token)
	if err != nil {
		return nil, err
	}
	return ExchangeFirstRun201JSONResponse(wireSession(t)), nil
}

// DeleteStaffSession signs staff out.
func (a staffAPI) DeleteStaffSession(
	ctx context.Context, _ DeleteStaffSessionRequestObject,
) (DeleteStaffSessionResponseObject, error) {
	if err := a.SignOut(web.Context(ctx)); err != nil {
		return nil, err
	}
	return DeleteStaffSession204Response{}, nil
}

// ListAudit pages through the audit trail, newest first; for auditors and admins.
func (a staffAPI) ListAudit(ctx context.Context, req ListAuditRequestObject) (ListAuditResponseObject, error) {
	ctx = web.Context(ctx)
	if _, err := RequireRole(ctx, Auditor); err != nil {
		return nil, err
	}
	before, limit, err := web.Page(req.Params.Cursor, req.Params.Limit)
	if err != nil {
		return nil, err
	}
	rows, err := a.store.auditPage(ctx, before, limit+1)
	if err != nil {
		return nil, err
	}
	out := AuditList{Items: make([]AuditEntry, 0, limit)}
	if len(rows) > limit {
		rows = rows[:limit]
		next := web.EncodeCursor(rows[limit-1].ID)
		out.NextCursor = &next
	}
	for i := range rows {
		out.Items = append(out.Items, wireAudit(&rows[i]))
	}
	return ListAudit200JSONResponse(out), nil
}

func wireSession(t StaffTokens) StaffSession {
	return StaffSession{
		AccessToken: t.AccessToken, TokenType: t.TokenType, ExpiresIn: t.ExpiresIn,
		LoginName: t.Staff.LoginName, Role: string(t.Staff.Role),
	}
}

func wireAudit(r *auditRow) AuditEntry {
	optional := func(s string) *string {
		if s == "" {
			return nil
		}
		return &s
	}
	return AuditEntry{
		Id: strconv.FormatInt(r.ID, 10), ActorKind: r.ActorKind, ActorName: r.ActorName, Action: r.Action,
		ObjectKind: r.ObjectKind, ObjectId: r.ObjectID, Site: optional(r.Site), Reason: optional(r.Reason),
		RequestId: optional(r.RequestID), Hash: r.Hash, CreatedAt: r.CreatedAt.UTC(),
	}
}
