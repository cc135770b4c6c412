package realtest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/testprog/testbin"
)

// TestStdin: with stdin: open, a program that ends when its input does runs on, in each run; without, it ends at once.
func TestStdin(t *testing.T) {
	s := run(t, folder(t), fmt.Sprintf(`
name: real
programs:
  empty: {command: ['%[1]s', input], restartPolicy: Never}
  open: {command: ['%[1]s', input], stdin: open, restartPolicy: Never}
  again: {command: ['%[1]s', input], stdin: open}
`, testbin.Path(t)))
	s.await("the one with an empty input has ended", func(e control.Event) bool { return e.Program == "empty" && e.Kind == control.EventCompleted })
	s.next = 0
	s.awaitReady("again", 0)
	reads := func(program string, runs int) {
		t.Helper()
		s.eventually(fmt.Sprintf("run %d of %s reads", runs, program), func() bool {
			out, _ := s.verb("logs", "real/"+program)
			return strings.Count(out, "ready") == runs
		})
	}
	for n := range 3 {
		reads("again", n+1)
		_, p := s.status("again")
		kill(t, p.PID)
		s.awaitReady("again", n+1)
	}
	reads("again", 4)
	reads("open", 1)
	if _, p := s.status("open"); p.State != control.StateRunning || p.Generation != 1 {
		t.Errorf("%+v, want it to run on", p)
	}
	for _, name := range []string{"open", "again"} {
		if out, _ := s.verb("logs", "real/"+name); strings.Contains(out, "end of input") {
			t.Errorf("%s reached the end of its input:\n%s", name, out)
		}
	}
}
