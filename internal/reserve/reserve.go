// Package reserve keeps threads and file descriptors back for daruma itself, for the time when its programs have used up the rest.
package reserve

import (
	"runtime"
	"sync"
)

// Threads makes n threads of the operating system, which Go's runtime keeps and uses again. Later the system may refuse them
// (RLIMIT_NPROC, pids.max), and the runtime dies of that: "failed to create new OS thread".
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

// Descriptors gives nil where the process can probably open at least n more file descriptors, else an error that says what to
// do. The kernel gives out the lowest free number, so that number shows how many are in use. On Windows it is always nil:
// handles have no such limit.
func Descriptors(n int) error { return descriptors(n) }
