package realtest

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/windows/svc"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/exitcode"
)

// TestServiceControls: a code of the service's own, as sc control sends it, runs the program's hook.
func TestServiceControls(t *testing.T) {
	i := install(t, `
programs:
  it:
    command: [./testprog, hang]
    lifecycle: {onControl: {200: {exec: {command: [./testprog, exit, -code, "0"]}}, 255: {exec: {command: [./testprog, exit, -code, "7"]}}}}
`)
	i.start()
	i.state(svc.Running)
	i.up("it")
	i.control(200)
	e := i.await("the code", func(e control.Event) bool { return e.Kind == control.EventControlReceived })
	if e.Reason != "200 by the service manager" {
		t.Errorf("the event says %q", e.Reason)
	}
	i.await("the hook", func(e control.Event) bool { return e.Kind == control.EventHookDone && e.Program == "it" })
	i.control(255)
	e = i.await("the hook that fails", func(e control.Event) bool { return e.Kind == control.EventHookFailed })
	if !strings.Contains(e.Reason, "exit code 7") {
		t.Errorf("the event says %q", e.Reason)
	}
	i.control(128)
	i.await("a code that means nothing", func(e control.Event) bool {
		return e.Kind == control.EventControlReceived && strings.HasSuffix(e.Reason, "no program has lifecycle.onControl for it")
	})
}

// TestServiceStopsSlowly: as long as a program takes its time the checkpoint advances, and no hint passes without a new one.
func TestServiceStopsSlowly(t *testing.T) {
	const grace = 20 * time.Second
	i := install(t, `
programs:
  slow: {command: [./testprog, grace, -after, 20s], terminationGracePeriodSeconds: 60}
`)
	i.start()
	i.state(svc.Running)
	i.up("slow")
	i.awaitLogged("slow", "ready")
	begin := time.Now()
	i.control(svc.Stop)
	last, since, advances := uint32(0), begin, 0
	i.eventually("it is stopped", func() bool {
		st := i.query()
		if svc.State(st.CurrentState) != svc.StopPending {
			return svc.State(st.CurrentState) == svc.Stopped
		}
		if st.CheckPoint != last {
			last, since = st.CheckPoint, time.Now()
			advances++
		} else if hint := time.Duration(st.WaitHint) * time.Millisecond; time.Since(since) > hint {
			t.Errorf("no checkpoint after %d for %v; the hint was %v", last, time.Since(since), hint)
		}
		return false
	})
	if took := time.Since(begin); took < grace || advances < 8 {
		t.Errorf("the stop took %v with %d checkpoints; want %v and 8 of them at least", took, advances, grace)
	}
	if st := i.query(); st.Win32ExitCode != 0 || st.ServiceSpecificExitCode != 0 {
		t.Errorf("a stop in time has the codes %d, %d", st.Win32ExitCode, st.ServiceSpecificExitCode)
	}
}

// TestServiceStopsTooLate: the keeper ends what doesn't fit into the time to stop, and the Service Control Manager has the code.
func TestServiceStopsTooLate(t *testing.T) {
	i := install(t, `
programs:
  deaf: {command: [./testprog, ignore-stop], terminationGracePeriodSeconds: 600}
`, "--stop-timeout", "5s")
	i.start()
	i.state(svc.Running)
	i.up("deaf")
	i.awaitLogged("deaf", "ready")
	tree := i.tree()
	i.control(svc.Stop)
	st, _ := i.state(svc.Stopped)
	if st.Win32ExitCode != 0 || st.ServiceSpecificExitCode != uint32(exitcode.StopTimeout) {
		t.Errorf("codes %d, %d; want 0, 82: a stop that was asked for is no reason to start again", st.Win32ExitCode, st.ServiceSpecificExitCode)
	}
	for _, one := range tree {
		one.await(t)
	}
	if log := i.log("daruma"); !strings.Contains(log, `"stopOverdue"`) || !strings.Contains(log, "ended by force: deaf") {
		t.Errorf("daruma's own log doesn't tell:\n%s", log)
	}
	if out, code := i.verb("status", i.name); code != 3 || !strings.Contains(out, "SERVICE_EXIT_CODE 82 ("+exitcode.StopTimeout.String()+")") {
		t.Errorf("daruma status ends with %d and says\n%s", code, out)
	}
}
