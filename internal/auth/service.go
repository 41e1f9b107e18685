package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"gorm.io/gorm"

	"entrepot/internal/database"
	"entrepot/internal/errs"
)

// Options of a Service.
type Options struct {
	DB       *database.DB
	Secret   []byte           // at least 32 bytes; both token keys are derived from it
	Now      func() time.Time // nil is the real clock
	Attempts Attempts         // zero takes DefaultAttempts
	Hashes   int              // password hashes at once (19 MiB each), 0 = 4
}

// Service issues and verifies tokens, keeps sessions and staff.
type Service struct {
	store    store
	now      func() time.Time
	member   *signer
	staff    *signer
	hasher   *hasher
	attempts *attempts
	live     liveSessions
}

// New builds the service; it fails on a short secret.
func New(o Options) (*Service, error) {
	if o.DB == nil {
		return nil, errors.New("auth: DB is required")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	member, err := newSigner(o.Secret, "entrepot-member", o.Now)
	if err != nil {
		return nil, err
	}
	staff, err := newSigner(o.Secret, "entrepot-staff", o.Now)
	if err != nil {
		return nil, err
	}
	return &Service{
		store: store{db: o.DB, sessions: database.NewLoader(4, loadSessions(o.DB))}, now: o.Now, member: member, staff: staff,
		hasher: newHasher(o.Hashes), attempts: newAttempts(o.Attempts, o.Now),
		// With a server database other processes may revoke too, so there every request asks it.
		live: liveSessions{on: o.DB.Engine() == database.SQLite},
	}, nil
}

// Tokens are what a member's app gets.
type Tokens struct {
	AccessToken  string
	TokenType    string // Bearer
	ExpiresIn    int    // seconds of the access token
	RefreshToken string // one use, 30 days
	SessionID    int64
}

// IssueMember opens a session for a member whose identity was just proved. lang is the account's preference.
func (s *Service) IssueMember(ctx context.Context, site string, memberID int64, outMemberID, lang string) (Tokens, error) {
	var out Tokens
	err := s.store.db.Grouped(ctx, func(tx *gorm.DB) error {
		var err error
		out, err = s.IssueMemberTx(ctx, tx, site, memberID, outMemberID, lang)
		return err
	})
	return out, err
}

// IssueMemberTx is IssueMember inside the transaction that makes the member.
func (s *Service) IssueMemberTx(
	ctx context.Context, tx *gorm.DB, site string, memberID int64, outMemberID, lang string,
) (Tokens, error) {
	m := MemberCaller{ID: memberID, Site: site, OutMemberID: outMemberID, Language: lang}
	return s.openTx(ctx, tx, m, s.store.db.NewID())
}

func (s *Service) openTx(ctx context.Context, tx *gorm.DB, m MemberCaller, family int64) (Tokens, error) {
	now := s.now().UTC().Truncate(time.Millisecond)
	refresh := randomToken()
	row := sessionRow{
		ID: s.store.db.NewID(), SubjectKind: kindMember, SubjectID: m.ID, Site: m.Site, Family: family,
		RefreshHash: hashToken(refresh), State: stateLive, ExpiresAt: now.Add(MemberRefreshTTL), CreatedAt: now,
	}
	access, err := s.member.sign(claims{Site: m.Site, OutMemberID: m.OutMemberID, Language: m.Language},
		m.ID, row.ID, now, MemberAccessTTL)
	if err != nil {
		return Tokens{}, err
	}
	if err := s.store.insertSessionTx(ctx, tx, &row); err != nil {
		return Tokens{}, err
	}
	return Tokens{
		AccessToken: access, TokenType: "Bearer", ExpiresIn: int(MemberAccessTTL / time.Second),
		RefreshToken: refresh, SessionID: row.ID,
	}, nil
}

// Refresh trades a refresh token of the site for new tokens. A token used before revokes its whole family, because
// one of the two who hold it is a thief. Every failure is errs auth.refresh_invalid.
func (s *Service) Refresh(ctx context.Context, site, refreshToken string) (Tokens, error) {
	refused := errs.New(errs.Unauthenticated, "auth.refresh_invalid")
	if len(refreshToken) > 200 {
		return Tokens{}, refused
	}
	var out Tokens
	var reused bool
	err := s.store.db.InTx(ctx, func(tx *gorm.DB) error {
		out, reused = Tokens{}, false
		row, err := s.store.sessionByRefreshTx(ctx, tx, hashToken(refreshToken))
		if err != nil || row.SubjectKind != kindMember || row.Site != site || row.State == stateRevoked ||
			!s.now().Before(row.ExpiresAt) {
			return err
		}
		won, err := s.store.rotateTx(ctx, tx, row.ID)
		if err != nil {
			return err
		}
		if !won {
			reused = true
			return s.store.revokeFamilyTx(ctx, tx, row.Family) // committed, though the caller is refused
		}
		m, err := s.store.memberTx(ctx, tx, row.SubjectID)
		if err != nil {
			return err
		}
		out, err = s.openTx(ctx, tx, m, row.Family)
		return err
	})
	if reused {
		s.live.forget()
	}
	switch {
	case errors.Is(err, database.ErrNotFound):
		return Tokens{}, refused
	case err != nil:
		return Tokens{}, err
	case out.AccessToken == "":
		return Tokens{}, refused
	}
	return out, nil
}

// SignOut revokes the caller's session (member or staff) and all tokens made from it, at once.
func (s *Service) SignOut(ctx context.Context) error {
	var session int64
	if m, ok := Member(ctx); ok {
		session = m.SessionID
	} else if st, ok := Staff(ctx); ok {
		session = st.SessionID
	} else {
		return errs.New(errs.Unauthenticated, "auth.required")
	}
	err := s.store.db.InTx(ctx, func(tx *gorm.DB) error {
		row, err := s.store.sessionTx(ctx, tx, session)
		if err != nil {
			return err
		}
		return s.store.revokeFamilyTx(ctx, tx, row.Family)
	})
	s.live.forget()
	if errors.Is(err, database.ErrNotFound) {
		return nil // purged: as signed out as can be
	}
	return err
}

// RevokeMember ends all sessions of a member: password changed, account deleted.
func (s *Service) RevokeMember(ctx context.Context, memberID int64) error {
	err := s.store.db.InTx(ctx, func(tx *gorm.DB) error {
		return s.store.revokeSubjectTx(ctx, tx, kindMember, memberID)
	})
	s.live.forget()
	return err
}

// PurgeSessions deletes up to limit sessions that ended by time and says how many.
func (s *Service) PurgeSessions(ctx context.Context, limit int) (int64, error) {
	return s.store.purgeSessions(ctx, s.now().UTC(), limit)
}

// verifyMember checks a member's access token for the site. Errors: auth.token_invalid, auth.token_expired.
func (s *Service) verifyMember(ctx context.Context, site, text string) (MemberCaller, error) {
	c, subject, session, err := s.member.verify(text)
	if err != nil {
		return MemberCaller{}, err
	}
	if c.Site != site {
		return MemberCaller{}, invalid(errors.New("token of another site"))
	}
	if err := s.checkSession(ctx, session, subject); err != nil {
		return MemberCaller{}, err
	}
	return MemberCaller{ID: subject, Site: c.Site, OutMemberID: c.OutMemberID, Language: c.Language, SessionID: session}, nil
}

// checkSession refuses a revoked session. A rotated one is good: its access token has minutes left and requests may
// still be on their way.
func (s *Service) checkSession(ctx context.Context, session, subject int64) error {
	epoch, known := s.live.look(sessionOf{session, subject})
	if known {
		return nil
	}
	row, err := s.store.session(ctx, session)
	if errors.Is(err, database.ErrNotFound) {
		return invalid(errors.New("no such session"))
	}
	if err != nil {
		return err
	}
	if row.SubjectKind != kindMember || row.SubjectID != subject || row.State == stateRevoked {
		return invalid(errors.New("session revoked"))
	}
	s.live.remember(sessionOf{session, subject}, epoch)
	return nil
}

// liveSessions remembers sessions the database called live. Any revocation in this process forgets them all: simpler
// than finding the right ones, and a look-up by primary key is cheap.
type liveSessions struct {
	on    bool
	epoch atomic.Int64
	mu    sync.RWMutex
	seen  map[sessionOf]int64 // -> epoch before the database was asked
}

type sessionOf struct{ session, subject int64 }

const maxLive = 50_000

func (l *liveSessions) look(session sessionOf) (epoch int64, known bool) {
	if !l.on {
		return 0, false
	}
	epoch = l.epoch.Load()
	l.mu.RLock()
	defer l.mu.RUnlock()
	at, ok := l.seen[session]
	return epoch, ok && at == epoch
}

func (l *liveSessions) remember(session sessionOf, epoch int64) {
	if !l.on {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.seen == nil || len(l.seen) >= maxLive {
		l.seen = map[sessionOf]int64{}
	}
	l.seen[session] = epoch
}

func (l *liveSessions) forget() { l.epoch.Add(1) }

// randomToken has 256 random bits.
func randomToken() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails: the Go runtime crashes instead
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// hashToken is what is stored: the token has enough entropy for a plain hash.
func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
