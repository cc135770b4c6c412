package engine

import (
	"testing"

	"github.com/daruma-sh/daruma/internal/definition"
)

func TestRestartOfAll(t *testing.T) {
	d := newHarness(t, prog("b", after("a", definition.Started)), prog("a"), prog("idle"), prog("given up", func(p *definition.Program) {
		p.RestartPolicy = definition.Never
	}))
	d.run("a")
	d.run("b")
	d.run("given up")
	d.exit("given up", 1)
	d.step(Request{Verb: Restart})
	if d.s.Phase() != RestartingAll {
		t.Fatalf("phase %d", d.s.Phase())
	}
	d.want("given up", Failed) // until it starts again
	d.exit("b", 0)
	d.want("b", Stopped) // not before all are down
	d.exit("a", 0)
	if d.s.Phase() != Supervising {
		t.Fatalf("phase %d", d.s.Phase())
	}
	d.want("a", Spawning)
	d.want("b", Waiting)
	d.want("idle", Spawning)
	d.want("given up", Spawning)
}

// A start asked for in the midst of it is done with the others: a process that begins now would hold up the end.
func TestStartDuringARestartOfAll(t *testing.T) {
	for _, verb := range []Verb{Start, Restart} {
		d := newHarness(t, prog("a"), prog("b"), prog("c"), prog("d", func(p *definition.Program) { p.RestartPolicy = definition.Never }))
		for _, name := range []string{"a", "b", "c", "d"} {
			d.run(name)
		}
		d.exit("d", 1)
		d.step(Request{Verb: Restart})
		d.exit("a", 0)
		d.want("a", Stopped)
		for _, name := range []string{"a", "b", "d"} {
			d.step(Request{Verb: verb, Program: name})
			hasNot[Spawn](d)
		}
		d.want("a", Stopped)
		d.want("b", Stopping)
		d.exit("b", 0)
		d.want("b", Stopped)
		d.exit("c", 0)
		for _, name := range []string{"a", "b", "c", "d"} {
			d.want(name, Spawning)
		}
	}
}

func TestStopDuringARestartOfAll(t *testing.T) {
	d := newHarness(t, prog("a"), prog("b"))
	d.run("a")
	d.run("b")
	d.step(Request{Verb: Restart})
	d.stop("a")
	d.exit("a", 0)
	d.exit("b", 0)
	d.want("a", Stopped)
	d.want("b", Spawning)
}

func TestShutdownDuringARestartOfAll(t *testing.T) {
	d := newHarness(t, prog("a"), prog("b"))
	d.run("a")
	d.run("b")
	d.step(Request{Verb: Restart})
	d.exit("a", 0)
	d.step(Shutdown{Reason: "test"})
	d.exit("b", 0)
	if e := has[EndService](d); e.Failed || e.Reason == "" || d.s.Phase() != Ended {
		t.Errorf("%+v, phase %d", e, d.s.Phase())
	}
	hasNot[Spawn](d)
}

// What had completed before a restart of all isn't completed in its next life, wherever it stands in the file.
func TestRestartOfAllRunsInitProgramsFirst(t *testing.T) {
	once := func(p *definition.Program) { p.RestartPolicy = definition.OnFailure }
	d := newHarness(t, prog("app", after("migrate", definition.Completed)), prog("migrate", once))
	d.step(Request{Verb: Start})
	d.spawned("migrate")
	d.exit("migrate", 0)
	d.spawned("app")
	d.step(Request{Verb: Restart})
	d.exit("app", 0)
	d.want("migrate", Spawning)
	d.want("app", Waiting)
	d.spawned("migrate")
	d.exit("migrate", 0)
	d.want("app", Spawning)
}

func TestShutdown(t *testing.T) {
	d := newHarness(t, prog("run"), prog("wait", after("run", definition.Ready)), prog("fall"), prog("fail", func(p *definition.Program) {
		p.RestartPolicy = definition.Never
	}))
	d.step(Request{Verb: Start})
	for _, name := range []string{"fail", "fall"} {
		d.spawned(name)
	}
	d.exit("fall", 1)
	d.exit("fall", 1)
	d.want("fall", Backoff)
	d.exit("fail", 1)
	d.spawned("run")
	d.spawned("wait")
	d.step(Shutdown{Reason: "SIGTERM"})
	d.want("fall", Stopped)
	if c := has[CloseIncident](d); c.Program != "fall" || c.Outcome != "stopped" {
		t.Errorf("%+v", c)
	}
	d.want("fail", Failed) // how it ended stays visible
	d.step(Shutdown{Reason: "SIGTERM again"})
	if len(d.out) > 0 {
		t.Errorf("%s", show(d.out))
	}
	d.exit("wait", 0)
	hasNot[EndService](d)
	d.exit("run", 0)
	has[EndService](d)
	d.step(Request{Verb: Start, Program: "run"})
	has[Refuse](d)
}

func TestShutdownOfNothing(t *testing.T) {
	d := newHarness(t)
	d.step(Shutdown{Reason: "test"})
	if e := has[EndService](d); e.Failed {
		t.Errorf("%+v", e)
	}
}
