//go:build !race

package realtest

// buildFlags makes the daruma under test race-enabled when the test is.
const buildFlags = ""
