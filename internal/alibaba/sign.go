package alibaba

import (
	"crypto/hmac"
	"crypto/sha1" // the gateway's rule is HMAC-SHA1; there is no other
	"encoding/hex"
	"slices"
	"strings"
)

// signatureField is the one parameter that is never signed.
const signatureField = "_aop_signature"

// param is one form field of a gateway call; value is the raw text, before url-encoding.
type param struct{ key, value string }

// sign returns the gateway signature of a call: upper-case hex of HMAC-SHA1 over the path (from "param2" on, empty for
// pushed messages) followed by the key+value strings in byte order. The joined strings are sorted, not the keys: the two
// differ when one key is a prefix of another.
func sign(secret, path string, params []param) string {
	return strings.ToUpper(hex.EncodeToString(digest(secret, path, params)))
}

func digest(secret, path string, params []param) []byte {
	joined := make([]string, 0, len(params))
	size := len(path)
	for _, p := range params {
		if p.key == signatureField {
			continue
		}
		joined = append(joined, p.key+p.value)
		size += len(p.key) + len(p.value)
	}
	slices.Sort(joined)
	base := make([]byte, 0, size)
	base = append(base, path...)
	for _, s := range joined {
		base = append(base, s...)
	}
	mac := hmac.New(sha1.New, []byte(secret))
	mac.Write(base)
	return mac.Sum(nil)
}
