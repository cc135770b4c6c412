package engine

import (
	"fmt"
	"slices"

	"github.com/daruma-sh/daruma/internal/definition"
)

func (s *Service) add(def *definition.Program) *Program {
	p := &Program{Def: def, Name: def.Name, Healthy: true, Reason: "not started yet"}
	if r, ok := s.retired[p.Name]; ok {
		p.Generation, p.Serial, p.ResetSer = r.generation, r.serial, r.resetSerial
	}
	s.programs = append(s.programs, p)
	s.byName[p.Name] = p
	return p
}

// link derives who depends on whom.
func (s *Service) link() {
	s.dependents = map[string][]string{}
	for _, p := range s.programs {
		for _, d := range p.Def.DependsOn {
			s.dependents[d.Program] = append(s.dependents[d.Program], p.Name)
		}
	}
}

// missing names the first dependency that the program still waits for, or "".
func (s *Service) missing(p *Program) string {
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

// hasLiveDependents holds a stop back only where the dependents are going down as well: a program that is
// stopped or restarted alone doesn't take others along.
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

// advance lets go on what waited for another program, until nothing moves any more. After Restore nothing moves before
// the last program was adopted: until then a state is only what a predecessor believed.
func (s *Service) advance() {
	if s.unadopted > 0 {
		return
	}
	for moved := true; moved; {
		moved = false
		for _, p := range s.programs {
			switch {
			case p.State == Waiting && s.phase == Supervising && s.missing(p) == "":
				s.spawn(p, "what it depends on is there")
				moved = true
			case p.State == Stopping && p.Stop == StopWaits && !s.hasLiveDependents(p):
				s.descend(p, p.Def.PreStop != nil && p.PID != 0)
				moved = true
			}
		}
		moved = s.finishPhase() || moved
	}
}

// finishPhase ends a stop of the whole service once everything is down.
func (s *Service) finishPhase() bool {
	if s.phase == Supervising || s.phase == Ended || slices.ContainsFunc(s.programs, func(p *Program) bool { return p.State.Alive() }) {
		return false
	}
	if s.phase == Ending {
		s.phase = Ended
		s.emit(End{Reason: "all programs are stopped"})
		return false
	}
	s.phase = Supervising
	for _, p := range s.programs { // all before the first one starts: what was completed before the cycle isn't any more
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
	s.phase = Cycling
	reason := r.Reason
	if reason == "" {
		reason = "restart of the service requested"
	}
	s.allDown(Request{Verb: Stop, Grace: r.Grace, Reason: reason})
	for _, p := range s.programs {
		if p.AfterStop != Remove {
			s.want(p, true)
		}
	}
}

// shutdown stops every program, dependents first; End follows when all are down.
func (s *Service) shutdown(e Shutdown) {
	if s.phase >= Ending {
		return
	}
	s.phase = Ending
	s.allDown(Request{Verb: Stop, Reason: e.Reason})
}

func (s *Service) allDown(r Request) {
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

// reload takes a new definition: what left it goes down, what is new or changed (re)starts, the rest isn't touched.
func (s *Service) reload(r Reload) {
	if s.phase >= Ending {
		s.emit(Refused{Reason: "the service is shutting down"})
		return
	}
	keep := map[string]bool{}
	for i := range r.Definition.Programs {
		def := &r.Definition.Programs[i]
		keep[def.Name] = true
		p := s.byName[def.Name]
		switch {
		case p == nil:
			p = s.add(def)
			s.link()
			s.want(p, true)
			begin(s, p, Request{Reason: "new in the definition"})
		case p.State == Stopping && p.AfterStop == Remove: // it came back before it was gone
			p.next, p.AfterStop = def, StartChanged
			s.want(p, true)
		case slices.Contains(r.Changed, def.Name):
			p.next = def
			s.restartChanged(p)
		case p.next != nil:
			p.next = def // changed by an earlier reload, and not started since
		default:
			p.Def = def // equal but for its place in memory
		}
	}
	for _, p := range slices.Clone(s.programs) {
		if !keep[p.Name] {
			s.remove(p)
		}
	}
	s.link()
}

func (s *Service) restartChanged(p *Program) {
	const why = "its definition changed"
	switch {
	case p.State == Stopping:
		if p.AfterStop == StartAfter {
			p.AfterStop = StartChanged
		}
	case p.State.Alive():
		s.bringDown(p, StartChanged, why, 0)
	case p.Wanted:
		p.Failures = 0
		s.awaitDependencies(p, why)
	default:
		s.takeChange(p)
	}
}

// takeChange puts a changed definition into force; only between runs.
func (s *Service) takeChange(p *Program) {
	if p.next != nil {
		p.Def, p.next = p.next, nil
		s.link()
	}
}

func (s *Service) remove(p *Program) {
	const why = "no longer in the definition"
	s.want(p, false)
	switch {
	case p.State == Stopping:
		p.AfterStop = Remove
	case p.State.Alive():
		s.bringDown(p, Remove, why, 0)
	default:
		s.closeIncident(p, "stopped")
		s.forget(p)
	}
}

func (s *Service) forget(p *Program) {
	s.retired[p.Name] = retired{p.Generation, p.Serial, p.ResetSer}
	if p.restored {
		s.unadopted--
	}
	delete(s.byName, p.Name)
	s.programs = slices.DeleteFunc(s.programs, func(q *Program) bool { return q == p })
	s.emit(Removed{Program: p.Name})
	s.link()
}
