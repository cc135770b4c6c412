package realtest

import (
	"syscall"
	"testing"
)

// apart makes a command the leader of a process group: a terminal's Ctrl+C goes to all of a group.
func apart() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// interrupt is Ctrl+C at the service's terminal.
func (s *service) interrupt() {
	if err := syscall.Kill(-s.cmd.Process.Pid, syscall.SIGINT); err != nil {
		s.t.Error(err)
	}
}

// kill ends a process without asking it.
func kill(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

// suspend makes a process stand still.
func suspend(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
}
