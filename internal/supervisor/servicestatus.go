package supervisor

import (
	"fmt"
	"strings"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/engine"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
)

// reportServiceStatus tells the service manager that hosts the keeper how the service stands, where that has changed. Nobody
// counts the programs of a service that isn't hosted.
func (s *supervisor) reportServiceStatus() {
	if !s.hello.Hosted || !s.statusOutdated {
		return
	}
	s.statusOutdated = false
	now := serviceStatus(s.engine.Programs(), s.def.ReportRunning)
	now.Up = now.Up || s.reportedStatus.Up // up once is up: what falls later is daruma's affair
	if now != s.reportedStatus {
		s.reportedStatus = now
		s.link.Send(&now)
	}
}

// serviceStatus: the service is up when every program that can start has a process. One that waits for another to be
// ready isn't waited for, nor one that fell: the Service Control Manager lets nothing else start meanwhile. Where the
// definition wants it ready, every wanted program is waited for, and the status names those that aren't.
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
		word := stateOf(p)
		if word == control.StateRunning && p.Ready {
			word = "ready"
		}
		counts[string(word)]++
	}
	var parts []string
	for _, word := range []string{"ready", "running", "paused", "starting", "waiting", "stopping", "backoff", "failed", "completed", "stopped"} {
		if n := counts[word]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, word))
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

// shortList names a few and counts the rest: a status is a line.
func shortList(names []string) string {
	const most = 5
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// pauseRequested: the service manager wants all programs to stand still, or to go on.
func (s *supervisor) pauseRequested(m *wire.PauseRequest) {
	verb := engine.Pause
	if m.Resume {
		verb = engine.Resume
	}
	s.step(engine.Request{Verb: verb, Reason: "requested by the service manager"})
}
