package engine

import (
	"reflect"
	"slices"

	"github.com/daruma-sh/daruma/internal/definition"
)

// remember copies the programs as they are before a step.
func (w *world) remember() []Program {
	out := make([]Program, 0, len(w.s.programs))
	for _, p := range w.s.programs {
		out = append(out, *p)
	}
	return out
}

// check looks at one step: who changed was told of with a reason, and a stop begins with the dependents.
func (w *world) check(effects []Effect, before []Program) {
	told := map[string]bool{}
	wanted := map[string]bool{}
	for _, e := range effects {
		switch e := e.(type) {
		case PublishEvent:
			told[e.Program] = true
			w.reason(e, e.Reason)
		case Refuse:
			w.reason(e, e.Reason)
		case RecordAction:
			w.reason(e, e.What)
		case EndService:
			w.reason(e, e.Reason)
		case RecordWanted:
			wanted[e.Program] = true
		case OpenIncident:
			w.reason(e, e.Cause)
			w.incidents[e.Program] = true
		case RecordRecovery:
			w.close(e.Program, e)
		case CloseIncident:
			w.close(e.Program, e)
		case Signal:
			w.inOrder(e.Program, before)
		case RunHook:
			if e.PreStop {
				w.inOrder(e.Program, before)
			}
		}
	}
	for i := range before {
		b := &before[i]
		p := w.s.Program(b.Name)
		if p == nil {
			continue
		}
		if p.State != b.State && !told[p.Name] {
			w.fail("%s went from %s to %s and nobody was told why", p.Name, b.State, p.State)
		}
		if p.Wanted != b.Wanted && !wanted[p.Name] {
			w.fail("%s is wanted: %v, and nobody was told", p.Name, p.Wanted)
		}
		if p.Generation < b.Generation && !w.taking {
			w.fail("%s went back from run %d to %d", p.Name, b.Generation, p.Generation)
		}
	}
}

func (w *world) reason(e Effect, words string) {
	if words == "" {
		w.fail("a decision without a reason: %T%+v", e, e)
	}
}

func (w *world) close(name string, e Effect) {
	if !w.incidents[name] {
		w.fail("%T%+v, but no incident is open", e, e)
	}
	w.incidents[name] = false
}

// inOrder: when the whole service goes down, a program is told to stop only after everything that depends on it is down.
func (w *world) inOrder(name string, before []Program) {
	i := slices.IndexFunc(before, func(p Program) bool { return p.Name == name })
	if w.s.phase == Supervising || i < 0 || before[i].State == Stopping && before[i].Stop != StopWaits {
		return // it was on its way before
	}
	for _, q := range w.s.programs {
		for _, d := range q.Def.DependsOn {
			if h := w.keeper[q.Name]; d.Program == name && h != nil && h.alive != nil && (q.State.Alive() || !w.taking) {
				w.fail("%s is told to stop while run %d of %s, which depends on it, is alive", name, h.alive.gen, q.Name)
			}
		}
	}
}

// audit looks at the whole state. Where nothing is on its way from the keeper, state and truth must be one, and
// everything must have something that will move it on.
func (w *world) audit() {
	if w.taking || len(w.problems) > 0 {
		return
	}
	alive := 0
	for _, p := range w.s.programs {
		if p.State.Alive() {
			alive++
		}
		if p.Ready && p.State != Running && p.State != Stopping {
			w.fail("%s is %s and ready", p.Name, p.State)
		}
		if p.Reason == "" {
			w.fail("%s is %s for no reason", p.Name, p.State)
		}
		if p.Incident != w.incidents[p.Name] {
			w.fail("%s has an incident: %v; told so: %v", p.Name, p.Incident, w.incidents[p.Name])
		}
		if p.Paused && p.State != Starting && p.State != Running {
			w.fail("%s is %s and paused", p.Name, p.State)
		}
		if len(w.queue) == 0 {
			w.sameAsTruth(p)
			if w.s.phase != Ended && !w.moves(p) {
				w.fail("%s is wedged: %s", p.Name, w.describe())
			}
		}
	}
	if w.s.phase != Supervising && w.s.phase != Ended && alive == 0 {
		w.fail("all are down and the phase is still %d", w.s.phase)
	}
	if len(w.queue) > 0 {
		return
	}
	for name, h := range w.keeper {
		if h.alive != nil && w.s.Program(name) == nil {
			w.fail("run %d of %s is alive and belongs to nobody", h.alive.gen, name)
		}
	}
}

func (w *world) sameAsTruth(p *Program) {
	h := w.keeper[p.Name]
	if h != nil && h.alive != nil {
		if !p.State.Alive() || p.Generation != h.alive.gen {
			w.fail("run %d of %s is alive, and the engine says run %d, %s", h.alive.gen, p.Name, p.Generation, p.State)
		} else if p.PID != 1000+int(p.Generation) {
			w.fail("the process id of %s is %d", p.Name, p.PID)
		}
		return
	}
	if p.State.Alive() {
		w.fail("%s is %s, and no run is alive", p.Name, p.State)
	}
}

// moves says that something will happen to a program by itself, or that it rests where it may rest.
func (w *world) moves(p *Program) bool {
	armed := func(reset bool, serial uint64) bool {
		t, ok := w.timer[timerKey{p.Name, reset}]
		return ok && t.event.Serial == serial
	}
	hook := func(preStop bool) bool {
		return slices.ContainsFunc(w.hooks, func(h HookDone) bool {
			return h.Program == p.Name && h.PreStop == preStop && h.Generation == p.Generation
		})
	}
	probes := w.probes[p.Name]
	probed := probes.Generation == p.Generation && probes.Def != nil && sameProbes(probes, p.Def)
	switch p.State {
	case Stopped:
		return !p.Wanted || w.s.phase != Supervising
	case Waiting:
		return p.Wanted && w.s.phase == Supervising && w.unmet(p)
	case Starting:
		return p.Wanted && w.s.phase == Supervising && (hook(false) || probed && probes.Startup)
	case Running:
		watched := p.Def.LivenessProbe == nil && p.Def.ReadinessProbe == nil || probed && !probes.Startup
		forgets := !p.Ready || p.Paused || p.Failures == 0 || armed(true, p.ResetSer)
		return p.Wanted && w.s.phase == Supervising && watched && forgets && (p.Ready || p.Def.ReadinessProbe != nil)
	case Stopping:
		switch p.Stop {
		case StopWaits:
			return slices.ContainsFunc(w.s.programs, func(q *Program) bool { return q.State.Alive() && q.needs(p.Name) })
		case StopHook:
			return armed(false, p.Serial) && hook(true)
		}
		return armed(false, p.Serial)
	case Backoff:
		return p.Wanted && w.s.phase == Supervising && armed(false, p.Serial)
	case Spawning: // the keeper's answer is on its way, or it is lost
		return false
	}
	return true // failed, completed
}

// sameProbes: the probes that were started are those of the definition.
func sameProbes(started StartProbes, def *definition.Program) bool {
	if started.Startup {
		return started.Def.StartupProbe.Equal(def.StartupProbe)
	}
	return started.Def.LivenessProbe.Equal(def.LivenessProbe) && started.Def.ReadinessProbe.Equal(def.ReadinessProbe)
}

func (p *Program) needs(name string) bool {
	return slices.ContainsFunc(p.Def.DependsOn, func(d definition.Dependency) bool { return d.Program == name })
}

// unmet says that a dependency isn't there: the engine's rule, in the test's own words.
func (w *world) unmet(p *Program) bool {
	for _, d := range p.Def.DependsOn {
		q := w.s.Program(d.Program)
		if q == nil {
			continue
		}
		met := false
		switch d.Condition {
		case definition.Started:
			met = q.State == Running || q.State == Completed
		case definition.Ready:
			met = q.State == Running && q.Ready || q.State == Completed
		case definition.Completed:
			met = q.State == Completed && q.LastExit.Code == 0
		}
		if !met {
			return true
		}
	}
	return false
}

// everyoneStands: in a world at rest every program of a supervising service is where it belongs.
func (w *world) everyoneStands() {
	if w.s.phase != Supervising || len(w.problems) > 0 {
		return
	}
	for _, p := range w.s.programs {
		ok := p.State == Failed || p.State == Completed
		if p.Wanted {
			ok = ok || p.State == Running && p.Ready || p.State == Waiting
		} else {
			ok = ok || p.State == Stopped
		}
		if !ok {
			w.fail("all is quiet, but %s isn't where it belongs: %s", p.Name, w.describe())
		}
	}
}

// sendStale sends an event again that belongs to the past by now. Nothing may come of it.
func (w *world) sendStale(ev Event) {
	if !past(ev, w.s) {
		return
	}
	before := w.remember()
	effects := w.s.Step(w.now, ev)
	if len(effects) > 0 || !reflect.DeepEqual(before, w.remember()) {
		w.fail("the stale %T%+v had effects: %s", ev, ev, show(effects))
	}
}

// past says whether an event surely belongs to the past.
func past(ev Event, s *Service) bool {
	older := func(name string, generation uint64) bool {
		p := s.Program(name)
		return p != nil && p.Generation > generation
	}
	switch ev := ev.(type) {
	case Exited:
		return older(ev.Program, ev.Generation)
	case Spawned:
		return older(ev.Program, ev.Generation)
	case SpawnFailed:
		return older(ev.Program, ev.Generation)
	case HookDone:
		return older(ev.Program, ev.Generation)
	case Probed:
		return older(ev.Program, ev.Generation)
	case TimerFired:
		p := s.Program(ev.Program)
		return p != nil && (ev.Reset && p.ResetSer > ev.Serial || !ev.Reset && p.Serial > ev.Serial)
	}
	return false
}
