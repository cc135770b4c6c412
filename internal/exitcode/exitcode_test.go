package exitcode

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/service"
)

// TestNumbersOfThePackage: the codes of package service mean the same here.
func TestNumbersOfThePackage(t *testing.T) {
	for ours, theirs := range map[Code]int{
		Done: service.ExitOK, Failed: service.ExitFailed, Panicked: service.ExitPanicked, StartTimeout: service.ExitStartTimeout,
		StopTimeout: service.ExitStopTimeout, Watchdog: service.ExitWatchdog, Manager: service.ExitManager, Interrupted: service.ExitInterrupted,
	} {
		if int(ours) != theirs {
			t.Errorf("%v is %d here and %d in package service", ours, ours, theirs)
		}
	}
}

// TestDocs holds the page to the list: the same codes, in the same order, with the same words.
func TestDocs(t *testing.T) {
	page, err := os.ReadFile("../../docs/exit-codes.md")
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	for i, e := range All() {
		if i > 0 && All()[i-1].Code >= e.Code {
			t.Errorf("%d doesn't follow %d", e.Code, All()[i-1].Code)
		}
		again := "yes"
		if !e.Restart {
			again = "no"
		}
		fmt.Fprintf(&want, "| %d | %s | %s | %s |\n", e.Code, e.Text, again, e.Remedy)
	}
	if !strings.Contains(string(page), want.String()) {
		t.Errorf("docs/exit-codes.md hasn't this table:\n%s", &want)
	}
}

func TestPlain(t *testing.T) {
	for _, e := range All() {
		want := e.Code
		switch e.Code {
		case Held, Escalated, NoSupervisor, NoFiles, ProgramsFailed:
			want = Failed
		case Refused, Unreadable:
			want = 2
		}
		if got := e.Code.Plain(); got != want {
			t.Errorf("daruma run ends with %d for %d, want %d", got, e.Code, want)
		}
	}
	if got := fmt.Sprint(NoRestart()); got != "[95 97]" {
		t.Errorf("systemd is told not to restart after %s", got)
	}
	if got := Code(7).String(); got != "exit code 7" {
		t.Errorf("an unknown code is %q", got)
	}
}

// TestNoDeathPreventsARestart: a code after which systemd doesn't start the service again is none that a death of the process has.
func TestNoDeathPreventsARestart(t *testing.T) {
	for _, code := range NoRestart() {
		switch {
		case code <= 2: // Go's runtime ends with 2 after a panic and the signals whose default is to dump core
			t.Errorf("%d is an exit code of Go's runtime or of any program", code)
		case code > 125: // a shell's 126 and 127, 128 and the signal's number, systemd's own from 200
			t.Errorf("%d is what a shell or systemd reports of a death", code)
		}
	}
}
