// Package purego stands in for github.com/ebitengine/purego, which the HEIC decoder uses to look for a libheif of the
// machine before it falls back to its own WebAssembly. The real one would make every binary of ours a dynamic one, which
// does not start in an image without a C library, and would let an unknown native decoder read strangers' pictures. This
// one opens nothing, so the sandboxed decoder is always used. go.mod replaces the module with this folder.
package purego

import "errors"

// The flags of dlopen that callers name; they mean nothing here.
const (
	RTLD_NOW    = 0 //nolint:revive,staticcheck // the name of the original
	RTLD_GLOBAL = 0 //nolint:revive,staticcheck // the name of the original
)

// Dlopen opens nothing.
func Dlopen(string, int) (uintptr, error) {
	return 0, errors.New("native libraries are not used")
}

// RegisterLibFunc is never reached without a library.
func RegisterLibFunc(any, uintptr, string) {}
