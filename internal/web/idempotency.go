package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"entrepot/internal/database"
	"entrepot/internal/errs"
)

const idempotencyHeader = "Idempotency-Key"

// Keep is how long an answer is kept for replay at least.
const Keep = 7 * 24 * time.Hour

// Idem is what a write carries from the HTTP edge into the transaction that makes it happen once.
type Idem struct {
	Scope     string // whose key it is: caller and operation
	Key       string // as sent, 1..255 visible ASCII characters
	Hash      string // SHA-256 of method, path and body (member order and blanks do not count), hex
	RequestID string // of the request that carried it
}

// IdemOf reads the key of the current request. Errors: idempotency.key_required, idempotency.key_invalid.
func IdemOf(ctx context.Context) (Idem, error) {
	r := requestOf(ctx)
	if r == nil || r.op == nil {
		return Idem{}, errs.New(errs.Internal, "internal.error").Because(errors.New("web: IdemOf outside an operation"))
	}
	values := r.header[idempotencyHeader]
	if err := checkIdempotencyKey(values, true); err != nil {
		return Idem{}, err
	}
	return Idem{Scope: r.scope(), Key: values[0], Hash: r.bodyHash(), RequestID: r.id}, nil
}

// IdempotencyKey is the key alone; see IdemOf.
func IdempotencyKey(ctx context.Context) (string, error) {
	idem, err := IdemOf(ctx)
	return idem.Key, err
}

func checkIdempotencyKey(values []string, required bool) error {
	pointer := "/header/" + idempotencyHeader
	if len(values) == 0 || len(values) == 1 && values[0] == "" {
		if !required {
			return nil
		}
		return errs.New(errs.Invalid, "idempotency.key_required").At(pointer, "idempotency.key_required")
	}
	ok := len(values) == 1 && len(values[0]) <= 255
	for i := 0; ok && i < len(values[0]); i++ {
		ok = values[0][i] > ' ' && values[0][i] < 0x7f
	}
	if !ok {
		return errs.New(errs.Invalid, "idempotency.key_invalid").At(pointer, "idempotency.key_invalid")
	}
	return nil
}

// scope fits varchar(100): a site code has at most 32 characters, an operationId about 30.
func (r *request) scope() string {
	who := "public"
	if r.caller.Kind != "" {
		who = r.caller.Kind + ":" + strconv.FormatInt(r.caller.ID, 10)
	}
	if r.site != nil {
		who = r.site.Code + ":" + who
	}
	return cut(who+":"+r.op.id, 100)
}

func (r *request) bodyHash() string {
	h := sha256.New()
	h.Write([]byte(r.method + "\n" + r.path + "\n"))
	body := jsontext.Value(bytes.Clone(r.body))
	// Numbers stay as written: the canonical form of RFC 8785 would push large ids through float64.
	if len(body) > 0 && body.Canonicalize(jsontext.CanonicalizeRawInts(false), jsontext.CanonicalizeRawFloats(false)) != nil {
		body = r.body // not JSON: a form or raw body counts byte by byte
	}
	h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}

// Answer is a whole HTTP answer, as stored for replay.
type Answer struct {
	Status      int
	ContentType string
	Body        []byte
	ObjectID    int64 // what was made, 0 if nothing
}

// JSONAnswer encodes v as the answer. Encoding before the transaction commits keeps replays byte-identical.
func JSONAnswer(status int, v any, objectID int64) (Answer, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return Answer{}, err
	}
	return Answer{Status: status, ContentType: "application/json", Body: append(body, '\n'), ObjectID: objectID}, nil
}

// Write sends the answer; a feature's response object calls it from its generated Visit method.
func (a Answer) Write(w http.ResponseWriter) error {
	return a.write(w, false)
}

func (a Answer) write(w http.ResponseWriter, replayed bool) error {
	h := w.Header()
	h.Set("Content-Type", a.ContentType)
	h.Set("Content-Length", strconv.Itoa(len(a.Body)))
	h.Set("Cache-Control", "no-store")
	if replayed {
		h.Set("Idempotency-Replayed", "true")
	}
	w.WriteHeader(a.Status)
	_, err := w.Write(a.Body)
	return err
}

// Replay is an answer given before. Its Write adds Idempotency-Replayed: true.
type Replay struct {
	Answer
	RequestID string // of the request that was answered first
	CreatedAt time.Time
}

// Write sends the stored answer again.
func (r Replay) Write(w http.ResponseWriter) error { return r.write(w, true) }

// Idempotency keeps answers by scope and key in the table idempotency.
type Idempotency struct {
	store idempotencyStore
	now   func() time.Time
}

// NewIdempotency uses the database; now nil is the real clock.
func NewIdempotency(db *database.DB, now func() time.Time) *Idempotency {
	if now == nil {
		now = time.Now
	}
	return &Idempotency{store: idempotencyStore{db: db}, now: now}
}

// Find returns the answer stored for the key. Not found is database.ErrNotFound; a key used for another request is
// idempotency.key_reused (422).
func (s *Idempotency) Find(ctx context.Context, idem Idem) (*Replay, error) {
	row, err := s.store.find(ctx, idem)
	if err != nil {
		return nil, err
	}
	if row.BodyHash != idem.Hash {
		return nil, errs.New(errs.Rule, "idempotency.key_reused").
			At("/header/"+idempotencyHeader, "idempotency.key_reused")
	}
	return &Replay{
		Answer:    Answer{Status: row.Status, ContentType: row.ContentType, Body: row.Response, ObjectID: row.ObjectID},
		RequestID: row.RequestID, CreatedAt: row.CreatedAt,
	}, nil
}

// Once runs write and returns its answer, or, when the key was answered before, the old one. write must call SaveTx in its
// transaction: for a key that is taken, the unique key rolls it back with database.ErrDuplicate. Keys are new nearly always,
// so write goes first and the look-up is saved; whatever write fails with, a stored answer wins, so a replay is the same
// when the thing it made could not be made again (a price that has expired since). Failures are not stored: the caller may
// try again.
func (s *Idempotency) Once(
	ctx context.Context, idem Idem, write func(ctx context.Context) (Answer, error),
) (Answer, *Replay, error) {
	answer, err := write(ctx)
	if err == nil {
		return answer, nil, nil
	}
	replay, known := s.Find(ctx, idem)
	switch {
	case known == nil:
		return replay.Answer, replay, nil
	case errs.Is(known, "idempotency.key_reused"):
		return Answer{}, nil, known
	default: // never answered, or another unique key was meant: the service knows which
		return Answer{}, nil, err
	}
}
