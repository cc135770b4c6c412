package realtest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/incident"
)

// notified builds the service of service/testdata/notified into dir and starts it under daruma, with the probes given.
func notified(t *testing.T, probes string) (*service, string) {
	t.Helper()
	dir := folder(t)
	program := serviceProgram(t, dir, "notified")
	s := run(t, dir, "name: real\nprograms:\n  it:\n    command: ['"+program+"']\n"+probes)
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
	kill(t, st.SupervisorPID)
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

// The keeper restarts it by its restart grant, with no supervisor asked: each run has a channel of its own.
func TestNotifyAfterAGrantedRestart(t *testing.T) {
	t.Parallel()
	s, dir := notified(t, allNotify)
	mark(t, dir, "unready", true)
	s.await("notReady", func(e control.Event) bool { return e.Kind == control.EventNotReady })
	_, before := s.status("it")
	mark(t, dir, "unready", false)
	for range 3 {
		kill(t, before.PID)
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

// A process that is suspended says nothing at all: this one is seen from outside alone.
func TestNotifySilenceIsSeenByTheSupervisor(t *testing.T) {
	t.Parallel()
	s, _ := notified(t, allNotify+"    terminationGracePeriodSeconds: 0.5\n")
	_, before := s.status("it")
	suspend(t, before.PID)
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
		kill(t, st.SupervisorPID)
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
