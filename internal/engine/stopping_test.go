package engine

import (
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/definition"
)

func preStop(p *definition.Program) { p.PreStop = &definition.Handler{} }

func grace(g time.Duration) func(*definition.Program) {
	return func(p *definition.Program) { p.TerminationGracePeriod = g }
}

// hookEnds tells the engine that preStop has ended.
func hookEnds(d *harness, problem string) {
	d.t.Helper()
	d.step(HookDone{Program: "p", Generation: d.gen("p"), PreStop: true, Error: problem})
}

func TestStopLadder(t *testing.T) {
	d := newHarness(t, prog("p", preStop, grace(10*time.Second)))
	d.run("p")
	d.stop("p")
	if o := has[SetRestartGrant](d); o.Grant.Count != 0 {
		t.Errorf("the restart grant goes on: %+v", o)
	}
	if s := has[StopProbes](d); !s.OnlyLife {
		t.Error("the readiness probe goes on while it stops")
	}
	if h := has[RunHook](d); !h.PreStop || h.Timeout != 10*time.Second || h.Generation != 1 {
		t.Errorf("%+v", h)
	}
	if s := has[SetTimer](d); s.After != 10*time.Second {
		t.Errorf("%+v", s)
	}
	hasNot[Signal](d)
	d.now += 4 * time.Second
	hookEnds(d, "")
	if s := has[Signal](d); s.Generation != 1 || s.Def.StopSignal != "SIGTERM" {
		t.Errorf("%+v", s)
	}
	if s := has[SetTimer](d); s.After != 6*time.Second {
		t.Errorf("the grace period includes preStop: 6 s are left, not %s", s.After)
	}
	d.now += 6 * time.Second
	d.fire("p")
	has[Kill](d)
	if r := d.s.Program("p").Reason; r != "still running after 10 s; killing the process tree" {
		t.Errorf("%q", r)
	}
	if s := has[SetTimer](d); s.After != killAgain {
		t.Errorf("%+v", s)
	}
	for range 3 {
		d.now += killAgain
		d.fire("p")
		has[Kill](d)
		d.want("p", Stopping)
	}
	d.step(Exited{Program: "p", Generation: 1, Exit: Exit{Code: -1, Signal: 9}})
	d.want("p", Stopped)
	if p := d.s.Program("p"); p.EndedBy != StopKill || p.Reason != "stop requested (ended by SIGKILL)" || p.PID != 0 || p.Stop != NoStop {
		t.Errorf("%+v", p)
	}
}

func TestPreStopUsesUpTheGracePeriod(t *testing.T) {
	for _, c := range []struct{ took, left time.Duration }{
		{9 * time.Second, minimumGrace}, {8 * time.Second, minimumGrace}, {7 * time.Second, 3 * time.Second}, {0, 10 * time.Second},
	} {
		d := newHarness(t, prog("p", preStop, grace(10*time.Second)))
		d.run("p")
		d.stop("p")
		d.now += c.took
		hookEnds(d, "")
		if s := has[SetTimer](d); s.After != c.left {
			t.Errorf("preStop took %s: %s for the signal, not %s", c.took, s.After, c.left)
		}
	}
	d := newHarness(t, prog("p", preStop, grace(10*time.Second)))
	d.run("p")
	d.stop("p")
	d.now += 10 * time.Second
	d.fire("p") // preStop hangs
	has[Signal](d)
	if s := has[SetTimer](d); s.After != minimumGrace {
		t.Errorf("%+v", s)
	}
	if r := d.s.Program("p").Reason; r != "preStop didn't end within 10 s; sending the stop signal" {
		t.Errorf("%q", r)
	}
	hookEnds(d, "")
	if len(d.out) > 0 {
		t.Errorf("a late end of preStop had effects: %s", show(d.out))
	}
}

func TestShortGraceWithoutPreStop(t *testing.T) {
	d := newHarness(t, prog("p", grace(500*time.Millisecond)))
	d.run("p")
	d.stop("p")
	if s := has[SetTimer](d); s.After != 500*time.Millisecond {
		t.Errorf("the minimum is for what preStop used up, not for a short grace period: %s", s.After)
	}
}

func TestPreStopFails(t *testing.T) {
	d := newHarness(t, prog("p", preStop))
	d.run("p")
	d.stop("p")
	hookEnds(d, "exit code 1")
	has[Signal](d)
	if r := d.s.Program("p").Reason; r != "preStop failed: exit code 1; sending the stop signal" {
		t.Errorf("%q", r)
	}
}

func TestExitDuringEachStep(t *testing.T) {
	for _, c := range []struct {
		name  string
		reach func(*harness)
		by    StopStep
	}{
		{"preStop", func(*harness) {}, StopHook},
		{"signal", func(d *harness) { hookEnds(d, "") }, StopSignal},
		{"kill", func(d *harness) { hookEnds(d, ""); d.fire("p") }, StopKill},
	} {
		d := newHarness(t, prog("p", preStop))
		d.run("p")
		d.stop("p")
		c.reach(d)
		serial := d.s.Program("p").Serial
		d.exit("p", 5)
		d.want("p", Stopped)
		p := d.s.Program("p")
		if p.EndedBy != c.by || p.LastExit.Code != 5 || p.Wanted {
			t.Errorf("%s: %+v", c.name, p)
		}
		hasNot[OpenIncident](d) // an exit that was asked for is no fall, whatever its code
		d.step(TimerFired{Program: "p", Serial: serial})
		if len(d.out) > 0 {
			t.Errorf("%s: the timer of the step had effects: %s", c.name, show(d.out))
		}
	}
}

func TestEndedWhileItWaitedForDependents(t *testing.T) {
	d := newHarness(t, prog("p"), prog("q", after("p", definition.Started)))
	d.run("p")
	d.run("q")
	d.step(Shutdown{Reason: "test"})
	if d.s.Program("p").Stop != StopWaits {
		t.Fatal("p doesn't wait for q")
	}
	d.exit("p", 0)
	if p := d.s.Program("p"); p.State != Stopped || p.EndedBy != NoStop {
		t.Errorf("it exited by itself: %+v", p)
	}
}

// What hasn't answered yet has nothing that preStop could talk to, whether it waited for its dependents or not.
func TestNoPreStopBeforeItRuns(t *testing.T) {
	for _, runs := range []bool{false, true} {
		d := newHarness(t, prog("p", preStop), prog("q", after("p", definition.Started)))
		d.run("p")
		d.run("q")
		d.exit("p", 1)
		d.step(Shutdown{Reason: "test"})
		if runs {
			d.spawned("p")
		}
		d.exit("q", 0)
		if runs {
			has[RunHook](d)
			continue
		}
		hasNot[RunHook](d)
		has[Signal](d)
	}
}

func TestGraceOfARequest(t *testing.T) {
	d := newHarness(t, prog("p", preStop))
	d.run("p")
	d.step(Request{Verb: Stop, Program: "p", Grace: 3 * time.Second})
	if h := has[RunHook](d); h.Timeout != 3*time.Second {
		t.Errorf("%+v", h)
	}
	d.now += time.Second / 2
	hookEnds(d, "")
	if s := has[SetTimer](d); s.After != 2500*time.Millisecond {
		t.Errorf("%+v", s)
	}
	d.exit("p", 0)
	d.run("p")
	d.stop("p")
	if h := has[RunHook](d); h.Timeout != 30*time.Second {
		t.Errorf("the grace of an earlier request holds on: %+v", h)
	}
}

func TestStopBeforeItRuns(t *testing.T) {
	d := newHarness(t, prog("p", preStop))
	d.start("p")
	d.stop("p")
	has[Signal](d) // the keeper has the Spawn before the Signal
	hasNot[RunHook](d)
	d.spawned("p")
	d.want("p", Stopping)
	if d.s.Program("p").PID == 0 {
		t.Error("its process id isn't known")
	}
	d.exit("p", 0)
	d.want("p", Stopped)

	d.start("p")
	d.stop("p")
	d.step(SpawnFailed{Program: "p", Generation: 2, Error: "no such file"})
	if p := d.s.Program("p"); p.State != Stopped || p.Reason != "stop requested (no such file)" {
		t.Errorf("%s, %q", p.State, p.Reason)
	}
}

// The keeper's restart grant may be faster than our stop: what it started is stopped the same way.
func TestRestartedWhileStopping(t *testing.T) {
	again := func(d *harness, gen uint64) {
		d.step(Exited{Program: "p", Generation: gen, Exit: Exit{Code: 1}, Restarted: gen + 1})
		d.want("p", Stopping)
	}
	d := newHarness(t, prog("p", preStop))
	d.run("p")
	d.stop("p")
	d.now += 29 * time.Second
	again(d, 1)
	if s := has[Signal](d); s.Generation != 2 {
		t.Errorf("%+v", s)
	}
	if s := has[SetTimer](d); s.After != 30*time.Second {
		t.Errorf("the new run has its own grace period, not %s", s.After)
	}
	d.step(HookDone{Program: "p", Generation: 1, PreStop: true})
	if len(d.out) > 0 {
		t.Errorf("the hook of the old run had effects: %s", show(d.out))
	}
	d.fire("p")
	again(d, 2)
	if k := has[Kill](d); k.Generation != 3 {
		t.Errorf("%+v", k)
	}
	d.exit("p", 0)
	d.want("p", Stopped)

	d = newHarness(t, prog("p"), prog("q", after("p", definition.Started)))
	d.run("p")
	d.run("q")
	d.step(Shutdown{Reason: "test"})
	again(d, 1)
	if d.s.Program("p").Stop != StopWaits || len(d.out) > 0 {
		t.Errorf("it goes on waiting: %s", show(d.out))
	}
	d.spawned("p")
	d.exit("q", 0)
	if s := has[Signal](d); s.Program != "p" || s.Generation != 2 {
		t.Errorf("%+v", s)
	}
}

func TestUnhealthyProgramsAreStoppedThenRestarted(t *testing.T) {
	probes := func(p *definition.Program) {
		p.PreStop, p.PostStart = &definition.Handler{}, &definition.Handler{}
		p.StartupProbe, p.LivenessProbe = &definition.Probe{}, &definition.Probe{}
	}
	for _, kind := range []string{"postStart", "startupProbe", "livenessProbe"} {
		for policy, end := range map[definition.RestartPolicy]State{definition.Always: Spawning, definition.OnFailure: Spawning, definition.Never: Failed} {
			d := newHarness(t, prog("p", probes, func(p *definition.Program) {
				p.RestartPolicy = policy
				p.ExitCodes = []definition.ExitRule{{From: 0, To: 255, Action: definition.ExitStop}} // not for exits that we caused
			}))
			d.run("p")
			problem := map[string]string{"postStart": "exit code 1"}[kind]
			d.step(HookDone{Program: "p", Generation: 1, Error: problem})
			if kind != "postStart" {
				d.step(Probed{Program: "p", Generation: 1, Kind: StartupProbe, OK: kind != "startupProbe", Reason: "why"})
			}
			if kind == "livenessProbe" {
				d.step(Probed{Program: "p", Generation: 1, Kind: LivenessProbe, OK: true, Reason: "fine"})
				d.want("p", Running)
				d.step(Probed{Program: "p", Generation: 1, Kind: LivenessProbe, Reason: "why"})
			}
			d.want("p", Stopping)
			if f := has[OpenIncident](d); f.Kind != kind || f.Exit != nil {
				t.Errorf("%+v", f)
			}
			if d.s.Program("p").Healthy {
				t.Errorf("%s: still healthy", kind)
			}
			has[RunHook](d)
			hookEnds(d, "")
			d.exit("p", 0)
			d.want("p", end)
			if end == Spawning && !d.s.Program("p").Healthy {
				t.Error("the next run begins unhealthy")
			}
		}
	}
}

// TestEndedByGoesByTime: an end that is told late still counts for the step that brought it.
func TestEndedByGoesByTime(t *testing.T) {
	for _, c := range []struct {
		name string
		hook bool
		sig  int
		at   time.Duration // of the end; preStop takes from 0 to 10 s, the signal comes at 10 s, the kill at 30 s
		want StopStep
	}{
		{"during preStop", true, 15, 9 * time.Second, StopHook},
		{"killed by preStop, dead after the signal", true, 9, 11 * time.Second, StopHook},
		{"killed by somebody after the signal", false, 9, 11 * time.Second, NoStop},
		{"by the signal", true, 15, 11 * time.Second, StopSignal},
		{"by the signal, told after the kill", true, 15, 29 * time.Second, StopSignal},
		{"by the kill", true, 9, 30 * time.Second, StopKill},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newHarness(t, prog("a", func(p *definition.Program) {
				if c.hook {
					p.PreStop = &definition.Handler{}
				}
			}))
			d.run("a")
			d.now = 10 * time.Second
			if c.hook {
				d.now = 0
			}
			d.stop("a")
			d.now = 10 * time.Second
			d.step(HookDone{Program: "a", Generation: 1, PreStop: true})
			if c.at > 28*time.Second {
				d.now = 30 * time.Second
				d.fire("a")
			}
			d.now = 31 * time.Second
			d.step(Exited{Program: "a", Generation: 1, Exit: Exit{Generation: 1, Code: -1, Signal: c.sig, At: c.at}})
			if got := d.s.Program("a").EndedBy; got != c.want {
				t.Errorf("ended by step %d, want %d", got, c.want)
			}
		})
	}
}

// TestUnasked: who can't be asked to end is ended at once, unless a preStop hook began its end.
func TestUnasked(t *testing.T) {
	console := "it has no console and no window, so nothing can ask it to end"
	for _, c := range []struct {
		signal, why string
	}{
		{"CTRL_C", console + ": add lifecycle.preStop with a command or request that ends it"},
		{"WM_CLOSE", "it has no window, so WM_CLOSE can't ask it to end: set lifecycle.stopSignal to CTRL_C, or add lifecycle.preStop"},
	} {
		d := newHarness(t, prog("p", func(p *definition.Program) { p.StopSignal = c.signal }))
		d.run("p")
		d.stop("p")
		d.step(Unasked{Program: "p", Generation: 1})
		has[Kill](d)
		if got := d.s.Program("p").Reason; got != "ending the process tree at once: "+c.why {
			t.Errorf("%q", got)
		}
		d.step(Exited{Program: "p", Generation: 1, Exit: Exit{Code: -1, Signal: terminated}})
		if p := d.s.Program("p"); p.EndedBy != StopKill || !p.Unasked || p.Reason != "stop requested (ended by TerminateJobObject): "+c.why {
			t.Errorf("%+v", p)
		}
		d.run("p")
		d.stop("p")
		if d.s.Program("p").Unasked {
			t.Error("what was so of one run is taken for so of the next")
		}
	}

	d := newHarness(t, prog("p", preStop, grace(10*time.Second)))
	d.run("p")
	d.stop("p")
	d.step(Unasked{Program: "p", Generation: 1}) // of nothing that this stop sent
	d.now += 4 * time.Second
	hookEnds(d, "")
	serial := d.s.Program("p").Serial
	d.step(Unasked{Program: "p", Generation: 1})
	hasNot[Kill](d)
	if p := d.s.Program("p"); p.Serial != serial || p.Reason != console+"; it has until the end of the grace period to end by what preStop did" {
		t.Errorf("%+v", p)
	}
	d.exit("p", 0)
	if p := d.s.Program("p"); p.EndedBy != StopSignal || p.Unasked || p.Reason != "stop requested (exit code 0)" {
		t.Errorf("%+v", p)
	}
	d.step(Unasked{Program: "p", Generation: 1})
	if len(d.out) > 0 {
		t.Errorf("what comes after the end had effects: %s", show(d.out))
	}
}

// TestUnaskedAfterATakeover: a successor sends the signal again, hears again that it reached nobody, and still knows of the preStop hook.
func TestUnaskedAfterATakeover(t *testing.T) {
	for _, hook := range []bool{false, true} {
		def := prog("p")
		if hook {
			preStop(&def)
		}
		d := newHarness(t, def)
		d.run("p")
		d.stop("p")
		if hook {
			hookEnds(d, "")
		}
		successor(d, nil)
		d.alive("p")
		has[Signal](d)
		d.step(Unasked{Program: "p", Generation: 1})
		if hook {
			hasNot[Kill](d)
		} else {
			has[Kill](d)
		}
	}
}
