package realtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/incident"
)

// notified builds the service of testdata/notified into dir and starts it under daruma, with the probes given.
func notified(t *testing.T, probes string) (*service, string) {
	t.Helper()
	dir := folder(t)
	program := filepath.Join(dir, "notified")
	out, err := exec.Command("go", "build", "-o", program, "./testdata/notified").CombinedOutput()
	if err != nil {
		t.Fatalf("building the service: %v\n%s", err, out)
	}
	s := run(t, dir, "name: real\nprograms:\n  it:\n    command: [./notified]\n"+probes)
	s.awaitReady("it", 0)
	return s, dir
}

const allNotify = `    startupProbe: {notify: {}}
    livenessProbe: {notify: {}, periodSeconds: 2}
    readinessProbe: {notify: {}}
`

// mark makes or removes the file that tells the service what to do.
func mark(t *testing.T, dir, name string, there bool) {
	t.Helper()
	path := filepath.Join(dir, name)
	err := os.Remove(path)
	if there {
		err = os.WriteFile(path, nil, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestNotifyReadiness(t *testing.T) {
	t.Parallel()
	s, dir := notified(t, allNotify)
	st, p := s.status("it")
	if !p.Ready || !p.Healthy || p.StatusText != "at work in daruma" {
		t.Errorf("status %+v, want it ready and its own words", p)
	}
	if out, code := s.verb("status", s.name); code != 0 || !strings.Contains(out, "says: at work in daruma") {
		t.Errorf("daruma status: exit code %d:\n%s", code, out)
	}
	if out, _ := s.verb("status", s.name, "-o", "json"); !strings.Contains(out, `"statusText": "at work in daruma"`) && !strings.Contains(out, `"statusText":"at work in daruma"`) {
		t.Errorf("daruma status -o json: %s", out)
	}
	mark(t, dir, "unready", true)
	e := s.await("notReady", func(e control.Event) bool { return e.Kind == control.EventNotReady })
	if !strings.Contains(e.Reason, "file: the file unready is there") {
		t.Errorf("reason %q, want the service's own", e.Reason)
	}
	// It stays unready under the next supervisor, which never heard it say so.
	if err := syscall.Kill(st.SupervisorPID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	s.await("supervisorReplaced", func(e control.Event) bool { return e.Kind == control.EventSupervisorReplaced })
	if _, now := s.status("it"); now.Ready || now.PID != p.PID || now.StatusText != p.StatusText {
		t.Errorf("before %+v, under the next supervisor %+v", p, now)
	}
	mark(t, dir, "unready", false)
	s.await("ready again", func(e control.Event) bool { return e.Kind == control.EventReady })
	if _, now := s.status("it"); now.PID != p.PID || now.Restarts != 0 {
		t.Errorf("before %+v, now %+v: readiness must not restart anything", p, now)
	}
}

func TestNotifyDeadlockIsRestarted(t *testing.T) {
	t.Parallel()
	s, dir := notified(t, allNotify)
	_, before := s.status("it")
	mark(t, dir, "deadlock", true)
	e := s.await("unhealthy", func(e control.Event) bool { return e.Kind == control.EventUnhealthy })
	if !strings.Contains(e.Reason, "no heartbeat for 2s") {
		t.Errorf("reason %q, want what its own watchdog says", e.Reason)
	}
	s.awaitReady("it", before.Generation)
	_, now := s.status("it")
	if now.PID == before.PID || now.Restarts != 1 || now.StatusText != "at work in daruma" {
		t.Errorf("before %+v, now %+v", before, now)
	}
	if i := s.awaitRecovered(); i.Kind != incident.LivenessProbe || i.Falls != 1 {
		t.Errorf("incident %+v, want the liveness probe's", i)
	}
	out, _ := s.verb("logs", s.name+"/it")
	if !strings.Contains(out, "sync.(*Mutex).Lock") || !strings.Contains(out, "main.run") {
		t.Errorf("the log doesn't hold the stack of the deadlock:\n%.2000s", out)
	}
}

// The keeper restarts it by its standing order, with no supervisor asked: each run has a channel of its own.
func TestNotifyAfterAStandingOrder(t *testing.T) {
	t.Parallel()
	s, dir := notified(t, allNotify)
	mark(t, dir, "unready", true)
	s.await("notReady", func(e control.Event) bool { return e.Kind == control.EventNotReady })
	_, before := s.status("it")
	mark(t, dir, "unready", false)
	for range 3 {
		if err := syscall.Kill(before.PID, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		s.awaitReady("it", before.Generation)
		_, now := s.status("it")
		if now.PID == before.PID || now.StatusText != "at work in daruma" || !now.Ready {
			t.Fatalf("before %+v, now %+v", before, now)
		}
		before = now
	}
	if result := s.command(control.VerbStop, "it"); !result.Done || result.EndedBy != control.EndedSignal {
		t.Errorf("stop: %+v", result)
	}
	if _, now := s.status("it"); now.StatusText != "" {
		t.Errorf("%q is what it said in its last life", now.StatusText)
	}
}

// A process that is stopped says nothing at all: this one is seen from outside alone.
func TestNotifySilenceIsSeenByTheSupervisor(t *testing.T) {
	t.Parallel()
	s, _ := notified(t, allNotify+"    terminationGracePeriodSeconds: 0.5\n")
	_, before := s.status("it")
	if err := syscall.Kill(before.PID, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	e := s.await("unhealthy", func(e control.Event) bool { return e.Kind == control.EventUnhealthy })
	if !strings.Contains(e.Reason, "no WATCHDOG=1 within 2s") {
		t.Errorf("reason %q", e.Reason)
	}
	s.awaitReady("it", before.Generation)
}

// The service beats on while supervisors die: no restart, and it is ready under each of them.
func TestNotifySurvivesTheSupervisor(t *testing.T) {
	t.Parallel()
	s, _ := notified(t, strings.ReplaceAll(allNotify, "periodSeconds: 2", "periodSeconds: 1"))
	_, before := s.status("it")
	for range 3 {
		st, _ := s.status("it")
		if err := syscall.Kill(st.SupervisorPID, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		s.eventually("a new supervisor", func() bool {
			now, err := s.client.Status(t.Context())
			return err == nil && now.SupervisorPID != st.SupervisorPID
		})
		_, now := s.status("it")
		if now.PID != before.PID || !now.Ready || now.Restarts != 0 || now.StatusText != before.StatusText {
			t.Fatalf("before %+v, now %+v", before, now)
		}
		// Beats are heard by the new one: its liveness probe has a result, which it has not before the first.
		s.eventually("a heartbeat reaches the new supervisor", func() bool {
			_, now := s.status("it")
			for _, probe := range now.Probes {
				if probe.Kind == "liveness" && probe.OK && !probe.At.IsZero() {
					return true
				}
			}
			return false
		})
	}
	if got := s.seen(control.EventNotReady); len(got) > 0 {
		t.Errorf("it was called unready: %v", got)
	}
}

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
