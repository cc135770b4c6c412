package engine

import "fmt"

func startupProbed(s *Service, p *Program, ev Event) {
	e := ev.(Probed)
	if !e.OK {
		s.unhealthy(p, "startupProbe", e.Reason)
		return
	}
	if p.Startup {
		p.Startup = false
		s.enterRunning(p)
	}
}

func readinessProbed(s *Service, p *Program, ev Event) {
	e := ev.(Probed)
	p.ReadyProbe = e.OK
	s.setReady(p, e.OK, e.Reason)
}

// livenessProbed stops an unhealthy program like any other; then its restart policy applies.
func livenessProbed(s *Service, p *Program, ev Event) {
	e := ev.(Probed)
	p.Healthy = e.OK
	if !e.OK {
		s.unhealthy(p, "livenessProbe", e.Reason)
	}
}

func (s *Service) unhealthy(p *Program, kind, cause string) {
	p.Healthy = false
	s.publish(p, "unhealthy", cause)
	s.openIncident(p, kind, cause, nil)
	s.emit(RecordAction{Program: p.Name, Generation: p.Generation, What: "stop, then restart by policy"})
	s.beginStop(p, StartAfter, cause, 0)
}

// setReady changes readiness. A program that is up and ready has recovered: its open incident is closed.
func (s *Service) setReady(p *Program, ok bool, reason string) {
	if p.Ready == ok {
		return
	}
	p.Ready = ok
	if !ok {
		p.ResetSer++ // the healthy period is over
		s.publish(p, "notReady", reason)
		return
	}
	if p.State != Running {
		return
	}
	if reason == "" {
		reason = "up, and there is no readinessProbe"
	}
	s.publish(p, "ready", reason)
	if p.Incident {
		p.Incident = false
		s.emit(RecordRecovery{Program: p.Name, Generation: p.Generation})
	}
	s.beginHealthyPeriod(p)
}

// beginHealthyPeriod starts the timer after which earlier failures are forgotten. A pause or a loss of readiness cancels it.
func (s *Service) beginHealthyPeriod(p *Program) {
	p.ResetSer++
	s.emit(SetTimer{Program: p.Name, Serial: p.ResetSer, After: p.Def.Backoff.ResetAfter, Reset: true})
}

// forgetFailures ends the healthy period: the next failure counts as the first again, and its restart is immediate.
func forgetFailures(s *Service, p *Program, _ Event) {
	if p.Failures == 0 {
		return
	}
	p.Failures = 0
	p.Reason = fmt.Sprintf("healthy for %s, earlier failures are forgotten", durationText(p.Def.Backoff.ResetAfter))
	s.emit(SetRestartGrant{Program: p.Name, Grant: s.restartGrant(p)})
}
