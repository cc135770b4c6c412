package confine

import (
	"os"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// Rules say what a process keeps.
type Rules struct {
	Write   []int  // open folders beneath which it may write; empty: everywhere that its account may
	Cgroup  string // folder of the service's cgroup, which it ends and removes when the keeper is gone; "": there is none
	Signals bool   // it may have to signal processes of other accounts
}

// Start calls start, which forks, on a thread that has given up everything that r doesn't name: the child inherits that thread's rights,
// and execs with them. The thread ends afterwards; the rest of this process keeps its rights.
//
// start gets the text for people of what couldn't be given up, "" where everything was. It is called in any case: a kernel that can do
// less is no reason to run no supervisor.
func Start(r Rules, start func(missing string) error) error {
	done := make(chan error)
	go onThread(func() { done <- start(r.apply()) })
	return <-done
}

// onThread calls do on a thread that ends afterwards, because its goroutine ends locked to it. Not on the main thread: that one would stay,
// and what the system shows of the process is what its main thread has.
func onThread(do func()) {
	runtime.LockOSThread()
	if unix.Gettid() != os.Getpid() {
		do()
		return
	}
	again := make(chan struct{})
	go func() { // on another thread: this goroutine holds the main one until then
		defer close(again)
		done := make(chan struct{})
		go onThread(func() { do(); close(done) })
		<-done
	}()
	<-again
	runtime.UnlockOSThread()
}

// apply gives up what this thread can.
func (r Rules) apply() (missing string) {
	var all []string
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"no_new_privs", noNewPrivileges}, // Landlock takes rules only from those who can't gain privileges
		{"Landlock", r.restrictWriting},
		{"capabilities", r.dropCapabilities},
	} {
		if err := step.do(); err != nil {
			all = append(all, step.name+": "+err.Error())
		}
	}
	return strings.Join(all, "; ")
}

func noNewPrivileges() error { return unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) }
