package engine

import "fmt"

func freeze(s *Service, p *Program, ev Event) {
	if p.PostStart { // what follows it would watch a program that can't move
		s.emit(Refused{Program: p.Name, Reason: "its postStart hook hasn't ended yet"})
		return
	}
	p.Paused = true
	p.ResetSer++
	s.emit(Freeze{Program: p.Name, Generation: p.Generation})
	s.tell(p, "paused", reasonOf(ev, "pause requested"))
}

func thaw(s *Service, p *Program, ev Event) {
	p.Paused = false
	s.emit(Freeze{Program: p.Name, Generation: p.Generation, Thaw: true})
	s.tell(p, "resumed", reasonOf(ev, "resume requested"))
	if p.State == Running && p.Ready {
		s.beginHealthyPeriod(p)
	}
}

func refuse(s *Service, p *Program, ev Event) {
	verb := "paused"
	if r, ok := ev.(Request); ok && r.Verb == Resume {
		verb = "resumed"
	}
	s.emit(Refused{Program: p.Name, Reason: fmt.Sprintf("it is %s; only a running program can be %s", p.State, verb)})
}
