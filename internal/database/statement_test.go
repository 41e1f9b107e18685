package database

import (
	"testing"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
)

// Each statement takes effect in order, whatever its arguments hold, and the first failure undoes all with its transaction.
func TestExecAll(t *testing.T) {
	db := OpenTest(t)
	put := func(name, value string) Statement {
		return Statement{"INSERT INTO cursors (name, value, updated_at) VALUES (?, ?, ?)", []any{name, value, Now()}}
	}
	tricky := "a'; DROP TABLE cursors; -- ?"
	require.NoError(t, db.Grouped(t.Context(), func(tx *gorm.DB) error {
		return ExecAll(tx, put("one", tricky), put("two", "?"), Statement{"UPDATE cursors SET value = ? WHERE name = ?", []any{"2", "two"}})
	}))
	var values []string
	require.NoError(t, db.Read(t.Context()).Table("cursors").Where("name IN ?", []string{"one", "two"}).Order("name").Pluck("value", &values).Error)
	require.Equal(t, []string{tricky, "2"}, values)

	for _, list := range [][]Statement{{put("one", "again"), put("three", "")}, {put("three", ""), put("one", "again")}} {
		err := db.Grouped(t.Context(), func(tx *gorm.DB) error { return ExecAll(tx, list...) })
		require.ErrorIs(t, err, ErrDuplicate, "also when it is not the first statement")
	}
	var n int64
	require.NoError(t, db.Read(t.Context()).Table("cursors").Where("name = 'three'").Count(&n).Error)
	require.Zero(t, n)
}
