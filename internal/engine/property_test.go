package engine

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/definition"
)

// TestRandomSequences throws random commands, reloads, exits, probe results, timers and deaths of the supervisor at the
// engine, 10,000 times. A seed that fails is played again, with every event and effect in the report.
func TestRandomSequences(t *testing.T) {
	n := 10_000
	if testing.Short() {
		n = 500
	}
	const parts = 4
	for part := range parts {
		t.Run(fmt.Sprint(part), func(t *testing.T) {
			t.Parallel()
			for seed := part; seed < n; seed += parts {
				playSeed(t, uint64(seed))
			}
		})
	}
}

// FuzzSequences lets the fuzzer choose the seeds beyond the 10,000.
func FuzzSequences(f *testing.F) {
	f.Add(uint64(10_001))
	f.Fuzz(func(t *testing.T, seed uint64) {
		playSeed(t, seed)
	})
}

// playSeed plays one life, and where it goes wrong the same once more for the report.
func playSeed(t *testing.T, seed uint64) {
	t.Helper()
	w := newWorld(seed, false)
	if w.life(); len(w.problems) == 0 {
		return
	}
	w = newWorld(seed, true)
	w.life()
	t.Fatalf("seed %d:\n%s\n%s", seed, strings.Join(w.trace, "\n"), strings.Join(w.problems, "\n"))
}

func newWorld(seed uint64, tracing bool) *world {
	w := &world{
		rng: rand.New(rand.NewPCG(seed, 7)), kept: map[string]Program{}, keeper: map[string]*held{}, timer: map[timerKey]timer{},
		probes: map[string]StartProbes{}, incidents: map[string]bool{}, tracing: tracing,
	}
	w.calm = seed%5 == 0 // every fifth world sees no death of its supervisor
	names := []string{"a", "b", "c", "d"}
	def := &definition.Service{Name: "test"}
	for i, name := range names {
		def.Programs = append(def.Programs, w.define(name, names[:i]))
	}
	w.def = def
	w.shuffle()
	w.s = New(w.def, seed)
	w.keptDef = w.def
	return w
}

// shuffle puts the programs into any order: a definition needn't name dependencies first.
func (w *world) shuffle() {
	w.rng.Shuffle(len(w.def.Programs), func(i, j int) {
		w.def.Programs[i], w.def.Programs[j] = w.def.Programs[j], w.def.Programs[i]
	})
}

// define makes a random program that depends on one of those named, or on none.
func (w *world) define(name string, earlier []string) definition.Program {
	one := func(n int) bool { return w.rng.IntN(n) == 0 }
	return prog(name, func(p *definition.Program) {
		p.RestartPolicy = []definition.RestartPolicy{definition.Always, definition.Always, definition.OnFailure, definition.Never}[w.rng.IntN(4)]
		p.Backoff.Jitter = w.rng.Float64()
		if one(4) {
			p.Backoff.Initial = 0
		}
		if one(3) {
			then := definition.GiveUp
			if one(4) {
				then = definition.Escalate
			}
			p.MaxRestarts = &definition.MaxRestarts{Count: 1 + w.rng.IntN(4), Within: time.Minute, Then: then}
		}
		if one(3) {
			p.ExitCodes = []definition.ExitRule{{From: 0, To: 0, Action: definition.ExitStop}, {From: 64, To: 78, Action: definition.ExitGiveUp}}
		}
		for _, probe := range []**definition.Probe{&p.StartupProbe, &p.LivenessProbe, &p.ReadinessProbe} {
			if one(2) {
				*probe = &definition.Probe{}
			}
		}
		for _, hook := range []**definition.Handler{&p.PreStop, &p.PostStart} {
			if one(3) {
				*hook = &definition.Handler{}
			}
		}
		for _, dependency := range earlier {
			if one(3) {
				c := []definition.Condition{definition.Started, definition.Ready, definition.Completed}[w.rng.IntN(3)]
				p.DependsOn = append(p.DependsOn, definition.Dependency{Program: dependency, Condition: c})
			}
		}
	})
}

// life is a service from its start to its end.
func (w *world) life() {
	w.send(Request{Verb: Start})
	for range 100 {
		if len(w.problems) > 0 {
			return
		}
		w.now += time.Duration(w.rng.IntN(2000)) * time.Millisecond
		w.random()
	}
	w.settle()
	w.end()
}

func (w *world) random() {
	name := []string{"a", "b", "c", "d", "", "nobody"}[w.rng.IntN(6)]
	switch w.rng.IntN(13) {
	case 0, 1:
		if name != "" || w.rng.IntN(3) == 0 {
			w.send(Request{Verb: Verb(w.rng.IntN(5)), Program: name, Grace: time.Duration(w.rng.IntN(3)) * time.Second, Dependencies: w.rng.IntN(2) == 0})
		}
	case 2, 3:
		if h := w.keeper[name]; h != nil && h.alive != nil {
			w.exit(h, []int{0, 1, 3, 64, 70, 255}[w.rng.IntN(6)], w.rng.IntN(4) == 0)
		}
	case 4, 5:
		w.probe(name, ProbeKind(w.rng.IntN(3)), w.rng.IntN(2) == 0)
	case 6:
		if len(w.past) > 0 {
			w.sendStale(w.past[w.rng.IntN(len(w.past))])
		}
	case 7, 8:
		w.fireNext(true)
	case 9:
		w.endHook(w.rng.IntN(5) == 0)
	case 10:
		if w.rng.IntN(4) == 0 {
			w.reload()
		}
	default:
		w.deliver()
	}
}

// probe reports a result as a probe would: only of one that was started for this run.
func (w *world) probe(name string, kind ProbeKind, ok bool) bool {
	started, found := w.probes[name]
	p := w.s.Program(name)
	if !found || p == nil || started.Generation != p.Generation || started.Startup != (kind == StartupProbe) {
		return false
	}
	if kind == LivenessProbe && p.Def.LivenessProbe == nil || kind == ReadinessProbe && p.Def.ReadinessProbe == nil {
		return false
	}
	w.send(Probed{Program: name, Generation: started.Generation, Kind: kind, OK: ok, Reason: "probe says so"})
	return true
}

// reload changes, adds and removes programs.
func (w *world) reload() {
	next := &definition.Service{Name: "test"}
	var earlier []string
	for _, name := range []string{"a", "b", "c", "d"} {
		if w.rng.IntN(6) == 0 {
			continue
		}
		p := w.def.Program(name)
		if p == nil || w.rng.IntN(4) == 0 || lacks(p, earlier) {
			changed := w.define(name, earlier)
			p = &changed
		} else if w.rng.IntN(4) == 0 { // its probes alone, or its log
			changed, other := *p, w.define(name, nil)
			changed.StartupProbe, changed.LivenessProbe, changed.ReadinessProbe = other.StartupProbe, other.LivenessProbe, other.ReadinessProbe
			changed.Logs.MaxFiles = w.rng.IntN(3)
			p = &changed
		}
		next.Programs = append(next.Programs, *p)
		earlier = append(earlier, name)
	}
	c := definition.Changed(w.def, next)
	w.def = next
	w.shuffle()
	w.send(Reload{Definition: w.def, Restarted: c.Restarted, Updated: c.Updated})
}

func lacks(p *definition.Program, names []string) bool {
	for _, d := range p.DependsOn {
		found := false
		for _, n := range names {
			found = found || n == d.Program
		}
		if !found {
			return true
		}
	}
	return false
}

// settle ends all unrest: from now on programs start, probes succeed, hooks end, nothing exits that wasn't told to.
// Every program that is wanted has to stand in the end.
func (w *world) settle() {
	w.quiet = true
	for range 2000 {
		if len(w.problems) > 0 {
			return
		}
		if w.deliver() || w.endHook(false) || w.allProbesGood() || w.fireNext(false) {
			continue
		}
		break
	}
	w.everyoneStands()
}

// allProbesGood lets a probe succeed whose success is news.
func (w *world) allProbesGood() bool {
	for _, p := range w.s.Programs() {
		switch {
		case p.State == Starting && p.Startup && !p.PostStart:
			return w.probe(p.Name, StartupProbe, true)
		case p.State == Running && !p.Ready:
			return w.probe(p.Name, ReadinessProbe, true)
		}
	}
	return false
}

// end stops the service and lets everything take its course.
func (w *world) end() {
	w.stopping = true
	w.send(Shutdown{Reason: "test"})
	for range 10_000 {
		if w.s.Phase() == Ended || len(w.problems) > 0 {
			break
		}
		if !w.deliver() && !w.endHook(false) && !w.fireNext(true) {
			w.fail("nothing will ever move again: %v", w.describe())
			return
		}
	}
	if w.s.Phase() != Ended {
		w.fail("the service never ended: %v", w.describe())
	}
	for name, h := range w.keeper {
		if h.alive != nil && w.s.Program(name) != nil {
			w.fail("the service ended and %s runs", name)
		}
	}
}
