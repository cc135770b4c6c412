package engine

import (
	"fmt"
	"time"

	"github.com/daruma-sh/daruma/internal/definition"
)

func exitOf(ev Event, now time.Duration) (Exit, uint64) {
	switch ev := ev.(type) {
	case Exited:
		return ev.Exit, ev.Restarted
	case SpawnFailed:
		return Exit{Generation: ev.Generation, Code: -1, Error: ev.Error, At: now}, 0
	}
	return Exit{}, 0
}

// exited handles the end of a run that nobody had asked to end.
func exited(s *Service, p *Program, ev Event) {
	exit, restarted := exitOf(ev, s.now)
	p.LastExit = &exit
	s.emit(StopProbes{Program: p.Name})
	p.Ready, p.ReadyProbe, p.Paused = false, false, false
	p.ResetSer++
	words, left := exit.String(), exit.leftText()
	s.publish(p, "exited", words+left)
	decision, why := p.restartDecision(exit)
	if restarted != 0 { // granted under a definition that is no longer in force: the new run exists and must not be lost
		decision = definition.ExitRestart
	}
	switch decision {
	case definition.ExitStop:
		s.setDown(p, Completed, "completed", words+why+left)
		s.closeIncident(p, "recovered")
	case definition.ExitGiveUp:
		s.openIncident(p, failureKind(exit), words+left, &exit)
		s.giveUp(p, words+why+left)
	default:
		s.openIncident(p, failureKind(exit), words+left, &exit)
		s.restartByPolicy(p, words+left, restarted)
	}
}

func spawnFailed(s *Service, p *Program, ev Event) {
	exit, _ := exitOf(ev, s.now)
	p.LastExit = &exit
	s.emit(StopProbes{Program: p.Name})
	p.Ready, p.ReadyProbe, p.Paused, p.PID = false, false, false, 0
	p.ResetSer++
	s.publish(p, "exited", exit.Error)
	s.openIncident(p, "spawn", exit.Error, &exit)
	if p.Def.RestartPolicy == definition.Never {
		s.giveUp(p, exit.Error+", and restartPolicy is Never")
		return
	}
	s.restartByPolicy(p, exit.Error, 0)
}

// restartDecision applies exitCodes, then restartPolicy. The text names the one that decided, to be added to the reason.
func (p *Program) restartDecision(e Exit) (definition.ExitAction, string) {
	if e.Signal == 0 {
		for _, r := range p.Def.ExitCodes {
			if r.From <= e.Code && e.Code <= r.To {
				return r.Action, fmt.Sprintf(", exitCodes says %s", r.Action)
			}
		}
	}
	clean := e.Signal == 0 && e.Code == 0
	switch {
	case p.Def.RestartPolicy == definition.Always:
		return definition.ExitRestart, ""
	case clean:
		return definition.ExitStop, fmt.Sprintf(", restartPolicy is %s", p.Def.RestartPolicy)
	case p.Def.RestartPolicy == definition.OnFailure:
		return definition.ExitRestart, ""
	}
	return definition.ExitGiveUp, ", and restartPolicy is Never"
}
