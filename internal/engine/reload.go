package engine

import "slices"

// reload takes a new definition: programs that left it stop, new and changed ones (re)start, those of which nothing changed that a
// run is started with go on by the new settings, and the others aren't touched.
func (s *Service) reload(r Reload) {
	if s.phase >= Ending {
		s.emit(Refuse{Reason: "the service is shutting down"})
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
			startFresh(s, p, Request{Reason: "new in the definition"})
		case p.State == Stopping && p.AfterStop == Remove: // it came back before it was gone
			p.next, p.AfterStop = def, StartChanged
			s.want(p, true)
		case slices.Contains(r.Restarted, def.Name):
			p.next = def
			s.restartChanged(p)
		case slices.Contains(r.Updated, def.Name):
			s.update(p, def)
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
		s.beginStop(p, StartChanged, why, 0)
	case p.Wanted:
		p.Failures = 0
		s.awaitDependencies(p, why)
	default:
		s.applyChange(p)
	}
}

// applyChange puts a changed definition into force; only between runs.
func (s *Service) applyChange(p *Program) {
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
		s.beginStop(p, Remove, why, 0)
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
	s.emit(ForgetProgram{Program: p.Name})
	s.link()
}
