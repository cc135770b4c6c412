package engine

import "slices"

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
