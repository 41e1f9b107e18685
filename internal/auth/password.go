package auth

import (
	"context"
	"errors"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"
	"golang.org/x/text/unicode/norm"

	"entrepot/internal/errs"
)

// Length of a password in characters.
const (
	MinPassword = 8
	MaxPassword = 128
)

// hashParams are OWASP's: 19 MiB, two passes, one lane.
var hashParams = &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// unknownHash is compared against when there is no such login, so that the answer takes as long. It is the hash of
// random bytes nobody kept; made with hashParams.
const unknownHash = "$argon2id$v=19$m=19456,t=2,p=1$S842RCdg97g0EVKs848ssQ$ZuTgtJAL1u/+VWG1K963ZSxwzAgd66pfLDc8hPDlIQ8"

// hasher bounds how many hashes run at once: each needs 19 MiB and a core.
type hasher struct{ slots chan struct{} }

func newHasher(n int) *hasher {
	if n <= 0 {
		n = 4
	}
	return &hasher{slots: make(chan struct{}, n)}
}

func (h *hasher) enter(ctx context.Context) error {
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (h *hasher) leave() { <-h.slots }

// CheckPassword refuses a password outside 8..128 characters, before anything expensive is done with it:
// errs request.invalid with the field at pointer.
func CheckPassword(pointer, password string) error {
	if len(password) > 4*MaxPassword || utf8.RuneCountInString(password) > MaxPassword {
		return errs.New(errs.Invalid, "request.invalid").At(pointer, "field.max_length", "max", MaxPassword)
	}
	if utf8.RuneCountInString(password) < MinPassword {
		return errs.New(errs.Invalid, "request.invalid").At(pointer, "field.min_length", "min", MinPassword)
	}
	return nil
}

// HashPassword makes the argon2id text to store. Unicode spellings of the same text (NFC, NFD) count as one: keyboards
// differ in them, Vietnamese ones above all.
func (s *Service) HashPassword(ctx context.Context, password string) (string, error) {
	if err := CheckPassword("/password", password); err != nil {
		return "", err
	}
	if err := s.hasher.enter(ctx); err != nil {
		return "", err
	}
	defer s.hasher.leave()
	return argon2id.CreateHash(norm.NFC.String(password), hashParams)
}

// VerifyPassword tells whether the password belongs to the hash. An empty hash stands for a login that does not exist:
// the same work is done and the answer is no.
func (s *Service) VerifyPassword(ctx context.Context, hash, password string) (bool, error) {
	if CheckPassword("", password) != nil {
		return false, nil // no stored password looks like this
	}
	exists := hash != ""
	if !exists {
		hash = unknownHash
	}
	if err := s.hasher.enter(ctx); err != nil {
		return false, err
	}
	defer s.hasher.leave()
	same, err := argon2id.ComparePasswordAndHash(norm.NFC.String(password), hash)
	if err != nil {
		return false, errors.New("auth: stored password hash is unreadable") // the library's error may quote it
	}
	return same && exists, nil
}
