package supervisor

import (
	"time"

	"github.com/daruma-sh/daruma/internal/engine"
	"github.com/daruma-sh/daruma/internal/logs"
	"github.com/daruma-sh/daruma/internal/monotonic"
	"github.com/daruma-sh/daruma/internal/supervisor/tasks"
)

// takeOver brings the restored state in line with the keeper's runs: the ends of runs that nobody had acknowledged are handled in
// order, and runs that are alive are probed again.
func (s *supervisor) takeOver(l *inheritance) {
	if s.state.Ending {
		s.ending = &ending{failed: s.state.Failed, reason: s.state.Reason}
	}
	if s.ending == nil && s.engine.Phase() == engine.Ended { // it died between the last two messages
		s.ending = &ending{reason: "all programs are stopped"}
	}
	s.awaitServiceManager()
	for _, k := range l.sockets {
		s.sockets.Inherit(k)
	}
	if l.hello.Upgraded {
		s.publishUpgrade()
	} else {
		s.publishReplaced(l.hello.Why)
	}
	newest := map[string]*inherited{}
	for i := range l.runs {
		r := &l.runs[i]
		newest[r.ID] = r
		if tasks.Is(r.ID) {
			s.tasks.EndInherited(r.KnownRun, r.osFiles())
			continue
		}
		s.inherit(r)
	}
	s.restoreNotifyStates(l.parts)
	now := monotonic.Now()
	for _, name := range s.knownPrograms() {
		s.carryOut(s.engine.Adopt(now, knownOf(name, newest[name])))
		delete(newest, name)
	}
	for name, r := range newest {
		if !tasks.Is(name) {
			s.carryOut(s.engine.Adopt(now, knownOf(name, r)))
			if !r.Alive { // else it is forgotten when it has stopped
				s.forgetProgram(name)
			}
		}
	}
	if s.engine.Phase() == engine.Supervising && len(l.parts) == 0 { // it died before it had stored anything
		s.startWanted()
	}
	s.saveDefinition(s.def)
	s.saveServiceState()
	s.endWhenOver() // the predecessor may have died before it did
	s.log.Info("took over", "runs", len(l.runs), "took", time.Since(s.since))
}

func knownOf(name string, r *inherited) engine.Known {
	if r == nil {
		return engine.Known{Program: name}
	}
	return engine.Known{Program: name, Generation: r.Run.Generation, Alive: r.Alive, PID: r.Run.PID, StartedAt: r.Run.At}
}

// inherit goes on with a run's output at the byte where the predecessor ended, and handles the end of the run.
func (s *supervisor) inherit(r *inherited) {
	if p := s.engine.Program(r.ID); p != nil {
		if _, err := s.sink(p.Def); err != nil {
			s.log.Error("log", "program", r.ID, "error", err)
		}
		if r.Alive {
			s.runtimeOf(r.ID).wall = time.Unix(0, r.Run.Wall)
		}
	}
	s.attach(r.ID, r.Run.Generation, r.files, (*logs.Sink).Resume)
	if r.Alive {
		return
	}
	s.drain(r.ID, r.Run.Generation)
	s.forgetNotifyState(r.ID, r.Run.Generation)
	if !r.Acked {
		s.ended(r.ID, r.Run.Generation, r.Exit, r.Next, r.Failed)
	}
}
