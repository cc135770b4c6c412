package engine

import (
	"slices"

	"github.com/daruma-sh/daruma/internal/definition"
)

// finishPhase ends a stop of the whole service once everything is down.
func (s *Service) finishPhase() bool {
	if s.phase == Supervising || s.phase == Ended || slices.ContainsFunc(s.programs, func(p *Program) bool { return p.State.Alive() }) {
		return false
	}
	if s.phase == Ending {
		s.phase = Ended
		s.emit(EndService{Reason: "all programs are stopped"})
		return false
	}
	s.phase = Supervising
	for _, p := range s.programs { // all before the first one starts: a completed program doesn't count as completed after the restart
		if p.Wanted {
			p.State, p.Failures = Stopped, 0
		}
	}
	for _, p := range s.programs {
		if p.Wanted {
			s.awaitDependencies(p, "restart requested")
		}
	}
	return true
}

// restartAll stops every program, dependents first, and starts them again in order.
func (s *Service) restartAll(r Request) {
	s.phase = RestartingAll
	reason := r.Reason
	if reason == "" {
		reason = "restart of the service requested"
	}
	s.stopAll(Request{Verb: Stop, Grace: r.Grace, Reason: reason})
	for _, p := range s.programs {
		if p.AfterStop != Remove {
			s.want(p, true)
		}
	}
}

// shutdown stops every program, dependents first; EndService follows when all are down.
func (s *Service) shutdown(e Shutdown) {
	if s.phase >= Ending {
		return
	}
	s.phase = Ending
	s.stopAll(Request{Verb: Stop, Grace: e.Grace, Reason: e.Reason})
}

func (s *Service) stopAll(r Request) {
	for i := len(s.programs) - 1; i >= 0; i-- {
		p := s.programs[i]
		if p.State == Failed || p.State == Completed {
			continue // how it ended stays visible
		}
		if act := s.table[onStop][p.State]; act != nil {
			act(s, p, r)
		}
	}
}

// Over says whether nothing of the service runs, and nothing will before somebody orders it: each program is completed or given up, or waits
// for one that is. What was stopped by order may be started by order: while there is such a program, the service isn't over. unfinished are
// the programs that didn't do their work, those that were given up first; none where all are completed.
func (s *Service) Over() (over bool, unfinished []*Program) {
	if s.phase != Supervising || len(s.programs) == 0 || s.unadopted > 0 {
		return false, nil
	}
	for _, p := range s.programs {
		if !s.over(p) {
			return false, nil
		}
	}
	for _, state := range []State{Failed, Waiting} {
		for _, p := range s.programs {
			if p.State == state {
				unfinished = append(unfinished, p)
			}
		}
	}
	return true, unfinished
}

// over says so of one program. Dependencies have no cycles.
func (s *Service) over(p *Program) bool {
	switch p.State {
	case Completed, Failed:
		return true
	case Waiting:
		return slices.ContainsFunc(p.Def.DependsOn, func(d definition.Dependency) bool {
			q := s.byName[d.Program]
			return q != nil && !q.reached(d.Condition) && s.over(q)
		})
	}
	return false
}
