package realtest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/exitcode"
	"github.com/daruma-sh/daruma/internal/testprog/testbin"
)

// TestRefusedAtTheStart: a service whose definition is refused, or is gone, at its next start runs the last good one, and says so.
// When the file is mended a reload takes it.
func TestRefusedAtTheStart(t *testing.T) {
	dir := folder(t)
	file := filepath.Join(dir, "daruma.yaml")
	m := newManager(t, dir)
	good := "name: real\nprograms:\n  a: {command: ['" + testbin.Path(t) + "', grace, -after, 10ms], env: {SECRET: hunter22}}\n"
	s := host(t, m, dir, good)
	isStarted := func(e control.Event) bool { return e.Kind == control.EventStarted }
	s.await("a started", isStarted)
	stored := filepath.Join(s.home, "real", "state", "last-good-definition.json")
	stop := func(s *service) {
		t.Helper()
		if err := s.cmd.Process.Signal(unix.SIGTERM); err != nil {
			t.Fatal(err)
		}
		<-s.ended
		if code := s.cmd.ProcessState.ExitCode(); code != 0 {
			t.Fatalf("exit code %d; it said:\n%s", code, s.out)
		}
	}
	stop(s)
	if info, err := os.Stat(stored); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the stored definition: %v, %v", info, err)
	}

	for name, spoil := range map[string]func() error{
		"refused": func() error { return os.WriteFile(file, []byte("name: real\nprograms:\n  a: {comand: [x]}\n"), 0o644) },
		"renamed": func() error {
			return os.WriteFile(file, []byte(strings.Replace(good, "name: real", "name: other", 1)), 0o644)
		},
		"gone":   func() error { return nil },
		"a FIFO": func() error { return unix.Mkfifo(file, 0o644) },
	} {
		if err := os.RemoveAll(file); err != nil {
			t.Fatal(err)
		}
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		next := &service{t: t, name: "real", home: s.home}
		next.hosted(m, file)
		e := next.await(name+": it says so", func(e control.Event) bool { return e.Kind == control.EventDefinitionRefused })
		if !strings.Contains(e.Reason, "the last good definition, loaded 2") || !strings.Contains(e.Reason, file) || e.EventID != 1009 {
			t.Errorf("%s: %d %q", name, e.EventID, e.Reason)
		}
		next.await(name+": a started", isStarted)
		if name == "refused" {
			write(t, file, strings.Replace(good, "10ms", "20ms", 1))
			if out, code := next.verb("reload", "real"); code != 0 {
				t.Errorf("%d: %s", code, out)
			}
			next.await("a with the mended definition", isStarted)
		}
		stop(next)
	}
	if text, err := os.ReadFile(stored); err != nil || !strings.Contains(string(text), "20ms") {
		t.Errorf("a reload wasn't stored: %s, %v", text, err)
	}
}

// TestForeignLastGoodDefinition: what another account may have written isn't run.
func TestForeignLastGoodDefinition(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("takes root, to give a file away")
	}
	dir := folder(t)
	m := newManager(t, dir)
	s := host(t, m, dir, "name: real\nprograms:\n  a: {command: ['"+testbin.Path(t)+"', grace, -after, 10ms]}\n")
	s.await("a started", func(e control.Event) bool { return e.Kind == control.EventStarted })
	if err := s.cmd.Process.Signal(unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-s.ended
	if err := os.Chown(filepath.Join(s.home, "real", "state", "last-good-definition.json"), 61234, 61234); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "daruma.yaml")
	write(t, file, "name: real\nprograms:\n  a: {comand: [x]}\n")
	next := &service{t: t, name: "real", home: s.home}
	next.hosted(m, file)
	<-next.ended
	if code := next.cmd.ProcessState.ExitCode(); code != int(exitcode.Refused) {
		t.Errorf("exit code %d, want %d; it said:\n%s", code, exitcode.Refused, next.out)
	}
}

// TestChangedOnDisk: the status, in text and JSON, and the service manager's status say that the file isn't what is in force.
func TestChangedOnDisk(t *testing.T) {
	dir := folder(t)
	file := filepath.Join(dir, "daruma.yaml")
	m := newManager(t, dir)
	good := "name: real\nprograms:\n  a: {command: ['" + testbin.Path(t) + "', grace, -after, 10ms], env: {SECRET: hunter22}}\n"
	s := host(t, m, dir, good)
	s.await("a started", func(e control.Event) bool { return e.Kind == control.EventStarted })
	want := func(state control.DefinitionState, errors int, text string) {
		t.Helper()
		status, _ := s.status("a")
		if status.Definition != state || len(status.DefinitionErrors) != errors {
			t.Errorf("%s %q, want %s and %d errors", status.Definition, status.DefinitionErrors, state, errors)
		}
		if out, _ := s.verb("status", "real"); !strings.Contains(out, text) {
			t.Errorf("the status is\n%s\nwant in it: %s", out, text)
		}
	}
	awaitStatus := func(text string) {
		t.Helper()
		for {
			said := m.await("STATUS=")
			if strings.Contains(said, "hunter") {
				t.Errorf("everybody can read %q", said)
			}
			if strings.Contains(said, text) {
				return
			}
		}
	}
	want(control.DefinitionLoaded, 0, "running")
	write(t, file, strings.Replace(good, "10ms", "20ms", 1))
	want(control.DefinitionChanged, 0, "was changed and isn't loaded; daruma reload real takes it, restarts a")
	awaitStatus("was changed and isn't loaded")
	write(t, file, "name: real\nprograms:\n  a: {comand: [hunter23]}\n")
	want(control.DefinitionRefused, 2, "is refused and the last good one in force; 2 errors, the first: "+file+":3:")
	awaitStatus("is refused, the last good one is in force")

	// A new supervisor says so too, though it never saw the reload.
	status, _ := s.status("a")
	if err := unix.Kill(status.SupervisorPID, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	s.await("a new supervisor", func(e control.Event) bool { return e.Kind == control.EventSupervisorReplaced })
	want(control.DefinitionRefused, 2, "is refused and the last good one in force")
	write(t, file, strings.Replace(good, "10ms", "20ms", 1))
	if out, code := s.verb("reload", "real"); code != 0 {
		t.Errorf("%d: %s", code, out)
	}
	want(control.DefinitionLoaded, 0, "real/a")
}
