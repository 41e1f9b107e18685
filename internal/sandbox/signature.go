package sandbox

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the platform's signature is HMAC-SHA1
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
)

const signatureField = "_aop_signature"

// signature is rule 1.2 of the open platform: path, then all key+value strings (raw values) in byte order, HMAC-SHA1, upper-case hex.
// path is "param2/..." for calls and empty for pushes.
func signature(secret, path string, params url.Values) string {
	parts := make([]string, 0, len(params))
	for k, v := range params {
		if k != signatureField && len(v) > 0 {
			parts = append(parts, k+v[0])
		}
	}
	slices.Sort(parts)
	mac := hmac.New(sha1.New, []byte(secret))
	mac.Write([]byte(path))
	for _, p := range parts {
		mac.Write([]byte(p))
	}
	return strings.ToUpper(hex.EncodeToString(mac.Sum(nil)))
}

func sameSignature(got, want string) bool {
	return hmac.Equal([]byte(strings.ToUpper(got)), []byte(want))
}

// signed tells whether the caller proved the secret. paths are the spellings of the path that it may have signed.
func (f *form) signed(secret string, paths ...string) bool {
	got := f.args.Get(signatureField)
	for _, p := range paths {
		if sameSignature(got, signature(secret, p, f.args)) {
			return true
		}
	}
	return false
}
