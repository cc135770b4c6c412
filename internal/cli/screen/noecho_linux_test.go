package screen

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestAsk is the process that asks for a password, in a terminal of a test's own.
func TestAsk(t *testing.T) {
	if os.Getenv("DARUMA_TEST_ASK") == "" {
		t.Skip("runs within TestInterruptedPassword")
	}
	restore, err := NoEcho(os.Stdin)
	if err != nil {
		t.Fatal(err)
	}
	defer restore()
	for typed := bufio.NewReader(os.Stdin); ; {
		fmt.Fprintln(os.Stderr, "ask")
		if line, err := typed.ReadString('\n'); err != nil || line == "secret\n" {
			return
		}
	}
}

// Whoever presses Ctrl+C at the question for a password gets his terminal back as it was, and the process has ended by that signal. Where that signal is
// ignored, as a shell's trap can have it, the question stays, and the terminal shows nothing.
func TestInterruptedPassword(t *testing.T) {
	keyboard, terminal := openTerminal(t)
	echoes := func() bool {
		t.Helper()
		state, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
		if err != nil {
			t.Fatal(err)
		}
		return state.Lflag&unix.ECHO != 0
	}
	for _, c := range []struct {
		trap  string // for the shell before it
		typed []string
		ended syscall.Signal // 0: in order
	}{{"", []string{"\x03"}, syscall.SIGINT}, {"", []string{"secret\n"}, 0}, {"trap '' INT; ", []string{"\x03other\n", "secret\n"}, 0}} {
		ask := exec.Command("/bin/sh", "-c", c.trap+`exec "$0" -test.run='^TestAsk$'`, os.Args[0])
		ask.Env = append(os.Environ(), "DARUMA_TEST_ASK=1")
		ask.Stdin = terminal
		ask.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
		stderr, err := ask.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := ask.Start(); err != nil {
			t.Fatal(err)
		}
		said := bufio.NewReader(stderr)
		for _, typed := range c.typed {
			if _, err := said.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
			if echoes() {
				t.Errorf("the terminal shows what is typed, before %q", typed)
			}
			if _, err := keyboard.WriteString(typed); err != nil {
				t.Fatal(err)
			}
		}
		err = ask.Wait()
		status := syscall.WaitStatus(0)
		if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
			status = exit.Sys().(syscall.WaitStatus)
		}
		if c.ended == 0 && err != nil || c.ended != 0 && (!status.Signaled() || status.Signal() != c.ended) {
			t.Errorf("%q: %v", c.typed, err)
		}
		if !echoes() {
			t.Errorf("%q left the terminal without echo", c.typed)
		}
	}
}

// openTerminal makes a terminal (pty(7)), and gives what stands for its keyboard.
func openTerminal(t *testing.T) (keyboard, terminal *os.File) {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { keyboard.Close() })
	n, err := unix.IoctlGetInt(int(keyboard.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(keyboard.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { terminal.Close() })
	return keyboard, terminal
}
