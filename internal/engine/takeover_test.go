package engine

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/definition"
)

// successor takes the harness over as the next supervisor does: the state goes through JSON.
func successor(d *harness, def *definition.Service) {
	d.t.Helper()
	snap := Snapshot{Phase: d.s.Phase(), Programs: map[string]*Program{}}
	for _, p := range d.s.Programs() {
		data, err := json.Marshal(p)
		if err != nil {
			d.t.Fatal(err)
		}
		var q Program
		if err := json.Unmarshal(data, &q); err != nil {
			d.t.Fatal(err)
		}
		snap.Programs[p.Name] = &q
	}
	if def == nil {
		def = &definition.Service{Name: "test"}
		for _, p := range d.s.Programs() {
			def.Programs = append(def.Programs, *p.Def)
		}
	}
	d.s = Restore(def, 2, snap)
}

func (d *harness) adopt(k Known) {
	d.t.Helper()
	d.out = append([]Effect(nil), d.s.Adopt(d.now, k)...)
}

// alive adopts the run that the engine believes in.
func (d *harness) alive(name string) {
	d.t.Helper()
	d.adopt(Known{Program: name, Generation: d.gen(name), Alive: true, PID: 77, StartedAt: d.now})
}

func TestAdoptWhatRuns(t *testing.T) {
	d := inState(t, onReset, Running)
	successor(d, nil)
	d.alive("base")
	d.alive("p")
	d.want("p", Running)
	p := d.s.Program("p")
	if p.PID != 77 || !p.Ready || !p.Healthy || p.Generation != 2 || p.Failures != 1 {
		t.Errorf("%+v", p)
	}
	hasNot[Spawn](d)
	if s := has[StartProbes](d); s.Startup || !s.Ready || s.Generation != 2 {
		t.Errorf("%+v", s)
	}
	d.step(TimerFired{Program: "p", Serial: healthyTimer(d).Serial, Reset: true})
	if d.s.Program("p").Failures != 0 {
		t.Error("its failures are never forgotten")
	}
}

func TestAdoptWhatStarts(t *testing.T) {
	d := inState(t, onPostStart, Starting) // postStart was running, and isn't run twice
	successor(d, nil)
	d.alive("base")
	d.alive("p")
	hasNot[RunHook](d)
	if s := has[StartProbes](d); !s.Startup {
		t.Errorf("%+v", s)
	}
	d.step(Probed{Program: "p", Generation: d.gen("p"), Kind: StartupProbe, OK: true})
	d.want("p", Running)

	d = newHarness(t, prog("p", func(p *definition.Program) { p.PostStart = &definition.Handler{} }))
	d.run("p")
	successor(d, nil)
	d.alive("p")
	d.want("p", Running)

	d = inState(t, onSpawned, Spawning) // the keeper's answer was lost
	successor(d, nil)
	d.alive("base")
	d.alive("p")
	d.want("p", Starting)
	has[RunHook](d)
}

func TestAdoptAPausedProgram(t *testing.T) {
	for _, state := range []State{Starting, Running} {
		d := inState(t, onResume, state)
		successor(d, nil)
		d.alive("base")
		d.alive("p")
		probing := false
		for _, e := range d.out {
			switch e := e.(type) {
			case StartProbes:
				probing = true
			case Freeze:
				if e.Thaw || !probing {
					t.Errorf("%s: it is to be frozen after its probes are there: %s", state, show(d.out))
				}
			case SetTimer:
				t.Errorf("%s: a paused program is in no healthy period", state)
			}
		}
		has[Freeze](d)
	}
}

func TestAdoptAStop(t *testing.T) {
	for _, c := range []struct {
		name  string
		reach func(*harness)
		left  time.Duration
		kill  bool
	}{
		{"preStop", func(*harness) {}, 20 * time.Second, false},
		{"signal", func(d *harness) { hookEnds(d, "") }, 20 * time.Second, false},
		{"kill", func(d *harness) { hookEnds(d, ""); d.fire("p") }, killAgain, true},
	} {
		d := newHarness(t, prog("p", preStop))
		d.run("p")
		d.stop("p")
		c.reach(d)
		d.now += 10 * time.Second
		successor(d, nil)
		d.alive("p")
		if c.kill {
			has[Kill](d)
		} else {
			has[Signal](d)
		}
		if s := has[SetTimer](d); s.After != c.left || s.Serial != d.s.Program("p").Serial {
			t.Errorf("%s: %s are left, not %s", c.name, s.After, c.left)
		}
		d.exit("p", 0)
		d.want("p", Stopped)
	}
}

func TestAdoptAStopThatWaits(t *testing.T) {
	d := newHarness(t, prog("a"), prog("b", after("a", definition.Started)))
	d.run("a")
	d.run("b")
	d.step(Shutdown{Reason: "test"})
	successor(d, nil)
	d.alive("a")
	hasNot[Signal](d)
	d.alive("b")
	if s := has[Signal](d); s.Program != "b" {
		t.Errorf("%+v", s)
	}
	d.exit("b", 0)
	if s := has[Signal](d); s.Program != "a" {
		t.Errorf("%+v", s)
	}
}

func TestAdoptWhatIsGone(t *testing.T) {
	for _, c := range []struct {
		state State
		end   State
	}{{Stopped, Stopped}, {Waiting, Waiting}, {Starting, Spawning}, {Running, Backoff}, {Stopping, Stopped}, {Backoff, Backoff}, {Failed, Failed}, {Completed, Completed}} {
		d := inState(t, onTimer, c.state)
		gen := d.gen("p")
		d.now += 100 * time.Millisecond
		successor(d, nil)
		if c.state == Waiting {
			d.adopt(Known{Program: "base"})
		} else {
			d.alive("base")
		}
		d.adopt(Known{Program: "p", Generation: gen})
		d.want("p", c.end)
		switch c.state {
		case Starting, Running:
			if f := has[OpenIncident](d); f.Cause != "ended while no supervisor was there to see how" {
				t.Errorf("%+v", f)
			}
		case Backoff:
			if s := has[SetTimer](d); s.After != 400*time.Millisecond {
				t.Errorf("100 ms of 500 are over, %s are left", s.After)
			}
			d.fire("p")
			d.want("p", Spawning)
		}
	}
}

func TestAdoptALostSpawn(t *testing.T) {
	d := newHarness(t, prog("p"))
	d.start("p")
	successor(d, nil)
	d.adopt(Known{Program: "p"})
	if s := has[Spawn](d); s.Generation != 1 || s.Grant.Count != 1 {
		t.Errorf("%+v", s)
	}
	d.adopt(Known{Program: "p"})
	hasNot[Spawn](d)  // asked for already
	successor(d, nil) // the keeper had it, and the run is over: acknowledged as it was seen
	d.adopt(Known{Program: "p", Generation: 1})
	if s := has[Spawn](d); s.Generation != 2 {
		t.Errorf("%+v", s)
	}
}

// An exit that nobody had acknowledged is answered once: by Step, and not by Adopt again.
func TestAdoptAfterAReplayedExit(t *testing.T) {
	for _, spent := range []bool{false, true} { // the free restart
		d := newHarness(t, prog("p"))
		d.run("p")
		if spent {
			crash(d, "p")
		}
		gen := d.gen("p")
		successor(d, nil)
		d.exit("p", 1)
		d.adopt(Known{Program: "p", Generation: gen})
		if spent {
			d.want("p", Backoff)
			continue
		}
		d.want("p", Spawning)
		hasNot[Spawn](d)
		d.spawned("p")
		d.want("p", Running)
	}
}

// The same where another exit, worked off after it, brings the new run down before it is adopted.
func TestAdoptAfterAnEscalation(t *testing.T) {
	d := newHarness(t, prog("a"), prog("b", limited(definition.Escalate)))
	d.run("a")
	d.run("b")
	crash(d, "b")
	crash(d, "b")
	successor(d, nil)
	d.exit("a", 1)
	d.exit("b", 1)
	d.want("a", Stopping)
	d.adopt(Known{Program: "a", Generation: 1})
	d.want("a", Stopping)
	d.adopt(Known{Program: "b", Generation: 3})
	hasNot[EndService](d)
	d.spawned("a")
	d.exit("a", 0)
	has[EndService](d)
}

// Nothing that waits for others moves before all are adopted: until then a state is only what the predecessor believed.
func TestAdoptAllBeforeAnythingMoves(t *testing.T) {
	d := newHarness(t, prog("b", after("a", definition.Started)), prog("a"), prog("c"))
	d.start("b")
	d.start("a")
	d.run("c")
	successor(d, nil)
	d.s.Program("a").State = Running // an older snapshot: it is gone by now
	d.adopt(Known{Program: "b"})
	d.want("b", Waiting)
	d.adopt(Known{Program: "a", Generation: 1})
	d.want("a", Spawning)
	d.want("b", Waiting)
	d.alive("c")
	d.want("b", Waiting)
	d.spawned("a")
	d.want("b", Spawning)
}

func TestAdoptWhatIsNotWanted(t *testing.T) {
	d := newHarness(t, prog("p", preStop))
	d.adopt(Known{Program: "p", Generation: 4, Alive: true, PID: 9})
	d.want("p", Stopping)
	if s := has[Signal](d); s.Generation != 4 {
		t.Errorf("%+v", s)
	}
	d.exit("p", 0)
	d.want("p", Stopped)
}

// The snapshot may be older than the run: of another version, or not there at all.
func TestAdoptANewerRun(t *testing.T) {
	d := newHarness(t, prog("p"))
	d.run("p")
	d.exit("p", 1)
	d.exit("p", 1)
	d.want("p", Backoff)
	successor(d, nil)
	d.adopt(Known{Program: "p", Generation: 7, Alive: true, PID: 9})
	d.want("p", Running)
	if d.gen("p") != 7 || d.s.Program("p").PID != 9 {
		t.Errorf("%+v", d.s.Program("p"))
	}
	d.fire("p")
	d.want("p", Running)
}

// The snapshot may be of another definition: one without a readinessProbe is ready as soon as it is up.
func TestAdoptWithoutItsReadinessProbe(t *testing.T) {
	d := newHarness(t, prog("p", func(p *definition.Program) { p.ReadinessProbe = &definition.Probe{} }), prog("q", after("p", definition.Ready)))
	d.run("p")
	d.start("q")
	successor(d, service(prog("p"), prog("q", after("p", definition.Ready))))
	d.alive("p")
	healthyTimer(d)
	d.adopt(Known{Program: "q"})
	d.want("q", Spawning)
}

// What left the definition goes down with its grace period, and is told of as removed. If it comes back, it waits for that.
func TestAdoptAStranger(t *testing.T) {
	d := newHarness(t, prog("p"))
	d.run("p")
	successor(d, service())
	d.adopt(Known{Program: "p", Generation: 3, Alive: true, PID: 9})
	d.want("p", Stopping)
	if s := has[Signal](d); s.Generation != 3 || s.Def.StopSignal != "SIGTERM" {
		t.Errorf("%+v", s)
	}
	d.step(Reload{Definition: service(prog("p"))})
	hasNot[Spawn](d)
	d.exit("p", 0)
	if s := has[Spawn](d); s.Generation != 4 {
		t.Errorf("%+v", s)
	}

	d = newHarness(t)
	d.adopt(Known{Program: "gone", Generation: 3})
	d.step(Reload{Definition: service(prog("gone"))})
	if s := has[Spawn](d); s.Generation != 4 {
		t.Errorf("run %d follows run 3", s.Generation)
	}
}

func TestAdoptInTheMidstOfARestartOfAll(t *testing.T) {
	d := newHarness(t, prog("a"), prog("b"))
	d.run("a")
	d.run("b")
	d.step(Request{Verb: Restart})
	d.exit("a", 0)
	successor(d, nil)
	d.adopt(Known{Program: "a", Generation: 1})
	d.want("a", Stopped)
	d.alive("b")
	d.exit("b", 0)
	d.want("a", Spawning)
	d.want("b", Spawning)

	d.s.phase = RestartingAll // the programs' states were kept, the phase not any more
	successor(d, nil)
	d.adopt(Known{Program: "a", Generation: 1})
	d.adopt(Known{Program: "b", Generation: 1})
	for _, name := range []string{"a", "b"} {
		d.want(name, Spawning)
		if d.gen(name) != 3 || d.s.Phase() != Supervising {
			t.Errorf("%s: run %d, phase %d", name, d.gen(name), d.s.Phase())
		}
	}
}

// The phase is kept after the programs: a predecessor may have died in between.
func TestAdoptAHalfKeptRestartOfAll(t *testing.T) {
	d := newHarness(t, prog("p"))
	d.run("p")
	d.step(Request{Verb: Restart})
	d.s.phase = Supervising
	successor(d, nil)
	d.alive("p")
	d.exit("p", 0)
	d.want("p", Spawning)
}

func TestAdoptARunThatWasToGoDown(t *testing.T) {
	for _, phase := range []Phase{RestartingAll, Ending} {
		d := inState(t, onTimer, Running)
		d.s.phase = phase
		successor(d, nil)
		d.alive("base")
		d.alive("p")
		d.want("p", Stopping)
		d.exit("p", 0)
		d.exit("base", 0)
		if phase == Ending && d.s.Phase() != Ended || phase == RestartingAll && d.s.Program("base").State != Spawning {
			t.Errorf("phase %d became %d", phase, d.s.Phase())
		}
	}
}
