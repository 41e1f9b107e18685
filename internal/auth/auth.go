// Package auth verifies callers and puts site and caller into the context; roles and the audit trail live here too.
// Members and staff have separate token keys, audiences and tables: a token of one is garbage to the other.
package auth

import (
	"context"
	"slices"
	"time"

	"entrepot/internal/errs"
)

// Lifetimes. Access tokens are short because a member's app renews them; staff sign in once a day.
const (
	MemberAccessTTL  = 15 * time.Minute
	MemberRefreshTTL = 30 * 24 * time.Hour // from the last refresh
	StaffAccessTTL   = 8 * time.Hour
	FirstRunTTL      = 24 * time.Hour
)

// Role is what staff may do. Admin may do everything.
type Role string

// The roles of staff.
const (
	Support Role = "support"
	Ops     Role = "ops"
	Finance Role = "finance"
	Admin   Role = "admin"
	Auditor Role = "auditor"
)

// Roles lists all of them.
var Roles = []Role{Support, Ops, Finance, Admin, Auditor}

// Kinds of callers, in sessions.subject_kind and audit.actor_kind.
const (
	kindMember = "member"
	kindStaff  = "staff"
)

// MemberCaller is the member behind a verified access token.
type MemberCaller struct {
	ID          int64
	Site        string // site code
	OutMemberID string // the id 1688 knows the member by
	Language    string // account preference, "" if none
	SessionID   int64
}

// StaffCaller is the staff member behind a verified staff token.
type StaffCaller struct {
	ID        int64
	LoginName string
	Role      Role
	SessionID int64
}

type (
	memberKey struct{}
	staffKey  struct{}
)

// Member is the signed-in member, false when the request carries no member token.
func Member(ctx context.Context) (MemberCaller, bool) {
	m, ok := ctx.Value(memberKey{}).(*MemberCaller)
	if !ok {
		return MemberCaller{}, false
	}
	return *m, true
}

// Staff is the signed-in staff member, false when the request carries no staff token.
func Staff(ctx context.Context) (StaffCaller, bool) {
	s, ok := ctx.Value(staffKey{}).(*StaffCaller)
	if !ok {
		return StaffCaller{}, false
	}
	return *s, true
}

// WithMember puts a member into ctx, for tests and for work done in a member's name.
func WithMember(ctx context.Context, m MemberCaller) context.Context {
	return context.WithValue(ctx, memberKey{}, &m)
}

// WithStaff puts staff into ctx, for tests and for the operator's command.
func WithStaff(ctx context.Context, s StaffCaller) context.Context {
	return context.WithValue(ctx, staffKey{}, &s)
}

// RequireMember is the signed-in member, or errs auth.required.
func RequireMember(ctx context.Context) (MemberCaller, error) {
	m, ok := Member(ctx)
	if !ok {
		return MemberCaller{}, errs.New(errs.Unauthenticated, "auth.required")
	}
	return m, nil
}

// RequireRole is the signed-in staff member when admin or one of roles; errs auth.required or auth.forbidden otherwise.
func RequireRole(ctx context.Context, roles ...Role) (StaffCaller, error) {
	s, ok := Staff(ctx)
	if !ok {
		return StaffCaller{}, errs.New(errs.Unauthenticated, "auth.required")
	}
	if s.Role != Admin && !slices.Contains(roles, s.Role) {
		return StaffCaller{}, errs.New(errs.Forbidden, "auth.forbidden")
	}
	return s, nil
}
