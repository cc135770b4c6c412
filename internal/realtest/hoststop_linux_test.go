package realtest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/exitcode"
	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/testprog/testbin"
	"github.com/daruma-sh/daruma/internal/wanted"
)

// wantCode waits for the end of daruma and compares its exit code.
func (s *service) wantCode(want exitcode.Code) {
	s.t.Helper()
	select {
	case <-s.ended:
	case <-time.After(patience):
		s.t.Fatalf("daruma didn't end within %v", patience)
	}
	if code := s.cmd.ProcessState.ExitCode(); code != int(want) {
		s.t.Errorf("exit code %d, want %d (%v); it said:\n%s", code, want, want, s.out)
	}
}

// TestStopBeyondItsTime: what doesn't fit into the time to stop is ended by the keeper, which says what that was, to the service
// manager, in the events, and by the exit code. A program that obeys isn't named.
func TestStopBeyondItsTime(t *testing.T) {
	dir := folder(t)
	m := newManager(t, dir)
	s := host(t, m, dir, fmt.Sprintf("name: real\nprograms:\n  deaf: {command: [%q, ignore-stop], terminationGracePeriodSeconds: 600}\n"+
		"  good: {command: [%[1]q, grace]}\n", testbin.Path(t)), "--stop-timeout", "5s")
	m.await("READY=1")
	s.awaitLogged("deaf", "ready") // before that, it doesn't ignore the signal
	tree := descendants(t, s.cmd.Process.Pid)
	begin := time.Now()
	if err := s.cmd.Process.Signal(unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if text := m.await("STATUS=Failed (82): "); text != "the time to stop was over; ended by force: deaf" {
		t.Errorf("the service manager hears %q; it said:\n%s", text, s.out)
	}
	s.wantCode(exitcode.StopTimeout)
	if took := time.Since(begin); took < 4*time.Second {
		t.Errorf("the stop took %v of its 5 s", took)
	}
	s.awaitGone(tree)
	log, err := os.ReadFile(filepath.Join(dir, "h", "real", "logs", "daruma.log"))
	if err != nil || !strings.Contains(string(log), `"msg":"stopOverdue","program":"","generation":0,"reason":"ended by force: deaf"`) {
		t.Errorf("daruma's own log has no such event: %v\n%s", err, log)
	}
}

// TestSupervisorHangsInTheStop: the keeper needs no supervisor to keep the time.
func TestSupervisorHangsInTheStop(t *testing.T) {
	dir := folder(t)
	m := newManager(t, dir)
	s := host(t, m, dir, fmt.Sprintf("name: real\nprograms:\n  a: {command: [%q, hang]}\n", testbin.Path(t)), "--stop-timeout", "5s")
	m.await("READY=1")
	s.awaitReady("a", 0)
	status, _ := s.status("a")
	tree := descendants(t, s.cmd.Process.Pid)
	if err := unix.Kill(status.SupervisorPID, unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Process.Signal(unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if text := m.await("STATUS=Failed (82): "); text != "the time to stop was over; ended by force: a" {
		t.Errorf("the service manager hears %q; it said:\n%s", text, s.out)
	}
	s.wantCode(exitcode.StopTimeout)
	s.awaitGone(tree)
}

// TestHostsExitCodes: each failure has a code of its own.
func TestHostsExitCodes(t *testing.T) {
	t.Run("escalated", func(t *testing.T) {
		dir := folder(t)
		m := newManager(t, dir)
		s := host(t, m, dir, fmt.Sprintf("name: real\nprograms:\n  a: {command: [%q, exit, -code, '3'], maxRestarts: {count: 1, withinSeconds: 60, then: escalate}}\n", testbin.Path(t)))
		m.await("STATUS=Failed (91): " + exitcode.Escalated.String())
		s.wantCode(exitcode.Escalated)
	})
	t.Run("nothing left to run", func(t *testing.T) {
		dir := folder(t)
		m := newManager(t, dir)
		s := host(t, m, dir, fmt.Sprintf("name: real\nprograms:\n"+
			"  done: {command: [%[1]q, exit], restartPolicy: OnFailure}\n"+
			"  a: {command: [%[1]q, exit, -code, '3'], restartPolicy: Never, dependsOn: {done: completed}}\n"+
			"  waits: {command: [%[1]q, hang], dependsOn: {a: completed}}\n", testbin.Path(t)))
		const why = "nothing is left to run: a is failed: exit code 3, and restartPolicy is Never; not completed either: waits"
		if text := m.await("STATUS=Failed (97): "); text != why {
			t.Errorf("the service manager hears %q", text)
		}
		s.wantCode(exitcode.ProgramsFailed)
		note, ok := wanted.Load(folders.Folders{State: filepath.Join(s.home, "real", "state")})
		if !ok || !note.Ended || note.Wanted || note.Why != why {
			t.Errorf("noted: %v %+v", ok, note)
		}
	})
	t.Run("given up, killed supervisors", func(t *testing.T) { // by the time the keeper knows what happened, somebody else has to end the service
		dir := folder(t)
		m := newManager(t, dir)
		s := host(t, m, dir, fmt.Sprintf("name: real\nprograms:\n  a: {command: [%q, hang], restartPolicy: Never}\n", testbin.Path(t)))
		a := s.awaitReady("a", 0)
		status, _ := s.status("a")
		for _, step := range []error{unix.Kill(status.SupervisorPID, unix.SIGSTOP), unix.Kill(a.PID, unix.SIGKILL), unix.Kill(status.SupervisorPID, unix.SIGKILL)} {
			if step != nil {
				t.Fatal(step)
			}
		}
		s.wantCode(exitcode.ProgramsFailed)
	})
	t.Run("one is stopped by order", func(t *testing.T) {
		dir := folder(t)
		m := newManager(t, dir)
		s := host(t, m, dir, fmt.Sprintf("name: real\nprograms:\n  a: {command: [%[1]q, hang], restartPolicy: Never}\n  b: {command: [%[1]q, grace]}\n", testbin.Path(t)))
		a := s.awaitReady("a", 0)
		s.command(control.VerbStop, "b")
		if err := unix.Kill(a.PID, unix.SIGKILL); err != nil {
			t.Fatal(err)
		}
		s.await("a fails", func(e control.Event) bool { return e.Program == "a" && e.Kind == control.EventFailed })
		if r := s.command(control.VerbStart, "b"); !r.Done {
			t.Errorf("the service should go on: %+v", r)
		}
		if err := s.cmd.Process.Signal(unix.SIGTERM); err != nil {
			t.Fatal(err)
		}
		s.wantCode(exitcode.Done)
	})
	t.Run("held", func(t *testing.T) {
		dir := folder(t)
		m := newManager(t, dir)
		definition := fmt.Sprintf("name: real\nprograms:\n  a: {command: [%q, hang]}\n", testbin.Path(t))
		first := host(t, m, dir, definition)
		first.await("the first", func(e control.Event) bool { return e.Kind == control.EventStarted })
		host(t, m, dir, definition).wantCode(exitcode.Held)
	})
	t.Run("unreadable", func(t *testing.T) {
		dir := folder(t)
		m := newManager(t, dir)
		file := filepath.Join(dir, "daruma.yaml")
		if err := os.Mkdir(file+".d", 0o755); err != nil {
			t.Fatal(err)
		}
		s := &service{t: t, name: "real", home: filepath.Join(dir, "h")}
		s.hosted(m, filepath.Join(file+".d", "gone.yaml"))
		s.wantCode(exitcode.Unreadable)
	})
	t.Run("no files", func(t *testing.T) {
		dir := folder(t)
		m := newManager(t, dir)
		write(t, filepath.Join(dir, "h"), "a file where the folder should be")
		host(t, m, dir, "name: real\nprograms:\n  a: {command: [x]}\n").wantCode(exitcode.NoFiles)
	})
}
