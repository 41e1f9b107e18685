// Package alibaba speaks the 1688 open-platform protocol and nothing else, and classifies failures: it signs, calls,
// decodes and parses pushed messages; it knows nothing of our orders, tables or sites.
//
// One file per group of APIs; each method names the 1688 API it calls. Answers are decoded leniently (ids as number or
// text, booleans as text, missing fields, Java leftovers), requests are encoded strictly. Every failure is an *Error
// whose Class says what a caller may do next. Amounts are fen (1/100 CNY) or a Yuan decimal text, never a float; times
// are UTC.
package alibaba
