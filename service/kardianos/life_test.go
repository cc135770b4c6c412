package service_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// awaitFile waits until the child has written text n times. A file can't be awaited without looking.
func awaitFile(t *testing.T, file, text string, n int) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) { // sleep: another process writes a file
		got, _ := os.ReadFile(file)
		if strings.Count(string(got), text) >= n {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the child wrote %q, not %d times %q", got, n, text)
		}
	}
}

// installed is a service whose program is this test's binary, and which goes with the test.
type installed struct {
	t    *testing.T
	mode string
	file string // what happens to it
}

func newInstalled(t *testing.T, mode string) *installed {
	t.Helper()
	s := &installed{t, mode, filepath.Join(t.TempDir(), "events")}
	if err := os.Chmod(filepath.Dir(s.file), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		out, err := s.command("uninstall").CombinedOutput()
		if err != nil && !strings.Contains(string(out), "not installed") { // most tests have done it
			t.Errorf("cleaning up: %v\n%s", err, out)
		}
	})
	return s
}

func (s *installed) command(verb string) *exec.Cmd {
	return exec.Command(os.Args[0], childWord, s.mode, s.file, verb)
}

// does runs a verb that must succeed.
func (s *installed) does(verb string) string {
	s.t.Helper()
	out, err := s.command(verb).CombinedOutput()
	if err != nil {
		s.t.Fatalf("%s: %v\n%s", verb, err, out)
	}
	return string(out)
}

// refuses runs a verb that must fail, with words.
func (s *installed) refuses(verb, words string) {
	s.t.Helper()
	out, err := s.command(verb).CombinedOutput()
	if err == nil || !strings.Contains(string(out), words) {
		s.t.Errorf("%s: %v, want a failure with %q:\n%s", verb, err, words, out)
	}
}

func (s *installed) is(status string) {
	s.t.Helper()
	if got := s.does("status"); !strings.Contains(got, status) {
		s.t.Errorf("status %q, want %q", got, status)
	}
}

// The words that Status and the child's main print.
const (
	isRunning = "status 1"
	isStopped = "status 2"
	isNot     = "not installed"
)

// live is the whole life of a service, by the verbs of service.Control.
func live(t *testing.T, mode, environment string) {
	s := newInstalled(t, mode)
	s.is(isNot)
	s.refuses("start", "not installed")
	s.refuses("uninstall", "not installed")
	// Options of other systems, and those that nobody knows, are no news: the original is silent, too.
	if remarks := s.does("install"); strings.Contains(remarks, "option") {
		t.Errorf("install says %q", remarks)
	}
	s.refuses("install", "already exists")
	s.is(isStopped)
	s.does("start")
	awaitFile(t, s.file, "start interactive=false env="+environment, 1)
	s.is(isRunning)
	s.does("restart")
	awaitFile(t, s.file, "stop\nrun: <nil>\nstart interactive=false", 1)
	s.is(isRunning)
	s.does("stop")
	s.is(isStopped)
	awaitFile(t, s.file, "run: <nil>\n", 2)
	s.does("uninstall")
	s.is(isNot)
}

// liveAlone: services that control themselves, which a verb that waits for the service's end could hang or cut short.
func liveAlone(t *testing.T) {
	t.Run("stop", func(t *testing.T) {
		s := newInstalled(t, "selfstop")
		s.does("install")
		_ = s.command("start").Run() // an error where it has stopped again before anybody saw it run
		awaitFile(t, s.file, "stop\nrun: <nil>\n", 1)
	})
	t.Run("restart", func(t *testing.T) {
		s := newInstalled(t, "selfrestart")
		s.does("install")
		_ = s.command("start").Run() // an error where it was stopped before anybody saw it run
		awaitFile(t, s.file, "stop\nrun: <nil>\nstart interactive=false", 1)
		s.does("start") // waits until it runs
		s.is(isRunning)
		s.does("stop")
		s.is(isStopped)
	})
	t.Run("uninstall", func(t *testing.T) {
		s := newInstalled(t, "selfuninstall")
		s.does("install")
		s.does("start")
		awaitFile(t, s.file, "uninstalled: <nil>\n", 1)
		_ = s.command("stop").Run() // where the service manager has forgotten it already there is nothing to stop
	})
	t.Run("uninstall by a child", func(t *testing.T) {
		s := newInstalled(t, "childuninstall")
		s.does("install")
		_ = s.command("start").Run() // an error where it was stopped before anybody saw it run
		// systemd ends the service and its child at once, so the child's end may be noted between "stop" and this.
		awaitFile(t, s.file, "run: <nil>\n", 1)
		s.is(isNot)
	})
}
