package account

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"entrepot/internal/auth"
	"entrepot/internal/database"
	"entrepot/internal/errs"
	"entrepot/internal/jobs"
	"entrepot/internal/site"
)

// Options is what a Service needs.
type Options struct {
	DB    *database.DB
	Jobs  *jobs.Queue
	Auth  *auth.Service
	Sites *site.Registry
	Now   func() time.Time
	// MergeCart, when set, moves a guest's cart, named by its token, into a member's before the member gets tokens. It is
	// not called for guests without one, and may be called again.
	MergeCart func(ctx context.Context, site string, memberID int64, token string) error
}

// Service signs members up and in.
type Service struct {
	store *store
	auth  *auth.Service
	sites *site.Registry
	now   func() time.Time
	merge func(ctx context.Context, site string, memberID int64, token string) error
}

// New makes a Service.
func New(o Options) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Service{store: &store{db: o.DB, jobs: o.Jobs, now: o.Now}, auth: o.Auth, sites: o.Sites, now: o.Now, merge: o.MergeCart}
}

// SignUp makes a member and its first tokens; registration with 1688 follows as a job. Errors: invalid with pointers,
// account.login_taken.
func (s *Service) SignUp(ctx context.Context, st *site.Site, in Signup) (memberRow, auth.Tokens, error) {
	in, err := in.check()
	if err != nil {
		return memberRow{}, auth.Tokens{}, err
	}
	hash, err := s.auth.HashPassword(ctx, in.Password)
	if err != nil {
		return memberRow{}, auth.Tokens{}, err
	}
	now, id := s.now().UTC().Truncate(time.Millisecond), s.store.db.NewID()
	m := memberRow{
		ID: id, Site: st.Code, OutMemberID: strconv.FormatInt(id, 10), LoginName: in.LoginName, LoginKey: strings.ToLower(in.LoginName),
		PasswordHash: hash, Email: optional(in.Email), Mobile: optional(in.Mobile), MobileArea: optional(in.MobileArea), Language: in.Language,
		IP: in.IP, Registration: pending, CreatedAt: now, UpdatedAt: now,
	}
	if err := s.store.create(ctx, m); err != nil {
		if errors.Is(err, database.ErrDuplicate) {
			return memberRow{}, auth.Tokens{}, errs.New(errs.Conflict, "account.login_taken").At("/loginName", "account.login_taken")
		}
		return memberRow{}, auth.Tokens{}, err
	}
	s.store.jobs.Kick()
	tokens, err := s.open(ctx, m, in.CartToken)
	return m, tokens, err
}

// open gives a member tokens and the cart it filled as a guest.
func (s *Service) open(ctx context.Context, m memberRow, cartToken string) (auth.Tokens, error) {
	if s.merge != nil && cartToken != "" {
		if err := s.merge(ctx, m.Site, m.ID, cartToken); err != nil {
			return auth.Tokens{}, err
		}
	}
	return s.auth.IssueMember(ctx, m.Site, m.ID, m.OutMemberID, m.Language)
}

// SignIn checks a password; cartToken names the cart of the guest that signs in, "" for none. An unknown name and a wrong password get the same answer in the same time.
func (s *Service) SignIn(ctx context.Context, st *site.Site, login, password, cartToken string) (auth.Tokens, error) {
	m, err := s.store.byLogin(ctx, st.Code, strings.ToLower(strings.TrimSpace(login)))
	if err != nil && !errors.Is(err, database.ErrNotFound) {
		return auth.Tokens{}, err
	}
	succeeded, err := s.auth.Attempt(ctx, st.Code, login)
	if err != nil {
		return auth.Tokens{}, err
	}
	ok, err := s.auth.VerifyPassword(ctx, m.PasswordHash, password)
	if err != nil {
		return auth.Tokens{}, err
	}
	if !ok {
		return auth.Tokens{}, errs.New(errs.Unauthenticated, "auth.credentials")
	}
	succeeded()
	return s.open(ctx, m, cartToken)
}

// Member reads a member by id.
func (s *Service) Member(ctx context.Context, id int64) (memberRow, error) {
	return s.store.byID(ctx, id)
}

// Announcement reads what 1688 is told about a member.
func (s *Service) Announcement(ctx context.Context, id int64) (Announced, error) {
	m, err := s.store.byID(ctx, id)
	if err != nil {
		return Announced{}, err
	}
	st, ok := s.sites.ByCode(m.Site)
	if !ok {
		return Announced{}, errs.New(errs.Internal, "internal.error")
	}
	return Announced{
		Site: st.RegisterSite, Country: st.CountryName, OutMemberID: m.OutMemberID, LoginName: m.LoginName,
		Email: text(m.Email), Mobile: text(m.Mobile), MobileArea: text(m.MobileArea), IP: m.IP,
	}, nil
}

// Registered notes that 1688 accepted the member.
func (s *Service) Registered(ctx context.Context, id int64) error {
	return s.store.registration(ctx, id, registered, "")
}

// RegistrationFailed notes why 1688 refused the member; a later try may still succeed.
func (s *Service) RegistrationFailed(ctx context.Context, id int64, reason string) error {
	return s.store.registration(ctx, id, failed, reason)
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
