package web

import (
	"context"
	"errors"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"entrepot/internal/database"
	"entrepot/internal/errs"
)

// idemTest makes things through Once, as a feature's service does.
type idemTest struct {
	*edgeTest
	idem *Idempotency
	db   *database.DB
	made atomic.Int64
	fail atomic.Bool
	now  time.Time
}

func newIdem(t *testing.T) *idemTest {
	db := database.OpenTest(t)
	x := &idemTest{edgeTest: newEdge(t), db: db, now: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)}
	x.idem = NewIdempotency(db, func() time.Time { return x.now })
	x.Engine.POST("/v1/things", func(c *gin.Context) {
		idem, err := IdemOf(c)
		if err != nil {
			Render(c, err)
			return
		}
		answer, replay, err := x.idem.Once(Context(c), idem, func(ctx context.Context) (Answer, error) {
			return x.make(ctx, idem)
		})
		switch {
		case err != nil:
			Render(c, err)
		case replay != nil:
			assert.NoError(t, replay.Write(c.Writer))
		default:
			assert.NoError(t, answer.Write(c.Writer))
		}
	})
	return x
}

func (x *idemTest) make(ctx context.Context, idem Idem) (Answer, error) {
	var a Answer
	err := x.db.Grouped(ctx, func(tx *gorm.DB) error {
		if x.fail.Load() {
			return errs.New(errs.Rule, "request.invalid")
		}
		id := x.db.NewID()
		var err error
		if a, err = JSONAnswer(201, map[string]any{"id": ID(id)}, id); err != nil {
			return err
		}
		return x.idem.SaveTx(ctx, tx, idem, a)
	})
	if err == nil {
		x.made.Add(1)
	}
	return a, err
}

func (x *idemTest) post(key, body string, h ...string) *httptest.ResponseRecorder {
	h = append([]string{"X-Site-Key", "key-jp", "Content-Type", jsonKind, "Idempotency-Key", key}, h...)
	return x.do("POST", "/v1/things", body, append(h, "Authorization", "Bearer 7")...)
}

func TestIdempotencyReplay(t *testing.T) {
	x := newIdem(t)
	first := x.post("k1", `{"name":"abc","count":1}`)
	require.Equal(t, 201, first.Code, first.Body.String())
	assert.Empty(t, first.Header().Get("Idempotency-Replayed"))
	again := x.post("k1", "{ \"count\":1,\n\"name\":\"abc\"}")
	assert.Equal(t, 201, again.Code)
	assert.Equal(t, first.Body.String(), again.Body.String(), "byte-identical")
	assert.Equal(t, first.Header().Get("Content-Type"), again.Header().Get("Content-Type"))
	assert.Equal(t, "true", again.Header().Get("Idempotency-Replayed"))
	other := x.post("k1", `{"name":"abc","count":2}`)
	assert.Equal(t, 422, other.Code)
	assert.Equal(t, "IDEMPOTENCY_KEY_REUSED", problemOf(t, other).Code)
	assert.EqualValues(t, 1, x.made.Load())
	require.Equal(t, 201, x.post("k2", `{"name":"abc","count":1}`).Code)
	assert.EqualValues(t, 2, x.made.Load())
}

func TestIdempotencyParallel(t *testing.T) {
	x := newIdem(t)
	var wg sync.WaitGroup
	bodies := make([]string, 20)
	for i := range bodies {
		wg.Go(func() {
			w := x.post("same", `{"name":"abc"}`)
			assert.Equal(t, 201, w.Code, w.Body.String())
			bodies[i] = w.Body.String()
		})
	}
	wg.Wait()
	for _, b := range bodies {
		assert.Equal(t, bodies[0], b)
	}
	assert.EqualValues(t, 1, x.made.Load())
}

func TestIdempotencyKeepsOnlySuccesses(t *testing.T) {
	x := newIdem(t)
	x.fail.Store(true)
	assert.Equal(t, 422, x.post("k", `{"name":"abc"}`).Code)
	x.fail.Store(false)
	assert.Equal(t, 201, x.post("k", `{"name":"abc"}`).Code)
}

func TestIdempotencyExpiry(t *testing.T) {
	x := newIdem(t)
	require.Equal(t, 201, x.post("k", `{"name":"abc"}`).Code)
	n, err := x.idem.Purge(t.Context(), 100)
	require.NoError(t, err)
	assert.Zero(t, n)
	x.now = x.now.Add(Keep - time.Second)
	assert.Equal(t, "true", x.post("k", `{"name":"abc"}`).Header().Get("Idempotency-Replayed"))
	x.now = x.now.Add(time.Second)
	n, err = x.idem.Purge(t.Context(), 100)
	require.NoError(t, err)
	assert.EqualValues(t, 1, n)
	assert.Empty(t, x.post("k", `{"name":"abc"}`).Header().Get("Idempotency-Replayed"))
	assert.EqualValues(t, 2, x.made.Load())
}

func TestIdempotencyOtherErrors(t *testing.T) {
	x := newIdem(t)
	idem := Idem{Scope: "s", Key: "k", Hash: "h"}
	_, _, err := x.idem.Once(t.Context(), idem, func(context.Context) (Answer, error) {
		return Answer{}, database.ErrDuplicate // of another unique key
	})
	require.ErrorIs(t, err, database.ErrDuplicate)
	boom := errors.New("boom")
	_, _, err = x.idem.Once(t.Context(), idem, func(context.Context) (Answer, error) { return Answer{}, boom })
	require.ErrorIs(t, err, boom)
	_, err = x.idem.Find(t.Context(), idem)
	require.ErrorIs(t, err, database.ErrNotFound)
	_, err = JSONAnswer(200, make(chan int), 0)
	require.Error(t, err)
}

func TestScopeAndHash(t *testing.T) {
	e := newEdge(t)
	var seen []Idem
	e.Engine.POST("/v1/things", func(c *gin.Context) {
		idem, err := IdemOf(c)
		require.NoError(t, err)
		key, err := IdempotencyKey(c)
		require.NoError(t, err)
		assert.Equal(t, "k", key)
		seen = append(seen, idem)
	})
	for _, body := range []string{`{"name":"ab","big":9007199254740993}`, `{"name":"ab","big":9007199254740992}`} {
		e.do("POST", "/v1/things", body, "X-Site-Key", "key-jp", "Authorization", "Bearer 7", "Content-Type", jsonKind,
			"Idempotency-Key", "k", "X-Request-Id", "r")
	}
	require.Len(t, seen, 2)
	assert.Equal(t, "japan:member:7:makeThing", seen[0].Scope)
	assert.Equal(t, "r", seen[0].RequestID)
	assert.Len(t, seen[0].Hash, 64)
	assert.NotEqual(t, seen[0].Hash, seen[1].Hash, "large numbers are not rounded together")
	raw := &request{method: "POST", path: "/x", body: []byte("a=1&b=2")}
	assert.Len(t, raw.bodyHash(), 64, "a form counts byte by byte")
	assert.NotContains(t, raw.bodyHash(), "a=1")
}
