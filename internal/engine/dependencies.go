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
	q, condition := s.waitsFor(p)
	if q == nil {
		return ""
	}
	return fmt.Sprintf("%s to be %s (%s)", q.Name, condition, s.present(q, condition))
}

// waitsFor gives the first dependency that hasn't reached what the program needs of it, and what that is; or nil.
func (s *Service) waitsFor(p *Program) (*Program, definition.Condition) {
	for _, d := range p.Def.DependsOn {
		if q := s.byName[d.Program]; q != nil && !q.reached(d.Condition) {
			return q, d.Condition
		}
	}
	return nil, ""
}

// present says what a program is doing of which somebody awaits something, and why. Of one that waits itself it names who is at the end of the
// chain: what has to be mended is there.
func (s *Service) present(p *Program, awaited definition.Condition) string {
	last, condition := p, awaited
	for n := 0; last.State == Waiting; n++ {
		next, c := s.waitsFor(last)
		if next == nil || n == longestChain {
			return "it is waiting"
		}
		last, condition = next, c
	}
	switch {
	case last != p:
		return "it is waiting for " + last.Name + ": " + s.present(last, condition)
	case p.State == Backoff:
		return "it is in backoff: " + p.Reason
	case p.resting():
		return fmt.Sprintf("it is %s: %s", p.State, p.Reason)
	case p.Paused:
		return "it is paused"
	case p.State == Running && awaited == definition.Ready:
		return "it is running, but not ready"
	}
	return "it is " + p.State.String()
}

// longestChain is how far a chain of programs that wait for one another is followed for a reason: each event brings the reasons of all that
// wait up to date.
const longestChain = 16

// resting reports whether nothing runs and nothing is about to start now: whoever waits for the program waits for somebody to do something, or
// for a backoff.
func (p *Program) resting() bool {
	switch p.State {
	case Stopped, Backoff, Failed, Completed:
		return true
	}
	return false
}

// Blocked says of a program that waits what it waits for in vain: a dependency that isn't there and doesn't start now. "" where it doesn't
// wait, or what it waits for may come.
func (s *Service) Blocked(p *Program) string {
	if p.State != Waiting {
		return ""
	}
	for _, d := range p.Def.DependsOn {
		q := s.byName[d.Program]
		if q == nil || q.reached(d.Condition) {
			continue
		}
		if q.resting() || q.Paused || s.Blocked(q) != "" { // dependencies have no cycles
			return "waits for " + s.unmetDependency(p)
		}
	}
	return ""
}

// startDependencies starts what p depends on and isn't there, for an order to start p: it would wait for ever otherwise.
func (s *Service) startDependencies(p *Program) {
	for _, d := range p.Def.DependsOn {
		q := s.byName[d.Program]
		if q == nil || q.reached(d.Condition) || !q.resting() && q.State != Waiting {
			continue
		}
		s.startDependencies(q)
		s.want(q, true)
		r := Request{Verb: Start, Program: q.Name, Reason: p.Name + ", which depends on it, is to start"}
		if act := s.table[onStart][q.State]; act != nil {
			act(s, q, r)
		}
	}
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
			case p.State == Waiting && s.phase == Supervising:
				missing := s.unmetDependency(p)
				if missing != "" {
					p.Reason = "waits for " + missing // what it waits for has changed; no news worth an event
					continue
				}
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
