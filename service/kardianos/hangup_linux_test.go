package service_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestHangupIsTheProgramsOwn: the original doesn't listen for SIGHUP, so programs do, to reload; ReloadSignal sends it.
func TestHangupIsTheProgramsOwn(t *testing.T) {
	for _, attended := range []bool{false, true} {
		t.Run(fmt.Sprintf("terminal %v", attended), func(t *testing.T) { hangUp(t, attended) })
	}
}

// hangUp sends SIGHUP to a program with a handler of its own, with a terminal or without as a service.
func hangUp(t *testing.T, attended bool) {
	file := filepath.Join(t.TempDir(), "events")
	cmd := exec.Command(os.Args[0], childWord, "hangup", file)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if attended {
		_, terminal := pty(t)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = terminal, terminal, terminal
		cmd.SysProcAttr.Setctty = true
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill() }()
	awaitFile(t, file, "listens", 1)
	for _, step := range []struct {
		signal os.Signal
		noted  string
	}{{syscall.SIGHUP, "hangup"}, {syscall.SIGTERM, "run: <nil>"}} {
		if err := cmd.Process.Signal(step.signal); err != nil {
			t.Fatal(err)
		}
		awaitFile(t, file, step.noted, 1)
	}
	text, err := os.ReadFile(file)
	if want := "hangup\nstop\nrun: <nil>\n"; err != nil || string(text[len(text)-len(want):]) != want {
		t.Errorf("noted %q, %v; want %q at the end", text, err, want)
	}
}

// TestTerminalIsClosed: the original was ended by SIGHUP when its terminal was closed, and a program without a handler still ends, in order.
func TestTerminalIsClosed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "events")
	person, terminal := pty(t)
	cmd := exec.Command(os.Args[0], childWord, "plain", file)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = terminal, terminal, terminal
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill() }()
	awaitFile(t, file, "start interactive", 1)
	_ = terminal.Close()
	_ = person.Close()
	awaitFile(t, file, "stop\nrun: <nil>\n", 1)
}

// pty opens a pseudo-terminal: a person's end, and a program's.
func pty(t *testing.T) (person, terminal *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = person.Close() })
	n, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = terminal.Close() })
	return person, terminal
}
