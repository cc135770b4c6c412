package engine

import (
	"fmt"
	"time"

	"github.com/daruma-sh/daruma/internal/definition"
)

// restartByPolicy restarts a failed program: at once, after a backoff, or not at all where maxRestarts is used up.
// restarted is the generation that the keeper has already started by its restart grant, or 0.
func (s *Service) restartByPolicy(p *Program, cause string, restarted uint64) {
	p.Failures++
	if m := p.Def.MaxRestarts; m != nil && restarted == 0 {
		p.prune(s.now)
		if len(p.History) >= m.Count {
			times := fmt.Sprintf("%d times", m.Count)
			if m.Count == 1 {
				times = "once"
			}
			why := fmt.Sprintf("%s; restarted %s within %s, which is what maxRestarts allows", cause, times, durationText(m.Within))
			s.reachedMaxRestarts(p, m.Then, why)
			return
		}
	}
	s.noteRestart(p)
	if restarted != 0 {
		p.Generation = restarted
		p.enterRun()
		s.emit(RecordAction{Program: p.Name, Generation: restarted, What: "restarted at once by the keeper"})
		s.publish(p, "restarting", cause+"; restarted at once")
		s.emit(SetRestartGrant{Program: p.Name, Grant: s.restartGrant(p)})
		return
	}
	wait := s.delay(p)
	if wait <= 0 {
		s.emit(RecordAction{Program: p.Name, Generation: p.Generation + 1, What: "restarted at once"})
		s.spawnAs(p, "restarting", cause+"; restarted at once")
		return
	}
	s.setDown(p, Backoff, "backoff", fmt.Sprintf("%s; %d failures in a row, next start in %s", cause, p.Failures, durationText(wait)))
	p.NextStart = s.now + wait
	s.arm(p, wait)
}

// restartUnhealthy follows a stop that a failed probe had caused. exitCodes don't apply: daruma itself caused the exit.
func (s *Service) restartUnhealthy(p *Program) {
	if p.Def.RestartPolicy == definition.Never {
		s.giveUp(p, p.StopReason+", and restartPolicy is Never")
		return
	}
	s.restartByPolicy(p, p.StopReason, 0)
}

func (s *Service) noteRestart(p *Program) {
	p.Restarts++
	if p.RestartsBy == nil {
		p.RestartsBy = map[string]int{}
	}
	p.RestartsBy[p.FallKind]++
	if p.Def.MaxRestarts != nil {
		p.prune(s.now)
		p.History = append(p.History, s.now)
	}
}

// prune forgets restarts older than maxRestarts' window.
func (p *Program) prune(now time.Duration) {
	keep := p.History[:0]
	for _, t := range p.History {
		if now-t < p.Def.MaxRestarts.Within {
			keep = append(keep, t)
		}
	}
	p.History = keep
}

func (s *Service) reachedMaxRestarts(p *Program, then definition.GiveUpAction, why string) {
	s.giveUp(p, why)
	if then == definition.Escalate && s.phase < Ending {
		s.escalate(p, why)
	}
}

// escalate ends the service with a failure: the operating system's service manager is to restart it.
func (s *Service) escalate(p *Program, why string) {
	s.emit(EndService{Failed: true, Reason: p.Name + ": " + why})
	s.shutdown(Shutdown{Reason: "maxRestarts.then is escalate"})
}

func (s *Service) giveUp(p *Program, why string) {
	s.setDown(p, Failed, "failed", why)
	s.closeIncident(p, "gaveUp")
}

func backoffOver(s *Service, p *Program, _ Event) {
	s.emit(RecordAction{Program: p.Name, Generation: p.Generation + 1, What: "restarted after backoff"})
	s.spawn(p, fmt.Sprintf("backoff is over (%d failures in a row)", p.Failures))
}
