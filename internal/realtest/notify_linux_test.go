package realtest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/control"
)

// A program in any language: what it writes to the descriptor counts, garbage doesn't.
func TestNotifyFromAShell(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	script := `
exec 1>&2
N=$DARUMA_NOTIFY
eval "exec 9>&$N"
head -c 100000 /dev/urandom >&9
echo >&9
echo STATUS=warming up >&9
echo EXTEND_TIMEOUT_USEC=60000000 >&9
sleep 1.5
echo READY=1 >&9
while sleep 0.1; do echo WATCHDOG=1 >&9; test -e die && echo "LIVE=0 asked to" >&9; done
`
	write(t, filepath.Join(dir, "it.sh"), script)
	s := run(t, dir, `name: real
programs:
  it:
    command: [sh, it.sh]
    startupProbe: {notify: {}, periodSeconds: 0.5, failureThreshold: 1}
    livenessProbe: {notify: {}, periodSeconds: 1}
    terminationGracePeriodSeconds: 1
`)
	first := s.awaitReady("it", 0)
	if first.Generation != 1 {
		t.Fatalf("ready in generation %d: the extension wasn't heeded", first.Generation)
	}
	if _, p := s.status("it"); p.StatusText != "warming up" {
		t.Errorf("status %q", p.StatusText)
	}
	mark(t, dir, "die", true)
	e := s.await("unhealthy", func(e control.Event) bool { return e.Kind == control.EventUnhealthy })
	if !strings.Contains(e.Reason, "LIVE=0: asked to") {
		t.Errorf("reason %q", e.Reason)
	}
	mark(t, dir, "die", false)
	s.awaitReady("it", first.Generation)
}

// TestNotifyFlood: a program that writes to its channel as fast as it can delays its own messages, and nothing else.
func TestNotifyFlood(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	write(t, filepath.Join(dir, "flood.sh"), `
eval "exec 9>&$DARUMA_NOTIFY"
yes STATUS=flood | head -n 80000 >&9
echo READY=1 >&9
exec yes STATUS=more >&9
`)
	s := run(t, dir, `name: real
programs:
  flood:
    command: [sh, flood.sh]
    startupProbe: {notify: {}, periodSeconds: 60}
    terminationGracePeriodSeconds: 1
  quiet:
    command: [sleep, "1000"]
    backoff: {initialSeconds: 0}
`)
	s.awaitReady("flood", 0)
	_, quiet := s.status("quiet")
	kill(t, quiet.PID)
	s.next = 0
	s.awaitReady("quiet", quiet.Generation)
	st, flood := s.status("flood")
	if flood.Restarts != 0 || st.SupervisorRestarts != 0 || !strings.HasPrefix(flood.StatusText, "flood") && flood.StatusText != "more" {
		t.Errorf("%d restarts, the supervisor's %d, status %q", flood.Restarts, st.SupervisorRestarts, flood.StatusText)
	}
	if st, err := os.Stat(filepath.Join(s.home, "real", "logs", "daruma.log")); err != nil || st.Size() > 100<<10 {
		t.Errorf("daruma's own log: %v, %v", st, err)
	}
	if r := s.command(control.VerbStop, "flood"); !r.Done {
		t.Errorf("the stop: %+v", r)
	}
}
