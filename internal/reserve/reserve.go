// Package reserve keeps back what daruma itself must still be able to have when programs have used up the rest.
package reserve

import (
	"runtime"
	"sync"
)

// Threads makes n threads of the operating system, which Go's runtime keeps and uses again. Later there may be none to
// be had (RLIMIT_NPROC, pids.max), and the runtime dies of that: "failed to create new OS thread".
func Threads(n int) {
	var ready, done sync.WaitGroup
	release := make(chan struct{})
	for range n {
		ready.Add(1)
		done.Add(1)
		go func() {
			defer done.Done()
			runtime.LockOSThread() // a thread each, until all are there
			defer runtime.UnlockOSThread()
			ready.Done()
			<-release
		}()
	}
	ready.Wait()
	close(release)
	done.Wait()
}

// Descriptors gives nil where at least n more file descriptors can probably be had, else an error that says what to do.
// The kernel gives out the lowest free number, so that number tells how many are in use. On Windows it is always nil:
// handles have no such limit.
func Descriptors(n int) error { return descriptors(n) }
