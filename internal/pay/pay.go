// Package pay takes buyers' payments in and pays purchase orders at 1688.
package pay

import "time"

// States of a buyer's payment.
const (
	accepted = "accepted" // the whole amount in the order's currency
	mismatch = "mismatch" // another amount or currency: kept, and shown to staff
)

// maxPayAttempts is how often 1688 allows password-free payment to be tried.
const maxPayAttempts = 3

// payPause is how long a doubtful payment may take to show at 1688 before the next try.
const payPause = 5 * time.Second

// Payment is a buyer's payment as the storefront's payment provider reports it.
type Payment struct {
	OrderID   int64
	Ref       string // the provider's id of the payment; one payment is recorded once
	WebhookID string
	Amount    int64 // minor units
	Currency  string
	PaidAt    time.Time
}
