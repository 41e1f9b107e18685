// Package sync keeps 1688 and us in step in both directions: inbound messages, outbound pushes, ledger, sweep.
package sync

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"entrepot/internal/account"
	"entrepot/internal/order"
)

// States of a ledger row. "queued" is not stored: it is a push job that has no row yet.
const (
	stateSent         = "sent" // tried, no acknowledgement yet
	stateAcknowledged = "acknowledged"
	stateRefused      = "refused" // 1688 understood and said no
	stateDead         = "dead"    // given up after many tries
	stateSuperseded   = "superseded"
	stateNotNeeded    = "not_needed"
	stateQueued       = "queued"
)

// States of a message.
const (
	received = "received"
	applied  = "applied"
	ignored  = "ignored"
	failed   = "failed"
)

// JobApply applies one stored message.
const JobApply = "message.apply"

// kinds maps push jobs to the kinds of the ledger.
var kinds = map[string]string{
	account.JobPushRegistration: "registration",
	order.JobPushOrder:          "order",
	order.JobPushRelation:       "relation",
	order.JobPushStatus:         "order_status",
	order.JobPushParcel:         "logistics",
	order.JobPushParcelStep:     "logistics_status",
}

// supersedable kinds carry a state, of which only the newest matters while none was sent.
var supersedable = map[string]bool{"order_status": true, "logistics_status": true}

const (
	maxPushTries = 300              // failed tries after which a push is dead: about a day of pauses
	blockedPause = 30 * time.Second // how long a push waits behind a dead one of its order
	parkFor      = 30 * time.Minute // how long a message may wait for its order to become known
)

// wanted is one thing 1688 must learn, as the ledger names it.
type wanted struct {
	kind      string
	objectKey string
	version   string
	site      string
	orderID   int64
	at        time.Time
}

// hash names the facts that were sent, so that the ledger can prove which.
func hash(payload any) (text, sum string) {
	b, err := json.Marshal(payload)
	if err != nil {
		panic(err) // plain structs of the client always encode
	}
	h := sha256.Sum256(b)
	return string(b), hex.EncodeToString(h[:])
}

// parkPause grows with the age of a message that waits for its order: soon at first, then rarely.
func parkPause(age time.Duration) time.Duration {
	return min(max(age/2, 300*time.Millisecond), time.Minute)
}
