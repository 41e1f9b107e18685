package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
)

func contextWithCancel(t *testing.T) (context.Context, context.CancelFunc) {
	return context.WithCancel(t.Context())
}

func (f *fixture) audit(ctx context.Context, e Entry) error {
	return f.db.InTx(ctx, func(tx *gorm.DB) error { return f.AuditTx(ctx, tx, e) })
}

func TestAuditChain(t *testing.T) {
	f := newFixture(t)
	rows, broken, err := f.VerifyAudit(t.Context())
	require.NoError(t, err)
	assert.Zero(t, rows)
	assert.Zero(t, broken)
	as := WithStaff(t.Context(), StaffCaller{ID: 5, LoginName: "sue", Role: Ops})
	for i := range 5 {
		require.NoError(t, f.audit(as, Entry{
			Action: "order.canceled", ObjectKind: "order", ObjectID: int64(i), Site: "japan", Reason: "asked",
			Before: map[string]any{"status": "placed"}, After: map[string]any{"status": "canceled"},
		}))
	}
	require.NoError(t, f.audit(WithMember(t.Context(), MemberCaller{ID: 9}), Entry{Action: "member.exported", ObjectKind: "member", ObjectID: 9}))
	require.NoError(t, f.audit(t.Context(), Entry{Action: "system.started", ObjectKind: "system"}))
	rows, broken, err = f.VerifyAudit(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 7, rows)
	assert.Zero(t, broken)
	page, err := f.store.auditPage(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Len(t, page, 7)
	assert.Equal(t, "system", page[0].ActorKind)
	assert.Equal(t, "member", page[1].ActorKind)
	assert.Equal(t, "sue", page[2].ActorName)
	assert.JSONEq(t, `{"status":"placed"}`, page[2].BeforeJSON)

	victim := page[4].ID
	require.NoError(t, f.db.InTx(t.Context(), func(tx *gorm.DB) error {
		return tx.Table("audit").Where("id = ?", victim).Update("reason", "never asked").Error
	}))
	_, broken, err = f.VerifyAudit(t.Context())
	require.NoError(t, err)
	assert.Equal(t, victim, broken, "a changed row is found")
	require.NoError(t, f.db.InTx(t.Context(), func(tx *gorm.DB) error {
		return tx.Table("audit").Where("id = ?", victim).Delete(nil).Error
	}))
	_, broken, err = f.VerifyAudit(t.Context())
	require.NoError(t, err)
	assert.Equal(t, page[3].ID, broken, "a removed row is found by its successor")
}

func TestAuditTailCannotBeCutOff(t *testing.T) {
	f := newFixture(t)
	for i := range 3 {
		require.NoError(t, f.audit(t.Context(), Entry{Action: "a.b", ObjectKind: "x", ObjectID: int64(i)}))
	}
	page, err := f.store.auditPage(t.Context(), 0, 1)
	require.NoError(t, err)
	require.NoError(t, f.db.InTx(t.Context(), func(tx *gorm.DB) error {
		return tx.Table("audit").Where("id = ?", page[0].ID).Delete(nil).Error
	}))
	rows, broken, err := f.VerifyAudit(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 2, rows)
	assert.Equal(t, page[0].ID, broken)
	require.NoError(t, f.db.InTx(t.Context(), func(tx *gorm.DB) error {
		return f.store.setAuditHeadTx(t.Context(), tx, "nonsense")
	}))
	_, _, err = f.VerifyAudit(t.Context())
	require.Error(t, err)
	require.Error(t, f.audit(t.Context(), Entry{Action: "a.b"}))
}

func TestAuditRollsBackWithTheChange(t *testing.T) {
	f := newFixture(t)
	boom := errors.New("boom")
	require.ErrorIs(t, f.db.InTx(t.Context(), func(tx *gorm.DB) error {
		require.NoError(t, f.AuditTx(t.Context(), tx, Entry{Action: "a.b", ObjectKind: "x"}))
		return boom
	}), boom)
	require.NoError(t, f.audit(t.Context(), Entry{Action: "a.b", ObjectKind: "x"}))
	rows, broken, err := f.VerifyAudit(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 1, rows)
	assert.Zero(t, broken)
}

func TestAuditChainDoesNotForkInParallel(t *testing.T) {
	f := newFixture(t)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			assert.NoError(t, f.audit(t.Context(), Entry{Action: "a.b", ObjectKind: "x", ObjectID: int64(i)}))
		})
	}
	wg.Wait()
	rows, broken, err := f.VerifyAudit(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 20, rows)
	assert.Zero(t, broken)
}

func TestAuditRefusesWhatCannotBeWritten(t *testing.T) {
	f := newFixture(t)
	require.Error(t, f.audit(t.Context(), Entry{Before: make(chan int)}))
	require.Error(t, f.audit(t.Context(), Entry{After: make(chan int)}))
}

func TestAuditPages(t *testing.T) {
	f := newFixture(t).serve()
	_, err := f.CreateStaff(t.Context(), "ann", "long enough", Auditor)
	require.NoError(t, err)
	s, err := f.StaffSignIn(t.Context(), "ann", "long enough")
	require.NoError(t, err)
	for i := range 5 {
		require.NoError(t, f.audit(t.Context(), Entry{Action: "a.b", ObjectKind: "x", ObjectID: int64(i)}))
	}
	var ids []string
	next := ""
	for range 10 {
		w := f.do("GET", "/admin/v1/audit?limit=2"+next, "", "Authorization", "Bearer "+s.AccessToken)
		require.Equal(t, 200, w.Code, w.Body.String())
		var list AuditList
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &list))
		for _, e := range list.Items {
			ids = append(ids, e.Id)
		}
		if list.NextCursor == nil {
			break
		}
		next = "&cursor=" + *list.NextCursor
	}
	assert.Len(t, ids, 7)
	for i := 1; i < len(ids); i++ {
		assert.Less(t, fmt.Sprintf("%20s", ids[i]), fmt.Sprintf("%20s", ids[i-1]))
	}
}
