package sandbox

import (
	"fmt"
	"hash/fnv"
)

func systemAPIs() []api {
	return []api{{
		ns: nsSystem, name: "currentTime", open: true, envelope: envFlat("error_code", "error_message"),
		handle: func(_ *Server, c *call) (any, *refusal) { return obj{"result": stamp(c.now)}, nil },
	}}
}

// buyer is the purchasing account behind an app's token.
type buyer struct {
	memberID, login string
	userID          int64
}

func newBuyer(key string) buyer {
	h := fnv.New64a()
	_, _ = h.Write([]byte(key)) // never fails
	n := h.Sum64()
	return buyer{memberID: fmt.Sprintf("b2b-33%08d%05x", n%100_000_000, n>>40&0xfffff), login: "buyer" + key, userID: 3_300_000_000_000 + int64(n%1_000_000_000)}
}
