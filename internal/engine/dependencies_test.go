package engine

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/definition"
)

func TestDependencies(t *testing.T) {
	once := func(p *definition.Program) {
		p.RestartPolicy = definition.OnFailure
		p.ExitCodes = []definition.ExitRule{{From: 7, To: 7, Action: definition.ExitStop}}
	}
	probed := func(p *definition.Program) {
		p.StartupProbe, p.ReadinessProbe = &definition.Probe{}, &definition.Probe{}
	}
	startup := func(d *harness) { d.step(Probed{Program: "a", Generation: 1, Kind: StartupProbe, OK: true}) }
	ready := func(d *harness) { d.step(Probed{Program: "a", Generation: 1, Kind: ReadinessProbe, OK: true}) }
	spawn := func(d *harness) { d.spawned("a") }
	exit := func(code int) func(*harness) { return func(d *harness) { d.exit("a", code) } }
	for _, c := range []struct {
		name      string
		condition definition.Condition
		change    func(*definition.Program)
		steps     []func(*harness) // after the last one, not before, the dependent starts
	}{
		{"started", definition.Started, func(*definition.Program) {}, []func(*harness){spawn}},
		{"started, by its startup probe", definition.Started, probed, []func(*harness){spawn, startup}},
		{"started, ended in the meantime", definition.Started, func(p *definition.Program) { once(p); probed(p) }, []func(*harness){spawn, exit(0)}},
		{"ready", definition.Ready, probed, []func(*harness){spawn, startup, ready}},
		{"ready, without a probe", definition.Ready, func(*definition.Program) {}, []func(*harness){spawn}},
		{"completed", definition.Completed, once, []func(*harness){spawn, exit(0)}},
		{"completed at the second try", definition.Completed, once, []func(*harness){spawn, exit(1), spawn, exit(0)}},
	} {
		d := newHarness(t, prog("b", after("a", c.condition)), prog("a", c.change))
		d.step(Request{Verb: Start})
		for i, step := range c.steps {
			if d.s.Program("b").State != Waiting {
				t.Errorf("%s: b is %s before step %d", c.name, d.s.Program("b").State, i)
			}
			step(d)
		}
		if d.s.Program("b").State != Spawning {
			t.Errorf("%s: b is %s after all steps: %s", c.name, d.s.Program("b").State, d.s.Program("b").Reason)
		}
	}
	d := newHarness(t, prog("b", after("a", definition.Completed)), prog("a", once))
	d.step(Request{Verb: Start})
	d.spawned("a")
	d.exit("a", 7)
	d.want("a", Completed)
	d.want("b", Waiting) // completed is exit code 0
}

func TestSeveralDependencies(t *testing.T) {
	d := newHarness(t, prog("c", after("a", definition.Started), after("b", definition.Started)), prog("a"), prog("b"))
	d.start("c")
	d.want("c", Waiting)
	d.want("a", Stopped) // nobody asked for it
	d.step(Request{Verb: Start, Program: "c", Dependencies: true})
	d.want("c", Waiting)
	d.want("a", Spawning) // what it depends on is started with it
	d.want("b", Spawning)
	d.spawned("a")
	d.want("c", Waiting)
	d.spawned("b")
	d.want("c", Spawning)
}

// TestStartOfWhatDepends: what it depends on is started too, however deep; what runs or is done already isn't touched.
func TestStartOfWhatDepends(t *testing.T) {
	once := func(p *definition.Program) { p.RestartPolicy = definition.Never }
	for _, verb := range []Verb{Start, Restart} {
		d := newHarness(t, prog("c", after("b", definition.Started)), prog("b", after("a", definition.Completed), after("x", definition.Started)), prog("a", once),
			prog("x"))
		d.run("x")
		d.step(Request{Verb: verb, Program: "c", Dependencies: true})
		d.want("a", Spawning)
		d.spawned("a")
		d.exit("a", 0)
		d.want("b", Spawning)
		d.want("x", Running)
		d.spawned("b")
		d.want("c", Spawning)
		for _, name := range []string{"a", "b", "c"} {
			if !d.s.Program(name).Wanted {
				t.Errorf("%v: %s isn't wanted", verb, name)
			}
		}
		if d.gen("a") != 1 || d.gen("x") != 1 {
			t.Errorf("%v: a ran %d times, x %d", verb, d.gen("a"), d.gen("x"))
		}
	}
}

// TestBlocked: a program that waits says how what it waits for is now, and whether it waits in vain.
func TestBlocked(t *testing.T) {
	once := func(p *definition.Program) { p.RestartPolicy = definition.Never }
	d := newHarness(t, prog("api", after("mig", definition.Completed)), prog("mig", once), prog("web", after("api", definition.Started)))
	blocked := func(want string) {
		t.Helper()
		for _, name := range []string{"api", "web"} {
			p := d.s.Program(name)
			if got := d.s.Blocked(p); (got == "") != (want == "") {
				t.Errorf("%s: blocked %q, want %q", name, got, want)
			}
		}
		if got := d.s.Program("api").Reason; want != "" && !strings.Contains(got, want) {
			t.Errorf("the reason is %q, want %q in it", got, want)
		}
	}
	d.step(Request{Verb: Start})
	d.want("api", Waiting)
	blocked("")
	d.spawned("mig")
	blocked("")
	d.exit("mig", 1)
	d.want("mig", Failed)
	blocked("it is failed: exit code 1")
	if got, want := d.s.Program("web").Reason, "waits for api to be started (it is waiting for mig: it is failed: exit code 1"; !strings.HasPrefix(got, want) {
		t.Errorf("web's reason is %q, want %q: what is at the end of the chain", got, want)
	}
	d.step(Request{Verb: Start, Program: "web", Dependencies: true}) // starts mig again
	d.want("mig", Spawning)
	blocked("")
	d.spawned("mig")
	d.exit("mig", 0)
	d.want("api", Spawning)
	blocked("")
}

// TestReasonsToWait: what is said of the program that is waited for is what keeps the other one from starting.
func TestReasonsToWait(t *testing.T) {
	d := newHarness(t, prog("b", after("a", definition.Ready)), prog("a", func(p *definition.Program) { p.ReadinessProbe = &definition.Probe{} }))
	d.step(Request{Verb: Start})
	says := func(want string, blocked bool) {
		t.Helper()
		b := d.s.Program("b")
		if got := b.Reason; !strings.HasPrefix(got, "waits for a to be ready ("+want) {
			t.Errorf("the reason is %q, want %q", got, want)
		}
		if got := d.s.Blocked(b); (got != "") != blocked {
			t.Errorf("blocked: %q", got)
		}
	}
	says("it is starting)", false)
	d.spawned("a")
	says("it is running, but not ready)", false)
	d.step(Request{Verb: Pause, Program: "a"})
	says("it is paused)", true)
	d.step(Request{Verb: Resume, Program: "a"})
	d.exit("a", 1)
	d.spawned("a")
	d.exit("a", 1)
	d.want("a", Backoff)
	says("it is in backoff: exit code 1", true)
}

func TestStopWhileWaiting(t *testing.T) {
	d := newHarness(t, prog("b", after("a", definition.Started)), prog("a"))
	d.start("b")
	d.stop("b")
	d.want("b", Stopped)
	d.run("a")
	d.want("b", Stopped)
}

// A dependent doesn't fall because what it depends on does.
func TestDependentsOutliveARestart(t *testing.T) {
	d := newHarness(t, prog("a"), prog("b", after("a", definition.Started)))
	d.run("a")
	d.run("b")
	d.exit("a", 1)
	d.want("b", Running)
	d.spawned("a")
	d.restart("a")
	has[Signal](d) // alone, it waits for no dependent that stays up
	d.want("b", Running)
	d.exit("a", 0)
	d.want("a", Spawning)
	d.want("b", Running)
}

func TestStopOfAll(t *testing.T) {
	for _, ev := range []Event{Shutdown{Reason: "test"}, Request{Verb: Stop}, Request{Verb: Restart}} {
		d := newHarness(t, prog("c", after("b", definition.Started)), prog("a"), prog("b", after("a", definition.Started)))
		for _, name := range []string{"a", "b", "c"} {
			d.run(name)
		}
		d.step(ev)
		var signaled []string
		for range 3 {
			name := has[Signal](d).Program
			signaled = append(signaled, name)
			for _, p := range d.s.programs {
				if p.State == Stopping && p.Stop != StopWaits && p.Name != name {
					t.Errorf("%T: %s goes down together with %s", ev, p.Name, name)
				}
			}
			d.exit(name, 0)
		}
		if got := strings.Join(signaled, " "); got != "c b a" {
			t.Errorf("%T: stopped in the order %s", ev, got)
		}
	}
}

// TestStopOrderOfRandomGraphs: however programs depend on one another, whatever the order of the file and however long
// each takes, none is told to stop before all its dependents are down, and none waits for anything else.
func TestStopOrderOfRandomGraphs(t *testing.T) {
	for seed := range uint64(1000) {
		rng := rand.New(rand.NewPCG(seed, 11))
		n := 1 + rng.IntN(12)
		var programs []definition.Program
		for i := range n {
			programs = append(programs, prog(fmt.Sprint("p", i), func(p *definition.Program) {
				for j := range i {
					if rng.IntN(3) == 0 {
						after(fmt.Sprint("p", j), definition.Started)(p)
					}
				}
				if rng.IntN(3) == 0 {
					p.PreStop = &definition.Handler{}
				}
			}))
		}
		for i := range n { // names in the order of dependence, the file in any
			j := rng.IntN(n)
			programs[i], programs[j] = programs[j], programs[i]
		}
		d := newHarness(t, programs...)
		d.step(Request{Verb: Start})
		started := 0
		for ; started < n; started++ {
			i := slices.IndexFunc(d.s.programs, func(p *Program) bool { return p.State == Spawning })
			if i < 0 {
				t.Fatalf("seed %d: after %d of %d programs nothing starts any more", seed, started, n)
			}
			d.spawned(d.s.programs[i].Name)
		}
		ev := []Event{Shutdown{Reason: "test"}, Request{Verb: Stop}, Request{Verb: Restart}}[rng.IntN(3)]
		d.step(ev)
		stopOne(d, seed, rng, ev)
	}
}

// stopOne lets one of those that were told to stop end after the other.
func stopOne(d *harness, seed uint64, rng *rand.Rand, ev Event) {
	d.t.Helper()
	for {
		var going []*Program
		for _, p := range d.s.programs {
			if p.State != Stopping {
				continue
			}
			alive := slices.ContainsFunc(d.s.programs, func(q *Program) bool { return q.State == Stopping && q.needs(p.Name) })
			if alive != (p.Stop == StopWaits) {
				d.t.Fatalf("seed %d: %s is at step %d; a dependent is alive: %v", seed, p.Name, p.Stop, alive)
			}
			if !alive {
				going = append(going, p)
			}
		}
		if len(going) == 0 {
			break
		}
		p := going[rng.IntN(len(going))]
		if p.Stop == StopHook && rng.IntN(2) == 0 {
			d.step(HookDone{Program: p.Name, Generation: p.Generation, PreStop: true})
			continue
		}
		d.exit(p.Name, 0)
	}
	if r, ok := ev.(Request); ok && r.Verb == Restart {
		if d.s.Phase() != Supervising || slices.ContainsFunc(d.s.programs, func(p *Program) bool { return p.State != Spawning && p.State != Waiting }) {
			d.t.Fatalf("seed %d: not all start again: %v", seed, d.s.programs)
		}
		return
	}
	if slices.ContainsFunc(d.s.programs, func(p *Program) bool { return p.State != Stopped }) {
		d.t.Fatalf("seed %d: not all are stopped", seed)
	}
}
