package realtest

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/testprog/testbin"
)

// launchers are programs that start what they are there for in the background, and end.
func launchers(t *testing.T) string {
	return fmt.Sprintf(`
name: real
programs:
  launcher: {command: ['%[1]s', fork, -n, "3", -daemon, -leave], restartPolicy: OnFailure}
  again: {command: ['%[1]s', fork, -n, "1", -leave], backoff: {initialSeconds: 600, maxSeconds: 600}}
  failing: {command: ['%[1]s', fork, -n, "1", -leave, -code, "3"], restartPolicy: Never}
  other: {command: ['%[1]s', hang]}
`, testbin.Path(t))
}

// TestLeftBehind: who wonders why his daemon "ends with exit code 0" is told what was ended, and what to do.
func TestLeftBehind(t *testing.T) {
	sayWhatTheyLeft(t, run(t, folder(t), launchers(t)))
}

func sayWhatTheyLeft(t *testing.T, s *service) {
	name := filepath.Base(testbin.Path(t))
	const advice = ": have it stay in the foreground"
	e := s.await("the launcher is completed", func(e control.Event) bool { return e.Program == "launcher" && e.Kind == control.EventCompleted })
	if want := "exit code 0, restartPolicy is OnFailure, but 3 processes that it had started went on and were ended (3 × " + name + ")" + advice; !strings.HasPrefix(e.Reason, want) {
		t.Errorf("it says %q, not %q", e.Reason, want)
	}
	one := "exit code 0, but 1 process that it had started went on and was ended (" + name + ")" + advice
	s.next = 0
	s.await("again waits for its next start", func(e control.Event) bool {
		return e.Program == "again" && e.Kind == control.EventBackoff && strings.HasPrefix(e.Reason, one)
	})
	if _, p := s.status("again"); !strings.HasPrefix(p.Reason, one) {
		t.Errorf("its status says %q", p.Reason)
	}
	s.eventually("the incident says so", func() bool {
		for _, i := range s.incidents() {
			if i.Program == "again" && strings.HasPrefix(i.Cause, one) {
				return true
			}
		}
		return false
	})
	s.next = 0
	f := s.await("failing fails", func(e control.Event) bool { return e.Program == "failing" && e.Kind == control.EventFailed })
	if want := "exit code 3, and restartPolicy is Never"; f.Reason != want {
		t.Errorf("it says %q, not %q", f.Reason, want)
	}
}
