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
		sent := []unix.Signal{unix.SIGHUP, unix.SIGTERM}[i%2]
		if any, _ := l.came(); any {
			t.Fatalf("round %d: a signal before it was sent", i)
		}
		if err := unix.Tgkill(unix.Getpid(), unix.Gettid(), sent); err != nil { // this thread has taken it when that returns
			t.Fatal(err)
		}
		if any, stop := l.came(); !any || stop != (sent == unix.SIGTERM) {
			t.Fatalf("round %d: %v: seen %v, a stop %v", i, sent, any, stop)
		}
	}
}
