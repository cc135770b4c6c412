package service_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// TestHangupIsTheProgramsOwn: the original doesn't listen for SIGHUP, so programs do, to reload; ReloadSignal sends it.
func TestHangupIsTheProgramsOwn(t *testing.T) {
	file := filepath.Join(t.TempDir(), "events")
	cmd := exec.Command(os.Args[0], childWord, "hangup", file)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // as a service, it has no terminal
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
