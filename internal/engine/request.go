package engine

// request carries out a verb for one program or for all of them.
func (s *Service) request(r Request) {
	switch {
	case s.phase >= Ending:
		s.emit(Refuse{Program: r.Program, Reason: "the service is shutting down"})
		return
	case r.Program != "":
		s.ask(r, r.Program)
		return
	}
	switch r.Verb {
	case Restart:
		s.restartAll(r)
	case Stop:
		for _, p := range s.programs {
			s.want(p, false) // all at once: a stop waits for dependents that are going down too
		}
		for i := len(s.programs) - 1; i >= 0; i-- {
			s.ask(r, s.programs[i].Name)
		}
	default:
		for _, p := range s.programs {
			r.Program = p.Name
			s.ask(r, p.Name)
		}
	}
}

func (s *Service) ask(r Request, name string) {
	p := s.byName[name]
	if p == nil {
		s.emit(Refuse{Program: name, Reason: "there is no such program"})
		return
	}
	if p.State == Stopping && p.AfterStop == Remove && (r.Verb == Start || r.Verb == Restart) {
		s.emit(Refuse{Program: name, Reason: "it is on its way out: it is no longer in the definition"})
		return
	}
	if r.Verb == Pause && p.Paused || r.Verb == Resume && p.State.Alive() && !p.Paused {
		return // as asked already
	}
	switch r.Verb {
	case Start, Restart:
		s.want(p, true)
		if r.Dependencies {
			s.startDependencies(p)
		}
	case Stop:
		s.want(p, false)
	}
	if act := s.table[onStart+kind(r.Verb)][p.State]; act != nil {
		act(s, p, r)
	}
}

func (s *Service) want(p *Program, wanted bool) {
	if p.Wanted != wanted {
		p.Wanted = wanted
		s.emit(RecordWanted{Program: p.Name, Wanted: wanted})
	}
}

func reasonOf(ev Event, otherwise string) string {
	if r, ok := ev.(Request); ok && r.Reason != "" {
		return r.Reason
	}
	return otherwise
}
