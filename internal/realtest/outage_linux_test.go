package realtest

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/exitcode"
	"github.com/daruma-sh/daruma/internal/incident"
	"github.com/daruma-sh/daruma/internal/testprog/testbin"
)

// TestRefusedStartsAreAnOutage: after an ordered stop two starts are refused, for two reasons. The programs are down from the first
// refusal until they run.
func TestRefusedStartsAreAnOutage(t *testing.T) {
	dir := folder(t)
	file := filepath.Join(dir, "daruma.yaml")
	good := "name: real\nprograms:\n  a: {command: ['" + testbin.Path(t) + "', grace, -after, 10ms]}\n"
	m := newManager(t, dir)
	s := host(t, m, dir, good)
	s.awaitReady("a", 0)
	if err := s.cmd.Process.Signal(unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-s.ended

	again := func() *service {
		next := &service{t: t, name: "real", home: s.home}
		next.hosted(m, file)
		return next
	}
	if err := os.Remove(filepath.Join(s.home, "real", "state", "last-good-definition.json")); err != nil {
		t.Fatal(err)
	}
	write(t, file, "name: real\nprograms:\n  a: {comand: [x]}\n")
	begin := time.Now()
	refused := again()
	<-refused.ended
	refused.wantCode(exitcode.Refused)

	write(t, file, good)
	socket := filepath.Join(s.home, "real", "run", "control.sock")
	if err := os.Mkdir(socket, 0o700); err != nil {
		t.Fatal(err)
	}
	refused = again()
	<-refused.ended
	refused.wantCode(exitcode.NoFiles)
	if err := os.Remove(socket); err != nil {
		t.Fatal(err)
	}
	atLeast := time.Since(begin) / 2 // the first process needed some time until it refused
	next := again()
	next.awaitReady("a", 0)
	i := next.awaitRecovered()
	if i.Kind != incident.Service || i.Program != "a" || i.Down.Duration() < atLeast || i.Down.Duration() > time.Since(begin) {
		t.Errorf("%+v: want a service's fall of %v at least", i, atLeast)
	}
	if all := next.incidents(); len(all) != 1 {
		t.Errorf("%+v, want one", all)
	}
}

// TestEscalationIsAnOutage: a service that ends with a failure, because one program did, takes the others down until the service manager
// has started it again.
func TestEscalationIsAnOutage(t *testing.T) {
	dir := folder(t)
	file := filepath.Join(dir, "daruma.yaml")
	steady := "name: real\nprograms:\n  a: {command: ['" + testbin.Path(t) + "', grace, -after, 10ms]}\n"
	m := newManager(t, dir)
	s := host(t, m, dir, steady+"  b: {command: [/bin/false], maxRestarts: {count: 1, withinSeconds: 60, then: escalate}}\n")
	<-s.ended
	s.wantCode(exitcode.Escalated)
	begin := time.Now()
	write(t, file, steady)
	next := &service{t: t, name: "real", home: s.home}
	next.hosted(m, file)
	next.await("a starts", func(e control.Event) bool { return e.Program == "a" && e.Kind == control.EventReady })
	least := time.Since(begin) / 2
	next.eventually("an incident of a", func() bool {
		for _, i := range next.incidents() {
			if i.Program == "a" && i.Kind == incident.Service && i.Recovered != nil {
				return i.Down.Duration() >= least
			}
		}
		return false
	})
}
