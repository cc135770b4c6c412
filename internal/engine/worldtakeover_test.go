package engine

import (
	"encoding/json"
	"slices"
)

// send gives the engine an event and does what follows, as the supervisor does: first the state is kept, then the effects
// are carried out, then an exit is acknowledged. Now and then the supervisor dies in the midst of it.
func (w *world) send(ev Event) {
	w.note("%T%+v", ev, ev)
	if len(w.past) < 200 {
		w.past = append(w.past, ev)
	}
	before := w.remember()
	frames := w.frames(w.s.Step(w.now, ev), before)
	if r, ok := ev.(Reload); ok { // after the states that follow from it: half a reload is none, and can be asked for again
		frames = append(frames, func() { w.keptDef = r.Definition })
	}
	if e, ok := ev.(Exited); ok {
		frames = append(frames, func() { w.acknowledge(e) })
	}
	w.carry(frames)
}

// carry lets the keeper hear what was sent, all of it or only the beginning.
func (w *world) carry(frames []func()) {
	if !w.calm && !w.quiet && w.s.phase != Ended && w.rng.IntN(40) == 0 {
		n := w.rng.IntN(len(frames) + 1)
		w.note("the supervisor dies when %d of %d frames are out", n, len(frames))
		for _, f := range frames[:n] {
			f()
		}
		w.takeOver()
	} else {
		for _, f := range frames {
			f()
		}
	}
	w.audit()
}

// frames is what supervisor.carryOut sends.
func (w *world) frames(effects []Effect, before []Program) []func() {
	effects = slices.Clone(effects)
	w.check(effects, before)
	var frames []func()
	last := ""
	for _, e := range effects {
		if name := subject(e); name != "" && name != last {
			last = name
			frames = append(frames, w.keep(name))
		}
	}
	if phase := w.s.phase; phase != w.keptPhase {
		frames = append(frames, func() { w.keptPhase = phase })
	}
	for _, e := range effects {
		frames = append(frames, func() {
			w.note("        → %T%+v", e, e)
			w.carryOut(e)
		})
	}
	return frames
}

// keep stores a copy of a program's state as it is now.
func (w *world) keep(name string) func() {
	p := w.s.Program(name)
	if p == nil {
		return func() { delete(w.kept, name) }
	}
	state := *p
	state.History = slices.Clone(p.History)
	return func() { w.kept[name] = state }
}

// subject is supervisor.programOf: whose state is kept for an effect.
func subject(e Effect) string {
	switch e := e.(type) {
	case PublishEvent:
		return e.Program
	case Spawn:
		return e.Program
	case SetTimer:
		return e.Program
	case SetRestartGrant:
		return e.Program
	case RecordWanted:
		return e.Program
	case ForgetProgram:
		return e.Program
	}
	return ""
}

func (w *world) acknowledge(e Exited) {
	h := w.held(e.Program)
	h.ended = slices.DeleteFunc(h.ended, func(x Exited) bool { return x.Generation == e.Generation })
}

// takeOver is the next supervisor: it has what the keeper kept, the exits that nobody acknowledged, and the runs.
func (w *world) takeOver() {
	w.taking = true
	w.takeovers++
	mine := w.takeovers     // the successor may die too, before it is in charge
	if w.rng.IntN(2) == 0 { // meanwhile programs fall, and stand up by restart grant
		for _, name := range w.names() {
			if h := w.keeper[name]; h.alive != nil && w.rng.IntN(3) == 0 {
				w.exit(h, w.rng.IntN(2), w.rng.IntN(4) == 0)
			}
		}
	}
	w.queue, w.hooks = nil, nil
	clear(w.timer)
	clear(w.probes)
	clear(w.incidents)
	w.def = w.keptDef
	w.s = Restore(w.def, w.rng.Uint64(), w.snapshot())
	for _, p := range w.s.programs {
		w.incidents[p.Name] = p.Incident
	}
	known := map[string]Known{}
	for _, name := range w.names() {
		h := w.keeper[name]
		for _, e := range slices.Clone(h.ended) {
			known[name] = Known{Program: name, Generation: e.Generation}
			w.note("unacknowledged: %+v", e)
			if w.send(e); w.takeovers != mine {
				return
			}
		}
	}
	for _, name := range w.names() {
		h := w.keeper[name]
		switch {
		case h.alive != nil && w.wasAlive(h):
			known[name] = Known{Program: name, Generation: h.alive.gen, Alive: true, PID: 1000 + int(h.alive.gen), StartedAt: h.alive.at}
		case known[name].Generation == 0 && w.rng.IntN(2) == 0: // acknowledged, but its output isn't drained
			known[name] = Known{Program: name, Generation: h.newest}
		}
	}
	var programs []string
	for _, p := range w.s.programs {
		programs = append(programs, p.Name)
	}
	for _, name := range w.names() { // runs of programs that left the definition
		if !slices.Contains(programs, name) {
			programs = append(programs, name)
		}
	}
	for _, name := range programs {
		k := known[name]
		k.Program = name
		w.note("Adopt %+v", k)
		before := w.remember()
		if w.carry(w.frames(w.s.Adopt(w.now, k), before)); w.takeovers != mine {
			return
		}
	}
	w.taking = false
	if w.stopping {
		w.send(Shutdown{Reason: "an earlier request"})
	}
}

// wasAlive says that a run was alive when the keeper greeted the supervisor: it wasn't started in the takeover itself.
func (w *world) wasAlive(h *held) bool {
	for _, ev := range w.queue {
		if s, ok := ev.(Spawned); ok && s.Program == h.name && s.Generation == h.alive.gen {
			return false
		}
	}
	return true
}

func (w *world) names() []string {
	var names []string
	for name := range w.keeper {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// snapshot takes the kept state through JSON, as supervisor.snapshot does.
func (w *world) snapshot() Snapshot {
	snap := Snapshot{Phase: w.keptPhase, Programs: map[string]*Program{}}
	for name, state := range w.kept {
		data, err := json.Marshal(&state)
		if err != nil {
			w.fail("%v", err)
		}
		var p Program
		if err := json.Unmarshal(data, &p); err != nil {
			w.fail("%v", err)
		}
		snap.Programs[name] = &p
	}
	return snap
}
