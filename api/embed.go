// Package api embeds the HTTP contract: openapi.yaml is written first, code and clients are generated from it.
package api

import _ "embed"

// Spec is openapi.yaml (OpenAPI 3.1), served at /openapi.yaml.
//
//go:embed openapi.yaml
var Spec []byte
