package engine

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/daruma-sh/daruma/internal/definition"
)

// world is a keeper, a clock and the programs as the engine's effects make them: the other half of the property test.
type world struct {
	rng *rand.Rand
	def *definition.Service
	s   *Service
	now time.Duration

	keeper map[string]*held // by program
	queue  []Event          // the keeper's answers on their way, in order
	timer  map[timerKey]timer
	hooks  []HookDone
	probes map[string]StartProbes // the last ones started
	past   []Event                // to be sent again when they are stale

	kept      map[string]Program // what the keeper holds of the engine's state
	keptPhase Phase
	keptDef   *definition.Service

	calm     bool // no supervisor dies
	quiet    bool // nothing falls any more
	stopping bool // the keeper was asked to stop
	taking   bool // a takeover is under way

	takeovers int // so far

	incidents map[string]bool // open ones
	tracing   bool
	trace     []string
	problems  []string
}

// held is what the keeper knows of a program.
type held struct {
	name   string
	newest uint64
	alive  *fake
	ended  []Exited // not acknowledged
	order  RestartGrant
	uses   []time.Duration
}

type fake struct {
	gen    uint64
	killed bool
	at     time.Duration
}

type timerKey struct {
	program string
	reset   bool
}

type timer struct {
	at    time.Duration
	event TimerFired
}

func (w *world) fail(format string, args ...any) {
	w.problems = append(w.problems, fmt.Sprintf(format, args...))
}

func (w *world) note(format string, args ...any) {
	if w.tracing {
		w.trace = append(w.trace, fmt.Sprintf("%8.3f ", w.now.Seconds())+fmt.Sprintf(format, args...))
	}
}

// deliver gives the engine the keeper's oldest word.
func (w *world) deliver() bool {
	if len(w.queue) == 0 {
		return false
	}
	ev := w.queue[0]
	w.queue = w.queue[1:]
	w.send(ev)
	return true
}

// endHook ends the oldest hook under way.
func (w *world) endHook(badly bool) bool {
	if len(w.hooks) == 0 {
		return false
	}
	h := w.hooks[0]
	w.hooks = w.hooks[1:]
	if badly {
		h.Error = "exit code 1"
	}
	w.send(h)
	return true
}

// fireNext lets the timer fire that is due first; without resets, only those that lead somewhere.
func (w *world) fireNext(resets bool) bool {
	var best timerKey
	found := false
	for key, t := range w.timer {
		if key.reset && !resets {
			continue
		}
		b := w.timer[best]
		if !found || t.at < b.at || t.at == b.at && (key.program < best.program || key.program == best.program && key.reset) {
			best, found = key, true
		}
	}
	if !found {
		return false
	}
	t := w.timer[best]
	delete(w.timer, best)
	w.now = max(w.now, t.at)
	w.send(t.event)
	return true
}

// exit ends a run as the keeper would: by its restart grant it may restart at once.
func (w *world) exit(h *held, code int, signaled bool) {
	r := h.alive
	e := Exited{Program: h.name, Generation: r.gen, Exit: Exit{Generation: r.gen, Code: code, At: w.now}}
	if signaled {
		e.Exit.Code, e.Exit.Signal = -1, 11
	}
	h.alive = nil
	if !r.killed && h.order.Count > 0 && covered(h.order, e.Exit) && h.allow(w.now) {
		e.Restarted = h.newest + 1
	}
	h.ended = append(h.ended, e)
	w.note("the keeper saw run %d of %s end, and started %d", r.gen, h.name, e.Restarted)
	w.queue = append(w.queue, e)
	if e.Restarted != 0 {
		w.launch(h, e.Restarted)
	}
}

// allow is keeper.tally.
func (h *held) allow(now time.Duration) bool {
	h.uses = slices.DeleteFunc(h.uses, func(at time.Duration) bool { return now-at >= h.order.Within })
	if len(h.uses) >= h.order.Count {
		return false
	}
	h.uses = append(h.uses, now)
	return true
}

// launch starts a run, or not: a file may be gone, a fork refused.
func (w *world) launch(h *held, gen uint64) {
	h.newest = gen
	if !w.quiet && w.rng.IntN(10) == 0 {
		w.queue = append(w.queue, SpawnFailed{Program: h.name, Generation: gen, Error: "no such file"})
		return
	}
	h.alive = &fake{gen: gen, at: w.now}
	w.queue = append(w.queue, Spawned{Program: h.name, Generation: gen, PID: 1000 + int(gen), At: w.now})
}

func covered(o RestartGrant, e Exit) bool {
	if e.Signal != 0 {
		return o.Signals
	}
	for _, r := range o.Codes {
		if r.From <= e.Code && e.Code <= r.To {
			return true
		}
	}
	return false
}

// carryOut does what an effect says, where it isn't only for people.
func (w *world) carryOut(e Effect) {
	switch e := e.(type) {
	case Spawn:
		h := w.held(e.Program)
		if h.alive != nil {
			w.fail("two instances of %s: run %d is alive, run %d was ordered", e.Program, h.alive.gen, e.Generation)
			return
		}
		h.order = e.Grant
		w.launch(h, e.Generation)
	case SetRestartGrant:
		w.held(e.Program).order = e.Grant
	case Signal:
		w.strike(e.Program, e.Generation, 3)
		if h := w.held(e.Program); h.alive != nil && h.alive.gen == e.Generation && w.rng.IntN(4) == 0 {
			w.queue = append(w.queue, Unasked{Program: e.Program, Generation: e.Generation})
		}
	case Kill:
		w.strike(e.Program, e.Generation, 1)
	case SetTimer:
		w.timer[timerKey{e.Program, e.Reset}] = timer{w.now + e.After, TimerFired{Program: e.Program, Serial: e.Serial, Reset: e.Reset}}
	case RunHook:
		w.hooks = append(w.hooks, HookDone{Program: e.Program, Generation: e.Generation, PreStop: e.PreStop})
	case StartProbes:
		w.probes[e.Program] = e
	case StopProbes:
		if r := w.probes[e.Program]; !e.OnlyLife || r.Startup || r.Def != nil && r.Def.ReadinessProbe == nil {
			delete(w.probes, e.Program)
		}
	case ReplaceProbes:
		r, running := w.probes[e.Program]
		if running && r.Generation != e.Generation {
			w.fail("probes of run %d of %s are replaced, but run %d is probed", e.Generation, e.Program, r.Generation)
		}
		w.probes[e.Program] = StartProbes{Program: e.Program, Generation: e.Generation, Def: e.Def, Startup: slices.Contains(e.Kinds, StartupProbe)}
	case ForgetProgram:
		delete(w.timer, timerKey{e.Program, false})
		delete(w.timer, timerKey{e.Program, true})
	}
}

func (w *world) held(name string) *held {
	h := w.keeper[name]
	if h == nil {
		h = &held{name: name}
		w.keeper[name] = h
	}
	return h
}

// strike: a signal ends a run in one case of n, a kill always. The restart grant ended with it.
func (w *world) strike(name string, gen uint64, n int) {
	h := w.held(name)
	if h.alive == nil || h.alive.gen != gen {
		return
	}
	h.order = RestartGrant{}
	h.alive.killed = true
	if w.rng.IntN(n) == 0 {
		w.exit(h, 0, n == 1)
	}
}

func (w *world) describe() string {
	text := fmt.Sprintf("phase %d", w.s.phase)
	for _, p := range w.s.programs {
		text += fmt.Sprintf("; %s %s (%d) run %d, stop step %d, wanted %v, ready %v, %q", p.Name, p.State, p.State, p.Generation, p.Stop, p.Wanted, p.Ready, p.Reason)
		if h := w.keeper[p.Name]; h != nil && h.alive != nil {
			text += fmt.Sprintf(" [run %d is alive]", h.alive.gen)
		}
	}
	return text
}
