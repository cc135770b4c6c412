package keeper

import (
	"os"
	"os/signal"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A signal that is pending when an image is executed waits for the next one, if the thread that executes it blocks it (execve(2), signal(7)).
// But one that a thread of Go's has taken already is in this image's memory, and lost with it. Go's threads can't be made to block it: what
// one does to its mask while the runtime has it do something (syscall.AllThreadsSyscall) is undone when it returns from that, for it is in a
// signal handler. So the image looks for what has come, as the last thing that it does before the exec.

// requestSignals are those that ask something of a keeper.
func requestSignals() []os.Signal { return []os.Signal{unix.SIGTERM, unix.SIGINT, unix.SIGHUP} }

// lateSignals notices signals that come while a keeper is about to be replaced, beside whoever they are for.
type lateSignals struct{ ch chan os.Signal }

func (l *lateSignals) follow() {
	if l.ch == nil {
		l.ch = make(chan os.Signal, 16)
		signal.Notify(l.ch, requestSignals()...)
	}
}

// came says whether there was one since it was asked last, and whether one of them asks for the keeper's end.
func (l *lateSignals) came() (any, stop bool) {
	// What handlers have taken in may be on its way to ch. signal.Stop waits until all of that is delivered, whatever signal it is about.
	other := make(chan os.Signal, 1)
	signal.Notify(other, unix.SIGWINCH)
	signal.Stop(other)
	for {
		select {
		case s := <-l.ch:
			any, stop = true, stop || s != unix.SIGHUP
		default:
			return any, stop
		}
	}
}

func (l *lateSignals) end() {
	if l.ch != nil {
		signal.Stop(l.ch)
		l.ch = nil
	}
}

// holdSignals has this thread block them, so that those which no other thread takes wait for the next image. All threads of that are born with
// the mask, and block them from the start, but for the one that package signal sets up.
func holdSignals() { maskSignals(unix.SIG_BLOCK) }

// releaseOwnSignals ends it for this thread, and for what it forks.
func releaseOwnSignals() { maskSignals(unix.SIG_UNBLOCK) }

func maskSignals(how uintptr) {
	var set uint64
	for _, s := range requestSignals() {
		set |= 1 << (uint(s.(syscall.Signal)) - 1)
	}
	_, _, _ = syscall.RawSyscall6(unix.SYS_RT_SIGPROCMASK, how, uintptr(unsafe.Pointer(&set)), 0, unsafe.Sizeof(set), 0, 0)
}
