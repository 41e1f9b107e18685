// Package locales embeds the texts shown to people: one active.<lang>.toml for each language offered.
package locales

import "embed"

// FS holds the message files active.<lang>.toml, named by BCP 47 language and written in go-i18n's TOML form:
// one table for each message id, with `other` and the further plural forms the language needs.
// English is the source; every other file has the same ids and placeholders (checked by tests).
// A new language is one new file; package i18n finds it by its name.
//
//go:embed active.*.toml
var FS embed.FS
