// Package orphans reaps the zombies of orphaned processes in a program that is PID 1 (Linux).
//
// The kernel makes PID 1 the parent of every orphan, and PID 1 must reap its zombie. A container whose main process doesn't do
// that runs out of process ids in the end. But the zombies of processes that the program started itself belong to the code that
// waits for them (os/exec), which gets an error when somebody else was faster. Package os holds a pidfd of each process that it
// started until it was waited for: so a zombie without a pidfd is an orphan's. Code that starts processes without package os has five seconds
// to wait for them.
package orphans

import (
	"bytes"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	reapAfter = 5 * time.Second
	reapPause = time.Second // between two checks
)

// Reap reaps until the function that it returns is called. An error says that this kernel has no pidfds (Linux before 5.3);
// then nothing is reaped.
func Reap() (end func(), err error) {
	fd, err := unix.PidfdOpen(os.Getpid(), 0)
	if err != nil {
		return nil, os.NewSyscallError("pidfd_open", err)
	}
	_ = unix.Close(fd)
	children := make(chan os.Signal, 1)
	done, ended := make(chan struct{}), make(chan struct{})
	signal.Notify(children, unix.SIGCHLD)
	go func() {
		defer close(ended)
		reapLoop(children, done)
	}()
	return func() {
		signal.Stop(children)
		close(done)
		<-ended
	}, nil
}

// reapLoop checks the children a second after one of them died, and again as long as there is a zombie.
func reapLoop(children <-chan os.Signal, done <-chan struct{}) {
	since := map[zombie]time.Time{}
	timer := time.NewTimer(0) // some may be there already
	defer timer.Stop()
	for waiting := true; ; {
		select {
		case <-done:
			return
		case <-children:
			if !waiting {
				waiting = true
				timer.Reset(reapPause)
			}
		case <-timer.C:
			since = reap(since, time.Now())
			if waiting = len(since) > 0; waiting {
				timer.Reset(reapPause)
			}
		}
	}
}

// zombie is a dead process. A pid alone may be another process's by now.
type zombie struct {
	pid     int
	started string // in ticks since boot
}

// reap reaps the orphans that have been zombies for long enough and gives the others, with the time when each was first seen.
func reap(before map[zombie]time.Time, now time.Time) map[zombie]time.Time {
	left := map[zombie]time.Time{}
	all := zombies(os.Getpid())
	if len(all) == 0 {
		return left
	}
	own := heldProcesses()
	for _, z := range all {
		first, seen := before[z]
		switch {
		case !seen:
			left[z] = now
		case own[z.pid] || now.Sub(first) < reapAfter:
			left[z] = first
		default:
			_ = unix.Waitid(unix.P_PID, z.pid, nil, unix.WEXITED|unix.WNOHANG, nil) // an error: somebody waited for it meanwhile
		}
	}
	return left
}

// zombies are the dead children of parent.
func zombies(parent int) []zombie {
	var found []zombie
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			continue // gone meanwhile
		}
		// The name in parentheses may contain anything, proc_pid_stat(5).
		fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
		const state, ppid, starttime = 0, 1, 19
		if len(fields) > starttime && string(fields[state]) == "Z" && string(fields[ppid]) == strconv.Itoa(parent) {
			found = append(found, zombie{pid, string(fields[starttime])})
		}
	}
	return found
}

// heldProcesses are the processes of which this one holds a pidfd.
func heldProcesses() map[int]bool {
	held := map[int]bool{}
	entries, _ := os.ReadDir("/proc/self/fd")
	for _, e := range entries {
		// "anon_inode:[pidfd]", since Linux 6.9 "pidfd:[inode]".
		if target, err := os.Readlink("/proc/self/fd/" + e.Name()); err != nil || !strings.Contains(target, "pidfd") {
			continue
		}
		text, _ := os.ReadFile("/proc/self/fdinfo/" + e.Name())
		for line := range strings.Lines(string(text)) {
			if value, ok := strings.CutPrefix(line, "Pid:"); ok {
				if pid, err := strconv.Atoi(strings.TrimSpace(value)); err == nil && pid > 0 {
					held[pid] = true
				}
			}
		}
	}
	return held
}
