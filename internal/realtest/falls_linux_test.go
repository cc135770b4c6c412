package realtest

import (
	"encoding/json"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/incident"
)

// each runs the test with every program, several at a time.
func each(t *testing.T, test func(t *testing.T, r real, dir string, port int)) {
	for _, r := range programs() {
		t.Run(r.name, func(t *testing.T) {
			require(t, r.needs...)
			t.Parallel()
			test(t, r, folder(t), freePort(t))
		})
	}
}

// up starts the program under daruma and waits until it is ready.
func up(t *testing.T, r real, dir string, port int) (*service, control.ProgramStatus) {
	t.Helper()
	s := run(t, dir, definition(r.settle(t, dir, port, false)))
	ready := s.awaitReady("it", 0)
	_, p := s.status("it")
	if p.State != control.StateRunning || !p.Ready || !p.Healthy || !p.Wanted || p.PID == 0 || p.Generation != ready.Generation {
		t.Fatalf("after the event ready, status says %+v", p)
	}
	if err := r.asks(port); err != nil {
		t.Fatalf("daruma calls it ready, and it doesn't answer: %v", err)
	}
	if tree := descendants(t, p.PID); len(tree) < 1+r.children {
		t.Fatalf("it has %d processes, want at least %d: %v", len(tree), 1+r.children, tree)
	}
	return s, p
}

func TestStatusShowsIt(t *testing.T) {
	each(t, func(t *testing.T, r real, dir string, port int) {
		s, p := up(t, r, dir, port)
		out, code := s.verb("status", s.name, "-o", "json")
		if code != 0 {
			t.Fatalf("daruma status: exit code %d: %s", code, out)
		}
		if !strings.Contains(out, `"it"`) || !json.Valid([]byte(out)) {
			t.Errorf("daruma status -o json: %s", out)
		}
		table, code := s.verb("status", s.name)
		if code != 0 || !strings.Contains(table, "it") || !strings.Contains(table, "running") {
			t.Errorf("daruma status: exit code %d:\n%s", code, table)
		}
		if result := s.command(control.VerbStop, "it"); !result.Done {
			t.Fatalf("stop: %+v", result)
		}
		// What was stopped by request isn't wanted, so nothing is amiss.
		if out, code = s.verb("status", s.name); code != 0 || !strings.Contains(out, "stopped") {
			t.Errorf("daruma status of a stopped program: exit code %d, want 0:\n%s", code, out)
		}
		if result := s.command(control.VerbStart, "it"); !result.Done || result.PID == p.PID {
			t.Errorf("start: %+v", result)
		}
		if err := r.asks(port); err != nil {
			t.Errorf("start was answered, and it doesn't answer: %v", err)
		}
		if all := s.incidents(); len(all) != 0 {
			t.Errorf("a stop and a start that were asked for are no incident: %+v", all)
		}
	})
}

func TestKilled(t *testing.T) {
	each(t, func(t *testing.T, r real, dir string, port int) {
		s, before := up(t, r, dir, port)
		tree := descendants(t, before.PID)
		send(t, syscall.SIGKILL, tree[:1]) // the main process alone; its children stay behind
		s.awaitReady("it", before.Generation)
		_, now := s.status("it")
		if now.PID == before.PID || now.Generation != before.Generation+1 || now.Restarts != 1 {
			t.Errorf("before %+v, now %+v: want the next generation with another pid, at the first attempt", before, now)
		}
		if now.LastExit == nil || now.LastExit.Signal != "SIGKILL" {
			t.Errorf("last exit %+v, want SIGKILL", now.LastExit)
		}
		if err := r.asks(port); err != nil {
			t.Errorf("it stands again and doesn't answer: %v", err)
		}
		s.wantGone(tree)
		if i := s.awaitRecovered(); i.Kind != incident.Signal || i.Signal != "SIGKILL" || i.Falls != 1 || i.RecoveredGeneration != now.Generation {
			t.Errorf("incident %+v, want one fall by SIGKILL, recovered in generation %d", i, now.Generation)
		}
		if out, code := s.verb("incidents", s.name); code != 0 || !strings.Contains(out, "SIGKILL") {
			t.Errorf("daruma incidents: exit code %d:\n%s", code, out)
		}
	})
}

func TestHungIsSeenByTheLivenessProbeAlone(t *testing.T) {
	each(t, func(t *testing.T, r real, dir string, port int) {
		s, before := up(t, r, dir, port)
		tree := descendants(t, before.PID)
		send(t, syscall.SIGSTOP, tree)
		unhealthy := s.await("unhealthy", func(e control.Event) bool {
			if e.Program == "it" && e.Kind == control.EventExited {
				t.Fatalf("it exited before the probe failed: %s", show(e))
			}
			return e.Program == "it" && e.Kind == control.EventUnhealthy
		})
		if unhealthy.Generation != before.Generation || unhealthy.Reason == "" {
			t.Errorf("%s: want generation %d and a reason", show(unhealthy), before.Generation)
		}
		s.awaitReady("it", before.Generation)
		if err := r.asks(port); err != nil {
			t.Errorf("it stands again and doesn't answer: %v", err)
		}
		s.wantGone(tree)
		if i := s.awaitRecovered(); i.Kind != incident.LivenessProbe || i.ProbeError == "" {
			t.Errorf("incident %+v, want the liveness probe as its kind, and the probe's last error", i)
		}
	})
}

func TestStopsGracefullyWithItsChildren(t *testing.T) {
	each(t, func(t *testing.T, r real, dir string, port int) {
		s, p := up(t, r, dir, port)
		tree := descendants(t, p.PID)
		result := s.command(control.VerbStop, "it")
		if !result.Done || result.EndedBy != control.EndedSignal || result.State != control.StateStopped {
			t.Errorf("stop: %+v, want it ended by the signal", result)
		}
		if r.graceful && (result.ExitCode == nil || *result.ExitCode != 0) {
			t.Errorf("stop: %+v, want exit code 0", result)
		}
		s.wantGone(tree) // at once: the answer promises it
		if err := r.asks(port); err == nil {
			t.Error("it was stopped and still answers")
		}
	})
}

func TestBrokenConfigurationBacksOff(t *testing.T) {
	each(t, func(t *testing.T, r real, dir string, port int) {
		s := run(t, dir, definition(r.settle(t, dir, port, true)))
		// Five runs end until the fourth backoff: the first, the immediate restart, and one after each of three waits.
		var last control.Event
		for range 4 {
			last = s.await("backoff", func(e control.Event) bool { return e.Program == "it" && e.Kind == control.EventBackoff })
		}
		exits := s.seen(control.EventExited)
		if len(exits) != 5 {
			t.Errorf("%d runs ended until the fourth backoff, want 5", len(exits))
		}
		if took := last.Time.Sub(exits[0].Time); took < 2700*time.Millisecond {
			t.Errorf("%d runs ended within %v: want waits of 0.4, 0.8 and 1.6 s between them", len(exits), took)
		}
		_, p := s.status("it")
		if p.State != control.StateBackoff || p.NextRestartAt.IsZero() || p.LastExit == nil || p.LastExit.Code == nil || *p.LastExit.Code == 0 {
			t.Errorf("status %+v, want backoff, the time of the next restart and the exit code", p)
		}
		if out, code := s.verb("status", s.name); code != 3 || !strings.Contains(out, "backoff") {
			t.Errorf("daruma status of a program in backoff: exit code %d, want 3:\n%s", code, out)
		}
		if out, code := s.verb("logs", s.name+"/it"); code != 0 || !strings.Contains(out, r.complaint) {
			t.Errorf("daruma logs: exit code %d; want its complaint %q in:\n%s", code, r.complaint, out)
		}

		r.settle(t, dir, port, false) // repaired on disk; nobody tells daruma
		s.awaitReady("it", p.Generation)
		if err := r.asks(port); err != nil {
			t.Errorf("repaired, ready, and it doesn't answer: %v", err)
		}
		if i := s.awaitRecovered(); i.Kind != incident.Exit || i.Falls < 5 {
			t.Errorf("incident %+v, want one of kind exit with at least 5 falls", i)
		}
	})
}
