package engine

// OpenIncident tells of a program that is down since before New or Restore: by the death of the keeper, or of the machine. Its incident is on
// record, and the next time that it is up and ready it has recovered. It comes before the first Step and Adopt.
func (s *Service) ResumeIncident(name string) {
	if p := s.byName[name]; p != nil {
		p.Incident = true
	}
}

// fall opens an incident or counts one more fall of the open one.
func (s *Service) openIncident(p *Program, kind, cause string, exit *Exit) {
	p.Incident = true
	s.emit(OpenIncident{Program: p.Name, Generation: p.Generation, Kind: kind, Cause: cause, Exit: exit})
}

func (s *Service) closeIncident(p *Program, outcome string) {
	if p.Incident {
		p.Incident = false
		s.emit(CloseIncident{Program: p.Name, Outcome: outcome})
	}
}

func failureKind(e Exit) string {
	if e.Signal != 0 {
		return "signal"
	}
	return "exit"
}
