package engine

import (
	"fmt"
)

// startFresh starts a program on request. It forgets earlier failures and waits for dependencies.
func startFresh(s *Service, p *Program, ev Event) {
	p.Failures = 0
	s.awaitDependencies(p, reasonOf(ev, "start requested"))
}

// startNow cuts a backoff short: whoever asks for a start doesn't want to wait for it.
func startNow(s *Service, p *Program, ev Event) {
	p.Failures = 0
	s.spawn(p, reasonOf(ev, "start requested"))
}

// awaitDependencies starts the program, or lets it wait for what it depends on. Nothing starts while the whole service
// goes down: a new process would delay the end. In a restart of all programs, [Service.finishPhase] starts what is wanted.
func (s *Service) awaitDependencies(p *Program, reason string) {
	s.applyChange(p)
	if s.phase != Supervising {
		s.setDown(p, Stopped, "stopped", reason+", as soon as all programs are down")
		return
	}
	if missing := s.unmetDependency(p); missing != "" {
		s.disarm(p)
		p.State = Waiting
		s.publish(p, "waiting", "waits for "+missing)
		return
	}
	s.spawn(p, reason)
}

func (s *Service) spawn(p *Program, reason string) { s.spawnAs(p, "starting", reason) }

// spawnAs is the only place that starts a run. Callers make sure that the program has no process.
func (s *Service) spawnAs(p *Program, kind, reason string) {
	s.applyChange(p)
	s.disarm(p)
	p.Generation++
	p.spawnEmitted = p.Generation
	p.enterRun()
	s.publish(p, kind, reason)
	s.emit(Spawn{Program: p.Name, Generation: p.Generation, Def: p.Def, Grant: s.restartGrant(p)})
}

// enterRun enters Spawning and clears what belonged to the previous run.
func (p *Program) enterRun() {
	p.State = Spawning
	p.PID = 0
	p.Ready, p.ReadyProbe, p.Healthy, p.Paused = false, false, true, false
	p.Stop, p.AfterStop, p.StopReason, p.StopGrace = NoStop, StayDown, "", 0
	p.PostStart = p.Def.PostStart != nil
	p.Startup = p.Def.StartupProbe != nil
	p.ResetSer++
}

// spawned handles the start of the process. postStart comes first, then the startup probe, then the program is up.
func spawned(s *Service, p *Program, ev Event) {
	e := ev.(Spawned)
	p.PID, p.StartedAt = e.PID, e.At
	p.State = Starting
	if p.PostStart {
		s.publish(p, "starting", fmt.Sprintf("process %d runs, postStart begins", p.PID))
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
		s.publish(p, "starting", fmt.Sprintf("process %d runs, startupProbe begins", p.PID))
		s.emit(StartProbes{Program: p.Name, Generation: p.Generation, Def: p.Def, Startup: true})
		return
	}
	s.enterRunning(p)
}

// enterRunning makes the program up: dependents that wait for "started" may start, and the other probes begin.
func (s *Service) enterRunning(p *Program) {
	p.State = Running
	s.publish(p, "started", fmt.Sprintf("process %d is up", p.PID))
	if p.Def.LivenessProbe != nil || p.Def.ReadinessProbe != nil {
		s.emit(StartProbes{Program: p.Name, Generation: p.Generation, Def: p.Def})
	}
	if p.Def.ReadinessProbe == nil {
		s.setReady(p, true, "")
	}
}
