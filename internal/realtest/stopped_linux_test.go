package realtest

import (
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/testprog/testbin"
)

// TestStoppedOutlivesTheKeeper: a program that somebody stopped stays stopped when the service manager starts the service again after
// the keeper's death, and is started with all others after an ordered stop.
func TestStoppedOutlivesTheKeeper(t *testing.T) {
	dir := folder(t)
	file := filepath.Join(dir, "daruma.yaml")
	m := newManager(t, dir)
	program := "{command: ['" + testbin.Path(t) + "', grace, -after, 10ms]}"
	s := host(t, m, dir, "name: real\nprograms:\n  a: "+program+"\n  b: "+program+"\n  c: "+program+"\n")
	started := func(s *service, name string) {
		t.Helper()
		s.await(name+" started", func(e control.Event) bool { return e.Kind == control.EventStarted && e.Program == name })
	}
	order := func(s *service, verb, program string) {
		t.Helper()
		if out, code := s.verb(verb, "real/"+program); code != 0 {
			t.Fatalf("%s %s: %d %s", verb, program, code, out)
		}
	}
	want := func(s *service, program string, wanted bool) {
		t.Helper()
		if _, p := s.status(program); p.Wanted != wanted || (p.PID != 0) != wanted {
			t.Errorf("%s: wanted %v, pid %d, %s; want %v", program, p.Wanted, p.PID, p.State, wanted)
		}
	}
	started(s, "c")
	order(s, "stop", "a")
	order(s, "stop", "b")
	order(s, "start", "b")

	// The supervisor's death changes nothing, nor the keeper's after it.
	status, _ := s.status("a")
	if err := unix.Kill(status.SupervisorPID, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	s.await("a new supervisor", func(e control.Event) bool { return e.Kind == control.EventSupervisorReplaced })
	want(s, "a", false)
	order(s, "stop", "c")
	if err := s.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-s.ended

	next := &service{t: t, name: "real", home: s.home}
	next.hosted(m, file)
	started(next, "b")
	want(next, "a", false)
	want(next, "b", true)
	want(next, "c", false)
	order(next, "start", "c")
	if err := next.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-next.ended

	third := &service{t: t, name: "real", home: s.home}
	third.hosted(m, file)
	started(third, "c")
	want(third, "a", false)
	if err := third.cmd.Process.Signal(unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-third.ended

	last := &service{t: t, name: "real", home: s.home}
	last.hosted(m, file)
	for _, name := range []string{"a", "b", "c"} {
		started(last, name)
	}
}
