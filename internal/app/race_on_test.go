//go:build race

package app_test

// The race detector makes everything some ten times slower: the long runs are shorter under it.
const raceEnabled = true
