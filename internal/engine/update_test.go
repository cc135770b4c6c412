package engine

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daruma-sh/daruma/internal/definition"
)

func probes(startup, liveness, readiness *definition.Probe) func(*definition.Program) {
	return func(p *definition.Program) {
		p.StartupProbe, p.LivenessProbe, p.ReadinessProbe = startup, liveness, readiness
	}
}

// TestUpdateKeepsTheRun: a run goes on whose probes or log alone have changed, and what is known of it holds until new probes say more.
func TestUpdateKeepsTheRun(t *testing.T) {
	a, b := &definition.Probe{Period: time.Second}, &definition.Probe{Period: 2 * time.Second}
	for _, c := range []struct {
		name      string
		from, to  func(*definition.Program)
		kinds     []ProbeKind
		was, want bool // ready
	}{
		{name: "the log", from: probes(nil, a, a), to: func(p *definition.Program) { probes(nil, a, a)(p); p.Logs.MaxFiles = 3 }, was: true, want: true},
		{name: "liveness", from: probes(nil, a, a), to: probes(nil, b, a), kinds: []ProbeKind{LivenessProbe}, was: true, want: true},
		{name: "readiness", from: probes(nil, a, a), to: probes(nil, a, b), kinds: []ProbeKind{ReadinessProbe}, was: true, want: true},
		{name: "readiness of what isn't ready", from: probes(nil, a, a), to: probes(nil, a, b), kinds: []ProbeKind{ReadinessProbe}},
		{name: "readiness is new", from: probes(nil, a, nil), to: probes(nil, a, b), kinds: []ProbeKind{ReadinessProbe}, was: true, want: true},
		{name: "no readiness any more", from: probes(nil, a, a), to: probes(nil, a, nil), kinds: []ProbeKind{ReadinessProbe}, want: true},
		{name: "both", from: probes(nil, a, a), to: probes(nil, nil, b), kinds: []ProbeKind{LivenessProbe, ReadinessProbe}, was: true, want: true},
		{name: "the startup probe of what is up", from: probes(nil, nil, nil), to: probes(a, nil, nil), was: true, want: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newHarness(t, prog("p", c.from))
			d.run("p")
			if c.was && !d.s.Program("p").Ready {
				d.step(Probed{Program: "p", Generation: 1, Kind: ReadinessProbe, OK: true})
			}
			next := reload(d, service(prog("p", c.from)), prog("p", c.to))
			d.want("p", Running)
			p := d.s.Program("p")
			if p.Generation != 1 || p.Def != next.Program("p") || p.Ready != c.want {
				t.Errorf("run %d, ready %v; effects: %s", p.Generation, p.Ready, show(d.out))
			}
			if c.kinds == nil {
				hasNot[ReplaceProbes](d)
			} else if r := has[ReplaceProbes](d); !slices.Equal(r.Kinds, c.kinds) || r.Ready != (c.was && p.Def.ReadinessProbe != nil) || r.Def != p.Def {
				t.Errorf("%+v", r)
			}
			hasNot[StopProbes](d)
		})
	}
}

func TestUpdateWhileStarting(t *testing.T) {
	a, b := &definition.Probe{Period: time.Second}, &definition.Probe{Period: 2 * time.Second}
	start := func(t *testing.T) (*harness, *definition.Service) {
		d := newHarness(t, prog("p", probes(a, a, nil)))
		d.start("p")
		return d, service(prog("p", probes(a, a, nil)))
	}
	t.Run("before its process is there", func(t *testing.T) {
		d, old := start(t)
		reload(d, old, prog("p", probes(nil, b, nil)))
		d.spawned("p")
		d.want("p", Running)
		if s := has[StartProbes](d); s.Startup || s.Def.LivenessProbe != b {
			t.Errorf("%+v", s)
		}
	})
	t.Run("another startup probe", func(t *testing.T) {
		d, old := start(t)
		d.spawned("p")
		reload(d, old, prog("p", probes(b, a, nil)))
		d.want("p", Starting)
		if r := has[ReplaceProbes](d); !slices.Equal(r.Kinds, []ProbeKind{StartupProbe}) {
			t.Errorf("%+v", r)
		}
	})
	t.Run("no startup probe any more", func(t *testing.T) {
		d, old := start(t)
		d.spawned("p")
		reload(d, old, prog("p", probes(nil, a, nil)))
		d.want("p", Running)
		has[StartProbes](d)
	})
}

// TestUpdateOfWhatIsDown: what failed by a probe begins anew with the mended one; what has done its work isn't done again for a log's
// sake, and what is stopped stays so.
func TestUpdateOfWhatIsDown(t *testing.T) {
	probe := func(p *definition.Program) { p.ReadinessProbe = &definition.Probe{Period: time.Second} }
	log := func(p *definition.Program) { p.Logs.MaxFiles = 3 }
	for _, c := range []struct {
		state  State
		change func(*definition.Program)
		want   State
	}{
		{Stopped, probe, Stopped}, {Waiting, probe, Waiting}, {Backoff, probe, Spawning}, {Failed, probe, Spawning}, {Completed, probe, Completed},
		{Stopped, log, Stopped}, {Waiting, log, Waiting}, {Backoff, log, Backoff}, {Failed, log, Failed}, {Completed, log, Completed},
		{Stopping, log, Stopping}, {Stopping, probe, Stopping},
	} {
		d := inState(t, onStart, c.state)
		old := service(*d.s.Program("base").Def, *d.s.Program("p").Def)
		changed := *d.s.Program("p").Def
		c.change(&changed)
		next := reload(d, old, old.Programs[0], changed)
		d.want("p", c.want)
		if c.state == Stopping {
			d.exit("p", 0)
			d.want("p", Stopped)
			d.start("p")
		}
		if d.s.Program("p").Def != next.Program("p") {
			t.Errorf("%s: the change isn't in force", c.state)
		}
	}
}

// TestUpdateOfAPausedProgram: new probes of a frozen program wait as the old ones did.
func TestUpdateOfAPausedProgram(t *testing.T) {
	a, b := &definition.Probe{Period: time.Second}, &definition.Probe{Period: 2 * time.Second}
	d := newHarness(t, prog("p", probes(nil, a, nil)))
	d.run("p")
	d.step(Request{Verb: Pause, Program: "p"})
	reload(d, service(prog("p", probes(nil, a, nil))), prog("p", probes(nil, b, nil)))
	replaced := slices.IndexFunc(d.out, func(e Effect) bool { _, is := e.(ReplaceProbes); return is })
	frozen := slices.IndexFunc(d.out, func(e Effect) bool { f, is := e.(Freeze); return is && !f.Thaw })
	if replaced < 0 || frozen < replaced {
		t.Errorf("the new probe asks a frozen program: %s", show(d.out))
	}
}

// TestUpdateOfWhatIsDoneAboutIt: how a program is restarted, stopped and accompanied is no reason to restart it, and holds from now on.
func TestUpdateOfWhatIsDoneAboutIt(t *testing.T) {
	everything := func(p *definition.Program) {
		p.RestartPolicy, p.Backoff.Initial = definition.OnFailure, 3*time.Second
		p.ExitCodes = []definition.ExitRule{{From: 9, To: 9, Action: definition.ExitGiveUp}}
		p.MaxRestarts = &definition.MaxRestarts{Count: 3, Within: time.Hour, Then: definition.GiveUp}
		p.PostStart, p.PreStop, p.StopSignal, p.TerminationGracePeriod = &definition.Handler{}, &definition.Handler{}, "SIGINT", 5*time.Second
		p.DependsOn = []definition.Dependency{{Program: "base", Condition: definition.Started}}
	}
	d := newHarness(t, prog("base"), prog("p"))
	d.run("p")
	next := reload(d, service(prog("base"), prog("p")), prog("base"), prog("p", everything))
	d.want("p", Running)
	p := d.s.Program("p")
	if p.Generation != 1 || p.Def != next.Program("p") {
		t.Errorf("%+v", p)
	}
	for _, e := range d.out {
		switch e := e.(type) {
		case SetRestartGrant:
			if want := d.s.restartGrant(p); !covered(e.Grant, Exit{Code: 1}) || covered(e.Grant, Exit{Code: 0}) || covered(e.Grant, Exit{Code: 9}) || e.Grant.Count != want.Count {
				t.Errorf("the keeper restarts by %+v, not %+v", e.Grant, want)
			}
		case SetTimer:
			t.Errorf("a timer is set anew: %+v", e)
		case StopProbes, RunHook, Signal, Spawn:
			t.Errorf("the run is disturbed: %T%+v", e, e)
		}
	}
	has[SetRestartGrant](d)
	d.stop("p")
	if h := has[RunHook](d); !h.PreStop || h.Timeout != 5*time.Second {
		t.Errorf("%+v", h)
	}
	hookEnds(d, "")
	if e := has[Signal](d); e.Def.StopSignal != "SIGINT" {
		t.Errorf("%+v", e)
	}
	d.exit("p", 0)
	d.start("p")
	d.want("p", Waiting)
}

// TestUpdateOfRestartsWhenDown: what was given up, or waits, by rules that changed begins anew; what has done its work doesn't.
func TestUpdateOfRestartsWhenDown(t *testing.T) {
	policy := func(p *definition.Program) {
		p.MaxRestarts = &definition.MaxRestarts{Count: 9, Within: time.Hour, Then: definition.GiveUp}
	}
	stop := func(p *definition.Program) {
		p.PreStop, p.StopSignal, p.TerminationGracePeriod = nil, "SIGINT", time.Second
	}
	for _, c := range []struct {
		state  State
		change func(*definition.Program)
		want   State
	}{
		{Stopped, policy, Stopped}, {Waiting, policy, Waiting}, {Backoff, policy, Spawning}, {Failed, policy, Spawning}, {Completed, policy, Completed},
		{Stopped, stop, Stopped}, {Waiting, stop, Waiting}, {Backoff, stop, Backoff}, {Failed, stop, Failed}, {Completed, stop, Completed},
		{Waiting, func(p *definition.Program) { p.DependsOn = nil }, Spawning},
	} {
		d := inState(t, onStart, c.state)
		old := service(*d.s.Program("base").Def, *d.s.Program("p").Def)
		changed := *d.s.Program("p").Def
		c.change(&changed)
		next := reload(d, old, old.Programs[0], changed)
		d.want("p", c.want)
		if d.s.Program("p").Def != next.Program("p") {
			t.Errorf("%s: the change isn't in force", c.state)
		}
	}
}

// TestUpdatedGraceInVirtualTime: a longer grace period holds for the run that goes on.
func TestUpdatedGraceInVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newVirtualRun(prog("p"))
		h.ends = func(e Effect) time.Duration {
			if _, killed := e.(Kill); killed {
				return 0
			}
			return -1
		}
		h.step(Request{Verb: Start})
		h.play(time.Minute)
		next := service(prog("p", grace(50*time.Second)))
		h.step(Reload{Definition: next, Updated: []string{"p"}})
		h.step(Request{Verb: Stop, Program: "p"})
		h.play(time.Hour)
		h.expect(t, "1m0s signal", "1m50s kill", "1m50s stopped")
		if len(h.spawns) != 1 {
			t.Errorf("started at %v", h.spawns)
		}
	})
}
