package terminal

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/sys/unix"
)

// pty opens a pseudo-terminal: what a person would sit at, and what is printed to, which leaves the bytes as they are.
func pty(t *testing.T) (person, out *os.File) {
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
		out, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = out.Close() })
	mode, err := unix.IoctlGetTermios(int(out.Fd()), unix.TCGETS)
	if err == nil {
		mode.Oflag &^= unix.OPOST
		err = unix.IoctlSetTermios(int(out.Fd()), unix.TCSETS, mode)
	}
	if err != nil {
		t.Fatal(err)
	}
	return person, out
}

const attack = "\x1b[2J\x1b]0;t\x07\u009b31m\u202e\xff\x1b[31mred\r"

// TestOutputOnATerminal: the terminal is shown what it would obey, and colours are let through where they are wanted.
func TestOutputOnATerminal(t *testing.T) {
	for noColour, want := range map[string]string{
		"":  "^[[2J^[]0;t^G<U+009B>31m<U+202E><FF>\x1b[31mred\x1b[0m\n",
		"1": "^[[2J^[]0;t^G<U+009B>31m<U+202E><FF>^[[31mred\n",
	} {
		t.Setenv("NO_COLOR", noColour)
		person, out := pty(t)
		newPrinter(out).line("api", "|", attack)
		buf := make([]byte, 1024)
		n, err := person.Read(buf)
		text := string(buf[:n])
		if err != nil || !strings.HasSuffix(text, want) {
			t.Errorf("NO_COLOR=%q: %v, %q, want …%q", noColour, err, text, want)
		}
		for _, r := range regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(text, "") {
			if r != '\n' && !unicode.IsGraphic(r) {
				t.Errorf("NO_COLOR=%q: %U in %q", noColour, r, text)
			}
		}
	}
}

// TestOutputToAPipe: a pipe gets the bytes.
func TestOutputToAPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	newPrinter(w).line("api", "|", attack)
	buf := make([]byte, 1024)
	n, err := r.Read(buf)
	if err != nil || !strings.HasSuffix(string(buf[:n]), " "+attack+"\n") {
		t.Errorf("%v, %q", err, buf[:n])
	}
}
