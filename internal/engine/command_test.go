package engine

import (
	"testing"

	"github.com/daruma-sh/daruma/internal/definition"
)

func after(name string, c definition.Condition) func(*definition.Program) {
	return func(p *definition.Program) {
		p.DependsOn = append(p.DependsOn, definition.Dependency{Program: name, Condition: c})
	}
}

func TestRestart(t *testing.T) {
	d := newHarness(t, prog("p"))
	d.run("p")
	crash(d, "p")
	d.step(Request{Verb: Restart, Program: "p", Reason: "restart requested: new certificate"})
	d.want("p", Stopping)
	d.exit("p", 0)
	d.want("p", Spawning)
	if p := d.s.Program("p"); p.Generation != 3 || p.Failures != 0 || p.Reason != "restart requested: new certificate" || p.EndedBy != StopSignal {
		t.Errorf("%+v", p)
	}
}

// What is asked last holds, whatever is under way.
func TestRequestsWhileStopping(t *testing.T) {
	for _, c := range []struct {
		name  string
		verbs []Verb
		end   State
	}{
		{"stop", []Verb{Stop}, Stopped},
		{"stop, start", []Verb{Stop, Start}, Spawning},
		{"stop, restart", []Verb{Stop, Restart}, Spawning},
		{"restart, stop", []Verb{Restart, Stop}, Stopped},
		{"restart, restart", []Verb{Restart, Restart}, Spawning},
		{"restart, start", []Verb{Restart, Start}, Spawning},
		{"stop, start, stop", []Verb{Stop, Start, Stop}, Stopped},
		{"stop, start, stop, start", []Verb{Stop, Start, Stop, Start}, Spawning},
		{"restart, pause", []Verb{Restart, Pause}, Spawning},
	} {
		d := newHarness(t, prog("p"))
		d.run("p")
		for _, v := range c.verbs {
			d.step(Request{Verb: v, Program: "p"})
			d.want("p", Stopping)
		}
		d.exit("p", 0)
		p := d.s.Program("p")
		if p.State != c.end || p.Wanted != (c.end == Spawning) {
			t.Errorf("%s: %s, wanted %v", c.name, p.State, p.Wanted)
		}
	}
}

// A request overrides the restart that was to follow a failed probe.
func TestRequestsWhileAnUnhealthyProgramStops(t *testing.T) {
	for verb, end := range map[Verb]State{Stop: Stopped, Start: Spawning, Restart: Spawning} {
		d := newHarness(t, prog("p", func(p *definition.Program) { p.LivenessProbe = &definition.Probe{} }))
		d.run("p")
		crash(d, "p")
		d.step(Probed{Program: "p", Generation: d.gen("p"), Kind: LivenessProbe, Reason: "503"})
		d.step(Request{Verb: verb, Program: "p"})
		d.exit("p", 0)
		d.want("p", end) // by policy it would be in Backoff
	}
}

func TestRefusals(t *testing.T) {
	d := newHarness(t, prog("p"))
	d.start("nobody")
	if r := has[Refuse](d); r.Program != "nobody" || r.Reason != "there is no such program" {
		t.Errorf("%+v", r)
	}
	d.step(Request{Verb: Pause, Program: "p"})
	if r := has[Refuse](d); r.Reason != "only a running program can be paused" {
		t.Errorf("%+v", r)
	}
	d.step(Request{Verb: Resume, Program: "p"})
	if r := has[Refuse](d); r.Reason != "only a paused program can be resumed" {
		t.Errorf("%+v", r)
	}
	d.run("p")
	d.step(Shutdown{Reason: "test"})
	for verb := Start; verb <= Resume; verb++ {
		for _, name := range []string{"p", ""} {
			d.step(Request{Verb: verb, Program: name})
			if len(d.out) != 1 || has[Refuse](d).Reason != "the service is shutting down" {
				t.Errorf("verb %d for %q while the service ends: %s", verb, name, show(d.out))
			}
		}
	}
	if !d.s.Program("p").Wanted {
		t.Error("a refused stop made it unwanted")
	}
}

func TestPauseAndResume(t *testing.T) {
	d := newHarness(t, prog("p"))
	d.run("p")
	pause, resume := Request{Verb: Pause, Program: "p"}, Request{Verb: Resume, Program: "p"}
	d.step(resume)
	if len(d.out) > 0 {
		t.Errorf("it runs already: %s", show(d.out))
	}
	d.step(pause)
	if f := has[Freeze](d); f.Thaw || f.Generation != 1 {
		t.Errorf("%+v", f)
	}
	d.step(pause)
	if len(d.out) > 0 {
		t.Errorf("it is paused already: %s", show(d.out))
	}
	d.step(resume)
	if f := has[Freeze](d); !f.Thaw {
		t.Errorf("%+v", f)
	}
	d.want("p", Running)
	if p := d.s.Program("p"); p.Paused || !p.Ready {
		t.Errorf("%+v", p)
	}
}

func TestPausedProgramsStopAndFall(t *testing.T) {
	d := newHarness(t, prog("p"))
	d.run("p")
	d.step(Request{Verb: Pause, Program: "p"})
	d.stop("p")
	if f := has[Freeze](d); !f.Thaw {
		t.Error("a frozen program can't act on a signal")
	}
	thawed := false
	for _, e := range d.out {
		switch e.(type) {
		case Freeze:
			thawed = true
		case Signal:
			if !thawed {
				t.Error("the signal comes before the thaw")
			}
		}
	}
	d.exit("p", 0)
	d.run("p")
	d.step(Request{Verb: Pause, Program: "p"})
	d.exit("p", 1) // killed while it was frozen
	d.want("p", Spawning)
	if d.s.Program("p").Paused {
		t.Error("the next run begins paused")
	}
}

// While postStart runs, what follows it would find a program that can't move, and call it dead.
func TestNoPauseWhilePostStartRuns(t *testing.T) {
	d := newHarness(t, prog("p", func(p *definition.Program) { p.PostStart = &definition.Handler{} }))
	d.run("p")
	d.step(Request{Verb: Pause, Program: "p"})
	if r := has[Refuse](d); r.Reason != "its postStart hook hasn't ended yet" || d.s.Program("p").Paused {
		t.Errorf("%+v", r)
	}
	d.step(HookDone{Program: "p", Generation: 1})
	d.step(Request{Verb: Pause, Program: "p"})
	has[Freeze](d)
}

func TestStartOfAll(t *testing.T) {
	d := newHarness(t, prog("web", after("db", definition.Started)), prog("db"))
	d.step(Request{Verb: Start, Reason: "start of the service"})
	d.want("web", Waiting)
	d.want("db", Spawning)
	if r := d.s.Program("web").Reason; r != "waits for db to be started (it is starting)" {
		t.Errorf("%q", r)
	}
	d.spawned("db")
	d.want("web", Spawning)
}

func TestIncidents(t *testing.T) {
	d := newHarness(t, prog("p", func(p *definition.Program) { p.ReadinessProbe = &definition.Probe{} }))
	d.run("p")
	d.step(Probed{Program: "p", Generation: 1, Kind: ReadinessProbe, OK: true})
	hasNot[RecordRecovery](d) // nothing had befallen it
	d.exit("p", 1)
	has[OpenIncident](d)
	d.spawned("p")
	hasNot[RecordRecovery](d) // up, but not ready
	d.step(Probed{Program: "p", Generation: 2, Kind: ReadinessProbe, OK: true})
	if r := has[RecordRecovery](d); r.Generation != 2 {
		t.Errorf("%+v", r)
	}
	d.step(Probed{Program: "p", Generation: 2, Kind: ReadinessProbe, Reason: "busy"})
	hasNot[OpenIncident](d) // not ready is no fall
	if p := d.s.Program("p"); p.Ready || p.State != Running || p.Reason != "busy" {
		t.Errorf("%+v", p)
	}
	d.exit("p", 1)
	d.want("p", Backoff)
	d.fire("p")
	d.spawned("p")
	d.stop("p")
	d.step(Probed{Program: "p", Generation: 3, Kind: ReadinessProbe, OK: true})
	if len(d.out) > 0 {
		t.Errorf("ready on its way down is no recovery: %s", show(d.out))
	}
	d.exit("p", 0)
	if c := has[CloseIncident](d); c.Outcome != "stopped" || d.s.Program("p").Incident {
		t.Errorf("%+v", c)
	}
}

// A job that fell and then did what it was there for has recovered.
func TestCompletionClosesAnIncident(t *testing.T) {
	d := newHarness(t, prog("p", func(p *definition.Program) {
		p.RestartPolicy, p.StartupProbe = definition.OnFailure, &definition.Probe{}
	}))
	d.run("p")
	d.exit("p", 1)
	d.spawned("p")
	d.exit("p", 0)
	d.want("p", Completed)
	if c := has[CloseIncident](d); c.Outcome != "recovered" || d.s.Program("p").Incident {
		t.Errorf("%+v", c)
	}
}
