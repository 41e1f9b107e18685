package auth

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"time"

	"gorm.io/gorm"

	"entrepot/internal/database"
	"entrepot/internal/errs"
)

// FirstLogin is the login name of the staff member made on an empty database.
const FirstLogin = "admin"

const actionSignedIn = "staff.signed_in"

// FirstRun is what the operator is told at start, on the terminal only. Token is empty once anybody signed in.
type FirstRun struct {
	Login    string
	Password string // only when it was generated just now
	Token    string // good once and for 24 hours at POST /admin/v1/sessions/first-run
}

// StaffTokens are what signed-in staff get.
type StaffTokens struct {
	AccessToken string
	TokenType   string // Bearer
	ExpiresIn   int    // seconds
	Staff       StaffCaller
}

// EnsureFirstStaff makes the admin of an empty database, with the given password or a generated one, and a first-run
// token. As long as nobody ever signed in, each start makes a new token, so a lost link is no lock-out.
func (s *Service) EnsureFirstStaff(ctx context.Context, password string) (FirstRun, error) {
	generated := ""
	if password == "" {
		generated = rand.Text()
		password = generated
	}
	if err := CheckPassword("/password", password); err != nil {
		return FirstRun{}, err
	}
	var out FirstRun
	made, err := s.anyStaff(ctx)
	if err != nil {
		return FirstRun{}, err
	}
	hash := ""
	if !made { // hashing takes 20 ms and must not run inside the transaction
		if hash, err = s.HashPassword(ctx, password); err != nil {
			return FirstRun{}, err
		}
	}
	err = s.store.db.InTx(ctx, func(tx *gorm.DB) error {
		var err error
		out, err = s.firstRunTx(ctx, tx, hash, generated)
		return err
	})
	if errors.Is(err, database.ErrDuplicate) { // another process was faster; its link counts
		return FirstRun{Login: FirstLogin}, nil
	}
	return out, err
}

func (s *Service) anyStaff(ctx context.Context) (bool, error) {
	n, err := s.store.countStaffTx(ctx, s.store.db.Read(ctx))
	return n > 0, err
}

func (s *Service) firstRunTx(ctx context.Context, tx *gorm.DB, hash, generated string) (FirstRun, error) {
	now := s.now().UTC().Truncate(time.Millisecond)
	token, until := randomToken(), now.Add(FirstRunTTL)
	tokenHash := hashToken(token)
	n, err := s.store.countStaffTx(ctx, tx)
	if err != nil {
		return FirstRun{}, err
	}
	if n == 0 {
		row := staffRow{
			ID: s.store.db.NewID(), LoginName: FirstLogin, PasswordHash: hash, Role: string(Admin),
			FirstRunHash: &tokenHash, FirstRunExpiresAt: &until, CreatedAt: now, UpdatedAt: now,
		}
		return FirstRun{Login: FirstLogin, Password: generated, Token: token}, s.store.insertStaffTx(ctx, tx, &row)
	}
	signedIn, err := s.store.everSignedInTx(ctx, tx)
	if err != nil || signedIn {
		return FirstRun{Login: FirstLogin}, err
	}
	row, err := s.store.firstAdminTx(ctx, tx)
	if err != nil {
		return FirstRun{}, err
	}
	return FirstRun{Login: row.LoginName, Token: token}, s.store.setFirstRunTx(ctx, tx, row.ID, &tokenHash, &until)
}

// CreateStaff adds a staff member. Errors: request.invalid; database.ErrDuplicate for a login name in use.
func (s *Service) CreateStaff(ctx context.Context, login, password string, role Role) (int64, error) {
	login = strings.ToLower(strings.TrimSpace(login))
	if login == "" || len(login) > 60 {
		return 0, errs.New(errs.Invalid, "request.invalid").At("/loginName", "field.range")
	}
	hash, err := s.HashPassword(ctx, password)
	if err != nil {
		return 0, err
	}
	now := s.now().UTC().Truncate(time.Millisecond)
	row := staffRow{
		ID: s.store.db.NewID(), LoginName: login, PasswordHash: hash, Role: string(role), CreatedAt: now, UpdatedAt: now,
	}
	err = s.store.db.InTx(ctx, func(tx *gorm.DB) error {
		if err := s.store.insertStaffTx(ctx, tx, &row); err != nil {
			return err
		}
		return s.AuditTx(ctx, tx, Entry{
			Action: "staff.created", ObjectKind: "staff", ObjectID: row.ID, After: map[string]any{"role": role},
		})
	})
	return row.ID, err
}

// StaffSignIn opens a session for staff. Errors: auth.credentials (same text and time for unknown names),
// auth.too_many_attempts.
func (s *Service) StaffSignIn(ctx context.Context, login, password string) (StaffTokens, error) {
	login = strings.ToLower(strings.TrimSpace(login))
	succeeded, err := s.Attempt(ctx, kindStaff, login)
	if err != nil {
		return StaffTokens{}, err
	}
	row, err := s.store.staffByLogin(ctx, login)
	if err != nil && !errors.Is(err, database.ErrNotFound) {
		return StaffTokens{}, err
	}
	ok, err := s.VerifyPassword(ctx, row.PasswordHash, password)
	if err != nil {
		return StaffTokens{}, err
	}
	if !ok {
		return StaffTokens{}, errs.New(errs.Unauthenticated, "auth.credentials")
	}
	succeeded()
	var out StaffTokens
	err = s.store.db.InTx(ctx, func(tx *gorm.DB) error {
		if err := s.store.setFirstRunTx(ctx, tx, row.ID, nil, nil); err != nil {
			return err
		}
		out, err = s.openStaffTx(ctx, tx, row, "password")
		return err
	})
	return out, err
}

// FirstRunSignIn trades the token of the first-run link for a session, once. Errors: auth.first_run_invalid,
// auth.too_many_attempts.
func (s *Service) FirstRunSignIn(ctx context.Context, token string) (StaffTokens, error) {
	succeeded, err := s.Attempt(ctx, "first-run", "")
	if err != nil {
		return StaffTokens{}, err
	}
	if len(token) > 200 {
		return StaffTokens{}, errs.New(errs.Unauthenticated, "auth.first_run_invalid")
	}
	hash := hashToken(token)
	var out StaffTokens
	err = s.store.db.InTx(ctx, func(tx *gorm.DB) error {
		row, err := s.store.staffByFirstRunTx(ctx, tx, hash, s.now().UTC())
		if err != nil {
			return err
		}
		won, err := s.store.takeFirstRunTx(ctx, tx, row.ID, hash)
		if err != nil {
			return err
		}
		if !won {
			return database.ErrNotFound
		}
		out, err = s.openStaffTx(ctx, tx, row, "first-run")
		return err
	})
	if errors.Is(err, database.ErrNotFound) {
		return StaffTokens{}, errs.New(errs.Unauthenticated, "auth.first_run_invalid")
	}
	if err == nil {
		succeeded()
	}
	return out, err
}

func (s *Service) openStaffTx(ctx context.Context, tx *gorm.DB, staff staffRow, how string) (StaffTokens, error) {
	now := s.now().UTC().Truncate(time.Millisecond)
	row := sessionRow{
		ID: s.store.db.NewID(), SubjectKind: kindStaff, SubjectID: staff.ID, Family: s.store.db.NewID(),
		RefreshHash: hashToken(randomToken()), // staff do not refresh; the column is unique and must be unguessable
		State:       stateLive, ExpiresAt: now.Add(StaffAccessTTL), CreatedAt: now,
	}
	if err := s.store.insertSessionTx(ctx, tx, &row); err != nil {
		return StaffTokens{}, err
	}
	access, err := s.staff.sign(claims{}, staff.ID, row.ID, now, StaffAccessTTL)
	if err != nil {
		return StaffTokens{}, err
	}
	who := StaffCaller{ID: staff.ID, LoginName: staff.LoginName, Role: Role(staff.Role), SessionID: row.ID}
	err = s.AuditTx(WithStaff(ctx, who), tx, Entry{
		Action: actionSignedIn, ObjectKind: "staff", ObjectID: staff.ID, After: map[string]any{"by": how},
	})
	return StaffTokens{
		AccessToken: access, TokenType: "Bearer", ExpiresIn: int(StaffAccessTTL / time.Second), Staff: who,
	}, err
}

// verifyStaff checks a staff token. Errors: auth.token_invalid, auth.token_expired.
func (s *Service) verifyStaff(ctx context.Context, text string) (StaffCaller, error) {
	_, subject, session, err := s.staff.verify(text)
	if err != nil {
		return StaffCaller{}, err
	}
	row, err := s.store.staffBySession(ctx, session, subject)
	if errors.Is(err, database.ErrNotFound) {
		return StaffCaller{}, invalid(errors.New("session revoked or staff disabled"))
	}
	if err != nil {
		return StaffCaller{}, err
	}
	return StaffCaller{ID: row.ID, LoginName: row.LoginName, Role: Role(row.Role), SessionID: session}, nil
}
