package engine

// ResumeIncident says that an incident of the program is already open: the program went down with the keeper or the machine, before
// New or Restore. The incident is closed when the program is next up and ready. Call it before the first Step and Adopt.
func (s *Service) ResumeIncident(name string) {
	if p := s.byName[name]; p != nil {
		p.Incident = true
	}
}

// openIncident opens an incident, or counts one more failure in the open one.
func (s *Service) openIncident(p *Program, kind, cause string, exit *Exit) {
	p.Incident, p.FallKind = true, kind
	s.emit(OpenIncident{Program: p.Name, Generation: p.Generation, Kind: kind, Cause: cause, Exit: exit})
}

func (s *Service) closeIncident(p *Program, outcome string) {
	if p.Incident {
		p.Incident = false
		s.emit(CloseIncident{Program: p.Name, Outcome: outcome})
	}
}

func failureKind(e Exit) string {
	switch {
	case e.NoMemory:
		return "outOfMemory"
	case e.Signal != 0:
		return "signal"
	}
	return "exit"
}
