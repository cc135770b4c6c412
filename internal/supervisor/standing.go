package supervisor

import (
	"fmt"
	"strings"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/engine"
	"github.com/daruma-sh/daruma/internal/keeper"
)

// tellStanding tells the service manager that hosts the keeper how the service stands, where that has changed. Nobody
// counts the programs of a service that isn't hosted.
func (s *supervisor) tellStanding() {
	if !s.hello.Hosted || !s.moved {
		return
	}
	s.moved = false
	now := standingOf(s.engine.Programs())
	now.Up = now.Up || s.standing.Up // up once is up: what falls later is daruma's affair
	if now != s.standing {
		s.standing = now
		s.link.Send(&now)
	}
}

// standingOf: the service is up when every program that can start has a process. One that waits for another to be
// ready isn't waited for, nor one that fell: the Service Control Manager lets nothing else start meanwhile.
func standingOf(programs []*engine.Program) keeper.Standing {
	up := true
	counts := map[string]int{}
	for _, p := range programs {
		if p.Wanted && (p.State == engine.Spawning || p.State == engine.Stopped) {
			up = false
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
	return keeper.Standing{Up: up, Status: fmt.Sprintf("%d %s: %s", len(programs), noun, strings.Join(parts, ", "))}
}

// pauseRequested: the service manager wants all programs to stand still, or to go on.
func (s *supervisor) pauseRequested(m *keeper.PauseRequest) {
	verb := engine.Pause
	if m.Resume {
		verb = engine.Resume
	}
	s.step(engine.Request{Verb: verb, Reason: "requested by the service manager"})
}
