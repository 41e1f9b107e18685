package database

import (
	"strings"

	"gorm.io/gorm"
)

// Statement is one SQL statement with its arguments, its text a constant of ours.
type Statement struct {
	SQL  string
	Args []any
}

// ExecAll runs statements one after the other and stops at the first that fails. On MySQL they travel together, in one
// round trip: a busy transaction spends most of its time on the way.
func ExecAll(tx *gorm.DB, list ...Statement) error {
	if tx.Name() != MySQL {
		for _, s := range list {
			if err := tx.Exec(s.SQL, s.Args...).Error; err != nil {
				return Translate(err)
			}
		}
		return nil
	}
	var text strings.Builder
	var args []any
	for i, s := range list {
		if i > 0 {
			text.WriteString("; ")
		}
		text.WriteString(s.SQL)
		args = append(args, s.Args...)
	}
	return Translate(tx.Exec(text.String(), args...).Error)
}
