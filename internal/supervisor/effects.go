package supervisor

import (
	"slices"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/engine"
	"github.com/daruma-sh/daruma/internal/incident"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/supervisor/signals"
)

// carryOut saves the state that the effects come from, then carries them out: first those that programs wait for, and the
// events only when those are on their way.
func (s *supervisor) carryOut(effects []engine.Effect) {
	if len(effects) == 0 {
		return
	}
	effects = slices.Clone(effects) // an action may step the engine again
	s.saveStates(effects)
	s.act(effects)
}

// carryOutReload is carryOut for what follows from a definition that was taken anew, and tells the keeper of that definition. The keeper
// carries out nothing from then on until it has read what the definition allows, which takes a tenth of a second and more; but it goes on
// restarting programs that fall. So the new restart grants go ahead of it, those that are withdrawn included: of no program that falls in
// between is another run started by the old rules.
func (s *supervisor) carryOutReload(effects []engine.Effect) {
	effects = slices.Clone(effects)
	s.saveStates(effects)
	grants, rest := grantsFirst(effects)
	for _, e := range grants {
		s.do(e)
	}
	if s.cfg.checked {
		s.link.Send(&wire.DefinitionTaken{}) // before the orders that follow from it
	}
	s.act(rest)
}

// grantsFirst takes out the restart grants of effects, but for one behind a Spawn of the same program, which brings a grant itself.
func grantsFirst(effects []engine.Effect) (grants, rest []engine.Effect) {
	spawned := map[string]bool{}
	for _, e := range effects {
		switch e := e.(type) {
		case engine.Spawn:
			spawned[e.Program] = true
		case engine.SetRestartGrant:
			if !spawned[e.Program] {
				grants = append(grants, e)
				continue
			}
		}
		rest = append(rest, e)
	}
	return grants, rest
}

// saveStates saves the states of the programs that effects are about, and the service's.
func (s *supervisor) saveStates(effects []engine.Effect) {
	last := ""
	for _, e := range effects {
		if name := programOf(e); name != "" && name != last {
			s.saveProgram(name)
			last = name
		}
	}
	if s.engine.Phase() != s.state.Phase {
		s.saveServiceState()
	}
}

// act carries effects out whose states are saved.
func (s *supervisor) act(effects []engine.Effect) {
	for _, e := range effects {
		if _, told := e.(engine.PublishEvent); !told {
			s.do(e)
			s.link.FlushAbove(flushAt)
		}
	}
	s.flush()
	for _, e := range effects {
		if _, told := e.(engine.PublishEvent); told {
			s.do(e)
		}
	}
	s.endWhenOver()
}

// flushAt is how many bytes for the keeper may wait for more: with 500 programs to start, the keeper begins with the first
// while the last is being prepared.
const flushAt = 8 << 10

// programOf names the program whose state has to be saved for an effect.
func programOf(e engine.Effect) string {
	switch e := e.(type) {
	case engine.PublishEvent:
		return e.Program
	case engine.Spawn:
		return e.Program
	case engine.SetTimer:
		return e.Program
	case engine.SetRestartGrant:
		return e.Program
	case engine.ReplaceProbes:
		return e.Program
	case engine.RecordWanted:
		return e.Program
	case engine.ForgetProgram:
		return e.Program
	}
	return "" // every other effect comes together with a PublishEvent
}

func (s *supervisor) do(effect engine.Effect) {
	switch e := effect.(type) {
	case engine.Spawn:
		s.spawn(e)
	case engine.SetRestartGrant:
		s.link.Send(&wire.SetRestartGrant{ID: e.Program, Grant: grantOf(e.Grant)})
	case engine.Signal:
		s.link.Send(&wire.Signal{ID: e.Program, Generation: e.Generation, Signal: signals.Number(e.Def.StopSignal), Next: s.nextSignalAfter(e)})
	case engine.Kill:
		s.link.Send(&wire.Kill{ID: e.Program, Generation: e.Generation})
	case engine.Freeze:
		s.freeze(e)
	case engine.RunHook:
		s.runHook(e)
	case engine.StartProbes:
		s.startProbes(e)
	case engine.StopProbes:
		s.stopProbes(e)
	case engine.ReplaceProbes:
		s.replaceProbes(e)
	case engine.SetTimer:
		s.setTimer(e)
	case engine.Refuse:
		if e.Program != "" {
			s.runtimeOf(e.Program).refused = e.Reason
		}
	case engine.ForgetProgram:
		s.removed(e.Program)
	case engine.EndService:
		s.end(e)
	default:
		s.recordEffect(effect)
	}
}

// recordEffect publishes and records; nothing is done to a program here.
func (s *supervisor) recordEffect(effect engine.Effect) {
	switch e := effect.(type) {
	case engine.PublishEvent:
		s.publish(control.Event{Program: e.Program, Generation: int(e.Generation), Kind: control.EventKind(e.Kind), Reason: e.Reason, PID: e.PID})
		if e.Kind == string(control.EventCompleted) { // from now on it isn't down but completed
			s.incidents.Write(func(r *incident.Recorder, _ time.Duration) { r.RecordWanted(e.Program, false, "completed") })
		}
	case engine.OpenIncident:
		s.recordFailure(e)
	case engine.RecordAction:
		generation := int(e.Generation)
		s.incidents.Write(func(r *incident.Recorder, ago time.Duration) {
			r.RecordAction(incident.Action{Program: e.Program, What: e.What, Generation: generation, Ago: ago})
		})
	case engine.RecordRecovery:
		s.incidents.Write(func(r *incident.Recorder, ago time.Duration) {
			r.RecordRecovery(incident.Recovery{Program: e.Program, Generation: int(e.Generation), Ago: ago})
		})
	case engine.CloseIncident:
		reason := ""
		if p := s.engine.Program(e.Program); p != nil {
			reason = p.Reason
		}
		s.incidents.Write(func(r *incident.Recorder, _ time.Duration) {
			r.CloseIncident(e.Program, incident.Outcome(e.Outcome), reason)
		})
	case engine.RecordWanted:
		s.stopped.outdated = true
		s.incidents.Write(func(r *incident.Recorder, _ time.Duration) { r.RecordWanted(e.Program, e.Wanted, "requested") })
	}
}

func (s *supervisor) setTimer(e engine.SetTimer) {
	rt := s.runtimeOf(e.Program)
	slot := &rt.timer
	if e.Reset {
		slot = &rt.reset
	}
	if *slot != nil {
		(*slot).Stop() // one that has fired already is recognised by its serial
	}
	*slot = time.AfterFunc(e.After, func() {
		s.mailbox.Post(func() { s.step(engine.TimerFired{Program: e.Program, Serial: e.Serial, Reset: e.Reset}) })
	})
}

func (s *supervisor) freeze(e engine.Freeze) {
	s.link.Send(&wire.Freeze{ID: e.Program, Generation: e.Generation, Thaw: e.Thaw})
	rt := s.runtimeOf(e.Program)
	rt.freezing = true
	for _, w := range rt.probes {
		if e.Thaw {
			w.worker.Resume()
		} else {
			w.worker.Pause()
		}
	}
}

// removed forgets a program that left the definition. Its log files stay.
func (s *supervisor) removed(name string) {
	s.forgetProgram(name)
	rt := s.runtimes[name]
	if rt == nil {
		return
	}
	delete(s.runtimes, name)
	for _, t := range []*time.Timer{rt.timer, rt.reset} {
		if t != nil {
			t.Stop()
		}
	}
	s.closeWhenDrained(rt)
	s.recordRemoved(name)
	s.sockets.CloseUnused(s.def)
}

func grantOf(g engine.RestartGrant) wire.RestartGrant {
	k := wire.RestartGrant{Count: g.Count, Within: g.Within, Signals: g.Signals}
	for _, r := range g.Codes {
		k.Codes = append(k.Codes, wire.Range(r))
	}
	return k
}
