package engine

func pauseRun(s *Service, p *Program, ev Event) {
	if p.PostStart { // the probes that follow it would watch a frozen program
		s.emit(Refuse{Program: p.Name, Reason: "its postStart hook hasn't ended yet"})
		return
	}
	p.Paused = true
	p.ResetSer++
	s.emit(Freeze{Program: p.Name, Generation: p.Generation})
	s.publish(p, "paused", reasonOf(ev, "pause requested"))
}

func resumePaused(s *Service, p *Program, ev Event) {
	p.Paused = false
	s.emit(Freeze{Program: p.Name, Generation: p.Generation, Thaw: true})
	s.publish(p, "resumed", reasonOf(ev, "resume requested"))
	if p.State == Running && p.Ready {
		s.beginHealthyPeriod(p)
	}
}

func refusePause(s *Service, p *Program, ev Event) {
	reason := "only a running program can be paused"
	if r, ok := ev.(Request); ok && r.Verb == Resume {
		reason = "only a paused program can be resumed"
	}
	s.emit(Refuse{Program: p.Name, Reason: reason}) // the answer says what it is instead
}
