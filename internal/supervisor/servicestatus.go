package supervisor

import (
	"fmt"
	"strings"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/engine"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
)

// reportServiceStatus reports to the service manager that hosts the keeper how the service is, when that has changed. For a service
// that isn't hosted nobody wants to know.
func (s *supervisor) reportServiceStatus() {
	if !s.hello.Hosted || !s.statusOutdated {
		return
	}
	s.statusOutdated = false
	now := serviceStatus(s.engine.Programs(), s.def.ReportRunning)
	if note := s.state.DefinitionNote; note != "" {
		now.Status += "; " + note
	}
	now.Up = now.Up || s.reportedStatus.Up // once up, always up: daruma itself restarts what fails later
	if now != s.reportedStatus {
		s.reportedStatus = now
		s.link.Send(&now)
	}
}

// serviceStatus says whether the service is up, and counts its programs by state. It is up when every program that can start has a
// process. Programs that wait for another to be ready don't count, nor do failed ones: the Service Control Manager starts
// nothing else until we are up. With reportRunning: ready every wanted program counts, and the status names those that aren't ready.
func serviceStatus(programs []*engine.Program, when definition.Condition) wire.ServiceState {
	up := true
	counts := map[string]int{}
	var missing []string
	for _, p := range programs {
		if p.Wanted && (p.State == engine.Spawning || p.State == engine.Stopped) {
			up = false
		}
		if when == definition.Ready && p.Wanted && !p.Ready && stateOf(p) != control.StateCompleted {
			up = false
			missing = append(missing, p.Name)
		}
		state := stateOf(p)
		if state == control.StateRunning && p.Ready {
			state = "ready"
		}
		counts[string(state)]++
	}
	var parts []string
	for _, state := range []string{"ready", "running", "paused", "starting", "waiting", "stopping", "backoff", "failed", "completed", "stopped"} {
		if n := counts[state]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, state))
		}
	}
	noun := "programs"
	if len(programs) == 1 {
		noun = "program"
	}
	status := fmt.Sprintf("%d %s: %s", len(programs), noun, strings.Join(parts, ", "))
	if len(missing) > 0 {
		status += "; not ready: " + shortList(missing)
	}
	return wire.ServiceState{Up: up, Status: status}
}

// shortList names a few and counts the rest: a status is one line.
func shortList(names []string) string {
	const most = 5
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// pauseRequested pauses or resumes all programs for the service manager.
func (s *supervisor) pauseRequested(m *wire.PauseRequest) {
	verb := engine.Pause
	if m.Resume {
		verb = engine.Resume
	}
	s.step(engine.Request{Verb: verb, Reason: "requested by the service manager"})
}
