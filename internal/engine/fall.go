package engine

import (
	"fmt"
	"time"

	"github.com/daruma-sh/daruma/internal/definition"
)

// Words says how a run ended: "exit code 3", "killed by SIGSEGV (core dumped)".
func (e Exit) Words() string {
	switch {
	case e.Error != "":
		return e.Error
	case e.Signal != 0:
		w := "ended by " + signalName(e.Signal)
		if e.CoreDump {
			w += " (core dumped)"
		}
		return w
	}
	if name := statusName(e.Code); name != "" {
		return fmt.Sprintf("exit code 0x%08X (%s)", uint32(e.Code), name)
	}
	if int64(e.Code) >= 1<<31 { // as NTSTATUS and HRESULT values are known
		return fmt.Sprintf("exit code 0x%08X", uint32(e.Code))
	}
	return fmt.Sprintf("exit code %d", e.Code)
}

// statusName says what the exit codes mean that Windows, .NET and the C library give to fallen programs.
// Source: https://learn.microsoft.com/openspecs/windows_protocols/ms-erref/596a1078-e883-4972-9bbc-49e60bebca55
func statusName(code int) string {
	switch uint32(code) {
	case 0xC0000005:
		return "access violation"
	case 0xC000001D:
		return "illegal instruction"
	case 0xC0000094:
		return "integer division by zero"
	case 0xC00000FD:
		return "stack overflow"
	case 0xC0000135:
		return "a DLL wasn't found"
	case 0xC000013A:
		return "ended by Ctrl+C"
	case 0xC0000142:
		return "a DLL failed to initialise: often the desktop heap is exhausted, by many services of one account"
	case 0xC0000374:
		return "heap corruption"
	case 0xC0000409:
		return "it aborted itself, or its stack was overrun"
	case 0xE0434352:
		return "unhandled .NET exception"
	}
	return ""
}

func exitOf(ev Event, now time.Duration) (Exit, uint64) {
	switch ev := ev.(type) {
	case Exited:
		return ev.Exit, ev.Restarted
	case SpawnFailed:
		return Exit{Generation: ev.Generation, Code: -1, Error: ev.Error, At: now}, 0
	}
	return Exit{}, 0
}

// exited: a run ended that nobody had asked to.
func exited(s *Service, p *Program, ev Event) {
	exit, restarted := exitOf(ev, s.now)
	p.LastExit = &exit
	s.emit(StopProbes{Program: p.Name})
	p.Ready, p.ReadyProbe, p.Paused = false, false, false
	p.ResetSer++
	words := exit.Words()
	s.tell(p, "exited", words)
	verdict, why := p.verdict(exit)
	if restarted != 0 { // by the order of a definition that is no longer in force: it runs, and must not be lost
		verdict = definition.ExitRestart
	}
	switch verdict {
	case definition.ExitStop:
		s.rest(p, Completed, "completed", words+why)
		s.closeIncident(p, "recovered")
	case definition.ExitGiveUp:
		s.fall(p, fallKind(exit), words, &exit)
		s.giveUp(p, words+why)
	default:
		s.fall(p, fallKind(exit), words, &exit)
		s.restart(p, words, restarted)
	}
}

func spawnFailed(s *Service, p *Program, ev Event) {
	exit, _ := exitOf(ev, s.now)
	p.LastExit = &exit
	s.emit(StopProbes{Program: p.Name})
	p.Ready, p.ReadyProbe, p.Paused, p.PID = false, false, false, 0
	p.ResetSer++
	s.tell(p, "exited", exit.Error)
	s.fall(p, "spawn", exit.Error, &exit)
	if p.Def.RestartPolicy == definition.Never {
		s.giveUp(p, exit.Error+", and restartPolicy is Never")
		return
	}
	s.restart(p, exit.Error, 0)
}

// restartUnhealthy follows a stop that a failed probe had caused. exitCodes don't apply: the exit was our doing.
func (s *Service) restartUnhealthy(p *Program) {
	if p.Def.RestartPolicy == definition.Never {
		s.giveUp(p, p.StopReason+", and restartPolicy is Never")
		return
	}
	s.restart(p, p.StopReason, 0)
}

func fallKind(e Exit) string {
	if e.Signal != 0 {
		return "signal"
	}
	return "exit"
}

// verdict applies exitCodes, then restartPolicy, and says which of them spoke.
func (p *Program) verdict(e Exit) (definition.ExitAction, string) {
	if e.Signal == 0 {
		for _, r := range p.Def.ExitCodes {
			if r.From <= e.Code && e.Code <= r.To {
				return r.Action, fmt.Sprintf(", exitCodes says %s", r.Action)
			}
		}
	}
	clean := e.Signal == 0 && e.Code == 0
	switch {
	case p.Def.RestartPolicy == definition.Always:
		return definition.ExitRestart, ""
	case clean:
		return definition.ExitStop, fmt.Sprintf(", restartPolicy is %s", p.Def.RestartPolicy)
	case p.Def.RestartPolicy == definition.OnFailure:
		return definition.ExitRestart, ""
	}
	return definition.ExitGiveUp, ", and restartPolicy is Never"
}

// restart decides when a fallen program stands up again. restarted is the generation that the keeper has
// already started by its standing order, or 0.
func (s *Service) restart(p *Program, cause string, restarted uint64) {
	p.Failures++
	if m := p.Def.MaxRestarts; m != nil && restarted == 0 {
		p.prune(s.now)
		if len(p.History) >= m.Count {
			why := fmt.Sprintf("%s; restarted %d times within %s, which is what maxRestarts allows", cause, m.Count, words(m.Within))
			s.exhausted(p, m.Then, why)
			return
		}
	}
	s.noteRestart(p)
	if restarted != 0 {
		p.Generation = restarted
		p.enterRun()
		s.emit(Acted{Program: p.Name, Generation: restarted, What: "restarted at once by the keeper"})
		s.tell(p, "restarting", cause+"; restarted at once")
		s.emit(SetOrder{Program: p.Name, Order: s.order(p)})
		return
	}
	wait := s.delay(p)
	if wait <= 0 {
		s.emit(Acted{Program: p.Name, Generation: p.Generation + 1, What: "restarted at once"})
		s.spawnAs(p, "restarting", cause+"; restarted at once")
		return
	}
	s.rest(p, Backoff, "backoff", fmt.Sprintf("%s; %d failures in a row, next start in %s", cause, p.Failures, words(wait)))
	p.NextStart = s.now + wait
	s.arm(p, wait)
}

func (s *Service) noteRestart(p *Program) {
	p.Restarts++
	if p.Def.MaxRestarts != nil {
		p.prune(s.now)
		p.History = append(p.History, s.now)
	}
}

// prune forgets restarts older than maxRestarts' window.
func (p *Program) prune(now time.Duration) {
	keep := p.History[:0]
	for _, t := range p.History {
		if now-t < p.Def.MaxRestarts.Within {
			keep = append(keep, t)
		}
	}
	p.History = keep
}

func (s *Service) exhausted(p *Program, then definition.GiveUpAction, why string) {
	s.giveUp(p, why)
	if then == definition.Escalate && s.phase < Ending {
		s.escalate(p, why)
	}
}

// escalate ends the service with a failure: the operating system's service manager is to restart it.
func (s *Service) escalate(p *Program, why string) {
	s.emit(End{Failed: true, Reason: p.Name + ": " + why})
	s.shutdown(Shutdown{Reason: "maxRestarts.then is escalate"})
}

func (s *Service) giveUp(p *Program, why string) {
	s.rest(p, Failed, "failed", why)
	s.closeIncident(p, "gaveUp")
}

func backoffOver(s *Service, p *Program, _ Event) {
	s.emit(Acted{Program: p.Name, Generation: p.Generation + 1, What: "restarted after backoff"})
	s.spawn(p, fmt.Sprintf("backoff is over (%d failures in a row)", p.Failures))
}
