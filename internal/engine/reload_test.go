package engine

import (
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/definition"
)

// reload gives the desk a new definition, with the changes that the definition package sees.
func reload(d *harness, old *definition.Service, programs ...definition.Program) *definition.Service {
	d.t.Helper()
	next := service(programs...)
	c := definition.Changed(old, next)
	d.step(Reload{Definition: next, Restarted: c.Restarted, Updated: c.Updated})
	return next
}

// anew changes what a program is started with, and its grace period to tell by.
func anew(g time.Duration) func(*definition.Program) {
	return func(p *definition.Program) { p.TerminationGracePeriod, p.Command = g, []string{"x", g.String()} }
}

func TestReload(t *testing.T) {
	old := []definition.Program{prog("same"), prog("changed"), prog("gone"), prog("idle"), prog("gone too")}
	d := newHarness(t, old...)
	for _, name := range []string{"same", "changed", "gone"} {
		d.run(name)
	}
	next := reload(d, service(old...), prog("new"), prog("same"), prog("changed", anew(time.Second)), prog("idle", anew(time.Second)))
	d.want("new", Spawning)
	d.want("changed", Stopping)
	d.want("gone", Stopping)
	d.want("idle", Stopped)
	d.want("same", Running)
	if p := d.s.Program("same"); p.Generation != 1 || p.Def != next.Program("same") {
		t.Error("what is the same must go on, with the new definition's copy")
	}
	if d.s.Program("gone too") != nil || has[ForgetProgram](d).Program != "gone too" {
		t.Error("a stopped program that left is still there")
	}
	if p := d.s.Program("changed"); p.Def.TerminationGracePeriod != 30*time.Second || p.Reason != "its definition changed" {
		t.Errorf("it stops by the definition that it was started from: %+v", p)
	}
	d.exit("changed", 0)
	if s := has[Spawn](d); s.Def != next.Program("changed") || s.Generation != 2 {
		t.Errorf("%+v", s)
	}
	d.exit("gone", 0)
	if r := has[ForgetProgram](d); r.Program != "gone" || d.s.Program("gone") != nil || len(d.s.Programs()) != 4 {
		t.Errorf("%+v", r)
	}
	d.start("idle")
	if s := has[Spawn](d); s.Def.TerminationGracePeriod != time.Second {
		t.Error("started from its old definition")
	}
}

func TestReloadInEveryStateWithoutAProcess(t *testing.T) {
	for state, end := range map[State]State{Stopped: Stopped, Waiting: Waiting, Backoff: Spawning, Failed: Spawning, Completed: Spawning} {
		d := inState(t, onStart, state)
		old := service(*d.s.Program("base").Def, *d.s.Program("p").Def)
		changed := *d.s.Program("p").Def
		anew(time.Second)(&changed)
		reload(d, old, old.Programs[0], changed)
		d.want("p", end)
		if g := d.s.Program("p").Def.TerminationGracePeriod; g != time.Second {
			t.Errorf("%s: the change isn't in force", state)
		}
		if d.s.Program("p").Failures != 0 && end == Spawning {
			t.Errorf("%s: a changed program begins anew, not with %d failures", state, d.s.Program("p").Failures)
		}
	}
}

// Two reloads while it stops: it stops as the first definition says and starts as the last one.
func TestReloadWhileStopping(t *testing.T) {
	first, second, third := prog("p"), prog("p", anew(time.Second)), prog("p", anew(2*time.Second))
	d := newHarness(t, first)
	d.run("p")
	def := reload(d, service(first), second)
	def = reload(d, def, third)
	def = reload(d, def, third) // and one without a change
	if d.s.Program("p").grace() != 30*time.Second {
		t.Error("it stops by a definition that it wasn't started from")
	}
	d.exit("p", 0)
	if s := has[Spawn](d); s.Def != def.Program("p") {
		t.Errorf("started as %+v", s.Def)
	}
	d.spawned("p")
	d.stop("p")
	reload(d, def, first)
	d.exit("p", 0)
	d.want("p", Stopped) // a change is no reason to start what was told to stop
	d.start("p")
	if s := has[Spawn](d); s.Def.TerminationGracePeriod != 30*time.Second {
		t.Error("the last change is forgotten")
	}
}

func TestReloadWhileAnUnhealthyProgramStops(t *testing.T) {
	probed := func(p *definition.Program) { p.LivenessProbe = &definition.Probe{} }
	d := newHarness(t, prog("p", probed))
	d.run("p")
	crash(d, "p")
	d.step(Probed{Program: "p", Generation: 2, Kind: LivenessProbe, Reason: "503"})
	reload(d, service(prog("p", probed)), prog("p", probed, anew(time.Second)))
	d.exit("p", 0)
	if s := has[Spawn](d); s.Def.TerminationGracePeriod != time.Second {
		t.Error("started from its old definition")
	}
	if d.s.Program("p").Failures != 0 {
		t.Error("the failures of the old definition count against the new one")
	}
}

func TestRemovedThenAddedAgain(t *testing.T) {
	d := newHarness(t, prog("p"))
	d.run("p")
	def := reload(d, service(prog("p")))
	d.want("p", Stopping)
	for _, verb := range []Verb{Start, Restart} {
		d.step(Request{Verb: verb, Program: "p"})
		if len(d.out) != 1 || has[Refuse](d).Reason == "" || d.s.Program("p").Wanted {
			t.Errorf("what leaves the definition can't be started: %s", show(d.out))
		}
	}
	d.stop("p") // changes nothing
	reload(d, def, prog("p", anew(time.Second)))
	d.want("p", Stopping)
	if !d.s.Program("p").Wanted {
		t.Error("it is back and not wanted")
	}
	d.exit("p", 0)
	hasNot[ForgetProgram](d)
	if s := has[Spawn](d); s.Def.TerminationGracePeriod != time.Second || s.Generation != 2 {
		t.Errorf("%+v", s)
	}
}

// Whoever comes back goes on with the numbers, so that what the past still has to say doesn't fit.
func TestNumbersGoOnAfterRemoval(t *testing.T) {
	d := newHarness(t, prog("p"))
	d.run("p")
	d.stop("p")
	timer := has[SetTimer](d)
	d.exit("p", 0)
	def := reload(d, service(prog("p")))
	if d.s.Program("p") != nil {
		t.Fatal("p is still there")
	}
	reload(d, def, prog("p"))
	if s := has[Spawn](d); s.Generation != 2 {
		t.Errorf("run %d follows run 1", s.Generation)
	}
	d.step(Exited{Program: "p", Generation: 1})
	d.step(TimerFired{Program: "p", Serial: timer.Serial})
	d.want("p", Spawning)
	if p := d.s.Program("p"); p.Serial <= timer.Serial {
		t.Errorf("timer %d follows timer %d", p.Serial, timer.Serial)
	}
}

func TestRemovalWhileAnUnhealthyProgramStops(t *testing.T) {
	d := newHarness(t, prog("p", func(p *definition.Program) { p.LivenessProbe = &definition.Probe{} }))
	d.run("p")
	d.step(Probed{Program: "p", Generation: 1, Kind: LivenessProbe, Reason: "503"})
	d.step(Reload{Definition: service()})
	hasNot[Signal](d) // the stop under way goes on
	hasNot[SetTimer](d)
	d.exit("p", 0)
	hasNot[Spawn](d)
	if c := has[CloseIncident](d); c.Outcome != "stopped" {
		t.Errorf("%+v", c)
	}
	has[ForgetProgram](d)
}

// A dependency that is new makes its dependent wait only at the next start.
func TestReloadOfDependencies(t *testing.T) {
	d := newHarness(t, prog("a"), prog("b"))
	d.run("a")
	d.run("b")
	reload(d, service(prog("a"), prog("b")), prog("a"), prog("b", after("a", definition.Started)))
	d.want("b", Running)
	d.stop("a")
	d.exit("a", 0)
	d.restart("b")
	d.exit("b", 0)
	d.want("b", Waiting)
	d.run("a")
	d.want("b", Spawning)
	d.spawned("b")
	d.step(Shutdown{Reason: "test"})
	if d.s.Program("a").Stop != StopWaits {
		t.Error("a doesn't wait for its new dependent")
	}
}

func TestReloadWhileTheServiceEnds(t *testing.T) {
	d := newHarness(t, prog("p"))
	d.run("p")
	d.step(Shutdown{Reason: "test"})
	d.step(Reload{Definition: service(prog("p"), prog("q"))})
	if len(d.out) != 1 || has[Refuse](d).Reason != "the service is shutting down" {
		t.Errorf("%s", show(d.out))
	}
	d.exit("p", 0)
	has[EndService](d)
}

func TestReloadDuringARestartOfAll(t *testing.T) {
	d := newHarness(t, prog("a"), prog("b"), prog("c"))
	for _, name := range []string{"a", "b", "c"} {
		d.run(name)
	}
	d.step(Request{Verb: Restart})
	d.exit("b", 0)
	reload(d, service(prog("a"), prog("b"), prog("c")), prog("a"), prog("b", anew(time.Second)), prog("new"))
	hasNot[Spawn](d)
	d.exit("a", 0)
	d.exit("c", 0)
	for _, name := range []string{"a", "b", "new"} {
		d.want(name, Spawning)
	}
	if d.s.Program("c") != nil || d.s.Program("b").Def.TerminationGracePeriod != time.Second {
		t.Error("the new definition isn't in force")
	}
}
