package engine

import (
	"fmt"

	"github.com/daruma-sh/daruma/internal/definition"
)

// link derives who depends on whom.
func (s *Service) link() {
	s.dependents = map[string][]string{}
	for _, p := range s.programs {
		for _, d := range p.Def.DependsOn {
			s.dependents[d.Program] = append(s.dependents[d.Program], p.Name)
		}
	}
}

// unmetDependency says which dependency the program still waits for, and how that is; "" where there is none.
func (s *Service) unmetDependency(p *Program) string {
	for _, d := range p.Def.DependsOn {
		if q := s.byName[d.Program]; q != nil && !q.reached(d.Condition) {
			return fmt.Sprintf("%s to be %s (it is %s)", d.Program, d.Condition, q.State)
		}
	}
	return ""
}

func (p *Program) reached(c definition.Condition) bool {
	switch c {
	case definition.Completed:
		return p.State == Completed && p.LastExit != nil && p.LastExit.Code == 0
	case definition.Ready:
		return p.State == Running && p.Ready || p.State == Completed
	}
	return p.State == Running || p.State == Completed
}

// hasLiveDependents reports whether a stop must wait for dependents. Only those count that are going down as well: a program
// that is stopped or restarted alone doesn't take others along.
func (s *Service) hasLiveDependents(p *Program) bool {
	for _, name := range s.dependents[p.Name] {
		if q := s.byName[name]; q != nil && q.State.Alive() && s.goingDown(q) {
			return true
		}
	}
	return false
}

func (s *Service) goingDown(p *Program) bool {
	return s.phase != Supervising || p.State == Stopping && p.AfterStop == StayDown || !p.Wanted
}

// advance starts and stops what waited for another program, until nothing changes any more. After Restore it does nothing before
// the last program was adopted: until then a state is only what the predecessor believed.
func (s *Service) advance() {
	if s.unadopted > 0 {
		return
	}
	for moved := true; moved; {
		moved = false
		for _, p := range s.programs {
			switch {
			case p.State == Waiting && s.phase == Supervising && s.unmetDependency(p) == "":
				s.spawn(p, "what it depends on is there")
				moved = true
			case p.State == Stopping && p.Stop == StopWaits && !s.hasLiveDependents(p):
				s.runPreStopOrSignal(p, p.Def.PreStop != nil && p.PID != 0)
				moved = true
			}
		}
		moved = s.finishPhase() || moved
	}
}
