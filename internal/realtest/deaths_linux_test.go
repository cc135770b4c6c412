package realtest

import (
	"syscall"
	"testing"

	"github.com/daruma-sh/daruma/internal/control"

	"golang.org/x/sys/unix"
)

// TestEveryDeathOfTheSupervisor: whatever signal the supervisor gets, and where memory is refused to it, there is a supervisor
// afterwards, and the program hasn't noticed. By those that are deadly the keeper starts another one.
func TestEveryDeathOfTheSupervisor(t *testing.T) {
	s := run(t, folder(t), `name: real
programs:
  it:
    command: [sleep, "1000"]
`)
	s.awaitReady("it", 0)
	_, before := s.status("it")
	// answered waits for an answer that will do; while a supervisor dies there is none.
	answered := func(what string, enough func(control.Status) bool) (st control.Status) {
		t.Helper()
		s.eventually(what, func() bool {
			now, err := s.client.Status(t.Context())
			if err == nil {
				st = now
			}
			return err == nil && enough(st)
		})
		if now := st.Programs[0]; now.PID != before.PID || now.Restarts != 0 {
			t.Fatalf("%s: the program was %+v, is %+v", what, before, now)
		}
		return st
	}
	supervisor := func(what string) int {
		t.Helper()
		return answered(what, func(control.Status) bool { return true }).SupervisorPID
	}
	replaced := func(how string, old int) {
		t.Helper()
		answered("a new supervisor after "+how, func(st control.Status) bool { return st.SupervisorPID != old })
	}
	for signal := syscall.Signal(1); signal <= syscall.SIGSYS; signal++ {
		switch signal {
		case syscall.SIGSTOP, syscall.SIGTSTP, syscall.SIGTTIN, syscall.SIGTTOU: // stopped, not dead: TestHungSupervisorIsReplaced
			continue
		}
		how := signal.String()
		pid := supervisor("a supervisor before " + how)
		if err := syscall.Kill(pid, signal); err != nil {
			t.Fatalf("%s: %v", how, err)
		}
		switch signal {
		case syscall.SIGQUIT, syscall.SIGILL, syscall.SIGTRAP, syscall.SIGABRT, syscall.SIGBUS, syscall.SIGFPE, syscall.SIGKILL, syscall.SIGSEGV,
			syscall.SIGSYS, syscall.SIGSTKFLT:
			replaced(how, pid)
		default: // it may live on or die
			supervisor("an answer after " + how)
		}
	}

	pid := supervisor("a supervisor before its memory is limited")
	if err := unix.Prlimit(pid, unix.RLIMIT_AS, &unix.Rlimit{Cur: 1, Max: 1}, nil); err != nil {
		t.Fatal(err)
	}
	replaced("memory was refused", pid) // each answer takes some
}
