package keeper

import (
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// TestSignalBeforeTheExec: one that a thread has taken is noticed at once, however busy the machine is.
func TestSignalBeforeTheExec(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var l lateSignals
	l.follow()
	defer l.end()
	for i := range 1000 {
		if l.came() {
			t.Fatalf("round %d: a signal before it was sent", i)
		}
		if err := unix.Tgkill(unix.Getpid(), unix.Gettid(), unix.SIGHUP); err != nil { // this thread has taken it when that returns
			t.Fatal(err)
		}
		if !l.came() {
			t.Fatalf("round %d: the signal isn't seen", i)
		}
	}
}
