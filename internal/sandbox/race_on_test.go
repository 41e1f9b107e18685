//go:build race

package sandbox

// The race detector makes everything some ten times slower: the long runs are shorter under it.
const raceOn = true
