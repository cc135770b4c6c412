package realtest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/testprog/testbin"
)

// TestGivesUpAndEscalates: maxRestarts ends one program for good, with escalate the whole service, with a failure.
func TestGivesUpAndEscalates(t *testing.T) {
	def := func(then string) string {
		return fmt.Sprintf(`
name: real
programs:
  bad:
    command: ['%[1]s', exit, -code, "3", -say, "last words"]
    backoff: {initialSeconds: 0.01, maxSeconds: 0.01}
    maxRestarts: {count: 3, withinSeconds: 60, then: %[2]s}
  good: {command: ['%[1]s', hang]}
`, testbin.Path(t), then)
	}
	t.Run("giveUp", func(t *testing.T) {
		s := run(t, folder(t), def("giveUp"))
		s.awaitReady("good", 0)
		s.next = 0
		e := s.await("bad fails", func(e control.Event) bool { return e.Program == "bad" && e.Kind == control.EventFailed })
		if !strings.Contains(e.Reason, "exit code 3") || !strings.Contains(e.Reason, "3 times within") {
			t.Errorf("reason %q", e.Reason)
		}
		if _, p := s.status("bad"); p.State != control.StateFailed || p.Generation != 4 {
			t.Errorf("%+v, want failed after 4 runs", p)
		}
		if _, code := s.verb("status", "real"); code != 3 {
			t.Errorf("status exits with %d, want 3", code)
		}
		out, _ := s.verb("incidents", "real")
		if !strings.Contains(out, "exit code 3") {
			t.Errorf("daruma incidents doesn't name the cause:\n%s", out)
		}
		s.eventually("the record holds the last words", func() bool {
			for _, i := range s.incidents() {
				if i.Program == "bad" && slices.Contains(i.LastOutput, "last words") {
					return true
				}
			}
			return false
		})
	})
	t.Run("escalate", func(t *testing.T) {
		s := run(t, folder(t), def("escalate"))
		s.awaitReady("good", 0)
		<-s.ended
		if code := s.cmd.ProcessState.ExitCode(); code != 1 {
			t.Errorf("exit code %d, want 1", code)
		}
	})
}

// TestNothingLeftToRun: a program that has failed for good ends a service of which nothing else runs, and it says which and why.
func TestNothingLeftToRun(t *testing.T) {
	s := run(t, folder(t), fmt.Sprintf(`
name: real
programs:
  once: {command: ['%[1]s', exit], restartPolicy: Never}
  bad: {command: ['%[1]s', exit, -code, "3"], backoff: {initialSeconds: 0.01}, maxRestarts: {count: 2, withinSeconds: 60}}
`, testbin.Path(t)))
	<-s.ended
	if code := s.cmd.ProcessState.ExitCode(); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	if out := s.out.String(); !strings.Contains(out, "daruma: real: nothing is left to run: bad is failed: exit code 3; restarted 2 times within ") {
		t.Errorf("it doesn't say so:\n%s", out)
	}
}

// TestCompleted: programs that have done their work end the service, cleanly.
func TestCompleted(t *testing.T) {
	s := run(t, folder(t), fmt.Sprintf(`
name: real
programs:
  once: {command: ['%[1]s', exit], restartPolicy: OnFailure}
  then: {command: ['%[1]s', exit, -code, "7"], exitCodes: {7: stop}, dependsOn: {once: completed}}
`, testbin.Path(t)))
	<-s.ended // it may be over before anybody can ask: what it printed says the rest
	if code := s.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
	out := s.out.String()
	once, then := strings.Index(out, "once   * completed"), strings.Index(out, "then   * completed")
	if once < 0 || then < once {
		t.Errorf("want once completed, then then:\n%s", out)
	}
}

// TestOrder: dependents start after and stop before what they depend on.
func TestOrder(t *testing.T) {
	s := run(t, folder(t), fmt.Sprintf(`
name: real
programs:
  c: {command: ['%[1]s', grace, -after, 50ms], dependsOn: {b: ready}}
  b: {command: ['%[1]s', grace, -after, 50ms], dependsOn: {a: started}}
  a: {command: ['%[1]s', grace, -after, 50ms]}
`, testbin.Path(t)))
	s.awaitReady("c", 0)
	s.end()
	var order []string
	for _, e := range s.seen(control.EventReady) {
		order = append(order, e.Program)
	}
	for _, e := range s.seen(control.EventStopped) {
		order = append(order, e.Program)
	}
	if got := strings.Join(order, " "); !strings.HasPrefix("a b c c b a", got) || len(order) < 3 {
		t.Errorf("ready and stopped in the order %q, want a b c c b a", got)
	}
	at := func(text string) int { return strings.Index(s.out.String(), text) }
	if c, b, a := at("c      * stopped"), at("b      * stopped"), at("a      * stopped"); c < 0 || c > b || b > a {
		t.Errorf("stop order wrong:\n%s", s.out)
	}
}

// TestPause: frozen and not probed until resume; kill -9 of a frozen one restarts it; stopping a frozen one works.
func TestPause(t *testing.T) {
	port := freePort(t)
	s := run(t, folder(t), fmt.Sprintf(`
name: real
programs:
  it:
    command: ['%s', http, -addr, "127.0.0.1:%d"]
    livenessProbe: {httpGet: {path: /health, port: %d}, periodSeconds: 0.05, timeoutSeconds: 0.05, failureThreshold: 1}
    startupProbe: {httpGet: {path: /health, port: %d}, periodSeconds: 0.05, failureThreshold: 1000}
`, testbin.Path(t), port, port, port))
	s.awaitReady("it", 0)
	if r := s.command(control.VerbPause, "it"); !r.Done || r.State != control.StatePaused {
		t.Fatalf("pause: %+v", r)
	}
	if healthy(port, 300*time.Millisecond) {
		t.Error("a frozen program answers")
	}
	if _, p := s.status("it"); p.Generation != 1 || !p.Healthy {
		t.Errorf("a frozen program was probed: %+v", p)
	}
	if r := s.command(control.VerbStart, "it"); r.Done || r.State != control.StatePaused || !strings.Contains(r.Message, "daruma resume") {
		t.Errorf("start of a frozen program: %+v", r)
	}
	if r := s.command(control.VerbResume, "it"); !r.Done {
		t.Fatalf("resume: %+v", r)
	}
	s.eventually("it answers again", func() bool { return healthy(port, time.Second) })
	_, p := s.status("it")
	s.command(control.VerbPause, "it")
	kill(t, p.PID)
	s.awaitReady("it", 1)
	s.command(control.VerbPause, "it")
	if r := s.command(control.VerbStop, "it"); !r.Done || r.EndedBy != control.EndedSignal {
		t.Errorf("stopping a frozen program: %+v", r)
	}
}

func healthy(port int, within time.Duration) bool {
	client := &http.Client{Timeout: within, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(fmt.Sprintf("http://127.0.0.1:%d/health", port))
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}
