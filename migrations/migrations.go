// Package migrations holds embedded files: the SQL migrations of both engines, with equal numbers.
package migrations

import "embed"

// FS holds mysql/NNNNN_name.sql and sqlite/NNNNN_name.sql in goose's format. A change of the schema is a new
// number in both folders; a file that has been released is never edited.
//
//go:embed mysql/*.sql sqlite/*.sql
var FS embed.FS
