package cli

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/cli/screen"
	"github.com/daruma-sh/daruma/internal/control"
)

// terminal opens a pseudo-terminal of 100×30 characters: what a person would sit at, and what the verb is given.
func terminal(t *testing.T) (person, verb *os.File) {
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
		err = unix.IoctlSetWinsize(int(person.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 30, Col: 100})
	}
	if err == nil {
		verb, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = verb.Close() })
	return person, verb
}

func TestScreenOf(t *testing.T) {
	_, tty := terminal(t)
	for _, c := range []struct{ noColor, term string }{{"", "xterm"}, {"1", "xterm"}, {"", "dumb"}} {
		t.Setenv("NO_COLOR", c.noColor)
		t.Setenv("TERM", c.term)
		want := screen.Screen{Terminal: true, Colours: c.noColor == "" && c.term != "dumb", Width: 100, Height: 30}
		if got := screen.Of(tty); got != want {
			t.Errorf("NO_COLOR=%q TERM=%q: %+v, want %+v", c.noColor, c.term, got, want)
		}
	}
	file, err := os.Create(t.TempDir() + "/out")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if got := screen.Of(file); got != (screen.Screen{}) {
		t.Errorf("a file: %+v", got)
	}
}

// On a terminal the watch draws, redraws after an event, ends with q and leaves the terminal as it was.
func TestWatchOnATerminal(t *testing.T) {
	home(t)
	t.Setenv("NO_COLOR", "1")
	f := supervise(t, "shop", up("api"))
	person, tty := terminal(t)
	before, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	finished := make(chan error, 1)
	go func() {
		finished <- watchStatus(ctx, IO{In: tty, Out: tty, Err: tty}, target{service: "shop"}, formatText)
	}()
	awaitText(t, person, "shop/api      running")
	f.change(control.Event{Kind: control.EventStopping}, func(st *control.Status) { st.Programs[0].State = control.StateStopping })
	awaitText(t, person, "shop/api      stopping")
	if _, err := person.WriteString("q"); err != nil {
		t.Fatal(err)
	}
	if err := <-finished; err != nil || ctx.Err() != nil {
		t.Fatal(err, ctx.Err())
	}
	after, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
	if err != nil || *after != *before {
		t.Errorf("the terminal was left changed: %+v, was %+v (%v)", after, before, err)
	}
}

// awaitText reads from the terminal until text was on it.
func awaitText(t *testing.T, person *os.File, text string) {
	t.Helper()
	var seen bytes.Buffer
	buf := make([]byte, 4096)
	for !bytes.Contains(seen.Bytes(), []byte(text)) {
		n, err := person.Read(buf)
		if err != nil {
			t.Fatalf("%v; seen so far:\n%s", err, &seen)
		}
		seen.Write(buf[:n])
	}
}
