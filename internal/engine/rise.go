package engine

import (
	"fmt"
	"time"
)

// begin starts a program by request: earlier failures are forgotten, dependencies are waited for.
func begin(s *Service, p *Program, ev Event) {
	p.Failures = 0
	s.awaitDependencies(p, reasonOf(ev, "start requested"))
}

// startNow cuts a backoff short: who asks for a start doesn't want to wait for it.
func startNow(s *Service, p *Program, ev Event) {
	p.Failures = 0
	s.spawn(p, reasonOf(ev, "start requested"))
}

func reasonOf(ev Event, otherwise string) string {
	if r, ok := ev.(Request); ok && r.Reason != "" {
		return r.Reason
	}
	return otherwise
}

// awaitDependencies starts the program, or lets it wait for what it depends on. Nothing starts while the whole service
// goes down: a new process would hold up its end. What is wanted then starts when a cycle is through.
func (s *Service) awaitDependencies(p *Program, reason string) {
	s.takeChange(p)
	if s.phase != Supervising {
		s.rest(p, Stopped, "stopped", reason+", as soon as all programs are down")
		return
	}
	if missing := s.missing(p); missing != "" {
		s.disarm(p)
		p.State = Waiting
		s.tell(p, "waiting", "waits for "+missing)
		return
	}
	s.spawn(p, reason)
}

func (s *Service) spawn(p *Program, reason string) { s.spawnAs(p, "starting", reason) }

// spawnAs is the only place where a run is asked for: the state it leaves is never one with a process.
func (s *Service) spawnAs(p *Program, kind, reason string) {
	s.takeChange(p)
	s.disarm(p)
	p.Generation++
	p.ordered = p.Generation
	p.enterRun()
	s.tell(p, kind, reason)
	s.emit(Spawn{Program: p.Name, Generation: p.Generation, Def: p.Def, Order: s.order(p)})
}

// enterRun clears what belonged to the run before.
func (p *Program) enterRun() {
	p.State = Spawning
	p.PID = 0
	p.Ready, p.ReadyProbe, p.Healthy, p.Paused = false, false, true, false
	p.Stop, p.AfterStop, p.StopReason, p.StopGrace = NoStop, StayDown, "", 0
	p.PostStart = p.Def.PostStart != nil
	p.Startup = p.Def.StartupProbe != nil
	p.ResetSer++
}

// spawned: the process runs. postStart comes first, then the startup probe, then the program is up.
func spawned(s *Service, p *Program, ev Event) {
	e := ev.(Spawned)
	p.PID, p.StartedAt = e.PID, e.At
	p.State = Starting
	if p.PostStart {
		s.tell(p, "starting", fmt.Sprintf("process %d runs, postStart begins", p.PID))
		s.emit(RunHook{Program: p.Name, Generation: p.Generation, Handler: p.Def.PostStart, Timeout: p.grace()})
		return
	}
	s.afterPostStart(p)
}

func postStarted(s *Service, p *Program, ev Event) {
	p.PostStart = false
	if e := ev.(HookDone); e.Error != "" {
		s.unhealthy(p, "postStart", "postStart failed: "+e.Error)
		return
	}
	s.afterPostStart(p)
}

func (s *Service) afterPostStart(p *Program) {
	if p.Startup {
		s.tell(p, "starting", fmt.Sprintf("process %d runs, startupProbe begins", p.PID))
		s.emit(StartProbes{Program: p.Name, Generation: p.Generation, Def: p.Def, Startup: true})
		return
	}
	s.up(p)
}

func startupProbed(s *Service, p *Program, ev Event) {
	e := ev.(Probed)
	if !e.OK {
		s.unhealthy(p, "startupProbe", e.Reason)
		return
	}
	if p.Startup {
		p.Startup = false
		s.up(p)
	}
}

// up: the program has started; what waits for "started" may go, the other probes begin.
func (s *Service) up(p *Program) {
	p.State = Running
	s.tell(p, "started", fmt.Sprintf("process %d is up", p.PID))
	if p.Def.LivenessProbe != nil || p.Def.ReadinessProbe != nil {
		s.emit(StartProbes{Program: p.Name, Generation: p.Generation, Def: p.Def})
	}
	if p.Def.ReadinessProbe == nil {
		s.ready(p, true, "")
	}
}

func readinessProbed(s *Service, p *Program, ev Event) {
	e := ev.(Probed)
	p.ReadyProbe = e.OK
	s.ready(p, e.OK, e.Reason)
}

// ready changes readiness. A program that is up and ready has recovered from whatever had befallen it.
func (s *Service) ready(p *Program, ok bool, reason string) {
	if p.Ready == ok {
		return
	}
	p.Ready = ok
	if !ok {
		p.ResetSer++ // the healthy period is over
		s.tell(p, "notReady", reason)
		return
	}
	if p.State != Running {
		return
	}
	if reason == "" {
		reason = "up, and there is no readinessProbe"
	}
	s.tell(p, "ready", reason)
	if p.Incident {
		p.Incident = false
		s.emit(Recovered{Program: p.Name, Generation: p.Generation})
	}
	s.beginHealthyPeriod(p)
}

// beginHealthyPeriod: once it is over, earlier failures are forgotten. A pause or a loss of readiness calls it off.
func (s *Service) beginHealthyPeriod(p *Program) {
	p.ResetSer++
	s.emit(SetTimer{Program: p.Name, Serial: p.ResetSer, After: p.Def.Backoff.ResetAfter, Reset: true})
}

// forgetFailures: it stood long enough; the next fall is a first one again, with its free restart.
func forgetFailures(s *Service, p *Program, _ Event) {
	if p.Failures == 0 {
		return
	}
	p.Failures = 0
	p.Reason = fmt.Sprintf("healthy for %s, earlier failures are forgotten", words(p.Def.Backoff.ResetAfter))
	s.emit(SetOrder{Program: p.Name, Order: s.order(p)})
}

// livenessProbed: an unhealthy program is stopped like any other, then restarted by its policy.
func livenessProbed(s *Service, p *Program, ev Event) {
	e := ev.(Probed)
	p.Healthy = e.OK
	if !e.OK {
		s.unhealthy(p, "livenessProbe", e.Reason)
	}
}

func (s *Service) unhealthy(p *Program, kind, cause string) {
	p.Healthy = false
	s.tell(p, "unhealthy", cause)
	s.fall(p, kind, cause, nil)
	s.emit(Acted{Program: p.Name, Generation: p.Generation, What: "stop, then restart by policy"})
	s.bringDown(p, StartAfter, cause, 0)
}

// fall opens an incident or counts one more fall of the open one.
func (s *Service) fall(p *Program, kind, cause string, exit *Exit) {
	p.Incident = true
	s.emit(Fell{Program: p.Name, Generation: p.Generation, Kind: kind, Cause: cause, Exit: exit})
}

func (p *Program) grace() time.Duration {
	if p.StopGrace > 0 {
		return p.StopGrace
	}
	return p.Def.TerminationGracePeriod
}

// words prints a duration as people say it: 0.5 s, 12 s, 3 min.
func words(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return fmt.Sprintf("%.3g ms", float64(d)/float64(time.Millisecond))
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 2*time.Minute:
		return fmt.Sprintf("%.3g s", d.Seconds())
	}
	return fmt.Sprintf("%.3g min", d.Minutes())
}
