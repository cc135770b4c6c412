package engine

import (
	"fmt"
	"time"
)

// minimumGrace is what a program gets after its signal even where preStop used up the grace period.
// Source: kubelet, "a small, one-off grace period extension of 2 seconds".
const minimumGrace = 2 * time.Second

// killAgain is how long a killed tree may take to end before it is killed, and reported, once more.
const killAgain = 5 * time.Second

func stopRun(s *Service, p *Program, ev Event) {
	r, _ := ev.(Request)
	s.beginStop(p, StayDown, reasonOf(ev, "stop requested"), r.Grace)
}

func restartRun(s *Service, p *Program, ev Event) {
	r, _ := ev.(Request)
	s.beginStop(p, StartAgain, reasonOf(ev, "restart requested"), r.Grace)
}

// stayStopped handles a stop request during a stop: nothing follows the stop under way.
func stayStopped(s *Service, p *Program, ev Event) {
	if p.AfterStop != Remove {
		p.AfterStop = StayDown
	}
	s.publish(p, "stopping", reasonOf(ev, "stop requested"))
}

// startAfterStop handles a start request during a stop: the stop goes on, a start follows.
func startAfterStop(s *Service, p *Program, ev Event) {
	if p.AfterStop == StayDown || p.AfterStop == StartAfter {
		p.AfterStop = StartAgain
	}
	s.publish(p, "stopping", reasonOf(ev, "start requested")+", as soon as the stop under way is done")
}

// markStopped stops a program that has no process.
func markStopped(s *Service, p *Program, ev Event) {
	s.setDown(p, Stopped, "stopped", reasonOf(ev, "stop requested"))
	s.closeIncident(p, "stopped")
}

// setDown puts a program into a state without a process.
func (s *Service) setDown(p *Program, state State, kind, reason string) {
	s.disarm(p)
	p.State = state
	p.PID = 0
	p.Ready, p.ReadyProbe, p.Paused = false, false, false
	p.Stop = NoStop
	p.ResetSer++
	s.publish(p, kind, reason)
}

// beginStop begins a stop. It revokes the restart grant and ends the probes that could interfere; dependents stop first.
func (s *Service) beginStop(p *Program, next Next, reason string, grace time.Duration) {
	withPreStop := p.State != Spawning && p.Def.PreStop != nil
	s.emit(SetRestartGrant{Program: p.Name})
	s.emit(StopProbes{Program: p.Name, OnlyLife: true})
	if p.Paused {
		s.emit(Freeze{Program: p.Name, Generation: p.Generation, Thaw: true})
		p.Paused = false
	}
	s.disarm(p)
	p.ResetSer++
	p.State = Stopping
	p.AfterStop, p.StopReason, p.StopGrace = next, reason, grace
	p.StopStart = s.now
	p.PreStopRan, p.Unasked = false, false
	s.publish(p, "stopping", reason)
	if s.hasLiveDependents(p) {
		p.Stop = StopWaits
		return
	}
	s.runPreStopOrSignal(p, withPreStop)
}

// runPreStopOrSignal takes the first step that the program notices.
func (s *Service) runPreStopOrSignal(p *Program, withPreStop bool) {
	p.StopStart = s.now
	if !withPreStop {
		s.signal(p)
		return
	}
	p.Stop = StopHook
	s.emit(RunHook{Program: p.Name, Generation: p.Generation, PreStop: true, Handler: p.Def.PreStop, Timeout: p.grace()})
	s.arm(p, p.grace())
}

// signal sends the stop signal. What is left of the grace period begins to run.
func (s *Service) signal(p *Program) {
	left := p.grace() - (s.now - p.StopStart)
	if p.Stop == StopHook {
		left = max(left, minimumGrace)
	}
	p.PreStopRan = p.PreStopRan || p.Stop == StopHook // a successor sends the signal again
	p.Stop, p.SignalAt = StopSignal, s.now
	s.emit(Signal{Program: p.Name, Generation: p.Generation, Def: p.Def})
	s.arm(p, left)
}

func preStopped(s *Service, p *Program, ev Event) {
	if p.Stop != StopHook {
		return
	}
	if e := ev.(HookDone); e.Error != "" {
		s.publish(p, "stopping", "preStop failed: "+e.Error+"; sending the stop signal")
	}
	s.signal(p)
}

// nextStopStep follows when the step under way has used up its time.
func nextStopStep(s *Service, p *Program, _ Event) {
	switch p.Stop {
	case StopHook:
		s.publish(p, "stopping", fmt.Sprintf("preStop didn't end within %s; sending the stop signal", durationText(p.grace())))
		s.signal(p)
	case StopSignal:
		s.kill(p, fmt.Sprintf("still running after %s; killing the process tree", durationText(s.now-p.StopStart)))
	case StopKill:
		s.kill(p, "the killed process tree hasn't ended yet (a process may be stuck in the kernel); killing it again")
	}
}

// unasked follows where the stop signal reached nobody: there is nothing to wait for. What a preStop hook began may be an orderly end, though,
// and has the rest of the grace period.
func unasked(s *Service, p *Program, _ Event) {
	switch {
	case p.Stop != StopSignal:
	case p.PreStopRan:
		s.publish(p, "stopping", p.reachesNobody()+"; it has until the end of the grace period to end by what preStop did")
	default:
		p.Unasked = true
		s.kill(p, "ending the process tree at once: "+p.CannotAsk())
	}
}

// CannotAsk says why the program can't be asked to end, and what to do.
func (p *Program) CannotAsk() string {
	if p.Def.StopSignal == wmClose {
		return p.reachesNobody() + ": set lifecycle.stopSignal to CTRL_C, or add lifecycle.preStop"
	}
	return p.reachesNobody() + ": add lifecycle.preStop with a command or request that ends it"
}

// wmClose is the one stop signal that goes to windows alone.
const wmClose = "WM_CLOSE"

func (p *Program) reachesNobody() string {
	if p.Def.StopSignal == wmClose {
		return "it has no window, so WM_CLOSE can't ask it to end"
	}
	return "it has no console and no window, so nothing can ask it to end"
}

func (s *Service) kill(p *Program, reason string) {
	if p.Stop != StopKill {
		p.KillAt = s.now
	}
	p.Stop = StopKill
	s.publish(p, "stopping", reason)
	s.emit(Kill{Program: p.Name, Generation: p.Generation})
	s.arm(p, killAgain)
}

// notePID takes the answer to a Spawn that a stop overtook.
func notePID(_ *Service, p *Program, ev Event) {
	e := ev.(Spawned)
	p.PID, p.StartedAt = e.PID, e.At
}

// exitedWhileStopping handles the end of a run that is being stopped. What follows was decided when the stop began.
func exitedWhileStopping(s *Service, p *Program, ev Event) {
	exit, restarted := exitOf(ev, s.now)
	p.LastExit = &exit
	if restarted != 0 {
		// The keeper used its restart grant before it heard of the stop: the new run is stopped the same way.
		p.Generation, p.PID = restarted, 0
		step := p.Stop
		if step == StopKill {
			s.kill(p, "restarted by the keeper while it was being killed; killing that run too")
		} else if step != StopWaits {
			p.StopStart = s.now
			s.signal(p)
		}
		return
	}
	p.EndedBy = p.endedBy(exit)
	s.emit(StopProbes{Program: p.Name})
	reason := fmt.Sprintf("%s (%s)", p.StopReason, exit.String())
	if p.Unasked && p.EndedBy == StopKill {
		reason += ": " + p.CannotAsk()
	}
	next := p.AfterStop
	s.publish(p, "exited", reason)
	s.setDown(p, Stopped, "stopped", reason)
	switch next {
	case StayDown:
		s.closeIncident(p, "stopped")
		if p.Wanted && s.phase == Supervising { // its supervisor died between the parts of a restart of all programs
			s.awaitDependencies(p, "it is wanted")
		}
	case StartAgain, StartChanged:
		p.Failures = 0
		s.awaitDependencies(p, p.StopReason)
	case StartAfter:
		s.restartUnhealthy(p)
	case Remove:
		s.closeIncident(p, "stopped")
		s.forget(p)
	}
}

// endedBy gives the step that ended a run. The report of the end may come after the next step was taken, so the time of the end decides.
func (p *Program) endedBy(exit Exit) StopStep {
	step := p.Stop
	timed := exit.At > 0 // when it ended is known
	if timed && step == StopKill && exit.At < p.KillAt {
		step = StopSignal
	}
	const sigkill = 9 // daruma sends it in the last step only: a run that died of it earlier was killed by somebody else
	if step == StopSignal && (timed && exit.At < p.SignalAt || exit.Signal == sigkill && p.Def.StopSignal != "SIGKILL" && p.KillAt < p.SignalAt) {
		step = NoStop
		if p.PreStopRan {
			step = StopHook
		}
	}
	if step == StopWaits {
		step = NoStop
	}
	return step
}

func (p *Program) grace() time.Duration {
	if p.StopGrace > 0 {
		return p.StopGrace
	}
	return p.Def.TerminationGracePeriod
}
