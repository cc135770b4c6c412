package engine

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/definition"
)

// world is a keeper, a clock and the programs as the engine's effects make them: the other half of the property test.
type world struct {
	t     *testing.T
	rng   *rand.Rand
	s     *Service
	now   time.Duration
	runs  map[string]*fake // by program: the one that is alive
	queue []Event          // answers on their way, in order
	stale []Event          // events of the past, to be sent again
	timer map[string]timer
	hooks []Event
	trace []string
	stops []string // programs in the order in which they went down
}

type fake struct {
	gen   uint64
	order Order
}

type timer struct {
	at    time.Duration
	event TimerFired
}

// TestRandomSequences throws random commands, exits, probe results and timers at the engine, 10,000 times.
func TestRandomSequences(t *testing.T) {
	n := 10_000
	if testing.Short() {
		n = 500
	}
	for seed := range n {
		w := newWorld(t, uint64(seed))
		w.play(120)
		w.quiesce()
		if t.Failed() {
			t.Fatalf("seed %d:\n%s", seed, strings.Join(w.trace, "\n"))
		}
	}
}

func newWorld(t *testing.T, seed uint64) *world {
	w := &world{t: t, rng: rand.New(rand.NewPCG(seed, 7)), runs: map[string]*fake{}, timer: map[string]timer{}}
	names := []string{"a", "b", "c", "d"}
	var programs []definition.Program
	for i, name := range names {
		programs = append(programs, prog(name, func(p *definition.Program) {
			p.RestartPolicy = []definition.RestartPolicy{definition.Always, definition.Always, definition.OnFailure, definition.Never}[w.rng.IntN(4)]
			p.Backoff.Jitter = w.rng.Float64()
			if w.rng.IntN(4) == 0 {
				p.Backoff.Initial = 0
			}
			if w.rng.IntN(3) == 0 {
				p.MaxRestarts = &definition.MaxRestarts{Count: 1 + w.rng.IntN(4), Within: time.Minute, Then: definition.GiveUp}
			}
			if w.rng.IntN(3) == 0 {
				p.ExitCodes = []definition.ExitRule{{From: 0, To: 0, Action: definition.ExitStop}, {From: 64, To: 78, Action: definition.ExitGiveUp}}
			}
			if w.rng.IntN(3) == 0 {
				p.StartupProbe = &definition.Probe{}
			}
			if w.rng.IntN(2) == 0 {
				p.ReadinessProbe = &definition.Probe{}
			}
			if w.rng.IntN(2) == 0 {
				p.LivenessProbe = &definition.Probe{}
			}
			if w.rng.IntN(3) == 0 {
				p.PreStop = &definition.Handler{}
			}
			if w.rng.IntN(3) == 0 {
				p.PostStart = &definition.Handler{}
			}
			if i > 0 && w.rng.IntN(2) == 0 {
				c := []definition.Condition{definition.Started, definition.Ready}[w.rng.IntN(2)]
				p.DependsOn = []definition.Dependency{{Program: names[w.rng.IntN(i)], Condition: c}}
			}
		}))
	}
	w.s = New(service(programs...), seed)
	return w
}

func (w *world) play(steps int) {
	w.send(Request{Verb: Start})
	for range steps {
		w.now += time.Duration(w.rng.IntN(2000)) * time.Millisecond
		w.random()
		if w.t.Failed() {
			return
		}
	}
}

func (w *world) random() {
	name := []string{"a", "b", "c", "d", "", "nobody"}[w.rng.IntN(6)]
	switch w.rng.IntN(12) {
	case 0, 1:
		if name != "" || w.rng.IntN(3) == 0 {
			w.send(Request{Verb: Verb(w.rng.IntN(5)), Program: name, Grace: time.Duration(w.rng.IntN(3)) * time.Second})
		}
	case 2, 3:
		if r := w.runs[name]; r != nil {
			w.exit(name, []int{0, 1, 3, 64, 70, 255}[w.rng.IntN(6)], w.rng.IntN(4) == 0)
		}
	case 4, 5:
		if p := w.s.Program(name); p != nil {
			w.send(Probed{Program: name, Generation: p.Generation, Kind: ProbeKind(w.rng.IntN(3)), OK: w.rng.IntN(2) == 0, Reason: "probe says so"})
		}
	case 6:
		if len(w.stale) > 0 {
			w.sendStale(w.stale[w.rng.IntN(len(w.stale))])
		}
	case 7, 8:
		w.fireNext()
	case 9:
		if len(w.hooks) > 0 {
			h := w.hooks[0]
			w.hooks = w.hooks[1:]
			w.send(h)
		}
	default:
		w.deliver()
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

func (w *world) fireNext() bool {
	best := ""
	for key, t := range w.timer {
		if best == "" || t.at < w.timer[best].at || t.at == w.timer[best].at && key < best {
			best = key
		}
	}
	if best == "" {
		return false
	}
	t := w.timer[best]
	delete(w.timer, best)
	w.now = max(w.now, t.at)
	w.send(t.event)
	return true
}

// exit ends a run as the keeper would: by its standing order it may restart at once.
func (w *world) exit(name string, code int, killed bool) {
	r := w.runs[name]
	e := Exited{Program: name, Generation: r.gen, Exit: Exit{Generation: r.gen, Code: code, At: w.now}}
	if killed {
		e.Exit.Code, e.Exit.Signal = -1, 11
	}
	delete(w.runs, name)
	if r.order.Count > 0 && covered(r.order, e.Exit) {
		r.order.Count--
		e.Restarted = r.gen + 1
		w.runs[name] = &fake{gen: e.Restarted, order: r.order}
	}
	w.queue = append(w.queue, e)
	if e.Restarted != 0 {
		w.queue = append(w.queue, Spawned{Program: name, Generation: e.Restarted, PID: int(e.Restarted), At: w.now})
	}
}

func covered(o Order, e Exit) bool {
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

func (w *world) sendStale(ev Event) {
	before := fmt.Sprint(w.states())
	gens := w.generations()
	if !old(ev, w.s) {
		return
	}
	effects := w.s.Step(w.now, ev)
	if len(effects) > 0 || fmt.Sprint(w.states()) != before || fmt.Sprint(w.generations()) != fmt.Sprint(gens) {
		w.t.Errorf("the stale %T%+v had effects: %s", ev, ev, show(effects))
	}
}

// old says whether an event surely belongs to the past.
func old(ev Event, s *Service) bool {
	switch ev := ev.(type) {
	case Exited:
		p := s.Program(ev.Program)
		return p != nil && p.Generation > ev.Generation
	case Spawned:
		p := s.Program(ev.Program)
		return p != nil && p.Generation > ev.Generation
	case Probed:
		p := s.Program(ev.Program)
		return p != nil && p.Generation > ev.Generation
	case TimerFired:
		p := s.Program(ev.Program)
		return p != nil && (ev.Reset && p.ResetSer > ev.Serial || !ev.Reset && p.Serial > ev.Serial)
	}
	return false
}

func (w *world) states() []State {
	var out []State
	for _, p := range w.s.Programs() {
		out = append(out, p.State)
	}
	return out
}

func (w *world) generations() []uint64 {
	var out []uint64
	for _, p := range w.s.Programs() {
		out = append(out, p.Generation)
	}
	return out
}

func (w *world) send(ev Event) {
	w.trace = append(w.trace, fmt.Sprintf("%8.3f %T%+v", w.now.Seconds(), ev, ev))
	if len(w.stale) < 200 {
		w.stale = append(w.stale, ev)
	}
	before := w.states()
	effects := append([]Effect(nil), w.s.Step(w.now, ev)...)
	told := map[string]bool{}
	for _, e := range effects {
		w.trace = append(w.trace, fmt.Sprintf("             → %T%+v", e, e))
		w.obey(e)
		if tell, ok := e.(Tell); ok {
			told[tell.Program] = true
			if tell.Reason == "" {
				w.t.Errorf("%s of %s has no reason", tell.Kind, tell.Program)
			}
		}
	}
	for i, p := range w.s.Programs() {
		if i < len(before) && p.State != before[i] && !told[p.Name] {
			w.t.Errorf("%s went from %s to %s and nobody was told why", p.Name, before[i], p.State)
		}
		if p.Ready && !p.State.Alive() {
			w.t.Errorf("%s is %s and ready", p.Name, p.State)
		}
	}
}

func (w *world) obey(e Effect) {
	switch e := e.(type) {
	case Spawn:
		if r := w.runs[e.Program]; r != nil {
			w.t.Errorf("two instances of %s: run %d is alive, run %d was ordered", e.Program, r.gen, e.Generation)
			return
		}
		if w.rng.IntN(10) == 0 {
			w.queue = append(w.queue, SpawnFailed{Program: e.Program, Generation: e.Generation, Error: "no such file"})
			return
		}
		w.runs[e.Program] = &fake{gen: e.Generation, order: e.Order}
		w.queue = append(w.queue, Spawned{Program: e.Program, Generation: e.Generation, PID: int(e.Generation), At: w.now})
	case SetOrder:
		if r := w.runs[e.Program]; r != nil {
			r.order = e.Order
		}
	case Signal:
		w.struck(e.Program, e.Generation, 3)
	case Kill:
		w.struck(e.Program, e.Generation, 1)
	case SetTimer:
		key := fmt.Sprint(e.Program, e.Reset)
		w.timer[key] = timer{w.now + e.After, TimerFired{Program: e.Program, Serial: e.Serial, Reset: e.Reset}}
	case RunHook:
		w.hooks = append(w.hooks, HookDone{Program: e.Program, Generation: e.Generation, PreStop: e.PreStop})
	}
}

// struck: a signal ends a run in one case of n, a kill always. The standing order ended with it.
func (w *world) struck(name string, gen uint64, n int) {
	r := w.runs[name]
	if r == nil || r.gen != gen {
		return
	}
	r.order = Order{}
	if w.rng.IntN(n) == 0 {
		w.exit(name, 0, n == 1)
	}
}

// quiesce stops the service and lets everything take its course: nothing may be wedged, dependents go down first.
func (w *world) quiesce() {
	w.send(Shutdown{Reason: "test"})
	for range 10_000 {
		if w.s.Phase() == Ended || w.t.Failed() {
			break
		}
		moved := w.deliver()
		if !moved && len(w.hooks) > 0 {
			h := w.hooks[0]
			w.hooks = w.hooks[1:]
			w.send(h)
			moved = true
		}
		if !moved && !w.fireNext() {
			w.t.Errorf("wedged: %v", w.states())
			return
		}
	}
	if w.s.Phase() != Ended {
		w.t.Errorf("the service never ended: %v", w.states())
	}
	if len(w.runs) > 0 {
		w.t.Errorf("the service ended and %d programs run", len(w.runs))
	}
}
