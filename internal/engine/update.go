package engine

import "github.com/daruma-sh/daruma/internal/definition"

// update takes a definition of which only differs what is done about the program ([definition.Program.UpdateSuffices]): a run goes on. What
// failed by what differs (a probe, postStart, the rules of restarts) begins anew, as with any other change.
func (s *Service) update(p *Program, def *definition.Program) {
	cause := !p.Def.StartupProbe.Equal(def.StartupProbe) || !p.Def.LivenessProbe.Equal(def.LivenessProbe) ||
		!p.Def.ReadinessProbe.Equal(def.ReadinessProbe) || !p.Def.PostStart.Equal(def.PostStart) || !p.Def.RestartsAlike(def)
	switch {
	case cause && (p.State == Backoff || p.State == Failed || p.State == Stopping):
		p.next = def
		s.restartChanged(p)
	case p.next != nil || p.State == Stopping:
		p.next = def
	case p.State.Alive():
		s.updateRun(p, def)
	default:
		p.Def = def
	}
}

// updateRun renews the restart grant of a run, which is all that the keeper has of its definition, and replaces its probes, where they differ.
// What is known of the program holds until the new ones have a result.
func (s *Service) updateRun(p *Program, def *definition.Program) {
	old := p.Def
	p.Def = def
	if !old.RestartsAlike(def) {
		s.emit(SetRestartGrant{Program: p.Name, Grant: s.restartGrant(p)})
		if p.State == Running && p.Ready && !p.Paused && old.Backoff.ResetAfter != def.Backoff.ResetAfter {
			s.beginHealthyPeriod(p)
		}
	}
	switch {
	case p.State == Spawning: // nothing of it has begun
		p.PostStart, p.Startup = def.PostStart != nil, def.StartupProbe != nil
	case p.PostStart: // none of its probes has begun
		p.Startup = def.StartupProbe != nil
	case p.State == Starting:
		if !old.StartupProbe.Equal(def.StartupProbe) {
			s.replaceProbes(p, StartupProbe)
			if def.StartupProbe == nil {
				p.Startup = false
				s.enterRunning(p)
			}
			s.keepPaused(p)
		}
	default:
		s.updateRunning(p, old)
	}
}

func (s *Service) updateRunning(p *Program, old *definition.Program) {
	var kinds []ProbeKind
	if !old.LivenessProbe.Equal(p.Def.LivenessProbe) {
		kinds = append(kinds, LivenessProbe)
	}
	if !old.ReadinessProbe.Equal(p.Def.ReadinessProbe) {
		kinds = append(kinds, ReadinessProbe)
		p.ReadyProbe = p.Ready && p.Def.ReadinessProbe != nil
	}
	if len(kinds) == 0 {
		return
	}
	s.replaceProbes(p, kinds...)
	if p.Def.ReadinessProbe == nil {
		s.setReady(p, true, "")
	}
	s.keepPaused(p)
}

func (s *Service) replaceProbes(p *Program, kinds ...ProbeKind) {
	s.emit(ReplaceProbes{Program: p.Name, Generation: p.Generation, Def: p.Def, Kinds: kinds, Ready: p.ReadyProbe})
}

// keepPaused has new probes of a paused program wait, and its healthy period too.
func (s *Service) keepPaused(p *Program) {
	if p.Paused {
		p.ResetSer++
		s.emit(Freeze{Program: p.Name, Generation: p.Generation})
	}
}
