package realtest

import "testing"

// TestLeftBehindWithoutCgroups: an ordinary user has none; there the session and DARUMA_RUN say what a run left.
func TestLeftBehindWithoutCgroups(t *testing.T) {
	needRoot(t) // to become somebody else
	s, _ := asUser(t, func(string) string { return launchers(t) })
	sayWhatTheyLeft(t, s)
}
