package keeper

import (
	"testing"

	"golang.org/x/sys/unix"
)

// TestCheckAnswer: an image that takes over says so in a line of its own; what else it prints is no answer.
func TestCheckAnswer(t *testing.T) {
	for said, want := range map[string]string{
		"takes over: 1.2.3":                             "1.2.3",
		"init runtime @0.02 ms\ntakes over: 1.2.3\nbye": "1.2.3",
		"":                           "",
		"it never takes over: 1.2.3": "",
		"panic: no\n\ngoroutine 1 [running]:\nmain.main": "",
	} {
		if to, err := answerOf(0, said); to != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", said, to, err)
		}
	}
	const exited1 = unix.WaitStatus(1 << 8)
	if to, err := answerOf(exited1, "takes over: 1.2.3"); err == nil {
		t.Errorf("it failed, and %q was taken", to)
	}
}
